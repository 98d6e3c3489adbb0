//! What is written: batches, runs, steps, verdicts. Every call is one transaction that has reached the disk when it returns.

use std::collections::BTreeMap;

use sqlx::SqliteConnection;

use super::rows::{fingerprint, list, verdict, word};
use super::{BatchId, Environment, NewRun, RunId, Store, StoreError, now_ms, query, seconds};
use crate::agent::judgement::Judgement;
use crate::search::history::{Candidate, StepRecord};
use crate::target::{Assurance, Evaluation};
use crate::task::Task;

/// What an evaluation is about, beside what it says itself.
struct Subject<'a> {
    task_digest: &'a str,
    source_digest: &'a str,
}

impl Store {
    /// Begins a batch.
    pub async fn create_batch(&self, suite: &str, jobs: u32) -> Result<BatchId, StoreError> {
        let result = async {
            let mut tx = self.write().await?;
            let id = sqlx::query("INSERT INTO batch (suite, jobs, started_ms) VALUES (?1, ?2, ?3)")
                .bind(suite)
                .bind(jobs)
                .bind(now_ms())
                .execute(&mut *tx)
                .await?
                .last_insert_rowid();
            tx.commit().await?;
            Ok(BatchId(id))
        };
        self.located(result.await)
    }

    /// Ends a batch.
    pub async fn finish_batch(&self, batch: BatchId) -> Result<(), StoreError> {
        let result = async {
            let mut tx = self.write().await?;
            let done = sqlx::query("UPDATE batch SET ended_ms = ?2 WHERE id = ?1")
                .bind(batch.0)
                .bind(now_ms())
                .execute(&mut *tx)
                .await?;
            if done.rows_affected() == 0 {
                return Err(self.no("batch", batch.to_string()));
            }
            tx.commit().await?;
            Ok(())
        };
        self.located(result.await)
    }

    /// Begins a run.
    pub async fn create_run(&self, run: NewRun<'_>) -> Result<RunId, StoreError> {
        let result = async {
            let mut tx = self.write().await?;
            let task = task_snapshot(&mut tx, run.task).await?;
            let environment = environment(&mut tx, run.environment).await?;
            let id = sqlx::query(
                "INSERT INTO run (batch_id, task_snapshot_id, environment_id, device, strategy, coder, judge, seed, rounds,
                                  plateau, repairs, minutes, started_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )
            .bind(run.batch.map(|b| b.0))
            .bind(task)
            .bind(environment)
            .bind(run.device)
            .bind(run.strategy)
            .bind(run.coder)
            .bind(run.judge)
            .bind(run.seed.cast_signed())
            .bind(run.limits.rounds)
            .bind(run.limits.plateau)
            .bind(run.limits.repairs)
            .bind(run.limits.minutes)
            .bind(now_ms())
            .execute(&mut *tx)
            .await?
            .last_insert_rowid();
            tx.commit().await?;
            Ok(RunId(id))
        };
        self.located(result.await)
    }

    /// Ends a run, and its batch with the last of its runs. Ending it again replaces the reason: a finished run may be carried on with
    /// higher limits.
    pub async fn finish_run(&self, run: RunId, stop: &str) -> Result<(), StoreError> {
        let result = async {
            let mut tx = self.write().await?;
            let done = sqlx::query("UPDATE run SET stop = ?2, ended_ms = ?3 WHERE id = ?1")
                .bind(run.0)
                .bind(stop)
                .bind(now_ms())
                .execute(&mut *tx)
                .await?;
            if done.rows_affected() == 0 {
                return Err(self.no("run", run.to_string()));
            }
            // Not only left to whoever drives the batch: its runs may be resumed one by one.
            sqlx::query(
                "UPDATE batch SET ended_ms = ?2 WHERE id = (SELECT batch_id FROM run WHERE id = ?1) AND ended_ms IS NULL
                 AND NOT EXISTS (SELECT 1 FROM run WHERE batch_id = batch.id AND stop IS NULL)",
            )
            .bind(run.0)
            .bind(now_ms())
            .execute(&mut *tx)
            .await?;
            tx.commit().await?;
            Ok(())
        };
        self.located(result.await)
    }

    /// Adds a step as the record stands: usually with a judgement and a candidate that has no verdict yet. `started_ms` is when
    /// work on it began. Its number must be the next one.
    pub async fn add_step(&self, run: RunId, record: &StepRecord, started_ms: i64) -> Result<(), StoreError> {
        let result = async {
            let mut tx = self.write().await?;
            let task_digest = self.task_digest(&mut tx, run).await?;
            let next: i64 = sqlx::query_scalar("SELECT coalesce(max(number) + 1, 0) FROM step WHERE run_id = ?1")
                .bind(run.0)
                .fetch_one(&mut *tx)
                .await?;
            if i64::from(record.number) != next {
                let expected = u32::try_from(next).unwrap_or(u32::MAX);
                return Err(StoreError::WrongStep { run, given: record.number, expected });
            }
            // A finished run that goes on is unfinished again, so that a crash from here on does not hide it.
            sqlx::query("UPDATE run SET stop = NULL, ended_ms = NULL WHERE id = ?1 AND stop IS NOT NULL")
                .bind(run.0)
                .execute(&mut *tx)
                .await?;
            let step = sqlx::query(
                "INSERT INTO step (run_id, number, kind, parent, note, started_ms, seconds, exhausted) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            )
            .bind(run.0)
            .bind(record.number)
            .bind(record.step.name())
            .bind(record.step.parent())
            .bind(record.note.as_deref())
            .bind(started_ms)
            .bind(record.seconds)
            .bind(record.exhausted)
            .execute(&mut *tx)
            .await?
            .last_insert_rowid();
            if let Some(judgement) = &record.judgement {
                insert_judgement(&mut tx, step, judgement).await?;
            }
            if let Some(candidate) = &record.candidate {
                insert_candidate(&mut tx, step, &task_digest, candidate).await?;
            }
            tx.commit().await?;
            Ok(())
        };
        self.located(result.await)
    }

    /// Gives a candidate its verdict, the step its seconds and the judgement its outcome. With `cached` the candidate points at
    /// the stored evaluation instead of a copy. A verdict is never replaced, unless it was an infrastructure failure.
    pub async fn add_evaluation(
        &self,
        run: RunId,
        number: u32,
        evaluation: &Evaluation,
        cached: bool,
        step_seconds: f64,
        judgement: Option<&Judgement>,
    ) -> Result<(), StoreError> {
        let result = async {
            let mut tx = self.write().await?;
            let task_digest = self.task_digest(&mut tx, run).await?;
            let found: Option<(i64, i64, String, Option<String>)> = sqlx::query_as(
                "SELECT step.id, candidate.id, candidate.digest, evaluation.verdict
                 FROM step JOIN candidate ON candidate.step_id = step.id
                 LEFT JOIN evaluation ON evaluation.id = candidate.evaluation_id
                 WHERE step.run_id = ?1 AND step.number = ?2",
            )
            .bind(run.0)
            .bind(number)
            .fetch_optional(&mut *tx)
            .await?;
            let Some((step, candidate, digest, old)) = found else {
                return Err(self.no("candidate", format!("{number} of run {run}")));
            };
            if old.is_some_and(|verdict| verdict != "inconclusive") {
                return Err(StoreError::AlreadyEvaluated { run, number });
            }
            let subject = Subject { task_digest: &task_digest, source_digest: &digest };
            let id = evaluation_id(&mut tx, &subject, evaluation, cached).await?;
            sqlx::query("UPDATE candidate SET evaluation_id = ?2, cached = ?3 WHERE id = ?1")
                .bind(candidate)
                .bind(id)
                .bind(cached)
                .execute(&mut *tx)
                .await?;
            sqlx::query("UPDATE step SET seconds = ?2 WHERE id = ?1")
                .bind(step)
                .bind(step_seconds)
                .execute(&mut *tx)
                .await?;
            if let Some(judgement) = judgement {
                delete_judgement(&mut tx, step).await?;
                insert_judgement(&mut tx, step, judgement).await?;
            }
            tx.commit().await?;
            Ok(())
        };
        self.located(result.await)
    }

    /// Stores an evaluation that belongs to no run, so that later runs find it.
    pub async fn store_evaluation(
        &self,
        task_digest: &str,
        source_digest: &str,
        evaluation: &Evaluation,
    ) -> Result<(), StoreError> {
        let result = async {
            let mut tx = self.write().await?;
            evaluation_id(&mut tx, &Subject { task_digest, source_digest }, evaluation, true).await?;
            tx.commit().await?;
            Ok(())
        };
        self.located(result.await)
    }

    async fn task_digest(&self, connection: &mut SqliteConnection, run: RunId) -> Result<String, StoreError> {
        sqlx::query_scalar(
            "SELECT digest FROM run JOIN task_snapshot AS t ON t.id = task_snapshot_id WHERE run.id = ?1",
        )
        .bind(run.0)
        .fetch_optional(connection)
        .await?
        .ok_or_else(|| self.no("run", run.to_string()))
    }

    pub(super) fn no(&self, what: &'static str, id: String) -> StoreError {
        StoreError::NotFound { path: self.database.clone(), what, id }
    }
}

async fn task_snapshot(connection: &mut SqliteConnection, task: &Task) -> Result<i64, StoreError> {
    let known: Option<i64> = sqlx::query_scalar("SELECT id FROM task_snapshot WHERE digest = ?1")
        .bind(&task.digest)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(id) = known {
        return Ok(id);
    }
    let parsed = serde_json::to_string(task)
        .map_err(|e| StoreError::Unreadable { column: "task_snapshot.parsed", value: e.to_string() })?;
    Ok(sqlx::query(
        "INSERT INTO task_snapshot (digest, task, summary, source, operation, objective, manifest, reference, start, testbench, parsed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )
    .bind(&task.digest)
    .bind(&task.id)
    .bind(&task.summary)
    .bind(&task.source)
    .bind(&task.operation)
    .bind(task.objective.minimise.to_string())
    .bind(&task.manifest_text)
    .bind(&task.reference)
    .bind(task.start.as_deref())
    .bind(task.testbench.as_deref())
    .bind(parsed)
    .execute(connection)
    .await?
    .last_insert_rowid())
}

async fn environment(connection: &mut SqliteConnection, environment: &Environment) -> Result<i64, StoreError> {
    let toolset = toolset(&mut *connection, &environment.tool_versions).await?;
    sqlx::query(
        "INSERT INTO environment (host, os, kernsmith_version, toolset_id, sandbox) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO NOTHING",
    )
    .bind(&environment.host)
    .bind(&environment.os)
    .bind(&environment.kernsmith_version)
    .bind(toolset)
    .bind(list(&environment.sandbox))
    .execute(&mut *connection)
    .await?;
    Ok(sqlx::query_scalar(
        "SELECT id FROM environment
         WHERE host = ?1 AND os = ?2 AND kernsmith_version = ?3 AND toolset_id = ?4 AND sandbox = ?5",
    )
    .bind(&environment.host)
    .bind(&environment.os)
    .bind(&environment.kernsmith_version)
    .bind(toolset)
    .bind(list(&environment.sandbox))
    .fetch_one(connection)
    .await?)
}

async fn toolset(connection: &mut SqliteConnection, tools: &BTreeMap<String, String>) -> Result<i64, StoreError> {
    let fingerprint = fingerprint(tools);
    let known: Option<i64> = sqlx::query_scalar("SELECT id FROM toolset WHERE fingerprint = ?1")
        .bind(&fingerprint)
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(id) = known {
        return Ok(id);
    }
    let id = sqlx::query("INSERT INTO toolset (fingerprint) VALUES (?1)")
        .bind(&fingerprint)
        .execute(&mut *connection)
        .await?
        .last_insert_rowid();
    for (name, version) in tools {
        sqlx::query("INSERT INTO tool (toolset_id, name, version) VALUES (?1, ?2, ?3)")
            .bind(id)
            .bind(name)
            .bind(version)
            .execute(&mut *connection)
            .await?;
    }
    Ok(id)
}

async fn insert_candidate(
    connection: &mut SqliteConnection,
    step: i64,
    task_digest: &str,
    candidate: &Candidate,
) -> Result<(), StoreError> {
    let evaluation = match &candidate.evaluation {
        Some(evaluation) => {
            let subject = Subject { task_digest, source_digest: &candidate.digest };
            Some(evaluation_id(&mut *connection, &subject, evaluation, candidate.cached).await?)
        }
        None => None,
    };
    sqlx::query(
        "INSERT INTO candidate (step_id, digest, source, agent, summary, evaluation_id, cached)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(step)
    .bind(&candidate.digest)
    .bind(&candidate.source)
    .bind(&candidate.agent)
    .bind(&candidate.summary)
    .bind(evaluation)
    .bind(candidate.cached)
    .execute(connection)
    .await?;
    Ok(())
}

/// The row of an evaluation: with `shared` an equal one that is there already, otherwise a new one.
async fn evaluation_id(
    connection: &mut SqliteConnection,
    subject: &Subject<'_>,
    evaluation: &Evaluation,
    shared: bool,
) -> Result<i64, StoreError> {
    let toolset = toolset(&mut *connection, &evaluation.tool_versions).await?;
    if shared
        && let Some((id, stored)) = query::cached(
            &mut *connection,
            subject.task_digest,
            subject.source_digest,
            &evaluation.device,
            &fingerprint(&evaluation.tool_versions),
        )
        .await?
        && stored == *evaluation
    {
        return Ok(id);
    }
    insert_evaluation(connection, subject, toolset, evaluation).await
}

async fn insert_evaluation(
    connection: &mut SqliteConnection,
    subject: &Subject<'_>,
    toolset: i64,
    evaluation: &Evaluation,
) -> Result<i64, StoreError> {
    let objective = evaluation.objective.as_ref();
    let (assurance, bound, of, method) = match &evaluation.assurance {
        None => (None, None, None, None),
        Some(Assurance::SimulatedOnly) => (Some("simulated_only"), None, None, None),
        Some(Assurance::Tested { seeds, shapes, detectors }) => {
            (Some("tested"), Some(seeds.cast_signed()), Some(shapes.to_string()), Some(list(detectors)))
        }
        Some(Assurance::Bounded { k, of, method }) => {
            (Some("bounded"), Some(k.cast_signed()), Some(of.clone()), Some(method.clone()))
        }
        Some(Assurance::Proved { method }) => (Some("proved"), None, None, Some(method.clone())),
    };
    let id = sqlx::query(
        "INSERT INTO evaluation (task_digest, source_digest, device, toolset_id, verdict, reason, objective, objective_value,
                                 objective_unit, objective_origin, assurance, assurance_bound, assurance_of, assurance_method,
                                 check_seed, sandbox, evaluated_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
    )
    .bind(subject.task_digest)
    .bind(subject.source_digest)
    .bind(&evaluation.device)
    .bind(toolset)
    .bind(verdict(evaluation))
    .bind(evaluation.failure().map(|r| r.as_str()))
    .bind(objective.map(|o| o.name.as_str()))
    .bind(objective.map(|o| o.value))
    .bind(objective.map(|o| o.unit.as_str()))
    .bind(objective.map(|o| o.origin.as_str()))
    .bind(assurance)
    .bind(bound)
    .bind(of)
    .bind(method)
    .bind(evaluation.check_seed.map(u64::cast_signed))
    .bind(list(&evaluation.sandbox))
    .bind(now_ms())
    .execute(&mut *connection)
    .await?
    .last_insert_rowid();
    for (position, stage) in (0i64..).zip(&evaluation.stages) {
        sqlx::query(
            "INSERT INTO stage (evaluation_id, position, stage, status, reason, seconds, tool_seconds, log)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )
        .bind(id)
        .bind(position)
        .bind(stage.stage.as_str())
        .bind(word(&stage.status))
        .bind(stage.reason.map(|r| r.as_str()))
        .bind(seconds(stage.seconds))
        .bind(seconds(stage.tool_seconds))
        .bind(&stage.log)
        .execute(&mut *connection)
        .await?;
    }
    for (position, metric) in (0i64..).zip(&evaluation.metrics) {
        let metric_id = sqlx::query(
            "INSERT INTO metric (evaluation_id, position, name, value, unit, origin) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )
        .bind(id)
        .bind(position)
        .bind(&metric.name)
        .bind(metric.value)
        .bind(&metric.unit)
        .bind(metric.origin.as_str())
        .execute(&mut *connection)
        .await?
        .last_insert_rowid();
        for (position, sample) in (0i64..).zip(&metric.samples) {
            sqlx::query("INSERT INTO sample (metric_id, position, value) VALUES (?1, ?2, ?3)")
                .bind(metric_id)
                .bind(position)
                .bind(*sample)
                .execute(&mut *connection)
                .await?;
        }
    }
    Ok(id)
}

async fn delete_judgement(connection: &mut SqliteConnection, step: i64) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM evidence WHERE judgement_id IN (SELECT id FROM judgement WHERE step_id = ?1)",
        "DELETE FROM expectation WHERE judgement_id IN (SELECT id FROM judgement WHERE step_id = ?1)",
        "DELETE FROM judgement WHERE step_id = ?1",
    ] {
        sqlx::query(sql).bind(step).execute(&mut *connection).await?;
    }
    Ok(())
}

async fn insert_judgement(
    connection: &mut SqliteConnection,
    step: i64,
    judgement: &Judgement,
) -> Result<(), StoreError> {
    match judgement {
        Judgement::Correction { critical_issue, why_it_matters, minimal_fix_hint } => {
            sqlx::query(
                "INSERT INTO judgement (step_id, kind, critical_issue, why_it_matters, minimal_fix_hint)
                 VALUES (?1, 'correction', ?2, ?3, ?4)",
            )
            .bind(step)
            .bind(critical_issue)
            .bind(why_it_matters)
            .bind(minimal_fix_hint)
            .execute(connection)
            .await?;
        }
        Judgement::Improvement { bottleneck, evidence, method, plan, expect, effort, held } => {
            let id = sqlx::query(
                "INSERT INTO judgement (step_id, kind, bottleneck, method, plan, effort, held)
                 VALUES (?1, 'improvement', ?2, ?3, ?4, ?5, ?6)",
            )
            .bind(step)
            .bind(bottleneck)
            .bind(method)
            .bind(plan)
            .bind(word(effort))
            .bind(*held)
            .execute(&mut *connection)
            .await?
            .last_insert_rowid();
            for (position, item) in (0i64..).zip(evidence) {
                sqlx::query(
                    "INSERT INTO evidence (judgement_id, position, metric, value, reading) VALUES (?1, ?2, ?3, ?4, ?5)",
                )
                .bind(id)
                .bind(position)
                .bind(&item.metric)
                .bind(item.value)
                .bind(&item.reading)
                .execute(&mut *connection)
                .await?;
            }
            for (position, item) in (0i64..).zip(expect) {
                sqlx::query(
                    "INSERT INTO expectation (judgement_id, position, metric, direction, factor) VALUES (?1, ?2, ?3, ?4, ?5)",
                )
                .bind(id)
                .bind(position)
                .bind(&item.metric)
                .bind(word(&item.direction))
                .bind(item.factor)
                .execute(&mut *connection)
                .await?;
            }
        }
    }
    Ok(())
}
