//! From copies of messages and meetings to days and periods of accounts, one bucket at a time.
//!
//! Copies must be merged into messages, and messages must be summed by account. A hash table for this has
//! millions of small groups and costs several cache misses and allocations per row. Here, rows are
//! hash-partitioned once into 256 buckets ([`bucket`]). Each bucket is one buffer of packed records. A buffer
//! is sorted and merged as a whole while it is in the CPU cache:
//!
//! | step | function | from → to |
//! |---|---|---|
//! | aggregate | `message_copies`, `meeting_copies` | copies → a buffer per bucket of messages or meetings |
//! | scalar | `credit_messages`, `credit_meetings` | such a buffer → a small buffer per bucket of accounts |
//! | aggregate | `merge_buffers` | the small buffers → one buffer per bucket of accounts |
//! | scalar | `account_days` | such a buffer → a row per account and day |
//! | scalar | `account_periods` | these rows → a row per account and period |
//!
//! For inspection and for your own SQL, crediting also exists row by row: `list_engaged_messages` and
//! `list_engaged_meetings` (a buffer of copies → a row per account and message or meeting), and `engagements`
//! (these rows → a buffer per bucket of accounts). Tests compare the two ways. `reply_times` is the rule for
//! replies as an aggregate function. `people_in_copies` lists the internal people in a buffer of copies.
//!
//! # Terms
//!
//! - A *record* is one copy, or one engagement: a message or meeting that is credited to one account.
//! - A *buffer* is a list of binary *chunks* of about 32 KB. Each chunk begins with a byte for the kind and
//!   the version of its records ([`record::Record::VERSION`]).
//! - A *person number* identifies a person within one address book
//!   ([`PersonNo`](crate::functions::address::book::PersonNo)).
//! - *Internal* people are the people of the organization that runs the enrichment. The others are people of
//!   accounts.
//!
//! The aggregates only collect records. Therefore their states can be stored, merged in any order, and read
//! on other machines. Everything that is computed from a buffer is a pure function of the buffer and, for the
//! functions that credit accounts, of the address book that its person numbers come from. Results are exact
//! and do not depend on the order of rows.

mod account_days;
mod account_periods;
mod bucket;
mod buffer;
mod by_account_bucket;
mod codec;
mod credit;
mod credit_meetings;
mod credit_messages;
mod engagements;
mod list_engaged_meetings;
mod list_engaged_messages;
mod meeting_copies;
mod merge_buffers;
mod message_copies;
mod people_in_copies;
mod record;
mod reply_times;
mod struct_lists;

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

pub(crate) use self::buffer::{buffer_type, pieces};

/// The aggregate functions of this module.
pub(crate) fn udafs() -> Vec<Arc<AggregateUDF>> {
    vec![
        message_copies::udaf(),
        meeting_copies::udaf(),
        engagements::udaf(),
        merge_buffers::udaf(),
        reply_times::udaf(),
    ]
}

/// The scalar functions of this module.
pub(crate) fn udfs() -> Vec<Arc<ScalarUDF>> {
    vec![
        bucket::udf(),
        people_in_copies::udf(),
        list_engaged_messages::udf(),
        list_engaged_meetings::udf(),
        credit_messages::udf(),
        credit_meetings::udf(),
        account_days::udf(),
        account_periods::udf(),
    ]
}
