//! The lineage of a run as inline SVG: one row a step, oldest first, branches beside each other as in `git log --graph`.

use std::fmt::Write;

use super::RunData;
use super::highlight::escape;
use super::svg::mark;
use super::verdict::verdict_of;
use crate::numbers::{change, clip, with_unit};
use crate::search::history::StepRecord;

const ROW: f64 = 26.0;
const LANE: f64 = 18.0;

/// Where every step stands.
struct Layout {
    /// Lane of every step.
    lane: Vec<usize>,
    /// Steps on the way from a seed to the best candidate.
    on_way: Vec<bool>,
    /// Number of lanes.
    lanes: usize,
}

/// The parent's place, if it is an earlier step; the store has no other, a caller's history might.
fn parent_of(steps: &[StepRecord], n: usize) -> Option<usize> {
    steps[n].step.parent().and_then(|p| usize::try_from(p).ok()).filter(|p| *p < n)
}

fn layout(steps: &[StepRecord], best: Option<u32>) -> Layout {
    let count = steps.len();
    let mut on_way = vec![false; count];
    let mut at = best.and_then(|b| usize::try_from(b).ok()).filter(|b| *b < count);
    while let Some(n) = at {
        on_way[n] = true;
        at = parent_of(steps, n);
    }
    // The child that carries on in its parent's lane: the one on the way to the best, else the last one.
    let mut heir: Vec<Option<usize>> = vec![None; count];
    for n in 0..count {
        if let Some(p) = parent_of(steps, n)
            && !heir[p].is_some_and(|h| on_way[h])
        {
            heir[p] = Some(n);
        }
    }
    // Last row of the chain of heirs that begins at a step.
    let mut end: Vec<usize> = (0..count).collect();
    for n in (0..count).rev() {
        if let Some(h) = heir[n] {
            end[n] = end[h];
        }
    }
    let mut lane = vec![0; count];
    // For every lane, the row from which on it is free.
    let mut free: Vec<usize> = Vec::new();
    for n in 0..count {
        let parent = parent_of(steps, n);
        if let Some(p) = parent
            && heir[p] == Some(n)
        {
            lane[n] = lane[p];
            continue;
        }
        // A branch needs its lane from the row below its parent on, where its line comes down.
        let from = parent.map_or(n, |p| p + 1);
        let chosen = free.iter().position(|f| *f <= from).unwrap_or_else(|| {
            free.push(0);
            free.len() - 1
        });
        lane[n] = chosen;
        free[chosen] = end[n] + 1;
    }
    Layout { lane, on_way, lanes: free.len().max(1) }
}

/// The picture.
pub fn lineage(run: &RunData, anchor: &str) -> String {
    let steps = &run.history.steps;
    let best = run.history.best().map(|b| b.0);
    let layout = layout(steps, best);
    let x = |n: usize| 14.0 + LANE * f64::from(u32::try_from(layout.lane[n]).unwrap_or(0));
    let y = |n: usize| 14.0 + ROW * f64::from(u32::try_from(n).unwrap_or(0));
    let text_x = 14.0 + LANE * f64::from(u32::try_from(layout.lanes).unwrap_or(0)) + 4.0;
    let (width, height) = (text_x + 640.0, y(steps.len()));
    let mut svg = format!(
        "<svg class=lineage width={width:.0} height={height:.0} viewBox=\"0 0 {width:.0} {height:.0}\" role=img aria-label=\"Which candidate came from which\">"
    );
    for n in 0..steps.len() {
        let Some(p) = parent_of(steps, n) else { continue };
        let class = if layout.on_way[n] { "way" } else { "edge" };
        let (x0, y0, x1, y1) = (x(p), y(p), x(n), y(n));
        let turn = (y0 + ROW).min(y1);
        let _ = write!(
            svg,
            "<path class={class} d=\"M{x0:.1} {y0:.1}C{x0:.1} {0:.1} {x1:.1} {0:.1} {x1:.1} {turn:.1}V{y1:.1}\"/>",
            (y0 + turn) / 2.0
        );
    }
    for (n, record) in steps.iter().enumerate() {
        let verdict = verdict_of(record);
        let value = record.candidate.as_ref().and_then(|c| c.objective());
        let unit = record.candidate.as_ref().and_then(|c| c.evaluation.as_ref()?.objective.as_ref());
        let before = parent_of(steps, n).and_then(|p| steps[p].candidate.as_ref()?.objective());
        let said = match value {
            Some(v) if before.is_some() => {
                format!("{} ({})", with_unit(Some(v), unit.map_or("", |o| &o.unit)), change(before, Some(v)))
            }
            Some(v) => with_unit(Some(v), unit.map_or("", |o| &o.unit)),
            None => verdict.label().to_string(),
        };
        let star = if Some(record.number) == best { " ★ best" } else { "" };
        let summary = record.candidate.as_ref().map_or_else(|| record.note.as_deref().unwrap_or(""), |c| &c.summary);
        let _ = write!(
            svg,
            "<a href=\"#{anchor}-c{0}\">{1}<text class=label x={text_x:.1} y={2:.1}><tspan class=strong>#{0} {3}{star}</tspan> {4} <tspan class=faint>{5}</tspan></text></a>",
            record.number,
            mark(verdict, x(n), y(n)),
            y(n) + 4.0,
            record.step.name(),
            escape(&said),
            escape(&clip(summary, 60))
        );
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::search::history::Step;

    fn steps(parents: &[Option<u32>]) -> Vec<StepRecord> {
        (0u32..)
            .zip(parents)
            .map(|(number, parent)| StepRecord {
                number,
                step: parent.map_or(Step::Seed, |of| Step::Improve { of }),
                judgement: None,
                candidate: None,
                note: None,
                exhausted: false,
                seconds: None,
            })
            .collect()
    }

    #[test]
    fn the_way_to_the_best_keeps_its_lane_and_branches_stand_beside_it() {
        let l = layout(&steps(&[None, Some(0), Some(0), Some(2), Some(1)]), Some(3));
        assert_eq!(l.on_way, [true, false, true, true, false]);
        assert_eq!(l.lane, [0, 1, 0, 0, 1]);
        assert_eq!(l.lanes, 2);
    }

    proptest! {
        #[test]
        fn no_line_of_a_branch_runs_through_another_step(picks in proptest::collection::vec(proptest::option::of(any::<u32>()), 1..40), best in 0..40u32) {
            let parents: Vec<Option<u32>> =
                (0u32..).zip(&picks).map(|(n, p)| p.filter(|_| n > 0).map(|p| p % n)).collect();
            let steps = steps(&parents);
            let l = layout(&steps, Some(best));
            for n in 0..steps.len() {
                let from = parent_of(&steps, n).map_or(n, |p| p + 1);
                for other in from..n {
                    prop_assert!(l.lane[other] != l.lane[n], "step {} lies on the line to {}: {:?}", other, n, l.lane);
                }
            }
        }
    }
}
