//! Symbolic links that are replaced atomically.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Prefix of the temporary folder in which a new link is created.
pub(crate) const LINK: &str = "link-";

/// Locks a folder, and waits until it is free. While the handle lives, no other run creates or publishes
/// a run there. The lock is on the folder itself, so a run that fails leaves no lock file.
///
/// # Errors
/// The folder is missing or cannot be opened.
pub(crate) fn lock_home(home: &Path) -> io::Result<File> {
    loop {
        let lock = File::open(home)?;
        lock.lock()?;
        // While this run waited, another one may have deleted the folder and a third one created it again.
        let (locked, now) = (lock.metadata()?, fs::metadata(home)?);
        if (locked.dev(), locked.ino()) == (now.dev(), now.ino()) {
            return Ok(lock);
        }
    }
}

/// Replaces whatever is at `link`, or nothing, by a symbolic link to `target`, in one step: the new link
/// is created in a temporary folder and then renamed. `scratch` must be on the same file system.
pub(crate) fn replace_by_link(scratch: &Path, target: &Path, link: &Path) -> io::Result<()> {
    let folder = tempfile::Builder::new().prefix(LINK).tempdir_in(scratch)?;
    let new = folder.path().join("link");
    std::os::unix::fs::symlink(target, &new)?;
    fs::rename(&new, link)
}

/// Makes the directory entries of a folder durable (fsync).
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}
