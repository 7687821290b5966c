//! Cuts a text that may contain several addresses, such as `Carl <c@x.y>; Dora <d@y.z>`.
//!
//! A text is cut at every `;`, and at every `,` if what precedes it in its part is an address. Neither cuts
//! within double quotes or angle brackets: a quote outside of brackets begins or ends a quoted text, `<`
//! opens and `>` closes a bracket. So `Lee, Ann <ann@x.com>` is one part, and `ann@x.com, bob@x.com` is two.

use std::borrow::Cow;
use std::collections::HashSet;

use super::one_address::one_address;

/// The parts of a text, in their order, as they are written. At least one.
pub(crate) fn parts(raw: &str) -> Vec<&str> {
    let mut parts = vec![];
    let mut part = Part::default();
    let (mut quoted, mut bracketed) = (false, false);
    for (at, byte) in raw.bytes().enumerate() {
        let open = !quoted && !bracketed;
        match byte {
            b'"' if !bracketed => quoted = !quoted,
            b'<' | b'>' if !quoted => bracketed = byte == b'<',
            b';' if open => {
                parts.push(&raw[part.begin..at]);
                part = Part { begin: at + 1, ..Part::default() };
                continue;
            }
            b',' if open && part.is_address(raw, at) => {
                parts.push(&raw[part.begin..at]);
                part = Part { begin: at + 1, ..Part::default() };
                continue;
            }
            _ => {}
        }
        match byte {
            b'<' => part.last_bracket = Some(at),
            b',' => part.last_comma = Some(at),
            _ => {}
        }
    }
    parts.push(&raw[part.begin..]);
    parts
}

/// A part whose end is not reached yet.
#[derive(Default)]
struct Part {
    begin: usize,
    /// The last `<` of the part.
    last_bracket: Option<usize>,
    /// The last comma of the part, which has not cut it.
    last_comma: Option<usize>,
}

impl Part {
    /// Whether the part is an address if it ends at `end`. An address contains no comma, so the time for a
    /// text of many commas is proportional to its length.
    fn is_address(&self, raw: &str, end: usize) -> bool {
        let part = &raw[self.begin..end];
        let inside = self.last_bracket.filter(|_| part.trim_end().ends_with('>'));
        let from = inside.unwrap_or(self.begin);
        self.last_comma.is_none_or(|comma| comma < from) && one_address(&raw[from..end]).is_some()
    }
}

/// Whether a text is a group without members, as mail writes it: `undisclosed-recipients:;`.
pub(crate) fn is_empty_group(raw: &str) -> bool {
    raw.trim_end().ends_with(":;")
}

/// The different addresses of the parts of a text, normalized, in the order in which they first occur.
pub(crate) fn in_parts(raw: &str) -> Vec<Cow<'_, str>> {
    let mut seen = HashSet::new();
    let addresses = parts(raw).into_iter().filter_map(one_address);
    addresses.filter(|address| seen.insert(address.clone())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn where_a_text_is_cut() {
        let cut = |raw: &'static str| parts(raw).into_iter().map(str::trim).collect::<Vec<_>>();
        assert_eq!(cut("Carl <c@x.y>; Dora <d@y.z>"), ["Carl <c@x.y>", "Dora <d@y.z>"]);
        assert_eq!(cut("c@x.y,d@y.z"), ["c@x.y", "d@y.z"]);
        assert_eq!(cut("Carl <c@x.y>, Lee, Dora <d@y.z>"), ["Carl <c@x.y>", "Lee, Dora <d@y.z>"]);
        assert_eq!(cut("Lee, Ann <ann@x.com>"), ["Lee, Ann <ann@x.com>"]);
        assert_eq!(cut("Lee; Ann <ann@x.com>"), ["Lee", "Ann <ann@x.com>"]);
        assert_eq!(cut("\"Lee; Ann\" <ann@x.com>;"), ["\"Lee; Ann\" <ann@x.com>", ""]);
        assert_eq!(cut("Ann <ann@x.com;b@x.com>"), ["Ann <ann@x.com;b@x.com>"]);
        assert_eq!(cut("<a@x.com\">; b@x.com"), ["<a@x.com\">", "b@x.com"], "a quote within brackets");
        assert_eq!(cut("\"<a@x.com\"; b@x.com"), ["\"<a@x.com\"", "b@x.com"], "a bracket within quotes");
        assert_eq!(cut("5\" Ann; b@x.com"), ["5\" Ann; b@x.com"], "a quote that is not closed");
        assert_eq!(cut(";;"), ["", "", ""]);
        assert_eq!(cut(",a@x.com,"), [",a@x.com,"], "what precedes a comma is not an address");
        assert_eq!(cut(""), [""]);
    }

    #[test]
    fn different_addresses_once_each() {
        assert_eq!(in_parts("B@x; <a@x>, 'b@x';junk;SMTP:a@x"), ["b@x", "a@x"]);
        assert!(in_parts("junk; more junk").is_empty());
    }

    /// Without the bookkeeping of commas, each of these takes minutes.
    #[test]
    fn long_texts_are_cut_in_one_pass() {
        for piece in [",", ">,", "<>,", "a<,", "a@x,", "\",", "a,<b@c>"] {
            let raw = format!("<{}", piece.repeat(300_000));
            assert!(parts(&raw).len() <= 300_001);
        }
    }

    /// The rule as it is written above, character by character.
    fn literally(raw: &str) -> Vec<String> {
        let (mut parts, mut part) = (vec![], String::new());
        let (mut quoted, mut bracketed) = (false, false);
        for c in raw.chars() {
            let open = !quoted && !bracketed;
            if open && (c == ';' || c == ',' && one_address(&part).is_some()) {
                parts.push(std::mem::take(&mut part));
                continue;
            }
            match c {
                '"' if !bracketed => quoted = !quoted,
                '<' if !quoted => bracketed = true,
                '>' if !quoted => bracketed = false,
                _ => {}
            }
            part.push(c);
        }
        parts.push(part);
        parts
    }

    fn list_like() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            6 => prop::sample::select(vec!["a@x", "B@y.z", "Lee", "@", " ", "<c@d>", "<"]),
            6 => prop::sample::select(vec![",", ";", "; ", ", ", "\"", ">", "<", "smtp:", "\u{3000}", "é"]),
        ];
        prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn agrees_with_the_rule(raw in list_like(), other in any::<String>()) {
            prop_assert_eq!(parts(&raw), literally(&raw));
            prop_assert_eq!(parts(&other), literally(&other));
        }

        /// Nothing but separators is lost.
        #[test]
        fn parts_are_the_text(raw in list_like()) {
            let length: usize = parts(&raw).iter().map(|part| part.len() + 1).sum();
            prop_assert_eq!(length, raw.len() + 1);
        }

        /// A list of addresses without separators of their own is cut into exactly these.
        #[test]
        fn lists_are_cut_into_their_items(
            items in prop::collection::vec("[a-c]{1,2}@[x-z]|[A-C][a-c]* <[a-c]@[x-z]>|\"[A-C], [a-c;]*\" <[a-c]@[x-z]>", 1..6),
            separators in prop::collection::vec(prop::sample::select(vec![",", ";", " ; ", ", "]), 5),
        ) {
            let mut raw = items[0].clone();
            for (separator, item) in separators.iter().zip(&items[1..]) {
                raw += separator;
                raw += item;
            }
            let found: Vec<_> = parts(&raw).into_iter().map(str::trim).collect();
            prop_assert_eq!(found, items);
        }
    }
}
