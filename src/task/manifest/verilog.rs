//! The Verilog tables of `task.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::Reader;
use crate::target::TargetName;
use crate::task::{
    Contract, Direction, Fill, Fpga, Objective, Port, Product, Require, Reset, Task, TaskError, TaskKind, VerilogTask,
    expression,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    name: Spanned<String>,
    #[serde(rename = "target")]
    _target: String,
    summary: String,
    source: String,
    operation: Spanned<String>,
    module: Module,
    port: Vec<PortEntry>,
    timing: Timing,
    #[serde(default)]
    check: Check,
    objective: ObjectiveTable,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Module {
    top: Spanned<String>,
    clock: Option<Spanned<String>>,
    reset: Option<Spanned<Reset>>,
    #[serde(default)]
    parameters: BTreeMap<String, i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PortEntry {
    name: Spanned<String>,
    direction: Direction,
    width: Spanned<u32>,
    #[serde(default)]
    signed: bool,
    fill: Option<Spanned<Fill>>,
    when: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Timing {
    contract: Spanned<String>,
    max_latency: Option<Spanned<u32>>,
    start: Option<Spanned<String>>,
    done: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Check {
    vectors: Option<Spanned<u32>>,
    proof_seconds: Option<Spanned<u32>>,
    testbench: Option<Spanned<String>>,
    require: Require,
    cases: Vec<Spanned<BTreeMap<String, String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ObjectiveTable {
    minimise: Spanned<String>,
    clock_ns: Spanned<f64>,
    #[serde(default)]
    limits: BTreeMap<Spanned<String>, f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Profile {
    fpga: Fpga,
}

#[expect(clippy::derivable_impls, reason = "the serde default has to be next to the table it belongs to")]
impl Default for Check {
    fn default() -> Self {
        Self { vectors: None, proof_seconds: None, testbench: None, require: Require::default(), cases: Vec::new() }
    }
}

const DEFAULT_VECTORS: u32 = 2000;
const DEFAULT_PROOF_SECONDS: u32 = 30;
const MAX_WIDTH: u32 = 4096;

impl Reader<'_> {
    pub(super) fn verilog(&self, m: Manifest) -> Result<Task, TaskError> {
        self.header(&m.name, &m.operation)?;
        let contract = self.contract(&m)?;
        let ports = self.ports(&m)?;
        let cases = self.cases(&m, &ports)?;
        let clock_ns = self.clock_ns(&m.objective)?;
        let objective = self.objective(&m.objective)?;
        let reference = self.reference(TargetName::Verilog)?;
        let start = self.sibling("start.v")?;
        let testbench = match &m.check.testbench {
            None => None,
            Some(name) => match self.sibling(name.get_ref())? {
                None => return self.fail(name, format!("testbench \"{}\" does not exist", name.get_ref())),
                found => found,
            },
        };
        Ok(Task {
            id: format!("verilog/{}", m.name.get_ref()),
            summary: m.summary,
            source: m.source,
            operation: m.operation.into_inner(),
            kind: TaskKind::Verilog(VerilogTask {
                top: self.identifier("top", &m.module.top)?,
                clock_ns,
                clock: m.module.clock.as_ref().map(|c| self.identifier("clock", c)).transpose()?,
                reset: m.module.reset.map(Spanned::into_inner),
                parameters: m.module.parameters,
                ports,
                contract,
                vectors: self.positive("vectors", m.check.vectors.as_ref(), DEFAULT_VECTORS, 1_000_000)?,
                proof_seconds: self.positive(
                    "proof_seconds",
                    m.check.proof_seconds.as_ref(),
                    DEFAULT_PROOF_SECONDS,
                    3600,
                )?,
                require: m.check.require,
                cases,
                fpga: m.profile.map(|p| p.fpga),
            }),
            objective,
            digest: self.identity(&[Some(&reference), start.as_deref(), testbench.as_deref()]),
            manifest_text: self.text.to_string(),
            reference,
            start,
            testbench,
        })
    }

    fn contract(&self, m: &Manifest) -> Result<Contract, TaskError> {
        let timing = &m.timing;
        let name = timing.contract.get_ref().as_str();
        let latency = || -> Result<u32, TaskError> {
            match &timing.max_latency {
                None => self.fail(&timing.contract, format!("contract = \"{name}\" needs max_latency (cycles)")),
                given => self.positive("max_latency", given.as_ref(), 1, 100_000),
            }
        };
        let handshake =
            |key: &str, value: &Option<Spanned<String>>, direction: Direction| -> Result<String, TaskError> {
                let Some(value) = value else {
                    return self
                        .fail(&timing.contract, format!("contract = \"transaction\" needs {key}, the name of a port"));
                };
                let port = m.port.iter().find(|p| p.name.get_ref() == value.get_ref());
                match port {
                    Some(p) if p.direction == direction && *p.width.get_ref() == 1 && p.when.is_none() => {
                        Ok(value.get_ref().clone())
                    }
                    _ => self.fail(value, format!("{key} = \"{}\" is not a 1-bit {direction:?} port", value.get_ref())),
                }
            };
        let contract = match name {
            "combinational" => Contract::Combinational,
            "cycle_exact" => Contract::CycleExact,
            "pipeline" => Contract::Pipeline { max_latency: latency()? },
            "transaction" => Contract::Transaction {
                max_latency: latency()?,
                start: handshake("start", &timing.start, Direction::Input)?,
                done: handshake("done", &timing.done, Direction::Output)?,
            },
            _ => {
                return self.fail(
                    &timing.contract,
                    format!(
                        "contract = \"{name}\" is not known; known: combinational, cycle_exact, pipeline, transaction"
                    ),
                );
            }
        };
        match (&contract, &m.module.clock) {
            (Contract::Combinational, Some(clock)) => {
                self.fail(clock, "a combinational module has no clock: leave the key out or choose another contract")
            }
            (Contract::Combinational, None) if m.module.reset.is_none() => Ok(contract),
            (Contract::Combinational, None) => self.fail(&timing.contract, "a combinational module has no reset"),
            (_, None) => self.fail(&m.module.top, format!("contract = \"{name}\" needs `clock` in [module]")),
            (Contract::CycleExact | Contract::Transaction { .. }, Some(clock)) if m.module.reset.is_none() => self
                .fail(
                    clock,
                    format!("contract = \"{name}\" needs `reset` in [module]: without it the first state is unknown"),
                ),
            _ => Ok(contract),
        }
    }

    fn ports(&self, m: &Manifest) -> Result<Vec<Port>, TaskError> {
        let mut ports: Vec<Port> = Vec::new();
        for entry in &m.port {
            let name = self.identifier("port name", &entry.name)?;
            let taken = ports.iter().any(|p| p.name == name)
                || m.module.clock.as_ref().is_some_and(|c| *c.get_ref() == name)
                || m.module.reset.as_ref().is_some_and(|r| r.get_ref().port == name);
            if taken {
                return self.fail(
                    &entry.name,
                    format!("port \"{name}\" is given twice (clock and reset are not listed as ports)"),
                );
            }
            let width = self.positive("width", Some(&entry.width), 1, MAX_WIDTH)?;
            if let (Direction::Output, Some(fill)) = (entry.direction, &entry.fill) {
                return self.fail(fill, "fill is for inputs only");
            }
            if let (Direction::Input, Some(when)) = (entry.direction, &entry.when) {
                return self.fail(when, "when is for outputs only");
            }
            ports.push(Port {
                name,
                direction: entry.direction,
                width,
                signed: entry.signed,
                fill: entry.fill.as_ref().map_or(Fill::default(), |f| *f.get_ref()),
                when: entry.when.as_ref().map(|w| w.get_ref().clone()),
            });
        }
        for direction in [Direction::Input, Direction::Output] {
            if !ports.iter().any(|p| p.direction == direction) {
                return self.fail(
                    &m.module.top,
                    format!("no {direction:?} port: give at least one [[port]] of each direction"),
                );
            }
        }
        Ok(ports)
    }

    fn cases(&self, m: &Manifest, ports: &[Port]) -> Result<Vec<BTreeMap<String, String>>, TaskError> {
        let mut cases = Vec::new();
        for case in &m.check.cases {
            for port in case.get_ref().keys() {
                if !ports.iter().any(|p| p.name == *port && p.direction == Direction::Input) {
                    return self.fail(case, format!("cases: \"{port}\" is not an input port"));
                }
            }
            cases.push(case.get_ref().clone());
        }
        Ok(cases)
    }

    fn clock_ns(&self, table: &ObjectiveTable) -> Result<f64, TaskError> {
        let clock_ns = *table.clock_ns.get_ref();
        if !(clock_ns.is_finite() && (0.01..=10_000.0).contains(&clock_ns)) {
            return self.fail(&table.clock_ns, format!("clock_ns = {clock_ns} is outside 0.01..=10000"));
        }
        Ok(clock_ns)
    }

    fn objective(&self, table: &ObjectiveTable) -> Result<Objective, TaskError> {
        let minimise = match Product::parse(TargetName::Verilog, table.minimise.get_ref()) {
            Ok(product) => product,
            Err(message) => return self.fail(&table.minimise, format!("minimise: {message}")),
        };
        let mut limits = BTreeMap::new();
        for (name, value) in &table.limits {
            if let Err(message) = expression::known_metric(TargetName::Verilog, name.get_ref()) {
                return self.fail(name, format!("limits: {message}"));
            }
            if !(value.is_finite() && *value > 0.0) {
                return self.fail(name, format!("limits: {} = {value} is not a positive number", name.get_ref()));
            }
            limits.insert(name.get_ref().clone(), *value);
        }
        Ok(Objective { minimise, limits })
    }
}
