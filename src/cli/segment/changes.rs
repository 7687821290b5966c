//! `engagement segment FILE NAME --changes`: which customers entered and left a segment between two as-of dates.
//!
//! The query of the segment runs over the tables of each date.

use std::sync::Arc;

use chrono::NaiveDate;
use clap::Args;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Date32Type;
use datafusion::catalog::MemTable;
use datafusion::prelude::DataFrame;

use crate::cli::format::{Format, Layout};
use crate::cli::out::{self, note};
use crate::cli::results;
use crate::cli::session::{Session, Target, date};
use crate::config::Enrichment;
use crate::engine::quoted;
use crate::error::{Error, Result};
use crate::publish::history_reader;
use crate::query::segments::Segment;

/// The customers that were in the segment at the earlier date.
const BEFORE: &str = "members_before";

/// Which dates are compared.
#[derive(Args)]
pub(crate) struct ChangesArgs {
    /// List the customers that entered or left the segment between two retained as-of dates: the two newest,
    /// or --from and --to.
    #[arg(long, requires = "name")]
    pub(super) changes: bool,
    /// With --changes: the earlier date, YYYY-MM-DD, instead of the newest one before the later date.
    #[arg(long, value_name = "DATE", requires = "changes")]
    from: Option<String>,
    /// With --changes: the later date, YYYY-MM-DD, instead of the published one.
    #[arg(long, value_name = "DATE", requires = "changes")]
    to: Option<String>,
}

/// Prints which customers entered and left a segment.
///
/// # Errors
/// A date is not retained, there is no earlier one, or the segment is broken at one of them.
pub(super) async fn print(
    target: &Target,
    enrichment: Enrichment,
    name: &str,
    args: &ChangesArgs,
    format: Format,
    layout: Layout,
) -> Result<()> {
    let given =
        |option: &str, text: &Option<String>| text.as_deref().map(|text| date(option, text)).transpose();
    let (from, to) = (given("--from", &args.from)?, given("--to", &args.to)?);
    let after = Session::published(target.resources.session()?, enrichment.clone(), to).await?;
    let to = as_of(&after).await?;
    let from = match from {
        Some(from) => from,
        None => {
            let dates = history_reader::dates(after.statements.context()).await?;
            let before = dates.into_iter().rev().find(|date| *date < to);
            before.ok_or_else(|| {
                Error::query(format!(
                    "no tables of a date before {to} are retained; to retain several dates, set history = true in [output]"
                ))
            })?
        }
    };
    let before = Session::published(target.resources.session()?, enrichment, Some(from)).await?;
    let members = frame(&before, &members(before.segment(name)?)).await?;
    let schema = Arc::clone(members.schema().inner());
    let members = members.collect().await.map_err(|e| before.statements.explain(e))?;
    let segment = after.segment(name)?;
    let ctx = after.statements.context();
    ctx.register_table(quoted(BEFORE), Arc::new(MemTable::try_new(schema, vec![members])?))?;
    note(format!("segment {} from {from} to {to}", segment.name));
    let changes = frame(&after, &query(segment, from, to)).await?;
    let mut out = out::stdout();
    results::stream(&after.statements, changes, format, layout, &mut out).await.map(|_| ())
}

/// The as-of date of the tables of a session.
async fn as_of(session: &Session) -> Result<NaiveDate> {
    let batches = frame(session, "select \"AsOfDate\" from \"Office_Overview\"").await?.collect().await?;
    let day = batches.iter().find_map(|batch| batch.column(0).as_primitive::<Date32Type>().iter().next());
    Ok(day.flatten().and_then(NaiveDate::from_epoch_days).unwrap_or_default())
}

async fn frame(session: &Session, sql: &str) -> Result<DataFrame> {
    session.statements.context().sql(sql).await.map_err(|e| session.statements.explain(e))
}

/// The customers in a segment.
fn members(segment: &Segment) -> String {
    format!(
        "select distinct cast(\"CustomerId\" as varchar) as \"CustomerId\" from \"{}\" where \"CustomerId\" is not null",
        segment.view()
    )
}

/// Who entered and who left, with the scores at both dates.
fn query(segment: &Segment, from: NaiveDate, to: NaiveDate) -> String {
    format!(
        "select coalesce(later.\"CustomerId\", earlier.\"CustomerId\") as \"CustomerId\", scores.\"Name\", \
         case when earlier.\"CustomerId\" is null then 'entered' else 'left' end as \"Change\", \
         scores.\"EngagementScore_From\", scores.\"EngagementScore_To\" \
         from ({}) as later \
         full join \"{BEFORE}\" as earlier on later.\"CustomerId\" = earlier.\"CustomerId\" \
         left join office_changes('{from}', '{to}') as scores \
         on scores.\"CustomerId\" = coalesce(later.\"CustomerId\", earlier.\"CustomerId\") \
         where later.\"CustomerId\" is null or earlier.\"CustomerId\" is null \
         order by \"Change\", scores.\"EngagementScore_To\" desc nulls last, 1",
        members(segment)
    )
}
