//! The notes about Entra ids of mailboxes (`puser`) in exports that are not in the directory.

use datafusion::prelude::SessionContext;

use super::sql_numbers::{SAMPLE, counts, looked_at};
use crate::config::{Enrichment, Format};
use crate::error::Result;
use crate::error::numbers::{count, grouped};

/// What follows for the copies.
const UNKNOWN: &str = "so the mailboxes that hold these copies are unknown";

/// The notes of a check or a run. Without numbers of rows and ids if `has_numbers` is false.
pub(crate) async fn notes(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    has_numbers: bool,
) -> Result<Vec<String>> {
    let mut notes = vec![];
    let inputs = [("mail", "stg_mail", &enrichment.mail), ("meetings", "stg_meeting", &enrichment.meetings)];
    for (section, staged, input) in inputs {
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
        let counted = counts(ctx, &sql).await?;
        let has_users = enrichment.users.is_some();
        notes.extend(match has_numbers {
            true => in_words(section, has_users, counted),
            false => without_numbers(section, has_users, counted),
        });
    }
    Ok(notes)
}

/// What there is to say.
enum Says {
    WithoutUsers,
    NoneIsKnown,
    DifferInCase,
}

/// What there is to say about the numbers of ids, of ids in the directory, and of those that would be in it if case
/// were ignored. `None` if all is well: a mailbox that was deleted is usual.
fn says(has_users: bool, [ids, known, folded]: [i64; 3]) -> Option<Says> {
    if ids == 0 {
        None
    } else if !has_users {
        Some(Says::WithoutUsers)
    } else if known == 0 && folded == 0 {
        Some(Says::NoneIsKnown)
    } else {
        (folded > known).then_some(Says::DifferInCase)
    }
}

fn in_words(section: &str, has_users: bool, [rows, ids, known, folded]: [i64; 4]) -> Option<String> {
    let looked_at = looked_at(rows);
    let (what, none) = if ids == 1 {
        let what = format!("the only Entra id of mailboxes (puser) in {looked_at}");
        (what.clone(), format!("{what} is not"))
    } else {
        let what = format!("the {} of mailboxes (puser) in {looked_at}", count(ids, "Entra id"));
        (what.clone(), format!("none of {what} is"))
    };
    Some(match says(has_users, [ids, known, folded])? {
        Says::WithoutUsers => {
            format!("[{section}] without [users], {what} cannot be resolved, {UNKNOWN}; add [users]")
        }
        Says::NoneIsKnown => format!("[{section}] {none} in [users], {UNKNOWN}; check [users]"),
        Says::DifferInCase => {
            let are = match ids - known {
                _ if known == 0 => none,
                1 => format!("1 of {what} is not"),
                unmatched => format!("{} of {what} are not", grouped(unmatched)),
            };
            let case = format!("{} would be if upper and lower case were ignored", grouped(folded - known));
            format!("[{section}] {are} in [users], {UNKNOWN}; {case}")
        }
    })
}

/// Like [`in_words`], under the same conditions, for a run that suppresses numbers.
fn without_numbers(section: &str, has_users: bool, [_, ids, known, folded]: [i64; 4]) -> Option<String> {
    let what = "Entra ids of mailboxes (puser)";
    Some(match says(has_users, [ids, known, folded])? {
        Says::WithoutUsers => {
            format!("[{section}] without [users], {what} cannot be resolved, {UNKNOWN}; add [users]")
        }
        Says::NoneIsKnown => format!("[{section}] some {what} are not in [users], {UNKNOWN}; check [users]"),
        Says::DifferInCase => format!(
            "[{section}] some {what} are not in [users], {UNKNOWN}; some would be if upper and lower case were ignored"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A run that suppresses numbers has a note if and only if another one has it, and it contains no number.
    #[test]
    fn as_many_notes_without_numbers() {
        for has_users in [false, true] {
            for (ids, known, folded, is_note) in [
                (0, 0, 0, false),
                (3, 3, 3, false),
                (3, 2, 2, false),
                (3, 0, 0, true),
                (3, 0, 3, true),
                (3, 1, 2, true),
                (1, 0, 0, true),
            ] {
                let counted = [9, ids, known, folded];
                let (with, without) =
                    (in_words("mail", has_users, counted), without_numbers("mail", has_users, counted));
                assert_eq!(with.is_some(), is_note || !has_users && ids > 0, "{counted:?}");
                assert_eq!(without.is_some(), with.is_some(), "{counted:?}");
                assert!(!without.unwrap_or_default().contains(char::is_numeric), "{counted:?}");
            }
        }
    }
}
