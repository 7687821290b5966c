//! The binary value of `cumulative_counts`: the distinct values of a group with the number of values up to
//! each.
//!
//! Of numbers, version 1: one byte 0x01, then for each distinct value, ascending, the value (Int64) and the number of
//! values up to and including it (UInt64), both little-endian.
//!
//! Of lists, version 2: one byte 0x02, then for each position of the lists the length of its distribution in bytes (UInt32,
//! little-endian), and the distribution as version 1. One binary value, and not a list of them, because it goes through a
//! join to every row of Office, where a list would be copied item by item.

use datafusion::common::{Result, exec_err};

/// The first byte.
pub(crate) const VERSION: u8 = 1;
/// The first byte of the distributions of lists.
pub(crate) const VERSION_OF_LISTS: u8 = 2;
/// The bytes of the length of one of them.
const LENGTH: usize = 4;
/// The bytes of a value and its cumulative count.
const ENTRY: usize = 16;

/// CumulativeCounts in place: distinct values, ascending, with the number of values up to each.
pub struct CumulativeCounts<'a>(&'a [[u8; ENTRY]]);

impl<'a> CumulativeCounts<'a> {
    /// Opens the bytes; looks at their length only, so that it can be called for every row.
    ///
    /// # Errors
    /// Bytes that `cumulative_counts` cannot have written.
    pub fn open(bytes: &'a [u8]) -> Result<Self> {
        match bytes.split_first() {
            Some((&VERSION, entries)) if entries.len() % ENTRY == 0 => Ok(Self(entries.as_chunks().0)),
            _ => {
                exec_err!(
                    "cumulative counts are damaged or of another version than {VERSION}: {} bytes",
                    bytes.len()
                )
            }
        }
    }

    /// How many values are at most this one.
    #[inline]
    pub fn at_most(&self, value: i64) -> u64 {
        // Of counts nearly all small ones occur, so that most stand where they would if all did.
        let first = self.0.first().map_or(0, |entry| read(entry).0);
        let guess = usize::try_from(value.wrapping_sub(first)).ok().and_then(|i| self.0.get(i)).map(read);
        if let Some((found, upto)) = guess
            && found == value
        {
            return upto;
        }
        let above = self.0.partition_point(|entry| read(entry).0 <= value);
        above.checked_sub(1).map_or(0, |i| read(&self.0[i]).1)
    }

    /// Checks what [`Self::open`] does not: values ascend, counts do not go down.
    pub(crate) fn check(&self) -> Result<()> {
        let ascend = |w: &[[u8; ENTRY]]| read(&w[0]).0 < read(&w[1]).0 && read(&w[0]).1 <= read(&w[1]).1;
        if self.0.windows(2).all(ascend) {
            Ok(())
        } else {
            exec_err!("cumulative counts are damaged: their values do not ascend")
        }
    }

    /// Distinct values and how often each occurs.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (i64, u64)> + '_ {
        let before = std::iter::once(0).chain(self.0.iter().map(|e| read(e).1));
        self.0.iter().zip(before).map(|(entry, before)| {
            let (value, upto) = read(entry);
            (value, upto.saturating_sub(before))
        })
    }
}

/// The distributions of the positions of lists, one after the other.
pub(crate) struct Distributions<'a>(&'a [u8]);

impl<'a> Distributions<'a> {
    /// Opens the bytes.
    ///
    /// # Errors
    /// Bytes that `cumulative_counts` of lists cannot have written.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self> {
        match bytes.split_first() {
            Some((&VERSION_OF_LISTS, rest)) => Ok(Self(rest)),
            _ => damaged(bytes),
        }
    }

    /// The next distribution; `None` behind the last one.
    ///
    /// # Errors
    /// The bytes are cut short.
    pub(crate) fn next(&mut self) -> Result<Option<&'a [u8]>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let cut = self
            .0
            .split_first_chunk::<LENGTH>()
            .and_then(|(length, rest)| rest.split_at_checked(u32::from_le_bytes(*length) as usize));
        let Some((one, rest)) = cut else { return damaged(self.0) };
        self.0 = rest;
        Ok(Some(one))
    }

    /// All of them.
    ///
    /// # Errors
    /// The bytes are cut short.
    pub(crate) fn all(mut self) -> Result<Vec<&'a [u8]>> {
        let mut all = vec![];
        while let Some(one) = self.next()? {
            all.push(one);
        }
        Ok(all)
    }

    /// Appends a distribution to the bytes of several.
    ///
    /// # Errors
    /// It has 4 GB or more.
    pub(crate) fn append(bytes: &mut Vec<u8>, one: &[u8]) -> Result<()> {
        let Ok(length) = u32::try_from(one.len()) else {
            return exec_err!("cumulative counts of a list are too large: {} bytes", one.len());
        };
        bytes.extend(length.to_le_bytes());
        bytes.extend(one);
        Ok(())
    }
}

fn damaged<T>(bytes: &[u8]) -> Result<T> {
    exec_err!("cumulative counts are damaged or of another version: {} bytes", bytes.len())
}

fn read(entry: &[u8; ENTRY]) -> (i64, u64) {
    let (halves, _) = entry.as_chunks::<8>();
    (i64::from_le_bytes(halves[0]), u64::from_le_bytes(halves[1]))
}
