//! Days and instants as integers.

use std::fmt;
use std::str::FromStr;

/// A second, in the unit of instants.
pub const SECOND: i64 = 1_000_000;
/// A minute.
pub const MINUTE: i64 = 60 * SECOND;
/// An hour.
pub const HOUR: i64 = 60 * MINUTE;
/// A day.
pub const DAY: i64 = 24 * HOUR;

/// A day of the Gregorian calendar, counted from 1970-01-01; days begin at midnight UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i64);

impl Day {
    /// The day that contains an instant (microseconds since 1970-01-01 UTC).
    pub fn of(instant: i64) -> Self {
        Self(instant.div_euclid(DAY))
    }

    /// Its first instant.
    pub fn start(self) -> i64 {
        self.0 * DAY
    }

    /// The day `days` later.
    pub fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// 0 for Monday to 6 for Sunday.
    pub fn weekday(self) -> usize {
        (self.0 + 3).rem_euclid(7) as usize
    }

    /// The first day of its month.
    pub fn month_start(self) -> Self {
        self.plus(1 - self.civil().2)
    }

    /// Year, month and day of the month.
    pub fn civil(self) -> (i64, i64, i64) {
        // Years begin in March here, so that the leap day comes last. 719,468 is the number of days from
        // 0000-03-01 to 1970-01-01; an era is 400 years or 146,097 days.
        let days = self.0 + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        (year_of_era + era * 400 + i64::from(month <= 2), month, day)
    }

    /// The day of a date; `None` if the calendar does not contain it.
    pub fn from_civil(year: i64, month: i64, day: i64) -> Option<Self> {
        let march_year = if month <= 2 { year - 1 } else { year };
        let era = march_year.div_euclid(400);
        let year_of_era = march_year.rem_euclid(400);
        let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        let result = Self(era * 146_097 + of_era - 719_468);
        (result.civil() == (year, month, day)).then_some(result)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no date (YYYY-MM-DD)");
        let numbers: Vec<i64> =
            text.split('-').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
        match numbers[..] {
            [year @ 1900..=2199, month @ 1..=12, day @ 1..=31] => {
                Self::from_civil(year, month, day).ok_or_else(wrong)
            }
            _ => Err(wrong()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        for (text, days, weekday) in [
            ("1970-01-01", 0, 3),
            ("2000-02-29", 11_016, 1),
            ("2026-10-31", 20_757, 5),
            ("1969-12-31", -1, 2),
        ] {
            let day: Day = text.parse().unwrap();
            assert_eq!((day.0, day.weekday(), day.to_string()), (days, weekday, text.to_owned()));
        }
        assert_eq!("2026-10-31".parse::<Day>().unwrap().month_start().to_string(), "2026-10-01");
    }

    #[test]
    fn every_day_of_three_centuries_returns() {
        for days in -25_000..84_000 {
            let (year, month, day) = Day(days).civil();
            assert_eq!(Day::from_civil(year, month, day), Some(Day(days)));
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in ["", "2026-10", "2026-02-29", "2026-04-31", "2026-13-01", "tomorrow", "26-10-31"] {
            assert!(text.parse::<Day>().is_err(), "{text}");
        }
    }
}
