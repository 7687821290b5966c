//! `graph_text(value[, path])`: the text of a value, or of the field at a path in it.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::item::Column;
use crate::functions::udf::declare::{OWN_SQL, Scalar};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "graph_text",
        arguments: |types| with_path("graph_text", types),
        returns: |_| Ok(DataType::Utf8),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "The text of a value of a Microsoft Graph export, or of the field at a path in it. Field names are found in any \
             case. An OData literal is unwrapped; numbers, booleans and times are converted to text. NULL if the field is \
             absent, null or blank, or if there is a path and the text is not JSON.",
            "graph_text(value[, path])",
        )
        .with_argument("value", "Text, JSON text, a struct, or any other value; NULL gives NULL.")
        .with_argument("path", "Field names separated by dots, the same for all rows, such as 'emailAddress.address'.")
        .with_sql_example(
            "> select graph_text('{\"Response\": \"microsoft.graph.responseType''declined''\"}', 'response');\ndeclined",
        )
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let path = path("graph_text", args)?;
    let array = args.args[0].to_array(args.number_rows)?;
    let column = Column::new(&array)?;
    let mut texts = StringBuilder::new();
    for row in 0..array.len() {
        texts.append_option(column.get(row).and_then(|item| item.text_at(path)));
    }
    Ok(Arc::new(texts.finish()))
}

/// The argument types of a function of a value of any type and, optionally, text after it.
pub(crate) fn with_path(name: &str, types: &[DataType]) -> Result<Vec<DataType>> {
    match types {
        [value] => Ok(vec![value.clone()]),
        [value, _] => Ok(vec![value.clone(), DataType::Utf8]),
        _ => plan_err!("{name} takes 1 or 2 arguments, not {}", types.len()),
    }
}

/// The second argument, a text that is the same for all rows; empty if there is no second argument.
///
/// # Errors
/// The second argument is a column, or NULL.
pub(crate) fn path<'a>(name: &str, args: &'a ScalarFunctionArgs) -> Result<&'a str> {
    match args.args.get(1) {
        None => Ok(""),
        Some(ColumnarValue::Scalar(ScalarValue::Utf8(Some(path)))) => Ok(path),
        Some(_) => exec_err!("{name} needs a second argument that is the same for all rows"),
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Array, AsArray, BooleanArray, StringArray, StructArray};
    use datafusion::arrow::compute::cast;
    use datafusion::arrow::datatypes::Field;

    use super::*;
    use crate::functions::testing::tester::invoke_with;

    fn text(value: ArrayRef, path: &str) -> Vec<Option<String>> {
        let out = invoke_with(&udf(), vec![value], &[ScalarValue::from(path)]);
        out.as_string::<i32>().iter().map(|t| t.map(str::to_string)).collect()
    }

    #[test]
    fn structs_and_json_text_read_alike() {
        let json: ArrayRef = Arc::new(StringArray::from(vec![
            Some(r#"{"EMAILADDRESS":{"name":"Ann","Address":"ann@contoso.com"}}"#),
            Some(r#"{"emailAddress":null}"#),
            None,
            Some("ann@contoso.com"),
            Some(r#"{"emailAddress":{"address":" "}}"#),
        ]));
        let expected = [Some("ann@contoso.com".to_string()), None, None, None, None];
        for json in [
            json.clone(),
            cast(&json, &DataType::LargeUtf8).unwrap(),
            cast(&json, &DataType::Utf8View).unwrap(),
        ] {
            assert_eq!(text(json, "emailAddress.address"), expected);
        }
        let address: ArrayRef = Arc::new(StringArray::from(vec![Some("ann@contoso.com"), None]));
        let inner = StructArray::from(vec![(Arc::new(Field::new("Address", DataType::Utf8, true)), address)]);
        let inner_type = inner.data_type().clone();
        let outer = StructArray::from(vec![(
            Arc::new(Field::new("emailaddress", inner_type, true)),
            Arc::new(inner) as ArrayRef,
        )]);
        assert_eq!(text(Arc::new(outer), "emailAddress.address"), expected[..2]);
    }

    #[test]
    fn other_types_give_their_text() {
        let flags: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), None]));
        assert_eq!(text(flags, ""), [Some("true".to_string()), None]);
        let nulls: ArrayRef = Arc::new(datafusion::arrow::array::NullArray::new(2));
        assert_eq!(text(nulls, "a.b"), [None, None]);
    }
}
