//! The retained as-of dates: which there are, and how some are dropped.
//!
//! If the published date is dropped, the newest date that is left becomes the published one. The table about individuals
//! is not retained, so the one of the dropped run stays, with the description of the new run: it lists the mailboxes, which
//! do not depend on the date.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path as LocalPath, PathBuf};
use std::{io, slice};

use chrono::{DateTime, NaiveDate, Utc};
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{Date32Type, Int64Type};
use datafusion::prelude::SessionContext;
use object_store::ObjectStoreExt;
use tempfile::TempDir;

use super::atomic_link::{lock_home, sync_folder};
use super::changes::listed;
use super::folder::{self, RUN};
use super::history_reader::{self, Files, not_retained};
use super::home::{HIDDEN, home};
use super::location::{self, Home, OutputLocation, output_location};
use super::manifest::{Manifest, VERSION};
use super::object_store::{copy_to_plain_names, switch};
use super::opened::{Opened, Successor};
use super::owner::Claim;
use super::record;
use super::tables::{Table, every_table};
use super::upload::{copy, new_run, put_file};
use super::writer::relabel;
use super::{Description, delta, history, reader, retained_record, store_history};
use crate::config::{Enrichment, OutputFormat};
use crate::error::{Error, Result};

/// A retained as-of date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetainedDate {
    /// The date.
    pub as_of: NaiveDate,
    /// Whether its tables are the published ones.
    pub is_current: bool,
    /// When its Office was written.
    pub written_at: DateTime<Utc>,
    /// The number of rows of Office.
    pub office_rows: u64,
    /// The size of the files of all its tables in bytes.
    pub bytes: u64,
}

/// What was dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dropped {
    /// The dates, in their order.
    pub dates: Vec<NaiveDate>,
    /// The published date.
    pub current: NaiveDate,
    /// Whether the record of the published date is known, with which the next run compares.
    pub is_recorded: bool,
}

/// The retained as-of dates of an enrichment, in their order. `ctx` must have the functions of this crate and must not
/// have its tables.
///
/// # Errors
/// Nothing is published yet, it belongs to another enrichment, or it cannot be read.
pub async fn retained_dates(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Vec<RetainedDate>> {
    let (opened, dates) = open(ctx, enrichment).await?;
    let sql = "select \"AsOfDate\", count(*) from \"Office_AllDates\" group by 1";
    let mut rows = BTreeMap::new();
    for batch in ctx.sql(sql).await?.collect().await? {
        let days = batch.column(0).as_primitive::<Date32Type>().iter().flatten();
        let counts = batch.column(1).as_primitive::<Int64Type>().iter().flatten();
        rows.extend(days.filter_map(NaiveDate::from_epoch_days).zip(counts));
    }
    let of_date = |as_of: NaiveDate| {
        let stored = opened.stored.dates.get(&as_of)?;
        Some(RetainedDate {
            as_of,
            is_current: opened.description.as_of() == Some(as_of),
            written_at: stored.office.last_modified,
            office_rows: rows.get(&as_of).copied().unwrap_or_default().unsigned_abs(),
            bytes: stored.bytes,
        })
    };
    Ok(dates.into_iter().filter_map(of_date).collect())
}

/// Drops a retained as-of date, in one step. If it is the published one, the newest date that is left is published
/// instead. `ctx` must have the functions of this crate and must not have its tables.
///
/// # Errors
/// The date is not retained, or is the only one; or the output cannot be read or written.
pub async fn drop_date(ctx: &SessionContext, enrichment: &Enrichment, date: NaiveDate) -> Result<Dropped> {
    let (opened, dates) = open(ctx, enrichment).await?;
    if !dates.contains(&date) {
        return Err(not_retained(enrichment, date, &dates));
    }
    drop_dates(ctx, enrichment, &opened, &dates, slice::from_ref(&date)).await
}

/// Drops all retained as-of dates but the newest ones, of which there remain `number`, at least one. `ctx` must have the
/// functions of this crate and must not have its tables.
///
/// # Errors
/// The output cannot be read or written.
pub async fn keep_newest(ctx: &SessionContext, enrichment: &Enrichment, number: usize) -> Result<Dropped> {
    let (opened, dates) = open(ctx, enrichment).await?;
    let dropped = &dates[..dates.len().saturating_sub(number.max(1))];
    drop_dates(ctx, enrichment, &opened, &dates, dropped).await
}

/// Opens what is published, and the retained dates of the enrichment in their order.
async fn open(ctx: &SessionContext, enrichment: &Enrichment) -> Result<(Opened, Vec<NaiveDate>)> {
    let opened = reader::open(ctx, enrichment).await?;
    history_reader::register(ctx, &opened.all_dates, enrichment).await?;
    let dates = history_reader::dates(ctx).await?;
    Ok((opened, dates))
}

async fn drop_dates(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    opened: &Opened,
    dates: &[NaiveDate],
    dropped: &[NaiveDate],
) -> Result<Dropped> {
    let current = opened.description.as_of().unwrap_or_default();
    let left = dates.iter().rev().find(|date| !dropped.contains(date)).copied();
    let Some(newest) = left else {
        return Err(Error::query(format!(
            "{}: {} is the only retained date; delete the folder to delete all that is published",
            location::shown(enrichment),
            listed(dropped)
        )));
    };
    let is_current = dropped.contains(&current);
    let next = if is_current {
        let earlier = dates.iter().rev().find(|date| **date < newest && !dropped.contains(date)).copied();
        Some(retained_record::successor(ctx, enrichment, opened, newest, earlier).await?)
    } else {
        None
    };
    let is_recorded = next.as_ref().is_none_or(|next| next.record.is_some());
    let chosen: BTreeSet<NaiveDate> = dropped.iter().copied().collect();
    let office = &enrichment.output.table;
    match (enrichment.output.format, output_location(ctx, enrichment)?) {
        _ if chosen.is_empty() => {}
        (OutputFormat::Delta, location) => delta::drop_dates(&location, office, &chosen, next).await?,
        (OutputFormat::Parquet, OutputLocation::Folder(out)) => {
            in_folder(&out, office, &chosen, next).map_err(|e| {
                let place = out.display();
                Error::output(format!("[output] {place}: the history cannot be changed: {e}")).with_source(e)
            })?;
        }
        (OutputFormat::Parquet, OutputLocation::Store(home)) => {
            in_store(&home, &Claim::of(enrichment), &chosen, next).await?;
        }
    }
    let current = if is_current { newest } else { current };
    Ok(Dropped { dates: dropped.to_vec(), current, is_recorded })
}

/// Drops dates in a folder on this machine. The step that publishes the next date comes last: if it is not reached, the
/// published tables are those of before, and this can be done again. What is dropped is deleted at once.
fn in_folder(
    out: &LocalPath,
    office: &str,
    dates: &BTreeSet<NaiveDate>,
    next: Option<Successor>,
) -> io::Result<()> {
    let home = home(out, office);
    let _home = lock_home(&home)?;
    history::settle(out, office)?;
    let run = next.map(|next| run_of(out, office, &next)).transpose()?;
    history::remove(out, office, dates)?;
    if let Some(mut run) = run {
        folder::switch(out, office, &mut run)?;
        folder::clean(&home, &[run.path().file_name().map(PathBuf::from)]);
    }
    history::clean(&home, None);
    Ok(())
}

/// A folder of a run with the tables of a retained date, and its record.
fn run_of(out: &LocalPath, office: &str, next: &Successor) -> io::Result<TempDir> {
    let open = fs::Permissions::from_mode(0o777);
    let run = tempfile::Builder::new().prefix(RUN).permissions(open).tempdir_in(home(out, office))?;
    let retained = history::dates(out, office)?.remove(&next.as_of).unwrap_or_default();
    for table in every_table() {
        let (name, to) = (table.file(office), run.path().join(table.file(office)));
        match retained.get(table.name) {
            Some(file) => fs::hard_link(file, &to).or_else(|_| fs::copy(file, &to).map(drop))?,
            None if table.is_about_individuals() => {
                let published = folder::current(out, office).map(|run| run.join(&name));
                let from = File::open(published.unwrap_or_else(|| out.join(&name)))?;
                relabel(from, File::create(&to)?, table, &next.description).map_err(io::Error::other)?;
            }
            None if table.is_optional() => continue,
            None => return Err(io::Error::other(lacks(next.as_of, table))),
        }
        File::open(&to)?.sync_all()?;
    }
    if let Some(record) = &next.record {
        record.write(run.path(), office)?;
        File::open(run.path().join(record::FILE))?.sync_all()?;
    }
    sync_folder(run.path())?;
    Ok(run)
}

fn lacks(date: NaiveDate, table: &Table) -> String {
    format!("{date} has no {}, because an earlier version has published it; run that date again", table.name)
}

/// Drops dates in an object store. The step that publishes the next date comes after its files are uploaded and the dropped
/// dates are hidden: if it is not reached, the published tables are those of before, and this can be done again.
async fn in_store(
    home: &Home,
    claim: &Claim,
    dates: &BTreeSet<NaiveDate>,
    next: Option<Successor>,
) -> Result<()> {
    store_history::move_earlier(home).await?;
    let manifest = match next {
        Some(next) => Some(manifest_of(home, &next).await?),
        None => None,
    };
    store_history::remove(home, dates).await?;
    if let Some(manifest) = manifest {
        let manifest = switch(home, claim, manifest, None).await?;
        copy_to_plain_names(home, manifest, false).await?;
    }
    Ok(())
}

/// Uploads the tables of a retained date as a run. Returns its manifest.
async fn manifest_of(home: &Home, next: &Successor) -> Result<Manifest> {
    const WHAT: &str = "cannot be written";
    let run = new_run()?;
    let retained = Files::in_store(home).await?.dates.remove(&next.as_of).unwrap_or_default();
    let (mut files, mut sizes) = (BTreeMap::new(), BTreeMap::new());
    for table in every_table() {
        let name = table.file(&home.table);
        let to = home.run(&run).join(name.as_str());
        let size = match retained.get(table.name) {
            Some(file) => {
                copy(home, &file.location, &to, WHAT).await?;
                file.size
            }
            None if table.is_about_individuals() => {
                let from =
                    home.current().await?.and_then(|(manifest, _)| manifest.files.get(table.name).cloned());
                let from = from.map_or_else(|| home.out.clone().join(name.as_str()), |file| home.file(&file));
                let cannot = home.cannot(&from, "cannot be read");
                let got = home.bucket.store.get(&from).await.map_err(&cannot)?;
                let bytes = got.bytes().await.map_err(&cannot)?;
                let mut file = relabelled(&bytes, table, &next.description).map_err(|e| {
                    Error::output(format!("[output] {}: cannot be read: {e}", home.bucket.show(&from)))
                })?;
                let put = put_file(&*home.bucket.store, &to, &mut file).await;
                put.map_err(home.cannot(&to, WHAT))?
            }
            None if table.is_optional() => continue,
            None => return Err(Error::output(format!("[output] {}", lacks(next.as_of, table)))),
        };
        sizes.insert(table.name.to_owned(), size);
        files.insert(table.name.to_owned(), [HIDDEN, &home.table, &run, &name].join("/"));
    }
    let record = next.record.as_ref().map(|record| record.with_sizes(sizes).to_value());
    Ok(Manifest { version: VERSION, run, previous: None, as_of: next.as_of, files, record })
}

/// The file of a table with another description, as a temporary file.
fn relabelled(bytes: &[u8], table: &Table, description: &Description) -> io::Result<File> {
    let (mut from, to) = (tempfile::tempfile()?, tempfile::tempfile()?);
    io::Write::write_all(&mut from, bytes)?;
    relabel(from, to.try_clone()?, table, description).map_err(io::Error::other)?;
    Ok(to)
}
