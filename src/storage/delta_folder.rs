//! A folder on this machine or in an object store, in the form that the Delta library needs.

use std::fs::File;
use std::io;
use std::path::{Path as LocalPath, PathBuf};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::prelude::SessionContext;
use deltalake_core::delta_datafusion::{DeltaScanConfig, DeltaScanNext};
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake_core::{DeltaResult, DeltaTable};
use futures::StreamExt;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectMeta, ObjectStore};
use url::Url;

use super::bucket::{Bucket, Object};
use super::delta_errors;
use super::encoded_listing::EncodedListing;
use super::file::InputFile;
use super::location::Location;
use super::options::StorageOptions;
use super::table_format::DELTA_LOG;
use crate::error::{Error, Result};

/// How many digits the version has with which the names of a Delta log begin.
const VERSION_DIGITS: usize = 20;

/// The version of a file of a Delta log.
pub(crate) fn version(name: &str) -> Option<u64> {
    name.get(..VERSION_DIGITS)?.parse().ok()
}

/// A folder that is a Delta table, may become one, or contains some.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    /// The name of the folder in errors.
    pub(crate) name: String,
    pub(crate) store: Arc<dyn ObjectStore>,
    /// The path of the folder in `store`.
    pub(crate) path: Path,
    url: Url,
    place: At,
}

#[derive(Debug, Clone)]
enum At {
    Machine(PathBuf),
    Bucket(Arc<Bucket>),
}

impl Folder {
    /// A folder on this machine.
    ///
    /// # Errors
    /// The folder does not exist, or the path does not lead to a folder.
    pub(crate) fn local(folder: &LocalPath) -> io::Result<Self> {
        let whole = std::fs::canonicalize(folder)?;
        if !whole.is_dir() {
            return Err(io::Error::other("it is not a folder, but a Delta table is one"));
        }
        let strange = || io::Error::other("its path cannot be made a URL");
        let url = Url::from_directory_path(&whole).map_err(|()| strange())?;
        let path = Path::from_absolute_path(&whole).map_err(|_| strange())?;
        let (name, store) = (folder.display().to_string(), Arc::new(LocalFileSystem::new()));
        Ok(Self { name, store, path, url, place: At::Machine(whole) })
    }

    /// A folder in an object store. It need not exist.
    pub(crate) fn in_store(bucket: &Arc<Bucket>, path: Path) -> Result<Self, String> {
        let url = AsRef::<Url>::as_ref(&bucket.url(&path)?).clone();
        let (name, store) = (bucket.show(&path), Arc::clone(&bucket.store));
        Ok(Self { name, store, path, url, place: At::Bucket(Arc::clone(bucket)) })
    }

    /// Resolves a path of the enrichment file to a folder. A relative path starts at `base`, the folder of
    /// the enrichment file.
    ///
    /// # Errors
    /// A path that is not valid, a local folder that does not exist, settings of the store that cannot be
    /// valid, or the URL of a web server, which cannot list files.
    pub(crate) fn of(
        ctx: &SessionContext,
        base: &LocalPath,
        options: &StorageOptions,
        path: &str,
    ) -> Result<Self> {
        match Location::of(base, path).map_err(Error::enrichment)? {
            Location::Local(folder) => Self::local(&folder).map_err(|e| {
                Error::input(match e.kind() {
                    io::ErrorKind::NotFound => format!("there is no folder {}", folder.display()),
                    _ => format!("{}: cannot be read: {e}", folder.display()),
                })
            }),
            Location::Store(address) => {
                let bucket = Bucket::open(ctx, options, &address).map_err(Error::input)?;
                if bucket.is_web() {
                    return Err(Error::input(
                        "a web server does not list its files, so it has no Delta tables",
                    ));
                }
                let path = Path::parse(&address.path);
                let path =
                    path.map_err(|e| Error::input(format!("this is not a path in an object store: {e}")))?;
                Self::in_store(&bucket, path).map_err(Error::input)
            }
        }
    }

    /// A folder in this folder. It need not exist.
    pub(crate) fn child(&self, name: &str) -> Self {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push(name);
        }
        Self {
            name: format!("{}/{name}", self.name.trim_end_matches('/')),
            store: Arc::clone(&self.store),
            path: self.path.clone().join(name),
            url,
            place: match &self.place {
                At::Machine(folder) => At::Machine(folder.join(name)),
                At::Bucket(bucket) => At::Bucket(Arc::clone(bucket)),
            },
        }
    }

    /// The path in `store` of a file in this folder. `relative` is its path in the folder.
    pub(crate) fn file(&self, relative: &str) -> Path {
        relative.split('/').fold(self.path.clone(), |path, part| path.join(part))
    }

    /// A data file of this Delta table. `relative` is its path in the Delta log, percent-decoded, and
    /// `size` is in bytes.
    ///
    /// # Errors
    /// A file outside of this folder.
    pub(crate) fn data(&self, relative: &str, size: u64) -> Result<InputFile, String> {
        if relative.contains("://") || relative.starts_with('/') {
            return Err(format!("{}: has files outside of its folder, which are not read", self.name));
        }
        match &self.place {
            At::Machine(folder) => Ok(InputFile::local(folder.join(relative))),
            At::Bucket(bucket) => {
                let path = Path::parse(format!("{}/{relative}", self.path));
                let path = path.map_err(|e| format!("{}: {e}", self.name))?;
                Ok(InputFile::Object(Object { bucket: Arc::clone(bucket), path, size }))
            }
        }
    }

    /// The path of the folder on this machine; `None` if it is in an object store.
    pub(crate) fn on_this_machine(&self) -> Option<&LocalPath> {
        match &self.place {
            At::Machine(folder) => Some(folder),
            At::Bucket(_) => None,
        }
    }

    pub(crate) fn log_store(&self) -> LogStoreRef {
        let prefixed = Arc::new(PrefixStore::new(Arc::clone(&self.store), self.path.clone()));
        let whole = Arc::new(EncodedListing(Arc::clone(&self.store)));
        default_logstore(prefixed, whole, &self.url, &StorageConfig::default())
    }

    /// Loads the Delta table at a version, or at its current version; `None` if this folder is not a Delta
    /// table.
    ///
    /// # Errors
    /// One line that names the folder and the likely cause.
    pub(crate) async fn table(&self, version: Option<u64>) -> Result<Option<DeltaTable>, String> {
        let load = async || -> DeltaResult<Option<DeltaTable>> {
            let mut table = DeltaTable::new(self.log_store());
            if !table.verify_deltatable_existence().await? {
                return Ok(None);
            }
            table.update_incremental(version).await?;
            Ok(Some(table))
        };
        let cannot =
            |e| format!("{}: cannot be read as a Delta table: {}", self.name, delta_errors::describe(&e));
        load().await.map_err(cannot)
    }

    /// The name of an entry of the Delta log that is empty and is not covered by a checkpoint; `None` if
    /// there is none. The library reads such an entry as one without changes.
    pub(crate) async fn empty_log_entry(&self) -> Option<String> {
        let log = self.path.clone().join(DELTA_LOG);
        let entries: Vec<_> =
            self.store.list(Some(&log)).filter_map(async |entry| entry.ok()).collect().await;
        let name = |entry: &ObjectMeta| entry.location.filename().unwrap_or_default().to_owned();
        let is_checkpoint = |entry: &&ObjectMeta| name(entry).contains(".checkpoint.");
        let covered = entries.iter().filter(is_checkpoint).filter_map(|entry| version(&name(entry))).max();
        let is_empty = |entry: &&ObjectMeta| {
            let version = version(&name(entry)).filter(|_| name(entry).ends_with(".json"));
            entry.size == 0 && version.is_some_and(|version| covered.is_none_or(|covered| version > covered))
        };
        entries.iter().find(is_empty).map(name)
    }

    /// Makes a file and the folders above it durable (fsync). `relative` is its path in this folder. This
    /// does nothing in an object store, which makes each file durable itself.
    pub(crate) fn sync(&self, relative: &str) -> io::Result<()> {
        let Some(folder) = self.on_this_machine() else { return Ok(()) };
        let file = folder.join(relative);
        let within = |at: &&LocalPath| at.starts_with(folder);
        for at in file.ancestors().take_while(within).chain(folder.parent()) {
            File::open(at)?.sync_all()?;
        }
        Ok(())
    }
}

/// A table provider for the version of a Delta table that was loaded. The object store of the table must
/// be registered in the session.
pub(crate) fn provider(
    ctx: &SessionContext,
    table: &DeltaTable,
) -> Result<Arc<dyn TableProvider>, Box<dyn std::error::Error + Send + Sync>> {
    let config = DeltaScanConfig::new_from_session(&ctx.state()).with_wrap_partition_values(false);
    let snapshot = table.snapshot()?.snapshot().clone();
    Ok(Arc::new(DeltaScanNext::new(snapshot, config)?))
}
