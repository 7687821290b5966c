//! `engaged_messages(book, copies)`: copies merged, and credited to accounts.
//!
//! Copies of one message unite their senders, recipients and conversations; the message was sent at
//! the earliest of their times. It went *to* an account if one of ours sent it and one of the
//! account's received it, and came *from* it the other way round.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, ListArray, TimestampMicrosecondArray, new_empty_array,
};
use datafusion::arrow::datatypes::{DataType, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::columns::{Lists, conversations_type, fields, keys, parties_field, rows, rows_type};
use super::entry::for_each_key;
use super::group_logs::{chunks, log_type};
use super::message_copies::MessageCopy;
use super::sides::{self, Engaged, Merge, Role, any, people};
use crate::functions::address_book::{AddressBook, BookArgument, expect_book};
use crate::functions::define::{SECTION, Scalar, expect_arguments};
use crate::functions::id_hash::{KEY_TYPE, Key};
use crate::functions::utc_timestamp::utc_timestamp_type;

pub(super) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "engaged_messages",
        arguments: |types| {
            expect_arguments("engaged_messages", types, 2)?;
            Ok(vec![expect_book("engaged_messages", &types[0])?, log_type()])
        },
        returns: |_| Ok(rows_type(row_fields())),
        invoke,
        documentation: Documentation::builder(
            SECTION,
            "Merges the copies in a log to messages and credits them to accounts. Gives a list of structs (account_no, message_key, \
             sent_at, conversations, to_account, from_account, our_people, account_people, is_first), one per account and message \
             to or from it, in the order of message_key and account_no; is_first marks one row of each message.",
            "engaged_messages(address_book, copies)",
        )
        .with_argument("address_book", "The book that the parties in the log are from, the same for all rows.")
        .with_argument("copies", "A log from message_copies(); NULL has no copies.")
        .with_sql_example(
            "> select engaged_messages((select address_book(a, n, p) from (values ('anna@contoso.com', null, 'e1'), ('carl@acme.com', 0, 'c1')) t(a, n, p)), \
             message_copies(id_hash('m1'), timestamp '2026-06-01T09:00:00Z', [0], [1073741825], 't'))[1]['account_no'];\n0",
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
        ("conversations", conversations_type()),
        ("to_account", DataType::Boolean),
        ("from_account", DataType::Boolean),
        parties_field("our_people"),
        parties_field("account_people"),
        ("is_first", DataType::Boolean),
    ])
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let Some(book) = BookArgument::new("engaged_messages", &args.args[0])?.open()? else {
        return Ok(new_empty_array(args.return_field.data_type()));
    };
    let logs = args.args[1].to_array(args.number_rows)?;
    let logs = logs.as_list::<i32>();
    let (mut engaged, mut merged, mut lengths) = (Rows::default(), Messages::default(), vec![]);
    for row in 0..logs.len() {
        let before = engaged.account_no.len();
        merged.for_each_engaged(&book, logs, row, |message| {
            engaged.push(message);
            Ok(())
        })?;
        lengths.push(engaged.account_no.len() - before);
    }
    engaged.finish(lengths)
}

/// Copies of messages, merged.
#[derive(Default)]
pub(super) struct Messages {
    roles: Vec<Role>,
    conversations: Vec<u64>,
}

impl Merge for Messages {
    const DEALT_BY: &str = "message_engagements";

    fn for_each_engaged(
        &mut self,
        book: &AddressBook,
        logs: &ListArray,
        row: usize,
        mut f: impl FnMut(&Engaged) -> Result<()>,
    ) -> Result<()> {
        let Self { roles, conversations } = self;
        for_each_key::<MessageCopy>(chunks(logs, row), MessageCopy::has_account, |copies| {
            roles.clear();
            conversations.clear();
            let (key, mut at, mut is_first) = (copies[0].key, i64::MAX, true);
            for copy in copies {
                at = at.min(copy.sent_at);
                sides::add(roles, copy.senders(), false);
                sides::add(roles, copy.recipients(), true);
                conversations.extend(copy.conversations());
            }
            conversations.sort_unstable();
            conversations.dedup();
            sides::for_each_account(book, roles, |sides| {
                let to_account = any(sides.ours, false) && any(sides.theirs, true);
                let from_account = any(sides.theirs, false) && any(sides.ours, true);
                if to_account || from_account {
                    let meeting_micros = None;
                    f(&Engaged {
                        key,
                        at,
                        meeting_micros,
                        conversations,
                        to_account,
                        from_account,
                        is_first,
                        sides,
                    })?;
                    is_first = false;
                }
                Ok(())
            })
        })
    }
}

#[derive(Default)]
struct Rows {
    account_no: Vec<i32>,
    message_key: Vec<Key>,
    sent_at: Vec<i64>,
    conversations: Lists<u64>,
    to_account: Vec<bool>,
    from_account: Vec<bool>,
    our_people: Lists<u32>,
    account_people: Lists<u32>,
    is_first: Vec<bool>,
}

impl Rows {
    fn push(&mut self, message: &Engaged) {
        self.account_no.push(message.sides.account);
        self.message_key.push(message.key);
        self.sent_at.push(message.at);
        self.conversations.push(message.conversations.iter().copied());
        self.to_account.push(message.to_account);
        self.from_account.push(message.from_account);
        self.our_people.push(people(message.sides.ours));
        self.account_people.push(people(message.sides.theirs));
        self.is_first.push(message.is_first);
    }

    fn finish(self, lengths: Vec<usize>) -> Result<ArrayRef> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(self.account_no)),
            keys(self.message_key)?,
            Arc::new(TimestampMicrosecondArray::from(self.sent_at).with_timezone("UTC")),
            self.conversations.conversations()?,
            Arc::new(BooleanArray::from(self.to_account)),
            Arc::new(BooleanArray::from(self.from_account)),
            self.our_people.parties()?,
            self.account_people.parties()?,
            Arc::new(BooleanArray::from(self.is_first)),
        ];
        rows(row_fields(), columns, lengths)
    }
}
