//! A Delta table that is an input.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::prelude::SessionContext;
use deltalake_core::DeltaTable;
use deltalake_core::delta_datafusion::{DeltaScanConfig, DeltaScanNext};

use super::Input;
use super::cause;
use super::folder::Folder;
use crate::enrichment::Enrichment;
use crate::error::{Error, Result};

/// Opens the Delta table of a path as it is now. Deletion vectors, partitions and names that differ
/// from those in the files are the library's; what it does not know is an error.
///
/// # Errors
/// No Delta table, or one that cannot be read; the text says nothing of the place in the enrichment
/// file.
pub(crate) async fn open(ctx: &SessionContext, enrichment: &Enrichment, path: &str) -> Result<Input> {
    let folder = Folder::of(ctx, enrichment, path)?;
    let table = folder.table(None).await.map_err(Error::input)?;
    let no_table = || Error::input(format!("{} is no Delta table: it has no _delta_log", folder.name));
    let table = table.ok_or_else(no_table)?;
    let cannot = |e: &(dyn std::error::Error + 'static)| {
        Error::input(format!("{}: cannot be read as a Delta table: {}", folder.name, cause::tell(e)))
    };
    let provider = provider(ctx, &table).map_err(|e| cannot(&*e))?;
    let snapshot = table.snapshot().map_err(|e| cannot(&e))?.snapshot();
    let (mut files, mut rows) = (vec![], Some(0));
    for view in snapshot.try_log_data().map_err(|e| cannot(&e))?.iter() {
        files.push(folder.data(&view.path(), view.size().unsigned_abs()).map_err(Error::input)?);
        let deleted = view.deletion_vector_descriptor().map_or(0, |dv| dv.cardinality.unsigned_abs());
        let there = view.num_records().map(|records| (records as u64).saturating_sub(deleted));
        rows = rows.zip(there).map(|(sum, rows)| sum + rows);
    }
    let rows = match rows {
        Some(rows) => rows,
        // A writer need not say how many rows a file has.
        None => ctx.read_table(Arc::clone(&provider))?.count().await.map_err(|e| cannot(&e))? as u64,
    };
    Ok(Input { provider, name: folder.name, files, rows })
}

/// The version of a table that was loaded, to be queried. Its store is known to the session.
pub(super) fn provider(
    ctx: &SessionContext,
    table: &DeltaTable,
) -> Result<Arc<dyn TableProvider>, Box<dyn std::error::Error + Send + Sync>> {
    let config = DeltaScanConfig::new_from_session(&ctx.state()).with_wrap_partition_values(false);
    let snapshot = table.snapshot()?.snapshot().clone();
    Ok(Arc::new(DeltaScanNext::new(snapshot, config)?))
}
