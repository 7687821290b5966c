//! Rejects unknown keys and sections of an enrichment file, with a suggestion.

use toml::de::DeValue;

use super::schema::{FILE, Schema};
use super::section::TomlSection;
use super::source_text::{listed, nearest, quote};
use crate::error::Error;

/// The error of each section that has an unknown key or section, or that is not a section, about the first of them; with
/// the name of the section. They are in the order of the text.
pub(crate) fn find(file: &TomlSection<'_>) -> Vec<(&'static str, Error)> {
    let mut found = vec![];
    look(file, &mut found);
    found.sort_by_key(|(offset, _, _)| *offset);
    found.into_iter().map(|(_, section, error)| (section, error)).collect()
}

/// A key or section that is unknown.
struct Unknown<'a> {
    word: &'a str,
    is_section: bool,
    /// The byte at which it begins.
    offset: usize,
}

/// Adds the errors of a section and of those within it, each with its byte and its section. Keys are not in the order
/// of the text.
fn look<'a>(section: &TomlSection<'a>, found: &mut Vec<(usize, &'static str, Error)>) {
    let within = section.schema;
    let mut first: Option<Unknown<'a>> = None;
    for (key, value) in section.table {
        let (word, offset) = (key.get_ref().as_ref(), key.span().start);
        if within.keys.contains(&word) {
            continue;
        }
        if let Some(known) = within.sections.iter().find(|s| s.key() == word) {
            match section.section(known.key()) {
                Ok(inner) => inner.iter().for_each(|inner| look(inner, found)),
                Err(e) => found.push((offset, known.name, e)),
            }
            continue;
        }
        if first.as_ref().is_none_or(|first| offset < first.offset) {
            let is_section = matches!(value.get_ref(), DeValue::Table(_));
            first = Some(Unknown { word, is_section, offset });
        }
    }
    if let Some(Unknown { word, is_section, offset }) = first {
        let what = if is_section { unknown_section(within, word) } else { unknown_key(within, word) };
        found.push((offset, within.name, section.source.error_at(offset, what)));
    }
}

fn unknown_section(within: &Schema, word: &str) -> String {
    let name = if within.name.is_empty() { word.to_owned() } else { format!("{}.{word}", within.name) };
    let names = || FILE.inner().into_iter().map(|section| section.name);
    let hint = match nearest(&name, names()) {
        _ if !within.name.is_empty() && within.sections.is_empty() => {
            format!("there are no sections within [{}]", within.name)
        }
        Some(near) => format!("did you mean [{near}]?"),
        None => {
            format!("sections are {}", listed(&names().map(|n| format!("[{n}]")).collect::<Vec<_>>(), "and"))
        }
    };
    format!("unknown section [{}]; {hint}", quote(&name).trim_matches('"'))
}

fn unknown_key(within: &'static Schema, word: &str) -> String {
    let place = if within.name.is_empty() { String::new() } else { format!(" in [{}]", within.name) };
    let mut deeper = within.inner().into_iter().filter(|section| section.keys.contains(&word));
    let hint = if !within.name.is_empty() && FILE.keys.contains(&word) {
        "it belongs at the top of the file, above the first section".to_owned()
    } else if let (Some(only), None) = (deeper.next(), deeper.next()) {
        format!("it belongs in [{}]", only.name)
    } else {
        let words = || within.keys.iter().copied().chain(within.sections.iter().map(Schema::key));
        let all = || listed(&words().collect::<Vec<_>>(), "and");
        match nearest(word, words()) {
            Some(near) if within.columns().next().is_some() => {
                format!("did you mean {}? [{}] has {}", quote(near), within.name, all())
            }
            Some(near) => format!("did you mean {}?", quote(near)),
            None => format!("known are {}", all()),
        }
    };
    format!("unknown key {}{place}; {hint}", quote(word))
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{VALID, refusal, with};

    #[test]
    fn misspelt_keys() {
        assert_eq!(
            refusal(&with("windowdays = 10", "")),
            r#"sales.toml:3: unknown key "windowdays"; did you mean "window_days"?"#
        );
        assert_eq!(
            refusal(&VALID.replace("[mail]\n", "[mail]\npaht = 'x'\n")),
            "sales.toml:11: unknown key \"paht\" in [mail]; did you mean \"path\"? [mail] has path, format, message_id, \
             conversation_id, sent_at, sender, to, cc, bcc, mailbox, is_draft and is_automatic"
        );
        assert_eq!(
            refusal(&with("", "[score.weights]\nrecensy = 10")),
            r#"sales.toml:13: unknown key "recensy" in [score.weights]; did you mean "recency"?"#
        );
        assert_eq!(
            refusal(&with("", "[score.weights]\nnoofemails_toaccount = 10")),
            r#"sales.toml:13: unknown key "noofemails_toaccount" in [score.weights]; did you mean "NoOfEmails_ToAccount"?"#
        );
    }

    #[test]
    fn keys_like_no_other() {
        assert_eq!(
            refusal(&with("", "[users]\nsheet = 1")),
            r#"sales.toml:13: unknown key "sheet" in [users]; known are path, format, email and entra_id"#
        );
        assert_eq!(
            refusal(&with("\"a\\nb\" = 1", "")),
            "sales.toml:3: unknown key \"a\\nb\"; known are name, as_of, time_zone, window_days, \
             reply_window_days, levels, fiscal_year_start, region, consent, mailboxes, users, groups, contacts, accounts, mail, \
             meetings, output, privacy, storage, expect and score"
        );
    }

    #[test]
    fn keys_in_the_wrong_place() {
        assert_eq!(
            refusal(&with("", "[users]\nwindow_days = 30")),
            r#"sales.toml:13: unknown key "window_days" in [users]; it belongs at the top of the file, above the first section"#
        );
        assert_eq!(
            refusal(&with("granted_by = 'x'", "")),
            r#"sales.toml:3: unknown key "granted_by"; it belongs in [consent]"#
        );
        assert_eq!(
            refusal(&with("", "[score]\nrecency = 10")),
            r#"sales.toml:13: unknown key "recency" in [score]; it belongs in [score.weights]"#
        );
    }

    #[test]
    fn unknown_sections() {
        assert_eq!(
            refusal(&with("", "[meeting]\npath = 'x'")),
            "sales.toml:12: unknown section [meeting]; did you mean [meetings]?"
        );
        assert_eq!(
            refusal(&with("", "[weights]\nrecency = 10")),
            "sales.toml:12: unknown section [weights]; did you mean [score.weights]?"
        );
        assert_eq!(
            refusal(&with("", "[zzz]")),
            "sales.toml:12: unknown section [zzz]; sections are [consent], [mailboxes], [users], [groups], \
             [contacts], [accounts], [mail], [meetings], [output], [privacy], [storage], [storage.azure], [storage.s3], \
             [storage.gs], [expect], [expect.max_rows_not_used], [score] and [score.weights]"
        );
        assert_eq!(
            refusal(&with("", "[mail.headers]\nx = 1")),
            "sales.toml:12: unknown section [mail.headers]; there are no sections within [mail]"
        );
    }

    /// An error for each of them would take hours: the place of an error is counted from the beginning of the file.
    #[test]
    fn many_unknown_keys() {
        let keys = (0..300_000).map(|i| format!("key_{i:06} = 1\n")).collect::<String>();
        assert!(
            refusal(&with(keys.trim_end(), "")).starts_with("sales.toml:3: unknown key \"key_000000\"; ")
        );
    }

    #[test]
    fn the_first_in_the_file_is_named() {
        assert_eq!(
            refusal(&with("zebra_days = 1\nantelope_days = 2", "[aaa]")).split(';').next(),
            Some(r#"sales.toml:3: unknown key "zebra_days""#)
        );
    }

    #[test]
    fn sections_that_are_none() {
        let mail =
            |written: &str| refusal(&with(written, "").replace("[mail]\npath = \"mail.parquet\"\n", ""));
        assert_eq!(
            mail("mail = 'mail.parquet'"),
            r#"sales.toml:3: mail must be a section, [mail], not the text "mail.parquet""#
        );
        assert_eq!(
            refusal(&VALID.replace("[mail]", "[[mail]]")),
            "sales.toml:10: mail must be a section, [mail], not a list"
        );
    }
}
