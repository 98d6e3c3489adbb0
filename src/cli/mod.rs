//! The command line: one file a command. Parses, dispatches, and turns every error into a message and an exit code.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::sandbox::limit;

mod batch;
mod doctor;
mod eval;
pub mod exit;
mod nvrtc;
mod report;
mod review;
mod run;
mod tasks;
mod workshop;

use exit::{Exit, Failed};

/// LLM agents make compute kernels faster; hardware tools say by how much, and whether they are still right.
#[derive(Parser)]
#[command(name = "kernsmith", version, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    places: Places,
    #[command(subcommand)]
    command: Command,
}

/// Where things are.
#[derive(Args, Clone, Debug)]
pub struct Places {
    /// Folder of tasks and suites
    #[arg(
        id = "tasks_dir",
        long = "tasks",
        global = true,
        env = "KERNSMITH_TASKS",
        default_value = "tasks",
        value_name = "DIR"
    )]
    tasks: PathBuf,
    /// Folder of the kernel library
    #[arg(
        id = "kernels_dir",
        long = "kernels",
        global = true,
        env = "KERNSMITH_KERNELS",
        default_value = "kernels",
        value_name = "DIR"
    )]
    kernels: PathBuf,
    /// Folder of the database and the history
    #[arg(
        id = "results_dir",
        long = "results",
        global = true,
        env = "KERNSMITH_RESULTS",
        default_value = "results",
        value_name = "DIR"
    )]
    results: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// One search on one task
    Run(run::Run),
    /// A run per task of a suite, several at once
    Batch(batch::Batch),
    /// Carry on where a run was cut off
    Resume(run::Resume),
    /// One verdict on one source file, no agents
    Eval(eval::Eval),
    /// What the database holds, as tables
    Review(review::Review),
    /// A page (HTML), Markdown and CSV about a run or a batch
    Report(report::Report),
    /// List, show and vet tasks
    Tasks(tasks::Tasks),
    /// Tools, versions, sandbox layers, and the command that mends what is missing
    Doctor,
    /// Evaluate candidates for another kernsmith (JSON lines on standard input and output)
    #[command(hide = true)]
    Worker {
        /// Speak on standard input and output
        #[arg(long, required = true)]
        stdio: bool,
    },
    /// Compile one CUDA source in this process
    #[command(hide = true)]
    Nvrtc(nvrtc::Nvrtc),
    /// Limit this process and become PROGRAM
    #[command(hide = true)]
    LimitExec {
        /// Limits as JSON
        limits: String,
        /// Program
        program: String,
        /// Its arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
}

/// Parses the command line and runs the command.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => {
            let _ = e.print();
            return if e.use_stderr() { Exit::Usage } else { Exit::Done }.into();
        }
    };
    let done = match cli.command {
        Command::Worker { .. } => {
            return finish(crate::worker::serve::serve().map(|()| Exit::Done).map_err(Failed::bug));
        }
        Command::LimitExec { limits, program, args } => {
            // Only reached if the program could not be started.
            error(&limit::exec_limited(&limits, &program, &args));
            return ExitCode::from(127);
        }
        Command::Nvrtc(args) => nvrtc::nvrtc(&args),
        Command::Run(args) => block_on(run::run(&cli.places, args)),
        Command::Batch(args) => block_on(batch::batch(&cli.places, args)),
        Command::Resume(args) => block_on(run::resume(&cli.places, args)),
        Command::Eval(args) => block_on(eval::eval(&cli.places, args)),
        Command::Review(args) => block_on(review::review(&cli.places, args)),
        Command::Report(args) => block_on(report::report(&cli.places, args)),
        Command::Tasks(args) => block_on(tasks::tasks(&cli.places, args)),
        Command::Doctor => block_on(doctor::doctor(&cli.places)),
    };
    finish(done)
}

fn block_on<F: Future<Output = Result<Exit, Failed>>>(future: F) -> Result<Exit, Failed> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(Failed::bug)?;
    runtime.block_on(future)
}

fn finish(done: Result<Exit, Failed>) -> ExitCode {
    match done {
        Ok(exit) => exit.into(),
        Err(failed) => {
            error(&format!("error: {}", in_full(&failed.error)));
            failed.exit.into()
        }
    }
}

/// An error and its causes, except those that it quotes already.
fn in_full(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// One line to standard error.
fn error(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// One line to standard output; a closed pipe is not an error.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
