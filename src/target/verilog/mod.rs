//! The Verilog target: from a source text to a verdict, with the HDL tools of this machine.
//!
//! Stages and files: [`scan`] and [`compile`] (lint, elaborate, structure), [`simulate`] and [`prove`] (check), [`asic`] (measure),
//! [`fpga`] and [`activity`] (profile). [`desk`] is what they share: the folder, the tools, the log.

pub mod activity;
pub mod asic;
pub mod compile;
pub mod desk;
pub mod fpga;
pub mod miter;
pub mod netlist;
pub mod prove;
pub mod scan;
pub mod simulate;
pub mod stimulus;
pub mod tools;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Instant;

use super::{Evaluation, Metric, Origin, Plan, Reason, Stage, StageName, StageStatus, Target};
use crate::sandbox::Runner;
use crate::task::{Contract, Task, TaskKind, expression};
use compile::Elaborated;
use desk::{Desk, Failure};
use tools::{Toolbox, search_path};

/// Evaluates candidates, one at a time; remembers the reference of each task that it has seen.
pub struct Verilog {
    tools: Toolbox,
    references: HashMap<String, Elaborated>,
}

impl Verilog {
    /// A target with these tools.
    pub fn new(tools: Toolbox) -> Self {
        Self { tools, references: HashMap::new() }
    }

    /// A target with the tools of this machine.
    pub fn detect() -> Self {
        Self::new(Toolbox::detect(&search_path()))
    }
}

impl Target for Verilog {
    fn versions(&self) -> &BTreeMap<String, String> {
        &self.tools.versions
    }

    fn missing(&self) -> Vec<(String, String)> {
        self.tools.missing_required()
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
        let mut verdict = Evaluation::begin(&plan.device, &self.tools.versions);
        let TaskKind::Verilog(verilog) = &task.kind else {
            return Evaluation::infrastructure(
                format!("{} is no Verilog task", task.id),
                0.0,
                &plan.device,
                verdict.tool_versions,
                verdict.sandbox,
            );
        };
        let mut desk = Desk::new(task, verilog, dir, &self.tools, runner);
        let mut work =
            Work { source, plan, references: &mut self.references, gate: None, latency: None, activity: 0.0 };
        for stage in StageName::ALL {
            progress(stage);
            let started = Instant::now();
            let result = match stage {
                StageName::Compile => work.compile(&mut desk, &mut verdict),
                StageName::Check => work.check(&mut desk, &mut verdict),
                StageName::Measure => work.measure(&mut desk, &mut verdict),
                StageName::Profile => work.profile(&mut desk, &mut verdict),
            };
            let result = desk.has_room().and(result);
            let (mut log, tool_seconds) = desk.take_stage();
            let (status, reason) = match &result {
                Ok(status) => (*status, None),
                Err(failure) => {
                    log.push_str(&failure.message);
                    (StageStatus::Failed, Some(failure.reason))
                }
            };
            let seconds = started.elapsed().as_secs_f64();
            verdict.stages.push(Stage { stage, status, reason, seconds, tool_seconds, log });
            if result.is_err() {
                verdict.objective = None;
                break;
            }
        }
        verdict
    }
}

/// What the stages hand on.
struct Work<'a> {
    source: &'a str,
    plan: &'a Plan,
    references: &'a mut HashMap<String, Elaborated>,
    gate: Option<Elaborated>,
    latency: Option<(u32, u32)>,
    activity: f64,
}

type StageResult = Result<StageStatus, Failure>;

fn count(name: &str, value: f64, origin: Origin) -> Metric {
    Metric { name: name.into(), value, unit: expression::unit(name).into(), origin, samples: Vec::new() }
}

impl Work<'_> {
    fn gate(&self) -> Result<&Elaborated, Failure> {
        self.gate.as_ref().ok_or_else(|| Failure::new(Reason::Infrastructure, "the candidate was not elaborated"))
    }

    fn gold(&self, task: &Task) -> Result<&Elaborated, Failure> {
        self.references
            .get(&task.digest)
            .ok_or_else(|| Failure::new(Reason::Infrastructure, "the reference was not elaborated"))
    }

    fn compile(&mut self, desk: &mut Desk<'_>, verdict: &mut Evaluation) -> StageResult {
        compile::inspect(self.source)?;
        desk.write("gold.v", &desk.task.reference)?;
        desk.write("gate.v", self.source)?;
        if !self.references.contains_key(&desk.task.digest) {
            let gold = compile::elaborate(desk, "gold", "gold").map_err(|f| {
                // A broken reference is the task's fault, whatever was found.
                let reason = if f.reason.is_infrastructure() { f.reason } else { Reason::Infrastructure };
                Failure::new(reason, format!("the task's reference.v: {}: {}", f.reason, f.message))
            })?;
            self.references.insert(desk.task.digest.clone(), gold);
        }
        compile::lint(desk, "gate.v")?;
        let gate = compile::elaborate(desk, "gate", "gate")?;
        simulate::build(desk, "gate", false)?;
        verdict.metrics.extend(gate.operators.iter().map(|(name, value)| count(name, *value, Origin::Estimated)));
        verdict.metrics.push(count("rtl_dff_bits", gate.structure.flip_flops as f64, Origin::Estimated));
        self.gate = Some(gate);
        Ok(StageStatus::Ok)
    }

    fn check(&mut self, desk: &mut Desk<'_>, verdict: &mut Evaluation) -> StageResult {
        let seed = self.plan.seed.unwrap_or_else(rand::random);
        verdict.check_seed = Some(seed);
        simulate::build(desk, "gold", true)
            .map_err(|f| Failure::new(Reason::Infrastructure, format!("the task's reference.v: {}", f.message)))?;
        let (gold, gate) = (self.gold(desk.task)?.structure.paths.min(), self.gate()?.structure.paths.min());
        let delays = match desk.verilog.contract {
            Contract::Pipeline { .. } => (gold, gate),
            _ => (0, 0),
        };
        let (simulated, activity) = simulate::compare(desk, seed, delays)?;
        self.activity = activity;
        desk.note(format!("simulated: {} comparisons, seed {seed}, no difference", simulated.compared));
        simulate::own_testbench(desk, rand::random())?;
        self.latency = simulated.latency;
        let latency = match desk.verilog.contract {
            Contract::Combinational => Some(0.0),
            Contract::Pipeline { .. } => Some(f64::from(gate)),
            Contract::Transaction { .. } => simulated.latency.map(|(_, l)| f64::from(l)),
            Contract::CycleExact => None,
        };
        verdict.metrics.extend(latency.map(|l| count("latency_cycles", l, Origin::Simulated)));
        let gold = self.gold(desk.task)?;
        verdict.assurance = Some(prove::prove(desk, gold, self.gate()?, self.latency)?);
        Ok(StageStatus::Ok)
    }

    fn measure(&mut self, desk: &mut Desk<'_>, verdict: &mut Evaluation) -> StageResult {
        let metrics = asic::measure(desk, self.activity)?;
        verdict.metrics.extend(metrics);
        let objective = &desk.task.objective;
        let needed = objective.minimise.factors().iter().chain(objective.limits.keys());
        if needed.clone().any(|name| name == "toggles_per_cycle") {
            verdict.metrics.push(activity::measure(desk, self.spacing())?);
        }
        verdict.measure_objective(objective)?;
        Ok(StageStatus::Ok)
    }

    /// Cycles between the starts of transactions when activity is counted.
    fn spacing(&self) -> u32 {
        self.latency.map_or(0, |(_, gate)| gate)
    }

    /// Explains; whatever goes wrong here does not change the verdict.
    fn profile(&mut self, desk: &mut Desk<'_>, verdict: &mut Evaluation) -> StageResult {
        let value = verdict.objective.as_ref().map_or(f64::INFINITY, |o| o.value);
        if self.plan.profile_below.is_some_and(|best| value >= best) {
            desk.note("skipped: not better than the best so far");
            return Ok(StageStatus::Skipped);
        }
        let mut status = StageStatus::Ok;
        let mut keep = |desk: &mut Desk<'_>, what: &str, result: Result<Vec<Metric>, Failure>| match result {
            Ok(metrics) => metrics,
            Err(failure) => {
                status = StageStatus::Skipped;
                desk.note(format!("no {what}: {}: {}", failure.reason, failure.message));
                Vec::new()
            }
        };
        if verdict.metric("toggles_per_cycle").is_none() {
            let found = activity::measure(desk, self.spacing()).map(|m| vec![m]);
            verdict.metrics.extend(keep(desk, "switching activity", found));
        }
        if let Some(device) = desk.verilog.fpga {
            let found = fpga::profile(desk, device);
            verdict.metrics.extend(keep(desk, "place and route", found));
        }
        Ok(status)
    }
}
