//! The git history, looked at with the real git.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::super::{Lineage, RunId, StoreError};

fn git(lineage: &Lineage, arguments: &[&str]) -> String {
    let out = Command::new("git").arg("-C").arg(lineage.path()).args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(out.status.success() && errors.is_empty(), "git {arguments:?}: {errors}");
    String::from_utf8(out.stdout).unwrap()
}

fn fsck(lineage: &Lineage) {
    git(lineage, &["fsck", "--full", "--strict", "--no-progress", "--no-dangling"]);
}

fn commit(lineage: &Lineage, run: i64, number: u32, parents: &[u32], source: &str) -> String {
    let json = format!("{{\"number\": {number}}}\n");
    let files = [("candidate.v", source), ("candidate.json", json.as_str())];
    lineage
        .commit(RunId(run), number, parents, &files, &format!("#{number} seed: {source}"), 1_700_000_000_999)
        .unwrap()
}

#[test]
fn git_shows_the_graph_and_the_difference() {
    let dir = TempDir::new().unwrap();
    let lineage = Lineage::open(dir.path()).unwrap();
    commit(&lineage, 1, 0, &[], "one\n");
    commit(&lineage, 1, 1, &[0], "two\n");
    commit(&lineage, 1, 2, &[0], "three\n");
    let last = commit(&lineage, 1, 3, &[1, 2], "four\n");
    lineage.best(RunId(1), 1).unwrap();
    lineage.best(RunId(1), 3).unwrap();
    fsck(&lineage);
    assert_eq!(git(&lineage, &["rev-parse", "r1"]).trim(), last);
    let graph = git(&lineage, &["log", "--graph", "--format=%s", "r1"]);
    assert_eq!(graph.lines().filter(|l| l.contains('#')).count(), 4, "{graph}");
    assert!(graph.contains("|\\"), "{graph}");
    assert_eq!(git(&lineage, &["log", "--oneline", "--glob=refs/runs/r1"]).lines().count(), 4);
    let diff = git(&lineage, &["diff", "refs/runs/r1/0", "r1", "--", "candidate.v"]);
    assert!(diff.contains("-one\n+four\n"), "{diff}");
    assert_eq!(git(&lineage, &["log", "-1", "--format=%an %ad", "--date=unix", "r1"]), "kernsmith 1700000000\n");
}

#[test]
fn a_step_that_is_done_again_gives_the_same_commit() {
    let dir = TempDir::new().unwrap();
    let lineage = Lineage::open(dir.path()).unwrap();
    let first = commit(&lineage, 2, 0, &[], "x");
    assert_eq!(commit(&Lineage::open(dir.path()).unwrap(), 2, 0, &[], "x"), first);
    assert_eq!(git(&lineage, &["for-each-ref", "refs/runs"]).lines().count(), 1);
    fsck(&lineage);
}

#[test]
fn what_a_killed_process_left_behind_is_cleared_away() {
    let dir = TempDir::new().unwrap();
    let lineage = Lineage::open(dir.path()).unwrap();
    commit(&lineage, 1, 0, &[], "x");
    // Half an initialisation, a stale lock, a temporary object.
    std::fs::remove_file(lineage.path().join("kernsmith.config")).unwrap();
    let lock = lineage.path().join("refs/runs/r1/1.lock");
    let file = std::fs::File::create(&lock).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
    std::fs::write(lineage.path().join("objects/tmp_object_git2_a1b2c3"), "half").unwrap();
    let lineage = Lineage::open(dir.path()).unwrap();
    commit(&lineage, 1, 1, &[0], "y");
    assert!(!lock.exists());
    fsck(&lineage);
}

#[test]
fn threads_commit_at_once() {
    let dir = TempDir::new().unwrap();
    let lineages: Vec<Lineage> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..=4)
            .map(|run| {
                let path: &Path = dir.path();
                scope.spawn(move || {
                    let lineage = Lineage::open(path).unwrap();
                    for number in 0..8u32 {
                        let parents: Vec<u32> = number.checked_sub(1).into_iter().collect();
                        commit(&lineage, run, number, &parents, &format!("same text {number}"));
                        lineage.best(RunId(run), number).unwrap();
                    }
                    lineage
                })
            })
            .collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    fsck(&lineages[0]);
    assert_eq!(git(&lineages[0], &["for-each-ref", "refs/runs"]).lines().count(), 32);
}

#[test]
fn a_history_that_git_has_packed_goes_on() {
    let dir = TempDir::new().unwrap();
    let lineage = Lineage::open(dir.path()).unwrap();
    commit(&lineage, 1, 0, &[], "x");
    git(&lineage, &["gc", "--quiet", "--prune=now"]);
    commit(&lineage, 1, 1, &[0], "y");
    lineage.best(RunId(1), 1).unwrap();
    fsck(&lineage);
    assert_eq!(git(&lineage, &["log", "--oneline", "r1"]).lines().count(), 2);
}

#[test]
fn a_missing_parent_is_an_error() {
    let dir = TempDir::new().unwrap();
    let lineage = Lineage::open(dir.path()).unwrap();
    let e = lineage.commit(RunId(1), 1, &[0], &[("candidate.v", "x")], "m", 0).unwrap_err();
    assert!(matches!(&e, StoreError::Lineage { message, .. } if message.contains("refs/runs/r1/0")), "{e}");
}
