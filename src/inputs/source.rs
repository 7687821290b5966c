//! The files of one section of the enrichment file.

use datafusion::prelude::DataFrame;

use crate::config::Format;
use crate::error::Result;
use crate::storage::InputFile;

/// The note for meetings that contain series masters. A series master describes its occurrences and is not
/// a meeting itself.
pub(crate) fn series_masters(rows: u64) -> String {
    let (are, are_no, their) = if rows == 1 {
        ("row is a series master", "is not a meeting", "its")
    } else {
        ("rows are series masters", "are not meetings", "their")
    };
    format!(
        "[meetings] {rows} {are}, which {are_no}: {their} occurrences are needed, and those are in CalendarView exports, not in \
         Event exports"
    )
}

/// Combines tables with the same columns by UNION ALL; `None` if there are no tables.
pub(crate) fn union_all(parts: impl IntoIterator<Item = Result<DataFrame>>) -> Result<Option<DataFrame>> {
    parts.into_iter().try_fold(None, |union: Option<DataFrame>, part| {
        let part = part?;
        Ok(Some(match union {
            None => part,
            Some(union) => union.union(part)?,
        }))
    })
}

/// The files of one section of the enrichment file, and what is known about them.
#[derive(Debug, Clone)]
pub struct InputSource {
    /// The section: `mail`, `meetings`, ...
    pub section: &'static str,
    /// The format of the files.
    pub format: Format,
    /// The files.
    pub files: Vec<InputFile>,
    /// The number of rows according to the metadata, which only Parquet files and Delta tables have. JSON
    /// files are not included; [`InputSource::count`] counts their rows, too.
    pub rows: u64,
    /// The optional columns that some file lacks: the name of each, and the consequence for the result.
    pub missing: Vec<(&'static str, &'static str)>,
}
