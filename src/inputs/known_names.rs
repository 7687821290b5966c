//! The names that other systems give to the columns of the inputs, to propose a mapping.
//!
//! A proposal is never used without a word: it stands in an error, or in an enrichment file that a person reads.

use datafusion::arrow::datatypes::{Field, FieldRef, Schema};

use super::columns::{Absent, InputSchema, Kind, Needed, Shape};
use super::graph::dataset::is_export;
use crate::config::{Format, quote};
use crate::error::suggest::nearest;

/// By section and key of the enrichment file: the names in other systems, in lower case and without anything but
/// letters and digits; the most specific first. Where an export has no identifiers, names of accounts are last. Dynamics 365, Salesforce, HubSpot, Microsoft Graph and Entra ID, and
/// what programs that flatten exports write.
const KNOWN: [(&str, &str, &[&str]); 30] = [
    (
        "users",
        "email",
        &["email", "mail", "userprincipalname", "upn", "emailaddress", "internalemailaddress"],
    ),
    (
        "users",
        "entra_id",
        &[
            "entraid",
            "objectid",
            "aadobjectid",
            "azureadobjectid",
            "azureactivedirectoryobjectid",
            "userid",
            "id",
        ],
    ),
    (
        "groups",
        "group_email",
        &["groupemail", "groupmail", "groupaddress", "groupemailaddress", "group", "list"],
    ),
    (
        "groups",
        "member_email",
        &["memberemail", "membermail", "memberaddress", "memberemailaddress", "member"],
    ),
    (
        "contacts",
        "email",
        &[
            "email",
            "emailaddress1",
            "emailaddress",
            "workemail",
            "businessemail",
            "primaryemail",
            "mail",
            "email1",
        ],
    ),
    (
        "contacts",
        "account_id",
        &[
            "parentcustomerid",
            "parentcustomeridvalue",
            "associatedcompanyid",
            "primaryassociatedcompanyid",
            "associatedcompanyids",
            "accountid",
            "companyid",
            "customerid",
            "account",
            "companyname",
        ],
    ),
    (
        "contacts",
        "contact_id",
        &["contactid", "personid", "recordid", "hsobjectid", "id", "donotmodifycontact"],
    ),
    (
        "accounts",
        "account_id",
        &[
            "accountid",
            "companyid",
            "customerid",
            "accountnumber",
            "recordid",
            "hsobjectid",
            "id",
            "accountname",
        ],
    ),
    ("accounts", "name", &["name", "accountname", "companyname", "customername", "company"]),
    (
        "accounts",
        "domain",
        &["domain", "websiteurl", "website", "companydomainname", "domainname", "webaddress", "web", "url"],
    ),
    ("mail", "message_id", &["messageid", "internetmessageid", "rfc822messageid", "msgid"]),
    ("mail", "conversation_id", &["conversationid", "threadid", "thread"]),
    (
        "mail",
        "sent_at",
        &["sentat", "sentdatetime", "datetimesent", "sentdate", "datesent", "senton", "sent", "date"],
    ),
    ("mail", "sender", &["sender", "from", "fromaddress", "senderaddress", "senderemail", "fromemail"]),
    ("mail", "to", &["to", "torecipients", "toaddresses", "toaddress", "recipients", "recipient"]),
    ("mail", "cc", &["cc", "ccrecipients", "ccaddresses", "ccaddress"]),
    ("mail", "bcc", &["bcc", "bccrecipients", "bccaddresses", "bccaddress"]),
    ("mail", "mailbox", &["mailbox", "mailboxaddress", "mailboxowner", "owneraddress"]),
    ("mail", "is_draft", &["isdraft", "draft"]),
    ("mail", "is_automatic", &["isautomatic", "isautoreply", "autoreply", "automatic"]),
    ("meetings", "meeting_id", &["meetingid", "icaluid", "uid", "eventid"]),
    ("meetings", "organizer", &["organizer", "organiser", "organizeraddress", "organizeremail"]),
    (
        "meetings",
        "attendees",
        &["attendees", "attendeeaddresses", "attendeeemails", "participants", "invitees"],
    ),
    ("meetings", "declined", &["declined", "declinedattendees", "declinedby"]),
    ("meetings", "mailbox", &["mailbox", "mailboxaddress", "mailboxowner", "owneraddress"]),
    ("meetings", "start_at", &["startat", "start", "starttime", "startdatetime", "startsat", "begin"]),
    ("meetings", "end_at", &["endat", "end", "endtime", "enddatetime", "endsat"]),
    ("meetings", "is_cancelled", &["iscancelled", "iscanceled", "cancelled", "canceled"]),
    ("meetings", "is_all_day", &["isallday", "alldayevent", "isalldayevent", "allday"]),
    ("meetings", "is_series_master", &["isseriesmaster", "seriesmaster"]),
];

/// What describes a company in customer systems, and no person.
pub(crate) const ATTRIBUTES: [&str; 9] = [
    "industry",
    "industrycode",
    "annualrevenue",
    "revenue",
    "numberofemployees",
    "employees",
    "billingcountry",
    "country",
    "type",
];

/// A name in lower case, without anything but letters and digits.
pub(crate) fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The names that a column has elsewhere.
fn known(section: &str, key: &str) -> &'static [&'static str] {
    let entry = KNOWN.iter().find(|(s, k, _)| (*s, *k) == (section, key));
    entry.map_or(&[], |(_, _, names)| names)
}

/// The key of the enrichment file that names a column.
pub(crate) fn key(column: &str) -> &str {
    match column {
        "emails" => "email",
        "domains" => "domain",
        other => other,
    }
}

/// The field that is a column according to its name, of those that it can be according to their types; the name of
/// this project first.
pub(crate) fn find<'a>(section: &str, key: &str, kind: Kind, fields: &[&'a Field]) -> Option<&'a Field> {
    let fields = || fields.iter().copied().filter(|field| kind.takes(field));
    let own = fields().find(|field| field.name().eq_ignore_ascii_case(key));
    own.or_else(|| known(section, key).iter().find_map(|name| fields().find(|f| plain(f.name()) == *name)))
}

/// What to do about required columns that a file or table lacks, for the end of an error: which columns may be them.
/// A file can also be an export, if `may_be_export`.
pub(crate) fn what_to_do(section: &InputSchema, schema: &Schema, may_be_export: bool) -> String {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    if may_be_export && section.has_copies && is_export(section.name, &names) {
        return format!("set format = \"{}\" in [{}]", Format::GraphDataConnect.as_str(), section.name);
    }
    let is_there = |name: &str| names.iter().any(|there| there.to_lowercase() == name.to_lowercase());
    let mut free: Vec<&Field> = schema.fields().iter().map(AsRef::as_ref).collect();
    free.retain(|field| {
        !section.names_in_files().any(|name| name.to_lowercase() == field.name().to_lowercase())
    });
    let (mut set, mut other) = (vec![], vec![]);
    for column in section.columns.iter().filter(|column| column.absent == Absent::Error) {
        let key = key(column.name);
        for name in column.in_file.iter().filter(|name| !is_there(name)) {
            let alike = |name: &str| {
                let possible = free.iter().copied().filter(|field| column.kind.takes(field));
                let near = nearest(name, possible.map(|field| field.name().as_str()))?;
                free.iter().copied().find(|field| field.name() == near)
            };
            let by_name = || find(section.name, key, column.kind, &free);
            // A name that the enrichment file gives may be misspelt.
            let found = match name == key {
                true => by_name().or_else(|| alike(name)),
                false => alike(name).or_else(by_name),
            };
            free.retain(|field| found.is_none_or(|found| found.name() != field.name()));
            match found.map(|field| quote(field.name())) {
                Some(field) if column.shape == Shape::Struct || column.in_file.len() > 1 => {
                    other.push(format!("write {field} for {} in [{}] {key}", quote(name), section.name));
                }
                Some(field) => set.push(format!("{key} = {field}")),
                None => other.push(format!("set {key} in [{}] to the name of the column", section.name)),
            }
        }
    }
    if !set.is_empty() {
        other.insert(0, format!("set {} in [{}]", set.join(" and "), section.name));
    }
    other.join(", ")
}

/// Whether a name means a column of an export: the same in another spelling, or a name that it has in other systems.
pub(crate) fn is_alike(section: &str, column: &str, name: &str) -> bool {
    let (column, name) = (plain(column), plain(name));
    let mut known = KNOWN.iter().filter(|(s, _, names)| *s == section && names.contains(&column.as_str()));
    name == column || known.any(|(_, _, names)| names.contains(&name.as_str()))
}

/// The notes about optional columns that a file or table lacks, while another one has the same name in another spelling:
/// `isDraft` in place of `is_draft`. `found` has the columns that were found, the schema, and the name of each file or
/// table.
pub(crate) fn spelled_otherwise<'a>(
    section: &InputSchema,
    found: impl Iterator<Item = (&'a Needed, &'a Schema, String)>,
) -> Vec<String> {
    let mut notes = vec![None; section.columns.len()];
    for (needed, schema, place) in found {
        for ((column, fields), note) in section.columns.iter().zip(needed).zip(&mut notes) {
            let (Absent::Means(means), [None], None) = (column.absent, &fields[..], &note) else { continue };
            // Names such as id have other meanings in other sections.
            let others = if section.has_copies { known(section.name, key(column.name)) } else { &[] };
            let is_same = |field: &&FieldRef| {
                let name = plain(field.name());
                name == plain(column.name) || others.contains(&name.as_str())
            };
            let Some(field) = schema.fields().iter().find(is_same) else { continue };
            *note = Some(format!(
                "[{}] the column {} of {place} is not read, because its name is not {}, and {means}; set {} = {} in [{}]",
                section.name,
                quote(field.name()),
                column.name,
                key(column.name),
                quote(field.name()),
                section.name
            ));
        }
    }
    notes.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::datatypes::DataType;

    use super::super::columns::schemas;
    use super::*;
    use crate::config::Contacts;

    #[test]
    fn every_column_of_a_section_is_known_elsewhere() {
        for (section, key, names) in KNOWN {
            assert!(names.iter().all(|name| plain(name) == *name), "{key}");
            let keys = crate::config::columns_of(section);
            assert!(keys.contains(&key), "{key}");
        }
        for section in ["users", "groups", "contacts", "accounts", "mail", "meetings"] {
            let keys = crate::config::columns_of(section);
            assert!(keys.iter().all(|key| !known(section, key).is_empty()), "{section}");
        }
    }

    fn to_do(email: &[&str], account_id: &str, there: &[&str]) -> String {
        let contacts = Contacts {
            path: String::new(),
            format: Format::Canonical,
            email: email.iter().map(|name| (*name).to_owned()).collect(),
            account_id: account_id.to_owned(),
            contact_id: None,
        };
        let schemas = schemas(Some(&contacts), None);
        let section = schemas.iter().find(|section| section.name == "contacts").unwrap();
        let fields = there.iter().map(|name| Field::new(*name, DataType::Utf8, true));
        what_to_do(section, &Schema::new(fields.collect::<Vec<_>>()), true)
    }

    #[test]
    fn names_of_customer_systems_are_proposed() {
        let own = (&["email"][..], "account_id");
        for ((email, account_id), there, expected) in [
            (
                own,
                &["contactid", "EMailAddress1", "parentcustomerid"][..],
                "set email = \"EMailAddress1\" and account_id = \"parentcustomerid\" in [contacts]",
            ),
            (own, &["Id", "AccountId", "Email"], "set account_id = \"AccountId\" in [contacts]"),
            (own, &["account_id", "e_mail"], "set email = \"e_mail\" in [contacts]"),
            (own, &["Email", "konto"], "set account_id in [contacts] to the name of the column"),
            (
                (&["emailadress"], "account_id"),
                &["account_id", "emailaddress", "email"],
                "set email = \"emailaddress\" in [contacts]",
            ),
            (
                (&["email", "emial2"], "account_id"),
                &["account_id", "email", "email2"],
                "write \"email2\" for \"emial2\" in [contacts] email",
            ),
        ] {
            assert_eq!(to_do(email, account_id, there), expected, "{there:?}");
        }
    }

    #[test]
    fn an_export_is_recognized() {
        let schemas = schemas(None, None);
        let mail = schemas.iter().find(|section| section.name == "mail").unwrap();
        let names = ["internetMessageId", "sentDateTime", "from", "toRecipients"];
        let schema = Schema::new(names.map(|name| Field::new(name, DataType::Utf8, true)).to_vec());
        assert_eq!(what_to_do(mail, &schema, true), "set format = \"graph-data-connect\" in [mail]");
        assert_eq!(
            what_to_do(mail, &schema, false),
            "set message_id = \"internetMessageId\" and sent_at = \"sentDateTime\" and sender = \"from\" and to = \
             \"toRecipients\" in [mail]"
        );
    }

    #[test]
    fn optional_columns_in_another_spelling() {
        let schemas = schemas(None, None);
        let section = schemas.iter().find(|section| section.name == "mail").unwrap();
        let file = |names: &[&str]| {
            let schema =
                Schema::new(names.iter().map(|n| Field::new(*n, DataType::Utf8, true)).collect::<Vec<_>>());
            let find = |name: &String| schema.field_with_name(name).ok().map(|field| field.clone().into());
            let needed: Needed =
                section.columns.iter().map(|column| column.in_file.iter().map(find).collect()).collect();
            (needed, schema)
        };
        let files = [file(&["cc", "bcc"]), file(&["cc_recipients", "bcc", "IsDraft", "drafts"])];
        let found =
            files.iter().zip(["a", "b"]).map(|((needed, schema), place)| (needed, schema, place.to_owned()));
        let notes = spelled_otherwise(section, found);
        let says = [
            "[mail] the column \"cc_recipients\" of b is not read, because its name is not cc, and ",
            "[mail] the column \"IsDraft\" of b is not read, because its name is not is_draft, and ",
        ];
        assert_eq!(notes.len(), 2, "{notes:?}");
        assert!(says.iter().zip(&notes).all(|(says, note)| note.starts_with(says)), "{notes:?}");
        assert!(notes[1].ends_with("; set is_draft = \"IsDraft\" in [mail]"), "{notes:?}");
    }
}
