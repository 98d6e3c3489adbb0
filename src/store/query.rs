//! What is read of one run: its history, its task, its environment; and stored verdicts. Writes nothing.

use std::collections::{BTreeMap, HashMap};

use sqlx::{FromRow, SqliteConnection};

use super::rows::{
    StoredEvaluation, StoredEvidence, StoredExpectation, StoredJudgement, StoredMetric, StoredSample, StoredStage,
    StoredStep, StoredTool, fingerprint, grouped, parse_list, unreadable,
};
use super::{Environment, RunId, Store, StoreError};
use crate::agent::judgement::Judgement;
use crate::search::history::{Candidate, History, SearchLimits, StepRecord};
use crate::target::Evaluation;
use crate::task::Task;

/// A task as it was when a run began. Made of columns, so that it can be read whatever the task format has become since.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct TaskSnapshot {
    /// Task id, for instance `verilog/mul8`.
    pub task: String,
    /// Digest of everything that decides a verdict.
    pub digest: String,
    /// One line.
    pub summary: String,
    /// Where the operation comes from.
    pub source: String,
    /// Operation.
    pub operation: String,
    /// The expression that is minimised.
    pub objective: String,
    /// Text of `task.toml`.
    pub manifest: String,
    /// Text of the reference.
    pub reference: String,
    /// Text of the start source.
    pub start: Option<String>,
    /// Text of the testbench.
    pub testbench: Option<String>,
}

#[derive(FromRow)]
struct StoredSettings {
    seed: i64,
    rounds: u32,
    plateau: Option<u32>,
    repairs: u32,
    minutes: Option<f64>,
    has_start: bool,
}

#[derive(FromRow)]
struct StoredEnvironment {
    host: String,
    os: String,
    kernsmith_version: String,
    toolset_id: i64,
    sandbox: String,
}

impl Store {
    /// Everything that a run has learnt so far, whatever state the program left it in.
    pub async fn history(&self, run: RunId) -> Result<History, StoreError> {
        let result = async {
            let mut tx = self.read().await?;
            let settings: Option<StoredSettings> = sqlx::query_as(
                "SELECT seed, rounds, plateau, repairs, minutes, t.start IS NOT NULL AS has_start
                 FROM run JOIN task_snapshot AS t ON t.id = task_snapshot_id WHERE run.id = ?1",
            )
            .bind(run.0)
            .fetch_optional(&mut *tx)
            .await?;
            let settings = settings.ok_or_else(|| self.no("run", run.to_string()))?;
            Ok(History {
                seed: settings.seed.cast_unsigned(),
                limits: SearchLimits {
                    rounds: settings.rounds,
                    plateau: settings.plateau,
                    repairs: settings.repairs,
                    minutes: settings.minutes,
                },
                has_start: settings.has_start,
                steps: steps(&mut tx, run).await?,
            })
        };
        self.located(result.await)
    }

    /// When work on each step began, in UTC milliseconds; the index is the step's number.
    pub async fn step_times(&self, run: RunId) -> Result<Vec<i64>, StoreError> {
        let result = async {
            Ok(sqlx::query_scalar("SELECT started_ms FROM step WHERE run_id = ?1 ORDER BY number")
                .bind(run.0)
                .fetch_all(&self.pool)
                .await?)
        };
        self.located(result.await)
    }

    /// The stored verdict on the same source, for the same task, on the same device, by the same tools. Never an infrastructure
    /// failure.
    pub async fn cached_evaluation(
        &self,
        task_digest: &str,
        source_digest: &str,
        device: &str,
        tool_versions: &BTreeMap<String, String>,
    ) -> Result<Option<Evaluation>, StoreError> {
        let result = async {
            let mut tx = self.read().await?;
            let found = cached(&mut tx, task_digest, source_digest, device, &fingerprint(tool_versions)).await?;
            Ok(found.map(|(_, evaluation)| evaluation))
        };
        self.located(result.await)
    }

    /// The texts of the task as it was when the run began.
    pub async fn task_snapshot(&self, run: RunId) -> Result<TaskSnapshot, StoreError> {
        let result = async {
            let row: Option<TaskSnapshot> = sqlx::query_as(
                "SELECT t.task, t.digest, t.summary, t.source, t.operation, t.objective, t.manifest, t.reference, t.start, t.testbench
                 FROM run JOIN task_snapshot AS t ON t.id = task_snapshot_id WHERE run.id = ?1",
            )
            .bind(run.0)
            .fetch_optional(&self.pool)
            .await?;
            row.ok_or_else(|| self.no("run", run.to_string()))
        };
        self.located(result.await)
    }

    /// The task as it was when the run began.
    pub async fn task(&self, run: RunId) -> Result<Task, StoreError> {
        let result = async {
            let parsed: Option<String> = sqlx::query_scalar(
                "SELECT parsed FROM run JOIN task_snapshot AS t ON t.id = task_snapshot_id WHERE run.id = ?1",
            )
            .bind(run.0)
            .fetch_optional(&self.pool)
            .await?;
            let parsed = parsed.ok_or_else(|| self.no("run", run.to_string()))?;
            serde_json::from_str(&parsed).map_err(|e| unreadable("task_snapshot.parsed", e))
        };
        self.located(result.await)
    }

    /// Where the run began.
    pub async fn environment(&self, run: RunId) -> Result<Environment, StoreError> {
        let result = async {
            let mut tx = self.read().await?;
            let row: Option<StoredEnvironment> = sqlx::query_as(
                "SELECT host, os, kernsmith_version, toolset_id, sandbox
                 FROM run JOIN environment AS e ON e.id = environment_id WHERE run.id = ?1",
            )
            .bind(run.0)
            .fetch_optional(&mut *tx)
            .await?;
            let row = row.ok_or_else(|| self.no("run", run.to_string()))?;
            let tools: Vec<(String, String)> = sqlx::query_as("SELECT name, version FROM tool WHERE toolset_id = ?1")
                .bind(row.toolset_id)
                .fetch_all(&mut *tx)
                .await?;
            Ok(Environment {
                host: row.host,
                os: row.os,
                kernsmith_version: row.kernsmith_version,
                tool_versions: tools.into_iter().collect(),
                sandbox: parse_list("environment.sandbox", &row.sandbox)?,
            })
        };
        self.located(result.await)
    }
}

async fn steps(connection: &mut SqliteConnection, run: RunId) -> Result<Vec<StepRecord>, StoreError> {
    let rows: Vec<StoredStep> = sqlx::query_as(
        "SELECT s.id, s.number, s.kind, s.parent, s.note, s.exhausted, s.seconds,
                c.digest, c.source, c.agent, c.summary, c.evaluation_id, c.cached
         FROM step AS s LEFT JOIN candidate AS c ON c.step_id = s.id WHERE s.run_id = ?1 ORDER BY s.number",
    )
    .bind(run.0)
    .fetch_all(&mut *connection)
    .await?;
    let ids: Vec<i64> = rows.iter().filter_map(|r| r.evaluation_id).collect();
    let evaluations = evaluations(&mut *connection, &ids).await?;
    let mut judgements = judgements(connection, run).await?;
    rows.into_iter()
        .map(|row| {
            let (number, step) = (row.number()?, row.step()?);
            let candidate = match (row.digest, row.source, row.agent, row.summary) {
                (Some(digest), Some(source), Some(agent), Some(summary)) => Some(Candidate {
                    source,
                    digest,
                    agent,
                    summary,
                    evaluation: row.evaluation_id.and_then(|id| evaluations.get(&id).cloned()),
                    cached: row.cached.unwrap_or(false),
                }),
                _ => None,
            };
            let judgement = judgements.remove(&row.id);
            Ok(StepRecord {
                number,
                step,
                judgement,
                candidate,
                note: row.note,
                exhausted: row.exhausted,
                seconds: row.seconds,
            })
        })
        .collect()
}

async fn judgements(connection: &mut SqliteConnection, run: RunId) -> Result<HashMap<i64, Judgement>, StoreError> {
    let rows: Vec<StoredJudgement> = sqlx::query_as(
        "SELECT j.* FROM judgement AS j JOIN step AS s ON s.id = j.step_id WHERE s.run_id = ?1 ORDER BY s.number",
    )
    .bind(run.0)
    .fetch_all(&mut *connection)
    .await?;
    let evidence: Vec<StoredEvidence> = sqlx::query_as(
        "SELECT judgement_id, metric, value, reading FROM evidence WHERE judgement_id IN
            (SELECT j.id FROM judgement AS j JOIN step AS s ON s.id = j.step_id WHERE s.run_id = ?1)
         ORDER BY judgement_id, position",
    )
    .bind(run.0)
    .fetch_all(&mut *connection)
    .await?;
    let expectations: Vec<StoredExpectation> = sqlx::query_as(
        "SELECT judgement_id, metric, direction, factor FROM expectation WHERE judgement_id IN
            (SELECT j.id FROM judgement AS j JOIN step AS s ON s.id = j.step_id WHERE s.run_id = ?1)
         ORDER BY judgement_id, position",
    )
    .bind(run.0)
    .fetch_all(connection)
    .await?;
    let mut evidence = grouped(evidence, |r| r.judgement_id, |r| Ok(r.evidence()))?;
    let mut expectations = grouped(expectations, |r| r.judgement_id, StoredExpectation::expectation)?;
    rows.into_iter()
        .map(|row| {
            let (id, step) = (row.id, row.step_id);
            let judgement =
                row.judgement(evidence.remove(&id).unwrap_or_default(), expectations.remove(&id).unwrap_or_default())?;
            Ok((step, judgement))
        })
        .collect()
}

/// Evaluations by row id. A fixed number of statements, however many there are.
async fn evaluations(connection: &mut SqliteConnection, ids: &[i64]) -> Result<HashMap<i64, Evaluation>, StoreError> {
    let ids = serde_json::Value::from(ids).to_string();
    let rows: Vec<StoredEvaluation> = sqlx::query_as(
        "SELECT id, device, toolset_id, objective, objective_value, objective_unit, objective_origin,
                assurance, assurance_bound, assurance_of, assurance_method, check_seed, sandbox
         FROM evaluation WHERE id IN (SELECT value FROM json_each(?1))",
    )
    .bind(&ids)
    .fetch_all(&mut *connection)
    .await?;
    let stages: Vec<StoredStage> = sqlx::query_as(
        "SELECT evaluation_id, stage, status, reason, seconds, tool_seconds, log
         FROM stage WHERE evaluation_id IN (SELECT value FROM json_each(?1)) ORDER BY evaluation_id, position",
    )
    .bind(&ids)
    .fetch_all(&mut *connection)
    .await?;
    let metrics: Vec<StoredMetric> = sqlx::query_as(
        "SELECT id, evaluation_id, name, value, unit, origin
         FROM metric WHERE evaluation_id IN (SELECT value FROM json_each(?1)) ORDER BY evaluation_id, position",
    )
    .bind(&ids)
    .fetch_all(&mut *connection)
    .await?;
    let samples: Vec<StoredSample> = sqlx::query_as(
        "SELECT metric_id, value FROM sample WHERE metric_id IN
            (SELECT id FROM metric WHERE evaluation_id IN (SELECT value FROM json_each(?1)))
         ORDER BY metric_id, position",
    )
    .bind(&ids)
    .fetch_all(&mut *connection)
    .await?;
    let tools: Vec<StoredTool> = sqlx::query_as(
        "SELECT toolset_id, name, version FROM tool WHERE toolset_id IN
            (SELECT toolset_id FROM evaluation WHERE id IN (SELECT value FROM json_each(?1)))",
    )
    .bind(&ids)
    .fetch_all(connection)
    .await?;

    let samples = grouped(samples, |r| r.metric_id, |r| Ok(r.value.unwrap_or(f64::NAN)))?;
    let tools = grouped(tools, |r| r.toolset_id, |r| Ok((r.name, r.version)))?;
    let mut stages = grouped(stages, |r| r.evaluation_id, StoredStage::stage)?;
    let mut metrics = grouped(
        metrics,
        |r| r.evaluation_id,
        |r| {
            let samples = samples.get(&r.id).cloned().unwrap_or_default();
            r.metric(samples)
        },
    )?;
    rows.into_iter()
        .map(|row| {
            let id = row.id;
            let versions = tools.get(&row.toolset_id).cloned().unwrap_or_default().into_iter().collect();
            let evaluation = row.evaluation(
                stages.remove(&id).unwrap_or_default(),
                metrics.remove(&id).unwrap_or_default(),
                versions,
            )?;
            Ok((id, evaluation))
        })
        .collect()
}

/// The oldest conclusive evaluation of this key, with its row id.
pub(super) async fn cached(
    connection: &mut SqliteConnection,
    task_digest: &str,
    source_digest: &str,
    device: &str,
    fingerprint: &str,
) -> Result<Option<(i64, Evaluation)>, StoreError> {
    let id: Option<i64> = sqlx::query_scalar(
        "SELECT e.id FROM evaluation AS e JOIN toolset AS t ON t.id = e.toolset_id
         WHERE e.task_digest = ?1 AND e.source_digest = ?2 AND e.device = ?3 AND t.fingerprint = ?4
           AND e.verdict != 'inconclusive' AND coalesce(e.reason, '') NOT IN ('timeout', 'not_proved')
         ORDER BY e.id LIMIT 1",
    )
    .bind(task_digest)
    .bind(source_digest)
    .bind(device)
    .bind(fingerprint)
    .fetch_optional(&mut *connection)
    .await?;
    match id {
        Some(id) => Ok(evaluations(connection, &[id]).await?.remove(&id).map(|e| (id, e))),
        None => Ok(None),
    }
}
