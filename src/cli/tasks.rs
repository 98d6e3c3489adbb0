//! `kernsmith tasks list|show|vet`.

use clap::{Args, Subcommand};

use super::exit::{Exit, Failed};
use super::workshop::start_pool;
use super::{Places, error, say};
use crate::run::vet;
use crate::task::{Contract, CudaTask, Direction, TaskKind, TaskRoot, VerilogTask, suite};

/// Arguments.
#[derive(Args)]
pub struct Tasks {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Every task and suite
    List,
    /// One task in full
    Show {
        /// Task
        task: String,
    },
    /// Is the reference sound, and would the check notice a mistake?
    Vet {
        /// Tasks; none: all of them
        tasks: Vec<String>,
        /// Tasks at once
        #[arg(long, default_value_t = 2, value_name = "N")]
        jobs: usize,
        /// Only evaluate the references
        #[arg(long)]
        no_mutants: bool,
        /// Leave each reference's work folder (with commands.sh) below DIR
        #[arg(long, value_name = "DIR")]
        keep: Option<std::path::PathBuf>,
    },
}

/// Runs the command.
pub async fn tasks(places: &Places, args: Tasks) -> Result<Exit, Failed> {
    let root = TaskRoot(places.tasks.clone());
    if matches!(&args.command, Command::List) || matches!(&args.command, Command::Vet { tasks, .. } if tasks.is_empty())
    {
        std::fs::read_dir(&root.0)
            .map_err(|e| Failed::usage(anyhow::anyhow!("{}: {e}; --tasks names another folder", root.0.display())))?;
    }
    match args.command {
        Command::List => list(&root),
        Command::Show { task } => show(&root, &task),
        Command::Vet { tasks, jobs, no_mutants, keep } => {
            let names = if tasks.is_empty() { root.names() } else { tasks };
            let mut loaded = Vec::new();
            let mut sound = true;
            for name in names {
                match root.load(&name) {
                    Ok(task) => loaded.push(task),
                    Err(e) => {
                        error(&e.to_string());
                        sound = false;
                    }
                }
            }
            let pool = std::sync::Arc::new(start_pool(jobs, &loaded).await?);
            let started = std::time::Instant::now();
            let mut findings = vet::vet_all(&pool, loaded, jobs, !no_mutants, keep).await;
            findings.sort_by(|a, b| a.task.cmp(&b.task));
            let (mut total, mut tools) = (0.0, 0.0);
            for finding in &findings {
                sound &= finding.sound();
                say(&finding.to_string());
                for stage in &finding.reference.stages {
                    total += stage.seconds;
                    tools += stage.tool_seconds;
                }
            }
            say(&format!(
                "{} references in {:.1} s; tools {tools:.1} s, everything else {:.1} s ({:.1} % of the tools' time)",
                findings.len(),
                started.elapsed().as_secs_f64(),
                total - tools,
                100.0 * (total - tools) / tools.max(f64::MIN_POSITIVE)
            ));
            Ok(if sound { Exit::Done } else { Exit::Rejected })
        }
    }
}

fn list(root: &TaskRoot) -> Result<Exit, Failed> {
    let mut broken = false;
    for name in root.names() {
        match root.load(&name) {
            Ok(task) => say(&format!(
                "{:<22} {:<14} {:<40} {}",
                task.id,
                task.verilog().map_or("", |v| v.contract.as_str()),
                task.objective.minimise.to_string(),
                task.summary
            )),
            Err(e) => {
                broken = true;
                error(&e.to_string());
            }
        }
    }
    for name in suite::names(root) {
        match suite::load(root, &name) {
            Ok(suite) => say(&format!("suite {:<16} {:>3} tasks  {}", suite.name, suite.tasks.len(), suite.summary)),
            Err(e) => {
                broken = true;
                error(&e.to_string());
            }
        }
    }
    Ok(if broken { Exit::Usage } else { Exit::Done })
}

fn show(root: &TaskRoot, name: &str) -> Result<Exit, Failed> {
    let task = root.load(name).map_err(Failed::usage)?;
    say(&format!("{}\n{}\nsource     {}\noperation  {}", task.id, task.summary, task.source, task.operation));
    say(&format!("objective  {} ({})", task.objective.minimise, task.objective.minimise.unit()));
    for (metric, limit) in &task.objective.limits {
        say(&format!("limit      {metric} <= {limit}"));
    }
    match &task.kind {
        TaskKind::Verilog(verilog) => show_verilog(verilog),
        TaskKind::Cuda(cuda) => show_cuda(cuda),
    }
    say(&format!("digest     {}\n\n{}", task.digest, task.reference.trim_end()));
    Ok(Exit::Done)
}

fn show_cuda(cuda: &CudaTask) {
    for (name, shape) in &cuda.shapes {
        let values: Vec<String> = shape.iter().map(|(symbol, value)| format!("{symbol} = {value}")).collect();
        say(&format!("shape      {name:<10} {}", values.join(", ")));
    }
    for buffer in &cuda.buffers {
        let dims: Vec<&str> = buffer.dims.iter().map(|d| d.as_str()).collect();
        say(&format!("{:<10} {} {} [{}]", buffer.role.as_str(), buffer.name, buffer.dtype.as_str(), dims.join(", ")));
    }
    for scalar in &cuda.scalars {
        say(&format!("scalar     {} {} = {}", scalar.name, scalar.dtype.as_str(), scalar.value));
    }
    let check = &cuda.check;
    let stress: Vec<&str> = check.stress.iter().map(|s| s.as_str()).collect();
    say(&format!(
        "check      {} seeds over {}; rtol {}, atol {}; stress: {}",
        check.trials,
        check.shapes.join(", "),
        check.rtol,
        check.atol,
        if stress.is_empty() { "none".to_string() } else { stress.join(", ") }
    ));
    let measure = &cuda.measure;
    say(&format!(
        "measure    {}: bytes {}, flops {}, peak {}",
        measure.shape,
        measure.bytes,
        measure.flops,
        measure.peak.as_str()
    ));
}

fn show_verilog(verilog: &VerilogTask) {
    say(&format!("period     {} ns", verilog.clock_ns));
    let latency = match &verilog.contract {
        Contract::Pipeline { max_latency } | Contract::Transaction { max_latency, .. } => {
            format!(", at most {max_latency} cycles")
        }
        _ => String::new(),
    };
    say(&format!("contract   {}{latency}", verilog.contract.as_str()));
    if let Some(clock) = &verilog.clock {
        say(&format!("clock      {clock}"));
    }
    if let Some(reset) = &verilog.reset {
        say(&format!("reset      {} (active {:?}, synchronous)", reset.port, reset.active));
    }
    for port in &verilog.ports {
        let direction = if port.direction == Direction::Input { "input" } else { "output" };
        let when = port.when.as_ref().map_or(String::new(), |w| format!(", compared when {w}"));
        say(&format!(
            "{direction:<10} {} [{} bits{}]{when}",
            port.name,
            port.width,
            if port.signed { ", signed" } else { "" }
        ));
    }
    say(&format!(
        "check      {} vectors, {} s per proof engine, {} restricted cases",
        verilog.vectors,
        verilog.proof_seconds,
        verilog.cases.len()
    ));
}
