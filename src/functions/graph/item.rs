//! A value of an export in any form: nested Arrow types, JSON text in a column, or plain text.

use std::borrow::Cow;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, GenericListArray, StringArray, StructArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::common::Result;

use super::json;
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
}

/// A value that is not null: a row of a column, or JSON text.
pub(crate) enum Item<'a> {
    Cell(&'a Column<'a>, usize),
    Json(Cow<'a, [u8]>),
}

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
        };
        there.then_some(Item::Cell(self, row))
    }
}

impl Item<'_> {
    /// The field with this name, in any case; `None` if it is absent or null.
    pub(crate) fn field(&self, name: &str) -> Option<Item<'_>> {
        match self {
            Item::Cell(Column::Struct(_, columns), row) => {
                let column = columns.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
                column.and_then(|(_, column)| column.get(*row))
            }
            _ => {
                let text = self.json()?;
                let (at, _) = member(&text, name)?;
                Some(Item::Json(at))
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

    /// Calls `f` with each item of a list, `None` for a null item. Returns whether the value is a list.
    pub(crate) fn each(&self, f: &mut dyn FnMut(Option<&Item<'_>>)) -> bool {
        match self {
            Item::Cell(Column::List(list, items), row) => {
                let offsets = &list.value_offsets()[*row..];
                (offsets[0]..offsets[1]).for_each(|i| f(items.get(i as usize).as_ref()));
                true
            }
            Item::Cell(Column::LargeList(list, items), row) => {
                let offsets = &list.value_offsets()[*row..];
                (offsets[0]..offsets[1]).for_each(|i| f(items.get(i as usize).as_ref()));
                true
            }
            _ => self.json().is_some_and(|text| each_of(&text, f)),
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

/// The JSON text of the first member with this name, in any case, and where it begins; `None` if it is absent
/// or null.
fn member<'a>(text: &Cow<'a, [u8]>, name: &str) -> Option<(Cow<'a, [u8]>, usize)> {
    let mut found = None;
    json::members(text, json::skip_white(text, 0), |key, at, end| {
        if found.is_none() && key.eq_ignore_ascii_case(name) {
            found = Some((at, end));
        }
    })
    .ok()?;
    let (at, end) = found.filter(|(at, end)| &text[*at..*end] != b"null")?;
    let value = match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[at..end]),
        Cow::Owned(text) => Cow::Owned(text[at..end].to_vec()),
    };
    Some((value, at))
}

/// Calls `f` with each item of a JSON array, `None` for a null item. Returns whether the text is an array;
/// `f` is not called if it is not.
fn each_of(text: &[u8], f: &mut dyn FnMut(Option<&Item<'_>>)) -> bool {
    let mut places = vec![];
    let read = json::items(text, json::skip_white(text, 0), |at, end| places.push((at, end)));
    if read.is_err() {
        return false;
    }
    for (at, end) in places {
        match &text[at..end] {
            b"null" => f(None),
            item => f(Some(&Item::Json(Cow::Borrowed(item)))),
        }
    }
    true
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
        assert_eq!(address(1), None, "the first of the name counts");
        assert_eq!(address(2), None);
    }
}
