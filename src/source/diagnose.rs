//! Which file is to blame for an error of the engine.

use std::collections::HashMap;
use std::future::Future;
use std::panic::resume_unwind;

use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::caught::{caught, told};
use super::files::InputFile;
use super::unchanged::Snapshot;
use super::{Source, graph, parquet};
use crate::enrichment::Format;
use crate::error::{Error, ErrorKind, Result, one_line};

/// Does work that reads the sources, which have to stay as they are meanwhile.
///
/// An error of the engine does not name the file whose pages are damaged, and some damage makes the
/// engine panic. Then the Parquet files are read again, one by one, until one fails, and that one is
/// named. An error that already says who has to act is given back as it is, and so is one that no
/// file explains.
///
/// # Errors
/// Those of the work, and a file that has changed or gone.
pub async fn reading<T>(
    ctx: &SessionContext,
    sources: &[Source],
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let before = Snapshot::of(sources);
    let (error, panic) = match caught(work).await {
        Ok(Ok(done)) => return before.check().await.map(|()| done),
        Ok(Err(error)) if error.kind() != ErrorKind::Engine => return Err(error),
        Ok(Err(error)) => (error, None),
        Err(panic) => (Error::new(ErrorKind::Engine, told(&panic)), Some(panic)),
    };
    before.check().await?;
    match damaged(ctx, sources).await {
        Some(damage) => Err(damage.with_source(error)),
        None => panic.map_or(Err(error), |panic| resume_unwind(panic)),
    }
}

/// The first Parquet file that cannot be read through, in the way in which the engine reads it.
async fn damaged(ctx: &SessionContext, sources: &[Source]) -> Option<Error> {
    for source in sources {
        // An error of a JSON file names it where it occurs.
        for file in source.files.iter().filter(|file| is_parquet(source, file)) {
            let read = caught(read_through(ctx, file)).await;
            let e = match read {
                Ok(Ok(())) => continue,
                Ok(Err(e)) => e.to_string(),
                Err(panic) => told(&panic),
            };
            let text = format!("[{}] {file}: is damaged or cannot be read: {e}", source.section);
            return Some(Error::input(one_line(&text)));
        }
    }
    None
}

/// Whether a file is read as Parquet; one that is gone since is, so that reading it says so.
pub(super) fn is_parquet(source: &Source, file: &InputFile) -> bool {
    source.format != Format::GraphDataConnect || graph::is_parquet(file).unwrap_or(true)
}

/// Reads all that the engine can read of a file, and keeps nothing.
async fn read_through(ctx: &SessionContext, file: &InputFile) -> Result<()> {
    let schema = parquet::schema(ctx, file).await.map_err(Error::input)?;
    let mut batches = parquet::read(ctx, schema, vec![file.url()?], HashMap::new())?.execute_stream().await?;
    while batches.try_next().await?.is_some() {}
    Ok(())
}
