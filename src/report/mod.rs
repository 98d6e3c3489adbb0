//! Pages and tables about runs and batches: HTML, Markdown and CSV made from what the store holds.
//!
//! [`run_data`] and [`batch_data`] read everything once; the rest are functions of that data. Nothing here measures, decides or
//! recomputes a verdict. What is not known is shown as an en dash, never as 0; in CSV the cell is empty.

pub mod csv;
mod diff;
mod graph;
pub mod highlight;
pub mod html;
pub mod markdown;
mod svg;
mod verdict;
mod view;

#[cfg(test)]
mod tests;

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::search::history::{Candidate, History};
use crate::store::{BatchId, BatchSummary, Environment, RunId, RunSummary, Store, StoreError, TaskSnapshot};

pub use csv::{batch_csv, candidates_csv};
pub use html::{batch_html, run_html};
pub use markdown::{batch_markdown, run_markdown};

/// Everything that a report says about a run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunData {
    /// Names, state and times. The numbers in a report come from the history.
    pub summary: RunSummary,
    /// The task as it was.
    pub task: TaskSnapshot,
    /// Where the run began.
    pub environment: Environment,
    /// What happened.
    pub history: History,
    /// The results folder, as the commands in the report name it.
    pub results: String,
}

impl RunData {
    /// Baseline over best, by the objective.
    pub fn speedup(&self) -> Option<f64> {
        self.speedup_of(self.history.best()?.1)
    }

    /// Baseline over this value of the objective.
    pub fn speedup_of(&self, value: f64) -> Option<f64> {
        let ratio = self.history.baseline()? / value;
        (ratio.is_finite() && ratio > 0.0).then_some(ratio)
    }

    /// The best accepted candidate.
    pub fn best(&self) -> Option<(u32, &Candidate)> {
        let (number, _) = self.history.best()?;
        Some((number, self.history.candidate(number)?))
    }

    /// Number of accepted candidates.
    pub fn accepted(&self) -> usize {
        self.history.steps.iter().filter(|s| s.candidate.as_ref().is_some_and(|c| c.objective().is_some())).count()
    }
}

/// Everything that a report says about a batch.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchData {
    /// Suite and times.
    pub summary: BatchSummary,
    /// Its runs, in the order in which they began.
    pub runs: Vec<RunData>,
}

impl BatchData {
    /// The speed-ups that are known.
    pub fn speedups(&self) -> Vec<f64> {
        self.runs.iter().filter_map(RunData::speedup).collect()
    }
}

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A template does not fit its data: a bug.
    #[error("report template: {0:#}")]
    Template(#[from] minijinja::Error),
    /// The file.
    #[error("{}: the report cannot be written: {source}; choose another place with --output", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: std::io::Error,
    },
}

/// Reads a run.
pub async fn run_data(store: &Store, run: RunId) -> Result<RunData, StoreError> {
    let summary = store.run(run).await?;
    read(store, summary).await
}

/// Reads a batch and its runs.
pub async fn batch_data(store: &Store, batch: BatchId) -> Result<BatchData, StoreError> {
    let (summary, summaries) = store.batch(batch).await?;
    let mut runs = Vec::with_capacity(summaries.len());
    for run in summaries {
        runs.push(read(store, run).await?);
    }
    Ok(BatchData { summary, runs })
}

async fn read(store: &Store, summary: RunSummary) -> Result<RunData, StoreError> {
    let run = summary.id;
    Ok(RunData {
        summary,
        task: store.task_snapshot(run).await?,
        environment: store.environment(run).await?,
        history: store.history(run).await?,
        results: store.dir().display().to_string(),
    })
}

/// Writes a file whole or not at all: into a temporary file beside it, then renamed over it.
pub fn write(path: &Path, text: &str) -> Result<(), ReportError> {
    let attempt = || -> std::io::Result<()> {
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(folder)?;
        // Named temporary files are private by default; a report is for showing around.
        let mut file = tempfile::Builder::new()
            .prefix(".report-")
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))
            .tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    attempt().map_err(|source| ReportError::Write { path: path.to_path_buf(), source })
}
