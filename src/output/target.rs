//! Where a run writes, and how its files replace those of the run before in one step.
//!
//! ```text
//! out/Office.parquet             → .engagement/Office/current/Office.parquet
//! out/Office_UserTable.parquet   → .engagement/Office/current/Office_UserTable.parquet
//! out/.engagement/Office/current → run-a1b2c3
//! out/.engagement/Office/run-a1b2c3/*.parquet, lock
//! ```
//!
//! A run writes all its files into a folder of its own. The step that publishes them is the rename
//! of one link, `current`, which a file system does as a whole or not at all: whoever reads
//! `Office.parquet` sees the run before until that instant and the new run after it, and its
//! companions belong to the same run. What a killed run leaves is deleted by the next; the run
//! before is kept until then, for those who are reading it. Runs at the same time do not meet:
//! each holds the lock of its own folder, and that of the folder above while it creates or publishes one.

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::tables::TABLES;
use crate::error::{Error, Result};

pub(crate) const HIDDEN: &str = ".engagement";
const CURRENT: &str = "current";
const LOCK: &str = "lock";
pub(crate) const RUN: &str = "run-";
const LINK: &str = "link-";

/// The folder of one run, deleted unless it is published.
pub(crate) struct Target {
    out: PathBuf,
    table: String,
    /// `.engagement/<table>`
    home: PathBuf,
    run: TempDir,
    /// Held as long as the run lasts, so that another run does not take the folder for a left-over.
    _lock: File,
}

impl Target {
    /// Creates the folder of a run.
    ///
    /// # Errors
    /// An output folder that cannot be created or written to.
    pub(super) fn create(out: PathBuf, table: &str) -> Result<Self> {
        let create = || -> io::Result<Self> {
            let table = table.to_owned();
            let home = out.join(HIDDEN).join(&table);
            fs::create_dir_all(&home)?;
            sync_folder(&out.join(HIDDEN))?;
            let _home = lock_home(&home)?;
            // Readable by whom the umask lets read: what is published is in it.
            let open = fs::Permissions::from_mode(0o777);
            let run = tempfile::Builder::new().prefix(RUN).permissions(open).tempdir_in(&home)?;
            let lock = File::create(run.path().join(LOCK))?;
            lock.lock()?;
            Ok(Self { out: out.clone(), table, home, run, _lock: lock })
        };
        create().map_err(|e| Error::output(format!("[output] {}: cannot be written to: {e}", out.display())))
    }

    /// The output folder.
    pub(super) fn out(&self) -> &Path {
        &self.out
    }

    /// The folder into which the run writes.
    pub(super) fn folder(&self) -> &Path {
        self.run.path()
    }

    /// Makes the files of this run the published ones; gives the path of Office.
    pub(super) fn publish(self) -> Result<PathBuf> {
        let out = self.out.clone();
        let office = out.join(TABLES[0].file(&self.table));
        let files = TABLES.iter().map(|t| self.out.join(t.file(&self.table)));
        for place in files.chain([self.home.join(CURRENT)]) {
            if fs::symlink_metadata(&place).is_ok_and(|m| m.is_dir()) {
                let text =
                    format!("[output] {}: is a folder where a link belongs; move it away", place.display());
                return Err(Error::output(text));
            }
        }
        self.switch()
            .map_err(|e| Error::output(format!("[output] {}: cannot be replaced: {e}", out.display())))?;
        Ok(office)
    }

    fn switch(mut self) -> io::Result<()> {
        for entry in fs::read_dir(self.folder())? {
            File::open(entry?.path())?.sync_all()?;
        }
        sync_folder(self.folder())?;
        let _home = lock_home(&self.home)?;
        let current = self.home.join(CURRENT);
        let before = fs::read_link(&current).ok();
        // The links stay as they are from run to run; only a first run makes them: before the step
        // that publishes, lest that show some of its files only.
        self.link(|link| fs::symlink_metadata(link).is_err())?;
        self.run.disable_cleanup(true);
        let name = self.folder().file_name().map(PathBuf::from).unwrap_or_default();
        sync_folder(&self.home)?;
        replace_by_link(&self.home, &name, &current)?;
        sync_folder(&self.home)?;
        // Files of another origin give way only to what can be read.
        self.link(|_| true)?;
        clean(&self.home, &[Some(name), before]);
        Ok(())
    }

    /// Links the names of the tables, where this holds of them, to what is published.
    fn link(&self, which: impl Fn(&Path) -> bool) -> io::Result<()> {
        for table in TABLES {
            let file = table.file(&self.table);
            let target = Path::new(HIDDEN).join(&self.table).join(CURRENT).join(&file);
            let link = self.out.join(&file);
            if which(&link) && fs::read_link(&link).ok().as_deref() != Some(&target) {
                replace_by_link(&self.home, &target, &link)?;
            }
        }
        sync_folder(&self.out)
    }
}

/// Keeps other runs from creating or publishing a folder as long as the handle lives. The lock is on
/// the folder itself, so that a run that fails leaves no file.
pub(crate) fn lock_home(home: &Path) -> io::Result<File> {
    let lock = File::open(home)?;
    lock.lock()?;
    Ok(lock)
}

/// The folder of the published run, so that one reader reads one run; `None` before the first.
pub(super) fn current(out: &Path, table: &str) -> Option<PathBuf> {
    let home = out.join(HIDDEN).join(table);
    let current = home.join(CURRENT);
    let mut link = fs::read_link(&current).ok();
    loop {
        // A copy of an output folder may have a folder in the place of the link.
        let run = link.as_ref().map_or_else(|| current.clone(), |run| home.join(run));
        if run.is_dir() {
            return Some(run);
        }
        // Two runs published since the link was read: the folder it named is gone.
        let now = fs::read_link(&current).ok();
        if now == link {
            return None;
        }
        link = now;
    }
}

/// Puts a link in the place of whatever is there, in one step.
pub(super) fn replace_by_link(scratch: &Path, target: &Path, link: &Path) -> io::Result<()> {
    let folder = tempfile::Builder::new().prefix(LINK).tempdir_in(scratch)?;
    let new = folder.path().join("link");
    std::os::unix::fs::symlink(target, &new)?;
    fs::rename(&new, link)
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Deletes what runs before the ones to keep have left, except those still going on; the lock of home
/// is held. What cannot be deleted is left to the next run: the result is already published.
fn clean(home: &Path, keep: &[Option<PathBuf>]) {
    for entry in fs::read_dir(home).into_iter().flatten().flatten() {
        let name = PathBuf::from(entry.file_name());
        let text = entry.file_name().to_string_lossy().into_owned();
        let is_ours = text.starts_with(RUN) || text.starts_with(LINK);
        if !is_ours || keep.iter().flatten().any(|k| *k == name) {
            continue;
        }
        let goes_on = match File::open(entry.path().join(LOCK)) {
            Ok(lock) => lock.try_lock().is_err(),
            // Created under the lock of home, so without a lock of its own it is a left-over.
            Err(e) => e.kind() != io::ErrorKind::NotFound,
        };
        if !goes_on {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
