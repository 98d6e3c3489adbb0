//! Is it right? Every case runs the reference and, with all detectors, the candidate; a second time in the reverse order of blocks and
//! warps. Both are interpreted: nothing of the candidate runs on this machine's processor, and it can reach nothing but its buffers.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use kernsmith_simt::device::Device;
use kernsmith_simt::exec::Order;

use super::compile::Built;
use super::data::{self, Difference};
use super::simulate::{self, Inputs, Outputs, reason};
use crate::numbers::number;
use crate::target::{Assurance, Failure, Reason};
use crate::task::CudaTask;
use crate::task::cuda::{Role, Shape, Stress};

/// One set of inputs.
struct Case<'a> {
    name: String,
    shape: &'a Shape,
    seed: u64,
    stress: Option<Stress>,
}

/// What a check says of an accepted candidate.
pub struct Checked {
    /// How far it was tested.
    pub assurance: Assurance,
    /// For people.
    pub log: String,
}

fn cases(task: &CudaTask, seed: u64) -> Vec<Case<'_>> {
    let shapes: Vec<(&str, &Shape)> = task.check_shapes().collect();
    let trials = (task.check.trials as usize).max(shapes.len());
    let mut cases: Vec<Case<'_>> = (0..trials)
        .map(|n| {
            let (name, shape) = shapes[n % shapes.len()];
            Case { name: format!("shape {name}, seed {n}"), shape, seed: seed.wrapping_add(n as u64), stress: None }
        })
        .collect();
    for (n, stress) in task.check.stress.iter().enumerate() {
        if let Some((name, shape)) = shapes.first() {
            let seed = seed.wrapping_add(1000 + n as u64);
            cases.push(Case {
                name: format!("shape {name}, {} inputs", stress.as_str()),
                shape,
                seed,
                stress: Some(*stress),
            });
        }
    }
    cases
}

/// Checks a candidate against the reference, cases in parallel over `threads`.
pub fn check(
    task: &CudaTask,
    reference: &Built,
    candidate: &Built,
    device: &Device,
    seed: u64,
    threads: usize,
) -> Result<Checked, Failure> {
    let cases = cases(task, seed);
    let next = AtomicUsize::new(0);
    let results: Mutex<Vec<Option<Result<Answer, Failure>>>> = Mutex::new((0..cases.len()).map(|_| None).collect());
    std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, cases.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let Some(case) = cases.get(n) else { return };
                    let answer = one(task, reference, candidate, device, case);
                    if answer.is_err() {
                        next.store(cases.len(), Ordering::Relaxed);
                    }
                    if let Ok(mut results) = results.lock() {
                        results[n] = Some(answer);
                    }
                }
            });
        }
    });
    let mut log = String::new();
    let (mut synchronised, mut reordered) = (false, false);
    let results = results.into_inner().unwrap_or_default();
    let mut references = Vec::new();
    for (case, result) in cases.iter().zip(results) {
        match result {
            Some(Ok(mut answer)) => {
                references.push((case, std::mem::take(&mut answer.reference)));
                synchronised |= answer.synchronised;
                reordered |= answer.reordered;
                if log.len() < 4096 && !answer.printed.is_empty() {
                    log.push_str(&format!("printed ({}): {}\n", case.name, answer.printed.trim_end()));
                }
            }
            Some(Err(failure)) => return Err(failure),
            // Another case had failed before this one began.
            None => {}
        }
    }
    log.push_str(&format!("{} cases agree with the reference: {}\n", cases.len(), names(&cases)));
    if reordered {
        log.push_str("results depend on the order of blocks, within the tolerance (floating-point atomics)\n");
    }
    if synchronised {
        log.push_str("blocks exchange data through fences and atomics: races there cannot be decided\n");
    }
    weaknesses(&references).iter().for_each(|w| log.push_str(&format!("{w}\n")));
    let mut shapes: Vec<&str> = task.check.shapes.iter().map(String::as_str).collect();
    shapes.dedup();
    let detectors = ["order", "races", "memory"].map(str::to_string).to_vec();
    let assurance = Assurance::Tested { seeds: cases.len() as u64, shapes: shapes.len() as u64, detectors };
    Ok(Checked { assurance, log })
}

fn names(cases: &[Case<'_>]) -> String {
    cases.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join("; ")
}

struct Answer {
    synchronised: bool,
    reordered: bool,
    printed: String,
    /// One for each buffer that is compared.
    reference: Vec<Character>,
}

/// What a wrong candidate could make use of in an output of the reference.
#[derive(Debug, Clone, PartialEq)]
struct Character {
    buffer: String,
    constant: bool,
    tiny: bool,
    bytes: Vec<u8>,
}

fn characters(task: &CudaTask, want: &Outputs) -> Vec<Character> {
    let compared = task.buffers.iter().zip(&want.buffers).filter(|(b, _)| b.role.is_compared());
    compared
        .map(|(buffer, bytes)| {
            let count = bytes.len() / buffer.dtype.size() as usize;
            let value = |i| data::get(buffer.dtype, bytes, i);
            Character {
                buffer: buffer.name.clone(),
                constant: count > 1 && (1..count).all(|i| value(i) == value(0)),
                tiny: (0..count).all(|i| value(i).abs() <= task.check.atol),
                bytes: bytes.clone(),
            }
        })
        .collect()
}

/// What is wrong with the task itself: outputs that a candidate could guess. Random cases of one shape are compared with each other.
fn weaknesses(cases: &[(&Case<'_>, Vec<Character>)]) -> Vec<String> {
    let mut found = Vec::new();
    let random: Vec<_> = cases.iter().filter(|(c, _)| c.stress.is_none()).collect();
    for (n, (case, characters)) in random.iter().enumerate() {
        for (k, c) in characters.iter().enumerate() {
            let mut note = |what: &str| {
                let text = format!("warning: the reference's {} {what}", c.buffer);
                if !found.contains(&text) {
                    found.push(text);
                }
            };
            if c.constant {
                note("is the same number everywhere");
            }
            if c.tiny {
                note("is within the tolerance of 0");
            }
            let earlier = random[..n].iter().find(|(other, _)| other.shape == case.shape);
            if earlier.is_some_and(|(_, others)| others.get(k).is_some_and(|o| o.bytes == c.bytes)) {
                note("does not depend on the inputs");
            }
        }
    }
    found
}

fn one(
    task: &CudaTask,
    reference: &Built,
    candidate: &Built,
    device: &Device,
    case: &Case<'_>,
) -> Result<Answer, Failure> {
    let inputs = Inputs { shape: case.shape, seed: case.seed, stress: case.stress };
    let want = simulate::execute(task, reference, device, inputs, Order::Forward, false)?;
    if let Some(fault) = want.faults.first() {
        return Err(Failure::new(
            Reason::Infrastructure,
            format!("the reference itself fails ({}): {fault}", case.name),
        ));
    }
    let got = simulate::execute(task, candidate, device, inputs, Order::Forward, true)?;
    faults(&got, &case.name)?;
    for (number, buffer) in task.buffers.iter().enumerate().filter(|(_, b)| b.role == Role::Output) {
        if let Some((bytes, first)) = got.unwritten[number] {
            let size = buffer.dtype.size();
            let place = data::place(buffer, case.shape, (first / size) as usize);
            let message = format!(
                "{}: {} elements of {} were never written, {place} first",
                case.name,
                bytes.div_ceil(size),
                buffer.name
            );
            return Err(Failure::new(Reason::UnwrittenOutput, message));
        }
    }
    compared(task, case, &got, &want, Reason::WrongOutput)?;
    let again = simulate::execute(task, candidate, device, inputs, Order::Reverse, false)?;
    faults(&again, &format!("{}, reverse order", case.name))?;
    compared(task, case, &again, &got, Reason::Nondeterministic)?;
    let outputs = task.buffers.iter().enumerate().filter(|(_, b)| b.role.is_compared());
    let reordered = outputs.into_iter().any(|(n, _)| again.buffers[n] != got.buffers[n]);
    let reference = characters(task, &want);
    Ok(Answer { synchronised: got.synchronised, reordered, printed: got.printed, reference })
}

fn faults(outputs: &Outputs, case: &str) -> Result<(), Failure> {
    let Some(first) = outputs.faults.first() else { return Ok(()) };
    let mut message = format!("{case}: {first}");
    for fault in &outputs.faults[1..outputs.faults.len().min(6)] {
        message.push_str(&format!("\n{fault}"));
    }
    if outputs.faults.len() > 6 {
        message.push_str(&format!("\nand {} more", outputs.faults.len() - 6));
    }
    Err(Failure::new(reason(first.kind), message))
}

fn compared(task: &CudaTask, case: &Case<'_>, got: &Outputs, want: &Outputs, reason: Reason) -> Result<(), Failure> {
    for (n, buffer) in task.buffers.iter().enumerate().filter(|(_, b)| b.role.is_compared()) {
        let Some(d) = data::compare(task, buffer, &got.buffers[n], &want.buffers[n]) else { continue };
        let Difference { wrong, elements, index, got, want, worst } = d;
        let place = data::place(buffer, case.shape, index);
        let (this, that) = match reason {
            Reason::Nondeterministic => ("in reverse order of blocks and warps", "in forward order"),
            _ => ("the candidate", "the reference"),
        };
        let worst = if worst.is_finite() {
            format!(", the worst {} times the tolerance", number(worst))
        } else {
            String::new()
        };
        let message = format!(
            "{}: {place} differs: {this} {got:?}, {that} {want:?}; {wrong} of {elements} elements of {} differ{worst}",
            case.name, buffer.name
        );
        return Err(Failure::new(reason, message));
    }
    Ok(())
}
