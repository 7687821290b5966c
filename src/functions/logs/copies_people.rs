//! `copies_people(copies)`: who of ours stands in a log of copies.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::bytes::{Parties, damaged};
use super::columns::Lists;
use super::entry::{self, Entry};
use super::group_logs::{chunks, log_type};
use super::meeting_copies::MeetingCopy;
use super::message_copies::MessageCopy;
use crate::functions::address_book::{Party, parties_type};
use crate::functions::define::{SECTION, Scalar, expect_arguments};

/// No address book has so many people of ours: a larger number is damage, for which no bits are kept.
const MOST: u32 = 1 << 24;

pub(super) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "copies_people",
        arguments: |types| {
            expect_arguments("copies_people", types, 1)?;
            Ok(vec![log_type()])
        },
        returns: |_| Ok(parties_type()),
        invoke,
        documentation: Documentation::builder(
            SECTION,
            "The people of ours who send, receive, organize or attend in the copies of a log, as a sorted list of parties. Who only \
             declined is not among them.",
            "copies_people(copies)",
        )
        .with_argument("copies", "A log from message_copies() or meeting_copies(); NULL has no copies.")
        .with_sql_example(
            "> select copies_people(message_copies(id_hash('m1'), timestamp '2026-06-01T09:00:00Z', [3], [1073741825], 't'));\n[3]",
        )
        .with_related_udf("message_copies")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let logs = args.args[0].to_array(args.number_rows)?;
    let logs = logs.as_list::<i32>();
    let mut people = Lists::default();
    for row in 0..logs.len() {
        // Ours are numbered from 0: one bit for each of them.
        let (mut seen, mut too_many): (Vec<u64>, _) = (vec![], false);
        let mut see = |parties: Parties| {
            for party in parties.iter().filter(|party| *party < Party::FIRST_OF_ACCOUNTS.0) {
                let word = (party / 64) as usize;
                if party >= MOST {
                    too_many = true;
                    break;
                }
                if word >= seen.len() {
                    seen.resize(word + 1, 0);
                }
                seen[word] |= 1 << (party % 64);
            }
        };
        let of_meetings = chunks(logs, row).next().is_some_and(|c| c.first() == Some(&MeetingCopy::VERSION));
        if of_meetings {
            entry::for_each::<MeetingCopy>(logs, row, |copy| {
                [copy.organizers(), copy.attendees()].into_iter().for_each(&mut see);
            })?;
        } else {
            entry::for_each::<MessageCopy>(logs, row, |copy| {
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
    people.parties()
}
