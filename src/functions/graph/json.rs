//! Splits JSON text: finds where members and items begin and end, without decoding their values.

use std::borrow::Cow;

use serde::de::IgnoredAny;

/// What is wrong with a JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The text ends too early.
    CutShort,
    /// The text is not JSON at this byte offset.
    NoJson(usize),
}

/// How serde_json begins the error for a control character in a string.
const CONTROL_CHARACTER: &str = "control character";

/// The position of the first byte at or after `at` that is not JSON white space.
pub(crate) fn skip_white(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|b| matches!(b, b' ' | b'\n' | b'\r' | b'\t')).count()
}

/// The end of the value that begins at `at`.
///
/// # Errors
/// The value is cut short or not JSON.
pub(crate) fn value_end(text: &[u8], at: usize) -> Result<usize, Fault> {
    let rest = text.get(at..).unwrap_or_default();
    let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<IgnoredAny>();
    match values.next() {
        None => Err(Fault::CutShort),
        Some(Ok(_)) => Ok(at + values.byte_offset()),
        Some(Err(e)) if e.is_eof() => Err(Fault::CutShort),
        Some(Err(e)) => {
            // The place of a control character in a string is that of the character before it.
            let before = usize::from(e.to_string().starts_with(CONTROL_CHARACTER));
            Err(Fault::NoJson(at + offset(rest, e.line(), e.column()) + before))
        }
    }
}

/// The byte offset of a line and column, as serde_json counts them.
fn offset(text: &[u8], line: usize, column: usize) -> usize {
    let before: usize =
        text.split_inclusive(|b| *b == b'\n').take(line.saturating_sub(1)).map(<[u8]>::len).sum();
    (before + column.saturating_sub(1)).min(text.len())
}

/// Calls `f` with each key of the object that begins at `at`, and where its value begins and ends. Returns
/// where the object ends. A key that is not valid Unicode (such as half a surrogate pair) is passed as the
/// empty text.
///
/// # Errors
/// The object is cut short or not JSON.
pub(crate) fn members<'a>(
    text: &'a [u8],
    at: usize,
    mut f: impl FnMut(Cow<'a, str>, usize, usize),
) -> Result<usize, Fault> {
    let mut at = skip_white(text, expect(text, at, b'{')?);
    if text.get(at) == Some(&b'}') {
        return Ok(at + 1);
    }
    loop {
        expect(text, at, b'"')?;
        let key_end = value_end(text, at)?;
        let key = scalar(&text[at..key_end]).unwrap_or_default();
        let value = skip_white(text, expect(text, skip_white(text, key_end), b':')?);
        let end = value_end(text, value)?;
        f(key, value, end);
        at = skip_white(text, end);
        if text.get(at) == Some(&b'}') {
            return Ok(at + 1);
        }
        at = skip_white(text, expect(text, at, b',')?);
    }
}

/// Calls `f` with where each item of the array that begins at `at` begins and ends. Returns where the array
/// ends.
///
/// # Errors
/// The array is cut short or not JSON.
pub(crate) fn items(text: &[u8], at: usize, mut f: impl FnMut(usize, usize)) -> Result<usize, Fault> {
    let mut at = skip_white(text, expect(text, at, b'[')?);
    if text.get(at) == Some(&b']') {
        return Ok(at + 1);
    }
    loop {
        let end = value_end(text, at)?;
        f(at, end);
        at = skip_white(text, end);
        if text.get(at) == Some(&b']') {
            return Ok(at + 1);
        }
        at = skip_white(text, expect(text, at, b',')?);
    }
}

/// The position after `byte`, which must be at `at`.
fn expect(text: &[u8], at: usize, byte: u8) -> Result<usize, Fault> {
    match text.get(at) {
        Some(b) if *b == byte => Ok(at + 1),
        Some(_) => Err(Fault::NoJson(at)),
        None => Err(Fault::CutShort),
    }
}

/// The text of a value: a string is decoded, anything else is returned as written. `None` for null and for
/// text that is not valid Unicode.
pub(crate) fn scalar(raw: &[u8]) -> Option<Cow<'_, str>> {
    match raw {
        b"null" => None,
        [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => {
            std::str::from_utf8(inner).ok().map(Cow::Borrowed)
        }
        [b'"', ..] => serde_json::from_slice(raw).ok().map(Cow::Owned),
        _ => std::str::from_utf8(raw).ok().map(Cow::Borrowed),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(text: &str) -> Result<(Vec<(String, &str)>, usize), Fault> {
        let mut found = vec![];
        let end = members(text.as_bytes(), 0, |key, at, end| found.push((key.into_owned(), &text[at..end])))?;
        Ok((found, end))
    }

    #[test]
    fn members_are_cut_out_as_written() {
        let text = r#"{ "a" : 1.5e3 ,"b\n":"x\"}",  "c":[{"d":[]}], "e":null}  {"next":1}"#;
        let (found, end) = parts(text).unwrap();
        let expected = [("a", "1.5e3"), ("b\n", r#""x\"}""#), ("c", r#"[{"d":[]}]"#), ("e", "null")];
        assert_eq!(found, expected.map(|(k, v)| (k.to_string(), v)));
        assert_eq!(&text[end..], r#"  {"next":1}"#);
        assert_eq!(parts("{ }").unwrap(), (vec![], 3));
    }

    #[test]
    fn faults_have_a_place() {
        for cut in
            ["{", r#"{"a"#, r#"{"a""#, r#"{"a":"#, r#"{"a":1"#, r#"{"a":"x\"#, r#"{"a":[1,"#, r#"{"a":tr"#]
        {
            assert_eq!(parts(cut), Err(Fault::CutShort), "{cut}");
        }
        assert_eq!(parts(r#"{"a" 1}"#), Err(Fault::NoJson(5)));
        assert_eq!(parts(r#"{"a":1,}"#), Err(Fault::NoJson(7)));
        assert_eq!(parts(r#"{a:1}"#), Err(Fault::NoJson(1)));
        assert_eq!(parts("{\"a\":\n[1,\n2;3]}"), Err(Fault::NoJson(11)));
        assert_eq!(parts("[1]"), Err(Fault::NoJson(0)));
        assert_eq!(parts("{\"a\":\"b\tc\"}"), Err(Fault::NoJson(7)));
        assert_eq!(parts("{\"a\":\n[\"\nc\"]}"), Err(Fault::NoJson(8)));
    }

    #[test]
    fn items_are_cut_out_as_written() {
        let text = br#"[1, "a,b" ,{"c":2}]"#;
        let mut found = vec![];
        assert_eq!(items(text, 0, |at, end| found.push(&text[at..end])), Ok(text.len()));
        assert_eq!(found, [&b"1"[..], b"\"a,b\"", b"{\"c\":2}"]);
        assert_eq!(items(b"[1,]", 0, |_, _| ()), Err(Fault::NoJson(3)));
    }

    #[test]
    fn scalars() {
        assert_eq!(scalar(b"null"), None);
        assert_eq!(scalar(b"true").as_deref(), Some("true"));
        assert_eq!(scalar(br#""a\u00e9\n""#).as_deref(), Some("aé\n"));
        assert_eq!(scalar(br#""\ud83d""#), None, "half a character");
        assert_eq!(scalar(b"\"\xff\""), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(text in "[\\[\\]{}\":,a\\\\ 1nul\\n]{0,40}", bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            for text in [text.as_bytes(), &bytes] {
                let _ = members(text, 0, |_, at, end| { scalar(&text[at..end]); });
                let _ = items(text, 0, |at, end| { scalar(&text[at..end]); });
                let _ = value_end(text, 3);
            }
        }

        /// Accepts exactly the objects that serde_json accepts, and reports a truncated one as cut short.
        #[test]
        fn agrees_with_serde_json(text in "\\{(\"[a-c]\":(1|true|\"x\"|\\[1,2\\]|\\{\\}),?){0,3}\\}", cut in 0usize..40) {
            let whole = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            prop_assert_eq!(parts(&text).is_ok(), whole);
            if whole && cut < text.len() {
                prop_assert_eq!(parts(&text[..cut]), Err(Fault::CutShort));
            }
        }
    }
}
