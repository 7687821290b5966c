//! The notes about what has no disposition: sections without rows, and rows of users, groups and accounts that
//! are not used.
//!
//! Notes contain numbers and no identifiers.

use datafusion::prelude::SessionContext;

use super::sql_numbers::counts;
use crate::config::Format;
use crate::error::Result;
use crate::error::numbers::count;
use crate::inputs::InputSource;

/// Each section, and the consequence if it has no rows.
const WITHOUT_ROWS: [(&str, &str); 6] = [
    ("users", "no other addresses of mailboxes are known"),
    ("groups", "no listed address is a group"),
    ("contacts", "no account has people"),
    ("accounts", "the profile has no accounts"),
    ("mail", "no message counts"),
    ("meetings", "no meeting counts"),
];

/// How the rows of a section without dispositions are counted.
struct Counting {
    /// One row, and several of them, in words.
    nouns: [&'static str; 2],
    /// The rows, as SQL writes them after `from`.
    rows: &'static str,
    /// Why a row is not used, the first that applies: a condition in SQL, which may be null, and its words.
    reasons: [(&'static str, &'static str); 2],
}

const ROWS: [&str; 2] = ["row", "rows"];

const USERS: Counting = Counting {
    nouns: ROWS,
    rows: "input_users",
    reasons: [
        ("is_blank(entra_id)", "entra_id is missing"),
        ("normalize_address(email) is null", "email is not an address"),
    ],
};

/// An export has one row per address of a user. One valid address is enough. Users without an id are not known
/// apart, so each of their addresses counts.
const EXPORTED_USERS: Counting = Counting {
    nouns: ["user", "users"],
    rows: "(select entra_id, max(normalize_address(email)) as address from input_users \
           group by entra_id, case when is_blank(entra_id) then email end) as person",
    reasons: [("is_blank(entra_id)", "id is missing"), ("address is null", "no column has an address")],
};

/// A group without members has a null member.
const GROUPS: Counting = Counting {
    nouns: ROWS,
    rows: "input_groups",
    reasons: [
        ("normalize_address(group_email) is null", "group_email is not an address"),
        (
            "member_email is not null and cardinality(addresses(member_email)) = 0",
            "member_email is not an address",
        ),
    ],
};

/// An export has one row per address of a group and member, so addresses repeat. The id of a group that is not there is
/// in angle brackets.
const EXPORTED_GROUPS: Counting = Counting {
    nouns: ["address of groups", "addresses of groups"],
    rows: "(select distinct group_email from input_groups where not starts_with(group_email, '<')) as listed",
    reasons: [("normalize_address(group_email) is null", "it is not an email address"), ("false", "")],
};

const ACCOUNTS: Counting = Counting {
    nouns: ROWS,
    rows: "input_accounts",
    reasons: [("is_blank(account_id)", "account_id is missing"), ("false", "")],
};

impl Counting {
    /// How the rows of a source are counted; `None` if its rows have dispositions.
    fn of(source: &InputSource) -> Option<Self> {
        match (source.section, source.format) {
            ("users", Format::GraphDataConnect) => Some(EXPORTED_USERS),
            ("users", _) => Some(USERS),
            ("groups", Format::GraphDataConnect) => Some(EXPORTED_GROUPS),
            ("groups", _) => Some(GROUPS),
            ("accounts", _) => Some(ACCOUNTS),
            _ => None,
        }
    }

    /// The number of rows, and the numbers of rows that are not used, by reason.
    async fn counts(&self, ctx: &SessionContext) -> Result<[i64; 3]> {
        let [(first, _), (second, _)] = self.reasons;
        let sql = format!(
            "select count(*), count(*) filter (where {first}), \
             count(*) filter (where not coalesce({first}, false) and {second}) from {}",
            self.rows
        );
        counts(ctx, &sql).await
    }

    /// The note about a section with these numbers of rows; `None` if all are used.
    fn note(&self, section: &str, [rows, by_reason @ ..]: [i64; 3]) -> Option<String> {
        if rows == 0 {
            return without_rows(section, self.nouns[1]);
        }
        let skipped = by_reason.iter().sum::<i64>();
        let reasons = self.reasons.iter().zip(by_reason).filter(|(_, rows)| *rows > 0);
        let reasons: Vec<_> = match reasons.clone().count() {
            0 => return None,
            1 => reasons.map(|((_, words), _)| (*words).to_owned()).collect(),
            _ => reasons.map(|((_, words), rows)| format!("{words} ({rows})")).collect(),
        };
        let noun = self.nouns[usize::from(rows != 1)];
        let are = if skipped == 1 { "is" } else { "are" };
        Some(format!("[{section}] {skipped} of {rows} {noun} {are} not used: {}", reasons.join(", ")))
    }
}

/// The note about entries of an export that are addresses according to what is around them and are not: the proxy
/// addresses of users, and the members of groups.
async fn without_address(ctx: &SessionContext, source: &InputSource) -> Result<Option<String>> {
    if source.format != Format::GraphDataConnect {
        return Ok(None);
    }
    let (entries, table, condition, then) = match source.section {
        "users" => (
            "smtp: entry",
            "(select email from input_users where starts_with(lower(trim(email)), 'smtp:'))",
            "normalize_address(email) is null",
            "of proxyAddresses without an address, passed over",
        ),
        "groups" => (
            "member",
            "(select distinct member_email from input_groups \
              where member_email is not null and not starts_with(group_email, '<'))",
            "cardinality(addresses(member_email)) = 0",
            "without an address, so without a mailbox",
        ),
        _ => return Ok(None),
    };
    let sql = format!("select count(*) from {table} as entry where {condition}");
    let [rows] = counts(ctx, &sql).await?;
    Ok((rows > 0).then(|| format!("[{}] {} {then}", source.section, count(rows, entries))))
}

/// The note about cells with several members, of which a part is not an address.
async fn parts_of_members(ctx: &SessionContext, source: &InputSource) -> Result<Option<String>> {
    if source.section != "groups" || source.format == Format::GraphDataConnect {
        return Ok(None);
    }
    let sql = "select count(*) from input_groups where cardinality(addresses(member_email)) > 0 \
               and count_no_address(make_array(member_email)) > 0";
    let [rows] = counts(ctx, sql).await?;
    Ok((rows > 0).then(|| {
        format!(
            "[groups] {} with a part of member_email that is not an address, and is passed over",
            count(rows, "row")
        )
    }))
}

/// The notes about an export of groups: that there are no members, and members of groups that are not there.
async fn exported_members(ctx: &SessionContext, source: &InputSource) -> Result<Vec<String>> {
    if (source.section, source.format) != ("groups", Format::GraphDataConnect) {
        return Ok(vec![]);
    }
    let sql = "select count(*), count(member_email), count(*) filter (where starts_with(group_email, '<')), \
               count(distinct case when starts_with(group_email, '<') then group_email end) from input_groups";
    Ok(members_in_words(counts(ctx, sql).await?))
}

/// `members` are rows with a member, `lost` those of them whose group is not there; `groups` counts these groups.
fn members_in_words([rows, members, lost, groups]: [i64; 4]) -> Vec<String> {
    let without = (rows > 0 && members == 0).then(|| {
        "[groups] no row is a member of a group, so no group has members; GroupMembers exports have them"
            .to_owned()
    });
    let lost = (lost > 0).then(|| {
        format!(
            "[groups] {} of {} for which there is no row of GroupDetails, so {} in no group",
            count(lost, "member"),
            count(groups, "group"),
            if lost == 1 { "it is" } else { "they are" }
        )
    });
    without.into_iter().chain(lost).collect()
}

/// The notes about sources without rows, and about rows of users, groups and accounts that are not used. This
/// reads users, groups and accounts. `rows` is the number of rows of another section.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn notes(
    ctx: &SessionContext,
    sources: &[InputSource],
    rows: impl Fn(&str) -> u64,
) -> Result<Vec<String>> {
    let mut notes = vec![];
    for source in sources {
        let section = source.section;
        notes.extend(match Counting::of(source) {
            Some(counting) => counting.note(section, counting.counts(ctx).await?),
            None if rows(section) == 0 => without_rows(section, ROWS[1]),
            None => None,
        });
        notes.extend(without_address(ctx, source).await?);
        notes.extend(parts_of_members(ctx, source).await?);
        notes.extend(exported_members(ctx, source).await?);
    }
    Ok(notes)
}

/// The note about a section without rows.
fn without_rows(section: &str, nouns: &str) -> Option<String> {
    let (_, then) = WITHOUT_ROWS.iter().find(|(name, _)| *name == section)?;
    Some(format!("[{section}] has no {nouns}, so {then}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_not_used_in_words() {
        assert_eq!(GROUPS.note("groups", [4, 0, 0]), None);
        for (counting, counts, says) in [
            (GROUPS, [4, 0, 3], "[x] 3 of 4 rows are not used: member_email is not an address"),
            (USERS, [1, 1, 0], "[x] 1 of 1 row is not used: entra_id is missing"),
            (
                USERS,
                [9, 1, 2],
                "[x] 3 of 9 rows are not used: entra_id is missing (1), email is not an address (2)",
            ),
            (EXPORTED_USERS, [3, 0, 1], "[x] 1 of 3 users is not used: no column has an address"),
        ] {
            assert_eq!(counting.note("x", counts).unwrap(), says);
        }
        assert_eq!(
            EXPORTED_USERS.note("users", [0; 3]).unwrap(),
            "[users] has no users, so no other addresses of mailboxes are known"
        );
    }
}
