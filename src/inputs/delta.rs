//! Maps a Delta table in the canonical shape to one table with one type per column.
//!
//! The table is read at the version that is current when the run begins. Later commits are ignored.

use datafusion::prelude::{DataFrame, SessionContext};

use super::columns::InputSchema;
use super::source::InputSource;
use super::{attributes, canonical};
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
    let mut types: Vec<_> = section.columns.iter().map(|c| canonical::plain_type(section, c)).collect();
    attributes::set_type(section, std::iter::once((&needed, &table.name)), &mut types)?;
    let missing = canonical::missing(section, std::iter::once(&needed));
    let binary = canonical::binary(canonical::not_attributes(section, std::iter::once(&needed)));
    let frame = canonical::select(section, &types, &needed, ctx.read_table(table.provider)?)?;
    Ok((
        frame,
        InputSource {
            section: section.name,
            format: Format::Delta,
            files: table.files,
            keys: vec![],
            rows: table.rows,
            missing,
            binary,
            columns: section.names_in_files().map(str::to_owned).collect(),
            folder_columns: vec![],
            notes: vec![],
        },
    ))
}
