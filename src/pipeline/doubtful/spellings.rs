//! Identifiers of one column that would be the same if case, white space and brackets around them were ignored.
//!
//! Identifiers are nearly always written alike. Then a look at each is enough, and different ones are not counted, which
//! takes time and memory in proportion to them.

use datafusion::prelude::SessionContext;

use super::words::Place;
use crate::error::Result;
use crate::error::numbers::{count, grouped};
use crate::pipeline::sql_numbers::numbers;

/// What is ignored around identifiers.
const AROUND: &str = " \t\r\n{}()<>[]";

/// The numbers of identifiers, of those without white space and brackets around them, and of those in lower and in upper
/// case, as SQL.
pub(crate) fn forms(id: &str) -> [String; 4] {
    let alike = [
        String::new(),
        format!(" and {id} = btrim({id}, '{AROUND}')"),
        format!(" and {id} = lower({id})"),
        format!(" and {id} = upper({id})"),
    ];
    alike.map(|condition| format!("count(*) filter (where not is_blank({id}){condition})"))
}

/// Whether identifiers can have different spellings, given their [`forms`].
pub(crate) fn can_differ([ids, without, lower, upper]: [i64; 4]) -> bool {
    without < ids || lower.max(upper) < ids
}

/// An identifier without these differences, as SQL. In the 15 characters of Salesforce, case is part of the identifier.
pub(crate) fn alike(id: &str) -> String {
    format!(
        "case when octet_length({id}) = 15 and regexp_like({id}, '^[0-9A-Za-z]*$') then {id} \
         else lower(btrim({id}, '{AROUND}')) end"
    )
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
    fn alike_is_without_anything_around_and_in_one_case() {
        assert!(![[0, 0, 0, 0], [3, 3, 3, 0], [3, 3, 1, 3]].into_iter().any(can_differ));
        assert!([[3, 2, 3, 0], [3, 3, 2, 2]].into_iter().all(can_differ));
    }

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
