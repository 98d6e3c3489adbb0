//! Reads PTX as NVRTC writes it, inline assembly included, into a tree that still knows nothing of execution.
//!
//! Statement by statement: opcode, modifiers and operands stay text and numbers; registers are resolved to numbers, since blocks in
//! inline assembly may shadow names. Source lines come from `.loc`.

mod lexer;
mod parser;
#[cfg(test)]
mod tests;

pub use parser::parse;

/// Why PTX cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("PTX line {line}: {message}")]
pub struct PtxError {
    /// 1-based line of the PTX text.
    pub line: u32,
    /// What is wrong.
    pub message: String,
}

/// Where data lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Space {
    /// Any of the others, told apart by the address.
    Generic,
    /// Device memory.
    Global,
    /// Read-only device memory.
    Const,
    /// Memory of a block.
    Shared,
    /// Memory of a thread.
    Local,
    /// Parameters of kernels and functions.
    Param,
}

/// A PTX type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are PTX's own")]
pub enum Type {
    Pred,
    B8,
    B16,
    B32,
    B64,
    B128,
    U8,
    U16,
    U32,
    U64,
    S8,
    S16,
    S32,
    S64,
    F16,
    F16x2,
    Bf16,
    Bf16x2,
    Tf32,
    E4m3,
    E5m2,
    F32,
    F64,
}

impl Type {
    /// The type that `name` (without the dot) stands for.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "pred" => Self::Pred,
            "b8" => Self::B8,
            "b16" => Self::B16,
            "b32" => Self::B32,
            "b64" => Self::B64,
            "b128" => Self::B128,
            "u8" => Self::U8,
            "u16" => Self::U16,
            "u32" => Self::U32,
            "u64" => Self::U64,
            "s8" => Self::S8,
            "s16" => Self::S16,
            "s32" => Self::S32,
            "s64" => Self::S64,
            "f16" => Self::F16,
            "f16x2" => Self::F16x2,
            "bf16" => Self::Bf16,
            "bf16x2" => Self::Bf16x2,
            "tf32" => Self::Tf32,
            "e4m3" => Self::E4m3,
            "e5m2" => Self::E5m2,
            "f32" => Self::F32,
            "f64" => Self::F64,
            _ => return None,
        })
    }

    /// Size in bytes; 0 for a predicate.
    pub fn bytes(self) -> u32 {
        match self {
            Self::Pred => 0,
            Self::B8 | Self::U8 | Self::S8 | Self::E4m3 | Self::E5m2 => 1,
            Self::B16 | Self::U16 | Self::S16 | Self::F16 | Self::Bf16 => 2,
            Self::B32 | Self::U32 | Self::S32 | Self::F16x2 | Self::Bf16x2 | Self::Tf32 | Self::F32 => 4,
            Self::B64 | Self::U64 | Self::S64 | Self::F64 => 8,
            Self::B128 => 16,
        }
    }

    /// True for two's complement integers.
    pub fn signed(self) -> bool {
        matches!(self, Self::S8 | Self::S16 | Self::S32 | Self::S64)
    }

    /// True for floating-point types.
    pub fn float(self) -> bool {
        matches!(
            self,
            Self::F16
                | Self::F16x2
                | Self::Bf16
                | Self::Bf16x2
                | Self::Tf32
                | Self::E4m3
                | Self::E5m2
                | Self::F32
                | Self::F64
        )
    }
}

/// A whole PTX text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Module {
    /// Source files by number.
    pub files: Vec<(u32, String)>,
    /// Variables outside functions.
    pub variables: Vec<Variable>,
    /// Kernels and functions.
    pub functions: Vec<Function>,
}

/// A part of a variable's initial value.
#[derive(Debug, Clone, PartialEq)]
pub enum Init {
    /// Bytes, little-endian.
    Bytes(Vec<u8>),
    /// The address of another variable or function, plus an offset, in so many bytes.
    Address(String, i64, u32),
}

/// A variable or a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// Where it lives.
    pub space: Space,
    /// Name.
    pub name: String,
    /// Alignment in bytes.
    pub align: u32,
    /// Element type.
    pub element: Type,
    /// Size in bytes; 0 for `extern` arrays without a size.
    pub bytes: u64,
    /// True if it is an array.
    pub array: bool,
    /// Initial value, the rest being 0; empty if it has none.
    pub init: Vec<Init>,
    /// True for `.extern`.
    pub external: bool,
}

/// A kernel or a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Name.
    pub name: String,
    /// True for a kernel.
    pub entry: bool,
    /// Parameters.
    pub params: Vec<Variable>,
    /// Return values.
    pub returns: Vec<Variable>,
    /// None for a declaration.
    pub body: Option<Body>,
}

/// The inside of a function.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Body {
    /// Types of registers by number.
    pub registers: Vec<Type>,
    /// Shared, local and parameter variables declared inside, those of nested blocks under a name of their own.
    pub variables: Vec<Variable>,
    /// Instructions.
    pub code: Vec<Instruction>,
    /// Label to the index of the instruction that it precedes (or the length of `code`).
    pub labels: Vec<(String, usize)>,
    /// Branch tables: label to its labels.
    pub tables: Vec<(String, Vec<String>)>,
}

/// An instruction.
#[derive(Debug, Clone, PartialEq)]
pub struct Instruction {
    /// `(register, negated)`: executed by lanes in which it holds.
    pub guard: Option<(u32, bool)>,
    /// The opcode up to the first dot.
    pub opcode: String,
    /// What follows, without the dots.
    pub modifiers: Vec<String>,
    /// Operands, destination first.
    pub operands: Vec<Operand>,
    /// 1-based line of the user's source, 0 if unknown.
    pub line: u32,
    /// 1-based line of the PTX.
    pub ptx_line: u32,
}

impl Instruction {
    /// Opcode and modifiers as written.
    pub fn name(&self) -> String {
        let mut name = self.opcode.clone();
        for m in &self.modifiers {
            name.push('.');
            name.push_str(m);
        }
        name
    }

    /// True if it has this modifier.
    pub fn has(&self, modifier: &str) -> bool {
        self.modifiers.iter().any(|m| m == modifier)
    }
}

/// An operand.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// A declared register.
    Register(u32),
    /// `!%p`: a negated predicate.
    Not(u32),
    /// A special register, a variable, a label or a function.
    Name(String),
    /// An integer, as 64 bits.
    Integer(i64),
    /// `0f…`
    F32(u32),
    /// `0d…`
    F64(u64),
    /// `{a, b}`
    Vector(Vec<Operand>),
    /// `[base + offset]`; the base may be absent (a constant address).
    Address(Option<Box<Operand>>, i64),
    /// `d|p`
    Pair(Box<Operand>, Box<Operand>),
    /// `(a, b)` of a call.
    Group(Vec<Operand>),
    /// `_`
    Sink,
}
