//! What is done once a run is published. It may fail: the run is published, and the next one does it.

use std::collections::BTreeSet;

use chrono::Utc;
use deltalake_core::DeltaTable;
use deltalake_core::checkpoints::create_checkpoint;
use futures::stream::{self, StreamExt};
use object_store::path::Path;

use super::folder::Folder;
use crate::output::{Table, store::DEAD_AFTER};

/// After how many commits readers are spared to read them one by one; what other writers do, too.
const COMMITS: u64 = 10;

/// Sums up a long log; of the table about individuals, deletes the files of earlier runs.
pub(super) async fn tidy(table: &Table, folder: &Folder, before: Option<&DeltaTable>, added: &str) {
    if let Ok(Some(now)) = folder.table(None).await
        && now.version().is_some_and(|version| (version + 1) % COMMITS == 0)
    {
        let _ = create_checkpoint(&now, None).await;
    }
    if table.is_about_individuals() {
        let _ = forget(folder, before, added).await;
    }
}

/// Deletes the files of the table that neither this run nor the one before it has, and that are too
/// old to belong to a run under way.
async fn forget(folder: &Folder, before: Option<&DeltaTable>, added: &str) -> object_store::Result<()> {
    let mut kept = BTreeSet::from([folder.file(added)]);
    if let Some(Ok(before)) = before.map(DeltaTable::snapshot) {
        kept.extend(before.log_data().iter().map(|view| folder.file(&view.path())));
    }
    let files = folder.store.list_with_delimiter(Some(&folder.path)).await?.objects;
    let is_data = |path: &Path| path.filename().is_some_and(|name| name.ends_with(".parquet"));
    let old = files.into_iter().filter(|file| {
        is_data(&file.location)
            && !kept.contains(&file.location)
            && file.last_modified < Utc::now() - DEAD_AFTER
    });
    let old: Vec<_> = old.map(|file| Ok(file.location)).collect();
    folder.store.delete_stream(stream::iter(old).boxed()).for_each(|_| async {}).await;
    Ok(())
}
