//! The levels of the file, and the month in which quarters begin to count.

use chrono::Month;

use super::section::{Text, TomlSection};
use super::source_text::{listed, quote};
use super::{FiscalYearStart, Level};
use crate::error::Result;

/// The levels if the file does not give any.
const DEFAULT: [Level; 3] = [Level::Year, Level::Month, Level::Week];

/// The levels without duplicates, the longest periods first.
pub(crate) fn read(file: &TomlSection<'_>) -> Result<Vec<Level>> {
    let Some(words) = file.texts("levels")? else { return Ok(DEFAULT.to_vec()) };
    let allowed = || listed(&Level::ALL.map(Level::as_str), "and");
    let mut levels = Vec::with_capacity(words.len());
    for word in words {
        let level = Level::ALL.into_iter().find(|level| level.as_str() == word.text).ok_or_else(|| {
            let what = format!("level {} is unknown; levels are {}", quote(word.text), allowed());
            file.source.error_at(word.offset, what)
        })?;
        levels.push(level);
    }
    if levels.is_empty() {
        return Err(file.error_on("levels", &format!("is an empty list; levels are {}", allowed())));
    }
    levels.sort_unstable();
    levels.dedup();
    Ok(levels)
}

/// The first month of the fiscal year; January if the file does not give one.
pub(crate) fn fiscal_year_start(file: &TomlSection<'_>) -> Result<FiscalYearStart> {
    const KEY: &str = "fiscal_year_start";
    const NEED: &str = "the number of a month, 1 to 12";
    if let Ok(Some(Text { text, .. })) = file.text(KEY)
        && let Some(month) = month_meant(text)
    {
        return Err(
            file.error_on(KEY, &format!("must be {NEED}, not the text {}; write {month}", quote(text)))
        );
    }
    let month = file.number(KEY, FiscalYearStart::MONTHS, NEED)?;
    Ok(month.and_then(FiscalYearStart::new).unwrap_or_default())
}

/// The number of the month that a text means: a number, or the English name of a month or its first three letters.
fn month_meant(text: &str) -> Option<u32> {
    let number = text.trim().parse().ok().filter(|month| FiscalYearStart::MONTHS.contains(month));
    number.or_else(|| Some(text.trim().parse::<Month>().ok()?.number_from_month()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{VALID, open, refusal, with};

    #[test]
    fn levels_once_and_in_order() {
        let levels = |written: &str| open(&with(&format!("levels = {written}"), "")).unwrap().levels;
        assert_eq!(levels("['week', 'year', 'week']"), [Level::Year, Level::Week]);
        assert_eq!(levels("['month', 'quarter']"), [Level::Quarter, Level::Month]);
        assert_eq!(
            refusal(&with("levels = [\"year\", \"quarterly\"]", "")),
            r#"sales.toml:3: level "quarterly" is unknown; levels are year, quarter, month and week"#
        );
        assert_eq!(
            refusal(&with("levels = []", "")),
            "sales.toml:3: levels is an empty list; levels are year, quarter, month and week"
        );
    }

    #[test]
    fn fiscal_years() {
        let month = |toml: &str| open(toml).unwrap().fiscal_year_start.month();
        assert_eq!(month(VALID), 1);
        for number in [1, 7, 12] {
            assert_eq!(month(&with(&format!("fiscal_year_start = {number}"), "")), number);
        }
        for (written, found) in [
            ("0", "0"),
            ("13", "13"),
            ("-1", "-1"),
            ("7.0", "7.0"),
            ("true", "true"),
            ("2026-07-01", "2026-07-01"),
            ("'July'", "the text \"July\"; write 7"),
            ("'sep'", "the text \"sep\"; write 9"),
            ("'04'", "the text \"04\"; write 4"),
            ("'13'", "the text \"13\""),
            ("'Juli'", "the text \"Juli\""),
            ("' '", "the text \" \""),
        ] {
            assert_eq!(
                refusal(&with(&format!("fiscal_year_start = {written}"), "")),
                format!(
                    "sales.toml:3: fiscal_year_start must be the number of a month, 1 to 12, not {found}"
                )
            );
        }
    }
}
