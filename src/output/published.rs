//! The published tables of an enrichment, to be queried.

use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use object_store::ObjectStoreExt;

use super::Description;
use super::destination::{self, Published};
use super::history;
use super::tables::TABLES;
use crate::enrichment::Enrichment;
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
    let Some(published) = destination::current(ctx, enrichment).await? else {
        return Err(Error::output(format!(
            "{}: nothing is published there yet; start with: engagement run {}",
            destination::shown(enrichment),
            enrichment.file.display()
        )));
    };
    let description = describe(ctx, &published[0]).await?;
    for (table, file) in TABLES.iter().zip(&published) {
        let schema = table.schema(description.min_people());
        ctx.register_table(quoted(table.name), Arc::new(listing(schema, vec![file.url.clone()])?))?;
    }
    let overviews = TABLES.iter().zip(published).find(|(table, _)| table.name == history::OVERVIEW);
    if let Some((_, overview)) = overviews {
        let output = destination::place(ctx, enrichment)?;
        let office = &enrichment.output.table;
        history::register(ctx, &output, office, (description.as_of(), overview.url)).await?;
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
