//! `engaged_meetings(book, copies)`: copies merged, and credited to accounts.
//!
//! Copies of one meeting have its key and its start. They unite their organizers and attendees; the
//! meeting ended at the latest of their ends. A meeting that is cancelled in any copy is dropped, and
//! who declined in any copy is no attendee, but stays an organizer. It was initiated by us (*to* the
//! account) if one of ours organized it, by the account (*from*) if one of theirs did.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, ListArray, TimestampMicrosecondArray, new_empty_array,
};
use datafusion::arrow::datatypes::{DataType, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::columns::{Lists, fields, keys, micros, micros_type, parties_field, rows, rows_type};
use super::entry::for_each_key;
use super::group_logs::{chunks, log_type};
use super::meeting_copies::MeetingCopy;
use super::sides::{self, Engaged, Merge, Role, any, people};
use crate::functions::address_book::{AddressBook, BookArgument, expect_book};
use crate::functions::define::{SECTION, Scalar, expect_arguments};
use crate::functions::id_hash::{KEY_TYPE, Key};
use crate::functions::utc_timestamp::utc_timestamp_type;

pub(super) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "engaged_meetings",
        arguments: |types| {
            expect_arguments("engaged_meetings", types, 2)?;
            Ok(vec![expect_book("engaged_meetings", &types[0])?, log_type()])
        },
        returns: |_| Ok(rows_type(row_fields())),
        invoke,
        documentation: Documentation::builder(
            SECTION,
            "Merges the copies in a log to meetings and credits them to accounts. Gives a list of structs (account_no, meeting_key, \
             start_at, duration_micros, to_account, from_account, our_people, account_people, is_first), one per account and \
             meeting in which one of ours and one of the account's take part, in the order of meeting_key, start_at and account_no; \
             is_first marks one row of each meeting.",
            "engaged_meetings(address_book, copies)",
        )
        .with_argument("address_book", "The book that the parties in the log are from, the same for all rows.")
        .with_argument("copies", "A log from meeting_copies(); NULL has no copies.")
        .with_sql_example(
            "> select engaged_meetings((select address_book(a, n, p) from (values ('anna@contoso.com', null, 'e1'), ('carl@acme.com', 0, 'c1')) t(a, n, p)), \
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
        parties_field("our_people"),
        parties_field("account_people"),
        ("is_first", DataType::Boolean),
    ])
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let Some(book) = BookArgument::new("engaged_meetings", &args.args[0])?.open()? else {
        return Ok(new_empty_array(args.return_field.data_type()));
    };
    let logs = args.args[1].to_array(args.number_rows)?;
    let logs = logs.as_list::<i32>();
    let (mut engaged, mut merged, mut lengths) = (Rows::default(), Meetings::default(), vec![]);
    for row in 0..logs.len() {
        let before = engaged.account_no.len();
        merged.for_each_engaged(&book, logs, row, |meeting| {
            engaged.push(meeting);
            Ok(())
        })?;
        lengths.push(engaged.account_no.len() - before);
    }
    engaged.finish(lengths)
}

/// Copies of meetings, merged.
#[derive(Default)]
pub(super) struct Meetings {
    roles: Vec<Role>,
    declined: Vec<u32>,
}

impl Merge for Meetings {
    const DEALT_BY: &str = "meeting_engagements";

    fn for_each_engaged(
        &mut self,
        book: &AddressBook,
        logs: &ListArray,
        row: usize,
        mut f: impl FnMut(&Engaged) -> Result<()>,
    ) -> Result<()> {
        let Self { roles, declined } = self;
        for_each_key::<MeetingCopy>(chunks(logs, row), MeetingCopy::has_account, |copies| {
            if copies.iter().any(|copy| copy.is_cancelled) {
                return Ok(());
            }
            roles.clear();
            declined.clear();
            let MeetingCopy { key, start_at: at, mut end_at, .. } = copies[0];
            for copy in copies {
                end_at = end_at.max(copy.end_at);
                sides::add(roles, copy.organizers(), false);
                sides::add(roles, copy.attendees(), true);
                declined.extend(copy.declined().iter());
            }
            declined.sort_unstable();
            roles.retain(|r| !r.received() || declined.binary_search(&r.party()).is_err());
            let meeting_micros = Some(i128::from(end_at) - i128::from(at));
            let mut is_first = true;
            sides::for_each_account(book, roles, |sides| {
                let (to_account, from_account) = (any(sides.ours, false), any(sides.theirs, false));
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
    our_people: Lists<u32>,
    account_people: Lists<u32>,
    is_first: Vec<bool>,
}

impl Rows {
    fn push(&mut self, meeting: &Engaged) {
        self.account_no.push(meeting.sides.account);
        self.meeting_key.push(meeting.key);
        self.start_at.push(meeting.at);
        self.duration_micros.push(meeting.meeting_micros.unwrap_or_default());
        self.to_account.push(meeting.to_account);
        self.from_account.push(meeting.from_account);
        self.our_people.push(people(meeting.sides.ours));
        self.account_people.push(people(meeting.sides.theirs));
        self.is_first.push(meeting.is_first);
    }

    fn finish(self, lengths: Vec<usize>) -> Result<ArrayRef> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(self.account_no)),
            keys(self.meeting_key)?,
            Arc::new(TimestampMicrosecondArray::from(self.start_at).with_timezone("UTC")),
            micros(self.duration_micros),
            Arc::new(BooleanArray::from(self.to_account)),
            Arc::new(BooleanArray::from(self.from_account)),
            self.our_people.parties()?,
            self.account_people.parties()?,
            Arc::new(BooleanArray::from(self.is_first)),
        ];
        rows(row_fields(), columns, lengths)
    }
}
