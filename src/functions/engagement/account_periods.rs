//! `account_periods(days, first_day, as_of)`: merges days into periods (the window, months and weeks).
//!
//! Counts and sums are added; people are counted once per period. `first_on` is the account's first day with
//! engagement. `last_email_on` (`last_meeting_on`) is the account's last day with engaged emails (meetings)
//! up to the end of the period; it is NULL if there is none.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Int32Array, Int64Array, StringArray, StructArray,
};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Fields, Int32Type, Int64Type, UInt32Type,
};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::account_days::days_type;
use super::struct_lists::{fields, micros, micros_type, rows, rows_type};
use crate::functions::time::Level;
use crate::functions::udf::declare::{STEPS, Scalar, expect_arguments};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "account_periods",
        arguments: |types| {
            expect_arguments("account_periods", types, 3)?;
            Ok(vec![days_type(), DataType::Date32, DataType::Date32])
        },
        returns: |_| Ok(rows_type(period_fields())),
        invoke,
        documentation: Documentation::builder(
            STEPS,
            "Merges the days of each account into periods: the window (level 'year'), calendar months \
             ('month') and weeks from Monday ('week'). Returns a list of structs (account_no, level, \
             period_start, period_end, first_on, last_email_on, last_meeting_on, emails_to, emails_from, \
             meetings, meetings_to, meetings_from, meeting_micros, replies, reply_micros, \
             internal_email_people, account_email_people, internal_meeting_people, account_meeting_people), \
             one per account, level and period with engagement. The last four columns count distinct \
             people. last_email_on and last_meeting_on are NULL if there is no such day up to period_end.",
            "account_periods(days, first_day, as_of)",
        )
        .with_argument("days", "Days from account_days(); NULL has no days.")
        .with_argument("first_day", "The first day of the window (Date32); NULL is an error.")
        .with_argument(
            "as_of",
            "The last day of the window (Date32), at which the last periods end; NULL is an error.",
        )
        .with_sql_example(
            "> select account_periods(account_days(engagements(7, date '2026-06-03', timestamp '2026-06-03T09:00:00Z', true, false, \
             null, [0], [1073741825], null), 0), date '2025-07-01', date '2026-06-30')[3]['period_start'];\n2026-06-01",
        )
        .with_related_udf("account_days")
        .build(),
    }
    .into_udf()
}

fn period_fields() -> Fields {
    fields([
        ("account_no", DataType::Int32),
        ("level", DataType::Utf8),
        ("period_start", DataType::Date32),
        ("period_end", DataType::Date32),
        ("first_on", DataType::Date32),
        ("last_email_on?", DataType::Date32),
        ("last_meeting_on?", DataType::Date32),
        ("emails_to", DataType::Int64),
        ("emails_from", DataType::Int64),
        ("meetings", DataType::Int64),
        ("meetings_to", DataType::Int64),
        ("meetings_from", DataType::Int64),
        ("meeting_micros", micros_type()),
        ("replies", DataType::Int64),
        ("reply_micros", micros_type()),
        ("internal_email_people", DataType::Int64),
        ("account_email_people", DataType::Int64),
        ("internal_meeting_people", DataType::Int64),
        ("account_meeting_people", DataType::Int64),
    ])
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let lists = args.args[0].to_array(args.number_rows)?;
    let lists = lists.as_list::<i32>();
    let [first_day, as_of] =
        [args.args[1].to_array(args.number_rows)?, args.args[2].to_array(args.number_rows)?];
    if first_day.null_count() + as_of.null_count() > 0 {
        return exec_err!("account_periods needs the first and the last day of the window");
    }
    let [first_day, as_of] = [first_day.as_primitive::<Date32Type>(), as_of.as_primitive::<Date32Type>()];
    let days = Days::new(lists.values().as_struct());
    let (mut periods, mut lengths) = (Periods::default(), vec![]);
    for row in 0..lists.len() {
        let before = periods.account_no.len();
        let mut rest = if lists.is_valid(row) {
            lists.value_offsets()[row] as usize..lists.value_offsets()[row + 1] as usize
        } else {
            0..0
        };
        while !rest.is_empty() {
            let account = days.account_no[rest.start];
            let same = days.account_no[rest.clone()].iter().take_while(|a| **a == account).count();
            periods.push_account(
                &days,
                rest.start,
                rest.start + same,
                (first_day.value(row), as_of.value(row)),
            );
            rest.start += same;
        }
        lengths.push(periods.account_no.len() - before);
    }
    periods.finish(lengths)
}

/// The columns of a list of days (see [`days_type`]).
struct Days<'a> {
    account_no: &'a [i32],
    day: &'a [i32],
    emails: &'a [i64],
    /// One column each, in the order that [`COUNTS`] lists.
    counts: [&'a [i64]; COUNTS],
    meeting_micros: &'a [i128],
    reply_micros: &'a [i128],
    /// One list column each, as its offsets and its values.
    people: [(&'a [i32], &'a [u32]); PEOPLE],
}

/// The number of counts: emails_to, emails_from, meetings, meetings_to, meetings_from, replies.
const COUNTS: usize = 6;
/// The index of meetings among the counts.
const MEETINGS: usize = 2;
/// The number of sets of people: internal people and the account's people, in emails and in meetings.
const PEOPLE: usize = 4;

impl<'a> Days<'a> {
    fn new(days: &'a StructArray) -> Self {
        let count = |i: usize| &days.column(i).as_primitive::<Int64Type>().values()[..];
        let micros = |i: usize| &days.column(i).as_primitive::<Decimal128Type>().values()[..];
        let people = |i: usize| {
            let lists = days.column(i).as_list::<i32>();
            (lists.value_offsets(), &lists.values().as_primitive::<UInt32Type>().values()[..])
        };
        Self {
            account_no: days.column(0).as_primitive::<Int32Type>().values(),
            day: days.column(1).as_primitive::<Date32Type>().values(),
            emails: count(2),
            counts: [count(3), count(4), count(5), count(6), count(7), count(9)],
            meeting_micros: micros(8),
            reply_micros: micros(10),
            people: [people(11), people(12), people(13), people(14)],
        }
    }
}

#[derive(Default)]
struct Periods {
    account_no: Vec<i32>,
    level: Vec<&'static str>,
    period_start: Vec<i32>,
    period_end: Vec<i32>,
    first_on: Vec<i32>,
    last_email_on: Vec<Option<i32>>,
    last_meeting_on: Vec<Option<i32>>,
    counts: [Vec<i64>; COUNTS],
    meeting_micros: Vec<i128>,
    reply_micros: Vec<i128>,
    people: [Vec<i64>; PEOPLE],
    set: Vec<u32>,
}

impl Periods {
    /// Adds the periods of one account. Its days are the rows `begin..end`, in ascending order; `window` is
    /// its first and its last day.
    fn push_account(&mut self, days: &Days, begin: usize, end: usize, window: (i32, i32)) {
        for level in Level::ALL {
            let (mut last_email_on, mut last_meeting_on) = (None, None);
            let mut from = begin;
            while from < end {
                let (period_start, period_end) = level.period(days.day[from], window);
                let within = days.day[from..end].iter().take_while(|day| **day <= period_end).count();
                // At least one day, or the loop would not end: a day after the window, which does not occur
                // in a run, becomes a period of its own.
                let to = from + within.max(1);
                for i in from..to {
                    if days.emails[i] > 0 {
                        last_email_on = Some(days.day[i]);
                    }
                    if days.counts[MEETINGS][i] > 0 {
                        last_meeting_on = Some(days.day[i]);
                    }
                }
                self.account_no.push(days.account_no[from]);
                self.level.push(level.as_str());
                self.period_start.push(period_start);
                self.period_end.push(period_end);
                self.first_on.push(days.day[begin]);
                self.last_email_on.push(last_email_on);
                self.last_meeting_on.push(last_meeting_on);
                self.push_measures(days, from, to);
                from = to;
            }
        }
    }

    fn push_measures(&mut self, days: &Days, from: usize, to: usize) {
        for (column, counts) in self.counts.iter_mut().zip(days.counts) {
            column.push(counts[from..to].iter().sum());
        }
        let micros = days.meeting_micros[from..to].iter();
        self.meeting_micros.push(micros.fold(0, |sum, micros| sum.saturating_add(*micros)));
        self.reply_micros.push(days.reply_micros[from..to].iter().sum());
        for (column, (offsets, people)) in self.people.iter_mut().zip(days.people) {
            let people = &people[offsets[from] as usize..offsets[to] as usize];
            let count = if to - from == 1 {
                people.len()
            } else {
                self.set.clear();
                self.set.extend(people);
                self.set.sort_unstable();
                self.set.dedup();
                self.set.len()
            };
            column.push(count as i64);
        }
    }

    fn finish(self, lengths: Vec<usize>) -> Result<ArrayRef> {
        let [emails_to, emails_from, meetings, meetings_to, meetings_from, replies] =
            self.counts.map(|counts| Arc::new(Int64Array::from(counts)) as ArrayRef);
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(self.account_no)),
            Arc::new(StringArray::from(self.level)),
            Arc::new(Date32Array::from(self.period_start)),
            Arc::new(Date32Array::from(self.period_end)),
            Arc::new(Date32Array::from(self.first_on)),
            Arc::new(Date32Array::from(self.last_email_on)),
            Arc::new(Date32Array::from(self.last_meeting_on)),
            emails_to,
            emails_from,
            meetings,
            meetings_to,
            meetings_from,
            micros(self.meeting_micros),
            replies,
            micros(self.reply_micros),
        ];
        columns.extend(self.people.map(|people| Arc::new(Int64Array::from(people)) as ArrayRef));
        rows(period_fields(), columns, lengths)
    }
}
