//! The canonical columns of each input: the one list of them.

use datafusion::arrow::datatypes::{DataType, Field, Schema};

use crate::enrichment::{Enrichment, Format};
use crate::functions::utc_timestamp_type;

/// What a column holds, and so which types of a file are taken for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text in any encoding.
    Text,
    /// The same, the address of somebody in a mail or meeting.
    Address,
    /// Text or a whole number, taken as its decimal text.
    Id,
    /// A timestamp of any unit and zone.
    Timestamp,
    /// A list of them.
    Addresses,
    /// A boolean.
    Flag,
}

/// A column of an input.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its name in the canonical input table.
    pub(super) name: &'static str,
    /// Its names in the files; several are gathered in a list.
    pub(super) in_file: Vec<String>,
    pub(super) kind: Kind,
    /// Each file must have it; otherwise what its absence means.
    pub(super) absent: Absent,
}

/// What it means that a file has no such column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Absent {
    /// An error.
    Error,
    /// Nulls, with this consequence.
    Means(&'static str),
    /// Nulls, without consequence.
    Fine,
}

/// An input and its columns.
#[derive(Debug, Clone)]
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) columns: Vec<Column>,
    /// Its rows are copies of messages or meetings: many.
    pub(super) has_copies: bool,
}

impl Kind {
    /// The one type of such a column in the canonical input table.
    pub(super) fn data_type(self) -> DataType {
        match self {
            Kind::Text | Kind::Address | Kind::Id => DataType::Utf8,
            Kind::Timestamp => utc_timestamp_type(),
            Kind::Addresses => DataType::new_list(DataType::Utf8, true),
            Kind::Flag => DataType::Boolean,
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Kind::Text | Kind::Address | Kind::Id)
    }

    /// Whether a file may have this type for it. A column of type Null is a column of nulls.
    pub(super) fn takes(self, data_type: &DataType) -> bool {
        match data_type {
            DataType::Null => true,
            DataType::Dictionary(_, value) => self.takes(value) && self.is_text(),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => self.is_text(),
            DataType::Timestamp(_, _) => self == Kind::Timestamp,
            DataType::Boolean => self == Kind::Flag,
            DataType::List(item) | DataType::LargeList(item) => {
                self == Kind::Addresses && Kind::Text.takes(item.data_type())
            }
            integer => self == Kind::Id && integer.is_integer(),
        }
    }

    /// What is needed, in an error.
    pub(super) fn needed(self) -> &'static str {
        match self {
            Kind::Text | Kind::Address => "text",
            Kind::Id => "text or a whole number",
            Kind::Timestamp => "a timestamp",
            Kind::Addresses => "a list of text",
            Kind::Flag => "a boolean",
        }
    }
}

impl Column {
    fn new(name: &'static str, kind: Kind, absent: Absent) -> Self {
        Self { name, in_file: vec![name.to_string()], kind, absent }
    }

    fn called(mut self, in_file: &[String]) -> Self {
        self.in_file = in_file.to_vec();
        self
    }
}

impl Section {
    /// The schema of the canonical input table.
    pub(super) fn schema(&self) -> Schema {
        Schema::new(
            self.columns.iter().map(|c| Field::new(c.name, c.kind.data_type(), true)).collect::<Vec<_>>(),
        )
    }
}

/// Every input: its columns and, where the enrichment file has it, path and format.
pub(super) fn sections(enrichment: &Enrichment) -> Vec<(Section, Option<(&str, Format)>)> {
    use Absent::{Error, Fine, Means};
    use Kind::{Address, Addresses, Flag, Id, Text, Timestamp};
    let contacts = &enrichment.contacts;
    let accounts = enrichment.accounts.as_ref();
    // A column that the enrichment file maps must be there.
    let if_mapped = |mapped: &Option<String>, means| if mapped.is_some() { Error } else { Means(means) };
    let mapped =
        |name: &Option<String>, default: &str| vec![name.clone().unwrap_or_else(|| default.to_string())];
    let section = |name, columns| Section { name, columns, has_copies: ["mail", "meetings"].contains(&name) };
    vec![
        (
            section("users", vec![Column::new("email", Text, Error), Column::new("entra_id", Id, Error)]),
            enrichment.users.as_ref().map(|i| (i.path.as_str(), i.format)),
        ),
        (
            section(
                "groups",
                vec![Column::new("group_email", Text, Error), Column::new("member_email", Text, Error)],
            ),
            enrichment.groups.as_ref().map(|i| (i.path.as_str(), i.format)),
        ),
        (
            section(
                "contacts",
                vec![
                    Column::new("emails", Text, Error).called(&contacts.email),
                    Column::new("account_id", Id, Error).called(std::slice::from_ref(&contacts.account_id)),
                    Column::new(
                        "contact_id",
                        Id,
                        if_mapped(&contacts.contact_id, "a contact is known by its address only"),
                    )
                    .called(&mapped(&contacts.contact_id, "contact_id")),
                ],
            ),
            Some((contacts.path.as_str(), contacts.format)),
        ),
        (
            section(
                "accounts",
                vec![
                    Column::new("account_id", Id, Error).called(
                        &accounts.map_or(vec!["account_id".to_string()], |a| vec![a.account_id.clone()]),
                    ),
                    Column::new(
                        "name",
                        Text,
                        accounts.map_or(Fine, |a| if_mapped(&a.name, "the customer card shows no names")),
                    )
                    .called(&accounts.map_or(vec!["name".to_string()], |a| mapped(&a.name, "name"))),
                ],
            ),
            accounts.map(|a| (a.path.as_str(), a.format)),
        ),
        (
            section(
                "mail",
                vec![
                    Column::new("message_id", Text, Error),
                    Column::new(
                        "conversation_id",
                        Text,
                        Means("no reply times: each copy is a thread of its own"),
                    ),
                    Column::new("sent_at", Timestamp, Error),
                    Column::new("sender", Address, Error),
                    Column::new("to", Addresses, Error),
                    Column::new("cc", Addresses, Means("nobody in copy")),
                    Column::new("bcc", Addresses, Means("nobody in blind copy")),
                    Column::new(
                        "mailbox",
                        Address,
                        Means("mail sent to a distribution list does not count for its members"),
                    ),
                    Column::new("is_draft", Flag, Means("no drafts")),
                    Column::new("is_automatic", Flag, Means("no automatic answers or invitations")),
                    Column::new("is_summary_row", Flag, Fine).called(&[]),
                    Column::new("holder_id", Text, Fine).called(&[]),
                ],
            ),
            enrichment.mail.as_ref().map(|i| (i.path.as_str(), i.format)),
        ),
        (
            section(
                "meetings",
                vec![
                    Column::new("meeting_id", Text, Error),
                    Column::new("organizer", Address, Error),
                    Column::new("attendees", Addresses, Error),
                    Column::new("declined", Addresses, Means("nobody declined")),
                    Column::new(
                        "mailbox",
                        Address,
                        Means("the holder of a copy counts only where it is named"),
                    ),
                    Column::new("start_at", Timestamp, Error),
                    Column::new("end_at", Timestamp, Error),
                    Column::new("is_cancelled", Flag, Means("no meeting is cancelled")),
                    Column::new("is_all_day", Flag, Means("no meeting is all-day")),
                    Column::new("is_series_master", Flag, Means("no row is a series master")),
                    Column::new("is_summary_row", Flag, Fine).called(&[]),
                    Column::new("holder_id", Text, Fine).called(&[]),
                    Column::new("holder_declined", Flag, Fine).called(&[]),
                ],
            ),
            enrichment.meetings.as_ref().map(|i| (i.path.as_str(), i.format)),
        ),
    ]
}
