//! Tests of the store as a whole; the property test is in `property`, the git history's in `lineage`.

mod faults;
mod lineage;
mod property;

use std::collections::BTreeMap;
use std::path::Path;

use pretty_assertions::assert_eq;
use tempfile::TempDir;

use super::*;
use crate::agent::judgement::{Change, Effort, Evidence, Expectation, Judgement};
use crate::candidate::digest;
use crate::search::history::{Candidate, History, Step, StepRecord};
use crate::target::{Assurance, Evaluation, Metric, ObjectiveValue, Origin, Reason, Stage, StageName, StageStatus};
use crate::task::manifest;

pub(crate) fn task(with_start: bool) -> Task {
    let dir = TempDir::new().unwrap();
    let folder = dir.path().join("and2");
    std::fs::create_dir(&folder).unwrap();
    let toml = "name = \"and2\"\ntarget = \"verilog\"\nsummary = \"And gate.\"\nsource = \"test\"\noperation = \"and\"\n\
        [module]\ntop = \"and2\"\n[[port]]\nname = \"a\"\ndirection = \"input\"\nwidth = 2\n\
        [[port]]\nname = \"y\"\ndirection = \"output\"\nwidth = 1\n\
        [timing]\ncontract = \"combinational\"\n[objective]\nminimise = \"area_um2 * delay_ns\"\nclock_ns = 5.0\n";
    let source = "module and2(input [1:0] a, output y);\n  assign y = a[0] & a[1];\nendmodule\n";
    std::fs::write(folder.join("task.toml"), toml).unwrap();
    std::fs::write(folder.join("reference.v"), source).unwrap();
    if with_start {
        std::fs::write(folder.join("start.v"), source.replace("a[0] & a[1]", "&a")).unwrap();
    }
    manifest::load(&folder).unwrap()
}

pub(crate) fn environment() -> Environment {
    Environment {
        host: "lab".into(),
        os: "Linux 6.1 x86_64".into(),
        kernsmith_version: "0.1.0".into(),
        tool_versions: tools(),
        sandbox: vec!["rlimits".into(), "landlock".into()],
    }
}

pub(crate) fn tools() -> BTreeMap<String, String> {
    BTreeMap::from([("yosys".into(), "0.23".into()), ("iverilog".into(), "11.0".into())])
}

pub(crate) fn limits() -> SearchLimits {
    SearchLimits { rounds: 12, plateau: Some(4), repairs: 2, minutes: Some(1.5) }
}

pub(crate) async fn new_run(store: &Store, batch: Option<BatchId>, with_start: bool) -> RunId {
    let run = NewRun {
        batch,
        task: &task(with_start),
        device: "osu018",
        strategy: "refine",
        coder: "builtin",
        judge: "builtin",
        limits: &limits(),
        seed: u64::MAX - 5,
        environment: &environment(),
    };
    store.create_run(run).await.unwrap()
}

fn stage(stage: StageName, status: StageStatus, reason: Option<Reason>) -> Stage {
    Stage { stage, status, reason, seconds: 0.25, tool_seconds: 0.125, log: format!("{stage}: é \0 <b>\n") }
}

pub(crate) fn accepted(area: f64) -> Evaluation {
    Evaluation {
        stages: StageName::ALL.map(|s| stage(s, StageStatus::Ok, None)).to_vec(),
        metrics: vec![
            Metric {
                name: "area_um2".into(),
                value: area,
                unit: "um2".into(),
                origin: Origin::Estimated,
                samples: vec![],
            },
            Metric {
                name: "toggles_per_cycle".into(),
                value: 3.5,
                unit: String::new(),
                origin: Origin::Simulated,
                samples: vec![3.0, 3.5, 1e-300],
            },
        ],
        objective: Some(ObjectiveValue {
            name: "area_um2 * delay_ns".into(),
            value: area * 0.1,
            unit: "um2*ns".into(),
            origin: Origin::Estimated,
        }),
        assurance: Some(Assurance::Bounded { k: u64::MAX, of: "cycles".into(), method: "yosys sat".into() }),
        check_seed: Some(u64::MAX),
        device: "osu018".into(),
        tool_versions: tools(),
        sandbox: vec!["rlimits".into()],
    }
}

pub(crate) fn rejected(reason: Reason) -> Evaluation {
    Evaluation {
        stages: vec![
            stage(StageName::Compile, StageStatus::Ok, None),
            stage(StageName::Check, StageStatus::Failed, Some(reason)),
            stage(StageName::Measure, StageStatus::Skipped, None),
        ],
        metrics: vec![],
        objective: None,
        assurance: None,
        check_seed: None,
        ..accepted(1.0)
    }
}

pub(crate) fn improvement(held: Option<bool>) -> Judgement {
    Judgement::Improvement {
        bottleneck: "carry chain".into(),
        evidence: vec![
            Evidence { metric: "delay_ns".into(), value: 4.25, reading: "long".into() },
            Evidence { metric: "area_um2".into(), value: -0.5, reading: "odd".into() },
        ],
        method: "prefix-adder".into(),
        plan: "use Kogge-Stone".into(),
        expect: vec![
            Expectation { metric: "delay_ns".into(), direction: Change::Down, factor: Some(0.8) },
            Expectation { metric: "area_um2".into(), direction: Change::Up, factor: None },
        ],
        effort: Effort::High,
        held,
    }
}

pub(crate) fn correction() -> Judgement {
    Judgement::Correction {
        critical_issue: "a[1] ignored".into(),
        why_it_matters: "half of the inputs".into(),
        minimal_fix_hint: "use it".into(),
    }
}

pub(crate) fn candidate(source: &str, evaluation: Option<Evaluation>) -> Candidate {
    Candidate {
        source: source.into(),
        digest: digest(source),
        agent: "builtin:and/plain".into(),
        summary: "an and gate".into(),
        evaluation,
        cached: false,
    }
}

pub(crate) fn record(
    number: u32,
    step: Step,
    judgement: Option<Judgement>,
    candidate: Option<Candidate>,
) -> StepRecord {
    let seconds = candidate.as_ref().is_none_or(|c| c.evaluation.is_some()).then_some(1.5);
    let note = candidate.is_none().then(|| "unusable reply: no module".to_string());
    StepRecord { number, step, judgement, candidate, note, exhausted: false, seconds }
}

/// Every kind of step that a run can hold, the last one in flight.
pub(crate) fn rich() -> Vec<StepRecord> {
    vec![
        record(0, Step::Seed, None, Some(candidate("reference", Some(accepted(100.0))))),
        record(1, Step::Seed, None, Some(candidate("start", Some(accepted(90.0))))),
        record(
            2,
            Step::Improve { of: 1 },
            Some(improvement(Some(false))),
            Some(candidate("bad", Some(rejected(Reason::WrongOutput)))),
        ),
        record(3, Step::Repair { of: 2 }, Some(correction()), Some(candidate("good", Some(accepted(50.0))))),
        record(4, Step::Improve { of: 3 }, Some(improvement(None)), None),
        record(5, Step::Improve { of: 3 }, None, Some(candidate("lost", Some(rejected(Reason::Infrastructure))))),
        record(
            6,
            Step::Improve { of: 3 },
            Some(improvement(Some(true))),
            Some(candidate("same", Some(accepted(50.0)))),
        ),
        record(7, Step::Improve { of: 6 }, Some(improvement(None)), Some(candidate("pending", None))),
    ]
}

pub(crate) async fn open(dir: &Path) -> Store {
    Store::open(dir).await.unwrap()
}

#[tokio::test]
async fn a_history_comes_back_as_it_was_written() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).await;
    let run = new_run(&store, None, true).await;
    let expected = History { seed: u64::MAX - 5, limits: limits(), has_start: true, steps: rich() };
    for record in &expected.steps {
        store.add_step(run, record, 1_700_000_000_000).await.unwrap();
    }
    assert_eq!(store.history(run).await.unwrap(), expected);
    assert_eq!(store.task(run).await.unwrap(), task(true));
    assert_eq!(store.environment(run).await.unwrap(), environment());
    let snapshot = store.task_snapshot(run).await.unwrap();
    assert_eq!((snapshot.task.as_str(), snapshot.start), ("verilog/and2", task(true).start));
    store.close().await;
    let reader = Store::open_read_only(dir.path()).await.unwrap();
    assert_eq!(reader.history(run).await.unwrap(), expected);
    assert!(dir.path().join("README.md").exists());
}

#[tokio::test]
async fn a_history_can_be_rebuilt_after_every_partial_state() {
    let dir = TempDir::new().unwrap();
    let run = {
        let store = open(dir.path()).await;
        new_run(&store, None, false).await
    };
    let mut expected = History { seed: u64::MAX - 5, limits: limits(), has_start: false, steps: vec![] };
    for full in rich() {
        // What the driver does: the step with its candidate, then the verdict; the program may end after either.
        let mut half = full.clone();
        half.seconds = None;
        if let Some(c) = &mut half.candidate {
            c.evaluation = None;
        }
        if let Some(Judgement::Improvement { held, .. }) = &mut half.judgement {
            *held = None;
        }
        let store = open(dir.path()).await;
        store.add_step(run, &half, 1).await.unwrap();
        expected.steps.push(half);
        assert_eq!(store.history(run).await.unwrap(), expected);
        drop(store);
        let Some(evaluation) = full.candidate.as_ref().and_then(|c| c.evaluation.as_ref()) else { continue };
        let store = open(dir.path()).await;
        assert_eq!(store.history(run).await.unwrap().pending().map(|s| s.number), Some(full.number));
        store.add_evaluation(run, full.number, evaluation, false, 1.5, full.judgement.as_ref()).await.unwrap();
        expected.steps.pop();
        expected.steps.push(full);
        assert_eq!(store.history(run).await.unwrap(), expected);
        assert!(store.history(run).await.unwrap().pending().is_none());
    }
}

#[tokio::test]
async fn a_step_that_is_not_the_next_one_is_refused_and_leaves_nothing() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).await;
    let run = new_run(&store, None, false).await;
    let steps = rich();
    store.add_step(run, &steps[0], 1).await.unwrap();
    for (record, given) in [(&steps[0], 0), (&steps[2], 2)] {
        let e = store.add_step(run, record, 1).await.unwrap_err();
        assert!(matches!(e, StoreError::WrongStep { given: g, expected: 1, .. } if g == given), "{e}");
    }
    let evaluation = accepted(1.0);
    let e = store.add_evaluation(run, 0, &evaluation, false, 1.0, None).await.unwrap_err();
    assert!(matches!(e, StoreError::AlreadyEvaluated { number: 0, .. }), "{e}");
    let e = store.add_evaluation(run, 9, &evaluation, false, 1.0, None).await.unwrap_err();
    assert!(e.to_string().contains("no candidate 9 of run r1"), "{e}");
    assert_eq!(store.history(run).await.unwrap().steps, steps[..1]);
}

#[tokio::test]
async fn an_infrastructure_failure_may_be_replaced_and_is_never_shared() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).await;
    let run = new_run(&store, None, false).await;
    let t = task(false);
    let first = record(0, Step::Seed, None, Some(candidate("x", Some(rejected(Reason::ToolMissing)))));
    store.add_step(run, &first, 1).await.unwrap();
    assert_eq!(store.cached_evaluation(&t.digest, &digest("x"), "osu018", &tools()).await.unwrap(), None);
    store.add_evaluation(run, 0, &accepted(7.0), false, 2.0, None).await.unwrap();
    let found = store.cached_evaluation(&t.digest, &digest("x"), "osu018", &tools()).await.unwrap();
    assert_eq!(found, Some(accepted(7.0)));
}

#[tokio::test]
async fn an_evaluation_is_found_for_the_same_source_task_device_and_tools_only() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).await;
    store.store_evaluation("task", "source", &rejected(Reason::NotEquivalent)).await.unwrap();
    store.store_evaluation("task", "source", &rejected(Reason::NotEquivalent)).await.unwrap();
    let newer = BTreeMap::from([("yosys".to_string(), "0.24".to_string())]);
    for (task, source, device, versions, hit) in [
        ("task", "source", "osu018", &tools(), true),
        ("other", "source", "osu018", &tools(), false),
        ("task", "other", "osu018", &tools(), false),
        ("task", "source", "ice40", &tools(), false),
        ("task", "source", "osu018", &newer, false),
    ] {
        let found = store.cached_evaluation(task, source, device, versions).await.unwrap();
        assert_eq!(found, hit.then(|| rejected(Reason::NotEquivalent)), "{task} {source} {device}");
    }
    assert_eq!(count(&store, "SELECT count(*) FROM evaluation").await, 1);
}

#[tokio::test]
async fn a_cached_verdict_is_shared_not_copied() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).await;
    for _ in 0..2 {
        let run = new_run(&store, None, false).await;
        store.add_step(run, &record(0, Step::Seed, None, Some(candidate("x", None))), 1).await.unwrap();
        let found = store.cached_evaluation(&task(false).digest, &digest("x"), "osu018", &tools()).await.unwrap();
        let cached = found.is_some();
        store.add_evaluation(run, 0, &found.unwrap_or_else(|| accepted(3.0)), cached, 0.0, None).await.unwrap();
        assert_eq!(store.history(run).await.unwrap().steps[0].candidate.as_ref().unwrap().cached, cached);
    }
    assert_eq!(count(&store, "SELECT count(*) FROM evaluation").await, 1);
    assert_eq!(count(&store, "SELECT count(DISTINCT evaluation_id) FROM candidate").await, 1);
}

#[tokio::test]
async fn runs_and_batches_are_summed_up() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).await;
    let batch = store.create_batch("quick", 2).await.unwrap();
    let empty = new_run(&store, None, false).await;
    let full = new_run(&store, Some(batch), true).await;
    for record in rich() {
        store.add_step(full, &record, 1).await.unwrap();
    }
    let summary = store.run(full).await.unwrap();
    let history = store.history(full).await.unwrap();
    assert_eq!((summary.best, summary.best_value), history.best().map(|(n, v)| (Some(n), Some(v))).unwrap());
    assert_eq!(summary.baseline, history.baseline());
    assert_eq!(summary.seconds, history.seconds());
    assert_eq!((summary.steps, summary.accepted, summary.speedup()), (8, 4, Some(2.0)));
    assert_eq!(summary.best_assurance.as_deref(), Some("bounded"));
    assert_eq!(summary.unit.as_deref(), Some("um2*ns"));
    assert_eq!(summary.origin.as_deref(), Some("estimated"));
    assert_eq!((summary.state, summary.batch), (RunState::Unfinished, Some(batch)));

    store.finish_run(full, "plateau").await.unwrap();
    let unfinished: Vec<RunId> = store.unfinished_runs().await.unwrap().into_iter().map(|r| r.id).collect();
    assert_eq!(unfinished, [empty]);
    store.finish_batch(batch).await.unwrap();
    let (b, runs) = store.batch(batch).await.unwrap();
    assert_eq!((b.suite.as_str(), b.jobs, b.runs, b.finished), ("quick", 2, 1, 1));
    assert!(b.ended_ms.is_some());
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0].stop.as_deref(), Some("plateau"));
    let all = store.runs().await.unwrap();
    assert_eq!(all.iter().map(|r| r.id).collect::<Vec<_>>(), [empty, full]);
    assert_eq!((all[0].best, all[0].best_value, all[0].baseline, all[0].speedup()), (None, None, None, None));

    // More rounds for a finished run make it unfinished until it ends again.
    store.add_step(full, &record(8, Step::Improve { of: 3 }, None, None), 1).await.unwrap();
    assert_eq!(store.run(full).await.unwrap().state, RunState::Unfinished);
}

#[tokio::test]
async fn unknown_runs_and_batches_are_named() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).await;
    for e in [
        store.history(RunId(9)).await.unwrap_err(),
        store.run(RunId(9)).await.unwrap_err(),
        store.task(RunId(9)).await.unwrap_err(),
        store.finish_run(RunId(9), "x").await.unwrap_err(),
        store.add_step(RunId(9), &rich()[0], 1).await.unwrap_err(),
    ] {
        assert!(e.to_string().contains("no run r9"), "{e}");
    }
    assert!(store.batch(BatchId(4)).await.unwrap_err().to_string().contains("no batch b4"));
}

#[test]
fn ids_are_read_as_they_are_shown() {
    assert_eq!(RunId(12).to_string(), "r12");
    assert_eq!("r12".parse::<RunId>().unwrap(), RunId(12));
    assert_eq!("12".parse::<RunId>().unwrap(), RunId(12));
    assert_eq!(format!("{:>5}", BatchId(3)), "   b3");
    for text in ["", "r", "r-1", "r0", "b3", "r+4", "99999999999999999999"] {
        assert!(text.parse::<RunId>().unwrap_err().to_string().contains("r12"), "{text}");
    }
}

#[tokio::test]
async fn the_schema_page_names_every_table_and_column() {
    let dir = TempDir::new().unwrap();
    let store = open(dir.path()).await;
    let columns: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, c.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%' AND t.name NOT LIKE '_sqlx_%'",
    )
    .fetch_all(&store.pool)
    .await
    .unwrap();
    assert!(columns.len() > 80);
    let page = include_str!("../../../docs/schema.md");
    for (table, column) in columns {
        let heading = format!("\n### {table}\n");
        let section = page.split(&heading).nth(1).unwrap_or_else(|| panic!("no section {table}"));
        let section = section.split("\n#").next().unwrap();
        assert!(section.contains(&format!("| `{column}` |")), "{table}.{column} is not described");
    }
}

pub(crate) async fn count(store: &Store, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&store.pool).await.unwrap()
}
