//! A view that is computed once in a session, when a query reads it first.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{MemTable, Session, TableProvider};
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, LogicalPlan, TableType};
use datafusion::physical_plan::{ExecutionPlan, collect};
use tokio::sync::OnceCell;

/// A table with the rows of a plan, in memory once they are computed.
#[derive(Debug)]
pub(crate) struct Lazy {
    plan: LogicalPlan,
    rows: OnceCell<MemTable>,
}

impl Lazy {
    pub(crate) fn new(plan: LogicalPlan) -> Self {
        Self { plan, rows: OnceCell::new() }
    }

    async fn compute(&self, session: &dyn Session) -> Result<MemTable> {
        let plan = session.create_physical_plan(&self.plan).await?;
        MemTable::try_new(plan.schema(), vec![collect(plan, session.task_ctx()).await?])
    }
}

#[async_trait]
impl TableProvider for Lazy {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.plan.schema().inner())
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rows = self.rows.get_or_try_init(|| self.compute(session)).await?;
        rows.scan(session, projection, filters, limit).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::session;

    #[tokio::test]
    async fn rows_are_computed_once() {
        let ctx = session::new().unwrap();
        let frame = ctx.sql("select random() as number, value from generate_series(1, 3)").await.unwrap();
        ctx.register_table("once", Arc::new(Lazy::new(frame.logical_plan().clone()))).unwrap();
        let both = "select count(*) from once a join once b on a.number = b.number and a.value > 1";
        for _ in 0..2 {
            let batches = ctx.sql(both).await.unwrap().collect().await.unwrap();
            let count = batches[0].column(0);
            assert_eq!(count.as_ref(), &datafusion::arrow::array::Int64Array::from(vec![2]));
        }
    }
}
