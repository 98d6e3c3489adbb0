//! What is counted while a kernel runs: per instruction, per launch, and for the memory system.

use serde::{Deserialize, Serialize};

/// What kind of work an instruction is: which pipe of the hardware it would use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// fp32 add, multiply, fused multiply-add, minimum, compare.
    Fp32,
    /// f16, bf16 and their packed forms.
    Fp16,
    /// fp64 arithmetic.
    Fp64,
    /// 32-bit integer and logic operations.
    Int32,
    /// 64-bit integer operations (two or more 32-bit ones on the hardware).
    Int64,
    /// Integer division or remainder (a subroutine on the hardware).
    IntDivide,
    /// Special functions: reciprocal, roots, exponential, logarithm, sine, cosine, tanh.
    Special,
    /// fp32 or fp64 division and square root that are rounded correctly (a subroutine on the hardware).
    Divide,
    /// Conversions.
    Convert,
    /// Moves between registers, and what the hardware's compiler mostly removes: address space conversions, parameter loads.
    Move,
    /// Branches, calls, returns.
    Control,
    /// Shuffles, votes, matches, warp reductions.
    WarpWide,
    /// Block barriers.
    Barrier,
    /// Fences.
    Fence,
    /// Loads from global memory, generic ones included.
    GlobalLoad,
    /// Stores to global memory, generic ones included.
    GlobalStore,
    /// Atomics on global memory.
    GlobalAtomic,
    /// Loads from shared memory (`ldmatrix` too).
    SharedLoad,
    /// Stores to shared memory.
    SharedStore,
    /// Atomics on shared memory.
    SharedAtomic,
    /// Loads from local memory: spills and arrays that are indexed at run time.
    LocalLoad,
    /// Stores to local memory.
    LocalStore,
    /// Loads from constant memory.
    ConstantLoad,
    /// Copies from global to shared memory that do not wait (`cp.async`).
    AsyncCopy,
    /// Matrix multiply-accumulate on tensor cores.
    Tensor,
}

/// Counts of one PTX instruction over all blocks that ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpCounters {
    /// Warps that executed it (with at least one lane).
    pub warps: u64,
    /// Lanes that executed it.
    pub lanes: u64,
    /// Branches: executions in which the warp's lanes went both ways.
    pub divergent: u64,
    /// Global, local: 32-byte sectors that were asked for.
    pub sectors: u64,
    /// Global, local: the fewest sectors that could hold the bytes that were asked for.
    pub ideal_sectors: u64,
    /// Shared: passes over the banks (1 for an access without conflict; wide accesses need more).
    pub wavefronts: u64,
    /// Shared: the fewest passes for the bytes that were asked for.
    pub ideal_wavefronts: u64,
    /// Global: sectors that the L1 cache had.
    pub l1_hits: u64,
    /// Atomics: the sum over executions of the largest number of lanes that meet at one address.
    pub collisions: u64,
    /// Tensor: floating-point (or integer) operations, 2 per multiply-add, over the warp.
    pub tensor_ops: u64,
}

impl OpCounters {
    /// Adds another count of the same instruction.
    pub fn add(&mut self, other: &Self) {
        self.warps += other.warps;
        self.lanes += other.lanes;
        self.divergent += other.divergent;
        self.sectors += other.sectors;
        self.ideal_sectors += other.ideal_sectors;
        self.wavefronts += other.wavefronts;
        self.ideal_wavefronts += other.ideal_wavefronts;
        self.l1_hits += other.l1_hits;
        self.collisions += other.collisions;
        self.tensor_ops += other.tensor_ops;
    }
}

/// Counts of the caches over all blocks that ran, in 32-byte sectors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheCounters {
    /// Sectors that loads looked up in L1.
    pub l1_lookups: u64,
    /// Those that were there.
    pub l1_hits: u64,
    /// Sectors that L2 was asked to read.
    pub l2_reads: u64,
    /// Sectors that L2 was asked to write (atomics too).
    pub l2_writes: u64,
    /// Those of both that were there.
    pub l2_hits: u64,
    /// Sectors read from DRAM.
    pub dram_reads: u64,
    /// Sectors written to DRAM, what is dirty at the end included.
    pub dram_writes: u64,
}

impl CacheCounters {
    /// Adds the counts of other blocks.
    pub fn add(&mut self, other: &Self) {
        self.l1_lookups += other.l1_lookups;
        self.l1_hits += other.l1_hits;
        self.l2_reads += other.l2_reads;
        self.l2_writes += other.l2_writes;
        self.l2_hits += other.l2_hits;
        self.dram_reads += other.dram_reads;
        self.dram_writes += other.dram_writes;
    }
}

/// What one instruction is, for whoever reads the counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpInfo {
    /// The PTX opcode with its modifiers, for instance `ld.global.v4.f32`.
    pub opcode: String,
    /// What kind of work it is.
    pub class: Class,
    /// Source line, 1-based, of the user's file; 0 if unknown (or in a header).
    pub line: u32,
}

/// Everything that was counted in one launch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    /// Kernel name.
    pub kernel: String,
    /// Blocks of the grid.
    pub grid: [u32; 3],
    /// Threads of a block.
    pub block: [u32; 3],
    /// Static and dynamic shared memory of a block in bytes.
    pub shared_bytes: u32,
    /// Blocks of the grid in all.
    pub blocks: u64,
    /// Blocks that ran; fewer than `blocks` if a sample was taken.
    pub blocks_run: u64,
    /// The instructions of the kernel and of the functions that it calls, in program order.
    pub info: Vec<OpInfo>,
    /// Counts for each of `info`.
    pub ops: Vec<OpCounters>,
    /// The caches.
    pub cache: CacheCounters,
    /// Times that a warp arrived at a block barrier.
    pub barrier_arrivals: u64,
    /// Mean over traced blocks of the cycles from the first instruction to the last if only dependencies, latencies and barriers
    /// counted (no contention); None if no block was traced.
    pub critical_cycles: Option<f64>,
    /// For each buffer that global accesses touched: its bytes, and the bytes (in whole sectors) touched by the blocks that ran, read and
    /// written, without counting a sector twice.
    pub footprint: Vec<Footprint>,
}

/// What a launch touched of one buffer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// Name of the buffer.
    pub buffer: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Distinct bytes read.
    pub read: u64,
    /// Distinct bytes written.
    pub written: u64,
    /// The sum over the blocks that ran of the distinct bytes that each read.
    pub read_by_blocks: u64,
    /// The same for writes.
    pub written_by_blocks: u64,
}

impl Counters {
    /// By how much counts of the blocks that ran have to be multiplied to stand for the whole grid.
    pub fn scale(&self) -> f64 {
        if self.blocks_run == 0 { 0.0 } else { self.blocks as f64 / self.blocks_run as f64 }
    }

    /// The sum of one figure over the instructions of some classes, for the blocks that ran.
    pub fn sum(&self, wanted: impl Fn(Class) -> bool, figure: impl Fn(&OpCounters) -> u64) -> u64 {
        self.info.iter().zip(&self.ops).filter(|(info, _)| wanted(info.class)).map(|(_, op)| figure(op)).sum()
    }
}
