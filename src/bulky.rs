//! Aggregates whose rows are bulky, a whole log in each: in small batches.
//!
//! What an aggregate spills, and what it reads back to merge it, it takes in batches of as many rows as
//! a scan does. Of logs, all rows together are fewer; a batch would be all that there is, copied into
//! a file's buffers in one piece. So such an aggregate is executed with small batches, and what
//! stands below it with those of the session.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties, replace_children_if_necessary,
};

/// Rows of a batch of logs; a row of ten million messages has a megabyte.
const ROWS: usize = 8;

/// Makes a plan and its context such that aggregates of logs give and spill small batches; others
/// stay as they are.
pub(crate) fn in_small_batches(
    plan: Arc<dyn ExecutionPlan>,
    context: TaskContext,
) -> Result<(Arc<dyn ExecutionPlan>, TaskContext)> {
    let rows = context.session_config().batch_size();
    let mut is_bulky = false;
    let plan = plan
        .transform_down(|node| {
            let bulky = node
                .downcast_ref::<AggregateExec>()
                .filter(|a| *a.mode() != AggregateMode::Partial && has_logs(&a.schema()));
            let Some(aggregate) = bulky else { return Ok(Transformed::no(node)) };
            is_bulky = true;
            let below = Arc::new(WithBatches::of(rows, Arc::clone(aggregate.input())));
            let node = replace_children_if_necessary(Arc::clone(&node), vec![below])?;
            Ok(Transformed::new(node, true, TreeNodeRecursion::Stop))
        })
        .data()?;
    if !is_bulky {
        return Ok((plan, context));
    }
    let config = context.session_config().clone().with_batch_size(ROWS);
    Ok((plan, context.with_session_config(config)))
}

/// Whether a column holds logs.
fn has_logs(schema: &Schema) -> bool {
    let is_log = |data_type: &DataType| matches!(data_type, DataType::List(item) if item.data_type() == &DataType::BinaryView);
    schema.fields().iter().any(|field| is_log(field.data_type()))
}

/// Executes what is below with batches of so many rows.
#[derive(Debug)]
struct WithBatches {
    rows: usize,
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl WithBatches {
    fn of(rows: usize, input: Arc<dyn ExecutionPlan>) -> Self {
        let properties = Arc::clone(input.properties());
        Self { rows, input, properties }
    }
}

impl DisplayAs for WithBatches {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "WithBatches: rows={}", self.rows)
    }
}

impl ExecutionPlan for WithBatches {
    fn name(&self) -> &str {
        "WithBatches"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => Ok(Arc::new(Self::of(self.rows, input))),
            _ => datafusion::common::internal_err!("WithBatches has one child"),
        }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let config = context.session_config().clone().with_batch_size(self.rows);
        let context = TaskContext::new(
            context.task_id(),
            context.session_id(),
            config,
            context.scalar_functions().clone(),
            context.higher_order_functions().clone(),
            context.aggregate_functions().clone(),
            context.window_functions().clone(),
            context.runtime_env(),
        );
        self.input.execute(partition, Arc::new(context))
    }
}

#[cfg(test)]
mod tests {
    use datafusion::physical_plan::collect;

    use super::*;
    use crate::session;

    #[tokio::test]
    async fn logs_come_in_small_batches_and_numbers_in_large_ones() {
        let ctx = session::new().unwrap();
        for (aggregate, most) in [
            (
                "message_copies(id_hash(concat('m', i)), timestamp '2026-06-01T09:00:00Z', [0], [4294967297], 't')",
                ROWS,
            ),
            ("count(*)", 100),
        ] {
            let query = format!(
                "select i % 100 as g, {aggregate} as a from (select unnest(range(0, 1000)) as i) group by 1"
            );
            let frame = ctx.sql(&query).await.unwrap();
            let context = frame.task_ctx();
            let (plan, context) =
                in_small_batches(frame.create_physical_plan().await.unwrap(), context).unwrap();
            let batches = collect(plan, Arc::new(context)).await.unwrap();
            assert_eq!(batches.iter().map(|b| b.num_rows()).sum::<usize>(), 100);
            assert!(batches.iter().all(|b| b.num_rows() <= most));
            assert!(batches.iter().any(|b| b.num_rows() > ROWS || most == ROWS));
        }
    }
}
