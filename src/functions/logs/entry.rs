//! From rows to the entries of a log: the aggregate that gathers, for any kind of entry.

use std::marker::PhantomData;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt32Array};
use datafusion::arrow::datatypes::UInt32Type;
use datafusion::common::Result;
use datafusion::logical_expr::EmitTo;
use prefetch_index::prefetch_index;

use super::bytes::{Reader, Writer, damaged};
use super::group_logs::{GroupLogs, LINE, chunks};
use crate::functions::grouped::{GroupState, Rows};
use crate::functions::id_hash::Key;

/// A kind of entry.
pub(super) trait Entry: Send + Sync + 'static {
    /// The first byte of each chunk: which kind of entry, in which version.
    const VERSION: u8;
    /// The arguments of the aggregate, ready to be read by row.
    type Columns<'a>;
    /// An entry as it is read.
    type Read<'a>;

    /// `rows` are those that will be written.
    fn columns<'a>(values: &'a [ArrayRef], rows: &Rows) -> Result<Self::Columns<'a>>;
    /// Writes a row, or nothing, which leaves it out.
    fn write(columns: &Self::Columns<'_>, row: usize, entry: &mut Writer) -> Result<()>;
    /// Reads the next entry; None if it is damaged.
    fn read<'a>(reader: &mut Reader<'a>) -> Option<Self::Read<'a>>;
    /// Writes a chunk that says the same in fewer bytes, if there can be one; says whether it has.
    fn compact(_chunk: &[u8], _smaller: &mut Vec<u8>) -> Result<bool> {
        Ok(false)
    }
}

/// Calls `f` with every entry of a log.
///
/// # Errors
/// A damaged log, or entries of another kind.
pub(super) fn for_each<'a, E: Entry>(
    logs: &'a ListArray,
    row: usize,
    mut f: impl FnMut(E::Read<'a>),
) -> Result<()> {
    for chunk in chunks(logs, row) {
        let mut reader = reader::<E>(chunk)?;
        while !reader.is_empty() {
            f(E::read(&mut reader).ok_or_else(damaged)?);
        }
    }
    Ok(())
}

/// An entry that belongs together with all others of the same key.
pub(super) trait Keyed: Entry {
    type Key: Ord;
    fn key(entry: &Self::Read<'_>) -> Self::Key;
    /// The beginning of the key in 63 bits: keys in order have beginnings in order.
    fn begins(entry: &Self::Read<'_>) -> u64;
}

/// The first 63 bits of a key as a number, in the order of keys.
pub(super) fn beginning(key: &Key) -> u64 {
    (u128::from_be_bytes(*key) >> 65) as u64
}

/// Where the entries of a log stand, in the order of a number that each of them gives.
///
/// An entry is read again when it is its turn, while its log is in the cache; it is smaller there than
/// what is read of it.
#[derive(Default)]
pub(super) struct InOrder<'a> {
    chunks: Vec<&'a [u8]>,
    places: Vec<Place>,
    /// Room to sort in.
    room: Vec<Place>,
}

/// So many entries before it is its turn, an entry is fetched: in order, they are anywhere in memory.
const AHEAD: usize = 16;

/// Where an entry stands.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    /// What entries are in the order of.
    pub(super) number: u64,
    chunk: u32,
    at: u32,
}

impl<'a> InOrder<'a> {
    /// Sorts the entries of a log by the number that `number` gives them.
    ///
    /// # Errors
    /// A damaged log, or entries of another kind.
    pub(super) fn sort<E: Entry>(
        &mut self,
        log: impl Iterator<Item = &'a [u8]>,
        number: impl Fn(&E::Read<'a>) -> u64,
    ) -> Result<()> {
        self.places.clear();
        self.chunks.clear();
        self.chunks.extend(log);
        for (chunk, bytes) in (0u32..).zip(&self.chunks) {
            let mut reader = reader::<E>(bytes)?;
            while !reader.is_empty() {
                let at = (bytes.len() - reader.0.len()) as u32;
                let number = number(&E::read(&mut reader).ok_or_else(damaged)?);
                self.places.push(Place { number, chunk, at });
            }
        }
        sort(&mut self.places, &mut self.room);
        Ok(())
    }

    /// The places of all entries in order, in groups of those whose numbers agree but for the last bits.
    pub(super) fn groups(&self, last_bits: u32) -> impl Iterator<Item = &[Place]> {
        let mut ahead = self.places.iter().skip(AHEAD);
        let groups = self.places.chunk_by(move |a, b| a.number >> last_bits == b.number >> last_bits);
        groups.inspect(move |group| ahead.by_ref().take(group.len()).for_each(|place| self.fetch(place)))
    }

    /// Has the entry that stands there fetched from memory, without waiting for it: where it begins and,
    /// as most entries stand in two lines of the cache, in the line after that.
    fn fetch(&self, place: &Place) {
        let (chunk, at) = (self.chunks[place.chunk as usize], place.at as usize);
        prefetch_index(chunk, at);
        prefetch_index(chunk, at + LINE);
    }

    /// Reads the entry that stands there.
    ///
    /// # Errors
    /// A damaged log.
    pub(super) fn read<E: Entry>(&self, place: &Place) -> Result<E::Read<'a>> {
        E::read(&mut Reader(&self.chunks[place.chunk as usize][place.at as usize..])).ok_or_else(damaged)
    }
}

/// Sorts places by their numbers. They are spread: so they are dealt out, by counting, to ranges of numbers
/// first, and only the few of each range are compared.
fn sort(places: &mut Vec<Place>, room: &mut Vec<Place>) {
    let numbers = || places.iter().map(|place| place.number);
    let (Some(least), Some(most)) = (numbers().min(), numbers().max()) else { return };
    // Some eight to a range, were they spread evenly.
    let ranges = (places.len() / 8).next_power_of_two().clamp(2, 1 << 12);
    let bits = u64::BITS - (most - least).leading_zeros();
    let shift = bits.saturating_sub(ranges.ilog2());
    let range = |place: &Place| ((place.number - least) >> shift) as usize;
    let mut next = vec![0; ranges + 1];
    places.iter().for_each(|place| next[range(place) + 1] += 1);
    for range in 0..ranges {
        next[range + 1] += next[range];
    }
    room.clear();
    room.resize(places.len(), Place::default());
    for place in places.iter() {
        let at = &mut next[range(place)];
        room[*at] = *place;
        *at += 1;
    }
    // Where the next of a range would stand is where the range ends.
    let mut begin = 0;
    for &end in &next[..ranges] {
        room[begin..end].sort_unstable_by_key(|place| place.number);
        begin = end;
    }
    std::mem::swap(places, room);
}

/// Calls `f` with the entries of each key of a log, in the order of keys. Keys may be left out of which
/// no entry matters.
///
/// # Errors
/// A damaged log, or entries of another kind; what `f` gives.
pub(super) fn for_each_key<'a, E: Keyed>(
    log: impl Iterator<Item = &'a [u8]>,
    matters: impl Fn(&E::Read<'a>) -> bool,
    mut f: impl FnMut(&[E::Read<'a>]) -> Result<()>,
) -> Result<()> {
    let mut in_order = InOrder::default();
    // The last bit of the number says whether the entry matters.
    in_order.sort::<E>(log, |entry| E::begins(entry) << 1 | u64::from(matters(entry)))?;
    let mut entries = vec![];
    for alike in in_order.groups(1) {
        if alike.iter().all(|place| place.number & 1 == 0) {
            continue;
        }
        entries.clear();
        for place in alike {
            entries.push(in_order.read::<E>(place)?);
        }
        // Keys that begin alike are the same, but for a coincidence.
        if entries.iter().any(|entry| E::key(entry) != E::key(&entries[0])) {
            entries.sort_unstable_by_key(E::key);
        }
        entries.chunk_by(|a, b| E::key(a) == E::key(b)).try_for_each(&mut f)?;
    }
    Ok(())
}

/// Reads the entries of a chunk.
pub(super) fn reader<E: Entry>(chunk: &[u8]) -> Result<Reader<'_>> {
    match chunk.split_first() {
        Some((&version, entries)) if version == E::VERSION => Ok(Reader(entries)),
        _ => Err(damaged()),
    }
}

/// The aggregate: a log per group. Its state is its result.
pub(super) struct Gather<E> {
    logs: GroupLogs,
    entry: PhantomData<E>,
}

impl<E> Clone for Gather<E> {
    fn clone(&self) -> Self {
        Self { logs: self.logs.clone(), entry: PhantomData }
    }
}

impl<E: Entry> Default for Gather<E> {
    fn default() -> Self {
        Self { logs: GroupLogs::of(E::VERSION), entry: PhantomData }
    }
}

impl<E: Entry> GroupState for Gather<E> {
    fn grow(&mut self, groups: usize) {
        self.logs.grow(groups);
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows) -> Result<()> {
        let columns = E::columns(values, rows)?;
        rows.iter().try_for_each(|(row, group)| {
            self.logs.append(group, |entry| E::write(&columns, row, entry), E::compact)
        })
    }

    fn merge(&mut self, states: &ArrayRef, rows: &Rows) -> Result<()> {
        let states = states.as_list::<i32>();
        rows.iter().for_each(|(row, group)| self.logs.absorb(group, states, row));
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.logs.emit(emit_to)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.logs.emit(emit_to)
    }

    fn size(&self) -> usize {
        self.logs.size()
    }
}

/// A column of lists of parties.
pub(super) struct PartyLists<'a> {
    lists: &'a ListArray,
    parties: &'a UInt32Array,
}

impl<'a> PartyLists<'a> {
    pub(super) fn new(array: &'a ArrayRef) -> Self {
        let lists = array.as_list::<i32>();
        Self { lists, parties: lists.values().as_primitive::<UInt32Type>() }
    }

    /// Writes the parties of a row; NULL is nobody. Gives how many they are.
    #[inline]
    pub(super) fn write(&self, row: usize, entry: &mut Writer) -> usize {
        let offsets = self.lists.value_offsets();
        let range =
            if self.lists.is_valid(row) { offsets[row] as usize..offsets[row + 1] as usize } else { 0..0 };
        let parties = &self.parties.values()[range.clone()];
        if self.parties.null_count() == 0 {
            return entry.parties(parties.iter().copied());
        }
        let known = range.zip(parties).filter(|(i, _)| self.parties.is_valid(*i));
        entry.parties(known.map(|(_, party)| *party))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::bytes::raw;
    use super::super::message_copies::MessageCopy;
    use super::*;
    use crate::functions::address_book::Party;

    proptest! {
        #[test]
        fn places_are_in_order(
            mut numbers in vec(prop_oneof![any::<u64>(), 0..9u64, (1u64 << 40)..(1 << 40) + 1000], 0..3000),
        ) {
            let mut places: Vec<_> = numbers.iter().map(|number| Place { number: *number, chunk: 1, at: 2 }).collect();
            sort(&mut places, &mut vec![Place::default(); 7]);
            numbers.sort_unstable();
            prop_assert_eq!(places.iter().map(|place| place.number).collect::<Vec<_>>(), numbers);
        }
    }

    /// A message copy with this key, sent at this time, with these senders.
    fn copy(key: Key, sent_at: i64, senders: &[u32]) -> Vec<u8> {
        let mut entry = Writer::default();
        entry.value(key);
        entry.value(sent_at.to_le_bytes());
        let at = entry.leave_counts();
        let senders = entry.parties(senders.iter().copied());
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
        // Cut off anywhere, it is an error.
        for length in 2..chunk.len() {
            assert_eq!(
                MessageCopy::compact(&chunk[..length], &mut vec![]).is_err(),
                length != 1 + both.len() / 2
            );
        }
    }

    #[test]
    fn keys_that_only_begin_alike_are_told_apart() {
        const ACCOUNT: u32 = Party::FIRST_OF_ACCOUNTS.0;
        let key = |last| [[3; 15].as_slice(), &[last]].concat().try_into().unwrap();
        let mut logs = GroupLogs::of(MessageCopy::VERSION);
        logs.grow(1);
        for entry in [
            copy(key(2), 20, &[ACCOUNT]),
            copy(key(1), 10, &[7]),
            copy([9; 16], 30, &[7]),
            copy(key(2), 21, &[7]),
            copy([1; 16], 40, &[ACCOUNT]),
        ] {
            logs.append(0, raw(&entry), |_, _| Ok(false)).unwrap();
        }
        let log = logs.emit(EmitTo::All).unwrap();
        let mut found = vec![];
        let matters = MessageCopy::has_account;
        for_each_key::<MessageCopy>(chunks(log.as_list(), 0), matters, |copies| {
            let mut times: Vec<_> = copies.iter().map(|copy| copy.sent_at).collect();
            times.sort_unstable();
            found.push((copies[0].key[15], times));
            Ok(())
        })
        .unwrap();
        // Nobody of an account is in the message with nines.
        assert_eq!(found, [(1, vec![40]), (1, vec![10]), (2, vec![20, 21])]);
    }
}
