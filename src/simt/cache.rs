//! The memory hierarchy: one L1 cache per SM in front of one L2 cache in front of DRAM.
//!
//! Lines have 128 bytes in four sectors of 32; sectors are fetched one by one. L1 is write-through and takes up no line for a store;
//! L2 is write-back, takes stores without fetching, and does the atomics. Both evict the line that was unused for longest. Ways,
//! hashing and replacement of the hardware are not published: hit rates are those of a plausible cache, not of a certain one.

use crate::counters::CacheCounters;
use crate::device::Device;

/// Bytes of a line.
pub const LINE_BYTES: u64 = 128;
/// Bytes of a sector.
pub const SECTOR_BYTES: u64 = 32;

/// An entry is the line's address above `LINE_SHIFT`, and below it a bit for each sector that is present and one for each that is
/// dirty. Nothing at all is 0.
const LINE_SHIFT: u32 = 8;
const DIRTY_SHIFT: u32 = 4;
const SECTORS: u64 = 0xF;

const L1_WAYS: usize = 8;
const L2_WAYS: usize = 16;

/// A set-associative cache. The entries of a set are in order of use, the last used first.
#[derive(Debug, Clone)]
struct Cache<const WAYS: usize> {
    sets: Vec<[u64; WAYS]>,
}

impl<const WAYS: usize> Cache<WAYS> {
    fn new(bytes: u64) -> Self {
        let sets = bytes / (LINE_BYTES * WAYS as u64);
        Self { sets: vec![[0; WAYS]; usize::try_from(sets).unwrap_or(usize::MAX).max(1)] }
    }

    /// The entry of a line, now the last used one of its set, and the entry that had to leave for it (0 if none had to).
    #[inline]
    fn touch(&mut self, line: u64) -> (&mut u64, u64) {
        // A multiplicative hash; its upper half picks the set without a division.
        let hash = line.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let index = ((hash * self.sets.len() as u64) >> 32) as usize;
        let set = &mut self.sets[index];
        if set[0] >> LINE_SHIFT == line {
            return (&mut set[0], 0);
        }
        let found = set.iter().position(|entry| entry >> LINE_SHIFT == line);
        let way = found.unwrap_or(WAYS - 1);
        let leaves = if found.is_some() { 0 } else { set[way] };
        let entry = if found.is_some() { set[way] } else { line << LINE_SHIFT };
        set.copy_within(0..way, 1);
        set[0] = entry;
        (&mut set[0], leaves)
    }
}

/// The caches of a device while one or more launches run.
#[derive(Debug, Clone)]
pub struct Caches {
    l1: Vec<Cache<L1_WAYS>>,
    l2: Cache<L2_WAYS>,
    counters: CacheCounters,
}

impl Caches {
    /// Empty caches of `sms` simulated SMs whose resident blocks use `shared_bytes_per_sm` of each SM's pool. `l2_share` (0 to 1) is the
    /// part of L2 to simulate, for a sample of the blocks that would run side by side.
    pub fn new(device: &Device, sms: usize, shared_bytes_per_sm: u64, l2_share: f64) -> Self {
        let l1 = Cache::new(device.l1_bytes(shared_bytes_per_sm));
        let l2_bytes = (device.l2_bytes as f64 * l2_share.clamp(0.0, 1.0)) as u64;
        Self { l1: vec![l1; sms], l2: Cache::new(l2_bytes), counters: CacheCounters::default() }
    }

    /// Starts the next launch of a plan: L1 caches are empty again (and sized for its shared memory), L2 keeps what it has.
    pub fn next_launch(&mut self, device: &Device, shared_bytes_per_sm: u64) {
        let empty = Cache::new(device.l1_bytes(shared_bytes_per_sm));
        self.l1.fill(empty);
    }

    /// A load by SM `sm` of sectors (a mask of four) of a line (an address divided by 128); returns the mask of those that L1 had.
    #[inline]
    pub fn load(&mut self, sm: usize, line: u64, sectors: u8) -> u8 {
        let wanted = u64::from(sectors) & SECTORS;
        let (entry, _) = self.l1[sm].touch(line);
        let hits = *entry & wanted;
        *entry |= wanted;
        self.counters.l1_lookups += u64::from(wanted.count_ones());
        self.counters.l1_hits += u64::from(hits.count_ones());
        if hits != wanted {
            self.read(line, wanted & !hits);
        }
        hits as u8
    }

    /// A load that goes past L1: `ld.cg`, `ld.volatile`, `cp.async.cg`.
    #[inline]
    pub fn bypass_load(&mut self, line: u64, sectors: u8) {
        self.read(line, u64::from(sectors) & SECTORS);
    }

    /// A store. L1 passes it on; a line that L1 has stays there, up to date.
    #[inline]
    pub fn store(&mut self, _sm: usize, line: u64, sectors: u8) {
        let wanted = u64::from(sectors) & SECTORS;
        let (entry, leaves) = self.l2.touch(line);
        *entry |= wanted | wanted << DIRTY_SHIFT;
        let count = u64::from(wanted.count_ones());
        self.counters.l2_writes += count;
        // As profilers count it: a store needs no fetch, so it always hits.
        self.counters.l2_hits += count;
        self.write_back(leaves);
    }

    /// An atomic operation: L2 reads, changes and keeps the sectors.
    #[inline]
    pub fn atomic(&mut self, line: u64, sectors: u8) {
        let wanted = u64::from(sectors) & SECTORS;
        let (entry, leaves) = self.l2.touch(line);
        let hits = u64::from((*entry & wanted).count_ones());
        let count = u64::from(wanted.count_ones());
        *entry |= wanted | wanted << DIRTY_SHIFT;
        self.counters.l2_writes += count;
        self.counters.l2_hits += hits;
        self.counters.dram_reads += count - hits;
        self.write_back(leaves);
    }

    /// Ends a launch: writes dirty sectors back and returns what was counted since the last end. L2 keeps its lines, now clean.
    pub fn finish(&mut self) -> CacheCounters {
        let mut counters = std::mem::take(&mut self.counters);
        for entry in self.l2.sets.iter_mut().flatten() {
            counters.dram_writes += dirty(*entry);
            *entry &= !(SECTORS << DIRTY_SHIFT);
        }
        counters
    }

    #[inline]
    fn read(&mut self, line: u64, wanted: u64) {
        let (entry, leaves) = self.l2.touch(line);
        let hits = u64::from((*entry & wanted).count_ones());
        let count = u64::from(wanted.count_ones());
        *entry |= wanted;
        self.counters.l2_reads += count;
        self.counters.l2_hits += hits;
        self.counters.dram_reads += count - hits;
        self.write_back(leaves);
    }

    #[inline]
    fn write_back(&mut self, leaves: u64) {
        self.counters.dram_writes += dirty(leaves);
    }
}

/// Dirty sectors of an entry.
#[inline]
fn dirty(entry: u64) -> u64 {
    u64::from((entry >> DIRTY_SHIFT & SECTORS).count_ones())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caches(share: f64) -> Caches {
        Caches::new(Device::by_id("h100").unwrap(), 2, 0, share)
    }

    #[test]
    fn sectors_are_fetched_one_by_one() {
        let mut caches = caches(1.0);
        assert_eq!(caches.load(0, 7, 0b0011), 0);
        assert_eq!(caches.load(0, 7, 0b0111), 0b0011);
        assert_eq!(caches.load(1, 7, 0b1111), 0, "another SM has its own L1");
        let counters = caches.finish();
        assert_eq!(
            counters,
            CacheCounters {
                l1_lookups: 9,
                l1_hits: 2,
                l2_reads: 7,
                l2_hits: 3,
                dram_reads: 4,
                ..CacheCounters::default()
            }
        );
    }

    #[test]
    fn line_zero_is_a_line_like_any_other() {
        let mut caches = caches(1.0);
        assert_eq!(caches.load(0, 0, 0b1111), 0);
        assert_eq!(caches.load(0, 0, 0b1111), 0b1111);
    }

    #[test]
    fn stores_take_no_line_in_l1_and_are_written_back_once() {
        let mut caches = caches(1.0);
        caches.store(0, 3, 0b1111);
        caches.store(0, 3, 0b1111);
        assert_eq!(caches.load(0, 3, 0b1111), 0);
        let counters = caches.finish();
        assert_eq!((counters.l2_writes, counters.dram_reads, counters.dram_writes), (8, 0, 4));
        assert_eq!(caches.finish(), CacheCounters::default(), "what was written back is clean");
    }

    #[test]
    fn atomics_fetch_and_dirty() {
        let mut caches = caches(1.0);
        caches.atomic(9, 0b0001);
        caches.atomic(9, 0b0001);
        let counters = caches.finish();
        assert_eq!((counters.l2_writes, counters.l2_hits, counters.dram_reads, counters.dram_writes), (2, 1, 1, 1));
    }

    #[test]
    fn the_line_that_was_unused_for_longest_leaves() {
        let mut cache = Cache::<4>::new(4 * LINE_BYTES);
        assert_eq!(cache.sets.len(), 1);
        for line in 1..=4 {
            *cache.touch(line).0 |= 1;
        }
        assert_eq!(cache.touch(1).1, 0);
        assert_eq!(cache.touch(5).1 >> LINE_SHIFT, 2);
    }

    #[test]
    fn a_stream_longer_than_the_caches_reads_and_writes_everything_each_time() {
        let mut caches = caches(0.01);
        let lines = 20_000u64;
        for _ in 0..2 {
            for line in 0..lines {
                caches.load(0, line, 0b1111);
                caches.store(0, line + (1 << 30), 0b1111);
            }
        }
        let counters = caches.finish();
        assert_eq!((counters.l1_hits, counters.dram_reads), (0, 8 * lines));
        assert_eq!(counters.dram_writes, 8 * lines);
    }

    #[test]
    fn what_fits_is_read_once_and_l2_outlives_a_launch() {
        let device = Device::by_id("h100").unwrap();
        let mut caches = caches(1.0);
        for _ in 0..3 {
            for line in 0..512 {
                caches.load(0, line, 0b1111);
            }
        }
        assert_eq!(caches.finish().dram_reads, 2048);
        caches.next_launch(device, 100 << 10);
        assert_eq!(caches.load(0, 5, 0b1111), 0);
        let counters = caches.finish();
        assert_eq!((counters.l2_reads, counters.l2_hits, counters.dram_reads), (4, 4, 0));
    }
}
