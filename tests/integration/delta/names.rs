//! Delta tables below folders whose names look like parts of URLs: as input and as output, on this machine and
//! in an object store.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion_engagement::config::Enrichment;
use datafusion_engagement::pipeline::{self, Silent};
use datafusion_engagement::publish;
use object_store::ObjectStore;
use object_store::memory::InMemory;
use object_store::path::Path as ObjectPath;
use object_store::prefix::PrefixStore;
use url::Url;

use super::{command, files, with_output};
use crate::process::{error, refused};
use crate::support::{block_on, data, session, value};

/// Names that a URL writes in another way, or that look as if a URL had written them.
const NAMES: [&str; 6] = ["a%20b", "100%", "50%25 off", "a b", "Größe #1?", "%2e%2e"];

/// The bundled enrichment, with a Delta table of published accounts as its accounts.
fn with_accounts(text: &str, table: &str) -> String {
    let accounts = format!("path = \"{}/accounts.parquet\"\naccount_id = \"accountid\"", data().display());
    assert!(text.contains(&accounts), "{text}");
    // The published accounts have their attributes, but not their web sites.
    let lines = text.lines().filter(|line| !line.starts_with("domain ="));
    let text = lines.map(|line| format!("{line}\n")).collect::<String>();
    text.replace(&accounts, &format!("path = \"{table}\"\nformat = \"delta\"\naccount_id = \"CustomerId\""))
}

#[test]
fn folders_of_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    for name in NAMES {
        let file = with_output(folder.path(), &format!("path = \"{name}/out\"\nformat = \"delta\""));
        let fine = |command_name: &str, more: &[&str]| {
            let outcome = command(command_name, &file, more);
            assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""), "{name}");
            String::from_utf8_lossy(&outcome.stdout).into_owned()
        };
        let history = ["--format", "csv", "-c", "select asofdate as d from office_history order by asofdate"];
        fine("run", &["--as-of", "2026-10-15"]);
        assert_eq!(fine("sql", &history), "d\n2026-10-15\n");
        fine("run", &["--as-of", "2026-10-31"]);
        assert_eq!(fine("sql", &history), "d\n2026-10-15\n2026-10-31\n", "{name}");
        assert!(fine("card", &["A-1033"]).contains("A-1033"));
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, with_accounts(&text, &format!("{name}/out/Office_Accounts"))).unwrap();
        // One row for each account and as-of date.
        assert!(fine("check", &[]).contains("accounts  delta                2 files    120 rows"), "{name}");
        fine("run", &["--as-of", "2026-10-31"]);
    }
}

#[test]
fn folders_of_an_object_store() {
    let store = Arc::new(InMemory::new());
    for name in NAMES {
        let folder = tempfile::tempdir().unwrap();
        let output = format!("path = \"s3://bucket/{name}/out\"\nformat = \"delta\"");
        let file = with_output(folder.path(), &output);
        let enrichment = Enrichment::open(&file).unwrap();
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, with_accounts(&text, &format!("s3://bucket/{name}/out/Office_Accounts"))).unwrap();
        let over_delta = Enrichment::open(&file).unwrap();
        let new_session = || {
            let ctx = session(2, 8192);
            ctx.register_object_store(&Url::parse("s3://bucket/").unwrap(), store.clone());
            ctx
        };
        block_on(async {
            for enrichment in [&enrichment, &enrichment, &over_delta] {
                pipeline::run_on(&new_session(), enrichment, &Silent).await.unwrap();
                let ctx = new_session();
                publish::register(&ctx, enrichment).await.unwrap();
                let accounts = value(&ctx, "select count(distinct \"CustomerId\") from \"Office\"").await;
                assert_eq!(accounts, "60", "{name}");
            }
        });
        // The objects have this name, and not an encoded one.
        let prefix = ObjectPath::parse(format!("{name}/out/Office/_delta_log")).unwrap();
        let log = PrefixStore::new(store.clone(), prefix);
        assert_eq!(block_on(log.list_with_delimiter(None)).unwrap().objects.len(), 3, "{name}");
    }
}

/// A table for inputs, and the enrichment file that reads it.
fn readable(folder: &Path) -> (PathBuf, PathBuf) {
    let file = with_output(folder, "path = \"out\"\nformat = \"delta\"");
    assert_eq!(command("run", &file, &[]).status.code(), Some(0));
    let text = fs::read_to_string(&file).unwrap();
    let text = text.replace("path = \"out\"", "path = \"again\"");
    fs::write(&file, with_accounts(&text, "out/Office_Accounts")).unwrap();
    (file, folder.join("out/Office_Accounts"))
}

const NEVER_THERE: &str = "the log of the Delta table names this file, but it was never there or was vacuumed; restore it, \
                           or write the table again";

/// A log that names a data file or a deletion vector that does not exist, or lacks a commit.
#[test]
fn what_the_log_says_is_there_or_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (file, table) = readable(folder.path());
    let refused_by_both = |says: &str| {
        for name in ["check", "run"] {
            refused(&command(name, &file, &[]), 1, says);
        }
    };
    let data_file = files(&table, "parquet").pop().unwrap();
    let bytes = fs::read(&data_file).unwrap();
    fs::remove_file(&data_file).unwrap();
    refused_by_both(&format!("[accounts] {}: {NEVER_THERE}", data_file.display()));
    fs::write(&data_file, "CustomerId,Name\n1,2\n").unwrap();
    refused(
        &command("check", &file, &[]),
        1,
        "is not a Parquet file but CSV; a Delta table has Parquet files only",
    );
    refused(&command("run", &file, &[]), 1, &format!("[accounts] {}: is damaged", data_file.display()));
    fs::write(&data_file, bytes).unwrap();

    let commit = |version: u32| table.join(format!("_delta_log/{version:020}.json"));
    let first = fs::read_to_string(commit(0)).unwrap();
    fs::write(commit(1), "").unwrap();
    refused_by_both(
        "_delta_log/00000000000000000001.json is empty (0 bytes): the commit was not written completely",
    );
    fs::rename(commit(1), commit(2)).unwrap();
    fs::write(commit(2), "{\"commitInfo\":{}}").unwrap();
    refused_by_both("a commit is missing between others in its folder _delta_log; restore it");
    fs::remove_file(commit(2)).unwrap();

    let features = r#""minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]"#;
    let vector = r#""add":{"deletionVector":{"storageType":"u","pathOrInlineDv":"ab^-aqEH.-t@S}K{vb[*k^","offset":1,"sizeInBytes":36,"cardinality":1},"#;
    let with_vector =
        first.replace(r#""minReaderVersion":1,"minWriterVersion":2"#, features).replace(r#""add":{"#, vector);
    assert!(with_vector.contains(features) && with_vector.contains(vector), "{with_vector}");
    fs::write(commit(0), with_vector).unwrap();
    let vector = table.join("ab/deletion_vector_d2c639aa-8816-431a-aaf6-d3fe2512ff61.bin");
    refused_by_both(&format!("{}: {NEVER_THERE}", vector.display()));

    fs::remove_file(commit(0)).unwrap();
    refused_by_both("is not a Delta table: it has no folder _delta_log with commits");
    fs::write(commit(0), first).unwrap();
    assert_eq!(command("check", &file, &[]).status.code(), Some(0));
}
