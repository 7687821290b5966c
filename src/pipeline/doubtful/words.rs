//! What was found, in words.

use super::columns::{Column, Holds, ODD_IDS};
use crate::error::numbers::{count, grouped};
use crate::functions::address::oddities::ODDITIES;
use crate::pipeline::sql_numbers::SAMPLE;

/// What is odd in an address, in words, in the order of [`ODDITIES`].
const ODD: [&str; ODDITIES.len()] = [
    "an invisible character",
    "an accent that is a character of its own",
    "a dot at an end",
    "the rest of a link",
    "a bracket, quote or other sign at an end",
    "a prefix such as sip:",
    "a domain that is not ASCII, which mail may write as xn--",
    "several addresses in angle brackets, of which the last counts",
    "an asterisk, or a percent sign before the @",
    "a character or two dots that no domain has",
    "a character that could not be decoded",
];

/// Where values are looked at.
pub(crate) struct Place {
    pub(crate) section: &'static str,
    /// What is counted: `row` or `used row`.
    pub(crate) noun: &'static str,
    /// The rows that are looked at, in words, if these are not all.
    pub(crate) sample: Option<String>,
}

impl Place {
    /// The used ones of so many rows of a section, which are all rows if they are fewer than [`SAMPLE`].
    pub(crate) fn of_used_rows(section: &'static str, looked_at: i64) -> Self {
        let is_all = looked_at < SAMPLE as i64;
        let sample = (!is_all).then(|| format!("{} of its rows", grouped(looked_at)));
        Self { section, noun: "used row", sample }
    }

    /// The rows that are looked at, between commas; blank if these are all.
    pub(crate) fn in_sample(&self) -> String {
        self.sample.as_ref().map(|sample| format!(", in {sample},")).unwrap_or_default()
    }
}

/// What was found in a column.
pub(crate) struct Found {
    column: Column,
    /// The number of rows, for each condition of the column.
    rows: Vec<i64>,
    /// The first file with such a row.
    file: Option<String>,
}

impl Found {
    pub(crate) fn nothing(column: Column) -> Self {
        let rows = vec![0; column.conditions("").len()];
        Self { column, rows, file: None }
    }

    /// Takes the numbers of this column, which are the first ones, and returns the others.
    pub(crate) fn add<'n>(&mut self, numbers: &'n [i64], file: Option<&str>) -> &'n [i64] {
        let (own, rest) = numbers.split_at_checked(self.rows.len()).unwrap_or_default();
        self.rows.iter_mut().zip(own).for_each(|(rows, more)| *rows += more);
        if own.iter().any(|rows| *rows > 0) {
            self.file = self.file.take().or_else(|| file.map(str::to_owned));
        }
        rest
    }

    fn is_any(&self) -> bool {
        self.rows.iter().any(|rows| *rows > 0)
    }

    fn first_in(&self) -> String {
        self.file.as_ref().map(|file| format!(", first in {file}")).unwrap_or_default()
    }
}

/// The notes about what was found: those about each column of identifiers, and one for all columns of addresses.
pub(crate) fn in_words(place: &Place, found: &[Found]) -> Vec<String> {
    let found: Vec<_> = found.iter().filter(|one| one.is_any()).collect();
    let mut notes: Vec<_> = found.iter().flat_map(|one| ids_in_words(place, one)).collect();
    let addresses: Vec<_> = found.iter().filter(|one| one.column.holds == Holds::Addresses).collect();
    if !addresses.is_empty() {
        let columns = addresses.iter().map(|one| addresses_in_words(place, one)).collect::<Vec<_>>();
        notes.push(format!(
            "[{}] addresses{} that are probably not meant so: {}; they count as they are written",
            place.section,
            place.in_sample(),
            columns.join("; ")
        ));
    }
    notes
}

/// The notes about a column of identifiers, one for each of [`ODD_IDS`].
fn ids_in_words(place: &Place, found: &Found) -> Vec<String> {
    let Holds::Id(same) = found.column.holds else { return vec![] };
    let what: [(&str, String); ODD_IDS.len()] = [
        (
            "a placeholder such as NULL",
            format!("if it means that the value is missing, leave it empty; now {same}"),
        ),
        (
            "a number without its last digits, such as 1.23457E+11,",
            "different identifiers become the same; write the column as text, with all digits".to_owned(),
        ),
        (
            "a character that could not be decoded (U+FFFD)",
            "identifiers are compared as bytes; write the file in the encoding in which it is read"
                .to_owned(),
        ),
    ];
    let notes = found.rows.iter().zip(what).filter(|(rows, _)| **rows > 0);
    let notes = notes.map(|(rows, (odd, then))| {
        let have = match *rows {
            1 => format!("1 {} has", place.noun),
            rows => format!("{} have", count(rows, place.noun)),
        };
        format!(
            "[{}] {have} {odd} in {}{}{}: {then}",
            place.section,
            found.column.name,
            place.in_sample().trim_end_matches(','),
            found.first_in()
        )
    });
    notes.collect()
}

/// `to (2 rows with a dot at the end, first in a.parquet)`
fn addresses_in_words(place: &Place, found: &Found) -> String {
    let odd = found.rows.iter().zip(ODD).filter(|(rows, _)| **rows > 0);
    let odd = odd.map(|(rows, odd)| format!("{} with {odd}", count(*rows, place.noun)));
    format!("{} ({}{})", found.column.name, odd.collect::<Vec<_>>().join(", "), found.first_in())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, holds: Holds) -> Column {
        Column { name: name.into(), value: name.into(), holds }
    }

    #[test]
    fn what_was_found_in_words() {
        let (id, to) = (column("message_id", Holds::Id("they are one")), column("to", Holds::Addresses));
        let mut found = [Found::nothing(id), Found::nothing(to)];
        let mut place = Place { section: "mail", noun: "used row", sample: None };
        assert!(in_words(&place, &found).is_empty());
        for (file, numbers) in
            [("a", [0; 14]), ("b", [2, 0, 0, 1, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0]), ("c", [1; 14])]
        {
            let mut rest = &numbers[..];
            for one in &mut found {
                rest = one.add(rest, Some(file));
            }
            assert!(rest.is_empty());
        }
        found[1].rows[4..].fill(0);
        let notes = in_words(&place, &found);
        assert_eq!(
            notes[0],
            "[mail] 3 used rows have a placeholder such as NULL in message_id, first in b: if it means that the value is \
             missing, leave it empty; now they are one"
        );
        assert_eq!(
            notes[1],
            "[mail] 1 used row has a number without its last digits, such as 1.23457E+11, in message_id, first in b: \
             different identifiers become the same; write the column as text, with all digits"
        );
        assert!(notes[2].starts_with(
            "[mail] 1 used row has a character that could not be decoded (U+FFFD) in message_id"
        ));
        assert!(
            notes[3].starts_with(
                "[mail] addresses that are probably not meant so: to (2 used rows with an invisible character, \
                 1 used row with an accent that is a character of its own, 4 used rows with a dot at an end, 1 used row with \
                 the rest of a link, first in b); they count"
            ),
            "{}",
            notes[3]
        );
        place.sample = Some("9 of its rows".to_owned());
        let notes = in_words(&place, &found);
        assert!(notes[0].starts_with(
            "[mail] 3 used rows have a placeholder such as NULL in message_id, in 9 of its rows, first in b: if"
        ));
    }
}
