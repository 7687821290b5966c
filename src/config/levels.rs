//! The levels of the file, and the month in which quarters begin to count.

use chrono::Month;

use super::privacy::no_weeks;
use super::section::{Text, TomlSection};
use super::source_text::{listed, quote};
use super::{FiscalYearStart, Level, Overrides};
use crate::error::{Error, Result};

/// The levels if the file does not give any.
const DEFAULT: [Level; 3] = [Level::Year, Level::Month, Level::Week];

/// The default levels if numbers about few people are suppressed.
const DEFAULT_WITHOUT_WEEKS: [Level; 2] = [Level::Year, Level::Month];

/// The levels without duplicates, the longest periods first. Those of the command line replace those of the file. With
/// `min_people` above 1 there are no weeks.
pub(crate) fn read(file: &TomlSection<'_>, overrides: &Overrides, min_people: u32) -> Result<Vec<Level>> {
    let allowed = || listed(&Level::ALL.map(Level::as_str), "and");
    let unknown = |word: &str| format!("level {} is unknown; levels are {}", quote(word), allowed());
    let named = |word: &str| Level::ALL.into_iter().find(|level| level.as_str() == word);
    let mut levels = match file.texts("levels")? {
        None if min_people > 1 => DEFAULT_WITHOUT_WEEKS.to_vec(),
        None => DEFAULT.to_vec(),
        Some(words) if words.is_empty() => {
            return Err(file.error_on("levels", &format!("is an empty list; levels are {}", allowed())));
        }
        Some(words) => {
            let level = |word: Text<'_>| {
                named(word.text).ok_or_else(|| file.source.error_at(word.offset, unknown(word.text)))
            };
            words.into_iter().map(level).collect::<Result<Vec<_>>>()?
        }
    };
    if let Some(words) = &overrides.levels {
        let level = |word: &String| {
            named(word.trim()).ok_or_else(|| Error::query(format!("--levels: {}", unknown(word))))
        };
        levels = words.iter().map(level).collect::<Result<_>>()?;
        if min_people > 1 && levels.contains(&Level::Week) {
            return Err(Error::query(format!("--levels {}", no_weeks(min_people))));
        }
    } else if min_people > 1 && levels.contains(&Level::Week) {
        return Err(file.error_on("levels", &no_weeks(min_people)));
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
    use crate::config::testing::{VALID, open, open_with, refusal, with};

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
    fn levels_of_the_command_line() {
        let given = |words: &str| {
            let levels = Some(words.split(',').map(str::to_owned).collect());
            open_with(&with("levels = ['year']", ""), &Overrides { levels, ..Overrides::default() })
        };
        assert_eq!(given("week,quarter,week").unwrap().levels, [Level::Quarter, Level::Week]);
        assert_eq!(
            given("week,day").unwrap_err().to_string(),
            "--levels: level \"day\" is unknown; levels are year, quarter, month and week"
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
