//! Records of any kind: collecting them from rows ([`Gather`]), and reading them from a buffer in sorted
//! order ([`InOrder`], [`for_each_key`]).

use std::marker::PhantomData;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt32Array};
use datafusion::arrow::datatypes::UInt32Type;
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;
use prefetch_index::prefetch_index;

use super::buffer::{GroupBuffers, LINE, chunks};
use super::codec::{Reader, Writer, damaged};
use crate::functions::id_hash::Key;
use crate::functions::udf::grouped::{GroupState, Rows};

/// A kind of record.
pub(crate) trait Record: Send + Sync + 'static {
    /// The first byte of each chunk: the kind of its records, and their version.
    const VERSION: u8;
    /// The arguments of the aggregate, prepared for access by row.
    type Columns<'a>;
    /// A record as it is read.
    type Read<'a>;

    /// Prepares the arguments of the aggregate. `rows` are the rows that will be written.
    fn columns<'a>(values: &'a [ArrayRef], rows: &Rows) -> Result<Self::Columns<'a>>;
    /// Writes one row as a record. It writes nothing if the row is to be ignored.
    fn write(columns: &Self::Columns<'_>, row: usize, entry: &mut Writer) -> Result<()>;
    /// Reads the next record; `None` if it is damaged.
    fn read<'a>(reader: &mut Reader<'a>) -> Option<Self::Read<'a>>;
    /// Writes a chunk with the same content in fewer bytes to `smaller`, if this kind of record can be
    /// compacted. Returns whether it has.
    fn compact(_chunk: &[u8], _smaller: &mut Vec<u8>) -> Result<bool> {
        Ok(false)
    }
}

/// Calls `f` with each record in one row of a column of buffers.
///
/// # Errors
/// A damaged buffer, or records of another kind.
pub(crate) fn for_each<'a, E: Record>(
    buffers: &'a ListArray,
    row: usize,
    mut f: impl FnMut(E::Read<'a>),
) -> Result<()> {
    for chunk in chunks(buffers, row) {
        let mut reader = reader::<E>(chunk)?;
        while !reader.is_empty() {
            f(E::read(&mut reader).ok_or_else(damaged)?);
        }
    }
    Ok(())
}

/// A kind of record with a key. The records of one key are processed together.
pub(crate) trait Keyed: Record {
    type Key: Ord;
    fn key(entry: &Self::Read<'_>) -> Self::Key;
    /// The beginning of the key, in 63 bits. The beginnings of sorted keys are sorted.
    fn begins(entry: &Self::Read<'_>) -> u64;
}

/// The first 63 bits of a key as a number. The numbers of sorted keys are sorted.
pub(crate) fn beginning(key: &Key) -> u64 {
    (u128::from_be_bytes(*key) >> 65) as u64
}

/// The positions of the records of a buffer, sorted by a number that is computed from each record.
///
/// A record is read twice: for its number, and again when it is processed, while its buffer is in the CPU
/// cache. To store the decoded records instead would take more memory, because a record is smaller in its
/// buffer.
#[derive(Default)]
pub(crate) struct InOrder<'a> {
    chunks: Vec<&'a [u8]>,
    records: Vec<RecordRef>,
    /// Scratch memory for sorting.
    room: Vec<RecordRef>,
}

/// A record is prefetched this many records before it is read: sorted records are scattered over memory.
const AHEAD: usize = 16;

/// The position of a record.
#[derive(Clone, Copy, Default)]
pub(crate) struct RecordRef {
    /// The number by which records are sorted.
    pub(crate) number: u64,
    chunk: u32,
    at: u32,
}

impl<'a> InOrder<'a> {
    /// Sorts the records of a buffer, which is given by its chunks, by the number that `number` returns.
    ///
    /// # Errors
    /// A damaged buffer, or records of another kind.
    pub(crate) fn sort<E: Record>(
        &mut self,
        buffer: impl Iterator<Item = &'a [u8]>,
        number: impl Fn(&E::Read<'a>) -> u64,
    ) -> Result<()> {
        self.records.clear();
        self.chunks.clear();
        self.chunks.extend(buffer);
        for (chunk, bytes) in (0u32..).zip(&self.chunks) {
            let mut reader = reader::<E>(bytes)?;
            while !reader.is_empty() {
                let at = (bytes.len() - reader.0.len()) as u32;
                let number = number(&E::read(&mut reader).ok_or_else(damaged)?);
                self.records.push(RecordRef { number, chunk, at });
            }
        }
        sort(&mut self.records, &mut self.room);
        Ok(())
    }

    /// The sorted positions of all records, grouped: the numbers of a group differ only in their lowest
    /// `last_bits` bits.
    pub(crate) fn groups(&self, last_bits: u32) -> impl Iterator<Item = &[RecordRef]> {
        let mut ahead = self.records.iter().skip(AHEAD);
        let groups = self.records.chunk_by(move |a, b| a.number >> last_bits == b.number >> last_bits);
        groups.inspect(move |group| ahead.by_ref().take(group.len()).for_each(|place| self.fetch(place)))
    }

    /// Prefetches a record without waiting for it: the cache line in which it begins and the next one,
    /// because most records are in two cache lines.
    fn fetch(&self, place: &RecordRef) {
        let (chunk, at) = (self.chunks[place.chunk as usize], place.at as usize);
        prefetch_index(chunk, at);
        prefetch_index(chunk, at + LINE);
    }

    /// Reads the record at a position.
    ///
    /// # Errors
    /// A damaged record.
    pub(crate) fn read<E: Record>(&self, place: &RecordRef) -> Result<E::Read<'a>> {
        E::read(&mut Reader(&self.chunks[place.chunk as usize][place.at as usize..])).ok_or_else(damaged)
    }
}

/// Sorts positions by their numbers, with `room` as scratch memory. The numbers are spread, because they
/// begin with hashes or account numbers. Therefore a counting sort distributes the positions to ranges of
/// numbers first, and only the few positions of each range are compared.
fn sort(records: &mut Vec<RecordRef>, room: &mut Vec<RecordRef>) {
    let numbers = || records.iter().map(|place| place.number);
    let (Some(least), Some(most)) = (numbers().min(), numbers().max()) else { return };
    // About eight positions per range, if they were spread evenly.
    let ranges = (records.len() / 8).next_power_of_two().clamp(2, 1 << 12);
    let bits = u64::BITS - (most - least).leading_zeros();
    let shift = bits.saturating_sub(ranges.ilog2());
    let range = |place: &RecordRef| ((place.number - least) >> shift) as usize;
    let mut next = vec![0; ranges + 1];
    records.iter().for_each(|place| next[range(place) + 1] += 1);
    for range in 0..ranges {
        next[range + 1] += next[range];
    }
    room.clear();
    room.resize(records.len(), RecordRef::default());
    for place in records.iter() {
        let at = &mut next[range(place)];
        room[*at] = *place;
        *at += 1;
    }
    // The next free position of each range is now its end.
    let mut begin = 0;
    for &end in &next[..ranges] {
        room[begin..end].sort_unstable_by_key(|place| place.number);
        begin = end;
    }
    std::mem::swap(records, room);
}

/// Calls `f` with the records of each key of a buffer, in the order of keys. The buffer is given by its
/// chunks. Keys without a record for which `matters` returns true may be skipped.
///
/// # Errors
/// A damaged buffer, or records of another kind; the errors of `f`.
pub(crate) fn for_each_key<'a, E: Keyed>(
    buffer: impl Iterator<Item = &'a [u8]>,
    matters: impl Fn(&E::Read<'a>) -> bool,
    mut f: impl FnMut(&[E::Read<'a>]) -> Result<()>,
) -> Result<()> {
    let mut in_order = InOrder::default();
    // The lowest bit of the number is set if the record matters.
    in_order.sort::<E>(buffer, |entry| E::begins(entry) << 1 | u64::from(matters(entry)))?;
    let mut entries = vec![];
    for alike in in_order.groups(1) {
        if alike.iter().all(|place| place.number & 1 == 0) {
            continue;
        }
        entries.clear();
        for place in alike {
            entries.push(in_order.read::<E>(place)?);
        }
        // Keys with the same beginning can differ: meetings of one series by their start, others by
        // coincidence.
        if entries.iter().any(|entry| E::key(entry) != E::key(&entries[0])) {
            entries.sort_unstable_by_key(E::key);
        }
        entries.chunk_by(|a, b| E::key(a) == E::key(b)).try_for_each(&mut f)?;
    }
    Ok(())
}

/// A reader of the records of a chunk.
///
/// # Errors
/// An empty chunk, or records of another kind or version.
pub(crate) fn reader<E: Record>(chunk: &[u8]) -> Result<Reader<'_>> {
    match chunk.split_first() {
        Some((&version, entries)) if version == E::VERSION => Ok(Reader(entries)),
        _ => Err(damaged()),
    }
}

/// The state of an aggregate function that collects records: one buffer per group. The state is also the
/// result.
pub(crate) struct Gather<E> {
    buffers: GroupBuffers,
    entry: PhantomData<E>,
}

impl<E> Clone for Gather<E> {
    fn clone(&self) -> Self {
        Self { buffers: self.buffers.clone(), entry: PhantomData }
    }
}

impl<E: Record> Default for Gather<E> {
    fn default() -> Self {
        Self { buffers: GroupBuffers::of(E::VERSION), entry: PhantomData }
    }
}

impl<E: Record> GroupState for Gather<E> {
    fn grow(&mut self, groups: usize) {
        self.buffers.grow(groups);
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows) -> Result<()> {
        let columns = E::columns(values, rows)?;
        rows.iter().try_for_each(|(row, group)| {
            self.buffers.append(group, |entry| E::write(&columns, row, entry), E::compact)
        })
    }

    fn merge(&mut self, states: &ArrayRef, rows: &Rows) -> Result<()> {
        let states = states.as_list::<i32>();
        rows.iter().for_each(|(row, group)| self.buffers.absorb(group, states, row));
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.buffers.emit(emit_to)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.buffers.emit(emit_to)
    }

    fn size(&self) -> usize {
        self.buffers.size()
    }
}

/// A column of lists of person numbers.
pub(crate) struct PeopleLists<'a> {
    lists: &'a ListArray,
    people: &'a UInt32Array,
}

impl<'a> PeopleLists<'a> {
    pub(crate) fn new(array: &'a ArrayRef) -> Self {
        let lists = array.as_list::<i32>();
        Self { lists, people: lists.values().as_primitive::<UInt32Type>() }
    }

    /// Writes the person numbers of a row and returns how many these are. A NULL list is empty; NULL items
    /// are skipped.
    #[inline]
    pub(crate) fn write(&self, row: usize, entry: &mut Writer) -> usize {
        let offsets = self.lists.value_offsets();
        let range =
            if self.lists.is_valid(row) { offsets[row] as usize..offsets[row + 1] as usize } else { 0..0 };
        let people = &self.people.values()[range.clone()];
        if self.people.null_count() == 0 {
            return entry.people(people.iter().copied());
        }
        let known = range.zip(people).filter(|(i, _)| self.people.is_valid(*i));
        entry.people(known.map(|(_, person)| *person))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::functions::address::book::PersonNo;
    use crate::functions::engagement::codec::raw;
    use crate::functions::engagement::message_copies::MessageCopy;

    proptest! {
        #[test]
        fn places_are_in_order(
            mut numbers in vec(prop_oneof![any::<u64>(), 0..9u64, (1u64 << 40)..(1 << 40) + 1000], 0..3000),
        ) {
            let mut records: Vec<_> = numbers.iter().map(|number| RecordRef { number: *number, chunk: 1, at: 2 }).collect();
            sort(&mut records, &mut vec![RecordRef::default(); 7]);
            numbers.sort_unstable();
            prop_assert_eq!(records.iter().map(|place| place.number).collect::<Vec<_>>(), numbers);
        }
    }

    /// A message copy with this key, sent at this time, with these senders.
    fn copy(key: Key, sent_at: i64, senders: &[u32]) -> Vec<u8> {
        let mut entry = Writer::default();
        entry.value(key);
        entry.value(sent_at.to_le_bytes());
        let at = entry.leave_counts();
        let senders = entry.people(senders.iter().copied());
        entry.counts([0, senders, 0], at).unwrap();
        entry.written().to_vec()
    }

    #[test]
    fn copies_with_more_people_than_a_byte_counts_become_one() {
        let people = |from: u32| (from..from + 300).collect::<Vec<_>>();
        let both: Vec<_> =
            copy([4; 16], 7, &people(0)).into_iter().chain(copy([4; 16], 5, &people(200))).collect();
        let chunk = [&[MessageCopy::VERSION], &both[..]].concat();
        let mut smaller = vec![];
        assert!(MessageCopy::compact(&chunk, &mut smaller).unwrap());
        let mut rest = reader::<MessageCopy>(&smaller).unwrap();
        let merged = MessageCopy::read(&mut rest).unwrap();
        assert!(rest.is_empty());
        assert_eq!((merged.sent_at, merged.senders().iter().collect::<Vec<_>>()), (5, (0..500).collect()));
        // A chunk that is cut off is an error, unless it ends exactly between the two records.
        for length in 2..chunk.len() {
            assert_eq!(
                MessageCopy::compact(&chunk[..length], &mut vec![]).is_err(),
                length != 1 + both.len() / 2
            );
        }
    }

    #[test]
    fn keys_that_only_begin_alike_are_told_apart() {
        const ACCOUNT: u32 = PersonNo::FIRST_OF_ACCOUNTS.0;
        let key = |last| [[3; 15].as_slice(), &[last]].concat().try_into().unwrap();
        let mut buffers = GroupBuffers::of(MessageCopy::VERSION);
        buffers.grow(1);
        for entry in [
            copy(key(2), 20, &[ACCOUNT]),
            copy(key(1), 10, &[7]),
            copy([9; 16], 30, &[7]),
            copy(key(2), 21, &[7]),
            copy([1; 16], 40, &[ACCOUNT]),
        ] {
            buffers.append(0, raw(&entry), |_, _| Ok(false)).unwrap();
        }
        let buffer = buffers.emit(EmitTo::All).unwrap();
        let mut found = vec![];
        let matters = MessageCopy::has_account;
        for_each_key::<MessageCopy>(chunks(buffer.as_list(), 0), matters, |copies| {
            let mut times: Vec<_> = copies.iter().map(|copy| copy.sent_at).collect();
            times.sort_unstable();
            found.push((copies[0].key[15], times));
            Ok(())
        })
        .unwrap();
        // The message whose key consists of nines is skipped: none of its people belongs to an account.
        assert_eq!(found, [(1, vec![40]), (1, vec![10]), (2, vec![20, 21])]);
    }
}
