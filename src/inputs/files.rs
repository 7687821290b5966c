//! Finds the files of a path of the enrichment file.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;

use datafusion::prelude::SessionContext;

use super::local_files::{self, Found, Stop};
use super::{hive, snapshots};
use crate::config::{Enrichment, Format};
use crate::error::{Error, Result};
use crate::storage::{self, Bucket, InputFile, Location, TableFormat, is_pattern, redacted};

/// The files of a path.
pub(crate) struct Files {
    pub(crate) files: Vec<InputFile>,
    /// The keys of the folders of each file, in the order of `files`. The folders are those of the path as
    /// it is written and those below it.
    pub(crate) keys: Vec<hive::Keys>,
    /// Remarks about files that are not read.
    pub(crate) notes: Vec<String>,
}

/// Finds the files of a path, sorted: the file itself; all files of a folder, at any depth, that have one
/// of these endings; or what a glob means ([`PathPattern`](crate::storage::PathPattern)). Names that begin with `_` or
/// `.` are left out. `format` is the format of the section.
///
/// # Errors
/// A path that is not valid, matches nothing, cannot be listed, or leads to files of a Delta, Iceberg or Hudi
/// table.
pub(crate) async fn find(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    section: &str,
    format: Format,
    path: &str,
    endings: &[&str],
) -> Result<Files> {
    let what = format!("{}: [{section}] path = \"{}\"", enrichment.file.display(), redacted(path));
    match Location::of(enrichment.folder(), path).map_err(|e| Error::enrichment(format!("{what}: {e}")))? {
        Location::Local(full) => {
            let within = enrichment.folder();
            let found = local_files::find(&full, within, endings).map_err(|stop| match stop {
                Stop::Unreadable(place, e) => {
                    let place = redacted(&place.to_string_lossy());
                    Error::input(format!("{what}: {place} cannot be read: {e}"))
                }
                Stop::Pattern(e) => Error::input(format!("{what} is not a valid pattern: {e}")),
                Stop::EmptyFolder(there) => {
                    let instead = instead_of(section, format, &there);
                    empty_folder(
                        &what,
                        full.display(),
                        endings,
                        there.hidden.first().map(|p| p.display()),
                        &instead,
                    )
                }
                Stop::Nothing => nothing(&what, redacted(&full.to_string_lossy())),
                Stop::Table(folder, kind) => table(&what, section, format, folder.display(), kind),
            })?;
            let Found { mut files, left_out, others, hidden, without_files, has_links, .. } = found;
            let keys =
                |file: &PathBuf| hive::keys(&file.strip_prefix(within).unwrap_or(file).to_string_lossy());
            let repeated = if has_links { without_repeated(&mut files, keys) } else { vec![] };
            let keys: Vec<_> = files.iter().map(keys).collect();
            let kind = if others.is_empty() { "Parquet file" } else { "file" };
            let left_out: Vec<_> = left_out.into_iter().chain(others).collect();
            let shown = |paths: Vec<PathBuf>| paths.iter().map(|path| path.display().to_string()).collect();
            let left = Left {
                others: shown(left_out),
                hidden: shown(hidden),
                without_files: shown(without_files),
                repeated: shown(repeated),
            };
            let mut notes = left.notes(section, endings, kind);
            notes.extend(snapshots::note(section, &keys));
            Ok(Files { files: files.into_iter().map(InputFile::local).collect(), keys, notes })
        }
        Location::Store(address) => {
            let cannot = |e: String| Error::input(format!("{what} cannot be read: {e}"));
            let bucket = Bucket::open(ctx, &enrichment.storage, &address).map_err(cannot)?;
            let found = storage::find(&bucket, &address.path, endings).await;
            match found.map_err(|e| cannot(bucket.brief(&e).to_owned()))? {
                storage::Files::Found(found) => {
                    let shown = |paths: Vec<_>| paths.iter().map(|path| bucket.show(path)).collect();
                    let left = Left {
                        others: shown(found.others),
                        hidden: shown(found.hidden),
                        without_files: shown(found.without_files),
                        repeated: vec![],
                    };
                    let mut notes = left.notes(section, endings, "file");
                    let keys: Vec<_> =
                        found.objects.iter().map(|object| hive::keys(object.path.as_ref())).collect();
                    notes.extend(snapshots::note(section, &keys));
                    let files = found.objects.into_iter().map(InputFile::Object).collect();
                    Ok(Files { files, keys, notes })
                }
                storage::Files::EmptyFolder(there) => {
                    let hidden = there.hidden.first().map(|path| bucket.show(path));
                    Err(empty_folder(&what, redacted(path), endings, hidden, ""))
                }
                storage::Files::Nothing => Err(nothing(&what, redacted(path))),
                storage::Files::Table(folder, kind) => {
                    Err(table(&what, section, format, bucket.show(&folder), kind))
                }
            }
        }
    }
}

/// Leaves out the files that other files of the list are, too, because links lead to them. Files in folders with other
/// keys stay, because their rows differ. Returns those that are left out.
pub(crate) fn without_repeated(
    files: &mut Vec<PathBuf>,
    keys: impl Fn(&PathBuf) -> hive::Keys,
) -> Vec<PathBuf> {
    let (mut seen, mut repeated) = (HashSet::new(), vec![]);
    files.retain(|file| {
        let real = std::fs::canonicalize(file).unwrap_or_else(|_| file.clone());
        let is_new = seen.insert((real, keys(file)));
        repeated.extend((!is_new).then(|| file.clone()));
        is_new
    });
    repeated
}

/// What a path leads to and what is not read, as it is shown.
struct Left {
    /// Files with other endings.
    others: Vec<String>,
    /// Files with hidden names.
    hidden: Vec<String>,
    /// Folders that a glob matches, without a file.
    without_files: Vec<String>,
    /// Files that are read by another path.
    repeated: Vec<String>,
}

impl Left {
    /// The notes. `what` is what files with other endings are, in the singular.
    fn notes(&self, section: &str, endings: &[&str], what: &str) -> Vec<String> {
        let note = |paths: &[String], one: String, many: String, remedy: &str| {
            let begin = match paths.len() {
                0 => return None,
                1 => one,
                n => format!("{n} {many}"),
            };
            Some(format!("[{section}] {begin}: {}{remedy}", named(paths)))
        };
        let ending = format!("end in .{}", endings.join(", ."));
        let files = endings.iter().map(|ending| format!("*.{ending}")).collect::<Vec<_>>().join(", ");
        let (vectors, others): (Vec<_>, Vec<_>) =
            self.others.iter().cloned().partition(|path| is_deletion_vector(path));
        let notes = [
            note(
                &vectors,
                "1 file is not read, which says which rows of a Delta table are deleted".to_owned(),
                "files are not read, which say which rows of a Delta table are deleted".to_owned(),
                "; its folder _delta_log is not there, so deleted rows count: give the whole table, with format = \"delta\"",
            ),
            note(
                &others,
                format!("1 {what} is not read, because its name does not {ending}"),
                format!("{what}s are not read, because their names do not {ending}"),
                "; give other names, or set path to a glob",
            ),
            note(
                &self.hidden,
                "1 file is not read, because a name in its path begins with _ or .".to_owned(),
                "files are not read, because a name in their paths begins with _ or .".to_owned(),
                "; to read them, give other names",
            ),
            note(
                &self.without_files,
                format!("1 folder that path matches has no {files}"),
                format!("folders that path matches have no {files}"),
                "",
            ),
            note(
                &self.repeated,
                "1 file is read once, though links lead to it a second time".to_owned(),
                "files are read once, though links lead to them again".to_owned(),
                "",
            ),
        ];
        notes.into_iter().flatten().collect()
    }
}

/// Whether a file says which rows of files of a Delta table are deleted.
fn is_deletion_vector(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.starts_with("deletion_vector_") && name.ends_with(".bin")
}

/// How many names of files a note contains.
const NAMED: usize = 3;

/// The first paths, and how many more there are.
fn named(paths: &[String]) -> String {
    let names = paths.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match paths.len().saturating_sub(NAMED) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

fn empty_folder(
    what: &str,
    folder: impl fmt::Display,
    endings: &[&str],
    hidden: Option<impl fmt::Display>,
    instead: &str,
) -> Error {
    let endings = endings.iter().map(|e| format!("*.{e}")).collect::<Vec<_>>().join(", ");
    let instead = match hidden {
        Some(file) => format!(
            "; {file} is not read, because a name in its path begins with _ or .: give it another name, or set path to \
             its folder"
        ),
        None => instead.to_owned(),
    };
    let kind = if is_pattern(&folder.to_string()) { "the folders" } else { "the folder" };
    Error::input(format!("{what} matches nothing: no {endings} in {kind} {folder}{instead}"))
}

/// What to do about a folder that contains other files than the section reads, for the end of an error.
fn instead_of(section: &str, format: Format, there: &Found) -> String {
    if let Some(file) = there.left_out.first() {
        return format!("; {} is a Parquet file: give it that ending, or set path to a glob", file.display());
    }
    let has = |endings: &[&str]| endings.iter().any(|ending| there.endings.contains(*ending));
    let others = [(Format::Csv, &["csv"][..]), (Format::GraphDataConnect, &["json", "jsonl", "ndjson"])];
    let possible = Format::of_section(section);
    let other = others
        .into_iter()
        .find(|(other, endings)| *other != format && possible.contains(other) && has(endings));
    other.map_or(String::new(), |(other, endings)| {
        format!("; for the *.{} files there, set format = \"{other}\" in [{section}]", endings.join(", *."))
    })
}

fn nothing(what: &str, file: impl fmt::Display) -> Error {
    Error::input(format!("{what} matches nothing: there is no file {file}"))
}

/// The error for the folder of a table. Its files are not read one by one, because they also contain rows
/// that do not count.
fn table(what: &str, section: &str, format: Format, folder: impl fmt::Display, kind: TableFormat) -> Error {
    let table = kind.described();
    Error::input(match (kind, format) {
        (TableFormat::Delta, Format::Canonical | Format::Csv) => format!(
            "{what}: {folder} is {table}; to read it, set path to this folder and format = \"delta\" in \
             [{section}]"
        ),
        _ => format!(
            "{what}: {folder} is {table}, whose files also contain {}; export its rows to a folder of their own, and set \
             path in [{section}] to that folder",
            kind.other_rows()
        ),
    })
}
