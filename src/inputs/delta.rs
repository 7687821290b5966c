//! Maps a Delta table in the canonical shape to one table with one type per column.
//!
//! The table is read at the version that is current when the run begins. Later commits are ignored.

use datafusion::prelude::{DataFrame, SessionContext};

use super::canonical;
use super::columns::InputSchema;
use super::source::InputSource;
use crate::config::{Enrichment, Format};
use crate::error::{Error, Result};
use crate::storage::redacted;

#[cfg(not(feature = "delta"))]
use super::delta_disabled as table;
#[cfg(feature = "delta")]
use super::delta_table as table;
/// Opens the Delta table of a section.
pub(crate) async fn open(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    section: &InputSchema,
    path: &str,
) -> Result<(DataFrame, InputSource)> {
    let what = format!("{}: [{}] path = \"{}\"", enrichment.file.display(), section.name, redacted(path));
    let found = table::open(ctx, enrichment, path).await;
    let table = found.map_err(|e| Error::new(e.kind(), format!("{what}: {e}")).with_source(e))?;
    let place = format!("[{}] {}", section.name, table.name);
    let needed = canonical::needed(section, &table.provider.schema(), &place, "table")?;
    let types: Vec<_> = section.columns.iter().map(|c| canonical::plain_type(section, c)).collect();
    let missing = canonical::missing(section, std::iter::once(&needed));
    let binary = canonical::binary(needed.iter().flatten().flatten());
    let frame = canonical::select(section, &types, &needed, ctx.read_table(table.provider)?)?;
    Ok((
        frame,
        InputSource {
            section: section.name,
            format: Format::Delta,
            files: table.files,
            rows: table.rows,
            missing,
            binary,
            folder_columns: vec![],
            notes: vec![],
        },
    ))
}
