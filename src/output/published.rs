//! The published tables of an enrichment, to be queried.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig};
use datafusion::parquet::file::reader::{FileReader, SerializedFileReader};
use datafusion::prelude::SessionContext;

use super::tables::TABLES;
use super::{Description, target};
use crate::enrichment::Enrichment;
use crate::error::{Error, Result};
use crate::source::file_url;
use crate::views::{Layer, Parameters, View, quoted, register_own_names};

/// Views that what is published suffices for. The first is another file than in a live session;
/// the last is the only one that stays visible.
const VIEWS: [&str; 4] = ["office_disclosed", "period_standing", "office_scored", "Office_ScoreExplained"];

/// Registers the tables of the last run that was published, and `Office_ScoreExplained` over them,
/// on a session that has the functions of this crate.
///
/// # Errors
/// Nothing was published yet, or it cannot be read.
pub async fn register(ctx: &SessionContext, enrichment: &Enrichment) -> Result<Description> {
    let Some(folder) = target::current(enrichment)? else {
        return Err(Error::output(format!(
            "{}: nothing is published there yet; start with: engagement run {}",
            enrichment.resolve(&enrichment.output.path).display(),
            enrichment.file.display()
        )));
    };
    let office = folder.join(TABLES[0].file(&enrichment.output.table));
    let description = describe(&office)?;
    for table in TABLES {
        let file = folder.join(table.file(&enrichment.output.table));
        let schema = table.schema(description.min_people());
        ctx.register_table(quoted(table.name), Arc::new(listing(schema, &file)?))?;
    }
    let parameters = Parameters::of_published(&description.levels(), &description.weights());
    for name in VIEWS {
        let Some(mut view) = View::named(name).copied() else { continue };
        if name == VIEWS[0] {
            view.sql = include_str!("../../sql/published/office_disclosed.sql");
        }
        view.register(ctx, &parameters).await?;
    }
    for name in VIEWS.iter().filter(|n| View::named(n).is_some_and(|v| v.layer != Layer::Office)) {
        ctx.deregister_table(quoted(name))?;
    }
    register_own_names(ctx, enrichment).await?;
    Ok(description)
}

fn listing(schema: SchemaRef, file: &Path) -> Result<ListingTable> {
    let url =
        file_url(file).map_err(|e| Error::output(format!("{}: cannot be read: {e}", file.display())))?;
    let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension("");
    let config = ListingTableConfig::new(url).with_listing_options(options).with_schema(schema);
    Ok(ListingTable::try_new(config)?)
}

fn describe(office: &Path) -> Result<Description> {
    let cannot =
        |e: &dyn std::fmt::Display| Error::output(format!("{}: cannot be read: {e}", office.display()));
    let reader =
        SerializedFileReader::new(File::open(office).map_err(|e| cannot(&e))?).map_err(|e| cannot(&e))?;
    Ok(Description::read(reader.metadata().file_metadata()))
}
