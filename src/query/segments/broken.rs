//! A table that returns the reason as an error when it is read.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;

use crate::error::{Error, ErrorKind};

/// The table that is registered instead of a broken segment.
#[derive(Debug)]
pub(crate) struct Broken {
    kind: ErrorKind,
    message: String,
}

impl Broken {
    pub(crate) fn new(error: Error) -> Self {
        Self { kind: error.kind(), message: error.to_string() }
    }
}

#[async_trait]
impl TableProvider for Broken {
    fn schema(&self) -> SchemaRef {
        Arc::new(Schema::new(vec![Field::new(super::CUSTOMER_ID, DataType::Utf8, true)]))
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        _projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Err(Error::new(self.kind, self.message.clone()).into())
    }
}
