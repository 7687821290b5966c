//! An opened Delta table: what an input needs of it.

use std::sync::Arc;

use datafusion::catalog::TableProvider;

use crate::storage::InputFile;

/// A Delta table that is an input, at the version that is current when the run begins.
pub(crate) struct DeltaInput {
    pub(crate) provider: Arc<dyn TableProvider>,
    /// The name of the table in errors.
    pub(crate) name: String,
    /// Its data files.
    pub(crate) files: Vec<InputFile>,
    /// The number of its rows.
    pub(crate) rows: u64,
}
