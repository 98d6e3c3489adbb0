//! `kernsmith eval TASK FILE`: one verdict on one source file.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Failed};
use super::workshop::{device, start_pool, store_failed};
use super::{Places, say};
use crate::candidate::{MAX_SOURCE_BYTES, digest};
use crate::numbers::number;
use crate::store::Store;
use crate::target::{Evaluation, Plan, Reason, StageName, StageStatus, failure_line};
use crate::task::TaskRoot;
use crate::worker::pool::Job;

/// Arguments.
#[derive(Args)]
pub struct Eval {
    /// Task: a folder, a task.toml or a name such as verilog/mul8
    task: String,
    /// Source file of the candidate
    file: PathBuf,
    /// Print the evaluation as JSON, and nothing else
    #[arg(long)]
    json: bool,
    /// Print every stage's log: warnings, the proof, cells by type, the critical path
    #[arg(long, conflicts_with = "json")]
    log: bool,
    /// Leave the work folder (netlists, miter, tool commands) in DIR; implies --fresh
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Run the tools even if the store knows the verdict
    #[arg(long)]
    fresh: bool,
    /// Where it is measured [default: osu018 for Verilog, sim:h100 for CUDA]
    #[arg(long)]
    device: Option<String>,
    /// Seed of the stimulus [default: a fresh one]; implies --fresh
    #[arg(long, value_name = "N")]
    check_seed: Option<u64>,
}

/// Runs the command.
pub async fn eval(places: &Places, args: Eval) -> Result<Exit, Failed> {
    let task = TaskRoot(places.tasks.clone()).load(&args.task).map_err(Failed::usage)?;
    let device = device(&task, args.device.as_deref())?;
    let bytes = read(&args.file).map_err(|e| Failed::usage(anyhow::anyhow!("{}: {e}", args.file.display())))?;
    if let Some(keep) = &args.keep {
        std::fs::create_dir_all(keep).map_err(|e| Failed::usage(anyhow::anyhow!("--keep {}: {e}", keep.display())))?;
    }
    // Bytes that are no text become U+FFFD, which the worker rejects by name.
    let source = String::from_utf8_lossy(&bytes);
    let store = Store::open(&places.results).await.map_err(store_failed)?;
    let pool = start_pool(1, std::slice::from_ref(&task)).await?;
    let source_digest = digest(&source);
    let fresh = args.fresh || args.keep.is_some() || args.check_seed.is_some();
    let known = if fresh {
        None
    } else {
        let tools = &pool.abilities().tools(task.target());
        store.cached_evaluation(&task.digest, &source_digest, &device, tools).await.map_err(store_failed)?
    };
    let cached = known.is_some();
    let evaluation = match known {
        Some(evaluation) => evaluation,
        None => {
            let plan = Plan { device, profile_below: None, seed: args.check_seed };
            let job = Job { task: &task, source: &source, plan: &plan, keep: args.keep.as_deref() };
            let evaluation = pool.evaluate(job, |_| {}).await;
            store.store_evaluation(&task.digest, &source_digest, &evaluation).await.map_err(store_failed)?;
            evaluation
        }
    };
    if args.json {
        say(&serde_json::to_string_pretty(&evaluation).map_err(Failed::bug)?);
    } else {
        show(&evaluation, cached, args.log);
    }
    Ok(match evaluation.failure() {
        None if evaluation.accepted() => Exit::Done,
        Some(Reason::ToolMissing) => Exit::ToolMissing,
        Some(Reason::Infrastructure) => Exit::Bug,
        _ => Exit::Rejected,
    })
}

/// Reads one byte more than is looked at: enough to be rejected as too long, however long the file is.
fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(MAX_SOURCE_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn show(evaluation: &Evaluation, cached: bool, log: bool) {
    for stage in &evaluation.stages {
        let status = match (stage.status, stage.reason) {
            (StageStatus::Failed, Some(reason)) => format!("FAILED   {reason}"),
            (StageStatus::Skipped, _) => "skipped".into(),
            _ => "ok".into(),
        };
        say(&format!("{:<8} {:>6.2} s  {status}", stage.stage.as_str(), stage.seconds));
        // What a simulated GPU explains is what one asks it for.
        let explains = evaluation.device.starts_with("sim:") && stage.stage > StageName::Check;
        if log || explains || stage.status != StageStatus::Ok {
            stage.log.trim_end().lines().for_each(|line| say(&format!("           {line}")));
        }
    }
    let width = evaluation.metrics.iter().map(|m| m.name.len()).max().unwrap_or(0).max(18);
    for metric in &evaluation.metrics {
        let samples: Vec<String> = metric.samples.iter().map(|s| number(*s)).collect();
        let samples = if samples.is_empty() { String::new() } else { format!("  samples {}", samples.join(" ")) };
        say(&format!(
            "  {:<width$} {:>12} {:<7} {}{samples}",
            metric.name,
            number(metric.value),
            metric.unit,
            metric.origin.as_str()
        ));
    }
    let cached = if cached { " (from the store; --fresh runs the tools again)" } else { "" };
    match (&evaluation.objective, &evaluation.assurance) {
        (Some(o), Some(a)) if evaluation.accepted() => {
            say(&format!("accepted, {a}: {} = {} {} ({}){cached}", o.name, number(o.value), o.unit, o.origin.as_str()));
        }
        _ => {
            let reason = evaluation.failure().map_or("unknown", |r| r.as_str());
            say(&format!("rejected: {reason}: {}{cached}", failure_line(evaluation).unwrap_or_default()));
        }
    }
}
