//! How the addresses of a warp fall onto sectors of device memory and banks of shared memory.

/// Addresses of a warp relative to lane 0's, judged.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    mask: u32,
    bytes: u32,
    /// Place of the first address within a 128-byte line.
    phase: u32,
    deltas: [u64; 32],
    pub sectors: u32,
    pub ideal_sectors: u32,
    pub wavefronts: u32,
    pub ideal_wavefronts: u32,
    /// Lines relative to that of the first address, each with the sectors that are needed of it.
    pub lines: Vec<(i64, u8)>,
}

/// The patterns that an instruction showed last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memo {
    /// By the place of the first address within its line, in words.
    ways: [Option<Box<Pattern>>; 32],
}

impl Memo {
    /// The pattern of these addresses, and the first active lane's address.
    #[inline(always)]
    pub fn pattern(&mut self, addresses: &[u64; 32], mask: u32, bytes: u32, shared: bool) -> (&Pattern, u64) {
        let first = addresses[(mask.trailing_zeros() & 31) as usize];
        let phase = (first & 127) as u32;
        let mut deltas = [0u64; 32];
        for lane in 0..32 {
            let active = (mask >> lane & 1) as u64;
            deltas[lane] = addresses[lane].wrapping_sub(first) & active.wrapping_neg();
        }
        let way = &mut self.ways[(phase >> 2) as usize & 31];
        let known = match way {
            Some(p) => p.mask == mask && p.phase == phase && p.bytes == bytes && p.deltas == deltas,
            None => false,
        };
        if !known {
            *way = Some(Box::new(judge(deltas, mask, bytes, phase, shared)));
        }
        // Just filled.
        match way {
            Some(pattern) => (pattern, first),
            None => unreachable!("filled above"),
        }
    }
}

#[inline(never)]
fn judge(deltas: [u64; 32], mask: u32, bytes: u32, phase: u32, shared: bool) -> Pattern {
    let mut pattern = Pattern {
        mask,
        bytes,
        phase,
        deltas,
        sectors: 0,
        ideal_sectors: 0,
        wavefronts: 0,
        ideal_wavefronts: 0,
        lines: Vec::new(),
    };
    let lanes = || (0..32u32).filter(|lane| mask >> lane & 1 == 1);
    let start = |lane: u32| (deltas[lane as usize] as i64).wrapping_add(i64::from(phase));
    if shared {
        // Wide accesses are served in parts: half of the lanes at 8 bytes, a quarter at 16.
        let group = match bytes {
            16 => 8,
            8 => 16,
            _ => 32,
        };
        let mut all: Vec<i64> = Vec::with_capacity(128);
        for part in 0..32 / group {
            let mut words: Vec<i64> = lanes()
                .filter(|lane| lane / group == part)
                .flat_map(|lane| (start(lane) >> 2)..=((start(lane) + i64::from(bytes) - 1) >> 2))
                .collect();
            words.sort_unstable();
            words.dedup();
            let mut banks = [0u32; 32];
            words.iter().for_each(|w| banks[w.rem_euclid(32) as usize] += 1);
            pattern.wavefronts += banks.iter().copied().max().unwrap_or(0);
            all.extend(words);
        }
        all.sort_unstable();
        all.dedup();
        pattern.ideal_wavefronts = (all.len() as u32).div_ceil(32).max(1);
        return pattern;
    }
    let mut sectors: Vec<i64> =
        lanes().flat_map(|lane| (start(lane) >> 5)..=((start(lane) + i64::from(bytes) - 1) >> 5)).collect();
    sectors.sort_unstable();
    sectors.dedup();
    pattern.sectors = sectors.len() as u32;
    let mut starts: Vec<i64> = lanes().map(start).collect();
    starts.sort_unstable();
    starts.dedup();
    pattern.ideal_sectors = (starts.len() as u32 * bytes).div_ceil(32).max(1).min(pattern.sectors);
    for sector in sectors {
        let (line, bit) = (sector >> 2, 1u8 << (sector & 3));
        match pattern.lines.last_mut() {
            Some((last, bits)) if *last == line => *bits |= bit,
            _ => pattern.lines.push((line, bit)),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(address: impl Fn(u64) -> u64, bytes: u32, shared: bool) -> (u32, u32) {
        let addresses = std::array::from_fn(|lane| address(lane as u64));
        let mut memo = Memo::default();
        let (p, _) = memo.pattern(&addresses, u32::MAX, bytes, shared);
        if shared { (p.wavefronts, p.ideal_wavefronts) } else { (p.sectors, p.ideal_sectors) }
    }

    #[test]
    fn known_patterns() {
        assert_eq!(of(|l| 0x1000 + 4 * l, 4, false), (4, 4));
        assert_eq!(of(|l| 0x1004 + 4 * l, 4, false), (5, 4));
        assert_eq!(of(|l| 0x1000 + 4096 * l, 4, false), (32, 4));
        assert_eq!(of(|_| 0x1000, 4, false), (1, 1));
        assert_eq!(of(|l| 0x1000 + 16 * l, 16, false), (16, 16));
        assert_eq!(of(|l| 4 * l, 4, true), (1, 1));
        assert_eq!(of(|l| 128 * l, 4, true), (32, 1));
        assert_eq!(of(|l| 132 * l, 4, true), (1, 1));
        assert_eq!(of(|l| 8 * l, 4, true), (2, 1));
        assert_eq!(of(|l| 16 * l, 16, true), (4, 4));
        assert_eq!(of(|l| 8 * l, 8, true), (2, 2));
    }
}
