//! The manifest: the object that names the published run in an object store.
//!
//! ```json
//! {
//!   "version": 1,
//!   "run": "run-0123456789abcdef",
//!   "previous": "run-fedcba9876543210",
//!   "as_of": "2026-10-31",
//!   "files": {
//!     "Office": ".engagement/Office/run-0123456789abcdef/Office.parquet"
//!   },
//!   "record": { "published_at": "2026-11-01T03:15:42Z" }
//! }
//! ```
//!
//! Paths are relative to the output folder. `record` is that of the run (`publish::record`). If this format changes, `version` changes.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The version of the format that is written, and the only one that is read.
pub(crate) const VERSION: u32 = 1;

/// The manifest of an output folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) version: u32,
    /// The published run: the name of its folder.
    pub(crate) run: String,
    /// The previous run, whose files remain for its readers.
    pub(crate) previous: Option<String>,
    /// The as-of date of the run.
    pub(crate) as_of: NaiveDate,
    /// The file of each table, by the name of the table.
    pub(crate) files: BTreeMap<String, String>,
    /// The record of the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) record: Option<serde_json::Value>,
}

/// Parses a manifest.
///
/// # Errors
/// The bytes are not a manifest, or one of another [`VERSION`]. The text is the second part of a message
/// that begins with the name of the object.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let version = serde_json::from_slice::<serde_json::Value>(bytes)
        .map_err(|e| format!("is not the manifest of a run: {e}"))?;
    match version.get("version").and_then(serde_json::Value::as_u64) {
        Some(v) if v == u64::from(VERSION) => {
            serde_json::from_value(version).map_err(|e| format!("is not the manifest of a run: {e}"))
        }
        Some(v) => {
            Err(format!("has version {v}, but this program supports version {VERSION}; update the program"))
        }
        None => Err("is not the manifest of a run: it has no version".to_owned()),
    }
}

impl Manifest {
    /// The manifest as JSON.
    pub(crate) fn write(&self) -> String {
        // Strings and numbers always serialize, so this never is the default.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Whether a run is the published or the previous one, so that its files are in use.
    pub(crate) fn names(&self, run: &str) -> bool {
        self.run == run || self.previous.as_deref() == Some(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_as_written_and_refused_otherwise() {
        let manifest = Manifest {
            version: VERSION,
            run: "run-1".into(),
            previous: None,
            as_of: NaiveDate::MIN,
            files: [("Office".to_owned(), ".engagement/Office/run-1/Office.parquet".to_owned())].into(),
            record: None,
        };
        assert_eq!(read::<Manifest>(manifest.write().as_bytes()), Ok(manifest));
        assert!(read::<Manifest>(b"{").unwrap_err().starts_with("is not the manifest of a run: "));
        assert!(read::<Manifest>(b"{\"version\": 1}").unwrap_err().contains("missing field"));
        let newer = read::<Manifest>(b"{\"version\": 2}").unwrap_err();
        assert_eq!(newer, "has version 2, but this program supports version 1; update the program");
    }
}
