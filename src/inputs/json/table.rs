//! A table of JSON files. Files are streamed in parallel.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use datafusion::arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::arrow::json::ReaderBuilder;
use datafusion::arrow::json::reader::Decoder;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::Result as EngineResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::PartitionStream;
use tokio::sync::mpsc::Sender;

use super::SQL;
use crate::error::{Error, Result};
use crate::inputs::graph::objects::Objects;
use crate::inputs::text;
use crate::inputs::text_table::{BATCH_BYTES, BATCH_ROWS, shared_out};
use crate::storage::InputFile;

/// A file, and the values of the keys of its folders.
#[derive(Debug, Clone)]
pub(crate) struct ObjectFile {
    pub(crate) file: InputFile,
    pub(crate) keys: Vec<Option<String>>,
}

/// A table of the files with at most `partitions` partitions: the members `columns` of their objects, then `keys`.
pub(crate) fn table(
    files: Vec<ObjectFile>,
    columns: &SchemaRef,
    keys: &[FieldRef],
    partitions: usize,
) -> Result<StreamingTable> {
    let all = Arc::new(Schema::new(columns.fields().iter().chain(keys).cloned().collect::<Vec<_>>()));
    let size = |one: &ObjectFile| one.file.size().unwrap_or(0);
    let partitions = shared_out(files, size, partitions.max(1)).into_iter().map(|files| {
        let (columns, all) = (Arc::clone(columns), Arc::clone(&all));
        Arc::new(ObjectFiles { files, columns, all }) as Arc<dyn PartitionStream>
    });
    Ok(StreamingTable::try_new(Arc::clone(&all), partitions.collect())?)
}

/// One partition of the table.
#[derive(Debug)]
struct ObjectFiles {
    files: Vec<ObjectFile>,
    /// The members of the objects.
    columns: SchemaRef,
    /// These, and the keys of folders.
    all: SchemaRef,
}

impl PartitionStream for ObjectFiles {
    fn schema(&self) -> &SchemaRef {
        &self.all
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut stream = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.all), 1);
        let (files, columns, all, to) =
            (self.files.clone(), Arc::clone(&self.columns), Arc::clone(&self.all), stream.tx());
        stream.spawn_blocking(move || {
            for one in &files {
                if !read(one, &columns, &all, &to)? {
                    break;
                }
            }
            Ok(())
        });
        stream.build()
    }
}

/// Sends the objects of a file as rows, until no more are wanted. Returns whether the end of the file was reached.
fn read(
    one: &ObjectFile,
    columns: &SchemaRef,
    all: &SchemaRef,
    to: &Sender<EngineResult<RecordBatch>>,
) -> EngineResult<bool> {
    let place = |what: String| Error::input(format!("[{SQL}] {} {what}", one.file));
    let text = text::open(&one.file).map_err(|e| place(format!("cannot be read: {e}")))?;
    let mut objects = Objects::new(text, &[]);
    let builder = ReaderBuilder::new(Arc::clone(columns)).with_batch_size(BATCH_ROWS);
    let mut decoder = builder.with_coerce_primitive(true).build_decoder()?;
    let mut bytes = 0;
    let mut is_wanted = true;
    while is_wanted && objects.next().map_err(place)? {
        let object = objects.object();
        let fault = |e| place(format!("cannot be read: record {}: {e}", objects.records()));
        decoder.decode(object).map_err(fault)?;
        bytes += object.len();
        if decoder.len() >= BATCH_ROWS || bytes >= BATCH_BYTES {
            let last = objects.records();
            is_wanted = send(&mut decoder, one, all, to)
                .map_err(|e| place(format!("cannot be read: one of the records up to {last}: {e}")))?;
            bytes = 0;
        }
    }
    let last = |e| place(format!("cannot be read: one of its last records: {e}"));
    Ok(is_wanted && send(&mut decoder, one, all, to).map_err(last)?)
}

/// Sends the decoded rows. Returns whether more are wanted: the receiver is closed if a limit was reached, or if the
/// query failed elsewhere.
fn send(
    decoder: &mut Decoder,
    one: &ObjectFile,
    all: &SchemaRef,
    to: &Sender<EngineResult<RecordBatch>>,
) -> EngineResult<bool> {
    let Some(rows) = decoder.flush()? else { return Ok(true) };
    let key = |value: &Option<String>| {
        Arc::new(StringArray::from(vec![value.as_deref(); rows.num_rows()])) as ArrayRef
    };
    let columns = rows.columns().iter().cloned().chain(one.keys.iter().map(key)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    let batch = RecordBatch::try_new_with_options(Arc::clone(all), columns, &options)?;
    Ok(to.blocking_send(Ok(batch)).is_ok())
}
