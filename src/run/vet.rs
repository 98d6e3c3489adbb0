//! Vets a task: the reference must be accepted as its own candidate, its outputs must move, and the check must notice mistakes
//! that are put into it (mutants).

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::target::{Assurance, Evaluation, Plan};
use crate::task::{Task, line_of};
use crate::worker::pool::{Job, Pool};

/// Mutants per task.
const MUTANTS: usize = 6;

/// What vetting found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Task id.
    pub task: String,
    /// The reference's verdict.
    pub reference: Evaluation,
    /// Mutants tried.
    pub mutants: usize,
    /// Mutants that were proved to be equivalent: no mistakes.
    pub equivalent: usize,
    /// Mutants that were accepted without a full proof: the check may be too weak. Line of the change and text.
    pub missed: Vec<String>,
}

impl Finding {
    /// True if nothing is wrong.
    pub fn sound(&self) -> bool {
        self.reference.accepted() && self.missed.is_empty()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.sound() { "ok  " } else { "BAD " };
        write!(f, "{word} {:<22} ", self.task)?;
        match (&self.reference.objective, self.reference.failed_stage()) {
            (Some(objective), None) => write!(
                f,
                "{:>12} {:<14} {:<18}",
                crate::numbers::number(objective.value),
                objective.unit,
                self.reference.assurance.as_ref().map_or_else(String::new, ToString::to_string)
            )?,
            (_, stage) => {
                let reason = self.reference.failure().map_or("unknown", |r| r.as_str());
                return write!(f, "reference rejected: {reason}: {}", stage.map_or("", |s| s.log.trim()));
            }
        }
        write!(f, " {:>5.1} s", self.reference.seconds())?;
        if self.mutants > 0 {
            let caught = self.mutants - self.equivalent - self.missed.len();
            write!(f, "  mutants: {caught} caught, {} equivalent, {} missed", self.equivalent, self.missed.len())?;
        }
        for line in
            self.reference.stages.iter().flat_map(|s| s.log.lines()).filter(|l| l.starts_with("warning: the reference"))
        {
            write!(f, "\n       {line}")?;
        }
        self.missed.iter().try_for_each(|m| write!(f, "\n       missed: {m}"))
    }
}

/// Vets tasks, several at once. The largest begin first, so that no long one is left for the end. With `keep` the work folder of each
/// reference is left in a folder of the task's name below it.
pub async fn vet_all(
    pool: &Arc<Pool>,
    mut tasks: Vec<Task>,
    jobs: usize,
    mutants: bool,
    keep: Option<PathBuf>,
) -> Vec<Finding> {
    tasks.sort_by_key(|t| std::cmp::Reverse(t.weight()));
    let slots = Arc::new(Semaphore::new(jobs.max(1)));
    let mut work = Vec::new();
    for task in tasks {
        let (pool, slots) = (Arc::clone(pool), Arc::clone(&slots));
        let keep = keep.as_ref().map(|k| k.join(task.name()));
        work.push(tokio::spawn(async move {
            // The semaphore is never closed.
            let _slot = slots.acquire_owned().await;
            vet(&pool, &task, mutants, keep.as_deref()).await
        }));
    }
    let mut findings = Vec::new();
    for handle in work {
        if let Ok(finding) = handle.await {
            findings.push(finding);
        }
    }
    findings
}

async fn vet(pool: &Pool, task: &Task, mutants: bool, keep: Option<&Path>) -> Finding {
    let device = task.target().default_device().to_string();
    let plan = Plan { device, profile_below: Some(0.0), seed: None };
    let evaluate = async |source: &str, keep| pool.evaluate(Job { task, source, plan: &plan, keep }, |_| {}).await;
    let reference = evaluate(&task.reference, keep).await;
    let mut finding = Finding { task: task.id.clone(), reference, mutants: 0, equivalent: 0, missed: Vec::new() };
    if !mutants || !finding.reference.accepted() {
        return finding;
    }
    for (what, source) in mutate(&task.reference) {
        let verdict = evaluate(&source, None).await;
        finding.mutants += 1;
        match (&verdict.assurance, verdict.failure()) {
            (_, Some(_)) => {}
            (Some(Assurance::Proved { .. }), None) => finding.equivalent += 1,
            _ => finding.missed.push(what),
        }
    }
    finding
}

/// Mutants of a source, each with one operator or constant changed, spread evenly over the text.
fn mutate(source: &str) -> Vec<(String, String)> {
    const SWAPS: [(&str, &str); 11] = [
        (" * ", " + "),
        (" + ", " - "),
        (" - ", " + "),
        (" & ", " | "),
        (" | ", " & "),
        (" ^ ", " & "),
        (" < ", " <= "),
        (" > ", " >= "),
        (" == ", " != "),
        (" ? ", " ? ~"),
        ("~", ""),
    ];
    let mut places: Vec<(usize, &str, &str)> = Vec::new();
    let mut offset = 0;
    for line in source.split_inclusive('\n') {
        let code = line.split("//").next().unwrap_or("");
        // A loop's header is no logic: changing it mostly makes a loop without end.
        if !code.contains("for ") && !code.contains("for(") {
            for (from, to) in SWAPS {
                places.extend(code.match_indices(from).map(|(at, _)| (offset + at, from, to)));
            }
        }
        offset += line.len();
    }
    places.sort_unstable();
    let step = (places.len() / MUTANTS).max(1);
    places
        .into_iter()
        .step_by(step)
        .take(MUTANTS)
        .map(|(at, from, to)| {
            let mut text = source.to_string();
            text.replace_range(at..at + from.len(), to);
            let line = line_of(source, at);
            (format!("line {line}: `{}` became `{}`", from.trim(), to.trim()), text)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutants_differ_from_the_source_in_one_place_outside_comments_and_loops() {
        let source = "// a + b\nfor (i = 0; i < 8; i = i + 1)\n  y = a + b;\n  z = a & c; // & d\n";
        let mutants = mutate(source);
        assert_eq!(mutants.len(), 2);
        assert_eq!(mutants[0].1, source.replace("y = a + b", "y = a - b"));
        assert!(mutants[1].0.starts_with("line 4"), "{}", mutants[1].0);
    }
}
