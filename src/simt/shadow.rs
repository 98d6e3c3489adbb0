//! Who touched which bytes last, and whether that was a race.
//!
//! Two accesses to the same bytes race if at least one writes, not both are atomic, they come from different warps, and nothing orders
//! them. Within a block a barrier orders: every completed barrier begins a new epoch for the warps that took part. Between blocks only a
//! fence followed by an atomic on one side and an atomic on the other order, which is judged for whole blocks: what is not found this
//! way is missed, and never a false alarm. Order within a warp is not looked at.

/// An access as the shadow sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit {
    /// Number of the warp in the grid, plus 1.
    pub warp: u32,
    /// Epoch of the warp.
    pub epoch: u32,
    /// Number of the instruction.
    pub op: u32,
    /// When, in instructions of the launch.
    pub time: u64,
    /// Atomic, volatile or with acquire or release semantics.
    pub atomic: bool,
}

/// Warps of a block at most.
pub(crate) const WARPS: u32 = 32;

impl Visit {
    fn block(warp: u32) -> u32 {
        (warp - 1) / WARPS
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    writer: u32,
    writer_epoch: u32,
    writer_op: u32,
    reader: u32,
    reader_epoch: u32,
    reader_op: u32,
    time: u64,
    write_atomic: bool,
    /// Readers from more than one warp since the last write.
    many: bool,
    /// Readers from more than one block.
    many_blocks: bool,
    /// All those readers were atomic.
    read_atomic: bool,
}

impl Cell {
    /// True if nothing orders the last write before this visit.
    fn races_with_writer(&self, visit: Visit, order: &Order) -> bool {
        if self.writer == 0 || self.writer == visit.warp || (visit.atomic && self.write_atomic) {
            return false;
        }
        let (writer_block, block) = (Visit::block(self.writer), Visit::block(visit.warp));
        if writer_block == block {
            self.writer_epoch >= visit.epoch
        } else {
            !order.orders(writer_block, self.time, block)
        }
    }
}

/// Cells over a range of bytes; without cells nothing is looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shadow {
    cells: Vec<Cell>,
    shift: u32,
}

/// When blocks released what they had written and acquired what others had.
#[derive(Debug, Clone, Default)]
pub(crate) struct Order {
    released: Vec<u64>,
    acquired: Vec<u64>,
}

impl Order {
    fn set(list: &mut Vec<u64>, block: u32, time: u64) {
        let block = block as usize;
        if list.len() <= block {
            list.resize(block + 1, 0);
        }
        list[block] = time;
    }

    pub fn release(&mut self, block: u32, time: u64) {
        Self::set(&mut self.released, block, time);
    }

    pub fn acquire(&mut self, block: u32, time: u64) {
        Self::set(&mut self.acquired, block, time);
    }

    /// True if what `from` did at `time` is ordered before what `to` does now.
    fn orders(&self, from: u32, time: u64, to: u32) -> bool {
        let at = |list: &[u64], block: u32| list.get(block as usize).copied().unwrap_or(0);
        at(&self.released, from) > time && at(&self.acquired, to) > time
    }
}

impl Shadow {
    /// Cells of `grain` bytes (1, 2 or 4) over so many bytes.
    pub fn new(bytes: usize, grain: u32) -> Self {
        Self { cells: vec![Cell::default(); bytes.div_ceil(grain as usize)], shift: grain.trailing_zeros() }
    }

    fn range(&self, offset: usize, bytes: usize) -> std::ops::Range<usize> {
        let end = ((offset + bytes.max(1) - 1) >> self.shift) + 1;
        (offset >> self.shift).min(self.cells.len())..end.min(self.cells.len())
    }

    /// Notes a read. The instruction that it races with, if any.
    pub fn read(&mut self, offset: usize, bytes: usize, visit: Visit, order: &Order) -> Option<u32> {
        let mut race = None;
        let range = self.range(offset, bytes);
        let block = Visit::block(visit.warp);
        for cell in &mut self.cells[range] {
            if cell.races_with_writer(visit, order) {
                race = Some(cell.writer_op);
            }
            cell.read_atomic = visit.atomic && (cell.reader == 0 || cell.read_atomic);
            if cell.reader != 0 && cell.reader != visit.warp {
                let other_block = Visit::block(cell.reader) != block;
                cell.many_blocks |= other_block;
                // Readers of earlier epochs of this block are ordered before whatever comes now.
                cell.many = other_block || cell.reader_epoch == visit.epoch;
            }
            (cell.reader, cell.reader_epoch, cell.reader_op) = (visit.warp, visit.epoch, visit.op);
        }
        race
    }

    /// Notes a write. `same` says that it changes nothing, which harms nobody. The instruction that it races with, if any.
    pub fn write(&mut self, offset: usize, bytes: usize, visit: Visit, same: bool, order: &Order) -> Option<u32> {
        let mut race = None;
        let range = self.range(offset, bytes);
        let block = Visit::block(visit.warp);
        for cell in &mut self.cells[range] {
            if !same {
                if cell.races_with_writer(visit, order) {
                    race = Some(cell.writer_op);
                }
                if cell.reader != 0
                    && !(visit.atomic && cell.read_atomic)
                    && (cell.many || cell.many_blocks || cell.reader != visit.warp)
                {
                    let reader_block = Visit::block(cell.reader);
                    let concurrent = if cell.many_blocks || reader_block != block {
                        !order.orders(reader_block, cell.time, block)
                    } else {
                        cell.reader_epoch >= visit.epoch
                    };
                    if concurrent {
                        race = Some(cell.reader_op);
                    }
                }
            }
            *cell = Cell {
                writer: visit.warp,
                writer_epoch: visit.epoch,
                writer_op: visit.op,
                time: visit.time,
                write_atomic: visit.atomic,
                ..Cell::default()
            };
        }
        race
    }
}
