//! Shows events as lines: for people, or as JSON for programs.

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use super::event::{Event, RunEvent};
use crate::agent::judgement::Judgement;
use crate::numbers::number;
use crate::search::history::Step;

/// Hears of every event.
pub trait Sink: Send + Sync {
    /// Shows one. Must not fail the run: whoever closed the pipe does not want to see more.
    fn show(&self, event: &Event);
}

/// How much a line printer tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Progress {
    /// A line per candidate.
    Steps,
    /// Also what the Judge says and every stage.
    Stages,
}

/// Lines for people.
pub struct Lines<W> {
    out: Mutex<W>,
    progress: Progress,
    /// Several runs at once: say which.
    name_runs: bool,
}

impl<W: Write + Send> Lines<W> {
    /// Lines to `out`.
    pub fn new(out: W, progress: Progress, name_runs: bool) -> Self {
        Self { out: Mutex::new(out), progress, name_runs }
    }

    fn line(&self, event: &Event, text: &str) {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = if self.name_runs { writeln!(out, "{:<22} {text}", event.task) } else { writeln!(out, "{text}") };
    }
}

impl<W: Write + Send> Sink for Lines<W> {
    fn show(&self, event: &Event) {
        if let Some(text) = describe(event, self.progress) {
            text.lines().for_each(|line| self.line(event, line));
        }
    }
}

fn describe(event: &Event, progress: Progress) -> Option<String> {
    let detailed = progress == Progress::Stages;
    Some(match &event.kind {
        RunEvent::RunStarted { device, strategy, coder, judge, rounds, resumed_after } => {
            let resumed =
                if *resumed_after > 0 { format!(", resumed after step {}", resumed_after - 1) } else { String::new() };
            format!(
                "{} {} on {device} ({}): {strategy}, coder {coder}, judge {judge}, at most {rounds} rounds{resumed}",
                event.run,
                event.task,
                if device.starts_with("sim:") { "simulated" } else { "estimated by synthesis" }
            )
        }
        RunEvent::StepStarted { number, step } if detailed => match step {
            Step::Seed => format!("#{number} seed"),
            Step::Repair { of } => format!("#{number} repair of #{of}"),
            Step::Improve { of } => format!("#{number} improve #{of}"),
        },
        RunEvent::Judged { judgement, .. } if detailed => match judgement {
            Judgement::Improvement { bottleneck, method, evidence, .. } => {
                let quoted: Vec<String> =
                    evidence.iter().map(|e| format!("{} = {}", e.metric, number(e.value))).collect();
                format!("    judge: {bottleneck} [{}] -> {method}", quoted.join(", "))
            }
            Judgement::Correction { critical_issue, .. } => format!("    judge: {critical_issue}"),
        },
        RunEvent::CandidateWritten { agent, summary, .. } if detailed => format!("    coder: {agent}: {summary}"),
        RunEvent::NoCandidate { number, note } => format!("#{number:<3} no candidate: {note}"),
        RunEvent::StageStarted { stage, .. } if detailed => format!("    {stage} …"),
        RunEvent::Evaluated {
            number: n,
            accepted,
            reason,
            message,
            objective,
            unit,
            speedup,
            assurance,
            seconds,
            cached,
            best,
        } => {
            let time = if *cached { "cached".to_string() } else { format!("{seconds:.1} s") };
            if *accepted {
                format!(
                    "#{n:<3} {} {:>12} {:<10} {:>7}  {:<20} {time}",
                    if *best { "*" } else { " " },
                    objective.map_or("–".into(), number),
                    unit.clone().unwrap_or_default(),
                    speedup.map_or("–".into(), |s| format!("{s:.2}x")),
                    assurance.clone().unwrap_or_default(),
                )
            } else {
                format!(
                    "#{n:<3} x rejected: {}: {}  {time}",
                    reason.map_or("unknown", |r| r.as_str()),
                    message.clone().unwrap_or_default()
                )
            }
        }
        RunEvent::RunEnded { stop, best, objective, unit, speedup, assurance, candidates, seconds, .. } => match best {
            Some(best) => format!(
                "{} ended ({stop}): best #{best}, {} {}, {} against the baseline, {}; {candidates} candidates in {seconds:.0} s",
                event.run,
                objective.map_or("–".into(), number),
                unit.clone().unwrap_or_default(),
                speedup.map_or("–".into(), |s| format!("{s:.2}x")),
                assurance.clone().unwrap_or_default(),
            ),
            None => format!("{} ended ({stop}): no candidate was accepted", event.run),
        },
        RunEvent::RunFailed { message } => format!("{} failed: {message}", event.run),
        _ => return None,
    })
}

/// One JSON object a line.
pub struct JsonLines<W>(Mutex<W>);

impl<W: Write + Send> JsonLines<W> {
    /// Lines to `out`.
    pub fn new(out: W) -> Self {
        Self(Mutex::new(out))
    }
}

impl<W: Write + Send> Sink for JsonLines<W> {
    fn show(&self, event: &Event) {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Ok(text) = serde_json::to_string(event) {
            let _ = writeln!(out, "{text}").and_then(|()| out.flush());
        }
    }
}

/// Standard output as a sink's writer.
pub fn stdout() -> io::Stdout {
    io::stdout()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: RunEvent) -> Event {
        Event { time_ms: 0, run: "r1".into(), task: "verilog/mul8".into(), kind }
    }

    #[test]
    fn the_two_levels_differ_in_stages() {
        let stage = event(RunEvent::StageStarted { number: 1, stage: crate::target::StageName::Check });
        assert_eq!(describe(&stage, Progress::Steps), None);
        assert!(describe(&stage, Progress::Stages).is_some_and(|t| t.contains("check")));
    }

    #[test]
    fn json_lines_are_one_object_each() {
        let sink = JsonLines::new(Vec::new());
        sink.show(&event(RunEvent::RunFailed { message: "a\nb".into() }));
        let text = String::from_utf8(sink.0.into_inner().unwrap()).unwrap();
        assert_eq!(text.lines().count(), 1);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["event"], "run_failed");
        assert_eq!(value["run"], "r1");
    }
}
