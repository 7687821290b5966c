//! The user's segments: `segments/*.sql` beside the enrichment file.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::Segment;
use crate::config::{Enrichment, text_file};
use crate::error::{Error, Result};

/// Reads the files as segments, in the order of their paths. A file that cannot be read, or whose name is
/// not suitable, is a broken segment.
///
/// # Errors
/// The folder exists and cannot be listed. Without this error, its segments would seem not to exist.
pub(crate) fn read(enrichment: &Enrichment) -> Result<Vec<Segment>> {
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
    paths.retain(|path| is_sql(path));
    paths.sort();
    Ok(paths.into_iter().map(segment).collect())
}

fn is_sql(path: &std::path::Path) -> bool {
    let hidden = path.file_name().is_none_or(|n| n.to_string_lossy().starts_with('.'));
    !hidden && path.extension().is_some_and(|e| e.eq_ignore_ascii_case("sql")) && !path.is_dir()
}

fn segment(path: PathBuf) -> Segment {
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (sql, unreadable) = match text_file::text(&path) {
        Ok(sql) => (sql, None),
        Err(why) => (String::new(), Some(why)),
    };
    let unnamed = (!name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        || name.replace('_', "").is_empty())
    .then(|| "rename the file: the name of a segment consists of ASCII letters, digits and _".to_owned());
    Segment { broken: unnamed.or(unreadable), ..Segment::new(name, sql, Some(path)) }
}
