//! `graph_is_object(value[, key])`: whether a value is an object.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::item::{Column, Value};
use super::text::{path, with_path};
use crate::functions::udf::declare::{OWN_SQL, Scalar};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "graph_is_object",
        arguments: |types| with_path("graph_is_object", types),
        returns: |_| Ok(DataType::Boolean),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "True if a value of a Microsoft Graph export is an object: a struct, a map or JSON text of an object. False for any \
             other value, and for JSON text that is cut short or in another notation. If a key is given, an object that has \
             other keys only is not one. NULL if the value is absent.",
            "graph_is_object(value[, key])",
        )
        .with_argument("value", "A value of any type; NULL, blank text and the text null give NULL.")
        .with_argument("key", "The name of a key in any case, the same for all rows.")
        .with_sql_example("> select graph_is_object('{\"response\":\"none\"}'), graph_is_object('@{response=none}');\ntrue, false")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let key = path("graph_is_object", args)?;
    let array = args.args[0].to_array(args.number_rows)?;
    let column = Column::new(&array)?;
    let has_key = |keys: Vec<String>| {
        key.is_empty() || keys.is_empty() || keys.iter().any(|one| one.eq_ignore_ascii_case(key))
    };
    let is_object = |row| match column.get(row)?.value() {
        Value::Absent => None,
        Value::Object(object) => Some(object.keys().is_some_and(has_key)),
        _ => Some(false),
    };
    Ok(Arc::new((0..array.len()).map(is_object).collect::<BooleanArray>()))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{AsArray, StringArray};
    use datafusion::common::ScalarValue;

    use super::*;
    use crate::functions::testing::tester::{invoke_scalar, invoke_with};

    #[test]
    fn objects_other_values_and_nothing() {
        let texts = ["{}", r#"{"a":1}"#, r#"{"a":1"#, "{'a':1}", "[{}]", "text", "@{a=1}", "1", "", "null"];
        let out = invoke_scalar(&udf(), vec![Arc::new(StringArray::from(texts.to_vec()))]);
        let out: Vec<_> = out.as_boolean().iter().collect();
        assert_eq!(out[..2], [Some(true); 2]);
        assert_eq!(out[2..8], [Some(false); 6]);
        assert_eq!(out[8..], [None; 2]);
    }

    #[test]
    fn objects_with_a_key() {
        let texts = ["{}", r#"{"a":1}"#, r#"{"b":1,"A":null}"#, r#"{"b":1}"#, "text", ""];
        let texts: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        let out = invoke_with(&udf(), vec![texts], &[ScalarValue::from("a")]);
        let out: Vec<_> = out.as_boolean().iter().collect();
        assert_eq!(out, [Some(true), Some(true), Some(true), Some(false), Some(false), None]);
    }
}
