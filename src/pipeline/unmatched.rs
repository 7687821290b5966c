//! Notes about inputs that do not meet: account ids of contacts that are not in the profile, mailboxes and
//! contacts that are in no row of mail and meetings, Entra ids that are not in the directory (`holders`). Each
//! of these can be a mistake in the enrichment file or in an export. Nothing is changed: identifiers are
//! compared as bytes.
//!
//! Notes contain numbers and no identifiers.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;

use super::holders;
use super::report::Disposition;
use super::sql_numbers::{SAMPLE, counts, looked_at};
use crate::config::Enrichment;
use crate::error::Result;
use crate::error::numbers::{count, grouped};
use crate::functions::address::book::PersonNo;
use crate::publish::Overview;
use crate::views::{Parameters, View};

/// The view with the account ids of contacts that are not in the profile.
const ACCOUNT_IDS: &str = "unmatched_account_id";

/// The views that a check needs for its notes.
pub(crate) const VIEWS: [&str; 4] = [ACCOUNT_IDS, "contact_disposition", "mail_copy", "meeting_copy"];

/// The differences of [`ACCOUNT_IDS`], each with its words after "if ... were ignored".
const DIFFERENCES: [(&str, &str); 9] = [
    ("case", "upper and lower case"),
    ("space", "white space around them"),
    ("invisible", "invisible characters"),
    ("apostrophe", "an apostrophe in front"),
    ("brackets", "braces or brackets around them"),
    ("hyphens", "hyphens"),
    ("decimals", "a trailing .0"),
    ("zeros", "leading zeros"),
    ("salesforce", "the last 3 of 18 characters (Salesforce's long form)"),
];
/// The difference that is several of these at once.
const SEVERAL: &str = "several";

/// The sections with copies: name, view of copies, its columns of people.
const COPIES: [(&str, &str, &[&str]); 2] = [
    ("mail", "mail_copy", &["senders", "recipients"]),
    ("meetings", "meeting_copy", &["organizers", "attendees", "declined"]),
];

/// The notes of a check. It reads contacts, accounts and users, and the first rows of mail and meetings.
pub(crate) async fn in_check(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    mailboxes: usize,
) -> Result<Vec<String>> {
    let mut notes: Vec<String> = account_ids(ctx, enrichment).await?.into_iter().collect();
    let of_contacts = contact_dispositions(ctx).await?;
    let is_any_used = rows_of(&of_contacts, "contacts", Some("used")) > 0;
    notes.extend(unused("contacts", &of_contacts));
    for (section, copies, people) in COPIES {
        if !has(enrichment, section) {
            continue;
        }
        let [rows, internal, contacts] = people_in_sample(ctx, copies, people).await?;
        if rows > 0 && internal == 0 {
            notes.push(format!(
                "[{section}] none of the {mailboxes} mailboxes is in {}; check the addresses of [mailboxes]",
                looked_at(rows)
            ));
        }
        if rows > 0 && contacts == 0 && is_any_used {
            notes.push(format!(
                "[{section}] no contact is in {}; check which columns [contacts] email names",
                looked_at(rows)
            ));
        }
    }
    notes.extend(holders::notes(ctx, enrichment, true).await?);
    Ok(notes)
}

/// The notes of a run. Inputs are read again only if a number of the run shows that something does not meet,
/// and for exports, which have the Entra id of a mailbox instead of its address.
pub(crate) async fn in_run(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    overview: &Overview,
    dispositions: &[Disposition],
) -> Result<Vec<String>> {
    let mut notes = vec![];
    if rows_of(dispositions, "contacts", Some("unknown_account")) > 0 {
        if let Some(view) = View::named(ACCOUNT_IDS) {
            view.register(ctx, &Parameters::of(enrichment)).await?;
        }
        notes.extend(account_ids(ctx, enrichment).await?);
    }
    notes.extend(match enrichment.min_people {
        1 => nothing_meets(overview, dispositions),
        _ => nothing_meets_in_words(overview, dispositions),
    });
    notes.extend(holders::notes(ctx, enrichment, enrichment.min_people == 1).await?);
    Ok(notes)
}

/// The notes that follow from what a run has counted.
fn nothing_meets(overview: &Overview, dispositions: &[Disposition]) -> Vec<String> {
    let used = |source: &str| rows_of(dispositions, source, Some("used"));
    let sources = ["contacts", "mail", "meetings"].into_iter();
    let mut notes: Vec<String> = sources.filter_map(|source| unused(source, dispositions)).collect();
    let (listed, active) = (overview.mailboxes_listed, overview.mailboxes_active);
    if active == Some(0) && used("mail") + used("meetings") > 0 {
        notes.push(format!(
            "[mailboxes] none of the {listed} mailboxes is in a used row of mail or meetings; check their \
             addresses, and [users], which gives their other addresses"
        ));
        return notes;
    }
    if used("contacts") == 0 {
        return notes;
    }
    let active = active.unwrap_or_default();
    for (source, engaged) in [("mail", overview.messages_engaged), ("meetings", overview.meetings_engaged)] {
        let rows = used(source);
        if rows > 0 && engaged == Some(0) {
            notes.push(format!(
                "[{source}] of {} none is between one of the {listed} mailboxes ({active} active) and a contact \
                 ({}); check the addresses of [mailboxes], and which columns [contacts] email names",
                count(rows, "used row"),
                count(used("contacts"), "used row")
            ));
        }
    }
    notes
}

/// Like [`nothing_meets`], for a run that suppresses numbers: what follows from contacts and from what is published.
fn nothing_meets_in_words(overview: &Overview, dispositions: &[Disposition]) -> Vec<String> {
    let mut notes: Vec<String> = unused("contacts", dispositions).into_iter().collect();
    if overview.accounts_engaged == 0 && rows_of(dispositions, "contacts", Some("used")) > 0 {
        notes.push(format!(
            "[mailboxes] no used row is between one of the {} mailboxes and a contact; check the addresses of \
             [mailboxes], which columns [contacts] email names, and whether [mail] and [meetings] have rows in the \
             window",
            overview.mailboxes_listed
        ));
    }
    notes
}

/// The note that of a source with rows none is used.
fn unused(source: &str, dispositions: &[Disposition]) -> Option<String> {
    let rows = rows_of(dispositions, source, None);
    let most = dispositions.iter().filter(|d| d.source == source).max_by_key(|d| d.rows)?;
    let share = if most.rows == rows { "all".to_owned() } else { format!("{} of them", most.rows) };
    (rows_of(dispositions, source, Some("used")) == 0).then(|| {
        format!(
            "[{source}] of {} none is used; {share} have the disposition {}",
            count(rows, "row"),
            most.disposition
        )
    })
}

/// The dispositions of contacts in a check, which has no other.
pub(crate) async fn contact_dispositions(ctx: &SessionContext) -> Result<Vec<Disposition>> {
    let batches = ctx
        .sql("select cast(disposition as varchar), rows from contact_disposition")
        .await?
        .collect()
        .await?;
    let dispositions = batches
        .iter()
        .flat_map(|batch| {
            let (names, rows) =
                (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<Int64Type>());
            (0..batch.num_rows()).map(|i| Disposition {
                source: "contacts".to_owned(),
                disposition: names.value(i).to_owned(),
                rows: rows.value(i),
            })
        })
        .collect();
    Ok(dispositions)
}

/// The number of rows of a source, with this disposition or any.
pub(crate) fn rows_of(dispositions: &[Disposition], source: &str, disposition: Option<&str>) -> i64 {
    let of_source = dispositions.iter().filter(|d| d.source == source);
    of_source.filter(|d| disposition.is_none_or(|wanted| d.disposition == wanted)).map(|d| d.rows).sum()
}

/// The note about account ids of contacts that are not in the profile: if none is in it, or if some would be
/// if a difference of spelling were ignored. Without the accounts input there is none.
async fn account_ids(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Option<String>> {
    if enrichment.accounts.is_none() {
        return Ok(None);
    }
    let [ids, profile, unmatched] = counts(
        ctx,
        "select \
         (select count(distinct account_id) from stg_contact where not is_blank(account_id)) as ids, \
         (select count(distinct account_id) from stg_account) as profile, \
         (select count(distinct account_id) from stg_contact where not is_blank(account_id) \
          and account_id not in (select account_id from stg_account)) as unmatched",
    )
    .await?;
    if unmatched == 0 {
        return Ok(None);
    }
    let which = |difference: &str| format!("count(*) filter (where difference = '{difference}')");
    let each = DIFFERENCES.map(|(difference, _)| which(difference)).join(", ");
    let sql = format!("select {}, {each} from {ACCOUNT_IDS}", which(SEVERAL));
    let [several, each @ ..]: [i64; DIFFERENCES.len() + 1] = counts(ctx, &sql).await?;
    Ok(account_ids_note([ids, profile, unmatched], several, each))
}

fn account_ids_note(
    [ids, profile, unmatched]: [i64; 3],
    several: i64,
    each: [i64; DIFFERENCES.len()],
) -> Option<String> {
    let share = match ids {
        1 => "the only account id is not".to_owned(),
        _ if ids == unmatched => format!("none of the {} is", count(ids, "account id")),
        _ if unmatched == 1 => format!("1 of the {} is not", count(ids, "account id")),
        _ => format!("{} of the {} are not", grouped(unmatched), count(ids, "account id")),
    };
    let found = format!("[contacts] {share} in the profile ({} in [accounts])", count(profile, "id"));
    if several == 0 {
        let check = "check which columns account_id names in [contacts] and [accounts]";
        return (ids == unmatched).then(|| format!("{found}; {check}"));
    }
    let mut found_by: Vec<_> = DIFFERENCES.iter().zip(each).filter(|(_, ids)| *ids > 0).collect();
    // One difference that finds as many as all together is the whole explanation.
    if let Some(whole) = found_by.iter().position(|(_, ids)| *ids == several) {
        found_by = vec![found_by[whole]];
    }
    let mut would: Vec<String> =
        found_by.iter().map(|((_, words), ids)| format!("{ids} would be if {words} were ignored")).collect();
    if found_by.len() != 1 || found_by[0].1 != several {
        would.push(format!("{several} would be if all differences of spelling were ignored"));
    }
    Some(format!(
        "{found}; {}; ids are compared as bytes, so write them alike in both inputs",
        would.join(", ")
    ))
}

/// In the first rows of a view of copies: the rows, those with an internal person, those with a contact.
async fn people_in_sample(ctx: &SessionContext, copies: &str, people: &[&str]) -> Result<[i64; 3]> {
    // Lists of people are sorted, and internal people come first.
    let first = PersonNo::FIRST_OF_ACCOUNTS.0;
    let any =
        |condition: &dyn Fn(&&str) -> String| people.iter().map(condition).collect::<Vec<_>>().join(" or ");
    let internal = any(&|list| format!("{list}[1] < {first}"));
    let contacts = any(&|list| format!("{list}[-1] >= {first}"));
    let sql = format!(
        "select count(*), count(*) filter (where {internal}), count(*) filter (where {contacts}) \
         from (select {} from {copies} limit {SAMPLE}) as looked_at",
        people.join(", ")
    );
    counts(ctx, &sql).await
}

fn has(enrichment: &Enrichment, section: &str) -> bool {
    if section == "mail" { enrichment.mail.is_some() } else { enrichment.meetings.is_some() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disposition(source: &str, disposition: &str, rows: i64) -> Disposition {
        Disposition { source: source.into(), disposition: disposition.into(), rows }
    }

    fn overview(active: i64, messages: Option<i64>, meetings: Option<i64>) -> Overview {
        Overview {
            enrichment: "t".into(),
            as_of: chrono::NaiveDate::MIN,
            first_day: None,
            last_day: None,
            days_covered: Some(0),
            mailboxes_listed: 7,
            mailboxes_active: Some(active),
            messages_engaged: messages,
            meetings_engaged: meetings,
            accounts_in_profile: 3,
            accounts_engaged: 0,
            shared_addresses: 0,
            addresses_by_domain: Some(0),
            accounts_by_domain: Some(0),
            shared_domains: 0,
        }
    }

    #[test]
    fn what_a_run_has_counted() {
        let all = [
            disposition("contacts", "used", 9),
            disposition("mail", "used", 40),
            disposition("mail", "automatic", 2),
            disposition("meetings", "used", 5),
        ];
        assert!(nothing_meets(&overview(3, Some(1), Some(1)), &all).is_empty());
        let notes = nothing_meets(&overview(0, Some(0), Some(0)), &all);
        assert_eq!(notes.len(), 1);
        assert!(notes[0].starts_with("[mailboxes] none of the 7 mailboxes is in a used row"), "{notes:?}");
        let notes = nothing_meets(&overview(3, Some(0), Some(2)), &all);
        assert_eq!(notes.len(), 1);
        let says = "[mail] of 40 used rows none is between one of the 7 mailboxes (3 active) and a contact (9 used \
                    rows); check";
        assert!(notes[0].starts_with(says), "{notes:?}");
        assert_eq!(nothing_meets(&overview(3, Some(0), Some(0)), &all).len(), 2);
        assert!(nothing_meets(&overview(0, Some(0), Some(0)), &[]).is_empty(), "inputs without rows");
    }

    #[test]
    fn without_numbers_if_numbers_are_suppressed() {
        let suppressed = |accounts_engaged| Overview {
            mailboxes_active: None,
            accounts_engaged,
            ..overview(0, None, None)
        };
        let none = "[mailboxes] no used row is between one of the 7 mailboxes and a contact; check the addresses of \
                    [mailboxes], which columns [contacts] email names, and whether [mail] and [meetings] have rows in \
                    the window";
        // It does not matter whether rows of mail are used.
        for mail in ["used", "outside_window"] {
            let all = [disposition("contacts", "used", 9), disposition("mail", mail, 40)];
            assert!(nothing_meets_in_words(&suppressed(1), &all).is_empty());
            assert_eq!(nothing_meets_in_words(&suppressed(0), &all), [none]);
        }
        assert!(nothing_meets_in_words(&suppressed(0), &[]).is_empty(), "inputs without rows");
    }

    #[test]
    fn sources_of_which_no_row_is_used() {
        let all = [
            disposition("contacts", "invalid_email", 9),
            disposition("mail", "outside_window", 40),
            disposition("mail", "draft", 2),
            disposition("meetings", "used", 5),
        ];
        assert_eq!(
            nothing_meets(&overview(3, Some(0), Some(0)), &all),
            [
                "[contacts] of 9 rows none is used; all have the disposition invalid_email",
                "[mail] of 42 rows none is used; 40 of them have the disposition outside_window",
            ]
        );
    }

    #[test]
    fn account_ids_in_words() {
        let note = |counts, several, found: &[(usize, i64)]| {
            let mut each = [0; DIFFERENCES.len()];
            found.iter().for_each(|(difference, ids)| each[*difference] = *ids);
            account_ids_note(counts, several, each)
        };
        assert_eq!(note([5, 9, 2], 0, &[]), None, "contacts of other accounts are usual");
        assert_eq!(
            note([5, 9, 5], 0, &[]).unwrap(),
            "[contacts] none of the 5 account ids is in the profile (9 ids in [accounts]); check which columns \
             account_id names in [contacts] and [accounts]"
        );
        assert_eq!(
            note([5, 9, 3], 2, &[(0, 2), (7, 1)]).unwrap(),
            "[contacts] 3 of the 5 account ids are not in the profile (9 ids in [accounts]); 2 would be if upper \
             and lower case were ignored; ids are compared as bytes, so write them alike in both inputs"
        );
        let several = note([5, 9, 5], 4, &[(0, 2), (7, 1)]).unwrap();
        assert!(
            several.contains(
                "; 2 would be if upper and lower case were ignored, 1 would be if leading zeros were ignored, 4 \
                 would be if all differences of spelling were ignored; ids"
            ),
            "{several}"
        );
        assert!(note([5, 9, 5], 4, &[]).unwrap().contains("; 4 would be if all differences"));
    }
}
