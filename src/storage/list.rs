//! Finds the objects of a path in a bucket. The path is an object, a folder of objects, or a pattern.

use std::sync::Arc;

use futures::stream::{FuturesUnordered, StreamExt};
use object_store::ObjectMeta;
use object_store::path::Path;

use super::bucket::{Bucket, Object};
use super::path_pattern::{PathPattern, Place, Verdict, is_pattern};
use super::table_format::{self, ListedTables, TableFormat};

/// How many folders are listed at the same time. Each one is listed page by page.
const FOLDERS_AT_ONCE: usize = 16;

/// How many hidden folders are listed, each of which takes a request. Their names are listed to say what is not read.
const HIDDEN_FOLDERS: usize = 32;

/// The result of [`find`].
pub(crate) enum Files {
    /// There are objects.
    Found(Found),
    /// A folder that contains no object with one of the endings, or a pattern that matches only such folders.
    EmptyFolder(Found),
    /// There is no such object or folder, or the pattern matches nothing.
    Nothing,
    /// The folder of a table of which one of the objects is part.
    Table(Path, TableFormat),
}

/// The objects of a path. All are sorted by their paths.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) objects: Vec<Object>,
    /// The objects in a folder that are not read because of their endings, without those that usually lie beside data.
    pub(crate) others: Vec<Path>,
    /// The objects with the right endings that are not read because a name begins with `_` or `.`.
    pub(crate) hidden: Vec<Path>,
    /// The folders that a pattern matches and in which no object is read.
    pub(crate) without_files: Vec<Path>,
}

/// Finds the objects of a path: the object itself; all objects of a folder, at any depth, that have one of
/// these endings; or what a pattern means ([`PathPattern`]).
///
/// # Errors
/// One line that names the URL and the likely cause.
pub(crate) async fn find(bucket: &Arc<Bucket>, written: &str, endings: &[&str]) -> Result<Files, String> {
    let (files, tables) = listed(bucket, written, endings).await?;
    let objects = match &files {
        // A table without files is still a table.
        Files::Found(found) | Files::EmptyFolder(found) => found.objects.as_slice(),
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
        _ => PathPattern::of(written).ok().and_then(|(folder, _)| Path::parse(folder).ok()),
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

/// The objects of a path, and the tables among the folders that were listed to find them.
async fn listed(
    bucket: &Arc<Bucket>,
    written: &str,
    endings: &[&str],
) -> Result<(Files, ListedTables), String> {
    let path = Path::parse(written).map_err(|e| format!("this is not a path in an object store: {e}"))?;
    let describe = |e| bucket.describe(&path, &e);
    let one = |object| Files::Found(Found { objects: vec![object], ..Found::default() });
    let is_folder = written.is_empty() || written.ends_with('/');
    let object = if is_folder { Ok(None) } else { Object::at(bucket, &path).await };
    if let Ok(Some(object)) = &object
        && object.size > 0
    {
        return Ok((one(object.clone()), ListedTables::default()));
    }
    if bucket.is_web() {
        let files = match object {
            Ok(Some(object)) => Ok(one(object)),
            Ok(None) if is_folder || is_pattern(written) => Err(format!(
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
    let mut walk = Walk::of(bucket, path.clone(), PathPattern::default(), endings);
    if is_pattern(written) {
        // A folder that exists is taken literally.
        if is_folder {
            walk.all().await.map_err(describe)?;
        }
        if walk.found.is_empty() {
            let (folder, pattern) =
                PathPattern::of(written).map_err(|e| format!("this is not a valid pattern: {e}"))?;
            // The first parts of a valid path are a valid path, so this does not fail.
            let folder = Path::parse(folder).unwrap_or_default();
            walk = Walk::of(bucket, folder, pattern, endings);
            walk.all().await.map_err(describe)?;
        }
    } else {
        walk.all().await.map_err(describe)?;
    }
    let any = walk.any;
    let (found, tables) = walk.sorted(bucket);
    let is_literal = !is_pattern(written);
    let files = match object {
        _ if !found.objects.is_empty() => Files::Found(found),
        // Some tools create an empty object to mark a folder. It is a file if the folder contains nothing.
        Ok(Some(object)) if !is_literal || !any => one(object),
        Err(e) => return Err(describe(e)),
        _ if is_literal && (any || is_folder || !tables.is_empty()) => Files::EmptyFolder(found),
        _ if any && !found.without_files.is_empty() || !found.hidden.is_empty() => Files::EmptyFolder(found),
        _ => Files::Nothing,
    };
    Ok((files, tables))
}

/// A walk through folders of a bucket.
struct Walk<'a> {
    bucket: &'a Bucket,
    pattern: PathPattern,
    endings: &'a [&'a str],
    /// The folders that are to be listed.
    waiting: Vec<(Path, Place)>,
    /// How many more hidden folders are listed.
    hidden_folders: usize,
    found: Vec<ObjectMeta>,
    others: Vec<Path>,
    hidden: Vec<Path>,
    /// The folders that the pattern matches.
    matched: Vec<Path>,
    /// Whether there is any object in a folder that is read.
    any: bool,
    tables: ListedTables,
}

impl<'a> Walk<'a> {
    fn of(bucket: &'a Bucket, folder: Path, pattern: PathPattern, endings: &'a [&'a str]) -> Self {
        let start = pattern.start();
        let is_matched = PathPattern::is_matched(&start, &Place::default());
        Self {
            bucket,
            endings,
            matched: is_matched.then(|| folder.clone()).into_iter().collect(),
            waiting: vec![(folder, start)],
            pattern,
            hidden_folders: HIDDEN_FOLDERS,
            found: vec![],
            others: vec![],
            hidden: vec![],
            any: false,
            tables: ListedTables::default(),
        }
    }

    /// Lists the folders that may contain objects of the path, several at the same time.
    async fn all(&mut self) -> object_store::Result<()> {
        let bucket = self.bucket;
        let list = |(folder, place): (Path, Place)| async move {
            (bucket.store.list_with_delimiter(Some(&folder)).await, place)
        };
        let mut running = FuturesUnordered::new();
        loop {
            while running.len() < FOLDERS_AT_ONCE
                && let Some(folder) = self.waiting.pop()
            {
                running.push(list(folder));
            }
            let Some((listed, place)) = running.next().await else { return Ok(()) };
            match listed {
                // Nothing is read there.
                Err(_) if self.pattern.is_hidden(&place) => {}
                listed => {
                    let listed = listed?;
                    for folder in listed.common_prefixes {
                        self.folder(folder, &place);
                    }
                    for object in listed.objects {
                        self.object(object, &place);
                    }
                }
            }
        }
    }

    fn folder(&mut self, folder: Path, above: &Place) {
        self.tables.see(&folder);
        let Some(place) = last(&folder).and_then(|name| self.pattern.folder(above, name)) else { return };
        if PathPattern::is_matched(&place, above) {
            self.matched.push(folder.clone());
        }
        if self.pattern.is_hidden(&place) {
            let is_of_table = last(&folder).is_some_and(|name| TableFormat::marked_by(name).is_some());
            match self.hidden_folders.checked_sub(1).filter(|_| !is_of_table) {
                Some(left) => self.hidden_folders = left,
                None => return,
            }
        }
        self.waiting.push((folder, place));
    }

    fn object(&mut self, object: ObjectMeta, place: &Place) {
        self.tables.see(&object.location);
        let Some(name) = last(&object.location) else { return };
        self.any |= !self.pattern.is_hidden(place);
        let lower = name.to_ascii_lowercase();
        let has_ending = self.endings.iter().any(|ending| lower.ends_with(&format!(".{ending}")));
        match self.pattern.file(place, name, has_ending) {
            Verdict::Read => self.found.push(object),
            Verdict::Hidden if object.size > 0 => self.hidden.push(object.location),
            Verdict::OtherEnding if !is_beside(&lower, object.size) => self.others.push(object.location),
            _ => {}
        }
    }

    /// What was found, sorted, and the tables.
    fn sorted(self, bucket: &Arc<Bucket>) -> (Found, ListedTables) {
        let Self { found, mut others, mut hidden, mut matched, tables, .. } = self;
        let object =
            |meta: ObjectMeta| Object { bucket: Arc::clone(bucket), path: meta.location, size: meta.size };
        let mut objects: Vec<_> = found.into_iter().map(object).collect();
        objects.sort_by(|a, b| a.path.cmp(&b.path));
        for paths in [&mut others, &mut hidden, &mut matched] {
            paths.sort();
        }
        matched.retain(|folder| !objects.iter().any(|object| object.path.prefix_matches(folder)));
        (Found { objects, others, hidden, without_files: matched }, tables)
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
            Files::Found(found) => found.objects.iter().map(|o| o.path.to_string()).collect(),
            Files::Table(folder, format) => vec![format!("{} {folder}", format.described())],
            Files::EmptyFolder(_) => vec!["empty".to_owned()],
            Files::Nothing => vec!["nothing".to_owned()],
        }
    }

    #[tokio::test]
    async fn files_with_other_names_are_noticed() {
        let names =
            ["b.parquet", "c/x.PARQ", "c/y.parquet.bak", "README.md", "x.crc", "_SUCCESS", ".z", "_t/x"];
        let bucket = bucket(&names.map(|name| format!("m/{name}")).each_ref().map(String::as_str)).await;
        let others = ["m/c/x.PARQ", "m/c/y.parquet.bak"];
        for (written, expected) in [("m/", &others[..]), ("m/*", &others), ("m/*.parquet", &[])] {
            let Files::Found(found) = find(&bucket, written, &["parquet"]).await.unwrap() else { panic!() };
            assert_eq!(texts(&found.others), expected, "{written}");
        }
    }

    fn texts(paths: &[Path]) -> Vec<&str> {
        paths.iter().map(Path::as_ref).collect()
    }

    #[tokio::test]
    async fn what_hidden_names_and_empty_folders_hide_is_known() {
        let names = [
            "a.parquet",
            "_b.parquet",
            "_t/0/c.parquet",
            "._t/c.parquet",
            ".x/d.txt",
            "e/_f.parquet",
            "e/_S",
        ];
        let bucket = bucket(&names.map(|name| format!("m/{name}")).each_ref().map(String::as_str)).await;
        let all = ["m/._t/c.parquet", "m/_b.parquet", "m/_t/0/c.parquet", "m/e/_f.parquet"];
        for (written, hidden, without_files) in [
            ("m", &all[..], &[][..]),
            ("m/**", &all, &[]),
            ("m/*", &all, &["m/e"]),
            ("m/*.parquet", &all[1..2], &[]),
            ("m/**/*.parquet", &all, &[]),
        ] {
            let Files::Found(found) = find(&bucket, written, &["parquet"]).await.unwrap() else { panic!() };
            assert_eq!(texts(&found.hidden), hidden, "{written}");
            assert_eq!(texts(&found.without_files), without_files, "{written}");
        }
        for written in ["m/e", "m/e/*", "m/e*", "m/_t/*"] {
            let found = find(&bucket, written, &["parquet"]).await.unwrap();
            let is_read = written == "m/_t/*";
            assert_eq!(matches!(found, Files::EmptyFolder(_)), !is_read, "{written}");
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
            "s/a.parquet",
            "s/b.parquet/_SUCCESS",
            "s/b.parquet/_temporary/0/part-2.parquet",
            "s/b.parquet/part-0.parquet",
            "s/b.parquet/x/part-1.parquet",
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
            ("m/**/c.parquet", &["m/d=2/c.parquet"]),
            ("m/_tmp/*", &["m/_tmp/c.parquet"]),
            ("m/**/_tmp/*", &["m/_tmp/c.parquet"]),
            ("m/d*", &["m/d=1/A.PARQUET", "m/d=2/c.parquet"]),
            ("m/d*/", &["m/d=1/A.PARQUET", "m/d=2/c.parquet"]),
            ("m/**", &["m/[1].parquet", "m/b.parquet", "m/d=1/A.PARQUET", "m/d=2/c.parquet"]),
            ("s/*.parquet", &["s/a.parquet", "s/b.parquet/part-0.parquet", "s/b.parquet/x/part-1.parquet"]),
            ("[s]/b.parquet/", &["s/b.parquet/part-0.parquet", "s/b.parquet/x/part-1.parquet"]),
            ("s/b.parquet", &["s/b.parquet/part-0.parquet", "s/b.parquet/x/part-1.parquet"]),
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
