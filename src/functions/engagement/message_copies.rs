//! `message_copies(message_key, sent_at, senders, recipients, conversation_id)`: collects copies of messages
//! in a buffer.
//!
//! A record, version 4 of kind 1 (chunks begin with 0x14), contains: message key (16 bytes), sent_at (Int64,
//! microseconds since 1970-01-01 UTC), counts, conversation hashes (8 bytes each), senders, and recipients.
//! Counts and person numbers are described in [`codec`](super::codec). A copy takes about 45 bytes.
//!
//! Conversations are compared only within one account, so that 64-bit hashes are sufficient: among a million
//! conversations of one account, the probability that two have the same hash is about 3·10^-8.
//!
//! Copies of one message are often close together in the input, for example those of the sender and the
//! recipient if mail is stored by day. Copies of one message in the same chunk are merged into one record:
//! the unions of their lists, and the earliest `sent_at`.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, TimestampMicrosecondArray};
use datafusion::common::Result;
use datafusion::logical_expr::{AggregateUDF, Documentation};
use xxhash_rust::xxh3::xxh3_64;

use super::buffer::buffer_type;
use super::codec::{Lists, PeopleSlice, Reader, Writer, damaged};
use super::record::{Gather, Keyed, PeopleLists, Record, beginning, reader};
use crate::functions::address::book::people_type;
use crate::functions::id_hash::{KEY_BYTES, KEY_TYPE, Key};
use crate::functions::is_blank::is_blank;
use crate::functions::time::{instant_type, utc_micros};
use crate::functions::udf::declare::{Aggregate, STEPS, expect_arguments};
use crate::functions::udf::grouped::{Accumulators, Rows};
use crate::functions::udf::sets::sort_from;
use crate::functions::udf::strings::{Text, text_type};

pub(crate) fn udaf() -> Arc<AggregateUDF> {
    Aggregate {
        name: "message_copies",
        arguments: |types| {
            expect_arguments("message_copies", types, 5)?;
            let conversation = text_type("message_copies", &types[4])?;
            Ok(vec![KEY_TYPE, instant_type(&types[1]), people_type(), people_type(), conversation])
        },
        returns: |_| Ok(buffer_type()),
        state: |_| Ok(buffer_type()),
        accumulators: |_| Accumulators::of::<Gather<MessageCopy>>(),
        documentation: Documentation::builder(
            STEPS,
            "Collects copies of messages in a buffer, which credit_messages() and list_engaged_messages() \
             merge. The order of rows does not change what is computed from the buffer.",
            "message_copies(message_key, sent_at, senders, recipients, conversation_id)",
        )
        .with_argument(
            "message_key",
            "The hash of the message id, from id_hash(); a copy in which it is NULL is ignored.",
        )
        .with_argument(
            "sent_at",
            "When it was sent: a timestamp of any unit and zone; a copy in which it is NULL is ignored.",
        )
        .with_argument(
            "senders",
            "The person numbers of the senders, from lookup_people(); NULL is an empty list.",
        )
        .with_argument(
            "recipients",
            "The person numbers of the recipients, from lookup_people(); NULL is an empty list.",
        )
        .with_argument(
            "conversation_id",
            "The conversation of this copy, as text. If it is NULL or blank, the copy adds no conversation \
             to its message; a message without a conversation is neither a reply nor answered.",
        )
        .with_sql_example(
            "> select list_engaged_messages((select address_book(a, n, p) from (values ('anna@contoso.com', null, 'e1'), ('carl@acme.com', 0, 'c1')) t(a, n, p)), \
             message_copies(id_hash('m1'), timestamp '2026-06-01T09:00:00Z', [0], [1073741825], 't'))[1]['to_account'];\ntrue",
        )
        .with_related_udf("list_engaged_messages")
        .build(),
    }
    .into_udf()
}

/// One copy of a message, or several copies that compaction has merged. Its lists are borrowed from the
/// buffer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MessageCopy<'a> {
    pub(crate) key: Key,
    pub(crate) sent_at: i64,
    /// Conversation hashes, senders, recipients.
    lists: Lists<'a, CONVERSATION>,
}

impl<'a> MessageCopy<'a> {
    #[inline]
    pub(crate) fn conversations(&self) -> impl Iterator<Item = u64> + 'a {
        self.lists.first().iter().map(|key| u64::from_le_bytes(*key))
    }

    #[inline]
    pub(crate) fn senders(&self) -> PeopleSlice<'a> {
        self.lists.people(1)
    }

    #[inline]
    pub(crate) fn recipients(&self) -> PeopleSlice<'a> {
        self.lists.people(2)
    }

    /// Whether at least one sender or recipient belongs to an account.
    #[inline]
    pub(crate) fn has_account(&self) -> bool {
        self.senders().has_account() || self.recipients().has_account()
    }
}

pub(crate) struct Columns<'a> {
    keys: &'a FixedSizeBinaryArray,
    sent_at: TimestampMicrosecondArray,
    people: [PeopleLists<'a>; 2],
    conversations: Vec<Option<u64>>,
}

/// The size of the hash of a conversation, in bytes.
pub(crate) const CONVERSATION: usize = size_of::<u64>();

/// The hashes of the conversation ids of `rows`, by row; `None` for a NULL or blank id, and for the rows that
/// are not in `rows`. `length` is the number of rows of the column. All hashes are computed in one loop: they
/// do not depend on each other, so that the CPU can overlap them.
fn keys(ids: &Text, rows: &Rows, length: usize) -> Vec<Option<u64>> {
    let key = |id: Option<&str>| id.filter(|id| !is_blank(Some(id))).map(|id| xxh3_64(id.as_bytes()));
    let mut keys = vec![None; length];
    // The encoding of the text is matched once, and not for each row.
    match ids {
        Text::View(ids) => rows.iter().for_each(|(row, _)| {
            keys[row] = key(ids.is_valid(row).then(|| ids.value(row)));
        }),
        _ => rows.iter().for_each(|(row, _)| keys[row] = key(ids.get(row))),
    }
    keys
}

impl Record for MessageCopy<'static> {
    const VERSION: u8 = 0x14;
    type Columns<'a> = Columns<'a>;
    type Read<'a> = MessageCopy<'a>;

    fn columns<'a>(values: &'a [ArrayRef], rows: &Rows) -> Result<Columns<'a>> {
        Ok(Columns {
            keys: values[0].as_fixed_size_binary(),
            sent_at: utc_micros(&values[1]),
            people: [PeopleLists::new(&values[2]), PeopleLists::new(&values[3])],
            conversations: keys(&Text::new(&values[4])?, rows, values[4].len()),
        })
    }

    fn write(columns: &Columns, row: usize, entry: &mut Writer) -> Result<()> {
        if columns.keys.is_null(row) || columns.sent_at.is_null(row) {
            return Ok(());
        }
        let Some(key) = columns.keys.value(row).first_chunk() else { return Ok(()) };
        let at = write_numbers(key, columns.sent_at.value(row), entry);
        let conversation = &columns.conversations[row];
        if let Some(key) = conversation {
            entry.value(key.to_le_bytes());
        }
        let [senders, recipients] = &columns.people;
        let [senders, recipients] = [senders.write(row, entry), recipients.write(row, entry)];
        entry.counts([usize::from(conversation.is_some()), senders, recipients], at)
    }

    #[inline]
    fn read<'a>(reader: &mut Reader<'a>) -> Option<MessageCopy<'a>> {
        Some(MessageCopy { key: reader.key()?, sent_at: reader.i64()?, lists: reader.lists()? })
    }

    /// Merges the copies of each message into one record.
    fn compact(chunk: &[u8], smaller: &mut Vec<u8>) -> Result<bool> {
        if chunk.len() > LEAST << NUMBER_BITS {
            return Ok(false);
        }
        // keys: the first bits of each message key, followed by the number of its copy. bounds: the position
        // at which each copy begins, and the end of the last one.
        let (mut keys, mut bounds) = (Vec::with_capacity(chunk.len() / 32), vec![1]);
        let mut rest = reader::<Self>(chunk)?;
        while !rest.is_empty() {
            let beginning = beginning(&Self::read(&mut rest).ok_or_else(damaged)?.key);
            keys.push(beginning >> (63 - BEGINNING_BITS) << NUMBER_BITS | keys.len() as u64);
            bounds.push(chunk.len() - rest.0.len());
        }
        keys.sort_unstable();
        smaller.push(Self::VERSION);
        let (mut merged, mut entry) = (Merged::default(), Writer::default());
        for alike in keys.chunk_by(|a, b| a >> NUMBER_BITS == b >> NUMBER_BITS) {
            let numbers = alike.iter().map(|key| (key & ((1 << NUMBER_BITS) - 1)) as usize);
            let copies = numbers.map(|number| &chunk[bounds[number]..bounds[number + 1]]);
            if alike.len() > 1 && merged.merge(copies.clone())? {
                entry.clear();
                merged.write(&mut entry)?;
                smaller.extend_from_slice(entry.written());
            } else {
                copies.for_each(|copy| smaller.extend_from_slice(copy));
            }
        }
        Ok(true)
    }
}

/// The smallest size of a copy, in bytes.
const LEAST: usize = KEY_BYTES + 8 + 3;
/// The number of bits for the number of a copy in its chunk. A chunk that can contain more copies is not
/// compacted.
const NUMBER_BITS: u32 = 16;
/// The number of bits that remain for the beginning of the message key.
const BEGINNING_BITS: u32 = u64::BITS - NUMBER_BITS;

/// The union of the copies of one message. The vectors are reused for the next message.
#[derive(Default)]
struct Merged {
    key: Key,
    sent_at: i64,
    conversations: Vec<u64>,
    senders: Vec<u32>,
    recipients: Vec<u32>,
}

impl Merged {
    /// Merges copies whose keys begin with the same bits. Returns false if they are not all of one message.
    ///
    /// # Errors
    /// A damaged copy.
    fn merge<'a>(&mut self, copies: impl Iterator<Item = &'a [u8]>) -> Result<bool> {
        self.conversations.clear();
        self.senders.clear();
        self.recipients.clear();
        let mut last: Option<MessageCopy> = None;
        for copy in copies {
            let copy = MessageCopy::read(&mut Reader(copy)).ok_or_else(damaged)?;
            if last.is_some_and(|last| copy.key != last.key) {
                return Ok(false);
            }
            self.key = copy.key;
            self.sent_at = last.map_or(copy.sent_at, |_| self.sent_at.min(copy.sent_at));
            // Most copies differ only in their own mailbox: a list that equals the one before is not added
            // again.
            if last.is_none_or(|last| copy.lists.first() != last.lists.first()) {
                self.conversations.extend(copy.conversations());
            }
            if last.is_none_or(|last| copy.senders() != last.senders()) {
                self.senders.extend(copy.senders().iter());
            }
            if last.is_none_or(|last| copy.recipients() != last.recipients()) {
                self.recipients.extend(copy.recipients().iter());
            }
            last = Some(copy);
        }
        Ok(true)
    }

    fn write(&mut self, entry: &mut Writer) -> Result<()> {
        sort_from(&mut self.conversations, 0);
        sort_from(&mut self.senders, 0);
        sort_from(&mut self.recipients, 0);
        let at = write_numbers(&self.key, self.sent_at, entry);
        let conversations = entry.list(self.conversations.iter().map(|key| key.to_le_bytes()));
        let people = [&self.senders, &self.recipients].map(|people| entry.people(people.iter().copied()));
        entry.counts([conversations, people[0], people[1]], at)
    }
}

/// Writes the part of a record that is before its lists. Returns the position of its counts.
#[inline]
fn write_numbers(key: &Key, sent_at: i64, entry: &mut Writer) -> usize {
    entry.value(*key);
    entry.value(sent_at.to_le_bytes());
    entry.leave_counts()
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
