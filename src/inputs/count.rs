//! Counts the rows of an input.

use futures::{StreamExt, TryStreamExt};

use super::source::InputSource;
use super::{damaged_files, graph};
use crate::error::{Error, ErrorKind, Result};

impl InputSource {
    /// The number of rows in the files. JSON files are read completely for this, which also finds damage.
    ///
    /// # Errors
    /// A file that is damaged or cannot be read.
    pub async fn count(&self) -> Result<u64> {
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        let counts = futures::stream::iter(self.files.clone())
            .map(|file| {
                let source = self.clone();
                tokio::task::spawn_blocking(move || {
                    let is_counted = damaged_files::is_parquet(&source, &file);
                    if is_counted { Ok(0) } else { graph::count(source.section, &file) }
                })
            })
            .buffered(at_once);
        let lost = |e| Error::new(ErrorKind::Engine, format!("[{}] counting rows: {e}", self.section));
        counts
            .map(|rows| rows.map_err(lost)?)
            .try_fold(self.rows, |sum, rows| async move { Ok(sum + rows) })
            .await
    }
}
