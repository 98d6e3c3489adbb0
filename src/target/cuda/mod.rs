//! The CUDA target: from a source text to a verdict, without a GPU.
//!
//! Stages and files: [`plan`] and [`compile`] (annotations, NVRTC, PTX), [`check`] (against the reference, with detectors), [`simulate`]
//! (executing a plan, in full or on a sample of blocks), [`data`] (inputs and comparisons), [`floor`] (what no kernel can do
//! without), [`explain`] (what the counts mean, in words).

pub mod check;
pub mod compile;
pub mod data;
pub mod explain;
pub mod floor;
pub mod plan;
pub mod simulate;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

use kernsmith_simt::calibrate::Constants;
use kernsmith_simt::device::Device;
use kernsmith_simt::metrics::{self, LaunchProfile};
use kernsmith_simt::time::{Prediction, predict};
use rand::RngExt;

use super::{Evaluation, Failure, Metric, Origin, Plan, Reason, Stage, StageName, StageStatus, Target};
use crate::gpu::nvrtc;
use crate::sandbox::Runner;
use crate::task::{CudaTask, Task};
use compile::Built;
use simulate::Counted;

/// Increases whenever a verdict on an unchanged candidate may come out differently.
const EVALUATOR: &str = "1";
/// References that are kept compiled.
const REFERENCES: usize = 64;

/// Evaluates candidates, one at a time; remembers the references that it has compiled.
pub struct Cuda {
    versions: BTreeMap<String, String>,
    missing: Vec<(String, String)>,
    references: HashMap<(String, &'static str), Rc<Built>>,
}

impl Cuda {
    /// A target with the tools of this machine.
    pub fn detect() -> Self {
        let mut versions = BTreeMap::from([("simulated-gpu".to_string(), EVALUATOR.to_string())]);
        let mut missing = Vec::new();
        match nvrtc::version() {
            Ok(version) => {
                versions.insert("nvrtc".into(), version);
            }
            Err(why) => missing.push(("nvrtc".to_string(), why.0)),
        }
        Self { versions, missing, references: HashMap::new() }
    }

    fn reference(&mut self, task: &Task, cuda: &CudaTask, at: &Place<'_>) -> Result<Rc<Built>, Failure> {
        let key = (task.digest.clone(), at.device.id);
        if let Some(known) = self.references.get(&key) {
            return Ok(Rc::clone(known));
        }
        let built = compile::build(cuda, &task.reference, "reference", at.device, at.dir, at.runner).map_err(|f| {
            let reason = if f.reason == Reason::ToolMissing { f.reason } else { Reason::Infrastructure };
            Failure::new(reason, format!("the task's reference: {}", f.message))
        })?;
        if self.references.len() >= REFERENCES {
            self.references.clear();
        }
        let built = Rc::new(built);
        self.references.insert(key, Rc::clone(&built));
        Ok(built)
    }
}

/// Where an evaluation takes place.
struct Place<'a> {
    device: &'static Device,
    dir: &'a Path,
    runner: &'a Runner,
}

/// What the stages hand on.
#[derive(Default)]
struct Work {
    candidate: Option<Built>,
    reference: Option<Rc<Built>>,
    counted: Vec<Counted>,
    predictions: Vec<Prediction>,
    tool_seconds: f64,
}

/// The simulated device that `sim:h100` names.
fn device_of(name: &str) -> Option<&'static Device> {
    Device::by_id(name.strip_prefix("sim:")?)
}

impl Target for Cuda {
    fn versions(&self) -> &BTreeMap<String, String> {
        &self.versions
    }

    fn missing(&self) -> Vec<(String, String)> {
        self.missing.clone()
    }

    fn evaluate(
        &mut self,
        task: &Task,
        source: &str,
        plan: &Plan,
        dir: &Path,
        runner: &Runner,
        progress: &mut dyn FnMut(StageName),
    ) -> Evaluation {
        let mut verdict = Evaluation::begin(&plan.device, &self.versions);
        let mut work = Work::default();
        for stage in StageName::ALL {
            progress(stage);
            let started = Instant::now();
            work.tool_seconds = 0.0;
            let result = self.stage(stage, task, source, plan, dir, runner, &mut work, &mut verdict);
            let (status, reason, log) = match result {
                Ok(log) => (StageStatus::Ok, None, log),
                Err(failure) => (StageStatus::Failed, Some(failure.reason), failure.message),
            };
            let seconds = started.elapsed().as_secs_f64();
            // The simulated GPU is the tool of these stages.
            let simulated = matches!(stage, StageName::Check | StageName::Measure);
            let tool_seconds = if simulated { seconds } else { work.tool_seconds };
            verdict.stages.push(Stage { stage, status, reason, seconds, tool_seconds, log });
            if status == StageStatus::Failed {
                verdict.objective = None;
                break;
            }
        }
        verdict
    }
}

impl Cuda {
    #[expect(clippy::too_many_arguments, reason = "one stage of the trait's method")]
    fn stage(
        &mut self,
        stage: StageName,
        task: &Task,
        source: &str,
        plan: &Plan,
        dir: &Path,
        runner: &Runner,
        work: &mut Work,
        verdict: &mut Evaluation,
    ) -> Result<String, Failure> {
        let broken = |what: &str| Failure::new(Reason::Infrastructure, what.to_string());
        let cuda = task.cuda().ok_or_else(|| broken("not a CUDA task"))?;
        let device = device_of(&plan.device).ok_or_else(|| broken("an unknown device"))?;
        let at = Place { device, dir, runner };
        match stage {
            StageName::Compile => {
                let built = compile::build(cuda, source, "candidate", device, dir, runner)?;
                work.tool_seconds += built.seconds;
                let log = built.log.clone();
                work.candidate = Some(built);
                work.reference = Some(self.reference(task, cuda, &at)?);
                Ok(log)
            }
            StageName::Check => {
                let (Some(candidate), Some(reference)) = (&work.candidate, &work.reference) else {
                    return Err(broken("nothing was compiled"));
                };
                let seed = plan.seed.unwrap_or_else(|| rand::rng().random());
                verdict.check_seed = Some(seed);
                let threads = std::thread::available_parallelism().map_or(1, usize::from);
                let checked = check::check(cuda, reference, candidate, device, seed, threads)?;
                verdict.assurance = Some(checked.assurance);
                Ok(checked.log)
            }
            StageName::Measure => {
                let candidate = work.candidate.as_ref().ok_or_else(|| broken("nothing was compiled"))?;
                let shape = cuda.measure_shape().ok_or_else(|| broken("no shape to measure"))?;
                // Counts hardly depend on the data, and must not differ between two looks at one candidate.
                work.counted = simulate::count(cuda, candidate, device, shape, 1)?;
                floor::check(cuda, &work.counted)?;
                let constants = Constants::default();
                work.predictions =
                    work.counted.iter().map(|c| predict(device, &constants, &c.counters, &c.resources)).collect();
                let profiles: Vec<LaunchProfile<'_>> = work
                    .counted
                    .iter()
                    .zip(&work.predictions)
                    .map(|(c, p)| LaunchProfile { counters: &c.counters, prediction: p, resources: c.resources })
                    .collect();
                let named = metrics::metrics(device, &profiles, floor::seconds(cuda, device));
                verdict.metrics = named
                    .into_iter()
                    .map(|m| Metric {
                        name: m.name.to_string(),
                        value: m.value,
                        unit: m.unit.to_string(),
                        origin: match m.origin {
                            metrics::Origin::Counted => Origin::Simulated,
                            metrics::Origin::Estimated => Origin::Estimated,
                        },
                        samples: Vec::new(),
                    })
                    .collect();
                verdict.measure_objective(&task.objective)?;
                Ok(explain::summary(device, &work.counted, &work.predictions, floor::seconds(cuda, device)))
            }
            StageName::Profile => Ok(explain::hot_lines(source, &work.counted)),
        }
    }
}
