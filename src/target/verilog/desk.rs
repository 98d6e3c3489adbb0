//! The desk at which one candidate is evaluated: its folder, the tools, the running log and the time spent in tools.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use super::tools::{Tool, Toolbox, wasm_cache};
use crate::sandbox::{End, Limits, Outcome, Runner};
pub use crate::target::Failure;
use crate::target::Reason;
use crate::task::{Task, VerilogTask};

/// Signals that say something about the machine or the limits, as numbers.
const SIGKILL: i32 = 9;
const SIGXCPU: i32 = 24;

/// What must still fit on the disk at the end of a stage, in bytes: tools do not always notice that their output was cut short.
const ROOM: usize = 256 << 10;

/// The longest stage log that is kept, in bytes.
const MAX_LOG: usize = 16 << 10;
/// The longest quotation of a tool's output in it.
const MAX_QUOTE: usize = 4 << 10;

/// Everything that the stages share.
pub struct Desk<'a> {
    /// The task.
    pub task: &'a Task,
    /// Its Verilog part.
    pub verilog: &'a VerilogTask,
    /// The candidate's own folder; every file below is in it.
    pub dir: &'a Path,
    /// The tools of this machine.
    pub tools: &'a Toolbox,
    runner: &'a Runner,
    log: String,
    tool_seconds: f64,
}

impl<'a> Desk<'a> {
    /// A desk in an empty folder.
    pub fn new(
        task: &'a Task,
        verilog: &'a VerilogTask,
        dir: &'a Path,
        tools: &'a Toolbox,
        runner: &'a Runner,
    ) -> Self {
        Self { task, verilog, dir, tools, runner, log: String::new(), tool_seconds: 0.0 }
    }

    /// Adds a line to the stage's log.
    pub fn note(&mut self, line: impl AsRef<str>) {
        if self.log.len() < MAX_LOG {
            self.log.push_str(line.as_ref());
            self.log.push('\n');
        }
    }

    /// The log and the tool seconds since the last call: what one stage used.
    pub fn take_stage(&mut self) -> (String, f64) {
        (std::mem::take(&mut self.log), std::mem::take(&mut self.tool_seconds))
    }

    /// Writes a file of the evaluator's own.
    pub fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        fs::write(self.dir.join(name), text)
            .map_err(|e| Failure::new(Reason::Infrastructure, format!("{}: {e}", self.dir.join(name).display())))
    }

    /// Reads a file that a tool should have written.
    pub fn read(&self, name: &str) -> Result<String, Failure> {
        fs::read(self.dir.join(name))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .map_err(|e| Failure::new(Reason::Infrastructure, format!("{name}: the tool did not write it: {e}")))
    }

    /// An error if the disk is full: then nothing that the tools wrote can be relied on.
    pub fn has_room(&self) -> Result<(), Failure> {
        let probe = self.dir.join("room");
        let written = fs::write(&probe, vec![0; ROOM]);
        let _ = fs::remove_file(&probe);
        written.map_err(|e| {
            let message =
                format!("no room left in the work folder {}: {e}; TMPDIR names another place", self.dir.display());
            Failure::new(Reason::Infrastructure, message)
        })
    }

    /// Runs a tool. Limits, and tools that cannot start, are failures; any exit status is an answer.
    pub fn run<S: AsRef<OsStr>>(&mut self, tool: Tool, args: &[S], wall_seconds: f64) -> Result<Outcome, Failure> {
        let outcome = self.run_to_any_end(tool, args, wall_seconds)?;
        let failure = match outcome.end {
            End::Exit(_) => return Ok(outcome),
            End::Wall | End::Signal(SIGXCPU) => {
                Failure::new(Reason::Timeout, format!("{} ran longer than {wall_seconds} s", tool.name()))
            }
            End::Memory => Failure::new(Reason::OutOfMemory, format!("{} used too much memory", tool.name())),
            End::Output => Failure::new(Reason::OutputFlood, format!("{} printed too much", tool.name())),
            End::Processes => {
                Failure::new(Reason::Infrastructure, format!("{} started too many processes", tool.name()))
            }
            End::Cancelled => Failure::new(Reason::Infrastructure, "cancelled"),
            End::Signal(n) => {
                let quote = tail(&outcome.output, MAX_QUOTE);
                let reason = if quote.contains("bad_alloc") { Reason::OutOfMemory } else { Reason::CompileError };
                Failure::new(reason, format!("{} died of signal {n}\n{quote}", tool.name()))
            }
        };
        Err(failure)
    }

    /// Runs a tool; whatever ended it is the caller's to judge.
    pub fn run_to_any_end<S: AsRef<OsStr>>(
        &mut self,
        tool: Tool,
        args: &[S],
        wall_seconds: f64,
    ) -> Result<Outcome, Failure> {
        let Some(path) = self.tools.path(tool) else {
            let message = format!("{} is not installed: {}", tool.name(), tool.install_hint());
            return Err(Failure::new(Reason::ToolMissing, message));
        };
        self.record_command(path, args);
        let mut words: Vec<OsString> = args.iter().map(|a| a.as_ref().to_os_string()).collect();
        let mut program = path;
        if let Some(cache) = wasm_cache(path) {
            let mut setting = OsString::from("YOWASP_CACHE_DIR=");
            setting.push(cache);
            words.splice(0..0, [setting, path.into()]);
            program = Path::new("/usr/bin/env");
        }
        let outcome = self
            .runner
            .run(program, &words, self.dir, &Limits::tool(wall_seconds))
            .map_err(|e| Failure::new(Reason::Infrastructure, format!("{}: cannot start: {e}", path.display())))?;
        self.tool_seconds += outcome.seconds;
        if outcome.end == End::Signal(SIGKILL) {
            let message =
                format!("{} was killed from outside; `dmesg` tells whether the machine ran out of memory", tool.name());
            return Err(Failure::new(Reason::Infrastructure, message));
        }
        if !outcome.strays.is_empty() {
            self.note(format!("killed processes that outlived {}: {}", tool.name(), outcome.strays.join(", ")));
        }
        Ok(outcome)
    }

    /// Runs a tool that must exit with 0; otherwise its output is the message of a failure with `reason`.
    pub fn run_ok<S: AsRef<OsStr>>(
        &mut self,
        tool: Tool,
        args: &[S],
        wall_seconds: f64,
        reason: Reason,
    ) -> Result<String, Failure> {
        let outcome = self.run(tool, args, wall_seconds)?;
        if outcome.end == End::Exit(0) {
            return Ok(outcome.output);
        }
        Err(Failure::new(reason, format!("{}:\n{}", tool.name(), head_and_tail(&outcome.output))))
    }

    /// `commands.sh` in the folder replays what was run: for people who want to see, and for the benchmark.
    fn record_command<S: AsRef<OsStr>>(&self, path: &Path, args: &[S]) {
        let mut line = quote(&path.to_string_lossy());
        for arg in args {
            let _ = write!(line, " {}", quote(&arg.as_ref().to_string_lossy()));
        }
        line.push('\n');
        let file = fs::OpenOptions::new().create(true).append(true).open(self.dir.join("commands.sh"));
        if let Ok(mut file) = file {
            let _ = std::io::Write::write_all(&mut file, line.as_bytes());
        }
    }
}

fn quote(word: &str) -> String {
    if word.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=+:,".contains(c)) && !word.is_empty() {
        word.to_string()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// The last `limit` bytes, from a line start.
pub fn tail(text: &str, limit: usize) -> &str {
    let mut start = text.len().saturating_sub(limit);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    let cut = &text[start..];
    if start == 0 { cut } else { cut.split_once('\n').map_or(cut, |(_, rest)| rest) }
}

/// The first and the last lines of a long output: a compiler's first error is usually the one that matters.
fn head_and_tail(text: &str) -> String {
    if text.len() <= MAX_QUOTE {
        return text.trim_end().to_string();
    }
    let mut cut = MAX_QUOTE / 2;
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    format!("{}\n…\n{}", &text[..cut], tail(text, MAX_QUOTE / 2).trim_end())
}
