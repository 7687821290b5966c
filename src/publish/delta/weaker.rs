//! What runs with less protection have left in Delta tables: rows of other dates, files that are removed but not
//! deleted, and the log, whose entries contain statistics of them. See [`crate::publish::weaker`].
//!
//! Another program that compacts a table writes files which do not say of which run their rows are.

use std::collections::{BTreeMap, BTreeSet};

use deltalake_core::DeltaTable;
use deltalake_core::checkpoints::create_checkpoint;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectMeta, ObjectStoreExt};

use super::manifest::{self, Manifest};
use super::{commit, log};
use crate::publish::Table;
use crate::publish::weaker::{Protection, described};
use crate::storage::delta_errors;
use crate::storage::delta_folder::Folder;

/// What the tables contain that is protected less.
#[derive(Default)]
pub(crate) struct Weaker {
    /// By the name of the table, the paths of such files that its current version has.
    pub(crate) files: BTreeMap<&'static str, BTreeSet<String>>,
    /// Whether there is anything: such files, also removed ones, or log entries.
    pub(crate) is_there: bool,
    /// Whether files count as such that do not say of which run their rows are.
    has_unknown: bool,
}

/// A table as it was found.
pub(crate) type AsFound<'a> = (&'static Table, &'a Folder, Option<&'a DeltaTable>);

/// Finds what is protected less. Files are read only if there can be some: if a run with less protection was
/// published, or if a table has commits that the manifest does not name.
///
/// # Errors
/// A table cannot be read.
pub(crate) async fn find(
    protection: &Protection,
    manifest: &manifest::Found,
    tables: &[AsFound<'_>],
) -> Result<Weaker, String> {
    let manifest = manifest.as_ref().map(|(manifest, _)| manifest);
    if !may_contain(protection, manifest, tables) {
        return Ok(Weaker::default());
    }
    let is_lower = manifest.is_some_and(|manifest| manifest.protection < protection.min_people);
    let (mut weaker, mut unknown, mut has_commits) = (vec![], vec![], false);
    for (table, folder, found) in tables {
        let Some(version) = found.and_then(DeltaTable::version) else { continue };
        let first =
            manifest.and_then(|manifest| manifest.tables.get(table.name)).map_or(0, |named| named + 1);
        let commits = commit::descriptions(folder, first..=version).await?;
        has_commits |= commits.iter().any(|description| protection.exceeds(description));
        let current: BTreeMap<_, _> =
            current(*found).into_iter().map(|path| (folder.file(&path), path)).collect();
        let cannot =
            |e: StoreError| format!("{}: cannot be read: {}", folder.name, delta_errors::describe(&e));
        for object in data_files(folder).await.map_err(cannot)? {
            let path = current.get(&object.location).cloned();
            match described(folder.store.as_ref(), &object).await.map_err(cannot)? {
                Some(description) if protection.exceeds(&description) => weaker.push((table.name, path)),
                Some(description) if description.enrichment().is_none() => unknown.push((table.name, path)),
                _ => {}
            }
        }
    }
    let has_unknown = manifest.is_none() || is_lower || has_commits || !weaker.is_empty();
    weaker.extend(unknown.into_iter().filter(|_| has_unknown));
    let is_there = is_lower || has_commits || !weaker.is_empty();
    let mut files: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for (table, path) in weaker {
        files.entry(table).or_default().extend(path);
    }
    Ok(Weaker { files, is_there, has_unknown })
}

/// Whether the tables may contain what is protected less: a run with less protection has committed to them, or there
/// are commits that no manifest names.
fn may_contain(protection: &Protection, manifest: Option<&Manifest>, tables: &[AsFound<'_>]) -> bool {
    let mut versions = tables.iter().map(|(table, _, found)| (table, found.and_then(DeltaTable::version)));
    match manifest {
        _ if protection.min_people == 1 => false,
        None => versions.any(|(_, version)| version.is_some()),
        Some(manifest) => {
            manifest.protection < protection.min_people
                || versions.any(|(table, version)| version != manifest.tables.get(table.name).copied())
        }
    }
}

/// The paths of the files that a version of a table has.
fn current(table: Option<&DeltaTable>) -> Vec<String> {
    let Some(Ok(snapshot)) = table.map(DeltaTable::snapshot) else { return vec![] };
    snapshot.log_data().iter().map(|view| view.path().to_string()).collect()
}

/// The data files in the folder of a table, also those that no version has.
async fn data_files(folder: &Folder) -> Result<Vec<ObjectMeta>, StoreError> {
    let files: Vec<ObjectMeta> = folder.store.list(Some(&folder.path)).try_collect().await?;
    let is_data = |path: &str| path.ends_with(".parquet") && !path.contains("/_delta_log/");
    Ok(files.into_iter().filter(|file| is_data(file.location.as_ref())).collect())
}

impl Weaker {
    /// Deletes all versions of a table before `version`: sums the log up in a checkpoint, and deletes its earlier
    /// entries. Then deletes files with less protection that neither this version nor a later one has. Returns the
    /// number of deleted versions.
    ///
    /// # Errors
    /// Something cannot be read, written or deleted.
    pub(crate) async fn delete(
        &self,
        folder: &Folder,
        version: Option<u64>,
        protection: &Protection,
    ) -> Result<usize, String> {
        let describe = |e: &(dyn std::error::Error + 'static)| {
            format!(
                "{}: the run is committed, but what runs with less protection have left there cannot be deleted: {}; \
                 run again",
                folder.name,
                delta_errors::describe(e)
            )
        };
        let Some(version) = version else { return Ok(0) };
        let Some(published) = folder.table(Some(version)).await? else { return Ok(0) };
        create_checkpoint(&published, None).await.map_err(|e| describe(&e))?;
        let entries = log::entries(folder).await.map_err(|e| describe(&e))?;
        let before: BTreeSet<u64> =
            entries.iter().map(|entry| entry.version).filter(|before| *before < version).collect();
        log::delete_before(folder, version, &entries).await.map_err(|e| describe(&e))?;

        let files = data_files(folder).await.map_err(|e| describe(&e))?;
        // Others may have committed since then. The log is read after the files are listed, so it names those of them.
        let newest = folder.table(None).await?;
        let in_use = [Some(&published), newest.as_ref()].into_iter().flat_map(current);
        let in_use: BTreeSet<Path> = in_use.map(|path| folder.file(&path)).collect();
        for file in files.iter().filter(|file| !in_use.contains(&file.location)) {
            let description = described(folder.store.as_ref(), file).await.map_err(|e| describe(&e))?;
            let is_weaker = description.is_some_and(|description| {
                protection.exceeds(&description) || (self.has_unknown && description.enrichment().is_none())
            });
            if is_weaker {
                folder.store.delete(&file.location).await.map_err(|e| describe(&e))?;
            }
        }
        Ok(before.len())
    }
}
