//! Device memory: buffers at addresses far from each other, with what the detectors and the counters know of them.

use crate::counters::Footprint;
use crate::shadow::Shadow;

/// Generic addresses of shared memory begin here.
pub const SHARED_WINDOW: u64 = 0x7000_0000_0000;
/// Generic addresses of local memory begin here.
pub const LOCAL_WINDOW: u64 = 0x6000_0000_0000;
const WINDOW_BYTES: u64 = 1 << 32;

/// The first buffer's address. The upper half is not 0, so that a truncated pointer is no pointer.
const FIRST: u64 = 0x5000_0000_0000;
/// Buffers begin at multiples of this, as `cudaMalloc`'s do.
const ALIGN: u64 = 512;
/// Addresses that stay free between two buffers.
const GAP: u64 = 1 << 20;
/// Bytes that are filled at a time when a buffer is filled on first touch.
const CHUNK: usize = 1 << 16;

/// True for a generic address of shared memory.
pub(crate) fn is_shared(address: u64) -> bool {
    address.wrapping_sub(SHARED_WINDOW) < WINDOW_BYTES
}

/// True for a generic address of local memory.
pub(crate) fn is_local(address: u64) -> bool {
    address.wrapping_sub(LOCAL_WINDOW) < WINDOW_BYTES
}

/// What a kernel may do with a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// Read it.
    Read,
    /// Read and write it.
    Write,
}

/// What a buffer holds at first.
#[derive(Debug, Clone)]
pub enum Content {
    /// These bytes, as many as the buffer has.
    Bytes(Vec<u8>),
    /// Nothing: reading a byte before it was written is a fault.
    Uninitialised,
    /// This pattern over and over, filled in where the buffer is touched: for buffers of which only parts are needed.
    Tiled(Vec<u8>),
    /// Zeros.
    Zero,
}

/// A buffer.
#[derive(Debug, Clone)]
pub struct Buffer {
    /// Name, for messages.
    pub name: String,
    /// First address.
    pub base: u64,
    /// What kernels may do with it.
    pub right: Right,
    data: Vec<u8>,
    tile: Vec<u8>,
    /// Chunks that were filled; empty if the buffer is filled.
    filled: Vec<bool>,
    /// Bytes that hold a value; empty: all.
    valid: Vec<bool>,
    pub(crate) shadow: Shadow,
    touched: Vec<Touched>,
    footprint: Footprint,
}

/// What was touched of a 128-byte line.
#[derive(Debug, Clone, Copy, Default)]
struct Touched {
    /// The block that touched it last, plus 1.
    block: u32,
    read: u8,
    written: u8,
    read_by_block: u8,
    written_by_block: u8,
}

impl Buffer {
    /// Size in bytes.
    pub fn bytes(&self) -> u64 {
        self.data.len() as u64
    }

    /// The data. Bytes that were never written are 0xCB, unless the buffer began with something.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Bytes that never got a value, and the first of them.
    pub fn unwritten(&self) -> Option<(u64, u64)> {
        let first = self.valid.iter().position(|v| !v)?;
        Some((self.valid.iter().filter(|v| !**v).count() as u64, first as u64))
    }

    #[inline(always)]
    pub(crate) fn holds(&self, address: u64, bytes: u64) -> bool {
        let offset = address.wrapping_sub(self.base);
        offset < self.data.len() as u64 && self.data.len() as u64 - offset >= bytes
    }

    /// Makes sure that the bytes from `offset` on are there.
    #[inline(always)]
    pub(crate) fn fill(&mut self, offset: usize, bytes: usize) {
        if !self.filled.is_empty() {
            self.fill_chunks(offset, bytes);
        }
    }

    /// The same for the places of all lanes.
    #[inline(always)]
    pub(crate) fn fill_all(&mut self, offsets: &[u64; 32], bytes: usize) {
        if !self.filled.is_empty() {
            offsets.iter().for_each(|at| self.fill_chunks(*at as usize, bytes));
        }
    }

    #[inline(never)]
    fn fill_chunks(&mut self, offset: usize, bytes: usize) {
        for chunk in offset / CHUNK..=(offset + bytes.max(1) - 1) / CHUNK {
            if let Some(done) = self.filled.get_mut(chunk)
                && !*done
            {
                *done = true;
                let start = chunk * CHUNK;
                let end = (start + CHUNK).min(self.data.len());
                let mut at = start;
                while at < end {
                    let from = at % self.tile.len();
                    let n = (self.tile.len() - from).min(end - at);
                    self.data[at..at + n].copy_from_slice(&self.tile[from..from + n]);
                    at += n;
                }
            }
        }
    }

    /// Bytes at an offset that is known to be inside.
    #[inline(always)]
    pub(crate) fn at(&self, offset: usize, bytes: usize) -> &[u8] {
        &self.data[offset..offset + bytes]
    }

    #[inline(always)]
    pub(crate) fn at_mut(&mut self, offset: usize, bytes: usize) -> &mut [u8] {
        &mut self.data[offset..offset + bytes]
    }

    /// True if all these bytes hold a value.
    pub(crate) fn is_valid(&self, offset: usize, bytes: usize) -> bool {
        self.valid.is_empty() || self.valid[offset..offset + bytes].iter().all(|v| *v)
    }

    pub(crate) fn set_valid(&mut self, offset: usize, bytes: usize) {
        if !self.valid.is_empty() {
            self.valid[offset..offset + bytes].fill(true);
        }
    }

    /// Notes for the footprint that a block touched sectors of the line with this address (in lines).
    #[inline(always)]
    pub(crate) fn touch(&mut self, line: u64, sectors: u8, block: u32, write: bool) {
        let index = line.wrapping_sub(self.base >> 7) as usize;
        let Some(t) = self.touched.get_mut(index) else { return };
        if t.block != block + 1 {
            t.block = block + 1;
            t.read_by_block = 0;
            t.written_by_block = 0;
        }
        let f = &mut self.footprint;
        let (all, own, distinct, by_blocks) = if write {
            (&mut t.written, &mut t.written_by_block, &mut f.written, &mut f.written_by_blocks)
        } else {
            (&mut t.read, &mut t.read_by_block, &mut f.read, &mut f.read_by_blocks)
        };
        if *own & sectors != sectors {
            *by_blocks += 32 * u64::from((sectors & !*own).count_ones());
            *distinct += 32 * u64::from((sectors & !*all).count_ones());
            *own |= sectors;
            *all |= sectors;
        }
    }
}

/// All buffers.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    buffers: Vec<Buffer>,
}

impl Memory {
    /// No buffers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a buffer and tells its number. `content` must fit `bytes`.
    pub fn allocate(&mut self, name: &str, bytes: u64, right: Right, content: Content) -> usize {
        let end = self.buffers.last().map_or(FIRST, |b| b.base + b.bytes() + GAP);
        let size = usize::try_from(bytes).unwrap_or(0);
        let (mut data, mut tile, mut filled, mut valid) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        match content {
            Content::Bytes(given) => {
                data = given;
                data.resize(size, 0);
            }
            Content::Uninitialised => {
                data.resize(size, 0xCB);
                valid.resize(size, false);
            }
            Content::Tiled(pattern) if !pattern.is_empty() => {
                data = vec![0; size];
                tile = pattern;
                filled = vec![false; size.div_ceil(CHUNK)];
            }
            Content::Tiled(_) | Content::Zero => data = vec![0; size],
        }
        self.buffers.push(Buffer {
            name: name.to_string(),
            base: end.next_multiple_of(ALIGN),
            right,
            data,
            tile,
            filled,
            valid,
            shadow: Shadow::default(),
            touched: Vec::new(),
            footprint: Footprint::default(),
        });
        self.buffers.len() - 1
    }

    /// A buffer by its number.
    pub fn buffer(&self, number: usize) -> &Buffer {
        &self.buffers[number]
    }

    pub(crate) fn buffer_mut(&mut self, number: usize) -> &mut Buffer {
        &mut self.buffers[number]
    }

    /// All buffers in the order of their numbers.
    pub fn buffers(&self) -> &[Buffer] {
        &self.buffers
    }

    /// The buffer that holds these bytes. `hint` is where to look first, and where it was found.
    #[inline(always)]
    pub(crate) fn find(&self, address: u64, bytes: u64, hint: &mut usize) -> Option<usize> {
        if let Some(buffer) = self.buffers.get(*hint)
            && buffer.holds(address, bytes)
        {
            return Some(*hint);
        }
        let after = self.buffers.partition_point(|b| b.base <= address);
        let number = after.checked_sub(1)?;
        self.buffers[number].holds(address, bytes).then(|| {
            *hint = number;
            number
        })
    }

    /// The buffer nearest to an address, for messages: its number and the address relative to its start.
    pub(crate) fn nearest(&self, address: u64) -> Option<(usize, i64)> {
        let distance = |b: &Buffer| {
            if address < b.base {
                b.base - address
            } else {
                (address - b.base).saturating_sub(b.bytes().saturating_sub(1))
            }
        };
        let (number, buffer) = self.buffers.iter().enumerate().min_by_key(|(_, b)| distance(b))?;
        (distance(buffer) < GAP).then(|| (number, address.wrapping_sub(buffer.base) as i64))
    }

    /// Before a launch: accesses of earlier launches race with nothing any more.
    pub(crate) fn begin_launch(&mut self, grain: Option<u32>, count: bool) {
        for buffer in &mut self.buffers {
            buffer.shadow = grain.map_or(Shadow::default(), |grain| Shadow::new(buffer.data.len(), grain));
            buffer.footprint = Footprint { buffer: buffer.name.clone(), bytes: buffer.bytes(), ..Footprint::default() };
            buffer.touched = if count { vec![Touched::default(); buffer.data.len().div_ceil(128)] } else { Vec::new() };
        }
    }

    /// What the launch touched.
    pub(crate) fn footprints(&self) -> Vec<Footprint> {
        let touched = |b: &&Buffer| b.footprint.read + b.footprint.written > 0;
        self.buffers.iter().filter(touched).map(|b| b.footprint.clone()).collect()
    }
}
