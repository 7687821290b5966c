//! `Office_ScoreExplained` as a published table: switched on and off, and equal to the view of this name.

use std::fs;
use std::path::Path;

use datafusion::prelude::{ParquetReadOptions, SessionContext};
use datafusion_engagement::config::Enrichment;
use datafusion_engagement::pipeline::{self, Silent};
use datafusion_engagement::publish::SCORE_EXPLAINED;
use datafusion_engagement::query::session;

use crate::history::{fine, world_of};
use crate::layouts::World;
use crate::process::error;
use crate::support::{block_on, bundled, rows};
use crate::suppressed::bundled_with;

const FILE: &str = "Office_ScoreExplained.parquet";

/// The rows of a Parquet file, in file order.
async fn rows_of(file: &Path) -> Vec<Vec<String>> {
    let ctx = SessionContext::new();
    ctx.register_parquet("t", file.display().to_string(), ParquetReadOptions::default()).await.unwrap();
    rows(&ctx, "select * from t").await.unwrap()
}

/// The file has the rows of the view, with the same values, sorted by its key.
fn is_equal_to_the_view(mut enrichment: Enrichment) {
    enrichment.output.score_explained = true;
    let file = enrichment.resolve(&enrichment.output.path).join(FILE);
    block_on(async {
        pipeline::run(&enrichment, &Silent).await.unwrap();
        let ctx = session::published(&enrichment).await.unwrap();
        let order: Vec<_> = SCORE_EXPLAINED.order.iter().map(|column| format!("\"{column}\"")).collect();
        let view = format!("select * from \"Office_ScoreExplained\" order by {}", order.join(", "));
        let (found, expected) = (rows_of(&file).await, rows(&ctx, &view).await.unwrap());
        assert!(expected.len() > 500, "{}", expected.len());
        assert_eq!(found.len(), expected.len());
        assert_eq!(found.iter().zip(&expected).find(|(a, b)| a != b), None);
        let suppressed = expected.iter().filter(|row| row[7] == "NULL").count();
        assert_eq!(suppressed > 0, enrichment.min_people > 1);
        // Live sessions explain the same.
        let mut live = rows(&session::live(&enrichment).await.unwrap(), &view).await.unwrap();
        assert_eq!(live.len(), found.len());
        live.sort();
        let mut found = found;
        found.sort();
        assert!(live == found);
    });
    let batch = crate::files::read(&file);
    let schema =
        SCORE_EXPLAINED.schema(enrichment.min_people, &datafusion::arrow::datatypes::Fields::empty());
    assert_eq!(batch.schema().fields(), schema.fields());
}

#[test]
fn the_file_has_the_rows_of_the_view() {
    let folder = tempfile::tempdir().unwrap();
    is_equal_to_the_view(bundled(&folder.path().join("out")));
}

#[test]
fn what_is_suppressed_is_not_explained() {
    let folder = tempfile::tempdir().unwrap();
    is_equal_to_the_view(bundled_with(folder.path(), 3));
}

/// What is published of a file of the worked example: 3 accounts and a year, 9 measures.
fn published(world: &World, date: Option<&str>) -> Option<usize> {
    let file = match date {
        Some(date) => format!("out/history/Office_ScoreExplained/AsOfDate={date}/{FILE}"),
        None => format!("out/{FILE}"),
    };
    let file = world.path(&file);
    assert_eq!(file.exists(), fs::symlink_metadata(&file).is_ok(), "{} leads nowhere", file.display());
    file.exists().then(|| crate::files::read(&file).num_rows())
}

#[test]
fn switched_on_and_off_in_a_folder() {
    let world = world_of("score_explained = true", |_| ());
    let [earlier, later] = [Some("2026-06-15"), Some("2026-06-30")];
    let all = || [None, earlier, later].map(|date| published(&world, date));
    assert_eq!(all(), [Some(27); 3]);
    // It is one of the files of the run.
    let status = fine(&world, "status", &["--format", "json"]);
    assert!(status.contains("\"Office_ScoreExplained\": "), "{status}");
    let sql = "select customerid, sum(points) from office_scoreexplained group by 1 order by 1";
    assert_eq!(world.query(sql), ["acme,65.0", "bolt,72.5", "calm,0.0"]);
    fs::remove_file(world.path(&format!("out/{FILE}"))).unwrap();
    let outcome = world.command("sql", &["-c", "select 1"]);
    assert!(error(&outcome).contains("Office_ScoreExplained.parquet: is missing"), "{}", error(&outcome));
    // Off: nothing old stays beside new tables. The other date keeps its own.
    world.change("score_explained = true", "score_explained = false");
    fine(&world, "run", &["--as-of", "2026-06-30"]);
    assert_eq!(all(), [None, Some(27), None]);
    assert_eq!(world.query(sql), ["acme,65.0", "bolt,72.5", "calm,0.0"]);
    assert!(!fine(&world, "status", &[]).contains("Note:"));
    // A date that is published again after a drop has what it had.
    assert_eq!(world.command("history", &["--drop", "2026-06-30"]).status.code(), Some(0));
    assert_eq!(all(), [Some(27), Some(27), None]);
    assert_eq!(world.query(sql), ["acme,70.0", "bolt,57.5", "calm,0.0"]);
    fine(&world, "run", &["--as-of", "2026-06-30"]);
    assert_eq!(all(), [None, Some(27), None]);
    // An earlier date, which is retained and not published.
    fine(&world, "run", &["--as-of", "2026-06-15"]);
    assert_eq!(all(), [None; 3]);
    // On again.
    world.change("score_explained = false", "score_explained = true");
    fine(&world, "run", &["--as-of", "2026-06-15"]);
    assert_eq!(all(), [None, Some(27), None]);
    fine(&world, "run", &["--as-of", "2026-06-30"]);
    assert_eq!(all(), [Some(27); 3]);
}

/// A file of this name that the enrichment has not published is in the way only of a run that publishes one.
#[test]
fn files_of_others_stay() {
    let world = World::new();
    let text = fs::read_to_string(world.path("enrichment.toml")).unwrap();
    fs::write(world.path("enrichment.toml"), text + "\n[output]\nscore_explained = false\n").unwrap();
    world.run();
    let own = world.input("contacts.parquet");
    world.write(&format!("out/{FILE}"), &own);
    world.run();
    assert!(world.input(&format!("out/{FILE}")) == own);
    world.change("score_explained = false", "score_explained = true");
    let outcome = world.command("run", &[]);
    assert!(error(&outcome).contains("ScoreExplained.parquet does not say that an"), "{}", error(&outcome));
    assert_eq!(world.command("run", &["--replace"]).status.code(), Some(0));
    assert_eq!(published(&world, None), Some(27));
}

/// The dates in the current version of the Delta table, with the number of their files.
#[cfg(feature = "delta")]
fn dates(world: &World) -> Vec<String> {
    let mut files = std::collections::BTreeMap::new();
    let log = world.path("out/Office_ScoreExplained/_delta_log");
    let mut entries: Vec<_> = fs::read_dir(log).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries.into_iter().filter(|entry| entry.extension().is_some_and(|e| e == "json")) {
        for line in fs::read_to_string(entry).unwrap().lines() {
            let action: serde_json::Value = serde_json::from_str(line).unwrap();
            if let Some(path) = action["add"]["path"].as_str() {
                files.insert(path.to_owned(), action["add"]["partitionValues"]["AsOfDate"].clone());
            }
            if let Some(path) = action["remove"]["path"].as_str() {
                assert!(files.remove(path).is_some(), "{path}");
            }
        }
    }
    files.into_values().map(|date| date.as_str().unwrap().to_owned()).collect()
}

#[cfg(feature = "delta")]
#[test]
fn switched_on_and_off_in_delta_tables() {
    let world = world_of("format = \"delta\"\nscore_explained = true", |_| ());
    assert_eq!(dates(&world), ["2026-06-15", "2026-06-30"]);
    let status = fine(&world, "status", &["--format", "json"]);
    assert!(status.contains("\"Office_ScoreExplained\": "), "{status}");
    world.change("score_explained = true", "score_explained = false");
    fine(&world, "run", &["--as-of", "2026-06-30"]);
    assert_eq!(dates(&world), ["2026-06-15"]);
    let commits = || fs::read_dir(world.path("out/Office_ScoreExplained/_delta_log")).unwrap().count();
    let before = commits();
    fine(&world, "run", &["--as-of", "2026-06-30"]);
    assert_eq!(commits(), before, "nothing is left to remove");
    world.query("select count(*) from office_scoreexplained");
    world.change("score_explained = false", "score_explained = true");
    fine(&world, "run", &["--as-of", "2026-06-30"]);
    assert_eq!(dates(&world), ["2026-06-15", "2026-06-30"]);
    assert_eq!(world.command("history", &["--drop", "2026-06-30"]).status.code(), Some(0));
    assert_eq!(dates(&world), ["2026-06-15"]);
    // A first run that does not write it makes no table.
    let other = world_of("format = \"delta\"", |_| ());
    assert!(!other.path("out/Office_ScoreExplained").exists());
}
