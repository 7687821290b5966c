//! `list_engaged_meetings(address_book, copies)`: merges copies into meetings and credits these to accounts.
//!
//! Copies of one meeting have the same key and the same start. The organizers and attendees of a meeting are
//! the unions over its copies; its end is the latest one. A meeting with at least one cancelled copy is
//! dropped. A person who declined in any copy is removed from the attendees, but not from the organizers. A
//! meeting is *to* the account if an organizer is internal, and *from* the account if an organizer belongs to
//! the account.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, ListArray, TimestampMicrosecondArray, new_empty_array,
};
use datafusion::arrow::datatypes::{DataType, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::buffer::{buffer_type, chunks};
use super::credit::{self, Engaged, Merge, Role, any, people};
use super::meeting_copies::MeetingCopy;
use super::record::for_each_key;
use super::struct_lists::{Lists, fields, keys, micros, micros_type, people_field, rows, rows_type};
use crate::functions::address::book::{AddressBook, BookArgument, expect_book};
use crate::functions::id_hash::{KEY_TYPE, Key};
use crate::functions::time::utc_timestamp_type;
use crate::functions::udf::declare::{INSPECTION, Scalar, expect_arguments};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "list_engaged_meetings",
        arguments: |types| {
            expect_arguments("list_engaged_meetings", types, 2)?;
            Ok(vec![expect_book("list_engaged_meetings", &types[0])?, buffer_type()])
        },
        returns: |_| Ok(rows_type(row_fields())),
        invoke,
        documentation: Documentation::builder(
            INSPECTION,
            "Merges the copies in a buffer into meetings and credits these to accounts. Returns a list of \
             structs (account_no, meeting_key, start_at, duration_micros, to_account, from_account, \
             internal_people, account_people, is_first, is_only), one per account and meeting in which at least one \
             internal person and one person of the account take part, ordered by meeting_key, start_at and \
             account_no. People are sorted lists of person numbers. is_first is true in exactly one row of \
             each meeting.",
            "list_engaged_meetings(address_book, copies)",
        )
        .with_argument(
            "address_book",
            "The address book that the person numbers in the buffer come from; the same for all rows.",
        )
        .with_argument("copies", "A buffer from meeting_copies(); NULL has no copies.")
        .with_sql_example(
            "> select list_engaged_meetings((select address_book(a, n, p) from (values ('anna@contoso.com', null, 'e1'), ('carl@acme.com', 0, 'c1')) t(a, n, p)), \
             meeting_copies(id_hash('m1'), timestamp '2026-06-01T09:00:00Z', timestamp '2026-06-01T09:30:00Z', false, [0], \
             [1073741825], []))[1]['to_account'];\ntrue",
        )
        .with_related_udf("meeting_copies")
        .build(),
    }
    .into_udf()
}

fn row_fields() -> Fields {
    fields([
        ("account_no", DataType::Int32),
        ("meeting_key", KEY_TYPE),
        ("start_at", utc_timestamp_type()),
        ("duration_micros", micros_type()),
        ("to_account", DataType::Boolean),
        ("from_account", DataType::Boolean),
        people_field("internal_people"),
        people_field("account_people"),
        ("is_first", DataType::Boolean),
        ("is_only", DataType::Boolean),
    ])
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let Some(book) = BookArgument::new("list_engaged_meetings", &args.args[0])?.open()? else {
        return Ok(new_empty_array(args.return_field.data_type()));
    };
    let buffers = args.args[1].to_array(args.number_rows)?;
    let buffers = buffers.as_list::<i32>();
    let (mut engaged, mut merged, mut lengths) = (Rows::default(), Meetings::default(), vec![]);
    for row in 0..buffers.len() {
        let before = engaged.account_no.len();
        merged.for_each_engaged(&book, buffers, row, |meeting| {
            engaged.push(meeting);
            Ok(())
        })?;
        lengths.push(engaged.account_no.len() - before);
    }
    engaged.finish(lengths)
}

/// Merges copies into meetings. The vectors are reused for the next meeting.
#[derive(Default)]
pub(crate) struct Meetings {
    roles: Vec<Role>,
    declined: Vec<u32>,
}

impl Merge for Meetings {
    const PARTITIONED_BY: &str = "credit_meetings";

    fn for_each_engaged(
        &mut self,
        book: &AddressBook,
        buffers: &ListArray,
        row: usize,
        mut f: impl FnMut(&Engaged) -> Result<()>,
    ) -> Result<()> {
        let Self { roles, declined } = self;
        for_each_key::<MeetingCopy>(chunks(buffers, row), MeetingCopy::has_account, |copies| {
            if copies.iter().any(|copy| copy.is_cancelled) {
                return Ok(());
            }
            roles.clear();
            declined.clear();
            let MeetingCopy { key, start_at: at, mut end_at, .. } = copies[0];
            for copy in copies {
                end_at = end_at.max(copy.end_at);
                credit::add(roles, copy.organizers(), false);
                credit::add(roles, copy.attendees(), true);
                declined.extend(copy.declined().iter());
            }
            declined.sort_unstable();
            roles.retain(|r| !r.received() || declined.binary_search(&r.person()).is_err());
            let meeting_micros = Some(i128::from(end_at) - i128::from(at));
            let mut is_first = true;
            credit::for_each_account(book, roles, |sides| {
                let (to_account, from_account) = (any(sides.internal, false), any(sides.external, false));
                let conversations = &[];
                f(&Engaged {
                    key,
                    at,
                    meeting_micros,
                    conversations,
                    to_account,
                    from_account,
                    is_first,
                    sides,
                })?;
                is_first = false;
                Ok(())
            })
        })
    }
}

#[derive(Default)]
struct Rows {
    account_no: Vec<i32>,
    meeting_key: Vec<Key>,
    start_at: Vec<i64>,
    duration_micros: Vec<i128>,
    to_account: Vec<bool>,
    from_account: Vec<bool>,
    internal_people: Lists<u32>,
    account_people: Lists<u32>,
    is_first: Vec<bool>,
    is_only: Vec<bool>,
}

impl Rows {
    fn push(&mut self, meeting: &Engaged) {
        self.account_no.push(meeting.sides.account);
        self.meeting_key.push(meeting.key);
        self.start_at.push(meeting.at);
        self.duration_micros.push(meeting.meeting_micros.unwrap_or_default());
        self.to_account.push(meeting.to_account);
        self.from_account.push(meeting.from_account);
        self.internal_people.push(people(meeting.sides.internal));
        self.account_people.push(people(meeting.sides.external));
        self.is_first.push(meeting.is_first);
        // The rows of a meeting are adjacent.
        if !meeting.is_first {
            self.is_only.last_mut().into_iter().for_each(|is_only| *is_only = false);
        }
        self.is_only.push(meeting.is_first);
    }

    fn finish(self, lengths: Vec<usize>) -> Result<ArrayRef> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(self.account_no)),
            keys(self.meeting_key)?,
            Arc::new(TimestampMicrosecondArray::from(self.start_at).with_timezone("UTC")),
            micros(self.duration_micros),
            Arc::new(BooleanArray::from(self.to_account)),
            Arc::new(BooleanArray::from(self.from_account)),
            self.internal_people.people()?,
            self.account_people.people()?,
            Arc::new(BooleanArray::from(self.is_first)),
            Arc::new(BooleanArray::from(self.is_only)),
        ];
        rows(row_fields(), columns, lengths)
    }
}
