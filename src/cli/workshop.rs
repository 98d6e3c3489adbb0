//! What the commands that search share: their options, and opening store, lineage, workers and agents.

use std::sync::Arc;

use clap::Args;

use super::Places;
use super::exit::{Exit, Failed};
use crate::agent::builtin::{BuiltinCoder, BuiltinJudge, Library};
use crate::run::batch::RunSettings;
use crate::run::driver::Driver;
use crate::run::sink::{JsonLines, Lines, Progress, Sink, stdout};
use crate::search::history::SearchLimits;
use crate::search::refine::Refine;
use crate::store::{Environment, Lineage, Store, StoreError};
use crate::target::TargetName;
use crate::task::Task;
use crate::worker::pool::{Abilities, Pool};

/// Limits of a search.
#[derive(Args, Clone, Debug)]
pub struct SearchOptions {
    /// Largest number of steps after the baseline
    #[arg(long, default_value_t = 24, value_name = "N")]
    rounds: u32,
    /// Stop after N steps without a better candidate (0: never)
    #[arg(long, default_value_t = 12, value_name = "N")]
    plateau: u32,
    /// Repairs of a broken candidate before going back to the best
    #[arg(long, default_value_t = 2, value_name = "N")]
    repairs: u32,
    /// Stop after M minutes of work
    #[arg(long, value_name = "M")]
    max_minutes: Option<f64>,
    /// Seed of the search (agents that draw use it; the stimulus of checks is always fresh)
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    /// Where candidates are measured [default: osu018 for Verilog, sim:h100 for CUDA]
    #[arg(long)]
    device: Option<String>,
    /// Who writes candidates; known: builtin
    #[arg(long, default_value = "builtin")]
    coder: String,
    /// Who judges them; known: builtin
    #[arg(long, default_value = "builtin")]
    judge: String,
    /// How the search decides; known: refine
    #[arg(long, default_value = "refine")]
    strategy: String,
}

/// How a search is shown.
#[derive(Args, Clone, Debug)]
pub struct ShowOptions {
    /// One JSON object per event on standard output, and nothing else
    #[arg(long)]
    json: bool,
    /// How much to tell
    #[arg(long, value_enum, default_value = "steps")]
    progress: Progress,
}

impl ShowOptions {
    /// True if only JSON may be printed.
    pub fn json(&self) -> bool {
        self.json
    }

    /// The sink for these options.
    pub fn sink(&self, several_runs: bool) -> Arc<dyn Sink> {
        if self.json {
            Arc::new(JsonLines::new(stdout()))
        } else {
            Arc::new(Lines::new(stdout(), self.progress, several_runs))
        }
    }
}

impl SearchOptions {
    /// Checks names and numbers.
    pub fn limits(&self) -> Result<SearchLimits, Failed> {
        let known = [
            ("--coder", self.coder.as_str(), "builtin"),
            ("--judge", &self.judge, "builtin"),
            ("--strategy", &self.strategy, "refine"),
        ];
        for (flag, given, only) in known {
            if given != only {
                return Err(Failed::usage(anyhow::anyhow!("{flag} {given} is not known; known: {only}")));
            }
        }
        if let Some(minutes) = self.max_minutes
            && !(minutes.is_finite() && minutes > 0.0)
        {
            return Err(Failed::usage(anyhow::anyhow!("--max-minutes {minutes} is not a positive number")));
        }
        Ok(SearchLimits {
            rounds: self.rounds,
            plateau: (self.plateau > 0).then_some(self.plateau),
            repairs: self.repairs,
            minutes: self.max_minutes,
        })
    }

    /// The device for a task.
    pub fn device(&self, task: &Task) -> Result<String, Failed> {
        device(task, self.device.as_deref())
    }

    /// The run's seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// The device that `--device` asks for, or the default of the task's target.
pub fn device(task: &Task, asked: Option<&str>) -> Result<String, Failed> {
    let device = task.target().device(asked);
    device.map(String::from).map_err(|e| Failed::usage(anyhow::anyhow!("--device {e} ({})", task.id)))
}

/// Starts the worker pool; an error that says how to mend it if tools for one of the tasks are missing.
pub async fn start_pool(jobs: usize, tasks: &[Task]) -> Result<Pool, Failed> {
    let program = std::env::current_exe().map_err(Failed::bug)?;
    let pool = Pool::start(&program, jobs).await.map_err(Failed::bug)?;
    let needed = TargetName::ALL.into_iter().filter(|target| tasks.iter().any(|t| t.target() == *target));
    let missing: Vec<_> = needed.flat_map(|target| pool.abilities().missing(target)).collect();
    if missing.is_empty() {
        return Ok(pool);
    }
    let lines: Vec<String> = missing.iter().map(|(what, how)| format!("  {what}: {how}")).collect();
    let error = anyhow::anyhow!("tools are missing; `scripts/setup` installs all of them, or:\n{}", lines.join("\n"));
    Err(Failed { exit: Exit::ToolMissing, error })
}

/// An error of the store is the user's to mend, whatever it is: the message says how.
pub fn store_failed(error: StoreError) -> Failed {
    Failed::usage(error)
}

/// Opens the results folder for writing.
pub async fn open_store(places: &Places) -> Result<Store, Failed> {
    Store::open(&places.results).await.map_err(store_failed)
}

/// Opens everything else that a search on these tasks needs.
pub async fn open(
    places: &Places,
    store: Store,
    jobs: usize,
    sink: Arc<dyn Sink>,
    tasks: &[Task],
) -> Result<Driver, Failed> {
    let lineage = Lineage::open(&places.results).map_err(store_failed)?;
    let library = Arc::new(Library::load(&places.kernels).map_err(Failed::usage)?);
    let pool = start_pool(jobs, tasks).await?;
    Ok(Driver {
        store,
        lineage: Arc::new(lineage),
        pool: Arc::new(pool),
        judge: Arc::new(BuiltinJudge::new(Arc::clone(&library))),
        coder: Arc::new(BuiltinCoder::new(library)),
        strategy: Arc::new(Refine),
        sink,
    })
}

/// The settings of a new run on this machine.
pub fn settings(limits: &SearchLimits, seed: u64, device: String, task: &Task, abilities: &Abilities) -> RunSettings {
    RunSettings { limits: limits.clone(), seed, device, environment: environment(abilities, task.target()) }
}

fn environment(abilities: &Abilities, target: TargetName) -> Environment {
    let system = rustix::system::uname();
    let text = |s: &std::ffi::CStr| s.to_string_lossy().into_owned();
    Environment {
        host: text(system.nodename()),
        os: format!("{} {} {}", text(system.sysname()), text(system.release()), text(system.machine())),
        kernsmith_version: env!("CARGO_PKG_VERSION").into(),
        tool_versions: abilities.tools(target),
        sandbox: abilities.layers.clone(),
    }
}
