//! Which file is to blame for an error of the engine.

use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::Source;
use crate::error::{Error, ErrorKind, Result};

/// An error of the engine does not name the file whose pages are damaged. This reads the Parquet
/// files again, one by one, until one fails, and names it. An error that already says who has to
/// act is given back as it is, and so is one that no file explains.
pub fn diagnose(error: Error, sources: &[Source]) -> Error {
    if error.kind() != ErrorKind::Engine {
        return error;
    }
    for source in sources {
        for file in &source.files {
            if let Err(e) = read_through(&file.path) {
                let text = format!(
                    "[{}] {}: is damaged or cannot be read: {e}",
                    source.section,
                    file.path.display()
                );
                return Error::input(text.split_whitespace().collect::<Vec<_>>().join(" "))
                    .with_source(error);
            }
        }
    }
    error
}

fn read_through(path: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(path)?)?.build()?;
    for batch in reader {
        batch?;
    }
    Ok(())
}
