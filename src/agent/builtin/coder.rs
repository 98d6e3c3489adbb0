//! The offline Coder: offers what the library has and the history has not, the most promising first. It mends no text: a repair by it
//! is another exemplar, or another point of the same one.

use std::sync::Arc;

use super::experience::Experience;
use super::library::{Exemplar, Library, Offer, distance};
use crate::agent::judgement::Judgement;
use crate::agent::{AgentError, Answer, Brief, Coder, Draft};
use crate::search::history::Step;

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
        let broken = match brief.step {
            Step::Repair { of } => brief.history.candidate(*of),
            _ => None,
        };
        let target = brief.task.target();
        let broken_exemplar = broken.and_then(|c| self.library.origin(target, c));
        let experience: Vec<(&Exemplar, Experience)> =
            self.library.applicable(brief.task).map(|e| (e, Experience::of(&self.library, brief.history, e))).collect();
        let rank = |offer: &Offer<'_>| {
            let known = experience.iter().find(|(e, _)| *e == offer.exemplar).map(|(_, known)| known);
            let from = known.and_then(|k| Some(&k.best.as_ref()?.1));
            Rank {
                other_method: judgement.method().is_some_and(|m| m != offer.exemplar.method),
                same_broken: broken_exemplar == Some(offer.exemplar),
                score: known.map_or(0.0, Experience::score),
                attempts: known.map_or(0, |k| k.attempts),
                distance: match from {
                    Some(best) => distance(offer.exemplar, &offer.point, best),
                    None => distance(offer.exemplar, &offer.point, &offer.exemplar.default_point()),
                },
            }
        };
        let offers = self.library.untried(brief.task, brief.history).into_iter();
        // The first of equals: the library's order decides, so that the same history gives the same candidate.
        let best = offers.map(|o| (rank(&o), o)).min_by(|(a, _), (b, _)| a.compare(b));
        let (_, offer) = best.ok_or_else(|| self.exhausted(brief, !experience.is_empty()))?;
        let values: Vec<String> = offer.point.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let values = if values.is_empty() { String::new() } else { format!(" [{}]", values.join(", ")) };
        let instead = match broken_exemplar {
            Some(e) if e == offer.exemplar => " (another point in place of the rejected one)",
            _ if broken.is_some() => " (another exemplar in place of the rejected candidate)",
            _ => "",
        };
        Ok(Draft {
            source: offer.source,
            agent: format!("builtin:{}/{}", offer.exemplar.operation, offer.exemplar.technique),
            summary: format!("{}{values}{instead}", offer.exemplar.summary.trim_end_matches('.')),
        })
    }

    fn exhausted(&self, brief: Brief<'_>, had_some: bool) -> AgentError {
        let operation = &brief.task.operation;
        let contract =
            brief.task.verilog().map(|v| format!(" with contract {}", v.contract.as_str())).unwrap_or_default();
        let what = if had_some {
            format!("every exemplar of {operation} and every value of its tunables has been evaluated")
        } else {
            format!("the library has no exemplar of {operation}{contract}")
        };
        AgentError::Exhausted(format!(
            "{what}; add one in {}",
            self.library.folder(brief.task.target(), operation).display()
        ))
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

/// The order of offers, most important first; smaller is better.
struct Rank {
    other_method: bool,
    same_broken: bool,
    score: f64,
    attempts: u32,
    /// Of the point from the exemplar's best, or from its default.
    distance: (usize, usize),
}

impl Rank {
    fn compare(&self, other: &Self) -> std::cmp::Ordering {
        (self.other_method, self.same_broken)
            .cmp(&(other.other_method, other.same_broken))
            .then(self.score.total_cmp(&other.score))
            .then((self.attempts, self.distance).cmp(&(other.attempts, other.distance)))
    }
}
