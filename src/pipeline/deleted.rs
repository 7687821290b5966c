//! The notes about rows that their source marks as deleted or replaced, and that count like others.
//!
//! Notes contain numbers and the names of columns.

use datafusion::prelude::SessionContext;

use crate::config::{Enrichment, Format, quote};
use crate::error::numbers::{count, grouped};
use crate::inputs::{DeletedRows, InputSource};

/// The notes of a check or a run about one source, by column.
pub(crate) async fn notes(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    source: &InputSource,
) -> Vec<String> {
    let found = source.deleted_rows(ctx, enrichment).await;
    let (files, sampled) = (source.files.len(), source.files_with_marks().len());
    // The files of a Delta table are not read one by one.
    let is_all = source.format == Format::Delta || files == sampled;
    let sample = if is_all { String::new() } else { format!(" in {sampled} of {} files", grouped(files)) };
    found.iter().map(|rows| in_words(source.section, rows, &sample)).collect()
}

fn in_words(section: &str, found: &DeletedRows, sample: &str) -> String {
    let (column, rows) = (quote(&found.column), count(found.rows, "row"));
    let what = match (found.are_versions, found.rows) {
        (false, 1) => {
            format!("is marked as deleted or replaced by the column {column}, and counts like any other")
        }
        (false, _) => {
            format!("are marked as deleted or replaced by the column {column}, and count like any other")
        }
        (true, 1) => format!(
            "has the {column} of another one, as an old version of a row has, and counts like any other"
        ),
        (true, _) => {
            format!("have the {column} of others, as old versions of rows have, and count like any other")
        }
    };
    format!("[{section}] {rows}{sample} {what}; leave such rows out of the input")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_in_words() {
        let rows =
            |column: &str, rows, are_versions| DeletedRows { column: column.into(), rows, are_versions };
        assert_eq!(
            in_words("contacts", &rows("IsDeleted", 1, false), ""),
            "[contacts] 1 row is marked as deleted or replaced by the column \"IsDeleted\", and counts like any other; \
             leave such rows out of the input"
        );
        assert_eq!(
            in_words("mail", &rows("__op", 1200, false), " in 16 of 365 files"),
            "[mail] 1,200 rows in 16 of 365 files are marked as deleted or replaced by the column \"__op\", and count like \
             any other; leave such rows out of the input"
        );
        assert_eq!(
            in_words("accounts", &rows("_hoodie_record_key", 2, true), ""),
            "[accounts] 2 rows have the \"_hoodie_record_key\" of others, as old versions of rows have, and count like any \
             other; leave such rows out of the input"
        );
    }
}
