//! Account engagement from mail and meetings, as an Apache DataFusion extension.
//!
//! Copies of messages and meetings become one row per customer account and period, with counts, recency,
//! reply times and a score from 0 to 100 relative to the other accounts: the table *Office*. The formula of
//! the score is published (README.md). The enrichment is a sequence of SQL views (`sql/`). The steps that
//! pure SQL cannot do fast are functions in Rust ([`functions`]). `Office_UserTable`, which lists the
//! mailboxes, is the only published table about individuals.
//!
//! # An enrichment as SQL views
//!
//! [`config::Enrichment`] reads an enrichment file. [`query::session::live()`] creates a DataFusion
//! [`SessionContext`](datafusion::prelude::SessionContext) that has all [`views`] over the inputs of the
//! enrichment:
//!
//! ```
//! use datafusion_engagement::{config::Enrichment, query::session};
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
//! [`pipeline::run()`] computes the same tables and publishes them as Parquet files or Delta tables. It
//! replaces the published tables as a whole or not at all. [`pipeline::check()`] checks an enrichment and its
//! inputs without a run. [`query::session::published()`] opens the tables that the last run has published;
//! [`publish::TABLES`] lists these tables.
//!
//! # The functions alone
//!
//! [`functions::register()`] registers the functions on any DataFusion session. Plans then find them by name:
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
//! # The modules
//!
//! A module imports only modules above it in this list:
//!
//! | module | contents |
//! |---|---|
//! | [`error`] | the error type: what is wrong, where, and what to do |
//! | [`functions`] | the scalar and aggregate functions, with one list of all of them |
//! | `storage` | local files and object stores: paths and URLs, listing, reading, connection errors |
//! | [`config`] | the enrichment file: sections, defaults, checks |
//! | `engine` | the DataFusion session: memory limit, spill files, materialized views, metrics of stages |
//! | `inputs` | Parquet files, Delta tables and Microsoft Graph exports as canonical input tables |
//! | [`views`] | the SQL views, their order, and their parameters |
//! | [`publish`] | the published tables: their columns, how they are written, replaced and read again |
//! | [`query`] | sessions over inputs or published tables, statements of users, segments |
//! | [`pipeline`] | the run of an enrichment, and the check before it |
//! | [`cli`] | the command line `engagement` |

pub mod cli;
pub mod config;
mod engine;
pub mod error;
pub mod functions;
mod inputs;
pub mod pipeline;
pub mod publish;
pub mod query;
mod storage;
pub mod views;

// The Rust blocks of these pages are doc tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
#[cfg(doctest)]
#[doc = include_str!("../docs/library.md")]
struct AsALibrary;
