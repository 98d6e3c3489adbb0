//! The compile stage: look for what is forbidden, lint, elaborate, and read the structure.

use std::collections::BTreeMap;

use super::desk::{Desk, Failure};
use super::netlist::{self, Structure};
use super::scan;
use super::tools::Tool;
use crate::candidate::{self, MAX_SOURCE_BYTES};
use crate::target::Reason;
use crate::target::TargetName;
use crate::task::{Contract, Direction, VerilogTask};

/// A module that was read by Yosys.
#[derive(Debug, Clone, PartialEq)]
pub struct Elaborated {
    /// Flattened RTL in Yosys' text format: what is proved and what is measured. Unknown bits are 0 in it.
    pub rtlil: String,
    /// Ports, registers, paths.
    pub structure: Structure,
    /// RTL operators by metric name (`rtl_add` …): what the source asks for, before synthesis.
    pub operators: BTreeMap<&'static str, f64>,
}

/// Checks that need no tool: size, text, annotations, tunables, forbidden constructs.
pub fn inspect(source: &str) -> Result<(), Failure> {
    if source.len() > MAX_SOURCE_BYTES {
        let message = format!("the source has {} bytes; at most {MAX_SOURCE_BYTES} are looked at", source.len());
        return Err(Failure::new(Reason::BadSource, message));
    }
    if let Some((reason, message)) = scan::forbidden(source) {
        return Err(Failure::new(reason, message));
    }
    candidate::tuning(TargetName::Verilog, source).map_err(|e| Failure::new(Reason::AnnotationError, e.to_string()))?;
    Ok(())
}

/// Verilator's lint. Warnings go into the log, errors are a failure.
pub fn lint(desk: &mut Desk<'_>, file: &str) -> Result<(), Failure> {
    let top = desk.verilog.top.clone();
    let args = ["--lint-only", "-Wall", "-Wno-fatal", "-Wno-DECLFILENAME", "--top-module", &top, file];
    let output = desk.run_ok(Tool::Verilator, &args, 60.0, Reason::CompileError)?;
    for line in output.lines().filter(|l| l.starts_with("%Warning")).take(20) {
        desk.note(line);
    }
    Ok(())
}

/// Reads `<stem>.v` with Yosys, checks it and renames the top to `name`.
pub fn elaborate(desk: &mut Desk<'_>, stem: &str, name: &str) -> Result<Elaborated, Failure> {
    let top = &desk.verilog.top;
    // The checks look at single bits (simplemap): a vector that ripples within itself is no loop.
    let script = format!(
        "read_verilog -sv {stem}.v; hierarchy -check -top {top}; proc; flatten; opt -nodffe -nosdff; memory_collect; opt_clean; \
         tee -q -o {stem}.stat.json stat -json; \
         design -save elaborated; simplemap; opt_clean; tee -q -o {stem}.check check; write_json {stem}.json; \
         design -load elaborated; setundef -zero -undriven; opt_clean; rename {top} {name}; write_rtlil {stem}.il"
    );
    desk.run_ok(Tool::Yosys, &["-q", "-p", &script], 120.0, Reason::CompileError)?;
    problems(&desk.read(&format!("{stem}.check"))?)?;
    let verilog = desk.verilog;
    let reset = verilog.reset.as_ref().map(|r| r.port.as_str());
    let structure = netlist::structure(&desk.read(&format!("{stem}.json"))?, top, verilog.clock.as_deref(), reset)
        .map_err(|m| Failure::new(Reason::Infrastructure, m))?;
    let operators = operators(&desk.read(&format!("{stem}.stat.json"))?);
    ports_match(desk.verilog, &structure)?;
    registers_allowed(desk.verilog, &structure)?;
    Ok(Elaborated { rtlil: desk.read(&format!("{stem}.il"))?, structure, operators })
}

/// Sorts the warnings of Yosys' `check`.
fn problems(report: &str) -> Result<(), Failure> {
    let warnings: Vec<&str> = report.lines().filter(|l| l.contains("Warning:") || l.starts_with("    ")).collect();
    if !report.contains("Warning:") {
        return Ok(());
    }
    let reason = if report.contains("logic loop") { Reason::CombinationalLoop } else { Reason::CompileError };
    Err(Failure::new(reason, warnings.join("\n")))
}

/// Groups Yosys' RTL cells into the operators that a designer would name.
fn operators(stat: &str) -> BTreeMap<&'static str, f64> {
    let mut found: BTreeMap<&'static str, f64> = BTreeMap::new();
    let start = stat.find('{').unwrap_or(0);
    let value: serde_json::Value = serde_json::from_str(&stat[start..]).unwrap_or_default();
    for (cell, count) in value["design"]["num_cells_by_type"].as_object().into_iter().flatten() {
        let name = match cell.as_str() {
            "$add" | "$alu" | "$macc" => "rtl_add",
            "$sub" | "$neg" => "rtl_sub",
            "$mul" => "rtl_mul",
            "$div" | "$mod" | "$divfloor" | "$modfloor" => "rtl_div",
            "$mux" | "$pmux" => "rtl_mux",
            "$shl" | "$shr" | "$sshl" | "$sshr" | "$shift" | "$shiftx" => "rtl_shift",
            "$lt" | "$le" | "$gt" | "$ge" | "$eq" | "$ne" | "$eqx" | "$nex" => "rtl_compare",
            "$and" | "$or" | "$xor" | "$xnor" | "$not" | "$reduce_and" | "$reduce_or" | "$reduce_xor"
            | "$reduce_xnor" | "$reduce_bool" | "$logic_and" | "$logic_or" | "$logic_not" => "rtl_logic",
            _ => continue,
        };
        *found.entry(name).or_default() += count.as_f64().unwrap_or(0.0);
    }
    found
}

fn ports_match(verilog: &VerilogTask, structure: &Structure) -> Result<(), Failure> {
    let mut wanted: Vec<(&str, Direction, u32)> =
        verilog.ports.iter().map(|p| (p.name.as_str(), p.direction, p.width)).collect();
    wanted.extend(verilog.clock.iter().map(|c| (c.as_str(), Direction::Input, 1)));
    wanted.extend(verilog.reset.iter().map(|r| (r.port.as_str(), Direction::Input, 1)));
    let mut wrong = Vec::new();
    for (name, direction, width) in &wanted {
        match structure.ports.get(*name) {
            None => wrong.push(format!("port `{name}` is missing")),
            Some(p) if p.direction != Some(*direction) => wrong.push(format!("port `{name}` is not an {direction:?}")),
            Some(p) if p.width != *width as usize => {
                wrong.push(format!("port `{name}` has {} bits, the task wants {width}", p.width));
            }
            Some(_) => {}
        }
    }
    for name in structure.ports.keys().filter(|n| !wanted.iter().any(|(w, ..)| w == n)) {
        wrong.push(format!("port `{name}` is not in the task"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failure::new(Reason::PortMismatch, wrong.join("\n"))) }
}

fn registers_allowed(verilog: &VerilogTask, structure: &Structure) -> Result<(), Failure> {
    if !structure.initialised.is_empty() {
        let message = format!(
            "start values in declarations: {}; registers of a chip have none, use reset",
            structure.initialised.join(", ")
        );
        return Err(Failure::new(Reason::ForbiddenConstruct, message));
    }
    if let Some(first) = structure.clocking.first() {
        let reason = if first.contains("not an edge") { Reason::LatchInferred } else { Reason::ContractViolation };
        return Err(Failure::new(reason, structure.clocking.join("\n")));
    }
    match &verilog.contract {
        Contract::Combinational if structure.flip_flops > 0 || structure.memories > 0 => {
            Err(Failure::new(Reason::ContractViolation, "registers in a combinational task"))
        }
        Contract::Pipeline { max_latency } if structure.paths.min() > *max_latency => Err(Failure::new(
            Reason::LatencyExceeded,
            format!("{} registers from input to output; the task allows {max_latency}", structure.paths.min()),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_report_tells_loops_from_other_problems() {
        assert_eq!(problems("7. Executing CHECK pass\nChecking module m...\nFound and reported 0 problems.\n"), Ok(()));
        let e = problems("Warning: found logic loop in module m:\n    cell $and$1\n").unwrap_err();
        assert_eq!(e.reason, Reason::CombinationalLoop);
        let e = problems("Warning: Wire m.\\y is used but has no driver.\n").unwrap_err();
        assert_eq!(e.reason, Reason::CompileError);
        assert!(e.message.contains("no driver"));
    }

    #[test]
    fn operators_are_grouped_and_unreadable_reports_give_none() {
        let found = operators("junk\n{\"design\": {\"num_cells_by_type\": {\"$add\": 3, \"$alu\": 1, \"$dff\": 2}}}");
        assert_eq!(found.get("rtl_add"), Some(&4.0));
        assert!(operators("nothing").is_empty());
    }
}
