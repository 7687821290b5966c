//! Inputs that are Delta tables produce the same result as Parquet files with the same rows.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::{READERS, command, with_output};
use crate::installed::{python, run};
use crate::process::{ENGAGEMENT, caught, error, refused};
use crate::support::{bundled_run, data, published};

/// Writes Delta tables of the bundled data with the delta-rs Python package; returns the number of rows that
/// each reader finds in them.
pub fn tables(folder: &Path) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/delta/inputs.py");
    let mut command = Command::new(python("delta", READERS).join("bin/python"));
    serde_json::from_str(&run(command.arg(script).arg(data()).arg(folder))).unwrap()
}

/// The proposed enrichment file reads Delta tables, and has what the tables do not say as placeholders.
#[test]
fn a_proposal_for_delta_tables() {
    let folder = tempfile::tempdir().unwrap();
    tables(&folder.path().join("lake"));
    let file = folder.path().join("enrichment.toml");
    let (of, to) = (folder.path().display().to_string(), file.display().to_string());
    let init = ["init", &of, "--output", &to];
    let outcome = caught(ENGAGEMENT, &init.map(str::to_owned)).output().unwrap();
    assert_eq!(outcome.status.code(), Some(0), "{}", error(&outcome));
    let text = fs::read_to_string(&file).unwrap();
    for section in ["users", "groups", "contacts", "accounts", "mail", "meetings"] {
        assert!(text.contains(&format!("\n[{section}] ")), "{section}\n{text}");
        assert!(text.contains(&format!("path = \"lake/{section}/\"")), "{section}\n{text}");
    }
    assert!(
        text.contains("format = \"delta\"")
            && text.contains("\nemail = [\"emailaddress1\", \"emailaddress2\"]")
    );
    crate::first_hour::fill_in(&file);
    let outcome = command("check", &file, &[]);
    assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""));
}

/// The bundled enrichment with a Delta table from one folder as every input.
pub fn over_tables(text: &str, tables: &str) -> String {
    let mut text = text.to_owned();
    for name in ["users", "groups", "contacts", "accounts", "meetings"] {
        let file = format!("path = \"{}/{name}.parquet\"", data().display());
        assert!(text.contains(&file));
        text = text.replace(&file, &format!("format = \"delta\"\npath = \"{tables}/{name}\""));
    }
    let mail = format!("path = \"{}/mail/\"", data().display());
    assert!(text.contains(&mail));
    text.replace(&mail, &format!("format = \"delta\"\npath = \"{tables}/mail\""))
}

#[test]
fn deleted_rows_partitions_and_deletion_vectors() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let counts = tables(&folder.join("tables"));
    let file = with_output(folder, "path = \"out/\"");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, over_tables(&text, "tables")).unwrap();

    let outcome = command("check", &file, &[]);
    assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""));
    let report = String::from_utf8_lossy(&outcome.stdout).into_owned();
    for (table, count) in counts.as_object().unwrap() {
        let line = report.lines().find(|line| line.trim_start().starts_with(table)).unwrap();
        let digits = line.replace(',', "");
        assert!(
            line.contains("delta") && digits.contains(&format!(" {count} rows")),
            "{table}: {count}\n{report}"
        );
    }

    let outcome = command("run", &file, &[]);
    assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""));
    let bundled = &bundled_run().enrichment;
    assert_eq!(published(&folder.join("out")), published(&bundled.resolve(&bundled.output.path)));

    // One data file is missing, one is damaged.
    let mail = folder.join("tables/users");
    let data_file = super::files(&mail, "parquet").pop().unwrap();
    let bytes = fs::read(&data_file).unwrap();
    fs::write(&data_file, &bytes[..bytes.len() / 2]).unwrap();
    refused(&command("run", &file, &[]), 1, "[users]");
    fs::remove_file(&data_file).unwrap();
    let says = "the log of the Delta table names this file, but it was never there or was vacuumed";
    refused(&command("run", &file, &[]), 1, says);
}
