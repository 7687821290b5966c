//! The canonical columns of each input. There is no other list of them.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};

pub(crate) use super::kind::Kind;
use crate::config::{Accounts, Contacts, Enrichment, Format, InputConfig};

/// The fields of a file that are read, by canonical column and by its names in the file; `None` for a name
/// that the file lacks.
pub(crate) type Needed = Vec<Vec<Option<Arc<Field>>>>;

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

    /// Sets the names that the enrichment file gives to columns, which are then required.
    fn mapped(mut self, input: Option<&InputConfig>) -> Self {
        for (name, in_file) in input.into_iter().flat_map(|input| &input.columns) {
            for column in self.columns.iter_mut().filter(|column| column.name == *name) {
                column.in_file = vec![in_file.clone()];
                column.absent = Absent::Error;
            }
        }
        self
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
    let (contacts, accounts) = (enrichment.contacts.as_ref(), enrichment.accounts.as_ref());
    let with_place = |schema: InputSchema| {
        let input = match schema.name {
            "contacts" => return (schema, contacts.map(|c| (c.path.as_str(), c.format))),
            "accounts" => return (schema, accounts.map(|a| (a.path.as_str(), a.format))),
            "users" => enrichment.users.as_ref(),
            "groups" => enrichment.groups.as_ref(),
            "mail" => enrichment.mail.as_ref(),
            _ => enrichment.meetings.as_ref(),
        };
        (schema.mapped(input), input.map(|i| (i.path.as_str(), i.format)))
    };
    schemas(contacts, accounts).into_iter().map(with_place).collect()
}

/// One of [`sections`].
pub(crate) fn section<'a>(
    enrichment: &'a Enrichment,
    name: &str,
) -> Option<(InputSchema, Option<(&'a str, Format)>)> {
    sections(enrichment).into_iter().find(|(section, _)| section.name == name)
}

/// Whether rows of a section are copies of messages or meetings.
pub(crate) fn has_copies(section: &str) -> bool {
    ["mail", "meetings"].contains(&section)
}

/// All inputs with their columns. The names in files of the columns of contacts and accounts are those of their
/// sections; the others have the names of this project.
pub(crate) fn schemas(contacts: Option<&Contacts>, accounts: Option<&Accounts>) -> Vec<InputSchema> {
    use Absent::{Error, Fine, Means};
    use Kind::{Address, Addresses, Attribute, Flag, Id, Text, Timestamp};
    // A column that the enrichment file maps is required.
    let if_mapped = |mapped: &Option<String>, means| if mapped.is_some() { Error } else { Means(means) };
    let mapped =
        |name: &Option<String>, default: &str| vec![name.clone().unwrap_or_else(|| default.to_string())];
    let section = |name, columns| InputSchema { name, columns, has_copies: has_copies(name) };
    vec![
        section("users", vec![Column::new("email", Text, Error), Column::new("entra_id", Id, Error)]),
        section(
            "groups",
            vec![Column::new("group_email", Text, Error), Column::new("member_email", Text, Error)],
        ),
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
        section(
            "accounts",
            vec![
                Column::new("account_id", Id, Error)
                    .called(&accounts.map_or(vec!["account_id".to_string()], |a| vec![a.account_id.clone()])),
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
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys of the sections are in another module, because the enrichment file is read before inputs.
    #[test]
    fn every_column_of_a_file_has_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.toml");
        std::fs::write(
            &file,
            "name = 'x'\nas_of = '2026-01-01'\n[consent]\ngranted_by = 'x'\ngranted_on = '2026-01-01'\n\
             [mailboxes]\naddresses = ['a@x.com', 'b@x.com']\n[contacts]\npath = 'c'\n\
             [mail]\npath = 'm'\nsender = 'Von'\n",
        )
        .unwrap();
        let enrichment = Enrichment::open(&file).unwrap();
        for (section, _) in sections(&enrichment) {
            let keys = crate::config::columns_of(section.name);
            let columns: Vec<_> = section.columns.iter().filter(|c| !c.in_file.is_empty()).collect();
            if section.name == "mail" {
                let sender = columns.iter().find(|c| c.name == "sender").unwrap();
                assert_eq!((&sender.in_file[..], sender.absent), (&["Von".to_owned()][..], Absent::Error));
            }
            if !["contacts", "accounts"].contains(&section.name) {
                assert_eq!(columns.iter().map(|c| c.name).collect::<Vec<_>>(), keys, "{}", section.name);
            }
        }
    }
}
