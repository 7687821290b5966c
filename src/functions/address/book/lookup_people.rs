//! `lookup_people(address_book, addresses, …)`: the known people among addresses.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, ListArray, StringArray, UInt32Array, new_empty_array,
};
use datafusion::arrow::buffer::{BooleanBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::read::{AddressBook, LISTED, NO_PEOPLE};
use super::{BookArgument, book_and_addresses};
use crate::functions::address::addresses::for_each_address;
use crate::functions::address::dictionary_cache::{AddressDictionary, Memo, address_keys};
use crate::functions::id_hash::id_hash;
use crate::functions::udf::declare::{STEPS, Scalar};
use crate::functions::udf::sets::sort;
use crate::functions::udf::strings::Texts;

/// The type of a list of person numbers.
pub(crate) fn people_type() -> DataType {
    DataType::new_list(DataType::UInt32, true)
}

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "lookup_people",
        arguments: |types| book_and_addresses("lookup_people", types),
        returns: |_| Ok(people_type()),
        invoke,
        documentation: Documentation::builder(
            STEPS,
            "The known people among addresses, as a sorted list of person numbers without duplicates. A person number is the \
             position of the person in the address book (internal people first), plus 2^30 for people of accounts. Addresses \
             are normalized first; an item of a list may hold several, a text holds one. An address of several accounts gives one person number for each. If no address is known, \
             the list is empty. Never NULL.",
            "lookup_people(address_book, addresses, ...)",
        )
        .with_argument("address_book", "The result of address_book(), the same for all rows.")
        .with_argument("addresses", "Text or lists of text, in any spelling; any number of arguments. NULL is ignored.")
        .with_sql_example(
            "> select lookup_people(address_book(a, n, p), 'Anna <ANNA@contoso.com>', ['carl@acme.com', 'x@y.z']) from (values \
             ('anna@contoso.com', null, 'e1'), ('carl@acme.com', 0, 'c1')) t(a, n, p);\n[0, 1073741825]",
        )
        .with_related_udf("person_keys")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let Some(book) = BookArgument::new("lookup_people", &args.args[0])?.open()? else {
        return Ok(new_empty_array(args.return_field.data_type()));
    };
    // An argument that is null in every row adds no people.
    let arrays = args.args[1..].iter().filter(|a| !matches!(a, ColumnarValue::Scalar(s) if s.is_null()));
    let arrays = arrays.map(|a| a.to_array(args.number_rows)).collect::<Result<Vec<_>>>()?;
    let named = arrays.iter().filter(|array| array.null_count() < array.len());
    let columns = named.map(|array| Column::new(&book, array)).collect::<Result<Vec<_>>>()?;
    let columns: Vec<_> = columns.into_iter().filter(|column| !column.found.is_empty()).collect();
    let room = columns.iter().map(|column| column.room).sum();
    let (mut people, mut offsets) = (vec![0; room], vec![0; args.number_rows + 1]);
    let end = match &columns[..] {
        [Column { found, ends: None, .. }] => one_each(&book, found, &mut people, &mut offsets[1..])?,
        columns => any_number(&book, columns, &mut people, &mut offsets[1..])?,
    };
    people.truncate(end);
    let field = Arc::new(Field::new_list_field(DataType::UInt32, true));
    let offsets = OffsetBuffer::new(offsets.into());
    Ok(Arc::new(ListArray::try_new(field, offsets, Arc::new(UInt32Array::from(people)), None)?))
}

/// Looks up rows of one address each: writes the person numbers of all rows to `people`, and the end of each
/// row to `ends`. Returns how many person numbers there are.
fn one_each(book: &AddressBook, found: &[u32], people: &mut [u32], ends: &mut [i32]) -> Result<usize> {
    let mut end = 0;
    for (found, row_end) in found.iter().zip(ends) {
        let begin = end;
        end += book.people(*found, &mut people[end..])?;
        if end > begin + 1 {
            end = begin + sort(&mut people[begin..end]);
        }
        *row_end = end as i32;
    }
    Ok(end)
}

/// Looks up rows of any number of addresses: writes the person numbers of all rows to `people`, and the end
/// of each row to `ends`. Returns how many person numbers there are.
fn any_number(book: &AddressBook, columns: &[Column], people: &mut [u32], ends: &mut [i32]) -> Result<usize> {
    let mut end = 0;
    for (row, row_end) in ends.iter_mut().enumerate() {
        let begin = end;
        for column in columns {
            for found in column.of(row) {
                end += book.people(*found, &mut people[end..])?;
            }
        }
        end = begin + sort(&mut people[begin..end]);
        *row_end = end as i32;
    }
    Ok(end)
}

/// The results for the values of a dictionary. The result for a value that holds addresses as an item of a list
/// only is [`LISTED`] plus a position behind the values, where their count and their results are.
fn results(book: &AddressBook, values: &StringArray) -> Vec<u32> {
    let keys = address_keys(values);
    let mut results = book.find_all(&keys.one);
    for (value, keys) in &keys.listed {
        results[*value] = LISTED + results.len() as u32;
        results.push(keys.len() as u32);
        results.extend(keys.iter().map(|key| book.find(*key)));
    }
    results
}

/// The addresses of items that hold several: replaces each reference to a list of results by these results.
/// `ends` are the offsets of the lists before; returns the results and the offsets after.
fn spread(results: &[u32], found: &[u32], ends: &[i32]) -> (Vec<u32>, Vec<i32>) {
    let (mut spread, mut spread_ends) = (Vec::with_capacity(found.len()), vec![0]);
    for row in ends.windows(2) {
        for one in &found[(row[0] - ends[0]) as usize..(row[1] - ends[0]) as usize] {
            match one.checked_sub(LISTED).map(|at| at as usize) {
                None => spread.push(*one),
                Some(at) => spread.extend(&results[at + 1..][..results[at] as usize]),
            }
        }
        spread_ends.push(spread.len() as i32);
    }
    (spread, spread_ends)
}

/// The results for the addresses of a column.
struct Column<'a> {
    /// The result of [`AddressBook::find`] for each address.
    found: Vec<u32>,
    /// The list offsets of the rows. The first offset corresponds to the first item of `found`, and can be
    /// greater than 0. `None` if each row has exactly one address.
    ends: Option<Cow<'a, [i32]>>,
    /// The largest possible number of person numbers, plus one: [`AddressBook::people`] writes a value even
    /// for an unknown address.
    room: usize,
}

impl<'a> Column<'a> {
    fn new(book: &AddressBook, array: &'a ArrayRef) -> Result<Self> {
        let (found, ends) = match Self::of_dictionary(book, array) {
            Some(column) => column,
            None => Self::of_text(book, array)?,
        };
        let several = found.iter().filter(|found| **found > NO_PEOPLE);
        let more = several.map(|found| book.how_many(*found)).sum::<usize>();
        Ok(Self { room: found.len() + more + 1, found, ends })
    }

    /// Looks up each value of a dictionary once. The column is a dictionary or lists of dictionary values;
    /// `None` for other encodings.
    fn of_dictionary(book: &AddressBook, array: &'a ArrayRef) -> Option<(Vec<u32>, Option<Cow<'a, [i32]>>)> {
        let lists = array.as_list_opt::<i32>();
        let items = lists.map_or_else(
            || Arc::clone(array),
            |lists| {
                let (first, last) =
                    (lists.value_offsets()[0] as usize, lists.value_offsets()[lists.len()] as usize);
                lists.values().slice(first, last - first)
            },
        );
        let dictionary = items.as_any().downcast_ref::<AddressDictionary>()?;
        let values = dictionary.values().as_string_opt::<i32>()?;
        let ends = lists.map(|lists| lists.value_offsets());
        // A null list may still have items, which must be ignored. Such a column is read row by row.
        if let Some((lists, nulls)) = lists.and_then(|lists| Some((lists, lists.nulls()?))) {
            let has_any = BooleanBuffer::collect_bool(lists.len(), |i| {
                lists.value_offsets()[i] < lists.value_offsets()[i + 1]
            });
            if (&has_any & &!nulls.inner()).count_set_bits() > 0 {
                return None;
            }
        }
        let memo = Memo::recall(book.fingerprint(), values, |values| results(book, values));
        let keys = dictionary.keys();
        // One loop in which no answer depends on another one, so that memory loads can overlap.
        let mut found: Vec<u32> = keys.values().iter().map(|key| memo.answer(*key)).collect();
        if let Some(nulls) = keys.nulls() {
            (!nulls.inner()).set_indices().for_each(|i| found[i] = NO_PEOPLE);
        }
        let mut ends = ends.map(Cow::Borrowed);
        if memo.answers().len() > values.len() {
            match &ends {
                Some(of_lists) => {
                    let (of_items, of_rows) = spread(memo.answers(), &found, of_lists);
                    (found, ends) = (of_items, Some(of_rows.into()));
                }
                None => found.iter_mut().filter(|one| **one >= LISTED).for_each(|one| *one = NO_PEOPLE),
            }
        }
        memo.remember();
        Some((found, ends))
    }

    /// Looks up text or lists of text, one address after the other.
    fn of_text(book: &AddressBook, array: &'a ArrayRef) -> Result<(Vec<u32>, Option<Cow<'a, [i32]>>)> {
        let (texts, mut found, mut ends) = (Texts::new(array)?, vec![], vec![0]);
        for row in 0..array.len() {
            for_each_address(&texts, row, |address| {
                found.push(book.find(id_hash(&address)));
                Ok(())
            })?;
            ends.push(found.len() as i32);
        }
        Ok((found, Some(ends.into())))
    }

    /// The results for the addresses of a row.
    #[inline]
    fn of(&self, row: usize) -> &[u32] {
        match &self.ends {
            Some(ends) => &self.found[(ends[row] - ends[0]) as usize..(ends[row + 1] - ends[0]) as usize],
            None => &self.found[row..row + 1],
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::compute::cast;

    use super::*;
    use crate::functions::address::book::build::{Entry, build};
    use crate::functions::address::book::{INTERNAL, book_type};
    use crate::functions::testing::tester::invoke_with;
    use datafusion::arrow::array::{BinaryViewArray, StructArray};
    use datafusion::common::ScalarValue;

    /// Dictionaries give the same result as plain text: single or in lists, sliced, with nulls.
    #[test]
    fn dictionaries_say_what_text_says() {
        let entry =
            |address: &str, account| Entry { address: id_hash(address), account, person: id_hash(address) };
        let book =
            build(vec![entry("a@x", INTERNAL), entry("b@x", 0), entry("b@x", 1), entry("c@x", 1)]).unwrap();
        let DataType::Struct(fields) = book_type() else { unreachable!() };
        let book = BinaryViewArray::from_iter_values([book]);
        let book = ScalarValue::Struct(Arc::new(StructArray::new(fields, vec![Arc::new(book)], None)));
        let texts = [
            Some("a@x"),
            None,
            Some("B@x"),
            Some("zoe@x"),
            Some("no address"),
            Some("b@x"),
            Some("<c@x>"),
            Some("A <a@x>; zoe@x, B <b@x>"),
            Some("c@x;"),
        ];
        let plain: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        let coded =
            cast(&plain, &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))).unwrap();
        let list = |items: &ArrayRef| -> ArrayRef {
            let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
            Arc::new(ListArray::new(field, OffsetBuffer::from_lengths([3, 0, 4, 2]), Arc::clone(items), None))
        };
        let call = |array: ArrayRef| invoke_with(&swapped(), vec![array], std::slice::from_ref(&book));
        let people = |array: ArrayRef| {
            let lists = call(array);
            lists.as_list::<i32>().iter().map(|list| list.unwrap().len()).collect::<Vec<_>>()
        };
        assert_eq!(people(Arc::clone(&coded))[6..], [1, 0, 0], "a text holds one address");
        assert_eq!(people(list(&coded))[2..], [3, 4], "items hold several");
        for (text, dictionary) in [(Arc::clone(&plain), Arc::clone(&coded)), (list(&plain), list(&coded))] {
            for _ in 0..2 {
                assert_eq!(&call(Arc::clone(&text)), &call(Arc::clone(&dictionary)));
                assert_eq!(&call(text.slice(1, 3)), &call(dictionary.slice(1, 3)));
            }
        }
    }

    /// `lookup_people` with the address book as the last argument, because the tester passes constants after
    /// columns.
    fn swapped() -> ScalarUDF {
        let scalar = Scalar {
            name: "parties_swapped",
            arguments: |types| Ok(types.to_vec()),
            returns: |_| Ok(people_type()),
            invoke: |args| {
                let mut args = args.clone();
                args.args.rotate_right(1);
                invoke(&args)
            },
            documentation: Documentation::builder(STEPS, "", "").build(),
        };
        Arc::unwrap_or_clone(scalar.into_udf())
    }
}
