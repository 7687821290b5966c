//! Opens the Delta table of an input.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use datafusion::prelude::SessionContext;
use deltalake_core::kernel::StorageType;
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStoreExt;

use super::delta_input::DeltaInput;
use super::snapshot::NEVER_THERE;
use crate::config::StorageOptions;
use crate::error::{Error, Result};
use crate::storage::delta_folder::{Folder, provider};
use crate::storage::{deletion_vector, delta_errors};

/// How many files are checked at the same time.
const AT_ONCE: usize = 16;

/// Opens the Delta table at a path, at its current version. A relative path starts at `base`. The Delta library implements deletion
/// vectors, partitions and column mapping. A table feature that it does not support is an error.
///
/// # Errors
/// The path is not a Delta table, or the table cannot be read. The caller adds the position in the
/// enrichment file.
pub(crate) async fn open(
    ctx: &SessionContext,
    base: &Path,
    options: &StorageOptions,
    path: &str,
) -> Result<DeltaInput> {
    let folder = Folder::of(ctx, base, options, path)?;
    let table = folder.table(None).await.map_err(Error::input)?;
    let no_table = || {
        Error::input(format!(
            "{} is not a Delta table: it has no folder _delta_log with commits",
            folder.name
        ))
    };
    let table = table.ok_or_else(no_table)?;
    let cannot = |e: &(dyn std::error::Error + 'static)| {
        Error::input(format!(
            "{}: cannot be read as a Delta table: {}",
            folder.name,
            delta_errors::describe(e)
        ))
    };
    if let Some(entry) = folder.empty_log_entry().await {
        return Err(Error::input(format!(
            "{}/_delta_log/{entry} is empty (0 bytes): the commit was not written completely; restore it, or delete it if \
             it is the last one",
            folder.name
        )));
    }
    let provider = provider(ctx, &table).map_err(|e| cannot(&*e))?;
    let snapshot = table.snapshot().map_err(|e| cannot(&e))?.snapshot();
    let (mut files, mut vectors, mut rows) = (vec![], BTreeSet::new(), Some(0));
    for view in snapshot.try_log_data().map_err(|e| cannot(&e))?.iter() {
        files.push(folder.data(&view.path(), view.size().unsigned_abs()).map_err(Error::input)?);
        let vector = view.deletion_vector_descriptor();
        let deleted = vector.as_ref().map_or(0, |dv| dv.cardinality.unsigned_abs());
        let relative = vector.filter(|dv| dv.storage_type == StorageType::UuidRelativePath);
        vectors.extend(relative.and_then(|dv| deletion_vector::relative_path(&dv.path_or_inline_dv)));
        let there = view.num_records().map(|records| (records as u64).saturating_sub(deleted));
        rows = rows.zip(there).map(|(sum, rows)| sum + rows);
    }
    vectors_exist(&folder, vectors).await?;
    let rows = match rows {
        Some(rows) => rows,
        // Some writers do not record how many rows a file has.
        None => ctx.read_table(Arc::clone(&provider))?.count().await.map_err(|e| cannot(&e))? as u64,
    };
    Ok(DeltaInput { provider, name: folder.name, files, rows })
}

/// Checks that the files of deletion vectors exist. `vectors` are their paths relative to the folder.
///
/// # Errors
/// A file that does not exist, or that cannot be checked.
async fn vectors_exist(folder: &Folder, vectors: BTreeSet<String>) -> Result<()> {
    let exists = futures::stream::iter(vectors).map(|vector| async move {
        let name = format!("{}/{vector}", folder.name);
        match folder.store.head(&folder.file(&vector)).await {
            Ok(_) => Ok(()),
            Err(object_store::Error::NotFound { .. }) => Err(Error::input(format!("{name}: {NEVER_THERE}"))),
            Err(e) => Err(Error::input(format!("{name}: cannot be read: {}", delta_errors::describe(&e)))),
        }
    });
    exists.buffered(AT_ONCE).try_collect().await
}
