//! Numbers and lists in the entries of a log, little-endian. What is read is not trusted.
//!
//! An entry has three lists. Their counts stand together before them: a byte each, 0xff for 255 and more;
//! after these bytes the counts that are so large, in their order (4 bytes each). Then come the lists.
//! Parties take 4 bytes each.

use datafusion::common::{Result, exec_datafusion_err};
use datafusion::error::DataFusionError;

use crate::functions::address_book::Party;
use crate::functions::id_hash::{KEY_BYTES, Key};

/// How many lists an entry has.
const LISTS: usize = 3;

/// The size of a party.
pub(super) const PARTY: usize = size_of::<u32>();

/// The lists of an entry: the values of the first are of this size, the others are parties. Where the
/// last of them ends is looked at once; each is cut out when it is asked for, as many entries are read for
/// what stands before their lists.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lists<'a, const FIRST: usize> {
    counts: [u32; LISTS],
    bytes: &'a [u8],
}

impl<'a, const FIRST: usize> Lists<'a, FIRST> {
    /// How many bytes the lists before this one take; 64 bits hold it, whatever the counts are.
    #[inline]
    fn before(counts: &[u32; LISTS], list: usize) -> u64 {
        let size = |i: usize| if i == 0 { FIRST } else { PARTY } as u64;
        (0..list).map(|i| u64::from(counts[i]) * size(i)).sum()
    }

    #[inline]
    fn list<const SIZE: usize>(&self, list: usize) -> &'a [[u8; SIZE]] {
        // All of them are there, so that these fit.
        let [begin, end] = [list, list + 1].map(|list| Self::before(&self.counts, list) as usize);
        self.bytes.get(begin..end).unwrap_or_default().as_chunks().0
    }

    /// The values of the first list.
    #[inline]
    pub(super) fn first(&self) -> &'a [[u8; FIRST]] {
        self.list(0)
    }

    /// A list of parties.
    #[inline]
    pub(super) fn parties(&self, list: usize) -> Parties<'a> {
        Parties(self.list(list))
    }
}

/// Parties as they stand in a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parties<'a>(&'a [[u8; PARTY]]);

impl<'a> Parties<'a> {
    /// The parties as they were written.
    #[inline]
    pub(super) fn iter(self) -> impl Iterator<Item = u32> + 'a {
        self.0.iter().map(|party| u32::from_le_bytes(*party))
    }

    /// Whether somebody of an account is among them.
    #[inline]
    pub(super) fn has_account(self) -> bool {
        self.iter().fold(0, |all, party| all | party) >= Party::FIRST_OF_ACCOUNTS.0
    }
}

/// Writes entries. Room is made first, so that nothing but its place has to be looked at for each value.
#[derive(Debug, Default, Clone)]
pub(super) struct Writer {
    /// What is written, and room after it.
    bytes: Vec<u8>,
    end: usize,
}

impl Writer {
    /// What is written so far.
    #[inline]
    pub(super) fn written(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    /// The next value is written in the place of the first.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.end = 0;
    }

    #[inline]
    fn make_room(&mut self, size: usize) {
        if self.bytes.len() - self.end < size {
            self.bytes.resize((self.end + size).next_power_of_two(), 0);
        }
    }

    /// Writes a value of N bytes.
    #[inline]
    pub(super) fn value<const N: usize>(&mut self, value: [u8; N]) {
        self.make_room(N);
        self.bytes[self.end..self.end + N].copy_from_slice(&value);
        self.end += N;
    }

    /// Bytes on the heap.
    #[inline]
    pub(super) fn size(&self) -> usize {
        self.bytes.capacity()
    }

    /// Writes a list; gives how many values it has, which [`Reader::lists`] needs to read it.
    #[inline]
    pub(super) fn list<const N: usize>(&mut self, values: impl Iterator<Item = [u8; N]> + Clone) -> usize {
        let most = values.size_hint().1.unwrap_or_else(|| values.clone().count());
        self.make_room(N * most);
        let mut count = 0;
        for (place, value) in self.bytes[self.end..].as_chunks_mut().0.iter_mut().zip(values) {
            *place = value;
            count += 1;
        }
        self.end += N * count;
        count
    }

    /// Writes a list of parties.
    #[inline]
    pub(super) fn parties(&mut self, parties: impl Iterator<Item = u32> + Clone) -> usize {
        self.list(parties.map(u32::to_le_bytes))
    }

    /// Leaves room for the counts of the lists, which are known when these are written; gives their place.
    #[inline]
    pub(super) fn leave_counts(&mut self) -> usize {
        self.value([0; LISTS]);
        self.end - LISTS
    }

    /// Writes counts where [`Self::leave_counts`] has left room for them.
    ///
    /// They stand together, before all that they count, so that where an entry ends is known at once.
    ///
    /// # Errors
    /// A count of more than 32 bits.
    #[inline]
    pub(super) fn counts(&mut self, counts: [usize; LISTS], at: usize) -> Result<()> {
        if counts.iter().any(|count| *count >= usize::from(LONG)) {
            return self.long_counts(&counts, at);
        }
        self.bytes[at..at + LISTS].copy_from_slice(&counts.map(|count| count as u8));
        Ok(())
    }

    #[cold]
    fn long_counts(&mut self, counts: &[usize], at: usize) -> Result<()> {
        let mut long = vec![];
        for (byte, count) in self.bytes[at..].iter_mut().zip(counts) {
            *byte = (*count).min(usize::from(LONG)) as u8;
            if *byte == LONG {
                let count = u32::try_from(*count)
                    .map_err(|_| exec_datafusion_err!("a list is too long for a log: {count}"))?;
                long.extend(count.to_le_bytes());
            }
        }
        let after = at + counts.len();
        self.end += long.len();
        self.bytes.splice(after..after, long);
        Ok(())
    }
}

/// A smaller count takes one byte; the others have this byte and, after all bytes of counts, four more.
const LONG: u8 = u8::MAX;

/// Reads an entry from the front of its bytes; None where they are damaged: an error is large, and every
/// step would need room for one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline]
    pub(super) fn bytes<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(bytes)
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Option<u8> {
        Some(self.bytes::<1>()?[0])
    }

    #[inline]
    pub(super) fn i32(&mut self) -> Option<i32> {
        self.bytes().copied().map(i32::from_le_bytes)
    }

    #[inline]
    pub(super) fn i64(&mut self) -> Option<i64> {
        self.bytes().copied().map(i64::from_le_bytes)
    }

    #[inline]
    pub(super) fn key(&mut self) -> Option<Key> {
        self.bytes::<KEY_BYTES>().copied()
    }

    /// The lists of an entry and, before them, their counts, as [`Writer`] has written them.
    #[inline]
    pub(super) fn lists<const FIRST: usize>(&mut self) -> Option<Lists<'a, FIRST>> {
        let bytes = self.bytes::<LISTS>()?;
        // No part of them is changed in place: to read them again at once, as a whole, would be to wait.
        let counts = if bytes.contains(&LONG) { self.long_counts(*bytes)? } else { bytes.map(u32::from) };
        let length = usize::try_from(Lists::<FIRST>::before(&counts, LISTS)).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(Lists { counts, bytes })
    }

    #[cold]
    fn long_counts(&mut self, bytes: [u8; LISTS]) -> Option<[u32; LISTS]> {
        let mut counts = bytes.map(u32::from);
        for count in counts.iter_mut().filter(|count| **count == u32::from(LONG)) {
            *count = u32::from_le_bytes(*self.bytes()?);
        }
        Some(counts)
    }
}

pub(super) fn damaged() -> DataFusionError {
    exec_datafusion_err!("a log of copies or engagements is damaged, or of another version")
}

/// Writes bytes as they are.
#[cfg(test)]
pub(super) fn raw(bytes: &[u8]) -> impl FnOnce(&mut Writer) -> Result<()> {
    |entry| {
        entry.list(bytes.iter().map(|byte| [*byte]));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn come_back<const FIRST: usize>(
        first: &[[u8; FIRST]],
        parties: &[Vec<u32>; 2],
        cut: usize,
    ) -> Result<(), TestCaseError> {
        let mut entry = Writer::default();
        entry.value([7]);
        let at = entry.leave_counts();
        let first_count = entry.list(first.iter().copied());
        let [one, other] = parties.each_ref().map(|parties| entry.parties(parties.iter().copied()));
        entry.counts([first_count, one, other], at).unwrap();
        let entry = entry.written();
        let read = |bytes| {
            let mut reader = Reader(bytes);
            Some((reader.lists::<FIRST>()?, reader.is_empty()))
        };
        let (lists, is_all) = read(&entry[1..]).unwrap();
        prop_assert!(is_all);
        prop_assert_eq!(lists.first(), first);
        for (list, parties) in (1..).zip(parties) {
            prop_assert_eq!(&lists.parties(list).iter().collect::<Vec<_>>(), parties);
            let has_account = parties.iter().any(|party| *party >= Party::FIRST_OF_ACCOUNTS.0);
            prop_assert_eq!(lists.parties(list).has_account(), has_account);
        }
        prop_assert!(read(&entry[1..1 + cut % (entry.len() - 1)]).is_none());
        Ok(())
    }

    proptest! {
        #[test]
        fn lists_come_back(
            first in vec(any::<[u8; 8]>(), 0..600),
            parties in prop::array::uniform2(
                vec(prop_oneof![0..Party::FIRST_OF_ACCOUNTS.0, any::<u32>()], 0..300)
            ),
            cut in any::<usize>(),
        ) {
            come_back(&first, &parties, cut)?;
            come_back(first.as_flattened().as_chunks::<PARTY>().0, &parties, cut)?;
        }
    }
}
