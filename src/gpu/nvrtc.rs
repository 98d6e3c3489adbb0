//! NVRTC, the CUDA compiler that is a library: one compilation, in a child process under limits.
//!
//! A source can keep the compiler busy for ever or have it take all memory, so every compilation is a child of its own
//! (`kernsmith nvrtc JOB.json`, run through the sandbox). This process never loads the library.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use crate::sandbox::{End, Limits, Outcome, Runner};

mod find;
mod hint;
mod program;
mod ptxas;

pub use find::{LIBRARY_VARIABLE, worker_environment};
pub use program::{reported_version, serve};
pub use ptxas::Resources;

/// The command that installs NVRTC.
pub const INSTALL_HINT: &str =
    "scripts/setup, or: python3 -m pip install --target .tools/nvrtc nvidia-cuda-nvrtc==13.5.37";

/// Wall-clock seconds for a compilation, unless the request says otherwise.
pub const WALL_SECONDS: f64 = 60.0;
/// Memory for a compilation, unless the request says otherwise.
pub const MEMORY_BYTES: u64 = 2 << 30;
/// Largest file that a compilation may write.
const FILE_BYTES: u64 = 64 << 20;
/// The compiler itself prints nothing; what comes is the message of a crash.
const OUTPUT_BYTES: u64 = 1 << 20;
const PROCESSES: u64 = 16;

const SIGKILL: i32 = 9;
const SIGXCPU: i32 = 24;
const SIGXFSZ: i32 = 25;

/// The name that cudarc looks for first, and the only one for which it takes a link in the work folder.
const LINK: &str = "libnvrtc.so";

/// What to compile.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// File name in the work folder; diagnostics and line tables use it.
    pub source: String,
    /// Real architecture, `sm_90`.
    pub arch: String,
    /// Macros.
    pub defines: Vec<(String, i64)>,
    /// Kernels as the source names them, `tile<128, 8>`: templates are instantiated for them and their symbols are told.
    pub names: Vec<String>,
    /// Further options of NVRTC.
    pub options: Vec<String>,
    /// Wall-clock limit.
    pub wall_seconds: f64,
    /// Memory limit.
    pub memory_bytes: u64,
}

impl Request {
    /// A request without macros, names and options, with the usual limits.
    pub fn new(source: impl Into<String>, arch: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            arch: arch.into(),
            defines: Vec::new(),
            names: Vec::new(),
            options: Vec::new(),
            wall_seconds: WALL_SECONDS,
            memory_bytes: MEMORY_BYTES,
        }
    }
}

/// What came of a source that compiles.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    /// PTX with `.loc` lines; the folder of the source is taken out of its file table.
    pub ptx: String,
    /// The same for one architecture, in machine code.
    pub cubin: Vec<u8>,
    /// Warnings.
    pub log: String,
    /// Name expression to symbol.
    pub lowered: BTreeMap<String, String>,
    /// Symbol to what the kernel takes.
    pub resources: BTreeMap<String, Resources>,
    /// Version of NVRTC.
    pub version: String,
    /// Seconds in the compiler, the start of its process not counted.
    pub seconds: f64,
}

/// Why nothing came of it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CompileFailure {
    /// The compiler refused the source.
    #[error("{log}")]
    Rejected {
        /// Its diagnostics, and a sentence of advice where they are terse.
        log: String,
    },
    /// It took longer than the limit.
    #[error("the compiler ran longer than {0} s")]
    Timeout(f64),
    /// It took more memory than the limit.
    #[error("the compiler used more than {} MiB", .0 >> 20)]
    OutOfMemory(u64),
    /// The result is larger than the limit.
    #[error("the compiler wrote more than {} MiB", FILE_BYTES >> 20)]
    OutputFlood,
    /// There is no NVRTC.
    #[error("{0}")]
    Missing(#[from] Missing),
    /// The machine is to blame, or this program.
    #[error("{0}")]
    Infrastructure(String),
}

/// NVRTC is not on this machine, or cannot be loaded. The text says how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("NVRTC: {0}")]
pub struct Missing(pub String);

/// What the child is told.
#[derive(Debug, Serialize, Deserialize)]
struct Job {
    request: Request,
    stem: String,
    library: PathBuf,
    /// Folders for the bundled headers; the first that can be written is taken.
    headers: Vec<PathBuf>,
}

/// What the child answers.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    status: Status,
    log: String,
    lowered: BTreeMap<String, String>,
    kernels: BTreeMap<String, Resources>,
    version: String,
    seconds: f64,
}

/// How a compilation ended that came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Compiled,
    Rejected,
    OutOfMemory,
}

/// The version of the NVRTC that compiles candidates here, for instance `13.5.37`. A child process loads it, so a broken library is an
/// answer too; if there is no library, nothing is started.
pub fn version() -> Result<String, Missing> {
    let library = find::library()?;
    let broken = |why: String| Missing(format!("cannot be loaded: {}; to get it: {INSTALL_HINT}", why.trim()));
    let program = std::env::current_exe().map_err(|e| broken(e.to_string()))?;
    let output = Command::new(program)
        .args(["nvrtc", "--version-of"])
        .arg(&library)
        .stdin(Stdio::null())
        .output()
        .map_err(|e| broken(e.to_string()))?;
    let told = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_string();
    if output.status.success() {
        Ok(told(&output.stdout))
    } else {
        let why = told(&output.stderr).trim_start_matches("error: ").to_string();
        Err(broken(if why.is_empty() { format!("{}: {}", library.display(), output.status) } else { why }))
    }
}

/// The file that would be loaded.
pub fn library() -> Result<PathBuf, Missing> {
    find::library()
}

/// Compiles the source that `request` names in the folder `dir`. Leaves `STEM.ptx`, `STEM.cubin` and `STEM.json` there.
pub fn compile(runner: &Runner, dir: &Path, stem: &str, request: &Request) -> Result<Compiled, CompileFailure> {
    let library = find::library()?;
    let job_file = prepare(dir, stem, request, library).map_err(|e| infrastructure("work folder", e))?;
    let limits = Limits {
        wall_seconds: request.wall_seconds,
        memory_bytes: request.memory_bytes,
        output_bytes: OUTPUT_BYTES,
        file_bytes: FILE_BYTES,
        processes: PROCESSES,
    };
    // cudarc asks the loader for libnvrtc.so and cannot be told a path: the link in the work folder comes before any other.
    let args = [Path::new("LD_LIBRARY_PATH=."), runner.helper(), Path::new("nvrtc"), Path::new(&job_file)];
    let outcome =
        runner.run(Path::new("/usr/bin/env"), &args, dir, &limits).map_err(|e| infrastructure("cannot start", e))?;
    judge_end(&outcome, request)?;
    let path = |ending: &str| dir.join(format!("{stem}.{ending}"));
    let answer = fs::read(path("json")).map_err(|e| infrastructure("no answer", e))?;
    let answer: Answer = serde_json::from_slice(&answer).map_err(|e| infrastructure("answer", e))?;
    match answer.status {
        Status::Rejected => Err(CompileFailure::Rejected { log: answer.log }),
        Status::OutOfMemory => Err(CompileFailure::OutOfMemory(request.memory_bytes)),
        Status::Compiled => Ok(Compiled {
            ptx: fs::read_to_string(path("ptx")).map_err(|e| infrastructure("PTX", e))?,
            cubin: fs::read(path("cubin")).map_err(|e| infrastructure("cubin", e))?,
            log: answer.log,
            lowered: answer.lowered,
            resources: answer.kernels,
            version: answer.version,
            seconds: answer.seconds,
        }),
    }
}

/// Writes what the child needs into its folder and takes away what an earlier compilation left. Returns the job's file name.
fn prepare(dir: &Path, stem: &str, request: &Request, library: PathBuf) -> io::Result<String> {
    for old in [LINK.to_string(), format!("{stem}.json")] {
        match fs::remove_file(dir.join(old)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
            _ => {}
        }
    }
    std::os::unix::fs::symlink(&library, dir.join(LINK))?;
    let folders = library.parent().map(Path::to_path_buf).into_iter().chain(find::cache()).chain([dir.to_path_buf()]);
    let headers = folders.map(|folder| folder.join("headers")).collect();
    let job = Job { request: request.clone(), stem: stem.to_string(), library, headers };
    let job_file = format!("{stem}.job.json");
    fs::write(dir.join(&job_file), serde_json::to_vec(&job)?)?;
    Ok(job_file)
}

/// Nothing, if the child came to its end and answered.
fn judge_end(outcome: &Outcome, request: &Request) -> Result<(), CompileFailure> {
    let output = outcome.output.trim();
    Err(match outcome.end {
        // A compiler that runs out of memory dies, or says so here and calls it an error in the source.
        End::Exit(0) | End::Signal(_) if ran_out_of_memory(output) => CompileFailure::OutOfMemory(request.memory_bytes),
        End::Exit(0) => return Ok(()),
        End::Exit(code) => infrastructure(&format!("exit status {code}"), output),
        End::Wall | End::Signal(SIGXCPU) => CompileFailure::Timeout(request.wall_seconds),
        End::Memory => CompileFailure::OutOfMemory(request.memory_bytes),
        End::Output | End::Signal(SIGXFSZ) => CompileFailure::OutputFlood,
        End::Processes => infrastructure("too many processes", output),
        End::Cancelled => CompileFailure::Infrastructure("cancelled".into()),
        End::Signal(SIGKILL) => {
            infrastructure("killed from outside", "`dmesg` tells whether the machine ran out of memory")
        }
        // The compiler fell over this source; the machine is not to blame.
        End::Signal(signal) => CompileFailure::Rejected {
            log: format!("error: the compiler crashed on this source (signal {signal})\n{output}\n"),
        },
    })
}

fn infrastructure(what: &str, why: impl std::fmt::Display) -> CompileFailure {
    CompileFailure::Infrastructure(format!("nvrtc: {what}: {why}"))
}

/// True if a part of the compiler, or Rust, says that an allocation failed.
fn ran_out_of_memory(text: &str) -> bool {
    ["LLVM ERROR: out of memory", "Memory allocation failure", "bad_alloc", "memory allocation of"]
        .iter()
        .any(|word| text.contains(word))
}
