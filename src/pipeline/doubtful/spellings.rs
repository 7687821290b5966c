//! Identifiers of one column that would be the same if case, white space and brackets around them were ignored.

use datafusion::prelude::SessionContext;

use super::columns::in_quotes;
use super::words::Place;
use crate::error::Result;
use crate::error::numbers::{count, grouped};
use crate::pipeline::sql_numbers::{SAMPLE, numbers};
use crate::pipeline::unused_columns::Copies;

/// The numbers of different identifiers, as they are and without these differences, as SQL. In the 15 characters of
/// Salesforce, case is part of the identifier.
pub(crate) fn counts(id: &str) -> [String; 2] {
    let alike = format!(
        "case when regexp_like({id}, '^[0-9A-Za-z]{{15}}$') then {id} else lower(btrim({id}, ' \t\r\n{{}}()<>[]')) end"
    );
    let different = |value: &str| format!("count(distinct case when not is_blank({id}) then {value} end)");
    [different(id), different(&alike)]
}

/// The notes about the first rows of mail or meetings.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn of_copies(ctx: &SessionContext, place: &Place, copies: &Copies) -> Result<Vec<String>> {
    // A thread is that of an export or of a program that writes it always alike.
    let Some(id) = copies.ids.first() else { return Ok(vec![]) };
    let (column, staged) = (in_quotes(id.canonical), copies.staged);
    let sql = format!(
        "select {} from (select {column} from {staged} limit {SAMPLE}) as looked_at",
        counts(&column).join(", ")
    );
    let counted = numbers(ctx, &sql).await?;
    let note = counted.first_chunk().and_then(|counted| in_words(place, id.name, *counted));
    Ok(note.into_iter().collect())
}

/// The note about a column with this number of different identifiers, and this one without differences of spelling.
pub(crate) fn in_words(place: &Place, column: &str, [ids, alike]: [i64; 2]) -> Option<String> {
    let more = ids - alike;
    let many = format!("{} of the {}", grouped(more), count(ids, "identifier"));
    (more > 0).then(|| {
        format!(
            "[{}] {many} in {column}{} would be the same as others if case, and white space and brackets around them, were \
             ignored; identifiers are compared as bytes, so write them alike",
            place.section,
            place.in_sample()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_in_words() {
        let mut place = Place { section: "mail", noun: "used row", sample: None };
        assert_eq!(in_words(&place, "message_id", [4, 4]), None);
        assert_eq!(
            in_words(&place, "message_id", [1400, 1398]).unwrap(),
            "[mail] 2 of the 1,400 identifiers in message_id would be the same as others if case, and white space and brackets \
             around them, were ignored; identifiers are compared as bytes, so write them alike"
        );
        place.sample = Some("its first rows".to_owned());
        assert!(in_words(&place, "message_id", [1400, 1398]).unwrap().starts_with(
            "[mail] 2 of the 1,400 identifiers in message_id, in its first rows, would be the same"
        ));
    }
}
