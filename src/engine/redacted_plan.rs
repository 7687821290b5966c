//! `EXPLAIN ANALYZE` without values that operators discover at run time.
//!
//! A plan that has run can print more than a plan that has not: the threshold of a TopK, the result of a
//! subquery, the smallest and the largest key of a join. These are values of the inputs, for example
//! addresses. So under `EXPLAIN ANALYZE` each operator is printed as it was planned, together with its
//! metrics after the run.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::context::QueryPlanner;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::metrics::{Metric, MetricsSet};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PhysicalExpr, PlanProperties,
    ReplaceChildrenOptions,
};
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};

/// DataFusion's default planner, except that it redacts the plans of `EXPLAIN ANALYZE`.
#[derive(Debug)]
pub(crate) struct Planner;

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(
        &self,
        logical: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let plan = DefaultPhysicalPlanner::default().create_physical_plan(logical, session).await?;
        if !matches!(logical, LogicalPlan::Analyze(_)) {
            return Ok(plan);
        }
        let shown = plan.children().into_iter().map(RedactedExec::of).collect();
        plan.replace_children(shown, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }
}

/// The labels of metrics that are printed. Other labels can contain expressions, and these can contain
/// values.
const LABELS: [&str; 2] = ["filename", "outputPartition"];

/// An operator that is printed as it was planned. Only printing is different: the original operators execute,
/// and they do not refer to this type.
#[derive(Debug)]
struct RedactedExec {
    plan: Arc<dyn ExecutionPlan>,
    children: Vec<Arc<dyn ExecutionPlan>>,
    brief: String,
    verbose: String,
    tree: String,
}

/// Prints an operator in one of DataFusion's formats.
struct As<'a>(&'a dyn ExecutionPlan, DisplayFormatType);

impl fmt::Display for As<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt_as(self.1, f)
    }
}

impl RedactedExec {
    fn of(plan: &Arc<dyn ExecutionPlan>) -> Arc<dyn ExecutionPlan> {
        let text = |kind| As(plan.as_ref(), kind).to_string();
        Arc::new(Self {
            plan: Arc::clone(plan),
            children: plan.children().into_iter().map(Self::of).collect(),
            brief: text(DisplayFormatType::Default),
            verbose: text(DisplayFormatType::Verbose),
            tree: text(DisplayFormatType::TreeRender),
        })
    }
}

impl DisplayAs for RedactedExec {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match kind {
            DisplayFormatType::Default => &self.brief,
            DisplayFormatType::Verbose => &self.verbose,
            DisplayFormatType::TreeRender => &self.tree,
        })
    }
}

impl ExecutionPlan for RedactedExec {
    fn name(&self) -> &str {
        self.plan.name()
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.plan.properties()
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        self.children.iter().collect()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.plan.apply_expressions(f)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        internal_err!("a plan that is displayed cannot be changed")
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        internal_err!("a plan that is displayed cannot be changed")
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        self.plan.execute(partition, context)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        let metrics = self.plan.metrics()?;
        let quiet = metrics.iter().map(|metric| {
            let labels = metric.labels().iter().filter(|l| LABELS.contains(&l.name()));
            let bare =
                Metric::new(metric.value().clone(), metric.partition()).with_type(metric.metric_type());
            let bare = metric.metric_category().into_iter().fold(bare, Metric::with_category);
            Arc::new(labels.cloned().fold(bare, Metric::with_label))
        });
        Some(quiet.collect())
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::SessionContext;

    use crate::engine::session;

    async fn explained(ctx: SessionContext, sql: &str) -> String {
        let table = "create table t as select 'secret-' || value as who, value % 3 as part from generate_series(1, 2000)";
        ctx.sql(table).await.unwrap().collect().await.unwrap();
        for setting in ["topk", "join", "aggregate"] {
            let on = format!("set datafusion.optimizer.enable_{setting}_dynamic_filter_pushdown = true");
            ctx.sql(&on).await.unwrap();
        }
        let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap();
        pretty_format_batches(&batches).unwrap().to_string()
    }

    /// Queries in which operators discover values at run time.
    const QUERIES: [&str; 5] = [
        "select * from t order by who limit 3",
        "select * from t where who > (select min(who) from t) and part = 1",
        "select max(who), min(who) from t",
        "select who, (select max(who) from t) as last from t order by who desc limit 1",
        "select a.who from t a join (select min(who) as who from t where part = 2) b on a.who = b.who",
    ];

    #[tokio::test]
    async fn no_value_of_the_rows_is_shown() {
        for query in QUERIES {
            for kind in ["explain analyze", "explain analyze verbose", "explain analyze format pgjson"] {
                let text = explained(session::new().unwrap(), &format!("{kind} {query}")).await;
                assert!(!text.contains("secret-1"), "{kind} {query}\n{text}");
                assert!(
                    text.contains("output_rows") || text.contains("Actual Rows"),
                    "{kind} {query}\n{text}"
                );
            }
        }
    }

    /// A control: in a session without redaction, the test finds the values.
    #[tokio::test]
    async fn the_engine_itself_shows_values() {
        for query in &QUERIES[..2] {
            let text = explained(SessionContext::new(), &format!("explain analyze {query}")).await;
            assert!(text.contains("secret-1"), "{query}\n{text}");
        }
    }

    #[tokio::test]
    async fn plans_that_do_not_run_are_as_ever() {
        let query = "explain select * from t where who > 'secret-17' order by who limit 3";
        let text = explained(session::new().unwrap(), query).await;
        assert!(text.contains("TopK(fetch=3)") && text.contains("secret-17"), "as it was typed: {text}");
    }
}
