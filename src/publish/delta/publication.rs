//! The Delta tables of one run, until they are published.

use std::fs::{self, File};
use std::io;
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::parquet::file::reader::{FileReader, SerializedFileReader};
use datafusion::prelude::SessionContext;
use deltalake_core::DeltaTable;
use object_store::ObjectStoreExt;

use super::commit::{self, Refused, Run, Uploaded};
use super::manifest::{self, Manifest};
use super::{cleanup, contract};
use crate::config::Enrichment;
use crate::error::{Error, Result};
use crate::publish::{
    Description, Draft, OutputLocation, RUN, TABLES, Table, lock_home, output_location, upload,
};
use crate::storage::delta_folder::Folder;

/// The version of the format of the manifest that is written, and the only one that is read.
const VERSION: u32 = crate::publish::manifest::VERSION;

/// The tables of one run, and the state of the output folder when the run began.
pub(crate) struct Publication {
    out: Folder,
    /// The name of the Office table.
    office: String,
    run: String,
    as_of: NaiveDate,
    description: Description,
    manifest: manifest::Found,
    tables: Vec<Prepared>,
}

/// A table, as it was found when the run began.
struct Prepared {
    table: &'static Table,
    folder: Folder,
    found: Option<DeltaTable>,
    /// The file that the run adds to it.
    file: Option<File>,
}

impl Publication {
    /// Reads the state of the existing tables and checks that files can be written.
    ///
    /// # Errors
    /// The output folder cannot be written to, or contains a table that this program has not created or
    /// that has another schema.
    pub(crate) async fn create(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Self> {
        let office = enrichment.output.table.clone();
        let run = upload::new_run()?;
        let out = match output_location(ctx, enrichment)? {
            OutputLocation::Folder(folder) => {
                let create = || -> io::Result<Folder> {
                    let home = folder.join(manifest::home(&office));
                    fs::create_dir_all(&home)?;
                    tempfile::tempfile_in(&home)?;
                    Folder::local(&folder)
                };
                create().map_err(|e| wrong(format!("{}: cannot be written to: {e}", folder.display())))?
            }
            OutputLocation::Store(home) => {
                upload::probe(&home, &run).await?;
                Folder::in_store(&home.bucket, home.out.clone()).map_err(wrong)?
            }
        };
        let manifest = manifest::read(&out, &office).await.map_err(wrong)?;
        let mut tables = vec![];
        for table in TABLES {
            let folder = out.child(&table.folder(&office));
            let found = folder.table(None).await.map_err(wrong)?;
            if let Some(found) = &found {
                contract::check(table, found).map_err(|e| wrong(format!("{} {e}", folder.name)))?;
            }
            tables.push(Prepared { table, folder, found, file: None });
        }
        let (as_of, description) = (enrichment.as_of, Description::of(enrichment));
        Ok(Self { out, office, run, as_of, description, manifest, tables })
    }

    /// Creates the file into which a table of this run is written: an anonymous temporary file, of which a
    /// killed run leaves nothing.
    ///
    /// # Errors
    /// The file cannot be created.
    pub(crate) fn draft(&mut self, table: &'static Table) -> Result<Draft> {
        let name = format!("a temporary file for {}", table.folder(&self.office));
        let create = |out: &Folder| match out.on_this_machine() {
            Some(folder) => tempfile::tempfile_in(folder.join(manifest::home(&self.office))),
            None => tempfile::tempfile(),
        };
        let cannot = |e| Error::output(format!("{name}: cannot be written: {e}"));
        let file = create(&self.out).map_err(cannot)?;
        if let Some(prepared) = self.tables.iter_mut().find(|prepared| prepared.table.name == table.name) {
            prepared.file = Some(file.try_clone().map_err(cannot)?);
        }
        Ok(Draft { file, name, schema: contract::file_schema(table) })
    }

    /// Uploads the files, commits each, and publishes the resulting versions. Returns the path or URL of
    /// Office. A run whose as-of date is before the newest leaves the table about individuals as it is.
    ///
    /// # Errors
    /// Another writer has committed meanwhile, or a table cannot be written. The previous run stays
    /// published.
    pub(crate) async fn publish(mut self) -> Result<String> {
        let newest = self.manifest.as_ref().map(|(manifest, _)| manifest.as_of);
        let is_newest = newest.is_none_or(|newest| newest <= self.as_of);
        self.tables.retain(|prepared| is_newest || !prepared.table.is_about_individuals());
        let mut uploaded = vec![];
        for prepared in &mut self.tables {
            uploaded.push(prepared.upload(&self.run, self.as_of).await?);
        }
        let _lock = self.lock()?;
        let committed = self.commit(&uploaded).await;
        if matches!(committed, Err((Trace::None, _))) {
            // No Delta log refers to these files, and none will. VACUUM can delete those that remain.
            for (prepared, file) in self.tables.iter().zip(&uploaded) {
                let _ = prepared.folder.store.delete(&prepared.folder.file(&file.path)).await;
            }
        }
        let versions = committed.map_err(|(_, e)| e)?;
        let mut tables = self.manifest.as_ref().map(|(m, _)| m.tables.clone()).unwrap_or_default();
        tables.extend(self.tables.iter().map(|prepared| prepared.table.name.to_owned()).zip(versions));
        let (as_of, description) = match &self.manifest {
            Some((manifest, _)) if !is_newest => (manifest.as_of, manifest.description.clone()),
            _ => (self.as_of, self.description.entries().iter().cloned().collect()),
        };
        let manifest = Manifest { version: VERSION, run: self.run.clone(), as_of, tables, description };
        let replaced = manifest::replace(&self.out, &self.office, &self.manifest, &manifest).await;
        if !replaced.map_err(wrong)? {
            return Err(wrong(format!("{}: {CONFLICT}, {HALF}", self.out.name)));
        }
        for (prepared, file) in self.tables.iter().zip(&uploaded) {
            cleanup::tidy(prepared.table, &prepared.folder, prepared.found.as_ref(), &file.path).await;
        }
        Ok(self.out.child(&self.office).name)
    }

    /// Commits to each table, if all tables are as they were found. Returns the new versions, in the order
    /// of the tables.
    async fn commit(&self, uploaded: &[Uploaded]) -> Result<Vec<u64>, (Trace, Error)> {
        for prepared in &self.tables {
            let (folder, found) = (&prepared.folder, prepared.found.as_ref());
            let untouched = |why: String| (Trace::None, wrong(format!("{}: {why}", folder.name)));
            if !commit::is_unchanged(folder, found).await.map_err(untouched)? {
                return Err(untouched(format!("{CONFLICT}, {WHOLE}")));
            }
        }
        let run = Run { name: &self.run, as_of: self.as_of, description: &self.description };
        let mut versions = vec![];
        for (prepared, uploaded) in self.tables.iter().zip(uploaded) {
            let (table, folder, found) = (prepared.table, &prepared.folder, prepared.found.as_ref());
            let (trace, after) = if versions.is_empty() { (Trace::None, WHOLE) } else { (Trace::Some, HALF) };
            let version = commit::commit(table, folder, found, uploaded, &run).await.map_err(|refused| {
                let (trace, why) = match refused {
                    Refused::Conflict => (trace, CONFLICT.to_owned()),
                    Refused::Failed(why) => (Trace::Some, format!("cannot be committed to: {why}")),
                };
                (trace, wrong(format!("{}: {why}, {after}", folder.name)))
            })?;
            let synced = folder.sync(&format!("_delta_log/{version:020}.json"));
            synced
                .map_err(|e| (Trace::Some, wrong(format!("{}: cannot be written to: {e}", folder.name))))?;
            versions.push(version);
        }
        Ok(versions)
    }

    /// Locks the output folder, so that no other run on this machine commits. `None` in an object store,
    /// which has no locks.
    fn lock(&self) -> Result<Option<File>> {
        let Some(out) = self.out.on_this_machine() else { return Ok(None) };
        let lock = lock_home(&out.join(manifest::home(&self.office)));
        lock.map(Some).map_err(|e| wrong(format!("{}: cannot be written to: {e}", self.out.name)))
    }
}

/// What a failed run may have left in the Delta logs of the tables.
enum Trace {
    None,
    Some,
}

const CONFLICT: &str = "another writer has committed to it since this run began";
const WHOLE: &str = "and nothing of this run is published; run again";
const HALF: &str =
    "after some tables of this run were committed; the previous run stays published; run again";

fn wrong(what: String) -> Error {
    Error::output(format!("[output] {what}"))
}

impl Prepared {
    /// Uploads the file of a run to its final path in the folder of the table.
    async fn upload(&mut self, run: &str, as_of: NaiveDate) -> Result<Uploaded> {
        let (folder, of_table) = (&self.folder, self.folder.path.filename().unwrap_or_default());
        let name = format!("{of_table}-{}.parquet", run.trim_start_matches(RUN));
        let path = match contract::partition(self.table) {
            Some(column) => format!("{column}={as_of}/{name}"),
            None => name,
        };
        let cannot = |e: &(dyn std::error::Error + 'static)| {
            wrong(format!(
                "{}/{path}: cannot be written: {}",
                folder.name,
                crate::storage::delta_errors::describe(e)
            ))
        };
        let file = self.file.as_mut().ok_or_else(|| wrong(format!("{} was not written", folder.name)))?;
        let reader = file.try_clone().map_err(|e| cannot(&e))?;
        let footer = SerializedFileReader::new(reader).map_err(|e| cannot(&e))?;
        let statistics = super::statistics::of(footer.metadata());
        let store = Arc::clone(&folder.store);
        let size = upload::put_file(&*store, &folder.file(&path), file).await.map_err(|e| cannot(&e))?;
        folder.sync(&path).map_err(|e| cannot(&e))?;
        Ok(Uploaded { path, size, statistics })
    }
}
