//! Rows as files: JSON lines in two encodings, Parquet with nested columns or with JSON text.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema};
use datafusion::arrow::json::ReaderBuilder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value};

use crate::canonical::Result;
use crate::canonical::parquet::Table;

/// JSON lines in UTF-8; gzipped if the name ends with `.gz`.
pub fn json_lines(path: &Path, rows: &[Value]) -> Result<()> {
    write(path, lines(rows).as_bytes())
}

/// JSON lines in UTF-16 with a byte order mark; gzipped if the name ends with `.gz`.
pub fn json_lines_utf_16(path: &Path, rows: &[Value]) -> Result<()> {
    let units = std::iter::once(0xfeff).chain(lines(rows).encode_utf16().collect::<Vec<_>>());
    write(path, &units.flat_map(u16::to_le_bytes).collect::<Vec<_>>())
}

/// Parquet with nested columns, like the rows.
pub fn parquet(path: &Path, fields: &[Field], rows: &[Value]) -> Result<()> {
    let failed = |error: datafusion::arrow::error::ArrowError| format!("{}: {error}", path.display());
    let schema = Arc::new(Schema::new(fields.to_vec()));
    let mut decoder =
        ReaderBuilder::new(schema).with_batch_size(rows.len().max(1)).build_decoder().map_err(failed)?;
    decoder.serialize(rows).map_err(failed)?;
    let mut table = Table::create(path, fields.to_vec())?;
    if let Some(batch) = decoder.flush().map_err(failed)? {
        table.write(batch.columns().to_vec())?;
    }
    table.close().map(|_| ())
}

/// Parquet with JSON text in place of nested columns.
pub fn parquet_of_text(path: &Path, names: &[&str], rows: &[Value]) -> Result<()> {
    let columns = names.iter().map(|name| {
        let text = |row: &Value| match &row[*name] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            nested => Some(nested.to_string()),
        };
        Arc::new(rows.iter().map(text).collect::<StringArray>()) as ArrayRef
    });
    let columns = columns.collect();
    let mut table =
        Table::create(path, names.iter().map(|n| Field::new(*n, DataType::Utf8, true)).collect())?;
    table.write(columns)?;
    table.close().map(|_| ())
}

/// The value with the spelling of the older datasets: `SentDateTime`, not `sentDateTime`.
pub fn pascal_case(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| {
                let (first, rest) = name.split_at(name.chars().next().map_or(0, char::len_utf8));
                (first.to_uppercase() + rest, pascal_case(value))
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(pascal_case).collect()),
        other => other.clone(),
    }
}

/// A struct column.
pub fn nested(name: &str, fields: Vec<Field>) -> Field {
    Field::new(name, DataType::Struct(Fields::from(fields)), true)
}

/// A column of lists.
pub fn list(name: &str, item: Field) -> Field {
    Field::new(name, DataType::List(Arc::new(item.with_name("element"))), true)
}

fn lines(rows: &[Value]) -> String {
    rows.iter().map(|row| format!("{row}\n")).collect()
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = File::create(path)?;
        if path.extension().is_some_and(|e| e == "gz") {
            let mut zipped = GzEncoder::new(file, flate2::Compression::best());
            zipped.write_all(bytes)?;
            zipped.finish()?;
            return Ok(());
        }
        file.write_all(bytes)
    };
    write().map_err(|error| format!("{}: {error}", path.display()))
}
