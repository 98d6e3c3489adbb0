//! The loop that executes a warp's instructions.

use super::warp::{Entry, FULL, Frame, Pause, Saved, Trace, Warp};
use super::{Block, Engine};
use crate::counters::Class;
use crate::decode::{maximum, minimum};
use crate::fault::FaultKind;
use crate::program::{Cmp, Combine, File, Inst, Op, Reg};

/// Activations that may be nested.
const MAX_FRAMES: usize = 512;

/// Executes up to `quantum` instructions of a warp.
pub(super) fn run_warp(engine: &mut Engine<'_>, block: &mut Block, warp: &mut Warp, quantum: u64) -> Pause {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        #[expect(unsafe_code, reason = "the features were just found")]
        return unsafe { run_wide(engine, block, warp, quantum) };
    }
    run(engine, block, warp, quantum)
}

/// The same code, compiled for wide vectors and fused multiply-add.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,bmi1,bmi2,popcnt,lzcnt")]
fn run_wide(engine: &mut Engine<'_>, block: &mut Block, warp: &mut Warp, quantum: u64) -> Pause {
    run(engine, block, warp, quantum)
}

/// `d = body` in the lanes of the mask, for operands of 32 bits.
macro_rules! lanes32 {
    ($warp:ident, $mask:ident, $d:expr, $($x:ident = $file:ident[$r:expr]),* => $body:expr) => {{
        $(let $x = $warp.$file[$r as usize];)*
        let d = &mut $warp.r32[$d as usize];
        if $mask == FULL {
            for lane in 0..32 {
                $(let $x = $x[lane];)*
                d[lane] = $body;
            }
        } else {
            for lane in 0..32 {
                $(let $x = $x[lane];)*
                let value = $body;
                d[lane] = if $mask >> lane & 1 == 1 { value } else { d[lane] };
            }
        }
    }};
}

/// The same for a result of 64 bits.
macro_rules! lanes64 {
    ($warp:ident, $mask:ident, $d:expr, $($x:ident = $file:ident[$r:expr]),* => $body:expr) => {{
        $(let $x = $warp.$file[$r as usize];)*
        let d = &mut $warp.r64[$d as usize];
        if $mask == FULL {
            for lane in 0..32 {
                $(let $x = $x[lane];)*
                d[lane] = $body;
            }
        } else {
            for lane in 0..32 {
                $(let $x = $x[lane];)*
                let value = $body;
                d[lane] = if $mask >> lane & 1 == 1 { value } else { d[lane] };
            }
        }
    }};
}

macro_rules! float32 {
    ($warp:ident, $mask:ident, $d:expr, $($x:ident = $r:expr),* => $body:expr) => {
        lanes32!($warp, $mask, $d, $($x = r32[$r]),* => {
            $(let $x = f32::from_bits($x);)*
            let value: f32 = $body;
            value.to_bits()
        })
    };
}

macro_rules! compare {
    ($warp:ident, $mask:ident, $cmp:expr, $d:expr, $file:ident, $a:expr, $b:expr, |$x:ident| $convert:expr) => {{
        let a = $warp.$file[$a as usize].map(|$x| $convert);
        let b = $warp.$file[$b as usize].map(|$x| $convert);
        let bits = match $cmp {
            Cmp::Eq => bits(&a, &b, |x, y| x == y),
            Cmp::Ne => bits(&a, &b, |x, y| x != y),
            Cmp::Lt => bits(&a, &b, |x, y| x < y),
            Cmp::Le => bits(&a, &b, |x, y| x <= y),
            Cmp::Gt => bits(&a, &b, |x, y| x > y),
            Cmp::Ge => bits(&a, &b, |x, y| x >= y),
        };
        $warp.set_predicate($d, $mask, bits);
    }};
}

#[inline(always)]
fn bits<T: Copy>(a: &[T; 32], b: &[T; 32], holds: impl Fn(T, T) -> bool) -> u32 {
    let mut found = 0u32;
    for lane in 0..32 {
        found |= u32::from(holds(a[lane], b[lane])) << lane;
    }
    found
}

#[inline(always)]
fn run(engine: &mut Engine<'_>, block: &mut Block, warp: &mut Warp, quantum: u64) -> Pause {
    let kernel = engine.kernel;
    let Some(mut top) = warp.stack.pop() else { return Pause::Done };
    let mut left = quantum;
    let pause = loop {
        // Where lanes meet, those below go on.
        while top.pc == top.meet || top.mask == 0 {
            let base = warp.frames.last().map_or(0, |f| f.base);
            if warp.stack.len() > base {
                match warp.stack.pop() {
                    Some(below) => top = below,
                    None => break,
                }
                continue;
            }
            // The end of the function.
            if !engine.return_from(warp, &mut top) {
                warp.live = 0;
                return Pause::Done;
            }
        }
        if left == 0 {
            break Pause::Quantum;
        }
        left -= 1;
        let pc = top.pc as usize;
        let Inst { op, guard, negate } = kernel.code[pc];
        let mask = top.mask & (warp.p[guard as usize] ^ negate);
        engine.now += 1;
        engine.lanes += u64::from(mask.count_ones());
        if engine.count {
            let counters = &mut engine.ops[pc];
            counters.warps += 1;
            counters.lanes += u64::from(mask.count_ones());
        }
        if mask == 0 {
            top.pc += 1;
            continue;
        }
        match op {
            Op::Mov32 { d, a } => lanes32!(warp, mask, d, a = r32[a] => a),
            Op::Mov64 { d, a } => lanes64!(warp, mask, d, a = r64[a] => a),
            Op::Add32 { d, a, b } => lanes32!(warp, mask, d, a = r32[a], b = r32[b] => a.wrapping_add(b)),
            Op::Sub32 { d, a, b } => lanes32!(warp, mask, d, a = r32[a], b = r32[b] => a.wrapping_sub(b)),
            Op::Mul32 { d, a, b } => lanes32!(warp, mask, d, a = r32[a], b = r32[b] => a.wrapping_mul(b)),
            Op::Mad32 { d, a, b, c } => {
                lanes32!(warp, mask, d, a = r32[a], b = r32[b], c = r32[c] => a.wrapping_mul(b).wrapping_add(c));
            }
            Op::And32 { d, a, b } => lanes32!(warp, mask, d, a = r32[a], b = r32[b] => a & b),
            Op::Or32 { d, a, b } => lanes32!(warp, mask, d, a = r32[a], b = r32[b] => a | b),
            Op::Xor32 { d, a, b } => lanes32!(warp, mask, d, a = r32[a], b = r32[b] => a ^ b),
            Op::Shl32 { d, a, b } => {
                lanes32!(warp, mask, d, a = r32[a], b = r32[b] => if b > 31 { 0 } else { a << (b & 31) })
            }
            Op::ShrU32 { d, a, b } => {
                lanes32!(warp, mask, d, a = r32[a], b = r32[b] => if b > 31 { 0 } else { a >> (b & 31) })
            }
            Op::ShrS32 { d, a, b } => {
                lanes32!(warp, mask, d, a = r32[a], b = r32[b] => ((a as i32) >> b.min(31)) as u32)
            }
            Op::MinS32 { d, a, b } => {
                lanes32!(warp, mask, d, a = r32[a], b = r32[b] => (a as i32).min(b as i32) as u32)
            }
            Op::MaxS32 { d, a, b } => {
                lanes32!(warp, mask, d, a = r32[a], b = r32[b] => (a as i32).max(b as i32) as u32)
            }
            Op::AddF32 { d, a, b } => float32!(warp, mask, d, a = a, b = b => a + b),
            Op::SubF32 { d, a, b } => float32!(warp, mask, d, a = a, b = b => a - b),
            Op::MulF32 { d, a, b } => float32!(warp, mask, d, a = a, b = b => a * b),
            Op::FmaF32 { d, a, b, c } => float32!(warp, mask, d, a = a, b = b, c = c => a.mul_add(b, c)),
            Op::MinF32 { d, a, b } => float32!(warp, mask, d, a = a, b = b => minimum(a, b)),
            Op::MaxF32 { d, a, b } => float32!(warp, mask, d, a = a, b = b => maximum(a, b)),
            Op::NegF32 { d, a } => lanes32!(warp, mask, d, a = r32[a] => a ^ 0x8000_0000),
            Op::Add64 { d, a, b } => lanes64!(warp, mask, d, a = r64[a], b = r64[b] => a.wrapping_add(b)),
            Op::Sub64 { d, a, b } => lanes64!(warp, mask, d, a = r64[a], b = r64[b] => a.wrapping_sub(b)),
            Op::Shl64 { d, a, b } => {
                lanes64!(warp, mask, d, a = r64[a], b = r32[b] => if b > 63 { 0 } else { a << (b & 63) });
            }
            Op::MulWideS { d, a, b } => {
                lanes64!(warp, mask, d, a = r32[a], b = r32[b] => (i64::from(a as i32) * i64::from(b as i32)) as u64);
            }
            Op::MulWideU { d, a, b } => lanes64!(warp, mask, d, a = r32[a], b = r32[b] => u64::from(a) * u64::from(b)),
            Op::MadWideS { d, a, b, c } => {
                lanes64!(warp, mask, d, a = r32[a], b = r32[b], c = r64[c] =>
                    ((i64::from(a as i32) * i64::from(b as i32)) as u64).wrapping_add(c));
            }
            Op::MadWideU { d, a, b, c } => {
                lanes64!(warp, mask, d, a = r32[a], b = r32[b], c = r64[c] => (u64::from(a) * u64::from(b)).wrapping_add(c));
            }
            Op::SignExtend { d, a } => lanes64!(warp, mask, d, a = r32[a] => i64::from(a as i32) as u64),
            Op::ZeroExtend { d, a } => lanes64!(warp, mask, d, a = r32[a] => u64::from(a)),
            Op::Truncate { d, a } => lanes32!(warp, mask, d, a = r64[a] => a as u32),
            Op::Select32 { d, a, b, p } => {
                let p = warp.p[p as usize];
                let (a, b) = (warp.r32[a as usize], warp.r32[b as usize]);
                let d = &mut warp.r32[d as usize];
                for lane in 0..32 {
                    let value = if p >> lane & 1 == 1 { a[lane] } else { b[lane] };
                    d[lane] = if mask >> lane & 1 == 1 { value } else { d[lane] };
                }
            }
            Op::Select64 { d, a, b, p } => {
                let p = warp.p[p as usize];
                let (a, b) = (warp.r64[a as usize], warp.r64[b as usize]);
                let d = &mut warp.r64[d as usize];
                for lane in 0..32 {
                    let value = if p >> lane & 1 == 1 { a[lane] } else { b[lane] };
                    d[lane] = if mask >> lane & 1 == 1 { value } else { d[lane] };
                }
            }
            Op::SetS32 { cmp, d, a, b } => compare!(warp, mask, cmp, d, r32, a, b, |x| x as i32),
            Op::SetU32 { cmp, d, a, b } => compare!(warp, mask, cmp, d, r32, a, b, |x| x),
            Op::SetS64 { cmp, d, a, b } => compare!(warp, mask, cmp, d, r64, a, b, |x| x as i64),
            Op::SetU64 { cmp, d, a, b } => compare!(warp, mask, cmp, d, r64, a, b, |x| x),
            Op::SetF32 { cmp, d, a, b } => compare!(warp, mask, cmp, d, r32, a, b, |x| f32::from_bits(x)),
            Op::MovP { d, a } => {
                let bits = warp.p[a as usize];
                warp.set_predicate(d, mask, bits);
            }
            Op::NotP { d, a } => {
                let bits = !warp.p[a as usize];
                warp.set_predicate(d, mask, bits);
            }
            Op::AndP { d, a, b } => {
                let bits = warp.p[a as usize] & warp.p[b as usize];
                warp.set_predicate(d, mask, bits);
            }
            Op::OrP { d, a, b } => {
                let bits = warp.p[a as usize] | warp.p[b as usize];
                warp.set_predicate(d, mask, bits);
            }
            Op::XorP { d, a, b } => {
                let bits = warp.p[a as usize] ^ warp.p[b as usize];
                warp.set_predicate(d, mask, bits);
            }
            Op::Load(number) => {
                if !engine.load_words(block, warp, pc as u32, mask, number) {
                    engine.load(block, warp, pc as u32, mask, number);
                }
            }
            Op::Store(number) => {
                if !engine.store_words(block, warp, pc as u32, mask, number) {
                    engine.store(block, warp, pc as u32, mask, number);
                }
            }
            Op::Branch { target, reconverge } => {
                trace(engine, warp, pc, 0.0);
                if mask == top.mask {
                    top.pc = target;
                } else {
                    if engine.count {
                        engine.ops[pc].divergent += 1;
                    }
                    let other = top.mask & !mask;
                    // Where the lanes meet waits below, then the side that does not branch.
                    if reconverge != top.meet {
                        warp.stack.push(Entry { pc: reconverge, meet: top.meet, mask: top.mask });
                    }
                    if top.pc + 1 != reconverge {
                        warp.stack.push(Entry { pc: top.pc + 1, meet: reconverge, mask: other });
                    }
                    top = Entry { pc: target, meet: reconverge, mask };
                }
                continue;
            }
            Op::Barrier(number) => {
                trace(engine, warp, pc, 0.0);
                top.pc += 1;
                engine.check_barrier(block, warp, pc as u32, mask, top.mask);
                break Pause::Barrier(number);
            }
            Op::Call(number) => {
                trace(engine, warp, pc, 0.0);
                engine.call(block, warp, &mut top, mask, number);
                if engine.fatal {
                    break Pause::Done;
                }
                continue;
            }
            Op::Exit => {
                warp.live &= !mask;
                top.mask &= !mask;
                for entry in &mut warp.stack {
                    entry.mask &= !mask;
                }
                if warp.live == 0 {
                    return Pause::Done;
                }
                top.pc += 1;
                continue;
            }
            Op::BranchTable { index, table, reconverge } => {
                trace(engine, warp, pc, 0.0);
                let index = warp.r32[index as usize];
                let targets = &kernel.tables[table as usize];
                let rest = top.mask & !mask;
                warp.stack.push(Entry { pc: reconverge, meet: top.meet, mask: top.mask });
                if rest != 0 {
                    warp.stack.push(Entry { pc: top.pc + 1, meet: reconverge, mask: rest });
                }
                let mut ways = 0;
                for (n, target) in targets.iter().enumerate() {
                    let here = (0..32).filter(|lane| mask >> lane & 1 == 1 && index[*lane as usize] as usize == n);
                    let here: u32 = here.fold(0, |m, lane| m | 1 << lane);
                    if here != 0 {
                        ways += 1;
                        warp.stack.push(Entry { pc: *target, meet: reconverge, mask: here });
                    }
                }
                if engine.count && ways + u32::from(rest != 0) > 1 {
                    engine.ops[pc].divergent += 1;
                }
                match warp.stack.pop() {
                    Some(entry) => top = entry,
                    None => break Pause::Done,
                }
                continue;
            }
            other => {
                engine.uncommon(block, warp, pc as u32, mask, other);
                if engine.fatal {
                    break Pause::Done;
                }
            }
        }
        if warp.trace.is_some() {
            trace(engine, warp, pc, engine.last_latency);
        }
        top.pc += 1;
    };
    warp.stack.push(top);
    pause
}

/// Follows the dependencies of an instruction that was just executed. `memory` is the latency of its access, if it had one.
#[inline(never)]
fn trace(engine: &Engine<'_>, warp: &mut Warp, pc: usize, memory: f64) {
    let Some(trace) = &mut warp.trace else { return };
    let (reads, writes) = &engine.kernel.operands[pc];
    let l = &engine.latencies;
    let latency = match engine.kernel.info[pc].class {
        Class::GlobalLoad
        | Class::GlobalAtomic
        | Class::LocalLoad
        | Class::SharedLoad
        | Class::SharedAtomic
        | Class::AsyncCopy => memory.max(l.alu),
        Class::ConstantLoad | Class::WarpWide => l.shared,
        Class::Special | Class::Convert => 4.0 * l.alu,
        Class::Divide | Class::IntDivide => 12.0 * l.alu,
        Class::Tensor => 8.0 * l.alu,
        Class::Fp64 | Class::Int64 => 2.0 * l.alu,
        Class::Barrier => l.shared / 2.0,
        Class::Move => 1.0,
        _ => l.alu,
    };
    let slot = |reg: &Reg| (reg.file as usize, reg.index as usize);
    let ready = reads.iter().map(|r| trace.ready[slot(r).0][slot(r).1]).fold(trace.clock, f64::max);
    trace.clock = ready + 1.0;
    let done = ready + latency;
    for w in writes {
        let (file, index) = slot(w);
        if index != 0 {
            trace.ready[file][index] = done;
        }
    }
    trace.end = trace.end.max(done);
    if engine.kernel.info[pc].class == Class::Barrier {
        trace.clock = done;
    }
}

impl Trace {
    /// All wait until `clock`.
    pub fn wait_until(&mut self, clock: f64) {
        self.clock = self.clock.max(clock);
    }
}

impl Engine<'_> {
    /// Everything that is not worth a place in the loop.
    #[inline(never)]
    fn uncommon(&mut self, block: &mut Block, warp: &mut Warp, pc: u32, mask: u32, op: Op) {
        self.last_latency = 0.0;
        match op {
            Op::Scalar { f, d, a, b, c, e } => {
                let (a, b, c, e) = (warp.read(a), warp.read(b), warp.read(c), warp.read(e));
                let mut values = [0; 32];
                for lane in 0..32 {
                    if mask >> lane & 1 == 1 {
                        values[lane] = f([a[lane], b[lane], c[lane], e[lane]]);
                    }
                }
                warp.write(d, mask, &values);
            }
            Op::SetAny { f, d, a, b } => {
                let found = holding(warp, mask, f, a, b);
                warp.set_predicate(d, mask, found);
            }
            Op::SetNumber { f, d, a, b, yes } => {
                let found = holding(warp, mask, f, a, b);
                let yes = warp.r32[yes as usize];
                let values = std::array::from_fn(|lane| if found >> lane & 1 == 1 { u64::from(yes[lane]) } else { 0 });
                warp.write(Reg { file: File::R32, index: d }, mask, &values);
            }
            Op::Compare(number) => {
                let c = self.kernel.comparisons[number as usize];
                let found = holding(warp, mask, c.f, c.a, c.b);
                let (first, second) = match c.with {
                    None => (found, !found),
                    Some((how, p, negate)) => {
                        let p = if negate { !warp.p[p as usize] } else { warp.p[p as usize] };
                        match how {
                            Combine::And => (found & p, !found & p),
                            Combine::Or => (found | p, !found | p),
                            Combine::Xor => (found ^ p, !found ^ p),
                        }
                    }
                };
                warp.set_predicate(c.d, mask, first);
                warp.set_predicate(c.q, mask, second);
            }
            Op::Pack(number) => {
                let pack = &self.kernel.packs[number as usize];
                let mut values = [0u64; 32];
                for (n, part) in pack.parts.iter().enumerate() {
                    let Some(part) = part else { continue };
                    let part = warp.read(*part);
                    let limit = u64::MAX >> (64 - pack.bits);
                    for lane in 0..32 {
                        values[lane] |= (part[lane] & limit) << (pack.bits * n as u32);
                    }
                }
                warp.write(pack.wide, mask, &values);
            }
            Op::Unpack(number) => {
                let pack = &self.kernel.packs[number as usize];
                let wide = warp.read(pack.wide);
                let limit = u64::MAX >> (64 - pack.bits);
                for (n, part) in pack.parts.iter().enumerate() {
                    if let Some(part) = part {
                        warp.write(*part, mask, &wide.map(|w| (w >> (pack.bits * n as u32)) & limit));
                    }
                }
            }
            Op::Atomic(number) => self.atomic(block, warp, pc, mask, number),
            Op::LocalBase { d, offset } => {
                let base = u64::from(warp.frames.last().map_or(0, |f| f.local) + offset);
                warp.write(d, mask, &[base; 32]);
            }
            Op::Printf(number) => self.printf(warp, mask, number),
            Op::AssertFailed => self.trap(block, warp, pc, mask, "an assertion failed"),
            Op::Trap => self.trap(block, warp, pc, mask, "trap"),
            Op::Clock { d } => warp.write(d, mask, &[self.now; 32]),
            Op::Fence => {
                warp.fenced = true;
            }
            Op::Nothing | Op::End => {}
            other => self.collective(block, warp, pc, mask, other),
        }
    }

    fn trap(&mut self, block: &Block, warp: &Warp, pc: u32, mask: u32, what: &str) {
        let thread = self.thread_of(warp.index, mask.trailing_zeros());
        self.fault(FaultKind::Trap, pc, None, block.id, thread, String::new(), what.to_string());
    }

    /// Begins a call: arguments are copied, and lanes go on in the function.
    #[inline(never)]
    fn call(&mut self, block: &Block, warp: &mut Warp, top: &mut Entry, mask: u32, number: u32) {
        let kernel = self.kernel;
        let call = &kernel.calls[number as usize];
        let function = &kernel.functions[call.function];
        let (caller, local) = warp.frames.last().map_or((0, 0), |f| (f.function, f.local));
        let local = local + kernel.functions[caller].local_bytes;
        if warp.frames.len() >= MAX_FRAMES || local + function.local_bytes > warp.local_bytes {
            let thread = self.thread_of(warp.index, mask.trailing_zeros());
            let message = format!("calls too deep: {} activations", warp.frames.len());
            self.fault(FaultKind::StackOverflow, top.pc, None, block.id, thread, "local".into(), message);
            return;
        }
        let active = warp.frames.iter().any(|f| f.function == call.function);
        let saved = active.then(|| {
            let [p, r32, r64] = function.registers.map(|(from, to)| from as usize..to as usize);
            Box::new(Saved {
                p: warp.p[p].to_vec(),
                r32: warp.r32[r32].to_vec(),
                r64: warp.r64[r64].to_vec(),
                calls: warp.calls.clone(),
            })
        });
        copy_params(warp, kernel.call_bytes, mask, &call.arguments);
        // Lanes that the guard keeps out wait behind the call with the others.
        warp.stack.push(Entry { pc: top.pc + 1, meet: top.meet, mask: top.mask });
        warp.frames.push(Frame { base: warp.stack.len(), call: number, function: call.function, local, saved });
        *top = Entry { pc: function.start, meet: function.end, mask };
    }

    /// Ends the running activation. False if it was the kernel's.
    #[inline(never)]
    fn return_from(&mut self, warp: &mut Warp, top: &mut Entry) -> bool {
        if warp.frames.len() <= 1 {
            return false;
        }
        let Some(frame) = warp.frames.pop() else { return false };
        let kernel = self.kernel;
        let call = &kernel.calls[frame.call as usize];
        let mask = top.mask;
        if let Some(saved) = frame.saved {
            let results: Vec<(u32, u32, Vec<u8>)> = call
                .results
                .iter()
                .map(|(from, to, bytes)| (*to, *bytes, gather(&warp.calls, kernel.call_bytes, *from, *bytes)))
                .collect();
            let [p, r32, r64] = kernel.functions[frame.function].registers.map(|(from, to)| from as usize..to as usize);
            warp.p[p].copy_from_slice(&saved.p);
            warp.r32[r32].copy_from_slice(&saved.r32);
            warp.r64[r64].copy_from_slice(&saved.r64);
            warp.calls = saved.calls;
            for (to, bytes, values) in results {
                for lane in 0..32usize {
                    if mask >> lane & 1 == 1 {
                        let at = lane * kernel.call_bytes as usize + to as usize;
                        let from = lane * bytes as usize;
                        warp.calls[at..at + bytes as usize].copy_from_slice(&values[from..from + bytes as usize]);
                    }
                }
            }
        } else {
            copy_params(warp, kernel.call_bytes, mask, &call.results);
        }
        match warp.stack.pop() {
            Some(below) => {
                *top = below;
                top.mask &= warp.live;
                true
            }
            None => false,
        }
    }

    fn printf(&mut self, warp: &mut Warp, mask: u32, number: u32) {
        let call = &self.kernel.calls[number as usize];
        let at = |n: usize| call.arguments.get(n).map_or(0, |(from, _, _)| *from as usize);
        let to = call.results.first().map_or(u32::MAX, |r| r.1);
        let stride = self.kernel.call_bytes as usize;
        for lane in 0..32usize {
            if mask >> lane & 1 == 0 {
                continue;
            }
            let pointer = |offset: usize| {
                let at = lane * stride + offset;
                warp.calls.get(at..at + 8).map_or(0, |b| b.iter().rev().fold(0u64, |v, x| v << 8 | u64::from(*x)))
            };
            let (format, arguments) = (pointer(at(0)), pointer(at(1)));
            if self.printed.len() < super::MAX_PRINTED {
                let text = self.formatted(warp, lane, format, arguments);
                self.printed.push_str(&text);
            }
            if to != u32::MAX {
                let at = lane * stride + to as usize;
                warp.calls[at..at + 4].copy_from_slice(&1u32.to_le_bytes());
            }
        }
    }

    /// The text that a lane prints; arguments lie in local memory, each at a multiple of its size.
    fn formatted(&mut self, warp: &Warp, lane: usize, format: u64, arguments: u64) -> String {
        let text = self.text_at(format);
        let mut output = String::new();
        let mut at = (arguments.wrapping_sub(crate::memory::LOCAL_WINDOW)) as usize;
        let local = |at: usize, bytes: usize| {
            let start = lane * warp.local_bytes as usize + at;
            let inside = at + bytes <= warp.local_bytes as usize;
            let given = if inside { warp.local.get(start..start + bytes) } else { None };
            given.map_or(0, |b| b.iter().rev().fold(0u64, |v, x| v << 8 | u64::from(*x)))
        };
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            if c != '%' {
                output.push(c);
                continue;
            }
            let mut spec = String::new();
            let conversion = loop {
                match chars.next() {
                    Some(
                        c @ ('d' | 'i' | 'u' | 'x' | 'X' | 'c' | 's' | 'f' | 'e' | 'g' | 'p' | 'o' | 'F' | 'E' | 'G'
                        | '%'),
                    ) => break c,
                    Some(c) => spec.push(c),
                    None => return output,
                }
            };
            let wide = spec.contains("ll")
                || spec.ends_with('l')
                || spec.ends_with('z')
                || matches!(conversion, 'f' | 'e' | 'g' | 'F' | 'E' | 'G' | 'p' | 's');
            let bytes = if wide { 8 } else { 4 };
            if conversion == '%' {
                output.push('%');
                continue;
            }
            at = at.next_multiple_of(bytes);
            let value = local(at, bytes);
            at += bytes;
            let precision = spec.split_once('.').and_then(|(_, p)| p.trim_end_matches('l').parse::<usize>().ok());
            output.push_str(&match conversion {
                'd' | 'i' if wide => (value as i64).to_string(),
                'd' | 'i' => (value as i32).to_string(),
                'u' => value.to_string(),
                'x' => format!("{value:x}"),
                'X' => format!("{value:X}"),
                'o' => format!("{value:o}"),
                'c' => char::from(value as u8).to_string(),
                'p' => format!("{value:#x}"),
                's' => self.text_at(value),
                'e' | 'E' => format!("{:.*e}", precision.unwrap_or(6).min(64), f64::from_bits(value)),
                _ => format!("{:.*}", precision.unwrap_or(6).min(64), f64::from_bits(value)),
            });
        }
        output
    }

    fn text_at(&self, address: u64) -> String {
        let mut hint = 0;
        let Some(number) = self.memory.find(address, 1, &mut hint) else { return String::new() };
        let buffer = self.memory.buffer(number);
        let from = (address - buffer.base) as usize;
        let bytes: Vec<u8> = buffer.data()[from..].iter().copied().take_while(|b| *b != 0).take(4096).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Lanes in which a comparison holds.
fn holding(warp: &Warp, mask: u32, f: crate::program::Scalar, a: Reg, b: Reg) -> u32 {
    let (a, b) = (warp.read(a), warp.read(b));
    (0..32)
        .filter(|lane| mask >> lane & 1 == 1 && f([a[*lane], b[*lane], 0, 0]) != 0)
        .fold(0, |bits, lane| bits | 1 << lane)
}

fn gather(memory: &[u8], stride: u32, from: u32, bytes: u32) -> Vec<u8> {
    let mut values = Vec::with_capacity(32 * bytes as usize);
    for lane in 0..32usize {
        let at = lane * stride as usize + from as usize;
        values.extend_from_slice(&memory[at..at + bytes as usize]);
    }
    values
}

fn copy_params(warp: &mut Warp, stride: u32, mask: u32, copies: &[(u32, u32, u32)]) {
    for (from, to, bytes) in copies {
        for lane in 0..32usize {
            if mask >> lane & 1 == 1 {
                let at = lane * stride as usize;
                let start = at + *from as usize;
                warp.calls.copy_within(start..start + *bytes as usize, at + *to as usize);
            }
        }
    }
}
