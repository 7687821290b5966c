//! The tables of each as-of date, retained beside the published ones with `[output] history = true`, in a folder on
//! this machine.
//!
//! ```text
//! out/Office.parquet                                     the newest as-of date
//! out/history/Office/AsOfDate=2026-09-30/Office.parquet  each as-of date
//! out/history/Office/AsOfDate=2026-10-31/Office.parquet
//!                                → ../../../.engagement/Office/AsOfDate=2026-10-31/Office.parquet
//! out/.engagement/Office/AsOfDate=2026-10-31             → retained-a1b2c3
//! ```
//!
//! `out/history/Office` is one Hive-partitioned table, which other programs open as it is. The table about individuals is
//! not retained.
//!
//! The link `AsOfDate=2026-10-31` leads to the files of the tables of a date. Its rename adds the date or replaces all its
//! tables in one step, and its removal drops it. Readers of this crate follow it. For all other readers, the names in
//! `history/` of a new date are made after it, and those of a dropped date are removed before it, so that no name leads
//! nowhere. The name of the overview is the last one to come and the first one to go: where it is, the date is complete.
//! Names that a killed run has not made are made by the next one.
//!
//! Versions up to 0.1.0 had another layout. It is read, and the next run that retains a date moves it:
//!
//! ```text
//! out/as_of=2026-10-31/Office.parquet                    → ../.engagement/Office/as_of=2026-10-31/Office.parquet
//! out/.engagement/Office/as_of=2026-10-31                → retained-a1b2c3
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path as LocalPath, PathBuf};

use chrono::NaiveDate;

use super::atomic_link::{LINK, lock_home, replace_by_link, sync_folder};
use super::home::{HIDDEN, home, is_folder};
use super::location::{
    EARLIER, HISTORY, earlier_date, overview_last, partition, partition_date, retained_file, retained_tables,
};
use super::tables::{TABLES, Table};
use crate::error::{Error, Result};

/// Prefix of the folders that contain the files of an as-of date.
const RETAINED: &str = "retained-";

/// What such a folder of version 0.1.0 begins with.
const RETAINED_0_1: &str = "kept-";

/// The files of the retained tables of each as-of date, by the names of the tables.
pub(crate) type Dates = BTreeMap<NaiveDate, BTreeMap<&'static str, PathBuf>>;

/// Whether a date is complete. The overview is there if all tables are.
pub(crate) fn is_complete<T>(files: &BTreeMap<&'static str, T>) -> bool {
    files.keys().any(|name| Table::named(name).is_some_and(Table::is_overview))
}

/// The as-of date of a link that leads to the files of a date, also of one of versions up to 0.1.0.
pub(crate) fn date_of_link(name: &str) -> Option<NaiveDate> {
    partition_date(name).or_else(|| earlier_date(name))
}

/// The retained dates, also those of which files were deleted. Paths are absolute and without links.
///
/// # Errors
/// The folders cannot be read, or the folder of a date is a link.
pub(crate) fn dates(out: &LocalPath, office: &str) -> io::Result<Dates> {
    let mut found = Dates::new();
    for (date, folder) in earlier_folders(out)? {
        let files = files(&folder, office)?;
        // A date of the earlier layout without an overview is left by a move that was killed.
        if is_complete(&files) {
            found.insert(date, files);
        }
    }
    let home = home(out, office);
    for name in entries(&home)? {
        if let Some(date) = partition_date(&name) {
            found.insert(date, files(&home.join(&name), office)?);
        }
    }
    Ok(found)
}

/// The files of retained tables in a folder.
fn files(folder: &LocalPath, office: &str) -> io::Result<BTreeMap<&'static str, PathBuf>> {
    let mut files = BTreeMap::new();
    for table in retained_tables() {
        match fs::canonicalize(folder.join(table.file(office))) {
            Ok(file) => drop(files.insert(table.name, file)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(e),
        }
    }
    Ok(files)
}

/// The folders of as-of dates of versions up to 0.1.0.
fn earlier_folders(out: &LocalPath) -> io::Result<Vec<(NaiveDate, PathBuf)>> {
    let mut folders = vec![];
    for name in entries(out)? {
        if let Some(date) = earlier_date(&name)
            && is_folder(&out.join(&name))?
        {
            folders.push((date, out.join(&name)));
        }
    }
    Ok(folders)
}

/// The names in a folder; none if it does not exist.
fn entries(folder: &LocalPath) -> io::Result<Vec<String>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(vec![]),
        Err(e) => Err(e),
    }
}

/// Retains the files of a run under its as-of date. Returns the path of Office there.
///
/// # Errors
/// The history cannot be written.
pub(crate) fn retain(out: &LocalPath, run: &LocalPath, as_of: NaiveDate, office: &str) -> Result<String> {
    let retain = || -> io::Result<()> {
        let home = home(out, office);
        let _home = lock_home(&home)?;
        let files = files(run, office)?;
        // The names of tables that the date had and has no longer.
        for absent in retained_tables().filter(|table| !files.contains_key(table.name)) {
            remove_name(out, office, absent, as_of)?;
        }
        let before = put(&home, as_of, &files, office)?;
        settle(out, office)?;
        clean(&home, before);
        Ok(())
    };
    retain().map_err(|e| {
        let place = out.join(HISTORY);
        Error::output(format!("[output] {}: cannot be written to: {e}", place.display())).with_source(e)
    })?;
    Ok(out.join(retained_file(&TABLES[0], office, as_of)).display().to_string())
}

/// Adds a date, or replaces its files, in one step. Returns the name of the folder with the files before.
fn put(
    home: &LocalPath,
    as_of: NaiveDate,
    files: &BTreeMap<&'static str, PathBuf>,
    office: &str,
) -> io::Result<Option<PathBuf>> {
    let open = fs::Permissions::from_mode(0o777);
    let mut new = tempfile::Builder::new().prefix(RETAINED).permissions(open).tempdir_in(home)?;
    for (name, file) in files {
        let Some(table) = Table::named(name) else { continue };
        let to = new.path().join(table.file(office));
        fs::hard_link(file, &to).or_else(|_| fs::copy(file, &to).map(drop))?;
        File::open(&to)?.sync_all()?;
    }
    sync_folder(new.path())?;
    let link = home.join(partition(as_of));
    let before = fs::read_link(&link).ok();
    new.disable_cleanup(true);
    replace_by_link(home, &new.path().file_name().map(PathBuf::from).unwrap_or_default(), &link)?;
    sync_folder(home)?;
    Ok(before)
}

/// Moves the dates of versions up to 0.1.0, and makes the names of all dates that are missing. The caller holds the lock of
/// the folder `.engagement/<table>`.
///
/// # Errors
/// The history cannot be read or written.
pub(crate) fn settle(out: &LocalPath, office: &str) -> io::Result<()> {
    let home = home(out, office);
    for (date, folder) in earlier_folders(out)? {
        let files = files(&folder, office)?;
        // Of a date that is in both layouts, because a move was killed, the link counts.
        if is_complete(&files) && fs::symlink_metadata(home.join(partition(date))).is_err() {
            put(&home, date, &files, office)?;
        }
        remove_earlier(&home, &folder, date, office)?;
    }
    if !is_folder(&out.join(HISTORY))? {
        fs::create_dir_all(out.join(HISTORY))?;
    }
    for table in overview_last() {
        let mut is_new = false;
        let folder = out.join(HISTORY).join(table.folder(office));
        for date in entries(&home)?.iter().filter(|name| partition_date(name).is_some()) {
            is_new |= name_file(&home, &folder, date, &table.file(office), office)?;
        }
        if is_new {
            sync_folder(&folder)?;
        }
    }
    sync_folder(&out.join(HISTORY))
}

/// Makes the name of the file of a table at a date, unless it is there. Returns whether it was missing.
fn name_file(home: &LocalPath, folder: &LocalPath, date: &str, file: &str, office: &str) -> io::Result<bool> {
    let target: PathBuf = ["..", "..", "..", HIDDEN, office, date, file].iter().collect();
    let (of_date, link) = (folder.join(date), folder.join(date).join(file));
    if fs::read_link(&link).is_ok_and(|leads| leads == target) || !home.join(date).join(file).exists() {
        return Ok(false);
    }
    if is_folder(&of_date)? {
        replace_by_link(home, &target, &link)?;
        return Ok(true);
    }
    // The folder appears with its file.
    let scratch = tempfile::Builder::new().prefix(LINK).tempdir_in(home)?;
    let new = scratch.path().join(date);
    fs::create_dir(&new)?;
    symlink(&target, new.join(file))?;
    sync_folder(&new)?;
    fs::create_dir_all(folder)?;
    fs::rename(new, of_date)?;
    Ok(true)
}

/// Drops dates: first the names, by which other readers find the files, then, in one step for each date, the link. The
/// caller holds the lock of the folder `.engagement/<table>`.
///
/// # Errors
/// A name or a link cannot be removed.
pub(crate) fn remove(out: &LocalPath, office: &str, dates: &BTreeSet<NaiveDate>) -> io::Result<()> {
    let home = home(out, office);
    for date in dates {
        remove_names(out, office, *date)?;
        remove_file(&home.join(partition(*date)))?;
    }
    sync_folder(&home)
}

/// Removes the names of the files of a date, in both layouts.
///
/// # Errors
/// A name cannot be removed.
pub(crate) fn remove_names(out: &LocalPath, office: &str, date: NaiveDate) -> io::Result<()> {
    for table in overview_last().rev() {
        remove_name(out, office, table, date)?;
    }
    let earlier = out.join(format!("{EARLIER}{date}"));
    if is_folder(&earlier)? { remove_earlier(&home(out, office), &earlier, date, office) } else { Ok(()) }
}

/// Removes the name of the file of a table at a date.
fn remove_name(out: &LocalPath, office: &str, table: &Table, date: NaiveDate) -> io::Result<()> {
    let of_date = out.join(HISTORY).join(table.folder(office)).join(partition(date));
    remove_file(&of_date.join(table.file(office)))?;
    // What another program has put there stays.
    let _ = fs::remove_dir(of_date);
    Ok(())
}

/// Removes the names of a date in the layout of versions up to 0.1.0, and its link.
fn remove_earlier(home: &LocalPath, folder: &LocalPath, date: NaiveDate, office: &str) -> io::Result<()> {
    for table in overview_last().rev() {
        remove_file(&folder.join(table.file(office)))?;
    }
    // Another table of the output folder may have its files there.
    let _ = fs::remove_dir(folder);
    remove_file(&home.join(format!("{EARLIER}{date}")))
}

fn remove_file(file: &LocalPath) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(e) if !matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Err(e),
        _ => Ok(()),
    }
}

/// Whether a name is that of a folder that contains the files of an as-of date.
pub(crate) fn is_retained(name: &str) -> bool {
    [RETAINED, RETAINED_0_1].iter().any(|prefix| name.starts_with(prefix))
}

/// Deletes the folders with retained files to which no link leads, except `before`, which was replaced just now and remains
/// for its readers. The caller holds the lock of `home`. Errors are ignored: the next run tries again.
pub(crate) fn clean(home: &LocalPath, before: Option<PathBuf>) {
    let entries = || fs::read_dir(home).into_iter().flatten().flatten();
    let mut used: Vec<PathBuf> = before.into_iter().collect();
    used.extend(entries().filter_map(|entry| fs::read_link(entry.path()).ok()));
    for entry in entries() {
        let name = PathBuf::from(entry.file_name());
        if is_retained(&name.to_string_lossy()) && !used.contains(&name) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The folder of a run whose files contain this text.
    fn run(out: &LocalPath, says: &str) -> PathBuf {
        let run = out.join(HIDDEN).join("Office").join(format!("run-{says}"));
        fs::create_dir_all(&run).unwrap();
        TABLES.iter().for_each(|table| fs::write(run.join(table.file("Office")), says).unwrap());
        run
    }

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 10, day).unwrap()
    }

    /// The dates, each with the different contents of its files.
    fn said(out: &LocalPath) -> Vec<String> {
        let dates = dates(out, "Office").unwrap().into_iter();
        let dates = dates.map(|(date, files)| {
            assert_eq!(files.len(), TABLES.len() - 1, "{date}");
            let mut says: Vec<_> = files.values().map(|file| fs::read_to_string(file).unwrap()).collect();
            says.dedup();
            format!("{} {}", date.format("%d"), says.join(" "))
        });
        dates.collect()
    }

    fn folders(out: &LocalPath) -> usize {
        let names = entries(&out.join(HIDDEN).join("Office")).unwrap();
        names.iter().filter(|name| is_retained(name)).count()
    }

    #[test]
    fn the_next_run_of_a_date_replaces_all_of_it() {
        let temporary = tempfile::tempdir().unwrap();
        let out = temporary.path();
        for (says, of, expected, retained) in [
            ("a", 30, vec!["30 a"], 1),
            ("b", 31, vec!["30 a", "31 b"], 2),
            ("c", 31, vec!["30 a", "31 c"], 3),
            ("d", 29, vec!["29 d", "30 a", "31 c"], 3),
        ] {
            // Left by a killed run: no link leads to them.
            for dead in ["retained-dead", "kept-dead"] {
                fs::create_dir_all(out.join(HIDDEN).join("Office").join(dead)).unwrap();
            }
            let place = retain(out, &run(out, says), day(of), "Office").unwrap();
            assert!(
                place.ends_with(&format!("history/Office/AsOfDate=2026-10-{of}/Office.parquet")),
                "{place}"
            );
            assert_eq!(fs::read_to_string(place).unwrap(), says);
            assert_eq!(said(out), expected);
            assert_eq!(folders(out), retained, "{says}: each date, and what was replaced last");
        }
        assert!(!out.join("history/Office_UserTable").exists());
        // A killed run has not made all names, and a killed drop has removed some.
        remove_names(out, "Office", day(29)).unwrap();
        fs::remove_file(out.join("history/Office_Overview/AsOfDate=2026-10-31/Office_Overview.parquet"))
            .unwrap();
        assert_eq!(said(out), ["29 d", "30 a", "31 c"]);
        settle(out, "Office").unwrap();
        for date in ["29", "30", "31"] {
            for table in retained_tables().filter(|table| !table.is_optional()) {
                let of_table = format!("history/{}/AsOfDate=2026-10-{date}", table.folder("Office"));
                assert!(out.join(of_table).join(table.file("Office")).exists(), "{date}");
            }
        }
        remove(out, "Office", &[day(30), day(1)].into()).unwrap();
        assert_eq!(said(out), ["29 d", "31 c"]);
        assert!(!out.join("history/Office/AsOfDate=2026-10-30").exists());
    }

    /// The next run of a date does not publish the optional table.
    #[test]
    fn no_name_of_a_table_that_is_no_longer_retained_leads_nowhere() {
        let temporary = tempfile::tempdir().unwrap();
        let out = temporary.path();
        let optional = retained_tables().find(|table| table.is_optional()).unwrap();
        for date in [30, 31] {
            let run = run(out, "with");
            fs::write(run.join(optional.file("Office")), "with").unwrap();
            retain(out, &run, day(date), "Office").unwrap();
        }
        let name = |date: u32| {
            let name = out.join(retained_file(optional, "Office", day(date)));
            fs::read_to_string(&name).map_err(|_| fs::symlink_metadata(name).is_ok())
        };
        assert_eq!([name(30), name(31)], [Ok("with".into()), Ok("with".into())]);
        fs::remove_file(run(out, "with").join(optional.file("Office"))).unwrap();
        retain(out, &run(out, "with"), day(31), "Office").unwrap();
        assert_eq!([name(30), name(31)], [Ok("with".into()), Err(false)]);
        remove(out, "Office", &[day(30)].into()).unwrap();
        assert_eq!(name(30), Err(false));
    }

    /// The layout of version 0.1.0: a date whose files are links, one with plain files of a version before it, and one
    /// that a killed move has left without its overview.
    #[test]
    fn the_layout_of_earlier_versions_is_read_and_moved() {
        let temporary = tempfile::tempdir().unwrap();
        let out = temporary.path();
        let home = out.join(HIDDEN).join("Office");
        let required = || retained_tables().filter(|table| !table.is_optional());
        let names = || required().map(|table| table.file("Office"));
        fs::create_dir_all(home.join("retained-1")).unwrap();
        symlink("retained-1", home.join("as_of=2026-10-29")).unwrap();
        fs::create_dir_all(out.join("as_of=2026-10-29")).unwrap();
        for name in names() {
            fs::write(home.join("retained-1").join(&name), "links").unwrap();
            let target = LocalPath::new("../.engagement/Office/as_of=2026-10-29").join(&name);
            symlink(target, out.join("as_of=2026-10-29").join(&name)).unwrap();
        }
        for date in ["as_of=2026-10-30", "as_of=2026-10-28"] {
            fs::create_dir(out.join(date)).unwrap();
            names().for_each(|name| fs::write(out.join(date).join(name), "plain").unwrap());
        }
        fs::remove_file(out.join("as_of=2026-10-28/Office_Overview.parquet")).unwrap();
        fs::write(out.join("as_of=2026-10-30/Sales.parquet"), "of another table").unwrap();
        assert_eq!(said(out), ["29 links", "30 plain"]);

        retain(out, &run(out, "new"), day(31), "Office").unwrap();
        assert_eq!(said(out), ["29 links", "30 plain", "31 new"]);
        let mut left = entries(out).unwrap();
        left.sort();
        assert_eq!(left, [HIDDEN, "as_of=2026-10-30", "history"]);
        assert_eq!(entries(&out.join("as_of=2026-10-30")).unwrap(), ["Sales.parquet"]);
        assert_eq!(folders(out), 3);
        // Of a date that is there twice, because a move was killed, the history counts.
        fs::create_dir(out.join("as_of=2026-10-31")).unwrap();
        names().for_each(|name| fs::write(out.join("as_of=2026-10-31").join(name), "old").unwrap());
        assert_eq!(said(out), ["29 links", "30 plain", "31 new"]);
    }
}
