//! Self-contained HTML pages: no script, no network, light and dark, readable on a phone.
//!
//! Texts come from models and tools, so templates escape everything but the two kinds of markup that are made here: SVG and
//! highlighted source. The page's content policy forbids whatever would slip through.

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, context};
use serde::Serialize;

use super::view::{RunView, state};
use super::{BatchData, ReportError, RunData, graph, svg};
use crate::numbers::{geometric_mean, median, seconds, speedup, time};

const TEMPLATES: [(&str, &str); 3] = [
    ("page.html", include_str!("templates/page.html")),
    ("run.html", include_str!("templates/run.html")),
    ("batch.html", include_str!("templates/batch.html")),
];

const STYLE: &str = include_str!("templates/style.css");

/// A run's section: its words and its pictures.
#[derive(Serialize)]
struct Section {
    run: RunView,
    progress: String,
    lineage: String,
}

impl Section {
    fn new(run: &RunData) -> Self {
        let view = RunView::new(run);
        Self { progress: svg::progress(run, &view.id), lineage: graph::lineage(run, &view.id), run: view }
    }
}

/// A line of the batch's table.
#[derive(Serialize)]
struct Line {
    id: String,
    task: String,
    device: String,
    state: String,
    speedup: String,
    origin: String,
    baseline: String,
    best: String,
    assurance: String,
    steps: usize,
    accepted: usize,
    seconds: String,
}

/// The page about a run.
pub fn run_html(run: &RunData) -> Result<String, ReportError> {
    let title = format!("{} · {} · Kernsmith", run.summary.id, run.task.task);
    let section = Section::new(run);
    let body = render("run.html", context! { section => Serde(&section), level => 1 })?;
    page(&title, &body)
}

/// The page about a batch, with every run's section folded.
pub fn batch_html(batch: &BatchData) -> Result<String, ReportError> {
    let summary = &batch.summary;
    let title = format!("{} · suite {} · Kernsmith", summary.id, summary.suite);
    let sections: Vec<Section> = batch.runs.iter().map(Section::new).collect();
    let mut bodies = Vec::new();
    for section in &sections {
        bodies.push(render("run.html", context! { section => Serde(section), level => 2 })?);
    }
    let lines: Vec<Line> = batch.runs.iter().zip(&sections).map(|(run, section)| line(run, &section.run)).collect();
    let bars: Vec<(String, String, Option<f64>)> =
        batch.runs.iter().map(|r| (r.task.task.clone(), r.summary.id.to_string(), r.speedup())).collect();
    let speedups = batch.speedups();
    let faster = speedups.iter().filter(|s| **s > 1.0).count();
    let body = render(
        "batch.html",
        context! {
            id => summary.id.to_string(),
            suite => &summary.suite,
            jobs => summary.jobs,
            began => time(summary.started_ms),
            ended => summary.ended_ms.map_or_else(|| crate::numbers::UNKNOWN.to_string(), time),
            finished => summary.finished,
            geometric_mean => speedup(geometric_mean(&speedups)),
            median => speedup(median(&speedups)),
            known => speedups.len(),
            faster,
            bars => svg::bars(&bars),
            lines => Serde(&lines),
            bodies,
        },
    )?;
    page(&title, &body)
}

fn line(run: &RunData, view: &RunView) -> Line {
    let value =
        |label: &str| view.headline.iter().find(|f| f.label == label).map_or_else(String::new, |f| f.value.clone());
    let best = run.best().and_then(|(_, c)| c.evaluation.as_ref()?.assurance.as_ref().map(ToString::to_string));
    Line {
        id: view.id.clone(),
        task: view.task.clone(),
        device: run.summary.device.clone(),
        state: state(run),
        speedup: view.speedup.clone(),
        origin: view.origin.clone(),
        baseline: value("baseline"),
        best: value("best"),
        assurance: best.unwrap_or_else(|| crate::numbers::UNKNOWN.to_string()),
        steps: run.history.steps.len(),
        accepted: run.accepted(),
        seconds: seconds(Some(run.history.seconds())),
    }
}

fn page(title: &str, body: &str) -> Result<String, ReportError> {
    render("page.html", context! { title, body, style => STYLE, version => env!("CARGO_PKG_VERSION") })
}

fn render(name: &str, data: minijinja::Value) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    for (name, text) in TEMPLATES {
        environment.add_template(name, text)?;
    }
    Ok(environment.get_template(name)?.render(data)?)
}
