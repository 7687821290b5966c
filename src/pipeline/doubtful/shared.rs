//! Identifiers that rows share which do not belong together: a value that stands for a missing one and that no list of
//! words knows, or the wrong column.
//!
//! Copies of a message have one sender and one time, apart from spellings and clocks. A thread that holds most of the
//! mail for more than a month, and a meeting that does so with several organizers, is probably none. A contact has a
//! few addresses. The same look counts meetings that last for weeks.

use datafusion::prelude::SessionContext;

use super::columns::in_quotes;
use super::words::Place;
use super::{alike, spellings};
use crate::config::Enrichment;
use crate::error::Result;
use crate::error::numbers::{count, grouped};
use crate::pipeline::sql_numbers::{SAMPLE, counts};
use crate::pipeline::unused_columns::{Copies, IdColumn};

/// The fewest rows with one identifier that can be most of the rows. In a few rows, everything can be one thread.
const FEWEST: i64 = 20;

/// The most addresses of a person. Customer relationship systems have three columns of them, and people change theirs.
const MOST_ADDRESSES: usize = 5;

/// The most addresses of a person whose identifier is that of the account.
const MOST_OF_ACCOUNT: usize = 2;

/// The most accounts that one address belongs to. Consultants work for several.
const MOST_ACCOUNTS: usize = 10;

/// The fewest contacts with several accounts that are worth a note.
const FEWEST_VERSIONS: i64 = 5;

/// The most addresses of a person in the directory, with all aliases, and the most mailboxes of a person.
const MOST_OF_USER: usize = 100;
const MOST_LISTED: usize = 2;

/// Whether a meeting ends more than 31 days after its start: its end is unknown, or that of a series.
const LONG: &str = "disposition = 'used' \
    and cast(cast(end_at as bigint) as double) - cast(cast(start_at as bigint) as double) > 2678400e6";

/// When the rows with an identifier do not belong together, as SQL over their number of senders (organizers) and their
/// first and last time, in microseconds. These are floating point numbers: times can be at the ends of their range.
fn is_strange(id: &IdColumn) -> &'static str {
    match id.canonical {
        // A clock can be wrong by hours and a sender have two spellings, but hardly both.
        "message_id" => "last - first > 172800e6 or (senders > 1 and last - first > 3600e6)",
        "conversation_id" => "last - first > 2678400e6",
        _ => "senders > 2",
    }
}

/// The notes about rows of mail or meetings: identifiers that differ in spelling only, and shared ones.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn of_copies(
    ctx: &SessionContext,
    section: &'static str,
    copies: &Copies,
) -> Result<Vec<String>> {
    let (time, is_long) = (copies.time, if copies.is_mail { "false" } else { LONG });
    let (sender, staged) = (in_quotes(copies.sender.1), copies.staged);
    let mut notes = vec![];
    for (at, id) in copies.ids.iter().enumerate() {
        let value = in_quotes(id.canonical);
        // A thread is that of an export or of a program that writes it always alike.
        let alike = if at == 0 { spellings::alike(&value) } else { value.clone() };
        let strange = is_strange(id);
        // Hashes take less memory than identifiers, and they are grouped three times. Rows that are not used have none.
        let [ids, alike, shared, rows, largest, all, long, looked_at] = counts(
            ctx,
            &format!(
                "select count(id), count(distinct alike), count(id) filter (where {strange}), \
                 cast(coalesce(sum(rows) filter (where id is not null and ({strange})), 0) as bigint), \
                 coalesce(max(rows) filter (where id is not null and ({strange})), 0), \
                 cast(coalesce(sum(rows) filter (where id is not null), 0) as bigint), \
                 cast(coalesce(sum(long), 0) as bigint), cast(coalesce(sum(rows), 0) as bigint) \
                 from (select id, alike, cast(sum(rows) as bigint) as rows, cast(sum(long) as bigint) as long, \
                  count(*) as senders, min(first) as first, max(last) as last \
                  from (select case when has_id then id_hash({value}) end as id, case when has_id then id_hash({alike}) end as alike, \
                   case when has_id then id_hash(sender) end as sender, count(*) as rows, \
                   count(*) filter (where is_long) as long, min(moment) as first, max(moment) as last \
                   from (select {value}, {sender} as sender, cast(cast({time} as bigint) as double) as moment, \
                    {is_long} as is_long, disposition = 'used' and not is_blank({value}) as has_id \
                    from {staged} limit {SAMPLE}) as looked_at group by 1, 2, 3) as of_sender \
                  group by id, alike) as of_id",
            ),
        )
        .await?;
        let place = &Place::of_used_rows(section, looked_at);
        notes.extend(spellings::in_words(place, id.name, [ids, alike]));
        notes.extend(match id.canonical {
            "message_id" => scattered(place, id, [ids, shared, rows]),
            _ => most(place, id, largest, all),
        });
        notes.extend(long_meetings(place, long));
        if at == 0 && all >= FEWEST {
            notes.extend(alike::of_own_ids(ctx, section, copies).await?);
        }
    }
    if !copies.is_mail {
        notes.extend(alike::within_hours(ctx, section, copies).await?);
    }
    Ok(notes)
}

/// The note about identifiers of rows that do not belong together.
fn scattered(place: &Place, id: &IdColumn, [ids, shared, rows]: [i64; 3]) -> Option<String> {
    let are = if shared == 1 { "is" } else { "are" };
    (shared > 0).then(|| {
        format!(
            "[{}] {} of the {} in {}{} {are} in rows that are days apart, or hours apart with several senders ({}); \
             {}: if such a value means that it is missing, leave it empty",
            place.section,
            grouped(shared),
            count(ids, "identifier"),
            id.name,
            place.in_sample(),
            count(rows, "row"),
            id.same
        )
    })
}

/// The note about one identifier that most rows have.
fn most(place: &Place, id: &IdColumn, largest: i64, all: i64) -> Option<String> {
    (largest >= FEWEST && 2 * largest >= all).then(|| {
        format!(
            "[{}] {} of {} with a value of {}{} have the same one; {}: if it means that the value is missing, leave it empty",
            place.section,
            grouped(largest),
            count(all, "row"),
            id.name,
            place.in_sample(),
            id.same
        )
    })
}

/// The note about meetings that last for weeks.
fn long_meetings(place: &Place, rows: i64) -> Option<String> {
    let last = if rows == 1 { "lasts" } else { "last" };
    (rows > 0).then(|| {
        format!(
            "[{}] {}{} {last} more than 31 days, which count in durations; check end_at",
            place.section,
            count(rows, place.noun),
            place.in_sample()
        )
    })
}

/// The note about contacts that share an identifier, according to the first rows.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn of_contacts(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Option<String>> {
    let name = enrichment.contacts.as_ref().and_then(|contacts| contacts.contact_id.as_deref());
    let found = counts(
        ctx,
        &format!(
            "select count(*), cast(coalesce(sum(addresses), 0) as bigint) \
             from (select contact_id, count(*) as addresses, bool_or(is_account) as is_account \
              from (select contact_id, address, bool_or(contact_id = account_id) as is_account \
               from (select contact_id, account_id, unnest(emails) as address \
                from (select contact_id, account_id, emails from stg_contact limit {SAMPLE}) as first) as looked_at \
               where not is_blank(contact_id) and not is_blank(address) group by contact_id, address) as of_address \
              group by contact_id) as of_contact \
             where addresses > {MOST_ADDRESSES} or (is_account and addresses > {MOST_OF_ACCOUNT})"
        ),
    )
    .await?;
    Ok(contacts_in_words(name.unwrap_or("contact_id"), found))
}

/// The note about identifiers of contacts with several accounts: probably older versions of the same contacts.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn of_versions(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Option<String>> {
    let name = enrichment.contacts.as_ref().and_then(|contacts| contacts.contact_id.as_deref());
    let found = counts(
        ctx,
        "select count(*) filter (where first_account <> last_account), count(*) \
         from (select min(account_id) as first_account, max(account_id) as last_account from stg_contact \
          where not is_blank(contact_id) and not is_blank(account_id) group by id_hash(contact_id)) as of_contact",
    )
    .await?;
    Ok(versions_in_words(name.unwrap_or("contact_id"), found))
}

fn versions_in_words(name: &str, [several, all]: [i64; 2]) -> Option<String> {
    (several >= FEWEST_VERSIONS && 50 * several >= all).then(|| {
        format!(
            "[contacts] {} of the {} in {name} have rows of several accounts, and each of these accounts counts: if some of the \
             rows are older versions, leave them out",
            grouped(several),
            count(all, "identifier")
        )
    })
}

/// The note about addresses of contacts of many accounts.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn of_addresses(ctx: &SessionContext) -> Result<Option<String>> {
    let found = counts(
        ctx,
        &format!(
            "select count(*), cast(coalesce(sum(accounts), 0) as bigint) \
             from (select count(*) as accounts \
              from (select id_hash(lower(trim(address))) as address, id_hash(account_id) as account \
               from (select account_id, unnest(emails) as address from stg_contact) as of_address \
               where not is_blank(address) and not is_blank(account_id) group by 1, 2) as of_both \
              group by address) as of_address where accounts > {MOST_ACCOUNTS}"
        ),
    )
    .await?;
    Ok(addresses_in_words(found))
}

fn addresses_in_words([addresses, accounts]: [i64; 2]) -> Option<String> {
    let (is, them) = if addresses == 1 { ("is that", "it") } else { ("are those", "them") };
    (addresses > 0).then(|| {
        format!(
            "[contacts] {} {is} of contacts of more than {MOST_ACCOUNTS} accounts, {} in all; what is sent to {them} counts for \
             each of these accounts: if such an address means that it is missing, leave it empty",
            count(addresses, "address"),
            grouped(accounts)
        )
    })
}

/// The notes about rows of the directory that share an identifier: of all, and of the mailboxes.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn of_users(ctx: &SessionContext, column: &str) -> Result<Vec<String>> {
    let mut notes = vec![];
    for (table, noun, most) in [("stg_user", "address", MOST_OF_USER), ("mailbox", "mailbox", MOST_LISTED)] {
        let found = counts(
            ctx,
            &format!(
                "select count(*), cast(coalesce(sum(addresses), 0) as bigint) \
                 from (select count(distinct address) as addresses from {table} where entra_id is not null group by entra_id) \
                 as of_user where addresses > {most}"
            ),
        )
        .await?;
        notes.extend(users_in_words(column, noun, found));
    }
    Ok(notes)
}

fn users_in_words(column: &str, noun: &str, [ids, addresses]: [i64; 2]) -> Option<String> {
    let has = if ids == 1 { "has" } else { "have" };
    (ids > 0).then(|| {
        format!(
            "[users] {} in {column} {has} more than a person has, {} in all; they are one person: check which column \
             entra_id names, and leave a missing value empty",
            count(ids, "identifier"),
            count(addresses, noun)
        )
    })
}

fn contacts_in_words(name: &str, [ids, addresses]: [i64; 2]) -> Option<String> {
    let has = if ids == 1 { "has" } else { "have" };
    (ids > 0).then(|| {
        format!(
            "[contacts] {} in {name} {has} more addresses than a person, {} in all; within an account they are one person: \
             check which column contact_id names, and leave a missing value empty",
            count(ids, "identifier"),
            grouped(addresses)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: IdColumn =
        IdColumn { name: "internetMessageId", canonical: "message_id", same: "they are copies" };

    #[test]
    fn shared_identifiers_in_words() {
        let mut place = Place { section: "mail", noun: "used row", sample: None };
        assert_eq!(scattered(&place, &MESSAGE, [20, 0, 0]), None);
        assert_eq!(
            scattered(&place, &MESSAGE, [2000, 1, 1200]).unwrap(),
            "[mail] 1 of the 2,000 identifiers in internetMessageId is in rows that are days apart, or hours apart with \
             several senders (1,200 rows); they are copies: if such a value means that it is missing, leave it empty"
        );
        place.sample = Some("9 of its rows".to_owned());
        assert!(scattered(&place, &MESSAGE, [2000, 2, 9]).unwrap().starts_with(
            "[mail] 2 of the 2,000 identifiers in internetMessageId, in 9 of its rows, are in rows that"
        ));
    }

    #[test]
    fn most_rows_are_many_and_half() {
        let place = Place { section: "mail", noun: "used row", sample: None };
        assert_eq!(most(&place, &MESSAGE, 19, 19), None);
        assert_eq!(most(&place, &MESSAGE, 1000, 2001), None);
        assert_eq!(
            most(&place, &MESSAGE, 1000, 2000).unwrap(),
            "[mail] 1,000 of 2,000 rows with a value of internetMessageId have the same one; they are copies: if it means \
             that the value is missing, leave it empty"
        );
    }

    #[test]
    fn long_meetings_in_words() {
        let place = Place { section: "meetings", noun: "used row", sample: Some("9 of its rows".to_owned()) };
        assert_eq!(long_meetings(&place, 0), None);
        assert_eq!(
            long_meetings(&place, 1).unwrap(),
            "[meetings] 1 used row, in 9 of its rows, lasts more than 31 days, which count in durations; check end_at"
        );
    }

    #[test]
    fn users_in_a_sentence() {
        assert_eq!(users_in_words("id", "mailbox", [0, 0]), None);
        assert_eq!(
            users_in_words("id", "mailbox", [1, 1900]).unwrap(),
            "[users] 1 identifier in id has more than a person has, 1,900 mailboxes in all; they are one person: check which \
             column entra_id names, and leave a missing value empty"
        );
    }

    #[test]
    fn versions_in_a_sentence() {
        assert_eq!((versions_in_words("id", [4, 9]), versions_in_words("id", [20, 1001])), (None, None));
        assert_eq!(
            versions_in_words("id", [20, 1000]).unwrap(),
            "[contacts] 20 of the 1,000 identifiers in id have rows of several accounts, and each of these accounts counts: if \
             some of the rows are older versions, leave them out"
        );
    }

    #[test]
    fn addresses_in_a_sentence() {
        assert_eq!(addresses_in_words([0, 0]), None);
        assert_eq!(
            addresses_in_words([1, 67]).unwrap(),
            "[contacts] 1 address is that of contacts of more than 10 accounts, 67 in all; what is sent to it counts for \
             each of these accounts: if such an address means that it is missing, leave it empty"
        );
    }

    #[test]
    fn contacts_in_a_sentence() {
        assert_eq!(contacts_in_words("id", [0, 0]), None);
        assert_eq!(
            contacts_in_words("id", [1, 9]).unwrap(),
            "[contacts] 1 identifier in id has more addresses than a person, 9 in all; within an account they are one \
             person: check which column contact_id names, and leave a missing value empty"
        );
        assert!(
            contacts_in_words("id", [2, 1900]).unwrap().starts_with(
                "[contacts] 2 identifiers in id have more addresses than a person, 1,900 in all;"
            )
        );
    }
}
