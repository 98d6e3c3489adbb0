//! Exit codes, and errors that carry one.

use std::process::ExitCode;

/// What a command's exit status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: done.
    Done,
    /// 1: bad usage or bad input.
    Usage,
    /// 2: no candidate was accepted (`eval`: rejected).
    Rejected,
    /// 3: a needed tool is missing.
    ToolMissing,
    /// 4: the budget ended before a first verdict.
    Budget,
    /// 70: a bug, or a machine that does not work.
    Bug,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Usage => 1,
            Exit::Rejected => 2,
            Exit::ToolMissing => 3,
            Exit::Budget => 4,
            Exit::Bug => 70,
        })
    }
}

/// An error with the exit status that it leads to.
#[derive(Debug)]
pub struct Failed {
    /// Exit status.
    pub exit: Exit,
    /// Message.
    pub error: anyhow::Error,
}

impl Failed {
    /// The user's to mend.
    pub fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Usage, error: error.into() }
    }

    /// Not the user's.
    pub fn bug(error: impl Into<anyhow::Error>) -> Self {
        Self { exit: Exit::Bug, error: error.into() }
    }
}
