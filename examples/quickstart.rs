//! Runs the bundled enrichment and prints the five accounts with the highest scores.
//!
//! `cargo run --example quickstart`, in the folder of the repository. The output folder is temporary.
//!
//! ```text
//! northwind-demo, as of 2026-10-31: 58 of 60 accounts engaged, 1148 rows
//! +------------+-------------------+----------------------+------------------------+
//! | CustomerId | EngagementScore   | NoOfEmails_ToAccount | NoOfEmails_FromAccount |
//! +------------+-------------------+----------------------+------------------------+
//! | A-1033     | 98.70689655172414 | 88                   | 88                     |
//! | A-1019     | 93.27586206896552 | 57                   | 50                     |
//! | A-1038     | 92.32758620689656 | 56                   | 57                     |
//! | A-1037     | 89.82758620689656 | 25                   | 37                     |
//! | A-1040     | 85.51724137931035 | 19                   | 20                     |
//! +------------+-------------------+----------------------+------------------------+
//! ```

use std::error::Error;

use datafusion_engagement::config::{Enrichment, Overrides};
use datafusion_engagement::pipeline;
use datafusion_engagement::query::session;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The values of `Overrides` replace those of the file.
    let output = tempfile::tempdir()?;
    let overrides = Overrides { output: Some(output.path().to_path_buf()), ..Overrides::default() };
    let enrichment = Enrichment::open_with("data/enrichment.toml", &overrides)?;

    // The job: computes all tables, and publishes them as Parquet files.
    let report = pipeline::run(&enrichment, &pipeline::Silent).await?;
    let overview = &report.overview;
    println!(
        "{}, as of {}: {} of {} accounts engaged, {} rows",
        overview.enrichment,
        overview.as_of,
        overview.accounts_engaged,
        overview.accounts_in_profile,
        report.office_rows
    );

    // DataFusion reads names as they are spelled only if they are quoted.
    let published = session::published(&enrichment).await?;
    let best = published
        .sql(
            r#"select "CustomerId", "EngagementScore", "NoOfEmails_ToAccount", "NoOfEmails_FromAccount"
               from "Office"
               where "AggregationLevel" = 'year'
               order by "EngagementScore" desc
               limit 5"#,
        )
        .await?;
    best.show().await?;
    Ok(())
}
