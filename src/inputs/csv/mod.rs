//! Maps CSV files, as customer relationship systems export them, to one table with the canonical columns.
//!
//! A file begins with a header line. Every column is text. Files of one input may differ in their columns,
//! delimiters and encodings.

mod records;
mod table;
mod text;
pub(crate) mod typed;

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::prelude::{DataFrame, SessionContext};
use futures::{StreamExt, TryStreamExt};

pub(crate) use self::table::count;
use self::table::{CsvFile, Origin};
pub(crate) use self::typed::typed_table;
use super::attributes;
use super::canonical;
use super::columns::{InputSchema, Needed};
use super::file_kind::FileKind;
use super::files::{self, Files};
use super::hive::{self, KeyColumns};
use super::known_names;
use super::mark_columns::mark_columns;
use super::source::InputSource;
use super::text::kind;
use super::text_table;
use crate::config::{Enrichment, Format};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::InputFile;

/// The endings of the files that are read in a folder.
pub(crate) const ENDINGS: &[&str] = &["csv", "csv.gz"];

/// How many files are examined at the same time.
const LOOKS_AT_ONCE: usize = 16;

/// Opens the files of a section as one table.
pub(crate) async fn open(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    section: &InputSchema,
    path: &str,
) -> Result<(DataFrame, InputSource)> {
    let Files { files, keys, mut notes } =
        files::find(ctx, enrichment, section.name, Format::Csv, path, ENDINGS).await?;
    let headers = headers(section.name, &files).await?;
    let mut key_columns = KeyColumns::of(section.names_in_files(), &keys);
    notes.extend(key_columns.without(section.name, &files, &keys, &headers));
    let mut found = vec![];
    for ((file, header), keys) in files.iter().zip(&headers).zip(&keys) {
        let place = format!("[{}] {file}", section.name);
        let needed = canonical::needed(section, &key_columns.added_to(header, keys), &place, "file");
        match needed {
            Ok(needed) => found.push(needed),
            Err(_) if has_address(header) => return Err(no_header(&place)),
            Err(e) => {
                let is_one = header.fields().len() == 1;
                let own = if is_one { without_delimiter(&e) } else { e };
                return Err(other_format(section.name, file).await.unwrap_or(own));
            }
        }
    }
    let of_files = found.iter().zip(&headers).zip(&files);
    let of_files = of_files.map(|((needed, header), file)| (needed, header, file.to_string()));
    notes.extend(known_names::spelled_otherwise(section, of_files));
    let origins = found.iter().zip(&headers).zip(&keys);
    let origins = origins.map(|((needed, header), keys)| origins_of(needed, header, keys));
    let files_of_table =
        files.iter().zip(origins).map(|(file, columns)| CsvFile { file: file.clone(), columns }).collect();

    // One column for each name of a canonical column, in this order. The table fills in what a file lacks.
    let mut fields = vec![];
    let all: Needed = section
        .columns
        .iter()
        .map(|column| {
            let names = column.in_file.iter().map(|name| {
                let field = Arc::new(Field::new(format!("{} {name}", fields.len()), DataType::Utf8, true));
                fields.push(Arc::clone(&field));
                Some(field)
            });
            names.collect()
        })
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let partitions = ctx.copied_config().target_partitions();
    let table = text_table::table(section.name, files_of_table, &schema, partitions)?;
    let mut types: Vec<_> = section.columns.iter().map(|c| canonical::plain_type(section, c)).collect();
    attributes::set_type(section, std::iter::once((&all, path)), &mut types)?;
    let frame = canonical::select(section, &types, &all, ctx.read_table(Arc::new(table))?)?;
    let missing = canonical::missing(section, found.iter());
    let columns = section.names_in_files().map(str::to_owned).collect();
    let mark_columns = mark_columns(headers.iter());
    let of_files = InputSource::of(section.name, Format::Csv, files);
    Ok((frame, InputSource { missing, columns, mark_columns, notes, ..of_files }))
}

/// A column of files as a table. Each file has the position of the column in it.
///
/// # Errors
/// The engine fails.
pub(crate) fn one_column<'a>(
    ctx: &SessionContext,
    section: &'static str,
    files: impl Iterator<Item = (&'a InputFile, usize)>,
    field: &FieldRef,
) -> Result<DataFrame> {
    let files =
        files.map(|(file, position)| CsvFile { file: file.clone(), columns: vec![Origin::Field(position)] });
    let schema = Arc::new(Schema::new(vec![FieldRef::clone(field)]));
    let partitions = ctx.copied_config().target_partitions();
    Ok(ctx.read_table(Arc::new(text_table::table(section, files.collect(), &schema, partitions)?))?)
}

/// Whether the names of columns contain an address: then they are values, which do not belong into an error.
fn has_address(header: &Schema) -> bool {
    let is_address = |name: &str| {
        name.split_once('@').is_some_and(|(before, after)| !before.is_empty() && !after.is_empty())
    };
    header.fields().iter().any(|field| is_address(field.name()))
}

/// The error about columns that a file with a single one lacks.
fn without_delimiter(e: &Error) -> Error {
    Error::input(format!(
        "{e}; its first line has no comma, semicolon or tab, so the file has one column: write the names of all columns into the \
         first line, with one of these between them"
    ))
}

fn no_header(place: &str) -> Error {
    Error::input(format!(
        "{place}: its first line is not a header: it contains an address; put a line with the names of the columns \
         before it"
    ))
}

/// The error for a file without a column that is text of another format, such as JSON; `None` for any other text.
async fn other_format(section: &str, file: &InputFile) -> Option<Error> {
    let of = file.clone();
    let found = tokio::task::spawn_blocking(move || kind(&of)).await.ok().flatten();
    found.filter(|kind| !kind.is_csv()).map(|kind| is_other(section, file, kind))
}

fn is_other(section: &str, file: &InputFile, kind: FileKind) -> Error {
    let remedy = kind.remedy(section, Format::Csv);
    Error::input(format!("[{section}] {file} is not CSV but {}; {remedy}", kind.name))
}

/// Where the values of each column of the table come from in one file.
fn origins_of(needed: &Needed, header: &Schema, keys: &hive::Keys) -> Vec<Origin> {
    let origin = |field: &Option<Arc<Field>>| match field {
        None => Origin::Constant(None),
        Some(field) if hive::is_key(field) => Origin::Constant(hive::value(field.name(), keys)),
        Some(field) => {
            let place = header.fields().iter().position(|own| own == field);
            place.map_or(Origin::Constant(None), Origin::Field)
        }
    };
    needed.iter().flatten().map(origin).collect()
}

/// The columns of a file; an error that does not show the first line if that is not a header.
///
/// # Errors
/// A file that is empty, is not CSV, has no header, or cannot be read.
pub(crate) fn columns(file: &InputFile) -> Result<Schema> {
    let header = header("", file)?;
    if has_address(&header) { Err(no_header(&file.to_string())) } else { Ok(header) }
}

/// The columns of each file, in the order of the files.
///
/// # Errors
/// A file that is empty, is not CSV, or cannot be read.
async fn headers(section: &'static str, files: &[InputFile]) -> Result<Vec<Schema>> {
    let looks = futures::stream::iter(files.to_vec())
        .map(|file| tokio::task::spawn_blocking(move || header(section, &file)))
        .buffered(LOOKS_AT_ONCE);
    let lost = |e| Error::new(ErrorKind::Engine, format!("[{section}] reading headers: {e}"));
    looks.map(|header| header.map_err(lost)?).try_collect().await
}

fn header(section: &str, file: &InputFile) -> Result<Schema> {
    let place = |e: &str| Error::input(format!("[{section}] {file} {e}"));
    let cannot = |e: std::io::Error| place(&format!("cannot be read: {e}"));
    if file.size().map_err(cannot)? == 0 {
        return Err(place("is empty (0 bytes); remove it or write it again"));
    }
    let other =
        kind(file).filter(|kind| !kind.is_csv()).map(|kind| (is_other(section, file, kind), kind.is_text()));
    let records = match (other, table::open(section, file)) {
        // Text that begins like another format can be CSV.
        (None | Some((_, true)), Ok(records)) => records,
        (Some((other, _)), _) => return Err(other),
        (None, Err(e)) => return Err(e),
    };
    let fields = records.header().iter().map(|name| Field::new(name, DataType::Utf8, true));
    Ok(Schema::new(fields.collect::<Vec<_>>()))
}
