//! `graph_unknown_words(attendees)`: which fields of attendees have a value that is not a known word.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::item::{Column, Item, Value};
use super::other_key::has_other_key;
use super::recipient::KEYS;
use super::recipients::for_each_item;
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};

/// The types of attendees, in lower case.
const TYPES: [&str; 3] = ["required", "optional", "resource"];
/// The responses of attendees, in lower case.
const RESPONSES: [&str; 6] =
    ["none", "organizer", "tentativelyaccepted", "accepted", "declined", "notresponded"];

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "graph_unknown_words",
        arguments: |types| {
            expect_arguments("graph_unknown_words", types, 1)?;
            Ok(types.to_vec())
        },
        returns: |_| Ok(DataType::Utf8),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "The fields of attendees of a Microsoft Graph export that have a value which is not a word of Microsoft's, in some \
             attendee: attendees.type, attendees.status, or both with a comma between them. Words count in any case, and as \
             OData literals. A field that is absent counts, too, if the attendee has a key that Microsoft's do not have. NULL if \
             there is none.",
            "graph_unknown_words(attendees)",
        )
        .with_argument("attendees", "The argument of graph_attendees(); NULL and what cannot be read give NULL.")
        .with_sql_example(
            "> select graph_unknown_words('[{\"type\":\"Required\",\"status\":{\"response\":\"abgelehnt\"},\
             \"emailAddress\":{\"address\":\"ann@contoso.com\"}}]');\nattendees.status",
        )
        .with_related_udf("graph_attendees")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = args.args[0].to_array(args.number_rows)?;
    let column = Column::new(&array)?;
    let mut fields = StringBuilder::new();
    for row in 0..array.len() {
        fields.append_option(column.get(row).and_then(|attendees| unknown_in(&attendees)));
    }
    Ok(Arc::new(fields.finish()))
}

fn unknown_in(attendees: &Item<'_>) -> Option<&'static str> {
    let (mut in_type, mut in_status) = (false, false);
    let read = for_each_item(attendees, &mut |attendee| {
        if let Some(Value::Object(attendee)) = attendee.map(Item::value) {
            let (kind, status) = (attendee.field("type"), attendee.field("status"));
            let may_be_other = kind.is_none() || status.is_none();
            let has_other = may_be_other && has_other_key(&attendee, &KEYS);
            in_type |= kind.map_or(has_other, |kind| is_unknown(&kind, &TYPES));
            in_status |= status.map_or(has_other, |status| is_unknown_status(&status));
        }
        Ok(())
    });
    match (read, in_type, in_status) {
        (Ok(()), true, true) => Some("attendees.type,attendees.status"),
        (Ok(()), true, false) => Some("attendees.type"),
        (Ok(()), false, true) => Some("attendees.status"),
        _ => None,
    }
}

/// A status is an object with a response, or the text of a response. An object without any field is absent.
fn is_unknown_status(status: &Item<'_>) -> bool {
    match status.value() {
        Value::Object(status) => match status.field("response") {
            Some(response) => is_unknown(&response, &RESPONSES),
            None => status.keys().is_none_or(|keys| {
                !keys.is_empty() && !keys.iter().any(|key| key.eq_ignore_ascii_case("response"))
            }),
        },
        _ => is_unknown(status, &RESPONSES),
    }
}

/// Whether a value is there and is not one of these words.
fn is_unknown(value: &Item<'_>, known: &[&str]) -> bool {
    let is_absent = matches!(value.value(), Value::Absent);
    let word = value.text();
    let is_word = |text: &str| known.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
    !is_absent && word.is_some_and(|text| !is_word(&text))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{AsArray, StringArray};

    use super::*;
    use crate::functions::testing::tester::invoke_scalar;

    fn unknown(attendees: &str) -> Option<String> {
        let out = invoke_scalar(&udf(), vec![Arc::new(StringArray::from(vec![attendees]))]);
        out.as_string::<i32>().iter().next().flatten().map(str::to_owned)
    }

    #[test]
    fn known_words_in_any_spelling() {
        for attendee in [
            r#"{"type":"required","status":{"response":"none","time":"0001-01-01T00:00:00Z"}}"#,
            r#"{"Type":" Optional ","Status":{"Response":"TentativelyAccepted"}}"#,
            r#"{"type":"microsoft.graph.attendeeType'Resource'","status":{"response":"microsoft.graph.responseType'notResponded'"}}"#,
            r#"{"status":"declined"}"#,
            r#"{"type":null,"status":{"response":null,"time":null}}"#,
            r#"{"type":"","status":{}}"#,
            r#"{"status":{"response":"organizer"}}"#,
            r##"{"@odata.type":"#microsoft.graph.attendee","AdditionalProperties":{},"name":"A","proposedNewTime":null}"##,
            r#"{"type":"required","status":{"response":"none"},"role":"guest"}"#,
            r#"{}"#,
            "null",
        ] {
            assert_eq!(unknown(&format!("[{attendee}]")), None, "{attendee}");
        }
        assert_eq!(unknown("a@x"), None);
        assert_eq!(unknown("[{\"type\":\"cut"), None, "unreadable as a whole");
    }

    #[test]
    fn other_words_and_shapes() {
        for (attendee, field) in [
            (r#"{"type":"chair","status":{"response":"none"}}"#, "attendees.type"),
            (r#"{"type":1}"#, "attendees.type"),
            (r#"{"type":{"value":"required"}}"#, "attendees.type"),
            (r#"{"status":{"response":"abgelehnt"}}"#, "attendees.status"),
            (r#"{"status":{"answer":"declined"}}"#, "attendees.status"),
            (r#"{"status":["declined"]}"#, "attendees.status"),
            (r#"{"status":true}"#, "attendees.status"),
            (r#"{"status":"microsoft.graph.responseType'declined"}"#, "attendees.status"),
            (r#"{"type":"x","status":"y"}"#, "attendees.type,attendees.status"),
            (r#"{"attendeeType":"resource","status":{"response":"none"}}"#, "attendees.type"),
            (r#"{"type":"required","responseStatus":{"response":"declined"}}"#, "attendees.status"),
            (r#"{"attendee_type":"resource"}"#, "attendees.type,attendees.status"),
        ] {
            let known = r#"{"type":"required","emailAddress":{"address":"a@x"}}"#;
            assert_eq!(unknown(&format!("[{known},{attendee}]")).as_deref(), Some(field), "{attendee}");
        }
    }
}
