//! What the domains of accounts add to contacts, in one line.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::prelude::SessionContext;

use super::report::Disposition;
use super::sql_numbers::counts;
use crate::config::Enrichment;
use crate::error::Result;
use crate::error::numbers::{count, grouped};
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

/// The line of a check, which reads neither mail nor meetings for it, and the note of [`none_is_used`]; `None` if no domain
/// is mapped.
///
/// # Errors
/// The accounts input cannot be read.
pub(crate) async fn in_check(
    ctx: &SessionContext,
    enrichment: &Enrichment,
) -> Result<(Option<String>, Option<String>)> {
    if !enrichment.has_domains() {
        return Ok((None, None));
    }
    let used = "select \
                (select count(distinct account_no) from account_domain where disposition = 'used'), \
                (select count(*) from (select domain from account_domain where disposition = 'used' group by domain \
                 having count(*) > 1) as shared)";
    let [accounts, shared] = counts(ctx, used).await?;
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
    Ok((Some(known(accounts, shared, &dispositions)), none_is_used(&dispositions)))
}

/// The note that no value in the domain columns is used, though there are values: probably the columns are others.
pub(crate) fn none_is_used(dispositions: &[Disposition]) -> Option<String> {
    let of_domains = || dispositions.iter().filter(|d| d.source == SOURCE);
    let most = of_domains().max_by_key(|d| d.rows)?;
    let values: i64 = of_domains().map(|d| d.rows).sum();
    let share =
        if most.rows == values { "all".to_owned() } else { format!("{} of them", grouped(most.rows)) };
    (values > 0 && of_domains().all(|d| d.disposition != "used")).then(|| {
        format!(
            "[accounts] of {} in the domain columns none is used; {share} have the disposition {}; check which columns domain \
             names",
            count(values, "value"),
            most.disposition
        )
    })
}

/// The line of a run; `None` if no domain is mapped. `accounts` is how many accounts have a used domain.
pub(crate) fn in_run(
    enrichment: &Enrichment,
    accounts: i64,
    dispositions: &[Disposition],
    overview: &Overview,
) -> Option<String> {
    enrichment.has_domains().then(|| {
        let added = match overview.addresses_by_domain.zip(overview.accounts_by_domain) {
            Some((addresses, accounts)) => {
                format!(
                    "{}, and {} without contacts",
                    count(addresses, "address"),
                    count(accounts, "account")
                )
            }
            None => "a suppressed number of addresses and accounts".to_owned(),
        };
        format!("{}; they add {added}", known(accounts, overview.shared_domains, dispositions))
    })
}

/// `3 accounts have one; 1 is that of several accounts; 2 values are left out: public_mail 1, repeated 1`
fn known(accounts: i64, shared: i64, dispositions: &[Disposition]) -> String {
    let left_out = dispositions.iter().filter(|d| d.source == SOURCE && d.disposition != "used");
    let reasons: Vec<_> =
        left_out.clone().map(|d| format!("{} {}", d.disposition, grouped(d.rows))).collect();
    let have = if accounts == 1 { "has" } else { "have" };
    let shared = match shared {
        0 => String::new(),
        1 => "; 1 is that of several accounts".to_owned(),
        many => format!("; {} are those of several accounts", grouped(many)),
    };
    let known = format!("{} {have} one{shared}", count(accounts, "account"));
    match left_out.map(|d| d.rows).sum() {
        0 => known,
        1 => format!("{known}; 1 value is left out: {}", reasons.join(", ")),
        values => format!("{known}; {} are left out: {}", count(values, "value"), reasons.join(", ")),
    }
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
        assert_eq!(known(1, 0, &[of("used", 4)]), "1 account has one");
        assert_eq!(known(40, 1, &[of("used", 4)]), "40 accounts have one; 1 is that of several accounts");
        assert_eq!(
            known(2_000, 0, &[of("public_mail", 1_500)]),
            "2,000 accounts have one; 1,500 values are left out: public_mail 1,500"
        );
        assert_eq!(
            known(3, 2, &[of("public_mail", 1), of("used", 4)]),
            "3 accounts have one; 2 are those of several accounts; 1 value is left out: public_mail 1"
        );
        assert_eq!(
            known(0, 0, &[of("own_domain", 2), of("repeated", 1)]),
            "0 accounts have one; 3 values are left out: own_domain 2, repeated 1"
        );
        assert_eq!(none_is_used(&[]), None);
        assert_eq!(none_is_used(&[of("used", 1), of("invalid_domain", 9)]), None);
        assert_eq!(
            none_is_used(&[of("own_domain", 2), of("invalid_domain", 5)]).unwrap(),
            "[accounts] of 7 values in the domain columns none is used; 5 of them have the disposition invalid_domain; check \
             which columns domain names"
        );
    }
}
