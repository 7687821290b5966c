//! Table names that are taken literally.

/// A reference to the table with exactly this name: DataFusion neither folds its case nor splits it at dots.
pub(crate) fn quoted(name: &str) -> datafusion::common::TableReference {
    datafusion::common::TableReference::bare(name)
}
