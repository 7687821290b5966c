//! What the domains of accounts add to contacts, in one line.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;

use super::report::Disposition;
use super::sql_numbers::counts;
use crate::config::Enrichment;
use crate::error::Result;
use crate::publish::Overview;

/// The view with the values in the domain columns, and their dispositions.
pub(crate) const ACCOUNT_DOMAIN: &str = "account_domain";

/// The view that [`accounts`] reads. A run releases it after its last reader.
pub(crate) const DOMAIN_COVERAGE: &str = "domain_coverage";

/// The source of these dispositions.
const SOURCE: &str = "domains";

/// How many accounts have a used domain, by [`DOMAIN_COVERAGE`].
pub(crate) async fn accounts(ctx: &SessionContext) -> Result<i64> {
    let [accounts] = counts(ctx, "select accounts_with_domain from domain_coverage").await?;
    Ok(accounts)
}

/// The line of a check, which reads neither mail nor meetings for it; `None` if no domain is mapped.
///
/// # Errors
/// The accounts input cannot be read.
pub(crate) async fn in_check(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Option<String>> {
    if !enrichment.has_domains() {
        return Ok(None);
    }
    let used = "select count(distinct account_no) from account_domain where disposition = 'used'";
    let [accounts] = counts(ctx, used).await?;
    let by_disposition = "select arrow_cast(disposition, 'Utf8'), count(*) from account_domain group by disposition order by disposition";
    let mut dispositions = vec![];
    for batch in ctx.sql(by_disposition).await?.collect().await? {
        let (names, rows) = (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<Int64Type>());
        dispositions.extend((0..batch.num_rows()).map(|i| Disposition {
            source: SOURCE.to_owned(),
            disposition: names.value(i).to_owned(),
            rows: rows.value(i),
        }));
    }
    Ok(Some(known(accounts, &dispositions)))
}

/// The line of a run; `None` if no domain is mapped. `accounts` is how many accounts have a used domain.
pub(crate) fn in_run(
    enrichment: &Enrichment,
    accounts: i64,
    dispositions: &[Disposition],
    overview: &Overview,
) -> Option<String> {
    enrichment.has_domains().then(|| {
        let addresses = overview
            .addresses_by_domain
            .map_or("a suppressed number of addresses".to_owned(), |n| counted(n, ["address", "addresses"]));
        let accounts_added = counted(overview.accounts_by_domain, ["account", "accounts"]);
        format!(
            "{}; they add {addresses}, and {accounts_added} without contacts",
            known(accounts, dispositions)
        )
    })
}

/// `3 accounts have one; 2 values are left out: public_mail 1, repeated 1`
fn known(accounts: i64, dispositions: &[Disposition]) -> String {
    let left_out = dispositions.iter().filter(|d| d.source == SOURCE && d.disposition != "used");
    let reasons: Vec<_> = left_out.clone().map(|d| format!("{} {}", d.disposition, d.rows)).collect();
    let have = if accounts == 1 { "has" } else { "have" };
    let known = format!("{} {have} one", counted(accounts, ["account", "accounts"]));
    match left_out.map(|d| d.rows).sum() {
        0 => known,
        1 => format!("{known}; 1 value is left out: {}", reasons.join(", ")),
        values => format!("{known}; {values} values are left out: {}", reasons.join(", ")),
    }
}

fn counted(number: i64, [one, several]: [&str; 2]) -> String {
    format!("{number} {}", if number == 1 { one } else { several })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_in_words() {
        let of = |disposition: &str, rows| Disposition {
            source: "domains".into(),
            disposition: disposition.into(),
            rows,
        };
        assert_eq!(known(1, &[of("used", 4)]), "1 account has one");
        assert_eq!(
            known(3, &[of("public_mail", 1), of("used", 4)]),
            "3 accounts have one; 1 value is left out: public_mail 1"
        );
        assert_eq!(
            known(0, &[of("own_domain", 2), of("repeated", 1)]),
            "0 accounts have one; 3 values are left out: own_domain 2, repeated 1"
        );
    }
}
