//! Says what is wrong with a JSON text where it cannot be read.

/// How many bytes before the fault are examined.
const BEFORE: usize = 64;

const NOT_A_NUMBER: &str = "a number that JSON does not have (NaN or Infinity); write null instead";
const PYTHON: &str = "a value as Python prints it; write the file with a JSON library";
const COMMENT: &str = "a comment, which JSON does not have";
const ZERO: &str = "zero bytes: a part of the file was not written; write it again";

/// Words that are not JSON, and what they are. A parser stops at their first or second character.
const WORDS: [(&str, &str); 9] = [
    ("NaN", NOT_A_NUMBER),
    ("nan", NOT_A_NUMBER),
    ("Infinity", NOT_A_NUMBER),
    ("inf", NOT_A_NUMBER),
    ("None", PYTHON),
    ("True", PYTHON),
    ("False", PYTHON),
    ("undefined", "undefined, which JSON does not have; write null instead"),
    ("'", "a single quote; the quotes of JSON are double"),
];

/// What is wrong at a byte offset between objects, where an object was expected; `None` if it is not known.
pub(crate) fn between(text: &[u8], at: usize, in_array: bool) -> Option<&'static str> {
    let rest = text.get(at..)?;
    Some(match rest.first()? {
        0 => ZERO,
        0x1a => "the character Ctrl-Z, which ends a text, but text follows it",
        b'[' if in_array => "an array within an array; the objects are needed one per line, or in one array",
        b'"' if matches!(rest, [_, b'{' | b'[', ..]) => "a text that contains JSON; it was encoded twice",
        b'"' => "a text instead of an object",
        b',' => "a comma without an object before it",
        b'{' if in_array => "a comma is missing before the object",
        b'}' | b']' => "a closing bracket without an opening one",
        b'/' | b'#' => COMMENT,
        b';' => "a semicolon; the objects are needed one per line, or in one array",
        b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => "a value that is not an object",
        _ => word(rest)?,
    })
}

/// What is wrong at a byte offset within an object; `None` if it is not known.
pub(crate) fn within(text: &[u8], at: usize) -> Option<&'static str> {
    let before = text.get(at.saturating_sub(BEFORE)..at)?;
    let rest = text.get(at..)?;
    let is_white = |b: &&u8| b.is_ascii_whitespace();
    let last = before.iter().rev().find(|b| !is_white(b)).copied();
    if let Some(known) = word(rest).or_else(|| word(&text[at.saturating_sub(1)..])) {
        return Some(known);
    }
    Some(match (last, rest.first()?) {
        (_, 0) => ZERO,
        (_, ..0x20) => "a control character within a text; JSON writes it with a backslash",
        (Some(b','), b'}' | b']') => "a comma before a closing bracket",
        (Some(b'\\'), _) => "a backslash that does not begin an escape sequence of JSON",
        (_, b'/' | b'#') => COMMENT,
        (_, 0xef) if rest.starts_with(b"\xef\xbb\xbf") => "a byte order mark within an object",
        (Some(b'{' | b',' | b':' | b'['), _) => "a key or a value that is not JSON",
        _ => "a comma or a colon is missing before it",
    })
}

fn word(rest: &[u8]) -> Option<&'static str> {
    WORDS.iter().find(|(word, _)| rest.starts_with(word.as_bytes())).map(|(_, what)| *what)
}
