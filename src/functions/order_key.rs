//! `order_key(value)`: bytes in the order of values of any type.
//!
//! The engine cannot sort by a struct, and compares the smallest of several rows column by column. The key of a
//! struct has the order of its fields, one after the other.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::compute::SortOptions;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::udf::declare::{STEPS, Scalar, expect_arguments};

/// Null is the largest value, at every depth.
const ORDER: SortOptions = SortOptions { descending: false, nulls_first: false };

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "order_key",
        arguments: |types| {
            expect_arguments("order_key", types, 1)?;
            Ok(types.to_vec())
        },
        returns: |_| Ok(DataType::Binary),
        invoke,
        documentation: Documentation::builder(
            STEPS,
            "Bytes whose order is that of the values: numbers and times by value, text and binary by their bytes, false before \
             true, NULL last, a struct by its fields, one after the other. Keys are comparable within one query. Never NULL.",
            "order_key(value)",
        )
        .with_argument("value", "A value of any type.")
        .with_sql_example("> select order_key(-1) < order_key(2), order_key('b') < order_key(arrow_cast(null, 'Utf8'));\ntrue, true")
        .with_related_udf("sort_key")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = ColumnarValue::values_to_arrays(&args.args)?.swap_remove(0);
    let field = SortField::new_with_options(array.data_type().clone(), ORDER);
    let rows = RowConverter::new(vec![field])?.convert_columns(&[array])?;
    Ok(Arc::new(rows.try_into_binary()?))
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use datafusion::arrow::array::{Array, AsArray, BooleanArray, Int64Array, StringArray, StructArray};
    use datafusion::arrow::datatypes::{Field, Fields};
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::functions::testing::tester::invoke_scalar;

    /// `None` is the largest.
    fn compare<T: Ord>(a: &Option<T>, b: &Option<T>) -> Ordering {
        match (a, b) {
            (Some(a), Some(b)) => a.cmp(b),
            _ => b.is_some().cmp(&a.is_some()),
        }
    }

    proptest! {
        #[test]
        fn the_order_of_keys_is_that_of_values(
            rows in vec((option::of("[ab]{0,2}"), option::of(-3..3i64), option::of(any::<bool>())), 1..12),
        ) {
            let fields: Fields = vec![
                Field::new("text", DataType::Utf8, true),
                Field::new("number", DataType::Int64, true),
                Field::new("flag", DataType::Boolean, true),
            ]
            .into();
            let columns: Vec<ArrayRef> = vec![
                Arc::new(StringArray::from_iter(rows.iter().map(|row| row.0.as_deref()))),
                Arc::new(Int64Array::from_iter(rows.iter().map(|row| row.1))),
                Arc::new(BooleanArray::from_iter(rows.iter().map(|row| row.2))),
            ];
            let keys = invoke_scalar(&udf(), vec![Arc::new(StructArray::new(fields, columns, None))]);
            let keys = keys.as_binary::<i32>();
            for (i, a) in rows.iter().enumerate() {
                for (j, b) in rows.iter().enumerate() {
                    let expected = compare(&a.0, &b.0).then(compare(&a.1, &b.1)).then(compare(&a.2, &b.2));
                    prop_assert_eq!(keys.value(i).cmp(keys.value(j)), expected);
                }
            }
            prop_assert_eq!(keys.null_count(), 0);
        }
    }
}
