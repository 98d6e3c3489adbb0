//! Any step comes back as it was stored.

use pretty_assertions::assert_eq;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::*;

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,12}", "[\\x00-\\x7f]{0,12}", Just(String::new())]
}

fn value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<f64>().prop_filter("NaN is stored as NULL and equals nothing", |v| !v.is_nan()),
        Just(0.0),
        Just(1e308),
        Just(f64::INFINITY)
    ]
}

fn finite() -> impl Strategy<Value = f64> {
    0.0..1e6f64
}

fn origin() -> impl Strategy<Value = Origin> {
    prop_oneof![Just(Origin::Measured), Just(Origin::Simulated), Just(Origin::Estimated)]
}

fn reason() -> impl Strategy<Value = Reason> {
    prop_oneof![
        Just(Reason::CompileError),
        Just(Reason::Timeout),
        Just(Reason::Infrastructure),
        Just(Reason::NotProved)
    ]
}

fn stages() -> impl Strategy<Value = Vec<Stage>> {
    let status = prop_oneof![Just(StageStatus::Ok), Just(StageStatus::Failed), Just(StageStatus::Skipped)];
    let name = prop::sample::select(StageName::ALL.to_vec());
    let one = (name, status, prop::option::of(reason()), finite(), finite(), text()).prop_map(
        |(stage, status, reason, seconds, tool_seconds, log)| Stage {
            stage,
            status,
            reason,
            seconds,
            tool_seconds,
            log,
        },
    );
    vec(one, 0..4)
}

fn evaluation() -> impl Strategy<Value = Evaluation> {
    let metric = (text(), value(), text(), origin(), vec(value(), 0..3))
        .prop_map(|(name, value, unit, origin, samples)| Metric { name, value, unit, origin, samples });
    let objective = (text(), value(), text(), origin()).prop_map(|(name, value, unit, origin)| ObjectiveValue {
        name,
        value,
        unit,
        origin,
    });
    let assurance = prop_oneof![
        Just(Assurance::SimulatedOnly),
        (any::<u64>(), any::<u64>(), prop::collection::vec(text(), 0..3))
            .prop_map(|(seeds, shapes, detectors)| Assurance::Tested { seeds, shapes, detectors }),
        (any::<u64>(), text(), text()).prop_map(|(k, of, method)| Assurance::Bounded { k, of, method }),
        text().prop_map(|method| Assurance::Proved { method }),
    ];
    (
        stages(),
        vec(metric, 0..4),
        prop::option::of(objective),
        prop::option::of(assurance),
        prop::option::of(any::<u64>()),
        text(),
        btree_map(text(), text(), 0..3),
        vec(text(), 0..3),
    )
        .prop_map(|(stages, metrics, objective, assurance, check_seed, device, tool_versions, sandbox)| {
            Evaluation { stages, metrics, objective, assurance, check_seed, device, tool_versions, sandbox }
        })
}

fn judgement() -> impl Strategy<Value = Judgement> {
    let evidence = (text(), value(), text()).prop_map(|(metric, value, reading)| Evidence { metric, value, reading });
    let change = prop_oneof![Just(Change::Up), Just(Change::Down)];
    let expectation = (text(), change, prop::option::of(value())).prop_map(|(metric, direction, factor)| Expectation {
        metric,
        direction,
        factor,
    });
    let effort = prop_oneof![Just(Effort::Low), Just(Effort::Medium), Just(Effort::High)];
    prop_oneof![
        (text(), text(), text()).prop_map(|(critical_issue, why_it_matters, minimal_fix_hint)| Judgement::Correction {
            critical_issue,
            why_it_matters,
            minimal_fix_hint
        }),
        (text(), vec(evidence, 0..3), text(), text(), vec(expectation, 0..3), effort, any::<Option<bool>>()).prop_map(
            |(bottleneck, evidence, method, plan, expect, effort, held)| Judgement::Improvement {
                bottleneck,
                evidence,
                method,
                plan,
                expect,
                effort,
                held
            }
        ),
    ]
}

fn steps() -> impl Strategy<Value = Vec<StepRecord>> {
    let candidate = (text(), text(), text(), prop::option::of(evaluation()), any::<bool>()).prop_map(
        |(source, agent, summary, evaluation, cached)| Candidate {
            digest: digest(&source),
            source,
            agent,
            summary,
            cached: cached && evaluation.is_some(),
            evaluation,
        },
    );
    let step = (0..3u8, any::<u32>(), prop::option::of(judgement()), prop::option::of(candidate));
    let rest = (prop::option::of(text()), prop::option::of(finite()));
    vec((step, rest), 1..5).prop_map(|list| {
        (0u32..)
            .zip(list)
            .map(|(number, ((kind, of, judgement, candidate), (note, seconds)))| {
                let step = match kind {
                    _ if number == 0 => Step::Seed,
                    1 => Step::Repair { of: of % number },
                    2 => Step::Improve { of: of % number },
                    _ => Step::Seed,
                };
                StepRecord { number, step, judgement, candidate, note, exhausted: false, seconds }
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_history_comes_back_as_it_was_written(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let loaded = runtime.block_on(async {
            let dir = TempDir::new().unwrap();
            let store = open(dir.path()).await;
            let run = new_run(&store, None, false).await;
            for record in &steps {
                store.add_step(run, record, 1).await.unwrap();
            }
            let history = store.history(run).await.unwrap();
            let summary = store.run(run).await.unwrap();
            assert_eq!((summary.best, summary.best_value), history.best().map_or((None, None), |(n, v)| (Some(n), Some(v))));
            history.steps
        });
        prop_assert_eq!(loaded, steps);
    }
}
