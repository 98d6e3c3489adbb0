//! What a page about a run says, as texts: the one place where data becomes words. HTML and Markdown are two dresses of it.

use serde::Serialize;

use super::RunData;
use super::diff::Difference;
use super::verdict::{Verdict, verdict_of};
use crate::agent::judgement::{Change, Judgement};
use crate::numbers::{UNKNOWN, change, clip, number, optional, seconds, speedup, time, with_unit};
use crate::search::history::{Candidate, StepRecord};
use crate::target::{Assurance, Evaluation, TargetName};

/// Lines of a failed stage's log that are shown; the end says what went wrong.
const LOG_LINES: usize = 40;

/// Characters of a line of it.
const LOG_COLUMNS: usize = 400;

/// A label and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    pub label: &'static str,
    pub value: String,
}

fn fact(label: &'static str, value: impl Into<String>) -> Fact {
    Fact { label, value: value.into() }
}

/// A row of the table of candidates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    pub number: u32,
    pub kind: &'static str,
    pub parent: String,
    pub agent: String,
    pub class: &'static str,
    pub glyph: &'static str,
    /// The objective if accepted, else the reason.
    pub outcome: String,
    pub speedup: String,
    pub assurance: String,
    pub seconds: String,
    pub cached: &'static str,
    pub best: bool,
}

/// A row of the table of metrics.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MetricRow {
    pub name: String,
    pub unit: String,
    pub origin: String,
    pub baseline: String,
    pub best: String,
    pub change: String,
}

/// A metric that a judgement names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvidenceRow {
    pub metric: String,
    pub value: String,
    pub reading: String,
}

/// An expectation and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExpectationRow {
    pub metric: String,
    pub direction: &'static str,
    pub factor: String,
    pub before: String,
    pub after: String,
    pub change: String,
}

/// What the Judge said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JudgementView {
    pub title: String,
    /// Paragraphs: label and text.
    pub facts: Vec<Fact>,
    pub evidence: Vec<EvidenceRow>,
    pub expect: Vec<ExpectationRow>,
    /// `held`, `failed`, or unknown; empty for a correction.
    pub outcome: &'static str,
}

/// A step in detail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepView {
    pub row: Row,
    pub summary: String,
    pub note: String,
    pub judgement: Option<JudgementView>,
    /// The failed stage and the end of its log.
    pub failure: Option<Failure>,
    /// What was changed, if the candidate is better than its parent.
    pub difference: Option<Difference>,
    pub facts: Vec<Fact>,
}

/// A failed stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    pub stage: &'static str,
    pub reason: String,
    pub log: String,
    /// Lines of the log that are not shown.
    pub omitted: usize,
}

/// A page about a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunView {
    /// `r12`.
    pub id: String,
    pub task: String,
    pub summary: String,
    pub state: String,
    pub speedup: String,
    /// Where the objective's numbers come from.
    pub origin: String,
    pub headline: Vec<Fact>,
    pub facts: Vec<Fact>,
    pub counts: Vec<(&'static str, &'static str, &'static str, usize)>,
    pub rows: Vec<Row>,
    pub metrics: Vec<MetricRow>,
    pub difference: Option<Difference>,
    pub steps: Vec<StepView>,
    pub environment: Vec<Fact>,
    pub tools: Vec<(String, String)>,
    pub commands: String,
    pub best: Option<u32>,
}

impl RunView {
    /// Turns data into words.
    pub fn new(run: &RunData) -> Self {
        let history = &run.history;
        let best = run.best();
        let baseline = history.candidate(0);
        let evaluation = |c: Option<&Candidate>| c.and_then(|c| c.evaluation.as_ref()).cloned();
        let objective = baseline
            .and_then(|c| c.evaluation.as_ref()?.objective.clone())
            .or_else(|| best.and_then(|(_, c)| c.evaluation.as_ref()?.objective.clone()));
        let unit = objective.as_ref().map_or("", |o| o.unit.as_str());
        let origin = objective.as_ref().map_or(UNKNOWN, |o| o.origin.as_str()).to_string();
        let best_value = best.and_then(|(_, c)| c.objective());
        let assurance = best.and_then(|(_, c)| c.evaluation.as_ref()?.assurance.as_ref());
        let headline = vec![
            fact("speed-up", format!("{} ({origin})", speedup(run.speedup()))),
            fact("baseline", with_unit(history.baseline(), unit)),
            fact(
                "best",
                match best {
                    Some((n, _)) => format!("{} (#{n})", with_unit(best_value, unit)),
                    None => UNKNOWN.to_string(),
                },
            ),
            fact("change", change(history.baseline(), best_value)),
            fact("equivalence of the best", assurance.map_or(UNKNOWN.to_string(), assurance_text)),
        ];
        let rows: Vec<Row> = history.steps.iter().map(|s| row(run, s, unit, best.map(|b| b.0))).collect();
        let steps = history.steps.iter().zip(&rows).map(|(s, r)| step(run, s, r.clone())).collect();
        let difference = match (baseline, best) {
            (Some(old), Some((n, new))) if n != 0 => {
                Some(Difference::new(format!("#0 (baseline) → #{n} (best)"), &old.source, &new.source))
            }
            _ => None,
        };
        Self {
            id: run.summary.id.to_string(),
            task: run.task.task.clone(),
            summary: run.task.summary.clone(),
            state: state(run),
            speedup: speedup(run.speedup()),
            origin,
            headline,
            facts: facts(run),
            counts: counts(run),
            metrics: metrics(evaluation(baseline).as_ref(), evaluation(best.map(|b| b.1)).as_ref()),
            rows,
            difference,
            steps,
            environment: vec![
                fact("host", &run.environment.host),
                fact("system", &run.environment.os),
                fact("kernsmith", &run.environment.kernsmith_version),
                fact("sandbox", list(&run.environment.sandbox)),
            ],
            tools: run.environment.tool_versions.iter().map(|(n, v)| (n.clone(), v.clone())).collect(),
            commands: commands(run),
            best: best.map(|b| b.0),
        }
    }
}

/// The state in words.
pub fn state(run: &RunData) -> String {
    match &run.summary.stop {
        Some(stop) => format!("{} ({})", run.summary.state.as_str(), stop.replace('_', " ")),
        None => run.summary.state.as_str().to_string(),
    }
}

fn facts(run: &RunData) -> Vec<Fact> {
    let limits = &run.history.limits;
    let mut bounds = vec![format!("{} rounds", limits.rounds)];
    bounds.extend(limits.plateau.map(|p| format!("plateau {p}")));
    bounds.push(format!("repairs {}", limits.repairs));
    bounds.extend(limits.minutes.map(|m| format!("{} min", number(m))));
    let mut facts = vec![
        fact("task", format!("{}: {}", run.task.task, run.task.summary)),
        fact("from", &run.task.source),
        fact("objective (smaller is better)", &run.task.objective),
        fact("device", &run.summary.device),
        fact("agents", format!("Coder {}, Judge {}", run.summary.coder, run.summary.judge)),
        fact("strategy", format!("{} ({})", run.summary.strategy, bounds.join(", "))),
        fact("seed", run.history.seed.to_string()),
        fact("state", state(run)),
        fact("steps", format!("{}, {} accepted", run.history.steps.len(), run.accepted())),
        fact("work", seconds(Some(run.history.seconds()))),
        fact("began", time(run.summary.started_ms)),
        fact("ended", run.summary.ended_ms.map_or(UNKNOWN.to_string(), time)),
    ];
    facts.extend(run.summary.batch.map(|b| fact("batch", b.to_string())));
    facts
}

/// Glyph, class, word and number of steps for every verdict.
fn counts(run: &RunData) -> Vec<(&'static str, &'static str, &'static str, usize)> {
    let count = |v: Verdict| run.history.steps.iter().filter(|s| verdict_of(s) == v).count();
    Verdict::ALL.map(|v| (v.glyph(), v.class(), v.label(), count(v))).to_vec()
}

fn list(words: &[String]) -> String {
    if words.is_empty() { "none".to_string() } else { words.join(", ") }
}

fn assurance_text(assurance: &Assurance) -> String {
    match assurance {
        Assurance::SimulatedOnly | Assurance::Tested { .. } => assurance.to_string(),
        Assurance::Bounded { method, .. } | Assurance::Proved { method } => format!("{assurance}, {method}"),
    }
}

fn row(run: &RunData, record: &StepRecord, unit: &str, best: Option<u32>) -> Row {
    let candidate = record.candidate.as_ref();
    let evaluation = candidate.and_then(|c| c.evaluation.as_ref());
    let value = candidate.and_then(Candidate::objective);
    let verdict = verdict_of(record);
    let outcome = match (value, evaluation.and_then(Evaluation::failure)) {
        (Some(v), _) => with_unit(Some(v), unit),
        (None, Some(reason)) => reason.as_str().replace('_', " "),
        (None, None) => verdict.label().to_string(),
    };
    Row {
        number: record.number,
        kind: record.step.name(),
        parent: record.step.parent().map_or(UNKNOWN.to_string(), |p| format!("#{p}")),
        agent: candidate.map_or(UNKNOWN.to_string(), |c| c.agent.clone()),
        class: verdict.class(),
        glyph: verdict.glyph(),
        outcome,
        speedup: speedup(value.and_then(|v| run.speedup_of(v))),
        assurance: evaluation.and_then(|e| e.assurance.as_ref()).map_or(UNKNOWN.to_string(), ToString::to_string),
        seconds: seconds(record.seconds),
        cached: if candidate.is_some_and(|c| c.cached) { "cached" } else { "" },
        best: best == Some(record.number),
    }
}

fn metrics(baseline: Option<&Evaluation>, best: Option<&Evaluation>) -> Vec<MetricRow> {
    let all = [baseline, best].into_iter().flatten().flat_map(|e| &e.metrics);
    let mut rows: Vec<MetricRow> = Vec::new();
    for metric in all {
        if rows.iter().any(|r| r.name == metric.name) {
            continue;
        }
        let (old, new) = (baseline.and_then(|e| e.metric(&metric.name)), best.and_then(|e| e.metric(&metric.name)));
        rows.push(MetricRow {
            name: metric.name.clone(),
            unit: metric.unit.clone(),
            origin: metric.origin.as_str().to_string(),
            baseline: optional(old),
            best: optional(new),
            change: change(old, new),
        });
    }
    rows
}

fn step(run: &RunData, record: &StepRecord, row: Row) -> StepView {
    let candidate = record.candidate.as_ref();
    let evaluation = candidate.and_then(|c| c.evaluation.as_ref());
    let parent = record.step.parent().and_then(|p| Some((p, run.history.candidate(p)?)));
    let difference = match (parent, candidate) {
        (Some((p, old)), Some(new)) if better(old, new) => {
            Some(Difference::new(format!("#{p} → #{}", record.number), &old.source, &new.source))
        }
        _ => None,
    };
    let mut facts = Vec::new();
    if let Some(c) = candidate {
        facts.push(fact("digest", c.digest.chars().take(12).collect::<String>()));
    }
    if let Some(e) = evaluation {
        facts.push(fact("check seed", e.check_seed.map_or(UNKNOWN.to_string(), |s| format!("{s:#018x}"))));
        facts.push(fact("sandbox", list(&e.sandbox)));
        facts.extend(e.assurance.as_ref().map(|a| fact("equivalence", assurance_text(a))));
        let stages: Vec<String> =
            e.stages.iter().map(|s| format!("{} {}", s.stage, seconds(Some(s.seconds)))).collect();
        facts.push(fact("stages", list(&stages)));
    }
    StepView {
        row,
        summary: candidate.map_or(String::new(), |c| c.summary.clone()),
        note: record.note.clone().unwrap_or_default(),
        judgement: record
            .judgement
            .as_ref()
            .map(|j| judgement(j, parent.and_then(|(_, c)| c.evaluation.as_ref()), evaluation)),
        failure: evaluation.and_then(failure),
        difference,
        facts,
    }
}

/// Whether a candidate is an improvement of its parent: accepted, and the parent was not or had a larger objective.
fn better(old: &Candidate, new: &Candidate) -> bool {
    match (old.objective(), new.objective()) {
        (Some(old), Some(new)) => new < old,
        (None, Some(_)) => true,
        _ => false,
    }
}

fn judgement(judgement: &Judgement, before: Option<&Evaluation>, after: Option<&Evaluation>) -> JudgementView {
    match judgement {
        Judgement::Correction { critical_issue, why_it_matters, minimal_fix_hint } => JudgementView {
            title: "correction".to_string(),
            facts: vec![
                fact("issue", critical_issue),
                fact("why it matters", why_it_matters),
                fact("smallest fix", minimal_fix_hint),
            ],
            evidence: Vec::new(),
            expect: Vec::new(),
            outcome: "",
        },
        Judgement::Improvement { bottleneck, evidence, method, plan, expect, effort, held } => JudgementView {
            title: format!("improvement by {method}"),
            facts: vec![
                fact("bottleneck", bottleneck),
                fact("plan", plan),
                fact("effort", format!("{effort:?}").to_lowercase()),
            ],
            evidence: evidence
                .iter()
                .map(|e| EvidenceRow { metric: e.metric.clone(), value: number(e.value), reading: e.reading.clone() })
                .collect(),
            expect: expect
                .iter()
                .map(|e| {
                    let (old, new) =
                        (before.and_then(|b| b.metric(&e.metric)), after.and_then(|a| a.metric(&e.metric)));
                    ExpectationRow {
                        metric: e.metric.clone(),
                        direction: match e.direction {
                            Change::Up => "↑ up",
                            Change::Down => "↓ down",
                        },
                        factor: e.factor.map_or(UNKNOWN.to_string(), |f| format!("×{}", number(f))),
                        before: optional(old),
                        after: optional(new),
                        change: change(old, new),
                    }
                })
                .collect(),
            outcome: match held {
                Some(true) => "held",
                Some(false) => "failed",
                None => UNKNOWN,
            },
        },
    }
}

fn failure(evaluation: &Evaluation) -> Option<Failure> {
    let stage = evaluation.failed_stage()?;
    let lines: Vec<&str> = stage.log.trim_end().lines().collect();
    let omitted = lines.len().saturating_sub(LOG_LINES);
    let log: Vec<String> = lines[omitted..].iter().map(|l| clip(l, LOG_COLUMNS)).collect();
    Some(Failure {
        stage: stage.stage.as_str(),
        reason: stage.reason.map_or(UNKNOWN.to_string(), |r| r.as_str().to_string()),
        log: log.join("\n"),
        omitted,
    })
}

/// A word as a POSIX shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// How to do it again, and how to look further.
fn commands(run: &RunData) -> String {
    let (summary, history) = (&run.summary, &run.history);
    let limits = &history.limits;
    let mut again = format!(
        "kernsmith run {} --device {} --coder {} --judge {} --strategy {} --rounds {} --plateau {} --repairs {} --seed {}",
        quoted(&run.task.task),
        quoted(&summary.device),
        quoted(&summary.coder),
        quoted(&summary.judge),
        quoted(&summary.strategy),
        limits.rounds,
        limits.plateau.unwrap_or(0),
        limits.repairs,
        history.seed
    );
    if let Some(minutes) = limits.minutes {
        again.push_str(&format!(" --max-minutes {minutes}"));
    }
    let repository = quoted(&format!("{}/{}", run.results.trim_end_matches('/'), crate::store::lineage::REPOSITORY));
    let mut lines = vec!["# the same search again".to_string(), again];
    if let Some((number, _)) = run.best() {
        let target = TargetName::of_task(&run.task.task);
        let best = target.file("best");
        lines.extend([
            "# the best candidate, and a fresh verdict on it".to_string(),
            format!(
                "git -C {repository} show {}:{} > {best}",
                crate::store::Lineage::reference(summary.id, number),
                target.file("candidate")
            ),
            format!("kernsmith eval {} {best} --device {} --fresh", quoted(&run.task.task), quoted(&summary.device)),
            "# how it came about".to_string(),
            format!("git -C {repository} log --graph --oneline {}", summary.id),
        ]);
    }
    lines.join("\n")
}
