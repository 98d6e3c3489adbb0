//! What the whole-program tests share: the built binary, folders that vanish, and skipping where a tool is missing.
//!
//! Not for unit tests, which need none of it.

#![allow(dead_code, reason = "every test binary compiles this module and uses its own part of it")]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests may panic, and say why one is skipped")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The tools without which the Verilog target gives no verdict.
pub const VERILOG_TOOLS: [&str; 6] = ["yosys", "iverilog", "vvp", "verilator", "berkeley-abc", "sta"];
/// Longest time that one command of the program may take in a test.
pub const COMMAND_SECONDS: u64 = 240;

/// The program under test.
pub fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_kernsmith"))
}

/// A file or folder under `tests/`.
pub fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(path)
}

/// True if all programs are in `PATH`. Otherwise says so, notes it in the file named by `KERNSMITH_TEST_SKIPS`, and the test is to
/// return: a skipped test is counted, never silently green.
pub fn needs(programs: &[&str]) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let missing: Vec<&str> =
        programs.iter().filter(|p| !dirs.iter().any(|dir| dir.join(p).is_file())).copied().collect();
    for program in &missing {
        note_skipped(program);
    }
    missing.is_empty()
}

/// As `needs`, for the CUDA compiler.
pub fn needs_nvrtc() -> bool {
    let found = kernsmith::gpu::nvrtc::library().is_ok();
    if !found {
        note_skipped("nvrtc");
    }
    found
}

/// Says and notes that this test is skipped for want of `what`.
fn note_skipped(what: &str) {
    let test = std::thread::current().name().unwrap_or("unnamed").to_string();
    eprintln!("skipped: {test} needs {what}");
    if let Some(file) = std::env::var_os("KERNSMITH_TEST_SKIPS") {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(file).unwrap();
        writeln!(file, "{test}: {what}").unwrap();
    }
}

/// A results folder of the test's own, removed at its end.
pub struct Results(tempfile::TempDir);

impl Results {
    /// An empty one.
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("kernsmith-results-").tempdir().unwrap())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// The program with a results folder, the tests' tasks and a time limit; add the command's arguments.
pub fn kernsmith(results: &Results) -> assert_cmd::Command {
    let mut command = assert_cmd::Command::new(binary());
    command
        .env_remove("KERNSMITH_CONFIG")
        .env("KERNSMITH_RESULTS", results.path())
        .env("KERNSMITH_TASKS", fixture("tasks"))
        .timeout(Duration::from_secs(COMMAND_SECONDS));
    command
}

/// Exit code and JSON of `kernsmith eval`. An exit code of -1 means that it was killed.
pub fn eval(task: &str, file: &Path) -> (i32, Value) {
    let results = Results::new();
    let output = kernsmith(&results).args(["eval", task]).arg(file).arg("--json").output().unwrap();
    let json = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&output.stderr).into_owned()));
    (output.status.code().unwrap_or(-1), json)
}

/// The first failed stage of an evaluation.
pub fn failed_stage(evaluation: &Value) -> Option<&Value> {
    evaluation["stages"].as_array()?.iter().find(|stage| stage["status"] == "failed")
}

/// True as soon as `condition` holds, false if it does not within `seconds`.
pub fn soon(seconds: u64, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + Duration::from_secs(seconds);
    while !condition() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}

/// Processes (zombies excluded) whose command line contains `marker`.
pub fn processes_with(marker: &str) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let own = std::process::id() as i32;
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| *pid != own)
        .filter(|pid| {
            // A zombie's command line is empty.
            let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(marker)
        })
        .collect()
}
