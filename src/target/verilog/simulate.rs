//! The first half of the check stage: candidate and reference run in separate simulator processes over the same stimulus, and their
//! outputs are compared here, where the candidate cannot reach.

use std::fmt::Write as _;

use super::desk::{Desk, Failure};
use super::stimulus::{self, RESET_CYCLES};
use super::tools::Tool;
use crate::sandbox::End;
use crate::target::Reason;
use crate::task::{Contract, Direction, Level, Port, VerilogTask};

const TESTBENCH: &str = "kernsmith_tb";
/// Wall-clock limit of one simulation in seconds.
const SIMULATION_SECONDS: f64 = 120.0;

/// What the simulation found when it found no difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Simulated {
    /// Rows or transactions whose outputs were compared.
    pub compared: usize,
    /// Largest observed latency in cycles, of a transaction contract: (reference, candidate).
    pub latency: Option<(u32, u32)>,
}

/// Writes `<stem>_tb.v` and compiles it with `<stem>.v` into `<stem>.vvp`.
pub fn build(desk: &mut Desk<'_>, stem: &str, conditions: bool) -> Result<(), Failure> {
    let text = testbench(desk.verilog, stem, conditions);
    desk.write(&format!("{stem}_tb.v"), &text)?;
    let (out, bench, source) = (format!("{stem}.vvp"), format!("{stem}_tb.v"), format!("{stem}.v"));
    let args = ["-g2012", "-Wno-timescale", "-s", TESTBENCH, "-o", &out, &bench, &source];
    let log = desk.run_ok(Tool::Iverilog, &args, 60.0, Reason::CompileError)?;
    // Icarus says sorry for being too careful with `always_comb x = a[0]` as well: it waits for all of `a`.
    if log.lines().any(|line| line.contains("sorry:") && !line.contains("all bits will be included")) {
        return Err(Failure::new(Reason::CompileError, format!("iverilog:\n{log}")));
    }
    Ok(())
}

/// Runs both simulations over fresh stimulus and compares.
pub fn compare(desk: &mut Desk<'_>, seed: u64, latencies: (u32, u32)) -> Result<(Simulated, f64), Failure> {
    let task = desk.verilog;
    let stimulus = stimulus::stimulus(task, seed);
    desk.write("rows.txt", &(stimulus.rows.join("\n") + "\n"))?;
    let reference = run(desk, "gold")?;
    let candidate = run(desk, "gate")?;
    let task = desk.verilog;
    let found = match &task.contract {
        Contract::Transaction { max_latency, .. } => {
            transactions(task, &stimulus.rows, &reference, &candidate, *max_latency)
        }
        _ => cycles(task, &stimulus.rows, &reference, &candidate, latencies),
    }?;
    Ok((found, stimulus.activity))
}

fn run(desk: &mut Desk<'_>, stem: &str) -> Result<String, Failure> {
    let outcome = desk.run(Tool::Vvp, &["-n", &format!("{stem}.vvp")], SIMULATION_SECONDS)?;
    let text = desk.read(&format!("{stem}.out")).unwrap_or_default();
    if outcome.end == End::Exit(0) && text.ends_with("end\n") {
        return Ok(text);
    }
    let reason = if stem == "gold" { Reason::Infrastructure } else { Reason::WrongOutput };
    Err(Failure::new(reason, format!("the simulation of {stem} did not reach its end\n{}", outcome.output)))
}

/// Runs the task's own testbench with a secret token that it must print back.
pub fn own_testbench(desk: &mut Desk<'_>, token: u64) -> Result<(), Failure> {
    let Some(text) = &desk.task.testbench else { return Ok(()) };
    desk.write("own_tb.v", text)?;
    let mut args = vec!["-g2012", "-Wno-timescale"];
    // Without this a module of the candidate that nobody instantiates would be a second root beside the testbench.
    roots(text).iter().for_each(|root| args.extend(["-s", *root]));
    args.extend(["-o", "own.vvp", "own_tb.v", "gate.v"]);
    desk.run_ok(Tool::Iverilog, &args, 60.0, Reason::TestbenchFailed)?;
    let token = format!("{token:016x}");
    let outcome = desk.run(Tool::Vvp, &["-n", "own.vvp", &format!("+token={token}")], SIMULATION_SECONDS)?;
    if outcome.output.lines().any(|l| l.trim() == format!("KERNSMITH_PASS {token}")) {
        return Ok(());
    }
    Err(Failure::new(
        Reason::TestbenchFailed,
        format!(
            "{}\nthe task's testbench did not print its pass token; what it printed is above",
            super::desk::tail(outcome.output.trim_end(), 2000)
        ),
    ))
}

/// The modules of a testbench that it does not mention again: what the simulation starts from.
fn roots(text: &str) -> Vec<&str> {
    let words: Vec<&str> = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""))
        .flat_map(|line| line.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '$')))
        .filter(|word| !word.is_empty())
        .collect();
    let modules = words.windows(2).filter(|pair| pair[0] == "module").map(|pair| pair[1]);
    modules.filter(|name| words.iter().filter(|word| *word == name).count() == 1).collect()
}

/// Bits of a line of output: all outputs in the task's order, then one bit per condition.
fn outputs(task: &VerilogTask) -> Vec<&Port> {
    task.outputs().collect()
}

/// The row with the named values in it, for messages.
fn describe(task: &VerilogTask, row: &str) -> String {
    let mut at = usize::from(task.reset.is_some());
    let mut text = String::new();
    for port in task.inputs() {
        let end = at + port.width as usize;
        let _ = write!(text, " {}={}", port.name, hex(row.get(at..end).unwrap_or("?")));
        at = end;
    }
    text.trim_start().to_string()
}

/// Binary text as Verilog hex, or as binary if it has unknown bits.
pub(super) fn hex(bits: &str) -> String {
    if bits.is_empty() || bits.chars().any(|c| c != '0' && c != '1') {
        return format!("'b{bits}");
    }
    let padded = "0".repeat((4 - bits.len() % 4) % 4) + bits;
    let digits: String = padded
        .as_bytes()
        .chunks(4)
        .filter_map(|c| char::from_digit(c.iter().fold(0, |v, b| v * 2 + u32::from(b - b'0')), 16))
        .collect();
    format!("{}'h{digits}", bits.len())
}

/// The first output whose defined bits differ, as a message. `gold` carries the conditions after the outputs.
fn difference(task: &VerilogTask, gold: &str, gate: &str) -> Option<String> {
    let ports = outputs(task);
    let mut condition = ports.iter().map(|p| p.width as usize).sum::<usize>();
    let mut at = 0;
    for port in ports {
        let end = at + port.width as usize;
        let applies = port.when.is_none() || {
            condition += 1;
            gold.get(condition - 1..condition) == Some("1")
        };
        let (want, got) = (gold.get(at..end).unwrap_or(""), gate.get(at..end).unwrap_or(""));
        let differs = want.bytes().zip(got.bytes()).any(|(w, g)| (w == b'0' || w == b'1') && w != g);
        if applies && (differs || got.len() != want.len()) {
            return Some(format!("{} = {}, the reference has {}", port.name, hex(got), hex(want)));
        }
        at = end;
    }
    None
}

fn cycles(
    task: &VerilogTask,
    rows: &[String],
    gold: &str,
    gate: &str,
    latencies: (u32, u32),
) -> Result<Simulated, Failure> {
    let gold: Vec<&str> = gold.lines().collect();
    let gate: Vec<&str> = gate.lines().collect();
    let (gold_delay, gate_delay) = (latencies.0 as usize, latencies.1 as usize);
    let mut compared = 0;
    let first = if task.reset.is_some() { RESET_CYCLES } else { 0 };
    // The last rows' outputs would come after the end of the simulation; a missing line shows as an early end below.
    let last = rows.len().saturating_sub(gold_delay.max(gate_delay));
    for (row, inputs) in rows.iter().enumerate().take(last).skip(first) {
        let (Some(want), Some(got)) = (gold.get(row + gold_delay), gate.get(row + gate_delay)) else {
            return Err(Failure::new(Reason::WrongOutput, format!("the simulation ended before cycle {row}")));
        };
        if let Some(message) = difference(task, want, got) {
            let shift = gate_delay as i64 - gold_delay as i64;
            let delayed = if shift == 0 { String::new() } else { format!(" (delayed by {shift} cycles)") };
            let message = format!("cycle {row}: {message}{delayed}; inputs: {}", describe(task, inputs));
            return Err(Failure::new(Reason::WrongOutput, message));
        }
        compared += 1;
    }
    if compared == 0 {
        return Err(Failure::new(Reason::Infrastructure, "no row was compared: too few vectors for the latency"));
    }
    Ok(Simulated { compared, latency: None })
}

/// One line of a transaction testbench: cycles, `done` and stray flags, outputs.
struct Transaction<'a> {
    cycles: u32,
    finished: bool,
    stray: bool,
    outputs: &'a str,
}

fn transaction(line: &str) -> Option<Transaction<'_>> {
    let mut fields = line.split(' ');
    let cycles = fields.next()?.parse().ok()?;
    let flags = fields.next()?.as_bytes();
    Some(Transaction {
        cycles,
        finished: flags.first()? == &b'1',
        stray: flags.get(1)? != &b'0',
        outputs: fields.next()?,
    })
}

fn transactions(task: &VerilogTask, rows: &[String], gold: &str, gate: &str, max: u32) -> Result<Simulated, Failure> {
    let mut latency = (0, 0);
    let mut compared = 0;
    for (index, (want, got)) in gold.lines().zip(gate.lines()).enumerate() {
        if want == "end" {
            break;
        }
        let inputs = || rows.get(2 * index).map_or(String::new(), |row| describe(task, row));
        let (Some(want), Some(got)) = (transaction(want), transaction(got)) else {
            let message = format!("transaction {index}: unreadable line from the simulation");
            return Err(Failure::new(Reason::WrongOutput, message));
        };
        if !want.finished || want.stray {
            let message = format!("the reference breaks its own contract in transaction {index}: {}", inputs());
            return Err(Failure::new(Reason::Infrastructure, message));
        }
        if got.stray {
            let message =
                format!("before transaction {index}: `done` is high (or unknown) outside the one cycle; {}", inputs());
            return Err(Failure::new(Reason::ContractViolation, message));
        }
        if !got.finished {
            let message = format!("transaction {index}: no `done` within {max} cycles; inputs: {}", inputs());
            return Err(Failure::new(Reason::LatencyExceeded, message));
        }
        if let Some(message) = difference(task, want.outputs, got.outputs) {
            let message = format!("transaction {index}: {message}; inputs: {}", inputs());
            return Err(Failure::new(Reason::WrongOutput, message));
        }
        latency = (latency.0.max(want.cycles), latency.1.max(got.cycles));
        compared += 1;
    }
    if compared * 2 != rows.len() {
        return Err(Failure::new(Reason::WrongOutput, format!("only {compared} transactions were simulated")));
    }
    Ok(Simulated { compared, latency: Some(latency) })
}

/// Declarations, connections and the concatenation of outputs that both kinds of testbench share.
struct Wiring {
    declarations: String,
    connections: String,
    inputs: String,
    outputs: String,
}

fn wiring(task: &VerilogTask, conditions: bool) -> Wiring {
    let mut declarations = String::new();
    let mut connections: Vec<String> = task.clock.iter().map(|c| format!(".{c}({c})")).collect();
    let mut inputs = Vec::new();
    if let Some(reset) = &task.reset {
        let _ = writeln!(declarations, "  wire {};", reset.port);
        connections.push(format!(".{0}({0})", reset.port));
        inputs.push(reset.port.clone());
    }
    for port in &task.ports {
        let _ = writeln!(declarations, "  wire [{}:0] {};", port.width - 1, port.name);
        connections.push(format!(".{0}({0})", port.name));
        if port.direction == Direction::Input {
            inputs.push(port.name.clone());
        }
    }
    let mut outs: Vec<String> = task.outputs().map(|p| p.name.clone()).collect();
    if conditions {
        for (i, condition) in task.outputs().filter_map(|p| p.when.as_ref()).enumerate() {
            let _ = writeln!(declarations, "  wire kernsmith_when_{i} = ({condition}) != 0;");
            outs.push(format!("kernsmith_when_{i}"));
        }
    }
    Wiring { declarations, connections: connections.join(", "), inputs: inputs.join(", "), outputs: outs.join(", ") }
}

fn testbench(task: &VerilogTask, stem: &str, conditions: bool) -> String {
    let w = wiring(task, conditions);
    let clock = task.clock.as_deref().unwrap_or("kernsmith_clock");
    let width = stimulus::row_width(task);
    let top = &task.top;
    let Wiring { declarations, connections, inputs, outputs } = &w;
    let head = format!(
        "`timescale 1ns/1ps\nmodule {TESTBENCH};\n  reg {clock} = 0;\n  reg [{}:0] kernsmith_row = 0;\n  integer kernsmith_in, kernsmith_out;\n{declarations}  {top} kernsmith_dut ({connections});\n",
        width - 1
    );
    let edge = format!("#1 {clock} = 1; #5 {clock} = 0;");
    let open = format!(
        "    kernsmith_in = $fopen(\"rows.txt\", \"r\");\n    kernsmith_out = $fopen(\"{stem}.out\", \"w\");\n"
    );
    let close = "    $fdisplay(kernsmith_out, \"end\");\n    $fclose(kernsmith_out);\n    $finish;\n  end\nendmodule\n";
    if let Contract::Transaction { max_latency, start, done } = &task.contract {
        // `start` and reset are driven by the testbench; their bits in the row are ignored.
        let reset = task.reset.as_ref().map_or(String::new(), |r| {
            let (on, off) = if r.active == Level::High { ("1", "0") } else { ("0", "1") };
            format!("  assign {} = kernsmith_reset ? 1'b{on} : 1'b{off};\n", r.port)
        });
        let data: Vec<String> = inputs
            .split(", ")
            .map(|name| {
                let driven = name == start || task.reset.as_ref().is_some_and(|r| r.port == name);
                if driven { format!("kernsmith_unused_{name}") } else { name.to_string() }
            })
            .collect();
        let unused: String =
            data.iter().filter(|n| n.starts_with("kernsmith_unused_")).map(|n| format!("  wire {n};\n")).collect();
        return format!(
            "{head}{unused}  reg [{msb}:0] kernsmith_noise;\n  reg kernsmith_start = 0, kernsmith_reset = 1, kernsmith_stray;\n  integer kernsmith_n, kernsmith_got;\n  \
             assign {{{data}}} = kernsmith_row;\n  assign {start} = kernsmith_start;\n{reset}  initial begin\n{open}    \
             repeat ({RESET_CYCLES}) begin #4; {edge} end\n    kernsmith_reset = 0;\n    #4; kernsmith_stray = ({done} !== 1'b0); {edge}\n    \
             while ($fscanf(kernsmith_in, \"%b\\n\", kernsmith_row) == 1) begin\n      \
             kernsmith_got = $fscanf(kernsmith_in, \"%b\\n\", kernsmith_noise);\n      \
             kernsmith_start = 1; #4; if ({done} !== 1'b0) kernsmith_stray = 1; {edge}\n      \
             kernsmith_start = 0; kernsmith_row = kernsmith_noise; kernsmith_n = 1; #4;\n      \
             while ({done} !== 1'b1 && kernsmith_n < {max_latency}) begin {edge} kernsmith_n = kernsmith_n + 1; #4; end\n      \
             $fdisplay(kernsmith_out, \"%0d %b %b\", kernsmith_n, {{{done}, kernsmith_stray}}, {{{outputs}}});\n      \
             kernsmith_stray = 0; {edge}\n      \
             repeat (kernsmith_noise[0] ? 2 : 0) begin #4; if ({done} !== 1'b0) kernsmith_stray = 1; {edge} end\n    end\n{close}",
            msb = width - 1,
            data = data.join(", "),
        );
    }
    format!(
        "{head}  assign {{{inputs}}} = kernsmith_row;\n  initial begin\n{open}    \
         while ($fscanf(kernsmith_in, \"%b\\n\", kernsmith_row) == 1) begin\n      \
         #4 $fdisplay(kernsmith_out, \"%b\", {{{outputs}}});\n      {edge}\n    end\n{close}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn task() -> VerilogTask {
        let port = |name: &str, direction, width, when: Option<&str>| Port {
            name: name.into(),
            direction,
            width,
            signed: false,
            fill: crate::task::Fill::Uniform,
            when: when.map(String::from),
        };
        VerilogTask {
            top: "t".into(),
            clock: Some("clk".into()),
            reset: None,
            parameters: BTreeMap::new(),
            ports: vec![
                port("a", Direction::Input, 4, None),
                port("y", Direction::Output, 2, Some("v")),
                port("v", Direction::Output, 1, None),
            ],
            contract: Contract::CycleExact,
            vectors: 10,
            proof_seconds: 1,
            clock_ns: 5.0,
            require: crate::task::Require::Bounded,
            cases: vec![],
            fpga: None,
        }
    }

    #[test]
    fn unknown_bits_of_the_reference_match_anything_and_of_the_candidate_nothing() {
        let t = task();
        assert_eq!(difference(&t, "x11", "011"), None);
        assert_eq!(difference(&t, "0111", "0111"), None);
        assert!(difference(&t, "0111", "x11").unwrap().contains("y = 'bx1"));
        assert_eq!(difference(&t, "0100", "100"), None, "y is not compared where v is 0");
        assert!(difference(&t, "0101", "100").is_some());
    }

    #[test]
    fn outputs_are_compared_at_their_own_latencies() {
        let t = task();
        let rows: Vec<String> = (0..4).map(|_| "0001".to_string()).collect();
        assert_eq!(
            cycles(&t, &rows, "0011\n0111\n1011\n1111\nend", "xxx\n001\n011\n101\nend", (0, 1)).unwrap().compared,
            3
        );
        let e = cycles(&t, &rows, "0011\n0111\n1011\n1111\nend", "001\n001\n101\n111\nend", (0, 0)).unwrap_err();
        assert_eq!(e.reason, Reason::WrongOutput);
        assert!(
            e.message.contains("cycle 1: y = 2'h0, the reference has 2'h1") && e.message.contains("a=4'h1"),
            "{}",
            e.message
        );
    }

    #[test]
    fn the_roots_of_a_testbench_are_its_modules_that_are_not_instantiated() {
        assert_eq!(roots("// module x of tb\nmodule helper; endmodule\nmodule tb;\n helper h();\nendmodule"), ["tb"]);
        assert!(roots("").is_empty());
    }

    #[test]
    fn transactions_report_what_is_wrong() {
        let t = task();
        let rows: Vec<String> = (0..2).map(|_| "0001".to_string()).collect();
        let reason = |gate: &str| transactions(&t, &rows, "3 10 0111\nend", gate, 9).map_err(|f| f.reason);
        assert_eq!(reason("2 10 011\nend"), Ok(Simulated { compared: 1, latency: Some((3, 2)) }));
        assert_eq!(reason("2 10 010\nend"), Err(Reason::WrongOutput));
        assert_eq!(reason("2 11 011\nend"), Err(Reason::ContractViolation));
        assert_eq!(reason("9 00 011\nend"), Err(Reason::LatencyExceeded));
        assert_eq!(reason("end"), Err(Reason::WrongOutput));
        assert_eq!(reason(""), Err(Reason::WrongOutput));
    }

    proptest! {
        #[test]
        fn any_simulation_output_is_read_without_panic(gold in "([01xz ]*\n)*", gate in "([01xzé end]*\n)*") {
            let t = task();
            let rows: Vec<String> = (0..4).map(|_| "0001".to_string()).collect();
            let _ = cycles(&t, &rows, &gold, &gate, (0, 1));
            let _ = transactions(&t, &rows, &gold, &gate, 9);
        }
    }
}
