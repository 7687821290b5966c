//! Published tables, opened for reading.

use std::sync::Arc;

use datafusion::catalog::TableProvider;

use super::Description;
use super::tables::Table;

/// The published tables, either from Parquet files or from Delta tables.
pub(crate) struct Opened {
    /// The description of the run of the newest as-of date.
    pub(crate) description: Description,
    /// The files of the other tables than Office, each with its own description. Empty for Delta tables: one
    /// manifest describes all of them.
    pub(crate) companions: Vec<(String, Description)>,
    /// The tables of the newest as-of date.
    pub(crate) tables: Vec<(&'static Table, Arc<dyn TableProvider>)>,
    /// The overviews of all as-of dates as one table.
    pub(crate) overviews: Option<Arc<dyn TableProvider>>,
}
