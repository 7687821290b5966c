//! A path that is not a Delta table, or is the Delta table of another program, is refused with one line that
//! describes what to do.

use std::fs;
use std::path::{Path, PathBuf};

use super::{command, enrichment_file, published, run};
use crate::process::refused;
use crate::support::{block_on, data};

/// The first log entry of a published table.
fn first_entry(folder: &Path, table: &str) -> PathBuf {
    folder.join("out").join(table).join("_delta_log/00000000000000000000.json")
}

#[test]
fn a_table_with_another_schema() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = enrichment_file(folder);
    block_on(run(&file, "2026-10-31"));
    let before = block_on(published(&file));
    for (table, from, to, says) in [
        (
            "Office",
            "DaysSinceLastEmail",
            "DaysSinceLastMail",
            "Office has another schema: column DaysSinceLastEmail is missing",
        ),
        (
            "Office",
            r#"\"EngagementScore\",\"type\":\"double\""#,
            r#"\"EngagementScore\",\"type\":\"long\""#,
            "column EngagementScore is long instead of double",
        ),
        (
            "Office_UserTable",
            "\"partitionColumns\":[]",
            "\"partitionColumns\":[\"EntraId\"]",
            "partitioned by EntraId instead of nothing",
        ),
        (
            "Office_CustomerCard",
            "\"engagement.table\":\"CustomerCard\"",
            "\"owner\":\"crm\"",
            "Office_CustomerCard is a Delta table of another program; give [output] another path or table",
        ),
        (
            "Office",
            "\"minWriterVersion\":2",
            "\"minWriterVersion\":7,\"writerFeatures\":[\"madeUp\"]",
            "cannot be written to",
        ),
    ] {
        let entry = first_entry(folder, table);
        let text = fs::read_to_string(&entry).unwrap();
        assert!(text.contains(from), "{from} in {text}");
        fs::write(&entry, text.replace(from, to)).unwrap();
        let outcome = command("run", &file, &[]);
        refused(&outcome, 1, says);
        assert!(String::from_utf8_lossy(&outcome.stderr).starts_with("error: [output] "));
        fs::write(&entry, text).unwrap();
    }
    fs::write(first_entry(folder, "Office"), "no JSON").unwrap();
    refused(&command("run", &file, &[]), 1, "cannot be read as a Delta table");
    refused(&command("sql", &file, &["-c", "select 1 from office"]), 1, "cannot be read as a Delta table");
    fs::remove_dir_all(folder.join("out/Office")).unwrap();
    refused(
        &command("sql", &file, &["-c", "select 1 from office"]),
        1,
        "its published version no longer exists",
    );
    // Once the table is moved away, a run succeeds again.
    fs::remove_dir_all(folder.join("out")).unwrap();
    refused(&command("sql", &file, &["-c", "select 1 from office"]), 1, "nothing is published there yet");
    block_on(run(&file, "2026-10-31"));
    assert_eq!(block_on(published(&file)), before);
}

#[test]
fn inputs_that_are_no_delta_tables() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = enrichment_file(folder);
    let text = fs::read_to_string(&file).unwrap();
    let with = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        fs::write(&file, text.replace(from, to)).unwrap();
    };
    let mail = format!(
        "[mail]                          # a folder: all its Parquet files\npath = \"{}/mail/\"",
        data().display()
    );
    for (path, code, says) in [
        (data().join("mail"), 1, "is not a Delta table: it has no folder _delta_log"),
        (data().join("mail2"), 1, "there is no folder"),
        (data().join("users.parquet"), 1, "it is not a folder, but a Delta table is one"),
        (PathBuf::from("https://example.com/mail"), 1, "a web server does not list its files"),
        (PathBuf::from("ftp://example.com/mail"), 2, "ftp:// is not a supported scheme"),
    ] {
        with(&mail, &format!("[mail]\nformat = \"delta\"\npath = \"{}\"", path.display()));
        let outcome = command("check", &file, &[]);
        refused(&outcome, code, says);
        assert!(String::from_utf8_lossy(&outcome.stderr).contains("[mail] path = "));
    }
    // The other way round: a Delta table is read as a folder of Parquet files.
    block_on(run(
        &{
            fs::write(&file, &text).unwrap();
            file.clone()
        },
        "2026-10-31",
    ));
    let card = folder.join("out/Office_CustomerCard");
    let overview = folder.join("out/Office_Overview");
    with(&mail, &format!("[mail]\npath = \"{}\"", card.display()));
    refused(
        &command("check", &file, &[]),
        1,
        "is a Delta table; to read it, set path to this folder and format = \"delta\" in [mail]",
    );
    // A Delta table without the required columns.
    with(&mail, &format!("[mail]\nformat = \"delta\"\npath = \"{}\"", card.display()));
    refused(
        &command("check", &file, &[]),
        1,
        "column 'message_id' is missing; the table has: CustomerId, Name",
    );
    let accounts = format!("path = \"{}/accounts.parquet\"\naccount_id = \"accountid\"", data().display());
    with(
        &accounts,
        &format!("format = \"delta\"\npath = \"{}\"\naccount_id = \"AsOfDate\"", overview.display()),
    );
    refused(
        &command("check", &file, &[]),
        1,
        "column 'AsOfDate' has type Date32, but text or a whole number is needed",
    );
}

/// An entry of the log that is empty would be read as one without changes.
#[test]
fn a_log_with_an_empty_entry() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = enrichment_file(folder);
    block_on(run(&file, "2026-10-31"));
    let accounts = format!(
        "path = \"{}/accounts.parquet\"\naccount_id = \"accountid\"\nname = \"name\"",
        data().display()
    );
    // The published accounts have their attributes, but not their web sites.
    let text = fs::read_to_string(&file).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("domain ="));
    let text = lines.map(|line| format!("{line}\n")).collect::<String>();
    assert!(text.contains(&accounts));
    let card =
        "path = \"out/Office_Accounts\"\nformat = \"delta\"\naccount_id = \"CustomerId\"\nname = \"Name\"";
    let input = folder.join("input.toml");
    fs::write(&input, text.replace(&accounts, card)).unwrap();
    assert_eq!(command("check", &input, &[]).status.code(), Some(0));
    let entry = folder.join("out/Office_Accounts/_delta_log/00000000000000000001.json");
    fs::write(entry, "").unwrap();
    refused(
        &command("check", &input, &[]),
        1,
        "_delta_log/00000000000000000001.json is empty (0 bytes): the commit was not written completely",
    );
}
