//! The one session builder behind every door.

use std::sync::Arc;

use datafusion::execution::SessionStateBuilder;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::enrichment::Enrichment;
use crate::error::Result;
use crate::kept::readers;
use crate::memory::{Resources, share_of};
use crate::source::{self, Source};
use crate::store::Local;
use crate::views::{self, Parameters, VIEWS};
use crate::{explained, functions, output};

/// A session with the functions of this crate and the settings its views expect.
///
/// # Errors
/// None that is known; registration of functions is fallible by its signature.
pub fn new() -> Result<SessionContext> {
    with_config(SessionConfig::new())
}

/// The same, with settings of yours, such as partitions and batch size.
///
/// # Errors
/// As [`new`].
pub fn with_config(config: SessionConfig) -> Result<SessionContext> {
    with_resources(config, &Resources::default())
}

/// The same, with bounds on the memory it takes.
///
/// # Errors
/// A folder for intermediate results that cannot be used.
pub fn with_resources(config: SessionConfig, resources: &Resources) -> Result<SessionContext> {
    let mut config = config.with_information_schema(true);
    let (runtime, sorts) = (resources.runtime()?, readers(&config));
    let options = config.options_mut();
    let aside = &mut options.execution.sort_spill_reservation_bytes;
    *aside = share_of(runtime.memory_pool.as_ref(), sorts, *aside);
    // Views would only be cast back: list elements are never read as views.
    options.execution.parquet.schema_force_view_types = false;
    options.sql_parser.map_string_types_to_utf8view = false;
    // Plans print both: the least and the greatest address of a file, and all those a join looks for.
    options.execution.collect_statistics = false;
    options.optimizer.enable_topk_dynamic_filter_pushdown = false;
    options.optimizer.enable_join_dynamic_filter_pushdown = false;
    options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features()
        .with_query_planner(Arc::new(explained::Planner))
        .build();
    let ctx = SessionContext::new_with_state(state);
    let files = ObjectStoreUrl::local_filesystem();
    ctx.register_object_store(files.as_ref(), Arc::new(Local::default()));
    functions::register(&mut *ctx.state_ref().write())?;
    Ok(ctx)
}

/// A session in which the staged, intermediate and published views of an enrichment are planned
/// over its inputs. Nothing is read before a query asks.
///
/// # Errors
/// Inputs that are missing or of the wrong shape.
pub async fn live(enrichment: &Enrichment) -> Result<SessionContext> {
    let ctx = new()?;
    live_on(&ctx, enrichment).await?;
    Ok(ctx)
}

/// The same on a session of yours, which has the functions of this crate.
pub async fn live_on(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Vec<Source>> {
    let sources = source::register(ctx, enrichment).await?;
    let parameters = Parameters::of(enrichment);
    for view in VIEWS {
        view.register(ctx, &parameters).await?;
    }
    views::register_own_names(ctx, enrichment).await?;
    Ok(sources)
}

/// A session with the tables that the last run of an enrichment has published, and nothing else.
///
/// # Errors
/// No run has published yet.
pub async fn published(enrichment: &Enrichment) -> Result<SessionContext> {
    let ctx = new()?;
    output::register(&ctx, enrichment).await?;
    Ok(ctx)
}
