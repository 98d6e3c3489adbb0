//! What a run has learnt about an exemplar. Counts what the tools said and nothing that the machine failed to say.

use super::library::{Exemplar, Library, Point};
use crate::candidate;
use crate::search::history::History;

/// What an attempt without improvement costs an exemplar: its best objective counts 2 % worse for each, so that a close second gets
/// its turn before every last point of the first is swept.
const STALE_FACTOR: f64 = 1.02;

/// The record of one exemplar in a history.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Experience {
    /// Candidates made from it that got a verdict.
    pub attempts: u32,
    /// The best objective and where it was found; None if nothing was accepted.
    pub best: Option<(f64, Point)>,
    /// Attempts since then.
    pub stale: u32,
}

impl Experience {
    /// Reads the history.
    pub fn of(library: &Library, history: &History, exemplar: &Exemplar) -> Self {
        let mut found = Self::default();
        for candidate in history.steps.iter().filter_map(|s| s.candidate.as_ref()) {
            let Some(evaluation) = &candidate.evaluation else { continue };
            let machine = evaluation.failure().is_some_and(|r| r.is_infrastructure());
            if machine || library.origin(exemplar.target, candidate) != Some(exemplar) {
                continue;
            }
            found.attempts += 1;
            found.stale += 1;
            if let Some(value) = candidate.objective()
                && found.best.as_ref().is_none_or(|(b, _)| value < *b)
            {
                found.best = Some((value, candidate::tuning(exemplar.target, &candidate.source).unwrap_or_default()));
                found.stale = 0;
            }
        }
        found
    }

    /// True if no tool has judged it yet.
    pub fn is_new(&self) -> bool {
        self.attempts == 0
    }

    /// How promising it is to go on with it; smaller is better. Zero if it is new, infinite if it was rejected every time.
    pub fn score(&self) -> f64 {
        match &self.best {
            _ if self.is_new() => 0.0,
            Some((value, _)) => value * STALE_FACTOR.powi(i32::try_from(self.stale).unwrap_or(i32::MAX)),
            None => f64::INFINITY,
        }
    }
}
