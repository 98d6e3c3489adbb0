//! Reads a flattened netlist in Yosys' JSON: ports, register checks, and the number of registers on every input-to-output path.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use crate::task::Direction;

/// A port as Yosys saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetPort {
    /// Direction; None for inout.
    pub direction: Option<Direction>,
    /// Width in bits.
    pub width: usize,
}

/// What the register structure of a module looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Structure {
    /// Ports by name.
    pub ports: BTreeMap<String, NetPort>,
    /// Flip-flop bits.
    pub flip_flops: u64,
    /// Memories present (Yosys `$mem` cells).
    pub memories: u64,
    /// Register problems: not on the task's clock, falling edge, latch-like cells.
    pub clocking: Vec<String>,
    /// Nets with a start value from their declaration.
    pub initialised: Vec<String>,
    /// Registers between data inputs and outputs.
    pub paths: Paths,
}

/// Register counts over all paths from data inputs to outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paths {
    /// No cycle through registers, no memory: counts are exact.
    FeedForward {
        /// Fewest registers on a path.
        min: u32,
        /// Most registers on a path.
        max: u32,
    },
    /// State that feeds itself.
    Feedback {
        /// Fewest registers on a path.
        min: u32,
    },
}

impl Paths {
    /// Fewest registers on any path: the latency of a pipeline.
    pub fn min(self) -> u32 {
        match self {
            Self::FeedForward { min, .. } | Self::Feedback { min } => min,
        }
    }

    /// True if every path has the same number of registers.
    pub fn uniform(self) -> bool {
        matches!(self, Self::FeedForward { min, max } if min == max)
    }
}

#[derive(Deserialize)]
struct Document {
    modules: HashMap<String, Module>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(default)]
    ports: BTreeMap<String, JsonPort>,
    #[serde(default)]
    cells: HashMap<String, Cell>,
    #[serde(default)]
    netnames: BTreeMap<String, NetName>,
}

#[derive(Deserialize)]
struct NetName {
    #[serde(default)]
    attributes: HashMap<String, serde_json::Value>,
}

#[derive(Deserialize)]
struct JsonPort {
    direction: String,
    bits: Vec<Bit>,
}

#[derive(Deserialize)]
struct Cell {
    #[serde(rename = "type")]
    kind: String,
    port_directions: HashMap<String, String>,
    connections: HashMap<String, Vec<Bit>>,
}

impl Cell {
    /// The bits of all pins of a direction.
    fn pins(&self, direction: &'static str) -> impl Iterator<Item = Bit> {
        self.connections
            .iter()
            .filter(move |(pin, _)| self.port_directions.get(*pin).is_some_and(|d| d == direction))
            .flat_map(|(_, bits)| bits.iter().copied())
    }
}

/// A net number, or a constant "0", "1", "x".
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Hash)]
#[serde(untagged)]
enum Bit {
    Net(u64),
    #[serde(deserialize_with = "constant")]
    Constant(()),
}

fn constant<'de, D: serde::Deserializer<'de>>(d: D) -> Result<(), D::Error> {
    String::deserialize(d).map(|_| ())
}

/// One dependency between nets; `registers` is 1 through a flip-flop.
struct Edge {
    to: u64,
    registers: u32,
}

/// Reads the structure of `top`. `clock` and `reset` are not data inputs. The netlist's cells must be gate-level for simple
/// operators (`simplemap`), so that bits of a vector do not seem to depend on each other.
pub fn structure(json: &str, top: &str, clock: Option<&str>, reset: Option<&str>) -> Result<Structure, String> {
    let document: Document = serde_json::from_str(json).map_err(|e| format!("unreadable netlist: {e}"))?;
    let module = document.modules.get(top).ok_or_else(|| format!("no module {top} in the netlist"))?;
    let ports = module
        .ports
        .iter()
        .map(|(name, port)| {
            let direction = match port.direction.as_str() {
                "input" => Some(Direction::Input),
                "output" => Some(Direction::Output),
                _ => None,
            };
            (name.clone(), NetPort { direction, width: port.bits.len() })
        })
        .collect();
    let clock_net = clock.and_then(|c| module.ports.get(c)).and_then(|p| p.bits.first().copied());

    let mut edges: HashMap<u64, Vec<Edge>> = HashMap::new();
    let mut clocking = Vec::new();
    let (mut flip_flops, mut memories, mut self_holding) = (0, 0, false);
    for (name, cell) in &module.cells {
        if cell.kind.starts_with("$mem") {
            memories += 1;
            self_holding = true;
            memory_edges(cell, &mut edges);
            continue;
        }
        if let Some(flop) = flip_flop(&cell.kind) {
            let output = cell.connections.get("Q").map_or(&[][..], Vec::as_slice);
            flip_flops += output.len() as u64;
            let pin = ["C", "CLK"].iter().find_map(|p| cell.connections.get(*p)).and_then(|bits| bits.first().copied());
            match pin {
                _ if flop.other => clocking.push(format!("{name}: {} is not an edge-triggered register", cell.kind)),
                _ if flop.falling => clocking.push(format!("{name}: register on the falling clock edge")),
                pin if pin.is_none() || pin != clock_net => {
                    clocking.push(format!("{name}: register that is not clocked by the task's clock port"));
                }
                _ => {}
            }
            self_holding |= flop.enable;
            let data = cell.connections.get("D").map_or(&[][..], Vec::as_slice);
            for (d, q) in data.iter().zip(output) {
                connect(&mut edges, *d, *q, 1);
            }
            for (pin, bits) in &cell.connections {
                if !["C", "CLK", "D", "Q"].contains(&pin.as_str()) {
                    for d in bits {
                        output.iter().for_each(|q| connect(&mut edges, *d, *q, 1));
                    }
                }
            }
            continue;
        }
        for input in cell.pins("input") {
            cell.pins("output").for_each(|output| connect(&mut edges, input, output, 0));
        }
    }

    let sources: Vec<u64> = module
        .ports
        .iter()
        .filter(|(name, p)| p.direction == "input" && Some(name.as_str()) != clock && Some(name.as_str()) != reset)
        .flat_map(|(_, p)| &p.bits)
        .filter_map(net)
        .collect();
    let sinks: Vec<u64> =
        module.ports.values().filter(|p| p.direction == "output").flat_map(|p| &p.bits).filter_map(net).collect();
    let paths = paths(&edges, &sources, &sinks, self_holding);
    let initialised =
        module.netnames.iter().filter(|(_, net)| net.attributes.contains_key("init")).map(|(n, _)| n.clone()).collect();
    Ok(Structure { ports, flip_flops, memories, clocking, initialised, paths })
}

fn net(bit: &Bit) -> Option<u64> {
    match bit {
        Bit::Net(n) => Some(*n),
        Bit::Constant(()) => None,
    }
}

fn connect(edges: &mut HashMap<u64, Vec<Edge>>, from: Bit, to: Bit, registers: u32) {
    if let (Bit::Net(from), Bit::Net(to)) = (from, to) {
        edges.entry(from).or_default().push(Edge { to, registers });
    }
}

/// Write ports act one cycle later; read addresses act at once (reads are asynchronous after `proc`).
fn memory_edges(cell: &Cell, edges: &mut HashMap<u64, Vec<Edge>>) {
    let outputs: Vec<Bit> = cell.connections.get("RD_DATA").cloned().unwrap_or_default();
    for (pin, bits) in &cell.connections {
        let registers = u32::from(pin.starts_with("WR_"));
        if pin.starts_with("WR_") || pin == "RD_ADDR" || pin == "RD_EN" {
            for input in bits {
                outputs.iter().for_each(|output| connect(edges, *input, *output, registers));
            }
        }
    }
}

struct Flop {
    /// Holds its value under a condition: a path of unbounded length.
    enable: bool,
    falling: bool,
    /// Latch or set-reset cell.
    other: bool,
}

/// Word-level (`$dffe`) and bit-level (`$_DFFE_PP_`) register cells.
fn flip_flop(kind: &str) -> Option<Flop> {
    let bare = kind.trim_start_matches('$').trim_matches('_').to_ascii_lowercase();
    let stem = bare.split('_').next().unwrap_or("");
    let latch = stem.starts_with("dlatch") || stem == "sr" || stem.starts_with("adlatch");
    if !latch && !stem.contains("dff") && stem != "ff" {
        return None;
    }
    let polarity = bare.split('_').nth(1).unwrap_or("p");
    Some(Flop {
        enable: stem.contains("dffe") || stem.contains("dffsre"),
        falling: !latch && polarity.starts_with('n'),
        other: latch || stem == "ff",
    })
}

/// Fewest registers by breadth-first search (safe with cycles), most registers by topological order if there is no cycle.
fn paths(edges: &HashMap<u64, Vec<Edge>>, sources: &[u64], sinks: &[u64], self_holding: bool) -> Paths {
    let mut fewest: HashMap<u64, u32> = HashMap::new();
    let mut queue: std::collections::VecDeque<(u64, u32)> = sources.iter().map(|&s| (s, 0)).collect();
    while let Some((node, distance)) = queue.pop_front() {
        if fewest.get(&node).is_some_and(|&d| d <= distance) {
            continue;
        }
        fewest.insert(node, distance);
        for edge in edges.get(&node).into_iter().flatten() {
            if edge.registers == 0 {
                queue.push_front((edge.to, distance));
            } else {
                queue.push_back((edge.to, distance + 1));
            }
        }
    }
    let min = sinks.iter().filter_map(|s| fewest.get(s)).min().copied().unwrap_or(0);
    let reached: std::collections::HashSet<u64> = fewest.keys().copied().collect();
    match most_registers(edges, &reached) {
        Some(most) if !self_holding => {
            Paths::FeedForward { min, max: sinks.iter().filter_map(|s| most.get(s)).max().copied().unwrap_or(0) }
        }
        _ => Paths::Feedback { min },
    }
}

/// Longest path in registers to every reached net; None if there is a cycle anywhere, also one that no input reaches.
fn most_registers(
    edges: &HashMap<u64, Vec<Edge>>,
    reached: &std::collections::HashSet<u64>,
) -> Option<HashMap<u64, u32>> {
    let mut indegree: HashMap<u64, u32> = HashMap::new();
    for (from, list) in edges {
        indegree.entry(*from).or_default();
        for edge in list {
            *indegree.entry(edge.to).or_default() += 1;
        }
    }
    let mut ready: Vec<u64> = indegree.iter().filter(|(_, d)| **d == 0).map(|(n, _)| *n).collect();
    let mut most: HashMap<u64, u32> = HashMap::new();
    let mut done = 0;
    while let Some(node) = ready.pop() {
        done += 1;
        let here = most.get(&node).copied();
        for edge in edges.get(&node).into_iter().flatten() {
            if reached.contains(&node) {
                let value = here.unwrap_or(0) + edge.registers;
                let slot = most.entry(edge.to).or_insert(value);
                *slot = (*slot).max(value);
            }
            if let Some(degree) = indegree.get_mut(&edge.to) {
                *degree -= 1;
                if *degree == 0 {
                    ready.push(edge.to);
                }
            }
        }
    }
    (done == indegree.len()).then_some(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A netlist of 1-bit buffers and registers: `(kind, from, to)`.
    fn json(cells: &[(&str, u64, u64)], input: u64, output: u64) -> String {
        let cells: Vec<String> = cells
            .iter()
            .enumerate()
            .map(|(i, (kind, from, to))| {
                let (a, y, clk) = if kind.contains("dff") { ("D", "Q", ",\"CLK\":[1]") } else { ("A", "Y", "") };
                format!(
                    r#""c{i}":{{"type":"{kind}","port_directions":{{"{a}":"input","{y}":"output"}},"connections":{{"{a}":[{from}],"{y}":[{to}]{clk}}}}}"#
                )
            })
            .collect();
        format!(
            r#"{{"modules":{{"t":{{"ports":{{"clk":{{"direction":"input","bits":[1]}},"a":{{"direction":"input","bits":[{input}]}},"y":{{"direction":"output","bits":[{output},"0"]}}}},"cells":{{{}}}}}}}}}"#,
            cells.join(",")
        )
    }

    fn paths_of(cells: &[(&str, u64, u64)], input: u64, output: u64) -> Paths {
        structure(&json(cells, input, output), "t", Some("clk"), None).unwrap().paths
    }

    #[test]
    fn equal_register_counts_are_uniform() {
        let p = paths_of(&[("$dff", 2, 3), ("$_NOT_", 3, 4), ("$dff", 4, 5)], 2, 5);
        assert_eq!(p, Paths::FeedForward { min: 2, max: 2 });
        assert!(p.uniform());
    }

    #[test]
    fn a_shortcut_is_not_uniform() {
        let p = paths_of(&[("$dff", 2, 3), ("$_BUF_", 3, 5), ("$_BUF_", 2, 5)], 2, 5);
        assert_eq!(p, Paths::FeedForward { min: 0, max: 1 });
    }

    #[test]
    fn state_that_feeds_itself_is_feedback_even_when_no_input_reaches_it() {
        assert_eq!(paths_of(&[("$dff", 2, 3), ("$_XOR_", 3, 4), ("$dff", 4, 3)], 2, 3), Paths::Feedback { min: 1 });
        assert_eq!(
            paths_of(&[("$dff", 2, 3), ("$_NOT_", 9, 8), ("$dff", 8, 9), ("$_AND_", 9, 3)], 2, 3),
            Paths::Feedback { min: 1 }
        );
        assert_eq!(paths_of(&[("$dffe", 2, 3)], 2, 3), Paths::Feedback { min: 1 });
    }

    #[test]
    fn registers_on_another_clock_or_edge_are_reported() {
        let text = json(&[("$_DFF_N_", 2, 3)], 2, 3).replace("\"A\"", "\"D\"").replace("\"Y\"", "\"Q\"");
        let found = structure(&text, "t", Some("clk"), None).unwrap();
        assert!(found.clocking[0].contains("falling"), "{:?}", found.clocking);
        let found = structure(&json(&[("$dff", 2, 3)], 2, 3), "t", None, None).unwrap();
        assert!(found.clocking[0].contains("not clocked"), "{:?}", found.clocking);
    }

    proptest! {
        #[test]
        fn any_graph_gives_min_not_above_max(cells in proptest::collection::vec((prop::bool::ANY, 2u64..12, 2u64..12), 0..30)) {
            let cells: Vec<(&str, u64, u64)> = cells.iter().map(|(r, a, b)| (if *r { "$dff" } else { "$_BUF_" }, *a, *b)).collect();
            if let Paths::FeedForward { min, max } = paths_of(&cells, 2, 11) {
                prop_assert!(min <= max);
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".*") {
            let _ = structure(&text, "t", None, None);
        }
    }
}
