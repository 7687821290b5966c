//! `meeting_copies(meeting_key, start_at, end_at, is_cancelled, organizers, attendees, declined)`:
//! collects copies of meetings in a buffer.
//!
//! A record, version 4 of kind 2 (chunks begin with 0x24), contains: meeting key (16 bytes), start_at and
//! end_at (Int64, microseconds since 1970-01-01 UTC), cancelled (1 byte), counts, organizers, attendees, and
//! the people who declined. Counts and person numbers are described in [`codec`](super::codec).

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, TimestampMicrosecondArray};
use datafusion::arrow::buffer::BooleanBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{AggregateUDF, Documentation};

use super::buffer::buffer_type;
use super::codec::{Lists, PERSON_BYTES, PeopleSlice, Reader, Writer};
use super::record::{Gather, Keyed, PeopleLists, Record, beginning};
use crate::functions::address::book::people_type;
use crate::functions::id_hash::{KEY_BYTES, KEY_TYPE, Key};
use crate::functions::time::{instant_type, utc_micros};
use crate::functions::udf::booleans::holds;
use crate::functions::udf::declare::{Aggregate, STEPS, expect_arguments};
use crate::functions::udf::grouped::{Accumulators, Rows};

pub(crate) fn udaf() -> Arc<AggregateUDF> {
    Aggregate {
        name: "meeting_copies",
        arguments: |types| {
            expect_arguments("meeting_copies", types, 7)?;
            let [start, end] = [instant_type(&types[1]), instant_type(&types[2])];
            Ok(vec![KEY_TYPE, start, end, DataType::Boolean, people_type(), people_type(), people_type()])
        },
        returns: |_| Ok(buffer_type()),
        state: |_| Ok(buffer_type()),
        accumulators: |_| Accumulators::of::<Gather<MeetingCopy>>(),
        documentation: Documentation::builder(
            STEPS,
            "Collects copies of meetings in a buffer, which credit_meetings() and list_engaged_meetings() \
             merge. The order of rows does not change what is computed from the buffer.",
            "meeting_copies(meeting_key, start_at, end_at, is_cancelled, organizers, attendees, declined)",
        )
        .with_argument(
            "meeting_key",
            "The hash of the id of the meeting or series, from id_hash(); a copy in which it is NULL is \
             ignored.",
        )
        .with_argument(
            "start_at",
            "The start: a timestamp of any unit and zone; a copy in which it is NULL is ignored.",
        )
        .with_argument(
            "end_at",
            "The end: a timestamp of any unit and zone; a copy in which it is NULL is ignored.",
        )
        .with_argument("is_cancelled", "Whether the meeting is cancelled in this copy; NULL is false.")
        .with_argument(
            "organizers",
            "The person numbers of the organizers, from lookup_people(); NULL is an empty list.",
        )
        .with_argument(
            "attendees",
            "The person numbers of the attendees, from lookup_people(); NULL is an empty list.",
        )
        .with_argument(
            "declined",
            "The person numbers of the people who declined according to this copy, from lookup_people(); \
             NULL is an empty list.",
        )
        .with_sql_example(
            "> select list_engaged_meetings((select address_book(a, n, p) from (values ('anna@contoso.com', null, 'e1'), ('carl@acme.com', 0, 'c1')) t(a, n, p)), \
             meeting_copies(id_hash('m1'), timestamp '2026-06-01T09:00:00Z', timestamp '2026-06-01T09:30:00Z', false, [0], \
             [1073741825], []))[1]['duration_micros'];\n1800000000",
        )
        .with_related_udf("list_engaged_meetings")
        .build(),
    }
    .into_udf()
}

/// One copy of a meeting. Its lists are borrowed from the buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MeetingCopy<'a> {
    pub(crate) key: Key,
    pub(crate) start_at: i64,
    pub(crate) end_at: i64,
    pub(crate) is_cancelled: bool,
    /// Organizers, attendees, people who declined.
    lists: Lists<'a, PERSON_BYTES>,
}

impl<'a> MeetingCopy<'a> {
    #[inline]
    pub(crate) fn organizers(&self) -> PeopleSlice<'a> {
        self.lists.people(0)
    }

    #[inline]
    pub(crate) fn attendees(&self) -> PeopleSlice<'a> {
        self.lists.people(1)
    }

    #[inline]
    pub(crate) fn declined(&self) -> PeopleSlice<'a> {
        self.lists.people(2)
    }

    /// Whether at least one organizer or attendee belongs to an account.
    #[inline]
    pub(crate) fn has_account(&self) -> bool {
        self.organizers().has_account() || self.attendees().has_account()
    }
}

pub(crate) struct Columns<'a> {
    keys: &'a FixedSizeBinaryArray,
    times: [TimestampMicrosecondArray; 2],
    is_cancelled: BooleanBuffer,
    people: [PeopleLists<'a>; 3],
}

impl Record for MeetingCopy<'static> {
    const VERSION: u8 = 0x24;
    type Columns<'a> = Columns<'a>;
    type Read<'a> = MeetingCopy<'a>;

    fn columns<'a>(values: &'a [ArrayRef], _rows: &Rows) -> Result<Columns<'a>> {
        Ok(Columns {
            keys: values[0].as_fixed_size_binary(),
            times: [utc_micros(&values[1]), utc_micros(&values[2])],
            is_cancelled: holds(values[3].as_boolean()),
            people: [&values[4], &values[5], &values[6]].map(PeopleLists::new),
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
