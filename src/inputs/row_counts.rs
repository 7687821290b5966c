//! Checks that a run has read as many rows as its Parquet files have according to their footers.
//!
//! The reader ends a column where its pages end. If all columns of a file are too short, it reports nothing.

use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::parquet;
use super::source::InputSource;
use crate::config::Format;
use crate::error::{Error, Result};
use crate::storage::InputFile;

/// Checks the sources whose rows are counted. `read` is the number of rows that were read of a section, if
/// they are counted. Exports can contain JSON, and Delta tables have no footer of their own, so they are not
/// checked.
///
/// # Errors
/// The first file that has fewer rows than its footer says.
pub(crate) async fn check_rows(
    ctx: &SessionContext,
    sources: &[InputSource],
    read: impl Fn(&str) -> Option<u64>,
) -> Result<()> {
    for source in sources.iter().filter(|source| source.format == Format::Canonical) {
        let Some(rows) = read(source.section).filter(|rows| *rows != source.rows) else { continue };
        for file in &source.files {
            if let Some(damage) = fewer_rows(ctx, source.section, file).await? {
                return Err(damage);
            }
        }
        let what = format!(
            "[{}] {rows} rows were read, but the files have {}; run again when no other program writes to them",
            source.section, source.rows
        );
        return Err(Error::input(what).with_temporary(true));
    }
    Ok(())
}

/// Reads a Parquet file completely. Returns an error if it has fewer rows than its footer says.
///
/// # Errors
/// The file cannot be read.
pub(crate) async fn fewer_rows(
    ctx: &SessionContext,
    section: &str,
    file: &InputFile,
) -> Result<Option<Error>> {
    let whole = parquet::whole(ctx, file).await?;
    let mut batches = whole.table.execute_stream().await?;
    let mut there = 0;
    while let Some(batch) = batches.try_next().await? {
        there += batch.num_rows() as u64;
    }
    Ok((there != whole.rows).then(|| {
        Error::input(format!(
            "[{section}] {file}: is damaged: it has {} rows according to its footer, but {there} can be read",
            whole.rows
        ))
    }))
}
