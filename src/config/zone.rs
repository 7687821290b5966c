//! The time zone of the file, suggestions for an unknown name, and the note about names that few people mean.

use chrono_tz::{TZ_VARIANTS, Tz};

use super::section::TomlSection;
use super::source_text::{listed, nearest, quote};
use super::zone_abbreviations;
use crate::error::Result;
use crate::functions::graph::zone;

/// The time zone of all days; UTC if the file does not give one.
pub(crate) fn read(file: &TomlSection<'_>) -> Result<Tz> {
    let Some(name) = file.text("time_zone")? else { return Ok(Tz::UTC) };
    name.text.parse().map_err(|_| {
        let hint = match meant(name.text).as_slice() {
            [] => "write an IANA time zone name, such as \"Europe/London\"".to_owned(),
            zones => {
                format!("did you mean {}?", listed(&zones.iter().map(|z| quote(z)).collect::<Vec<_>>(), "or"))
            }
        };
        file.source.error_at(name.offset, format_args!("time_zone {} is unknown; {hint}", quote(name.text)))
    })
}

/// Suggestions for an unknown name: the zones that an abbreviation means, else the zone with this IANA or Windows
/// name in another case, else the zones of the city with that name, else the zone with the most similar name.
fn meant(name: &str) -> Vec<&'static str> {
    /// The largest number of suggestions. Few cities have zones in several areas.
    const MOST: usize = 3;
    /// The longest abbreviation, in letters.
    const ABBREVIATION: usize = 5;
    if let Some(zones) = zone_abbreviations::meant(name.trim()) {
        return zones.to_vec();
    }
    if let Some(zone) = zone::named(name) {
        return vec![zone.name()];
    }
    // Windows names resemble IANA names only by accident. `Etc/GMT+1` is an hour behind UTC, but a user who
    // writes `GMT+1` means an hour ahead of it.
    if name.ends_with(" Time") || name.contains(['+', '-']) && !name.contains('/') {
        return Vec::new();
    }
    let zones = || TZ_VARIANTS.iter().map(|zone| zone.name()).filter(|zone| !zone.starts_with("Etc/"));
    let city = name.rsplit('/').next().unwrap_or(name).replace(' ', "_");
    let of_city: Vec<_> = zones()
        .filter(|zone| zone.rsplit('/').next().is_some_and(|c| c.eq_ignore_ascii_case(&city)))
        .take(MOST)
        .collect();
    // All abbreviations resemble each other: `EST` is not what an unknown `XST` means.
    let is_abbreviation = name.len() <= ABBREVIATION && name.chars().all(|c| c.is_ascii_uppercase());
    if of_city.is_empty() && !is_abbreviation {
        nearest(name, zones()).into_iter().collect()
    } else {
        of_city
    }
}

/// The note about a zone that is an IANA name but often means another one; `None` for all other zones.
pub(crate) fn note(zone: Tz) -> Option<String> {
    let why = match zone.name() {
        "EST" => "is 5 hours behind UTC all year, also in summer; for New York write \"America/New_York\"",
        "MST" => "is 7 hours behind UTC all year, also in summer; for Denver write \"America/Denver\"",
        "GMT" => "is UTC all year, also in summer; for London write \"Europe/London\"",
        name => {
            let meant = match name.split_once("GMT")?.1.split_at_checked(1)? {
                (_, "0" | "") => return None,
                ("+", hours) => format!("UTC-{hours}, behind UTC"),
                (_, hours) => format!("UTC+{hours}, ahead of UTC"),
            };
            return Some(format!("time_zone \"{name}\" is {meant}: the sign in such names is reversed"));
        }
    };
    Some(format!("time_zone \"{}\" {why}", zone.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{VALID, open, refusal, with};

    #[test]
    fn known() {
        assert_eq!(open(VALID).unwrap().time_zone, Tz::UTC);
        assert_eq!(open(&with("time_zone = 'Asia/Kolkata'", "")).unwrap().time_zone, Tz::Asia__Kolkata);
    }

    #[test]
    fn unknown() {
        for (name, hint) in [
            ("Europe/Atlantis", "did you mean \"Europe/Athens\"?"),
            ("europe/london", "did you mean \"Europe/London\"?"),
            ("New York", "did you mean \"America/New_York\"?"),
            ("Europe/Londn", "did you mean \"Europe/London\"?"),
            ("Pacific Standard Time", "did you mean \"America/Los_Angeles\"?"),
            ("w. europe standard time", "did you mean \"Europe/Berlin\"?"),
            ("Lunar Standard Time", "write an IANA time zone name, such as \"Europe/London\""),
            ("BST", "did you mean \"Europe/London\"?"),
            ("PST", "did you mean \"America/Los_Angeles\"?"),
            ("IST", "did you mean \"Asia/Kolkata\", \"Europe/Dublin\" or \"Asia/Jerusalem\"?"),
            ("JST", "did you mean \"Asia/Tokyo\"?"),
            ("AEST", "did you mean \"Australia/Sydney\" or \"Australia/Brisbane\"?"),
            ("CST", "did you mean \"America/Chicago\" or \"Asia/Shanghai\"?"),
            ("est", "did you mean \"America/New_York\"?"),
            ("XST", "write an IANA time zone name, such as \"Europe/London\""),
            ("GMT+1", "write an IANA time zone name, such as \"Europe/London\""),
            ("UTC+1", "write an IANA time zone name, such as \"Europe/London\""),
        ] {
            assert_eq!(
                refusal(&with(&format!("time_zone = \"{name}\""), "")),
                format!("sales.toml:3: time_zone \"{name}\" is unknown; {hint}")
            );
        }
    }

    #[test]
    fn names_of_several_meanings_get_a_note() {
        for (name, said) in [
            (
                "EST",
                Some("time_zone \"EST\" is 5 hours behind UTC all year, also in summer; for New York write"),
            ),
            (
                "MST",
                Some("time_zone \"MST\" is 7 hours behind UTC all year, also in summer; for Denver write"),
            ),
            ("GMT", Some("time_zone \"GMT\" is UTC all year, also in summer; for London write")),
            ("Etc/GMT+5", Some("time_zone \"Etc/GMT+5\" is UTC-5, behind UTC: the sign in such names")),
            ("Etc/GMT-14", Some("time_zone \"Etc/GMT-14\" is UTC+14, ahead of UTC: the sign in such names")),
            ("Etc/GMT+10", Some("time_zone \"Etc/GMT+10\" is UTC-10, behind UTC: the sign in such names")),
            ("Etc/GMT+0", None),
            ("Etc/GMT0", None),
            ("HST", None),
            ("CET", None),
            ("EST5EDT", None),
            ("Europe/London", None),
            ("UTC", None),
        ] {
            let zone = open(&with(&format!("time_zone = '{name}'"), "")).unwrap().time_zone;
            let note = note(zone);
            assert_eq!(note.is_some(), said.is_some(), "{note:?}");
            assert!(note.unwrap_or_default().starts_with(said.unwrap_or_default()), "{name}");
        }
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(
            refusal(&with(&format!("time_zone = \"{}\"", "x".repeat(100_000)), "")),
            format!(
                "sales.toml:3: time_zone \"{}\"... is unknown; write an IANA time zone name, such as \
                 \"Europe/London\"",
                "x".repeat(60)
            )
        );
    }
}
