//! The first rows of mail or meetings, at which a note looks again. They are the same rows in every run and on every
//! machine: those of the first files, in the order of the files and of their rows.

use std::sync::Arc;

use datafusion::catalog::MemoryCatalogProviderList;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::SessionContext;

use super::sql_numbers::{SAMPLE, looked_at, numbers};
use crate::config::{Enrichment, Format};
use crate::engine::quoted;
use crate::error::Result;
use crate::error::numbers::count;
use crate::inputs::InputSource;
use crate::views::{Parameters, View};

/// How many files are looked at. Each costs a query, and several requests in an object store.
const FILES: usize = 64;

/// What was looked at.
pub(crate) struct Looked {
    rows: i64,
    end: End,
}

/// Why a look ended.
#[derive(PartialEq)]
enum End {
    /// There are no more rows.
    Everything,
    Rows,
    Files,
}

impl Looked {
    /// Whether all rows were looked at.
    pub(crate) fn is_everything(&self) -> bool {
        self.end == End::Everything
    }

    /// The rows of a section that were looked at, in words.
    pub(crate) fn in_words(&self) -> String {
        match self.end {
            End::Files => format!("its first {}", count(FILES, "file")),
            End::Rows | End::Everything => looked_at(self.rows),
        }
    }
}

/// Looks at the first rows of a source of mail or meetings, file by file. `staged` is its staging view, and `query` gives
/// a query over the first rows of this view: numbers, of which the first one is that of the rows. `add` gets the file and
/// the other numbers. The files of a Delta table are not known apart, so it is looked at as a whole; and not at all, which
/// is `None`, if it is so large that rows would have to be chosen: they have no order.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) async fn look(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    source: &InputSource,
    staged: &'static str,
    query: impl Fn(usize) -> String,
    mut add: impl FnMut(Option<&str>, &[i64]),
) -> Result<Option<Looked>> {
    let mut looked = Looked { rows: 0, end: End::Everything };
    if source.format == Format::Delta {
        if source.rows > SAMPLE as u64 {
            return Ok(None);
        }
        if let [rows, others @ ..] = &numbers(ctx, &query(SAMPLE)).await?[..] {
            add(None, others);
            looked.rows = *rows;
        }
        return Ok(Some(looked));
    }
    let (own, input, parameters) =
        (in_order(ctx), format!("input_{}", source.section), Parameters::of(enrichment));
    for (position, file) in source.files.iter().enumerate() {
        let left = SAMPLE.saturating_sub(looked.rows.unsigned_abs() as usize);
        if left == 0 || position == FILES {
            looked.end = if left == 0 { End::Rows } else { End::Files };
            break;
        }
        let Some(rows) = source.one_file(&own, enrichment, position).await? else { break };
        own.register_table(quoted(&input), rows.into_view())?;
        if let Some(view) = View::named(staged) {
            view.register(&own, &parameters).await?;
        }
        if let [rows, others @ ..] = &numbers(&own, &query(left)).await?[..] {
            add(Some(&file.to_string()), others);
            looked.rows += rows;
        }
        own.deregister_table(quoted(staged))?;
        own.deregister_table(quoted(&input))?;
    }
    if looked.rows >= SAMPLE as i64 {
        looked.end = End::Rows;
    }
    Ok(Some(looked))
}

/// A session like this one, with tables of its own, that reads rows one after the other: the first rows of a file are
/// then always the same ones.
fn in_order(ctx: &SessionContext) -> SessionContext {
    let config = ctx.copied_config().with_target_partitions(1).with_create_default_catalog_and_schema(true);
    let state = SessionStateBuilder::new_from_existing(ctx.state())
        .with_config(config)
        .with_catalog_list(Arc::new(MemoryCatalogProviderList::new()))
        .build();
    SessionContext::new_with_state(state)
}
