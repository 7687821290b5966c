//! CSV: a header, dates in ISO 8601, NULL as an empty field, lists and structs as text.

use std::io::Write;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::csv::{Writer, WriterBuilder};
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};

use super::Sink;
use crate::cli::out::written;
use crate::error::Result;

pub struct Csv<'a> {
    writer: Writer<&'a mut (dyn Write + Send)>,
    schema: SchemaRef,
}

impl<'a> Csv<'a> {
    pub fn new(schema: &Schema, out: &'a mut (dyn Write + Send)) -> Result<Self> {
        let flat = |data_type: &DataType| if is_flat(data_type) { data_type.clone() } else { DataType::Utf8 };
        let fields = schema.fields().iter().map(|f| f.as_ref().clone().with_data_type(flat(f.data_type())));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let mut writer = WriterBuilder::new().with_header(true).build(out);
        // The writer writes the header with the first batch, and a result can have no batch.
        written(writer.write(&RecordBatch::new_empty(Arc::clone(&schema))))?;
        Ok(Self { writer, schema })
    }

    fn flat(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let columns =
            batch.columns().iter().map(|c| if is_flat(c.data_type()) { Ok(Arc::clone(c)) } else { text(c) });
        RecordBatch::try_new(Arc::clone(&self.schema), columns.collect::<Result<_, _>>()?)
    }
}

impl Sink for Csv<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let flat = written(self.flat(batch))?;
        written(self.writer.write(&flat))
    }

    fn finish(self: Box<Self>) -> Result<Vec<String>> {
        Ok(vec![])
    }
}

/// Whether the CSV writer supports the type.
fn is_flat(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_flat(values),
        other => !other.is_nested(),
    }
}

fn text(column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let options = FormatOptions::default().with_display_error(false);
    let formatter = ArrayFormatter::try_new(column, &options)?;
    let cell = |row| (!column.is_null(row)).then(|| formatter.value(row).try_to_string()).transpose();
    Ok(Arc::new((0..column.len()).map(cell).collect::<Result<StringArray, _>>()?))
}
