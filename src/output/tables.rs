//! The published tables: the one list of them, with their contract.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::error::DataFusionError;

/// A published table.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Its name in SQL, which is that of its view.
    pub name: &'static str,
    /// What its file's name has after the name of the Office table.
    pub suffix: &'static str,
    /// Columns: name, type, nullable.
    columns: &'static [(&'static str, DataType, bool)],
    /// The columns it is sorted by: a key, so that the same result has the same bytes.
    pub order: &'static [&'static str],
}

use DataType::{Date32, Float64, Int64, Utf8};

/// Every published table.
pub const TABLES: &[Table] = &[
    Table {
        name: "Office",
        suffix: "",
        columns: &[
            ("CustomerId", Utf8, false),
            ("EngagementScore", Float64, false),
            ("NoOfEmails_ToAccount", Int64, false),
            ("NoOfEmails_FromAccount", Int64, false),
            ("NoOfMeetings_FromAccount", Int64, false),
            ("NoOfMeetings_ToAccount", Int64, false),
            ("NoOfContactsInvolved_Meetings", Int64, false),
            ("NoOfContactsInvolved_Emails", Int64, false),
            ("NoOfAccountContactsInvolved_Meetings", Int64, false),
            ("NoOfAccountContactsInvolved_Emails", Int64, false),
            ("EngagementStartDate", Date32, true),
            ("DaysSinceLastEmail", Int64, true),
            ("DaysSinceLastMeeting", Int64, true),
            ("AverageDuration_Of_Meetings", Float64, true),
            ("AverageDuration_Of_AccountEmailReplies", Float64, true),
            ("AggregationStartDate", Date32, false),
            ("AggregationLevel", Utf8, false),
        ],
        // The usual filters: a level, then an account.
        order: &["AggregationLevel", "CustomerId", "AggregationStartDate"],
    },
    Table {
        name: "Office_UserTable",
        suffix: "_UserTable",
        columns: &[("Email", Utf8, false), ("EntraId", Utf8, true)],
        order: &["Email"],
    },
    Table {
        name: "Office_Overview",
        suffix: "_Overview",
        columns: &[
            ("Enrichment", Utf8, false),
            ("AsOfDate", Date32, false),
            ("FirstDay", Date32, true),
            ("LastDay", Date32, true),
            ("DaysCovered", Int64, false),
            ("MailboxesListed", Int64, false),
            ("MailboxesActive", Int64, false),
            ("MessagesEngaged", Int64, false),
            ("MeetingsEngaged", Int64, false),
            ("AccountsInProfile", Int64, false),
            ("AccountsEngaged", Int64, false),
            ("SharedAddresses", Int64, false),
        ],
        order: &["Enrichment"],
    },
    Table {
        name: "Office_Dispositions",
        suffix: "_Dispositions",
        columns: &[("source", Utf8, false), ("disposition", Utf8, false), ("rows", Int64, false)],
        order: &["source", "disposition"],
    },
    Table {
        name: "CustomerCard",
        suffix: "_CustomerCard",
        columns: &[
            ("CustomerId", Utf8, false),
            ("Name", Utf8, true),
            ("EngagementScore", Float64, false),
            ("Emails", Int64, false),
            ("Meetings", Int64, false),
        ],
        order: &["CustomerId"],
    },
    Table {
        name: "CustomerCard_History",
        suffix: "_CustomerCard_History",
        columns: &[
            ("CustomerId", Utf8, false),
            ("Month", Date32, false),
            ("Emails", Int64, false),
            ("Meetings", Int64, false),
        ],
        order: &["CustomerId", "Month"],
    },
];

impl Table {
    /// The schema of its file.
    pub fn schema(&self) -> SchemaRef {
        let field = |(name, data_type, nullable): &(&str, DataType, bool)| {
            Field::new(*name, data_type.clone(), *nullable)
        };
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// The same values in the types of the contract.
    pub(crate) fn conform(&self, batch: &RecordBatch) -> Result<RecordBatch, DataFusionError> {
        let schema = self.schema();
        let columns = batch.columns().iter().zip(schema.fields()).map(|(c, f)| cast(c, f.data_type()));
        Ok(RecordBatch::try_new(Arc::clone(&schema), columns.collect::<Result<_, _>>()?)?)
    }

    /// One of [`TABLES`] by its name.
    pub(crate) fn named(name: &str) -> Option<&'static Table> {
        TABLES.iter().find(|t| t.name == name)
    }

    /// The name of its file, given that of the Office table.
    pub fn file(&self, office: &str) -> String {
        format!("{office}{}.parquet", self.suffix)
    }
}
