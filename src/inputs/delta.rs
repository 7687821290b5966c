//! Maps a Delta table in the canonical shape to one table with one type per column.
//!
//! The table is read at the version that is current when the run begins. Later commits are ignored.

use std::path::Path;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::prelude::{DataFrame, SessionContext};

use super::columns::{InputSchema, Needed};
use super::delta_input::DeltaInput;
use super::mark_columns::mark_columns;
use super::source::{InputSource, Unreadable};
use super::{attributes, canonical, known_names, lenient};
use crate::config::{Enrichment, Format, StorageOptions};
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
    let (table, needed) = table_with(ctx, enrichment, section, path).await?;
    let mut types: Vec<_> = section.columns.iter().map(|c| canonical::plain_type(section, c)).collect();
    attributes::set_type(section, std::iter::once((&needed, &table.name)), &mut types)?;
    let missing = canonical::missing(section, std::iter::once(&needed));
    let schema = table.provider.schema();
    let of_table = std::iter::once((&needed, schema.as_ref(), table.name.clone()));
    let notes = known_names::spelled_otherwise(section, of_table);
    let mark_columns = mark_columns(std::iter::once(schema.as_ref()));
    let binary = canonical::binary(canonical::not_attributes(section, std::iter::once(&needed)));
    let frame = canonical::select(section, &types, &needed, ctx.read_table(table.provider)?)?;
    Ok((
        frame,
        InputSource {
            rows: table.rows,
            missing,
            binary,
            converts: lenient::converts(section, &needed),
            mark_columns,
            columns: section.names_in_files().map(str::to_owned).collect(),
            notes,
            ..InputSource::of(section.name, Format::Delta, table.files)
        },
    ))
}

/// The Delta table at a path, with all its columns.
///
/// # Errors
/// The table cannot be read.
pub(crate) async fn whole(ctx: &SessionContext, enrichment: &Enrichment, path: &str) -> Result<DataFrame> {
    let table = table::open(ctx, enrichment.folder(), &enrichment.storage, path).await?;
    Ok(ctx.read_table(table.provider)?)
}

/// The columns of the Delta table in a folder on this machine.
pub(crate) async fn columns(ctx: &SessionContext, folder: &Path) -> Result<SchemaRef> {
    let table = table::open(ctx, folder, &StorageOptions::default(), ".").await?;
    Ok(table.provider.schema())
}

/// What in the Delta table of a section cannot be read.
pub(crate) async fn unreadable(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    section: &InputSchema,
    path: &str,
) -> Result<Vec<Unreadable>> {
    let (table, needed) = table_with(ctx, enrichment, section, path).await?;
    lenient::unreadable(section, &needed, &ctx.read_table(table.provider)?, &table.name).await
}

/// The Delta table at a path, and the columns of a section in it.
async fn table_with(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    section: &InputSchema,
    path: &str,
) -> Result<(DeltaInput, Needed)> {
    let what = format!("{}: [{}] path = \"{}\"", enrichment.file.display(), section.name, redacted(path));
    let found = table::open(ctx, enrichment.folder(), &enrichment.storage, path).await;
    let table = found.map_err(|e| Error::new(e.kind(), format!("{what}: {e}")).with_source(e))?;
    let place = format!("[{}] {}", section.name, table.name);
    let needed = canonical::needed(section, &table.provider.schema(), &place, "table")?;
    Ok((table, needed))
}
