//! Numbers and lists in records, little-endian. The bytes are not trusted: reading checks that they do not
//! end too early.
//!
//! A record ends with three lists. Their lengths (*counts*) are stored together before the lists: first one
//! byte per list, 0xff for 255 and more; then, in the same order, 4 bytes for each length that is 255 or
//! more. The lists follow. A person number takes 4 bytes.

use datafusion::common::{Result, exec_datafusion_err};
use datafusion::error::DataFusionError;

use crate::functions::address::book::PersonNo;
use crate::functions::id_hash::{KEY_BYTES, Key};

/// The number of lists in a record.
const LISTS: usize = 3;

/// The size of a person number, in bytes.
pub(crate) const PERSON_BYTES: usize = size_of::<u32>();

/// The lists of a record. The values of the first list have `FIRST` bytes each; the other lists contain
/// person numbers. [`Reader::lists`] checks once where the last list ends. A list is sliced only when it is
/// requested, because many records are read only for the fields before their lists.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lists<'a, const FIRST: usize> {
    counts: [u32; LISTS],
    bytes: &'a [u8],
}

impl<'a, const FIRST: usize> Lists<'a, FIRST> {
    /// The number of bytes of the lists before this one. It fits into 64 bits for all counts.
    #[inline]
    fn before(counts: &[u32; LISTS], list: usize) -> u64 {
        let size = |i: usize| if i == 0 { FIRST } else { PERSON_BYTES } as u64;
        (0..list).map(|i| u64::from(counts[i]) * size(i)).sum()
    }

    #[inline]
    fn list<const SIZE: usize>(&self, list: usize) -> &'a [[u8; SIZE]] {
        // `Reader::lists` has checked that all these bytes exist, so the positions fit into usize.
        let [begin, end] = [list, list + 1].map(|list| Self::before(&self.counts, list) as usize);
        self.bytes.get(begin..end).unwrap_or_default().as_chunks().0
    }

    /// The values of the first list.
    #[inline]
    pub(crate) fn first(&self) -> &'a [[u8; FIRST]] {
        self.list(0)
    }

    /// A list of person numbers.
    #[inline]
    pub(crate) fn people(&self, list: usize) -> PeopleSlice<'a> {
        PeopleSlice(self.list(list))
    }
}

/// Person numbers as they are stored in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PeopleSlice<'a>(&'a [[u8; PERSON_BYTES]]);

impl<'a> PeopleSlice<'a> {
    /// The person numbers, in the order in which they were written.
    #[inline]
    pub(crate) fn iter(self) -> impl Iterator<Item = u32> + 'a {
        self.0.iter().map(|person| u32::from_le_bytes(*person))
    }

    /// Whether at least one of these people belongs to an account. `FIRST_OF_ACCOUNTS` is a power of two, so
    /// the bitwise OR of all numbers reaches it exactly if one of the numbers does.
    #[inline]
    pub(crate) fn has_account(self) -> bool {
        self.iter().fold(0, |all, person| all | person) >= PersonNo::FIRST_OF_ACCOUNTS.0
    }
}

/// Writes records. Space for a whole list is reserved first, so that its values are written without a check
/// of the capacity for each.
#[derive(Debug, Default, Clone)]
pub(crate) struct Writer {
    /// The written bytes, followed by reserved space.
    bytes: Vec<u8>,
    end: usize,
}

impl Writer {
    /// The bytes that are written so far.
    #[inline]
    pub(crate) fn written(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    /// Discards what is written. The allocation is reused.
    #[inline]
    pub(crate) fn clear(&mut self) {
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
    pub(crate) fn value<const N: usize>(&mut self, value: [u8; N]) {
        self.make_room(N);
        self.bytes[self.end..self.end + N].copy_from_slice(&value);
        self.end += N;
    }

    /// Bytes on the heap.
    #[inline]
    pub(crate) fn size(&self) -> usize {
        self.bytes.capacity()
    }

    /// Writes a list and returns its length. The length must be passed to [`Self::counts`], because
    /// [`Reader::lists`] needs it.
    #[inline]
    pub(crate) fn list<const N: usize>(&mut self, values: impl Iterator<Item = [u8; N]> + Clone) -> usize {
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

    /// Writes a list of person numbers and returns its length.
    #[inline]
    pub(crate) fn people(&mut self, people: impl Iterator<Item = u32> + Clone) -> usize {
        self.list(people.map(u32::to_le_bytes))
    }

    /// Reserves space for the counts, which are known only after the lists are written. Returns the position
    /// of this space.
    #[inline]
    pub(crate) fn leave_counts(&mut self) -> usize {
        self.value([0; LISTS]);
        self.end - LISTS
    }

    /// Writes the counts to the space that [`Self::leave_counts`] has reserved at the position `at`.
    ///
    /// They are stored together, before the lists, so that the end of a record is known without reading the
    /// lists.
    ///
    /// # Errors
    /// A count of more than 32 bits.
    #[inline]
    pub(crate) fn counts(&mut self, counts: [usize; LISTS], at: usize) -> Result<()> {
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
                    .map_err(|_| exec_datafusion_err!("a list is too long for a buffer: {count}"))?;
                long.extend(count.to_le_bytes());
            }
        }
        let after = at + counts.len();
        self.end += long.len();
        self.bytes.splice(after..after, long);
        Ok(())
    }
}

/// A count below this value takes one byte. Any other count has this value in its byte, and takes 4 more
/// bytes after the bytes of all counts.
const LONG: u8 = u8::MAX;

/// Reads records from the front of its bytes. The methods return `None` if the bytes end too early. They do
/// not return a `Result`, because an error is large, and each step would need stack space for one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(pub(crate) &'a [u8]);

impl<'a> Reader<'a> {
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline]
    pub(crate) fn bytes<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(bytes)
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Option<u8> {
        Some(self.bytes::<1>()?[0])
    }

    #[inline]
    pub(crate) fn i32(&mut self) -> Option<i32> {
        self.bytes().copied().map(i32::from_le_bytes)
    }

    #[inline]
    pub(crate) fn i64(&mut self) -> Option<i64> {
        self.bytes().copied().map(i64::from_le_bytes)
    }

    #[inline]
    pub(crate) fn key(&mut self) -> Option<Key> {
        self.bytes::<KEY_BYTES>().copied()
    }

    /// Reads the counts and the lists that follow them, as [`Writer`] has written them.
    #[inline]
    pub(crate) fn lists<const FIRST: usize>(&mut self) -> Option<Lists<'a, FIRST>> {
        let bytes = self.bytes::<LISTS>()?;
        // The counts are never changed in place: a wide load right after narrow stores stalls on store
        // forwarding.
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

/// The error for bytes that are not a valid buffer of the expected kind and version.
pub(crate) fn damaged() -> DataFusionError {
    exec_datafusion_err!("a buffer of copies or engagements is damaged, or of another version")
}

/// Writes these bytes unchanged, as one record.
#[cfg(test)]
pub(crate) fn raw(bytes: &[u8]) -> impl FnOnce(&mut Writer) -> Result<()> {
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
        people: &[Vec<u32>; 2],
        cut: usize,
    ) -> Result<(), TestCaseError> {
        let mut entry = Writer::default();
        entry.value([7]);
        let at = entry.leave_counts();
        let first_count = entry.list(first.iter().copied());
        let [one, other] = people.each_ref().map(|people| entry.people(people.iter().copied()));
        entry.counts([first_count, one, other], at).unwrap();
        let entry = entry.written();
        let read = |bytes| {
            let mut reader = Reader(bytes);
            Some((reader.lists::<FIRST>()?, reader.is_empty()))
        };
        let (lists, is_all) = read(&entry[1..]).unwrap();
        prop_assert!(is_all);
        prop_assert_eq!(lists.first(), first);
        for (list, people) in (1..).zip(people) {
            prop_assert_eq!(&lists.people(list).iter().collect::<Vec<_>>(), people);
            let has_account = people.iter().any(|person| *person >= PersonNo::FIRST_OF_ACCOUNTS.0);
            prop_assert_eq!(lists.people(list).has_account(), has_account);
        }
        prop_assert!(read(&entry[1..1 + cut % (entry.len() - 1)]).is_none());
        Ok(())
    }

    proptest! {
        #[test]
        fn lists_come_back(
            first in vec(any::<[u8; 8]>(), 0..600),
            people in prop::array::uniform2(
                vec(prop_oneof![0..PersonNo::FIRST_OF_ACCOUNTS.0, any::<u32>()], 0..300)
            ),
            cut in any::<usize>(),
        ) {
            come_back(&first, &people, cut)?;
            come_back(first.as_flattened().as_chunks::<PERSON_BYTES>().0, &people, cut)?;
        }
    }
}
