//! A simulated GPU: executes PTX, finds faults, counts what a profiler would count, and predicts time.
//!
//! Knows nothing of tasks, candidates or searches.

pub mod counters;
