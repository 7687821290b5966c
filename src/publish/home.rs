//! The folder `.engagement/<table>` on this machine, which contains what this program needs to publish: the
//! folders of runs and the link to the published one, or the manifest of Delta tables.

use std::path::{Path, PathBuf};
use std::{fs, io};

use super::atomic_link::lock_home;
use crate::storage::NewFolders;

/// The folder, in the output folder, that contains the folder of each table.
pub(crate) const HIDDEN: &str = ".engagement";

/// The path of the folder of a table.
pub(crate) fn home(out: &Path, table: &str) -> PathBuf {
    out.join(HIDDEN).join(table)
}

/// The folder of a table while a run uses it. If it is empty on drop, because nothing is published, it is
/// deleted, and with it the folders above it that were created for it.
pub(crate) struct HomeFolder {
    home: PathBuf,
    _above: NewFolders,
}

impl HomeFolder {
    /// Creates the folder if it is missing, and does some work in it.
    ///
    /// # Errors
    /// The folder cannot be created, or the work fails.
    pub(crate) fn create<T>(
        out: &Path,
        table: &str,
        work: impl Fn(&Path) -> io::Result<T>,
    ) -> io::Result<(Self, T)> {
        let (hidden, home) = (out.join(HIDDEN), home(out, table));
        let (above, done) = NewFolders::create(&hidden, || {
            fs::create_dir_all(&home)?;
            work(&home)
        })?;
        Ok((Self { home, _above: above.and([hidden]) }, done))
    }
}

impl Drop for HomeFolder {
    fn drop(&mut self) {
        // Under the lock, so that a run which holds it does not lose the folder.
        if let Ok(_lock) = lock_home(&self.home) {
            let _ = fs::remove_dir(&self.home);
        }
    }
}
