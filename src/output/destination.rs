//! Where the tables of a run are published: a folder of this machine or of an object store.

use std::fs::File;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::datasource::listing::ListingTableUrl;
use datafusion::prelude::SessionContext;
use object_store::path::Path;

use super::history;
use super::published::published_day;
use super::store::{Home, Upload};
use super::tables::{TABLES, Table};
use super::target::{self, Target};
use crate::delta::Publication;
use crate::enrichment::{Enrichment, OutputFormat};
use crate::error::{Error, Result};
use crate::source::file_url;
use crate::store::{Bucket, Place, redacted};

/// What a run publishes, until it does.
pub(crate) enum Destination {
    /// On this machine.
    Folder(Target),
    /// In an object store.
    Store(Upload),
    /// As Delta tables, wherever.
    Delta(Box<Publication>),
}

/// A file to be written, and what it is called in errors.
pub(crate) struct Draft {
    pub(crate) file: File,
    pub(crate) name: String,
    /// The columns that the file has.
    pub(crate) schema: SchemaRef,
}

impl Destination {
    /// Prepares the place where the enrichment is published.
    ///
    /// # Errors
    /// It cannot be created or written to.
    pub(crate) async fn create(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Self> {
        if enrichment.output.format == OutputFormat::Delta {
            return Ok(Self::Delta(Box::new(Publication::create(ctx, enrichment).await?)));
        }
        Ok(match place(ctx, enrichment)? {
            Output::Folder(out) => Self::Folder(Target::create(out, &enrichment.output.table)?),
            Output::Store(home) => Self::Store(Upload::create(home).await?),
        })
    }

    /// The file of a table of this run.
    ///
    /// # Errors
    /// It cannot be created.
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

    /// Makes the files of this run the published ones; gives the place of Office, a path or a URL. With
    /// a history, the run of a date before the published one is kept under its date alone.
    ///
    /// # Errors
    /// What was published before stays published.
    pub(crate) async fn publish(self, ctx: &SessionContext, enrichment: &Enrichment) -> Result<String> {
        let (as_of, history) = (enrichment.as_of, enrichment.output.history);
        let has_files = enrichment.output.format == OutputFormat::Parquet;
        let newest = if history && has_files { published_day(ctx, enrichment).await? } else { None };
        let is_newest = newest.is_none_or(|newest| newest <= as_of);
        match self {
            Self::Folder(target) => {
                let (out, office) = (target.out().to_path_buf(), &enrichment.output.table);
                if !is_newest {
                    return history::keep(&out, target.folder(), as_of, office);
                }
                let published = target.publish()?.display().to_string();
                if let Some(run) = target::current(&out, office).filter(|_| history) {
                    history::keep(&out, &run, as_of, office)?;
                }
                Ok(published)
            }
            Self::Store(upload) if is_newest => upload.publish(as_of, history).await,
            Self::Store(upload) => upload.keep(as_of).await,
            Self::Delta(publication) => publication.publish().await,
        }
    }
}

/// A published file: what the session reads, and what it is called in errors.
pub(super) struct Published {
    pub(super) url: ListingTableUrl,
    pub(super) name: String,
}

/// The files of the published run in the order of [`TABLES`], so that one reader reads one run; `None`
/// before the first.
pub(super) async fn current(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Option<Vec<Published>>> {
    let office = &enrichment.output.table;
    let unread =
        |name: &str, e: &dyn std::fmt::Display| Error::output(format!("{name}: cannot be read: {e}"));
    match place(ctx, enrichment)? {
        Output::Folder(out) => {
            let Some(run) = target::current(&out, office) else { return Ok(None) };
            let published = TABLES.iter().map(|table| {
                let path = run.join(table.file(office));
                let name = path.display().to_string();
                Ok(Published { url: file_url(&path).map_err(|e| unread(&name, &e))?, name })
            });
            published.collect::<Result<_>>().map(Some)
        }
        Output::Store(home) => {
            let Some((manifest, _)) = home.current().await? else { return Ok(None) };
            let published = TABLES.iter().map(|table| {
                let file = manifest.files.get(table.name).map(|file| home.file(file));
                let manifest = || home.bucket.show(&home.manifest());
                let file = file.ok_or_else(|| unread(&manifest(), &format!("it names no {}", table.name)))?;
                let name = home.bucket.show(&file);
                Ok(Published { url: home.bucket.url(&file).map_err(|e| unread(&name, &e))?, name })
            });
            published.collect::<Result<_>>().map(Some)
        }
    }
}

/// The output folder as an error names it.
pub(super) fn shown(enrichment: &Enrichment) -> String {
    match Place::of(enrichment, &enrichment.output.path) {
        Ok(Place::Local(folder)) => folder.display().to_string(),
        _ => redacted(&enrichment.output.path),
    }
}

pub(crate) enum Output {
    Folder(std::path::PathBuf),
    Store(Home),
}

pub(crate) fn place(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Output> {
    let path = &enrichment.output.path;
    let wrong = |e: &dyn std::fmt::Display| {
        let file = enrichment.file.display();
        Error::enrichment(format!("{file}: [output] path = \"{}\": {e}", redacted(path)))
    };
    match Place::of(enrichment, path).map_err(|e| wrong(&e))? {
        Place::Local(folder) => Ok(Output::Folder(folder)),
        Place::Store(address) => {
            let bucket = Bucket::open(ctx, enrichment, &address).map_err(|e| wrong(&e))?;
            if bucket.is_web() {
                return Err(wrong(&"a web server takes no output; give a folder or a store"));
            }
            let out = Path::parse(&address.path).map_err(|e| wrong(&e))?;
            Ok(Output::Store(Home { bucket, out, table: enrichment.output.table.clone() }))
        }
    }
}
