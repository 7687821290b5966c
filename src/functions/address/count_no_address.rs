//! `count_no_address(addresses, …)`: how many texts, where addresses are expected, are none.
//!
//! Such a text counts for nobody, and a note of a run says so. Not counted are NULL, blank text, and a
//! group without members, `undisclosed-recipients:;`.
//!
//! A run calls this function for every row of mail and meetings. Addresses are nearly always stored as dictionaries
//! without such a text; then one look at the dictionary answers for all rows. Otherwise one look at the keys of a batch
//! finds out whether it has such a text.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int32Array, ListArray, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::dictionary_cache::{AddressDictionary, Memo};
use super::normalize::normalize;
use super::one_address::{Found, find, one_address};
use super::several::{is_empty_group, parts};
use crate::functions::is_blank::is_blank;
use crate::functions::udf::declare::{STEPS, Scalar};
use crate::functions::udf::strings::{Texts, texts_type};

/// Distinguishes the cached answers of this function from those of other functions: for texts, and for items of lists.
const SETTINGS: [u128; 2] =
    [u128::from_be_bytes(*b"no address in 1t"), u128::from_be_bytes(*b"no address in it")];

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "count_no_address",
        arguments: |types| {
            if types.is_empty() {
                return plan_err!("count_no_address needs at least one argument");
            }
            types.iter().map(|one| texts_type("count_no_address", one)).collect()
        },
        returns: |_| Ok(DataType::Int32),
        invoke,
        documentation: Documentation::builder(
            STEPS,
            "How many texts are not addresses where addresses are expected. An item of a list may hold several addresses: each \
             of its parts that is not an address counts. A text that is not in a list holds one. Not counted are NULL, blank \
             text, and undisclosed-recipients:;. Never NULL.",
            "count_no_address(addresses, ...)",
        )
        .with_argument("addresses", "Text or lists of text, in any spelling; any number of arguments. NULL counts 0.")
        .with_sql_example("> select count_no_address('Ann', ['carl@acme.com', '7', 'Bo; dora@bolt.com']);\n3")
        .with_related_udf("addresses")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let mut counts = vec![0; args.number_rows];
    let given = args.args.iter().filter(|arg| !matches!(arg, ColumnarValue::Scalar(s) if s.is_null()));
    for array in given {
        let array = array.to_array(args.number_rows)?;
        if array.null_count() < array.len() && in_dictionary(&array, &mut counts).is_none() {
            in_text(&array, &mut counts)?;
        }
    }
    Ok(Arc::new(Int32Array::from(counts)))
}

/// The number of parts of a text that are not addresses. Only an item of a list may hold several addresses.
fn none_in(raw: &str, is_item: bool) -> u32 {
    match find(raw) {
        Found::Address(_) => 0,
        Found::NoAddress => u32::from(!is_blank(Some(raw))),
        Found::Separator if normalize(raw).is_some() || is_empty_group(raw) => 0,
        Found::Separator if is_item => {
            let none =
                parts(raw).into_iter().filter(|part| !is_blank(Some(part)) && one_address(part).is_none());
            none.count() as u32
        }
        Found::Separator => 1,
    }
}

/// The answers for the values of a dictionary, and behind them the number of values with an answer other than 0.
fn answers(values: &StringArray, is_item: bool) -> Vec<u32> {
    let mut answers: Vec<_> = values.iter().map(|raw| raw.map_or(0, |raw| none_in(raw, is_item))).collect();
    answers.push(answers.iter().filter(|answer| **answer > 0).count() as u32);
    answers
}

/// Adds the numbers for a dictionary, or for lists of dictionary values; `None` for other encodings.
fn in_dictionary(array: &ArrayRef, counts: &mut [i32]) -> Option<()> {
    let lists = array.as_list_opt::<i32>();
    let items = lists.map_or(array, |lists| lists.values());
    let dictionary = items.as_any().downcast_ref::<AddressDictionary>()?;
    let values = dictionary.values().as_string_opt::<i32>()?;
    let memo = Memo::recall(SETTINGS[usize::from(lists.is_some())], values, |values| {
        answers(values, lists.is_some())
    });
    if memo.answers()[values.len()] > 0 {
        let keys = dictionary.keys();
        // A row group with such a value has many batches without it. One look at all keys, also at those of null items
        // and of null lists, finds out.
        let items = match lists.map(|lists| lists.value_offsets()) {
            Some([first, .., last]) => *first as usize..*last as usize,
            Some(_) => 0..0,
            None => 0..keys.len(),
        };
        if keys.values()[items].iter().any(|key| memo.answer(*key) > 0) {
            add(&memo, keys, lists, counts);
        }
    }
    memo.remember();
    Some(())
}

/// Adds the answers for keys, or for lists of keys.
fn add(memo: &Memo, keys: &Int32Array, lists: Option<&ListArray>, counts: &mut [i32]) {
    let answer = |at: usize| if keys.is_valid(at) { memo.answer(keys.value(at)) as i32 } else { 0 };
    for (row, count) in counts.iter_mut().enumerate() {
        *count += match lists {
            None => answer(row),
            Some(lists) if lists.is_valid(row) => {
                let ends = &lists.value_offsets()[row..];
                (ends[0] as usize..ends[1] as usize).map(answer).sum()
            }
            Some(_) => 0,
        };
    }
}

/// Adds the numbers for text or lists of text, one text after the other.
fn in_text(array: &ArrayRef, counts: &mut [i32]) -> Result<()> {
    let texts = Texts::new(array)?;
    for (row, count) in counts.iter_mut().enumerate() {
        texts.for_each(row, |raw| {
            *count += none_in(raw, texts.is_list()) as i32;
            Ok(())
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::buffer::OffsetBuffer;
    use datafusion::arrow::compute::cast;
    use datafusion::arrow::datatypes::{Field, Int32Type};

    use super::*;
    use crate::functions::testing::tester::invoke_scalar;

    #[test]
    fn what_is_not_an_address() {
        for (raw, as_item, as_text) in [
            ("ann@x.com", 0, 0),
            ("Lee, Ann <ann@x.com>", 0, 0),
            ("a@x; B <b@x>", 0, 1),
            ("a@x; Bo; ", 1, 1),
            ("Bo; Al", 2, 1),
            ("undisclosed-recipients:;", 0, 0),
            ("7", 1, 1),
            ("true", 1, 1),
            ("<>", 1, 1),
            ("/o=org/cn=ann", 1, 1),
            (" ", 0, 0),
            ("", 0, 0),
        ] {
            assert_eq!((none_in(raw, true), none_in(raw, false)), (as_item, as_text), "{raw}");
        }
    }

    /// Every encoding gives the same numbers: single or in lists, sliced, with nulls.
    #[test]
    fn encodings_agree() {
        let texts =
            [Some("a@x"), None, Some("no"), Some("zoe@x"), Some("7"), Some("Bo; b@x"), Some(""), Some("c@x")];
        let plain: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        let coded =
            cast(&plain, &DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))).unwrap();
        let list = |items: &ArrayRef| -> ArrayRef {
            let field = Arc::new(Field::new_list_field(items.data_type().clone(), true));
            Arc::new(ListArray::new(field, OffsetBuffer::from_lengths([3, 0, 4, 1]), Arc::clone(items), None))
        };
        let counts = |array: ArrayRef| {
            let out = invoke_scalar(&udf(), vec![array]);
            out.as_primitive::<Int32Type>().values().to_vec()
        };
        for array in [&plain, &coded] {
            assert_eq!(counts(Arc::clone(array)), [0, 0, 1, 0, 1, 1, 0, 0]);
            assert_eq!(counts(list(array)), [1, 0, 2, 0]);
            assert_eq!(counts(list(array).slice(2, 2)), [2, 0]);
            // Slices of which only some have such a text.
            assert_eq!(counts(array.slice(0, 2)), [0, 0]);
            assert_eq!(counts(array.slice(2, 1)), [1]);
            assert_eq!(counts(list(array).slice(1, 1)), [0]);
            assert_eq!(counts(list(array).slice(3, 1)), [0]);
            assert_eq!(counts(list(array).slice(0, 0)), [0; 0]);
        }
        let good: ArrayRef = Arc::new(StringArray::from(vec!["a@x", "b@x"]));
        assert_eq!(counts(cast(&good, coded.data_type()).unwrap()), [0, 0]);
    }
}
