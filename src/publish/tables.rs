//! The published tables: those of every run, and the one that an enrichment can ask for. Their columns and their sort
//! order are a contract.

use std::sync::Arc;

use DataType::{Date32, Float64, Int64, Utf8};
use Null::{Maybe, Never, Suppressed, Total};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use datafusion::error::DataFusionError;

use crate::config::Enrichment;
use crate::views::{SEGMENTS, USER_TABLE};

/// A published table.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The name of the table in SQL, which is the name of its view.
    pub name: &'static str,
    /// What follows the name of the Office table in the name of the file.
    pub suffix: &'static str,
    /// Columns: name, type, when null. The attributes of accounts follow them.
    columns: &'static [(&'static str, DataType, Null)],
    /// The columns by which rows are sorted. They form a key, so the same result has the same bytes.
    pub order: &'static [&'static str],
    /// The view, if there is one, that has the rows of the table and a column `sort_key`: a number in the
    /// order of `order`. Sorting by a number takes half the time.
    pub(crate) sorted_view: Option<&'static str>,
}

/// When a column of a published table is null.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Null {
    Never,
    Maybe,
    /// Null if the number is suppressed; never null if the enrichment suppresses nothing. In a Delta table, which
    /// has one schema for all its dates, always nullable.
    Suppressed,
    /// Like `Suppressed`, but in a Delta table nullable only from the first run that suppresses numbers.
    Total,
}

/// The table with the attributes of accounts.
const ACCOUNTS: &str = "Office_Accounts";

/// The tables that every run publishes; Office is the first.
pub const TABLES: &[Table] = &[
    Table {
        name: "Office",
        suffix: "",
        columns: &[
            ("CustomerId", Utf8, Never),
            ("EngagementScore", Float64, Suppressed),
            ("NoOfEmails_ToAccount", Int64, Suppressed),
            ("NoOfEmails_FromAccount", Int64, Suppressed),
            ("NoOfMeetings_FromAccount", Int64, Suppressed),
            ("NoOfMeetings_ToAccount", Int64, Suppressed),
            ("NoOfContactsInvolved_Meetings", Int64, Suppressed),
            ("NoOfContactsInvolved_Emails", Int64, Suppressed),
            ("NoOfAccountContactsInvolved_Meetings", Int64, Suppressed),
            ("NoOfAccountContactsInvolved_Emails", Int64, Suppressed),
            ("EngagementStartDate", Date32, Maybe),
            ("DaysSinceLastEmail", Int64, Maybe),
            ("DaysSinceLastMeeting", Int64, Maybe),
            ("AverageDuration_Of_Meetings", Float64, Maybe),
            ("AverageDuration_Of_AccountEmailReplies", Float64, Maybe),
            ("AggregationStartDate", Date32, Never),
            ("AggregationLevel", Utf8, Never),
        ],
        // Readers usually filter by level, then by account.
        order: &["AggregationLevel", "CustomerId", "AggregationStartDate"],
        sorted_view: Some("office_sorted"),
    },
    Table {
        name: ACCOUNTS,
        suffix: "_Accounts",
        columns: &[("CustomerId", Utf8, Never), ("Name", Utf8, Maybe)],
        order: &["CustomerId"],
        sorted_view: None,
    },
    Table {
        name: USER_TABLE,
        suffix: "_UserTable",
        columns: &[("Email", Utf8, Never), ("EntraId", Utf8, Maybe)],
        order: &["Email"],
        sorted_view: None,
    },
    Table {
        name: "Office_Overview",
        suffix: "_Overview",
        columns: &[
            ("Enrichment", Utf8, Never),
            ("AsOfDate", Date32, Never),
            ("FirstDay", Date32, Maybe),
            ("LastDay", Date32, Maybe),
            ("DaysCovered", Int64, Total),
            ("MailboxesListed", Int64, Never),
            ("MailboxesActive", Int64, Total),
            ("MessagesEngaged", Int64, Suppressed),
            ("MeetingsEngaged", Int64, Suppressed),
            ("AccountsInProfile", Int64, Never),
            ("AccountsEngaged", Int64, Never),
            ("SharedAddresses", Int64, Never),
            ("AddressesByDomain", Int64, Suppressed),
            ("AccountsByDomain", Int64, Suppressed),
            ("SharedDomains", Int64, Never),
        ],
        order: &["Enrichment"],
        sorted_view: None,
    },
    Table {
        name: "Office_Dispositions",
        suffix: "_Dispositions",
        columns: &[("source", Utf8, Never), ("disposition", Utf8, Never), ("rows", Int64, Never)],
        order: &["source", "disposition"],
        sorted_view: None,
    },
    Table {
        name: "CustomerCard",
        suffix: "_CustomerCard",
        columns: &[
            ("CustomerId", Utf8, Never),
            ("Name", Utf8, Maybe),
            ("EngagementScore", Float64, Suppressed),
            ("Emails", Int64, Suppressed),
            ("Meetings", Int64, Suppressed),
        ],
        order: &["CustomerId"],
        sorted_view: None,
    },
    Table {
        name: "CustomerCard_History",
        suffix: "_CustomerCard_History",
        columns: &[
            ("CustomerId", Utf8, Never),
            ("Month", Date32, Never),
            ("Emails", Int64, Maybe),
            ("Meetings", Int64, Maybe),
        ],
        order: &["CustomerId", "Month"],
        sorted_view: Some("customercard_history_sorted"),
    },
    Table {
        name: SEGMENTS,
        suffix: "_Segments",
        columns: &[("Segment", Utf8, Never), ("CustomerId", Utf8, Never)],
        order: &["Segment", "CustomerId"],
        sorted_view: None,
    },
];

/// The table that explains each score. A run publishes it with `[output] score_explained = true`. Sessions over the
/// published tables do not read it: there, a view of this name explains the scores of the published Office.
pub const SCORE_EXPLAINED: Table = Table {
    name: "Office_ScoreExplained",
    suffix: "_ScoreExplained",
    columns: &[
        ("CustomerId", Utf8, Never),
        ("AggregationLevel", Utf8, Never),
        ("AggregationStartDate", Date32, Never),
        ("Measure", Utf8, Never),
        ("Value", Int64, Maybe),
        ("Standing", Float64, Suppressed),
        ("Weight", Int64, Never),
        ("Points", Float64, Suppressed),
    ],
    order: &["AggregationLevel", "CustomerId", "AggregationStartDate", "Measure"],
    sorted_view: None,
};

/// Every table that a run can publish: [`TABLES`], and [`SCORE_EXPLAINED`].
pub(crate) fn every_table() -> impl DoubleEndedIterator<Item = &'static Table> {
    TABLES.iter().chain([&SCORE_EXPLAINED])
}

/// The tables that a run of this enrichment publishes.
pub(crate) fn tables_of(enrichment: &Enrichment) -> impl Iterator<Item = &'static Table> {
    let has_optional = enrichment.output.score_explained;
    every_table().filter(move |table| has_optional || !table.is_optional())
}

impl Table {
    /// The schema of the file of the table, given `[privacy] min_people` and the attributes of accounts. Above 1,
    /// every column that can be suppressed is nullable, even if no number in it is suppressed. Only the table of
    /// accounts has the attributes.
    pub fn schema(&self, min_people: u32, attributes: &Fields) -> SchemaRef {
        self.with_nulls(|null| null == Maybe || null != Never && min_people > 1, attributes)
    }

    /// The schema of the table as a Delta table, without the partition column that other tables than the overview
    /// have in addition, given the `[privacy] min_people` of the run that writes it and the attributes of accounts.
    #[cfg(feature = "delta")]
    pub(crate) fn delta_schema(&self, min_people: u32, attributes: &Fields) -> SchemaRef {
        self.with_nulls(
            |null| matches!(null, Maybe | Suppressed) || null == Total && min_people > 1,
            attributes,
        )
    }

    fn with_nulls(&self, is_nullable: impl Fn(Null) -> bool, attributes: &Fields) -> SchemaRef {
        let field = |(name, data_type, null): &(&str, DataType, Null)| {
            Field::new(*name, data_type.clone(), is_nullable(*null))
        };
        let own = self.columns.iter().map(field).map(Arc::new);
        let attributes = attributes.iter().filter(|_| self.has_attributes()).cloned();
        Arc::new(Schema::new(own.chain(attributes).collect::<Vec<_>>()))
    }

    /// Whether this is the table of accounts, whose last columns the enrichment file names.
    pub(crate) fn has_attributes(&self) -> bool {
        self.name == ACCOUNTS
    }

    /// The attributes of accounts in a schema of this table: what follows its own columns. `None` for a schema that
    /// does not begin with them.
    pub(crate) fn attributes_in(&self, schema: &Schema) -> Option<Fields> {
        let names = schema.fields().iter().map(|field| field.name().as_str());
        let begins = names.take(self.columns.len()).eq(self.columns.iter().map(|(name, ..)| *name));
        begins.then(|| schema.fields().iter().skip(self.columns.len()).cloned().collect())
    }

    /// Casts a batch to the types of a schema of this table.
    ///
    /// # Errors
    /// A column cannot be cast, or contains a null where the schema does not permit one.
    pub(crate) fn conform(
        &self,
        batch: &RecordBatch,
        schema: &SchemaRef,
    ) -> Result<RecordBatch, DataFusionError> {
        let columns = batch.columns().iter().zip(schema.fields()).map(|(c, f)| cast(c, f.data_type()));
        Ok(RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<_, _>>()?)?)
    }

    /// The one of [`every_table`] that has this name.
    pub(crate) fn named(name: &str) -> Option<&'static Table> {
        every_table().find(|t| t.name == name)
    }

    /// Whether a run publishes the table only if the enrichment asks for it.
    pub(crate) fn is_optional(&self) -> bool {
        self.name == SCORE_EXPLAINED.name
    }

    /// Whether the table has the members of the segments, which are computed from the other tables.
    pub(crate) fn is_of_segments(&self) -> bool {
        self.name == SEGMENTS
    }

    /// Whether this is the user table, the only table about individuals.
    pub(crate) fn is_about_individuals(&self) -> bool {
        self.name == USER_TABLE
    }

    /// Whether this is the overview, which has one row about the run.
    pub(crate) fn is_overview(&self) -> bool {
        self.name == "Office_Overview"
    }

    /// The name of the folder of the table as a Delta table, given the name of the Office table.
    pub fn folder(&self, office: &str) -> String {
        format!("{office}{}", self.suffix)
    }

    /// The name of the file of the table, given the name of the Office table.
    pub fn file(&self, office: &str) -> String {
        format!("{}.parquet", self.folder(office))
    }
}
