//! What a Judge says, and whether what it expected came true.

use serde::{Deserialize, Serialize};

use crate::target::Evaluation;

/// A Judge's reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Judgement {
    /// About a rejected candidate.
    Correction {
        /// What is wrong.
        critical_issue: String,
        /// Why that matters.
        why_it_matters: String,
        /// The smallest change that mends it.
        minimal_fix_hint: String,
    },
    /// About an accepted candidate.
    Improvement {
        /// What limits it.
        bottleneck: String,
        /// The metrics that say so.
        evidence: Vec<Evidence>,
        /// A name from the method catalogue.
        method: String,
        /// What to do.
        plan: String,
        /// What should follow.
        expect: Vec<Expectation>,
        /// How much work.
        effort: Effort,
        /// Whether the next evaluation met every expectation; None until then, or if it has no such metrics.
        #[serde(default)]
        held: Option<bool>,
    },
}

/// A metric and how the Judge reads it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Metric name; it exists in the evaluation.
    pub metric: String,
    /// Its value there.
    pub value: f64,
    /// The reading.
    pub reading: String,
}

/// A prediction about one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    /// Metric name.
    pub metric: String,
    /// Which way it goes.
    pub direction: Change,
    /// New value over old value that is hoped for, for instance 0.8; informative, the direction is what is checked.
    pub factor: Option<f64>,
}

/// Direction of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The value grows.
    Up,
    /// The value shrinks.
    Down,
}

/// Size of the change asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effort {
    /// A parameter.
    Low,
    /// A rewrite of a part.
    Medium,
    /// Another architecture.
    High,
}

impl Judgement {
    /// The method of an improvement.
    pub fn method(&self) -> Option<&str> {
        match self {
            Self::Improvement { method, .. } => Some(method),
            Self::Correction { .. } => None,
        }
    }

    /// Compares the expectations with what happened, and remembers the answer. A rejected candidate meets none.
    pub fn settle(&mut self, before: &Evaluation, after: &Evaluation) {
        let Self::Improvement { expect, held, .. } = self else { return };
        if !after.accepted() {
            *held = Some(false);
            return;
        }
        let met = |e: &Expectation| -> Option<bool> {
            let (old, new) = (before.metric(&e.metric)?, after.metric(&e.metric)?);
            Some(match e.direction {
                Change::Up => new > old,
                Change::Down => new < old,
            })
        };
        let answers: Option<Vec<bool>> = expect.iter().map(met).collect();
        *held = answers.filter(|a| !a.is_empty()).map(|a| a.into_iter().all(|b| b));
    }
}
