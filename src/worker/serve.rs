//! The worker's side: reads requests, evaluates, replies. Ends, and ends every tool, when its input ends.

use std::io::{self, BufRead, Read, Write};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use super::protocol::{Ability, HEARTBEAT_SECONDS, MAX_LINE, PROTOCOL, Reply, Request};
use crate::sandbox::{LAYERS, Runner};
use crate::target::{Evaluation, StageName, TargetName, Targets};

/// Writes whole lines; shared with the heartbeat.
#[derive(Clone)]
struct Output(Arc<Mutex<io::Stdout>>);

impl Output {
    fn send(&self, reply: &Reply) -> io::Result<()> {
        let mut line = serde_json::to_string(reply)?;
        line.push('\n');
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(line.as_bytes())?;
        out.flush()
    }
}

/// Serves until standard input ends.
pub fn serve() -> io::Result<()> {
    let cancel = Arc::new(AtomicBool::new(false));
    let runner = Runner::new(std::env::current_exe()?, Arc::clone(&cancel))?;
    let mut targets = Targets::detect();
    let output = Output(Arc::new(Mutex::new(io::stdout())));
    output.send(&Reply::Hello {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").into(),
        targets: TargetName::ALL.into_iter().map(|name| (name, ability(&targets, name))).collect(),
        layers: LAYERS.iter().map(ToString::to_string).collect(),
    })?;

    let heart = output.clone();
    let stop = Arc::clone(&cancel);
    thread::spawn(move || {
        while !stop.load(Ordering::Relaxed) && heart.send(&Reply::Heartbeat).is_ok() {
            thread::sleep(Duration::from_secs(HEARTBEAT_SECONDS));
        }
        // Nobody listens any more: the same as the end of input.
        stop.store(true, Ordering::Relaxed);
    });
    let (send, requests) = mpsc::channel();
    let stop = Arc::clone(&cancel);
    thread::spawn(move || {
        let mut input = io::BufReader::new(io::stdin());
        let mut line = Vec::new();
        loop {
            line.clear();
            match input.by_ref().take(MAX_LINE as u64).read_until(b'\n', &mut line) {
                Ok(n) if n > 0 && line.ends_with(b"\n") => {}
                _ => break,
            }
            let request = serde_json::from_slice::<Request>(&line);
            if send.send(request).is_err() {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
    });

    for request in requests {
        if cancel.load(Ordering::Relaxed) {
            break;
        }
        let request = request.map_err(|e| io::Error::new(io::ErrorKind::InvalidData, format!("bad request: {e}")))?;
        let mut progress = |stage| {
            let _ = output.send(&Reply::Progress { id: request.id, attempt: request.attempt, stage });
        };
        let evaluation = evaluate(&mut targets, &request, &runner, &mut progress).unwrap_or_else(|message| {
            let layers = LAYERS.iter().map(ToString::to_string).collect();
            let versions = targets.get(request.task.target()).versions().clone();
            Evaluation::infrastructure(message, 0.0, &request.plan.device, versions, layers)
        });
        output.send(&Reply::Result { id: request.id, attempt: request.attempt, evaluation: Box::new(evaluation) })?;
    }
    Ok(())
}

fn ability(targets: &Targets, name: TargetName) -> Ability {
    let target = targets.get(name);
    Ability { tools: target.versions().clone(), missing: target.missing() }
}

/// Evaluates in a fresh folder, which is removed after that. An error is a message about the machine.
fn evaluate(
    targets: &mut Targets,
    request: &Request,
    runner: &Runner,
    progress: &mut dyn FnMut(StageName),
) -> Result<Evaluation, String> {
    let folder = tempfile::Builder::new().prefix("kernsmith-").tempdir().map_err(|e| {
        // The error names the folder.
        format!("cannot make a work folder: {e}; TMPDIR names another place")
    })?;
    // Yosys and Icarus put the folder into scripts and shell commands without quoting it.
    let plain = |c: char| c.is_alphanumeric() || "/-_.+,:@=".contains(c);
    let path = folder.path().display().to_string();
    if let Some(odd) = path.chars().find(|c| !plain(*c)) {
        return Err(format!(
            "the tools cannot work in {path}: shells read `{odd}` as their own; TMPDIR names another place"
        ));
    }
    let target = targets.get_mut(request.task.target());
    let evaluation = target.evaluate(&request.task, &request.source, &request.plan, folder.path(), runner, progress);
    if let Some(keep) = &request.keep {
        copy_folder(folder.path(), Path::new(keep))
            .map_err(|e| format!("cannot keep the work folder in {keep}: {e}"))?;
    }
    Ok(evaluation)
}

/// Copies the files of a flat folder.
fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}
