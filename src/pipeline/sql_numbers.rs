//! The numbers that notes contain: results of a query with one row.

use std::sync::Arc;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::error::DataFusionError;
use datafusion::physical_plan::collect;
use datafusion::prelude::SessionContext;

use crate::engine::own_thread::on_own_thread;
use crate::error::Result;
use crate::error::numbers::count;

/// The number of rows of mail, and of meetings, that are looked at.
pub(crate) const SAMPLE: usize = 100_000;

/// The rows of a section that were looked at, in words.
pub(crate) fn looked_at(rows: i64) -> String {
    if rows == SAMPLE as i64 {
        format!("its first {}", count(rows, "row"))
    } else {
        format!("its {}", count(rows, "row"))
    }
}

/// The numbers in the one row of a query.
pub(crate) async fn counts<const N: usize>(ctx: &SessionContext, sql: &str) -> Result<[i64; N]> {
    let numbers = numbers(ctx, sql).await?;
    Ok(std::array::from_fn(|column| numbers.get(column).copied().unwrap_or_default()))
}

/// The numbers in the one row of a query, as many as it has.
pub(crate) async fn numbers(ctx: &SessionContext, sql: &str) -> Result<Vec<i64>> {
    let (own, sql) = (ctx.clone(), sql.to_owned());
    // Parsing and planning are recursive, and the caller's stack can be small.
    let planned = on_own_thread(async move {
        let frame = own.sql(&sql).await?;
        let context = Arc::new(frame.task_ctx());
        Ok::<_, DataFusionError>((frame.create_physical_plan().await?, context))
    });
    let (plan, context) = planned.await??;
    let batches = collect(plan, context).await?;
    let row = batches.iter().find(|batch| batch.num_rows() > 0);
    let of_row = |row: &RecordBatch| {
        row.columns().iter().map(|number| number.as_primitive::<Int64Type>().value(0)).collect()
    };
    Ok(row.map(of_row).unwrap_or_default())
}
