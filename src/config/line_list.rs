//! Text files with one entry per line, local or in an object store: mailboxes, public mail domains.

use std::path::{Path, PathBuf};

use super::section::TomlSection;
use super::source_text::quote;
use super::{StorageOptions, text_file};
use crate::error::{Error, Result};
use crate::storage::{Location, redacted};

/// A text file that a key of the enrichment file names.
pub(crate) struct LineList {
    /// The file as errors show it.
    file: PathBuf,
    text: String,
}

/// An entry of a list, without white space around it.
pub(crate) struct Entry<'a> {
    pub(crate) text: &'a str,
    /// The number of the line, from 1.
    line: u32,
    file: &'a Path,
}

/// Reads the list that the key `key` of a section names. `folder` is the folder of the enrichment file.
///
/// # Errors
/// The key is absent, or the file cannot be read or is not UTF-8 text.
pub(crate) fn read(
    section: &TomlSection<'_>,
    key: &str,
    folder: &Path,
    storage: &StorageOptions,
) -> Result<LineList> {
    let list = section.required_text(key, "the path of a text file")?;
    let shown = redacted(list.text);
    let name = format!("{}: {} {}", section.source.line_of(list.offset), section.label(key), quote(&shown));
    match Location::parse(list.text) {
        Ok(Location::Local(path)) => {
            let file = folder.join(path);
            Ok(LineList { text: text_file::read(&file, name)?, file })
        }
        Ok(Location::Store(address)) => {
            Ok(LineList { text: text_file::read_from_store(&address, storage, name)?, file: shown.into() })
        }
        Err(why) => Err(Error::enrichment(format!("{name}: {why}"))),
    }
}

impl LineList {
    /// The entries in their order. Blank lines and lines that begin with `#` are skipped. A line ends with a line
    /// feed; in a text without any, with a carriage return.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_>> {
        let end = if self.text.contains('\n') { '\n' } else { '\r' };
        let lines = self.text.split(end).map(str::trim).zip(1..);
        let lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
        lines.map(|(text, line)| Entry { text, line, file: &self.file })
    }
}

impl Entry<'_> {
    /// The error that a part of the entry is not what it should be, such as `an email address`.
    pub(crate) fn error(&self, part: &str, what: &str) -> Error {
        let hint = if self.text.contains(" #") { "; put a comment on a line of its own" } else { "" };
        Error::enrichment(format!(
            "{}:{}: {} is not {what}{hint}",
            self.file.display(),
            self.line,
            quote(part)
        ))
    }
}
