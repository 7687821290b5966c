//! Finds the damaged file that causes an error of DataFusion.

use std::future::Future;
use std::panic::resume_unwind;

use datafusion::prelude::SessionContext;

use super::catch_panic::{caught, panic_message};
use super::row_counts::fewer_rows;
use super::snapshot::check_unchanged;
use super::source::InputSource;
use super::{binary_text, text};
use crate::config::Format;
use crate::error::{Error, ErrorKind, Result, one_line};
use crate::storage::InputFile;

/// Runs work that reads the sources, and checks that their files have not changed since they were found.
///
/// An error of DataFusion does not name the file with damaged pages, and some damage makes DataFusion
/// panic. In both cases the Parquet files are read again, one by one, until one fails; the error then
/// names this file. If none fails, the error is returned unchanged. An error of any kind other than
/// [`ErrorKind::Engine`] is returned unchanged, because it already determines who has to act; except that
/// for an object that does not exist, a changed or missing input file is reported.
///
/// # Errors
/// The errors of the work, and a file that was changed or deleted.
///
/// # Panics
/// With the panic of the work, if no file explains it.
pub async fn reading<T>(
    ctx: &SessionContext,
    sources: &[InputSource],
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let (error, panic) = match caught(work).await {
        Ok(Ok(done)) => return check_unchanged(sources).await.map(|()| done),
        Ok(Err(error)) if error.kind() != ErrorKind::Engine => {
            if is_not_found(&error) {
                check_unchanged(sources).await?;
            }
            return Err(error);
        }
        Ok(Err(error)) => (error, None),
        Err(panic) => (Error::new(ErrorKind::Engine, panic_message(&panic)), Some(panic)),
    };
    check_unchanged(sources).await?;
    match damaged(ctx, sources).await {
        Some(damage) => Err(damage.with_source(error)),
        None => panic.map_or(Err(error), |panic| resume_unwind(panic)),
    }
}

/// Whether the cause is an object that a store does not have.
fn is_not_found(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |e| e.source())
        .filter_map(|e| e.downcast_ref())
        .any(|e| matches!(e, object_store::Error::NotFound { .. }))
}

/// The error for the first Parquet file that cannot be read completely. DataFusion reads the files here, as
/// it does in a run.
async fn damaged(ctx: &SessionContext, sources: &[InputSource]) -> Option<Error> {
    for source in sources {
        // An error of a JSON or CSV file already contains the name of the file.
        for file in source.files.iter().filter(|file| is_parquet(source, file)) {
            let read = caught(fewer_rows(ctx, source.section, file)).await;
            let e = match read {
                Ok(Ok(None)) => continue,
                Ok(Ok(Some(damage))) => return Some(damage),
                Ok(Err(e)) => e.to_string(),
                Err(panic) => panic_message(&panic),
            };
            if let Ok(Ok(Some(encrypted))) = caught(source.encrypted(ctx)).await {
                return Some(encrypted);
            }
            let text = format!("[{}] {file}: is damaged or cannot be read: {e}", source.section);
            return Some(Error::input(one_line(&text)));
        }
        if let Ok(Err(e)) = caught(source.check_binary(ctx)).await {
            return Some(e);
        }
    }
    None
}

impl InputSource {
    /// Checks that the binary columns that are read as text are UTF-8. Most inputs have none; the columns
    /// are read completely for this.
    ///
    /// # Errors
    /// The first file with such a column that is not UTF-8, or that cannot be read.
    pub(crate) async fn check_binary(&self, ctx: &SessionContext) -> Result<()> {
        for file in self.files.iter().filter(|file| !self.binary.is_empty() && is_parquet(self, file)) {
            binary_text::check(ctx, file, &self.binary)
                .await
                .map_err(|e| Error::input(one_line(&format!("[{}] {file}: {e}", self.section))))?;
        }
        Ok(())
    }
}

/// Whether a file is read as Parquet. A file that can no longer be opened counts as Parquet, so that
/// reading it reports the reason.
pub(crate) fn is_parquet(source: &InputSource, file: &InputFile) -> bool {
    match source.format {
        Format::Canonical | Format::Delta => true,
        Format::GraphDataConnect => text::is_parquet(file).unwrap_or(true),
        Format::Csv => false,
    }
}
