//! Names of time zones as Exchange writes them: IANA names and Windows names.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::{Duration, LocalResult, NaiveDateTime, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};
use windows_timezones::WindowsTimezone;

/// Windows names that are newer than the `windows_timezones` crate's copy of the CLDR table (windowsZones,
/// territory 001).
const NEWER: [(&str, Tz); 3] = [
    ("alberta standard time", Tz::America__Edmonton),
    ("british columbia standard time", Tz::America__Vancouver),
    ("manitoba standard time", Tz::America__Winnipeg),
];

/// The zone of every name. Names are in lower case.
static ZONES: LazyLock<HashMap<String, Tz>> = LazyLock::new(|| {
    let iana = TZ_VARIANTS.iter().map(|tz| (tz.name(), *tz));
    // Every Windows zone is the zone of some IANA name.
    let windows = TZ_VARIANTS.iter().filter_map(|tz| WindowsTimezone::try_from(*tz).ok());
    let windows = windows.map(|w| (w.name(), Tz::from(w)));
    iana.chain(windows)
        .chain(NEWER)
        .chain([("UTC", Tz::UTC), ("z", Tz::UTC)])
        .map(|(n, tz)| (n.to_lowercase(), tz))
        .collect()
});

/// The zone with this name, in any case; `None` if the name is unknown.
pub(crate) fn named(name: &str) -> Option<Tz> {
    ZONES.get(&name.trim().to_lowercase()).copied()
}

/// Converts a local time to microseconds since 1970 in UTC. A local time that occurs twice is the first one;
/// a local time in a gap is shifted forward by the length of the gap. `None` if the result is out of range.
pub(crate) fn utc_micros(local: NaiveDateTime, zone: Tz) -> Option<i64> {
    let micros = local.and_utc().timestamp_micros();
    let offset = |at: &NaiveDateTime| match zone.offset_from_local_datetime(at) {
        LocalResult::Single(offset) => Some((offset.fix(), offset.fix())),
        LocalResult::Ambiguous(first, second) => Some((first.fix(), second.fix())),
        LocalResult::None => None,
    };
    let before_gap = || {
        // The longest gap is the day that zones skipped when they changed sides of the date line.
        let earlier = (1..=100).map(|quarters| local - Duration::minutes(15 * quarters));
        earlier.into_iter().find_map(|at| offset(&at)).map(|(_, last)| last)
    };
    let offset = match offset(&local) {
        // The greater offset gives the earlier instant.
        Some((a, b)) => a.local_minus_utc().max(b.local_minus_utc()),
        None => before_gap()?.local_minus_utc(),
    };
    micros.checked_sub(i64::from(offset) * 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_kinds_in_any_case() {
        assert_eq!(named("Pacific Standard Time"), Some(Tz::America__Los_Angeles));
        assert_eq!(named(" w. europe STANDARD time "), Some(Tz::Europe__Berlin));
        assert_eq!(named("Europe/London"), Some(Tz::Europe__London));
        assert_eq!(named("UTC").map(|z| z.name()), Some("UTC"));
        assert_eq!(named("UTC-11"), Some(Tz::Etc__GMTPlus11));
        assert_eq!(named("Alberta Standard Time"), Some(Tz::America__Edmonton));
        assert_eq!(named("tzone://Microsoft/Custom"), None);
        assert_eq!(named(""), None);
    }

    #[test]
    fn every_windows_name_is_found() {
        let windows = ZONES.keys().filter(|n| n.ends_with("time") || n.contains("standard time (")).count();
        assert!(windows > 130, "{windows}");
        for name in ["GMT Standard Time", "Dateline Standard Time", "UTC+13", "Line Islands Standard Time"] {
            assert_eq!(named(name), Some(Tz::from(name.parse::<WindowsTimezone>().unwrap())));
        }
    }

    fn utc(zone: Tz, local: &str) -> String {
        let micros = utc_micros(local.parse().unwrap(), zone).unwrap();
        chrono::DateTime::from_timestamp_micros(micros).unwrap().format("%m-%d %H:%M:%S").to_string()
    }

    #[test]
    fn gaps_and_overlaps() {
        let new_york = Tz::America__New_York;
        assert_eq!(utc(new_york, "2026-01-15T12:00:00"), "01-15 17:00:00");
        // Clocks go from 02:00 to 03:00 on 8 March 2026: 02:30 is read as 03:30 EDT.
        assert_eq!(utc(new_york, "2026-03-08T02:30:00"), "03-08 07:30:00");
        assert_eq!(utc(new_york, "2026-03-08T03:00:00"), "03-08 07:00:00");
        // Clocks go from 02:00 back to 01:00 on 1 November 2026: the first 01:30 is EDT.
        assert_eq!(utc(new_york, "2026-11-01T01:30:00"), "11-01 05:30:00");
        assert_eq!(
            utc(Tz::Pacific__Apia, "2011-12-30T12:00:00"),
            "12-30 22:00:00",
            "a day that was left out"
        );
    }
}
