//! Reads what a run has published: the tables, and the description of the run in the footer of each file.
//!
//! `cargo run --example read_result`, in the folder of the repository. The output folder is temporary.
//!
//! ```text
//! +------------+-----------------+-----------------+-----------------+
//! | AsOfDate   | AccountsEngaged | MessagesEngaged | MeetingsEngaged |
//! +------------+-----------------+-----------------+-----------------+
//! | 2026-10-31 | 58              | 1406            | 179             |
//! +------------+-----------------+-----------------+-----------------+
//! enrichment  northwind-demo
//! as_of       2026-10-31
//! first_day   2025-11-01
//! time_zone   Europe/London
//! levels      year,month,week
//! min_people  1
//! weights     [10, 20, 15, 15, 5, 5, 10, 10, 10]
//! ```

use std::error::Error;
use std::fs::File;

use datafusion::parquet::file::reader::{FileReader, SerializedFileReader};
use datafusion_engagement::config::{Enrichment, Overrides};
use datafusion_engagement::pipeline;
use datafusion_engagement::publish::Description;
use datafusion_engagement::query::session;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let output = tempfile::tempdir()?;
    let overrides = Overrides { output: Some(output.path().to_path_buf()), ..Overrides::default() };
    let enrichment = Enrichment::open_with("data/enrichment.toml", &overrides)?;
    let report = pipeline::run(&enrichment, &pipeline::Silent).await?;

    // The tables of the last run. The inputs are not read.
    let published = session::published(&enrichment).await?;
    let overview = published
        .sql(
            r#"select "AsOfDate", "AccountsEngaged", "MessagesEngaged", "MeetingsEngaged"
               from "Office_Overview""#,
        )
        .await?;
    overview.show().await?;

    // The footer of each file says which run the file is of. No session is needed to read it.
    let office = SerializedFileReader::new(File::open(&report.office)?)?;
    let description = Description::read(office.metadata().file_metadata());
    for key in ["enrichment", "as_of", "first_day", "time_zone", "levels"] {
        println!("{key:11} {}", description.get(key).unwrap_or("missing"));
    }
    println!("{:11} {}", "min_people", description.min_people());
    println!("{:11} {:?}", "weights", description.weights());
    Ok(())
}
