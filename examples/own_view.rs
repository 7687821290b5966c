//! A view of one's own over the views of an enrichment: accounts whose newest message is more than two weeks
//! newer than the newest message to them.
//!
//! `cargo run --example own_view`, in the folder of the repository. Nothing is published.
//!
//! ```text
//! +----------------------+------------+-------------+-------------------+
//! | Name                 | wrote_on   | received_on | EngagementScore   |
//! +----------------------+------------+-------------+-------------------+
//! | Brenancott Freight   | 2026-10-26 | 2026-10-07  | 85.51724137931035 |
//! | Maranport Textiles   | 2026-10-29 | 2026-04-14  | 76.29310344827586 |
//! | Grenorgrove Energy   | 2026-10-09 | 2026-03-15  | 73.1896551724138  |
//! | Orormere Foods       | 2026-10-24 | 2026-09-29  | 68.79310344827586 |
//! | Isterandale Software | 2026-09-30 | 2026-08-12  | 56.37931034482759 |
//! | Morugate Software    | 2026-08-11 | 2026-05-28  | 52.93103448275862 |
//! | Stenorcroft Optics   | 2026-10-15 | 2026-08-21  | 21.20689655172414 |
//! +----------------------+------------+-------------+-------------------+
//! ```

use datafusion_engagement::config::Enrichment;
use datafusion_engagement::error::Result;
use datafusion_engagement::query::session;

/// One row per account with engaged messages: the day of the newest message from it, and of the newest to it.
const LAST_MESSAGE: &str = "
create view last_message as
select
  account_id,
  max(sent_on) filter (where from_account) as wrote_on,
  max(sent_on) filter (where to_account) as received_on
from message_account
join profile using (account_no)
group by account_id";

#[tokio::main]
async fn main() -> Result<()> {
    let enrichment = Enrichment::open("data/enrichment.toml")?;
    // Every view of `sql/`, planned over the inputs. Rows are read when a query runs.
    let ctx = session::live(&enrichment).await?;
    ctx.sql(LAST_MESSAGE).await?;
    let waiting = ctx
        .sql(
            r#"select "Name", wrote_on, received_on, "EngagementScore"
               from last_message
               join "CustomerCard" on "CustomerId" = account_id
               where received_on < wrote_on - 14
               order by "EngagementScore" desc"#,
        )
        .await?;
    waiting.show().await?;
    Ok(())
}
