//! What every target has in common: the stages of an evaluation, the reasons for a rejection, metrics and the objective.
//!
//! A target (one folder below this one) knows tools and metrics and nothing of agents, searches or storage. [`Target`] is what the
//! worker asks of it; [`Targets`] is all of them.

pub mod cuda;
mod name;
pub mod verilog;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::sandbox::{LAYERS, Runner};
use crate::task::{Objective, Task};
use cuda::Cuda;
use verilog::Verilog;

pub use name::TargetName;

/// How much to do, and where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The device to measure on, one of the target's.
    pub device: String,
    /// Run the profile stage if the objective is below this; None: always.
    pub profile_below: Option<f64>,
    /// Seed of the stimulus; None: fresh.
    pub seed: Option<u64>,
}

/// What can evaluate candidates of one language.
pub trait Target {
    /// The tools that a verdict depends on: name to version.
    fn versions(&self) -> &BTreeMap<String, String>;

    /// Required things that are missing, each with the command that mends it. Without them no verdict is possible.
    fn missing(&self) -> Vec<(String, String)>;

    /// All stages of one candidate, in the empty folder `dir`. `progress` hears of every stage that starts.
    fn evaluate(
        &mut self,
        task: &Task,
        source: &str,
        plan: &Plan,
        dir: &Path,
        runner: &Runner,
        progress: &mut dyn FnMut(StageName),
    ) -> Evaluation;
}

/// Every target, with the tools of this machine.
pub struct Targets {
    verilog: Verilog,
    cuda: Cuda,
}

impl Targets {
    /// Looks for the tools of all targets. A missing one is no error here.
    pub fn detect() -> Self {
        Self { verilog: Verilog::detect(), cuda: Cuda::detect() }
    }

    /// The target of that name.
    pub fn get(&self, name: TargetName) -> &dyn Target {
        match name {
            TargetName::Verilog => &self.verilog,
            TargetName::Cuda => &self.cuda,
        }
    }

    /// The target of that name, for evaluating.
    pub fn get_mut(&mut self, name: TargetName) -> &mut dyn Target {
        match name {
            TargetName::Verilog => &mut self.verilog,
            TargetName::Cuda => &mut self.cuda,
        }
    }
}

/// Why a stage ended early.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For the store and the Judge.
    pub reason: Reason,
    /// For people and the Judge.
    pub message: String,
}

impl Failure {
    /// A failure with a message.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into() }
    }
}

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
    /// The launch plan cannot be resolved or launched: sizes, arguments, resources.
    LaunchError,
    /// The outputs depend on the order in which blocks or warps run.
    Nondeterministic,
    /// An input buffer was written.
    InputModified,
    /// An access outside every buffer.
    OutOfBounds,
    /// An access whose address is not a multiple of its size.
    Misaligned,
    /// Two threads access the same place without order, and one of them writes.
    DataRace,
    /// Memory was read that nothing had written.
    UninitialisedRead,
    /// Part of an output was never written.
    UnwrittenOutput,
    /// A barrier that some threads of the block do not reach.
    DivergentBarrier,
    /// Threads wait for something that cannot happen any more.
    Deadlock,
    /// A shuffle or vote that reads a lane which does not take part.
    BadShuffle,
    /// An asynchronous copy's data was read before it was waited for.
    AsyncRead,
    /// Faster than the hardware could be: the measurement or the check was deceived.
    TooFast,
    /// Something that the evaluator does not support.
    Unsupported,
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
            Self::LaunchError => "launch_error",
            Self::Nondeterministic => "nondeterministic",
            Self::InputModified => "input_modified",
            Self::OutOfBounds => "out_of_bounds",
            Self::Misaligned => "misaligned",
            Self::DataRace => "data_race",
            Self::UninitialisedRead => "uninitialised_read",
            Self::UnwrittenOutput => "unwritten_output",
            Self::DivergentBarrier => "divergent_barrier",
            Self::Deadlock => "deadlock",
            Self::BadShuffle => "bad_shuffle",
            Self::AsyncRead => "async_read",
            Self::TooFast => "too_fast",
            Self::Unsupported => "unsupported",
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
    /// Seconds of that in which a tool worked: a process, or the simulated GPU.
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
    /// Executed on secret random inputs, with detectors that look for mistakes which the outputs need not show.
    Tested {
        /// Number of secret seeds.
        seeds: u64,
        /// Number of shapes.
        shapes: u64,
        /// What was looked for, for instance `order`, `races`.
        detectors: Vec<String>,
    },
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
            Self::Tested { seeds, shapes, detectors } => {
                write!(f, "tested({seeds} seeds, {shapes} shapes")?;
                detectors.iter().try_for_each(|d| write!(f, ", {d}"))?;
                f.write_str(")")
            }
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
    /// An evaluation in which nothing has happened yet.
    pub fn begin(device: &str, tool_versions: &BTreeMap<String, String>) -> Self {
        Self {
            stages: Vec::new(),
            metrics: Vec::new(),
            objective: None,
            assurance: None,
            check_seed: None,
            device: device.into(),
            tool_versions: tool_versions.clone(),
            sandbox: LAYERS.iter().map(ToString::to_string).collect(),
        }
    }

    /// Computes the objective from the metrics; a failure if one is missing or over its limit.
    pub fn measure_objective(&mut self, objective: &Objective) -> Result<(), Failure> {
        let value = objective.minimise.value(|name| self.metric(name)).map_err(|name| {
            Failure::new(Reason::MetricMissing, format!("the objective needs {name}, which no tool gave"))
        })?;
        let over: Vec<String> = objective
            .limits
            .iter()
            .filter_map(|(name, limit)| {
                let value = self.metric(name)?;
                (value > *limit).then(|| format!("{name} = {value:.4} is over the limit {limit}"))
            })
            .collect();
        if !over.is_empty() {
            return Err(Failure::new(Reason::LimitExceeded, over.join("\n")));
        }
        let factors = objective.minimise.factors();
        let origins = self.metrics.iter().filter(|m| factors.contains(&m.name)).map(|m| m.origin);
        self.objective = Some(ObjectiveValue {
            name: objective.minimise.to_string(),
            value,
            unit: objective.minimise.unit(),
            origin: origins.max().unwrap_or(Origin::Estimated),
        });
        Ok(())
    }

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
