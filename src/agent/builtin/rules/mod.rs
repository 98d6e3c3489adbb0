//! The rules of the offline Judge, a list for each target: which metrics speak for which method. One rule a method; a method without a rule, or whose rule is
//! silent, is explored last and said to be unfounded.

mod cuda;
mod verilog;

use crate::agent::judgement::{Effort, Evidence};
use crate::target::{Evaluation, TargetName};
use crate::task::Task;

/// A rule: when it speaks, how strongly, and what it says.
pub(super) struct Rule {
    pub method: &'static str,
    /// Metrics and how they are read. Those that the evaluation has, and that are not 0, are quoted.
    pub quotes: &'static [(&'static str, &'static str)],
    /// How well founded it is here; 0 is not at all.
    pub weight: fn(&View<'_>) -> f64,
    pub bottleneck: &'static str,
    /// The metric that should shrink.
    pub shrinks: &'static str,
    pub effort: Effort,
}

/// What the rules look at.
pub(super) struct View<'a> {
    pub task: &'a Task,
    pub evaluation: &'a Evaluation,
}

impl View<'_> {
    /// False as well if the metric is not known.
    fn at_least(&self, names: &[&str], bound: f64) -> bool {
        let known: Vec<f64> = names.iter().filter_map(|n| self.evaluation.metric(n)).collect();
        !known.is_empty() && known.iter().sum::<f64>() >= bound
    }

    fn minimises(&self, name: &str) -> bool {
        let objective = &self.task.objective;
        objective.minimise.factors().iter().any(|f| f == name) || objective.limits.contains_key(name)
    }

    fn quotes(&self, rule: &Rule) -> Vec<Evidence> {
        let quote = |(name, reading): &(&str, &str)| {
            let value = self.evaluation.metric(name).filter(|v| *v != 0.0)?;
            Some(Evidence { metric: (*name).into(), value, reading: (*reading).into() })
        };
        rule.quotes.iter().filter_map(quote).collect()
    }
}

fn when(condition: bool, weight: f64) -> f64 {
    if condition { weight } else { 0.0 }
}

/// All rules of a target.
pub(super) fn rules(target: TargetName) -> &'static [Rule] {
    match target {
        TargetName::Verilog => verilog::RULES,
        TargetName::Cuda => cuda::RULES,
    }
}

/// The rule for a method, if there is one and the metrics speak for it, with what it quotes.
pub(super) fn founded(view: &View<'_>, method: &str) -> Option<(&'static Rule, Vec<Evidence>)> {
    let rule = rules(view.task.target()).iter().find(|r| r.method == method && (r.weight)(view) > 0.0)?;
    let evidence = view.quotes(rule);
    (!evidence.is_empty()).then_some((rule, evidence))
}
