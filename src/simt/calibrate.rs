//! The constants of the time model, and how to fit them to measured times.

use serde::{Deserialize, Serialize};

use crate::counters::Counters;
use crate::device::Device;
use crate::time::{Resources, predict_plan};

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

/// A measured plan: what its launches counted, and how long they took together.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The device that it was measured on.
    pub device: Device,
    /// Counts and resources of each launch.
    pub launches: Vec<(Counters, Resources)>,
    /// Measured seconds.
    pub seconds: f64,
}

/// How well predictions fit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Fit {
    /// Geometric mean of the factor by which a prediction is off (1 is perfect).
    pub factor: f64,
    /// Spearman's rank correlation of predicted and measured times.
    pub rank_correlation: f64,
}

/// The constants by their names' order, each with the range that makes sense.
const RANGES: [(f64, f64); 9] =
    [(0.3, 1.0), (0.2, 1.0), (0.2, 1.0), (0.2, 1.0), (0.5, 4.0), (0.2, 3.0), (0.5, 50.0), (1.0, 16.0), (0.5, 20.0)];
/// Times that the steps of the search are halved.
const HALVINGS: u32 = 6;

impl Constants {
    fn get(&self) -> [f64; 9] {
        [
            self.dram_efficiency,
            self.l2_efficiency,
            self.lsu_efficiency,
            self.tensor_efficiency,
            self.issue_overhead,
            self.latency_weight,
            self.atomic_cycles,
            self.p,
            self.launch_us,
        ]
    }

    fn set(list: [f64; 9]) -> Self {
        let [dram, l2, lsu, tensor, issue, latency, atomic, p, launch] = list;
        Self {
            dram_efficiency: dram,
            l2_efficiency: l2,
            lsu_efficiency: lsu,
            tensor_efficiency: tensor,
            issue_overhead: issue,
            latency_weight: latency,
            atomic_cycles: atomic,
            p,
            launch_us: launch,
        }
    }
}

fn predicted(constants: &Constants, sample: &Sample) -> f64 {
    predict_plan(&sample.device, constants, &sample.launches).seconds
}

/// Sum of squared logarithms of the factors by which predictions are off.
fn error(constants: &Constants, samples: &[Sample]) -> f64 {
    samples.iter().map(|s| (predicted(constants, s) / s.seconds).ln().powi(2)).sum()
}

/// How well constants fit measured plans.
pub fn judge(constants: &Constants, samples: &[Sample]) -> Fit {
    let logs = samples.iter().map(|s| (predicted(constants, s) / s.seconds).ln().abs());
    let factor = (logs.sum::<f64>() / samples.len().max(1) as f64).exp();
    let predictions = ranks(samples.iter().map(|s| predicted(constants, s)).collect());
    let measured = ranks(samples.iter().map(|s| s.seconds).collect());
    let n = samples.len() as f64;
    let distance: f64 = predictions.iter().zip(&measured).map(|(a, b)| (a - b).powi(2)).sum();
    let rank_correlation = if samples.len() < 2 { 1.0 } else { 1.0 - 6.0 * distance / (n * (n * n - 1.0)) };
    Fit { factor, rank_correlation }
}

fn ranks(values: Vec<f64>) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    order.iter().enumerate().for_each(|(rank, index)| ranks[*index] = rank as f64);
    ranks
}

/// Constants that fit measured plans, by a search along one constant at a time, in logarithms of the factor by which predictions are off.
/// Samples whose time is not positive are left out.
pub fn fit(start: Constants, samples: &[Sample]) -> Constants {
    let samples: Vec<Sample> = samples.iter().filter(|s| s.seconds > 0.0).cloned().collect();
    let mut best = start;
    let mut least = error(&best, &samples);
    let mut step = 1.5f64;
    for _ in 0..HALVINGS {
        let mut better = true;
        while better {
            better = false;
            for (n, (low, high)) in RANGES.iter().enumerate() {
                for factor in [step, 1.0 / step] {
                    let mut list = best.get();
                    list[n] = (list[n] * factor).clamp(*low, *high);
                    let tried = Constants::set(list);
                    let found = error(&tried, &samples);
                    if found < least * (1.0 - 1e-9) {
                        (best, least, better) = (tried, found, true);
                    }
                }
            }
        }
        step = step.sqrt();
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::counters::{Class, OpCounters, OpInfo};

    /// A kernel of one kind of instruction.
    fn kernel(class: Class, warps: u64, sectors: u64, footprint: u64) -> (Counters, Resources) {
        let counters = Counters {
            kernel: "k".into(),
            grid: [4096, 1, 1],
            block: [256, 1, 1],
            blocks: 4096,
            blocks_run: 4096,
            info: vec![OpInfo { opcode: "op".into(), class, line: 1 }],
            ops: vec![OpCounters { warps, lanes: 32 * warps, sectors, wavefronts: warps, ..OpCounters::default() }],
            cache: crate::counters::CacheCounters { l2_reads: sectors, dram_reads: footprint, ..Default::default() },
            ..Counters::default()
        };
        (counters, Resources { registers: 32, static_shared: 0, spill_bytes: 0 })
    }

    #[test]
    fn constants_that_made_the_times_are_found_again() {
        let truth = Constants { dram_efficiency: 0.7, issue_overhead: 2.0, launch_us: 6.0, ..Constants::default() };
        let device = Device::by_id("h100").unwrap();
        let mut samples = Vec::new();
        for scale in [1u64, 4, 16, 64] {
            for launches in [
                vec![kernel(Class::GlobalLoad, scale << 16, scale << 18, scale << 18)],
                vec![kernel(Class::Int32, scale << 22, 0, 0)],
                vec![kernel(Class::SharedLoad, scale << 20, 0, 0)],
            ] {
                let seconds = predict_plan(device, &truth, &launches).seconds;
                // Measurements are off by a few percent.
                let noise = 1.0 + 0.02 * (samples.len() as f64 % 3.0 - 1.0);
                samples.push(Sample { device: device.clone(), launches, seconds: seconds * noise });
            }
        }
        let before = judge(&Constants::default(), &samples);
        let found = fit(Constants::default(), &samples);
        let after = judge(&found, &samples);
        assert!(after.factor < 1.05 && before.factor > 1.15, "{before:?} {after:?} {found:?}");
        assert!(after.rank_correlation > 0.95, "{after:?}");
        assert!((found.dram_efficiency / truth.dram_efficiency - 1.0).abs() < 0.1, "{found:?}");
        assert!((found.launch_us / truth.launch_us - 1.0).abs() < 0.15, "{found:?}");
    }
}
