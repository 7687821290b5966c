//! The sections of the inputs: path, format, and column mapping.

use super::section::{Text, TomlSection};
use super::source_text::{listed, quote};
use super::{Accounts, Contacts, Format, InputConfig, delta};
use crate::error::{Error, Result};

/// What a path can be, for errors.
const PATH: &str = "a file, a folder or a glob";

/// The section `[users]`, `[groups]`, `[mail]` or `[meetings]`; `None` if it is absent.
pub(crate) fn input(file: &TomlSection<'_>, key: &str) -> Result<Option<InputConfig>> {
    let Some(section) = file.section(key)? else { return Ok(None) };
    Ok(Some(InputConfig { path: path(&section)?, format: format(&section)? }))
}

/// The section `[contacts]`, which is required.
pub(crate) fn contacts(file: &TomlSection<'_>) -> Result<Contacts> {
    let Some(section) = file.section("contacts")? else {
        return Err(file
            .source
            .error("[contacts] is missing; add it, with the path of the people of each account"));
    };
    Ok(Contacts {
        path: path(&section)?,
        format: format(&section)?,
        email: emails(&section)?,
        account_id: column(&section, "account_id")?.unwrap_or_else(|| "account_id".to_owned()),
        contact_id: column(&section, "contact_id")?,
    })
}

/// The section `[accounts]`; `None` if it is absent.
pub(crate) fn accounts(file: &TomlSection<'_>) -> Result<Option<Accounts>> {
    let Some(section) = file.section("accounts")? else { return Ok(None) };
    Ok(Some(Accounts {
        path: path(&section)?,
        format: format(&section)?,
        account_id: column(&section, "account_id")?.unwrap_or_else(|| "account_id".to_owned()),
        name: column(&section, "name")?,
    }))
}

fn path(section: &TomlSection<'_>) -> Result<String> {
    Ok(section.required_text("path", PATH)?.text.to_owned())
}

fn column(section: &TomlSection<'_>, key: &str) -> Result<Option<String>> {
    Ok(section.text(key)?.map(|name| name.text.to_owned()))
}

/// The columns with email addresses. Names that differ only in case are one column, because columns are found
/// in any case.
fn emails(section: &TomlSection<'_>) -> Result<Vec<String>> {
    let Some(names) = section.text_or_texts("email")? else { return Ok(vec!["email".to_owned()]) };
    let mut emails: Vec<String> = Vec::new();
    for name in names {
        if name.text.trim().is_empty() {
            return Err(section.error_on("email", "contains a blank column name"));
        }
        if !emails.iter().any(|seen| seen.eq_ignore_ascii_case(name.text)) {
            emails.push(name.text.to_owned());
        }
    }
    if emails.is_empty() {
        return Err(section.error_on("email", "is an empty list; leave it out, or name a column"));
    }
    Ok(emails)
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
        let input = |path: &str, format| Some(InputConfig { path: path.to_owned(), format });
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
    fn csv_is_for_tables_of_people() {
        let found = |section: &str| open(&with("", &format!("[{section}]\npath = 'x'\nformat = 'csv'")));
        assert_eq!(found("users").unwrap().users.unwrap().format, Format::Csv);
        assert_eq!(found("groups").unwrap().groups.unwrap().format, Format::Csv);
        assert_eq!(found("accounts").unwrap().accounts.unwrap().format, Format::Csv);
        let contacts = VALID.replace("[contacts]\n", "[contacts]\nformat = 'csv'\n");
        assert_eq!(open(&contacts).unwrap().contacts.format, Format::Csv);
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
        let found = |written: &str| open(&contacts(written)).unwrap().contacts;
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
            "sales.toml: [contacts] is missing; add it, with the path of the people of each account"
        );
    }
}
