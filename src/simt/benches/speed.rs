//! Lane instructions per second of the simulated GPU, and the same 512³ product as a plain `gcc -O2` triple loop in the same run.
//!
//! `cargo bench -p kernsmith-simt --bench speed`
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::process::Command;
use std::time::Instant;

use support::{Bench, Look};

const MATMUL: &str = include_str!("../tests/ptx/matmul.ptx");
const SIZE: usize = 512;
const ROUNDS: usize = 5;

const LOOP: &str = r#"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
int main(int argc, char **argv) {
    int n = atoi(argv[1]);
    float *a = malloc(4 * n * n), *b = malloc(4 * n * n), *c = malloc(4 * n * n);
    for (int i = 0; i < n * n; i++) { a[i] = i % 7; b[i] = i % 5; }
    struct timespec s, e;
    clock_gettime(CLOCK_MONOTONIC, &s);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            float sum = 0;
            for (int k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
            c[i * n + j] = sum;
        }
    clock_gettime(CLOCK_MONOTONIC, &e);
    printf("%.6f %f\n", (e.tv_sec - s.tv_sec) + 1e-9 * (e.tv_nsec - s.tv_nsec), c[n]);
}
"#;

fn simulate(kernel: &str, look: Look) -> (f64, u64) {
    let n = SIZE as u32;
    let (grid, block) = match kernel {
        "reg" => ([n / 128, n / 128, 1], [256, 1, 1]),
        _ => ([n / 16, n / 16, 1], [16, 16, 1]),
    };
    let mut bench = Bench::new(MATMUL, kernel, grid, block);
    let values: Vec<f32> = (0..SIZE * SIZE).map(|i| (i % 7) as f32).collect();
    bench.input("a", &values);
    bench.input("b", &values);
    bench.output("c", SIZE * SIZE);
    for _ in 0..if kernel == "naive" { 3 } else { 1 } {
        bench.integer(i64::from(n));
    }
    let started = Instant::now();
    let report = bench.run(look);
    assert!(report.finished && report.faults.is_empty(), "{:?}", report.faults);
    (started.elapsed().as_secs_f64(), report.lane_instructions)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let (source, program) = (dir.path().join("loop.c"), dir.path().join("loop"));
    std::fs::write(&source, LOOP).unwrap();
    let built = Command::new("gcc").arg("-O2").arg(&source).arg("-o").arg(&program).status().unwrap();
    assert!(built.success(), "gcc does not compile the loop");
    let host = || -> f64 {
        let output = Command::new(&program).arg(SIZE.to_string()).output().unwrap();
        String::from_utf8(output.stdout).unwrap().split_whitespace().next().unwrap().parse().unwrap()
    };
    let kernels = ["naive", "tiled", "reg"];
    let looks = [("plain", Look::Nothing), ("counters", Look::Counts), ("detectors", Look::Faults)];
    let mut loops = Vec::new();
    let mut times = vec![Vec::new(); kernels.len() * looks.len()];
    let mut lanes = vec![0; times.len()];
    for _ in 0..ROUNDS {
        loops.push(host());
        for (k, kernel) in kernels.iter().enumerate() {
            for (l, (_, look)) in looks.iter().enumerate() {
                let (seconds, count) = simulate(kernel, *look);
                times[k * looks.len() + l].push(seconds);
                lanes[k * looks.len() + l] = count;
            }
        }
    }
    let host = median(loops);
    println!("gcc -O2 triple loop, {SIZE}^3: {host:.3} s (median of {ROUNDS}, interleaved)");
    println!("{:<8} {:<10} {:>8} {:>14} {:>12}", "kernel", "mode", "s", "G lane-instr/s", "times loop");
    for (k, kernel) in kernels.iter().enumerate() {
        for (l, (look, _)) in looks.iter().enumerate() {
            let n = k * looks.len() + l;
            let seconds = median(times[n].clone());
            let rate = lanes[n] as f64 / seconds / 1e9;
            println!("{kernel:<8} {look:<10} {seconds:>8.3} {rate:>14.2} {:>12.2}", seconds / host);
        }
    }
}
