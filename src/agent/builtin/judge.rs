//! The offline Judge: reads the metrics of the candidate by [`rules`](super::rules), names the bottleneck, and picks a method that the
//! library can still serve. Every method is explored once, the best-founded first, then every exemplar; then the method with the most
//! promising exemplar goes on.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::experience::Experience;
use super::library::Library;
use super::methods;
use super::rules::{View, founded, rules};
use crate::agent::judgement::{Change, Effort, Evidence, Expectation, Judgement};
use crate::agent::{AgentError, Answer, Brief, Judge};
use crate::search::history::{History, Step};
use crate::target::{Evaluation, Reason, failure_line};
use crate::task::Task;

/// Reads metrics by rules.
#[derive(Debug, Clone)]
pub struct BuiltinJudge {
    library: Arc<Library>,
}

/// What can still be done with a method.
#[derive(Debug, Default)]
struct Prospect {
    /// Candidates that it has made.
    attempts: u32,
    /// It has an exemplar that was never tried.
    fresh: bool,
    /// Score of the most promising exemplar that was tried and has points left; None if there is none.
    score: Option<f64>,
    /// Its best objective; None if nothing was accepted.
    best: Option<f64>,
}

impl BuiltinJudge {
    /// A Judge that knows what the Coder's library can serve.
    pub fn new(library: Arc<Library>) -> Self {
        Self { library }
    }

    fn diagnose(&self, brief: Brief<'_>) -> Result<Judgement, AgentError> {
        let parent = brief.step.parent().and_then(|p| brief.history.candidate(p)?.evaluation.as_ref());
        let Some(evaluation) = parent else {
            return Err(AgentError::BadReply("there is no evaluation to judge".into()));
        };
        if let Step::Repair { .. } = brief.step {
            return Ok(correction(evaluation));
        }
        let view = View { task: brief.task, evaluation };
        let prospects = self.prospects(brief);
        let weight = |method: &str| founded(&view, method).map_or(0.0, |(rule, _)| (rule.weight)(&view));
        // The first of equals in the alphabet, so that the same history gives the same answer.
        let heaviest = |wanted: fn(&Prospect) -> bool| {
            let open = prospects.iter().filter(|(_, p)| wanted(p)).map(|(m, _)| *m);
            open.max_by(|a, b| weight(a).total_cmp(&weight(b)).then(b.cmp(a)))
        };
        let explored = heaviest(|p| p.attempts == 0).or_else(|| heaviest(|p| p.fresh));
        if let Some(method) = explored {
            return Ok(explore(&view, brief, method));
        }
        let tried = prospects.iter().filter_map(|(m, p)| Some((*m, p, p.score?)));
        if let Some((method, prospect, _)) = tried.min_by(|(_, _, a), (_, _, b)| a.total_cmp(b)) {
            return Ok(sweep(brief, evaluation, method, prospect));
        }
        // The library has nothing left, but the diagnosis still stands, for whoever reads it.
        let target = brief.task.target();
        let known = rules(target).iter().map(|r| r.method);
        let strongest = known.max_by(|a, b| weight(a).total_cmp(&weight(b)).then(b.cmp(a)));
        let method = strongest.or_else(|| methods::names(target).next());
        Ok(explore(&view, brief, method.unwrap_or_default()))
    }

    /// The methods for which the library still has something to offer.
    fn prospects<'a>(&'a self, brief: Brief<'a>) -> BTreeMap<&'a str, Prospect> {
        let offers = self.library.untried(brief.task, brief.history);
        let mut prospects: BTreeMap<&str, Prospect> = BTreeMap::new();
        for exemplar in self.library.applicable(brief.task) {
            let experience = Experience::of(&self.library, brief.history, exemplar);
            let prospect = prospects.entry(exemplar.method.as_str()).or_default();
            prospect.attempts += experience.attempts;
            prospect.best = smaller(prospect.best, experience.best.as_ref().map(|(value, _)| *value));
            if offers.iter().any(|o| o.exemplar == exemplar) {
                if experience.is_new() {
                    prospect.fresh = true;
                } else {
                    prospect.score = smaller(prospect.score, Some(experience.score()));
                }
            }
        }
        prospects.retain(|_, p| p.fresh || p.score.is_some());
        prospects
    }
}

impl Judge for BuiltinJudge {
    fn name(&self) -> String {
        "builtin".into()
    }

    fn judge<'a>(&'a self, brief: Brief<'a>) -> Answer<'a, Judgement> {
        Box::pin(async move { self.diagnose(brief) })
    }
}

fn smaller(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// A method that has not been tried, or of which an exemplar has not.
fn explore(view: &View<'_>, brief: Brief<'_>, method: &str) -> Judgement {
    let plan = methods::plan(brief.task.target(), method).unwrap_or_default().to_string();
    let (bottleneck, evidence, shrinks, effort) = match founded(view, method) {
        Some((rule, evidence)) => (rule.bottleneck.to_string(), evidence, Some(rule.shrinks), rule.effort),
        None => {
            let text = format!("no metric speaks for {method}; it is explored because nothing better founded is left");
            (text, factors(brief.task, view.evaluation, brief.history), None, Effort::Medium)
        }
    };
    let expect = match shrinks.filter(|name| view.evaluation.metric(name).is_some()) {
        Some(name) => vec![Expectation { metric: name.into(), direction: Change::Down, factor: None }],
        None => roomiest(brief.task, view.evaluation, brief.history),
    };
    Judgement::Improvement { bottleneck, evidence, method: method.into(), plan, expect, effort, held: None }
}

/// A method whose exemplars have all been tried, but not at every point.
fn sweep(brief: Brief<'_>, evaluation: &Evaluation, method: &str, prospect: &Prospect) -> Judgement {
    let unit = evaluation.objective.as_ref().map_or("", |o| o.unit.as_str());
    let attempts = prospect.attempts;
    let times = if attempts == 1 { "1 candidate".to_string() } else { format!("{attempts} candidates") };
    let bottleneck = match prospect.best {
        Some(best) => {
            format!("{method} is the most promising method with tunables left: {times}, the best {best:.4} {unit}")
        }
        None => format!("only methods without an accepted candidate are left; {method} had {times}"),
    };
    let outcome = match last_outcome(brief.history, method) {
        Some(true) => " What was expected of it last time held.",
        Some(false) => " What was expected of it last time failed.",
        None => "",
    };
    let plan = methods::plan(brief.task.target(), method).unwrap_or_default();
    Judgement::Improvement {
        bottleneck: bottleneck.trim_end().into(),
        evidence: factors(brief.task, evaluation, brief.history),
        method: method.into(),
        plan: format!("{plan} Keep the form and move one tunable at a time away from the best point.{outcome}"),
        expect: roomiest(brief.task, evaluation, brief.history),
        effort: Effort::Low,
        held: None,
    }
}

fn last_outcome(history: &History, method: &str) -> Option<bool> {
    history.steps.iter().rev().find_map(|s| match &s.judgement {
        Some(Judgement::Improvement { method: m, held, .. }) if m == method => *held,
        _ => None,
    })
}

/// The parent's value over the smallest that an accepted candidate of the run has: what is known to be possible.
fn room(name: &str, evaluation: &Evaluation, history: &History) -> Option<(f64, f64)> {
    let value = evaluation.metric(name)?;
    let accepted = |c: &&crate::search::history::Candidate| c.objective().is_some();
    let candidates = history.steps.iter().filter_map(|s| s.candidate.as_ref()).filter(accepted);
    let least = candidates.filter_map(|c| c.evaluation.as_ref()?.metric(name)).fold(value, f64::min);
    Some((value, if least > 0.0 { value / least } else { 1.0 }))
}

/// The objective's factors as evidence.
fn factors(task: &Task, evaluation: &Evaluation, history: &History) -> Vec<Evidence> {
    let quote = |name: &String| {
        let (value, room) = room(name, evaluation, history)?;
        let reading = if room > 1.0 {
            format!("a factor of the objective, {room:.2} times the smallest of this run")
        } else {
            "a factor of the objective, the smallest of this run".to_string()
        };
        Some(Evidence { metric: name.clone(), value, reading })
    };
    task.objective.minimise.factors().iter().filter_map(quote).collect()
}

/// The factor of the objective with the most room should shrink, at best to what another candidate has.
fn roomiest(task: &Task, evaluation: &Evaluation, history: &History) -> Vec<Expectation> {
    let factors = task.objective.minimise.factors().iter();
    let rooms = factors.filter_map(|name| Some((name, room(name, evaluation, history)?.1)));
    let most = rooms.reduce(|a, b| if b.1 > a.1 { b } else { a });
    let expect = |(name, room): (&String, f64)| Expectation {
        metric: name.clone(),
        direction: Change::Down,
        factor: (room > 1.0).then(|| 1.0 / room),
    };
    most.map(expect).into_iter().collect()
}

/// The line of the failing stage that says what went wrong, and what the reason means.
fn correction(evaluation: &Evaluation) -> Judgement {
    let reason = evaluation.failure();
    let named = reason.map_or("rejected", Reason::as_str);
    let critical_issue = match (evaluation.failed_stage(), failure_line(evaluation)) {
        (Some(stage), Some(line)) => format!("{named} in {}: {line}", stage.stage),
        (Some(stage), None) => format!("{named} in {}", stage.stage),
        (None, _) => "no objective was measured".to_string(),
    };
    let (why, hint) = meaning(reason);
    Judgement::Correction { critical_issue, why_it_matters: why.into(), minimal_fix_hint: hint.into() }
}

/// Why a reason matters, and the smallest thing to do about it.
fn meaning(reason: Option<Reason>) -> (&'static str, &'static str) {
    use Reason as R;
    match reason {
        Some(R::BadSource | R::CompileError | R::AnnotationError) => (
            "nothing can be said about a text that no tool can read",
            "correct the line that the tool names and keep the rest",
        ),
        Some(R::ForbiddenConstruct) => (
            "what is measured has to be hardware, and nothing but hardware",
            "remove the construct that the message names",
        ),
        Some(R::LatchInferred) => (
            "a latch keeps an old value where the reference has none",
            "assign the signal on every path, or first of all a default",
        ),
        Some(R::CombinationalLoop) => (
            "logic that feeds itself has no defined value",
            "break the loop with a register, or compute the signal from others",
        ),
        Some(R::PortMismatch) => (
            "the candidate has to fit where the reference is",
            "declare the ports with the names, directions and widths of the task",
        ),
        Some(R::ContractViolation | R::LatencyExceeded) => (
            "the answer has to come when the contract allows it",
            "take registers away, or balance them over parallel paths",
        ),
        Some(R::WrongOutput | R::TestbenchFailed | R::NotEquivalent) => (
            "a candidate that does not do what the reference does is worth nothing, however small or fast",
            "follow the inputs that the message names through the logic by hand",
        ),
        Some(R::LaunchError) => (
            "nothing runs if the launch plan does not fit the task or the device",
            "correct the @launch or @scratch line that the message names",
        ),
        Some(R::OutOfBounds | R::Misaligned) => (
            "memory that belongs to nobody is read or overwritten",
            "guard the access with the extents of the buffer, above all for sizes that are no multiple of the tile",
        ),
        Some(R::DataRace | R::Nondeterministic | R::AsyncRead) => (
            "the answer depends on an order that nothing guarantees",
            "put a barrier, a wait or an atomic between the write and the other access",
        ),
        Some(R::UninitialisedRead | R::UnwrittenOutput) => (
            "memory holds nothing useful until the kernel has written it",
            "write every element that is read later, and every element of the output, for every shape",
        ),
        Some(R::InputModified) => {
            ("inputs belong to the caller", "write to an output or to @scratch memory, never to an input buffer")
        }
        Some(R::DivergentBarrier | R::Deadlock | R::BadShuffle) => (
            "threads wait for partners that do not come",
            "move the barrier or the shuffle to where every thread that it names arrives",
        ),
        Some(R::TooFast) => (
            "no kernel that does the work can be so fast",
            "do all the work in every launch, and leave the measurement alone",
        ),
        Some(R::Unsupported) => {
            ("what cannot be executed cannot be checked", "write the construct that the message names in another way")
        }
        Some(R::NotProved) => {
            ("the task asks for a proof, and none finished in time", "keep the structure closer to the reference's")
        }
        Some(R::LimitExceeded) => (
            "the task sets a limit that no gain elsewhere makes up for",
            "trade the metric that is over its limit against another one",
        ),
        Some(R::Timeout | R::OutOfMemory | R::OutputFlood) => {
            ("the tools gave up before there was a verdict", "make the description smaller: fewer bits, shorter loops")
        }
        Some(R::MetricMissing) | None => {
            ("without its metrics there is no objective to compare", "make sure that the outputs depend on the inputs")
        }
        Some(R::ToolMissing | R::Infrastructure) => {
            ("it says nothing about the candidate", "evaluate it again when the machine is in order")
        }
    }
}
