//! A table of text files, whose columns are all text. Files are streamed in parallel.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::Result as EngineResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::PartitionStream;
use tokio::sync::mpsc::Sender;

use crate::error::Result;

/// A batch ends after this many rows or `BATCH_BYTES` bytes of text, whichever comes first.
pub(crate) const BATCH_ROWS: usize = 4096;
pub(crate) const BATCH_BYTES: usize = 4 << 20;

/// A file of such a table, or a part of one.
pub(crate) trait TextFile: Debug + Clone + Send + Sync + 'static {
    /// How many bytes of the file are read.
    fn size(&self) -> u64;

    /// Adds its rows, until no more are wanted. `columns` are those of the table. Returns whether the end of the file
    /// was reached.
    ///
    /// # Errors
    /// The file is damaged or cannot be read.
    fn read(&self, section: &str, columns: &Schema, rows: &mut Rows) -> EngineResult<bool>;
}

/// A table of the files with at most `partitions` partitions. Each file is in exactly one of them. The columns of
/// `schema` are text.
pub(crate) fn table<F: TextFile>(
    section: &'static str,
    files: Vec<F>,
    schema: &SchemaRef,
    partitions: usize,
) -> Result<StreamingTable> {
    let partitions = shared_out(files, TextFile::size, partitions.max(1)).into_iter().map(|files| {
        let schema = Arc::clone(schema);
        Arc::new(TextFiles { section, files, schema }) as Arc<dyn PartitionStream>
    });
    Ok(StreamingTable::try_new(Arc::clone(schema), partitions.collect())?)
}

/// Distributes the files over partitions: the largest file first, each to the partition with the fewest
/// bytes.
pub(crate) fn shared_out<F: Clone>(
    files: Vec<F>,
    size: impl Fn(&F) -> u64,
    partitions: usize,
) -> Vec<Vec<F>> {
    let mut sized: Vec<_> = files.into_iter().map(|f| (size(&f), f)).collect();
    // The files are sorted by name, and this sort is stable, so the result is deterministic.
    sized.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    let mut shares = vec![(0, vec![]); partitions.min(sized.len())];
    for (bytes, file) in sized {
        if let Some(least) = shares.iter_mut().min_by_key(|share| share.0) {
            least.0 += bytes;
            least.1.push(file);
        }
    }
    shares.into_iter().map(|share| share.1).collect()
}

/// One partition of the table.
#[derive(Debug)]
struct TextFiles<F> {
    section: &'static str,
    files: Vec<F>,
    schema: SchemaRef,
}

impl<F: TextFile> PartitionStream for TextFiles<F> {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut stream = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), 1);
        let mut rows = Rows::new(Arc::clone(&self.schema), stream.tx());
        let (section, files, schema) = (self.section, self.files.clone(), Arc::clone(&self.schema));
        stream.spawn_blocking(move || {
            for file in &files {
                if !file.read(section, &schema, &mut rows)? {
                    return Ok(());
                }
            }
            if rows.rows > 0 {
                rows.send();
            }
            Ok(())
        });
        stream.build()
    }
}

/// Takes the rows of files, and sends them as record batches.
pub(crate) struct Rows {
    schema: SchemaRef,
    to: Sender<EngineResult<RecordBatch>>,
    columns: Vec<StringBuilder>,
    rows: usize,
    bytes: usize,
}

impl Rows {
    fn new(schema: SchemaRef, to: Sender<EngineResult<RecordBatch>>) -> Self {
        let columns = schema.fields().iter().map(|_| StringBuilder::new()).collect();
        Self { schema, to, columns, rows: 0, bytes: 0 }
    }

    /// Adds a row. `value` returns the value of the column at a position. Returns whether more rows are wanted.
    ///
    /// # Errors
    /// The first error of `value`.
    pub(crate) fn push<'a>(
        &mut self,
        value: impl Fn(usize) -> Result<Option<Cow<'a, str>>, String>,
    ) -> Result<bool, String> {
        for (i, column) in self.columns.iter_mut().enumerate() {
            let value = value(i)?;
            self.bytes += value.as_ref().map_or(0, |value| value.len());
            column.append_option(value);
        }
        self.rows += 1;
        let is_full = self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES;
        Ok(!is_full || self.send())
    }

    /// Sends the rows. The receiver is closed if a limit was reached, or if the query failed elsewhere.
    fn send(&mut self) -> bool {
        (self.rows, self.bytes) = (0, 0);
        let columns = self.columns.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        self.to.blocking_send(batch.map_err(Into::into)).is_ok()
    }
}
