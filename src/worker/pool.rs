//! The controller's side: a fixed number of worker processes, each evaluating one candidate at a time.
//!
//! A worker that dies, falls silent or breaks the protocol is replaced and its job is tried once more, and so is a job that failed for
//! reasons of the machine; after that the verdict is `infrastructure`, which is never held against the candidate.
//!
//! A worker whose input is closed kills its tools, removes its folder and ends. So a pool that is dropped, by the end of the program
//! or by its sudden death, leaves nothing behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{Mutex, Semaphore};

use super::protocol::{Ability, HEARTBEAT_SECONDS, MAX_LINE, PROTOCOL, Reply, Request};
use crate::target::{Evaluation, Plan, Reason, StageName, TargetName};
use crate::task::Task;

/// Silence after which a worker counts as lost.
const SILENCE: Duration = Duration::from_secs(15 * HEARTBEAT_SECONDS);
/// Time for a worker that is given up to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// Attempts at one job.
const ATTEMPTS: u32 = 2;

/// Why no worker can be had.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// The process does not start.
    #[error("cannot start a worker: {}: {source}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It speaks another version.
    #[error("worker speaks protocol {found}, this program speaks {PROTOCOL}: use one version of kernsmith")]
    Version {
        /// What it said.
        found: u32,
    },
    /// It ended or fell silent.
    #[error("worker lost: {0}")]
    Lost(String),
}

/// One job for the pool.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The task.
    pub task: &'a Task,
    /// The candidate.
    pub source: &'a str,
    /// How much to do.
    pub plan: &'a Plan,
    /// Where to leave the work folder.
    pub keep: Option<&'a Path>,
}

/// What the workers of this pool can do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Abilities {
    /// What they can do for each target.
    pub targets: BTreeMap<TargetName, Ability>,
    /// Sandbox layers.
    pub layers: Vec<String>,
}

impl Abilities {
    /// Versions of the tools that a verdict of this target depends on.
    pub fn tools(&self, target: TargetName) -> BTreeMap<String, String> {
        self.targets.get(&target).map(|a| a.tools.clone()).unwrap_or_default()
    }

    /// Required tools of this target that are missing, each with the command that mends it.
    pub fn missing(&self, target: TargetName) -> &[(String, String)] {
        self.targets.get(&target).map_or(&[], |a| a.missing.as_slice())
    }
}

/// A pool of local worker processes.
pub struct Pool {
    program: PathBuf,
    slots: Semaphore,
    idle: Mutex<Vec<Worker>>,
    next_id: AtomicU64,
    abilities: Abilities,
}

struct Worker {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Pool {
    /// Starts the first worker, to learn what it can do; the others start when they are needed.
    pub async fn start(program: &Path, size: usize) -> Result<Self, PoolError> {
        let (worker, abilities) = Worker::start(program).await?;
        Ok(Self {
            program: program.to_path_buf(),
            slots: Semaphore::new(size.max(1)),
            idle: Mutex::new(vec![worker]),
            next_id: AtomicU64::new(1),
            abilities,
        })
    }

    /// What the workers can do.
    pub fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    /// Evaluates one candidate; waits for a free worker. Dropping the future ends the worker at work.
    pub async fn evaluate(&self, job: Job<'_>, mut progress: impl FnMut(StageName)) -> Evaluation {
        let started = Instant::now();
        // The semaphore is never closed.
        let _slot = self.slots.acquire().await;
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let mut trouble = String::new();
        for attempt in 1..=ATTEMPTS {
            match self.attempt(job, id, attempt, &mut progress).await {
                Ok(evaluation) if evaluation.failure() == Some(Reason::Infrastructure) && attempt < ATTEMPTS => {
                    let log = evaluation.failed_stage().map_or("", |stage| stage.log.trim_end());
                    trouble = format!("{trouble}attempt {attempt}: {log}\n");
                }
                Ok(evaluation) => return evaluation,
                Err(e) => trouble = format!("{trouble}attempt {attempt}: {e}\n"),
            }
        }
        let (tools, layers) = (self.abilities.tools(job.task.target()), self.abilities.layers.clone());
        Evaluation::infrastructure(trouble, started.elapsed().as_secs_f64(), &job.plan.device, tools, layers)
    }

    async fn attempt(
        &self,
        job: Job<'_>,
        id: u64,
        attempt: u32,
        progress: &mut impl FnMut(StageName),
    ) -> Result<Evaluation, PoolError> {
        let idle = self.idle.lock().await.pop();
        let mut worker = match idle {
            Some(worker) => worker,
            None => Worker::start(&self.program).await?.0,
        };
        match worker.work(job, id, attempt, progress).await {
            Ok(evaluation) => {
                self.idle.lock().await.push(worker);
                Ok(evaluation)
            }
            Err(e) => {
                worker.end().await;
                Err(e)
            }
        }
    }
}

impl Worker {
    /// Sends the job and waits for its result.
    async fn work(
        &mut self,
        job: Job<'_>,
        id: u64,
        attempt: u32,
        progress: &mut impl FnMut(StageName),
    ) -> Result<Evaluation, PoolError> {
        let request = Request {
            id,
            attempt,
            task: Box::new(job.task.clone()),
            source: job.source.to_string(),
            plan: job.plan.clone(),
            keep: job.keep.map(|p| p.display().to_string()),
        };
        let lost = |e: &dyn std::fmt::Display| PoolError::Lost(e.to_string());
        let mut line = serde_json::to_string(&request).map_err(|e| lost(&e))?;
        line.push('\n');
        self.input.write_all(line.as_bytes()).await.map_err(|e| lost(&e))?;
        loop {
            match self.read().await? {
                Reply::Progress { id: i, attempt: a, stage } if (i, a) == (id, attempt) => progress(stage),
                Reply::Result { id: i, attempt: a, evaluation } if (i, a) == (id, attempt) => return Ok(*evaluation),
                // Heartbeats, and whatever belongs to an attempt that nobody waits for.
                _ => {}
            }
        }
    }

    async fn start(program: &Path) -> Result<(Self, Abilities), PoolError> {
        let spawn = |source| PoolError::Spawn { program: program.to_path_buf(), source };
        // The environment is cleared: no key of the controller's is ever in a worker. Only the places of tools go along.
        let mut child = Command::new(program)
            .args(["worker", "--stdio"])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TMPDIR", std::env::temp_dir())
            .envs(crate::gpu::nvrtc::worker_environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(spawn)?;
        let missing = || PoolError::Lost("no pipes".into());
        let input = child.stdin.take().ok_or_else(missing)?;
        let output = BufReader::new(child.stdout.take().ok_or_else(missing)?);
        let mut worker = Self { child, input, output };
        let error = match worker.read().await {
            Ok(Reply::Hello { protocol: PROTOCOL, targets, layers, .. }) => {
                return Ok((worker, Abilities { targets, layers }));
            }
            Ok(Reply::Hello { protocol, .. }) => PoolError::Version { found: protocol },
            Ok(other) => PoolError::Lost(format!("said {other:?} before hello")),
            Err(e) => e,
        };
        worker.end().await;
        Err(error)
    }

    /// Lets it put its things away and end; kills it if it does not.
    async fn end(mut self) {
        drop(self.input);
        if tokio::time::timeout(GRACE, self.child.wait()).await.is_err() {
            let _ = self.child.start_kill();
        }
    }

    async fn read(&mut self) -> Result<Reply, PoolError> {
        let lost = |message: String| PoolError::Lost(message);
        let mut line = Vec::new();
        let mut limited = tokio::io::AsyncReadExt::take(&mut self.output, MAX_LINE as u64);
        let read = loop {
            let waiting = Instant::now();
            match tokio::time::timeout(SILENCE, limited.read_until(b'\n', &mut line)).await {
                // Whoever stopped this program (Ctrl-Z, a batch system) has stopped the worker as well: it gets its time again.
                Err(_) if waiting.elapsed() > 2 * SILENCE => {}
                read => break read,
            }
        };
        match read {
            Err(_) => Err(lost(format!("silent for {} s", SILENCE.as_secs()))),
            Ok(Err(e)) => Err(lost(e.to_string())),
            Ok(Ok(0)) => {
                let status = self.child.try_wait().ok().flatten();
                Err(lost(status.map_or("closed its output".into(), |s| s.to_string())))
            }
            Ok(Ok(_)) => serde_json::from_slice(&line).map_err(|e| lost(format!("unreadable reply: {e}"))),
        }
    }
}
