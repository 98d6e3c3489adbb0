//! Rules for Verilog.

use super::{Rule, View, when};
use crate::agent::judgement::Effort;
use crate::task::Contract;

/// True if a pipeline contract allows more registers than there are.
fn latency_left(view: &View<'_>) -> bool {
    match (contract(view), view.evaluation.metric("latency_cycles")) {
        (Some(Contract::Pipeline { max_latency }), Some(latency)) => latency + 1.0 <= f64::from(*max_latency),
        _ => false,
    }
}

fn contract<'a>(view: &View<'a>) -> Option<&'a Contract> {
    view.task.verilog().map(|v| &v.contract)
}

/// All rules.
pub(super) const RULES: &[Rule] = &[
    Rule {
        method: "pipeline",
        quotes: &[
            ("delay_ns", "the whole path has to fit into one clock"),
            ("latency_cycles", "below the contract's maximum"),
        ],
        weight: |v| when(v.minimises("delay_ns") && latency_left(v), 0.95),
        bottleneck: "one long path between registers, while the contract allows more latency",
        shrinks: "delay_ns",
        effort: Effort::Medium,
    },
    Rule {
        method: "compressor-tree",
        quotes: &[
            ("rtl_add", "adders in the source; each has a carry chain"),
            ("rtl_mul", "multipliers in the source; each adds a row per bit"),
            ("logic_depth", "cells on the longest path"),
        ],
        weight: |v| when(v.at_least(&["rtl_add"], 3.0) || v.at_least(&["rtl_mul"], 2.0), 0.9),
        bottleneck: "carries are propagated in every addition",
        shrinks: "delay_ns",
        effort: Effort::High,
    },
    Rule {
        method: "strength-reduction",
        quotes: &[
            ("rtl_mul", "multipliers in the source"),
            ("rtl_div", "dividers in the source"),
            ("area_um2", "they are the largest operators there are"),
        ],
        weight: |v| when(v.at_least(&["rtl_mul", "rtl_div"], 1.0), 0.85),
        bottleneck: "general multipliers or dividers where shifts and adds may serve",
        shrinks: "area_um2",
        effort: Effort::Medium,
    },
    Rule {
        method: "unroll",
        quotes: &[("latency_cycles", "cycles per transaction")],
        weight: |v| {
            let transaction = matches!(contract(v), Some(Contract::Transaction { .. }));
            when(transaction && v.minimises("latency_cycles") && v.at_least(&["latency_cycles"], 4.0), 0.85)
        },
        bottleneck: "many cycles per transaction",
        shrinks: "latency_cycles",
        effort: Effort::Medium,
    },
    Rule {
        method: "recode-state",
        quotes: &[("flip_flops", "flip-flops hold the state"), ("logic_depth", "cells on the longest path")],
        weight: |v| when(contract(v) == Some(&Contract::CycleExact) && v.at_least(&["flip_flops"], 1.0), 0.8),
        bottleneck: "the state's encoding costs logic on the way round",
        shrinks: "delay_ns",
        effort: Effort::Medium,
    },
    Rule {
        method: "tree",
        quotes: &[
            ("rtl_add", "adders in the source"),
            ("rtl_compare", "comparisons in the source"),
            ("logic_depth", "cells on the longest path"),
        ],
        weight: |v| when(v.at_least(&["rtl_add"], 2.0) || v.at_least(&["rtl_compare"], 4.0), 0.8),
        bottleneck: "a chain whose depth grows with the number of operands",
        shrinks: "logic_depth",
        effort: Effort::Low,
    },
    Rule {
        method: "lookahead",
        quotes: &[("logic_depth", "cells on the longest path, step after step")],
        weight: |v| when(v.at_least(&["logic_depth"], 6.0), 0.75),
        bottleneck: "each step of the recurrence waits for the one before",
        shrinks: "delay_ns",
        effort: Effort::High,
    },
    Rule {
        method: "restructure",
        quotes: &[("rtl_mux", "selections in the source"), ("logic_depth", "cells on the longest path")],
        weight: |v| when(v.at_least(&["rtl_mux"], 4.0), 0.7),
        bottleneck: "nested selections",
        shrinks: "area_um2",
        effort: Effort::Medium,
    },
    Rule {
        method: "parallel-prefix",
        quotes: &[("logic_depth", "cells on the longest path")],
        weight: |v| when(v.minimises("delay_ns") && v.at_least(&["logic_depth"], 12.0), 0.7),
        bottleneck: "a ripple through the whole word",
        shrinks: "delay_ns",
        effort: Effort::High,
    },
    Rule {
        method: "memory-style",
        quotes: &[
            ("rtl_dff_bits", "bits of storage in the source"),
            ("rtl_mem_bits", "bits of memory in the source"),
            ("area_um2", "storage and the way to it are part of this"),
        ],
        weight: |v| when(v.at_least(&["rtl_dff_bits", "rtl_mem_bits"], 64.0), 0.7),
        bottleneck: "much storage, and the selections that reach it",
        shrinks: "area_um2",
        effort: Effort::Medium,
    },
    Rule {
        method: "decompose",
        quotes: &[("logic_depth", "cells on the longest path")],
        weight: |v| when(v.at_least(&["logic_depth"], 8.0), 0.65),
        bottleneck: "the word is handled as a whole",
        shrinks: "delay_ns",
        effort: Effort::Medium,
    },
    Rule {
        method: "booth",
        quotes: &[
            ("rtl_mul", "multipliers in the source; each has a partial product per bit"),
            ("rtl_add", "adders in the source"),
            ("cells", "cells after mapping"),
        ],
        weight: |v| when(v.at_least(&["rtl_mul"], 1.0) || v.at_least(&["rtl_add"], 6.0), 0.6),
        bottleneck: "one partial product per bit of the operand",
        shrinks: "area_um2",
        effort: Effort::High,
    },
    Rule {
        method: "share",
        quotes: &[
            ("rtl_add", "adders in the source"),
            ("rtl_mul", "multipliers in the source"),
            ("rtl_shift", "shifters in the source"),
            ("area_um2", "one for each costs area"),
        ],
        weight: |v| {
            when(v.minimises("area_um2") && v.at_least(&["rtl_add", "rtl_sub", "rtl_mul", "rtl_shift"], 2.0), 0.6)
        },
        bottleneck: "several operators that may not be needed at the same time",
        shrinks: "area_um2",
        effort: Effort::Medium,
    },
    Rule {
        method: "retime",
        quotes: &[("flip_flops", "flip-flops"), ("delay_ns", "the longest path between them")],
        weight: |v| when(v.at_least(&["flip_flops"], 8.0), 0.5),
        bottleneck: "registers may stand where there are many bits, or leave one side of them the longer path",
        shrinks: "delay_ns",
        effort: Effort::Low,
    },
    Rule {
        method: "narrow",
        quotes: &[("area_um2", "every bit that cannot matter is part of this")],
        weight: |v| when(v.minimises("area_um2"), 0.5),
        bottleneck: "intermediate results may be wider than their values",
        shrinks: "area_um2",
        effort: Effort::Low,
    },
];
