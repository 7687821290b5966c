//! Registers the published tables of an enrichment with a session.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::arrow::datatypes::Fields;
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::prelude::SessionContext;
use futures::future::try_join_all;

use super::current::{attributes, current, describe_checked, listing, meta};
use super::location::OutputLocation;
use super::opened::{OfDate, Opened, Rows, Stored};
use super::owner::Claim;
use super::tables::{TABLES, Table, every_table};
use super::{Description, delta, folder, history_reader, location};
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
/// on a session that has the functions of this crate; and the rows of all retained as-of dates as `Office_AllDates` and
/// likewise for the other tables, and two of these dates side by side as `Office_Changes`. Returns the description of the
/// published run.
///
/// # Errors
/// Nothing is published yet, it belongs to another enrichment, its files are of several runs, a file was deleted or
/// changed since, or it cannot be read.
pub async fn register(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Description> {
    register_as_of(ctx, enrichment, None).await
}

/// Registers the published tables, like [`register`], as they are at a retained as-of date; at the newest one if there
/// is none given. At another date than the published one, `Office_UserTable` is not among them, because it is not
/// retained. Returns the description of the run of that date.
///
/// # Errors
/// As for [`register`]; or no tables of the date are retained.
pub async fn register_as_of(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    as_of: Option<NaiveDate>,
) -> Result<Description> {
    register_with_notes(ctx, enrichment, as_of).await.map(|(description, _)| description)
}

/// Registers the published tables, like [`register_as_of`]. Also returns remarks that are not errors.
pub(crate) async fn register_with_notes(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    as_of: Option<NaiveDate>,
) -> Result<(Description, Vec<String>)> {
    let mut opened = open(ctx, enrichment).await?;
    let notes = std::mem::take(&mut opened.notes);
    history_reader::register(ctx, &opened.all_dates, enrichment).await?;
    let as_of = as_of.filter(|date| opened.description.as_of() != Some(*date));
    let (description, tables) = match as_of {
        None => (opened.description, opened.tables),
        Some(date) => {
            let dates = history_reader::dates(ctx).await?;
            if !dates.contains(&date) {
                return Err(history_reader::not_retained(enrichment, date, &dates));
            }
            (opened.stored.describe(date).await?, history_reader::of_date(ctx, &opened, date)?)
        }
    };
    register_tables(ctx, enrichment, tables, &description).await?;
    Ok((description, notes))
}

/// Registers empty tables with the columns that the published ones have, and the same views. `attributes` are those of
/// the accounts.
///
/// # Errors
/// A view cannot be planned.
pub(crate) async fn register_empty(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    attributes: &Fields,
) -> Result<()> {
    let schema = |table: &Table| table.schema(enrichment.min_people, attributes);
    let empty = |table: &'static Table| -> Result<_> {
        let rows = Arc::new(MemTable::try_new(schema(table), vec![vec![]])?);
        Ok((table, rows as Arc<dyn TableProvider>))
    };
    let none = history_reader::Files { store: ObjectStoreUrl::local_filesystem(), dates: BTreeMap::new() };
    let retained = TABLES.iter().filter(|table| !table.is_about_individuals());
    let all_dates = retained.map(|table| (table, none.table(table, attributes))).collect();
    history_reader::register(ctx, &all_dates, enrichment).await?;
    let tables = TABLES.iter().map(empty).collect::<Result<_>>()?;
    register_tables(ctx, enrichment, tables, &Description::of(enrichment)).await
}

/// Registers published tables of a run with this description, and the view that explains its scores.
///
/// # Errors
/// A view cannot be planned.
pub(crate) async fn register_tables(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    tables: Rows,
    description: &Description,
) -> Result<()> {
    for (table, provider) in tables {
        ctx.register_table(quoted(table.name), provider)?;
    }
    let parameters = Parameters::of_published(&description.levels(), &description.weights());
    PUBLISHED_OFFICE.register(ctx, &parameters).await?;
    for view in STEPS.iter().chain([&EXPLAINED]).filter_map(|name| View::named(name)) {
        view.register(ctx, &parameters).await?;
    }
    for name in STEPS.iter().chain([&PUBLISHED_OFFICE.name]) {
        ctx.deregister_table(quoted(name))?;
    }
    register_own_names(ctx, enrichment).await
}

/// Opens what an enrichment has published.
///
/// # Errors
/// Nothing is published yet, it belongs to another enrichment, its files are of several runs, a file was deleted or
/// changed since, or it cannot be read.
pub(crate) async fn open(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Opened> {
    let opened = match enrichment.output.format {
        OutputFormat::Parquet => files(ctx, enrichment).await?,
        OutputFormat::Delta => delta::published(ctx, enrichment).await?,
    };
    let Some(mut opened) = opened else {
        return Err(Error::output(format!(
            "{}: nothing is published there yet; start with: {}",
            location::shown(enrichment),
            enrichment.run_command()
        )));
    };
    let claim = Claim::of(enrichment);
    claim.reads(&location::shown(enrichment), &opened.description)?;
    for (file, companion) in &opened.companions {
        claim.reads_together(&opened.description, file, companion)?;
    }
    opened.changed.take().map_or(Ok(opened), Err)
}

/// Opens the published Parquet files; `None` before the first run.
async fn files(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Option<Opened>> {
    let Some(published) = current(ctx, enrichment, every_table()).await? else { return Ok(None) };
    let described = published.iter().map(|file| async {
        let (description, changed) = describe_checked(ctx, enrichment, file).await?;
        Ok::<_, Error>(((file.name.clone(), description), changed))
    });
    let (mut companions, changed): (Vec<_>, Vec<_>) = try_join_all(described).await?.into_iter().unzip();
    let mut changed = changed.into_iter().flatten().next();
    let (_, description) = companions.remove(0);
    let sizes = try_join_all(published.iter().map(|file| meta(ctx, file))).await?;
    let (output, office) = (location::output_location(ctx, enrichment)?, &enrichment.output.table);
    if let OutputLocation::Folder(out) = &output
        && let Some(run) = folder::current(out, office)
    {
        changed = changed.or(folder::check_links(out, office, &run, &enrichment.run_command()).err());
    }
    let mut retained = history_reader::Files::find(&output, office).await?;
    if let Some(date) = description.as_of() {
        let files = published.iter().zip(sizes).map(|(file, size)| (file.table, size));
        retained.add_published(date, files.collect());
    }
    let notes = retained.incomplete(office).into_iter().collect();
    let (mut tables, mut all_dates) = (vec![], vec![]);
    // Sessions have a view in place of the optional table.
    for file in published.into_iter().filter(|file| !file.table.is_optional()) {
        let table = file.table;
        let attributes = match table.has_attributes() {
            true => attributes(ctx, table, &file).await?,
            false => Fields::empty(),
        };
        let schema = table.schema(description.min_people(), &attributes);
        if !table.is_about_individuals() {
            all_dates.push((table, retained.table(table, &attributes)));
        }
        let provider = Arc::new(listing(schema, vec![file.url])?);
        tables.push((table, provider as Arc<dyn TableProvider>));
    }
    let stored = retained.complete().filter_map(|(date, files)| {
        let bytes = files.values().map(|file| file.size).sum();
        Some((date, OfDate { office: files.get(TABLES[0].name)?.clone(), bytes }))
    });
    let stored = Stored { store: ctx.runtime_env().object_store(&retained.store)?, dates: stored.collect() };
    Ok(Some(Opened { description, companions, changed, tables, all_dates, stored, notes }))
}
