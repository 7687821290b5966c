//! Finds the ends of values in JSON text, without decoding them.

use super::fault::{Fault, expect, skip_white};
use super::string::string_end;

/// The end of the value that begins at `at`, whatever its depth.
///
/// # Errors
/// The value is cut short or not JSON.
pub(crate) fn value_end(text: &[u8], at: usize) -> Result<usize, Fault> {
    // The brackets that close what is open, the innermost last.
    let mut open: Vec<u8> = vec![];
    let mut at = at;
    loop {
        let mut end = match text.get(at) {
            None => return Err(Fault::CutShort),
            Some(b'"') => string_end(text, at + 1)?,
            Some(bracket @ (b'{' | b'[')) => {
                let close = bracket + 2;
                at = skip_white(text, at + 1);
                if text.get(at) == Some(&close) {
                    at + 1
                } else {
                    open.push(close);
                    at = first(text, at, close)?;
                    continue;
                }
            }
            Some(b'-' | b'0'..=b'9') => number_end(text, at)?,
            Some(b't') => word_end(text, at, b"true")?,
            Some(b'f') => word_end(text, at, b"false")?,
            Some(b'n') => word_end(text, at, b"null")?,
            Some(_) => return Err(Fault::NoJson(at)),
        };
        loop {
            let Some(&close) = open.last() else { return Ok(end) };
            end = skip_white(text, end);
            match text.get(end) {
                None => return Err(Fault::CutShort),
                Some(byte) if *byte == close => {
                    open.pop();
                    end += 1;
                }
                Some(b',') => {
                    at = first(text, skip_white(text, end + 1), close)?;
                    break;
                }
                Some(_) => return Err(Fault::NoJson(end)),
            }
        }
    }
}

/// Where the value of the item that begins at `at` begins: in an object it is preceded by a key.
fn first(text: &[u8], at: usize, close: u8) -> Result<usize, Fault> {
    if close == b']' {
        return Ok(at);
    }
    let key_end = string_end(text, expect(text, at, b'"')?)?;
    Ok(skip_white(text, expect(text, skip_white(text, key_end), b':')?))
}

/// The end of the number that begins at `at`.
fn number_end(text: &[u8], at: usize) -> Result<usize, Fault> {
    let mut at = at + usize::from(text.get(at) == Some(&b'-'));
    let is_zero = text.get(at) == Some(&b'0');
    let digits = at;
    at = digits_end(text, at)?;
    if is_zero && at > digits + 1 {
        return Err(Fault::NoJson(digits + 1));
    }
    if text.get(at) == Some(&b'.') {
        at = digits_end(text, at + 1)?;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1;
        at = digits_end(text, at + usize::from(matches!(text.get(at), Some(b'+' | b'-'))))?;
    }
    Ok(at)
}

/// The end of the digits that begin at `at`, of which there must be one.
fn digits_end(text: &[u8], at: usize) -> Result<usize, Fault> {
    let rest = text.get(at..).unwrap_or_default();
    match rest.iter().take_while(|byte| byte.is_ascii_digit()).count() {
        0 if rest.is_empty() => Err(Fault::CutShort),
        0 => Err(Fault::NoJson(at)),
        digits => Ok(at + digits),
    }
}

/// The end of a word that is a value.
fn word_end(text: &[u8], at: usize, word: &[u8]) -> Result<usize, Fault> {
    for (at, byte) in (at..).zip(word) {
        expect(text, at, *byte)?;
    }
    Ok(at + word.len())
}
