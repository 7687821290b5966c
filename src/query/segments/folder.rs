//! The user's segments: `segments/*.sql` beside the enrichment file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Segment;
use crate::config::{Enrichment, text_file};
use crate::error::{Error, Result};
use crate::storage::is_beside;

/// The endings of copies that editors and people leave beside a file.
const COPIES: [&str; 8] = ["~", ".bak", ".old", ".orig", ".swp", ".tmp", ".disabled", ".off"];

/// The largest file of a segment in bytes.
const LARGEST: u64 = 1 << 20;

/// Reads the files as segments, in the order of their paths. A file that cannot be read, or whose name is
/// not suitable, is a broken segment.
///
/// # Errors
/// The folder exists and cannot be listed. Without this error, its segments would seem not to exist.
pub(crate) fn read(enrichment: &Enrichment) -> Result<Vec<Segment>> {
    // The folder itself may be a link.
    let folder = enrichment.resolve("segments");
    let folder = folder.canonicalize().unwrap_or(folder);
    let files = paths(enrichment)?.into_iter().filter(|path| is_sql(path));
    Ok(files.map(|path| segment(path, &folder)).collect())
}

/// The files in the folder that may be meant as segments and are not read, because their names do not end in `.sql`;
/// and folders in it with files that do. Copies of files, descriptions and empty files are left out.
///
/// # Errors
/// The folder exists and cannot be listed.
pub fn unread(enrichment: &Enrichment) -> Result<Vec<PathBuf>> {
    let is_meant = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        if name.starts_with('.') || is_sql(path) {
            return false;
        }
        if path.is_dir() {
            let mut files = std::fs::read_dir(path).into_iter().flatten().flatten();
            return files.any(|file| is_sql(&file.path()));
        }
        let size = path.metadata().map_or(0, |meta| meta.len());
        !is_beside(&name, size) && !COPIES.iter().any(|ending| name.ends_with(ending))
    };
    Ok(paths(enrichment)?.into_iter().filter(is_meant).collect())
}

/// What is in the folder, sorted. There is nothing if it does not exist.
fn paths(enrichment: &Enrichment) -> Result<Vec<PathBuf>> {
    let folder = enrichment.resolve("segments");
    let listed = std::fs::read_dir(&folder).and_then(|entries| {
        entries.map(|entry| entry.map(|e| e.path())).collect::<std::io::Result<Vec<PathBuf>>>()
    });
    let mut paths = match listed {
        Ok(paths) => paths,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(vec![]),
        Err(error) => {
            return Err(Error::input(format!(
                "{}: the segments cannot be listed: {error}; it must be a folder that you can read",
                folder.display()
            )));
        }
    };
    paths.sort();
    Ok(paths)
}

fn is_sql(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|n| n.to_string_lossy().starts_with('.'));
    !hidden && path.extension().is_some_and(|e| e.eq_ignore_ascii_case("sql")) && !path.is_dir()
}

fn segment(path: PathBuf, folder: &Path) -> Segment {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (sql, unreadable) = match text(&path, folder) {
        Ok(sql) => (sql, None),
        Err(why) => (String::new(), Some(why)),
    };
    let unnamed = (!name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        || name.replace('_', "").is_empty())
    .then(|| "rename the file: the name of a segment consists of ASCII letters, digits and _".to_owned());
    Segment { broken: unnamed.or(unreadable), ..Segment::new(name, sql, Some(path)) }
}

/// The text of a file of the folder. A link out of the folder is not followed: an error about the text would show a
/// part of a file that is not a segment.
///
/// # Errors
/// What is wrong with the file.
fn text(path: &Path, folder: &Path) -> Result<String, String> {
    let real = path.canonicalize().map_err(|e| text_file::reason(&e))?;
    if !real.starts_with(folder) {
        return Err("this is a link out of the folder; put the file itself here".to_owned());
    }
    text_file::regular(&real, LARGEST)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;
    use crate::query::testing;

    #[test]
    fn only_regular_files_of_the_folder_are_opened() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("segments");
        std::fs::create_dir(&folder).unwrap();
        let write = |name: &str, text: &str| std::fs::write(place.path().join(name), text).unwrap();
        write("outside.txt", "secret_token of another file");
        write("segments/most.sql", &format!("select 1{}", " ".repeat(LARGEST as usize - "select 1".len())));
        write("segments/large.sql", &" ".repeat(LARGEST as usize + 1));
        symlink("most.sql", folder.join("within.sql")).unwrap();
        symlink("../outside.txt", folder.join("out.sql")).unwrap();
        symlink("/dev/zero", folder.join("device.sql")).unwrap();
        symlink("nowhere.sql", folder.join("lost.sql")).unwrap();
        symlink("circle.sql", folder.join("circle.sql")).unwrap();
        // To read from a pipe would block; a socket, which can be made without a library, is refused like one.
        let _socket = UnixListener::bind(folder.join("socket.sql")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(folder.join("pipe.sql")).status();
        assert!(made.unwrap().success());
        let found = read(&testing::enrichment(place.path())).unwrap();
        let broken = |name: &str| {
            let segment = found.iter().find(|segment| segment.name == name).unwrap();
            assert_eq!(segment.sql.is_empty(), segment.broken.is_some());
            segment.broken.clone().unwrap_or_default()
        };
        assert_eq!((broken("most"), broken("within")), (String::new(), String::new()));
        assert_eq!(broken("large"), "it has 1048577 bytes; at most 1048576 are read");
        for name in ["out", "device"] {
            assert_eq!(broken(name), "this is a link out of the folder; put the file itself here");
        }
        for name in ["pipe", "socket"] {
            assert_eq!(broken(name), "this is not a regular file; a text file is needed");
        }
        assert_eq!(broken("lost"), "there is no such file");
        assert!(broken("circle").starts_with("cannot be read ("));
    }

    #[test]
    fn the_folder_may_be_a_link() {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(place.path().join("elsewhere")).unwrap();
        std::fs::write(place.path().join("elsewhere/a.sql"), "select 1").unwrap();
        symlink("elsewhere", place.path().join("segments")).unwrap();
        let found = read(&testing::enrichment(place.path())).unwrap();
        assert_eq!((found.len(), found[0].sql.as_str()), (1, "select 1"));
    }
}
