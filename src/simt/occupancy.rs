//! How many blocks of a kernel an SM can hold at once.

use crate::device::Device;
use serde::{Deserialize, Serialize};

/// What keeps an SM from holding more blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The number of warps that an SM can hold.
    Warps,
    /// The number of blocks that an SM can hold.
    Blocks,
    /// Registers.
    Registers,
    /// Shared memory.
    Shared,
}

/// Occupancy by NVIDIA's rules of allocation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Occupancy {
    /// Resident blocks of an SM; 0 if not even one fits.
    pub blocks_per_sm: u32,
    /// Resident warps of an SM.
    pub warps: u32,
    /// Resident warps in percent of what an SM can hold.
    pub theoretical_pct: f64,
    /// Blocks that the limit on blocks allows.
    pub limit_blocks: u32,
    /// Blocks that the registers allow.
    pub limit_registers: u32,
    /// Blocks that shared memory allows.
    pub limit_shared: u32,
    /// Blocks that the limit on warps allows.
    pub limit_warps: u32,
    /// The lowest of the four; of equal ones, the one that cannot be changed comes first.
    pub limiting: Limit,
}

/// Threads of the largest block.
const MAX_THREADS: u32 = 1024;
/// Registers of a thread at most.
const MAX_REGISTERS: u32 = 255;
/// The register file is split in this many parts, each serving its own warps.
const PARTITIONS: u32 = 4;

impl Occupancy {
    /// For blocks of `threads` threads with `registers` each (0 if unknown: then they limit nothing) and `shared_bytes` of static and
    /// dynamic shared memory a block.
    pub fn of(device: &Device, threads: u32, registers: u32, shared_bytes: u64) -> Self {
        let warps_per_block = threads.div_ceil(32).max(1);
        let limit_blocks = device.blocks_per_sm;
        let limit_warps = if threads <= MAX_THREADS { device.warps_per_sm / warps_per_block } else { 0 };
        let limit_registers = match registers {
            0 => limit_blocks,
            r if r > MAX_REGISTERS => 0,
            r => {
                let per_warp = (r * 32).next_multiple_of(device.register_unit);
                PARTITIONS * (device.registers_per_sm / PARTITIONS / per_warp) / warps_per_block
            }
        };
        let limit_shared = if shared_bytes > device.shared_per_block {
            0
        } else {
            let per_block = shared_bytes.next_multiple_of(device.shared_unit) + device.shared_reserved;
            u32::try_from(device.shared_per_sm() / per_block).unwrap_or(u32::MAX)
        };
        let (limiting, blocks_per_sm) = [
            (Limit::Warps, limit_warps),
            (Limit::Blocks, limit_blocks),
            (Limit::Registers, limit_registers),
            (Limit::Shared, limit_shared),
        ]
        .into_iter()
        .fold((Limit::Warps, limit_warps), |least, next| if next.1 < least.1 { next } else { least });
        let warps = blocks_per_sm * warps_per_block;
        Self {
            blocks_per_sm,
            warps,
            theoretical_pct: 100.0 * f64::from(warps) / f64::from(device.warps_per_sm),
            limit_blocks,
            limit_registers,
            limit_shared,
            limit_warps,
            limiting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(id: &str, threads: u32, registers: u32, shared: u64) -> (u32, u32, Limit) {
        let occupancy = Occupancy::of(Device::by_id(id).unwrap(), threads, registers, shared);
        (occupancy.blocks_per_sm, occupancy.warps, occupancy.limiting)
    }

    #[test]
    fn values_follow_the_rules_of_allocation() {
        // 127 registers x 32 = 4064, rounded up to 4096 a warp: 16 warps, 2 blocks of 8.
        assert_eq!(of("h100", 256, 127, 8192), (2, 16, Limit::Registers));
        // 32 registers are 1024 a warp: 64 warps. The limit on warps comes first.
        assert_eq!(of("h100", 256, 32, 0), (8, 64, Limit::Warps));
        // 33 registers are 1280 a warp: 12 a partition, 48 warps, 6 blocks.
        assert_eq!(of("h100", 256, 33, 0), (6, 48, Limit::Registers));
        assert_eq!(of("h100", 32, 16, 0), (32, 32, Limit::Blocks));
        // (48 + 1) KiB a block: 4 in 228 KiB.
        assert_eq!(of("h100", 256, 32, 48 * 1024), (4, 32, Limit::Shared));
        assert_eq!(of("h100", 256, 32, 227 * 1024), (1, 8, Limit::Shared));
        // 1024 threads with 64 registers: 2048 a warp, 32 warps, one block.
        assert_eq!(of("a100", 1024, 64, 0), (1, 32, Limit::Registers));
        assert_eq!(of("rtx4090", 256, 40, 0), (6, 48, Limit::Warps));
        assert_eq!(of("rtx4090", 1024, 32, 0), (1, 32, Limit::Warps));
    }

    #[test]
    fn what_does_not_fit_has_no_blocks() {
        assert_eq!(of("h100", 1025, 32, 0).0, 0);
        assert_eq!(of("h100", 1024, 128, 0).0, 0);
        assert_eq!(of("a100", 128, 32, 164 * 1024).0, 0);
        assert_eq!(of("h100", 128, 256, 0).0, 0);
    }

    #[test]
    fn unknown_registers_limit_nothing() {
        assert_eq!(of("h100", 128, 0, 0), (16, 64, Limit::Warps));
    }
}
