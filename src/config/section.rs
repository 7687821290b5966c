//! Typed access to the values of one section of the file, with errors that name the line.

use chrono::NaiveDate;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::date;
use super::schema::{FILE, Schema};
use super::source_text::{SourceText, quote};
use crate::error::{Error, Result};

/// A section of the file, or the keys above the first section.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TomlSection<'a> {
    pub(crate) source: SourceText<'a>,
    pub(crate) schema: &'static Schema,
    pub(crate) table: &'a DeTable<'a>,
    /// The byte offset of the section in the file; `None` for the top of the file.
    offset: Option<usize>,
}

/// A text value and its byte offset in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) text: &'a str,
    pub(crate) offset: usize,
}

impl<'a> TomlSection<'a> {
    /// The top of the file.
    pub(crate) fn top(source: SourceText<'a>, table: &'a DeTable<'a>) -> Self {
        Self { source, schema: &FILE, table, offset: None }
    }

    /// A section within this one; `None` if it is absent. Anything else under this key is an error.
    pub(crate) fn section(&self, key: &str) -> Result<Option<TomlSection<'a>>> {
        let Some(schema) = self.schema.sections.iter().find(|s| s.key() == key) else { return Ok(None) };
        let Some((name, value)) = self.table.get_key_value(key) else { return Ok(None) };
        match value.get_ref() {
            DeValue::Table(table) => {
                Ok(Some(Self { source: self.source, schema, table, offset: Some(name.span().start) }))
            }
            _ => Err(self.wrong(key, value, &format!("a section, [{}]", schema.name))),
        }
    }

    /// The text of a key; `None` if the key is absent. A blank text, or another type, is an error.
    pub(crate) fn text(&self, key: &str) -> Result<Option<Text<'a>>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let DeValue::String(text) = value.get_ref() else {
            return Err(self.wrong(key, value, "text in quotes"));
        };
        if text.trim().is_empty() {
            return Err(self.error_on(key, "is blank"));
        }
        Ok(Some(Text { text, offset: value.span().start }))
    }

    /// The text of a required key; `what` explains the key in the error if it is absent.
    pub(crate) fn required_text(&self, key: &str, what: &str) -> Result<Text<'a>> {
        self.text(key)?.ok_or_else(|| self.missing(key, what))
    }

    /// The list of texts of a key; `None` if the key is absent. The list may be empty, and its texts may be
    /// blank.
    pub(crate) fn texts(&self, key: &str) -> Result<Option<Vec<Text<'a>>>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let need = "a list of texts in quotes";
        let DeValue::Array(items) = value.get_ref() else { return Err(self.wrong(key, value, need)) };
        let text = |item: &'a Spanned<DeValue<'a>>| match item.get_ref() {
            DeValue::String(text) => Ok(Text { text, offset: item.span().start }),
            _ => Err(self.wrong(key, item, need)),
        };
        items.iter().map(text).collect::<Result<_>>().map(Some)
    }

    /// The text, or the list of texts, of a key, as a list; `None` if the key is absent.
    pub(crate) fn text_or_texts(&self, key: &str) -> Result<Option<Vec<Text<'a>>>> {
        match self.value(key).map(Spanned::get_ref) {
            Some(DeValue::Array(_)) => self.texts(key),
            _ => Ok(self.text(key)?.map(|text| vec![text])),
        }
    }

    /// The whole number of a key; `None` if the key is absent. Numbers outside `allowed` are errors; `need`
    /// describes the allowed numbers in the error.
    pub(crate) fn number(
        &self,
        key: &str,
        allowed: std::ops::RangeInclusive<u32>,
        need: &str,
    ) -> Result<Option<u32>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let DeValue::Integer(digits) = value.get_ref() else { return Err(self.wrong(key, value, need)) };
        match u32::from_str_radix(digits.as_str(), digits.radix()) {
            Ok(number) if allowed.contains(&number) => Ok(Some(number)),
            _ => Err(self.wrong(key, value, need)),
        }
    }

    /// The boolean of a key; `None` if the key is absent.
    pub(crate) fn truth(&self, key: &str) -> Result<Option<bool>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        match value.get_ref() {
            DeValue::Boolean(truth) => Ok(Some(*truth)),
            _ => Err(self.wrong(key, value, "true or false")),
        }
    }

    /// The date of a key and its byte offset; `None` if the key is absent. The date is a text or a TOML date.
    pub(crate) fn date(&self, key: &str) -> Result<Option<(NaiveDate, usize)>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let date = match value.get_ref() {
            DeValue::String(text) => date::parse(text),
            DeValue::Datetime(toml) if toml.time.is_none() => {
                toml.date.and_then(|d| date::in_calendar(d.year.into(), d.month.into(), d.day.into()))
            }
            _ => None,
        };
        match date {
            Some(date) => Ok(Some((date, value.span().start))),
            None => Err(self.wrong(key, value, date::NEED)),
        }
    }

    /// The error for an absent required key; `what` explains the key.
    pub(crate) fn missing(&self, key: &str, what: &str) -> Error {
        let what = format!("{} is missing; give {what}", self.label(key));
        match self.offset {
            Some(offset) => self.source.error_at(offset, what),
            None => self.source.error(what),
        }
    }

    /// An error about a key, with the line of its value, or of the section if the key is absent.
    pub(crate) fn error_on(&self, key: &str, what: &str) -> Error {
        let offset = self.value(key).map(|value| value.span().start).or(self.offset);
        self.source.error_at(offset.unwrap_or_default(), format_args!("{} {what}", self.label(key)))
    }

    /// An error about the section, with its line.
    pub(crate) fn error(&self, what: &str) -> Error {
        self.source.error_at(self.offset.unwrap_or_default(), format_args!("[{}] {what}", self.schema.name))
    }

    /// A key with its section, for errors: `window_days`, `[mail] path`.
    pub(crate) fn label(&self, key: &str) -> String {
        if self.schema.name.is_empty() { key.to_owned() } else { format!("[{}] {key}", self.schema.name) }
    }

    /// The value of a key; `None` if the key is absent.
    pub(crate) fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        debug_assert!(self.schema.keys.contains(&key), "{key} is not in the list of keys");
        self.table.get(key)
    }

    /// The error for a value of a key that is not what is needed.
    pub(crate) fn wrong(&self, key: &str, value: &Spanned<DeValue<'_>>, need: &str) -> Error {
        let what = format!("{} must be {need}, not {}", self.label(key), described(value.get_ref()));
        self.source.error_at(value.span().start, what)
    }
}

/// A value as it is quoted in an error.
fn described(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text {}", quote(text)),
        DeValue::Integer(number) => quote(&number.to_string()).replace('"', ""),
        DeValue::Float(number) => quote(&number.to_string()).replace('"', ""),
        DeValue::Boolean(truth) => truth.to_string(),
        DeValue::Datetime(datetime) => datetime.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a section".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{open, refusal, with};

    #[test]
    fn texts() {
        assert_eq!(refusal(&with("region = 3", "")), "sales.toml:3: region must be text in quotes, not 3");
        assert_eq!(refusal(&with("region = ' '", "")), "sales.toml:3: region is blank");
        assert_eq!(
            refusal(&with("region = ['europe']", "")),
            "sales.toml:3: region must be text in quotes, not a list"
        );
        assert_eq!(
            refusal(&with("", "[users.path]\nx = 1")),
            "sales.toml:12: [users] path must be text in quotes, not a section"
        );
        assert_eq!(
            refusal(&with("levels = 'year'", "")),
            r#"sales.toml:3: levels must be a list of texts in quotes, not the text "year""#
        );
        assert_eq!(
            refusal(&with("levels = [\n  'year',\n  true,\n]", "")),
            "sales.toml:5: levels must be a list of texts in quotes, not true"
        );
    }

    #[test]
    fn numbers() {
        let days = |written: &str| refusal(&with(&format!("reply_window_days = {written}"), ""));
        let need = "sales.toml:3: reply_window_days must be a whole number from 0 to 3652059, not";
        assert_eq!(days("-1"), format!("{need} -1"));
        assert_eq!(days("3652060"), format!("{need} 3652060"));
        assert_eq!(days("99999999999999999999999999"), format!("{need} 99999999999999999999999999"));
        assert_eq!(days("30.0"), format!("{need} 30.0"));
        assert_eq!(days("'30'"), format!(r#"{need} the text "30""#));
        assert_eq!(days("true"), format!("{need} true"));
        assert_eq!(days("nan"), format!("{need} nan"));
        assert_eq!(days(&"9".repeat(100_000)), format!("{need} {}...", "9".repeat(60)));
        for (written, expected) in [("1_000", 1000), ("+7", 7), ("0x1E", 30), ("0", 0)] {
            let enrichment = open(&with(&format!("reply_window_days = {written}"), "")).unwrap();
            assert_eq!(enrichment.reply_window_days, expected);
        }
    }
}
