//! What `engagement status` and the next run ask about what is published: its record, and its size.

use std::fs;

use datafusion::prelude::SessionContext;
use futures::future::try_join_all;
use object_store::ObjectStoreExt;

use super::current::current;
use super::location::{OutputLocation, output_location};
use super::record::{FILE, Record};
use super::tables::TABLES;
use super::{delta, folder};
use crate::config::{Enrichment, OutputFormat};
use crate::error::{Error, Result};

/// The record of what this enrichment has published; `None` if there is nothing, or if it has no record that can
/// be read: versions up to 0.1.0 wrote none.
///
/// # Errors
/// The output location is not valid, or the manifest cannot be read.
pub(crate) async fn recorded(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Option<Record>> {
    let location = output_location(ctx, enrichment)?;
    let value = match (enrichment.output.format, location) {
        (OutputFormat::Delta, location) => delta::record(location, enrichment).await?,
        (OutputFormat::Parquet, OutputLocation::Folder(out)) => {
            let run = folder::current(&out, &enrichment.output.table);
            let text = run.and_then(|run| fs::read_to_string(run.join(FILE)).ok());
            text.and_then(|text| serde_json::from_str(&text).ok())
        }
        (OutputFormat::Parquet, OutputLocation::Store(home)) => {
            home.current().await?.and_then(|(manifest, _)| manifest.record)
        }
    };
    let record = value.and_then(|value| serde_json::from_value::<Record>(value).ok());
    Ok(record.filter(|record| record.overview.enrichment == enrichment.name))
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
    let Some(published) = current(ctx, enrichment, TABLES).await? else { return Ok(vec![]) };
    let sizes = TABLES.iter().zip(published).map(async |(table, file)| {
        let store = ctx.runtime_env().object_store(file.url.object_store())?;
        let found = store.head(file.url.prefix()).await;
        let size = found.map_err(|e| Error::output(format!("{}: cannot be read: {e}", file.name)))?.size;
        Ok::<_, Error>((table.name, size))
    });
    try_join_all(sizes).await
}
