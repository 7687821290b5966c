//! What a run does and says if numbers about few people are suppressed. Its report is a publication, too.

use chrono::NaiveDate;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Date32Type;
use datafusion::prelude::SessionContext;

use super::sql_numbers::counts;
use crate::config::Enrichment;
use crate::engine::metrics::Stage;
use crate::error::numbers::{count, grouped};
use crate::error::{Error, Result};
use crate::publish::{self, Earlier, Record};
use crate::views::PublishedMonth;

/// The view with what is published about months. It is read when all views are computed.
pub(crate) const ACCOUNT_MONTH: &str = "account_month";

/// What earlier runs have published about months, which a run does not publish differently; nothing if the command line
/// permits it (`--publish-changed`), or if `[privacy] min_people` is 1.
///
/// # Errors
/// The record of what is published is missing or damaged. The as-of date is before the published one, or what was published
/// about the first months of its window is forgotten. People were counted in steps that tell single people together with
/// those of this run.
pub(crate) async fn published_before(
    ctx: &SessionContext,
    enrichment: &Enrichment,
) -> Result<Vec<PublishedMonth>> {
    if enrichment.min_people == 1 || enrichment.publish_changed {
        return Ok(vec![]);
    }
    let Earlier { remembered, newest, .. } = publish::earlier(ctx, enrichment).await?;
    let min_people = enrichment.min_people;
    if let Some(step) = remembered.step_against(min_people) {
        return Err(Error::enrichment(format!(
            "{}: [privacy] min_people = {min_people}, but {step} was published, and numbers of people in steps of \
             {min_people} and of {step} together tell single people; use a multiple or a divisor of {step}, or an empty \
             output, or publish nevertheless: {}",
            enrichment.file.display(),
            enrichment.run_command_with("--publish-changed"),
        )));
    }
    if let Some(forgotten) = remembered.forgotten.filter(|forgotten| enrichment.first_day() <= *forgotten) {
        return Err(Error::enrichment(format!(
            "{}: the window of {} begins on {}, and what was published about the months until {forgotten} is forgotten, so \
             they could be published with other numbers than before; run later dates, or past dates in their order into an \
             empty output, or publish nevertheless: {}",
            enrichment.file.display(),
            enrichment.as_of,
            enrichment.first_day(),
            enrichment.run_command_with("--publish-changed"),
        )));
    }
    if let Some(newest) = newest.filter(|newest| *newest > enrichment.as_of) {
        return Err(Error::enrichment(format!(
            "{}: {newest} is published already, and with [privacy] min_people = {min_people} an earlier as-of date, {}, is \
             not published after it, because its months could differ from those that were published before; run past \
             dates in their order into an empty output, or publish it nevertheless: {}",
            enrichment.file.display(),
            enrichment.as_of,
            enrichment.run_command_with("--publish-changed"),
        )));
    }
    Ok(remembered.months)
}

/// The records of what is published, in each format; none if `[privacy] min_people` is 1.
///
/// # Errors
/// The output cannot be read.
pub(crate) async fn records(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Vec<Option<Record>>> {
    if enrichment.min_people == 1 { Ok(vec![]) } else { publish::records(ctx, enrichment).await }
}

/// Checks that nothing was published since a run began, because what it published about months is not known to this run.
///
/// # Errors
/// Something was. The error is temporary.
pub(crate) fn check_unchanged(
    enrichment: &Enrichment,
    at_begin: &[Option<Record>],
    now: &[Option<Record>],
) -> Result<()> {
    publish::Claim::of(enrichment).follows(at_begin == now)
}

/// What a run publishes about months, and the accounts that it suppresses.
pub(crate) struct Suppressed {
    /// The months of the accounts that are not suppressed.
    pub(crate) months: Vec<PublishedMonth>,
    accounts: i64,
    /// The suppressed accounts without a small month, which could be subtracted from what earlier runs have published. How
    /// many others could be would tell something about their months.
    changed: i64,
}

impl Suppressed {
    /// Reads the views of a run; `None` if `[privacy] min_people` is 1, which suppresses nothing.
    pub(crate) async fn find(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Option<Self>> {
        if enrichment.min_people == 1 {
            return Ok(None);
        }
        let sql = "select cast(account_id as varchar), month, cast(numbers as varchar), cast(people as varchar) \
                   from account_month \
                   left anti join suppressed_account as suppressed on suppressed.account_no = account_month.account_no";
        let mut months = vec![];
        for batch in ctx.sql(sql).await?.collect().await? {
            let text = |column: usize| batch.column(column).as_string::<i32>();
            let (ids, numbers, people) = (text(0), text(2), text(3));
            let days = batch.column(1).as_primitive::<Date32Type>();
            for row in 0..batch.num_rows() {
                let Some(month) = NaiveDate::from_epoch_days(days.value(row)) else { continue };
                months.push(PublishedMonth {
                    account: ids.value(row).to_owned(),
                    month,
                    numbers: numbers.value(row).to_owned(),
                    people: people.value(row).to_owned(),
                });
            }
        }
        let sql = "select count(*), count(*) filter (where not is_small) from suppressed_account";
        let [accounts, changed] = counts(ctx, sql).await?;
        Ok(Some(Self { months, accounts, changed }))
    }

    /// The note with the number of suppressed accounts and the window.
    pub(crate) fn note(&self, enrichment: &Enrichment) -> String {
        let changed = match self.changed {
            0 => String::new(),
            changed => format!(
                " ({} of them because what was published about a month is not what its rows say now: late mail, or \
                 other accounts, contacts or mailboxes)",
                grouped(changed)
            ),
        };
        format!(
            "[privacy] min_people = {}: all numbers of {} are suppressed{changed}; the window is the twelve calendar \
             months from {} to {}",
            enrichment.min_people,
            count(self.accounts, "account"),
            enrichment.first_day(),
            enrichment.as_of,
        )
    }
}

/// The stages of a run as the report shows them: numbers of rows also count those of suppressed accounts.
pub(crate) fn stages(enrichment: &Enrichment, stages: Vec<Stage>) -> Vec<Stage> {
    if enrichment.min_people == 1 {
        return stages;
    }
    stages.into_iter().map(Stage::without_rows).collect()
}
