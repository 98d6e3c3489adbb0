//! `kernsmith batch SUITE`: a run per task, several at once, and the table at the end.

use clap::Args;

use super::exit::{Exit, Failed};
use super::run::interrupted;
use super::workshop::{self, SearchOptions, ShowOptions, store_failed};
use super::{Places, error, say};
use crate::numbers;
use crate::run::batch::{create, drive_all};
use crate::store::RunSummary;
use crate::task::{TaskRoot, suite};

/// Arguments.
#[derive(Args)]
pub struct Batch {
    /// Suite: a name such as verilog-quick, or a file
    suite: String,
    /// Runs at once
    #[arg(long, default_value_t = 2, value_name = "N")]
    jobs: usize,
    #[command(flatten)]
    search: SearchOptions,
    #[command(flatten)]
    show: ShowOptions,
}

/// Runs the command.
pub async fn batch(places: &Places, args: Batch) -> Result<Exit, Failed> {
    let limits = args.search.limits()?;
    let root = TaskRoot(places.tasks.clone());
    let suite = suite::load(&root, &args.suite).map_err(Failed::usage)?;
    let mut tasks = Vec::new();
    let mut broken = 0;
    for id in &suite.tasks {
        match root.load(id) {
            Ok(task) => tasks.push(task),
            Err(e) => {
                error(&format!("{id} is left out: {e}"));
                broken += 1;
            }
        }
    }
    // The largest begin first, so that no long one is left for the end.
    tasks.sort_by_key(|t| std::cmp::Reverse(t.weight()));
    let devices = tasks.iter().map(|task| args.search.device(task)).collect::<Result<Vec<String>, Failed>>()?;
    let store = workshop::open_store(places).await?;
    let driver = workshop::open(places, store, args.jobs, args.show.sink(true), &tasks).await?;
    let jobs = u32::try_from(args.jobs).unwrap_or(u32::MAX);
    let batch = driver.store.create_batch(&suite.name, jobs).await.map_err(store_failed)?;
    let mut runs = Vec::new();
    for (task, device) in tasks.into_iter().zip(devices) {
        let settings = workshop::settings(&limits, args.search.seed(), device, &task, driver.pool.abilities());
        let run = create(&driver, Some(batch), &task, &settings).await.map_err(store_failed)?;
        runs.push((run, task));
    }
    let ended = tokio::select! {
        ended = drive_all(&driver, runs, args.jobs) => ended,
        _ = tokio::signal::ctrl_c() => return Err(interrupted("kernsmith resume --all")),
    };
    driver.store.finish_batch(batch).await.map_err(store_failed)?;
    let (_, summaries) = driver.store.batch(batch).await.map_err(store_failed)?;
    if !args.show.json() {
        say("");
        table(&summaries);
        say(&format!("report    kernsmith report {batch}"));
    }
    let failed = broken + ended.iter().filter(|e| e.error.is_some()).count();
    let without = summaries.iter().filter(|r| r.best_value.is_none()).count();
    Ok(if failed + without == 0 { Exit::Done } else { Exit::Rejected })
}

/// The table of a batch: one line a run, then the summary. Medians and means are over the runs with a baseline.
pub fn table(runs: &[RunSummary]) {
    say(&format!(
        "{:<22} {:>6} {:>12} {:>12} {:>8}  {:<20} {:>8} {:>8}",
        "task", "run", "baseline", "best", "speedup", "assurance", "accepted", "seconds"
    ));
    let dash = || "–".to_string();
    let show = |v: Option<f64>| v.map_or_else(dash, numbers::number);
    for run in runs {
        say(&format!(
            "{:<22} {:>6} {:>12} {:>12} {:>8}  {:<20} {:>8} {:>8.0}",
            run.task,
            run.id,
            show(run.baseline),
            show(run.best_value),
            run.speedup().map_or_else(dash, |s| format!("{s:.2}x")),
            run.best_assurance.as_ref().map_or_else(dash, ToString::to_string),
            format!("{}/{}", run.accepted, run.steps),
            run.seconds
        ));
    }
    let speedups: Vec<f64> = runs.iter().filter_map(RunSummary::speedup).collect();
    let (Some(median), Some(mean)) = (numbers::median(&speedups), numbers::geometric_mean(&speedups)) else { return };
    let improved = speedups.iter().filter(|s| **s > 1.0).count();
    say(&format!(
        "{improved} of {} tasks improved; speed-up of the objective: median {median:.2}x, geometric mean {mean:.2}x",
        runs.len()
    ));
}
