//! Output in an object store: where a run writes its files, and how they replace those of the previous
//! run.
//!
//! ```text
//! out/.engagement/Office/current.json                        the manifest: which run is published
//! out/.engagement/Office/run-0123456789abcdef/Office.parquet
//! out/Office.parquet                                         a copy, for readers that ignore the manifest
//! ```
//!
//! An object store has no rename, but it replaces one object as a whole or not at all. A run first writes
//! its files on this machine, as anonymous temporary files: a killed run leaves nothing. It then uploads
//! them to a folder of its own. Then it replaces the manifest, which names the files: this publishes all
//! of them at once. Readers of this crate follow the manifest. For all other readers, the run then copies
//! the files to their plain names, one after the other, each as a whole.
//!
//! Two concurrent runs do not mix. A run replaces only the manifest that it has read. If another run has
//! replaced it meanwhile, the run reads it again. So the later run is published, and its manifest names
//! the earlier one as the previous run, whose files remain for its readers. Later runs delete the uploads
//! of dead runs when these are too old to belong to a run in progress.

use std::collections::BTreeMap;
use std::fs::File;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures::future::{join_all, try_join_all};
use futures::stream::{self, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, PutMode};

use super::location::{EARLIER, Home, overview_last};
use super::manifest::{Manifest, VERSION};
use super::owner::{Claim, Owner};
use super::record::Record;
use super::store_history;
use super::tables::{TABLES, Table, every_table};
use super::upload::{copy, new_run, probe, put_file};
use crate::error::{Error, Result};

/// The age at which files are considered those of a dead run and are deleted. No upload takes nearly as
/// long.
pub(crate) const DEAD_AFTER: TimeDelta = TimeDelta::days(1);

/// Maximum number of attempts while other runs replace the manifest.
const PATIENCE: usize = 10;

/// The files of one run, until they are uploaded and published.
pub(crate) struct Upload {
    home: Home,
    claim: Claim,
    run: String,
    /// The run that was published when this one began, if that matters ([`Claim::follows`]).
    found: Option<String>,
    files: Vec<(&'static Table, File)>,
}

impl Upload {
    /// Checks that objects can be read, written and deleted, before anything is computed.
    ///
    /// # Errors
    /// The bucket does not exist, a permission is missing, the store cannot be reached, or the folder contains
    /// what the run may not replace.
    pub(crate) async fn create(home: Home, claim: Claim) -> Result<Self> {
        check(&home, &claim).await?;
        let run = new_run()?;
        probe(&home, &run).await?;
        let current = if claim.is_protected { home.current().await? } else { None };
        let found = current.map(|(current, _)| current.run);
        Ok(Self { home, claim, run, found, files: vec![] })
    }

    /// The output folder.
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// Creates the temporary file into which a table is written. It is uploaded later, in the order in which these files
    /// are created.
    ///
    /// # Errors
    /// The file cannot be created.
    pub(crate) fn file(&mut self, table: &'static Table) -> std::io::Result<File> {
        let file = tempfile::tempfile()?;
        self.files.push((table, file.try_clone()?));
        Ok(file)
    }

    /// Uploads the files and publishes them. With `history`, also copies them to the history. Returns the URL of
    /// Office.
    ///
    /// # Errors
    /// A file cannot be uploaded, or the manifest cannot be replaced: the previous run stays published. A
    /// file cannot be copied to its plain name: the new run is published already.
    pub(crate) async fn publish(
        mut self,
        as_of: NaiveDate,
        history: bool,
        record: Option<&Record>,
    ) -> Result<String> {
        let home = self.home.clone();
        let (mut files, mut sizes) = (BTreeMap::new(), BTreeMap::new());
        for (table, file) in &mut self.files {
            let name = table.file(&home.table);
            let size = upload(&home, file, &home.run(&self.run).join(name.as_str())).await?;
            sizes.insert(table.name.to_owned(), size);
            let relative = [super::home::HIDDEN, &home.table, &self.run, &name].join("/");
            files.insert(table.name.to_owned(), relative);
        }
        let record = record.map(|record| record.with_sizes(sizes).to_value());
        let manifest = Manifest { version: VERSION, run: self.run, previous: None, as_of, files, record };
        let manifest = switch(&home, &self.claim, manifest, Some(self.found.as_deref())).await?;
        copy_to_plain_names(&home, manifest, history).await?;
        if history {
            store_history::move_earlier(&home).await?;
        }
        clean(&home, Utc::now).await;
        Ok(home.bucket.show(&home.out.clone().join(TABLES[0].file(&home.table))))
    }

    /// Uploads the files of the retained tables to the history only, and does not publish them. Returns the URL of
    /// Office there.
    ///
    /// # Errors
    /// A file cannot be uploaded.
    pub(crate) async fn retain(mut self, as_of: NaiveDate) -> Result<String> {
        check(&self.home, &self.claim).await?;
        let home = self.home;
        store_history::begin(&home, as_of).await?;
        let is_written = |table: &Table| self.files.iter().any(|(written, _)| written.name == table.name);
        store_history::delete_absent(&home, as_of, is_written).await?;
        self.files.sort_by_key(|(table, _)| table.is_overview());
        for (table, file) in &mut self.files {
            if !table.is_about_individuals() {
                upload(&home, file, &store_history::path(&home, table, as_of)).await?;
            }
        }
        store_history::move_earlier(&home).await?;
        Ok(home.bucket.show(&store_history::path(&home, &TABLES[0], as_of)))
    }
}

/// Uploads a file. Returns its size in bytes.
async fn upload(home: &Home, file: &mut File, path: &Path) -> Result<u64> {
    let put = put_file(&*home.bucket.store, path, file).await;
    put.map_err(home.cannot(path, "cannot be written"))
}

/// Checks that a run can replace what is in the output folder.
///
/// # Errors
/// A file belongs to another enrichment or to nobody known, or the store cannot be read.
pub(crate) async fn check(home: &Home, claim: &Claim) -> Result<()> {
    if let Some((current, _)) = home.current().await? {
        check_current(home, claim, &current).await?;
    }
    let plain = claim.tables.iter().map(|table| home.out.clone().join(table.file(&home.table)));
    let of_date = claim.retained.into_iter().flat_map(|date| {
        let earlier = home.out.clone().join(format!("{EARLIER}{date}"));
        claim.tables.iter().filter(|table| !table.is_about_individuals()).flat_map(move |table| {
            [store_history::path(home, table, date), earlier.clone().join(table.file(&home.table))]
        })
    });
    let checks = plain.chain(of_date).map(|path| check_file(home, claim, path));
    try_join_all(checks).await.map(|_| ())
}

/// Checks that a run can replace the published one.
async fn check_current(home: &Home, claim: &Claim, current: &Manifest) -> Result<()> {
    let files = every_table().filter_map(|table| current.files.get(table.name));
    let checks = join_all(files.map(|file| check_file(home, claim, home.file(file))));
    // The first of the errors is about Office, if it is another's.
    checks.await.into_iter().collect()
}

async fn check_file(home: &Home, claim: &Claim, path: Path) -> Result<()> {
    let owner = Owner::of_object(home.bucket.store.as_ref(), &path).await;
    claim.replaces(&home.bucket.show(&path), &owner.map_err(home.cannot(&path, "cannot be read"))?)
}

/// Replaces the manifest, if it still is the one that was read; else reads it again and retries. `found` is the run that
/// was published when this one began, if that matters. Returns the published manifest.
///
/// # Errors
/// Another run was published that this one would have to know ([`Claim::follows`]), another enrichment has published meanwhile, a file of the run is gone, the manifest cannot be replaced, or other runs replace it again and again.
pub(crate) async fn switch(
    home: &Home,
    claim: &Claim,
    mut manifest: Manifest,
    found: Option<Option<&str>>,
) -> Result<Manifest> {
    let path = home.manifest();
    let cannot = home.cannot(&path, "cannot be replaced");
    for _ in 0..PATIENCE {
        let current = home.current().await?;
        let run = current.as_ref().map(|(current, _)| current.run.as_str());
        if run != Some(&manifest.run) {
            claim.follows(found.is_none_or(|found| found == run))?;
        }
        let mode = match current {
            // An earlier attempt has succeeded, but its response was lost.
            Some((current, _)) if current.run == manifest.run => return Ok(current),
            Some((current, version)) => {
                check_current(home, claim, &current).await?;
                manifest.previous = Some(current.run);
                PutMode::Update(version)
            }
            None => PutMode::Create,
        };
        // Another run may have deleted the files as those of a dead run.
        for file in manifest.files.values().map(|file| home.file(file)) {
            home.bucket
                .store
                .head(&file)
                .await
                .map_err(home.cannot(&file, "a file of this run no longer exists"))?;
        }
        let body = manifest.write();
        let put = match home.bucket.store.put_opts(&path, body.clone().into(), mode.into()).await {
            // A store without conditional writes: the last write wins.
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
    let what = format!("[output] {place}: other runs replace it again and again; run again later");
    Err(Error::output(what).with_temporary(true))
}

/// Copies the files of the published run to their plain names and, with `history`, to the history, and deletes such copies
/// of tables that it does not have. If another run is published meanwhile, it copies its files, too. The last run to finish
/// copies the files of the run that is published then.
pub(crate) async fn copy_to_plain_names(home: &Home, mut manifest: Manifest, history: bool) -> Result<()> {
    for _ in 0..PATIENCE {
        let what = "the run is published, but this copy is not up to date (run again)";
        for file in manifest.files.values() {
            let name = file.rsplit('/').next().unwrap_or(file);
            copy(home, &home.file(file), &home.out.clone().join(name), what).await?;
        }
        let is_written = |table: &Table| manifest.files.contains_key(table.name);
        for absent in every_table().filter(|table| !is_written(table)) {
            delete_plain(home, &manifest, absent).await?;
        }
        if history {
            store_history::begin(home, manifest.as_of).await?;
            store_history::delete_absent(home, manifest.as_of, is_written).await?;
            for table in overview_last() {
                let Some(file) = manifest.files.get(table.name) else { continue };
                let to = store_history::path(home, table, manifest.as_of);
                copy(home, &home.file(file), &to, what).await?;
            }
        }
        match home.current().await? {
            Some((current, _)) if current.run != manifest.run => manifest = current,
            _ => break,
        }
    }
    Ok(())
}

/// Deletes the copy of a table that an earlier run had and the published one has not. A file with this name that the
/// enrichment has not published stays.
async fn delete_plain(home: &Home, manifest: &Manifest, absent: &Table) -> Result<()> {
    let plain = home.out.clone().join(absent.file(&home.table));
    let owner = async |path: &Path| {
        let owner = Owner::of_object(home.bucket.store.as_ref(), path).await;
        owner.map_err(home.cannot(path, "cannot be read"))
    };
    let found = owner(&plain).await?;
    let Some(office) = manifest.files.get(TABLES[0].name).map(|file| home.file(file)) else { return Ok(()) };
    if matches!(found, Owner::Enrichment(_)) && owner(&office).await? == found {
        store_history::delete(home, &plain).await?;
    }
    Ok(())
}

/// Deletes the files of dead runs. Errors are ignored: the result is already published, and the next run
/// tries again.
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
            run.starts_with(super::folder::RUN) && !manifest.names(run) && *last < now() - DEAD_AFTER
        });
        let paths: Vec<_> = dead.flat_map(|(_, (_, paths))| paths).map(Ok).collect();
        home.bucket.store.delete_stream(stream::iter(paths).boxed()).try_for_each(|_| async { Ok(()) }).await
    }
    .await;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::datatypes::Fields;
    use datafusion::parquet::arrow::ArrowWriter;
    use datafusion::parquet::file::metadata::KeyValue;
    use datafusion::parquet::file::properties::WriterProperties;
    use object_store::memory::InMemory;

    use super::*;
    use crate::publish::upload::PART;
    use crate::storage::Bucket;

    fn home() -> Home {
        let bucket = Bucket::of_test(Arc::new(InMemory::new()));
        Home { bucket: Arc::new(bucket), out: Path::from("lake/out"), table: "Office".into() }
    }

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 10, 31).unwrap()
    }

    /// Publishes a run whose files contain this text.
    async fn publish(home: &Home, text: &str) -> String {
        begun(home, text).await.publish(day(), false, None).await.unwrap()
    }

    async fn begun(home: &Home, text: &str) -> Upload {
        begun_with(home, text, Claim::on_everything()).await
    }

    async fn begun_with(home: &Home, text: &str, claim: Claim) -> Upload {
        let mut upload = Upload::create(home.clone(), claim).await.unwrap();
        for table in TABLES {
            std::io::Write::write_all(&mut upload.file(table).unwrap(), text.as_bytes()).unwrap();
        }
        upload
    }

    /// A run that suppresses numbers has to know what was published before it.
    #[tokio::test]
    async fn a_protected_run_publishes_after_the_run_that_it_has_found() {
        let home = home();
        for _ in 0..2 {
            let mut claim = Claim::on_everything();
            claim.is_protected = true;
            let first = begun_with(&home, "first", claim.clone()).await;
            let second = begun_with(&home, "second", claim).await;
            second.publish(day(), false, None).await.unwrap();
            let error = first.publish(day(), false, None).await.unwrap_err();
            assert!(error.is_temporary(), "{error}");
            assert_eq!(found(&home).await, ["second", "second"]);
        }
    }

    async fn text(home: &Home, path: &Path) -> String {
        let bytes = home.bucket.store.get(path).await.unwrap().bytes().await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    /// The content of Office by the manifest, and by its plain name.
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
    async fn the_last_run_is_published_and_the_one_before_is_retained() {
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
        fast.publish(day(), false, None).await.unwrap();
        slow.publish(day(), false, None).await.unwrap();
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
        let mut retained = vec![manifest.run.clone(), manifest.previous.clone().unwrap()];
        retained.sort();
        assert_eq!(runs(&home).await, retained);
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
        let error = switch(&home, &Claim::on_everything(), manifest, None).await.unwrap_err().to_string();
        assert!(error.contains("a file of this run no longer exists") && error.contains(gone), "{error}");
        assert_eq!(found(&home).await, ["before", "before"]);
    }

    #[tokio::test]
    async fn a_large_file_goes_in_parts() {
        let home = home();
        let large = "x".repeat(2 * PART + 5);
        publish(&home, &large).await;
        assert!(found(&home).await.iter().all(|text| *text == large));
    }

    /// A run of an enrichment whose files say so.
    async fn of(home: &Home, name: &str) -> Result<Upload> {
        let mut upload = Upload::create(home.clone(), Claim::of_test(name)).await?;
        TABLES.iter().for_each(|table| written(&mut upload, table, name));
        Ok(upload)
    }

    /// Writes the file of a table, without rows.
    fn written(upload: &mut Upload, table: &'static Table, name: &str) {
        let mark = KeyValue::new("engagement.enrichment".to_owned(), name.to_owned());
        let properties = WriterProperties::builder().set_key_value_metadata(Some(vec![mark])).build();
        let (file, schema) = (upload.file(table).unwrap(), table.schema(1, &Fields::empty()));
        ArrowWriter::try_new(file, schema, Some(properties)).unwrap().close().unwrap();
    }

    /// A run that publishes the optional table, and then one that does not.
    #[tokio::test]
    async fn copies_of_a_table_that_is_no_longer_published_are_deleted() {
        let home = home();
        let optional = every_table().find(|table| table.is_optional()).unwrap();
        let places = || async {
            let mut found = vec![];
            for path in ["Office_ScoreExplained.parquet", "Office.parquet"] {
                let of_date = path.trim_end_matches(".parquet");
                for path in [path.to_owned(), format!("history/{of_date}/AsOfDate=2026-10-31/{path}")] {
                    found.push(home.bucket.store.head(&home.file(&path)).await.is_ok());
                }
            }
            found
        };
        let mut with_optional = of(&home, "us").await.unwrap();
        written(&mut with_optional, optional, "us");
        with_optional.publish(day(), true, None).await.unwrap();
        assert_eq!(places().await, [true; 4]);
        let (manifest, _) = home.current().await.unwrap().unwrap();
        assert!(manifest.files.contains_key("Office_ScoreExplained"));
        of(&home, "us").await.unwrap().publish(day(), true, None).await.unwrap();
        assert_eq!(places().await, [false, false, true, true]);
        // A date that is retained and not published.
        let mut with_optional = of(&home, "us").await.unwrap();
        written(&mut with_optional, optional, "us");
        with_optional.retain(day()).await.unwrap();
        assert_eq!(places().await, [false, true, true, true]);
        of(&home, "us").await.unwrap().retain(day()).await.unwrap();
        assert_eq!(places().await, [false, false, true, true]);
        // The file of somebody else stays, unless a run writes the table.
        let plain = home.file("Office_ScoreExplained.parquet");
        home.bucket.store.put(&plain, "of somebody else".into()).await.unwrap();
        of(&home, "us").await.unwrap().publish(day(), false, None).await.unwrap();
        assert_eq!(text(&home, &plain).await, "of somebody else");
    }

    #[tokio::test]
    async fn another_enrichment_is_refused_before_and_when_it_publishes() {
        let home = home();
        // Both begin before anything is published.
        let (us, emea) = (of(&home, "us").await.unwrap(), of(&home, "emea").await.unwrap());
        us.publish(day(), false, None).await.unwrap();
        let text = emea.publish(day(), false, None).await.unwrap_err().to_string();
        assert!(text.contains("/Office.parquet is published by the enrichment \"us\""), "{text}");
        assert!(of(&home, "emea").await.is_err());
        of(&home, "us").await.unwrap().publish(day(), false, None).await.unwrap();
        // The plain names are somebody's, too.
        let plain = home.file("Office_Overview.parquet");
        home.bucket.store.put(&plain, "of somebody else".into()).await.unwrap();
        let text = of(&home, "us").await.err().unwrap().to_string();
        assert!(text.contains("s3://test/lake/out/Office_Overview.parquet does not say"), "{text}");
    }
}
