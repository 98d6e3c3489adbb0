//! What happens during a run, for everybody who shows it. Events tell; they decide nothing, and nothing is read back from them.

use serde::Serialize;

use crate::agent::judgement::Judgement;
use crate::search::history::Step;
use crate::target::{Reason, StageName};

/// An event with its place and time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// UTC milliseconds.
    pub time_ms: i64,
    /// Run, for instance `r12`.
    pub run: String,
    /// Task id.
    pub task: String,
    /// What happened.
    #[serde(flatten)]
    pub kind: RunEvent,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum RunEvent {
    /// A run begins or is taken up again.
    RunStarted {
        /// Device.
        device: String,
        /// Strategy.
        strategy: String,
        /// Coder.
        coder: String,
        /// Judge.
        judge: String,
        /// Largest number of steps after the seeds.
        rounds: u32,
        /// Steps that were there already.
        resumed_after: usize,
    },
    /// A step begins.
    StepStarted {
        /// Number of the step and of its candidate.
        number: u32,
        /// What is asked for.
        step: Step,
    },
    /// The Judge has spoken.
    Judged {
        /// Step.
        number: u32,
        /// What it said.
        judgement: Judgement,
    },
    /// The Coder has written.
    CandidateWritten {
        /// Step.
        number: u32,
        /// Who.
        agent: String,
        /// What.
        summary: String,
        /// Source identity.
        digest: String,
    },
    /// The Coder could not write.
    NoCandidate {
        /// Step.
        number: u32,
        /// Why.
        note: String,
    },
    /// A stage of the evaluation begins.
    StageStarted {
        /// Step.
        number: u32,
        /// Stage.
        stage: StageName,
    },
    /// The verdict is stored.
    Evaluated {
        /// Step.
        number: u32,
        /// Accepted?
        accepted: bool,
        /// Why not.
        reason: Option<Reason>,
        /// First line of the failing stage's message.
        message: Option<String>,
        /// Objective.
        objective: Option<f64>,
        /// Its unit.
        unit: Option<String>,
        /// Baseline over objective.
        speedup: Option<f64>,
        /// `proved`, `bounded(…)`, `simulated only`.
        assurance: Option<String>,
        /// Seconds of the evaluation.
        seconds: f64,
        /// Answered from the store.
        cached: bool,
        /// The best so far.
        best: bool,
    },
    /// The run is over.
    RunEnded {
        /// Why.
        stop: String,
        /// Number of the best candidate.
        best: Option<u32>,
        /// Its objective.
        objective: Option<f64>,
        /// Unit.
        unit: Option<String>,
        /// The baseline's objective.
        baseline: Option<f64>,
        /// Baseline over best.
        speedup: Option<f64>,
        /// How sure its equivalence is.
        assurance: Option<String>,
        /// Candidates that were evaluated.
        candidates: usize,
        /// Seconds of work.
        seconds: f64,
    },
    /// The run could not go on.
    RunFailed {
        /// Why.
        message: String,
    },
}
