//! `bucket(id[, condition])`: the bucket (0 to 255) of a message, meeting or account.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, UInt8Array};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Int32Type};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use crate::functions::id_hash::KEY_TYPE;
use crate::functions::udf::booleans::holds;
use crate::functions::udf::declare::{STEPS, Scalar};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "bucket",
        arguments: |types| {
            let [id, condition @ ..] = types else { return plan_err!("bucket takes an id and a condition") };
            let id = match id {
                key if *key == KEY_TYPE => KEY_TYPE,
                DataType::Null => KEY_TYPE,
                number if number.is_integer() => DataType::Int32,
                other => return plan_err!("bucket needs a key or the number of an account, not {other}"),
            };
            match condition {
                [] => Ok(vec![id]),
                [_] => Ok(vec![id, DataType::Boolean]),
                _ => plan_err!("bucket takes an id and a condition, not {} arguments", types.len()),
            }
        },
        returns: |_| Ok(DataType::UInt8),
        invoke,
        documentation: Documentation::builder(
            STEPS,
            "Returns the bucket (0 to 255) of a message, meeting or account: the first byte of a key, or \
             the last byte of an account number. All copies of a message are in the same bucket, and so are \
             all engagements of an account.",
            "bucket(id[, condition])",
        )
        .with_argument("id", "A key from id_hash(), or an account number (Int32); NULL gives NULL.")
        .with_argument("condition", "Optional (Boolean). If it is false or NULL, the result is NULL.")
        .with_sql_example("> select bucket(3), bucket(259), bucket(3, false);\n3, 3, NULL")
        .with_related_udf("id_hash")
        .build(),
    }
    .into_udf()
}

/// The bucket of an account: the last byte of its number.
pub(crate) fn of_account(number: i32) -> u8 {
    number as u8
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let ids = args.args[0].to_array(args.number_rows)?;
    let buckets: Vec<u8> = match ids.as_fixed_size_binary_opt() {
        Some(keys) => (0..keys.len()).map(|i| keys.value(i)[0]).collect(),
        None => ids.as_primitive::<Int32Type>().values().iter().map(|number| of_account(*number)).collect(),
    };
    let mut nulls = ids.nulls().cloned();
    if let Some(condition) = args.args.get(1) {
        let condition = condition.to_array(args.number_rows)?;
        let holds = NullBuffer::new(holds(condition.as_boolean()));
        nulls = NullBuffer::union(nulls.as_ref(), Some(&holds));
    }
    Ok(Arc::new(UInt8Array::try_new(buckets.into(), nulls)?))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{BooleanArray, FixedSizeBinaryArray, Int32Array};
    use datafusion::arrow::datatypes::UInt8Type;

    use super::*;
    use crate::functions::testing::tester::invoke_scalar;

    #[test]
    fn first_byte_of_a_key_last_of_a_number() {
        let keys =
            FixedSizeBinaryArray::try_from_sparse_iter_with_size([Some([7; 16]), None].into_iter(), 16);
        let buckets = invoke_scalar(&udf(), vec![Arc::new(keys.unwrap())]);
        assert_eq!(buckets.as_primitive::<UInt8Type>(), &UInt8Array::from(vec![Some(7), None]));
        let numbers: ArrayRef = Arc::new(Int32Array::from(vec![Some(0), Some(511), None]));
        let buckets = invoke_scalar(&udf(), vec![Arc::clone(&numbers)]);
        assert_eq!(buckets.as_primitive::<UInt8Type>(), &UInt8Array::from(vec![Some(0), Some(255), None]));
        // A NULL id gives NULL for every condition.
        for (condition, expected) in [(Some(true), Some(255)), (Some(false), None), (None, None)] {
            let condition = BooleanArray::from(vec![Some(true), condition, Some(true)]);
            let buckets = invoke_scalar(&udf(), vec![Arc::clone(&numbers), Arc::new(condition)]);
            assert_eq!(buckets.as_primitive::<UInt8Type>(), &UInt8Array::from(vec![Some(0), expected, None]));
        }
    }
}
