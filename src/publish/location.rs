//! The output location of an enrichment: a folder on this machine or in an object store. What is written there, and
//! what remains to be said about it.

use std::fs::File;
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::prelude::SessionContext;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt, UpdateVersion};

use super::manifest::Manifest;
use super::tables::{Table, every_table};
use crate::config::Enrichment;
use crate::error::{Error, Result};
use crate::storage::{Bucket, Location, redacted};

/// A file to be written, and the name that errors show.
pub(crate) struct Draft {
    pub(crate) file: File,
    pub(crate) name: String,
    /// The columns of the file.
    pub(crate) schema: SchemaRef,
}

/// Where the tables of a run are, and what is to be said.
pub(crate) struct Placed {
    /// The path or URL of Office.
    pub(crate) office: String,
    /// The later as-of date whose tables stay the published ones; `None` if those of the run are.
    pub(crate) newer: Option<NaiveDate>,
    /// Remarks that are not errors.
    pub(crate) notes: Vec<String>,
}

/// The output folder as errors show it; a URL is redacted.
pub(crate) fn shown(enrichment: &Enrichment) -> String {
    match Location::of(enrichment.folder(), &enrichment.output.path) {
        Ok(Location::Local(folder)) => folder.display().to_string(),
        _ => redacted(&enrichment.output.path),
    }
}

/// The folder in which an enrichment is published.
pub(crate) enum OutputLocation {
    Folder(std::path::PathBuf),
    Store(Home),
}

/// Resolves `[output] path`.
///
/// # Errors
/// The path is not valid, the object store cannot be opened, or the URL is that of a web server.
pub(crate) fn output_location(ctx: &SessionContext, enrichment: &Enrichment) -> Result<OutputLocation> {
    let path = &enrichment.output.path;
    let wrong = |e: &dyn std::fmt::Display| {
        let file = enrichment.file.display();
        Error::enrichment(format!("{file}: [output] path = \"{}\": {e}", redacted(path)))
    };
    match Location::of(enrichment.folder(), path).map_err(|e| wrong(&e))? {
        Location::Local(folder) => Ok(OutputLocation::Folder(folder)),
        Location::Store(address) => {
            let bucket = Bucket::open(ctx, &enrichment.storage, &address).map_err(|e| wrong(&e))?;
            if bucket.is_web() {
                return Err(wrong(
                    &"output cannot be written to a web server; give a folder or an object store",
                ));
            }
            let out = Path::parse(&address.path).map_err(|e| wrong(&e))?;
            Ok(OutputLocation::Store(Home { bucket, out, table: enrichment.output.table.clone() }))
        }
    }
}

/// An output folder in an object store, for the tables of one enrichment.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    pub(crate) bucket: Arc<Bucket>,
    /// The output folder.
    pub(crate) out: Path,
    /// The name of the Office table.
    pub(crate) table: String,
}

impl Home {
    /// The folder that contains the manifest and the folders of runs.
    pub(crate) fn path(&self) -> Path {
        self.out.clone().join(super::home::HIDDEN).join(self.table.as_str())
    }

    pub(crate) fn manifest(&self) -> Path {
        self.path().join("current.json")
    }

    pub(crate) fn run(&self, run: &str) -> Path {
        self.path().join(run)
    }

    /// A file of the output folder, by its path relative to that folder.
    pub(crate) fn file(&self, relative: &str) -> Path {
        relative.split('/').fold(self.out.clone(), |path, part| path.join(part))
    }

    /// Converts an error of the store about the object at `path`. The message contains `what`.
    pub(crate) fn cannot(&self, path: &Path, what: &str) -> impl Fn(StoreError) -> Error {
        let (bucket, path, what) = (Arc::clone(&self.bucket), path.clone(), what.to_owned());
        move |e| Error::output(format!("[output] {what}: {}", bucket.describe(&path, &e)))
    }

    /// The manifest, with its version in the store for a conditional write; `None` before the first run.
    ///
    /// # Errors
    /// The manifest cannot be read.
    pub(crate) async fn current(&self) -> Result<Option<(Manifest, UpdateVersion)>> {
        let path = self.manifest();
        let got = match self.bucket.store.get(&path).await {
            Ok(got) => got,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(e) => return Err(self.cannot(&path, "cannot be read")(e)),
        };
        let version = UpdateVersion { e_tag: got.meta.e_tag.clone(), version: got.meta.version.clone() };
        let bytes = got.bytes().await.map_err(self.cannot(&path, "cannot be read"))?;
        let manifest = super::manifest::read::<Manifest>(&bytes)
            .map_err(|e| Error::output(format!("[output] {}: {e}", self.bucket.show(&path))))?;
        Ok(Some((manifest, version)))
    }
}

/// The tables that can be retained for each as-of date: all but the table about individuals.
pub(crate) fn retained_tables() -> impl Iterator<Item = &'static Table> {
    every_table().filter(|table| !table.is_about_individuals())
}

/// The retained tables, the overview last: where it is, the date is complete.
pub(crate) fn overview_last() -> impl DoubleEndedIterator<Item = &'static Table> {
    let mut tables: Vec<_> = retained_tables().collect();
    tables.sort_by_key(|table| table.is_overview());
    tables.into_iter()
}

/// The column, and the key of Hive-style folders, that contains the as-of date.
pub(crate) const AS_OF: &str = "AsOfDate";

/// The folder, in the output folder, that contains one folder for each retained table.
pub(crate) const HISTORY: &str = "history";

/// The prefix of the folder of an as-of date in the layout of versions up to 0.1.0: `out/as_of=2026-10-31/`.
pub(crate) const EARLIER: &str = "as_of=";

/// The folder of an as-of date in the folder of a table.
pub(crate) fn partition(as_of: NaiveDate) -> String {
    format!("{AS_OF}={as_of}")
}

/// The retained file of a table, relative to the output folder: `history/Office/AsOfDate=2026-10-31/Office.parquet`.
pub(crate) fn retained_file(table: &Table, office: &str, as_of: NaiveDate) -> String {
    [HISTORY, &table.folder(office), &partition(as_of), &table.file(office)].join("/")
}

/// The as-of date of a folder of a date; `None` for any other folder.
pub(crate) fn partition_date(folder: &str) -> Option<NaiveDate> {
    folder.strip_prefix(AS_OF)?.strip_prefix('=')?.parse().ok()
}

/// The as-of date and the table to which a path in `history/` belongs, given without `history/`; `None` for what is
/// not the file of a retained table.
pub(crate) fn retained(path: &str, office: &str) -> Option<(NaiveDate, &'static Table)> {
    let [folder, date, file] = path.split('/').collect::<Vec<_>>()[..] else { return None };
    let date = partition_date(date)?;
    let table = retained_tables().find(|table| table.folder(office) == folder)?;
    (table.file(office) == file).then_some((date, table))
}

/// The as-of date of a folder of the layout of versions up to 0.1.0; `None` for any other folder.
pub(crate) fn earlier_date(folder: &str) -> Option<NaiveDate> {
    folder.strip_prefix(EARLIER)?.parse().ok()
}

/// How many of the last parts of the path of a folder lead from an output folder to one with retained files:
/// 3 for `out/history/Office/AsOfDate=2026-10-31`, 1 for `out/as_of=2026-10-31`, 0 for any other.
pub(crate) fn parts_of_history<'a>(parts: impl DoubleEndedIterator<Item = &'a str>) -> usize {
    let last: Vec<&str> = parts.rev().take(3).collect();
    let earlier = usize::from(last.first().copied().and_then(earlier_date).is_some());
    last.iter().position(|part| *part == HISTORY).map_or(earlier, |at| at + 1)
}
