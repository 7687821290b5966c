//! `engagements(account_no, day, at, …)`: collects engaged messages and meetings of accounts in a buffer.
//!
//! A record, version 4 of kind 3 (chunks begin with 0x34), contains: account (Int32), day (Int32, days since
//! 1970-01-01), instant (Int64, microseconds since 1970-01-01 UTC), flags (1 byte: 1 to the account, 2 from
//! the account, 4 a meeting), for a meeting its duration (Int128, microseconds), counts, conversation hashes
//! (8 bytes each), internal people, and the account's people. Counts and person numbers are described in
//! [`codec`](super::codec). A record has about 40 bytes.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Int32Array, ListArray, TimestampMicrosecondArray,
    UInt64Array,
};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int32Type, UInt64Type};
use datafusion::common::Result;
use datafusion::logical_expr::{AggregateUDF, Documentation};

use super::buffer::buffer_type;
use super::codec::{Lists, PeopleSlice, Reader, Writer};
use super::credit::{Engaged, Sides, people};
use super::message_copies::CONVERSATION;
use super::record::{Gather, PeopleLists, Record};
use super::struct_lists::{conversations_type, micros_type};
use crate::functions::address::book::people_type;
use crate::functions::time::{instant_type, utc_micros};
use crate::functions::udf::booleans::holds;
use crate::functions::udf::declare::{Aggregate, INSPECTION, expect_arguments};
use crate::functions::udf::grouped::{Accumulators, Rows};

pub(crate) fn udaf() -> Arc<AggregateUDF> {
    Aggregate {
        name: "engagements",
        arguments: |types| {
            expect_arguments("engagements", types, 9)?;
            let at = instant_type(&types[2]);
            Ok(vec![
                DataType::Int32,
                DataType::Date32,
                at,
                DataType::Boolean,
                DataType::Boolean,
                conversations_type(),
                people_type(),
                people_type(),
                micros_type(),
            ])
        },
        returns: |_| Ok(buffer_type()),
        state: |_| Ok(buffer_type()),
        accumulators: |_| Accumulators::of::<Gather<Engagement>>(),
        documentation: Documentation::builder(
            INSPECTION,
            "Collects engaged messages and meetings of accounts in a buffer, which account_days() sums by \
             day. The order of rows does not change what is computed from the buffer.",
            "engagements(account_no, day, at, to_account, from_account, conversations, internal_people, account_people, duration_micros)",
        )
        .with_argument("account_no", "The account number (Int32); a row in which it is NULL is ignored.")
        .with_argument("day", "The local day (Date32); a row in which it is NULL is ignored.")
        .with_argument(
            "at",
            "When the message was sent or the meeting began: a timestamp of any unit and zone; a row in \
             which it is NULL is ignored.",
        )
        .with_argument(
            "to_account",
            "Whether it was sent to the account or organized by internal people; NULL is false.",
        )
        .with_argument(
            "from_account",
            "Whether it was sent or organized by people of the account; NULL is false.",
        )
        .with_argument(
            "conversations",
            "The hashes of a message's conversations, from list_engaged_messages(); NULL is an empty list.",
        )
        .with_argument(
            "internal_people",
            "The person numbers of the internal people in it; NULL is an empty list.",
        )
        .with_argument(
            "account_people",
            "The person numbers of the account's people in it; NULL is an empty list.",
        )
        .with_argument("duration_micros", "The duration of a meeting in microseconds; NULL for a message.")
        .with_sql_example(
            "> select account_days(engagements(7, date '2026-06-01', timestamp '2026-06-01T09:00:00Z', true, false, null, [0], \
             [1073741825], null), 0)[1]['emails_to'];\n1",
        )
        .with_related_udf("account_days")
        .build(),
    }
    .into_udf()
}

/// A message or meeting that is credited to an account. Its lists are borrowed from the buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Engagement<'a> {
    pub(crate) account: i32,
    pub(crate) day: i32,
    pub(crate) at: i64,
    pub(crate) to_account: bool,
    pub(crate) from_account: bool,
    /// The duration of a meeting in microseconds; `None` for a message. It is decoded only on request,
    /// because most engagements are messages.
    meeting_micros: Option<&'a [u8; 16]>,
    /// Conversation hashes, internal people, the account's people.
    lists: Lists<'a, CONVERSATION>,
}

impl<'a> Engagement<'a> {
    #[inline]
    pub(crate) fn is_meeting(&self) -> bool {
        self.meeting_micros.is_some()
    }

    /// The duration of a meeting in microseconds; 0 for a message.
    #[inline]
    pub(crate) fn meeting_micros(&self) -> i128 {
        self.meeting_micros.map_or(0, |micros| i128::from_le_bytes(*micros))
    }

    #[inline]
    pub(crate) fn conversations(&self) -> impl Iterator<Item = u64> + 'a {
        self.lists.first().iter().map(|key| u64::from_le_bytes(*key))
    }

    #[inline]
    pub(crate) fn internal_people(&self) -> PeopleSlice<'a> {
        self.lists.people(1)
    }

    #[inline]
    pub(crate) fn account_people(&self) -> PeopleSlice<'a> {
        self.lists.people(2)
    }
}

pub(crate) struct Columns<'a> {
    account: &'a Int32Array,
    day: &'a Date32Array,
    at: TimestampMicrosecondArray,
    flags: [BooleanBuffer; 2],
    conversations: (&'a ListArray, &'a UInt64Array),
    people: [PeopleLists<'a>; 2],
    meeting_micros: &'a Decimal128Array,
}

const TO: u8 = 1;
const FROM: u8 = 2;
const MEETING: u8 = 4;

/// Writes the part of a record that is before its counts and lists.
fn write_numbers(
    (account, day, at): (i32, i32, i64),
    [to, from]: [bool; 2],
    meeting_micros: Option<i128>,
    entry: &mut Writer,
) {
    entry.value(account.to_le_bytes());
    entry.value(day.to_le_bytes());
    entry.value(at.to_le_bytes());
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    entry.value([flag(to, TO) | flag(from, FROM) | flag(meeting_micros.is_some(), MEETING)]);
    if let Some(micros) = meeting_micros {
        entry.value(micros.to_le_bytes());
    }
}

/// Writes the record of a message or meeting that is credited to an account. `day` is its local day, in days
/// since 1970-01-01.
///
/// # Errors
/// More people or conversations than 32 bits can count.
pub(crate) fn write(engaged: &Engaged, day: i32, entry: &mut Writer) -> Result<()> {
    let Sides { account, internal, external } = engaged.sides;
    let flags = [engaged.to_account, engaged.from_account];
    write_numbers((account, day, engaged.at), flags, engaged.meeting_micros, entry);
    let at = entry.leave_counts();
    let conversations = entry.list(engaged.conversations.iter().map(|key| key.to_le_bytes()));
    let [internal, external] = [internal, external].map(|roles| entry.people(people(roles)));
    entry.counts([conversations, internal, external], at)
}

impl Record for Engagement<'static> {
    const VERSION: u8 = 0x34;
    type Columns<'a> = Columns<'a>;
    type Read<'a> = Engagement<'a>;

    fn columns<'a>(values: &'a [ArrayRef], _rows: &Rows) -> Result<Columns<'a>> {
        let conversations = values[5].as_list::<i32>();
        Ok(Columns {
            account: values[0].as_primitive::<Int32Type>(),
            day: values[1].as_primitive::<Date32Type>(),
            at: utc_micros(&values[2]),
            flags: [&values[3], &values[4]].map(|flag| holds(flag.as_boolean())),
            conversations: (conversations, conversations.values().as_primitive::<UInt64Type>()),
            people: [PeopleLists::new(&values[6]), PeopleLists::new(&values[7])],
            meeting_micros: values[8].as_primitive::<Decimal128Type>(),
        })
    }

    fn write(columns: &Columns, row: usize, entry: &mut Writer) -> Result<()> {
        if columns.account.is_null(row) || columns.day.is_null(row) || columns.at.is_null(row) {
            return Ok(());
        }
        let flags = columns.flags.each_ref().map(|flag| flag.value(row));
        let micros = columns.meeting_micros;
        let micros = micros.is_valid(row).then(|| micros.value(row));
        write_numbers(
            (columns.account.value(row), columns.day.value(row), columns.at.value(row)),
            flags,
            micros,
            entry,
        );
        let (lists, keys) = columns.conversations;
        let range = if lists.is_valid(row) {
            lists.value_offsets()[row] as usize..lists.value_offsets()[row + 1] as usize
        } else {
            0..0
        };
        let keys = range.filter(|i| keys.is_valid(*i)).map(|i| keys.value(i).to_le_bytes());
        let at = entry.leave_counts();
        let conversations = entry.list(keys);
        let [internal, external] = columns.people.each_ref().map(|people| people.write(row, entry));
        entry.counts([conversations, internal, external], at)
    }

    #[inline]
    fn read<'a>(reader: &mut Reader<'a>) -> Option<Engagement<'a>> {
        let (account, day, at, flags) = (reader.i32()?, reader.i32()?, reader.i64()?, reader.byte()?);
        let meeting_micros = if flags & MEETING != 0 { Some(reader.bytes()?) } else { None };
        Some(Engagement {
            account,
            day,
            at,
            to_account: flags & TO != 0,
            from_account: flags & FROM != 0,
            meeting_micros,
            lists: reader.lists()?,
        })
    }
}
