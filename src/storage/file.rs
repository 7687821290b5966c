//! A file to read, on this machine or in an object store.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;

use datafusion::datasource::listing::ListingTableUrl;
use url::Url;

use super::blocking::BlockingReader;
use super::bucket::Object;
use crate::error::{Error, Result};

/// Opens a regular file on this machine, also by a link. A pipe could block, and a device could never end.
///
/// # Errors
/// There is no such file, it is something else, or it cannot be opened.
pub(crate) fn open_regular(path: &Path) -> std::io::Result<File> {
    if std::fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        Err(std::io::Error::other("it is not a file"))
    }
}

/// A file of an input.
#[derive(Debug, Clone)]
pub enum InputFile {
    /// On this machine.
    Local(LocalFile),
    /// In an object store.
    Object(Object),
}

/// A file on this machine, and its state when it was found.
#[derive(Debug, Clone)]
pub struct LocalFile {
    path: PathBuf,
    found: Option<FileState>,
}

/// The state of a file: its size in bytes and, on this machine, the time of the last change. Other content with the same
/// state is not detected.
pub(crate) type FileState = (u64, Option<SystemTime>);

impl InputFile {
    /// A file on this machine. Its state is looked up now, before anything is read of it.
    pub(crate) fn local(path: PathBuf) -> Self {
        let found = state(&path);
        Self::Local(LocalFile { path, found })
    }

    /// The state of the file when it was found; `None` if it was not accessible.
    pub(crate) fn found(&self) -> Option<FileState> {
        match self {
            Self::Local(file) => file.found,
            Self::Object(object) => Some((object.size, None)),
        }
    }

    /// The state of the file now; `None` if it does not exist, or if it is on this machine and not accessible.
    ///
    /// # Errors
    /// An object store does not answer, or refuses to.
    pub(crate) async fn now(&self) -> object_store::Result<Option<FileState>> {
        match self {
            Self::Local(file) => Ok(state(&file.path)),
            Self::Object(object) => {
                Ok(Object::at(&object.bucket, &object.path).await?.map(|object| (object.size, None)))
            }
        }
    }

    /// The URL by which a session reads the file.
    pub(crate) fn url(&self) -> Result<ListingTableUrl> {
        let url = match self {
            Self::Local(file) => {
                with_links(&file.path).and_then(|path| url_of(&path)).map_err(|e| e.to_string())
            }
            Self::Object(object) => object.bucket.url(&object.path),
        };
        url.map_err(|e| Error::input(format!("{self}: cannot be read: {e}")))
    }

    /// The size of the file in bytes.
    pub(crate) fn size(&self) -> std::io::Result<u64> {
        match self {
            Self::Local(file) => Ok(std::fs::metadata(&file.path)?.len()),
            Self::Object(object) => Ok(object.size),
        }
    }

    /// Opens the file for a thread that may block.
    ///
    /// # Panics
    /// Outside of a Tokio runtime, if the file is in an object store.
    pub(crate) fn open(&self) -> std::io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Local(file) => Box::new(File::open(&file.path)?),
            Self::Object(object) => Box::new(BlockingReader::new(object, 0..object.size)),
        })
    }

    /// Opens a part of the file, in bytes, for a thread that may block.
    ///
    /// # Panics
    /// Outside of a Tokio runtime, if the file is in an object store.
    pub(crate) fn open_part(&self, part: Range<u64>) -> std::io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::Local(file) => {
                let mut opened = File::open(&file.path)?;
                opened.seek(SeekFrom::Start(part.start))?;
                Box::new(opened.take(part.end - part.start))
            }
            Self::Object(object) => Box::new(BlockingReader::new(object, part)),
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
            Self::Local(file) => file.path.display().fmt(f),
            Self::Object(object) => object.fmt(f),
        }
    }
}

fn state(path: &Path) -> Option<FileState> {
    std::fs::metadata(path).ok().map(|meta| (meta.len(), meta.modified().ok()))
}

/// The URL of a local file that exists. Its name is taken literally and not as a pattern.
pub(crate) fn file_url(path: &Path) -> std::io::Result<ListingTableUrl> {
    url_of(&std::fs::canonicalize(path)?)
}

/// The absolute path of a file that exists. Links are retained, because the names of their folders can have keys. The
/// object store rejects `..`, so what is before the last one is resolved.
fn with_links(path: &Path) -> std::io::Result<PathBuf> {
    let whole = std::path::absolute(path)?;
    std::fs::metadata(&whole)?;
    let parts: Vec<_> = whole.components().collect();
    let begin = parts.iter().rposition(|part| *part == Component::ParentDir).map_or(0, |last| last + 1);
    let (begin, rest) = parts.split_at(begin);
    match begin.is_empty() {
        true => Ok(whole),
        false => {
            Ok(std::fs::canonicalize(begin.iter().collect::<PathBuf>())?
                .join(rest.iter().collect::<PathBuf>()))
        }
    }
}

fn url_of(path: &Path) -> std::io::Result<ListingTableUrl> {
    let url = Url::from_file_path(path).ok().and_then(|url| ListingTableUrl::try_new(url, None).ok());
    url.ok_or_else(|| std::io::Error::other("its path cannot be made a URL"))
}
