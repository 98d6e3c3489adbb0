//! Switching activity: the mapped netlist is simulated with the library's cell models and the toggles of its nets are counted.

use std::collections::HashMap;

use super::desk::{Desk, Failure};
use super::stimulus::{RESET_CYCLES, row_width};
use super::tools::{CELL_MODELS, Tool};
use crate::target::{Metric, Origin, Reason};
use crate::task::{Contract, Direction, Level};

/// Cycles that are counted.
const CYCLES: usize = 200;

/// Simulates `mapped.v` on the first rows of `rows.txt`; `latency` spaces the starts of a transaction contract.
pub fn measure(desk: &mut Desk<'_>, latency: u32) -> Result<Metric, Failure> {
    let bench = testbench(desk, latency);
    desk.write("activity_tb.v", &bench)?;
    let args = [
        "-g2012",
        "-Wno-timescale",
        "-s",
        "activity_tb",
        "-o",
        "activity.vvp",
        "activity_tb.v",
        "mapped.v",
        CELL_MODELS,
    ];
    desk.run_ok(Tool::Iverilog, &args, 120.0, Reason::MetricMissing)?;
    desk.run_ok(Tool::Vvp, &["-n", "activity.vvp"], 120.0, Reason::MetricMissing)?;
    let toggles = toggles(&desk.read("activity.vcd")?);
    Ok(Metric {
        name: "toggles_per_cycle".into(),
        value: toggles as f64 / CYCLES as f64,
        unit: String::new(),
        origin: Origin::Simulated,
        samples: Vec::new(),
    })
}

fn testbench(desk: &Desk<'_>, latency: u32) -> String {
    let task = desk.verilog;
    let mut wires = String::new();
    let mut pins = Vec::new();
    let mut row = Vec::new();
    let mut pin = |name: &str, width: u32| {
        if width == 1 {
            pins.push(format!(".{name}({name})"));
        } else {
            // Yosys' splitnets made one port of every bit.
            pins.extend((0..width).map(|i| format!(".\\{name}[{i}] ({name}[{i}])")));
        }
    };
    if let Some(clock) = &task.clock {
        pin(clock, 1);
    }
    if let Some(reset) = &task.reset {
        pin(&reset.port, 1);
        row.push(reset.port.clone());
        wires.push_str(&format!("  wire {};\n", reset.port));
    }
    let start = match &task.contract {
        Contract::Transaction { start, .. } => Some(start.as_str()),
        _ => None,
    };
    for port in &task.ports {
        pin(&port.name, port.width);
        wires.push_str(&format!("  wire [{}:0] {};\n", port.width - 1, port.name));
        if port.direction == Direction::Input {
            row.push(port.name.clone());
        }
    }
    // A transaction's reset and start are driven here, not by the row.
    let mut driven = String::new();
    if let (Some(start), Some(reset)) = (start, &task.reset) {
        let (on, off) = if reset.active == Level::High { (1, 0) } else { (0, 1) };
        driven = format!(
            "  assign {} = n < {RESET_CYCLES} ? 1'b{on} : 1'b{off};\n  assign {start} = n >= {RESET_CYCLES} && (n - {RESET_CYCLES}) % {} == 0;\n",
            reset.port,
            latency + 1
        );
        for name in &mut row {
            if *name == start || *name == reset.port {
                wires.push_str(&format!("  wire unused_{name};\n"));
                *name = format!("unused_{name}");
            }
        }
    }
    let clock = task.clock.as_deref().unwrap_or("unused_clock");
    let warm = RESET_CYCLES + 16;
    format!(
        "`timescale 1ns/10ps\nmodule activity_tb;\n  reg {clock} = 0;\n  reg [{msb}:0] row = 0;\n  integer in, n, got;\n{wires}{driven}  assign {{{row}}} = row;\n  gate dut({pins});\n  \
         initial begin\n    in = $fopen(\"rows.txt\", \"r\");\n    $dumpfile(\"activity.vcd\");\n    $dumpvars(1, dut);\n    $dumpoff;\n    for (n = 0; n < {total}; n = n + 1) begin\n      \
         if (n == {warm}) $dumpon;\n      got = $fscanf(in, \"%b\\n\", row);\n      #50 {clock} = 1; #50 {clock} = 0;\n    end\n    $finish;\n  end\nendmodule\n",
        msb = row_width(task) - 1,
        row = row.join(", "),
        pins = pins.join(", "),
        total = warm + CYCLES,
    )
}

/// 0-to-1 and 1-to-0 changes over all distinct nets of a VCD.
fn toggles(vcd: &str) -> u64 {
    let mut state: HashMap<&str, u8> = HashMap::new();
    let mut count = 0;
    let body = vcd.split_once("$enddefinitions").map_or("", |(_, body)| body);
    for line in body.lines() {
        let (Some(value), Some(id)) = (line.as_bytes().first(), line.get(1..)) else { continue };
        if matches!(value, b'0' | b'1') {
            let before = state.insert(id, *value);
            count += u64::from(before.is_some_and(|b| b != *value));
        } else if *value == b'x' {
            state.remove(id);
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_changes_between_0_and_1_count() {
        let vcd = "$var wire 1 ! a $end\n$enddefinitions $end\n#0\nx!\n0\"\n#5\n1!\n1\"\n#9\n0!\n0!\n0\"\n";
        assert_eq!(toggles(vcd), 3);
    }

    proptest! {
        #[test]
        fn any_vcd_is_read_without_panic(text in ".*", body in "([01x!é#]*\n)*") {
            let _ = toggles(&text);
            let _ = toggles(&format!("$enddefinitions{body}"));
        }
    }
}
