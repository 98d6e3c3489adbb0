//! Rules for CUDA: what the counters of the (simulated) GPU say of a kernel. `docs/metrics.md` explains the names.

use super::{Rule, View, when};
use crate::agent::judgement::Effort;

impl View<'_> {
    /// A metric's value, 0 if it is not known.
    fn value(&self, name: &str) -> f64 {
        self.evaluation.metric(name).unwrap_or(0.0)
    }

    /// The parts of the device that do the kernel's proper work.
    fn far_from_the_roofline(&self) -> bool {
        self.evaluation.metric("speed_of_light_pct").is_some_and(|v| v < 60.0)
    }

    fn peak_is(&self, names: &[&str]) -> bool {
        self.task.cuda().is_some_and(|c| names.contains(&c.measure.peak.as_str()))
    }

    /// Loads that L1 serves again and again.
    fn reuses_loads(&self) -> bool {
        self.value("l1tex__t_sector_hit_rate.pct") > 50.0
    }
}

/// All rules.
pub(super) const RULES: &[Rule] = &[
    Rule {
        method: "tensor-core",
        quotes: &[
            ("tensor_operations", "operations of the tensor cores so far"),
            ("speed_of_light_pct", "of the roofline, which counts on tensor cores"),
        ],
        weight: |v| {
            let fits = v.peak_is(&["tensor_f16", "tensor_bf16", "tensor_int8"]);
            when(fits && v.value("tensor_operations") == 0.0, 0.98)
        },
        bottleneck: "the tensor cores are not used, and the operation fits them",
        shrinks: "time_us",
        effort: Effort::High,
    },
    Rule {
        method: "packed-math",
        quotes: &[
            ("inst_share_int_pct", "of all issue slots are integer operations"),
            ("speed_of_light_pct", "of the roofline"),
        ],
        weight: |v| when(v.peak_is(&["tensor_int8", "tensor_f16"]) && v.value("tensor_operations") == 0.0, 0.7),
        bottleneck: "narrow elements are worked on one at a time",
        shrinks: "smsp__inst_executed.sum",
        effort: Effort::Medium,
    },
    Rule {
        method: "coalesce",
        quotes: &[
            ("global_ld_excess_sectors_pct", "of the loaded sectors hold nothing that was asked for"),
            ("global_st_excess_sectors_pct", "of the stored sectors are touched for a part only"),
            (
                "l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio",
                "sectors a load; 4 would do for 32 floats",
            ),
        ],
        weight: |v| {
            let excess = v.value("global_ld_excess_sectors_pct").max(v.value("global_st_excess_sectors_pct"));
            when(excess > 30.0, 0.95)
        },
        bottleneck: "neighbouring lanes do not access neighbouring addresses",
        shrinks: "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum",
        effort: Effort::Medium,
    },
    Rule {
        method: "privatise",
        quotes: &[
            ("atomic_requests", "atomics"),
            ("atomic_lanes_per_address", "lanes meet at one address"),
            ("bound.atomics_pct", "of the time if they alone counted"),
        ],
        weight: |v| when(v.value("atomic_requests") > 0.0 && v.value("bound.atomics_pct") > 20.0, 0.93),
        bottleneck: "atomics to few addresses wait for each other",
        shrinks: "time_us",
        effort: Effort::Medium,
    },
    Rule {
        method: "split",
        quotes: &[
            ("launch__waves_per_multiprocessor", "waves of blocks: the device is not full"),
            ("busy_sms", "SMs have work"),
        ],
        weight: |v| when(v.at_least(&["busy_sms"], 1.0) && v.value("launch__waves_per_multiprocessor") < 0.5, 0.9),
        bottleneck: "too few blocks to fill the device",
        shrinks: "time_us",
        effort: Effort::Medium,
    },
    Rule {
        method: "pad-shared",
        quotes: &[
            ("shared_ld_conflict_pct", "of the passes of shared loads are bank conflicts"),
            ("shared_st_conflict_pct", "of the passes of shared stores are bank conflicts"),
        ],
        weight: |v| when(v.value("shared_ld_conflict_pct").max(v.value("shared_st_conflict_pct")) > 25.0, 0.88),
        bottleneck: "lanes meet in the banks of shared memory",
        shrinks: "l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_ld.sum",
        effort: Effort::Low,
    },
    Rule {
        method: "register-tile",
        quotes: &[
            ("bound.l1_pct", "of the time if L1 and shared memory alone counted"),
            ("l1tex__t_sector_hit_rate.pct", "of the sectors come from L1 again and again"),
            ("inst_share_fp32_pct", "of the issue slots do arithmetic"),
        ],
        weight: |v| {
            let reuse = v.reuses_loads() || v.value("l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum") > 0.0;
            when(v.far_from_the_roofline() && reuse && v.value("inst_share_fp32_pct") > 5.0, 0.86)
        },
        bottleneck: "each value that is loaded takes part in too few operations",
        shrinks: "smsp__inst_executed.sum",
        effort: Effort::High,
    },
    Rule {
        method: "shared-tile",
        quotes: &[
            ("l1tex__t_sector_hit_rate.pct", "of the sectors are loaded more than once"),
            ("bound.l1_pct", "of the time if L1 alone counted"),
        ],
        weight: |v| {
            let none = v.value("l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum") == 0.0;
            when(v.far_from_the_roofline() && v.reuses_loads() && none, 0.8)
        },
        bottleneck: "threads of a block load the same data from global memory",
        shrinks: "l1tex__t_sectors_pipe_lsu_mem_global_op_ld.sum",
        effort: Effort::Medium,
    },
    Rule {
        method: "block-reduce",
        quotes: &[
            ("launch__waves_per_multiprocessor", "waves"),
            ("bound.latency_pct", "of the time is latency of one block's chain"),
        ],
        weight: |v| {
            when(v.value("bound.latency_pct") > 60.0 && v.value("launch__waves_per_multiprocessor") < 1.0, 0.82)
        },
        bottleneck: "single threads walk long rows, and the latency of their loads is not hidden",
        shrinks: "time_us",
        effort: Effort::Medium,
    },
    Rule {
        method: "warp-shuffle",
        quotes: &[
            ("bound.latency_pct", "of the time is latency"),
            ("barrier_arrivals", "times a warp waits at a barrier"),
        ],
        weight: |v| when(v.value("bound.latency_pct") > 50.0 && v.value("inst_share_shuffle_pct") == 0.0, 0.75),
        bottleneck: "a reduction waits for memory and barriers where lanes could exchange registers",
        shrinks: "time_us",
        effort: Effort::Medium,
    },
    Rule {
        method: "double-buffer",
        quotes: &[
            ("bound.latency_pct", "of the time is latency"),
            ("barrier_arrivals", "times a warp waits at a barrier"),
        ],
        weight: |v| when(v.value("bound.latency_pct") > 40.0 && v.value("barrier_arrivals") > 0.0, 0.65),
        bottleneck: "loads of the next tile wait until the present one is done",
        shrinks: "time_us",
        effort: Effort::Medium,
    },
    Rule {
        method: "online",
        quotes: &[
            ("dram__bytes_read.sum", "bytes read from DRAM"),
            ("kernel_launches", "launches"),
            ("speed_of_light_pct", "of the roofline"),
        ],
        weight: |v| when(v.value("bound.dram_pct") > 50.0 && v.far_from_the_roofline(), 0.7),
        bottleneck: "data is read from DRAM more than once",
        shrinks: "dram__bytes_read.sum",
        effort: Effort::Medium,
    },
    Rule {
        method: "fuse",
        quotes: &[("kernel_launches", "launches"), ("bound.launch_pct", "of the time is the overhead of launching")],
        weight: |v| when(v.value("kernel_launches") > 1.0 && v.value("bound.launch_pct") > 10.0, 0.6),
        bottleneck: "launches, and results that go through memory between them",
        shrinks: "kernel_launches",
        effort: Effort::Medium,
    },
    Rule {
        method: "vectorise",
        quotes: &[
            ("global_bytes_per_access", "bytes an access; a warp can ask for 512"),
            ("bound.issue_pct", "of the time if issuing alone counted"),
        ],
        weight: |v| {
            when(v.at_least(&["global_bytes_per_access"], 1.0) && v.value("global_bytes_per_access") < 200.0, 0.5)
        },
        bottleneck: "memory is asked for in small pieces",
        shrinks: "smsp__inst_executed.sum",
        effort: Effort::Low,
    },
    Rule {
        method: "multi-element",
        quotes: &[
            ("bound.latency_pct", "of the time is latency"),
            ("launch__waves_per_multiprocessor", "waves of blocks"),
        ],
        weight: |v| when(v.value("launch__waves_per_multiprocessor") > 4.0, 0.4),
        bottleneck: "each thread has too little to do at a time",
        shrinks: "time_us",
        effort: Effort::Low,
    },
    Rule {
        method: "thread-coarsen",
        quotes: &[
            ("inst_share_int_pct", "of the issue slots compute addresses"),
            ("launch__waves_per_multiprocessor", "waves of blocks"),
        ],
        weight: |v| when(v.value("inst_share_int_pct") > 40.0, 0.45),
        bottleneck: "addresses are computed anew for every element",
        shrinks: "smsp__inst_executed.sum",
        effort: Effort::Low,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::RULES;
    use crate::agent::builtin::methods;
    use crate::agent::builtin::rules::View;
    use crate::target::{Evaluation, Metric, Origin, TargetName};
    use crate::task::TaskRoot;

    #[test]
    fn every_rule_is_of_a_method_in_the_catalogue() {
        for rule in RULES {
            assert!(methods::plan(TargetName::Cuda, rule.method).is_some(), "{}", rule.method);
        }
    }

    /// The method that speaks loudest.
    fn diagnosis(task: &str, metrics: &[(&str, f64)]) -> &'static str {
        let task = TaskRoot(Path::new(env!("CARGO_MANIFEST_DIR")).join("tasks")).load(task).unwrap();
        let mut evaluation = Evaluation::begin("sim:h100", &BTreeMap::new());
        let metric = |(name, value): &(&str, f64)| Metric {
            name: (*name).into(),
            value: *value,
            unit: String::new(),
            origin: Origin::Simulated,
            samples: Vec::new(),
        };
        evaluation.metrics = metrics.iter().map(metric).collect();
        let view = View { task: &task, evaluation: &evaluation };
        RULES.iter().max_by(|a, b| (a.weight)(&view).total_cmp(&(b.weight)(&view))).unwrap().method
    }

    #[test]
    fn one_clear_problem_names_its_method() {
        for (task, metrics, method) in [
            ("cuda/transpose", &[("global_st_excess_sectors_pct", 75.0), ("speed_of_light_pct", 40.0)][..], "coalesce"),
            ("cuda/transpose", &[("shared_ld_conflict_pct", 90.0), ("speed_of_light_pct", 40.0)], "pad-shared"),
            ("cuda/matmul_f16", &[("tensor_operations", 0.0), ("speed_of_light_pct", 3.0)], "tensor-core"),
            ("cuda/histogram", &[("atomic_requests", 1e6), ("bound.atomics_pct", 95.0)], "privatise"),
            ("cuda/reduce_sum", &[("busy_sms", 16.0), ("launch__waves_per_multiprocessor", 0.01)], "split"),
            (
                "cuda/matmul",
                &[
                    ("speed_of_light_pct", 5.0),
                    ("l1tex__t_sector_hit_rate.pct", 95.0),
                    ("inst_share_fp32_pct", 20.0),
                    ("launch__waves_per_multiprocessor", 15.0),
                ],
                "register-tile",
            ),
            ("cuda/softmax", &[("bound.dram_pct", 90.0), ("speed_of_light_pct", 45.0)], "online"),
            ("cuda/vector_add", &[("global_bytes_per_access", 128.0), ("speed_of_light_pct", 83.0)], "vectorise"),
        ] {
            assert_eq!(diagnosis(task, metrics), method, "{task} {metrics:?}");
        }
    }
}
