//! Counts and predictions of a plan as named metrics: Nsight Compute's names where the meaning is the same, so that one reader serves
//! both. `docs/metrics.md` explains them.

use serde::Serialize;

use crate::cache::SECTOR_BYTES;
use crate::counters::{Class, Counters, OpCounters};
use crate::device::Device;
use crate::time::{Prediction, Resources, issue_slots};

/// One launch of a plan.
#[derive(Debug, Clone, Copy)]
pub struct LaunchProfile<'a> {
    /// What was counted.
    pub counters: &'a Counters,
    /// What the model says of it.
    pub prediction: &'a Prediction,
    /// What the kernel takes.
    pub resources: Resources,
}

/// Where a metric comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Counted while executing, or computed from such counts by the model of the device.
    Counted,
    /// Depends on what the hardware's compiler makes of the PTX.
    Estimated,
}

/// A metric.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Named {
    /// Name.
    pub name: String,
    /// Value; sums and times are of all launches together.
    pub value: f64,
    /// Unit; empty for counts and ratios.
    pub unit: &'static str,
    /// Where it comes from.
    pub origin: Origin,
}

/// All metrics of a plan. `floor_seconds` is the time that no kernel can do without on this device.
pub fn metrics(device: &Device, launches: &[LaunchProfile<'_>], floor_seconds: Option<f64>) -> Vec<Named> {
    let mut list = List { launches, found: Vec::new() };
    let seconds: f64 = launches.iter().map(|l| l.prediction.seconds).sum();
    list.counted("time_us", seconds * 1e6, "us");
    if let Some(floor) = floor_seconds
        && seconds > 0.0
    {
        list.counted("speed_of_light_pct", 100.0 * floor / seconds, "%");
        list.counted("floor_us", floor * 1e6, "us");
    }
    list.counted("kernel_launches", launches.len() as f64, "");
    let (run, all) = launches.iter().fold((0, 0), |(r, a), l| (r + l.counters.blocks_run, a + l.counters.blocks));
    list.counted("sampled_block_share_pct", 100.0 * run as f64 / (all as f64).max(1.0), "%");
    list.bounds(seconds);
    list.memory(device, seconds);
    list.instructions();
    list.occupancy(seconds);
    list.found
}

struct List<'a> {
    launches: &'a [LaunchProfile<'a>],
    found: Vec<Named>,
}

impl List<'_> {
    fn counted(&mut self, name: &str, value: f64, unit: &'static str) {
        self.found.push(Named { name: name.into(), value, unit, origin: Origin::Counted });
    }

    fn estimated(&mut self, name: &str, value: f64, unit: &'static str) {
        self.found.push(Named { name: name.into(), value, unit, origin: Origin::Estimated });
    }

    /// The sum of a figure over the instructions of some classes, for the whole grids.
    fn sum(&self, wanted: impl Fn(Class) -> bool, figure: impl Fn(&OpCounters) -> u64) -> f64 {
        self.launches.iter().map(|l| l.counters.scale() * l.counters.sum(&wanted, &figure) as f64).sum()
    }

    /// The mean of a figure over launches, weighted by their time.
    fn weighted(&self, seconds: f64, figure: impl Fn(&LaunchProfile<'_>) -> f64) -> f64 {
        let total: f64 = self.launches.iter().map(|l| l.prediction.seconds * figure(l)).sum();
        if seconds > 0.0 { total / seconds } else { 0.0 }
    }

    /// How busy each part of the device would be.
    fn bounds(&mut self, seconds: f64) {
        let mut names: Vec<&str> =
            self.launches.iter().flat_map(|l| l.prediction.terms.iter().map(|t| t.name)).collect();
        names.sort_unstable();
        names.dedup();
        for name in names {
            let term =
                |l: &LaunchProfile<'_>| l.prediction.terms.iter().find(|t| t.name == name).map_or(0.0, |t| t.share);
            let share = self.weighted(seconds, term);
            self.estimated(&format!("bound.{name}_pct"), 100.0 * share, "%");
        }
        let overhead: f64 = self.launches.iter().map(|l| l.prediction.launch_seconds).sum();
        self.counted("bound.launch_pct", 100.0 * overhead / seconds.max(f64::MIN_POSITIVE), "%");
    }

    fn memory(&mut self, device: &Device, seconds: f64) {
        let read: f64 = self.launches.iter().map(|l| l.prediction.dram_bytes_read).sum();
        let written: f64 = self.launches.iter().map(|l| l.prediction.dram_bytes_written).sum();
        self.counted("dram__bytes_read.sum", read, "byte");
        self.counted("dram__bytes_write.sum", written, "byte");
        let peak = device.dram_bytes_per_s * seconds;
        if peak > 0.0 {
            self.counted(
                "gpu__dram_throughput.avg.pct_of_peak_sustained_elapsed",
                100.0 * (read + written) / peak,
                "%",
            );
        }
        for (kind, class) in [("ld", Class::GlobalLoad), ("st", Class::GlobalStore)] {
            let requests = self.sum(|c| c == class, |o| if o.sectors > 0 { o.warps } else { 0 });
            let sectors = self.sum(|c| c == class, |o| o.sectors);
            let ideal = self.sum(|c| c == class, |o| o.ideal_sectors);
            self.counted(&format!("l1tex__t_requests_pipe_lsu_mem_global_op_{kind}.sum"), requests, "");
            self.counted(&format!("l1tex__t_sectors_pipe_lsu_mem_global_op_{kind}.sum"), sectors, "sector");
            if requests > 0.0 {
                let name = format!("l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_{kind}.ratio");
                self.counted(&name, sectors / requests, "");
                self.counted(&format!("global_{kind}_excess_sectors_pct"), 100.0 * (1.0 - ideal / sectors), "%");
            }
        }
        for (kind, class) in [("ld", Class::SharedLoad), ("st", Class::SharedStore)] {
            let passes = self.sum(|c| c == class, |o| o.wavefronts);
            let ideal = self.sum(|c| c == class, |o| o.ideal_wavefronts);
            if passes > 0.0 {
                self.counted(&format!("l1tex__data_pipe_lsu_wavefronts_mem_shared_op_{kind}.sum"), passes, "");
                let conflicts = passes - ideal;
                self.counted(&format!("l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_{kind}.sum"), conflicts, "");
                self.counted(&format!("shared_{kind}_conflict_pct"), 100.0 * conflicts / passes, "%");
            }
        }
        let cache = |figure: fn(&crate::counters::CacheCounters) -> u64| -> f64 {
            self.launches.iter().map(|l| l.counters.scale() * figure(&l.counters.cache) as f64).sum()
        };
        let (lookups, hits) = (cache(|c| c.l1_lookups), cache(|c| c.l1_hits));
        let (l2, l2_hits) = (cache(|c| c.l2_reads + c.l2_writes), cache(|c| c.l2_hits));
        if lookups > 0.0 {
            self.counted("l1tex__t_sector_hit_rate.pct", 100.0 * hits / lookups, "%");
        }
        if l2 > 0.0 {
            self.counted("lts__t_sector_hit_rate.pct", 100.0 * l2_hits / l2, "%");
            self.counted("lts__t_bytes.sum", l2 * SECTOR_BYTES as f64, "byte");
        }
        let local = self.sum(|c| matches!(c, Class::LocalLoad | Class::LocalStore), |o| o.warps);
        self.counted("smsp__sass_inst_executed_op_local.sum", local, "");
        let atomics = self.sum(|c| matches!(c, Class::GlobalAtomic | Class::SharedAtomic), |o| o.warps);
        self.counted("atomic_requests", atomics, "");
        let collisions = self.sum(|c| matches!(c, Class::GlobalAtomic | Class::SharedAtomic), |o| o.collisions);
        if atomics > 0.0 {
            self.counted("atomic_lanes_per_address", collisions / atomics, "");
        }
    }

    fn instructions(&mut self) {
        let warps = self.sum(|_| true, |o| o.warps);
        let lanes = self.sum(|_| true, |o| o.lanes);
        let slots: f64 = self
            .launches
            .iter()
            .map(|l| {
                let c = l.counters;
                let each = c.info.iter().zip(&c.ops).map(|(i, o)| issue_slots(i.class) * o.warps as f64);
                c.scale() * each.sum::<f64>()
            })
            .sum();
        self.estimated("smsp__inst_executed.sum", slots, "");
        if warps > 0.0 {
            self.counted("smsp__thread_inst_executed_per_inst_executed.ratio", lanes / warps, "");
        }
        let branches = self.sum(|c| c == Class::Control, |o| o.warps);
        let divergent = self.sum(|c| c == Class::Control, |o| o.divergent);
        if branches > 0.0 {
            self.counted("divergent_branches_pct", 100.0 * divergent / branches, "%");
        }
        for (name, class) in [
            ("fp32", Class::Fp32),
            ("fp16", Class::Fp16),
            ("tensor", Class::Tensor),
            ("special", Class::Special),
            ("shuffle", Class::WarpWide),
            ("barrier", Class::Barrier),
        ] {
            let share = self.sum(|c| c == class, |o| o.warps);
            self.estimated(&format!("inst_share_{name}_pct"), 100.0 * share / slots.max(1.0), "%");
        }
        let integers = |c| matches!(c, Class::Int32 | Class::Int64 | Class::IntDivide);
        let share = self.sum(integers, |o| o.warps);
        self.estimated("inst_share_int_pct", 100.0 * share / slots.max(1.0), "%");
        let accesses = self.sum(|c| matches!(c, Class::GlobalLoad | Class::GlobalStore), |o| o.warps);
        let moved = self.sum(|c| matches!(c, Class::GlobalLoad | Class::GlobalStore), |o| o.ideal_sectors);
        if accesses > 0.0 {
            self.counted("global_bytes_per_access", moved * SECTOR_BYTES as f64 / accesses, "byte");
        }
        let tensor = self.sum(|c| c == Class::Tensor, |o| o.tensor_ops);
        self.counted("tensor_operations", tensor, "");
        let arrivals: f64 = self.launches.iter().map(|l| l.counters.scale() * l.counters.barrier_arrivals as f64).sum();
        self.counted("barrier_arrivals", arrivals, "");
    }

    fn occupancy(&mut self, seconds: f64) {
        let theoretical = self.weighted(seconds, |l| l.prediction.occupancy.theoretical_pct);
        self.counted("sm__maximum_warps_per_active_cycle_pct", theoretical, "%");
        // Blocks that are too few fill no SM.
        let achieved = self.weighted(seconds, |l| {
            let o = &l.prediction.occupancy;
            o.theoretical_pct * l.prediction.waves.min(1.0)
        });
        self.counted("sm__warps_active.avg.pct_of_peak_sustained_active", achieved, "%");
        let waves = self.weighted(seconds, |l| l.prediction.waves);
        self.counted("launch__waves_per_multiprocessor", waves, "");
        let tail = self.weighted(seconds, |l| l.prediction.tail);
        self.counted("tail_pct", 100.0 * tail, "%");
        let longest = self.launches.iter().max_by(|a, b| a.prediction.seconds.total_cmp(&b.prediction.seconds));
        if let Some(l) = longest {
            let o = l.prediction.occupancy;
            let threads: u32 = l.counters.block.iter().product();
            for (name, value) in [
                ("launch__registers_per_thread", l.resources.registers),
                ("launch__block_size", threads),
                ("launch__shared_mem_per_block", l.counters.shared_bytes),
                ("launch__occupancy_limit_blocks", o.limit_blocks),
                ("launch__occupancy_limit_registers", o.limit_registers),
                ("launch__occupancy_limit_shared_mem", o.limit_shared),
                ("launch__occupancy_limit_warps", o.limit_warps),
                ("busy_sms", l.prediction.busy_sms),
                ("spill_bytes", l.resources.spill_bytes),
            ] {
                self.counted(name, f64::from(value), "");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibrate::Constants;
    use crate::counters::OpInfo;
    use crate::time::predict;

    #[test]
    fn ratios_are_of_sums_and_scaled_to_the_grid() {
        let device = Device::by_id("h100").unwrap();
        let counters = Counters {
            kernel: "k".into(),
            grid: [100, 1, 1],
            block: [256, 1, 1],
            blocks: 100,
            blocks_run: 10,
            info: vec![OpInfo { opcode: "ld.global.f32".into(), class: Class::GlobalLoad, line: 3 }],
            ops: vec![OpCounters { warps: 80, lanes: 2560, sectors: 640, ideal_sectors: 320, ..OpCounters::default() }],
            ..Counters::default()
        };
        let resources = Resources { registers: 32, static_shared: 0, spill_bytes: 0 };
        let prediction = predict(device, &Constants::default(), &counters, &resources);
        let profile = LaunchProfile { counters: &counters, prediction: &prediction, resources };
        let found = metrics(device, &[profile], Some(1e-6));
        let value = |name: &str| found.iter().find(|m| m.name == name).map(|m| m.value);
        assert_eq!(value("l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum"), Some(6400.0));
        assert_eq!(value("l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio"), Some(8.0));
        assert_eq!(value("global_ld_excess_sectors_pct"), Some(50.0));
        assert_eq!(value("sampled_block_share_pct"), Some(10.0));
        assert!(found.iter().all(|m| m.value.is_finite()), "{found:?}");
    }
}
