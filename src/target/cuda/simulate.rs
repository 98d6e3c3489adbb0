//! Runs a plan on the simulated GPU: in full on small shapes with the detectors, and on a sample of blocks at full size with counters.

use std::time::{Duration, Instant};

use kernsmith_simt::cache::Caches;
use kernsmith_simt::counters::{Class, Counters};
use kernsmith_simt::device::Device;
use kernsmith_simt::exec::{self, Arg, Blocks, Launch, Options, Order, Report};
use kernsmith_simt::fault::{Fault, FaultKind};
use kernsmith_simt::memory::{Content, Memory, Right};
use kernsmith_simt::occupancy::Occupancy;
use kernsmith_simt::time::Resources;

use super::compile::Built;
use super::data;
use super::plan::{Resolved, ResolvedArg, ResolvedLaunch};
use crate::target::{Failure, Reason};
use crate::task::CudaTask;
use crate::task::cuda::{Role, Shape, Stress};

/// Warp instructions of one launch of a check.
const CHECK_FUEL: u64 = 1 << 28;
/// Time for one launch of a check.
const CHECK_TIME: Duration = Duration::from_secs(20);
/// Warp instructions after which a counted launch takes no more blocks.
const COUNT_BUDGET: u64 = 1 << 21;
/// Instructions that one on a whole matrix counts for: that is how long it takes to execute. Not the time itself is looked at, so that
/// two looks at one candidate count the same blocks.
const TENSOR_WEIGHT: u64 = 200;
/// Warp instructions that a single block may take when it is counted.
const BLOCK_FUEL: u64 = 1 << 28;
/// Blocks that a sample has at least.
const FEWEST_BLOCKS: u64 = 8;
/// Places of the grid from which a sample takes neighbouring blocks.
const SAMPLE_GROUPS: u64 = 4;

/// The inputs of one execution.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// Shape.
    pub shape: &'a Shape,
    /// Seed.
    pub seed: u64,
    /// Change of the inputs.
    pub stress: Option<Stress>,
}

/// What an execution gave.
pub struct Outputs {
    /// Bytes of each buffer of the task.
    pub buffers: Vec<Vec<u8>>,
    /// For outputs: bytes that were never written, and the first of them.
    pub unwritten: Vec<Option<(u64, u64)>>,
    /// What the detectors found.
    pub faults: Vec<Fault>,
    /// Blocks exchanged data through fences and atomics, where races cannot be decided.
    pub synchronised: bool,
    /// What the kernels printed.
    pub printed: String,
}

fn resolve(task: &CudaTask, built: &Built, shape: &Shape) -> Result<Resolved, Failure> {
    built.plan.resolve(task, shape).map_err(|e| Failure::new(Reason::AnnotationError, e.to_string()))
}

fn bad_shape(message: String) -> Failure {
    Failure::new(Reason::Infrastructure, message)
}

/// The launch as the simulated GPU takes it. Buffers have the numbers of the task, scratch follows.
fn launch_of(task: &CudaTask, built: &Built, launch: &ResolvedLaunch) -> Launch {
    let args = launch
        .args
        .iter()
        .map(|arg| match arg {
            ResolvedArg::Buffer(n) => Arg::Buffer(*n),
            ResolvedArg::Scratch(n) => Arg::Buffer(task.buffers.len() + n),
            ResolvedArg::Integer(value) => Arg::Integer(*value),
            ResolvedArg::Float(value) => Arg::Float(*value),
        })
        .collect();
    let kernel = built.symbols.get(&launch.kernel).cloned().unwrap_or_else(|| launch.kernel.clone());
    Launch { kernel, grid: launch.grid, block: launch.block, dynamic_shared: launch.shared, args }
}

/// Blocks that are on the device at once.
fn resident(device: &Device, launch: &Launch, resources: &Resources) -> u64 {
    let threads = launch.block.iter().product();
    let shared = u64::from(launch.dynamic_shared) + u64::from(resources.static_shared);
    let occupancy = Occupancy::of(device, threads, resources.registers, shared);
    u64::from(occupancy.blocks_per_sm.max(1)) * u64::from(device.sms)
}

fn resources(built: &Built, launch: &Launch) -> Resources {
    built.resources.get(&launch.kernel).copied().unwrap_or(Resources { registers: 0, static_shared: 0, spill_bytes: 0 })
}

/// Executes a plan in full.
pub fn execute(
    task: &CudaTask,
    built: &Built,
    device: &Device,
    inputs: Inputs<'_>,
    order: Order,
    detect: bool,
) -> Result<Outputs, Failure> {
    let plan = resolve(task, built, inputs.shape)?;
    let mut memory = Memory::new();
    for (number, buffer) in task.buffers.iter().enumerate() {
        let count = buffer.elements(inputs.shape).map_err(bad_shape)?;
        let bytes = count * buffer.dtype.size();
        let content = if buffer.role.is_filled() {
            let drawn = data::elements(task, number, inputs.shape, inputs.seed, inputs.stress, count);
            Content::Bytes(drawn.map_err(bad_shape)?)
        } else {
            Content::Uninitialised
        };
        let right = if buffer.role == Role::Input { Right::Read } else { Right::Write };
        memory.allocate(&buffer.name, bytes, right, content);
    }
    for (name, bytes) in &plan.scratch {
        memory.allocate(name, *bytes, Right::Write, Content::Uninitialised);
    }
    let first = exec::load_variables(&built.program, &mut memory);
    let (mut faults, mut synchronised, mut printed) = (Vec::new(), false, String::new());
    for resolved in &plan.launches {
        let launch = launch_of(task, built, resolved);
        let mut options = Options {
            order,
            blocks: Blocks::All,
            detect,
            caches: None,
            trace_blocks: 0,
            latencies: device.latency,
            sms: device.sms,
            resident: resident(device, &launch, &resources(built, &launch)),
            max_shared: device.shared_per_block as u32,
            fuel: CHECK_FUEL,
            deadline: Some(Instant::now() + CHECK_TIME),
        };
        let report = exec::launch(&built.program, &mut memory, first, &launch, &mut options);
        printed.push_str(&report.printed);
        synchronised |= report.synchronised;
        faults.extend(report.faults);
        if !report.finished {
            break;
        }
    }
    let buffers = memory.buffers()[..task.buffers.len()].iter();
    let (buffers, unwritten) = buffers.map(|b| (b.data().to_vec(), b.unwritten())).unzip();
    Ok(Outputs { buffers, unwritten, faults, synchronised, printed })
}

/// What a launch counted at full size.
pub struct Counted {
    /// Counts of the blocks that ran.
    pub counters: Counters,
    /// What the kernel takes.
    pub resources: Resources,
}

/// Counts a plan at the measured shape.
pub fn count(
    task: &CudaTask,
    built: &Built,
    device: &Device,
    shape: &Shape,
    seed: u64,
) -> Result<Vec<Counted>, Failure> {
    let plan = resolve(task, built, shape)?;
    let mut memory = Memory::new();
    for (number, buffer) in task.buffers.iter().enumerate() {
        let bytes = buffer.bytes(shape).map_err(bad_shape)?;
        let content = if buffer.role.is_filled() {
            Content::Tiled(data::tile(task, number, shape, seed).map_err(bad_shape)?)
        } else {
            Content::Zero
        };
        let right = if buffer.role == Role::Input { Right::Read } else { Right::Write };
        memory.allocate(&buffer.name, bytes, right, content);
    }
    for (name, bytes) in &plan.scratch {
        memory.allocate(name, *bytes, Right::Write, Content::Zero);
    }
    let first = exec::load_variables(&built.program, &mut memory);
    let mut counted = Vec::new();
    for resolved in &plan.launches {
        let launch = launch_of(task, built, resolved);
        let resources = resources(built, &launch);
        let resident = resident(device, &launch, &resources);
        let total: u64 = launch.grid.iter().map(|n| u64::from(*n)).product();
        let mut run = |blocks: Blocks, share: f64, trace: u32| -> Report {
            let shared = (u64::from(launch.dynamic_shared) + u64::from(resources.static_shared)) * resident
                / u64::from(device.sms);
            let mut caches = Caches::new(device, device.sms as usize, shared, share);
            let mut options = Options {
                order: Order::Forward,
                blocks,
                detect: false,
                caches: Some(&mut caches),
                trace_blocks: trace,
                latencies: device.latency,
                sms: device.sms,
                resident,
                max_shared: device.shared_per_block as u32,
                fuel: BLOCK_FUEL,
                deadline: Some(Instant::now() + CHECK_TIME),
            };
            exec::launch(&built.program, &mut memory, first, &launch, &mut options)
        };
        let probe = run(Blocks::Sample(vec![total / 2]), 1.0, 0);
        finished(&probe)?;
        let tensor = probe.counters.as_ref().map_or(0, |c| c.sum(|class| class == Class::Tensor, |o| o.warps));
        let cost = probe.warp_instructions + TENSOR_WEIGHT * tensor;
        let fits = (COUNT_BUDGET / cost.max(1)).max(FEWEST_BLOCKS);
        let report = if fits >= total {
            run(Blocks::All, 1.0, 2)
        } else {
            run(Blocks::Sample(sample(total, fits)), (fits as f64 / resident as f64).min(1.0), 2)
        };
        finished(&report)?;
        if let Some(counters) = report.counters {
            counted.push(Counted { counters, resources });
        }
    }
    Ok(counted)
}

/// Blocks from several places of the grid, neighbours at each.
fn sample(total: u64, count: u64) -> Vec<u64> {
    let each = (count / SAMPLE_GROUPS).max(1);
    let step = total / SAMPLE_GROUPS;
    let mut blocks: Vec<u64> = (0..SAMPLE_GROUPS)
        .flat_map(|g| (0..each).map(move |n| g * step + step / 2 + n))
        .filter(|b| *b < total)
        .collect();
    blocks.dedup();
    blocks
}

fn finished(report: &Report) -> Result<(), Failure> {
    match report.faults.iter().find(|f| reason(f.kind) != Reason::OutOfBounds) {
        Some(fault) => Err(Failure::new(reason(fault.kind), format!("at full size: {fault}"))),
        None => Ok(()),
    }
}

/// The reason for a rejection that a fault is.
pub fn reason(kind: FaultKind) -> Reason {
    match kind {
        FaultKind::OutOfBounds | FaultKind::StackOverflow => Reason::OutOfBounds,
        FaultKind::Misaligned => Reason::Misaligned,
        FaultKind::UninitialisedRead => Reason::UninitialisedRead,
        FaultKind::InputModified => Reason::InputModified,
        FaultKind::DataRace => Reason::DataRace,
        FaultKind::DivergentBarrier => Reason::DivergentBarrier,
        FaultKind::Deadlock => Reason::Deadlock,
        FaultKind::BadShuffle => Reason::BadShuffle,
        FaultKind::AsyncRead => Reason::AsyncRead,
        FaultKind::Trap | FaultKind::Launch => Reason::LaunchError,
        FaultKind::Timeout => Reason::Timeout,
        FaultKind::Unsupported => Reason::Unsupported,
    }
}
