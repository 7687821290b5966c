//! Where a run publishes its tables: a folder on this machine or in an object store, as files or as
//! Delta tables.

use std::fs::File;

use datafusion::arrow::datatypes::Fields;
use datafusion::prelude::SessionContext;

use super::beside;
use super::current::published_day;
use super::delta::{self, Publication};
use super::folder::{self, Target};
use super::history;
use super::history_reader::Files;
use super::location::{Draft, OutputLocation, Placed, output_location};
use super::object_store::{self, Upload};
use super::opened::Rows;
use super::owner::Claim;
use super::record::Record;
use super::tables::{TABLES, Table};
use super::weaker::{self, Protection};
use crate::config::{Enrichment, OutputFormat};
use crate::error::{Error, Result};
use crate::inputs;

/// The output of one run, until it is published.
pub(crate) enum Destination {
    /// Parquet files on this machine.
    Folder(Target),
    /// Parquet files in an object store.
    Store(Upload),
    /// Delta tables, on this machine or in an object store.
    Delta(Box<Publication>),
}

impl Destination {
    /// Prepares the output location of the enrichment and checks that it can be written to.
    ///
    /// # Errors
    /// The location cannot be created or written to, or contains what the run may not replace.
    pub(crate) async fn create(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Self> {
        let (table, claim) = (&enrichment.output.table, Claim::of(enrichment));
        let destination = match (enrichment.output.format, output_location(ctx, enrichment)?) {
            (OutputFormat::Delta, _) => {
                let attributes = inputs::attributes(ctx).await?;
                Self::Delta(Box::new(Publication::create(ctx, enrichment, &attributes).await?))
            }
            (_, OutputLocation::Folder(out)) => Self::Folder(Target::create(out, table, claim)?),
            (_, OutputLocation::Store(home)) => Self::Store(Upload::create(home, claim).await?),
        };
        beside::check(ctx, enrichment).await?;
        Ok(destination)
    }

    /// Checks that a run can replace what is published, and changes nothing.
    ///
    /// # Errors
    /// The output contains what the run may not replace, or cannot be read.
    pub(crate) async fn check(ctx: &SessionContext, enrichment: &Enrichment) -> Result<()> {
        let (table, claim) = (&enrichment.output.table, Claim::of(enrichment));
        match (enrichment.output.format, output_location(ctx, enrichment)?) {
            (OutputFormat::Delta, location) => {
                delta::check(&location, enrichment, &inputs::attributes(ctx).await?).await?;
            }
            (OutputFormat::Parquet, OutputLocation::Folder(out)) => folder::check(&out, table, &claim)?,
            (OutputFormat::Parquet, OutputLocation::Store(home)) => {
                object_store::check(&home, &claim).await?
            }
        }
        beside::check(ctx, enrichment).await
    }

    /// Creates the file into which a table of this run is written. `attributes` are those of the accounts.
    ///
    /// # Errors
    /// The file cannot be created.
    pub(crate) fn draft(
        &mut self,
        table: &'static Table,
        enrichment: &Enrichment,
        attributes: &Fields,
    ) -> Result<Draft> {
        let name = table.file(&enrichment.output.table);
        let (file, name) = match self {
            Self::Delta(publication) => return publication.draft(table),
            Self::Folder(target) => {
                let path = target.folder().join(name);
                // What is computed from the tables reads them.
                let file = File::options().read(true).write(true).create(true).truncate(true).open(&path);
                (file, path.display().to_string())
            }
            Self::Store(upload) => (upload.file(table), format!("a temporary file for {name}")),
        };
        let file =
            file.map_err(|e| Error::output(format!("{name}: cannot be written: {e}")).with_source(e))?;
        Ok(Draft { file, name, schema: table.schema(enrichment.min_people, attributes) })
    }

    /// The attributes of accounts with the types that they have in the published table.
    pub(crate) fn attributes(&self, attributes: &Fields) -> Fields {
        match self {
            Self::Delta(publication) => publication.attributes(),
            _ => attributes.clone(),
        }
    }

    /// Each retained table with the rows of the other as-of dates that stay beside those of this run, and the column of
    /// the date. `attributes` are those of the accounts.
    ///
    /// # Errors
    /// The output cannot be read.
    pub(crate) async fn retained(
        &self,
        ctx: &SessionContext,
        enrichment: &Enrichment,
        attributes: &Fields,
    ) -> Result<Rows> {
        if let Self::Delta(publication) = self {
            return publication.retained(ctx);
        }
        let office = &enrichment.output.table;
        let mut files = Files::find(&output_location(ctx, enrichment)?, office).await?;
        files.dates.remove(&enrichment.as_of);
        let store = ctx.runtime_env().object_store(&files.store)?;
        weaker::leave_out(&mut files, store.as_ref(), &Protection::of(enrichment)).await?;
        if files.dates.is_empty() {
            return Ok(vec![]);
        }
        let retained = TABLES.iter().filter(|table| !table.is_about_individuals());
        Ok(retained.map(|table| (table, files.table(table, attributes))).collect())
    }

    /// Publishes the files of this run, with the record of the run beside them. With `[output] history`, a run whose
    /// as-of date is before the published one is published under its as-of date only, unless the published one is
    /// protected less. Then deletes what runs with less protection have left.
    ///
    /// # Errors
    /// The output cannot be written. Before the step that publishes, the previous run stays published. After
    /// it, the new run is published, and copies or the tables of its as-of date may be missing or old, or what runs
    /// with less protection have left may remain.
    pub(crate) async fn publish(
        self,
        ctx: &SessionContext,
        enrichment: &Enrichment,
        record: &Record,
    ) -> Result<Placed> {
        let (as_of, history) = (enrichment.as_of, enrichment.output.history);
        let has_files = enrichment.output.format == OutputFormat::Parquet;
        let newest = if history && has_files { published_day(ctx, enrichment).await? } else { None };
        let is_newest = newest.is_none_or(|newest| newest <= as_of);
        let protection = Protection::of(enrichment);
        let is_protected = protection.min_people > 1;
        let (office, deleted) = match self {
            Self::Folder(target) => {
                let (out, table) = (target.out().to_path_buf(), &enrichment.output.table);
                let office = publish_files(target, enrichment, record, is_newest)?;
                (office, is_protected.then(|| weaker::delete_local(&out, table, &protection)).transpose()?)
            }
            Self::Store(upload) => {
                let home = upload.home().clone();
                let office = match is_newest {
                    true => upload.publish(as_of, history, Some(record)).await?,
                    false => upload.retain(as_of).await?,
                };
                let deleted = match is_protected {
                    true => Some(weaker::delete_in_store(&home, &protection).await?),
                    false => None,
                };
                (office, deleted)
            }
            Self::Delta(publication) => return publication.publish(record).await,
        };
        let notes = deleted.and_then(|deleted| deleted.note(&protection, weaker::RUNS));
        Ok(Placed { office, newer: newest.filter(|_| !is_newest), notes: notes.into_iter().collect() })
    }
}

/// Publishes files on this machine. Returns the path of Office.
fn publish_files(
    target: Target,
    enrichment: &Enrichment,
    record: &Record,
    is_newest: bool,
) -> Result<String> {
    let (as_of, office, out) = (enrichment.as_of, &enrichment.output.table, target.out().to_path_buf());
    if !is_newest {
        folder::check(&out, office, &Claim::of(enrichment))?;
        return history::retain(&out, target.folder(), as_of, office);
    }
    record.write(target.folder(), office).map_err(|e| {
        let place = target.folder().display();
        Error::output(format!("[output] {place}: cannot be written to: {e}")).with_source(e)
    })?;
    let published = target.publish()?.display().to_string();
    if let Some(run) = folder::current(&out, office).filter(|_| enrichment.output.history) {
        history::retain(&out, &run, as_of, office)?;
    }
    Ok(published)
}
