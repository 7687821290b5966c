//! `int_list(number, …)`: integers as a list.
//!
//! It has the result of `make_array`, which copies value by value through a generic builder. This function
//! makes the list of measures of every row of Office, where a loop over integers is faster.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray};
use datafusion::arrow::buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::cumulative_counts::whole_number;
use crate::functions::udf::declare::{STEPS, Scalar};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "int_list",
        arguments: |types| {
            if types.is_empty() {
                return plan_err!("int_list needs at least one number");
            }
            types.iter().map(|data_type| whole_number("int_list", data_type)).collect()
        },
        returns: |_| Ok(DataType::new_list(DataType::Int64, true)),
        invoke,
        documentation: Documentation::builder(
            STEPS,
            "Integers as a list of Int64, in the order of the arguments. A NULL argument is an item that is NULL.",
            "int_list(number, ...)",
        )
        .with_argument("number", "An integer; NULL gives an item that is NULL.")
        .with_sql_example("> select int_list(3, null, 1);\n[3, NULL, 1]")
        .with_related_udf("engagement_score")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let (rows, width) = (args.number_rows, args.args.len());
    let arrays = args.args.iter().map(|a| a.to_array(rows)).collect::<Result<Vec<_>>>()?;
    let mut values = vec![0; rows * width];
    for (at, array) in arrays.iter().enumerate() {
        let numbers = array.as_primitive::<Int64Type>();
        for (list, number) in values.chunks_exact_mut(width).zip(numbers.values()) {
            list[at] = *number;
        }
    }
    let is_valid = |i: usize| arrays[i % width].is_valid(i / width);
    let nulls = arrays.iter().any(|array| array.null_count() > 0);
    let nulls = nulls.then(|| NullBuffer::new(BooleanBuffer::collect_bool(rows * width, is_valid)));
    let values = Int64Array::new(values.into(), nulls);
    let item = Arc::new(Field::new_list_field(DataType::Int64, true));
    let lists = OffsetBuffer::from_repeated_length(width, rows);
    Ok(Arc::new(ListArray::try_new(item, lists, Arc::new(values), None)?))
}

#[cfg(test)]
mod tests {
    use datafusion::common::ScalarValue;

    use super::*;
    use crate::functions::testing::tester::invoke_with;

    #[test]
    fn one_list_per_row() {
        let column: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
        let lists = invoke_with(&udf(), vec![Arc::clone(&column), column], &[ScalarValue::Int64(Some(7))]);
        let expected = ListArray::from_iter_primitive::<Int64Type, _, _>([
            Some([Some(1), Some(1), Some(7)]),
            Some([None, None, Some(7)]),
            Some([Some(3), Some(3), Some(7)]),
        ]);
        assert_eq!(lists.as_list::<i32>(), &expected);
    }
}
