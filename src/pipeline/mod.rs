//! Runs an enrichment, or checks it without running it.

mod check;
mod mailboxes;
mod materialize;
mod progress;
mod report;
mod run;
mod skipped;
mod suppressed;
mod unmatched;
mod unreadable;

pub use self::check::{CheckReport, InputReport, check, check_on};
pub use self::progress::{Progress, Silent};
pub use self::report::{Disposition, Overview, Report};
pub use self::run::{run, run_on};
pub use crate::engine::metrics::Stage;
