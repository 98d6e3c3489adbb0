//! Stimulus: corner cases first, then random vectors from a seed that is drawn after the candidate was written.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use crate::task::{Contract, Direction, Fill, Level, Port, VerilogTask};

/// Cycles for which reset is held at the start.
pub const RESET_CYCLES: usize = 4;

/// Rows of input bits. A row is the concatenation of reset (if any) and the data inputs in the task's order, first port leftmost.
#[derive(Debug, Clone, PartialEq)]
pub struct Stimulus {
    /// `0`/`1` strings, all of the same length.
    pub rows: Vec<String>,
    /// Toggles per input bit and row: the activity that power analysis assumes.
    pub activity: f64,
}

/// Bits of a row.
pub fn row_width(task: &VerilogTask) -> usize {
    let data: u32 = task.inputs().map(|p| p.width).sum();
    data as usize + usize::from(task.reset.is_some())
}

/// Makes the rows: one per cycle, or for a transaction contract two per transaction (the inputs, and what the inputs show afterwards).
pub fn stimulus(task: &VerilogTask, seed: u64) -> Stimulus {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    let inputs: Vec<&Port> = task.inputs().collect();
    let transaction = matches!(task.contract, Contract::Transaction { .. });
    let mut data: Vec<Vec<String>> = corners(&inputs, &mut rng);
    for _ in 0..task.vectors {
        let previous = data.last().cloned();
        data.push(random_row(&inputs, previous.as_deref(), &mut rng));
    }
    if transaction {
        // What the inputs show while the module works must not matter: it is noise.
        let noise: Vec<Vec<String>> = data.iter().map(|_| random_row(&inputs, None, &mut rng)).collect();
        data = data.into_iter().zip(noise).flat_map(|(row, noise)| [row, noise]).collect();
    }
    let mut rows = Vec::with_capacity(data.len());
    for (index, values) in data.into_iter().enumerate() {
        let mut row = String::with_capacity(row_width(task));
        if let Some(reset) = &task.reset {
            // Now and then a reset in mid-flight, where the contract is about every cycle.
            let mid_flight = matches!(task.contract, Contract::CycleExact) && rng.random_range(0..200) == 0;
            let resets = !transaction && index < RESET_CYCLES || mid_flight;
            row.push(if resets == (reset.active == Level::High) { '1' } else { '0' });
        }
        values.iter().for_each(|v| row.push_str(v));
        rows.push(row);
    }
    let activity = activity(&rows);
    Stimulus { rows, activity }
}

fn activity(rows: &[String]) -> f64 {
    let bits = rows.first().map_or(0, String::len) * rows.len().saturating_sub(1);
    let toggles: usize = rows.windows(2).map(|w| w[0].bytes().zip(w[1].bytes()).filter(|(a, b)| a != b).count()).sum();
    if bits == 0 { 0.0 } else { toggles as f64 / bits as f64 }
}

/// All zeros, all ones, every port at each of its corners with the others random, and a walking one through every port.
fn corners(inputs: &[&Port], rng: &mut ChaCha12Rng) -> Vec<Vec<String>> {
    let zeros = |p: &Port| "0".repeat(p.width as usize);
    let ones = |p: &Port| "1".repeat(p.width as usize);
    let mut rows: Vec<Vec<String>> = Vec::new();
    for _ in 0..RESET_CYCLES {
        rows.push(random_row(inputs, None, rng));
    }
    rows.push(inputs.iter().map(|p| zeros(p)).collect());
    rows.push(inputs.iter().map(|p| ones(p)).collect());
    // Every combination of two ports' corners finds what a single extreme operand does not.
    for (i, first) in inputs.iter().enumerate() {
        for a in port_corners(first) {
            let mut row = random_row(inputs, None, rng);
            row[i] = a.clone();
            rows.push(row);
            for (j, second) in inputs.iter().enumerate().skip(i + 1).take(3) {
                for b in port_corners(second) {
                    let mut row = random_row(inputs, None, rng);
                    row[i] = a.clone();
                    row[j] = b;
                    rows.push(row);
                }
            }
        }
        for bit in 0..(first.width as usize).min(128) {
            let mut row: Vec<String> = inputs.iter().map(|p| zeros(p)).collect();
            row[i].replace_range(bit..=bit, "1");
            rows.push(row);
        }
    }
    rows
}

fn port_corners(port: &Port) -> Vec<String> {
    let width = port.width as usize;
    let mut corners = vec!["0".repeat(width), "1".repeat(width)];
    if width > 1 {
        corners.push("0".repeat(width - 1) + "1");
        corners.push("1".repeat(width - 1) + "0");
        corners.push("01".repeat(width).chars().take(width).collect());
        // Signed extremes are good corners of unsigned words too: only the top bit set, and all but the top bit.
        corners.push("1".to_string() + &"0".repeat(width - 1));
        corners.push("0".to_string() + &"1".repeat(width - 1));
    }
    corners.sort();
    corners.dedup();
    corners
}

fn random_row(inputs: &[&Port], previous: Option<&[String]>, rng: &mut ChaCha12Rng) -> Vec<String> {
    // A few rows differ from the one before in few bits: neighbouring values find what independent values do not.
    let neighbour = rng.random_range(0..8) == 0;
    inputs
        .iter()
        .enumerate()
        .map(|(i, port)| match previous {
            Some(row) if neighbour && port.fill != Fill::Onehot => {
                let mut bits: Vec<u8> = row[i].bytes().collect();
                let at = rng.random_range(0..bits.len());
                bits[at] ^= 1;
                String::from_utf8_lossy(&bits).into_owned()
            }
            _ => random_value(port, rng),
        })
        .collect()
}

fn random_value(port: &Port, rng: &mut ChaCha12Rng) -> String {
    debug_assert_eq!(port.direction, Direction::Input);
    let width = port.width as usize;
    if port.fill == Fill::Onehot {
        let hot = rng.random_range(0..width);
        return (0..width).map(|i| if i == hot { '1' } else { '0' }).collect();
    }
    let odds = match port.fill {
        Fill::Sparse => 1,
        Fill::Dense => 7,
        // Wide uniform words are all alike (half ones): now and then draw sparse or dense ones.
        _ if width > 1 => match rng.random_range(0..8) {
            0 => 1,
            1 => 7,
            _ => 4,
        },
        _ => 4,
    };
    (0..width).map(|_| if rng.random_range(0..8) < odds { '1' } else { '0' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn task(contract: Contract) -> VerilogTask {
        let port = |name: &str, width, fill| Port {
            name: name.into(),
            direction: Direction::Input,
            width,
            signed: false,
            fill,
            when: None,
        };
        VerilogTask {
            top: "t".into(),
            clock: Some("clk".into()),
            reset: Some(crate::task::Reset { port: "rst".into(), active: Level::High }),
            parameters: BTreeMap::new(),
            ports: vec![port("a", 8, Fill::Uniform), port("sel", 4, Fill::Onehot)],
            contract,
            vectors: 100,
            proof_seconds: 1,
            clock_ns: 5.0,
            require: crate::task::Require::Bounded,
            cases: vec![],
            fpga: None,
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_rows_and_another_seed_others() {
        let t = task(Contract::CycleExact);
        assert_eq!(stimulus(&t, 1), stimulus(&t, 1));
        assert_ne!(stimulus(&t, 1), stimulus(&t, 2));
    }

    #[test]
    fn rows_have_one_width_start_in_reset_and_hold_both_extremes() {
        let t = task(Contract::CycleExact);
        let s = stimulus(&t, 7);
        assert!(s.rows.iter().all(|r| r.len() == row_width(&t)));
        assert!(s.rows[..RESET_CYCLES].iter().all(|r| r.starts_with('1')));
        assert!(s.rows.iter().any(|r| r.starts_with("000000000")));
        assert!(s.rows.iter().any(|r| r.starts_with("011111111")));
        assert!(s.activity > 0.1 && s.activity < 0.9);
    }

    #[test]
    fn a_transaction_has_two_rows_and_no_reset_in_them() {
        let t = task(Contract::Transaction { max_latency: 9, start: "a".into(), done: "b".into() });
        let s = stimulus(&t, 7);
        assert_eq!(s.rows.len() % 2, 0);
        assert!(s.rows.iter().all(|r| r.starts_with('0')));
    }
}
