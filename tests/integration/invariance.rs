//! The published bytes depend only on the rows of the inputs. They do not depend on partitions and batches,
//! nor on how the rows are divided into files, their order, encodings and units, or the order of columns.

use std::collections::BTreeMap;
use std::path::Path;

use datafusion::prelude::{ParquetReadOptions, SessionContext};
use datafusion_engagement::config::Enrichment;
use datafusion_engagement::pipeline::{self, Silent};

use crate::files::{Random, disguise};
use crate::process::{self, ENGAGEMENT, arguments, caught, error};
use crate::support::{block_on, bundled, bundled_run, data, published, rows, session};

/// The rows of every published file, in file order.
async fn rows_of(output: &Path) -> BTreeMap<String, Vec<Vec<String>>> {
    let ctx = SessionContext::new();
    let mut all = BTreeMap::new();
    for file in published(output).into_keys() {
        let path = output.join(&file).display().to_string();
        ctx.register_parquet("published", path, ParquetReadOptions::default()).await.unwrap();
        all.insert(file, rows(&ctx, "select * from published").await.unwrap());
        ctx.deregister_table("published").unwrap();
    }
    all
}

fn output_of(enrichment: &Enrichment) -> std::path::PathBuf {
    enrichment.resolve(&enrichment.output.path)
}

/// Asserts that a run with these settings publishes the same bytes as the shared run.
fn same_as_ever(enrichment: &Enrichment, target_partitions: usize, batch_size: usize) {
    let (ours, shared) = (output_of(enrichment), output_of(&bundled_run().enrichment));
    block_on(async {
        let ctx = session(target_partitions, batch_size);
        pipeline::run_on(&ctx, enrichment, &Silent).await.unwrap();
        let (got, expected) = (rows_of(&ours).await, rows_of(&shared).await);
        for (file, expected) in expected {
            let differs = got[&file].iter().zip(&expected).find(|(a, b)| a != b);
            assert_eq!((got[&file].len(), differs), (expected.len(), None), "{file}");
        }
    });
    let differ: Vec<_> =
        published(&ours).into_iter().zip(published(&shared)).filter(|(a, b)| a != b).collect();
    let differ: Vec<_> = differ.into_iter().map(|((file, _), _)| file).collect();
    assert!(differ.is_empty(), "the same rows, but other bytes: {differ:?}");
}

/// Runs the bundled data with these settings.
fn settings(target_partitions: usize, batch_size: usize) {
    let output = tempfile::tempdir().unwrap();
    same_as_ever(&bundled(output.path()), target_partitions, batch_size);
}

#[test]
fn one_partition() {
    settings(1, 8192);
}

#[test]
fn two_partitions_in_tiny_batches() {
    settings(2, 7);
}

#[test]
fn eight_partitions() {
    settings(8, 8192);
}

#[test]
fn eight_partitions_in_tiny_batches() {
    settings(8, 7);
}

/// Runs the bundled rows from other files.
fn other_files(seed: u64, files: usize, target_partitions: usize, batch_size: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut enrichment = bundled(&folder.path().join("out"));
    let mut random = Random::new(seed);
    let mut elsewhere = |path: &mut String, files: usize| {
        let new = folder.path().join(path.trim_end_matches('/').trim_end_matches(".parquet"));
        disguise(&data().join(&*path), &new, files, &mut random);
        *path = new.display().to_string();
    };
    for (input, files) in [
        (&mut enrichment.mail, files),
        (&mut enrichment.meetings, files.div_ceil(2)),
        (&mut enrichment.users, 4),
        (&mut enrichment.groups, 3),
    ] {
        elsewhere(&mut input.as_mut().unwrap().path, files);
    }
    elsewhere(&mut enrichment.contacts.as_mut().unwrap().path, 5);
    elsewhere(&mut enrichment.accounts.as_mut().unwrap().path, 4);
    same_as_ever(&enrichment, target_partitions, batch_size);
}

#[test]
fn rows_shuffled_into_a_few_files() {
    other_files(1, 4, 2, 8192);
}

#[test]
fn rows_shuffled_into_many_files() {
    other_files(2, 30, 8, 100);
}

/// The environment does not matter either: cores, time zone, language, working directory, previous run.
#[test]
fn other_cores_and_surroundings() {
    let shared = published(&output_of(&bundled_run().enrichment));
    let folder = tempfile::tempdir().unwrap();
    let arguments = arguments(&process::bundled(), folder.path(), "2026-10-31");
    let one_core = [&["-c", "0", ENGAGEMENT].map(str::to_owned)[..], &arguments[..]].concat();
    for mut command in [caught("taskset", &one_core), caught(ENGAGEMENT, &arguments)] {
        command.envs([("TZ", "Asia/Tokyo"), ("LC_ALL", "tr_TR.UTF-8"), ("LANG", "tr_TR.UTF-8")]);
        match command.current_dir(folder.path()).output() {
            Ok(outcome) => assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), "")),
            Err(e) => eprintln!("skipped: {command:?}: {e}"),
        }
        assert!(published(folder.path()) == shared, "{command:?}");
    }
    // The compared files are all files that exist.
    let files = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name());
    let files: std::collections::BTreeSet<_> = files.filter(|name| name != ".engagement").collect();
    assert!(files.iter().eq(shared.keys().map(|name| name.as_str())), "{files:?}");
}
