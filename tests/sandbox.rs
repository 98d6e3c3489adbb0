//! The sandbox against commands that misbehave: each ends as it must, and nothing of it survives.
//!
//! A runner takes every descendant of its process for its own, so the tests of this file run one at a time.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic")]

mod support;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kernsmith::sandbox::process::descendants;
use kernsmith::sandbox::{End, Limits, Outcome, Runner};
use support::binary;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A folder, a runner, and the right to use them.
struct Bench {
    dir: tempfile::TempDir,
    cancel: Arc<AtomicBool>,
    runner: Runner,
    _turn: MutexGuard<'static, ()>,
}

impl Bench {
    fn new() -> Self {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let cancel = Arc::new(AtomicBool::new(false));
        let runner = Runner::new(binary(), Arc::clone(&cancel)).unwrap();
        Self { dir: tempfile::tempdir().unwrap(), cancel, runner, _turn: turn }
    }

    /// Runs a shell script and asserts that no descendant is left.
    fn shell(&self, script: &str, limits: &Limits) -> Outcome {
        let outcome = self.runner.run(Path::new("/bin/sh"), &["-c", script], self.dir.path(), limits).unwrap();
        let left = descendants(std::process::id() as i32);
        assert!(left.is_empty(), "survivors of `{script}`: {left:?}");
        outcome
    }
}

fn limits(wall_seconds: f64) -> Limits {
    Limits::tool(wall_seconds)
}

#[test]
fn exit_codes_and_output_come_back() {
    let bench = Bench::new();
    let outcome = bench.shell("echo out; echo err >&2; exit 7", &limits(10.0));
    assert_eq!(outcome.end, End::Exit(7));
    assert_eq!(outcome.output, "out\nerr\n");
    assert!(outcome.strays.is_empty());
    assert_eq!(bench.shell("true", &limits(10.0)).end, End::Exit(0));
}

#[test]
fn a_signal_is_told_from_an_exit_code() {
    let bench = Bench::new();
    assert_eq!(bench.shell("kill -SEGV $$", &limits(10.0)).end, End::Signal(11));
    assert_eq!(bench.shell("exit 139", &limits(10.0)).end, End::Exit(139));
}

#[test]
fn a_program_that_is_not_there_says_so() {
    let bench = Bench::new();
    let program = Path::new("/nonexistent/tool");
    let outcome = bench.runner.run(program, &["-x"], bench.dir.path(), &limits(10.0)).unwrap();
    assert_eq!(outcome.end, End::Exit(127));
    assert!(outcome.output.contains("/nonexistent/tool"), "{}", outcome.output);
}

#[test]
fn sleeping_for_ever_ends_at_the_wall() {
    let bench = Bench::new();
    let outcome = bench.shell("sleep 1000", &limits(0.5));
    assert_eq!(outcome.end, End::Wall);
    assert!((0.5..5.0).contains(&outcome.seconds), "{}", outcome.seconds);
}

#[test]
fn ignoring_sigterm_does_not_help() {
    let bench = Bench::new();
    let outcome = bench.shell("trap '' TERM INT HUP; while :; do sleep 0.1; done", &limits(0.5));
    assert_eq!(outcome.end, End::Wall);
    assert!(outcome.seconds < 5.0, "{}", outcome.seconds);
}

#[test]
fn stopping_itself_does_not_help() {
    let bench = Bench::new();
    assert_eq!(bench.shell("kill -STOP $$; sleep 1000", &limits(0.5)).end, End::Wall);
}

#[test]
fn one_process_that_wants_too_much_memory_fails() {
    let bench = Bench::new();
    let limits = Limits { memory_bytes: 128 << 20, ..limits(20.0) };
    // tail keeps the last line, and this one never ends.
    let outcome = bench.shell("tail -n 1 /dev/zero", &limits);
    assert!(matches!(outcome.end, End::Memory | End::Exit(1) | End::Signal(_)), "{outcome:?}");
    assert!(outcome.seconds < 15.0, "{}", outcome.seconds);
}

#[test]
fn many_processes_share_one_memory_limit() {
    let bench = Bench::new();
    let limits = Limits { memory_bytes: 128 << 20, ..limits(20.0) };
    // Each holds 50 MiB, which the limit of a single process allows.
    let script = "for i in 1 2 3 4 5 6; do (head -c 50000000 /dev/zero | tail -n 1 | sleep 1000) & done; wait";
    let outcome = bench.shell(script, &limits);
    assert_eq!(outcome.end, End::Memory, "{outcome:?}");
}

#[test]
fn a_flood_of_output_is_cut() {
    let bench = Bench::new();
    let limits = Limits { output_bytes: 1 << 16, ..limits(20.0) };
    let outcome = bench.shell("yes", &limits);
    assert_eq!(outcome.end, End::Output);
    assert!(outcome.output.len() <= 1 << 16, "{}", outcome.output.len());
}

#[test]
fn a_short_flood_counts_although_the_command_has_ended() {
    let bench = Bench::new();
    let limits = Limits { output_bytes: 100, ..limits(20.0) };
    let outcome = bench.shell("head -c 5000 /dev/zero | tr '\\0' x", &limits);
    assert_eq!((outcome.end, outcome.output.len()), (End::Output, 100));
}

#[test]
fn output_that_is_no_text_is_kept_readable() {
    let bench = Bench::new();
    let outcome = bench.shell("printf 'a\\377\\000b'", &limits(10.0));
    assert_eq!(outcome.output, "a\u{fffd}\0b");
}

#[test]
fn too_many_processes_are_stopped() {
    let bench = Bench::new();
    let limits = Limits { processes: 20, ..limits(20.0) };
    let outcome = bench.shell("i=0; while [ $i -lt 60 ]; do sleep 1000 & i=$((i+1)); done; wait", &limits);
    assert_eq!(outcome.end, End::Processes);
}

#[test]
fn a_process_left_in_the_background_is_reported_and_dead() {
    let bench = Bench::new();
    let started = Instant::now();
    let outcome = bench.shell("sleep 1000 & exit 0", &limits(20.0));
    assert_eq!(outcome.end, End::Exit(0));
    // The group is killed before the sweep looks: whether a member of it is named as a stray is a matter of timing.
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn an_escape_by_double_fork_and_new_session_is_reported_and_dead() {
    let bench = Bench::new();
    let outcome = bench.shell("(setsid sleep 1000 >/dev/null 2>&1 &) ; sleep 0.3; exit 3", &limits(20.0));
    assert_eq!(outcome.end, End::Exit(3));
    assert_eq!(outcome.strays, ["sleep"]);
}

#[test]
fn an_escaped_process_that_keeps_the_output_open_delays_nothing() {
    let bench = Bench::new();
    let outcome = bench.shell("(setsid sh -c 'trap \"\" TERM; sleep 1000' &) ; sleep 0.3; echo done", &limits(20.0));
    assert_eq!((outcome.end, outcome.output.as_str()), (End::Exit(0), "done\n"));
    assert!(!outcome.strays.is_empty());
    assert!(outcome.seconds < 10.0, "{}", outcome.seconds);
}

#[test]
fn strays_that_fork_while_they_are_killed_are_caught() {
    let bench = Bench::new();
    // Every generation leaves the session and dies; the next one is already there.
    std::fs::write(bench.dir.path().join("hop.sh"), "n=$1\n[ $n -gt 200 ] && exit\nsetsid sh hop.sh $((n+1)) &\n")
        .unwrap();
    let outcome = bench.shell("sh hop.sh 0; exit 0", &limits(20.0));
    assert_eq!(outcome.end, End::Exit(0));
}

#[test]
fn a_huge_file_is_not_written() {
    let bench = Bench::new();
    let limits = Limits { file_bytes: 1 << 20, ..limits(20.0) };
    let outcome = bench.shell("head -c 100000000 /dev/zero > big; echo $?; ls -l big", &limits);
    let size = std::fs::metadata(bench.dir.path().join("big")).unwrap().len();
    assert!(size <= 1 << 20, "{size} bytes: {}", outcome.output);
}

#[test]
fn the_environment_is_cleared() {
    let bench = Bench::new();
    let outcome = bench.shell("env", &limits(10.0));
    let mut names: Vec<&str> = outcome.output.lines().filter_map(|l| l.split_once('=')).map(|(n, _)| n).collect();
    names.sort_unstable();
    // PWD, OLDPWD, SHLVL and _ are the shell's own.
    names.retain(|n| !["PWD", "OLDPWD", "SHLVL", "_"].contains(n));
    assert_eq!(names, ["HOME", "LANG", "PATH", "TMPDIR"]);
    let own = bench.dir.path().display().to_string();
    assert!(outcome.output.contains(&format!("HOME={own}\n")), "{}", outcome.output);
    assert!(outcome.output.contains(&format!("TMPDIR={own}\n")), "{}", outcome.output);
}

#[test]
fn nothing_can_be_read_from_standard_input_and_no_file_is_inherited() {
    let bench = Bench::new();
    assert_eq!(bench.shell("cat; echo end", &limits(10.0)).output, "end\n");
    let outcome = bench.shell("ls /proc/$$/fd; true", &limits(10.0));
    // 10 is the shell's own, for its output while `true` is still to come.
    assert!(outcome.output.lines().all(|fd| ["0", "1", "2", "10"].contains(&fd)), "{}", outcome.output);
}

#[test]
fn the_limits_and_no_new_privileges_hold_in_the_command() {
    let bench = Bench::new();
    let outcome = bench.shell("grep -E 'NoNewPrivs' /proc/self/status; ulimit -c; ulimit -n", &limits(10.0));
    assert_eq!(outcome.output, "NoNewPrivs:\t1\n0\n256\n");
}

#[test]
fn cancelling_ends_the_command_at_once() {
    let bench = Bench::new();
    let cancel = Arc::clone(&bench.cancel);
    let later = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        cancel.store(true, Ordering::Relaxed);
    });
    let outcome = bench.shell("sleep 1000", &limits(60.0));
    later.join().unwrap();
    assert_eq!(outcome.end, End::Cancelled);
    assert!(outcome.seconds < 5.0, "{}", outcome.seconds);
}
