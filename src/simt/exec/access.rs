//! Loads, stores, atomics and asynchronous copies: where they go, what is wrong with them, what they cost.

use super::warp::Warp;
use super::{Block, Engine, Order};
use crate::fault::FaultKind;
use crate::memory::{LOCAL_WINDOW, Right, SHARED_WINDOW, is_local, is_shared};
use crate::program::{Access, Caching, Reg};
use crate::ptx::Space;
use crate::shadow::{Visit, WARPS};

/// An access of one warp.
#[derive(Clone, Copy)]
pub(super) struct Site {
    /// The instruction.
    pub pc: u32,
    /// Bytes of a lane.
    pub bytes: u32,
    pub write: bool,
    pub atomic: bool,
    pub caching: Caching,
}

/// Lanes of a mask.
pub(super) fn lanes(mask: u32) -> impl DoubleEndedIterator<Item = usize> {
    (0..32usize).filter(move |lane| mask >> lane & 1 == 1)
}

#[inline(always)]
fn number(bytes: &[u8]) -> u64 {
    match bytes.len() {
        1 => u64::from(bytes[0]),
        2 => u64::from(u16::from_le_bytes([bytes[0], bytes[1]])),
        4 => u64::from(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])),
        _ => bytes.iter().rev().fold(0, |value, b| value << 8 | u64::from(*b)),
    }
}

impl Engine<'_> {
    #[inline(always)]
    pub(super) fn addresses(warp: &Warp, base: Reg, offset: i64) -> [u64; 32] {
        warp.read(base).map(|a| a.wrapping_add_signed(offset))
    }

    #[inline(never)]
    pub(super) fn load(&mut self, block: &mut Block, warp: &mut Warp, pc: u32, mask: u32, number: u32) {
        let access = &self.kernel.accesses[number as usize];
        self.last_latency = 0.0;
        let site = Site {
            pc,
            bytes: access.bytes * access.registers.len() as u32,
            write: false,
            atomic: access.synchronising,
            caching: access.caching,
        };
        if access.space == Space::Param {
            self.load_param(warp, mask, access);
            return;
        }
        let addresses = Self::addresses(warp, access.base, access.offset);
        let mut values = [[0u64; 32]; 8];
        self.load_from(block, warp, &site, access.space, mask, &addresses, access.bytes, &mut values);
        for (reg, values) in access.registers.iter().zip(&mut values) {
            extend(values, access);
            warp.write(*reg, mask, values);
        }
    }

    #[inline(never)]
    pub(super) fn store(&mut self, block: &mut Block, warp: &mut Warp, pc: u32, mask: u32, number: u32) {
        let access = &self.kernel.accesses[number as usize];
        self.last_latency = 0.0;
        self.changes += 1;
        let site = Site {
            pc,
            bytes: access.bytes * access.registers.len() as u32,
            write: true,
            atomic: access.synchronising,
            caching: access.caching,
        };
        let mut values = [[0u64; 32]; 8];
        for (reg, values) in access.registers.iter().zip(&mut values) {
            *values = warp.read(*reg);
        }
        if access.space == Space::Param {
            let stride = self.kernel.call_bytes as usize;
            for lane in lanes(mask) {
                for (n, values) in values[..access.registers.len()].iter().enumerate() {
                    let at = lane * stride + access.offset as usize + n * access.bytes as usize;
                    if let Some(to) = warp.calls.get_mut(at..at + access.bytes as usize) {
                        to.copy_from_slice(&values[lane].to_le_bytes()[..access.bytes as usize]);
                    }
                }
            }
            return;
        }
        let addresses = Self::addresses(warp, access.base, access.offset);
        let count = access.registers.len();
        for (space, part, addresses) in split(access.space, addresses, mask) {
            match space {
                Space::Shared => {
                    self.store_shared(block, warp, &site, part, &addresses, access.bytes, &values[..count])
                }
                Space::Local => self.store_local(block, warp, &site, part, &addresses, access.bytes, &values[..count]),
                _ => self.store_global(block, warp, &site, part, &addresses, access.bytes, &values[..count]),
            }
        }
    }

    /// Reads `size`-byte words of all lanes from wherever their addresses are.
    #[expect(clippy::too_many_arguments, reason = "the parts of one access")]
    pub(super) fn load_from(
        &mut self,
        block: &mut Block,
        warp: &Warp,
        site: &Site,
        space: Space,
        mask: u32,
        addresses: &[u64; 32],
        size: u32,
        values: &mut [[u64; 32]; 8],
    ) {
        for (space, part, addresses) in split(space, *addresses, mask) {
            match space {
                Space::Shared => self.load_shared(block, warp, site, part, &addresses, size, values),
                Space::Local => self.load_local(block, warp, site, part, &addresses, size, values),
                _ => self.load_global(block, warp, site, part, &addresses, size, values),
            }
        }
    }

    /// The reverse. Local memory belongs to single lanes, so matrices are not written there.
    #[expect(clippy::too_many_arguments, reason = "the parts of one access")]
    pub(super) fn store_to(
        &mut self,
        block: &mut Block,
        warp: &Warp,
        site: &Site,
        space: Space,
        mask: u32,
        addresses: &[u64; 32],
        size: u32,
        values: &[[u64; 32]],
    ) {
        for (space, part, addresses) in split(space, *addresses, mask) {
            match space {
                Space::Shared => self.store_shared(block, warp, site, part, &addresses, size, values),
                _ => self.store_global(block, warp, site, part, &addresses, size, values),
            }
        }
    }

    fn load_param(&mut self, warp: &mut Warp, mask: u32, access: &Access) {
        let stride = self.kernel.call_bytes as usize;
        for (n, reg) in access.registers.iter().enumerate() {
            let at = access.offset as usize + n * access.bytes as usize;
            let size = access.bytes as usize;
            let mut values = if access.of_call {
                std::array::from_fn(|lane| {
                    warp.calls.get(lane * stride + at..lane * stride + at + size).map_or(0, number)
                })
            } else {
                [self.params.get(at..at + size).map_or(0, number); 32]
            };
            extend(&mut values, access);
            warp.write(*reg, mask, &values);
        }
    }

    /// Global memory: the buffer that all active lanes are in, if there is one and all are aligned.
    #[inline(always)]
    fn common_buffer(&mut self, site: &Site, mask: u32, addresses: &[u64; 32]) -> Option<usize> {
        let first = addresses[(mask.trailing_zeros() & 31) as usize];
        let (mut low, mut high, mut bits) = (first, first, 0u64);
        for lane in 0..32 {
            let a = if mask >> lane & 1 == 1 { addresses[lane] } else { first };
            low = low.min(a);
            high = high.max(a);
            bits |= a;
        }
        if bits & u64::from(site.bytes - 1) != 0 {
            return None;
        }
        let found = self.memory.find(low, high - low + u64::from(site.bytes), &mut self.hints[site.pc as usize])?;
        if site.write && self.memory.buffer(found).right == Right::Read {
            return None;
        }
        Some(found)
    }

    /// Lanes whose access is possible, each with its buffer; faults for the others.
    #[inline(never)]
    fn possible(
        &mut self,
        block: &Block,
        warp: &Warp,
        site: &Site,
        mask: u32,
        addresses: &[u64; 32],
    ) -> Vec<(usize, usize)> {
        let mut good = Vec::new();
        for lane in lanes(mask) {
            let address = addresses[lane];
            let thread = self.thread_of(warp.index, lane as u32);
            let what = if site.atomic && site.write {
                "atomic on"
            } else if site.write {
                "write of"
            } else {
                "read of"
            };
            if address & u64::from(site.bytes - 1) != 0 {
                let message = format!("misaligned {what} {} bytes at address {address:#x}", site.bytes);
                self.fault(FaultKind::Misaligned, site.pc, None, block.id, thread, String::new(), message);
                continue;
            }
            let mut hint = self.hints[site.pc as usize];
            match self.memory.find(address, u64::from(site.bytes), &mut hint) {
                Some(number) if site.write && self.memory.buffer(number).right == Right::Read => {
                    let name = self.memory.buffer(number).name.clone();
                    let offset = address - self.memory.buffer(number).base;
                    let message = format!("{what} input {name} at byte {offset}");
                    self.fault(FaultKind::InputModified, site.pc, None, block.id, thread, name, message);
                }
                Some(number) => good.push((lane, number)),
                None => {
                    let (name, message) = match self.memory.nearest(address) {
                        Some((number, offset)) => {
                            let buffer = self.memory.buffer(number);
                            let size = buffer.bytes();
                            let name = buffer.name.clone();
                            let place = if offset < 0 {
                                format!("{} bytes before its start", -offset)
                            } else {
                                format!(
                                    "{} bytes past its end",
                                    (offset as u64).saturating_sub(size).saturating_add(u64::from(site.bytes))
                                )
                            };
                            let message = format!(
                                "out of bounds: {what} {} bytes of {name} at byte {offset} of {size}, {place}",
                                site.bytes
                            );
                            (name, message)
                        }
                        None => (
                            String::new(),
                            format!(
                                "out of bounds: {what} {} bytes at address {address:#x}, near no buffer",
                                site.bytes
                            ),
                        ),
                    };
                    self.fault(FaultKind::OutOfBounds, site.pc, None, block.id, thread, name, message);
                }
            }
        }
        good
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one access")]
    #[inline(always)]
    fn load_global(
        &mut self,
        block: &mut Block,
        warp: &Warp,
        site: &Site,
        mask: u32,
        addresses: &[u64; 32],
        size: u32,
        values: &mut [[u64; 32]; 8],
    ) {
        let count = (site.bytes / size) as usize;
        let size = size as usize;
        let Some(found) = self.common_buffer(site, mask, addresses) else {
            for (lane, found) in self.possible(block, warp, site, mask, addresses) {
                let buffer = self.memory.buffer_mut(found);
                let at = (addresses[lane] - buffer.base) as usize;
                buffer.fill(at, site.bytes as usize);
                for (n, values) in values[..count].iter_mut().enumerate() {
                    values[lane] = number(buffer.at(at + n * size, size));
                }
                if self.detect {
                    self.look_at_read(block, warp, site, found, lane, at);
                }
            }
            return;
        };
        let buffer = self.memory.buffer_mut(found);
        let base = buffer.base;
        let first = addresses[(mask.trailing_zeros() & 31) as usize];
        let mut offsets = [0usize; 32];
        for lane in 0..32 {
            let a = if mask >> lane & 1 == 1 { addresses[lane] } else { first };
            offsets[lane] = (a - base) as usize;
        }
        buffer.fill_all(&offsets.map(|o| o as u64), site.bytes as usize);
        let data = buffer.data();
        for (n, values) in values[..count].iter_mut().enumerate() {
            for lane in 0..32 {
                let at = offsets[lane] + size * n;
                values[lane] = number(&data[at..at + size]);
            }
        }
        if self.detect {
            for lane in lanes(mask) {
                self.look_at_read(block, warp, site, found, lane, offsets[lane]);
            }
            if site.atomic {
                self.synchronised = true;
                self.happens.acquire(block.number as u32, self.now);
            }
        } else if self.count {
            self.count_global(block, site, mask, addresses, found);
        }
    }

    fn visit(&self, block: &Block, warp: &Warp, site: &Site) -> Visit {
        let number = (block.number as u32).wrapping_mul(WARPS).wrapping_add(warp.index);
        Visit { warp: number.wrapping_add(1), epoch: warp.epoch, op: site.pc, time: self.now, atomic: site.atomic }
    }

    #[inline(never)]
    fn look_at_read(&mut self, block: &Block, warp: &Warp, site: &Site, found: usize, lane: usize, at: usize) {
        let visit = self.visit(block, warp, site);
        let bytes = site.bytes as usize;
        let thread = self.thread_of(warp.index, lane as u32);
        if !self.memory.buffer(found).is_valid(at, bytes) {
            let name = self.memory.buffer(found).name.clone();
            let message = format!("read of {name} at byte {at}, which was never written");
            self.fault(FaultKind::UninitialisedRead, site.pc, None, block.id, thread, name, message);
        }
        let buffer = self.memory.buffer_mut(found);
        if buffer.right == Right::Read {
            return;
        }
        if let Some(other) = buffer.shadow.read(at, bytes, visit, &self.happens) {
            let name = buffer.name.clone();
            self.race(block, thread, site.pc, other, name, at);
        }
    }

    fn race(&mut self, block: &Block, thread: [u32; 3], pc: u32, other: u32, name: String, at: usize) {
        let line = self.kernel.info[other as usize].line;
        let message = format!(
            "data race on {name} at byte {at}: nothing orders this access and that of line {line} by another warp"
        );
        self.fault(FaultKind::DataRace, pc, Some(other), block.id, thread, name, message);
    }

    #[inline(always)]
    pub(super) fn count_global(&mut self, block: &Block, site: &Site, mask: u32, addresses: &[u64; 32], found: usize) {
        let (pattern, first) = self.memos[site.pc as usize].pattern(addresses, mask, site.bytes, false);
        let counters = &mut self.ops[site.pc as usize];
        counters.sectors += u64::from(pattern.sectors);
        counters.ideal_sectors += u64::from(pattern.ideal_sectors);
        let Some(caches) = self.caches.as_deref_mut() else { return };
        let buffer = self.memory.buffer_mut(found);
        let line0 = first >> 7;
        let mut missed = false;
        for (delta, sectors) in &pattern.lines {
            let line = line0.wrapping_add_signed(*delta);
            buffer.touch(line, *sectors, block.number as u32, site.write);
            if site.atomic && site.write {
                caches.atomic(line, *sectors);
                missed = true;
            } else if site.write {
                caches.store(block.sm, line, *sectors);
            } else if site.caching == Caching::PastL1 {
                caches.bypass_load(line, *sectors);
                missed = true;
            } else {
                let hits = caches.load(block.sm, line, *sectors);
                counters.l1_hits += u64::from(hits.count_ones());
                missed |= hits != *sectors;
            }
        }
        self.last_latency = if missed { self.latencies.l2 } else { self.latencies.l1 };
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one access")]
    #[inline(always)]
    fn store_global(
        &mut self,
        block: &mut Block,
        warp: &Warp,
        site: &Site,
        mask: u32,
        addresses: &[u64; 32],
        size: u32,
        values: &[[u64; 32]],
    ) {
        let size = size as usize;
        let common = self.common_buffer(site, mask, addresses);
        let list: Vec<(usize, usize)> = match common {
            Some(_) if !self.detect => Vec::new(),
            Some(found) => lanes(mask).map(|lane| (lane, found)).collect(),
            None => self.possible(block, warp, site, mask, addresses),
        };
        if let (Some(found), false) = (common, self.detect) {
            let buffer = self.memory.buffer_mut(found);
            for lane in lanes(mask) {
                let at = (addresses[lane] - buffer.base) as usize;
                buffer.fill(at, site.bytes as usize);
                for (n, values) in values.iter().enumerate() {
                    buffer.at_mut(at + n * size, size).copy_from_slice(&values[lane].to_le_bytes()[..size]);
                }
            }
            if self.count {
                self.count_global(block, site, mask, addresses, found);
            }
            return;
        }
        if self.detect {
            self.look_at_collisions(block, warp, site, mask, addresses, values, "global");
        }
        for (lane, found) in list {
            let at = (addresses[lane] - self.memory.buffer(found).base) as usize;
            self.memory.buffer_mut(found).fill(at, site.bytes as usize);
            let mut bytes = [0u8; 64];
            for (n, values) in values.iter().enumerate() {
                bytes[n * size..(n + 1) * size].copy_from_slice(&values[lane].to_le_bytes()[..size]);
            }
            let bytes = &bytes[..site.bytes as usize];
            if self.detect {
                let visit = self.visit(block, warp, site);
                let buffer = self.memory.buffer_mut(found);
                let same = buffer.at(at, bytes.len()) == bytes && buffer.is_valid(at, bytes.len());
                let race = buffer.shadow.write(at, bytes.len(), visit, same, &self.happens);
                buffer.set_valid(at, bytes.len());
                if let Some(other) = race {
                    let name = buffer.name.clone();
                    let thread = self.thread_of(warp.index, lane as u32);
                    self.race(block, thread, site.pc, other, name, at);
                }
            }
            self.memory.buffer_mut(found).at_mut(at, bytes.len()).copy_from_slice(bytes);
        }
        if self.detect && site.atomic {
            self.synchronised = true;
            self.happens.release(block.number as u32, self.now);
        }
    }

    /// Lanes of one instruction that write different values to the same place.
    #[expect(clippy::too_many_arguments, reason = "the parts of one access")]
    #[inline(never)]
    fn look_at_collisions(
        &mut self,
        block: &Block,
        warp: &Warp,
        site: &Site,
        mask: u32,
        addresses: &[u64; 32],
        values: &[[u64; 32]],
        place: &str,
    ) {
        let mut sorted: Vec<usize> = lanes(mask).collect();
        sorted.sort_by_key(|lane| addresses[*lane]);
        for pair in sorted.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            if addresses[a] == addresses[b] && values.iter().any(|v| v[a] != v[b]) {
                let thread = self.thread_of(warp.index, b as u32);
                let message = format!(
                    "data race in {place} memory: lanes {a} and {b} of one warp write different values to one address"
                );
                self.fault(FaultKind::DataRace, site.pc, Some(site.pc), block.id, thread, place.to_string(), message);
            }
        }
    }

    /// Offsets in shared memory that are possible; faults for the others.
    fn possible_shared(&mut self, block: &Block, warp: &Warp, site: &Site, mask: u32, addresses: &[u64; 32]) -> u32 {
        let size = block.shared.len() as u64;
        let mut good = mask;
        for lane in lanes(mask) {
            let at = addresses[lane] & 0xffff_ffff;
            let inside = at + u64::from(site.bytes) <= size;
            let aligned = at & u64::from(site.bytes - 1) == 0;
            if inside && aligned {
                continue;
            }
            good &= !(1 << lane);
            let thread = self.thread_of(warp.index, lane as u32);
            let what = if site.write { "write" } else { "read" };
            let (kind, message) = if inside {
                (
                    FaultKind::Misaligned,
                    format!("misaligned {what} of {} bytes at byte {at} of shared memory", site.bytes),
                )
            } else {
                let message = format!(
                    "out of bounds: {what} of {} bytes at byte {} of shared memory, which has {size}",
                    site.bytes, at as u32 as i32
                );
                (FaultKind::OutOfBounds, message)
            };
            self.fault(kind, site.pc, None, block.id, thread, "shared".into(), message);
        }
        good
    }

    #[inline(always)]
    pub(super) fn shared_ok(block: &Block, site: &Site, mask: u32, addresses: &[u64; 32]) -> bool {
        let (mut high, mut bits) = (0u64, 0u64);
        for lane in 0..32 {
            let a = if mask >> lane & 1 == 1 { addresses[lane] & 0xffff_ffff } else { 0 };
            high = high.max(a);
            bits |= a;
        }
        bits & u64::from(site.bytes - 1) == 0 && high + u64::from(site.bytes) <= block.shared.len() as u64
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one access")]
    #[inline(always)]
    fn load_shared(
        &mut self,
        block: &mut Block,
        warp: &Warp,
        site: &Site,
        mask: u32,
        addresses: &[u64; 32],
        size: u32,
        values: &mut [[u64; 32]; 8],
    ) {
        let count = (site.bytes / size) as usize;
        let size = size as usize;
        let mask = if Self::shared_ok(block, site, mask, addresses) {
            mask
        } else {
            self.possible_shared(block, warp, site, mask, addresses)
        };
        if mask == 0 {
            return;
        }
        let first = addresses[(mask.trailing_zeros() & 31) as usize];
        let data = &block.shared[..];
        let offset =
            |lane: usize| ((if mask >> lane & 1 == 1 { addresses[lane] } else { first }) & 0xffff_ffff) as usize;
        for (n, values) in values[..count].iter_mut().enumerate() {
            for lane in 0..32 {
                let at = offset(lane) + size * n;
                values[lane] = number(&data[at..at + size]);
            }
        }
        if self.detect {
            for lane in lanes(mask) {
                self.look_at_shared_read(block, warp, site, lane, offset(lane));
            }
        } else if self.count {
            self.count_shared(site, mask, addresses);
        }
    }

    /// What the detectors say of a read of shared memory.
    #[inline(never)]
    pub(super) fn look_at_shared_read(&mut self, block: &mut Block, warp: &Warp, site: &Site, lane: usize, at: usize) {
        let bytes = site.bytes as usize;
        let thread = self.thread_of(warp.index, lane as u32);
        let visit = self.visit(block, warp, site);
        if block.shared_pending[at..at + bytes].iter().any(|p| *p != 0) {
            let message =
                format!("read of shared memory at byte {at} before the asynchronous copy into it was waited for");
            self.fault(FaultKind::AsyncRead, site.pc, None, block.id, thread, "shared".into(), message);
        } else if !block.shared_valid[at..at + bytes].iter().all(|v| *v) {
            let message = format!("read of shared memory at byte {at}, which was never written");
            self.fault(FaultKind::UninitialisedRead, site.pc, None, block.id, thread, "shared".into(), message);
        }
        if let Some(other) = block.shared_shadow.read(at, bytes, visit, &self.happens) {
            self.race(block, thread, site.pc, other, "shared memory".into(), at);
        }
    }

    /// What the detectors say of a write of shared memory; `same` says that it changes nothing.
    #[inline(never)]
    pub(super) fn look_at_shared_write(
        &mut self,
        block: &mut Block,
        warp: &Warp,
        site: &Site,
        lane: usize,
        at: usize,
        same: bool,
    ) {
        let bytes = site.bytes as usize;
        let visit = self.visit(block, warp, site);
        let same = same && block.shared_valid[at..at + bytes].iter().all(|v| *v);
        let race = block.shared_shadow.write(at, bytes, visit, same, &self.happens);
        block.shared_valid[at..at + bytes].fill(true);
        if let Some(other) = race {
            let thread = self.thread_of(warp.index, lane as u32);
            self.race(block, thread, site.pc, other, "shared memory".into(), at);
        }
    }

    #[inline(always)]
    pub(super) fn count_shared(&mut self, site: &Site, mask: u32, addresses: &[u64; 32]) {
        let (pattern, _) = self.memos[site.pc as usize].pattern(addresses, mask, site.bytes, true);
        let counters = &mut self.ops[site.pc as usize];
        counters.wavefronts += u64::from(pattern.wavefronts);
        counters.ideal_wavefronts += u64::from(pattern.ideal_wavefronts);
        self.last_latency = self.latencies.shared + 2.0 * f64::from(pattern.wavefronts.saturating_sub(1));
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one access")]
    #[inline(always)]
    fn store_shared(
        &mut self,
        block: &mut Block,
        warp: &Warp,
        site: &Site,
        mask: u32,
        addresses: &[u64; 32],
        size: u32,
        values: &[[u64; 32]],
    ) {
        let size = size as usize;
        let mask = if Self::shared_ok(block, site, mask, addresses) {
            mask
        } else {
            self.possible_shared(block, warp, site, mask, addresses)
        };
        if self.detect {
            self.look_at_collisions(block, warp, site, mask, addresses, values, "shared");
        }
        for lane in lanes(mask) {
            let at = (addresses[lane] & 0xffff_ffff) as usize;
            if self.detect {
                let same = values
                    .iter()
                    .enumerate()
                    .all(|(n, v)| block.shared[at + n * size..at + (n + 1) * size] == v[lane].to_le_bytes()[..size]);
                self.look_at_shared_write(block, warp, site, lane, at, same);
            }
            for (n, values) in values.iter().enumerate() {
                let at = at + n * size;
                block.shared[at..at + size].copy_from_slice(&values[lane].to_le_bytes()[..size]);
            }
        }
        if self.count && mask != 0 {
            self.count_shared(site, mask, addresses);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one access")]
    fn load_local(
        &mut self,
        block: &Block,
        warp: &Warp,
        site: &Site,
        mask: u32,
        addresses: &[u64; 32],
        size: u32,
        values: &mut [[u64; 32]; 8],
    ) {
        let count = (site.bytes / size) as usize;
        let size = size as usize;
        for lane in lanes(mask) {
            let Some(at) = self.local_place(block, warp, site, lane, addresses[lane]) else { continue };
            for (n, values) in values[..count].iter_mut().enumerate() {
                values[lane] = number(&warp.local[at + n * size..at + (n + 1) * size]);
            }
            if self.detect && !warp.local_valid[at..at + site.bytes as usize].iter().all(|v| *v) {
                let thread = self.thread_of(warp.index, lane as u32);
                let message = "read of a local array's element that was never written".to_string();
                self.fault(FaultKind::UninitialisedRead, site.pc, None, block.id, thread, "local".into(), message);
            }
        }
        self.count_local(site, mask);
        self.last_latency = self.latencies.l1;
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one access")]
    fn store_local(
        &mut self,
        block: &Block,
        warp: &mut Warp,
        site: &Site,
        mask: u32,
        addresses: &[u64; 32],
        size: u32,
        values: &[[u64; 32]],
    ) {
        let size = size as usize;
        for lane in lanes(mask) {
            let Some(at) = self.local_place(block, warp, site, lane, addresses[lane]) else { continue };
            for (n, values) in values.iter().enumerate() {
                warp.local[at + n * size..at + (n + 1) * size].copy_from_slice(&values[lane].to_le_bytes()[..size]);
            }
            if self.detect {
                warp.local_valid[at..at + site.bytes as usize].fill(true);
            }
        }
        self.count_local(site, mask);
    }

    /// The hardware lays local memory out so that lanes which use the same place of theirs use neighbouring words.
    fn count_local(&mut self, site: &Site, mask: u32) {
        if self.count {
            let sectors = u64::from((mask.count_ones() * site.bytes).div_ceil(32));
            let counters = &mut self.ops[site.pc as usize];
            counters.sectors += sectors;
            counters.ideal_sectors += sectors;
            counters.l1_hits += sectors;
        }
    }

    fn local_place(&mut self, block: &Block, warp: &Warp, site: &Site, lane: usize, address: u64) -> Option<usize> {
        let at = address & 0xffff_ffff;
        let inside = at + u64::from(site.bytes) <= u64::from(warp.local_bytes);
        if inside && at & u64::from(site.bytes - 1) == 0 {
            return Some(lane * warp.local_bytes as usize + at as usize);
        }
        let thread = self.thread_of(warp.index, lane as u32);
        let kind = if inside { FaultKind::Misaligned } else { FaultKind::OutOfBounds };
        let word = if inside { "misaligned" } else { "out of bounds" };
        let message = format!(
            "{word}: {} bytes at byte {} of a thread's local memory, which has {}",
            site.bytes, at as u32 as i32, warp.local_bytes
        );
        self.fault(kind, site.pc, None, block.id, thread, "local".into(), message);
        None
    }

    #[inline(never)]
    pub(super) fn atomic(&mut self, block: &mut Block, warp: &mut Warp, pc: u32, mask: u32, number_of: u32) {
        let kernel = self.kernel;
        let a = &kernel.atomics[number_of as usize];
        let site = Site { pc, bytes: a.bytes, write: true, atomic: true, caching: Caching::PastL1 };
        let size = a.bytes as usize;
        let addresses = Self::addresses(warp, a.base, a.offset);
        let (b, c) = (warp.read(a.b), warp.read(a.c));
        let mut old = [0u64; 32];
        let limit = u64::MAX >> (64 - 8 * a.bytes);
        for (space, part, addresses) in split(a.space, addresses, mask) {
            let mut order: Vec<(usize, usize)> = match space {
                Space::Shared => {
                    let good = self.possible_shared(block, warp, &site, part, &addresses);
                    lanes(good).map(|lane| (lane, 0)).collect()
                }
                Space::Local => {
                    let thread = self.thread_of(warp.index, part.trailing_zeros());
                    self.fault(
                        FaultKind::OutOfBounds,
                        pc,
                        None,
                        block.id,
                        thread,
                        "local".into(),
                        "atomic on local memory".into(),
                    );
                    Vec::new()
                }
                _ => self.possible(block, warp, &site, part, &addresses),
            };
            if self.order == Order::Reverse {
                order.reverse();
            }
            for (lane, found) in &order {
                let (lane, found) = (*lane, *found);
                if space == Space::Shared {
                    let at = (addresses[lane] & 0xffff_ffff) as usize;
                    if self.detect {
                        self.look_at_shared_read(block, warp, &site, lane, at);
                        self.look_at_shared_write(block, warp, &site, lane, at, false);
                    }
                    old[lane] = number(&block.shared[at..at + size]);
                    let new = (a.update)(old[lane], b[lane] & limit, c[lane] & limit);
                    block.shared[at..at + size].copy_from_slice(&new.to_le_bytes()[..size]);
                    self.changes += u64::from(new != old[lane]);
                } else {
                    let at = (addresses[lane] - self.memory.buffer(found).base) as usize;
                    self.memory.buffer_mut(found).fill(at, size);
                    if self.detect {
                        self.look_at_read(block, warp, &site, found, lane, at);
                        let visit = self.visit(block, warp, &site);
                        let buffer = self.memory.buffer_mut(found);
                        let race = buffer.shadow.write(at, size, visit, false, &self.happens);
                        buffer.set_valid(at, size);
                        if let Some(other) = race {
                            let name = buffer.name.clone();
                            let thread = self.thread_of(warp.index, lane as u32);
                            self.race(block, thread, pc, other, name, at);
                        }
                    }
                    let buffer = self.memory.buffer_mut(found);
                    old[lane] = number(buffer.at(at, size));
                    let new = (a.update)(old[lane], b[lane] & limit, c[lane] & limit);
                    buffer.at_mut(at, size).copy_from_slice(&new.to_le_bytes()[..size]);
                    self.changes += u64::from(new != old[lane]);
                }
            }
            if self.detect && space != Space::Shared {
                let number = block.number as u32;
                self.happens.acquire(number, self.now + 1);
                if warp.fenced || a.fence {
                    self.happens.release(number, self.now);
                    self.synchronised = true;
                }
            }
            if self.count && !order.is_empty() {
                let mut places: Vec<u64> = order.iter().map(|(lane, _)| addresses[*lane]).collect();
                places.sort_unstable();
                let most = places.chunk_by(|x, y| x == y).map(<[u64]>::len).max().unwrap_or(0);
                self.ops[pc as usize].collisions += most as u64;
                let active = order.iter().fold(0, |m, (lane, _)| m | 1u32 << lane);
                if space == Space::Shared {
                    self.count_shared(&site, active, &addresses);
                } else if let Some((_, found)) = order.first() {
                    self.count_global(block, &site, active, &addresses, *found);
                }
            }
        }
        if let Some(d) = a.d {
            warp.write(d, mask, &old);
        }
    }

    #[inline(never)]
    pub(super) fn copy_async(&mut self, block: &mut Block, warp: &mut Warp, pc: u32, mask: u32, number: u32) {
        let kernel = self.kernel;
        let copy = &kernel.copies[number as usize];
        let to = Self::addresses(warp, copy.to, copy.to_offset);
        let from = Self::addresses(warp, copy.from, copy.from_offset);
        let wanted = copy.source_bytes.map(|r| warp.read(r));
        let read = Site { pc, bytes: copy.bytes, write: false, atomic: false, caching: copy.caching };
        let write = Site { write: true, ..read };
        // Lanes that read nothing write zeros and need no source.
        let reading = match &wanted {
            Some(bytes) => lanes(mask).filter(|lane| bytes[*lane] & 0xffff_ffff != 0).fold(0, |m, lane| m | 1 << lane),
            None => mask,
        };
        let mut data = vec![[0u8; 16]; 32];
        if reading != 0 {
            for (lane, found) in self.possible(block, warp, &read, reading, &from) {
                let at = (from[lane] - self.memory.buffer(found).base) as usize;
                self.memory.buffer_mut(found).fill(at, copy.bytes as usize);
                let n = wanted.as_ref().map_or(copy.bytes, |w| (w[lane] as u32).min(copy.bytes)) as usize;
                data[lane][..n].copy_from_slice(self.memory.buffer(found).at(at, n));
                if self.detect {
                    self.look_at_read(block, warp, &read, found, lane, at);
                } else if self.count && lane == reading.trailing_zeros() as usize {
                    self.count_global(block, &read, reading, &from, found);
                }
            }
        }
        let good = self.possible_shared(block, warp, &write, mask, &to);
        let n = copy.bytes as usize;
        for lane in lanes(good) {
            let at = (to[lane] & 0xffff_ffff) as usize;
            if self.detect {
                self.look_at_shared_write(block, warp, &write, lane, at, false);
                block.shared_pending[at..at + n].fill(warp.index as u8 + 1);
                warp.copies.open.push((at as u32, copy.bytes));
            }
            block.shared[at..at + n].copy_from_slice(&data[lane][..n]);
        }
    }

    /// `cp.async.wait_group`: copies of all but the last `keep` groups are there.
    pub(super) fn wait_for_copies(&mut self, block: &mut Block, warp: &mut Warp, pc: u32, keep: usize, open_too: bool) {
        if !self.detect {
            return;
        }
        if open_too {
            let open = std::mem::take(&mut warp.copies.open);
            warp.copies.groups.push_back(open);
        }
        let write = Site { pc, bytes: 1, write: true, atomic: false, caching: Caching::Normal };
        while warp.copies.groups.len() > keep {
            let Some(group) = warp.copies.groups.pop_front() else { break };
            for (at, bytes) in group {
                let range = at as usize..(at + bytes) as usize;
                block.shared_pending[range.clone()].fill(0);
                // The copy counts as written now: a barrier has to follow before other warps read it.
                let visit = self.visit(block, warp, &write);
                block.shared_shadow.write(range.start, range.len(), visit, true, &self.happens);
            }
        }
    }
}

/// Lanes by the space that their address is in, with addresses relative to it.
#[inline(always)]
fn split(space: Space, addresses: [u64; 32], mask: u32) -> impl Iterator<Item = (Space, u32, [u64; 32])> {
    let mut parts = [(space, mask, addresses), (Space::Shared, 0, addresses), (Space::Local, 0, addresses)];
    if space == Space::Generic {
        let shared = lanes(mask).filter(|lane| is_shared(addresses[*lane])).fold(0, |m, lane| m | 1 << lane);
        let local = lanes(mask).filter(|lane| is_local(addresses[*lane])).fold(0, |m, lane| m | 1 << lane);
        parts[0] = (Space::Global, mask & !shared & !local, addresses);
        parts[1] = (Space::Shared, shared, addresses.map(|a| a.wrapping_sub(SHARED_WINDOW)));
        parts[2] = (Space::Local, local, addresses.map(|a| a.wrapping_sub(LOCAL_WINDOW)));
    }
    parts.into_iter().filter(|(_, mask, _)| *mask != 0)
}

#[inline(always)]
fn extend(values: &mut [u64; 32], access: &Access) {
    if access.signed && access.bytes * 8 < access.register_bits {
        let shift = 64 - 8 * access.bytes;
        let limit = u64::MAX >> (64 - access.register_bits);
        for value in values {
            *value = (((*value << shift) as i64) >> shift) as u64 & limit;
        }
    }
}
