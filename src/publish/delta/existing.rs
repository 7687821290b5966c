//! What is in the output folder when a run begins, and whether the run can replace it.

use datafusion::arrow::datatypes::Fields;
use deltalake_core::DeltaTable;

use super::{commit, contract, manifest};
use crate::config::Enrichment;
use crate::error::{Error, Result};
use crate::publish::home;
use crate::publish::owner::{Claim, Owner};
use crate::publish::{Description, OutputLocation, TABLES, Table, every_table};
use crate::storage::delta_folder::Folder;

/// How many commits are read to find the last one of a run: other programs compact tables.
const COMMITS: u64 = 20;

/// The manifest, and for each table of the run its folder and the Delta table in it. Also a table that earlier runs have
/// published and this one does not, because the run removes its rows of the as-of date.
pub(crate) struct Existing {
    pub(crate) manifest: manifest::Found,
    pub(crate) tables: Vec<(&'static Table, Folder, Option<DeltaTable>)>,
}

impl Existing {
    /// Reads the manifest and the current versions of the tables, and checks that a run can replace them.
    /// `attributes` are those of the accounts of the run.
    ///
    /// # Errors
    /// The tables belong to another enrichment or to another program, have another schema, or cannot be read.
    pub(crate) async fn read(out: &Folder, office: &str, claim: &Claim, attributes: &Fields) -> Result<Self> {
        let manifest = manifest::read(out, office).await.map_err(wrong)?;
        if let Some((manifest, _)) = &manifest {
            claim.replaces(&out.child(office).name, &Owner::named(&description(manifest)))?;
        }
        let mut tables = vec![];
        for table in every_table() {
            let folder = out.child(&table.folder(office));
            if !claim.tables.iter().any(|written| written.name == table.name) {
                // What another program has put there is not in the way.
                let Ok(Some(found)) = folder.table(None).await else { continue };
                let is_named = manifest.as_ref().is_some_and(|(m, _)| m.tables.contains_key(table.name));
                let owner = commit::owner(&folder, &found).await.unwrap_or(Owner::Unknown);
                let is_ours = is_named || claim.replaces(&folder.name, &owner).is_ok();
                if is_ours && contract::check(table, attributes, &found).is_ok() {
                    tables.push((table, folder, Some(found)));
                }
                continue;
            }
            let found = folder.table(None).await.map_err(wrong)?;
            if let Some(found) = &found {
                contract::check(table, attributes, found)
                    .map_err(|e| wrong(format!("{} {e}", folder.name)))?;
                // A first run that was killed between two commits has left no manifest.
                if manifest.is_none() {
                    claim.replaces(&folder.name, &commit::owner(&folder, found).await.map_err(wrong)?)?;
                }
            }
            tables.push((table, folder, found));
        }
        Ok(Self { manifest, tables })
    }
}

/// The description of the published run.
pub(crate) fn description(manifest: &manifest::Manifest) -> Description {
    Description::from_entries(manifest.description.clone())
}

/// The output folder; `None` if it is on this machine and does not exist.
///
/// # Errors
/// It is not a folder, or its path cannot be made a URL.
pub(crate) fn open(location: &OutputLocation) -> Result<Option<Folder>> {
    match location {
        OutputLocation::Folder(folder) if !folder.is_dir() => Ok(None),
        OutputLocation::Folder(folder) => {
            let cannot = |e| wrong(format!("{}: cannot be read: {e}", folder.display()));
            Folder::local(folder).map(Some).map_err(cannot)
        }
        OutputLocation::Store(home) => {
            Folder::in_store(&home.bucket, home.out.clone()).map(Some).map_err(wrong)
        }
    }
}

/// The place of Office and the description of the published run, of the tables with this name; `None` if there are none.
/// Without the manifest, it is that of the last commit of a run.
///
/// # Errors
/// The output folder, the manifest or the table cannot be read.
pub(crate) async fn described(
    location: &OutputLocation,
    office: &str,
) -> Result<Option<(String, Description)>> {
    let Some(out) = open(location)? else { return Ok(None) };
    let manifest = manifest::read(&out, office).await.map_err(wrong)?;
    let folder = out.child(&TABLES[0].folder(office));
    let Some(found) = folder.table(None).await.map_err(wrong)? else { return Ok(None) };
    if let Some((manifest, _)) = manifest {
        return Ok(Some((folder.name, description(&manifest))));
    }
    let last = found.version().unwrap_or_default();
    let commits = commit::descriptions(&folder, last.saturating_sub(COMMITS)..=last).await.map_err(wrong)?;
    let of_run = commits.into_iter().rev().find(|description| description.enrichment().is_some());
    Ok(of_run.map(|description| (folder.name, description)))
}

/// Checks that a run can replace what is published, and changes nothing.
///
/// # Errors
/// As for [`Existing::read`].
pub(crate) async fn check(
    location: &OutputLocation,
    enrichment: &Enrichment,
    attributes: &Fields,
) -> Result<()> {
    if let OutputLocation::Folder(out) = location {
        home::check(out, &enrichment.output.table).map_err(|e| wrong(e.to_string()).with_source(e))?;
    }
    let Some(out) = open(location)? else { return Ok(()) };
    Existing::read(&out, &enrichment.output.table, &Claim::of(enrichment), attributes).await.map(drop)
}

fn wrong(what: String) -> Error {
    Error::output(format!("[output] {what}"))
}
