//! The tables of each as-of date, kept beside the published ones where the enrichment asks for it.
//!
//! ```text
//! out/Office.parquet                                the newest as-of date
//! out/as_of=2026-09-30/Office.parquet               and each one there was
//! out/as_of=2026-10-31/Office.parquet
//! ```
//!
//! The table about individuals is not kept. A file of an as-of date is replaced as a whole by the next
//! run of that date.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path as LocalPath;
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::catalog::TableProvider;
use datafusion::datasource::listing::{ListingTable, ListingTableUrl};
use datafusion::prelude::SessionContext;
use object_store::ObjectStoreExt;

use super::destination::Output;
use super::published::listing;
use super::store::Home;
use super::tables::{TABLES, Table};
use crate::error::{Error, Result};
use crate::source::file_url;
use crate::views::{Layer, Parameters, View};

/// What the folder of a date begins with, as in partitioned tables.
const AS_OF: &str = "as_of=";

/// The view of all dates, over a table that only it sees.
const VIEW: &str = "Office_History";
const SQL: &str = include_str!("../../sql/published/office_history.sql");
const DATES: &str = "overview_of_each_date";

/// The tables that are kept.
pub(super) fn kept() -> impl Iterator<Item = &'static Table> {
    TABLES.iter().filter(|table| !table.is_about_individuals())
}

/// The folder of a date, in the output folder.
pub(super) fn folder(as_of: NaiveDate) -> String {
    format!("{AS_OF}{as_of}")
}

/// The date whose folder this is.
fn date(folder: &str) -> Option<NaiveDate> {
    folder.strip_prefix(AS_OF)?.parse().ok()
}

/// Copies the files of a run into the folder of its date; gives the place of Office there.
pub(super) fn keep(out: &LocalPath, run: &LocalPath, as_of: NaiveDate, office: &str) -> Result<String> {
    let folder = out.join(folder(as_of));
    let copy = || -> io::Result<()> {
        fs::create_dir_all(&folder)?;
        for table in kept() {
            let name = table.file(office);
            let open = fs::Permissions::from_mode(0o666);
            let mut copy = tempfile::Builder::new().prefix(".").permissions(open).tempfile_in(&folder)?;
            io::copy(&mut File::open(run.join(&name))?, &mut copy)?;
            copy.as_file().sync_all()?;
            copy.persist(folder.join(name))?;
        }
        File::open(&folder)?.sync_all()
    };
    copy().map_err(|e| Error::output(format!("[output] {}: cannot be written to: {e}", folder.display())))?;
    Ok(folder.join(TABLES[0].file(office)).display().to_string())
}

/// The overviews of all dates: those that are kept, and the one that is published.
pub(super) async fn overviews(
    overview: &Table,
    output: &Output,
    office: &str,
    published: (Option<NaiveDate>, ListingTableUrl),
) -> Result<ListingTable> {
    let mut dates = match output {
        Output::Folder(out) => local(out, &overview.file(office))?,
        Output::Store(home) => in_store(home, &overview.file(office)).await?,
    };
    // A date without a folder: the history began later, or is not asked for.
    if !dates.iter().any(|(date, _)| Some(*date) == published.0) {
        dates.push((published.0.unwrap_or_default(), published.1));
    }
    let urls = dates.into_iter().map(|(_, url)| url).collect();
    // Some runs may have withheld numbers, others not.
    listing(overview.schema(u32::MAX), urls)
}

/// Registers the view of all dates over their overviews.
pub(super) async fn register(ctx: &SessionContext, overviews: Arc<dyn TableProvider>) -> Result<()> {
    ctx.register_table(DATES, overviews)?;
    let view = View { name: VIEW, layer: Layer::Office, sql: SQL, shared: false };
    view.register(ctx, &Parameters::of_published(&[], &[])).await?;
    ctx.deregister_table(DATES)?;
    Ok(())
}

/// The file of each date that is kept.
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

/// The same in a store.
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
