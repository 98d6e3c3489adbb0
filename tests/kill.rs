//! `kill -9` of the whole program at any moment loses at most the step in flight: the run is resumed and ends as an undisturbed one.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use serde_json::Value;
use support::{Results, VERILOG_TOOLS, binary, fixture, needs, soon};

/// Kills over all runs, at least.
const KILLS: usize = 30;
/// Kills before a run is left to end.
const KILLS_PER_RUN: usize = 6;

fn program(results: &Path, temporary: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(args)
        .args(["--json"])
        .env("KERNSMITH_RESULTS", results)
        .env("KERNSMITH_TASKS", fixture("tasks"))
        .env("KERNSMITH_KERNELS", fixture("kernels"))
        .env("TMPDIR", temporary)
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

const RUN: [&str; 4] = ["run", "verilog/add8", "--plateau", "0"];
const RESUME: [&str; 2] = ["resume", "r1"];

/// What a run has stored, without times: every step and the best.
fn outcome(results: &Path) -> Vec<String> {
    let output = Command::new(binary()).args(["review", "r1"]).env("KERNSMITH_RESULTS", results).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    // The simulation's seed is fresh every time and shows in messages.
    text.lines().filter(|l| l.starts_with('#')).map(|l| l.split("cycle ").next().unwrap_or(l).to_string()).collect()
}

fn database_is_sound(results: &Path) {
    let path = results.join("kernsmith.db");
    if !path.exists() {
        return;
    }
    let script =
        "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone()[0])";
    let output = Command::new("python3").args(["-c", script]).arg(&path).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "ok", "{}", String::from_utf8_lossy(&output.stderr));
    let history = results.join("history.git");
    if history.join("HEAD").exists() {
        let fsck =
            Command::new("git").arg("-C").arg(&history).args(["fsck", "--no-dangling", "--strict"]).output().unwrap();
        assert!(fsck.status.success(), "{}", String::from_utf8_lossy(&fsck.stderr));
    }
}

/// Processes whose environment names this folder: the workers and tools of one test.
fn survivors(folder: &Path) -> Vec<i32> {
    let marker = folder.display().to_string();
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|e| e.file_name().to_str()?.parse::<i32>().ok())
        .filter(|pid| *pid != std::process::id() as i32)
        .filter(|pid| {
            let environment = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            String::from_utf8_lossy(&environment).contains(&marker)
        })
        .collect()
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_as_an_undisturbed_one() {
    if !needs(&VERILOG_TOOLS) || !needs(&["git", "python3"]) {
        return;
    }
    let temporary = tempfile::Builder::new().prefix("kernsmith-kill-").tempdir().unwrap();
    let undisturbed = Results::new();
    let started = Instant::now();
    let output = program(undisturbed.path(), temporary.path(), &RUN).output().unwrap();
    let whole = started.elapsed();
    assert!(output.status.success());
    let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap().to_string();
    let last: Value = serde_json::from_str(&last).unwrap();
    assert_eq!(last["event"], "run_ended");
    let expected = outcome(undisturbed.path());
    assert!(expected.len() >= 10, "{expected:#?}");

    let mut rng = rand_chacha::ChaCha12Rng::seed_from_u64(30);
    let mut kills = 0;
    while kills < KILLS {
        let results = Results::new();
        let mut kills_here = 0;
        loop {
            // Killed before it was created, a run is begun again.
            let created = Command::new(binary())
                .args(["review", "r1"])
                .env("KERNSMITH_RESULTS", results.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .unwrap()
                .success();
            let args: &[&str] = if created { &RESUME } else { &RUN };
            let mut child = program(results.path(), temporary.path(), args).stdout(Stdio::null()).spawn().unwrap();
            if kills_here == KILLS_PER_RUN {
                assert!(child.wait().unwrap().success());
                break;
            }
            let most = (whole / KILLS_PER_RUN as u32).as_millis() as u64;
            let deadline = Instant::now() + Duration::from_millis(rng.random_range(20..=most.max(1000)));
            let mut ended = false;
            while Instant::now() < deadline && !ended {
                ended = child.try_wait().unwrap().is_some();
                std::thread::sleep(Duration::from_millis(2));
            }
            if ended {
                break;
            }
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            kills_here += 1;
            database_is_sound(results.path());
            assert!(soon(5, || survivors(temporary.path()).is_empty()), "alive: {:?}", survivors(temporary.path()));
        }
        database_is_sound(results.path());
        assert_eq!(outcome(results.path()), expected);
    }
}
