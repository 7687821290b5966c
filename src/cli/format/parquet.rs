//! Parquet: one file with the schema of the query.

use std::io::Write;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::{Compression, ZstdLevel};
use datafusion::parquet::file::properties::WriterProperties;

use super::Sink;
use crate::cli::out::written;
use crate::error::Result;

pub struct Parquet<'a> {
    writer: ArrowWriter<&'a mut (dyn Write + Send)>,
    schema: SchemaRef,
}

impl<'a> Parquet<'a> {
    pub fn new(schema: &Schema, out: &'a mut (dyn Write + Send)) -> Result<Self> {
        // Views are a layout in memory. The file contains plain strings and binary values, which every
        // reader supports.
        let fields = schema.fields().iter().map(|f| {
            f.as_ref().clone().with_data_type(match f.data_type() {
                DataType::Utf8View => DataType::Utf8,
                DataType::BinaryView => DataType::Binary,
                other => other.clone(),
            })
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let properties =
            WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
        let writer = written(ArrowWriter::try_new(out, Arc::clone(&schema), Some(properties)))?;
        Ok(Self { writer, schema })
    }

    fn plain(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let columns = batch.columns().iter().zip(self.schema.fields()).map(|(c, f)| cast(c, f.data_type()));
        RecordBatch::try_new(Arc::clone(&self.schema), columns.collect::<Result<_, _>>()?)
    }
}

impl Sink for Parquet<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        let plain = written(self.plain(batch))?;
        written(self.writer.write(&plain))
    }

    fn finish(self: Box<Self>) -> Result<Vec<String>> {
        written(self.writer.close()).map(|_| vec![])
    }
}
