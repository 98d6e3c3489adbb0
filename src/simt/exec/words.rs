//! The short way of the most frequent accesses: 32-bit words of one buffer or of shared memory, by lanes that are all inside and
//! aligned, with no detector looking. Everything else takes the long way in [`super::access`].

use super::access::Site;
use super::warp::{FULL, Warp};
use super::{Block, Engine};
use crate::memory::Right;
use crate::program::{Access, Caching, File, Reg};
use crate::ptx::Space;

/// Offsets of the lanes from `base` (those of idle lanes being that of the first busy one), if all are multiples of `bytes` (a power of
/// two) and at most `limit`.
#[inline(always)]
fn offsets(addresses: &[u64; 32], mask: u32, base: u64, limit: u64, bytes: u32) -> Option<[u64; 32]> {
    let first = addresses[(mask.trailing_zeros() & 31) as usize].wrapping_sub(base);
    let mut result = [0u64; 32];
    // The top bit of `outside` is set if an offset is negative or greater than the limit.
    let (mut outside, mut bits) = (0u64, 0u64);
    if mask == FULL {
        for lane in 0..32 {
            let offset = addresses[lane].wrapping_sub(base);
            outside |= offset | limit.wrapping_sub(offset);
            bits |= offset;
            result[lane] = offset;
        }
    } else {
        for lane in 0..32 {
            let offset = if mask >> lane & 1 == 1 { addresses[lane].wrapping_sub(base) } else { first };
            outside |= offset | limit.wrapping_sub(offset);
            bits |= offset;
            result[lane] = offset;
        }
    }
    (outside >> 63 == 0 && bits & u64::from(bytes - 1) == 0).then_some(result)
}

#[inline(always)]
fn gather(data: &[u8], offsets: &[u64; 32], shift: usize) -> [u32; 32] {
    let mut values = [0u32; 32];
    for lane in 0..32 {
        let at = offsets[lane] as usize + shift;
        let word = &data[at..at + 4];
        values[lane] = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
    }
    values
}

#[inline(always)]
fn write32(warp: &mut Warp, reg: Reg, mask: u32, values: &[u32; 32]) {
    let d = &mut warp.r32[reg.index as usize];
    if mask == FULL {
        *d = *values;
    } else {
        for lane in 0..32 {
            d[lane] = if mask >> lane & 1 == 1 { values[lane] } else { d[lane] };
        }
    }
}

impl Engine<'_> {
    #[inline(always)]
    fn is_plain(&self, access: &Access) -> bool {
        access.bytes == 4 && !self.detect && access.registers.iter().all(|r| r.file == File::R32)
    }

    #[inline(always)]
    fn word_addresses(warp: &Warp, access: &Access) -> [u64; 32] {
        let mut addresses = [0u64; 32];
        let n = access.base.index as usize;
        match access.base.file {
            File::R64 => {
                let base = &warp.r64[n];
                for lane in 0..32 {
                    addresses[lane] = base[lane].wrapping_add(access.offset as u64);
                }
            }
            _ => {
                let base = &warp.r32[n];
                for lane in 0..32 {
                    addresses[lane] = u64::from(base[lane]).wrapping_add(access.offset as u64);
                }
            }
        }
        addresses
    }

    /// A load. False if it has to take the long way; nothing has happened then.
    #[inline(always)]
    pub(super) fn load_words(&mut self, block: &Block, warp: &mut Warp, pc: u32, mask: u32, number: u32) -> bool {
        let kernel = self.kernel;
        let access = &kernel.accesses[number as usize];
        if !self.is_plain(access) {
            return false;
        }
        let bytes = 4 * access.registers.len() as u32;
        let site = Site { pc, bytes, write: false, atomic: access.synchronising, caching: access.caching };
        match access.space {
            Space::Global | Space::Const | Space::Generic => {
                let addresses = Self::word_addresses(warp, access);
                let found = self.hints[pc as usize];
                if found >= self.memory.buffers().len() {
                    return false;
                }
                let buffer = self.memory.buffer_mut(found);
                let Some(limit) = buffer.bytes().checked_sub(u64::from(bytes)) else { return false };
                let Some(offsets) = offsets(&addresses, mask, buffer.base, limit, bytes) else { return false };
                buffer.fill_all(&offsets, bytes as usize);
                for (n, reg) in access.registers.iter().enumerate() {
                    let values = gather(buffer.data(), &offsets, 4 * n);
                    write32(warp, *reg, mask, &values);
                }
                if self.count {
                    self.count_global(block, &site, mask, &addresses, found);
                }
                true
            }
            Space::Shared => {
                let mut addresses = Self::word_addresses(warp, access);
                addresses.iter_mut().for_each(|a| *a &= 0xffff_ffff);
                let Some(limit) = (block.shared.len() as u64).checked_sub(u64::from(bytes)) else { return false };
                let Some(offsets) = offsets(&addresses, mask, 0, limit, bytes) else { return false };
                for (n, reg) in access.registers.iter().enumerate() {
                    let values = gather(&block.shared, &offsets, 4 * n);
                    write32(warp, *reg, mask, &values);
                }
                if self.count {
                    self.count_shared(&site, mask, &addresses);
                }
                true
            }
            _ => false,
        }
    }

    /// A store, likewise.
    #[inline(always)]
    pub(super) fn store_words(&mut self, block: &mut Block, warp: &Warp, pc: u32, mask: u32, number: u32) -> bool {
        let kernel = self.kernel;
        let access = &kernel.accesses[number as usize];
        if !self.is_plain(access) {
            return false;
        }
        let bytes = 4 * access.registers.len() as u32;
        let site = Site { pc, bytes, write: true, atomic: access.synchronising, caching: Caching::Normal };
        self.changes += 1;
        match access.space {
            Space::Global | Space::Generic => {
                let addresses = Self::word_addresses(warp, access);
                let found = self.hints[pc as usize];
                if found >= self.memory.buffers().len() || self.memory.buffer(found).right == Right::Read {
                    return false;
                }
                let buffer = self.memory.buffer_mut(found);
                let Some(limit) = buffer.bytes().checked_sub(u64::from(bytes)) else { return false };
                let Some(offsets) = offsets(&addresses, mask, buffer.base, limit, bytes) else { return false };
                buffer.fill_all(&offsets, bytes as usize);
                scatter(buffer.at_mut(0, (limit + u64::from(bytes)) as usize), warp, &access.registers, mask, &offsets);
                if self.count {
                    self.count_global(block, &site, mask, &addresses, found);
                }
                true
            }
            Space::Shared => {
                let mut addresses = Self::word_addresses(warp, access);
                addresses.iter_mut().for_each(|a| *a &= 0xffff_ffff);
                let Some(limit) = (block.shared.len() as u64).checked_sub(u64::from(bytes)) else { return false };
                let Some(offsets) = offsets(&addresses, mask, 0, limit, bytes) else { return false };
                scatter(&mut block.shared, warp, &access.registers, mask, &offsets);
                if self.count {
                    self.count_shared(&site, mask, &addresses);
                }
                true
            }
            _ => false,
        }
    }
}

#[inline(always)]
fn scatter(data: &mut [u8], warp: &Warp, registers: &[Reg], mask: u32, offsets: &[u64; 32]) {
    for (n, reg) in registers.iter().enumerate() {
        let values = &warp.r32[reg.index as usize];
        for lane in 0..32 {
            if mask >> lane & 1 == 1 {
                let at = offsets[lane] as usize + 4 * n;
                data[at..at + 4].copy_from_slice(&values[lane].to_le_bytes());
            }
        }
    }
}
