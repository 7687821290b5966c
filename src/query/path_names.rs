//! Paths as names of tables in statements.

use std::fmt;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use datafusion::catalog::{DynamicFileCatalog, TableProvider, UrlTableFactory};
use datafusion::error::Result as EngineResult;
use datafusion::execution::SessionState;
use datafusion::prelude::SessionContext;

use crate::engine::own_thread::on_own_thread;
use crate::inputs::path_table;

/// The state of a session; `None` if the session has ended.
type StateOf = Box<dyn Fn() -> Option<SessionState> + Send + Sync>;

/// Makes a table of a path. It does not own its session, which owns it.
#[derive(Default)]
struct PathNames(OnceLock<StateOf>);

impl fmt::Debug for PathNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PathNames")
    }
}

#[async_trait]
impl UrlTableFactory for PathNames {
    async fn try_new(&self, path: &str) -> EngineResult<Option<Arc<dyn TableProvider>>> {
        let (Some(state), path) = (self.0.get().and_then(|state| state()), path.to_owned()) else {
            return Ok(None);
        };
        Ok(on_own_thread(async move { path_table::table(&state, &path).await }).await??)
    }
}

/// A session in which a name that no table has can be a path: a file, a folder or a pattern.
pub(crate) fn enable(ctx: SessionContext) -> SessionContext {
    let names = Arc::new(PathNames::default());
    let factory = Arc::clone(&names) as Arc<dyn UrlTableFactory>;
    let catalogs = DynamicFileCatalog::new(Arc::clone(ctx.state().catalog_list()), factory);
    let id = ctx.session_id();
    let builder = ctx.into_state_builder().with_session_id(id).with_catalog_list(Arc::new(catalogs));
    let ctx = SessionContext::from(builder.build());
    let state = ctx.state_weak_ref();
    // It was not set before.
    let _ = names.0.set(Box::new(move || state.upgrade().map(|state| state.read().clone())));
    ctx
}
