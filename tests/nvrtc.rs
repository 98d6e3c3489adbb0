//! NVRTC in its child process: what good sources give, what bad ones are told, and that nothing outlives the limits.
//!
//! A runner takes every descendant of its process for its own, so the tests of this file run one at a time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may panic")]

mod support;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use kernsmith::gpu::nvrtc::{self, CompileFailure, Compiled, Request};
use kernsmith::sandbox::Runner;
use kernsmith::sandbox::process::descendants;
use support::{Results, binary, kernsmith, needs_nvrtc};

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// A work folder, a runner, and the right to use them.
struct Bench {
    dir: tempfile::TempDir,
    runner: Runner,
    _turn: MutexGuard<'static, ()>,
}

impl Bench {
    fn new() -> Self {
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let runner = Runner::new(binary(), Arc::new(AtomicBool::new(false))).unwrap();
        Self { dir: tempfile::tempdir().unwrap(), runner, _turn: turn }
    }

    fn compile_with(&self, source: &str, request: &Request) -> Result<Compiled, CompileFailure> {
        std::fs::write(self.dir.path().join("candidate.cu"), source).unwrap();
        let done = nvrtc::compile(&self.runner, self.dir.path(), "candidate", request);
        let left = descendants(std::process::id() as i32);
        assert!(left.is_empty(), "survivors: {left:?}");
        done
    }

    fn compile(&self, source: &str) -> Result<Compiled, CompileFailure> {
        self.compile_with(source, &request())
    }

    /// The log of a source that is refused.
    fn refused(&self, source: &str) -> String {
        match self.compile(source) {
            Err(CompileFailure::Rejected { log }) => log,
            other => panic!("not refused: {other:?}"),
        }
    }
}

fn request() -> Request {
    Request::new("candidate.cu", "sm_90")
}

/// One kernel with this body.
fn kernel(body: &str) -> String {
    format!("extern \"C\" __global__ void k(float *x, int n) {{ {body} }}\n")
}

const ADD: &str = r#"
extern "C" __global__ void add(const float *a, const float *b, float *c, int n) {
    __shared__ float tile[BLOCK];
    int i = blockIdx.x * BLOCK + threadIdx.x;
    tile[threadIdx.x] = i < n ? a[i] : INFINITY;
    __syncthreads();
    if (i < n) c[i] = tile[threadIdx.x ^ 1] + b[i];
}
"#;

#[test]
fn a_good_kernel_gives_ptx_machine_code_and_resources() {
    if !needs_nvrtc() {
        return;
    }
    let bench = Bench::new();
    let mut request = request();
    request.defines.push(("BLOCK".into(), 128));
    let done = bench.compile_with(ADD, &request).unwrap();
    assert!(done.ptx.contains(".entry add(") && done.ptx.contains(".target sm_90"), "{}", done.ptx);
    assert!(done.ptx.contains("\t.loc\t1 6 "), "{}", done.ptx);
    assert!(done.ptx.contains(".file\t1 \"candidate.cu\""), "{}", done.ptx);
    assert_eq!(&done.cubin[..4], b"\x7fELF");
    assert_eq!(done.log, "");
    assert!(done.version.starts_with(char::is_numeric), "{}", done.version);
    let resources = done.resources["add"];
    assert_eq!(resources.static_shared, 128 * 4);
    assert!((4..64).contains(&resources.registers), "{resources:?}");
    assert_eq!((resources.spill_loads, resources.spill_stores, resources.stack), (0, 0, 0));
    assert_eq!(done, Compiled { seconds: done.seconds, ..bench.compile_with(ADD, &request).unwrap() });
    assert!(bench.dir.path().join("candidate.cubin").is_file());
}

#[test]
fn a_local_array_and_spills_are_seen() {
    if !needs_nvrtc() {
        return;
    }
    let bench = Bench::new();
    let array = kernel("float a[100]; for (int i = 0; i < 100; i++) a[i] = x[i]; x[n] = a[n];");
    assert_eq!(bench.compile(&array).unwrap().resources["k"].stack, 400);
    let body = "float a[64];\n#pragma unroll\nfor (int i = 0; i < 64; i++) a[i] = x[i * n];\n__syncthreads();\n\
                #pragma unroll\nfor (int i = 0; i < 64; i++) x[i] = a[i] * a[(i * 7 + 1) % 64];";
    let mut request = request();
    request.options.push("--maxrregcount=32".into());
    let spilled = bench.compile_with(&kernel(body), &request).unwrap().resources["k"];
    assert!(spilled.spill_stores > 0 && spilled.spill_loads > 0, "{spilled:?}");
}

#[test]
fn warnings_come_with_a_source_that_compiles() {
    if !needs_nvrtc() {
        return;
    }
    let log = Bench::new().compile(&kernel("int unused = n; x[0] = 1;")).unwrap().log;
    assert!(log.starts_with("candidate.cu(1): warning"), "{log}");
    assert!(!log.contains("ptxas"), "{log}");
}

#[test]
fn template_instances_are_made_and_named() {
    if !needs_nvrtc() {
        return;
    }
    let bench = Bench::new();
    let source = "template <int N, typename T> __global__ void tile(T *x) { x[threadIdx.x] = N; }\n\
                  extern \"C\" __global__ void plain(float *x) { x[0] = 0; }\n";
    let mut request = request();
    request.names = ["tile<4, float>", "tile<WIDTH, int>", "plain"].map(String::from).to_vec();
    request.defines.push(("WIDTH".into(), 8));
    let done = bench.compile_with(source, &request).unwrap();
    assert_eq!(done.lowered.len(), 3);
    assert_eq!(done.lowered["tile<4, float>"], "_Z4tileILi4EfEvPT0_");
    assert_eq!(done.lowered["plain"], "plain");
    for symbol in done.lowered.values() {
        assert!(done.resources.contains_key(symbol) && done.ptx.contains(symbol.as_str()), "{symbol}");
    }
    request.names = vec!["absent".into()];
    let Err(CompileFailure::Rejected { log }) = bench.compile_with(source, &request) else { panic!("not refused") };
    assert!(log.contains("The launch of absent names no kernel"), "{log}");
}

#[test]
fn diagnostics_name_the_line_of_the_source() {
    if !needs_nvrtc() {
        return;
    }
    let bench = Bench::new();
    let log = bench.refused("\n\nextern \"C\" __global__ void k(float *x) {\n    x[0] = y;\n}\n");
    assert!(log.starts_with("candidate.cu(4): error: identifier \"y\" is undefined"), "{log}");
    let log = bench.refused("#include <cuda_fp16.h>\n#include <cooperative_groups.h>\n\nint f( {\n");
    assert!(log.contains("candidate.cu(4): error"), "{log}");
    assert!(bench.refused("// a\0b").contains("NUL"));
}

#[test]
fn host_code_is_explained() {
    if !needs_nvrtc() {
        return;
    }
    let bench = Bench::new();
    for header in ["cstdio", "iostream", "cuda_runtime.h", "stdint.h", "cmath"] {
        let log = bench.refused(&format!("#include <{header}>\n{}", kernel("x[0] = 1;")));
        assert!(log.contains("candidate.cu(1): "), "{log}");
        assert!(log.contains(&format!("Remove #include <{header}>")), "{log}");
    }
    assert!(bench.refused("#include <nope.h>\n").contains("cuda_fp16.h"));
    assert!(bench.refused("int main() { return 0; }\n").contains("device code only"));
}

#[test]
fn the_prelude_has_what_host_headers_define() {
    if !needs_nvrtc() {
        return;
    }
    let source = r#"
__constant__ float limits[] = {INFINITY, -INFINITY, NAN, FLT_MAX, FLT_MIN, FLT_EPSILON};
static_assert(sizeof(uint8_t) == 1 && sizeof(int16_t) == 2 && sizeof(uint32_t) == 4 && sizeof(int64_t) == 8);
static_assert(sizeof(uintptr_t) == sizeof(size_t) && INT_MIN < 0 && INT_MAX > 0 && UINT_MAX > 0 && LLONG_MIN < 0);
extern "C" __global__ void k(float *x, int n) { x[n] = limits[n] + DBL_MAX + (float)ULLONG_MAX; }
"#;
    let bench = Bench::new();
    assert_eq!(bench.compile(source).unwrap().log, "");
    let again = "#define FLT_MAX 3.4e38f\n#include <cuda/std/climits>\n#include <cuda/std/cfloat>\n#include <cuda/std/cstdint>\n\
                 #include <cuda/std/limits>\n";
    assert_eq!(bench.compile(&format!("{again}{source}")).unwrap().log, "");
}

#[test]
fn the_headers_of_cuda_are_there() {
    if !needs_nvrtc() {
        return;
    }
    let source = r#"
#include <cuda_fp16.h>
#include <cuda_bf16.h>
#include <mma.h>
#include <cuda_pipeline.h>
#include <cooperative_groups.h>
namespace cg = cooperative_groups;
using namespace nvcuda;
extern "C" __global__ void k(const __half *a, const __nv_bfloat16 *b, float *c, int n) {
    __shared__ __align__(16) float staged[32 * 4];
    __pipeline_memcpy_async(&staged[threadIdx.x * 4], &c[threadIdx.x * 4], 16);
    __pipeline_commit();
    __pipeline_wait_prior(0);
    cg::this_thread_block().sync();
    wmma::fragment<wmma::matrix_a, 16, 16, 16, __half, wmma::row_major> fa;
    wmma::fragment<wmma::matrix_b, 16, 16, 16, __half, wmma::col_major> fb;
    wmma::fragment<wmma::accumulator, 16, 16, 16, float> fc;
    wmma::fill_fragment(fc, staged[n]);
    wmma::load_matrix_sync(fa, a, 16);
    wmma::load_matrix_sync(fb, a + 256, 16);
    wmma::mma_sync(fc, fa, fb, fc);
    wmma::store_matrix_sync(c, fc, 16, wmma::mem_row_major);
    if (threadIdx.x == 0) c[300] = __half2float(a[n]) + __bfloat162float(b[n]);
}
"#;
    let done = Bench::new().compile(source).unwrap();
    assert!(done.ptx.contains("wmma.mma.sync") && done.ptx.contains("cp.async"), "{}", done.ptx);
    assert_eq!(done.log, "");
}

/// Functions that each instantiate two more: exponential for every compiler.
const EXPLOSION: &str = "template <unsigned long N, int D> struct T { static const unsigned long v = T<2 * N, D - 1>::v + \
                         T<2 * N + 1, D - 1>::v; };\n\
                         template <unsigned long N> struct T<N, 0> { static const unsigned long v = N; };\n\
                         extern \"C\" __global__ void k(unsigned long *x) { x[0] = T<1, 60>::v; }\n";

#[test]
fn a_compilation_without_end_ends_at_the_wall() {
    if !needs_nvrtc() {
        return;
    }
    let bench = Bench::new();
    let started = Instant::now();
    let mut request = request();
    request.wall_seconds = 1.5;
    assert_eq!(bench.compile_with(EXPLOSION, &request), Err(CompileFailure::Timeout(1.5)));
    assert!(started.elapsed().as_secs() < 10);
    // The next one is not harmed by what the last one left.
    assert!(bench.compile(&kernel("x[0] = n;")).is_ok());
}

#[test]
fn a_compilation_that_takes_all_memory_ends_at_the_limit() {
    if !needs_nvrtc() {
        return;
    }
    let bench = Bench::new();
    let mut request = request();
    request.wall_seconds = 120.0;
    // Less than is touched between two looks at the process table, and more.
    for megabytes in [128, 400] {
        request.memory_bytes = megabytes << 20;
        assert_eq!(bench.compile_with(EXPLOSION, &request), Err(CompileFailure::OutOfMemory(megabytes << 20)));
    }
}

#[test]
fn a_result_that_is_too_large_is_a_flood() {
    if !needs_nvrtc() {
        return;
    }
    let bench = Bench::new();
    let table = format!("__device__ int table[1 << 24] = {{1}};\n{}", kernel("x[0] = table[n];"));
    assert_eq!(bench.compile(&table), Err(CompileFailure::OutputFlood));
}

#[test]
fn too_much_shared_memory_is_refused_with_a_reason() {
    if !needs_nvrtc() {
        return;
    }
    let bench = Bench::new();
    let shared = |floats: u32| {
        kernel(&format!("__shared__ float s[{floats}]; s[threadIdx.x] = x[n]; __syncthreads(); x[0] = s[n];"))
    };
    assert_eq!(bench.compile(&shared(12288)).unwrap().resources["k"].static_shared, 48 << 10);
    let log = bench.refused(&shared(12289));
    assert!(log.starts_with("error: kernel k has 49156 bytes of static shared memory"), "{log}");
}

#[test]
fn errors_of_the_assembler_come_back() {
    if !needs_nvrtc() {
        return;
    }
    let log = Bench::new().refused(&kernel("asm volatile(\"foo.bar %0;\" ::\"r\"(n));"));
    assert!(log.contains("Not a name of any known instruction: 'foo'"), "{log}");
}

#[test]
fn deep_recursion_is_refused() {
    if !needs_nvrtc() {
        return;
    }
    let bench = Bench::new();
    let template = "template <int N> struct F { static const int v = F<N + 1>::v; };\n";
    assert!(bench.refused(&format!("{template}{}", kernel("x[0] = F<0>::v;"))).contains("recursion"));
    let nested = kernel(&format!("x[0] = {}n{};", "(".repeat(200_000), ")".repeat(200_000)));
    assert!(matches!(bench.compile(&nested), Err(CompileFailure::Rejected { .. }) | Ok(_)));
}

#[test]
fn bad_settings_are_not_blamed_on_the_source() {
    if !needs_nvrtc() {
        return;
    }
    let bench = Bench::new();
    let mut odd = request();
    odd.arch = "sm_7".into();
    let done = bench.compile_with(&kernel("x[0] = n;"), &odd);
    assert!(matches!(&done, Err(CompileFailure::Infrastructure(why)) if why.contains("sm_7")), "{done:?}");
    let mut absent = request();
    absent.source = "absent.cu".into();
    let done = bench.compile_with("", &absent);
    assert!(matches!(&done, Err(CompileFailure::Infrastructure(why)) if why.contains("absent.cu")), "{done:?}");
}

#[test]
fn doctor_tells_the_version_or_how_to_get_it() {
    let _bench = Bench::new();
    let results = Results::new();
    if needs_nvrtc() {
        let output = kernsmith(&results).arg("doctor").output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.contains("  ok       nvrtc            "), "{text}");
    }
    let nowhere = Path::new("/nonexistent");
    let output = kernsmith(&results).arg("doctor").env("KERNSMITH_NVRTC", nowhere).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("  optional nvrtc ") && text.contains("KERNSMITH_NVRTC=/nonexistent"), "{text}");
}

#[test]
fn a_file_that_is_no_library_is_a_clear_answer() {
    let _bench = Bench::new();
    let results = Results::new();
    let fake = results.path().join("libnvrtc.so.13");
    std::fs::write(&fake, "not a library").unwrap();
    let output = kernsmith(&results).arg("doctor").env("KERNSMITH_NVRTC", &fake).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("  optional nvrtc ") && text.contains("pip install"), "{text}");
}
