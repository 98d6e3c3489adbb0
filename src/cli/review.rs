//! `kernsmith review [RUN|BATCH]`: what the database holds, as plain tables. Reads only.

use clap::Args;

use super::batch::table;
use super::exit::{Exit, Failed};
use super::workshop::store_failed;
use super::{Places, say};
use crate::numbers::number;
use crate::store::{BatchId, RunId, Store};
use crate::target::failure_line;

/// Arguments.
#[derive(Args)]
pub struct Review {
    /// Run (r12) or batch (b3); none: everything
    subject: Option<String>,
}

/// Runs the command.
pub async fn review(places: &Places, args: Review) -> Result<Exit, Failed> {
    let store = Store::open_read_only(&places.results).await.map_err(store_failed)?;
    match args.subject {
        None => {
            for batch in store.batches().await.map_err(store_failed)? {
                let (state, n) = (if batch.ended_ms.is_some() { "finished" } else { "unfinished" }, batch.runs);
                say(&format!("{:<5} suite {:<20} {n:>3} runs  {state}", batch.id.to_string(), batch.suite));
            }
            table(&store.runs().await.map_err(store_failed)?);
        }
        Some(subject) if subject.starts_with('b') => {
            let batch: BatchId = subject.parse().map_err(store_failed)?;
            table(&store.batch(batch).await.map_err(store_failed)?.1);
        }
        Some(subject) => candidates(&store, subject.parse().map_err(store_failed)?).await?,
    }
    Ok(Exit::Done)
}

async fn candidates(store: &Store, run: RunId) -> Result<(), Failed> {
    let summary = store.run(run).await.map_err(store_failed)?;
    let history = store.history(run).await.map_err(store_failed)?;
    table(std::slice::from_ref(&summary));
    for record in &history.steps {
        let from = record.step.parent().map_or(String::new(), |p| format!(" of #{p}"));
        let head = format!("#{:<3} {:<14}", record.number, format!("{}{from}", record.step.name()));
        let Some(candidate) = &record.candidate else {
            say(&format!("{head} no candidate: {}", record.note.as_deref().unwrap_or("")));
            continue;
        };
        let verdict = match (&candidate.evaluation, candidate.objective()) {
            (None, _) => "pending".to_string(),
            (Some(e), Some(value)) => {
                let sure = e.assurance.as_ref().map_or_else(String::new, ToString::to_string);
                format!("{:>12} {sure:<18}", number(value))
            }
            (Some(e), None) => {
                let reason = e.failure().map_or("unknown", |r| r.as_str());
                format!("rejected: {reason}: {}", failure_line(e).unwrap_or_default())
            }
        };
        say(&format!("{head} {verdict}  {} {}", candidate.agent, candidate.summary));
    }
    Ok(())
}
