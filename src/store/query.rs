//! What is read: histories, summaries of runs and batches, stored verdicts. Writes nothing.

use std::collections::{BTreeMap, HashMap};

use sqlx::{FromRow, SqliteConnection};

use super::rows::{
    StoredEvaluation, StoredEvidence, StoredExpectation, StoredJudgement, StoredMetric, StoredSample, StoredStage,
    StoredStep, StoredTool, fingerprint, grouped, parse_list, unreadable,
};
use super::{BatchId, Environment, RunId, Store, StoreError};
use crate::agent::judgement::Judgement;
use crate::search::history::{Candidate, History, SearchLimits, StepRecord};
use crate::target::Evaluation;
use crate::task::Task;

/// Whether a run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// It has no reason to stop yet: a process drives it, or it was cut off and can be resumed.
    Unfinished,
    /// It ended; `stop` says why.
    Finished,
}

impl RunState {
    /// The name on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
            Self::Finished => "finished",
        }
    }
}

/// A run at a glance.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// Its number.
    pub id: RunId,
    /// The batch that it belongs to.
    pub batch: Option<BatchId>,
    /// Task id, for instance `verilog/mul8`.
    pub task: String,
    /// Device.
    pub device: String,
    /// Strategy.
    pub strategy: String,
    /// Coder.
    pub coder: String,
    /// Judge.
    pub judge: String,
    /// Whether it has ended.
    pub state: RunState,
    /// Why it ended, for instance `plateau`.
    pub stop: Option<String>,
    /// Number of steps.
    pub steps: u32,
    /// Number of accepted candidates.
    pub accepted: u32,
    /// The baseline's objective.
    pub baseline: Option<f64>,
    /// The best accepted candidate; the earliest of equals.
    pub best: Option<u32>,
    /// Its objective.
    pub best_value: Option<f64>,
    /// The objective's unit.
    pub unit: Option<String>,
    /// Where the objective's numbers come from: `measured`, `simulated` or `estimated`.
    pub origin: Option<String>,
    /// How far the best candidate is known to be equivalent: `simulated_only`, `bounded` or `proved`.
    pub best_assurance: Option<String>,
    /// Seconds of work.
    pub seconds: f64,
    /// When it began, in milliseconds since 1970, UTC.
    pub started_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
}

impl RunSummary {
    /// Baseline over best; None if one of them is missing, or the best is 0.
    pub fn speedup(&self) -> Option<f64> {
        let ratio = self.baseline? / self.best_value?;
        ratio.is_finite().then_some(ratio)
    }
}

/// A batch at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchSummary {
    /// Its number.
    pub id: BatchId,
    /// Suite.
    pub suite: String,
    /// Runs at once.
    pub jobs: u32,
    /// Number of runs that were begun.
    pub runs: u32,
    /// Number of runs that have ended.
    pub finished: u32,
    /// When it began, in milliseconds since 1970, UTC.
    pub started_ms: i64,
    /// When it ended; None: it is under way, or was cut off.
    pub ended_ms: Option<i64>,
}

/// One statement for all lists of runs: ?1 one run, ?2 one batch, ?3 unfinished ones only.
const RUNS: &str = "
WITH chosen AS (
    SELECT * FROM run
    WHERE (?1 IS NULL OR id = ?1) AND (?2 IS NULL OR batch_id = ?2) AND (NOT ?3 OR stop IS NULL)
), verdict AS (
    SELECT s.run_id, s.number, s.seconds, e.assurance,
           CASE e.verdict WHEN 'accepted' THEN e.objective_value END AS value,
           CASE e.verdict WHEN 'accepted' THEN e.objective_unit END AS unit,
           CASE e.verdict WHEN 'accepted' THEN e.objective_origin END AS origin,
           coalesce(e.verdict, '') = 'accepted' AS accepted
    FROM chosen
    JOIN step AS s ON s.run_id = chosen.id
    LEFT JOIN candidate AS c ON c.step_id = s.id
    LEFT JOIN evaluation AS e ON e.id = c.evaluation_id
), total AS (
    SELECT run_id, count(*) AS steps, sum(accepted) AS accepted, sum(seconds) AS seconds,
           max(CASE number WHEN 0 THEN value END) AS baseline
    FROM verdict GROUP BY run_id
), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY run_id ORDER BY value, number) AS place
    FROM verdict WHERE value IS NOT NULL
)
SELECT r.id, r.batch_id, t.task, r.device, r.strategy, r.coder, r.judge, r.stop, r.started_ms, r.ended_ms,
       coalesce(total.steps, 0) AS steps, coalesce(total.accepted, 0) AS accepted, coalesce(total.seconds, 0.0) AS seconds,
       total.baseline, best.number AS best, best.value AS best_value, best.unit, best.origin, best.assurance AS best_assurance
FROM chosen AS r
JOIN task_snapshot AS t ON t.id = r.task_snapshot_id
LEFT JOIN total ON total.run_id = r.id
LEFT JOIN ranked AS best ON best.run_id = r.id AND best.place = 1
ORDER BY r.id";

#[derive(FromRow)]
struct StoredRun {
    id: i64,
    batch_id: Option<i64>,
    task: String,
    device: String,
    strategy: String,
    coder: String,
    judge: String,
    stop: Option<String>,
    started_ms: i64,
    ended_ms: Option<i64>,
    steps: u32,
    accepted: u32,
    seconds: f64,
    baseline: Option<f64>,
    best: Option<u32>,
    best_value: Option<f64>,
    unit: Option<String>,
    origin: Option<String>,
    best_assurance: Option<String>,
}

impl From<StoredRun> for RunSummary {
    fn from(row: StoredRun) -> Self {
        Self {
            id: RunId(row.id),
            batch: row.batch_id.map(BatchId),
            task: row.task,
            device: row.device,
            strategy: row.strategy,
            coder: row.coder,
            judge: row.judge,
            state: if row.stop.is_some() { RunState::Finished } else { RunState::Unfinished },
            stop: row.stop,
            steps: row.steps,
            accepted: row.accepted,
            baseline: row.baseline,
            best: row.best,
            best_value: row.best_value,
            unit: row.unit,
            origin: row.origin,
            best_assurance: row.best_assurance,
            seconds: row.seconds,
            started_ms: row.started_ms,
            ended_ms: row.ended_ms,
        }
    }
}

#[derive(FromRow)]
struct StoredBatch {
    id: i64,
    suite: String,
    jobs: u32,
    runs: u32,
    finished: u32,
    started_ms: i64,
    ended_ms: Option<i64>,
}

impl From<StoredBatch> for BatchSummary {
    fn from(row: StoredBatch) -> Self {
        Self {
            id: BatchId(row.id),
            suite: row.suite,
            jobs: row.jobs,
            runs: row.runs,
            finished: row.finished,
            started_ms: row.started_ms,
            ended_ms: row.ended_ms,
        }
    }
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

    /// All runs, oldest first.
    pub async fn runs(&self) -> Result<Vec<RunSummary>, StoreError> {
        self.summaries(None, None, false).await
    }

    /// The runs that have not ended, oldest first.
    pub async fn unfinished_runs(&self) -> Result<Vec<RunSummary>, StoreError> {
        self.summaries(None, None, true).await
    }

    /// One run.
    pub async fn run(&self, run: RunId) -> Result<RunSummary, StoreError> {
        let found = self.summaries(Some(run), None, false).await?;
        found.into_iter().next().ok_or_else(|| self.no("run", run.to_string()))
    }

    /// All batches, oldest first.
    pub async fn batches(&self) -> Result<Vec<BatchSummary>, StoreError> {
        self.batch_rows(None).await
    }

    /// One batch and its runs.
    pub async fn batch(&self, batch: BatchId) -> Result<(BatchSummary, Vec<RunSummary>), StoreError> {
        let found = self.batch_rows(Some(batch)).await?;
        let summary = found.into_iter().next().ok_or_else(|| self.no("batch", batch.to_string()))?;
        Ok((summary, self.summaries(None, Some(batch), false).await?))
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

    async fn summaries(
        &self,
        run: Option<RunId>,
        batch: Option<BatchId>,
        unfinished: bool,
    ) -> Result<Vec<RunSummary>, StoreError> {
        let result = async {
            let rows: Vec<StoredRun> = sqlx::query_as(RUNS)
                .bind(run.map(|r| r.0))
                .bind(batch.map(|b| b.0))
                .bind(unfinished)
                .fetch_all(&self.pool)
                .await?;
            Ok(rows.into_iter().map(RunSummary::from).collect())
        };
        self.located(result.await)
    }

    async fn batch_rows(&self, batch: Option<BatchId>) -> Result<Vec<BatchSummary>, StoreError> {
        let result = async {
            let rows: Vec<StoredBatch> = sqlx::query_as(
                "SELECT b.id, b.suite, b.jobs, b.started_ms, b.ended_ms, count(r.id) AS runs, count(r.stop) AS finished
                 FROM batch AS b LEFT JOIN run AS r ON r.batch_id = b.id
                 WHERE ?1 IS NULL OR b.id = ?1 GROUP BY b.id ORDER BY b.id",
            )
            .bind(batch.map(|b| b.0))
            .fetch_all(&self.pool)
            .await?;
            Ok(rows.into_iter().map(BatchSummary::from).collect())
        };
        self.located(result.await)
    }
}

async fn steps(connection: &mut SqliteConnection, run: RunId) -> Result<Vec<StepRecord>, StoreError> {
    let rows: Vec<StoredStep> = sqlx::query_as(
        "SELECT s.id, s.number, s.kind, s.parent, s.note, s.seconds,
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
            Ok(StepRecord { number, step, judgement, candidate, note: row.note, seconds: row.seconds })
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
           AND e.verdict != 'inconclusive'
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
