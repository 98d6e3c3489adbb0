//! What a strategy is.

use super::history::{History, Step};

/// Decides what to do next from what has happened, and from nothing else.
pub trait Strategy: Send + Sync {
    /// The name in the store and on the command line.
    fn name(&self) -> &'static str;
    /// The next steps, or the reason to stop. Called only when no step is in flight.
    fn next(&self, history: &History) -> Next;
}

/// A strategy's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Execute these, in order, then ask again.
    Steps(Vec<Step>),
    /// The run is over.
    Stop(StopReason),
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The number of rounds was reached.
    Rounds,
    /// No improvement for as long as the limits allow.
    Plateau,
    /// The time budget is spent.
    Budget,
    /// The Coder has nothing new to offer.
    Exhausted,
    /// The baseline was rejected: the task is broken, or a tool is missing.
    BaselineRejected,
    /// The machine, not the candidates, made step after step fail.
    MachineFails,
}

impl StopReason {
    /// The name in the store and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rounds => "rounds",
            Self::Plateau => "plateau",
            Self::Budget => "budget",
            Self::Exhausted => "exhausted",
            Self::BaselineRejected => "baseline_rejected",
            Self::MachineFails => "machine_fails",
        }
    }
}
