//! What runs with less protection have left in the output: with a smaller `[privacy] min_people`, without any, or by
//! a weaker rule of an earlier version. A run with more protection deletes it, because numbers that are not published
//! any more could be read there, or calculated from the differences.
//!
//! Files of other enrichments stay, unless the command line permits the run to replace them (`--replace`): a renamed
//! enrichment has left files of its name before. Errors are not ignored: the run is published, but what remains is less protected.

use std::collections::BTreeSet;
use std::path::{Path as LocalPath, PathBuf};
use std::{fs, io};

use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectMeta, ObjectStore, ObjectStoreExt};

use super::Description;
use super::atomic_link::lock_home;
use super::folder::{self, RUN};
use super::history::{self, date_of_link, is_retained};
use super::history_reader::Files;
use super::home::home;
use super::location::Home;
use super::tables::TABLES;
use crate::config::Enrichment;
use crate::error::{Error, Result};

/// The enrichment and its `[privacy] min_people`.
#[derive(Debug, Clone)]
pub(crate) struct Protection {
    enrichment: String,
    pub(crate) min_people: u32,
    /// Whether the run replaces what other enrichments have published, such as this one with its name before.
    replaces: bool,
}

impl Protection {
    pub(crate) fn of(enrichment: &Enrichment) -> Self {
        let replaces = enrichment.output.replace;
        Self { enrichment: enrichment.name.clone(), min_people: enrichment.min_people, replaces }
    }

    /// Whether what has this description is of this enrichment, or of one that it replaces, and is protected less.
    pub(crate) fn exceeds(&self, description: &Description) -> bool {
        let is_own = |name: &str| self.replaces || name == self.enrichment;
        description.enrichment().is_some_and(is_own) && description.protection() < self.min_people
    }
}

/// What was deleted.
#[derive(Debug, Default)]
pub(crate) struct Deleted {
    pub(crate) dates: BTreeSet<String>,
    /// The numbers of runs before the last one, or of versions of Delta tables.
    pub(crate) runs: usize,
}

impl Deleted {
    /// The note about it; `None` if nothing was deleted.
    pub(crate) fn note(&self, protection: &Protection, earlier: [&str; 2]) -> Option<String> {
        let counted = |count: usize, words: [&str; 2]| {
            (count > 0).then(|| format!("{count} {}", words[usize::from(count != 1)]))
        };
        let what = [counted(self.dates.len(), ["as-of date", "as-of dates"]), counted(self.runs, earlier)];
        let what: Vec<_> = what.into_iter().flatten().collect();
        (!what.is_empty()).then(|| {
            format!(
                "[privacy] min_people = {}: what runs with less protection had left in the output is deleted ({}); this \
                 program cannot delete copies elsewhere, backups, and versions that a store keeps of its objects",
                protection.min_people,
                what.join(", ")
            )
        })
    }
}

/// The words for runs before the last one.
pub(crate) const RUNS: [&str; 2] = ["earlier run", "earlier runs"];

fn cannot(place: &str, e: &dyn std::fmt::Display) -> Error {
    Error::output(format!(
        "[output] {place}: the run is published, but what runs with less protection have left there cannot be deleted: \
         {e}; delete it"
    ))
}

/// Deletes it from a folder on this machine.
///
/// # Errors
/// A file cannot be deleted.
pub(crate) fn delete_local(out: &LocalPath, table: &str, protection: &Protection) -> Result<Deleted> {
    let delete = || -> io::Result<Deleted> {
        let mut deleted = Deleted::default();
        let home = home(out, table);
        let _home = lock_home(&home)?;
        let is_weaker = |folder: &LocalPath| {
            let files = TABLES.iter().map(|of| folder.join(of.file(table)));
            let mut described = files.filter_map(|file| Description::of_file(&file).ok());
            described.next().is_some_and(|description| protection.exceeds(&description))
        };
        // First the names by which readers find the files.
        for (date, files) in history::dates(out, table)? {
            let mut described = files.values().filter_map(|file| Description::of_file(file).ok());
            if described.any(|description| protection.exceeds(&description)) {
                history::remove_names(out, table, date)?;
                deleted.dates.insert(date.to_string());
            }
        }
        let current = folder::current(out, table);
        // Then the links, while the folders are there to which they lead. A link that leads nowhere is left by a run
        // that was killed here.
        let (links, folders): (Vec<_>, Vec<_>) =
            entries(&home)?.into_iter().partition(|entry| entry.is_symlink());
        for link in links.into_iter().filter(|link| date_of_link(&name(link)).is_some()) {
            if !link.exists() || is_weaker(&link) {
                fs::remove_file(link)?;
            }
        }
        for entry in folders {
            let name = name(&entry);
            let is_run =
                name.starts_with(RUN) && Some(&entry) != current.as_ref() && !folder::goes_on(&entry);
            // In a copy whose links were followed, the files of a date are in a folder with the name of the link.
            let of_date = date_of_link(&name);
            if (is_run || is_retained(&name) || of_date.is_some()) && is_weaker(&entry) {
                fs::remove_dir_all(entry)?;
                deleted.runs += usize::from(is_run);
            }
        }
        Ok(deleted)
    };
    delete().map_err(|e| cannot(&out.display().to_string(), &e))
}

fn entries(folder: &LocalPath) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect()
}

fn name(path: &LocalPath) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Deletes it from an object store.
///
/// # Errors
/// The store cannot be read, or an object cannot be deleted.
pub(crate) async fn delete_in_store(home: &Home, protection: &Protection) -> Result<Deleted> {
    let store = home.bucket.store.as_ref();
    let cannot = |e: StoreError| cannot(&home.bucket.show(&home.out), &home.bucket.describe(&home.out, &e));
    let delete = async || -> Result<Deleted> {
        let (mut deleted, mut runs) = (Deleted::default(), BTreeSet::new());
        let current = home.current().await.ok().flatten().map(|(manifest, _)| manifest.run);
        let of_runs = home.path();
        for object in parquet(store, &of_runs).await.map_err(&cannot)? {
            let run = object.location.prefix_match(&of_runs).and_then(|mut parts| parts.next());
            let run = run.map(|run| run.as_ref().to_owned()).filter(|run| Some(run) != current.as_ref());
            let Some(run) = run.filter(|run| run.starts_with(RUN)) else { continue };
            if is_weaker(store, &object, protection).await.map_err(&cannot)? {
                store.delete(&object.location).await.map_err(&cannot)?;
                runs.insert(run);
            }
        }
        deleted.runs = runs.len();
        for (date, files) in Files::in_store(home).await?.dates {
            for file in files.into_values() {
                if is_weaker(store, &file, protection).await.map_err(&cannot)? {
                    store.delete(&file.location).await.map_err(&cannot)?;
                    deleted.dates.insert(date.to_string());
                }
            }
        }
        Ok(deleted)
    };
    delete().await
}

/// Leaves out the dates of the history that a run with this protection deletes.
///
/// # Errors
/// A file cannot be read.
pub(crate) async fn leave_out(
    files: &mut Files,
    store: &dyn ObjectStore,
    protection: &Protection,
) -> Result<()> {
    if protection.min_people == 1 {
        return Ok(());
    }
    let mut leaving = vec![];
    for (date, of_date) in &files.dates {
        for file in of_date.values() {
            let weaker = is_weaker(store, file, protection).await;
            let cannot = |e: StoreError| Error::output(format!("{}: cannot be read: {e}", file.location));
            if weaker.map_err(cannot)? {
                leaving.push(*date);
                break;
            }
        }
    }
    leaving.iter().for_each(|date| drop(files.dates.remove(date)));
    Ok(())
}

async fn parquet(store: &dyn ObjectStore, folder: &Path) -> Result<Vec<ObjectMeta>, StoreError> {
    let objects: Vec<_> = store.list(Some(folder)).try_collect().await?;
    Ok(objects.into_iter().filter(|object| object.location.as_ref().ends_with(".parquet")).collect())
}

/// Whether a file is of this enrichment, and is protected less. A file that is no Parquet file is not.
///
/// # Errors
/// The store cannot be read.
async fn is_weaker(
    store: &dyn ObjectStore,
    object: &ObjectMeta,
    protection: &Protection,
) -> Result<bool, StoreError> {
    let description = described(store, object).await?;
    Ok(description.is_some_and(|description| protection.exceeds(&description)))
}

/// The description of a file; `None` if it is no Parquet file.
///
/// # Errors
/// The store cannot be read.
pub(crate) async fn described(
    store: &dyn ObjectStore,
    object: &ObjectMeta,
) -> Result<Option<Description>, StoreError> {
    match Description::of_object(store, object, None).await {
        Err(e) if super::owner::is_of_store(&e) => {
            Err(StoreError::Generic { store: "store", source: Box::new(e) })
        }
        read => Ok(read.ok()),
    }
}

/// The as-of dates among these paths of a Delta table, which has them as partitions.
#[cfg(feature = "delta")]
pub(crate) fn dates_of<'a>(paths: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let date = |path: &str| {
        let part = path.split('/').find_map(|part| part.strip_prefix("AsOfDate="))?;
        part.parse::<chrono::NaiveDate>().ok().map(|date| date.to_string())
    };
    paths.into_iter().filter_map(date).collect()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use datafusion::arrow::datatypes::Fields;
    use std::sync::Arc;

    use datafusion::parquet::arrow::ArrowWriter;
    use datafusion::parquet::file::metadata::KeyValue;
    use datafusion::parquet::file::properties::WriterProperties;
    use object_store::memory::InMemory;

    use super::super::manifest::{Manifest, VERSION};
    use super::*;
    use crate::storage::Bucket;

    /// A file of a run of an enrichment with this `min_people`, by this rule.
    fn file(enrichment: &str, min_people: u32, rule: &str) -> Vec<u8> {
        let (mut bytes, min_people) = (vec![], min_people.to_string());
        let entries = [("enrichment", enrichment), ("min_people", &min_people), ("suppression", rule)];
        let entries =
            entries.map(|(key, value)| KeyValue::new(format!("engagement.{key}"), value.to_owned()));
        let properties = WriterProperties::builder().set_key_value_metadata(Some(entries.to_vec())).build();
        ArrowWriter::try_new(&mut bytes, TABLES[0].schema(1, &Fields::empty()), Some(properties))
            .unwrap()
            .close()
            .unwrap();
        bytes
    }

    #[test]
    fn no_link_of_a_date_leads_nowhere_or_is_followed_elsewhere() {
        use std::os::unix::fs::symlink;
        let (out, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let home = home(out.path(), "Office");
        for run in ["a", "b", "retained-1", "retained-2", "retained-3", "AsOfDate=2026-10-27"] {
            fs::create_dir_all(home.join(run)).unwrap();
            fs::write(home.join(run).join("Office.parquet"), file("us", 1, "")).unwrap();
        }
        for (day, folder) in
            [(28, "retained-1"), (29, "retained-2"), (30, "retained-3"), (31, "retained-gone")]
        {
            symlink(folder, home.join(format!("as_of=2026-10-{day}"))).unwrap();
        }
        let protection = Protection { enrichment: "us".into(), min_people: 3, replaces: false };
        delete_local(out.path(), "Office", &protection).unwrap();
        let mut left: Vec<_> = entries(&home).unwrap().iter().map(|entry| name(entry)).collect();
        left.sort();
        assert_eq!(left, ["a", "b"]);

        let others = elsewhere.path().join("Office.parquet");
        fs::write(&others, file("us", 1, "")).unwrap();
        symlink(elsewhere.path(), out.path().join("as_of=2026-10-31")).unwrap();
        let error = delete_local(out.path(), "Office", &protection).unwrap_err();
        assert!(error.to_string().contains("as_of=2026-10-31 is a link; no run has made it"), "{error}");
        assert!(others.exists());
    }

    #[tokio::test]
    async fn objects_with_less_protection_are_deleted() {
        const RULE: &str = "accounts-by-kind-of-engagement";
        const WEAKER: &str = "accounts-by-month";
        let bucket = Arc::new(Bucket::of_test(Arc::new(InMemory::new())));
        let home = Home { bucket, out: Path::from("out"), table: "Office".into() };
        let store = Arc::clone(&home.bucket.store);
        let manifest = Manifest {
            version: VERSION,
            run: "run-now".into(),
            previous: Some("run-before".into()),
            as_of: NaiveDate::MIN,
            files: [].into(),
            record: None,
        };
        store.put(&home.manifest(), manifest.write().into()).await.unwrap();
        for (path, bytes) in [
            (".engagement/Office/run-now/Office.parquet", file("us", 3, RULE)),
            (".engagement/Office/run-before/Office.parquet", file("us", 1, "")),
            (".engagement/Office/run-before/Office_Overview.parquet", file("us", 1, "")),
            (".engagement/Office/run-begun/Office.parquet", file("us", 3, RULE)),
            ("as_of=2026-06-30/Office.parquet", file("us", 2, RULE)),
            ("history/Office/AsOfDate=2026-07-31/Office.parquet", file("us", 5, WEAKER)),
            ("history/Office/AsOfDate=2026-08-31/Office.parquet", file("us", 3, RULE)),
            ("history/Office/AsOfDate=2026-09-30/Office.parquet", file("emea", 1, "")),
            ("as_of=2026-10-31/Office.parquet", b"no Parquet file".to_vec()),
            ("as_of=2026-10-31/Sales.parquet", file("us", 1, "")),
        ] {
            store.put(&home.file(path), bytes.into()).await.unwrap();
        }
        let protection = Protection { enrichment: "us".into(), min_people: 3, replaces: false };
        let deleted = delete_in_store(&home, &protection).await.unwrap();
        assert_eq!(deleted.dates.iter().collect::<Vec<_>>(), ["2026-06-30", "2026-07-31"]);
        let note = deleted.note(&protection, RUNS).unwrap();
        assert!(note.contains("is deleted (2 as-of dates, 1 earlier run); this program cannot"), "{note}");
        let left: Vec<ObjectMeta> = store.list(Some(&home.out)).try_collect().await.unwrap();
        let mut left: Vec<_> = left.iter().map(|object| object.location.as_ref()).collect();
        left.sort_unstable();
        let expected = [
            "out/.engagement/Office/current.json",
            "out/.engagement/Office/run-begun/Office.parquet",
            "out/.engagement/Office/run-now/Office.parquet",
            "out/as_of=2026-10-31/Office.parquet",
            "out/as_of=2026-10-31/Sales.parquet",
            "out/history/Office/AsOfDate=2026-08-31/Office.parquet",
            "out/history/Office/AsOfDate=2026-09-30/Office.parquet",
        ];
        assert_eq!(left, expected);
        // The next run has nothing to delete, and says nothing.
        let deleted = delete_in_store(&home, &protection).await.unwrap();
        assert_eq!(deleted.note(&protection, RUNS), None);
        // A run that may replace others deletes what they have left under the names of its tables.
        let replaces = Protection { replaces: true, ..protection };
        let deleted = delete_in_store(&home, &replaces).await.unwrap();
        assert_eq!(deleted.dates.iter().collect::<Vec<_>>(), ["2026-09-30"]);
    }
}
