//! CSV files as files of a table: one column of text per wanted column.

use std::borrow::Cow;
use std::io::Read;

use datafusion::arrow::datatypes::Schema;
use datafusion::common::Result as EngineResult;

use super::records::Records;
use super::text;
use crate::error::{Error, Result};
use crate::inputs::text_table::{Rows, TextFile};
use crate::storage::InputFile;

/// Where the values of a column of the table come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The field at this position of each record.
    Field(usize),
    /// The same value in each row of the file; `None` is null.
    Constant(Option<String>),
}

/// A file and the origin of each column of the table.
#[derive(Debug, Clone)]
pub(crate) struct CsvFile {
    pub(crate) file: InputFile,
    pub(crate) columns: Vec<Origin>,
}

impl TextFile for CsvFile {
    fn size(&self) -> u64 {
        self.file.size().unwrap_or(0)
    }

    fn read(&self, section: &str, _: &Schema, rows: &mut Rows) -> EngineResult<bool> {
        read(section, &self.file, &mut |records| {
            rows.push(|column| match &self.columns[column] {
                Origin::Field(index) => Ok(records.field(*index)?.map(Cow::Borrowed)),
                Origin::Constant(value) => Ok(value.as_deref().map(Cow::Borrowed)),
            })
        })
    }
}

type Text = Box<dyn Read + Send>;

/// Opens a file and reads its header.
///
/// # Errors
/// The file cannot be read, or is not CSV.
pub(crate) fn open(section: &str, file: &InputFile) -> Result<Records<Text>> {
    let place = |e: String| Error::input(format!("[{section}] {file} {e}"));
    let text = text::open(file).map_err(|e| place(format!("cannot be read: {e}")))?;
    // The ending says what the delimiter is, whatever is within the names of columns.
    let name = file.to_string().to_ascii_lowercase();
    let is_tsv = name.ends_with(".tsv") || name.ends_with(".tsv.gz");
    Records::open(text, is_tsv.then_some(b'\t')).map_err(place)
}

/// Calls `f` for every record of a file until `f` returns `false`. Returns whether the end was reached.
pub(super) fn read(
    section: &str,
    file: &InputFile,
    f: &mut dyn FnMut(&Records<Text>) -> Result<bool, String>,
) -> EngineResult<bool> {
    let place = |e: String| Error::input(format!("[{section}] {file} {e}"));
    let mut records = open(section, file)?;
    while records.next().map_err(place)? {
        if !f(&records).map_err(place)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The number of records in a file. This reads the complete file, and checks that its fields are text.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) fn count(section: &str, file: &InputFile) -> Result<u64> {
    let mut rows = 0;
    read(section, file, &mut |records| {
        (0..records.header().len()).try_for_each(|i| records.field(i).map(drop))?;
        rows += 1;
        Ok(true)
    })?;
    Ok(rows)
}
