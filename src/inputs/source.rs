//! The files of one section of the enrichment file.

use datafusion::prelude::DataFrame;

use super::columns::has_copies;
use super::hive;
use super::mark_columns::MarkColumn;
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
    /// The keys of the folders of each file, in the order of `files`, of formats with columns from folders.
    pub(crate) keys: Vec<hive::Keys>,
    /// The number of rows according to the metadata, which only Parquet files and Delta tables have. JSON
    /// and CSV files are not included; [`InputSource::count`] counts their rows, too.
    pub rows: u64,
    /// The optional columns that some Parquet file or Delta table lacks: the name of each, and the consequence
    /// for the result. JSON files are not included; [`InputSource::count`] includes them.
    pub missing: Vec<(&'static str, &'static str)>,
    /// The columns that some Parquet file stores as binary and that are read as text.
    pub(crate) binary: Vec<String>,
    /// Whether some column has another type than its own, from which its values are converted; see
    /// [`Kind::converts`](super::columns::Kind::converts).
    pub(crate) converts: bool,
    /// The names of the columns that are read, in any case.
    pub(crate) columns: Vec<String>,
    /// The columns in which files mark rows as deleted.
    pub(crate) mark_columns: Vec<MarkColumn>,
    /// The columns of an export that come from the names of folders.
    pub(crate) folder_columns: Vec<&'static str>,
    /// Remarks about files that are not read.
    pub notes: Vec<String>,
}

impl InputSource {
    /// Files of which nothing else is known.
    pub(crate) fn of(section: &'static str, format: Format, files: Vec<InputFile>) -> Self {
        Self {
            section,
            format,
            files,
            keys: vec![],
            rows: 0,
            missing: vec![],
            binary: vec![],
            converts: false,
            columns: vec![],
            mark_columns: vec![],
            folder_columns: vec![],
            notes: vec![],
        }
    }

    /// Whether the rows are copies of messages or meetings.
    pub(crate) fn has_copies(&self) -> bool {
        has_copies(self.section)
    }

    /// The positions of the files of which a note looks at rows: all, or [`SAMPLED`] of them, evenly from the first to
    /// the last, so that a feed that has changed is noticed.
    pub(crate) fn sampled_files(&self) -> Vec<usize> {
        match self.files.len() {
            files if files <= SAMPLED => (0..files).collect(),
            files => (0..SAMPLED).map(|number| number * (files - 1) / (SAMPLED - 1)).collect(),
        }
    }
}

/// Of how many files a note looks at rows. Each costs a query of some 30 ms, and several requests in an object store.
const SAMPLED: usize = 16;

/// What the files of a section contain, after all JSON and CSV files were read completely.
#[derive(Debug, Clone)]
pub struct Counted {
    /// The number of rows.
    pub rows: u64,
    /// The optional columns that some file lacks: the name of each, and the consequence for the result. A
    /// JSON file lacks a column if none of its objects has it.
    pub missing: Vec<(&'static str, &'static str)>,
}

/// Something in a file or table that is there and cannot be read, and in how many rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) kind: UnreadableKind,
    /// The name of a column, the form of a time (0 for a digit, A for a letter), or the name of a zone.
    pub(crate) value: String,
    /// The name of the file or table.
    pub(crate) file: String,
    pub(crate) rows: u64,
}

/// What it is that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnreadableKind {
    /// The value of a column.
    Column,
    /// The text of a time.
    Time,
    /// The name of the zone of a time.
    Zone,
    /// The value of a column that is converted from another type, and decides about the disposition.
    Converted,
    /// A number that is not an identifier.
    Id,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_from_the_first_to_the_last() {
        let sampled = |files| {
            let files = vec![InputFile::local("a".into()); files];
            InputSource::of("mail", Format::Canonical, files).sampled_files()
        };
        assert_eq!(sampled(0), Vec::<usize>::new());
        assert_eq!(sampled(SAMPLED), (0..SAMPLED).collect::<Vec<_>>());
        for files in [SAMPLED + 1, 365, 10_000] {
            let positions = sampled(files);
            assert_eq!((positions.len(), positions[0], positions[SAMPLED - 1]), (SAMPLED, 0, files - 1));
            let gaps: Vec<_> = positions.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let (most, fewest) = (gaps.iter().max().unwrap(), gaps.iter().min().unwrap());
            assert!(most - fewest <= 1 && *fewest > 0, "{files}");
        }
    }
}
