//! The tables of each as-of date, retained beside the published ones with `[output] history = true`.
//!
//! ```text
//! out/Office.parquet                                the newest as-of date
//! out/as_of=2026-09-30/Office.parquet               each as-of date
//! out/as_of=2026-10-31/Office.parquet               → ../.engagement/Office/as_of=2026-10-31/Office.parquet
//! out/.engagement/Office/as_of=2026-10-31           → retained-a1b2c3
//! ```
//!
//! The table about individuals is not retained. The next run of an as-of date replaces the tables of
//! that date in one step, by the rename of a link. In an object store the files of a date are replaced
//! one after the other, each as a whole.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path as LocalPath, PathBuf};

use chrono::NaiveDate;

use super::atomic_link::{lock_home, replace_by_link, sync_folder};
use super::home::{HIDDEN, is_folder};
use super::location::{folder, retained_tables};
use super::tables::TABLES;
use crate::error::{Error, Result};

/// Prefix of the folders that contain the files of an as-of date.
const RETAINED: &str = "retained-";

/// What such a folder of version 0.1.0 begins with.
const RETAINED_0_1: &str = "kept-";

/// Retains the files of a run under its as-of date. Returns the path of Office there.
///
/// # Errors
/// The folder of the as-of date cannot be written to.
pub(crate) fn retain(out: &LocalPath, run: &LocalPath, as_of: NaiveDate, office: &str) -> Result<String> {
    let folder = out.join(folder(as_of));
    replace(out, run, as_of, office).map_err(|e| {
        Error::output(format!("[output] {}: cannot be written to: {e}", folder.display())).with_source(e)
    })?;
    Ok(folder.join(TABLES[0].file(office)).display().to_string())
}

fn replace(out: &LocalPath, run: &LocalPath, as_of: NaiveDate, office: &str) -> io::Result<()> {
    let (date, home) = (folder(as_of), out.join(HIDDEN).join(office));
    let (names, current) = (out.join(&date), home.join(&date));
    if !is_folder(&names)? {
        fs::create_dir_all(&names)?;
    }
    let _home = lock_home(&home)?;
    let open = fs::Permissions::from_mode(0o777);
    let mut new = tempfile::Builder::new().prefix(RETAINED).permissions(open).tempdir_in(&home)?;
    for name in retained_tables().map(|table| table.file(office)) {
        let (from, to) = (run.join(&name), new.path().join(&name));
        fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop))?;
        File::open(&to)?.sync_all()?;
    }
    sync_folder(new.path())?;
    // As in `Target::publish`: missing links are created before the step that shows the files, and plain
    // files with the names of tables are replaced after it.
    let link = |which: &dyn Fn(&LocalPath) -> bool| -> io::Result<()> {
        for name in retained_tables().map(|table| table.file(office)) {
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

/// Whether a name is that of a folder that contains the files of an as-of date.
pub(crate) fn is_retained(name: &str) -> bool {
    [RETAINED, RETAINED_0_1].iter().any(|prefix| name.starts_with(prefix))
}

/// Deletes the retained folders to which no link of an as-of date leads. The folder `before`, which was
/// replaced just now, remains for its readers. Errors are ignored: the next run tries again.
fn clean(home: &LocalPath, before: Option<PathBuf>) {
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

    fn said(out: &LocalPath, date: &str) -> Vec<String> {
        retained_tables()
            .map(|table| fs::read_to_string(out.join(date).join(table.file("Office"))).unwrap())
            .collect()
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
            names.filter(|name| is_retained(name)).count()
        };
        // Plain files are left by an older version, and `retained-dead` by a killed run: no link leads to it.
        fs::create_dir(out.join("as_of=2026-10-30")).unwrap();
        fs::write(out.join("as_of=2026-10-30/Office.parquet"), "plain").unwrap();
        for (says, of, retained) in [("a", 30, 1), ("b", 31, 2), ("c", 31, 3), ("d", 31, 3)] {
            fs::create_dir_all(home.join("retained-dead")).unwrap();
            fs::create_dir_all(home.join("kept-dead")).unwrap();
            let place = retain(out, &run(out, says), day(of), "Office").unwrap();
            assert!(place.ends_with(&format!("as_of=2026-10-{of}/Office.parquet")), "{place}");
            assert!(said(out, &folder_of(of)).iter().all(|text| text == says), "{says}");
            assert_eq!(folders(), retained, "{says}: each date and the one before the last");
        }
        assert!(said(out, &folder_of(30)).iter().all(|text| text == "a"));
        assert!(!out.join("as_of=2026-10-31").join("Office_UserTable.parquet").exists());
    }
}
