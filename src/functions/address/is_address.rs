//! `is_address(text)`: whether `normalize_address` gives an address for a text.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::dictionary_cache::{AddressDictionary, Memo, address_keys};
use super::normalize::normalize;
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};
use crate::functions::udf::strings::{Text, text_type};

/// Distinguishes the cached answers of this function from those of other functions.
const SETTING: u128 = u128::from_be_bytes(*b"is_address, v. 1");

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "is_address",
        arguments: |types| {
            expect_arguments("is_address", types, 1)?;
            Ok(vec![text_type("is_address", &types[0])?])
        },
        returns: |_| Ok(DataType::Boolean),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "True if normalize_address() gives an address: the text holds exactly one. Never NULL.",
            "is_address(text)",
        )
        .with_argument("text", "An address in any spelling and text encoding; NULL gives false.")
        .with_sql_example("> select is_address('Ann <ann@contoso.com>'), is_address('Ann');\ntrue, false")
        .with_related_udf("normalize_address")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = ColumnarValue::values_to_arrays(&args.args)?.swap_remove(0);
    let dictionary = array.as_any().downcast_ref::<AddressDictionary>();
    if let Some((dictionary, values)) = dictionary.and_then(|d| Some((d, d.values().as_string_opt::<i32>()?)))
    {
        let memo = Memo::recall(SETTING, values, |values| {
            let mut answers = vec![0; values.len().div_ceil(32)];
            for (i, key) in address_keys(values).one.iter().enumerate() {
                answers[i / 32] |= u32::from(key.is_some()) << (i % 32);
            }
            answers
        });
        let keys = dictionary.keys();
        let answers = BooleanBuffer::collect_bool(keys.len(), |row| memo.bit(keys.values()[row]));
        memo.remember();
        let answers = keys.nulls().map_or_else(|| answers.clone(), |nulls| &answers & nulls.inner());
        return Ok(Arc::new(BooleanArray::from(answers)));
    }
    let text = Text::new(&array)?;
    let is_address = |row| text.get(row).is_some_and(|raw| normalize(raw).is_some());
    Ok(Arc::new(BooleanArray::from(BooleanBuffer::collect_bool(array.len(), is_address))))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::StringArray;
    use datafusion::arrow::compute::cast;

    use super::*;
    use crate::functions::testing::tester::invoke_scalar;

    #[test]
    fn every_encoding_alike() {
        let plain: ArrayRef =
            Arc::new(StringArray::from(vec![Some("a@x"), None, Some("no"), Some("<B@x>"), Some("a@x")]));
        let coded = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        for data_type in [DataType::Utf8, DataType::Utf8View, DataType::LargeUtf8, coded] {
            let answers = invoke_scalar(&udf(), vec![cast(&plain, &data_type).unwrap()]);
            assert_eq!(
                answers.as_boolean(),
                &BooleanArray::from(vec![true, false, false, true, true]),
                "{data_type}"
            );
        }
    }
}
