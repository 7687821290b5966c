//! The files of the Delta log of a table.

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStoreExt, Result};

use crate::storage::DELTA_LOG;
use crate::storage::delta_folder::{Folder, version};

/// A file of the log that belongs to a version: a commit, a checkpoint, or a checksum.
pub(crate) struct Entry {
    pub(crate) path: Path,
    pub(crate) version: u64,
    pub(crate) is_checkpoint: bool,
}

/// The files of the log that belong to a version.
///
/// # Errors
/// The log cannot be listed.
pub(crate) async fn entries(folder: &Folder) -> Result<Vec<Entry>> {
    let log = folder.path.clone().join(DELTA_LOG);
    let files: Vec<_> = folder.store.list(Some(&log)).try_collect().await?;
    let entry = |path: Path| {
        let name = path.filename().unwrap_or_default();
        let (version, is_checkpoint) = (version(name)?, name.ends_with(".checkpoint.parquet"));
        Some(Entry { path, version, is_checkpoint })
    };
    Ok(files.into_iter().filter_map(|file| entry(file.location)).collect())
}

/// Deletes the files of the versions before this one. There must be a checkpoint of this version, or of one that
/// remains.
///
/// # Errors
/// A file cannot be deleted.
pub(crate) async fn delete_before(folder: &Folder, first: u64, entries: &[Entry]) -> Result<()> {
    for entry in entries.iter().filter(|entry| entry.version < first) {
        folder.store.delete(&entry.path).await?;
    }
    Ok(())
}
