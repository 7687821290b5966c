//! The canonical columns of each input. There is no other list of them.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};

use super::logical_types;
use crate::config::{Enrichment, Format};
use crate::functions::time::utc_timestamp_type;

/// The fields of a file that are read, by canonical column and by its names in the file; `None` for a name
/// that the file lacks.
pub(crate) type Needed = Vec<Vec<Option<Arc<Field>>>>;

/// What a column contains. It determines the types that a file may have for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Text in any encoding, bytes that are UTF-8, or a UUID.
    Text,
    /// The address of a person in mail or meetings, as text in any encoding.
    Address,
    /// An identifier: text, or a whole number (also a decimal of scale 0) that is converted to its decimal
    /// text.
    Id,
    /// A timestamp of any unit and zone.
    Timestamp,
    /// A list of addresses.
    Addresses,
    /// A boolean.
    Flag,
    /// A value of any type that is not nested, which is published as it is.
    Attribute,
}

/// What becomes of the values of the columns in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One column gives one value.
    Single,
    /// Any number of columns give a list.
    List,
    /// Any number of columns give a struct, with their names as fields. Without columns, its type is Null.
    Struct,
}

/// A column of an input.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// Its name in the canonical input table.
    pub(crate) name: &'static str,
    /// Its names in the files.
    pub(crate) in_file: Vec<String>,
    pub(crate) kind: Kind,
    pub(crate) shape: Shape,
    /// The consequence if a file lacks the column.
    pub(crate) absent: Absent,
}

/// The consequence if a file lacks a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Absent {
    /// An error: the column is required.
    Error,
    /// The values are NULL, with this consequence for the result.
    Means(&'static str),
    /// The values are NULL, without a consequence for the result.
    Fine,
}

/// An input and its columns.
#[derive(Debug, Clone)]
pub(crate) struct InputSchema {
    pub(crate) name: &'static str,
    pub(crate) columns: Vec<Column>,
    /// Whether its rows are copies of messages or meetings, of which there are many.
    pub(crate) has_copies: bool,
}

impl Kind {
    /// The type of a value in the canonical input table. The type of an attribute is that of the files.
    pub(crate) fn data_type(self) -> DataType {
        match self {
            Kind::Attribute => DataType::Null,
            Kind::Text | Kind::Address | Kind::Id => DataType::Utf8,
            Kind::Timestamp => utc_timestamp_type(),
            Kind::Addresses => DataType::new_list(DataType::Utf8, true),
            Kind::Flag => DataType::Boolean,
        }
    }

    fn is_text(self) -> bool {
        matches!(self, Kind::Text | Kind::Address | Kind::Id)
    }

    /// Whether a file may have this field for the column.
    pub(crate) fn takes(self, field: &Field) -> bool {
        match logical_types::marked(field) {
            _ if self == Kind::Attribute => !field.data_type().is_nested(),
            Some(_) => logical_types::is_uuid(field) && self.is_text(),
            None => self.takes_type(field.data_type()),
        }
    }

    /// Whether a file may have this type for the column. A file may have type Null: all values are NULL.
    fn takes_type(self, data_type: &DataType) -> bool {
        use DataType::{Binary, BinaryView, Decimal32, Decimal64, Decimal128, Decimal256, LargeBinary};
        match data_type {
            DataType::Null => true,
            DataType::Dictionary(_, value) => self.takes_type(value) && self.is_text(),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => self.is_text(),
            Binary | LargeBinary | BinaryView | DataType::FixedSizeBinary(_) => self.is_text(),
            Decimal32(_, 0) | Decimal64(_, 0) | Decimal128(_, 0) | Decimal256(_, 0) => self == Kind::Id,
            DataType::Timestamp(_, _) => self == Kind::Timestamp,
            DataType::Boolean => self == Kind::Flag,
            DataType::List(item) | DataType::LargeList(item) => {
                let is_fixed = matches!(item.data_type(), DataType::FixedSizeBinary(_));
                self == Kind::Addresses && !is_fixed && Kind::Text.takes_type(item.data_type())
            }
            integer => self == Kind::Id && integer.is_integer(),
        }
    }

    /// The accepted types, in words, for an error.
    pub(crate) fn needed(self) -> &'static str {
        match self {
            Kind::Text | Kind::Address => "text",
            Kind::Id => "text or a whole number",
            Kind::Timestamp => "a timestamp",
            Kind::Addresses => "a list of text",
            Kind::Flag => "a boolean",
            Kind::Attribute => "a type that is not nested",
        }
    }
}

impl Column {
    fn new(name: &'static str, kind: Kind, absent: Absent) -> Self {
        Self { name, in_file: vec![name.to_string()], kind, shape: Shape::Single, absent }
    }

    /// Sets what becomes of the values of several columns.
    fn shaped(mut self, shape: Shape) -> Self {
        self.shape = shape;
        self
    }

    /// The type in the canonical input table, given that of one value.
    pub(crate) fn type_of(&self, value: DataType) -> DataType {
        match self.shape {
            Shape::List => DataType::new_list(value, true),
            Shape::Single | Shape::Struct => value,
        }
    }

    /// Sets the names in the files. An empty list means that the canonical shape does not have the column.
    fn called(mut self, in_file: &[String]) -> Self {
        self.in_file = in_file.to_vec();
        self
    }
}

impl InputSchema {
    /// The names that its columns have in files.
    pub(crate) fn names_in_files(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().flat_map(|column| &column.in_file).map(String::as_str)
    }

    /// The schema of the canonical input table.
    pub(crate) fn schema(&self) -> Schema {
        Schema::new(
            self.columns
                .iter()
                .map(|c| Field::new(c.name, c.type_of(c.kind.data_type()), true))
                .collect::<Vec<_>>(),
        )
    }
}

/// All inputs with their columns, and with path and format if the enrichment file has the section.
pub(crate) fn sections(enrichment: &Enrichment) -> Vec<(InputSchema, Option<(&str, Format)>)> {
    use Absent::{Error, Fine, Means};
    use Kind::{Address, Addresses, Attribute, Flag, Id, Text, Timestamp};
    let contacts = enrichment.contacts.as_ref();
    let accounts = enrichment.accounts.as_ref();
    // A column that the enrichment file maps is required.
    let if_mapped = |mapped: &Option<String>, means| if mapped.is_some() { Error } else { Means(means) };
    let mapped =
        |name: &Option<String>, default: &str| vec![name.clone().unwrap_or_else(|| default.to_string())];
    let section =
        |name, columns| InputSchema { name, columns, has_copies: ["mail", "meetings"].contains(&name) };
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
                    Column::new("emails", Text, Error)
                        .shaped(Shape::List)
                        .called(contacts.map_or(&[], |c| &c.email)),
                    Column::new("account_id", Id, Error)
                        .called(contacts.map_or(&[], |c| std::slice::from_ref(&c.account_id))),
                    Column::new(
                        "contact_id",
                        Id,
                        contacts.map_or(Fine, |c| {
                            if_mapped(&c.contact_id, "a contact is identified by its address alone")
                        }),
                    )
                    .called(&contacts.map_or(vec![], |c| mapped(&c.contact_id, "contact_id"))),
                ],
            ),
            contacts.map(|c| (c.path.as_str(), c.format)),
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
                    Column::new("domains", Text, Error)
                        .shaped(Shape::List)
                        .called(accounts.map_or(&[], |a| &a.domains)),
                    Column::new("attributes", Attribute, Error)
                        .shaped(Shape::Struct)
                        .called(accounts.map_or(&[], |a| &a.attributes)),
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
                        Means("each copy is a thread of its own, so there are no reply times"),
                    ),
                    Column::new("sent_at", Timestamp, Error),
                    Column::new("sender", Address, Error),
                    Column::new("to", Addresses, Error),
                    Column::new("cc", Addresses, Means("there are no cc recipients")),
                    Column::new("bcc", Addresses, Means("there are no bcc recipients")),
                    Column::new(
                        "mailbox",
                        Address,
                        Means("mail sent to a distribution list does not count for its members"),
                    ),
                    Column::new("is_draft", Flag, Means("no message is a draft")),
                    Column::new(
                        "is_automatic",
                        Flag,
                        Means("no message is an automatic answer or an invitation"),
                    ),
                    Column::new("is_summary_row", Flag, Fine).called(&[]),
                    Column::new("unreadable_column", Text, Fine).called(&[]),
                    Column::new("unknown_words", Text, Fine).called(&[]),
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
                    Column::new("declined", Addresses, Means("no attendee has declined")),
                    Column::new(
                        "mailbox",
                        Address,
                        Means("the mailbox that holds a copy counts only if the copy names its address"),
                    ),
                    Column::new("start_at", Timestamp, Error),
                    Column::new("end_at", Timestamp, Error),
                    Column::new("is_cancelled", Flag, Means("no meeting is cancelled")),
                    Column::new("is_all_day", Flag, Means("no meeting is all-day")),
                    Column::new("is_series_master", Flag, Means("no row is a series master")),
                    Column::new("is_summary_row", Flag, Fine).called(&[]),
                    Column::new("unreadable_column", Text, Fine).called(&[]),
                    Column::new("unknown_words", Text, Fine).called(&[]),
                    Column::new("holder_id", Text, Fine).called(&[]),
                    Column::new("holder_declined", Flag, Fine).called(&[]),
                ],
            ),
            enrichment.meetings.as_ref().map(|i| (i.path.as_str(), i.format)),
        ),
    ]
}
