//! Checks the number of listed mailboxes, and how deeply groups are nested.

use std::collections::{HashMap, HashSet};

use datafusion::arrow::array::AsArray;
use datafusion::prelude::SessionContext;

use super::sql_numbers::counts;
use crate::config::{self, Enrichment};
use crate::error::{Error, Result};

/// The view with one row per listed mailbox, after groups are resolved.
pub(crate) const MAILBOX: &str = "mailbox";

/// The view that resolves groups.
pub(crate) const MAILBOX_SOURCE: &str = "mailbox_source";

/// Checks the number of mailboxes after groups are resolved, and returns it.
///
/// # Errors
/// The number is below that of [`config::MAILBOXES`], or above `[mailboxes] limit`. Or they are the mailboxes of fewer people
/// than `[privacy] min_people`.
pub(crate) async fn check_mailboxes(ctx: &SessionContext, enrichment: &Enrichment) -> Result<usize> {
    let mailboxes = ctx.table(MAILBOX).await?.count().await?;
    let (least, most) = (config::MAILBOXES.0 as usize, enrichment.mailbox_limit as usize);
    if (least..=most).contains(&mailboxes) {
        check_people(ctx, enrichment).await?;
        return Ok(mailboxes);
    }
    let raise = if mailboxes > most { "; [mailboxes] limit sets the largest number" } else { "" };
    Err(Error::enrichment(format!(
        "{}: [mailboxes] lists {mailboxes} mailboxes after groups are resolved; {least} to {most} are \
         needed{raise}",
        enrichment.file.display()
    )))
}

/// Checks that there are enough people for numbers about them. Of fewer, every number would be suppressed, and which
/// accounts are would tell with whom these few have to do.
async fn check_people(ctx: &SessionContext, enrichment: &Enrichment) -> Result<()> {
    if enrichment.min_people == 1 {
        return Ok(());
    }
    let [people] = counts(ctx, PEOPLE).await?;
    if people >= i64::from(enrichment.min_people) {
        return Ok(());
    }
    Err(Error::enrichment(format!(
        "{}: [privacy] min_people = {}, but [mailboxes] lists the mailboxes of {}, so numbers would be about fewer people; \
         list more mailboxes, or lower min_people",
        enrichment.file.display(),
        enrichment.min_people,
        if people == 1 { "1 person".to_owned() } else { format!("{people} people") }
    )))
}

/// The people whose mailboxes are listed.
const PEOPLE: &str =
    "select count(distinct coalesce(cast(entra_id as varchar), cast(address as varchar))) from mailbox";

/// How deeply groups may be nested. The recursive view that resolves them reads the groups once for each level.
const DEEPEST: usize = 100;

/// The members of groups that are groups themselves.
const NESTED: &str = "select distinct stg_group.group_address, stg_group.member_address from stg_group \
                      join (select distinct group_address from stg_group) as member \
                      on member.group_address = stg_group.member_address";

/// Checks that the groups which the listed addresses resolve to are not nested too deeply. A circle is as deep as it is
/// long. The view `stg_group` must be registered.
///
/// # Errors
/// They are, or the groups cannot be read.
pub(crate) async fn check_groups(ctx: &SessionContext, enrichment: &Enrichment) -> Result<()> {
    if enrichment.groups.is_none() {
        return Ok(());
    }
    let batches = ctx.sql(NESTED).await?.collect().await?;
    let mut nested: HashMap<&str, Vec<&str>> = HashMap::new();
    for batch in &batches {
        let (groups, members) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
        for (group, member) in groups.iter().zip(members).filter_map(|(g, m)| g.zip(m)) {
            nested.entry(group).or_default().push(member);
        }
    }
    match enrichment.mailboxes.iter().find(|listed| is_too_deep(listed, &nested)) {
        None => Ok(()),
        Some(listed) => Err(Error::enrichment(format!(
            "{}: [mailboxes] {listed:?} is a group whose members are groups, and so on, more than {DEEPEST} levels \
             deep; list groups of a lower level",
            enrichment.file.display()
        ))),
    }
}

/// Whether groups are reached from an address at a level that is too deep, and not before.
fn is_too_deep(listed: &str, nested: &HashMap<&str, Vec<&str>>) -> bool {
    let mut seen = HashSet::from([listed]);
    let mut level = vec![listed];
    for _ in 0..DEEPEST {
        let members = level.iter().filter_map(|group| nested.get(group)).flatten();
        level = members.copied().filter(|member| seen.insert(member)).collect();
        if level.is_empty() {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(names: &[String]) -> HashMap<&str, Vec<&str>> {
        names.windows(2).map(|pair| (pair[0].as_str(), vec![pair[1].as_str()])).collect()
    }

    #[test]
    fn long_chains_and_circles_are_too_deep() {
        let names: Vec<String> = (0..300_000).map(|i| format!("g{i}@x.com")).collect();
        let last = names.len() - 1;
        let mut nested = chain(&names);
        assert!(is_too_deep("g0@x.com", &nested));
        assert!(!is_too_deep(&names[last - DEEPEST + 1], &nested));
        assert!(is_too_deep(&names[last - DEEPEST], &nested));
        assert!(!is_too_deep("nobody@x.com", &nested));
        nested.insert(&names[last], vec!["g0@x.com"]);
        assert!(is_too_deep(&names[last], &nested), "a circle");
        nested.insert("a", vec!["b", "a"]);
        nested.insert("b", vec!["a"]);
        assert!(!is_too_deep("a", &nested), "a small circle");
    }
}
