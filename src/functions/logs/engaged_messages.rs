//! `engaged_messages(copies)`: copies merged, and credited to accounts.
//!
//! Copies of one message unite their senders, recipients and conversations; the message was sent at
//! the earliest of their times. It went *to* an account if one of ours sent it and one of the
//! account's received it, and came *from* it the other way round.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{DataType, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::columns::{Lists, fields, keys, keys_type, parties_field, rows, rows_type};
use super::entry;
use super::group_logs::log_type;
use super::message_copies::MessageCopy;
use super::sides::{self, Role, Sides, any, people};
use crate::functions::define::{SECTION, Scalar, expect_arguments};
use crate::functions::id_hash::{KEY_TYPE, Key};
use crate::functions::utc_timestamp::utc_timestamp_type;

pub(super) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "engaged_messages",
        arguments: |types| {
            expect_arguments("engaged_messages", types, 1)?;
            Ok(vec![log_type()])
        },
        returns: |_| Ok(rows_type(row_fields())),
        invoke,
        documentation: Documentation::builder(
            SECTION,
            "Merges the copies in a log to messages and credits them to accounts. Gives a list of structs (account_no, message_key, \
             sent_at, conversations, to_account, from_account, our_people, account_people, is_first), one per account and message \
             to or from it, in the order of message_key and account_no; is_first marks one row of each message.",
            "engaged_messages(copies)",
        )
        .with_argument("copies", "A log from message_copies(); NULL has no copies.")
        .with_sql_example(
            "> select engaged_messages(message_copies(id_hash('m1'), timestamp '2026-06-01T09:00:00Z', [0], [4294967297], 't'))[1]\
             ['account_no'];\n0",
        )
        .with_related_udf("message_copies")
        .build(),
    }
    .into_udf()
}

fn row_fields() -> Fields {
    fields([
        ("account_no", DataType::Int32),
        ("message_key", KEY_TYPE),
        ("sent_at", utc_timestamp_type()),
        ("conversations", keys_type()),
        ("to_account", DataType::Boolean),
        ("from_account", DataType::Boolean),
        parties_field("our_people"),
        parties_field("account_people"),
        ("is_first", DataType::Boolean),
    ])
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let logs = args.args[0].to_array(args.number_rows)?;
    let logs = logs.as_list::<i32>();
    let (mut engaged, mut lengths) = (Rows::default(), vec![]);
    let (mut copies, mut order) = (vec![], vec![]);
    for row in 0..logs.len() {
        let before = engaged.account_no.len();
        copies.clear();
        entry::for_each::<MessageCopy>(logs, row, |copy| copies.push(copy))?;
        order.clear();
        order.extend((0u32..).zip(&copies).map(|(i, copy)| (u128::from_be_bytes(copy.key), i)));
        order.sort_unstable();
        for same in order.chunk_by(|a, b| a.0 == b.0) {
            engaged.push_message(same.iter().map(|(_, i)| &copies[*i as usize]));
        }
        lengths.push(engaged.account_no.len() - before);
    }
    engaged.finish(lengths)
}

#[derive(Default)]
struct Rows {
    account_no: Vec<i32>,
    message_key: Vec<Key>,
    sent_at: Vec<i64>,
    conversations: Lists<Key>,
    to_account: Vec<bool>,
    from_account: Vec<bool>,
    our_people: Lists<u64>,
    account_people: Lists<u64>,
    is_first: Vec<bool>,
    roles: Vec<Role>,
    threads: Vec<Key>,
}

impl Rows {
    /// The copies of one message, at least one.
    fn push_message<'a>(&mut self, copies: impl Iterator<Item = &'a MessageCopy<'a>>) {
        let (mut roles, mut threads) = (std::mem::take(&mut self.roles), std::mem::take(&mut self.threads));
        roles.clear();
        threads.clear();
        let (mut key, mut sent_at) = (None, i64::MAX);
        for copy in copies {
            key = Some(copy.key);
            sent_at = sent_at.min(copy.sent_at);
            sides::add(&mut roles, copy.senders, false);
            sides::add(&mut roles, copy.recipients, true);
            threads.extend(copy.conversations);
        }
        threads.sort_unstable();
        threads.dedup();
        if let Some(key) = key {
            let mut is_first = true;
            sides::for_each_account(&mut roles, |sides| {
                is_first &= !self.push_account(key, sent_at, &threads, is_first, sides);
            });
        }
        (self.roles, self.threads) = (roles, threads);
    }

    /// Credits the account, if the message went to it or came from it.
    fn push_account(
        &mut self,
        key: Key,
        sent_at: i64,
        threads: &[Key],
        is_first: bool,
        sides: Sides,
    ) -> bool {
        let to_account = any(sides.ours, false) && any(sides.theirs, true);
        let from_account = any(sides.theirs, false) && any(sides.ours, true);
        if !to_account && !from_account {
            return false;
        }
        self.account_no.push(sides.account);
        self.message_key.push(key);
        self.sent_at.push(sent_at);
        self.conversations.push(threads.iter().copied());
        self.to_account.push(to_account);
        self.from_account.push(from_account);
        self.our_people.push(people(sides.ours));
        self.account_people.push(people(sides.theirs));
        self.is_first.push(is_first);
        true
    }

    fn finish(self, lengths: Vec<usize>) -> Result<ArrayRef> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(self.account_no)),
            keys(self.message_key)?,
            Arc::new(TimestampMicrosecondArray::from(self.sent_at).with_timezone("UTC")),
            self.conversations.keys()?,
            Arc::new(BooleanArray::from(self.to_account)),
            Arc::new(BooleanArray::from(self.from_account)),
            self.our_people.parties()?,
            self.account_people.parties()?,
            Arc::new(BooleanArray::from(self.is_first)),
        ];
        rows(row_fields(), columns, lengths)
    }
}
