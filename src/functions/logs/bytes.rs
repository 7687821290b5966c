//! Numbers and lists in the entries of a log, little-endian. What is read is not trusted.

use datafusion::common::{Result, exec_datafusion_err};
use datafusion::error::DataFusionError;

use crate::functions::address_book::Party;
use crate::functions::id_hash::{KEY_BYTES, Key};

/// Parties as they stand in a log: ours by their numbers, 4 bytes each, then those of accounts, 8 bytes
/// each. All would fit into fewer bytes, but to find out where each ends would cost more time than the
/// memory is worth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parties<'a> {
    ours: &'a [[u8; 4]],
    theirs: &'a [[u8; 8]],
}

impl<'a> Parties<'a> {
    /// The parties, ours first, otherwise as they were written.
    #[inline]
    pub(super) fn iter(self) -> impl Iterator<Item = u64> + 'a {
        let ours = self.ours.iter().map(|party| u64::from(u32::from_le_bytes(*party)));
        ours.chain(self.theirs.iter().map(|party| u64::from_le_bytes(*party)))
    }

    /// Whether somebody of an account is among them.
    #[inline]
    pub(super) fn has_account(self) -> bool {
        !self.theirs.is_empty()
    }
}

/// Writes parties that [`Reader::parties`] reads.
///
/// # Errors
/// More than 32 bits can count.
#[inline]
pub(super) fn write_parties(parties: impl Iterator<Item = u64> + Clone, entry: &mut Vec<u8>) -> Result<()> {
    let is_ours = |party: u64| party < Party::FIRST_OF_ACCOUNTS.0;
    write_some(parties.clone().map(|party| ((party as u32).to_le_bytes(), is_ours(party))), entry)?;
    write_some(parties.map(|party| (party.to_le_bytes(), !is_ours(party))), entry)
}

/// Writes those values of a list that are wanted, and before them how many they are.
fn write_some<const N: usize>(
    values: impl Iterator<Item = ([u8; N], bool)>,
    entry: &mut Vec<u8>,
) -> Result<()> {
    let at = entry.len();
    entry.push(0);
    for (value, is_wanted) in values {
        // Without a branch: nobody can guess what comes.
        entry.extend_from_slice(&value);
        entry.truncate(entry.len() - if is_wanted { 0 } else { N });
    }
    let count = (entry.len() - at - 1) / N;
    match u8::try_from(count) {
        Ok(count) if count < LONG => entry[at] = count,
        _ => {
            entry[at] = LONG;
            entry.splice(at + 1..at + 1, long(count)?.to_le_bytes());
        }
    }
    Ok(())
}

/// Lists of fewer values than this have a count of one byte; the others have this byte and four more.
const LONG: u8 = u8::MAX;

/// Reads an entry from the front of its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[inline]
    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or_else(damaged)?;
        self.0 = rest;
        Ok(*bytes)
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Result<u8> {
        Ok(self.bytes::<1>()?[0])
    }

    #[inline]
    pub(super) fn i32(&mut self) -> Result<i32> {
        self.bytes().map(i32::from_le_bytes)
    }

    #[inline]
    pub(super) fn i64(&mut self) -> Result<i64> {
        self.bytes().map(i64::from_le_bytes)
    }

    #[inline]
    pub(super) fn i128(&mut self) -> Result<i128> {
        self.bytes().map(i128::from_le_bytes)
    }

    #[inline]
    pub(super) fn key(&mut self) -> Result<Key> {
        self.bytes::<KEY_BYTES>()
    }

    /// A count that comes before what is counted.
    #[inline]
    fn count(&mut self) -> Result<usize> {
        Ok(match self.byte()? {
            LONG => u32::from_le_bytes(self.bytes()?) as usize,
            count => usize::from(count),
        })
    }

    /// What [`write_parties`] has written.
    #[inline]
    pub(super) fn parties(&mut self) -> Result<Parties<'a>> {
        Ok(Parties { ours: self.list()?, theirs: self.list()? })
    }

    /// A list of values of N bytes each.
    #[inline]
    pub(super) fn list<const N: usize>(&mut self) -> Result<&'a [[u8; N]]> {
        let count = self.count()?;
        let (list, rest) =
            count.checked_mul(N).and_then(|size| self.0.split_at_checked(size)).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(list.as_chunks().0)
    }
}

/// Writes a list that [`Reader::list`] reads. The count comes first, so it must be known.
///
/// # Errors
/// A count of more than 32 bits.
#[inline]
pub(super) fn write_list<const N: usize>(
    count: usize,
    values: impl Iterator<Item = [u8; N]>,
    entry: &mut Vec<u8>,
) -> Result<()> {
    match u8::try_from(count) {
        Ok(count) if count < LONG => entry.push(count),
        _ => {
            entry.push(LONG);
            entry.extend(long(count)?.to_le_bytes());
        }
    }
    entry.reserve(count * N);
    values.for_each(|value| entry.extend_from_slice(&value));
    Ok(())
}

fn long(count: usize) -> Result<u32> {
    u32::try_from(count).map_err(|_| exec_datafusion_err!("a list is too long for a log: {count}"))
}

pub(super) fn damaged() -> DataFusionError {
    exec_datafusion_err!("a log of copies or engagements is damaged, or of a newer version")
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lists_come_back(values in vec(any::<[u8; 8]>(), 0..600), cut in any::<usize>()) {
            let mut entry = vec![];
            write_list(values.len(), values.iter().copied(), &mut entry).unwrap();
            let mut reader = Reader(&entry);
            prop_assert_eq!(reader.list::<8>().unwrap(), &values[..]);
            prop_assert!(reader.is_empty());
            prop_assert!(Reader(&entry[..cut % entry.len()]).list::<8>().is_err());
        }

        #[test]
        fn parties_come_back(
            mut parties in vec(prop_oneof![0..u64::from(u32::MAX) + 2, any::<u64>()], 0..600),
        ) {
            let mut entry = vec![];
            write_parties(parties.iter().copied(), &mut entry).unwrap();
            let mut reader = Reader(&entry);
            let read = reader.parties().unwrap();
            parties.sort_by_key(|party| *party > u64::from(u32::MAX));
            prop_assert_eq!(read.has_account(), parties.iter().any(|party| *party > u64::from(u32::MAX)));
            prop_assert_eq!(read.iter().collect::<Vec<_>>(), parties);
            prop_assert!(reader.is_empty());
        }
    }
}
