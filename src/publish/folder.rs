//! Output in a folder on this machine: where a run writes its files, and how they replace those of the
//! previous run in one step.
//!
//! ```text
//! out/Office.parquet             → .engagement/Office/current/Office.parquet
//! out/Office_UserTable.parquet   → .engagement/Office/current/Office_UserTable.parquet
//! out/.engagement/Office/current → run-a1b2c3
//! out/.engagement/Office/run-a1b2c3/*.parquet, lock
//! ```
//!
//! A run writes all its files into a folder of its own. The rename of one link, `current`, publishes
//! them. A file system does a rename as a whole or not at all: a reader of `Office.parquet` sees the
//! previous run until that instant and the new run after it, and the other tables are of the same run.
//! The next run that publishes deletes what killed runs have left. The previous run remains until then,
//! for its readers. Concurrent runs do not interfere: each holds the lock of its own folder, and also
//! the lock of the parent folder while it creates or publishes a run.

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::atomic_link::{LINK, lock_home, replace_by_link, sync_folder};
use super::tables::TABLES;
use crate::error::{Error, Result};

/// The folder, in the output folder, that contains the files of runs.
pub(crate) const HIDDEN: &str = ".engagement";
/// The link to the folder of the published run.
const CURRENT: &str = "current";
/// The file in the folder of a run that is locked until the run ends.
const LOCK: &str = "lock";
/// Prefix of the folder of a run.
pub(crate) const RUN: &str = "run-";
/// The folder of one run. It is deleted on drop, unless the run is published.
pub(crate) struct Target {
    out: PathBuf,
    table: String,
    /// `.engagement/<table>`
    home: PathBuf,
    run: TempDir,
    /// Held until the run ends, so that another run does not delete the folder as a leftover.
    _lock: File,
}

impl Target {
    /// Creates the folder of a run.
    ///
    /// # Errors
    /// The output folder cannot be created or written to.
    pub(crate) fn create(out: PathBuf, table: &str) -> Result<Self> {
        let create = || -> io::Result<Self> {
            let table = table.to_owned();
            let home = out.join(HIDDEN).join(&table);
            fs::create_dir_all(&home)?;
            sync_folder(&out.join(HIDDEN))?;
            let _home = lock_home(&home)?;
            // The umask decides who can read: the published files are in this folder.
            let open = fs::Permissions::from_mode(0o777);
            let run = tempfile::Builder::new().prefix(RUN).permissions(open).tempdir_in(&home)?;
            let lock = File::create(run.path().join(LOCK))?;
            lock.lock()?;
            Ok(Self { out: out.clone(), table, home, run, _lock: lock })
        };
        create().map_err(|e| Error::output(format!("[output] {}: cannot be written to: {e}", out.display())))
    }

    /// The output folder.
    pub(crate) fn out(&self) -> &Path {
        &self.out
    }

    /// The folder into which the run writes its files.
    pub(crate) fn folder(&self) -> &Path {
        self.run.path()
    }

    /// Publishes the files of this run. Returns the path of Office.
    ///
    /// # Errors
    /// A folder has the path of one of the links, or the links cannot be replaced.
    pub(crate) fn publish(self) -> Result<PathBuf> {
        let out = self.out.clone();
        let office = out.join(TABLES[0].file(&self.table));
        let files = TABLES.iter().map(|t| self.out.join(t.file(&self.table)));
        for place in files.chain([self.home.join(CURRENT)]) {
            if fs::symlink_metadata(&place).is_ok_and(|m| m.is_dir()) {
                let text = format!(
                    "[output] {}: is a folder, but a run writes a symbolic link here; move the folder away",
                    place.display()
                );
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
        // Only the first run creates the links of the tables; later runs use them again. They are created
        // before the step that publishes, so that this step shows all files at once.
        self.link(|link| fs::symlink_metadata(link).is_err())?;
        self.run.disable_cleanup(true);
        let name = self.folder().file_name().map(PathBuf::from).unwrap_or_default();
        sync_folder(&self.home)?;
        replace_by_link(&self.home, &name, &current)?;
        sync_folder(&self.home)?;
        // A plain file with the name of a table is replaced only now, when the link leads to a file that
        // can be read.
        self.link(|_| true)?;
        clean(&self.home, &[Some(name), before]);
        Ok(())
    }

    /// Links the names of tables in the output folder to the published files: of those tables for whose
    /// link `which` is true and that do not have this link already.
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

/// The folder of the published run; `None` before the first run. It is resolved once, so a reader sees
/// the files of one run only.
pub(crate) fn current(out: &Path, table: &str) -> Option<PathBuf> {
    let home = out.join(HIDDEN).join(table);
    let current = home.join(CURRENT);
    let mut link = fs::read_link(&current).ok();
    loop {
        // In a copy of an output folder, `current` can be a folder instead of a link.
        let run = link.as_ref().map_or_else(|| current.clone(), |run| home.join(run));
        if run.is_dir() {
            return Some(run);
        }
        // If two runs were published since the link was read, its folder is gone and the link has changed.
        let now = fs::read_link(&current).ok();
        if now == link {
            return None;
        }
        link = now;
    }
}

/// Deletes the folders of earlier runs, except the given names and those of runs in progress. The caller
/// holds the lock of `home`. Errors are ignored: the result is already published, and the next run tries
/// again.
fn clean(home: &Path, keep: &[Option<PathBuf>]) {
    for entry in fs::read_dir(home).into_iter().flatten().flatten() {
        let name = PathBuf::from(entry.file_name());
        let text = entry.file_name().to_string_lossy().into_owned();
        let is_internal = text.starts_with(RUN) || text.starts_with(LINK);
        if !is_internal || keep.iter().flatten().any(|k| *k == name) {
            continue;
        }
        let goes_on = match File::open(entry.path().join(LOCK)) {
            Ok(lock) => lock.try_lock().is_err(),
            // A run creates its folder and its lock file under the lock of `home`, so a folder without a
            // lock file is a leftover.
            Err(e) => e.kind() != io::ErrorKind::NotFound,
        };
        if !goes_on {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
