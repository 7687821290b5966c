//! A Delta table in the canonical shape → one table with one type per column.
//!
//! The table is read as it is when the run begins, whatever is committed meanwhile.

use datafusion::prelude::{DataFrame, SessionContext};

use super::Source;
use super::canonical;
use super::columns::Section;
use crate::delta;
use crate::enrichment::{Enrichment, Format};
use crate::error::{Error, Result};
use crate::store::redacted;

/// Opens the Delta table of a section.
pub(super) async fn open(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    section: &Section,
    path: &str,
) -> Result<(DataFrame, Source)> {
    let what = format!("{}: [{}] path = \"{}\"", enrichment.file.display(), section.name, redacted(path));
    let found = delta::open(ctx, enrichment, path).await;
    let table = found.map_err(|e| Error::new(e.kind(), format!("{what}: {e}")).with_source(e))?;
    let place = format!("[{}] {}", section.name, table.name);
    let needed = canonical::needed(section, &table.provider.schema(), &place, "table")?;
    let types: Vec<_> = section.columns.iter().map(|c| canonical::plain_type(section, c)).collect();
    let missing = canonical::missing(section, std::iter::once(&needed));
    let frame = canonical::select(section, &types, &needed, ctx.read_table(table.provider)?)?;
    let files = table.files.into_iter().map(Into::into).collect();
    Ok((frame, Source { section: section.name, format: Format::Delta, files, rows: table.rows, missing }))
}
