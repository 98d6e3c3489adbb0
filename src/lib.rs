//! Kernsmith: a workbench in which a Coder and a Judge make compute kernels faster.
//!
//! The flow, the modules and the rules between them are described in `docs/architecture.md`.

pub mod agent;
pub mod candidate;
pub mod cli;
pub mod gpu;
pub mod numbers;
pub mod report;
pub mod run;
pub mod sandbox;
pub mod search;
pub mod store;
pub mod target;
pub mod task;
pub mod worker;
