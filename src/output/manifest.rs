//! The object that says which run is published in a store.
//!
//! ```json
//! {
//!   "version": 1,
//!   "run": "run-0123456789abcdef",
//!   "previous": "run-fedcba9876543210",
//!   "as_of": "2026-10-31",
//!   "files": {
//!     "Office": ".engagement/Office/run-0123456789abcdef/Office.parquet"
//!   }
//! }
//! ```
//!
//! Paths are relative to the output folder. A new version of this is a new number.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The version that is written, and the only one that is read.
pub(crate) const VERSION: u32 = 1;

/// Which run is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) version: u32,
    /// The folder of the run.
    pub(super) run: String,
    /// The run before it, whose files are kept for those who are reading them.
    pub(super) previous: Option<String>,
    /// The last day that counts in it.
    pub(super) as_of: NaiveDate,
    /// The file of each table.
    pub(super) files: BTreeMap<String, String>,
}

/// A manifest of this version.
pub(crate) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    let version = serde_json::from_slice::<serde_json::Value>(bytes)
        .map_err(|e| format!("is no manifest of a run: {e}"))?;
    match version.get("version").and_then(serde_json::Value::as_u64) {
        Some(v) if v == u64::from(VERSION) => {
            serde_json::from_value(version).map_err(|e| format!("is no manifest of a run: {e}"))
        }
        Some(v) => Err(format!("has version {v}, and this program knows version {VERSION}; update it")),
        None => Err("is no manifest of a run: it has no version".to_owned()),
    }
}

impl Manifest {
    pub(super) fn write(&self) -> String {
        // A structure of texts and numbers has a JSON text.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// Whether the files of a run are still in use.
    pub(super) fn names(&self, run: &str) -> bool {
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
        };
        assert_eq!(read::<Manifest>(manifest.write().as_bytes()), Ok(manifest));
        assert!(read::<Manifest>(b"{").unwrap_err().starts_with("is no manifest of a run: "));
        assert!(read::<Manifest>(b"{\"version\": 1}").unwrap_err().contains("missing field"));
        let newer = read::<Manifest>(b"{\"version\": 2}").unwrap_err();
        assert_eq!(newer, "has version 2, and this program knows version 1; update it");
    }
}
