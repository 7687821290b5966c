//! A bucket or container of an object store, and the objects in it.

use std::fmt;
use std::sync::Arc;

use datafusion::datasource::listing::ListingTableUrl;
use datafusion::prelude::SessionContext;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use url::Url;

use super::address::Address;
use super::options::StorageOptions;
use super::{connect, errors};

/// A connected bucket or container, registered in a session under a URL of its own.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    /// The bucket as the user writes it, without secrets: `s3://bucket`.
    shown: String,
    /// The URL under which DataFusion knows the bucket: a scheme and a host.
    key: Url,
    pub(crate) store: Arc<dyn ObjectStore>,
}

impl Bucket {
    /// Connects to the bucket of an address. If the session already has a store for this bucket, that
    /// store is used, so that an application can register its own.
    ///
    /// # Errors
    /// Settings that cannot be valid. Whether the bucket exists and may be read is not checked here.
    pub(crate) fn open(
        ctx: &SessionContext,
        options: &StorageOptions,
        address: &Address,
    ) -> Result<Arc<Self>, String> {
        let registry = &ctx.runtime_env().object_store_registry;
        let store = match registry.get_store(&address.key) {
            Ok(store) => store,
            Err(_) => {
                let store = connect::connect(address, options)?;
                registry.register_store(&address.key, Arc::clone(&store));
                store
            }
        };
        Ok(Arc::new(Self { shown: address.shown.clone(), key: address.key.clone(), store }))
    }

    /// The bucket of a URL whose store a session has.
    pub(crate) fn registered(url: &ListingTableUrl, store: Arc<dyn ObjectStore>) -> Self {
        let key = AsRef::<Url>::as_ref(&url.object_store()).clone();
        Self { shown: key.as_str().trim_end_matches('/').to_owned(), key, store }
    }

    /// A bucket for tests, with any store.
    #[cfg(test)]
    pub(crate) fn of_test(store: Arc<dyn ObjectStore>) -> Self {
        Self { shown: "s3://test".into(), key: Url::parse("s3://test/").unwrap(), store }
    }

    /// Whether it is a web server, which can neither list files nor store them.
    pub(crate) fn is_web(&self) -> bool {
        matches!(self.key.scheme(), "http" | "https")
    }

    /// Describes an error of this store at a path in it, on one line and without secrets.
    pub(crate) fn describe(&self, path: &Path, error: &object_store::Error) -> String {
        errors::describe(&self.shown, path.as_ref(), error)
    }

    /// Removes the URL from a text of [`Bucket::describe`], for an error that already contains the URL.
    pub(crate) fn brief<'a>(&self, described: &'a str) -> &'a str {
        let cause = described.strip_prefix(&self.shown).and_then(|rest| rest.split_once(": "));
        cause.map_or(described, |(_, cause)| cause)
    }

    /// The URL of a path in the bucket, as the user would write it.
    pub(crate) fn show(&self, path: &Path) -> String {
        format!("{}/{path}", self.shown)
    }

    /// The URL of a path in the bucket, as DataFusion reads it.
    pub(crate) fn url(&self, path: &Path) -> Result<ListingTableUrl, String> {
        let mut url = self.key.clone();
        // A name may contain any character: it is percent-encoded here, and DataFusion decodes it.
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
    /// The object at a path; `None` if there is none.
    ///
    /// # Errors
    /// Any other error of the store.
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
