//! The tables of each as-of date, retained beside the published ones with `[output] history = true`, in an object store.
//!
//! ```text
//! out/history/Office/AsOfDate=2026-10-31/Office.parquet
//! out/history/Office_Overview/AsOfDate=2026-10-31/Office_Overview.parquet
//! ```
//!
//! A store replaces one object as a whole or not at all, so the tables of a date are written one after the other. The
//! overview is deleted before them and written after them: readers of this crate do not see a date without it, so
//! they do not see a date of which a killed run has written a part. They see the published date by its manifest.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt};

use super::history_reader::Files;
use super::location::{EARLIER, Home, overview_last, retained_file, retained_tables};
use super::tables::Table;
use super::upload::copy;
use crate::error::Result;

/// The path of a retained table.
pub(crate) fn path(home: &Home, table: &Table, as_of: NaiveDate) -> Path {
    home.file(&retained_file(table, &home.table, as_of))
}

/// Hides a date until all its tables are written, the overview last.
///
/// # Errors
/// The store cannot delete.
pub(crate) async fn begin(home: &Home, as_of: NaiveDate) -> Result<()> {
    for overview in retained_tables().filter(|table| table.is_overview()) {
        delete(home, &path(home, overview, as_of)).await?;
    }
    Ok(())
}

/// Moves the dates that versions up to 0.1.0 have retained into the history. Of a date that is in both, the history
/// counts.
///
/// # Errors
/// The store cannot be read or written.
pub(crate) async fn move_earlier(home: &Home) -> Result<()> {
    let folders = home.bucket.store.list_with_delimiter(Some(&home.out)).await;
    let folders = folders.map_err(home.cannot(&home.out, "cannot be read"))?.common_prefixes;
    if !folders.iter().any(|folder| folder.filename().is_some_and(|name| name.starts_with(EARLIER))) {
        return Ok(());
    }
    let found = Files::in_store(home).await?;
    for (as_of, files) in &found.dates {
        let earlier = home.out.clone().join(format!("{EARLIER}{as_of}"));
        for table in overview_last() {
            if let Some(file) = files.get(table.name).filter(|file| file.location.prefix_matches(&earlier)) {
                let what = "the history cannot be moved to its new place (run again)";
                copy(home, &file.location, &path(home, table, *as_of), what).await?;
            }
        }
        for table in overview_last().rev() {
            let old = earlier.clone().join(table.file(&home.table));
            if folders.contains(&earlier) {
                delete(home, &old).await?;
            }
        }
    }
    Ok(())
}

/// Deletes dates, whose overviews go first.
///
/// # Errors
/// The store cannot delete.
pub(crate) async fn remove(home: &Home, dates: &BTreeSet<NaiveDate>) -> Result<()> {
    for table in overview_last().rev() {
        for date in dates {
            delete(home, &path(home, table, *date)).await?;
        }
    }
    Ok(())
}

/// Deletes the files of a date for those tables that its run has not written.
///
/// # Errors
/// The store cannot delete.
pub(crate) async fn delete_absent(
    home: &Home,
    as_of: NaiveDate,
    is_written: impl Fn(&Table) -> bool,
) -> Result<()> {
    for absent in retained_tables().filter(|table| !is_written(table)) {
        delete(home, &path(home, absent, as_of)).await?;
    }
    Ok(())
}

/// Deletes an object, if it is there.
///
/// # Errors
/// The store cannot delete.
pub(crate) async fn delete(home: &Home, path: &Path) -> Result<()> {
    match home.bucket.store.delete(path).await {
        Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
        Err(e) => Err(home.cannot(path, "cannot be deleted")(e)),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use object_store::memory::InMemory;

    use super::*;
    use crate::storage::Bucket;

    #[tokio::test]
    async fn dates_of_earlier_versions_are_read_and_moved() {
        let bucket = Arc::new(Bucket::of_test(Arc::new(InMemory::new())));
        let home = Home { bucket, out: Path::from("out"), table: "Office".into() };
        let store = Arc::clone(&home.bucket.store);
        let put = async |path: &str, text: &'static str| {
            store.put(&home.file(path), text.into()).await.unwrap();
        };
        put("as_of=2026-09-30/Office.parquet", "old").await;
        put("as_of=2026-09-30/Office_Overview.parquet", "old").await;
        put("as_of=2026-09-30/Sales.parquet", "of another table").await;
        // A killed move has left a part.
        put("as_of=2026-10-31/Office.parquet", "old").await;
        put("history/Office/AsOfDate=2026-10-31/Office.parquet", "new").await;
        put("history/Office_Overview/AsOfDate=2026-10-31/Office_Overview.parquet", "new").await;
        put("history/Office/AsOfDate=2026-11-30/Office.parquet", "without an overview").await;
        let dates = async || -> Vec<String> {
            let files = Files::in_store(&home).await.unwrap();
            let mut dates = vec![];
            for (date, files) in files.complete() {
                let got = store.get(&files["Office"].location).await.unwrap().bytes().await.unwrap();
                dates.push(format!("{date} {}", String::from_utf8_lossy(&got)));
            }
            dates
        };
        let expected = ["2026-09-30 old", "2026-10-31 new"];
        assert_eq!(dates().await, expected);
        move_earlier(&home).await.unwrap();
        assert_eq!(dates().await, expected);
        let left = store.list_with_delimiter(Some(&home.out)).await.unwrap().common_prefixes;
        let left: Vec<_> = left.iter().map(|path| path.filename().unwrap_or_default()).collect();
        assert_eq!(left, ["as_of=2026-09-30", "history"]);
        store.head(&home.file("as_of=2026-09-30/Sales.parquet")).await.unwrap();
        remove(&home, &[NaiveDate::from_ymd_opt(2026, 9, 30).unwrap()].into()).await.unwrap();
        assert_eq!(dates().await, ["2026-10-31 new"]);
    }
}
