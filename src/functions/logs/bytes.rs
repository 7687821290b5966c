//! Numbers and lists in the entries of a log, little-endian. What is read is not trusted.

use datafusion::common::{Result, exec_datafusion_err};
use datafusion::error::DataFusionError;

use crate::functions::id_hash::{KEY_BYTES, Key};

/// Parties as they stand in a log.
pub(super) type Parties<'a> = &'a [[u8; 8]];

/// Lists of fewer values than this have a count of one byte; the others have this byte and four more.
const LONG: u8 = u8::MAX;

/// Reads an entry from the front of its bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or_else(damaged)?;
        self.0 = rest;
        Ok(*bytes)
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        Ok(self.bytes::<1>()?[0])
    }

    pub(super) fn i32(&mut self) -> Result<i32> {
        self.bytes().map(i32::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> Result<i64> {
        self.bytes().map(i64::from_le_bytes)
    }

    pub(super) fn i128(&mut self) -> Result<i128> {
        self.bytes().map(i128::from_le_bytes)
    }

    pub(super) fn key(&mut self) -> Result<Key> {
        self.bytes::<KEY_BYTES>()
    }

    /// A list of values of N bytes each.
    pub(super) fn list<const N: usize>(&mut self) -> Result<&'a [[u8; N]]> {
        let count = match self.byte()? {
            LONG => u32::from_le_bytes(self.bytes()?) as usize,
            count => usize::from(count),
        };
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
            let count = u32::try_from(count)
                .map_err(|_| exec_datafusion_err!("a list is too long for a log: {count}"))?;
            entry.push(LONG);
            entry.extend(count.to_le_bytes());
        }
    }
    values.for_each(|value| entry.extend(value));
    Ok(())
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
    }
}
