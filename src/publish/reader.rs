//! Registers the published tables of an enrichment with a session.

use std::sync::Arc;

use datafusion::arrow::datatypes::Fields;
use datafusion::catalog::TableProvider;
use datafusion::prelude::SessionContext;
use futures::future::try_join_all;

use super::current::{attributes, current, describe, listing};
use super::opened::Opened;
use super::owner::Claim;
use super::tables::TABLES;
use super::{Description, delta, history_reader, location};
use crate::config::{Enrichment, OutputFormat};
use crate::engine::quoted;
use crate::error::{Error, Result};
use crate::views::{Layer, Parameters, View, register_own_names};

/// The view `office_measure` of a session over published tables. It has the rows that the view of that
/// name has in a session over the inputs, but reads them from the published Office.
const PUBLISHED_OFFICE: View = View {
    name: "office_measure",
    layer: Layer::Intermediate,
    sql: include_str!("../../sql/published/published_office.sql"),
    materialized: false,
};

/// The views between [`PUBLISHED_OFFICE`] and [`EXPLAINED`]. They are deregistered once `EXPLAINED` is
/// planned.
const STEPS: [&str; 2] = ["period_distribution", "office_scored"];
/// The one view of these that users can query.
const EXPLAINED: &str = "Office_ScoreExplained";

/// Registers the published tables, and the views `Office_ScoreExplained` and `Office_History` over them,
/// on a session that has the functions of this crate. Returns the description of the published run.
///
/// # Errors
/// Nothing is published yet, it belongs to another enrichment, its files are of several runs, or it cannot be
/// read.
pub async fn register(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Description> {
    let opened = match enrichment.output.format {
        OutputFormat::Parquet => files(ctx, enrichment).await?,
        OutputFormat::Delta => delta::published(ctx, enrichment).await?,
    };
    let Some(Opened { description, companions, tables, overviews }) = opened else {
        return Err(Error::output(format!(
            "{}: nothing is published there yet; start with: {}",
            location::shown(enrichment),
            enrichment.run_command()
        )));
    };
    let claim = Claim::of(enrichment);
    claim.reads(&location::shown(enrichment), &description)?;
    for (file, companion) in &companions {
        claim.reads_together(&description, file, companion)?;
    }
    for (table, provider) in tables {
        ctx.register_table(quoted(table.name), provider)?;
    }
    if let Some(overviews) = overviews {
        history_reader::register(ctx, overviews, &enrichment.name).await?;
    }
    let parameters = Parameters::of_published(&description.levels(), &description.weights());
    PUBLISHED_OFFICE.register(ctx, &parameters).await?;
    for view in STEPS.iter().chain([&EXPLAINED]).filter_map(|name| View::named(name)) {
        view.register(ctx, &parameters).await?;
    }
    for name in STEPS.iter().chain([&PUBLISHED_OFFICE.name]) {
        ctx.deregister_table(quoted(name))?;
    }
    register_own_names(ctx, enrichment).await?;
    Ok(description)
}

/// Opens the published Parquet files; `None` before the first run.
async fn files(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Option<Opened>> {
    let Some(published) = current(ctx, enrichment, TABLES).await? else { return Ok(None) };
    let described = published
        .iter()
        .map(|file| async { describe(ctx, file).await.map(|description| (file.name.clone(), description)) });
    let mut companions = try_join_all(described).await?;
    let (_, description) = companions.remove(0);
    let (mut tables, mut overviews) = (vec![], None);
    for (table, file) in TABLES.iter().zip(published) {
        if table.is_overview() {
            let (output, office) = (location::output_location(ctx, enrichment)?, &enrichment.output.table);
            let published = (description.as_of(), file.url.clone());
            let dates = history_reader::overviews(table, &output, office, published).await?;
            overviews = Some(Arc::new(dates) as Arc<dyn TableProvider>);
        }
        let attributes = match table.has_attributes() {
            true => attributes(ctx, table, &file).await?,
            false => Fields::empty(),
        };
        let schema = table.schema(description.min_people(), &attributes);
        let provider = Arc::new(listing(schema, vec![file.url])?);
        tables.push((table, provider as Arc<dyn TableProvider>));
    }
    Ok(Some(Opened { description, companions, tables, overviews }))
}
