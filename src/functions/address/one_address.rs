//! The rules for one address: five steps that turn every spelling into one.
//!
//! People and programs spell addresses in many ways: `Ann Smith <Ann@Contoso.com>`,
//! `'ann@contoso.com'`, `SMTP:ann@contoso.com`. [`one_address`] turns all of these into
//! `ann@contoso.com`, in five steps:
//!
//! 1. trim white space;
//! 2. if the text ends with `>` and contains `<`, take what is between the last `<` and the final `>`;
//! 3. trim again, then strip one matching pair of surrounding `'` or `"`;
//! 4. strip one leading `mailto:` or `smtp:`, in any case, and trim;
//! 5. lower-case (Unicode).
//!
//! The result is an address if it has exactly one `@`, with something on both sides of it, and no white
//! space, comma, semicolon, angle bracket or double quote. An apostrophe is allowed; dots and plus signs
//! are not changed. White space is Unicode's `White_Space`.

use std::borrow::Cow;

/// The prefixes that directories and links add to an address.
const PREFIXES: [&str; 2] = ["mailto:", "smtp:"];

/// The normalized address, or `None` if the text is not an address.
pub(crate) fn one_address(raw: &str) -> Option<Cow<'_, str>> {
    match find(raw) {
        Found::Address(address) => Some(address),
        Found::NoAddress => None,
        Found::Separator => in_five_steps(raw),
    }
}

/// What a look at a text finds.
pub(crate) enum Found<'a> {
    /// The text is one address, which is normalized here.
    Address(Cow<'a, str>),
    /// The text is not an address, and has no separator.
    NoAddress,
    /// The text has a comma or a semicolon, so it may contain several addresses.
    Separator,
}

/// Looks for one address in a text without separators.
///
/// Text that needs no change is borrowed: nearly all addresses in a mail archive are lower-case ASCII,
/// and for these this is one pass over the bytes.
pub(crate) fn find(raw: &str) -> Found<'_> {
    let address = match plain_ascii(raw) {
        Plain::Lower => return Found::Address(Cow::Borrowed(raw)),
        Plain::Mixed => return Found::Address(Cow::Owned(raw.to_ascii_lowercase())),
        Plain::Separator => return Found::Separator,
        Plain::NoAddress => None,
        Plain::Unknown => in_five_steps(raw),
    };
    address.map_or(Found::NoAddress, Found::Address)
}

/// The result of one pass over the bytes.
enum Plain {
    /// An address that needs no change.
    Lower,
    /// An address, once it is lower-cased.
    Mixed,
    /// Not an address, whatever the five steps do.
    NoAddress,
    /// There is a comma or a semicolon.
    Separator,
    /// The five steps decide, because there may be something to strip or some bytes are not ASCII.
    Unknown,
}

/// `A` to `Z`.
const UPPER: u8 = 1;
/// May be part of what is stripped, may make the address invalid, or is not ASCII.
const SPECIAL: u8 = 2;
/// `@`
const AT: u8 = 4;
/// `,` or `;`
const SEPARATOR: u8 = 8;

/// The class of each byte; 0 for a byte that needs no change and is always valid.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        classes[byte] = match byte as u8 {
            b'A'..=b'Z' => UPPER,
            b'\t'..=b'\r' | b' ' | b'"' | b':' | b'<' | b'>' | 0x80.. => SPECIAL,
            b',' | b';' => SEPARATOR,
            b'@' => AT,
            _ => 0,
        };
        byte += 1;
    }
    classes
};

/// Classifies a text in one pass. No branch in the loop depends on a byte: addresses are short and all
/// different, so such branches would often be mispredicted.
fn plain_ascii(raw: &str) -> Plain {
    let bytes = raw.as_bytes();
    let (mut found, mut ats) = (0, 0_usize);
    for &byte in bytes {
        let class = CLASSES[usize::from(byte)];
        found |= class;
        ats += usize::from((class & AT) / AT);
    }
    if found & SEPARATOR != 0 {
        return Plain::Separator;
    }
    // An apostrophe is stripped only as one of a pair around the whole text.
    if found & SPECIAL != 0 || bytes.first() == Some(&b'\'') {
        return Plain::Unknown;
    }
    if ats != 1 || bytes.first() == Some(&b'@') || bytes.last() == Some(&b'@') {
        return Plain::NoAddress;
    }
    if found & UPPER != 0 { Plain::Mixed } else { Plain::Lower }
}

/// The normalized address, step by step; `None` if the text is not an address.
pub(crate) fn in_five_steps(raw: &str) -> Option<Cow<'_, str>> {
    let mut address = raw.trim();
    if let Some(before) = address.strip_suffix('>')
        && let Some((_, inside)) = before.rsplit_once('<')
    {
        address = inside;
    }
    address = without_quotes(address.trim());
    address = without_prefix(address).trim();
    is_address(address).then(|| lower(address))
}

fn without_quotes(address: &str) -> &str {
    ['\'', '"']
        .into_iter()
        .find_map(|quote| address.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(address)
}

fn without_prefix(address: &str) -> &str {
    PREFIXES
        .into_iter()
        .find_map(|prefix| {
            let (head, tail) = address.split_at_checked(prefix.len())?;
            head.eq_ignore_ascii_case(prefix).then_some(tail)
        })
        .unwrap_or(address)
}

/// Checks the rules for an address. Lower-casing neither adds nor removes any character that is checked
/// here, so it can come last.
fn is_address(address: &str) -> bool {
    address
        .split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'))
        && !address.contains(|c: char| matches!(c, ',' | ';' | '<' | '>' | '"') || c.is_whitespace())
}

fn lower(address: &str) -> Cow<'_, str> {
    if !address.is_ascii() {
        Cow::Owned(address.to_lowercase())
    } else if address.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(address.to_ascii_lowercase())
    } else {
        Cow::Borrowed(address)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(raw: &str, expected: Option<&str>) {
        assert_eq!(one_address(raw).as_deref(), expected, "{raw:?}");
    }

    #[test]
    fn plain_addresses() {
        check("ann@contoso.com", Some("ann@contoso.com"));
        check("Ann.Smith+crm@Contoso.COM", Some("ann.smith+crm@contoso.com"));
        check("o'brien@acme.com", Some("o'brien@acme.com"));
        check("o'brien@acme.com'", Some("o'brien@acme.com'"));
        check("a@b", Some("a@b"));
        check("a\0@b", Some("a\0@b"));
        check("ann@[10.0.0.1]", Some("ann@[10.0.0.1]"));
    }

    #[test]
    fn what_needs_no_change_is_borrowed() {
        assert!(matches!(one_address("ann@contoso.com"), Some(Cow::Borrowed(_))));
        assert!(matches!(
            one_address(" 'Ann' <smtp:ann@contoso.com> "),
            Some(Cow::Borrowed("ann@contoso.com"))
        ));
        assert!(matches!(one_address("Ann@contoso.com"), Some(Cow::Owned(_))));
    }

    #[test]
    fn display_names() {
        check("Ann Smith <Ann@X.com>", Some("ann@x.com"));
        check("\"Smith, Ann\" <ann@x.com>", Some("ann@x.com"));
        check("Ann < ann@x.com > ", Some("ann@x.com"));
        check("a <b> <ann@x.com>", Some("ann@x.com"));
        check("<ann@x.com>", Some("ann@x.com"));
        check("Ann <'ann@x.com'>", Some("ann@x.com"));
        check("Ann <mailto:ann@x.com>", Some("ann@x.com"));
        check("'Ann <ann@x.com>'", None);
        check("Ann <ann@x.com> (work)", None);
        check("Ann <<ann@x.com>>", None);
        check("ann@x.com>", None);
        check("<ann@x.com", None);
        check("Ann <>", None);
        check("<>", None);
        check(">", None);
        check("><", None);
    }

    #[test]
    fn quotes() {
        check("'ann@x.com'", Some("ann@x.com"));
        check("\"ann@x.com\"", Some("ann@x.com"));
        check("' ann@x.com '", Some("ann@x.com"));
        check("''ann@x.com''", Some("'ann@x.com'"));
        check("\"'ann@x.com'\"", Some("'ann@x.com'"));
        check("'\"ann@x.com\"'", None);
        check("'ann@x.com\"", None);
        check("'ann@x.com", Some("'ann@x.com"));
        check("\"ann@x.com", None);
        check("\"ann smith\"@x.com", None);
        check("'", None);
        check("''", None);
        check("\"", None);
    }

    #[test]
    fn prefixes() {
        check("mailto:ann@x.com", Some("ann@x.com"));
        check("SMTP:Ann@x.com", Some("ann@x.com"));
        check("MailTo: ann@x.com", Some("ann@x.com"));
        check("'smtp:ann@x.com'", Some("ann@x.com"));
        check("smtp:smtp:ann@x.com", Some("smtp:ann@x.com"));
        check("mailto:smtp:ann@x.com", Some("smtp:ann@x.com"));
        check("smtp:mailto:ann@x.com", Some("mailto:ann@x.com"));
        check("smtp: smtp:ann@x.com", Some("smtp:ann@x.com"));
        // Step 3 does not trim after the quotes, so the prefix is not in front in step 4.
        check("' smtp:ann@x.com'", Some("smtp:ann@x.com"));
        check("smtp:'ann@x.com'", Some("'ann@x.com'"));
        check("sip:ann@x.com", Some("sip:ann@x.com"));
        check("smtp:", None);
        check("mailto", None);
        check("smtp:@x.com", None);
        check("ÄÄÄ", None);
        check("smtÄ:ann@x.com", Some("smtä:ann@x.com"));
    }

    #[test]
    fn unicode_white_space() {
        for space in ["\u{a0}", "\u{85}", "\u{3000}", "\u{2028}", "\u{1680}", "\t", "\r\n", "\u{b}"] {
            check(&format!("{space}Ann@x.com{space}"), Some("ann@x.com"));
            check(&format!("Ann{space}<{space}ann@x.com{space}>{space}"), Some("ann@x.com"));
            check(&format!("'smtp:{space}ann@x.com{space}'"), Some("ann@x.com"));
            check(&format!("ann{space}smith@x.com"), None);
        }
        // Not White_Space: zero width space, byte order mark, information separator.
        for other in ["\u{200b}", "\u{feff}", "\u{1c}"] {
            check(&format!("{other}ann@x.com"), Some(&format!("{other}ann@x.com")));
        }
    }

    #[test]
    fn lower_case_is_unicode() {
        check("JÜRGEN@X.com", Some("jürgen@x.com"));
        check("ΟΔΟΣ@X.com", Some("οδος@x.com"));
        check("İ@x.com", Some("i\u{307}@x.com"));
        check("STRAẞE@x.com", Some("straße@x.com"));
    }

    #[test]
    fn no_addresses() {
        for raw in [
            "",
            " ",
            "ann",
            "@",
            "ann@",
            "@x.com",
            "a@b@c",
            "a@@b",
            "a,b@x.com",
            "a;b@x.com",
            "a<b@x.com",
            "a@x.com;b@x.com",
            "/O=EXCHANGELABS/OU=EXCHANGE ADMINISTRATIVE GROUP/CN=RECIPIENTS/CN=1F3-ANN",
            "/o=ExchangeLabs/cn=Recipients/cn=ann",
            "undisclosed-recipients:;",
            "a b@x.com",
        ] {
            check(raw, None);
        }
    }

    /// A literal implementation of the five steps.
    fn literally(raw: &str) -> Option<String> {
        let mut s: Vec<char> = raw.chars().collect();
        let trim = |s: Vec<char>| -> Vec<char> {
            let from = s.iter().position(|c| !c.is_whitespace()).unwrap_or(s.len());
            let to = s.iter().rposition(|c| !c.is_whitespace()).map_or(from, |i| i + 1);
            s[from..to].to_vec()
        };
        s = trim(s);
        if s.last() == Some(&'>') && s.contains(&'<') {
            let last = s.iter().rposition(|c| *c == '<').unwrap();
            s = s[last + 1..s.len() - 1].to_vec();
        }
        s = trim(s);
        if s.len() >= 2 && s.first() == s.last() && (s[0] == '\'' || s[0] == '"') {
            s = s[1..s.len() - 1].to_vec();
        }
        for prefix in ["mailto:", "smtp:"] {
            let n = prefix.len();
            if s.len() >= n && s[..n].iter().collect::<String>().to_lowercase() == prefix {
                s = s[n..].to_vec();
                break;
            }
        }
        s = trim(s);
        let s = s.into_iter().collect::<String>().to_lowercase();
        let parts: Vec<&str> = s.split('@').collect();
        if parts.len() != 2 || parts[0].is_empty() || parts[1].is_empty() {
            return None;
        }
        if s.chars().any(|c| c.is_whitespace() || [',', ';', '<', '>', '"'].contains(&c)) {
            return None;
        }
        Some(s)
    }

    /// Text made of the pieces that the five steps check, so that addresses and near misses are frequent.
    fn address_like() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            8 => prop::sample::select(vec!["a", "B", "x.com", "ann", "@", "@", "@"]).prop_map(String::from),
            4 => prop::sample::select(vec!["'", "\"", "<", ">", ",", ";", ":", "mailto:", "SmtP:"])
                .prop_map(String::from),
            2 => prop::sample::select(vec![" ", "\t", "\u{a0}", "\u{85}", "\u{3000}"]).prop_map(String::from),
            2 => prop::sample::select(vec!["Σ", "ΑΣ", "İ", "ß", "\u{212a}", "é"]).prop_map(String::from),
            1 => any::<char>().prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn agrees_with_the_five_steps(raw in address_like()) {
            prop_assert_eq!(one_address(&raw).map(Cow::into_owned), literally(&raw));
        }

        #[test]
        fn agrees_on_any_text(raw in any::<String>()) {
            prop_assert_eq!(one_address(&raw).map(Cow::into_owned), literally(&raw));
        }

        /// A result normalizes to itself, unless it has another pair of quotes or another prefix: only one
        /// of each is stripped.
        #[test]
        fn a_result_is_a_fixed_point(raw in address_like()) {
            if let Some(once) = one_address(&raw) {
                let layered = (once.starts_with('\'') && once.ends_with('\''))
                    || PREFIXES.iter().any(|prefix| once.starts_with(prefix));
                let twice = one_address(&once);
                if layered {
                    prop_assert!(twice.is_none_or(|twice| twice.len() < once.len()));
                } else {
                    prop_assert_eq!(twice, Some(Cow::Borrowed(&*once)));
                }
            }
        }

        /// Surrounding white space, a display name and the case of ASCII letters do not change the result.
        #[test]
        fn dress_does_not_matter(raw in address_like()) {
            let normalized = |raw: &str| one_address(raw).map(Cow::into_owned);
            let bare = normalized(&raw);
            prop_assert_eq!(&normalized(&format!("\u{3000} {raw}\r\n")), &bare);
            if !raw.contains(['<', '>']) {
                prop_assert_eq!(&normalized(&format!("Ann, Smith <{raw}>")), &bare);
            }
            if raw.is_ascii() {
                prop_assert_eq!(&normalized(&raw.to_ascii_uppercase()), &bare);
            }
        }
    }
}
