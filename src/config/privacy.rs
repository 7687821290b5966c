//! `[privacy] min_people`, and what it demands of the window and of the levels.
//!
//! Above 1, the window is the twelve calendar months that end with the last complete one. So what is published
//! changes once a month, whenever the run is, and two results differ by whole months.

use chrono::{Datelike, Months, NaiveDate};

use super::section::TomlSection;
use super::{Enrichment, Level, MAILBOXES};
use crate::error::{Error, Result};

/// The number of calendar months in the window.
const MONTHS: u32 = 12;

/// From 1 to the largest number of mailboxes; 1 if the file does not give it.
pub(crate) fn min_people(file: &TomlSection<'_>) -> Result<u32> {
    let Some(section) = file.section("privacy")? else { return Ok(1) };
    let need = format!("a whole number from 1 to {}", MAILBOXES.1);
    Ok(section.number("min_people", 1..=MAILBOXES.1, &need)?.unwrap_or(1))
}

/// The last day of the window, and its length in days, where numbers about fewer than `min_people` people are
/// suppressed. `as_of` is the as-of date that is given.
///
/// # Errors
/// The window begins before year 1.
pub(crate) fn window(file: &TomlSection<'_>, as_of: NaiveDate, min_people: u32) -> Result<(NaiveDate, u32)> {
    let whole_months = whole_months(as_of).filter(|(first, _)| first.year() >= 1);
    let days = |(first, last): (NaiveDate, NaiveDate)| (last, days_between(first, last));
    whole_months.map(days).ok_or_else(|| {
        file.source.error(format_args!(
            "the as-of date {as_of} is too early: with [privacy] min_people = {min_people} the window is the twelve \
             calendar months that end with the last complete one, and begins in year 1 or later"
        ))
    })
}

/// Why another number of days than the default is not permitted, for an error about `window_days`.
pub(crate) fn no_other_window(days: u32, min_people: u32) -> String {
    format!(
        "is {days}, but with [privacy] min_people = {min_people} the window is the twelve calendar months that end with \
         the last complete one; remove window_days"
    )
}

/// Why weeks are not permitted, for an error about `levels`.
pub(crate) fn no_weeks(min_people: u32) -> String {
    format!(
        "contains \"week\", but with [privacy] min_people = {min_people} weeks are not published, because a week that \
         lies in two months could be subtracted from them; remove \"week\""
    )
}

/// The first and the last day of the twelve calendar months that end with the last one that is complete on a day.
fn whole_months(day: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let next = day.succ_opt()?.with_day(1)?;
    Some((next.checked_sub_months(Months::new(MONTHS))?, next.pred_opt()?))
}

fn days_between(first: NaiveDate, last: NaiveDate) -> u32 {
    u32::try_from((last - first).num_days() + 1).unwrap_or(1)
}

impl Enrichment {
    /// Checks that the window and the levels are those that `min_people` demands. They are if the enrichment was
    /// read from a file, but code can change them.
    ///
    /// # Errors
    /// They are others.
    pub(crate) fn check_privacy(&self) -> Result<()> {
        let is_whole = whole_months(self.as_of) == Some((self.first_day(), self.as_of));
        if self.min_people == 1 || is_whole && !self.levels.contains(&Level::Week) {
            return Ok(());
        }
        Err(Error::enrichment(format!(
            "{}: with [privacy] min_people = {} the window is twelve calendar months and there are no weeks, but code \
             has changed as_of, window_days or levels; give min_people in the file",
            self.file.display(),
            self.min_people
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{VALID, open, open_as_of, refusal, with};

    fn private(before: &str) -> String {
        with(before, "[privacy]\nmin_people = 3").replace("2026-11-01", "2026-01-01")
    }

    #[test]
    fn small_groups() {
        let min_people = |written: &str| with("", &format!("[privacy]\n{written}"));
        assert_eq!(open(&min_people("")).unwrap().min_people, 1);
        assert_eq!(open(&min_people("min_people = 5")).unwrap().min_people, 5);
        for written in ["0", "2501", "-1", "true"] {
            assert_eq!(
                refusal(&min_people(&format!("min_people = {written}"))),
                format!(
                    "sales.toml:13: [privacy] min_people must be a whole number from 1 to 2500, not {written}"
                )
            );
        }
    }

    /// The last complete month at a day, and the window.
    #[test]
    fn the_window_is_twelve_whole_months() {
        for (as_of, last, first, days) in [
            ("2026-11-22", "2026-10-31", "2025-11-01", 365),
            ("2026-10-31", "2026-10-31", "2025-11-01", 365),
            ("2026-10-30", "2026-09-30", "2025-10-01", 365),
            ("2026-12-01", "2026-11-30", "2025-12-01", 365),
            ("2028-02-28", "2028-01-31", "2027-02-01", 365),
            ("2028-02-29", "2028-02-29", "2027-03-01", 366),
            ("2028-03-30", "2028-02-29", "2027-03-01", 366),
        ] {
            for settings in ["", "window_days = 365", "levels = ['year', 'quarter', 'month']"] {
                let found = open_as_of(&private(settings), as_of).unwrap();
                let is = (found.as_of.to_string(), found.first_day().to_string(), found.window_days);
                assert_eq!(is, (last.to_owned(), first.to_owned(), days), "{as_of}");
                assert!(found.check_privacy().is_ok());
            }
        }
        // Without suppression, nothing is moved.
        assert_eq!(open(VALID).unwrap().as_of.to_string(), "2026-11-22");
        let one = with("", "[privacy]\nmin_people = 1");
        assert_eq!(open(&one).unwrap().as_of.to_string(), "2026-11-22");
    }

    /// An agreement after the last day of the window is not after the as-of date.
    #[test]
    fn the_consent_is_compared_with_the_date_that_is_given() {
        let toml = with("", "[privacy]\nmin_people = 3");
        assert_eq!(open(&toml).unwrap().as_of.to_string(), "2026-10-31");
        assert!(open_as_of(&toml, "2026-10-31").is_err());
    }

    #[test]
    fn another_window_is_refused() {
        let whole = "but with [privacy] min_people = 3 the window is the twelve calendar months that end with the last \
                     complete one";
        assert_eq!(
            refusal(&private("window_days = 90")),
            format!("sales.toml:3: window_days is 90, {whole}; remove window_days")
        );
        let early = private("").replace("2026-11-22", "0001-12-30").replace("2026-01-01", "0001-01-01");
        assert!(refusal(&early).starts_with("sales.toml: the as-of date 0001-12-30 is too early: with"));
        assert!(open(&early.replace("0001-12-30", "0001-12-31")).is_ok());
    }

    #[test]
    fn weeks_are_refused_where_they_are_asked_for() {
        assert_eq!(open(&private("")).unwrap().levels, [Level::Year, Level::Month]);
        assert_eq!(
            refusal(&private("levels = [\"year\", \"week\"]")),
            "sales.toml:3: levels contains \"week\", but with [privacy] min_people = 3 weeks are not published, because \
             a week that lies in two months could be subtracted from them; remove \"week\""
        );
    }

    #[test]
    fn settings_that_code_has_changed_are_refused() {
        let found = open(VALID).unwrap();
        assert!(found.check_privacy().is_ok());
        let changed = Enrichment { min_people: 2, ..found };
        assert!(changed.check_privacy().unwrap_err().to_string().contains("sales.toml: with [privacy]"));
        let private = open(&private("")).unwrap();
        for changed in [
            Enrichment { window_days: 30, ..private.clone() },
            Enrichment { levels: vec![Level::Year, Level::Week], ..private.clone() },
            Enrichment { as_of: private.as_of.pred_opt().unwrap(), ..private.clone() },
        ] {
            assert!(changed.check_privacy().is_err());
        }
    }
}
