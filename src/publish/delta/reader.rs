//! Opens the published Delta tables of an enrichment: of each table the version that the manifest names,
//! and of this version the newest as-of date.

use std::sync::Arc;

use datafusion::arrow::datatypes::Fields;
use datafusion::catalog::TableProvider;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, lit};
use datafusion::prelude::{SessionContext, ident};

use super::contract::{self, AS_OF};
use super::existing;
use super::manifest::{self, Manifest};
use crate::config::Enrichment;
use crate::error::{Error, Result};
use crate::publish::{Opened, TABLES, Table, output_location};
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
    let (mut tables, mut overviews) = (vec![], None);
    for table in TABLES {
        let folder = out.child(&table.folder(office));
        let (whole, attributes) = whole(ctx, table, &folder, &manifest).await.map_err(wrong)?;
        if table.is_overview() {
            overviews = Some(Arc::clone(&whole));
        }
        tables.push((table, of_newest(ctx, table, &attributes, whole, &manifest)?));
    }
    let description = existing::description(&manifest);
    Ok(Some(Opened { description, companions: vec![], tables, overviews }))
}

/// All as-of dates of a table, in its published version, and the attributes of accounts in it.
async fn whole(
    ctx: &SessionContext,
    table: &Table,
    folder: &Folder,
    manifest: &Manifest,
) -> Result<(Arc<dyn TableProvider>, Fields), String> {
    let gone = || format!("{}: its published version no longer exists; run again", folder.name);
    let version = manifest.tables.get(table.name).copied().ok_or_else(gone)?;
    let found = folder.table(Some(version)).await?.ok_or_else(gone)?;
    let attributes = contract::attributes_of(table, &found)?;
    contract::check(table, &attributes, &found).map_err(|e| format!("{} {e}", folder.name))?;
    let whole = provider(ctx, &found)
        .map_err(|e| format!("{}: cannot be read: {}", folder.name, delta_errors::describe(&*e)))?;
    Ok((whole, attributes))
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
