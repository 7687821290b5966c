//! Resolves a path of the enrichment file to a location: a local path, or an address in an object store.

use std::path::{Path, PathBuf};

use url::Url;

use super::address::Address;
use super::mistakes;

/// The location of a path of the enrichment file.
#[derive(Debug, Clone)]
pub(crate) enum Location {
    /// On this machine.
    Local(PathBuf),
    /// In an object store.
    Store(Box<Address>),
}

impl Location {
    /// Resolves a path of the enrichment file. A relative path starts at `base`, the folder of the
    /// enrichment file.
    ///
    /// # Errors
    /// A path or URL that cannot be meant as it is written. The text contains what is wrong and what to write instead; the caller
    /// adds the position in the enrichment file.
    pub(crate) fn of(base: &Path, path: &str) -> Result<Self, String> {
        match Self::parse(path)? {
            Self::Local(local) if path.contains('\\') && !base.join(&local).exists() => {
                Err(mistakes::BACKSLASHES.to_owned())
            }
            Self::Local(local) => Ok(Self::Local(base.join(local))),
            store => Ok(store),
        }
    }

    /// Parses a path. A relative path remains relative.
    ///
    /// # Errors
    /// A path or URL that cannot be meant as it is written.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once("://") {
            None => mistakes::in_path(text).map_or_else(|| Ok(Self::Local(text.into())), Err),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("file") => local(text, rest).map(Self::Local),
            Some((scheme, rest)) => Ok(Self::Store(Box::new(Address::parse(text, scheme, rest)?))),
        }
    }
}

/// Parses `file:///folder/name`. The path may be a pattern, like a path without a scheme.
fn local(text: &str, rest: &str) -> Result<PathBuf, String> {
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return Err("a file URL has three slashes and an absolute path: file:///folder/name".to_owned());
    }
    let mut whole = Url::parse(text).map_err(|e| e.to_string())?;
    // A question mark is a pattern here, not the start of a query.
    whole.set_query(None);
    whole.set_fragment(None);
    whole.set_path(&path.replace('?', "%3F").replace('#', "%23"));
    whole.to_file_path().map_err(|()| "this is not a path of this machine".to_owned())
}
