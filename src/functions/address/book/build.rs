//! Builds the bytes of an address book from its entries.

use datafusion::common::{Result, exec_datafusion_err, exec_err};
use xxhash_rust::xxh3::xxh3_128;

use super::read::{ACCOUNT, ENTRY, GAP, HEADER, LINK, SEVERAL, VERSION, tag};
use super::{INTERNAL, PersonNo};
use crate::functions::id_hash::{KEY_BYTES, Key};

/// An address of a person, who is internal or belongs to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The key of the normalized address.
    pub address: Key,
    /// The number of the account; [`INTERNAL`] for an internal person.
    pub account: i32,
    /// The key of the person, which identifies the person within the account.
    pub person: Key,
}

impl Entry {
    /// The sort key of an entry: account, person, address.
    pub(crate) fn order(&self) -> (i32, u128, u128) {
        (self.account, number(self.person), number(self.address))
    }
}

/// Packs entries into an address book. Their order and repetitions do not matter.
///
/// # Errors
/// There are 2^30 or more people, or more than 2^28 addresses; or an account number is below [`INTERNAL`].
pub fn build(mut entries: Vec<Entry>) -> Result<Vec<u8>> {
    // People are numbered in the order of account and key. Entries from merged states are already in this
    // order, state by state; the stable sort makes use of such sorted runs.
    entries.sort_by_key(Entry::order);
    entries.dedup();
    if entries.first().is_some_and(|e| e.account < INTERNAL) {
        return exec_err!("the number of an account must be 0 or more");
    }
    let (mut people, mut accounts) = (vec![], vec![]);
    let mut known: Vec<(Key, u32)> = Vec::with_capacity(entries.len());
    for same in entries.chunk_by(|a, b| (a.account, a.person) == (b.account, b.person)) {
        let person = PersonNo::new(same[0].account, small(people.len())?).0;
        known.extend(same.iter().map(|e| (e.address, person)));
        people.push(same[0].person);
        accounts.push(same[0].account);
    }
    drop(entries);
    known.sort_unstable_by_key(|(address, person)| (number(*address), *person));

    // The table is at most half full, so that the search for an unknown address soon finds an empty slot.
    let addresses = known.chunk_by(|a, b| a.0 == b.0);
    let slots = (2 * addresses.clone().count()).next_power_of_two();
    small(slots)?;
    let (mut tags, mut table) = (vec![GAP; slots], vec![[0; ENTRY]; slots]);
    let mut links: Vec<u32> = vec![];
    for same in addresses {
        let value = match same {
            [one] => one.1,
            several => {
                let begin = small(links.len())?;
                links.push(small(several.len())?);
                links.extend(several.iter().map(|one| one.1));
                SEVERAL + begin
            }
        };
        let hash = number(same[0].0);
        let mut at = hash as usize & (slots - 1);
        while tags[at] != GAP {
            at = (at + 1) & (slots - 1);
        }
        tags[at] = tag(hash);
        table[at][..KEY_BYTES].copy_from_slice(&same[0].0);
        table[at][KEY_BYTES..].copy_from_slice(&value.to_le_bytes());
    }

    let size = HEADER + slots * (1 + ENTRY) + links.len() * LINK + people.len() * (ACCOUNT + KEY_BYTES);
    let mut book = Vec::with_capacity(size);
    book.extend(VERSION);
    for count in [slots, links.len(), people.len()] {
        book.extend(small(count)?.to_le_bytes());
    }
    book.extend([0; 16]);
    book.extend(&tags);
    book.extend(table.as_flattened());
    links.iter().for_each(|link| book.extend(link.to_le_bytes()));
    accounts.iter().for_each(|account| book.extend(account.to_le_bytes()));
    people.iter().for_each(|person| book.extend(person));
    debug_assert_eq!(book.len(), size);
    let fingerprint = xxh3_128(&book[HEADER..]).to_le_bytes();
    book[HEADER - 16..HEADER].copy_from_slice(&fingerprint);
    Ok(book)
}

/// A key as a number, which has the order of the bytes and is compared in one step.
fn number(key: Key) -> u128 {
    u128::from_be_bytes(key)
}

fn small(count: usize) -> Result<u32> {
    // Two bits are reserved: one distinguishes people of accounts from internal people, the other a
    // reference to several people from a person number.
    match u32::try_from(count) {
        Ok(count) if count < PersonNo::FIRST_OF_ACCOUNTS.0 => Ok(count),
        _ => Err(exec_datafusion_err!("too many addresses for one address book")),
    }
}
