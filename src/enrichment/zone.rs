//! The time zone, and zones spelled like one that is unknown.

use chrono_tz::{TZ_VARIANTS, Tz};

use super::place::{listed, nearest, quote};
use super::section::Section;
use crate::error::Result;

/// The zone in which days are days; UTC where the file gives none.
pub(super) fn read(file: &Section<'_>) -> Result<Tz> {
    let Some(name) = file.text("time_zone")? else { return Ok(Tz::UTC) };
    name.text.parse().map_err(|_| {
        let hint = match meant(name.text).as_slice() {
            [] => "write a name of the IANA list, such as \"Europe/London\"".to_owned(),
            zones => {
                format!("did you mean {}?", listed(&zones.iter().map(|z| quote(z)).collect::<Vec<_>>(), "or"))
            }
        };
        file.source.error_at(name.offset, format_args!("time_zone {} is unknown; {hint}", quote(name.text)))
    })
}

/// What may have been meant: the zones of a city, else the one spelled most alike.
fn meant(name: &str) -> Vec<&'static str> {
    /// Cities with zones in several areas are few.
    const MOST: usize = 3;
    // Windows has its own names, and they are like no IANA name but by accident. `Etc/GMT+1` is an
    // hour behind UTC, which is not what `GMT+1` means to its writer.
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
    use crate::enrichment::testing::{VALID, open, refusal, with};

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
            ("Pacific Standard Time", "write a name of the IANA list, such as \"Europe/London\""),
            ("UTC+1", "write a name of the IANA list, such as \"Europe/London\""),
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
                "sales.toml:3: time_zone \"{}\"... is unknown; write a name of the IANA list, such as \
                 \"Europe/London\"",
                "x".repeat(60)
            )
        );
    }
}
