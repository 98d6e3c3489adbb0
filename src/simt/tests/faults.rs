//! Every detector finds the mistake that was planted for it, and says nothing of the same kernel without it. The PTX is NVRTC 13.5's for
//! `ptx/faults.cu`.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use kernsmith_simt::exec::{Order, Report};
use kernsmith_simt::fault::FaultKind;
use kernsmith_simt::memory::{Content, Right};
use support::{Bench, Look, read_floats};

const FAULTS: &str = include_str!("ptx/faults.ptx");

/// 64 threads a block, x of 256 floats, y of `n`.
fn run(kernel: &str, blocks: u32, threads: u32, n: usize) -> (Report, Vec<f32>) {
    let mut bench = Bench::new(FAULTS, kernel, [blocks, 1, 1], [threads, 1, 1]);
    let x: Vec<f32> = (0..256).map(|i| i as f32).collect();
    bench.input("x", &x);
    let y = bench.buffer("y", 4 * n as u64, Right::Write, Content::Uninitialised);
    bench.integer(n as i64);
    let report = bench.run(Look::Faults);
    (report, read_floats(&bench.memory, y))
}

#[test]
fn planted_mistakes_are_found() {
    use FaultKind::*;
    let line_of = |text: &str| {
        let source = include_str!("ptx/faults.cu");
        source.lines().position(|l| l.contains(text)).unwrap() as u32 + 1
    };
    for (kernel, kind, blocks, n, line) in [
        ("past_the_end", OutOfBounds, 4, 256, "y[i] = x[i + 1]"),
        ("misaligned", Misaligned, 1, 64, "(const float2*)(x + 1)"),
        ("reads_uninitialised", UninitialisedRead, 1, 64, "y[threadIdx.x] = s[threadIdx.x]"),
        ("writes_input", InputModified, 1, 64, "x[threadIdx.x] = 1.0f"),
        ("no_barrier", DataRace, 1, 64, "y[threadIdx.x] = s[63 - threadIdx.x]"),
        ("divergent_barrier", DivergentBarrier, 1, 64, "if (threadIdx.x < 16) __syncthreads()"),
        ("deadlock", Deadlock, 1, 64, "bar.sync 2, 64"),
        ("half_a_shuffle", BadShuffle, 1, 64, "__shfl_down_sync"),
        ("copy_not_waited_for", AsyncRead, 1, 64, "y[threadIdx.x] = s[4 * threadIdx.x]"),
        ("traps", Trap, 1, 64, "__trap()"),
    ] {
        let (report, _) = run(kernel, blocks, 64, n);
        let found = report.faults.iter().find(|f| f.kind == kind);
        let found = found.unwrap_or_else(|| panic!("{kernel}: {:?}", report.faults));
        // Which of two lines of a race comes second depends on the order of warps.
        let lines = [found.line, found.other_line];
        assert!(lines.contains(&line_of(line)) || kernel == "deadlock", "{kernel}: {found}");
    }
    let (report, _) = run("global_race", 4, 64, 64);
    assert!(report.faults.iter().any(|f| f.kind == DataRace), "{:?}", report.faults);
}

#[test]
fn one_lane_past_the_end_is_one_fault() {
    let (report, _) = run("past_the_end", 4, 64, 256);
    assert_eq!(report.faults.len(), 1);
    assert_eq!((report.faults[0].count, report.faults[0].place.as_str()), (1, "x"));
    assert_eq!((report.faults[0].block, report.faults[0].thread), ([3, 0, 0], [63, 0, 0]));
}

#[test]
fn clean_kernels_have_no_faults() {
    for (kernel, blocks, n) in
        [("with_barrier", 1, 64), ("one_thread_each", 4, 256), ("whole_shuffle", 1, 64), ("copy_waited_for", 1, 64)]
    {
        let (report, y) = run(kernel, blocks, 64, n);
        assert_eq!(report.faults, [], "{kernel}");
        assert!(report.finished, "{kernel}");
        let want: Vec<f32> = match kernel {
            "with_barrier" => (0..64).map(|i| 63.0 - i as f32).collect(),
            "one_thread_each" => (0..256).map(|i| i as f32).collect(),
            "whole_shuffle" => (0..64).map(|i| if i < 32 { 496.0 } else { 1520.0 }).collect(),
            _ => (0..64).map(|i| ((4 * i + 4) % 256) as f32).collect(),
        };
        assert_eq!(y, want, "{kernel}");
    }
}

#[test]
fn what_never_ends_is_given_up() {
    let mut bench = Bench::new(FAULTS, "never_ends", [1, 1, 1], [32, 1, 1]);
    bench.input("x", &[0.0; 256]);
    bench.output("y", 64);
    bench.integer(64);
    let first = kernsmith_simt::exec::load_variables(&bench.program, &mut bench.memory);
    let mut options = support::options(Look::Faults, Order::Forward, None);
    options.fuel = 1 << 20;
    let report = kernsmith_simt::exec::launch(&bench.program, &mut bench.memory, first, &bench.launch, &mut options);
    assert!(!report.finished);
    assert_eq!(report.faults.last().unwrap().kind, FaultKind::Timeout);
}

#[test]
fn lanes_and_blocks_that_wait_for_each_other_come_to_an_end() {
    let mut bench = Bench::new(FAULTS, "lock_in_a_warp", [2, 1, 1], [32, 1, 1]);
    bench.input("x", &(0..256).map(|i| i as f32).collect::<Vec<_>>());
    let y = bench.buffer("y", 4, Right::Write, Content::Zero);
    bench.buffer("lock", 4, Right::Write, Content::Zero);
    let report = bench.run(Look::Nothing);
    assert!(report.finished, "{:?}", report.faults);
    assert_eq!(read_floats(&bench.memory, y), [2.0 * 496.0]);

    let mut bench = Bench::new(FAULTS, "chain", [20, 1, 1], [32, 1, 1]);
    bench.input("x", &(0..256).map(|i| i as f32).collect::<Vec<_>>());
    let y = bench.output("y", 20);
    bench.buffer("flag", 80, Right::Write, Content::Zero);
    let report = bench.run(Look::Faults);
    assert!(report.finished && report.faults.is_empty(), "{:?}", report.faults);
    assert_eq!(read_floats(&bench.memory, y), (0..20).map(|i| i as f32).collect::<Vec<_>>());
}

#[test]
fn the_last_block_may_read_what_the_others_wrote() {
    let mut bench = Bench::new(FAULTS, "last_block", [4, 1, 1], [64, 1, 1]);
    bench.input("x", &(0..256).map(|i| i as f32).collect::<Vec<_>>());
    let y = bench.output("y", 1);
    bench.output("part", 256);
    let report = bench.run(Look::Faults);
    assert_eq!(report.faults, []);
    assert!(report.synchronised);
    assert_eq!(read_floats(&bench.memory, y), [32_640.0]);
}

#[test]
fn functions_may_call_themselves_and_print() {
    let mut bench = Bench::new(FAULTS, "recursion", [1, 1, 1], [32, 1, 1]);
    let y = bench.output("y", 32);
    let report = bench.run(Look::Faults);
    assert_eq!(report.faults, []);
    let fib = [0, 1, 1, 2, 3, 5, 8, 13, 21, 34];
    let got: Vec<u32> = read_floats(&bench.memory, y).iter().map(|f| f.to_bits()).collect();
    assert_eq!(got, (0..32).map(|i| fib[i % 10]).collect::<Vec<u32>>());

    let mut bench = Bench::new(FAULTS, "prints", [1, 1, 1], [32, 1, 1]);
    bench.output("y", 32);
    let report = bench.run(Look::Faults);
    assert_eq!(report.faults, []);
    assert_eq!(report.printed, "thread 3 of 32: 1.50 ok%\n");
}
