//! Where a run writes in an object store, and how its files replace those of the run before.
//!
//! ```text
//! out/.engagement/Office/current.json                        the manifest: which run is published
//! out/.engagement/Office/run-0123456789abcdef/Office.parquet
//! out/Office.parquet                                         a copy, for readers that know no manifest
//! ```
//!
//! A store has no rename, but it replaces one object as a whole or not at all. So a run writes its
//! files on this machine first (unnamed files, of which a kill leaves nothing), then uploads them into
//! a folder of its own, then replaces the manifest, which names them: that publishes them, all at once.
//! Readers of this crate follow the manifest. For all others the files are then copied to their plain
//! names, each as a whole, one after the other.
//!
//! Of two runs at the same time, each replaces the manifest that it has read, or reads it again: the
//! later one is published and knows the folder of the earlier one, which readers may still hold. What
//! dead runs have uploaded is deleted by later ones, when it is too old to belong to a run under way.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures::stream::{self, BoxStream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, UpdateVersion, WriteMultipart,
};

use super::history;
use super::manifest::{Manifest, VERSION};
use super::tables::{TABLES, Table};
use crate::error::{Error, Result};
use crate::store::Bucket;

/// What is larger is uploaded in parts of this size.
const PART: usize = 8 << 20;

/// How many parts are under way at once.
const PARTS_AT_ONCE: usize = 4;

/// How old the files of a dead run are when they are deleted. No upload takes nearly as long.
pub(crate) const DEAD_AFTER: TimeDelta = TimeDelta::days(1);

/// How often the manifest is read again because another run has replaced it.
const PATIENCE: usize = 10;

/// A folder of a store in which the tables of one name are published.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    pub(crate) bucket: Arc<Bucket>,
    /// The output folder.
    pub(crate) out: Path,
    pub(crate) table: String,
}

/// The files of one run, on their way.
pub(crate) struct Upload {
    home: Home,
    run: String,
    files: Vec<(&'static Table, File)>,
}

impl Home {
    pub(super) fn path(&self) -> Path {
        self.out.clone().join(super::target::HIDDEN).join(self.table.as_str())
    }

    pub(super) fn manifest(&self) -> Path {
        self.path().join("current.json")
    }

    fn run(&self, run: &str) -> Path {
        self.path().join(run)
    }

    /// A file of the output folder, named relative to it.
    pub(super) fn file(&self, relative: &str) -> Path {
        relative.split('/').fold(self.out.clone(), |path, part| path.join(part))
    }

    pub(super) fn cannot(&self, path: &Path, what: &str) -> impl Fn(StoreError) -> Error {
        let (bucket, path, what) = (Arc::clone(&self.bucket), path.clone(), what.to_owned());
        move |e| Error::output(format!("[output] {what}: {}", bucket.tell(&path, &e)))
    }

    /// The published run and the version of the manifest that says so.
    pub(super) async fn current(&self) -> Result<Option<(Manifest, UpdateVersion)>> {
        let path = self.manifest();
        let got = match self.bucket.store.get(&path).await {
            Ok(got) => got,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(e) => return Err(self.cannot(&path, "cannot be read")(e)),
        };
        let version = UpdateVersion { e_tag: got.meta.e_tag.clone(), version: got.meta.version.clone() };
        let bytes = got.bytes().await.map_err(self.cannot(&path, "cannot be read"))?;
        let manifest = super::manifest::read::<Manifest>(&bytes)
            .map_err(|e| Error::output(format!("[output] {}: {e}", self.bucket.show(&path))))?;
        Ok(Some((manifest, version)))
    }
}

impl Upload {
    /// Makes sure that the store can be read, written to and cleaned, before anything is computed.
    ///
    /// # Errors
    /// No such bucket, no permission, no connection.
    pub(super) async fn create(home: Home) -> Result<Self> {
        home.current().await?;
        let run = new_run()?;
        probe(&home, &run).await?;
        Ok(Self { home, run, files: vec![] })
    }

    /// The file into which a table is written, to be uploaded later.
    pub(super) fn file(&mut self, table: &'static Table) -> std::io::Result<File> {
        let file = tempfile::tempfile()?;
        self.files.push((table, file.try_clone()?));
        Ok(file)
    }

    /// Uploads the files and makes them the published ones; gives the place of Office.
    pub(super) async fn publish(mut self, as_of: NaiveDate, history: bool) -> Result<String> {
        let home = self.home.clone();
        let mut files = BTreeMap::new();
        for (table, file) in &mut self.files {
            let name = table.file(&home.table);
            upload(&home, file, &home.run(&self.run).join(name.as_str())).await?;
            let relative = [super::target::HIDDEN, &home.table, &self.run, &name].join("/");
            files.insert(table.name.to_owned(), relative);
        }
        let manifest = Manifest { version: VERSION, run: self.run, previous: None, as_of, files };
        let manifest = switch(&home, manifest).await?;
        copy_to_plain_names(&home, manifest, history).await?;
        clean(&home, Utc::now).await;
        Ok(home.bucket.show(&home.out.clone().join(TABLES[0].file(&home.table))))
    }

    /// Uploads the files to the folder of their date alone; gives the place of Office there.
    pub(super) async fn keep(mut self, as_of: NaiveDate) -> Result<String> {
        let home = self.home;
        let folder = home.out.clone().join(history::folder(as_of));
        for (table, file) in &mut self.files {
            if history::kept().any(|kept| kept.name == table.name) {
                upload(&home, file, &folder.clone().join(table.file(&home.table))).await?;
            }
        }
        Ok(home.bucket.show(&folder.join(TABLES[0].file(&home.table))))
    }
}

/// The name of a run.
pub(crate) fn new_run() -> Result<String> {
    Ok(format!("{}{:016x}", super::target::RUN, random()?))
}

/// Makes sure that a run can write and delete.
pub(crate) async fn probe(home: &Home, run: &str) -> Result<()> {
    let (store, probe) = (&home.bucket.store, home.run(run).join("probe"));
    store.put(&probe, "".into()).await.map_err(home.cannot(&probe, "cannot be written to"))?;
    store.delete(&probe).await.map_err(home.cannot(&probe, "cannot be cleaned"))
}

async fn upload(home: &Home, file: &mut File, path: &Path) -> Result<()> {
    let put = put_file(&*home.bucket.store, path, file).await;
    put.map(|_| ()).map_err(home.cannot(path, "cannot be written"))
}

/// Uploads a file from its start; gives its size.
pub(crate) async fn put_file(
    store: &dyn ObjectStore,
    path: &Path,
    file: &mut File,
) -> Result<u64, StoreError> {
    let unread = |e: std::io::Error| StoreError::Generic { store: "file", source: Box::new(unread(&e)) };
    let size = file.rewind().and_then(|()| file.metadata()).map_err(unread)?.len();
    put(store, path, size, chunks(file)).await?;
    Ok(size)
}

/// Replaces the manifest that is there, and only that one.
async fn switch(home: &Home, mut manifest: Manifest) -> Result<Manifest> {
    let path = home.manifest();
    let cannot = home.cannot(&path, "cannot be replaced");
    for _ in 0..PATIENCE {
        let mode = match home.current().await? {
            // The answer to an earlier try was lost on its way.
            Some((current, _)) if current.run == manifest.run => return Ok(current),
            Some((current, version)) => {
                manifest.previous = Some(current.run);
                PutMode::Update(version)
            }
            None => PutMode::Create,
        };
        // Another run may have taken them for those of a dead one.
        for file in manifest.files.values().map(|file| home.file(file)) {
            home.bucket.store.head(&file).await.map_err(home.cannot(&file, "is gone"))?;
        }
        let body = manifest.write();
        let put = match home.bucket.store.put_opts(&path, body.clone().into(), mode.into()).await {
            // A store that cannot compare: the last one wins.
            Err(StoreError::NotImplemented { .. } | StoreError::NotSupported { .. }) => {
                home.bucket.store.put(&path, body.into()).await
            }
            put => put,
        };
        match put {
            Ok(_) => return Ok(manifest),
            Err(StoreError::Precondition { .. } | StoreError::AlreadyExists { .. }) => {}
            Err(e) => return Err(cannot(e)),
        }
    }
    let place = home.bucket.show(&path);
    Err(Error::output(format!("[output] {place}: is replaced by other runs all the time; run again later")))
}

/// Copies the files of the published run to their plain names, and to those of its date. If another run is published meanwhile,
/// it does the same, and the last to finish copies the files of the run that is published then.
async fn copy_to_plain_names(home: &Home, mut manifest: Manifest, history: bool) -> Result<()> {
    for _ in 0..PATIENCE {
        let of_date = home.out.clone().join(history::folder(manifest.as_of));
        let copies = manifest.files.iter().flat_map(|(table, file)| {
            let name = file.rsplit('/').next().unwrap_or(file);
            let is_kept = history && history::kept().any(|kept| kept.name == table);
            let dated = is_kept.then(|| of_date.clone().join(name));
            [Some(home.out.clone().join(name)), dated].into_iter().flatten().map(|to| (home.file(file), to))
        });
        for (from, to) in copies {
            let what = "the run is published, but this copy is not up to date (run again)";
            let cannot = home.cannot(&to, what);
            let got = home.bucket.store.get(&from).await.map_err(&cannot)?;
            let size = got.meta.size;
            put(&*home.bucket.store, &to, size, got.into_stream()).await.map_err(&cannot)?;
        }
        match home.current().await? {
            Some((current, _)) if current.run != manifest.run => manifest = current,
            _ => break,
        }
    }
    Ok(())
}

/// Writes an object of a known size, which is there as a whole or not at all.
async fn put(
    store: &dyn ObjectStore,
    path: &Path,
    size: u64,
    mut chunks: BoxStream<'_, Result<Bytes, StoreError>>,
) -> Result<(), StoreError> {
    if size <= PART as u64 {
        let whole: Vec<Bytes> = chunks.try_collect().await?;
        store.put(path, whole.into_iter().collect()).await?;
        return Ok(());
    }
    let mut parts = WriteMultipart::new_with_chunk_size(store.put_multipart(path).await?, PART);
    let written = async {
        while let Some(chunk) = chunks.try_next().await? {
            parts.wait_for_capacity(PARTS_AT_ONCE).await?;
            parts.put(chunk);
        }
        Ok(())
    };
    match written.await {
        Ok(()) => parts.finish().await.map(|_| ()),
        Err(e) => {
            // The error that led here says more than one of giving up.
            let _ = parts.abort().await;
            Err(e)
        }
    }
}

/// A file from where it stands.
fn chunks(file: &mut File) -> BoxStream<'_, Result<Bytes, StoreError>> {
    let next = |file: &mut File| {
        let mut chunk = vec![];
        file.by_ref().take(PART as u64).read_to_end(&mut chunk)?;
        Ok::<_, std::io::Error>(Bytes::from(chunk))
    };
    let unread = |e: std::io::Error| StoreError::Generic { store: "file", source: Box::new(unread(&e)) };
    stream::try_unfold(file, move |file| async move {
        let chunk = next(file).map_err(unread)?;
        Ok((!chunk.is_empty()).then_some((chunk, file)))
    })
    .boxed()
}

fn unread(e: &std::io::Error) -> Error {
    Error::output(format!("[output] a temporary file cannot be read: {e}"))
}

/// Deletes what dead runs have left. What cannot be deleted is left to the next run: the result is
/// already published.
async fn clean(home: &Home, now: impl Fn() -> DateTime<Utc>) {
    let _: Result<(), StoreError> = async {
        let Ok(Some((manifest, _))) = home.current().await else { return Ok(()) };
        let mut runs: BTreeMap<String, (DateTime<Utc>, Vec<Path>)> = BTreeMap::new();
        let folder = home.path();
        let mut objects = home.bucket.store.list(Some(&folder));
        while let Some(object) = objects.try_next().await? {
            let run = object.location.prefix_match(&folder).and_then(|mut parts| parts.next());
            let Some(run) = run.map(|r| r.as_ref().to_owned()) else { continue };
            let left = runs.entry(run).or_default();
            left.0 = left.0.max(object.last_modified);
            left.1.push(object.location);
        }
        let dead = runs.into_iter().filter(|(run, (last, _))| {
            run.starts_with(super::target::RUN) && !manifest.names(run) && *last < now() - DEAD_AFTER
        });
        let paths: Vec<_> = dead.flat_map(|(_, (_, paths))| paths).map(Ok).collect();
        home.bucket.store.delete_stream(stream::iter(paths).boxed()).try_for_each(|_| async { Ok(()) }).await
    }
    .await;
}

fn random() -> Result<u64> {
    getrandom::u64().map_err(|e| Error::output(format!("[output] this machine gives no random number: {e}")))
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    fn home() -> Home {
        let bucket = Bucket::of_test(Arc::new(InMemory::new()));
        Home { bucket: Arc::new(bucket), out: Path::from("lake/out"), table: "Office".into() }
    }

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 10, 31).unwrap()
    }

    /// Publishes files with this text in them.
    async fn publish(home: &Home, text: &str) -> String {
        begun(home, text).await.publish(day(), false).await.unwrap()
    }

    async fn begun(home: &Home, text: &str) -> Upload {
        let mut upload = Upload::create(home.clone()).await.unwrap();
        for table in TABLES {
            std::io::Write::write_all(&mut upload.file(table).unwrap(), text.as_bytes()).unwrap();
        }
        upload
    }

    async fn text(home: &Home, path: &Path) -> String {
        let bytes = home.bucket.store.get(path).await.unwrap().bytes().await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    /// What a reader of the manifest, and one of the plain names, finds in Office.
    async fn found(home: &Home) -> [String; 2] {
        let (manifest, _) = home.current().await.unwrap().unwrap();
        let named = home.file(&manifest.files["Office"]);
        [text(home, &named).await, text(home, &home.file("Office.parquet")).await]
    }

    async fn runs(home: &Home) -> Vec<String> {
        let listed = home.bucket.store.list_with_delimiter(Some(&home.path())).await.unwrap();
        listed.common_prefixes.iter().filter_map(|p| p.filename().map(str::to_owned)).collect()
    }

    #[tokio::test]
    async fn the_last_run_is_published_and_the_one_before_is_kept() {
        let home = home();
        assert!(home.current().await.unwrap().is_none());
        assert_eq!(publish(&home, "first").await, "s3://test/lake/out/Office.parquet");
        assert_eq!(found(&home).await, ["first", "first"]);
        let (first, _) = home.current().await.unwrap().unwrap();
        publish(&home, "second").await;
        assert_eq!(found(&home).await, ["second", "second"]);
        let (second, _) = home.current().await.unwrap().unwrap();
        assert_eq!(second.previous.as_ref(), Some(&first.run));
        assert_eq!(second.files.len(), TABLES.len());
    }

    #[tokio::test]
    async fn of_two_runs_the_later_one_knows_the_earlier_one() {
        let home = home();
        publish(&home, "before").await;
        let (slow, fast) = (begun(&home, "slow").await, begun(&home, "fast").await);
        let fast_run = fast.run.clone();
        fast.publish(day(), false).await.unwrap();
        slow.publish(day(), false).await.unwrap();
        assert_eq!(found(&home).await, ["slow", "slow"]);
        assert_eq!(home.current().await.unwrap().unwrap().0.previous, Some(fast_run));
    }

    #[tokio::test]
    async fn late_copies_give_way_to_those_of_the_published_run() {
        let home = home();
        publish(&home, "early").await;
        let (early, _) = home.current().await.unwrap().unwrap();
        publish(&home, "late").await;
        copy_to_plain_names(&home, early, false).await.unwrap();
        assert_eq!(found(&home).await, ["late", "late"]);
    }

    #[tokio::test]
    async fn dead_runs_are_deleted_when_they_are_old() {
        let home = home();
        publish(&home, "oldest").await;
        publish(&home, "previous").await;
        begun(&home, "dead").await;
        let dead = home.run("run-dead").join("Office.parquet");
        home.bucket.store.put(&dead, "dead".into()).await.unwrap();
        publish(&home, "current").await;
        assert_eq!(runs(&home).await.len(), 4, "nothing is old");
        let later = || Utc::now() + DEAD_AFTER + TimeDelta::minutes(1);
        clean(&home, later).await;
        let (manifest, _) = home.current().await.unwrap().unwrap();
        let mut kept = vec![manifest.run.clone(), manifest.previous.clone().unwrap()];
        kept.sort();
        assert_eq!(runs(&home).await, kept);
        assert_eq!(found(&home).await, ["current", "current"]);
    }

    #[tokio::test]
    async fn a_run_whose_files_are_gone_is_not_published() {
        let home = home();
        publish(&home, "before").await;
        let (mut manifest, _) = home.current().await.unwrap().unwrap();
        manifest.run = "run-gone".into();
        let gone = ".engagement/Office/run-gone/Office.parquet";
        manifest.files.insert("Office".into(), gone.into());
        let error = switch(&home, manifest).await.unwrap_err().to_string();
        assert!(error.contains("is gone") && error.contains(gone), "{error}");
        assert_eq!(found(&home).await, ["before", "before"]);
    }

    #[tokio::test]
    async fn a_large_file_goes_in_parts() {
        let home = home();
        let large = "x".repeat(2 * PART + 5);
        publish(&home, &large).await;
        assert!(found(&home).await.iter().all(|text| *text == large));
    }
}
