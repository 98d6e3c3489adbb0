//! The second half of the check stage: formal equivalence, by the strongest method that finishes.
//!
//! | contract | structure | method | verdict |
//! |---|---|---|---|
//! | combinational | | miter, BDD sweep then SAT | proved |
//! | pipeline | same register count on all paths | registers erased, then as combinational | proved |
//! | pipeline | feed-forward | miter unrolled over the whole memory of both designs | proved |
//! | pipeline | feedback | bounded model checking | bounded |
//! | cycle_exact | | signal correspondence and property-directed reachability, else bounded model checking | proved or bounded |
//! | transaction | | one transaction after reset, unrolled | bounded |
//!
//! Where the full proof does not finish, the task's cases (restricted inputs) are proved one by one: bounded.

use std::collections::BTreeMap;

use super::compile::Elaborated;
use super::desk::{Desk, Failure};
use super::miter::{self, RESET_FRAMES, Shape};
use super::tools::Tool;
use crate::sandbox::End;
use crate::target::{Assurance, Reason};
use crate::task::{Contract, Require};

/// With cases at hand the full proof is only tried for so long, in seconds.
const FULL_PROOF_SECONDS_WITH_CASES: f64 = 4.0;
/// Cycles after reset for which a pipeline with feedback is checked; compared in the second half of them.
const FEEDBACK_CYCLES: u32 = 16;
/// Nodes at which building a BDD is given up.
const BDD_NODES: u32 = 1_000_000;
/// Cycles from power-up that are unrolled where bounded model checking gets less far.
const UNROLLED_FRAMES: [u64; 2] = [8, 5];

/// What one proof attempt said.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Answer {
    Proved(&'static str),
    /// No difference in the first frames.
    Frames(u64, &'static str),
    Differs(String),
    Unknown(String),
}

/// Proves equivalence as far as it goes. A difference is a failure; so is less assurance than the task requires.
pub fn prove(
    desk: &mut Desk<'_>,
    gold: &Elaborated,
    gate: &Elaborated,
    latency: Option<(u32, u32)>,
) -> Result<Assurance, Failure> {
    desk.write("gold.il", &gold.rtlil)?;
    desk.write("gate.il", &gate.rtlil)?;
    let (shape, erase) = shape(&desk.verilog.contract, gold, gate, latency);
    let seconds = f64::from(desk.verilog.proof_seconds);
    let cases = desk.verilog.cases.clone();
    let full_seconds = if cases.is_empty() { seconds } else { seconds.min(FULL_PROOF_SECONDS_WITH_CASES) };

    prepare(desk, erase)?;
    let mut shape = shape;
    let mut full = attempt(desk, shape, &BTreeMap::new(), full_seconds)?;
    if let (Answer::Differs(_), Shape::Transaction { horizon }, Contract::Transaction { max_latency, .. }) =
        (&full, shape, &desk.verilog.contract)
        && horizon <= *max_latency
    {
        // Perhaps an answer only comes later than any that the simulation saw, which the contract allows.
        shape = Shape::Transaction { horizon: max_latency + 1 };
        full = attempt(desk, shape, &BTreeMap::new(), full_seconds)?;
    }
    desk.note(format!("proof ({}): {full:?}", describe(shape, erase)));
    let method = |engine: &str| format!("{}, {engine}", describe(shape, erase));
    let mut found = match full {
        Answer::Differs(how) => return Err(Failure::new(Reason::NotEquivalent, how)),
        Answer::Proved(engine) => match shape {
            Shape::Transaction { horizon } => {
                Assurance::Bounded { k: u64::from(horizon), of: "cycles".into(), method: method(engine) }
            }
            Shape::Delayed { flush, window: 1.., .. } => {
                Assurance::Bounded { k: u64::from(flush), of: "cycles".into(), method: method(engine) }
            }
            _ => Assurance::Proved { method: method(engine) },
        },
        Answer::Frames(k, engine) if k > u64::from(RESET_FRAMES) => {
            // Cycles in reset compare nothing.
            Assurance::Bounded { k: k - u64::from(RESET_FRAMES), of: "cycles".into(), method: method(engine) }
        }
        Answer::Frames(..) | Answer::Unknown(_) => Assurance::SimulatedOnly,
    };
    if found == Assurance::SimulatedOnly && !cases.is_empty() {
        found = restricted(desk, shape, erase, &cases, seconds)?;
    }
    let enough = match desk.verilog.require {
        Require::Proved => matches!(found, Assurance::Proved { .. }),
        Require::Bounded => found != Assurance::SimulatedOnly,
        Require::Simulated => true,
    };
    if enough {
        return Ok(found);
    }
    let message = format!(
        "{found}, but the task requires more: no engine finished within proof_seconds = {seconds}; a structure closer to the reference's is easier to prove"
    );
    Err(Failure::new(Reason::NotProved, message))
}

fn restricted(
    desk: &mut Desk<'_>,
    shape: Shape,
    erase: bool,
    cases: &[BTreeMap<String, String>],
    seconds: f64,
) -> Result<Assurance, Failure> {
    for (index, case) in cases.iter().enumerate() {
        let answer = attempt(desk, shape, case, seconds)?;
        desk.note(format!("case {} {case:?}: {answer:?}", index + 1));
        match answer {
            Answer::Proved(_) => {}
            Answer::Differs(how) => return Err(Failure::new(Reason::NotEquivalent, how)),
            Answer::Frames(..) | Answer::Unknown(_) => return Ok(Assurance::SimulatedOnly),
        }
    }
    let method = format!("{} with restricted inputs", describe(shape, erase));
    Ok(Assurance::Bounded { k: cases.len() as u64, of: "cases".into(), method })
}

/// Chooses the miter; true if registers are erased first.
fn shape(contract: &Contract, gold: &Elaborated, gate: &Elaborated, latency: Option<(u32, u32)>) -> (Shape, bool) {
    let (a, b) = (gold.structure.paths, gate.structure.paths);
    match contract {
        Contract::Combinational => (Shape::Combinational, false),
        Contract::CycleExact => (Shape::EveryCycle, false),
        Contract::Pipeline { .. } if a.uniform() && b.uniform() => (Shape::Combinational, true),
        Contract::Pipeline { .. } => {
            let deepest = |p: super::netlist::Paths| match p {
                super::netlist::Paths::FeedForward { max, .. } => Some(max),
                super::netlist::Paths::Feedback { .. } => None,
            };
            let skew = a.min().abs_diff(b.min());
            let (flush, window) = match (deepest(a), deepest(b)) {
                (Some(x), Some(y)) => (x.max(y) + skew, 0),
                // With feedback no number of cycles covers everything; this is then a bounded check.
                _ => (FEEDBACK_CYCLES + RESET_FRAMES + a.min().max(b.min()), FEEDBACK_CYCLES / 2),
            };
            (Shape::Delayed { gold: a.min(), gate: b.min(), flush, window }, false)
        }
        Contract::Transaction { max_latency, .. } => {
            let seen = latency.map_or(*max_latency, |(g, c)| g.max(c));
            (Shape::Transaction { horizon: (seen + 1).min(max_latency + 1) }, false)
        }
    }
}

fn describe(shape: Shape, erase: bool) -> &'static str {
    match shape {
        Shape::Combinational if erase => "registers erased, combinational miter",
        Shape::Combinational => "combinational miter",
        Shape::EveryCycle => "sequential miter from reset",
        Shape::Delayed { window: 1.., .. } => "delay-matched miter from reset",
        Shape::Delayed { .. } => "delay-matched miter over the whole memory",
        Shape::Transaction { .. } => "one transaction from reset",
    }
}

/// Brings both sides down to gates, once for all attempts: `both.il`. With `erase` registers become wires.
fn prepare(desk: &mut Desk<'_>, erase: bool) -> Result<(), Failure> {
    let erase_registers = if erase {
        desk.write("erase.v", "module \\$dff (CLK, D, Q);\n  parameter WIDTH = 0;\n  parameter CLK_POLARITY = 1;\n  input CLK;\n  input [WIDTH-1:0] D;\n  output [WIDTH-1:0] Q;\n  assign Q = D;\nendmodule\n")?;
        "techmap -map erase.v; "
    } else {
        ""
    };
    // Start values become 0 before anything is optimised: `opt` would take a register that never changes for an unknown constant, and
    // with it the comparison.
    let script = format!(
        "read_rtlil gold.il; read_rtlil gate.il; {erase_registers}memory_map; async2sync; {ZERO_START}; opt -full; {ZERO_START}; \
         dffunmap; techmap; opt; dffunmap; opt_clean; write_rtlil both.il"
    );
    desk.run_ok(Tool::Yosys, &["-q", "-p", &script], 120.0, Reason::Infrastructure).map(|_| ())
}

/// Registers without a start value start at 0.
const ZERO_START: &str = "setundef -zero -undriven -init";

fn attempt(
    desk: &mut Desk<'_>,
    shape: Shape,
    case: &BTreeMap<String, String>,
    seconds: f64,
) -> Result<Answer, Failure> {
    desk.write("miter.v", &miter::text(desk.verilog, shape, case))?;
    let script = format!(
        "read_rtlil both.il; read_verilog -sv miter.v; hierarchy -check -top miter; proc; flatten; {ZERO_START}; opt -full; {ZERO_START}; \
         dffunmap; techmap; opt; dffunmap; opt_clean; aigmap; opt_clean; {ZERO_START}; write_aiger -zinit miter.aig"
    );
    desk.run_ok(Tool::Yosys, &["-q", "-p", &script], 120.0, Reason::Infrastructure)?;
    if shape == Shape::EveryCycle {
        return every_cycle(desk, seconds);
    }
    let unroll = match shape {
        Shape::Combinational => String::new(),
        _ => format!("frames -F {} -i; orpos; ", shape.frames().unwrap_or(1)),
    };
    combinational(desk, &unroll, !case.is_empty(), seconds)
}

fn abc(desk: &mut Desk<'_>, commands: &str, seconds: f64) -> Result<Option<String>, Failure> {
    let outcome = desk.run_to_any_end(Tool::Abc, &["-q", commands], seconds)?;
    match outcome.end {
        End::Exit(0) => Ok(Some(outcome.output)),
        End::Cancelled => Err(Failure::new(Reason::Infrastructure, "cancelled")),
        // An engine that ran out of time, memory or luck proves nothing, and says nothing about the candidate.
        end => {
            desk.note(format!("abc ended with {end:?}"));
            Ok(None)
        }
    }
}

/// SAT sweeping is quick where the two sides share structure, BDDs are where sums are involved and inputs are few: one after the
/// other, the likelier one first.
fn combinational(desk: &mut Desk<'_>, unroll: &str, bdd_first: bool, seconds: f64) -> Result<Answer, Failure> {
    let mut engines = [
        ("SAT sweeping", format!("read_aiger miter.aig; {unroll}strash; fraig; iprove; write_cex -n cex.txt"), 0.15),
        ("BDD", format!("read_aiger miter.aig; {unroll}strash; collapse -B {BDD_NODES}; strash; iprove"), 1.0),
        ("SAT", format!("read_aiger miter.aig; {unroll}strash; &get -n; &cec -m -T {}", seconds.ceil()), 1.0),
    ];
    if bdd_first {
        engines.swap(0, 1);
    }
    let mut last = String::from("no engine finished");
    for (name, commands, share) in engines {
        let Some(output) = abc(desk, &commands, (seconds * share).max(2.0))? else { continue };
        if output.contains("UNSATISFIABLE") || output.contains("Networks are equivalent") {
            return Ok(Answer::Proved(name));
        }
        if output.contains("SATISFIABLE") || output.contains("NOT EQUIVALENT") {
            let inputs = desk.read("cex.txt").unwrap_or_default();
            return Ok(Answer::Differs(counterexample(&inputs)));
        }
        last = super::desk::tail(output.trim_end(), 300).to_string();
    }
    Ok(Answer::Unknown(last))
}

/// ABC's named counterexample, shortened.
fn counterexample(cex: &str) -> String {
    let text: Vec<&str> = cex.split_whitespace().take(200).collect();
    if text.is_empty() {
        "the prover found inputs for which the outputs differ".into()
    } else {
        format!("the prover found inputs for which the outputs differ: {}", text.join(" "))
    }
}

/// State machines by signal correspondence and PDR; wide parities (CRCs) only after their next-state functions were made canonical
/// by BDDs; what neither proves is checked for the first cycles.
fn every_cycle(desk: &mut Desk<'_>, seconds: f64) -> Result<Answer, Failure> {
    let half = (seconds / 2.0).ceil();
    let proofs = [
        ("signal correspondence and PDR", format!("read_aiger miter.aig; orpos; strash; scorr; pdr -T {half}")),
        (
            "BDD-canonical next state, signal correspondence and PDR",
            format!(
                "read_aiger miter.aig; strash; collapse -B {BDD_NODES}; muxes; strash; scorr; orpos; strash; pdr -T {half}"
            ),
        ),
    ];
    for (method, commands) in proofs {
        let Some(output) = abc(desk, &commands, half + 5.0)? else { continue };
        if output.contains("Property proved") || output.contains("is proved") {
            return Ok(Answer::Proved(method));
        }
        if let Some(frame) = after(&output, "was asserted in frame ") {
            return Ok(differs_in(frame));
        }
    }
    let commands = format!("read_aiger miter.aig; orpos; strash; bmc3 -T {half} -F 200");
    let mut reached = 0;
    if let Some(output) = abc(desk, &commands, half + 10.0)? {
        if let Some(frame) = after(&output, "was asserted in frame ") {
            return Ok(differs_in(frame));
        }
        reached =
            after(&output, "No output asserted in ").or_else(|| after(&output, "No output failed in ")).unwrap_or(0);
    }
    for frames in UNROLLED_FRAMES {
        if reached >= frames {
            break;
        }
        let unrolled = format!(
            "read_aiger miter.aig; frames -F {frames} -i; orpos; strash; collapse -B {BDD_NODES}; strash; iprove; write_cex -n cex.txt"
        );
        let Some(output) = abc(desk, &unrolled, half)? else { continue };
        if output.contains("UNSATISFIABLE") {
            return Ok(Answer::Frames(frames, "unrolled, BDD"));
        }
        if output.contains("SATISFIABLE") {
            return Ok(Answer::Differs(counterexample(&desk.read("cex.txt").unwrap_or_default())));
        }
    }
    Ok(match reached {
        0 => Answer::Unknown("no engine finished".into()),
        frames => Answer::Frames(frames, "bounded model checking"),
    })
}

fn differs_in(frame: u64) -> Answer {
    Answer::Differs(format!("outputs differ in cycle {frame} after power-up"))
}

/// The number that follows a phrase.
fn after(text: &str, phrase: &str) -> Option<u64> {
    let rest = &text[text.find(phrase)? + phrase.len()..];
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frame_numbers_are_found() {
        assert_eq!(after("Output 0 of miter \"m\" was asserted in frame 7. Time", "was asserted in frame "), Some(7));
        assert_eq!(after("nothing", "frame "), None);
    }
}
