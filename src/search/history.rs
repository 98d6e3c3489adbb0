//! Everything that a run has learnt so far, in the order in which it happened.
//!
//! The store writes it and reads it back; strategies and agents decide from it and from nothing else.

use serde::{Deserialize, Serialize};

use crate::agent::judgement::Judgement;
use crate::target::Evaluation;

/// What a strategy may ask for. Numbers are step numbers within the run, which also name the candidates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Step {
    /// A first candidate: the reference (always step 0: the baseline), then `start.v`, if the task has one.
    Seed,
    /// Mend a rejected candidate.
    Repair {
        /// The rejected candidate.
        of: u32,
    },
    /// Make an accepted candidate better.
    Improve {
        /// The accepted candidate.
        of: u32,
    },
}

impl Step {
    /// The name on the wire, in the store and on the screen.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::Repair { .. } => "repair",
            Self::Improve { .. } => "improve",
        }
    }

    /// The candidate that the step starts from.
    pub fn parent(&self) -> Option<u32> {
        match self {
            Self::Seed => None,
            Self::Repair { of } | Self::Improve { of } => Some(*of),
        }
    }
}

/// A source text and where it came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The whole source.
    pub source: String,
    /// SHA-256 of the source.
    pub digest: String,
    /// Who wrote it, for instance `task`, `builtin:multiply/dadda`.
    pub agent: String,
    /// One line on what it is.
    pub summary: String,
    /// Its verdict; None while that is pending (the program died, or it is being evaluated now).
    pub evaluation: Option<Evaluation>,
    /// True if the verdict was found in the store and no tool ran.
    pub cached: bool,
}

impl Candidate {
    /// The objective's value, if accepted.
    pub fn objective(&self) -> Option<f64> {
        let evaluation = self.evaluation.as_ref()?;
        if evaluation.accepted() { evaluation.objective.as_ref().map(|o| o.value) } else { None }
    }
}

/// One executed step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// 0, 1, 2 … within the run.
    pub number: u32,
    /// What was asked for.
    pub step: Step,
    /// What the Judge said before the Coder wrote.
    pub judgement: Option<Judgement>,
    /// What the Coder wrote; None if it could not.
    pub candidate: Option<Candidate>,
    /// Why there is no candidate.
    pub note: Option<String>,
    /// True if there is no candidate because the Coder has nothing left to offer.
    pub exhausted: bool,
    /// Seconds that the step took, agents and evaluation together; None while it is in flight.
    pub seconds: Option<f64>,
}

/// The limits of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchLimits {
    /// Steps after the seeds.
    pub rounds: u32,
    /// Steps without a better candidate before the run ends; None: never.
    pub plateau: Option<u32>,
    /// Repairs of one candidate's descent before going back to the best.
    pub repairs: u32,
    /// Minutes of work (not of wall-clock time between a crash and its resume); None: no limit.
    pub minutes: Option<f64>,
}

/// The state of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The run's seed: breaks ties in agents that draw.
    pub seed: u64,
    /// Limits.
    pub limits: SearchLimits,
    /// True if the task has a `start.v` besides the reference.
    pub has_start: bool,
    /// Steps in order; `steps[n].number == n`.
    pub steps: Vec<StepRecord>,
}

impl History {
    /// The step's candidate.
    pub fn candidate(&self, number: u32) -> Option<&Candidate> {
        self.steps.get(number as usize)?.candidate.as_ref()
    }

    /// The first candidate's objective: what speed-ups count against.
    pub fn baseline(&self) -> Option<f64> {
        self.candidate(0)?.objective()
    }

    /// Number and objective of the best accepted candidate; the earliest of equals.
    pub fn best(&self) -> Option<(u32, f64)> {
        let mut best: Option<(u32, f64)> = None;
        for record in &self.steps {
            if let Some(value) = record.candidate.as_ref().and_then(Candidate::objective)
                && best.is_none_or(|(_, b)| value < b)
            {
                best = Some((record.number, value));
            }
        }
        best
    }

    /// The earliest candidate with this source.
    pub fn with_digest(&self, digest: &str) -> Option<&StepRecord> {
        self.steps.iter().find(|s| s.candidate.as_ref().is_some_and(|c| c.digest == digest))
    }

    /// The step whose candidate still waits for its verdict.
    pub fn pending(&self) -> Option<&StepRecord> {
        self.steps.iter().find(|s| s.candidate.as_ref().is_some_and(|c| c.evaluation.is_none()))
    }

    /// Seconds of work so far.
    pub fn seconds(&self) -> f64 {
        self.steps.iter().filter_map(|s| s.seconds).sum()
    }
}
