//! One table over the Parquet files of several as-of dates.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use datafusion::arrow::array::{AsArray, Date32Array, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DFSchema, Result, ScalarValue, project_schema};
use datafusion::datasource::TableType;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder};
use datafusion::datasource::table_schema::TableSchemaBuilder;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use object_store::ObjectMeta;

use super::location::AS_OF;

/// A table with the columns of the files, then the as-of date of the file. A column that a file does not have is null.
#[derive(Debug)]
pub(crate) struct DatedFiles {
    store: ObjectStoreUrl,
    /// The columns of the files.
    columns: SchemaRef,
    date: FieldRef,
    schema: SchemaRef,
    files: Vec<(NaiveDate, ObjectMeta)>,
}

impl DatedFiles {
    /// A table over files of one store. `columns` are nullable, except those that every file has.
    pub(crate) fn new(store: ObjectStoreUrl, columns: &Schema, files: Vec<(NaiveDate, ObjectMeta)>) -> Self {
        // The overview has the date itself.
        let columns = columns.fields().iter().filter(|field| field.name() != AS_OF).cloned();
        let columns: Vec<FieldRef> = columns.collect();
        let date: FieldRef = Arc::new(Field::new(AS_OF, DataType::Date32, false));
        let schema = Arc::new(Schema::new(columns.iter().chain([&date]).cloned().collect::<Vec<_>>()));
        Self { store, columns: Arc::new(Schema::new(columns)), date, schema, files }
    }

    /// The files that conditions on the date permit.
    fn chosen(&self, session: &dyn Session, filters: &[Expr]) -> Result<Vec<PartitionedFile>> {
        let is_of_date = |filter: &&Expr| {
            let columns = filter.column_refs();
            !columns.is_empty() && columns.iter().all(|column| column.name == AS_OF) && !filter.is_volatile()
        };
        let days = self.files.iter().map(|(date, _)| date.to_epoch_days()).collect::<Vec<_>>();
        let permitted = match conjunction(filters.iter().filter(is_of_date).cloned()) {
            None => vec![true; days.len()],
            Some(condition) => {
                let schema = Arc::new(Schema::new(vec![Arc::clone(&self.date)]));
                let named = DFSchema::try_from(Arc::clone(&schema))?;
                let condition = session.create_physical_expr(condition, &named)?;
                let batch = RecordBatch::try_new(schema, vec![Arc::new(Date32Array::from(days.clone()))])?;
                let permitted = condition.evaluate(&batch)?.into_array(days.len())?;
                permitted.as_boolean().iter().map(Option::unwrap_or_default).collect()
            }
        };
        let files = self.files.iter().zip(days).zip(permitted).filter(|(_, is_permitted)| *is_permitted);
        let files = files.map(|(((_, file), day), _)| {
            let date = ScalarValue::Date32(Some(day));
            PartitionedFile::new_from_meta(file.clone()).with_partition_values(vec![date])
        });
        Ok(files.collect())
    }
}

#[async_trait]
impl TableProvider for DatedFiles {
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
        session: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.chosen(session, filters)?;
        if files.is_empty() {
            return Ok(Arc::new(EmptyExec::new(project_schema(&self.schema, projection)?)));
        }
        let format = ParquetFormat::default();
        let schema = TableSchemaBuilder::from(&self.columns)
            .with_table_partition_cols(vec![Arc::clone(&self.date)])
            .build();
        let groups = FileGroup::new(files).split_files(session.config().target_partitions());
        let scan = FileScanConfigBuilder::new(self.store.clone(), format.file_source(schema))
            .with_file_groups(groups)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        format.create_physical_plan(session, scan).await
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{ArrayRef, Int64Array};
    use datafusion::parquet::arrow::ArrowWriter;
    use datafusion::physical_plan::displayable;
    use object_store::path::Path;

    use super::*;
    use crate::engine::session;

    /// Three dates; the file of the first one lacks the column `b`.
    async fn table(folder: &std::path::Path) -> DatedFiles {
        let ctx = session::new().unwrap();
        let url = ObjectStoreUrl::local_filesystem();
        let store = ctx.runtime_env().object_store(&url).unwrap();
        let mut files = vec![];
        for day in 1..4_u32 {
            let path = folder.join(format!("{day}.parquet"));
            let column = |number: i64| Arc::new(Int64Array::from(vec![number, 10 * number])) as ArrayRef;
            let columns = [("a", column(day.into())), ("b", column(-i64::from(day)))];
            let columns = columns.into_iter().take(if day == 1 { 1 } else { 2 });
            let batch = RecordBatch::try_from_iter(columns).unwrap();
            let file = std::fs::File::create(&path).unwrap();
            let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            let path = Path::from_absolute_path(std::fs::canonicalize(&path).unwrap()).unwrap();
            let date = NaiveDate::from_ymd_opt(2026, 10, day).unwrap();
            files.push((date, object_store::ObjectStoreExt::head(&*store, &path).await.unwrap()));
        }
        let columns = ["a", "b"].map(|name| Field::new(name, DataType::Int64, true));
        DatedFiles::new(url, &Schema::new(columns.to_vec()), files)
    }

    #[tokio::test]
    async fn each_row_has_the_date_of_its_file_and_other_files_are_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let ctx = session::new().unwrap();
        ctx.register_table("t", Arc::new(table(folder.path()).await)).unwrap();
        for (condition, expected, files) in [
            ("true", "1 a, 2 b, 3 b", 3),
            ("\"AsOfDate\" = '2026-10-02'", "2 b", 1),
            ("\"AsOfDate\" > date '2026-10-01' and b < -20", "3 b", 2),
            ("\"AsOfDate\" in ('2026-10-01', '2026-10-03')", "1 a, 3 b", 2),
            ("\"AsOfDate\" < '2026-10-01'", "", 0),
        ] {
            let sql = format!(
                "select string_agg(word, ', ' order by word) from (select distinct extract(day from \"AsOfDate\") || \
                 case when b is null then ' a' else ' b' end as word from t where {condition})"
            );
            let frame = ctx.sql(&sql).await.unwrap();
            let plan = frame.clone().create_physical_plan().await.unwrap();
            let plan = displayable(plan.as_ref()).indent(false).to_string();
            assert_eq!(plan.matches(".parquet").count(), files, "{condition}\n{plan}");
            let batches = frame.collect().await.unwrap();
            let text = datafusion::arrow::util::display::array_value_to_string(batches[0].column(0), 0);
            assert_eq!(text.unwrap(), expected, "{condition}");
        }
    }
}
