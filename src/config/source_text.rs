//! The text of a file, and errors that name the file and the line.

use std::fmt::Display;
use std::path::Path;

pub(crate) use crate::error::suggest::nearest;
use crate::error::{Error, one_line};
use crate::storage::QUOTES;

/// The longest piece of a file that an error quotes, in characters.
const LONGEST_QUOTE: usize = 60;

/// A file and its text, for errors of the form `file:line: what is wrong`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SourceText<'a> {
    pub(crate) file: &'a Path,
    pub(crate) text: &'a str,
}

impl SourceText<'_> {
    /// `file:line` of a byte offset in the text; lines are counted from 1.
    pub(crate) fn line_of(&self, offset: usize) -> String {
        let before = self.text.as_bytes().iter().take(offset);
        format!("{}:{}", self.file.display(), 1 + before.filter(|b| **b == b'\n').count())
    }

    /// An error about the text at a byte offset.
    pub(crate) fn error_at(&self, offset: usize, what: impl Display) -> Error {
        Error::enrichment(format!("{}: {what}", self.line_of(offset)))
    }

    /// An error about the file as a whole.
    pub(crate) fn error(&self, what: impl Display) -> Error {
        Error::enrichment(format!("{}: {what}", self.file.display()))
    }

    /// The error for a text that is not valid TOML, with line and column. It quotes the wrong text if that is
    /// short and cannot contain an address.
    pub(crate) fn syntax_error(&self, error: &toml::de::Error) -> Error {
        let what = one_line(error.message());
        let Some(span) = error.span() else { return self.error(format_args!("not valid TOML: {what}")) };
        let found = match self.text.get(span.clone()) {
            Some(found)
                if !found.trim().is_empty() && found.len() <= LONGEST_QUOTE && !found.contains('@') =>
            {
                format!(", at {}", quote(found))
            }
            _ => String::new(),
        };
        let line = self.text.get(..span.start).and_then(|before| before.rsplit('\n').next());
        let column = 1 + line.map_or(0, |line| line.chars().count());
        let hint = match self.text.get(..span.end).and_then(|before| before.rsplit('\n').next()) {
            Some(before) if is_escape(before) => {
                format!("; in double quotes a backslash begins an escape: {QUOTES}")
            }
            _ => String::new(),
        };
        Error::enrichment(format!(
            "{}:{column}: not valid TOML: {what}{found}{hint}",
            self.line_of(span.start)
        ))
    }
}

/// Whether the end of a line is in an escape of a text in double quotes: behind the last backslash follow
/// letters and digits only.
fn is_escape(before: &str) -> bool {
    before.rsplit_once('\\').is_some_and(|(quoted, escape)| {
        quoted.contains('"') && !quoted.contains('\'') && escape.chars().all(char::is_alphanumeric)
    })
}

/// A text as it is quoted in an error: in quotes, on one line, truncated if it is long. It is TOML, so that it can be
/// copied into the enrichment file.
pub(crate) fn quote(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("\"{}\"...", escaped(&text[..end])),
        None => format!("\"{}\"", escaped(text)),
    }
}

/// A text with the escapes of TOML, where Rust would escape a character.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        let escape = c.escape_debug().to_string();
        match (escape.starts_with("\\u{") || c == '\0', u32::from(c)) {
            (true, code @ ..=0xffff) => out.push_str(&format!("\\u{code:04x}")),
            (true, code) => out.push_str(&format!("\\U{code:08x}")),
            (false, _) if c == '\'' => out.push(c),
            (false, _) => out.push_str(&escape),
        }
    }
    out
}

/// `a, b and c`, with the given conjunction before the last word.
pub(crate) fn listed<S: AsRef<str>>(words: &[S], conjunction: &str) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    match words.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} {conjunction} {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_from_one() {
        let source = SourceText { file: Path::new("sales.toml"), text: "a\r\nb\n\nc" };
        let lines: Vec<String> = [0, 2, 3, 4, 5, 6, 99].map(|offset| source.line_of(offset)).into();
        let expected = [1, 1, 2, 2, 3, 4, 4].map(|line| format!("sales.toml:{line}"));
        assert_eq!(lines, expected);
    }

    #[test]
    fn quotes_stay_on_one_line() {
        assert_eq!(quote("a\nb\u{202e}\"c"), r#""a\nb\u202e\"c""#);
        assert_eq!(quote(&"é".repeat(60)), format!("\"{}\"", "é".repeat(60)));
        assert_eq!(quote(&"é".repeat(61)), format!("\"{}\"...", "é".repeat(60)));
    }

    #[test]
    fn quotes_are_toml() {
        for text in ["email\u{200b}", "it's \"a\" \\ b", "\0\u{1}\u{7f}\r\n\t", "\u{e0041}\u{feff}é", ""] {
            let table: toml::Table = format!("a = {}", quote(text)).parse().unwrap();
            assert_eq!(table["a"].as_str(), Some(text), "{text:?}");
        }
    }

    #[test]
    fn lists() {
        assert_eq!(listed::<&str>(&[], "or"), "");
        assert_eq!(listed(&["a"], "or"), "a");
        assert_eq!(listed(&["a", "b"], "and"), "a and b");
        assert_eq!(listed(&["a", "b", "c"], "or"), "a, b or c");
    }
}
