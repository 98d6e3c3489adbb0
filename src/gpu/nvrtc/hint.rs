//! Sentences for what NVRTC says tersely.

use super::ptxas;

/// The headers that NVRTC brings along and candidates use.
const HEADERS: &str =
    "cuda_fp16.h, cuda_bf16.h, cuda_fp8.h, mma.h, cuda_pipeline.h, cooperative_groups.h, cuda/std/…, cub/…";

/// The most static shared memory that a kernel may have, in bytes, on every architecture.
const MAX_STATIC_SHARED: u64 = 48 << 10;

/// The log of a compilation that failed, with a sentence of advice where it is terse.
pub fn explain(log: &str) -> String {
    let words = ptxas::without_reports(log);
    let words = words.trim_end();
    let advice = for_log(words).or_else(|| words.is_empty().then(|| silent(log)));
    match advice {
        Some(advice) => format!("{words}\n{advice}\n").trim_start().to_string(),
        None => format!("{words}\n"),
    }
}

/// What to say if the compiler refused and said nothing, as it does with too much shared memory.
fn silent(log: &str) -> String {
    let kernels = ptxas::parse(log).unwrap_or_default();
    match kernels.iter().find(|(_, resources)| resources.static_shared > MAX_STATIC_SHARED) {
        Some((kernel, resources)) => format!(
            "error: kernel {kernel} has {} bytes of static shared memory; the most is {MAX_STATIC_SHARED}. More must be dynamic: \
             extern __shared__ and the launch's third figure.",
            resources.static_shared
        ),
        None => format!("error: the compiler refused the source and gave no reason\n{}", log.trim_end()),
    }
}

/// What to add to the log of a compilation that failed; nothing if the log speaks for itself.
fn for_log(log: &str) -> Option<String> {
    if let Some(header) = missing_header(log) {
        return Some(match instead(header) {
            Some(instead) => format!("Remove #include <{header}>: a candidate is device code for NVRTC, {instead}."),
            None => {
                format!("There is no header {header}. A candidate is device code for NVRTC; these exist: {HEADERS}.")
            }
        });
    }
    if let Some(name) = bad_name(log) {
        return Some(format!(
            "The launch of {name} names no kernel: it must be a __global__ function of this source, without overloads, and a \
             template with all its arguments."
        ));
    }
    log.contains("-default-device flag").then(|| {
        "A candidate is device code only: functions need __device__ or __global__, variables outside functions \
         __device__, __constant__ or constexpr."
            .to_string()
    })
}

/// The header of `could not open source file "X"`.
fn missing_header(log: &str) -> Option<&str> {
    log.split_once("open source file \"")?.1.split_once('"').map(|(header, _)| header)
}

/// The kernel of `Error in parsing name expression…. Input name expression was: " X"`.
fn bad_name(log: &str) -> Option<&str> {
    log.split_once("nput name expression was: \"")?.1.split_once('"').map(|(name, _)| name.trim())
}

/// Why a host header is not needed.
fn instead(header: &str) -> Option<&'static str> {
    Some(match header {
        "cuda_runtime.h" | "cuda.h" | "cuda_runtime_api.h" | "device_launch_parameters.h" => {
            "in which threadIdx, __syncthreads and the like need no header"
        }
        "stdio.h" | "cstdio" => "in which printf needs no header",
        "math.h" | "cmath" => "in which the mathematical functions need no header and INFINITY and NAN are defined",
        "float.h" | "cfloat" | "limits.h" | "climits" => {
            "in which FLT_MAX, FLT_EPSILON, INT_MAX and the like are defined"
        }
        "stdint.h" | "cstdint" | "stddef.h" | "cstddef" => "in which uint32_t, size_t and the like are defined",
        "limits" | "type_traits" | "utility" | "array" | "tuple" | "algorithm" | "functional" => {
            "which has the device side of the standard library as cuda/std/…, in namespace cuda::std"
        }
        "iostream" | "vector" | "string" | "cstdlib" | "stdlib.h" | "cstring" | "string.h" | "assert.h" | "cassert"
        | "chrono" | "random" => "which has no host library",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terse_logs_are_explained() {
        let log = "candidate.cu(1): catastrophic error: could not open source file \"cstdio\" (no directories in search list)";
        let hint = for_log(log).unwrap();
        assert!(hint.contains("Remove #include <cstdio>") && hint.contains("printf needs no header"), "{hint}");
        assert!(for_log("error: cannot open source file \"nope.h\"").unwrap().contains("no header nope.h"));
        let log = "__nv_name_map(2): error: Error in parsing name expression for lowered name lookup. \
                   Input name expression was: \" absent\"";
        assert!(for_log(log).unwrap().starts_with("The launch of absent names no kernel"));
        assert_eq!(explain("candidate.cu(3): error: x\n"), "candidate.cu(3): error: x\n");
        assert_eq!(for_log("candidate.cu(3): error: identifier \"y\" is undefined"), None);
    }
}
