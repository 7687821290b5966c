//! Finds the objects of a path in a bucket. The path is an object, a folder of objects, or a pattern.

use std::sync::Arc;

use futures::stream::{FuturesUnordered, StreamExt};
use glob::{MatchOptions, Pattern};
use object_store::ObjectMeta;
use object_store::path::Path;

use super::bucket::{Bucket, Object};

/// How many folders are listed at the same time. Each one is listed page by page.
const FOLDERS_AT_ONCE: usize = 16;

/// How patterns match. Local patterns (`inputs/files.rs`) have the same options.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: true };

/// The result of [`find`].
pub(crate) enum Files {
    /// Objects, sorted by their paths.
    Found(Vec<Object>),
    /// A folder that contains no object with one of the endings.
    EmptyFolder,
    /// There is no such object or folder, or the pattern matches nothing.
    Nothing,
    /// A Delta table: the folder itself, or a folder in it.
    DeltaTable(Path),
}

/// The name of the folder that every Delta table contains.
pub(crate) const DELTA_LOG: &str = "_delta_log";

/// Finds the objects of a path: the object itself; all objects of a folder, at any depth, that have one of
/// these endings; or the objects that match a pattern. In a folder, names that begin with `_` or `.` are
/// left out.
///
/// # Errors
/// One line that names the URL and the likely cause.
pub(crate) async fn find(bucket: &Arc<Bucket>, written: &str, endings: &[&str]) -> Result<Files, String> {
    let path = Path::parse(written).map_err(|e| format!("this is not a path in an object store: {e}"))?;
    let describe = |e| bucket.describe(&path, &e);
    let listed = |found: Vec<ObjectMeta>| {
        let mut objects: Vec<_> = found
            .into_iter()
            .map(|meta| Object { bucket: Arc::clone(bucket), path: meta.location, size: meta.size })
            .collect();
        objects.sort_by(|a, b| a.path.cmp(&b.path));
        Files::Found(objects)
    };
    let is_pattern = written.contains(['*', '?', '[']);
    let is_folder = written.is_empty() || written.ends_with('/');
    let object = if is_folder { Ok(None) } else { Object::at(bucket, &path).await };
    if let Ok(Some(object)) = &object
        && object.size > 0
    {
        return Ok(Files::Found(vec![object.clone()]));
    }
    if bucket.is_web() {
        return match object {
            Ok(Some(object)) => Ok(Files::Found(vec![object])),
            Ok(None) if is_folder || is_pattern => Err(format!(
                "{}: a web server does not list its files; give the URL of one file",
                bucket.show(&path)
            )),
            Ok(None) => Ok(Files::Nothing),
            Err(e) => Err(describe(e)),
        };
    }
    // An error of a list request is reported before that of the request for the object: the latter is a
    // HEAD request, whose response has no body, so its error does not contain the cause.
    if is_pattern && !is_folder {
        let found = matching(bucket, &path).await?;
        return match object {
            Ok(Some(object)) => Ok(Files::Found(vec![object])),
            Err(e) if found.is_empty() => Err(describe(e)),
            _ if found.is_empty() => Ok(Files::Nothing),
            _ => Ok(listed(found)),
        };
    }
    let wanted = |name: &str| {
        let name = name.to_ascii_lowercase();
        endings.iter().any(|ending| name.ends_with(&format!(".{ending}")))
    };
    let shown = |name: &str| !name.starts_with(['_', '.']);
    let mut any = false;
    let mut delta = None;
    let in_folder = walk(
        bucket,
        path.clone(),
        |p| {
            if last(p) == Some(DELTA_LOG) {
                delta = p.as_ref().strip_suffix(DELTA_LOG).and_then(|p| Path::parse(p).ok());
            }
            last(p).is_some_and(shown)
        },
        |p| {
            any = true;
            last(p).is_some_and(|name| shown(name) && wanted(name))
        },
    );
    let in_folder = in_folder.await.map_err(describe)?;
    if let Some(folder) = delta {
        return Ok(Files::DeltaTable(folder));
    }
    match object {
        _ if !in_folder.is_empty() => Ok(listed(in_folder)),
        // Some tools create an empty object to mark a folder. It is a file if the folder contains nothing.
        Ok(Some(object)) if !any => Ok(Files::Found(vec![object])),
        Err(e) => Err(describe(e)),
        _ if any || is_folder => Ok(Files::EmptyFolder),
        _ => Ok(Files::Nothing),
    }
}

/// The objects that match a pattern. Only folders that may contain some are listed.
async fn matching(bucket: &Arc<Bucket>, path: &Path) -> Result<Vec<ObjectMeta>, String> {
    let pattern = |text: &str| Pattern::new(text).map_err(|e| format!("this is not a valid pattern: {e}"));
    let whole = pattern(path.as_ref())?;
    let parts = path.as_ref().split('/').map(|part| Ok((part == "**", pattern(part)?)));
    let parts = parts.collect::<Result<Vec<_>, String>>()?;
    let plain = path.as_ref().split('/').take_while(|part| !part.contains(['*', '?', '[']));
    // The first parts of a valid path are a valid path, so this does not fail.
    let root = Path::parse(plain.collect::<Vec<_>>().join("/")).unwrap_or_default();
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
    let matches = |object: &Path| whole.matches_with(object.as_ref(), OPTIONS);
    walk(bucket, root.clone(), may_hold, matches).await.map_err(|e| bucket.describe(&root, &e))
}

/// The objects below a folder for which `wanted` is true, in any order. Only folders for which `enter` is
/// true are listed.
async fn walk(
    bucket: &Bucket,
    root: Path,
    mut enter: impl FnMut(&Path) -> bool,
    mut wanted: impl FnMut(&Path) -> bool,
) -> object_store::Result<Vec<ObjectMeta>> {
    let list = |folder: Path| async move { bucket.store.list_with_delimiter(Some(&folder)).await };
    let (mut waiting, mut running) = (vec![root], FuturesUnordered::new());
    let mut found = vec![];
    loop {
        while running.len() < FOLDERS_AT_ONCE
            && let Some(folder) = waiting.pop()
        {
            running.push(list(folder));
        }
        let Some(result) = running.next().await else { return Ok(found) };
        let result = result?;
        found.extend(result.objects.into_iter().filter(|object| wanted(&object.location)));
        waiting.extend(result.common_prefixes.into_iter().filter(|folder| enter(folder)));
    }
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
            Files::Found(objects) => objects.iter().map(|o| o.path.to_string()).collect(),
            Files::DeltaTable(folder) => vec![format!("the Delta table {folder}")],
            Files::EmptyFolder => vec!["empty".to_owned()],
            Files::Nothing => vec!["nothing".to_owned()],
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
            ("x", &["the Delta table x/y"]),
            ("x/y/", &["the Delta table x/y"]),
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
