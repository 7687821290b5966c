//! What is wrong before a row is read, all of it at once.

use std::future::Future;
use std::path::{Path, PathBuf};

use chrono::Utc;
use datafusion::prelude::SessionContext;

use crate::config::{Enrichment, Format};
use crate::error::{Error, Mistakes, Result};
use crate::inputs::{self, InputSource};
use crate::storage::{Location, is_hidden};
use crate::views;

/// Registers the inputs, and checks what the enrichment file alone does not show: the as-of date against the clock,
/// the schemas of all inputs and, if these are right, what `further` checks, which may read the inputs.
///
/// # Errors
/// All mistakes as one error. An error that is none, or that may pass, is returned at once.
pub(crate) async fn preflight(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    further: impl Future<Output = Result<()>>,
) -> Result<Vec<InputSource>> {
    let mut mistakes = Mistakes::default();
    mistakes.keep(enrichment.check_consent())?;
    mistakes.keep(enrichment.check_privacy())?;
    mistakes.keep(enrichment.check_as_of(Utc::now()))?;
    mistakes.keep(views::own_names(enrichment))?;
    // What was published there by mistake before would be a second error about the same.
    let sources = match mistakes.keep(check_output(enrichment))? {
        Some(()) => mistakes.keep(inputs::register(ctx, enrichment).await)?,
        None => None,
    };
    if sources.is_some() {
        mistakes.keep(further.await)?;
    }
    mistakes.none()?;
    Ok(sources.unwrap_or_default())
}

/// Checks that the output is not in the folder of an input: the next run would read the published tables. Folders with
/// other files than Parquet, and globs, are left to the reader of the input.
///
/// # Errors
/// The section and the output folder.
fn check_output(enrichment: &Enrichment) -> Result<()> {
    let local = |path: &str| match Location::of(enrichment.folder(), path) {
        Ok(Location::Local(path)) => real(&path),
        _ => None,
    };
    let Some(output) = local(&enrichment.output.path) else { return Ok(()) };
    let sections = inputs::sections(enrichment).into_iter();
    for (section, (path, format)) in sections.filter_map(|(schema, place)| Some((schema.name, place?))) {
        let Some(folder) = local(path).filter(|folder| folder.is_dir()) else { continue };
        let Ok(within) = output.strip_prefix(&folder) else { continue };
        let is_read = !within.iter().any(|name| is_hidden(&name.to_string_lossy()));
        if is_read && matches!(format, Format::Canonical | Format::GraphDataConnect) {
            return Err(Error::enrichment(format!(
                "{}: [output] path is in the folder that [{section}] reads, so the next run would read the published tables; \
                 give [output] a path outside of that of [{section}]",
                enrichment.file.display()
            )));
        }
    }
    Ok(())
}

/// A path without links. Its end need not exist.
fn real(path: &Path) -> Option<PathBuf> {
    let whole = std::path::absolute(path).ok()?;
    std::fs::canonicalize(&whole).ok().or_else(|| Some(real(whole.parent()?)?.join(whole.file_name()?)))
}
