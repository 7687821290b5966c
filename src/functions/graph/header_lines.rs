//! The header Auto-Submitted in the text of a message's headers.

use super::item::Unreadable;

/// The header that marks auto-replies and other automatic messages (RFC 3834), in lower case.
const AUTO_SUBMITTED: &str = "auto-submitted";
/// Its letters. Programs replace hyphens in the names of columns.
const LETTERS: &[u8] = b"autosubmitted";

/// How its values begin, in lower case.
const VALUES: [&str; 2] = ["auto-", "no"];

/// What stands between headers that were joined into one line. Of the last three, the backslash is in the text.
const SEPARATORS: [&str; 6] = [";", ",", "|", r"\n", r"\r", r"\t"];

/// Whether this is the name of the header, in any case.
pub(crate) fn is_wanted(name: &str) -> bool {
    let name = name.trim().trim_end_matches(':').trim_end();
    let letters = name.bytes().filter(|byte| !matches!(byte, b'-' | b'_'));
    letters.map(|byte| byte.to_ascii_lowercase()).eq(LETTERS.iter().copied())
}

/// Whether a value of the header says that a program sent the message.
pub(crate) fn says_yes(value: &str) -> bool {
    let value = value.split(';').next().unwrap_or_default().trim();
    !value.is_empty() && !value.eq_ignore_ascii_case("no")
}

/// Whether the headers in a text say so. A line that begins with white space continues the one before.
///
/// # Errors
/// The header is within the value of another one: line breaks were lost.
pub(crate) fn says_so(text: &str) -> Result<bool, Unreadable> {
    let mut found = false;
    for line in lines(&unfolded(text)) {
        let Some((name, value)) = line.split_once(':') else { continue };
        found |= is_wanted(name) && says_yes(value);
        if is_hidden_in(value) {
            return Err(Unreadable);
        }
    }
    Ok(found)
}

/// Whether a text has the header.
pub(crate) fn names(text: &str) -> bool {
    lines(text)
        .any(|line| line.split_once(':').is_some_and(|(name, value)| is_wanted(name) || is_hidden_in(value)))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\r', '\n'])
}

/// The text with one line for each header. If its first line begins with white space, all do, and it has no other
/// meaning.
fn unfolded(text: &str) -> String {
    let is_white = |c: char| matches!(c, ' ' | '\t');
    let is_folded = !text.starts_with(is_white);
    let mut whole = String::with_capacity(text.len());
    for line in lines(text).filter(|line| !line.is_empty()) {
        let continues = is_folded && line.starts_with(is_white);
        whole.push_str(if continues || whole.is_empty() { "" } else { "\n" });
        whole.push_str(line);
    }
    whole
}

/// Whether the value of a header contains what must be the header Auto-Submitted: it stands behind a separator, or
/// behind a blank and has one of its values. Signatures list the names of headers with colons between them.
fn is_hidden_in(value: &str) -> bool {
    if value.len() <= AUTO_SUBMITTED.len() {
        return false;
    }
    let value = value.to_ascii_lowercase();
    value.match_indices(AUTO_SUBMITTED).any(|(at, found)| {
        let (before, behind) = (&value[..at], &value[at + found.len()..]);
        let Some(own) = behind.trim_start().strip_prefix(':') else { return false };
        let end = before.trim_end();
        let has_value = VALUES.iter().any(|word| own.trim_start().starts_with(word));
        let is_behind_blank = end.len() < before.len() && !end.is_empty() && !end.ends_with([':', '=']);
        SEPARATORS.iter().any(|separator| end.ends_with(separator)) || (is_behind_blank && has_value)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers_of_a_text() {
        for (text, expected) in [
            ("Auto-Submitted: auto-replied", Some(true)),
            ("Received: x\r\nauto-submitted : auto-generated; a=b\r\n", Some(true)),
            ("Received: x\rAuto-Submitted: auto-replied", Some(true)),
            ("  Received: x\n  Auto-Submitted: auto-replied\n", Some(true)),
            ("Auto-Submitted:\r\n auto-replied\r\nTo: a", Some(true)),
            ("Auto-Submitted:\r\n no\r\nTo: a", Some(false)),
            ("Auto-Submitted: no\n", Some(false)),
            ("X-Auto-Submitted: auto-replied", Some(false)),
            // A signature that is folded before the name of the header.
            ("DKIM-Signature: v=1; h=from:to:\r\n\tauto-submitted:subject; b=x", Some(false)),
            ("DKIM-Signature: v=1; h=From : Auto-Submitted : To", Some(false)),
            ("Subject: the header Auto-Submitted: what is it?", Some(false)),
            ("X-A: 1; Auto-Submitted: auto-replied", None),
            ("X-A: 1, auto-submitted:auto-replied", None),
            ("X-A: 1|Auto-Submitted: x", None),
            (r"X-A: 1\r\nAuto-Submitted: auto-replied\r\n", None),
            ("X-A: 1 Auto-Submitted: auto-replied X-B: 2", None),
            ("X-A: 1 Auto-Submitted: No X-B: 2", None),
        ] {
            assert_eq!(says_so(text).ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn spellings_of_the_name() {
        for name in ["Auto-Submitted", " AUTO-SUBMITTED: ", "auto_submitted", "autoSubmitted"] {
            assert!(is_wanted(name), "{name}");
        }
        for name in ["", "Auto", "X-Auto-Submitted", "Auto Submitted", "Auto-Submitted-By"] {
            assert!(!is_wanted(name), "{name}");
        }
    }

    proptest! {
        /// However headers are folded, and whatever stands beside it, the header is found.
        #[test]
        fn the_header_is_found(
            before in "([A-Z][a-z]{1,5}: [a-z]{0,5}(\r\n [a-z]{1,4})?\r\n){0,3}",
            fold in "(\r\n)?[ \t]",
            after in "(\r\n[A-Z][a-z]{1,5}: [a-z]{0,5}){0,3}",
        ) {
            let text = |value: &str| format!("{before}Auto-Submitted:{fold}{value}{after}");
            prop_assert_eq!(says_so(&text("auto-replied")).ok(), Some(true));
            prop_assert_eq!(says_so(&text("no")).ok(), Some(false));
        }

        #[test]
        fn no_text_panics(text in "(Auto-Submitted|: ?|;|[a-zé\r\n\t ]){0,12}") {
            let _ = (says_so(&text), names(&text));
        }
    }
}
