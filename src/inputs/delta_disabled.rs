//! Replaces `delta_table` in a program that is built without the feature `delta`.

use std::path::Path;

use datafusion::prelude::SessionContext;

use super::delta_input::DeltaInput;
use crate::config::{StorageOptions, delta_disabled};
use crate::error::Result;

/// Rejects every Delta table.
///
/// # Errors
/// Always.
pub(crate) async fn open(_: &SessionContext, _: &Path, _: &StorageOptions, _: &str) -> Result<DeltaInput> {
    Err(delta_disabled())
}
