//! The offline Coder: offers what the library has and the history has not, the most promising first.

use std::sync::Arc;

use super::library::{Exemplar, Library, Offer, Point, distance};
use crate::agent::judgement::Judgement;
use crate::agent::{AgentError, Answer, Brief, Coder, Draft};
use crate::candidate;
use crate::search::history::{History, Step};

/// Takes exemplars from the library.
#[derive(Debug, Clone)]
pub struct BuiltinCoder {
    library: Arc<Library>,
}

impl BuiltinCoder {
    /// A Coder with this library; the Judge should have the same.
    pub fn new(library: Arc<Library>) -> Self {
        Self { library }
    }

    fn draft(&self, brief: Brief<'_>, judgement: &Judgement) -> Result<Draft, AgentError> {
        let mut offers = self.library.untried(brief.task, brief.history);
        let any = self.library.applicable(brief.task).next().is_some();
        if offers.is_empty() {
            let operation = &brief.task.operation;
            let contract = brief.task.verilog.contract.as_str();
            return Err(AgentError::Exhausted(if any {
                format!("every exemplar of {operation} and every value of its tunables has been evaluated")
            } else {
                format!(
                    "the library has no exemplar for {operation} with contract {contract}; add one under kernels/verilog/{operation}/"
                )
            }));
        }
        // A repair by this Coder is another exemplar: it cannot mend a text. Otherwise the judged method comes first.
        let broken = match brief.step {
            Step::Repair { of } => brief.history.candidate(*of).and_then(|c| self.library.origin(c)),
            _ => None,
        };
        offers.sort_by(|a, b| {
            let key = |o: &Offer<'_>| {
                let other_method = judgement.method().is_some_and(|m| m != o.exemplar.method);
                let same_broken = broken.is_some_and(|e| e == o.exemplar);
                (other_method, same_broken)
            };
            key(a).cmp(&key(b)).then_with(|| {
                promise(&self.library, brief.history, a).total_cmp(promise(&self.library, brief.history, b))
            })
        });
        let offer = offers.swap_remove(0);
        let values: Vec<String> = offer.point.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let values = if values.is_empty() { String::new() } else { format!(" [{}]", values.join(", ")) };
        let instead = if broken.is_some() { " (in place of the rejected one)" } else { "" };
        Ok(Draft {
            source: offer.source,
            agent: format!("builtin:{}/{}", offer.exemplar.operation, offer.exemplar.technique),
            summary: format!("{}{values}{instead}", offer.exemplar.summary.trim_end_matches('.')),
        })
    }
}

impl Coder for BuiltinCoder {
    fn name(&self) -> String {
        "builtin".into()
    }

    fn write<'a>(&'a self, brief: Brief<'a>, judgement: &'a Judgement) -> Answer<'a, Draft> {
        Box::pin(async move { self.draft(brief, judgement) })
    }
}

/// How promising an offer is; smaller is better.
struct Promise {
    /// Never tried comes first, then the exemplar's best objective (infinite if it was always rejected).
    best: f64,
    /// Distance of the point from the exemplar's best.
    distance: (usize, usize),
}

impl Promise {
    fn total_cmp(&self, other: Promise) -> std::cmp::Ordering {
        self.best.total_cmp(&other.best).then(self.distance.cmp(&other.distance))
    }
}

fn promise(library: &Library, history: &History, offer: &Offer<'_>) -> Promise {
    match best_point(library, history, offer.exemplar) {
        None => {
            Promise { best: 0.0, distance: distance(offer.exemplar, &offer.point, &offer.exemplar.default_point()) }
        }
        Some((value, point)) => Promise { best: value, distance: distance(offer.exemplar, &offer.point, &point) },
    }
}

/// The exemplar's best objective in the history and where it was found; None if it was never tried.
pub(super) fn best_point(library: &Library, history: &History, exemplar: &Exemplar) -> Option<(f64, Point)> {
    let mut best: Option<(f64, Point)> = None;
    for candidate in history.steps.iter().filter_map(|s| s.candidate.as_ref()) {
        if library.origin(candidate) == Some(exemplar) {
            let value = candidate.objective().unwrap_or(f64::INFINITY);
            if best.as_ref().is_none_or(|(b, _)| value < *b) {
                best = Some((value, candidate::tuning(&candidate.source).unwrap_or_default()));
            }
        }
    }
    best
}
