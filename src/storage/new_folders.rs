//! Folders that a run creates, and deletes again if nothing is left in them.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// How often a folder is created again because a concurrent run has deleted it as empty.
const ATTEMPTS: usize = 100;

/// Folders that are deleted on drop if they are empty then, the innermost first. Errors of this are ignored:
/// a folder that is in use stays.
#[derive(Debug)]
pub(crate) struct NewFolders(Vec<PathBuf>);

impl NewFolders {
    /// The folders that do not exist yet: this one, and those above it.
    pub(crate) fn missing(folder: &Path) -> Self {
        let is_missing = |folder: &&Path| {
            !folder.as_os_str().is_empty()
                && fs::symlink_metadata(folder).is_err_and(|e| e.kind() == io::ErrorKind::NotFound)
        };
        Self(folder.ancestors().take_while(is_missing).map(Path::to_path_buf).collect())
    }

    /// Creates a folder and those above it that are missing, and does some work in it. A concurrent run can
    /// delete an empty folder at any moment; then both are done again. The error that tells of this is
    /// `NotFound`, or `AlreadyExists` if the folder is deleted after it was in the way of its creation.
    ///
    /// # Errors
    /// A folder cannot be created, or the work fails.
    pub(crate) fn create<T>(folder: &Path, work: impl Fn() -> io::Result<T>) -> io::Result<(Self, T)> {
        let mut attempt = 0;
        loop {
            let new = Self::missing(folder);
            match fs::create_dir_all(folder).and_then(|()| work()) {
                Err(e)
                    if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists)
                        && attempt < ATTEMPTS =>
                {
                    attempt += 1;
                }
                done => return done.map(|done| (new, done)),
            }
        }
    }

    /// Adds folders that are outside of the others, the innermost first.
    pub(crate) fn and(mut self, others: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut all: Vec<_> = others.into_iter().collect();
        all.append(&mut self.0);
        Self(all)
    }
}

impl Drop for NewFolders {
    fn drop(&mut self) {
        for folder in &self.0 {
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_ones_are_deleted_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let (there, inner) = (folder.path().join("there"), folder.path().join("there/a/b/c"));
        fs::create_dir(&there).unwrap();
        let (new, ()) = NewFolders::create(&inner, || fs::write(inner.join("file"), "x")).unwrap();
        let beside = there.join("a/beside");
        fs::create_dir(&beside).unwrap();
        let new = new.and([beside.clone()]);
        // A second run finds the folders, so they are not its own.
        drop(NewFolders::create(&inner, || Ok(())).unwrap());
        drop(new);
        assert!(inner.join("file").is_file() && !beside.exists());
        fs::remove_dir_all(there.join("a")).unwrap();
        drop(NewFolders::create(&inner, || Ok(())).unwrap());
        assert!(there.is_dir() && !there.join("a").exists());
    }

    #[test]
    fn a_folder_that_cannot_be_created_leaves_none_above_it() {
        let folder = tempfile::tempdir().unwrap();
        let name = "x".repeat(300);
        assert!(NewFolders::create(&folder.path().join("a").join(name), || Ok(())).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    /// Many runs create a folder and delete it again; none of them finds it missing while it works.
    #[test]
    fn concurrent_runs_do_not_disturb_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        std::thread::scope(|scope| {
            for run in 0..8 {
                let inner = &inner;
                scope.spawn(move || {
                    for _ in 0..50 {
                        let own = inner.join(format!("{run}"));
                        let (_new, ()) = NewFolders::create(inner, || fs::create_dir(&own)).unwrap();
                        fs::write(own.join("file"), "x").unwrap();
                        fs::remove_dir_all(&own).unwrap();
                    }
                });
            }
        });
    }
}
