//! The one pipeline: sources → views → output.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate};
use datafusion::arrow::array::{Array, AsArray, RecordBatch};
use datafusion::arrow::datatypes::{Date32Type, Int64Type};
use datafusion::common::runtime::SpawnedTask;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use futures::future::join_all;

use crate::enrichment::{Enrichment, Format};
use crate::error::{Error, Result};
use crate::memory::is_plentiful;
use crate::output::{Description, Destination, TABLES, Table, write};
use crate::shared::Shared;
use crate::source;
use crate::timings::Stage;
use crate::views::{self, Parameters, VIEWS, quoted};
use crate::{enrichment, session, withheld};

/// Hears which stage a run has reached.
pub trait Progress: Sync {
    /// A stage begins: the name of a view or table. Others may be under way.
    fn stage(&self, name: &str);
}

/// Progress that nobody watches.
pub struct Silent;

impl Progress for Silent {
    fn stage(&self, _name: &str) {}
}

/// What a run found and where it put it.
#[derive(Debug, Clone)]
pub struct Report {
    /// The row of Office_Overview.
    pub overview: Overview,
    /// The rows of Office_Dispositions.
    pub dispositions: Vec<Disposition>,
    /// Where Office lies: a path or a URL.
    pub office: String,
    /// How many rows it has.
    pub office_rows: u64,
    /// What is worth knowing and no error.
    pub notes: Vec<String>,
    /// Where the time went, in the order of the work.
    pub stages: Vec<Stage>,
}

/// The run at a glance.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the columns of Office_Overview, explained there")]
pub struct Overview {
    pub enrichment: String,
    pub as_of: NaiveDate,
    pub first_day: Option<NaiveDate>,
    pub last_day: Option<NaiveDate>,
    pub days_covered: i64,
    pub mailboxes_listed: i64,
    pub mailboxes_active: i64,
    pub messages_engaged: Option<i64>,
    pub meetings_engaged: Option<i64>,
    pub accounts_in_profile: i64,
    pub accounts_engaged: i64,
    pub shared_addresses: i64,
}

/// How many rows of an input met one fate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disposition {
    /// `mail`, `meetings` or `contacts`.
    pub source: String,
    /// Which fate; `used` is the good one.
    pub disposition: String,
    /// How many rows.
    pub rows: i64,
}

/// Runs an enrichment: computes Office and its companions and replaces what was published.
///
/// # Errors
/// Whatever is wrong with the inputs; what was published stays as it is.
pub async fn run(enrichment: &Enrichment, progress: &dyn Progress) -> Result<Report> {
    run_on(&session::new()?, enrichment, progress).await
}

/// The same on a session of yours, which has the functions of this crate and none of its tables.
pub async fn run_on(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    progress: &dyn Progress,
) -> Result<Report> {
    views::own_names(enrichment)?;
    progress.stage("inputs");
    let sources = source::register(ctx, enrichment).await?;
    let computed = source::reading(ctx, &sources, compute(ctx, enrichment, progress)).await?;
    computed.publish(ctx, enrichment).await
}

/// A run before it is published.
struct Computed {
    destination: Destination,
    overview: Overview,
    dispositions: Vec<Disposition>,
    withheld: Option<String>,
    office_rows: u64,
    stages: Vec<Stage>,
}

async fn compute(ctx: &SessionContext, enrichment: &Enrichment, progress: &dyn Progress) -> Result<Computed> {
    let parameters = Parameters::of(enrichment);
    let mut destination = Destination::create(ctx, enrichment).await?;
    let mut shared = Shared::new(ctx, progress)?;
    for (position, view) in VIEWS.iter().enumerate() {
        if shared.keeps_waiting(view)? && shared.compute().await?.contains(&"mailbox") {
            check_mailboxes(ctx, enrichment).await?;
        }
        view.register(ctx, &parameters).await?;
        if view.shared {
            shared.add(position);
        }
    }
    shared.compute().await?;
    let mut stages = shared.stages;
    let description = Arc::new(Description::of(enrichment));
    let at_once = is_plentiful(ctx.runtime_env().memory_pool.as_ref());
    let mut under_way = vec![];
    for table in TABLES {
        progress.stage(table.name);
        let draft = destination.draft(table, enrichment)?;
        let (ctx, description) = (ctx.clone(), Arc::clone(&description));
        // Tasks of their own, so that the small tables are written beside the large one.
        under_way.push(SpawnedTask::spawn(async move { write(&ctx, table, &description, draft).await }));
        if !at_once {
            stages.extend(written(std::mem::take(&mut under_way)).await?);
        }
    }
    stages.extend(written(under_way).await?);
    let office_rows = stages.iter().find(|stage| stage.name == TABLES[0].name).map_or(0, |s| s.rows_out);
    let (overview, dispositions) = (overview(ctx).await?, dispositions(ctx).await?);
    let withheld = withheld::note(ctx, enrichment).await?;
    Ok(Computed { destination, overview, dispositions, withheld, office_rows, stages })
}

/// The stages of tables when they are written; of several that cannot be, the first says why.
async fn written(tables: Vec<SpawnedTask<Result<Stage>>>) -> Result<Vec<Stage>> {
    let written = tables.into_iter().map(async |table| {
        let stage = table.join_unwind().await;
        stage.map_err(|e| Error::from(DataFusionError::ExecutionJoin(Box::new(e))))?
    });
    join_all(written).await.into_iter().collect()
}

impl Computed {
    async fn publish(self, ctx: &SessionContext, enrichment: &Enrichment) -> Result<Report> {
        let Self { destination, overview, dispositions, withheld, office_rows, stages } = self;
        let office = destination.publish(ctx, enrichment).await?;
        let masters =
            dispositions.iter().find(|d| d.source == "meetings" && d.disposition == "series_master");
        let of_graph = enrichment.meetings.as_ref().is_some_and(|i| i.format == Format::GraphDataConnect);
        let notes = masters.filter(|_| of_graph).map(|d| source::series_masters(d.rows.unsigned_abs()));
        let notes = notes.into_iter().chain(withheld).collect();
        Ok(Report { overview, dispositions, office, office_rows, notes, stages })
    }
}

/// Checks the number of mailboxes after groups are resolved; gives it.
pub(crate) async fn check_mailboxes(ctx: &SessionContext, enrichment: &Enrichment) -> Result<usize> {
    let mailboxes = ctx.table("mailbox").await?.count().await?;
    let (least, most) = enrichment::MAILBOXES;
    if (least..=most).contains(&mailboxes) {
        return Ok(mailboxes);
    }
    Err(Error::enrichment(format!(
        "{}: [mailboxes] lists {mailboxes} mailboxes after groups are resolved; {least} to {most} are needed",
        enrichment.file.display()
    )))
}

async fn overview(ctx: &SessionContext) -> Result<Overview> {
    let batches = rows(ctx, "Office_Overview").await?;
    let row = batches.iter().find(|b| b.num_rows() == 1);
    let row = row.ok_or_else(|| Error::output("Office_Overview has no row"))?;
    let day = |i: usize| {
        let days = row.column(i).as_primitive::<Date32Type>();
        let date = |d: i32| DateTime::from_timestamp(i64::from(d) * 86_400, 0).map(|t| t.date_naive());
        if days.is_valid(0) { date(days.value(0)) } else { None }
    };
    let maybe = |i: usize| row.column(i).as_primitive::<Int64Type>().iter().next().flatten();
    let count = |i: usize| maybe(i).unwrap_or_default();
    Ok(Overview {
        enrichment: row.column(0).as_string::<i32>().value(0).to_string(),
        as_of: day(1).unwrap_or_default(),
        first_day: day(2),
        last_day: day(3),
        days_covered: count(4),
        mailboxes_listed: count(5),
        mailboxes_active: count(6),
        messages_engaged: maybe(7),
        meetings_engaged: maybe(8),
        accounts_in_profile: count(9),
        accounts_engaged: count(10),
        shared_addresses: count(11),
    })
}

async fn dispositions(ctx: &SessionContext) -> Result<Vec<Disposition>> {
    let mut all = vec![];
    for batch in rows(ctx, "Office_Dispositions").await? {
        let (source, disposition) = (batch.column(0).as_string::<i32>(), batch.column(1).as_string::<i32>());
        let rows = batch.column(2).as_primitive::<Int64Type>();
        all.extend((0..batch.num_rows()).map(|i| Disposition {
            source: source.value(i).to_string(),
            disposition: disposition.value(i).to_string(),
            rows: rows.value(i),
        }));
    }
    all.sort_by(|a, b| (&a.source, &a.disposition).cmp(&(&b.source, &b.disposition)));
    Ok(all)
}

/// The rows of a small published table, in the types of its contract.
async fn rows(ctx: &SessionContext, name: &str) -> Result<Vec<RecordBatch>> {
    let batches = ctx.table(quoted(name)).await?.collect().await?;
    let table = Table::named(name).ok_or_else(|| Error::output(format!("{name} is not published")))?;
    // Whether or not a number is withheld.
    let schema = table.schema(u32::MAX);
    Ok(batches.iter().map(|b| table.conform(b, &schema)).collect::<Result<_, DataFusionError>>()?)
}
