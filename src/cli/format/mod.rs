//! How results are written: one sink for each format, fed batch by batch.

use std::io::Write;

use clap::ValueEnum;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use datafusion_engagement::error::{Error, Result};

mod csv;
mod json;
mod parquet;
mod table;

pub use table::Layout;

/// A format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns that line up, for people; NULL is written as NULL.
    Table,
    /// A header and a line for each row; NULL is empty.
    Csv,
    /// One array of objects.
    Json,
    /// One object on each line.
    Ndjson,
    /// One Parquet file with the schema of the query.
    Parquet,
}

/// Takes a result batch by batch.
pub trait Sink {
    /// The next rows.
    fn write(&mut self, batch: &RecordBatch) -> Result<()>;

    /// There are no more.
    fn finish(self: Box<Self>) -> Result<()>;
}

impl Format {
    /// A sink for rows of this schema.
    ///
    /// # Errors
    /// A schema that the format cannot express.
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

/// Two columns of one name would be one to whoever reads them.
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

#[cfg(test)]
mod tests;
