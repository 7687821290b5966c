//! What `engagement status` and the next run ask about published Delta tables.

use datafusion::prelude::SessionContext;
use serde_json::Value;

use super::{existing, manifest};
use crate::config::Enrichment;
use crate::error::{Error, Result};
use crate::publish::{OutputLocation, every_table, output_location};
use crate::storage::delta_errors;

/// The record of the last run of the newest as-of date; `None` before the first run.
///
/// # Errors
/// The manifest cannot be read.
pub(crate) async fn record(location: OutputLocation, enrichment: &Enrichment) -> Result<Option<Value>> {
    let Some(out) = existing::open(&location)? else { return Ok(None) };
    let found = manifest::read(&out, &enrichment.output.table).await.map_err(wrong)?;
    Ok(found.and_then(|(manifest, _)| manifest.record))
}

/// The size in bytes of each table in its published version, by its name: the files of all as-of dates.
///
/// # Errors
/// The manifest or the log of a table cannot be read.
pub(crate) async fn sizes(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Vec<(&'static str, u64)>> {
    let Some(out) = existing::open(&output_location(ctx, enrichment)?)? else { return Ok(vec![]) };
    let office = &enrichment.output.table;
    let Some((manifest, _)) = manifest::read(&out, office).await.map_err(wrong)? else { return Ok(vec![]) };
    let mut sizes = vec![];
    for table in every_table().filter(|of| !of.is_optional() || manifest.tables.contains_key(of.name)) {
        let folder = out.child(&table.folder(office));
        let found = folder.table(manifest.tables.get(table.name).copied()).await.map_err(wrong)?;
        let Some(found) = found else { continue };
        let cannot = |e| wrong(format!("{}: cannot be read: {}", folder.name, delta_errors::describe(&e)));
        let log = found.snapshot().map_err(cannot)?.snapshot().try_log_data().map_err(cannot)?;
        sizes.push((table.name, log.iter().map(|file| file.size().unsigned_abs()).sum()));
    }
    Ok(sizes)
}

fn wrong(what: String) -> Error {
    Error::output(format!("[output] {what}"))
}
