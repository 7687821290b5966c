//! Where in a file something stands, and errors that say so.

use std::fmt::Display;
use std::path::Path;

use crate::error::{Error, one_line};
pub(super) use crate::nearest::nearest;

/// The longest piece of a file that is repeated in an error.
const LONGEST_QUOTE: usize = 60;

/// A file and its text, for errors of the shape `file:line: what is wrong`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) file: &'a Path,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// `file:line`, lines counted from 1, for a place given as an offset into the text.
    pub(super) fn place(&self, offset: usize) -> String {
        let before = self.text.as_bytes().iter().take(offset);
        format!("{}:{}", self.file.display(), 1 + before.filter(|b| **b == b'\n').count())
    }

    /// What stands at an offset is wrong.
    pub(super) fn error_at(&self, offset: usize, what: impl Display) -> Error {
        Error::enrichment(format!("{}: {what}", self.place(offset)))
    }

    /// The file as a whole is wrong.
    pub(super) fn error(&self, what: impl Display) -> Error {
        Error::enrichment(format!("{}: {what}", self.file.display()))
    }

    /// The text is no TOML; the place is to the column. What stands there is repeated where it is
    /// short, and never where it might hold addresses.
    pub(super) fn syntax_error(&self, error: &toml::de::Error) -> Error {
        let what = one_line(error.message());
        let Some(span) = error.span() else { return self.error(format_args!("no valid TOML: {what}")) };
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
        Error::enrichment(format!("{}:{column}: no valid TOML: {what}{found}", self.place(span.start)))
    }
}

/// A text as it is repeated in an error: in quotes, on one line, cut where it is long.
pub(super) fn quote(text: &str) -> String {
    match text.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// `a, b and c`, with the given last conjunction.
pub(super) fn listed<S: AsRef<str>>(words: &[S], conjunction: &str) -> String {
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
        let source = Source { file: Path::new("sales.toml"), text: "a\r\nb\n\nc" };
        let lines: Vec<String> = [0, 2, 3, 4, 5, 6, 99].map(|offset| source.place(offset)).into();
        let expected = [1, 1, 2, 2, 3, 4, 4].map(|line| format!("sales.toml:{line}"));
        assert_eq!(lines, expected);
    }

    #[test]
    fn quotes_stay_on_one_line() {
        assert_eq!(quote("a\nb\u{202e}\"c"), r#""a\nb\u{202e}\"c""#);
        assert_eq!(quote(&"é".repeat(60)), format!("\"{}\"", "é".repeat(60)));
        assert_eq!(quote(&"é".repeat(61)), format!("\"{}\"...", "é".repeat(60)));
    }

    #[test]
    fn lists() {
        assert_eq!(listed::<&str>(&[], "or"), "");
        assert_eq!(listed(&["a"], "or"), "a");
        assert_eq!(listed(&["a", "b"], "and"), "a and b");
        assert_eq!(listed(&["a", "b", "c"], "or"), "a, b or c");
    }
}
