//! Paths of the enrichment file, and access to local files and object stores.
//!
//! A path without a scheme, or with `file://`, is local. `s3://`, `gs://`, `az://` and `abfss://` name
//! an object in a bucket or container. The name is taken literally: nothing is percent-decoded, and `?`
//! and `*` are patterns. `https://` names one file. [`Location::of`] parses every path of either kind,
//! and [`Bucket::open`] connects a session to an object store.

mod address;
mod blocking;
mod bucket;
mod connect;
#[cfg(feature = "delta")]
pub(crate) mod deletion_vector;
#[cfg(feature = "delta")]
pub(crate) mod delta_errors;
#[cfg(feature = "delta")]
pub(crate) mod delta_folder;
#[cfg(feature = "delta")]
mod encoded_listing;
mod error_context;
mod errors;
mod file;
mod list;
mod local_files;
mod location;
mod mistakes;
mod new_folders;
mod options;
mod path_pattern;
mod table_format;

pub(crate) use self::address::{Address, redacted};
pub(crate) use self::blocking::small;
pub(crate) use self::bucket::Bucket;
pub(crate) use self::file::{InputFile, file_url, open_regular};
pub(crate) use self::list::{Files, find, is_beside};
pub(crate) use self::local_files::PooledLocalFileSystem;
pub(crate) use self::location::Location;
pub(crate) use self::mistakes::QUOTES;
pub(crate) use self::new_folders::NewFolders;
pub use self::options::StorageOptions;
pub(crate) use self::path_pattern::{PathPattern, Place, Verdict, is_hidden, is_pattern};
#[cfg(feature = "delta")]
pub(crate) use self::table_format::DELTA_LOG;
pub(crate) use self::table_format::{
    LocalTables, TableFormat, of_folder as table_of_folder, table_of_objects,
};
