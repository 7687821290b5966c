//! A table of CSV files: one column of text per wanted column. Files are streamed in parallel.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::Result as EngineResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::PartitionStream;

use super::records::Records;
use super::text;
use crate::error::{Error, Result};
use crate::storage::InputFile;

/// A batch ends after this many rows or `BATCH_BYTES` bytes of text, whichever comes first.
const BATCH_ROWS: usize = 4096;
const BATCH_BYTES: usize = 4 << 20;

/// Where the values of a column of the table come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The field at this position of each record.
    Field(usize),
    /// The same value in each row of the file; `None` is null.
    Constant(Option<String>),
}

/// A file and the origin of each column of the table.
#[derive(Debug, Clone)]
pub(crate) struct CsvFile {
    pub(crate) file: InputFile,
    pub(crate) columns: Vec<Origin>,
}

/// A table of the files with at most `partitions` partitions. The columns of `schema` are text.
pub(crate) fn table(
    section: &'static str,
    files: Vec<CsvFile>,
    schema: &SchemaRef,
    partitions: usize,
) -> Result<StreamingTable> {
    let share = files.len().div_ceil(partitions.max(1)).max(1);
    let partitions = files.chunks(share).map(|files| {
        let (files, schema) = (files.to_vec(), Arc::clone(schema));
        Arc::new(CsvFiles { section, files, schema }) as Arc<dyn PartitionStream>
    });
    Ok(StreamingTable::try_new(Arc::clone(schema), partitions.collect())?)
}

/// One partition of the table.
#[derive(Debug)]
struct CsvFiles {
    section: &'static str,
    files: Vec<CsvFile>,
    schema: SchemaRef,
}

impl PartitionStream for CsvFiles {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut stream = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), 1);
        let send = stream.tx();
        let (section, files, schema) = (self.section, self.files.clone(), Arc::clone(&self.schema));
        stream.spawn_blocking(move || {
            let mut batch = Batch::new(schema);
            for CsvFile { file, columns } in &files {
                let is_read = read(section, file, &mut |records| {
                    batch.push(records, columns)?;
                    // The receiver is closed if a limit was reached, or if the query failed elsewhere.
                    Ok(!batch.is_full() || send.blocking_send(batch.take()).is_ok())
                });
                if !is_read? {
                    return Ok(());
                }
            }
            if batch.rows > 0 {
                let _ = send.blocking_send(batch.take());
            }
            Ok(())
        });
        stream.build()
    }
}

type Text = Box<dyn std::io::Read + Send>;

/// Opens a file and reads its header.
///
/// # Errors
/// The file cannot be read, or is not CSV.
pub(crate) fn open(section: &str, file: &InputFile) -> Result<Records<Text>> {
    let place = |e: String| Error::input(format!("[{section}] {file} {e}"));
    let text = text::open(file).map_err(|e| place(format!("cannot be read: {e}")))?;
    Records::open(text).map_err(place)
}

/// Calls `f` for every record of a file until `f` returns `false`. Returns whether the end was reached.
fn read(
    section: &str,
    file: &InputFile,
    f: &mut dyn FnMut(&Records<Text>) -> Result<bool, String>,
) -> EngineResult<bool> {
    let place = |e: String| Error::input(format!("[{section}] {file} {e}"));
    let mut records = open(section, file)?;
    while records.next().map_err(place)? {
        if !f(&records).map_err(place)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The number of records in a file. This reads the complete file, and checks that its fields are text.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) fn count(section: &str, file: &InputFile) -> Result<u64> {
    let mut rows = 0;
    read(section, file, &mut |records| {
        (0..records.header().len()).try_for_each(|i| records.field(i).map(drop))?;
        rows += 1;
        Ok(true)
    })?;
    Ok(rows)
}

/// Rows that will become a record batch.
struct Batch {
    schema: SchemaRef,
    columns: Vec<StringBuilder>,
    rows: usize,
    bytes: usize,
}

impl Batch {
    fn new(schema: SchemaRef) -> Self {
        let columns = schema.fields().iter().map(|_| StringBuilder::new()).collect();
        Self { schema, columns, rows: 0, bytes: 0 }
    }

    fn push<R: std::io::Read>(&mut self, records: &Records<R>, origins: &[Origin]) -> Result<(), String> {
        for (column, origin) in self.columns.iter_mut().zip(origins) {
            let value = match origin {
                Origin::Field(index) => records.field(*index)?,
                Origin::Constant(value) => value.as_deref(),
            };
            self.bytes += value.map_or(0, str::len);
            column.append_option(value);
        }
        self.rows += 1;
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    fn take(&mut self) -> EngineResult<RecordBatch> {
        (self.rows, self.bytes) = (0, 0);
        let columns = self.columns.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef).collect();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}
