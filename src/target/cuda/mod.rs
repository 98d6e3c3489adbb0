//! The CUDA target: from a source text to a verdict, without a GPU.

pub mod plan;

use std::collections::BTreeMap;
use std::path::Path;

use super::{Evaluation, Plan, Reason, Stage, StageName, StageStatus, Target};
use crate::sandbox::Runner;
use crate::task::Task;

/// Evaluates candidates, one at a time.
pub struct Cuda {
    versions: BTreeMap<String, String>,
}

impl Cuda {
    /// A target with the tools of this machine.
    pub fn detect() -> Self {
        Self { versions: BTreeMap::new() }
    }
}

impl Target for Cuda {
    fn versions(&self) -> &BTreeMap<String, String> {
        &self.versions
    }

    fn missing(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn evaluate(
        &mut self,
        _task: &Task,
        _source: &str,
        plan: &Plan,
        _dir: &Path,
        _runner: &Runner,
        progress: &mut dyn FnMut(StageName),
    ) -> Evaluation {
        progress(StageName::Compile);
        let mut verdict = Evaluation::begin(&plan.device, &self.versions);
        verdict.stages.push(Stage {
            stage: StageName::Compile,
            status: StageStatus::Failed,
            reason: Some(Reason::ToolMissing),
            seconds: 0.0,
            tool_seconds: 0.0,
            log: "the CUDA target is not built yet".into(),
        });
        verdict
    }
}
