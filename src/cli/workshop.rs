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
use crate::target::verilog::DEVICE;
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
    /// Where candidates are measured; known: osu018
    #[arg(long, default_value = DEVICE)]
    device: String,
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
            ("--device", self.device.as_str(), DEVICE),
            ("--coder", &self.coder, "builtin"),
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

    /// The run's seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }
}

/// Starts the worker pool; an error that says how to mend it if tools are missing.
pub async fn start_pool(jobs: usize) -> Result<Pool, Failed> {
    let program = std::env::current_exe().map_err(Failed::bug)?;
    let pool = Pool::start(&program, jobs).await.map_err(Failed::bug)?;
    let missing = &pool.abilities().missing;
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

/// Opens everything that a search needs.
pub async fn open(places: &Places, jobs: usize, sink: Arc<dyn Sink>) -> Result<Driver, Failed> {
    let store = Store::open(&places.results).await.map_err(store_failed)?;
    let lineage = Lineage::open(&places.results).map_err(store_failed)?;
    let library = Arc::new(Library::load(&places.kernels).map_err(Failed::usage)?);
    let pool = start_pool(jobs).await?;
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
pub fn settings(limits: SearchLimits, seed: u64, abilities: &Abilities) -> RunSettings {
    RunSettings { limits, seed, environment: environment(abilities) }
}

fn environment(abilities: &Abilities) -> Environment {
    let system = rustix::system::uname();
    let text = |s: &std::ffi::CStr| s.to_string_lossy().into_owned();
    Environment {
        host: text(system.nodename()),
        os: format!("{} {} {}", text(system.sysname()), text(system.release()), text(system.machine())),
        kernsmith_version: env!("CARGO_PKG_VERSION").into(),
        tool_versions: abilities.tools.clone(),
        sandbox: abilities.layers.clone(),
    }
}
