//! Writes the organization in the shape of Microsoft Graph Data Connect exports: the same mail and meetings
//! as in the canonical shape, as Parquet and JSON lines, in newer and older datasets.

mod enrichment;
mod file;
mod large;
mod mail;
mod meetings;
mod people;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::canonical::Result;
use crate::organization::Organization;

/// The folder, and the name of the enrichment file next to it.
const FOLDER: &str = "graph-data-connect";

/// Writes the exports to a subfolder, and an enrichment file that reads them.
///
/// # Errors
/// A file cannot be written.
pub fn write(org: &Organization, folder: &Path) -> Result<()> {
    let exports = folder.join(FOLDER);
    create_folders(&exports)?;
    mail::write(org, &exports.join("mail"))?;
    meetings::write(org, &exports)?;
    people::write(org, &exports)?;
    write_enrichment(folder, &enrichment::text(org))
}

/// Writes the exports as the service delivers them: JSON lines with bodies and headers, in `files` files of mail.
///
/// # Errors
/// A file cannot be written.
pub fn write_large(org: &Organization, folder: &Path, files: u64, threads: usize) -> Result<()> {
    let exports = folder.join(FOLDER);
    create_folders(&exports)?;
    large::write_mail(org, &exports.join("mail"), files, threads)?;
    large::write_meetings(org, &exports.join("CalendarView.json"))?;
    people::write(org, &exports)?;
    write_enrichment(folder, &enrichment::text(org).replace("CalendarView.json.gz", "CalendarView.json"))
}

fn create_folders(exports: &Path) -> Result<()> {
    for name in ["mail", "groups"] {
        let folder = exports.join(name);
        fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    Ok(())
}

fn write_enrichment(folder: &Path, text: &str) -> Result<()> {
    let path = folder.join(format!("{FOLDER}.toml"));
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}

/// The last column of every row of a dataset.
fn row_information(is_summary: bool) -> Value {
    json!({
        "errorInformation": null,
        "isUserSummaryRow": is_summary,
        "userHasCompleteData": is_summary,
        "userReturnedNoData": false,
    })
}

/// An address, nested as in Graph.
fn recipient(address: Option<&str>) -> Value {
    json!({ "emailAddress": { "address": address } })
}

/// Microseconds since 1970 in Graph's format, with seven fractional digits.
fn date_time(micros: i64) -> String {
    let time = chrono::DateTime::from_timestamp_micros(micros).unwrap_or_default();
    time.format("%Y-%m-%dT%H:%M:%S%.6f0").to_string()
}
