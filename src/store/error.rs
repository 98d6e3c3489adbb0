//! What can go wrong with a results folder, told so that a person can act on it.

use std::path::{Path, PathBuf};

use super::RunId;

/// Primary result codes of SQLite (the low byte of the extended code).
pub(super) const PERM: i32 = 3;
pub(super) const BUSY: i32 = 5;
pub(super) const LOCKED: i32 = 6;
pub(super) const READONLY: i32 = 8;
pub(super) const IOERR: i32 = 10;
pub(super) const CORRUPT: i32 = 11;
pub(super) const FULL: i32 = 13;
pub(super) const CANTOPEN: i32 = 14;
pub(super) const NOTADB: i32 = 26;
/// Extended code: the shared-memory file beside the database could not be extended.
const IOERR_SHMSIZE: i32 = 4874;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process holds the write lock for too long.
    #[error("{p}: another program keeps the database locked; wait for it, or end the one that `fuser -v {p}` names", p = path.display())]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// File or folder may not be written.
    #[error("{}: cannot be written; make the file and its folder writable, or choose another results folder", path.display())]
    ReadOnly {
        /// The database or the folder.
        path: PathBuf,
    },
    /// Written by a newer program.
    #[error(
        "{}: schema version {found} is newer than {known}, the newest that this kernsmith knows; use the newer kernsmith, or another results folder",
        path.display()
    )]
    NewerSchema {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// This program's version.
        known: i64,
    },
    /// Opened for reading only, so the schema cannot be brought up to date.
    #[error(
        "{}: schema version {found} is older than {known}, which this kernsmith reads; a command that writes here (`kernsmith run`, `kernsmith resume`) updates it",
        path.display()
    )]
    OlderSchema {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// This program's version.
        known: i64,
    },
    /// Not a SQLite file.
    #[error("{}: not a SQLite database; move the file away, or choose another results folder", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// A SQLite file of another program.
    #[error("{}: a database of another program; choose another results folder", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("{p}: the database is damaged ({message}); restore a copy, or save what is left with `sqlite3 {p} .recover`", p = path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        message: String,
    },
    /// No space left.
    #[error("{}: the disk is full; free some space, then `kernsmith resume --all` carries on", path.display())]
    DiskFull {
        /// The database or the folder.
        path: PathBuf,
    },
    /// Nothing there to read.
    #[error("{}: no such database; `kernsmith run` makes it, --results names another folder", path.display())]
    Missing {
        /// The database.
        path: PathBuf,
    },
    /// The schema's own record does not fit this program.
    #[error("{}: the schema cannot be updated: {message}", path.display())]
    Migration {
        /// The database.
        path: PathBuf,
        /// What does not fit.
        message: String,
    },
    /// A file beside the database.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
    /// Not a number of a run or a batch.
    #[error("`{text}` is not the number of a {what}; write it like {example}")]
    BadId {
        /// `run` or `batch`.
        what: &'static str,
        /// What was given.
        text: String,
        /// How it should look.
        example: &'static str,
    },
    /// No such row.
    #[error("{}: no {what} {id}; `kernsmith review` shows what there is", path.display())]
    NotFound {
        /// The database.
        path: PathBuf,
        /// `run`, `batch` or `candidate`.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// A step must follow the last one.
    #[error(
        "step {given} cannot be added to run {run}, whose next step is {expected}; is another program driving this run?"
    )]
    WrongStep {
        /// The run.
        run: RunId,
        /// The number that was given.
        given: u32,
        /// The number that is free.
        expected: u32,
    },
    /// A verdict is never overwritten by another.
    #[error("candidate {number} of run {run} already has a verdict; is another program driving this run?")]
    AlreadyEvaluated {
        /// The run.
        run: RunId,
        /// The candidate.
        number: u32,
    },
    /// Another process drives the run.
    #[error("run {run} is being driven by another kernsmith{holder} (lock: {}); wait for it, or end it", path.display())]
    RunLocked {
        /// The run.
        run: RunId,
        /// The lock file.
        path: PathBuf,
        /// ` (process 1234)`, or nothing.
        holder: String,
    },
    /// A row that this program cannot read.
    #[error(
        "the database holds `{value}` for {column}, which this kernsmith does not know; use the version that wrote it"
    )]
    Unreadable {
        /// Table and column.
        column: &'static str,
        /// The value.
        value: String,
    },
    /// The git history.
    #[error("{}: {message}", path.display())]
    Lineage {
        /// The repository.
        path: PathBuf,
        /// What git says, and the way out.
        message: String,
    },
    /// Everything else that SQLite says. Inside the store also what has not been told apart yet.
    #[error("database: {0}")]
    Sqlite(#[from] sqlx::Error),
}

impl StoreError {
    /// From a file operation.
    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let path = path.to_path_buf();
        match source.kind() {
            Kind::StorageFull | Kind::QuotaExceeded => Self::DiskFull { path },
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem => Self::ReadOnly { path },
            _ => Self::Io { path, source },
        }
    }

    /// Names the file and, where SQLite's code is one that people meet, the way out.
    pub(super) fn at(self, database: &Path) -> Self {
        let path = database.to_path_buf();
        let error = match self {
            Self::Sqlite(error) => error,
            Self::NotFound { what, id, .. } => return Self::NotFound { path, what, id },
            other => return other,
        };
        if let sqlx::Error::PoolTimedOut = error {
            return Self::Busy { path };
        }
        if extended_code(&error) == Some(IOERR_SHMSIZE) {
            return Self::DiskFull { path };
        }
        match primary_code(&error) {
            Some(BUSY | LOCKED) => Self::Busy { path },
            Some(READONLY | PERM | CANTOPEN) => Self::ReadOnly { path },
            Some(FULL) => Self::DiskFull { path },
            Some(NOTADB) => Self::NotADatabase { path },
            Some(CORRUPT) => Self::Damaged { path, message: error.to_string() },
            Some(IOERR) => Self::Io { path, source: std::io::Error::other(error.to_string()) },
            _ => Self::Sqlite(error),
        }
    }
}

fn extended_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// SQLite's primary result code.
pub(super) fn primary_code(error: &sqlx::Error) -> Option<i32> {
    extended_code(error).map(|code| code & 0xff)
}
