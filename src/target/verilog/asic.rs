//! Measures on a standard-cell library: area and cells by Yosys and ABC, delay and power by OpenSTA.

use std::collections::BTreeMap;

use super::desk::{Desk, Failure};
use super::tools::{LIBERTY_HINT, Tool};
use crate::target::{Metric, Origin, Reason};
use crate::task::expression;

fn estimated(name: &str, value: f64) -> Metric {
    Metric {
        name: name.into(),
        value,
        unit: expression::unit(name).into(),
        origin: Origin::Estimated,
        samples: Vec::new(),
    }
}

/// Maps `gate.il` to the library and reads area, delay, slack, power, cells, flip-flops and depth. Cells by type and the critical path go
/// into the log. Leaves `mapped.v` in the folder.
pub fn measure(desk: &mut Desk<'_>, activity: f64) -> Result<Vec<Metric>, Failure> {
    let Some(liberty) = desk.tools.liberty.clone() else {
        return Err(Failure::new(Reason::ToolMissing, format!("no cell library: {LIBERTY_HINT}")));
    };
    let liberty = liberty.display();
    let clock_ns = desk.verilog.clock_ns;
    // Without a constraint file ABC neither buffers nor sizes, and one net with a large fan-out decides the delay.
    desk.write("drive.constr", "set_driving_cell INVX2\nset_load 0.02\n")?;
    let script = format!(
        "read_rtlil gate.il; synth -flatten -top gate; dfflibmap -liberty {liberty}; abc -liberty {liberty} -D {} -constr drive.constr; \
         splitnets -ports; opt_clean -purge; tee -q -o mapped.stat stat -liberty {liberty}; \
         write_verilog -noattr -nohex -noexpr mapped.v",
        (clock_ns * 1000.0).round()
    );
    desk.run_ok(Tool::Yosys, &["-q", "-p", &script], 300.0, Reason::CompileError)?;
    let (area, cells) = statistics(&desk.read("mapped.stat")?)?;
    let count: f64 = cells.values().sum();
    let flip_flops = cells.iter().filter(|(name, _)| name.starts_with("DFF")).fold(0.0, |sum, (_, n)| sum + n);

    desk.write("sta.tcl", &timing_script(desk, activity))?;
    let report = desk.run_ok(Tool::Sta, &["-no_splash", "-exit", "sta.tcl"], 120.0, Reason::MetricMissing)?;
    let (slack, power_mw) = timing(&report)?;
    let depth = critical_path(&report);
    let types: Vec<String> = cells.iter().map(|(name, n)| format!("{name} {n}")).collect();
    desk.note(format!("cells: {}", types.join(", ")));
    desk.note(format!("critical path: {}", depth.join(" > ")));
    let mut metrics = vec![
        estimated("area_um2", area),
        estimated("delay_ns", clock_ns - slack),
        Metric { unit: "ns".into(), ..estimated("slack_ns", slack) },
        estimated("cells", count),
        estimated("flip_flops", flip_flops),
    ];
    metrics.extend(power_mw.map(|p| estimated("power_mw", p)));
    metrics.push(estimated("logic_depth", depth.iter().filter(|step| step.ends_with(')')).count() as f64));
    if area <= 0.0 || clock_ns - slack <= 0.0 {
        return Err(Failure::new(
            Reason::MetricMissing,
            "no logic is left after synthesis: area and delay mean nothing",
        ));
    }
    Ok(metrics)
}

fn timing_script(desk: &Desk<'_>, activity: f64) -> String {
    let task = desk.verilog;
    let period = desk.verilog.clock_ns;
    let liberty = desk.tools.liberty.as_ref().map(|l| l.display().to_string()).unwrap_or_default();
    let target = task.clock.as_ref().map_or(String::new(), |c| format!(" [get_ports {c}]"));
    // Ports are split into bits in the mapped netlist: every port but the clock is constrained, whatever its name.
    let clock_test = task.clock.as_deref().unwrap_or("");
    format!(
        "read_liberty {liberty}\nread_verilog mapped.v\nlink_design gate\ncreate_clock -name kernsmith -period {period}{target}\n\
         foreach p [all_inputs] {{ if {{[get_property $p full_name] ne \"{clock_test}\"}} {{ set_input_delay 0 -clock kernsmith $p }} }}\n\
         set_output_delay 0 -clock kernsmith [all_outputs]\nreport_worst_slack\nreport_checks -path_delay max -format full\n\
         set_power_activity -input -activity {activity} -duty 0.5\nreport_power\nexit\n"
    )
}

/// Total area, and cells by name, from Yosys' `stat -liberty`.
fn statistics(text: &str) -> Result<(f64, BTreeMap<String, f64>), Failure> {
    let missing = |what: &str| Failure::new(Reason::MetricMissing, format!("Yosys reported no {what}:\n{text}"));
    let area = text
        .lines()
        .filter_map(|l| l.trim().strip_prefix("Chip area for "))
        .filter_map(|l| l.rsplit(':').next()?.trim().parse::<f64>().ok())
        .next_back()
        .ok_or_else(|| missing("chip area"))?;
    let mut cells = BTreeMap::new();
    let mut counting = false;
    for line in text.lines() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next(), words.next()) {
            (Some("Number"), Some("of"), Some("cells:")) => counting = true,
            (Some(name), Some(number), None) if counting => match number.parse::<f64>() {
                Ok(n) => {
                    cells.insert(name.to_string(), n);
                }
                Err(_) => counting = false,
            },
            (None, ..) => counting = false,
            _ => {}
        }
    }
    Ok((area, cells))
}

/// The points of the worst path: pins with their cell in parentheses, ports without. `0.16  0.16 ^ _329_/Y (XOR2X1)`.
fn critical_path(report: &str) -> Vec<String> {
    let mut path = Vec::new();
    for line in report.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            [_, _, "^" | "v", port, "(in)" | "(out)"] => path.push((*port).to_string()),
            [_, _, "^" | "v", _, cell] if cell.starts_with('(') && cell.ends_with(')') => {
                path.push((*cell).to_string())
            }
            ["data", "required", "time", ..] | [_, "data", "required", "time"] => break,
            _ => {}
        }
    }
    path
}

/// Worst slack in ns and total power in mW from OpenSTA. A missing slack is an error, never 0.
fn timing(report: &str) -> Result<(f64, Option<f64>), Failure> {
    let unusable =
        |why: &str| Failure::new(Reason::MetricMissing, format!("OpenSTA: {why}\n{}", super::desk::tail(report, 2000)));
    if let Some(error) = report.lines().find(|l| l.contains("Error")) {
        return Err(unusable(error));
    }
    let slack = report
        .lines()
        .find_map(|l| l.trim().strip_prefix("worst slack"))
        .and_then(|s| s.trim().parse::<f64>().ok())
        .filter(|s| s.is_finite() && s.abs() < 1e6)
        .ok_or_else(|| unusable("no worst slack"))?;
    // `Total  internal switching leakage total 100.0%`, in watts.
    let power = report
        .lines()
        .find(|l| l.starts_with("Total "))
        .and_then(|l| l.split_whitespace().nth(4)?.parse::<f64>().ok())
        .filter(|p| p.is_finite())
        .map(|watts| watts * 1000.0);
    Ok((slack, power))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn yosys_statistics_are_read() {
        let text = "=== gate ===\n\n   Number of wires:  3\n   Number of cells:                  5\n     AND2X1                         2\n     DFFPOSX1                       3\n\n   Chip area for module '\\gate': 432.500000\n";
        let (area, cells) = statistics(text).unwrap();
        assert_eq!(area, 432.5);
        assert_eq!(cells["DFFPOSX1"], 3.0);
        assert_eq!(cells.len(), 2);
        assert!(statistics("nothing").is_err());
        let report = "0.0 0.0 ^ x[0] (in)\n 0.16 0.16 ^ _1_/Y (XOR2X1)\n 0.1 0.3 v y (out)\n 4.0 data required time\n 1 1 ^ z (no)";
        assert_eq!(critical_path(report), ["x[0]", "(XOR2X1)", "y"]);
    }

    #[test]
    fn a_missing_or_infinite_slack_is_an_error_and_unknown_power_is_none() {
        assert_eq!(timing("worst slack 1.25\n").unwrap(), (1.25, None));
        assert_eq!(timing("worst slack -0.5\nTotal 1e-3 1e-3 1e-9 2.0e-03 100.0%\n").unwrap(), (-0.5, Some(2.0)));
        for text in ["worst slack INF", "worst slack 1e30", "", "Error: foo\nworst slack 1.0"] {
            assert_eq!(timing(text).unwrap_err().reason, Reason::MetricMissing, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_report_is_read_without_panic(text in "(Number of cells:|Chip area for |worst slack |Total |[a-z0-9. é\n])*") {
            let _ = statistics(&text);
            let _ = timing(&text);
            let _ = critical_path(&text);
        }
    }
}
