//! The contents of buffers: drawing inputs, stressing them, and comparing outputs.

use half::{bf16, f16};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::task::cuda::{Buffer, BufferFill, CudaTask, Dtype, Shape, Stress};

/// Elements of a tile that stands for a large buffer.
const TILE_ELEMENTS: u64 = 1 << 18;

/// Writes a number as an element.
fn put(dtype: Dtype, value: f64, bytes: &mut Vec<u8>) {
    match dtype {
        Dtype::F64 => bytes.extend(value.to_le_bytes()),
        Dtype::F32 => bytes.extend((value as f32).to_le_bytes()),
        Dtype::F16 => bytes.extend(f16::from_f64(value).to_le_bytes()),
        Dtype::Bf16 => bytes.extend(bf16::from_f64(value).to_le_bytes()),
        Dtype::I64 => bytes.extend((value as i64).to_le_bytes()),
        Dtype::I32 => bytes.extend((value as i32).to_le_bytes()),
        Dtype::U32 => bytes.extend((value as u32).to_le_bytes()),
        Dtype::I16 => bytes.extend((value as i16).to_le_bytes()),
        Dtype::U16 => bytes.extend((value as u16).to_le_bytes()),
        Dtype::I8 => bytes.extend((value as i8).to_le_bytes()),
        Dtype::U8 => bytes.push(value as u8),
    }
}

/// Element number `index` of a buffer's bytes.
pub fn get(dtype: Dtype, bytes: &[u8], index: usize) -> f64 {
    let size = dtype.size() as usize;
    let part = &bytes[index * size..(index + 1) * size];
    let word = part.iter().rev().fold(0u64, |value, b| value << 8 | u64::from(*b));
    match dtype {
        Dtype::F64 => f64::from_bits(word),
        Dtype::F32 => f64::from(f32::from_bits(word as u32)),
        Dtype::F16 => f64::from(f16::from_bits(word as u16)),
        Dtype::Bf16 => f64::from(bf16::from_bits(word as u16)),
        Dtype::I64 => word as i64 as f64,
        Dtype::I32 => f64::from(word as u32 as i32),
        Dtype::U32 => f64::from(word as u32),
        Dtype::I16 => f64::from(word as u16 as i16),
        Dtype::U16 => f64::from(word as u16),
        Dtype::I8 => f64::from(word as u8 as i8),
        Dtype::U8 => f64::from(word as u8),
    }
}

/// A standard normal number (Box and Muller).
fn normal(random: &mut impl Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.random::<f64>()).cos()
}

/// A generator for one buffer of one trial.
fn generator(seed: u64, buffer: usize) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed ^ (buffer as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// The first `count` elements of buffer number `number` at a shape. The error names an expression without a value.
pub fn elements(
    task: &CudaTask,
    number: usize,
    shape: &Shape,
    seed: u64,
    stress: Option<Stress>,
    count: u64,
) -> Result<Vec<u8>, String> {
    let buffer = &task.buffers[number];
    let mut random = generator(seed, number);
    let mut bytes = Vec::with_capacity((count * buffer.dtype.size()) as usize);
    let real = matches!(buffer.fill, Some(BufferFill::Normal { .. } | BufferFill::Uniform { .. }));
    let stress = stress.filter(|_| real && buffer.dtype.is_float());
    let hot = random.random_range(0..count.max(1));
    let symbol = |name: &str| shape.get(name).copied();
    let bounds = match &buffer.fill {
        Some(BufferFill::Integers { low, high }) => Some((low.value(&symbol)?, high.value(&symbol)?)),
        _ => None,
    };
    for index in 0..count {
        let drawn = match &buffer.fill {
            Some(BufferFill::Normal { mean, std }) => mean + std * normal(&mut random),
            Some(BufferFill::Uniform { low, high }) => random.random_range(*low..*high),
            Some(BufferFill::Integers { .. }) => {
                let (low, high) = bounds.unwrap_or((0, 0));
                random.random_range(low..=high.max(low)) as f64
            }
            Some(BufferFill::Constant { value }) => *value,
            None => 0.0,
        };
        let value = match stress {
            None => drawn,
            Some(Stress::Scaled) => drawn * 100.0,
            Some(Stress::Shifted) => drawn + 10.0,
            Some(Stress::Constant) => 0.5,
            Some(Stress::OneHot) => f64::from(u8::from(index == hot)),
        };
        put(buffer.dtype, value, &mut bytes);
    }
    Ok(bytes)
}

/// A pattern that stands for a buffer of which only parts are needed: its elements, or as many of them as a tile has.
pub fn tile(task: &CudaTask, number: usize, shape: &Shape, seed: u64) -> Result<Vec<u8>, String> {
    let count = task.buffers[number].elements(shape)?.min(TILE_ELEMENTS);
    elements(task, number, shape, seed, None, count)
}

/// A difference between what a candidate gave and what the reference gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Elements that differ.
    pub wrong: usize,
    /// All elements.
    pub elements: usize,
    /// The first that differs.
    pub index: usize,
    /// What the candidate gave there.
    pub got: f64,
    /// What the reference gives.
    pub want: f64,
    /// The largest error over its tolerance.
    pub worst: f64,
}

/// Compares two buffers; None if they agree within the tolerances.
pub fn compare(task: &CudaTask, buffer: &Buffer, got: &[u8], want: &[u8]) -> Option<Difference> {
    let count = want.len() / buffer.dtype.size() as usize;
    let float = buffer.dtype.is_float();
    let finite: Vec<f64> = (0..count).map(|i| get(buffer.dtype, want, i)).filter(|v| v.is_finite()).collect();
    let rms = (finite.iter().map(|v| v * v).sum::<f64>() / finite.len().max(1) as f64).sqrt();
    let mut found: Option<Difference> = None;
    for index in 0..count {
        let (g, w) = (get(buffer.dtype, got, index), get(buffer.dtype, want, index));
        let ratio = if !float || !w.is_finite() || !g.is_finite() {
            let same = g == w || (g.is_nan() && w.is_nan());
            if same { 0.0 } else { f64::INFINITY }
        } else {
            let allowed = task.check.atol + task.check.rtol * w.abs().max(rms);
            if g == w { 0.0 } else { (g - w).abs() / allowed }
        };
        if ratio > 1.0 {
            let difference =
                found.get_or_insert(Difference { wrong: 0, elements: count, index, got: g, want: w, worst: 0.0 });
            difference.wrong += 1;
            difference.worst = difference.worst.max(ratio);
        }
    }
    found
}

/// `name[i, j]` for a linear index.
pub fn place(buffer: &Buffer, shape: &Shape, index: usize) -> String {
    let extents = buffer.extents(shape).unwrap_or_default();
    let mut rest = index as u64;
    let mut coordinates: Vec<String> = Vec::new();
    for extent in extents.iter().rev() {
        coordinates.push((rest % (*extent).max(1)).to_string());
        rest /= (*extent).max(1);
    }
    coordinates.reverse();
    format!("{}[{}]", buffer.name, coordinates.join(", "))
}
