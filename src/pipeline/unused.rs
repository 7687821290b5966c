//! The notes about used rows with a value that is not used: an item of a list, a mailbox or a part of an email cell
//! that is not an address, and a word of an export that is not known. Such a value counts for nobody, or says
//! nothing; the row counts.
//!
//! A run counts these rows while it reads mail and meetings. If there are any, it looks at the first rows again for
//! their columns and files.
//!
//! Notes contain numbers, and no values.

use datafusion::prelude::SessionContext;

use super::first_rows;
use super::unused_columns::{Column, Copies, Unused};
use crate::config::Enrichment;
use crate::error::Result;
use crate::error::numbers::count;
use crate::inputs::InputSource;

/// What was found in a column.
struct Found {
    column: Column,
    rows: i64,
    values: i64,
    /// The first file with a used row that has such a value.
    file: Option<String>,
}

/// The note about a source of mail or meetings; `None` for another source, and if there is nothing to say. `rows` is
/// the number of used rows with a value that is not used, if all rows were counted. With `min_people` above 1 the note
/// has no numbers, because they are about used rows.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn note(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    source: &InputSource,
    rows: Option<i64>,
) -> Result<Option<String>> {
    let Some(copies) = Copies::of(source).filter(|_| rows != Some(0)) else { return Ok(None) };
    let nothing = |column: &Column| Found { column: *column, rows: 0, values: 0, file: None };
    let (mut with, mut found) = (0, copies.columns.iter().map(nothing).collect::<Vec<_>>());
    let add = |file: Option<&str>, numbers: &[i64]| {
        let [rows, each @ ..] = numbers else { return };
        with += rows;
        let (each, _) = each.as_chunks::<2>();
        for (one, [rows, values]) in found.iter_mut().zip(each).filter(|(_, [rows, _])| *rows > 0) {
            one.rows += rows;
            one.values += values;
            one.file = one.file.take().or_else(|| file.map(str::to_owned));
        }
    };
    let query = |rows: usize| copies.query(rows);
    let looked = first_rows::look(ctx, enrichment, source, copies.staged, query, add).await?;
    found.retain(|one| one.rows > 0);
    let sample = looked.filter(|looked| rows.map_or(!looked.is_everything(), |rows| rows > with));
    let sample = sample.map(|looked| looked.in_words());
    let rows = rows.unwrap_or(with);
    Ok((rows > 0).then(|| match enrichment.min_people {
        1 => in_words(source.section, rows, sample.as_deref(), &found),
        _ => without_numbers(source.section, &found),
    }))
}

fn in_words(section: &str, rows: i64, sample: Option<&str>, found: &[Found]) -> String {
    // A file that is the first one of all columns is named once.
    let same = found.iter().all(|one| one.file == found[0].file);
    let first = |one: &Found| one.file.as_ref().map(|file| format!(", first in {file}")).unwrap_or_default();
    let place = |one: &Found| {
        let rows = count(one.rows, "row");
        let many = match one.column.unused {
            Unused::Addresses("mailbox") | Unused::Words => rows,
            Unused::Addresses(_) => format!("{} in {rows}", count(one.values, "item")),
        };
        format!("{} ({many}{})", one.column.name, if same { String::new() } else { first(one) })
    };
    let places = found.iter().map(place).collect::<Vec<_>>().join(", ");
    let places = places + &found.first().filter(|_| same).map(first).unwrap_or_default();
    let places = match (sample, found.is_empty()) {
        (None, true) => String::new(),
        (None, false) => format!(": {places}"),
        (Some(sample), true) => format!(": none of them is in {sample}"),
        (Some(sample), false) => format!(": in {sample}: {places}"),
    };
    let rows = count(rows, "used row");
    format!("[{section}] {rows} with a value that is not used{places}; {}", why(found))
}

fn without_numbers(section: &str, found: &[Found]) -> String {
    let place = |one: &Found| match &one.file {
        Some(file) => format!("{} (first in {file})", one.column.name),
        None => one.column.name.to_owned(),
    };
    let places = match found {
        [] => "how many and where is suppressed".to_owned(),
        _ => found.iter().map(place).collect::<Vec<_>>().join(", "),
    };
    format!("[{section}] there are used rows with a value that is not used: {places}; {}", why(found))
}

/// Why values are not used.
fn why(found: &[Found]) -> String {
    let has = |words: bool| found.iter().any(|one| matches!(one.column.unused, Unused::Words) == words);
    let mut why = vec![];
    if has(false) || found.is_empty() {
        why.push("what is not an address counts for nobody");
    }
    if has(true) {
        why.push("a word that is not known says nothing");
    }
    why.join(", ")
}

/// The note about used contacts with a part of an email cell that is not an address; `None` if there are none.
pub(crate) fn of_contacts(enrichment: &Enrichment, rows: i64) -> Option<String> {
    let contacts = enrichment.contacts.as_ref().filter(|_| rows > 0)?;
    let (rows, columns) = (count(rows, "used row"), contacts.email.join(" or "));
    Some(format!("[contacts] {rows} with a part of {columns} that is not an address, and is passed over"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_in_words() {
        let one = |column, rows, values, file: &str| {
            let file = (!file.is_empty()).then(|| file.to_owned());
            Found { column, rows, values, file }
        };
        let found = [
            one(Column::of("mailbox"), 1, 1, "a"),
            one(Column::of("to"), 2, 3, "b"),
            one(Column::words("type"), 1, 1, ""),
        ];
        assert_eq!(
            in_words("mail", 3, None, &found[..2]),
            "[mail] 3 used rows with a value that is not used: mailbox (1 row, first in a), to (3 items in 2 rows, first in \
             b); what is not an address counts for nobody"
        );
        let same = [one(Column::of("to"), 2, 3, "b"), one(Column::of("cc"), 1, 1, "b")];
        assert_eq!(
            in_words("mail", 2, None, &same),
            "[mail] 2 used rows with a value that is not used: to (3 items in 2 rows), cc (1 item in 1 row), first in b; what \
             is not an address counts for nobody"
        );
        assert_eq!(
            in_words("meetings", 1, None, &found[2..]),
            "[meetings] 1 used row with a value that is not used: type (1 row); a word that is not known says nothing"
        );
        assert_eq!(
            in_words("mail", 9, Some("its first 100,000 rows"), &found[1..]),
            "[mail] 9 used rows with a value that is not used: in its first 100,000 rows: to (3 items in 2 rows, first in b), \
             type (1 row); what is not an address counts for nobody, a word that is not known says nothing"
        );
        assert_eq!(
            without_numbers("mail", &found[1..]),
            "[mail] there are used rows with a value that is not used: to (first in b), type; what is not an address counts \
             for nobody, a word that is not known says nothing"
        );
        assert_eq!(
            in_words("mail", 9, Some("its first 100,000 rows"), &[]),
            "[mail] 9 used rows with a value that is not used: none of them is in its first 100,000 rows; what is not an \
             address counts for nobody"
        );
        assert_eq!(
            in_words("mail", 9, None, &[]),
            "[mail] 9 used rows with a value that is not used; what is not an address counts for nobody",
            "nothing was looked at"
        );
    }
}
