//! `address_book(address, account_no, person)`: the aggregate that builds an address book.
//!
//! State, version 2: one byte 0x02, then 36 bytes per entry: the account (Int32, little-endian), the key of
//! the person and the key of the address (see `id_hash`). Entries can be in any order and repeat. The state
//! contains no addresses or ids. Memory per group: 36 bytes per entry.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewBuilder, FixedSizeBinaryArray, StructArray,
};
use datafusion::arrow::datatypes::{DataType, Int32Type};
use datafusion::common::{Result, exec_datafusion_err, exec_err};
use datafusion::logical_expr::{AggregateUDF, Documentation, EmitTo};

use super::build::{Entry, build};
use super::{INTERNAL, book_type};
use crate::functions::id_hash::{KEY_BYTES, KEY_TYPE, Key, id_hash};
use crate::functions::udf::declare::{Aggregate, STEPS, expect_arguments};
use crate::functions::udf::grouped::{Accumulators, GroupState, Rows};
use crate::functions::udf::strings::{Text, text_type};

/// The first byte of a state.
const VERSION: u8 = 2;
/// The bytes of an entry: account, person, address.
const ENTRY: usize = 4 + 2 * KEY_BYTES;

pub(crate) fn udaf() -> Arc<AggregateUDF> {
    Aggregate {
        name: "address_book",
        arguments: |types| {
            expect_arguments("address_book", types, 3)?;
            Ok(vec![id_type(&types[0])?, DataType::Int32, id_type(&types[2])?])
        },
        returns: |_| Ok(book_type()),
        state: |_| Ok(DataType::BinaryView),
        accumulators: |_| Accumulators::of::<Books>(),
        documentation: Documentation::builder(
            STEPS,
            "Packs the people of all addresses into one value, an address book, in which lookup_people() looks up whole \
             lists. Equal rows give an equal address book, whatever their order.",
            "address_book(address, account_no, person)",
        )
        .with_argument("address", "A normalized address, or its id_hash(); a row where it is NULL is ignored.")
        .with_argument("account_no", "The number of the person's account (Int32, 0 or more); NULL for an internal person.")
        .with_argument(
            "person",
            "The id of the person within the account, or its id_hash(); a row where it is NULL is ignored. The address \
             book contains only hashes of addresses and ids.",
        )
        .with_sql_example(
            "> select lookup_people(address_book(a, n, p), 'carl@acme.com') from (values ('anna@contoso.com', null, 'e1'), \
             ('carl@acme.com', 0, 'c1')) t(a, n, p);\n[1073741825]",
        )
        .with_related_udf("lookup_people")
        .build(),
    }
    .into_udf()
}

/// The type in which an argument is accepted: a key, or text.
fn id_type(data_type: &DataType) -> Result<DataType> {
    if *data_type == KEY_TYPE { Ok(KEY_TYPE) } else { text_type("address_book", data_type) }
}

/// A column of ids, as keys or as text.
enum Ids<'a> {
    Keys(&'a FixedSizeBinaryArray),
    Text(Text<'a>),
}

impl<'a> Ids<'a> {
    fn new(array: &'a ArrayRef) -> Result<Self> {
        match array.as_fixed_size_binary_opt() {
            Some(keys) => Ok(Self::Keys(keys)),
            None => Text::new(array).map(Self::Text),
        }
    }

    /// The key of the id at a row; `None` is null.
    fn get(&self, row: usize) -> Option<Key> {
        match self {
            Self::Keys(keys) => keys.value(row).try_into().ok().filter(|_| keys.is_valid(row)),
            Self::Text(text) => text.get(row).map(id_hash),
        }
    }
}

#[derive(Clone, Default)]
struct Books {
    groups: Vec<Vec<Entry>>,
    heap: usize,
}

impl Books {
    fn add(&mut self, group: usize, entry: Entry) {
        self.heap += size_of::<Entry>();
        self.groups[group].push(entry);
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<Vec<Entry>> {
        let taken = emit_to.take_needed(&mut self.groups);
        self.heap -= taken.iter().map(|entries| entries.len() * size_of::<Entry>()).sum::<usize>();
        taken
    }
}

impl GroupState for Books {
    fn grow(&mut self, groups: usize) {
        self.groups.resize_with(groups.max(self.groups.len()), Vec::new);
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows) -> Result<()> {
        let (addresses, people) = (Ids::new(&values[0])?, Ids::new(&values[2])?);
        let accounts = values[1].as_primitive::<Int32Type>();
        for (row, group) in rows.iter() {
            if let (Some(address), Some(person)) = (addresses.get(row), people.get(row)) {
                let account = if accounts.is_valid(row) { accounts.value(row) } else { INTERNAL };
                if accounts.is_valid(row) && account < 0 {
                    return exec_err!(
                        "address_book: the number of an account must be 0 or more, not {account}"
                    );
                }
                self.add(group, Entry { address, account, person });
            }
        }
        Ok(())
    }

    fn merge(&mut self, states: &ArrayRef, rows: &Rows) -> Result<()> {
        let states = states.as_binary_view();
        for (row, group) in rows.not_null(states).iter() {
            let damaged =
                || exec_datafusion_err!("the state of an address book is damaged or of a newer version");
            let (&VERSION, entries) = states.value(row).split_first().ok_or_else(damaged)? else {
                return Err(damaged());
            };
            let (entries, rest) = entries.as_chunks::<ENTRY>();
            if !rest.is_empty() {
                return Err(damaged());
            }
            entries.iter().for_each(|entry| self.add(group, decode(entry)));
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut books = BinaryViewBuilder::new();
        for entries in self.take(emit_to) {
            books.try_append_value(build(entries)?)?;
        }
        let books: ArrayRef = Arc::new(books.finish());
        let DataType::Struct(fields) = book_type() else { unreachable!("a book is a struct") };
        Ok(Arc::new(StructArray::try_new(fields, vec![books], None)?))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let mut states = BinaryViewBuilder::new();
        for mut entries in self.take(emit_to) {
            // Partial states are sorted here, in parallel, so that `build`, which runs on one core, finds
            // sorted runs.
            entries.sort_unstable_by_key(Entry::order);
            let mut state = vec![VERSION];
            for entry in entries {
                state.extend(entry.account.to_le_bytes());
                state.extend(entry.person);
                state.extend(entry.address);
            }
            states.try_append_value(state)?;
        }
        Ok(Arc::new(states.finish()))
    }

    fn size(&self) -> usize {
        self.heap + self.groups.capacity() * size_of::<Vec<Entry>>()
    }
}

fn decode(bytes: &[u8; ENTRY]) -> Entry {
    let (mut account, mut person, mut address) = ([0; 4], [0; KEY_BYTES], [0; KEY_BYTES]);
    account.copy_from_slice(&bytes[..4]);
    person.copy_from_slice(&bytes[4..4 + KEY_BYTES]);
    address.copy_from_slice(&bytes[4 + KEY_BYTES..]);
    Entry { address, account: i32::from_le_bytes(account), person }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Int32Array, StringArray};
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::functions::testing::tester::Tester;

    proptest! {
        #[test]
        fn every_way_gives_the_same_book(
            rows in vec((0..2usize, option::of("[a-c]@x"), option::of(0..3i32), option::of("[p-r]")), 1..40),
            cuts in vec(any::<usize>(), 0..4),
        ) {
            let groups: Vec<_> = rows.iter().map(|r| r.0).collect();
            let columns: Vec<ArrayRef> = vec![
                Arc::new(StringArray::from_iter(rows.iter().map(|r| r.1.as_deref()))),
                Arc::new(Int32Array::from_iter(rows.iter().map(|r| r.2))),
                Arc::new(StringArray::from_iter(rows.iter().map(|r| r.3.as_deref()))),
            ];
            let types = [DataType::Utf8, DataType::Int32, DataType::Utf8];
            Tester::new(udaf(), &types).all_ways_agree(&columns, &groups, 2, &cuts);
        }
    }
}
