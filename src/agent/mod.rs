//! The two agents: the Judge says what to change, the Coder writes the next candidate.
//!
//! A role is a trait; [`builtin`] plays both offline. Agents know prompts and the library and nothing of tools or storage.

pub mod builtin;
pub mod judgement;

use std::future::Future;
use std::pin::Pin;

use crate::search::history::{History, Step};
use crate::task::Task;
use judgement::Judgement;

/// A boxed future, so that agents that wait for a network and agents that only compute share one trait.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, AgentError>> + Send + 'a>>;

/// What an agent gets to see.
#[derive(Debug, Clone, Copy)]
pub struct Brief<'a> {
    /// The task.
    pub task: &'a Task,
    /// Everything so far.
    pub history: &'a History,
    /// What the strategy asks for.
    pub step: &'a Step,
}

/// Says what to change.
pub trait Judge: Send + Sync {
    /// The name in the store, for instance `builtin`.
    fn name(&self) -> String;
    /// A diagnosis of the step's parent.
    fn judge<'a>(&'a self, brief: Brief<'a>) -> Answer<'a, Judgement>;
}

/// Writes a candidate.
pub trait Coder: Send + Sync {
    /// The name in the store, for instance `builtin`.
    fn name(&self) -> String;
    /// The next source. Never one that the history already holds.
    fn write<'a>(&'a self, brief: Brief<'a>, judgement: &'a Judgement) -> Answer<'a, Draft>;
}

/// What a Coder hands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The whole source.
    pub source: String,
    /// Who wrote it, for instance `builtin:multiply/dadda`.
    pub agent: String,
    /// One line on what it is.
    pub summary: String,
}

/// Why an agent gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgentError {
    /// Nothing new to offer: the run may end.
    #[error("nothing left to try: {0}")]
    Exhausted(String),
    /// The answer cannot be used: the step failed, the run goes on.
    #[error("unusable reply: {0}")]
    BadReply(String),
}
