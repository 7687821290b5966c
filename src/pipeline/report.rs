//! The report of a finished run.

use chrono::{DateTime, NaiveDate};
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Date32Type, Int64Type};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;

use crate::engine::metrics::Stage;
use crate::engine::quoted;
use crate::error::{Error, Result};
use crate::publish::Table;

/// The result of a run: what it has counted, and where Office is.
#[derive(Debug, Clone)]
pub struct Report {
    /// The row of Office_Overview.
    pub overview: Overview,
    /// The first and the last day, in the time zone of the enrichment, with at least one used row of mail or
    /// meetings; `None` if there is no used row.
    pub covered: Option<(NaiveDate, NaiveDate)>,
    /// The rows of Office_Dispositions.
    pub dispositions: Vec<Disposition>,
    /// Whether every section of the enrichment file has rows, and all of them are used.
    pub is_every_row_used: bool,
    /// The path or URL of Office.
    pub office: String,
    /// The number of rows of Office.
    pub office_rows: u64,
    /// Remarks that are not errors.
    pub notes: Vec<String>,
    /// The metrics of each stage, in the order of execution.
    pub stages: Vec<Stage>,
}

/// A summary of the run: the row of Office_Overview.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns of Office_Overview, explained there")]
pub struct Overview {
    pub enrichment: String,
    pub as_of: NaiveDate,
    pub first_day: Option<NaiveDate>,
    pub last_day: Option<NaiveDate>,
    pub days_covered: i64,
    pub mailboxes_listed: i64,
    pub mailboxes_active: i64,
    pub messages_engaged: Option<i64>,
    pub meetings_engaged: Option<i64>,
    pub accounts_in_profile: i64,
    pub accounts_engaged: i64,
    pub shared_addresses: i64,
}

/// The number of rows of one input that have one disposition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposition {
    /// `mail`, `meetings` or `contacts`.
    pub source: String,
    /// The disposition: `used`, or why the rows do not count.
    pub disposition: String,
    /// The number of rows.
    pub rows: i64,
}

pub(crate) async fn overview(ctx: &SessionContext) -> Result<Overview> {
    let batches = rows(ctx, "Office_Overview").await?;
    let row = batches.iter().find(|b| b.num_rows() == 1);
    let row = row.ok_or_else(|| Error::output("Office_Overview has no row"))?;
    let day = |i: usize| day(row, i);
    let maybe = |i: usize| row.column(i).as_primitive::<Int64Type>().iter().next().flatten();
    let count = |i: usize| maybe(i).unwrap_or_default();
    Ok(Overview {
        enrichment: row.column(0).as_string::<i32>().value(0).to_string(),
        as_of: day(1).unwrap_or_default(),
        first_day: day(2),
        last_day: day(3),
        days_covered: count(4),
        mailboxes_listed: count(5),
        mailboxes_active: count(6),
        messages_engaged: maybe(7),
        meetings_engaged: maybe(8),
        accounts_in_profile: count(9),
        accounts_engaged: count(10),
        shared_addresses: count(11),
    })
}

/// The view that [`covered`] reads. A run releases it after its last reader.
pub(crate) const COVERAGE: &str = "coverage";

/// The first and the last day with a used row; `None` if there is none.
pub(crate) async fn covered(ctx: &SessionContext) -> Result<Option<(NaiveDate, NaiveDate)>> {
    let batches = ctx.sql("select first_on, last_on from coverage").await?.collect().await?;
    let row = batches.iter().find(|b| b.num_rows() == 1);
    Ok(row.and_then(|row| day(row, 0).zip(day(row, 1))))
}

/// The date in a column of a batch of one row.
fn day(row: &RecordBatch, column: usize) -> Option<NaiveDate> {
    let days = row.column(column).as_primitive::<Date32Type>();
    let date = |d: i32| DateTime::from_timestamp(i64::from(d) * 86_400, 0).map(|t| t.date_naive());
    if days.is_valid(0) { date(days.value(0)) } else { None }
}

pub(crate) async fn dispositions(ctx: &SessionContext) -> Result<Vec<Disposition>> {
    let mut all = vec![];
    for batch in rows(ctx, "Office_Dispositions").await? {
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

/// The rows of a small published table, with the column types of its contract.
pub(crate) async fn rows(ctx: &SessionContext, name: &str) -> Result<Vec<RecordBatch>> {
    let batches = ctx.table(quoted(name)).await?.collect().await?;
    let table = Table::named(name).ok_or_else(|| Error::output(format!("{name} is not published")))?;
    // Columns that can be suppressed are nullable, whatever `min_people` is.
    let schema = table.schema(u32::MAX);
    Ok(batches.iter().map(|b| table.conform(b, &schema)).collect::<Result<_, DataFusionError>>()?)
}
