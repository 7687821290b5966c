//! A path in a statement as a table: a file, a folder of files, or a pattern. It means the same files as a path of the
//! enrichment file. Columns are found by their names, whatever their order in a file.

use std::collections::HashMap;
use std::path::{Path as LocalPath, PathBuf};
use std::sync::Arc;

use datafusion::arrow::datatypes::{FieldRef, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableConfigExt, ListingTableUrl,
};
use datafusion::execution::SessionState;
use futures::{StreamExt, TryStreamExt};

use super::files::without_repeated;
use super::listed_files::{ListedFiles, Own};
use super::local_files::{self, Stop};
use super::named_columns::{key_names, merged};
use super::{csv, hive, json};
use crate::error::{Error, Result};
use crate::storage::{self, Bucket, InputFile, TableFormat};

/// How many files are examined at the same time.
const LOOKS_AT_ONCE: usize = 16;

/// The formats, with the endings of their files.
const KINDS: [(&str, &[&str]); 4] = [
    ("parquet", &["parquet"]),
    (CSV, &["csv", "csv.gz", "tsv", "tsv.gz"]),
    (JSON, &["json", "jsonl", "ndjson", "json.gz", "jsonl.gz", "ndjson.gz"]),
    ("arrow", &["arrow"]),
];

const CSV: &str = "csv";
const JSON: &str = "json";

/// What a path leads to.
pub(crate) enum Found {
    /// Files, and the keys of the folders of each of them: those of the path as it is written, and those below it.
    Files(Vec<InputFile>, Vec<hive::Keys>),
    /// The folder of a table, whose files are not read one by one.
    Table(String, TableFormat),
    /// No file.
    Nothing,
}

/// Finds the files of a path in a statement.
///
/// # Errors
/// A file or folder that cannot be read, a pattern that is not valid, and a folder without a file that can be read.
pub(crate) async fn find(state: &SessionState, path: &str) -> Result<Found> {
    let Ok(url) = ListingTableUrl::parse(path) else { return Ok(Found::Nothing) };
    let endings: Vec<_> = KINDS.iter().flat_map(|(_, endings)| endings.iter().copied()).collect();
    let empty = || {
        // A name without a slash can be meant as that of a table.
        if !path.contains('/') {
            return Ok(Found::Nothing);
        }
        let names = endings.iter().map(|ending| format!("*.{ending}")).collect::<Vec<_>>().join(", ");
        Err(Error::query(format!(
            "'{path}' has no file that can be read: {names}; other names are passed over"
        )))
    };
    let of_other_ending = |file: &str| {
        Error::query(format!(
            "'{path}' has Parquet files with other endings, such as {file}; give a pattern for them"
        ))
    };
    if url.scheme() == "file" {
        let here = LocalPath::new(".");
        let full = match url.get_url().to_file_path() {
            Ok(file) if path.contains("://") => file,
            _ => here.join(path),
        };
        return match local_files::find(&full, here, &endings) {
            Ok(mut found) => {
                if let Some(file) = found.left_out.first() {
                    return Err(of_other_ending(&file.display().to_string()));
                }
                let keys =
                    |file: &PathBuf| hive::keys(&file.strip_prefix(here).unwrap_or(file).to_string_lossy());
                if found.has_links {
                    without_repeated(&mut found.files, keys);
                }
                let keys = found.files.iter().map(keys).collect();
                Ok(Found::Files(found.files.into_iter().map(InputFile::local).collect(), keys))
            }
            Err(Stop::EmptyFolder(_)) => empty(),
            Err(Stop::Nothing) => Ok(Found::Nothing),
            Err(Stop::Table(folder, format)) => Ok(Found::Table(folder.display().to_string(), format)),
            Err(Stop::Pattern(e)) => Err(Error::query(format!("'{path}' is not a valid pattern: {e}"))),
            Err(Stop::Unreadable(place, e)) => {
                Err(Error::input(format!("'{path}': {} cannot be read: {e}", place.display())))
            }
        };
    }
    let Ok(store) = state.runtime_env().object_store(&url) else { return Ok(Found::Nothing) };
    let bucket = Arc::new(Bucket::registered(&url, store));
    let within = path.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    let within = within.map_or("", |(_, within)| within);
    match storage::find(&bucket, within, &endings).await.map_err(Error::input)? {
        storage::Files::Found(found) => {
            let keys = found.objects.iter().map(|object| hive::keys(object.path.as_ref())).collect();
            Ok(Found::Files(found.objects.into_iter().map(InputFile::Object).collect(), keys))
        }
        storage::Files::EmptyFolder(_) => empty(),
        storage::Files::Nothing => Ok(Found::Nothing),
        storage::Files::Table(folder, format) => Ok(Found::Table(bucket.show(&folder), format)),
    }
}

/// The table of a path in a statement; `None` if the path leads to no file.
///
/// # Errors
/// Those of [`find`]; files of several formats; columns that differ in their types, or in the case of their names.
pub(crate) async fn table(state: &SessionState, path: &str) -> Result<Option<Arc<dyn TableProvider>>> {
    let (files, keys) = match find(state, path).await? {
        Found::Files(files, keys) => (files, keys),
        Found::Nothing => return Ok(None),
        // Files of the log of a table are read for their own sake.
        Found::Table(..) => return Ok(as_the_engine_reads(state, path).await),
    };
    let kind = kind(path, &files)?;
    match kind {
        CSV => csv::typed_table(state, files, &keys).await.map(Some),
        JSON => json::typed_table(state, files, &keys).await.map(Some),
        _ => listed(state, kind, files, &keys).await.map(Some),
    }
}

/// The format of files, by their endings.
fn kind(path: &str, files: &[InputFile]) -> Result<&'static str> {
    let kind = |file: &InputFile| {
        let name = file.to_string().to_ascii_lowercase();
        let is_one = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(&format!(".{ending}")));
        KINDS.iter().find(|(_, endings)| is_one(endings)).map(|(kind, _)| *kind)
    };
    let mut found: Option<(&str, &InputFile)> = None;
    for file in files {
        let Some(kind) = kind(file) else {
            let all = KINDS.iter().flat_map(|(_, endings)| endings.iter().map(|ending| format!(".{ending}")));
            return Err(Error::query(format!(
                "{file}: the ending does not say what it is; the endings that are read are {}",
                all.collect::<Vec<_>>().join(", ")
            )));
        };
        match found {
            Some((first, other)) if first != kind => {
                return Err(Error::query(format!(
                    "'{path}' has files of several formats, such as {other} and {file}; give a pattern, such as *.{kind}"
                )));
            }
            _ => found = Some((kind, file)),
        }
    }
    found.map(|(kind, _)| kind).ok_or_else(|| Error::query(format!("'{path}' has no file")))
}

/// The table of files that the engine reads, with the keys of their folders as columns.
async fn listed(
    state: &SessionState,
    kind: &str,
    files: Vec<InputFile>,
    keys: &[hive::Keys],
) -> Result<Arc<dyn TableProvider>> {
    let unknown = || Error::query(format!("files of the format {kind} cannot be read"));
    let format = state.get_file_format_factory(kind).ok_or_else(unknown)?.create(state, &HashMap::new())?;
    let options = ListingOptions::new(format).with_file_extension("");
    let urls = files.iter().map(InputFile::url).collect::<Result<Vec<_>>>()?;
    let of_table = &options;
    let schemas: Vec<SchemaRef> = futures::stream::iter(urls.clone())
        .map(|url| async move { of_table.infer_schema(state, &url).await })
        .buffered(LOOKS_AT_ONCE)
        .try_collect()
        .await?;
    let columns = files.iter().zip(&schemas).map(|(file, schema)| (file, schema.fields().iter().cloned()));
    let schema = merged(columns)?;
    let names = key_names(keys, &schema);
    let fields: Vec<FieldRef> = names.iter().map(|name| Arc::new(hive::field(name))).collect();
    let own = urls.iter().zip(keys).map(|(url, keys)| {
        let own = Own { schema: None, values: hive::values(fields.iter(), keys) };
        (url.prefix().clone(), own)
    });
    let own = own.collect();
    let config = ListingTableConfig::new_with_multi_paths(urls).with_listing_options(options);
    let table = ListingTable::try_new(config.with_schema(Arc::new(schema)))?;
    match fields.is_empty() {
        true => Ok(Arc::new(table)),
        false => Ok(Arc::new(ListedFiles::new(table, fields, own))),
    }
}

/// The table as the engine makes it of a path; `None` if it cannot.
async fn as_the_engine_reads(state: &SessionState, path: &str) -> Option<Arc<dyn TableProvider>> {
    let config = ListingTableConfig::new(ListingTableUrl::parse(path).ok()?).infer(state).await.ok()?;
    Some(Arc::new(ListingTable::try_new(config).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str) -> InputFile {
        InputFile::local(name.into())
    }

    #[test]
    fn files_have_one_format() {
        let kind =
            |names: &[&str]| super::kind("p", &names.iter().map(|name| file(name)).collect::<Vec<_>>());
        assert_eq!(kind(&["a.NDJSON", "b.json"]).unwrap(), "json");
        assert_eq!(kind(&["a.csv.gz", "b.tsv"]).unwrap(), "csv");
        let says = |names: &[&str]| kind(names).unwrap_err().to_string();
        assert!(
            says(&["a.csv", "b.parquet"])
                .contains("'p' has files of several formats, such as a.csv and b.parquet")
        );
        assert!(says(&["a.txt"]).starts_with(
            "a.txt: the ending does not say what it is; the endings that are read are .parquet, "
        ));
    }
}
