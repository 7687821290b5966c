//! Delta tables as inputs and as output: other programs read the published tables and write an input.

mod conflicts;
mod inputs;
mod names;
mod output;
mod readers;
mod refused;
mod stores;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use datafusion_engagement::config::{Enrichment, Overrides};
use datafusion_engagement::pipeline::{self, Report, Silent};
use datafusion_engagement::publish::TABLES;
use datafusion_engagement::query::session;
use serde_json::Value;

use crate::process::{ENGAGEMENT, caught};
use crate::support::{copy_segments, data, rows};

/// Python packages with three readers of Delta tables; the one of DuckDB is a package of its own.
const READERS: &str =
    "duckdb==1.5.5 duckdb-extension-delta==1.5.5 polars==2.1.0 pyarrow==26.0.1 deltalake==1.6.6";

/// The bundled enrichment as its own file, with Delta tables in `out` next to the file as output.
fn enrichment_file(folder: &Path) -> PathBuf {
    with_output(folder, "path = \"out/\"\nformat = \"delta\"")
}

/// Like [`enrichment_file`], with another `[output]`.
fn with_output(folder: &Path, output: &str) -> PathBuf {
    let text = fs::read_to_string(data().join("enrichment.toml")).unwrap();
    let text = text.replace("path = \"", &format!("path = \"{}/", data().display()));
    let bundled = format!("path = \"{}/out/\"", data().display());
    assert!(text.contains(&bundled));
    let file = folder.join("enrichment.toml");
    fs::write(&file, text.replace(&bundled, output)).unwrap();
    copy_segments(folder);
    file
}

fn open(file: &Path, as_of: &str) -> Enrichment {
    let overrides = Overrides { as_of: Some(as_of.to_owned()), ..Overrides::default() };
    Enrichment::open_with(file, &overrides).unwrap()
}

async fn run(file: &Path, as_of: &str) -> Report {
    pipeline::run(&open(file, as_of), &Silent).await.unwrap()
}

/// Runs a command as a process.
fn command(name: &str, file: &Path, more: &[&str]) -> Output {
    let file = file.display().to_string();
    let arguments = [&[name, &file], more].concat();
    caught(ENGAGEMENT, &arguments.into_iter().map(str::to_owned).collect::<Vec<_>>()).output().unwrap()
}

/// Every row of every published table, as the commands read them.
async fn published(file: &Path) -> BTreeMap<&'static str, Vec<Vec<String>>> {
    let ctx = session::published(&open(file, "2026-10-31")).await.unwrap();
    let mut all = BTreeMap::new();
    for table in TABLES {
        let order: Vec<_> = table.order.iter().map(|column| format!("\"{column}\"")).collect();
        let query = format!("select * from \"{}\" order by {}", table.name, order.join(", "));
        all.insert(table.name, rows(&ctx, &query).await.unwrap());
    }
    all
}

/// The log entries of a table in order, each as its list of actions.
fn log(table: &Path) -> Vec<Vec<Value>> {
    let mut entries: Vec<_> = files(&table.join("_delta_log"), "json");
    entries.sort();
    let actions = |file: &PathBuf| {
        let text = fs::read_to_string(file).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    entries.iter().map(actions).collect()
}

/// The files of a folder, at any depth, with this extension.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).into_iter().flatten().map(|e| e.unwrap().path()) {
        match entry.is_dir() {
            true => found.extend(files(&entry, ending)),
            false if entry.extension().is_some_and(|e| e == ending) => found.push(entry),
            false => {}
        }
    }
    found
}

/// The manifest of the published run.
fn manifest(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("out/.engagement/Office/delta.json")).unwrap()).unwrap()
}
