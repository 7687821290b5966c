//! Replaces `delta_table` in a program that is built without the feature `delta`.

use datafusion::prelude::SessionContext;

use super::delta_input::DeltaInput;
use crate::config::{Enrichment, delta_disabled};
use crate::error::Result;

/// Rejects every Delta table.
///
/// # Errors
/// Always.
pub(crate) async fn open(_: &SessionContext, _: &Enrichment, _: &str) -> Result<DeltaInput> {
    Err(delta_disabled())
}
