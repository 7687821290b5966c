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
    /// Columns: name, type, when null.
    columns: &'static [(&'static str, DataType, Null)],
    /// The columns it is sorted by: a key, so that the same result has the same bytes.
    pub order: &'static [&'static str],
    /// The view that has its rows with a column `place`, a number in the order of `order`, if there is
    /// one: by a number, rows are sorted in half the time.
    pub(super) placed: Option<&'static str>,
}

/// When a column of a published table is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Null {
    Never,
    Maybe,
    /// Where the number is withheld; never, if an enrichment withholds none.
    Withheld,
}

use Null::{Maybe, Never, Withheld};

use DataType::{Date32, Float64, Int64, Utf8};

/// Every published table.
pub const TABLES: &[Table] = &[
    Table {
        name: "Office",
        suffix: "",
        columns: &[
            ("CustomerId", Utf8, Never),
            ("EngagementScore", Float64, Withheld),
            ("NoOfEmails_ToAccount", Int64, Withheld),
            ("NoOfEmails_FromAccount", Int64, Withheld),
            ("NoOfMeetings_FromAccount", Int64, Withheld),
            ("NoOfMeetings_ToAccount", Int64, Withheld),
            ("NoOfContactsInvolved_Meetings", Int64, Withheld),
            ("NoOfContactsInvolved_Emails", Int64, Withheld),
            ("NoOfAccountContactsInvolved_Meetings", Int64, Withheld),
            ("NoOfAccountContactsInvolved_Emails", Int64, Withheld),
            ("EngagementStartDate", Date32, Maybe),
            ("DaysSinceLastEmail", Int64, Maybe),
            ("DaysSinceLastMeeting", Int64, Maybe),
            ("AverageDuration_Of_Meetings", Float64, Maybe),
            ("AverageDuration_Of_AccountEmailReplies", Float64, Maybe),
            ("AggregationStartDate", Date32, Never),
            ("AggregationLevel", Utf8, Never),
        ],
        // The usual filters: a level, then an account.
        order: &["AggregationLevel", "CustomerId", "AggregationStartDate"],
        placed: Some("office_placed"),
    },
    Table {
        name: "Office_UserTable",
        suffix: "_UserTable",
        columns: &[("Email", Utf8, Never), ("EntraId", Utf8, Maybe)],
        order: &["Email"],
        placed: None,
    },
    Table {
        name: "Office_Overview",
        suffix: "_Overview",
        columns: &[
            ("Enrichment", Utf8, Never),
            ("AsOfDate", Date32, Never),
            ("FirstDay", Date32, Maybe),
            ("LastDay", Date32, Maybe),
            ("DaysCovered", Int64, Never),
            ("MailboxesListed", Int64, Never),
            ("MailboxesActive", Int64, Never),
            ("MessagesEngaged", Int64, Withheld),
            ("MeetingsEngaged", Int64, Withheld),
            ("AccountsInProfile", Int64, Never),
            ("AccountsEngaged", Int64, Never),
            ("SharedAddresses", Int64, Never),
        ],
        order: &["Enrichment"],
        placed: None,
    },
    Table {
        name: "Office_Dispositions",
        suffix: "_Dispositions",
        columns: &[("source", Utf8, Never), ("disposition", Utf8, Never), ("rows", Int64, Never)],
        order: &["source", "disposition"],
        placed: None,
    },
    Table {
        name: "CustomerCard",
        suffix: "_CustomerCard",
        columns: &[
            ("CustomerId", Utf8, Never),
            ("Name", Utf8, Maybe),
            ("EngagementScore", Float64, Withheld),
            ("Emails", Int64, Withheld),
            ("Meetings", Int64, Withheld),
        ],
        order: &["CustomerId"],
        placed: None,
    },
    Table {
        name: "CustomerCard_History",
        suffix: "_CustomerCard_History",
        columns: &[
            ("CustomerId", Utf8, Never),
            ("Month", Date32, Never),
            ("Emails", Int64, Withheld),
            ("Meetings", Int64, Withheld),
        ],
        order: &["CustomerId", "Month"],
        placed: Some("history_placed"),
    },
];

impl Table {
    /// The schema of its file, given `[privacy] min_people`: above 1, every number that can be
    /// withheld is declared nullable, whether one is or not.
    pub fn schema(&self, min_people: u32) -> SchemaRef {
        let field = |(name, data_type, null): &(&str, DataType, Null)| {
            let nullable = *null == Maybe || *null == Withheld && min_people > 1;
            Field::new(*name, data_type.clone(), nullable)
        };
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// The same values in the types of a schema of this table.
    pub(crate) fn conform(
        &self,
        batch: &RecordBatch,
        schema: &SchemaRef,
    ) -> Result<RecordBatch, DataFusionError> {
        let columns = batch.columns().iter().zip(schema.fields()).map(|(c, f)| cast(c, f.data_type()));
        Ok(RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_, _>>()?)?)
    }

    /// One of [`TABLES`] by its name.
    pub(crate) fn named(name: &str) -> Option<&'static Table> {
        TABLES.iter().find(|t| t.name == name)
    }

    /// Whether its rows are people; it is the only one.
    pub(crate) fn is_about_individuals(&self) -> bool {
        self.name == "Office_UserTable"
    }

    /// Whether its one row is the run.
    pub(crate) fn is_overview(&self) -> bool {
        self.name == "Office_Overview"
    }

    /// The name of its folder as a Delta table, given that of the Office table.
    pub fn folder(&self, office: &str) -> String {
        format!("{office}{}", self.suffix)
    }

    /// The name of its file, given that of the Office table.
    pub fn file(&self, office: &str) -> String {
        format!("{}.parquet", self.folder(office))
    }
}
