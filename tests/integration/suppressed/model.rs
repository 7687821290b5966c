//! A second formulation of what is suppressed, over messages and meetings instead of tables, with a switch for each
//! part of the rule.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Days, Months, NaiveDate};

use super::attacker::Number;
use super::world::{ACCOUNTS, Event, last_day, month_ends};

/// What can be done wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// The window ends with the as-of date and has 365 days.
    WindowOfDays,
    /// The window ends with the last complete month, but has 365 days, also in a leap year.
    DaysInsteadOfMonths,
    /// The people of mail and of meetings are counted together.
    SidesTogether,
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
}

pub const MISTAKES: [Mistake; 13] = [
    Mistake::WindowOfDays,
    Mistake::DaysInsteadOfMonths,
    Mistake::SidesTogether,
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

    /// Whether too few people take part in these messages, or in these meetings.
    fn is_small(&self, events: &[&Event]) -> bool {
        let people = |events: &mut dyn Iterator<Item = &&Event>| {
            let people = events.fold(0, |people, event| people | event.ours).count_ones();
            people > 0 && people < self.min_people
        };
        if self.has(Mistake::SidesTogether) {
            return people(&mut events.iter());
        }
        [false, true].into_iter().any(|side| people(&mut events.iter().filter(|e| e.is_meeting() == side)))
    }

    /// The events of an account in the window, by their periods of a level.
    pub fn periods<'a>(
        &self,
        events: &'a [Event],
        account: usize,
        level: &str,
        (first, last): (NaiveDate, NaiveDate),
    ) -> BTreeMap<NaiveDate, Vec<&'a Event>> {
        let mut periods: BTreeMap<NaiveDate, Vec<&Event>> = BTreeMap::new();
        for event in events.iter().filter(|e| e.has(account) && (first..=last).contains(&e.day)) {
            periods.entry(self.period(level, event.day, first)).or_default().push(event);
        }
        periods
    }

    /// Whether an account is suppressed in a run with this window.
    pub fn is_suppressed(&self, events: &[Event], account: usize, window: (NaiveDate, NaiveDate)) -> bool {
        let level = if self.has(Mistake::YearJudgedAlone) { "year" } else { "month" };
        self.periods(events, account, level, window).values().any(|of| self.is_small(of))
    }

    /// Every number that runs at these dates publish.
    pub fn published(&self, events: &[Event], dates: &BTreeSet<NaiveDate>) -> Vec<Number> {
        let mut windows: BTreeSet<_> = dates.iter().map(|date| self.window(*date)).collect();
        let mut numbers = vec![];
        if self.has(Mistake::EarlierRun) {
            let open = Rules { min_people: 1, mistake: None, ..*self };
            numbers = open.published(events, &BTreeSet::from([month_ends()[3]]));
            windows.remove(&self.window(month_ends()[3]));
        }
        for window in windows {
            let suppressed: Vec<_> = (0..ACCOUNTS).map(|a| self.is_suppressed(events, a, window)).collect();
            for (account, suppressed) in suppressed.iter().enumerate() {
                for level in ["year", "quarter", "month", "week"] {
                    if level == "week" && !self.has(Mistake::Weeks) {
                        continue;
                    }
                    for (start, of) in self.periods(events, account, level, window) {
                        let stays = match level {
                            "year" => self.has(Mistake::YearStays),
                            "quarter" => self.has(Mistake::QuartersStay) && !self.is_small(&of),
                            _ => false,
                        } || self.has(Mistake::OtherRowsStay) && !self.is_small(&of);
                        if !suppressed || stays {
                            let name = format!("a{account} {level} {start} at {}", window.1);
                            numbers.push(Number::of_account(name, account, &of));
                        }
                    }
                }
            }
            let (first, last) = window;
            let within = |event: &&Event| (first..=last).contains(&event.day);
            let has_totals = self.has(Mistake::Totals)
                || self.has(Mistake::UsedRows)
                || self.has(Mistake::TotalsIfNothingIsSuppressed) && !suppressed.contains(&true);
            if has_totals {
                let all: Vec<_> = events.iter().filter(within).collect();
                numbers.push(Number::of_all(format!("total at {last}"), &all));
            }
            if self.has(Mistake::RowsOutsideOfWindow) {
                let outside: Vec<_> = events.iter().filter(|event| !within(event)).collect();
                numbers.push(Number::of_all(format!("outside at {last}"), &outside));
            }
        }
        numbers
    }
}
