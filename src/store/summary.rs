//! Runs and batches at a glance, for lists. Reads no sources, logs or metrics.

use sqlx::FromRow;

use super::{BatchId, RunId, Store, StoreError};

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
    /// How far the best candidate is known to be equivalent: `simulated_only`, `tested`, `bounded` or `proved`.
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

impl Store {
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
