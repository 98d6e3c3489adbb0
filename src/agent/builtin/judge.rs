//! The offline Judge: reads the metrics of the candidate by rules, names the bottleneck, and picks a method that the library can
//! still serve. Every method is explored once, the best-founded first; then the one with the best result goes on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::coder::best_point;
use super::library::Library;
use super::methods;
use crate::agent::judgement::{Change, Effort, Evidence, Expectation, Judgement};
use crate::agent::{AgentError, Answer, Brief, Judge};
use crate::search::history::Step;
use crate::target::Evaluation;
use crate::task::{Contract, Task};

/// Reads metrics by rules.
#[derive(Debug, Clone)]
pub struct BuiltinJudge {
    library: Arc<Library>,
}

/// A rule: when it speaks, how strongly, and what it says.
struct Rule {
    method: &'static str,
    /// Metrics that it quotes; it speaks only if all of them exist.
    quotes: &'static [(&'static str, &'static str)],
    /// How well founded it is here: 0 is not at all.
    weight: fn(&View<'_>) -> f64,
    bottleneck: &'static str,
    /// The metric that should shrink.
    shrinks: &'static str,
    effort: Effort,
}

/// What the rules look at.
struct View<'a> {
    task: &'a Task,
    evaluation: &'a Evaluation,
}

impl View<'_> {
    fn metric(&self, name: &str) -> f64 {
        self.evaluation.metric(name).unwrap_or(0.0)
    }

    fn minimises(&self, name: &str) -> bool {
        let objective = &self.task.objective;
        objective.minimise.factors().iter().any(|f| f == name) || objective.limits.contains_key(name)
    }

    fn sequential(&self) -> bool {
        matches!(self.task.verilog.contract, Contract::CycleExact)
    }

    /// Registers that the contract still allows.
    fn latency_left(&self) -> f64 {
        match self.task.verilog.contract {
            Contract::Pipeline { max_latency } => f64::from(max_latency) - self.metric("latency_cycles"),
            _ => 0.0,
        }
    }
}

fn if_(condition: bool, weight: f64) -> f64 {
    if condition { weight } else { 0.0 }
}

const RULES: [Rule; 15] = [
    Rule {
        method: "pipeline",
        quotes: &[
            ("delay_ns", "the whole path has to fit into one clock"),
            ("latency_cycles", "below the contract's maximum"),
        ],
        weight: |v| if_(v.minimises("delay_ns") && v.latency_left() >= 1.0, 0.95),
        bottleneck: "one long path between registers, while the contract allows more latency",
        shrinks: "delay_ns",
        effort: Effort::Medium,
    },
    Rule {
        method: "compressor-tree",
        quotes: &[
            ("rtl_add", "adders, each with a carry chain of its own"),
            ("delay_ns", "carries follow one another"),
        ],
        weight: |v| if_(v.metric("rtl_add") >= 3.0, 0.9),
        bottleneck: "carries are propagated in every addition",
        shrinks: "delay_ns",
        effort: Effort::High,
    },
    Rule {
        method: "strength-reduction",
        quotes: &[("rtl_mul", "general multipliers"), ("area_um2", "most of it in them")],
        weight: |v| if_(v.metric("rtl_mul") >= 1.0, 0.85),
        bottleneck: "general multipliers where something simpler serves",
        shrinks: "area_um2",
        effort: Effort::Medium,
    },
    Rule {
        method: "unroll",
        quotes: &[("latency_cycles", "cycles per transaction")],
        weight: |v| if_(v.minimises("latency_cycles") && v.metric("latency_cycles") > 3.0, 0.85),
        bottleneck: "many cycles per transaction",
        shrinks: "latency_cycles",
        effort: Effort::Medium,
    },
    Rule {
        method: "recode-state",
        quotes: &[("flip_flops", "registers of the state"), ("logic_depth", "cells between them")],
        weight: |v| if_(v.sequential() && v.metric("flip_flops") > 0.0, 0.8),
        bottleneck: "the state's encoding costs logic on the way round",
        shrinks: "delay_ns",
        effort: Effort::Medium,
    },
    Rule {
        method: "lookahead",
        quotes: &[("logic_depth", "cells on the critical path, step after step")],
        weight: |v| if_(v.metric("logic_depth") >= 6.0, 0.75),
        bottleneck: "each step of the recurrence waits for the one before",
        shrinks: "delay_ns",
        effort: Effort::High,
    },
    Rule {
        method: "tree",
        quotes: &[("rtl_add", "operations in a chain"), ("logic_depth", "cells on the critical path")],
        weight: |v| if_(v.metric("rtl_add") >= 2.0 || v.metric("rtl_compare") >= 4.0, 0.8),
        bottleneck: "a chain whose depth grows with the number of operands",
        shrinks: "logic_depth",
        effort: Effort::Low,
    },
    Rule {
        method: "restructure",
        quotes: &[("rtl_mux", "selections"), ("logic_depth", "cells on the critical path")],
        weight: |v| if_(v.metric("rtl_mux") >= 4.0, 0.7),
        bottleneck: "nested selections",
        shrinks: "area_um2",
        effort: Effort::Medium,
    },
    Rule {
        method: "parallel-prefix",
        quotes: &[("logic_depth", "cells on the critical path")],
        weight: |v| if_(v.metric("logic_depth") >= 12.0 && v.minimises("delay_ns"), 0.7),
        bottleneck: "a ripple through the whole word",
        shrinks: "delay_ns",
        effort: Effort::High,
    },
    Rule {
        method: "memory-style",
        quotes: &[("rtl_dff_bits", "bits of storage"), ("area_um2", "most of it storage and its selection")],
        weight: |v| if_(v.metric("rtl_dff_bits") >= 32.0, 0.7),
        bottleneck: "storage and the way to it dominate",
        shrinks: "area_um2",
        effort: Effort::Medium,
    },
    Rule {
        method: "decompose",
        quotes: &[("logic_depth", "cells on the critical path")],
        weight: |v| if_(v.metric("logic_depth") >= 8.0, 0.65),
        bottleneck: "the word is handled as a whole",
        shrinks: "delay_ns",
        effort: Effort::Medium,
    },
    Rule {
        method: "booth",
        quotes: &[("cells", "cells, most of them in partial products")],
        weight: |v| if_(v.metric("rtl_mul") >= 1.0 || v.metric("rtl_add") >= 6.0, 0.6),
        bottleneck: "one partial product per bit of the operand",
        shrinks: "area_um2",
        effort: Effort::High,
    },
    Rule {
        method: "share",
        quotes: &[("area_um2", "several operators of the same kind")],
        weight: |v| if_(v.minimises("area_um2") && (v.metric("rtl_add") + v.metric("rtl_mul")) >= 2.0, 0.6),
        bottleneck: "operators that are not needed at the same time",
        shrinks: "area_um2",
        effort: Effort::Medium,
    },
    Rule {
        method: "retime",
        quotes: &[("flip_flops", "registers"), ("delay_ns", "the path on one side of them")],
        weight: |v| if_(v.metric("flip_flops") >= 8.0, 0.5),
        bottleneck: "registers stand where there are many bits, or the two sides are unbalanced",
        shrinks: "delay_ns",
        effort: Effort::Low,
    },
    Rule {
        method: "narrow",
        quotes: &[("area_um2", "logic for bits that cannot matter")],
        weight: |v| if_(v.minimises("area_um2"), 0.5),
        bottleneck: "intermediate results are wider than their values",
        shrinks: "area_um2",
        effort: Effort::Low,
    },
];

/// The weight of a method that no rule speaks for: it is tried last.
const UNFOUNDED: f64 = 0.1;

impl BuiltinJudge {
    /// A Judge that knows what the Coder's library can serve.
    pub fn new(library: Arc<Library>) -> Self {
        Self { library }
    }

    fn diagnose(&self, brief: Brief<'_>) -> Result<Judgement, AgentError> {
        let parent = brief.step.parent().and_then(|p| brief.history.candidate(p)?.evaluation.as_ref());
        let Some(evaluation) = parent else {
            return Err(AgentError::BadReply("there is no evaluation to judge".into()));
        };
        if let Step::Repair { .. } = brief.step {
            return Ok(correction(evaluation));
        }
        let view = View { task: brief.task, evaluation };
        let method = self.choose(&view, brief);
        Ok(improvement(&view, &method))
    }

    /// Unexplored exemplars first, by their rule's weight; then the method with the best result so far.
    fn choose(&self, view: &View<'_>, brief: Brief<'_>) -> String {
        let mut open: BTreeMap<&str, (bool, f64)> = BTreeMap::new();
        let offers = self.library.untried(brief.task, brief.history);
        for offer in &offers {
            let found = best_point(&self.library, brief.history, offer.exemplar);
            let entry = open.entry(offer.exemplar.method.as_str()).or_insert((false, f64::INFINITY));
            match found {
                None => entry.0 = true,
                Some((value, _)) => entry.1 = entry.1.min(value),
            }
        }
        let weight = |method: &str| rule(method).map_or(UNFOUNDED, |r| (r.weight)(view).max(UNFOUNDED / 2.0));
        let unexplored = open.iter().filter(|(_, (new, _))| *new).map(|(m, _)| *m);
        let chosen = unexplored.max_by(|a, b| weight(a).total_cmp(&weight(b)).then(b.cmp(a)));
        let best = || open.iter().min_by(|a, b| a.1.1.total_cmp(&b.1.1)).map(|(m, _)| *m);
        let founded = || RULES.iter().max_by(|a, b| (a.weight)(view).total_cmp(&(b.weight)(view))).map(|r| r.method);
        // With an empty library the diagnosis still stands, for whoever reads it.
        chosen.or_else(best).or_else(founded).unwrap_or("restructure").to_string()
    }
}

impl Judge for BuiltinJudge {
    fn name(&self) -> String {
        "builtin".into()
    }

    fn judge<'a>(&'a self, brief: Brief<'a>) -> Answer<'a, Judgement> {
        Box::pin(async move { self.diagnose(brief) })
    }
}

fn rule(method: &str) -> Option<&'static Rule> {
    RULES.iter().find(|r| r.method == method)
}

fn improvement(view: &View<'_>, method: &str) -> Judgement {
    let rule = rule(method);
    let mut quotes: Vec<(String, &str)> =
        rule.map_or(Vec::new(), |r| r.quotes.iter().map(|(m, reading)| ((*m).to_string(), *reading)).collect());
    if quotes.is_empty() {
        quotes =
            view.task.objective.minimise.factors().iter().map(|m| (m.clone(), "a factor of the objective")).collect();
    }
    let evidence = quotes
        .into_iter()
        .filter_map(|(metric, reading)| {
            let value = view.evaluation.metric(&metric)?;
            Some(Evidence { metric, value, reading: reading.into() })
        })
        .collect();
    let shrinks = rule.map_or_else(|| view.task.objective.minimise.factors()[0].clone(), |r| r.shrinks.to_string());
    Judgement::Improvement {
        bottleneck: rule.map_or("no rule names a bottleneck; this method has not been tried", |r| r.bottleneck).into(),
        evidence,
        method: method.into(),
        plan: methods::plan(method).unwrap_or_default().into(),
        expect: vec![Expectation { metric: shrinks, direction: Change::Down, factor: None }],
        effort: rule.map_or(Effort::Medium, |r| r.effort),
        held: None,
    }
}

/// The first line of the failing stage that says something, and what the reason means.
fn correction(evaluation: &Evaluation) -> Judgement {
    let reason = evaluation.failure().map_or("unknown", |r| r.as_str());
    let line = crate::target::failure_line(evaluation).unwrap_or_default();
    Judgement::Correction {
        critical_issue: format!("{reason}: {line}"),
        why_it_matters: "a candidate that does not do what the reference does is worth nothing, however small or fast"
            .into(),
        minimal_fix_hint: match reason {
            "compile_error" | "annotation_error" | "port_mismatch" => {
                "correct the line that the tool names and keep the rest"
            }
            "wrong_output" | "not_equivalent" | "testbench_failed" => {
                "follow the named inputs through the logic by hand"
            }
            "not_proved" => "keep the structure closer to the reference's, so that a proof finishes",
            "limit_exceeded" | "latency_exceeded" => "trade the metric that is over its limit against another one",
            _ => "remove the construct that the message names",
        }
        .into(),
    }
}
