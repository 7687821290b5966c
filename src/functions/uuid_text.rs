//! `uuid_text(bytes)`: the text of a UUID.
//!
//! Parquet stores a UUID as 16 bytes, most significant byte first. The text is its usual form: lower-case
//! hexadecimal digits in five groups.

use std::fmt::Write;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::udf::declare::{OWN_SQL, Scalar, expect_arguments};

/// The type of a column of UUIDs.
const UUID: DataType = DataType::FixedSizeBinary(16);

/// The bytes before which there is a hyphen.
const HYPHENS: [usize; 4] = [4, 6, 8, 10];

/// The length of the text in characters.
const LENGTH: usize = 36;

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "uuid_text",
        arguments: |types| {
            expect_arguments("uuid_text", types, 1)?;
            match &types[0] {
                DataType::Null => Ok(vec![UUID]),
                uuid if *uuid == UUID => Ok(vec![UUID]),
                other => plan_err!("uuid_text needs FixedSizeBinary(16), not {other}"),
            }
        },
        returns: |_| Ok(DataType::Utf8),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "The text of a UUID that is stored as 16 bytes: lower-case hexadecimal digits with hyphens.",
            "uuid_text(bytes)",
        )
        .with_argument("bytes", "A UUID of type FixedSizeBinary(16); NULL gives NULL.")
        .with_sql_example(
            "> select uuid_text(arrow_cast(x'7ed4bffcf18940b09090c58e1cba14b8', 'FixedSizeBinary(16)'));\n\
             7ed4bffc-f189-40b0-9090-c58e1cba14b8",
        )
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = ColumnarValue::values_to_arrays(&args.args)?.swap_remove(0);
    let uuids = array.as_fixed_size_binary();
    let mut texts = StringBuilder::with_capacity(uuids.len(), LENGTH * uuids.len());
    for uuid in uuids {
        match uuid {
            Some(uuid) => {
                write_text(uuid, &mut texts);
                texts.append_value("");
            }
            None => texts.append_null(),
        }
    }
    Ok(Arc::new(texts.finish()))
}

/// Writes the text of a UUID.
fn write_text(uuid: &[u8], text: &mut impl Write) {
    for (at, byte) in uuid.iter().enumerate() {
        let hyphen = if HYPHENS.contains(&at) { "-" } else { "" };
        // Writing to memory does not fail.
        let _ = write!(text, "{hyphen}{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::FixedSizeBinaryArray;
    use proptest::prelude::*;

    use super::*;
    use crate::functions::testing::tester::invoke_scalar;

    fn text(uuids: Vec<Option<[u8; 16]>>) -> Vec<Option<String>> {
        let array = FixedSizeBinaryArray::try_from_sparse_iter_with_size(uuids.into_iter(), 16).unwrap();
        let out = invoke_scalar(&udf(), vec![Arc::new(array)]);
        out.as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
    }

    #[test]
    fn bytes_in_order() {
        let bytes = std::array::from_fn(|i| 0x10 * i as u8 + 0x0f - i as u8);
        assert_eq!(
            text(vec![Some(bytes), None, Some([0; 16])]),
            [
                Some("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0".to_owned()),
                None,
                Some("00000000-0000-0000-0000-000000000000".to_owned())
            ]
        );
    }

    proptest! {
        #[test]
        fn digits_are_the_bytes(bytes: [u8; 16]) {
            let text = text(vec![Some(bytes)]).remove(0).unwrap();
            prop_assert_eq!(text.len(), LENGTH);
            prop_assert_eq!(u128::from_str_radix(&text.replace('-', ""), 16).unwrap(), u128::from_be_bytes(bytes));
        }
    }
}
