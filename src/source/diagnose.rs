//! Which file is to blame for an error of the engine.

use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::files::InputFile;
use super::{Source, graph};
use crate::enrichment::Format;
use crate::error::{Error, ErrorKind, Result, one_line};

/// An error of the engine does not name the file whose pages are damaged. This reads the Parquet
/// files again, one by one, until one fails, and names it. An error that already says who has to
/// act is given back as it is, and so is one that no file explains.
pub fn diagnose(error: Error, sources: &[Source]) -> Error {
    if error.kind() != ErrorKind::Engine {
        return error;
    }
    for source in sources {
        for file in &source.files {
            if !is_parquet(source, file) {
                // An error of a JSON file names it where it occurs.
                continue;
            }
            if let Err(e) = read_through(&file.path) {
                let text = format!(
                    "[{}] {}: is damaged or cannot be read: {e}",
                    source.section,
                    file.path.display()
                );
                return Error::input(one_line(&text)).with_source(error);
            }
        }
    }
    error
}

/// Whether a file is read as Parquet; one that is gone since is, so that reading it says so.
pub(super) fn is_parquet(source: &Source, file: &InputFile) -> bool {
    source.format == Format::Canonical || graph::is_parquet(&file.path).unwrap_or(true)
}

fn read_through(path: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path)?)?.build()?;
    for batch in reader {
        batch?;
    }
    Ok(())
}
