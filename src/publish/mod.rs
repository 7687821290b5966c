//! Publishing: which tables are published, how they are written, how they replace those of the
//! previous run, and how they are read.

pub(crate) mod atomic_link;
pub(crate) mod beside;
mod changes;
pub(crate) mod current;
mod dated_files;
mod dates;
pub(crate) mod delta;
mod destination;
mod earlier;
mod folder;
mod history;
pub(crate) mod history_reader;
pub(crate) mod home;
pub(crate) mod location;
pub(crate) mod manifest;
pub(crate) mod object_store;
pub(crate) mod opened;
pub(crate) mod overview;
pub(crate) mod owner;
mod reader;
pub(crate) mod record;
mod remembered;
mod retained_record;
mod run_metadata;
mod state;
mod store_history;
mod tables;
pub(crate) mod upload;
mod weaker;
mod writer;
mod written;

#[cfg(feature = "delta")]
pub(crate) use self::atomic_link::lock_home;

pub use self::dates::{Dropped, RetainedDate, drop_date, keep_newest, retained_dates};
pub(crate) use self::destination::Destination;
pub(crate) use self::earlier::{Earlier, earlier};
pub(crate) use self::location::{Draft, OutputLocation, Placed, parts_of_history};
pub(crate) use self::opened::Opened;
pub use self::overview::Overview;
pub(crate) use self::owner::Claim;
pub use self::reader::{register, register_as_of};
pub(crate) use self::reader::{register_empty, register_with_notes};
pub use self::record::{Before, Judgement, Outcome, Record};
pub use self::remembered::Remembered;
pub use self::run_metadata::Description;
pub(crate) use self::state::{recorded, records, sizes};
#[cfg(feature = "delta")]
pub(crate) use self::tables::every_table;
pub(crate) use self::tables::tables_of;
pub use self::tables::{SCORE_EXPLAINED, TABLES, Table};
pub(crate) use self::writer::write;
pub(crate) use self::written::{Written, register_written};

#[cfg(feature = "delta")]
pub(crate) use self::folder::RUN;
pub(crate) use self::home::HIDDEN;
#[cfg(feature = "delta")]
pub(crate) use self::home::HomeFolder;
#[cfg(feature = "delta")]
pub(crate) use self::location::{AS_OF, output_location};
