//! The pipeline: registers the inputs, computes the views, publishes the result.

use std::sync::Arc;

use chrono::NaiveDate;
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use futures::future::join_all;

use super::mailboxes::{MAILBOX, check_mailboxes};
use super::materialize::Materializer;
use super::progress::Progress;
use super::report::{COVERAGE, Disposition, Overview, Report, covered, dispositions, overview};
use super::{skipped, suppressed, unmatched, unreadable};
use crate::config::{Enrichment, Format};
use crate::engine::memory::is_plentiful;
use crate::engine::metrics::Stage;
use crate::engine::session;
use crate::error::{Error, Result};
use crate::inputs::{self, InputSource};
use crate::publish::{self, Description, Destination, TABLES};
use crate::views::{self, Layer, Parameters, VIEWS};

/// Runs an enrichment: computes Office and the other published tables, and replaces what was published.
///
/// # Errors
/// An input is wrong, the engine fails, or the output cannot be written. What was published stays as it
/// is, unless the error occurs after the step that publishes.
pub async fn run(enrichment: &Enrichment, progress: &dyn Progress) -> Result<Report> {
    run_on(&session::new()?, enrichment, progress).await
}

/// Runs an enrichment, like [`run`], on a session of your own. The session must have the functions of this
/// crate and must not have its tables.
///
/// # Errors
/// An input is wrong, the engine fails, or the output cannot be written. What was published stays as it
/// is, unless the error occurs after the step that publishes.
pub async fn run_on(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    progress: &dyn Progress,
) -> Result<Report> {
    views::own_names(enrichment)?;
    progress.stage("inputs");
    let sources = inputs::register(ctx, enrichment).await?;
    let computed = inputs::reading(ctx, &sources, compute(ctx, enrichment, &sources, progress)).await?;
    inputs::check_rows(ctx, &sources, |section| computed.rows_of(section)).await?;
    let mut report = computed.publish(ctx, enrichment).await?;
    report.notes.extend(sources.into_iter().flat_map(|source| source.notes));
    Ok(report)
}

/// A run that is computed and not yet published.
struct Computed {
    destination: Destination,
    overview: Overview,
    covered: Option<(NaiveDate, NaiveDate)>,
    dispositions: Vec<Disposition>,
    is_every_row_used: bool,
    /// Remarks that are not errors.
    notes: Vec<String>,
    office_rows: u64,
    stages: Vec<Stage>,
}

async fn compute(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    sources: &[InputSource],
    progress: &dyn Progress,
) -> Result<Computed> {
    let parameters = Parameters::of(enrichment);
    let mut destination = Destination::create(ctx, enrichment).await?;
    let mut materializer = Materializer::new(ctx, progress)?;
    let mut days = None;
    for (position, view) in VIEWS.iter().enumerate().filter(|(_, view)| view.layer != Layer::Inspect) {
        if materializer.must_wait(view)? {
            let computed = materializer.compute().await?;
            if computed.contains(&MAILBOX) {
                check_mailboxes(ctx, enrichment).await?;
            }
            if computed.contains(&COVERAGE) {
                days = covered(ctx).await?;
            }
        }
        view.register(ctx, &parameters).await?;
        if view.materialized {
            materializer.add(position);
        }
    }
    materializer.compute().await?;
    let mut stages = materializer.stages;
    let description = Arc::new(Description::of(enrichment));
    let at_once = is_plentiful(ctx.runtime_env().memory_pool.as_ref());
    let mut under_way = vec![];
    for table in TABLES {
        progress.stage(table.name);
        let draft = destination.draft(table, enrichment)?;
        let (ctx, description) = (ctx.clone(), Arc::clone(&description));
        // One task for each table, so that the small tables are written while the large one is.
        under_way.push(SpawnedTask::spawn(async move {
            let written = publish::write(&ctx, table, &description, draft).await;
            written.map_err(|e| e.with_context("table", table.name))
        }));
        if !at_once {
            stages.extend(written(std::mem::take(&mut under_way)).await?);
        }
    }
    stages.extend(written(under_way).await?);
    let office_rows = stages.iter().find(|stage| stage.name == TABLES[0].name).map_or(0, |s| s.rows_out);
    let (overview, dispositions) = (overview(ctx).await?, dispositions(ctx).await?);
    let mut notes = unreadable::notes(ctx, sources, &dispositions).await?;
    notes.extend(suppressed::note(ctx, enrichment).await?);
    notes.extend(unmatched::in_run(ctx, enrichment, &overview, &dispositions).await?);
    let rows = |section: &str| unmatched::rows_of(&dispositions, section, None).unsigned_abs();
    let skipped = skipped::notes(ctx, sources, rows).await?;
    let is_every_row_used = skipped.is_empty() && dispositions.iter().all(|d| d.disposition == "used");
    notes.extend(skipped);
    Ok(Computed {
        destination,
        overview,
        covered: days,
        dispositions,
        is_every_row_used,
        notes,
        office_rows,
        stages,
    })
}

/// Waits until all these tables are written. Returns their metrics.
///
/// # Errors
/// The error of the first table, in their order, that cannot be written.
async fn written(tables: Vec<SpawnedTask<Result<Stage>>>) -> Result<Vec<Stage>> {
    let written = tables.into_iter().map(async |table| {
        let stage = table.join_unwind().await;
        stage.map_err(|e| Error::from(DataFusionError::ExecutionJoin(Box::new(e))))?
    });
    join_all(written).await.into_iter().collect()
}

impl Computed {
    /// The number of rows that were read of a section; `None` if they are not counted.
    fn rows_of(&self, section: &str) -> Option<u64> {
        let of_section = self.dispositions.iter().filter(|d| d.source == section);
        let rows = of_section.map(|d| d.rows.unsigned_abs());
        ["mail", "meetings", "contacts"].contains(&section).then(|| rows.sum())
    }

    async fn publish(self, ctx: &SessionContext, enrichment: &Enrichment) -> Result<Report> {
        let Self {
            destination,
            overview,
            covered,
            dispositions,
            is_every_row_used,
            notes,
            office_rows,
            stages,
        } = self;
        let office = destination.publish(ctx, enrichment).await?;
        let masters =
            dispositions.iter().find(|d| d.source == "meetings" && d.disposition == "series_master");
        let of_graph = enrichment.meetings.as_ref().is_some_and(|i| i.format == Format::GraphDataConnect);
        let masters = masters.filter(|_| of_graph).map(|d| inputs::series_masters(d.rows.unsigned_abs()));
        let notes = enrichment.notes().into_iter().chain(masters).chain(notes).collect();
        Ok(Report { overview, covered, dispositions, is_every_row_used, office, office_rows, notes, stages })
    }
}
