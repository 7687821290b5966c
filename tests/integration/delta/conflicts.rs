//! Concurrent writers to the same tables, and runs that are killed: afterwards the tables of exactly one run
//! are published.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::Once;
use std::thread::sleep;
use std::time::{Duration, Instant};

use datafusion_engagement::pipeline::{self, Progress};
use datafusion_engagement::publish::TABLES;
use datafusion_engagement::query::session;

use super::{command, enrichment_file, files, log, manifest, open, published, run as whole_run};
use crate::files::Random;
use crate::process::{DAYS, ENGAGEMENT, caught, error, refused};
use crate::support::{block_on, rows};

const CONFLICT: &str = "another writer has committed to it since this run began";

/// Progress that executes another complete run while a run computes.
struct Meanwhile<'a> {
    file: &'a Path,
    once: Once,
}

impl Progress for Meanwhile<'_> {
    fn stage(&self, name: &str) {
        if name == "Office" {
            self.once.call_once(|| {
                let outcome = command("run", self.file, &["--as-of", DAYS[1]]);
                assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""));
            });
        }
    }
}

/// All tables are at the versions in the manifest, and the last commit of each is from the same run.
fn assert_whole(folder: &Path) {
    let manifest = manifest(folder);
    for table in TABLES {
        let of_table = folder.join("out").join(table.folder("Office"));
        let log = log(&of_table);
        // Early entries of the user table are deleted, so the last one has the version in its name.
        let last = files(&of_table.join("_delta_log"), "json").into_iter().max().unwrap();
        let version: u64 = last.file_stem().unwrap().to_str().unwrap().parse().unwrap();
        assert_eq!(manifest["tables"][table.name], version, "{}", table.name);
        let info = log.last().unwrap().iter().find_map(|action| action.get("commitInfo")).unwrap();
        assert_eq!(info["engagement.run"], manifest["run"], "{}", table.name);
    }
}

#[test]
fn who_comes_second_fails_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = enrichment_file(folder);
    for first in [true, false] {
        block_on(async {
            let meanwhile = Meanwhile { file: &file, once: Once::new() };
            // First round: the first commits ever. Second round: commits to existing tables.
            assert_eq!(folder.join("out/Office").exists(), !first);
            let error = pipeline::run(&open(&file, DAYS[0]), &meanwhile).await.unwrap_err();
            let text = error.to_string();
            assert!(
                text.starts_with("[output] ") && text.contains(CONFLICT) && !text.contains('\n'),
                "{text}"
            );
            assert!(text.contains("nothing of this run is published"), "{text}");
            assert!(error.is_temporary());
            assert_eq!(error.exit_code(), 75);
            let left = files(&folder.join(format!("out/Office/AsOfDate={}", DAYS[0])), "parquet");
            assert!(left.is_empty(), "what it uploaded is deleted: {left:?}");
        });
        assert_whole(folder);
        assert_eq!(manifest(folder)["as_of"], DAYS[1]);
        let named =
            fs::read_to_string(folder.join("out/Office/_delta_log/00000000000000000000.json")).unwrap();
        assert!(!named.contains(DAYS[0]), "no file of the other run is in the table");
    }
}

#[test]
fn of_many_at_once_none_mix() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = enrichment_file(folder);
    for _ in 0..4 {
        let children: Vec<_> = (0..4)
            .map(|i| {
                let arguments = ["run", file.to_str().unwrap(), "--as-of", DAYS[i % 2]].map(str::to_owned);
                caught(ENGAGEMENT, &arguments).spawn().unwrap()
            })
            .collect();
        let mut fine = 0;
        for child in children {
            let outcome = child.wait_with_output().unwrap();
            match outcome.status.code() {
                Some(0) => fine += 1,
                _ => refused(&outcome, 75, CONFLICT),
            }
        }
        assert!(fine > 0, "one of them comes first");
        let dates = block_on(async {
            let ctx = session::published(&open(&file, DAYS[0])).await.unwrap();
            rows(&ctx, r#"select "AsOfDate" from "Office_Overview""#).await.unwrap()
        });
        assert_eq!(dates, [[manifest(folder)["as_of"].as_str().unwrap()]]);
        let office = log(&folder.join("out/Office")).len();
        let cards = log(&folder.join("out/Office_CustomerCard")).len();
        assert_eq!(office, cards, "a run commits to all of them or to none");
    }
}

#[test]
fn killed_at_any_moment() {
    let (folder, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (folder, file) = (folder.path(), enrichment_file(folder.path()));
    let alone = enrichment_file(alone.path());
    let days: Vec<_> = (16..24).map(|day| format!("2026-10-{day}")).collect();
    block_on(whole_run(&file, "2026-10-15"));
    let mut before = block_on(published(&file));
    let mut random = Random::new(21);
    for (round, day) in days.iter().enumerate() {
        let began = Instant::now();
        block_on(whole_run(&alone, day));
        let (after, takes) = (block_on(published(&alone)), began.elapsed());
        assert_ne!(before, after);
        let commits = log(&folder.join("out/Office")).len();
        let arguments = ["run", file.to_str().unwrap(), "--as-of", day].map(str::to_owned);
        let mut child = caught(ENGAGEMENT, &arguments).stderr(Stdio::null()).spawn().unwrap();
        let part = random.below(1000) as u32;
        if round % 2 == 0 {
            sleep(takes * part / 1000);
        } else {
            // The first table is committed; the other tables and the manifest follow.
            let next = folder.join(format!("out/Office/_delta_log/{commits:020}.json"));
            while !next.exists() && child.try_wait().unwrap().is_none() {
                sleep(Duration::from_micros(200));
            }
            sleep(Duration::from_micros(u64::from(part) * 20));
        }
        let _ = child.kill();
        child.wait().unwrap();
        let found = block_on(published(&file));
        assert!(found == before || found == after, "{day}: the run before or this one, as a whole");
        before = found;
    }
    let last = days.last().unwrap();
    block_on(whole_run(&file, last));
    assert_eq!(block_on(published(&file)), block_on(published(&alone)));
    assert_whole(folder);
}

/// The state that a kill between two commits leaves, for each number of committed tables.
#[test]
fn killed_between_two_commits() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let file = enrichment_file(folder);
    let manifest = folder.join("out/.engagement/Office/delta.json");
    block_on(whole_run(&file, DAYS[1]));
    let (before, written) = (block_on(published(&file)), fs::read(&manifest).unwrap());
    block_on(whole_run(&file, DAYS[0]));
    let after = block_on(published(&file));
    assert_ne!(before, after);
    // As if the run ended before it wrote the manifest, then also before its last commits.
    fs::write(&manifest, written).unwrap();
    assert_eq!(block_on(published(&file)), before);
    for table in TABLES.iter().rev() {
        fs::remove_file(
            folder.join("out").join(table.folder("Office")).join("_delta_log/00000000000000000001.json"),
        )
        .unwrap();
        assert_eq!(block_on(published(&file)), before, "{}", table.name);
        if table.name == "Office_Overview" {
            break;
        }
    }
    // The next run succeeds from this state.
    block_on(whole_run(&file, DAYS[0]));
    assert_eq!(block_on(published(&file)), after);
    let ctx = block_on(session::published(&open(&file, DAYS[0]))).unwrap();
    let history = block_on(rows(&ctx, r#"select "AsOfDate" from "Office_History" order by 1"#)).unwrap();
    let dates: BTreeSet<_> = history.iter().map(|row| row[0].as_str()).collect();
    assert_eq!((history.len(), dates), (2, BTreeSet::from(DAYS)));
}
