//! The same pages as Markdown: tables and fenced blocks, for a README, an issue or a terminal. Pictures are left out.

use std::fmt::Write;

use super::diff::Difference;
use super::view::{Fact, JudgementView, RunView, StepView, state};
use super::{BatchData, RunData};
use crate::numbers::{UNKNOWN, geometric_mean, median, seconds, speedup, time};

/// The page about a run.
pub fn run_markdown(run: &RunData) -> String {
    let view = RunView::new(run);
    let mut out = String::new();
    let _ = writeln!(out, "# {} ({})\n\n{}\n", cell(&view.task), view.id, cell(&view.summary));
    section(&mut out, &view, 2);
    out
}

/// The page about a batch.
pub fn batch_markdown(batch: &BatchData) -> String {
    let summary = &batch.summary;
    let speedups = batch.speedups();
    let faster = speedups.iter().filter(|s| **s > 1.0).count();
    let mut out = String::new();
    let _ = writeln!(out, "# Suite {} ({})\n", cell(&summary.suite), summary.id);
    let _ = writeln!(
        out,
        "Geometric mean of the speed-ups {}, median {} (over {} of {} runs whose speed-up is known); {faster} better than the baseline. \
         Began {}, ended {}.\n",
        speedup(geometric_mean(&speedups)),
        speedup(median(&speedups)),
        speedups.len(),
        batch.runs.len(),
        time(summary.started_ms),
        summary.ended_ms.map_or_else(|| UNKNOWN.to_string(), time),
    );
    let views: Vec<RunView> = batch.runs.iter().map(RunView::new).collect();
    header(&mut out, &["run", "task", "speed-up", "origin", "equivalence", "steps", "accepted", "work", "state"]);
    for (run, view) in batch.runs.iter().zip(&views) {
        let assurance =
            run.best().and_then(|(_, c)| c.evaluation.as_ref()?.assurance.as_ref().map(ToString::to_string));
        line(
            &mut out,
            &[
                &view.id,
                &view.task,
                &view.speedup,
                &view.origin,
                assurance.as_deref().unwrap_or(UNKNOWN),
                &run.history.steps.len().to_string(),
                &run.accepted().to_string(),
                &seconds(Some(run.history.seconds())),
                &state(run),
            ],
        );
    }
    for view in &views {
        let _ = writeln!(out, "\n## {} ({})\n\n{}\n", cell(&view.task), view.id, cell(&view.summary));
        section(&mut out, view, 3);
    }
    out
}

fn section(out: &mut String, view: &RunView, level: usize) {
    let h = "#".repeat(level);
    facts(out, &view.headline);
    let _ = writeln!(out, "\n{h} Candidates\n");
    header(out, &["#", "step", "of", "written by", "objective or reason", "speed-up", "equivalence", "time", ""]);
    for r in &view.rows {
        let outcome = format!("{} {}", r.glyph, r.outcome);
        let star = if r.best { format!("{} ★", r.speedup) } else { r.speedup.clone() };
        line(
            out,
            &[&r.number.to_string(), r.kind, &r.parent, &r.agent, &outcome, &star, &r.assurance, &r.seconds, r.cached],
        );
    }
    if !view.metrics.is_empty() {
        let _ = writeln!(out, "\n{h} Metrics, baseline against best\n");
        header(out, &["metric", "unit", "origin", "baseline", "best", "change"]);
        for m in &view.metrics {
            line(out, &[&m.name, &m.unit, &m.origin, &m.baseline, &m.best, &m.change]);
        }
    }
    if let Some(d) = &view.difference {
        let _ = writeln!(out, "\n{h} Source, baseline against best\n");
        difference(out, d);
    }
    let _ = writeln!(out, "\n{h} Step by step");
    for s in &view.steps {
        step(out, s, level + 1);
    }
    let _ = writeln!(out, "\n{h} The run\n");
    facts(out, &view.facts);
    facts(out, &view.environment);
    for (name, version) in &view.tools {
        let _ = writeln!(out, "- {}: {}", cell(name), cell(version));
    }
    let _ = writeln!(out, "\n{h} Again\n");
    fence(out, "sh", &view.commands);
}

fn step(out: &mut String, s: &StepView, level: usize) {
    let h = "#".repeat(level.min(6));
    let star = if s.row.best { " ★" } else { "" };
    let of = if s.row.parent == UNKNOWN { String::new() } else { format!(" of {}", s.row.parent) };
    let _ = writeln!(out, "\n{h} #{} {}{of}: {}{star}\n", s.row.number, s.row.kind, cell(&s.row.outcome));
    for text in [&s.summary, &s.note] {
        if !text.is_empty() {
            let _ = writeln!(out, "{}\n", cell(text));
        }
    }
    if let Some(j) = &s.judgement {
        judgement(out, j);
    }
    if let Some(f) = &s.failure {
        let _ = writeln!(out, "{} failed: {}\n", f.stage, f.reason);
        if f.omitted > 0 {
            let _ = writeln!(out, "The first {} lines are not shown.\n", f.omitted);
        }
        fence(out, "text", &f.log);
    }
    if let Some(d) = &s.difference {
        difference(out, d);
    }
}

fn judgement(out: &mut String, j: &JudgementView) {
    let _ = writeln!(out, "The Judge: {}\n", cell(&j.title));
    facts(out, &j.facts);
    if !j.evidence.is_empty() {
        out.push('\n');
        header(out, &["evidence", "value", "reading"]);
        for e in &j.evidence {
            line(out, &[&e.metric, &e.value, &e.reading]);
        }
    }
    if !j.expect.is_empty() {
        out.push('\n');
        header(out, &["expected", "", "hoped for", "before", "after", "change"]);
        for e in &j.expect {
            line(out, &[&e.metric, e.direction, &e.factor, &e.before, &e.after, &e.change]);
        }
    }
    if !j.outcome.is_empty() {
        let _ = writeln!(out, "\nThe expectation: {}", j.outcome);
    }
    out.push('\n');
}

fn difference(out: &mut String, d: &Difference) {
    let _ = writeln!(out, "{}: +{} −{} lines\n", d.title, d.added, d.removed);
    let text: Vec<String> = d.lines.iter().map(|l| format!("{}{}", l.sign, l.text)).collect();
    fence(out, "diff", &text.join("\n"));
    if d.omitted > 0 {
        let _ = writeln!(out, "\n{} more lines are not shown.", d.omitted);
    }
}

fn facts(out: &mut String, facts: &[Fact]) {
    for f in facts {
        let _ = writeln!(out, "- {}: {}", f.label, cell(&f.value));
    }
}

fn header(out: &mut String, names: &[&str]) {
    line(out, names);
    let _ = writeln!(out, "|{}", "---|".repeat(names.len()));
}

fn line(out: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|c| cell(c)).collect();
    let _ = writeln!(out, "| {} |", cells.join(" | "));
}

/// A text on one line that means nothing to Markdown. Underscores stay: inside words they are plain, and metric names have them.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match c {
            '\\' | '|' | '`' | '*' | '[' | ']' => {
                out.push('\\');
                out.push(c);
            }
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A fenced block whose fence is longer than any row of backticks in it.
fn fence(out: &mut String, language: &str, text: &str) {
    let mut longest = 0;
    let mut current = 0;
    for c in text.chars() {
        current = if c == '`' { current + 1 } else { 0 };
        longest = longest.max(current);
    }
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(out, "{fence}{language}\n{text}\n{fence}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_cannot_break_out_of_its_cell_or_fence() {
        assert_eq!(cell("a|b\n<i>`x`_y_z"), "a\\|b &lt;i>\\`x\\`_y_z");
        let mut out = String::new();
        fence(&mut out, "text", "a\n````\nb");
        assert!(out.starts_with("`````text\n") && out.ends_with("\n`````\n"), "{out}");
    }
}
