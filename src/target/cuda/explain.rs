//! What the counts mean, in words: the limiting resource of each launch, the distance to the roofline, and the lines that cost most.

use std::collections::{BTreeMap, BTreeSet};

use kernsmith_simt::counters::{Class, OpCounters};
use kernsmith_simt::device::Device;
use kernsmith_simt::time::{Prediction, issue_slots};

use super::simulate::Counted;
use crate::numbers::number;

/// Lines of the source that are listed.
const HOT_LINES: usize = 8;

/// Each launch in two or three lines, then the whole against the roofline.
pub fn summary(device: &Device, counted: &[Counted], predictions: &[Prediction], floor: Option<f64>) -> String {
    let mut text = String::new();
    for (c, p) in counted.iter().zip(predictions) {
        let counters = &c.counters;
        let ran = if counters.blocks_run < counters.blocks {
            format!("{} of {} blocks counted", counters.blocks_run, counters.blocks)
        } else {
            format!("all {} blocks counted", counters.blocks)
        };
        let o = &p.occupancy;
        text.push_str(&format!(
            "{} <<<{:?}, {:?}>>>: {} us (simulated), limited by {}; {ran}\n",
            counters.kernel,
            counters.grid,
            counters.block,
            number(p.seconds * 1e6),
            p.limiting
        ));
        let terms: Vec<String> =
            p.terms.iter().take(5).map(|t| format!("{} {:.0} %", t.name, 100.0 * t.share)).collect();
        text.push_str(&format!("  busy: {}\n", terms.join(", ")));
        text.push_str(&format!(
            "  occupancy: {} blocks, {} warps a SM ({:.0} %), {} registers a thread, {} bytes of shared memory; {:.2} waves\n",
            o.blocks_per_sm, o.warps, o.theoretical_pct, c.resources.registers, counters.shared_bytes, p.waves
        ));
        p.notes.iter().for_each(|n| text.push_str(&format!("  note: {n}\n")));
    }
    let total: f64 = predictions.iter().map(|p| p.seconds).sum();
    if let Some(floor) = floor
        && total > 0.0
    {
        text.push_str(&format!(
            "roofline of {}: {} us; this is {:.0} % of the speed of light\n",
            device.name,
            number(floor * 1e6),
            100.0 * floor / total
        ));
    }
    text
}

/// What a source line did.
#[derive(Default)]
struct Line {
    issue: f64,
    counts: OpCounters,
    requests: u64,
    shared: u64,
    kinds: BTreeSet<&'static str>,
}

/// What is worth a word of its own.
fn kind(class: Class) -> Option<&'static str> {
    Some(match class {
        Class::Barrier => "barrier",
        Class::LocalLoad | Class::LocalStore => "local",
        Class::Tensor => "tensor",
        _ => return None,
    })
}

/// The lines of the source that cost most, with what their memory accesses looked like.
pub fn hot_lines(source: &str, counted: &[Counted]) -> String {
    let mut lines: BTreeMap<u32, Line> = BTreeMap::new();
    for c in counted {
        let scale = c.counters.scale();
        for (info, op) in c.counters.info.iter().zip(&c.counters.ops) {
            let line = lines.entry(info.line).or_default();
            let passes = op.wavefronts.max(op.sectors.div_ceil(4)) as f64;
            line.issue += scale * (op.warps as f64 * issue_slots(info.class)).max(passes);
            line.counts.add(op);
            if op.sectors > 0 {
                line.requests += op.warps;
            }
            if op.wavefronts > 0 {
                line.shared += op.warps;
            }
            line.kinds.extend(kind(info.class));
        }
    }
    let all: f64 = lines.values().map(|l| l.issue).sum();
    let mut order: Vec<(&u32, &Line)> = lines.iter().filter(|(n, _)| **n > 0).collect();
    order.sort_by(|(m, a), (n, b)| b.issue.total_cmp(&a.issue).then(m.cmp(n)));
    let mut text = String::from("cost (estimated), line, what its accesses looked like\n");
    for (n, line) in order.into_iter().take(HOT_LINES) {
        let mut facts = Vec::new();
        if line.requests > 0 {
            let (got, ideal) = (line.counts.sectors as f64, line.counts.ideal_sectors as f64);
            facts.push(format!(
                "{:.1} sectors a request (ideal {:.1})",
                got / line.requests as f64,
                ideal / line.requests as f64
            ));
        }
        if line.shared > 0 {
            let (got, ideal) = (line.counts.wavefronts as f64, line.counts.ideal_wavefronts as f64);
            facts.push(format!(
                "{:.1} bank passes an access (ideal {:.1})",
                got / line.shared as f64,
                ideal / line.shared as f64
            ));
        }
        if line.counts.divergent > 0 {
            facts.push(format!("{} divergent branches", line.counts.divergent));
        }
        if line.counts.collisions > 0 {
            facts.push("atomics".to_string());
        }
        facts.extend(line.kinds.iter().map(ToString::to_string));
        let code = source.lines().nth(*n as usize - 1).unwrap_or_default().trim();
        let code: String = code.chars().take(70).collect();
        let facts = if facts.is_empty() { String::new() } else { format!("   // {}", facts.join("; ")) };
        text.push_str(&format!("{:>4.0} %  {n:>4}  {code}{facts}\n", 100.0 * line.issue / all.max(1.0)));
    }
    text
}
