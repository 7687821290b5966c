//! The published tables of an enrichment, to be queried.

use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use object_store::ObjectStoreExt;

use super::Description;
use super::destination::{self, Published};
use super::history;
use super::tables::{TABLES, Table};
use crate::delta;
use crate::enrichment::{Enrichment, OutputFormat};
use crate::error::{Error, Result};
use crate::views::{Layer, Parameters, View, quoted, register_own_names};

/// Views that what is published suffices for. The first is another file than in a live session;
/// the last is the only one that stays visible.
const VIEWS: [&str; 4] = ["office_disclosed", "period_standing", "office_scored", "Office_ScoreExplained"];

/// Registers the tables of the last run that was published, and `Office_ScoreExplained` over them,
/// on a session that has the functions of this crate.
///
/// # Errors
/// Nothing was published yet, or it cannot be read.
pub async fn register(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Description> {
    let opened = match enrichment.output.format {
        OutputFormat::Parquet => files(ctx, enrichment).await?,
        OutputFormat::Delta => delta::published(ctx, enrichment).await?,
    };
    let Some(Opened { description, tables, overviews }) = opened else {
        return Err(Error::output(format!(
            "{}: nothing is published there yet; start with: engagement run {}",
            destination::shown(enrichment),
            enrichment.file.display()
        )));
    };
    for (table, provider) in tables {
        ctx.register_table(quoted(table.name), provider)?;
    }
    if let Some(overviews) = overviews {
        history::register(ctx, overviews).await?;
    }
    let parameters = Parameters::of_published(&description.levels(), &description.weights());
    for name in VIEWS {
        let Some(mut view) = View::named(name).copied() else { continue };
        if name == VIEWS[0] {
            view.sql = include_str!("../../sql/published/office_disclosed.sql");
        }
        view.register(ctx, &parameters).await?;
    }
    for name in VIEWS.iter().filter(|n| View::named(n).is_some_and(|v| v.layer != Layer::Office)) {
        ctx.deregister_table(quoted(name))?;
    }
    register_own_names(ctx, enrichment).await?;
    Ok(description)
}

/// What was published, whatever as.
pub(crate) struct Opened {
    /// What the run of the newest as-of date says of itself.
    pub(crate) description: Description,
    /// The tables of that date.
    pub(crate) tables: Vec<(&'static Table, Arc<dyn TableProvider>)>,
    /// The overview of each date.
    pub(crate) overviews: Option<Arc<dyn TableProvider>>,
}

/// The published Parquet files.
async fn files(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Option<Opened>> {
    let Some(published) = destination::current(ctx, enrichment).await? else { return Ok(None) };
    let description = describe(ctx, &published[0]).await?;
    let (mut tables, mut overviews) = (vec![], None);
    for (table, file) in TABLES.iter().zip(published) {
        if table.is_overview() {
            let (output, office) = (destination::place(ctx, enrichment)?, &enrichment.output.table);
            let published = (description.as_of(), file.url.clone());
            let dates = history::overviews(table, &output, office, published).await?;
            overviews = Some(Arc::new(dates) as Arc<dyn TableProvider>);
        }
        let provider = Arc::new(listing(table.schema(description.min_people()), vec![file.url])?);
        tables.push((table, provider as Arc<dyn TableProvider>));
    }
    Ok(Some(Opened { description, tables, overviews }))
}

/// Files with these columns as one table.
pub(super) fn listing(schema: SchemaRef, urls: Vec<ListingTableUrl>) -> Result<ListingTable> {
    let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension("");
    let config = ListingTableConfig::new_with_multi_paths(urls);
    let config = config.with_listing_options(options).with_schema(schema);
    Ok(ListingTable::try_new(config)?)
}

/// The as-of date of what is published; `None` before the first run.
pub(super) async fn published_day(
    ctx: &SessionContext,
    enrichment: &Enrichment,
) -> Result<Option<NaiveDate>> {
    match destination::current(ctx, enrichment).await? {
        Some(published) => Ok(describe(ctx, &published[0]).await?.as_of()),
        None => Ok(None),
    }
}

async fn describe(ctx: &SessionContext, office: &Published) -> Result<Description> {
    let read = async || -> Result<Description> {
        let store = ctx.runtime_env().object_store(office.url.object_store())?;
        let meta = store.head(office.url.prefix()).await.map_err(DataFusionError::from)?;
        let footer = DFParquetMetadata::new(store.as_ref(), &meta).fetch_metadata().await?;
        Ok(Description::read(footer.file_metadata()))
    };
    read().await.map_err(|e| Error::output(format!("{}: cannot be read: {e}", office.name)))
}
