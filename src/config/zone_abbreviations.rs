//! Abbreviations of time zones that are not IANA names, and the IANA names that are meant.
//!
//! Most abbreviations name an offset in winter or in summer, and several countries share some of them. A zone of
//! days needs a place.

/// Abbreviations, and the zones of the places that use them; the most frequent meaning first.
#[rustfmt::skip]
const MEANT: &[(&[&str], &[&str])] = &[
    (&["BST"], &["Europe/London"]),
    (&["IST"], &["Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"]),
    (&["IDT"], &["Asia/Jerusalem"]),
    (&["WEST"], &["Europe/Lisbon"]),
    (&["CEST", "MEZ", "MESZ", "MEST"], &["Europe/Berlin", "Europe/Paris"]),
    (&["EEST"], &["Europe/Athens", "Europe/Helsinki"]),
    (&["MSK"], &["Europe/Moscow"]),
    (&["TRT"], &["Europe/Istanbul"]),
    (&["EST", "EDT", "ET"], &["America/New_York"]),
    (&["CST"], &["America/Chicago", "Asia/Shanghai"]),
    (&["CDT", "CT"], &["America/Chicago"]),
    (&["MST", "MDT", "MT"], &["America/Denver"]),
    (&["PST", "PDT", "PT"], &["America/Los_Angeles"]),
    (&["AKST", "AKDT", "AKT"], &["America/Anchorage"]),
    (&["HDT"], &["Pacific/Honolulu"]),
    (&["AST", "ADT", "AT"], &["America/Halifax"]),
    (&["NST", "NDT", "NT"], &["America/St_Johns"]),
    (&["BRT", "BRST"], &["America/Sao_Paulo"]),
    (&["ART"], &["America/Argentina/Buenos_Aires"]),
    (&["CLT", "CLST"], &["America/Santiago"]),
    (&["COT"], &["America/Bogota"]),
    (&["PET"], &["America/Lima"]),
    (&["SAST"], &["Africa/Johannesburg"]),
    (&["CAT"], &["Africa/Maputo"]),
    (&["EAT"], &["Africa/Nairobi"]),
    (&["WAT"], &["Africa/Lagos"]),
    (&["GST"], &["Asia/Dubai"]),
    (&["PKT"], &["Asia/Karachi"]),
    (&["NPT"], &["Asia/Kathmandu"]),
    (&["ICT"], &["Asia/Bangkok"]),
    (&["WIB"], &["Asia/Jakarta"]),
    (&["SGT"], &["Asia/Singapore"]),
    (&["MYT"], &["Asia/Kuala_Lumpur"]),
    (&["HKT"], &["Asia/Hong_Kong"]),
    (&["PHT", "PHST"], &["Asia/Manila"]),
    (&["KST"], &["Asia/Seoul"]),
    (&["JST"], &["Asia/Tokyo"]),
    (&["AWST"], &["Australia/Perth"]),
    (&["ACST"], &["Australia/Adelaide", "Australia/Darwin"]),
    (&["ACDT"], &["Australia/Adelaide"]),
    (&["AEST"], &["Australia/Sydney", "Australia/Brisbane"]),
    (&["AEDT", "AET"], &["Australia/Sydney"]),
    (&["NZST", "NZDT", "NZT"], &["Pacific/Auckland"]),
    (&["Z"], &["UTC"]),
];

/// The IANA names that an abbreviation, in any case, means; `None` if it is not known.
pub(crate) fn meant(abbreviation: &str) -> Option<&'static [&'static str]> {
    let is_it = |known: &&str| known.eq_ignore_ascii_case(abbreviation);
    MEANT.iter().find(|(known, _)| known.iter().any(is_it)).map(|(_, zones)| *zones)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono_tz::Tz;

    use super::*;

    #[test]
    fn every_zone_is_an_iana_name_and_every_abbreviation_is_listed_once() {
        let mut seen = HashSet::new();
        for (abbreviations, zones) in MEANT {
            for zone in *zones {
                let found = zone.parse::<Tz>().ok().map(|tz| tz.name());
                assert_eq!(found, Some(*zone));
                assert!(!zone.starts_with("Etc/"), "{zone}");
            }
            assert!(abbreviations.iter().all(|a| seen.insert(*a)), "{abbreviations:?}");
        }
    }

    #[test]
    fn in_any_case() {
        assert_eq!(meant("bst"), Some(&["Europe/London"][..]));
        assert_eq!(meant("XST"), None);
    }
}
