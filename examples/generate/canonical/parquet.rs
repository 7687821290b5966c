//! Parquet files with fixed properties, and the columns that both mail and meetings have.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, ListBuilder, RecordBatch, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_writer::ArrowWriterOptions;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::schema::types::ColumnPath;

use super::Result;

/// Rows per batch for the writer.
pub const BATCH_ROWS: usize = 8_192;
/// Maximum rows per row group.
const ROW_GROUP_ROWS: usize = 1_000_000;
/// Addresses repeat, so they stay dictionary-encoded even with a million different ones.
const ADDRESS_DICTIONARY_BYTES: usize = 32 << 20;
/// Columns of addresses.
const ADDRESSES: [&[&str]; 8] = [
    &["sender"],
    &["to", "list", "element"],
    &["cc", "list", "element"],
    &["bcc", "list", "element"],
    &["mailbox"],
    &["organizer"],
    &["attendees", "list", "element"],
    &["declined", "list", "element"],
];

/// A Parquet file that is being written.
pub struct Table {
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<File>,
    rows: u64,
}

impl Table {
    /// Creates the file, or replaces an existing one.
    pub fn create(path: &Path, fields: Vec<Field>) -> Result<Self> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let file = File::create(path).map_err(|error| failed(&error))?;
        let level = ZstdLevel::try_new(3).map_err(|error| failed(&error))?;
        // As far as possible, the bytes do not depend on the version of the library.
        let mut properties = WriterProperties::builder()
            .set_created_by("engagement example data".to_owned())
            .set_compression(Compression::ZSTD(level))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS));
        for column in ADDRESSES {
            let column = ColumnPath::new(column.iter().map(|part| (*part).to_owned()).collect());
            properties = properties
                .set_column_dictionary_enabled(column.clone(), true)
                .set_column_dictionary_page_size_limit(column, ADDRESS_DICTIONARY_BYTES);
        }
        let options =
            ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true);
        let schema = Arc::new(Schema::new(fields));
        let writer = ArrowWriter::try_new_with_options(file, schema.clone(), options)
            .map_err(|error| failed(&error))?;
        Ok(Self { path: path.to_owned(), schema, writer, rows: 0 })
    }

    /// Appends rows.
    pub fn write(&mut self, columns: Vec<ArrayRef>) -> Result<()> {
        let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", self.path.display());
        let batch = RecordBatch::try_new(self.schema.clone(), columns).map_err(|error| failed(&error))?;
        self.rows += batch.num_rows() as u64;
        self.writer.write(&batch).map_err(|error| failed(&error))
    }

    /// Completes the file; returns the number of rows.
    pub fn close(self) -> Result<u64> {
        self.writer.close().map_err(|error| format!("{}: {error}", self.path.display()))?;
        Ok(self.rows)
    }
}

/// A column of text.
pub fn text(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true)
}

/// A column of instants in microseconds, UTC.
pub fn instant(name: &str) -> Field {
    Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true)
}

/// A boolean column.
pub fn flag(name: &str) -> Field {
    Field::new(name, DataType::Boolean, true)
}

/// A column of lists of addresses.
pub fn addresses(name: &str) -> Field {
    Field::new(name, DataType::List(Arc::new(text("element"))), true)
}

/// Builds a column of [`addresses`].
pub fn address_lists() -> ListBuilder<StringBuilder> {
    ListBuilder::new(StringBuilder::new()).with_field(text("element"))
}
