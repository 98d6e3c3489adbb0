//! What no kernel can do without at full size. Outputs are compared on small shapes only, so a candidate could be right there and do
//! nothing at full size; one that touches too little memory or computes too little is rejected as too fast to be true.

use kernsmith_simt::counters::Class;
use kernsmith_simt::device::Device;

use super::simulate::Counted;
use crate::numbers::number;
use crate::target::{Failure, Reason};
use crate::task::CudaTask;
use crate::task::integer::Expr;

/// The least part of the compulsory traffic that has to be seen. Counts of a sample of blocks are extrapolated.
const LEAST_TRAFFIC: f64 = 0.5;
/// The least part of the compulsory arithmetic; Winograd's convolutions do with less than half.
const LEAST_ARITHMETIC: f64 = 0.25;

fn value(task: &CudaTask, expr: &Expr) -> Option<f64> {
    let shape = task.measure_shape()?;
    expr.value(&|name| shape.get(name).copied()).ok().map(|v| v as f64)
}

/// The seconds that no kernel can do without on this device: its roofline.
pub fn seconds(task: &CudaTask, device: &Device) -> Option<f64> {
    let (bytes, flops) = (value(task, &task.measure.bytes)?, value(task, &task.measure.flops)?);
    device.floor_seconds(bytes, flops, task.measure.peak.as_str())
}

/// Rejects a plan that cannot have done the work.
pub fn check(task: &CudaTask, counted: &[Counted]) -> Result<(), Failure> {
    let mut traffic = 0.0;
    for buffer in &task.buffers {
        let touched = |c: &Counted| {
            let scale = c.counters.scale();
            let of = c.counters.footprint.iter().find(|f| f.buffer == buffer.name);
            of.map_or((0.0, 0.0), |f| {
                let most = f.bytes as f64;
                ((f.read_by_blocks as f64 * scale).min(most), (f.written_by_blocks as f64 * scale).min(most))
            })
        };
        let (read, written) = counted.iter().map(touched).fold((0f64, 0f64), |a, b| (a.0.max(b.0), a.1.max(b.1)));
        traffic += read + written;
    }
    let arithmetic: f64 = counted
        .iter()
        .map(|c| {
            let plain = c.counters.sum(is_arithmetic, |o| o.lanes);
            let tensor = c.counters.sum(|class| class == Class::Tensor, |o| o.tensor_ops);
            // An instruction does two operations at least once: multiply and add; packed halves and bytes do more.
            c.counters.scale() * (4.0 * plain as f64 + tensor as f64)
        })
        .sum();
    for (what, unit, done, needed, least) in [
        ("touches", "bytes", traffic, value(task, &task.measure.bytes), LEAST_TRAFFIC),
        ("does", "operations", arithmetic, value(task, &task.measure.flops), LEAST_ARITHMETIC),
    ] {
        if let Some(needed) = needed
            && done < least * needed
        {
            let message = format!(
                "at full size it {what} about {} {unit}, and the task cannot be done with less than {}",
                number(done),
                number(needed)
            );
            return Err(Failure::new(Reason::TooFast, message));
        }
    }
    Ok(())
}

fn is_arithmetic(class: Class) -> bool {
    matches!(
        class,
        Class::Fp32
            | Class::Fp16
            | Class::Fp64
            | Class::Int32
            | Class::Int64
            | Class::IntDivide
            | Class::Special
            | Class::Divide
            | Class::Convert
    )
}
