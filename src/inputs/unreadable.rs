//! What in an input cannot be read.

use datafusion::prelude::SessionContext;

use super::graph;
use super::source::{InputSource, Unreadable};
use crate::config::Format;
use crate::error::Result;

impl InputSource {
    /// What in the files cannot be read, file by file. This reads the files of an export again. The values of
    /// other formats have one type, which is checked before a row is read.
    ///
    /// # Errors
    /// A file that is damaged or cannot be read.
    pub(crate) async fn unreadable(&self, ctx: &SessionContext) -> Result<Vec<Unreadable>> {
        match self.format {
            Format::GraphDataConnect => graph::unreadable(ctx, self).await,
            Format::Canonical | Format::Csv | Format::Delta => Ok(vec![]),
        }
    }
}
