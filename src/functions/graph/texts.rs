//! `graph_texts(list[, path])`: the text of each item of a list, or of the field at a path in each item.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::item::{Item, Unreadable, Value};
use super::recipients::{for_each_item, lists};
use super::text::{path, with_path};
use crate::functions::udf::declare::{OWN_SQL, Scalar};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "graph_texts",
        arguments: |types| with_path("graph_texts", types),
        returns: |_| Ok(DataType::new_list(DataType::Utf8, true)),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "The result of graph_text() for each item of a list of a Microsoft Graph export. A value that is not a list is a list of \
             one. NULL if the value or an item cannot be read: a nested item without a path, or text with a path.",
            "graph_texts(list[, path])",
        )
        .with_argument("list", "A list, one item, or JSON text; NULL gives NULL, blank text an empty list.")
        .with_argument("path", "Field names separated by dots, the same for all rows, such as 'emailAddress.address'.")
        .with_sql_example(
            "> select graph_texts('[{\"emailAddress\":{\"address\":\"ann@contoso.com\"}}]', 'emailAddress.address');\n[ann@contoso.com]",
        )
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let path = path("graph_texts", args)?;
    lists(&args.args[0].to_array(args.number_rows)?, |list, texts| {
        for_each_item(list, &mut |item| {
            texts.push(match item.map(Item::value) {
                None | Some(Value::Absent) => None,
                Some(Value::Text(_)) if path.is_empty() => item.and_then(|item| item.text_at(path)),
                Some(Value::Object(object)) if !path.is_empty() => object.text_at(path),
                Some(_) => return Err(Unreadable),
            });
            Ok(())
        })
    })
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{AsArray, LargeListBuilder, StringArray, StringBuilder};
    use datafusion::common::ScalarValue;

    use super::*;
    use crate::functions::testing::tester::{invoke_scalar, invoke_with};

    fn shown(lists: &ArrayRef) -> Vec<Option<Vec<Option<String>>>> {
        let lists = lists.as_list::<i32>();
        let texts = |list: ArrayRef| list.as_string::<i32>().iter().map(|t| t.map(str::to_string)).collect();
        lists.iter().map(|l| l.map(texts)).collect()
    }

    #[test]
    fn lists_and_json_text_read_alike() {
        let json: ArrayRef = Arc::new(StringArray::from(vec![
            Some(r#"[{"emailAddress":{"address":"a@x"}}, null, {"emailAddress":{}}]"#),
            Some("[]"),
            None,
            Some("no list"),
            Some(r#"{"emailAddress":{"address":"a@x"}}"#),
        ]));
        let lists = shown(&invoke_with(&udf(), vec![json], &[ScalarValue::from("EmailAddress.Address")]));
        let a = Some("a@x".to_string());
        assert_eq!(
            lists,
            [Some(vec![a.clone(), None, None]), Some(vec![]), None, None, Some(vec![a.clone()])]
        );
        let texts: ArrayRef =
            Arc::new(StringArray::from(vec!["a@x", r#"["a@x"]"#, r#"["a@x"#, r#"[{"a":1}]"#, ""]));
        let one = Some(vec![a.clone()]);
        assert_eq!(shown(&invoke_scalar(&udf(), vec![texts])), [one.clone(), one, None, None, Some(vec![])]);
        let mut list = LargeListBuilder::new(StringBuilder::new());
        list.append_value([Some("a@x"), None]);
        list.append_null();
        assert_eq!(shown(&invoke_scalar(&udf(), vec![Arc::new(list.finish())])), [Some(vec![a, None]), None]);
    }
}
