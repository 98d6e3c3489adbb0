//! What can be wrong with a kernel.

use serde::{Deserialize, Serialize};

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// An access outside every buffer, outside shared or local memory.
    OutOfBounds,
    /// An address that is no multiple of the access' size.
    Misaligned,
    /// A read of bytes that were never written.
    UninitialisedRead,
    /// A write to a buffer that is only to be read.
    InputModified,
    /// Two accesses that nothing orders.
    DataRace,
    /// A barrier that not all threads of the block reach together.
    DivergentBarrier,
    /// All warps that are left wait.
    Deadlock,
    /// A warp-wide operation that names lanes which are not there.
    BadShuffle,
    /// A read of bytes that an asynchronous copy may still write.
    AsyncRead,
    /// `trap`, or an assertion that failed.
    Trap,
    /// More instructions than allowed.
    Timeout,
    /// The kernel cannot be launched like this.
    Launch,
    /// An instruction that cannot be executed here.
    Unsupported,
    /// A call too deep for the local memory.
    StackOverflow,
}

/// Something that is wrong, with its first example.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What kind.
    pub kind: FaultKind,
    /// Kernel.
    pub kernel: String,
    /// 1-based source line; 0 if unknown.
    pub line: u32,
    /// The other line of a race; 0 if there is none.
    pub other_line: u32,
    /// Block of the first example.
    pub block: [u32; 3],
    /// Thread of the first example.
    pub thread: [u32; 3],
    /// Buffer, `shared` or `local`; empty if none.
    pub place: String,
    /// What happened.
    pub message: String,
    /// How many lanes did it.
    pub count: u64,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        let [x, y, z] = self.block;
        let [tx, ty, tz] = self.thread;
        write!(f, "{} (kernel {}, block ({x},{y},{z}), thread ({tx},{ty},{tz})", self.message, self.kernel)?;
        if self.count > 1 {
            write!(f, "; {} times", self.count)?;
        }
        write!(f, ")")
    }
}
