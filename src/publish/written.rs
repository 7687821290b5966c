//! The tables of a run after they are written and before they are published, as tables to query.
//!
//! What is computed from published tables reads the files themselves: they may have no name yet.

use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::arrow::datatypes::{Fields, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{Result, ScalarValue};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileScanConfigBuilder, ParquetFileReaderFactory, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, lit};
use datafusion::parquet::arrow::arrow_reader::ArrowReaderOptions;
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::errors::Result as ParquetResult;
use datafusion::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::prelude::{DataFrame, SessionContext, ident};
use futures::FutureExt;
use futures::future::{BoxFuture, ready};

use super::destination::Destination;
use super::location::{AS_OF, Draft};
use super::opened::Rows;
use super::reader::register_tables;
use super::tables::Table;
use super::{Description, history_reader};
use crate::config::Enrichment;
use crate::error::Error;

/// The file of a table that is being written. It can be queried when that is done.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    table: &'static Table,
    /// The columns of the file.
    schema: SchemaRef,
    file: Arc<File>,
}

impl Written {
    /// The file of a draft.
    ///
    /// # Errors
    /// The operating system gives no second handle of the file.
    pub(crate) fn of(table: &'static Table, draft: &Draft) -> Result<Self, Error> {
        let cannot = |e| Error::output(format!("{}: cannot be read: {e}", draft.name)).with_source(e);
        let file = Arc::new(draft.file.try_clone().map_err(cannot)?);
        Ok(Self { table, schema: Arc::clone(&draft.schema), file })
    }
}

#[async_trait]
impl TableProvider for Written {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        _session: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let file = PartitionedFile::new(self.table.name, self.file.metadata()?.len());
        let readers = Arc::new(Readers(Arc::clone(&self.file)));
        let source = ParquetSource::new(Arc::clone(&self.schema)).with_parquet_file_reader_factory(readers);
        // The store is not read.
        let scan = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
            .with_file(file)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}

/// Opens readers of one file.
#[derive(Debug)]
struct Readers(Arc<File>);

impl ParquetFileReaderFactory for Readers {
    fn create_reader(
        &self,
        _partition: usize,
        _file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>> {
        Ok(Box::new(Reader(Arc::clone(&self.0))))
    }
}

/// Reads at positions of its own: all handles of a file share one position, also that of the writer.
struct Reader(Arc<File>);

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        let read = || -> ParquetResult<Bytes> {
            let mut bytes = vec![0; usize::try_from(range.end - range.start)?];
            self.0.read_exact_at(&mut bytes, range.start)?;
            Ok(bytes.into())
        };
        ready(read()).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            let size = self.0.metadata()?.len();
            let reader = ParquetMetaDataReader::new().with_arrow_reader_options(options);
            Ok(Arc::new(reader.load_and_finish(self, size).await?))
        }
        .boxed()
    }
}

/// Registers the tables of a run that are written, and the views over them, as [`super::register`] does once they are
/// published, also those over all as-of dates. `ctx` has the functions of this crate and none of its tables. `attributes`
/// are those of the accounts.
///
/// # Errors
/// The output cannot be read, or a view cannot be planned.
pub(crate) async fn register_written(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    destination: &Destination,
    written: Vec<Written>,
    attributes: &Fields,
) -> Result<(), Error> {
    let attributes = destination.attributes(attributes);
    let retained = destination.retained(ctx, enrichment, &attributes).await?;
    let (mut tables, mut all_dates): (Rows, Rows) = (vec![], vec![]);
    for file in written {
        let table = file.table;
        let rows = published(ctx, enrichment, file, &attributes)?;
        if !table.is_about_individuals() {
            let others = retained.iter().find(|(other, _)| other.name == table.name);
            let others = others.map(|(_, rows)| ctx.read_table(Arc::clone(rows))).transpose()?;
            all_dates.push((table, of_all_dates(rows.clone(), others, enrichment)?.into_view()));
        }
        tables.push((table, rows.into_view()));
    }
    history_reader::register(ctx, &all_dates, enrichment).await?;
    register_tables(ctx, enrichment, tables, &Description::of(enrichment)).await
}

/// The rows of a file with the columns of the published table.
fn published(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    file: Written,
    attributes: &Fields,
) -> Result<DataFrame> {
    let columns = file.table.schema(enrichment.min_people, attributes);
    // The files of a Delta table do not have the date, which is its partition column.
    let has_date = file.schema.field_with_name(AS_OF).is_ok();
    let column = |name: &str| match name {
        AS_OF if !has_date => as_of(enrichment),
        _ => ident(name),
    };
    let columns = columns.fields().iter().map(|field| column(field.name()));
    let columns: Vec<_> = columns.collect();
    ctx.read_table(Arc::new(file))?.select(columns)
}

fn as_of(enrichment: &Enrichment) -> Expr {
    lit(ScalarValue::Date32(Some(enrichment.as_of.to_epoch_days()))).alias(AS_OF)
}

/// These rows of a run and those of other dates, with the column of the date.
fn of_all_dates(rows: DataFrame, others: Option<DataFrame>, enrichment: &Enrichment) -> Result<DataFrame> {
    let fields = rows.schema().fields().clone();
    let names = || fields.iter().map(|field| field.name().as_str()).filter(|name| *name != AS_OF);
    let own: Vec<_> = names().map(ident).chain([as_of(enrichment)]).collect();
    let rows = rows.select(own)?;
    let Some(others) = others else { return Ok(rows) };
    rows.union(others.select(names().chain([AS_OF]).map(ident).collect::<Vec<_>>())?)
}
