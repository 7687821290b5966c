//! The binary format of an address book, which is read in place.
//!
//! Layout, version 3; all numbers are little-endian:
//!
//! | part | bytes | content |
//! |---|---|---|
//! | version | 4 | `EAB3` |
//! | counts | 3 × 4 | the number of slots (a power of two), links and people |
//! | fingerprint | 16 | XXH3-128 of everything after it |
//! | tags | 1 each | the tag of the address in each slot; 0 for an empty slot |
//! | slots | 20 each | the key of an address; its person number, or a reference to several people |
//! | links | 4 each | for each address of several people: their count, then their person numbers |
//! | accounts | 4 each | the account of each person, by position; -1 for internal people |
//! | people | 16 each | the key of each person, by position |
//!
//! Slots are a hash table with linear probing. A reference to several people is [`SEVERAL`] plus the
//! position of their count among the links.
//!
//! An address is identified by its 128-bit key (XXH3-128, see `id_hash`): with a million contacts and a
//! billion other addresses, the probability that any of these is mistaken for a contact is about 3·10^-24.
//! The address book contains no addresses, names or ids. The tag is a further part of the key: most
//! addresses of a mail archive are unknown, and for these only the small table of tags is read.

use datafusion::common::{Result, exec_datafusion_err, exec_err};
use prefetch_index::prefetch_index;

use super::{INTERNAL, PersonNo};
use crate::functions::id_hash::{KEY_BYTES, Key};

pub(crate) const VERSION: [u8; 4] = *b"EAB3";
pub(crate) const HEADER: usize = 32;
pub(crate) const ENTRY: usize = KEY_BYTES + 4;
pub(crate) const LINK: usize = 4;
pub(crate) const ACCOUNT: usize = 4;
/// How many searches [`AddressBook::find_all`] prepares at a time.
const AT_A_TIME: usize = 64;
/// The tag of an empty slot.
pub(crate) const GAP: u8 = 0;

/// The result of [`AddressBook::find`] for an unknown address: larger than any person number, smaller than
/// any reference to several people.
pub(crate) const NO_PEOPLE: u32 = 1 << PersonNo::BITS;
/// The smallest reference to several people.
pub(crate) const SEVERAL: u32 = NO_PEOPLE + 1;

/// Above every result of [`AddressBook::find`]: there are fewer than 2^30 links.
pub(crate) const LISTED: u32 = SEVERAL + (1 << (PersonNo::BITS - 1));

/// The tag of an address: bits of its key that its slot does not depend on. It is never [`GAP`].
pub(crate) fn tag(hash: u128) -> u8 {
    (hash >> 120) as u8 | 1
}

/// The number after the key in a slot: a person number, or a reference to several people.
#[inline]
fn value(slot: &[u8; ENTRY]) -> u32 {
    let mut value = [0; 4];
    value.copy_from_slice(&slot[KEY_BYTES..]);
    u32::from_le_bytes(value)
}

/// An address book, read in place.
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
    /// Opens an address book. Only its version and counts are checked, so that it can be called for every
    /// batch.
    ///
    /// # Errors
    /// The version is another one, or the counts do not match the number of bytes.
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

    /// A hash that identifies the content of the address book.
    pub fn fingerprint(&self) -> u128 {
        self.fingerprint
    }

    /// Looks up a normalized address by its key. The result is a person number, [`NO_PEOPLE`], or a reference
    /// to several people, which [`Self::people`] resolves.
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
        NO_PEOPLE
    }

    /// Looks up many normalized addresses by their keys, each with the result of [`Self::find`]; `None` gives
    /// [`NO_PEOPLE`].
    ///
    /// A search reads memory that is rarely in the CPU cache: the tag and, unless it is [`GAP`], the slot.
    /// So for a block of addresses, first all tags are read, in a loop without branches, and the slots that
    /// may be needed are prefetched. Only then are the addresses searched for.
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
                _ => NO_PEOPLE,
            };
            found.extend(addresses.iter().zip(may_be_known).map(search));
        }
        found
    }

    /// The number of people of a reference to several people (a number above [`NO_PEOPLE`]); 0 if the address
    /// book is damaged.
    pub fn how_many(&self, several: u32) -> usize {
        self.links_of(several).map_or(0, <[_]>::len)
    }

    /// Writes the person numbers for `found`, a result of [`Self::find`], to the beginning of `people`, and
    /// returns their count. `people` must have room for all of them, and for at least one.
    ///
    /// # Errors
    /// The address book is damaged, or several people do not fit into `people`.
    ///
    /// # Panics
    /// `people` is empty and `found` is not a reference to several people.
    #[inline]
    pub fn people(&self, found: u32, people: &mut [u32]) -> Result<usize> {
        if found > NO_PEOPLE {
            return self.several(found, people);
        }
        // Written without a branch: whether an address is known cannot be predicted.
        people[0] = found;
        Ok(usize::from(found != NO_PEOPLE))
    }

    /// Writes the person numbers of a reference to several people; returns their count.
    #[cold]
    fn several(&self, several: u32, people: &mut [u32]) -> Result<usize> {
        let links = self.links_of(several).and_then(|links| Some((links, people.get_mut(..links.len())?)));
        let Some((links, people)) = links else { return exec_err!("the address book is damaged") };
        people.iter_mut().zip(links).for_each(|(person, link)| *person = u32::from_le_bytes(*link));
        Ok(links.len())
    }

    /// How many addresses belong to people of several accounts. Internal people are ignored.
    ///
    /// # Errors
    /// The address book is damaged.
    pub fn shared_addresses(&self) -> Result<i64> {
        let mut shared = 0;
        for (_, slot) in self.tags.iter().zip(self.slots).filter(|(tag, _)| **tag != GAP) {
            let found = value(slot);
            if found > NO_PEOPLE {
                let mut people = vec![0; self.how_many(found)];
                self.people(found, &mut people)?;
                let accounts = people.into_iter().map(|person| self.account(PersonNo(person)));
                let accounts = accounts.collect::<Result<Vec<_>>>()?;
                let mut accounts = accounts.into_iter().filter(|account| *account != INTERNAL);
                let first = accounts.next();
                shared += i64::from(accounts.any(|account| Some(account) != first));
            }
        }
        Ok(shared)
    }

    /// The person numbers of a reference to several people; `None` if the address book is damaged.
    fn links_of(&self, several: u32) -> Option<&'a [[u8; LINK]]> {
        let (count, links) = self.links.get((several - SEVERAL) as usize..)?.split_first()?;
        links.get(..u32::from_le_bytes(*count) as usize)
    }

    /// The account of a person; [`INTERNAL`] for an internal person.
    ///
    /// # Errors
    /// The person number is not from this address book.
    #[inline]
    pub fn account(&self, person: PersonNo) -> Result<i32> {
        match self.accounts.get(person.number()) {
            Some(account) => Ok(i32::from_le_bytes(*account)),
            None => self.unknown(person),
        }
    }

    /// Prefetches the account of a person that [`Self::account`] will soon be called with.
    #[inline]
    pub fn fetch_account(&self, person: PersonNo) {
        prefetch_index(self.accounts, person.number());
    }

    /// The error for a person number that is not from this address book.
    ///
    /// # Errors
    /// Always.
    #[cold]
    pub fn unknown<T>(&self, person: PersonNo) -> Result<T> {
        exec_err!("person number {} is not in this address book of {} people", person.0, self.people.len())
    }

    /// The key of a person.
    ///
    /// # Errors
    /// The person number is not from this address book.
    pub fn person(&self, person: PersonNo) -> Result<Key> {
        let is_internal = self.account(person)? == INTERNAL;
        match self.people.get(person.number()) {
            Some(key) if is_internal == (person < PersonNo::FIRST_OF_ACCOUNTS) => Ok(*key),
            _ => self.unknown(person),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::address::book::build::{Entry, build};
    use crate::functions::id_hash::id_hash;

    fn entry(address: &str, account: i32, person: &str) -> Entry {
        Entry { address: id_hash(address), account, person: id_hash(person) }
    }

    fn sample() -> Vec<Entry> {
        vec![
            entry("anna@contoso.com", INTERNAL, "e1"),
            entry("anna.smith@contoso.com", INTERNAL, "e1"),
            entry("carl@acme.com", 0, "c1"),
            entry("carl.home@x.com", 0, "c1"),
            entry("shared@agency.com", 0, "s1"),
            entry("shared@agency.com", 7, "s1"),
        ]
    }

    fn spelled_out(book: &AddressBook, found: u32) -> Result<Vec<u32>> {
        let several = if found > NO_PEOPLE { book.how_many(found) } else { 1 };
        let mut people = vec![0; several];
        let count = book.people(found, &mut people)?;
        people.truncate(count);
        Ok(people)
    }

    fn numbers(book: &AddressBook, address: &str) -> Vec<PersonNo> {
        spelled_out(book, book.find(id_hash(address))).unwrap().into_iter().map(PersonNo).collect()
    }

    fn look_up(bytes: &[u8], address: &str) -> Vec<(i32, Key)> {
        let book = AddressBook::open(bytes).unwrap();
        let of = |person| (book.account(person).unwrap(), book.person(person).unwrap());
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
        assert_eq!(numbers(&book, "anna@contoso.com"), [PersonNo(0)], "internal come first");
        assert_eq!(book.shared_addresses().unwrap(), 1);
    }

    #[test]
    fn an_address_is_shared_by_accounts_not_by_people() {
        let shared = |entries: &[Entry]| {
            AddressBook::open(&build(entries.to_vec()).unwrap()).unwrap().shared_addresses().unwrap()
        };
        assert_eq!(shared(&[]), 0);
        assert_eq!(shared(&[entry("a@x", 0, "p"), entry("a@x", 0, "q")]), 0, "two people of one account");
        assert_eq!(shared(&[entry("a@x", INTERNAL, "p"), entry("a@x", 0, "q")]), 0, "one of internal");
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
                [book.find(known), NO_PEOPLE, NO_PEOPLE]
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
                        found
                            .into_iter()
                            .for_each(|n| drop((book.person(PersonNo(n)), book.account(PersonNo(n)))));
                    }
                }
            }
        }
    }
}
