//! Maps the input files to canonical input tables, one per section of the enrichment file.
//!
//! Every input becomes one table `input_<section>` with the canonical columns, one type per column,
//! whatever the format of its files. The SQL of the enrichment reads only these tables.

mod canonical;
mod catch_panic;
mod columns;
mod count;
mod damaged_files;
mod delta;
#[cfg(not(feature = "delta"))]
mod delta_disabled;
mod delta_input;
#[cfg(feature = "delta")]
mod delta_table;
mod dictionaries;
mod files;
mod graph;
mod parquet;
mod register;
mod snapshot;
mod source;

pub use self::damaged_files::reading;
pub use self::register::register;
pub use self::source::InputSource;
pub(crate) use self::source::series_masters;
