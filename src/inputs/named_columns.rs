//! The columns of several files as those of one table: by their names, whatever their order in a file.

use std::collections::HashMap;

use datafusion::arrow::datatypes::{Field, FieldRef, Schema};

use super::hive;
use crate::error::{Error, Result};
use crate::storage::InputFile;

/// The names of the keys of folders that are no columns of the files, each once.
pub(crate) fn key_names(keys: &[hive::Keys], columns: &Schema) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    for name in keys.iter().flatten().map(hive::Key::name) {
        let is_known = |other: &String| other.to_lowercase() == name.to_lowercase();
        if !names.iter().any(is_known) && !columns.fields().iter().any(|field| is_known(field.name())) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The columns of files: each column of a file, by its name. A column that a file lacks is null there.
///
/// # Errors
/// Columns of one name with several types, and names that differ in case only.
pub(crate) fn merged<'a>(
    files: impl Iterator<Item = (&'a InputFile, impl Iterator<Item = FieldRef>)>,
) -> Result<Schema> {
    let mut columns: Vec<(FieldRef, &InputFile)> = vec![];
    let mut places: HashMap<String, usize> = HashMap::new();
    for (file, fields) in files {
        for field in fields {
            let Some(place) = places.get(&field.name().to_lowercase()) else {
                places.insert(field.name().to_lowercase(), columns.len());
                columns.push((field, file));
                continue;
            };
            let Some((known, first)) = columns.get_mut(*place) else { continue };
            if known.name() != field.name() {
                return Err(Error::query(format!(
                    "the columns {:?} of {first} and {:?} of {file} differ in case only; rename one of them, or read the \
                     files one by one",
                    known.name(),
                    field.name()
                )));
            }
            if known.data_type().is_null() {
                (*known, *first) = (field, file);
            } else if known.data_type() != field.data_type() && !field.data_type().is_null() {
                return Err(Error::query(format!(
                    "the column {:?} is {} in {first} and {} in {file}; read the files one by one, with a cast, and put \
                     them together with UNION ALL",
                    known.name(),
                    known.data_type(),
                    field.data_type()
                )));
            }
        }
    }
    let field = |field: FieldRef| field.as_ref().clone().with_nullable(true);
    Ok(Schema::new(columns.into_iter().map(|(known, _)| field(known)).collect::<Vec<Field>>()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::datatypes::DataType;

    use super::*;

    fn file(name: &str) -> InputFile {
        InputFile::local(name.into())
    }

    #[test]
    fn columns_are_found_by_name() {
        let field = |name: &str, data_type| Arc::new(Field::new(name, data_type, false));
        let (a, b) = (file("a"), file("b"));
        let merge = |first: Vec<FieldRef>, second: Vec<FieldRef>| {
            merged([(&a, first.into_iter()), (&b, second.into_iter())].into_iter())
        };
        let (x, y) = (field("x", DataType::Int64), field("y", DataType::Utf8));
        let both =
            merge(vec![Arc::clone(&x), field("y", DataType::Null)], vec![Arc::clone(&y), Arc::clone(&x)]);
        let both = both.unwrap();
        let found: Vec<_> =
            both.fields().iter().map(|f| (f.name().as_str(), f.data_type().clone())).collect();
        assert_eq!(found, [("x", DataType::Int64), ("y", DataType::Utf8)]);
        assert!(both.fields().iter().all(|field| field.is_nullable()));
        for (second, says) in [
            (field("X", DataType::Int64), "the columns \"x\" of a and \"X\" of b differ in case only"),
            (
                field("x", DataType::Utf8),
                "the column \"x\" is Int64 in a and Utf8 in b; read the files one by one",
            ),
        ] {
            let error = merge(vec![Arc::clone(&x)], vec![second]).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
