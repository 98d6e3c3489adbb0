//! Operations in which lanes or warps work together: shuffles, votes, matches, barriers, waiting for copies.

use super::access::lanes;
use super::warp::Warp;
use super::{Block, Engine};
use crate::fault::FaultKind;
use crate::program::{Op, Redux, Shuffle, Vote};

impl Engine<'_> {
    /// Warp-wide operations and the rest.
    pub(super) fn collective(&mut self, block: &mut Block, warp: &mut Warp, pc: u32, mask: u32, op: Op) {
        match op {
            Op::Shuffle { kind, d, p, a, b, c, mask: named } => {
                let named = warp.r32[named as usize];
                self.check_named(block, warp, pc, mask, &named);
                self.shuffle(block, warp, pc, mask, kind, [d, p, a, b, c]);
            }
            Op::Vote { kind, d, a, negate, mask: named } => {
                let named = warp.r32[named as usize];
                self.check_named(block, warp, pc, mask, &named);
                let p = if negate { !warp.p[a as usize] } else { warp.p[a as usize] };
                let held = p & mask;
                let answer = vote(kind, held, mask);
                warp.write(d, mask, &[u64::from(answer); 32]);
            }
            Op::MatchAny { d, a, mask: named } => {
                let named = warp.r32[named as usize];
                self.check_named(block, warp, pc, mask, &named);
                let a = warp.read(a);
                let mut values = [0u64; 32];
                for lane in lanes(mask) {
                    values[lane] = lanes(mask).filter(|other| a[*other] == a[lane]).fold(0, |m, other| m | 1 << other);
                }
                warp.write(crate::program::Reg { file: crate::program::File::R32, index: d }, mask, &values);
            }
            Op::MatchAll { d, p, a, mask: named } => {
                let named = warp.r32[named as usize];
                self.check_named(block, warp, pc, mask, &named);
                let a = warp.read(a);
                let first = a[(mask.trailing_zeros() & 31) as usize];
                let all = lanes(mask).all(|lane| a[lane] == first);
                let value = if all { u64::from(mask) } else { 0 };
                warp.write(crate::program::Reg { file: crate::program::File::R32, index: d }, mask, &[value; 32]);
                warp.set_predicate(p, mask, if all { u32::MAX } else { 0 });
            }
            Op::Redux { kind, d, a, mask: named } => {
                let named = warp.r32[named as usize];
                self.check_named(block, warp, pc, mask, &named);
                let a = warp.r32[a as usize];
                let value = lanes(mask).map(|lane| a[lane]).reduce(|x, y| reduce(kind, x, y)).unwrap_or(0);
                warp.write(
                    crate::program::Reg { file: crate::program::File::R32, index: d },
                    mask,
                    &[u64::from(value); 32],
                );
            }
            Op::ActiveMask { d } => {
                warp.write(
                    crate::program::Reg { file: crate::program::File::R32, index: d },
                    mask,
                    &[u64::from(mask); 32],
                );
            }
            Op::SyncWarp { mask: named } => {
                let named = warp.r32[named as usize];
                self.check_named(block, warp, pc, mask, &named);
            }
            Op::CopyAsync(number) => self.copy_async(block, warp, pc, mask, number),
            Op::CommitGroup => {
                if self.detect {
                    let open = std::mem::take(&mut warp.copies.open);
                    warp.copies.groups.push_back(open);
                }
            }
            Op::WaitGroup { keep, open } => self.wait_for_copies(block, warp, pc, keep as usize, open),
            Op::Tensor(number) => self.matrix(block, warp, pc, mask, number),
            other => {
                let thread = self.thread_of(warp.index, mask.trailing_zeros());
                let message = format!("the simulated GPU cannot execute {other:?}");
                self.fault(FaultKind::Unsupported, pc, None, block.id, thread, String::new(), message);
            }
        }
    }

    /// The lanes that a warp-wide operation names must be those that execute it.
    fn check_named(&mut self, block: &Block, warp: &Warp, pc: u32, mask: u32, named: &[u32; 32]) {
        if !self.detect {
            return;
        }
        for lane in lanes(mask) {
            let missing = named[lane] & warp.live & !mask;
            let stranger = named[lane] >> lane & 1 == 0;
            if missing == 0 && !stranger {
                continue;
            }
            let thread = self.thread_of(warp.index, lane as u32);
            let name = &self.kernel.info[pc as usize].opcode;
            let message = if stranger {
                format!(
                    "{name} with mask {:#010x} is executed by lane {lane}, which the mask does not name",
                    named[lane]
                )
            } else {
                format!(
                    "{name} with mask {:#010x} names lanes {missing:#010x}, which are not there: the warp has diverged",
                    named[lane]
                )
            };
            self.fault(FaultKind::BadShuffle, pc, None, block.id, thread, String::new(), message);
            return;
        }
    }

    fn shuffle(
        &mut self,
        block: &Block,
        warp: &mut Warp,
        pc: u32,
        mask: u32,
        kind: Shuffle,
        [d, p, a, b, c]: [u16; 5],
    ) {
        let values = warp.r32[a as usize];
        let (lane_or_delta, clamp) = (warp.r32[b as usize], warp.r32[c as usize]);
        let mut result = [0u64; 32];
        let mut inside = 0u32;
        for lane in lanes(mask) {
            let n = lane as i32;
            let bval = (lane_or_delta[lane] & 31) as i32;
            let cval = (clamp[lane] & 31) as i32;
            let segment = (clamp[lane] >> 8 & 31) as i32;
            let max = (n & segment) | (cval & !segment);
            let min = n & segment;
            let (from, good) = match kind {
                Shuffle::Up => (n - bval, n - bval >= max),
                Shuffle::Down => (n + bval, n + bval <= max),
                Shuffle::Bfly => (n ^ bval, (n ^ bval) <= max),
                Shuffle::Idx => {
                    let j = min | (bval & !segment);
                    (j, j <= max)
                }
            };
            let from = if good { from } else { n };
            inside |= u32::from(good) << lane;
            if self.detect && mask >> from & 1 == 0 && warp.live >> from & 1 == 0 {
                let thread = self.thread_of(warp.index, lane as u32);
                let message = format!("shuffle: lane {lane} reads lane {from}, which is not active");
                self.fault(FaultKind::BadShuffle, pc, None, block.id, thread, String::new(), message);
            }
            result[lane] = u64::from(values[from as usize & 31]);
        }
        warp.write(crate::program::Reg { file: crate::program::File::R32, index: d }, mask, &result);
        warp.set_predicate(p, mask, inside);
    }

    /// A warp is about to wait at a barrier with lanes `mask`, while `together` were executing.
    pub(super) fn check_barrier(&mut self, block: &Block, warp: &Warp, pc: u32, mask: u32, together: u32) {
        if self.count {
            self.barrier_arrivals += 1;
        }
        let missing = warp.live & !mask;
        if missing == 0 {
            return;
        }
        let lane = missing.trailing_zeros();
        let thread = self.thread_of(warp.index, mask.trailing_zeros());
        let why = if together == mask { "took another way" } else { "are kept out by its condition" };
        let message = format!("divergent barrier: lanes {missing:#010x} of the warp (lane {lane} first) {why}");
        self.fault(FaultKind::DivergentBarrier, pc, None, block.id, thread, String::new(), message);
    }

    /// A warp has arrived at a barrier.
    pub(super) fn arrive(&mut self, block: &mut Block, index: u32, number: u32) {
        let barrier = self.kernel.barriers[number as usize];
        let warp = &mut block.warps[index as usize];
        let first = (warp.live.trailing_zeros() & 31) as usize;
        let id = (warp.read(barrier.id)[first] & 15) as usize;
        let count = barrier.count.map_or(0, |r| warp.read(r)[first] as u32);
        let pc = warp.pc().wrapping_sub(1);
        let held = barrier.reduce.map(|(p, negate, _, _)| {
            let p = if negate { !warp.p[p as usize] } else { warp.p[p as usize] };
            (p & warp.live, warp.live)
        });
        warp.waiting = !barrier.arrive;
        let state = &mut block.barriers[id];
        if state.arrived == 0 {
            (state.expected, state.all, state.any, state.holding) = (count, true, false, 0);
        }
        if count == 0
            && let Some((_, other)) = state.waiting.first()
            && *other != pc
        {
            let (line, message) = (self.kernel.info[*other as usize].line, *other);
            let text = format!("divergent barrier: this warp waits here, another one of the block at line {line}");
            let (id, thread) = (block.id, self.thread_of(index, 0));
            self.fault(FaultKind::DivergentBarrier, pc, Some(message), id, thread, String::new(), text);
        }
        let state = &mut block.barriers[id];
        state.arrived += 32;
        if let Some((held, live)) = held {
            state.all &= held == live;
            state.any |= held != 0;
            state.holding += held.count_ones();
        }
        if !barrier.arrive {
            state.waiting.push((index, pc));
        }
        self.release_barriers(block);
    }

    /// Lets warps go whose barrier is complete. Warps that have ended are not waited for.
    pub(super) fn release_barriers(&mut self, block: &mut Block) {
        let alive = block.warps.iter().filter(|w| w.live != 0).count();
        for id in 0..block.barriers.len() {
            let state = &block.barriers[id];
            let complete = match state.expected {
                0 => state.waiting.len() >= alive && !state.waiting.is_empty(),
                n => state.arrived >= n,
            };
            if state.arrived == 0 || !complete {
                continue;
            }
            let state = std::mem::take(&mut block.barriers[id]);
            block.epoch += 1;
            let clock = state
                .waiting
                .iter()
                .filter_map(|(w, _)| Some(block.warps[*w as usize].trace.as_ref()?.clock))
                .fold(0.0, f64::max);
            for (index, pc) in &state.waiting {
                let epoch = block.epoch;
                let warp = &mut block.warps[*index as usize];
                warp.waiting = false;
                warp.epoch = epoch;
                if let Some(trace) = &mut warp.trace {
                    trace.wait_until(clock);
                }
                if let crate::program::Op::Barrier(number) = self.kernel.code[*pc as usize].op
                    && let Some((_, _, kind, d)) = self.kernel.barriers[number as usize].reduce
                {
                    let answer = match kind {
                        Vote::All => u32::from(state.all),
                        Vote::Ballot => state.holding,
                        _ => u32::from(state.any),
                    };
                    let live = warp.live;
                    warp.write(d, live, &[u64::from(answer); 32]);
                }
            }
        }
    }
}

fn vote(kind: Vote, held: u32, mask: u32) -> u32 {
    match kind {
        Vote::All => u32::from(held == mask),
        Vote::Any => u32::from(held != 0),
        Vote::Uni => u32::from(held == mask || held == 0),
        Vote::Ballot => held,
    }
}

fn reduce(kind: Redux, x: u32, y: u32) -> u32 {
    match kind {
        Redux::Add => x.wrapping_add(y),
        Redux::MinS => (x as i32).min(y as i32) as u32,
        Redux::MinU => x.min(y),
        Redux::MaxS => (x as i32).max(y as i32) as u32,
        Redux::MaxU => x.max(y),
        Redux::And => x & y,
        Redux::Or => x | y,
        Redux::Xor => x ^ y,
    }
}
