//! What a user types and sees: commands, exit codes, messages, and bad input of every kind.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use support::{Results, VERILOG_TOOLS, binary, fixture, kernsmith, needs, soon};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs the program with the tests' tasks and kernels.
fn run(results: &Results, args: &[&str]) -> Output {
    kernsmith(results).env("KERNSMITH_KERNELS", fixture("kernels")).args(args).output().unwrap()
}

/// Asserts exit code and a part of standard error.
fn fails(output: &Output, code: i32, part: &str) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(error.contains(part), "{part:?} is not in {error:?}");
}

/// A folder of tasks that holds a changed copy of add8.
fn changed_task(change: impl Fn(&str) -> String) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let task = folder.path().join("verilog/add8");
    std::fs::create_dir_all(&task).unwrap();
    let manifest = std::fs::read_to_string(fixture("tasks/verilog/add8/task.toml")).unwrap();
    std::fs::write(task.join("task.toml"), change(&manifest)).unwrap();
    std::fs::copy(fixture("tasks/verilog/add8/reference.v"), task.join("reference.v")).unwrap();
    folder
}

fn show_changed(change: impl Fn(&str) -> String) -> String {
    let folder = changed_task(change);
    let results = Results::new();
    let tasks = folder.path().display().to_string();
    let output = run(&results, &["tasks", "show", "verilog/add8", "--tasks", &tasks]);
    assert_eq!(output.status.code(), Some(1));
    text(&output.stderr)
}

#[test]
fn a_broken_manifest_is_an_error_with_file_line_and_key() {
    for (from, to, line, part) in [
        ("width = 9", "width = 0", 23, "width = 0"),
        ("width = 9", "wdth = 9", 0, "wdth"),
        ("minimise = \"area_um2 * delay_ns\"", "minimise = \"area\"", 33, "`area` is not a metric"),
        ("contract = \"combinational\"", "contract = \"fast\"", 26, "contract = \"fast\""),
        ("contract = \"combinational\"", "contract = \"pipeline\"", 26, "max_latency"),
        ("target = \"verilog\"", "target = \"vhdl\"", 2, "vhdl"),
        ("name = \"add8\"\ntarget", "name = \"add9\"\ntarget", 1, "folder's name"),
        ("vectors = 300", "cases = [ { c = \"c\" } ]", 29, "\"c\" is not an input port"),
        ("vectors = 300", "vectors = \"many\"", 29, "invalid type"),
        ("clock_ns = 5.0", "clock_ns = -1.0", 34, "clock_ns"),
    ] {
        let error = show_changed(|m| {
            assert!(m.contains(from), "{from}");
            m.replacen(from, to, 1)
        });
        assert!(error.contains("add8/task.toml:") && error.contains(part), "{to}: {error}");
        assert!(line == 0 || error.contains(&format!("task.toml:{line}:")), "{to}: {error}");
    }
}

#[test]
fn names_that_do_not_exist_come_with_a_suggestion() {
    let results = Results::new();
    fails(&run(&results, &["run", "verilog/add"]), 1, "did you mean verilog/add16, verilog/add8");
    fails(&run(&results, &["batch", "nothing"]), 1, "no suite `nothing`");
    fails(&run(&results, &["run", "verilog/add8", "--coder", "gpt"]), 1, "--coder gpt is not known; known: builtin");
    fails(&run(&results, &["run"]), 1, "Usage");
    fails(&run(&results, &["report", "r1"]), 1, "no such database");
}

#[test]
fn a_missing_reference_is_named() {
    let folder = changed_task(str::to_string);
    std::fs::remove_file(folder.path().join("verilog/add8/reference.v")).unwrap();
    let results = Results::new();
    let output = run(&results, &["tasks", "show", "verilog/add8", "--tasks", &folder.path().display().to_string()]);
    fails(&output, 1, "reference.v: is missing");
}

#[test]
fn missing_tools_end_with_their_own_code_and_the_command_that_mends_it() {
    let empty = tempfile::tempdir().unwrap();
    let results = Results::new();
    let output = kernsmith(&results).env("PATH", empty.path()).args(["run", "verilog/add8"]).output().unwrap();
    fails(&output, 3, "apt-get install --no-install-recommends yosys");
    let output = kernsmith(&results).env("PATH", empty.path()).arg("doctor").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stdout).contains("MISSING"));
}

#[test]
fn a_search_shows_lines_or_json_and_is_reviewed_and_reported() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let results = Results::new();
    let lines = run(&results, &["run", "verilog/add8", "--rounds", "3", "--progress", "stages"]);
    assert!(lines.status.success(), "{}", text(&lines.stderr));
    let shown = text(&lines.stdout);
    for part in ["#0 ", "judge:", "coder: builtin:add8/", "check …", "r1 ended (rounds)", "kernsmith report r1"] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }

    let json = run(&results, &["run", "verilog/add8", "--rounds", "3", "--json"]);
    let events: Vec<Value> = text(&json.stdout).lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert!(events.iter().all(|e| e["run"] == "r2" && e["task"] == "verilog/add8"));
    assert_eq!(events.first().unwrap()["event"], "run_started");
    assert_eq!(events.last().unwrap()["event"], "run_ended");
    let verdicts: Vec<&Value> = events.iter().filter(|e| e["event"] == "evaluated").collect();
    assert_eq!(verdicts.len(), 4);
    assert!(verdicts.iter().all(|e| e["cached"] == true), "the same sources are answered from the store");

    let review = text(&run(&results, &["review", "r1"]).stdout);
    assert!(review.contains("#0") && review.contains("#3"), "{review}");
    let report = run(&results, &["report", "r1"]);
    assert!(report.status.success());
    let page = std::fs::read_to_string(results.path().join("reports/r1.html")).unwrap();
    assert!(page.contains("add8") && page.contains("<svg"));
    for outside in ["src=\"http", "href=\"http", "@import", "url(http"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let table = text(&run(&results, &["report", "r1", "--format", "csv", "--stdout"]).stdout);
    assert_eq!(table.lines().count(), 5, "{table}");

    let again = run(&results, &["resume", "r1"]);
    assert!(text(&again.stdout).contains("has ended (rounds): nothing to resume"));
}

#[test]
fn an_evaluation_is_answered_from_the_store_the_second_time() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let results = Results::new();
    let file = fixture("tasks/verilog/add8/reference.v");
    let eval = |extra: &[&str]| {
        let mut args = vec!["eval", "verilog/add8", file.to_str().unwrap()];
        args.extend(extra);
        text(&run(&results, &args).stdout)
    };
    assert!(!eval(&[]).contains("from the store"));
    assert!(eval(&[]).contains("accepted, proved") && eval(&[]).contains("from the store"));
    assert!(!eval(&["--fresh"]).contains("from the store"));
    let kept = tempfile::tempdir().unwrap();
    eval(&["--keep", kept.path().to_str().unwrap()]);
    assert!(kept.path().join("commands.sh").is_file() && kept.path().join("miter.v").is_file());
}

#[test]
fn one_broken_task_does_not_stop_a_batch() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let folder = changed_task(str::to_string);
    let tasks = folder.path();
    for (name, change) in [("unreadable", "nonsense = 1"), ("unsound", "")] {
        let task = tasks.join("verilog").join(name);
        std::fs::create_dir_all(&task).unwrap();
        let manifest = std::fs::read_to_string(tasks.join("verilog/add8/task.toml")).unwrap();
        let manifest = manifest.replacen("name = \"add8\"", &format!("name = \"{name}\"\n{change}"), 1);
        std::fs::write(task.join("task.toml"), manifest).unwrap();
        std::fs::write(task.join("reference.v"), "module add8 (input a); endmodule\n").unwrap();
    }
    std::fs::create_dir_all(tasks.join("suites")).unwrap();
    let suite = "summary = \"s\"\ntasks = [\"verilog/unreadable\", \"verilog/unsound\", \"verilog/add8\"]\n";
    std::fs::write(tasks.join("suites/mixed.toml"), suite).unwrap();
    let results = Results::new();
    let output = run(&results, &["batch", "mixed", "--jobs", "2", "--rounds", "2", "--tasks", tasks.to_str().unwrap()]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{shown}");
    assert!(text(&output.stderr).contains("unreadable is left out"));
    assert!(
        shown.contains("verilog/add8") && shown.contains("1 of 2 tasks improved") || shown.contains("0 of 2"),
        "{shown}"
    );
    assert!(shown.contains("baseline_rejected"), "{shown}");
    assert!(run(&results, &["report", "b1"]).status.success());
    let page = std::fs::read_to_string(results.path().join("reports/b1.html")).unwrap();
    assert!(page.contains("add8") && page.contains("unsound"));
}

#[test]
fn an_operation_without_exemplars_ends_exhausted_after_the_baseline() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let results = Results::new();
    let output = run(&results, &["run", "verilog/count4"]);
    let shown = text(&output.stdout);
    assert!(output.status.success() && shown.contains("no exemplar"), "{shown}");
}

#[test]
fn an_interrupted_run_says_how_to_go_on_and_does() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let results = Results::new();
    let mut child = Command::new(binary())
        .args(["run", "verilog/add8", "--rounds", "4"])
        .env("KERNSMITH_RESULTS", results.path())
        .env("KERNSMITH_TASKS", fixture("tasks"))
        .env("KERNSMITH_KERNELS", fixture("kernels"))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = || run(&results, &["review", "r1"]).status.success();
    assert!(soon(20, begun));
    // While it is driven, nobody else may drive it.
    fails(&run(&results, &["resume", "r1"]), 1, "r1");
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    assert!(soon(10, || child.try_wait().unwrap().is_some()));
    let output = child.wait_with_output().unwrap();
    fails(&output, 1, "`kernsmith resume r1` carries on");
    let resumed = run(&results, &["resume", "--all"]);
    assert!(
        resumed.status.success() && text(&resumed.stdout).contains("r1 ended (rounds)"),
        "{}",
        text(&resumed.stdout)
    );
}

fn python(script: &str, database: &Path) -> Command {
    let mut command = Command::new("python3");
    command.args(["-c", script]).arg(database);
    command
}

#[test]
fn databases_that_cannot_be_used_are_told_apart() {
    if !needs(&["python3"]) {
        return;
    }
    let results = Results::new();
    let database: PathBuf = results.path().join("kernsmith.db");
    std::fs::write(&database, "this is no database, however long the text may be: ".repeat(40)).unwrap();
    fails(&run(&results, &["review"]), 1, "not a SQLite database");
    fails(&run(&results, &["eval", "verilog/add8", "Cargo.toml"]), 1, "not a SQLite database");
    std::fs::remove_file(&database).unwrap();

    // The store is opened before any tool is looked for, so this needs none.
    let empty = tempfile::tempdir().unwrap();
    let make = || kernsmith(&results).env("PATH", empty.path()).args(["run", "verilog/add8"]).output().unwrap();
    make();
    let newer = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute(\"INSERT INTO _sqlx_migrations \
                 (version, description, success, checksum, execution_time) VALUES (99, 'future', 1, x'00', 0)\"); c.commit()";
    assert!(python(newer, &database).status().unwrap().success());
    fails(&make(), 1, "schema version 99 is newer");
    std::fs::remove_file(&database).unwrap();

    make();
    let hold = "import sqlite3, sys, time; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('BEGIN EXCLUSIVE'); \
                print('held', flush=True); time.sleep(60)";
    let mut holder = python(hold, &database).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(holder.stdout.take().unwrap()), &mut line).unwrap();
    let output = kernsmith(&results).timeout(Duration::from_secs(60)).args(["run", "verilog/add8"]).output().unwrap();
    holder.kill().unwrap();
    holder.wait().unwrap();
    fails(&output, 1, "keeps the database locked");
}

#[test]
fn a_full_disk_loses_nothing_that_was_stored() {
    if !needs(&VERILOG_TOOLS) || !needs(&["unshare", "mount", "git"]) {
        return;
    }
    let results = Results::new();
    let script = "mount -t tmpfs -o size=400k tmpfs \"$1\" || exit 77
        \"$2\" run verilog/add8 --rounds 8 > \"$3/first\" 2>&1; echo $? > \"$3/code\"
        mount -o remount,size=20m \"$1\"
        \"$2\" resume --all > \"$3/second\" 2>&1; echo $? >> \"$3/code\"
        git -C \"$1/history.git\" fsck --no-dangling > \"$3/fsck\" 2>&1; echo $? >> \"$3/code\"";
    let notes = tempfile::tempdir().unwrap();
    let status = Command::new("unshare")
        .args(["-rm", "sh", "-c", script, "sh"])
        .arg(results.path())
        .arg(binary())
        .arg(notes.path())
        .env("KERNSMITH_RESULTS", results.path())
        .env("KERNSMITH_TASKS", fixture("tasks"))
        .env("KERNSMITH_KERNELS", fixture("kernels"))
        .status()
        .unwrap();
    let read = |name: &str| std::fs::read_to_string(notes.path().join(name)).unwrap_or_default();
    if status.code() == Some(77) || read("code").is_empty() {
        needs(&["(permission to mount a tmpfs in a user namespace)"]);
        return;
    }
    assert!(read("first").contains("the disk is full"), "{}", read("first"));
    assert!(read("second").contains("ended"), "{}", read("second"));
    assert_eq!(read("code"), "1\n0\n0\n", "{} {}", read("second"), read("fsck"));
}

#[test]
fn bad_sources_get_a_verdict_with_a_reason() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&str, Vec<u8>, &str); 4] = [
        ("garbage.v", (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect(), "bad_source"),
        ("huge.v", vec![b' '; 10 << 20], "bad_source"),
        ("empty.v", Vec::new(), "compile_error"),
        (
            "syntax.v",
            b"module add8 (input [7:0] a, b, output [8:0] s); assign s = a + ; endmodule".to_vec(),
            "compile_error",
        ),
    ];
    for (name, bytes, reason) in cases {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let (code, verdict) = support::eval("verilog/add8", &file);
        assert_eq!((code, support::failed_stage(&verdict).unwrap()["reason"].as_str()), (2, Some(reason)), "{name}");
    }
    let results = Results::new();
    fails(&run(&results, &["eval", "verilog/add8", "/no/such/file.v"]), 1, "/no/such/file.v");
}

#[test]
fn vetting_tells_sound_tasks_and_counts_mutants() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let results = Results::new();
    let output = run(&results, &["tasks", "vet", "verilog/add8", "verilog/count4"]);
    let shown = text(&output.stdout);
    assert!(output.status.success(), "{shown}");
    assert!(
        shown.contains("ok   verilog/add8") && shown.contains("mutants:") && shown.contains("2 references"),
        "{shown}"
    );
    assert!(text(&run(&results, &["tasks", "list"]).stdout).contains("verilog/seq_mul4"));
}
