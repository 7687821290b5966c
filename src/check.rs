//! Checks an enrichment without running it.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;

use crate::enrichment::{Enrichment, Format};
use crate::error::Result;
use crate::views::{self, Parameters, VIEWS};
use crate::{run, session, source};

/// What a check found.
#[derive(Debug, Clone)]
pub struct Report {
    /// The inputs, in the order in which they are read.
    pub inputs: Vec<Input>,
    /// Each listed group and how many addresses it resolves to.
    pub groups: Vec<(String, usize)>,
    /// How many mailboxes there are in all.
    pub mailboxes: usize,
    /// What is worth knowing and no error.
    pub notes: Vec<String>,
}

/// One input.
#[derive(Debug, Clone)]
pub struct Input {
    /// Its section in the enrichment file.
    pub section: String,
    /// Its shape.
    pub shape: String,
    /// How many files it has.
    pub files: usize,
    /// How many rows they have.
    pub rows: u64,
}

/// Reads the schemas of all inputs, resolves the groups and counts the mailboxes. JSON files, which
/// have no schema, are read through.
///
/// # Errors
/// Whatever would stop a run before it computes.
pub async fn check(enrichment: &Enrichment) -> Result<Report> {
    check_on(&session::new()?, enrichment).await
}

/// The same on a session of yours, which has the functions of this crate and none of its tables.
pub async fn check_on(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Report> {
    views::own_names(enrichment)?;
    let sources = source::register(ctx, enrichment).await?;
    source::reading(ctx, &sources, look(ctx, enrichment, &sources)).await
}

async fn look(ctx: &SessionContext, enrichment: &Enrichment, sources: &[source::Source]) -> Result<Report> {
    let parameters = Parameters::of(enrichment);
    for view in VIEWS.iter().take_while(|v| v.name != "own_address") {
        view.register(ctx, &parameters).await?;
    }
    let mailboxes = run::check_mailboxes(ctx, enrichment).await?;
    let groups = "select group_address, mailboxes from listed_group order by group_address";
    let mut resolved = vec![];
    for batch in ctx.sql(groups).await?.collect().await? {
        let (addresses, counts) =
            (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<Int64Type>());
        resolved.extend(
            (0..batch.num_rows()).map(|i| (addresses.value(i).to_string(), counts.value(i) as usize)),
        );
    }
    let mut notes = vec![];
    let mut inputs = vec![];
    for source in sources {
        inputs.push(Input {
            section: source.section.to_string(),
            shape: source.format.as_str().to_string(),
            files: source.files.len(),
            rows: source.count().await?,
        });
        notes.extend(source.missing.iter().map(|(column, means)| {
            format!("[{}] has no column {column} in every file: there, {means}", source.section)
        }));
        if source.section == "meetings" && source.format == Format::GraphDataConnect {
            let masters = series_masters(ctx).await?;
            notes.extend((masters > 0).then(|| source::series_masters(masters)));
        }
    }
    Ok(Report { inputs, groups: resolved, mailboxes, notes })
}

/// How many rows of the meetings input are series masters.
async fn series_masters(ctx: &SessionContext) -> Result<u64> {
    let frame = ctx.sql("select count(*) from stg_meeting where disposition = 'series_master'").await?;
    let batches = frame.collect().await?;
    Ok(batches.iter().map(|b| b.column(0).as_primitive::<Int64Type>().value(0) as u64).sum())
}
