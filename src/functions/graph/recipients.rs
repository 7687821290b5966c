//! `graph_addresses(recipients)`: the addresses of a list of recipients.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, ListBuilder, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::item::{Column, Item, Unreadable, Value};
use super::recipient::address;
use crate::functions::address::addresses::addresses;
use crate::functions::address::several::is_empty_group;
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};

/// Calls `f` with each item of a list, `None` for a null item. A value that is not a list is a list of one:
/// programs write a list of one item as the item. PowerShell writes some lists as `{"value": [...], "Count": 2}`.
///
/// # Errors
/// The value cannot be read, and the errors of `f`.
pub(crate) fn for_each_item(
    list: &Item<'_>,
    f: &mut dyn FnMut(Option<&Item<'_>>) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    match list.value() {
        Value::Absent => Ok(()),
        Value::List(items) => items.iter().try_for_each(|item| f(item.as_ref())),
        Value::Text(_) => f(Some(list)),
        Value::Object(object) => {
            let keys = object.keys().ok_or(Unreadable)?;
            let has = |name: &str| keys.iter().any(|key| key.eq_ignore_ascii_case(name));
            match object.only_field("value")?.filter(|_| has("Count")) {
                Some(items) => for_each_item(&items, f),
                None => f(Some(&object)),
            }
        }
        Value::Unreadable => Err(Unreadable),
    }
}

/// An item that is there and has no address, as mail writes an empty one.
const NO_ADDRESS: &str = "<>";

/// The address of an item of a list, as it is written: [`NO_ADDRESS`] if the item has a name, or an address that is
/// blank; `None` if there is no item, or nothing in it.
///
/// # Errors
/// The item is not a recipient in one of the forms that [`address`] reads.
pub(crate) fn item_address(item: Option<&Item<'_>>) -> Result<Option<String>, Unreadable> {
    let Some(item) = item else { return Ok(None) };
    if let Some(address) = address(item)? {
        return Ok(Some(address));
    }
    let has = |item: &Item<'_>| ["address", "name"].iter().any(|name| item.field(name).is_some());
    let Value::Object(object) = item.value() else { return Ok(None) };
    let is_there = has(&object) || object.field("emailAddress").is_some_and(|inner| has(&inner));
    Ok(is_there.then(|| NO_ADDRESS.to_owned()))
}

/// Checks a text that stands in place of a list of recipients: it must hold an address, or say that the
/// recipients are not disclosed. A list of names, for example, cannot be read. Any other value passes.
///
/// # Errors
/// The text holds no address.
pub(crate) fn expect_addresses(list: &Item<'_>) -> Result<(), Unreadable> {
    match list.value() {
        Value::Text(text) if !is_empty_group(&text) && addresses(&text).is_empty() => Err(Unreadable),
        _ => Ok(()),
    }
}

/// Writes the list of each row to a list array. A row is NULL if it is null or if it cannot be read.
pub(crate) fn lists(
    array: &ArrayRef,
    read: impl Fn(&Item<'_>, &mut Vec<Option<String>>) -> Result<(), Unreadable>,
) -> Result<ArrayRef> {
    let column = Column::new(array)?;
    let mut lists = ListBuilder::new(StringBuilder::new());
    let mut texts = vec![];
    for row in 0..array.len() {
        texts.clear();
        let is_read = column.get(row).is_some_and(|item| read(&item, &mut texts).is_ok());
        if is_read {
            texts.drain(..).for_each(|text| lists.values().append_option(text));
        }
        lists.append(is_read);
    }
    Ok(Arc::new(lists.finish()))
}

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "graph_addresses",
        arguments: |types| {
            expect_arguments("graph_addresses", types, 1)?;
            Ok(types.to_vec())
        },
        returns: |_| Ok(DataType::new_list(DataType::Utf8, true)),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "The addresses of recipients of a Microsoft Graph export, not normalized: of each item of a list, in every form that \
             graph_address() reads. A value that is not a list is a list of one; text may hold several addresses in one item. \
             An item with a name and no address gives `<>`. NULL if the value cannot be read: JSON text that is cut short, text of another notation or without an address, an \
             item that is not a recipient.",
            "graph_addresses(recipients)",
        )
        .with_argument("recipients", "A list, a struct, a map, text or JSON text; NULL gives NULL, blank text an empty list.")
        .with_sql_example(
            "> select graph_addresses('[{\"emailAddress\":{\"address\":\"ann@contoso.com\"}}]'), graph_addresses('[{\"emailAd');\n[ann@contoso.com], NULL",
        )
        .with_related_udf("graph_address")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    lists(&args.args[0].to_array(args.number_rows)?, |list, texts| {
        expect_addresses(list)?;
        for_each_item(list, &mut |item| {
            texts.push(item_address(item)?);
            Ok(())
        })
    })
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Array, AsArray, StringArray};

    use super::*;
    use crate::functions::testing::tester::invoke_scalar;

    fn read(text: &str) -> Option<Vec<String>> {
        let lists = invoke_scalar(&udf(), vec![Arc::new(StringArray::from(vec![text]))]);
        let lists = lists.as_list::<i32>();
        let texts = |list: ArrayRef| {
            list.as_string::<i32>().iter().map(|text| text.unwrap_or("-").to_owned()).collect()
        };
        lists.is_valid(0).then(|| texts(lists.value(0)))
    }

    #[test]
    fn forms_with_one_meaning() {
        for (text, expected) in [
            (r#"[{"emailAddress":{"address":"a@x"}},null,{"emailAddress":{}}]"#, &["a@x", "-", "-"][..]),
            (r#"{"emailAddress":{"address":"a@x"}}"#, &["a@x"]),
            (r#"[{"name":"A","address":"a@x"},"B <b@x>"]"#, &["a@x", "B <b@x>"]),
            (r#"{"value":["a@x","b@x"],"Count":2}"#, &["a@x", "b@x"]),
            (r#"{"VALUE":{"address":"a@x"},"count":1}"#, &["a@x"]),
            ("a@x; B <b@x>", &["a@x; B <b@x>"]),
            ("undisclosed-recipients:;", &["undisclosed-recipients:;"]),
            (r#"["undisclosed-recipients:;", "A"]"#, &["undisclosed-recipients:;", "A"]),
            (
                r#"[{"emailAddress":{"name":"A"}},{"name":"A","address":" "},{"address":""}]"#,
                &["<>", "<>", "<>"],
            ),
            (r#"[{"emailAddress":{"name":null,"address":null}},{"emailAddress":null}]"#, &["-", "-"]),
            (r#"["",7,true,"a@x"]"#, &["-", "7", "true", "a@x"]),
            ("[]", &[]),
            ("", &[]),
            ("null", &[]),
        ] {
            assert_eq!(read(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read() {
        for text in [
            r#"[{"emailAddress":{"address":"a@x"}},{"emailAddr"#,
            r#"[{'emailAddress': {'name': 'A', 'address': 'a@x'}}]"#,
            r#"["@{emailAddress=}"]"#,
            r#"[{"emailAddress":{"address":"a@x"}},{"emailAddress":"@{address=b@x}"}]"#,
            r#"{"emailAddress":{"address":"a@x"}} {"emailAddress":{"address":"b@x"}}"#,
            "System.Object[]",
            "[object Object]",
            "Ann Smith; Bob",
            "2",
            "true",
            r#"[{"recipient":"a@x"}]"#,
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
