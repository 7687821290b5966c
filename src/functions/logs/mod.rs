//! From copies of messages and meetings to days and periods of accounts, a bucket at a time.
//!
//! Merging copies by message, and messages by account, means bringing together rows from all over
//! the input. A hash table with millions of small groups does that at the price of several cache
//! misses and allocations per row. Here rows are dealt out once to 256 buckets ([`bucket`]), each
//! bucket a log of compact entries, and a log is then sorted and merged as a whole, while it is in
//! the cache:
//!
//! | step | function | from → to |
//! |---|---|---|
//! | aggregate | `message_copies`, `meeting_copies` | copies → a log per bucket of messages |
//! | scalar | `message_engagements`, `meeting_engagements` | a log → a log per bucket of accounts |
//! | aggregate | `merge_logs` | those → a log per bucket of accounts |
//! | scalar | `account_days` | a log → a row per account and day |
//! | scalar | `account_periods` | those → a row per account and period |
//!
//! To be looked at row by row there are `engaged_messages` and `engaged_meetings` (a log → a row per
//! account and message) and `engagements` (such rows → a log per bucket of accounts): the long way
//! from copies to engagements, which the short one is held against in tests.
//!
//! The aggregates only gather, so that their states can be kept, merged in any order and read on
//! other machines; what is computed from a log is a pure function of it and, where it credits accounts,
//! of the address book that its parties are from. Results are exact and do not depend on the order of
//! rows. A log is a list of binary chunks, each of which begins with the
//! version of its entries ([`entry::Entry::VERSION`]).

mod account_days;
mod account_periods;
mod bucket;
mod bytes;
mod columns;
mod copies_people;
mod dealt;
mod engaged_meetings;
mod engaged_messages;
mod engagements;
mod entry;
mod group_logs;
mod meeting_copies;
mod meeting_engagements;
mod merge_logs;
mod message_copies;
mod message_engagements;
mod sides;

use std::sync::Arc;

use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

pub(crate) use group_logs::{log_type, pieces};

pub(super) fn udafs() -> [Arc<AggregateUDF>; 4] {
    [message_copies::udaf(), meeting_copies::udaf(), engagements::udaf(), merge_logs::udaf()]
}

pub(super) fn udfs() -> [Arc<ScalarUDF>; 8] {
    [
        bucket::udf(),
        copies_people::udf(),
        engaged_messages::udf(),
        engaged_meetings::udf(),
        message_engagements::udf(),
        meeting_engagements::udf(),
        account_days::udf(),
        account_periods::udf(),
    ]
}
