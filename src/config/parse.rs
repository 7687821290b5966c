//! TOML → [`Enrichment`]: reads the sections one after the other; each section has a module of its own.

use std::path::Path;

use toml::de::DeTable;

use super::section::TomlSection;
use super::source_text::{SourceText, listed, quote};
use super::{
    Enrichment, Overrides, Region, expect, inputs, levels, mailbox_list, output, privacy, public_mail,
    storage, text_file, unknown_keys, weights, window, zone,
};
use crate::error::Result;

pub(crate) fn open(file: &Path, overrides: &Overrides) -> Result<Enrichment> {
    let text = text_file::read(file, file.display())?;
    parse(SourceText { file, text: &text }, overrides)
}

fn parse(source: SourceText<'_>, overrides: &Overrides) -> Result<Enrichment> {
    if source.text.trim().is_empty() {
        return Err(source.error("the file is empty; begin with name, [consent], [mailboxes] and [contacts]"));
    }
    let table = DeTable::parse(source.text).map_err(|e| source.syntax_error(&e))?;
    let top = TomlSection::top(source, table.get_ref());
    unknown_keys::check(&top)?;
    let name =
        top.required_text("name", "the name of this enrichment, such as \"us-sales\"")?.text.to_owned();
    let time_zone = zone::read(&top)?;
    let given = window::as_of(&top, time_zone, overrides)?;
    let min_people = privacy::min_people(&top)?;
    let (as_of, window_days) = window::window(&top, given, overrides, min_people)?;
    let storage = storage::read(&top)?;
    let folder = source.file.parent().unwrap_or(Path::new(""));
    let accounts = inputs::accounts(&top)?;
    let enrichment = Enrichment {
        file: source.file.to_owned(),
        name,
        as_of,
        time_zone,
        window_days,
        reply_window_days: window::reply_window_days(&top)?,
        levels: levels::read(&top, overrides, min_people)?,
        fiscal_year_start: levels::fiscal_year_start(&top)?,
        region: region(&top)?,
        consent: window::consent(&top, given)?,
        mailboxes: mailbox_list::read(&top, folder, &storage)?,
        mailbox_limit: mailbox_list::limit(&top)?,
        users: inputs::input(&top, "users")?,
        groups: inputs::input(&top, "groups")?,
        contacts: inputs::contacts(&top, accounts.as_ref())?,
        accounts,
        public_mail_domains: public_mail::read(&top, folder, &storage)?,
        mail: inputs::input(&top, "mail")?,
        meetings: inputs::input(&top, "meetings")?,
        output: output::read(&top, overrides)?,
        storage,
        weights: weights::read(&top)?,
        min_people,
        expect: expect::read(&top, overrides)?,
        allow_future: overrides.allow_future,
    };
    if enrichment.mail.is_none() && enrichment.meetings.is_none() {
        return Err(
            source.error("[mail] and [meetings] are both missing; at least one is needed, with a path")
        );
    }
    Ok(enrichment)
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
        assert_eq!(mail, Some(InputConfig { path: "mail.parquet".to_owned(), format: Format::Canonical }));
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
            given: None,
            replace: false,
        };
        assert_eq!(output, output_expected);
        assert_eq!(storage, StorageOptions::default());
        assert_eq!((weights, min_people), (Weights::default(), 1));
        assert_eq!((expect, allow_future), (Expectations::default(), false));
    }

    #[test]
    fn regions() {
        assert_eq!(open_toml(&with("region = 'europe'", "")).unwrap().region, Some(Region::Europe));
        assert_eq!(
            refusal(&with("region = \"mars\"", "")),
            r#"sales.toml:3: region "mars" is unknown; regions are united_kingdom, europe and north_america"#
        );
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
