//! Numbers and lists in the entries of a log, little-endian. What is read is not trusted.

use datafusion::common::{Result, exec_datafusion_err};
use datafusion::error::DataFusionError;

use crate::functions::id_hash::{KEY_BYTES, Key};

/// Parties as they stand in a log: in few bytes each, because a log holds millions. Of each the number
/// of the person, doubled, and one more where an account follows; both as base-128 numbers with the
/// low digits first and a high bit in all bytes but the last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parties<'a>(&'a [u8]);

impl<'a> Parties<'a> {
    /// The parties, as they were written; what is damaged ends them.
    #[inline]
    pub(super) fn iter(self) -> impl Iterator<Item = u64> + 'a {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let person = number(&mut rest)?;
            let account = if person & 1 != 0 { number(&mut rest)? } else { 0 };
            Some(account << 32 | person >> 1 & u64::from(u32::MAX))
        })
    }
}

/// Takes a base-128 number from the front.
#[inline]
fn number(bytes: &mut &[u8]) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
        if shift > 35 {
            return None;
        }
    }
}

#[inline]
fn write_number(mut number: u64, entry: &mut Vec<u8>) {
    while number >= 0x80 {
        entry.push(number as u8 | 0x80);
        number >>= 7;
    }
    entry.push(number as u8);
}

/// Writes parties that [`Reader::parties`] reads; the number of their bytes comes first.
///
/// # Errors
/// More bytes than 32 bits can count.
#[inline]
pub(super) fn write_parties(parties: impl Iterator<Item = u64>, entry: &mut Vec<u8>) -> Result<()> {
    let at = entry.len();
    entry.push(0);
    for party in parties {
        let (account, person) = (party >> 32, party & u64::from(u32::MAX));
        write_number(person << 1 | u64::from(account != 0), entry);
        if account != 0 {
            write_number(account, entry);
        }
    }
    let size = entry.len() - at - 1;
    match u8::try_from(size) {
        Ok(size) if size < LONG => entry[at] = size,
        _ => {
            entry[at] = LONG;
            entry.splice(at + 1..at + 1, long(size)?.to_le_bytes());
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
        let size = self.count()?;
        let (parties, rest) = self.0.split_at_checked(size).ok_or_else(damaged)?;
        self.0 = rest;
        Ok(Parties(parties))
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
    values.for_each(|value| entry.extend(value));
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
            parties in vec(prop_oneof![0..3000u64, any::<u64>(), (1..90_000u64, 0..900_000u64).prop_map(|(a, p)| a << 32 | p)], 0..200),
            cut in any::<usize>(),
        ) {
            let mut entry = vec![7];
            write_parties(parties.iter().copied(), &mut entry).unwrap();
            let mut reader = Reader(&entry[1..]);
            prop_assert_eq!(reader.parties().unwrap().iter().collect::<Vec<_>>(), parties);
            prop_assert!(reader.is_empty());
            prop_assert!(Reader(&entry[1..1 + cut % (entry.len() - 1)]).parties().is_err());
        }

        #[test]
        fn any_bytes_are_parties(bytes in vec(any::<u8>(), 0..40)) {
            prop_assert!(Parties(&bytes).iter().count() <= bytes.len());
        }
    }

    #[test]
    fn parties_take_few_bytes() {
        let mut entry = vec![];
        write_parties([2_000, 50_001 << 32 | 400_000].into_iter(), &mut entry).unwrap();
        assert_eq!(entry.len(), 1 + 2 + 6);
    }
}
