//! `graph_has_other_key(value, keys)`: whether an object has a key that is not known.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::item::{Column, Item, Value};
use super::text::{path, with_path};
use crate::functions::udf::declare::{OWN_SQL, Scalar};

/// A key that the SDKs of Microsoft Graph add to every object.
const ADDITIONAL: &str = "AdditionalProperties";

/// Whether an object has a key that is none of these. Keys of OData (`@odata.type`) say nothing about the object. A value
/// that is not an object has no keys.
pub(crate) fn has_other_key(object: &Item<'_>, known: &[&str]) -> bool {
    let is_known = |key: &str| {
        key.starts_with('@') || known.iter().chain(&[ADDITIONAL]).any(|one| one.eq_ignore_ascii_case(key))
    };
    object.keys().is_some_and(|keys| !keys.iter().all(|key| is_known(key)))
}

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "graph_has_other_key",
        arguments: |types| match types.len() {
            2 => with_path("graph_has_other_key", types),
            other => plan_err!("graph_has_other_key takes 2 arguments, not {other}"),
        },
        returns: |_| Ok(DataType::Boolean),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "True if a value of a Microsoft Graph export is an object with a key that is none of the known ones. Keys of OData, \
             such as @odata.type, and AdditionalProperties are always known. False for any other value. NULL if the value is \
             absent.",
            "graph_has_other_key(value, keys)",
        )
        .with_argument("value", "A value of any type; NULL, blank text and the text null give NULL.")
        .with_argument("keys", "The known keys in any case, with commas between them, the same for all rows.")
        .with_sql_example(
            "> select graph_has_other_key('{\"dateTime\":\"2026-03-01T09:30:00\",\"time_zone\":\"UTC\"}', 'dateTime,timeZone');\ntrue",
        )
        .with_related_udf("graph_is_object")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let known: Vec<_> = path("graph_has_other_key", args)?.split(',').collect();
    let array = args.args[0].to_array(args.number_rows)?;
    let column = Column::new(&array)?;
    let has_other = |row| match column.get(row)?.value() {
        Value::Absent => None,
        Value::Object(object) => Some(has_other_key(&object, &known)),
        _ => Some(false),
    };
    Ok(Arc::new((0..array.len()).map(has_other).collect::<BooleanArray>()))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{AsArray, StringArray};
    use datafusion::common::ScalarValue;

    use super::*;
    use crate::functions::testing::tester::invoke_with;

    #[test]
    fn keys_that_are_not_known() {
        let texts = [
            (r#"{"A":1,"b":2}"#, Some(false)),
            (r#"{"a":1,"@odata.type":"x","additionalProperties":{}}"#, Some(false)),
            ("{}", Some(false)),
            (r#"{"a":1,"b_":2}"#, Some(true)),
            (r#"{"c":null}"#, Some(true)),
            (r#"{"c":1"#, Some(false)),
            ("text", Some(false)),
            ("[]", Some(false)),
            ("", None),
            ("null", None),
        ];
        let values: ArrayRef = Arc::new(StringArray::from(texts.map(|(text, _)| text).to_vec()));
        let out = invoke_with(&udf(), vec![values], &[ScalarValue::from("a,b")]);
        let out: Vec<_> = out.as_boolean().iter().collect();
        assert_eq!(out, texts.map(|(_, expected)| expected));
    }
}
