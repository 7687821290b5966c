//! `reply_times(…)`: the replies of one account in one conversation, and how long each took.
//!
//! The rows are the engaged messages of one account in one conversation. Take the instants at which they were
//! sent. A message from the account is a reply if a message to the account was sent at the last earlier
//! instant, and the time between the two is at most the limit. Messages of the same instant do not answer
//! each other. The second of two messages in a row from the account is not a reply.
//!
//! The result is exact and does not depend on the order of rows. A row with a NULL argument is ignored.
//! Without a reply, the result is an empty list.
//!
//! State, version 1: one byte 0x01, then 33 bytes per message: sent_at (Int64, microseconds since 1970-01-01
//! UTC), the key (16 bytes), the limit (Int64, microseconds), and a byte with bit 0 = to the account, bit 1 =
//! from the account. Numbers are little-endian; messages are sorted and distinct. The limit is stored with
//! each message because a function has no hidden parameters: what varies is an SQL argument. Memory per
//! group: 48 bytes per message.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryArray, Int64Array, ListArray, StructArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Int64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{AggregateUDF, Documentation, EmitTo};

use crate::functions::id_hash::{KEY_BYTES, KEY_TYPE, Key};
use crate::functions::time::{instant_type, utc_micros, utc_timestamp_type};
use crate::functions::udf::declare::{Aggregate, OWN_SQL, expect_arguments};
use crate::functions::udf::group_sets::GroupSets;
use crate::functions::udf::grouped::{Accumulators, GroupState, Rows};

/// The first byte of a state.
const VERSION: u8 = 1;
/// The size of a message in a state, in bytes: sent_at, key, limit, flags.
const ENTRY: usize = 8 + KEY_BYTES + 8 + 1;

/// One engaged message in a conversation. Messages are ordered by their instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Message<K = Key> {
    /// When it was sent, in microseconds since 1970-01-01 UTC.
    pub sent_at: i64,
    /// Identifies the message.
    pub key: K,
    /// Whether it went to the account.
    pub to_account: bool,
    /// Whether it came from the account.
    pub from_account: bool,
    /// The longest time that makes a reply, in microseconds.
    pub limit: i64,
}

/// Returns the replies among sorted messages, each with the time that it took, in microseconds.
pub fn replies<K>(messages: impl Iterator<Item = Message<K>>) -> impl Iterator<Item = (Message<K>, i64)> {
    // The current instant and the one before it, and for each, whether a message to the account was sent
    // then.
    let (mut now, mut asked_now, mut before, mut asked_before) = (None, false, None, false);
    messages.filter_map(move |m| {
        if now != Some(m.sent_at) {
            (before, asked_before) = (now, asked_now);
            (now, asked_now) = (Some(m.sent_at), false);
        }
        asked_now |= m.to_account;
        let took = before.filter(|_| m.from_account && asked_before)?;
        let took = m.sent_at.saturating_sub(took);
        (took <= m.limit).then_some((m, took))
    })
}

impl Message {
    fn encode(self, state: &mut Vec<u8>) {
        state.extend(self.sent_at.to_le_bytes());
        state.extend(self.key);
        state.extend(self.limit.to_le_bytes());
        state.push(u8::from(self.to_account) | u8::from(self.from_account) << 1);
    }

    fn decode(bytes: &[u8; ENTRY]) -> Self {
        let number = |at: usize| {
            let mut number = [0; 8];
            number.copy_from_slice(&bytes[at..at + 8]);
            i64::from_le_bytes(number)
        };
        let mut key = [0; KEY_BYTES];
        key.copy_from_slice(&bytes[8..8 + KEY_BYTES]);
        let flags = bytes[ENTRY - 1];
        let (to_account, from_account) = (flags & 1 != 0, flags & 2 != 0);
        Self { sent_at: number(0), key, to_account, from_account, limit: number(8 + KEY_BYTES) }
    }
}

fn decode(state: &[u8]) -> Result<impl Iterator<Item = Message> + '_> {
    let Some((&VERSION, entries)) = state.split_first() else {
        return exec_err!(
            "reply times must begin with version {VERSION}; this state is damaged or of a newer version"
        );
    };
    let (entries, rest) = entries.as_chunks::<ENTRY>();
    if !rest.is_empty() {
        return exec_err!("reply times are damaged: {} bytes", state.len());
    }
    Ok(entries.iter().map(Message::decode))
}

pub(crate) fn udaf() -> Arc<AggregateUDF> {
    Aggregate {
        name: "reply_times",
        arguments: |types| {
            expect_arguments("reply_times", types, 5)?;
            Ok(vec![instant_type(&types[0]), KEY_TYPE, DataType::Boolean, DataType::Boolean, DataType::Int64])
        },
        returns: |_| Ok(DataType::List(Arc::new(Field::new_list_field(DataType::Struct(reply_fields()), true)))),
        state: |_| Ok(DataType::BinaryView),
        accumulators: |_| Accumulators::of::<Conversations>(),
        documentation: Documentation::builder(
            OWN_SQL,
            "Returns the replies of one account in one conversation, as a list of structs (message_key, \
             sent_at, reply_micros). A message from the account is a reply if a message to the account was \
             sent at the last earlier instant. The result is exact and does not depend on the order of rows. \
             A row with a NULL argument is ignored.",
            "reply_times(sent_at, message_key, to_account, from_account, limit_micros)",
        )
        .with_argument(
            "sent_at",
            "When the message was sent: a timestamp of any unit and zone, floored to microseconds.",
        )
        .with_argument("message_key", "The hash of the message id, from id_hash().")
        .with_argument("to_account", "Whether internal people sent it to people of the account.")
        .with_argument("from_account", "Whether people of the account sent it to internal people.")
        .with_argument("limit_micros", "The longest time in microseconds that makes a reply (Int64).")
        .with_sql_example(
            "> select reply_times(t, id_hash(m), a, not a, 86400000000)[1]['reply_micros'] from (values \
             (timestamp '2026-06-01T09:00:00Z', '1', true), (timestamp '2026-06-01T09:30:00Z', '2', false)) v(t, m, a);\n1800000000",
        )
        .build(),
    }
    .into_udf()
}

fn reply_fields() -> Fields {
    Fields::from(vec![
        Field::new("message_key", KEY_TYPE, false),
        Field::new("sent_at", utc_timestamp_type(), false),
        Field::new("reply_micros", DataType::Int64, false),
    ])
}

/// The engaged messages of each group, which is one account and one conversation.
#[derive(Clone, Default)]
struct Conversations(GroupSets<Message>);

impl GroupState for Conversations {
    fn grow(&mut self, groups: usize) {
        self.0.grow(groups);
    }

    fn update(&mut self, values: &[ArrayRef], rows: &Rows) -> Result<()> {
        let sent_at = utc_micros(&values[0]);
        let keys = values[1].as_fixed_size_binary();
        let (to, from) = (values[2].as_boolean(), values[3].as_boolean());
        let limit = values[4].as_primitive::<Int64Type>();
        for (row, group) in rows.iter().filter(|(row, _)| values.iter().all(|v| v.is_valid(*row))) {
            let mut key = [0; KEY_BYTES];
            key.copy_from_slice(keys.value(row));
            let message = Message {
                sent_at: sent_at.value(row),
                key,
                to_account: to.value(row),
                from_account: from.value(row),
                limit: limit.value(row),
            };
            self.0.add(group, message);
        }
        Ok(())
    }

    fn merge(&mut self, states: &ArrayRef, rows: &Rows) -> Result<()> {
        let states = states.as_binary_view();
        for (row, group) in rows.not_null(states).iter() {
            decode(states.value(row))?.for_each(|message| self.0.add(group, message));
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let (mut keys, mut sent_at, mut took, mut lengths) = (vec![], vec![], vec![], vec![]);
        self.0.emit(emit_to, |messages| {
            let before = took.len();
            for (message, micros) in replies(messages.iter().map(|(_, m)| *m)) {
                keys.extend(message.key);
                sent_at.push(message.sent_at);
                took.push(micros);
            }
            lengths.push(took.len() - before);
        });
        let columns: Vec<ArrayRef> = vec![
            Arc::new(FixedSizeBinaryArray::try_new(KEY_BYTES as i32, keys.into(), None)?),
            Arc::new(TimestampMicrosecondArray::from(sent_at).with_timezone("UTC")),
            Arc::new(Int64Array::from(took)),
        ];
        let replies = StructArray::try_new(reply_fields(), columns, None)?;
        let field = Arc::new(Field::new_list_field(DataType::Struct(reply_fields()), true));
        Ok(Arc::new(ListArray::try_new(field, OffsetBuffer::from_lengths(lengths), Arc::new(replies), None)?))
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        self.0.emit_states(emit_to, |messages, state| {
            state.push(VERSION);
            messages.iter().for_each(|(_, m)| m.encode(state));
        })
    }

    fn size(&self) -> usize {
        self.0.size()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::BooleanArray;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::functions::testing::tester::Tester;

    const MINUTE: i64 = 60_000_000;

    fn message(minute: i64, key: u8, to_account: bool, from_account: bool) -> Message {
        Message { sent_at: minute * MINUTE, key: [key; 16], to_account, from_account, limit: 100 * MINUTE }
    }

    fn minutes(mut messages: Vec<Message>) -> Vec<(u8, i64)> {
        messages.sort();
        replies(messages.into_iter()).map(|(m, took)| (m.key[0], took / MINUTE)).collect()
    }

    #[test]
    fn the_first_answer_counts() {
        let thread =
            vec![message(0, 1, true, false), message(30, 2, false, true), message(60, 3, false, true)];
        assert_eq!(minutes(thread), [(2, 30)]);
    }

    #[test]
    fn the_same_instant_is_no_answer() {
        let thread = vec![message(0, 1, true, false), message(0, 2, false, true)];
        assert_eq!(minutes(thread), []);
        let thread = vec![
            message(0, 1, true, false),
            message(5, 2, true, false),
            message(5, 3, false, true),
            message(9, 4, false, true),
        ];
        assert_eq!(minutes(thread), [(3, 5), (4, 4)], "3 answers 1, and 4 answers 2, which came with 3");
    }

    #[test]
    fn the_limit_is_included() {
        assert_eq!(minutes(vec![message(0, 1, true, false), message(100, 2, false, true)]), [(2, 100)]);
        let late = Message { sent_at: 100 * MINUTE + 1, ..message(0, 2, false, true) };
        assert_eq!(minutes(vec![message(0, 1, true, false), late]), []);
    }

    #[test]
    fn what_is_written_can_be_read() {
        let m = Message { limit: i64::MAX, ..message(-7, 200, true, true) };
        let mut state = vec![VERSION];
        m.encode(&mut state);
        assert_eq!(decode(&state).unwrap().collect::<Vec<_>>(), [m]);
        for bad in [&state[1..], &state[..5], &[]] {
            assert!(decode(bad).is_err());
        }
    }

    /// The rule, literally: for each message from the account, search all messages.
    fn by_the_book(messages: &[Message]) -> Vec<(Key, i64)> {
        let mut replies: Vec<_> = messages
            .iter()
            .filter(|m| m.from_account)
            .filter_map(|m| {
                let before = messages.iter().map(|o| o.sent_at).filter(|t| *t < m.sent_at).max()?;
                let asked = messages.iter().any(|o| o.sent_at == before && o.to_account);
                (asked && m.sent_at - before <= m.limit).then_some((m.key, m.sent_at - before))
            })
            .collect();
        replies.sort();
        replies
    }

    proptest! {
        #[test]
        fn agrees_with_the_rule(rows in vec((0..3usize, 0..130i64, any::<(bool, bool)>()), 0..30), cuts in vec(any::<usize>(), 0..4)) {
            let messages: Vec<_> = rows.iter().zip(0..).map(|((_, minute, (to, from)), i)| message(*minute, i, *to, *from)).collect();
            let groups: Vec<_> = rows.iter().map(|r| r.0).collect();
            let keys = messages.iter().flat_map(|m| m.key).collect::<Vec<_>>();
            let columns: Vec<ArrayRef> = vec![
                Arc::new(TimestampMicrosecondArray::from_iter_values(messages.iter().map(|m| m.sent_at)).with_timezone("UTC")),
                Arc::new(FixedSizeBinaryArray::try_new(KEY_BYTES as i32, keys.into(), None).unwrap()),
                Arc::new(BooleanArray::from_iter(messages.iter().map(|m| Some(m.to_account)))),
                Arc::new(BooleanArray::from_iter(messages.iter().map(|m| Some(m.from_account)))),
                Arc::new(Int64Array::from_iter_values(messages.iter().map(|m| m.limit))),
            ];
            if rows.is_empty() {
                return Ok(());
            }
            let types: Vec<_> = columns.iter().map(|c| c.data_type().clone()).collect();
            let all = Tester::new(udaf(), &types).all_ways_agree(&columns, &groups, 3, &cuts);
            for group in 0..3 {
                let own: Vec<_> = messages.iter().zip(&groups).filter(|(_, g)| **g == group).map(|(m, _)| *m).collect();
                let list = all.as_list::<i32>().value(group);
                let replies = list.as_struct();
                let (keys, took) = (replies.column(0).as_fixed_size_binary(), replies.column(2).as_primitive::<Int64Type>());
                let mut got: Vec<(Key, i64)> = (0..replies.len()).map(|i| (keys.value(i).try_into().unwrap(), took.value(i))).collect();
                got.sort();
                prop_assert_eq!(got, by_the_book(&own));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..80)) {
            if let Ok(messages) = decode(&bytes) {
                messages.for_each(drop);
            }
        }
    }
}
