//! A run per task of a suite, several at once. A task that fails ends its own run and no other.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::driver::Driver;
use super::event::{Event, RunEvent};
use crate::search::history::SearchLimits;
use crate::store::{BatchId, Environment, NewRun, RunId, StoreError, now_ms};
use crate::task::Task;

/// How a run is made.
#[derive(Debug, Clone)]
pub struct RunSettings {
    /// Limits.
    pub limits: SearchLimits,
    /// Seed.
    pub seed: u64,
    /// Where candidates are measured, one of the target's devices.
    pub device: String,
    /// Where it runs.
    pub environment: Environment,
}

/// Stores a new run and answers its number.
pub async fn create(
    driver: &Driver,
    batch: Option<BatchId>,
    task: &Task,
    settings: &RunSettings,
) -> Result<RunId, StoreError> {
    driver
        .store
        .create_run(NewRun {
            batch,
            task,
            device: &settings.device,
            strategy: driver.strategy.name(),
            coder: &driver.coder.name(),
            judge: &driver.judge.name(),
            limits: &settings.limits,
            seed: settings.seed,
            environment: &settings.environment,
        })
        .await
}

/// What became of one run.
#[derive(Debug)]
pub struct Ended {
    /// Task id.
    pub task: String,
    /// The run, if it could be created.
    pub run: Option<RunId>,
    /// The error that ended it.
    pub error: Option<StoreError>,
}

/// Drives the runs, `jobs` at once, and waits for all of them.
pub async fn drive_all(driver: &Driver, runs: Vec<(RunId, Task)>, jobs: usize) -> Vec<Ended> {
    let slots = Arc::new(Semaphore::new(jobs.max(1)));
    let mut work = JoinSet::new();
    for (run, task) in runs {
        let (driver, slots) = (driver.clone(), Arc::clone(&slots));
        work.spawn(async move {
            // The semaphore is never closed.
            let _slot = slots.acquire_owned().await;
            let error = driver.drive(run, &task).await.err();
            if let Some(error) = &error {
                driver.sink.show(&Event {
                    time_ms: now_ms(),
                    run: run.to_string(),
                    task: task.id.clone(),
                    kind: RunEvent::RunFailed { message: error.to_string() },
                });
            }
            Ended { task: task.id, run: Some(run), error }
        });
    }
    let mut ended = Vec::new();
    while let Some(result) = work.join_next().await {
        if let Ok(one) = result {
            ended.push(one);
        }
    }
    ended
}
