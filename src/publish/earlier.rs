//! What an enrichment has published about months while numbers were suppressed, by the records in its output.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use datafusion::prelude::SessionContext;

use super::beside::{self, Published};
use super::delta;
use super::history_reader::Files;
use super::location::{OutputLocation, output_location};
use super::record::Record;
use super::remembered::Remembered;
use super::run_metadata::Description;
use super::state::record_of_any;
use super::tables::TABLES;
use crate::config::{Enrichment, OutputFormat};
use crate::error::{Error, Result};

/// What was published while numbers were suppressed.
#[derive(Debug, Default)]
pub(crate) struct Earlier {
    pub(crate) remembered: Remembered,
    /// The as-of date of the newest of these runs.
    pub(crate) newest: Option<NaiveDate>,
    /// The same of other enrichments, by their names, whose tables this one replaces.
    pub(crate) replaced: BTreeMap<String, Remembered>,
}

impl Earlier {
    /// Adds what a record says of the enrichment with this name and of others. Returns whether it says something of this
    /// one.
    fn add(&mut self, record: Record, name: &str) -> bool {
        let (as_of, remembered, protection) =
            (record.overview.as_of, record.comparable(), record.protection());
        let mut of_others = record.replaced;
        let is_own = record.overview.enrichment == name;
        if is_own {
            let is_protected = protection > 1 || !remembered.is_empty();
            self.remembered.add(remembered);
            self.newest = self.newest.max(is_protected.then_some(as_of));
        } else if protection > 1 || remembered != Remembered::default() {
            of_others.insert(record.overview.enrichment, remembered);
        }
        let replaced = of_others.remove(name);
        let is_known = is_own || replaced.is_some();
        if let Some(replaced) = replaced {
            self.newest = self.newest.max(replaced.steps.iter().map(|step| step.as_of).max());
            self.remembered.add(replaced);
        }
        for (other, remembered) in of_others {
            self.replaced.entry(other).or_default().add(remembered);
        }
        is_known
    }
}

/// Reads what the runs of this enrichment have published about months, in both formats, or have perhaps published, because
/// they were killed.
///
/// # Errors
/// The output cannot be read. Or the enrichment suppresses numbers about few people, what is published does so, too, and
/// its record is missing or damaged, so that months could be published with other numbers; not if the command line permits
/// that (`--publish-changed`).
pub(crate) async fn earlier(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Earlier> {
    let mut all = Earlier::default();
    let announced = delta::announced_months(&output_location(ctx, enrichment)?, enrichment).await?;
    for format in OutputFormat::ALL {
        let record = record_of_any(ctx, enrichment, format).await?;
        let is_known = record.is_some_and(|record| all.add(record, &enrichment.name));
        // A run that was killed after its commits has left no record but what it had announced.
        let is_announced = format == OutputFormat::Delta && !announced.is_empty();
        if is_known || is_announced {
            continue;
        }
        let unrecorded = unrecorded(ctx, enrichment, format).await;
        if enrichment.min_people > 1 && !enrichment.publish_changed {
            unrecorded?.map_or(Ok(()), |found| Err(missing(enrichment, &found)))?;
        } else if let Ok(Some(found)) = unrecorded {
            // A run that suppresses nothing goes on, and what was published about these months stays unknown.
            all.remembered.forgotten = all.remembered.forgotten.max(found.description.as_of());
        }
    }
    all.remembered.add_months(announced);
    Ok(all)
}

/// Tables of this enrichment that suppress numbers and that have no record: the published ones, or retained ones that are
/// files; the newest ones.
async fn unrecorded(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    format: OutputFormat,
) -> Result<Option<Published>> {
    let location = output_location(ctx, enrichment)?;
    let published = beside::published(&location, &enrichment.output.table, format).await?;
    let mut found: Vec<_> = published.into_iter().collect();
    if format == OutputFormat::Parquet {
        found.extend(retained(ctx, enrichment, &location).await?);
    }
    let is_protected = |description: &Description| {
        description.enrichment() == Some(&enrichment.name) && description.protection() > 1
    };
    found.retain(|found| is_protected(&found.description));
    Ok(found.into_iter().max_by_key(|found| found.description.as_of()))
}

fn missing(enrichment: &Enrichment, found: &Published) -> Error {
    Error::output(format!(
        "[output] {}: its record of what was published about months is missing or damaged, so months could be \
         published with other numbers than before; restore the output from a copy, or publish nevertheless: {}",
        found.place,
        enrichment.run_command_with("--publish-changed")
    ))
}

/// The Office of each as-of date that is retained, the newest one first.
async fn retained(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    location: &OutputLocation,
) -> Result<Vec<Published>> {
    let Files { store, dates } = Files::find(location, &enrichment.output.table).await?;
    let store = ctx.runtime_env().object_store(&store)?;
    let mut found = vec![];
    for office in dates.values().rev().filter_map(|files| files.get(TABLES[0].name)) {
        let place = match location {
            OutputLocation::Folder(_) => format!("/{}", office.location),
            OutputLocation::Store(home) => home.bucket.show(&office.location),
        };
        let description = Description::of_object(store.as_ref(), office, None).await;
        let description =
            description.map_err(|e| Error::output(format!("[output] {place}: cannot be read: {e}")))?;
        found.push(Published { place, description });
    }
    Ok(found)
}
