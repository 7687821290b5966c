//! `people_in_copies(copies)`: the internal people in a buffer of copies.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::buffer::{buffer_type, chunks};
use super::codec::{PeopleSlice, damaged};
use super::meeting_copies::MeetingCopy;
use super::message_copies::MessageCopy;
use super::record::{self, Record};
use super::struct_lists::Lists;
use crate::functions::address::book::{PersonNo, people_type};
use crate::functions::udf::declare::{STEPS, Scalar, expect_arguments};

/// No address book contains this many internal people. A larger number is damage, for which no memory is
/// allocated.
const MOST: u32 = 1 << 24;

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "people_in_copies",
        arguments: |types| {
            expect_arguments("people_in_copies", types, 1)?;
            Ok(vec![buffer_type()])
        },
        returns: |_| Ok(people_type()),
        invoke,
        documentation: Documentation::builder(
            STEPS,
            "Returns the internal people who are senders, recipients, organizers or attendees in the copies \
             of a buffer, as a sorted list of person numbers. People who only declined are not included.",
            "people_in_copies(copies)",
        )
        .with_argument("copies", "A buffer from message_copies() or meeting_copies(); NULL has no copies.")
        .with_sql_example(
            "> select people_in_copies(message_copies(id_hash('m1'), timestamp '2026-06-01T09:00:00Z', [3], [1073741825], 't'));\n[3]",
        )
        .with_related_udf("message_copies")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let buffers = args.args[0].to_array(args.number_rows)?;
    let buffers = buffers.as_list::<i32>();
    let mut people = Lists::default();
    for row in 0..buffers.len() {
        // Internal people are numbered from 0: one bit for each.
        let (mut seen, mut too_many): (Vec<u64>, _) = (vec![], false);
        let mut see = |people: PeopleSlice| {
            for person in people.iter().filter(|person| *person < PersonNo::FIRST_OF_ACCOUNTS.0) {
                let word = (person / 64) as usize;
                if person >= MOST {
                    too_many = true;
                    break;
                }
                if word >= seen.len() {
                    seen.resize(word + 1, 0);
                }
                seen[word] |= 1 << (person % 64);
            }
        };
        let of_meetings =
            chunks(buffers, row).next().is_some_and(|c| c.first() == Some(&MeetingCopy::VERSION));
        if of_meetings {
            record::for_each::<MeetingCopy>(buffers, row, |copy| {
                [copy.organizers(), copy.attendees()].into_iter().for_each(&mut see);
            })?;
        } else {
            record::for_each::<MessageCopy>(buffers, row, |copy| {
                [copy.senders(), copy.recipients()].into_iter().for_each(&mut see);
            })?;
        }
        if too_many {
            return Err(damaged());
        }
        let bits = |(word, bits): (u32, &u64)| {
            let bits = *bits;
            (0..64).filter(move |bit| bits >> bit & 1 != 0).map(move |bit| word * 64 + bit)
        };
        people.push((0..).zip(&seen).flat_map(bits));
    }
    people.people()
}
