//! What every target has in common: the stages of an evaluation, the reasons for a rejection, metrics and the objective.
//!
//! A target (one folder below this one) knows tools and metrics and nothing of agents, searches or storage.

pub mod verilog;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// One step of an evaluation. They run in this order and stop at the first failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    /// Lint, elaborate, look for forbidden constructs.
    Compile,
    /// Simulate against the reference, then prove equivalence.
    Check,
    /// The objective's metrics.
    Measure,
    /// Metrics that explain, but that the objective does not need.
    Profile,
}

impl StageName {
    /// All stages in order.
    pub const ALL: [StageName; 4] = [Self::Compile, Self::Check, Self::Measure, Self::Profile];

    /// The name on the wire, in the store and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compile => "compile",
            Self::Check => "check",
            Self::Measure => "measure",
            Self::Profile => "profile",
        }
    }
}

impl fmt::Display for StageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a stage failed. One list for all targets; the Judge reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The source is not text, or larger than the limit.
    BadSource,
    /// The source does not compile, elaborate or synthesise.
    CompileError,
    /// An `// @…` line cannot be read.
    AnnotationError,
    /// A construct that a candidate may not use.
    ForbiddenConstruct,
    /// A latch was inferred.
    LatchInferred,
    /// Combinational logic feeds itself.
    CombinationalLoop,
    /// Ports differ from the task's.
    PortMismatch,
    /// Registers where the contract wants none, or unequal register counts on parallel paths.
    ContractViolation,
    /// The latency is over the contract's maximum, or no answer came within it.
    LatencyExceeded,
    /// The simulation found an output that differs from the reference's.
    WrongOutput,
    /// The task's own testbench did not print its pass token.
    TestbenchFailed,
    /// The prover found an input for which the outputs differ.
    NotEquivalent,
    /// Neither a proof nor a bounded proof finished in time, and the task asks for one.
    NotProved,
    /// A metric is over the task's limit.
    LimitExceeded,
    /// Wall-clock limit.
    Timeout,
    /// Memory limit.
    OutOfMemory,
    /// Too much output.
    OutputFlood,
    /// A needed tool is not installed.
    ToolMissing,
    /// The measuring tool gave no usable number.
    MetricMissing,
    /// The evaluator itself failed; never the candidate's fault.
    Infrastructure,
}

impl Reason {
    /// The name on the wire, in the store and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadSource => "bad_source",
            Self::CompileError => "compile_error",
            Self::AnnotationError => "annotation_error",
            Self::ForbiddenConstruct => "forbidden_construct",
            Self::LatchInferred => "latch_inferred",
            Self::CombinationalLoop => "combinational_loop",
            Self::PortMismatch => "port_mismatch",
            Self::ContractViolation => "contract_violation",
            Self::LatencyExceeded => "latency_exceeded",
            Self::WrongOutput => "wrong_output",
            Self::TestbenchFailed => "testbench_failed",
            Self::NotEquivalent => "not_equivalent",
            Self::NotProved => "not_proved",
            Self::LimitExceeded => "limit_exceeded",
            Self::Timeout => "timeout",
            Self::OutOfMemory => "out_of_memory",
            Self::OutputFlood => "output_flood",
            Self::ToolMissing => "tool_missing",
            Self::MetricMissing => "metric_missing",
            Self::Infrastructure => "infrastructure",
        }
    }

    /// True if the failure says nothing about the candidate: it may be retried and is never held against it.
    pub fn is_infrastructure(self) -> bool {
        matches!(self, Self::Infrastructure | Self::ToolMissing)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageStatus {
    /// It did what it should.
    Ok,
    /// It failed; the stage's `reason` says why.
    Failed,
    /// It did not run; the log's first line says why.
    Skipped,
}

/// The record of one stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Which stage.
    pub stage: StageName,
    /// How it ended.
    pub status: StageStatus,
    /// Why it failed.
    pub reason: Option<Reason>,
    /// Wall-clock seconds, tools included.
    pub seconds: f64,
    /// Seconds of that in which a tool process ran.
    pub tool_seconds: f64,
    /// What happened, for people and for the Judge; capped in length.
    pub log: String,
}

/// Where a number comes from. Numbers of different origin are never compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Read from hardware.
    Measured,
    /// Counted while simulating or executing a model of the hardware.
    Simulated,
    /// Computed by a tool from a model (synthesis, static timing analysis, place and route).
    Estimated,
}

impl Origin {
    /// The name on the wire, in the store and on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Simulated => "simulated",
            Self::Estimated => "estimated",
        }
    }
}

/// One number about a candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// The name, for instance `area_um2`.
    pub name: String,
    /// The value (the median if there are samples).
    pub value: f64,
    /// The unit, for instance `um2`; empty for a count.
    pub unit: String,
    /// Where the number comes from.
    pub origin: Origin,
    /// Single readings, where the number has several (seeds, repetitions).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<f64>,
}

/// The number that is minimised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ObjectiveValue {
    /// The task's expression, for instance `area_um2 * delay_ns`.
    pub name: String,
    /// Its value.
    pub value: f64,
    /// Its unit, for instance `um2*ns`.
    pub unit: String,
    /// The least trustworthy origin of the metrics in it.
    pub origin: Origin,
}

/// How far equivalence with the reference was established, weakest first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "level")]
pub enum Assurance {
    /// Random and corner vectors only.
    SimulatedOnly,
    /// Proved for part of the input space or for the first cycles after reset.
    Bounded {
        /// Number of cycles, or of restricted cases.
        k: u64,
        /// What was bounded: `cycles` or `cases`.
        of: String,
        /// Engine and method.
        method: String,
    },
    /// Proved for all inputs and all time.
    Proved {
        /// Engine and method.
        method: String,
    },
}

impl fmt::Display for Assurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SimulatedOnly => f.write_str("simulated only"),
            Self::Bounded { k, of, .. } => write!(f, "bounded({k} {of})"),
            Self::Proved { .. } => f.write_str("proved"),
        }
    }
}

/// Everything that was found out about one candidate on one device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The stages that were reached, in order.
    pub stages: Vec<Stage>,
    /// All numbers.
    pub metrics: Vec<Metric>,
    /// The objective; None unless every stage that it needs was ok.
    pub objective: Option<ObjectiveValue>,
    /// How far it is known to be equivalent; None if the check failed or was not reached.
    pub assurance: Option<Assurance>,
    /// The seed of the simulation's random stimulus, drawn for this evaluation; None if not reached.
    pub check_seed: Option<u64>,
    /// The device, for instance `osu018`.
    pub device: String,
    /// Tool name to version.
    pub tool_versions: BTreeMap<String, String>,
    /// Sandbox layers that were active.
    pub sandbox: Vec<String>,
}

impl Evaluation {
    /// What is left to say if the machine failed before a stage could.
    pub fn infrastructure(
        log: String,
        seconds: f64,
        device: &str,
        tool_versions: BTreeMap<String, String>,
        sandbox: Vec<String>,
    ) -> Self {
        Self {
            stages: vec![Stage {
                stage: StageName::Compile,
                status: StageStatus::Failed,
                reason: Some(Reason::Infrastructure),
                seconds,
                tool_seconds: 0.0,
                log,
            }],
            metrics: Vec::new(),
            objective: None,
            assurance: None,
            check_seed: None,
            device: device.into(),
            tool_versions,
            sandbox,
        }
    }

    /// The first failed stage's reason.
    pub fn failure(&self) -> Option<Reason> {
        self.failed_stage().and_then(|s| s.reason)
    }

    /// The first failed stage.
    pub fn failed_stage(&self) -> Option<&Stage> {
        self.stages.iter().find(|s| s.status == StageStatus::Failed)
    }

    /// Accepted: correct as far as the task demands, and measured.
    pub fn accepted(&self) -> bool {
        self.failed_stage().is_none() && self.objective.is_some()
    }

    /// The value of a metric by name.
    pub fn metric(&self, name: &str) -> Option<f64> {
        self.metrics.iter().find(|m| m.name == name).map(|m| m.value)
    }

    /// Wall-clock seconds over all stages.
    pub fn seconds(&self) -> f64 {
        self.stages.iter().map(|s| s.seconds).sum()
    }
}

/// The first line of what the failing stage says.
pub fn failure_line(evaluation: &Evaluation) -> Option<String> {
    let log = &evaluation.failed_stage()?.log;
    let line = log.lines().rev().find(|l| !l.trim().is_empty() && !l.starts_with("%Warning"))?;
    let names = |l: &&str| l.to_ascii_lowercase().contains("error") || l.contains("differ");
    let named = log.lines().filter(|l| !l.ends_with("no difference")).find(names).unwrap_or(line);
    Some(named.trim().chars().take(160).collect())
}
