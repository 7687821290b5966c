//! Rows that their source has deleted or replaced, and keeps.
//!
//! No rule says which columns mean it, so these rows count like others. They are counted for a note.

use std::collections::HashMap;

use datafusion::arrow::datatypes::FieldRef;
use datafusion::logical_expr::ident;
use datafusion::prelude::{DataFrame, SessionContext};

use super::mark_columns::{Mark, MarkColumn};
use super::source::InputSource;
use super::{columns, csv, delta, parquet};
use crate::config::{Enrichment, Format};
use crate::error::Result;

/// Rows that a column marks as deleted or replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeletedRows {
    pub(crate) column: String,
    pub(crate) rows: u64,
    /// Whether the rows have values that other rows have, too.
    pub(crate) are_versions: bool,
}

impl InputSource {
    /// The rows that columns mark as deleted or replaced, by column; of mail and meetings those in
    /// [sampled files](InputSource::sampled_files). A column that cannot be read is passed over: a run does not need it.
    pub(crate) async fn deleted_rows(
        &self,
        ctx: &SessionContext,
        enrichment: &Enrichment,
    ) -> Vec<DeletedRows> {
        let sampled = self.files_with_marks();
        let mut found: Vec<DeletedRows> = vec![];
        // Files with the same column are one table.
        let mut waiting: Vec<&MarkColumn> =
            self.mark_columns.iter().filter(|column| sampled.contains(&column.file)).collect();
        while let Some(first) = waiting.first().copied() {
            let (alike, others): (Vec<_>, _) =
                waiting.into_iter().partition(|column| column.field == first.field);
            waiting = others;
            let Ok(table) = self.mark_table(ctx, enrichment, &alike).await else { continue };
            let rows = first.mark.count(table).await.unwrap_or_default();
            match found.iter_mut().find(|one| one.column == *first.field.name()) {
                Some(one) => one.rows += rows,
                None => found.push(DeletedRows {
                    column: first.field.name().clone(),
                    rows,
                    are_versions: first.mark == Mark::Repeated,
                }),
            }
        }
        found.retain(|one| one.rows > 0);
        found
    }

    /// The positions of the files whose rows are looked at for marks.
    pub(crate) fn files_with_marks(&self) -> Vec<usize> {
        if self.has_copies() { self.sampled_files() } else { (0..self.files.len()).collect() }
    }

    /// A column that several files have, as a table.
    async fn mark_table(
        &self,
        ctx: &SessionContext,
        enrichment: &Enrichment,
        columns: &[&MarkColumn],
    ) -> Result<DataFrame> {
        let field = FieldRef::clone(&columns[0].field);
        let files =
            || columns.iter().filter_map(|column| Some((self.files.get(column.file)?, column.position)));
        match self.format {
            Format::Delta => {
                let place = columns::section(enrichment, self.section).and_then(|(_, place)| place);
                let path = place.map_or("", |(path, _)| path);
                Ok(delta::whole(ctx, enrichment, path).await?.select(vec![ident(field.name())])?)
            }
            Format::Csv => csv::one_column(ctx, self.section, files(), &field),
            _ => {
                let urls = files().map(|(file, _)| file.url()).collect::<Result<Vec<_>>>()?;
                parquet::read(ctx, vec![field], urls, HashMap::new())
            }
        }
    }
}
