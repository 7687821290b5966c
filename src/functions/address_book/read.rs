//! The bytes of a book, read in place.
//!
//! Layout, version 3, numbers little-endian:
//!
//! | part | size | what |
//! |---|---|---|
//! | version | 4 | `EAB3` |
//! | counts | 3 × 4 | slots (a power of two), links, people |
//! | fingerprint | 16 | XXH3-128 of all that follows |
//! | tags | 1 each | of the address in the slot; 0 is a gap |
//! | slots | 20 each | key of the address; its party, or where its parties are among the links |
//! | links | 4 each | for each address of several parties: how many, and the parties |
//! | accounts | 4 each | the accounts of people, by number; -1 for ours |
//! | people | 16 each | keys of people, by number |
//!
//! An address is known by its 128-bit key (XXH3-128, see `id_hash`): with a million contacts and a
//! billion other addresses, the chance that any of them is taken for a contact is about 3·10^-24.
//! The book holds no address, name or id of anybody. The tag is a second part of the key: most
//! addresses of a mail archive are unknown, and for those the small table of tags is all that is
//! read.

use datafusion::common::{Result, exec_datafusion_err, exec_err};
use prefetch_index::prefetch_index;

use super::{OURS, Party};
use crate::functions::id_hash::{KEY_BYTES, Key};

pub(super) const VERSION: [u8; 4] = *b"EAB3";
pub(super) const HEADER: usize = 32;
pub(super) const ENTRY: usize = KEY_BYTES + 4;
pub(super) const LINK: usize = 4;
pub(super) const ACCOUNT: usize = 4;
/// So many searches are prepared at a time.
const AT_A_TIME: usize = 64;
/// The tag of a slot without an address.
pub(super) const GAP: u8 = 0;

/// What [`AddressBook::find`] gives for an address that is unknown: more than any party, less than any
/// place of several.
pub(super) const NOBODY: u32 = 1 << Party::BITS;
/// The place of the first of several.
pub(super) const SEVERAL: u32 = NOBODY + 1;

/// The tag of an address: bits of its key that its slot does not depend on.
pub(super) fn tag(hash: u128) -> u8 {
    (hash >> 120) as u8 | 1
}

/// What stands behind the key of a slot.
#[inline]
fn value(slot: &[u8; ENTRY]) -> u32 {
    let mut value = [0; 4];
    value.copy_from_slice(&slot[KEY_BYTES..]);
    u32::from_le_bytes(value)
}

/// A book in place.
#[derive(Clone, Copy)]
pub struct AddressBook<'a> {
    fingerprint: u128,
    tags: &'a [u8],
    slots: &'a [[u8; ENTRY]],
    links: &'a [[u8; LINK]],
    accounts: &'a [[u8; ACCOUNT]],
    people: &'a [Key],
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
        let slots = count(1);
        if numbers[0] != VERSION || !slots.is_power_of_two() {
            return Err(damaged());
        }
        let mut part = |count: usize, size: usize| {
            let (part, after) =
                count.checked_mul(size).and_then(|n| rest.split_at_checked(n)).ok_or_else(damaged)?;
            rest = after;
            Ok::<_, datafusion::error::DataFusionError>(part)
        };
        let mut fingerprint = [0; 16];
        fingerprint.copy_from_slice(&header[16..]);
        let book = Self {
            fingerprint: u128::from_le_bytes(fingerprint),
            tags: part(slots, 1)?,
            slots: part(slots, ENTRY)?.as_chunks().0,
            links: part(count(2), LINK)?.as_chunks().0,
            accounts: part(count(3), ACCOUNT)?.as_chunks().0,
            people: part(count(3), KEY_BYTES)?.as_chunks().0,
        };
        if rest.is_empty() { Ok(book) } else { Err(damaged()) }
    }

    /// Stands for the content of the book.
    pub fn fingerprint(&self) -> u128 {
        self.fingerprint
    }

    /// Who is behind a normalized address, given by its key: a party, [`NOBODY`], or a
    /// place of several, which [`Self::parties`] spells out.
    #[inline]
    pub fn find(&self, address: Key) -> u32 {
        let hash = u128::from_be_bytes(address);
        let (tag, mask) = (tag(hash), self.tags.len() - 1);
        for step in 0..self.tags.len() {
            let at = (hash as usize).wrapping_add(step) & mask;
            if self.tags[at] == GAP {
                break;
            }
            if self.tags[at] == tag && self.slots[at][..KEY_BYTES] == address {
                return value(&self.slots[at]);
            }
        }
        NOBODY
    }

    /// The same for many addresses; none is nobody.
    ///
    /// A search jumps to places in memory that no cache has: to the tag and, if that is not a gap, to the
    /// slot. So for some addresses at a time all tags are looked at first, one after the other without a
    /// decision, and the slots that may be needed are fetched, before any is searched for.
    pub fn find_all(&self, addresses: &[Option<Key>]) -> Vec<u32> {
        let mask = self.tags.len() - 1;
        let mut found = Vec::with_capacity(addresses.len());
        for addresses in addresses.chunks(AT_A_TIME) {
            let mut may_be_known = [false; AT_A_TIME];
            for (address, may_be_known) in addresses.iter().zip(&mut may_be_known) {
                let at = u128::from_be_bytes(address.unwrap_or_default()) as usize & mask;
                *may_be_known = address.is_some() && self.tags[at] != GAP;
                prefetch_index(self.slots, if *may_be_known { at } else { 0 });
            }
            let search = |(address, may_be_known): (&Option<Key>, bool)| match address {
                Some(address) if may_be_known => self.find(*address),
                _ => NOBODY,
            };
            found.extend(addresses.iter().zip(may_be_known).map(search));
        }
        found
    }

    /// How many parties a place of several, a number above [`NOBODY`], stands for.
    pub fn how_many(&self, several: u32) -> usize {
        self.links_of(several).map_or(0, <[_]>::len)
    }

    /// Writes who was found to the beginning of `parties`, where there is room for one at least; gives how
    /// many they are.
    ///
    /// # Errors
    /// A damaged book.
    #[inline]
    pub fn parties(&self, found: u32, parties: &mut [u32]) -> Result<usize> {
        if found > NOBODY {
            return self.several(found, parties);
        }
        // Without a branch: whether an address is known cannot be guessed.
        parties[0] = found;
        Ok(usize::from(found != NOBODY))
    }

    /// Spells out a place of several parties; gives their number.
    #[cold]
    fn several(&self, several: u32, parties: &mut [u32]) -> Result<usize> {
        let links = self.links_of(several).and_then(|links| Some((links, parties.get_mut(..links.len())?)));
        let Some((links, parties)) = links else { return exec_err!("the address book is damaged") };
        parties.iter_mut().zip(links).for_each(|(party, link)| *party = u32::from_le_bytes(*link));
        Ok(links.len())
    }

    /// How many addresses there are behind which parties of several accounts are.
    ///
    /// # Errors
    /// A damaged book.
    pub fn shared_addresses(&self) -> Result<i64> {
        let mut shared = 0;
        for (_, slot) in self.tags.iter().zip(self.slots).filter(|(tag, _)| **tag != GAP) {
            let found = value(slot);
            if found > NOBODY {
                let mut parties = vec![0; self.how_many(found)];
                self.parties(found, &mut parties)?;
                let accounts = parties.into_iter().map(|party| self.account(Party(party)));
                let accounts = accounts.collect::<Result<Vec<_>>>()?;
                let mut accounts = accounts.into_iter().filter(|account| *account != OURS);
                let first = accounts.next();
                shared += i64::from(accounts.any(|account| Some(account) != first));
            }
        }
        Ok(shared)
    }

    /// The parties of an address with several; None if the book is damaged.
    fn links_of(&self, several: u32) -> Option<&'a [[u8; LINK]]> {
        let (count, links) = self.links.get((several - SEVERAL) as usize..)?.split_first()?;
        links.get(..u32::from_le_bytes(*count) as usize)
    }

    /// The account of a party; [`OURS`] for one of ours.
    ///
    /// # Errors
    /// A party that is not from this book.
    #[inline]
    pub fn account(&self, party: Party) -> Result<i32> {
        match self.accounts.get(party.number()) {
            Some(account) => Ok(i32::from_le_bytes(*account)),
            None => self.unknown(party),
        }
    }

    /// Has the account of a party fetched from memory, where soon it is asked for.
    #[inline]
    pub fn fetch_account(&self, party: Party) {
        prefetch_index(self.accounts, party.number());
    }

    /// The error for a party that is not from this book.
    ///
    /// # Errors
    /// Always.
    #[cold]
    pub fn unknown<T>(&self, party: Party) -> Result<T> {
        exec_err!("party {} is not in this address book of {}", party.0, self.people.len())
    }

    /// The key of the person that a party stands for.
    ///
    /// # Errors
    /// A party that is not from this book.
    pub fn person(&self, party: Party) -> Result<Key> {
        let is_ours = self.account(party)? == OURS;
        match self.people.get(party.number()) {
            Some(person) if is_ours == (party < Party::FIRST_OF_ACCOUNTS) => Ok(*person),
            _ => self.unknown(party),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::build::{Entry, build};
    use super::*;
    use crate::functions::id_hash::id_hash;

    fn entry(address: &str, account: i32, person: &str) -> Entry {
        Entry { address: id_hash(address), account, person: id_hash(person) }
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

    fn spelled_out(book: &AddressBook, found: u32) -> Result<Vec<u32>> {
        let several = if found > NOBODY { book.how_many(found) } else { 1 };
        let mut parties = vec![0; several];
        let count = book.parties(found, &mut parties)?;
        parties.truncate(count);
        Ok(parties)
    }

    fn numbers(book: &AddressBook, address: &str) -> Vec<Party> {
        spelled_out(book, book.find(id_hash(address))).unwrap().into_iter().map(Party).collect()
    }

    fn look_up(bytes: &[u8], address: &str) -> Vec<(i32, Key)> {
        let book = AddressBook::open(bytes).unwrap();
        let of = |party| (book.account(party).unwrap(), book.person(party).unwrap());
        numbers(&book, address).into_iter().map(of).collect()
    }

    #[test]
    fn finds_who_is_behind_an_address() {
        let bytes = build(sample()).unwrap();
        assert_eq!(look_up(&bytes, "carl.home@x.com"), [(0, id_hash("c1"))]);
        assert_eq!(look_up(&bytes, "shared@agency.com"), [(0, id_hash("s1")), (7, id_hash("s1"))]);
        assert_eq!(look_up(&bytes, "nobody@x.com"), []);
        assert_eq!(look_up(&bytes, ""), []);
        let book = AddressBook::open(&bytes).unwrap();
        assert_eq!(numbers(&book, "anna@contoso.com"), numbers(&book, "anna.smith@contoso.com"));
        assert_eq!(numbers(&book, "anna@contoso.com"), [Party(0)], "ours come first");
        assert_eq!(book.shared_addresses().unwrap(), 1);
    }

    #[test]
    fn an_address_is_shared_by_accounts_not_by_people() {
        let shared = |entries: &[Entry]| {
            AddressBook::open(&build(entries.to_vec()).unwrap()).unwrap().shared_addresses().unwrap()
        };
        assert_eq!(shared(&[]), 0);
        assert_eq!(shared(&[entry("a@x", 0, "p"), entry("a@x", 0, "q")]), 0, "two people of one account");
        assert_eq!(shared(&[entry("a@x", OURS, "p"), entry("a@x", 0, "q")]), 0, "one of ours");
        assert_eq!(shared(&[entry("a@x", 0, "p"), entry("a@x", 1, "q"), entry("b@x", 2, "p")]), 1);
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
    fn every_one_of_many_is_found() {
        let many = || (0..5000).map(|i| entry(&format!("{i}@x"), i % 7 - 1, &format!("{}", i / 2)));
        let bytes = build(many().collect()).unwrap();
        for (i, e) in many().enumerate() {
            assert_eq!(look_up(&bytes, &format!("{i}@x")), [(e.account, e.person)]);
            assert_eq!(look_up(&bytes, &format!("{i}@y")), []);
            let book = AddressBook::open(&bytes).unwrap();
            let (known, unknown) = (e.address, id_hash(&format!("{i}@y")));
            assert_eq!(
                book.find_all(&[Some(known), None, Some(unknown)]),
                [book.find(known), NOBODY, NOBODY]
            );
        }
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
                let _ = book.shared_addresses();
                for e in sample() {
                    if let Ok(found) = spelled_out(&book, book.find(e.address)) {
                        found.into_iter().for_each(|n| drop((book.person(Party(n)), book.account(Party(n)))));
                    }
                }
            }
        }
    }
}
