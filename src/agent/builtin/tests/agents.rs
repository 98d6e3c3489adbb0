use std::collections::BTreeSet;

use super::*;
use crate::agent::judgement::{Change, Evidence};
use crate::target::Metric;

const IMPROVE: Step = Step::Improve { of: 0 };

fn evidence(judgement: &Judgement) -> &[Evidence] {
    match judgement {
        Judgement::Improvement { evidence, .. } => evidence,
        Judgement::Correction { .. } => &[],
    }
}

/// Objectives by technique and first tunable, 400 being the baseline's.
fn by_point(draft: &Draft) -> Verdict {
    let values = candidate::tuning(TargetName::Verilog, &draft.source).unwrap();
    let (base, sign) = if draft.agent.ends_with("/tree") { (60.0, 1.0) } else { (80.0, -1.0) };
    let shift: i64 = values.values().sum();
    Verdict::Metrics(vec![("area_um2", base + sign * shift as f64), ("delay_ns", 3.0), ("rtl_add", 3.0)])
}

#[tokio::test]
async fn every_point_is_offered_once_and_then_the_coder_is_exhausted() {
    let f = fixture(&[
        ("tree", "tree", "combinational", &[("A", &[1, 2, 3]), ("B", &[0, 1])]),
        ("dadda", "compressor-tree", "combinational", &[("C", &[0, 1])]),
        ("plain", "restructure", "combinational", &[]),
    ]);
    let mut h = f.history();
    for _ in 0..9 {
        f.advance(&mut h, IMPROVE, by_point).await;
    }
    let digests: BTreeSet<&str> = h.steps.iter().map(|s| s.candidate.as_ref().unwrap().digest.as_str()).collect();
    assert_eq!(digests.len(), 10, "the reference and nine points");
    f.advance(&mut h, IMPROVE, by_point).await;
    let last = h.steps.last().unwrap();
    assert!(last.exhausted);
    let note = last.note.as_deref().unwrap();
    let folder = f.dir.path().join("kernels/verilog/sum");
    assert!(note.contains("exemplar of sum") && note.contains(&folder.display().to_string()), "{note}");
    assert!(last.judgement.is_some(), "the diagnosis stands although there is nothing left to offer");
}

#[tokio::test]
async fn an_empty_library_is_named_with_the_contract_and_the_folder() {
    let f = fixture(&[]);
    let h = f.history();
    let judgement = f.judge(&h, &IMPROVE).await;
    let AgentError::Exhausted(text) = f.write(&h, &IMPROVE, &judgement).await.unwrap_err() else { panic!() };
    assert!(text.contains("no exemplar of sum with contract combinational") && text.contains("kernels/verilog/sum"));
}

#[tokio::test]
async fn every_method_is_explored_by_its_default_point_and_the_best_goes_on_from_its_best_point() {
    let f = fixture(&[
        ("tree", "tree", "combinational", &[("A", &[2, 3, 1])]),
        ("dadda", "compressor-tree", "combinational", &[("C", &[0, 1])]),
        ("narrow", "narrow", "combinational", &[]),
    ]);
    let mut h = f.history();
    for _ in 0..5 {
        f.advance(&mut h, IMPROVE, by_point).await;
    }
    // Rules: 7 adders speak for the compressor tree before the tree; the area factor speaks last for narrow.
    assert_eq!(points(&h), ["dadda C=0", "tree A=2", "narrow", "tree A=3", "tree A=1"]);
}

#[tokio::test]
async fn the_second_exemplar_of_a_method_waits_until_every_method_was_tried() {
    let f = fixture(&[
        ("one", "compressor-tree", "combinational", &[("A", &[0, 1])]),
        ("two", "compressor-tree", "combinational", &[]),
        ("tree", "tree", "combinational", &[]),
    ]);
    let mut h = f.history();
    for _ in 0..4 {
        f.advance(&mut h, IMPROVE, by_point).await;
    }
    assert_eq!(points(&h), ["one A=0", "tree", "two", "one A=1"]);
}

#[tokio::test]
async fn a_method_that_was_always_rejected_falls_back() {
    let f = fixture(&[
        ("dadda", "compressor-tree", "combinational", &[("C", &[0, 1])]),
        ("tree", "tree", "combinational", &[("A", &[1, 2])]),
    ]);
    let mut h = f.history();
    for _ in 0..4 {
        f.advance(&mut h, IMPROVE, |draft| match draft.agent.as_str() {
            "builtin:sum/dadda" => Verdict::Rejected(Reason::NotEquivalent, "outputs differ"),
            _ => by_point(draft),
        })
        .await;
    }
    assert_eq!(points(&h), ["dadda C=0", "tree A=1", "tree A=2", "dadda C=1"]);
}

#[tokio::test]
async fn a_close_second_gets_its_turn_before_the_last_point_of_the_first() {
    let f = fixture(&[
        ("dadda", "compressor-tree", "combinational", &[("C", &[0, 1, 2, 3, 4, 5])]),
        ("tree", "tree", "combinational", &[("A", &[0, 1, 2])]),
    ]);
    let mut h = f.history();
    for _ in 0..6 {
        f.advance(&mut h, IMPROVE, |draft| {
            let area = if draft.agent.ends_with("/dadda") { 60.0 } else { 62.0 };
            Verdict::Metrics(vec![("area_um2", area), ("delay_ns", 3.0)])
        })
        .await;
    }
    assert_eq!(points(&h)[2..], ["dadda C=1", "dadda C=2", "tree A=1", "dadda C=3"]);
}

#[tokio::test]
async fn a_failure_of_the_machine_does_not_count_as_a_try() {
    let f = fixture(&[
        ("dadda", "compressor-tree", "combinational", &[("C", &[0, 1])]),
        ("tree", "tree", "combinational", &[]),
    ]);
    let mut h = f.history();
    f.advance(&mut h, IMPROVE, |_| Verdict::Rejected(Reason::Infrastructure, "the worker is gone")).await;
    f.advance(&mut h, IMPROVE, by_point).await;
    assert_eq!(points(&h), ["dadda C=0", "dadda C=1"]);
}

#[tokio::test]
async fn evidence_quotes_only_metrics_of_the_parent_and_nothing_is_claimed_that_no_metric_says() {
    let f = fixture(&[
        ("dadda", "compressor-tree", "combinational", &[]),
        ("state", "recode-state", "combinational", &[("A", &[0, 1])]),
    ]);
    let mut h = f.history();
    for _ in 0..3 {
        let judgement = f.judge(&h, &IMPROVE).await;
        let parent = h.candidate(0).unwrap().evaluation.as_ref().unwrap();
        assert!(!evidence(&judgement).is_empty());
        for e in evidence(&judgement) {
            assert_eq!(parent.metric(&e.metric), Some(e.value));
        }
        let Judgement::Improvement { bottleneck, method, expect, .. } = &judgement else { panic!() };
        if method == "recode-state" && h.steps.len() == 2 {
            assert!(bottleneck.contains("no metric speaks for recode-state"), "{bottleneck}");
        }
        assert_eq!(expect.len(), 1);
        assert!(expect.iter().all(|e| e.direction == Change::Down && parent.metric(&e.metric).is_some()));
        f.advance(&mut h, IMPROVE, by_point).await;
    }
}

#[tokio::test]
async fn a_sweep_names_the_factor_with_the_most_room_and_how_the_last_expectation_ended() {
    let f = fixture(&[("tree", "tree", "combinational", &[("A", &[0, 1, 2])])]);
    let mut h = f.history();
    let slow = |_: &Draft| Verdict::Metrics(vec![("area_um2", 150.0), ("delay_ns", 2.0), ("logic_depth", 9.0)]);
    f.advance(&mut h, IMPROVE, slow).await;
    let Judgement::Improvement { bottleneck, plan, expect, evidence, .. } = f.judge(&h, &IMPROVE).await else {
        panic!()
    };
    assert!(bottleneck.contains("1 candidate, the best 300.0000 um2*ns"), "{bottleneck}");
    assert!(plan.contains("held"), "{plan}");
    assert_eq!((expect[0].metric.as_str(), expect[0].factor), ("delay_ns", Some(0.5)));
    assert!(evidence.iter().any(|e| e.reading.contains("2.00 times the smallest")), "{evidence:?}");
}

#[tokio::test]
async fn a_correction_quotes_the_reason_the_stage_and_the_tool() {
    let f = fixture(&[
        ("tree", "tree", "combinational", &[("A", &[0, 1])]),
        ("plain", "restructure", "combinational", &[]),
    ]);
    let mut h = f.history();
    let log = "compiled\nERROR: y differs at a=3\nmore";
    f.advance(&mut h, IMPROVE, |_| Verdict::Rejected(Reason::WrongOutput, log)).await;
    let repair = Step::Repair { of: 1 };
    let judgement = f.judge(&h, &repair).await;
    let Judgement::Correction { critical_issue, minimal_fix_hint, .. } = &judgement else { panic!("{judgement:?}") };
    assert_eq!(critical_issue, "wrong_output in check: ERROR: y differs at a=3");
    assert!(minimal_fix_hint.contains("inputs"));
    let draft = f.write(&h, &repair, &judgement).await.unwrap();
    assert_eq!(draft.agent, "builtin:sum/plain", "another exemplar comes before another point of the broken one");
    assert!(draft.summary.ends_with("(another exemplar in place of the rejected candidate)"), "{}", draft.summary);
    push(&mut h, repair.clone(), Some(judgement.clone()), Ok(draft), by_point);
    let draft = f.write(&h, &repair, &judgement).await.unwrap();
    assert!(draft.summary.ends_with("[A=1] (another point in place of the rejected one)"), "{}", draft.summary);
}

#[tokio::test]
async fn every_reason_has_a_correction() {
    let f = fixture(&[]);
    for reason in [Reason::LimitExceeded, Reason::Timeout, Reason::LatchInferred, Reason::MetricMissing] {
        let mut h = f.history();
        let draft = Draft { source: "x".into(), agent: "llm".into(), summary: "x".into() };
        push(&mut h, IMPROVE, None, Ok(draft), |_| Verdict::Rejected(reason, ""));
        let Judgement::Correction { critical_issue, .. } = f.judge(&h, &Step::Repair { of: 1 }).await else { panic!() };
        assert!(critical_issue.starts_with(reason.as_str()), "{critical_issue}");
    }
}

#[tokio::test]
async fn the_same_history_gives_the_same_answers() {
    let f = fixture(&[
        ("tree", "tree", "combinational", &[("A", &[1, 2]), ("B", &[0, 1])]),
        ("dadda", "compressor-tree", "combinational", &[("C", &[0, 1])]),
    ]);
    let mut h = f.history();
    for _ in 0..6 {
        let judgement = f.judge(&h, &IMPROVE).await;
        assert_eq!(judgement, f.judge(&h.clone(), &IMPROVE).await);
        let draft = f.write(&h, &IMPROVE, &judgement).await;
        assert_eq!(draft, f.write(&h.clone(), &IMPROVE, &judgement).await);
        f.advance(&mut h, IMPROVE, by_point).await;
    }
}

#[tokio::test]
async fn no_rule_needs_a_metric_that_is_missing() {
    let f = fixture(&[("tree", "tree", "combinational", &[])]);
    let mut h = f.history();
    h.steps[0]
        .candidate
        .as_mut()
        .unwrap()
        .evaluation
        .as_mut()
        .unwrap()
        .metrics
        .retain(|m: &Metric| m.name == "area_um2");
    let Judgement::Improvement { bottleneck, evidence, .. } = f.judge(&h, &IMPROVE).await else { panic!() };
    assert!(bottleneck.starts_with("no metric speaks for tree"), "{bottleneck}");
    assert_eq!(evidence.len(), 1);
}
