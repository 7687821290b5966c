//! `account_days(engagements, reply_limit_micros)`: what happened between us and each account, day
//! by day.
//!
//! A reply is a message from the account for which, in one of its conversations, a message to the
//! account was sent at the last earlier instant, no longer ago than the limit (see `reply_times`).
//! Of several conversations the shortest time counts. A reply belongs to the day on which it was
//! sent.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Date32Array, Int32Array, Int64Array};
use datafusion::arrow::datatypes::{DataType, Fields, Int64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::columns::{Lists, fields, micros, micros_type, parties_field, rows, rows_type};
use super::engagements::Engagement;
use super::entry::InOrder;
use super::group_logs::{chunks, log_type};
use crate::functions::define::{SECTION, Scalar, expect_arguments};
use crate::functions::reply_times::{Message, replies};

pub(super) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "account_days",
        arguments: |types| {
            expect_arguments("account_days", types, 2)?;
            Ok(vec![log_type(), DataType::Int64])
        },
        returns: |_| Ok(days_type()),
        invoke,
        documentation: Documentation::builder(
            SECTION,
            "What happened between us and each account of a log, day by day. Gives a list of structs (account_no, day, emails, \
             emails_to, emails_from, meetings, meetings_to, meetings_from, meeting_micros, replies, reply_micros, our_email_people, \
             account_email_people, our_meeting_people, account_meeting_people), one per account and day with engagement, in this \
             order; the people as sorted lists of parties.",
            "account_days(engagements, reply_limit_micros)",
        )
        .with_argument("engagements", "A log from engagements(); NULL has no entries.")
        .with_argument("reply_limit_micros", "What took longer is no reply (Int64, microseconds).")
        .with_sql_example(
            "> select account_days(engagements(7, date '2026-06-01', timestamp '2026-06-01T09:00:00Z', true, false, null, [0], \
             [1073741825], null), 0)[1]['our_email_people'];\n[0]",
        )
        .with_related_udf("account_periods")
        .build(),
    }
    .into_udf()
}

/// A list of days.
pub(super) fn days_type() -> DataType {
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
        parties_field("our_email_people"),
        parties_field("account_email_people"),
        parties_field("our_meeting_people"),
        parties_field("account_meeting_people"),
    ])
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let logs = args.args[0].to_array(args.number_rows)?;
    let logs = logs.as_list::<i32>();
    let limits = args.args[1].to_array(args.number_rows)?;
    let limits = limits.as_primitive::<Int64Type>();
    if limits.null_count() > 0 {
        return exec_err!("account_days needs a limit for replies");
    }
    let (mut days, mut lengths) = (Days::default(), vec![]);
    let (mut in_order, mut engagements) = (InOrder::default(), vec![]);
    for row in 0..logs.len() {
        let before = days.account_no.len();
        in_order.sort::<Engagement>(chunks(logs, row), |e| ascending(e.account) << 32 | ascending(e.day))?;
        for account in in_order.groups(32) {
            engagements.clear();
            for place in account {
                engagements.push(in_order.read::<Engagement>(place)?);
            }
            days.push_account(&engagements, limits.value(row));
        }
        lengths.push(days.account_no.len() - before);
    }
    days.finish(lengths)
}

/// A number in 32 bits, in the order of numbers.
fn ascending(number: i32) -> u64 {
    u64::from(number as u32 ^ 1 << 31)
}

#[derive(Default)]
struct Days {
    account_no: Vec<i32>,
    day: Vec<i32>,
    /// emails, to, from, meetings, to, from, replies
    counts: [Vec<i64>; 7],
    meeting_micros: Vec<i128>,
    reply_micros: Vec<i128>,
    /// Our and their people in emails, in meetings.
    people: [Lists<u32>; 4],
    reply_times: ReplyTimes,
}

impl Days {
    /// The engagements of one account, by day.
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

    /// One day, with the reply time of each of its engagements.
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
        let [our_email, their_email, our_meeting, their_meeting] = &mut self.people;
        for e in day {
            let (ours, theirs) = if e.is_meeting() {
                (&mut *our_meeting, &mut *their_meeting)
            } else {
                (&mut *our_email, &mut *their_email)
            };
            ours.add(e.our_people().iter());
            theirs.add(e.account_people().iter());
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
            columns.push(people.parties()?);
        }
        rows(day_fields(), columns, lengths)
    }
}

/// The replies of one account.
#[derive(Default)]
struct ReplyTimes {
    /// By engagement of the account: how long it took, if it is a reply.
    shortest: Vec<Option<i64>>,
    /// Each message in each of its conversations: the key of the conversation, the place of the message.
    places: Vec<(u64, u32)>,
    /// The messages of one conversation.
    thread: Vec<Message<usize>>,
}

impl ReplyTimes {
    fn compute(&mut self, account: &[Engagement], limit: i64) {
        let Self { shortest, places, thread } = self;
        shortest.clear();
        shortest.resize(account.len(), None);
        // Who was never asked, or never wrote, has not replied.
        if !account.iter().any(|e| e.to_account) || !account.iter().any(|e| e.from_account) {
            return;
        }
        places.clear();
        for (message, e) in (0..).zip(account) {
            places.extend(e.conversations().map(|key| (key, message)));
        }
        places.sort_unstable();
        for messages in places.chunk_by(|a, b| a.0 == b.0).filter(|messages| messages.len() > 1) {
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
