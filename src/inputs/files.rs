//! Finds the files of a path of the enrichment file.

use std::fmt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use datafusion::prelude::SessionContext;
use glob::{MatchOptions, Pattern};

use crate::config::Enrichment;
use crate::error::{Error, Result};
use crate::storage::{self, Bucket, Files, InputFile, Location, redacted};

/// Finds the files of a path, sorted: the file itself; all files of a folder, at any depth, that have one
/// of these endings; or the files that match a glob. In a folder, names that begin with `_` or `.` are left
/// out.
///
/// # Errors
/// A path that is not valid, matches nothing, cannot be listed, or is a folder with a Delta table.
pub(crate) async fn find(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    section: &str,
    path: &str,
    endings: &[&str],
) -> Result<Vec<InputFile>> {
    let what = format!("{}: [{section}] path = \"{}\"", enrichment.file.display(), redacted(path));
    match Location::of(enrichment.folder(), path).map_err(|e| Error::enrichment(format!("{what}: {e}")))? {
        Location::Local(full) => local(&what, section, &full, enrichment.folder(), endings),
        Location::Store(address) => {
            let cannot = |e: String| Error::input(format!("{what} cannot be read: {e}"));
            let bucket = Bucket::open(ctx, &enrichment.storage, &address).map_err(cannot)?;
            let found = storage::find(&bucket, &address.path, endings).await;
            match found.map_err(|e| cannot(bucket.brief(&e).to_owned()))? {
                Files::Found(objects) => Ok(objects.into_iter().map(InputFile::Object).collect()),
                Files::EmptyFolder => Err(empty_folder(&what, redacted(path), endings)),
                Files::Nothing => Err(nothing(&what, redacted(path))),
                Files::DeltaTable(folder) => Err(delta_table(&what, section, bucket.show(&folder))),
            }
        }
    }
}

fn empty_folder(what: &str, folder: impl fmt::Display, endings: &[&str]) -> Error {
    let endings = endings.iter().map(|e| format!("*.{e}")).collect::<Vec<_>>().join(", ");
    Error::input(format!("{what} matches nothing: no {endings} in the folder {folder}"))
}

fn nothing(what: &str, file: impl fmt::Display) -> Error {
    Error::input(format!("{what} matches nothing: there is no file {file}"))
}

/// The error for a Delta table in a folder of Parquet files. Its files are not read one by one, because
/// they also contain rows that were deleted from the table.
fn delta_table(what: &str, section: &str, folder: impl fmt::Display) -> Error {
    Error::input(format!(
        "{what}: {folder} is a Delta table; to read it, set path to this folder and format = \"delta\" in \
         [{section}]"
    ))
}

/// Finds the files of a local path, which may be a pattern. `within` is the folder of the enrichment file.
fn local(what: &str, section: &str, full: &Path, within: &Path, endings: &[&str]) -> Result<Vec<InputFile>> {
    let cannot = |place: &Path, e: &dyn fmt::Display| {
        Error::input(format!("{what}: {} cannot be read: {e}", place.display()))
    };
    // Only the path in the enrichment file may be a pattern; the folder of that file is taken literally.
    let written = full.strip_prefix(within).unwrap_or(full).to_string_lossy();
    let mut found = vec![];
    match std::fs::metadata(full) {
        Ok(meta) if meta.is_dir() => {
            walk(full, endings, &mut vec![], &mut found).map_err(|(place, e)| match e {
                Stop::Io(e) => cannot(&place, &e),
                Stop::DeltaTable => delta_table(what, section, place.display()),
            })?;
            if found.is_empty() {
                return Err(empty_folder(what, full.display(), endings));
            }
        }
        Ok(meta) if meta.is_file() => found.push(full.to_path_buf()),
        Ok(_) => return Err(cannot(full, &"it is neither a file nor a folder")),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound || is_glob(&written) => {
            let pattern = Path::new(&Pattern::escape(&within.to_string_lossy())).join(&*written);
            let options = MatchOptions {
                case_sensitive: true,
                require_literal_separator: true,
                require_literal_leading_dot: true,
            };
            let matches = glob::glob_with(&pattern.to_string_lossy(), options)
                .map_err(|e| Error::input(format!("{what} is not a valid pattern: {e}")))?;
            for entry in matches {
                let entry = entry.map_err(|e| cannot(e.path(), &e))?;
                if entry.is_file() {
                    found.push(entry);
                }
            }
            if found.is_empty() {
                return Err(nothing(what, full.display()));
            }
        }
        Err(e) => return Err(cannot(full, &e)),
    }
    found.sort();
    Ok(found.into_iter().map(InputFile::Local).collect())
}

fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// Why the files of a folder cannot be found.
#[derive(Debug)]
enum Stop {
    Io(std::io::Error),
    DeltaTable,
}

/// Adds the files of a folder, at any depth, to `found`. `within` contains the folders above it, each as its
/// device and inode number.
fn walk(
    folder: &Path,
    endings: &[&str],
    within: &mut Vec<(u64, u64)>,
    found: &mut Vec<PathBuf>,
) -> Result<(), (PathBuf, Stop)> {
    let place = |e| (folder.to_path_buf(), Stop::Io(e));
    let meta = std::fs::metadata(folder).map_err(place)?;
    let this = (meta.dev(), meta.ino());
    // This is a link to a folder above, whose files are found anyway.
    if within.contains(&this) {
        return Ok(());
    }
    within.push(this);
    for entry in std::fs::read_dir(folder).map_err(place)? {
        let entry = entry.map_err(place)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = entry.path();
        if name == storage::DELTA_LOG && path.is_dir() {
            return Err((folder.to_path_buf(), Stop::DeltaTable));
        }
        if name.starts_with(['_', '.']) {
            continue;
        }
        let is_wanted = endings.iter().any(|e| name.to_ascii_lowercase().ends_with(&format!(".{e}")));
        // This follows links: a data lake may consist of links.
        match std::fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => walk(&path, endings, within, found)?,
            Ok(meta) if is_wanted && meta.is_file() => found.push(path),
            Err(e) if is_wanted => return Err((path, Stop::Io(e))),
            _ => {}
        }
    }
    within.pop();
    Ok(())
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
        let mut found = vec![];
        // Links to a folder above. If they were followed, two of them would take practically for ever.
        for link in ["d=1/up", "d=1/again", "here"] {
            std::os::unix::fs::symlink(folder.path(), folder.path().join(link)).unwrap();
        }
        walk(folder.path(), &["parquet"], &mut vec![], &mut found).unwrap();
        found.sort();
        let names: Vec<_> =
            found.iter().map(|p| p.strip_prefix(folder.path()).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["b.parquet", "d=1/A.PARQUET"]);
        std::fs::create_dir(folder.path().join("d=1/_delta_log")).unwrap();
        let (place, stop) = walk(folder.path(), &["parquet"], &mut vec![], &mut found).unwrap_err();
        assert!(matches!(stop, Stop::DeltaTable) && place.ends_with("d=1"), "{place:?}");
    }
}
