//! Maps the input files to canonical input tables, one per section of the enrichment file.
//!
//! Every input becomes one table `input_<section>` with the canonical columns, one type per column,
//! whatever the format of its files. The SQL of the enrichment reads only these tables.

mod attributes;
mod binary_text;
mod canonical;
mod catch_panic;
mod columns;
mod count;
mod csv;
mod damaged_files;
mod deleted_rows;
mod delta;
#[cfg(not(feature = "delta"))]
mod delta_disabled;
mod delta_input;
#[cfg(feature = "delta")]
mod delta_table;
mod dictionaries;
mod encrypted;
mod file_kind;
mod files;
mod footer_check;
mod graph;
mod gzip;
mod hive;
mod iceberg_files;
mod json;
mod kind;
mod known_names;
mod lenient;
mod listed_files;
mod local_files;
mod logical_types;
mod mark_columns;
mod named_columns;
mod one_file;
mod parquet;
pub(crate) mod path_table;
mod register;
mod required;
mod row_counts;
mod snapshot;
mod snapshots;
mod source;
mod survey;
mod text;
mod text_table;
mod text_value;
mod unreadable;

pub(crate) use self::attributes::attributes;
pub(crate) use self::columns::{has_copies, sections};
pub(crate) use self::csv::typed::scans as csv_scans;
pub use self::damaged_files::reading;
pub(crate) use self::deleted_rows::DeletedRows;
pub(crate) use self::json::scans as json_scans;
pub use self::register::register;
pub(crate) use self::row_counts::check_rows;
pub use self::source::{Counted, InputSource};
pub(crate) use self::source::{Unreadable, UnreadableKind, series_masters};
#[cfg(test)]
pub(crate) use self::survey::Recognized;
pub(crate) use self::survey::{Found, Survey, survey};
pub(crate) use self::text::is_plain_object;
