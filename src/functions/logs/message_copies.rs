//! `message_copies(message_key, sent_at, senders, recipients, conversation_id)`: gathers the copies
//! of messages in a log.
//!
//! Entry, version 2 of kind 1 (chunks begin with 0x12): message key (16 bytes), sent_at (Int64,
//! microseconds), list of conversation keys (16 bytes each), senders and recipients (parties, see
//! `bytes`). A list is its count (1 byte, or 0xff and 4 bytes) and its values. Some 55 bytes per copy.
//!
//! Copies of a message often come close together, a sender's and a recipient's of the same day. Those
//! in one chunk become one entry, which says what they say together.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, TimestampMicrosecondArray};
use datafusion::common::Result;
use datafusion::logical_expr::{AggregateUDF, Documentation};

use super::bytes::{Parties, Reader, write_list, write_parties};
use super::entry::{Entry, Gather, Keyed, PartyLists, beginning, for_each_key};
use super::group_logs::log_type;
use crate::functions::address_book::parties_type;
use crate::functions::define::{Aggregate, SECTION, expect_arguments};
use crate::functions::grouped::Accumulators;
use crate::functions::id_hash::{KEY_TYPE, Key, id_hash};
use crate::functions::is_blank::is_blank;
use crate::functions::text::{Text, text_type};
use crate::functions::utc_timestamp::{instant_type, utc_micros};

pub(super) fn udaf() -> Arc<AggregateUDF> {
    Aggregate {
        name: "message_copies",
        arguments: |types| {
            expect_arguments("message_copies", types, 5)?;
            let conversation = text_type("message_copies", &types[4])?;
            Ok(vec![KEY_TYPE, instant_type(&types[1]), parties_type(), parties_type(), conversation])
        },
        returns: |_| Ok(log_type()),
        state: |_| Ok(log_type()),
        accumulators: |_| Accumulators::of::<Gather<MessageCopy>>(),
        documentation: Documentation::builder(
            SECTION,
            "Gathers copies of messages in a log, which engaged_messages() merges. The order of rows makes no difference to what is \
             read from it.",
            "message_copies(message_key, sent_at, senders, recipients, conversation_id)",
        )
        .with_argument("message_key", "Which message, see id_hash; a copy without one is left out.")
        .with_argument("sent_at", "When it was sent: a timestamp of any unit and zone; a copy without one is left out.")
        .with_argument("senders", "Who sent it, from parties(); NULL is nobody.")
        .with_argument("recipients", "Who received it, from parties(); NULL is nobody.")
        .with_argument("conversation_id", "The thread in this copy, as text; NULL and blank are a thread of its own.")
        .with_sql_example(
            "> select engaged_messages(message_copies(id_hash('m1'), timestamp '2026-06-01T09:00:00Z', [0], [4294967297], 't'))[1]\
             ['to_account'];\ntrue",
        )
        .with_related_udf("engaged_messages")
        .build(),
    }
    .into_udf()
}

/// One copy of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct MessageCopy<'a> {
    pub(super) key: Key,
    pub(super) sent_at: i64,
    pub(super) conversations: &'a [Key],
    pub(super) senders: Parties<'a>,
    pub(super) recipients: Parties<'a>,
}

pub(super) struct Columns<'a> {
    keys: &'a FixedSizeBinaryArray,
    sent_at: TimestampMicrosecondArray,
    people: [PartyLists<'a>; 2],
    conversations: Text<'a>,
}

impl Entry for MessageCopy<'static> {
    const VERSION: u8 = 0x12;
    type Columns<'a> = Columns<'a>;
    type Read<'a> = MessageCopy<'a>;

    fn columns(values: &[ArrayRef]) -> Result<Columns<'_>> {
        Ok(Columns {
            keys: values[0].as_fixed_size_binary(),
            sent_at: utc_micros(&values[1]),
            people: [PartyLists::new(&values[2]), PartyLists::new(&values[3])],
            conversations: Text::new(&values[4])?,
        })
    }

    fn write(columns: &Columns, row: usize, entry: &mut Vec<u8>) -> Result<bool> {
        if columns.keys.is_null(row) || columns.sent_at.is_null(row) {
            return Ok(false);
        }
        entry.extend(columns.keys.value(row));
        entry.extend(columns.sent_at.value(row).to_le_bytes());
        let conversation = columns.conversations.get(row).filter(|id| !is_blank(Some(id)));
        write_list(usize::from(conversation.is_some()), conversation.map(id_hash).into_iter(), entry)?;
        columns.people.iter().try_for_each(|people| people.write(row, entry))?;
        Ok(true)
    }

    fn read<'a>(reader: &mut Reader<'a>) -> Result<MessageCopy<'a>> {
        Ok(MessageCopy {
            key: reader.key()?,
            sent_at: reader.i64()?,
            conversations: reader.list()?,
            senders: reader.parties()?,
            recipients: reader.parties()?,
        })
    }

    fn compact(chunk: &[u8]) -> Result<Option<Vec<u8>>> {
        let mut smaller = Vec::with_capacity(chunk.len());
        smaller.push(Self::VERSION);
        let (mut conversations, mut senders, mut recipients) = (vec![], vec![], vec![]);
        for_each_key::<Self>(
            [chunk].into_iter(),
            |_| true,
            |copies| {
                let mut sent_at = copies[0].sent_at;
                conversations.clear();
                senders.clear();
                recipients.clear();
                for copy in copies {
                    sent_at = sent_at.min(copy.sent_at);
                    conversations.extend(copy.conversations);
                    senders.extend(copy.senders.iter());
                    recipients.extend(copy.recipients.iter());
                }
                conversations.sort_unstable();
                conversations.dedup();
                smaller.extend(copies[0].key);
                smaller.extend(sent_at.to_le_bytes());
                write_list(conversations.len(), conversations.iter().copied(), &mut smaller)?;
                for parties in [&mut senders, &mut recipients] {
                    parties.sort_unstable();
                    parties.dedup();
                    write_parties(parties.iter().copied(), &mut smaller)?;
                }
                Ok(())
            },
        )?;
        Ok(Some(smaller))
    }
}

impl Keyed for MessageCopy<'static> {
    type Key = Key;

    fn key(copy: &MessageCopy<'_>) -> Key {
        copy.key
    }

    fn begins(copy: &MessageCopy<'_>) -> u64 {
        beginning(&copy.key)
    }
}
