//! The members of a segment.

use datafusion::common::TableReference;

use super::remarks::{remarks, unknown};
use crate::cli::format::{Format, Layout};
use crate::cli::out::{self, note};
use crate::cli::results;
use crate::cli::session::Session;
use crate::error::{Error, ErrorKind, Result};
use crate::query::segments::{CUSTOMER_ID, Segment};

/// The columns of CustomerCard that stand beside the id, unless the segment yields such columns itself.
const BESIDE: [&str; 2] = ["Name", "EngagementScore"];

/// Prints the rows of a segment, highest score first.
pub(super) async fn members(
    session: &Session,
    segment: &Segment,
    format: Format,
    layout: Layout,
) -> Result<()> {
    let plan = session.statements.logical_plan(&query(session, segment).await?).await?;
    for remark in remarks(session, segment).await? {
        note(format!("note: segment {} reads Office, but {remark}", segment.name));
    }
    if let Some(unknown) = unknown(session, segment).await.map_err(|e| named(segment, e))? {
        note(format!("note: of segment {}, {unknown}: check what it selects as CustomerId", segment.name));
    }
    let frame = session.statements.context().execute_logical_plan(plan).await?;
    let mut out = out::stdout();
    let written = results::stream(&session.statements, frame, format, layout, &mut out).await;
    written.map(|_| ()).map_err(|e| named(segment, e))
}

/// An error of the query of a segment, with its name.
fn named(segment: &Segment, error: Error) -> Error {
    match error.kind() {
        ErrorKind::Query => Error::query(format!("segment {}: {error}", segment.name)).with_source(error),
        _ => error,
    }
}

/// The query for the rows of a segment, with the name and score that CustomerCard has for them. A segment that yields
/// CustomerId alone has each customer once.
///
/// # Errors
/// The segment has no view.
pub(super) async fn query(session: &Session, segment: &Segment) -> Result<String> {
    let view = session.statements.context().table_provider(TableReference::bare(segment.view())).await?;
    let schema = view.schema();
    let fields = schema.fields();
    let own = |name: &str| {
        fields.iter().find(|field| field.name().eq_ignore_ascii_case(name)).map(|field| field.name())
    };
    let member = |name: &str| format!("members.{}", quoted(name));
    let beside =
        BESIDE.map(|name| own(name).map_or_else(|| format!("card.{}", quoted(name)), |own| member(own)));
    let is_first =
        |name: &String| name == CUSTOMER_ID || BESIDE.iter().any(|beside| own(beside) == Some(name));
    let others: Vec<_> = fields.iter().filter(|field| !is_first(field.name())).collect();
    let shown = [member(CUSTOMER_ID)].into_iter().chain(beside);
    let shown = shown.chain(others.iter().map(|field| member(field.name()))).collect::<Vec<_>>();
    // A customer can have several rows. Not every type of nested values can be sorted.
    let sorted = others.iter().filter(|field| !field.data_type().is_nested());
    let sorted = sorted.map(|field| format!(", {}", member(field.name()))).collect::<String>();
    let distinct = if fields.len() == 1 { "distinct " } else { "" };
    Ok(format!(
        "select {distinct}{} from {} as members left join \"CustomerCard\" as card on card.\"CustomerId\" = \
         members.\"CustomerId\" where members.\"CustomerId\" is not null order by card.\"EngagementScore\" desc nulls \
         last, members.\"CustomerId\"{sorted}",
        shown.join(", "),
        quoted(&segment.view())
    ))
}

/// A name in double quotes.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
