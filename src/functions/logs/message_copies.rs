//! `message_copies(message_key, sent_at, senders, recipients, conversation_id)`: gathers the copies
//! of messages in a log.
//!
//! Entry, version 4 of kind 1 (chunks begin with 0x14): message key (16 bytes), sent_at (Int64,
//! microseconds), counts (see `bytes`), conversation keys (8 bytes each), senders and recipients (parties,
//! see `bytes`). Some 45 bytes per copy.
//!
//! Conversations are compared within an account only, so 64 bits tell them apart: of an account with a
//! million of them, two are taken for one with a probability of 3·10^-8.
//!
//! Copies of a message often come close together, a sender's and a recipient's of the same day. Those
//! in one chunk become one entry, which says what they say together.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, FixedSizeBinaryArray, TimestampMicrosecondArray};
use datafusion::common::Result;
use datafusion::logical_expr::{AggregateUDF, Documentation};
use xxhash_rust::xxh3::xxh3_64;

use super::bytes::{Lists, Parties, Reader, Writer, damaged};
use super::entry::{Entry, Gather, Keyed, PartyLists, beginning, reader};
use super::group_logs::log_type;
use crate::functions::address_book::parties_type;
use crate::functions::define::{Aggregate, SECTION, expect_arguments};
use crate::functions::grouped::{Accumulators, Rows};
use crate::functions::id_hash::{KEY_BYTES, KEY_TYPE, Key};
use crate::functions::is_blank::is_blank;
use crate::functions::sets::sort_from;
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
            "> select engaged_messages((select address_book(a, n, p) from (values ('anna@contoso.com', null, 'e1'), ('carl@acme.com', 0, 'c1')) t(a, n, p)), \
             message_copies(id_hash('m1'), timestamp '2026-06-01T09:00:00Z', [0], [1073741825], 't'))[1]['to_account'];\ntrue",
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
    /// Conversations, senders, recipients.
    lists: Lists<'a, CONVERSATION>,
}

impl<'a> MessageCopy<'a> {
    #[inline]
    pub(super) fn conversations(&self) -> impl Iterator<Item = u64> + 'a {
        self.lists.first().iter().map(|key| u64::from_le_bytes(*key))
    }

    #[inline]
    pub(super) fn senders(&self) -> Parties<'a> {
        self.lists.parties(1)
    }

    #[inline]
    pub(super) fn recipients(&self) -> Parties<'a> {
        self.lists.parties(2)
    }

    /// Whether somebody of an account sent or received it.
    #[inline]
    pub(super) fn has_account(&self) -> bool {
        self.senders().has_account() || self.recipients().has_account()
    }
}

pub(super) struct Columns<'a> {
    keys: &'a FixedSizeBinaryArray,
    sent_at: TimestampMicrosecondArray,
    people: [PartyLists<'a>; 2],
    conversations: Vec<Option<u64>>,
}

/// The size of the key of a conversation.
pub(super) const CONVERSATION: usize = size_of::<u64>();

/// The keys of the conversations of some rows of a column; blank is none. All at once: the processor need
/// not wait for one hash before it begins the next.
fn keys(ids: &Text, rows: &Rows, length: usize) -> Vec<Option<u64>> {
    let key = |id: Option<&str>| id.filter(|id| !is_blank(Some(id))).map(|id| xxh3_64(id.as_bytes()));
    let mut keys = vec![None; length];
    // Asked for once, and not for each row, what kind of text it is.
    match ids {
        Text::View(ids) => rows.iter().for_each(|(row, _)| {
            keys[row] = key(ids.is_valid(row).then(|| ids.value(row)));
        }),
        _ => rows.iter().for_each(|(row, _)| keys[row] = key(ids.get(row))),
    }
    keys
}

impl Entry for MessageCopy<'static> {
    const VERSION: u8 = 0x14;
    type Columns<'a> = Columns<'a>;
    type Read<'a> = MessageCopy<'a>;

    fn columns<'a>(values: &'a [ArrayRef], rows: &Rows) -> Result<Columns<'a>> {
        Ok(Columns {
            keys: values[0].as_fixed_size_binary(),
            sent_at: utc_micros(&values[1]),
            people: [PartyLists::new(&values[2]), PartyLists::new(&values[3])],
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

    /// Copies of a message become one.
    fn compact(chunk: &[u8], smaller: &mut Vec<u8>) -> Result<bool> {
        if chunk.len() > LEAST << NUMBER_BITS {
            return Ok(false);
        }
        // The beginning of each key with the number of its copy; where copies begin, and the last ends.
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

/// How many bytes a copy has at least.
const LEAST: usize = KEY_BYTES + 8 + 3;
/// A chunk that is compacted is so small that the number of a copy in it takes so many bits,
const NUMBER_BITS: u32 = 16;
/// which leaves so many for the beginning of its key.
const BEGINNING_BITS: u32 = u64::BITS - NUMBER_BITS;

/// Copies of one message.
#[derive(Default)]
struct Merged {
    key: Key,
    sent_at: i64,
    conversations: Vec<u64>,
    senders: Vec<u32>,
    recipients: Vec<u32>,
}

impl Merged {
    /// Merges copies; false if they are not all of one message.
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
            // Most copies say the same of all but their own mailbox.
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
        let people = [&self.senders, &self.recipients].map(|people| entry.parties(people.iter().copied()));
        entry.counts([conversations, people[0], people[1]], at)
    }
}

/// Writes an entry up to its lists; gives the place of its counts.
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
