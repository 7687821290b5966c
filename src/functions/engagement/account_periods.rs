//! `account_periods(days, first_day, as_of, levels, fiscal_year_start)`: merges days into the periods of some
//! levels (the window, quarters, months, weeks).
//!
//! Only the levels of the list are computed, each once: a level costs time, because its people are counted.
//! Days outside of the window are passed over. Counts and sums are added; people are counted once per period. `first_on` is the account's first day with
//! engagement. `last_email_on` (`last_meeting_on`) is the account's last day with engaged emails (meetings)
//! up to the end of the period; it is NULL if there is none.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Date32Array, Int32Array, Int64Array, ListArray, StringArray, StructArray,
};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Fields, Int32Type, Int64Type, UInt32Type,
};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::account_days::days_type;
use super::struct_lists::{fields, micros, micros_type, rows, rows_type};
use crate::functions::time::{FiscalYearStart, Level};
use crate::functions::udf::declare::{STEPS, Scalar, expect_arguments};

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "account_periods",
        arguments: |types| {
            expect_arguments("account_periods", types, 5)?;
            let levels = DataType::new_list(DataType::Utf8, true);
            Ok(vec![days_type(), DataType::Date32, DataType::Date32, levels, DataType::Int64])
        },
        returns: |_| Ok(rows_type(period_fields())),
        invoke,
        documentation: Documentation::builder(
            STEPS,
            "Merges the days of each account into periods: the window (level 'year'), quarters of the fiscal year \
             ('quarter'), calendar months ('month') and weeks from Monday ('week'). Returns a list of structs \
             (account_no, level, period_start, period_end, first_on, last_email_on, last_meeting_on, emails, \
             emails_to, emails_from, meetings, meetings_to, meetings_from, meeting_micros, replies, reply_micros, \
             internal_email_people, account_email_people, internal_meeting_people, account_meeting_people), \
             one per account, level and period with engagement. The last four columns count distinct \
             people. last_email_on and last_meeting_on are NULL if there is no such day up to period_end. Days outside of \
             the window are passed over.",
            "account_periods(days, first_day, as_of, levels, fiscal_year_start)",
        )
        .with_argument("days", "Days from account_days(); NULL has no days.")
        .with_argument("first_day", "The first day of the window (Date32); NULL is an error.")
        .with_argument(
            "as_of",
            "The last day of the window (Date32), at which the last periods end; NULL is an error.",
        )
        .with_argument(
            "levels",
            "The levels to compute (list of Utf8). Repetitions do not matter. NULL and words that are not levels are errors.",
        )
        .with_argument(
            "fiscal_year_start",
            "The first month of the fiscal year, 1 to 12 (Int64). NULL and other numbers are errors.",
        )
        .with_sql_example(
            "> select account_periods(account_days(engagements(7, date '2026-06-03', timestamp '2026-06-03T09:00:00Z', true, false, \
             null, [0], [1073741825], null), 0), date '2025-07-01', date '2026-06-30', ['quarter'], 1)[1]['period_start'];\n\
             2026-04-01",
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
        ("emails", DataType::Int64),
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
    let arrays = ColumnarValue::values_to_arrays(&args.args)?;
    let lists = arrays[0].as_list::<i32>();
    if arrays[1].null_count() + arrays[2].null_count() > 0 {
        return exec_err!("account_periods needs the first and the last day of the window");
    }
    let [first_day, as_of] = [&arrays[1], &arrays[2]].map(|days| days.as_primitive::<Date32Type>());
    let (levels, fiscal_years) = (arrays[3].as_list::<i32>(), arrays[4].as_primitive::<Int64Type>());
    let days = Days::new(lists.values().as_struct());
    let (mut periods, mut lengths) = (Periods::default(), vec![]);
    for row in 0..lists.len() {
        let before = periods.account_no.len();
        let calendar = Calendar {
            window: (first_day.value(row), as_of.value(row)),
            levels: levels_of(levels, row)?,
            fiscal_year: FiscalYearStart::of_argument(
                "account_periods",
                fiscal_years.is_valid(row).then(|| fiscal_years.value(row)),
            )?,
        };
        let mut rest = if lists.is_valid(row) {
            lists.value_offsets()[row] as usize..lists.value_offsets()[row + 1] as usize
        } else {
            0..0
        };
        while !rest.is_empty() {
            let account = days.account_no[rest.start];
            let same = days.account_no[rest.clone()].iter().take_while(|a| **a == account).count();
            let end = rest.start + same;
            let within = calendar.within(&days.day[rest.start..end]);
            periods.push_account(&days, rest.start + within.start, rest.start + within.end, &calendar);
            rest.start = end;
        }
        lengths.push(periods.account_no.len() - before);
    }
    periods.finish(lengths)
}

/// The levels in one row of the argument `levels`: each once, the longest period first.
///
/// # Errors
/// NULL, or a word that is not a level.
fn levels_of(lists: &ListArray, row: usize) -> Result<Vec<Level>> {
    if lists.is_null(row) {
        return exec_err!("account_periods needs a list of levels");
    }
    let words = lists.value(row);
    let levels =
        words.as_string::<i32>().iter().map(|word| match word.map(|word| (word, Level::named(word))) {
            Some((_, Some(level))) => Ok(level),
            Some((word, None)) => exec_err!("account_periods: \"{word}\" is not a level"),
            None => exec_err!("account_periods needs levels without NULL"),
        });
    let mut levels = levels.collect::<Result<Vec<_>>>()?;
    levels.sort_unstable();
    levels.dedup();
    Ok(levels)
}

/// Which periods are computed.
struct Calendar {
    /// The first and the last day of the window.
    window: (i32, i32),
    levels: Vec<Level>,
    fiscal_year: FiscalYearStart,
}

impl Calendar {
    /// The positions of the days that are in the window. `days` are in ascending order.
    fn within(&self, days: &[i32]) -> Range<usize> {
        let (first, last) = self.window;
        days.partition_point(|day| *day < first)..days.partition_point(|day| *day <= last)
    }
}

/// The columns of a list of days (see [`days_type`]).
struct Days<'a> {
    account_no: &'a [i32],
    day: &'a [i32],
    /// One column each, in the order that [`COUNTS`] lists.
    counts: [&'a [i64]; COUNTS],
    meeting_micros: &'a [i128],
    reply_micros: &'a [i128],
    /// One list column each, as its offsets and its values.
    people: [(&'a [i32], &'a [u32]); PEOPLE],
}

/// The number of counts: emails, emails_to, emails_from, meetings, meetings_to, meetings_from, replies.
const COUNTS: usize = 7;
/// The index of emails among the counts.
const EMAILS: usize = 0;
/// The index of meetings among the counts.
const MEETINGS: usize = 3;
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
            counts: [count(2), count(3), count(4), count(5), count(6), count(7), count(9)],
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
    /// Adds the periods of one account. Its days are the rows `begin..end`, in ascending order.
    fn push_account(&mut self, days: &Days, begin: usize, end: usize, calendar: &Calendar) {
        for level in &calendar.levels {
            let (mut last_email_on, mut last_meeting_on) = (None, None);
            let mut from = begin;
            while from < end {
                let (period_start, period_end) =
                    level.period(days.day[from], calendar.window, calendar.fiscal_year);
                let within = days.day[from..end].iter().take_while(|day| **day <= period_end).count();
                // At least one day: the period contains the first one.
                let to = from + within;
                for i in from..to {
                    if days.counts[EMAILS][i] > 0 {
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
        let [emails, emails_to, emails_from, meetings, meetings_to, meetings_from, replies] =
            self.counts.map(|counts| Arc::new(Int64Array::from(counts)) as ArrayRef);
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Int32Array::from(self.account_no)),
            Arc::new(StringArray::from(self.level)),
            Arc::new(Date32Array::from(self.period_start)),
            Arc::new(Date32Array::from(self.period_end)),
            Arc::new(Date32Array::from(self.first_on)),
            Arc::new(Date32Array::from(self.last_email_on)),
            Arc::new(Date32Array::from(self.last_meeting_on)),
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
        columns.extend(self.people.map(|people| Arc::new(Int64Array::from(people)) as ArrayRef));
        rows(period_fields(), columns, lengths)
    }
}
