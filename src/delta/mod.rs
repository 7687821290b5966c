//! Delta tables: as inputs, and as what a run publishes.
//!
//! ```text
//! out/Office/_delta_log/00000000000000000000.json
//! out/Office/AsOfDate=2026-10-31/Office-0123456789abcdef.parquet
//! out/Office_UserTable/Office_UserTable-0123456789abcdef.parquet
//! out/.engagement/Office/delta.json                   the manifest: which version of each is published
//! ```
//!
//! A run writes one file for each table and makes one commit to each, which removes the files of its
//! as-of date and adds its own. Delta commits one table at a time, so the manifest follows, which names
//! the version of each: readers of this crate see the tables of one run. The table about individuals
//! knows no dates; it is replaced as a whole.
//!
//! Two runs at the same time do not mix: a run fails, before it commits anything, if anybody has
//! committed since it began. The one that comes first to the first table makes the others fail there.
//!
//! Stores are those of the enrichment file, on this machine the file system: `folder` is the one way
//! from either to a Delta log. Without the feature `delta` there is `without` in the place of all of it.

#[cfg(feature = "delta")]
mod cause;
#[cfg(feature = "delta")]
mod commit;
#[cfg(feature = "delta")]
mod contract;
#[cfg(feature = "delta")]
mod folder;
#[cfg(feature = "delta")]
mod input;
#[cfg(feature = "delta")]
mod manifest;
#[cfg(feature = "delta")]
mod publication;
#[cfg(feature = "delta")]
mod published;
#[cfg(feature = "delta")]
mod statistics;
#[cfg(feature = "delta")]
mod tidy;
#[cfg(not(feature = "delta"))]
mod without;

use std::path::PathBuf;
use std::sync::Arc;

use datafusion::catalog::TableProvider;

#[cfg(not(feature = "delta"))]
pub(crate) use self::without::{Publication, open, published};
#[cfg(feature = "delta")]
pub(crate) use self::{input::open, publication::Publication, published::published};
use crate::store::Object;

/// A Delta table that is an input, at the version it has now.
#[cfg_attr(not(feature = "delta"), allow(dead_code, reason = "nobody opens one"))]
pub(crate) struct Input {
    pub(crate) provider: Arc<dyn TableProvider>,
    /// What it is called in errors.
    pub(crate) name: String,
    /// Its data files.
    pub(crate) files: Vec<Data>,
    /// How many rows it has.
    pub(crate) rows: u64,
}

/// A data file of a Delta table.
#[cfg_attr(not(feature = "delta"), allow(dead_code, reason = "nobody opens one"))]
pub(crate) enum Data {
    /// On this machine.
    Local(PathBuf),
    /// In an object store.
    Object(Object),
}
