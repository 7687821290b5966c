//! Keys of Hive-style partition folders, as Spark, Hive and many pipelines write them:
//! `mail/mailbox=ann%40contoso.com/part-0.parquet`.
//!
//! A key is a column of text if no file has a column of that name. Names and values are percent-decoded.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;

/// The value of a key that is null.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The mark, in the metadata of a field, of a column that comes from the names of folders.
const MARK: &str = "engagement.folder_key";

/// The keys of the folders of one file, from the outermost folder to the innermost, with their values;
/// `None` is null.
pub(crate) type Keys = Vec<(String, Option<String>)>;

/// The keys in the path of a file. The last part of the path is the name of the file.
pub(crate) fn keys(path: &str) -> Keys {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders).split('/');
    let pairs = folders.filter_map(|folder| folder.split_once('=')).filter(|(key, _)| !key.is_empty());
    let value = |value: &str| (value != NULL).then(|| decoded(value));
    pairs.map(|(key, text)| (decoded(key), value(text))).collect()
}

/// Replaces `%` and two hexadecimal digits by the byte that they stand for. A text that would not be UTF-8
/// is returned unchanged.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16));
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((16 * high + low) as u8);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// The columns of a section that come from the names of folders.
#[derive(Debug, Default)]
pub(crate) struct KeyColumns {
    /// The columns, each with the name that its key has in the path of the first file with it.
    names: Vec<String>,
}

impl KeyColumns {
    /// The keys that have the name, in any case, of one of these columns.
    pub(crate) fn of<'a>(columns: impl Iterator<Item = &'a str>, keys: &[Keys]) -> Self {
        let wanted: Vec<_> = columns.map(str::to_lowercase).collect();
        let mut names: Vec<String> = vec![];
        for (key, _) in keys.iter().flatten() {
            if wanted.contains(&key.to_lowercase()) && !names.iter().any(|name| is_same(name, key)) {
                names.push(key.clone());
            }
        }
        Self { names }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Removes the columns that a file has itself. `schema` is the schema of the file.
    pub(crate) fn without(&mut self, schema: &Schema) {
        self.names.retain(|name| !schema.fields().iter().any(|field| is_same(field.name(), name)));
    }

    /// The schema of a file with its keys as columns.
    pub(crate) fn added_to(&self, schema: &Schema, keys: &Keys) -> Schema {
        let own = schema.fields().iter().cloned();
        let more = self.names.iter().filter(|name| has(name, keys)).map(|name| Arc::new(field(name)));
        Schema::new_with_metadata(own.chain(more).collect::<Vec<_>>(), schema.metadata().clone())
    }
}

fn is_same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// The column of a key.
pub(crate) fn field(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true).with_metadata(HashMap::from([(MARK.to_owned(), String::new())]))
}

/// Whether a field comes from the names of folders.
pub(crate) fn is_key(field: &Field) -> bool {
    field.metadata().contains_key(MARK)
}

/// Whether a file is in a folder with the key of a column.
pub(crate) fn has(name: &str, keys: &Keys) -> bool {
    keys.iter().any(|(key, _)| is_same(key, name))
}

/// The value of a column for one file: that of the innermost folder with this key.
pub(crate) fn value(name: &str, keys: &Keys) -> Option<String> {
    keys.iter().rev().find(|(key, _)| is_same(key, name)).and_then(|(_, value)| value.clone())
}

/// The values of the columns that are keys, for one file, in the order of the columns.
pub(crate) fn values<'a>(fields: impl Iterator<Item = &'a Arc<Field>>, keys: &Keys) -> Vec<ScalarValue> {
    let columns = fields.filter(|field| is_key(field));
    columns.map(|field| ScalarValue::Utf8(value(field.name(), keys))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(path: &str) -> Vec<(String, String)> {
        keys(path).into_iter().map(|(key, value)| (key, value.unwrap_or_else(|| "NULL".to_owned()))).collect()
    }

    #[test]
    fn keys_of_paths() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(of("part.parquet"), []);
        assert_eq!(of("a=1"), [], "the name of the file is not a folder");
        assert_eq!(
            of("mail/mailbox=ann%40x.com/Day=2026-01-01/a=b.parquet"),
            [pair("mailbox", "ann@x.com"), pair("Day", "2026-01-01")]
        );
        assert_eq!(
            of("/x/a=__HIVE_DEFAULT_PARTITION__/b=/=c/d=e=f/g"),
            [pair("a", "NULL"), pair("b", ""), pair("d", "e=f")]
        );
    }

    #[test]
    fn what_is_decoded() {
        for (text, expected) in [
            ("a%40b", "a@b"),
            ("%C3%A9", "é"),
            ("%c3%a9%2F%25", "é/%"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%zz%41", "%zzA"),
            ("%+1", "%+1"),
            ("%FF", "%FF"),
            ("é%20é", "é é"),
        ] {
            assert_eq!(decoded(text), expected, "{text}");
        }
    }

    #[test]
    fn the_innermost_folder_counts() {
        let keys = keys("a=1/b=2/A=3/x");
        assert_eq!(value("a", &keys).as_deref(), Some("3"));
        assert_eq!(value("B", &keys).as_deref(), Some("2"));
        assert_eq!(value("c", &keys), None);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(text in ".{0,20}", other in "[%0-9a-zA-Z]{0,12}") {
            let encoded: String = text.bytes().map(|b| format!("%{b:02X}")).collect();
            prop_assert_eq!(decoded(&encoded), text);
            let _ = decoded(&other);
        }
    }
}
