//! Profiles on an FPGA: LUTs, flip-flops and carries by Yosys, the clock by nextpnr over several seeds.
//!
//! The module sits between a shift register for its inputs and one for its outputs, so that pins never run out and every path is
//! from register to register. Utilisation is counted without that frame.

use std::fmt::Write as _;

use super::desk::{Desk, Failure};
use super::tools::Tool;
use crate::sandbox::End;
use crate::target::{Metric, Origin, Reason};
use crate::task::{Direction, Fpga};

/// One placement says little: seeds differ by 8 to 13 %.
const SEEDS: [u32; 3] = [1, 2, 3];

/// Synthesises, places and routes `gate.il`.
pub fn profile(desk: &mut Desk<'_>, fpga: Fpga) -> Result<Vec<Metric>, Failure> {
    let place = match fpga {
        Fpga::Ice40Hx8k => Tool::NextpnrIce40,
        Fpga::Ecp5 => Tool::NextpnrEcp5,
    };
    if desk.tools.path(place).is_none() {
        let message = format!("{} is not installed: {}", place.name(), place.install_hint());
        return Err(Failure::new(Reason::ToolMissing, message));
    }
    desk.write("frame.v", &frame(desk))?;
    let synthesis = match fpga {
        Fpga::Ice40Hx8k => "synth_ice40",
        Fpga::Ecp5 => "synth_ecp5",
    };
    let again = match fpga {
        Fpga::Ice40Hx8k => "flatten:",
        Fpga::Ecp5 => "coarse:",
    };
    let script = format!(
        "read_rtlil gate.il; {synthesis} -top gate; tee -q -o fpga.stat stat -json; read_verilog frame.v; \
         hierarchy -check -top kernsmith_frame; proc; {synthesis} -top kernsmith_frame -run {again} -json fpga.json"
    );
    desk.run_ok(Tool::Yosys, &["-q", "-p", &script], 300.0, Reason::CompileError)?;
    let mut metrics = utilisation(&desk.read("fpga.stat")?);
    let mut fmax = Vec::new();
    for seed in SEEDS {
        let seed = seed.to_string();
        let mut args =
            vec!["--json", "fpga.json", "--seed", &seed, "--report", "fpga.report", "--timing-allow-fail", "-q"];
        match fpga {
            Fpga::Ice40Hx8k => args.extend(["--hx8k", "--package", "ct256"]),
            Fpga::Ecp5 => args.extend(["--25k", "--package", "CABGA381", "--out-of-context"]),
        }
        let outcome = desk.run(place, &args, 300.0)?;
        if outcome.end != End::Exit(0) {
            let message = format!("{}:\n{}", place.name(), super::desk::tail(&outcome.output, 2000));
            return Err(Failure::new(Reason::MetricMissing, message));
        }
        let achieved = clock(&desk.read("fpga.report")?)
            .ok_or_else(|| Failure::new(Reason::MetricMissing, "nextpnr reported no clock frequency"))?;
        fmax.push(achieved);
    }
    let mut sorted = fmax.clone();
    sorted.sort_by(f64::total_cmp);
    metrics.push(Metric {
        name: "fpga_fmax_mhz".into(),
        value: sorted[sorted.len() / 2],
        unit: "MHz".into(),
        origin: Origin::Estimated,
        samples: fmax,
    });
    Ok(metrics)
}

fn frame(desk: &Desk<'_>) -> String {
    let task = desk.verilog;
    let mut pins: Vec<String> = task.clock.iter().map(|c| format!(".{c}(clk)")).collect();
    let mut connect = |name: &str, from: &str, at: &mut u32, width: u32| {
        pins.push(format!(".{name}({from}[{}:{}])", *at + width - 1, at));
        *at += width;
    };
    let (mut inputs, mut outputs) = (0, 0);
    if let Some(reset) = &task.reset {
        connect(&reset.port, "inputs", &mut inputs, 1);
    }
    for port in &task.ports {
        match port.direction {
            Direction::Input => connect(&port.name, "inputs", &mut inputs, port.width),
            Direction::Output => connect(&port.name, "result", &mut outputs, port.width),
        }
    }
    let mut text = String::new();
    let _ = write!(
        text,
        "module kernsmith_frame(input clk, input shift_in, input load, output shift_out);\n  reg [{0}:0] inputs;\n  wire [{1}:0] result;\n  reg [{1}:0] outputs;\n  \
         gate u({2});\n  always @(posedge clk) begin\n    inputs <= {{inputs, shift_in}};\n    outputs <= load ? result : {{outputs, 1'b0}};\n  end\n  assign shift_out = outputs[{1}];\nendmodule\n",
        inputs - 1,
        outputs - 1,
        pins.join(", ")
    );
    text
}

fn utilisation(stat: &str) -> Vec<Metric> {
    let start = stat.find('{').unwrap_or(0);
    let value: serde_json::Value = serde_json::from_str(&stat[start..]).unwrap_or_default();
    let Some(cells) = value["design"]["num_cells_by_type"].as_object() else { return Vec::new() };
    let count = |test: &dyn Fn(&str) -> bool| -> f64 {
        cells.iter().filter(|(name, _)| test(name)).filter_map(|(_, n)| n.as_f64()).fold(0.0, |sum, n| sum + n)
    };
    let metric = |name: &str, value: f64| Metric {
        name: name.into(),
        value,
        unit: String::new(),
        origin: Origin::Estimated,
        samples: Vec::new(),
    };
    vec![
        metric("fpga_luts", count(&|n| n == "SB_LUT4" || n == "LUT4")),
        metric("fpga_ffs", count(&|n| n.starts_with("SB_DFF") || n == "TRELLIS_FF")),
        metric("fpga_carries", count(&|n| n == "SB_CARRY" || n == "CCU2C")),
        metric("fpga_rams", count(&|n| n.starts_with("SB_RAM") || n == "DP16KD" || n == "TRELLIS_DPR16X4")),
        metric("fpga_multipliers", count(&|n| n == "SB_MAC16" || n == "MULT18X18D")),
    ]
}

/// The lowest achieved clock in nextpnr's JSON report, in MHz.
fn clock(report: &str) -> Option<f64> {
    let value: serde_json::Value = serde_json::from_str(report).ok()?;
    value["fmax"].as_object()?.values().filter_map(|c| c["achieved"].as_f64()).min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_read_and_unknown_stays_unknown() {
        assert_eq!(clock(r#"{"fmax": {"clk": {"achieved": 101.5, "constraint": 12}}}"#), Some(101.5));
        assert_eq!(clock(r#"{"fmax": {}}"#), None);
        assert_eq!(clock("?"), None);
        let found = utilisation(r#"{"design": {"num_cells_by_type": {"SB_LUT4": 7, "SB_DFFE": 2, "SB_DFF": 1}}}"#);
        assert_eq!(found[0].value, 7.0);
        assert_eq!(found[1].value, 3.0);
        assert!(utilisation("?").is_empty());
    }
}
