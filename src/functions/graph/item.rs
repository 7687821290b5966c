//! A value of an export in any form: nested Arrow types, JSON text in a column, or plain text.

use std::borrow::Cow;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, GenericListArray, MapArray, StringArray, StructArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::common::Result;

use super::json;
use crate::functions::address::normalize::normalize;
use crate::functions::placeholder::is_null_text;
use crate::functions::udf::strings::Text;

/// An array and, if it is nested, its children.
pub(crate) enum Column<'a> {
    /// A column of type Null.
    Null,
    Text(Text<'a>),
    /// Numbers, booleans and times, converted to text.
    Shown(StringArray),
    Struct(&'a StructArray, Vec<(&'a str, Column<'a>)>),
    List(&'a GenericListArray<i32>, Box<Column<'a>>),
    LargeList(&'a GenericListArray<i64>, Box<Column<'a>>),
    /// A map, its keys and its values. It is read like a struct.
    Map(&'a MapArray, Box<Column<'a>>, Box<Column<'a>>),
}

/// A value that is not null: a row of a column, or JSON text.
pub(crate) enum Item<'a> {
    Cell(&'a Column<'a>, usize),
    Json(Cow<'a, [u8]>),
}

/// What a value is, in whatever form it is written.
pub(crate) enum Value<'a> {
    /// Null, blank text, and the texts by which programs write null.
    Absent,
    Text(Cow<'a, str>),
    /// A struct, a map, or text that begins like a JSON object. [`Item::keys`] checks that it is one.
    Object(Item<'a>),
    List(Vec<Option<Item<'a>>>),
    /// Text that begins like a nested value and is not JSON: it is cut short, or in the notation of another
    /// program.
    Unreadable,
}

/// The error for a value that is there and cannot be read.
#[derive(Debug)]
pub(crate) struct Unreadable;

/// How PowerShell begins to write an object or a list within an object that is nested too deeply.
const POWERSHELL: [&str; 2] = ["@{", "System."];

impl<'a> Column<'a> {
    pub(crate) fn new(array: &'a ArrayRef) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Null => Column::Null,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Column::Text(Text::new(array)?),
            DataType::Dictionary(_, value) if value.is_string() => Column::Text(Text::new(array)?),
            DataType::Struct(fields) => {
                let array = array.as_struct();
                let columns = fields.iter().zip(array.columns());
                let columns = columns.map(|(f, c)| Ok((f.name().as_str(), Column::new(c)?)));
                Column::Struct(array, columns.collect::<Result<_>>()?)
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                Column::List(list, Box::new(Column::new(list.values())?))
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                Column::LargeList(list, Box::new(Column::new(list.values())?))
            }
            DataType::Map(_, _) => {
                let map = array.as_map();
                Column::Map(map, Box::new(Column::new(map.keys())?), Box::new(Column::new(map.values())?))
            }
            _ => Column::Shown(cast(array, &DataType::Utf8)?.as_string().clone()),
        })
    }

    /// The value at a row; `None` is null.
    pub(crate) fn get(&'a self, row: usize) -> Option<Item<'a>> {
        let there = match self {
            Column::Null => false,
            Column::Text(text) => text.get(row).is_some(),
            Column::Shown(text) => text.is_valid(row),
            Column::Struct(array, _) => array.is_valid(row),
            Column::List(list, _) => list.is_valid(row),
            Column::LargeList(list, _) => list.is_valid(row),
            Column::Map(map, _, _) => map.is_valid(row),
        };
        there.then_some(Item::Cell(self, row))
    }
}

impl Item<'_> {
    /// The field with this name, in any case; `None` if it is absent, null or ambiguous.
    pub(crate) fn field(&self, name: &str) -> Option<Item<'_>> {
        self.only_field(name).unwrap_or_default()
    }

    /// The field with this name, in any case; `None` if it is absent or null.
    ///
    /// # Errors
    /// Several fields have this name, with different values. (Of structs, inputs check the names.)
    pub(crate) fn only_field(&self, name: &str) -> Result<Option<Item<'_>>, Unreadable> {
        match self {
            Item::Cell(Column::Struct(_, columns), row) => {
                let column = columns.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
                Ok(column.and_then(|(_, column)| column.get(*row)))
            }
            Item::Cell(Column::Map(map, keys, values), row) => {
                let is_named = |at: &usize| {
                    keys.get(*at)
                        .is_some_and(|key| key.text().is_some_and(|key| key.eq_ignore_ascii_case(name)))
                };
                let mut named = entries(map, *row).filter(is_named);
                let Some(first) = named.next().map(|at| values.get(at)) else { return Ok(None) };
                let text = |item: &Option<Item<'_>>| item.as_ref().and_then(Item::text).map(Cow::into_owned);
                let is_same = |at: usize| text(&values.get(at)) == text(&first);
                if named.all(is_same) { Ok(first) } else { Err(Unreadable) }
            }
            _ => {
                let Some(text) = self.json() else { return Ok(None) };
                Ok(member(&text, name)?.map(Item::Json))
            }
        }
    }

    /// The text at a path such as `emailAddress.address`; the empty path is the value itself.
    pub(crate) fn text_at(&self, path: &str) -> Option<String> {
        match path.split_once('.') {
            _ if path.is_empty() => self.text().map(Cow::into_owned),
            Some((name, rest)) => self.field(name)?.text_at(rest),
            None => self.field(path)?.text().map(Cow::into_owned),
        }
    }

    /// What the value is. JSON text is read.
    pub(crate) fn value(&self) -> Value<'_> {
        match self {
            Item::Cell(Column::Null, _) => Value::Absent,
            Item::Cell(Column::Text(text), row) => text.get(*row).map_or(Value::Absent, of_text),
            Item::Cell(Column::Shown(text), row) => Value::Text(Cow::Borrowed(text.value(*row))),
            Item::Cell(column @ (Column::Struct(_, _) | Column::Map(_, _, _)), row) => {
                Value::Object(Item::Cell(column, *row))
            }
            Item::Cell(Column::List(list, items), row) => {
                let offsets = &list.value_offsets()[*row..];
                Value::List((offsets[0]..offsets[1]).map(|i| items.get(i as usize)).collect())
            }
            Item::Cell(Column::LargeList(list, items), row) => {
                let offsets = &list.value_offsets()[*row..];
                Value::List((offsets[0]..offsets[1]).map(|i| items.get(i as usize)).collect())
            }
            Item::Json(raw) => of_json(raw),
        }
    }

    /// The names of the fields of a struct, the keys of a map, or the keys of a JSON object; `None` if the
    /// value is not an object.
    pub(crate) fn keys(&self) -> Option<Vec<String>> {
        match self {
            Item::Cell(Column::Struct(_, columns), _) => {
                Some(columns.iter().map(|(name, _)| (*name).to_owned()).collect())
            }
            Item::Cell(Column::Map(map, keys, _), row) => {
                Some(entries(map, *row).filter_map(|at| keys.get(at)?.text().map(Cow::into_owned)).collect())
            }
            _ => {
                let text = self.json()?;
                let mut keys = vec![];
                let end = json::members(&text, json::skip_white(&text, 0), |key, _, _| {
                    keys.push(json::scalar(key).unwrap_or_default().into_owned());
                });
                (json::skip_white(&text, end.ok()?) == text.len()).then_some(keys)
            }
        }
    }

    /// The text of the field with this name, in any case; `None` if it is absent, null or blank.
    ///
    /// # Errors
    /// The field is nested, stands for a nested value that was not written, or is ambiguous.
    pub(crate) fn leaf(&self, name: &str) -> Result<Option<String>, Unreadable> {
        let Some(field) = self.only_field(name)? else { return Ok(None) };
        if field.is_nested() {
            return Err(Unreadable);
        }
        match field.text() {
            Some(text) if text.trim_start().starts_with(POWERSHELL[0]) => Err(Unreadable),
            text => Ok(text.map(Cow::into_owned)),
        }
    }

    /// Whether the value is a struct, a map, a list, or JSON text of one.
    pub(crate) fn is_nested(&self) -> bool {
        match self {
            Item::Cell(Column::Null | Column::Text(_) | Column::Shown(_), _) => false,
            Item::Cell(_, _) => true,
            Item::Json(raw) => matches!(raw.first(), Some(b'{' | b'[')),
        }
    }

    /// The text of a value; an OData literal is unwrapped. `None` if it is blank.
    pub(crate) fn text(&self) -> Option<Cow<'_, str>> {
        let text = match self {
            Item::Cell(Column::Text(text), row) => Cow::Borrowed(text.get(*row)?),
            Item::Cell(Column::Shown(text), row) => Cow::Borrowed(text.value(*row)),
            Item::Cell(Column::Struct(array, _), row) => {
                Cow::Owned(array_value_to_string(*array, *row).ok()?)
            }
            Item::Cell(Column::List(array, _), row) => Cow::Owned(array_value_to_string(*array, *row).ok()?),
            Item::Cell(Column::LargeList(array, _), row) => {
                Cow::Owned(array_value_to_string(*array, *row).ok()?)
            }
            Item::Cell(Column::Map(array, _, _), row) => {
                Cow::Owned(array_value_to_string(*array, *row).ok()?)
            }
            Item::Cell(Column::Null, _) => return None,
            Item::Json(raw) => json::scalar(raw)?,
        };
        let text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(without_literal(text)),
            Cow::Owned(text) => match without_literal(&text) {
                inner if inner.len() == text.len() => Cow::Owned(text),
                inner => Cow::Owned(inner.to_owned()),
            },
        };
        (!text.trim().is_empty()).then_some(text)
    }

    /// The JSON text that this value is or contains. It is not checked that the text is valid JSON.
    fn json(&self) -> Option<Cow<'_, [u8]>> {
        match self {
            Item::Cell(Column::Text(text), row) => text.get(*row).map(|t| Cow::Borrowed(t.as_bytes())),
            Item::Cell(_, _) => None,
            // A JSON string that contains JSON text.
            Item::Json(raw) if raw.first() == Some(&b'"') => {
                json::scalar(raw).map(|text| Cow::Owned(text.into_owned().into_bytes()))
            }
            Item::Json(raw) => Some(Cow::Borrowed(raw)),
        }
    }
}

/// The JSON text of the member with this name, in any case; `None` if it is absent or null, or if the text is not an
/// object and nothing else.
///
/// # Errors
/// Several members have this name, with different values.
fn member<'a>(text: &Cow<'a, [u8]>, name: &str) -> Result<Option<Cow<'a, [u8]>>, Unreadable> {
    let (mut found, mut is_ambiguous) = (None, false);
    let read = json::members(text, json::skip_white(text, 0), |key, at, end| {
        if json::is_key(key, name) {
            let (first, last) = *found.get_or_insert((at, end));
            is_ambiguous |= text[first..last] != text[at..end];
        }
    });
    if !read.is_ok_and(|end| json::skip_white(text, end) == text.len()) {
        return Ok(None);
    }
    if is_ambiguous {
        return Err(Unreadable);
    }
    let Some((at, end)) = found.filter(|(at, end)| &text[*at..*end] != b"null") else { return Ok(None) };
    Ok(Some(match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[at..end]),
        Cow::Owned(text) => Cow::Owned(text[at..end].to_vec()),
    }))
}

/// The positions of the entries of a row of a map.
fn entries(map: &MapArray, row: usize) -> std::ops::Range<usize> {
    let offsets = &map.value_offsets()[row..];
    offsets[0] as usize..offsets[1] as usize
}

/// Reads a text, which may be JSON text.
fn of_text(text: &str) -> Value<'_> {
    let trimmed = text.trim();
    match trimmed.as_bytes().first() {
        None => Value::Absent,
        Some(b'{' | b'[') => of_json(trimmed.as_bytes()),
        Some(b'"') if json::value_end(trimmed.as_bytes(), 0) == Ok(trimmed.len()) => {
            of_json(trimmed.as_bytes())
        }
        Some(_) if is_null_text(trimmed) => Value::Absent,
        Some(_)
            if POWERSHELL.iter().any(|begin| trimmed.starts_with(begin)) && normalize(trimmed).is_none() =>
        {
            Value::Unreadable
        }
        Some(_) => Value::Text(Cow::Borrowed(text)),
    }
}

/// Reads JSON text.
fn of_json(raw: &[u8]) -> Value<'_> {
    match raw.first() {
        Some(b'{') => Value::Object(Item::Json(Cow::Borrowed(raw))),
        Some(b'[') => {
            let mut list = vec![];
            let end = json::items(raw, 0, |at, end| {
                let item = &raw[at..end];
                list.push((item != b"null").then_some(Item::Json(Cow::Borrowed(item))));
            });
            if end == Ok(raw.len()) { Value::List(list) } else { Value::Unreadable }
        }
        // The text of a string may be JSON text again.
        Some(b'"') => match json::scalar(raw) {
            Some(Cow::Borrowed(text)) => of_text(text),
            Some(Cow::Owned(text)) => owned(of_text(&text)),
            None => Value::Absent,
        },
        _ => json::scalar(raw).map_or(Value::Absent, Value::Text),
    }
}

fn owned(value: Value<'_>) -> Value<'static> {
    let item = |item: Item<'_>| match item {
        Item::Json(raw) => Some(Item::Json(Cow::Owned(raw.into_owned()))),
        // JSON text contains no cells of columns.
        Item::Cell(_, _) => None,
    };
    match value {
        Value::Absent => Value::Absent,
        Value::Unreadable => Value::Unreadable,
        Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
        Value::Object(object) => item(object).map_or(Value::Absent, Value::Object),
        Value::List(items) => Value::List(items.into_iter().map(|one| one.and_then(item)).collect()),
    }
}

/// `microsoft.graph.responseType'declined'` → `declined`; any other text is unchanged.
fn without_literal(text: &str) -> &str {
    let inside = || {
        let (kind, rest) = text.trim().split_once('\'')?;
        let named = kind.bytes().all(|b| b.is_ascii_alphabetic() || matches!(b, b'.' | b'_'));
        let of_microsoft = kind.get(..10).is_some_and(|k| k.eq_ignore_ascii_case("microsoft."));
        (named && of_microsoft).then(|| rest.strip_suffix('\''))?
    };
    inside().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{MapBuilder, StringBuilder};

    use super::*;

    #[test]
    fn literals_are_unwrapped() {
        assert_eq!(without_literal("microsoft.graph.responseType'declined'"), "declined");
        assert_eq!(without_literal(" Microsoft.OutlookServices.X'a'b' "), "a'b");
        assert_eq!(
            without_literal("microsoft.graph.responseType'declined"),
            "microsoft.graph.responseType'declined"
        );
        assert_eq!(without_literal("o'brien'"), "o'brien'");
        assert_eq!(without_literal("'declined'"), "'declined'");
    }

    #[test]
    fn json_in_json_is_read() {
        let text: ArrayRef = std::sync::Arc::new(StringArray::from(vec![
            r#" {"EmailAddress": "{\"Address\":\"ann@contoso.com\"}"}"#,
            r#"{"emailAddress": {"address": null, "ADDRESS": "b"}}"#,
            r#"{"emailAddress": {"address": "cut"}"#,
        ]));
        let column = Column::new(&text).unwrap();
        let address = |row: usize| column.get(row).unwrap().text_at("emailAddress.address");
        assert_eq!(address(0).as_deref(), Some("ann@contoso.com"));
        assert_eq!(address(1), None, "two values of one name");
        assert_eq!(address(2), None);
    }

    #[test]
    fn a_name_with_several_values_is_unreadable() {
        let text: ArrayRef = std::sync::Arc::new(StringArray::from(vec![
            r#"{"address":"a@x", "ADDRESS":"b@x"}"#,
            r#"{"address":"a@x", "Address":"a@x"}"#,
            r#"{"address":"a@x", "address":"b@x"}"#,
            r#"{"Address":"a@x", "name":"a", "NAME":"b"}"#,
        ]));
        let column = Column::new(&text).unwrap();
        let leaf = |row: usize| column.get(row).unwrap().leaf("address").ok();
        let expected = Some(Some("a@x".to_owned()));
        assert_eq!([leaf(0), leaf(1), leaf(2), leaf(3)], [None, expected.clone(), None, expected]);
        let mut maps = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        for (other, key) in [("b@x", "ADDRESS"), ("a@x", "Address")] {
            for (key, value) in [("address", "a@x"), (key, other)] {
                maps.keys().append_value(key);
                maps.values().append_value(value);
            }
            maps.append(true).unwrap();
        }
        let maps: ArrayRef = std::sync::Arc::new(maps.finish());
        let column = Column::new(&maps).unwrap();
        assert!(column.get(0).unwrap().leaf("address").is_err());
        assert_eq!(column.get(1).unwrap().leaf("address").unwrap().as_deref(), Some("a@x"));
    }

    #[test]
    fn what_a_text_is() {
        let kind = |text: &str| match of_text(text) {
            Value::Absent => "absent",
            Value::Text(_) => "text",
            Value::Object(object) if object.keys().is_none() => "broken",
            Value::Object(_) => "object",
            Value::List(_) => "list",
            Value::Unreadable => "unreadable",
        };
        for (expected, texts) in [
            ("absent", &["", " \n", "null", "None", "NaN", r#""""#, r#""null""#][..]),
            ("text", &["a@x", "3", "true", r#""a@x""#, r#""Lee, Ann" <a@x>"#, "System.a@x.com"]),
            ("object", &["{}", " {\"a\":1} ", r#""{\"a\":1}""#]),
            ("broken", &["{'a': 1}", r#"{"a":"#, "{a@x}", r#"{"a":1} {"a":2}"#]),
            ("list", &["[]", "[1, null]", r#""[1]""#]),
            ("unreadable", &["[1", "[1] [2]", "[a@x]", "[{'a': 1}]", "@{a=1}", "System.Object[]"]),
        ] {
            texts.iter().for_each(|text| assert_eq!(kind(text), expected, "{text}"));
        }
    }

    #[test]
    fn maps_are_read_like_structs() {
        let mut maps = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        maps.keys().append_value("Address");
        maps.values().append_value("a@x");
        maps.append(true).unwrap();
        maps.append(false).unwrap();
        maps.append(true).unwrap();
        let maps: ArrayRef = std::sync::Arc::new(maps.finish());
        let sliced = maps.slice(1, 2);
        let column = Column::new(&maps).unwrap();
        let item = column.get(0).unwrap();
        assert_eq!(item.text_at("address").as_deref(), Some("a@x"));
        assert_eq!(item.keys().unwrap(), ["Address"]);
        let column = Column::new(&sliced).unwrap();
        assert!(column.get(0).is_none());
        assert_eq!(column.get(1).unwrap().text_at("address"), None);
    }
}
