//! JSON files that a statement names, as one table. They are read like those of an export: one object per line, objects
//! one after another, or arrays of objects, in UTF-8 or UTF-16, also compressed.
//!
//! Every object of every file is looked at for columns and types. A type is never chosen if values would be lost or
//! written in another way.

mod scan;
mod shape;
mod table;

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::catalog::TableProvider;
use datafusion::execution::SessionState;

pub(crate) use self::scan::scans;
use self::shape::Members;
use super::hive;
use super::named_columns::{key_names, merged};
use crate::error::{Error, Result};
use crate::storage::InputFile;

/// What stands in place of a section in errors.
const SQL: &str = "sql";

/// The files as one table: columns by name, then the keys of folders as columns of text. `keys` are those of each file.
///
/// # Errors
/// A file is damaged or cannot be read, names of columns differ in case only, or a column has values of different kinds.
pub(crate) async fn typed_table(
    state: &SessionState,
    files: Vec<InputFile>,
    keys: &[hive::Keys],
) -> Result<Arc<dyn TableProvider>> {
    let scans = scans(&files).await?;
    let text = |name: &str| -> FieldRef { Arc::new(Field::new(name, DataType::Utf8, true)) };
    // Names alone are compared here: types of files may differ.
    let each = files.iter().zip(&scans).map(|(file, members)| (file, members.names().map(text)));
    let names = merged(each)?;
    let mut all = Members::default();
    for (file, members) in files.iter().zip(scans) {
        let differs = |column: String| {
            Error::query(format!(
                "the column {column:?} has values of other kinds in {file} than in the files before it (text or numbers, \
                 lists, objects); read the files one by one"
            ))
        };
        all.merge(members).map_err(differs)?;
    }
    let of_keys: Vec<FieldRef> = key_names(keys, &names).iter().map(|name| text(name)).collect();
    let files = files.into_iter().zip(keys).map(|(file, keys)| table::ObjectFile {
        file,
        keys: of_keys.iter().map(|key| hive::value(key.name(), keys)).collect(),
    });
    let columns = Arc::new(Schema::new(all.fields()));
    let partitions = state.config().target_partitions();
    Ok(Arc::new(table::table(files.collect(), &columns, &of_keys, partitions)?))
}
