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
//! before is kept until then, for those who are reading it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::tables::TABLES;
use crate::enrichment::Enrichment;
use crate::error::{Error, Result};

const HIDDEN: &str = ".engagement";
const CURRENT: &str = "current";
const LOCK: &str = "lock";
const RUN: &str = "run-";

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
    pub(crate) fn create(enrichment: &Enrichment) -> Result<Self> {
        let out = enrichment.resolve(&enrichment.output.path);
        let create = || -> io::Result<Self> {
            let table = enrichment.output.table.clone();
            let home = out.join(HIDDEN).join(&table);
            fs::create_dir_all(&home)?;
            let run = tempfile::Builder::new().prefix(RUN).tempdir_in(&home)?;
            let lock = File::create(run.path().join(LOCK))?;
            lock.lock()?;
            Ok(Self { out: out.clone(), table, home, run, _lock: lock })
        };
        create().map_err(|e| Error::output(format!("[output] {}: cannot be written to: {e}", out.display())))
    }

    /// The folder into which the run writes.
    pub(crate) fn folder(&self) -> &Path {
        self.run.path()
    }

    /// Makes the files of this run the published ones; gives the path of Office.
    pub(crate) fn publish(self) -> Result<PathBuf> {
        let out = self.out.clone();
        let office = out.join(TABLES[0].file(&self.table));
        self.switch()
            .map_err(|e| Error::output(format!("[output] {}: cannot be replaced: {e}", out.display())))?;
        Ok(office)
    }

    fn switch(self) -> io::Result<()> {
        for entry in fs::read_dir(self.folder())? {
            File::open(entry?.path())?.sync_all()?;
        }
        sync_folder(self.folder())?;
        let current = self.home.join(CURRENT);
        let before = fs::read_link(&current).ok();
        for table in TABLES {
            let file = table.file(&self.table);
            let target = Path::new(HIDDEN).join(&self.table).join(CURRENT).join(&file);
            let link = self.out.join(&file);
            // The links stay as they are from run to run; a first run makes them while they lead nowhere.
            if fs::read_link(&link).ok().as_deref() != Some(&target) {
                replace_by_link(&self.home, &target, &link)?;
            }
        }
        sync_folder(&self.out)?;
        let run = self.run.keep();
        let name = run.file_name().map(PathBuf::from).unwrap_or_default();
        replace_by_link(&self.home, &name, &current)?;
        sync_folder(&self.home)?;
        clean(&self.home, &[Some(name), before]);
        Ok(())
    }
}

/// The folder of the published run, so that one reader reads one run; `None` before the first.
pub(super) fn current(enrichment: &Enrichment) -> Option<PathBuf> {
    let home = enrichment.resolve(&enrichment.output.path).join(HIDDEN).join(&enrichment.output.table);
    let run = fs::read_link(home.join(CURRENT)).ok()?;
    Some(home.join(run))
}

/// Puts a link in the place of whatever is there, in one step.
fn replace_by_link(scratch: &Path, target: &Path, link: &Path) -> io::Result<()> {
    let folder = tempfile::Builder::new().prefix(RUN).tempdir_in(scratch)?;
    let new = folder.path().join("link");
    std::os::unix::fs::symlink(target, &new)?;
    fs::rename(&new, link)
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Deletes what runs before the ones to keep have left, except those still going on. What cannot be
/// deleted is left to the next run: the result is already published.
fn clean(home: &Path, keep: &[Option<PathBuf>]) {
    for entry in fs::read_dir(home).into_iter().flatten().flatten() {
        let name = PathBuf::from(entry.file_name());
        if keep.iter().flatten().any(|k| *k == name) || !entry.file_name().to_string_lossy().starts_with(RUN)
        {
            continue;
        }
        let lock = File::open(entry.path().join(LOCK));
        if lock.is_ok_and(|lock| lock.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}
