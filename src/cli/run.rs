//! `kernsmith run TASK` and `kernsmith resume RUN`: one search on one task, from its beginning or from where it was cut off.

use clap::Args;

use super::exit::{Exit, Failed};
use super::workshop::{self, SearchOptions, ShowOptions, store_failed};
use super::{Places, error, say};
use crate::run::batch;
use crate::run::driver::{Driver, Outcome};
use crate::search::strategy::StopReason;
use crate::store::RunId;
use crate::target::Reason;
use crate::task::{Task, TaskRoot};

/// Arguments of `run`.
#[derive(Args)]
pub struct Run {
    /// Task: a folder, a task.toml or a name such as verilog/mul8
    task: String,
    #[command(flatten)]
    search: SearchOptions,
    #[command(flatten)]
    show: ShowOptions,
}

/// Arguments of `resume`.
#[derive(Args)]
pub struct Resume {
    /// Run, for instance r12
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    run: Option<RunId>,
    /// Every run that has not ended
    #[arg(long)]
    all: bool,
    /// Runs at once
    #[arg(long, default_value_t = 1, value_name = "N")]
    jobs: usize,
    #[command(flatten)]
    show: ShowOptions,
}

/// `kernsmith run`.
pub async fn run(places: &Places, args: Run) -> Result<Exit, Failed> {
    let limits = args.search.limits()?;
    let task = TaskRoot(places.tasks.clone()).load(&args.task).map_err(Failed::usage)?;
    let device = args.search.device(&task)?;
    let store = workshop::open_store(places).await?;
    let driver = workshop::open(places, store, 1, args.show.sink(false), std::slice::from_ref(&task)).await?;
    let settings = workshop::settings(&limits, args.search.seed(), device, &task, driver.pool.abilities());
    let run = batch::create(&driver, None, &task, &settings).await.map_err(store_failed)?;
    let exit = drive(&driver, run, &task).await?;
    if !args.show.json() {
        where_it_is(places, run, &task);
    }
    Ok(exit)
}

/// `kernsmith resume`.
pub async fn resume(places: &Places, args: Resume) -> Result<Exit, Failed> {
    let store = workshop::open_store(places).await?;
    let Some(run) = args.run else {
        let (mut runs, mut tasks) = (Vec::new(), Vec::new());
        for summary in store.unfinished_runs().await.map_err(store_failed)? {
            tasks.push(store.task(summary.id).await.map_err(store_failed)?);
            runs.push(summary.id);
        }
        if runs.is_empty() {
            nothing_to_resume(&args.show, "every run has ended");
            return Ok(Exit::Done);
        }
        let driver = workshop::open(places, store, args.jobs, args.show.sink(true), &tasks).await?;
        let runs = runs.into_iter().zip(tasks).collect();
        let ended = tokio::select! {
            ended = batch::drive_all(&driver, runs, args.jobs) => ended,
            _ = tokio::signal::ctrl_c() => return Err(interrupted("kernsmith resume --all")),
        };
        return match ended.into_iter().find_map(|e| e.error) {
            Some(error) => Err(store_failed(error)),
            None => Ok(Exit::Done),
        };
    };
    let summary = store.run(run).await.map_err(store_failed)?;
    if let Some(stop) = &summary.stop {
        nothing_to_resume(&args.show, &format!("{run} has ended ({stop})"));
        return Ok(Exit::Done);
    }
    let task = store.task(run).await.map_err(store_failed)?;
    let driver = workshop::open(places, store, 1, args.show.sink(false), std::slice::from_ref(&task)).await?;
    let exit = drive(&driver, run, &task).await?;
    if !args.show.json() {
        where_it_is(places, run, &task);
    }
    Ok(exit)
}

/// With --json, standard output holds events and nothing else.
fn nothing_to_resume(show: &ShowOptions, why: &str) {
    let text = format!("{why}: nothing to resume");
    if show.json() { error(&text) } else { say(&text) }
}

async fn drive(driver: &Driver, run: RunId, task: &Task) -> Result<Exit, Failed> {
    let outcome = tokio::select! {
        outcome = driver.drive(run, task) => outcome.map_err(store_failed)?,
        // Dropping the drive kills the worker; the step in flight is done again on resume.
        _ = tokio::signal::ctrl_c() => return Err(interrupted(&format!("kernsmith resume {run}"))),
    };
    exit_of(&outcome)
}

/// A search that found something accepted is done, whether or not it beat the baseline.
fn exit_of(outcome: &Outcome) -> Result<Exit, Failed> {
    if outcome.history.best().is_some() {
        return Ok(Exit::Done);
    }
    let baseline = outcome.history.candidate(0).and_then(|c| c.evaluation.as_ref());
    if outcome.stop == StopReason::Budget && baseline.is_none() {
        return Ok(Exit::Budget);
    }
    match baseline.and_then(|e| Some((e.failure()?, e.failed_stage()?))) {
        Some((Reason::ToolMissing, stage)) => {
            Err(Failed { exit: Exit::ToolMissing, error: anyhow::anyhow!("{}", stage.log.trim()) })
        }
        Some((reason, stage)) => {
            let error = anyhow::anyhow!("the baseline was rejected ({reason}):\n{}", stage.log.trim());
            Err(Failed { exit: Exit::Rejected, error })
        }
        None => Ok(Exit::Rejected),
    }
}

/// What a person types next after an interruption.
pub fn interrupted(next: &str) -> Failed {
    let error = anyhow::anyhow!("interrupted; everything up to the last verdict is stored: `{next}` carries on");
    Failed { exit: Exit::Usage, error }
}

fn where_it_is(places: &Places, run: RunId, task: &Task) {
    let results = places.results.display();
    say(&format!("database  {results}/kernsmith.db"));
    say(&format!("lineage   git -C {results}/history.git log --graph --oneline --glob=refs/runs/{run}"));
    say(&format!("best      git -C {results}/history.git show {run}:{}", task.target().file("candidate")));
    say(&format!("report    kernsmith report {run}"));
}
