//! Examines files, and what was found in them.

use std::sync::Arc;

use datafusion::arrow::datatypes::Field;
use futures::StreamExt;
use tokio::task::JoinError;

use super::dataset::Dataset;
use crate::error::Error;
use crate::inputs::hive;
use crate::storage::InputFile;

/// How many files are examined at the same time.
pub(crate) const LOOKS_AT_ONCE: usize = 16;

/// The columns of a file.
pub(crate) struct Found {
    /// The section and name of the file, for errors.
    pub(crate) place: String,
    /// The columns that are used, in the order of the dataset. A Parquet file has a field for each; for JSON
    /// files the fields are of no use.
    pub(crate) columns: Vec<Option<Arc<Field>>>,
    /// The names of all its columns.
    pub(crate) names: Vec<String>,
    /// The keys of its folders.
    pub(crate) keys: hive::Keys,
}

impl Found {
    /// The name of the file.
    pub(crate) fn file(&self) -> &str {
        self.place.split_once(' ').map_or("", |(_, file)| file)
    }

    /// Adds the columns that come from the names of folders. `from_folders` says which of the dataset these are.
    pub(crate) fn add(&mut self, dataset: &Dataset, from_folders: &[bool]) {
        for ((column, field), is_key) in dataset.columns.iter().zip(&mut self.columns).zip(from_folders) {
            if *is_key && hive::has(column.name, &self.keys) {
                *field = Some(Arc::new(hive::field(column.name)));
            }
        }
    }
}

/// Calls `look` for each file, on threads that may block, and returns the results in the order of the files.
///
/// # Panics
/// With the panic of `look`.
pub(crate) async fn looks<T: Send + 'static>(
    files: &[InputFile],
    look: impl Fn(&InputFile) -> T + Clone + Send + 'static,
) -> Vec<T> {
    let looks = futures::stream::iter(files.to_vec()).map(|file| {
        let look = look.clone();
        tokio::task::spawn_blocking(move || look(&file))
    });
    let looked = |looked: Result<T, JoinError>| match looked {
        Ok(looked) => looked,
        Err(lost) => std::panic::resume_unwind(lost.into_panic()),
    };
    looks.buffered(LOOKS_AT_ONCE).map(looked).collect().await
}

/// The error for a file that cannot be opened or read.
pub(crate) fn cannot_be_read(section: &str, file: &InputFile, e: &std::io::Error) -> Error {
    Error::input(format!("[{section}] {file} cannot be read: {e}"))
}
