//! Finds the files of a path on this machine. The path is a file, a folder of files, or a pattern.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, Pattern};

use crate::storage::{LocalTables, TableFormat, is_beside};

/// Names of Parquet files that other programs write: with these endings, or without any.
const OTHER_ENDINGS: [&str; 3] = ["parq", "pq", "pqt"];

/// How many files with such names are opened to see whether they are Parquet.
const OPENED: usize = 1000;

/// The files of a path.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Sorted.
    pub(crate) files: Vec<PathBuf>,
    /// Parquet files in a folder that are not read because of their names; sorted.
    pub(crate) left_out: Vec<PathBuf>,
    /// The other files in a folder that are not read because of their names, without those that usually lie beside
    /// data; sorted.
    pub(crate) others: Vec<PathBuf>,
    /// The endings of the other files in a folder, in lower case.
    pub(crate) endings: BTreeSet<String>,
}

/// Why there are no files.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A file or folder cannot be read.
    Unreadable(PathBuf, io::Error),
    /// The path is not a valid pattern.
    Pattern(glob::PatternError),
    /// A folder without a file with one of the endings, and what it contains instead.
    EmptyFolder(Found),
    /// There is no such file, or the pattern matches nothing.
    Nothing,
    /// The folder of a table of which one of the files is part.
    Table(PathBuf, TableFormat),
}

/// Finds the files of a path: the file itself; all files of a folder, at any depth, that have one of these
/// endings; or the files that match a glob. In a folder, names that begin with `_` or `.` are left out.
/// `within` is the folder of the enrichment file.
pub(crate) fn find(full: &Path, within: &Path, endings: &[&str]) -> Result<Found, Stop> {
    // Only the path in the enrichment file may be a pattern; the folder of that file is taken literally.
    let written = full.strip_prefix(within).unwrap_or(full).to_string_lossy();
    let mut found = Found::default();
    match fs::metadata(full) {
        Ok(meta) if meta.is_dir() => {
            walk(full, endings, &mut vec![], &mut found).map_err(|(place, e)| Stop::Unreadable(place, e))?;
            if found.files.is_empty() {
                // A table without files is still a table.
                let table = LocalTables::default().of_file(&full.join("file"));
                found.left_out.sort();
                return Err(match table {
                    Some((folder, kind)) => Stop::Table(folder, kind),
                    None => Stop::EmptyFolder(found),
                });
            }
        }
        Ok(meta) if meta.is_file() => found.files.push(full.to_path_buf()),
        Ok(_) => {
            let e = io::Error::other("it is neither a file nor a folder");
            return Err(Stop::Unreadable(full.to_path_buf(), e));
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound || written.contains(['*', '?', '[']) => {
            found.files = matching(&Path::new(&Pattern::escape(&within.to_string_lossy())).join(&*written))?;
        }
        Err(e) => return Err(Stop::Unreadable(full.to_path_buf(), e)),
    }
    found.files.sort();
    found.left_out.sort();
    found.others.sort();
    let mut tables = LocalTables::default();
    match found.files.iter().find_map(|file| tables.of_file(file)) {
        Some((folder, kind)) => Err(Stop::Table(folder, kind)),
        None => Ok(found),
    }
}

/// The files that match a pattern.
fn matching(pattern: &Path) -> Result<Vec<PathBuf>, Stop> {
    let options = MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let mut found = vec![];
    for entry in glob::glob_with(&pattern.to_string_lossy(), options).map_err(Stop::Pattern)? {
        let entry = entry.map_err(|e| Stop::Unreadable(e.path().to_path_buf(), e.into()))?;
        if entry.is_file() {
            found.push(entry);
        }
    }
    if found.is_empty() { Err(Stop::Nothing) } else { Ok(found) }
}

/// Adds the files of a folder, at any depth, to `found`. `within` contains the folders above it, each as its
/// device and inode number.
fn walk(
    folder: &Path,
    endings: &[&str],
    within: &mut Vec<(u64, u64)>,
    found: &mut Found,
) -> Result<(), (PathBuf, io::Error)> {
    let place = |e| (folder.to_path_buf(), e);
    let meta = fs::metadata(folder).map_err(place)?;
    let this = (meta.dev(), meta.ino());
    // This is a link to a folder above, whose files are found anyway.
    if within.contains(&this) {
        return Ok(());
    }
    within.push(this);
    let mut opened = 0;
    for entry in fs::read_dir(folder).map_err(place)? {
        let entry = entry.map_err(place)?;
        let name = entry.file_name();
        let name = name.to_string_lossy().to_ascii_lowercase();
        let path = entry.path();
        if name.starts_with(['_', '.']) {
            continue;
        }
        let is_wanted = endings.iter().any(|e| name.ends_with(&format!(".{e}")));
        let may_be_parquet = || {
            let is_other = name.rsplit_once('.').is_none_or(|(_, ending)| OTHER_ENDINGS.contains(&ending));
            endings.contains(&"parquet") && is_other
        };
        // This follows links: a data lake may consist of links.
        match fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => walk(&path, endings, within, found)?,
            Ok(meta) if is_wanted && meta.is_file() => found.files.push(path),
            Err(e) if is_wanted => return Err((path, e)),
            Ok(meta) if meta.is_file() && may_be_parquet() && opened < OPENED => {
                opened += 1;
                if is_parquet(&path) {
                    found.left_out.push(path);
                } else if !is_beside(&name, meta.len()) {
                    found.others.push(path);
                }
            }
            Ok(meta) if meta.is_file() => {
                found.endings.extend(name.rsplit_once('.').map(|(_, ending)| ending.to_owned()));
                if !is_beside(&name, meta.len()) {
                    found.others.push(path);
                }
            }
            _ => {}
        }
    }
    within.pop();
    Ok(())
}

/// Whether a file begins as a Parquet file does. A file that cannot be read does not.
fn is_parquet(file: &Path) -> bool {
    let mut start = [0; 4];
    File::open(file).is_ok_and(|mut file| file.read_exact(&mut start).is_ok()) && start == *b"PAR1"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_at_any_depth_without_hidden_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.parquet", "d=1/A.PARQUET", "_SUCCESS", ".x.parquet", "_tmp/c.parquet", "note.txt"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        std::fs::write(folder.path().join("d=1/part-0"), "PAR1").unwrap();
        std::fs::write(folder.path().join("x.parq"), "PAR1").unwrap();
        std::fs::write(folder.path().join("README"), "text").unwrap();
        std::fs::write(folder.path().join("empty.txt"), "").unwrap();
        std::fs::write(folder.path().join("d=1/part-1"), "text").unwrap();
        let mut found = Found::default();
        // Links to a folder above. If they were followed, two of them would take practically for ever.
        for link in ["d=1/up", "d=1/again", "here"] {
            std::os::unix::fs::symlink(folder.path(), folder.path().join(link)).unwrap();
        }
        walk(folder.path(), &["parquet"], &mut vec![], &mut found).unwrap();
        let names = |mut files: Vec<PathBuf>| -> Vec<String> {
            files.sort();
            let name = |file: &PathBuf| file.strip_prefix(folder.path()).unwrap().display().to_string();
            files.iter().map(name).collect()
        };
        assert_eq!(names(found.files), ["b.parquet", "d=1/A.PARQUET"]);
        assert_eq!(names(found.left_out), ["d=1/part-0", "x.parq"]);
        assert_eq!(names(found.others), ["d=1/part-1", "note.txt"]);
        assert_eq!(found.endings.into_iter().collect::<Vec<_>>(), ["txt"]);
    }

    #[test]
    fn files_of_a_table_are_refused_by_every_path() {
        let folder = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(folder.path()).unwrap();
        let file = |name: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        };
        file("plain/a.parquet");
        file("lake/delta/d=1/a.parquet");
        file("lake/delta/_delta_log/00000000000000000000.json");
        file("lake/ice/data/a.parquet");
        file("lake/ice/metadata/version-hint.text");
        file("hudi/a.parquet");
        file("hudi/.hoodie/hoodie.properties");
        file("empty/_delta_log/00000000000000000000.json");
        let find = |path: &str| super::find(&root.join(path), &root, &["parquet"]);
        for (path, table) in [
            ("lake", "lake/delta"),
            ("lake/delta", "lake/delta"),
            ("lake/delta/d=1", "lake/delta"),
            ("lake/delta/d=1/a.parquet", "lake/delta"),
            ("lake/delta/*/*.parquet", "lake/delta"),
            ("**/*.parquet", "hudi"),
            ("lake/i*/**/*.parquet", "lake/ice"),
            ("lake/ice/data", "lake/ice"),
            ("hudi/a.parquet", "hudi"),
            ("empty", "empty"),
        ] {
            match find(path) {
                Err(Stop::Table(folder, _)) => assert_eq!(folder, root.join(table), "{path}"),
                other => panic!("{path}: {other:?}"),
            }
        }
        assert_eq!(find("plain/*.parquet").unwrap().files, [root.join("plain/a.parquet")]);
        assert!(matches!(find("lake/*.parquet"), Err(Stop::Nothing)));
    }
}
