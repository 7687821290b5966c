//! Entries of the mailbox list, and members of listed groups, that neither the directory nor the groups know; entries that
//! are odd; and contacts with the address of a group.

use std::collections::HashSet;

use datafusion::arrow::array::AsArray;
use datafusion::prelude::SessionContext;

use crate::config::Enrichment;
use crate::error::Result;
use crate::error::numbers::{count, grouped};
use crate::pipeline::sql_numbers::counts;

const UNKNOWN: &str = "select address from stg_mailbox where address not in (select address from stg_user) \
                       and address not in (select group_address from stg_group)";

const MEMBERS: &str = "select count(*), count(*) filter (where known is null) from mailbox \
                       left join (select distinct address as known from stg_user) as stg_user on known = address \
                       where address not in (select address from stg_mailbox)";

const ODD: &str = "select address from stg_mailbox where cardinality(address_oddities(address)) > 0";

const GROUPS_AS_CONTACTS: &str = "select count(distinct address) from (\
     select unnest(addresses(cell)) as address from (select unnest(emails) as cell from stg_contact) as cells) as one \
     where address in (select group_address from stg_group)";

/// The notes about entries and addresses of groups.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn notes(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Vec<String>> {
    let mut notes = vec![];
    let listed = &enrichment.mailboxes;
    // Without the directory, no entry is known.
    if enrichment.users.is_some() {
        let unknown = addresses(ctx, UNKNOWN).await?;
        notes.extend(unknown_entries(listed, &unknown, enrichment.groups.is_some()));
    }
    if enrichment.users.is_some() && enrichment.groups.is_some() {
        notes.extend(unknown_members(counts(ctx, MEMBERS).await?));
    }
    notes.extend(in_words(listed, &addresses(ctx, ODD).await?, ODD_IN_WORDS));
    if enrichment.groups.is_some() && enrichment.contacts.is_some() {
        let [groups] = counts(ctx, GROUPS_AS_CONTACTS).await?;
        notes.extend((groups > 0).then(|| {
            let are = if groups == 1 { "is that of a group" } else { "are those of groups" };
            format!(
                "[contacts] {} {are} in [groups]: what is sent to a group counts as sent to the contact",
                count(groups, "address")
            )
        }));
    }
    Ok(notes)
}

/// The addresses that a query finds.
async fn addresses(ctx: &SessionContext, sql: &str) -> Result<HashSet<String>> {
    let mut found = HashSet::new();
    for batch in ctx.sql(sql).await?.collect().await? {
        found.extend(batch.column(0).as_string::<i32>().iter().flatten().map(str::to_owned));
    }
    Ok(found)
}

/// What one entry, and several, are, and the consequence.
type Words = [[&'static str; 2]; 2];

const ODD_IN_WORDS: Words = [
    ["is probably not meant so", "are probably not meant so"],
    ["it counts as it is written", "they count as they are written"],
];

/// The note about entries that are unknown.
fn unknown_entries(listed: &[String], unknown: &HashSet<String>, has_groups: bool) -> Option<String> {
    let is = match has_groups {
        false => ["is not in [users]", "are not in [users]"],
        true => {
            ["is neither in [users] nor a group in [groups]", "are neither in [users] nor groups in [groups]"]
        }
    };
    let then = [
        "it counts as a mailbox that has no other address",
        "each counts as a mailbox that has no other address",
    ];
    in_words(listed, unknown, [is, then])
}

/// The note about members of listed groups that are unknown.
fn unknown_members([members, unknown]: [i64; 2]) -> Option<String> {
    let (is, counts) = if unknown == 1 { ("is", "it counts") } else { ("are", "each counts") };
    (unknown > 0).then(|| {
        format!(
            "[groups] {} of the {} of listed groups {is} neither in [users] nor a group in [groups]: {counts} as a mailbox \
             that has no other address; members of a group may be missing in [groups]",
            grouped(unknown),
            count(members, "member")
        )
    })
}

/// The note about some of the listed entries, which names the first one; `None` if there are none.
fn in_words(listed: &[String], some: &HashSet<String>, [is, then]: Words) -> Option<String> {
    let first = listed.iter().find(|entry| some.contains(*entry))?;
    let several = usize::from(some.len() != 1);
    Some(format!(
        "[mailboxes] {} of the {} {}, first {first:?}: {}",
        grouped(some.len()),
        count(listed.len(), "entry"),
        is[several],
        then[several]
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_members_in_words() {
        assert_eq!(unknown_members([3, 0]), None);
        assert_eq!(
            unknown_members([3, 1]).unwrap(),
            "[groups] 1 of the 3 members of listed groups is neither in [users] nor a group in [groups]: it counts as a \
             mailbox that has no other address; members of a group may be missing in [groups]"
        );
    }

    #[test]
    fn unknown_entries_in_words() {
        let listed = ["b@us.com", "a@us.com", "c@us.com"].map(str::to_owned);
        let unknown = |entries: &[&str]| entries.iter().map(|entry| (*entry).to_owned()).collect();
        assert_eq!(unknown_entries(&listed, &unknown(&[]), true), None);
        assert_eq!(
            unknown_entries(&listed, &unknown(&["a@us.com"]), true).unwrap(),
            "[mailboxes] 1 of the 3 entries is neither in [users] nor a group in [groups], first \"a@us.com\": it counts as a \
             mailbox that has no other address"
        );
        assert_eq!(
            unknown_entries(&listed, &unknown(&["a@us.com", "b@us.com"]), false).unwrap(),
            "[mailboxes] 2 of the 3 entries are not in [users], first \"b@us.com\": each counts as a mailbox that has no \
             other address"
        );
    }
}
