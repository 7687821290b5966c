//! The object that says which version of each table is published.
//!
//! ```json
//! {
//!   "version": 1,
//!   "run": "run-0123456789abcdef",
//!   "as_of": "2026-10-31",
//!   "tables": { "Office": 7, "Office_UserTable": 5 },
//!   "description": { "engagement.as_of": "2026-10-31" }
//! }
//! ```
//!
//! `as_of` is the newest date there is, and `description` is of the last run of that date.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt, PutMode, UpdateVersion};
use serde::{Deserialize, Serialize};

use super::cause;
use super::folder::Folder;
use crate::output::{HIDDEN, manifest};

/// What is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) version: u32,
    /// The run that wrote it.
    pub(super) run: String,
    /// The newest as-of date of the tables.
    pub(super) as_of: NaiveDate,
    /// The version of each table.
    pub(super) tables: BTreeMap<String, u64>,
    /// What the run of that date says of itself.
    pub(super) description: BTreeMap<String, String>,
}

/// A manifest as it was found, and which of its states that is.
pub(super) type Found = Option<(Manifest, UpdateVersion)>;

/// The folder of the manifest, in the output folder.
pub(super) fn home(office: &str) -> String {
    format!("{HIDDEN}/{office}")
}

fn path(out: &Folder, office: &str) -> Path {
    out.file(&format!("{}/delta.json", home(office)))
}

/// The manifest of an output folder; `None` before the first run.
pub(super) async fn read(out: &Folder, office: &str) -> Result<Found, String> {
    let name = format!("{}/{}/delta.json", out.name, home(office));
    let cannot = |e: StoreError| format!("{name}: cannot be read: {}", cause::tell(&e));
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

/// Replaces the manifest that was found, and only that one; `false` where there is another by now.
pub(super) async fn replace(
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
    // A structure of texts and numbers has a JSON text.
    let body = serde_json::to_string_pretty(manifest).unwrap_or_default();
    let put = match out.store.put_opts(&path, body.clone().into(), mode.into()).await {
        // A store that cannot compare, as the file system of this machine, where runs hold a lock.
        Err(StoreError::NotImplemented { .. } | StoreError::NotSupported { .. }) => {
            out.store.put(&path, body.into()).await
        }
        put => put,
    };
    match put {
        Ok(_) => {
            let sync = out.sync(&format!("{}/delta.json", home(office)));
            sync.map(|()| true).map_err(|e| format!("{}: cannot be written to: {e}", out.name))
        }
        Err(StoreError::Precondition { .. } | StoreError::AlreadyExists { .. }) => {
            // The answer to an earlier try was lost on its way.
            let now = read(out, office).await?;
            Ok(now.is_some_and(|(now, _)| now.run == manifest.run))
        }
        Err(e) => Err(format!("{}: the manifest cannot be replaced: {}", out.name, cause::tell(&e))),
    }
}
