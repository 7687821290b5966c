//! Reads the retained as-of dates: the view `Office_History`.

use std::path::Path as LocalPath;
use std::sync::Arc;
use std::{fs, io};

use chrono::NaiveDate;
use datafusion::arrow::datatypes::{Fields, Schema};
use datafusion::catalog::TableProvider;
use datafusion::datasource::listing::{ListingTable, ListingTableUrl};
use datafusion::prelude::SessionContext;
use object_store::ObjectStoreExt;

use super::current::listing;
use super::location::{Home, OutputLocation, date};
use super::tables::Table;
use crate::error::{Error, Result};
use crate::storage::file_url;
use crate::views::{Layer, Parameters, View};

/// The view with one row per as-of date.
const VIEW: &str = "Office_History";
const SQL: &str = include_str!("../../sql/published/office_history.sql");
/// The table that the view reads. It is deregistered once the view is planned.
const DATES: &str = "overview_of_each_date";

/// The overviews of all as-of dates as one table: the retained ones and the published one.
///
/// # Errors
/// The output folder cannot be listed.
pub(crate) async fn overviews(
    overview: &Table,
    output: &OutputLocation,
    office: &str,
    published: (Option<NaiveDate>, ListingTableUrl),
) -> Result<ListingTable> {
    let mut dates = match output {
        OutputLocation::Folder(out) => local(out, &overview.file(office))?,
        OutputLocation::Store(home) => in_store(home, &overview.file(office)).await?,
    };
    // The published date has no folder if `history` is off, or was off when that run was published.
    if !dates.iter().any(|(date, _)| Some(*date) == published.0) {
        dates.push((published.0.unwrap_or_default(), published.1));
    }
    let urls = dates.into_iter().map(|(_, url)| url).collect();
    // Only some of the runs may have suppressed numbers, and early ones have fewer columns.
    let schema = overview.schema(u32::MAX, &Fields::empty());
    let nullable = schema.fields().iter().map(|field| field.as_ref().clone().with_nullable(true));
    listing(Arc::new(Schema::new(nullable.collect::<Vec<_>>())), urls)
}

/// Registers the view `Office_History` over the overviews of all as-of dates. `enrichment` is the name of the
/// enrichment: a folder can contain dates of another one, which the published run has replaced.
pub(crate) async fn register(
    ctx: &SessionContext,
    overviews: Arc<dyn TableProvider>,
    enrichment: &str,
) -> Result<()> {
    ctx.register_table(DATES, overviews)?;
    let view = View { name: VIEW, layer: Layer::Office, sql: SQL, materialized: false };
    view.register(ctx, &Parameters::of_history(enrichment)).await?;
    ctx.deregister_table(DATES)?;
    Ok(())
}

/// The retained as-of dates in a folder on this machine, each with its file of this name.
fn local(out: &LocalPath, file: &str) -> Result<Vec<(NaiveDate, ListingTableUrl)>> {
    let find = || -> io::Result<Vec<_>> {
        let mut found = vec![];
        for entry in fs::read_dir(out)? {
            let entry = entry?;
            let path = entry.path().join(file);
            if let Some(date) = date(&entry.file_name().to_string_lossy())
                && path.is_file()
            {
                found.push((date, file_url(&path)?));
            }
        }
        Ok(found)
    };
    find().map_err(|e| Error::output(format!("[output] {}: cannot be read: {e}", out.display())))
}

/// The retained as-of dates in an object store, each with its file of this name.
async fn in_store(home: &Home, file: &str) -> Result<Vec<(NaiveDate, ListingTableUrl)>> {
    let cannot = home.cannot(&home.out, "cannot be read");
    let folders = home.bucket.store.list_with_delimiter(Some(&home.out)).await.map_err(&cannot)?;
    let mut found = vec![];
    for folder in folders.common_prefixes {
        let Some(date) = folder.filename().and_then(date) else { continue };
        let path = folder.join(file);
        match home.bucket.store.head(&path).await {
            Ok(_) => found.push((date, home.bucket.url(&path).map_err(Error::output)?)),
            Err(object_store::Error::NotFound { .. }) => {}
            Err(e) => return Err(cannot(e)),
        }
    }
    Ok(found)
}
