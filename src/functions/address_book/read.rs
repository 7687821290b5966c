//! The bytes of a book, read in place.
//!
//! Layout, version 1, all numbers little-endian:
//!
//! | part | size | what |
//! |---|---|---|
//! | version | 4 | `EAB1` |
//! | counts | 5 × 4 | slots (a power of two), addresses, links, parties, bytes of text |
//! | slots | 8 each | upper half of the address's hash, index of the address + 1; 0 is a gap |
//! | begins | 8 each, one more than addresses | where the text and the links of an address begin |
//! | links | 4 each | numbers of parties |
//! | parties | 20 each | number of the account (-1: ours), key of the person |
//! | text | | the addresses, sorted |
//!
//! The hash is XXH3-64; an address found by its hash is then compared, so the book is exact.

use std::ops::Range;

use datafusion::common::{Result, exec_datafusion_err, exec_err};
use xxhash_rust::xxh3::xxh3_64;

use crate::functions::id_hash::{KEY_BYTES, Key};

pub(super) const VERSION: [u8; 4] = *b"EAB1";
pub(super) const HEADER: usize = 24;
pub(super) const SLOT: usize = 8;
pub(super) const LINK: usize = 4;
pub(super) const PARTY: usize = 4 + KEY_BYTES;

/// The account of our own people.
pub const OURS: i32 = -1;

/// A person on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Party {
    /// The number of the account; [`OURS`] for one of ours.
    pub account: i32,
    /// Who it is, within the account.
    pub person: Key,
}

/// A book in place.
#[derive(Clone, Copy)]
pub struct AddressBook<'a> {
    slots: &'a [[u8; SLOT]],
    begins: &'a [[u8; 8]],
    links: &'a [[u8; LINK]],
    parties: &'a [[u8; PARTY]],
    text: &'a [u8],
}

impl<'a> AddressBook<'a> {
    /// Reads a book; looks at its counts only, so that it can be called for every batch.
    ///
    /// # Errors
    /// Bytes of another version, or counts that do not fit their number.
    pub fn open(bytes: &'a [u8]) -> Result<Self> {
        let damaged = || {
            exec_datafusion_err!("the address book is damaged or of another version: {} bytes", bytes.len())
        };
        let (header, mut rest) = bytes.split_at_checked(HEADER).ok_or_else(damaged)?;
        let (numbers, _) = header.as_chunks::<4>();
        let count = |i: usize| u32::from_le_bytes(numbers[i]) as usize;
        let (slots, addresses) = (count(1), count(2));
        if numbers[0] != VERSION || !slots.is_power_of_two() || addresses >= slots.max(2) {
            return Err(damaged());
        }
        let mut part = |count: usize, size: usize| {
            let (part, after) =
                count.checked_mul(size).and_then(|n| rest.split_at_checked(n)).ok_or_else(damaged)?;
            rest = after;
            Ok::<_, datafusion::error::DataFusionError>(part)
        };
        let book = Self {
            slots: part(slots, SLOT)?.as_chunks().0,
            begins: part(addresses + 1, 8)?.as_chunks().0,
            links: part(count(3), LINK)?.as_chunks().0,
            parties: part(count(4), PARTY)?.as_chunks().0,
            text: part(count(5), 1)?,
        };
        if rest.is_empty() { Ok(book) } else { Err(damaged()) }
    }

    /// The numbers of the parties behind a normalized address; none where it is unknown.
    ///
    /// # Errors
    /// A damaged book.
    pub fn find(&self, address: &str) -> Result<impl Iterator<Item = u32> + 'a> {
        let hash = xxh3_64(address.as_bytes());
        let mask = self.slots.len() - 1;
        let mut found = 0..0;
        for step in 0..self.slots.len() {
            let slot = u64::from_le_bytes(self.slots[(hash as usize).wrapping_add(step) & mask]);
            if slot == 0 {
                break;
            }
            if slot >> 32 == hash >> 32 {
                let (text, links) = self.spans((slot as u32).wrapping_sub(1) as usize)?;
                if self.text.get(text) == Some(address.as_bytes()) {
                    found = links;
                    break;
                }
            }
        }
        let Some(links) = self.links.get(found) else { return exec_err!("the address book is damaged") };
        Ok(links.iter().map(|link| u32::from_le_bytes(*link)))
    }

    /// Where the text and the links of an address are.
    fn spans(&self, index: usize) -> Result<(Range<usize>, Range<usize>)> {
        let Some([begin, end]) = self.begins.get(index..index.saturating_add(2)).and_then(|b| b.as_array())
        else {
            return exec_err!("the address book is damaged");
        };
        let split = |both: &[u8; 8]| {
            let both = u64::from_le_bytes(*both);
            (both as u32 as usize, (both >> 32) as usize)
        };
        let ((text, links), (text_end, links_end)) = (split(begin), split(end));
        Ok((text..text_end.max(text), links..links_end.max(links)))
    }

    /// Who a number stands for.
    ///
    /// # Errors
    /// A number that is not from this book.
    pub fn party(&self, number: u32) -> Result<Party> {
        let Some(party) = self.parties.get(number as usize) else {
            return exec_err!("party {number} is not in this address book of {}", self.parties.len());
        };
        let (mut account, mut person) = ([0; 4], [0; KEY_BYTES]);
        account.copy_from_slice(&party[..4]);
        person.copy_from_slice(&party[4..]);
        Ok(Party { account: i32::from_le_bytes(account), person })
    }
}

#[cfg(test)]
mod tests {
    use super::super::build::{Entry, build};
    use super::*;
    use crate::functions::id_hash::id_hash;

    fn entry(address: &str, account: i32, person: &str) -> Entry {
        Entry { address: address.into(), account, person: id_hash(person) }
    }

    fn sample() -> Vec<Entry> {
        vec![
            entry("anna@contoso.com", OURS, "e1"),
            entry("anna.smith@contoso.com", OURS, "e1"),
            entry("carl@acme.com", 0, "c1"),
            entry("carl.home@x.com", 0, "c1"),
            entry("shared@agency.com", 0, "s1"),
            entry("shared@agency.com", 7, "s1"),
        ]
    }

    fn look_up(bytes: &[u8], address: &str) -> Vec<(i32, Key)> {
        let book = AddressBook::open(bytes).unwrap();
        book.find(address).unwrap().map(|n| book.party(n).unwrap()).map(|p| (p.account, p.person)).collect()
    }

    #[test]
    fn finds_who_is_behind_an_address() {
        let bytes = build(sample()).unwrap();
        assert_eq!(look_up(&bytes, "carl.home@x.com"), [(0, id_hash("c1"))]);
        assert_eq!(look_up(&bytes, "shared@agency.com"), [(0, id_hash("s1")), (7, id_hash("s1"))]);
        assert_eq!(look_up(&bytes, "nobody@x.com"), []);
        assert_eq!(look_up(&bytes, ""), []);
        let book = AddressBook::open(&bytes).unwrap();
        let number = |a| book.find(a).unwrap().collect::<Vec<_>>();
        assert_eq!(number("anna@contoso.com"), number("anna.smith@contoso.com"));
        assert_eq!(number("anna@contoso.com"), [0], "ours come first");
    }

    #[test]
    fn the_same_rows_give_the_same_bytes() {
        let mut other = sample();
        other.reverse();
        other.extend(sample());
        assert_eq!(build(sample()).unwrap(), build(other).unwrap());
    }

    #[test]
    fn an_empty_book_knows_nobody() {
        assert_eq!(look_up(&build(vec![]).unwrap(), "anna@contoso.com"), []);
    }

    #[test]
    fn damage_is_refused_or_finds_nobody_but_never_panics() {
        let good = build(sample()).unwrap();
        for cut in 0..good.len() {
            assert!(AddressBook::open(&good[..cut]).is_err());
        }
        for at in 0..good.len() {
            for flip in [1, 0x80, 0xff] {
                let mut bad = good.clone();
                bad[at] ^= flip;
                let Ok(book) = AddressBook::open(&bad) else { continue };
                for e in sample() {
                    if let Ok(found) = book.find(&e.address) {
                        found.for_each(|n| drop(book.party(n)));
                    }
                }
            }
        }
    }
}
