//! Whole reports, from the store to the page.

use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::search::history::{Step, StepRecord};
use crate::store::tests::{accepted, candidate, correction, improvement, new_run, record, rejected, rich};
use crate::target::{Evaluation, Reason};

async fn stored(steps: &[StepRecord]) -> (TempDir, Store, BatchId) {
    let dir = TempDir::new().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    let batch = store.create_batch("quick", 2).await.unwrap();
    let run = new_run(&store, Some(batch), true).await;
    new_run(&store, Some(batch), false).await;
    for step in steps {
        store.add_step(run, step, 1).await.unwrap();
    }
    store.finish_run(run, "baseline_rejected").await.unwrap();
    (dir, store, batch)
}

/// Checks what a browser would forgive: every element closed, every link's target there, every id once.
fn well_formed(html: &str) {
    let void = ["meta", "circle", "rect", "path", "br"];
    let mut open: Vec<String> = Vec::new();
    let (mut ids, mut links) = (Vec::new(), Vec::new());
    let body = html.split("</style>").nth(1).unwrap();
    let mut rest = body;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = rest.find('>').unwrap();
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        let name: String = tag.trim_start_matches('/').chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        assert!(!name.is_empty(), "a stray < before {tag}");
        if tag.starts_with('/') {
            if name == "head" || name == "html" || name == "body" || name == "path" {
                continue;
            }
            assert_eq!(open.pop().as_deref(), Some(name.as_str()), "closed by {tag}");
        } else {
            for (key, list) in [("id=\"", &mut ids), ("href=\"#", &mut links)] {
                if let Some(value) = tag.split(key).nth(1) {
                    list.push(value.split('"').next().unwrap().to_string());
                }
            }
            if !void.contains(&name.as_str()) && name != "body" && !tag.ends_with('/') {
                open.push(name);
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
    for link in &links {
        assert!(ids.contains(link), "no target #{link}");
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id is used twice");
    for forbidden in ["<script", "http://", "https://", "src=", "url(", "@import"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
}

#[tokio::test]
async fn a_run_report_says_what_happened() {
    let (_dir, store, _) = stored(&rich()).await;
    let run = run_data(&store, RunId(1)).await.unwrap();
    let html = run_html(&run).unwrap();
    well_formed(&html);
    for part in [
        "2.000× (estimated)",
        "5 um2*ns (#3)",
        "bounded(18446744073709551615 cycles)",
        "wrong output",
        "infrastructure",
        "carry chain",
        "The expectation: <b class=\"held\">held",
        "The expectation: <b class=\"failed\">failed",
        "a[1] ignored",
        "unusable reply: no module",
        "<td>area_um2</td><td>um2</td><td>estimated</td><td class=\"num\">100</td><td class=\"num\">50</td><td class=\"num\">−50.0 %</td>",
        "finished (baseline rejected)",
        "kernsmith run verilog&#x2f;and2 --device osu018",
        "prefers-color-scheme:dark",
        "yosys",
        "★ best",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let markdown = run_markdown(&run);
    for part in [
        "- speed-up: 2.000× (estimated)",
        "| area_um2 | um2 | estimated | 100 | 50 | −50.0 % |",
        "```diff\n@@ line 1 → line 1 @@\n-reference\n+good\n```",
    ] {
        assert!(markdown.contains(part), "{part}\n{markdown}");
    }
}

#[tokio::test]
async fn a_batch_report_shows_every_run_and_leaves_the_unknown_out_of_the_means() {
    let (_dir, store, batch) = stored(&rich()).await;
    store.finish_batch(batch).await.unwrap();
    let data = batch_data(&store, batch).await.unwrap();
    let html = batch_html(&data).unwrap();
    well_formed(&html);
    assert!(html.contains("<dt>geometric mean of speed-ups</dt><dd>2.000×</dd>"), "{html}");
    assert!(html.contains("<dt>speed-up known</dt><dd>1 of 2</dd>"));
    assert!(html.contains("no accepted candidate yet"));
    let markdown = batch_markdown(&data);
    assert!(markdown.contains("median 2.000× (over 1 of 2 runs"), "{markdown}");
    let csv = batch_csv(&data);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(
        lines[1].starts_with(
            "r1,verilog/and2,osu018,refine,builtin,builtin,finished,baseline_rejected,8,4,10,3,5,um2*ns,estimated,2,"
        ),
        "{csv}"
    );
    assert!(lines[2].contains(",unfinished,,0,0,,,,,,,,0,"), "{csv}");
}

#[tokio::test]
async fn candidates_become_rows_and_metrics_columns() {
    let (_dir, store, _) = stored(&rich()).await;
    let csv = candidates_csv(&[run_data(&store, RunId(1)).await.unwrap()]);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 9);
    assert!(lines[0].ends_with(",digest,metric:area_um2,metric:toggles_per_cycle"), "{}", lines[0]);
    assert!(lines[4].ends_with(",50,3.5"), "{}", lines[4]);
    assert!(lines[3].contains(",rejected,wrong_output,,,,,,,1.5,false,") && lines[3].ends_with(",,"), "{}", lines[3]);
    assert!(lines.iter().all(|l| l.matches(',').count() == 20), "{csv}");
}

#[tokio::test]
async fn a_run_without_anything_is_a_page_too() {
    for steps in [
        vec![],
        vec![record(0, Step::Seed, None, None)],
        vec![record(0, Step::Seed, None, Some(candidate("x", Some(rejected(Reason::ToolMissing)))))],
    ] {
        let (_dir, store, _) = stored(&steps).await;
        let run = run_data(&store, RunId(1)).await.unwrap();
        let html = run_html(&run).unwrap();
        well_formed(&html);
        assert!(html.contains("<dd>– (–)</dd>"), "an unknown speed-up is not 0");
        assert!(run_markdown(&run).contains("- best: –"));
    }
}

#[tokio::test]
async fn what_a_model_wrote_cannot_become_markup() {
    let evil = "</pre></details><script>alert(1)</script><img src=\"http://x\" onerror='y'>";
    let mut bad = rejected(Reason::CompileError);
    bad.stages[1].log = evil.repeat(3);
    let mut c = candidate(&format!("module k; // {evil}\n"), Some(accepted(1.0)));
    c.summary = evil.into();
    c.agent = evil.into();
    let mut j = improvement(None);
    if let crate::agent::judgement::Judgement::Improvement { bottleneck, method, evidence, .. } = &mut j {
        *bottleneck = evil.into();
        *method = evil.into();
        evidence[0].reading = evil.into();
    }
    let steps = [
        record(0, Step::Seed, None, Some(candidate("reference", Some(accepted(2.0))))),
        record(1, Step::Improve { of: 0 }, Some(j), Some(c)),
        record(2, Step::Repair { of: 1 }, Some(correction()), Some(candidate(evil, Some(bad)))),
    ];
    let (_dir, store, batch) = stored(&steps).await;
    let data = batch_data(&store, batch).await.unwrap();
    for html in [run_html(&data.runs[0]).unwrap(), batch_html(&data).unwrap()] {
        assert!(!html.contains("<script") && !html.contains("<img") && html.contains("&lt;script&gt;"));
        let safe = html.replace("http:&#x2f;&#x2f;x", "").replace("http://x", "").replace("src=", "");
        well_formed(&safe);
    }
    assert!(
        !run_markdown(&data.runs[0]).replace("```", "").lines().any(|l| l.starts_with("</pre>") && l.contains("|"))
    );
}

#[test]
fn a_report_is_replaced_whole_and_its_folder_is_made() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("deep/er/report.html");
    write(&path, "one").unwrap();
    write(&path, "two").unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
    assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    let e = write(Path::new("/proc/nowhere/report.html"), "x").unwrap_err();
    assert!(e.to_string().contains("/proc/nowhere/report.html"), "{e}");
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![any::<f64>(), -1e3..1e3f64, Just(0.0), Just(f64::NAN), Just(f64::INFINITY)]
}

fn any_evaluation() -> impl Strategy<Value = Evaluation> {
    (any_value(), any_value(), 0..3u8, "\\PC{0,40}").prop_map(|(area, objective, kind, text)| {
        let mut e = match kind {
            0 => rejected(Reason::Timeout),
            1 => rejected(Reason::Infrastructure),
            _ => accepted(area),
        };
        if let Some(o) = &mut e.objective {
            o.value = objective;
            o.unit.clone_from(&text);
        }
        e.stages[0].log.clone_from(&text);
        if let Some(m) = e.metrics.first_mut() {
            m.name = text;
        }
        e
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn any_history_becomes_well_formed_pages(
        list in proptest::collection::vec((proptest::option::of(any_evaluation()), any::<u32>(), "\\PC{0,30}"), 0..8)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut run = runtime.block_on(async {
            let (_dir, store, _) = stored(&[]).await;
            run_data(&store, RunId(1)).await.unwrap()
        });
        run.history.steps = (0u32..).zip(list).map(|(n, (evaluation, of, text))| {
            let step = if n == 0 { Step::Seed } else { Step::Improve { of: of % n } };
            record(n, step, (n > 0).then(|| improvement(None)), (of % 5 > 0).then(|| candidate(&text, evaluation)))
        }).collect();
        let html = run_html(&run).unwrap();
        prop_assert!(!html.contains("NaN") && !html.contains(">inf"));
        well_formed(&html.replace("http://", "").replace("https://", "").replace("src=", "").replace("url(", "").replace("@import", ""));
        run_markdown(&run);
        candidates_csv(&[run]);
    }
}
