//! Results of views that a run keeps: computed once, held for those who read them, then let go.
//!
//! What the memory pool has room for stays in memory; the rest of a view goes to spill files.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::arrow::array::{Array, ArrayData, RecordBatch, UInt32Array};
use datafusion::arrow::compute::take_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, exec_err};
use datafusion::datasource::{MemTable, TableType};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, SpillFile, TaskContext};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::SpillManager;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, execute_stream_partitioned};
use futures::{StreamExt, TryStreamExt, stream};

/// Readers get batches of about this many bytes: a row can be a whole bucket.
const BATCH_BYTES: usize = 1 << 22;

/// The result of a view, until it is released.
#[derive(Debug)]
pub(crate) struct Kept {
    schema: SchemaRef,
    /// How many rows there are, or were.
    pub(crate) rows: u64,
    /// How many bytes of them were written to disk.
    pub(crate) bytes_spilled: u64,
    content: Mutex<Option<Content>>,
}

#[derive(Debug)]
struct Content {
    table: Arc<dyn TableProvider>,
    /// Holds the memory of what is not spilled.
    _reservations: Vec<MemoryReservation>,
}

impl Kept {
    /// Executes a plan, all partitions at once, and keeps what comes.
    pub(crate) async fn compute(
        name: &str,
        plan: Arc<dyn ExecutionPlan>,
        context: Arc<TaskContext>,
    ) -> Result<Self> {
        let schema = plan.schema();
        let metrics = SpillMetrics::new(&ExecutionPlanMetricsSet::new(), 0);
        let spill = SpillManager::new(context.runtime_env(), metrics.clone(), Arc::clone(&schema));
        let count = plan.output_partitioning().partition_count();
        let streams = execute_stream_partitioned(plan, Arc::clone(&context))?;
        debug_assert_eq!(streams.len(), count);
        let partitions = streams.into_iter().map(|stream| {
            let consumer = MemoryConsumer::new(format!("the rows of {name}"));
            let reservation = consumer.register(context.memory_pool());
            let part = Part {
                name: name.to_string(),
                rows: 0,
                batches: vec![],
                files: vec![],
                pool: Arc::clone(context.memory_pool()),
                reservation,
                seen: HashSet::new(),
            };
            // Tasks of their own, so that partitions run in parallel.
            let spill = spill.clone();
            datafusion::common::runtime::SpawnedTask::spawn(part.fill(stream, spill))
        });
        let parts: Vec<Part> = stream::iter(partitions.collect::<Vec<_>>())
            .buffered(count.max(1))
            .map(|part| part.unwrap_or_else(|e| exec_err!("a partition of a view ended early: {e}")))
            .try_collect()
            .await?;
        let rows = parts.iter().map(|part| part.rows).sum();
        let content = Content::of(&schema, parts, &spill)?;
        let bytes_spilled = metrics.spilled_bytes.value() as u64;
        Ok(Self { schema, rows, bytes_spilled, content: Mutex::new(Some(content)) })
    }

    /// Lets the rows go; whoever reads them afterwards gets an error.
    pub(crate) fn release(&self) {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Content {
    fn of(schema: &SchemaRef, parts: Vec<Part>, spill: &SpillManager) -> Result<Self> {
        let mut reservations = vec![];
        let in_memory = parts.iter().all(|part| part.files.is_empty());
        let table: Arc<dyn TableProvider> = if in_memory {
            let batches = parts.into_iter().map(|part| {
                reservations.push(part.reservation);
                part.batches
            });
            Arc::new(MemTable::try_new(Arc::clone(schema), batches.collect())?)
        } else {
            let mut streams: Vec<Arc<dyn PartitionStream>> = vec![];
            for Part { batches, files, reservation, .. } in parts {
                let (schema, spill) = (Arc::clone(schema), spill.clone());
                streams.push(Arc::new(Stored { schema, batches, files, spill }));
                reservations.push(reservation);
            }
            Arc::new(StreamingTable::try_new(Arc::clone(schema), streams)?)
        };
        Ok(Self { table, _reservations: reservations })
    }
}

/// One partition while it is filled.
struct Part {
    name: String,
    rows: u64,
    /// What is in memory.
    batches: Vec<RecordBatch>,
    /// What there was no room for.
    files: Vec<Arc<dyn SpillFile>>,
    pool: Arc<dyn MemoryPool>,
    reservation: MemoryReservation,
    /// Where the buffers of what is in memory begin: the slices of one result share them.
    seen: HashSet<usize>,
}

impl Part {
    /// The bytes of buffers that no batch before has.
    fn unseen_bytes(&mut self, data: &ArrayData) -> usize {
        let buffers = data.buffers().iter().chain(data.nulls().map(|nulls| nulls.buffer()));
        let new = buffers.filter(|buffer| self.seen.insert(buffer.data_ptr().as_ptr() as usize));
        let own = new.map(|buffer| buffer.capacity()).sum::<usize>();
        own + data.child_data().iter().map(|child| self.unseen_bytes(child)).sum::<usize>()
    }

    async fn fill(mut self, mut stream: SendableRecordBatchStream, spill: SpillManager) -> Result<Self> {
        while let Some(batch) = stream.next().await {
            self.push(batch?, &spill)?;
        }
        Ok(self)
    }

    /// Whether what is kept would leave enough to those who work: they need some to get any further,
    /// and nobody can take from what is kept.
    fn is_room_for(&self, bytes: usize) -> bool {
        let most = match self.pool.memory_limit() {
            MemoryLimit::Finite(bytes) => bytes - bytes / 4,
            _ => usize::MAX,
        };
        self.pool.reserved().saturating_add(bytes) < most
    }

    fn push(&mut self, batch: RecordBatch, spill: &SpillManager) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        self.rows += batch.num_rows() as u64;
        let bytes = batch.columns().iter().map(|column| self.unseen_bytes(&column.to_data())).sum::<usize>();
        let rows = (batch.num_rows() * BATCH_BYTES / bytes.max(1)).clamp(1, batch.num_rows());
        let slices =
            (0..batch.num_rows()).step_by(rows).map(|at| batch.slice(at, rows.min(batch.num_rows() - at)));
        self.batches.extend(slices);
        if !self.is_room_for(bytes) || self.reservation.try_grow(bytes).is_err() {
            // A slice shares the lists of its batch, which would all be written with it.
            let own = std::mem::take(&mut self.batches).into_iter().map(|slice| {
                take_record_batch(&slice, &UInt32Array::from_iter_values(0..slice.num_rows() as u32))
            });
            let own = own.collect::<Result<Vec<_>, _>>()?;
            self.files
                .extend(spill.spill_record_batch_and_finish(&own, &format!("the rows of {}", self.name))?);
            self.reservation.free();
            self.seen.clear();
        }
        Ok(())
    }
}

/// A partition of which a part is in files.
struct Stored {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    files: Vec<Arc<dyn SpillFile>>,
    spill: SpillManager,
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

#[async_trait]
impl TableProvider for Kept {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let table = || {
            let content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
            content.as_ref().map(|content| Arc::clone(&content.table))
        };
        match table() {
            Some(table) => table.scan(state, projection, filters, limit).await,
            None => exec_err!("a view is read after its last reader"),
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::AsArray;
    use datafusion::arrow::datatypes::Int64Type;
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::*;
    use crate::memory::Resources;
    use crate::session;

    /// 200,000 rows with lists of text, some 60 MB of them.
    const ROWS: &str = "select value as v, [repeat('x', 150), arrow_cast(value, 'Utf8'), repeat('y', 150)] as list \
        from generate_series(1, 200000)";

    async fn keep(memory_limit: usize) -> (SessionContext, Arc<Kept>) {
        let resources = Resources { memory_limit: Some(memory_limit), spill_dir: None };
        let ctx =
            session::with_resources(SessionConfig::new().with_target_partitions(2), &resources).unwrap();
        let frame = ctx.sql(ROWS).await.unwrap();
        let context = Arc::new(frame.task_ctx());
        let kept = Kept::compute("x", frame.create_physical_plan().await.unwrap(), context).await.unwrap();
        let kept = Arc::new(kept);
        ctx.register_table("x", Arc::<Kept>::clone(&kept)).unwrap();
        (ctx, kept)
    }

    async fn sums(ctx: &SessionContext) -> Result<[i64; 3]> {
        let query = "select count(*), sum(v), cast(sum(length(list[1]) + length(list[2])) as bigint) from x";
        let batches = ctx.sql(query).await?.collect().await?;
        Ok([0, 1, 2].map(|i| batches[0].column(i).as_primitive::<Int64Type>().value(0)))
    }

    #[tokio::test]
    async fn what_does_not_fit_is_read_back_from_disk() {
        let (ctx, kept) = keep(40_000_000).await;
        assert_eq!(kept.rows, 200_000);
        assert!(kept.bytes_spilled > 30_000_000, "{} bytes", kept.bytes_spilled);
        let expected = [200_000, 20_000_100_000, 31_088_895];
        assert_eq!([sums(&ctx).await.unwrap(), sums(&ctx).await.unwrap()], [expected; 2]);

        let (roomy, in_memory) = keep(1_000_000_000).await;
        assert_eq!((sums(&roomy).await.unwrap(), in_memory.bytes_spilled), (expected, 0));
    }

    #[tokio::test]
    async fn what_is_released_gives_its_memory_back_and_is_an_error() {
        let (ctx, kept) = keep(1_000_000_000).await;
        let reserved = || ctx.runtime_env().memory_pool.reserved();
        assert!(reserved() > 50_000_000);
        kept.release();
        assert_eq!(reserved(), 0);
        assert!(sums(&ctx).await.unwrap_err().to_string().contains("a view is read after its last reader"));
    }
}
