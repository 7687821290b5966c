//! The notes about what a run could not read in exports, and in columns whose values it converts from another type.

use datafusion::prelude::SessionContext;

use super::report::Disposition;
use crate::config::{Enrichment, Format, quote};
use crate::error::Result;
use crate::error::numbers::count;
use crate::inputs::{self, InputSource, Unreadable, UnreadableKind};

/// How many values a note names.
const NAMED: usize = 3;

/// The notes about columns, times and zones that cannot be read, with files and numbers. The files of mail and
/// meetings are read again if rows have a disposition that may follow from it; other sections, which have no such
/// dispositions, always are, as far as something in them may be unreadable.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn notes(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    sources: &[InputSource],
    dispositions: &[Disposition],
) -> Result<Vec<String>> {
    let mut notes = vec![];
    for source in sources {
        let may_follow = |d: &Disposition| {
            d.source == source.section && ["missing_time", "unreadable"].contains(&d.disposition.as_str())
        };
        if !source.has_copies() || dispositions.iter().any(may_follow) {
            notes.extend(of_section(source.section, &source.unreadable(ctx, enrichment).await?));
        }
    }
    Ok(notes)
}

/// The notes about values of users, groups, contacts and accounts that are converted, or are those of an export, and cannot
/// be read. Copies of messages and meetings are left to a run.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn in_check(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    sources: &[InputSource],
) -> Result<Vec<String>> {
    let mut notes = vec![];
    let may_have = |source: &&InputSource| source.converts || source.format == Format::GraphDataConnect;
    for source in sources.iter().filter(may_have).filter(|source| !source.has_copies()) {
        notes.extend(of_section(source.section, &source.unreadable(ctx, enrichment).await?));
    }
    Ok(notes)
}

/// The notes about one section.
fn of_section(section: &str, found: &[Unreadable]) -> Vec<String> {
    let is_counted = inputs::has_copies(section);
    let kinds = [
        UnreadableKind::Column,
        UnreadableKind::Converted,
        UnreadableKind::Id,
        UnreadableKind::Time,
        UnreadableKind::Zone,
    ];
    let note = |kind| {
        let mut found: Vec<_> = found.iter().filter(|one| one.kind == kind).collect();
        let rows = found.iter().map(|one| one.rows).sum::<u64>();
        if rows == 0 {
            return None;
        }
        found.sort_by_key(|one| std::cmp::Reverse(one.rows));
        let mut named: Vec<_> = found.iter().take(NAMED).map(|one| place(one)).collect();
        if found.len() > NAMED {
            named.push(format!("and {} more", found.len() - NAMED));
        }
        let (rows, named) = (count(rows, "row"), named.join(", "));
        Some(match kind {
            UnreadableKind::Column if is_counted => format!(
                "[{section}] {rows} with a value that cannot be read (disposition unreadable): {named}. Values are \
                 nested columns or complete JSON text, in the form of Microsoft Graph"
            ),
            UnreadableKind::Column => format!(
                "[{section}] {rows} with a value that cannot be read, and is passed over: {named}. Values are nested \
                 columns or complete JSON text, in the form of Microsoft Graph"
            ),
            UnreadableKind::Converted => format!(
                "[{section}] {rows} with a value that cannot be read (disposition unreadable): {named}. A list that is \
                 written as text is JSON, or addresses with semicolons between them; a boolean is true, false, 1 or 0"
            ),
            UnreadableKind::Id => format!(
                "[{section}] {rows} with a number that is not an identifier, and counts as a missing one: {named}. \
                 Numbers are whole, and so small that the type of the column distinguishes them; write text"
            ),
            UnreadableKind::Time => format!(
                "[{section}] {rows} with a time that cannot be read (disposition missing_time): {named}, where 0 is a \
                 digit and A a letter. Times are written like 2026-03-01T09:30:00Z"
            ),
            UnreadableKind::Zone => format!(
                "[{section}] {rows} with a time zone that is not known (disposition missing_time): {named}. Zones have \
                 IANA names such as Europe/London, or Windows names such as GMT Standard Time"
            ),
        })
    };
    kinds.into_iter().filter_map(note).collect()
}

/// `toRecipients in mail/2026.json (12 rows)`
fn place(one: &Unreadable) -> String {
    let value = match one.kind {
        UnreadableKind::Time | UnreadableKind::Zone => quote(&one.value),
        _ => one.value.clone(),
    };
    format!("{value} in {} ({})", one.file, count(one.rows, "row"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(kind: UnreadableKind, value: &str, file: &str, rows: u64) -> Unreadable {
        Unreadable { kind, value: value.into(), file: file.into(), rows }
    }

    #[test]
    fn the_most_frequent_are_named() {
        let of_column = |value, rows| one(UnreadableKind::Column, value, "a.json", rows);
        let found = [of_column("from", 1), of_column("toRecipients", 9), of_column("sender", 2)];
        let more = [&found[..], &[of_column("isDraft", 1), one(UnreadableKind::Time, "0/0 \n", "b.json", 1)]]
            .concat();
        assert_eq!(
            of_section("mail", &more),
            [
                "[mail] 13 rows with a value that cannot be read (disposition unreadable): toRecipients in a.json (9 rows), \
                 sender in a.json (2 rows), from in a.json (1 row), and 1 more. Values are nested columns or complete JSON \
                 text, in the form of Microsoft Graph",
                "[mail] 1 row with a time that cannot be read (disposition missing_time): \"0/0 \\n\" in b.json (1 row), \
                 where 0 is a digit and A a letter. Times are written like 2026-03-01T09:30:00Z",
            ]
        );
        assert!(of_section("users", &found[..1])[0].starts_with(
            "[users] 1 row with a value that cannot be read, and is passed over: from in a.json (1 row). Values"
        ));
        assert!(of_section("meetings", &[]).is_empty());
        assert!(of_section("contacts", &[one(UnreadableKind::Id, "account_id", "c.parquet", 2)])[0].starts_with(
            "[contacts] 2 rows with a number that is not an identifier, and counts as a missing one: account_id in \
             c.parquet (2 rows). Numbers"
        ));
    }
}
