//! The constants of the time model, and how to fit them to measured times.

use serde::{Deserialize, Serialize};

/// What the data sheets do not say: how much of a rate is reached in practice, and how the terms combine. The defaults are what is
/// commonly seen, not the result of a fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Constants {
    /// Part of the peak DRAM bandwidth that a stream reaches.
    pub dram_efficiency: f64,
    /// Part of the L2 bandwidth that is reached.
    pub l2_efficiency: f64,
    /// Part of the rate of L1 and shared memory that is reached.
    pub lsu_efficiency: f64,
    /// Part of the tensor cores' rate that is reached.
    pub tensor_efficiency: f64,
    /// Issue slots of the hardware for each one that the table of PTX classes gives.
    pub issue_overhead: f64,
    /// Weight of the latency term.
    pub latency_weight: f64,
    /// Cycles between two atomic operations at one address.
    pub atomic_cycles: f64,
    /// Exponent of the norm that combines the terms: 1 adds them, a large one takes the longest.
    pub p: f64,
    /// Overhead of a launch in microseconds.
    pub launch_us: f64,
}

impl Default for Constants {
    fn default() -> Self {
        Self {
            dram_efficiency: 0.90,
            l2_efficiency: 0.85,
            lsu_efficiency: 0.85,
            tensor_efficiency: 0.85,
            issue_overhead: 1.1,
            latency_weight: 1.0,
            atomic_cycles: 1.5,
            p: 4.0,
            launch_us: 2.5,
        }
    }
}
