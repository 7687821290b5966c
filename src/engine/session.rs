//! The session builder: the library, the command line and the tests all create their sessions here.

use std::sync::Arc;

use datafusion::execution::SessionStateBuilder;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::prelude::{SessionConfig, SessionContext};

use super::materialized::readers;
use super::memory::{Resources, share_of};
use super::redacted_plan;
use crate::error::Result;
use crate::functions;
use crate::storage::PooledLocalFileSystem;

/// A session with the functions of this crate and the settings its views expect.
///
/// # Errors
/// An error of DataFusion's function registry; none is known to occur.
pub fn new() -> Result<SessionContext> {
    with_config(SessionConfig::new())
}

/// A session with the functions of this crate on a configuration of the caller, for example with another
/// number of partitions or another batch size. Settings that the views rely on are overwritten.
///
/// # Errors
/// An error of DataFusion's function registry; none is known to occur.
pub fn with_config(config: SessionConfig) -> Result<SessionContext> {
    with_resources(config, &Resources::default())
}

/// A session with the functions of this crate on a configuration of the caller, with limits on its resources.
/// Settings that the views rely on are overwritten.
///
/// # Errors
/// The spill folder cannot be created or written to.
pub fn with_resources(config: SessionConfig, resources: &Resources) -> Result<SessionContext> {
    let mut config = config.with_information_schema(true);
    let (runtime, sorts) = (resources.runtime()?, readers(&config));
    let options = config.options_mut();
    let aside = &mut options.execution.sort_spill_reservation_bytes;
    *aside = share_of(runtime.memory_pool.as_ref(), sorts, *aside);
    // Utf8View columns would be cast back to Utf8: Parquet list elements are never read as views.
    options.execution.parquet.schema_force_view_types = false;
    options.sql_parser.map_string_types_to_utf8view = false;
    // Plans print statistics and dynamic filters. Both contain values of the inputs: the smallest and the
    // largest address of a file, and the keys of a join.
    options.execution.collect_statistics = false;
    options.optimizer.enable_topk_dynamic_filter_pushdown = false;
    options.optimizer.enable_join_dynamic_filter_pushdown = false;
    options.optimizer.enable_aggregate_dynamic_filter_pushdown = false;
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features()
        .with_query_planner(Arc::new(redacted_plan::Planner))
        .build();
    let ctx = SessionContext::new_with_state(state);
    let files = ObjectStoreUrl::local_filesystem();
    ctx.register_object_store(files.as_ref(), Arc::new(PooledLocalFileSystem::default()));
    functions::register(&mut *ctx.state_ref().write())?;
    Ok(ctx)
}
