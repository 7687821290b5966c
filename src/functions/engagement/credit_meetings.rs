//! `credit_meetings(address_book, copies, zone)`: merges copies into meetings, credits these to accounts, and
//! hash-partitions the result by account. This gives what `engagements`, grouped by bucket, gives over the
//! rows of `list_engaged_meetings`, but these rows are not built.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Documentation, ScalarUDF};

use super::buffer::buffer_type;
use super::by_account_bucket;
use super::list_engaged_meetings::Meetings;
use crate::functions::address::book::expect_book;
use crate::functions::udf::declare::{STEPS, Scalar, expect_arguments};
use crate::functions::udf::strings::text_type;

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "credit_meetings",
        arguments: |types| {
            expect_arguments("credit_meetings", types, 3)?;
            text_type("credit_meetings", &types[2])?;
            Ok(vec![expect_book("credit_meetings", &types[0])?, buffer_type(), DataType::Utf8])
        },
        returns: |_| Ok(by_account_bucket::partitioned_type()),
        invoke: by_account_bucket::invoke::<Meetings>,
        documentation: Documentation::builder(
            STEPS,
            "Merges the copies in a buffer into meetings, credits these to accounts as \
             list_engaged_meetings() does, and hash-partitions the result by account. Returns a list of \
             structs (bucket, first_rows, engagements), one per bucket of accounts with an engaged meeting, \
             ordered by bucket. engagements is a buffer as from engagements(). first_rows is the number of \
             meetings whose first account is in this bucket, so that the sum over all buckets counts each \
             meeting once. A meeting outside the years 1 to 9999 is ignored.",
            "credit_meetings(address_book, copies, zone)",
        )
        .with_argument(
            "address_book",
            "The address book that the person numbers in the buffer come from; the same for all rows.",
        )
        .with_argument("copies", "A buffer from meeting_copies(); NULL has no copies.")
        .with_argument(
            "zone",
            "The IANA time zone in which days are counted, such as 'Europe/London'; the same for all rows.",
        )
        .with_sql_example(
            "> select credit_meetings((select address_book(a, n, p) from (values ('anna@contoso.com', null, 'e1'), ('carl@acme.com', 0, 'c1')) t(a, n, p)), \
             meeting_copies(id_hash('m1'), timestamp '2026-06-01T09:00:00Z', timestamp '2026-06-01T09:30:00Z', \
             false, [0], [1073741825], []), 'UTC')[1]['first_rows'];\n1",
        )
        .with_related_udf("list_engaged_meetings")
        .build(),
    }
    .into_udf()
}
