//! `list_engaged_messages(address_book, copies)`: merges copies into messages and credits these to accounts.
//!
//! The senders, recipients and conversations of a message are the unions over its copies; the earliest
//! `sent_at` is used. A message is *to* an account if a sender is internal and a recipient belongs to the
//! account. It is *from* the account if a sender belongs to the account and a recipient is internal.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, ListArray, TimestampMicrosecondArray, new_empty_array,
};
use datafusion::arrow::datatypes::{DataType, Fields};
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::buffer::{buffer_type, chunks};
use super::credit::{self, Engaged, Merge, Role, any, people};
use super::message_copies::MessageCopy;
use super::record::for_each_key;
use super::struct_lists::{Lists, conversations_type, fields, keys, people_field, rows, rows_type};
use crate::functions::address::book::{AddressBook, BookArgument, expect_book};
use crate::functions::id_hash::{KEY_TYPE, Key};
use crate::functions::time::utc_timestamp_type;
use crate::functions::udf::declare::{INSPECTION, Scalar, expect_arguments};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "list_engaged_messages",
        arguments: |types| {
            expect_arguments("list_engaged_messages", types, 2)?;
            Ok(vec![expect_book("list_engaged_messages", &types[0])?, buffer_type()])
        },
        returns: |_| Ok(rows_type(row_fields())),
        invoke,
        documentation: Documentation::builder(
            INSPECTION,
            "Merges the copies in a buffer into messages and credits these to accounts. Returns a list of \
             structs (account_no, message_key, sent_at, conversations, to_account, from_account, \
             internal_people, account_people, is_first, is_only), one per account and message to or from it, ordered \
             by message_key and account_no. Conversations are 64-bit hashes, people are sorted lists of \
             person numbers. is_first is true in exactly one row of each engaged message, \
             is_only if it is not credited to another account.",
            "list_engaged_messages(address_book, copies)",
        )
        .with_argument(
            "address_book",
            "The address book that the person numbers in the buffer come from; the same for all rows.",
        )
        .with_argument("copies", "A buffer from message_copies(); NULL has no copies.")
        .with_sql_example(
            "> select list_engaged_messages((select address_book(a, n, p) from (values ('anna@contoso.com', null, 'e1'), ('carl@acme.com', 0, 'c1')) t(a, n, p)), \
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
        people_field("internal_people"),
        people_field("account_people"),
        ("is_first", DataType::Boolean),
        ("is_only", DataType::Boolean),
    ])
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let Some(book) = BookArgument::new("list_engaged_messages", &args.args[0])?.open()? else {
        return Ok(new_empty_array(args.return_field.data_type()));
    };
    let buffers = args.args[1].to_array(args.number_rows)?;
    let buffers = buffers.as_list::<i32>();
    let (mut engaged, mut merged, mut lengths) = (Rows::default(), Messages::default(), vec![]);
    for row in 0..buffers.len() {
        let before = engaged.account_no.len();
        merged.for_each_engaged(&book, buffers, row, |message| {
            engaged.push(message);
            Ok(())
        })?;
        lengths.push(engaged.account_no.len() - before);
    }
    engaged.finish(lengths)
}

/// Merges copies into messages. The vectors are reused for the next message.
#[derive(Default)]
pub(crate) struct Messages {
    roles: Vec<Role>,
    conversations: Vec<u64>,
}

impl Merge for Messages {
    const PARTITIONED_BY: &str = "credit_messages";

    fn for_each_engaged(
        &mut self,
        book: &AddressBook,
        buffers: &ListArray,
        row: usize,
        mut f: impl FnMut(&Engaged) -> Result<()>,
    ) -> Result<()> {
        let Self { roles, conversations } = self;
        for_each_key::<MessageCopy>(chunks(buffers, row), MessageCopy::has_account, |copies| {
            roles.clear();
            conversations.clear();
            let (key, mut at, mut is_first) = (copies[0].key, i64::MAX, true);
            for copy in copies {
                at = at.min(copy.sent_at);
                credit::add(roles, copy.senders(), false);
                credit::add(roles, copy.recipients(), true);
                conversations.extend(copy.conversations());
            }
            conversations.sort_unstable();
            conversations.dedup();
            credit::for_each_account(book, roles, |sides| {
                let to_account = any(sides.internal, false) && any(sides.external, true);
                let from_account = any(sides.external, false) && any(sides.internal, true);
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
    internal_people: Lists<u32>,
    account_people: Lists<u32>,
    is_first: Vec<bool>,
    is_only: Vec<bool>,
}

impl Rows {
    fn push(&mut self, message: &Engaged) {
        self.account_no.push(message.sides.account);
        self.message_key.push(message.key);
        self.sent_at.push(message.at);
        self.conversations.push(message.conversations.iter().copied());
        self.to_account.push(message.to_account);
        self.from_account.push(message.from_account);
        self.internal_people.push(people(message.sides.internal));
        self.account_people.push(people(message.sides.external));
        self.is_first.push(message.is_first);
        // The rows of a message are adjacent.
        if !message.is_first {
            self.is_only.last_mut().into_iter().for_each(|is_only| *is_only = false);
        }
        self.is_only.push(message.is_first);
    }

    fn finish(self, lengths: Vec<usize>) -> Result<ArrayRef> {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(self.account_no)),
            keys(self.message_key)?,
            Arc::new(TimestampMicrosecondArray::from(self.sent_at).with_timezone("UTC")),
            self.conversations.conversations()?,
            Arc::new(BooleanArray::from(self.to_account)),
            Arc::new(BooleanArray::from(self.from_account)),
            self.internal_people.people()?,
            self.account_people.people()?,
            Arc::new(BooleanArray::from(self.is_first)),
            Arc::new(BooleanArray::from(self.is_only)),
        ];
        rows(row_fields(), columns, lengths)
    }
}
