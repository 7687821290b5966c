//! Delta tables as output: how a run publishes them, and how they are read.
//!
//! ```text
//! out/Office/_delta_log/00000000000000000000.json
//! out/Office/AsOfDate=2026-10-31/Office-0123456789abcdef.parquet
//! out/Office_UserTable/Office_UserTable-0123456789abcdef.parquet
//! out/.engagement/Office/delta.json                   the manifest: the published version of each table
//! ```
//!
//! A run writes one file for each table and commits once to each table. The commit removes the files of
//! the as-of date and adds the new file. Delta commits to one table at a time, so the run then writes the
//! manifest, which names the version of each table: readers of this crate see the tables of one run. The
//! table about individuals has no as-of dates. It is replaced as a whole.
//!
//! Concurrent runs do not mix. A run fails before its first commit if another writer has committed since
//! the run began. If several runs commit at the same time, the first one to commit to the first table
//! makes the others fail there.
//!
//! The tables are in the file system of this machine or in an object store of the enrichment file.
//! `storage::delta_folder` opens the Delta log in both. Without the feature `delta`, the module
//! `disabled` replaces all others.

#[cfg(feature = "delta")]
mod cleanup;
#[cfg(feature = "delta")]
mod commit;
#[cfg(feature = "delta")]
mod contract;
#[cfg(not(feature = "delta"))]
mod disabled;
#[cfg(feature = "delta")]
mod existing;
#[cfg(feature = "delta")]
mod log;
#[cfg(feature = "delta")]
mod manifest;
#[cfg(feature = "delta")]
mod publication;
#[cfg(feature = "delta")]
mod reader;
#[cfg(feature = "delta")]
mod removal;
#[cfg(feature = "delta")]
mod state;
#[cfg(feature = "delta")]
mod statistics;
#[cfg(feature = "delta")]
mod unpublished;
#[cfg(feature = "delta")]
mod weaker;

#[cfg(not(feature = "delta"))]
pub(crate) use self::disabled::{
    Publication, announced_months, check, described, drop_dates, published, record, sizes,
};
#[cfg(feature = "delta")]
pub(crate) use self::existing::{check, described};
#[cfg(feature = "delta")]
pub(crate) use self::publication::Publication;
#[cfg(feature = "delta")]
pub(crate) use self::reader::published;
#[cfg(feature = "delta")]
pub(crate) use self::removal::drop_dates;
#[cfg(feature = "delta")]
pub(crate) use self::state::{record, sizes};
#[cfg(feature = "delta")]
pub(crate) use self::unpublished::announced_months;
