//! Writes the miter: a module around reference (`gold`) and candidate (`gate`) whose output `trigger` is 1 exactly when they differ.
//!
//! Generated as Verilog so that every assumption of a proof can be read in the work folder.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::task::{Contract, Direction, Level, VerilogTask};

/// How the two modules are brought together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// No registers, or registers erased: compare at once.
    Combinational,
    /// Reset for two cycles, then compare in every cycle.
    EveryCycle,
    /// The earlier side is delayed until both match; compared only once all registers of a feed-forward design hold inputs from
    /// within the window (`flush` cycles), so that the unknown start does not matter.
    Delayed {
        /// Registers on the shortest path of the reference.
        gold: u32,
        /// The same of the candidate.
        gate: u32,
        /// Cycles before the (last) comparison.
        flush: u32,
        /// Earlier cycles that are compared as well. 0 for feed-forward designs, where one comparison says everything; otherwise
        /// state matters, and the window begins with reset.
        window: u32,
    },
    /// One transaction after reset, seen until `horizon` cycles after `start`.
    Transaction {
        /// Cycles after `start`.
        horizon: u32,
    },
}

impl Shape {
    /// Frames that a bounded check has to unroll so that every comparison is seen; None if there is no such number.
    pub fn frames(self) -> Option<u32> {
        match self {
            Self::Combinational => Some(1),
            Self::EveryCycle => None,
            Self::Delayed { flush, .. } => Some(flush + 1),
            Self::Transaction { horizon } => Some(RESET_FRAMES + horizon + 1),
        }
    }
}

/// Cycles of reset at the start of a sequential miter.
pub const RESET_FRAMES: u32 = 2;

/// The miter as Verilog: `miter` feeds `pair`, with the inputs restricted by `case`.
pub fn text(task: &VerilogTask, shape: Shape, case: &BTreeMap<String, String>) -> String {
    let sequential = shape != Shape::Combinational;
    let mut ports: Vec<String> = Vec::new();
    let mut pass: Vec<String> = Vec::new();
    if sequential {
        ports.push("input kernsmith_clk".into());
        pass.push(".kernsmith_clk(kernsmith_clk)".into());
    }
    if shape == Shape::EveryCycle && task.reset.is_some() {
        ports.push("input kernsmith_reset".into());
        pass.push(".kernsmith_reset(kernsmith_reset)".into());
    }
    for port in task.inputs() {
        ports.push(format!("input [{}:0] {}", port.width - 1, port.name));
        let value = case.get(&port.name).map_or(port.name.as_str(), String::as_str);
        pass.push(format!(".{}({value})", port.name));
    }
    ports.push("output trigger".into());
    pass.push(".trigger(trigger)".into());
    let ports = ports.join(", ");
    format!(
        "module pair({ports});\n{}endmodule\nmodule miter({ports});\n  pair both({});\nendmodule\n",
        body(task, shape),
        pass.join(", ")
    )
}

fn body(task: &VerilogTask, shape: Shape) -> String {
    let mut text = String::new();
    let clock = task.clock.as_ref().map(|c| {
        let net = if shape == Shape::Combinational { "1'b0" } else { "kernsmith_clk" };
        format!(".{c}({net})")
    });
    let reset = task.reset.as_ref().map(|r| {
        let (on, off) = if r.active == Level::High { ("1'b1", "1'b0") } else { ("1'b0", "1'b1") };
        let net = match shape {
            // Steady state of a pipeline: reset is long over.
            Shape::Combinational | Shape::Delayed { window: 0, .. } => off.to_string(),
            Shape::EveryCycle => format!("kernsmith_t < {RESET_FRAMES} ? {on} : kernsmith_reset"),
            Shape::Delayed { .. } | Shape::Transaction { .. } => format!("kernsmith_t < {RESET_FRAMES} ? {on} : {off}"),
        };
        format!(".{}({net})", r.port)
    });
    let start = match &task.contract {
        Contract::Transaction { start, .. } => Some(start.as_str()),
        _ => None,
    };
    for (module, prefix) in [("gold", ""), ("gate", "gate_")] {
        let mut pins: Vec<String> = clock.iter().chain(reset.iter()).cloned().collect();
        for port in &task.ports {
            let net = match port.direction {
                Direction::Input if Some(port.name.as_str()) == start => format!("kernsmith_t == {RESET_FRAMES}"),
                Direction::Input => port.name.clone(),
                Direction::Output => format!("{prefix}{}", port.name),
            };
            pins.push(format!(".{}({net})", port.name));
        }
        for port in task.outputs() {
            let _ = writeln!(text, "  wire [{}:0] {prefix}{};", port.width - 1, port.name);
        }
        let _ = writeln!(text, "  {module} u_{module}({});", pins.join(", "));
    }
    let last = match shape {
        Shape::Combinational => 0,
        Shape::EveryCycle => RESET_FRAMES,
        Shape::Delayed { flush, .. } => flush,
        Shape::Transaction { horizon } => RESET_FRAMES + horizon,
    };
    if last > 0 {
        let _ = writeln!(
            text,
            "  reg [15:0] kernsmith_t;\n  always @(posedge kernsmith_clk) if (kernsmith_t < {last}) kernsmith_t <= kernsmith_t + 1;"
        );
    }
    match shape {
        Shape::Combinational => {
            let _ = writeln!(text, "  assign trigger = {};", differ(task, "", "gate_"));
        }
        Shape::EveryCycle => {
            let _ = writeln!(text, "  assign trigger = kernsmith_t == {last} && ({});", differ(task, "", "gate_"));
        }
        Shape::Delayed { gold, gate, window, .. } => {
            // `when` refers to the reference's ports: the whole comparison vector of the earlier side is delayed.
            let width: u32 = task.outputs().map(|p| p.width + u32::from(p.when.is_some())).sum();
            let _ = writeln!(text, "  wire [{0}:0] gold_all = {{{1}}};", width - 1, bundle(task, "", true));
            let _ = writeln!(text, "  wire [{0}:0] gate_all = {{{1}}};", width - 1, bundle(task, "gate_", false));
            let gold_name = delay(&mut text, "gold_all", width, gate.saturating_sub(gold));
            let gate_name = delay(&mut text, "gate_all", width, gold.saturating_sub(gate));
            let (mut at, mut terms) = (width, Vec::new());
            for port in task.outputs() {
                let condition = if port.when.is_some() {
                    at -= 1;
                    format!("{gold_name}[{at}] && ")
                } else {
                    String::new()
                };
                let (high, low) = (at - 1, at - port.width);
                terms.push(format!("({condition}{gold_name}[{high}:{low}] != {gate_name}[{high}:{low}])"));
                at = low;
            }
            let from = last - window;
            let _ = writeln!(text, "  assign trigger = kernsmith_t >= {from} && ({});", terms.join(" || "));
        }
        Shape::Transaction { .. } => text.push_str(&transaction(task, last)),
    }
    text
}

/// Outputs (with their conditions before them) as the items of a concatenation.
fn bundle(task: &VerilogTask, prefix: &str, conditions: bool) -> String {
    let mut items = Vec::new();
    for port in task.outputs() {
        if let Some(when) = &port.when {
            items.push(if conditions { format!("(({when}) != 0)") } else { "1'b1".into() });
        }
        items.push(format!("{prefix}{}", port.name));
    }
    items.join(", ")
}

fn delay(text: &mut String, name: &str, width: u32, cycles: u32) -> String {
    let mut current = name.to_string();
    for i in 1..=cycles {
        let next = format!("{name}_{i}");
        let _ =
            writeln!(text, "  reg [{}:0] {next};\n  always @(posedge kernsmith_clk) {next} <= {current};", width - 1);
        current = next;
    }
    current
}

fn differ(task: &VerilogTask, gold: &str, gate: &str) -> String {
    let terms: Vec<String> = task
        .outputs()
        .map(|p| {
            let condition = p.when.as_ref().map_or(String::new(), |w| format!("(({w}) != 0) && "));
            format!("({condition}({gold}{0} != {gate}{0}))", p.name)
        })
        .collect();
    terms.join(" || ")
}

/// Captures both sides' outputs at their `done`; differing captures, a second `done`, or none within the horizon raise the trigger.
/// (A side that is not seen would otherwise leave nothing to compare, and everything proved.)
fn transaction(task: &VerilogTask, last: u32) -> String {
    let Contract::Transaction { done, max_latency, .. } = &task.contract else { return String::new() };
    let mut text = String::new();
    for (side, prefix) in [("gold", ""), ("gate", "gate_")] {
        let _ = writeln!(text, "  reg {side}_seen;");
        for port in task.outputs() {
            let _ = writeln!(text, "  reg [{}:0] {side}_at_{};", port.width - 1, port.name);
        }
        let when = if side == "gold" { conditions(task) } else { Vec::new() };
        for (i, _) in when.iter().enumerate() {
            let _ = writeln!(text, "  reg gold_when_{i};");
        }
        let _ = writeln!(
            text,
            "  always @(posedge kernsmith_clk) if (kernsmith_t > {RESET_FRAMES} && {prefix}{done} && !{side}_seen) begin\n    {side}_seen <= 1;"
        );
        for port in task.outputs() {
            let _ = writeln!(text, "    {side}_at_{0} <= {prefix}{0};", port.name);
        }
        for (i, condition) in when.iter().enumerate() {
            let _ = writeln!(text, "    gold_when_{i} <= ({condition}) != 0;");
        }
        let _ = writeln!(text, "  end");
    }
    let mut index = 0;
    let terms: Vec<String> = task
        .outputs()
        .map(|p| {
            let condition = if p.when.is_some() {
                index += 1;
                format!("gold_when_{} && ", index - 1)
            } else {
                String::new()
            };
            format!("({condition}(gold_at_{0} != gate_at_{0}))", p.name)
        })
        .collect();
    // At the contract's own limit only the candidate can be late.
    let late = if last > RESET_FRAMES + max_latency { "!gate_seen" } else { "!gate_seen || !gold_seen" };
    let _ = writeln!(
        text,
        "  assign trigger = (gold_seen && gate_seen && ({})) || (kernsmith_t >= {RESET_FRAMES} && gate_seen && gate_{done}) || (kernsmith_t == {RESET_FRAMES} && gate_{done}) || (kernsmith_t == {last} && ({late}));",
        terms.join(" || ")
    );
    text
}

fn conditions(task: &VerilogTask) -> Vec<&String> {
    task.outputs().filter_map(|p| p.when.as_ref()).collect()
}
