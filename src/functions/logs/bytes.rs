//! Numbers and lists in the entries of a log, little-endian. What is read is not trusted.
//!
//! The counts of all lists of an entry stand together before them: a byte each, 0xff for 255 and more;
//! after these bytes the counts that are so large, in their order (4 bytes each). Then come the lists.
//! Parties are two of them: ours by their numbers (4 bytes), then those of accounts (8 bytes).

use datafusion::common::{Result, exec_datafusion_err};
use datafusion::error::DataFusionError;

use crate::functions::address_book::Party;
use crate::functions::id_hash::{KEY_BYTES, Key};

/// The lists of an entry: a list of keys or none, then parties, which are two lists each. Where the last of
/// them ends is looked at once; each is cut out when it is asked for, as many entries are read for what
/// stands before their lists.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lists<'a, const N: usize> {
    counts: [u32; N],
    bytes: &'a [u8],
}

impl<'a, const N: usize> Lists<'a, N> {
    /// How many lists of keys there are.
    const KEYS: usize = N % 2;

    /// The size of the values of a list.
    const fn size(list: usize) -> usize {
        if list < Self::KEYS {
            KEY_BYTES
        } else if (list - Self::KEYS).is_multiple_of(2) {
            4
        } else {
            8
        }
    }

    /// How many bytes the lists before this one take; 64 bits hold it, whatever the counts are.
    #[inline]
    fn before(counts: &[u32; N], list: usize) -> u64 {
        (0..list).map(|i| u64::from(counts[i]) * Self::size(i) as u64).sum()
    }

    #[inline]
    fn list<const SIZE: usize>(&self, list: usize) -> &'a [[u8; SIZE]] {
        // All of them are there, so that these fit.
        let [begin, end] = [list, list + 1].map(|list| Self::before(&self.counts, list) as usize);
        self.bytes.get(begin..end).unwrap_or_default().as_chunks().0
    }

    /// The list of keys.
    #[inline]
    pub(super) fn keys(&self) -> &'a [Key] {
        if Self::KEYS == 0 { &[] } else { self.list(0) }
    }

    /// The parties with this number.
    #[inline]
    pub(super) fn parties(&self, number: usize) -> Parties<'a> {
        let list = Self::KEYS + 2 * number;
        Parties { ours: self.list(list), theirs: self.list(list + 1) }
    }

    /// Whether somebody of an account is among the parties with this number.
    #[inline]
    pub(super) fn has_account(&self, number: usize) -> bool {
        self.counts[Self::KEYS + 2 * number + 1] > 0
    }
}

/// Parties as they stand in a log: ours by their numbers, 4 bytes each, then those of accounts, 8 bytes
/// each. All would fit into fewer bytes, but to find out where each ends would cost more time than the
/// memory is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parties<'a> {
    ours: &'a [[u8; 4]],
    theirs: &'a [[u8; 8]],
}

impl<'a> Parties<'a> {
    /// The parties, ours first, otherwise as they were written.
    #[inline]
    pub(super) fn iter(self) -> impl Iterator<Item = u64> + 'a {
        self.ours().chain(self.theirs.iter().map(|party| u64::from_le_bytes(*party)))
    }

    /// Those of ours.
    #[inline]
    pub(super) fn ours(self) -> impl Iterator<Item = u64> + 'a {
        self.ours.iter().map(|party| u64::from(u32::from_le_bytes(*party)))
    }
}

/// Writes entries. Room is made first, so that nothing but its place has to be looked at for each value.
#[derive(Debug, Default)]
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

    /// Writes parties, ours and then those of accounts; gives how many of each, which
    /// [`Reader::lists`] needs to read them.
    #[inline]
    pub(super) fn parties(&mut self, parties: impl Iterator<Item = u64> + Clone) -> [usize; 2] {
        let is_ours = |party: u64| party < Party::FIRST_OF_ACCOUNTS.0;
        [
            self.some(parties.clone().map(|party| ((party as u32).to_le_bytes(), is_ours(party)))),
            self.some(parties.map(|party| (party.to_le_bytes(), !is_ours(party)))),
        ]
    }

    /// Writes a list; gives how many values it has, which [`Reader::lists`] needs to read it.
    #[inline]
    pub(super) fn list<const N: usize>(&mut self, values: impl Iterator<Item = [u8; N]> + Clone) -> usize {
        self.some(values.map(|value| (value, true)))
    }

    /// Writes those values of a list that are wanted; gives how many they are.
    #[inline]
    fn some<const N: usize>(&mut self, values: impl Iterator<Item = ([u8; N], bool)> + Clone) -> usize {
        let most = values.size_hint().1.unwrap_or_else(|| values.clone().count());
        self.make_room(N * most);
        let mut end = self.end;
        for (value, is_wanted) in values {
            self.bytes[end..end + N].copy_from_slice(&value);
            // Without a branch: nobody can guess what comes.
            end += if is_wanted { N } else { 0 };
        }
        let count = (end - self.end) / N;
        self.end = end;
        count
    }

    /// Leaves room for N counts, which are known when what they count is written; gives their place.
    #[inline]
    pub(super) fn leave_counts<const N: usize>(&mut self) -> usize {
        self.value([0; N]);
        self.end - N
    }

    /// Writes counts where [`Self::leave_counts`] has left room for them.
    ///
    /// They stand together, before all that they count, so that where an entry ends is known at once.
    ///
    /// # Errors
    /// A count of more than 32 bits.
    #[inline]
    pub(super) fn counts<const N: usize>(&mut self, counts: [usize; N], at: usize) -> Result<()> {
        if counts.iter().any(|count| *count >= usize::from(LONG)) {
            return self.long_counts(&counts, at);
        }
        self.bytes[at..at + N].copy_from_slice(&counts.map(|count| count as u8));
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
    pub(super) fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Option<u8> {
        Some(self.bytes::<1>()?[0])
    }

    #[inline]
    pub(super) fn i32(&mut self) -> Option<i32> {
        self.bytes().map(i32::from_le_bytes)
    }

    #[inline]
    pub(super) fn i64(&mut self) -> Option<i64> {
        self.bytes().map(i64::from_le_bytes)
    }

    #[inline]
    pub(super) fn i128(&mut self) -> Option<i128> {
        self.bytes().map(i128::from_le_bytes)
    }

    #[inline]
    pub(super) fn key(&mut self) -> Option<Key> {
        self.bytes::<KEY_BYTES>()
    }

    /// The lists of an entry and, before them, their counts, as [`Writer`] has written them.
    #[inline]
    pub(super) fn lists<const N: usize>(&mut self) -> Option<Lists<'a, N>> {
        let bytes = self.bytes::<N>()?;
        let mut counts = bytes.map(u32::from);
        if bytes.contains(&LONG) {
            self.long_counts(&mut counts)?;
        }
        let length = usize::try_from(Lists::before(&counts, N)).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(Lists { counts, bytes })
    }

    #[cold]
    fn long_counts(&mut self, counts: &mut [u32]) -> Option<()> {
        for count in counts.iter_mut().filter(|count| **count == u32::from(LONG)) {
            *count = u32::from_le_bytes(self.bytes()?);
        }
        Some(())
    }
}

pub(super) fn damaged() -> DataFusionError {
    exec_datafusion_err!("a log of copies or engagements is damaged, or of another version")
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// N lists: keys, where N is odd, and parties.
    fn come_back<const N: usize>(
        keys: &[Key],
        parties: &[Vec<u64>],
        cut: usize,
    ) -> Result<(), TestCaseError> {
        let mut entry = Writer::default();
        entry.value([7]);
        let at = entry.leave_counts::<N>();
        let mut counts = if N % 2 == 1 { vec![entry.list(keys.iter().copied())] } else { vec![] };
        parties.iter().for_each(|parties| counts.extend(entry.parties(parties.iter().copied())));
        entry.counts::<N>(counts.try_into().unwrap(), at).unwrap();
        let entry = entry.written();
        let read = |bytes| {
            let mut reader = Reader(bytes);
            Some((reader.lists::<N>()?, reader.is_empty()))
        };
        let (lists, is_all) = read(&entry[1..]).unwrap();
        prop_assert!(is_all);
        prop_assert_eq!(lists.keys(), keys);
        let is_of_account = |party: &u64| *party > u64::from(u32::MAX);
        for (number, parties) in parties.iter().enumerate() {
            prop_assert_eq!(lists.has_account(number), parties.iter().any(is_of_account));
            let mut parties = parties.clone();
            parties.sort_by_key(is_of_account);
            prop_assert_eq!(lists.parties(number).iter().collect::<Vec<_>>(), parties);
        }
        prop_assert!(read(&entry[1..1 + cut % (entry.len() - 1)]).is_none());
        Ok(())
    }

    proptest! {
        #[test]
        fn lists_come_back(
            keys in vec(any::<Key>(), 0..600),
            parties in prop::array::uniform3(vec(prop_oneof![0..u64::from(u32::MAX) + 2, any::<u64>()], 0..300)),
            cut in any::<usize>(),
        ) {
            come_back::<3>(&keys, &parties[..1], cut)?;
            come_back::<5>(&keys, &parties[..2], cut)?;
            come_back::<6>(&[], &parties, cut)?;
        }
    }
}
