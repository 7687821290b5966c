//! Folders of several dates with the same people or accounts: each is probably the whole table of its date.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::columns::has_copies;
use super::hive::Keys;

/// The note about a section of people or accounts whose files lie in folders of several dates, such as
/// `dt=2026-01-31`. The rows of all of them count.
pub(super) fn note(section: &str, keys: &[Keys]) -> Option<String> {
    if has_copies(section) {
        return None;
    }
    let found: BTreeSet<_> = keys.iter().flat_map(dates).collect();
    let of = |name: &String| found.iter().filter(|(other, _)| other == name).count();
    let (name, last) = found.iter().rev().find(|(name, _)| of(name) > 1)?;
    Some(format!(
        "[{section}] files are in folders of {} dates, {name}={last} the last one, and the rows of all of them count; if each date \
         has the whole table, set path to the folder of one",
        of(name)
    ))
}

/// The dates in the keys of a file, each with the name of its key: those of one key, or of a year, month and day.
fn dates(keys: &Keys) -> Vec<(String, String)> {
    let dates =
        keys.iter().filter_map(|key| Some((key.name(), key.value()?))).filter(|(_, value)| is_date(value));
    let mut dates: Vec<_> = dates.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let part = |name: &str| {
        let key = keys.iter().find(|key| key.name().eq_ignore_ascii_case(name))?;
        Some(format!("{:0>2}", key.value()?))
    };
    if let Some((year, month)) = part("year").zip(part("month")) {
        let date = [Some(year), Some(month), part("day")].into_iter().flatten().collect::<Vec<_>>().join("-");
        dates.push(("date".to_owned(), date));
    }
    dates
}

/// Whether a text is a day or a month: `2026-01-31`, `20260131`, `2026-01`.
fn is_date(text: &str) -> bool {
    let is = |text: &str, format| NaiveDate::parse_from_str(text, format).is_ok();
    match text.len() {
        10 => is(text, "%Y-%m-%d"),
        8 => is(text, "%Y%m%d"),
        7 => is(&format!("{text}-01"), "%Y-%m-%d"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::hive;

    #[test]
    fn folders_of_several_dates() {
        let of = |section: &str, paths: &[&str]| {
            note(section, &paths.iter().map(|path| hive::keys(path)).collect::<Vec<_>>())
        };
        let days = ["c/dt=2026-01-31/a", "c/dt=2026-02-28/a", "c/dt=2026-02-28/b"];
        assert_eq!(
            of("contacts", &days).unwrap(),
            "[contacts] files are in folders of 2 dates, dt=2026-02-28 the last one, and the rows of all of them count; if each \
             date has the whole table, set path to the folder of one"
        );
        assert_eq!(of("mail", &days), None);
        assert!(of("users", &["ds=20260131/a", "ds=20260201/a"]).is_some());
        assert!(of("accounts", &["month=2026-01/a", "month=2026-02/a"]).is_some());
        assert!(of("accounts", &["dt=2026-01-01/v=2026-01-01/a", "dt=2026-01-02/v=2026-01-01/a"]).is_some());
        let parts = ["year=2026/month=1/day=31/a", "year=2026/month=02/day=28/a"];
        assert!(of("users", &parts).unwrap().contains("folders of 2 dates, date=2026-02-28 the last one"));
        for paths in
            [&days[..1], &days[1..], &["id=1/a", "id=2/a"], &["id=20261301/a", "id=20261302/a"], &["a", "b"]]
        {
            assert_eq!(of("contacts", paths), None, "{paths:?}");
        }
    }
}
