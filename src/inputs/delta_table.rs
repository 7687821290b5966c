//! Opens the Delta table of an input.

use std::sync::Arc;

use datafusion::prelude::SessionContext;

use super::delta_input::DeltaInput;
use crate::config::Enrichment;
use crate::error::{Error, Result};
use crate::storage::delta_errors;
use crate::storage::delta_folder::{Folder, provider};

/// Opens the Delta table at a path, at its current version. The Delta library implements deletion
/// vectors, partitions and column mapping. A table feature that it does not support is an error.
///
/// # Errors
/// The path is not a Delta table, or the table cannot be read. The caller adds the position in the
/// enrichment file.
pub(crate) async fn open(ctx: &SessionContext, enrichment: &Enrichment, path: &str) -> Result<DeltaInput> {
    let folder = Folder::of(ctx, enrichment.folder(), &enrichment.storage, path)?;
    let table = folder.table(None).await.map_err(Error::input)?;
    let no_table =
        || Error::input(format!("{} is not a Delta table: it has no folder _delta_log", folder.name));
    let table = table.ok_or_else(no_table)?;
    let cannot = |e: &(dyn std::error::Error + 'static)| {
        Error::input(format!(
            "{}: cannot be read as a Delta table: {}",
            folder.name,
            delta_errors::describe(e)
        ))
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
        // Some writers do not record how many rows a file has.
        None => ctx.read_table(Arc::clone(&provider))?.count().await.map_err(|e| cannot(&e))? as u64,
    };
    Ok(DeltaInput { provider, name: folder.name, files, rows })
}
