//! A path of the enrichment file → the files it means.

use std::path::{Path, PathBuf};

use datafusion::datasource::listing::ListingTableUrl;
use glob::{MatchOptions, Pattern};
use url::Url;

use crate::enrichment::Enrichment;
use crate::error::{Error, Result};

/// A file of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// Where it is.
    pub path: PathBuf,
}

impl InputFile {
    /// The file as a URL.
    pub(super) fn url(&self) -> Result<ListingTableUrl> {
        file_url(&self.path)
            .map_err(|e| Error::input(format!("{}: cannot be read: {e}", self.path.display())))
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
pub(super) fn find(
    enrichment: &Enrichment,
    section: &str,
    path: &str,
    endings: &[&str],
) -> Result<Vec<InputFile>> {
    if path.contains("://") {
        return Err(Error::enrichment(format!(
            "{}: [{section}] path = \"{path}\": object stores are not supported yet; give a local path",
            enrichment.file.display()
        )));
    }
    let full = enrichment.resolve(path);
    let what = || format!("{}: [{section}] path = \"{path}\"", enrichment.file.display());
    let cannot = |place: &Path, e: &dyn std::fmt::Display| {
        Error::input(format!("{}: {} cannot be read: {e}", what(), place.display()))
    };
    let mut found = vec![];
    match std::fs::metadata(&full) {
        Ok(meta) if meta.is_dir() => {
            walk(&full, endings, &mut found).map_err(|(place, e)| cannot(&place, &e))?;
            if found.is_empty() {
                let endings = endings.iter().map(|e| format!("*.{e}")).collect::<Vec<_>>().join(", ");
                return Err(Error::input(format!(
                    "{} matches nothing: no {endings} in the folder {}",
                    what(),
                    full.display()
                )));
            }
        }
        Ok(meta) if meta.is_file() => found.push(full),
        Ok(_) => return Err(cannot(&full, &"it is neither a file nor a folder")),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound || is_glob(path) => {
            let options = MatchOptions {
                case_sensitive: true,
                require_literal_separator: true,
                require_literal_leading_dot: true,
            };
            // Only what the file says is a pattern, not the place of the file.
            let base = Pattern::escape(&enrichment.resolve("").to_string_lossy());
            let pattern = Path::new(&base).join(path).to_string_lossy().into_owned();
            let matches = glob::glob_with(&pattern, options)
                .map_err(|e| Error::input(format!("{} is no valid pattern: {e}", what())))?;
            for entry in matches {
                let entry = entry.map_err(|e| cannot(e.path(), &e))?;
                if entry.is_file() {
                    found.push(entry);
                }
            }
            if found.is_empty() {
                return Err(Error::input(format!(
                    "{} matches nothing: there is no file {}",
                    what(),
                    full.display()
                )));
            }
        }
        Err(e) => return Err(cannot(&full, &e)),
    }
    found.sort();
    Ok(found.into_iter().map(|path| InputFile { path }).collect())
}

fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

fn walk(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) -> Result<(), (PathBuf, std::io::Error)> {
    let place = |e| (folder.to_path_buf(), e);
    for entry in std::fs::read_dir(folder).map_err(place)? {
        let entry = entry.map_err(place)?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(['_', '.']) {
            continue;
        }
        let path = entry.path();
        let is_wanted = endings.iter().any(|e| name.to_ascii_lowercase().ends_with(&format!(".{e}")));
        // Follows links, as a lake made of links would want.
        match std::fs::metadata(&path) {
            Ok(meta) if meta.is_dir() => walk(&path, endings, found)?,
            Ok(meta) if is_wanted && meta.is_file() => found.push(path),
            Err(e) if is_wanted => return Err((path, e)),
            _ => {}
        }
    }
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
        walk(folder.path(), &["parquet"], &mut found).unwrap();
        found.sort();
        let names: Vec<_> =
            found.iter().map(|p| p.strip_prefix(folder.path()).unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["b.parquet", "d=1/A.PARQUET"]);
    }
}
