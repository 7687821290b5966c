//! The manifest: the object that names the published version of each table.
//!
//! ```json
//! {
//!   "version": 1,
//!   "run": "run-0123456789abcdef",
//!   "as_of": "2026-10-31",
//!   "tables": { "Office": 7, "Office_UserTable": 5 },
//!   "description": { "engagement.as_of": "2026-10-31" },
//!   "record": { "published_at": "2026-11-01T03:15:42Z" }
//! }
//! ```
//!
//! `protection_by_kind` is `[privacy] min_people` of the tables, in all versions that the Delta logs still have; it
//! is not there if it is 1. `as_of` is the newest as-of date of the tables, `description` and `record` are those of the
//! last run of that date (`publish::record`).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt, PutMode, UpdateVersion};
use serde::{Deserialize, Serialize};

use crate::publish::{HIDDEN, manifest};
use crate::storage::delta_errors;
use crate::storage::delta_folder::Folder;

/// The name of the manifest in the folder of a table.
const DELTA_MANIFEST: &str = "delta.json";

/// The manifest of an output folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) version: u32,
    /// The run that wrote it.
    pub(crate) run: String,
    /// The newest as-of date of the tables.
    pub(crate) as_of: NaiveDate,
    /// The published version of each table, by the name of the table.
    pub(crate) tables: BTreeMap<String, u64>,
    /// The description of the last run of that date.
    pub(crate) description: BTreeMap<String, String>,
    /// The number of internal people from which on numbers are published, in every version of the tables that still
    /// exists.
    // The rule is in the name, so that what an earlier version wrote by a weaker rule is not read.
    #[serde(rename = "protection_by_kind")]
    #[serde(default = "unprotected", skip_serializing_if = "is_unprotected")]
    pub(crate) protection: u32,
    /// The record of that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<serde_json::Value>,
}

fn unprotected() -> u32 {
    1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_unprotected(protection: &u32) -> bool {
    *protection == unprotected()
}

/// A manifest as it was found, with its version in the store for a conditional write; `None` if there was
/// none.
pub(crate) type Found = Option<(Manifest, UpdateVersion)>;

/// The folder of the manifest, relative to the output folder.
pub(crate) fn home(office: &str) -> String {
    format!("{HIDDEN}/{office}")
}

fn path(out: &Folder, office: &str) -> Path {
    out.file(&format!("{}/{DELTA_MANIFEST}", home(office)))
}

/// Reads the manifest of an output folder; `None` before the first run.
///
/// # Errors
/// The manifest cannot be read.
pub(crate) async fn read(out: &Folder, office: &str) -> Result<Found, String> {
    let name = format!("{}/{}/{DELTA_MANIFEST}", out.name, home(office));
    let cannot = |e: StoreError| format!("{name}: cannot be read: {}", delta_errors::describe(&e));
    let got = match out.store.get(&path(out, office)).await {
        Ok(got) => got,
        Err(StoreError::NotFound { .. }) => return Ok(None),
        Err(e) => return Err(cannot(e)),
    };
    let version = UpdateVersion { e_tag: got.meta.e_tag.clone(), version: got.meta.version.clone() };
    let bytes = got.bytes().await.map_err(cannot)?;
    let manifest = manifest::read(&bytes).map_err(|e| format!("{name}: {e}"))?;
    Ok(Some((manifest, version)))
}

/// Replaces the manifest, if it still is the one that was found. Returns `false` if it is another one by
/// now.
///
/// # Errors
/// The manifest cannot be read or replaced.
pub(crate) async fn replace(
    out: &Folder,
    office: &str,
    found: &Found,
    manifest: &Manifest,
) -> Result<bool, String> {
    let path = path(out, office);
    let mode = match found {
        Some((_, version)) => PutMode::Update(version.clone()),
        None => PutMode::Create,
    };
    // Strings and numbers always serialize, so this never is the default.
    let body = serde_json::to_string_pretty(manifest).unwrap_or_default();
    let put = match out.store.put_opts(&path, body.clone().into(), mode.into()).await {
        // A store without conditional writes, such as the local file system, where runs hold a lock.
        Err(StoreError::NotImplemented { .. } | StoreError::NotSupported { .. }) => {
            out.store.put(&path, body.into()).await
        }
        put => put,
    };
    match put {
        Ok(_) => {
            let sync = out.sync(&format!("{}/{DELTA_MANIFEST}", home(office)));
            sync.map(|()| true).map_err(|e| format!("{}: cannot be written to: {e}", out.name))
        }
        Err(StoreError::Precondition { .. } | StoreError::AlreadyExists { .. }) => {
            // An earlier attempt may have succeeded, and its response was lost.
            let now = read(out, office).await?;
            Ok(now.is_some_and(|(now, _)| now.run == manifest.run))
        }
        Err(e) => {
            Err(format!("{}: the manifest cannot be replaced: {}", out.name, delta_errors::describe(&e)))
        }
    }
}
