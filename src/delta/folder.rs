//! A folder, of this machine or of a store, as a Delta log sees it.

use std::fs::File;
use std::io;
use std::path::{Path as LocalPath, PathBuf};
use std::sync::Arc;

use datafusion::prelude::SessionContext;
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake_core::{DeltaResult, DeltaTable};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use url::Url;

use super::{Data, cause};
use crate::enrichment::Enrichment;
use crate::error::{Error, Result};
use crate::store::{Bucket, Object, Place};

/// A folder that is a Delta table, may become one, or has some in it.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    /// What it is called in errors.
    pub(super) name: String,
    pub(super) store: Arc<dyn ObjectStore>,
    /// Where it is in the store.
    pub(super) path: Path,
    url: Url,
    place: At,
}

#[derive(Debug, Clone)]
enum At {
    Machine(PathBuf),
    Bucket(Arc<Bucket>),
}

impl Folder {
    /// A folder of this machine, which must be there.
    pub(super) fn local(folder: &LocalPath) -> io::Result<Self> {
        let whole = std::fs::canonicalize(folder)?;
        if !whole.is_dir() {
            return Err(io::Error::other("it is no folder, and a Delta table is one"));
        }
        let strange = || io::Error::other("its path cannot be made a URL");
        let url = Url::from_directory_path(&whole).map_err(|()| strange())?;
        let path = Path::from_absolute_path(&whole).map_err(|_| strange())?;
        let (name, store) = (folder.display().to_string(), Arc::new(LocalFileSystem::new()));
        Ok(Self { name, store, path, url, place: At::Machine(whole) })
    }

    /// A folder of a store.
    pub(super) fn in_store(bucket: &Arc<Bucket>, path: Path) -> Result<Self, String> {
        let url = AsRef::<Url>::as_ref(&bucket.url(&path)?).clone();
        let (name, store) = (bucket.show(&path), Arc::clone(&bucket.store));
        Ok(Self { name, store, path, url, place: At::Bucket(Arc::clone(bucket)) })
    }

    /// As the enrichment file writes it.
    pub(super) fn of(ctx: &SessionContext, enrichment: &Enrichment, path: &str) -> Result<Self> {
        match Place::of(enrichment, path).map_err(Error::enrichment)? {
            Place::Local(folder) => Self::local(&folder).map_err(|e| {
                Error::input(match e.kind() {
                    io::ErrorKind::NotFound => format!("there is no folder {}", folder.display()),
                    _ => format!("{}: cannot be read: {e}", folder.display()),
                })
            }),
            Place::Store(address) => {
                let bucket = Bucket::open(ctx, enrichment, &address).map_err(Error::input)?;
                if bucket.is_web() {
                    return Err(Error::input(
                        "a web server does not list its files, so it has no Delta tables",
                    ));
                }
                let path = Path::parse(&address.path);
                let path = path.map_err(|e| Error::input(format!("this is no path in a store: {e}")))?;
                Self::in_store(&bucket, path).map_err(Error::input)
            }
        }
    }

    /// A folder in it, which need not be there.
    pub(super) fn child(&self, name: &str) -> Self {
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

    /// A file in it, named relative to it.
    pub(super) fn file(&self, relative: &str) -> Path {
        relative.split('/').fold(self.path.clone(), |path, part| path.join(part))
    }

    /// A file of a Delta table, as its log names it, decoded.
    pub(super) fn data(&self, relative: &str, size: u64) -> Result<Data, String> {
        if relative.contains("://") || relative.starts_with('/') {
            return Err(format!("{}: has files outside of its folder, which are not read", self.name));
        }
        match &self.place {
            At::Machine(folder) => Ok(Data::Local(folder.join(relative))),
            At::Bucket(bucket) => {
                let path = Path::parse(format!("{}/{relative}", self.path));
                let path = path.map_err(|e| format!("{}: {e}", self.name))?;
                Ok(Data::Object(Object { bucket: Arc::clone(bucket), path, size }))
            }
        }
    }

    /// The folder on this machine, if it is there.
    pub(super) fn on_this_machine(&self) -> Option<&LocalPath> {
        match &self.place {
            At::Machine(folder) => Some(folder),
            At::Bucket(_) => None,
        }
    }

    pub(super) fn log_store(&self) -> LogStoreRef {
        let prefixed = Arc::new(PrefixStore::new(Arc::clone(&self.store), self.path.clone()));
        default_logstore(prefixed, Arc::clone(&self.store), &self.url, &StorageConfig::default())
    }

    /// The Delta table, at a version or as it is now; `None` where there is none.
    pub(super) async fn table(&self, version: Option<u64>) -> Result<Option<DeltaTable>, String> {
        let load = async || -> DeltaResult<Option<DeltaTable>> {
            let mut table = DeltaTable::new(self.log_store());
            if !table.verify_deltatable_existence().await? {
                return Ok(None);
            }
            table.update_incremental(version).await?;
            Ok(Some(table))
        };
        let cannot = |e| format!("{}: cannot be read as a Delta table: {}", self.name, cause::tell(&e));
        load().await.map_err(cannot)
    }

    /// Makes a file of it, named relative to it, and the folders it is in durable. A store does that
    /// by itself.
    pub(super) fn sync(&self, relative: &str) -> io::Result<()> {
        let Some(folder) = self.on_this_machine() else { return Ok(()) };
        let file = folder.join(relative);
        let within = |at: &&LocalPath| at.starts_with(folder);
        for at in file.ancestors().take_while(within).chain(folder.parent()) {
            File::open(at)?.sync_all()?;
        }
        Ok(())
    }
}
