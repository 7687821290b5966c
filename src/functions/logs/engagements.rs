//! `engagements(account_no, day, at, …)`: gathers engaged messages and meetings of accounts in a log.
//!
//! Entry, version 4 of kind 3 (chunks begin with 0x34): account (Int32), day (Int32, days since
//! 1970), instant (Int64, microseconds), flags (1 byte: 1 to the account, 2 from the account, 4 a
//! meeting), for a meeting its duration (Int128, microseconds), counts, conversation keys (8 bytes
//! each), our people and the account's (parties, see `bytes`). Some 40 bytes per entry.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Int32Array, ListArray, TimestampMicrosecondArray,
    UInt64Array,
};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::{DataType, Date32Type, Decimal128Type, Int32Type, UInt64Type};
use datafusion::common::Result;
use datafusion::logical_expr::{AggregateUDF, Documentation};

use super::bytes::{Lists, Parties, Reader, Writer};
use super::columns::{conversations_type, micros_type};
use super::entry::{Entry, Gather, PartyLists};
use super::group_logs::log_type;
use super::message_copies::CONVERSATION;
use super::sides::{Engaged, Sides, people};
use crate::functions::address_book::parties_type;
use crate::functions::define::{Aggregate, SECTION, expect_arguments, holds};
use crate::functions::grouped::{Accumulators, Rows};
use crate::functions::utc_timestamp::{instant_type, utc_micros};

pub(super) fn udaf() -> Arc<AggregateUDF> {
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
                parties_type(),
                parties_type(),
                micros_type(),
            ])
        },
        returns: |_| Ok(log_type()),
        state: |_| Ok(log_type()),
        accumulators: |_| Accumulators::of::<Gather<Engagement>>(),
        documentation: Documentation::builder(
            SECTION,
            "Gathers engaged messages and meetings of accounts in a log, from which account_days() is computed. The order of rows \
             makes no difference to what is read from it.",
            "engagements(account_no, day, at, to_account, from_account, conversations, our_people, account_people, duration_micros)",
        )
        .with_argument("account_no", "The account (Int32); a row without one is left out.")
        .with_argument("day", "The local day (Date32); a row without one is left out.")
        .with_argument("at", "When it was sent or began: a timestamp of any unit and zone; a row without one is left out.")
        .with_argument("to_account", "Sent or initiated by us; NULL is false.")
        .with_argument("from_account", "Sent or initiated by the account; NULL is false.")
        .with_argument("conversations", "The keys of a message's conversations, from engaged_messages(); NULL is none.")
        .with_argument("our_people", "Our people in it, from parties(); NULL is nobody.")
        .with_argument("account_people", "The account's people in it, from parties(); NULL is nobody.")
        .with_argument("duration_micros", "How long a meeting took, in microseconds; NULL for a message.")
        .with_sql_example(
            "> select account_days(engagements(7, date '2026-06-01', timestamp '2026-06-01T09:00:00Z', true, false, null, [0], \
             [1073741825], null), 0)[1]['emails_to'];\n1",
        )
        .with_related_udf("account_days")
        .build(),
    }
    .into_udf()
}

/// An engaged message or meeting of an account.
#[derive(Debug, Clone, Copy)]
pub(super) struct Engagement<'a> {
    pub(super) account: i32,
    pub(super) day: i32,
    pub(super) at: i64,
    pub(super) to_account: bool,
    pub(super) from_account: bool,
    /// How long it took, if it is a meeting: as it is written, because most are messages.
    meeting_micros: Option<&'a [u8; 16]>,
    /// Conversations, our people, the account's.
    lists: Lists<'a, CONVERSATION>,
}

impl<'a> Engagement<'a> {
    #[inline]
    pub(super) fn is_meeting(&self) -> bool {
        self.meeting_micros.is_some()
    }

    /// How long a meeting took; nothing for a message.
    #[inline]
    pub(super) fn meeting_micros(&self) -> i128 {
        self.meeting_micros.map_or(0, |micros| i128::from_le_bytes(*micros))
    }

    #[inline]
    pub(super) fn conversations(&self) -> impl Iterator<Item = u64> + 'a {
        self.lists.first().iter().map(|key| u64::from_le_bytes(*key))
    }

    #[inline]
    pub(super) fn our_people(&self) -> Parties<'a> {
        self.lists.parties(1)
    }

    #[inline]
    pub(super) fn account_people(&self) -> Parties<'a> {
        self.lists.parties(2)
    }
}

pub(super) struct Columns<'a> {
    account: &'a Int32Array,
    day: &'a Date32Array,
    at: TimestampMicrosecondArray,
    flags: [BooleanBuffer; 2],
    conversations: (&'a ListArray, &'a UInt64Array),
    people: [PartyLists<'a>; 2],
    meeting_micros: &'a Decimal128Array,
}

const TO: u8 = 1;
const FROM: u8 = 2;
const MEETING: u8 = 4;

/// Writes an entry up to its lists.
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

/// Writes the entry of what is credited to an account on a local day.
///
/// # Errors
/// More people or conversations than 32 bits can count.
pub(super) fn write(engaged: &Engaged, day: i32, entry: &mut Writer) -> Result<()> {
    let Sides { account, ours, theirs } = engaged.sides;
    let flags = [engaged.to_account, engaged.from_account];
    write_numbers((account, day, engaged.at), flags, engaged.meeting_micros, entry);
    let at = entry.leave_counts();
    let conversations = entry.list(engaged.conversations.iter().map(|key| key.to_le_bytes()));
    let [ours, theirs] = [ours, theirs].map(|roles| entry.parties(people(roles)));
    entry.counts([conversations, ours, theirs], at)
}

impl Entry for Engagement<'static> {
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
            people: [PartyLists::new(&values[6]), PartyLists::new(&values[7])],
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
        let [ours, theirs] = columns.people.each_ref().map(|people| people.write(row, entry));
        entry.counts([conversations, ours, theirs], at)
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
