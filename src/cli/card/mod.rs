//! `engagement card`: shows one customer, or two beside each other.

mod customer;
mod customers;
mod draw;
mod explained;
mod pair;
mod published;
#[cfg(test)]
mod testing;

use clap::Args;

use self::customer::Customer;
use self::customers::Customers;
use super::format::{Format, Layout};
use super::limits::{Limits, TimeoutArgs, within};
use super::out;
use super::results::{self, binary_to_terminal};
use super::session::{Session, Target, date};
use crate::error::Result;

/// Show the card of one customer: attributes, score and why it is what it is, emails, meetings, and twelve months of
/// both. With a second customer, both are beside each other.
#[derive(Args)]
#[command(after_help = "\
Examples:
  engagement card enrichment.toml a-17
  engagement card enrichment.toml globex
  engagement card enrichment.toml a-17 a-18
  engagement card enrichment.toml a-17 --as-of 2026-09-30
  engagement card enrichment.toml a-17 --format csv")]
pub struct Card {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    timeout: TimeoutArgs,
    /// The customer: a value of the column CustomerId, or a name, or a part of a name in any case.
    #[arg(value_name = "CUSTOMER", allow_negative_numbers = true)]
    customer: String,
    /// A second customer, beside the first.
    #[arg(value_name = "OTHER", allow_negative_numbers = true)]
    other: Option<String>,
    /// Show the card as it was at this retained as-of date, YYYY-MM-DD.
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// `table` draws the card. The other formats have one row for each measure of the score.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

impl Card {
    pub async fn run(self) -> Result<()> {
        if self.format == Format::Parquet && out::is_terminal() {
            return Err(binary_to_terminal());
        }
        let as_of = self.as_of.as_deref().map(|text| date("--as-of", text)).transpose()?;
        let (ctx, enrichment) = (self.target.resources.session()?, self.target.open(None)?);
        let limits = Limits::of_statement(&self.target.resources, &self.timeout);
        let card = within(limits, async {
            let session = Session::published(ctx, enrichment, as_of).await?;
            let customers = Customers::read(&session).await?;
            let first = customers.find(&self.customer)?;
            let second = self.other.as_deref().map(|other| customers.find(other)).transpose()?;
            if self.format == Format::Table {
                return drawn(&session, first, second).await.map(Some);
            }
            let frame = explained::frame(&session, first, second.unwrap_or(first)).await?;
            let mut out = out::stdout();
            results::stream(&session.statements, frame, self.format, Layout::default(), &mut out).await?;
            Ok(None)
        });
        card.await?.map_or(Ok(()), |card| out::print(&card))
    }
}

/// The drawing of one customer, or of two.
async fn drawn(session: &Session, first: &str, second: Option<&str>) -> Result<String> {
    let source = published::source(session).await?;
    let first = Customer::read(session, first).await?;
    Ok(match second {
        Some(second) => pair::draw(&[first, Customer::read(session, second).await?], &source, out::width()),
        None => draw::draw(&first, &source, out::width()),
    })
}
