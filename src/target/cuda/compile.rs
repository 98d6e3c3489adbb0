//! From source text to something that the simulated GPU executes: annotations, NVRTC, PTX.

use std::collections::BTreeMap;
use std::path::Path;

use kernsmith_simt::device::Device;
use kernsmith_simt::program::Program;
use kernsmith_simt::time::Resources;

use super::plan::LaunchPlan;
use crate::candidate::MAX_SOURCE_BYTES;
use crate::gpu::nvrtc::{self, CompileFailure, Request};
use crate::sandbox::Runner;
use crate::target::{Failure, Reason};
use crate::task::CudaTask;

/// A candidate that was compiled.
pub struct Built {
    /// What the host does.
    pub plan: LaunchPlan,
    /// The kernels.
    pub program: Program,
    /// Name in a launch to the kernel's symbol.
    pub symbols: BTreeMap<String, String>,
    /// Symbol to registers, shared memory and spills.
    pub resources: BTreeMap<String, Resources>,
    /// What there is to say about it.
    pub log: String,
    /// Seconds in the compiler.
    pub seconds: f64,
}

/// Compiles a source in the folder `dir`, as `<stem>.cu`.
pub fn build(
    task: &CudaTask,
    source: &str,
    stem: &str,
    device: &Device,
    dir: &Path,
    runner: &Runner,
) -> Result<Built, Failure> {
    if source.len() > MAX_SOURCE_BYTES {
        let message = format!("the source has more than {MAX_SOURCE_BYTES} bytes");
        return Err(Failure::new(Reason::BadSource, message));
    }
    if source.contains('\u{FFFD}') || source.contains('\0') {
        return Err(Failure::new(Reason::BadSource, "the source is not UTF-8 text"));
    }
    forbidden(source)?;
    let plan = LaunchPlan::parse(task, source).map_err(|e| Failure::new(Reason::AnnotationError, e.to_string()))?;
    let shapes = task.check_shapes().map(|(_, s)| s).chain(task.measure_shape());
    for shape in shapes {
        plan.resolve(task, shape).map_err(|e| Failure::new(Reason::AnnotationError, e.to_string()))?;
    }
    let file = format!("{stem}.cu");
    std::fs::write(dir.join(&file), source)
        .map_err(|e| Failure::new(Reason::Infrastructure, format!("{file}: {e}")))?;
    let mut names: Vec<String> = plan.launches.iter().map(|l| l.kernel.clone()).collect();
    names.sort();
    names.dedup();
    let mut request = Request::new(file.clone(), device.arch);
    request.defines = plan.tunables.iter().map(|(name, value)| (name.clone(), *value)).collect();
    request.names = names;
    let compiled = nvrtc::compile(runner, dir, stem, &request).map_err(failure)?;
    let program = Program::load(&compiled.ptx, &file).map_err(|e| {
        Failure::new(Reason::Unsupported, format!("the simulated GPU cannot read this kernel's PTX: {e}"))
    })?;
    let mut log = compiled.log.clone();
    let mut resources = BTreeMap::new();
    for (symbol, r) in &compiled.resources {
        let spills = r.spill_stores.max(r.spill_loads);
        log.push_str(&format!(
            "{symbol}: {} registers, {} bytes of static shared memory, {spills} bytes spilled\n",
            r.registers, r.static_shared
        ));
        let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let taken =
            Resources { registers: r.registers, static_shared: narrow(r.static_shared), spill_bytes: narrow(spills) };
        resources.insert(symbol.clone(), taken);
    }
    Ok(Built { plan, program, symbols: compiled.lowered, resources, log, seconds: compiled.seconds })
}

/// Includes of files that are not the compiler's own: their text would show in error messages.
fn forbidden(source: &str) -> Result<(), Failure> {
    for (number, line) in source.lines().enumerate() {
        let Some(rest) = line.trim_start().strip_prefix('#') else { continue };
        let Some(name) = rest.trim_start().strip_prefix("include") else { continue };
        let name = name.trim_start();
        let path = name.trim_start_matches(['<', '"']);
        if path.starts_with('/') || path.contains("..") || !name.starts_with(['<', '"']) {
            let message = format!("line {}: #include of {name}: only the compiler's own headers are there", number + 1);
            return Err(Failure::new(Reason::ForbiddenConstruct, message));
        }
    }
    Ok(())
}

fn failure(failure: CompileFailure) -> Failure {
    let reason = match &failure {
        CompileFailure::Rejected { .. } => Reason::CompileError,
        CompileFailure::Timeout(_) => Reason::Timeout,
        CompileFailure::OutOfMemory(_) => Reason::OutOfMemory,
        CompileFailure::OutputFlood => Reason::OutputFlood,
        CompileFailure::Missing(_) => Reason::ToolMissing,
        CompileFailure::Infrastructure(_) => Reason::Infrastructure,
    };
    Failure::new(reason, failure.to_string())
}
