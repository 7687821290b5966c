//! `address_oddities(addresses)`: what in addresses is probably not meant.
//!
//! The rules for addresses change nothing but what they say: an address with a zero-width space in it is another address
//! than the one without. Notes of a run count such addresses, so that nobody is lost without a word.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, ListBuilder, StringBuilder};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Documentation, ScalarFunctionArgs, ScalarUDF};

use super::normalize::normalize;
use super::one_address::one_address;
use super::several::parts;
use crate::functions::udf::declare::{OWN_SQL, Scalar, expect_arguments};
use crate::functions::udf::strings::{Texts, texts_type};

/// What can be odd. The position of a word is its bit in the sets below.
pub(crate) const ODDITIES: [&str; 11] = [
    "invisible",
    "decomposed",
    "dot",
    "link",
    "ends",
    "prefix",
    "international",
    "several",
    "pattern",
    "domain",
    "damaged",
];
const INVISIBLE: u16 = 1;
const DECOMPOSED: u16 = 1 << 1;
const DOT: u16 = 1 << 2;
const LINK: u16 = 1 << 3;
const ENDS: u16 = 1 << 4;
const PREFIX: u16 = 1 << 5;
const INTERNATIONAL: u16 = 1 << 6;
const SEVERAL: u16 = 1 << 7;
const PATTERN: u16 = 1 << 8;
const DOMAIN: u16 = 1 << 9;
const DAMAGED: u16 = 1 << 10;

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "address_oddities",
        arguments: |types| {
            expect_arguments("address_oddities", types, 1)?;
            Ok(vec![texts_type("address_oddities", &types[0])?])
        },
        returns: |_| Ok(DataType::new_list(DataType::Utf8, true)),
        invoke,
        documentation: Documentation::builder(
            OWN_SQL,
            "What in addresses is probably not meant, as words: invisible (an invisible character), decomposed (a letter and its \
             accent are two characters), dot (at the end, or at an end of what precedes the @), link (what follows ? in a mailto link), ends (a bracket, quote or other \
             sign at an end), prefix (a colon, backslash or bar before the @), international (a domain that is not ASCII), several (several addresses in angle brackets, of which the last \
             counts), pattern (an asterisk, or a percent sign before the @), domain (a character or two dots that no domain has, or a port), \
             damaged (the character U+FFFD, in place of one that could not be decoded). The address counts as normalize_address() gives it. Empty if nothing is odd, or if there is no address.",
            "address_oddities(addresses)",
        )
        .with_argument("addresses", "Text or a list of text, in any spelling; an item of a list may hold several addresses. NULL gives an empty list.")
        .with_sql_example("> select address_oddities('ann@contoso.com.'), address_oddities(['ann@contoso.com']);\n[dot], []")
        .with_related_udf("normalize_address")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let array = args.args[0].to_array(args.number_rows)?;
    let texts = Texts::new(&array)?;
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in 0..array.len() {
        let mut odd = 0;
        texts.for_each(row, |raw| {
            odd |= odd_in(raw, texts.is_list());
            Ok(())
        })?;
        let words = ODDITIES.iter().enumerate().filter(|(bit, _)| odd >> bit & 1 == 1);
        words.for_each(|(_, word)| lists.values().append_value(word));
        lists.append(true);
    }
    Ok(Arc::new(lists.finish()))
}

/// What is odd in the addresses of a text. Only an item of a list may hold several.
fn odd_in(raw: &str, is_item: bool) -> u16 {
    if is_plain(raw.as_bytes()) {
        return 0;
    }
    if !is_item {
        return normalize(raw).map_or(0, |address| odd(raw, &address));
    }
    let odd_part = |part| one_address(part).map_or(0, |address| odd(part, &address));
    parts(raw).into_iter().map(odd_part).fold(0, |all, one| all | one)
}

/// Whether a text has the characters of nearly all addresses only. In these nothing is odd.
fn is_plain(raw: &[u8]) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'.' | b'-' | b'_' | b'+');
    raw.iter().all(plain)
        && raw.last().is_none_or(u8::is_ascii_alphanumeric)
        && raw.first() != Some(&b'.')
        && !raw.windows(2).any(|two| two == b".." || two == b".@")
}

/// What is odd in a text whose address is `address`.
fn odd(raw: &str, address: &str) -> u16 {
    let (local, domain) = address.split_once('@').unwrap_or_default();
    let mut odd = 0;
    let mut set = |bit: u16, is_so: bool| odd |= if is_so { bit } else { 0 };
    set(INVISIBLE, address.contains(is_invisible));
    // To lower-case a letter may decompose it.
    set(DECOMPOSED, address.contains(is_accent) && raw.contains(is_accent));
    set(DOT, domain.ends_with('.') || local.starts_with('.') || local.ends_with('.'));
    set(LINK, domain.contains('?'));
    set(PREFIX, local.contains([':', '\\', '|']));
    set(ENDS, local.starts_with(opens) || !domain.contains('?') && ends_oddly(domain));
    let is_other = |c: char| !is_invisible(c) && !is_accent(c) && c != char::REPLACEMENT_CHARACTER;
    set(INTERNATIONAL, domain.contains(|c: char| !c.is_ascii() && is_other(c)));
    set(SEVERAL, has_another(raw, address));
    set(DAMAGED, address.contains(char::REPLACEMENT_CHARACTER));
    set(PATTERN, local == "%" || local.contains("%40") || address.contains('*'));
    let has_port = !domain.starts_with('[') && domain.contains(':');
    if odd & (ENDS | LINK) == 0 && (has_port || domain.contains("..") || domain.contains(is_foreign)) {
        odd |= DOMAIN;
    }
    odd
}

/// Characters that no one sees: soft hyphens, zero-width characters, marks of direction, byte order marks, controls.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The accents that follow their letter in decomposed text.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

fn opens(c: char) -> bool {
    matches!(c, '(' | '[' | '{' | '\'' | '`' | '‘' | '“' | '„' | '«')
}

/// Whether a domain ends with a character that domains do not have. `[10.0.0.1]` is a domain.
fn ends_oddly(domain: &str) -> bool {
    let is_literal = domain.starts_with('[') && domain.ends_with(']');
    let is_usual = |c: char| c.is_alphanumeric() || c == '.' || is_invisible(c) || is_accent(c);
    !is_literal && !domain.ends_with(is_usual)
}

/// Whether an ASCII character is one that domains do not have. Brackets and colons are those of `[IPv6:::1]`.
fn is_foreign(c: char) -> bool {
    c.is_ascii_graphic()
        && !c.is_ascii_alphanumeric()
        && !matches!(c, '.' | '-' | '_' | '*' | '[' | ']' | ':')
}

/// Whether a text has another address in angle brackets, outside of quotes: `Carl <c@x.y> Dora <d@x.y>`.
fn has_another(raw: &str, address: &str) -> bool {
    let (mut quoted, mut open) = (false, None);
    for (at, byte) in raw.bytes().enumerate() {
        match byte {
            b'"' if open.is_none() => quoted = !quoted,
            b'<' if !quoted => open = Some(at + 1),
            b'>' if !quoted => {
                let other = open.take().and_then(|from| one_address(&raw[from..at]));
                if other.is_some_and(|other| other != address) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(raw: &str, is_item: bool) -> String {
        let odd = odd_in(raw, is_item);
        let words: Vec<_> =
            ODDITIES.iter().enumerate().filter(|(bit, _)| odd >> bit & 1 == 1).map(|(_, w)| *w).collect();
        words.join(" ")
    }

    #[test]
    fn what_is_odd() {
        for (raw, expected) in [
            ("ann@x.com", ""),
            ("Ann Lee <ANN@x.com>", ""),
            ("\u{a0}ann@x.com\u{a0}", ""),
            ("o'brien@x.com", ""),
            ("jürgen@xn--bcher-kva.example", ""),
            ("ann@bücher.example", "international"),
            ("İ@x.com", ""),
            ("ann@[10.0.0.1]", ""),
            ("'ann@x.com'", ""),
            ("mailto:ann@x.com", ""),
            ("José <jose@x.com>", ""),
            ("Jose\u{301} <jose@x.com>", ""),
            ("\u{200b}Ann <ann@x.com>", ""),
            ("nobody", ""),
            ("nobody.", ""),
            ("", ""),
            ("ann\u{200b}@x.com", "invisible"),
            ("\u{feff}ann@x.com", "invisible"),
            ("\u{202a}ann@x.com\u{202c}", "invisible"),
            ("\u{2066}ann@x.com\u{2069}", "invisible"),
            ("ann@x\u{ad}.com", "invisible"),
            ("ann\u{200e}@x.com", "invisible"),
            ("ann@x.com\0", "invisible"),
            ("jose\u{301}@x.com", "decomposed"),
            ("ann@x.com.", "dot"),
            ("Ann <ann@x.com.>", "dot"),
            (".ann@x.com", "dot"),
            ("ann.@x.com", "dot"),
            ("mailto:ann@x.com?subject=Hi", "link"),
            ("ann@x.com?", "link"),
            ("[ann@x.com]", "ends"),
            ("(ann@x.com)", "ends"),
            ("'ann@x.com", "ends"),
            ("ann@x.com/", "ends"),
            ("sip:ann@x.com", "prefix"),
            ("NORTHWIND\\ann@x.com", "prefix"),
            ("Ann|ann@x.com", "prefix"),
            ("ann@x.com:25", "domain"),
            ("*@x.com", "pattern"),
            ("ann@*.x.com", "pattern"),
            ("%@x.com", "pattern"),
            ("ann%40x.com@y.com", "pattern"),
            ("ann%relay@x.com", ""),
            ("a..b@x.com", ""),
            ("ann@x..com", "domain"),
            ("ann@x.com&gt", "domain"),
            ("ann@x.com|eve", "domain"),
            ("ann@x.com\\n", "domain"),
            ("ann@a_b.com", ""),
            ("ann@[IPv6:::1]", ""),
            ("ann@x。com", "international"),
            ("j\u{fffd}rgen@x.com", "damaged"),
            ("ann@b\u{fffd}cher.com", "damaged"),
            ("ann@x\u{2024}com", "international"),
            ("smtp:mailto:ann@x.com", "prefix"),
            ("Carl <a@x.com> Dora <b@y.com>", "several"),
            ("<a@x.com> <a@x.com>", ""),
            ("\"Carl <a@x.com>\" <b@y.com>", ""),
            ("Carl <b> <a@x.com>", ""),
            ("Carl <a@x.com> Dora <b\u{200b}@y.com.>", "invisible dot several"),
        ] {
            assert_eq!(words(raw, false), expected, "{raw}");
            assert_eq!(words(raw, true), expected, "{raw}");
        }
    }

    #[test]
    fn an_item_may_hold_several_addresses() {
        assert_eq!(words("a@x.com.; [b@x.com]", true), "dot ends");
        assert_eq!(words("a@x.com.; [b@x.com]", false), "", "such a text is not an address");
        assert_eq!(words("Carl <a@x.com>, Dora <b@y.com>", true), "");
    }

    proptest! {
        #[test]
        fn no_text_panics(raw in "([ab.@<>\"'?:;,\u{200b}\u{301}é( ]|<a@b>){0,12}") {
            let _ = (odd_in(&raw, true), odd_in(&raw, false));
        }

        /// Nothing is odd in what needs no change.
        #[test]
        fn usual_addresses_are_not_odd(address in "[a-z0-9_+-]([a-z0-9_+.-]{0,6}[a-z0-9_+-])?@[a-z0-9]{1,8}\\.[a-z]{2,4}") {
            prop_assert_eq!(odd_in(&address, true), 0);
            let named = format!("Ann Lee <{address}>");
            prop_assert_eq!(odd_in(&named, true), 0);
        }
    }
}
