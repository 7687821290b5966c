//! Cleanup after a run is published. Errors are ignored: the run is published already, and the next run
//! tries again.

use std::collections::BTreeSet;

use chrono::Utc;
use deltalake_core::DeltaTable;
use deltalake_core::checkpoints::create_checkpoint;
use futures::stream::{self, StreamExt};
use object_store::ObjectStoreExt;
use object_store::path::Path;

use super::log;
use crate::publish::Table;
use crate::publish::object_store::DEAD_AFTER;
use crate::storage::delta_folder::Folder;

/// Number of commits after which a checkpoint is written, so that readers do not read each commit. Other
/// writers use the same number.
const COMMITS: u64 = 10;

/// Writes a checkpoint of the table if one is due. If the table is about individuals, one is due after each commit
/// but the first, and the files and log entries of earlier runs are deleted.
/// `added` is the path of the file that the run has added.
pub(crate) async fn tidy(table: &Table, folder: &Folder, before: Option<&DeltaTable>, added: Option<&str>) {
    let Ok(Some(now)) = folder.table(None).await else { return };
    let Some(version) = now.version() else { return };
    if table.is_about_individuals() {
        let _ = forget(folder, before, added).await;
        let _ = forget_log(folder, &now, before).await;
    } else if (version + 1) % COMMITS == 0 {
        let _ = create_checkpoint(&now, None).await;
    }
}

/// Deletes data files of the table that belong neither to this run (`added`) nor to the version before it
/// (`before`), and that are too old to belong to a run in progress.
async fn forget(
    folder: &Folder,
    before: Option<&DeltaTable>,
    added: Option<&str>,
) -> object_store::Result<()> {
    let mut in_use: BTreeSet<_> = added.map(|added| folder.file(added)).into_iter().collect();
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

/// Sums the log up in a checkpoint, and deletes the entries that are not needed to read the version before this run.
/// Entries of earlier versions of this program have statistics: if such an entry is needed for that version, it is
/// deleted, too.
async fn forget_log(folder: &Folder, now: &DeltaTable, before: Option<&DeltaTable>) -> Result<(), String> {
    let version = now.version().unwrap_or_default();
    if version == 0 {
        return Ok(());
    }
    create_checkpoint(now, None).await.map_err(|e| e.to_string())?;
    let entries = log::entries(folder).await.map_err(|e| e.to_string())?;
    let before = before.and_then(DeltaTable::version).unwrap_or_default();
    let summed_up = entries.iter().filter(|entry| entry.is_checkpoint && entry.version <= before);
    let mut first = summed_up.map(|entry| entry.version).max().unwrap_or_default();
    for entry in
        entries.iter().filter(|entry| !entry.is_checkpoint && (first..version).contains(&entry.version))
    {
        let got = folder.store.get(&entry.path).await.map_err(|e| e.to_string())?;
        let bytes = got.bytes().await.map_err(|e| e.to_string())?;
        if String::from_utf8_lossy(&bytes).contains("minValues") {
            first = version;
            break;
        }
    }
    log::delete_before(folder, first, &entries).await.map_err(|e| e.to_string())
}
