//! The sections of the inputs: path, format, and column mapping.

use std::collections::BTreeMap;

use super::section::{Text, TomlSection};
use super::source_text::{listed, quote};
use super::{Accounts, Contacts, Format, InputConfig, delta};
use crate::error::{Error, Result};

/// What a path can be, for errors.
const PATH: &str = "a file, a folder or a glob";

/// The section `[users]`, `[groups]`, `[mail]` or `[meetings]`; `None` if it is absent.
pub(crate) fn input(file: &TomlSection<'_>, key: &str) -> Result<Option<InputConfig>> {
    let Some(section) = file.section(key)? else { return Ok(None) };
    let (path, format) = (path(&section)?, format(&section)?);
    Ok(Some(InputConfig { path, format, columns: mapped(&section, format)? }))
}

/// The columns that the section maps to names of the files.
fn mapped(section: &TomlSection<'_>, format: Format) -> Result<BTreeMap<&'static str, String>> {
    let mut columns = BTreeMap::new();
    for key in section.schema.columns() {
        let Some(name) = column(section, key)? else { continue };
        if format == Format::GraphDataConnect {
            let format = format.as_str();
            return Err(section.error_on(
                key,
                &format!("names a column, but columns of an export are never renamed; leave it out, or leave format = \"{format}\" out"),
            ));
        }
        columns.insert(key, name);
    }
    check_distinct(section, &columns)?;
    Ok(columns)
}

/// Checks that no two columns have the same name in the files. Only an identifier of messages may be that of threads, too.
fn check_distinct(section: &TomlSection<'_>, mapped: &BTreeMap<&'static str, String>) -> Result<()> {
    let name = |key: &'static str| mapped.get(key).map_or(key, String::as_str).to_lowercase();
    for key in mapped.keys() {
        let is_same = |other: &&'static str| other != key && name(other) == name(key);
        let other = section.schema.columns().find(|other| is_same(other));
        if let Some(other) = other.filter(|other| [*key, *other] != ["conversation_id", "message_id"]) {
            return Err(section.error_on(
                key,
                &format!(
                    "names the column {}, which is {other}, too; name another column for one of them",
                    quote(&mapped[key])
                ),
            ));
        }
    }
    Ok(())
}

/// The section `[contacts]`, which is required unless the accounts have domains.
pub(crate) fn contacts(file: &TomlSection<'_>, accounts: Option<&Accounts>) -> Result<Option<Contacts>> {
    let Some(section) = file.section("contacts")? else {
        if accounts.is_some_and(|accounts| !accounts.domains.is_empty()) {
            return Ok(None);
        }
        return Err(file.source.error(
            "[contacts] is missing; add it, with the path of the people of each account, or map the web sites of the \
             accounts with [accounts] domain",
        ));
    };
    Ok(Some(Contacts {
        path: path(&section)?,
        format: format(&section)?,
        email: columns(&section, "email")?.unwrap_or_else(|| vec!["email".to_owned()]),
        account_id: column(&section, "account_id")?.unwrap_or_else(|| "account_id".to_owned()),
        contact_id: column(&section, "contact_id")?,
    }))
}

/// The section `[accounts]`; `None` if it is absent.
pub(crate) fn accounts(file: &TomlSection<'_>) -> Result<Option<Accounts>> {
    let Some(section) = file.section("accounts")? else { return Ok(None) };
    Ok(Some(Accounts {
        path: path(&section)?,
        format: format(&section)?,
        account_id: column(&section, "account_id")?.unwrap_or_else(|| "account_id".to_owned()),
        name: column(&section, "name")?,
        domains: columns(&section, "domain")?.unwrap_or_default(),
        attributes: attributes(&section)?,
    }))
}

fn path(section: &TomlSection<'_>) -> Result<String> {
    Ok(section.required_text("path", PATH)?.text.to_owned())
}

fn column(section: &TomlSection<'_>, key: &str) -> Result<Option<String>> {
    Ok(section.text(key)?.map(|name| name.text.to_owned()))
}

/// The columns that a key names, one or several; `None` if the key is absent. Names that differ only in case are
/// one column, because columns are found in any case.
fn columns(section: &TomlSection<'_>, key: &str) -> Result<Option<Vec<String>>> {
    let Some(names) = section.text_or_texts(key)? else { return Ok(None) };
    let mut columns: Vec<String> = Vec::new();
    for name in names {
        if name.text.trim().is_empty() {
            return Err(section.error_on(key, "contains a blank column name"));
        }
        if !columns.iter().any(|seen| seen.eq_ignore_ascii_case(name.text)) {
            columns.push(name.text.to_owned());
        }
    }
    if columns.is_empty() {
        return Err(section.error_on(key, "is an empty list; leave it out, or name a column"));
    }
    Ok(Some(columns))
}

/// The columns of the published table of accounts that are no attributes.
const OF_ACCOUNTS: [&str; 2] = ["CustomerId", "Name"];

/// The columns that are published with the profile. Each has one spelling, because names of columns work in any
/// case.
fn attributes(section: &TomlSection<'_>) -> Result<Vec<String>> {
    let mut attributes: Vec<String> = Vec::new();
    for Text { text, offset } in section.texts("attributes")?.unwrap_or_default() {
        let is_same = |other: &str| other.to_lowercase() == text.to_lowercase();
        let wrong = |what: String| {
            Err(section.source.error_at(offset, format!("{} {what}", section.label("attributes"))))
        };
        if text.trim().is_empty() {
            return wrong("contains a blank column name".to_owned());
        }
        if let Some(own) = OF_ACCOUNTS.iter().find(|own| is_same(own)) {
            return wrong(format!(
                "{} would hide the column {own} of the published accounts; leave it out, or rename the column",
                quote(text)
            ));
        }
        if attributes.iter().any(|seen| is_same(seen)) {
            return wrong(format!("{} is listed twice; columns are found in any case", quote(text)));
        }
        attributes.push(text.to_owned());
    }
    Ok(attributes)
}

fn format(section: &TomlSection<'_>) -> Result<Format> {
    let Some(word) = section.text("format")? else { return Ok(Format::Canonical) };
    let formats = Format::of_section(section.schema.key());
    match formats.iter().find(|format| format.as_str() == word.text) {
        Some(Format::Delta) => delta::is_built_in(section, word).map(|()| Format::Delta),
        Some(format) => Ok(*format),
        None => {
            let names: Vec<_> = formats.iter().map(|format| format.as_str()).collect();
            Err(refused(section, word, &listed(&names, "or")))
        }
    }
}

fn refused(section: &TomlSection<'_>, word: Text<'_>, allowed: &str) -> Error {
    let what = format!("{} must be {allowed}, not {}", section.label("format"), quote(word.text));
    section.source.error_at(word.offset, what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testing::{VALID, open, refusal, with};

    #[test]
    fn formats() {
        let formats = "[users]\npath = 'u'\nformat = 'graph-data-connect'\n\
                       [groups]\npath = 'g'\nformat = 'canonical'\n\
                       [meetings]\npath = 'm'\n\
                       [accounts]\npath = 'a'\nformat = 'canonical'";
        let enrichment = open(&with("", formats)).unwrap();
        let input = |path: &str, format| {
            Some(InputConfig { path: path.to_owned(), format, columns: BTreeMap::new() })
        };
        assert_eq!(enrichment.users, input("u", Format::GraphDataConnect));
        assert_eq!(enrichment.groups, input("g", Format::Canonical));
        assert_eq!(enrichment.mail, input("mail.parquet", Format::Canonical));
        assert_eq!(enrichment.meetings, input("m", Format::Canonical));
        assert_eq!(
            refusal(&VALID.replace("[mail]\n", "[mail]\nformat = \"mbox\"\n")),
            r#"sales.toml:11: [mail] format must be canonical, graph-data-connect or delta, not "mbox""#
        );
        assert_eq!(
            refusal(&VALID.replace("[contacts]\n", "[contacts]\nformat = \"graph-data-connect\"\n")),
            r#"sales.toml:9: [contacts] format must be canonical, delta or csv, not "graph-data-connect""#
        );
        assert_eq!(
            refusal(&with("", "[accounts]\npath = 'a'\nformat = 'graph-data-connect'")),
            r#"sales.toml:14: [accounts] format must be canonical, delta or csv, not "graph-data-connect""#
        );
    }

    #[test]
    fn columns_of_mail_and_meetings() {
        let mail = |written: &str| VALID.replace("[mail]\n", &format!("[mail]\n{written}\n"));
        let enrichment = open(&mail("to = 'Recipients'\nsent_at = \"Sent\"")).unwrap();
        let columns = enrichment.mail.unwrap().columns;
        assert_eq!(
            columns,
            BTreeMap::from([("to", "Recipients".to_owned()), ("sent_at", "Sent".to_owned())])
        );
        assert!(open(&mail("conversation_id = 'message_id'")).is_ok());
        let users = open(&with("", "[users]\npath = 'u'\nformat = 'csv'\nentra_id = 'Object Id'")).unwrap();
        assert_eq!(users.users.unwrap().columns, BTreeMap::from([("entra_id", "Object Id".to_owned())]));
        for (written, error) in [
            ("to = ['a', 'b']", "[mail] to must be text in quotes, not a list"),
            ("sender = ' '", "[mail] sender is blank"),
            (
                "to = 'CC'",
                "[mail] to names the column \"CC\", which is cc, too; name another column for one of them",
            ),
            (
                "sender = 'from'\nformat = 'graph-data-connect'",
                "[mail] sender names a column, but columns of an export are never renamed; leave it out, or leave \
                 format = \"graph-data-connect\" out",
            ),
            (
                "sentat = 'x'",
                "unknown key \"sentat\" in [mail]; did you mean \"sent_at\"? [mail] has path, format, message_id, \
                 conversation_id, sent_at, sender, to, cc, bcc, mailbox, is_draft and is_automatic",
            ),
        ] {
            assert_eq!(refusal(&mail(written)), format!("sales.toml:11: {error}"));
        }
    }

    #[test]
    fn csv_is_for_tables_of_people() {
        let found = |section: &str| open(&with("", &format!("[{section}]\npath = 'x'\nformat = 'csv'")));
        assert_eq!(found("users").unwrap().users.unwrap().format, Format::Csv);
        assert_eq!(found("groups").unwrap().groups.unwrap().format, Format::Csv);
        assert_eq!(found("accounts").unwrap().accounts.unwrap().format, Format::Csv);
        let contacts = VALID.replace("[contacts]\n", "[contacts]\nformat = 'csv'\n");
        assert_eq!(open(&contacts).unwrap().contacts.unwrap().format, Format::Csv);
        assert_eq!(
            refusal(&VALID.replace("[mail]\n", "[mail]\nformat = 'csv'\n")),
            r#"sales.toml:11: [mail] format must be canonical, graph-data-connect or delta, not "csv""#
        );
        assert_eq!(
            refusal(&with("", "[users]\npath = 'u'\nformat = 'xlsx'")),
            r#"sales.toml:14: [users] format must be canonical, graph-data-connect, delta or csv, not "xlsx""#
        );
    }

    #[test]
    fn columns_of_contacts() {
        let contacts =
            |written: &str| VALID.replace("path = \"contacts.parquet\"", &format!("path = \"c\"\n{written}"));
        let expected = |email: &[&str], account_id: &str, contact_id: Option<&str>| Contacts {
            path: "c".to_owned(),
            format: Format::Canonical,
            email: email.iter().map(|e| (*e).to_owned()).collect(),
            account_id: account_id.to_owned(),
            contact_id: contact_id.map(str::to_owned),
        };
        let found = |written: &str| open(&contacts(written)).unwrap().contacts.unwrap();
        assert_eq!(found(""), expected(&["email"], "account_id", None));
        assert_eq!(
            found("email = 'emailaddress1'\naccount_id = 'parent'\ncontact_id = 'contactid'"),
            expected(&["emailaddress1"], "parent", Some("contactid"))
        );
        assert_eq!(found("email = ['e1', 'e2', 'E1']"), expected(&["e1", "e2"], "account_id", None));
        for (written, error) in [
            (
                "email = []",
                "sales.toml:10: [contacts] email is an empty list; leave it out, or name a column",
            ),
            ("email = ''", "sales.toml:10: [contacts] email is blank"),
            ("email = ['e1', '']", "sales.toml:10: [contacts] email contains a blank column name"),
            ("email = 1", "sales.toml:10: [contacts] email must be text in quotes, not 1"),
            ("account_id = ''", "sales.toml:10: [contacts] account_id is blank"),
            ("contact_id = 1", "sales.toml:10: [contacts] contact_id must be text in quotes, not 1"),
        ] {
            assert_eq!(refusal(&contacts(written)), error);
        }
    }

    #[test]
    fn columns_of_accounts() {
        let accounts =
            |written: &str| open(&with("", &format!("[accounts]\npath = 'a'\n{written}"))).unwrap().accounts;
        let expected = |account_id: &str, name: Option<&str>| {
            Some(Accounts {
                path: "a".to_owned(),
                format: Format::Canonical,
                account_id: account_id.to_owned(),
                name: name.map(str::to_owned),
                domains: vec![],
                attributes: vec![],
            })
        };
        assert_eq!(accounts(""), expected("account_id", None));
        assert_eq!(
            accounts("account_id = 'accountid'\nname = 'title'"),
            expected("accountid", Some("title"))
        );
        assert_eq!(open(VALID).unwrap().accounts, None);
    }

    #[test]
    fn paths() {
        assert_eq!(
            refusal(&VALID.replace("path = \"mail.parquet\"\n", "")),
            "sales.toml:10: [mail] path is missing; give a file, a folder or a glob"
        );
        assert_eq!(refusal(&VALID.replace("mail.parquet", " ")), "sales.toml:11: [mail] path is blank");
        assert_eq!(
            refusal(&VALID.replace("path = \"contacts.parquet\"\n", "")),
            "sales.toml:8: [contacts] path is missing; give a file, a folder or a glob"
        );
        assert_eq!(
            refusal(&with("", "[users]\npath = 1")),
            "sales.toml:13: [users] path must be text in quotes, not 1"
        );
    }

    #[test]
    fn contacts_must_be_there() {
        assert_eq!(
            refusal(&VALID.replace("[contacts]\npath = \"contacts.parquet\"\n", "")),
            "sales.toml: [contacts] is missing; add it, with the path of the people of each account, or map the web \
             sites of the accounts with [accounts] domain"
        );
    }

    #[test]
    fn domains_and_attributes() {
        let accounts = |written: &str| with("", &format!("[accounts]\npath = 'a'\n{written}"));
        let found = |written: &str| open(&accounts(written)).unwrap().accounts.unwrap();
        assert_eq!(found("domain = 'websiteurl'").domains, ["websiteurl"]);
        assert_eq!(found("domain = ['web', 'mail', 'WEB']").domains, ["web", "mail"]);
        assert_eq!(found("attributes = ['Industry', 'größe']").attributes, ["Industry", "größe"]);
        assert_eq!(found("attributes = []").attributes, [""; 0]);
        for (written, error) in [
            ("domain = []", "[accounts] domain is an empty list; leave it out, or name a column"),
            ("domain = ['']", "[accounts] domain contains a blank column name"),
            ("domain = 7", "[accounts] domain must be text in quotes, not 7"),
            (
                "attributes = 'x'",
                r#"[accounts] attributes must be a list of texts in quotes, not the text "x""#,
            ),
            ("attributes = [1]", "[accounts] attributes must be a list of texts in quotes, not 1"),
            ("attributes = [' ']", "[accounts] attributes contains a blank column name"),
            (
                "attributes = ['x', 'X']",
                r#"[accounts] attributes "X" is listed twice; columns are found in any case"#,
            ),
            (
                "attributes = ['NAME']",
                r#"[accounts] attributes "NAME" would hide the column Name of the published accounts; leave it out, or rename the column"#,
            ),
        ] {
            assert_eq!(refusal(&accounts(written)), format!("sales.toml:14: {error}"));
        }
    }

    #[test]
    fn contacts_are_optional_with_domains() {
        let without = VALID.replace("[contacts]\npath = \"contacts.parquet\"\n", "");
        let enrichment = open(&format!("{without}[accounts]\npath = 'a'\ndomain = 'web'\n")).unwrap();
        assert!(enrichment.contacts.is_none() && enrichment.has_domains());
        let refused = refusal(&format!("{without}[accounts]\npath = 'a'\nattributes = ['web']\n"));
        assert!(refused.starts_with("sales.toml: [contacts] is missing"), "{refused}");
    }
}
