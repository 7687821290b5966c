//! The summary of a run: the row of Office_Overview.

use chrono::{DateTime, NaiveDate};
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Date32Type, Int64Type};
use serde::{Deserialize, Serialize};

/// A summary of the run: the row of Office_Overview. As JSON, its keys are the names of the columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[allow(missing_docs, reason = "the columns of Office_Overview, explained there")]
pub struct Overview {
    pub enrichment: String,
    #[serde(rename = "AsOfDate")]
    pub as_of: NaiveDate,
    pub first_day: Option<NaiveDate>,
    pub last_day: Option<NaiveDate>,
    pub days_covered: Option<i64>,
    pub mailboxes_listed: i64,
    pub mailboxes_active: Option<i64>,
    pub messages_engaged: Option<i64>,
    pub meetings_engaged: Option<i64>,
    pub accounts_in_profile: i64,
    pub accounts_engaged: i64,
    pub shared_addresses: i64,
    // Records of earlier versions do not have these.
    #[serde(default)]
    pub addresses_by_domain: Option<i64>,
    #[serde(default)]
    pub accounts_by_domain: Option<i64>,
    #[serde(default)]
    pub shared_domains: i64,
}

impl Overview {
    /// The overview in a batch of one row that has the columns of the published table.
    pub(crate) fn of_row(row: &RecordBatch) -> Self {
        let maybe = |i: usize| row.column(i).as_primitive::<Int64Type>().iter().next().flatten();
        let count = |i: usize| maybe(i).unwrap_or_default();
        Self {
            enrichment: row.column(0).as_string::<i32>().value(0).to_string(),
            as_of: day(row, 1).unwrap_or_default(),
            first_day: day(row, 2),
            last_day: day(row, 3),
            days_covered: maybe(4),
            mailboxes_listed: count(5),
            mailboxes_active: maybe(6),
            messages_engaged: maybe(7),
            meetings_engaged: maybe(8),
            accounts_in_profile: count(9),
            accounts_engaged: count(10),
            shared_addresses: count(11),
            addresses_by_domain: maybe(12),
            accounts_by_domain: maybe(13),
            shared_domains: count(14),
        }
    }
}

/// The date in a column of a batch of one row.
pub(crate) fn day(row: &RecordBatch, column: usize) -> Option<NaiveDate> {
    let days = row.column(column).as_primitive::<Date32Type>();
    let date = |d: i32| DateTime::from_timestamp(i64::from(d) * 86_400, 0).map(|t| t.date_naive());
    if days.is_valid(0) { date(days.value(0)) } else { None }
}
