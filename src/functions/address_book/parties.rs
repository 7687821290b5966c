//! `parties(book, addresses, …)`: who is known among addresses.

use std::borrow::Cow;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt32Array, new_empty_array};
use datafusion::arrow::buffer::{BooleanBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::read::{AddressBook, NOBODY};
use super::{BookArgument, book_and_addresses};
use crate::functions::define::{SECTION, Scalar};
use crate::functions::id_hash::id_hash;
use crate::functions::memo::{AddressDictionary, Memo, address_keys};
use crate::functions::normalize_address::normalize;
use crate::functions::sets::sort;
use crate::functions::text::Texts;

pub(in crate::functions) fn parties_type() -> DataType {
    DataType::new_list(DataType::UInt32, true)
}

pub(super) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "parties",
        arguments: |types| book_and_addresses("parties", types),
        returns: |_| Ok(parties_type()),
        invoke,
        documentation: Documentation::builder(
            SECTION,
            "The known people among addresses, as a sorted list of parties: the number of the person in the book, ours first, to which 2^30 \
             is added for those of accounts. Addresses are normalized first; \
             an address of several accounts gives one party for each. Nobody known gives an empty list; never NULL.",
            "parties(address_book, addresses, ...)",
        )
        .with_argument("address_book", "The result of address_book(), the same for all rows.")
        .with_argument("addresses", "Addresses as they came: text or lists of text, any number of arguments; NULL is nobody.")
        .with_sql_example(
            "> select parties(address_book(a, n, p), 'Anna <ANNA@contoso.com>', ['carl@acme.com', 'x@y.z']) from (values \
             ('anna@contoso.com', null, 'e1'), ('carl@acme.com', 0, 'c1')) t(a, n, p);\n[0, 1073741825]",
        )
        .with_related_udf("people_state")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let Some(book) = BookArgument::new("parties", &args.args[0])?.open()? else {
        return Ok(new_empty_array(args.return_field.data_type()));
    };
    // What is null in every row names nobody.
    let arrays = args.args[1..].iter().filter(|a| !matches!(a, ColumnarValue::Scalar(s) if s.is_null()));
    let arrays = arrays.map(|a| a.to_array(args.number_rows)).collect::<Result<Vec<_>>>()?;
    let named = arrays.iter().filter(|array| array.null_count() < array.len());
    let columns = named.map(|array| Column::new(&book, array)).collect::<Result<Vec<_>>>()?;
    let columns: Vec<_> = columns.into_iter().filter(|column| !column.found.is_empty()).collect();
    let room = columns.iter().map(|column| column.room).sum();
    let (mut parties, mut offsets) = (vec![0; room], vec![0; args.number_rows + 1]);
    let end = match &columns[..] {
        [Column { found, ends: None, .. }] => one_each(&book, found, &mut parties, &mut offsets[1..])?,
        columns => any_number(&book, columns, &mut parties, &mut offsets[1..])?,
    };
    parties.truncate(end);
    let field = Arc::new(Field::new_list_field(DataType::UInt32, true));
    let offsets = OffsetBuffer::new(offsets.into());
    Ok(Arc::new(ListArray::try_new(field, offsets, Arc::new(UInt32Array::from(parties)), None)?))
}

/// The parties of one address in each row, and where those of each row end. Gives how many there are.
fn one_each(book: &AddressBook, found: &[u32], parties: &mut [u32], ends: &mut [i32]) -> Result<usize> {
    let mut end = 0;
    for (found, row_end) in found.iter().zip(ends) {
        let begin = end;
        end += book.parties(*found, &mut parties[end..])?;
        if end > begin + 1 {
            end = begin + sort(&mut parties[begin..end]);
        }
        *row_end = end as i32;
    }
    Ok(end)
}

/// The same of any number of addresses in each row.
fn any_number(
    book: &AddressBook,
    columns: &[Column],
    parties: &mut [u32],
    ends: &mut [i32],
) -> Result<usize> {
    let mut end = 0;
    for (row, row_end) in ends.iter_mut().enumerate() {
        let begin = end;
        for column in columns {
            for found in column.of(row) {
                end += book.parties(*found, &mut parties[end..])?;
            }
        }
        end = begin + sort(&mut parties[begin..end]);
        *row_end = end as i32;
    }
    Ok(end)
}

/// Who is behind an address as it came.
fn look_up(book: &AddressBook, raw: &str) -> u32 {
    normalize(raw).map_or(NOBODY, |address| book.find(id_hash(&address)))
}

/// Who is behind the addresses of a column.
struct Column<'a> {
    /// What the book has for each address.
    found: Vec<u32>,
    /// Where the addresses of the rows end, and before the first where they begin: at the first of
    /// `found`. Without it each row has one.
    ends: Option<Cow<'a, [i32]>>,
    /// How many parties there are at most, and one place more.
    room: usize,
}

impl<'a> Column<'a> {
    fn new(book: &AddressBook, array: &'a ArrayRef) -> Result<Self> {
        let (found, ends) = match Self::of_dictionary(book, array) {
            Some(column) => column,
            None => Self::of_text(book, array)?,
        };
        let several = found.iter().filter(|found| **found > NOBODY);
        let more = several.map(|found| book.how_many(*found)).sum::<usize>();
        Ok(Self { room: found.len() + more + 1, found, ends })
    }

    /// A dictionary or lists of one: each of its values is looked up once. None for other encodings.
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
        // A list that is null may have addresses all the same.
        if let Some((lists, nulls)) = lists.and_then(|lists| Some((lists, lists.nulls()?))) {
            let has_any = BooleanBuffer::collect_bool(lists.len(), |i| {
                lists.value_offsets()[i] < lists.value_offsets()[i + 1]
            });
            if (&has_any & &!nulls.inner()).count_set_bits() > 0 {
                return None;
            }
        }
        let memo = Memo::recall(book.fingerprint(), values, |values| book.find_all(&address_keys(values)));
        let keys = dictionary.keys();
        // All at once: no answer decides what is asked next, so the processor need not wait.
        let mut found: Vec<u32> = keys.values().iter().map(|key| memo.answer(*key)).collect();
        if let Some(nulls) = keys.nulls() {
            (!nulls.inner()).set_indices().for_each(|i| found[i] = NOBODY);
        }
        memo.remember();
        Some((found, ends.map(Cow::Borrowed)))
    }

    /// Text or lists of text, looked up one by one.
    fn of_text(book: &AddressBook, array: &'a ArrayRef) -> Result<(Vec<u32>, Option<Cow<'a, [i32]>>)> {
        let (texts, mut found, mut ends) = (Texts::new(array)?, vec![], vec![0]);
        for row in 0..array.len() {
            texts.for_each(row, |raw| {
                found.push(look_up(book, raw));
                Ok(())
            })?;
            ends.push(found.len() as i32);
        }
        Ok((found, Some(ends.into())))
    }

    /// What was found for the addresses of a row.
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
    use datafusion::arrow::array::StringArray;
    use datafusion::arrow::compute::cast;

    use super::super::build::{Entry, build};
    use super::super::{OURS, book_type};
    use super::*;
    use crate::functions::testing::invoke_with;
    use datafusion::arrow::array::{BinaryViewArray, StructArray};
    use datafusion::common::ScalarValue;

    /// Dictionaries, single and in lists, sliced and with nulls, say what plain text says.
    #[test]
    fn dictionaries_say_what_text_says() {
        let entry =
            |address: &str, account| Entry { address: id_hash(address), account, person: id_hash(address) };
        let book =
            build(vec![entry("a@x", OURS), entry("b@x", 0), entry("b@x", 1), entry("c@x", 1)]).unwrap();
        let DataType::Struct(fields) = book_type() else { unreachable!() };
        let book = BinaryViewArray::from_iter_values([book]);
        let book = ScalarValue::Struct(Arc::new(StructArray::new(fields, vec![Arc::new(book)], None)));
        let texts =
            [Some("a@x"), None, Some("B@x"), Some("zoe@x"), Some("no address"), Some("b@x"), Some("<c@x>")];
        let plain: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        let coded =
            cast(&plain, &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))).unwrap();
        let list = |items: &ArrayRef| -> ArrayRef {
            let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
            Arc::new(ListArray::new(field, OffsetBuffer::from_lengths([3, 0, 4]), Arc::clone(items), None))
        };
        let call = |array: ArrayRef| invoke_with(&swapped(), vec![array], std::slice::from_ref(&book));
        for (text, dictionary) in [(Arc::clone(&plain), Arc::clone(&coded)), (list(&plain), list(&coded))] {
            for _ in 0..2 {
                assert_eq!(&call(Arc::clone(&text)), &call(Arc::clone(&dictionary)));
                assert_eq!(&call(text.slice(1, 2)), &call(dictionary.slice(1, 2)));
            }
        }
    }

    /// `parties` with the book last, as the tester puts constants after columns.
    fn swapped() -> ScalarUDF {
        let scalar = Scalar {
            name: "parties_swapped",
            arguments: |types| Ok(types.to_vec()),
            returns: |_| Ok(parties_type()),
            invoke: |args| {
                let mut args = args.clone();
                args.args.rotate_right(1);
                invoke(&args)
            },
            documentation: Documentation::builder(SECTION, "", "").build(),
        };
        Arc::unwrap_or_clone(scalar.into_udf())
    }
}
