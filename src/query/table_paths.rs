//! Paths that a statement reads as tables, or writes to.
//!
//! The engine reads the files of a folder one by one; for the folder of a table format, or of an enrichment's
//! output, this would count deleted, old or repeated rows. A file that a statement writes there would change
//! what is published, without its description.

use std::collections::BTreeSet;
use std::path::{Path as LocalPath, PathBuf};

use datafusion::catalog::default_table_source::source_as_provider;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::listing::{ListingTable, ListingTableUrl};
use datafusion::logical_expr::{DdlStatement, LogicalPlan};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::Statement;
use futures::TryStreamExt;
use futures::stream::{self, StreamExt};
use object_store::ObjectStore;
use object_store::local::LocalFileSystem;
use object_store::path::Path;

use super::external_tables::refuse_external;
use crate::error::{Error, Result};
use crate::inputs::path_table::{self, Found};
use crate::publish::{HIDDEN, parts_of_history};
use crate::storage::{LocalTables, TableFormat, is_hidden, table_of_folder, table_of_objects};

/// Refuses a statement that reads files of a Delta, Iceberg or Hudi table, or several files of an output
/// folder, by their path. A path that cannot be read is left to the engine.
///
/// # Errors
/// The table's folder, and what to do instead.
pub(crate) async fn refuse_tables(ctx: &SessionContext, statement: &Statement) -> Result<()> {
    for location in locations(ctx, statement) {
        if let Some(why) = table(ctx, &location).await {
            return Err(Error::query(format!("'{location}' {why}")));
        }
    }
    match statement {
        Statement::CreateExternalTable(create) => refuse_external(ctx, create).await,
        Statement::Explain(explain) => match explain.statement.as_ref() {
            Statement::CreateExternalTable(create) => refuse_external(ctx, create).await,
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// The paths in a statement: the locations of an external table, and the names that are not tables.
fn locations(ctx: &SessionContext, statement: &Statement) -> Vec<String> {
    match statement {
        Statement::Explain(explain) => locations(ctx, &explain.statement),
        Statement::CreateExternalTable(table) => table.locations.clone(),
        _ => {
            // A statement without valid names is left to the planner.
            let names = ctx.state().resolve_table_references(statement).unwrap_or_default();
            let is_path = |exists: datafusion::error::Result<bool>| matches!(exists, Ok(false));
            let paths = names.into_iter().filter(|name| is_path(ctx.table_exist(name.clone())));
            paths.map(|name| name.table().to_owned()).collect()
        }
    }
}

/// Why the files of a location are not a table by themselves; `None` if they are.
async fn table(ctx: &SessionContext, location: &str) -> Option<String> {
    let url = ListingTableUrl::parse(location).ok()?;
    if ["http", "https"].contains(&url.scheme()) {
        return None;
    }
    let store = ctx.runtime_env().object_store(&url).ok()?;
    let state = ctx.state();
    let files = url.list_all_files(&state, store.as_ref(), "").await.ok()?;
    let mut files: Vec<Path> = files.map_ok(|file| file.location).try_collect().await.ok()?;
    let mut table = None;
    match path_table::find(&state, location).await {
        // A path in a query also means files in folders below.
        Ok(Found::Files(more, _)) if more.len() > 1 => {
            files.extend(more.iter().filter_map(|file| Some(file.url().ok()?.prefix().clone())));
        }
        Ok(Found::Table(folder, format)) => table = Some((folder, format, false)),
        Ok(Found::Files(..) | Found::Nothing) | Err(_) => {}
    }
    let found = match url.scheme() {
        "file" => local_table(&url, &files),
        _ => table_of_objects(store.as_ref(), url.prefix(), &files).await.map(|(folder, format)| {
            let is_metadata = files.iter().all(|file| is_metadata(file.as_ref(), folder.as_ref()));
            (format!("{}{folder}", url.object_store()), format, is_metadata)
        }),
    };
    match found.or(table) {
        // A file of the table's log is read for its own sake.
        Some((_, _, true)) => None,
        Some((folder, format, false)) => Some(format!(
            "is in {folder}, which is {}: its files also contain {}; {}",
            format.described(),
            format.other_rows(),
            match format {
                TableFormat::Delta =>
                    "query a published table by its name, and another table as an input with format = \"delta\"",
                _ => "export its rows to a folder of their own, and query that",
            }
        )),
        None if files.len() < 2 => None,
        None => {
            let folders = files.iter().flat_map(|file| folders_of(&url, &folder(file), Some(file)));
            outputs(&*store, folders.collect()).await.first().map(|_| {
                "contains several files of an output folder: each of them is a table; give the path of one \
                 file, or query a table by its name"
                    .to_owned()
            })
        }
    }
}

/// The table of which local files are part: its folder and format, and whether all files are metadata of it.
fn local_table(url: &ListingTableUrl, files: &[Path]) -> Option<(String, TableFormat, bool)> {
    let system = LocalFileSystem::new();
    let local = |path: &Path| system.path_to_filesystem(path).ok();
    let files: Vec<PathBuf> = files.iter().filter_map(local).collect();
    let mut tables = LocalTables::default();
    let of_files = files.iter().find_map(|file| tables.of_file(file));
    let (folder, format) = of_files.or_else(|| tables.of_folder(&local(url.prefix())?))?;
    let name = folder.to_string_lossy();
    let is_metadata =
        !files.is_empty() && files.iter().all(|file| is_metadata(&file.to_string_lossy(), &name));
    Some((folder.display().to_string(), format, is_metadata))
}

/// Whether a file belongs to the log or the metadata of a table, and not to its data.
fn is_metadata(file: &str, folder: &str) -> bool {
    let within = file.strip_prefix(folder).unwrap_or(file).trim_start_matches('/');
    let first = within.split_once('/').map_or("", |(first, _)| first);
    ["_delta_log", "metadata", ".hoodie", "_spark_metadata"].contains(&first)
}

/// The output folders of enrichments to which these folders belong: each is an output folder itself, or part of the
/// history in it, or is anywhere in the one with the files of runs.
async fn outputs(store: &dyn ObjectStore, folders: BTreeSet<Path>) -> Vec<Path> {
    let found = stream::iter(folders).map(|within| async move {
        let parts: Vec<_> = within.parts().collect();
        if let Some(hidden) = parts.iter().position(|part| part.as_ref() == HIDDEN) {
            return Some(parts[..hidden].iter().cloned().collect());
        }
        // An output folder can have the name of a history.
        for above in BTreeSet::from([0, parts_of_history(parts.iter().map(|part| part.as_ref()))]) {
            let output: Path = parts[..parts.len() - above].iter().cloned().collect();
            let mut runs = store.list(Some(&output.clone().join(HIDDEN)));
            if runs.next().await.is_some_and(|run| run.is_ok()) {
                return Some(output);
            }
        }
        None
    });
    found.buffered(8).filter_map(std::future::ready).collect().await
}

/// A folder, and on this machine also the folder to which links lead: from it, or from a file in it.
fn folders_of(url: &ListingTableUrl, within: &Path, file: Option<&Path>) -> Vec<Path> {
    let mut folders = vec![within.clone()];
    if url.scheme() == "file" {
        let local = |path: &Path| LocalFileSystem::new().path_to_filesystem(path).ok();
        let real = match file {
            Some(file) => local(file).and_then(|file| Some(real(&file)?.parent()?.to_path_buf())),
            None => local(within).and_then(|folder| real(&folder)),
        };
        folders.extend(real.and_then(|folder| Path::from_absolute_path(folder).ok()));
    }
    folders
}

/// A local path without links. The end of the path need not exist.
fn real(path: &LocalPath) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok().or_else(|| Some(real(path.parent()?)?.join(path.file_name()?)))
}

fn folder(file: &Path) -> Path {
    let mut parts: Vec<_> = file.parts().collect();
    parts.pop();
    parts.into_iter().collect()
}

/// Refuses a plan that writes into a folder of an enrichment's output, or of a Delta, Iceberg or Hudi table.
///
/// # Errors
/// The path, whose folder it is in, and what to do instead.
pub(crate) async fn refuse_writes(ctx: &SessionContext, plan: &LogicalPlan) -> Result<()> {
    for url in targets(plan)? {
        if let Some(whose) = written_to(ctx, &url).await {
            let place = match url.scheme() {
                "file" => format!("/{}", url.prefix()),
                _ => url.to_string(),
            };
            return Err(Error::query(format!(
                "'{place}' cannot be written to: it is in {whose}; only a run changes the tables; write to \
                 another folder"
            )));
        }
    }
    for url in copies(plan)? {
        if let Some(first) = occupied(ctx, &url).await {
            return Err(Error::query(format!(
                "COPY would add its files to those that are in the folder already, such as {first}; write to another \
                 folder, or remove them"
            )));
        }
    }
    Ok(())
}

/// The folders to which a plan copies rows.
fn copies(plan: &LogicalPlan) -> Result<Vec<ListingTableUrl>> {
    let mut folders = vec![];
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Copy(copy) = node
            && let Ok(url) = ListingTableUrl::parse(&copy.output_url)
            && (url.is_collection() || url.file_extension().is_none())
        {
            folders.push(url);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(folders)
}

/// The first file that is in a folder; `None` if there is none. Hidden files do not count.
async fn occupied(ctx: &SessionContext, folder: &ListingTableUrl) -> Option<String> {
    let store = ctx.runtime_env().object_store(folder).ok()?;
    let mut listed = store.list(Some(folder.prefix()));
    while let Some(Ok(file)) = listed.next().await {
        if file.location.filename().is_some_and(|name| !is_hidden(name)) {
            return Some(shown(folder, &file.location));
        }
    }
    None
}

/// A path in a store, as the user writes it.
fn shown(url: &ListingTableUrl, path: &Path) -> String {
    match url.scheme() {
        "file" => format!("/{path}"),
        _ => format!("{}{path}", url.object_store()),
    }
}

/// Where a plan writes files.
fn targets(plan: &LogicalPlan) -> Result<Vec<ListingTableUrl>> {
    let mut targets = vec![];
    plan.apply_with_subqueries(|node| {
        let parsed = |location: &String| ListingTableUrl::parse(location).ok();
        match node {
            LogicalPlan::Copy(copy) => targets.extend(parsed(&copy.output_url)),
            LogicalPlan::Dml(dml) => {
                if let Ok(provider) = source_as_provider(&dml.target)
                    && let Some(table) = provider.downcast_ref::<ListingTable>()
                {
                    targets.extend(table.table_paths().iter().cloned());
                }
            }
            // Rows are appended to the file of such a table.
            LogicalPlan::Ddl(DdlStatement::CreateExternalTable(table)) if table.unbounded => {
                targets.extend(table.locations.iter().filter_map(parsed));
            }
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(targets)
}

/// The output folder or table of which a path is part, as errors name it; `None` if it is part of neither.
async fn written_to(ctx: &SessionContext, url: &ListingTableUrl) -> Option<String> {
    let store = ctx.runtime_env().object_store(url).ok()?;
    let path = url.prefix();
    // A path without a slash at its end is that of a file, or of a folder that does not exist yet.
    let names = if url.is_collection() { vec![path.clone()] } else { vec![path.clone(), folder(path)] };
    let folders: BTreeSet<Path> = names.iter().flat_map(|name| folders_of(url, name, None)).collect();
    let shown = |folder: &Path| shown(url, folder);
    if let Some(output) = outputs(store.as_ref(), folders.clone()).await.first() {
        return Some(format!("{}, an output folder of an enrichment", shown(output)));
    }
    for within in folders {
        let table = match url.scheme() {
            "file" => {
                let local = LocalFileSystem::new().path_to_filesystem(&within).ok();
                let table = local.and_then(|folder| LocalTables::default().of_folder(&folder));
                table.map(|(folder, format)| (folder.display().to_string(), format))
            }
            _ => {
                let table = table_of_folder(store.as_ref(), &within).await;
                table.map(|(folder, format)| (shown(&folder), format))
            }
        };
        if let Some((folder, format)) = table {
            return Some(format!("{folder}, which is {}", format.described()));
        }
    }
    None
}
