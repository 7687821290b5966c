//! Suppression that is switched on, or made stronger: what runs with less protection have left is deleted.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use datafusion::arrow::record_batch::RecordBatchReader;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion_engagement::config::{Enrichment, Overrides};
use datafusion_engagement::pipeline::{self, Silent};
use datafusion_engagement::query::session;
use serde_json::{Value, json};

use crate::support::{block_on, data, files_in, rows};

/// An enrichment file over the bundled inputs, without weeks.
fn enrichment_file(folder: &Path, output: &str, min_people: u32) -> PathBuf {
    let text = fs::read_to_string(data().join("enrichment.toml")).unwrap();
    let text = text.replace("path = \"", &format!("path = \"{}/", data().display()));
    let text = text.replace(", \"week\"]", "]");
    let bundled = format!("path = \"{}/out/\"", data().display());
    let privacy = format!("\n[privacy]\nmin_people = {min_people}\n");
    let text = text.replace(&bundled, &format!("path = \"out/\"\n{output}")) + &privacy;
    let file = folder.join("enrichment.toml");
    fs::write(&file, text).unwrap();
    file
}

fn open(file: &Path, as_of: &str) -> Enrichment {
    // Past dates are run after later ones.
    let overrides =
        Overrides { as_of: Some(as_of.to_owned()), publish_changed: true, ..Overrides::default() };
    Enrichment::open_with(file, &overrides).unwrap()
}

/// Runs the enrichment and returns the notes about what was deleted.
async fn run(file: &Path, as_of: &str) -> Vec<String> {
    let report = pipeline::run(&open(file, as_of), &Silent).await.unwrap();
    report.notes.into_iter().filter(|note| note.contains("is deleted")).collect()
}

async fn history(file: &Path) -> Vec<String> {
    let ctx = session::published(&open(file, "2026-10-31")).await.unwrap();
    let dates = r#"select "AsOfDate" from "Office_History" order by 1"#;
    rows(&ctx, dates).await.unwrap().into_iter().map(|row| row[0].clone()).collect()
}

/// How often each text is in the files of a folder, compressed data left out.
fn occurrences(folder: &Path, text: &str) -> usize {
    let files = files_in(folder).into_iter().filter(|file| file.is_file());
    files.filter(|file| String::from_utf8_lossy(&fs::read(file).unwrap()).contains(text)).count()
}

fn says(dates: usize, runs: &str, min_people: u32) -> String {
    format!(
        "[privacy] min_people = {min_people}: what runs with less protection had left in the output is deleted ({dates} \
         as-of dates, {runs}); this program cannot delete copies elsewhere, backups, and versions that a store keeps of \
         its objects"
    )
}

#[test]
fn parquet_files_of_runs_with_less_protection_are_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let open_file = |k| enrichment_file(folder, "history = true", k);
    let home = folder.join("out/.engagement/Office");
    let contents = || -> BTreeSet<String> {
        fs::read_dir(&home).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect()
    };
    block_on(async {
        let file = open_file(1);
        // The newest date is after the last complete month.
        for date in ["2026-09-20", "2026-10-15", "2026-10-15", "2026-10-20"] {
            assert!(run(&file, date).await.is_empty());
        }
        open_file(2);
        assert_eq!(run(&file, "2026-10-20").await, [says(3, "1 earlier run", 2)]);
        assert_eq!(history(&file).await, ["2026-09-30"]);
        assert_eq!(occurrences(&folder.join("out"), "2026-10-15"), 0);
        let left = contents();
        assert_eq!(left.iter().filter(|name| name.starts_with("run-")).count(), 1, "{left:?}");
        assert_eq!(left.iter().filter(|name| name.starts_with("retained-")).count(), 1, "{left:?}");

        // Nothing more to delete, and an older date can be had again.
        assert!(run(&file, "2026-09-20").await.is_empty());
        assert_eq!(history(&file).await, ["2026-08-31", "2026-09-30"]);
        // Less protection leaves what has more; more deletes both.
        open_file(1);
        assert!(run(&file, "2026-10-25").await.is_empty());
        assert_eq!(history(&file).await.len(), 3);
        open_file(4);
        assert_eq!(run(&file, "2026-10-31").await, [says(3, "1 earlier run", 4)]);
        assert_eq!(history(&file).await, ["2026-10-31"]);
    });
}

/// With another name and `--replace`, what it has left under its name before is deleted, too.
#[test]
fn a_renamed_enrichment_deletes_what_it_has_left() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    block_on(async {
        let file = enrichment_file(folder, "history = true", 1);
        for date in ["2026-09-20", "2026-10-15"] {
            assert!(run(&file, date).await.is_empty());
        }
        enrichment_file(folder, "history = true", 2);
        let text = fs::read_to_string(&file).unwrap();
        fs::write(&file, text.replace("northwind-demo", "northwind")).unwrap();
        let overrides = Overrides { as_of: Some("2026-10-20".into()), replace: true, ..Overrides::default() };
        let report =
            pipeline::run(&Enrichment::open_with(&file, &overrides).unwrap(), &Silent).await.unwrap();
        assert!(report.notes.contains(&says(2, "1 earlier run", 2)), "{:?}", report.notes);
        assert_eq!(history(&file).await, ["2026-09-30"]);
        assert_eq!(occurrences(&folder.join("out"), "northwind-demo"), 0);
    });
}

#[test]
fn delta_versions_of_runs_with_less_protection_are_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let open_file = |k| enrichment_file(folder, "format = \"delta\"", k);
    let out = folder.join("out");
    block_on(async {
        let file = open_file(1);
        for date in ["2026-09-20", "2026-10-15", "2026-10-15", "2026-10-20"] {
            assert!(run(&file, date).await.is_empty());
        }
        open_file(2);
        assert_eq!(run(&file, "2026-10-20").await, [says(3, "4 earlier versions", 2)]);
        assert_eq!(history(&file).await, ["2026-09-30"]);
        let ctx = session::published(&open(&file, "2026-10-31")).await.unwrap();
        let totals = r#"select "DaysCovered", "MailboxesActive" from "Office_Overview""#;
        assert_eq!(rows(&ctx, totals).await.unwrap(), [["NULL", "NULL"]]);
        for table in ["Office", "Office_Overview", "Office_CustomerCard_History"] {
            let table = out.join(table);
            let data = files_in(&table).into_iter().filter(|f| !f.to_string_lossy().contains("_delta_log"));
            assert_eq!(data.filter(|f| f.is_file()).count(), 1, "{table:?}");
            // The one entry that is left names removed files, but no number in them.
            let log = fs::read_dir(table.join("_delta_log")).unwrap().map(|e| e.unwrap().path());
            let entries: Vec<_> = log.filter(|f| f.extension().is_some_and(|e| e == "json")).collect();
            assert_eq!(entries.len(), 1, "{entries:?}");
            let entry = fs::read_to_string(&entries[0]).unwrap();
            assert_eq!(entry.matches("minValues").count(), 1, "{entry}");
        }

        // Nothing more to delete, and dates are kept again.
        assert!(run(&file, "2026-10-31").await.is_empty());
        assert!(run(&file, "2026-09-20").await.is_empty());
        assert_eq!(history(&file).await, ["2026-08-31", "2026-09-30", "2026-10-31"]);
        open_file(1);
        assert!(run(&file, "2026-11-03").await.is_empty());
        open_file(2);
        assert_eq!(
            run(&file, "2026-11-03").await,
            [says(1, "4 earlier versions", 2).replace("dates", "date")]
        );
        assert_eq!(history(&file).await, ["2026-08-31", "2026-09-30", "2026-10-31"]);
    });
}

/// Compacts an as-of date of a Delta table as other programs do it: the same rows in another file, which does not say of
/// which run they are. With `vacuum`, the compacted file is deleted.
fn compact(table: &Path, date: &str, vacuum: bool) {
    let log = table.join("_delta_log");
    let mut entries: Vec<_> =
        files_in(&log).into_iter().filter(|f| f.extension().is_some_and(|e| e == "json")).collect();
    entries.sort();
    let actions = entries.iter().flat_map(|entry| {
        let text = fs::read_to_string(entry).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    });
    let folder = format!("AsOfDate={date}/");
    let is_of_date = |add: &Value| add["path"].as_str().is_some_and(|path| path.starts_with(&folder));
    let mut adds = actions.filter_map(|action| action.get("add").cloned()).filter(is_of_date);
    let before = adds.next_back().unwrap();
    let (from, path) = (table.join(before["path"].as_str().unwrap()), format!("{folder}compacted.parquet"));
    let batches =
        ParquetRecordBatchReaderBuilder::try_new(File::open(&from).unwrap()).unwrap().build().unwrap();
    let schema = batches.schema().as_ref().clone().with_metadata([].into());
    let to = table.join(&path);
    let mut writer = ArrowWriter::try_new(File::create(&to).unwrap(), schema.into(), None).unwrap();
    batches.for_each(|batch| writer.write(&batch.unwrap()).unwrap());
    writer.close().unwrap();
    let (mut remove, mut add) = (before.clone(), before);
    remove["deletionTimestamp"] = json!(1_800_000_000_000_u64);
    remove.as_object_mut().unwrap().retain(|key, _| key != "stats" && key != "modificationTime");
    (add["path"], add["size"]) = (json!(path), json!(fs::metadata(&to).unwrap().len()));
    (remove["dataChange"], add["dataChange"]) = (json!(false), json!(false));
    let info = json!({ "timestamp": 1_800_000_000_000_u64, "operation": "OPTIMIZE" });
    let lines = [json!({ "commitInfo": info }), json!({ "remove": remove }), json!({ "add": add })];
    let last: u64 = entries.last().unwrap().file_stem().unwrap().to_str().unwrap().parse().unwrap();
    let lines = lines.map(|line| line.to_string()).join("\n");
    fs::write(log.join(format!("{:020}.json", last + 1)), lines).unwrap();
    if vacuum {
        fs::remove_file(from).unwrap();
    }
}

#[test]
fn compacted_delta_tables_keep_what_is_protected() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let open_file = |k| enrichment_file(folder, "format = \"delta\"", k);
    let (office, manifest) = (folder.join("out/Office"), folder.join("out/.engagement/Office/delta.json"));
    let published = async |file: &Path| {
        let ctx = session::published(&open(file, "2026-10-31")).await.unwrap();
        rows(&ctx, r#"select "AsOfDate" from "Office_Overview""#).await.unwrap().concat()
    };
    block_on(async {
        // Rows without protection are found in compacted files.
        let file = open_file(1);
        assert!(run(&file, "2026-09-20").await.is_empty());
        assert!(run(&file, "2026-10-15").await.is_empty());
        compact(&office, "2026-09-20", true);
        open_file(2);
        assert_eq!(run(&file, "2026-10-20").await, [says(2, "3 earlier versions", 2)]);
        assert_eq!(history(&file).await, ["2026-09-30"]);
        let data = files_in(&office).into_iter().filter(|f| !f.to_string_lossy().contains("_delta_log"));
        assert_eq!(data.count(), 1);

        // Protected rows stay, and so do the versions before. An older date does not replace the newest.
        assert!(run(&file, "2026-10-31").await.is_empty());
        compact(&office, "2026-10-31", false);
        let log = files_in(&office.join("_delta_log")).len();
        assert!(run(&file, "2026-09-20").await.is_empty());
        assert_eq!(history(&file).await, ["2026-08-31", "2026-09-30", "2026-10-31"]);
        assert_eq!(published(&file).await, ["2026-10-31"]);
        assert_eq!(files_in(&office.join("_delta_log")).len(), log + 1);

        // A run without protection that was killed before it was published, then compacted and vacuumed: of compacted
        // files nobody knows of which run they are.
        let written = fs::read(&manifest).unwrap();
        open_file(1);
        assert!(run(&file, "2026-11-03").await.is_empty());
        fs::write(&manifest, written).unwrap();
        compact(&office, "2026-11-03", true);
        open_file(2);
        assert_eq!(run(&file, "2026-11-05").await, [says(2, "6 earlier versions", 2)]);
        assert_eq!(history(&file).await, ["2026-08-31", "2026-09-30", "2026-10-31"]);
        assert_eq!(published(&file).await, ["2026-10-31"]);
        // The file of the protected run that was compacted is left for VACUUM, as always.
        let data = files_in(&office).into_iter().filter(|f| !f.to_string_lossy().contains("_delta_log"));
        let data: Vec<_> = data.collect();
        assert!(data.len() == 4 && !data.iter().any(|f| f.ends_with("compacted.parquet")), "{data:?}");
        assert!(run(&file, "2026-10-31").await.is_empty());
    });
}
