//! Materialized views: results that a run computes once, holds for their readers, and then releases.
//!
//! A result is held in memory as far as the memory pool has room for it; the rest is in spill files. Most
//! views are materialized as their rows (`rows`). An aggregate that builds packed buffers is materialized as
//! the states of its groups (`aggregate_states`). Its readers merge the states, some of the groups at a time.

mod aggregate_states;
mod batch_memory;
mod computed;
mod rows;
mod state_layout;
mod stored;
mod unbounded_pool;

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, exec_err};
use datafusion::datasource::TableType;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;

use self::aggregate_states::SplitAggregate;
use self::computed::{Computed, Content};
pub(crate) use self::rows::readers;

/// The result of a view, as a table. Scans fail after it is released.
#[derive(Debug)]
pub(crate) struct Materialized {
    schema: SchemaRef,
    /// The number of rows, also after the release.
    pub(crate) rows: u64,
    /// The bytes that were written to spill files.
    pub(crate) bytes_spilled: u64,
    content: Mutex<Option<Content>>,
}

impl Materialized {
    /// Executes a plan, all partitions concurrently, and materializes the result. `name` is the name of the
    /// view for memory consumers and spill files.
    ///
    /// # Errors
    /// An error of the plan, or of a spill file.
    pub(crate) async fn compute(
        name: &str,
        plan: Arc<dyn ExecutionPlan>,
        context: Arc<TaskContext>,
    ) -> Result<Self> {
        let schema = plan.schema();
        let computed = match SplitAggregate::of(&plan)? {
            Some(cut) => aggregate_states::compute(name, cut, context).await?,
            None => rows::compute(name, plan, context).await?,
        };
        let Computed { rows, bytes_spilled, content } = computed;
        Ok(Self { schema, rows, bytes_spilled, content: Mutex::new(Some(content)) })
    }

    /// Releases the memory and the spill files of the result. Later scans are errors.
    pub(crate) fn release(&self) {
        self.content.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

#[async_trait]
impl TableProvider for Materialized {
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
            None => exec_err!("a materialized view is read after it is released"),
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::AsArray;
    use datafusion::arrow::datatypes::Int64Type;
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::*;
    use crate::engine::memory::Resources;
    use crate::engine::session;

    /// 200,000 rows with lists of text, about 60 MB.
    const ROWS: &str = "select value as v, [repeat('x', 150), arrow_cast(value, 'Utf8'), repeat('y', 150)] as list \
        from generate_series(1, 200000)";

    /// A session with a memory limit in bytes.
    pub(crate) fn session_of(memory_limit: usize) -> SessionContext {
        let resources = Resources { memory_limit: Some(memory_limit), spill_dir: None };
        session::with_resources(SessionConfig::new().with_target_partitions(2), &resources).unwrap()
    }

    /// Materializes the result of a query and registers it as table `x`.
    pub(crate) async fn materialize_on(ctx: &SessionContext, query: &str) -> Arc<Materialized> {
        let frame = ctx.sql(query).await.unwrap();
        let context = Arc::new(frame.task_ctx());
        let view =
            Materialized::compute("x", frame.create_physical_plan().await.unwrap(), context).await.unwrap();
        let view = Arc::new(view);
        ctx.register_table("x", Arc::<Materialized>::clone(&view)).unwrap();
        view
    }

    pub(crate) async fn materialize(query: &str, memory_limit: usize) -> (SessionContext, Arc<Materialized>) {
        let ctx = session_of(memory_limit);
        let view = materialize_on(&ctx, query).await;
        (ctx, view)
    }

    async fn sums(ctx: &SessionContext) -> Result<[i64; 3]> {
        let query = "select count(*), sum(v), cast(sum(length(list[1]) + length(list[2])) as bigint) from x";
        let batches = ctx.sql(query).await?.collect().await?;
        Ok([0, 1, 2].map(|i| batches[0].column(i).as_primitive::<Int64Type>().value(0)))
    }

    #[tokio::test]
    async fn what_does_not_fit_is_read_back_from_disk() {
        let (ctx, view) = materialize(ROWS, 40_000_000).await;
        assert_eq!(view.rows, 200_000);
        assert!(view.bytes_spilled > 30_000_000, "{} bytes", view.bytes_spilled);
        let expected = [200_000, 20_000_100_000, 31_088_895];
        assert_eq!([sums(&ctx).await.unwrap(), sums(&ctx).await.unwrap()], [expected; 2]);

        let (roomy, in_memory) = materialize(ROWS, 1_000_000_000).await;
        assert_eq!((sums(&roomy).await.unwrap(), in_memory.bytes_spilled), (expected, 0));
    }

    #[tokio::test]
    async fn what_is_released_gives_its_memory_back_and_is_an_error() {
        let (ctx, view) = materialize(ROWS, 1_000_000_000).await;
        let reserved = || ctx.runtime_env().memory_pool.reserved();
        assert!(reserved() > 50_000_000);
        view.release();
        assert_eq!(reserved(), 0);
        assert!(
            sums(&ctx)
                .await
                .unwrap_err()
                .to_string()
                .contains("a materialized view is read after it is released")
        );
    }
}
