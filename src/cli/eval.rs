//! `kernsmith eval TASK FILE`: one verdict on one source file.

use std::path::PathBuf;

use clap::Args;

use super::exit::{Exit, Failed};
use super::{Places, say};
use crate::target::verilog::Plan;
use crate::task::TaskRoot;
use crate::worker::pool::{Job, Pool};

/// Arguments.
#[derive(Args)]
pub struct Eval {
    /// Task: a folder, a task.toml or a name such as verilog/mul8
    task: String,
    /// Source file of the candidate
    file: PathBuf,
    /// Print the evaluation as JSON
    #[arg(long)]
    json: bool,
    /// Leave the work folder (netlists, miter, tool commands) in DIR
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// Runs the command.
pub async fn eval(places: &Places, args: Eval) -> Result<Exit, Failed> {
    let task = TaskRoot(places.tasks.clone()).load(&args.task).map_err(Failed::usage)?;
    let bytes =
        std::fs::read(&args.file).map_err(|e| Failed::usage(anyhow::anyhow!("{}: {e}", args.file.display())))?;
    // Bytes that are no text become U+FFFD, which the worker rejects by name.
    let source = String::from_utf8_lossy(&bytes);
    let program = std::env::current_exe().map_err(Failed::bug)?;
    let pool = Pool::start(&program, 1).await.map_err(Failed::bug)?;
    let plan = Plan { profile_below: None, seed: None };
    let job = Job { task: &task, source: &source, plan: &plan, keep: args.keep.as_deref() };
    let evaluation = pool.evaluate(job, |_| {}).await;
    say(&serde_json::to_string_pretty(&evaluation).map_err(Failed::bug)?);
    let _ = args.json;
    Ok(if evaluation.accepted() { Exit::Done } else { Exit::Rejected })
}
