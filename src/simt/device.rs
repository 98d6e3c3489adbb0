//! Data sheets of the devices that can be simulated.
//!
//! Figures come from NVIDIA's data sheets and architecture white papers, from the CUDA programming guide's tables of compute
//! capabilities, and, for latencies and the L2 cache's rate, from published microbenchmarks. What rests on none of these is marked
//! as a guess. A simulated device is a model: it is not a substitute for the hardware.

use serde::Serialize;

/// Arithmetic of the tensor cores: floating-point (or integer) operations per SM and cycle, without sparsity, 2 per multiply-add.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TensorRates {
    /// f16 and bf16 inputs, f32 sums.
    pub f16: f64,
    /// tf32 inputs.
    pub tf32: f64,
    /// 8-bit integers, 32-bit sums.
    pub int8: f64,
    /// fp64; 0 where the tensor cores have none.
    pub fp64: f64,
    /// What `mma.sync` and `wmma` reach of these rates. Below 1 on Hopper, whose full rate needs `wgmma` (60-65 % by published
    /// measurements).
    pub mma_sync_share: f64,
}

/// Load-to-use latencies in cycles of the SM's clock, as published microbenchmarks give them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latencies {
    /// Arithmetic: add, multiply, fused multiply-add.
    pub alu: f64,
    /// Shared memory.
    pub shared: f64,
    /// L1 hit.
    pub l1: f64,
    /// L2 hit.
    pub l2: f64,
    /// DRAM.
    pub dram: f64,
}

/// What a device can do and hold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Device {
    /// Name of the product.
    pub name: &'static str,
    /// Short name: `h100`.
    pub id: &'static str,
    /// Compute capability, major and minor.
    pub compute_capability: (u32, u32),
    /// Architecture that kernels are compiled for: `sm_90`.
    pub arch: &'static str,
    /// Streaming multiprocessors.
    pub sms: u32,
    /// Boost clock of the SMs in Hz.
    pub clock_hz: f64,
    /// fp32 lanes per SM and cycle.
    pub fp32_lanes: f64,
    /// Lanes per SM and cycle of packed f16 and bf16 arithmetic (two operations a lane).
    pub fp16_lanes: f64,
    /// fp64 lanes per SM and cycle.
    pub fp64_lanes: f64,
    /// 32-bit integer lanes per SM and cycle.
    pub int32_lanes: f64,
    /// Special-function lanes per SM and cycle.
    pub special_lanes: f64,
    /// Load/store lanes per SM and cycle.
    pub lsu_lanes: f64,
    /// Tensor cores.
    pub tensor: TensorRates,
    /// Peak DRAM bandwidth in bytes per second.
    pub dram_bytes_per_s: f64,
    /// Size of L2 in bytes.
    pub l2_bytes: u64,
    /// What L2 can deliver to all SMs in bytes per second (microbenchmarks).
    pub l2_bytes_per_s: f64,
    /// Bytes per cycle between one SM and L2.
    pub l2_bytes_per_sm_cycle: f64,
    /// Bytes per cycle of an SM's L1 and shared memory.
    pub l1_bytes_per_cycle: f64,
    /// L1 and shared memory of an SM together, in bytes.
    pub l1_pool: u64,
    /// The sizes that the shared part of the pool can take, in KiB, ascending.
    pub carve_outs_kib: &'static [u64],
    /// Most shared memory of one block in bytes.
    pub shared_per_block: u64,
    /// Shared memory that the system keeps for itself in every block, in bytes.
    pub shared_reserved: u64,
    /// Shared memory is given out in multiples of this many bytes.
    pub shared_unit: u64,
    /// Resident warps of an SM.
    pub warps_per_sm: u32,
    /// Resident blocks of an SM.
    pub blocks_per_sm: u32,
    /// 32-bit registers of an SM.
    pub registers_per_sm: u32,
    /// Registers are given to a warp in multiples of this many.
    pub register_unit: u32,
    /// Latencies.
    pub latency: Latencies,
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Compute capability 9.0; figures of the full SXM board.
const H100: Device = Device {
    name: "NVIDIA H100 SXM",
    id: "h100",
    compute_capability: (9, 0),
    arch: "sm_90",
    sms: 132,
    // From the data sheet's 67 TFLOP/s of fp32: 132 SMs x 128 lanes x 2 x 1.98 GHz.
    clock_hz: 1.98e9,
    fp32_lanes: 128.0,
    fp16_lanes: 128.0,
    fp64_lanes: 64.0,
    int32_lanes: 64.0,
    special_lanes: 16.0,
    lsu_lanes: 32.0,
    // The data sheet's 989 TFLOP/s of bf16 are 4096 per SM and cycle at 1.83 GHz, the clock NVIDIA states tensor peaks at.
    tensor: TensorRates { f16: 4096.0, tf32: 2048.0, int8: 8192.0, fp64: 256.0, mma_sync_share: 0.62 },
    dram_bytes_per_s: 3.35e12,
    l2_bytes: 50 * MIB,
    l2_bytes_per_s: 5.5e12,
    l2_bytes_per_sm_cycle: 64.0,
    l1_bytes_per_cycle: 128.0,
    l1_pool: 256 * KIB,
    carve_outs_kib: &[0, 8, 16, 32, 64, 100, 132, 164, 196, 228],
    shared_per_block: 227 * KIB,
    shared_reserved: KIB,
    shared_unit: 128,
    warps_per_sm: 64,
    blocks_per_sm: 32,
    registers_per_sm: 65536,
    register_unit: 256,
    // Microbenchmarks of the PCIe board, in cycles.
    latency: Latencies { alu: 4.0, shared: 29.0, l1: 41.0, l2: 263.0, dram: 479.0 },
};

/// As H100 with more and faster DRAM (data sheet). Its L2 is reported by the driver as 60 MB; the latencies are H100's, a guess.
const H200: Device =
    Device { name: "NVIDIA H200 SXM", id: "h200", dram_bytes_per_s: 4.8e12, l2_bytes: 60 * MIB, ..H100 };

/// Compute capability 8.0.
const A100: Device = Device {
    name: "NVIDIA A100 SXM 80 GB",
    id: "a100",
    compute_capability: (8, 0),
    arch: "sm_80",
    sms: 108,
    clock_hz: 1.41e9,
    fp32_lanes: 64.0,
    // The white paper's 78 TFLOP/s outside the tensor cores: four times fp32.
    fp16_lanes: 128.0,
    fp64_lanes: 32.0,
    tensor: TensorRates { f16: 2048.0, tf32: 1024.0, int8: 4096.0, fp64: 128.0, mma_sync_share: 1.0 },
    dram_bytes_per_s: 2.039e12,
    l2_bytes: 40 * MIB,
    l2_bytes_per_s: 4.5e12,
    l1_pool: 192 * KIB,
    carve_outs_kib: &[0, 8, 16, 32, 64, 100, 132, 164],
    shared_per_block: 163 * KIB,
    latency: Latencies { alu: 4.0, shared: 29.0, l1: 38.0, l2: 262.0, dram: 466.0 },
    ..H100
};

/// Compute capability 8.9.
const RTX4090: Device = Device {
    name: "NVIDIA GeForce RTX 4090",
    id: "rtx4090",
    compute_capability: (8, 9),
    arch: "sm_89",
    sms: 128,
    clock_hz: 2.52e9,
    fp16_lanes: 64.0,
    fp64_lanes: 2.0,
    // The white paper's 165 TFLOP/s of f16 with f32 sums, half of the rate with f16 sums.
    tensor: TensorRates { f16: 512.0, tf32: 256.0, int8: 2048.0, fp64: 0.0, mma_sync_share: 1.0 },
    dram_bytes_per_s: 1.008e12,
    l2_bytes: 72 * MIB,
    l2_bytes_per_s: 5.0e12,
    l1_pool: 128 * KIB,
    carve_outs_kib: &[0, 8, 16, 32, 64, 100],
    shared_per_block: 99 * KIB,
    warps_per_sm: 48,
    blocks_per_sm: 24,
    latency: Latencies { alu: 4.0, shared: 30.0, l1: 43.0, l2: 273.0, dram: 542.0 },
    ..H100
};

/// The same SM as the RTX 4090. The L2 rate is a guess (the RTX 4090's, by SMs and clock); the latencies are the RTX 4090's, also a
/// guess.
const L4: Device = Device {
    name: "NVIDIA L4",
    id: "l4",
    sms: 58,
    clock_hz: 2.04e9,
    // The data sheet's 121 TFLOP/s without sparsity: twice the GeForce's rate with f32 sums.
    tensor: TensorRates { f16: 1024.0, tf32: 512.0, int8: 2048.0, fp64: 0.0, mma_sync_share: 1.0 },
    dram_bytes_per_s: 0.3e12,
    l2_bytes: 48 * MIB,
    l2_bytes_per_s: 1.8e12,
    ..RTX4090
};

impl Device {
    /// All devices, the default first.
    pub const ALL: [&'static Device; 5] = [&H100, &H200, &A100, &RTX4090, &L4];

    /// The device with a short name such as `h100`; None if there is none.
    pub fn by_id(id: &str) -> Option<&'static Device> {
        Self::ALL.into_iter().find(|device| device.id == id)
    }

    /// The shared part of an SM's pool, in bytes: the smallest size it can take that holds what the resident blocks use.
    pub fn carve_out(&self, shared_bytes_per_sm: u64) -> u64 {
        let mut sizes = self.carve_outs_kib.iter().map(|kib| kib * KIB);
        sizes.find(|size| *size >= shared_bytes_per_sm).unwrap_or(self.shared_per_sm())
    }

    /// The most shared memory of one SM, in bytes.
    pub fn shared_per_sm(&self) -> u64 {
        self.carve_outs_kib.last().map_or(0, |kib| kib * KIB)
    }

    /// The L1 cache that is left to an SM whose resident blocks use this much shared memory, in bytes.
    pub fn l1_bytes(&self, shared_bytes_per_sm: u64) -> u64 {
        self.l1_pool - self.carve_out(shared_bytes_per_sm)
    }

    /// Peak operations per second of a kind of arithmetic (2 per multiply-add): `fp32`, `fp64`, `int32`, `tensor_f16`, `tensor_bf16`,
    /// `tensor_tf32` or `tensor_int8`; None for another name.
    pub fn peak_ops_per_s(&self, kind: &str) -> Option<f64> {
        let per_cycle = match kind {
            "fp32" => 2.0 * self.fp32_lanes,
            "fp64" => 2.0 * self.fp64_lanes,
            "int32" => 2.0 * self.int32_lanes,
            "tensor_f16" | "tensor_bf16" => self.tensor.f16,
            "tensor_tf32" => self.tensor.tf32,
            "tensor_int8" => self.tensor.int8,
            _ => return None,
        };
        Some(per_cycle * f64::from(self.sms) * self.clock_hz)
    }

    /// The roofline's time in seconds: what moving `bytes` through DRAM or doing `operations` takes at the peak rates, whichever is
    /// longer. None if the kind of arithmetic is unknown (see [`Device::peak_ops_per_s`]).
    pub fn floor_seconds(&self, bytes: f64, operations: f64, kind: &str) -> Option<f64> {
        Some((bytes / self.dram_bytes_per_s).max(operations / self.peak_ops_per_s(kind)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_are_those_of_the_data_sheets() {
        for (id, kind, tera) in [
            ("h100", "fp32", 67.0),
            ("h200", "fp32", 67.0),
            ("h100", "fp64", 33.5),
            ("a100", "fp32", 19.5),
            ("a100", "tensor_bf16", 312.0),
            ("a100", "tensor_tf32", 156.0),
            ("rtx4090", "fp32", 82.6),
            ("rtx4090", "tensor_f16", 165.2),
            ("l4", "fp32", 30.3),
            ("l4", "tensor_f16", 121.0),
        ] {
            let peak = Device::by_id(id).unwrap().peak_ops_per_s(kind).unwrap() / 1e12;
            assert!((peak / tera - 1.0).abs() < 0.01, "{id} {kind}: {peak}");
        }
    }

    #[test]
    fn ids_are_unique_and_found() {
        for device in Device::ALL {
            assert_eq!(Device::by_id(device.id), Some(device));
        }
        assert_eq!(Device::by_id("k80"), None);
    }

    #[test]
    fn the_carve_out_is_the_next_size_up() {
        let h100 = Device::by_id("h100").unwrap();
        assert_eq!(h100.carve_out(0), 0);
        assert_eq!(h100.carve_out(1), 8 * KIB);
        assert_eq!(h100.carve_out(101 * KIB), 132 * KIB);
        assert_eq!(h100.l1_bytes(228 * KIB), 28 * KIB);
        assert!(Device::ALL.iter().all(|d| d.shared_per_block + d.shared_reserved == d.shared_per_sm()));
    }

    #[test]
    fn the_floor_is_the_longer_of_traffic_and_arithmetic() {
        let h100 = Device::by_id("h100").unwrap();
        assert!((h100.floor_seconds(3.35e9, 1.0, "fp32").unwrap() - 1e-3).abs() < 1e-9);
        assert!(h100.floor_seconds(3.35e9, 1e12, "fp32").unwrap() > 1e-2);
        assert_eq!(h100.floor_seconds(1.0, 1.0, "fp128"), None);
    }
}
