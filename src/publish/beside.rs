//! What is published beside the tables of an enrichment: tables of the other format, and tables of other names. A run
//! replaces the tables of its own format and name only, so those that it published before a change of the enrichment
//! file stay.

use std::fs;
use std::path::PathBuf;

use datafusion::prelude::SessionContext;
use object_store::path::Path;

use super::delta;
use super::home::HIDDEN;
use super::location::{OutputLocation, output_location};
use super::owner::{self, Claim, Owner};
use super::run_metadata::Description;
use super::tables::TABLES;
use super::weaker::Protection;
use crate::config::{Enrichment, OutputFormat};
use crate::error::Result;

/// The published tables of one format with one name.
pub(crate) struct Published {
    /// The path or URL of Office.
    pub(crate) place: String,
    pub(crate) description: Description,
}

/// Checks that a run does not publish beside tables of another enrichment in the other format, which have the same
/// names. If tables of its own format are there already, this was permitted once.
///
/// # Errors
/// Such tables belong to another enrichment, or the output cannot be read.
pub(crate) async fn check(ctx: &SessionContext, enrichment: &Enrichment) -> Result<()> {
    let name = &enrichment.output.table;
    let location = output_location(ctx, enrichment)?;
    let own = enrichment.output.format;
    if published(&location, name, own).await?.is_some() {
        return Ok(());
    }
    for format in OutputFormat::ALL.into_iter().filter(|format| *format != own) {
        if let Some(found) = published(&location, name, format).await? {
            Claim::of(enrichment).publishes_beside(&found.place, &Owner::named(&found.description))?;
        }
    }
    Ok(())
}

/// The notes about tables of this enrichment that a run does not replace: in its output folder with another name or in
/// the other format, and in the default output folder if the enrichment file names another one. What cannot be read has
/// no note.
pub(crate) async fn notes(ctx: &SessionContext, enrichment: &Enrichment) -> Vec<String> {
    let own = &enrichment.output;
    let default = default_folder(enrichment).filter(|_| own.given.is_none()).map(OutputLocation::Folder);
    let mut notes = vec![];
    let here = output_location(ctx, enrichment).ok();
    let locations = here.map(|here| (here, true)).into_iter().chain(default.map(|default| (default, false)));
    for (location, is_own) in locations {
        for name in names(&location).await {
            for format in OutputFormat::ALL {
                let is_replaced = is_own && name == own.table && format == own.format;
                let found = published(&location, &name, format).await.ok().flatten();
                notes.extend(found.filter(|_| !is_replaced).and_then(|found| note(enrichment, &found)));
            }
        }
    }
    notes
}

/// The note about published tables, if they are of this enrichment.
fn note(enrichment: &Enrichment, found: &Published) -> Option<String> {
    let as_of = found.description.as_of().map_or_else(String::new, |date| format!(", as of {date}"));
    let is_weaker = Protection::of(enrichment).exceeds(&found.description);
    let protection = if is_weaker { ", has numbers that this run suppresses" } else { "" };
    (found.description.enrichment() == Some(&enrichment.name)).then(|| {
        format!(
            "[output] {} is of this enrichment, too{as_of}{protection}, and this run does not replace it; if no other file \
             publishes it, delete it with the tables beside it",
            found.place
        )
    })
}

/// The default output folder, if it is not the one of the enrichment.
fn default_folder(enrichment: &Enrichment) -> Option<PathBuf> {
    let default = enrichment.resolve(crate::config::OUTPUT_FOLDER);
    let own = enrichment.resolve(&enrichment.output.path);
    let real = |path: &PathBuf| fs::canonicalize(path).ok();
    (real(&default)? != real(&own).unwrap_or(own)).then_some(default)
}

/// The names of the Office tables that are or were published in an output folder, sorted. A folder that cannot be listed
/// has none.
async fn names(location: &OutputLocation) -> Vec<String> {
    let mut names: Vec<String> = match location {
        OutputLocation::Folder(out) => {
            let entries = fs::read_dir(out.join(HIDDEN)).into_iter().flatten().flatten();
            entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
        }
        OutputLocation::Store(home) => {
            let listed = home.bucket.store.list_with_delimiter(Some(&home.out.clone().join(HIDDEN))).await;
            let folders = listed.map(|listed| listed.common_prefixes).unwrap_or_default();
            folders.iter().filter_map(|folder| folder.filename().map(str::to_owned)).collect()
        }
    };
    names.sort();
    names
}

/// The tables of this format and name in an output folder, if they say of which run they are.
///
/// # Errors
/// The output cannot be read.
pub(crate) async fn published(
    location: &OutputLocation,
    name: &str,
    format: OutputFormat,
) -> Result<Option<Published>> {
    let office = &TABLES[0];
    if format == OutputFormat::Delta {
        let found = delta::described(location, name).await?;
        return Ok(found.map(|(place, description)| Published { place, description }));
    }
    match location {
        OutputLocation::Folder(out) => {
            let file = out.join(office.file(name));
            let description = Description::of_file(&file).ok();
            Ok(described(file.display().to_string(), description))
        }
        OutputLocation::Store(home) => {
            let file: Path = home.out.clone().join(office.file(name));
            let description = owner::described(home.bucket.store.as_ref(), &file).await;
            let description = description.map_err(home.cannot(&file, "cannot be read"))?;
            Ok(described(home.bucket.show(&file), description.ok()))
        }
    }
}

fn described(place: String, description: Option<Description>) -> Option<Published> {
    let description = description.filter(|description| description.enrichment().is_some())?;
    Some(Published { place, description })
}
