//! Proposes an enrichment file for the files in a folder.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use datafusion::arrow::array::AsArray;
use datafusion::prelude::SessionContext;

use crate::config::{Consent, Enrichment, Format, quote};
use crate::error::{Error, Result};
use crate::inputs::{self, Found, Survey, survey};

/// A proposed enrichment file.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// The text of the file.
    pub text: String,
    /// What was found, one line for each section.
    pub found: Vec<String>,
    /// What is not used, and why; and what is wrong with the rest, as far as the proposal has read it. One line each.
    pub notes: Vec<String>,
    /// The sections with placeholders.
    pub placeholders: Vec<&'static str>,
}

/// Looks at the files in a folder of this machine, and proposes an enrichment file that reads them. `file` is the path
/// at which the enrichment file will be; its folder must exist, and nothing is written. The text has no values of the
/// files, except the most frequent domain of the people who have mailboxes.
///
/// # Errors
/// The folder cannot be read, or no file in it is recognized.
pub async fn propose(ctx: &SessionContext, folder: &Path, file: &Path) -> Result<Proposal> {
    let survey = survey(ctx, folder).await?;
    if survey.found.is_empty() {
        let others = survey.others.iter().take(3).map(String::as_str).collect::<Vec<_>>();
        let more = if others.is_empty() { "it has no files".to_owned() } else { others.join("; ") };
        return Err(Error::input(format!(
            "{}: no file is recognized as mail, meetings, contacts, accounts, users or groups: {more}",
            folder.display()
        )));
    }
    let place = place(folder, file)?;
    let name = folder.canonicalize().ok().and_then(|f| Some(f.file_name()?.to_string_lossy().into_owned()));
    let draft = Draft { survey: &survey, place, name: name.unwrap_or_else(|| "enrichment".to_owned()) };
    let mut notes = survey.others.clone();
    let domain = match domain(ctx, file, &draft.text(None)).await {
        Ok(domain) => domain,
        Err(e) => {
            notes.extend(std::iter::once(&e).chain(e.others()).map(ToString::to_string));
            None
        }
    };
    let found = SECTIONS.iter().filter_map(|(section, _)| survey.of(section));
    let found = found.map(|found| format!("{}: {}", found.is.section, found.path));
    let mut placeholders = vec!["consent"];
    placeholders.extend(survey.mailboxes.is_none().then_some("mailboxes"));
    placeholders.extend(draft.lacks_contacts().then_some("contacts"));
    Ok(Proposal { text: draft.text(domain.as_deref()), found: found.collect(), notes, placeholders })
}

/// The folder as the enrichment file writes it, with a slash at the end; blank for the folder of the file itself.
fn place(folder: &Path, file: &Path) -> Result<String> {
    let cannot =
        |path: &Path, e: std::io::Error| Error::input(format!("{}: cannot be read: {e}", path.display()));
    let base = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let base = base.canonicalize().map_err(|e| cannot(&base, e))?;
    let folder = folder.canonicalize().map_err(|e| cannot(folder, e))?;
    let path = folder.strip_prefix(&base).unwrap_or(&folder).to_string_lossy().into_owned();
    Ok(if path.is_empty() || path.ends_with('/') { path } else { format!("{path}/") })
}

/// Where the domain of the organization is looked for: a table and a column, the surest first.
const WHERE: [(&str, &str); 4] =
    [("users", "email"), ("mail", "mailbox"), ("mail", "sender"), ("meetings", "organizer")];

/// How many rows are looked at for the domain.
const ROWS: usize = 10_000;

/// The most frequent domain of the people who have mailboxes: a guess. `None` if no address has one.
///
/// # Errors
/// An input cannot be read.
async fn domain(ctx: &SessionContext, file: &Path, text: &str) -> Result<Option<String>> {
    inputs::register(ctx, &Enrichment::of_text(file, text)?).await?;
    for (table, column) in WHERE {
        let sql = format!(
            "select domain from (select address_domain(normalize_address({column})) as domain \
             from (select {column} from input_{table} limit {ROWS}) as looked) as domains \
             where domain not in (select domain from input_public_mail_domains) \
             group by domain order by count(*) desc, domain limit 1"
        );
        for batch in ctx.sql(&sql).await?.collect().await? {
            if batch.num_rows() > 0 {
                return Ok(Some(batch.column(0).as_string::<i32>().value(0).to_owned()));
            }
        }
    }
    Ok(None)
}

/// What the text of a proposal says.
struct Draft<'a> {
    survey: &'a Survey,
    /// The folder of the files, as the enrichment file writes it.
    place: String,
    name: String,
}

/// The sections of inputs in the order of the file, and what they are.
const SECTIONS: [(&str, &str); 6] = [
    ("users", "the directory: which addresses are one person's; optional"),
    ("groups", "distribution groups and their members; optional"),
    ("contacts", "the people of the accounts"),
    ("accounts", "the profile to enrich; without it, every account of the contacts"),
    ("mail", "copies of messages"),
    ("meetings", "copies of meetings"),
];

/// The keys of contacts, to fill in if no file is recognized as contacts.
const TEMPLATE: [(&str, &str); 4] = [
    ("# path = \"contacts.csv\"", "TO FILL IN, if one of the files is of contacts"),
    ("# format = \"csv\"", "files with a header line; without it, Parquet"),
    ("# email = \"Email\"", "the column with addresses"),
    (
        "# account_id = \"Account ID\"",
        "the column with the account: the one that account_id names in [accounts]",
    ),
];

/// How many columns are before a comment.
const BEFORE: usize = 33;

impl Draft<'_> {
    /// The text of the file. `domain` is the guess of the organization's domain.
    fn text(&self, domain: Option<&str>) -> String {
        let mut lines = Lines::default();
        lines.add(
            "# Proposed by `engagement init` from the names and types of columns: read it before you use it.",
        );
        lines.add("# Relative paths are relative to the folder of this file.");
        lines.key("name", &self.name, "of the enrichment; recorded with what it publishes");
        lines.commented("# as_of = \"2026-01-31\"", "the last day that counts; without it, yesterday");
        lines.commented("# time_zone = \"Europe/London\"", "days are days there; without it, UTC");
        lines.commented("# window_days = 365", "how many days count");
        lines.add("");
        lines.commented("[consent]", "TO FILL IN: the tenant administrator's agreement");
        let [by, on] = Consent::PROPOSED;
        lines.key("granted_by", by, "who agreed");
        lines.key("granted_on", on, "when");
        lines.add("");
        self.mailboxes(&mut lines, domain);
        for (section, what) in SECTIONS {
            lines.add("");
            match self.survey.of(section) {
                Some(found) => self.section(&mut lines, found, what),
                None => lines.commented(&format!("# [{section}]"), &format!("nothing found: {what}")),
            }
            if section == "contacts" && self.lacks_contacts() {
                TEMPLATE.iter().for_each(|(line, what)| lines.commented(line, what));
            }
        }
        lines.add("");
        lines.commented("[output]", "where the result is published");
        lines.key("path", "out/", "a folder that this enrichment alone writes to");
        if !self.survey.others.is_empty() {
            lines.add("\n# Not used:");
            self.survey.others.iter().for_each(|other| lines.add(&format!("# {other}")));
        }
        lines.0
    }

    /// Whether nothing says who the people of accounts are.
    fn lacks_contacts(&self) -> bool {
        let has_domains = self.survey.of("accounts").is_some_and(|accounts| accounts.is.domain.is_some());
        self.survey.of("contacts").is_none() && !has_domains
    }

    fn mailboxes(&self, lines: &mut Lines, domain: Option<&str>) {
        if let Some(file) = &self.survey.mailboxes {
            lines.commented("[mailboxes]", "whose mail and meetings count: people or groups");
            return lines.key("file", &self.path(file), "one address per line");
        }
        lines.commented("[mailboxes]", "TO FILL IN: whose mail and meetings count: people or groups");
        if let Some(domain) = domain {
            let domain = quote(domain);
            lines.add(&format!("# The domain {domain} is a guess: the most frequent one in the files."));
        }
        let domain = domain.unwrap_or("example.com");
        let addresses = ["first.person", "second.person"].map(|name| text(&format!("{name}@{domain}")));
        lines.add(&format!("addresses = [{}]", addresses.join(", ")));
        lines.commented("# file = \"mailboxes.txt\"", "instead or in addition: one address per line");
    }

    fn section(&self, lines: &mut Lines, Found { path, is }: &Found, what: &str) {
        lines.commented(&format!("[{}]", is.section), what);
        lines.key("path", &self.path(path), "a file, a folder or a glob");
        if is.format != Format::Canonical {
            lines.key(
                "format",
                is.format.as_str(),
                match is.format {
                    Format::GraphDataConnect => "an export of Microsoft Graph as it is delivered",
                    Format::Delta => "a Delta table",
                    _ => "files with a header line",
                },
            );
        }
        for (key, names) in &is.columns {
            let names = names.iter().map(|name| text(name)).collect::<Vec<_>>();
            let value = if let [one] = &names[..] { one.clone() } else { format!("[{}]", names.join(", ")) };
            lines.commented(&format!("{key} = {value}"), "a column, found by its name");
        }
        if let Some(domain) = &is.domain {
            let (key, what) =
                (format!("domain = {}", text(domain)), "people with addresses there count, too");
            // Without contacts, accounts know people by domain alone.
            match self.survey.of("contacts") {
                Some(_) => lines.commented(&format!("# {key}"), what),
                None => lines.commented(&key, "accounts know people by the domain of their address"),
            }
        }
        if !is.attributes.is_empty() {
            let names = is.attributes.iter().map(|name| text(name)).collect::<Vec<_>>().join(", ");
            lines.commented(
                &format!("# attributes = [{names}]"),
                "columns that are published with the profile",
            );
        }
        if !is.others.is_empty() {
            let others = is.others.iter().map(|name| quote(name)).collect::<Vec<_>>().join(", ");
            lines.add(&format!("# Other columns that can be attributes: {others}"));
        }
    }

    /// A path in the folder, as the file writes it. What begins like a variable of a shell would be refused.
    fn path(&self, path: &str) -> String {
        let path = match (path.strip_prefix("./"), self.place.is_empty()) {
            (Some(""), true) => "./".to_owned(),
            (Some(rest), _) => format!("{}{rest}", self.place),
            (None, _) => format!("{}{path}", self.place),
        };
        if path.starts_with(['~', '$']) { format!("./{path}") } else { path }
    }
}

/// A text in TOML.
fn text(value: &str) -> String {
    toml::Value::String(value.to_owned()).to_string()
}

/// The lines of a file.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn add(&mut self, line: &str) {
        self.0 += line;
        self.0 += "\n";
    }

    /// A line with a comment behind it.
    fn commented(&mut self, line: &str, comment: &str) {
        // Writing to memory does not fail.
        let _ = writeln!(self.0, "{line:BEFORE$} # {comment}");
    }

    fn key(&mut self, key: &str, value: &str, comment: &str) {
        self.commented(&format!("{key} = {}", text(value)), comment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::Recognized;

    fn found(
        section: &'static str,
        path: &str,
        format: Format,
        columns: &[(&'static str, &[&str])],
    ) -> Found {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let columns = columns.iter().map(|(key, of)| (*key, names(of))).collect();
        let accounts = section == "accounts";
        let is = Recognized {
            section,
            format,
            columns,
            domain: accounts.then(|| "Website".to_owned()),
            attributes: if accounts { vec!["Industry".to_owned()] } else { vec![] },
            others: if accounts { vec!["Sector".to_owned()] } else { vec![] },
        };
        Found { path: path.to_owned(), is }
    }

    #[test]
    fn the_text_as_written() {
        let survey = Survey {
            found: vec![
                found("mail", "mail/", Format::Canonical, &[("sent_at", &["Sent"])]),
                found(
                    "contacts",
                    "c.csv",
                    Format::Csv,
                    &[("email", &["E-mail 1", "e2"]), ("account_id", &["It's"])],
                ),
                found("accounts", "a.csv", Format::Csv, &[("account_id", &["Id"])]),
            ],
            mailboxes: None,
            others: vec!["x.xlsx: is an Excel workbook".to_owned()],
        };
        let draft = Draft { survey: &survey, place: "crm/".to_owned(), name: "crm".to_owned() };
        let expected = r#"# Proposed by `engagement init` from the names and types of columns: read it before you use it.
# Relative paths are relative to the folder of this file.
name = "crm"                      # of the enrichment; recorded with what it publishes
# as_of = "2026-01-31"            # the last day that counts; without it, yesterday
# time_zone = "Europe/London"     # days are days there; without it, UTC
# window_days = 365               # how many days count

[consent]                         # TO FILL IN: the tenant administrator's agreement
granted_by = "to be filled in"    # who agreed
granted_on = "2000-01-01"         # when

[mailboxes]                       # TO FILL IN: whose mail and meetings count: people or groups
# The domain "us.com" is a guess: the most frequent one in the files.
addresses = ["first.person@us.com", "second.person@us.com"]
# file = "mailboxes.txt"          # instead or in addition: one address per line

# [users]                         # nothing found: the directory: which addresses are one person's; optional

# [groups]                        # nothing found: distribution groups and their members; optional

[contacts]                        # the people of the accounts
path = "crm/c.csv"                # a file, a folder or a glob
format = "csv"                    # files with a header line
email = ["E-mail 1", "e2"]        # a column, found by its name
account_id = "It's"               # a column, found by its name

[accounts]                        # the profile to enrich; without it, every account of the contacts
path = "crm/a.csv"                # a file, a folder or a glob
format = "csv"                    # files with a header line
account_id = "Id"                 # a column, found by its name
# domain = "Website"              # people with addresses there count, too
# attributes = ["Industry"]       # columns that are published with the profile
# Other columns that can be attributes: "Sector"

[mail]                            # copies of messages
path = "crm/mail/"                # a file, a folder or a glob
sent_at = "Sent"                  # a column, found by its name

# [meetings]                      # nothing found: copies of meetings

[output]                          # where the result is published
path = "out/"                     # a folder that this enrichment alone writes to

# Not used:
# x.xlsx: is an Excel workbook
"#;
        assert_eq!(draft.text(Some("us.com")), expected);
        let enrichment = Enrichment::of_text(Path::new("x.toml"), expected).unwrap();
        assert_eq!(enrichment.mailboxes.len(), 2);
        assert!(
            enrichment
                .check_consent()
                .unwrap_err()
                .to_string()
                .contains("granted_by is still \"to be filled in\"")
        );
        // Without contacts, their keys are there to be filled in.
        let found = vec![found("mail", "mail/", Format::Canonical, &[])];
        let survey = Survey { found, ..Survey::default() };
        let text = Draft { survey: &survey, place: String::new(), name: "crm".to_owned() }.text(None);
        assert!(text.contains("\n# path = \"contacts.csv\"") && text.contains("\n# account_id = "), "{text}");
    }

    #[test]
    fn paths_as_written() {
        let survey = Survey::default();
        let path = |place: &str, path: &str| {
            Draft { survey: &survey, place: place.to_owned(), name: String::new() }.path(path)
        };
        assert_eq!(path("", "mail/"), "mail/");
        assert_eq!(path("data/", "mail/"), "data/mail/");
        assert_eq!(path("", "./"), "./");
        assert_eq!(path("lake/", "./"), "lake/");
        assert_eq!(path("", "$x/a.csv"), "./$x/a.csv");
    }
}
