//! Other programs read what is published as Delta tables.

use std::process::Command;

use datafusion_engagement::publish::TABLES;
use serde_json::Value;

use super::{READERS, enrichment_file, run};
use crate::installed::{python, run as run_command};
use crate::support::{attributes, block_on};

#[test]
fn duckdb_polars_and_delta_rs_read_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let file = enrichment_file(folder.path());
    block_on(async {
        for date in ["2026-10-15", "2026-10-31", "2026-10-15"] {
            run(&file, date).await;
        }
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/delta/readers.py");
    let mut command = Command::new(python("delta", READERS).join("bin/python"));
    let out = folder.path().join("out");
    command.arg(script).args(TABLES.iter().map(|table| out.join(table.folder("Office"))));
    let found: Vec<Value> = serde_json::from_str(&run_command(&mut command)).unwrap();
    for (table, found) in TABLES.iter().zip(found) {
        let dates: &[&str] = match table.name {
            "Office_UserTable" => &[],
            _ => &["2026-10-15", "2026-10-31"],
        };
        let rows = found["delta-rs"]["rows"].as_array().unwrap();
        assert!(!rows.is_empty(), "{}", table.name);
        for reader in ["duckdb", "polars"] {
            assert!(found[reader] == found["delta-rs"], "{} in {reader}", table.name);
        }
        let mut columns: Vec<_> =
            table.schema(1, &attributes()).fields().iter().map(|f| f.name().clone()).collect();
        if !dates.is_empty() && !columns.contains(&"AsOfDate".to_owned()) {
            columns.push("AsOfDate".to_owned());
        }
        assert_eq!(found["columns"], serde_json::json!(columns), "{}", table.name);
        assert_eq!(found["dates"], serde_json::json!(dates), "{}", table.name);
        // The first version of the table has only one date.
        let first = if dates.is_empty() { dates } else { &dates[..1] };
        assert_eq!(found["dates_at_first"], serde_json::json!(first), "{}", table.name);
        let commits: Vec<_> =
            found["commits"].as_array().unwrap().iter().map(|c| c.as_str().unwrap()).collect();
        match table.name {
            "Office_UserTable" => assert_eq!(commits, ["2026-10-31", "2026-10-15"]),
            _ => assert_eq!(commits, ["2026-10-15", "2026-10-31", "2026-10-15"]),
        }
    }
}
