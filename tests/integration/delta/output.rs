//! What a run publishes as Delta tables.

use std::fs;
use std::path::{Path, PathBuf};

use datafusion_engagement::publish::TABLES;
use datafusion_engagement::query::session;

use super::{enrichment_file, files, log, manifest, open, published, run, with_output};
use crate::support::{block_on, rows};

const HISTORY: &str = r#"select "AsOfDate", "AccountsEngaged" from "Office_History" order by 1"#;

#[test]
fn the_rows_are_those_of_the_parquet_files() {
    let (delta, parquet) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (delta, parquet) = (delta.path(), parquet.path());
    let file = enrichment_file(delta);
    let plain = with_output(parquet, "path = \"out/\"");
    block_on(async {
        let report = run(&file, "2026-10-31").await;
        assert_eq!(report.office, delta.join("out/Office").display().to_string());
        run(&plain, "2026-10-31").await;
        assert_eq!(published(&file).await, published(&plain).await);
        let explained = r#"select * from "Office_ScoreExplained" order by 1, 2, 3, 4"#;
        let mut found = vec![];
        for file in [&file, &plain] {
            let ctx = session::published(&open(file, "2026-10-31")).await.unwrap();
            found.push(rows(&ctx, explained).await.unwrap());
        }
        assert!(found[0].len() > 1_000 && found[0] == found[1]);
    });
}

#[test]
fn each_date_is_replaced_alone() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = enrichment_file(folder);
    let history = async || {
        let ctx = session::published(&open(&file, "2026-10-31")).await.unwrap();
        rows(&ctx, HISTORY).await.unwrap().into_iter().map(|row| row[0].clone()).collect::<Vec<_>>()
    };
    let office = folder.join("out/Office");
    let of_date = |date: &str| files(&office.join(format!("AsOfDate={date}")), "parquet");
    let bytes = |date: &str| fs::read(of_date(date).last().unwrap()).unwrap();
    block_on(async {
        run(&file, "2026-10-15").await;
        assert_eq!(history().await, ["2026-10-15"]);
        let (before, first) = (published(&file).await, bytes("2026-10-15"));
        run(&file, "2026-10-31").await;
        assert_eq!(history().await, ["2026-10-15", "2026-10-31"]);
        assert_ne!(published(&file).await, before);
        assert_eq!(bytes("2026-10-15"), first, "the file of another date stays");

        // The same date again: another file with the same bytes, and no duplicate rows.
        let newest = published(&file).await;
        run(&file, "2026-10-31").await;
        assert_eq!((published(&file).await, history().await.len()), (newest.clone(), 2));
        let written = of_date("2026-10-31");
        assert_eq!(written.len(), 2);
        assert_eq!(fs::read(&written[0]).unwrap(), fs::read(&written[1]).unwrap());

        // An older date is added to the history; the published tables stay, Office_UserTable too.
        let users = log(&folder.join("out/Office_UserTable")).len();
        run(&file, "2026-09-30").await;
        assert_eq!(history().await, ["2026-09-30", "2026-10-15", "2026-10-31"]);
        assert_eq!(published(&file).await, newest);
        assert_eq!(log(&folder.join("out/Office_UserTable")).len(), users);
        assert_eq!(manifest(folder)["as_of"], "2026-10-31");
        // The first date is run again.
        run(&file, "2026-10-15").await;
        assert_eq!((published(&file).await, history().await.len()), (newest, 3));
    });
    // Each commit removes the files of its own date and adds one file.
    let commits = log(&office);
    assert_eq!(commits.len(), 5);
    for (commit, date, removed) in
        [(1, "2026-10-31", 0), (2, "2026-10-31", 1), (3, "2026-09-30", 0), (4, "2026-10-15", 1)]
    {
        let of =
            |action: &str| commits[commit].iter().filter_map(|a| a.get(action)).cloned().collect::<Vec<_>>();
        assert_eq!((of("add").len(), of("remove").len()), (1, removed), "commit {commit}");
        for file in of("add").into_iter().chain(of("remove")) {
            assert_eq!(file["partitionValues"]["AsOfDate"], date);
        }
    }
}

#[test]
fn a_commit_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = enrichment_file(folder);
    block_on(run(&file, "2026-10-31"));
    let run = manifest(folder)["run"].clone();
    for table in TABLES {
        let commits = log(&folder.join("out").join(table.folder("Office")));
        assert_eq!(commits.len(), 1, "{}", table.name);
        let of = |action: &str| commits[0].iter().find_map(|a| a.get(action)).unwrap().clone();
        let info = of("commitInfo");
        assert_eq!(info["engagement.as_of"], "2026-10-31");
        assert_eq!(info["engagement.version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(info["engagement.run"], run);
        assert!(info["engagement.weights"].as_str().unwrap().contains("NoOfEmails_FromAccount=20"));
        let shown: serde_json::Value = serde_json::from_str(info["userMetadata"].as_str().unwrap()).unwrap();
        assert_eq!(shown["engagement.weights"], info["engagement.weights"]);
        assert_eq!(of("protocol"), serde_json::json!({ "minReaderVersion": 1, "minWriterVersion": 2 }));
        let by: &[&str] = if table.name == "Office_UserTable" { &[] } else { &["AsOfDate"] };
        assert_eq!(of("metaData")["partitionColumns"], serde_json::json!(by), "{}", table.name);
        if table.name == "Office_UserTable" {
            assert!(of("add")["stats"].is_null(), "nothing about individuals");
            continue;
        }
        let statistics = of("add")["stats"].as_str().unwrap().to_owned();
        assert!(
            serde_json::from_str::<serde_json::Value>(&statistics).unwrap()["numRecords"].as_i64() > Some(0)
        );
    }
    // Only Office_UserTable contains individuals.
    for entry in files(&folder.join("out"), "json") {
        let text = fs::read_to_string(&entry).unwrap();
        let is_theirs = entry.to_string_lossy().contains("Office_UserTable");
        assert!(is_theirs || !text.contains('@'), "{}", entry.display());
    }
}

/// The data files of a table: those that are not checkpoints of its log.
fn data_files(table: &Path) -> Vec<PathBuf> {
    files(table, "parquet")
        .into_iter()
        .filter(|file| !file.to_string_lossy().contains("_delta_log"))
        .collect()
}

/// Of Office_UserTable, the files that earlier runs left are deleted once they are old.
#[test]
fn people_are_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = enrichment_file(folder.path());
    let users = folder.path().join("out/Office_UserTable");
    block_on(async {
        run(&file, "2026-10-15").await;
        let first = data_files(&users);
        run(&file, "2026-10-31").await;
        assert_eq!(data_files(&users).len(), 2, "the run before may still be read");
        let yesterday = std::time::SystemTime::now() - std::time::Duration::from_secs(25 * 3600);
        for file in data_files(&users) {
            fs::File::options().append(true).open(file).unwrap().set_modified(yesterday).unwrap();
        }
        run(&file, "2026-10-31").await;
        let left = data_files(&users);
        assert!(left.len() == 2 && !left.contains(&first[0]), "{left:?}");
        assert!(!published(&file).await["Office_UserTable"].is_empty());
        // The other tables retain all dates.
        let office = folder.path().join("out/Office");
        assert_eq!(files(&office, "parquet").len(), 3);
    });
}

/// Nor are they in its log: it has no statistics, and each run sums up the entries before the last one. An entry of an
/// earlier version of this program, which has statistics, goes with the next run.
#[test]
fn people_are_not_kept_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let file = enrichment_file(folder.path());
    let users = folder.path().join("out/Office_UserTable");
    let entries = || -> Vec<String> {
        let mut entries = files(&users.join("_delta_log"), "json");
        entries.sort();
        entries.iter().map(|entry| fs::read_to_string(entry).unwrap()).collect()
    };
    block_on(async {
        for (run_no, left) in [(0, 1), (1, 2), (2, 2), (3, 2)] {
            run(&file, "2026-10-31").await;
            let entries = entries();
            assert_eq!(entries.len(), left, "run {run_no}");
            assert!(
                entries.iter().all(|text| !text.contains('@') && !text.contains("minValues")),
                "{entries:?}"
            );
        }
        let last = files(&users.join("_delta_log"), "json").into_iter().max().unwrap();
        let add = r#""add":{"#;
        let with = r#""add":{"stats":"{\"numRecords\":1,\"minValues\":{\"Email\":\"anna@x.com\"}}","#;
        let text = fs::read_to_string(&last).unwrap().replace("\"stats\":null,", "");
        assert!(text.contains(add));
        fs::write(&last, text.replace(add, with)).unwrap();
        run(&file, "2026-10-31").await;
        let entries = entries();
        assert!(entries.len() == 1 && !entries[0].contains('@'), "{entries:?}");
        assert!(!published(&file).await["Office_UserTable"].is_empty());
    });
}

#[test]
fn a_table_with_a_name_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = with_output(folder.path(), "path = \"out/\"\nformat = \"delta\"\ntable = \"Sales\"");
    block_on(async {
        run(&file, "2026-10-31").await;
        let ctx = session::published(&open(&file, "2026-10-31")).await.unwrap();
        let count =
            rows(&ctx, r#"select count(*) from "Sales" join "Sales_Overview" on true"#).await.unwrap();
        assert_eq!(count, [["1148"]]);
    });
    assert!(folder.path().join("out/Sales_CustomerCard_History/_delta_log").is_dir());
    assert!(!folder.path().join("out/Office").exists());
}

/// After ten commits a checkpoint saves readers the earlier log entries.
#[test]
fn a_long_log_is_summed_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = enrichment_file(folder.path());
    block_on(async {
        let dates: Vec<_> = (10..21).map(|day| format!("2026-10-{day}")).collect();
        for date in &dates {
            run(&file, date).await;
        }
        let ctx = session::published(&open(&file, "2026-10-31")).await.unwrap();
        assert_eq!(rows(&ctx, HISTORY).await.unwrap().len(), dates.len());
    });
    for table in TABLES {
        let log = folder.path().join("out").join(table.folder("Office")).join("_delta_log");
        assert!(log.join("00000000000000000009.checkpoint.parquet").is_file(), "{}", table.name);
    }
}
