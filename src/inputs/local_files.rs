//! Finds the files of a path on this machine. The path is a file, a folder of files, or a pattern.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use glob::PatternError;

use crate::storage::{LocalTables, PathPattern, Place, TableFormat, Verdict, is_beside, is_pattern};

/// Names of Parquet files that other programs write: with these endings, or without any.
const OTHER_ENDINGS: [&str; 3] = ["parq", "pq", "pqt"];

/// How many files of a folder with such names are opened to see whether they are Parquet.
const OPENED: usize = 1000;

/// How many names in hidden folders are looked at. Backups can have such folders, and be much larger than the data.
const HIDDEN_LOOKED_AT: usize = 10_000;

/// The files of a path.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Sorted.
    pub(crate) files: Vec<PathBuf>,
    /// Parquet files in a folder that are not read because of their endings; sorted.
    pub(crate) left_out: Vec<PathBuf>,
    /// The other files in a folder that are not read because of their endings, without those that usually lie beside
    /// data; sorted.
    pub(crate) others: Vec<PathBuf>,
    /// The files with the right endings that are not read because a name begins with `_` or `.`; sorted.
    pub(crate) hidden: Vec<PathBuf>,
    /// The folders that a pattern matches and in which no file is read; sorted.
    pub(crate) without_files: Vec<PathBuf>,
    /// The endings of the other files in a folder, in lower case.
    pub(crate) endings: BTreeSet<String>,
    /// Whether links were followed, so that several paths may lead to one file.
    pub(crate) has_links: bool,
}

/// Why there are no files.
#[derive(Debug)]
pub(crate) enum Stop {
    /// A file or folder cannot be read.
    Unreadable(PathBuf, io::Error),
    /// The path is not a valid pattern.
    Pattern(PatternError),
    /// A folder without a file with one of the endings, or a pattern that matches only such folders, and what there
    /// is instead.
    EmptyFolder(Box<Found>),
    /// There is no such file, or the pattern matches nothing.
    Nothing,
    /// The folder of a table of which one of the files is part.
    Table(PathBuf, TableFormat),
}

/// Finds the files of a path: the file itself; all files of a folder, at any depth, that have one of these
/// endings; or what a pattern means ([`PathPattern`]). `within` is the folder of the enrichment file.
pub(crate) fn find(full: &Path, within: &Path, endings: &[&str]) -> Result<Found, Stop> {
    // Only the path in the enrichment file may be a pattern; the folder of that file is taken literally.
    let written = full.strip_prefix(within).unwrap_or(full).to_string_lossy();
    let mut found = match fs::metadata(full) {
        Ok(meta) if meta.is_dir() => Walk::all(full, &PathPattern::default(), endings)?,
        Ok(meta) if meta.is_file() => Found { files: vec![full.to_path_buf()], ..Found::default() },
        Ok(_) => return Err(Stop::Unreadable(full.to_path_buf(), neither())),
        Err(e) if e.kind() == io::ErrorKind::NotFound || is_pattern(&written) => {
            // The parts of a path do not tell whether a slash is at its end.
            let slash = if full.as_os_str().to_string_lossy().ends_with('/') { "/" } else { "" };
            let (there, rest) = existing(within, &written);
            let (folder, pattern) = PathPattern::of(&format!("{rest}{slash}")).map_err(Stop::Pattern)?;
            let parts = [there, &folder].into_iter().filter(|part| !part.is_empty());
            let folder = parts.fold(within.to_path_buf(), |place, part| place.join(part));
            if !is_pattern(&written) || !on_disk(&folder).is_dir() {
                return Err(Stop::Nothing);
            }
            Walk::all(&folder, &pattern, endings)?
        }
        Err(e) => return Err(Stop::Unreadable(full.to_path_buf(), e)),
    };
    let mut tables = LocalTables::default();
    // A table without files is still a table.
    let inside = found.without_files.iter().map(|folder| folder.join("file"));
    if let Some((folder, kind)) =
        found.files.iter().cloned().chain(inside).find_map(|file| tables.of_file(&file))
    {
        return Err(Stop::Table(folder, kind));
    }
    if !found.files.is_empty() {
        // There is a note about a folder only if a pattern matches it, among others.
        found.without_files.retain(|folder| folder != full);
        return Ok(found);
    }
    match found.without_files.is_empty() && found.hidden.is_empty() {
        true => Err(Stop::Nothing),
        false => Err(Stop::EmptyFolder(Box::new(found))),
    }
}

/// A folder as the file system knows it: the path of the working directory is blank, if the enrichment file is named
/// without a folder.
fn on_disk(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// The longest first part of a path that is a folder, which is taken literally, and the rest of the path.
fn existing<'a>(within: &Path, written: &'a str) -> (&'a str, &'a str) {
    let splits = written.rmatch_indices('/').filter(|(at, _)| *at > 0);
    let mut parts = splits.map(|(at, _)| (&written[..at], &written[at + 1..]));
    parts
        .find(|(there, rest)| !rest.is_empty() && on_disk(&within.join(there)).is_dir())
        .unwrap_or(("", written))
}

/// The error for a link that leads nowhere; any other error as it is.
fn of_link(e: io::Error) -> io::Error {
    match e.kind() {
        io::ErrorKind::NotFound => io::Error::other("it is a link that leads nowhere"),
        _ => e,
    }
}

fn neither() -> io::Error {
    io::Error::other("it is neither a file nor a folder")
}

/// A walk through folders.
struct Walk<'a> {
    pattern: &'a PathPattern,
    endings: &'a [&'a str],
    /// The folders above the current one, each as its device and inode number.
    above: Vec<(u64, u64)>,
    /// How many more names in hidden folders are looked at.
    hidden: usize,
    /// The folders that the pattern matches.
    matched: Vec<PathBuf>,
    found: Found,
}

impl<'a> Walk<'a> {
    /// The files that a pattern means in a folder.
    fn all(folder: &Path, pattern: &'a PathPattern, endings: &'a [&'a str]) -> Result<Found, Stop> {
        let (found, above, matched) = (Found::default(), vec![], vec![]);
        let mut walk = Self { pattern, endings, above, hidden: HIDDEN_LOOKED_AT, matched, found };
        let start = pattern.start();
        if PathPattern::is_matched(&start, &Place::default()) {
            walk.matched.push(folder.to_path_buf());
        }
        walk.folder(folder, &start).map_err(|(place, e)| Stop::Unreadable(place, e))?;
        let Self { mut found, mut matched, .. } = walk;
        for files in
            [&mut found.files, &mut found.left_out, &mut found.others, &mut found.hidden, &mut matched]
        {
            files.sort();
        }
        matched.retain(|folder| {
            let first = found.files.partition_point(|file| file < folder);
            !found.files.get(first).is_some_and(|file| file.starts_with(folder))
        });
        found.without_files = matched.iter().map(|folder| on_disk(folder).to_path_buf()).collect();
        Ok(found)
    }

    /// Adds the files of a folder, and of those in it.
    fn folder(&mut self, folder: &Path, place: &Place) -> Result<(), (PathBuf, io::Error)> {
        let meta = fs::metadata(on_disk(folder)).map_err(|e| (folder.to_path_buf(), e))?;
        let this = (meta.dev(), meta.ino());
        // This is a link to a folder above, whose files are found anyway.
        if self.above.contains(&this) && self.pattern.has_no_end(place) {
            return Ok(());
        }
        self.above.push(this);
        let walked = self.entries(folder, place);
        self.above.pop();
        walked
    }

    fn entries(&mut self, folder: &Path, place: &Place) -> Result<(), (PathBuf, io::Error)> {
        let is_hidden = self.pattern.is_hidden(place);
        let mut opened = 0;
        for entry in fs::read_dir(on_disk(folder)).map_err(|e| (folder.to_path_buf(), e))? {
            if is_hidden {
                let Some(left) = self.hidden.checked_sub(1) else { break };
                self.hidden = left;
            }
            self.entry(folder, &entry.map_err(|e| (folder.to_path_buf(), e))?, place, &mut opened)?;
        }
        Ok(())
    }

    /// Adds a file, or the files of a folder. `opened` is how many files of the folder were opened.
    fn entry(
        &mut self,
        folder: &Path,
        entry: &fs::DirEntry,
        place: &Place,
        opened: &mut usize,
    ) -> Result<(), (PathBuf, io::Error)> {
        let name = entry.file_name();
        // The path of the entry itself begins with a dot in the working directory.
        let (path, name) = (folder.join(&name), name.to_string_lossy());
        let lower = name.to_ascii_lowercase();
        let has_ending = self.endings.iter().any(|ending| lower.ends_with(&format!(".{ending}")));
        let verdict = self.pattern.file(place, &name, has_ending);
        let below = self.pattern.folder(place, &name);
        if verdict == Verdict::NotMeant && below.is_none() {
            return Ok(());
        }
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        self.found.has_links |= is_link;
        // This follows links: a data lake may consist of links.
        match (fs::metadata(&path), below) {
            (Ok(meta), Some(below)) if meta.is_dir() => {
                if PathPattern::is_matched(&below, place) {
                    self.matched.push(path.clone());
                }
                match self.folder(&path, &below) {
                    Err(_) if self.pattern.is_hidden(&below) => {}
                    walked => walked?,
                }
            }
            (Ok(meta), _) if meta.is_file() => self.file(path, &lower, meta.len(), verdict, opened),
            (Ok(meta), _) if verdict == Verdict::Read && !meta.is_dir() => return Err((path, neither())),
            (Ok(_), _) => {}
            // A link that leads nowhere may have led to a folder of data.
            (Err(e), Some(below)) if is_link && !self.pattern.is_hidden(&below) => {
                return Err((path, of_link(e)));
            }
            (Err(e), _) if verdict == Verdict::Read => {
                return Err((path, if is_link { of_link(e) } else { e }));
            }
            // The file is gone: another program has removed or renamed it just now.
            (Err(_), _) => {}
        }
        Ok(())
    }

    fn file(&mut self, path: PathBuf, lower: &str, size: u64, verdict: Verdict, opened: &mut usize) {
        let is_other = lower.rsplit_once('.').is_none_or(|(_, ending)| OTHER_ENDINGS.contains(&ending));
        match verdict {
            Verdict::Read => self.found.files.push(path),
            Verdict::Hidden if size > 0 => self.found.hidden.push(path),
            Verdict::Hidden | Verdict::NotMeant => {}
            Verdict::OtherEnding => {
                let may_be_parquet = self.endings.contains(&"parquet") && is_other && *opened < OPENED;
                *opened += usize::from(may_be_parquet);
                if may_be_parquet && is_parquet(&path) {
                    self.found.left_out.push(path);
                    return;
                }
                if !may_be_parquet {
                    self.found.endings.extend(lower.rsplit_once('.').map(|(_, ending)| ending.to_owned()));
                }
                if !is_beside(lower, size) {
                    self.found.others.push(path);
                }
            }
        }
    }
}

/// Whether a file begins as a Parquet file does. A file that cannot be read does not.
fn is_parquet(file: &Path) -> bool {
    let mut start = [0; 4];
    File::open(file).is_ok_and(|mut file| file.read_exact(&mut start).is_ok()) && start == *b"PAR1"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_at_any_depth_without_hidden_names() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.parquet", "d=1/A.PARQUET", "_SUCCESS", ".x.parquet", "_tmp/c.parquet", "note.txt"] {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        }
        std::fs::write(folder.path().join("d=1/part-0"), "PAR1").unwrap();
        std::fs::write(folder.path().join("x.parq"), "PAR1").unwrap();
        std::fs::write(folder.path().join("README"), "text").unwrap();
        std::fs::write(folder.path().join("empty.txt"), "").unwrap();
        std::fs::write(folder.path().join("d=1/part-1"), "text").unwrap();
        // Links to a folder above. If they were followed, two of them would take practically for ever.
        for link in ["d=1/up", "d=1/again", "here"] {
            std::os::unix::fs::symlink(folder.path(), folder.path().join(link)).unwrap();
        }
        let found = Walk::all(folder.path(), &PathPattern::default(), &["parquet"]).unwrap();
        let names = |mut files: Vec<PathBuf>| -> Vec<String> {
            files.sort();
            let name = |file: &PathBuf| file.strip_prefix(folder.path()).unwrap().display().to_string();
            files.iter().map(name).collect()
        };
        assert_eq!(names(found.files), ["b.parquet", "d=1/A.PARQUET"]);
        assert_eq!(names(found.left_out), ["d=1/part-0", "x.parq"]);
        assert_eq!(names(found.others), ["d=1/part-1", "note.txt"]);
        assert_eq!(names(found.hidden), [".x.parquet", "_tmp/c.parquet"]);
        assert_eq!(found.endings.into_iter().collect::<Vec<_>>(), ["txt"]);
    }

    /// Names of files, relative to a folder.
    fn relative(folder: &Path, files: &[PathBuf]) -> Vec<String> {
        files.iter().map(|file| file.strip_prefix(folder).unwrap().display().to_string()).collect()
    }

    #[test]
    fn folders_that_a_pattern_matches_are_read_as_folders() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "m/a.parquet",
            "m/b.parquet/part-0.parquet",
            "m/b.parquet/_SUCCESS",
            "m/b.parquet/_temporary/0/part-1.parquet",
            "m/c.parquet/x/part-0.parquet",
            "m/d.parquet/note.txt",
            "m/_e.parquet",
            "m/f/a.parquet",
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let find = |path: &str| super::find(&folder.path().join(path), folder.path(), &["parquet"]);
        let of_glob = ["m/a.parquet", "m/b.parquet/part-0.parquet", "m/c.parquet/x/part-0.parquet"];
        let found = find("m/*.parquet").unwrap();
        assert_eq!(relative(folder.path(), &found.files), of_glob);
        assert_eq!(relative(folder.path(), &found.others), ["m/d.parquet/note.txt"]);
        let hidden = ["m/_e.parquet", "m/b.parquet/_temporary/0/part-1.parquet"];
        assert_eq!(relative(folder.path(), &found.hidden), hidden);
        assert_eq!(relative(folder.path(), &found.without_files), ["m/d.parquet"]);
        let all = [&of_glob[..], &["m/f/a.parquet"]].concat();
        for path in ["m", "m/", "m/*", "m/**", "**/*.parquet", "m/**/*.parquet", "*"] {
            let found = find(path).unwrap();
            assert_eq!(relative(folder.path(), &found.files), all, "{path}");
            assert_eq!(relative(folder.path(), &found.hidden), hidden, "{path}");
        }
        assert_eq!(relative(folder.path(), &find("m/*/").unwrap().files), all[1..]);
        assert_eq!(relative(folder.path(), &find("m/_*").unwrap().files), ["m/_e.parquet"]);
        assert!(matches!(find("m/d*"), Err(Stop::EmptyFolder(found)) if found.without_files.len() == 1));
        assert!(matches!(find("m/q*"), Err(Stop::Nothing)));
        assert!(matches!(find("q/*"), Err(Stop::Nothing)));
    }

    #[test]
    fn a_link_that_leads_nowhere_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.parquet"), "x").unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("2026-01")).unwrap();
        for path in ["", "*", "2026-*"] {
            let place = folder.path().join("2026-01");
            let found = find(&folder.path().join(path), folder.path(), &["parquet"]);
            assert!(matches!(found, Err(Stop::Unreadable(link, _)) if link == place), "{path}");
        }
        assert!(find(&folder.path().join("*.parquet"), folder.path(), &["parquet"]).is_ok());
    }

    #[test]
    fn files_of_a_table_are_refused_by_every_path() {
        let folder = tempfile::tempdir().unwrap();
        let root = std::fs::canonicalize(folder.path()).unwrap();
        let file = |name: &str| {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "x").unwrap();
        };
        file("plain/a.parquet");
        file("lake/delta/d=1/a.parquet");
        file("lake/delta/_delta_log/00000000000000000000.json");
        file("lake/ice/data/a.parquet");
        file("lake/ice/metadata/version-hint.text");
        file("hudi/a.parquet");
        file("hudi/.hoodie/hoodie.properties");
        file("empty/_delta_log/00000000000000000000.json");
        let find = |path: &str| super::find(&root.join(path), &root, &["parquet"]);
        for (path, table) in [
            ("lake", "lake/delta"),
            ("lake/delta", "lake/delta"),
            ("lake/delta/d=1", "lake/delta"),
            ("lake/delta/d=1/a.parquet", "lake/delta"),
            ("lake/delta/*/*.parquet", "lake/delta"),
            ("**/*.parquet", "hudi"),
            ("lake/i*/**/*.parquet", "lake/ice"),
            ("lake/ice/data", "lake/ice"),
            ("hudi/a.parquet", "hudi"),
            ("empty", "empty"),
        ] {
            match find(path) {
                Err(Stop::Table(folder, _)) => assert_eq!(folder, root.join(table), "{path}"),
                other => panic!("{path}: {other:?}"),
            }
        }
        assert_eq!(find("plain/*.parquet").unwrap().files, [root.join("plain/a.parquet")]);
        assert!(matches!(find("lake/*.parquet"), Err(Stop::Nothing)));
        assert!(matches!(find("emp*"), Err(Stop::Table(folder, _)) if folder == root.join("empty")));
    }
}
