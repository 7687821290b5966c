//! The tables of each as-of date, kept beside the published ones where the enrichment asks for it.
//!
//! ```text
//! out/Office.parquet                                the newest as-of date
//! out/as_of=2026-09-30/Office.parquet               and each one there was
//! out/as_of=2026-10-31/Office.parquet               → ../.engagement/Office/as_of=2026-10-31/Office.parquet
//! out/.engagement/Office/as_of=2026-10-31           → kept-a1b2c3
//! ```
//!
//! The table about individuals is not kept. As with what is published, the next run of a date replaces
//! its tables in one step, by the rename of a link. In a store each file of a date is replaced as a
//! whole, one after the other.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path as LocalPath, PathBuf};
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
use super::target::{HIDDEN, lock_home, replace_by_link, sync_folder};
use crate::error::{Error, Result};
use crate::source::file_url;
use crate::views::{Layer, Parameters, View};

/// What the folder of a date begins with, as in partitioned tables.
const AS_OF: &str = "as_of=";

/// What the folder of the files of a date begins with.
const KEPT: &str = "kept-";

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

/// Keeps the files of a run under its date; gives the place of Office there.
pub(super) fn keep(out: &LocalPath, run: &LocalPath, as_of: NaiveDate, office: &str) -> Result<String> {
    let folder = out.join(folder(as_of));
    replace(out, run, as_of, office)
        .map_err(|e| Error::output(format!("[output] {}: cannot be written to: {e}", folder.display())))?;
    Ok(folder.join(TABLES[0].file(office)).display().to_string())
}

fn replace(out: &LocalPath, run: &LocalPath, as_of: NaiveDate, office: &str) -> io::Result<()> {
    let (date, home) = (folder(as_of), out.join(HIDDEN).join(office));
    let (names, current) = (out.join(&date), home.join(&date));
    fs::create_dir_all(&names)?;
    let _home = lock_home(&home)?;
    let open = fs::Permissions::from_mode(0o777);
    let mut new = tempfile::Builder::new().prefix(KEPT).permissions(open).tempdir_in(&home)?;
    for name in kept().map(|table| table.file(office)) {
        let (from, to) = (run.join(&name), new.path().join(&name));
        fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop))?;
        File::open(&to)?.sync_all()?;
    }
    sync_folder(new.path())?;
    // The names first, and those that are no links last: as with what is published.
    let link = |which: &dyn Fn(&LocalPath) -> bool| -> io::Result<()> {
        for name in kept().map(|table| table.file(office)) {
            let target = LocalPath::new("..").join(HIDDEN).join(office).join(&date).join(&name);
            let link = names.join(&name);
            if which(&link) && fs::read_link(&link).ok().as_deref() != Some(&target) {
                replace_by_link(&home, &target, &link)?;
            }
        }
        sync_folder(&names)
    };
    link(&|link| fs::symlink_metadata(link).is_err())?;
    let before = fs::read_link(&current).ok();
    new.disable_cleanup(true);
    let name = new.path().file_name().map(PathBuf::from).unwrap_or_default();
    replace_by_link(&home, &name, &current)?;
    sync_folder(&home)?;
    link(&|_| true)?;
    clean(&home, before);
    Ok(())
}

/// Deletes what dates before the last one have left: all that no date leads to. The one before the
/// last is kept for its readers; what cannot be deleted is left to the next run.
fn clean(home: &LocalPath, before: Option<PathBuf>) {
    let entries = || fs::read_dir(home).into_iter().flatten().flatten();
    let mut used: Vec<PathBuf> = before.into_iter().collect();
    used.extend(entries().filter_map(|entry| fs::read_link(entry.path()).ok()));
    for entry in entries() {
        let name = PathBuf::from(entry.file_name());
        if name.to_string_lossy().starts_with(KEPT) && !used.contains(&name) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The folder of a run whose files say this.
    fn run(out: &LocalPath, says: &str) -> PathBuf {
        let run = out.join(HIDDEN).join("Office").join(format!("run-{says}"));
        fs::create_dir_all(&run).unwrap();
        TABLES.iter().for_each(|table| fs::write(run.join(table.file("Office")), says).unwrap());
        run
    }

    fn said(out: &LocalPath, date: &str) -> Vec<String> {
        kept().map(|table| fs::read_to_string(out.join(date).join(table.file("Office"))).unwrap()).collect()
    }

    #[test]
    fn the_next_run_of_a_date_replaces_all_of_it() {
        let temporary = tempfile::tempdir().unwrap();
        let out = temporary.path();
        let day = |day| NaiveDate::from_ymd_opt(2026, 10, day).unwrap();
        let folder_of = |of: u32| folder(day(of));
        let home = out.join(HIDDEN).join("Office");
        let folders = || {
            let names = fs::read_dir(&home).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
            names.filter(|name| name.starts_with(KEPT)).count()
        };
        // An older version has left plain files, a killed run files that nobody will see.
        fs::create_dir(out.join("as_of=2026-10-30")).unwrap();
        fs::write(out.join("as_of=2026-10-30/Office.parquet"), "plain").unwrap();
        for (says, of, kept) in [("a", 30, 1), ("b", 31, 2), ("c", 31, 3), ("d", 31, 3)] {
            fs::create_dir_all(home.join("kept-dead")).unwrap();
            let place = keep(out, &run(out, says), day(of), "Office").unwrap();
            assert!(place.ends_with(&format!("as_of=2026-10-{of}/Office.parquet")), "{place}");
            assert!(said(out, &folder_of(of)).iter().all(|text| text == says), "{says}");
            assert_eq!(folders(), kept, "{says}: each date and the one before the last");
        }
        assert!(said(out, &folder_of(30)).iter().all(|text| text == "a"));
        assert!(!out.join("as_of=2026-10-31").join("Office_UserTable.parquet").exists());
    }
}
