//! The CUDA target from the outside: every exemplar, and what `eval` tells.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test's helpers may panic")]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use support::{eval, failed_stage, needs_nvrtc};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Evaluates files with two at a time; what is wrong with them.
fn wrong_ones(files: &[(String, PathBuf)]) -> Vec<String> {
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some((task, file)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (code, evaluation) = eval(task, file);
                    if code != 0 {
                        let stage = failed_stage(&evaluation).map(ToString::to_string);
                        wrong.lock().unwrap().push(format!("{}: {stage:?}", file.display()));
                    }
                }
            });
        }
    });
    wrong.into_inner().unwrap()
}

#[test]
fn every_exemplar_is_right_and_clean() {
    if !needs_nvrtc() {
        return;
    }
    let mut files = Vec::new();
    for operation in std::fs::read_dir(root().join("kernels/cuda")).unwrap() {
        let operation = operation.unwrap().path();
        let task = operation.file_name().unwrap().to_str().unwrap().replace('-', "_");
        let task = root().join("tasks/cuda").join(task).display().to_string();
        for file in std::fs::read_dir(&operation).unwrap() {
            files.push((task.clone(), file.unwrap().path()));
        }
    }
    assert!(files.len() >= 60, "{}", files.len());
    let wrong = wrong_ones(&files);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn metric(evaluation: &serde_json::Value, name: &str) -> f64 {
    let list = evaluation["metrics"].as_array().unwrap();
    list.iter().find(|m| m["name"] == name).unwrap_or_else(|| panic!("no {name}"))["value"].as_f64().unwrap()
}

#[test]
fn eval_tells_what_limits_a_kernel() {
    if !needs_nvrtc() {
        return;
    }
    let task = root().join("tasks/cuda/transpose");
    let (code, naive) = eval(task.to_str().unwrap(), &task.join("reference.cu"));
    assert_eq!(code, 0, "{naive}");
    // Half a warp is a row of the naive kernel's block: it writes one float (two, with the other half) in each of 16 sectors.
    assert_eq!(metric(&naive, "l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_st.ratio"), 16.0);
    assert_eq!(metric(&naive, "l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_ld.ratio"), 4.0);
    assert!(naive["metrics"].as_array().unwrap().iter().all(|m| m["origin"] != "measured"));
    let (code, tiled) = eval(task.to_str().unwrap(), &root().join("kernels/cuda/transpose/padded.cu"));
    assert_eq!(code, 0, "{tiled}");
    assert_eq!(metric(&tiled, "l1tex__average_t_sectors_per_request_pipe_lsu_mem_global_op_st.ratio"), 4.0);
    assert_eq!(metric(&tiled, "shared_ld_conflict_pct"), 0.0);
    assert!(metric(&tiled, "time_us") < metric(&naive, "time_us"));
}

#[test]
fn a_wrong_result_names_the_first_element_that_differs() {
    if !needs_nvrtc() {
        return;
    }
    let task = root().join("tasks/cuda/vector_add");
    let (code, evaluation) = eval(task.to_str().unwrap(), Path::new(&root().join("tests/zoo/cuda/add_minus.cu")));
    assert_eq!(code, 2);
    let log = failed_stage(&evaluation).unwrap()["log"].as_str().unwrap().to_string();
    assert!(log.contains("c[0] differs: the candidate") && log.contains("elements of c differ"), "{log}");
}
