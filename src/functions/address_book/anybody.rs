//! `anybody(parties, …)`: is somebody known in any of these lists?

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::parties_type;
use crate::functions::define::{SECTION, Scalar};

pub(super) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "anybody",
        arguments: |types| Ok(vec![parties_type(); types.len()]),
        returns: |_| Ok(DataType::Boolean),
        invoke,
        documentation: Documentation::builder(
            SECTION,
            "True where any of the lists of parties has one. Never NULL.",
            "anybody(parties, ...)",
        )
        .with_argument("parties", "Lists from parties(), any number of arguments; NULL is nobody.")
        .with_sql_example("> select anybody([], [7]), anybody([], null);\ntrue, false")
        .with_related_udf("parties")
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
