//! Inputs: files → canonical input tables, one per section of the enrichment file.
//!
//! Whatever its files look like, an input becomes one table `input_<section>` with the canonical
//! columns and one type each; that is all that the SQL of the enrichment sees.

mod canonical;
mod caught;
mod columns;
mod delta;
mod diagnose;
mod dictionaries;
mod files;
mod graph;
mod parquet;
mod unchanged;

use datafusion::arrow::array::{RecordBatch, StringArray};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::prelude::{DataFrame, SessionContext};
use futures::{StreamExt, TryStreamExt};
use std::sync::Arc;

use crate::enrichment::{Enrichment, Format};
use crate::error::{Error, ErrorKind, Result};
use crate::views::quoted;
pub use diagnose::reading;
pub(crate) use files::file_url;

/// What is said where meetings hold series masters, which stand for their occurrences.
pub(crate) fn series_masters(rows: u64) -> String {
    let (are, are_no, their) = if rows == 1 {
        ("row is a series master", "is no meeting", "its")
    } else {
        ("rows are series masters", "are no meetings", "their")
    };
    format!(
        "[meetings] {rows} {are}, which {are_no}: {their} occurrences are needed, and those are in CalendarView exports, not in \
         Event exports"
    )
}

/// Tables with the same columns put together; `None` of none.
fn union_all(parts: impl IntoIterator<Item = Result<DataFrame>>) -> Result<Option<DataFrame>> {
    parts.into_iter().try_fold(None, |union: Option<DataFrame>, part| {
        let part = part?;
        Ok(Some(match union {
            None => part,
            Some(union) => union.union(part)?,
        }))
    })
}

/// What was found for one section of the enrichment file.
#[derive(Debug, Clone)]
pub struct Source {
    /// The section: `mail`, `meetings`, ...
    pub section: &'static str,
    /// The shape of its files.
    pub format: Format,
    /// The files.
    pub files: Vec<files::InputFile>,
    /// How many rows they say they hold, which only Parquet files and Delta tables do; [`Source::count`] counts the others.
    pub rows: u64,
    /// Optional columns that some file lacks, with what that means for the result.
    pub missing: Vec<(&'static str, &'static str)>,
}

impl Source {
    /// How many rows the files have. JSON files are read through for it, which finds damage, too.
    ///
    /// # Errors
    /// A file that is damaged or cannot be read.
    pub async fn count(&self) -> Result<u64> {
        let at_once = std::thread::available_parallelism().map_or(1, usize::from);
        let counts = futures::stream::iter(self.files.clone())
            .map(|file| {
                let source = self.clone();
                tokio::task::spawn_blocking(move || {
                    let is_counted = diagnose::is_parquet(&source, &file);
                    if is_counted { Ok(0) } else { graph::count(source.section, &file) }
                })
            })
            .buffered(at_once);
        let lost = |e| Error::new(ErrorKind::Engine, format!("[{}] counting rows: {e}", self.section));
        counts
            .map(|rows| rows.map_err(lost)?)
            .try_fold(self.rows, |sum, rows| async move { Ok(sum + rows) })
            .await
    }
}

/// Registers `input_mail`, `input_meetings`, ... for every section; one that the enrichment file
/// does not have gets an empty table. Reads schemas, no rows.
///
/// # Errors
/// A path that matches nothing, a file that is damaged, a column that is missing or has a type it
/// may not have.
pub async fn register(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Vec<Source>> {
    let mut sources = vec![];
    for (section, input) in columns::sections(enrichment) {
        let table = format!("input_{}", section.name);
        let Some((path, format)) = input else {
            let empty = RecordBatch::new_empty(Arc::new(section.schema()));
            ctx.register_batch(&table, empty)?;
            continue;
        };
        let (frame, source) = match format {
            Format::Canonical => canonical::open(ctx, enrichment, &section, path).await?,
            Format::GraphDataConnect => graph::open(ctx, enrichment, &section, path).await?,
            Format::Delta => delta::open(ctx, enrichment, &section, path).await?,
        };
        ctx.register_table(quoted(&table), frame.into_view())?;
        sources.push(source);
    }
    let schema = Schema::new(vec![Field::new("address", DataType::Utf8, false)]);
    let addresses = StringArray::from_iter_values(&enrichment.mailboxes);
    ctx.register_batch(
        "input_mailboxes",
        RecordBatch::try_new(Arc::new(schema), vec![Arc::new(addresses)])
            .map_err(datafusion::error::DataFusionError::from)?,
    )?;
    Ok(sources)
}
