//! The history of the shell, in `$XDG_STATE_HOME/engagement/history`, which only its owner can read.

use std::ffi::OsString;
use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustyline::history::FileHistory;
use rustyline::{Editor, Helper};

/// Loads the history and returns the path of its file; `None` if the file cannot be created.
pub fn load<H: Helper>(editor: &mut Editor<H, FileHistory>) -> Option<PathBuf> {
    let path = path(std::env::var_os("XDG_STATE_HOME"), std::env::var_os("HOME"))?;
    create(&path)?;
    // A history that cannot be loaded does not stop the shell.
    let _ = editor.load_history(&path);
    Some(path)
}

/// Appends the new entries. Errors are ignored.
pub fn append<H: Helper>(editor: &mut Editor<H, FileHistory>, path: Option<&Path>) {
    if let Some(path) = path {
        let _ = editor.append_history(path);
    }
}

/// The path of the history in the state folder: `XDG_STATE_HOME`, else `.local/state` in `HOME`. Relative
/// values are not valid and are ignored.
fn path(state: Option<OsString>, home: Option<OsString>) -> Option<PathBuf> {
    let state = state.map(PathBuf::from).filter(|p| p.is_absolute());
    let home = home.map(PathBuf::from).filter(|p| p.is_absolute());
    Some(state.or_else(|| Some(home?.join(".local/state")))?.join("engagement").join("history"))
}

fn create(path: &Path) -> Option<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path.parent()?).ok()?;
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).ok().map(|_| ())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_state_folder_is_where_the_user_says() {
        let at = |state: Option<&str>, home: Option<&str>| path(state.map(Into::into), home.map(Into::into));
        assert_eq!(at(Some("/s"), Some("/h")), Some("/s/engagement/history".into()));
        assert_eq!(at(None, Some("/h")), Some("/h/.local/state/engagement/history".into()));
        assert_eq!(at(Some("relative"), Some("/h")), Some("/h/.local/state/engagement/history".into()));
        assert_eq!(at(Some(""), None), None);
    }

    #[test]
    fn only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("engagement/history");
        create(&path).unwrap();
        let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert!(create(Path::new("/proc/no/history")).is_none());
    }
}
