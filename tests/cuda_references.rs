//! The references of the CUDA tasks against independent definitions. A runner takes every descendant of its process for its own, so this is
//! the only test of its file.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic")]

mod support;

#[path = "cuda/definitions.rs"]
mod definitions;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use kernsmith::sandbox::Runner;
use kernsmith::target::cuda::compile;
use kernsmith::target::cuda::data;
use kernsmith::target::cuda::simulate::{self, Inputs};
use kernsmith::task::TaskRoot;
use kernsmith_simt::device::Device;
use kernsmith_simt::exec::Order;
use support::{binary, needs_nvrtc};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn cuda_tasks() -> Vec<String> {
    let names: Vec<String> =
        TaskRoot(root().join("tasks")).names().into_iter().filter(|n| n.starts_with("cuda/")).collect();
    assert!(names.len() >= 20, "{names:?}");
    names
}

#[test]
fn references_do_what_their_definitions_say() {
    if !needs_nvrtc() {
        return;
    }
    let runner = Runner::new(binary(), Arc::new(AtomicBool::new(false))).unwrap();
    let device = Device::by_id("h100").unwrap();
    for name in cuda_tasks() {
        let task = TaskRoot(root().join("tasks")).load(&name).unwrap();
        let cuda = task.cuda().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let built = compile::build(cuda, &task.reference, "reference", device, dir.path(), &runner).unwrap();
        let scalars: BTreeMap<String, f64> = cuda.scalars.iter().map(|s| (s.name.clone(), s.value)).collect();
        for (label, shape) in cuda.check_shapes() {
            let inputs = Inputs { shape, seed: 7, stress: None };
            let outputs = simulate::execute(cuda, &built, device, inputs, Order::Forward, true).unwrap();
            assert_eq!(outputs.faults, [], "{name} {label}");
            let mut given = BTreeMap::new();
            for (n, buffer) in cuda.buffers.iter().enumerate().filter(|(_, b)| b.role.is_filled()) {
                let count = buffer.elements(shape).unwrap();
                let bytes = data::elements(cuda, n, shape, 7, None, count).unwrap();
                let values = (0..count as usize).map(|i| data::get(buffer.dtype, &bytes, i)).collect();
                given.insert(buffer.name.clone(), values);
            }
            let want = definitions::expected(task.name(), shape, &scalars, &given);
            for (n, buffer) in cuda.buffers.iter().enumerate().filter(|(_, b)| b.role.is_compared()) {
                let want = &want[&buffer.name];
                let rms = (want.iter().map(|w| w * w).sum::<f64>() / want.len() as f64).sqrt();
                for (i, w) in want.iter().enumerate() {
                    let got = data::get(buffer.dtype, &outputs.buffers[n], i);
                    let allowed = cuda.check.atol + cuda.check.rtol * w.abs().max(rms);
                    assert!(
                        (got - w).abs() <= allowed,
                        "{name} {label} {}: {got} for {w}",
                        data::place(buffer, shape, i)
                    );
                }
            }
        }
    }
}
