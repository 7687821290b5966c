//! Entries → the bytes of a book.

use std::collections::HashMap;

use datafusion::common::{Result, exec_datafusion_err};
use xxhash_rust::xxh3::xxh3_64;

use super::read::{HEADER, LINK, PARTY, SLOT, VERSION};
use crate::functions::id_hash::Key;

/// An address of a person: in an account, or of ours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// A normalized address.
    pub address: Box<str>,
    /// The number of the account; [`OURS`](super::OURS) for one of ours.
    pub account: i32,
    /// Who it is, within the account.
    pub person: Key,
}

/// Packs entries into a book; their order and repetitions do not matter.
///
/// # Errors
/// More than 2^32 addresses, or 4 GB of them.
pub fn build(mut entries: Vec<Entry>) -> Result<Vec<u8>> {
    entries.sort_unstable();
    entries.dedup();
    let mut parties: Vec<(i32, Key)> = entries.iter().map(|e| (e.account, e.person)).collect();
    parties.sort_unstable();
    parties.dedup();
    let number: HashMap<(i32, Key), u32> = (0..).zip(&parties).map(|(i, p)| (*p, i)).collect();

    let (mut text, mut links) = (Vec::new(), Vec::with_capacity(entries.len()));
    // Where the text and the links of each address begin, and where the last ones end.
    let mut begins: Vec<[u32; 2]> = Vec::new();
    let mut hashes = Vec::new();
    let mut previous: Option<&str> = None;
    for entry in &entries {
        if previous != Some(&entry.address) {
            begins.push([small(text.len())?, small(links.len())?]);
            hashes.push(xxh3_64(entry.address.as_bytes()));
            text.extend(entry.address.as_bytes());
            previous = Some(&entry.address);
        }
        links.push(number[&(entry.account, entry.person)]);
    }
    begins.push([small(text.len())?, small(links.len())?]);

    // At most half full, so that the search for an address that is not there soon meets a gap.
    let slots = (2 * hashes.len()).next_power_of_two();
    let mut table = vec![0u64; slots];
    for (index, hash) in hashes.iter().enumerate() {
        let mut at = *hash as usize & (slots - 1);
        while table[at] != 0 {
            at = (at + 1) & (slots - 1);
        }
        table[at] = (hash >> 32) << 32 | u64::from(small(index + 1)?);
    }

    let size =
        HEADER + slots * SLOT + begins.len() * 8 + links.len() * LINK + parties.len() * PARTY + text.len();
    let mut book = Vec::with_capacity(size);
    book.extend(VERSION);
    for count in [slots, hashes.len(), links.len(), parties.len(), text.len()] {
        book.extend(small(count)?.to_le_bytes());
    }
    table.iter().for_each(|slot| book.extend(slot.to_le_bytes()));
    begins.iter().flatten().for_each(|begin| book.extend(begin.to_le_bytes()));
    links.iter().for_each(|link| book.extend(link.to_le_bytes()));
    for (account, person) in &parties {
        book.extend(account.to_le_bytes());
        book.extend(person);
    }
    book.extend(&text);
    Ok(book)
}

fn small(count: usize) -> Result<u32> {
    u32::try_from(count).map_err(|_| exec_datafusion_err!("too many addresses for one address book"))
}
