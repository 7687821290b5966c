//! The time zone of the file, and suggestions for an unknown name.

use chrono_tz::{TZ_VARIANTS, Tz};

use super::section::TomlSection;
use super::source_text::{listed, nearest, quote};
use crate::error::Result;

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

/// Suggestions for an unknown name: the zones of the city with that name, else the zone with the most similar
/// name.
fn meant(name: &str) -> Vec<&'static str> {
    /// The largest number of suggestions. Few cities have zones in several areas.
    const MOST: usize = 3;
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
    if of_city.is_empty() { nearest(name, zones()).into_iter().collect() } else { of_city }
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
            ("Pacific Standard Time", "write an IANA time zone name, such as \"Europe/London\""),
            ("UTC+1", "write an IANA time zone name, such as \"Europe/London\""),
        ] {
            assert_eq!(
                refusal(&with(&format!("time_zone = \"{name}\""), "")),
                format!("sales.toml:3: time_zone \"{name}\" is unknown; {hint}")
            );
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
