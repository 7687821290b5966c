//! Opens the published Delta tables of an enrichment: of each table the version that the manifest names,
//! and of this version the newest as-of date.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate};
use datafusion::arrow::datatypes::Fields;
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::{SessionContext, ident};
use deltalake_core::DeltaTable;
use object_store::ObjectMeta;

use super::manifest::{self, Manifest};
use super::{contract, existing};
use crate::config::Enrichment;
use crate::error::{Error, Result};
use crate::publish::opened::{OfDate, Stored};
use crate::publish::{AS_OF, Opened, TABLES, Table, every_table, output_location};
use crate::storage::delta_errors;
use crate::storage::delta_folder::{Folder, provider};

/// The tables of the published run; `None` before the first run.
///
/// # Errors
/// The tables cannot be read.
pub(crate) async fn published(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Option<Opened>> {
    let Some(out) = existing::open(&output_location(ctx, enrichment)?)? else { return Ok(None) };
    let wrong = |e: String| Error::output(format!("[output] {e}"));
    let office = &enrichment.output.table;
    let Some((manifest, _)) = manifest::read(&out, office).await.map_err(wrong)? else { return Ok(None) };
    let (mut tables, mut all_dates) = (vec![], vec![]);
    let mut stored = Stored { store: Arc::clone(&out.store), dates: BTreeMap::new() };
    for table in every_table().filter(|of| !of.is_optional() || manifest.tables.contains_key(of.name)) {
        let folder = out.child(&table.folder(office));
        let found = found(table, &folder, &manifest).await.map_err(wrong)?;
        if table.is_optional() {
            // Sessions have a view in place of it.
            add_stored(&mut stored.dates, table, &folder, &found).map_err(wrong)?;
            continue;
        }
        let attributes = contract::attributes_of(table, &found).map_err(wrong)?;
        let whole = provider(ctx, &found).map_err(|e| {
            wrong(format!("{}: cannot be read: {}", folder.name, delta_errors::describe(&*e)))
        })?;
        if !table.is_about_individuals() {
            add_stored(&mut stored.dates, table, &folder, &found).map_err(wrong)?;
            all_dates.push((table, Arc::clone(&whole)));
        }
        tables.push((table, of_newest(ctx, table, &attributes, whole, &manifest)?));
    }
    let description = existing::description(&manifest);
    let (companions, notes) = (vec![], vec![]);
    Ok(Some(Opened { description, companions, changed: None, tables, all_dates, stored, notes }))
}

/// Adds the files of a table to what is stored of each date. Office is the first table.
fn add_stored(
    dates: &mut BTreeMap<NaiveDate, OfDate>,
    table: &Table,
    folder: &Folder,
    found: &DeltaTable,
) -> Result<(), String> {
    let cannot = |e| format!("{}: cannot be read: {}", folder.name, delta_errors::describe(&e));
    for file in found.snapshot().map_err(cannot)?.snapshot().try_log_data().map_err(cannot)?.iter() {
        let date = file.partition_values_map().get(AS_OF).cloned().flatten();
        let Some(date) = date.and_then(|date| date.parse().ok()) else { continue };
        let size = file.size().unsigned_abs();
        if table.name == TABLES[0].name {
            let last_modified = DateTime::from_timestamp_millis(file.modification_time()).unwrap_or_default();
            let location = folder.file(&file.path());
            let office = ObjectMeta { location, last_modified, size, e_tag: None, version: None };
            dates.entry(date).or_insert(OfDate { office, bytes: 0 });
        }
        if let Some(of_date) = dates.get_mut(&date) {
            of_date.bytes += size;
        }
    }
    Ok(())
}

/// The published version of a table, with all its as-of dates.
async fn found(table: &Table, folder: &Folder, manifest: &Manifest) -> Result<DeltaTable, String> {
    let gone = || format!("{}: its published version no longer exists; run again", folder.name);
    let version = manifest.tables.get(table.name).copied().ok_or_else(gone)?;
    let found = folder.table(Some(version)).await?.ok_or_else(gone)?;
    let attributes = contract::attributes_of(table, &found)?;
    contract::check(table, &attributes, &found).map_err(|e| format!("{} {e}", folder.name))?;
    Ok(found)
}

/// The rows of the newest as-of date of a table, with the columns of the published table.
fn of_newest(
    ctx: &SessionContext,
    table: &Table,
    attributes: &Fields,
    whole: Arc<dyn TableProvider>,
    manifest: &Manifest,
) -> Result<Arc<dyn TableProvider>> {
    let mut frame = ctx.read_table(whole)?;
    if contract::partition(table).is_some() {
        let newest = lit(ScalarValue::Date32(Some(manifest.as_of.to_epoch_days())));
        frame = frame.filter(ident(AS_OF).eq(newest))?;
    }
    let schema = table.schema(u32::MAX, attributes);
    let columns: Vec<Expr> = schema.fields().iter().map(|f| ident(f.name())).collect();
    Ok(frame.select(columns)?.into_view())
}
