//! `graph_texts(list[, path])`: the text of each item of a list, or of the field at a path in each item.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, ListBuilder, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::item::Column;
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
            "The result of graph_text() for each item of a list of a Microsoft Graph export. NULL if the value is not a list.",
            "graph_texts(list[, path])",
        )
        .with_argument("list", "A list, or JSON text of an array; NULL gives NULL.")
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
    let array = args.args[0].to_array(args.number_rows)?;
    let column = Column::new(&array)?;
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..array.len() {
        let texts = lists.values();
        let is_list = column.get(row).is_some_and(|list| {
            list.each(&mut |item| texts.append_option(item.and_then(|item| item.text_at(path))))
        });
        lists.append(is_list);
    }
    Ok(Arc::new(lists.finish()))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{AsArray, LargeListBuilder, StringArray};
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
        ]));
        let lists = shown(&invoke_with(&udf(), vec![json], &[ScalarValue::from("EmailAddress.Address")]));
        let a = Some("a@x".to_string());
        assert_eq!(lists, [Some(vec![a.clone(), None, None]), Some(vec![]), None, None]);
        let mut list = LargeListBuilder::new(StringBuilder::new());
        list.append_value([Some("a@x"), None]);
        list.append_null();
        assert_eq!(shown(&invoke_scalar(&udf(), vec![Arc::new(list.finish())])), [Some(vec![a, None]), None]);
    }
}
