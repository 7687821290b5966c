//! Materializes views as their rows.

use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, UInt32Array};
use datafusion::arrow::compute::take_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::Result;
use datafusion::datasource::MemTable;
use datafusion::execution::memory_pool::{MemoryPool, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, SpillFile, TaskContext};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::physical_plan::{ExecutionPlan, SpillManager};
use datafusion::prelude::SessionConfig;
use futures::StreamExt;

use super::batch_memory::{Seen, is_room_for, slices};
use super::computed::{Computed, Content, fill};
use super::stored::Stored;

/// Executes a plan and materializes its rows.
///
/// # Errors
/// An error of the plan, or of a spill file.
pub(crate) async fn compute(
    name: &str,
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
) -> Result<Computed> {
    let schema = plan.schema();
    let metrics = SpillMetrics::new(&ExecutionPlanMetricsSet::new(), 0);
    let spill = SpillManager::new(context.runtime_env(), metrics.clone(), Arc::clone(&schema));
    let part = |stream, reservation| {
        let part = Part {
            name: name.to_string(),
            rows: 0,
            batches: vec![],
            files: vec![],
            pool: Arc::clone(context.memory_pool()),
            reservation,
            seen: Seen::default(),
        };
        part.fill(stream, spill.clone())
    };
    let parts: Vec<Part> = fill(name, plan, &context, part).await?;
    let rows = parts.iter().map(|part| part.rows).sum();
    let content = content(&schema, parts, &spill)?;
    Ok(Computed { rows, bytes_spilled: metrics.spilled_bytes.value() as u64, content })
}

/// Each in-memory partition is exposed as this many streams. In-memory streams never yield. A task that
/// another task wakes, as when the hash table of a join is ready, is queued behind its waker on the same
/// core, where no idle core can take it. If the waker wakes several tasks, idle cores can take all but one.
const PIECES: usize = 2;

/// The usual number of streams of a materialized view, which is the number of concurrent sorts of its rows.
pub(crate) fn readers(config: &SessionConfig) -> usize {
    PIECES * config.target_partitions()
}

fn content(schema: &SchemaRef, parts: Vec<Part>, spill: &SpillManager) -> Result<Content> {
    let mut reservations = vec![];
    let in_memory = parts.iter().all(|part| part.files.is_empty());
    let table: Arc<dyn TableProvider> = if in_memory {
        let mut pieces = vec![];
        for mut part in parts {
            reservations.push(part.reservation);
            let size = part.batches.len().div_ceil(PIECES);
            let piece = || part.batches.drain(..size.min(part.batches.len())).collect::<Vec<_>>();
            pieces.extend(std::iter::repeat_with(piece).take(PIECES));
        }
        Arc::new(MemTable::try_new(Arc::clone(schema), pieces)?)
    } else {
        let mut streams: Vec<Arc<dyn PartitionStream>> = vec![];
        for Part { batches, files, reservation, .. } in parts {
            let (schema, spill) = (Arc::clone(schema), spill.clone());
            streams.push(Arc::new(Stored { schema, batches, files, spill }));
            reservations.push(reservation);
        }
        Arc::new(StreamingTable::try_new(Arc::clone(schema), streams)?)
    };
    Ok(Content { table, _reservations: reservations })
}

/// One partition of the result while it is filled.
struct Part {
    name: String,
    rows: u64,
    /// The rows in memory.
    batches: Vec<RecordBatch>,
    /// The rows that were spilled.
    files: Vec<Arc<dyn SpillFile>>,
    pool: Arc<dyn MemoryPool>,
    reservation: MemoryReservation,
    /// The Arrow buffers of the rows in memory.
    seen: Seen,
}

impl Part {
    async fn fill(mut self, mut stream: SendableRecordBatchStream, spill: SpillManager) -> Result<Self> {
        while let Some(batch) = stream.next().await {
            self.push(&batch?, &spill)?;
        }
        Ok(self)
    }

    fn push(&mut self, batch: &RecordBatch, spill: &SpillManager) -> Result<()> {
        self.rows += batch.num_rows() as u64;
        let bytes = self.seen.unseen_bytes(batch);
        self.batches.extend(slices(batch, bytes));
        if !is_room_for(self.pool.as_ref(), bytes) || self.reservation.try_grow(bytes).is_err() {
            // Copied first: a slice shares the list values of its batch, and all of them would be written
            // with it.
            let own = std::mem::take(&mut self.batches).into_iter().map(|slice| {
                take_record_batch(&slice, &UInt32Array::from_iter_values(0..slice.num_rows() as u32))
            });
            let own = own.collect::<Result<Vec<_>, _>>()?;
            self.files
                .extend(spill.spill_record_batch_and_finish(&own, &format!("the rows of {}", self.name))?);
            self.reservation.free();
            self.seen = Seen::default();
        }
        Ok(())
    }
}
