//! Paths of the enrichment file: on this machine, or in an object store.
//!
//! A path without a scheme, or with `file://`, is local. `s3://`, `gs://`, `az://` and `abfss://` name
//! an object in a bucket or container, spelled as it is (nothing is percent-encoded, `?` and `*` are
//! patterns); `https://` names one file. [`Place::of`] is the one way from a text to either;
//! [`Bucket::open`] the one way to a store.

mod address;
mod cause;
mod connect;
mod list;
mod local;
mod read;
mod told;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::datasource::listing::ListingTableUrl;
use datafusion::prelude::SessionContext;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use url::Url;

pub(crate) use self::address::{Address, redacted};
pub(crate) use self::list::{DELTA_LOG, Files, find};
pub(crate) use self::local::Local;
pub(crate) use self::read::{Blocking, small};
use crate::enrichment::Enrichment;

/// Where a path of the enrichment file leads.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// On this machine.
    Local(PathBuf),
    /// In an object store.
    Store(Box<Address>),
}

impl Place {
    /// A path as the enrichment file writes it.
    ///
    /// # Errors
    /// A URL that cannot be one; the text says what is wrong and what would do, not where it stands.
    pub(crate) fn of(enrichment: &Enrichment, path: &str) -> Result<Self, String> {
        let place = Self::parse(path)?;
        Ok(match place {
            Self::Local(local) => Self::Local(enrichment.file.parent().unwrap_or("".as_ref()).join(local)),
            store => store,
        })
    }
}

/// A bucket or container, connected, and known to a session under a URL of its own.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    /// As the user writes it, without secrets: `s3://bucket`.
    shown: String,
    /// As the engine knows it: a scheme and a host.
    key: Url,
    pub(crate) store: Arc<dyn ObjectStore>,
}

impl Bucket {
    /// Connects to the bucket of an address. A store that the session already has for it is used as
    /// it is, so that an application can bring its own.
    ///
    /// # Errors
    /// Settings that cannot be right. Whether the bucket exists and may be read is not asked yet.
    pub(crate) fn open(
        ctx: &SessionContext,
        enrichment: &Enrichment,
        address: &Address,
    ) -> Result<Arc<Self>, String> {
        let registry = &ctx.runtime_env().object_store_registry;
        let store = match registry.get_store(&address.key) {
            Ok(store) => store,
            Err(_) => {
                let store = connect::connect(address, &enrichment.storage)?;
                registry.register_store(&address.key, Arc::clone(&store));
                store
            }
        };
        Ok(Arc::new(Self { shown: address.shown.clone(), key: address.key.clone(), store }))
    }

    /// A bucket that tests can write to.
    #[cfg(test)]
    pub(crate) fn of_test(store: Arc<dyn ObjectStore>) -> Self {
        Self { shown: "s3://test".into(), key: Url::parse("s3://test/").unwrap(), store }
    }

    /// Whether it is a web server, which lists nothing and takes nothing.
    pub(crate) fn is_web(&self) -> bool {
        matches!(self.key.scheme(), "http" | "https")
    }

    /// What an error of this store says of a path in it, on one line and without secrets.
    pub(crate) fn tell(&self, path: &Path, error: &object_store::Error) -> String {
        cause::tell(&self.shown, path.as_ref(), error)
    }

    /// The same without the URL, where that is said already.
    pub(crate) fn brief<'a>(&self, told: &'a str) -> &'a str {
        let cause = told.strip_prefix(&self.shown).and_then(|rest| rest.split_once(": "));
        cause.map_or(told, |(_, cause)| cause)
    }

    /// A path in it as the user would write it.
    pub(crate) fn show(&self, path: &Path) -> String {
        format!("{}/{path}", self.shown)
    }

    /// A path in it as the engine reads it.
    pub(crate) fn url(&self, path: &Path) -> Result<ListingTableUrl, String> {
        let mut url = self.key.clone();
        // Whatever characters a name has, the engine decodes them back to it.
        url.path_segments_mut().map_err(|()| "its path cannot be made a URL")?.clear().extend(path.parts());
        ListingTableUrl::try_new(url, None).map_err(|e| e.strip_backtrace())
    }
}

/// A file in an object store.
#[derive(Debug, Clone)]
pub struct Object {
    pub(crate) bucket: Arc<Bucket>,
    pub(crate) path: Path,
    pub(crate) size: u64,
}

impl Object {
    /// The object at a path, if there is one.
    pub(crate) async fn at(bucket: &Arc<Bucket>, path: &Path) -> object_store::Result<Option<Self>> {
        match bucket.store.head(path).await {
            Ok(meta) => Ok(Some(Self { bucket: Arc::clone(bucket), path: path.clone(), size: meta.size })),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(e) => Err(e),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.bucket.show(&self.path))
    }
}
