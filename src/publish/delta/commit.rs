//! One commit to one table: it removes the files of an as-of date and adds one file.

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;

use chrono::{NaiveDate, Utc};
use datafusion::arrow::datatypes::Fields;
use deltalake_core::DeltaTable;
use deltalake_core::kernel::transaction::{CommitBuilder, TableReference};
use deltalake_core::kernel::{Action, Add};
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use serde_json::Value;

use super::contract;
use crate::publish::owner::Owner;
use crate::publish::{AS_OF, Description, Table};
use crate::storage::delta_errors;
use crate::storage::delta_folder::Folder;

/// The key of the commit metadata that contains the name of the run.
const RUN: &str = "engagement.run";

/// The file of a table that is uploaded and not yet committed.
pub(crate) struct Uploaded {
    /// Relative to the folder of the table.
    pub(crate) path: String,
    /// In bytes.
    pub(crate) size: u64,
    /// In the JSON of a Delta log; `None` for the table about individuals, because a log keeps them for ever.
    pub(crate) statistics: Option<String>,
}

/// Why a commit failed.
pub(crate) enum Refused {
    /// Another writer has committed first.
    Conflict,
    /// Any other error. It is unknown whether the commit took effect.
    Failed(String),
}

/// The run, as its commits describe it.
pub(crate) struct Run<'a> {
    pub(crate) name: &'a str,
    pub(crate) as_of: NaiveDate,
    pub(crate) description: &'a Description,
    /// `[privacy] min_people` of the run.
    pub(crate) min_people: u32,
}

impl Run<'_> {
    /// The metadata of a commit: each entry by itself, and all of them as JSON in `userMetadata`, which
    /// every program shows.
    fn metadata(&self) -> HashMap<String, Value> {
        let entries = self.description.entries().iter().map(|(k, v)| (k.clone(), Value::from(v.as_str())));
        let mut metadata: HashMap<_, _> = entries.chain([(RUN.to_owned(), Value::from(self.name))]).collect();
        let all: serde_json::Map<_, _> = metadata.clone().into_iter().collect();
        metadata.insert("userMetadata".to_owned(), Value::from(Value::from(all).to_string()));
        metadata
    }
}

/// Whether a table still has the version that was found, or still does not exist.
///
/// # Errors
/// The log cannot be read.
pub(crate) async fn is_unchanged(folder: &Folder, found: Option<&DeltaTable>) -> Result<bool, String> {
    let next = found.and_then(DeltaTable::version).map_or(0, |version| version + 1);
    let entry = folder.log_store().read_commit_entry(next).await;
    entry.map(|entry| entry.is_none()).map_err(|e| delta_errors::describe(&e))
}

/// Commits a file that replaces the files of the same as-of date; in a table without dates, all files. Removes the
/// files `weaker`, too, which are given by their paths in the table. Returns the new version.
///
/// # Errors
/// [`Refused::Conflict`] if the table has changed since it was found, else [`Refused::Failed`].
pub(crate) async fn commit(
    table: &Table,
    attributes: &Fields,
    folder: &Folder,
    found: Option<&DeltaTable>,
    uploaded: &Uploaded,
    weaker: &BTreeSet<String>,
    run: &Run<'_>,
) -> Result<u64, Refused> {
    let failed = |e: &(dyn std::error::Error + 'static)| Refused::Failed(delta_errors::describe(e));
    let mut actions = vec![];
    match found {
        None => {
            let first = contract::first_actions(table, attributes, run.min_people);
            actions.extend(first.map_err(Refused::Failed)?);
        }
        Some(found) => {
            let snapshot = found.snapshot().map_err(|e| failed(&e))?.snapshot();
            let nullable = contract::made_nullable(table, attributes, found, run.min_people);
            actions.extend(nullable.map_err(Refused::Failed)?);
            let date = Some(run.as_of.to_string());
            for view in snapshot.try_log_data().map_err(|e| failed(&e))?.iter() {
                if contract::partition(table).is_none()
                    || view.partition_values_map().get(AS_OF) == Some(&date)
                    || weaker.contains(view.path().as_ref())
                {
                    actions.push(Action::Remove(view.remove_action(true)));
                }
            }
        }
    }
    actions.push(Action::Add(add(table, uploaded, run.as_of)));
    let operation = DeltaOperation::Write {
        mode: SaveMode::Overwrite,
        partition_by: contract::partition(table).map(|column| vec![column.to_owned()]),
        // What is removed in addition has other dates.
        predicate: contract::partition(table)
            .filter(|_| weaker.is_empty())
            .map(|column| format!("{column} = '{}'", run.as_of)),
    };
    send(folder, found, actions, operation, run).await
}

/// Commits the removal of the files of as-of dates, and of the files `weaker`, which are given by their paths in the table.
/// Returns the new version; the current one if there are no such files.
///
/// # Errors
/// As for [`commit`].
pub(crate) async fn remove(
    folder: &Folder,
    found: &DeltaTable,
    dates: &BTreeSet<NaiveDate>,
    weaker: &BTreeSet<String>,
    run: &Run<'_>,
) -> Result<u64, Refused> {
    let failed = |e: &(dyn std::error::Error + 'static)| Refused::Failed(delta_errors::describe(e));
    let dates: BTreeSet<String> = dates.iter().map(NaiveDate::to_string).collect();
    let snapshot = found.snapshot().map_err(|e| failed(&e))?.snapshot();
    let files = snapshot.try_log_data().map_err(|e| failed(&e))?;
    let is_of_dates = |values: &HashMap<String, Option<String>>| {
        values.get(AS_OF).and_then(Option::as_ref).is_some_and(|date| dates.contains(date))
    };
    let files = files
        .iter()
        .filter(|file| is_of_dates(&file.partition_values_map()) || weaker.contains(file.path().as_ref()));
    let actions: Vec<_> = files.map(|file| Action::Remove(file.remove_action(true))).collect();
    if actions.is_empty() {
        return Ok(found.version().unwrap_or_default());
    }
    let dates: Vec<_> = dates.iter().map(|date| format!("'{date}'")).collect();
    // What is removed in addition has other dates.
    let predicate = weaker.is_empty().then(|| format!("{AS_OF} in ({})", dates.join(", ")));
    send(folder, Some(found), actions, DeltaOperation::Delete { predicate }, run).await
}

/// Commits actions. Returns the new version.
async fn send(
    folder: &Folder,
    found: Option<&DeltaTable>,
    actions: Vec<Action>,
    operation: DeltaOperation,
    run: &Run<'_>,
) -> Result<u64, Refused> {
    let failed = |e: &(dyn std::error::Error + 'static)| Refused::Failed(delta_errors::describe(e));
    let snapshot = found.map(DeltaTable::snapshot).transpose().map_err(|e| failed(&e))?;
    let log = folder.log_store();
    let commit = CommitBuilder::default()
        .with_actions(actions)
        .with_app_metadata(run.metadata())
        .with_max_retries(0)
        .build(snapshot.map(|s| s as &dyn TableReference), log.clone(), operation);
    let next = found.and_then(DeltaTable::version).map_or(0, |version| version + 1);
    // The post-commit steps of the library are not run: if they fail, the commit remains.
    let committed = async { commit.into_prepared_commit_future().await?.await };
    match committed.await {
        Ok(committed) => Ok(committed.version),
        // Possibly only the response was lost, so read the log.
        Err(e) => match log.read_commit_entry(next).await {
            Ok(Some(entry)) if says(&entry, run.name) => Ok(next),
            Ok(Some(_)) => Err(Refused::Conflict),
            _ => Err(failed(&e)),
        },
    }
}

/// Whose table it is: the enrichment of the commit that made its current version.
///
/// # Errors
/// The log cannot be read.
pub(crate) async fn owner(folder: &Folder, found: &DeltaTable) -> Result<Owner, String> {
    let version = found.version().unwrap_or_default();
    let descriptions = descriptions(folder, version..=version).await?;
    Ok(descriptions.first().map_or(Owner::Unknown, Owner::named))
}

/// The descriptions of the commits that made these versions, as far as the log still has them. That of a commit by
/// another program is without entries of this one.
///
/// # Errors
/// The log cannot be read.
pub(crate) async fn descriptions(
    folder: &Folder,
    versions: RangeInclusive<u64>,
) -> Result<Vec<Description>, String> {
    let mut descriptions = vec![];
    for version in versions {
        let entry = folder.log_store().read_commit_entry(version).await;
        let entry =
            entry.map_err(|e| format!("{}: cannot be read: {}", folder.name, delta_errors::describe(&e)))?;
        for info in entry.iter().flat_map(|entry| infos(entry)) {
            let entries = info.as_object().into_iter().flatten();
            let texts = entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
            descriptions.push(Description::from_entries(texts));
        }
    }
    Ok(descriptions)
}

fn add(table: &Table, uploaded: &Uploaded, as_of: NaiveDate) -> Add {
    let date = |column: &str| (column.to_owned(), Some(as_of.to_string()));
    Add {
        path: uploaded.path.clone(),
        partition_values: contract::partition(table).map(date).into_iter().collect(),
        size: uploaded.size.cast_signed(),
        modification_time: Utc::now().timestamp_millis(),
        data_change: true,
        stats: uploaded.statistics.clone(),
        ..Add::default()
    }
}

/// Whether an entry of the log is the commit of the run with this name.
fn says(entry: &[u8], run: &str) -> bool {
    infos(entry).iter().any(|info| info[RUN] == run)
}

/// The metadata of the commits in an entry of the log.
fn infos(entry: &[u8]) -> Vec<Value> {
    let lines = String::from_utf8_lossy(entry);
    let actions = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    actions.filter_map(|action| action.get("commitInfo").cloned()).collect()
}
