//! The run that is published now: its files and its description.

use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::datatypes::{Fields, SchemaRef};
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use super::folder;
use super::location::{OutputLocation, output_location};
use super::record::Record;
use super::run_metadata::Description;
use super::tables::{TABLES, Table};
use crate::config::Enrichment;
use crate::error::{Error, Result};
use crate::storage::file_url;

/// A published file: the URL that the session reads, and the name that errors show.
pub(crate) struct Published {
    pub(crate) table: &'static Table,
    pub(crate) url: ListingTableUrl,
    pub(crate) name: String,
    /// The size in bytes that its run has recorded; `None` if it has recorded none.
    recorded: Option<u64>,
}

/// The files of the published run for these tables, in their order; `None` before the first run. An optional table that
/// the run has not published is left out. The files are resolved once, so a reader sees the files of one run only.
///
/// # Errors
/// The manifest cannot be read, or does not name a table.
pub(crate) async fn current(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    tables: impl Iterator<Item = &'static Table>,
) -> Result<Option<Vec<Published>>> {
    let office = &enrichment.output.table;
    let unread =
        |name: &str, e: &dyn std::fmt::Display| Error::output(format!("{name}: cannot be read: {e}"));
    match output_location(ctx, enrichment)? {
        OutputLocation::Folder(out) => {
            let Some(run) = folder::current(&out, office) else { return Ok(None) };
            let record = Record::of_run(&run);
            let recorded = |table: &Table| size(record.as_ref(), table);
            let is_there = |table: &Table| recorded(table).is_some() || run.join(table.file(office)).exists();
            let tables = tables.filter(|table| !table.is_optional() || is_there(table));
            let published = tables.map(|table| {
                let path = run.join(table.file(office));
                let name = path.display().to_string();
                let what = match std::fs::metadata(&path) {
                    Ok(meta) if meta.is_file() => None,
                    // A pipe would block.
                    Ok(_) => Some("it is not a file"),
                    Err(_) => Some("there is no such file"),
                };
                if let Some(what) = what {
                    return Err(unread(&name, &format!("{what}; {}", again(enrichment))));
                }
                let url = file_url(&path).map_err(|e| unread(&name, &e))?;
                Ok(Published { table, url, name, recorded: recorded(table) })
            });
            published.collect::<Result<_>>().map(Some)
        }
        OutputLocation::Store(home) => {
            let Some((manifest, _)) = home.current().await? else { return Ok(None) };
            let record = manifest.record.clone().and_then(|record| serde_json::from_value(record).ok());
            let tables = tables.filter(|of| !of.is_optional() || manifest.files.contains_key(of.name));
            let published = tables.map(|table| {
                let file = manifest.files.get(table.name).map(|file| home.file(file));
                let manifest = || home.bucket.show(&home.manifest());
                let file = file.ok_or_else(|| {
                    let what = format!("it does not name a file of {}; {}", table.name, again(enrichment));
                    unread(&manifest(), &what)
                })?;
                let name = home.bucket.show(&file);
                let url = home.bucket.url(&file).map_err(|e| unread(&name, &e))?;
                Ok(Published { table, url, name, recorded: size(record.as_ref(), table) })
            });
            published.collect::<Result<_>>().map(Some)
        }
    }
}

/// The size of the file of a table according to the record of its run.
fn size(record: Option<&Record>, table: &Table) -> Option<u64> {
    record?.sizes.get(table.name).copied()
}

/// What to do if a table is missing.
fn again(enrichment: &Enrichment) -> String {
    format!(
        "an earlier version has published, or it was deleted: publish again with {}",
        enrichment.run_command()
    )
}

/// One table over Parquet files that all have this schema.
pub(crate) fn listing(schema: SchemaRef, urls: Vec<ListingTableUrl>) -> Result<ListingTable> {
    let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension("");
    let config = ListingTableConfig::new_with_multi_paths(urls);
    let config = config.with_listing_options(options).with_schema(schema);
    Ok(ListingTable::try_new(config)?)
}

/// The attributes of accounts in the published file of a table that has them.
///
/// # Errors
/// The file cannot be read, or does not have the columns of the table.
pub(crate) async fn attributes(ctx: &SessionContext, table: &Table, file: &Published) -> Result<Fields> {
    let cannot = |e: &dyn std::fmt::Display| Error::output(format!("{}: cannot be read: {e}", file.name));
    let format = ParquetFormat::default().with_force_view_types(false);
    let options = ListingOptions::new(Arc::new(format)).with_file_extension("");
    let schema = options.infer_schema(&ctx.state(), &file.url).await.map_err(|e| cannot(&e))?;
    table.attributes_in(&schema).ok_or_else(|| cannot(&format!("it is not a table {}", table.name)))
}

/// The as-of date of the published run; `None` before the first run, or if the footer of Office does not
/// contain it, names another enrichment, or says that the run is protected less than this enrichment: such a run is
/// replaced, whatever its date is.
pub(crate) async fn published_day(
    ctx: &SessionContext,
    enrichment: &Enrichment,
) -> Result<Option<NaiveDate>> {
    // If Office was deleted, this run publishes it again.
    if let OutputLocation::Folder(out) = output_location(ctx, enrichment)? {
        let (office, run) = (&enrichment.output.table, folder::current(&out, &enrichment.output.table));
        if run.is_none_or(|run| !run.join(TABLES[0].file(office)).exists()) {
            return Ok(None);
        }
    }
    // An earlier version may not have published every table.
    let Some(published) = current(ctx, enrichment, TABLES[..1].iter()).await? else { return Ok(None) };
    let description = describe(ctx, &published[0]).await?;
    let is_own = description.enrichment() == Some(&enrichment.name);
    Ok(description.as_of().filter(|_| is_own && description.protection() >= enrichment.min_people))
}

/// Reads the description of a run from the footer of one of its files.
async fn describe(ctx: &SessionContext, file: &Published) -> Result<Description> {
    let (store, meta) = found(ctx, file).await?;
    read(ctx, file, store.as_ref(), &meta).await
}

/// Reads the description of a run from the footer of one of its files. Also returns an error if the file has another
/// size than the run has recorded, because something else than a run has changed it.
///
/// # Errors
/// The file cannot be read.
pub(crate) async fn describe_checked(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    file: &Published,
) -> Result<(Description, Option<Error>)> {
    let (store, meta) = found(ctx, file).await?;
    let changed = file.recorded.filter(|recorded| *recorded != meta.size).map(|recorded| {
        Error::output(format!(
            "{}: has {} bytes, but the run has published {recorded}: something else has changed it; publish again with {}",
            file.name,
            meta.size,
            enrichment.run_command()
        ))
    });
    match (read(ctx, file, store.as_ref(), &meta).await, changed) {
        (Ok(description), changed) => Ok((description, changed)),
        (Err(_), Some(changed)) => Err(changed),
        (Err(error), None) => Err(error),
    }
}

async fn found(ctx: &SessionContext, file: &Published) -> Result<(Arc<dyn ObjectStore>, ObjectMeta)> {
    let find = async || -> Result<_> {
        let store = ctx.runtime_env().object_store(file.url.object_store())?;
        let meta = store.head(file.url.prefix()).await.map_err(DataFusionError::from)?;
        Ok((store, meta))
    };
    find().await.map_err(|e| cannot(file, &e))
}

async fn read(
    ctx: &SessionContext,
    file: &Published,
    store: &dyn ObjectStore,
    meta: &ObjectMeta,
) -> Result<Description> {
    let cache = ctx.runtime_env().cache_manager.get_file_metadata_cache();
    let read = Description::of_object(store, meta, Some(cache)).await;
    read.map_err(|e| cannot(file, &e.into()))
}

fn cannot(file: &Published, error: &Error) -> Error {
    Error::output(format!("{}: cannot be read: {error}", file.name))
}

/// The size of a published file, and when it was written.
///
/// # Errors
/// The file cannot be read.
pub(crate) async fn meta(ctx: &SessionContext, file: &Published) -> Result<ObjectMeta> {
    found(ctx, file).await.map(|(_, meta)| meta)
}
