//! Refuses external tables that would lose rows or change values: the engine reads only the files that are directly in a
//! folder, reads the columns of CSV by their position, takes `007` for the number 7, and makes numbers of JSON fit.

use std::collections::HashSet;

use datafusion::datasource::listing::ListingTableUrl;
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::CreateExternalTable;
use futures::TryStreamExt;
use object_store::path::Path;

use crate::error::{Error, Result};
use crate::inputs::path_table::{Found, find};
use crate::inputs::{csv_scans, is_plain_object, json_scans};
use crate::storage::{InputFile, is_hidden};

/// Refuses a statement `CREATE EXTERNAL TABLE` whose table would not be what its text says.
///
/// # Errors
/// What would be lost, and what to write instead.
pub(crate) async fn refuse_external(ctx: &SessionContext, create: &CreateExternalTable) -> Result<()> {
    let kind = create.file_type.to_lowercase();
    if ["ndjson", "jsonl", "jsonlines"].contains(&kind.as_str()) {
        let what = format!("STORED AS {} is not supported; write STORED AS JSON", create.file_type);
        return Err(Error::query(format!("{what}, which has one object per line")));
    }
    if create.unbounded {
        return Ok(());
    }
    for location in &create.locations {
        let Ok(Found::Files(files, _)) = find(&ctx.state(), location).await else { continue };
        let is_of_kind = |file: &&InputFile| file.has_ending(&kind) || file.has_ending("gz");
        let files: Vec<_> = files.iter().filter(is_of_kind).cloned().collect();
        if let Some(why) = other_files(ctx, location, &kind, &files).await {
            return Err(refused(create, location, &why));
        }
        let other = match kind.as_str() {
            "csv" => other_values(create, &files).await?,
            "json" => other_objects(create, &files).await?,
            _ => None,
        };
        if let Some(why) = other {
            return Err(refused(create, location, &why));
        }
    }
    Ok(())
}

fn refused(create: &CreateExternalTable, location: &str, why: &str) -> Error {
    Error::query(format!(
        "'{location}' {why}; write CREATE VIEW {} AS SELECT * FROM '{location}'",
        create.name
    ))
}

/// Why the engine would read other files than the location means; `None` if it reads these.
async fn other_files(
    ctx: &SessionContext,
    location: &str,
    kind: &str,
    files: &[InputFile],
) -> Option<String> {
    let url = ListingTableUrl::parse(location).ok()?;
    let (store, state) = (ctx.runtime_env().object_store(&url).ok()?, ctx.state());
    let read: Vec<_> = url.list_all_files(&state, store.as_ref(), "").await.ok()?.try_collect().await.ok()?;
    let read: HashSet<Path> = read.into_iter().map(|file| file.location).collect();
    // The engine lists a link under its own path.
    let paths = |file: &InputFile| {
        let own =
            std::path::absolute(file.to_string()).ok().and_then(|own| Path::from_absolute_path(own).ok());
        [own, file.url().ok().map(|url| url.prefix().clone())]
    };
    if let Some(file) =
        files.iter().find(|file| !paths(file).iter().flatten().any(|path| read.contains(path)))
    {
        return Some(format!(
            "has files in folders below it, such as {file}, which an external table does not read"
        ));
    }
    let hidden = read.iter().find(|file| {
        let below = file
            .prefix_match(url.prefix())
            .map(|parts| parts.map(|part| part.as_ref().to_owned()).collect::<Vec<_>>());
        let has_ending = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(kind));
        has_ending && below.is_some_and(|names| names.iter().any(|name| is_hidden(name)))
    });
    hidden.map(|file| {
        format!("has files with hidden names, such as {file}, which an external table reads, too")
    })
}

/// The value of an option, in lower case.
fn option_of(create: &CreateExternalTable, name: &str) -> Option<String> {
    let found = create.options.iter().find(|(key, _)| key.to_lowercase().ends_with(name));
    found.map(|(_, value)| value.to_string().to_lowercase())
}

/// Why values of JSON files would not be what the files say; `None` if they are.
///
/// # Errors
/// A file is damaged or cannot be read, or an object has a member several times.
async fn other_objects(create: &CreateExternalTable, files: &[InputFile]) -> Result<Option<String>> {
    let has_lines = option_of(create, "newline_delimited").is_none_or(|value| !value.contains("false"));
    let is_other = |file: &&InputFile| !file.has_ending("gz") && !is_plain_object(file).unwrap_or(true);
    if let Some(file) = files.iter().find(is_other).filter(|_| has_lines) {
        return Ok(Some(format!(
            "has a file that is not one object per line in UTF-8, {file}, and an external table reads nothing else"
        )));
    }
    for (file, members) in files.iter().zip(json_scans(files).await?) {
        let found = match create.columns.is_empty() {
            true => members.numbers_as_text().map(|column| {
                format!(
                    "numbers in the column {column:?} that no type of numbers holds, or that stand beside texts"
                )
            }),
            false => {
                let is_whole = |data_type: String| data_type.to_lowercase().contains("int");
                let cut = create.columns.iter().find(|column| {
                    is_whole(column.data_type.to_string()) && members.has_fractions(&column.name.value)
                });
                cut.map(|column| {
                    format!("fractions in the column {:?}, which would be cut off", column.name.value)
                })
            }
        };
        if let Some(found) = found {
            return Ok(Some(format!("has {found} ({file})")));
        }
    }
    Ok(None)
}

/// Why values of CSV files would not be what the files say; `None` if they are.
async fn other_values(create: &CreateExternalTable, files: &[InputFile]) -> Result<Option<String>> {
    let option = |name| option_of(create, name);
    if option("has_header").is_some_and(|value| value.contains("false")) {
        return Ok(None);
    }
    let scans = csv_scans(files).await?;
    let mut known = files.iter().zip(&scans);
    if let Some((first, header)) = known.next()
        && let Some((other, _)) = known.find(|(_, scan)| scan.header != header.header)
    {
        return Ok(Some(format!(
            "has files with other columns or another order of them, {first} and {other}, and an external table takes \
             columns of CSV by their position"
        )));
    }
    let zeros = scans.iter().find_map(|scan| scan.with_zeros.as_ref());
    let zeros = zeros.filter(|_| create.columns.is_empty() && option("delimiter").is_none());
    Ok(zeros.map(|column| {
        format!("has values with leading zeros in the column {column:?}, which would become numbers: name the columns and \
                 their types, or keep them as texts")
    }))
}
