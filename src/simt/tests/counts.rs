//! Counts agree with what can be worked out by hand, and results with a plain loop. The PTX is NVRTC 13.5's for `ptx/matmul.cu`.
#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use kernsmith_simt::counters::{Class, Counters};
use support::{Bench, Look, read_floats};

const MATMUL: &str = include_str!("ptx/matmul.ptx");

fn matrices(n: usize) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let a: Vec<f32> = (0..n * n).map(|i| ((i * 7 % 23) as f32 - 11.0) / 8.0).collect();
    let b: Vec<f32> = (0..n * n).map(|i| ((i * 5 % 19) as f32 - 9.0) / 4.0).collect();
    let mut c = vec![0f32; n * n];
    for i in 0..n {
        for j in 0..n {
            c[i * n + j] = (0..n).fold(0f32, |s, k| a[i * n + k].mul_add(b[k * n + j], s));
        }
    }
    (a, b, c)
}

fn matmul(kernel: &str, n: usize, look: Look) -> (kernsmith_simt::exec::Report, Vec<f32>, Vec<f32>) {
    let (a, b, want) = matrices(n);
    let (grid, block) = match kernel {
        "reg" => ([n as u32 / 128, n as u32 / 128, 1], [256, 1, 1]),
        _ => ([n as u32 / 16, n as u32 / 16, 1], [16, 16, 1]),
    };
    let mut bench = Bench::new(MATMUL, kernel, grid, block);
    bench.input("a", &a);
    bench.input("b", &b);
    let c = bench.output("c", n * n);
    for _ in 0..if kernel == "naive" { 3 } else { 1 } {
        bench.integer(n as i64);
    }
    let report = bench.run(look);
    (report, read_floats(&bench.memory, c), want)
}

fn sum(counters: &Counters, class: Class, figure: impl Fn(&kernsmith_simt::counters::OpCounters) -> u64) -> u64 {
    counters.sum(|c| c == class, figure)
}

#[test]
fn products_are_right_and_clean() {
    for (kernel, n) in [("naive", 64), ("tiled", 128), ("reg", 128)] {
        let (report, got, want) = matmul(kernel, n, Look::Faults);
        assert_eq!(report.faults, [], "{kernel}");
        assert!(report.finished);
        assert_eq!(got, want, "{kernel}");
    }
}

/// GPGPU-Sim 4.2 counted the same instructions for the first, and the same sectors for all.
#[test]
fn instructions_and_sectors_of_matrix_products() {
    let (report, _, _) = matmul("naive", 64, Look::Counts);
    let c = report.counters.unwrap();
    assert_eq!((report.lane_instructions, report.warp_instructions), (1_613_824, 50_944));
    assert_eq!(sum(&c, Class::GlobalLoad, |o| o.sectors), 32_768);
    assert_eq!(sum(&c, Class::GlobalStore, |o| o.sectors), 512);

    let (report, _, _) = matmul("tiled", 128, Look::Counts);
    let c = report.counters.unwrap();
    // 64 blocks of 8 warps, two barriers for each of 8 tiles.
    assert_eq!(c.barrier_arrivals, 64 * 8 * 2 * 8);
    assert_eq!(sum(&c, Class::GlobalLoad, |o| o.sectors), 32_768);
    assert_eq!(sum(&c, Class::GlobalStore, |o| o.sectors), 2_048);
    assert_eq!(sum(&c, Class::SharedLoad, |o| o.wavefronts), sum(&c, Class::SharedLoad, |o| o.warps));

    let (report, _, _) = matmul("reg", 128, Look::Counts);
    let c = report.counters.unwrap();
    // Each block reads 128 x 128 floats of both matrices once, in rows of 32 bytes or more.
    assert_eq!(sum(&c, Class::GlobalLoad, |o| o.sectors), 2 * 128 * 128 * 4 / 32);
    // One multiply-add an element and step of k.
    assert_eq!(sum(&c, Class::Fp32, |o| o.lanes), 128 * 128 * 128);
}
