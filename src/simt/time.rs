//! Predicts how long a launch takes, from what was counted.
//!
//! A model, never a measurement. Each part of the device gets a term: the time that it alone would need for the launch. The terms are
//! combined by a p-norm, so that the longest dominates and those near it add to it. The latency term (the dependent chain of one block,
//! times the waves of blocks) is a lower bound that matters when occupancy or the grid is small. PTX is not what the hardware runs:
//! instruction counts are turned into issue slots by an estimated table, so that `issue`, `int` and the other arithmetic terms are
//! rougher than the memory terms. What the model is good for is ranking candidates of one task and naming what limits them.

use crate::calibrate::Constants;
use crate::counters::{Class, Counters, OpCounters, OpInfo};
use crate::device::Device;
use crate::occupancy::Occupancy;
use serde::{Deserialize, Serialize};

/// What the hardware's compiler said a kernel needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// Registers of a thread; 0 if unknown.
    pub registers: u32,
    /// Static shared memory of a block in bytes.
    pub static_shared: u32,
    /// Bytes of a thread's registers that are spilled to local memory and loaded back.
    pub spill_bytes: u32,
}

/// The time that one part of the device would need by itself.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Term {
    /// `dram`, `l2`, `l1`, `shared`, `issue`, `fp32`, `fp16`, `fp64`, `int`, `special`, `tensor`, `atomics` or `latency`.
    pub name: &'static str,
    /// Seconds.
    pub seconds: f64,
    /// Seconds divided by the predicted time of the launch without its overhead: how busy this part would be. Shares do not add up to 1.
    pub share: f64,
}

/// What the model says of one launch.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// The launch in seconds, overhead included.
    pub seconds: f64,
    /// Of that, the overhead of launching.
    pub launch_seconds: f64,
    /// The terms, the longest first; those of 0 are left out.
    pub terms: Vec<Term>,
    /// Name of the longest term; `launch` if the overhead is longer than all of them.
    pub limiting: &'static str,
    /// Occupancy.
    pub occupancy: Occupancy,
    /// Waves of blocks: the grid divided by the blocks that are resident at once. Not rounded.
    pub waves: f64,
    /// The part of the blocks' slots that stays empty because the last wave is not full, 0 to 1.
    pub tail: f64,
    /// SMs that get a block.
    pub busy_sms: u32,
    /// Bytes read from DRAM by the whole grid.
    pub dram_bytes_read: f64,
    /// Bytes written to DRAM by the whole grid.
    pub dram_bytes_written: f64,
    /// Bytes between the SMs and L2, for the whole grid.
    pub l2_bytes: f64,
    /// What the model could not know.
    pub notes: Vec<String>,
}

/// What the model says of the launches of a plan, one after another.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlanPrediction {
    /// All launches together, in seconds.
    pub seconds: f64,
    /// Each launch.
    pub launches: Vec<Prediction>,
}

/// Bytes of a sector.
const SECTOR: f64 = crate::cache::SECTOR_BYTES as f64;
/// The part of L2 that data of one launch can fill before it evicts itself.
const L2_USABLE: f64 = 0.8;
/// Warp schedulers of an SM, each with a quarter of its arithmetic.
const SCHEDULERS: f64 = 4.0;

/// Issue slots that an instruction of PTX takes per warp. Estimated: the hardware's compiler removes moves, folds addresses and expands
/// divisions.
pub fn issue_slots(class: Class) -> f64 {
    match class {
        Class::Move => 0.0,
        Class::ConstantLoad => 0.5,
        Class::Int64 => 1.5,
        Class::Special => 3.0,
        Class::Divide => 10.0,
        Class::IntDivide => 20.0,
        _ => 1.0,
    }
}

/// Passes through the L1 cache of a global or local access: four sectors a pass, at least one a request.
pub fn l1_passes(op: &OpCounters) -> f64 {
    (op.warps as f64).max(op.sectors as f64 / 4.0)
}

/// Passes over the banks of shared memory. Lanes of an atomic that meet at one address take turns.
pub fn shared_passes(class: Class, op: &OpCounters) -> f64 {
    match class {
        Class::SharedLoad | Class::SharedStore | Class::AsyncCopy => op.wavefronts as f64,
        Class::SharedAtomic => op.wavefronts.max(op.collisions) as f64,
        // Shuffles pass through the same crossbar.
        Class::WarpWide => op.warps as f64,
        _ => 0.0,
    }
}

/// True for accesses that pass through the L1 cache.
pub fn uses_l1(class: Class) -> bool {
    matches!(
        class,
        Class::GlobalLoad
            | Class::GlobalStore
            | Class::GlobalAtomic
            | Class::LocalLoad
            | Class::LocalStore
            | Class::AsyncCopy
    )
}

/// Operations per SM and cycle of a tensor instruction.
fn tensor_rate(device: &Device, opcode: &str) -> f64 {
    let rates = &device.tensor;
    let has = |types: &[&str]| types.iter().any(|kind| opcode.contains(kind));
    let full = if has(&[".f64"]) {
        if rates.fp64 > 0.0 { rates.fp64 } else { 2.0 * device.fp64_lanes }
    } else if has(&[".tf32"]) {
        rates.tf32
    } else if has(&[".s8", ".u8", ".e4m3", ".e5m2"]) {
        rates.int8
    } else {
        rates.f16
    };
    if opcode.starts_with("wgmma") { full } else { full * rates.mma_sync_share }
}

/// Cycles of an SM's parts, each working alone at its full rate.
#[derive(Default)]
struct Pipes {
    issue: f64,
    fp32: f64,
    fp16: f64,
    fp64: f64,
    int: f64,
    special: f64,
    tensor: f64,
    l1: f64,
    shared: f64,
}

impl Pipes {
    fn add(&mut self, device: &Device, info: &OpInfo, op: &OpCounters) {
        let warps = op.warps as f64;
        let lanes = 32.0 * warps;
        self.issue += warps * issue_slots(info.class) / SCHEDULERS;
        match info.class {
            Class::Fp32 => self.fp32 += lanes / device.fp32_lanes,
            Class::Fp16 => self.fp16 += lanes / device.fp16_lanes,
            Class::Fp64 => self.fp64 += lanes / device.fp64_lanes,
            Class::Int32 | Class::Convert => self.int += lanes / device.int32_lanes,
            Class::Int64 => self.int += issue_slots(Class::Int64) * lanes / device.int32_lanes,
            Class::IntDivide => self.int += issue_slots(Class::IntDivide) * lanes / device.int32_lanes,
            Class::Special => self.special += lanes / device.special_lanes,
            Class::Divide => {
                let steps = issue_slots(Class::Divide) - 1.0;
                if info.opcode.contains(".f64") {
                    self.fp64 += steps * lanes / device.fp64_lanes;
                } else {
                    self.fp32 += steps * lanes / device.fp32_lanes;
                }
                self.special += lanes / device.special_lanes;
            }
            Class::Tensor => self.tensor += op.tensor_ops as f64 / tensor_rate(device, &info.opcode),
            _ => {}
        }
        if uses_l1(info.class) {
            // A request takes an instruction's turn in the load/store unit even if its bytes need less.
            self.l1 += l1_passes(op) * 4.0 * SECTOR / device.l1_bytes_per_cycle;
        }
        self.shared += shared_passes(info.class, op) * 32.0 / device.lsu_lanes;
    }
}

/// Predicts one launch.
pub fn predict(device: &Device, constants: &Constants, counters: &Counters, resources: &Resources) -> Prediction {
    let mut notes = Vec::new();
    let threads = counters.block.iter().product::<u32>();
    let shared = counters.shared_bytes.max(resources.static_shared);
    let occupancy = Occupancy::of(device, threads, resources.registers, u64::from(shared));
    if resources.registers == 0 {
        notes.push("registers are not known: they limit no occupancy here".to_owned());
    }
    if occupancy.blocks_per_sm == 0 {
        notes.push("a block needs more than an SM has; one a SM is assumed".to_owned());
    }
    let sms = f64::from(device.sms);
    let resident = f64::from(occupancy.blocks_per_sm.max(1));
    let blocks = counters.blocks as f64;
    let scale = counters.scale();
    let waves = blocks / (sms * resident);
    let whole_waves = waves.ceil();
    let busiest = (blocks / sms).ceil();
    let busy_sms = device.sms.min(u32::try_from(counters.blocks).unwrap_or(u32::MAX));

    let mut pipes = Pipes::default();
    for (info, op) in counters.info.iter().zip(&counters.ops) {
        pipes.add(device, info, op);
    }
    if resources.spill_bytes > 0 {
        notes.push(format!(
            "{} bytes a thread are spilled to local memory; how often they move is not known, once is assumed",
            resources.spill_bytes
        ));
        let warps = counters.blocks_run as f64 * f64::from(threads.div_ceil(32));
        pipes.l1 += warps * f64::from(resources.spill_bytes) / 4.0;
    }

    // Per-SM terms: the SM that gets the most blocks, at the rate that its warps can keep busy.
    let per_sm = if counters.blocks_run == 0 { 0.0 } else { busiest / counters.blocks_run as f64 };
    let active_warps = resident.min(busiest) * f64::from(threads.div_ceil(32));
    let quarters = (active_warps / SCHEDULERS).clamp(1.0 / SCHEDULERS, 1.0);
    let seconds = |cycles: f64| cycles / device.clock_hz;
    let arithmetic = |cycles: f64| seconds(cycles * per_sm / quarters);
    let memory = |cycles: f64| seconds(cycles * per_sm / constants.lsu_efficiency);

    let l2_bytes = l2_sectors(counters, &mut notes) as f64 * SECTOR * scale;
    let l2_share = if blocks == 0.0 { 0.0 } else { l2_bytes * busiest / blocks };
    let l2 = (l2_bytes / device.l2_bytes_per_s).max(seconds(l2_share / device.l2_bytes_per_sm_cycle))
        / constants.l2_efficiency;
    let traffic = dram_bytes(device, counters, sms * resident, &mut notes);
    let dram = (traffic.0 + traffic.1) / (constants.dram_efficiency * device.dram_bytes_per_s);
    let latency = match counters.critical_cycles {
        Some(cycles) => constants.latency_weight * seconds(cycles * whole_waves),
        None => {
            notes
                .push("no block was traced: the latency of dependent instructions is not in the prediction".to_owned());
            0.0
        }
    };
    let l1 = memory(pipes.l1);
    let shared = memory(pipes.shared);
    let mut terms = vec![
        ("dram", dram),
        ("l2", l2),
        ("l1", l1),
        ("shared", shared),
        ("issue", arithmetic(pipes.issue * constants.issue_overhead)),
        ("fp32", arithmetic(pipes.fp32)),
        ("fp16", arithmetic(pipes.fp16)),
        ("fp64", arithmetic(pipes.fp64)),
        ("int", arithmetic(pipes.int)),
        ("special", arithmetic(pipes.special)),
        ("tensor", arithmetic(pipes.tensor / constants.tensor_efficiency)),
        ("atomics", seconds(atomic_cycles(device, counters) * constants.atomic_cycles)),
        ("latency", latency),
    ];
    // L1 and shared memory are one pipe: their times add up before the norm.
    let apart = terms.iter().filter(|(name, _)| !matches!(*name, "l1" | "shared")).map(|(_, seconds)| *seconds);
    let execution = p_norm(apart.chain([l1 + shared]), constants.p);
    terms.retain(|(_, seconds)| *seconds > 0.0);
    terms.sort_by(|a, b| b.1.total_cmp(&a.1));
    let launch_seconds = constants.launch_us * 1e-6;
    let limiting = terms.first().filter(|(_, seconds)| *seconds > launch_seconds).map_or("launch", |(name, _)| *name);
    Prediction {
        seconds: launch_seconds + execution,
        launch_seconds,
        terms: terms.into_iter().map(|(name, seconds)| Term { name, seconds, share: seconds / execution }).collect(),
        limiting,
        occupancy,
        waves,
        tail: if whole_waves > 0.0 { 1.0 - waves / whole_waves } else { 0.0 },
        busy_sms,
        dram_bytes_read: traffic.0,
        dram_bytes_written: traffic.1,
        l2_bytes,
        notes,
    }
}

/// Predicts the launches of a plan, which run one after another.
pub fn predict_plan(device: &Device, constants: &Constants, launches: &[(Counters, Resources)]) -> PlanPrediction {
    let launches: Vec<_> =
        launches.iter().map(|(counters, resources)| predict(device, constants, counters, resources)).collect();
    PlanPrediction { seconds: launches.iter().map(|launch| launch.seconds).sum(), launches }
}

/// The p-norm of some times; scaled by the largest so that nothing underflows.
fn p_norm(times: impl Iterator<Item = f64> + Clone, p: f64) -> f64 {
    let longest = times.clone().fold(0.0, f64::max);
    if longest == 0.0 {
        return 0.0;
    }
    longest * times.map(|time| (time / longest).powf(p)).sum::<f64>().powf(1.0 / p)
}

/// Sectors between L1 and L2 of the blocks that ran. Without a simulated cache every global sector counts.
fn l2_sectors(counters: &Counters, notes: &mut Vec<String>) -> u64 {
    let cache = &counters.cache;
    let sectors = cache.l2_reads + cache.l2_writes;
    let asked = counters.sum(uses_l1, |op| op.sectors);
    if sectors == 0 && cache.l1_lookups == 0 && asked > 0 {
        notes.push("the caches were not simulated: all accesses are taken to reach L2".to_owned());
        return asked;
    }
    sectors
}

/// Bytes that the whole grid reads from and writes to DRAM, starting with cold caches. `wave` is the number of blocks that are resident
/// at once.
///
/// If all blocks ran, the simulated caches know. If a sample ran, the distinct bytes that it touched of each buffer are extended in
/// proportion to more blocks and cut off at the buffer's size. If all that fits in L2, each byte moves once; else once a wave, except
/// that a buffer that every wave touches whole stays in L2 if a wave's traffic fits.
fn dram_bytes(device: &Device, counters: &Counters, wave: f64, notes: &mut Vec<String>) -> (f64, f64) {
    let blocks = counters.blocks as f64;
    let run = counters.blocks_run as f64;
    let cached = (counters.cache.dram_reads as f64 * SECTOR, counters.cache.dram_writes as f64 * SECTOR);
    if run == 0.0 || counters.blocks_run >= counters.blocks {
        return cached;
    }
    let scale = counters.scale();
    if counters.footprint.is_empty() {
        if cached != (0.0, 0.0) {
            notes.push(
                "a sample of blocks ran and what they touched is not known: DRAM traffic is scaled up".to_owned(),
            );
        }
        return (cached.0 * scale, cached.1 * scale);
    }
    let usable = L2_USABLE * device.l2_bytes as f64;
    // Bytes that some number of blocks touches, given what the sample touched.
    let touched = |bytes: u64, sample: u64, blocks: f64| (bytes as f64).min(sample as f64 * (blocks / run).max(1.0));
    let all = |pick: fn(&crate::counters::Footprint) -> u64, blocks: f64| {
        counters.footprint.iter().map(|buffer| touched(buffer.bytes, pick(buffer), blocks)).sum::<f64>()
    };
    let (read, written) = (all(|buffer| buffer.read, blocks), all(|buffer| buffer.written, blocks));
    if read + written <= usable {
        return (read, written);
    }
    let wave = wave.min(blocks);
    let waves = blocks / wave;
    let wave_fits = all(|buffer| buffer.read, wave) + all(|buffer| buffer.written, wave) <= usable;
    let moved = |bytes: u64, sample: u64| {
        let once = touched(bytes, sample, wave);
        let stays = wave_fits && once >= bytes as f64;
        if stays { once } else { once * waves }
    };
    // No more than what the blocks touch one by one, however they share it.
    let cap = |bytes: f64, by_blocks: u64, once: f64| bytes.min((by_blocks as f64 * scale).max(once));
    let sum = counters.footprint.iter().fold((0.0, 0.0), |(read, written), buffer| {
        let reads = cap(moved(buffer.bytes, buffer.read), buffer.read_by_blocks, buffer.read as f64);
        let writes = cap(moved(buffer.bytes, buffer.written), buffer.written_by_blocks, buffer.written as f64);
        (read + reads, written + writes)
    });
    notes.push(format!(
        "DRAM traffic is estimated from a sample of {} of {} blocks",
        counters.blocks_run, counters.blocks
    ));
    sum
}

/// Turns at global atomics' addresses, one after another, that the whole grid needs. Which addresses the atomics meet at is not
/// counted: they are taken to be spread over the smallest buffer that is written.
fn atomic_cycles(device: &Device, counters: &Counters) -> f64 {
    let turns = counters.sum(|class| class == Class::GlobalAtomic, |op| op.collisions.max(op.sectors));
    let sectors = counters.footprint.iter().filter(|buffer| buffer.written > 0).map(|buffer| buffer.written / 32).min();
    // As many units as SMs work side by side, a guess.
    let side_by_side = sectors.unwrap_or(1).clamp(1, u64::from(device.sms));
    turns as f64 * counters.scale() / side_by_side as f64
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::counters::{CacheCounters, Footprint};

    /// An instruction that each of `warps` warps executes `times` times.
    fn op(opcode: &str, class: Class, executions: u64) -> (OpInfo, OpCounters) {
        (
            OpInfo { opcode: opcode.to_owned(), class, line: 1 },
            OpCounters { warps: executions, lanes: 32 * executions, ..OpCounters::default() },
        )
    }

    fn global(class: Class, executions: u64, sectors_per_request: u64) -> (OpInfo, OpCounters) {
        let (info, counts) = op("ld.global.f32", class, executions);
        (info, OpCounters { sectors: executions * sectors_per_request, ideal_sectors: executions * 4, ..counts })
    }

    fn shared(class: Class, executions: u64, wavefronts_per_request: u64) -> (OpInfo, OpCounters) {
        let (info, counts) = op("ld.shared.f32", class, executions);
        let wavefronts = executions * wavefronts_per_request;
        (info, OpCounters { wavefronts, ideal_wavefronts: executions, ..counts })
    }

    fn launch(blocks: u64, threads: u32, ops: Vec<(OpInfo, OpCounters)>) -> Counters {
        let (info, ops) = ops.into_iter().unzip();
        Counters {
            kernel: "k".to_owned(),
            grid: [blocks as u32, 1, 1],
            block: [threads, 1, 1],
            blocks,
            blocks_run: blocks,
            info,
            ops,
            critical_cycles: Some(700.0),
            ..Counters::default()
        }
    }

    /// A vector addition, of which all or some blocks ran.
    pub(crate) fn vector_add(n: u64, blocks_run: u64) -> Counters {
        let blocks = n / 256;
        let warps = blocks_run * 8;
        let mut counters = launch(
            blocks,
            256,
            vec![
                op("mad.lo.s32", Class::Int32, 2 * warps),
                op("add.s64", Class::Int64, 3 * warps),
                global(Class::GlobalLoad, 2 * warps, 4),
                global(Class::GlobalStore, warps, 4),
                op("add.f32", Class::Fp32, warps),
            ],
        );
        counters.blocks_run = blocks_run;
        counters.cache = CacheCounters {
            l1_lookups: 8 * warps,
            l2_reads: 8 * warps,
            l2_writes: 4 * warps,
            l2_hits: 4 * warps,
            dram_reads: 8 * warps,
            dram_writes: 4 * warps,
            ..CacheCounters::default()
        };
        let touched = blocks_run * 1024;
        let buffer = |name: &str, read: u64, written: u64| Footprint {
            buffer: name.to_owned(),
            bytes: 4 * n,
            read,
            written,
            read_by_blocks: read,
            written_by_blocks: written,
        };
        counters.footprint = vec![buffer("a", touched, 0), buffer("b", touched, 0), buffer("c", 0, touched)];
        counters
    }

    /// An n x n x n matrix multiplication, 16 x 16 threads, one element a thread.
    pub(crate) fn naive_matmul(n: u64) -> Counters {
        let warps = n * n / 32;
        let mut counters = launch(
            n * n / 256,
            256,
            vec![
                global(Class::GlobalLoad, warps * n, 2),
                global(Class::GlobalLoad, warps * n, 2),
                op("fma.rn.f32", Class::Fp32, warps * n),
                op("add.s64", Class::Int64, warps * n),
                op("setp.ne.s32", Class::Int32, warps * n / 4),
                op("bra", Class::Control, warps * n / 4),
                global(Class::GlobalStore, warps, 2),
            ],
        );
        counters.critical_cycles = Some(n as f64 * 16.0);
        let misses = n * n / 256 * 2 * 16 * n * 4 / 32;
        counters.cache = CacheCounters {
            l1_lookups: warps * n * 4,
            l1_hits: warps * n * 4 - misses,
            l2_reads: misses,
            l2_writes: warps * 4,
            dram_reads: 2 * n * n / 8,
            dram_writes: n * n / 8,
            ..CacheCounters::default()
        };
        counters
    }

    /// The same by register tiles of 8 x 8 in blocks of 128 x 128.
    pub(crate) fn tiled_matmul(n: u64) -> Counters {
        let blocks = n * n / (128 * 128);
        let warps = blocks * 8;
        let mut counters = launch(
            blocks,
            256,
            vec![
                op("fma.rn.f32", Class::Fp32, warps * n * 64),
                shared(Class::SharedLoad, warps * n * 4, 2),
                global(Class::GlobalLoad, warps * n / 8 * 2, 16),
                shared(Class::SharedStore, warps * n / 8 * 5, 1),
                op("bar.sync", Class::Barrier, warps * n / 4),
                op("add.s32", Class::Int32, warps * n),
            ],
        );
        counters.shared_bytes = 8192;
        counters.critical_cycles = Some(n as f64 * 80.0);
        let sectors = blocks * 2 * 128 * n / 8;
        counters.cache = CacheCounters {
            l1_lookups: sectors,
            l2_reads: sectors,
            dram_reads: 2 * n * n / 8,
            dram_writes: n * n / 8,
            ..CacheCounters::default()
        };
        counters
    }

    fn h100() -> &'static Device {
        Device::by_id("h100").unwrap()
    }

    fn of(counters: &Counters, registers: u32) -> Prediction {
        predict(h100(), &Constants::default(), counters, &Resources { registers, ..Resources::default() })
    }

    fn tensor_matmul(n: u64, opcode: &str) -> Counters {
        let mut counters = tiled_matmul(n);
        let executions = n * n * n / (16 * 8 * 16);
        let (info, counts) = op(opcode, Class::Tensor, executions);
        counters.info[0] = info;
        counters.ops[0] = OpCounters { tensor_ops: executions * 2 * 16 * 8 * 16, ..counts };
        counters.ops[1].warps /= 8;
        counters.ops[1].wavefronts /= 8;
        counters.ops[2].sectors /= 2;
        counters.cache.l1_lookups /= 2;
        counters.cache.l2_reads /= 2;
        counters.critical_cycles = Some(n as f64 * 8.0);
        counters
    }

    #[test]
    fn a_stream_runs_at_the_speed_of_dram() {
        let n = 1 << 25;
        let expected = 12.0 * n as f64 / (0.9 * 3.35e12) + 2.5e-6;
        let prediction = of(&vector_add(n, n / 256), 16);
        assert_eq!(prediction.limiting, "dram");
        assert!((prediction.seconds / expected - 1.0).abs() < 0.05, "{prediction:#?}");
    }

    #[test]
    fn a_sample_of_blocks_predicts_what_all_of_them_do() {
        let n = 1 << 25;
        let all = of(&vector_add(n, n / 256), 16);
        let some = of(&vector_add(n, 512), 16);
        assert!((some.seconds / all.seconds - 1.0).abs() < 0.01, "{} {}", some.seconds, all.seconds);
        assert_eq!(some.dram_bytes_read, all.dram_bytes_read);
        assert_eq!(some.dram_bytes_written, all.dram_bytes_written);
    }

    #[test]
    fn matrix_multiplications_are_in_the_right_order_and_size() {
        let naive = of(&naive_matmul(1024), 32);
        let flops = 2.0 * 1024f64.powi(3);
        let rate = flops / naive.seconds / 1e12;
        assert!((2.0..10.0).contains(&rate), "{rate} TFLOP/s: {naive:#?}");
        let naive = of(&naive_matmul(4096), 32);
        let tiled = of(&tiled_matmul(4096), 127);
        let ratio = naive.seconds / tiled.seconds;
        assert!((4.0..25.0).contains(&ratio), "{ratio}: {naive:#?} {tiled:#?}");
        let tensor = of(&tensor_matmul(4096, "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32"), 127);
        assert!(tensor.seconds < 0.3 * tiled.seconds, "{tensor:#?}");
        let wgmma = of(&tensor_matmul(4096, "wgmma.mma_async.sync.aligned.m64n8k16.f32.f16.f16"), 127);
        assert!(wgmma.seconds < tensor.seconds);
    }

    #[test]
    fn strided_stores_and_bank_conflicts_cost() {
        let n: u64 = 4096;
        let warps = n * n / 32;
        let transpose = |store_sectors: u64, wavefronts: u64| {
            let mut counters = launch(
                n * n / 1024,
                1024,
                vec![
                    global(Class::GlobalLoad, warps, 4),
                    shared(Class::SharedLoad, warps, wavefronts),
                    shared(Class::SharedStore, warps, 1),
                    global(Class::GlobalStore, warps, store_sectors),
                ],
            );
            counters.cache = CacheCounters {
                l1_lookups: warps * 4,
                l2_reads: warps * 4,
                l2_writes: warps * store_sectors,
                dram_reads: warps * 4,
                dram_writes: warps * 4,
                ..CacheCounters::default()
            };
            of(&counters, 26).seconds
        };
        let padded = transpose(4, 1);
        assert!(transpose(32, 1) > 1.5 * padded);
        assert!(transpose(4, 32) > 1.2 * padded, "{} {padded}", transpose(4, 32));
    }

    #[test]
    fn few_blocks_leave_sms_idle() {
        let work = |blocks: u64| of(&launch(blocks, 256, vec![op("fma.rn.f32", Class::Fp32, 1 << 24)]), 32);
        assert!(work(1).seconds > 50.0 * work(1320).seconds);
        let uneven = work(133);
        assert!(uneven.seconds > 1.8 * work(132).seconds);
        assert_eq!((work(33).busy_sms, uneven.busy_sms), (33, 132));
    }

    #[test]
    fn a_block_of_one_warp_uses_a_quarter_of_an_sm() {
        let fp32 = |threads: u32| {
            let prediction = of(&launch(132, threads, vec![op("fma.rn.f32", Class::Fp32, 1 << 24)]), 32);
            prediction.terms.iter().find(|term| term.name == "fp32").unwrap().seconds
        };
        assert!((fp32(32) / fp32(128) - 4.0).abs() < 1e-9);
    }

    #[test]
    fn latency_times_waves_is_a_lower_bound() {
        let mut counters = launch(132 * 8 * 3 + 1, 256, vec![op("add.f32", Class::Fp32, 8)]);
        counters.critical_cycles = Some(10_000.0);
        let prediction = of(&counters, 32);
        assert_eq!(prediction.limiting, "latency");
        assert!(prediction.seconds >= 4.0 * 10_000.0 / 1.98e9);
        assert!((prediction.tail - 0.25).abs() < 0.01);
    }

    #[test]
    fn atomics_at_one_address_wait_for_each_other() {
        let reduce = |written: u64| {
            let (info, counts) = op("atom.global.add.f32", Class::GlobalAtomic, 1 << 20);
            let counts = OpCounters { collisions: 32 << 20, sectors: 1 << 20, ..counts };
            let mut counters = launch(1 << 17, 256, vec![(info, counts)]);
            counters.cache.l2_writes = 1 << 20;
            counters.footprint = vec![Footprint { bytes: written, written, ..Footprint::default() }];
            of(&counters, 32)
        };
        assert_eq!(reduce(32).limiting, "atomics");
        assert!(reduce(32).seconds > 50.0 * reduce(1 << 20).seconds);
    }

    #[test]
    fn a_sample_knows_what_stays_in_l2() {
        let footprint = |bytes: u64, read: u64, by_blocks: u64| Footprint {
            buffer: "x".to_owned(),
            bytes,
            read,
            read_by_blocks: by_blocks,
            ..Footprint::default()
        };
        let mut counters = launch(132_000, 256, Vec::new());
        counters.blocks_run = 132;
        // A table that every block reads whole, and a stream of 1 KiB a block: the table is read once.
        counters.footprint =
            vec![footprint(1 << 20, 1 << 20, 132 << 20), footprint(132_000 << 10, 132 << 10, 132 << 10)];
        let (read, _) = dram_bytes(h100(), &counters, 1056.0, &mut Vec::new());
        assert_eq!(read, ((1 << 20) + (132_000 << 10)) as f64);
        // A buffer beyond L2 that every block reads whole is read by every wave.
        counters.footprint = vec![footprint(1 << 30, 1 << 30, 132 << 30)];
        let (read, _) = dram_bytes(h100(), &counters, 1056.0, &mut Vec::new());
        assert_eq!(read, (1u64 << 30) as f64 * 125.0);
        // What fits is read once.
        counters.footprint = vec![footprint(1 << 24, 1 << 20, 132 << 20)];
        let (read, _) = dram_bytes(h100(), &counters, 1056.0, &mut Vec::new());
        assert_eq!(read, (1u64 << 24) as f64);
    }

    #[test]
    fn what_is_not_known_is_said() {
        let mut counters = vector_add(1 << 20, 1 << 12);
        counters.cache = CacheCounters::default();
        counters.critical_cycles = None;
        let prediction =
            predict(h100(), &Constants::default(), &counters, &Resources { spill_bytes: 64, ..Resources::default() });
        for word in ["registers", "spilled", "caches", "traced"] {
            assert!(prediction.notes.iter().any(|note| note.contains(word)), "{word}: {:?}", prediction.notes);
        }
    }

    #[test]
    fn an_empty_grid_takes_the_overhead_of_a_launch() {
        let prediction = of(&Counters::default(), 0);
        assert!((prediction.seconds - 2.5e-6).abs() < 1e-12, "{prediction:?}");
        assert_eq!((prediction.limiting, prediction.terms.len()), ("launch", 0));
    }

    #[test]
    fn a_plan_is_the_sum_of_its_launches() {
        let launch = (vector_add(1 << 20, 1 << 12), Resources::default());
        let plan = predict_plan(h100(), &Constants::default(), &[launch.clone(), launch]);
        assert_eq!(plan.seconds, 2.0 * plan.launches[0].seconds);
    }
}
