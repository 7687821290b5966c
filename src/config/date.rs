//! Dates of the enrichment file.

use chrono::{Datelike, NaiveDate};

/// How a date is written, for errors.
pub(crate) const NEED: &str = "a date (YYYY-MM-DD)";

/// Parses `YYYY-MM-DD`, a day of the years 1 to 9999; `None` for any other text.
pub(crate) fn parse(text: &str) -> Option<NaiveDate> {
    let digits = |b: &[u8]| b.iter().all(u8::is_ascii_digit);
    match text.as_bytes() {
        [year @ .., b'-', m1, m2, b'-', d1, d2]
            if year.len() == 4 && digits(year) && digits(&[*m1, *m2, *d1, *d2]) =>
        {
            let number = |digits: &[u8]| digits.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0'));
            in_calendar(i32::try_from(number(year)).ok()?, number(&[*m1, *m2]), number(&[*d1, *d2]))
        }
        _ => None,
    }
}

/// The date if it exists in the years 1 to 9999.
pub(crate) fn in_calendar(year: i32, month: u32, day: u32) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month, day).filter(|date| (1..=9999).contains(&date.year()))
}
