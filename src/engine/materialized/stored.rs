//! A partition whose batches are partly in memory and partly in spill files, and a spill file that can grow.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::ipc::writer::StreamWriter;
use datafusion::common::Result;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SendableRecordBatchStream, SpillFile, SpillWriter, TaskContext};
use datafusion::physical_plan::SpillManager;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::{StreamExt, TryStreamExt, stream};

/// A spill file to which batches are appended. DataFusion's own type for that is not public.
pub(crate) struct Growing {
    file: Arc<dyn SpillFile>,
    writer: StreamWriter<Box<dyn SpillWriter>>,
}

impl Growing {
    pub(crate) fn new(name: &str, schema: &SchemaRef, env: &RuntimeEnv) -> Result<Self> {
        let file = env.disk_manager.create_tmp_file(&format!("the rows of {name}"))?;
        let writer = StreamWriter::try_new(file.open_writer()?, schema)?;
        Ok(Self { file, writer })
    }

    pub(crate) fn append(&mut self, batch: &RecordBatch) -> Result<()> {
        Ok(self.writer.write(batch)?)
    }

    /// Completes the file; gives it and its size in bytes.
    pub(crate) fn finish(mut self) -> Result<(Arc<dyn SpillFile>, u64)> {
        self.writer.finish()?;
        self.writer.get_mut().finish()?;
        let bytes = self.file.size().unwrap_or_default();
        Ok((self.file, bytes))
    }
}

/// A partition as a stream: first the batches in memory, then those of the files.
pub(crate) struct Stored {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
    pub(crate) files: Vec<Arc<dyn SpillFile>>,
    pub(crate) spill: SpillManager,
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("in_memory", &self.batches.len()).finish_non_exhaustive()
    }
}

impl PartitionStream for Stored {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let in_memory = stream::iter(self.batches.clone().into_iter().map(Ok));
        let spill = self.spill.clone();
        let from_files = stream::iter(self.files.clone())
            .map(move |file| spill.read_spill_as_stream(file, None))
            .try_flatten();
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), in_memory.chain(from_files)))
    }
}
