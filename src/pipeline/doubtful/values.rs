//! Counts doubtful values, and writes the notes about them.

use datafusion::prelude::SessionContext;

use super::columns::{Holds, conditions, looks, of_others};
use super::sampled::Sampled;
use super::words::{Found, Place, in_words};
use super::{shared, spellings};
use crate::config::Enrichment;
use crate::error::Result;
use crate::error::numbers::count;
use crate::inputs::InputSource;
use crate::pipeline::sql_numbers::numbers;
use crate::pipeline::unused_columns::Copies;

/// The notes about mail or meetings, according to a look at rows from the first file to the last.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn of_sampled_rows(
    ctx: &SessionContext,
    source: &InputSource,
    copies: &Copies,
    sampled: &Sampled,
) -> Result<Vec<String>> {
    let Some(looked) = &sampled.looked else { return Ok(vec![]) };
    let sample = (!looked.is_everything()).then(|| looked.in_words());
    let place = Place { section: source.section, noun: "used row", sample };
    let mut notes = in_words(&place, &sampled.doubtful);
    notes.extend(without_recipients(&place, copies.people_in_files(), &sampled.without_recipients));
    notes.extend(shared::of_copies(ctx, source.section, copies).await?);
    Ok(notes)
}

/// The note about files of mail whose rows have no recipients, unlike those of other files.
fn without_recipients(place: &Place, column: &str, files: &[String]) -> Option<String> {
    let (first, more) = files.split_first()?;
    let more =
        if more.is_empty() { String::new() } else { format!(" and of {}", count(more.len(), "more file")) };
    Some(format!(
        "[{}] no used row of {first}{more} has a value of {column}{}, and rows of other files have: check the names of the \
         columns",
        place.section,
        if place.sample.is_some() { ", of those that were looked at" } else { "" }
    ))
}

/// The notes about another source, all of whose rows are looked at.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn of_all_rows(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    source: &InputSource,
) -> Result<Vec<String>> {
    let columns = of_others(enrichment, source);
    let ids: Vec<_> = columns.iter().filter(|column| matches!(column.holds, Holds::Id(_))).cloned().collect();
    let forms: String =
        ids.iter().flat_map(|id| spellings::forms(&id.value)).map(|count| format!(", {count}")).collect();
    let sql = format!(
        "select count(*){}{forms} from (select *, true as is_used{} from input_{}) as looked_at",
        conditions(&columns),
        looks(&columns),
        source.section
    );
    let numbers = numbers(ctx, &sql).await?;
    let mut rest = numbers.get(1..).unwrap_or_default();
    let mut found: Vec<_> = columns.into_iter().map(Found::nothing).collect();
    for one in &mut found {
        rest = one.add(rest, None);
    }
    let place = Place { section: source.section, noun: "row", sample: None };
    let mut notes = in_words(&place, &found);
    let (forms, _) = rest.as_chunks();
    for (id, _) in ids.iter().zip(forms).filter(|(_, forms)| spellings::can_differ(**forms)) {
        let rows = format!("input_{}", source.section);
        notes.extend(spellings::note(ctx, &place, &id.name, &id.value, &rows).await?);
    }
    if let ("users", [id]) = (source.section, &ids[..]) {
        notes.extend(shared::of_users(ctx, &id.name).await?);
    }
    if source.section == "contacts" {
        notes.extend(shared::of_contacts(ctx, enrichment).await?);
        notes.extend(shared::of_versions(ctx, enrichment).await?);
        notes.extend(shared::of_addresses(ctx).await?);
    }
    Ok(notes)
}
