//! Maps CSV files, as customer relationship systems export them, to one table with the canonical columns.
//!
//! A file begins with a header line. Every column is text. Files of one input may differ in their columns,
//! delimiters and encodings.

mod records;
mod table;
mod text;

use std::io::Read;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::{DataFrame, SessionContext};
use futures::{StreamExt, TryStreamExt};

pub(crate) use self::table::count;
use self::table::{CsvFile, Origin};
use super::canonical::{self, Needed};
use super::columns::InputSchema;
use super::files::{self, Files};
use super::hive::{self, KeyColumns};
use super::source::InputSource;
use crate::config::{Enrichment, Format};
use crate::error::{Error, ErrorKind, Result};
use crate::storage::InputFile;

/// The endings of the files that are read in a folder.
const ENDINGS: &[&str] = &["csv", "csv.gz"];

/// How many files are examined at the same time.
const LOOKS_AT_ONCE: usize = 16;

/// The first bytes of files that have another format, and what to do with such a file.
const OTHER: [(&[u8], &str); 2] = [
    (b"PAR1", "is a Parquet file; leave out format = \"csv\""),
    (b"PK\x03\x04", "is an Excel workbook or a ZIP archive; save it as CSV in UTF-8"),
];

/// Opens the files of a section as one table.
pub(crate) async fn open(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    section: &InputSchema,
    path: &str,
) -> Result<(DataFrame, InputSource)> {
    let Files { files, keys, notes } =
        files::find(ctx, enrichment, section.name, Format::Csv, path, ENDINGS).await?;
    let headers = headers(section.name, &files).await?;
    let mut key_columns = KeyColumns::of(section.names_in_files(), &keys);
    headers.iter().for_each(|header| key_columns.without(header));
    let mut found = vec![];
    for ((file, header), keys) in files.iter().zip(&headers).zip(&keys) {
        let place = format!("[{}] {file}", section.name);
        let needed = canonical::needed(section, &key_columns.added_to(header, keys), &place, "file");
        found.push(needed.map_err(|e| if has_address(header) { no_header(&place) } else { e })?);
    }
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
    let table = table::table(section.name, files_of_table, &schema, partitions)?;
    let types: Vec<_> = section.columns.iter().map(|c| canonical::plain_type(section, c)).collect();
    let frame = canonical::select(section, &types, &all, ctx.read_table(Arc::new(table))?)?;
    let missing = canonical::missing(section, found.iter());
    let (format, binary) = (Format::Csv, vec![]);
    let (section, rows, folder_columns) = (section.name, 0, vec![]);
    Ok((frame, InputSource { section, format, files, rows, missing, binary, folder_columns, notes }))
}

/// Whether the names of columns contain an address: then they are values, which do not belong into an error.
fn has_address(header: &Schema) -> bool {
    let is_address = |name: &str| {
        name.split_once('@').is_some_and(|(before, after)| !before.is_empty() && !after.is_empty())
    };
    header.fields().iter().any(|field| is_address(field.name()))
}

fn no_header(place: &str) -> Error {
    Error::input(format!(
        "{place}: its first line is not a header: it contains an address; put a line with the names of the columns \
         before it"
    ))
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
    let mut start = vec![];
    file.open().map_err(cannot)?.take(4).read_to_end(&mut start).map_err(cannot)?;
    if let Some((_, what)) = OTHER.iter().find(|(bytes, _)| start.starts_with(bytes)) {
        return Err(place(what));
    }
    let records = table::open(section, file)?;
    let fields = records.header().iter().map(|name| Field::new(name, DataType::Utf8, true));
    Ok(Schema::new(fields.collect::<Vec<_>>()))
}
