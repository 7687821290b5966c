//! What a run does and says if numbers about few people are suppressed. Its report is a publication, too.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Date32Type;
use datafusion::prelude::SessionContext;

use crate::config::Enrichment;
use crate::engine::metrics::Stage;
use crate::error::numbers::{count, grouped};
use crate::error::{Error, Result};
use crate::publish::Record;
use crate::views::PublishedMonth;

/// What earlier runs have published about months, which a run does not publish differently; nothing if the command line
/// permits it (`--publish-changed`), or if `[privacy] min_people` is 1. `before` is the record of the last run.
///
/// # Errors
/// The as-of date is before the published one and would be published beside it: what is published about the first months
/// of its window would not be recorded.
pub(crate) fn published_before(
    enrichment: &Enrichment,
    before: Option<&Record>,
) -> Result<Vec<PublishedMonth>> {
    if enrichment.min_people == 1 || enrichment.publish_changed {
        return Ok(vec![]);
    }
    let Some(before) = before.filter(|before| before.protection() >= enrichment.min_people) else {
        return Ok(vec![]);
    };
    let newest = before.overview.as_of;
    if enrichment.output.history && newest > enrichment.as_of {
        return Err(Error::enrichment(format!(
            "{}: {newest} is published already, and with [privacy] min_people = {} an earlier as-of date, {}, is not \
             published beside it, because its months could differ from those that are published later; run past \
             dates in their order into an empty output, or publish it nevertheless: {} --as-of {} --publish-changed",
            enrichment.file.display(),
            enrichment.min_people,
            enrichment.as_of,
            enrichment.run_command(),
            enrichment.as_of
        )));
    }
    Ok(before.months.clone())
}

/// Checks that nothing was published since a run began, because what it published about months is not known to this run.
///
/// # Errors
/// Something was. The error is temporary.
pub(crate) fn check_unchanged(
    enrichment: &Enrichment,
    at_begin: Option<&Record>,
    now: Option<&Record>,
) -> Result<()> {
    if enrichment.min_people == 1 || at_begin == now {
        return Ok(());
    }
    let what = "[output] another run has published since this run began, and nothing of this run is published; run again";
    Err(Error::output(what).with_temporary(true))
}

/// What a run publishes about months, and the accounts that it suppresses.
pub(crate) struct Suppressed {
    /// The months of the accounts that are not suppressed.
    pub(crate) months: Vec<PublishedMonth>,
    accounts: usize,
    /// The suppressed accounts of which earlier runs have published other numbers.
    changed: usize,
}

impl Suppressed {
    /// Reads the views of a run; `None` if `[privacy] min_people` is 1, which suppresses nothing. `before` is what earlier
    /// runs have published.
    pub(crate) async fn find(
        ctx: &SessionContext,
        enrichment: &Enrichment,
        before: &[PublishedMonth],
    ) -> Result<Option<Self>> {
        if enrichment.min_people == 1 {
            return Ok(None);
        }
        let known: BTreeMap<_, _> =
            before.iter().map(|of| ((of.account.as_str(), of.month), &of.numbers)).collect();
        let sql = "select cast(account_id as varchar), month, cast(numbers as varchar), suppressed.account_no is not null \
                   from account_month \
                   left join suppressed_account as suppressed on suppressed.account_no = account_month.account_no";
        let (mut months, mut accounts, mut changed) = (vec![], BTreeSet::new(), BTreeSet::new());
        for batch in ctx.sql(sql).await?.collect().await? {
            let (ids, days) =
                (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<Date32Type>());
            let (numbers, suppressed) = (batch.column(2).as_string::<i32>(), batch.column(3).as_boolean());
            for row in 0..batch.num_rows() {
                let (account, numbers) = (ids.value(row), numbers.value(row));
                let Some(month) = NaiveDate::from_epoch_days(days.value(row)) else { continue };
                if !suppressed.value(row) {
                    let (account, numbers) = (account.to_owned(), numbers.to_owned());
                    months.push(PublishedMonth { account, month, numbers });
                    continue;
                }
                accounts.insert(account.to_owned());
                if known.get(&(account, month)).is_some_and(|before| *before != numbers) {
                    changed.insert(account.to_owned());
                }
            }
        }
        Ok(Some(Self { months, accounts: accounts.len(), changed: changed.len() }))
    }

    /// The note with the number of suppressed accounts and the window.
    pub(crate) fn note(&self, enrichment: &Enrichment) -> String {
        let changed = match self.changed {
            0 => String::new(),
            changed => format!(
                " ({} of them because what was published about a month is not what its rows say now: late mail, or \
                 other contacts or mailboxes)",
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
