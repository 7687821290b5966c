//! The history of as-of dates, in a folder and in an object store.

use std::path::Path;

use super::lake::Lake;
use super::{fine, refused};

const HISTORY: &str = "select * from office_history order by asofdate";

/// Runs three dates, of which the last one is not the newest, and queries the history; returns the rows.
/// `exists` checks whether the output folder contains a file.
fn three_dates(lake: &Lake, file: &Path, output: &[&str], exists: &dyn Fn(&str) -> bool) -> String {
    let run = |as_of: &str| fine(&lake.command("run", file, &[&["--as-of", as_of], output].concat()));
    let sql =
        |query: &str| fine(&lake.command("sql", file, &[&["--format", "csv", "-c", query], output].concat()));
    run("2026-10-15");
    assert_eq!(sql(HISTORY).lines().count(), 2);
    assert!(run("2026-10-31").contains("out/Office.parquet ("));
    let older = lake.command("run", file, &[&["--as-of", "2026-09-30"], output].concat());
    let warning = String::from_utf8_lossy(&older.stderr).into_owned();
    assert_eq!(older.status.code(), Some(0), "{warning}");
    assert!(
        warning.starts_with(
            "warning: the tables of 2026-09-30 are retained and not current: those of 2026-10-31"
        )
    );
    let older = String::from_utf8_lossy(&older.stdout).into_owned();
    assert!(older.contains("history/Office/AsOfDate=2026-09-30/Office.parquet ("), "{older}");
    for date in ["2026-09-30", "2026-10-15", "2026-10-31"] {
        let file = |name: &str| format!("history/{name}/AsOfDate={date}/{name}.parquet");
        assert!(exists(&file("Office")), "{date}");
        assert!(exists(&file("Office_CustomerCard_History")), "{date}");
        assert!(!exists(&file("Office_UserTable")), "{date}");
    }
    // The same date again creates no duplicate rows.
    run("2026-10-31");
    let history = sql(HISTORY);
    let dates: Vec<_> = history.lines().map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(dates, ["AsOfDate", "2026-09-30", "2026-10-15", "2026-10-31"]);
    assert!(history.ends_with("2026-10-31,58,1406,179\n"), "{history}");
    assert_eq!(sql("select asofdate as d from office_overview"), "d\n2026-10-31\n");
    let two = "select count(*) as n from office_alldates where asofdate < '2026-10-31'";
    assert_eq!(sql(two), "n\n2312\n");
    drop_dates(lake, file, output, exists);
    history
}

/// Drops the published date; the one before it is published instead.
fn drop_dates(lake: &Lake, file: &Path, output: &[&str], exists: &dyn Fn(&str) -> bool) {
    let history = |more: &[&str]| lake.command("history", file, &[more, output].concat());
    let sql =
        |query: &str| fine(&lake.command("sql", file, &[&["--format", "csv", "-c", query], output].concat()));
    let outcome = history(&["--drop", "2026-10-31"]);
    let says = "2026-10-31 is dropped; the published tables are those of 2026-10-15\n";
    assert_eq!((outcome.status.code(), String::from_utf8_lossy(&outcome.stderr).as_ref()), (Some(0), says));
    let list = fine(&history(&["--format", "csv"]));
    let list: Vec<_> =
        list.lines().map(|line| line.split(',').take(2).collect::<Vec<_>>().join(",")).collect();
    assert_eq!(list, ["AsOfDate,IsPublished", "2026-09-30,false", "2026-10-15,true"]);
    assert_eq!(sql("select max(asofdate) as d from office_alldates"), "d\n2026-10-15\n");
    assert_eq!(sql("select count(*) as n from office_usertable"), "n\n12\n");
    assert!(!exists("history/Office/AsOfDate=2026-10-31/Office.parquet"));
    // The plain names are those of the published date, too.
    let status = fine(&lake.command("status", file, &[&["--format", "json"], output].concat()));
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert_eq!(status["as_of"], "2026-10-15");
    assert!(status["published_at"].is_string() && status["last_used_on"] == "2026-10-15", "{status}");
    assert_eq!(status["before"]["overview"]["AsOfDate"], "2026-09-30");
    let only = history(&["--keep", "1"]);
    assert_eq!(only.status.code(), Some(0));
    refused(&history(&["--drop", "2026-10-15"]), 2, &["2026-10-15 is the only retained date"]);
}

#[test]
fn each_date_is_kept_alike_in_a_folder_and_in_a_store() {
    let lake = Lake::azure("history");
    let with_history = |file: &Path| {
        let text = std::fs::read_to_string(file).unwrap();
        let asked = text.replace("[output]", "[output]\nhistory = true");
        assert_ne!(asked, text);
        lake.raw(&asked)
    };
    let stored = with_history(&lake.enrichment("mail/", "out/"));
    let in_store = three_dates(&lake, &stored, &[], &|name| lake.has(&format!("out/{name}")));
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let output = ["--output", out.to_str().unwrap()];
    let in_folder = three_dates(&lake, &stored, &output, &|name| out.join(name).is_file());
    assert_eq!(in_store, in_folder);
    // Without `history = true` there is only the published date.
    let plain = lake.enrichment("mail/", "plain/");
    refused(&lake.command("sql", &plain, &["-c", HISTORY]), 1, &["nothing is published"]);
    fine(&lake.command("run", &plain, &[]));
    assert!(!lake.has("plain/history/Office/AsOfDate=2026-10-31/Office.parquet"));
    let shown = fine(&lake.command("sql", &plain, &["--format", "csv", "-c", HISTORY]));
    assert_eq!(shown.lines().last(), Some("2026-10-31,58,1406,179"));
}

/// After a change of `[output] table`, the old tables still look current.
#[test]
fn old_tables_are_named() {
    let lake = Lake::azure("old-tables");
    let file = lake.enrichment("mail/", "out/");
    assert!(!fine(&lake.command("run", &file, &[])).contains("does not replace it"));
    let text = std::fs::read_to_string(&file).unwrap();
    let renamed = lake.raw(&text.replace("[output]", "[output]\ntable = \"Sales\""));
    let says = format!(
        "Note: [output] {}out/Office.parquet is of this enrichment, too, as of 2026-10-31, and",
        lake.url
    );
    let overview = fine(&lake.command("run", &renamed, &[]));
    assert!(overview.contains(&says), "{overview}");
    // Tables of another enrichment with that name are its own business; in the other format they are refused.
    let other = text.replace("name = \"northwind-demo\"", "name = \"other\"");
    if cfg!(feature = "delta") {
        let delta = lake.raw(&other.replace("[output]", "[output]\nformat = \"delta\""));
        let says = "out/Office.parquet is published by the enrichment \"northwind-demo\" in the other format";
        refused(&lake.command("check", &delta, &[]), 2, &[says]);
    }
    let other = lake.raw(&other.replace("[output]", "[output]\ntable = \"Other\""));
    assert!(!fine(&lake.command("run", &other, &[])).contains("does not replace it"));
}
