//! The section `[expect]`: what a run must find in its inputs, so that it publishes.

use std::fmt;

use toml::de::DeValue;

use super::Overrides;
use super::dispositions::NOT_USED;
use super::section::TomlSection;
use super::source_text::quote;
use crate::error::Result;

/// What a run must find. A run that does not find it publishes nothing. `None` and an empty list expect nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expectations {
    /// The largest number of days from the last day with used rows to the as-of date.
    pub max_age_days: Option<u32>,
    /// The smallest number of days with used rows.
    pub min_days_covered: Option<u32>,
    /// The smallest number of active mailboxes, or their share of the listed ones.
    pub min_mailboxes_active: Option<Amount>,
    /// The smallest number of engaged accounts, or their share of the profile.
    pub min_accounts_engaged: Option<Amount>,
    /// The smallest number of used rows of contacts, or their share of all rows of contacts.
    pub min_contacts_used: Option<Amount>,
    /// The largest share by which messages, meetings and engaged accounts may each be fewer than those that are
    /// published.
    pub max_drop: Option<Share>,
    /// Dispositions, each with the largest share that it may have of the rows of a source.
    pub max_rows_not_used: Vec<(&'static str, Share)>,
    /// Whether a run publishes even if it does not find this: `on_failure = "warn"` in the file.
    pub warn: bool,
    /// Whether the command line permits to publish even if the run does not find this.
    pub publish_anyway: bool,
}

/// A number, or a share of a total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// A number.
    Number(u32),
    /// A share of a total.
    Share(Share),
}

/// A share, in hundredths of a percent: 0 to 10,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share(pub u32);

impl Share {
    /// Parses a text such as `80%` or `0.5%`, with at most two decimals; `None` for any other text.
    fn parse(text: &str) -> Option<Self> {
        let number = text.strip_suffix('%')?;
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u32>().ok());
        let (whole, hundredths) = (digits(whole)??, digits(decimals)??);
        let hundredths = if decimals.len() == 1 { hundredths * 10 } else { hundredths };
        let share = Self(whole.checked_mul(100)?.checked_add(hundredths)?);
        (decimals.len() <= 2 && share.0 <= 10_000).then_some(share)
    }

    /// Whether a part is more than this share of a total.
    pub(crate) fn is_exceeded_by(self, part: i64, total: i64) -> bool {
        i128::from(part) * 10_000 > i128::from(self.0) * i128::from(total)
    }

    /// Whether a part is at least this share of a total. Nothing is a share of 0.
    pub(crate) fn is_reached_by(self, part: i64, total: i64) -> bool {
        total > 0 && i128::from(part) * 10_000 >= i128::from(self.0) * i128::from(total)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, hundredths) = (self.0 / 100, self.0 % 100);
        match hundredths {
            0 => write!(f, "{whole}%"),
            _ if hundredths.is_multiple_of(10) => write!(f, "{whole}.{}%", hundredths / 10),
            _ => write!(f, "{whole}.{hundredths:02}%"),
        }
    }
}

const SHARE: &str = "a share such as \"5%\", from \"0%\" to \"100%\" with at most two decimals";

/// The section `[expect]`; without it, nothing is expected.
pub(crate) fn read(file: &TomlSection<'_>, overrides: &Overrides) -> Result<Expectations> {
    let mut expect = Expectations { publish_anyway: overrides.publish_anyway, ..Expectations::default() };
    let Some(section) = file.section("expect")? else { return Ok(expect) };
    let days = "a whole number of days, from 0 to 3652059";
    expect.max_age_days = section.number("max_age_days", 0..=3_652_059, days)?;
    expect.min_days_covered = section.number("min_days_covered", 0..=3_652_059, days)?;
    expect.min_mailboxes_active = amount(&section, "min_mailboxes_active")?;
    expect.min_accounts_engaged = amount(&section, "min_accounts_engaged")?;
    expect.min_contacts_used = amount(&section, "min_contacts_used")?;
    expect.max_drop = share(&section, "max_drop")?;
    if let Some(shares) = section.section("max_rows_not_used")? {
        for disposition in NOT_USED {
            let most = share(&shares, disposition)?;
            expect.max_rows_not_used.extend(most.map(|share| (disposition, share)));
        }
    }
    if let Some(word) = section.text("on_failure")? {
        expect.warn = match word.text {
            "stop" => false,
            "warn" => true,
            other => {
                let what = format!("must be \"stop\" or \"warn\", not {}", quote(other));
                return Err(section.error_on("on_failure", &what));
            }
        };
    }
    Ok(expect)
}

/// A whole number, or a share.
fn amount(section: &TomlSection<'_>, key: &str) -> Result<Option<Amount>> {
    let need = "a whole number, or a share such as \"80%\"";
    match section.value(key) {
        Some(value) if !matches!(value.get_ref(), DeValue::String(_)) => {
            Ok(section.number(key, 0..=u32::MAX, need)?.map(Amount::Number))
        }
        Some(value) => match section.text(key)?.and_then(|text| Share::parse(text.text)) {
            Some(share) => Ok(Some(Amount::Share(share))),
            None => Err(section.wrong(key, value, need)),
        },
        None => Ok(None),
    }
}

fn share(section: &TomlSection<'_>, key: &str) -> Result<Option<Share>> {
    let Some(value) = section.value(key) else { return Ok(None) };
    let text = match value.get_ref() {
        DeValue::String(text) => Share::parse(text),
        _ => None,
    };
    text.map(Some).ok_or_else(|| section.wrong(key, value, SHARE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{VALID, open, refusal, with};

    fn expect(toml: &str) -> Expectations {
        open(&with("", &format!("[expect]\n{toml}"))).unwrap().expect
    }

    #[test]
    fn every_key() {
        assert_eq!(open(VALID).unwrap().expect, Expectations::default());
        assert_eq!(expect(""), Expectations::default());
        let found = expect(
            "max_age_days = 3\nmin_days_covered = 300\nmin_mailboxes_active = '80%'\nmin_accounts_engaged = 40\n\
             min_contacts_used = '12.5%'\nmax_drop = '0.25%'\non_failure = 'warn'\n\
             max_rows_not_used = { unknown_account = '5%', missing_time = '0%' }",
        );
        let expected = Expectations {
            max_age_days: Some(3),
            min_days_covered: Some(300),
            min_mailboxes_active: Some(Amount::Share(Share(8_000))),
            min_accounts_engaged: Some(Amount::Number(40)),
            min_contacts_used: Some(Amount::Share(Share(1_250))),
            max_drop: Some(Share(25)),
            max_rows_not_used: vec![("missing_time", Share(0)), ("unknown_account", Share(500))],
            warn: true,
            publish_anyway: false,
        };
        assert_eq!(found, expected);
        assert!(!expect("on_failure = 'stop'").warn);
    }

    #[test]
    fn mistakes() {
        let refused = |toml: &str| refusal(&with("", &format!("[expect]\n{toml}")));
        for wrong in ["0.8", "'0.8'", "'101%'", "'1.234%'", "'%'", "'-1%'", "'1e1%'", "' 5%'", "5"] {
            let says = format!("sales.toml:13: [expect] max_drop must be {SHARE}, not ");
            assert!(refused(&format!("max_drop = {wrong}")).starts_with(&says), "{wrong}");
        }
        for wrong in ["0.8", "'80'", "-1", "'120%'"] {
            let says = "sales.toml:13: [expect] min_mailboxes_active must be a whole number, or a share such as \"80%\", not ";
            assert!(refused(&format!("min_mailboxes_active = {wrong}")).starts_with(says), "{wrong}");
        }
        assert_eq!(
            refused("on_failure = 'ignore'"),
            "sales.toml:13: [expect] on_failure must be \"stop\" or \"warn\", not \"ignore\""
        );
        assert_eq!(
            refused("max_rows_not_used = '5%'"),
            "sales.toml:13: [expect] max_rows_not_used must be a section, [expect.max_rows_not_used], not the text \"5%\""
        );
        assert_eq!(
            refused("max_rows_not_used = { unknown_acount = '5%' }"),
            "sales.toml:13: unknown key \"unknown_acount\" in [expect.max_rows_not_used]; did you mean \
             \"unknown_account\"?"
        );
    }

    #[test]
    fn shares_compare_exactly_and_are_written_as_read() {
        for (text, hundredths) in
            [("0%", 0), ("5%", 500), ("0.5%", 50), ("0.05%", 5), ("99.99%", 9_999), ("100%", 10_000)]
        {
            assert_eq!(Share::parse(text), Some(Share(hundredths)));
            assert_eq!(Share(hundredths).to_string(), text);
        }
        let third = Share(3_333);
        assert!(
            third.is_exceeded_by(1, 3) && third.is_reached_by(1, 3) && !third.is_reached_by(3_332, 10_000)
        );
        assert!(!Share(5_000).is_exceeded_by(1, 2) && Share(5_000).is_reached_by(1, 2));
        assert!(!Share(0).is_exceeded_by(0, 0) && !Share(0).is_reached_by(0, 0));
    }
}
