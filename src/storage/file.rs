//! A file to read, on this machine or in an object store.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use datafusion::datasource::listing::ListingTableUrl;
use url::Url;

use super::blocking::BlockingReader;
use super::bucket::Object;
use crate::error::{Error, Result};

/// A file of an input.
#[derive(Debug, Clone)]
pub enum InputFile {
    /// On this machine.
    Local(PathBuf),
    /// In an object store.
    Object(Object),
}

impl InputFile {
    /// The URL by which a session reads the file.
    pub(crate) fn url(&self) -> Result<ListingTableUrl> {
        let url = match self {
            Self::Local(path) => file_url(path).map_err(|e| e.to_string()),
            Self::Object(object) => object.bucket.url(&object.path),
        };
        url.map_err(|e| Error::input(format!("{self}: cannot be read: {e}")))
    }

    /// The size of the file in bytes.
    pub(crate) fn size(&self) -> std::io::Result<u64> {
        match self {
            Self::Local(path) => Ok(std::fs::metadata(path)?.len()),
            Self::Object(object) => Ok(object.size),
        }
    }

    /// Opens the file for a thread that may block.
    ///
    /// # Panics
    /// Outside of a Tokio runtime, if the file is in an object store.
    pub(crate) fn open(&self) -> std::io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Local(path) => Box::new(File::open(path)?),
            Self::Object(object) => Box::new(BlockingReader::new(object)),
        })
    }

    /// Whether the name of the file has this ending, in any case.
    pub(crate) fn has_ending(&self, ending: &str) -> bool {
        let name = self.to_string();
        name.rsplit_once('.').is_some_and(|(_, after)| after.eq_ignore_ascii_case(ending))
    }
}

impl fmt::Display for InputFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(path) => path.display().fmt(f),
            Self::Object(object) => object.fmt(f),
        }
    }
}

/// The URL of a local file that exists. Its name is taken literally and not as a pattern.
pub(crate) fn file_url(path: &Path) -> std::io::Result<ListingTableUrl> {
    // The object store rejects `..`, so the path is made absolute.
    let whole = std::fs::canonicalize(path)?;
    let url = Url::from_file_path(&whole).ok().and_then(|url| ListingTableUrl::try_new(url, None).ok());
    url.ok_or_else(|| std::io::Error::other("its path cannot be made a URL"))
}
