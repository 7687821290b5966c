//! `people_by_domain(known, domains, is_used, addresses, …)`: the aggregate that finds the people whom accounts
//! know by the domain of their address.
//!
//! An address that `known` contains is left out. The domain of another address is looked up in `domains`: if it
//! belongs to nobody (an internal entry), the address is left out. Otherwise the address belongs to the accounts of
//! the longest domain that equals its own or is a parent of it. The person is the address.
//!
//! State, version 1: one byte 0x01, then 20 bytes per address and account: the key of the address (see `id_hash`)
//! and the number of the account (Int32, big-endian), sorted, without duplicates. The state contains no addresses.
//! Memory per group: 24 to 48 bytes per address and account.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, Int32Array, ListArray, StringArray, StructArray,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, exec_datafusion_err, plan_err};
use datafusion::logical_expr::{AggregateUDF, ColumnarValue, Documentation, EmitTo};

use super::read::{AddressBook, NO_PEOPLE};
use super::{BookArgument, INTERNAL, PersonNo, book_and_addresses, expect_book};
use crate::functions::address::addresses::{addresses, for_each_address};
use crate::functions::address::dictionary_cache::{AddressDictionary, Memo};
use crate::functions::address::normalize::normalize;
use crate::functions::domain::host::{domain_of_address, with_parents};
use crate::functions::id_hash::{KEY_BYTES, KEY_TYPE, Key, id_hash};
use crate::functions::udf::declare::{Aggregate, STEPS};
use crate::functions::udf::group_sets::GroupSets;
use crate::functions::udf::grouped::{Accumulators, GroupState, Rows};
use crate::functions::udf::strings::Texts;

/// The first byte of a state.
const VERSION: u8 = 1;
/// The bytes of an entry: address and account.
const ENTRY: usize = KEY_BYTES + 4;
/// An entry as numbers, for a memo.
const WORDS: usize = ENTRY / 4;
/// Distinguishes the cached answers of this function from those of other functions.
const SETTING: u128 = u128::from_be_bytes(*b"people_by_domain");

type Entry = [u8; ENTRY];

pub(crate) fn udaf() -> Arc<AggregateUDF> {
    Aggregate {
        name: "people_by_domain",
        arguments: |types| {
            let [known, domains, is_used, addresses @ ..] = types else {
                return plan_err!("people_by_domain takes two address books, a boolean and addresses");
            };
            if !matches!(is_used, DataType::Boolean | DataType::Null) {
                return plan_err!("people_by_domain needs a boolean, not {is_used}");
            }
            let known: Vec<_> = std::iter::once(known.clone()).chain(addresses.iter().cloned()).collect();
            let mut types = book_and_addresses("people_by_domain", &known)?;
            types.splice(1..1, [expect_book("people_by_domain", domains)?, DataType::Boolean]);
            Ok(types)
        },
        returns: |_| Ok(result_type()),
        state: |_| Ok(DataType::BinaryView),
        accumulators: |_| Accumulators::of::<ByDomain>(),
        documentation: Documentation::builder(
            STEPS,
            "The people whom accounts know by the domain of their address: a list of structs (account_no, address_key), one \
             per account and address, where address_key is the id_hash() of the address. An address belongs to the accounts of \
             the longest domain that equals its own domain or is a parent of it. Exact, and independent of the order of rows.",
            "people_by_domain(known, domains, is_used, addresses, ...)",
        )
        .with_argument("known", "An address book with the addresses that are left out, the same for all rows.")
        .with_argument(
            "domains",
            "An address book with normalized domains in place of addresses, the same for all rows. An address whose own domain \
             has NULL as account number is left out.",
        )
        .with_argument("is_used", "Rows in which it is not true are ignored.")
        .with_argument("addresses", "Text or lists of text, in any spelling; any number of arguments. NULL is ignored.")
        .with_sql_example(
            "> select cardinality(people_by_domain(known, domains, true, ['x@mail.acme.com', 'carl@acme.com', 'y@bolt.com'])) from (select \
             address_book('carl@acme.com', 0, 'c1') as known, address_book('acme.com', 0, 'acme.com') as domains);\n1",
        )
        .with_related_udf("address_book")
        .with_related_udf("parent_domains")
        .build(),
    }
    .into_udf()
}

fn entry_fields() -> Fields {
    Fields::from(vec![
        Field::new("account_no", DataType::Int32, false),
        Field::new("address_key", KEY_TYPE, false),
    ])
}

fn result_type() -> DataType {
    DataType::new_list(DataType::Struct(entry_fields()), true)
}

/// Whom an address belongs to.
struct Matcher<'a> {
    known: AddressBook<'a>,
    domains: AddressBook<'a>,
}

impl Matcher<'_> {
    /// The entries of a normalized address.
    fn entries(&self, address: &str) -> Result<Vec<Entry>> {
        let key = id_hash(address);
        if self.known.find(key) != NO_PEOPLE {
            return Ok(vec![]);
        }
        let Some(domain) = domain_of_address(address) else { return Ok(vec![]) };
        for (position, domain) in with_parents(&domain).enumerate() {
            let found = self.domains.find(id_hash(domain));
            if found == NO_PEOPLE {
                continue;
            }
            let mut owners = vec![0; if found > NO_PEOPLE { self.domains.how_many(found).max(1) } else { 1 }];
            let count = self.domains.people(found, &mut owners)?;
            let accounts = owners[..count].iter().map(|owner| self.domains.account(PersonNo(*owner)));
            let mut accounts = accounts.collect::<Result<Vec<_>>>()?;
            if position == 0 && accounts.contains(&INTERNAL) {
                return Ok(vec![]);
            }
            accounts.retain(|account| *account != INTERNAL);
            if !accounts.is_empty() {
                return Ok(accounts.into_iter().map(|account| entry(key, account)).collect());
            }
        }
        Ok(vec![])
    }

    /// The entries of the values of a dictionary: for each value 0, or the position of the number of its entries,
    /// behind which they are.
    fn answers(&self, values: &StringArray, is_list: bool) -> Result<Vec<u32>> {
        let mut answers = vec![0; values.len()];
        for (position, raw) in values.iter().enumerate() {
            let Some(raw) = raw else { continue };
            let mut entries = vec![];
            match normalize(raw) {
                Some(address) => entries = self.entries(&address)?,
                None if is_list => {
                    for address in addresses(raw) {
                        entries.extend(self.entries(&address)?);
                    }
                }
                None => {}
            }
            if !entries.is_empty() {
                answers[position] = answers.len() as u32;
                answers.push(entries.len() as u32);
                answers.extend(entries.as_flattened().as_chunks().0.iter().map(|w| u32::from_be_bytes(*w)));
            }
        }
        Ok(answers)
    }
}

fn entry(address: Key, account: i32) -> Entry {
    let mut entry = [0; ENTRY];
    entry[..KEY_BYTES].copy_from_slice(&address);
    entry[KEY_BYTES..].copy_from_slice(&account.to_be_bytes());
    entry
}

#[derive(Clone, Default)]
struct ByDomain(GroupSets<Entry>);

impl ByDomain {
    /// Adds the rows of a column whose values are in a dictionary. Returns whether the column is one.
    fn add_dictionary(
        &mut self,
        matcher: &Matcher<'_>,
        column: &ArrayRef,
        rows: &[(usize, usize)],
    ) -> Result<bool> {
        let lists = column.as_list_opt::<i32>();
        let items = lists.map_or(column, ListArray::values);
        let Some(dictionary) = items.as_any().downcast_ref::<AddressDictionary>() else { return Ok(false) };
        let Some(values) = dictionary.values().as_string_opt::<i32>() else { return Ok(false) };
        let fingerprints = matcher.known.fingerprint() ^ matcher.domains.fingerprint().rotate_left(1);
        let setting = SETTING ^ fingerprints ^ u128::from(lists.is_some());
        let mut outcome = Ok(());
        let memo = Memo::recall(setting, values, |values| {
            matcher.answers(values, lists.is_some()).unwrap_or_else(|e| {
                outcome = Err(e);
                vec![0; values.len()]
            })
        });
        outcome?;
        let keys = dictionary.keys();
        for &(row, group) in rows {
            let range = match lists {
                Some(lists) if lists.is_null(row) => continue,
                Some(lists) => lists.value_offsets()[row] as usize..lists.value_offsets()[row + 1] as usize,
                None => row..row + 1,
            };
            for at in range.filter(|at| keys.is_valid(*at)) {
                let answer = memo.answer(keys.value(at)) as usize;
                if answer == 0 {
                    continue;
                }
                let answers = &memo.answers()[answer..];
                for words in answers[1..][..answers[0] as usize * WORDS].as_chunks::<WORDS>().0 {
                    let mut entry = [0; ENTRY];
                    for (bytes, word) in entry.as_chunks_mut::<4>().0.iter_mut().zip(words) {
                        *bytes = word.to_be_bytes();
                    }
                    self.0.add(group, entry);
                }
            }
        }
        memo.remember();
        Ok(true)
    }
}

impl GroupState for ByDomain {
    fn grow(&mut self, groups: usize) {
        self.0.grow(groups);
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows) -> Result<()> {
        let is_used = values[2].as_boolean();
        let used = |row: usize| is_used.is_valid(row) && is_used.value(row);
        let rows: Vec<_> = rows.iter().filter(|(row, _)| used(*row)).collect();
        let books = [&values[0], &values[1]].map(|book| ColumnarValue::Array(Arc::clone(book)));
        if rows.is_empty() {
            return Ok(());
        }
        let [known, domains] = [0, 1].map(|i| BookArgument::new("people_by_domain", &books[i]));
        let (known, domains) = (known?, domains?);
        let (Some(known), Some(domains)) = (known.open()?, domains.open()?) else { return Ok(()) };
        let matcher = Matcher { known, domains };
        for column in values[3..].iter().filter(|column| column.null_count() < column.len()) {
            if self.add_dictionary(&matcher, column, &rows)? {
                continue;
            }
            let texts = Texts::new(column)?;
            for (row, group) in &rows {
                for_each_address(&texts, *row, |address| {
                    matcher.entries(&address)?.into_iter().for_each(|entry| self.0.add(*group, entry));
                    Ok(())
                })?;
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &ArrayRef, rows: &Rows) -> Result<()> {
        let states = states.as_binary_view();
        for (row, group) in rows.not_null(states).iter() {
            decode(states.value(row))?.iter().for_each(|entry| self.0.add(group, *entry));
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let (mut accounts, mut addresses, mut lengths) = (vec![], vec![], vec![]);
        self.0.emit(emit_to, |set| {
            lengths.push(set.len());
            for (_, entry) in set {
                let (address, account) = entry.split_at(KEY_BYTES);
                addresses.extend_from_slice(address);
                accounts.push(account.iter().fold(0, |number, byte| number << 8 | i32::from(*byte)));
            }
        });
        let addresses = FixedSizeBinaryArray::try_new(KEY_BYTES as i32, addresses.into(), None)?;
        let columns: Vec<ArrayRef> = vec![Arc::new(Int32Array::from(accounts)), Arc::new(addresses)];
        let entries = StructArray::try_new(entry_fields(), columns, None)?;
        let field = Arc::new(Field::new_list_field(entries.data_type().clone(), true));
        Ok(Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), Arc::new(entries), None)?))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.0.emit_states(emit_to, |set, state| {
            state.push(VERSION);
            set.iter().for_each(|(_, entry)| state.extend(entry));
        })
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

fn decode(state: &[u8]) -> Result<&[Entry]> {
    let damaged = || exec_datafusion_err!("the state of people_by_domain is damaged or of a newer version");
    let (&VERSION, entries) = state.split_first().ok_or_else(damaged)? else { return Err(damaged()) };
    let (entries, rest) = entries.as_chunks();
    if rest.is_empty() && entries.is_sorted() { Ok(entries) } else { Err(damaged()) }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{BinaryViewArray, BooleanArray};
    use datafusion::arrow::compute::cast;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::super::book_type;
    use super::super::build::{self, build};
    use super::*;
    use crate::functions::testing::tester::Tester;

    fn book(entries: &[(&str, i32)]) -> ArrayRef {
        let entry = |(text, account): &(&str, i32)| build::Entry {
            address: id_hash(text),
            account: *account,
            person: id_hash(text),
        };
        let bytes = build(entries.iter().map(entry).collect()).unwrap();
        let DataType::Struct(fields) = book_type() else { unreachable!() };
        let books: ArrayRef = Arc::new(BinaryViewArray::from(vec![bytes.as_slice()]));
        Arc::new(StructArray::new(fields, vec![books], None))
    }

    const DOMAINS: [(&str, i32); 7] = [
        ("acme.com", 0),
        ("emea.acme.com", 1),
        ("shared.com", 0),
        ("shared.com", 2),
        ("contoso.com", INTERNAL),
        ("free.acme.com", INTERNAL),
        ("xn--bcher-kva.example", 3),
    ];

    /// The accounts of an address.
    fn accounts(address: &str) -> Vec<i32> {
        let (known, domains) = (book(&[("carl@acme.com", 5)]), book(&DOMAINS));
        let bytes = |book: &ArrayRef| book.as_struct().column(0).as_binary_view().value(0).to_vec();
        let (known, domains) = (bytes(&known), bytes(&domains));
        let matcher = Matcher {
            known: AddressBook::open(&known).unwrap(),
            domains: AddressBook::open(&domains).unwrap(),
        };
        let accounts = matcher.entries(address).unwrap();
        accounts.iter().map(|entry| i32::from_be_bytes(*entry[KEY_BYTES..].first_chunk().unwrap())).collect()
    }

    #[test]
    fn the_longest_domain_decides() {
        for (address, expected) in [
            ("x@acme.com", &[0][..]),
            ("x@mail.acme.com", &[0]),
            ("x@emea.acme.com", &[1]),
            ("x@a.b.emea.acme.com", &[1]),
            ("x@shared.com", &[0, 2]),
            ("x@bücher.example", &[3]),
            ("carl@acme.com", &[]),
            ("x@contoso.com", &[]),
            ("x@free.acme.com", &[]),
            ("x@a.free.acme.com", &[0]),
            ("x@notacme.com", &[]),
            ("x@com", &[]),
            ("x", &[]),
        ] {
            assert_eq!(accounts(address), expected, "{address}");
        }
    }

    proptest! {
        #[test]
        fn every_way_and_every_encoding_agree(
            rows in vec((0..2usize, any::<bool>(), "([ab]@(acme|x|shared|contoso)[.]com)?(; [ab]@emea[.]acme[.]com)?"), 1..30),
            cuts in vec(any::<usize>(), 0..4),
        ) {
            let groups: Vec<_> = rows.iter().map(|row| row.0).collect();
            let repeat = |book: &ArrayRef| {
                datafusion::arrow::compute::take(book, &Int32Array::from(vec![0; rows.len()]), None).unwrap()
            };
            let is_used: ArrayRef = Arc::new(BooleanArray::from_iter(rows.iter().map(|row| Some(row.1))));
            let text: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.2)));
            let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            let list = |text: ArrayRef| -> ArrayRef {
                let field = Arc::new(Field::new_list_field(text.data_type().clone(), true));
                Arc::new(ListArray::new(field, OffsetBuffer::from_lengths(vec![1; text.len()]), text, None))
            };
            let dictionary = cast(&text, &coded).unwrap();
            let of_lists = [list(text.clone()), list(dictionary.clone())];
            for columns in [[text, dictionary], of_lists] {
                let results = columns.map(|addresses| {
                    let known = book(&[("a@acme.com", 0)]);
                    let columns = vec![repeat(&known), repeat(&book(&DOMAINS)), Arc::clone(&is_used), addresses];
                    let types: Vec<_> = columns.iter().map(|c| c.data_type().clone()).collect();
                    Tester::new(udaf(), &types).all_ways_agree(&columns, &groups, 2, &cuts)
                });
                prop_assert_eq!(&results[0], &results[1]);
            }
        }
    }
}
