//! Recognizes the table of an enrichment in the names and types of columns.

use datafusion::arrow::datatypes::{Field, Schema};

use crate::config::{Accounts, Contacts, Format};
use crate::inputs::columns::{Absent, InputSchema, schemas};
use crate::inputs::graph::dataset::is_export;
use crate::inputs::known_names::{ATTRIBUTES, find, key, plain};

/// What a file or table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recognized {
    /// The section of the enrichment file that reads it.
    pub(crate) section: &'static str,
    /// The format with which it is read.
    pub(crate) format: Format,
    /// The columns whose names are others than in this project: the key of the enrichment file, and the names in the
    /// files; only `email` can have several.
    pub(crate) columns: Vec<(&'static str, Vec<String>)>,
    /// Of accounts: the column with web sites or domains.
    pub(crate) domain: Option<String>,
    /// Of accounts: the columns that describe a company.
    pub(crate) attributes: Vec<String>,
    /// Of accounts: the first columns that are nothing of this.
    pub(crate) others: Vec<String>,
}

/// Names of columns, in plain form, that describe a person.
const OF_PERSONS: [&str; 6] = ["firstname", "lastname", "fullname", "givenname", "surname", "jobtitle"];

/// Names of columns, in plain form, that describe a company, besides those of web sites and attributes.
const OF_COMPANIES: [&str; 6] =
    ["accountnumber", "companyname", "accountname", "billingcity", "tickersymbol", "primarycontactid"];

/// How many other columns of accounts are named.
const OTHERS: usize = 12;

/// Names of columns, in plain form, that identify rows of any table.
const ANY_ID: [&str; 4] = ["id", "recordid", "hsobjectid", "userid"];

/// What a file or table with these columns is; `None` if it is none of the inputs. `format` is that of a file: canonical
/// for Parquet, which can also be an export. `place` is its path, whose words decide where the columns do not.
pub(crate) fn recognize(schema: &Schema, format: Format, place: &str) -> Option<Recognized> {
    let table =
        Table { fields: schema.fields().iter().map(AsRef::as_ref).collect(), place: place.to_lowercase() };
    if format == Format::Canonical
        && let Some(section) = table.export()
    {
        return Some(Recognized {
            section,
            format: Format::GraphDataConnect,
            columns: vec![],
            domain: None,
            attributes: vec![],
            others: vec![],
        });
    }
    let schemas = all_schemas();
    let possible = |section: &str| {
        let schema = schemas.iter().find(|schema| schema.name == section)?;
        Format::of_section(section).contains(&format).then(|| table.columns(schema)).flatten()
    };
    let is = |section: &str| match (section, possible(section)) {
        (_, None) => false,
        ("users", Some(columns)) => {
            let by_any_id = table.is_any_id(&columns, "entra_id");
            !by_any_id || table.has(&["userprincipalname"]) || table.is_called(&["user", "director"])
        }
        ("contacts", Some(columns)) => table.is_of_contacts(&columns),
        ("accounts", Some(columns)) => table.is_of_accounts(&columns),
        _ => true,
    };
    let sections = ["users", "groups", "mail", "meetings", "contacts", "accounts"];
    let section = sections.into_iter().find(|section| is(section))?;
    let is_other = |(key, names): &(&'static str, Vec<String>)| {
        names.len() > 1 || names.iter().any(|name| !name.eq_ignore_ascii_case(key))
    };
    let mapped = possible(section)?;
    let of_accounts = section == "accounts";
    let domain = of_accounts.then(|| table.domain(&schemas)).flatten();
    let attributes = if of_accounts { table.named(&ATTRIBUTES) } else { vec![] };
    let mut others = if of_accounts { table.flat() } else { vec![] };
    let used = || mapped.iter().flat_map(|(_, names)| names).chain(&domain).chain(&attributes);
    others.retain(|name| !used().any(|used| used == name));
    others.truncate(OTHERS);
    let columns = mapped.into_iter().filter(is_other).collect();
    Some(Recognized { section, format, columns, domain, attributes, others })
}

/// The columns of the sections, with the names of this project.
fn all_schemas() -> Vec<InputSchema> {
    let contacts = Contacts {
        path: String::new(),
        format: Format::Canonical,
        email: vec!["email".to_owned()],
        account_id: "account_id".to_owned(),
        contact_id: None,
    };
    let accounts = Accounts {
        path: String::new(),
        format: Format::Canonical,
        account_id: "account_id".to_owned(),
        name: None,
        domains: vec![],
        attributes: vec![],
    };
    schemas(Some(&contacts), Some(&accounts))
}

/// The columns of a file or table.
struct Table<'a> {
    fields: Vec<&'a Field>,
    /// Its path in lower case.
    place: String,
}

/// Keys of a section, each with the names of its columns in a file.
type Columns = Vec<(&'static str, Vec<String>)>;

impl Table<'_> {
    /// The section that reads it as an export of Microsoft Graph.
    fn export(&self) -> Option<&'static str> {
        let names: Vec<&str> = self.fields.iter().map(|field| field.name().as_str()).collect();
        export_of(&names, &self.place)
    }

    /// The columns of a section that it has; `None` if it lacks a required one. No column is taken twice.
    fn columns(&self, schema: &InputSchema) -> Option<Columns> {
        let (mut free, mut found) = (self.fields.clone(), vec![]);
        for column in schema.columns.iter().filter(|column| !column.in_file.is_empty()) {
            let key = key(column.name);
            match find(schema.name, key, column.kind, &free) {
                Some(field) => {
                    let mut names = vec![field.name().clone()];
                    if (schema.name, key) == ("contacts", "email") {
                        names.extend(self.numbered(field.name()));
                    }
                    free.retain(|field| !names.contains(field.name()));
                    found.push((key, names));
                }
                None if column.absent == Absent::Error => return None,
                None => {}
            }
        }
        Some(found)
    }

    /// The columns that are called like this one, with 2 or 3 at the end: `emailaddress2` of `emailaddress1`.
    fn numbered(&self, first: &str) -> Vec<String> {
        let stem = first.strip_suffix('1').unwrap_or(first);
        let is_next = |name: &str| {
            ["2", "3"].iter().any(|number| name.eq_ignore_ascii_case(&format!("{stem}{number}")))
        };
        self.fields.iter().map(|field| field.name()).filter(|name| is_next(name)).cloned().collect()
    }

    fn has(&self, names: &[&str]) -> bool {
        !self.named(names).is_empty()
    }

    /// The names of the columns that have one of these names in plain form.
    fn named(&self, names: &[&str]) -> Vec<String> {
        let is_one =
            |field: &&&Field| names.contains(&plain(field.name()).as_str()) && !field.data_type().is_nested();
        self.fields.iter().filter(is_one).map(|field| field.name().clone()).collect()
    }

    /// The names of all columns without nested values.
    fn flat(&self) -> Vec<String> {
        let is_flat = |field: &&&Field| !field.data_type().is_nested();
        self.fields.iter().filter(is_flat).map(|field| field.name().clone()).collect()
    }

    fn is_called(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.place.contains(word))
    }

    fn is_any_id(&self, columns: &Columns, key: &str) -> bool {
        let names = columns.iter().filter(|(k, _)| *k == key).flat_map(|(_, names)| names);
        names.into_iter().any(|name| ANY_ID.contains(&plain(name).as_str()))
    }

    fn is_of_company(&self) -> bool {
        self.has(&OF_COMPANIES) || self.has(&ATTRIBUTES) || self.domain(&all_schemas()).is_some()
    }

    /// Whether it is a table of contacts, given its columns as contacts. Tables of companies can have an address, too.
    fn is_of_contacts(&self, columns: &Columns) -> bool {
        if self.is_called(&["account", "compan", "customer"])
            && !self.is_called(&["contact", "people", "person"])
        {
            return columns.iter().any(|(key, _)| *key == "contact_id") || self.has(&OF_PERSONS);
        }
        columns.iter().any(|(key, _)| *key == "contact_id") || self.has(&OF_PERSONS) || !self.is_of_company()
    }

    /// Whether it is a table of accounts, given its columns as accounts.
    fn is_of_accounts(&self, columns: &Columns) -> bool {
        let is_called = self.is_called(&["account", "compan", "customer"]);
        if self.is_any_id(columns, "account_id") {
            return !self.has(&OF_PERSONS) && (is_called || self.is_of_company());
        }
        is_called || columns.iter().any(|(key, _)| *key == "name") || self.is_of_company()
    }

    fn domain(&self, schemas: &[InputSchema]) -> Option<String> {
        let accounts = schemas.iter().find(|schema| schema.name == "accounts")?;
        let column = accounts.columns.iter().find(|column| column.name == "domains")?;
        find("accounts", "domain", column.kind, &self.fields).map(|field| field.name().clone())
    }
}

/// The section that reads a file with these names of columns as an export of Microsoft Graph. Members of groups have
/// the same columns as users, so the path says which they are.
pub(crate) fn export_of(names: &[&str], place: &str) -> Option<&'static str> {
    let is = |section: &&&str| is_export(section, names);
    let section = *["mail", "meetings", "users"].iter().find(is)?;
    Some(if section == "users" && place.to_lowercase().contains("group") { "groups" } else { section })
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::{DataType, TimeUnit};

    use super::*;

    fn text(names: &[&str]) -> Vec<Field> {
        names.iter().map(|name| Field::new(*name, DataType::Utf8, true)).collect()
    }

    /// `section: key = name, ...` of a table with these columns of text, and these others.
    fn of(names: &[&str], others: Vec<Field>, place: &str) -> String {
        let schema = Schema::new([text(names), others].concat());
        let Some(found) = recognize(&schema, Format::Canonical, place) else { return "nothing".to_owned() };
        let columns = found.columns.iter().map(|(key, names)| format!("{key} = {}", names.join("+")));
        format!("{}: {}", found.section, columns.collect::<Vec<_>>().join(", "))
    }

    #[test]
    fn tables_of_customer_systems() {
        for (names, place, expected) in [
            (&["email", "account_id", "contact_id"][..], "x.parquet", "contacts: "),
            (&["account_id", "name"], "x.parquet", "accounts: "),
            (&["Email", "Entra_Id"], "x.parquet", "users: "),
            (&["group_email", "member_email"], "x.parquet", "groups: "),
            // Dynamics 365.
            (
                &["contactid", "fullname", "emailaddress1", "emailaddress2", "parentcustomerid", "accountid"],
                "c.csv",
                "contacts: email = emailaddress1+emailaddress2, account_id = parentcustomerid, contact_id = contactid",
            ),
            (
                &["accountid", "name", "emailaddress1", "websiteurl", "primarycontactid"],
                "a.csv",
                "accounts: account_id = accountid",
            ),
            // Salesforce.
            (
                &["Id", "AccountId", "Name", "Email"],
                "sf/Contact.csv",
                "contacts: account_id = AccountId, contact_id = Id",
            ),
            (&["Id", "Name", "Website", "Industry"], "x.csv", "accounts: account_id = Id"),
            (&["Id", "Name"], "sf/Account.csv", "accounts: account_id = Id"),
            (&["Id", "Name"], "sf/Opportunity.csv", "nothing"),
            // HubSpot.
            (
                &["Record ID", "First Name", "Last Name", "Email", "Associated Company ID"],
                "hubspot.csv",
                "contacts: account_id = Associated Company ID, contact_id = Record ID",
            ),
            (
                &["Record ID", "Company name", "Company Domain Name"],
                "hubspot.csv",
                "accounts: account_id = Record ID, name = Company name",
            ),
            // Entra ID.
            (
                &["userPrincipalName", "displayName", "objectId"],
                "u.csv",
                "users: email = userPrincipalName, entra_id = objectId",
            ),
            // Dynamics 365, exported to Excel: contacts name their account.
            (
                &[
                    "(Do Not Modify) Contact",
                    "(Do Not Modify) Row Checksum",
                    "(Do Not Modify) Modified On",
                    "Full Name",
                    "Email",
                    "Company Name",
                    "Business Phone",
                ],
                "Active Contacts.csv",
                "contacts: account_id = Company Name, contact_id = (Do Not Modify) Contact",
            ),
            (
                &["(Do Not Modify) Account", "(Do Not Modify) Row Checksum", "Account Name", "Website"],
                "Active Accounts.csv",
                "accounts: account_id = Account Name",
            ),
            (&["subject", "body"], "x.csv", "nothing"),
        ] {
            assert_eq!(of(names, vec![], place), expected, "{names:?}");
        }
    }

    #[test]
    fn mail_and_meetings() {
        let list = |name: &str| Field::new(name, DataType::new_list(DataType::Utf8, true), true);
        let time = |name: &str| Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, None), true);
        assert_eq!(
            of(&["message_id", "sender", "mailbox"], vec![list("to"), list("cc"), time("sent_at")], "x"),
            "mail: "
        );
        assert_eq!(
            of(&["Message-ID", "From"], vec![list("Recipients"), time("Date Sent")], "x"),
            "mail: message_id = Message-ID, sent_at = Date Sent, sender = From, to = Recipients"
        );
        assert_eq!(
            of(&["uid", "organizer"], vec![list("participants"), time("start"), time("end")], "x"),
            "meetings: meeting_id = uid, attendees = participants, start_at = start, end_at = end"
        );
        assert_eq!(of(&["internetMessageId", "from", "toRecipients", "sentDateTime"], vec![], "x"), "mail: ");
        assert_eq!(of(&["iCalUId", "organizer", "attendees", "start", "end"], vec![], "x"), "meetings: ");
        assert_eq!(export_of(&["id", "mail", "puser"], "export/groups/a.json"), Some("groups"));
        assert_eq!(export_of(&["ID", "userPrincipalName"], "User.json"), Some("users"));
        assert_eq!(export_of(&["id", "name"], "User.json"), None);
    }

    #[test]
    fn what_accounts_can_also_give() {
        let schema = Schema::new(text(&["accountid", "name", "websiteurl", "industry", "sector", "tier"]));
        let found = recognize(&schema, Format::Csv, "x").unwrap();
        assert_eq!(
            (found.domain.as_deref(), &found.attributes[..]),
            (Some("websiteurl"), &["industry".to_owned()][..])
        );
        assert_eq!(found.others, ["sector", "tier"]);
        assert_eq!(
            recognize(&Schema::new(text(&["message_id", "sent_at", "sender", "to"])), Format::Csv, "x"),
            None
        );
    }
}
