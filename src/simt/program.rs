//! A kernel made ready for execution: instructions as small values, operands as register numbers, branches with the place where
//! their lanes come together again.

use std::collections::BTreeMap;

use crate::counters::OpInfo;
use crate::ptx::{Init, Space};

/// A PTX module made ready: its kernels and its variables.
#[derive(Debug, Clone, Default)]
pub struct Program {
    /// Kernels by name. An error stands for a kernel that cannot be executed here.
    pub kernels: BTreeMap<String, Result<Kernel, Unsupported>>,
    /// Device memory that the module itself needs, in the order of their numbers.
    pub variables: Vec<ModuleVariable>,
}

/// What the simulated GPU cannot execute.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the simulated GPU cannot execute `{what}`{}", at_line(*.line))]
pub struct Unsupported {
    /// The instruction or construct.
    pub what: String,
    /// 1-based source line, 0 if unknown.
    pub line: u32,
}

fn at_line(line: u32) -> String {
    if line == 0 { String::new() } else { format!(" (line {line})") }
}

/// A `__device__` or `__constant__` variable.
#[derive(Debug, Clone)]
pub struct ModuleVariable {
    /// Name.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Alignment in bytes.
    pub align: u32,
    /// Initial value.
    pub init: Vec<Init>,
    /// True if kernels may not write it.
    pub constant: bool,
}

/// Which register file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// Predicates.
    P,
    /// Up to 32 bits.
    R32,
    /// 64 bits.
    R64,
}

/// A register: its file and its number there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reg {
    /// The file.
    pub file: File,
    /// The number.
    pub index: u16,
}

impl Reg {
    /// The predicate that always holds; as a destination, nowhere.
    pub const ALWAYS: Reg = Reg { file: File::P, index: 0 };
    /// Nothing: reads as 0.
    pub const ZERO: Reg = Reg { file: File::R32, index: 0 };
}

/// Comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are PTX's own")]
pub enum Cmp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// How a comparison's result is combined with another predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are PTX's own")]
pub enum Combine {
    And,
    Or,
    Xor,
}

/// How lanes of a shuffle find their source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are PTX's own")]
pub enum Shuffle {
    Up,
    Down,
    Bfly,
    Idx,
}

/// What is asked of all lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are PTX's own")]
pub enum Vote {
    All,
    Any,
    Uni,
    Ballot,
}

/// What `redux.sync` computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are PTX's own")]
pub enum Redux {
    Add,
    MinS,
    MinU,
    MaxS,
    MaxU,
    And,
    Or,
    Xor,
}

/// A function of up to four operands, each in the low bits of 64.
pub type Scalar = fn([u64; 4]) -> u64;
/// What an atomic stores, given the old value and its operands.
pub type Update = fn(old: u64, b: u64, c: u64) -> u64;

/// An instruction's work. Frequent forms have a variant of their own, so that they run over all lanes at once; the rest are [`Scalar`]s.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "operands are d = f(a, b, c)")]
pub enum Op {
    Mov32 {
        d: u16,
        a: u16,
    },
    Mov64 {
        d: u16,
        a: u16,
    },
    Add32 {
        d: u16,
        a: u16,
        b: u16,
    },
    Sub32 {
        d: u16,
        a: u16,
        b: u16,
    },
    Mul32 {
        d: u16,
        a: u16,
        b: u16,
    },
    Mad32 {
        d: u16,
        a: u16,
        b: u16,
        c: u16,
    },
    And32 {
        d: u16,
        a: u16,
        b: u16,
    },
    Or32 {
        d: u16,
        a: u16,
        b: u16,
    },
    Xor32 {
        d: u16,
        a: u16,
        b: u16,
    },
    Shl32 {
        d: u16,
        a: u16,
        b: u16,
    },
    ShrU32 {
        d: u16,
        a: u16,
        b: u16,
    },
    ShrS32 {
        d: u16,
        a: u16,
        b: u16,
    },
    MinS32 {
        d: u16,
        a: u16,
        b: u16,
    },
    MaxS32 {
        d: u16,
        a: u16,
        b: u16,
    },
    AddF32 {
        d: u16,
        a: u16,
        b: u16,
    },
    SubF32 {
        d: u16,
        a: u16,
        b: u16,
    },
    MulF32 {
        d: u16,
        a: u16,
        b: u16,
    },
    FmaF32 {
        d: u16,
        a: u16,
        b: u16,
        c: u16,
    },
    MinF32 {
        d: u16,
        a: u16,
        b: u16,
    },
    MaxF32 {
        d: u16,
        a: u16,
        b: u16,
    },
    NegF32 {
        d: u16,
        a: u16,
    },
    Add64 {
        d: u16,
        a: u16,
        b: u16,
    },
    Sub64 {
        d: u16,
        a: u16,
        b: u16,
    },
    Shl64 {
        d: u16,
        a: u16,
        b: u16,
    },
    MulWideS {
        d: u16,
        a: u16,
        b: u16,
    },
    MulWideU {
        d: u16,
        a: u16,
        b: u16,
    },
    MadWideS {
        d: u16,
        a: u16,
        b: u16,
        c: u16,
    },
    MadWideU {
        d: u16,
        a: u16,
        b: u16,
        c: u16,
    },
    SignExtend {
        d: u16,
        a: u16,
    },
    ZeroExtend {
        d: u16,
        a: u16,
    },
    Truncate {
        d: u16,
        a: u16,
    },
    Select32 {
        d: u16,
        a: u16,
        b: u16,
        p: u16,
    },
    Select64 {
        d: u16,
        a: u16,
        b: u16,
        p: u16,
    },
    SetS32 {
        cmp: Cmp,
        d: u16,
        a: u16,
        b: u16,
    },
    SetU32 {
        cmp: Cmp,
        d: u16,
        a: u16,
        b: u16,
    },
    SetS64 {
        cmp: Cmp,
        d: u16,
        a: u16,
        b: u16,
    },
    SetU64 {
        cmp: Cmp,
        d: u16,
        a: u16,
        b: u16,
    },
    SetF32 {
        cmp: Cmp,
        d: u16,
        a: u16,
        b: u16,
    },
    /// Any other comparison; `f` gives 0 or 1.
    SetAny {
        f: Scalar,
        d: u16,
        a: Reg,
        b: Reg,
    },
    /// A comparison with two results or a predicate that is combined with it; number in [`Kernel::comparisons`].
    Compare(u32),
    /// `d` = `yes` where the comparison holds, else 0.
    SetNumber {
        f: Scalar,
        d: u16,
        a: Reg,
        b: Reg,
        yes: u16,
    },
    MovP {
        d: u16,
        a: u16,
    },
    NotP {
        d: u16,
        a: u16,
    },
    AndP {
        d: u16,
        a: u16,
        b: u16,
    },
    OrP {
        d: u16,
        a: u16,
        b: u16,
    },
    XorP {
        d: u16,
        a: u16,
        b: u16,
    },
    Scalar {
        f: Scalar,
        d: Reg,
        a: Reg,
        b: Reg,
        c: Reg,
        e: Reg,
    },
    /// 64 bits from two registers, or four 16-bit ones; number in [`Kernel::packs`].
    Pack(u32),
    /// The reverse.
    Unpack(u32),
    /// Number in [`Kernel::accesses`].
    Load(u32),
    Store(u32),
    /// Number in [`Kernel::atomics`].
    Atomic(u32),
    /// `d` = address of the running function's local memory + `offset`.
    LocalBase {
        d: Reg,
        offset: u32,
    },
    Branch {
        target: u32,
        reconverge: u32,
    },
    /// Number in [`Kernel::tables`].
    BranchTable {
        index: u16,
        table: u32,
        reconverge: u32,
    },
    /// Number in [`Kernel::calls`].
    Call(u32),
    /// Number in [`Kernel::calls`]: pointers to the format and to the arguments.
    Printf(u32),
    AssertFailed,
    Exit,
    Trap,
    /// The end of a function, where its lanes meet; takes no time.
    End,
    Shuffle {
        kind: Shuffle,
        d: u16,
        p: u16,
        a: u16,
        b: u16,
        c: u16,
        mask: u16,
    },
    Vote {
        kind: Vote,
        d: Reg,
        a: u16,
        negate: bool,
        mask: u16,
    },
    MatchAny {
        d: u16,
        a: Reg,
        mask: u16,
    },
    MatchAll {
        d: u16,
        p: u16,
        a: Reg,
        mask: u16,
    },
    Redux {
        kind: Redux,
        d: u16,
        a: u16,
        mask: u16,
    },
    ActiveMask {
        d: u16,
    },
    SyncWarp {
        mask: u16,
    },
    /// `count` is [`Reg::ALWAYS`] for the whole block; `arrive` does not wait. Number in [`Kernel::barriers`].
    Barrier(u32),
    Fence,
    Clock {
        d: Reg,
    },
    /// Number in [`Kernel::copies`].
    CopyAsync(u32),
    CommitGroup,
    /// Waits for all groups of copies but the last `keep`; with `open` also for copies that are in no group yet.
    WaitGroup {
        keep: u32,
        open: bool,
    },
    /// Number in [`Kernel::tensors`].
    Tensor(u32),
    Nothing,
}

/// An instruction.
#[derive(Debug, Clone, Copy)]
pub struct Inst {
    /// What it does.
    pub op: Op,
    /// Predicate that lanes need; register 0 always holds.
    pub guard: u16,
    /// All ones if the predicate must not hold.
    pub negate: u32,
}

/// How an access goes past or through the caches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Through L1 and L2.
    Normal,
    /// L2 only.
    PastL1,
}

/// A load or a store.
#[derive(Debug, Clone)]
pub struct Access {
    /// Where.
    pub space: Space,
    /// Register with the address; [`Reg::ZERO`] for a constant one.
    pub base: Reg,
    /// Added to it.
    pub offset: i64,
    /// Bytes of one element.
    pub bytes: u32,
    /// Elements narrower than their register are extended by their sign.
    pub signed: bool,
    /// Registers, one for each element.
    pub registers: Vec<Reg>,
    /// Caches.
    pub caching: Caching,
    /// Acquire, release, relaxed or volatile: no data race by itself.
    pub synchronising: bool,
    /// Parameter memory of calls instead of the kernel's parameters, if the space is that of parameters.
    pub of_call: bool,
    /// Bits of the registers, to which narrower values are extended.
    pub register_bits: u32,
}

/// An atomic.
#[derive(Debug, Clone)]
pub struct Atomic {
    /// Where.
    pub space: Space,
    /// Register with the address.
    pub base: Reg,
    /// Added to it.
    pub offset: i64,
    /// Bytes.
    pub bytes: u32,
    /// The new value.
    pub update: Update,
    /// Where the old value goes; None for `red`.
    pub d: Option<Reg>,
    /// First operand.
    pub b: Reg,
    /// Second operand.
    pub c: Reg,
    /// Has release or acquire semantics of its own.
    pub fence: bool,
}

/// `d|q = f(a, b) combined with p`.
#[derive(Debug, Clone, Copy)]
pub struct Comparison {
    /// Gives 0 or 1.
    pub f: Scalar,
    /// First operand.
    pub a: Reg,
    /// Second operand.
    pub b: Reg,
    /// The combined result.
    pub d: u16,
    /// The combination with the negated comparison.
    pub q: u16,
    /// How it is combined, with which predicate, and whether that is negated.
    pub with: Option<(Combine, u16, bool)>,
}

/// `mov.b64 d, {a, b}` and its reverse.
#[derive(Debug, Clone)]
pub struct Pack {
    /// The wide register.
    pub wide: Reg,
    /// The narrow ones, lowest first; None for `_`.
    pub parts: Vec<Option<Reg>>,
    /// Bits of a part.
    pub bits: u32,
}

/// A call of a function of the module.
#[derive(Debug, Clone)]
pub struct Call {
    /// Number in [`Kernel::functions`].
    pub function: usize,
    /// Copies of bytes in parameter memory before the call: from, to, bytes.
    pub arguments: Vec<(u32, u32, u32)>,
    /// And after it.
    pub results: Vec<(u32, u32, u32)>,
}

/// A barrier.
#[derive(Debug, Clone, Copy)]
pub struct Barrier {
    /// Which.
    pub id: Reg,
    /// Threads that take part; None: all of the block.
    pub count: Option<Reg>,
    /// `bar.arrive`: does not wait.
    pub arrive: bool,
    /// `bar.red`: the predicate, what is asked, and where the answer goes.
    pub reduce: Option<(u16, bool, Vote, Reg)>,
}

/// `cp.async`.
#[derive(Debug, Clone)]
pub struct Copy {
    /// Shared address.
    pub to: Reg,
    /// Added to it.
    pub to_offset: i64,
    /// Global address.
    pub from: Reg,
    /// Added to it.
    pub from_offset: i64,
    /// Bytes written.
    pub bytes: u32,
    /// Bytes read, the rest being 0; None: all.
    pub source_bytes: Option<Reg>,
    /// `.cg`: past L1.
    pub caching: Caching,
}

/// Element types of matrix instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are PTX's own")]
pub enum Element {
    F16,
    Bf16,
    Tf32,
    F32,
    F64,
    S8,
    U8,
    S32,
}

/// A matrix instruction.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the names are PTX's own")]
pub enum Tensor {
    /// `wmma.load` of a 16-row fragment.
    WmmaLoad { space: Space, base: Reg, offset: i64, stride: Option<Reg>, fragment: Fragment, registers: Vec<Reg> },
    /// `wmma.store`.
    WmmaStore { space: Space, base: Reg, offset: i64, stride: Option<Reg>, fragment: Fragment, registers: Vec<Reg> },
    /// `wmma.mma`.
    WmmaMma { a: (Fragment, Vec<Reg>), b: (Fragment, Vec<Reg>), c: (Fragment, Vec<Reg>), d: (Fragment, Vec<Reg>) },
    /// `mma.sync`: m, n, k.
    Mma { shape: [usize; 3], a: (Element, Vec<Reg>), b: (Element, Vec<Reg>), c: (Element, Vec<Reg>), d: Vec<Reg> },
    /// `ldmatrix`.
    LoadMatrix { base: Reg, offset: i64, generic: bool, transposed: bool, registers: Vec<Reg> },
    /// `stmatrix`.
    StoreMatrix { base: Reg, offset: i64, generic: bool, transposed: bool, registers: Vec<Reg> },
}

/// A fragment of `wmma`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment {
    /// Rows of the matrix.
    pub rows: usize,
    /// Columns of the matrix.
    pub cols: usize,
    /// Element type.
    pub element: Element,
    /// True if columns are contiguous in memory.
    pub column_major: bool,
}

/// A function of a kernel (the kernel itself is number 0).
#[derive(Debug, Clone)]
pub struct Function {
    /// Name.
    pub name: String,
    /// First instruction.
    pub start: u32,
    /// Its [`Op::End`].
    pub end: u32,
    /// Local memory of one activation in bytes.
    pub local_bytes: u32,
    /// Registers of each file: from, to.
    pub registers: [(u16, u16); 3],
}

/// What fills a register before the first instruction.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the names are PTX's own")]
pub enum Fill {
    /// A number, the same in all lanes.
    Value(u64),
    /// Address of variable number n of the module, plus an offset.
    Variable(usize, i64),
    Tid(usize),
    Ntid(usize),
    Ctaid(usize),
    Nctaid(usize),
    LaneId,
    WarpId,
    NWarpId,
    SmId,
    NSmId,
    GridId,
    LaneMask(Cmp),
    /// Where dynamic shared memory begins, plus an offset.
    DynamicShared(i64),
    DynamicSharedBytes,
    TotalSharedBytes,
}

/// A parameter of a kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// Offset in the parameter memory.
    pub offset: u32,
    /// Bytes.
    pub bytes: u32,
    /// True for floating-point.
    pub float: bool,
    /// True for a structure or an array.
    pub aggregate: bool,
}

/// A kernel.
#[derive(Debug, Clone, Default)]
pub struct Kernel {
    /// Name.
    pub name: String,
    /// Instructions of all its functions.
    pub code: Vec<Inst>,
    /// What they are.
    pub info: Vec<OpInfo>,
    /// Registers that each reads and writes.
    pub operands: Vec<(Vec<Reg>, Vec<Reg>)>,
    /// Functions; the kernel is the first.
    pub functions: Vec<Function>,
    /// Parameters.
    pub params: Vec<Param>,
    /// Bytes of the kernel's parameters.
    pub param_bytes: u32,
    /// Bytes of the parameter memory of calls.
    pub call_bytes: u32,
    /// Static shared memory in bytes.
    pub shared_bytes: u32,
    /// Registers of each file, in the order P, R32, R64.
    pub registers: [u16; 3],
    /// Registers with a value from the start.
    pub fills: Vec<(Reg, Fill)>,
    /// The narrowest access to global or generic memory, in bytes; 4 at most.
    pub grain_global: u32,
    /// The same for shared memory.
    pub grain_shared: u32,
    #[expect(missing_docs, reason = "see Op")]
    pub comparisons: Vec<Comparison>,
    #[expect(missing_docs, reason = "see Op")]
    pub packs: Vec<Pack>,
    #[expect(missing_docs, reason = "see Op")]
    pub accesses: Vec<Access>,
    #[expect(missing_docs, reason = "see Op")]
    pub atomics: Vec<Atomic>,
    #[expect(missing_docs, reason = "see Op")]
    pub tables: Vec<Vec<u32>>,
    #[expect(missing_docs, reason = "see Op")]
    pub calls: Vec<Call>,
    #[expect(missing_docs, reason = "see Op")]
    pub barriers: Vec<Barrier>,
    #[expect(missing_docs, reason = "see Op")]
    pub copies: Vec<Copy>,
    #[expect(missing_docs, reason = "see Op")]
    pub tensors: Vec<Tensor>,
}
