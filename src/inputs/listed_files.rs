//! A table of Parquet files in which a file may have a schema of its own, and columns whose values come from
//! the names of its folders.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{FieldRef, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Result, ScalarValue, project_schema};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::ListingTable;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchemaBuilder;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::object_store::path::Path;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;

/// What one file has of its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Own {
    /// The schema with which it is read, if this is not the one in its footer.
    pub(crate) schema: Option<SchemaRef>,
    /// The values of the table's keys, in their order.
    pub(crate) values: Vec<ScalarValue>,
}

/// A table of files.
#[derive(Debug)]
pub(crate) struct ListedFiles {
    files: ListingTable,
    /// The columns that come from the names of folders. The listing table cannot have them as its partition
    /// columns: those are never null.
    keys: Vec<FieldRef>,
    /// The columns of the files, then the keys.
    schema: SchemaRef,
    /// By the path of the file.
    own: HashMap<Path, Own>,
}

impl ListedFiles {
    pub(crate) fn new(files: ListingTable, keys: Vec<FieldRef>, own: HashMap<Path, Own>) -> Self {
        let fields: Vec<_> = files.schema().fields().iter().chain(&keys).cloned().collect();
        Self { files, keys, schema: Arc::new(Schema::new(fields)), own }
    }

    /// The groups of a scan, each file with what it has of its own.
    fn groups(&self, scan: &FileScanConfig) -> Vec<FileGroup> {
        let mut groups = scan.file_groups.clone();
        for group in &mut groups {
            for file in 0..group.len() {
                let file = &mut group[file];
                let own = self.own.get(&file.object_meta.location).cloned().unwrap_or_default();
                (file.arrow_schema, file.partition_values) = (own.schema, own.values);
            }
        }
        groups
    }

    /// Plans a scan with keys, of the files that the listing table has found.
    async fn scan_with_keys(
        &self,
        state: &dyn Session,
        found: &FileScanConfig,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let format = &self.files.options().format;
        let schema = TableSchemaBuilder::from(&self.files.schema())
            .with_table_partition_cols(self.keys.clone())
            .build();
        let source = format.file_source(schema);
        let scan = FileScanConfigBuilder::new(found.object_store_url.clone(), source)
            .with_file_groups(self.groups(found))
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        format.create_physical_plan(state, scan).await
    }
}

fn scan_of(node: &Arc<dyn ExecutionPlan>) -> Option<&FileScanConfig> {
    node.downcast_ref::<DataSourceExec>()?.data_source().downcast_ref::<FileScanConfig>()
}

#[async_trait]
impl TableProvider for ListedFiles {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        self.files.table_type()
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let is_key = |name: &str| self.keys.iter().any(|key| key.name() == name);
        let supported = filters.iter().map(|filter| {
            if filter.column_refs().iter().any(|column| is_key(&column.name)) {
                return Ok(TableProviderFilterPushDown::Unsupported);
            }
            Ok(self.files.supports_filters_pushdown(&[filter])?.remove(0))
        });
        supported.collect()
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if !self.keys.is_empty() {
            let plan = self.files.scan(state, None, filters, limit).await?;
            return match scan_of(&plan) {
                Some(found) => self.scan_with_keys(state, found, projection, limit).await,
                // There are no files.
                None => Ok(Arc::new(EmptyExec::new(project_schema(&self.schema, projection)?))),
            };
        }
        let plan = self.files.scan(state, projection, filters, limit).await?;
        let plan = plan.transform_up(|node| {
            let Some(scan) = scan_of(&node) else { return Ok(Transformed::no(node)) };
            let scan = FileScanConfigBuilder::from(scan.clone()).with_file_groups(self.groups(scan)).build();
            Ok(Transformed::yes(DataSourceExec::from_data_source(scan)))
        })?;
        Ok(plan.data)
    }
}
