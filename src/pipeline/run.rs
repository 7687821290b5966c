//! The pipeline: registers the inputs, computes the views, publishes the result.

use std::sync::Arc;

use chrono::{NaiveDate, Utc};
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use futures::future::join_all;

use super::mailboxes::{MAILBOX, MAILBOX_SOURCE, check_groups, check_mailboxes};
use super::materialize::Materializer;
use super::preflight::preflight;
use super::progress::{PUBLISH, Progress};
use super::report::{
    COVERAGE, Disposition, EVERY_DISPOSITION, PUBLISHED_DISPOSITIONS, Report, covered, dispositions,
    overview, unused_rows,
};
use super::suppressed::{self, Suppressed};
use super::{
    deleted, domains, doubtful, expectations, null_columns, segments, skipped, unmatched, unreadable, unused,
    values,
};
use crate::config::{Enrichment, Format};
use crate::engine::memory::is_plentiful;
use crate::engine::metrics::{Stage, StageTimer};
use crate::engine::session;
use crate::error::without_people::without_people;
use crate::error::{Error, Result};
use crate::inputs::{self, InputSource};
use crate::publish::{
    self, Description, Destination, Earlier, Judgement, Overview, Record, TABLES, Written, beside,
};
use crate::views::{Layer, Parameters, PublishedMonth, VIEWS};

/// Runs an enrichment: computes Office and the other published tables, and replaces what was published.
///
/// # Errors
/// An input is wrong, the as-of date is in the future, the run has not found what `[expect]` expects, the engine
/// fails, or the output cannot be written. What was published stays as it
/// is, unless the error occurs after the step that publishes.
pub async fn run(enrichment: &Enrichment, progress: &dyn Progress) -> Result<Report> {
    run_on(&session::new()?, enrichment, progress).await
}

/// Runs an enrichment, like [`run`], on a session of your own. The session must have the functions of this
/// crate and must not have its tables.
///
/// # Errors
/// An input is wrong, the as-of date is in the future, the run has not found what `[expect]` expects, the engine
/// fails, or the output cannot be written. What was published stays as it
/// is, unless the error occurs after the step that publishes.
pub async fn run_on(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    progress: &dyn Progress,
) -> Result<Report> {
    progress.stage("inputs");
    let at_begin = suppressed::records(ctx, enrichment).await?;
    let months = suppressed::published_before(ctx, enrichment).await?;
    let sources = preflight(ctx, enrichment, async { Ok(()) }).await?;
    let computing = compute(ctx, enrichment, &sources, &months, progress);
    let mut computed = inputs::reading(ctx, &sources, computing).await?;
    inputs::check_rows(ctx, &sources, |section| computed.rows_of(section)).await?;
    let before = publish::recorded(ctx, enrichment).await?;
    suppressed::check_unchanged(enrichment, &at_begin, &suppressed::records(ctx, enrichment).await?)?;
    let judged = computed.judge(enrichment, before.as_ref());
    expectations::check(enrichment, &judged)?;
    let broken = std::mem::take(&mut computed.broken);
    progress.stage(PUBLISH);
    let mut report = computed.publish(ctx, enrichment, judged, before).await?;
    report.notes.extend(enrichment.unfinished_day(Utc::now()));
    report.notes.extend(sources.into_iter().flat_map(|source| source.notes));
    report.notes.extend(broken);
    report.notes = report.notes.iter().map(|note| without_people(note)).collect();
    Ok(report)
}

/// A run that is computed and not yet published.
struct Computed {
    destination: Destination,
    overview: Overview,
    covered: Option<(NaiveDate, NaiveDate)>,
    /// Every disposition.
    counted: Vec<Disposition>,
    /// Those that are published.
    dispositions: Vec<Disposition>,
    is_every_row_used: bool,
    domains: Option<String>,
    /// Remarks that are not errors.
    notes: Vec<String>,
    /// Remarks about segments that are not published.
    broken: Vec<String>,
    /// What is published about months, if numbers are suppressed.
    months: Vec<PublishedMonth>,
    office_rows: u64,
    stages: Vec<Stage>,
}

async fn compute(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    sources: &[InputSource],
    published_months: &[PublishedMonth],
    progress: &dyn Progress,
) -> Result<Computed> {
    let parameters = Parameters::of(enrichment).with_months(published_months);
    let mut destination = Destination::create(ctx, enrichment).await?;
    let mut materializer = Materializer::new(ctx, progress)?;
    let (mut days, mut accounts_with_domain) = (None, 0);
    let attributes = inputs::attributes(ctx).await?;
    for (position, view) in VIEWS.iter().enumerate().filter(|(_, view)| view.layer != Layer::Inspect) {
        if materializer.must_wait(view)? {
            let computed = materializer.compute().await?;
            if computed.contains(&MAILBOX) {
                check_mailboxes(ctx, enrichment).await?;
            }
            if computed.contains(&COVERAGE) && enrichment.min_people == 1 {
                days = covered(ctx).await?;
            }
            if computed.contains(&domains::DOMAIN_COVERAGE) {
                accounts_with_domain = domains::accounts(ctx).await?;
            }
        }
        if view.name == MAILBOX_SOURCE {
            check_groups(ctx, enrichment).await?;
        }
        view.register(ctx, &parameters).await?;
        if view.materialized {
            materializer.add(position);
        }
    }
    materializer.compute().await?;
    let mut stages = materializer.stages;
    let description = Description::of(enrichment);
    // If numbers are suppressed, days of single rows are not published.
    let description =
        Arc::new(if enrichment.min_people == 1 { description.with_used_days(days) } else { description });
    let at_once = is_plentiful(ctx.runtime_env().memory_pool.as_ref());
    let (mut under_way, mut files) = (vec![], vec![]);
    for table in TABLES.iter().filter(|table| !table.is_of_segments()) {
        progress.stage(table.name);
        let draft = destination.draft(table, enrichment, &attributes)?;
        files.push(Written::of(table, &draft)?);
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
    let published = session::beside(ctx)?;
    publish::register_written(&published, enrichment, &destination, files, &attributes).await?;
    let mut broken = vec![];
    for table in publish::tables_of(enrichment).filter(|of| of.is_of_segments() || of.is_optional()) {
        progress.stage(table.name);
        let timer = StageTimer::start(&published, table.name);
        if table.is_of_segments() {
            broken = segments::register_members(&published, enrichment, table).await?;
        }
        let draft = destination.draft(table, enrichment, &attributes)?;
        let written = publish::write(&published, table, &description, draft).await;
        stages.push(timer.stop_with(written.map_err(|e| e.with_context("table", table.name))?));
    }
    let office_rows = stages.iter().find(|stage| stage.name == TABLES[0].name).and_then(|s| s.rows_out);
    let (overview, counted) = (overview(ctx).await?, dispositions(ctx, EVERY_DISPOSITION).await?);
    let shown = dispositions(ctx, PUBLISHED_DISPOSITIONS).await?;
    let mut notes = unreadable::notes(ctx, enrichment, sources, &counted).await?;
    let is_all_read = notes.is_empty();
    let suppressed = Suppressed::find(ctx, enrichment).await?;
    notes.extend(suppressed.iter().map(|suppressed| suppressed.note(enrichment)));
    notes.extend(unmatched::in_run(ctx, enrichment, &overview, &counted).await?);
    let rows = |section: &str| unmatched::rows_of(&counted, section, None).unsigned_abs();
    // Whether there is a row, whether it is used, and whether it has a value, is suppressed, too.
    let has_rows = enrichment.min_people == 1;
    let shown_sources: Vec<_> =
        sources.iter().filter(|source| has_rows || !source.has_copies()).cloned().collect();
    let mut lost = skipped::notes(ctx, &shown_sources, rows).await?;
    for source in &shown_sources {
        let unused = unused_rows(ctx, source.section).await?;
        lost.extend(values::notes(ctx, enrichment, source, Some(unused)).await?);
        lost.extend(deleted::notes(ctx, enrichment, source).await);
    }
    lost.extend(unused::of_contacts(enrichment, unused_rows(ctx, "contacts").await?));
    let with = |section: &str, disposition: &str| match (section, disposition) {
        ("mail" | "meetings" | "contacts", "") => rows(section),
        (_, "") => u64::MAX,
        _ => unmatched::rows_of(&counted, section, Some(disposition)).unsigned_abs(),
    };
    lost.extend(null_columns::notes(ctx, enrichment, &shown_sources, with).await?);
    lost.extend(doubtful::notes(ctx, enrichment).await?);
    lost.extend(domains::none_is_used(&counted));
    let is_every_row_used = has_rows
        && is_all_read
        && lost.is_empty()
        && counted.iter().all(|d| d.disposition == "used" || d.source == "domains");
    let domains = domains::in_run(enrichment, accounts_with_domain, &counted, &overview);
    notes.extend(lost);
    Ok(Computed {
        destination,
        overview,
        covered: days,
        counted,
        dispositions: shown,
        is_every_row_used,
        domains,
        notes,
        broken,
        months: suppressed.map(|suppressed| suppressed.months).unwrap_or_default(),
        office_rows: office_rows.unwrap_or_default(),
        stages: suppressed::stages(enrichment, stages),
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
        let of_section = self.counted.iter().filter(|d| d.source == section);
        let rows = of_section.map(|d| d.rows.unsigned_abs());
        ["mail", "meetings", "contacts"].contains(&section).then(|| rows.sum())
    }

    /// Compares what the run has found with what is expected, and with what is published.
    fn judge(&self, enrichment: &Enrichment, before: Option<&Record>) -> Vec<Judgement> {
        let before = match before {
            None => Err("nothing published with a record to compare with"),
            // With a history, the later tables stay the published ones, so this run replaces none of its numbers.
            Some(record) if enrichment.output.history && record.overview.as_of > enrichment.as_of => {
                Err("that a later as-of date is published")
            }
            Some(record) if record.protection() < enrichment.min_people => {
                Err("that fewer numbers were suppressed")
            }
            Some(record) => Ok(&record.overview),
        };
        let found = expectations::Found {
            as_of: enrichment.as_of,
            last_used_on: (enrichment.min_people == 1).then(|| self.covered.map(|(_, last)| last)),
            min_people: enrichment.min_people,
            overview: &self.overview,
            dispositions: &self.dispositions,
            before,
        };
        expectations::judge(enrichment, &found)
    }

    async fn publish(
        self,
        ctx: &SessionContext,
        enrichment: &Enrichment,
        expectations: Vec<Judgement>,
        before: Option<Record>,
    ) -> Result<Report> {
        let Self {
            destination,
            overview,
            covered,
            counted: _,
            dispositions,
            is_every_row_used,
            domains,
            notes,
            broken: _,
            months,
            office_rows,
            stages,
        } = self;
        let (now, min_people) = (Utc::now(), enrichment.min_people);
        let last = before.as_ref().map(|before| before.overview.as_of);
        // Also if this run suppresses nothing: a later one may.
        let Earlier { mut remembered, replaced, .. } = publish::earlier(ctx, enrichment).await?;
        if enrichment.publish_changed {
            remembered = remembered.if_permitted(min_people);
        }
        let remembered = remembered.with(months, enrichment.as_of, min_people);
        let record =
            Record::new(now, min_people, overview.clone(), covered, expectations, remembered, before);
        // They are remembered as long.
        let replaced = replaced.into_iter().map(|(name, of)| (name, of.with(vec![], enrichment.as_of, 1)));
        let record = Record { replaced: replaced.collect(), ..record };
        let placed = destination.publish(ctx, enrichment, &record).await?;
        let old = beside::notes(ctx, enrichment).await;
        let masters =
            dispositions.iter().find(|d| d.source == "meetings" && d.disposition == "series_master");
        let of_graph = enrichment.meetings.as_ref().is_some_and(|i| i.format == Format::GraphDataConnect);
        let masters = masters.filter(|_| of_graph).map(|d| inputs::series_masters(d.rows.unsigned_abs()));
        let expectations = record.expectations;
        let missed = expectations::note(enrichment, &expectations);
        let notes = enrichment.notes().into_iter().chain(missed).chain(masters).chain(notes);
        Ok(Report {
            overview,
            covered,
            dispositions,
            is_every_row_used,
            expectations,
            domains,
            office: placed.office,
            replaced: last.filter(|last| *last > enrichment.as_of && placed.newer.is_none()),
            newer: placed.newer,
            office_rows,
            notes: notes.chain(placed.notes).chain(old).collect(),
            stages,
        })
    }
}
