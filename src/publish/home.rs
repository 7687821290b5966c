//! The folder `.engagement/<table>` on this machine, which contains what this program needs to publish: the
//! folders of runs and the link to the published one, or the manifest of Delta tables.

use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use super::atomic_link::lock_home;
use crate::storage::NewFolders;

/// The folder, in the output folder, that contains the folder of each table.
pub(crate) const HIDDEN: &str = ".engagement";

/// The path of the folder of a table.
pub(crate) fn home(out: &Path, table: &str) -> PathBuf {
    out.join(HIDDEN).join(table)
}

/// Checks that the folder of a table is one that this program has made, if it exists: neither it nor the folder above it
/// is a link, and its links lead to what is in it. A run that followed another link would write and delete elsewhere.
///
/// # Errors
/// The first place that is something else; a folder that cannot be read. The text names the place.
pub(crate) fn check(out: &Path, table: &str) -> io::Result<()> {
    let home = home(out, table);
    if !is_folder(&out.join(HIDDEN))? || !is_folder(&home)? {
        return Ok(());
    }
    let entries = match fs::read_dir(&home) {
        Ok(entries) => entries,
        // Another first run has just failed, and has deleted it.
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(unread(&home, &e)),
    };
    for entry in entries {
        let path = entry.map_err(|e| unread(&home, &e))?.path();
        let Ok(target) = fs::read_link(&path) else { continue };
        let parts: Vec<_> = target.components().collect();
        if !matches!(parts[..], [Component::Normal(_)]) {
            return Err(not_made(&path, "a link out of its folder"));
        }
    }
    Ok(())
}

/// Whether there is a folder at this place; `false` if there is nothing.
///
/// # Errors
/// There is something else, such as a link, or it cannot be read. The text names the place.
pub(crate) fn is_folder(place: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(place) {
        Ok(meta) if meta.is_dir() => Ok(true),
        Ok(meta) if meta.is_symlink() => Err(not_made(place, "a link")),
        Ok(_) => Err(not_made(place, "not a folder")),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(unread(place, &e)),
    }
}

/// The same error, with the place in its text.
fn unread(place: &Path, e: &io::Error) -> io::Error {
    io::Error::new(e.kind(), format!("{}: cannot be read: {e}", place.display()))
}

fn not_made(place: &Path, what: &str) -> io::Error {
    let remedy = "no run has made it: remove it, or choose another path or table";
    io::Error::other(format!("{} is {what}; {remedy}", place.display()))
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
    /// The folder cannot be created or is not one of this program, or the work fails.
    pub(crate) fn create<T>(
        out: &Path,
        table: &str,
        work: impl Fn(&Path) -> io::Result<T>,
    ) -> io::Result<(Self, T)> {
        check(out, table)?;
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_no_run_has_made_is_refused() {
        let elsewhere = tempfile::tempdir().unwrap();
        let link_of_out = |out: &Path| symlink(elsewhere.path(), out.join(HIDDEN));
        let link_of_table = |out: &Path| {
            fs::create_dir(out.join(HIDDEN))?;
            symlink(elsewhere.path(), home(out, "Office"))
        };
        let link_within = |out: &Path| {
            fs::create_dir_all(home(out, "Office"))?;
            symlink("../../..", home(out, "Office").join("current"))
        };
        let link_of_date = |out: &Path| {
            fs::create_dir_all(home(out, "Office"))?;
            symlink(elsewhere.path(), home(out, "Office").join("as_of=2026-10-31"))
        };
        let file = |out: &Path| fs::write(out.join(HIDDEN), "");
        let made: [(&dyn Fn(&Path) -> io::Result<()>, &str); 5] = [
            (&link_of_out, ".engagement is a link; no run"),
            (&link_of_table, "Office is a link; no run"),
            (&link_within, "current is a link out of its folder; no run"),
            (&link_of_date, "as_of=2026-10-31 is a link out of its folder; no run"),
            (&file, ".engagement is not a folder; no run"),
        ];
        for (make, says) in made {
            let out = tempfile::tempdir().unwrap();
            make(out.path()).unwrap();
            for error in [
                check(out.path(), "Office").unwrap_err(),
                HomeFolder::create(out.path(), "Office", |_| Ok(())).map(drop).unwrap_err(),
            ] {
                assert!(error.to_string().contains(says), "{error}");
            }
            assert!(fs::read_dir(elsewhere.path()).unwrap().next().is_none(), "{says}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        // A file in the place of the output folder is an error for root, too.
        let out = tempfile::tempdir().unwrap();
        let out = out.path().join("out");
        fs::write(&out, "").unwrap();
        let error = check(&out, "Office").unwrap_err();
        let says = format!("{}: cannot be read: Not a directory", out.join(HIDDEN).display());
        assert!(error.to_string().starts_with(&says), "{error}");
        assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
    }

    #[test]
    fn what_runs_make_is_accepted() {
        let place = tempfile::tempdir().unwrap();
        let (real, out) = (place.path().join("real"), place.path().join("out"));
        fs::create_dir(&real).unwrap();
        // The output folder itself may be a link.
        symlink(&real, &out).unwrap();
        check(&out, "Office").unwrap();
        let create = |home: &Path| {
            fs::create_dir(home.join("run-1"))?;
            symlink("run-1", home.join("current"))
        };
        let (_home, ()) = HomeFolder::create(&out, "Office", create).unwrap();
        check(&out, "Office").unwrap();
    }
}
