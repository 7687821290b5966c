//! Files that were written for an Iceberg table and lie without its metadata, which says which of their rows count.

use super::parquet::Footer;
use crate::error::{Error, Result};
use crate::storage::InputFile;

/// The key, in the metadata of a footer, of every file with rows.
const ROWS: &str = "iceberg.schema";

/// The key, in the metadata of a footer, of every file that says which rows are deleted.
const DELETED: &str = "delete-type";

const REMEDY: &str = "export the rows of the table to a folder of their own";

/// Whether a file was written for an Iceberg table.
///
/// # Errors
/// Its rows are deleted ones.
pub(super) fn is_one(footer: &Footer, place: &str) -> Result<bool> {
    if footer.has_key(DELETED) {
        return Err(Error::input(format!(
            "{place}: contains the rows that were deleted from an Iceberg table, not rows of it; {REMEDY}"
        )));
    }
    Ok(footer.has_key(ROWS))
}

/// The note about such files.
pub(super) fn note<'a>(section: &str, mut files: impl Iterator<Item = &'a InputFile>) -> Option<String> {
    let first = files.next()?;
    let files = match files.count() {
        0 => format!("{first} was written for an Iceberg table, whose metadata is not beside it"),
        more => format!(
            "{first} and {more} more were written for an Iceberg table, whose metadata is not beside them"
        ),
    };
    Some(format!("[{section}] {files}: rows that were deleted or replaced count, too; {REMEDY}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_in_words() {
        let files = ["a", "b", "c"].map(|name| InputFile::local(name.into()));
        assert_eq!(note("mail", files[..0].iter()), None);
        assert_eq!(
            note("mail", files[..1].iter()).unwrap(),
            "[mail] a was written for an Iceberg table, whose metadata is not beside it: rows that were deleted or replaced \
             count, too; export the rows of the table to a folder of their own"
        );
        assert!(
            note("mail", files.iter())
                .unwrap()
                .starts_with("[mail] a and 2 more were written for an Iceberg")
        );
    }
}
