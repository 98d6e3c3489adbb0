//! `kernsmith worker --stdio` spoken to directly, as the pool does: what it says, and how it ends.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic")]

mod support;

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use kernsmith::target::Plan;
use kernsmith::task::TaskRoot;
use kernsmith::worker::protocol::{PROTOCOL, Request};
use serde_json::Value;
use support::{VERILOG_TOOLS, binary, fixture, needs, processes_with, soon};

/// A worker, its lines, and a temporary folder by which its tools are recognised.
struct Worker {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<Value>,
    temp: tempfile::TempDir,
}

impl Worker {
    fn start(path: Option<&str>) -> Self {
        let temp = tempfile::Builder::new().prefix("kernsmith-worker-test-").tempdir().unwrap();
        let mut command = Command::new(binary());
        command.args(["worker", "--stdio"]).current_dir(temp.path()).env("TMPDIR", temp.path());
        if let Some(path) = path {
            command.env("PATH", path);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if send.send(serde_json::from_str(&line).unwrap()).is_err() {
                    return;
                }
            }
        });
        Self { input: child.stdin.take(), child, lines, temp }
    }

    fn say(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        writeln!(input, "{line}").unwrap();
        input.flush().unwrap();
    }

    /// The next line that is no heartbeat.
    fn hear(&self) -> Value {
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(60)).unwrap();
            if line["type"] != "heartbeat" {
                return line;
            }
        }
    }

    /// True if it ends by itself within `seconds`.
    fn ends(&mut self, seconds: u64) -> bool {
        soon(seconds, || self.child.try_wait().unwrap().is_some())
    }

    /// Processes that work in this worker's temporary folder.
    fn tools(&self) -> Vec<i32> {
        let folder = self.temp.path().to_path_buf();
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        entries
            .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
            .filter(|pid| *pid != self.child.id() as i32)
            .filter(|pid| std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(&folder)))
            .collect()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn request(task: &str, source: &str) -> String {
    let task = TaskRoot(fixture("tasks")).load(task).unwrap();
    let plan = Plan { device: "osu018".into(), profile_below: None, seed: Some(7) };
    let request = Request { id: 42, attempt: 2, task: Box::new(task), source: source.into(), plan, keep: None };
    serde_json::to_string(&request).unwrap()
}

/// A candidate whose proof takes long enough to be interrupted.
fn slow() -> String {
    let source = std::fs::read_to_string(fixture("zoo/verilog/count_time_bomb.v")).unwrap();
    request("verilog/count4", &source.replace("[2:0] laps", "[9:0] laps"))
}

#[test]
fn a_worker_greets_reports_every_stage_and_answers() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let mut worker = Worker::start(None);
    let hello = worker.hear();
    assert_eq!((&hello["type"], &hello["protocol"]), (&"hello".into(), &PROTOCOL.into()));
    assert_eq!(hello["targets"]["verilog"]["missing"], Value::Array(Vec::new()));
    assert!(hello["targets"]["verilog"]["tools"]["yosys"].as_str().unwrap().contains("Yosys"), "{hello}");
    let reference = std::fs::read_to_string(fixture("tasks/verilog/add8/reference.v")).unwrap();
    worker.say(&request("verilog/add8", &reference));
    for stage in ["compile", "check", "measure", "profile"] {
        let progress = worker.hear();
        assert_eq!((&progress["type"], &progress["stage"]), (&"progress".into(), &stage.into()));
        assert_eq!((&progress["id"], &progress["attempt"]), (&42.into(), &2.into()));
    }
    let result = worker.hear();
    assert_eq!((&result["type"], &result["id"], &result["attempt"]), (&"result".into(), &42.into(), &2.into()));
    assert_eq!(result["evaluation"]["assurance"]["level"], "proved");
    assert_eq!(result["evaluation"]["check_seed"], 7);
    // A second job on the same worker.
    worker.say(&request("verilog/add8", "module add8; endmodule"));
    let rejected = std::iter::repeat_with(|| worker.hear()).find(|line| line["type"] == "result").unwrap();
    assert_eq!(rejected["evaluation"]["stages"][0]["reason"], "port_mismatch");
    let empty = || std::fs::read_dir(worker.temp.path()).unwrap().next().is_none();
    assert!(soon(5, empty), "a work folder is left");
}

#[test]
fn the_end_of_input_ends_an_idle_worker() {
    let mut worker = Worker::start(None);
    worker.hear();
    worker.input = None;
    assert!(worker.ends(10));
}

#[test]
fn the_end_of_input_ends_a_working_worker_and_its_tools() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let mut worker = Worker::start(None);
    worker.hear();
    worker.say(&slow());
    assert!(soon(30, || !worker.tools().is_empty()), "no tool was started");
    worker.input = None;
    assert!(worker.ends(10));
    assert_eq!(worker.tools(), Vec::<i32>::new());
}

#[test]
fn a_garbage_line_ends_it_with_an_error() {
    let mut worker = Worker::start(None);
    worker.hear();
    worker.say("{\"id\": \"what?\"");
    assert!(worker.ends(10));
    assert!(!worker.child.wait().unwrap().success());
    while let Ok(line) = worker.lines.recv_timeout(Duration::from_secs(5)) {
        assert_eq!(line["type"], "heartbeat");
    }
}

#[test]
fn a_line_without_end_is_not_waited_for() {
    let mut worker = Worker::start(None);
    worker.hear();
    let mut input = worker.input.take().unwrap();
    input.write_all(b"{\"id\": 1").unwrap();
    drop(input);
    assert!(worker.ends(10));
}

#[test]
fn without_tools_it_says_what_is_missing_and_how_to_get_it() {
    let worker = Worker::start(Some("/nonexistent"));
    let hello = worker.hear();
    let missing = hello["targets"]["verilog"]["missing"].as_array().unwrap();
    for (tool, package) in [("yosys", "yosys"), ("vvp", "iverilog"), ("verilator", "verilator"), ("sta", "opensta")] {
        let entry = missing.iter().find(|m| m[0] == tool).unwrap_or_else(|| panic!("{tool} is not in {hello}"));
        assert!(entry[1].as_str().unwrap().ends_with(package), "{entry}");
    }
}

#[test]
fn without_tools_the_verdict_is_not_held_against_the_candidate() {
    let mut worker = Worker::start(Some("/nonexistent"));
    worker.hear();
    worker.say(&request("verilog/add8", "module add8; endmodule"));
    let result = std::iter::repeat_with(|| worker.hear()).find(|line| line["type"] == "result").unwrap();
    assert_eq!(result["evaluation"]["stages"][0]["reason"], "tool_missing");
}

#[test]
fn a_killed_worker_leaves_no_tool_running() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let mut worker = Worker::start(None);
    worker.hear();
    worker.say(&slow());
    assert!(soon(30, || !worker.tools().is_empty()), "no tool was started");
    worker.child.kill().unwrap();
    worker.child.wait().unwrap();
    assert!(soon(5, || worker.tools().is_empty()), "still there: {:?}", worker.tools());
    assert!(processes_with(&worker.temp.path().display().to_string()).is_empty());
}
