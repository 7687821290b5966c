//! Identifiers of one column that have the same spelling (see `id_spelling`) and are different ones.
//!
//! Identifiers are nearly always written alike. Then a look at each is enough, and different ones are not counted, which
//! takes time and memory in proportion to them.

use datafusion::prelude::SessionContext;

use super::words::Place;
use crate::error::Result;
use crate::error::numbers::{count, grouped};
use crate::pipeline::sql_numbers::numbers;

/// The numbers of identifiers, and of those that are written as their spelling, in lower and in upper case, as SQL.
pub(crate) fn forms(id: &str) -> [String; 3] {
    let spelling = alike(id);
    let alike = [String::new(), format!(" and {id} = {spelling}"), format!(" and {id} = upper({spelling})")];
    alike.map(|condition| format!("count(*) filter (where not is_blank({id}){condition})"))
}

/// Whether identifiers can have different spellings, given their [`forms`].
pub(crate) fn can_differ([ids, lower, upper]: [i64; 3]) -> bool {
    lower.max(upper) < ids
}

/// The spelling of an identifier, as SQL.
pub(crate) fn alike(id: &str) -> String {
    format!("id_spelling({id})")
}

/// The numbers of different identifiers, as they are and without these differences, as SQL.
fn counts(id: &str) -> [String; 2] {
    let different = |value: &str| format!("count(distinct case when not is_blank({id}) then {value} end)");
    [different(id), different(&alike(id))]
}

/// The note about a column whose identifiers can have different spellings. `value` is that of a row, and `rows` follows FROM.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn note(
    ctx: &SessionContext,
    place: &Place,
    column: &str,
    value: &str,
    rows: &str,
) -> Result<Option<String>> {
    let counted = numbers(ctx, &format!("select {} from {rows}", counts(value).join(", "))).await?;
    Ok(counted.first_chunk().and_then(|counted| in_words(place, column, *counted)))
}

/// The note about a column with this number of different identifiers, and this one without differences of spelling.
pub(crate) fn in_words(place: &Place, column: &str, [ids, alike]: [i64; 2]) -> Option<String> {
    let more = ids - alike;
    let many = format!("{} of the {}", grouped(more), count(ids, "identifier"));
    (more > 0).then(|| {
        format!(
            "[{}] {many} in {column}{} would be the same as others if they were written alike: case, white space, brackets, \
             invisible characters, hyphens of GUIDs, leading zeros, a trailing .0 and Salesforce's 15 and 18 characters are not \
             ignored, because identifiers are compared as bytes",
            place.section,
            place.in_sample()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_is_without_anything_around_and_in_one_case() {
        assert!(![[0, 0, 0], [3, 3, 0], [3, 1, 3]].into_iter().any(can_differ));
        assert!([[3, 2, 0], [3, 2, 2]].into_iter().all(can_differ));
    }

    #[test]
    fn spellings_in_words() {
        let mut place = Place { section: "mail", noun: "used row", sample: None };
        assert_eq!(in_words(&place, "message_id", [4, 4]), None);
        assert_eq!(
            in_words(&place, "message_id", [1400, 1398]).unwrap(),
            "[mail] 2 of the 1,400 identifiers in message_id would be the same as others if they were written alike: case, white \
             space, brackets, invisible characters, hyphens of GUIDs, leading zeros, a trailing .0 and Salesforce's 15 and 18 \
             characters are not ignored, because identifiers are compared as bytes"
        );
        place.sample = Some("9 of its rows".to_owned());
        assert!(in_words(&place, "message_id", [1400, 1398]).unwrap().starts_with(
            "[mail] 2 of the 1,400 identifiers in message_id, in 9 of its rows, would be the same"
        ));
    }
}
