//! The functions on a session without an enrichment: in SQL, and as expressions of the DataFrame API.
//!
//! `cargo run --example own_session`
//!
//! ```text
//! +------------+---------+
//! | week       | senders |
//! +------------+---------+
//! | 2026-05-25 | 1       |
//! | 2026-06-01 | 2       |
//! | 2026-06-08 | 1       |
//! +------------+---------+
//! +------------+---------+
//! | month      | senders |
//! +------------+---------+
//! | 2026-05-01 | 1       |
//! | 2026-06-01 | 2       |
//! +------------+---------+
//! ```

use datafusion::error::Result;
use datafusion::prelude::{SessionContext, col};
use datafusion_engagement::functions;
use datafusion_engagement::functions::expr_fn::{distinct_people, month_start, normalize_address};

#[tokio::main]
async fn main() -> Result<()> {
    let ctx = SessionContext::new();
    functions::register(&mut *ctx.state_ref().write())?;

    // Two spellings of one address are one person. A text that is not an address is ignored.
    ctx.sql(
        "create view message as
         select * from (values
           (date '2026-05-29', 'carla@x.com'),
           (date '2026-06-01', 'Ann <ANN@x.com>'),
           (date '2026-06-03', 'ann@x.com'),
           (date '2026-06-05', 'ben@x.com'),
           (date '2026-06-08', 'mailto:ben@x.com'),
           (date '2026-06-09', 'not an address')
         ) as rows(day, sender)",
    )
    .await?;

    let weeks = ctx
        .sql(
            "select week_start(day) as week, distinct_people(normalize_address(sender)) as senders
             from message
             group by week
             order by week",
        )
        .await?;
    weeks.show().await?;

    let months = ctx
        .table("message")
        .await?
        .aggregate(
            vec![month_start(col("day")).alias("month")],
            vec![distinct_people(normalize_address(col("sender"))).alias("senders")],
        )?
        .sort(vec![col("month").sort(true, false)])?;
    months.show().await
}
