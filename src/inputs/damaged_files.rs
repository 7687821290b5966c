//! Finds the damaged file that causes an error of DataFusion.

use std::collections::HashMap;
use std::future::Future;
use std::panic::resume_unwind;

use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::catch_panic::{caught, panic_message};
use super::snapshot::Snapshot;
use super::source::InputSource;
use super::{graph, parquet};
use crate::config::Format;
use crate::error::{Error, ErrorKind, Result, one_line};
use crate::storage::InputFile;

/// Runs work that reads the sources, and checks that their files do not change meanwhile.
///
/// An error of DataFusion does not name the file with damaged pages, and some damage makes DataFusion
/// panic. In both cases the Parquet files are read again, one by one, until one fails; the error then
/// names this file. If none fails, the error is returned unchanged. An error of any kind other than
/// [`ErrorKind::Engine`] is returned unchanged at once, because it already determines who has to act.
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
    let before = Snapshot::of(sources);
    let (error, panic) = match caught(work).await {
        Ok(Ok(done)) => return before.check().await.map(|()| done),
        Ok(Err(error)) if error.kind() != ErrorKind::Engine => return Err(error),
        Ok(Err(error)) => (error, None),
        Err(panic) => (Error::new(ErrorKind::Engine, panic_message(&panic)), Some(panic)),
    };
    before.check().await?;
    match damaged(ctx, sources).await {
        Some(damage) => Err(damage.with_source(error)),
        None => panic.map_or(Err(error), |panic| resume_unwind(panic)),
    }
}

/// The error for the first Parquet file that cannot be read completely. DataFusion reads the files here, as
/// it does in a run.
async fn damaged(ctx: &SessionContext, sources: &[InputSource]) -> Option<Error> {
    for source in sources {
        // An error of a JSON file already contains the name of the file.
        for file in source.files.iter().filter(|file| is_parquet(source, file)) {
            let read = caught(read_through(ctx, file)).await;
            let e = match read {
                Ok(Ok(())) => continue,
                Ok(Err(e)) => e.to_string(),
                Err(panic) => panic_message(&panic),
            };
            let text = format!("[{}] {file}: is damaged or cannot be read: {e}", source.section);
            return Some(Error::input(one_line(&text)));
        }
    }
    None
}

/// Whether a file is read as Parquet. A file that can no longer be opened counts as Parquet, so that
/// reading it reports the reason.
pub(crate) fn is_parquet(source: &InputSource, file: &InputFile) -> bool {
    source.format != Format::GraphDataConnect || graph::is_parquet(file).unwrap_or(true)
}

/// Reads all columns and rows of a file, and discards them.
async fn read_through(ctx: &SessionContext, file: &InputFile) -> Result<()> {
    let schema = parquet::schema(ctx, file).await.map_err(Error::input)?;
    let mut batches = parquet::read(ctx, schema, vec![file.url()?], HashMap::new())?.execute_stream().await?;
    while batches.try_next().await?.is_some() {}
    Ok(())
}
