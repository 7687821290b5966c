//! Published tables, opened for reading.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::catalog::TableProvider;
use object_store::{ObjectMeta, ObjectStore};

use super::Description;
use super::record::Record;
use super::tables::Table;
use crate::error::{Error, Result};

/// Published tables, each with its rows.
pub(crate) type Rows = Vec<(&'static Table, Arc<dyn TableProvider>)>;

/// The published tables, either from Parquet files or from Delta tables.
pub(crate) struct Opened {
    /// The description of the run of the newest as-of date.
    pub(crate) description: Description,
    /// The files of the other tables than Office, each with its own description. Empty for Delta tables: one
    /// manifest describes all of them.
    pub(crate) companions: Vec<(String, Description)>,
    /// The error about a file that something else than a run has deleted, replaced or changed.
    pub(crate) changed: Option<Error>,
    /// The tables of the newest as-of date.
    pub(crate) tables: Rows,
    /// The retained tables with all as-of dates, and the column of the date.
    pub(crate) all_dates: Rows,
    /// What is stored of each as-of date.
    pub(crate) stored: Stored,
    /// Remarks that are not errors.
    pub(crate) notes: Vec<String>,
}

/// What is stored of each as-of date, of whichever enrichment.
pub(crate) struct Stored {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) dates: BTreeMap<NaiveDate, OfDate>,
}

/// What is stored of an as-of date.
#[derive(Debug, Clone)]
pub(crate) struct OfDate {
    /// A file of Office.
    pub(crate) office: ObjectMeta,
    /// The size of the files of all retained tables in bytes.
    pub(crate) bytes: u64,
}

impl Stored {
    /// The description of the run of a date.
    ///
    /// # Errors
    /// There is no such date, its file cannot be read, or does not say of which run it is: another program has written
    /// it.
    pub(crate) async fn describe(&self, date: NaiveDate) -> Result<Description> {
        let unknown = || {
            Error::output(format!(
                "the files of {date} do not say of which run they are; run that date again"
            ))
        };
        let file = &self.dates.get(&date).ok_or_else(unknown)?.office;
        let cannot =
            |e: &dyn std::fmt::Display| Error::output(format!("{}: cannot be read: {e}", file.location));
        let description = Description::of_object(self.store.as_ref(), file, None).await;
        let description = description.map_err(|e| cannot(&e))?;
        if description.enrichment().is_none() { Err(unknown()) } else { Ok(description) }
    }
}

/// The date that is published instead of a dropped one.
pub(crate) struct Successor {
    pub(crate) as_of: NaiveDate,
    /// The description of its run.
    pub(crate) description: Description,
    /// The record of its run; `None` if what is retained does not say enough, because an earlier version has published it.
    pub(crate) record: Option<Record>,
}
