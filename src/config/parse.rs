//! TOML → [`Enrichment`]: reads the sections one after the other; each section has a module of its own.

use std::path::Path;

use toml::de::DeTable;

use super::mistakes::Mistakes;
use super::section::TomlSection;
use super::source_text::{SourceText, listed, quote};
use super::{
    Enrichment, Overrides, Region, expect, inputs, levels, mailbox_list, output, privacy, public_mail,
    storage, text_file, unknown_keys, weights, window, zone,
};
use crate::error::{self, Result};

pub(crate) fn open(file: &Path, overrides: &Overrides) -> Result<Enrichment> {
    let text = text_file::read(file, file.display())?;
    of_text(file, &text, overrides)
}

pub(crate) fn of_text(file: &Path, text: &str, overrides: &Overrides) -> Result<Enrichment> {
    parse(SourceText { file, text }, overrides)
}

fn parse(source: SourceText<'_>, overrides: &Overrides) -> Result<Enrichment> {
    if source.text.trim().is_empty() {
        return Err(source.error("the file is empty; begin with name, [consent], [mailboxes] and [contacts]"));
    }
    let (table, errors) = DeTable::parse_recoverable(source.text);
    syntax_errors(source, &errors)?;
    let top = TomlSection::top(source, table.get_ref());
    let mut mistakes = Mistakes::default();
    for (section, mistake) in unknown_keys::find(&top) {
        mistakes.add(section, mistake);
    }
    let name = mistakes.of("", name(&top));
    let time_zone = mistakes.of("", zone::read(&top));
    let given = time_zone.and_then(|zone| mistakes.of("", window::as_of(&top, zone, overrides)));
    let min_people = mistakes.of("privacy", privacy::min_people(&top));
    let window = given
        .zip(min_people)
        .and_then(|(given, min_people)| mistakes.of("", window::window(&top, given, overrides, min_people)));
    let storage = mistakes.of("storage", storage::read(&top));
    let folder = source.file.parent().unwrap_or(Path::new(""));
    let accounts = mistakes.of("accounts", inputs::accounts(&top));
    let reply_window_days = mistakes.of("", window::reply_window_days(&top));
    let levels = min_people.and_then(|k| mistakes.of("", levels::read(&top, overrides, k)));
    let fiscal_year_start = mistakes.of("", levels::fiscal_year_start(&top));
    let region = mistakes.of("", region(&top));
    let consent = given.and_then(|given| mistakes.of("consent", window::consent(&top, given)));
    let mailboxes = storage
        .as_ref()
        .and_then(|storage| mistakes.of("mailboxes", mailbox_list::read(&top, folder, storage)));
    let mailbox_limit = mistakes.of("mailboxes", mailbox_list::limit(&top));
    let users = mistakes.of("users", inputs::input(&top, "users"));
    let groups = mistakes.of("groups", inputs::input(&top, "groups"));
    let contacts = accounts
        .as_ref()
        .and_then(|accounts| mistakes.of("contacts", inputs::contacts(&top, accounts.as_ref())));
    let public_mail_domains = storage
        .as_ref()
        .and_then(|storage| mistakes.of("accounts", public_mail::read(&top, folder, storage)));
    let mail = mistakes.of("mail", inputs::input(&top, "mail"));
    let meetings = mistakes.of("meetings", inputs::input(&top, "meetings"));
    let output = mistakes.of("output", output::read(&top, overrides));
    let weights = mistakes.of("score.weights", weights::read(&top));
    let expect = mistakes.of("expect", expect::read(&top, overrides));
    if let (Some(None), Some(None)) = (&mail, &meetings) {
        let what = "[mail] and [meetings] are both missing; at least one is needed, with a path";
        mistakes.add("mail", source.error(what));
    }
    let read = || {
        let (as_of, window_days) = window?;
        Some(Enrichment {
            file: source.file.to_owned(),
            name: name?,
            as_of,
            time_zone: time_zone?,
            window_days,
            reply_window_days: reply_window_days?,
            levels: levels?,
            fiscal_year_start: fiscal_year_start?,
            region: region?,
            consent: consent?,
            mailboxes: mailboxes?,
            mailbox_limit: mailbox_limit?,
            users: users?,
            groups: groups?,
            contacts: contacts?,
            accounts: accounts?,
            public_mail_domains: public_mail_domains?,
            mail: mail?,
            meetings: meetings?,
            output: output?,
            storage: storage?,
            weights: weights?,
            min_people: min_people?,
            expect: expect?,
            allow_future: overrides.allow_future,
            publish_changed: overrides.publish_changed,
            run_options: overrides.run_options(),
        })
    };
    let enrichment = read();
    mistakes.none()?;
    // What was not read has left a mistake.
    enrichment.ok_or_else(|| source.error("this file cannot be read"))
}

/// How many errors of syntax are reported. Behind some of them, the parser finds others that are none.
const SYNTAX_ERRORS: usize = 5;

/// # Errors
/// Text that is not valid TOML: of each line, the first error.
fn syntax_errors(source: SourceText<'_>, errors: &[toml::de::Error]) -> Result<()> {
    let mut mistakes = error::Mistakes::default();
    let mut lines = vec![];
    let mut errors = errors.iter().take(SYNTAX_ERRORS).collect::<Vec<_>>();
    errors.sort_by_key(|e| e.span().map_or(0, |span| span.start));
    for e in errors {
        let line = e.span().map(|span| source.line_of(span.start));
        if !lines.contains(&line) {
            lines.push(line);
            mistakes.push(source.syntax_error(e));
        }
    }
    mistakes.none()
}

fn name(file: &TomlSection<'_>) -> Result<String> {
    let what = "the name of this enrichment, such as \"us-sales\"";
    Ok(file.required_text("name", what)?.text.to_owned())
}

fn region(file: &TomlSection<'_>) -> Result<Option<Region>> {
    let Some(word) = file.text("region")? else { return Ok(None) };
    match Region::ALL.into_iter().find(|region| region.as_str() == word.text) {
        Some(region) => Ok(Some(region)),
        None => {
            let allowed = listed(&Region::ALL.map(Region::as_str), "and");
            let what = format!("region {} is unknown; regions are {allowed}", quote(word.text));
            Err(file.source.error_at(word.offset, what))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::testing::{VALID, open as open_toml, refusal, with};
    use crate::config::{
        Consent, Contacts, Expectations, Format, InputConfig, Level, OutputConfig, OutputFormat,
        StorageOptions, Weights,
    };
    use crate::error::ErrorKind;

    #[test]
    fn the_least_file() {
        let found = open_toml(VALID).unwrap();
        let Enrichment {
            file,
            name,
            as_of,
            time_zone,
            window_days,
            reply_window_days,
            levels,
            fiscal_year_start,
            region,
            consent,
            mailboxes,
            mailbox_limit,
            users,
            groups,
            contacts,
            accounts,
            public_mail_domains,
            mail,
            meetings,
            output,
            storage,
            weights,
            min_people,
            expect,
            allow_future,
            publish_changed,
            run_options,
        } = found;
        assert!(file.ends_with("sales.toml"));
        assert_eq!((name.as_str(), time_zone, region), ("us-sales", chrono_tz::UTC, None));
        assert_eq!((as_of.to_string().as_str(), window_days, reply_window_days), ("2026-11-22", 365, 30));
        assert_eq!(levels, [Level::Year, Level::Month, Level::Week]);
        assert_eq!(fiscal_year_start.month(), 1);
        let granted_on = "2026-11-01".parse().unwrap();
        assert_eq!(consent, Consent { granted_by: "admin@contoso.com".to_owned(), granted_on });
        assert_eq!(mailboxes, ["ann@contoso.com", "ben@contoso.com"]);
        assert_eq!(mailbox_limit, 2_500);
        assert!(public_mail_domains.contains(&"gmail.com".to_owned()));
        assert_eq!((users, groups, accounts, meetings), (None, None, None, None));
        let columns = std::collections::BTreeMap::new();
        let mail_expected =
            InputConfig { path: "mail.parquet".to_owned(), format: Format::Canonical, columns };
        assert_eq!(mail, Some(mail_expected));
        let contacts_expected = Contacts {
            path: "contacts.parquet".to_owned(),
            format: Format::Canonical,
            email: vec!["email".to_owned()],
            account_id: "account_id".to_owned(),
            contact_id: None,
        };
        assert_eq!(contacts, Some(contacts_expected));
        let output_expected = OutputConfig {
            path: "out/".to_owned(),
            table: "Office".to_owned(),
            format: OutputFormat::Parquet,
            history: false,
            score_explained: false,
            given: None,
            replace: false,
        };
        assert_eq!(output, output_expected);
        assert_eq!(storage, StorageOptions::default());
        assert_eq!((weights, min_people), (Weights::default(), 1));
        assert_eq!((expect, allow_future, publish_changed), (Expectations::default(), false, false));
        assert!(run_options.is_empty());
    }

    #[test]
    fn regions() {
        assert_eq!(open_toml(&with("region = 'europe'", "")).unwrap().region, Some(Region::Europe));
        assert_eq!(
            refusal(&with("region = \"mars\"", "")),
            r#"sales.toml:3: region "mars" is unknown; regions are united_kingdom, europe and north_america"#
        );
    }

    /// The lines of the error for a file with this text.
    fn all(toml: &str) -> Vec<String> {
        let source = SourceText { file: Path::new("sales.toml"), text: toml };
        let error = parse(source, &Overrides::default()).unwrap_err();
        std::iter::once(&error).chain(error.others()).map(ToString::to_string).collect()
    }

    #[test]
    fn mistakes_in_several_sections_are_reported_together() {
        let toml = "name = 'x'\nregion = 'mars'\nwindow_days = 0\n[consent]\ngranted_by = 'x'\n\
                    [mailboxes]\naddresses = ['x']\n[contacts]\npaht = 'c'\n[mail]\nformat = 'mbox'\n\
                    [score.weights]\nrecency = 7\n";
        let begins = [
            "sales.toml:9: unknown key \"paht\" in [contacts]; did you mean \"path\"?",
            "sales.toml:3: window_days must be",
            "sales.toml:2: region \"mars\" is unknown",
            "sales.toml:4: [consent] granted_on is missing",
            "sales.toml:7: [mailboxes]",
            "sales.toml:10: [mail] path is missing",
            "sales.toml:12: [score.weights]",
        ];
        let found = all(toml);
        assert_eq!(found.len(), begins.len(), "{found:?}");
        for (line, begin) in found.iter().zip(begins) {
            assert!(line.starts_with(begin), "{line}");
        }
    }

    #[test]
    fn errors_of_syntax_are_reported_line_by_line() {
        let toml = "name = = 3\nregion = \"x\nwindow_days 3\n";
        let lines = all(toml);
        assert!(lines.len() >= 2 && lines[0].starts_with("sales.toml:1:8: not valid TOML"), "{lines:?}");
        assert!(lines.iter().all(|line| line.contains("not valid TOML")), "{lines:?}");
        assert!(all(&"= = =\n".repeat(100_000)).len() <= SYNTAX_ERRORS);
    }

    #[test]
    fn names() {
        assert_eq!(
            refusal(&VALID.replace("name = \"us-sales\"\n", "")),
            r#"sales.toml: name is missing; give the name of this enrichment, such as "us-sales""#
        );
    }

    #[test]
    fn mail_or_meetings() {
        let mail = "[mail]\npath = \"mail.parquet\"\n";
        assert!(open_toml(&VALID.replace("[mail]", "[meetings]")).is_ok());
        assert_eq!(
            refusal(&VALID.replace(mail, "")),
            "sales.toml: [mail] and [meetings] are both missing; at least one is needed, with a path"
        );
    }

    #[test]
    fn no_toml() {
        let empty = "sales.toml: the file is empty; begin with name, [consent], [mailboxes] and [contacts]";
        assert_eq!(refusal(""), empty);
        assert_eq!(refusal(" \r\n"), empty);
        assert_eq!(refusal("\u{feff}"), empty);
        assert_eq!(refusal("# nothing"), refusal(&VALID.replace("name = \"us-sales\"\n", "")));
    }

    #[test]
    fn broken_toml() {
        for (toml, error) in [
            ("name = = 3", r#":1:8: not valid TOML: extra `=`, expected nothing, at "=""#),
            ("name = 'é' 'x'", ":1:12: not valid TOML: unexpected key or value, expected newline, `#`"),
            ("region = 'europe'\nregion = 'europe'", r#":2:1: not valid TOML: duplicate key, at "region""#),
            ("[mail]\npath = 'x'\n[mail]\n", r#":3:2: not valid TOML: duplicate key, at "mail""#),
            ("name = \"x", ":1:10: not valid TOML: invalid basic string, expected `\"`"),
            (
                "as_of = 2026-02-30",
                r#":1:9: not valid TOML: invalid date, expected day between 01 and 28, at "2026-02-30""#,
            ),
            // The message does not quote text that can contain addresses.
            (
                "addresses = [\"a@x.com\" \"b@x.com\"]",
                ":1:24: not valid TOML: missing comma between array elements, expected `,`",
            ),
            ("name", ":1:5: not valid TOML: key with no value, expected `=`"),
        ] {
            assert_eq!(refusal(toml), format!("sales.toml{error}"));
        }
        let nested = refusal(&format!("x = {}", "[".repeat(100_000)));
        assert!(nested.contains("not valid TOML: cannot recurse further"), "{nested}");
    }

    #[test]
    fn windows_paths_in_double_quotes() {
        for path in
            ["C:\\Users\\ann\\c.parquet", ".\\contacts.parquet", "data\\x", "C:\\u12", "\\\\server\\c"]
        {
            let refused = refusal(&VALID.replace("contacts.parquet", path));
            assert!(refused.starts_with("sales.toml:9:") && refused.contains("not valid TOML"), "{refused}");
            assert!(
                refused.ends_with("write the path in single quotes, or with / instead of \\"),
                "{path}: {refused}"
            );
        }
        let other = refusal("name = \"a\\\\b\" \"c\"");
        assert!(!other.contains("single quotes"), "{other}");
    }

    #[test]
    fn a_byte_order_mark_and_windows_lines_are_fine() {
        assert!(open_toml(&format!("\u{feff}{}", VALID.replace('\n', "\r\n"))).is_ok());
    }

    #[test]
    fn files_that_cannot_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let error = Enrichment::open(folder.path()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Enrichment);
        assert_eq!(
            error.to_string(),
            format!("{}: this is a folder; a text file is needed", folder.path().display())
        );
        let nowhere = folder.path().join("nowhere.toml");
        assert_eq!(
            Enrichment::open(&nowhere).unwrap_err().to_string(),
            format!("{}: there is no such file", nowhere.display())
        );
    }

    proptest! {
        /// If any part of a valid file is replaced by any text, the result is an enrichment or an error in
        /// one line that names the file.
        #[test]
        fn never_panics(from in 0..VALID.len(), length in 0..40_usize, inserted in any::<String>()) {
            let to = (from + length).min(VALID.len());
            let text = format!("{}{inserted}{}", &VALID[..from], &VALID[to..]);
            let source = SourceText { file: Path::new("sales.toml"), text: &text };
            if let Err(error) = parse(source, &Overrides::default()) {
                let error = error.to_string();
                prop_assert!(error.starts_with("sales.toml:"), "{}", error);
                prop_assert!(!error.contains('\n'), "{}", error);
            }
        }
    }
}
