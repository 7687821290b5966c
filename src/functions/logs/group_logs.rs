//! Append-only logs, one per group, that come and go as lists of binary chunks.
//!
//! A full chunk is copied once, to where it takes no more than its bytes. From then on it is not copied:
//! it becomes a buffer of the emitted column, and the merged state of another accumulator is kept as the
//! slices of its column.

use std::mem;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BinaryViewArray, ByteView, ListArray, make_view};
use datafusion::arrow::buffer::{Buffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;
use prefetch_index::prefetch_index;

use super::bytes::Writer;

/// The size to which chunks grow: large enough to be few.
const CHUNK: usize = 1 << 15;
/// The size with which the first chunk of a group begins.
const FIRST: usize = 1 << 8;
/// Smaller chunks are not shared: to be a buffer of its own costs more than to be copied.
const SHARED: usize = CHUNK / 4;
/// So many bytes of entries are gathered before they are copied to the open chunk. The ends of the open
/// chunks of all groups are far apart, and to write there entry by entry is to wait for each of them.
const NEAR: usize = 1 << 9;

/// The usual size of a line of the cache.
pub(super) const LINE: usize = 64;

/// To how many bytes a chunk may grow to which these entries are appended. A large one finds a few like it
/// there: those of a message to thousands become one.
fn room_for(entries: &[u8]) -> usize {
    CHUNK.max(4 * entries.len())
}

/// A log: a list of chunks.
pub(crate) fn log_type() -> DataType {
    DataType::new_list(DataType::BinaryView, true)
}

/// A row of a column of logs as logs of about so many bytes each, at least one. They share its chunks,
/// and hold nothing of other rows.
pub(crate) fn pieces(logs: &ListArray, row: usize, bytes: usize) -> Result<Vec<ArrayRef>> {
    let (mut pieces, mut piece, mut length) = (vec![], vec![], 0);
    for chunk in buffers(logs, row) {
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

/// The chunks of a row of a column of logs; NULL has none.
pub(super) fn chunks(logs: &ListArray, row: usize) -> impl Iterator<Item = &[u8]> {
    let values = logs.values().as_binary_view();
    places(logs, row).map(|i| values.value(i))
}

/// Where the chunks of a row stand among the values.
fn places(logs: &ListArray, row: usize) -> impl Iterator<Item = usize> {
    let range = if logs.is_valid(row) {
        logs.value_offsets()[row] as usize..logs.value_offsets()[row + 1] as usize
    } else {
        0..0
    };
    range.filter(|i| logs.values().is_valid(*i))
}

/// The chunks of a row as slices of what holds them.
fn buffers(logs: &ListArray, row: usize) -> impl Iterator<Item = Buffer> {
    let values = logs.values().as_binary_view();
    places(logs, row).map(|i| slice(values, i))
}

/// A column of logs that consist of these chunks.
fn column(logs: impl IntoIterator<Item = Vec<Buffer>>) -> Result<ArrayRef> {
    let (mut views, mut buffers, mut lengths) = (vec![], vec![], vec![]);
    for log in logs {
        lengths.push(log.len());
        for chunk in log {
            views.push(make_view(&chunk, buffers.len() as u32, 0));
            buffers.push(chunk);
        }
    }
    let chunks = BinaryViewArray::try_new(views.into(), buffers, None)?;
    let field = Arc::new(Field::new_list_field(DataType::BinaryView, true));
    Ok(Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), Arc::new(chunks), None)?))
}

/// One log per group.
#[derive(Debug, Clone, Default)]
pub(super) struct GroupLogs {
    /// Of the entries that are appended.
    version: u8,
    groups: Vec<Log>,
    /// Bytes of all chunks of all groups, and of what they have gathered.
    heap: usize,
    /// What a full chunk is compacted into.
    spare: Vec<u8>,
}

#[derive(Debug, Clone, Default)]
struct Log {
    full: Vec<Buffer>,
    open: Vec<u8>,
    /// With which the open chunk begins. To look there would fetch a part of it that nothing else needs.
    version: u8,
    /// Entries that are to be appended to the open chunk.
    near: Writer,
    /// Bytes of all its chunks, and of what is gathered.
    heap: usize,
}

impl Log {
    /// The open chunk is full; the next one is written where it stood.
    fn close(&mut self) {
        if !self.open.is_empty() {
            self.share(Buffer::from_vec(self.open.to_vec()));
            self.open.clear();
        }
    }

    /// Has the end of the open chunk fetched from memory, where soon what is gathered will be appended.
    fn fetch_end(&self) {
        (0..=NEAR).step_by(LINE).for_each(|line| prefetch_index(&self.open, self.open.len() + line));
    }

    /// Appends what is gathered.
    fn append_near(&mut self, version: u8) {
        let mut near = mem::take(&mut self.near);
        if !near.written().is_empty() {
            self.append(version, near.written());
            near.clear();
        }
        // The room of an entry that is larger than all that is usually gathered is given back.
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

    /// Appends to the open chunk, where it has room and is of this version, or to a new one.
    fn append(&mut self, version: u8, entries: &[u8]) {
        if self.open.len() + entries.len() > room_for(entries) || self.version != version {
            self.close();
        }
        let before = self.open.capacity();
        if self.open.is_empty() {
            let size = if self.full.is_empty() { FIRST } else { CHUNK };
            // It grows by doubling, which is to end at the size of a full chunk.
            self.open.reserve_exact(size.max((entries.len() + 1).next_power_of_two()));
            self.open.push(version);
            self.version = version;
        }
        self.open.extend_from_slice(entries);
        self.heap = self.heap + self.open.capacity() - before;
    }
}

impl GroupLogs {
    /// Logs to which entries of this version are appended.
    pub(super) fn of(version: u8) -> Self {
        Self { version, ..Self::default() }
    }

    /// There are at least so many groups now.
    pub(super) fn grow(&mut self, groups: usize) {
        self.groups.resize_with(groups.max(self.groups.len()), Log::default);
    }

    /// Appends an entry, which `write` writes, to the log of a group. `compact` is asked to write a smaller
    /// chunk that can take the place of one that is full, and whether it has.
    ///
    /// # Errors
    /// What `write` and `compact` give.
    #[inline]
    pub(super) fn append(
        &mut self,
        group: usize,
        write: impl FnOnce(&mut Writer) -> Result<()>,
        compact: impl Fn(&[u8], &mut Vec<u8>) -> Result<bool>,
    ) -> Result<()> {
        if self.groups[group].near.written().len() > NEAR - LINE {
            self.append_near(group, compact)?;
        }
        let log = &mut self.groups[group];
        let (room, length) = (log.near.size(), log.near.written().len());
        write(&mut log.near)?;
        if length < NEAR / 2 && log.near.written().len() >= NEAR / 2 {
            log.fetch_end();
        }
        let more = log.near.size() - room;
        log.heap += more;
        self.heap += more;
        Ok(())
    }

    /// Appends what a group has gathered to its open chunk, which is compacted before if it is full.
    fn append_near(
        &mut self,
        group: usize,
        compact: impl Fn(&[u8], &mut Vec<u8>) -> Result<bool>,
    ) -> Result<()> {
        let log = &mut self.groups[group];
        let heap = log.heap;
        let gathered = log.near.written();
        let room = room_for(gathered);
        if log.open.len() + gathered.len() > room && !log.open.is_empty() {
            self.spare.clear();
            if compact(&log.open, &mut self.spare)? {
                log.heap = log.heap + self.spare.capacity() - log.open.capacity();
                mem::swap(&mut log.open, &mut self.spare);
            }
            if log.open.len() > room / 2 {
                log.close();
            }
        }
        log.append_near(self.version);
        self.heap = self.heap + log.heap - heap;
        Ok(())
    }

    /// Appends the chunks of a log to that of a group, the large ones without a copy. A small one is not
    /// looked into: if its last entry is cut off, reading fails there or finds what comes next in its place.
    pub(super) fn absorb(&mut self, group: usize, logs: &ListArray, row: usize) {
        let values = logs.values().as_binary_view();
        let log = &mut self.groups[group];
        let heap = log.heap;
        for i in places(logs, row) {
            match values.value(i) {
                [version, entries @ ..] if entries.len() < SHARED => log.append(*version, entries),
                _ => log.share(slice(values, i)),
            }
        }
        self.heap = self.heap + log.heap - heap;
    }

    /// Takes the logs of the groups to emit, in order; the others move down.
    pub(super) fn emit(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let logs = emit_to.take_needed(&mut self.groups).into_iter().map(|mut log| {
            self.heap -= log.heap;
            log.append_near(self.version);
            log.close();
            log.full
        });
        column(logs)
    }

    pub(super) fn size(&self) -> usize {
        self.heap + self.spare.capacity() + self.groups.capacity() * size_of::<Log>()
    }
}

/// A value of a column as a slice of its buffer.
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
    use super::super::bytes::raw;
    use super::*;

    fn append(logs: &mut GroupLogs, group: usize, entry: &[u8]) {
        logs.append(group, raw(entry), |_, _| Ok(false)).unwrap();
    }

    fn lens(array: &ArrayRef) -> Vec<usize> {
        let logs = array.as_list::<i32>();
        (0..logs.len()).map(|row| chunks(logs, row).map(|c| c.len() - 1).sum()).collect()
    }

    #[test]
    fn entries_come_back_in_chunks_that_begin_with_the_version() {
        let mut logs = GroupLogs::of(7);
        logs.grow(3);
        for i in 0..10_000u32 {
            append(&mut logs, if i % 10 == 0 { 2 } else { 0 }, &[i as u8; 40]);
        }
        append(&mut logs, 2, &vec![1; 3 * CHUNK]);
        assert!(logs.size() > 400_000 + 3 * CHUNK);
        let all = logs.emit(EmitTo::All).unwrap();
        assert_eq!(lens(&all), [360_000, 0, 40_000 + 3 * CHUNK]);
        assert!(chunks(all.as_list(), 0).all(|c| c[0] == 7 && c.len() <= CHUNK + 1));
        assert_eq!(logs.heap, 0);
    }

    #[test]
    fn merged_chunks_are_shared_and_groups_move_down() {
        let mut one = GroupLogs::of(7);
        one.grow(2);
        append(&mut one, 0, &[5; 4]);
        append(&mut one, 1, &[6; 100]);
        let state = one.emit(EmitTo::All).unwrap();
        let mut two = GroupLogs::of(7);
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
        let mut logs = GroupLogs::of(7);
        logs.grow(1);
        // Of a full chunk nothing but the version and one byte stays.
        for _ in 0..10_000 {
            let compact = |chunk: &[u8], smaller: &mut Vec<u8>| {
                smaller.extend(&chunk[..2]);
                Ok(true)
            };
            logs.append(0, raw(&[1; 40]), compact).unwrap();
        }
        assert!(logs.size() < 3 * CHUNK, "{}", logs.size());
        let all = logs.emit(EmitTo::All).unwrap();
        assert_eq!(chunks(all.as_list(), 0).count(), 1);
        assert_eq!(logs.heap, 0);
    }

    #[test]
    fn large_entries_are_compacted_too() {
        for size in [3 * NEAR, CHUNK / 2, 3 * CHUNK] {
            let mut logs = GroupLogs::of(7);
            logs.grow(1);
            for _ in 0..1_000 {
                let compact = |chunk: &[u8], smaller: &mut Vec<u8>| {
                    smaller.extend(&chunk[..=size]);
                    Ok(true)
                };
                logs.append(0, raw(&vec![1; size]), compact).unwrap();
            }
            assert!(logs.size() < 20 * size + 3 * CHUNK, "{size}: {}", logs.size());
            assert!(logs.groups[0].near.size() <= NEAR.max(2 * size));
            let all = logs.emit(EmitTo::All).unwrap();
            assert!(chunks(all.as_list(), 0).count() <= 2, "{size}");
            assert_eq!(logs.heap, 0);
        }
    }

    #[test]
    fn what_is_gathered_and_what_is_merged_are_one_log() {
        let state = |version, entry: &[u8]| {
            let mut logs = GroupLogs::of(version);
            logs.grow(1);
            append(&mut logs, 0, entry);
            logs.emit(EmitTo::All).unwrap()
        };
        let mut logs = GroupLogs::of(7);
        logs.grow(1);
        let mut emit_after = |others: &[ArrayRef]| {
            for _ in 0..3 {
                append(&mut logs, 0, &[6; 50]);
                logs.absorb(0, state(7, &[5; 40]).as_list(), 0);
            }
            others.iter().for_each(|other| logs.absorb(0, other.as_list(), 0));
            let all = logs.emit(EmitTo::All).unwrap();
            assert_eq!(logs.heap, 0);
            logs.grow(1);
            chunks(all.as_list(), 0).map(|chunk| (chunk[0], chunk.len() - 1)).collect::<Vec<_>>()
        };
        assert_eq!(emit_after(&[]), [(7, 3 * 90)]);
        // Entries of another version stand in a chunk of their own.
        assert_eq!(emit_after(&[state(8, &[9; 5])]), [(7, 3 * 40), (8, 5), (7, 3 * 50)]);
    }

    #[test]
    fn full_chunks_take_no_more_than_their_bytes() {
        let mut logs = GroupLogs::of(7);
        logs.grow(1);
        for _ in 0..10_000 {
            let compact = |chunk: &[u8], smaller: &mut Vec<u8>| {
                smaller.extend(&chunk[..CHUNK / 2 + 9]);
                Ok(true)
            };
            logs.append(0, raw(&[1; 40]), compact).unwrap();
        }
        let all = logs.emit(EmitTo::All).unwrap();
        let buffers = all.as_list::<i32>().values().as_binary_view().data_buffers();
        assert!(buffers.len() > 5 && buffers.iter().all(|chunk| chunk.capacity() == chunk.len()));
    }

    #[test]
    fn a_log_in_pieces() {
        let mut logs = GroupLogs::of(7);
        logs.grow(2);
        for _ in 0..4_000 {
            append(&mut logs, 1, &[1; 100]);
        }
        let all = logs.emit(EmitTo::All).unwrap();
        let lens =
            |row| pieces(all.as_list(), row, 2 * CHUNK).unwrap().iter().flat_map(lens).collect::<Vec<_>>();
        assert_eq!(lens(0), [0]);
        assert!(lens(1).len() > 2 && lens(1).iter().all(|len| *len <= 2 * CHUNK), "{:?}", lens(1));
        assert_eq!(lens(1).iter().sum::<usize>(), 400_000);
    }
}
