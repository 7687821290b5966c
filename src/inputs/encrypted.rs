//! Finds encrypted columns of Parquet files.
//!
//! The footer of an encrypted file can be plain text, so that the file looks like any other. Its first pages show the
//! encryption: the header of an encrypted page begins with its length in four bytes.

use datafusion::object_store::ObjectStore;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::prelude::SessionContext;

use super::parquet::{self, Footer};
use super::source::InputSource;
use crate::config::Format;
use crate::error::{Error, Result};
use crate::storage::InputFile;

/// In object stores, where each column may be a request, only so many files are looked at: the files of an input are
/// usually encrypted alike.
const IN_STORES: usize = 8;

/// How many bytes of a page are looked at.
const START: u64 = 4;

/// The lengths that the encrypted header of a page can have, in bytes: 12 are a nonce and 16 a tag.
const LENGTHS: std::ops::Range<u32> = 29..1 << 20;

/// Whether these bytes begin an encrypted page. The header of any other page is a struct of Thrift's compact protocol:
/// its first fields are the type of the page and a size, both of type i32, and 0x15 is the mark of such a field.
fn is_encrypted(start: &[u8]) -> bool {
    let is_page = matches!(start, [0x15, page_type, 0x15, ..] if [0, 2, 4, 6].contains(page_type));
    !is_page && start.first_chunk().is_some_and(|length| LENGTHS.contains(&u32::from_le_bytes(*length)))
}

impl InputSource {
    /// Checks that the columns that are read are not encrypted.
    ///
    /// # Errors
    /// The first file with an encrypted column, or that cannot be read.
    pub(crate) async fn check_encryption(&self, ctx: &SessionContext) -> Result<()> {
        self.encrypted(ctx).await?.map_or(Ok(()), Err)
    }

    /// The error for the first file with an encrypted column that is read; `None` if there is none.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(crate) async fn encrypted(&self, ctx: &SessionContext) -> Result<Option<Error>> {
        let may_be_parquet = |file: &&InputFile| match self.format {
            Format::Canonical | Format::Delta => true,
            Format::GraphDataConnect => file.has_ending("parquet"),
            Format::Csv => false,
        };
        let files: Vec<_> = self.files.iter().filter(may_be_parquet).cloned().collect();
        let (local, mut in_stores): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|file| matches!(file, InputFile::Local(_)));
        in_stores.truncate(IN_STORES);
        let files = [local, in_stores].concat();
        let look = |_: usize, footer: &Footer, _: &str| Ok(first_pages(&footer.metadata, &self.columns));
        let found = parquet::footers(ctx, self.section, self.format, &files, look).await?;
        for (file, (pages, _)) in files.iter().zip(found) {
            let url = file.url()?;
            let store = ctx.runtime_env().object_store(url.object_store())?;
            let ranges: Vec<_> = pages.iter().map(|(_, at)| *at..*at + START).collect();
            let starts = store.get_ranges(url.prefix(), &ranges).await;
            let starts = starts
                .map_err(|e| Error::input(format!("[{}] {file}: cannot be read: {e}", self.section)))?;
            if let Some(((column, _), _)) = pages.iter().zip(starts).find(|(_, start)| is_encrypted(start)) {
                return Ok(Some(Error::input(format!(
                    "[{}] {file}: column '{column}' is encrypted; write it without encryption",
                    self.section
                ))));
            }
        }
        Ok(None)
    }
}

/// The columns with these names, in any case, and where the first page of each begins. Columns without values have none.
fn first_pages(file: &ParquetMetaData, names: &[String]) -> Vec<(String, u64)> {
    let Some(group) = file.row_groups().iter().find(|group| group.num_rows() > 0) else { return vec![] };
    let pages = group.columns().iter().filter_map(|column| {
        let name = column.column_path().parts().first()?;
        let is_read = names.iter().any(|read| read.to_lowercase() == name.to_lowercase());
        let (data, dictionary) = (column.data_page_offset(), column.dictionary_page_offset());
        let begin = u64::try_from(dictionary.map_or(data, |dictionary| dictionary.min(data))).ok()?;
        let has_page = u64::try_from(column.compressed_size()).is_ok_and(|size| size >= START);
        (is_read && has_page && begin > 0).then(|| (name.clone(), begin))
    });
    pages.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_encrypted_pages() {
        for page in [[0x15, 0, 0x15, 0x80], [0x15, 4, 0x15, 2], [0x15, 6, 0x15, 0]] {
            assert!(!is_encrypted(&page), "{page:?}");
        }
        for module in [[60, 0, 0, 0], [0x15, 1, 0, 0], [0xff, 0xff, 1, 0]] {
            assert!(is_encrypted(&module), "{module:?}");
        }
        // Damaged pages are something else.
        for other in [[0, 0, 0, 0], [28, 0, 0, 0], [0xff; 4], *b"PAR1"] {
            assert!(!is_encrypted(&other), "{other:?}");
        }
        assert!(!is_encrypted(&[]));
    }
}
