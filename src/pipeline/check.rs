//! Checks an enrichment without running it.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;

use super::mailboxes::{MAILBOX, check_groups, check_mailboxes};
use super::preflight::preflight;
use super::{
    deleted, domains, doubtful, expectations, null_columns, segments, skipped, sql_numbers, suppressed,
    unmatched, unreadable, unused, values,
};
use crate::config::{Enrichment, Format};
use crate::engine::session;
use crate::error::without_people::without_people;
use crate::error::{Mistakes, Result};
use crate::inputs;
use crate::publish::{Destination, Judgement};
use crate::views::{Parameters, View};

/// The result of a check.
#[derive(Debug, Clone)]
pub struct CheckReport {
    /// The inputs, in the order in which they are read.
    pub inputs: Vec<InputReport>,
    /// Each listed group, with the number of addresses to which it resolves.
    pub groups: Vec<(String, usize)>,
    /// The number of mailboxes after groups are resolved.
    pub mailboxes: usize,
    /// What `[expect]` expects of contacts, and what was found: all that is known without a run.
    pub expectations: Vec<Judgement>,
    /// What the domains of accounts say, in one line; `None` if they are not mapped.
    pub domains: Option<String>,
    /// Remarks that are not errors.
    pub notes: Vec<String>,
}

impl CheckReport {
    /// Checks that a run may publish, as far as this is known without a run.
    ///
    /// # Errors
    /// An error of kind [`Expectations`](crate::error::ErrorKind::Expectations) that names the expectations that are
    /// missed.
    pub fn check(&self, enrichment: &Enrichment) -> Result<()> {
        expectations::check_contacts(enrichment, &self.expectations)
    }
}

/// One input of an enrichment.
#[derive(Debug, Clone)]
pub struct InputReport {
    /// Its section in the enrichment file.
    pub section: String,
    /// Its format, such as `canonical`.
    pub shape: String,
    /// The number of its files.
    pub files: usize,
    /// The number of rows in its files.
    pub rows: u64,
}

/// Checks an enrichment: reads the schemas and counts the rows of all inputs, resolves the groups and
/// counts the mailboxes. JSON and CSV files are read completely, because they do not store their row count. Of
/// Parquet files, also those of Delta tables, only the footers are read, and the first bytes of the needed columns,
/// which show encryption; damage behind them is found by a run. A column that marks rows as deleted is read, too. Looks at
/// contacts, accounts and some rows of mail and meetings for what does not meet, and at
/// users, groups and accounts for rows that are not used, and at segments that are broken. Changes nothing.
///
/// # Errors
/// All that would stop a run before it computes: the first mistake of each input, and those of the enrichment file.
pub async fn check(enrichment: &Enrichment) -> Result<CheckReport> {
    check_on(&session::new()?, enrichment).await
}

/// Checks an enrichment, like [`check`], on a session of your own. The session must have the functions of
/// this crate and must not have its tables.
///
/// # Errors
/// All that would stop a run before it computes: the first mistake of each input, and those of the enrichment file.
pub async fn check_on(ctx: &SessionContext, enrichment: &Enrichment) -> Result<CheckReport> {
    let sources = preflight(ctx, enrichment, Destination::check(ctx, enrichment)).await?;
    suppressed::published_before(ctx, enrichment).await?;
    inputs::reading(ctx, &sources, look(ctx, enrichment, &sources)).await
}

async fn look(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    sources: &[inputs::InputSource],
) -> Result<CheckReport> {
    let parameters = Parameters::of(enrichment).without_domains();
    let named =
        [&[MAILBOX, "listed_group", "stg_meeting", domains::ACCOUNT_DOMAIN], &unmatched::VIEWS[..]].concat();
    for view in View::with_dependencies(ctx, &named)? {
        view.register(ctx, &parameters).await?;
    }
    let mut mistakes = Mistakes::default();
    let (mailboxes, groups) = mistakes.keep(resolved(ctx, enrichment).await)?.unwrap_or_default();
    let mut notes = enrichment.notes();
    let mut inputs: Vec<InputReport> = vec![];
    for source in sources {
        let Some(counted) = mistakes.keep(counted(ctx, source).await)? else { continue };
        inputs.push(InputReport {
            section: source.section.to_string(),
            shape: source.format.as_str().to_string(),
            files: source.files.len(),
            rows: counted.rows,
        });
        notes.extend(source.notes.iter().cloned());
        let is_one = source.files.len() == 1;
        notes.extend(counted.missing.iter().map(|(column, means)| match is_one {
            true => format!("[{}] column {column} is not in the file: {means}", source.section),
            false => {
                format!(
                    "[{}] column {column} is not in every file; where it is missing, {means}",
                    source.section
                )
            }
        }));
        if source.section == "meetings" && source.format == Format::GraphDataConnect {
            let masters = series_masters(ctx).await?;
            notes.extend((masters > 0).then(|| inputs::series_masters(masters)));
        }
    }
    mistakes.none()?;
    notes.extend(unmatched::in_check(ctx, enrichment, mailboxes).await?);
    let rows = |section: &str| inputs.iter().filter(|i| i.section == section).map(|i| i.rows).sum();
    notes.extend(skipped::notes(ctx, sources, rows).await?);
    notes.extend(unreadable::in_check(ctx, enrichment, sources).await?);
    for source in sources {
        notes.extend(values::notes(ctx, enrichment, source, None).await?);
        notes.extend(deleted::notes(ctx, enrichment, source).await);
    }
    let [contacts] = sql_numbers::counts(ctx, "select sum(unused) from contact_disposition").await?;
    notes.extend(unused::of_contacts(enrichment, contacts));
    notes.extend(null_columns::notes(ctx, enrichment, sources, |section, _| rows(section)).await?);
    notes.extend(doubtful::notes(ctx, enrichment).await?);
    let dispositions = unmatched::contact_dispositions(ctx).await?;
    let expectations = expectations::of_rows(enrichment, enrichment.min_people, &dispositions, &["contacts"]);
    let (domains, no_domain) = domains::in_check(ctx, enrichment).await?;
    notes.extend(no_domain);
    notes.extend(segments::in_check(ctx, enrichment).await);
    let notes = notes.iter().map(|note| without_people(note)).collect();
    Ok(CheckReport { inputs, groups, mailboxes, expectations, domains, notes })
}

/// The number of mailboxes, and each listed group with the number of addresses to which it resolves.
async fn resolved(ctx: &SessionContext, enrichment: &Enrichment) -> Result<(usize, Vec<(String, usize)>)> {
    check_groups(ctx, enrichment).await?;
    let mailboxes = check_mailboxes(ctx, enrichment).await?;
    let groups = "select group_address, mailboxes from listed_group order by group_address";
    let mut resolved = vec![];
    for batch in ctx.sql(groups).await?.collect().await? {
        let (addresses, counts) =
            (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<Int64Type>());
        resolved.extend(
            (0..batch.num_rows()).map(|i| (addresses.value(i).to_string(), counts.value(i) as usize)),
        );
    }
    Ok((mailboxes, resolved))
}

/// Counts the rows of a source, and checks what is checked before a run.
async fn counted(ctx: &SessionContext, source: &inputs::InputSource) -> Result<inputs::Counted> {
    source.check_binary(ctx).await?;
    let counted = source.count(ctx).await?;
    source.check_encryption(ctx).await?;
    Ok(counted)
}

/// The number of rows of the meetings input that are series masters.
async fn series_masters(ctx: &SessionContext) -> Result<u64> {
    let frame = ctx.sql("select count(*) from stg_meeting where disposition = 'series_master'").await?;
    let batches = frame.collect().await?;
    Ok(batches.iter().map(|b| b.column(0).as_primitive::<Int64Type>().value(0) as u64).sum())
}
