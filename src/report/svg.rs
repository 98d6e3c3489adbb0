//! Charts as inline SVG: the objective over the steps, and bars of speed-ups. Colours are classes of the page's style sheet, so
//! that they follow light and dark; every meaning is also a shape or a word.

use std::fmt::Write;

use super::RunData;
use super::highlight::escape;
use super::verdict::{Verdict, verdict_of};
use crate::numbers::{clip, number, speedup};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 14.0;
/// Room below the plot for the rail of candidates that have no objective, and for the axis.
const BOTTOM: f64 = 58.0;

/// The vertical scale.
struct Scale {
    low: f64,
    high: f64,
    log: bool,
}

impl Scale {
    /// Covers finite values with a margin; logarithmic if they span more than a factor of 20.
    fn over(values: &[f64]) -> Option<Self> {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if !low.is_finite() || !high.is_finite() {
            return None;
        }
        let log = low > 0.0 && high / low > 20.0;
        let (low, high) = if log { (low.log10(), high.log10()) } else { (low, high) };
        let span = high - low;
        let margin = if span > 0.0 { span * 0.08 } else { (high.abs() * 0.1).max(1e-9) };
        let scale = Self { low: low - margin, high: high + margin, log };
        (scale.low.is_finite() && scale.high.is_finite() && scale.high > scale.low).then_some(scale)
    }

    fn y(&self, value: f64) -> f64 {
        let value = if self.log { value.log10() } else { value };
        TOP + (self.high - value) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)
    }

    /// Round values in the range, between three and a dozen.
    fn ticks(&self) -> Vec<f64> {
        let span = self.high - self.low;
        if self.log && span > 1.0 {
            let decades = span.ceil();
            let mantissas: &[f64] = if decades <= 2.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
            let stride = (decades / 8.0).ceil().max(1.0);
            let mut ticks = Vec::new();
            let mut exponent = (self.low.floor() / stride).floor() * stride;
            while exponent <= self.high {
                ticks.extend(mantissas.iter().map(|m| m * 10f64.powf(exponent)));
                exponent += stride;
            }
            ticks.retain(|t| (self.low..=self.high).contains(&t.log10()));
            return ticks;
        }
        let (low, high) = if self.log { (10f64.powf(self.low), 10f64.powf(self.high)) } else { (self.low, self.high) };
        let rough = (high - low) / 5.0;
        let unit = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * unit).find(|s| *s >= rough).unwrap_or(rough);
        let first = (low / step).ceil();
        (0u8..12).map(|n| (first + f64::from(n)) * step).filter(|t| *t <= high).collect()
    }
}

/// The objective over the steps: candidates by verdict, the best so far, the baseline.
pub fn progress(run: &RunData, anchor: &str) -> String {
    let steps = &run.history.steps;
    let finite = |value: Option<f64>| value.filter(|v| v.is_finite());
    let value_of = |n: usize| finite(steps[n].candidate.as_ref().and_then(|c| c.objective()));
    let values: Vec<f64> = (0..steps.len()).filter_map(value_of).collect();
    let last = u32::try_from(steps.len().saturating_sub(1)).unwrap_or(u32::MAX).max(1);
    let x = |n: u32| LEFT + 14.0 + f64::from(n) / f64::from(last) * (WIDTH - LEFT - RIGHT - 28.0);
    let floor = HEIGHT - BOTTOM;
    let rail = floor + 16.0;
    let mut svg = format!(
        "<svg class=chart viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=img aria-label=\"Objective of every candidate over the steps\">"
    );
    let scale = Scale::over(&values);
    if let Some(scale) = &scale {
        for tick in scale.ticks() {
            let y = scale.y(tick);
            let _ = write!(
                svg,
                "<path class=grid d=\"M{LEFT} {y:.1}H{:.1}\"/><text class=tick x={:.1} y={:.1} text-anchor=end>{}</text>",
                WIDTH - RIGHT,
                LEFT - 6.0,
                y + 4.0,
                number(tick)
            );
        }
        if let Some(baseline) = finite(run.history.baseline()) {
            let y = scale.y(baseline);
            let _ = write!(
                svg,
                "<path class=baseline d=\"M{LEFT} {y:.1}H{:.1}\"><title>baseline {}</title></path><text class=tick x={:.1} y={:.1} text-anchor=end>baseline</text>",
                WIDTH - RIGHT,
                number(baseline),
                WIDTH - RIGHT,
                y - 4.0
            );
        }
        svg.push_str(&best_line(&values_by_step(run), scale, &x));
    } else {
        let _ = write!(
            svg,
            "<text class=tick x={:.1} y={:.1} text-anchor=middle>no accepted candidate yet</text>",
            WIDTH / 2.0,
            HEIGHT / 2.0
        );
    }
    let _ = write!(
        svg,
        "<path class=axis d=\"M{LEFT} {TOP}V{floor:.1}H{:.1}\"/><text class=tick x={:.1} y={:.1} text-anchor=end>no value</text>",
        WIDTH - RIGHT,
        LEFT - 6.0,
        rail + 4.0
    );
    // Numbers on the axis: about ten, whatever the length of the run.
    let stride = (steps.len() / 10).max(1);
    for (n, record) in steps.iter().enumerate() {
        let at = x(record.number);
        if n % stride == 0 {
            let _ = write!(
                svg,
                "<text class=tick x={at:.1} y={:.1} text-anchor=middle>{}</text>",
                HEIGHT - 20.0,
                record.number
            );
        }
        let value = value_of(n);
        let y = match (&scale, value) {
            (Some(scale), Some(value)) => scale.y(value),
            _ => rail,
        };
        let verdict = verdict_of(record);
        let said = value.map_or_else(|| verdict.label().to_string(), number);
        let _ = write!(
            svg,
            "<a href=\"#{anchor}-c{0}\"><g><title>#{0} {1}: {2}</title>{3}</g></a>",
            record.number,
            record.step.name(),
            escape(&said),
            mark(verdict, at, y)
        );
    }
    let _ = write!(
        svg,
        "<text class=tick x={:.1} y={:.1} text-anchor=middle>step</text></svg>",
        (LEFT + WIDTH) / 2.0,
        HEIGHT - 4.0
    );
    svg
}

fn values_by_step(run: &RunData) -> Vec<(u32, f64)> {
    let steps = run.history.steps.iter();
    steps.filter_map(|s| Some((s.number, s.candidate.as_ref()?.objective().filter(|v| v.is_finite())?))).collect()
}

fn best_line(values: &[(u32, f64)], scale: &Scale, x: &impl Fn(u32) -> f64) -> String {
    let mut path = String::new();
    let mut best = f64::INFINITY;
    for (number, value) in values {
        let command = if path.is_empty() { 'M' } else { 'H' };
        if path.is_empty() {
            let _ = write!(path, "{command}{:.1} {:.1}", x(*number), scale.y(*value));
        } else {
            let _ = write!(path, "{command}{:.1}", x(*number));
        }
        if *value < best {
            best = *value;
            let _ = write!(path, "V{:.1}", scale.y(best));
        }
    }
    format!("<path class=best d=\"{path}\"><title>best so far</title></path>")
}

/// A candidate's mark: a shape and a colour for every verdict.
pub fn mark(verdict: Verdict, x: f64, y: f64) -> String {
    let class = verdict.class();
    let (left, right, top, bottom) = (x - 4.5, x + 4.5, y - 4.5, y + 4.5);
    match verdict {
        Verdict::Accepted => format!("<circle class={class} cx={x:.1} cy={y:.1} r=4.5 />"),
        Verdict::Rejected => {
            format!(
                "<path class={class} d=\"M{left:.1} {top:.1}L{right:.1} {bottom:.1}M{left:.1} {bottom:.1}L{right:.1} {top:.1}\"/>"
            )
        }
        Verdict::Inconclusive => {
            format!("<path class={class} d=\"M{x:.1} {top:.1}L{right:.1} {bottom:.1}H{left:.1}Z\"/>")
        }
        Verdict::Pending => {
            format!(
                "<path class={class} d=\"M{x:.1} {top:.1}L{right:.1} {y:.1}L{x:.1} {bottom:.1}L{left:.1} {y:.1}Z\"/>"
            )
        }
        Verdict::None => format!("<rect class={class} x={:.1} y={:.1} width=7 height=7 />", x - 3.5, y - 3.5),
    }
}

/// One bar a run; the line marks a speed-up of 1.
pub fn bars(rows: &[(String, String, Option<f64>)]) -> String {
    let left = 190.0;
    let room = WIDTH - left - 70.0;
    let most = rows.iter().filter_map(|r| r.2).filter(|v| v.is_finite()).fold(1.0, f64::max);
    let height = 22.0 * f64::from(u32::try_from(rows.len()).unwrap_or(0)) + 24.0;
    let mut svg =
        format!("<svg class=chart viewBox=\"0 0 {WIDTH} {height}\" role=img aria-label=\"Speed-up of every run\">");
    for (n, (label, anchor, value)) in (0u32..).zip(rows) {
        let y = 22.0 * f64::from(n) + 4.0;
        let _ = write!(
            svg,
            "<a href=\"#{}\"><text class=label x={:.1} y={:.1} text-anchor=end>{}</text></a>",
            escape(anchor),
            left - 8.0,
            y + 13.0,
            escape(&clip(label, 26))
        );
        let width = value.filter(|v| v.is_finite()).map_or(0.0, |v| v / most * room);
        if width > 0.0 {
            let _ = write!(svg, "<rect class=bar x={left} y={y:.1} width={width:.1} height=16 />");
        }
        let _ =
            write!(svg, "<text class=tick x={:.1} y={:.1}>{}</text>", left + width + 6.0, y + 13.0, speedup(*value));
    }
    let one = left + room / most;
    let _ = write!(
        svg,
        "<path class=baseline d=\"M{one:.1} 0V{:.1}\"/><text class=tick x={one:.1} y={:.1} text-anchor=middle>1× (baseline)</text></svg>",
        height - 20.0,
        height - 6.0
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_cover_their_values_with_a_few_round_ticks() {
        for values in [
            vec![1.0, 2.0],
            vec![5.0],
            vec![0.0],
            vec![1e-9, 1e9],
            vec![-3.0, 80.0],
            vec![1.0, 30.0],
            vec![1e300, 1e-300],
        ] {
            let scale = Scale::over(&values).unwrap();
            let ticks = scale.ticks();
            assert!((1..=14).contains(&ticks.len()), "{values:?}: {ticks:?}");
            for v in values.iter().chain(&ticks) {
                assert!((TOP - 0.01..=HEIGHT - BOTTOM + 0.01).contains(&scale.y(*v)), "{values:?}: {v}");
            }
        }
        assert!(Scale::over(&[]).is_none());
    }

    #[test]
    fn bars_without_any_value_are_still_a_picture() {
        let svg = bars(&[("verilog/<a>".into(), "r1".into(), None), ("b".into(), "r2".into(), Some(2.0))]);
        assert!(svg.contains("verilog/&lt;a&gt;") && svg.contains(">–<") && svg.contains("2.000×"), "{svg}");
        assert_eq!(svg.matches("class=bar").count(), 1);
    }
}
