//! `anybody(parties, …)`: is somebody known in any of these lists?

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray};
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
    let mut anybody = vec![false; args.number_rows];
    for lists in arrays.iter().map(|array| array.as_list::<i32>()) {
        let lists_have = lists.value_offsets().windows(2).map(|ends| ends[1] > ends[0]);
        match lists.nulls() {
            None => anybody.iter_mut().zip(lists_have).for_each(|(any, has)| *any |= has),
            Some(nulls) => {
                let valid = lists_have.zip(nulls.iter()).map(|(has, is_valid)| has && is_valid);
                anybody.iter_mut().zip(valid).for_each(|(any, has)| *any |= has);
            }
        }
    }
    Ok(Arc::new(BooleanArray::from(anybody)))
}
