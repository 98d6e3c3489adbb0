//! A simulated GPU: executes PTX, finds faults, counts what a profiler would count, and predicts time.
//!
//! Knows nothing of tasks, candidates or searches.

#![allow(clippy::needless_range_loop, reason = "lanes of several registers are walked together")]

pub mod cache;
pub mod calibrate;
pub mod counters;
mod decode;
pub mod device;
pub mod exec;
pub mod fault;
mod flow;
mod lanes;
pub mod memory;
pub mod metrics;
pub mod occupancy;
mod pattern;
pub mod program;
pub mod ptx;
mod shadow;
pub mod time;
