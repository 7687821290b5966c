//! `graph_attendees(attendees[, response])`: the addresses of the people among the attendees.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, ListBuilder, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::item::{Column, Item};
use super::text::{path, with_path};
use crate::functions::udf::declare::{OWN_SQL, Scalar};

/// The type of an attendee that is a room or equipment.
const RESOURCE: &str = "resource";

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "graph_attendees",
        arguments: |types| with_path("graph_attendees", types),
        returns: |_| Ok(DataType::new_list(DataType::Utf8, true)),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "The addresses of the people among the attendees of a meeting in a Microsoft Graph export: all attendees except \
             those of type resource, which are rooms or equipment. If a response is given, only attendees with this response. \
             NULL if the value is not a list.",
            "graph_attendees(attendees[, response])",
        )
        .with_argument("attendees", "A list of attendees, or JSON text of an array of them; NULL gives NULL.")
        .with_argument("response", "A response in any case, the same for all rows, such as 'declined'.")
        .with_sql_example(
            "> select graph_attendees('[{\"type\":\"resource\",\"emailAddress\":{\"address\":\"room@contoso.com\"}}, \
             {\"emailAddress\":{\"address\":\"ann@contoso.com\"}}]');\n[ann@contoso.com]",
        )
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let response = path("graph_attendees", args)?;
    let array = args.args[0].to_array(args.number_rows)?;
    let column = Column::new(&array)?;
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..array.len() {
        let addresses = lists.values();
        let is_list = column.get(row).is_some_and(|list| {
            list.each(&mut |attendee| {
                let Some(attendee) = attendee else { return };
                if is(attendee, "type", RESOURCE)
                    || !(response.is_empty() || is(attendee, "status.response", response))
                {
                    return;
                }
                addresses.append_option(attendee.text_at("emailAddress.address"));
            })
        });
        lists.append(is_list);
    }
    Ok(Arc::new(lists.finish()))
}

fn is(attendee: &Item<'_>, path: &str, value: &str) -> bool {
    attendee.text_at(path).is_some_and(|text| text.trim().eq_ignore_ascii_case(value))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{AsArray, StringArray};
    use datafusion::common::ScalarValue;

    use super::*;
    use crate::functions::testing::tester::invoke_with;

    fn addresses(json: &str, response: &[ScalarValue]) -> Vec<String> {
        let array: ArrayRef = Arc::new(StringArray::from(vec![json]));
        let out = invoke_with(&udf(), vec![array], response);
        let list = out.as_list::<i32>().value(0);
        list.as_string::<i32>().iter().map(|a| a.unwrap_or("null").to_string()).collect()
    }

    #[test]
    fn rooms_are_left_out() {
        let json = r#"[
            {"Type":"microsoft.graph.attendeeType'Resource'","status":{"response":"declined"},"emailAddress":{"address":"room@x"}},
            {"type":"required","status":{"response":"microsoft.graph.responseType'declined'"},"emailAddress":{"address":"a@x"}},
            {"type":"optional","STATUS":{"Response":"Accepted"},"emailAddress":{"address":"b@x"}},
            {"emailAddress":{"name":"without address"}},
            null]"#;
        assert_eq!(addresses(json, &[]), ["a@x", "b@x", "null"]);
        assert_eq!(addresses(json, &[ScalarValue::from("declined")]), ["a@x"]);
    }
}
