//! What `engagement status` and the next run ask about what is published: its record, and its size.

use datafusion::prelude::SessionContext;
use futures::future::try_join_all;

use super::current::{current, meta};
use super::location::{OutputLocation, output_location};
use super::record::Record;
use super::tables::every_table;
use super::{delta, folder};
use crate::config::{Enrichment, OutputFormat};
use crate::error::{Error, Result};

/// The record of what this enrichment has published; `None` if there is nothing, or if it has no record that can
/// be read: versions up to 0.1.0 wrote none.
///
/// # Errors
/// The output location is not valid, or the manifest cannot be read.
pub(crate) async fn recorded(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Option<Record>> {
    let record = record_of_any(ctx, enrichment, enrichment.output.format).await?;
    Ok(record.filter(|record| record.overview.enrichment == enrichment.name))
}

/// The records of what is published in each format, by whichever enrichment: they change with every run.
///
/// # Errors
/// As for [`recorded`].
pub(crate) async fn records(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Vec<Option<Record>>> {
    try_join_all(OutputFormat::ALL.map(|format| record_of_any(ctx, enrichment, format))).await
}

/// The record of what is published in a format, by whichever enrichment.
///
/// # Errors
/// As for [`recorded`].
pub(crate) async fn record_of_any(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    format: OutputFormat,
) -> Result<Option<Record>> {
    let location = output_location(ctx, enrichment)?;
    let parsed = |value: Option<serde_json::Value>| serde_json::from_value::<Record>(value?).ok();
    Ok(match (format, location) {
        (OutputFormat::Delta, location) => parsed(delta::record(location, enrichment).await?),
        (OutputFormat::Parquet, OutputLocation::Folder(out)) => {
            folder::current(&out, &enrichment.output.table).and_then(|run| Record::of_run(&run))
        }
        (OutputFormat::Parquet, OutputLocation::Store(home)) => {
            parsed(home.current().await?.and_then(|(manifest, _)| manifest.record))
        }
    })
}

/// The size in bytes of each published table, by its name; empty before the first run. A Delta table has the files
/// of all its as-of dates.
///
/// # Errors
/// The output cannot be read.
pub(crate) async fn sizes(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Vec<(&'static str, u64)>> {
    if enrichment.output.format == OutputFormat::Delta {
        return delta::sizes(ctx, enrichment).await;
    }
    let Some(published) = current(ctx, enrichment, every_table()).await? else { return Ok(vec![]) };
    let sizes = published
        .into_iter()
        .map(async |file| Ok::<_, Error>((file.table.name, meta(ctx, &file).await?.size)));
    try_join_all(sizes).await
}
