//! Which file is to blame for an error of the engine.

use std::fs::File;

use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::file::reader::ChunkReader;

use super::files::InputFile;
use super::{Source, graph};
use crate::enrichment::Format;
use crate::error::{Error, ErrorKind, one_line};
use crate::store::Blocking;

/// An error of the engine does not name the file whose pages are damaged. This reads the Parquet
/// files again, one by one, until one fails, and names it. An error that already says who has to
/// act is given back as it is, and so is one that no file explains.
pub async fn diagnose(error: Error, sources: &[Source]) -> Error {
    if error.kind() != ErrorKind::Engine {
        return error;
    }
    let sources = sources.to_vec();
    match tokio::task::spawn_blocking(move || sources.iter().find_map(damaged)).await {
        Ok(Some(damage)) => damage.with_source(error),
        _ => error,
    }
}

/// The first Parquet file of a source that cannot be read through.
fn damaged(source: &Source) -> Option<Error> {
    // An error of a JSON file names it where it occurs.
    source.files.iter().filter(|file| is_parquet(source, file)).find_map(|file| {
        let e = read_through(file).err()?;
        let text = format!("[{}] {file}: is damaged or cannot be read: {e}", source.section);
        Some(Error::input(one_line(&text)))
    })
}

/// Whether a file is read as Parquet; one that is gone since is, so that reading it says so.
pub(super) fn is_parquet(source: &Source, file: &InputFile) -> bool {
    source.format == Format::Canonical || graph::is_parquet(file).unwrap_or(true)
}

fn read_through(file: &InputFile) -> Result<(), Box<dyn std::error::Error>> {
    match file {
        InputFile::Local(path) => batches(File::open(path)?),
        InputFile::Object(object) => batches(Blocking::new(object)),
    }
}

fn batches(file: impl ChunkReader + 'static) -> Result<(), Box<dyn std::error::Error>> {
    for batch in ParquetRecordBatchReaderBuilder::try_new(file)?.build()? {
        batch?;
    }
    Ok(())
}
