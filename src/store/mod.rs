//! The results folder: the database `kernsmith.db`, the git history of candidates and the locks of running runs.
//!
//! [`Store`] writes and reads rows ([`query`] and [`summary`] read, `write` writes), [`lineage`] keeps the candidates as
//! commits. The schema is described in `docs/schema.md`. This module decides nothing: what is worth storing is the driver's
//! business, and what follows from it the strategy's.

pub mod error;
pub mod lineage;
pub mod lock;
pub mod query;
mod rows;
pub mod summary;
mod write;

#[cfg(test)]
pub(crate) mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{SqlSafeStr, Sqlite, Transaction};

use crate::search::history::SearchLimits;
use crate::task::Task;

pub use error::StoreError;
pub use lineage::Lineage;
pub use lock::RunLock;
pub use query::TaskSnapshot;
pub use summary::{BatchSummary, RunState, RunSummary};

/// The database's file name in the results folder.
pub const DATABASE: &str = "kernsmith.db";

/// `PRAGMA application_id` of our databases: "KSMT".
const APPLICATION_ID: i64 = 0x4b53_4d54;

/// How long a writer waits for another one. A transaction takes milliseconds, so this is only met if something hangs.
const BUSY: Duration = Duration::from_secs(5);

/// Migrations in order: version, name, text. Never edit one that was released.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "initial", include_str!("migrations/0001_initial.sql")),
    (2, "clock_of_verilog", include_str!("migrations/0002_clock_of_verilog.sql")),
];

/// The schema version that this program writes.
pub const SCHEMA_VERSION: i64 = 2;

/// What lies in a results folder, for whoever finds one.
const README: &str = include_str!("../../results/README.md");

macro_rules! id {
    ($name:ident, $letter:literal, $what:literal) => {
        #[doc = concat!("The number of a ", $what, "; shown and read as `", $letter, "12`.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&format!("{}{}", $letter, self.0))
            }
        }

        impl FromStr for $name {
            type Err = StoreError;

            fn from_str(text: &str) -> Result<Self, StoreError> {
                let digits = text.strip_prefix($letter).unwrap_or(text);
                match digits.parse() {
                    Ok(number) if number > 0 && digits.bytes().all(|b| b.is_ascii_digit()) => Ok(Self(number)),
                    _ => {
                        Err(StoreError::BadId { what: $what, text: text.to_string(), example: concat!($letter, "12") })
                    }
                }
            }
        }
    };
}

id!(RunId, "r", "run");
id!(BatchId, "b", "batch");

/// Where a run happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Host name.
    pub host: String,
    /// Operating system, kernel and architecture.
    pub os: String,
    /// Version of this program.
    pub kernsmith_version: String,
    /// Tool name to version.
    pub tool_versions: BTreeMap<String, String>,
    /// Sandbox layers that can be enforced here.
    pub sandbox: Vec<String>,
}

/// What is known of a run when it begins.
#[derive(Debug, Clone)]
pub struct NewRun<'a> {
    /// The batch that it belongs to.
    pub batch: Option<BatchId>,
    /// The task; a snapshot of it is stored.
    pub task: &'a Task,
    /// The device, for instance `osu018`.
    pub device: &'a str,
    /// The strategy's name.
    pub strategy: &'a str,
    /// The Coder's name.
    pub coder: &'a str,
    /// The Judge's name.
    pub judge: &'a str,
    /// Limits.
    pub limits: &'a SearchLimits,
    /// The run's seed.
    pub seed: u64,
    /// Where it runs.
    pub environment: &'a Environment,
}

/// An open results folder. Clones share one pool of connections.
#[derive(Debug, Clone)]
pub struct Store {
    dir: PathBuf,
    database: PathBuf,
    pool: SqlitePool,
}

impl Store {
    /// Opens the results folder for writing. Makes folder and database if they are missing, and brings the schema up to date.
    pub async fn open(dir: &Path) -> Result<Self, StoreError> {
        Self::open_waiting(dir, BUSY).await
    }

    async fn open_waiting(dir: &Path, busy: Duration) -> Result<Self, StoreError> {
        let database = dir.join(DATABASE);
        // SQLite knows no lock around "make the file, switch it to WAL, create the tables": without one, two programs that
        // start together in a new folder get in each other's way.
        let folder = dir.to_path_buf();
        let opening = tokio::task::spawn_blocking(move || prepare(&folder))
            .await
            .map_err(|e| StoreError::Io { path: database.clone(), source: std::io::Error::other(e) })??;
        // FULL: in WAL mode only this makes a commit survive a loss of power (NORMAL would lose the last few commits). It costs
        // one fsync a transaction, three or so a step, beside seconds of tools.
        let options = SqliteConnectOptions::new()
            .filename(&database)
            .create_if_missing(true)
            .foreign_keys(true)
            .busy_timeout(busy)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let store = Self { dir: dir.to_path_buf(), database, pool: pool(options, 4) };
        let result = store.migrate().await;
        drop(opening);
        store.located(result)?;
        Ok(store)
    }

    /// Opens the results folder for reading, also beside a program that writes, and from read-only media.
    pub async fn open_read_only(dir: &Path) -> Result<Self, StoreError> {
        let database = dir.join(DATABASE);
        if !database.exists() {
            return Err(StoreError::Missing { path: database });
        }
        let options =
            SqliteConnectOptions::new().filename(&database).read_only(true).foreign_keys(true).busy_timeout(BUSY);
        let mut store = Self { dir: dir.to_path_buf(), database, pool: pool(options.clone(), 2) };
        let mut result = store.check_schema(true).await;
        if matches!(&result, Err(StoreError::Sqlite(e)) if error::primary_code(e) == Some(error::CANTOPEN) || error::primary_code(e) == Some(error::READONLY))
            && !has_wal(&store.database)
        {
            // A reader of a WAL database makes a shared-memory file beside it, which a read-only folder does not permit.
            // Without a write-ahead log nobody is writing, so the file can be read as it is.
            store.pool = pool(options.immutable(true), 2);
            result = store.check_schema(true).await;
        }
        store.located(result)?;
        Ok(store)
    }

    /// The results folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Ends all connections and folds the write-ahead log into the database. Not needed for safety.
    pub async fn close(self) {
        self.pool.close().await;
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        self.check_schema(false).await?;
        let list = MIGRATIONS
            .iter()
            .map(|&(version, name, text)| {
                Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, text.into_sql_str(), false)
            })
            .collect();
        Migrator::with_migrations(list).run(&self.pool).await.map_err(|e| match e {
            sqlx::migrate::MigrateError::Execute(e) | sqlx::migrate::MigrateError::ExecuteMigration(e, _) => {
                StoreError::Sqlite(e)
            }
            other => StoreError::Migration { path: self.database.clone(), message: other.to_string() },
        })
    }

    /// An error unless the file is empty or one of our databases, of a version that this program knows; readers need ours exactly.
    async fn check_schema(&self, reading: bool) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await?;
        let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(&mut *connection).await?;
        let application: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await?;
        let migrations: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'")
            .fetch_one(&mut *connection)
            .await?;
        // Killed between creating the migrations' table and the first migration, a database has the one and not yet the id.
        if application != APPLICATION_ID && tables > 2 * migrations {
            return Err(StoreError::Foreign { path: self.database.clone() });
        }
        let found: i64 = if migrations == 0 {
            0
        } else {
            sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM _sqlx_migrations")
                .fetch_one(&mut *connection)
                .await?
        };
        if found > SCHEMA_VERSION {
            return Err(StoreError::NewerSchema { path: self.database.clone(), found, known: SCHEMA_VERSION });
        }
        if reading && found < SCHEMA_VERSION {
            return Err(StoreError::OlderSchema { path: self.database.clone(), found, known: SCHEMA_VERSION });
        }
        Ok(())
    }

    /// Begins a transaction that may write. IMMEDIATE takes the write lock at once, so that two programs wait for each other
    /// instead of failing half-way.
    async fn write(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.pool.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// A transaction for reading: everything in it sees one state of the database.
    async fn read(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.pool.begin().await?)
    }

    /// Turns what SQLite says into what a person can act on.
    fn located<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        result.map_err(|e| e.at(&self.database))
    }
}

fn pool(options: SqliteConnectOptions, connections: u32) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(60))
        .connect_lazy_with(options)
}

fn has_wal(database: &Path) -> bool {
    let mut name = database.as_os_str().to_os_string();
    name.push("-wal");
    std::fs::metadata(name).is_ok_and(|m| m.len() > 0)
}

/// Makes the folders and takes the lock that guards the opening.
fn prepare(dir: &Path) -> Result<std::fs::File, StoreError> {
    let runs = dir.join("runs");
    std::fs::create_dir_all(&runs).map_err(|e| StoreError::io(&runs, e))?;
    let readme = dir.join("README.md");
    if !readme.exists() {
        std::fs::write(&readme, README).map_err(|e| StoreError::io(&readme, e))?;
    }
    lock::exclusive(&runs.join("open.lock"))
}

/// Milliseconds since 1970, UTC.
pub fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Seconds as stored: a clock that ran backwards must not make a row unreadable.
fn seconds(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}
