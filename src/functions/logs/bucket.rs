//! `bucket(id)`: which of 256 buckets a message, meeting or account belongs to.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, UInt8Array};
use datafusion::arrow::datatypes::{DataType, Int32Type};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use crate::functions::define::{SECTION, Scalar, expect_arguments};
use crate::functions::id_hash::KEY_TYPE;

pub(super) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "bucket",
        arguments: |types| {
            expect_arguments("bucket", types, 1)?;
            match &types[0] {
                key if *key == KEY_TYPE => Ok(vec![KEY_TYPE]),
                DataType::Null => Ok(vec![KEY_TYPE]),
                number if number.is_integer() => Ok(vec![DataType::Int32]),
                other => plan_err!("bucket needs a key or the number of an account, not {other}"),
            }
        },
        returns: |_| Ok(DataType::UInt8),
        invoke,
        documentation: Documentation::builder(
            SECTION,
            "Which of 256 buckets something belongs to: the first byte of a key, the last of a number. All copies of a message have \
             the same bucket, and all messages of an account.",
            "bucket(id)",
        )
        .with_argument("id", "A key from id_hash, or the number of an account (Int32); NULL gives NULL.")
        .with_sql_example("> select bucket(3), bucket(259);\n3, 3")
        .with_related_udf("id_hash")
        .build(),
    }
    .into_udf()
}

/// The bucket of an account.
pub(super) fn of_account(number: i32) -> u8 {
    number as u8
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let ids = args.args[0].to_array(args.number_rows)?;
    Ok(Arc::new(match ids.as_fixed_size_binary_opt() {
        Some(keys) => {
            UInt8Array::from_iter((0..keys.len()).map(|i| keys.is_valid(i).then(|| keys.value(i)[0])))
        }
        None => ids.as_primitive::<Int32Type>().unary(of_account),
    }))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{FixedSizeBinaryArray, Int32Array};
    use datafusion::arrow::datatypes::UInt8Type;

    use super::*;
    use crate::functions::testing::invoke_scalar;

    #[test]
    fn first_byte_of_a_key_last_of_a_number() {
        let keys =
            FixedSizeBinaryArray::try_from_sparse_iter_with_size([Some([7; 16]), None].into_iter(), 16);
        let buckets = invoke_scalar(&udf(), vec![Arc::new(keys.unwrap())]);
        assert_eq!(buckets.as_primitive::<UInt8Type>(), &UInt8Array::from(vec![Some(7), None]));
        let numbers = Int32Array::from(vec![Some(0), Some(511), None]);
        let buckets = invoke_scalar(&udf(), vec![Arc::new(numbers)]);
        assert_eq!(buckets.as_primitive::<UInt8Type>(), &UInt8Array::from(vec![Some(0), Some(255), None]));
    }
}
