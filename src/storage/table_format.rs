//! Folders of the table formats Delta, Iceberg and Hudi, and of streams of Spark.
//!
//! Such a folder also contains files with rows that do not count: they were deleted or replaced, or an attempt of a
//! stream that failed has left them. So its files must not be read one by one. What marks a table lies beside its
//! files: a folder `_delta_log`, a folder `metadata` with files of Iceberg, a folder `.hoodie`, and for a stream a
//! folder `_spark_metadata`. A file belongs to a table if it is anywhere below such a folder.

use std::collections::HashMap;
use std::fs;
use std::path::{Path as LocalPath, PathBuf};

use futures::future::join_all;
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectStore;
use object_store::path::Path;

/// The name of the folder that every Delta table contains.
pub(crate) const DELTA_LOG: &str = "_delta_log";

/// The name of the folder in which a stream of Spark lists the files that it has written.
const SPARK_LOG: &str = "_spark_metadata";

/// The name of the folder in which an Iceberg table has its metadata. Other folders have this name, too, so
/// the names in it decide.
const METADATA: &str = "metadata";

/// How many names of a folder `metadata` in an object store are looked at: one page of a list.
const NAMES: usize = 1000;

/// A table format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableFormat {
    Delta,
    Iceberg,
    Hudi,
    SparkStream,
}

impl TableFormat {
    /// Such a table, with its article.
    pub(crate) fn described(self) -> &'static str {
        match self {
            Self::Delta => "a Delta table",
            Self::Iceberg => "an Iceberg table",
            Self::Hudi => "a Hudi table",
            Self::SparkStream => "the output of a stream of Spark",
        }
    }

    /// What its files also contain besides the rows that count.
    pub(crate) fn other_rows(self) -> &'static str {
        match self {
            Self::Delta | Self::Iceberg | Self::Hudi => "deleted and old rows",
            Self::SparkStream => {
                "rows of attempts that failed, which its folder _spark_metadata does not list"
            }
        }
    }

    /// The format of a table that has a folder or file with this name directly in its folder.
    pub(crate) fn marked_by(name: &str) -> Option<Self> {
        match name {
            DELTA_LOG => Some(Self::Delta),
            SPARK_LOG => Some(Self::SparkStream),
            ".hoodie" | ".hoodie_partition_metadata" => Some(Self::Hudi),
            _ => None,
        }
    }
}

/// Whether a file in a folder `metadata` makes the folder above it an Iceberg table.
fn is_of_iceberg(name: &str) -> bool {
    let is_manifest = |name: &str| {
        name.starts_with("snap-")
            || name
                .rsplit_once("-m")
                .is_some_and(|(_, n)| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    name == "version-hint.text"
        || name.contains(".metadata.json")
        || name.strip_suffix(".avro").is_some_and(is_manifest)
}

/// The tables of which folders on this machine are part. Each folder is looked at once.
#[derive(Debug, Default)]
pub(crate) struct LocalTables(HashMap<PathBuf, Option<(PathBuf, TableFormat)>>);

impl LocalTables {
    /// The table of which a file is part, given the file's path: the table's folder and format. Both the
    /// path as it is and the path without links count.
    pub(crate) fn of_file(&mut self, file: &LocalPath) -> Option<(PathBuf, TableFormat)> {
        let written = std::path::absolute(file).ok();
        let real = fs::canonicalize(file).ok();
        [written, real].into_iter().flatten().find_map(|path| self.of_folder(path.parent()?))
    }

    /// The table of which an absolute folder is part: that of the folder itself or of the nearest folder
    /// above it.
    pub(crate) fn of_folder(&mut self, folder: &LocalPath) -> Option<(PathBuf, TableFormat)> {
        if let Some(known) = self.0.get(folder) {
            return known.clone();
        }
        let here = in_folder(folder).map(|format| (folder.to_path_buf(), format));
        let found = here.or_else(|| self.of_folder(folder.parent()?));
        self.0.insert(folder.to_path_buf(), found.clone());
        found
    }
}

/// The format of the table whose folder this is. What cannot be read does not mark a table.
fn in_folder(folder: &LocalPath) -> Option<TableFormat> {
    if folder.join(DELTA_LOG).is_dir() {
        return Some(TableFormat::Delta);
    }
    if [".hoodie", ".hoodie_partition_metadata"].iter().any(|name| folder.join(name).exists()) {
        return Some(TableFormat::Hudi);
    }
    if folder.join(SPARK_LOG).is_dir() {
        return Some(TableFormat::SparkStream);
    }
    let mut names = fs::read_dir(folder.join(METADATA)).ok()?.flatten();
    names.any(|entry| is_of_iceberg(&entry.file_name().to_string_lossy())).then_some(TableFormat::Iceberg)
}

/// The tables among listed folders of an object store.
#[derive(Debug, Default)]
pub(crate) struct ListedTables {
    tables: Vec<(Path, TableFormat)>,
    /// The folders that contain a folder `metadata`.
    with_metadata: Vec<Path>,
}

impl ListedTables {
    /// Whether no table was seen.
    pub(crate) fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    /// Takes note of a folder or object that was listed.
    pub(crate) fn see(&mut self, listed: &Path) {
        let (folder, name) = listed.as_ref().rsplit_once('/').unwrap_or(("", listed.as_ref()));
        // The folder of a valid path is a valid path.
        let folder = || Path::parse(folder).unwrap_or_default();
        match TableFormat::marked_by(name) {
            Some(format) => self.tables.push((folder(), format)),
            None if name == METADATA => self.with_metadata.push(folder()),
            None => {}
        }
    }

    /// Takes note of the folders of an object.
    fn see_all_above(&mut self, object: &Path) {
        let parts: Vec<_> = object.parts().collect();
        for (i, part) in parts.iter().enumerate() {
            let folder = || parts[..i].iter().cloned().collect::<Path>();
            let format = match parts.get(i + 1) {
                Some(file)
                    if part.as_ref() == METADATA && i + 2 == parts.len() && is_of_iceberg(file.as_ref()) =>
                {
                    Some(TableFormat::Iceberg)
                }
                _ => TableFormat::marked_by(part.as_ref()),
            };
            if let Some(format) = format
                && self.tables.last().is_none_or(|last| *last != (folder(), format))
            {
                self.tables.push((folder(), format));
            }
        }
    }

    /// A table that contains one of these objects, or the first table if there are no objects. This sends
    /// one request for each folder that may be an Iceberg table and contains one of the objects.
    pub(crate) async fn with<'a>(
        mut self,
        store: &dyn ObjectStore,
        objects: impl Iterator<Item = &'a Path> + Clone,
    ) -> Option<(Path, TableFormat)> {
        let contains = |folder: &Path| objects.clone().any(|object| object.prefix_matches(folder));
        let is_empty = objects.clone().next().is_none();
        for folder in self.with_metadata {
            if contains(&folder) && has_iceberg_metadata(store, &folder).await {
                self.tables.push((folder, TableFormat::Iceberg));
            }
        }
        self.tables.sort_by(|a, b| a.0.cmp(&b.0));
        self.tables.into_iter().find(|(folder, _)| is_empty || contains(folder))
    }
}

/// The table of which one of these objects is part. They were found below `prefix`, or are the object at
/// `prefix`. All names below `prefix` are listed for this.
pub(crate) async fn table_of_objects(
    store: &dyn ObjectStore,
    prefix: &Path,
    objects: &[Path],
) -> Option<(Path, TableFormat)> {
    let mut tables = ListedTables::default();
    let mut listed = store.list(Some(prefix));
    while let Some(Ok(meta)) = listed.next().await {
        tables.see_all_above(&meta.location);
    }
    let found = tables.with(store, objects.iter()).await;
    match found.filter(|_| !objects.is_empty()) {
        Some(table) => Some(table),
        None => of_folder(store, prefix).await,
    }
}

async fn has_iceberg_metadata(store: &dyn ObjectStore, folder: &Path) -> bool {
    let names = store.list(Some(&folder.clone().join(METADATA))).take(NAMES);
    let is_it = |path: &Path| path.filename().is_some_and(is_of_iceberg);
    let mut found = names.try_filter(|meta| std::future::ready(is_it(&meta.location))).boxed();
    found.next().await.is_some_and(|found| found.is_ok())
}

/// The table of which a folder in an object store is part: that of the folder itself or of the nearest folder
/// above it. This sends four requests for each of these folders. A folder that may not be listed counts as
/// one without a table: credentials are often restricted to a part of a bucket.
pub(crate) async fn of_folder(store: &dyn ObjectStore, folder: &Path) -> Option<(Path, TableFormat)> {
    let parts: Vec<_> = folder.parts().collect();
    let folders = (0..=parts.len()).rev().map(|n| parts[..n].iter().cloned().collect::<Path>());
    let found = join_all(folders.map(|folder| async move {
        let has = async |name: &str| {
            let mut listed = store.list(Some(&folder.clone().join(name)));
            listed.next().await.is_some_and(|first| first.is_ok())
        };
        let (delta, hudi, stream, iceberg) = futures::join!(
            has(DELTA_LOG),
            has(".hoodie"),
            has(SPARK_LOG),
            has_iceberg_metadata(store, &folder)
        );
        let format = match (delta, hudi, stream, iceberg) {
            (true, ..) => TableFormat::Delta,
            (_, true, ..) => TableFormat::Hudi,
            (_, _, true, _) => TableFormat::SparkStream,
            (.., true) => TableFormat::Iceberg,
            _ => return None,
        };
        Some((folder, format))
    }));
    found.await.into_iter().flatten().next()
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt;
    use object_store::memory::InMemory;

    use super::*;

    const ICEBERG: [&str; 5] = [
        "v1.metadata.json",
        "00003-8f1f-11.gz.metadata.json",
        "version-hint.text",
        "snap-5-1-8f1f.avro",
        "8f1f-11-m0.avro",
    ];

    #[test]
    fn names_of_iceberg() {
        assert!(ICEBERG.iter().all(|name| is_of_iceberg(name)));
        for other in
            ["metadata.json", "note.text", "mail.avro", "mail-m.avro", "mail-may.avro", "x-m0.parquet"]
        {
            assert!(!is_of_iceberg(other), "{other}");
        }
    }

    #[test]
    fn tables_on_this_machine() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let file = |name: &str| {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "x").unwrap();
            path
        };
        file("delta/_delta_log/0.json");
        file("hudi/.hoodie/hoodie.properties");
        file("part/of/hudi/.hoodie_partition_metadata");
        file("stream/_spark_metadata/0");
        file("ice/metadata/v1.metadata.json");
        file("plain/metadata/note.json");
        file("plain/_delta_log");
        std::os::unix::fs::symlink(root.join("delta"), root.join("link")).unwrap();
        let outside = file("elsewhere/x.parquet");
        std::os::unix::fs::symlink(&outside, root.join("hudi/x.parquet")).unwrap();
        std::os::unix::fs::symlink(file("delta/y.parquet"), root.join("plain/y.parquet")).unwrap();
        let mut tables = LocalTables::default();
        for (path, expected) in [
            ("delta/y.parquet", Some(("delta", TableFormat::Delta))),
            ("delta/d=1/e=2/y.parquet", Some(("delta", TableFormat::Delta))),
            ("delta/_delta_log/0.json", Some(("delta", TableFormat::Delta))),
            ("link/y.parquet", Some(("link", TableFormat::Delta))),
            ("plain/y.parquet", Some(("delta", TableFormat::Delta))),
            ("hudi/x.parquet", Some(("hudi", TableFormat::Hudi))),
            ("part/of/hudi/x.parquet", Some(("part/of/hudi", TableFormat::Hudi))),
            ("ice/data/x.parquet", Some(("ice", TableFormat::Iceberg))),
            ("stream/d=1/x.parquet", Some(("stream", TableFormat::SparkStream))),
            ("plain/x.parquet", None),
            ("elsewhere/x.parquet", None),
        ] {
            let expected = expected.map(|(folder, format)| (root.join(folder), format));
            assert_eq!(tables.of_file(&root.join(path)), expected, "{path}");
        }
    }

    #[tokio::test]
    async fn tables_in_a_store() {
        let store = InMemory::new();
        for name in [
            "a/delta/_delta_log/0.json",
            "a/hudi/.hoodie/hoodie.properties",
            "a/ice/metadata/snap-1.avro",
            "a/stream/_spark_metadata/0",
            "a/plain/metadata/note.json",
        ] {
            store.put(&Path::parse(name).unwrap(), "x".into()).await.unwrap();
        }
        for (folder, expected) in [
            ("a/delta/d=1", Some(("a/delta", TableFormat::Delta))),
            ("a/delta", Some(("a/delta", TableFormat::Delta))),
            ("a/hudi/x/y", Some(("a/hudi", TableFormat::Hudi))),
            ("a/ice/data", Some(("a/ice", TableFormat::Iceberg))),
            ("a/stream/d=1", Some(("a/stream", TableFormat::SparkStream))),
            ("a/plain", None),
            ("a", None),
            ("", None),
        ] {
            let expected = expected.map(|(folder, format)| (Path::from(folder), format));
            assert_eq!(of_folder(&store, &Path::from(folder)).await, expected, "{folder}");
        }
        for (prefix, object, expected) in [
            ("a", "a/delta/x.parquet", Some("a/delta")),
            ("a", "a/ice/data/x.parquet", Some("a/ice")),
            ("a", "a/stream/d=1/x.parquet", Some("a/stream")),
            ("a", "a/plain/x.parquet", None),
            ("a/hudi/x.parquet", "a/hudi/x.parquet", Some("a/hudi")),
            ("a/delta/d=1", "a/delta/d=1/x.parquet", Some("a/delta")),
        ] {
            let found = table_of_objects(&store, &Path::from(prefix), &[Path::from(object)]).await;
            assert_eq!(found.map(|(folder, _)| folder), expected.map(Path::from), "{prefix}");
        }
    }
}
