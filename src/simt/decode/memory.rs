//! Loads, stores, atomics and asynchronous copies.

use half::{bf16, f16};

use super::Decoded;
use super::build::{Builder, Made, operand};
use crate::counters::Class;
use crate::lanes::{Float, Lane, flush};
use crate::program::{Access, Atomic, Caching, Copy, File, Fill, Op, Reg, Update};
use crate::ptx::{Instruction, Operand, Space, Type};

fn space_of(i: &Instruction) -> Space {
    for m in &i.modifiers {
        match m.as_str() {
            "global" => return Space::Global,
            "shared" | "shared::cta" => return Space::Shared,
            "local" => return Space::Local,
            "const" => return Space::Const,
            "param" | "param::entry" | "param::func" => return Space::Param,
            _ => {}
        }
    }
    Space::Generic
}

impl Builder<'_> {
    pub(super) fn memory(&mut self, i: &Instruction) -> Decoded<Made> {
        match i.opcode.as_str() {
            "ld" | "ldu" => self.load_or_store(i, true),
            "st" => self.load_or_store(i, false),
            "cp" => self.copy_async(i),
            _ => self.atomic(i),
        }
    }

    /// Register and offset of an address operand.
    pub(super) fn address(&mut self, operand: &Operand, space: Space) -> Decoded<(Reg, i64)> {
        let Operand::Address(base, offset) = operand else {
            return self.unsupported(format!("operand {operand:?} as an address"));
        };
        match base.as_deref() {
            None => Ok((Reg::ZERO, *offset)),
            Some(Operand::Register(_)) => {
                let reg = self.register(base.as_deref().unwrap_or(&Operand::Sink))?;
                if reg.file == File::P {
                    return self.unsupported("a predicate as an address");
                }
                Ok((reg, *offset))
            }
            Some(Operand::Name(name)) => {
                if space == Space::Shared
                    && let Some((at, dynamic)) = self.shared_address(name)
                {
                    let fill = if dynamic { Fill::DynamicShared(0) } else { Fill::Value(u64::from(at)) };
                    return Ok((self.filled(fill, File::R32)?, *offset));
                }
                match self.variable(name) {
                    Some(number) => Ok((self.filled(Fill::Variable(number, 0), File::R64)?, *offset)),
                    None => self.unsupported(format!("address {name}")),
                }
            }
            Some(other) => self.unsupported(format!("operand {other:?} as an address")),
        }
    }

    fn load_or_store(&mut self, i: &Instruction, load: bool) -> Decoded<Made> {
        let space = space_of(i);
        let Some(ty) = i.modifiers.iter().rev().find_map(|m| Type::parse(m)) else { return self.unsupported(i.name()) };
        if ty == Type::B128 || i.has("shared::cluster") || i.has("mmio") || i.has("v8") {
            return self.unsupported(i.name());
        }
        let (value, place) = if load { (0, 1) } else { (1, 0) };
        let values = match operand(self, i, value)? {
            Operand::Vector(list) => list.clone(),
            single => vec![single.clone()],
        };
        let mut registers = Vec::new();
        let mut register_bits = 32;
        for v in &values {
            let reg = if load {
                let declared = self.declared(v).unwrap_or(ty);
                register_bits = 8 * declared.bytes().max(ty.bytes());
                if declared.bytes() < ty.bytes() { self.unsupported(i.name())? } else { self.register(v)? }
            } else {
                // A register may be wider than what is stored of it.
                match self.declared(v) {
                    Some(_) => self.register(v)?,
                    None => self.source(v, ty)?,
                }
            };
            if reg.file == File::P {
                return self.unsupported(i.name());
            }
            registers.push(reg);
        }
        let (base, offset, of_call) = self.place(i, place, space)?;
        let past = ["cg", "cv", "volatile", "relaxed", "acquire", "release"].iter().any(|m| i.has(m));
        let synchronising = ["volatile", "relaxed", "acquire", "release", "cv"].iter().any(|m| i.has(m));
        self.note_grain(space, ty.bytes());
        let class = match (space, load) {
            (Space::Param, _) => Class::Move,
            (Space::Const, _) => Class::ConstantLoad,
            (Space::Shared, true) => Class::SharedLoad,
            (Space::Shared, false) => Class::SharedStore,
            (Space::Local, true) => Class::LocalLoad,
            (Space::Local, false) => Class::LocalStore,
            (_, true) => Class::GlobalLoad,
            (_, false) => Class::GlobalStore,
        };
        self.kernel.accesses.push(Access {
            space,
            base,
            offset,
            bytes: ty.bytes(),
            signed: ty.signed(),
            registers: registers.clone(),
            caching: if past { Caching::PastL1 } else { Caching::Normal },
            synchronising,
            of_call,
            register_bits,
        });
        let number = self.kernel.accesses.len() as u32 - 1;
        if load {
            Ok(Made::new(Op::Load(number), class, &[base], &registers))
        } else {
            registers.push(base);
            Ok(Made::new(Op::Store(number), class, &registers, &[]))
        }
    }

    fn place(&mut self, i: &Instruction, n: usize, space: Space) -> Decoded<(Reg, i64, bool)> {
        let address = operand(self, i, n)?.clone();
        if space != Space::Param {
            let (base, offset) = self.address(&address, space)?;
            return Ok((base, offset, false));
        }
        let Operand::Address(Some(base), offset) = &address else { return self.unsupported(i.name()) };
        let Operand::Name(name) = &**base else { return self.unsupported("a parameter whose address is computed") };
        if let Some(at) = self.kernel_param_offset(name) {
            return Ok((Reg::ZERO, i64::from(at) + offset, false));
        }
        match self.call_param_offset(name) {
            Some(at) => Ok((Reg::ZERO, i64::from(at) + offset, true)),
            None => self.unsupported(format!("parameter {name}")),
        }
    }

    fn note_grain(&mut self, space: Space, bytes: u32) {
        if matches!(space, Space::Global | Space::Generic) {
            self.kernel.grain_global = self.kernel.grain_global.min(bytes);
        }
        if matches!(space, Space::Shared | Space::Generic) {
            self.kernel.grain_shared = self.kernel.grain_shared.min(bytes);
        }
    }

    fn atomic(&mut self, i: &Instruction) -> Decoded<Made> {
        let space = space_of(i);
        if !matches!(space, Space::Global | Space::Shared | Space::Generic)
            || i.modifiers.iter().any(|m| m == "v2" || m == "v4" || m == "v8")
        {
            return self.unsupported(i.name());
        }
        let Some(ty) = i.modifiers.iter().rev().find_map(|m| Type::parse(m)) else { return self.unsupported(i.name()) };
        let returns = i.opcode == "atom";
        let operation = i.modifiers.iter().find(|m| {
            matches!(m.as_str(), "add" | "min" | "max" | "exch" | "cas" | "and" | "or" | "xor" | "inc" | "dec")
        });
        let Some(update) = operation.and_then(|o| update(o, ty, space)) else { return self.unsupported(i.name()) };
        let d = match (returns, operand(self, i, 0)?) {
            (false, _) | (true, Operand::Sink) => None,
            (true, o) => Some(self.destination(o, ty)?),
        };
        let first = usize::from(returns);
        let address = operand(self, i, first)?.clone();
        let (base, offset) = self.address(&address, space)?;
        let value = operand(self, i, first + 1)?.clone();
        let b = self.source(&value, ty)?;
        let c = match i.operands.get(first + 2) {
            Some(o) => self.source(o, ty)?,
            None => Reg::ZERO,
        };
        self.note_grain(space, ty.bytes());
        let fence = ["acquire", "release", "acq_rel"].iter().any(|m| i.has(m));
        self.kernel.atomics.push(Atomic { space, base, offset, bytes: ty.bytes(), update, d, b, c, fence });
        let class = if space == Space::Shared { Class::SharedAtomic } else { Class::GlobalAtomic };
        let writes: Vec<Reg> = d.into_iter().collect();
        Ok(Made::new(Op::Atomic(self.kernel.atomics.len() as u32 - 1), class, &[base, b, c], &writes))
    }

    fn copy_async(&mut self, i: &Instruction) -> Decoded<Made> {
        match i.modifiers.get(1).map(String::as_str) {
            _ if i.modifiers.first().map(String::as_str) != Some("async") => self.unsupported(i.name()),
            Some("commit_group") => Ok(Made::new(Op::CommitGroup, Class::AsyncCopy, &[], &[])),
            Some("wait_all") => Ok(Made::new(Op::WaitGroup { keep: 0, open: true }, Class::AsyncCopy, &[], &[])),
            Some("wait_group") => match operand(self, i, 0)? {
                Operand::Integer(n) => {
                    let keep = u32::try_from(*n).unwrap_or(u32::MAX);
                    Ok(Made::new(Op::WaitGroup { keep, open: false }, Class::AsyncCopy, &[], &[]))
                }
                _ => self.unsupported(i.name()),
            },
            Some("ca" | "cg") => {
                let (to, to_offset) = self.address(&operand(self, i, 0)?.clone(), Space::Shared)?;
                let (from, from_offset) = self.address(&operand(self, i, 1)?.clone(), Space::Global)?;
                let Operand::Integer(bytes) = operand(self, i, 2)? else { return self.unsupported(i.name()) };
                let bytes = *bytes as u32;
                if !matches!(bytes, 4 | 8 | 16) {
                    return self.unsupported(i.name());
                }
                let source_bytes = match i.operands.get(3) {
                    Some(Operand::Integer(n)) if *n as u32 == bytes => None,
                    Some(o) if self.declared(o).is_none_or(|t| t.bytes() == 4) => {
                        Some(self.source(&o.clone(), Type::U32)?)
                    }
                    Some(_) => return self.unsupported(i.name()),
                    None => None,
                };
                let caching = if i.has("cg") { Caching::PastL1 } else { Caching::Normal };
                self.kernel.copies.push(Copy { to, to_offset, from, from_offset, bytes, source_bytes, caching });
                Ok(Made::new(Op::CopyAsync(self.kernel.copies.len() as u32 - 1), Class::AsyncCopy, &[to, from], &[]))
            }
            _ => self.unsupported(i.name()),
        }
    }
}

fn update(operation: &str, ty: Type, space: Space) -> Option<Update> {
    Some(match (operation, ty) {
        ("exch", _) => |_, b, _| b,
        ("cas", _) => |old, b, c| if old == b { c } else { old },
        ("and", _) => |old, b, _| old & b,
        ("or", _) => |old, b, _| old | b,
        ("xor", _) => |old, b, _| old ^ b,
        ("add", Type::U32 | Type::S32) => |old, b, _| u64::from((old as u32).wrapping_add(b as u32)),
        ("add", Type::U64 | Type::S64) => |old, b, _| old.wrapping_add(b),
        // Global memory adds without subnormals, shared memory with them.
        ("add", Type::F32) if space == Space::Global => {
            |old, b, _| flush(flush(f32::get(old)) + flush(f32::get(b))).put()
        }
        ("add", Type::F32) => |old, b, _| (f32::get(old) + f32::get(b)).put(),
        ("add", Type::F64) => |old, b, _| (f64::get(old) + f64::get(b)).put(),
        ("add", Type::F16) => |old, b, _| half_sum::<f16>(old, b),
        ("add", Type::Bf16) => |old, b, _| half_sum::<bf16>(old, b),
        ("add", Type::F16x2) => |old, b, _| half_sum::<f16>(old, b) | half_sum::<f16>(old >> 16, b >> 16) << 16,
        ("add", Type::Bf16x2) => |old, b, _| half_sum::<bf16>(old, b) | half_sum::<bf16>(old >> 16, b >> 16) << 16,
        ("min", Type::U32) => |old, b, _| old.min(b),
        ("max", Type::U32) => |old, b, _| old.max(b),
        ("min", Type::U64) => |old, b, _| old.min(b),
        ("max", Type::U64) => |old, b, _| old.max(b),
        ("min", Type::S32) => |old, b, _| (old as i32).min(b as i32).put(),
        ("max", Type::S32) => |old, b, _| (old as i32).max(b as i32).put(),
        ("min", Type::S64) => |old, b, _| (old as i64).min(b as i64).put(),
        ("max", Type::S64) => |old, b, _| (old as i64).max(b as i64).put(),
        ("inc", Type::U32) => |old, b, _| if old >= b { 0 } else { old + 1 },
        ("dec", Type::U32) => |old, b, _| if old == 0 || old > b { b } else { old - 1 },
        _ => return None,
    })
}

fn half_sum<T: Float>(a: u64, b: u64) -> u64 {
    T::nearest(T::get(a & 0xffff).wide() + T::get(b & 0xffff).wide()).put()
}
