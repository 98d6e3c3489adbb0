//! Starts a command, watches it, and ends its whole process tree.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, WaitOptions};

use super::limit::Limits;
use super::process::descendants;

/// Time between asking a tree to end and killing it.
const GRACE: Duration = Duration::from_millis(300);
/// How often output, time and cancellation are looked at.
const WATCH: Duration = Duration::from_millis(25);
/// The process table is read at the first looks, and later only at every so many-th: reading it is what watching costs.
const WATCH_EVERY: u32 = 4;

/// The longest time between two looks that counts in full. Longer means that this process was stopped (Ctrl-Z, a batch system), and
/// with it the command, which is not to blame for that.
const LONGEST_LOOK: Duration = Duration::from_secs(2);

/// Adds up the time in which this process was running.
struct Stopwatch {
    last: Instant,
    total: Duration,
}

impl Stopwatch {
    /// The time so far, now that it is `now`.
    fn look(&mut self, now: Instant) -> Duration {
        self.total += now.duration_since(self.last).min(LONGEST_LOOK);
        self.last = now;
        self.total
    }
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It exited with this status.
    Exit(i32),
    /// A signal ended it.
    Signal(i32),
    /// Killed at the wall-clock limit.
    Wall,
    /// Killed at the memory limit.
    Memory,
    /// Killed at the output limit.
    Output,
    /// Killed at the process limit.
    Processes,
    /// Killed because the evaluation was cancelled.
    Cancelled,
}

/// What a command did.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// Standard output and error, interleaved, cut at the limit.
    pub output: String,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// Names of processes that outlived the command and were killed.
    pub strays: Vec<String>,
}

/// Runs commands, one at a time, in a process that is the subreaper of everything below it.
#[derive(Debug, Clone)]
pub struct Runner {
    helper: PathBuf,
    cancel: Arc<AtomicBool>,
}

impl Runner {
    /// `helper` is the kernsmith binary; setting `cancel` ends the running command. Makes this process a subreaper.
    pub fn new(helper: PathBuf, cancel: Arc<AtomicBool>) -> io::Result<Self> {
        rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
        Ok(Self { helper, cancel })
    }

    /// The kernsmith binary.
    pub fn helper(&self) -> &Path {
        &self.helper
    }

    /// Runs `program` in `dir` with a cleared environment. An error means that it could not be started at all.
    pub fn run<S: AsRef<OsStr>>(&self, program: &Path, args: &[S], dir: &Path, limits: &Limits) -> io::Result<Outcome> {
        let started = Instant::now();
        let (mut reader, writer) = io::pipe()?;
        let mut command = Command::new(&self.helper);
        command
            .arg("limit-exec")
            .arg(serde_json::to_string(limits)?)
            .arg(program)
            .args(args)
            .current_dir(dir)
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", dir)
            .env("TMPDIR", dir)
            .env("LANG", "C")
            .stdin(Stdio::null())
            .stdout(writer.try_clone()?)
            .stderr(writer)
            .process_group(0);
        let mut child = command.spawn()?;
        // The command holds the write ends of the pipe: without this the reader would never see its end.
        drop(command);
        let pid = Pid::from_child(&child);

        let bytes = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&bytes);
        let cap = limits.output_bytes;
        let collector = thread::spawn(move || {
            let mut kept = Vec::new();
            let mut buffer = [0u8; 1 << 14];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 {
                    break;
                }
                let before = counted.fetch_add(n as u64, Ordering::Relaxed);
                let room = usize::try_from(cap.saturating_sub(before)).unwrap_or(usize::MAX);
                kept.extend_from_slice(&buffer[..n.min(room)]);
            }
            kept
        });
        let (ended, end_seen) = mpsc::channel();
        thread::spawn(move || {
            // NOWAIT leaves the zombie in place, so the pid cannot be reused before the group has been killed.
            let _ = rustix::process::waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
            let _ = ended.send(());
        });

        let mut looks = 0;
        let mut watch = Stopwatch { last: started, total: Duration::ZERO };
        let killed = loop {
            if end_seen.recv_timeout(WATCH) != Err(mpsc::RecvTimeoutError::Timeout) {
                break None;
            }
            looks += 1;
            let mut breach = self.breach(limits, watch.look(Instant::now()), bytes.load(Ordering::Relaxed));
            if breach.is_none() && (looks < WATCH_EVERY || looks % WATCH_EVERY == 0) {
                breach = tree_breach(limits);
            }
            if breach.is_some() {
                terminate(pid);
                break breach;
            }
        };
        let _ = rustix::process::kill_process_group(pid, Signal::KILL);
        let status = child.wait()?;
        let strays = sweep();
        let output = collector.join().unwrap_or_default();
        // Only now has everything that it printed been counted.
        let killed = killed.or((bytes.load(Ordering::Relaxed) > cap).then_some(End::Output));
        let end = killed.unwrap_or(match (status.code(), status.signal()) {
            (Some(code), _) => End::Exit(code),
            (None, signal) => End::Signal(signal.unwrap_or(0)),
        });
        Ok(Outcome {
            end,
            output: String::from_utf8_lossy(&output).into_owned(),
            seconds: started.elapsed().as_secs_f64(),
            strays,
        })
    }

    fn breach(&self, limits: &Limits, ran: Duration, output: u64) -> Option<End> {
        if self.cancel.load(Ordering::Relaxed) {
            return Some(End::Cancelled);
        }
        if output > limits.output_bytes {
            return Some(End::Output);
        }
        if ran.as_secs_f64() > limits.wall_seconds {
            return Some(End::Wall);
        }
        None
    }
}

/// A limit that the whole tree together has passed.
fn tree_breach(limits: &Limits) -> Option<End> {
    let tree = descendants(own_pid());
    if tree.iter().map(|p| p.resident).sum::<u64>() > limits.memory_bytes {
        return Some(End::Memory);
    }
    (tree.len() as u64 > limits.processes).then_some(End::Processes)
}

fn own_pid() -> i32 {
    rustix::process::getpid().as_raw_nonzero().get()
}

/// Asks the group to end and waits until it has, or the grace is over.
fn terminate(group: Pid) {
    let _ = rustix::process::kill_process_group(group, Signal::TERM);
    let deadline = Instant::now() + GRACE;
    while Instant::now() < deadline {
        if descendants(own_pid()).iter().all(|p| p.zombie) {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Kills every descendant that is left until there is none, and reaps them. Returns the names of those that were alive.
fn sweep() -> Vec<String> {
    let mut names = Vec::new();
    let mut seen = Vec::new();
    loop {
        let left = descendants(own_pid());
        if left.is_empty() {
            return names;
        }
        for process in &left {
            if !process.zombie {
                if !seen.contains(&process.pid) {
                    seen.push(process.pid);
                    names.push(process.name.clone());
                }
                if let Some(pid) = Pid::from_raw(process.pid) {
                    let _ = rustix::process::kill_process(pid, Signal::KILL);
                }
            }
        }
        // Not waitpid(None), which only waits for this process's own group: strays are in groups of their own.
        while let Ok(Some(_)) = rustix::process::wait(WaitOptions::NOHANG) {}
        thread::sleep(Duration::from_millis(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_which_everything_was_stopped_does_not_count() {
        let start = Instant::now();
        let mut watch = Stopwatch { last: start, total: Duration::ZERO };
        assert_eq!(watch.look(start + Duration::from_millis(25)), Duration::from_millis(25));
        assert_eq!(watch.look(start + Duration::from_secs(600)), Duration::from_millis(25) + LONGEST_LOOK);
    }
}
