//! Keys of Hive-style partition folders, as Spark, Hive and many pipelines write them:
//! `mail/mailbox=ann%40contoso.com/part-0.parquet`.
//!
//! A key is a column of text if no file has a column of that name. Names and values are percent-decoded.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;

use crate::storage::InputFile;

/// The value of a key that is null.
const NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The mark, in the metadata of a field, of a column that comes from the names of folders.
const MARK: &str = "engagement.folder_key";

/// A key of a folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    name: String,
    /// `None` is null.
    value: Option<String>,
    /// Whether the value is not percent-encoded UTF-8, so that a part of it is as it is written.
    is_odd: bool,
}

impl Key {
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }
}

/// The keys of the folders of one file, from the outermost folder to the innermost.
pub(crate) type Keys = Vec<Key>;

/// The keys in the path of a file. The last part of the path is the name of the file.
pub(crate) fn keys(path: &str) -> Keys {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders).split('/');
    let pairs = folders.filter_map(|folder| folder.split_once('=')).filter(|(key, _)| !key.is_empty());
    let key = |(key, text): (&str, &str)| {
        let (value, is_odd) = decoded(text);
        Key { name: decoded(key).0, value: (text != NULL).then_some(value), is_odd }
    };
    pairs.map(key).collect()
}

/// Replaces `%` and two hexadecimal digits by the byte that they stand for. A text that would not be UTF-8
/// is returned unchanged. Also returns whether the text is anything else than percent-encoded UTF-8.
fn decoded(text: &str) -> (String, bool) {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16));
    let (mut out, mut at, mut is_odd) = (Vec::with_capacity(bytes.len()), 0, false);
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((16 * high + low) as u8);
                at += 3;
            }
            _ => {
                is_odd |= *byte == b'%';
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).map_or_else(|_| (text.to_owned(), true), |text| (text, is_odd))
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
        for Key { name: key, .. } in keys.iter().flatten() {
            if wanted.contains(&key.to_lowercase()) && !names.iter().any(|name| is_same(name, key)) {
                names.push(key.clone());
            }
        }
        Self { names }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Removes the columns that some file has itself. Returns the notes about keys. The schemas are those of the
    /// files.
    pub(crate) fn without(
        &mut self,
        section: &str,
        files: &[InputFile],
        keys: &[Keys],
        schemas: &[Schema],
    ) -> Vec<String> {
        let has = |schema: &Schema, name: &str| schema.fields().iter().any(|f| is_same(f.name(), name));
        let with_keys = || files.iter().zip(keys).zip(schemas);
        let notes = self.names.iter().filter_map(|name| {
            let files = with_keys().map(|((file, keys), schema)| (file, keys, has(schema, name)));
            note(section, name, &files.collect::<Vec<_>>())
        });
        let notes = notes.collect();
        self.names.retain(|name| !schemas.iter().any(|schema| has(schema, name)));
        notes
    }

    /// The schema of a file with its keys as columns.
    pub(crate) fn added_to(&self, schema: &Schema, keys: &Keys) -> Schema {
        let own = schema.fields().iter().cloned();
        let more = self.names.iter().filter(|name| has(name, keys)).map(|name| Arc::new(field(name)));
        Schema::new_with_metadata(own.chain(more).collect::<Vec<_>>(), schema.metadata().clone())
    }
}

/// The note about a key that has the name of a column: that it is not read although files without the column are in
/// such folders, or that values of it are not percent-encoded UTF-8. `files` has for each file the keys of its folders,
/// and whether it has the column itself.
pub(crate) fn note(section: &str, column: &str, files: &[(impl Display, &Keys, bool)]) -> Option<String> {
    let all = files.len();
    let count =
        |n: usize| if n == 1 { format!("1 of {all} files has") } else { format!("{n} of {all} files have") };
    let own: Vec<_> = files.iter().filter(|(.., has_column)| *has_column).collect();
    if let Some((first, ..)) = own.first() {
        let lacking = files.iter().filter(|(_, keys, has_column)| !has_column && has(column, keys)).count();
        return (lacking > 0).then(|| {
            format!(
                "[{section}] {} a column {column} (the first is {first}), so the key {column} of folders is not read; of \
                 the files in such folders, {lacking} lack the column: write it into all files or into none",
                count(own.len())
            )
        });
    }
    let odd: Vec<_> =
        files.iter().filter(|(_, keys, _)| innermost(column, keys).is_some_and(|k| k.is_odd)).collect();
    let (first, ..) = odd.first()?;
    Some(format!(
        "[{section}] {} a value of the key {column} that is not percent-encoded UTF-8 (the first is {first}) and is read \
         as it is written; write % as %25",
        count(odd.len())
    ))
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
    innermost(name, keys).is_some()
}

/// The key that counts: that of the innermost folder.
fn innermost<'a>(name: &str, keys: &'a Keys) -> Option<&'a Key> {
    keys.iter().rev().find(|key| is_same(&key.name, name))
}

/// The value of a column for one file: that of the innermost folder with this key.
pub(crate) fn value(name: &str, keys: &Keys) -> Option<String> {
    innermost(name, keys)?.value.clone()
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
        keys(path).into_iter().map(|key| (key.name, key.value.unwrap_or_else(|| "NULL".to_owned()))).collect()
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
        for (text, expected, is_odd) in [
            ("a%40b", "a@b", false),
            ("%C3%A9", "é", false),
            ("%c3%a9%2F%25", "é/%", false),
            ("100%", "100%", true),
            ("%4", "%4", true),
            ("%zz%41", "%zzA", true),
            ("%+1", "%+1", true),
            ("%FF", "%FF", true),
            ("é%20é", "é é", false),
        ] {
            assert_eq!(decoded(text), (expected.to_owned(), is_odd), "{text}");
        }
    }

    #[test]
    fn notes_about_keys() {
        let (key, odd, none) = (keys("mailbox=a/x"), keys("Mailbox=%zz/x"), keys("x"));
        let files = |all: &[(&'static str, &'static str, bool)]| {
            let of = |text: &str| match text {
                "key" => &key,
                "odd" => &odd,
                _ => &none,
            };
            let files: Vec<_> = all.iter().map(|(file, keys, has)| (*file, of(keys), *has)).collect();
            note("mail", "mailbox", &files)
        };
        assert_eq!(files(&[("a", "key", false), ("b", "none", false)]), None);
        assert_eq!(files(&[("a", "key", true), ("b", "none", false)]), None, "no file loses its value");
        assert_eq!(
            files(&[("a", "key", false), ("b", "none", true), ("c", "odd", false)]).unwrap(),
            "[mail] 1 of 3 files has a column mailbox (the first is b), so the key mailbox of folders is not read; of the \
             files in such folders, 2 lack the column: write it into all files or into none"
        );
        assert_eq!(
            files(&[("a", "key", false), ("b", "odd", false), ("c", "odd", false)]).unwrap(),
            "[mail] 2 of 3 files have a value of the key mailbox that is not percent-encoded UTF-8 (the first is b) and is \
             read as it is written; write % as %25"
        );
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
            prop_assert_eq!(decoded(&encoded), (text, false));
            let _ = decoded(&other);
        }
    }
}
