//! Tasks: what to make better, how it is checked and which number is minimised.
//!
//! [`manifest`] reads `task.toml`, [`suite`] reads lists of tasks, [`expression`] the objective, [`integer`] the sizes of CUDA tasks. The format is described in
//! `docs/tasks.md`. This module runs no tools.

pub mod cuda;
pub mod expression;
pub mod integer;
pub mod manifest;
pub mod suite;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::target::TargetName;

pub use cuda::CudaTask;
pub use expression::Product;

/// A task that was read and found consistent. Carries its sources, so that a worker needs no file of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// `<target>/<name>`, for instance `verilog/mul8`.
    pub id: String,
    /// One line.
    pub summary: String,
    /// Where the operation comes from.
    pub source: String,
    /// Finds exemplars in the library.
    pub operation: String,
    /// What the target needs to know.
    #[serde(flatten)]
    pub kind: TaskKind,
    /// The number to minimise.
    pub objective: Objective,
    /// Digest of everything that decides a verdict: the manifest and its sources.
    pub digest: String,
    /// `task.toml` as written, for the snapshot in the store.
    pub manifest_text: String,
    /// Text of the reference, `reference.v` or `reference.cu`.
    pub reference: String,
    /// Text of the starting kernel, `start.v` or `start.cu`.
    pub start: Option<String>,
    /// Text of a Verilog task's own testbench.
    pub testbench: Option<String>,
}

impl Task {
    /// The name without the target.
    pub fn name(&self) -> &str {
        self.id.split_once('/').map_or(self.id.as_str(), |(_, name)| name)
    }

    /// The target.
    pub fn target(&self) -> TargetName {
        match self.kind {
            TaskKind::Verilog(_) => TargetName::Verilog,
            TaskKind::Cuda(_) => TargetName::Cuda,
        }
    }

    /// The Verilog part, if it is a Verilog task.
    pub fn verilog(&self) -> Option<&VerilogTask> {
        match &self.kind {
            TaskKind::Verilog(verilog) => Some(verilog),
            TaskKind::Cuda(_) => None,
        }
    }

    /// The CUDA part, if it is a CUDA task.
    pub fn cuda(&self) -> Option<&CudaTask> {
        match &self.kind {
            TaskKind::Cuda(cuda) => Some(cuda),
            TaskKind::Verilog(_) => None,
        }
    }

    /// How much there is to check, for beginning with the longest: bits of ports, or elements of the check's buffers.
    pub fn weight(&self) -> u64 {
        match &self.kind {
            TaskKind::Verilog(verilog) => verilog.pins().into(),
            TaskKind::Cuda(cuda) => cuda.weight(),
        }
    }

    /// The kernel to make better: the starting kernel if there is one, else the reference.
    pub fn starting_source(&self) -> &str {
        self.start.as_deref().unwrap_or(&self.reference)
    }
}

/// What a task says for its target alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskKind {
    /// A hardware module.
    Verilog(VerilogTask),
    /// A GPU kernel.
    Cuda(CudaTask),
}

/// What is minimised, and within which limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// Product of metrics.
    pub minimise: Product,
    /// Upper bounds of metrics.
    pub limits: BTreeMap<String, f64>,
}

/// The Verilog part of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerilogTask {
    /// Module name.
    pub top: String,
    /// Clock port.
    pub clock: Option<String>,
    /// Clock period for timing and power analysis, in ns.
    pub clock_ns: f64,
    /// Synchronous reset port.
    pub reset: Option<Reset>,
    /// Values for the parameters of exemplars.
    pub parameters: BTreeMap<String, i64>,
    /// Data ports, without clock and reset, in the order of the manifest.
    pub ports: Vec<Port>,
    /// What a candidate must keep.
    pub contract: Contract,
    /// Random vectors (or transactions) per check.
    pub vectors: u32,
    /// Seconds per proof engine.
    pub proof_seconds: u32,
    /// How much equivalence an accepted candidate must show.
    pub require: Require,
    /// Restricted proofs: input port to Verilog expression over the free inputs.
    pub cases: Vec<BTreeMap<String, String>>,
    /// FPGA of the profile stage.
    pub fpga: Option<Fpga>,
}

impl VerilogTask {
    /// Data inputs.
    pub fn inputs(&self) -> impl Iterator<Item = &Port> {
        self.ports.iter().filter(|p| p.direction == Direction::Input)
    }

    /// Data outputs.
    pub fn outputs(&self) -> impl Iterator<Item = &Port> {
        self.ports.iter().filter(|p| p.direction == Direction::Output)
    }

    /// Bits of all ports, clock and reset included.
    pub fn pins(&self) -> u32 {
        let data: u32 = self.ports.iter().map(|p| p.width).sum();
        data + u32::from(self.clock.is_some()) + u32::from(self.reset.is_some())
    }
}

/// The least assurance that a task accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Require {
    /// For all inputs and all time.
    Proved,
    /// For part of the input space, or for the first cycles.
    #[default]
    Bounded,
    /// Simulation is enough.
    Simulated,
}

/// A synchronous reset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// Port name.
    pub port: String,
    /// Level at which it resets.
    pub active: Level,
}

/// Logic level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// 1
    High,
    /// 0
    Low,
}

/// Port direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Into the module.
    Input,
    /// Out of the module.
    Output,
}

/// How the bits of an input are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fill {
    /// Every bit 1 with probability 1/2.
    #[default]
    Uniform,
    /// Every bit 1 with probability 1/8.
    Sparse,
    /// Every bit 1 with probability 7/8.
    Dense,
    /// Exactly one bit is 1.
    Onehot,
}

/// A data port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Name.
    pub name: String,
    /// Direction.
    pub direction: Direction,
    /// Bits.
    pub width: u32,
    /// Two's complement: corner stimulus then has signed extremes too.
    pub signed: bool,
    /// Stimulus of an input.
    pub fill: Fill,
    /// Outputs: compared only where this expression over the reference's ports holds.
    pub when: Option<String>,
}

/// What a candidate must keep of the reference's timing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Contract {
    /// No registers.
    Combinational,
    /// Same outputs in every cycle after reset.
    CycleExact,
    /// One input a cycle; outputs delayed by a constant.
    Pipeline {
        /// Largest latency in cycles.
        max_latency: u32,
    },
    /// `start` → `done`.
    Transaction {
        /// Largest latency in cycles.
        max_latency: u32,
        /// Input port.
        start: String,
        /// Output port.
        done: String,
    },
}

impl Contract {
    /// The name in `task.toml` and in `@contract`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Combinational => "combinational",
            Self::CycleExact => "cycle_exact",
            Self::Pipeline { .. } => "pipeline",
            Self::Transaction { .. } => "transaction",
        }
    }
}

/// An FPGA that place and route can target here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fpga {
    /// Lattice iCE40 HX8K, nextpnr-ice40.
    #[serde(rename = "ice40-hx8k")]
    Ice40Hx8k,
    /// Lattice ECP5 25k, nextpnr-ecp5, out of context.
    #[serde(rename = "ecp5-25k")]
    Ecp5,
}

/// Why a task, a suite or a library file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// A place in a file.
    #[error("{}:{line}: {message}", file.display())]
    At {
        /// File.
        file: PathBuf,
        /// 1-based line.
        line: usize,
        /// What is wrong and the way out.
        message: String,
    },
    /// A whole file.
    #[error("{}: {message}", file.display())]
    File {
        /// File.
        file: PathBuf,
        /// What is wrong and the way out.
        message: String,
    },
    /// No such task or suite.
    #[error("{0}")]
    NotFound(String),
}

/// Where tasks are looked up.
#[derive(Debug, Clone)]
pub struct TaskRoot(pub PathBuf);

impl TaskRoot {
    /// Loads a task by folder, by `task.toml`, or by a name such as `verilog/mul8`.
    pub fn load(&self, name: &str) -> Result<Task, TaskError> {
        let given = Path::new(name);
        let candidates = [given.to_path_buf(), self.0.join(given)];
        for path in candidates {
            if path.is_file() && path.file_name().is_some_and(|n| n == "task.toml") {
                return manifest::load(path.parent().unwrap_or(Path::new(".")));
            }
            if path.join("task.toml").is_file() {
                return manifest::load(&path);
            }
        }
        let mut near: Vec<String> = self
            .names()
            .into_iter()
            .filter(|known| {
                let bare = known.split('/').next_back().unwrap_or(known);
                let wanted = name.split('/').next_back().unwrap_or(name);
                bare.contains(wanted) || wanted.contains(bare) || bare.get(..3) == wanted.get(..3)
            })
            .collect();
        near.truncate(5);
        let hint = if near.is_empty() {
            "`kernsmith tasks list` shows what there is".to_string()
        } else {
            format!("did you mean {}?", near.join(", "))
        };
        Err(TaskError::NotFound(format!(
            "no task `{name}`: neither a folder with a task.toml nor a task under {}; {hint}",
            self.0.display()
        )))
    }

    /// The ids of all task folders below the root, sorted. Broken tasks are listed as well.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for target in subfolders(&self.0) {
            for task in subfolders(&self.0.join(&target)) {
                if self.0.join(&target).join(&task).join("task.toml").is_file() {
                    names.push(format!("{target}/{task}"));
                }
            }
        }
        names
    }
}

fn subfolders(path: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// 1-based line of a byte offset.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()[..offset.min(text.len())].iter().filter(|&&b| b == b'\n').count() + 1
}
