//! One file of an input, to find out which file has something.

use datafusion::prelude::{DataFrame, SessionContext};

use super::source::InputSource;
use super::{canonical, columns, graph};
use crate::config::{Enrichment, Format};
use crate::error::Result;

impl InputSource {
    /// The rows of one of the files of mail or meetings, in the columns of the input table. `None` if there is no such
    /// file, and for a format whose files are not read one by one.
    ///
    /// # Errors
    /// A file that is damaged or cannot be read.
    pub(crate) async fn one_file(
        &self,
        ctx: &SessionContext,
        enrichment: &Enrichment,
        position: usize,
    ) -> Result<Option<DataFrame>> {
        let section = columns::section(enrichment, self.section);
        let file = self.files.get(position).zip(self.keys.get(position));
        let (Some((section, _)), Some((file, keys))) = (section, file) else { return Ok(None) };
        match self.format {
            Format::GraphDataConnect => graph::one_file(ctx, &section, file, keys).await,
            Format::Canonical => canonical::one_file(ctx, &section, file, keys).await,
            Format::Csv | Format::Delta => Ok(None),
        }
    }
}
