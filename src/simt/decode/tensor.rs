//! Matrix instructions.

use super::Decoded;
use super::build::{Builder, Made, operand};
use crate::counters::Class;
use crate::program::{Element, Fragment, Op, Reg, Tensor};
use crate::ptx::{Instruction, Operand, Space, Type};

fn element(name: &str) -> Option<Element> {
    Some(match name {
        "f16" => Element::F16,
        "bf16" => Element::Bf16,
        "tf32" => Element::Tf32,
        "f32" => Element::F32,
        "f64" => Element::F64,
        "s8" => Element::S8,
        "u8" => Element::U8,
        "s32" => Element::S32,
        _ => return None,
    })
}

/// `m16n8k16` to its numbers.
fn shape(name: &str) -> Option<[usize; 3]> {
    let (m, rest) = name.strip_prefix('m')?.split_once('n')?;
    let (n, k) = rest.split_once('k')?;
    Some([m.parse().ok()?, n.parse().ok()?, k.parse().ok()?])
}

impl Builder<'_> {
    pub(super) fn tensor(&mut self, i: &Instruction) -> Decoded<Made> {
        match i.opcode.as_str() {
            "wmma" => self.wmma(i),
            "mma" => self.mma(i),
            _ => self.matrix_move(i),
        }
    }

    fn add_tensor(&mut self, tensor: Tensor, class: Class, reads: &[Reg], writes: &[Reg]) -> Made {
        self.kernel.tensors.push(tensor);
        Made::new(Op::Tensor(self.kernel.tensors.len() as u32 - 1), class, reads, writes)
    }

    fn registers(&mut self, o: &Operand, ty: Type) -> Decoded<Vec<Reg>> {
        let list = match o {
            Operand::Vector(list) => list.clone(),
            single => vec![single.clone()],
        };
        list.iter().map(|o| self.source(o, ty)).collect()
    }

    fn wmma(&mut self, i: &Instruction) -> Decoded<Made> {
        let Some([m, n, k]) = i.modifiers.iter().find_map(|x| shape(x)) else { return self.unsupported(i.name()) };
        let types: Vec<Element> = i.modifiers.iter().filter_map(|x| element(x)).collect();
        let column = |name: &str| name == "col";
        let layouts: Vec<bool> = i.modifiers.iter().filter(|x| *x == "row" || *x == "col").map(|x| column(x)).collect();
        let fragment = |which: &str, element: Element, column_major: bool| {
            let (rows, cols) = match which {
                "a" => (m, k),
                "b" => (k, n),
                _ => (m, n),
            };
            Fragment { rows, cols, element, column_major }
        };
        let kind = i.modifiers.first().map_or("", String::as_str);
        if kind == "mma" {
            let (d, a, b, c) = match types.as_slice() {
                [d, c] => (*d, Element::F16, Element::F16, *c),
                [d, a, b, c] => (*d, *a, *b, *c),
                _ => return self.unsupported(i.name()),
            };
            if d == Element::F64 || layouts.len() != 2 || i.has("satfinite") {
                return self.unsupported(i.name());
            }
            let mut lists = Vec::new();
            for (number, e) in [d, a, b, c].into_iter().enumerate() {
                let ty = if e == Element::F32 { Type::F32 } else { Type::B32 };
                let o = operand(self, i, number)?.clone();
                lists.push(self.registers(&o, ty)?);
            }
            let reads: Vec<Reg> = lists[1..].iter().flatten().copied().collect();
            let writes = lists[0].clone();
            let mut lists = lists.into_iter();
            let mut next = |f: Fragment| (f, lists.next().unwrap_or_default());
            let d = next(fragment("d", d, false));
            let a = next(fragment("a", a, layouts[0]));
            let b = next(fragment("b", b, layouts[1]));
            let c = next(fragment("c", c, false));
            return Ok(self.add_tensor(Tensor::WmmaMma { a, b, c, d }, Class::Tensor, &reads, &writes));
        }
        let load = kind == "load";
        let ([element], [column_major]) = (types.as_slice(), layouts.as_slice()) else {
            return self.unsupported(i.name());
        };
        if *element == Element::F64 {
            return self.unsupported(i.name());
        }
        let which = i.modifiers.get(1).map_or("", String::as_str);
        let fragment = fragment(which, *element, *column_major);
        let space = if i.has("shared") || i.has("shared::cta") {
            Space::Shared
        } else if i.has("global") {
            Space::Global
        } else {
            Space::Generic
        };
        let (list, place) = if load { (0, 1) } else { (1, 0) };
        let ty = if *element == Element::F32 { Type::F32 } else { Type::B32 };
        let registers = self.registers(&operand(self, i, list)?.clone(), ty)?;
        let (base, offset) = self.address(&operand(self, i, place)?.clone(), space)?;
        let stride = match i.operands.get(2) {
            Some(o) => Some(self.source(&o.clone(), Type::U32)?),
            None => None,
        };
        let class = match (space, load) {
            (Space::Shared, true) => Class::SharedLoad,
            (Space::Shared, false) => Class::SharedStore,
            (_, true) => Class::GlobalLoad,
            (_, false) => Class::GlobalStore,
        };
        self.note_grain_of_matrix(*element);
        Ok(if load {
            self.add_tensor(
                Tensor::WmmaLoad { space, base, offset, stride, fragment, registers: registers.clone() },
                class,
                &[base],
                &registers,
            )
        } else {
            let mut reads = registers.clone();
            reads.push(base);
            self.add_tensor(Tensor::WmmaStore { space, base, offset, stride, fragment, registers }, class, &reads, &[])
        })
    }

    fn note_grain_of_matrix(&mut self, element: Element) {
        let bytes = match element {
            Element::S8 | Element::U8 => 1,
            Element::F16 | Element::Bf16 => 2,
            _ => 4,
        };
        self.kernel.grain_global = self.kernel.grain_global.min(bytes);
        self.kernel.grain_shared = self.kernel.grain_shared.min(bytes);
    }

    fn mma(&mut self, i: &Instruction) -> Decoded<Made> {
        let Some(shape) = i.modifiers.iter().find_map(|x| shape(x)) else { return self.unsupported(i.name()) };
        let types: Vec<Element> = i.modifiers.iter().filter_map(|x| element(x)).collect();
        let [d, a, b, c] = types.as_slice() else { return self.unsupported(i.name()) };
        let wide = matches!(a, Element::Bf16 | Element::Tf32 | Element::F16);
        let known = match (a, shape) {
            (Element::F16 | Element::Bf16, [16, 8, 8 | 16]) | (Element::Tf32, [16, 8, 4 | 8]) => wide,
            (Element::S8 | Element::U8, [16, 8, 16 | 32]) => true,
            _ => false,
        };
        if !known || d != c || i.has("sp") || i.has("satfinite") || !i.has("row") || !i.has("col") {
            return self.unsupported(i.name());
        }
        let mut lists = Vec::new();
        for (number, e) in [d, a, b, c].into_iter().enumerate() {
            let ty = if *e == Element::F32 { Type::F32 } else { Type::B32 };
            let o = operand(self, i, number)?.clone();
            lists.push(self.registers(&o, ty)?);
        }
        let per_register = |e: Element| match e {
            Element::F16 | Element::Bf16 => 2,
            Element::S8 | Element::U8 => 4,
            _ => 1,
        };
        let [m, n, k] = shape;
        for (list, (e, size)) in lists.iter().zip([(*d, m * n), (*a, m * k), (*b, k * n), (*c, m * n)]) {
            if list.len() * 32 * per_register(e) != size {
                return self.unsupported(i.name());
            }
        }
        let reads: Vec<Reg> = lists[1..].iter().flatten().copied().collect();
        let writes = lists[0].clone();
        let tensor = Tensor::Mma {
            shape,
            a: (*a, lists[1].clone()),
            b: (*b, lists[2].clone()),
            c: (*c, lists[3].clone()),
            d: lists[0].clone(),
        };
        Ok(self.add_tensor(tensor, Class::Tensor, &reads, &writes))
    }

    /// `ldmatrix`, `stmatrix`.
    fn matrix_move(&mut self, i: &Instruction) -> Decoded<Made> {
        if !i.has("m8n8") || !i.has("b16") {
            return self.unsupported(i.name());
        }
        let load = i.opcode == "ldmatrix";
        let (list, place) = if load { (0, 1) } else { (1, 0) };
        let registers = self.registers(&operand(self, i, list)?.clone(), Type::B32)?;
        if !matches!(registers.len(), 1 | 2 | 4) {
            return self.unsupported(i.name());
        }
        let generic = !i.modifiers.iter().any(|m| m.starts_with("shared"));
        let space = if generic { Space::Generic } else { Space::Shared };
        let (base, offset) = self.address(&operand(self, i, place)?.clone(), space)?;
        let transposed = i.has("trans");
        self.kernel.grain_shared = self.kernel.grain_shared.min(2);
        Ok(if load {
            let tensor = Tensor::LoadMatrix { base, offset, generic, transposed, registers: registers.clone() };
            self.add_tensor(tensor, Class::SharedLoad, &[base], &registers)
        } else {
            let mut reads = registers.clone();
            reads.push(base);
            let tensor = Tensor::StoreMatrix { base, offset, generic, transposed, registers };
            self.add_tensor(tensor, Class::SharedStore, &reads, &[])
        })
    }
}
