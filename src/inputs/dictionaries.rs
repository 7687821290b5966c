//! Reads a column of a Parquet file as a dictionary if the file stores it as one.
//!
//! The Parquet reader copies out each value of a column unless the Arrow schema of the file declares a
//! dictionary type, which few writers do. But nearly all writers store addresses with dictionary encoding,
//! and functions of an address are evaluated once per dictionary value (see `lookup_people`). Therefore
//! such a file is read with a schema that declares the dictionary type.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::ListingTable;
use datafusion::datasource::physical_plan::{FileScanConfig, FileScanConfigBuilder};
use datafusion::datasource::source::DataSourceExec;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::object_store::path::Path;
use datafusion::parquet::basic::Encoding;
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::physical_plan::ExecutionPlan;

/// The type of text as a dictionary.
pub(crate) fn text_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

/// The field with a dictionary type, if it contains text or lists of text. `None` for any other type, and if
/// a page of the column contains plain values: they would have to be put into a dictionary again.
pub(crate) fn as_dictionary(field: &Field, file: &ParquetMetaData) -> Option<Arc<Field>> {
    let data_type = match field.data_type() {
        text if is_text(text) => text_type(),
        DataType::List(item) if is_text(item.data_type()) => {
            DataType::List(Arc::new(item.as_ref().clone().with_data_type(text_type())))
        }
        _ => return None,
    };
    let schema = file.file_metadata().schema_descr();
    let mut leaves = (0..schema.num_columns()).filter(|i| schema.get_column_root(*i).name() == field.name());
    let (leaf, None) = (leaves.next()?, leaves.next()) else { return None };
    let is_dictionary = |e: &Encoding| matches!(e, Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY);
    let mut chunks = file.row_groups().iter().map(|group| group.column(leaf));
    let all = chunks.all(|chunk| {
        let pages = chunk.page_encoding_stats_mask();
        chunk.num_values() == 0 || pages.is_some_and(|mask| mask.encodings().all(|e| is_dictionary(&e)))
    });
    all.then(|| Arc::new(field.clone().with_data_type(data_type)))
}

fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, value) => is_text(value),
        other => other.is_string(),
    }
}

/// Whether a field has a dictionary type, or is a list of dictionary values.
pub(crate) fn is_coded(data_type: &DataType) -> bool {
    match data_type {
        DataType::List(item) => is_coded(item.data_type()),
        other => matches!(other, DataType::Dictionary(_, _)),
    }
}

/// The schema in which these fields replace those with the same names.
pub(crate) fn with_fields(schema: &Schema, fields: &[Arc<Field>]) -> SchemaRef {
    let own = schema.fields().iter();
    let fields = own.map(|own| fields.iter().find(|f| f.name() == own.name()).unwrap_or(own));
    let fields: Vec<_> = fields.cloned().collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// A table of files in which each file in `schemas` is read with the schema given there.
#[derive(Debug)]
pub(crate) struct FilesWithSchemas {
    pub(crate) files: ListingTable,
    pub(crate) schemas: HashMap<Path, SchemaRef>,
}

#[async_trait]
impl TableProvider for FilesWithSchemas {
    fn schema(&self) -> SchemaRef {
        self.files.schema()
    }

    fn table_type(&self) -> TableType {
        self.files.table_type()
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        self.files.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let plan = self.files.scan(state, projection, filters, limit).await?;
        let plan = plan.transform_up(|node| {
            let scan = node.downcast_ref::<DataSourceExec>();
            let scan = scan.and_then(|exec| exec.data_source().downcast_ref::<FileScanConfig>());
            let Some(scan) = scan else { return Ok(Transformed::no(node)) };
            let mut groups = scan.file_groups.clone();
            for group in &mut groups {
                for file in 0..group.len() {
                    let file = &mut group[file];
                    file.arrow_schema = self.schemas.get(&file.object_meta.location).cloned();
                }
            }
            let scan = FileScanConfigBuilder::from(scan.clone()).with_file_groups(groups).build();
            Ok(Transformed::yes(DataSourceExec::from_data_source(scan)))
        })?;
        Ok(plan.data)
    }
}
