//! `Office_Changes`: two as-of dates side by side. The view compares the two newest dates, the table function
//! `office_changes('2026-09-30', '2026-10-31')` any two.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{DataType, Date32Type, SchemaRef};
use datafusion::catalog::{Session, TableFunctionArgs, TableFunctionImpl, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::datasource::TableType;
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::SessionContext;

use crate::engine::quoted;
use crate::error::Error;
use crate::views::Parameters;

/// The name of the view.
pub(crate) const VIEW: &str = "Office_Changes";
/// The names of the table function: the engine compares them with their case.
const FUNCTION: [&str; 2] = ["office_changes", VIEW];
const SQL: &str = include_str!("../../sql/published/office_changes.sql");

/// What an error about arguments says.
const USAGE: &str = "office_changes takes two dates: office_changes('2026-09-30', '2026-10-31')";

/// The comparison of two dates.
#[derive(Debug, Clone)]
struct Changes {
    /// The query, without its dates.
    plan: LogicalPlan,
    /// Yields the retained dates in a column.
    dates: LogicalPlan,
    /// The dates; `None` for the two newest.
    between: Option<[NaiveDate; 2]>,
    schema: SchemaRef,
}

/// Registers the view and the table function, on a session with `CustomerCard_AllDates` and `Office_History`.
///
/// # Errors
/// One of these tables is missing.
pub(crate) async fn register(ctx: &SessionContext) -> crate::error::Result<()> {
    let plan = ctx.state().create_logical_plan(SQL).await?;
    let dates = "select \"AsOfDate\" from \"Office_History\" order by \"AsOfDate\"";
    let dates = ctx.state().create_logical_plan(dates).await?;
    let schema = Arc::clone(bound(plan.clone(), [NaiveDate::default(); 2])?.schema().inner());
    let changes = Arc::new(Changes { plan, dates, between: None, schema });
    ctx.register_table(quoted(VIEW), Arc::<Changes>::clone(&changes))?;
    for name in FUNCTION {
        ctx.register_udtf(name, Arc::<Changes>::clone(&changes));
    }
    Ok(())
}

fn bound(plan: LogicalPlan, [from, to]: [NaiveDate; 2]) -> crate::error::Result<LogicalPlan> {
    Parameters::of_changes(from, to).bind(plan)
}

/// The words for dates, in their order.
pub(crate) fn listed(dates: &[NaiveDate]) -> String {
    match dates {
        [] => "none".to_owned(),
        dates => dates.iter().map(NaiveDate::to_string).collect::<Vec<_>>().join(", "),
    }
}

impl Changes {
    /// The dates that are compared.
    ///
    /// # Errors
    /// A date is not retained, or there are fewer than two.
    fn chosen(&self, retained: &[NaiveDate]) -> crate::error::Result<[NaiveDate; 2]> {
        match (self.between, retained) {
            (Some(between), _) => match between.iter().find(|date| !retained.contains(date)) {
                Some(missing) => Err(Error::query(format!(
                    "no tables of {missing} are retained; there are those of {}",
                    listed(retained)
                ))),
                None => Ok(between),
            },
            (None, [.., from, to]) => Ok([*from, *to]),
            (None, _) => Err(Error::query(format!(
                "{VIEW} compares two as-of dates, but there is only {}; to retain several, set history = true in [output]",
                listed(retained)
            ))),
        }
    }
}

#[async_trait]
impl TableProvider for Changes {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // The dates are read while the statement is planned, so that the files of no other date are opened.
        let dates = session.create_physical_plan(&self.dates).await?;
        let dates = collect(dates, session.task_ctx()).await?;
        let days =
            dates.iter().flat_map(|batch| batch.column(0).as_primitive::<Date32Type>().iter().flatten());
        let retained: Vec<_> = days.filter_map(NaiveDate::from_epoch_days).collect();
        let mut plan = bound(self.plan.clone(), self.chosen(&retained)?)?;
        if let Some(projection) = projection {
            let columns = plan.schema().columns();
            let chosen = projection.iter().map(|column| Expr::Column(columns[*column].clone()));
            plan = LogicalPlanBuilder::from(plan.clone()).project(chosen.collect::<Vec<_>>())?.build()?;
        }
        session.create_physical_plan(&plan).await
    }
}

impl TableFunctionImpl for Changes {
    fn call_with_args(&self, args: TableFunctionArgs<'_, '_>) -> Result<Arc<dyn TableProvider>> {
        let usage = || DataFusionError::from(Error::query(USAGE));
        let date = |argument: &Expr| -> Option<NaiveDate> {
            let Expr::Literal(value, _) = argument else { return None };
            // 2026-09-30 without quotes is the number 1987.
            if value.data_type().is_numeric() {
                return None;
            }
            match value.cast_to(&DataType::Date32).ok()? {
                ScalarValue::Date32(Some(day)) => NaiveDate::from_epoch_days(day),
                _ => None,
            }
        };
        let [from, to] = args.exprs() else { return Err(usage()) };
        let between = Some([date(from).ok_or_else(usage)?, date(to).ok_or_else(usage)?]);
        Ok(Arc::new(Self { between, ..self.clone() }))
    }
}
