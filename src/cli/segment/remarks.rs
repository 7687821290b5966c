//! What the author of a segment should know about it.

use datafusion::arrow::util::display::array_value_to_string;
use futures::TryStreamExt;

use crate::cli::session::Session;
use crate::cli::{missing_levels, missing_sources, mixed_levels, whole_quotients};
use crate::config::Level;
use crate::error::{Error, Result};
use crate::query::segments::Segment;

/// Why a segment has no members, or fewer than its author expects: levels of Office that it reads and that are
/// not published or do not exist, and the source without which it is always empty.
///
/// # Errors
/// The segment is broken.
pub(super) async fn remarks(session: &Session, segment: &Segment) -> Result<Vec<String>> {
    let query = format!("select \"CustomerId\" from \"{}\"", segment.view());
    let plan = session.statements.logical_plan(&query).await?;
    let levels = missing_levels::missing(&plan, &session.levels)?;
    let others = missing_levels::no_levels(&plan)?;
    let mixed = mixed_levels::read(&plan, &session.levels)?;
    let quotient = whole_quotients::remark(&plan)?;
    let source = missing_sources::needed(session.statements.context(), &plan, &session.sources);
    let source = source.map(|source| format!("the enrichment has no [{source}]"));
    Ok(unpublished(&levels).into_iter().chain(others).chain(mixed).chain(quotient).chain(source).collect())
}

/// The remark that these levels are not published; `None` if there are none.
fn unpublished(levels: &[Level]) -> Option<String> {
    let names: Vec<&str> = levels.iter().map(|l| l.as_str()).collect();
    match names.as_slice() {
        [] => None,
        [one] => Some(format!("level {one} is not published")),
        several => Some(format!("levels {} are not published", several.join(" and "))),
    }
}

/// The remark about identifiers that a segment yields and no account of the profile has; `None` if there are none.
///
/// # Errors
/// The segment is broken or its query fails.
pub(super) async fn unknown(session: &Session, segment: &Segment) -> Result<Option<String>> {
    let query = format!(
        "select count(distinct \"CustomerId\") from \"{}\" where cast(\"CustomerId\" as varchar) not in (select \"CustomerId\" from \
         \"CustomerCard\")",
        segment.view()
    );
    Ok(match number(session, &query).await? {
        0 => None,
        1 => Some("1 id is not in the profile".to_owned()),
        many => Some(format!("{many} ids are not in the profile")),
    })
}

/// The number that a query returns.
pub(super) async fn number(session: &Session, query: &str) -> Result<i64> {
    let plan = session.statements.logical_plan(query).await?;
    let frame = session.statements.context().execute_logical_plan(plan).await;
    let frame = frame.map_err(|e| session.statements.explain(e))?;
    let batches = session.statements.stream(frame).await?.try_collect::<Vec<_>>().await;
    let batches = batches.map_err(|e| session.statements.explain(e))?;
    let count = batches.first().filter(|b| b.num_rows() == 1);
    let count = count.and_then(|b| array_value_to_string(b.column(0), 0).ok()?.parse().ok());
    count.ok_or_else(|| Error::query("its size is not a number"))
}
