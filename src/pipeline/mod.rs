//! Runs an enrichment, checks it without running it, reports what is published, and proposes an enrichment file.

mod check;
mod companies;
mod deleted;
mod domains;
mod doubtful;
pub(crate) mod expectations;
mod holders;
mod mailboxes;
mod materialize;
mod null_columns;
mod preflight;
pub(crate) mod progress;
mod proposal;
mod report;
mod run;
mod sampled_rows;
mod segments;
mod skipped;
mod sql_numbers;
mod status;
mod suppressed;
mod unmatched;
mod unreadable;
mod unused;
mod unused_columns;
mod values;

pub use self::check::{CheckReport, InputReport, check, check_on};
pub use self::companies::companies;
pub use self::progress::{Progress, Silent};
pub use self::proposal::{Proposal, propose};
pub use self::report::{Disposition, Report};
pub use self::run::{run, run_on};
pub use self::status::{Status, status, status_on};
pub use crate::engine::metrics::Stage;
pub use crate::publish::Overview;
