//! Append-only buffers of packed records, one per group. In a column, a buffer is a list of binary chunks.
//!
//! A full chunk is copied once, to an allocation of exactly its size. After that it is not copied again: it
//! becomes an Arrow buffer of the emitted column, and an accumulator that merges this column as the state of
//! another one holds slices of it. Only small chunks are copied when states are merged.

use std::mem;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BinaryViewArray, ByteView, ListArray, make_view};
use datafusion::arrow::buffer::{Buffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;
use prefetch_index::prefetch_index;

use super::codec::Writer;

/// The size in bytes to which chunks grow. It is large, so that there are few chunks.
const CHUNK: usize = 1 << 15;
/// The initial capacity in bytes of the first chunk of a group.
const FIRST: usize = 1 << 8;
/// Chunks with fewer bytes are copied when buffers are merged. As an Arrow buffer of its own, a small chunk
/// costs more than the copy, because DataFusion counts the Arrow buffers of an array at each step.
const SHARED: usize = CHUNK / 4;
/// About this many bytes of records are collected per group before they are appended to its open chunk. The
/// ends of the open chunks of all groups are far apart in memory, and the CPU would wait for memory if it
/// wrote each record there directly.
const NEAR: usize = 1 << 9;

/// The usual size of a CPU cache line, in bytes.
pub(crate) const LINE: usize = 64;

/// The number of bytes to which a chunk may grow when these records are appended. For large records it is
/// four times their size, so that several of them are in one chunk: compaction can then merge the copies of a
/// message with thousands of recipients.
fn room_for(entries: &[u8]) -> usize {
    CHUNK.max(4 * entries.len())
}

/// The type of a column of buffers. Each value is a list of chunks.
pub(crate) fn buffer_type() -> DataType {
    DataType::new_list(DataType::BinaryView, true)
}

/// Splits one row of a column of buffers. Each piece is a column with one row; the chunks of a piece have at
/// most `bytes` bytes in total, unless it is a single larger chunk. There is at least one piece, even if the
/// row is empty or NULL. The pieces share the memory of the chunks and do not refer to chunks of other rows.
pub(crate) fn pieces(lists: &ListArray, row: usize, bytes: usize) -> Result<Vec<ArrayRef>> {
    let (mut pieces, mut piece, mut length) = (vec![], vec![], 0);
    for chunk in chunk_buffers(lists, row) {
        if length > 0 && length + chunk.len() > bytes {
            pieces.push(column([mem::take(&mut piece)])?);
            length = 0;
        }
        length += chunk.len();
        piece.push(chunk);
    }
    pieces.push(column([piece])?);
    Ok(pieces)
}

/// The bytes of the chunks of one row of a column of buffers. A NULL row has no chunks; NULL chunks are
/// skipped.
pub(crate) fn chunks(lists: &ListArray, row: usize) -> impl Iterator<Item = &[u8]> {
    let values = lists.values().as_binary_view();
    valid_chunks(lists, row).map(|i| values.value(i))
}

/// The indexes of the chunks of one row among the values of the column.
fn valid_chunks(lists: &ListArray, row: usize) -> impl Iterator<Item = usize> {
    let range = if lists.is_valid(row) {
        lists.value_offsets()[row] as usize..lists.value_offsets()[row + 1] as usize
    } else {
        0..0
    };
    range.filter(|i| lists.values().is_valid(*i))
}

/// The chunks of one row as slices of the Arrow buffers that contain them.
fn chunk_buffers(lists: &ListArray, row: usize) -> impl Iterator<Item = Buffer> {
    let values = lists.values().as_binary_view();
    valid_chunks(lists, row).map(|i| slice(values, i))
}

/// A column of buffers. Each buffer is given by its chunks, and each chunk becomes one Arrow buffer.
fn column(lists: impl IntoIterator<Item = Vec<Buffer>>) -> Result<ArrayRef> {
    let (mut views, mut buffers, mut lengths) = (vec![], vec![], vec![]);
    for list in lists {
        lengths.push(list.len());
        for chunk in list {
            views.push(make_view(&chunk, buffers.len() as u32, 0));
            buffers.push(chunk);
        }
    }
    let chunks = BinaryViewArray::try_new(views.into(), buffers, None)?;
    let field = Arc::new(Field::new_list_field(DataType::BinaryView, true));
    Ok(Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), Arc::new(chunks), None)?))
}

/// One buffer per group.
#[derive(Debug, Clone, Default)]
pub(crate) struct GroupBuffers {
    /// The version byte of the records that are appended.
    version: u8,
    groups: Vec<GroupBuffer>,
    /// Allocated bytes of the chunks and of the collected records of all groups.
    heap: usize,
    /// The target of compaction. Its allocation is reused.
    spare: Vec<u8>,
}

/// The buffer of one group.
#[derive(Debug, Clone, Default)]
struct GroupBuffer {
    full: Vec<Buffer>,
    open: Vec<u8>,
    /// The first byte of the open chunk. To read it from the chunk would load a cache line that is not needed
    /// otherwise.
    version: u8,
    /// Collected records, which are not yet appended to the open chunk.
    near: Writer,
    /// Allocated bytes of the chunks and of the collected records of this group.
    heap: usize,
}

impl GroupBuffer {
    /// Adds the open chunk to the full ones, as a copy of exactly its size. The next open chunk reuses its
    /// allocation.
    fn close(&mut self) {
        if !self.open.is_empty() {
            self.share(Buffer::from_vec(self.open.to_vec()));
            self.open.clear();
        }
    }

    /// Prefetches the end of the open chunk, to which the collected records will soon be appended.
    fn fetch_end(&self) {
        (0..=NEAR).step_by(LINE).for_each(|line| prefetch_index(&self.open, self.open.len() + line));
    }

    /// Appends the collected records to the open chunk.
    fn append_near(&mut self, version: u8) {
        let mut near = mem::take(&mut self.near);
        if !near.written().is_empty() {
            self.append(version, near.written());
            near.clear();
        }
        // A very large record has enlarged the allocation: release it.
        if near.size() > 2 * NEAR {
            self.heap -= near.size();
        } else {
            self.near = near;
        }
    }

    fn share(&mut self, chunk: Buffer) {
        self.heap += chunk.len();
        self.full.push(chunk);
    }

    /// Appends records to the open chunk if it has room for them and contains records of this version,
    /// otherwise to a new chunk.
    fn append(&mut self, version: u8, entries: &[u8]) {
        if self.open.len() + entries.len() > room_for(entries) || self.version != version {
            self.close();
        }
        let before = self.open.capacity();
        if self.open.is_empty() {
            let size = if self.full.is_empty() { FIRST } else { CHUNK };
            // The capacity is a power of two and grows by doubling, so that it ends at exactly the size of a
            // full chunk.
            self.open.reserve_exact(size.max((entries.len() + 1).next_power_of_two()));
            self.open.push(version);
            self.version = version;
        }
        self.open.extend_from_slice(entries);
        self.heap = self.heap + self.open.capacity() - before;
    }
}

impl GroupBuffers {
    /// Buffers to which records of this version are appended. There are no groups yet.
    pub(crate) fn of(version: u8) -> Self {
        Self { version, ..Self::default() }
    }

    /// Adds empty groups until there are at least `groups`.
    pub(crate) fn grow(&mut self, groups: usize) {
        self.groups.resize_with(groups.max(self.groups.len()), GroupBuffer::default);
    }

    /// Appends the record that `write` writes, if it writes one, to the buffer of a group. If the open chunk
    /// is full, `compact` may write a smaller chunk with the same content, and returns whether it has.
    ///
    /// # Errors
    /// The errors of `write` and `compact`.
    ///
    /// # Panics
    /// If there is no such group (see [`Self::grow`]).
    #[inline]
    pub(crate) fn append(
        &mut self,
        group: usize,
        write: impl FnOnce(&mut Writer) -> Result<()>,
        compact: impl Fn(&[u8], &mut Vec<u8>) -> Result<bool>,
    ) -> Result<()> {
        if self.groups[group].near.written().len() > NEAR - LINE {
            self.append_near(group, compact)?;
        }
        let list = &mut self.groups[group];
        let (room, length) = (list.near.size(), list.near.written().len());
        write(&mut list.near)?;
        if length < NEAR / 2 && list.near.written().len() >= NEAR / 2 {
            list.fetch_end();
        }
        let more = list.near.size() - room;
        list.heap += more;
        self.heap += more;
        Ok(())
    }

    /// Appends the collected records of a group to its open chunk. A full chunk is compacted first; if it is
    /// still more than half full after that, it is closed.
    fn append_near(
        &mut self,
        group: usize,
        compact: impl Fn(&[u8], &mut Vec<u8>) -> Result<bool>,
    ) -> Result<()> {
        let list = &mut self.groups[group];
        let heap = list.heap;
        let gathered = list.near.written();
        let room = room_for(gathered);
        if list.open.len() + gathered.len() > room && !list.open.is_empty() {
            self.spare.clear();
            if compact(&list.open, &mut self.spare)? {
                list.heap = list.heap + self.spare.capacity() - list.open.capacity();
                mem::swap(&mut list.open, &mut self.spare);
            }
            if list.open.len() > room / 2 {
                list.close();
            }
        }
        list.append_near(self.version);
        self.heap = self.heap + list.heap - heap;
        Ok(())
    }

    /// Appends the chunks of one row to the buffer of a group. Large chunks are shared without a copy. Small
    /// chunks are copied without a check: if the last record of such a chunk is cut off, a later read fails
    /// there, or reads the bytes that follow as the rest of this record.
    ///
    /// # Panics
    /// If there is no such group (see [`Self::grow`]).
    pub(crate) fn absorb(&mut self, group: usize, lists: &ListArray, row: usize) {
        let values = lists.values().as_binary_view();
        let list = &mut self.groups[group];
        let heap = list.heap;
        for i in valid_chunks(lists, row) {
            match values.value(i) {
                [version, entries @ ..] if entries.len() < SHARED => list.append(*version, entries),
                _ => list.share(slice(values, i)),
            }
        }
        self.heap = self.heap + list.heap - heap;
    }

    /// Removes the groups to emit and returns their buffers as a column, in order. The other groups are
    /// renumbered from 0.
    pub(crate) fn emit(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let lists = emit_to.take_needed(&mut self.groups).into_iter().map(|mut list| {
            self.heap -= list.heap;
            list.append_near(self.version);
            list.close();
            list.full
        });
        column(lists)
    }

    /// Bytes on the heap.
    pub(crate) fn size(&self) -> usize {
        self.heap + self.spare.capacity() + self.groups.capacity() * size_of::<GroupBuffer>()
    }
}

/// A value of a column as a slice of its Arrow buffer. A value of up to 12 bytes is copied, because it is
/// stored in its view.
fn slice(values: &BinaryViewArray, i: usize) -> Buffer {
    let view = ByteView::from(values.views()[i]);
    if view.length <= 12 {
        return Buffer::from(values.value(i));
    }
    let buffer = &values.data_buffers()[view.buffer_index as usize];
    buffer.slice_with_length(view.offset as usize, view.length as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::engagement::codec::raw;

    fn append(lists: &mut GroupBuffers, group: usize, entry: &[u8]) {
        lists.append(group, raw(entry), |_, _| Ok(false)).unwrap();
    }

    fn lens(array: &ArrayRef) -> Vec<usize> {
        let lists = array.as_list::<i32>();
        (0..lists.len()).map(|row| chunks(lists, row).map(|c| c.len() - 1).sum()).collect()
    }

    #[test]
    fn entries_come_back_in_chunks_that_begin_with_the_version() {
        let mut lists = GroupBuffers::of(7);
        lists.grow(3);
        for i in 0..10_000u32 {
            append(&mut lists, if i % 10 == 0 { 2 } else { 0 }, &[i as u8; 40]);
        }
        append(&mut lists, 2, &vec![1; 3 * CHUNK]);
        assert!(lists.size() > 400_000 + 3 * CHUNK);
        let all = lists.emit(EmitTo::All).unwrap();
        assert_eq!(lens(&all), [360_000, 0, 40_000 + 3 * CHUNK]);
        assert!(chunks(all.as_list(), 0).all(|c| c[0] == 7 && c.len() <= CHUNK + 1));
        assert_eq!(lists.heap, 0);
    }

    #[test]
    fn merged_chunks_are_shared_and_groups_move_down() {
        let mut one = GroupBuffers::of(7);
        one.grow(2);
        append(&mut one, 0, &[5; 4]);
        append(&mut one, 1, &[6; 100]);
        let state = one.emit(EmitTo::All).unwrap();
        let mut two = GroupBuffers::of(7);
        two.grow(3);
        append(&mut two, 2, &[9; 7]);
        two.absorb(0, state.as_list(), 1);
        two.absorb(2, state.as_list(), 0);
        assert_eq!(lens(&two.emit(EmitTo::First(1)).unwrap()), [100]);
        append(&mut two, 0, &[3; 30]);
        assert_eq!(lens(&two.emit(EmitTo::All).unwrap()), [30, 11]);
        assert_eq!(two.heap, 0);
    }

    #[test]
    fn a_full_chunk_is_compacted_and_goes_on_if_that_helps() {
        let mut lists = GroupBuffers::of(7);
        lists.grow(1);
        // Compaction reduces a full chunk to its version and one more byte.
        for _ in 0..10_000 {
            let compact = |chunk: &[u8], smaller: &mut Vec<u8>| {
                smaller.extend(&chunk[..2]);
                Ok(true)
            };
            lists.append(0, raw(&[1; 40]), compact).unwrap();
        }
        assert!(lists.size() < 3 * CHUNK, "{}", lists.size());
        let all = lists.emit(EmitTo::All).unwrap();
        assert_eq!(chunks(all.as_list(), 0).count(), 1);
        assert_eq!(lists.heap, 0);
    }

    #[test]
    fn large_entries_are_compacted_too() {
        for size in [3 * NEAR, CHUNK / 2, 3 * CHUNK] {
            let mut lists = GroupBuffers::of(7);
            lists.grow(1);
            for _ in 0..1_000 {
                let compact = |chunk: &[u8], smaller: &mut Vec<u8>| {
                    smaller.extend(&chunk[..=size]);
                    Ok(true)
                };
                lists.append(0, raw(&vec![1; size]), compact).unwrap();
            }
            assert!(lists.size() < 20 * size + 3 * CHUNK, "{size}: {}", lists.size());
            assert!(lists.groups[0].near.size() <= NEAR.max(2 * size));
            let all = lists.emit(EmitTo::All).unwrap();
            assert!(chunks(all.as_list(), 0).count() <= 2, "{size}");
            assert_eq!(lists.heap, 0);
        }
    }

    #[test]
    fn what_is_gathered_and_what_is_merged_are_one_log() {
        let state = |version, entry: &[u8]| {
            let mut lists = GroupBuffers::of(version);
            lists.grow(1);
            append(&mut lists, 0, entry);
            lists.emit(EmitTo::All).unwrap()
        };
        let mut lists = GroupBuffers::of(7);
        lists.grow(1);
        let mut emit_after = |others: &[ArrayRef]| {
            for _ in 0..3 {
                append(&mut lists, 0, &[6; 50]);
                lists.absorb(0, state(7, &[5; 40]).as_list(), 0);
            }
            others.iter().for_each(|other| lists.absorb(0, other.as_list(), 0));
            let all = lists.emit(EmitTo::All).unwrap();
            assert_eq!(lists.heap, 0);
            lists.grow(1);
            chunks(all.as_list(), 0).map(|chunk| (chunk[0], chunk.len() - 1)).collect::<Vec<_>>()
        };
        assert_eq!(emit_after(&[]), [(7, 3 * 90)]);
        // Records of another version are in a chunk of their own.
        assert_eq!(emit_after(&[state(8, &[9; 5])]), [(7, 3 * 40), (8, 5), (7, 3 * 50)]);
    }

    #[test]
    fn full_chunks_take_no_more_than_their_bytes() {
        let mut lists = GroupBuffers::of(7);
        lists.grow(1);
        for _ in 0..10_000 {
            let compact = |chunk: &[u8], smaller: &mut Vec<u8>| {
                smaller.extend(&chunk[..CHUNK / 2 + 9]);
                Ok(true)
            };
            lists.append(0, raw(&[1; 40]), compact).unwrap();
        }
        let all = lists.emit(EmitTo::All).unwrap();
        let buffers = all.as_list::<i32>().values().as_binary_view().data_buffers();
        assert!(buffers.len() > 5 && buffers.iter().all(|chunk| chunk.capacity() == chunk.len()));
    }

    #[test]
    fn a_buffer_in_pieces() {
        let mut lists = GroupBuffers::of(7);
        lists.grow(2);
        for _ in 0..4_000 {
            append(&mut lists, 1, &[1; 100]);
        }
        let all = lists.emit(EmitTo::All).unwrap();
        let lens =
            |row| pieces(all.as_list(), row, 2 * CHUNK).unwrap().iter().flat_map(lens).collect::<Vec<_>>();
        assert_eq!(lens(0), [0]);
        assert!(lens(1).len() > 2 && lens(1).iter().all(|len| *len <= 2 * CHUNK), "{:?}", lens(1));
        assert_eq!(lens(1).iter().sum::<usize>(), 400_000);
    }
}
