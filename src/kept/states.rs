//! Aggregates that gather logs, kept as the states of their groups.
//!
//! The logs of a few hundred groups can be gigabytes. The engine's final aggregate has all of them in
//! memory at once, and where there is no room for that it copies them as one batch, to write it to a
//! file. So only the partial aggregates below it are executed when the view is computed. A partial
//! aggregate emits its states when it is refused more memory; they are dealt out by group to parts,
//! and stay in memory or are appended to the file of their part. The final aggregate is executed for
//! those who read the view, over one part after the other: only the logs of a part, for each partition
//! of a reader, are in memory then.

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

use super::layout::Layout;
use super::room::{BATCH_BYTES, Seen, is_room_for, slices};
use super::stored::{Growing, Stored};
use super::{Computed, Content, fill, granting};
use crate::memory::limit;

/// So many parts there are, each with a file if need be. Logs come in 256 buckets.
const PARTS: usize = 64;
/// What is held is written if it is at least this share of the pool: many small pieces take long.
const LEAST_SHARE: usize = 64;

/// A plan that ends in a final aggregate of logs, cut below it.
pub(super) struct Cut {
    /// The partial aggregate, which is executed at once.
    partial: Arc<dyn ExecutionPlan>,
    layout: Layout,
    /// What is executed for those who read: projections, then the final aggregate.
    last: Vec<Arc<dyn ExecutionPlan>>,
    /// How many partitions the plan has.
    partitions: usize,
}

impl Cut {
    /// Cuts such a plan; another one is `None`.
    pub(super) fn of(plan: &Arc<dyn ExecutionPlan>) -> Result<Option<Self>> {
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

/// Executes the partial aggregate and keeps its states.
pub(super) async fn compute(name: &str, cut: Cut, context: Arc<TaskContext>) -> Result<Computed> {
    let Cut { partial, layout, last, partitions } = cut;
    let schema = Arc::clone(&layout.schema);
    let metrics = SpillMetrics::new(&ExecutionPlanMetricsSet::new(), 0);
    let spill = SpillManager::new(context.runtime_env(), metrics, Arc::clone(&schema));
    let parts = Arc::new(Parts {
        name: name.to_string(),
        layout,
        groups: Mutex::default(),
        files: std::iter::repeat_with(Mutex::default).take(PARTS).collect(),
        env: context.runtime_env(),
    });
    let dealer = |stream, reservation| {
        let (pool, parts) = (Arc::clone(context.memory_pool()), Arc::clone(&parts));
        Dealer { parts, pieces: vec![], pool, reservation }.fill(stream)
    };
    let dealers = fill(name, partial, &context, dealer).await?;

    let mut in_memory = vec![vec![]; PARTS];
    let mut reservations = vec![];
    for Dealer { pieces, reservation, .. } in dealers {
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
    let context = granting::context(&context);
    let shares = (0..partitions).map(|first| {
        let (plan, context) = (Arc::clone(&plan), Arc::clone(&context));
        let parts = (first..PARTS).step_by(partitions).collect();
        Arc::new(Share { name: name.to_string(), schema: plan.schema(), plan, parts, context }) as _
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

/// To which states are dealt out.
struct Parts {
    name: String,
    layout: Layout,
    /// The number of each group by its hash. Groups whose hashes are the same share a part like others.
    groups: Mutex<HashMap<u64, usize>>,
    files: Vec<Mutex<Option<Growing>>>,
    env: Arc<RuntimeEnv>,
}

/// A piece of the state of a group.
struct Piece {
    part: usize,
    states: RecordBatch,
    bytes: usize,
}

impl Parts {
    fn deal(&self, states: &RecordBatch) -> Result<Vec<Piece>> {
        let (mut pieces, mut seen) = (vec![], Seen::default());
        for (row, hash) in self.layout.groups(states)?.into_iter().enumerate() {
            let mut groups = held(&self.groups);
            let number = groups.len();
            // One after the other, so that parts get as many groups each.
            let part = *groups.entry(hash).or_insert(number) % PARTS;
            drop(groups);
            for states in self.layout.apart(states, row)? {
                let bytes = seen.unseen_bytes(&states);
                pieces.push(Piece { part, states, bytes });
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

/// Deals out the states of one partition.
struct Dealer {
    parts: Arc<Parts>,
    /// What is in memory.
    pieces: Vec<Piece>,
    pool: Arc<dyn MemoryPool>,
    reservation: MemoryReservation,
}

impl Dealer {
    async fn fill(mut self, mut stream: SendableRecordBatchStream) -> Result<Self> {
        while let Some(states) = stream.next().await {
            self.push(states?)?;
        }
        Ok(self)
    }

    fn push(&mut self, states: RecordBatch) -> Result<()> {
        // The aggregate has given its memory back. It is taken over before anything else, so that
        // nobody fills it a second time while it is written.
        let pieces = self.parts.deal(&states)?;
        drop(states);
        self.reservation.grow(pieces.iter().map(|piece| piece.bytes).sum());
        self.pieces.extend(pieces);
        let least = limit(self.pool.as_ref()).map_or(0, |limit| limit / LEAST_SHARE);
        if self.reservation.size() >= least && !is_room_for(self.pool.as_ref(), 0) {
            self.write()?;
        }
        Ok(())
    }

    /// Writes all that is in memory. What is written is let go before the next is copied.
    fn write(&mut self) -> Result<()> {
        let mut pieces = std::mem::take(&mut self.pieces);
        pieces.sort_by_key(|piece| piece.part);
        let mut pieces = pieces.into_iter().peekable();
        while let Some(Piece { part, states, mut bytes }) = pieces.next() {
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

/// What one reader is given: some parts, one after the other.
struct Share {
    name: String,
    schema: SchemaRef,
    /// Has a partition for each part.
    plan: Arc<dyn ExecutionPlan>,
    parts: Vec<usize>,
    /// The logs of a part are few; the operators over them are not to spill them.
    context: Arc<TaskContext>,
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share").field("parts", &self.parts).finish_non_exhaustive()
    }
}

impl PartitionStream for Share {
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
                // The aggregate has given it away; here it is until the last slice is taken.
                let bytes = Seen::default().unseen_bytes(&batch);
                reservation.resize(bytes);
                stream::iter(slices(&batch, bytes).map(Ok))
            })
            .try_flatten();
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

#[cfg(test)]
mod tests;
