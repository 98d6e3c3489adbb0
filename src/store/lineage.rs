//! The git history of candidates: a bare repository in which every candidate is a commit whose parents are its parents'
//! commits, so that `git log --graph` and `git diff` work on a search. Nothing is read back from here: the database is the
//! state, and a commit can be made again from it.
//!
//! Crash safety. libgit2 writes an object or a reference into a temporary file and renames it, so a killed process leaves whole
//! files or none; what it may leave is a stale `….lock`, which is taken away when it is old. Against a loss of power, files are
//! flushed before the rename. libgit2 does that when `core.fsyncObjectFiles` is set; git itself prints a warning about that key
//! in every command, so it stands in a configuration file of our own, the only one that this module reads. With it the user's
//! own git settings have no effect here either.
//!
//! Objects are written before the reference that names them and are never changed, so every state in between is one that
//! `git fsck` accepts. Calls block for some milliseconds; async callers use `spawn_blocking`.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use git2::{Commit, Config, ConfigLevel, ErrorCode, Oid, Repository, RepositoryInitOptions, Signature, Time};

use super::{RunId, StoreError, lock};

/// The repository's folder name in the results folder.
pub const REPOSITORY: &str = "history.git";

/// Configuration that only this module reads.
const CONFIG: &str = "kernsmith.config";

const MAIN: &str = "refs/heads/main";

/// What `main` holds.
const README: &str = "\
# Candidates of kernsmith

Every candidate is a commit `refs/runs/<run>/<number>`; the branch `<run>` is the best candidate of that run.

    git log --graph --oneline r1                    # the way to the best candidate of run r1
    git log --graph --oneline --glob=refs/runs/r1   # all of its candidates
    git diff refs/runs/r1/0 r1 -- candidate.v       # reference against best
";

/// A reference's lock file older than this belongs to a process that is dead: a live one holds it for milliseconds.
const STALE: Duration = Duration::from_secs(5);

/// The git history of a results folder. Any number of threads and processes may use it at once.
#[derive(Debug, Clone)]
pub struct Lineage {
    path: PathBuf,
}

impl Lineage {
    /// Opens the repository in a results folder, or makes it.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let lineage = Self { path: dir.join(REPOSITORY) };
        let runs = dir.join("runs");
        std::fs::create_dir_all(&runs).map_err(|e| StoreError::io(&runs, e))?;
        let _opening = lock::exclusive(&runs.join("open.lock"))?;
        // Initialising is repeatable: after a kill half-way it adds what is missing.
        if !lineage.path.join(CONFIG).exists() || lineage.repository().is_err() {
            let mut options = RepositoryInitOptions::new();
            options.bare(true).mkpath(true).initial_head("main").external_template(false);
            Repository::init_opts(&lineage.path, &options).map_err(|e| lineage.error(&e))?;
            let config = lineage.path.join(CONFIG);
            std::fs::write(&config, "[core]\n\tfsyncObjectFiles = true\n").map_err(|e| StoreError::io(&config, e))?;
        }
        lineage.readme().map_err(|e| lineage.error(&e))?;
        Ok(lineage)
    }

    /// A first page on `main`, so that a clone of the repository is not empty and plain `git log` answers.
    fn readme(&self) -> Result<(), git2::Error> {
        let repository = self.repository()?;
        match repository.find_reference(MAIN) {
            Ok(_) => return Ok(()),
            Err(e) if e.code() == ErrorCode::NotFound => {}
            Err(e) => return Err(e),
        }
        let id = commit(&repository, &[], &[("README.md", README)], "How to read this repository", 0)?;
        repository.reference(MAIN, id, true, "kernsmith").map(|_| ())
    }

    /// The repository's folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The reference of a candidate.
    pub fn reference(run: RunId, number: u32) -> String {
        format!("refs/runs/{run}/{number}")
    }

    /// Commits a candidate under `refs/runs/<run>/<number>` and answers the commit's id. `files` are the names and texts of its
    /// tree; `time_ms` is UTC. The id depends on the arguments alone, so doing it again after a crash changes nothing. The
    /// parents must have been committed.
    pub fn commit(
        &self,
        run: RunId,
        number: u32,
        parents: &[u32],
        files: &[(&str, &str)],
        message: &str,
        time_ms: i64,
    ) -> Result<String, StoreError> {
        let attempt = || -> Result<Oid, git2::Error> {
            let repository = self.repository()?;
            let parents = parents
                .iter()
                .map(|&parent| repository.find_reference(&Self::reference(run, parent))?.peel_to_commit())
                .collect::<Result<Vec<_>, _>>()?;
            commit(&repository, &parents, files, message, time_ms)
        };
        let id = attempt().map_err(|e| self.error(&e))?;
        self.point(&Self::reference(run, number), id)?;
        Ok(id.to_string())
    }

    /// True if the candidate has been committed.
    pub fn has(&self, run: RunId, number: u32) -> Result<bool, StoreError> {
        let find = || match self.repository()?.find_reference(&Self::reference(run, number)) {
            Ok(_) => Ok(true),
            Err(e) if e.code() == ErrorCode::NotFound => Ok(false),
            Err(e) => Err(e),
        };
        find().map_err(|e| self.error(&e))
    }

    /// Makes `refs/heads/<run>` the best candidate, so that the run's name works in any git command.
    pub fn best(&self, run: RunId, number: u32) -> Result<(), StoreError> {
        let find = || -> Result<Oid, git2::Error> {
            Ok(self.repository()?.find_reference(&Self::reference(run, number))?.peel_to_commit()?.id())
        };
        let id = find().map_err(|e| self.error(&e))?;
        self.point(&format!("refs/heads/{run}"), id)
    }

    /// Sets a reference; waits for whoever else is at it, and clears away what a killed process left.
    fn point(&self, name: &str, id: Oid) -> Result<(), StoreError> {
        let deadline = Instant::now() + 2 * STALE;
        loop {
            let set = self.repository().and_then(|r| r.reference(name, id, true, "kernsmith").map(|_| ()));
            match set {
                Ok(()) => return Ok(()),
                Err(e) if e.code() == ErrorCode::Locked && Instant::now() < deadline => {
                    let lock = self.path.join(format!("{name}.lock"));
                    let age = std::fs::metadata(&lock)
                        .and_then(|m| m.modified())
                        .ok()
                        .and_then(|time| SystemTime::now().duration_since(time).ok());
                    if age.is_some_and(|age| age > STALE) {
                        let _ = std::fs::remove_file(&lock);
                    } else {
                        std::thread::sleep(Duration::from_millis(50));
                    }
                }
                Err(e) => return Err(self.error(&e)),
            }
        }
    }

    /// A handle of its own for every call: cheap beside an evaluation, and no thread shares state with another.
    fn repository(&self) -> Result<Repository, git2::Error> {
        let repository = Repository::open_bare(&self.path)?;
        let mut config = Config::new()?;
        config.add_file(&self.path.join(CONFIG), ConfigLevel::Local, false)?;
        repository.set_config(&config)?;
        Ok(repository)
    }

    fn error(&self, error: &git2::Error) -> StoreError {
        let text = error.message();
        let message = match error.code() {
            ErrorCode::Owner => format!(
                "{text}; the folder belongs to another user: choose another results folder, or make it yours with chown"
            ),
            ErrorCode::Locked => format!("{text}; remove the lock file if no git or kernsmith is running"),
            ErrorCode::NotFound => {
                format!("{text}; the database is whole without it: move {REPOSITORY} away to begin a new one")
            }
            _ => text.to_string(),
        };
        StoreError::Lineage { path: self.path.clone(), message }
    }
}

fn commit(
    repository: &Repository,
    parents: &[Commit<'_>],
    files: &[(&str, &str)],
    message: &str,
    time_ms: i64,
) -> Result<Oid, git2::Error> {
    let mut tree = repository.treebuilder(None)?;
    for (name, text) in files {
        tree.insert(*name, repository.blob(text.as_bytes())?, 0o100_644)?;
    }
    let tree = repository.find_tree(tree.write()?)?;
    let who = Signature::new("kernsmith", "kernsmith@localhost", &Time::new(time_ms.div_euclid(1000), 0))?;
    // A NUL would cut the message short.
    let message = message.replace('\0', "\u{fffd}");
    repository.commit(None, &who, &who, &message, &tree, &parents.iter().collect::<Vec<_>>())
}
