//! Splits JSON text: finds where members and items begin and end, without decoding their values.

mod fault;
mod string;
mod value;

use std::borrow::Cow;

use self::fault::expect;
pub(crate) use self::fault::{Fault, skip_white};
use self::string::string_end;
pub(crate) use self::value::value_end;

/// Calls `f` with each key of the object that begins at `at`, as it is written, and where its value begins and
/// ends. Returns where the object ends.
///
/// # Errors
/// The object is cut short or not JSON.
pub(crate) fn members<'a>(
    text: &'a [u8],
    at: usize,
    mut f: impl FnMut(&'a [u8], usize, usize),
) -> Result<usize, Fault> {
    let mut at = skip_white(text, expect(text, at, b'{')?);
    if text.get(at) == Some(&b'}') {
        return Ok(at + 1);
    }
    loop {
        let key_end = string_end(text, expect(text, at, b'"')?)?;
        let key = &text[at..key_end];
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

/// Whether a key, as it is written, is this name in any case.
pub(crate) fn is_key(raw: &[u8], name: &str) -> bool {
    match raw {
        [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => inner.eq_ignore_ascii_case(name.as_bytes()),
        _ => scalar(raw).is_some_and(|key| key.eq_ignore_ascii_case(name)),
    }
}

/// The text of a value: a string is decoded, anything else is returned as written. Half of a character of two escape
/// sequences, as programs leave it that cut text off, is U+FFFD. `None` for null and for bytes that are not UTF-8.
pub(crate) fn scalar(raw: &[u8]) -> Option<Cow<'_, str>> {
    match raw {
        b"null" => None,
        [b'"', inner @ .., b'"'] if !inner.contains(&b'\\') => {
            std::str::from_utf8(inner).ok().map(Cow::Borrowed)
        }
        [b'"', ..] => {
            let decoded =
                serde_json::from_slice(raw).or_else(|_| serde_json::from_slice(&without_halves(raw)));
            decoded.ok().map(Cow::Owned)
        }
        _ => std::str::from_utf8(raw).ok().map(Cow::Borrowed),
    }
}

/// A string as it is written, with U+FFFD in place of each half of a pair of surrogates whose other half is missing.
fn without_halves(raw: &[u8]) -> Vec<u8> {
    let unit = |at: usize| {
        let digits = raw.get(at..)?.strip_prefix(b"\\u")?.first_chunk::<4>()?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let (mut whole, mut at) = (Vec::with_capacity(raw.len()), 0);
    while at < raw.len() {
        let length = match (unit(at), unit(at + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => 12,
            (Some(0xd800..0xe000), _) => {
                whole.extend(b"\\ufffd");
                at += 6;
                continue;
            }
            _ if raw[at] == b'\\' => 2,
            _ => 1,
        };
        let end = raw.len().min(at + length);
        whole.extend(&raw[at..end]);
        at = end;
    }
    whole
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parts(text: &str) -> Result<(Vec<(String, &str)>, usize), Fault> {
        let mut found = vec![];
        let end = members(text.as_bytes(), 0, |key, at, end| {
            found.push((scalar(key).unwrap_or_default().into_owned(), &text[at..end]));
        })?;
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
        for (written, decoded) in [
            (&br#""\ud83d""#[..], "\u{fffd}"),
            (br#""\ud83d\ude00 \ud83d <a@x.com>; \ude00\ud83d""#, "😀 \u{fffd} <a@x.com>; \u{fffd}\u{fffd}"),
            (br#""\\\ud83d\\ud83d\u00e9""#, "\\\u{fffd}\\ud83dé"),
        ] {
            assert_eq!(scalar(written).as_deref(), Some(decoded), "half a character");
        }
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

        /// Finds the same values and the same faults as serde_json, at the same places.
        #[test]
        fn agrees_with_serde_json(text in fragments()) {
            let text = format!("[{text}");
            let (ours, theirs) = (value_end(text.as_bytes(), 0), of_serde_json(text.as_bytes()));
            match (ours, theirs) {
                // serde_json takes the end of the text within a number for a fault.
                (Err(Fault::CutShort), Err(Fault::NoJson(at))) => prop_assert!(at + 1 >= text.len(), "{text}: {at}"),
                // It reads all digits of an escape sequence first.
                (Err(Fault::NoJson(at)), Err(Fault::NoJson(theirs))) if text.as_bytes()[at] == b'u' => {
                    prop_assert!((at..at + 5).contains(&theirs), "{text}: {at} {theirs}");
                }
                _ => prop_assert_eq!(ours, theirs, "{}", text),
            }
        }

        /// A value that ends too early is cut short, wherever it ends.
        #[test]
        fn every_beginning_is_cut_short(value in value()) {
            let text = value.to_string();
            let text = format!("[{}, {text}]", serde_json::to_string_pretty(&value).unwrap());
            prop_assert_eq!(value_end(text.as_bytes(), 0), Ok(text.len()));
            for cut in 0..text.len() {
                prop_assert_eq!(value_end(&text.as_bytes()[..cut], 0), Err(Fault::CutShort));
            }
        }
    }

    /// Parts of JSON, and of what is nearly JSON, one after another.
    fn fragments() -> impl Strategy<Value = String> {
        let long = "0123456789".repeat(7);
        let parts = concat!(
            r#"{|}|[|]|{}|[]|:|,|"a":|"b" : |"|"x"|\"|\\|\n|\u00E9|\u12|\ud83d|\x|1|-|0|01|-0.5|1.|2e|3E+7|4e-|"#,
            "true|false|null|nul|NaN| |\n|\r\n|\t|\u{1}|\u{7f}|é|\u{1f600}|'|/",
        );
        let parts: Vec<String> = parts.split('|').map(str::to_owned).chain([long]).collect();
        proptest::collection::vec(proptest::sample::select(parts), 0..12).prop_map(|parts| parts.concat())
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Into::into),
                proptest::collection::btree_map(any::<String>(), inner, 0..3)
                    .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    /// The end of the value that begins the text, as serde_json finds it.
    fn of_serde_json(text: &[u8]) -> Result<usize, Fault> {
        let mut values = serde_json::Deserializer::from_slice(text).into_iter::<serde::de::IgnoredAny>();
        match values.next() {
            None => Err(Fault::CutShort),
            Some(Ok(_)) => Ok(values.byte_offset()),
            Some(Err(e)) if e.is_eof() => Err(Fault::CutShort),
            Some(Err(e)) => {
                let lines = text.split_inclusive(|b| *b == b'\n');
                let before: usize = lines.take(e.line().saturating_sub(1)).map(<[u8]>::len).sum();
                // The place of a control character in a string is that of the character before it.
                let is_control = usize::from(e.to_string().starts_with("control character"));
                // Columns count from 1; a line break is column 0 of the line that it begins.
                Err(Fault::NoJson((before + e.column() - 1).min(text.len()) + is_control))
            }
        }
    }
}
