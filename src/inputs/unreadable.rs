//! What in an input cannot be read.

use datafusion::prelude::SessionContext;

use super::source::{InputSource, Unreadable};
use super::{canonical, columns, delta, graph};
use crate::config::{Enrichment, Format};
use crate::error::Result;

impl InputSource {
    /// What in the files cannot be read, file by file. This reads the files of an export again, and columns whose
    /// values are converted from another type. All other values have one type, which is checked before a row is read.
    ///
    /// # Errors
    /// A file that is damaged or cannot be read.
    pub(crate) async fn unreadable(
        &self,
        ctx: &SessionContext,
        enrichment: &Enrichment,
    ) -> Result<Vec<Unreadable>> {
        if self.format == Format::GraphDataConnect {
            return graph::unreadable(ctx, self).await;
        }
        let section = columns::section(enrichment, self.section);
        let Some((section, Some((path, _)))) = section.filter(|_| self.converts) else { return Ok(vec![]) };
        if self.format == Format::Delta {
            return delta::unreadable(ctx, enrichment, &section, path).await;
        }
        let mut found = vec![];
        for (file, keys) in self.files.iter().zip(&self.keys) {
            found.extend(canonical::unreadable(ctx, &section, file, keys).await?);
        }
        Ok(found)
    }
}
