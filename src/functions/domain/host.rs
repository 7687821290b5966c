//! The rules for one domain: eight steps that turn a web site, a domain or an address into a host name.
//!
//! 1. trim white space (Unicode's `White_Space`);
//! 2. drop everything up to and including the first `://`;
//! 3. cut at the first `/`, `?` or `#`;
//! 4. drop everything up to and including the last `@`;
//! 5. cut at the first `:`;
//! 6. drop one final `.`;
//! 7. convert to ASCII by UTS 46 (non-transitional), which lower-cases;
//! 8. drop a leading `www.` if at least two labels remain.
//!
//! The result is a domain if it has two labels or more, each of 1 to 63 of the characters `a-z`, `0-9`, `-` and
//! `_`, if its last label is not all digits, and if it has at most 253 characters.

use std::borrow::Cow;

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// The most characters of a domain, and of one of its labels.
const LONGEST: usize = 253;
const LONGEST_LABEL: usize = 63;

/// The host name in a web site, a domain or an address, or `None` if there is none.
pub fn normalize_domain(raw: &str) -> Option<String> {
    let host = in_ascii(raw)?;
    let host = host.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(&host);
    is_domain(host).then(|| host.to_owned())
}

/// The host name behind the last `@` of an address, or `None` if there is none. A leading `www.` stays.
pub(crate) fn domain_of_address(address: &str) -> Option<Cow<'_, str>> {
    let (_, domain) = address.rsplit_once('@')?;
    in_ascii(domain).filter(|host| is_domain(host))
}

/// The domain itself and the domains above it, the longest first, without the last label.
pub(crate) fn with_parents(domain: &str) -> impl Iterator<Item = &str> {
    let longest = domain.contains('.').then_some(domain);
    std::iter::successors(longest, |domain| {
        domain.split_once('.').map(|(_, parent)| parent).filter(|parent| parent.contains('.'))
    })
}

/// Steps 1 to 7; `None` if the text is not valid by UTS 46.
fn in_ascii(raw: &str) -> Option<Cow<'_, str>> {
    // Nearly all domains of a mail archive are in lower case already: for these this is one pass over the bytes.
    if raw.bytes().all(is_plain) && !(raw.contains('-') && raw.contains("xn--")) {
        return Some(Cow::Borrowed(raw.strip_suffix('.').unwrap_or(raw)));
    }
    let text = raw.trim();
    let text = text.split_once("://").map_or(text, |(_, rest)| rest);
    let text = text.split(['/', '?', '#']).next()?;
    let text = text.rsplit('@').next()?;
    let text = text.split(':').next()?;
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.is_ascii() && !text.to_ascii_lowercase().contains("xn--") {
        return Some(Cow::Owned(text.to_ascii_lowercase()));
    }
    // Characters, hyphens and lengths are checked by `is_domain`.
    Uts46::new().to_ascii(text.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore).ok()
}

/// The characters that no step changes, a final period and `xn--` aside.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.')
}

fn is_domain(host: &str) -> bool {
    let is_label = |label: &str| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
    };
    let last = host.rsplit_once('.').map(|(_, last)| last);
    host.len() <= LONGEST
        && host.split('.').all(is_label)
        && last.is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(raw: &str) -> String {
        normalize_domain(raw).unwrap_or_else(|| "NULL".to_owned())
    }

    #[test]
    fn spellings_of_one_domain() {
        for raw in [
            "acme.com",
            " ACME.com ",
            "\u{a0}acme.com\u{2003}",
            "www.acme.com",
            "WWW.Acme.Com.",
            "http://acme.com",
            "https://www.acme.com/about?x=1#top",
            "//acme.com".trim_start_matches('/'),
            "acme.com:8443/x",
            "ftp://user:secret@acme.com:21/",
            "info@acme.com",
            "mailto:info@acme.com",
            "acme.com?q=a@b.com",
            "acme.com/a@b.com",
            "ａｃｍｅ.com",
            "acme。com",
        ] {
            assert_eq!(found(raw), "acme.com", "{raw}");
        }
    }

    #[test]
    fn what_stays() {
        assert_eq!(found("emea.acme.com"), "emea.acme.com");
        assert_eq!(found("www.com"), "www.com");
        assert_eq!(found("www.www.com"), "www.com");
        assert_eq!(found("www2.acme.com"), "www2.acme.com");
        assert_eq!(found("a_b.acme.com"), "a_b.acme.com");
        assert_eq!(found("-a.a--b.com"), "-a.a--b.com");
        assert_eq!(found("co.uk"), "co.uk");
        assert_eq!(found("1.2.3.0x4"), "1.2.3.0x4");
        assert_eq!(found("acme.com.."), "NULL", "only one final period is dropped");
    }

    #[test]
    fn international_domains() {
        assert_eq!(found("bücher.example"), "xn--bcher-kva.example");
        assert_eq!(found("BÜCHER.example"), "xn--bcher-kva.example");
        assert_eq!(found("xn--bcher-kva.example"), "xn--bcher-kva.example");
        assert_eq!(found("XN--BCHER-KVA.example"), "xn--bcher-kva.example");
        assert_eq!(found("straße.example"), "xn--strae-oqa.example", "non-transitional");
        assert_eq!(found("xn--a.example"), "NULL", "what decodes to ASCII is not valid");
        assert_eq!(found("xn--zz--.example"), "NULL");
        assert_eq!(found("acme\u{ad}.example"), "acme.example", "a soft hyphen is ignored");
        assert_eq!(found("אa.example"), "NULL", "CheckBidi");
        assert_eq!(found("a\u{200d}b.example"), "NULL", "CheckJoiners");
    }

    #[test]
    fn what_is_no_domain() {
        for raw in [
            "",
            " ",
            "acme",
            "n/a",
            "-",
            ".",
            "..",
            "acme.",
            ".acme.com",
            "acme..com",
            "http://",
            "@",
            "www.",
            "a b.com",
            "192.168.1.1",
            "acme.123",
            "http://10.0.0.1:80/",
            "[2001:db8::1]",
            "acme.com,b.com",
            "a$.com",
            "://",
            "https:///acme.com",
        ] {
            assert_eq!(found(raw), "NULL", "{raw}");
        }
    }

    #[test]
    fn lengths() {
        let label = |n: usize| "a".repeat(n);
        assert_eq!(found(&format!("{}.com", label(63))), format!("{}.com", label(63)));
        assert_eq!(found(&format!("{}.com", label(64))), "NULL");
        let longest = format!("{0}.{0}.{0}.{1}", label(63), label(61));
        assert_eq!((longest.len(), found(&longest)), (253, longest.clone()));
        assert_eq!(found(&format!("www.{longest}")), longest);
        assert_eq!(found(&format!("{0}.{0}.{0}.{1}", label(63), label(62))), "NULL");
    }

    #[test]
    fn domains_of_addresses() {
        let of = |address| domain_of_address(address).unwrap_or("NULL".into()).into_owned();
        assert_eq!(of("carl@acme.com"), "acme.com");
        assert_eq!(of("carl@www.acme.com"), "www.acme.com", "a mail server may be called www");
        assert_eq!(of("y@bücher.example"), "xn--bcher-kva.example");
        assert_eq!(of("a/b@acme.com"), "acme.com");
        assert_eq!(of("carl@localhost"), "NULL");
        assert_eq!(of("carl"), "NULL");
    }

    #[test]
    fn parents() {
        let of = |domain| with_parents(domain).collect::<Vec<_>>();
        assert_eq!(of("uk.emea.acme.com"), ["uk.emea.acme.com", "emea.acme.com", "acme.com"]);
        assert_eq!(of("acme.com"), ["acme.com"]);
        assert_eq!(of("com"), [""; 0]);
    }

    proptest! {
        /// What surrounds a domain does not change it.
        #[test]
        fn decorations_do_not_matter(
            domain in "[a-z0-9_]{1,9}(\\.[a-z0-9-]{1,9}){0,2}\\.[a-z]{2,5}",
            scheme in "(https?://)?",
            user in "([a-z]{1,4}@)?",
            port in "(:[0-9]{1,4})?",
            path in "([/?#][ -~]{0,9})?",
        ) {
            let plain = normalize_domain(&domain);
            prop_assert!(plain.is_some() || domain.contains("xn--"));
            let dressed = format!(" {scheme}{user}{}{port}{path}", domain.to_uppercase());
            prop_assert_eq!(normalize_domain(&dressed), plain);
        }

        /// A result is a host name in ASCII that contains nothing to strip, and its own address has it as domain.
        #[test]
        fn results_are_host_names(raw in "(https?://)?([a-zA-Zäß中א@._-]{0,5}\\.){0,4}[a-zA-Zäß0-9:/.]{0,6}") {
            if let Some(domain) = normalize_domain(&raw) {
                prop_assert!(is_domain(&domain) && domain.is_ascii());
                let address = format!("x@{domain}");
                let found = domain_of_address(&address);
                prop_assert_eq!(found.as_deref(), Some(domain.as_str()));
                let again = domain.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(&domain);
                prop_assert_eq!(normalize_domain(&domain), Some(again.to_owned()));
                prop_assert_eq!(with_parents(&domain).count(), domain.matches('.').count());
            }
        }

        #[test]
        fn never_panics(raw in any::<String>()) {
            let _ = (normalize_domain(&raw), domain_of_address(&raw), with_parents(&raw).count());
        }
    }
}
