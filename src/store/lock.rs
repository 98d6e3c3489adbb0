//! File locks that the system releases when their process dies, however it dies.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::{RunId, Store, StoreError};

/// Held while a process drives a run. The file stays; only the lock on it means anything.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl Store {
    /// Takes the run's lock, so that no two processes drive the run at once. Answers at once; released by dropping it, or by the
    /// end of the process.
    pub fn lock_run(&self, run: RunId) -> Result<RunLock, StoreError> {
        let path = self.dir().join("runs").join(format!("{run}.lock"));
        let mut file = open(&path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => {
                let mut text = String::new();
                let _ = file.read_to_string(&mut text);
                let holder = match text.trim().parse::<u32>() {
                    Ok(pid) => format!(" (process {pid})"),
                    Err(_) => String::new(),
                };
                return Err(StoreError::RunLocked { run, path, holder });
            }
            Err(e) => return Err(StoreError::io(&path, e.into())),
        }
        // For the message above only, so a full disk is no reason to refuse.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(RunLock { _file: file })
    }
}

/// Waits for a lock on a file, which is made if missing.
pub(super) fn exclusive(path: &Path) -> Result<File, StoreError> {
    let file = open(path)?;
    flock(&file, FlockOperation::LockExclusive).map_err(|e| StoreError::io(path, e.into()))?;
    Ok(file)
}

fn open(path: &Path) -> Result<File, StoreError> {
    File::options().read(true).write(true).create(true).truncate(false).open(path).map_err(|e| StoreError::io(path, e))
}
