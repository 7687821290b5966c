//! `is_auto_submitted(headers)`: whether a program sent a message.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::header_lines::{self, is_wanted, says_yes};
use super::item::{Column, Item, Unreadable, Value};
use super::other_key::has_other_key;
use super::recipients::for_each_item;
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};

/// The keys of the name of a header. Programs that write a map as a list of its entries call it the key.
const NAMES: [&str; 2] = ["name", "key"];

/// The key of the value of a header.
const VALUE: &str = "value";

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "is_auto_submitted",
        arguments: |types| {
            expect_arguments("is_auto_submitted", types, 1)?;
            Ok(types.to_vec())
        },
        returns: |_| Ok(DataType::Boolean),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "True if the headers of a message contain Auto-Submitted (RFC 3834), in any case, with a value other than no. \
             What follows a semicolon is ignored; a blank value counts as no. NULL if the headers cannot be read, and \
             if this header is there in a form that is not known.",
            "is_auto_submitted(headers)",
        )
        .with_argument("headers", "A list of structs (name, value) or (key, value), one of them, values by name, text as in a message, or JSON text; NULL gives false.")
        .with_sql_example(
            "> select is_auto_submitted('[{\"name\":\"Auto-Submitted\",\"value\":\"auto-replied\"}]');\ntrue",
        )
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = args.args[0].to_array(args.number_rows)?;
    let column = Column::new(&array)?;
    let flag = |row| column.get(row).map_or(Some(false), |headers| is_auto_submitted(&headers).ok());
    Ok(Arc::new((0..array.len()).map(flag).collect::<BooleanArray>()))
}

/// Whether the headers say so.
fn is_auto_submitted(headers: &Item<'_>) -> Result<bool, Unreadable> {
    let mut found = false;
    for_each_item(headers, &mut |header| {
        found |= header.map_or(Ok(false), says_so)?;
        Ok(())
    })?;
    Ok(found)
}

/// The name of a header.
///
/// # Errors
/// It has several.
fn name_of<'a>(header: &'a Item<'_>) -> Result<Option<Item<'a>>, Unreadable> {
    for name in NAMES {
        if let Some(name) = header.only_field(name)? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Whether a header says so: an object with name (or key) and value, an object of values by name, or text as in a
/// message, `Name: value`, one header or several.
///
/// # Errors
/// The header has none of these forms, or its name is where none of them has it.
fn says_so(header: &Item<'_>) -> Result<bool, Unreadable> {
    match header.value() {
        Value::Absent => Ok(false),
        Value::Object(object) => match name_of(&object)? {
            Some(name) if name.is_nested() => Err(Unreadable),
            Some(name) if name.text().is_some_and(|name| is_wanted(&name)) => value_of(&object),
            Some(_) => Ok(false),
            None => by_name(&object),
        },
        Value::Text(text) if text.contains(':') => header_lines::says_so(&text),
        Value::Text(_) | Value::List(_) | Value::Unreadable => Err(Unreadable),
    }
}

/// Whether the value of the header says so. If it is under another name, it cannot be read.
fn value_of(header: &Item<'_>) -> Result<bool, Unreadable> {
    match header.leaf(VALUE)? {
        Some(value) => Ok(says_yes(&value)),
        None if !has_key(&header.keys().ok_or(Unreadable)?, VALUE) && has_other_key(header, &NAMES) => {
            Err(Unreadable)
        }
        None => Ok(false),
    }
}

/// Whether an object of values by name says so. An object with a value and without a name cannot be read, nor one in
/// which the header's name is a value.
fn by_name(headers: &Item<'_>) -> Result<bool, Unreadable> {
    let keys = headers.keys().ok_or(Unreadable)?;
    if headers.field(VALUE).is_some() && !NAMES.iter().any(|name| has_key(&keys, name)) {
        return Err(Unreadable);
    }
    let mut found = None;
    for key in keys.iter().filter(|key| is_wanted(key)) {
        found = Some(found.unwrap_or(false) | headers.leaf(key)?.is_some_and(|value| says_yes(&value)));
    }
    match found {
        Some(says_so) => Ok(says_so),
        None if keys.iter().any(|key| headers.field(key).is_some_and(|value| mentions(&value))) => {
            Err(Unreadable)
        }
        None => Ok(false),
    }
}

fn has_key(keys: &[String], name: &str) -> bool {
    keys.iter().any(|key| key.eq_ignore_ascii_case(name))
}

/// Whether the name of the header is anywhere in a value.
fn mentions(value: &Item<'_>) -> bool {
    match value.value() {
        Value::Text(text) => is_wanted(&text) || header_lines::names(&text),
        Value::Object(object) => object
            .keys()
            .unwrap_or_default()
            .iter()
            .any(|key| is_wanted(key) || object.field(key).is_some_and(|inner| mentions(&inner))),
        Value::List(items) => items.iter().flatten().any(mentions),
        Value::Absent | Value::Unreadable => false,
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{AsArray, StringArray};

    use super::*;
    use crate::functions::testing::tester::invoke_scalar;

    #[test]
    fn anything_but_no() {
        let header = |value: &str| {
            format!(r#"[{{"name":"Received","value":"x"}},{{"NAME":"auto-SUBMITTED ","Value":"{value}"}}]"#)
        };
        let yes = ["auto-replied", "Auto-Generated; type=x", "none"].map(header);
        let no = ["no", " NO ; x=y", "", " ", "; x"].map(header);
        let other =
            ["[]", "null", "", r#"[{"name":"X-Auto-Submitted","value":"auto-replied"}]"#].map(String::from);
        let all: Vec<_> =
            yes.iter().chain(&no).chain(&other).map(|t| Some(t.as_str())).chain([None]).collect();
        let out = invoke_scalar(&udf(), vec![Arc::new(StringArray::from(all))]);
        let out: Vec<_> = out.as_boolean().iter().map(Option::unwrap).collect();
        assert_eq!(out.iter().filter(|b| **b).count(), 3);
        assert_eq!(out[..3], [true; 3]);
    }

    #[test]
    fn other_forms() {
        let flag = |text: &str| {
            let out = invoke_scalar(&udf(), vec![Arc::new(StringArray::from(vec![text]))]);
            out.as_boolean().iter().next().flatten()
        };
        for yes in [
            r#"{"name":"Auto-Submitted","value":"auto-replied"}"#,
            r#"{"Received":"x","Auto-Submitted":"auto-replied"}"#,
            r#"[{"key":"Received","value":"x"},{"Key":"auto-submitted","Value":"auto-replied"}]"#,
            r#"[{"Received":"x"},{"Auto-Submitted":"auto-replied"}]"#,
            r#"["Received: x","Auto-Submitted: auto-replied"]"#,
            r#"[{"name":"Auto-Submitted:","value":"auto-replied"}]"#,
            r#"{"auto_submitted":"auto-replied"}"#,
            r#"[{"autoSubmitted":"no"},{"AutoSubmitted":"auto-generated"}]"#,
            "Received: x\r\n by y\r\nAuto-Submitted: auto-replied\r\n",
        ] {
            assert_eq!(flag(yes), Some(true), "{yes}");
        }
        for no in [
            r#"{"name":"Received","value":"x"}"#,
            "{}",
            "Received: x\nAuto-Submitted: no",
            r#"[{"name":null}]"#,
            r#"[{"name":null,"value":"x"}]"#,
            r#"[{"key":"X","value":"Auto-Submitted: auto-replied"}]"#,
            r#"[{"name":"Auto-Submitted"}]"#,
            r#"[{"name":"Auto-Submitted","value":null,"index":1}]"#,
            r#"{"X-Auto-Submitted":"auto-replied"}"#,
            r#"{"DKIM-Signature":"h=from:auto-submitted:to"}"#,
            r#"[{"headerName":"Received","headerValue":"x"}]"#,
        ] {
            assert_eq!(flag(no), Some(false), "{no}");
        }
        for unreadable in [
            r#"[{"name":"Auto-Submitted","value":"auto-rep"#,
            r#"[{'name': 'Auto-Submitted', 'value': 'auto-replied'}]"#,
            r#"["@{name=Auto-Submitted; value=auto-replied}"]"#,
            r#"[{"header":"Auto-Submitted","value":"auto-replied"}]"#,
            r#"[{"headerName":"Auto-Submitted","headerValue":"auto-replied"}]"#,
            r#"[{"name":"Auto-Submitted","content":"auto-replied"}]"#,
            r#"[{"name":"Auto-Submitted","values":["auto-replied"]}]"#,
            r#"[{"header":{"name":"Auto-Submitted","value":"auto-replied"}}]"#,
            r#"{"headers":[["Auto-Submitted","auto-replied"]]}"#,
            r#"{"raw":"Received: x\r\nAuto-Submitted: auto-replied"}"#,
            r#"{"Auto-Submitted":["auto-replied"]}"#,
            "X-A: 1; Auto-Submitted: auto-replied",
            "text",
        ] {
            assert_eq!(flag(unreadable), None, "{unreadable}");
        }
    }
}
