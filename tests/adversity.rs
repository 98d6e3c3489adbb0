//! What goes wrong around the program: other processes, full and read-only disks, lost and damaged files, interruptions, tools that are
//! not there. Nothing may hang, panic, lose what was stored, or be blamed on a candidate. What a user mistypes is in `command_line.rs`.

#![allow(clippy::unwrap_used, reason = "a test panics where it fails")]

mod support;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use support::{Results, VERILOG_TOOLS, binary, fixture, kernsmith, needs, soon};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The program with the tests' tasks and kernels.
fn command(results: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(args)
        .env("KERNSMITH_RESULTS", results)
        .env("KERNSMITH_TASKS", fixture("tasks"))
        .env("KERNSMITH_KERNELS", fixture("kernels"))
        .stdin(Stdio::null());
    command
}

fn run(results: &Results, args: &[&str]) -> Output {
    kernsmith(results).env("KERNSMITH_KERNELS", fixture("kernels")).args(args).output().unwrap()
}

/// Asserts success and answers standard output.
fn works(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

/// Asserts the exit code, parts of standard error, and that nobody panicked.
fn fails(output: &Output, code: i32, parts: &[&str]) {
    let error = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(!error.contains("panicked"), "{error}");
    for part in parts {
        assert!(error.contains(part), "{part:?} is not in {error:?}");
    }
}

fn reference() -> String {
    fixture("tasks/verilog/add8/reference.v").display().to_string()
}

fn git(results: &Path, args: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(results.join("history.git")).args(args).output().unwrap();
    works(&output)
}

/// Runs a shell script in a user and mount namespace of its own; None if that is not permitted here.
fn with_mounts(script: &str, args: &[&Path]) -> Option<Output> {
    let output = Command::new("unshare")
        .args(["-rm", "sh", "-c", &format!("set -u; {script}"), "sh"])
        .arg(binary())
        .args(args)
        .env("KERNSMITH_TASKS", fixture("tasks"))
        .env("KERNSMITH_KERNELS", fixture("kernels"))
        .output()
        .unwrap();
    if output.status.code() == Some(77) || text(&output.stderr).contains("unshare failed") {
        needs(&["(permission to mount in a user namespace)"]);
        return None;
    }
    Some(output)
}

/// Starts a run and waits until a candidate has its verdict.
fn begun(results: &Path, temporary: &Path, number: u64) -> Child {
    let mut run = command(results, &["run", "verilog/add8", "--plateau", "0", "--json"]);
    let mut child = run.env("TMPDIR", temporary).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let seen = lines.any(|line| {
        let event: Value = serde_json::from_str(&line).unwrap();
        event["event"] == "evaluated" && event["number"] == number
    });
    assert!(seen, "the run ended before its candidate {number}");
    // Events go on; somebody has to take them.
    std::thread::spawn(move || lines.count());
    child
}

/// A copy of one of the tests' tasks in a folder of its own, without its testbench.
fn copied(task: &str) -> tempfile::TempDir {
    let tasks = tempfile::tempdir().unwrap();
    let folder = tasks.path().join(task);
    std::fs::create_dir_all(&folder).unwrap();
    for file in ["task.toml", "reference.v"] {
        std::fs::copy(fixture("tasks").join(task).join(file), folder.join(file)).unwrap();
    }
    tasks
}

#[test]
fn several_programs_write_and_read_one_results_folder() {
    if !needs(&VERILOG_TOOLS) || !needs(&["git"]) {
        return;
    }
    let results = Results::new();
    let start = || {
        let mut run = command(results.path(), &["run", "verilog/add8", "--rounds", "3", "--json"]);
        run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut runs: Vec<Child> = (0..3).map(|_| start()).collect();
    let mut read = 0;
    while runs.iter_mut().any(|child| child.try_wait().unwrap().is_none()) {
        if run(&results, &["review", "r1"]).status.success() {
            let page = works(&run(&results, &["report", "r1", "--format", "html", "--stdout"]));
            assert!(page.trim_end().ends_with("</html>"), "{page}");
            works(&run(&results, &["review"]));
            read += 1;
        }
    }
    assert!(read > 0, "nobody read while the runs were going on");
    for child in runs {
        let shown = works(&child.wait_with_output().unwrap());
        assert_eq!(shown.matches("\"event\":\"evaluated\"").count(), 4, "{shown}");
    }
    git(results.path(), &["fsck", "--strict", "--no-dangling"]);
    let review = works(&run(&results, &["review"]));
    assert!(["r1", "r2", "r3"].iter().all(|r| review.contains(r)), "{review}");
}

#[test]
fn the_second_process_on_a_run_says_who_drives_it() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let (results, temporary) = (Results::new(), tempfile::tempdir().unwrap());
    let mut child = begun(results.path(), temporary.path(), 0);
    let who = format!("r1 is being driven by another kernsmith (process {})", child.id());
    fails(&run(&results, &["resume", "r1"]), 1, &[&who, "wait for it, or end it"]);
    fails(&run(&results, &["resume", "--all"]), 1, &[&who]);
    assert!(child.wait().unwrap().success(), "the first is not disturbed");
}

#[test]
fn an_interrupted_run_leaves_nothing_behind_and_a_lost_repository_is_made_again() {
    if !needs(&VERILOG_TOOLS) || !needs(&["git"]) {
        return;
    }
    let (results, temporary) = (Results::new(), tempfile::tempdir().unwrap());
    let child = begun(results.path(), temporary.path(), 4);
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT).unwrap();
    fails(&child.wait_with_output().unwrap(), 1, &["interrupted", "`kernsmith resume r1` carries on"]);
    let empty = || std::fs::read_dir(temporary.path()).unwrap().next().is_none();
    assert!(soon(3, empty), "a work folder is left");

    let refs = git(results.path(), &["for-each-ref", "refs/runs"]);
    assert!(refs.lines().count() >= 5, "{refs}");
    std::fs::remove_dir_all(results.path().join("history.git")).unwrap();
    works(&run(&results, &["resume", "r1"]));
    let again = git(results.path(), &["for-each-ref", "refs/runs"]);
    assert!(refs.lines().all(|line| again.contains(line)), "before:\n{refs}after:\n{again}");
    git(results.path(), &["fsck", "--strict", "--no-dangling"]);
}

#[test]
fn a_run_is_resumed_without_its_task_folder() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let (results, temporary) = (Results::new(), tempfile::tempdir().unwrap());
    let mut child = begun(results.path(), temporary.path(), 1);
    child.kill().unwrap();
    child.wait().unwrap();
    let shown = works(&run(&results, &["resume", "--all", "--tasks", "/no/such/folder"]));
    assert!(shown.contains("r1 ended"), "{shown}");
}

#[test]
fn with_json_standard_output_holds_events_and_nothing_else() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let results = Results::new();
    works(&run(&results, &["run", "verilog/add8", "--rounds", "0"]));
    for args in [&["resume", "r1", "--json"][..], &["resume", "--all", "--json"]] {
        let output = run(&results, args);
        assert_eq!(works(&output), "");
        assert!(text(&output.stderr).contains("nothing to resume"));
    }
    let tasks = copied("verilog/add8");
    let suite = tasks.path().join("one.toml");
    std::fs::write(&suite, "summary = \"One.\"\ntasks = [\"verilog/add8\"]\n").unwrap();
    let (suite, tasks) = (suite.display().to_string(), tasks.path().display().to_string());
    let shown = works(&run(&results, &["batch", &suite, "--tasks", &tasks, "--rounds", "1", "--jobs", "0", "--json"]));
    assert!(shown.lines().count() > 4, "{shown}");
    for line in shown.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        assert!(event["run"].is_string() && event["task"].is_string() && event["event"].is_string(), "{line}");
    }
}

#[test]
fn a_work_folder_that_cannot_be_used_is_not_held_against_the_candidate() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let results = Results::new();
    let odd = tempfile::Builder::new().prefix("it's ").tempdir().unwrap();
    for (folder, part) in [(Path::new("/no/such/folder"), "/no/such/folder"), (odd.path(), "shells read")] {
        let mut eval = command(results.path(), &["eval", "verilog/add8", &reference()]);
        let output = eval.env("TMPDIR", folder).output().unwrap();
        assert_eq!(output.status.code(), Some(70));
        let shown = text(&output.stdout);
        assert!(shown.contains("infrastructure") && shown.contains(part) && shown.contains("TMPDIR"), "{shown}");
    }
    let shown = works(&run(&results, &["eval", "verilog/add8", &reference()]));
    assert!(!shown.contains("from the store"), "{shown}");
}

#[test]
fn a_full_disk_under_the_work_folder_is_not_held_against_the_candidate() {
    if !needs(&VERILOG_TOOLS) || !needs(&["unshare", "mount"]) {
        return;
    }
    let (results, temporary) = (Results::new(), tempfile::tempdir().unwrap());
    let script = "export TMPDIR=\"$2\" KERNSMITH_RESULTS=\"$3\"; mount -t tmpfs tmpfs \"$2\" || exit 77
        for size in 48k 64k 96k 128k 192k 256k 320k; do
            mount -o remount,size=$size \"$2\"
            \"$1\" eval verilog/add8 \"$4\"
        done
        mount -o remount,size=20m \"$2\"
        \"$1\" eval verilog/add8 \"$4\"";
    let file = fixture("zoo/verilog/good_add_macros.v");
    let Some(output) = with_mounts(script, &[temporary.path(), results.path(), &file]) else { return };
    let shown = works(&output);
    let verdicts: Vec<&str> =
        shown.lines().filter(|l| l.starts_with("rejected") || l.starts_with("accepted")).collect();
    assert_eq!(verdicts.len(), 8, "{shown}");
    assert!(verdicts[..7].iter().all(|v| v.starts_with("rejected: infrastructure")), "{shown}");
    assert!(verdicts[7].starts_with("accepted, proved") && !verdicts[7].contains("from the store"), "{shown}");
}

#[test]
fn a_read_only_results_folder_is_read_and_not_written() {
    if !needs(&VERILOG_TOOLS) || !needs(&["unshare", "mount"]) {
        return;
    }
    let (results, notes) = (Results::new(), tempfile::tempdir().unwrap());
    works(&run(&results, &["run", "verilog/add8", "--rounds", "1"]));
    let script =
        "export KERNSMITH_RESULTS=\"$2\"; mount --bind \"$2\" \"$2\" && mount -o remount,bind,ro \"$2\" || exit 77
        \"$1\" review; echo \"code $?\"
        \"$1\" report r1 --output \"$3\"; echo \"code $?\"
        \"$1\" report r1; echo \"code $?\"
        \"$1\" run verilog/add8; echo \"code $?\"
        \"$1\" resume --all; echo \"code $?\"";
    let Some(output) = with_mounts(script, &[results.path(), notes.path()]) else { return };
    let (shown, error) = (text(&output.stdout), text(&output.stderr));
    let codes: Vec<&str> = shown.lines().filter(|l| l.starts_with("code")).collect();
    assert_eq!(codes, ["code 0", "code 0", "code 1", "code 1", "code 1"], "{error}");
    assert!(error.contains("choose another place with --output"), "{error}");
    assert_eq!(error.matches("cannot be written; make the file and its folder writable").count(), 2, "{error}");
    assert!(notes.path().join("r1.html").is_file());
}

#[test]
fn a_damaged_database_is_named_with_a_way_out() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let results = Results::new();
    works(&run(&results, &["run", "verilog/add8", "--rounds", "0"]));
    // The last connection that closes moves the write-ahead log into the file.
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        kernsmith::store::Store::open(results.path()).await.unwrap().close().await;
    });
    let database = results.path().join("kernsmith.db");
    let mut bytes = std::fs::read(&database).unwrap();
    for (i, byte) in bytes.iter_mut().enumerate().skip(8192) {
        *byte = (i.wrapping_mul(2_654_435_761) >> 11) as u8;
    }
    std::fs::write(&database, bytes).unwrap();
    for args in [&["review"][..], &["report", "r1"], &["run", "verilog/add8"], &["resume", "--all"]] {
        fails(&run(&results, args), 1, &["kernsmith.db: the database is damaged", "restore a copy"]);
    }
}

#[test]
fn folders_and_subjects_that_do_not_exist_are_named() {
    let results = Results::new();
    fails(&run(&results, &["tasks", "list", "--tasks", "/no/such/folder"]), 1, &["/no/such/folder", "--tasks"]);
    fails(&run(&results, &["tasks", "vet", "--tasks", "/no/such/folder"]), 1, &["/no/such/folder", "--tasks"]);
    let output = run(&results, &["run", "verilog/add8", "--kernels", "/no/such/folder"]);
    fails(&output, 1, &["/no/such/folder", "--kernels"]);
    let output = run(&results, &["run", "verilog/add8", "--results", &reference()]);
    fails(&output, 1, &["reference.v", "Not a directory"]);
    assert_eq!(text(&output.stderr).matches("Not a directory").count(), 1, "{}", text(&output.stderr));
    // The run above with a wrong library has made the database.
    fails(&run(&results, &["report", "r9"]), 1, &["no run r9", "kernsmith review"]);
    fails(&run(&results, &["report", "b9"]), 1, &["no batch b9"]);
    fails(&run(&results, &["report", "x9"]), 1, &["`x9` is not the number of a run; write it like r12"]);
}

#[test]
fn a_broken_exemplar_is_named() {
    let (results, kernels) = (Results::new(), tempfile::tempdir().unwrap());
    let folder = kernels.path().join("verilog/add8");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("x.v"), "// @operation add8\nmodule kernel(); endmodule\n").unwrap();
    let output = run(&results, &["run", "verilog/add8", "--kernels", &kernels.path().display().to_string()]);
    fails(&output, 1, &["add8/x.v", "@method"]);
}

#[test]
fn suites_are_checked_before_anything_runs_and_broken_tasks_are_counted() {
    let (results, tasks) = (Results::new(), copied("verilog/add8"));
    std::fs::write(tasks.path().join("verilog/add8/task.toml"), "name = 1\n").unwrap();
    let suites = tasks.path().join("suites");
    std::fs::create_dir_all(&suites).unwrap();
    std::fs::write(suites.join("unknown.toml"), "summary = \"s\"\ntasks = [\n  \"verilog/nothing\",\n]\n").unwrap();
    std::fs::write(suites.join("broken.toml"), "summary = \"s\"\ntasks = [\"verilog/add8\"]\n").unwrap();
    let root = tasks.path().display().to_string();
    let with = |args: &[&str]| run(&results, &[args, &["--tasks", &root]].concat());
    fails(&with(&["batch", "unknown"]), 1, &["unknown.toml:3: task \"verilog/nothing\" has no task.toml"]);
    fails(&with(&["tasks", "list"]), 1, &["unknown.toml:3", "add8/task.toml:1"]);
    if needs(&VERILOG_TOOLS) {
        fails(&with(&["batch", "broken"]), 2, &["verilog/add8 is left out", "task.toml:1"]);
        fails(&with(&["tasks", "vet"]), 2, &["add8/task.toml:1"]);
    }
}

#[test]
fn only_the_missing_tools_are_listed() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let (results, some) = (Results::new(), tempfile::tempdir().unwrap());
    let path = std::env::var_os("PATH").unwrap();
    for tool in ["iverilog", "vvp", "yosys"] {
        let found = std::env::split_paths(&path).map(|dir| dir.join(tool)).find(|p| p.is_file()).unwrap();
        std::os::unix::fs::symlink(found, some.path().join(tool)).unwrap();
    }
    let with_some = |args: &[&str]| kernsmith(&results).env("PATH", some.path()).args(args).output().unwrap();
    for args in [&["run", "verilog/add8"][..], &["eval", "verilog/add8", &reference()], &["tasks", "vet"]] {
        let output = with_some(args);
        fails(&output, 3, &["verilator: apt-get install", "sta: apt-get install", "berkeley-abc: apt-get install"]);
        assert!(!text(&output.stderr).contains("yosys: "), "{}", text(&output.stderr));
    }
    let doctor = with_some(&["doctor"]);
    assert_eq!(doctor.status.code(), Some(3));
    let shown = text(&doctor.stdout);
    for tool in VERILOG_TOOLS.iter().chain(&["nextpnr-ice40", "nextpnr-ecp5", "osu018"]) {
        assert!(shown.contains(tool), "{tool} is not in {shown}");
    }
    let shown = works(&run(&results, &["doctor"]));
    assert!(shown.contains("sandbox layers") && !shown.contains("MISSING"), "{shown}");
}

#[test]
fn a_testbench_that_prints_pass_without_the_token_fails() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let (results, tasks) = (Results::new(), copied("verilog/bench_inc4"));
    let folder = tasks.path().join("verilog/bench_inc4");
    let bench = "module tb; reg [3:0] a; wire [3:0] y; bench_inc4 dut(.a(a), .y(y)); initial begin
        $display(\"KERNSMITH_PASS\"); $display(\"KERNSMITH_PASS 0000000000000000\"); $finish; end endmodule\n";
    std::fs::write(folder.join("tb.v"), bench).unwrap();
    let file = folder.join("reference.v").display().to_string();
    let output = run(&results, &["eval", "verilog/bench_inc4", &file, "--tasks", &tasks.path().display().to_string()]);
    assert_eq!(output.status.code(), Some(2));
    let shown = text(&output.stdout);
    assert!(shown.contains("rejected: testbench_failed: the task's testbench did not print its pass token"), "{shown}");
}

#[test]
fn a_source_without_end_is_not_read_to_its_end() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let results = Results::new();
    let mut eval = kernsmith(&results);
    let output = eval.timeout(Duration::from_secs(30)).args(["eval", "verilog/add8", "/dev/zero"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).contains("rejected: bad_source"), "{}", text(&output.stdout));
    fails(&run(&results, &["eval", "verilog/add8", "/"]), 1, &["/: Is a directory"]);
    let output = run(&results, &["eval", "verilog/add8", &reference(), "--keep", "/dev/null/x"]);
    fails(&output, 1, &["--keep /dev/null/x: Not a directory"]);
}

#[test]
fn reports_hold_the_numbers_of_the_run_and_load_nothing_from_elsewhere() {
    if !needs(&VERILOG_TOOLS) {
        return;
    }
    let results = Results::new();
    let shown = works(&run(&results, &["run", "verilog/add8", "--rounds", "4"]));
    let best = shown.lines().find_map(|l| l.split_once(": best #")?.1.split(' ').nth(1)).unwrap();
    works(&run(&results, &["report", "r1"]));
    let read = |name: &str| std::fs::read_to_string(results.path().join("reports").join(name)).unwrap();
    let (page, markdown, table) = (read("r1.html"), read("r1.md"), read("r1.csv"));
    assert!(page.contains(best) && markdown.contains(best), "{best} is missing");
    assert!(table.lines().count() == 6 && table.contains("wrong_output"), "{table}");
    assert_eq!(works(&run(&results, &["report", "r1", "--format", "md", "--stdout"])).trim(), markdown.trim());
    let page = page.to_ascii_lowercase();
    for attribute in ["src=", "href=", "url(", "@import", "<link", "<script src"] {
        for (at, _) in page.match_indices(attribute) {
            let value = page[at + attribute.len()..].trim_start_matches(['"', '\'', ' ']);
            assert!(value.starts_with('#') || value.starts_with("data:"), "{attribute}{value:.60}");
        }
    }
}
