//! The search: what a run has learnt so far ([`history`]), what to do next ([`strategy`], [`refine`]).
//!
//! A strategy is a pure function of the history. It knows neither agents nor tools nor the store.

pub mod history;
pub mod refine;
pub mod strategy;
