//! A warp: its registers, the stack that brings diverged lanes together again, and its calls.

use crate::program::{File, Kernel, Reg};

/// All lanes.
pub(super) const FULL: u32 = u32::MAX;

/// Lanes that go on together from `pc`, until `meet`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub pc: u32,
    pub meet: u32,
    pub mask: u32,
}

/// An activation of a function.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// Entries of the stack that belong to callers.
    pub base: usize,
    /// Number of the call; `u32::MAX` for the kernel.
    pub call: u32,
    /// Function.
    pub function: usize,
    /// Start of its local memory.
    pub local: u32,
    /// Registers and parameter memory of an earlier activation of the same function.
    pub saved: Option<Box<Saved>>,
}

/// What a recursive call overwrites.
#[derive(Debug, Clone)]
pub(super) struct Saved {
    pub p: Vec<u32>,
    pub r32: Vec<[u32; 32]>,
    pub r64: Vec<[u64; 32]>,
    pub calls: Vec<u8>,
}

/// When the values of registers are there.
#[derive(Debug, Clone, Default)]
pub(super) struct Trace {
    pub ready: [Vec<f64>; 3],
    /// When the next instruction can be issued.
    pub clock: f64,
    /// When everything is done.
    pub end: f64,
}

/// Asynchronous copies that were not waited for: offset and bytes in shared memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Copies {
    pub open: Vec<(u32, u32)>,
    pub groups: std::collections::VecDeque<Vec<(u32, u32)>>,
}

/// Why a warp stopped.
pub(super) enum Pause {
    /// Its turn is over.
    Quantum,
    /// It reached the barrier with this number in the kernel's list.
    Barrier(u32),
    /// Its lanes have ended.
    Done,
}

/// A warp.
#[derive(Debug, Clone, Default)]
pub(super) struct Warp {
    pub index: u32,
    /// Lanes that have not ended.
    pub live: u32,
    pub p: Vec<u32>,
    pub r32: Vec<[u32; 32]>,
    pub r64: Vec<[u64; 32]>,
    pub stack: Vec<Entry>,
    pub frames: Vec<Frame>,
    pub waiting: bool,
    /// Barriers that it has passed.
    pub epoch: u32,
    /// A fence was executed since the last atomic.
    pub fenced: bool,
    /// Local memory, lane after lane.
    pub local: Vec<u8>,
    pub local_valid: Vec<bool>,
    /// Bytes of local memory of a lane.
    pub local_bytes: u32,
    /// Parameter memory of calls, lane after lane.
    pub calls: Vec<u8>,
    pub copies: Copies,
    pub trace: Option<Box<Trace>>,
}

/// Local memory for calls beyond the kernel's own, in bytes of a lane.
const CALL_LOCAL: u32 = 16 << 10;

impl Warp {
    /// Makes it ready for the first instruction of a block.
    pub fn start(&mut self, kernel: &Kernel, index: u32, mask: u32, detect: bool, trace: bool) {
        self.index = index;
        self.live = mask;
        self.p.resize(kernel.registers[0] as usize, 0);
        self.r32.resize(kernel.registers[1] as usize, [0; 32]);
        self.r64.resize(kernel.registers[2] as usize, [0; 32]);
        self.stack.clear();
        self.frames.clear();
        let (start, end, local) = kernel.functions.first().map_or((0, 0, 0), |f| (f.start, f.end, f.local_bytes));
        self.stack.push(Entry { pc: start, meet: end, mask });
        self.frames.push(Frame { base: 0, call: u32::MAX, function: 0, local: 0, saved: None });
        self.waiting = false;
        self.epoch = 0;
        self.fenced = false;
        self.local_bytes = if kernel.functions.len() > 1 { local + CALL_LOCAL } else { local };
        let bytes = self.local_bytes as usize * 32;
        self.local.clear();
        self.local.resize(bytes, 0xCB);
        self.local_valid.clear();
        if detect {
            self.local_valid.resize(bytes, false);
        }
        self.calls.clear();
        self.calls.resize(kernel.call_bytes as usize * 32, 0);
        self.copies = Copies::default();
        self.trace = trace.then(|| {
            let ready = kernel.registers.map(|n| vec![0.0; n as usize]);
            Box::new(Trace { ready, clock: 0.0, end: 0.0 })
        });
    }

    /// Gives a register its first values.
    pub fn fill(&mut self, reg: Reg, values: &[u64; 32]) {
        let n = reg.index as usize;
        match reg.file {
            File::P => self.p[n] = values[0] as u32,
            File::R32 => self.r32[n] = values.map(|v| v as u32),
            File::R64 => self.r64[n] = *values,
        }
    }

    /// The instruction that comes next.
    pub fn pc(&self) -> u32 {
        self.stack.last().map_or(0, |e| e.pc)
    }

    /// A register's values as 64 bits.
    #[inline(always)]
    pub fn read(&self, reg: Reg) -> [u64; 32] {
        let n = reg.index as usize;
        match reg.file {
            File::R32 => self.r32[n].map(u64::from),
            File::R64 => self.r64[n],
            File::P => {
                let bits = self.p[n];
                std::array::from_fn(|lane| u64::from(bits >> lane & 1))
            }
        }
    }

    /// Sets a register in the lanes of a mask.
    #[inline(always)]
    pub fn write(&mut self, reg: Reg, mask: u32, values: &[u64; 32]) {
        let n = reg.index as usize;
        match reg.file {
            File::R32 => {
                let d = &mut self.r32[n];
                for lane in 0..32 {
                    d[lane] = if mask >> lane & 1 == 1 { values[lane] as u32 } else { d[lane] };
                }
            }
            File::R64 => {
                let d = &mut self.r64[n];
                for lane in 0..32 {
                    d[lane] = if mask >> lane & 1 == 1 { values[lane] } else { d[lane] };
                }
            }
            File::P => {
                let bits = values.iter().enumerate().fold(0, |bits, (lane, v)| bits | u32::from(*v != 0) << lane);
                self.set_predicate(reg.index, mask, bits);
            }
        }
    }

    /// Sets a predicate in the lanes of a mask. Register 0 always holds: it is where unwanted results go.
    #[inline(always)]
    pub fn set_predicate(&mut self, register: u16, mask: u32, bits: u32) {
        if register != 0 {
            let d = &mut self.p[register as usize];
            *d = (*d & !mask) | (bits & mask);
        }
    }

    /// After a turn without an end: lanes that wait for others at a meeting point may be what those others wait for (a lock that a lane
    /// of the same warp holds). They go ahead.
    pub fn let_others_go_on(&mut self) {
        let n = self.stack.len();
        let base = self.frames.last().map_or(0, |f| f.base);
        if n < base + 2 {
            return;
        }
        let top = self.stack[n - 1];
        let below = self.stack[n - 2];
        if below.pc == top.meet {
            // `below` is where the lanes meet; those that are there already go ahead to the next meeting point.
            let arrived = below.mask & !top.mask & self.live;
            if arrived != 0 && below.meet != below.pc {
                self.stack[n - 2].mask = top.mask;
                // The way ahead has a meeting point of its own, which must remain an entry for all.
                if n - 2 == base || self.stack[n - 3].pc != below.meet {
                    let whole = Entry { pc: below.meet, meet: below.meet, mask: below.mask };
                    self.stack.insert(n - 2, whole);
                }
                self.stack.push(Entry { pc: below.pc, meet: below.meet, mask: arrived });
            }
        } else if below.meet == top.meet {
            // The two sides of one branch take turns.
            self.stack.swap(n - 1, n - 2);
        }
    }
}
