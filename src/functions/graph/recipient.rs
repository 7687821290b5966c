//! `graph_address(recipient)`: the address of a sender or recipient.
//!
//! Microsoft writes a recipient as `{"emailAddress": {"name": ..., "address": ...}}`. Other programs flatten
//! this, or write a list of one item as the item and the other way round. Every form that has one meaning is
//! read, in structs, maps and JSON text:
//!
//! - an object with `emailAddress`, which is an object with `address`, or the text of an address;
//! - an object with `address`;
//! - text: an address in any spelling;
//! - a list of one of these.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::item::{Column, Item, Unreadable, Value};
use super::other_key::has_other_key;
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};

/// The keys of recipients and attendees.
pub(crate) const KEYS: [&str; 6] = ["emailAddress", "address", "name", "type", "status", "proposedNewTime"];
/// The keys of those that say who it is. An object with one of these and without an address has none.
const WHO: [&str; 3] = ["emailAddress", "address", "name"];

/// The address of a recipient, as it is written; `None` if it has none.
///
/// # Errors
/// The value is not a recipient in one of the forms above.
pub(crate) fn address(item: &Item<'_>) -> Result<Option<String>, Unreadable> {
    match item.value() {
        Value::Absent => Ok(None),
        Value::Text(text) => Ok(Some(text.into_owned())),
        Value::Object(object) => match object.only_field("emailAddress")? {
            Some(inner) => match inner.value() {
                Value::Object(inner) => in_object(&inner),
                _ => address(&inner),
            },
            None => in_object(&object),
        },
        Value::List(items) => match &items[..] {
            [] => Ok(None),
            [one] => one.as_ref().map_or(Ok(None), address),
            _ => Err(Unreadable),
        },
        Value::Unreadable => Err(Unreadable),
    }
}

fn in_object(object: &Item<'_>) -> Result<Option<String>, Unreadable> {
    if let Some(address) = object.leaf("address")? {
        return Ok(Some(address));
    }
    let keys = object.keys().ok_or(Unreadable)?;
    let says_who = keys.iter().any(|key| WHO.iter().any(|one| one.eq_ignore_ascii_case(key)));
    // Without these, an address may be under another name.
    if says_who || !has_other_key(object, &KEYS) { Ok(None) } else { Err(Unreadable) }
}

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "graph_address",
        arguments: |types| {
            expect_arguments("graph_address", types, 1)?;
            Ok(types.to_vec())
        },
        returns: |_| Ok(DataType::Utf8),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "The address of a sender or recipient of a Microsoft Graph export, not normalized. It is read in every form that \
             has one meaning: emailAddress.address, address, the text of an address, a list of one of these. NULL if there is \
             no address, or if the value cannot be read; only then graph_addresses() of the value is NULL, too.",
            "graph_address(recipient)",
        )
        .with_argument("recipient", "A struct, a map, text or JSON text; NULL gives NULL.")
        .with_sql_example(
            "> select graph_address('{\"emailAddress\":{\"name\":\"Ann\",\"address\":\"ann@contoso.com\"}}');\nann@contoso.com",
        )
        .with_related_udf("graph_addresses")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = args.args[0].to_array(args.number_rows)?;
    let column = Column::new(&array)?;
    let mut addresses = StringBuilder::new();
    for row in 0..array.len() {
        let address = column.get(row).and_then(|item| address(&item).ok()?);
        addresses.append_option(address.filter(|address| !address.trim().is_empty()));
    }
    Ok(Arc::new(addresses.finish()))
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::StringArray;

    use super::*;

    fn read(text: &str) -> Result<Option<String>, Unreadable> {
        let array: ArrayRef = Arc::new(StringArray::from(vec![text]));
        address(&Column::new(&array).unwrap().get(0).unwrap())
    }

    #[test]
    fn forms_with_one_meaning() {
        for text in [
            r#"{"emailAddress":{"name":"A","address":"a@x"}}"#,
            r#"{"EmailAddress":{"Address":"a@x"}}"#,
            r#"{"emailAddress":"a@x"}"#,
            r#"{"emailAddress":"{\"address\":\"a@x\"}"}"#,
            r#"{"name":"A","address":"a@x"}"#,
            r#"[{"emailAddress":{"address":"a@x"}}]"#,
            r#"["a@x"]"#,
            r#""a@x""#,
            "a@x",
        ] {
            assert_eq!(read(text).unwrap().as_deref(), Some("a@x"), "{text}");
        }
        // What is not an address is not judged here.
        assert_eq!(
            read(r#"{"emailAddress":{"address":"/o=org/cn=a"}}"#).unwrap().as_deref(),
            Some("/o=org/cn=a")
        );
    }

    #[test]
    fn absent_is_not_unreadable() {
        for text in [
            "{}",
            "[]",
            "[null]",
            "null",
            r#"{"emailAddress":null}"#,
            r#"{"emailAddress":{"name":"A","address":" "}}"#,
            r#"{"type":"required","status":null}"#,
            r#"{"name":"A","guest":true}"#,
        ] {
            assert_eq!(read(text).unwrap(), None, "{text}");
        }
        for text in [
            r#"{"emailAddress":"@{name=A; address=a@x}"}"#,
            r#"{"emailAddress":{"address":{"value":"a@x"}}}"#,
            r#"{"emailAddress":{"address":"@{value=a@x}"}}"#,
            r#"{"smtp":"a@x"}"#,
            r#"{"type":"required","email_address":{"address":"a@x"}}"#,
            r#"{"emailAddress":{"address":"a@x"}"#,
            r#"{'emailAddress': {'address': 'a@x'}}"#,
            r#"["a@x","b@x"]"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
