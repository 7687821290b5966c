//! The report of a finished run.

use chrono::NaiveDate;
use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Fields, Int64Type};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;

use crate::engine::metrics::Stage;
use crate::engine::quoted;
use crate::error::{Error, Result};
use crate::publish::overview::day;
use crate::publish::{Judgement, Overview, Table};

/// The result of a run: what it has counted, and where Office is.
#[derive(Debug, Clone)]
pub struct Report {
    /// The row of Office_Overview.
    pub overview: Overview,
    /// The first and the last day, in the time zone of the enrichment, with at least one used row of mail or
    /// meetings; `None` if there is no used row, or if numbers about few people are suppressed.
    pub covered: Option<(NaiveDate, NaiveDate)>,
    /// The rows of Office_Dispositions.
    pub dispositions: Vec<Disposition>,
    /// Whether every section of the enrichment file has rows, and all of them are used. False if numbers about few people
    /// are suppressed: it would tell of single rows.
    pub is_every_row_used: bool,
    /// What `[expect]` expects and what the run found.
    pub expectations: Vec<Judgement>,
    /// What the domains of accounts add to contacts, in one line; `None` if they are not mapped.
    pub domains: Option<String>,
    /// The path or URL of Office.
    pub office: String,
    /// The later as-of date whose tables stay the published ones; `None` if those of this run are.
    pub newer: Option<NaiveDate>,
    /// The later as-of date whose tables this run has replaced; `None` if it has replaced none, or if those had no
    /// record.
    pub replaced: Option<NaiveDate>,
    /// The number of rows of Office.
    pub office_rows: u64,
    /// Remarks that are not errors.
    pub notes: Vec<String>,
    /// The metrics of each stage, in the order of execution. Without numbers of rows if numbers about few people
    /// are suppressed.
    pub stages: Vec<Stage>,
}

/// The number of rows of one input that have one disposition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposition {
    /// `mail`, `meetings`, `contacts` or `domains`.
    pub source: String,
    /// The disposition: `used`, or why the rows do not count.
    pub disposition: String,
    /// The number of rows.
    pub rows: i64,
}

pub(crate) async fn overview(ctx: &SessionContext) -> Result<Overview> {
    let batches = rows(ctx, "Office_Overview", "Office_Overview").await?;
    let row = batches.iter().find(|b| b.num_rows() == 1);
    let row = row.ok_or_else(|| Error::output("Office_Overview has no row"))?;
    Ok(Overview::of_row(row))
}

/// The view that [`covered`] reads. A run releases it after its last reader.
pub(crate) const COVERAGE: &str = "coverage";

/// The first and the last day with a used row; `None` if there is none.
pub(crate) async fn covered(ctx: &SessionContext) -> Result<Option<(NaiveDate, NaiveDate)>> {
    let batches = ctx.sql("select first_on, last_on from coverage").await?.collect().await?;
    let row = batches.iter().find(|b| b.num_rows() == 1);
    Ok(row.and_then(|row| day(row, 0).zip(day(row, 1))))
}

/// The view with every disposition, also those that are not published.
pub(crate) const EVERY_DISPOSITION: &str = "disposition";
/// The view with the dispositions that are published.
pub(crate) const PUBLISHED_DISPOSITIONS: &str = "Office_Dispositions";

/// The rows of a view of dispositions, by source and disposition.
pub(crate) async fn dispositions(ctx: &SessionContext, view: &str) -> Result<Vec<Disposition>> {
    let mut all = vec![];
    for batch in rows(ctx, view, PUBLISHED_DISPOSITIONS).await? {
        let (source, disposition) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
        let rows = batch.column(2).as_primitive::<Int64Type>();
        all.extend((0..batch.num_rows()).map(|i| Disposition {
            source: source.value(i).to_string(),
            disposition: disposition.value(i).to_string(),
            rows: rows.value(i),
        }));
    }
    all.sort_by(|a, b| (&a.source, &a.disposition).cmp(&(&b.source, &b.disposition)));
    Ok(all)
}

/// The number of used rows of a source with a value that is not used.
pub(crate) async fn unused_rows(ctx: &SessionContext, source: &str) -> Result<i64> {
    let sql = format!("select coalesce(sum(unused), 0) from disposition where source = '{source}'");
    let batches = ctx.sql(&sql).await?.collect().await?;
    Ok(batches.iter().map(|batch| batch.column(0).as_primitive::<Int64Type>().value(0)).sum())
}

/// The rows of a small view, with the column types of a published table.
async fn rows(ctx: &SessionContext, view: &str, table: &str) -> Result<Vec<RecordBatch>> {
    let batches = ctx.table(quoted(view)).await?.collect().await?;
    let table = Table::named(table).ok_or_else(|| Error::output(format!("{table} is not published")))?;
    // Columns that can be suppressed are nullable, whatever `min_people` is.
    let schema = table.schema(u32::MAX, &Fields::empty());
    Ok(batches.iter().map(|b| table.conform(b, &schema)).collect::<Result<_, DataFusionError>>()?)
}
