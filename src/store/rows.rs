//! Rows as SQLite gives them, and the way from words and rows to the program's types. Runs no queries.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use serde::de::value::{Error as WordError, StrDeserializer};
use serde::de::{DeserializeOwned, IntoDeserializer};
use sha2::{Digest, Sha256};
use sqlx::FromRow;

use super::StoreError;
use crate::agent::judgement::{Evidence, Expectation, Judgement};
use crate::candidate::hex;
use crate::search::history::Step;
use crate::target::{Assurance, Evaluation, Metric, ObjectiveValue, Stage};

/// A unit variant's name on the wire, which is also its name in the store.
pub(super) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        other => format!("{other:?}"),
    }
}

/// The variant of that name.
pub(super) fn parse<T: DeserializeOwned>(column: &'static str, text: &str) -> Result<T, StoreError> {
    let deserializer: StrDeserializer<'_, WordError> = text.into_deserializer();
    T::deserialize(deserializer).map_err(|_| unreadable(column, text))
}

pub(super) fn unreadable(column: &'static str, value: impl ToString) -> StoreError {
    StoreError::Unreadable { column, value: value.to_string() }
}

fn number(column: &'static str, value: i64) -> Result<u32, StoreError> {
    u32::try_from(value).map_err(|_| unreadable(column, value))
}

fn present<T>(column: &'static str, value: Option<T>) -> Result<T, StoreError> {
    value.ok_or_else(|| unreadable(column, "NULL"))
}

/// A list of words in one column, as JSON, which SQL can read with `json_each`.
pub(super) fn list(words: &[String]) -> String {
    serde_json::Value::from(words).to_string()
}

pub(super) fn parse_list(column: &'static str, text: &str) -> Result<Vec<String>, StoreError> {
    serde_json::from_str(text).map_err(|_| unreadable(column, text))
}

/// Identity of a set of tools with their versions.
pub(super) fn fingerprint(tools: &BTreeMap<String, String>) -> String {
    let mut hasher = Sha256::new();
    for (name, version) in tools {
        for part in [name, version] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
    }
    hex(&hasher.finalize())
}

/// Whether an evaluation says something about the candidate.
pub(super) fn verdict(evaluation: &Evaluation) -> &'static str {
    match evaluation.failed_stage() {
        Some(stage) if stage.reason.is_some_and(|r| !r.is_infrastructure()) => "rejected",
        None if evaluation.accepted() => "accepted",
        _ => "inconclusive",
    }
}

#[derive(FromRow)]
pub(super) struct StoredStep {
    pub id: i64,
    pub number: i64,
    pub kind: String,
    pub parent: Option<i64>,
    pub note: Option<String>,
    pub exhausted: bool,
    pub seconds: Option<f64>,
    // The candidate's columns are NULL if there is none.
    pub digest: Option<String>,
    pub source: Option<String>,
    pub agent: Option<String>,
    pub summary: Option<String>,
    pub evaluation_id: Option<i64>,
    pub cached: Option<bool>,
}

impl StoredStep {
    pub fn number(&self) -> Result<u32, StoreError> {
        number("step.number", self.number)
    }

    pub fn step(&self) -> Result<Step, StoreError> {
        let of = || number("step.parent", present("step.parent", self.parent)?);
        Ok(match self.kind.as_str() {
            "seed" => Step::Seed,
            "repair" => Step::Repair { of: of()? },
            "improve" => Step::Improve { of: of()? },
            other => return Err(unreadable("step.kind", other)),
        })
    }
}

#[derive(FromRow)]
pub(super) struct StoredEvaluation {
    pub id: i64,
    pub device: String,
    pub toolset_id: i64,
    pub objective: Option<String>,
    pub objective_value: Option<f64>,
    pub objective_unit: Option<String>,
    pub objective_origin: Option<String>,
    pub assurance: Option<String>,
    pub assurance_bound: Option<i64>,
    pub assurance_of: Option<String>,
    pub assurance_method: Option<String>,
    pub check_seed: Option<i64>,
    pub sandbox: String,
}

impl StoredEvaluation {
    pub fn evaluation(
        self,
        stages: Vec<Stage>,
        metrics: Vec<Metric>,
        tool_versions: BTreeMap<String, String>,
    ) -> Result<Evaluation, StoreError> {
        let objective = match self.objective {
            Some(name) => Some(ObjectiveValue {
                name,
                value: self.objective_value.unwrap_or(f64::NAN),
                unit: present("evaluation.objective_unit", self.objective_unit)?,
                origin: parse(
                    "evaluation.objective_origin",
                    &present("evaluation.objective_origin", self.objective_origin)?,
                )?,
            }),
            None => None,
        };
        let method = || present("evaluation.assurance_method", self.assurance_method.clone());
        let assurance = match self.assurance.as_deref() {
            None => None,
            Some("simulated_only") => Some(Assurance::SimulatedOnly),
            Some("tested") => Some(Assurance::Tested {
                seeds: present("evaluation.assurance_bound", self.assurance_bound)?.cast_unsigned(),
                shapes: {
                    let shapes = present("evaluation.assurance_of", self.assurance_of.clone())?;
                    shapes.parse().map_err(|_| unreadable("evaluation.assurance_of", shapes))?
                },
                detectors: parse_list("evaluation.assurance_method", &method()?)?,
            }),
            Some("bounded") => Some(Assurance::Bounded {
                k: present("evaluation.assurance_bound", self.assurance_bound)?.cast_unsigned(),
                of: present("evaluation.assurance_of", self.assurance_of.clone())?,
                method: method()?,
            }),
            Some("proved") => Some(Assurance::Proved { method: method()? }),
            Some(other) => return Err(unreadable("evaluation.assurance", other)),
        };
        Ok(Evaluation {
            stages,
            metrics,
            objective,
            assurance,
            check_seed: self.check_seed.map(i64::cast_unsigned),
            device: self.device,
            tool_versions,
            sandbox: parse_list("evaluation.sandbox", &self.sandbox)?,
        })
    }
}

#[derive(FromRow)]
pub(super) struct StoredStage {
    pub evaluation_id: i64,
    pub stage: String,
    pub status: String,
    pub reason: Option<String>,
    pub seconds: f64,
    pub tool_seconds: f64,
    pub log: String,
}

impl StoredStage {
    pub fn stage(self) -> Result<Stage, StoreError> {
        Ok(Stage {
            stage: parse("stage.stage", &self.stage)?,
            status: parse("stage.status", &self.status)?,
            reason: self.reason.as_deref().map(|r| parse("stage.reason", r)).transpose()?,
            seconds: self.seconds,
            tool_seconds: self.tool_seconds,
            log: self.log,
        })
    }
}

#[derive(FromRow)]
pub(super) struct StoredMetric {
    pub id: i64,
    pub evaluation_id: i64,
    pub name: String,
    pub value: Option<f64>,
    pub unit: String,
    pub origin: String,
}

impl StoredMetric {
    pub fn metric(self, samples: Vec<f64>) -> Result<Metric, StoreError> {
        Ok(Metric {
            name: self.name,
            value: self.value.unwrap_or(f64::NAN),
            unit: self.unit,
            origin: parse("metric.origin", &self.origin)?,
            samples,
        })
    }
}

#[derive(FromRow)]
pub(super) struct StoredSample {
    pub metric_id: i64,
    pub value: Option<f64>,
}

#[derive(FromRow)]
pub(super) struct StoredTool {
    pub toolset_id: i64,
    pub name: String,
    pub version: String,
}

#[derive(FromRow)]
pub(super) struct StoredJudgement {
    pub id: i64,
    pub step_id: i64,
    pub kind: String,
    pub critical_issue: Option<String>,
    pub why_it_matters: Option<String>,
    pub minimal_fix_hint: Option<String>,
    pub bottleneck: Option<String>,
    pub method: Option<String>,
    pub plan: Option<String>,
    pub effort: Option<String>,
    pub held: Option<bool>,
}

impl StoredJudgement {
    pub fn judgement(self, evidence: Vec<Evidence>, expect: Vec<Expectation>) -> Result<Judgement, StoreError> {
        Ok(match self.kind.as_str() {
            "correction" => Judgement::Correction {
                critical_issue: present("judgement.critical_issue", self.critical_issue)?,
                why_it_matters: present("judgement.why_it_matters", self.why_it_matters)?,
                minimal_fix_hint: present("judgement.minimal_fix_hint", self.minimal_fix_hint)?,
            },
            "improvement" => Judgement::Improvement {
                bottleneck: present("judgement.bottleneck", self.bottleneck)?,
                evidence,
                method: present("judgement.method", self.method)?,
                plan: present("judgement.plan", self.plan)?,
                expect,
                effort: parse("judgement.effort", &present("judgement.effort", self.effort)?)?,
                held: self.held,
            },
            other => return Err(unreadable("judgement.kind", other)),
        })
    }
}

#[derive(FromRow)]
pub(super) struct StoredEvidence {
    pub judgement_id: i64,
    pub metric: String,
    pub value: Option<f64>,
    pub reading: String,
}

impl StoredEvidence {
    pub fn evidence(self) -> Evidence {
        Evidence { metric: self.metric, value: self.value.unwrap_or(f64::NAN), reading: self.reading }
    }
}

#[derive(FromRow)]
pub(super) struct StoredExpectation {
    pub judgement_id: i64,
    pub metric: String,
    pub direction: String,
    pub factor: Option<f64>,
}

impl StoredExpectation {
    pub fn expectation(self) -> Result<Expectation, StoreError> {
        Ok(Expectation {
            metric: self.metric,
            direction: parse("expectation.direction", &self.direction)?,
            factor: self.factor,
        })
    }
}

/// Rows by the row that they belong to, in the order in which they came.
pub(super) fn grouped<R, T>(
    rows: Vec<R>,
    owner: impl Fn(&R) -> i64,
    convert: impl Fn(R) -> Result<T, StoreError>,
) -> Result<HashMap<i64, Vec<T>>, StoreError> {
    let mut groups: HashMap<i64, Vec<T>> = HashMap::new();
    for row in rows {
        let key = owner(&row);
        groups.entry(key).or_default().push(convert(row)?);
    }
    Ok(groups)
}
