//! `meeting_engagements(book, copies, zone)`: copies merged, credited to accounts, dealt out to their
//! buckets. The same as `engagements` over the rows of `engaged_meetings`, without the rows.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Documentation, ScalarUDF};

use super::dealt;
use super::engaged_meetings::Meetings;
use super::group_logs::log_type;
use crate::functions::address_book::expect_book;
use crate::functions::define::{SECTION, Scalar, expect_arguments};
use crate::functions::text::text_type;

pub(super) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "meeting_engagements",
        arguments: |types| {
            expect_arguments("meeting_engagements", types, 3)?;
            text_type("meeting_engagements", &types[2])?;
            Ok(vec![expect_book("meeting_engagements", &types[0])?, log_type(), DataType::Utf8])
        },
        returns: |_| Ok(dealt::dealt_type()),
        invoke: dealt::invoke::<Meetings>,
        documentation: Documentation::builder(
            SECTION,
            "Merges the copies in a log to meetings, credits them to accounts as engaged_meetings() does, and deals them out to the \
             buckets of accounts. Gives a list of structs (bucket, first_rows, engagements), one per bucket with an engaged meeting, \
             in their order: engagements is a log as engagements() gives it, first_rows how many meetings have their first account \
             in it. A meeting outside the years 1 to 9999 is left out.",
            "meeting_engagements(address_book, copies, zone)",
        )
        .with_argument("address_book", "The book that the parties in the log are from, the same for all rows.")
        .with_argument("copies", "A log from meeting_copies(); NULL has no copies.")
        .with_argument("zone", "The IANA zone whose days count, one for all rows, such as 'Europe/London'.")
        .with_sql_example(
            "> select meeting_engagements((select address_book(a, n, p) from (values ('anna@contoso.com', null, 'e1'), ('carl@acme.com', 0, 'c1')) t(a, n, p)), \
             meeting_copies(id_hash('m1'), timestamp '2026-06-01T09:00:00Z', timestamp '2026-06-01T09:30:00Z', \
             false, [0], [1073741825], []), 'UTC')[1]['first_rows'];\n1",
        )
        .with_related_udf("engaged_meetings")
        .build(),
    }
    .into_udf()
}
