//! A second formulation of what is suppressed, over messages and meetings instead of tables, with a switch for each
//! part of the rule.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, Months, NaiveDate};

use super::attacker::Number;
use super::world::{ACCOUNTS, Answer, Event, KINDS, answers, last_day, month_ends};

/// What can be done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// The window ends with the as-of date and has 365 days.
    WindowOfDays,
    /// The window ends with the last complete month, but has 365 days, also in a leap year.
    DaysInsteadOfMonths,
    /// The people of mail and of meetings are counted together.
    SidesTogether,
    /// The people of both directions are counted together, and those of meetings that third parties organize.
    DirectionsTogether,
    /// Each column of Office is judged, and all meetings: what is in two columns is judged with either.
    ColumnsJudged,
    /// Only the year of an account is judged.
    YearJudgedAlone,
    /// The year of a suppressed account is published.
    YearStays,
    /// The quarters of a suppressed account that are not small are published.
    QuartersStay,
    /// Only what is small itself is suppressed.
    OtherRowsStay,
    /// Weeks are published.
    Weeks,
    /// The totals of all accounts are published.
    Totals,
    /// They are, in runs without suppressed accounts.
    TotalsIfNothingIsSuppressed,
    /// The number of used rows is published.
    UsedRows,
    /// The number of rows outside of the window is published.
    RowsOutsideOfWindow,
    /// The tables of one run from before the suppression are still there.
    EarlierRun,
    /// People count for an account also in what is with other accounts, too.
    SharedCount,
    /// Months are published whatever was published about them before.
    ChangedMonths,
    /// Only what the last run has published is remembered, which may have suppressed the account.
    LastRunOnly,
    /// A message has the time of its earliest copy in the window.
    EarliestCopyInWindow,
    /// A reply belongs to its month also if the message before it was in another month of the window.
    RepliesAcrossMonths,
}

pub const MISTAKES: [Mistake; 20] = [
    Mistake::WindowOfDays,
    Mistake::DaysInsteadOfMonths,
    Mistake::SidesTogether,
    Mistake::DirectionsTogether,
    Mistake::ColumnsJudged,
    Mistake::YearJudgedAlone,
    Mistake::YearStays,
    Mistake::QuartersStay,
    Mistake::OtherRowsStay,
    Mistake::Weeks,
    Mistake::Totals,
    Mistake::TotalsIfNothingIsSuppressed,
    Mistake::UsedRows,
    Mistake::RowsOutsideOfWindow,
    Mistake::EarlierRun,
    Mistake::SharedCount,
    Mistake::ChangedMonths,
    Mistake::LastRunOnly,
    Mistake::EarliestCopyInWindow,
    Mistake::RepliesAcrossMonths,
];

/// The settings of an enrichment, and what is done wrong.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    pub min_people: u32,
    pub fiscal_year_start: u32,
    pub mistake: Option<Mistake>,
}

impl Rules {
    fn has(&self, mistake: Mistake) -> bool {
        self.mistake == Some(mistake)
    }

    /// The first and the last day of the window of a run with this as-of date.
    pub fn window(&self, as_of: NaiveDate) -> (NaiveDate, NaiveDate) {
        let days = Days::new(364);
        if self.has(Mistake::WindowOfDays) {
            return (as_of - days, as_of);
        }
        let last = match last_day(as_of) == as_of {
            true => as_of,
            false => as_of.with_day(1).unwrap().pred_opt().unwrap(),
        };
        if self.has(Mistake::DaysInsteadOfMonths) {
            return (last - days, last);
        }
        (last.succ_opt().unwrap() - Months::new(12), last)
    }

    /// The first day of the period of a level that contains a day.
    pub fn period(&self, level: &str, day: NaiveDate, first_day: NaiveDate) -> NaiveDate {
        let first = day.with_day(1).unwrap();
        match level {
            "year" => first_day,
            "quarter" => first - Months::new((12 + day.month() - self.fiscal_year_start) % 3),
            "month" => first,
            _ => day - Days::new(day.weekday().num_days_from_monday().into()),
        }
    }

    /// Whether an account has messages or meetings of some kind among these, and too few people take part in those that are
    /// with no other account.
    fn is_small(&self, account: usize, events: &[&Event]) -> bool {
        let people = |events: &mut dyn Iterator<Item = &&Event>| {
            let mut events = events.peekable();
            let is_own = |event: &&&Event| event.accounts == 1 << account || self.has(Mistake::SharedCount);
            let is_there = events.peek().is_some();
            let people = events.filter(is_own).fold(0, |people, event| people | event.ours).count_ones();
            is_there && people < self.min_people
        };
        if self.has(Mistake::SidesTogether) {
            return people(&mut events.iter());
        }
        if self.has(Mistake::DirectionsTogether) {
            let mut sides = [false, true].into_iter();
            return sides.any(|side| people(&mut events.iter().filter(|e| e.is_meeting() == side)));
        }
        if self.has(Mistake::ColumnsJudged) {
            let of_column = |column| move |e: &&&Event| KINDS[e.kind].0.contains(&column);
            let meetings = people(&mut events.iter().filter(|e| e.is_meeting()));
            return meetings || (0..4).any(|column| people(&mut events.iter().filter(of_column(column))));
        }
        (0..KINDS.len()).any(|kind| people(&mut events.iter().filter(|e| e.kind == kind)))
    }

    /// The day of an event in a run with this window; `None` if it is outside.
    fn day(&self, event: &Event, (first, last): (NaiveDate, NaiveDate)) -> Option<NaiveDate> {
        let within = |day: &NaiveDate| (first..=last).contains(day);
        let copy = event.copy.filter(|_| self.has(Mistake::EarliestCopyInWindow));
        [Some(event.day), copy].into_iter().flatten().find(within)
    }

    /// The events of an account in the window, by their periods of a level.
    pub fn periods<'a>(
        &self,
        events: &'a [Event],
        account: usize,
        level: &str,
        window: (NaiveDate, NaiveDate),
    ) -> BTreeMap<NaiveDate, Vec<&'a Event>> {
        let mut periods: BTreeMap<NaiveDate, Vec<&Event>> = BTreeMap::new();
        for event in events.iter().filter(|event| event.has(account)) {
            let Some(day) = self.day(event, window) else { continue };
            periods.entry(self.period(level, day, window.0)).or_default().push(event);
        }
        periods
    }

    /// Whether an account has a small month in this window.
    pub fn is_suppressed(&self, events: &[Event], account: usize, window: (NaiveDate, NaiveDate)) -> bool {
        let level = if self.has(Mistake::YearJudgedAlone) { "year" } else { "month" };
        self.periods(events, account, level, window).values().any(|of| self.is_small(account, of))
    }

    /// Every number that runs at these dates publish. Each has the rows that have arrived by then.
    pub fn published(&self, events: &[Event], dates: &BTreeSet<NaiveDate>) -> Vec<Number> {
        let mut numbers = vec![];
        let mut known = Known::new();
        let mut last = None;
        let open = month_ends()[3];
        for date in dates {
            let window = self.window(*date);
            let arrived: Vec<Event> = events.iter().copied().filter(|event| event.arrives <= *date).collect();
            // A run of the same rows over the same window publishes the same.
            if last.replace((window, arrived.len())) == Some((window, arrived.len())) {
                continue;
            }
            let (is_earlier, is_open) = (*date < open, window == self.window(open));
            match self.mistake {
                Some(Mistake::EarlierRun) if is_earlier => {}
                Some(Mistake::EarlierRun) if is_open => {
                    let open = Rules { min_people: 1, mistake: None, ..*self };
                    numbers.extend(open.run(&arrived, window, &mut Known::new()));
                }
                _ => numbers.extend(self.run(&arrived, window, &mut known)),
            }
        }
        numbers
    }

    /// Every number that a run over this window publishes. `known` is what was published about months of accounts.
    fn run(&self, events: &[Event], window: (NaiveDate, NaiveDate), known: &mut Known) -> Vec<Number> {
        let mut numbers = vec![];
        let of_months = |account: usize| {
            let mut months = self.periods(events, account, "month", window);
            let all = (0..12).map(|after| self.period("month", window.0, window.0) + Months::new(after));
            all.map(|month| ((account, month), months.remove(&month).unwrap_or_default())).collect::<Vec<_>>()
        };
        let number_of = |of: &[&Event]| of.len();
        let is_changed = |account: usize| {
            let mut months = of_months(account).into_iter();
            months.any(|(key, of)| known.get(&key).is_some_and(|before| *before != number_of(&of)))
        };
        // With some mistakes, months change with the window, and what is remembered would suppress them.
        let hides = [Mistake::WindowOfDays, Mistake::DaysInsteadOfMonths, Mistake::EarliestCopyInWindow];
        let remembers = !self.has(Mistake::ChangedMonths) && !hides.iter().any(|mistake| self.has(*mistake));
        let suppressed: Vec<bool> = (0..ACCOUNTS)
            .map(|account| remembers && is_changed(account) || self.is_suppressed(events, account, window))
            .collect();
        if self.has(Mistake::LastRunOnly) {
            known.clear();
        }
        let answers = if self.has(Mistake::RepliesAcrossMonths) { answers(events) } else { vec![] };
        let answers: Vec<_> =
            answers.into_iter().filter(|answer| self.day(&answer.question, window).is_some()).collect();
        for (account, suppressed) in suppressed.iter().enumerate() {
            if !suppressed {
                known.extend(of_months(account).into_iter().map(|(key, of)| (key, number_of(&of))));
            }
            for level in ["year", "quarter", "month", "week"] {
                if level == "week" && !self.has(Mistake::Weeks) {
                    continue;
                }
                for (start, of) in self.periods(events, account, level, window) {
                    let is_small = || self.is_small(account, &of);
                    let stays = match level {
                        "year" => self.has(Mistake::YearStays),
                        "quarter" => self.has(Mistake::QuartersStay) && !is_small(),
                        _ => false,
                    } || self.has(Mistake::OtherRowsStay) && !is_small();
                    if !suppressed || stays {
                        let name = format!("a{account} {level} {start} at {}", window.1);
                        let replies: Vec<Answer> = answers
                            .iter()
                            .copied()
                            .filter(|answer| answer.account == account)
                            .filter(|answer| {
                                let day = self.day(&answer.reply, window);
                                day.is_some_and(|day| self.period(level, day, window.0) == start)
                            })
                            .collect();
                        if !replies.is_empty() {
                            numbers.push(Number::of_replies(&name, &of, &replies));
                        }
                        numbers.extend(Number::of(&name, &of));
                    }
                }
            }
        }
        let last = window.1;
        let within = |event: &&Event| self.day(event, window).is_some();
        let has_totals = self.has(Mistake::Totals)
            || self.has(Mistake::UsedRows)
            || self.has(Mistake::TotalsIfNothingIsSuppressed) && !suppressed.contains(&true);
        if has_totals {
            let within: Vec<_> = events.iter().filter(within).collect();
            numbers.extend(Number::of_rows(&format!("total at {last}"), &within));
        }
        if self.has(Mistake::RowsOutsideOfWindow) {
            let outside: Vec<_> = events.iter().filter(|event| !within(event)).collect();
            numbers.extend(Number::of_rows(&format!("outside at {last}"), &outside));
        }
        numbers
    }
}

/// How many events a month of an account had when it was published. (A run compares all its numbers, each of which an
/// event changes.)
type Known = BTreeMap<(usize, NaiveDate), usize>;
