//! The result of a view when it is computed, and how its partitions are executed.

use std::future::Future;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{Result, exec_err};
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, execute_stream_partitioned};
use futures::{StreamExt, TryStreamExt, stream};

#[derive(Debug)]
pub(crate) struct Content {
    pub(crate) table: Arc<dyn TableProvider>,
    /// The memory reservations of the part that is in memory.
    pub(crate) _reservations: Vec<MemoryReservation>,
}

/// A computed result.
pub(crate) struct Computed {
    pub(crate) rows: u64,
    pub(crate) bytes_spilled: u64,
    pub(crate) content: Content,
}

/// Executes a plan with one task per partition and gives the results in the order of the partitions. `task`
/// gets the stream of its partition, and a memory reservation for what it retains.
///
/// # Errors
/// The first error of a task in the order of the partitions.
pub(crate) async fn fill<T: Send + 'static, F: Future<Output = Result<T>> + Send + 'static>(
    name: &str,
    plan: Arc<dyn ExecutionPlan>,
    context: &Arc<TaskContext>,
    task: impl Fn(SendableRecordBatchStream, MemoryReservation) -> F,
) -> Result<Vec<T>> {
    let streams = execute_stream_partitioned(plan, Arc::clone(context))?;
    let tasks = streams.into_iter().map(|stream| {
        let consumer = MemoryConsumer::new(format!("the rows of {name}"));
        SpawnedTask::spawn(task(stream, consumer.register(context.memory_pool())))
    });
    let tasks: Vec<_> = tasks.collect();
    let count = tasks.len();
    stream::iter(tasks)
        .map(SpawnedTask::join_unwind)
        .buffered(count.max(1))
        .map(|task| task.unwrap_or_else(|e| exec_err!("a partition of a view ended early: {e}")))
        .try_collect()
        .await
}
