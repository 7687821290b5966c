//! Account engagement from mail and meetings, as an Apache DataFusion extension.
//!
//! Who mailed whom and who met whom becomes one row per customer account and period, with counts, recency,
//! reply times and a score from 0 to 100 relative to the other accounts: the *Office* table. The formula is
//! published (README.md), the whole enrichment is SQL (`sql/`), and no row is about an individual.
//!
//! # An enrichment as SQL views
//!
//! [`enrichment::Enrichment`] reads an enrichment file; [`session::live`] gives a DataFusion
//! [`SessionContext`](datafusion::prelude::SessionContext) in which the staged, intermediate and published
//! views exist over its inputs:
//!
//! ```
//! use datafusion_engagement::{enrichment::Enrichment, session};
//!
//! # #[tokio::main]
//! # async fn main() -> datafusion_engagement::error::Result<()> {
//! let enrichment = Enrichment::open("data/enrichment.toml")?;
//! let ctx = session::live(&enrichment).await?;
//! let year = ctx.sql(r#"select "CustomerId", "EngagementScore" from "Office" where "AggregationLevel" = 'year'"#);
//! assert_eq!(year.await?.count().await?, 60);
//! # Ok(())
//! # }
//! ```
//!
//! [`run::run`] computes the same and publishes it as Parquet files or Delta tables, replaced as a whole or not at all;
//! [`session::published`] opens what was published last.
//!
//! # The functions alone
//!
//! [`functions::register`] puts the functions on any session of yours, where plans find them by name:
//!
//! ```
//! use datafusion::prelude::SessionContext;
//! use datafusion_engagement::functions;
//!
//! # #[tokio::main]
//! # async fn main() -> datafusion::error::Result<()> {
//! let ctx = SessionContext::new();
//! functions::register(&mut *ctx.state_ref().write())?;
//! let people = ctx.sql("select distinct_people(p) from (values ('anna'), ('ben'), ('anna')) t(p)").await?;
//! assert_eq!(people.collect().await?[0].column(0).as_ref(), &datafusion::arrow::array::Int64Array::from(vec![2]));
//! # Ok(())
//! # }
//! ```
//!
//! # The house
//!
//! | module | what stands there |
//! |---|---|
//! | [`error`] | one error: what, where, what to do |
//! | [`enrichment`] | the enrichment file: what it may say, defaults, checks |
//! | [`functions`] | the one list of functions, a file for each |
//! | [`source`] | inputs → canonical input tables |
//! | `store` | object stores: from a URL to what lies there, and what its errors mean |
//! | `delta` | Delta tables: as inputs, and as what is published |
//! | [`views`] | the SQL files, their parameters, their order |
//! | [`session`] | the one session builder |
//! | [`memory`], `spill`, `kept` | bounds on memory, and where the rest goes |
//! | `explained` | plans that are shown after they have run |
//! | [`run`], [`check`] | the one pipeline, and what can be said before it runs |
//! | [`output`] | what is published, and how it is replaced |
//! | [`names`], [`statements`] | SQL as a user writes it: names in any case, no way to other files |
//! | [`segments`] | the shipped segments and the user's |

#[cfg(test)]
extern crate self as datafusion_engagement;

pub mod check;
mod delta;
pub mod enrichment;
pub mod error;
mod explained;
pub mod functions;
mod json;
mod kept;
pub mod memory;
pub mod names;
#[doc(hidden)]
pub mod nearest;
pub mod output;
pub mod run;
#[cfg(test)]
mod sample;
pub mod segments;
pub mod session;
mod shared;
pub mod source;
mod spill;
pub mod statements;
mod store;
pub mod timings;
pub mod views;
mod withheld;
