//! `meeting_copies(meeting_key, start_at, end_at, is_cancelled, organizers, attendees, declined)`:
//! gathers the copies of meetings in a log.
//!
//! Entry, version 4 of kind 2 (chunks begin with 0x24): meeting key (16 bytes), start_at and end_at
//! (Int64, microseconds), cancelled (1 byte), counts, organizers, attendees and those who declined
//! (parties, see `bytes`).

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, TimestampMicrosecondArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{AggregateUDF, Documentation};

use super::bytes::{Lists, PARTY, Parties, Reader, Writer};
use super::entry::{Entry, Gather, Keyed, PartyLists, beginning};
use super::group_logs::log_type;
use crate::functions::address_book::parties_type;
use crate::functions::define::{Aggregate, SECTION, expect_arguments, holds};
use crate::functions::grouped::{Accumulators, Rows};
use crate::functions::id_hash::{KEY_BYTES, KEY_TYPE, Key};
use crate::functions::utc_timestamp::{instant_type, utc_micros};

pub(super) fn udaf() -> Arc<AggregateUDF> {
    Aggregate {
        name: "meeting_copies",
        arguments: |types| {
            expect_arguments("meeting_copies", types, 7)?;
            let [start, end] = [instant_type(&types[1]), instant_type(&types[2])];
            Ok(vec![KEY_TYPE, start, end, DataType::Boolean, parties_type(), parties_type(), parties_type()])
        },
        returns: |_| Ok(log_type()),
        state: |_| Ok(log_type()),
        accumulators: |_| Accumulators::of::<Gather<MeetingCopy>>(),
        documentation: Documentation::builder(
            SECTION,
            "Gathers copies of meetings in a log, which engaged_meetings() merges. The order of rows makes no difference to what is \
             read from it.",
            "meeting_copies(meeting_key, start_at, end_at, is_cancelled, organizers, attendees, declined)",
        )
        .with_argument("meeting_key", "Which meeting or series, see id_hash; a copy without one is left out.")
        .with_argument("start_at", "When it began: a timestamp of any unit and zone; a copy without one is left out.")
        .with_argument("end_at", "When it ended; a copy without an end is left out.")
        .with_argument("is_cancelled", "It did not take place; NULL is false.")
        .with_argument("organizers", "Who organized it, from parties(); NULL is nobody.")
        .with_argument("attendees", "Who was invited, from parties(); NULL is nobody.")
        .with_argument("declined", "Who declined, as far as this copy knows, from parties(); NULL is nobody.")
        .with_sql_example(
            "> select engaged_meetings((select address_book(a, n, p) from (values ('anna@contoso.com', null, 'e1'), ('carl@acme.com', 0, 'c1')) t(a, n, p)), \
             meeting_copies(id_hash('m1'), timestamp '2026-06-01T09:00:00Z', timestamp '2026-06-01T09:30:00Z', false, [0], \
             [1073741825], []))[1]['duration_micros'];\n1800000000",
        )
        .with_related_udf("engaged_meetings")
        .build(),
    }
    .into_udf()
}

/// One copy of a meeting.
#[derive(Debug, Clone, Copy)]
pub(super) struct MeetingCopy<'a> {
    pub(super) key: Key,
    pub(super) start_at: i64,
    pub(super) end_at: i64,
    pub(super) is_cancelled: bool,
    /// Organizers, attendees, those who declined.
    lists: Lists<'a, PARTY>,
}

impl<'a> MeetingCopy<'a> {
    #[inline]
    pub(super) fn organizers(&self) -> Parties<'a> {
        self.lists.parties(0)
    }

    #[inline]
    pub(super) fn attendees(&self) -> Parties<'a> {
        self.lists.parties(1)
    }

    #[inline]
    pub(super) fn declined(&self) -> Parties<'a> {
        self.lists.parties(2)
    }

    /// Whether somebody of an account organized it or was invited.
    #[inline]
    pub(super) fn has_account(&self) -> bool {
        self.organizers().has_account() || self.attendees().has_account()
    }
}

pub(super) struct Columns<'a> {
    keys: &'a FixedSizeBinaryArray,
    times: [TimestampMicrosecondArray; 2],
    is_cancelled: BooleanBuffer,
    people: [PartyLists<'a>; 3],
}

impl Entry for MeetingCopy<'static> {
    const VERSION: u8 = 0x24;
    type Columns<'a> = Columns<'a>;
    type Read<'a> = MeetingCopy<'a>;

    fn columns<'a>(values: &'a [ArrayRef], _rows: &Rows) -> Result<Columns<'a>> {
        Ok(Columns {
            keys: values[0].as_fixed_size_binary(),
            times: [utc_micros(&values[1]), utc_micros(&values[2])],
            is_cancelled: holds(values[3].as_boolean()),
            people: [&values[4], &values[5], &values[6]].map(PartyLists::new),
        })
    }

    fn write(columns: &Columns, row: usize, entry: &mut Writer) -> Result<()> {
        if columns.keys.is_null(row) || columns.times.iter().any(|t| t.is_null(row)) {
            return Ok(());
        }
        let Some(key) = columns.keys.value(row).first_chunk::<KEY_BYTES>() else {
            return Ok(());
        };
        entry.value(*key);
        columns.times.iter().for_each(|times| entry.value(times.value(row).to_le_bytes()));
        entry.value([u8::from(columns.is_cancelled.value(row))]);
        let at = entry.leave_counts();
        let people = columns.people.each_ref().map(|people| people.write(row, entry));
        entry.counts(people, at)
    }

    #[inline]
    fn read<'a>(reader: &mut Reader<'a>) -> Option<MeetingCopy<'a>> {
        Some(MeetingCopy {
            key: reader.key()?,
            start_at: reader.i64()?,
            end_at: reader.i64()?,
            is_cancelled: reader.byte()? != 0,
            lists: reader.lists()?,
        })
    }
}

impl Keyed for MeetingCopy<'static> {
    type Key = (Key, i64);

    fn key(copy: &MeetingCopy<'_>) -> Self::Key {
        (copy.key, copy.start_at)
    }

    fn begins(copy: &MeetingCopy<'_>) -> u64 {
        beginning(&copy.key)
    }
}
