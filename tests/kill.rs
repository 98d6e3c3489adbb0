//! `kill -9` of the whole program at any moment loses at most the step in flight: the run is resumed and ends as an undisturbed one.
//! The same holds when workers or tools are killed under the program.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod support;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use kernsmith::search::history::{History, Step};
use kernsmith::store::{RunId, Store};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use serde_json::Value;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use support::{Results, VERILOG_TOOLS, binary, fixture, needs, soon};

/// Kills over all runs of the first test, at least.
const KILLS: usize = 30;
/// Kills before a run is left to end.
const KILLS_PER_RUN: usize = 6;
/// What is left of a killed program is gone after so many seconds.
const END_SECONDS: u64 = 3;

const RUN: [&str; 4] = ["run", "verilog/add8", "--plateau", "0"];

/// The program with events on its standard output. `temporary` marks its workers and tools: it is in their environment.
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

fn temporary() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("kernsmith-kill-").tempdir().unwrap()
}

fn now<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// What the store holds of a run; None if the run is not there yet.
fn stored(results: &Path, run: i64) -> Option<History> {
    now(async { Store::open_read_only(results).await.ok()?.history(RunId(run)).await.ok() })
}

/// A step: what it is, its source, its reason, its objective.
type Line = (Step, Option<String>, Option<&'static str>, Option<f64>);

/// Everything that has to be the same however often the program died: no times, no messages that quote a fresh stimulus.
fn outcome(history: &History) -> Vec<Line> {
    let line = |s: &kernsmith::search::history::StepRecord| {
        let evaluation = s.candidate.as_ref().and_then(|c| c.evaluation.as_ref());
        (
            s.step.clone(),
            s.candidate.as_ref().map(|c| c.digest.clone()),
            evaluation.and_then(|e| Some(e.failure()?.as_str())),
            evaluation.and_then(|e| Some(e.objective.as_ref()?.value)),
        )
    };
    history.steps.iter().map(line).collect()
}

/// Asserts that database and repository are whole.
fn folder_is_sound(results: &Path) {
    let database = results.join("kernsmith.db");
    if database.exists() {
        let answer: String = now(async {
            // Read only: what a killed process left is for the next one to put right, not for the test.
            let options = SqliteConnectOptions::new().filename(&database).read_only(true);
            let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
            let answer = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            answer
        });
        assert_eq!(answer, "ok");
    }
    if results.join("history.git/HEAD").exists() {
        git(results, &["fsck", "--no-dangling", "--strict"]);
    }
}

fn git(results: &Path, args: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(results.join("history.git")).args(args).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Asserts that the branch of the run is its best candidate, and that every candidate has its commit.
fn lineage_is_complete(results: &Path, run: i64, history: &History) {
    let best = history.best().unwrap().0;
    let of = |name: &str| git(results, &["rev-parse", "--verify", name]);
    assert_eq!(of(&format!("refs/heads/r{run}")), of(&format!("refs/runs/r{run}/{best}")));
    let commits = git(results, &["for-each-ref", &format!("refs/runs/r{run}/")]).lines().count();
    assert_eq!(commits, history.steps.iter().filter(|s| s.candidate.is_some()).count());
}

/// Processes in whose environment this folder is: with it as `TMPDIR`, the workers of a test and their tools.
fn marked(folder: &Path) -> Vec<i32> {
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

/// Asserts that no process and no work folder outlives the program.
fn nothing_is_left(temporary: &Path) {
    let gone = || marked(temporary).is_empty() && std::fs::read_dir(temporary).unwrap().next().is_none();
    let files: Vec<_> = std::fs::read_dir(temporary).unwrap().flatten().map(|e| e.path()).collect();
    assert!(soon(END_SECONDS, gone), "left: processes {:?}, files {files:?}", marked(temporary));
}

/// Lets the child run for a random time and kills it. False if it ended before that.
fn kill_at_random(child: &mut Child, rng: &mut ChaCha12Rng, most: Duration) -> bool {
    let deadline = Instant::now() + Duration::from_millis(rng.random_range(50..=most.as_millis() as u64));
    while Instant::now() < deadline {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

/// What an undisturbed run comes to, and how long it takes.
fn undisturbed(temporary: &Path) -> (Vec<Line>, Duration) {
    let results = Results::new();
    let started = Instant::now();
    let output = program(results.path(), temporary, &RUN).output().unwrap();
    assert!(output.status.success());
    let took = started.elapsed();
    let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap().to_string();
    assert_eq!(serde_json::from_str::<Value>(&last).unwrap()["event"], "run_ended");
    let history = stored(results.path(), 1).unwrap();
    assert!(history.best().unwrap().0 > 0, "the library has something better than the reference");
    lineage_is_complete(results.path(), 1, &history);
    (outcome(&history), took)
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_as_an_undisturbed_one() {
    if !needs(&VERILOG_TOOLS) || !needs(&["git"]) {
        return;
    }
    let temporary = temporary();
    let (expected, whole) = undisturbed(temporary.path());
    assert!(expected.len() >= 10, "{expected:#?}");
    let most = (whole / KILLS_PER_RUN as u32).clamp(Duration::from_secs(1), Duration::from_secs(3));
    let mut rng = ChaCha12Rng::seed_from_u64(30);
    let mut kills = 0;
    while kills < KILLS {
        let results = Results::new();
        let mut shown = BTreeSet::new();
        for round in 0.. {
            // Killed before it was created, a run is begun again.
            let created = stored(results.path(), 1).is_some();
            let args: &[&str] = if created { &["resume", "r1"] } else { &RUN };
            let events = results.path().join(format!("events{round}"));
            let out = std::fs::File::create(&events).unwrap();
            let mut child = program(results.path(), temporary.path(), args).stdout(out).spawn().unwrap();
            if round == KILLS_PER_RUN {
                assert!(child.wait().unwrap().success());
                break;
            }
            if !kill_at_random(&mut child, &mut rng, most) {
                break;
            }
            kills += 1;
            folder_is_sound(results.path());
            nothing_is_left(temporary.path());
            // What has been shown is stored: the step in flight is all that can be lost.
            let text = std::fs::read_to_string(&events).unwrap();
            let seen = text.lines().filter_map(|l| serde_json::from_str::<Value>(l).ok());
            shown.extend(seen.filter(|e| e["event"] == "evaluated").map(|e| e["number"].as_u64().unwrap()));
            let steps = stored(results.path(), 1).map_or(Vec::new(), |h| outcome(&h));
            let verdicts = steps.iter().filter(|(_, _, reason, value)| reason.is_some() || value.is_some()).count();
            assert!(verdicts >= shown.len() && steps.len() <= verdicts + 1, "{shown:?} shown, stored: {steps:#?}");
            assert_eq!(steps[..verdicts], expected[..verdicts]);
        }
        folder_is_sound(results.path());
        let history = stored(results.path(), 1).unwrap();
        assert_eq!(outcome(&history), expected);
        lineage_is_complete(results.path(), 1, &history);
    }
}

#[test]
fn a_batch_that_is_killed_is_resumed_as_a_whole() {
    if !needs(&VERILOG_TOOLS) || !needs(&["git"]) {
        return;
    }
    let tasks = tempfile::tempdir().unwrap();
    for name in ["add8", "sum8"] {
        let folder = tasks.path().join("verilog").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let manifest = std::fs::read_to_string(fixture("tasks/verilog/add8/task.toml")).unwrap();
        let manifest = manifest.replacen("name = \"add8\"", &format!("name = \"{name}\""), 1);
        std::fs::write(folder.join("task.toml"), manifest).unwrap();
        std::fs::copy(fixture("tasks/verilog/add8/reference.v"), folder.join("reference.v")).unwrap();
    }
    std::fs::create_dir_all(tasks.path().join("suites")).unwrap();
    std::fs::write(
        tasks.path().join("suites/two.toml"),
        "summary = \"Two.\"\ntasks = [\"verilog/add8\", \"verilog/sum8\"]\n",
    )
    .unwrap();
    let temporary = temporary();
    let (expected, _) = undisturbed(temporary.path());
    let results = Results::new();
    let start = |args: &[&str]| {
        let mut command = program(results.path(), temporary.path(), args);
        command.args(["--jobs", "2"]).env("KERNSMITH_TASKS", tasks.path()).stdout(Stdio::null());
        command.spawn().unwrap()
    };
    let mut child = start(&["batch", "two", "--plateau", "0"]);
    assert!(soon(30, || stored(results.path(), 2).is_some_and(|h| !h.steps.is_empty())));
    let mut rng = ChaCha12Rng::seed_from_u64(2);
    for _ in 0..4 {
        if !kill_at_random(&mut child, &mut rng, Duration::from_secs(2)) {
            break;
        }
        folder_is_sound(results.path());
        nothing_is_left(temporary.path());
        child = start(&["resume", "--all"]);
    }
    assert!(child.wait().unwrap().success());
    for run in [1, 2] {
        let history = stored(results.path(), run).unwrap();
        assert_eq!(outcome(&history), expected);
        lineage_is_complete(results.path(), run, &history);
    }
    let batches = now(async { Store::open_read_only(results.path()).await.unwrap().batches().await.unwrap() });
    assert!(batches[0].ended_ms.is_some(), "{batches:?}");
}

/// Runs the program and lets `strike` loose once on every candidate, as soon as its first stage begins.
fn struck(temporary: &Path, mut strike: impl FnMut()) -> (Vec<Line>, usize) {
    let results = Results::new();
    let mut child = program(results.path(), temporary, &RUN).stdout(Stdio::piped()).spawn().unwrap();
    let mut done = BTreeSet::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
        if event["event"] == "stage_started" && done.insert(event["number"].as_u64().unwrap()) {
            strike();
        }
    }
    assert!(child.wait().unwrap().success());
    let history = stored(results.path(), 1).unwrap();
    (outcome(&history), done.len())
}

fn kill(pid: i32) {
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}

fn command_line(pid: i32) -> String {
    String::from_utf8_lossy(&std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()).replace('\0', " ")
}

fn workers(temporary: &Path) -> Vec<i32> {
    marked(temporary).into_iter().filter(|pid| command_line(*pid).ends_with("worker --stdio ")).collect()
}

#[test]
fn a_worker_that_is_killed_is_replaced_and_its_candidate_tried_again() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let temporary = temporary();
    let (expected, _) = undisturbed(temporary.path());
    let (found, strikes) = struck(temporary.path(), || workers(temporary.path()).into_iter().for_each(kill));
    assert_eq!(found, expected);
    assert!(strikes >= 9, "{strikes}");
    assert!(soon(END_SECONDS, || marked(temporary.path()).is_empty()));
}

#[test]
fn a_tool_that_is_killed_from_outside_is_not_held_against_the_candidate() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let temporary = temporary();
    let (expected, _) = undisturbed(temporary.path());
    let mut hits = 0;
    let (found, _) = struck(temporary.path(), || {
        let worker = workers(temporary.path());
        let is_tool = |pid: &i32| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse::<i32>().ok());
            parent.is_some_and(|parent| worker.contains(&parent))
        };
        soon(1, || {
            let tools: Vec<i32> = marked(temporary.path()).into_iter().filter(is_tool).collect();
            tools.iter().copied().for_each(kill);
            hits += tools.len();
            !tools.is_empty()
        });
    });
    assert_eq!(found, expected);
    assert!(hits >= 9, "{hits}");
}
