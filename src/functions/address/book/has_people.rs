//! `has_people(people, …)`: whether any of these lists of people has an item.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::people_type;
use crate::functions::udf::declare::{STEPS, Scalar};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "has_people",
        arguments: |types| Ok(vec![people_type(); types.len()]),
        returns: |_| Ok(DataType::Boolean),
        invoke,
        documentation: Documentation::builder(
            STEPS,
            "True if any of the lists of people has an item. Never NULL.",
            "has_people(people, ...)",
        )
        .with_argument(
            "people",
            "Lists of person numbers from lookup_people(), any number of arguments; NULL is ignored.",
        )
        .with_sql_example("> select has_people([], [7]), has_people([], null);\ntrue, false")
        .with_related_udf("lookup_people")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let arrays = ColumnarValue::values_to_arrays(&args.args)?;
    let mut anybody = BooleanBuffer::new_unset(args.number_rows);
    for lists in arrays.iter().map(|array| array.as_list::<i32>()) {
        let ends = lists.value_offsets();
        let has = BooleanBuffer::collect_bool(lists.len(), |row| ends[row + 1] > ends[row]);
        anybody = &anybody | &lists.nulls().map_or_else(|| has.clone(), |nulls| &has & nulls.inner());
    }
    Ok(Arc::new(BooleanArray::from(anybody)))
}
