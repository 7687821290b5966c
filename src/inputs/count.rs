//! Counts the rows of an input.

use datafusion::prelude::SessionContext;
use futures::{StreamExt, TryStreamExt};

use super::graph::FileCount;
use super::snapshot::check_unchanged;
use super::source::{Counted, InputSource};
use super::{csv, damaged_files, graph, parquet};
use crate::config::Format;
use crate::error::{Error, ErrorKind, Result};

impl InputSource {
    /// The number of rows in the files, and the columns that they lack. JSON and CSV files are read completely
    /// for this, with the same checks as in a run. Of Parquet files, also those of Delta tables, the footers
    /// are read.
    ///
    /// # Errors
    /// A file that is damaged or cannot be read.
    pub async fn count(&self, ctx: &SessionContext) -> Result<Counted> {
        if self.format == Format::Delta {
            check_unchanged(std::slice::from_ref(self)).await?;
            parquet::footers(ctx, self.section, self.format, &self.files, |_, _, _| Ok(())).await?;
        }
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        let counts = futures::stream::iter(self.files.clone())
            .map(|file| {
                let source = self.clone();
                tokio::task::spawn_blocking(move || match source.format {
                    // Their rows are counted already.
                    _ if damaged_files::is_parquet(&source, &file) => Ok(FileCount::default()),
                    Format::Csv => {
                        csv::count(source.section, &file).map(|rows| FileCount { rows, has: vec![] })
                    }
                    _ => graph::count(source.section, &file),
                })
            })
            .buffered(at_once);
        let lost = |e| Error::new(ErrorKind::Engine, format!("[{}] counting rows: {e}", self.section));
        let files: Vec<_> = counts.map(|count| count.map_err(lost)?).try_collect().await?;
        let rows = self.rows + files.iter().map(|file| file.rows).sum::<u64>();
        let json: Vec<_> = files.iter().filter(|file| file.rows > 0 && !file.has.is_empty()).collect();
        if json.is_empty() {
            return Ok(Counted { rows, missing: self.missing.clone() });
        }
        let in_json = graph::missing(self.section, |i| json.iter().any(|file| !file.has[i]));
        let missing = graph::missing(self.section, |_| true).into_iter().filter(|column| {
            self.missing.contains(column)
                || in_json.contains(column) && !self.folder_columns.contains(&column.0)
        });
        Ok(Counted { rows, missing: missing.collect() })
    }
}
