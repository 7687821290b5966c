//! Where a run publishes its tables: a folder on this machine or in an object store, as files or as
//! Delta tables.

use std::fs::File;

use datafusion::prelude::SessionContext;

use super::current::published_day;
use super::delta::{self, Publication};
use super::folder::{self, Target};
use super::history;
use super::location::{Draft, OutputLocation, output_location};
use super::object_store::{self, Upload};
use super::owner::Claim;
use super::tables::Table;
use crate::config::{Enrichment, OutputFormat};
use crate::error::{Error, Result};

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
        if enrichment.output.format == OutputFormat::Delta {
            return Ok(Self::Delta(Box::new(Publication::create(ctx, enrichment).await?)));
        }
        let (table, claim) = (&enrichment.output.table, Claim::of(enrichment));
        Ok(match output_location(ctx, enrichment)? {
            OutputLocation::Folder(out) => Self::Folder(Target::create(out, table, claim)?),
            OutputLocation::Store(home) => Self::Store(Upload::create(home, claim).await?),
        })
    }

    /// Checks that a run can replace what is published, and changes nothing.
    ///
    /// # Errors
    /// The output contains what the run may not replace, or cannot be read.
    pub(crate) async fn check(ctx: &SessionContext, enrichment: &Enrichment) -> Result<()> {
        let (table, claim) = (&enrichment.output.table, Claim::of(enrichment));
        match (enrichment.output.format, output_location(ctx, enrichment)?) {
            (OutputFormat::Delta, location) => delta::check(location, enrichment).await,
            (OutputFormat::Parquet, OutputLocation::Folder(out)) => folder::check(&out, table, &claim),
            (OutputFormat::Parquet, OutputLocation::Store(home)) => object_store::check(&home, &claim).await,
        }
    }

    /// Creates the file into which a table of this run is written.
    ///
    /// # Errors
    /// The file cannot be created.
    pub(crate) fn draft(&mut self, table: &'static Table, enrichment: &Enrichment) -> Result<Draft> {
        let name = table.file(&enrichment.output.table);
        let (file, name) = match self {
            Self::Delta(publication) => return publication.draft(table),
            Self::Folder(target) => {
                let path = target.folder().join(name);
                (File::create(&path), path.display().to_string())
            }
            Self::Store(upload) => (upload.file(table), format!("a temporary file for {name}")),
        };
        let file = file.map_err(|e| Error::output(format!("{name}: cannot be written: {e}")))?;
        Ok(Draft { file, name, schema: table.schema(enrichment.min_people) })
    }

    /// Publishes the files of this run. Returns the path or URL of Office. With `[output] history`, a run
    /// whose as-of date is before the published one is published under its as-of date only.
    ///
    /// # Errors
    /// The output cannot be written. Before the step that publishes, the previous run stays published. After
    /// it, the new run is published, and copies or the tables of its as-of date may be missing or old.
    pub(crate) async fn publish(self, ctx: &SessionContext, enrichment: &Enrichment) -> Result<String> {
        let (as_of, history) = (enrichment.as_of, enrichment.output.history);
        let has_files = enrichment.output.format == OutputFormat::Parquet;
        let newest = if history && has_files { published_day(ctx, enrichment).await? } else { None };
        let is_newest = newest.is_none_or(|newest| newest <= as_of);
        match self {
            Self::Folder(target) => {
                let (out, office) = (target.out().to_path_buf(), &enrichment.output.table);
                if !is_newest {
                    folder::check(&out, office, &Claim::of(enrichment))?;
                    return history::retain(&out, target.folder(), as_of, office);
                }
                let published = target.publish()?.display().to_string();
                if let Some(run) = folder::current(&out, office).filter(|_| history) {
                    history::retain(&out, &run, as_of, office)?;
                }
                Ok(published)
            }
            Self::Store(upload) if is_newest => upload.publish(as_of, history).await,
            Self::Store(upload) => upload.retain(as_of).await,
            Self::Delta(publication) => publication.publish().await,
        }
    }
}
