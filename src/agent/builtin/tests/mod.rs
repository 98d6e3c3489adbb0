//! Fixtures: a small library and task in a folder of their own, and a machine that measures without tools.

mod agents;
mod library;
mod simulation;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{BuiltinCoder, BuiltinJudge, Library};
use crate::agent::judgement::Judgement;
use crate::agent::{AgentError, Brief, Coder, Draft, Judge};
use crate::candidate;
use crate::search::history::{Candidate, History, SearchLimits, Step, StepRecord};
use crate::target::{Evaluation, Metric, ObjectiveValue, Origin, Reason, Stage, StageName, StageStatus, TargetName};
use crate::task::{Task, manifest};

/// What the fixture's machine says about a source.
pub enum Verdict {
    Metrics(Vec<(&'static str, f64)>),
    Rejected(Reason, &'static str),
}

pub struct Fixture {
    pub dir: tempfile::TempDir,
    pub task: Task,
    pub library: Arc<Library>,
}

pub const METRICS: [(&str, f64); 4] = [("area_um2", 100.0), ("delay_ns", 4.0), ("rtl_add", 7.0), ("logic_depth", 20.0)];

/// `(technique, method, contracts, [(tunable, values)])`; the first value is the default.
pub type Entry<'a> = (&'a str, &'a str, &'a str, &'a [(&'a str, &'a [i64])]);

pub fn exemplar(method: &str, contracts: &str, tunables: &[(&str, &[i64])]) -> String {
    let mut text =
        format!("// @operation sum\n// @method {method}\n// @contract {contracts}\n// @summary By {method}.\n");
    for (name, values) in tunables {
        text.push_str(&format!("// @tune {name} in {values:?}\n"));
    }
    text.push_str("module kernel #(\n    parameter W = 4");
    for (name, values) in tunables {
        text.push_str(&format!(",\n    parameter {name} = {}", values[0]));
    }
    text.push_str(&format!("\n) (\n    input wire [W-1:0] a,\n    output wire [W-1:0] y\n);\n    // {method}\n    assign y = a;\nendmodule\n"));
    text
}

pub fn write(root: &Path, file: &str, text: &str) -> PathBuf {
    let path = root.join(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

pub fn fixture(entries: &[Entry<'_>]) -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("kernels/verilog")).unwrap();
    for (technique, method, contracts, tunables) in entries {
        write(dir.path(), &format!("kernels/verilog/sum/{technique}.v"), &exemplar(method, contracts, tunables));
    }
    write(
        dir.path(),
        "sum8/reference.v",
        "module sum8 (input wire [7:0] a, output wire [7:0] y);\n  assign y = a;\nendmodule\n",
    );
    write(
        dir.path(),
        "sum8/task.toml",
        r#"
        name = "sum8"
        target = "verilog"
        summary = "Sum."
        source = "test"
        operation = "sum"
        [module]
        top = "sum8"
        parameters = { W = 8 }
        [[port]]
        name = "a"
        direction = "input"
        width = 8
        [[port]]
        name = "y"
        direction = "output"
        width = 8
        [timing]
        contract = "combinational"
        [objective]
        minimise = "area_um2 * delay_ns"
        clock_ns = 5.0
        "#,
    );
    let task = manifest::load(&dir.path().join("sum8")).unwrap();
    let library = Arc::new(Library::load(&dir.path().join("kernels")).unwrap());
    Fixture { dir, task, library }
}

pub fn evaluation(verdict: &Verdict) -> Evaluation {
    let stage = |stage, reason: Option<Reason>, log: &str| Stage {
        stage,
        status: if reason.is_some() { StageStatus::Failed } else { StageStatus::Ok },
        reason,
        seconds: 1.0,
        tool_seconds: 1.0,
        log: log.into(),
    };
    let metric = |(name, value): &(&str, f64)| Metric {
        name: (*name).into(),
        value: *value,
        unit: String::new(),
        origin: Origin::Estimated,
        samples: vec![],
    };
    let (stages, metrics) = match verdict {
        Verdict::Metrics(m) => (vec![stage(StageName::Measure, None, "")], m.iter().map(metric).collect::<Vec<_>>()),
        Verdict::Rejected(reason, log) => (vec![stage(StageName::Check, Some(*reason), log)], vec![]),
    };
    let value = |name: &str| metrics.iter().find(|m| m.name == name).map(|m| m.value);
    let objective = value("area_um2").zip(value("delay_ns")).map(|(area, delay)| ObjectiveValue {
        name: "area_um2 * delay_ns".into(),
        value: area * delay,
        unit: "um2*ns".into(),
        origin: Origin::Estimated,
    });
    Evaluation {
        stages,
        metrics,
        objective,
        assurance: None,
        check_seed: None,
        device: "osu018".into(),
        tool_versions: BTreeMap::new(),
        sandbox: vec![],
    }
}

impl Fixture {
    pub fn history(&self) -> History {
        let limits = SearchLimits { rounds: 16, plateau: None, repairs: 1, minutes: None };
        let mut history = History { seed: 1, limits, has_start: false, steps: vec![] };
        let seed = Draft { source: self.task.reference.clone(), agent: "task".into(), summary: "the reference".into() };
        push(&mut history, Step::Seed, None, Ok(seed), |_| Verdict::Metrics(METRICS.to_vec()));
        history
    }

    pub async fn judge(&self, history: &History, step: &Step) -> Judgement {
        let brief = Brief { task: &self.task, history, step };
        BuiltinJudge::new(Arc::clone(&self.library)).judge(brief).await.unwrap()
    }

    pub async fn write(&self, history: &History, step: &Step, judgement: &Judgement) -> Result<Draft, AgentError> {
        let brief = Brief { task: &self.task, history, step };
        BuiltinCoder::new(Arc::clone(&self.library)).write(brief, judgement).await
    }

    /// One step as the driver makes it.
    pub async fn advance(&self, history: &mut History, step: Step, measure: impl Fn(&Draft) -> Verdict) {
        let judgement = self.judge(history, &step).await;
        let draft = self.write(history, &step, &judgement).await;
        push(history, step, Some(judgement), draft, measure);
    }
}

pub fn push(
    history: &mut History,
    step: Step,
    judgement: Option<Judgement>,
    draft: Result<Draft, AgentError>,
    measure: impl Fn(&Draft) -> Verdict,
) {
    let number = u32::try_from(history.steps.len()).unwrap();
    let mut record = StepRecord {
        number,
        step,
        judgement,
        candidate: None,
        note: None,
        exhausted: matches!(draft, Err(AgentError::Exhausted(_))),
        seconds: Some(1.0),
    };
    match draft {
        Err(error) => record.note = Some(error.to_string()),
        Ok(draft) => {
            let after = evaluation(&measure(&draft));
            let before = record.step.parent().and_then(|p| history.candidate(p)?.evaluation.clone());
            if let (Some(judgement), Some(before)) = (&mut record.judgement, before) {
                judgement.settle(&before, &after);
            }
            record.candidate = Some(Candidate {
                digest: candidate::digest(&draft.source),
                source: draft.source,
                agent: draft.agent,
                summary: draft.summary,
                evaluation: Some(after),
                cached: false,
            });
        }
    }
    history.steps.push(record);
}

/// Technique and tunables of a draft, for instance `tree A=1`.
pub fn point(agent: &str, source: &str) -> String {
    let technique = agent.rsplit('/').next().unwrap_or(agent);
    let values = candidate::tuning(TargetName::Verilog, source).unwrap();
    values.iter().fold(technique.to_string(), |text, (name, value)| format!("{text} {name}={value}"))
}

pub fn points(history: &History) -> Vec<String> {
    let candidates = history.steps.iter().skip(1).filter_map(|s| s.candidate.as_ref());
    candidates.map(|c| point(&c.agent, &c.source)).collect()
}
