//! The rows of mail or meetings at which a note looks again: the first ones of files from the first to the last, so that
//! a feed that has changed is noticed. They are the same rows in every run and on every machine.

use std::sync::Arc;

use datafusion::catalog::MemoryCatalogProviderList;
use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::SessionContext;

use super::sql_numbers::{SAMPLE, numbers};
use crate::config::{Enrichment, Format};
use crate::engine::quoted;
use crate::error::Result;
use crate::error::numbers::{count, grouped};
use crate::inputs::InputSource;
use crate::views::{Parameters, View};

/// What was looked at.
pub(crate) struct Looked {
    rows: i64,
    is_everything: bool,
}

impl Looked {
    /// Whether all rows were looked at.
    pub(crate) fn is_everything(&self) -> bool {
        self.is_everything
    }

    /// The rows of a section that were looked at, in words.
    pub(crate) fn in_words(&self) -> String {
        match self.is_everything {
            true => format!("its {}", count(self.rows, "row")),
            false => format!("{} of its rows", grouped(self.rows)),
        }
    }
}

/// Looks at rows of a source of mail or meetings, file by file. `staged` is its staging view, and `query` gives
/// a query over so many of the first rows of this view: numbers, of which the first one is that of the rows. `add` gets the file and
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
    let mut looked = Looked { rows: 0, is_everything: true };
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
    let positions = source.sampled_files();
    let is_small = source.format == Format::Canonical && source.rows <= SAMPLE as u64;
    looked.is_everything = positions.len() == source.files.len();
    for (number, position) in positions.iter().enumerate() {
        // What a small file leaves is shared by those behind it. Of exports in JSON, the number of rows is not known.
        let rest = SAMPLE.saturating_sub(looked.rows.unsigned_abs() as usize);
        let share = if is_small { rest } else { rest.div_ceil(positions.len() - number) };
        let Some(rows) = source.one_file(&own, enrichment, *position).await? else { break };
        own.register_table(quoted(&input), rows.into_view())?;
        if let Some(view) = View::named(staged) {
            view.register(&own, &parameters).await?;
        }
        if let [rows, others @ ..] = &numbers(&own, &query(share)).await?[..] {
            add(Some(&source.files[*position].to_string()), others);
            looked.rows += rows;
            looked.is_everything &= (*rows as usize) < share;
        }
        own.deregister_table(quoted(staged))?;
        own.deregister_table(quoted(&input))?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_at_in_words() {
        let looked = |rows, is_everything| Looked { rows, is_everything }.in_words();
        assert_eq!(looked(1, true), "its 1 row");
        assert_eq!(looked(100_000, true), "its 100,000 rows");
        assert_eq!(looked(100_000, false), "100,000 of its rows");
    }
}
