//! `graph_is_object(value)`: whether a value is an object.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::item::{Column, Value};
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "graph_is_object",
        arguments: |types| {
            expect_arguments("graph_is_object", types, 1)?;
            Ok(types.to_vec())
        },
        returns: |_| Ok(DataType::Boolean),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "True if a value of a Microsoft Graph export is an object: a struct, a map or JSON text of an object. False for any \
             other value, and for JSON text that is cut short or in another notation. NULL if the value is absent.",
            "graph_is_object(value)",
        )
        .with_argument("value", "A value of any type; NULL, blank text and the text null give NULL.")
        .with_sql_example("> select graph_is_object('{\"response\":\"none\"}'), graph_is_object('@{response=none}');\ntrue, false")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = args.args[0].to_array(args.number_rows)?;
    let column = Column::new(&array)?;
    let is_object = |row| match column.get(row)?.value() {
        Value::Absent => None,
        Value::Object(object) => Some(object.keys().is_some()),
        _ => Some(false),
    };
    Ok(Arc::new((0..array.len()).map(is_object).collect::<BooleanArray>()))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{AsArray, StringArray};

    use super::*;
    use crate::functions::testing::tester::invoke_scalar;

    #[test]
    fn objects_other_values_and_nothing() {
        let texts = ["{}", r#"{"a":1}"#, r#"{"a":1"#, "{'a':1}", "[{}]", "text", "@{a=1}", "1", "", "null"];
        let out = invoke_scalar(&udf(), vec![Arc::new(StringArray::from(texts.to_vec()))]);
        let out: Vec<_> = out.as_boolean().iter().collect();
        assert_eq!(out[..2], [Some(true); 2]);
        assert_eq!(out[2..8], [Some(false); 6]);
        assert_eq!(out[8..], [None; 2]);
    }
}
