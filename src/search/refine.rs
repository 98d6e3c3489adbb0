//! The strategy `refine`: mend what is broken, for a while; otherwise go on from the best, not from the last.

use super::history::{Candidate, History, Step, StepRecord};
use super::strategy::{Next, StopReason, Strategy};

/// Steps in a row that failed for reasons of the machine, after which a run gives up.
const MAX_MACHINE_FAILURES: usize = 3;

/// Seed, then improve the best; a broken candidate is repaired up to `limits.repairs` times along its descent.
///
/// Every step after the seeds counts as a round, so that nothing can keep a run going for ever: not a Coder without a usable reply, not
/// a machine without tools. Seeds and failures of the machine do not count towards the plateau.
#[derive(Debug, Clone, Copy, Default)]
pub struct Refine;

impl Strategy for Refine {
    fn name(&self) -> &'static str {
        "refine"
    }

    fn next(&self, history: &History) -> Next {
        let seeds = 1 + usize::from(history.has_start);
        let steps = &history.steps;
        let Some(last) = steps.last() else { return Next::Steps(vec![Step::Seed]) };
        if history.baseline().is_none() {
            return Next::Stop(StopReason::BaselineRejected);
        }
        if steps.len() < seeds {
            return Next::Steps(vec![Step::Seed]);
        }
        if last.exhausted {
            return Next::Stop(StopReason::Exhausted);
        }
        if steps.len() - seeds >= history.limits.rounds as usize {
            return Next::Stop(StopReason::Rounds);
        }
        if history.limits.minutes.is_some_and(|m| history.seconds() >= m * 60.0) {
            return Next::Stop(StopReason::Budget);
        }
        let failures = steps.iter().rev().take_while(|s| machine_failed(s)).count();
        if failures >= MAX_MACHINE_FAILURES {
            return Next::Stop(StopReason::MachineFails);
        }
        // The baseline was accepted, so there is a best.
        let Some((best, _)) = history.best() else { return Next::Stop(StopReason::BaselineRejected) };
        let counts = |s: &&StepRecord| s.step != Step::Seed && !machine_failed(s);
        let since = steps.iter().skip(best as usize + 1).filter(counts).count();
        if history.limits.plateau.is_some_and(|p| since >= p as usize) {
            return Next::Stop(StopReason::Plateau);
        }
        if rejected(last) && repairs_before(history, last) < history.limits.repairs {
            return Next::Steps(vec![Step::Repair { of: last.number }]);
        }
        Next::Steps(vec![Step::Improve { of: best }])
    }
}

fn verdict(record: &StepRecord) -> Option<&crate::target::Evaluation> {
    record.candidate.as_ref().and_then(|c: &Candidate| c.evaluation.as_ref())
}

/// Rejected through its own fault.
fn rejected(record: &StepRecord) -> bool {
    verdict(record).is_some_and(|e| !e.accepted()) && !machine_failed(record)
}

fn machine_failed(record: &StepRecord) -> bool {
    verdict(record).and_then(|e| e.failure()).is_some_and(|r| r.is_infrastructure())
}

/// Repairs on the way from the first broken ancestor to this candidate.
fn repairs_before(history: &History, record: &StepRecord) -> u32 {
    let mut count = 0;
    let mut current = record;
    while let Step::Repair { of } = current.step {
        count += 1;
        let Some(parent) = history.steps.get(of as usize).filter(|p| p.number < current.number) else { break };
        current = parent;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::history::SearchLimits;
    use crate::target::{Evaluation, ObjectiveValue, Origin, Reason, Stage, StageName, StageStatus};
    use proptest::prelude::{Just, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
    use proptest::strategy::Strategy as _;

    #[derive(Debug, Clone, Copy)]
    enum Fate {
        Accepted(f64),
        Rejected,
        Machine,
        NoCandidate,
        Exhausted,
    }

    fn evaluation(fate: Fate) -> Evaluation {
        let (reason, objective) = match fate {
            Fate::Accepted(v) => (None, Some(v)),
            Fate::Machine => (Some(Reason::Infrastructure), None),
            _ => (Some(Reason::WrongOutput), None),
        };
        let status = if reason.is_some() { StageStatus::Failed } else { StageStatus::Ok };
        Evaluation {
            stages: vec![Stage {
                stage: StageName::Check,
                status,
                reason,
                seconds: 1.0,
                tool_seconds: 1.0,
                log: String::new(),
            }],
            metrics: vec![],
            objective: objective.map(|value| ObjectiveValue {
                name: "delay_ns".into(),
                value,
                unit: "ns".into(),
                origin: Origin::Estimated,
            }),
            assurance: None,
            check_seed: None,
            device: "osu018".into(),
            tool_versions: Default::default(),
            sandbox: vec![],
        }
    }

    fn push(history: &mut History, step: Step, fate: Fate) {
        let number = history.steps.len() as u32;
        let candidate = (!matches!(fate, Fate::NoCandidate | Fate::Exhausted)).then(|| Candidate {
            source: number.to_string(),
            digest: number.to_string(),
            agent: "test".into(),
            summary: String::new(),
            evaluation: Some(evaluation(fate)),
            cached: false,
        });
        history.steps.push(StepRecord {
            number,
            step,
            judgement: None,
            candidate,
            note: None,
            exhausted: matches!(fate, Fate::Exhausted),
            seconds: Some(30.0),
        });
    }

    fn history(limits: SearchLimits) -> History {
        History { seed: 1, limits, has_start: false, steps: vec![] }
    }

    fn limits() -> SearchLimits {
        SearchLimits { rounds: 10, plateau: Some(4), repairs: 2, minutes: None }
    }

    fn next(h: &History) -> Next {
        Refine.next(h)
    }

    #[test]
    fn the_first_step_is_the_baseline_and_the_second_improves_it() {
        let mut h = history(limits());
        assert_eq!(next(&h), Next::Steps(vec![Step::Seed]));
        push(&mut h, Step::Seed, Fate::Accepted(10.0));
        assert_eq!(next(&h), Next::Steps(vec![Step::Improve { of: 0 }]));
    }

    #[test]
    fn a_start_kernel_is_the_second_seed() {
        let mut h = history(limits());
        h.has_start = true;
        push(&mut h, Step::Seed, Fate::Accepted(10.0));
        assert_eq!(next(&h), Next::Steps(vec![Step::Seed]));
    }

    #[test]
    fn a_rejected_baseline_stops_the_run() {
        for fate in [Fate::Rejected, Fate::Machine] {
            let mut h = history(limits());
            push(&mut h, Step::Seed, fate);
            assert_eq!(next(&h), Next::Stop(StopReason::BaselineRejected));
        }
    }

    #[test]
    fn a_broken_candidate_is_repaired_twice_and_then_the_best_goes_on() {
        let mut h = history(limits());
        push(&mut h, Step::Seed, Fate::Accepted(10.0));
        push(&mut h, Step::Improve { of: 0 }, Fate::Accepted(8.0));
        push(&mut h, Step::Improve { of: 1 }, Fate::Rejected);
        assert_eq!(next(&h), Next::Steps(vec![Step::Repair { of: 2 }]));
        push(&mut h, Step::Repair { of: 2 }, Fate::Rejected);
        assert_eq!(next(&h), Next::Steps(vec![Step::Repair { of: 3 }]));
        push(&mut h, Step::Repair { of: 3 }, Fate::Rejected);
        assert_eq!(next(&h), Next::Steps(vec![Step::Improve { of: 1 }]));
    }

    #[test]
    fn a_failure_of_the_machine_is_not_held_against_the_candidate_but_three_in_a_row_end_the_run() {
        let mut h = history(limits());
        push(&mut h, Step::Seed, Fate::Accepted(10.0));
        push(&mut h, Step::Improve { of: 0 }, Fate::Machine);
        assert_eq!(next(&h), Next::Steps(vec![Step::Improve { of: 0 }]));
        push(&mut h, Step::Improve { of: 0 }, Fate::Machine);
        push(&mut h, Step::Improve { of: 0 }, Fate::Machine);
        assert_eq!(next(&h), Next::Stop(StopReason::MachineFails));
    }

    #[test]
    fn plateau_budget_and_exhaustion_stop() {
        let mut h = history(limits());
        push(&mut h, Step::Seed, Fate::Accepted(10.0));
        for _ in 0..4 {
            push(&mut h, Step::Improve { of: 0 }, Fate::Accepted(11.0));
        }
        assert_eq!(next(&h), Next::Stop(StopReason::Plateau));
        h.limits.plateau = None;
        h.limits.minutes = Some(2.0);
        assert_eq!(next(&h), Next::Stop(StopReason::Budget));
        h.limits.minutes = None;
        push(&mut h, Step::Improve { of: 0 }, Fate::Exhausted);
        assert_eq!(next(&h), Next::Stop(StopReason::Exhausted));
    }

    #[test]
    fn a_start_kernel_that_is_worse_than_the_reference_does_not_count_towards_the_plateau() {
        let mut h = history(SearchLimits { plateau: Some(1), ..limits() });
        h.has_start = true;
        push(&mut h, Step::Seed, Fate::Accepted(10.0));
        push(&mut h, Step::Seed, Fate::Accepted(11.0));
        assert_eq!(next(&h), Next::Steps(vec![Step::Improve { of: 0 }]));
    }

    #[test]
    fn a_rejected_start_kernel_is_repaired_and_the_reference_improved_after_that() {
        let mut h = history(SearchLimits { repairs: 1, ..limits() });
        h.has_start = true;
        push(&mut h, Step::Seed, Fate::Accepted(10.0));
        push(&mut h, Step::Seed, Fate::Rejected);
        assert_eq!(next(&h), Next::Steps(vec![Step::Repair { of: 1 }]));
        push(&mut h, Step::Repair { of: 1 }, Fate::Rejected);
        assert_eq!(next(&h), Next::Steps(vec![Step::Improve { of: 0 }]));
    }

    #[test]
    fn a_step_without_a_candidate_is_a_round_like_any_other() {
        let mut h = history(SearchLimits { rounds: 2, ..limits() });
        push(&mut h, Step::Seed, Fate::Accepted(10.0));
        push(&mut h, Step::Improve { of: 0 }, Fate::NoCandidate);
        assert_eq!(next(&h), Next::Steps(vec![Step::Improve { of: 0 }]));
        push(&mut h, Step::Improve { of: 0 }, Fate::NoCandidate);
        assert_eq!(next(&h), Next::Stop(StopReason::Rounds));
    }

    fn any_fate() -> impl proptest::strategy::Strategy<Value = Fate> {
        prop_oneof![
            4 => (1.0f64..20.0).prop_map(Fate::Accepted),
            4 => Just(Fate::Rejected),
            2 => Just(Fate::Machine),
            2 => Just(Fate::NoCandidate),
            1 => Just(Fate::Exhausted),
        ]
    }

    proptest! {
        #[test]
        fn it_ends_within_its_limits_and_asks_only_for_what_exists(
            fates in proptest::collection::vec(any_fate(), 30),
            rounds in 0u32..20, plateau in proptest::option::of(1u32..6), repairs in 0u32..4,
            minutes in proptest::option::of(1.0f64..10.0), has_start in any::<bool>(),
        ) {
            let mut h = history(SearchLimits { rounds, plateau, repairs, minutes });
            h.has_start = has_start;
            let seeds = 1 + usize::from(has_start);
            for fate in fates {
                let answer = next(&h);
                prop_assert_eq!(&answer, &next(&h.clone()));
                let Next::Steps(steps) = answer else { break };
                prop_assert_eq!(steps.len(), 1);
                match steps[0] {
                    Step::Seed => prop_assert!(h.steps.len() < seeds),
                    Step::Improve { of } => prop_assert!(h.candidate(of).is_some_and(|c| c.objective().is_some())),
                    Step::Repair { of } => {
                        prop_assert!(rejected(&h.steps[of as usize]));
                        prop_assert!(repairs_before(&h, &h.steps[of as usize]) < repairs);
                    }
                }
                push(&mut h, steps[0].clone(), fate);
            }
            prop_assert!(matches!(next(&h), Next::Stop(_)), "{:?}", next(&h));
            prop_assert!(h.steps.len() <= rounds as usize + seeds);
            if let Some(minutes) = minutes {
                // A step of the test takes half a minute; the one in which the limit is crossed is finished.
                prop_assert!(h.steps.len() <= (minutes * 2.0).ceil() as usize + seeds);
            }
        }
    }
}
