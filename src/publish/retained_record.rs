//! The record of a retained as-of date, which its run would have: what is retained says enough for it.
//!
//! The tables of a date are retained, and the record of its run is not. If the date becomes the published one, because the
//! published one is dropped, the next run and `engagement status` need its record again: they compare with its numbers.

use chrono::NaiveDate;
use datafusion::arrow::datatypes::Fields;
use datafusion::prelude::SessionContext;

use super::history_reader;
use super::opened::{Opened, Successor};
use super::overview::Overview;
use super::record::{Before, Record};
use super::remembered::Remembered;
use super::state::recorded;
use crate::config::Enrichment;
use crate::error::Result;

/// A retained date that becomes the published one, with its record. `earlier` is the retained date before it. What was
/// published about months by the run that is published still, and by those before it, stays known.
///
/// # Errors
/// What is retained of a date cannot be read.
pub(crate) async fn successor(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    opened: &Opened,
    as_of: NaiveDate,
    earlier: Option<NaiveDate>,
) -> Result<Successor> {
    let description = opened.stored.describe(as_of).await?;
    let without = |description| Successor { as_of, description, record: None };
    // What was published about months was published, whether or not its date is dropped.
    let dropped = recorded(ctx, enrichment).await?;
    // Its record is lost. A new one must not say that nothing was published.
    let lost = if dropped.is_none() { newest_protected(enrichment, opened).await } else { None };
    let replaced = dropped.as_ref().map(|dropped| dropped.replaced.clone()).unwrap_or_default();
    let dropped =
        dropped.filter(|dropped| dropped.min_people > 1 || dropped.remembered != Remembered::default());
    let (min_people, suppression, remembered) = match dropped {
        Some(dropped) => (dropped.min_people, dropped.suppression, dropped.remembered),
        None => {
            let unknown = Remembered { forgotten: lost, ..Remembered::default() };
            (description.min_people(), description.rule().to_owned(), unknown)
        }
    };
    // With `min_people` above 1, the days are not recorded.
    let covered = match description.used_days() {
        _ if min_people > 1 || description.min_people() > 1 => None,
        Some(days) => days,
        // An earlier version has published it.
        None => return Ok(without(description)),
    };
    let Some(Before { published_at, version, overview }) = published(ctx, opened, as_of).await? else {
        return Ok(without(description));
    };
    let mut before = None;
    if let Some(earlier) = earlier
        && opened.stored.describe(earlier).await?.protection() >= min_people
    {
        before = published(ctx, opened, earlier).await?;
    }
    let record = Record::new(published_at, min_people, overview, covered, vec![], remembered, None);
    let record = Record { version, suppression, replaced, before, ..record };
    Ok(Successor { as_of, description, record: Some(record) })
}

/// The newest date of this enrichment at which numbers are suppressed.
async fn newest_protected(enrichment: &Enrichment, opened: &Opened) -> Option<NaiveDate> {
    for date in opened.stored.dates.keys().rev() {
        let Ok(description) = opened.stored.describe(*date).await else { continue };
        if description.protection() > 1 && description.enrichment() == Some(&enrichment.name) {
            return Some(*date);
        }
    }
    None
}

/// What is known of the run of a retained date: its overview, when its Office was written, and the version of this crate.
/// `None` if it has no overview.
async fn published(ctx: &SessionContext, opened: &Opened, as_of: NaiveDate) -> Result<Option<Before>> {
    let description = opened.stored.describe(as_of).await?;
    let rows = history_reader::of_date(ctx, opened, as_of)?;
    let (Some((table, rows)), Some(stored)) =
        (rows.into_iter().find(|(table, _)| table.is_overview()), opened.stored.dates.get(&as_of))
    else {
        return Ok(None);
    };
    let batches = ctx.read_table(rows)?.collect().await?;
    let Some(row) = batches.iter().find(|batch| batch.num_rows() == 1) else { return Ok(None) };
    let overview = Overview::of_row(&table.conform(row, &table.schema(u32::MAX, &Fields::empty()))?);
    let version = description.get("version").unwrap_or_default().to_owned();
    Ok(Some(Before { published_at: stored.office.last_modified, version, overview }))
}
