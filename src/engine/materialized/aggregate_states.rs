//! Materializes aggregates that build packed buffers as the states of their groups.
//!
//! The buffers of a few hundred groups can take gigabytes. DataFusion's final aggregate holds all of them in
//! memory at once. If there is no room for that, it copies them as one batch to spill them. So only the
//! partial aggregates are executed when such a view is computed:
//!
//! 1. A partial aggregate emits its states when it is refused more memory, and at its end.
//! 2. The states are distributed by group to spill partitions. They stay in memory or are appended to the
//!    file of their spill partition.
//! 3. The final aggregate is executed for each reader, over one spill partition after the other. So each
//!    stream of a reader has the buffers of one spill partition in memory.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, ExecutionPlan, ExecutionPlanProperties, ReplaceChildrenOptions, SpillManager,
};
use futures::{StreamExt, TryStreamExt, stream};

use super::batch_memory::{BATCH_BYTES, Seen, is_room_for, slices};
use super::computed::{Computed, Content, fill};
use super::state_layout::Layout;
use super::stored::{Growing, Stored};
use super::unbounded_pool;
use crate::engine::memory::limit;

/// The number of spill partitions, each with a file if it is needed. The groups are usually 256 buckets.
const PARTS: usize = 64;
/// States in memory are written only if they take at least 1/64 of the pool: many small writes take long.
const LEAST_SHARE: usize = 64;

/// A plan that ends in a final aggregate of packed buffers, split below that aggregate.
pub(crate) struct SplitAggregate {
    /// The partial aggregate, which is executed when the view is computed.
    partial: Arc<dyn ExecutionPlan>,
    layout: Layout,
    /// The operators that are executed for each reader, from the top: projections, then the final aggregate.
    last: Vec<Arc<dyn ExecutionPlan>>,
    /// The number of output partitions of the plan.
    partitions: usize,
}

impl SplitAggregate {
    /// Splits a plan; `None` if it does not end in such an aggregate (projections may be above it), or has no
    /// partial aggregate.
    ///
    /// # Errors
    /// An accumulator that cannot be created.
    pub(crate) fn of(plan: &Arc<dyn ExecutionPlan>) -> Result<Option<Self>> {
        let mut last = vec![Arc::clone(plan)];
        let mut at = plan;
        while let Some(projection) = at.downcast_ref::<ProjectionExec>() {
            at = projection.input();
            last.push(Arc::clone(at));
        }
        let is_final = |mode| matches!(mode, AggregateMode::Final | AggregateMode::FinalPartitioned);
        let Some(aggregate) = at.downcast_ref::<AggregateExec>().filter(|a| is_final(*a.mode())) else {
            return Ok(None);
        };
        at = aggregate.input();
        while at.is::<RepartitionExec>() || at.is::<CoalescePartitionsExec>() {
            at = at.children()[0];
        }
        let Some(partial) =
            at.downcast_ref::<AggregateExec>().filter(|a| *a.mode() == AggregateMode::Partial)
        else {
            return Ok(None);
        };
        let partitions = plan.output_partitioning().partition_count();
        let layout = Layout::of(partial)?;
        Ok(layout.map(|layout| Self { partial: Arc::clone(at), layout, last, partitions }))
    }
}

/// Executes the partial aggregate and materializes its states.
///
/// # Errors
/// An error of the plan, or of a spill file.
pub(crate) async fn compute(name: &str, cut: SplitAggregate, context: Arc<TaskContext>) -> Result<Computed> {
    let SplitAggregate { partial, layout, last, partitions } = cut;
    let schema = Arc::clone(&layout.schema);
    let metrics = SpillMetrics::new(&ExecutionPlanMetricsSet::new(), 0);
    let spill = SpillManager::new(context.runtime_env(), metrics, Arc::clone(&schema));
    let parts = Arc::new(SpillPartitions {
        name: name.to_string(),
        layout,
        groups: Mutex::default(),
        files: std::iter::repeat_with(Mutex::default).take(PARTS).collect(),
        env: context.runtime_env(),
    });
    let partitioner = |stream, reservation| {
        let (pool, parts) = (Arc::clone(context.memory_pool()), Arc::clone(&parts));
        StatePartitioner { parts, pieces: vec![], pool, reservation }.fill(stream)
    };
    let partitioners = fill(name, partial, &context, partitioner).await?;

    let mut in_memory = vec![vec![]; PARTS];
    let mut reservations = vec![];
    for StatePartitioner { pieces, reservation, .. } in partitioners {
        pieces.into_iter().for_each(|piece| in_memory[piece.part].push(piece.states));
        reservations.push(reservation);
    }
    let mut stored: Vec<Arc<dyn PartitionStream>> = vec![];
    let mut bytes_spilled = 0;
    for (file, batches) in parts.files.iter().zip(in_memory) {
        let mut files = vec![];
        if let Some(file) = held(file).take() {
            let (file, bytes) = file.finish()?;
            files.push(file);
            bytes_spilled += bytes;
        }
        stored.push(Arc::new(Stored { schema: Arc::clone(&schema), batches, files, spill: spill.clone() }));
    }
    let states = StreamingTableExec::try_new(schema, stored, None, [], false, None)?;
    let plan =
        last.into_iter().rev().try_fold(Arc::new(states) as Arc<dyn ExecutionPlan>, |child, plan| {
            plan.replace_children(vec![child], ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
        })?;
    let context = unbounded_pool::context(&context);
    let shares = (0..partitions).map(|first| {
        let (plan, context) = (Arc::clone(&plan), Arc::clone(&context));
        let parts = (first..PARTS).step_by(partitions).collect();
        Arc::new(PartitionReader { name: name.to_string(), schema: plan.schema(), plan, parts, context }) as _
    });
    let table = Arc::new(StreamingTable::try_new(plan.schema(), shares.collect())?);
    Ok(Computed {
        rows: held(&parts.groups).len() as u64,
        bytes_spilled,
        content: Content { table, _reservations: reservations },
    })
}

fn held<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The spill partitions, to which all partitions of the partial aggregate distribute their states.
struct SpillPartitions {
    name: String,
    layout: Layout,
    /// The number of each group, by the hash of its key. Groups with equal hashes have one number
    /// and share a spill partition.
    groups: Mutex<HashMap<u64, usize>>,
    files: Vec<Mutex<Option<Growing>>>,
    env: Arc<RuntimeEnv>,
}

/// A piece of the state of one group: a batch of one row.
struct StateRow {
    part: usize,
    states: RecordBatch,
    bytes: usize,
}

impl SpillPartitions {
    fn assign(&self, states: &RecordBatch) -> Result<Vec<StateRow>> {
        let (mut pieces, mut seen) = (vec![], Seen::default());
        for (row, hash) in self.layout.groups(states)?.into_iter().enumerate() {
            let mut groups = held(&self.groups);
            let number = groups.len();
            // Round-robin, so that all spill partitions get the same number of groups.
            let part = *groups.entry(hash).or_insert(number) % PARTS;
            drop(groups);
            for states in self.layout.apart(states, row)? {
                let bytes = seen.unseen_bytes(&states);
                pieces.push(StateRow { part, states, bytes });
            }
        }
        Ok(pieces)
    }

    fn write(&self, part: usize, states: &[RecordBatch]) -> Result<()> {
        let states = concat_batches(&self.layout.schema, states)?;
        let mut file = held(&self.files[part]);
        let file = match &mut *file {
            Some(file) => file,
            none => none.insert(Growing::new(&self.name, &self.layout.schema, &self.env)?),
        };
        file.append(&states)
    }
}

/// Distributes the states of one partition of the partial aggregate.
struct StatePartitioner {
    parts: Arc<SpillPartitions>,
    /// The states in memory.
    pieces: Vec<StateRow>,
    pool: Arc<dyn MemoryPool>,
    reservation: MemoryReservation,
}

impl StatePartitioner {
    async fn fill(mut self, mut stream: SendableRecordBatchStream) -> Result<Self> {
        while let Some(states) = stream.next().await {
            self.push(states?)?;
        }
        Ok(self)
    }

    fn push(&mut self, states: RecordBatch) -> Result<()> {
        // The aggregate has released the memory of these states. It is reserved again at once, so that no
        // other operator takes it while the states are written.
        let pieces = self.parts.assign(&states)?;
        drop(states);
        self.reservation.grow(pieces.iter().map(|piece| piece.bytes).sum());
        self.pieces.extend(pieces);
        let least = limit(self.pool.as_ref()).map_or(0, |limit| limit / LEAST_SHARE);
        if self.reservation.size() >= least && !is_room_for(self.pool.as_ref(), 0) {
            self.write()?;
        }
        Ok(())
    }

    /// Writes all states in memory to the files. Each batch is released before the next one is copied.
    fn write(&mut self) -> Result<()> {
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.sort_by_key(|piece| piece.part);
        let mut pieces = pieces.into_iter().peekable();
        while let Some(StateRow { part, states, mut bytes }) = pieces.next() {
            let mut batch = vec![states];
            while let Some(next) = pieces.next_if(|p| p.part == part && bytes + p.bytes <= BATCH_BYTES) {
                bytes += next.bytes;
                batch.push(next.states);
            }
            self.parts.write(part, &batch)?;
            drop(batch);
            self.reservation.shrink(bytes.min(self.reservation.size()));
        }
        self.reservation.free();
        Ok(())
    }
}

/// One stream of a reader: some of the spill partitions, one after the other.
struct PartitionReader {
    name: String,
    schema: SchemaRef,
    /// The final aggregate and the projections, with one partition per spill partition.
    plan: Arc<dyn ExecutionPlan>,
    parts: Vec<usize>,
    /// Has an unbounded memory pool: refusing memory would only make the final aggregate spill the part that
    /// it just read. The buffers of one spill partition are few.
    context: Arc<TaskContext>,
}

impl fmt::Debug for PartitionReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PartitionReader").field("parts", &self.parts).finish_non_exhaustive()
    }
}

impl PartitionStream for PartitionReader {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let (plan, context) = (Arc::clone(&self.plan), Arc::clone(&self.context));
        let consumer = MemoryConsumer::new(format!("the rows of {}", self.name));
        let reservation = consumer.register(context.memory_pool());
        let batches = stream::iter(self.parts.clone())
            .map(move |part| plan.execute(part, Arc::clone(&context)))
            .try_flatten()
            .map_ok(move |batch| {
                // The aggregate no longer counts the memory of this batch. It is reserved here until the last
                // slice is taken.
                let bytes = Seen::default().unseen_bytes(&batch);
                reservation.resize(bytes);
                stream::iter(slices(&batch, bytes).map(Ok))
            })
            .try_flatten();
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}
