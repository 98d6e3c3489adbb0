//! The child's side: loads the library, compiles one source, writes what came of it.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::ffi::{CStr, CString, c_char, c_int, c_uint};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use cudarc::nvrtc::{result, sys};
use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

use super::{Answer, Job, Request, Status, find, hint, ptxas};

/// Longest log that is kept, in bytes.
const MAX_LOG: usize = 64 << 10;
/// What the front end says, and NVRTC calls a compilation error.
const OUT_OF_MEMORY: &str = "catastrophic error: out of memory";
/// The prelude's name in diagnostics.
const PRELUDE_NAME: &CStr = c"kernsmith_prelude.h";
const PRELUDE: &str = include_str!("prelude.h");

type Function = unsafe extern "C" fn() -> c_int;
type VersionFunction = unsafe extern "C" fn(*mut c_int, *mut c_int) -> c_int;
type InstallFunction = unsafe extern "C" fn(*const c_char, c_uint, *mut *const c_char) -> c_int;

/// Does the job that the file describes, in the folder it lies in. An error means that the machine or this program is to blame.
pub fn serve(job_file: &Path) -> Result<(), String> {
    let text = fs::read(job_file).map_err(|e| format!("{}: {e}", job_file.display()))?;
    let job: Job = serde_json::from_slice(&text).map_err(|e| format!("{}: {e}", job_file.display()))?;
    let dir = job_file.parent().unwrap_or(Path::new(""));
    let source = fs::read(dir.join(&job.request.source)).map_err(|e| format!("{}: {e}", job.request.source))?;
    let nvrtc = Nvrtc::load(&job.library)?;
    let started = Instant::now();
    let result = nvrtc.compile(&job, source)?;
    let answer = Answer {
        status: result.status,
        log: result.log,
        lowered: result.lowered,
        kernels: result.kernels,
        version: find::exact_version(&job.library, &nvrtc.version),
        seconds: started.elapsed().as_secs_f64(),
    };
    let write = |ending: &str, bytes: &[u8]| {
        let path = dir.join(format!("{}.{ending}", job.stem));
        fs::write(&path, bytes).map_err(|e| format!("{}: {e}", path.display()))
    };
    if answer.status == Status::Compiled {
        write("ptx", result.ptx.as_bytes())?;
        write("cubin", &result.cubin)?;
    }
    write("json", &serde_json::to_vec_pretty(&answer).map_err(|e| e.to_string())?)
}

/// The version of the library in this file; loads it.
pub fn reported_version(library: &Path) -> Result<String, String> {
    let (_, version) = preload(library)?;
    Ok(find::exact_version(library, &version))
}

/// Loads a library by its path and asks for its version: major and minor.
fn preload(path: &Path) -> Result<(Library, String), String> {
    // The loader's own message names the file; libloading has it as the cause.
    let failed = |e: libloading::Error| e.source().map_or_else(|| e.to_string(), ToString::to_string);
    #[expect(unsafe_code, reason = "the file is the user's own NVRTC, which does nothing when it is loaded")]
    let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_GLOBAL) }.map_err(failed)?;
    let (mut major, mut minor) = (0, 0);
    #[expect(unsafe_code, reason = "this function has had this signature in all versions")]
    let status = unsafe {
        let version = library.get::<VersionFunction>(b"nvrtcVersion").map_err(failed)?;
        version(&mut major, &mut minor)
    };
    if status == 0 {
        Ok((library, format!("{major}.{minor}")))
    } else {
        Err(format!("{}: it does not tell its version", path.display()))
    }
}

/// The loaded library.
struct Nvrtc {
    library: Library,
    version: String,
}

/// What a compilation gave.
struct Product {
    status: Status,
    log: String,
    ptx: String,
    cubin: Vec<u8>,
    lowered: BTreeMap<String, String>,
    kernels: BTreeMap<String, ptxas::Resources>,
}

impl Nvrtc {
    /// Loads the file and makes sure that cudarc, which panics if it finds nothing, finds this file and no other.
    fn load(path: &Path) -> Result<Self, String> {
        let (library, version) = preload(path)?;
        #[expect(unsafe_code, reason = "only loads and compares; no function of the library is called")]
        let same = unsafe {
            sys::is_culib_present() && {
                let ours = library.get::<Function>(b"nvrtcCompileProgram").map(|f| *f as usize).ok();
                let theirs = sys::culib().get::<Function>(b"nvrtcCompileProgram").map(|f| *f as usize).ok();
                ours.is_some() && ours == theirs
            }
        };
        if same {
            Ok(Self { library, version })
        } else {
            Err(format!("the loader finds another libnvrtc.so than {}", path.display()))
        }
    }

    fn compile(&self, job: &Job, source: Vec<u8>) -> Result<Product, String> {
        let request = &job.request;
        let Ok(text) = CString::new(source) else {
            return Ok(Product::failed(Status::Rejected, "the source holds a NUL byte".into()));
        };
        let mut options = options(request)?;
        if has_include(text.to_bytes()) {
            for folder in self.headers(job)? {
                options.push(format!("--include-path={}", folder.display()));
            }
        }
        let name = c_string(&request.source)?;
        let names = request.names.iter().map(|name| c_string(name)).collect::<Result<Vec<_>, _>>()?;
        let program = Program::new(&text, &name)?;
        for name in &names {
            program.add_name(name)?;
        }
        let compiled = program.compile(&options);
        let log = cut(program.log()?);
        match compiled {
            Ok(()) => {}
            Err(sys::nvrtcResult::NVRTC_ERROR_OUT_OF_MEMORY) => return Ok(Product::failed(Status::OutOfMemory, log)),
            Err(
                sys::nvrtcResult::NVRTC_ERROR_COMPILATION | sys::nvrtcResult::NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID,
            ) => {
                let status = if log.contains(OUT_OF_MEMORY) { Status::OutOfMemory } else { Status::Rejected };
                return Ok(Product::failed(status, hint::explain(&log)));
            }
            Err(other) => return Err(format!("{other:?} with {options:?}\n{log}")),
        }
        let mut lowered = BTreeMap::new();
        for (name, text) in names.iter().zip(&request.names) {
            lowered.insert(text.clone(), program.lowered(name)?);
        }
        Ok(Product {
            status: Status::Compiled,
            ptx: without_folder(program.ptx()?),
            cubin: program.cubin()?,
            lowered,
            kernels: ptxas::parse(&log)?,
            log: ptxas::without_reports(&log),
        })
    }

    /// The folders of CUDA's own headers: those in the library, written out once, or those of the toolkit that it belongs to.
    fn headers(&self, job: &Job) -> Result<Vec<PathBuf>, String> {
        #[expect(unsafe_code, reason = "the signature is the one of nvrtc.h since 13.3, where the function is new")]
        let install = unsafe { self.library.get::<InstallFunction>(b"nvrtcInstallBundledHeaders") };
        let Ok(install) = install else { return Ok(toolkit_headers(&job.library)) };
        let mut why = String::new();
        for folder in &job.headers {
            let folder = folder.join(&self.version);
            let path = CString::new(folder.as_os_str().as_bytes()).map_err(|e| e.to_string())?;
            let mut log: *const c_char = std::ptr::null();
            let made = fs::create_dir_all(&folder);
            // 0: what is there in full already is left alone. A lock file lets two processes do this at once.
            #[expect(unsafe_code, reason = "path and log outlive the call; the log is the library's own string")]
            let status = unsafe { install(path.as_ptr(), 0, &mut log) };
            if status == 0 {
                return Ok(vec![folder.join("cccl"), folder]);
            }
            #[expect(unsafe_code, reason = "not null, and nothing was called since that could have changed it")]
            let told = if log.is_null() { "".into() } else { unsafe { CStr::from_ptr(log) }.to_string_lossy() };
            let made = made.err().map(|e| e.to_string()).unwrap_or_default();
            why = format!("{why}\n{}: {told} {made}", folder.display());
        }
        Err(format!("CUDA's headers cannot be written:{why}"))
    }
}

impl Product {
    fn failed(status: Status, log: String) -> Self {
        Self { status, log, ptx: String::new(), cubin: Vec::new(), lowered: BTreeMap::new(), kernels: BTreeMap::new() }
    }
}

/// The include folders beside a library that brings no headers along.
fn toolkit_headers(library: &Path) -> Vec<PathBuf> {
    let roots = library.ancestors().skip(1).take(3).map(|root| root.join("include"));
    roots
        .filter(|folder| folder.join("cuda_fp16.h").is_file())
        .flat_map(|folder| [folder.join("cccl"), folder])
        .collect()
}

fn options(request: &Request) -> Result<Vec<String>, String> {
    let prelude = PRELUDE_NAME.to_str().map_err(|e| e.to_string())?;
    let mut options = vec![
        format!("--gpu-architecture={}", request.arch),
        "--std=c++17".into(),
        "-lineinfo".into(),
        "--ptxas-options=-v".into(),
        format!("--pre-include={prelude}"),
    ];
    options.extend(request.defines.iter().map(|(name, value)| format!("--define-macro={name}={value}")));
    options.extend(request.options.iter().cloned());
    // cudarc panics on a NUL in an option.
    match options.iter().find(|option| option.contains('\0')) {
        Some(option) => Err(format!("an option holds a NUL byte: {option:?}")),
        None => Ok(options),
    }
}

fn c_string(text: &str) -> Result<CString, String> {
    CString::new(text).map_err(|e| format!("{text:?}: {e}"))
}

/// True if a line may be an `#include`; unpacking the headers for one that is in a comment does no harm.
fn has_include(source: &[u8]) -> bool {
    source.windows(b"include".len()).any(|window| window == b"include")
}

/// The PTX names its source by the full path; without the folder, equal sources give equal PTX.
fn without_folder(ptx: String) -> String {
    match std::env::current_dir() {
        Ok(here) => ptx.replace(&format!("\"{}/", here.display()), "\""),
        Err(_) => ptx,
    }
}

/// The first bytes of a log that is too long.
fn cut(log: String) -> String {
    if log.len() <= MAX_LOG {
        return log;
    }
    let mut end = MAX_LOG;
    while !log.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}\n… ({} bytes more)\n", &log[..end], log.len() - end)
}

/// A program of NVRTC's; freed on every path.
struct Program(sys::nvrtcProgram);

impl Program {
    fn new(source: &CStr, name: &CStr) -> Result<Self, String> {
        let prelude = c_string(PRELUDE)?;
        let (headers, header_names) = ([prelude.as_ptr()], [PRELUDE_NAME.as_ptr()]);
        let mut program = std::ptr::null_mut();
        #[expect(unsafe_code, reason = "all strings outlive the call, which copies them")]
        let status = unsafe {
            sys::nvrtcCreateProgram(
                &mut program,
                source.as_ptr(),
                name.as_ptr(),
                1,
                headers.as_ptr(),
                header_names.as_ptr(),
            )
        };
        check(status)?;
        Ok(Self(program))
    }

    fn add_name(&self, name: &CStr) -> Result<(), String> {
        #[expect(unsafe_code, reason = "the program is alive, and the string outlives the call")]
        check(unsafe { sys::nvrtcAddNameExpression(self.0, name.as_ptr()) })
    }

    fn compile(&self, options: &[String]) -> Result<(), sys::nvrtcResult> {
        #[expect(unsafe_code, reason = "the program is alive")]
        unsafe { result::compile_program(self.0, &options.iter().map(String::as_str).collect::<Vec<_>>()) }
            .map_err(|e| e.0)
    }

    fn log(&self) -> Result<String, String> {
        #[expect(unsafe_code, reason = "the program is alive")]
        unsafe { result::get_program_log(self.0) }.map(text).map_err(|e| e.to_string())
    }

    fn ptx(&self) -> Result<String, String> {
        #[expect(unsafe_code, reason = "the program is alive")]
        unsafe { result::get_ptx(self.0) }.map(text).map_err(|e| e.to_string())
    }

    fn cubin(&self) -> Result<Vec<u8>, String> {
        let mut size = 0;
        #[expect(unsafe_code, reason = "the program is alive")]
        check(unsafe { sys::nvrtcGetCUBINSize(self.0, &mut size) })?;
        let mut cubin = vec![0u8; size];
        #[expect(unsafe_code, reason = "the program is alive, and the buffer has the size it asked for")]
        check(unsafe { sys::nvrtcGetCUBIN(self.0, cubin.as_mut_ptr().cast()) })?;
        Ok(cubin)
    }

    fn lowered(&self, name: &CStr) -> Result<String, String> {
        let mut symbol: *const c_char = std::ptr::null();
        #[expect(unsafe_code, reason = "the program is alive, and the string outlives the call")]
        check(unsafe { sys::nvrtcGetLoweredName(self.0, name.as_ptr(), &mut symbol) })?;
        if symbol.is_null() {
            return Err(format!("{name:?} has no symbol"));
        }
        #[expect(unsafe_code, reason = "not null, and the program that owns it is alive")]
        Ok(unsafe { CStr::from_ptr(symbol) }.to_string_lossy().into_owned())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        #[expect(unsafe_code, reason = "the program is alive, and never used again")]
        let _ = unsafe { result::destroy_program(self.0) };
    }
}

fn check(status: sys::nvrtcResult) -> Result<(), String> {
    status.result().map_err(|e| e.to_string())
}

/// A C string in a buffer, up to its NUL.
fn text(buffer: Vec<c_char>) -> String {
    let bytes: Vec<u8> = buffer.into_iter().map(|c| c as u8).take_while(|c| *c != 0).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_carry_macros_and_never_a_nul() {
        let mut request = Request::new("candidate.cu", "sm_90");
        request.defines.push(("BLOCK".into(), -3));
        let given = options(&request).unwrap();
        assert!(given.contains(&"--define-macro=BLOCK=-3".to_string()), "{given:?}");
        request.options.push("a\0b".into());
        assert!(options(&request).is_err());
    }

    #[test]
    fn a_long_log_is_cut_between_characters() {
        let log = cut("é".repeat(MAX_LOG));
        assert!(log.len() < MAX_LOG + 100 && log.contains("bytes more"));
        assert_eq!(cut("short".into()), "short");
    }

    #[test]
    fn includes_are_seen() {
        assert!(has_include(b"# include <mma.h>"));
        assert!(!has_include(b"int i;"));
    }
}
