//! Tables for spreadsheets and scripts: RFC 4180 with `\n`, full precision, an empty cell for what is not known.

use std::collections::BTreeSet;

use super::{BatchData, RunData};
use crate::search::history::Candidate;

const CANDIDATE: [&str; 19] = [
    "run",
    "task",
    "device",
    "number",
    "step",
    "parent",
    "agent",
    "summary",
    "verdict",
    "reason",
    "objective",
    "objective_value",
    "objective_unit",
    "objective_origin",
    "speedup",
    "equivalence",
    "seconds",
    "cached",
    "digest",
];

const RUN: [&str; 19] = [
    "run",
    "task",
    "device",
    "strategy",
    "coder",
    "judge",
    "state",
    "stop",
    "steps",
    "accepted",
    "baseline",
    "best_number",
    "best",
    "objective_unit",
    "objective_origin",
    "speedup",
    "equivalence",
    "seconds",
    "started_ms",
];

/// One row a step, one column a metric: the union over all runs, by name, each as `metric:<name>`.
pub fn candidates_csv(runs: &[RunData]) -> String {
    let metrics: BTreeSet<&str> = runs
        .iter()
        .flat_map(|r| &r.history.steps)
        .filter_map(|s| s.candidate.as_ref()?.evaluation.as_ref())
        .flat_map(|e| &e.metrics)
        .map(|m| m.name.as_str())
        .collect();
    let mut table = Table::default();
    table.row(CANDIDATE.iter().map(|c| text(c)).chain(metrics.iter().map(|m| text(&format!("metric:{m}")))));
    for run in runs {
        for record in &run.history.steps {
            let candidate = record.candidate.as_ref();
            let evaluation = candidate.and_then(|c| c.evaluation.as_ref());
            let objective = evaluation.and_then(|e| e.objective.as_ref());
            let value = candidate.and_then(Candidate::objective);
            let cells = [
                run.summary.id.to_string(),
                text(&run.task.task),
                text(&run.summary.device),
                record.number.to_string(),
                record.step.name().to_string(),
                record.step.parent().map_or(String::new(), |p| p.to_string()),
                candidate.map_or(String::new(), |c| text(&c.agent)),
                text(candidate.map_or(record.note.as_deref().unwrap_or(""), |c| &c.summary)),
                super::verdict::verdict_of(record).label().to_string(),
                evaluation.and_then(|e| e.failure()).map_or(String::new(), |r| r.as_str().to_string()),
                text(objective.map_or("", |o| &o.name)),
                number(objective.map(|o| o.value)),
                text(objective.map_or("", |o| &o.unit)),
                objective.map_or(String::new(), |o| o.origin.as_str().to_string()),
                number(value.and_then(|v| run.speedup_of(v))),
                text(&evaluation.and_then(|e| e.assurance.as_ref()).map_or(String::new(), ToString::to_string)),
                number(record.seconds),
                candidate.map_or(String::new(), |c| c.cached.to_string()),
                candidate.map_or(String::new(), |c| c.digest.clone()),
            ];
            let values = metrics.iter().map(|m| number(evaluation.and_then(|e| e.metric(m))));
            table.row(cells.into_iter().chain(values));
        }
    }
    table.0
}

/// One row a run.
pub fn batch_csv(batch: &BatchData) -> String {
    let mut table = Table::default();
    table.row(RUN.iter().map(|c| text(c)));
    for run in &batch.runs {
        let best = run.best();
        let evaluation = best.and_then(|(_, c)| c.evaluation.as_ref());
        let objective = evaluation.and_then(|e| e.objective.as_ref());
        let summary = &run.summary;
        table.row([
            summary.id.to_string(),
            text(&run.task.task),
            text(&summary.device),
            text(&summary.strategy),
            text(&summary.coder),
            text(&summary.judge),
            summary.state.as_str().to_string(),
            text(summary.stop.as_deref().unwrap_or("")),
            run.history.steps.len().to_string(),
            run.accepted().to_string(),
            number(run.history.baseline()),
            best.map_or(String::new(), |(n, _)| n.to_string()),
            number(best.and_then(|(_, c)| c.objective())),
            text(objective.map_or("", |o| &o.unit)),
            objective.map_or(String::new(), |o| o.origin.as_str().to_string()),
            number(run.speedup()),
            text(&evaluation.and_then(|e| e.assurance.as_ref()).map_or(String::new(), ToString::to_string)),
            number(Some(run.history.seconds())),
            summary.started_ms.to_string(),
        ]);
    }
    table.0
}

#[derive(Default)]
struct Table(String);

impl Table {
    fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        for (n, cell) in cells.into_iter().enumerate() {
            if n > 0 {
                self.0.push(',');
            }
            self.0.push_str(&cell);
        }
        self.0.push('\n');
    }
}

fn number(value: Option<f64>) -> String {
    match value {
        // The sum of nothing is -0, which adding 0 mends.
        Some(v) if v.is_finite() => (v + 0.0).to_string(),
        _ => String::new(),
    }
}

/// A text cell. A model may have written it, so one that a spreadsheet would compute gets an apostrophe in front.
fn text(value: &str) -> String {
    let guarded =
        if value.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{value}") } else { value.to_string() };
    if guarded.contains([',', '"', '\n', '\r']) { format!("\"{}\"", guarded.replace('"', "\"\"")) } else { guarded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_defused() {
        assert_eq!(text("plain"), "plain");
        assert_eq!(text("a,\"b\"\n"), "\"a,\"\"b\"\"\n\"");
        assert_eq!(text("=cmd()"), "'=cmd()");
        assert_eq!(
            (number(None), number(Some(f64::NAN)), number(Some(0.1))),
            (String::new(), String::new(), "0.1".into())
        );
    }
}
