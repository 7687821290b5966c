//! `account_days(engagements, reply_limit_micros [, is_within_month])`: the engagements of each account, summed by day.
//!
//! A message from the account is a reply if, in one of its conversations, a message to the account was sent
//! at the last earlier instant, and the time between the two is at most the limit (see
//! [`reply_times`](super::reply_times)). If it is a reply in several conversations, it counts once, with the
//! shortest time. A reply belongs to the day on which it was sent. If `is_within_month` is true, the messages of each
//! calendar month are looked at by themselves.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int32Array, Int64Array};
use datafusion::arrow::datatypes::{DataType, Fields, Int64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::buffer::{buffer_type, chunks};
use super::engagements::Engagement;
use super::record::InOrder;
use super::reply_times::{Message, replies};
use super::struct_lists::{Lists, fields, micros, micros_type, people_field, rows, rows_type};
use crate::functions::time::month_start;
use crate::functions::udf::declare::{STEPS, Scalar, expect_arguments};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "account_days",
        arguments: |types| {
            let with_month = types.len() == 3;
            expect_arguments("account_days", types, if with_month { 3 } else { 2 })?;
            let required = [buffer_type(), DataType::Int64];
            Ok(required.into_iter().chain(with_month.then_some(DataType::Boolean)).collect())
        },
        returns: |_| Ok(days_type()),
        invoke,
        documentation: Documentation::builder(
            STEPS,
            "Sums the engagements of each account by day. Returns a list of structs (account_no, day, \
             emails, emails_to, emails_from, meetings, meetings_to, meetings_from, meeting_micros, replies, \
             reply_micros, internal_email_people, account_email_people, internal_meeting_people, \
             account_meeting_people), one per account and day with engagement, ordered by account_no and \
             day. Times are in microseconds, people are sorted lists of person numbers.",
            "account_days(engagements, reply_limit_micros [, is_within_month])",
        )
        .with_argument(
            "engagements",
            "A buffer from engagements(), credit_messages() or credit_meetings(); NULL has no engagements.",
        )
        .with_argument(
            "reply_limit_micros",
            "The longest time in microseconds that makes a reply (Int64); NULL is an error.",
        )
        .with_argument(
            "is_within_month",
            "Whether a message counts as a reply only to a message of the same calendar month; false by default, NULL is \
             false.",
        )
        .with_sql_example(
            "> select account_days(engagements(7, date '2026-06-01', timestamp '2026-06-01T09:00:00Z', true, false, null, [0], \
             [1073741825], null), 0)[1]['internal_email_people'];\n[0]",
        )
        .with_related_udf("account_periods")
        .build(),
    }
    .into_udf()
}

/// The type of a list of days, one struct per account and day.
pub(crate) fn days_type() -> DataType {
    rows_type(day_fields())
}

fn day_fields() -> Fields {
    fields([
        ("account_no", DataType::Int32),
        ("day", DataType::Date32),
        ("emails", DataType::Int64),
        ("emails_to", DataType::Int64),
        ("emails_from", DataType::Int64),
        ("meetings", DataType::Int64),
        ("meetings_to", DataType::Int64),
        ("meetings_from", DataType::Int64),
        ("meeting_micros", micros_type()),
        ("replies", DataType::Int64),
        ("reply_micros", micros_type()),
        people_field("internal_email_people"),
        people_field("account_email_people"),
        people_field("internal_meeting_people"),
        people_field("account_meeting_people"),
    ])
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let buffers = args.args[0].to_array(args.number_rows)?;
    let buffers = buffers.as_list::<i32>();
    let limits = args.args[1].to_array(args.number_rows)?;
    let limits = limits.as_primitive::<Int64Type>();
    if limits.null_count() > 0 {
        return exec_err!("account_days needs a limit for replies");
    }
    let within = args.args.get(2).map(|within| within.to_array(args.number_rows)).transpose()?;
    let is_within_month =
        |row| within.as_ref().is_some_and(|of| of.is_valid(row) && of.as_boolean().value(row));
    let (mut days, mut lengths) = (Days::default(), vec![]);
    let (mut in_order, mut engagements) = (InOrder::default(), vec![]);
    for row in 0..buffers.len() {
        let before = days.account_no.len();
        in_order
            .sort::<Engagement>(chunks(buffers, row), |e| ascending(e.account) << 32 | ascending(e.day))?;
        for account in in_order.groups(32) {
            engagements.clear();
            for place in account {
                engagements.push(in_order.read::<Engagement>(place)?);
            }
            if is_within_month(row) {
                let months = engagements.chunk_by(|a, b| month_start(a.day) == month_start(b.day));
                months.for_each(|month| days.push_account(month, limits.value(row)));
            } else {
                days.push_account(&engagements, limits.value(row));
            }
        }
        lengths.push(days.account_no.len() - before);
    }
    days.finish(lengths)
}

/// Maps an Int32 to an unsigned number below 2^32 and preserves the order.
fn ascending(number: i32) -> u64 {
    u64::from(number as u32 ^ 1 << 31)
}

#[derive(Default)]
struct Days {
    account_no: Vec<i32>,
    day: Vec<i32>,
    /// One column each: emails, emails_to, emails_from, meetings, meetings_to, meetings_from, replies.
    counts: [Vec<i64>; 7],
    meeting_micros: Vec<i128>,
    reply_micros: Vec<i128>,
    /// The internal people and the account's people in emails, then in meetings.
    people: [Lists<u32>; 4],
    reply_times: ReplyTimes,
}

impl Days {
    /// Adds engagements of one account, which are ordered by day. Replies are found among them. `limit` is in
    /// microseconds.
    fn push_account(&mut self, account: &[Engagement], limit: i64) {
        let mut reply_times = std::mem::take(&mut self.reply_times);
        reply_times.compute(account, limit);
        let mut at = 0;
        for day in account.chunk_by(|a, b| a.day == b.day) {
            self.push_day(day, &reply_times.shortest[at..at + day.len()]);
            at += day.len();
        }
        self.reply_times = reply_times;
    }

    /// Adds one day of an account. `reply_times` has an item for each engagement of the day: the reply time
    /// in microseconds, or `None` if it is not a reply.
    fn push_day(&mut self, day: &[Engagement], reply_times: &[Option<i64>]) {
        self.account_no.push(day[0].account);
        self.day.push(day[0].day);
        let mut counts = [0; 7];
        let mut micros = 0;
        for e in day {
            let first = if e.is_meeting() { 3 } else { 0 };
            counts[first] += 1;
            counts[first + 1] += i64::from(e.to_account);
            counts[first + 2] += i64::from(e.from_account);
            micros = e.meeting_micros().saturating_add(micros);
        }
        counts[6] = reply_times.iter().flatten().count() as i64;
        self.counts.iter_mut().zip(counts).for_each(|(column, count)| column.push(count));
        self.meeting_micros.push(micros);
        self.reply_micros.push(reply_times.iter().flatten().map(|t| i128::from(*t)).sum());
        let [internal_email, account_email, internal_meeting, account_meeting] = &mut self.people;
        for e in day {
            let (internal, account) = if e.is_meeting() {
                (&mut *internal_meeting, &mut *account_meeting)
            } else {
                (&mut *internal_email, &mut *account_email)
            };
            internal.add(e.internal_people().iter());
            account.add(e.account_people().iter());
        }
        self.people.iter_mut().for_each(Lists::end_set);
    }

    fn finish(self, lengths: Vec<usize>) -> Result<ArrayRef> {
        let [emails, emails_to, emails_from, meetings, meetings_to, meetings_from, replies] =
            self.counts.map(|counts| Arc::new(Int64Array::from(counts)) as ArrayRef);
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(self.account_no)),
            Arc::new(Date32Array::from(self.day)),
            emails,
            emails_to,
            emails_from,
            meetings,
            meetings_to,
            meetings_from,
            micros(self.meeting_micros),
            replies,
            micros(self.reply_micros),
        ];
        for people in self.people {
            columns.push(people.people()?);
        }
        rows(day_fields(), columns, lengths)
    }
}

/// The replies of one account. The vectors are reused for the next account.
#[derive(Default)]
struct ReplyTimes {
    /// One item per engagement: the shortest reply time in microseconds, or `None` if it is not a reply.
    shortest: Vec<Option<i64>>,
    /// One item per message and conversation: the hash of the conversation, the index of the message.
    records: Vec<(u64, u32)>,
    /// The messages of one conversation.
    thread: Vec<Message<usize>>,
}

impl ReplyTimes {
    fn compute(&mut self, account: &[Engagement], limit: i64) {
        let Self { shortest, records, thread } = self;
        shortest.clear();
        shortest.resize(account.len(), None);
        // A reply needs a message to the account and a message from it.
        if !account.iter().any(|e| e.to_account) || !account.iter().any(|e| e.from_account) {
            return;
        }
        records.clear();
        for (message, e) in (0..).zip(account) {
            records.extend(e.conversations().map(|key| (key, message)));
        }
        records.sort_unstable();
        for messages in records.chunk_by(|a, b| a.0 == b.0).filter(|messages| messages.len() > 1) {
            thread.clear();
            thread.extend(messages.iter().map(|(_, message)| {
                let e = &account[*message as usize];
                let (key, to_account, from_account) = (*message as usize, e.to_account, e.from_account);
                Message { sent_at: e.at, key, to_account, from_account, limit }
            }));
            thread.sort_unstable();
            for (message, took) in replies(thread.iter().copied()) {
                let shortest = &mut shortest[message.key];
                *shortest = Some(shortest.map_or(took, |other| other.min(took)));
            }
        }
    }
}
