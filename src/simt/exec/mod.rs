//! Runs a launch: blocks, warps, barriers, and what the caller wants to know about it.
//!
//! Blocks run one after another, warps of a block in turns. A block that does not get on (it may wait for another one) is set aside and
//! the next one begins, up to the number that the device holds at a time; so loops that wait for other blocks come to their end.

mod access;
mod collective;
mod matrix;
mod run;
mod warp;
mod words;

use std::time::Instant;

use crate::cache::Caches;
use crate::counters::{Counters, OpCounters};
use crate::device::Latencies;
use crate::fault::{Fault, FaultKind};
use crate::memory::{Content, Memory, Right};
use crate::pattern::Memo;
use crate::program::{Fill, Kernel, Program};
use crate::ptx::Init;
use crate::shadow::{Order as HappensBefore, Shadow};
use warp::{Pause, Warp};

/// In which order blocks and warps run, and lanes do their atomics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// By number.
    #[default]
    Forward,
    /// The other way round.
    Reverse,
}

/// Which blocks run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Blocks {
    /// All of them.
    #[default]
    All,
    /// These, by number. What other blocks should have written is missing then.
    Sample(Vec<u64>),
}

/// A kernel's argument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Arg {
    /// Address of a buffer, by number.
    Buffer(usize),
    /// An integer, cut to the parameter's width.
    Integer(i64),
    /// A floating-point number of the parameter's width.
    Float(f64),
}

/// A launch.
#[derive(Debug, Clone, PartialEq)]
pub struct Launch {
    /// Kernel name.
    pub kernel: String,
    /// Blocks.
    pub grid: [u32; 3],
    /// Threads of a block.
    pub block: [u32; 3],
    /// Dynamic shared memory in bytes.
    pub dynamic_shared: u32,
    /// Arguments.
    pub args: Vec<Arg>,
}

/// What to find out, and how long it may take.
#[derive(Debug)]
pub struct Options<'a> {
    /// Order of execution.
    pub order: Order,
    /// Which blocks run.
    pub blocks: Blocks,
    /// Look for races, uninitialised reads and reads of unfinished copies.
    pub detect: bool,
    /// Count, with these caches.
    pub caches: Option<&'a mut Caches>,
    /// Follow the dependencies of so many blocks to find their critical path.
    pub trace_blocks: u32,
    /// Latencies for that.
    pub latencies: Latencies,
    /// SMs of the device.
    pub sms: u32,
    /// Blocks that are on the device at a time.
    pub resident: u64,
    /// Shared memory that a block may have in bytes.
    pub max_shared: u32,
    /// Warp instructions after which the launch is given up.
    pub fuel: u64,
    /// When it is given up.
    pub deadline: Option<Instant>,
}

/// What became of a launch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// What is wrong with the kernel, in the order in which it was found.
    pub faults: Vec<Fault>,
    /// False if it was given up or ended by a fault; memory then holds whatever there was.
    pub finished: bool,
    /// Counts, if they were asked for.
    pub counters: Option<Counters>,
    /// Warp instructions that were executed.
    pub warp_instructions: u64,
    /// Lane instructions that were executed.
    pub lane_instructions: u64,
    /// What the kernel printed, cut at a limit.
    pub printed: String,
    /// True if blocks exchanged data through fences and atomics, where races cannot be decided.
    pub synchronised: bool,
}

/// Different faults that are kept.
const MAX_FAULTS: usize = 64;
/// Bytes of output that are kept.
const MAX_PRINTED: usize = 1 << 16;
/// Instructions that a warp executes before another one's turn.
const QUANTUM: u64 = 4096;
/// Instructions that the warps of a block execute before another block's turn.
const SLICE: u64 = 1 << 21;
/// Instructions without a change of memory after which a block is taken to wait for another one.
const IDLE: u64 = 1 << 15;

/// Makes the program's own variables, which come after the buffers that exist. Their numbers are those of [`Program::variables`], from the
/// returned one on.
pub fn load_variables(program: &Program, memory: &mut Memory) -> usize {
    let first = memory.buffers().len();
    for v in &program.variables {
        let right = if v.constant { Right::Read } else { Right::Write };
        memory.allocate(&v.name, v.bytes.max(1), right, Content::Zero);
    }
    for (number, v) in program.variables.iter().enumerate() {
        let mut bytes = Vec::new();
        for part in &v.init {
            match part {
                Init::Bytes(given) => bytes.extend_from_slice(given),
                Init::Address(name, offset, size) => {
                    let of = program.variables.iter().position(|v| v.name == *name);
                    let base = of.map_or(0, |n| memory.buffer(first + n).base);
                    bytes.extend(base.wrapping_add_signed(*offset).to_le_bytes().iter().take(*size as usize));
                }
            }
        }
        memory.buffer_mut(first + number).at_mut(0, bytes.len()).copy_from_slice(&bytes);
    }
    first
}

/// Runs a launch. `first_variable` is what [`load_variables`] returned.
pub fn launch(
    program: &Program,
    memory: &mut Memory,
    first_variable: usize,
    launch: &Launch,
    options: &mut Options<'_>,
) -> Report {
    let refuse = |kind, message: String, line| Report {
        faults: vec![Fault {
            kind,
            kernel: launch.kernel.clone(),
            line,
            other_line: 0,
            block: [0; 3],
            thread: [0; 3],
            place: String::new(),
            message,
            count: 1,
        }],
        ..Report::default()
    };
    let kernel = match program.kernels.get(&launch.kernel) {
        Some(Ok(kernel)) => kernel,
        Some(Err(unsupported)) => return refuse(FaultKind::Unsupported, unsupported.to_string(), unsupported.line),
        None => return refuse(FaultKind::Launch, format!("there is no kernel {}", launch.kernel), 0),
    };
    let params = match params(kernel, launch, memory) {
        Ok(params) => params,
        Err(message) => return refuse(FaultKind::Launch, message, 0),
    };
    let shared = u64::from(kernel.shared_bytes.next_multiple_of(16)) + u64::from(launch.dynamic_shared);
    if shared > u64::from(options.max_shared) {
        let message = format!("{shared} bytes of shared memory a block; the device has {}", options.max_shared);
        return refuse(FaultKind::Launch, message, 0);
    }
    let threads: u64 = launch.block.iter().map(|n| u64::from(*n)).product();
    if threads == 0 || threads > 1024 || launch.grid.contains(&0) {
        return refuse(
            FaultKind::Launch,
            format!("a grid of {:?} blocks of {:?} threads", launch.grid, launch.block),
            0,
        );
    }
    memory.begin_launch(options.detect.then_some(kernel.grain_global), options.caches.is_some());
    let mut engine = Engine {
        kernel,
        launch,
        memory,
        first_variable,
        params,
        shared_bytes: shared as u32,
        detect: options.detect,
        count: options.caches.is_some(),
        caches: options.caches.take(),
        ops: vec![OpCounters::default(); kernel.code.len()],
        memos: vec![Memo::default(); if options.detect { 0 } else { kernel.code.len() }],
        hints: vec![0; kernel.code.len()],
        order: options.order,
        happens: HappensBefore::default(),
        latencies: options.latencies,
        sms: options.sms.max(1),
        faults: Vec::new(),
        fatal: false,
        printed: String::new(),
        now: 0,
        changes: 0,
        lanes: 0,
        barrier_arrivals: 0,
        last_latency: 0.0,
        synchronised: false,
    };
    let (finished, blocks_run, critical) = engine.grid(options);
    engine.finish(finished, blocks_run, critical)
}

/// The bytes of the kernel's parameters.
fn params(kernel: &Kernel, launch: &Launch, memory: &Memory) -> Result<Vec<u8>, String> {
    if kernel.params.len() != launch.args.len() {
        return Err(format!(
            "{} takes {} arguments, the launch gives {}",
            kernel.name,
            kernel.params.len(),
            launch.args.len()
        ));
    }
    let mut bytes = vec![0u8; kernel.param_bytes as usize];
    for (n, (p, arg)) in kernel.params.iter().zip(&launch.args).enumerate() {
        let which = format!("argument {} of {}", n + 1, kernel.name);
        if p.aggregate {
            return Err(format!("{which} is a structure or an array, which a launch cannot pass"));
        }
        let value = match arg {
            Arg::Buffer(_) if p.bytes != 8 || p.float => {
                return Err(format!("{which} is no pointer, the launch passes a buffer"));
            }
            Arg::Buffer(number) => memory.buffer(*number).base,
            Arg::Integer(_) if p.float => {
                return Err(format!("{which} is a floating-point number, the launch passes an integer"));
            }
            Arg::Integer(value) => {
                let fits = match p.bytes {
                    8 => true,
                    n => (-(1i64 << (8 * n - 1))..1i64 << (8 * n)).contains(value),
                };
                if !fits {
                    return Err(format!("{which} has {} bytes, {value} does not fit", p.bytes));
                }
                *value as u64
            }
            Arg::Float(value) if p.float && p.bytes == 4 => u64::from((*value as f32).to_bits()),
            Arg::Float(value) if p.float && p.bytes == 8 => value.to_bits(),
            Arg::Float(_) => {
                return Err(format!("{which} is no float or double, the launch passes a floating-point number"));
            }
        };
        let at = p.offset as usize;
        bytes[at..at + p.bytes as usize].copy_from_slice(&value.to_le_bytes()[..p.bytes as usize]);
    }
    Ok(bytes)
}

/// A launch being executed.
pub(crate) struct Engine<'a> {
    kernel: &'a Kernel,
    launch: &'a Launch,
    memory: &'a mut Memory,
    first_variable: usize,
    params: Vec<u8>,
    shared_bytes: u32,
    detect: bool,
    count: bool,
    caches: Option<&'a mut Caches>,
    ops: Vec<OpCounters>,
    memos: Vec<Memo>,
    /// Buffer that each instruction found last.
    hints: Vec<usize>,
    order: Order,
    happens: HappensBefore,
    latencies: Latencies,
    sms: u32,
    faults: Vec<Fault>,
    /// A fault after which nothing more can be said.
    fatal: bool,
    printed: String,
    /// Warp instructions so far.
    now: u64,
    /// Stores and successful atomics so far.
    changes: u64,
    lanes: u64,
    barrier_arrivals: u64,
    /// Of the memory access that was just done, for the trace.
    last_latency: f64,
    synchronised: bool,
}

/// A barrier of a block.
#[derive(Debug, Clone, Default)]
struct BarrierState {
    /// Warps that wait, and the instruction at which.
    waiting: Vec<(u32, u32)>,
    /// Threads that have arrived.
    arrived: u32,
    /// Threads that are expected; 0: all.
    expected: u32,
    /// Of `bar.red`: whether all and any predicates held, and how many.
    all: bool,
    any: bool,
    holding: u32,
}

/// A block being executed.
pub(crate) struct Block {
    number: u64,
    id: [u32; 3],
    warps: Vec<Warp>,
    shared: Vec<u8>,
    shared_valid: Vec<bool>,
    /// Bytes that an asynchronous copy may still write: the copying warp, plus 1.
    shared_pending: Vec<u8>,
    shared_shadow: Shadow,
    barriers: Vec<BarrierState>,
    sm: usize,
    epoch: u32,
}

/// Why a block stopped.
enum BlockEnd {
    Finished,
    Deadlock,
    SliceOver,
}

impl Engine<'_> {
    /// Runs the grid. True if it came to its end; the blocks that ran; the mean critical path.
    fn grid(&mut self, options: &Options<'_>) -> (bool, u64, Option<f64>) {
        let total: u64 = self.launch.grid.iter().map(|n| u64::from(*n)).product();
        let sample: Option<Vec<u64>> = match &options.blocks {
            Blocks::All => None,
            Blocks::Sample(list) => Some(list.iter().copied().filter(|b| *b < total).collect()),
        };
        let count = sample.as_ref().map_or(total, |list| list.len() as u64);
        let reverse = self.order == Order::Reverse;
        let number = |n: u64| {
            let n = if reverse { count - 1 - n } else { n };
            sample.as_ref().map_or(n, |list| list[n as usize])
        };
        let mut next = 0;
        let mut done = 0;
        let mut resident: Vec<Block> = Vec::new();
        let mut spare: Option<Block> = None;
        let (mut critical, mut traced) = (0.0, 0u32);
        while done < count {
            // The block that waited longest, or a new one.
            let fresh = next < count && (resident.is_empty() || (resident.len() as u64) < options.resident);
            let mut block = if fresh {
                let tracing = resident.iter().filter(|b| b.warps.iter().any(|w| w.trace.is_some())).count() as u32;
                let trace = traced + tracing < options.trace_blocks;
                next += 1;
                self.new_block(number(next - 1), trace, spare.take())
            } else {
                resident.remove(0)
            };
            match self.run_block(&mut block, SLICE) {
                BlockEnd::Finished => {
                    done += 1;
                    if let Some(cycles) =
                        block.warps.iter().filter_map(|w| w.trace.as_ref().map(|t| t.end)).reduce(f64::max)
                    {
                        critical += cycles;
                        traced += 1;
                    }
                    spare = Some(block);
                }
                BlockEnd::Deadlock => {
                    self.deadlock(&block);
                    return (false, done, None);
                }
                BlockEnd::SliceOver => resident.push(block),
            }
            if self.fatal {
                return (false, done, None);
            }
            let late = self.now > options.fuel || options.deadline.is_some_and(|d| Instant::now() > d);
            if late && done < count {
                let message =
                    format!("not finished after {} warp instructions, {done} of {count} blocks done", self.now);
                let at = resident
                    .first()
                    .map_or((0, 0), |b| b.warps.iter().find(|w| w.live != 0).map_or((0, 0), |w| (w.index, w.pc())));
                let id = resident.first().map_or([0; 3], |b| b.id);
                self.fault(FaultKind::Timeout, at.1, None, id, self.thread_of(at.0, 0), String::new(), message);
                return (false, done, None);
            }
        }
        (true, done, (traced > 0).then(|| critical / f64::from(traced.max(1))))
    }

    fn new_block(&mut self, number: u64, trace: bool, spare: Option<Block>) -> Block {
        let [gx, gy, _] = self.launch.grid.map(u64::from);
        let id = [(number % gx) as u32, (number / gx % gy) as u32, (number / gx / gy) as u32];
        let threads: u32 = self.launch.block.iter().product();
        let count = threads.div_ceil(32);
        let shared_bytes = self.shared_bytes as usize;
        let mut block = spare.unwrap_or_else(|| Block {
            number,
            id,
            warps: Vec::new(),
            shared: Vec::new(),
            shared_valid: Vec::new(),
            shared_pending: Vec::new(),
            shared_shadow: Shadow::default(),
            barriers: Vec::new(),
            sm: 0,
            epoch: 0,
        });
        block.number = number;
        block.id = id;
        block.sm = (number % u64::from(self.sms)) as usize;
        block.epoch = 0;
        block.barriers.clear();
        block.barriers.resize(16, BarrierState::default());
        block.shared.clear();
        block.shared.resize(shared_bytes, 0xCB);
        if self.detect {
            block.shared_valid.clear();
            block.shared_valid.resize(shared_bytes, false);
            block.shared_pending.clear();
            block.shared_pending.resize(shared_bytes, 0);
            block.shared_shadow = Shadow::new(shared_bytes, self.kernel.grain_shared);
        }
        block.warps.resize_with(count as usize, Warp::default);
        for (index, warp) in block.warps.iter_mut().enumerate() {
            let index = index as u32;
            let lanes = (threads - index * 32).min(32);
            let mask = if lanes == 32 { u32::MAX } else { (1 << lanes) - 1 };
            warp.start(self.kernel, index, mask, self.detect, trace);
            self.fill_registers(warp, id, count);
        }
        block
    }

    fn fill_registers(&self, warp: &mut Warp, id: [u32; 3], warps: u32) {
        let [bx, by, _] = self.launch.block;
        for (reg, fill) in &self.kernel.fills {
            let same = |value: u64| [value; 32];
            let values: [u64; 32] = match *fill {
                Fill::Value(v) => same(v),
                Fill::Variable(n, offset) => {
                    same(self.memory.buffer(self.first_variable + n).base.wrapping_add_signed(offset))
                }
                Fill::Tid(axis) => std::array::from_fn(|lane| {
                    let t = warp.index * 32 + lane as u32;
                    u64::from([t % bx, t / bx % by, t / bx / by][axis])
                }),
                Fill::Ntid(axis) => same(u64::from(self.launch.block[axis])),
                Fill::Ctaid(axis) => same(u64::from(id[axis])),
                Fill::Nctaid(axis) => same(u64::from(self.launch.grid[axis])),
                Fill::LaneId => std::array::from_fn(|lane| lane as u64),
                Fill::WarpId => same(u64::from(warp.index)),
                Fill::NWarpId => same(u64::from(warps)),
                Fill::SmId => same(0),
                Fill::NSmId => same(u64::from(self.sms)),
                Fill::GridId => same(0),
                Fill::LaneMask(cmp) => std::array::from_fn(|lane| {
                    use crate::program::Cmp;
                    let bit = 1u64 << lane;
                    match cmp {
                        Cmp::Eq | Cmp::Ne => bit,
                        Cmp::Lt => bit - 1,
                        Cmp::Le => bit | (bit - 1),
                        Cmp::Gt => 0xffff_ffff & !(bit | (bit - 1)),
                        Cmp::Ge => 0xffff_ffff & !(bit - 1),
                    }
                }),
                Fill::DynamicShared(offset) => {
                    same(u64::from(self.kernel.shared_bytes.next_multiple_of(16)).wrapping_add_signed(offset))
                }
                Fill::DynamicSharedBytes => same(u64::from(self.launch.dynamic_shared)),
                Fill::TotalSharedBytes => same(u64::from(self.shared_bytes)),
            };
            warp.fill(*reg, &values);
        }
    }

    /// Warps in turns until all are done, all wait, or `budget` instructions were executed.
    fn run_block(&mut self, block: &mut Block, budget: u64) -> BlockEnd {
        let until = self.now + budget;
        let (mut looked, mut changes) = (self.now, self.changes);
        let count = block.warps.len();
        loop {
            let mut progress = false;
            let mut alive = false;
            for n in 0..count {
                let n = if self.order == Order::Forward { n } else { count - 1 - n };
                if block.warps[n].live == 0 || block.warps[n].waiting {
                    alive |= block.warps[n].live != 0;
                    continue;
                }
                progress = true;
                let mut warp = std::mem::take(&mut block.warps[n]);
                let pause = run::run_warp(self, block, &mut warp, QUANTUM);
                if let Pause::Quantum = pause {
                    warp.let_others_go_on();
                }
                alive |= warp.live != 0;
                let ended = warp.live == 0;
                block.warps[n] = warp;
                if let Pause::Barrier(number) = pause {
                    self.arrive(block, n as u32, number);
                }
                if ended {
                    self.release_barriers(block);
                }
                if self.fatal {
                    return BlockEnd::Finished;
                }
            }
            if !alive {
                return BlockEnd::Finished;
            }
            if !progress {
                // Warps may have been let go by the last one's end.
                if block.warps.iter().all(|w| w.live == 0 || w.waiting) {
                    return BlockEnd::Deadlock;
                }
            }
            if self.now >= until {
                return BlockEnd::SliceOver;
            }
            if self.now - looked > IDLE {
                if self.changes == changes {
                    return BlockEnd::SliceOver;
                }
                (looked, changes) = (self.now, self.changes);
            }
        }
    }

    fn deadlock(&mut self, block: &Block) {
        let mut lines: Vec<u32> = Vec::new();
        let mut first = None;
        for (id, barrier) in block.barriers.iter().enumerate() {
            for (warp, op) in &barrier.waiting {
                first.get_or_insert((*warp, *op, id));
                lines.push(self.kernel.info[*op as usize].line);
            }
        }
        lines.sort_unstable();
        lines.dedup();
        let Some((warp, op, id)) = first else { return };
        let lines: Vec<String> = lines.iter().map(u32::to_string).collect();
        let message = format!(
            "deadlock: every warp that is left waits at a barrier (line {}); barrier {id} never gets its threads",
            lines.join(", ")
        );
        self.fault(FaultKind::Deadlock, op, None, block.id, self.thread_of(warp, 0), String::new(), message);
    }

    /// Coordinates of a thread in its block.
    fn thread_of(&self, warp: u32, lane: u32) -> [u32; 3] {
        let t = warp * 32 + lane;
        let [bx, by, _] = self.launch.block;
        [t % bx, t / bx % by, t / bx / by]
    }

    /// Notes a fault; equal ones are counted.
    #[expect(clippy::too_many_arguments, reason = "the parts of one message")]
    #[inline(never)]
    fn fault(
        &mut self,
        kind: FaultKind,
        op: u32,
        other: Option<u32>,
        block: [u32; 3],
        thread: [u32; 3],
        place: String,
        message: String,
    ) {
        let line_of = |op: u32| self.kernel.info.get(op as usize).map_or(0, |i| i.line);
        let (line, other_line) = (line_of(op), other.map_or(0, line_of));
        let known = self
            .faults
            .iter_mut()
            .find(|f| f.kind == kind && f.line == line && f.place == place && f.other_line == other_line);
        if let Some(known) = known {
            known.count += 1;
        } else if self.faults.len() < MAX_FAULTS {
            let kernel = self.kernel.name.clone();
            self.faults.push(Fault { kind, kernel, line, other_line, block, thread, place, message, count: 1 });
        }
        if matches!(kind, FaultKind::Trap | FaultKind::Unsupported | FaultKind::StackOverflow) {
            self.fatal = true;
        }
    }

    fn finish(mut self, finished: bool, blocks_run: u64, critical_cycles: Option<f64>) -> Report {
        let counters = self.caches.take().map(|caches| Counters {
            kernel: self.kernel.name.clone(),
            grid: self.launch.grid,
            block: self.launch.block,
            shared_bytes: self.shared_bytes,
            blocks: self.launch.grid.iter().map(|n| u64::from(*n)).product(),
            blocks_run,
            info: self.kernel.info.clone(),
            ops: std::mem::take(&mut self.ops),
            cache: caches.finish(),
            barrier_arrivals: self.barrier_arrivals,
            critical_cycles,
            footprint: self.memory.footprints(),
        });
        Report {
            faults: self.faults,
            finished,
            counters,
            warp_instructions: self.now,
            lane_instructions: self.lanes,
            printed: self.printed,
            synchronised: self.synchronised,
        }
    }
}
