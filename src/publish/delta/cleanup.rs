//! Cleanup after a run is published. Errors are ignored: the run is published already, and the next run
//! tries again.

use std::collections::BTreeSet;

use chrono::Utc;
use deltalake_core::DeltaTable;
use deltalake_core::checkpoints::create_checkpoint;
use futures::stream::{self, StreamExt};
use object_store::path::Path;

use crate::publish::Table;
use crate::publish::object_store::DEAD_AFTER;
use crate::storage::delta_folder::Folder;

/// Number of commits after which a checkpoint is written, so that readers do not read each commit. Other
/// writers use the same number.
const COMMITS: u64 = 10;

/// Writes a checkpoint of the table if one is due. If the table is about individuals, also deletes the
/// files of earlier runs.
pub(crate) async fn tidy(table: &Table, folder: &Folder, before: Option<&DeltaTable>, added: &str) {
    if let Ok(Some(now)) = folder.table(None).await
        && now.version().is_some_and(|version| (version + 1) % COMMITS == 0)
    {
        let _ = create_checkpoint(&now, None).await;
    }
    if table.is_about_individuals() {
        let _ = forget(folder, before, added).await;
    }
}

/// Deletes data files of the table that belong neither to this run (`added`) nor to the version before it
/// (`before`), and that are too old to belong to a run in progress.
async fn forget(folder: &Folder, before: Option<&DeltaTable>, added: &str) -> object_store::Result<()> {
    let mut in_use = BTreeSet::from([folder.file(added)]);
    if let Some(Ok(before)) = before.map(DeltaTable::snapshot) {
        in_use.extend(before.log_data().iter().map(|view| folder.file(&view.path())));
    }
    let files = folder.store.list_with_delimiter(Some(&folder.path)).await?.objects;
    let is_data = |path: &Path| path.filename().is_some_and(|name| name.ends_with(".parquet"));
    let old = files.into_iter().filter(|file| {
        is_data(&file.location)
            && !in_use.contains(&file.location)
            && file.last_modified < Utc::now() - DEAD_AFTER
    });
    let old: Vec<_> = old.map(|file| Ok(file.location)).collect();
    folder.store.delete_stream(stream::iter(old).boxed()).for_each(|_| async {}).await;
    Ok(())
}
