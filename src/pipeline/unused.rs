//! The notes about used rows with a value that is not used: an item of a list, a mailbox or a part of an email cell
//! that is not an address, and a word of an export that is not known. Such a value counts for nobody, or says
//! nothing; the row counts.
//!
//! A run counts these rows while it reads mail and meetings. A look at some of them gives their columns and files.
//!
//! Notes contain numbers, and no values. A run that suppresses numbers has no such note, because it can be about one row;
//! a check has.

use super::doubtful::Sampled;
use super::unused_columns::{FoundUnused as Found, Unused};
use crate::config::Enrichment;
use crate::error::numbers::count;

/// The note about a source of mail or meetings according to a look at its rows; `None` if there is nothing to say.
/// `rows` is the number of used rows with a value that is not used, if all rows were counted.
pub(crate) fn note(section: &str, sampled: &Sampled, rows: Option<i64>) -> Option<String> {
    let looked = sampled.looked.as_ref();
    let sample =
        looked.filter(|looked| rows.map_or(!looked.is_everything(), |rows| rows > sampled.with_unused));
    let sample = sample.map(|looked| looked.in_words());
    let rows = rows.unwrap_or(sampled.with_unused);
    (rows > 0).then(|| in_words(section, rows, sample.as_deref(), &sampled.unused))
}

fn in_words(section: &str, rows: i64, sample: Option<&str>, found: &[Found]) -> String {
    // A file that is the first one of all columns is named once.
    let same = found.iter().all(|one| one.file == found[0].file);
    let first = |one: &Found| one.file.as_ref().map(|file| format!(", first in {file}")).unwrap_or_default();
    let place = |one: &Found| {
        let rows = count(one.rows, "row");
        let many = match one.column.unused {
            Unused::Addresses("mailbox") | Unused::Words | Unused::Codes => rows,
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

/// Why values are not used.
fn why(found: &[Found]) -> String {
    let has = |is: fn(Unused) -> bool| found.iter().any(|one| is(one.column.unused));
    let mut why = vec![];
    if has(|unused| matches!(unused, Unused::Addresses(_))) || found.is_empty() {
        why.push("what is not an address counts for nobody");
    }
    if has(|unused| matches!(unused, Unused::Words)) {
        why.push("a word that is not known says nothing");
    }
    if has(|unused| matches!(unused, Unused::Codes)) {
        why.push("what cannot be decoded is in no thread");
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
    use super::super::unused_columns::Column;
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
            in_words("mail", 9, Some("100,000 of its rows"), &found[1..]),
            "[mail] 9 used rows with a value that is not used: in 100,000 of its rows: to (3 items in 2 rows, first in b), \
             type (1 row); what is not an address counts for nobody, a word that is not known says nothing"
        );
        assert_eq!(
            in_words("mail", 9, Some("100,000 of its rows"), &[]),
            "[mail] 9 used rows with a value that is not used: none of them is in 100,000 of its rows; what is not an \
             address counts for nobody"
        );
        assert_eq!(
            in_words("mail", 9, None, &[]),
            "[mail] 9 used rows with a value that is not used; what is not an address counts for nobody",
            "nothing was looked at"
        );
    }
}
