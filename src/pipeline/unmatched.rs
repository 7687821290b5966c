//! Notes about inputs that do not meet: account ids of contacts that are not in the profile, mailboxes and
//! contacts that are in no row of mail and meetings, Entra ids that are not in the directory. Each of these
//! can be a mistake in the enrichment file or in an export. Nothing is changed: identifiers are compared as
//! bytes.
//!
//! Notes contain numbers and no identifiers.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;

use super::report::{Disposition, Overview};
use crate::config::{Enrichment, Format};
use crate::error::Result;
use crate::functions::address::book::PersonNo;
use crate::views::{Parameters, View};

/// The view with the account ids of contacts that are not in the profile.
const ACCOUNT_IDS: &str = "unmatched_account_id";

/// The views that a check needs for its notes.
pub(crate) const VIEWS: [&str; 4] = [ACCOUNT_IDS, "contact_disposition", "mail_copy", "meeting_copy"];

/// The number of rows of mail, and of meetings, that are looked at.
const SAMPLE: usize = 100_000;

/// The differences of [`ACCOUNT_IDS`], each with its words after "if ... were ignored".
const DIFFERENCES: [(&str, &str); 7] = [
    ("case", "upper and lower case"),
    ("space", "white space around them"),
    ("brackets", "braces or brackets around them"),
    ("hyphens", "hyphens"),
    ("decimals", "a trailing .0"),
    ("zeros", "leading zeros"),
    ("salesforce", "the last 3 of 18 characters (Salesforce's long form)"),
];
/// The difference that is several of these at once.
const SEVERAL: &str = "several";

/// The sections with copies: name, staging view, view of copies, its columns of people.
const COPIES: [(&str, &str, &str, &[&str]); 2] = [
    ("mail", "stg_mail", "mail_copy", &["senders", "recipients"]),
    ("meetings", "stg_meeting", "meeting_copy", &["organizers", "attendees", "declined"]),
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
    for (section, _, copies, people) in COPIES {
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
    notes.extend(holders(ctx, enrichment).await?);
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
    notes.extend(nothing_meets(overview, dispositions));
    notes.extend(holders(ctx, enrichment).await?);
    Ok(notes)
}

/// The notes that follow from what a run has counted.
fn nothing_meets(overview: &Overview, dispositions: &[Disposition]) -> Vec<String> {
    let used = |source: &str| rows_of(dispositions, source, Some("used"));
    let sources = ["contacts", "mail", "meetings"].into_iter();
    let mut notes: Vec<String> = sources.filter_map(|source| unused(source, dispositions)).collect();
    let (listed, active) = (overview.mailboxes_listed, overview.mailboxes_active);
    if active == 0 && used("mail") + used("meetings") > 0 {
        notes.push(format!(
            "[mailboxes] none of the {listed} mailboxes is in a used row of mail or meetings; check their \
             addresses, and [users], which gives their other addresses"
        ));
        return notes;
    }
    if used("contacts") == 0 {
        return notes;
    }
    for (source, engaged) in [("mail", overview.messages_engaged), ("meetings", overview.meetings_engaged)] {
        let rows = used(source);
        if rows > 0 && engaged == Some(0) {
            notes.push(format!(
                "[{source}] of {} none is between one of the {listed} mailboxes ({active} active) and a contact \
                 ({}); check the addresses of [mailboxes], and which columns [contacts] email names",
                counted(rows, "used "),
                counted(used("contacts"), "used ")
            ));
        }
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
            counted(rows, ""),
            most.disposition
        )
    })
}

/// The dispositions of contacts in a check, which has no other.
async fn contact_dispositions(ctx: &SessionContext) -> Result<Vec<Disposition>> {
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
    let share =
        if ids == unmatched { format!("none of the {ids}") } else { format!("{unmatched} of the {ids}") };
    let are = if ids == unmatched { "is" } else { "are not" };
    let found = format!("[contacts] {share} account ids {are} in the profile ({profile} ids in [accounts])");
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

/// The notes about Entra ids of mailboxes (`puser`) in exports that are not in the directory.
async fn holders(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Vec<String>> {
    let mut notes = vec![];
    for (section, staged, ..) in COPIES {
        let input = if section == "mail" { &enrichment.mail } else { &enrichment.meetings };
        if input.as_ref().is_none_or(|input| input.format != Format::GraphDataConnect) {
            continue;
        }
        let sql = format!(
            "select \
               (select count(*) from (select holder_id from {staged} limit {SAMPLE}) as looked_at) as rows, \
               count(*), count(known.entra_id), count(folded.entra_id) \
             from (select distinct holder_id from (select holder_id from {staged} limit {SAMPLE}) as looked_at \
                   where not is_blank(holder_id)) as holder \
             left join (select distinct entra_id from stg_user) as known on known.entra_id = holder.holder_id \
             left join (select distinct lower(entra_id) as entra_id from stg_user) as folded \
               on folded.entra_id = lower(holder.holder_id)"
        );
        let [rows, ids, known, folded] = counts(ctx, &sql).await?;
        let what = format!("the {ids} Entra ids of mailboxes (puser) in {}", looked_at(rows));
        let unknown = "so the mailboxes that hold these copies are unknown";
        let case = format!("{} would be if upper and lower case were ignored", folded - known);
        if ids > 0 && enrichment.users.is_none() {
            notes.push(format!(
                "[{section}] without [users], {what} cannot be resolved, {unknown}; add [users]"
            ));
        } else if ids > 0 && known == 0 && folded == 0 {
            notes.push(format!("[{section}] none of {what} is in [users], {unknown}; check [users]"));
        } else if folded > known {
            notes
                .push(format!("[{section}] {} of {what} are not in [users], {unknown}; {case}", ids - known));
        }
    }
    Ok(notes)
}

fn has(enrichment: &Enrichment, section: &str) -> bool {
    if section == "mail" { enrichment.mail.is_some() } else { enrichment.meetings.is_some() }
}

/// The rows of a section that were looked at, in words.
fn looked_at(rows: i64) -> String {
    if rows == SAMPLE as i64 {
        format!("its first {rows} rows")
    } else {
        format!("its {}", counted(rows, ""))
    }
}

/// `1 used row`, `7 used rows`.
fn counted(rows: i64, which: &str) -> String {
    format!("{rows} {which}{}", if rows == 1 { "row" } else { "rows" })
}

/// The numbers in the one row of a query.
pub(crate) async fn counts<const N: usize>(ctx: &SessionContext, sql: &str) -> Result<[i64; N]> {
    let batches = ctx.sql(sql).await?.collect().await?;
    let row = batches.iter().find(|batch| batch.num_rows() > 0);
    let count = |column| row.map_or(0, |row| row.column(column).as_primitive::<Int64Type>().value(0));
    Ok(std::array::from_fn(count))
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
            days_covered: 0,
            mailboxes_listed: 7,
            mailboxes_active: active,
            messages_engaged: messages,
            meetings_engaged: meetings,
            accounts_in_profile: 3,
            accounts_engaged: 0,
            shared_addresses: 0,
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
        assert!(nothing_meets(&overview(3, None, None), &all).is_empty(), "suppressed numbers say nothing");
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
            note([5, 9, 3], 2, &[(0, 2), (5, 1)]).unwrap(),
            "[contacts] 3 of the 5 account ids are not in the profile (9 ids in [accounts]); 2 would be if upper \
             and lower case were ignored; ids are compared as bytes, so write them alike in both inputs"
        );
        let several = note([5, 9, 5], 4, &[(0, 2), (5, 1)]).unwrap();
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
