//! The session builder: the library, the command line and the tests all create their sessions here.

use std::sync::Arc;

use datafusion::config::TableOptions;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
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
    let ctx = with_runtime(config, resources.runtime()?)?;
    let files = ObjectStoreUrl::local_filesystem();
    ctx.register_object_store(files.as_ref(), Arc::new(PooledLocalFileSystem::default()));
    Ok(ctx)
}

/// A session with the functions of this crate beside another one, with its configuration and its limits on resources,
/// and without its tables.
///
/// # Errors
/// An error of DataFusion's function registry; none is known to occur.
pub(crate) fn beside(ctx: &SessionContext) -> Result<SessionContext> {
    with_runtime(ctx.copied_config(), ctx.runtime_env())
}

fn with_runtime(config: SessionConfig, runtime: Arc<RuntimeEnv>) -> Result<SessionContext> {
    let mut config = config.with_information_schema(true);
    let sorts = readers(&config);
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
    // What comes late in a file has a column and a type, too.
    let mut tables = TableOptions::default_from_session_config(config.options());
    (tables.csv.schema_infer_max_rec, tables.json.schema_infer_max_rec) =
        (Some(usize::MAX), Some(usize::MAX));
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_table_options(tables)
        .with_runtime_env(runtime)
        .with_default_features()
        .with_query_planner(Arc::new(redacted_plan::Planner))
        .build();
    let ctx = SessionContext::new_with_state(state);
    functions::register(&mut *ctx.state_ref().write())?;
    Ok(ctx)
}
