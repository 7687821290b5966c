//! The levels of Office and their periods: the one list of them.

use std::fmt;

use super::fiscal_year::FiscalYearStart;
use super::period_start::{month_start, quarter_start, week_start};

/// A level of Office: the length of the period that a row covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The whole window.
    Year,
    /// Three calendar months, counted from the first month of the fiscal year.
    Quarter,
    /// Calendar months.
    Month,
    /// Weeks from Monday.
    Week,
}

impl Level {
    /// Every level, the longest period first.
    pub const ALL: [Level; 4] = [Level::Year, Level::Quarter, Level::Month, Level::Week];

    /// The name of the level in the enrichment file and in Office.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Year => "year",
            Level::Quarter => "quarter",
            Level::Month => "month",
            Level::Week => "week",
        }
    }

    /// The level with this name; `None` if the text is not a level.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == word)
    }

    /// The rank of the level in the sort order of Office, which is the order of the names.
    pub(crate) fn rank(self) -> i64 {
        Self::ALL.iter().filter(|other| other.as_str() < self.as_str()).count() as i64
    }

    /// The first and the last day of the period that contains `day`, a day of the window. Days are counted
    /// from 1970-01-01. The first day can be before the window; the last day is never after it.
    pub(crate) fn period(
        self,
        day: i32,
        (first_day, as_of): (i32, i32),
        fiscal_year: FiscalYearStart,
    ) -> (i32, i32) {
        // The 32nd day of any month is in the next one.
        let next_month = |start: i32| month_start(start.saturating_add(31)).unwrap_or(i32::MAX);
        match self {
            Level::Year => (first_day, as_of),
            Level::Quarter => {
                let start = quarter_start(day, fiscal_year).unwrap_or(day);
                let next = next_month(next_month(next_month(start)));
                (start, (next - 1).min(as_of))
            }
            Level::Month => {
                let start = month_start(day).unwrap_or(day);
                (start, (next_month(start) - 1).min(as_of))
            }
            Level::Week => {
                let start = week_start(day);
                (start, start.saturating_add(6).min(as_of))
            }
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_in_the_order_of_the_words() {
        let mut levels = Level::ALL;
        levels.sort_by_key(|level| level.as_str());
        assert_eq!(levels.map(Level::rank), [0, 1, 2, 3]);
        assert_eq!(Level::ALL.map(|level| Level::named(level.as_str())), Level::ALL.map(Some));
        assert_eq!(Level::named("Year"), None);
    }

    /// 1970-02-10 in a window from 1969-12-22 to 1970-02-20, with fiscal years from December.
    #[test]
    fn periods_by_hand() {
        let december = FiscalYearStart::new(12).unwrap();
        let periods = Level::ALL.map(|level| level.period(40, (-10, 50), december));
        assert_eq!(periods, [(-10, 50), (-31, 50), (31, 50), (39, 45)]);
        let quarter = |fiscal_year| Level::Quarter.period(40, (-500, 500), fiscal_year);
        assert_eq!(quarter(december), (-31, 58), "to 1970-02-28");
        assert_eq!(quarter(FiscalYearStart::default()), (0, 89), "to 1970-03-31");
    }
}
