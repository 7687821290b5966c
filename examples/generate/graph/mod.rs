//! Writes the organization as Microsoft Graph Data Connect exports it: the same mail and meetings
//! as in the canonical shape, in Parquet and JSON lines, newer and older datasets side by side.

mod enrichment;
mod file;
mod mail;
mod meetings;
mod people;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::canonical::Result;
use crate::organization::Organization;

/// The folder, and the name of the enrichment file beside it.
const FOLDER: &str = "graph-data-connect";

/// Writes the exports into a folder below this one, and an enrichment file that reads them.
///
/// # Errors
/// A file cannot be written.
pub fn write(org: &Organization, folder: &Path) -> Result<()> {
    let exports = folder.join(FOLDER);
    for name in ["mail", "groups"] {
        let folder = exports.join(name);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    mail::write(org, &exports.join("mail"))?;
    meetings::write(org, &exports)?;
    people::write(org, &exports)?;
    let path = folder.join(format!("{FOLDER}.toml"));
    fs::write(&path, enrichment::text(org)).map_err(|error| format!("{}: {error}", path.display()))
}

/// What every row of a dataset ends with.
fn row_information(is_summary: bool) -> Value {
    json!({
        "errorInformation": null,
        "isUserSummaryRow": is_summary,
        "userHasCompleteData": is_summary,
        "userReturnedNoData": false,
    })
}

/// An address as Graph nests it.
fn recipient(address: Option<&str>) -> Value {
    json!({ "emailAddress": { "address": address } })
}

/// Microseconds since 1970 as Graph writes them: seven fractional digits.
fn date_time(micros: i64) -> String {
    let time = chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%S%.6f0").to_string()
}
