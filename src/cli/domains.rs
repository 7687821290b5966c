//! `engagement domains`: lists the companies that the profile does not know.

use clap::Args;

use super::format::{Format, Layout};
use super::out::{self, written};
use super::results::binary_to_terminal;
use super::run::Stages;
use super::session::Target;
use super::signals::unless_ended;
use crate::error::Result;
use crate::pipeline;

/// List the companies that you talk to and that the profile does not know.
///
/// Reads the inputs and lists the registrable domains of addresses that belong to no account: with the number of
/// messages, meetings and people, and the first and last day. Domains of your own organization and of public mail
/// providers are left out, and so are domains with few people. Publishes nothing.
#[derive(Args)]
#[command(after_help = "\
Examples:
  engagement domains enrichment.toml
  engagement domains enrichment.toml --min-people 5 --limit 20
  engagement domains enrichment.toml --format csv > companies.csv")]
pub struct Domains {
    #[command(flatten)]
    target: Target,
    /// The as-of date, which is the last day that counts, YYYY-MM-DD, instead of the one in the
    /// enrichment file.
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// The least number of people of a listed company. A list of fewer people would be about individuals.
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(2..))]
    min_people: u32,
    /// List at most this many companies, the largest first.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// The format of the list.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

impl Domains {
    pub async fn run(self) -> Result<()> {
        if self.format == Format::Parquet && out::is_terminal() {
            return Err(binary_to_terminal());
        }
        let enrichment = self.target.open(self.as_of)?;
        let ctx = self.target.resources.session()?;
        let stages = Stages::new();
        let listed = unless_ended(async {
            let companies = pipeline::companies(&ctx, &enrichment, self.min_people, &stages).await?;
            let companies = companies.limit(0, self.limit)?;
            Ok((companies.schema().as_arrow().clone(), companies.collect().await?))
        })
        .await;
        stages.finish();
        let (schema, batches) = listed?;
        let mut out = out::stdout();
        let mut sink = self.format.sink(&schema, Layout::default(), &mut out)?;
        for batch in &batches {
            sink.write(batch)?;
        }
        sink.finish()?;
        written(std::io::Write::flush(&mut out))
    }
}
