//! `id_spelling(id)`: one spelling for identifiers that programs write in several ways.
//!
//! Identifiers are compared as bytes. Two that have the same spelling here are probably the same one, written by two
//! programs. Notes count them; nothing is changed.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, StringViewArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use super::address::oddities::is_invisible;
use super::udf::declare::{OWN_SQL, Scalar, expect_arguments};
use super::udf::strings::{Text, text_type};

/// The letters and digits of a checksum of Salesforce, each for five bits.
const CHECKSUM: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
/// The length of an identifier of Salesforce without a checksum, in which case counts.
const SALESFORCE: usize = 15;

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "id_spelling",
        arguments: |types| {
            expect_arguments("id_spelling", types, 1)?;
            Ok(vec![text_type("id_spelling", &types[0])?])
        },
        returns: |_| Ok(DataType::Utf8View),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "One spelling for an identifier that programs write in several ways: in lower case, without invisible characters, and \
             without white space, brackets and apostrophes around it; a GUID without hyphens; a number without leading zeros and a \
             trailing .0; an identifier of Salesforce in its 15 characters, with their case. Not for joins of identifiers that can \
             be different ones: 007 and 7 have the same spelling.",
            "id_spelling(id)",
        )
        .with_argument("id", "An identifier in any text encoding; NULL gives NULL.")
        .with_sql_example("> select id_spelling('{1F0E5C9A-0000-4000-8000-00000000ABCD}'), id_spelling(' 007.0');\n1f0e5c9a00004000800000000000abcd, 7")
        .with_related_udf("is_blank")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = ColumnarValue::values_to_arrays(&args.args)?.swap_remove(0);
    let text = Text::new(&array)?;
    Ok(Arc::new((0..array.len()).map(|row| text.get(row).map(spelling)).collect::<StringViewArray>()))
}

fn spelling(id: &str) -> String {
    let is_around = |c: char| {
        c.is_whitespace() || matches!(c, '{' | '}' | '(' | ')' | '<' | '>' | '[' | ']' | '\'' | '"')
    };
    let visible: String = id.chars().filter(|c| !is_invisible(*c) || c.is_whitespace()).map(usual).collect();
    let id = visible.trim_matches(is_around);
    if let Some(short) = of_salesforce(id) {
        return short.to_owned();
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, decimals) = id.split_once('.').unwrap_or((id, "0"));
    if digits(whole) && !decimals.is_empty() && decimals.bytes().all(|b| b == b'0') {
        let number = whole.trim_start_matches('0');
        return if number.is_empty() { "0" } else { number }.to_owned();
    }
    let id = id.to_lowercase();
    let without = id.replace('-', "");
    let is_guid = without.len() == 32 && without.bytes().all(|b| b.is_ascii_hexdigit());
    if is_guid { without } else { id }
}

/// The usual form of a character: ASCII in place of its full width, and one hyphen.
fn usual(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

/// The 15 characters of an identifier of Salesforce, of which the longer form has 18: the last three say which of the
/// others are in upper case. `None` for another identifier.
fn of_salesforce(id: &str) -> Option<&str> {
    let is_short = |id: &str| {
        id.bytes().all(|b| b.is_ascii_alphanumeric()) && id.bytes().any(|b| b.is_ascii_alphabetic())
    };
    let (short, check) = id.split_at_checked(SALESFORCE)?;
    let checksum = |part: &[u8]| {
        let bits = part.iter().enumerate().map(|(bit, byte)| usize::from(byte.is_ascii_uppercase()) << bit);
        CHECKSUM[bits.sum::<usize>()]
    };
    let is_checked = check.is_empty() || short.as_bytes().chunks(5).map(checksum).eq(check.bytes());
    (is_short(short) && is_checked).then_some(short)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_spelling() {
        for (id, expected) in [
            ("A-1", "a-1"),
            (" a-1\n", "a-1"),
            ("'A-1", "a-1"),
            ("{A-1}", "a-1"),
            ("<A-1>", "a-1"),
            ("A\u{200b}-1", "a-1"),
            ("\u{feff}A-1", "a-1"),
            ("A\u{2011}1", "a-1"),
            ("Ａ-1", "a-1"),
            ("7", "7"),
            ("007", "7"),
            ("7.0", "7"),
            ("7.00", "7"),
            ("000", "0"),
            ("7.", "7."),
            ("7.5", "7.5"),
            ("-7", "-7"),
            ("1F0E5C9A-0000-4000-8000-0000000ABCDE", "1f0e5c9a0000400080000000000abcde"),
            ("{1f0e5c9a0000400080000000000abcde}", "1f0e5c9a0000400080000000000abcde"),
            ("0015g00000ABCDe", "0015g00000ABCDe"),
            ("0015g00000abcde", "0015g00000abcde"),
            ("0015g00000ABCDeAAP", "0015g00000ABCDe"),
            ("0015g00000ABCDeAAA", "0015g00000abcdeaaa"),
            ("123456789012345678", "123456789012345678"),
            ("Zürich", "zürich"),
            ("", ""),
        ] {
            assert_eq!(spelling(id), expected, "{id}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_a_spelling_stays(id in "([aA0-9.é' {}\u{200b}-]|Ａ){0,20}") {
            let once = spelling(&id);
            prop_assert_eq!(spelling(&once), once);
        }
    }
}
