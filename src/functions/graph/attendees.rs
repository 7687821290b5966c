//! `graph_attendees(attendees[, response])`: the addresses of the people among the attendees.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::item::{Item, Unreadable, Value};
use super::recipients::{expect_addresses, for_each_item, item_address, lists};
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
             Lists and attendees are read as graph_addresses() reads them. NULL if the value cannot be read.",
            "graph_attendees(attendees[, response])",
        )
        .with_argument("attendees", "A list of attendees, one attendee, text or JSON text; NULL gives NULL.")
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
    let wanted = path("graph_attendees", args)?;
    lists(&args.args[0].to_array(args.number_rows)?, |list, texts| {
        expect_addresses(list)?;
        for_each_item(list, &mut |attendee| {
            if let Some(attendee) = attendee
                && !is(attendee.only_field("type")?.and_then(|kind| kind.text_at("")), RESOURCE)
                && (wanted.is_empty() || is(response(attendee)?, wanted))
            {
                texts.push(item_address(Some(attendee))?);
            }
            Ok(())
        })
    })
}

/// The response of an attendee. An attendee that is only an address has none.
fn response(attendee: &Item<'_>) -> Result<Option<String>, Unreadable> {
    let Some(status) = attendee.only_field("status")? else { return Ok(None) };
    match status.value() {
        Value::Absent => Ok(None),
        Value::Text(_) => Ok(status.text_at("")),
        Value::Object(status) => status.leaf("response"),
        Value::List(_) | Value::Unreadable => Err(Unreadable),
    }
}

fn is(text: Option<String>, value: &str) -> bool {
    text.is_some_and(|text| text.trim().eq_ignore_ascii_case(value))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Array, AsArray, StringArray};
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
        assert_eq!(addresses(json, &[]), ["a@x", "b@x", "<>"]);
        assert_eq!(addresses(json, &[ScalarValue::from("declined")]), ["a@x"]);
    }

    #[test]
    fn other_forms() {
        let declined = [ScalarValue::from("declined")];
        let literal =
            r#"{"status":"microsoft.graph.responseType'declined'","emailAddress":{"address":"a@x"}}"#;
        assert_eq!(addresses(literal, &declined), ["a@x"]);
        let one = r#"{"type":"required","status":"declined","emailAddress":{"address":"a@x"}}"#;
        assert_eq!(addresses(one, &[]), ["a@x"]);
        assert_eq!(addresses(one, &declined), ["a@x"]);
        assert_eq!(addresses("a@x; b@x", &[]), ["a@x; b@x"]);
        assert_eq!(addresses("a@x; b@x", &declined), [""; 0]);
        let is_null = |json: &str, response: &[ScalarValue]| {
            let array: ArrayRef = Arc::new(StringArray::from(vec![json]));
            invoke_with(&udf(), vec![array], response).is_null(0)
        };
        let cut = r#"[{"status":"@{response=none; time=}","emailAddress":{"address":"a@x"}}]"#;
        assert!(!is_null(cut, &[]) && is_null(cut, &declined));
        assert!(is_null(r#"[{"emailAddress":"@{address=a@x}"}]"#, &[]));
        assert!(!is_null(r#"[{"type":"resource","emailAddress":"@{address=a@x}"}]"#, &[]), "a room");
    }
}
