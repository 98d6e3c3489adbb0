//! Matrix instructions. Fragments of `wmma` have a layout of their own here, as PTX leaves it open; `mma.sync` and `ldmatrix` have the
//! documented one. Products are summed in fp32 (or 32-bit integers) in the order of k; the hardware's order is not documented.

use half::{bf16, f16};

use super::access::{Site, lanes};
use super::warp::{FULL, Warp};
use super::{Block, Engine};
use crate::fault::FaultKind;
use crate::lanes::{Float, Lane};
use crate::memory::SHARED_WINDOW;
use crate::program::{Caching, Element, Fragment, Reg, Tensor};
use crate::ptx::Space;

fn element_bits(e: Element) -> u32 {
    match e {
        Element::S8 | Element::U8 => 8,
        Element::F16 | Element::Bf16 => 16,
        Element::F64 => 64,
        _ => 32,
    }
}

/// Elements in a register.
fn per_register(e: Element) -> usize {
    (32 / element_bits(e).min(32)) as usize
}

/// An element's value. Integers of 32 bits fit.
fn value(e: Element, bits: u64) -> f64 {
    match e {
        Element::F16 => f16::get(bits & 0xffff).wide(),
        Element::Bf16 => bf16::get(bits & 0xffff).wide(),
        // The hardware does not look at the lower bits.
        Element::Tf32 => f64::from(f32::from_bits(bits as u32 & 0xffff_e000)),
        Element::F32 => f64::from(f32::get(bits)),
        Element::F64 => f64::get(bits),
        Element::S8 => f64::from(bits as u8 as i8),
        Element::U8 => f64::from(bits as u8),
        Element::S32 => f64::from(bits as u32 as i32),
    }
}

/// Element number `n` of a lane's registers.
fn lane_element(registers: &[[u64; 32]], e: Element, lane: usize, n: usize) -> u64 {
    let per = per_register(e);
    registers[n / per][lane] >> (element_bits(e) as usize * (n % per))
}

fn set_lane_element(registers: &mut [[u64; 32]], e: Element, lane: usize, n: usize, bits: u64) {
    let per = per_register(e);
    let width = element_bits(e);
    let shift = width as usize * (n % per);
    let limit = u64::MAX >> (64 - width);
    let slot = &mut registers[n / per][lane];
    *slot = *slot & !(limit << shift) | (bits & limit) << shift;
}

/// `d = a b + c` for a left matrix of m rows and k columns, a right one of n columns, everything row by row. Elements of `c` are of type
/// `kinds.2`, as are those of the result.
fn multiply(shape: [usize; 3], kinds: (Element, Element, Element), a: &[u64], b: &[u64], c: &[u64]) -> Vec<u64> {
    let [m, n, k] = shape;
    let mut result = Vec::with_capacity(m * n);
    if kinds.2 == Element::S32 {
        let integers = |e, list: &[u64]| list.iter().map(|x| value(e, *x) as i32).collect::<Vec<_>>();
        let (a, b) = (integers(kinds.0, a), integers(kinds.1, b));
        for i in 0..m {
            let mut row: Vec<i32> = c[i * n..(i + 1) * n].iter().map(|x| *x as u32 as i32).collect();
            for (x, right) in a[i * k..(i + 1) * k].iter().zip(b.chunks_exact(n)) {
                row.iter_mut().zip(right).for_each(|(sum, y)| *sum = sum.wrapping_add(x.wrapping_mul(*y)));
            }
            result.extend(row.iter().map(|x| x.put()));
        }
        return result;
    }
    // A product of two elements is exact in fp32.
    let floats = |e, list: &[u64]| list.iter().map(|x| value(e, *x) as f32).collect::<Vec<_>>();
    let (a, b) = (floats(kinds.0, a), floats(kinds.1, b));
    for i in 0..m {
        let mut row: Vec<f32> = c[i * n..(i + 1) * n].iter().map(|x| value(kinds.2, *x) as f32).collect();
        for (x, right) in a[i * k..(i + 1) * k].iter().zip(b.chunks_exact(n)) {
            row.iter_mut().zip(right).for_each(|(sum, y)| *sum += x * y);
        }
        result.extend(row.iter().map(|x| match kinds.2 {
            Element::F16 => f16::nearest(f64::from(*x)).put(),
            _ => x.put(),
        }));
    }
    result
}

impl Fragment {
    fn size(&self) -> usize {
        self.rows * self.cols
    }

    /// Elements from registers, row by row. A fragment that has more places than elements holds them several times; the first counts.
    fn gather(&self, registers: &[[u64; 32]]) -> Vec<u64> {
        let places = registers.len() * per_register(self.element);
        (0..self.size()).map(|n| lane_element(registers, self.element, n / places % 32, n % places)).collect()
    }

    fn scatter(&self, elements: &[u64], registers: &mut [[u64; 32]]) {
        let places = registers.len() * per_register(self.element);
        for linear in 0..32 * places {
            let bits = elements[linear % self.size()];
            set_lane_element(registers, self.element, linear / places, linear % places, bits);
        }
    }
}

impl Engine<'_> {
    #[inline(never)]
    pub(super) fn matrix(&mut self, block: &mut Block, warp: &mut Warp, pc: u32, mask: u32, number: u32) {
        if mask != FULL {
            let thread = self.thread_of(warp.index, mask.trailing_zeros());
            let message = format!("{} needs all 32 lanes of the warp", self.kernel.info[pc as usize].opcode);
            self.fault(FaultKind::BadShuffle, pc, None, block.id, thread, String::new(), message);
            return;
        }
        let kernel = self.kernel;
        let read = |warp: &Warp, list: &[Reg]| list.iter().map(|r| warp.read(*r)).collect::<Vec<_>>();
        match &kernel.tensors[number as usize] {
            Tensor::WmmaLoad { space, base, offset, stride, fragment, registers } => {
                let places = self.matrix_places(warp, *base, *offset, *stride, fragment);
                let Some(elements) = self.read_elements(block, warp, pc, *space, fragment, &places) else { return };
                let mut values = vec![[0u64; 32]; registers.len()];
                fragment.scatter(&elements, &mut values);
                registers.iter().zip(&values).for_each(|(r, v)| warp.write(*r, mask, v));
            }
            Tensor::WmmaStore { space, base, offset, stride, fragment, registers } => {
                let places = self.matrix_places(warp, *base, *offset, *stride, fragment);
                let elements = fragment.gather(&read(warp, registers));
                self.write_elements(block, warp, pc, *space, fragment, &places, &elements);
            }
            Tensor::WmmaMma { a, b, c, d } => {
                let (x, y, z) =
                    (a.0.gather(&read(warp, &a.1)), b.0.gather(&read(warp, &b.1)), c.0.gather(&read(warp, &c.1)));
                let (rows, cols, depth) = (a.0.rows, b.0.cols, a.0.cols);
                let start: Vec<u64> = z.iter().map(|e| convert(c.0.element, d.0.element, *e)).collect();
                let kinds = (a.0.element, b.0.element, d.0.element);
                let result = multiply([rows, cols, depth], kinds, &x, &y, &start);
                let mut values = vec![[0u64; 32]; d.1.len()];
                d.0.scatter(&result, &mut values);
                d.1.iter().zip(&values).for_each(|(r, v)| warp.write(*r, mask, v));
                self.count_tensor(pc, rows * cols * depth);
            }
            Tensor::Mma { shape, a, b, c, d } => {
                let (x, y, z) = (read(warp, &a.1), read(warp, &b.1), read(warp, &c.1));
                let [m, n, k] = *shape;
                let mut left = vec![0u64; m * k];
                let mut right = vec![0u64; k * n];
                for lane in 0..32 {
                    for e in 0..m * k / 32 {
                        let (row, col) = place_a(a.0, lane, e);
                        left[row * k + col] = lane_element(&x, a.0, lane, e);
                    }
                    for e in 0..k * n / 32 {
                        let (row, col) = place_b(b.0, lane, e);
                        right[row * n + col] = lane_element(&y, b.0, lane, e);
                    }
                }
                let place =
                    |lane: usize, e: usize| (lane >> 2).wrapping_add(8 * (e / 2)) * n + (lane & 3) * 2 + (e & 1);
                let mut start = vec![0u64; m * n];
                for lane in 0..32 {
                    (0..m * n / 32).for_each(|e| start[place(lane, e)] = lane_element(&z, c.0, lane, e));
                }
                let result = multiply([m, n, k], (a.0, b.0, c.0), &left, &right, &start);
                let mut values = vec![[0u64; 32]; d.len()];
                for lane in 0..32 {
                    (0..m * n / 32).for_each(|e| set_lane_element(&mut values, c.0, lane, e, result[place(lane, e)]));
                }
                d.iter().zip(&values).for_each(|(r, v)| warp.write(*r, mask, v));
                self.count_tensor(pc, m * n * k);
            }
            Tensor::LoadMatrix { base, offset, generic, transposed, registers } => {
                let rows = self.row_addresses(warp, *base, *offset, *generic);
                let Some(bytes) = self.read_rows(block, warp, pc, &rows, registers.len()) else { return };
                for (i, reg) in registers.iter().enumerate() {
                    let half = |row: usize, col: usize| {
                        let r = &bytes[i * 8 + row];
                        u64::from(u16::from_le_bytes([r[2 * col], r[2 * col + 1]]))
                    };
                    let values: [u64; 32] = std::array::from_fn(|lane| {
                        let (row, col) = (lane / 4, 2 * (lane % 4));
                        if *transposed {
                            half(col, row) | half(col + 1, row) << 16
                        } else {
                            half(row, col) | half(row, col + 1) << 16
                        }
                    });
                    warp.write(*reg, mask, &values);
                }
            }
            Tensor::StoreMatrix { base, offset, generic, transposed, registers } => {
                let rows = self.row_addresses(warp, *base, *offset, *generic);
                let mut bytes = vec![[0u8; 16]; 8 * registers.len()];
                for (i, reg) in registers.iter().enumerate() {
                    let values = warp.read(*reg);
                    for (lane, v) in values.iter().enumerate() {
                        for part in 0..2 {
                            let (row, col) = (lane / 4, 2 * (lane % 4) + part);
                            let (row, col) = if *transposed { (col, row) } else { (row, col) };
                            let half = ((v >> (16 * part)) as u16).to_le_bytes();
                            bytes[i * 8 + row][2 * col..2 * col + 2].copy_from_slice(&half);
                        }
                    }
                }
                self.write_rows(block, warp, pc, &rows, &bytes);
            }
        }
    }

    fn count_tensor(&mut self, pc: u32, multiply_adds: usize) {
        if self.count {
            self.ops[pc as usize].tensor_ops += 2 * multiply_adds as u64;
        }
    }

    /// Address of each element, row by row.
    fn matrix_places(&self, warp: &Warp, base: Reg, offset: i64, stride: Option<Reg>, f: &Fragment) -> Vec<u64> {
        let base = warp.read(base)[0].wrapping_add_signed(offset);
        let dense = if f.column_major { f.rows } else { f.cols } as u64;
        let stride = stride.map_or(dense, |r| warp.read(r)[0] & 0xffff_ffff);
        let bytes = u64::from(element_bits(f.element) / 8);
        let mut places = Vec::with_capacity(f.size());
        for row in 0..f.rows as u64 {
            for col in 0..f.cols as u64 {
                let index = if f.column_major { col * stride + row } else { row * stride + col };
                places.push(base.wrapping_add(index.wrapping_mul(bytes)));
            }
        }
        places
    }

    /// Elements in the order of memory, 32 accesses of 16 bytes (or of an element, if that is all) at a time, so that detectors and
    /// counters see what a warp does: each run of 16 contiguous bytes is one lane's.
    fn vectors(f: &Fragment, places: &[u64]) -> (u32, Vec<Vec<usize>>) {
        let bytes = element_bits(f.element) / 8;
        let minor = if f.column_major { f.rows } else { f.cols };
        let per = (16 / bytes as usize).min(minor);
        let aligned = places.iter().min().is_some_and(|a| a % (per as u64 * u64::from(bytes)) == 0);
        let stride_ok = {
            let step = if f.column_major { 1 } else { f.cols };
            places.len() <= step
                || places[step].wrapping_sub(places[0]).is_multiple_of(per as u64 * u64::from(bytes))
                || f.column_major
        };
        let per = if aligned && stride_ok { per } else { 1 };
        let mut runs = Vec::new();
        let major = if f.column_major { f.cols } else { f.rows };
        for i in 0..major {
            for j in (0..minor).step_by(per) {
                runs.push(
                    (0..per).map(|x| if f.column_major { (j + x) * f.cols + i } else { i * f.cols + j + x }).collect(),
                );
            }
        }
        (bytes * per as u32, runs)
    }

    fn read_elements(
        &mut self,
        block: &mut Block,
        warp: &Warp,
        pc: u32,
        space: Space,
        f: &Fragment,
        places: &[u64],
    ) -> Option<Vec<u64>> {
        let (bytes, runs) = Self::vectors(f, places);
        let size = (element_bits(f.element) / 8) as usize;
        let site = Site { pc, bytes, write: false, atomic: false, caching: Caching::Normal };
        let mut elements = vec![0u64; places.len()];
        for chunk in runs.chunks(32) {
            let (mask, addresses) = lanes_of(chunk, places);
            let data = self.read_bytes(block, warp, &site, space, mask, &addresses)?;
            for (run, data) in chunk.iter().zip(data) {
                for (n, index) in run.iter().enumerate() {
                    elements[*index] =
                        data[n * size..(n + 1) * size].iter().rev().fold(0, |v, b| v << 8 | u64::from(*b));
                }
            }
        }
        Some(elements)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one access")]
    fn write_elements(
        &mut self,
        block: &mut Block,
        warp: &Warp,
        pc: u32,
        space: Space,
        f: &Fragment,
        places: &[u64],
        elements: &[u64],
    ) {
        let (bytes, runs) = Self::vectors(f, places);
        let size = (element_bits(f.element) / 8) as usize;
        let site = Site { pc, bytes, write: true, atomic: false, caching: Caching::Normal };
        for chunk in runs.chunks(32) {
            let (mask, addresses) = lanes_of(chunk, places);
            let mut data = vec![[0u8; 16]; 32];
            for (run, data) in chunk.iter().zip(&mut data) {
                for (n, index) in run.iter().enumerate() {
                    data[n * size..(n + 1) * size].copy_from_slice(&elements[*index].to_le_bytes()[..size]);
                }
            }
            self.write_bytes(block, warp, &site, space, mask, &addresses, &data);
        }
    }

    fn row_addresses(&self, warp: &Warp, base: Reg, offset: i64, generic: bool) -> [u64; 32] {
        let addresses = Self::addresses(warp, base, offset);
        if generic { addresses.map(|a| a.wrapping_sub(SHARED_WINDOW)) } else { addresses }
    }

    fn read_rows(
        &mut self,
        block: &mut Block,
        warp: &Warp,
        pc: u32,
        rows: &[u64; 32],
        matrices: usize,
    ) -> Option<Vec<[u8; 16]>> {
        let site = Site { pc, bytes: 16, write: false, atomic: false, caching: Caching::Normal };
        let mask = (u64::MAX >> (64 - 8 * matrices)) as u32;
        self.read_bytes(block, warp, &site, Space::Shared, mask, rows)
    }

    fn write_rows(&mut self, block: &mut Block, warp: &Warp, pc: u32, rows: &[u64; 32], bytes: &[[u8; 16]]) {
        let site = Site { pc, bytes: 16, write: true, atomic: false, caching: Caching::Normal };
        let mask = (u64::MAX >> (64 - bytes.len())) as u32;
        self.write_bytes(block, warp, &site, Space::Shared, mask, rows, bytes);
    }

    /// Up to 16 bytes a lane. None if a fault leaves nothing to go on with.
    fn read_bytes(
        &mut self,
        block: &mut Block,
        warp: &Warp,
        site: &Site,
        space: Space,
        mask: u32,
        addresses: &[u64; 32],
    ) -> Option<Vec<[u8; 16]>> {
        let (words, size) = words_of(site.bytes);
        let mut values = [[0u64; 32]; 8];
        self.load_from(block, warp, site, space, mask, addresses, size, &mut values);
        let mut data = vec![[0u8; 16]; 32];
        for lane in lanes(mask) {
            for n in 0..words {
                let bytes = values[n][lane].to_le_bytes();
                data[lane][n * size as usize..(n + 1) * size as usize].copy_from_slice(&bytes[..size as usize]);
            }
        }
        Some(data)
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one access")]
    fn write_bytes(
        &mut self,
        block: &mut Block,
        warp: &Warp,
        site: &Site,
        space: Space,
        mask: u32,
        addresses: &[u64; 32],
        data: &[[u8; 16]],
    ) {
        let (words, size) = words_of(site.bytes);
        let mut values = vec![[0u64; 32]; words];
        for lane in lanes(mask) {
            for (n, values) in values.iter_mut().enumerate() {
                let part = &data[lane][n * size as usize..(n + 1) * size as usize];
                values[lane] = part.iter().rev().fold(0, |v, b| v << 8 | u64::from(*b));
            }
        }
        self.store_to(block, warp, site, space, mask, addresses, size, &values);
    }
}

/// Number and size of the words that make up so many bytes.
fn words_of(bytes: u32) -> (usize, u32) {
    let size = bytes.min(8);
    ((bytes / size) as usize, size)
}

fn lanes_of(runs: &[Vec<usize>], places: &[u64]) -> (u32, [u64; 32]) {
    let mask = (u64::MAX >> (64 - runs.len())) as u32;
    let addresses =
        std::array::from_fn(|lane| runs.get(lane).and_then(|r| places.get(*r.first()?)).copied().unwrap_or(0));
    (mask, addresses)
}

/// An accumulator's element in the type of the result.
fn convert(from: Element, to: Element, bits: u64) -> u64 {
    match (from, to) {
        (Element::F16, Element::F32) => (value(from, bits) as f32).put(),
        (Element::F32, Element::F16) => f16::nearest(value(from, bits)).put(),
        _ => bits,
    }
}

/// Row and column of element `e` of a lane in the left matrix of `mma.sync` with 16 rows.
fn place_a(kind: Element, lane: usize, e: usize) -> (usize, usize) {
    let (group, thread) = (lane >> 2, lane & 3);
    // Elements side by side in a row, then the lower half of the rows, then the right half of the columns.
    let side = per_register(kind);
    let (within, half, right) = (e % side, e / side % 2, e / side / 2);
    (group + 8 * half, thread * side + within + 4 * side * right)
}

/// The same in the right matrix, which has 8 columns.
fn place_b(kind: Element, lane: usize, e: usize) -> (usize, usize) {
    let side = per_register(kind);
    ((lane & 3) * side + e % side + 4 * side * (e / side), lane >> 2)
}
