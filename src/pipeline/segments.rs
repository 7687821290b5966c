//! Segments in a run and in a check: the members of each segment, and what is said of those that are broken. The others
//! work, and so does the run.

use std::sync::Arc;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::{DataType, Fields, Int64Type};
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::logical_expr::{LogicalPlan, Union, cast, lit};
use datafusion::prelude::{DataFrame, SessionContext, ident};

use crate::config::Enrichment;
use crate::engine::materialized::Materialized;
use crate::engine::own_thread::on_own_thread;
use crate::engine::{quoted, session};
use crate::error::Result;
use crate::error::numbers::count;
use crate::inputs;
use crate::publish::{self, Table};
use crate::query::segments::{self, CUSTOMER_ID, Segment};
use crate::query::statements::Statements;

/// The notes about broken segments. They are planned over empty tables with the columns of the published ones. `ctx` has
/// the inputs.
pub(crate) async fn in_check(ctx: &SessionContext, enrichment: &Enrichment) -> Vec<String> {
    let broken = async || -> Result<Vec<String>> {
        let (empty, attributes) = (session::beside(ctx)?, inputs::attributes(ctx).await?);
        publish::register_empty(&empty, enrichment, &attributes).await?;
        let segments = segments::register(&empty, enrichment, &enrichment.sources()).await?;
        let note = |segment: &Segment| Some(note(segment, segment.broken.as_ref()?, BROKEN));
        Ok(segments.iter().filter_map(note).collect())
    };
    broken().await.unwrap_or_else(|e| vec![format!("the segments cannot be checked: {e}")])
}

/// What a note says of a segment without a plan, and of one whose query fails.
const BROKEN: &str = "is broken";
const FAILED: &str = "is not in Office_Segments, because its query fails";

/// The note about a segment.
fn note(segment: &Segment, reason: &str, what: &str) -> String {
    let place = segment.path.as_ref().map_or_else(String::new, |file| format!("{}: ", file.display()));
    format!("the segment {} {what}: {place}{reason}", segment.name)
}

/// Computes the members of each segment, one after the other, over the tables of `ctx`, and registers them there as
/// `table`: a segment once for each of its customers. Returns the notes about the segments that are left out, because
/// they are broken or their queries fail.
///
/// # Errors
/// The members cannot be registered.
pub(crate) async fn register_members(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    table: &Table,
) -> Result<Vec<String>> {
    let (mut notes, mut all) = (vec![], vec![]);
    match segments::register(ctx, enrichment, &enrichment.sources()).await {
        Err(e) => notes.push(format!("the segments cannot be read, and {} is empty: {e}", table.name)),
        Ok(segments) => {
            let statements = Statements::new(ctx.clone()).await?;
            for segment in &segments {
                if let Some(reason) = &segment.broken {
                    notes.push(note(segment, reason, BROKEN));
                    continue;
                }
                match members(ctx, &statements, segment).await {
                    Ok(members) => all.push(ctx.read_table(Arc::new(members))?.into_parts().1),
                    Err(e) => notes.push(note(segment, &e.to_string(), FAILED)),
                }
            }
        }
    }
    let members: Arc<dyn TableProvider> = match all.len() {
        0 => Arc::new(MemTable::try_new(table.schema(1, &Fields::empty()), vec![vec![]])?),
        _ => {
            let union = Union::try_new_with_loose_types(all.into_iter().map(Arc::new).collect())?;
            DataFrame::new(ctx.state(), LogicalPlan::Union(union)).into_view()
        }
    };
    ctx.register_table(quoted(table.name), members)?;
    notes.extend(unknown(ctx, table).await?);
    Ok(notes)
}

/// The notes about segments that yield identifiers which no account of the profile has.
async fn unknown(ctx: &SessionContext, table: &Table) -> Result<Vec<String>> {
    let sql = format!(
        "select \"Segment\", count(*) from {:?} where {CUSTOMER_ID:?} not in (select {CUSTOMER_ID:?} from \"CustomerCard\") \
         group by \"Segment\" order by \"Segment\"",
        table.name
    );
    let mut notes = vec![];
    for batch in ctx.sql(&sql).await?.collect().await? {
        let (names, numbers) =
            (batch.column(0).as_string::<i32>(), batch.column(1).as_primitive::<Int64Type>());
        notes.extend(names.iter().flatten().zip(numbers.values()).map(|(name, ids)| {
            let are = if *ids == 1 { "is" } else { "are" };
            format!("the segment {name} yields {} that {are} not in the profile", count(*ids, "identifier"))
        }));
    }
    Ok(notes)
}

/// The members of a segment: its name, and each customer once.
async fn members(ctx: &SessionContext, statements: &Statements, segment: &Segment) -> Result<Materialized> {
    let rows = ctx.table(quoted(&segment.view())).await?;
    let columns = [
        lit(segment.name.as_str()).alias("Segment"),
        cast(ident(CUSTOMER_ID), DataType::Utf8).alias(CUSTOMER_ID),
    ];
    let explain = |e| statements.explain(e);
    let members =
        rows.filter(ident(CUSTOMER_ID).is_not_null()).and_then(|rows| rows.select(columns)?.distinct());
    let members = members.map_err(explain)?;
    let context = Arc::new(members.task_ctx());
    // Planning is recursive, and segments that read others have deep plans.
    let plan = on_own_thread(async move { members.create_physical_plan().await }).await?.map_err(explain)?;
    Materialized::compute(&segment.view(), plan, context).await.map_err(explain)
}
