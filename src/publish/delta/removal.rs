//! Drops as-of dates of the Delta tables: one commit to each table removes their files, and the manifest then names the
//! new versions. Files that are removed stay until they are vacuumed, like those of dates that were replaced.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::commit::{self, Refused, Run};
use super::existing::{self, description};
use super::manifest::{self, Manifest};
use crate::error::{Error, Result};
use crate::publish::home::home;
use crate::publish::opened::Successor;
use crate::publish::{OutputLocation, Table, every_table, lock_home, upload};

const CONFLICT: &str = "another writer has committed to it meanwhile; try again";

/// Drops dates, and publishes the tables as they are at `next` if it is given; the table about individuals stays as it is.
///
/// # Errors
/// A table cannot be read or committed to: what was published stays, and this can be done again.
pub(crate) async fn drop_dates(
    location: &OutputLocation,
    office: &str,
    dates: &BTreeSet<NaiveDate>,
    next: Option<Successor>,
) -> Result<()> {
    let Some(out) = existing::open(location)? else { return Ok(()) };
    let locked = out.on_this_machine().map(|folder| lock_home(&home(folder, office))).transpose();
    let _lock =
        locked.map_err(|e| wrong(format!("{}: cannot be written to: {e}", out.name)).with_source(e))?;
    let found = manifest::read(&out, office).await.map_err(wrong)?;
    let Some((before, _)) = &found else { return Ok(()) };
    let (name, description) = (upload::new_run()?, description(before));
    let run = Run {
        name: &name,
        as_of: before.as_of,
        description: &description,
        min_people: description.min_people(),
    };
    let mut tables = before.tables.clone();
    // The overview first: nothing is shown of a date without it.
    let is_there = |table: &Table| !table.is_optional() || before.tables.contains_key(table.name);
    let mut retained: Vec<_> =
        every_table().filter(|table| !table.is_about_individuals() && is_there(table)).collect();
    retained.sort_by_key(|table| !table.is_overview());
    for table in retained {
        let folder = out.child(&table.folder(office));
        let Some(now) = folder.table(None).await.map_err(wrong)? else { continue };
        let removed = commit::remove(&folder, &now, dates, &BTreeSet::new(), &run).await;
        let version = removed.map_err(|refused| match refused {
            Refused::Conflict => wrong(format!("{}: {CONFLICT}", folder.name)).with_temporary(true),
            Refused::Failed(why) => wrong(format!("{}: cannot be committed to: {why}", folder.name)),
        })?;
        let synced = folder.sync(&format!("_delta_log/{version:020}.json"));
        synced.map_err(|e| wrong(format!("{}: cannot be written to: {e}", folder.name)).with_source(e))?;
        tables.insert(table.name.to_owned(), version);
    }
    let manifest = Manifest { run: name.clone(), tables, ..before.clone() };
    let manifest = match next {
        None => manifest,
        Some(next) => Manifest {
            as_of: next.as_of,
            description: next.description.entries().iter().cloned().collect(),
            record: next.record.map(|record| record.to_value()),
            ..manifest
        },
    };
    match manifest::replace(&out, office, &found, &manifest).await.map_err(wrong)? {
        true => Ok(()),
        false => Err(wrong(format!("{}: {CONFLICT}", out.name)).with_temporary(true)),
    }
}

fn wrong(what: String) -> Error {
    Error::output(format!("[output] {what}"))
}
