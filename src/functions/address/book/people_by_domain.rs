//! `people_by_domain(known, domains, is_used, addresses, …)`: the aggregate that finds the people whom accounts
//! know by the domain of their address.
//!
//! An address that `known` contains is left out. The domain of another address is looked up in `domains`: if it
//! belongs to nobody (an internal entry), the address is left out. Otherwise the address belongs to the accounts of
//! the longest domain that equals its own or is a parent of it. The person is the address.
//!
//! State, version 1: one byte 0x01, then 20 bytes per address and account: the key of the address (see `id_hash`)
//! and the number of the account (Int32, big-endian), sorted, without duplicates. The state contains no addresses.
//! Memory per group: 24 to 48 bytes per address and account. Without GROUP BY, at most 8 MB and one bit
//! per value of the last dictionaries more.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, Int32Array, ListArray, StructArray,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, exec_datafusion_err, plan_err};
use datafusion::logical_expr::{AggregateUDF, ColumnarValue, Documentation, EmitTo};

use super::read::{AddressBook, NO_PEOPLE};
use super::seen_values::{DictionaryRows, RecentTexts, SeenValues};
use super::{BookArgument, INTERNAL, PersonNo, book_and_addresses, expect_book};
use crate::functions::address::addresses::{for_each_address, for_each_in_text};
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
    /// Identifies the two books.
    fn fingerprint(&self) -> u128 {
        self.known.fingerprint() ^ self.domains.fingerprint().rotate_left(1)
    }

    /// Calls `f` with each entry of a normalized address.
    ///
    /// The domain comes first: most addresses of a mail archive are internal, which the small book of domains says.
    fn entries(&self, address: &str, mut f: impl FnMut(Entry)) -> Result<()> {
        let Some(domain) = domain_of_address(address) else { return Ok(()) };
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
                return Ok(());
            }
            accounts.retain(|account| *account != INTERNAL);
            if !accounts.is_empty() {
                let key = id_hash(address);
                if self.known.find(key) == NO_PEOPLE {
                    accounts.into_iter().for_each(|account| f(entry(key, account)));
                }
                return Ok(());
            }
        }
        Ok(())
    }
}

fn entry(address: Key, account: i32) -> Entry {
    let mut entry = [0; ENTRY];
    entry[..KEY_BYTES].copy_from_slice(&address);
    entry[KEY_BYTES..].copy_from_slice(&account.to_be_bytes());
    entry
}

#[derive(Clone, Default)]
struct ByDomain {
    people: GroupSets<Entry>,
    groups: usize,
    /// The books of the last batch.
    books: u128,
    /// The values that have occurred in each column of addresses, and in other columns and dictionaries lately. They need
    /// not be looked up again if there is only one group.
    seen: Vec<Option<SeenValues>>,
    lately: RecentTexts,
}

impl ByDomain {
    /// Adds the rows of a column, whose position among the columns of addresses is `at`.
    fn add(&mut self, matcher: &Matcher<'_>, column: &ArrayRef, at: usize, rows: &Rows<'_>) -> Result<()> {
        if self.groups == 1
            && let Some(column) = DictionaryRows::new(column)
        {
            let seen = SeenValues::of(&mut self.seen[at], column.values);
            let new = self.lately.new_ones(&column, column.new_values(rows, seen));
            return new.into_iter().try_for_each(|value| {
                for_each_in_text(column.values.value(value), column.is_list(), |address| {
                    matcher.entries(&address, |entry| self.people.add(0, entry))
                })
            });
        }
        let texts = Texts::new(column)?;
        rows.iter().try_for_each(|(row, group)| {
            for_each_address(&texts, row, |address| {
                matcher.entries(&address, |entry| self.people.add(group, entry))
            })
        })
    }

    fn look_again(&mut self) {
        self.seen.clear();
        self.lately = RecentTexts::default();
    }

    /// Before groups are emitted, which gives the remaining ones other numbers.
    fn forget(&mut self, emit_to: EmitTo) {
        self.look_again();
        self.groups -= match emit_to {
            EmitTo::All => self.groups,
            EmitTo::First(n) => n,
        };
    }
}

impl GroupState for ByDomain {
    fn grow(&mut self, groups: usize) {
        self.people.grow(groups);
        self.groups = self.groups.max(groups);
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows) -> Result<()> {
        let rows = rows.where_true(values[2].as_boolean());
        let books = [&values[0], &values[1]].map(|book| ColumnarValue::Array(Arc::clone(book)));
        if rows.is_empty() {
            return Ok(());
        }
        let [known, domains] = [0, 1].map(|i| BookArgument::new("people_by_domain", &books[i]));
        let (known, domains) = (known?, domains?);
        let (Some(known), Some(domains)) = (known.open()?, domains.open()?) else { return Ok(()) };
        let matcher = Matcher { known, domains };
        if self.books != matcher.fingerprint() {
            self.books = matcher.fingerprint();
            self.look_again();
        }
        self.seen.resize_with(values.len() - 3, || None);
        for (at, column) in values[3..].iter().enumerate() {
            if column.null_count() < column.len() {
                self.add(&matcher, column, at, &rows)?;
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &ArrayRef, rows: &Rows) -> Result<()> {
        let states = states.as_binary_view();
        for (row, group) in rows.not_null(states).iter() {
            decode(states.value(row))?.iter().for_each(|entry| self.people.add(group, *entry));
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.forget(emit_to);
        let (mut accounts, mut addresses, mut lengths) = (vec![], vec![], vec![]);
        self.people.emit(emit_to, |set| {
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
        self.forget(emit_to);
        self.people.emit_states(emit_to, |set, state| {
            state.push(VERSION);
            set.iter().for_each(|(_, entry)| state.extend(entry));
        })
    }

    fn size(&self) -> usize {
        let seen = self.seen.iter().flatten().map(SeenValues::size).sum::<usize>();
        self.people.size() + seen + self.lately.size()
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
    use datafusion::arrow::array::{BinaryViewArray, BooleanArray, StringArray};
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
        let mut accounts = vec![];
        let account = |entry: Entry| i32::from_be_bytes(*entry[KEY_BYTES..].first_chunk().unwrap());
        matcher.entries(address, |entry| accounts.push(account(entry))).unwrap();
        accounts
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
