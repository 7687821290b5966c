//! Finds the files of a path of the enrichment file.

use std::fmt;
use std::path::PathBuf;

use datafusion::prelude::SessionContext;

use super::hive;
use super::local_files::{self, Found, Stop};
use crate::config::{Enrichment, Format};
use crate::error::{Error, Result};
use crate::storage::{self, Bucket, InputFile, Location, TableFormat, redacted};

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
/// of these endings; or the files that match a glob. In a folder, names that begin with `_` or `.` are left
/// out. `format` is the format of the section.
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
            let Found { files, left_out, others, .. } =
                local_files::find(&full, within, endings).map_err(|stop| match stop {
                    Stop::Unreadable(place, e) => Error::input(format!(
                        "{what}: {} cannot be read: {e}",
                        redacted(&place.to_string_lossy())
                    )),
                    Stop::Pattern(e) => Error::input(format!("{what} is not a valid pattern: {e}")),
                    Stop::EmptyFolder(instead) => {
                        empty_folder(&what, full.display(), endings, &instead_of(section, format, &instead))
                    }
                    Stop::Nothing => nothing(&what, redacted(&full.to_string_lossy())),
                    Stop::Table(folder, kind) => table(&what, section, format, folder.display(), kind),
                })?;
            let folders =
                |file: &PathBuf| hive::keys(&file.strip_prefix(within).unwrap_or(file).to_string_lossy());
            let keys = files.iter().map(folders).collect();
            let what = if others.is_empty() { "Parquet file" } else { "file" };
            let left_out = left_out.iter().chain(&others).map(|file| file.display()).collect::<Vec<_>>();
            let notes = note(section, endings, what, &left_out).into_iter().collect();
            Ok(Files { files: files.into_iter().map(InputFile::local).collect(), keys, notes })
        }
        Location::Store(address) => {
            let cannot = |e: String| Error::input(format!("{what} cannot be read: {e}"));
            let bucket = Bucket::open(ctx, &enrichment.storage, &address).map_err(cannot)?;
            let found = storage::find(&bucket, &address.path, endings).await;
            match found.map_err(|e| cannot(bucket.brief(&e).to_owned()))? {
                storage::Files::Found(objects, left_out) => {
                    let left_out = left_out.iter().map(|object| bucket.show(object)).collect::<Vec<_>>();
                    let notes = note(section, endings, "file", &left_out).into_iter().collect();
                    let keys = objects.iter().map(|object| hive::keys(object.path.as_ref())).collect();
                    let files = objects.into_iter().map(InputFile::Object).collect();
                    Ok(Files { files, keys, notes })
                }
                storage::Files::EmptyFolder => Err(empty_folder(&what, redacted(path), endings, "")),
                storage::Files::Nothing => Err(nothing(&what, redacted(path))),
                storage::Files::Table(folder, kind) => {
                    Err(table(&what, section, format, bucket.show(&folder), kind))
                }
            }
        }
    }
}

/// How many names of files a note contains.
const NAMED: usize = 3;

/// The note about files in a folder that are not read because of their names. `what` is what they are, in the
/// singular.
fn note(section: &str, endings: &[&str], what: &str, left_out: &[impl fmt::Display]) -> Option<String> {
    let names = left_out.iter().take(NAMED).map(ToString::to_string).collect::<Vec<_>>();
    let more = match left_out.len() - names.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let what = match left_out.len() {
        0 => return None,
        1 => format!("1 {what} is not read, because its name does"),
        files => format!("{files} {what}s are not read, because their names do"),
    };
    Some(format!(
        "[{section}] {what} not end in .{}: {}{more}; give other names, or set path to a glob",
        endings.join(", ."),
        names.join(", ")
    ))
}

fn empty_folder(what: &str, folder: impl fmt::Display, endings: &[&str], instead: &str) -> Error {
    let endings = endings.iter().map(|e| format!("*.{e}")).collect::<Vec<_>>().join(", ");
    Error::input(format!("{what} matches nothing: no {endings} in the folder {folder}{instead}"))
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
