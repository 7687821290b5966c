//! Batches of which some are in memory and some in files, and a file while it is written.

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

/// A spill file that grows. The engine's own cannot be named.
pub(super) struct Growing {
    file: Arc<dyn SpillFile>,
    writer: StreamWriter<Box<dyn SpillWriter>>,
}

impl Growing {
    pub(super) fn new(name: &str, schema: &SchemaRef, env: &RuntimeEnv) -> Result<Self> {
        let file = env.disk_manager.create_tmp_file(&format!("the rows of {name}"))?;
        let writer = StreamWriter::try_new(file.open_writer()?, schema)?;
        Ok(Self { file, writer })
    }

    pub(super) fn append(&mut self, batch: &RecordBatch) -> Result<()> {
        Ok(self.writer.write(batch)?)
    }

    /// The file, and how many bytes it has.
    pub(super) fn finish(mut self) -> Result<(Arc<dyn SpillFile>, u64)> {
        self.writer.finish()?;
        self.writer.get_mut().finish()?;
        let bytes = self.file.size().unwrap_or_default();
        Ok((self.file, bytes))
    }
}

/// A partition of which a part is in files.
pub(super) struct Stored {
    pub(super) schema: SchemaRef,
    pub(super) batches: Vec<RecordBatch>,
    pub(super) files: Vec<Arc<dyn SpillFile>>,
    pub(super) spill: SpillManager,
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
