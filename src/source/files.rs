//! A path of the enrichment file → the files it means.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use datafusion::datasource::listing::ListingTableUrl;
use datafusion::prelude::SessionContext;
use glob::{MatchOptions, Pattern};
use url::Url;

use crate::delta::Data;
use crate::enrichment::Enrichment;
use crate::error::{Error, Result};
use crate::store::{self, Blocking, Bucket, Files, Object, Place, redacted};

/// A file of an input.
#[derive(Debug, Clone)]
pub enum InputFile {
    /// On this machine.
    Local(PathBuf),
    /// In an object store.
    Object(Object),
}

impl InputFile {
    /// The file as a URL that the session reads.
    pub(super) fn url(&self) -> Result<ListingTableUrl> {
        let url = match self {
            Self::Local(path) => file_url(path).map_err(|e| e.to_string()),
            Self::Object(object) => object.bucket.url(&object.path),
        };
        url.map_err(|e| Error::input(format!("{self}: cannot be read: {e}")))
    }

    /// Its size in bytes.
    pub(super) fn size(&self) -> std::io::Result<u64> {
        match self {
            Self::Local(path) => Ok(std::fs::metadata(path)?.len()),
            Self::Object(object) => Ok(object.size),
        }
    }

    /// Its bytes, for a thread that may wait.
    pub(super) fn open(&self) -> std::io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Local(path) => Box::new(File::open(path)?),
            Self::Object(object) => Box::new(Blocking::new(object).reader()),
        })
    }

    /// Whether its name has this ending, in any case.
    pub(super) fn has_ending(&self, ending: &str) -> bool {
        let name = self.to_string();
        name.rsplit_once('.').is_some_and(|(_, after)| after.eq_ignore_ascii_case(ending))
    }
}

impl fmt::Display for InputFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => path.display().fmt(f),
            Self::Object(object) => object.fmt(f),
        }
    }
}

impl From<Data> for InputFile {
    fn from(data: Data) -> Self {
        match data {
            Data::Local(path) => Self::Local(path),
            Data::Object(object) => Self::Object(object),
        }
    }
}

/// A file that exists as a URL, its name taken literally.
pub(crate) fn file_url(path: &Path) -> std::io::Result<ListingTableUrl> {
    // The store refuses `..`, so the path is made whole.
    let whole = std::fs::canonicalize(path)?;
    let url = Url::from_file_path(&whole).ok().and_then(|url| ListingTableUrl::try_new(url, None).ok());
    url.ok_or_else(|| std::io::Error::other("its path cannot be made a URL"))
}

/// The files of a path, sorted: the file itself; all files of a folder at any depth with one of
/// these endings, names beginning with `_` or `.` left out; or the files that a glob matches.
///
/// # Errors
/// A path that matches nothing or cannot be listed.
pub(super) async fn find(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    section: &str,
    path: &str,
    endings: &[&str],
) -> Result<Vec<InputFile>> {
    let what = format!("{}: [{section}] path = \"{}\"", enrichment.file.display(), redacted(path));
    match Place::of(enrichment, path).map_err(|e| Error::enrichment(format!("{what}: {e}")))? {
        Place::Local(full) => local(&what, section, &full, &enrichment.resolve(""), endings),
        Place::Store(address) => {
            let cannot = |e: String| Error::input(format!("{what} cannot be read: {e}"));
            let bucket = Bucket::open(ctx, enrichment, &address).map_err(cannot)?;
            let found = store::find(&bucket, &address.path, endings).await;
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

/// Read file by file, a Delta table would have the rows that were deleted from it, too.
fn delta_table(what: &str, section: &str, folder: impl fmt::Display) -> Error {
    Error::input(format!(
        "{what}: {folder} is a Delta table; name it and say format = \"delta\" in [{section}]"
    ))
}

/// The same on this machine, for a path that may be a pattern within a folder.
fn local(what: &str, section: &str, full: &Path, within: &Path, endings: &[&str]) -> Result<Vec<InputFile>> {
    let cannot = |place: &Path, e: &dyn fmt::Display| {
        Error::input(format!("{what}: {} cannot be read: {e}", place.display()))
    };
    // Only what the file says is a pattern, not the place of the file.
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
                .map_err(|e| Error::input(format!("{what} is no valid pattern: {e}")))?;
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

/// Why a folder is not read.
#[derive(Debug)]
enum Stop {
    Io(std::io::Error),
    DeltaTable,
}

/// Adds the files of a folder below those that it is `within`, by device and number.
fn walk(
    folder: &Path,
    endings: &[&str],
    within: &mut Vec<(u64, u64)>,
    found: &mut Vec<PathBuf>,
) -> Result<(), (PathBuf, Stop)> {
    let place = |e| (folder.to_path_buf(), Stop::Io(e));
    let meta = std::fs::metadata(folder).map_err(place)?;
    let this = (meta.dev(), meta.ino());
    // A link to a folder above: all that is there is found already.
    if within.contains(&this) {
        return Ok(());
    }
    within.push(this);
    for entry in std::fs::read_dir(folder).map_err(place)? {
        let entry = entry.map_err(place)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = entry.path();
        if name == store::DELTA_LOG && path.is_dir() {
            return Err((folder.to_path_buf(), Stop::DeltaTable));
        }
        if name.starts_with(['_', '.']) {
            continue;
        }
        let is_wanted = endings.iter().any(|e| name.to_ascii_lowercase().ends_with(&format!(".{e}")));
        // Follows links, as a lake made of links would want.
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
        // Links that lead in circles, of which two would take for ever.
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
