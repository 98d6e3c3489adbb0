//! The zoo: hostile, wrong and unusual candidates, each with the verdict that it must get.
//!
//! The first line of every file of `tests/zoo/verilog` and `tests/zoo/cuda` says it:
//! `// zoo: task=verilog/add8 expect=wrong_output` (several reasons with `|`), for good ones `expect=accepted assurance=proved`.

#![allow(clippy::unwrap_used, reason = "a test's helpers may panic")]

mod support;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use support::{VERILOG_TOOLS, eval, failed_stage, fixture, needs, needs_nvrtc};

/// Evaluations at once.
const THREADS: usize = 2;

/// A file's first line.
struct Label {
    task: String,
    expect: Vec<String>,
    assurance: Option<String>,
}

fn label(file: &PathBuf) -> Label {
    let bytes = std::fs::read(file).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let first = text.lines().next().unwrap_or("");
    let words: HashMap<&str, &str> = first.split_whitespace().filter_map(|word| word.split_once('=')).collect();
    let get = |key: &str| words.get(key).map(ToString::to_string);
    let complain = || panic!("{}: the first line must be `// zoo: task=… expect=…`", file.display());
    Label {
        task: get("task").unwrap_or_else(complain),
        expect: get("expect").unwrap_or_else(complain).split('|').map(str::to_string).collect(),
        assurance: get("assurance"),
    }
}

/// What is wrong with the verdict, if anything.
fn mismatch(label: &Label, code: i32, evaluation: &Value) -> Option<String> {
    let stage = failed_stage(evaluation);
    let verdict = stage.map_or("accepted", |s| s["reason"].as_str().unwrap_or("no reason"));
    let wanted_code = if label.expect == ["accepted"] { 0 } else { 2 };
    let level = evaluation["assurance"]["level"].as_str().unwrap_or("none");
    let log = || {
        let text = stage.map_or_else(|| evaluation.to_string(), |s| s["log"].as_str().unwrap_or("").to_string());
        text.chars().rev().take(400).collect::<Vec<_>>().into_iter().rev().collect::<String>()
    };
    let right = code == wanted_code
        && label.expect.iter().any(|e| e == verdict)
        && label.assurance.as_ref().is_none_or(|a| a == level);
    (!right).then(|| {
        format!(
            "wanted {} ({}), got {verdict} ({level}), exit code {code}: {}",
            label.expect.join("|"),
            label.assurance.as_deref().unwrap_or("any assurance"),
            log()
        )
    })
}

#[test]
fn every_candidate_of_the_zoo_gets_its_verdict() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    zoo("zoo/verilog", "v", 40);
}

#[test]
fn every_cuda_candidate_of_the_zoo_gets_its_verdict() {
    if needs_nvrtc() {
        zoo("zoo/cuda", "cu", 40);
    }
}

/// Every file of a folder gets its verdict; at least `least` of them are bad.
fn zoo(folder: &str, extension: &str, least: usize) {
    let mut files: Vec<PathBuf> = std::fs::read_dir(fixture(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == extension))
        .collect();
    files.sort();
    let bad = files.iter().filter(|f| label(f).expect != ["accepted"]).count();
    assert!(bad >= least, "only {bad} bad candidates were found");
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let label = label(file);
                    // Verilog has small tasks of the tests' own; CUDA's are small where they are checked.
                    let shipped = format!("{}/tasks/{}", env!("CARGO_MANIFEST_DIR"), label.task);
                    let task = if label.task.starts_with("cuda/") { &shipped } else { &label.task };
                    let (code, evaluation) = eval(task, file);
                    if let Some(message) = mismatch(&label, code, &evaluation) {
                        wrong.lock().unwrap().push(format!("{}: {message}", file.display()));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {} got the wrong verdict:\n{}", wrong.len(), files.len(), wrong.join("\n\n"));
}

/// The reason for which a source is rejected.
fn reason_of(source: &[u8]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("candidate.v");
    std::fs::write(&file, source).unwrap();
    let (code, evaluation) = eval("verilog/add8", &file);
    assert_eq!(code, 2, "{evaluation}");
    failed_stage(&evaluation).unwrap()["reason"].as_str().unwrap().to_string()
}

#[test]
fn an_empty_file_is_rejected() {
    if needs(&VERILOG_TOOLS) {
        assert_eq!(reason_of(b""), "compile_error");
    }
}

#[test]
fn ten_megabytes_of_source_are_rejected_unread() {
    if needs(&VERILOG_TOOLS) {
        let line = "    wire t = a[0];\n";
        assert_eq!(reason_of(line.repeat(10_000_000 / line.len()).as_bytes()), "bad_source");
    }
}

#[test]
fn a_file_that_is_not_there_is_bad_input() {
    let (code, message) = eval("verilog/add8", &fixture("zoo/no such file.v"));
    assert_eq!(code, 1);
    assert!(message.as_str().unwrap().contains("no such file.v"), "{message}");
}

#[test]
fn a_task_that_is_not_there_is_bad_input() {
    let (code, _) = eval("verilog/no_such_task", &fixture("zoo/verilog/good_add_macros.v"));
    assert_eq!(code, 1);
}
