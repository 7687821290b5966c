//! Results of views that a run keeps: computed once, held for those who read them, then let go.
//!
//! What the memory pool has room for stays in memory; the rest of a view goes to spill files. Most views
//! are kept as the rows they have (`rows`). An aggregate that gathers logs is kept as the states of its
//! groups (`states`), which only those who read it put together, some groups at a time.

mod granting;
mod layout;
mod room;
mod rows;
mod states;
mod stored;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{Result, exec_err};
use datafusion::datasource::TableType;
use datafusion::execution::TaskContext;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::{ExecutionPlan, SendableRecordBatchStream, execute_stream_partitioned};
use futures::{StreamExt, TryStreamExt, stream};

pub(crate) use rows::readers;
use states::Cut;

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

/// What has been computed.
struct Computed {
    rows: u64,
    bytes_spilled: u64,
    content: Content,
}

impl Kept {
    /// Executes a plan, all partitions at once, and keeps what comes.
    pub(crate) async fn compute(
        name: &str,
        plan: Arc<dyn ExecutionPlan>,
        context: Arc<TaskContext>,
    ) -> Result<Self> {
        let schema = plan.schema();
        let computed = match Cut::of(&plan)? {
            Some(cut) => states::compute(name, cut, context).await?,
            None => rows::compute(name, plan, context).await?,
        };
        let Computed { rows, bytes_spilled, content } = computed;
        Ok(Self { schema, rows, bytes_spilled, content: Mutex::new(Some(content)) })
    }

    /// Lets the rows go; whoever reads them afterwards gets an error.
    pub(crate) fn release(&self) {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Executes a plan, each of its partitions in a task of its own, which gets a reservation for what it
/// keeps of it.
async fn fill<T: Send + 'static, F: Future<Output = Result<T>> + Send + 'static>(
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

    /// A session with so much memory.
    pub(super) fn session_of(memory_limit: usize) -> SessionContext {
        let resources = Resources { memory_limit: Some(memory_limit), spill_dir: None };
        session::with_resources(SessionConfig::new().with_target_partitions(2), &resources).unwrap()
    }

    /// The kept result of a query, in which it is `x`.
    pub(super) async fn keep_on(ctx: &SessionContext, query: &str) -> Arc<Kept> {
        let frame = ctx.sql(query).await.unwrap();
        let context = Arc::new(frame.task_ctx());
        let kept = Kept::compute("x", frame.create_physical_plan().await.unwrap(), context).await.unwrap();
        let kept = Arc::new(kept);
        ctx.register_table("x", Arc::<Kept>::clone(&kept)).unwrap();
        kept
    }

    pub(super) async fn keep(query: &str, memory_limit: usize) -> (SessionContext, Arc<Kept>) {
        let ctx = session_of(memory_limit);
        let kept = keep_on(&ctx, query).await;
        (ctx, kept)
    }

    async fn sums(ctx: &SessionContext) -> Result<[i64; 3]> {
        let query = "select count(*), sum(v), cast(sum(length(list[1]) + length(list[2])) as bigint) from x";
        let batches = ctx.sql(query).await?.collect().await?;
        Ok([0, 1, 2].map(|i| batches[0].column(i).as_primitive::<Int64Type>().value(0)))
    }

    #[tokio::test]
    async fn what_does_not_fit_is_read_back_from_disk() {
        let (ctx, kept) = keep(ROWS, 40_000_000).await;
        assert_eq!(kept.rows, 200_000);
        assert!(kept.bytes_spilled > 30_000_000, "{} bytes", kept.bytes_spilled);
        let expected = [200_000, 20_000_100_000, 31_088_895];
        assert_eq!([sums(&ctx).await.unwrap(), sums(&ctx).await.unwrap()], [expected; 2]);

        let (roomy, in_memory) = keep(ROWS, 1_000_000_000).await;
        assert_eq!((sums(&roomy).await.unwrap(), in_memory.bytes_spilled), (expected, 0));
    }

    #[tokio::test]
    async fn what_is_released_gives_its_memory_back_and_is_an_error() {
        let (ctx, kept) = keep(ROWS, 1_000_000_000).await;
        let reserved = || ctx.runtime_env().memory_pool.reserved();
        assert!(reserved() > 50_000_000);
        kept.release();
        assert_eq!(reserved(), 0);
        assert!(sums(&ctx).await.unwrap_err().to_string().contains("a view is read after its last reader"));
    }
}
