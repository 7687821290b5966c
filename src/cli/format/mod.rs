//! The formats of results: one sink for each format, which writes batch by batch.

mod csv;
mod json;
mod parquet;
mod table;
#[cfg(test)]
mod tests;

use std::io::Write;

use clap::ValueEnum;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;

pub use self::table::{Direction, Layout};
use crate::error::{Error, Result};

/// A format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Aligned columns, for people; NULL is written as NULL.
    Table,
    /// A header and one line per row; NULL is an empty field.
    Csv,
    /// One array of objects.
    Json,
    /// One object per line.
    Ndjson,
    /// One Parquet file with the schema of the query.
    Parquet,
}

/// Writes a result batch by batch.
pub trait Sink {
    /// Writes the next rows.
    fn write(&mut self, batch: &RecordBatch) -> Result<()>;

    /// Ends the result after the last rows. Returns what its reader should know about it, one line each.
    fn finish(self: Box<Self>) -> Result<Vec<String>>;
}

impl Format {
    /// Returns a sink for rows of this schema.
    ///
    /// # Errors
    /// The format cannot express the schema, or the header cannot be written.
    pub fn sink<'a>(
        self,
        schema: &Schema,
        layout: Layout,
        out: &'a mut (dyn Write + Send),
    ) -> Result<Box<dyn Sink + 'a>> {
        if matches!(self, Format::Json | Format::Ndjson | Format::Parquet) {
            refuse_twins(schema)?;
        }
        Ok(match self {
            Format::Table => Box::new(table::Table::new(schema, layout, out)),
            Format::Csv => Box::new(csv::Csv::new(schema, out)?),
            Format::Json => Box::new(json::Array::new(out)),
            Format::Ndjson => Box::new(json::Lines::new(out)),
            Format::Parquet => Box::new(parquet::Parquet::new(schema, out)?),
        })
    }
}

/// Refuses two columns of the same name, because readers would see only one of them.
fn refuse_twins(schema: &Schema) -> Result<()> {
    let names: Vec<&String> = schema.fields().iter().map(|f| f.name()).collect();
    match (1..names.len()).find(|&i| names[..i].contains(&names[i])) {
        Some(i) => Err(Error::query(format!(
            "two columns are named {}; give one of them another name with: as ...",
            names[i]
        ))),
        None => Ok(()),
    }
}
