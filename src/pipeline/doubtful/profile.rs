//! Accounts that are probably none, and accounts with several names.

use datafusion::prelude::SessionContext;

use crate::config::Enrichment;
use crate::error::Result;
use crate::error::numbers::count;
use crate::pipeline::sql_numbers::counts;

/// How the lines begin that programs write below the rows of a report, such as `Total: 123` or `(123 rows)`.
const FOOTER: &str = r"^\s*(((grand|sub)[ -]?)?(totals?|sums?|counts?|rows?|records?)\s*([:=(].*)?$|\(?[0-9][0-9,.]* (rows?|records?)\b|(generated|exported|printed|created|filtered) (by|on|at|from)\b|copyright\b|confidential\b)";

/// The notes about accounts. Without the accounts input there are none.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn notes(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Vec<String>> {
    if enrichment.accounts.is_none() {
        return Ok(vec![]);
    }
    let sql = format!(
        "select count(*) filter (where names > 1), count(*) filter (where regexp_like(account_id, '{FOOTER}', 'i')) \
         from (select account_id, count(distinct name) as names from stg_account group by account_id) as account"
    );
    Ok(in_words(counts(ctx, &sql).await?))
}

fn in_words([several, footers]: [i64; 2]) -> Vec<String> {
    let several = (several > 0).then(|| {
        let have = if several == 1 { "has" } else { "have" };
        format!(
            "[accounts] {} {have} rows with different names; the row with the smallest name counts",
            count(several, "account id")
        )
    });
    let footers = (footers > 0).then(|| {
        let (are, counts) = match footers {
            1 => ("is like the last line", "it counts"),
            _ => ("are like the last lines", "each counts"),
        };
        format!(
            "[accounts] {} {are} of a report, such as a total; in the profile {counts} as an account",
            count(footers, "account id")
        )
    });
    several.into_iter().chain(footers).collect()
}
