//! The Delta tables of one run, until they are published.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::datatypes::Fields;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::lit;
use datafusion::parquet::file::reader::{FileReader, SerializedFileReader};
use datafusion::prelude::{SessionContext, ident};
use deltalake_core::DeltaTable;
use object_store::ObjectStoreExt;

use super::commit::{self, Refused, Run, Uploaded};
use super::existing::{Existing, description};
use super::manifest::{self, Manifest};
use super::weaker::{self, Weaker};
use super::{cleanup, contract, unpublished};
use crate::config::Enrichment;
use crate::error::{Error, Result};
use crate::publish::opened::Rows;
use crate::publish::owner::Claim;
use crate::publish::weaker::{Deleted, Protection, dates_of};
use crate::publish::{
    AS_OF, Description, Draft, HomeFolder, OutputLocation, Placed, RUN, Record, Table, lock_home,
    output_location, upload,
};
use crate::storage::delta_folder::{Folder, provider};
use crate::storage::{DELTA_LOG, NewFolders, delta_errors};

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
    /// The attributes of the accounts.
    attributes: Fields,
    protection: Protection,
    /// What the tables contain that is protected less.
    weaker: Weaker,
    manifest: manifest::Found,
    tables: Vec<Prepared>,
    /// On this machine: the folder of the manifest, once for each use. A concurrent run that fails deletes it
    /// while it is empty, so each use creates it again.
    homes: Vec<HomeFolder>,
}

/// A table, as it was found when the run began.
struct Prepared {
    table: &'static Table,
    folder: Folder,
    found: Option<DeltaTable>,
    /// The files of `found` that are protected less than this run, and that it removes.
    weaker: BTreeSet<String>,
    /// Whether the run publishes the table. If not, it removes the rows of its as-of date.
    is_written: bool,
    /// The file that the run adds to it.
    file: Option<File>,
    /// On this machine: the folders that the run creates for the table.
    _created: Vec<NewFolders>,
}

impl Publication {
    /// Reads the state of the existing tables and checks that files can be written.
    ///
    /// # Errors
    /// The output folder cannot be written to, or contains what the run may not replace.
    pub(crate) async fn create(
        ctx: &SessionContext,
        enrichment: &Enrichment,
        attributes: &Fields,
    ) -> Result<Self> {
        let (office, as_of) = (enrichment.output.table.clone(), enrichment.as_of);
        let run = upload::new_run()?;
        let mut homes = vec![];
        let out = match output_location(ctx, enrichment)? {
            OutputLocation::Folder(folder) => {
                let probe = |home: &Path| tempfile::tempfile_in(home).and_then(|_| Folder::local(&folder));
                let (home, out) = HomeFolder::create(&folder, &office, probe).map_err(|e| {
                    wrong(format!("{}: cannot be written to: {e}", folder.display())).with_source(e)
                })?;
                homes.push(home);
                out
            }
            OutputLocation::Store(home) => {
                upload::probe(&home, &run).await?;
                Folder::in_store(&home.bucket, home.out.clone()).map_err(wrong)?
            }
        };
        let claim = Claim::of(enrichment);
        let Existing { manifest, tables } = Existing::read(&out, &office, &claim, attributes).await?;
        let prepared = |(table, folder, found): (&'static Table, Folder, Option<DeltaTable>)| {
            let is_written = claim.tables.iter().any(|written| written.name == table.name);
            let created = if is_written { created(table, &folder, as_of) } else { vec![] };
            let weaker = BTreeSet::new();
            Prepared { table, folder, found, weaker, is_written, file: None, _created: created }
        };
        let mut tables: Vec<Prepared> = tables.into_iter().map(prepared).collect();
        let (description, protection) = (Description::of(enrichment), Protection::of(enrichment));
        let as_found: Vec<_> = tables.iter().map(|t| (t.table, &t.folder, t.found.as_ref())).collect();
        let mut weaker = weaker::find(&protection, &manifest, &as_found).await.map_err(wrong)?;
        for prepared in &mut tables {
            prepared.weaker = weaker.files.remove(prepared.table.name).unwrap_or_default();
        }
        let attributes = attributes.clone();
        Ok(Self {
            out,
            office,
            run,
            as_of,
            description,
            attributes,
            protection,
            weaker,
            manifest,
            tables,
            homes,
        })
    }

    /// Creates the file into which a table of this run is written: an anonymous temporary file, of which a
    /// killed run leaves nothing.
    ///
    /// # Errors
    /// The file cannot be created.
    pub(crate) fn draft(&mut self, table: &'static Table) -> Result<Draft> {
        let name = format!("a temporary file for {}", table.folder(&self.office));
        let cannot = |e| Error::output(format!("{name}: cannot be written: {e}")).with_source(e);
        let in_home = self.in_home(|home| tempfile::tempfile_in(home)).map_err(cannot)?;
        let file = in_home.map_or_else(tempfile::tempfile, Ok).map_err(cannot)?;
        if let Some(prepared) = self.tables.iter_mut().find(|prepared| prepared.table.name == table.name) {
            prepared.file = Some(file.try_clone().map_err(cannot)?);
        }
        let schema = contract::file_schema(table, &self.attributes, self.protection.min_people);
        Ok(Draft { file, name, schema })
    }

    /// Each retained table with the rows of the other as-of dates that stay beside those of this run, and the column of the
    /// date. Dates that are protected less do not stay.
    ///
    /// # Errors
    /// A table cannot be read.
    pub(crate) fn retained(&self, ctx: &SessionContext) -> Result<Rows> {
        let leaving = dates_of(self.tables.iter().flat_map(|of| of.weaker.iter().map(String::as_str)));
        let leaving = leaving.iter().filter_map(|date| date.parse().ok()).chain([self.as_of]);
        let leaving: Vec<_> = leaving.map(|date: NaiveDate| lit(date32(date))).collect();
        let mut retained = vec![];
        for Prepared { table, folder, found, .. } in &self.tables {
            let (Some(_), Some(found)) = (contract::partition(table), found) else { continue };
            let whole = provider(ctx, found).map_err(|e| {
                wrong(format!("{}: cannot be read: {}", folder.name, delta_errors::describe(&*e)))
            })?;
            let stays = ident(AS_OF).in_list(leaving.clone(), true);
            retained.push((*table, ctx.read_table(whole)?.filter(stays)?.into_view()));
        }
        Ok(retained)
    }

    /// The attributes of the accounts with the types that they have in the Delta table.
    pub(crate) fn attributes(&self) -> Fields {
        contract::in_delta(&self.attributes)
    }

    /// Uploads the files, commits each, and publishes the resulting versions. A run whose as-of date is before the
    /// newest leaves the table about individuals as it is. Then deletes what is protected less.
    ///
    /// # Errors
    /// Another writer has committed meanwhile, or a table cannot be written: the previous run stays published. What
    /// is protected less cannot be deleted: the new run is published.
    pub(crate) async fn publish(mut self, record: &Record) -> Result<Placed> {
        // What belongs to another enrichment is replaced, whatever its date is.
        let is_own =
            |manifest: &Manifest| description(manifest).enrichment() == self.description.enrichment();
        let own = self.manifest.as_ref().map(|(manifest, _)| manifest).filter(|manifest| is_own(manifest));
        // So is what is protected less.
        let weaker = self.tables.iter().flat_map(|prepared| prepared.weaker.iter().map(String::as_str));
        let weaker = dates_of(weaker);
        let newest = own.filter(|manifest| {
            !self.protection.exceeds(&description(manifest)) && !weaker.contains(&manifest.as_of.to_string())
        });
        let newest = newest.map(|manifest| manifest.as_of);
        let is_newest = newest.is_none_or(|newest| newest <= self.as_of);
        let (tables, unchanged): (Vec<_>, Vec<_>) = std::mem::take(&mut self.tables)
            .into_iter()
            .partition(|prepared| is_newest || !prepared.table.is_about_individuals());
        self.tables = tables;
        let mut uploaded = vec![];
        let outcome = self.upload_and_commit(&mut uploaded, record).await;
        if matches!(outcome, Err((Trace::None, _))) {
            // No Delta log refers to these files, and none will. VACUUM can delete those that remain.
            for (prepared, file) in self.tables.iter().zip(&uploaded) {
                let Some(file) = file else { continue };
                let _ = prepared.folder.store.delete(&prepared.folder.file(&file.path)).await;
            }
        }
        let (_lock, versions) = outcome.map_err(|(_, e)| e)?;
        let mut tables = self.manifest.as_ref().map(|(m, _)| m.tables.clone()).unwrap_or_default();
        tables.extend(self.tables.iter().map(|prepared| prepared.table.name.to_owned()).zip(versions));
        let is_recorded = is_newest && !record.remembered.months.is_empty();
        let (as_of, description, record) = match &self.manifest {
            Some((manifest, _)) if !is_newest => {
                (manifest.as_of, manifest.description.clone(), manifest.record.clone())
            }
            _ => (self.as_of, self.description.entries().iter().cloned().collect(), Some(record.to_value())),
        };
        let run = self.run.clone();
        // The protection is stored when what is protected less is deleted: a run that is killed before it is leaves
        // this to the next one.
        let before = self.manifest.as_ref().map_or(1, |(manifest, _)| manifest.protection);
        let protection = if self.weaker.is_there { 1 } else { self.protection.min_people };
        let protection = if self.manifest.is_some() { protection.min(before) } else { protection };
        let mut manifest = Manifest { version: VERSION, run, as_of, tables, description, protection, record };
        self.replace(&self.manifest, &manifest).await?;
        if is_recorded {
            unpublished::clear(&self.out, &self.office).await?;
        }
        for (prepared, file) in self.tables.iter().zip(&uploaded) {
            let added = file.as_ref().map(|file| file.path.as_str());
            cleanup::tidy(prepared.table, &prepared.folder, prepared.found.as_ref(), added).await;
        }
        let mut deleted = Deleted::default();
        if self.weaker.is_there {
            for prepared in self.tables.iter().chain(&unchanged) {
                let version = manifest.tables.get(prepared.table.name).copied();
                let versions = self.weaker.delete(&prepared.folder, version, &self.protection).await;
                deleted.runs = deleted.runs.max(versions.map_err(wrong)?);
            }
            deleted.dates = dates_of(self.tables.iter().flat_map(|t| t.weaker.iter().map(String::as_str)));
            // In a store, another run may have published meanwhile. Then the next one stores the protection.
            let found = manifest::read(&self.out, &self.office).await.map_err(wrong)?;
            if found.as_ref().is_some_and(|(found, _)| found.run == self.run) {
                manifest.protection = self.protection.min_people;
                manifest::replace(&self.out, &self.office, &found, &manifest).await.map_err(wrong)?;
            }
        }
        let notes = deleted.note(&self.protection, ["earlier version", "earlier versions"]);
        Ok(Placed {
            office: self.out.child(&self.office).name,
            newer: newest.filter(|_| !is_newest),
            notes: notes.into_iter().collect(),
        })
    }

    /// Replaces the manifest, if it still is the one that was found.
    async fn replace(&self, found: &manifest::Found, manifest: &Manifest) -> Result<()> {
        match manifest::replace(&self.out, &self.office, found, manifest).await.map_err(wrong)? {
            true => Ok(()),
            false => Err(wrong(format!("{}: {CONFLICT}, {HALF}", self.out.name)).with_temporary(true)),
        }
    }

    /// Uploads the files and commits to each table. Returns the lock, and the new versions in the order of the
    /// tables.
    async fn upload_and_commit(
        &mut self,
        uploaded: &mut Vec<Option<Uploaded>>,
        record: &Record,
    ) -> Result<(Option<File>, Vec<u64>), (Trace, Error)> {
        let untouched = |e| (Trace::None, e);
        for prepared in &mut self.tables {
            uploaded.push(match prepared.is_written {
                true => Some(prepared.upload(&self.run, self.as_of).await.map_err(untouched)?),
                false => None,
            });
        }
        let lock = self.lock().map_err(untouched)?;
        if self.protection.min_people > 1 {
            let months = &record.remembered.months;
            let announced = unpublished::announce(&self.out, &self.office, &self.run, months).await;
            announced.map_err(untouched)?;
        }
        let versions = self.commit(uploaded).await?;
        Ok((lock, versions))
    }

    /// Commits to each table, if all tables are as they were found. Returns the new versions, in the order
    /// of the tables.
    async fn commit(&self, uploaded: &[Option<Uploaded>]) -> Result<Vec<u64>, (Trace, Error)> {
        for prepared in &self.tables {
            let (folder, found) = (&prepared.folder, prepared.found.as_ref());
            let untouched = |why: String| (Trace::None, wrong(format!("{}: {why}", folder.name)));
            if !commit::is_unchanged(folder, found).await.map_err(untouched)? {
                let (trace, conflict) = untouched(format!("{CONFLICT}, {WHOLE}"));
                return Err((trace, conflict.with_temporary(true)));
            }
        }
        let run = Run {
            name: &self.run,
            as_of: self.as_of,
            description: &self.description,
            min_people: self.protection.min_people,
        };
        let mut versions = vec![];
        for (prepared, uploaded) in self.tables.iter().zip(uploaded) {
            let (table, folder, found) = (prepared.table, &prepared.folder, prepared.found.as_ref());
            let (trace, after) = if versions.is_empty() { (Trace::None, WHOLE) } else { (Trace::Some, HALF) };
            let weaker = &prepared.weaker;
            let committed = match (uploaded, found) {
                (Some(file), _) => {
                    commit::commit(table, &self.attributes, folder, found, file, weaker, &run).await
                }
                (None, Some(found)) => {
                    commit::remove(folder, found, &[self.as_of].into(), weaker, &run).await
                }
                (None, None) => continue,
            };
            let version = committed.map_err(|refused| match refused {
                Refused::Conflict => {
                    let conflict = wrong(format!("{}: {CONFLICT}, {after}", folder.name));
                    (trace, conflict.with_temporary(true))
                }
                Refused::Failed(why) => {
                    let what = format!("{}: cannot be committed to: {why}, {after}", folder.name);
                    (Trace::Some, wrong(what))
                }
            })?;
            if found.and_then(DeltaTable::version) != Some(version) {
                let synced = folder.sync(&format!("_delta_log/{version:020}.json"));
                synced.map_err(|e| {
                    let what = format!("{}: cannot be written to: {e}", folder.name);
                    (Trace::Some, wrong(what).with_source(e))
                })?;
            }
            versions.push(version);
        }
        Ok(versions)
    }

    /// Locks the output folder, so that no other run on this machine commits. `None` in an object store,
    /// which has no locks.
    fn lock(&mut self) -> Result<Option<File>> {
        let lock = self.in_home(lock_home);
        lock.map_err(|e| wrong(format!("{}: cannot be written to: {e}", self.out.name)).with_source(e))
    }

    /// Does some work in the folder of the manifest, which is created if it is missing. `None` in an object
    /// store, which has no folders.
    fn in_home<T>(&mut self, work: impl Fn(&Path) -> io::Result<T>) -> io::Result<Option<T>> {
        let Some(out) = self.out.on_this_machine() else { return Ok(None) };
        let (home, done) = HomeFolder::create(out, &self.office, work)?;
        self.homes.push(home);
        Ok(Some(done))
    }
}

/// The folders that the run creates for a table on this machine: those that do not exist yet.
fn created(table: &Table, folder: &Folder, as_of: NaiveDate) -> Vec<NewFolders> {
    let Some(of_table) = folder.on_this_machine() else { return vec![] };
    let of_date = contract::partition(table).map(|column| of_table.join(format!("{column}={as_of}")));
    let folders = [Some(of_table.join(DELTA_LOG)), of_date];
    folders.iter().flatten().map(|folder| NewFolders::missing(folder)).collect()
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

fn date32(date: NaiveDate) -> ScalarValue {
    ScalarValue::Date32(Some(date.to_epoch_days()))
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
            wrong(format!("{}/{path}: cannot be written: {}", folder.name, delta_errors::describe(e)))
        };
        let file = self.file.as_mut().ok_or_else(|| wrong(format!("{} was not written", folder.name)))?;
        let reader = file.try_clone().map_err(|e| cannot(&e))?;
        let footer = SerializedFileReader::new(reader).map_err(|e| cannot(&e))?;
        let statistics =
            (!self.table.is_about_individuals()).then(|| super::statistics::of(footer.metadata()));
        let store = Arc::clone(&folder.store);
        let size = upload::put_file(&*store, &folder.file(&path), file).await.map_err(|e| cannot(&e))?;
        folder.sync(&path).map_err(|e| cannot(&e))?;
        Ok(Uploaded { path, size, statistics })
    }
}
