//! Finds the objects of a path in a bucket. The path is an object, a folder of objects, or a pattern.

use std::sync::Arc;

use futures::stream::{FuturesUnordered, StreamExt};
use glob::{MatchOptions, Pattern};
use object_store::ObjectMeta;
use object_store::path::Path;

use super::bucket::{Bucket, Object};
use super::table_format::{self, ListedTables, TableFormat};

/// How many folders are listed at the same time. Each one is listed page by page.
const FOLDERS_AT_ONCE: usize = 16;

/// How patterns match. Local patterns (`inputs/files.rs`) have the same options.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// The result of [`find`].
pub(crate) enum Files {
    /// Objects, sorted by their paths; and those in the folder that are not read because of their names, sorted,
    /// without those that usually lie beside data.
    Found(Vec<Object>, Vec<Path>),
    /// A folder that contains no object with one of the endings.
    EmptyFolder,
    /// There is no such object or folder, or the pattern matches nothing.
    Nothing,
    /// The folder of a table of which one of the objects is part.
    Table(Path, TableFormat),
}

/// Finds the objects of a path: the object itself; all objects of a folder, at any depth, that have one of
/// these endings; or the objects that match a pattern. In a folder, names that begin with `_` or `.` are
/// left out.
///
/// # Errors
/// One line that names the URL and the likely cause.
pub(crate) async fn find(bucket: &Arc<Bucket>, written: &str, endings: &[&str]) -> Result<Files, String> {
    let (files, tables) = listed(bucket, written, endings).await?;
    let objects = match &files {
        Files::Found(objects, _) => objects.as_slice(),
        // A table without files is still a table.
        Files::EmptyFolder => &[],
        _ => return Ok(files),
    };
    let table = tables.with(bucket.store.as_ref(), objects.iter().map(|object| &object.path)).await;
    if let Some((folder, format)) = table {
        return Ok(Files::Table(folder, format));
    }
    // What lies beside the objects was listed with them, unless the path is that of one object. What lies in
    // the folders above was not.
    let above = match objects {
        [one] => parent(&one.path),
        _ => Path::parse(fixed(written)).ok(),
    };
    let Some(above) = above.filter(|_| !bucket.is_web()) else { return Ok(files) };
    let table = table_format::of_folder(bucket.store.as_ref(), &above).await;
    Ok(table.map_or(files, |(folder, format)| Files::Table(folder, format)))
}

/// The folder of a path; `None` for the bucket itself.
fn parent(path: &Path) -> Option<Path> {
    let folder = path.as_ref().rsplit_once('/').map_or("", |(folder, _)| folder);
    (!path.as_ref().is_empty()).then(|| Path::parse(folder).ok())?
}

/// The parts of a path before the first one that is a pattern.
fn fixed(path: &str) -> String {
    let plain = path.split('/').take_while(|part| !part.contains(['*', '?', '[']));
    plain.collect::<Vec<_>>().join("/")
}

/// The objects of a path, and the tables among the folders that were listed to find them.
async fn listed(
    bucket: &Arc<Bucket>,
    written: &str,
    endings: &[&str],
) -> Result<(Files, ListedTables), String> {
    let path = Path::parse(written).map_err(|e| format!("this is not a path in an object store: {e}"))?;
    let describe = |e| bucket.describe(&path, &e);
    let sorted = |found: Vec<ObjectMeta>, mut left_out: Vec<Path>| {
        let mut objects: Vec<_> = found
            .into_iter()
            .map(|meta| Object { bucket: Arc::clone(bucket), path: meta.location, size: meta.size })
            .collect();
        objects.sort_by(|a, b| a.path.cmp(&b.path));
        left_out.sort();
        Files::Found(objects, left_out)
    };
    let is_pattern = written.contains(['*', '?', '[']);
    let is_folder = written.is_empty() || written.ends_with('/');
    let object = if is_folder { Ok(None) } else { Object::at(bucket, &path).await };
    if let Ok(Some(object)) = &object
        && object.size > 0
    {
        return Ok((Files::Found(vec![object.clone()], vec![]), ListedTables::default()));
    }
    if bucket.is_web() {
        let files = match object {
            Ok(Some(object)) => Ok(Files::Found(vec![object], vec![])),
            Ok(None) if is_folder || is_pattern => Err(format!(
                "{}: a web server does not list its files; give the URL of one file",
                bucket.show(&path)
            )),
            Ok(None) => Ok(Files::Nothing),
            Err(e) => Err(describe(e)),
        };
        return Ok((files?, ListedTables::default()));
    }
    // An error of a list request is reported before that of the request for the object: the latter is a
    // HEAD request, whose response has no body, so its error does not contain the cause.
    if is_pattern && !is_folder {
        let (found, tables) = matching(bucket, &path).await?;
        let files = match object {
            Ok(Some(object)) => Files::Found(vec![object], vec![]),
            Err(e) if found.is_empty() => return Err(describe(e)),
            _ if found.is_empty() => Files::Nothing,
            _ => sorted(found, vec![]),
        };
        return Ok((files, tables));
    }
    let wanted = |name: &str| {
        let name = name.to_ascii_lowercase();
        endings.iter().any(|ending| name.ends_with(&format!(".{ending}")))
    };
    let shown = |name: &str| !name.starts_with(['_', '.']);
    let (mut any, mut left_out) = (false, vec![]);
    let in_folder = walk(
        bucket,
        path.clone(),
        |p| last(p).is_some_and(shown),
        |object| {
            any = true;
            let name = last(&object.location).filter(|name| shown(name));
            let is_wanted = name.is_some_and(wanted);
            if !is_wanted && name.is_some_and(|name| !is_beside(&name.to_ascii_lowercase(), object.size)) {
                left_out.push(object.location.clone());
            }
            is_wanted
        },
    );
    let (in_folder, tables) = in_folder.await.map_err(describe)?;
    let files = match object {
        _ if !in_folder.is_empty() => sorted(in_folder, left_out),
        // Some tools create an empty object to mark a folder. It is a file if the folder contains nothing.
        Ok(Some(object)) if !any => Files::Found(vec![object], vec![]),
        Err(e) => return Err(describe(e)),
        _ if any || is_folder || !tables.is_empty() => Files::EmptyFolder,
        _ => Files::Nothing,
    };
    Ok((files, tables))
}

/// The objects that match a pattern. Only folders that may contain some are listed.
async fn matching(bucket: &Arc<Bucket>, path: &Path) -> Result<(Vec<ObjectMeta>, ListedTables), String> {
    let pattern = |text: &str| Pattern::new(text).map_err(|e| format!("this is not a valid pattern: {e}"));
    let whole = pattern(path.as_ref())?;
    let parts = path.as_ref().split('/').map(|part| Ok((part == "**", pattern(part)?)));
    let parts = parts.collect::<Result<Vec<_>, String>>()?;
    // The first parts of a valid path are a valid path, so this does not fail.
    let root = Path::parse(fixed(path.as_ref())).unwrap_or_default();
    let may_hold = |folder: &Path| {
        let names = folder.as_ref().split('/');
        for (i, name) in names.enumerate() {
            match parts.get(i) {
                Some((true, _)) => return true,
                // The last part of the pattern matches the name of an object and not a folder.
                Some((_, part)) if i + 1 < parts.len() && part.matches_with(name, OPTIONS) => {}
                _ => return false,
            }
        }
        true
    };
    let matches = |object: &ObjectMeta| whole.matches_with(object.location.as_ref(), OPTIONS);
    walk(bucket, root.clone(), may_hold, matches).await.map_err(|e| bucket.describe(&root, &e))
}

/// The objects below a folder for which `wanted` is true, in any order, and the tables among the folders.
/// Only folders for which `enter` is true are listed.
async fn walk(
    bucket: &Bucket,
    root: Path,
    mut enter: impl FnMut(&Path) -> bool,
    mut wanted: impl FnMut(&ObjectMeta) -> bool,
) -> object_store::Result<(Vec<ObjectMeta>, ListedTables)> {
    let list = |folder: Path| async move { bucket.store.list_with_delimiter(Some(&folder)).await };
    let (mut waiting, mut running) = (vec![root], FuturesUnordered::new());
    let (mut found, mut tables) = (vec![], ListedTables::default());
    loop {
        while running.len() < FOLDERS_AT_ONCE
            && let Some(folder) = waiting.pop()
        {
            running.push(list(folder));
        }
        let Some(result) = running.next().await else { return Ok((found, tables)) };
        let result = result?;
        let objects = result.objects.iter().map(|object| &object.location);
        objects.chain(&result.common_prefixes).for_each(|listed| tables.see(listed));
        found.extend(result.objects.into_iter().filter(|object| wanted(object)));
        waiting.extend(result.common_prefixes.into_iter().filter(|folder| enter(folder)));
    }
}

/// The endings and the beginnings of names of files that usually lie beside data and contain none.
const BESIDE: [&str; 8] = [".crc", ".md", ".md5", ".sha1", ".sha256", ".sig", ".ini", ".db"];
const BESIDE_NAMED: [&str; 4] = ["readme", "license", "manifest", "changelog"];

/// Whether a file in a folder of data is something beside the data: a checksum, a description or a mark. `name` is
/// in lower case and without the folder, `size` in bytes.
pub(crate) fn is_beside(name: &str, size: u64) -> bool {
    size == 0
        || BESIDE.iter().any(|ending| name.ends_with(ending))
        || BESIDE_NAMED.iter().any(|begin| name.starts_with(begin))
}

fn last(path: &Path) -> Option<&str> {
    path.as_ref().rsplit('/').next()
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;
    use object_store::{ObjectStore, ObjectStoreExt};

    use super::*;

    async fn bucket(names: &[&str]) -> Arc<Bucket> {
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        for name in names {
            store.put(&Path::parse(name).unwrap(), "x".into()).await.unwrap();
        }
        Arc::new(Bucket::of_test(store))
    }

    async fn found(bucket: &Arc<Bucket>, written: &str) -> Vec<String> {
        match find(bucket, written, &["parquet"]).await.unwrap() {
            Files::Found(objects, _) => objects.iter().map(|o| o.path.to_string()).collect(),
            Files::Table(folder, format) => vec![format!("{} {folder}", format.described())],
            Files::EmptyFolder => vec!["empty".to_owned()],
            Files::Nothing => vec!["nothing".to_owned()],
        }
    }

    #[tokio::test]
    async fn files_with_other_names_are_noticed() {
        let names =
            ["b.parquet", "c/x.PARQ", "c/y.parquet.bak", "README.md", "x.crc", "_SUCCESS", ".z", "_t/x"];
        let bucket = bucket(&names.map(|name| format!("m/{name}")).each_ref().map(String::as_str)).await;
        for (written, expected) in [("m/", &["m/c/x.PARQ", "m/c/y.parquet.bak"][..]), ("m/*", &[])] {
            let Files::Found(_, left_out) = find(&bucket, written, &["parquet"]).await.unwrap() else {
                panic!()
            };
            assert_eq!(left_out.iter().map(Path::as_ref).collect::<Vec<_>>(), expected, "{written}");
        }
    }

    #[tokio::test]
    async fn folders_patterns_and_literal_names() {
        let names = [
            "m/b.parquet",
            "m/d=1/A.PARQUET",
            "m/d=2/c.parquet",
            "m/_SUCCESS",
            "m/.x.parquet",
            "m/_tmp/c.parquet",
            "m/note.txt",
            "m/[1].parquet",
            "mm/z.parquet",
            "t/note.txt",
            "x/y/_delta_log/00000000000000000000.json",
            "x/y/a.parquet",
            "x/y/d=1/b.parquet",
            "z/_delta_log/00000000000000000000.json",
            "i/data/d=1/a.parquet",
            "i/metadata/v1.metadata.json",
            "h/d=1/a.parquet",
            "h/.hoodie/hoodie.properties",
            "p/metadata/note.json",
            "p/metadata/a.parquet",
        ];
        let bucket = bucket(&names).await;
        for (written, expected) in [
            ("m", &["m/[1].parquet", "m/b.parquet", "m/d=1/A.PARQUET", "m/d=2/c.parquet"][..]),
            ("m/", &["m/[1].parquet", "m/b.parquet", "m/d=1/A.PARQUET", "m/d=2/c.parquet"]),
            ("m/b.parquet", &["m/b.parquet"]),
            ("m/note.txt", &["m/note.txt"]),
            ("m/*.parquet", &["m/[1].parquet", "m/b.parquet"]),
            ("m/?.parquet", &["m/b.parquet"]),
            ("m/d=*/*.parquet", &["m/d=2/c.parquet"]),
            ("m/**/c.parquet", &["m/_tmp/c.parquet", "m/d=2/c.parquet"]),
            ("m*/[a-z].parquet", &["m/b.parquet", "mm/z.parquet"]),
            ("m/.*.parquet", &["m/.x.parquet"]),
            ("m/[1].parquet", &["m/[1].parquet"]),
            ("x", &["a Delta table x/y"]),
            ("x/y/", &["a Delta table x/y"]),
            ("x/y/a.parquet", &["a Delta table x/y"]),
            ("x/y/d=1", &["a Delta table x/y"]),
            ("x/*/*.parquet", &["a Delta table x/y"]),
            ("x/**/b.parquet", &["a Delta table x/y"]),
            ("x/y/d=*/*.parquet", &["a Delta table x/y"]),
            ("z", &["a Delta table z"]),
            ("i", &["an Iceberg table i"]),
            ("i/data/d=1/a.parquet", &["an Iceberg table i"]),
            ("i/data/", &["an Iceberg table i"]),
            ("i/data/**/*.parquet", &["an Iceberg table i"]),
            ("*/data/**/*.parquet", &["an Iceberg table i"]),
            ("h/d=1/*.parquet", &["a Hudi table h"]),
            ("p", &["p/metadata/a.parquet"]),
            ("t", &["empty"]),
            ("n", &["nothing"]),
            ("m/q*.parquet", &["nothing"]),
        ] {
            assert_eq!(found(&bucket, written).await, expected, "{written}");
        }
        assert!(find(&bucket, "m/[.parquet", &[]).await.is_err_and(|e| e.contains("not a valid pattern")));
        assert!(find(&bucket, "m//x", &[]).await.is_err_and(|e| e.contains("not a path in an object store")));
    }
}
