//! The as-of date, the window, the reply window, and the date of the consent.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;

use super::date::{NEED, parse};
use super::section::TomlSection;
use super::source_text::quote;
use super::{Consent, Enrichment, Overrides, privacy};
use crate::error::{Error, Result};

/// The number of days in the years 1 to 9999.
const CALENDAR_DAYS: u32 = 3_652_059;

/// The default length of the window in days.
const WINDOW_DAYS: u32 = 365;

/// The default reply window in days.
const REPLY_WINDOW_DAYS: u32 = 30;

/// The as-of date, and its source for error messages: `--as-of`, `as_of` or `yesterday`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsOf {
    pub(crate) date: NaiveDate,
    said_by: &'static str,
}

/// The as-of date: from the command line, else from the file, else yesterday in the time zone.
pub(crate) fn as_of(file: &TomlSection<'_>, time_zone: Tz, overrides: &Overrides) -> Result<AsOf> {
    // Read in any case: a wrong date in the file is an error, even if the command line overrides it.
    let in_file = file.date("as_of")?;
    if let Some(text) = &overrides.as_of {
        let date = parse(text)
            .ok_or_else(|| Error::query(format!("--as-of must be {NEED}, not {}", quote(text))))?;
        return Ok(AsOf { date, said_by: "--as-of" });
    }
    Ok(match in_file {
        Some((date, _)) => AsOf { date, said_by: "as_of" },
        None => AsOf { date: yesterday(time_zone), said_by: "yesterday" },
    })
}

impl Enrichment {
    /// Checks that the as-of date is not after the day that `now` is in the time zone of the enrichment. Tables of
    /// a later date would stay the newest until that date. With `min_people` above 1 it must be before that day:
    /// a month that was published before it is over would be published again with the mail of some more hours, and
    /// the difference can be about few people.
    ///
    /// # Errors
    /// It is later, and `allow_future` is not set, or `min_people` is above 1.
    pub(crate) fn check_as_of(&self, now: DateTime<Utc>) -> Result<()> {
        let today = now.with_timezone(&self.time_zone).date_naive();
        let is_any = self.min_people == 1;
        if self.as_of < today || is_any && (self.allow_future || self.as_of == today) {
            return Ok(());
        }
        if self.as_of == today {
            return Err(Error::enrichment(format!(
                "{}: the as-of date {} is today in {}, and with [privacy] min_people = {} a month counts when its \
                 last day is over; run it tomorrow, or give an earlier as_of or --as-of",
                self.file.display(),
                self.as_of,
                self.time_zone,
                self.min_people
            )));
        }
        let what_to_do = match is_any {
            true => "correct as_of or --as-of, or permit it with --allow-future".to_owned(),
            false => format!(
                "correct as_of or --as-of; with [privacy] min_people = {}, --allow-future does not permit it",
                self.min_people
            ),
        };
        Err(Error::enrichment(format!(
            "{}: the as-of date {} is in the future: today is {today} in {}; {what_to_do}",
            self.file.display(),
            self.as_of,
            self.time_zone
        )))
    }
}

impl Enrichment {
    /// The note that the as-of date is the day that `now` is in the time zone of the enrichment: what arrives later on
    /// that day does not count. `None` if it is another day.
    pub(crate) fn unfinished_day(&self, now: DateTime<Utc>) -> Option<String> {
        (self.as_of == now.with_timezone(&self.time_zone).date_naive()).then(|| {
            format!(
                "the as-of date {} is today in {}: what arrives after this run does not count",
                self.as_of, self.time_zone
            )
        })
    }
}

/// Yesterday in a time zone. Results depend on the clock only here: everything else is a function of the
/// inputs and the as-of date.
fn yesterday(time_zone: Tz) -> NaiveDate {
    let today = Utc::now().with_timezone(&time_zone).date_naive();
    today.checked_sub_days(Days::new(1)).unwrap_or(today)
}

/// The last day of the window, and its length in days. The window begins in year 1 or later. The number of the command
/// line replaces that of the file. With `min_people` above 1 it is twelve calendar months.
pub(crate) fn window(
    file: &TomlSection<'_>,
    as_of: AsOf,
    overrides: &Overrides,
    min_people: u32,
) -> Result<(NaiveDate, u32)> {
    // Day 1 is the first day of year 1, so this is the number of days up to the as-of date.
    let most = u32::try_from(as_of.date.num_days_from_ce()).unwrap_or(1);
    let need = format!("a whole number from 1 to {most} (the window begins in year 1 or later)");
    let in_file = file.number("window_days", 1..=most, &need)?;
    if let Some(days) = overrides.window_days.filter(|days| !(1..=most).contains(days)) {
        return Err(Error::query(format!("--window-days must be {need}, not {days}")));
    }
    let given = overrides.window_days.or(in_file);
    if min_people > 1 {
        return match given.filter(|days| *days != WINDOW_DAYS) {
            None => privacy::window(file, as_of.date, min_people),
            Some(days) if overrides.window_days.is_some() => {
                Err(Error::query(format!("--window-days {}", privacy::no_other_window(days, min_people))))
            }
            Some(days) => Err(file.error_on("window_days", &privacy::no_other_window(days, min_people))),
        };
    }
    match given {
        Some(days) => Ok((as_of.date, days)),
        None if WINDOW_DAYS <= most => Ok((as_of.date, WINDOW_DAYS)),
        None => {
            Err(file.missing("window_days", &format!("{need}; the default of {WINDOW_DAYS} is too large")))
        }
    }
}

/// The longest time of a reply, in days. An answer that takes longer is not a reply.
pub(crate) fn reply_window_days(file: &TomlSection<'_>) -> Result<u32> {
    let need = format!("a whole number from 0 to {CALENDAR_DAYS}");
    Ok(file.number("reply_window_days", 0..=CALENDAR_DAYS, &need)?.unwrap_or(REPLY_WINDOW_DAYS))
}

/// The agreement of the administrator. It must not be dated after the as-of date.
pub(crate) fn consent(file: &TomlSection<'_>, as_of: AsOf) -> Result<Consent> {
    let Some(section) = file.section("consent")? else {
        return Err(file.source.error(
            "[consent] is missing; add the tenant administrator's agreement, with granted_by and granted_on",
        ));
    };
    let granted_by =
        section.required_text("granted_by", "the administrator who agreed for the tenant")?.text.to_owned();
    let (granted_on, offset) = section
        .date("granted_on")?
        .ok_or_else(|| section.missing("granted_on", "the day of the agreement (YYYY-MM-DD)"))?;
    if granted_on > as_of.date {
        let AsOf { date, said_by } = as_of;
        return Err(section.source.error_at(
            offset,
            format_args!("[consent] granted_on {granted_on} is after the as-of date, {date} ({said_by})"),
        ));
    }
    Ok(Consent { granted_by, granted_on })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::date::in_calendar;
    use crate::config::testing::{VALID, open, open_as_of, open_with, refusal, with};
    use crate::error::ErrorKind;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn dates() {
        assert_eq!(parse("2024-02-29"), Some(day("2024-02-29")));
        assert_eq!(parse("0001-01-01"), in_calendar(1, 1, 1));
        assert_eq!(parse("9999-12-31"), in_calendar(9999, 12, 31));
        let wrong = ["2026-02-30", "2023-02-29", "0000-12-31", "10000-01-01", "2026-1-01", "+026-01-01"];
        let more = ["2026-01-01 ", "20260101", "2026/01/01", "2026-01-01T00:00", "", "-", "２026-01-01"];
        for text in wrong.iter().chain(&more) {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(u32::try_from(day("9999-12-31").num_days_from_ce()).unwrap(), CALENDAR_DAYS);
    }

    #[test]
    fn as_of_as_text_and_as_date() {
        for written in ["'2026-06-30'", "2026-06-30"] {
            let toml = VALID.replace("\"2026-11-22\"", written).replace("2026-11-01", "2026-01-01");
            assert_eq!(open(&toml).unwrap().as_of, day("2026-06-30"), "{written}");
        }
        let as_of =
            |written: &str| refusal(&VALID.replace("as_of = \"2026-11-22\"", &format!("as_of = {written}")));
        let need = "sales.toml:2: as_of must be a date (YYYY-MM-DD), not";
        assert_eq!(as_of("'2026-02-30'"), format!(r#"{need} the text "2026-02-30""#));
        assert_eq!(as_of("''"), format!(r#"{need} the text """#));
        assert_eq!(as_of("2026-06-30T10:00:00"), format!("{need} 2026-06-30T10:00:00"));
        assert_eq!(as_of("10:00:00"), format!("{need} 10:00:00"));
        assert_eq!(as_of("0000-06-30"), format!("{need} 0000-06-30"));
        assert_eq!(as_of("20260630"), format!("{need} 20260630"));
    }

    #[test]
    fn command_line_overrides_as_of() {
        assert_eq!(open_as_of(VALID, "2026-11-30").unwrap().as_of, day("2026-11-30"));
        let error = open_as_of(VALID, "2026-11-31").unwrap_err();
        assert_eq!(error.to_string(), r#"--as-of must be a date (YYYY-MM-DD), not "2026-11-31""#);
        assert_eq!(error.kind(), ErrorKind::Query);
        // The date in the file is still checked.
        let wrong = VALID.replace("2026-11-22", "2026-11-31");
        assert!(
            open_as_of(&wrong, "2026-11-30").unwrap_err().to_string().starts_with("sales.toml:2: as_of must")
        );
    }

    #[test]
    fn as_of_is_yesterday_by_default() {
        let without = VALID.replace("as_of = \"2026-11-22\"\n", "");
        for zone in [Tz::Pacific__Kiritimati, Tz::Pacific__Pago_Pago] {
            let before = yesterday(zone);
            let found = open(&format!("time_zone = \"{zone}\"\n{without}")).unwrap().as_of;
            assert!((before..=yesterday(zone)).contains(&found), "{zone}");
        }
        // The two zones are 25 hours apart.
        assert!(yesterday(Tz::Pacific__Kiritimati) > yesterday(Tz::Pacific__Pago_Pago));
    }

    #[test]
    fn a_day_that_is_not_over() {
        let note = |zone: &str, now: &str| {
            open(&with(&format!("time_zone = \"{zone}\""), "")).unwrap().unfinished_day(now.parse().unwrap())
        };
        let (before, after) = ("2026-11-22T23:15:00Z", "2026-11-23T03:15:00Z");
        assert_eq!((note("UTC", after), note("Europe/Berlin", before)), (None, None));
        // 19:15 of the same day.
        let says = "the as-of date 2026-11-22 is today in America/Los_Angeles: what arrives after this run does not count";
        assert_eq!(note("America/Los_Angeles", after).as_deref(), Some(says));
        assert!(note("UTC", before).is_some());
    }

    #[test]
    fn window() {
        let days = |as_of: &str, written: &str| {
            open_as_of(
                &with(&format!("window_days = {written}"), "").replace("2026-11-01", "0001-01-01"),
                as_of,
            )
        };
        assert_eq!(open(VALID).unwrap().window_days, 365);
        assert_eq!(open(VALID).unwrap().first_day(), day("2025-11-23"));
        assert_eq!(days("2026-11-22", "1").unwrap().first_day(), day("2026-11-22"));
        assert_eq!(days("0001-12-31", "365").unwrap().first_day(), day("0001-01-01"));
        let need = |last: u32| {
            format!("must be a whole number from 1 to {last} (the window begins in year 1 or later), not")
        };
        let refused = |as_of: &str, written: &str| days(as_of, written).unwrap_err().to_string();
        assert_eq!(refused("0001-12-31", "366"), format!("sales.toml:3: window_days {} 366", need(365)));
        for written in ["0", "-5", "10000000", "4294967296"] {
            assert_eq!(
                refused("2026-11-22", written),
                format!("sales.toml:3: window_days {} {written}", need(739_942))
            );
        }
        assert_eq!(
            refused("2026-11-22", "\"365\""),
            format!("sales.toml:3: window_days {} the text \"365\"", need(739_942))
        );
    }

    #[test]
    fn window_of_the_command_line() {
        let given = |days| {
            let overrides = Overrides { window_days: Some(days), ..Overrides::default() };
            open_with(&with("window_days = 30", ""), &overrides)
        };
        assert_eq!(given(90).unwrap().window_days, 90);
        let error = given(0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "--window-days must be a whole number from 1 to 739942 (the window begins in year 1 or later), not 0"
        );
        assert_eq!(error.kind(), ErrorKind::Query);
    }

    /// At 11:30 in UTC on 21 November, it is 22 November in Kiritimati, which is 14 hours ahead.
    #[test]
    fn the_last_day_that_counts_is_not_in_the_future() {
        let now = "2026-11-21T11:30:00Z".parse().unwrap();
        let check = |zone: &str, allow_future| {
            let overrides = Overrides { allow_future, ..Overrides::default() };
            open_with(&with(&format!("time_zone = \"{zone}\""), ""), &overrides).unwrap().check_as_of(now)
        };
        check("Pacific/Kiritimati", false).unwrap();
        check("UTC", true).unwrap();
        let error = check("UTC", false).unwrap_err();
        assert!(
            error.to_string().ends_with(
                "sales.toml: the as-of date 2026-11-22 is in the future: today is 2026-11-21 in UTC; correct as_of \
                 or --as-of, or permit it with --allow-future"
            ),
            "{error}"
        );
        assert_eq!(error.exit_code(), 2);
    }

    /// At 11:30 in UTC on 30 November, November is over in Kiritimati, and not in UTC.
    #[test]
    fn a_month_is_complete_when_its_last_day_is_over() {
        let now = "2026-11-30T11:30:00Z".parse().unwrap();
        let check = |zone: &str, min_people: u32, as_of: &str, allow_future| {
            let as_of = Some(as_of.to_owned());
            let overrides = Overrides { as_of, allow_future, ..Overrides::default() };
            let zone = format!("time_zone = \"{zone}\"");
            let file = with(&zone, &format!("[privacy]\nmin_people = {min_people}"));
            open_with(&file.replace("2026-11-01", "2025-01-01"), &overrides).unwrap().check_as_of(now)
        };
        check("Pacific/Kiritimati", 2, "2026-11-30", false).unwrap();
        check("UTC", 1, "2026-11-30", false).unwrap();
        check("UTC", 2, "2026-11-29", false).unwrap();
        for allow_future in [false, true] {
            let error = check("UTC", 2, "2026-11-30", allow_future).unwrap_err();
            assert!(
                error.to_string().ends_with(
                    "sales.toml: the as-of date 2026-11-30 is today in UTC, and with [privacy] min_people = 2 a month \
                     counts when its last day is over; run it tomorrow, or give an earlier as_of or --as-of"
                ),
                "{error}"
            );
            assert_eq!(error.exit_code(), 2);
            let error = check("UTC", 2, "2026-12-31", allow_future).unwrap_err();
            assert!(
                error.to_string().ends_with(
                    "today is 2026-11-30 in UTC; correct as_of or --as-of; with [privacy] min_people = 2, \
                     --allow-future does not permit it"
                ),
                "{error}"
            );
        }
        check("UTC", 1, "2026-12-31", true).unwrap();
    }

    #[test]
    fn default_window_before_year_one() {
        assert_eq!(
            refusal(&VALID.replace("2026-11-22", "0001-01-10").replace("2026-11-01", "0001-01-01")),
            "sales.toml: window_days is missing; give a whole number from 1 to 10 (the window begins in \
             year 1 or later); the default of 365 is too large"
        );
    }

    #[test]
    fn consent_must_be_there() {
        let consent = "[consent]\ngranted_by = \"admin@contoso.com\"\ngranted_on = \"2026-11-01\"\n";
        assert_eq!(
            refusal(&VALID.replace(consent, "")),
            "sales.toml: [consent] is missing; add the tenant administrator's agreement, with granted_by and \
             granted_on"
        );
        assert_eq!(
            refusal(&VALID.replace("granted_on = \"2026-11-01\"\n", "")),
            "sales.toml:3: [consent] granted_on is missing; give the day of the agreement (YYYY-MM-DD)"
        );
        assert_eq!(
            refusal(&VALID.replace("granted_by = \"admin@contoso.com\"\n", "")),
            "sales.toml:3: [consent] granted_by is missing; give the administrator who agreed for the tenant"
        );
        assert_eq!(
            refusal(&VALID.replace("\"admin@contoso.com\"", "\"\"")),
            "sales.toml:4: [consent] granted_by is blank"
        );
    }

    #[test]
    fn consent_must_not_come_late() {
        let granted = |written: &str| VALID.replace("\"2026-11-01\"", written);
        assert_eq!(open(&granted("2026-11-22")).unwrap().consent.granted_on, day("2026-11-22"));
        assert_eq!(
            refusal(&granted("\"2026-11-23\"")),
            "sales.toml:5: [consent] granted_on 2026-11-23 is after the as-of date, 2026-11-22 (as_of)"
        );
        assert_eq!(
            refusal(&granted("\"last Tuesday\"")),
            r#"sales.toml:5: [consent] granted_on must be a date (YYYY-MM-DD), not the text "last Tuesday""#
        );
        assert!(open_as_of(&granted("2026-11-23"), "2026-11-23").is_ok());
        assert_eq!(
            open_as_of(VALID, "2026-10-31").unwrap_err().to_string(),
            "sales.toml:5: [consent] granted_on 2026-11-01 is after the as-of date, 2026-10-31 (--as-of)"
        );
        assert!(
            refusal(&granted("9999-12-31").replace("as_of = \"2026-11-22\"\n", "")).ends_with(" (yesterday)")
        );
    }
}
