//! The binary value of `cumulative_counts`: the distinct values of a group with the number of values up to
//! each.
//!
//! Version 1: one byte 0x01, then for each distinct value, ascending, the value (Int64) and the number of
//! values up to and including it (UInt64), both little-endian.

use datafusion::common::{Result, exec_err};

/// The first byte.
pub(crate) const VERSION: u8 = 1;
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

fn read(entry: &[u8; ENTRY]) -> (i64, u64) {
    let (halves, _) = entry.as_chunks::<8>();
    (i64::from_le_bytes(halves[0]), u64::from_le_bytes(halves[1]))
}
