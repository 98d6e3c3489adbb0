//! Builds a kernel: registers, constants, control flow, calls, and everything that is not memory or matrices.

use std::collections::HashMap;

use super::Decoded;
use super::arithmetic::{self, Operation};
use crate::counters::{Class, OpInfo};
use crate::flow::post_dominators;
use crate::program::{
    Barrier, Call, Cmp, Combine, Comparison, File, Fill, Function, Inst, Kernel, ModuleVariable, Op, Pack, Param,
    Redux, Reg, Scalar, Shuffle, Unsupported, Vote,
};
use crate::ptx::{self, Body, Instruction, Module, Operand, Space, Type};

/// A kernel being built.
pub(super) struct Builder<'a> {
    module: &'a Module,
    variables: &'a [ModuleVariable],
    pub kernel: Kernel,
    /// Registers that already stand for a value.
    fills: Vec<(Fill, File, Reg)>,
    /// Module function numbers in the order of [`Kernel::functions`].
    functions: Vec<usize>,
    /// Shared variables: name to offset. Those of a function are prefixed with its number.
    shared: HashMap<String, u32>,
    shared_end: u32,
    dynamic_shared: Vec<String>,
    /// Parameter memory: `(function, name)` to offset.
    call_params: HashMap<(usize, String), u32>,
    pub current: Current,
}

/// The function being decoded.
#[derive(Default)]
pub(super) struct Current {
    number: usize,
    registers: Vec<Reg>,
    types: Vec<Type>,
    locals: HashMap<String, u32>,
    local_bytes: u32,
    entry: bool,
    pub line: u32,
}

/// What an instruction became.
pub(super) struct Made {
    pub op: Op,
    pub class: Class,
    pub reads: Vec<Reg>,
    pub writes: Vec<Reg>,
}

impl Made {
    pub fn new(op: Op, class: Class, reads: &[Reg], writes: &[Reg]) -> Self {
        Self { op, class, reads: reads.to_vec(), writes: writes.to_vec() }
    }
}

/// Decodes kernel number `number` of the module.
pub(super) fn kernel(module: &Module, number: usize, variables: &[ModuleVariable]) -> Decoded<Kernel> {
    let mut builder = Builder {
        module,
        variables,
        kernel: Kernel { registers: [1, 1, 1], grain_global: 4, grain_shared: 4, ..Kernel::default() },
        fills: Vec::new(),
        functions: vec![number],
        shared: HashMap::new(),
        shared_end: 0,
        dynamic_shared: Vec::new(),
        call_params: HashMap::new(),
        current: Current::default(),
    };
    builder.kernel.name = module.functions[number].name.clone();
    builder.kernel.fills.push((Reg::ALWAYS, Fill::Value(u64::MAX)));
    builder.kernel_params();
    for variable in &module.variables {
        builder.shared_variable(variable, None)?;
    }
    let mut next = 0;
    while next < builder.functions.len() {
        builder.function(next)?;
        next += 1;
    }
    builder.kernel.shared_bytes = builder.shared_end;
    Ok(builder.kernel)
}

impl<'a> Builder<'a> {
    pub fn unsupported<T>(&self, what: impl Into<String>) -> Decoded<T> {
        Err(Unsupported { what: what.into(), line: self.current.line })
    }

    fn kernel_params(&mut self) {
        let mut offset = 0u32;
        for p in &self.module.functions[self.functions[0]].params {
            offset = offset.next_multiple_of(p.align.max(1));
            let bytes = u32::try_from(p.bytes).unwrap_or(u32::MAX);
            self.kernel.params.push(Param { offset, bytes, float: p.element.float(), aggregate: p.array });
            offset = offset.saturating_add(bytes);
        }
        self.kernel.param_bytes = offset;
    }

    /// `owner` is the function that declares it; None: the module.
    fn shared_variable(&mut self, v: &ptx::Variable, owner: Option<usize>) -> Decoded<()> {
        if v.space != Space::Shared {
            return Ok(());
        }
        let name = owner.map_or(v.name.clone(), |f| format!("{f}:{}", v.name));
        if v.bytes == 0 || v.external {
            self.dynamic_shared.push(name);
            return Ok(());
        }
        // Module variables that this kernel does not name take no room; whether it does is known only later, so all take it.
        let offset = self.shared_end.next_multiple_of(v.align.max(1));
        self.shared.insert(name, offset);
        self.shared_end = match u32::try_from(v.bytes).ok().and_then(|b| offset.checked_add(b)) {
            Some(end) if end <= 1 << 20 => end,
            _ => return self.unsupported(format!("{} bytes of static shared memory", v.bytes)),
        };
        Ok(())
    }

    pub fn new_register(&mut self, file: File) -> Decoded<Reg> {
        let slot = &mut self.kernel.registers[file as usize];
        let index = *slot;
        match index.checked_add(1) {
            Some(next) => *slot = next,
            None => return self.unsupported("more than 65535 registers of one kind"),
        }
        Ok(Reg { file, index })
    }

    /// A register that holds a value from the start.
    pub fn filled(&mut self, fill: Fill, file: File) -> Decoded<Reg> {
        if fill == Fill::Value(0) && file != File::P {
            return Ok(Reg { file, index: 0 });
        }
        if let Some((_, _, reg)) = self.fills.iter().find(|(f, r, _)| *f == fill && *r == file) {
            return Ok(*reg);
        }
        let reg = self.new_register(file)?;
        self.fills.push((fill, file, reg));
        self.kernel.fills.push((reg, fill));
        Ok(reg)
    }

    fn file_of(ty: Type) -> File {
        match ty.bytes() {
            0 => File::P,
            8 => File::R64,
            _ => File::R32,
        }
    }

    fn function(&mut self, number: usize) -> Decoded<()> {
        let source = &self.module.functions[self.functions[number]];
        let Some(body) = &source.body else {
            return self.unsupported(format!("call of {}, which has no body", source.name));
        };
        let before = self.kernel.registers;
        self.current = Current { number, entry: number == 0, types: body.registers.clone(), ..Current::default() };
        for ty in &body.registers {
            if *ty == Type::B128 {
                return self.unsupported("128-bit registers");
            }
            let reg = self.new_register(Self::file_of(*ty))?;
            self.current.registers.push(reg);
        }
        let own = self.kernel.registers;
        if number != 0 {
            for p in source.params.iter().chain(&source.returns) {
                self.call_param(number, p);
            }
        }
        for v in &body.variables {
            match v.space {
                Space::Shared => self.shared_variable(v, Some(number))?,
                Space::Local => {
                    let at = self.current.local_bytes.next_multiple_of(v.align.max(1));
                    self.current.locals.insert(v.name.clone(), at);
                    self.current.local_bytes = match u32::try_from(v.bytes).ok().and_then(|b| at.checked_add(b)) {
                        Some(end) if end <= 1 << 20 => end,
                        _ => return self.unsupported(format!("{} bytes of local memory", v.bytes)),
                    };
                }
                Space::Param => self.call_param(number, v),
                _ => return self.unsupported(format!("variable {} inside a function", v.name)),
            }
        }
        let start = self.kernel.code.len() as u32;
        let end = start + body.code.len() as u32;
        self.kernel.functions.push(Function {
            name: source.name.clone(),
            start,
            end,
            local_bytes: self.current.local_bytes.next_multiple_of(16),
            registers: [(before[0], own[0]), (before[1], own[1]), (before[2], own[2])],
        });
        let meet = reconvergence(body);
        let labels: HashMap<&str, u32> = body.labels.iter().map(|(l, at)| (l.as_str(), start + *at as u32)).collect();
        for (at, i) in body.code.iter().enumerate() {
            self.current.line = i.line;
            let reconverge = start + meet[at] as u32;
            let made = self.instruction(i, body, &labels, end, reconverge)?;
            let (guard, negate) = match i.guard {
                Some((register, negated)) => (self.current.registers[register as usize], negated),
                None => (Reg::ALWAYS, false),
            };
            if guard.file != File::P {
                return self.unsupported("a guard that is no predicate");
            }
            self.kernel.code.push(Inst { op: made.op, guard: guard.index, negate: if negate { u32::MAX } else { 0 } });
            self.kernel.info.push(OpInfo { opcode: i.name(), class: made.class, line: i.line });
            let mut reads = made.reads;
            if i.guard.is_some() {
                reads.push(guard);
            }
            self.kernel.operands.push((reads, made.writes));
        }
        self.kernel.code.push(Inst { op: Op::End, guard: 0, negate: 0 });
        self.kernel.info.push(OpInfo { opcode: "end".into(), class: Class::Move, line: 0 });
        self.kernel.operands.push((Vec::new(), Vec::new()));
        Ok(())
    }

    /// Gives a parameter variable of a function its place, once.
    fn call_param(&mut self, function: usize, v: &ptx::Variable) {
        let key = (function, v.name.clone());
        if self.call_params.contains_key(&key) {
            return;
        }
        let at = self.kernel.call_bytes.next_multiple_of(v.align.clamp(1, 16));
        self.call_params.insert(key, at);
        self.kernel.call_bytes = at.saturating_add(u32::try_from(v.bytes.max(1)).unwrap_or(1 << 16).min(1 << 16));
    }

    /// Offset of a parameter variable of the current function in the parameter memory.
    pub fn call_param_offset(&self, name: &str) -> Option<u32> {
        self.call_params.get(&(self.current.number, name.to_string())).copied()
    }

    /// Offset of a parameter of the kernel, if the kernel itself is being decoded.
    pub fn kernel_param_offset(&self, name: &str) -> Option<u32> {
        if !self.current.entry {
            return None;
        }
        let params = &self.module.functions[self.functions[0]].params;
        params.iter().position(|p| p.name == name).map(|n| self.kernel.params[n].offset)
    }

    /// Address of a shared variable: offset, and true if it begins where static shared memory ends.
    pub fn shared_address(&self, name: &str) -> Option<(u32, bool)> {
        let own = format!("{}:{name}", self.current.number);
        for key in [own.as_str(), name] {
            if let Some(offset) = self.shared.get(key) {
                return Some((*offset, false));
            }
            if self.dynamic_shared.iter().any(|n| n == key) {
                return Some((0, true));
            }
        }
        None
    }

    pub fn local_offset(&self, name: &str) -> Option<u32> {
        self.current.locals.get(name).copied()
    }

    pub fn variable(&self, name: &str) -> Option<usize> {
        self.variables.iter().position(|v| v.name == name)
    }

    /// The declared type of a register operand.
    pub fn declared(&self, operand: &Operand) -> Option<Type> {
        match operand {
            Operand::Register(n) => self.current.types.get(*n as usize).copied(),
            _ => None,
        }
    }

    pub fn register(&self, operand: &Operand) -> Decoded<Reg> {
        match operand {
            Operand::Register(n) => Ok(self.current.registers[*n as usize]),
            other => self.unsupported(format!("operand {other:?} where a register belongs")),
        }
    }

    /// A register that is written, of the given size.
    pub fn destination(&self, operand: &Operand, ty: Type) -> Decoded<Reg> {
        let reg = self.register(operand)?;
        if reg.file != Self::file_of(ty) {
            return self.unsupported(format!("a destination of another size than {ty:?}"));
        }
        Ok(reg)
    }

    /// A predicate that is read.
    pub fn predicate(&mut self, operand: &Operand) -> Decoded<(Reg, bool)> {
        match operand {
            Operand::Register(n) | Operand::Not(n) => {
                let reg = self.current.registers[*n as usize];
                if reg.file != File::P {
                    return self.unsupported("a register where a predicate belongs");
                }
                Ok((reg, matches!(operand, Operand::Not(_))))
            }
            Operand::Integer(value) => Ok((Reg::ALWAYS, *value == 0)),
            other => self.unsupported(format!("operand {other:?} where a predicate belongs")),
        }
    }

    /// A value that is read, as a register of the size of `ty`.
    pub fn source(&mut self, operand: &Operand, ty: Type) -> Decoded<Reg> {
        let file = Self::file_of(ty);
        let mask = match ty.bytes() {
            1 => 0xff,
            2 => 0xffff,
            4 => 0xffff_ffff,
            _ => u64::MAX,
        };
        match operand {
            Operand::Register(n) => {
                let reg = self.current.registers[*n as usize];
                if reg.file != file {
                    return self.unsupported(format!("an operand of another size than {ty:?}"));
                }
                Ok(reg)
            }
            Operand::Integer(value) => self.filled(Fill::Value(*value as u64 & mask), file),
            Operand::F32(bits) if ty.bytes() == 4 => self.filled(Fill::Value(u64::from(*bits)), file),
            Operand::F32(bits) if ty == Type::F64 => {
                self.filled(Fill::Value(f64::from(f32::from_bits(*bits)).to_bits()), file)
            }
            Operand::F64(bits) if ty.bytes() == 8 => self.filled(Fill::Value(*bits), file),
            Operand::F64(bits) if ty == Type::F32 => {
                self.filled(Fill::Value(u64::from((f64::from_bits(*bits) as f32).to_bits())), file)
            }
            Operand::Name(name) => {
                let name = name.clone();
                self.named(&name, 0, ty)
            }
            Operand::Address(Some(base), offset) => match &**base {
                Operand::Name(name) => {
                    let name = name.clone();
                    self.named(&name, *offset, ty)
                }
                _ => self.unsupported(format!("operand {operand:?}")),
            },
            other => self.unsupported(format!("operand {other:?}")),
        }
    }

    /// A special register or the address of a variable.
    fn named(&mut self, name: &str, offset: i64, ty: Type) -> Decoded<Reg> {
        let file = Self::file_of(ty);
        let axis = match name.rsplit('.').next() {
            Some("y") => 1,
            Some("z") => 2,
            _ => 0,
        };
        let fill = match name {
            "%tid.x" | "%tid.y" | "%tid.z" => Fill::Tid(axis),
            "%ntid.x" | "%ntid.y" | "%ntid.z" => Fill::Ntid(axis),
            "%ctaid.x" | "%ctaid.y" | "%ctaid.z" => Fill::Ctaid(axis),
            "%nctaid.x" | "%nctaid.y" | "%nctaid.z" => Fill::Nctaid(axis),
            "%laneid" => Fill::LaneId,
            "%warpid" => Fill::WarpId,
            "%nwarpid" => Fill::NWarpId,
            "%smid" => Fill::SmId,
            "%nsmid" => Fill::NSmId,
            "%gridid" => Fill::GridId,
            "%lanemask_eq" => Fill::LaneMask(Cmp::Eq),
            "%lanemask_lt" => Fill::LaneMask(Cmp::Lt),
            "%lanemask_le" => Fill::LaneMask(Cmp::Le),
            "%lanemask_gt" => Fill::LaneMask(Cmp::Gt),
            "%lanemask_ge" => Fill::LaneMask(Cmp::Ge),
            "%dynamic_smem_size" => Fill::DynamicSharedBytes,
            "%total_smem_size" => Fill::TotalSharedBytes,
            "WARP_SZ" => Fill::Value(32),
            _ => {
                if let Some((at, dynamic)) = self.shared_address(name) {
                    let value = (i64::from(at) + offset) as u64;
                    let fill = if dynamic { Fill::DynamicShared(offset) } else { Fill::Value(value) };
                    return self.filled(fill, file);
                }
                match self.variable(name) {
                    Some(number) => Fill::Variable(number, offset),
                    None => return self.unsupported(format!("name {name}")),
                }
            }
        };
        self.filled(fill, file)
    }

    fn instruction(
        &mut self,
        i: &Instruction,
        body: &Body,
        labels: &HashMap<&str, u32>,
        end: u32,
        reconverge: u32,
    ) -> Decoded<Made> {
        let opcode = i.opcode.as_str();
        match opcode {
            "bra" => {
                let target = match i.operands.first() {
                    Some(Operand::Name(label)) => labels.get(label.as_str()).copied(),
                    _ => None,
                };
                match target {
                    Some(target) => Ok(Made::new(Op::Branch { target, reconverge }, Class::Control, &[], &[])),
                    None => self.unsupported("a branch to no label"),
                }
            }
            "brx" => self.branch_table(i, body, labels, reconverge),
            "ret" => Ok(Made::new(Op::Branch { target: end, reconverge }, Class::Control, &[], &[])),
            "exit" => Ok(Made::new(Op::Exit, Class::Control, &[], &[])),
            "trap" | "brkpt" => Ok(Made::new(Op::Trap, Class::Control, &[], &[])),
            "call" => self.call(i),
            "mov" => self.mov(i),
            "cvta" => self.cvta(i),
            "isspacep" => self.isspacep(i),
            "setp" => self.setp(i),
            "set" => self.set(i),
            "selp" => self.selp(i),
            "slct" => self.unsupported(i.name()),
            "and" | "or" | "xor" | "not" if i.has("pred") => self.predicates(i),
            "shfl" => self.shfl(i),
            "vote" => self.vote(i),
            "match" => self.match_sync(i),
            "redux" => self.redux(i),
            "activemask" => {
                let d = self.destination(operand(self, i, 0)?, Type::B32)?;
                Ok(Made::new(Op::ActiveMask { d: d.index }, Class::WarpWide, &[], &[d]))
            }
            "bar" | "barrier" => self.barrier(i),
            "membar" | "fence" => Ok(Made::new(Op::Fence, Class::Fence, &[], &[])),
            "nanosleep" | "discard" | "prefetch" | "prefetchu" | "applypriority" | "griddepcontrol" | "pmevent"
            | "createpolicy" => Ok(Made::new(Op::Nothing, Class::Move, &[], &[])),
            "ld" | "ldu" | "st" | "atom" | "red" | "cp" => self.memory(i),
            "wmma" | "mma" | "ldmatrix" | "stmatrix" => self.tensor(i),
            "elect" => self.unsupported(i.name()),
            _ => self.arithmetic(i),
        }
    }

    fn branch_table(
        &mut self,
        i: &Instruction,
        body: &Body,
        labels: &HashMap<&str, u32>,
        reconverge: u32,
    ) -> Decoded<Made> {
        let index = self.source(operand(self, i, 0)?, Type::U32)?;
        let Operand::Name(name) = operand(self, i, 1)? else { return self.unsupported(i.name()) };
        let Some((_, targets)) = body.tables.iter().find(|(n, _)| n == name) else { return self.unsupported(i.name()) };
        let mut table = Vec::new();
        for target in targets {
            match labels.get(target.as_str()) {
                Some(at) => table.push(*at),
                None => return self.unsupported(format!("a branch to no label: {target}")),
            }
        }
        self.kernel.tables.push(table);
        let table = self.kernel.tables.len() as u32 - 1;
        Ok(Made::new(Op::BranchTable { index: index.index, table, reconverge }, Class::Control, &[index], &[]))
    }

    fn call(&mut self, i: &Instruction) -> Decoded<Made> {
        let (returns, name, arguments) = match i.operands.as_slice() {
            [Operand::Group(returns), Operand::Name(name), Operand::Group(arguments), ..] => {
                (returns.as_slice(), name, arguments.as_slice())
            }
            [Operand::Name(name), Operand::Group(arguments), ..] => (&[][..], name, arguments.as_slice()),
            [Operand::Name(name)] => (&[][..], name, &[][..]),
            _ => return self.unsupported("a call through a pointer"),
        };
        let offset = |b: &Self, o: &Operand| match o {
            Operand::Name(name) => b.call_param_offset(name),
            _ => None,
        };
        let given: Option<Vec<u32>> = arguments.iter().map(|o| offset(self, o)).collect();
        let wanted: Option<Vec<u32>> = returns.iter().map(|o| offset(self, o)).collect();
        let (Some(given), Some(wanted)) = (given, wanted) else {
            return self.unsupported("a call with registers as arguments");
        };
        match name.as_str() {
            "vprintf" => {
                let result = wanted.first().copied().unwrap_or(u32::MAX);
                self.kernel.calls.push(Call {
                    function: usize::MAX,
                    arguments: given.iter().map(|g| (*g, 0, 8)).collect(),
                    results: vec![(0, result, 4)],
                });
                let op = Op::Printf(self.kernel.calls.len() as u32 - 1);
                return Ok(Made::new(op, Class::Control, &[], &[]));
            }
            "__assertfail" => return Ok(Made::new(Op::AssertFailed, Class::Control, &[], &[])),
            "malloc" | "free" | "cudaMalloc" => return self.unsupported(format!("{name} on the device")),
            _ => {}
        }
        let Some(number) = self.module.functions.iter().position(|f| f.name == *name && f.body.is_some()) else {
            return self.unsupported(format!("call of {name}, which has no body"));
        };
        let function = match self.functions.iter().position(|n| *n == number) {
            Some(known) => known,
            None => {
                self.functions.push(number);
                self.functions.len() - 1
            }
        };
        let callee = &self.module.functions[number];
        if callee.params.len() != given.len() || callee.returns.len() < wanted.len() {
            return self.unsupported(format!("a call of {name} with another number of arguments"));
        }
        for v in callee.params.iter().chain(&callee.returns) {
            self.call_param(function, v);
        }
        let place = |b: &Self, name: &str| b.call_params[&(function, name.to_string())];
        let bytes = |v: &ptx::Variable| u32::try_from(v.bytes).unwrap_or(0).min(1 << 16);
        let arguments =
            given.iter().zip(&callee.params).map(|(from, v)| (*from, place(self, &v.name), bytes(v))).collect();
        let results = wanted.iter().zip(&callee.returns).map(|(to, v)| (place(self, &v.name), *to, bytes(v))).collect();
        self.kernel.calls.push(Call { function, arguments, results });
        Ok(Made::new(Op::Call(self.kernel.calls.len() as u32 - 1), Class::Control, &[], &[]))
    }

    fn mov(&mut self, i: &Instruction) -> Decoded<Made> {
        let (to, from) = (operand(self, i, 0)?, operand(self, i, 1)?);
        let Some(ty) = i.modifiers.iter().rev().find_map(|m| Type::parse(m)) else { return self.unsupported(i.name()) };
        match (to, from) {
            (Operand::Vector(parts), whole) => {
                let wide = self.source(whole, ty)?;
                let mut registers = Vec::new();
                for part in parts {
                    registers.push(match part {
                        Operand::Sink => None,
                        other => Some(self.register(other)?),
                    });
                }
                let writes: Vec<Reg> = registers.iter().flatten().copied().collect();
                let bits = ty.bytes() * 8 / parts.len().max(1) as u32;
                self.kernel.packs.push(Pack { wide, parts: registers, bits });
                return Ok(Made::new(Op::Unpack(self.kernel.packs.len() as u32 - 1), Class::Move, &[wide], &writes));
            }
            (whole, Operand::Vector(parts)) => {
                let bits = ty.bytes() * 8 / parts.len().max(1) as u32;
                let part_type = match bits {
                    8 => Type::B8,
                    16 => Type::B16,
                    _ => Type::B32,
                };
                let wide = self.destination(whole, ty)?;
                let mut registers = Vec::new();
                for part in parts {
                    registers.push(Some(self.source(part, part_type)?));
                }
                let reads: Vec<Reg> = registers.iter().flatten().copied().collect();
                self.kernel.packs.push(Pack { wide, parts: registers, bits });
                return Ok(Made::new(Op::Pack(self.kernel.packs.len() as u32 - 1), Class::Move, &reads, &[wide]));
            }
            _ => {}
        }
        if ty == Type::Pred {
            let (a, negated) = self.predicate(from)?;
            let d = self.destination(to, ty)?;
            let op = if negated { Op::NotP { d: d.index, a: a.index } } else { Op::MovP { d: d.index, a: a.index } };
            return Ok(Made::new(op, Class::Move, &[a], &[d]));
        }
        if let Operand::Name(name) = from {
            if matches!(name.as_str(), "%clock" | "%clock_hi" | "%clock64" | "%globaltimer" | "%globaltimer_lo") {
                let d = self.destination(to, ty)?;
                return Ok(Made::new(Op::Clock { d }, Class::Move, &[], &[d]));
            }
            if let Some(offset) = self.local_offset(name) {
                let d = self.destination(to, ty)?;
                return Ok(Made::new(Op::LocalBase { d, offset }, Class::Move, &[], &[d]));
            }
        }
        let a = self.source(from, ty)?;
        let d = self.destination(to, ty)?;
        let op = match d.file {
            File::R64 => Op::Mov64 { d: d.index, a: a.index },
            _ => Op::Mov32 { d: d.index, a: a.index },
        };
        Ok(Made::new(op, Class::Move, &[a], &[d]))
    }

    fn cvta(&mut self, i: &Instruction) -> Decoded<Made> {
        let to = i.has("to");
        let window = if i.has("shared") || i.has("shared::cta") {
            crate::memory::SHARED_WINDOW
        } else if i.has("local") {
            crate::memory::LOCAL_WINDOW
        } else {
            0
        };
        let d = self.destination(operand(self, i, 0)?, Type::U64)?;
        // `cvta.local.u64 %SP, depot` names the variable itself.
        let from = operand(self, i, 1)?;
        if let Operand::Name(name) = from
            && self.local_offset(name).is_some()
        {
            return self.unsupported("cvta of a local variable's name");
        }
        let a = self.source(from, Type::U64)?;
        let window = self.filled(Fill::Value(window), File::R64)?;
        let op = match to {
            true => Op::Sub64 { d: d.index, a: a.index, b: window.index },
            false => Op::Add64 { d: d.index, a: a.index, b: window.index },
        };
        Ok(Made::new(op, Class::Move, &[a], &[d]))
    }

    fn isspacep(&mut self, i: &Instruction) -> Decoded<Made> {
        let d = self.destination(operand(self, i, 0)?, Type::Pred)?;
        let a = self.source(operand(self, i, 1)?, Type::U64)?;
        let f: Scalar = match i.modifiers.first().map(String::as_str) {
            Some("shared" | "shared::cta") => |[a, ..]| u64::from(crate::memory::is_shared(a)),
            Some("local") => |[a, ..]| u64::from(crate::memory::is_local(a)),
            Some("global") => |[a, ..]| u64::from(!crate::memory::is_shared(a) && !crate::memory::is_local(a)),
            _ => return self.unsupported(i.name()),
        };
        Ok(Made::new(Op::SetAny { f, d: d.index, a, b: Reg { file: File::R64, index: 0 } }, Class::Int64, &[a], &[d]))
    }

    fn setp(&mut self, i: &Instruction) -> Decoded<Made> {
        let Some(ty) = i.modifiers.iter().rev().find_map(|m| Type::parse(m)) else { return self.unsupported(i.name()) };
        let Some(f) = arithmetic::comparison(i, ty) else { return self.unsupported(i.name()) };
        let (d, q) = match operand(self, i, 0)? {
            Operand::Pair(first, second) => {
                let optional = |o: &Operand| match o {
                    Operand::Sink => Ok(Reg::ALWAYS),
                    other => self.destination(other, Type::Pred),
                };
                (optional(first)?, optional(second)?)
            }
            single => (self.destination(single, Type::Pred)?, Reg::ALWAYS),
        };
        let a = self.source(operand(self, i, 1)?, ty)?;
        let b = self.source(operand(self, i, 2)?, ty)?;
        let class = class_of(ty);
        let third = i.operands.get(3);
        if third.is_none() && q == Reg::ALWAYS {
            let op = simple_comparison(i, ty, d, a, b).unwrap_or(Op::SetAny { f, d: d.index, a, b });
            return Ok(Made::new(op, class, &[a, b], &[d]));
        }
        let combine = match i.modifiers.get(1).map(String::as_str) {
            Some("and") => Some(Combine::And),
            Some("or") => Some(Combine::Or),
            Some("xor") => Some(Combine::Xor),
            _ => None,
        };
        let mut reads = vec![a, b];
        let with = match (third, combine) {
            (Some(o), Some(combine)) => {
                let (p, negated) = self.predicate(o)?;
                reads.push(p);
                Some((combine, p.index, negated))
            }
            (None, None) => None,
            _ => return self.unsupported(i.name()),
        };
        self.kernel.comparisons.push(Comparison { f, a, b, d: d.index, q: q.index, with });
        Ok(Made::new(Op::Compare(self.kernel.comparisons.len() as u32 - 1), class, &reads, &[d, q]))
    }

    /// `set`: a comparison whose result is a number.
    fn set(&mut self, i: &Instruction) -> Decoded<Made> {
        let mut types = i.modifiers.iter().filter_map(|m| Type::parse(m));
        let (Some(to), Some(from)) = (types.next(), types.next()) else { return self.unsupported(i.name()) };
        let Some(f) = arithmetic::comparison(i, from) else { return self.unsupported(i.name()) };
        if i.operands.len() != 3 || !matches!(to, Type::U32 | Type::S32 | Type::F32) {
            return self.unsupported(i.name());
        }
        let d = self.destination(&i.operands[0], to)?;
        let a = self.source(&i.operands[1], from)?;
        let b = self.source(&i.operands[2], from)?;
        let yes = if to == Type::F32 { u64::from(1f32.to_bits()) } else { 0xffff_ffff };
        let yes = self.filled(Fill::Value(yes), File::R32)?;
        Ok(Made::new(Op::SetNumber { f, d: d.index, a, b, yes: yes.index }, class_of(from), &[a, b], &[d]))
    }

    fn selp(&mut self, i: &Instruction) -> Decoded<Made> {
        let Some(ty) = i.modifiers.iter().rev().find_map(|m| Type::parse(m)) else { return self.unsupported(i.name()) };
        let d = self.destination(operand(self, i, 0)?, ty)?;
        let mut a = self.source(operand(self, i, 1)?, ty)?;
        let mut b = self.source(operand(self, i, 2)?, ty)?;
        let (p, negated) = self.predicate(operand(self, i, 3)?)?;
        if negated {
            std::mem::swap(&mut a, &mut b);
        }
        let (d16, a16, b16, p16) = (d.index, a.index, b.index, p.index);
        let op = match d.file {
            File::R64 => Op::Select64 { d: d16, a: a16, b: b16, p: p16 },
            File::R32 => Op::Select32 { d: d16, a: a16, b: b16, p: p16 },
            File::P => return self.unsupported(i.name()),
        };
        Ok(Made::new(op, Class::Int32, &[a, b, p], &[d]))
    }

    fn predicates(&mut self, i: &Instruction) -> Decoded<Made> {
        let d = self.destination(operand(self, i, 0)?, Type::Pred)?;
        let (a, na) = self.predicate(operand(self, i, 1)?)?;
        if i.opcode == "not" {
            let op = if na { Op::MovP { d: d.index, a: a.index } } else { Op::NotP { d: d.index, a: a.index } };
            return Ok(Made::new(op, Class::Int32, &[a], &[d]));
        }
        let (b, nb) = self.predicate(operand(self, i, 2)?)?;
        if na || nb {
            return self.unsupported(format!("{} of a negated predicate", i.name()));
        }
        let (d16, a16, b16) = (d.index, a.index, b.index);
        let op = match i.opcode.as_str() {
            "and" => Op::AndP { d: d16, a: a16, b: b16 },
            "or" => Op::OrP { d: d16, a: a16, b: b16 },
            _ => Op::XorP { d: d16, a: a16, b: b16 },
        };
        Ok(Made::new(op, Class::Int32, &[a, b], &[d]))
    }

    fn shfl(&mut self, i: &Instruction) -> Decoded<Made> {
        let kind = match i.modifiers.get(1).map(String::as_str) {
            Some("up") => Shuffle::Up,
            Some("down") => Shuffle::Down,
            Some("bfly") => Shuffle::Bfly,
            Some("idx") => Shuffle::Idx,
            _ => return self.unsupported(i.name()),
        };
        let (d, p) = match operand(self, i, 0)? {
            Operand::Pair(d, p) => (
                self.destination(d, Type::B32)?,
                match &**p {
                    Operand::Sink => Reg::ALWAYS,
                    other => self.destination(other, Type::Pred)?,
                },
            ),
            single => (self.destination(single, Type::B32)?, Reg::ALWAYS),
        };
        let mut reads = Vec::new();
        for k in 1..5 {
            let o = operand(self, i, k)?.clone();
            reads.push(self.source(&o, Type::B32)?);
        }
        let op = Op::Shuffle {
            kind,
            d: d.index,
            p: p.index,
            a: reads[0].index,
            b: reads[1].index,
            c: reads[2].index,
            mask: reads[3].index,
        };
        Ok(Made::new(op, Class::WarpWide, &reads, &[d, p]))
    }

    fn vote(&mut self, i: &Instruction) -> Decoded<Made> {
        let kind = match i.modifiers.get(1).map(String::as_str) {
            Some("all") => Vote::All,
            Some("any") => Vote::Any,
            Some("uni") => Vote::Uni,
            Some("ballot") => Vote::Ballot,
            _ => return self.unsupported(i.name()),
        };
        let ty = if kind == Vote::Ballot { Type::B32 } else { Type::Pred };
        let d = self.destination(operand(self, i, 0)?, ty)?;
        let (a, negate) = self.predicate(operand(self, i, 1)?)?;
        let mask = self.source(operand(self, i, 2)?, Type::B32)?;
        Ok(Made::new(Op::Vote { kind, d, a: a.index, negate, mask: mask.index }, Class::WarpWide, &[a, mask], &[d]))
    }

    fn match_sync(&mut self, i: &Instruction) -> Decoded<Made> {
        let ty = if i.has("b64") { Type::B64 } else { Type::B32 };
        let a = self.source(operand(self, i, 1)?, ty)?;
        let mask = self.source(operand(self, i, 2)?, Type::B32)?;
        if i.has("any") {
            let d = self.destination(operand(self, i, 0)?, Type::B32)?;
            return Ok(Made::new(Op::MatchAny { d: d.index, a, mask: mask.index }, Class::WarpWide, &[a, mask], &[d]));
        }
        let (d, p) = match operand(self, i, 0)? {
            Operand::Pair(d, p) => (self.destination(d, Type::B32)?, self.destination(p, Type::Pred)?),
            single => (self.destination(single, Type::B32)?, Reg::ALWAYS),
        };
        Ok(Made::new(
            Op::MatchAll { d: d.index, p: p.index, a, mask: mask.index },
            Class::WarpWide,
            &[a, mask],
            &[d, p],
        ))
    }

    fn redux(&mut self, i: &Instruction) -> Decoded<Made> {
        let signed = i.has("s32");
        let kind = match i.modifiers.get(1).map(String::as_str) {
            Some("add") => Redux::Add,
            Some("min") if signed => Redux::MinS,
            Some("min") => Redux::MinU,
            Some("max") if signed => Redux::MaxS,
            Some("max") => Redux::MaxU,
            Some("and") => Redux::And,
            Some("or") => Redux::Or,
            Some("xor") => Redux::Xor,
            _ => return self.unsupported(i.name()),
        };
        if i.has("f32") {
            return self.unsupported(i.name());
        }
        let d = self.destination(operand(self, i, 0)?, Type::B32)?;
        let a = self.source(operand(self, i, 1)?, Type::B32)?;
        let mask = self.source(operand(self, i, 2)?, Type::B32)?;
        Ok(Made::new(Op::Redux { kind, d: d.index, a: a.index, mask: mask.index }, Class::WarpWide, &[a, mask], &[d]))
    }

    fn barrier(&mut self, i: &Instruction) -> Decoded<Made> {
        if i.has("warp") {
            let mask = self.source(operand(self, i, 0)?, Type::B32)?;
            return Ok(Made::new(Op::SyncWarp { mask: mask.index }, Class::WarpWide, &[mask], &[]));
        }
        if i.has("cluster") {
            return self.unsupported(i.name());
        }
        let operands = i.operands.clone();
        if i.has("red") {
            let kind = if i.has("popc") {
                Vote::Ballot
            } else if i.has("and") {
                Vote::All
            } else {
                Vote::Any
            };
            let ty = if kind == Vote::Ballot { Type::U32 } else { Type::Pred };
            let d = self.destination(operand(self, i, 0)?, ty)?;
            let id = self.source(operand(self, i, 1)?, Type::U32)?;
            let (p, negate) = match operands.last() {
                Some(o) => self.predicate(o)?,
                None => return self.unsupported(i.name()),
            };
            let count = if operands.len() == 4 { Some(self.source(&operands[2], Type::U32)?) } else { None };
            self.kernel.barriers.push(Barrier { id, count, arrive: false, reduce: Some((p.index, negate, kind, d)) });
            return Ok(Made::new(Op::Barrier(self.kernel.barriers.len() as u32 - 1), Class::Barrier, &[id, p], &[d]));
        }
        let arrive = i.has("arrive");
        let id = self.source(operand(self, i, 0)?, Type::U32)?;
        let count = match operands.get(1) {
            Some(o) => Some(self.source(o, Type::U32)?),
            None => None,
        };
        self.kernel.barriers.push(Barrier { id, count, arrive, reduce: None });
        Ok(Made::new(Op::Barrier(self.kernel.barriers.len() as u32 - 1), Class::Barrier, &[id], &[]))
    }

    fn arithmetic(&mut self, i: &Instruction) -> Decoded<Made> {
        let word = i.operands.first().and_then(|d| self.declared(d)).is_some_and(|declared| declared.bytes() == 4);
        let Some(Operation { function, result, operands }) = arithmetic::operation(i, word) else {
            return self.unsupported(i.name());
        };
        if i.operands.len() != operands.len() + 1 {
            return self.unsupported(format!("{} with {} operands", i.name(), i.operands.len()));
        }
        let d = self.destination(&i.operands[0], result)?;
        let mut reads = Vec::new();
        let mut narrowed = false;
        for (o, ty) in i.operands[1..].iter().zip(&operands) {
            // A conversion takes the low bits of a register that is wider than its source type.
            let wider = i.opcode == "cvt"
                && !ty.float()
                && ty.bytes() < 8
                && self.declared(o).is_some_and(|declared| declared.bytes() == 8);
            narrowed |= wider;
            reads.push(if wider { self.register(o)? } else { self.source(o, *ty)? });
        }
        let class = arithmetic_class(i, result, &operands);
        let own = if narrowed { None } else { frequent(i, d, &reads) };
        let op = own.unwrap_or_else(|| {
            let at = |k: usize| reads.get(k).copied().unwrap_or(Reg::ZERO);
            Op::Scalar { f: function, d, a: at(0), b: at(1), c: at(2), e: at(3) }
        });
        Ok(Made::new(op, class, &reads, &[d]))
    }
}

/// The n-th operand.
pub(super) fn operand<'i>(builder: &Builder<'_>, i: &'i Instruction, n: usize) -> Decoded<&'i Operand> {
    match i.operands.get(n) {
        Some(operand) => Ok(operand),
        None => builder.unsupported(format!("{} with {} operands", i.name(), i.operands.len())),
    }
}

/// The pipe of a type's plain arithmetic.
fn class_of(ty: Type) -> Class {
    match ty {
        Type::F32 | Type::Tf32 => Class::Fp32,
        Type::F64 => Class::Fp64,
        Type::F16 | Type::F16x2 | Type::Bf16 | Type::Bf16x2 => Class::Fp16,
        Type::U64 | Type::S64 | Type::B64 => Class::Int64,
        _ => Class::Int32,
    }
}

fn arithmetic_class(i: &Instruction, result: Type, operands: &[Type]) -> Class {
    match i.opcode.as_str() {
        "cvt" => {
            let plain = |t: &Type| !t.float() && t.bytes() >= 4;
            if plain(&result) && operands.iter().all(plain) { Class::Int32 } else { Class::Convert }
        }
        "div" | "rem" if !result.float() => Class::IntDivide,
        "div" if i.has("rn") => Class::Divide,
        "div" => Class::Special,
        "sqrt" | "rcp" if i.has("rn") => Class::Divide,
        "sqrt" | "rcp" | "rsqrt" | "sin" | "cos" | "lg2" | "ex2" | "tanh" => Class::Special,
        "popc" => Class::Special,
        "mul" | "mad" if i.has("wide") => Class::Int32,
        _ => class_of(result),
    }
}

/// The variant of its own that a frequent form has.
fn frequent(i: &Instruction, d: Reg, reads: &[Reg]) -> Option<Op> {
    let index = |k: usize| reads.get(k).map_or(0, |r| r.index);
    let (d, a, b, c) = (d.index, index(0), index(1), index(2));
    let ty = i.modifiers.last().map(String::as_str)?;
    let plain_float =
        !i.has("ftz") && !i.has("sat") && !i.modifiers.iter().any(|m| matches!(m.as_str(), "rz" | "rm" | "rp" | "NaN"));
    Some(match (i.opcode.as_str(), ty) {
        ("add", "s32" | "u32") if i.modifiers.len() == 1 => Op::Add32 { d, a, b },
        ("sub", "s32" | "u32") if i.modifiers.len() == 1 => Op::Sub32 { d, a, b },
        ("mul", "s32" | "u32") if i.has("lo") => Op::Mul32 { d, a, b },
        ("mad", "s32" | "u32") if i.has("lo") && i.modifiers.len() == 2 => Op::Mad32 { d, a, b, c },
        ("and", "b32") => Op::And32 { d, a, b },
        ("or", "b32") => Op::Or32 { d, a, b },
        ("xor", "b32") => Op::Xor32 { d, a, b },
        ("shl", "b32") => Op::Shl32 { d, a, b },
        ("shr", "u32" | "b32") => Op::ShrU32 { d, a, b },
        ("shr", "s32") => Op::ShrS32 { d, a, b },
        ("min", "s32") if i.modifiers.len() == 1 => Op::MinS32 { d, a, b },
        ("max", "s32") if i.modifiers.len() == 1 => Op::MaxS32 { d, a, b },
        ("add", "f32") if plain_float => Op::AddF32 { d, a, b },
        ("sub", "f32") if plain_float => Op::SubF32 { d, a, b },
        ("mul", "f32") if plain_float => Op::MulF32 { d, a, b },
        ("fma", "f32") if plain_float => Op::FmaF32 { d, a, b, c },
        ("min", "f32") if plain_float => Op::MinF32 { d, a, b },
        ("max", "f32") if plain_float => Op::MaxF32 { d, a, b },
        ("neg", "f32") if plain_float => Op::NegF32 { d, a },
        ("add", "s64" | "u64") if i.modifiers.len() == 1 => Op::Add64 { d, a, b },
        ("sub", "s64" | "u64") if i.modifiers.len() == 1 => Op::Sub64 { d, a, b },
        ("shl", "b64") => Op::Shl64 { d, a, b },
        ("mul", "s32") if i.has("wide") => Op::MulWideS { d, a, b },
        ("mul", "u32") if i.has("wide") => Op::MulWideU { d, a, b },
        ("mad", "s32") if i.has("wide") => Op::MadWideS { d, a, b, c },
        ("mad", "u32") if i.has("wide") => Op::MadWideU { d, a, b, c },
        ("cvt", "s32") if i.modifiers.len() == 2 && i.modifiers[0] == "s64" => Op::SignExtend { d, a },
        ("cvt", "u32") if i.modifiers.len() == 2 && i.modifiers[0] == "u64" => Op::ZeroExtend { d, a },
        ("cvt", "u64" | "s64") if i.modifiers.len() == 2 && matches!(i.modifiers[0].as_str(), "u32" | "s32") => {
            Op::Truncate { d, a }
        }
        _ => return None,
    })
}

fn simple_comparison(i: &Instruction, ty: Type, d: Reg, a: Reg, b: Reg) -> Option<Op> {
    let cmp = match i.modifiers.first()?.as_str() {
        "eq" => Cmp::Eq,
        "ne" => Cmp::Ne,
        "lt" | "lo" => Cmp::Lt,
        "le" | "ls" => Cmp::Le,
        "gt" | "hi" => Cmp::Gt,
        "ge" | "hs" => Cmp::Ge,
        _ => return None,
    };
    let (d, a, b) = (d.index, a.index, b.index);
    Some(match ty {
        Type::S32 => Op::SetS32 { cmp, d, a, b },
        Type::U32 | Type::B32 => Op::SetU32 { cmp, d, a, b },
        Type::S64 => Op::SetS64 { cmp, d, a, b },
        Type::U64 | Type::B64 => Op::SetU64 { cmp, d, a, b },
        // Ordered: false if an operand is no number, but `ne` has no such form in hardware order.
        Type::F32 if !i.has("ftz") && cmp != Cmp::Ne => Op::SetF32 { cmp, d, a, b },
        _ => return None,
    })
}

/// For each instruction, relative to the function's start, where the lanes meet again if it is a branch; else 0.
fn reconvergence(body: &Body) -> Vec<usize> {
    let count = body.code.len();
    let labels: HashMap<&str, usize> = body.labels.iter().map(|(l, at)| (l.as_str(), *at)).collect();
    let targets = |i: &Instruction| -> Vec<usize> {
        match (i.opcode.as_str(), i.operands.as_slice()) {
            ("bra", [Operand::Name(label), ..]) => labels.get(label.as_str()).copied().into_iter().collect(),
            ("brx", [_, Operand::Name(table), ..]) => {
                let table = body.tables.iter().find(|(n, _)| n == table);
                table.map_or(Vec::new(), |(_, t)| t.iter().filter_map(|l| labels.get(l.as_str()).copied()).collect())
            }
            ("ret" | "exit" | "trap", _) => vec![count],
            _ => Vec::new(),
        }
    };
    let mut leader = vec![false; count + 1];
    leader[0] = true;
    leader[count] = true;
    for (at, i) in body.code.iter().enumerate() {
        let to = targets(i);
        if !to.is_empty() {
            leader[at + 1] = true;
        }
        to.iter().for_each(|t| leader[*t] = true);
    }
    let starts: Vec<usize> = (0..=count).filter(|at| leader[*at]).collect();
    let mut block_of = vec![0; count + 1];
    let mut block = 0;
    for (at, slot) in block_of.iter_mut().enumerate() {
        block += usize::from(at > 0 && leader[at]);
        *slot = block;
    }
    let mut successors = vec![Vec::new(); starts.len()];
    for (b, next) in successors.iter_mut().enumerate().take(starts.len() - 1) {
        let last = starts[b + 1] - 1;
        let i = &body.code[last];
        let to = targets(i);
        next.extend(to.iter().map(|t| block_of[*t]));
        if to.is_empty() || i.guard.is_some() {
            next.push(b + 1);
        }
        next.sort_unstable();
        next.dedup();
    }
    let dominators = post_dominators(&successors);
    (0..count).map(|at| if targets(&body.code[at]).is_empty() { 0 } else { starts[dominators[block_of[at]]] }).collect()
}
