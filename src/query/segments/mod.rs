//! Segments: named queries over the published tables, each of which yields customers.
//!
//! The shipped segments are the files in `sql/segments/`. Users add their own as `segments/NAME.sql`
//! beside the enrichment file; a file with the name of a shipped segment replaces it. The first `--`
//! comment is the description. [`register`] registers each segment as a view `Segment_<Name>`. A segment
//! that cannot be a view (wrong SQL, no CustomerId) is broken: it fails when it is used, and the other
//! segments work.
//!
//! A segment can use two parameters, `$has_mail` and `$has_meetings`: whether the run that published the tables
//! had these sources.

mod broken;
mod folder;
mod order;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, TableReference};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Volatility};
use datafusion::prelude::SessionContext;

pub use self::folder::unread;
use super::missing_names::NO_TABLE;
use super::statements::{Statements, split};
use crate::config::{Enrichment, Source};
use crate::error::{Error, Result};
use crate::views::{Parameters, SEGMENTS, USER_TABLE};

/// The column that every segment yields.
pub const CUSTOMER_ID: &str = "CustomerId";

/// The number of operators that the plan of a segment may have. Segments that read others contain their plans, so a few
/// files could otherwise make a plan of any size.
const LARGEST_PLAN: usize = 1_000;

/// The functions of the time of the call. Within a statement they are stable.
const CLOCK: [&str; 4] = ["now", "current_date", "current_time", "today"];

/// A named query that yields customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its name, such as `one_sided`.
    pub name: String,
    /// What it contains, in one line; can be empty.
    pub description: String,
    /// The query.
    pub sql: String,
    /// The user's file; `None` for a shipped segment.
    pub path: Option<PathBuf>,
    /// Why it cannot be used; `None` if it can.
    pub broken: Option<String>,
}

/// Name and query of the shipped segments.
const SHIPPED: [(&str, &str); 6] = [
    ("stale", include_str!("../../../sql/segments/stale.sql")),
    ("silent", include_str!("../../../sql/segments/silent.sql")),
    ("champions", include_str!("../../../sql/segments/champions.sql")),
    ("one_sided", include_str!("../../../sql/segments/one_sided.sql")),
    ("single_threaded", include_str!("../../../sql/segments/single_threaded.sql")),
    ("cooling", include_str!("../../../sql/segments/cooling.sql")),
];

/// The tables that no segment can read, and why. What a segment yields is published, and can be retained.
const NOT_FOR_SEGMENTS: [(&str, &str); 2] = [
    (
        SEGMENTS,
        "is made of the segments, so no segment can read it; read the view of a segment, such as Segment_Stale",
    ),
    (
        USER_TABLE,
        "is about individuals, so no segment can read it: what a segment yields is published as a list of customers",
    ),
];

impl Segment {
    /// A segment that is not planned yet.
    fn new(name: impl Into<String>, sql: impl Into<String>, path: Option<PathBuf>) -> Self {
        let (name, sql) = (name.into(), sql.into());
        Self { description: description(&sql), name, sql, path, broken: None }
    }

    /// The segments that this crate contains.
    pub fn shipped() -> Vec<Segment> {
        SHIPPED.map(|(name, sql)| Segment::new(name, sql, None)).into()
    }

    /// The name of its view: `Segment_OneSided` for `one_sided`.
    pub fn view(&self) -> String {
        let camel = self.name.split('_').map(|part| {
            let (first, rest) = part.split_at(part.chars().next().map_or(0, char::len_utf8));
            first.to_uppercase() + rest
        });
        format!("Segment_{}", camel.collect::<String>())
    }

    /// Whether it is a user's file that replaces a shipped segment.
    pub fn replaces_shipped(&self) -> bool {
        self.path.is_some() && SHIPPED.iter().any(|(name, _)| key(name) == key(&self.name))
    }

    /// Whether a name refers to this segment. The name can be that of the file or of the view, in any case,
    /// with or without `Segment_`.
    pub fn is_called(&self, name: &str) -> bool {
        let called = key(&self.name);
        let name = name.to_lowercase();
        key(&name) == called || name.strip_prefix("segment_").is_some_and(|rest| key(rest) == called)
    }

    /// The error that a query gets if it uses a broken segment; `None` if the segment is not broken.
    pub(crate) fn error(&self) -> Option<Error> {
        let reason = self.broken.as_ref()?;
        let place = self.path.as_ref().map_or(format!("segment {}", self.name), |p| p.display().to_string());
        Some(Error::query(format!("{place}: {reason}")))
    }
}

/// The segment to which a name refers: the segment of exactly that name, else of that name in another spelling, else the
/// one whose view has that name.
pub fn find<'a>(segments: &'a [Segment], name: &str) -> Option<&'a Segment> {
    let exact = segments.iter().find(|s| s.name == name);
    let named = exact.or_else(|| segments.iter().find(|s| key(&s.name) == key(name)));
    named.or_else(|| segments.iter().find(|s| s.is_called(name)))
}

/// The key of a name. Names with the same key refer to the same segment, because their views have the
/// same name.
fn key(name: &str) -> String {
    name.replace('_', "").to_lowercase()
}

/// The text of the first comment line; empty if there is none.
fn description(sql: &str) -> String {
    let comment = sql.lines().find_map(|line| line.trim().strip_prefix("--"));
    comment.unwrap_or_default().trim_start_matches('-').trim().to_owned()
}

/// Registers the views of all segments, the shipped ones and those beside the enrichment file, on a
/// session with the published tables. `sources` are those of the run that published them. A segment may read
/// another one. Returns all segments. A broken segment is not an error, see [`Segment::broken`].
///
/// # Errors
/// A view cannot be registered, or the folder `segments` exists and cannot be listed.
pub async fn register(
    ctx: &SessionContext,
    enrichment: &Enrichment,
    sources: &[Source],
) -> Result<Vec<Segment>> {
    let parameters = Parameters::of_segments(sources);
    let mut segments = all(folder::read(enrichment)?);
    refuse_tables(&mut segments, &enrichment.output.table);
    let mut session = Statements::new(ctx.clone()).await?;
    let mut waiting = order::order(&segments);
    waiting.retain(|i| segments[*i].broken.is_none());
    // A word that only looks like the name of a view can make the order wrong, so failed ones are tried again as long
    // as another one succeeds.
    loop {
        let before = waiting.len();
        let mut failed = vec![];
        for i in waiting {
            match plan(&session, &segments[i].sql, &parameters).await {
                Ok(plan) => session.register_view(segments[i].view(), plan, segments[i].sql.clone())?,
                Err(error) => failed.push((i, error)),
            }
        }
        if failed.is_empty() || failed.len() == before {
            let broken: HashSet<usize> = (0..segments.len())
                .filter(|i| segments[*i].broken.is_some() || failed.iter().any(|(failed, _)| failed == i))
                .collect();
            for (i, error) in failed {
                let others = broken.iter().filter(|other| **other != i).map(|other| segments[*other].view());
                segments[i].broken = Some(reason(&error.to_string(), others));
            }
            break;
        }
        waiting = failed.into_iter().map(|(i, _)| i).collect();
    }
    let mut taken: HashSet<String> =
        segments.iter().filter(|s| s.broken.is_none()).map(|s| key(&s.name)).collect();
    for segment in &segments {
        if let Some(error) = segment.error()
            && taken.insert(key(&segment.name))
        {
            let view = TableReference::bare(segment.view());
            ctx.register_table(view, Arc::new(broken::Broken::new(error)))?;
        }
    }
    Ok(segments)
}

/// The first function of a plan whose results depend on the clock or on chance.
fn of_the_clock(plan: &LogicalPlan) -> Result<Option<String>> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                if let Expr::ScalarFunction(call) = part
                    && (call.func.signature().volatility == Volatility::Volatile
                        || CLOCK.contains(&call.name()))
                {
                    found = Some(call.name().to_owned());
                    return Ok(TreeNodeRecursion::Stop);
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(found)
}

/// Makes segments broken that read a table that is not for segments. `own` is the name of the output table.
fn refuse_tables(segments: &mut [Segment], own: &str) {
    for (table, why) in NOT_FOR_SEGMENTS {
        let own = table.replacen("Office", own, 1);
        let names = [own.as_str(), table].map(|name| [format!("{name}_AllDates"), name.to_owned()]);
        let names = names.as_flattened().iter().map(|name| name.to_lowercase()).collect::<Vec<_>>();
        for segment in segments.iter_mut().filter(|segment| segment.broken.is_none()) {
            let words = order::words(&segment.sql);
            if names.iter().any(|name| words.contains(name)) {
                segment.broken = Some(format!("{table} {why}"));
            }
        }
    }
}

/// Why a segment is broken. A view of the others that are broken is not there, but its name is right.
fn reason(error: &str, mut others: impl Iterator<Item = String>) -> String {
    let missing = error.strip_prefix(NO_TABLE).and_then(|rest| rest.split(';').next());
    let read = missing.and_then(|name| others.find(|view| view.eq_ignore_ascii_case(name.trim_matches('"'))));
    read.map_or_else(|| error.to_owned(), |view| format!("it reads {view}, which is broken"))
}

/// The shipped segments that no file replaces, then the segments of the files.
fn all(files: Vec<Segment>) -> Vec<Segment> {
    let replaced: HashSet<String> = files.iter().map(|s| key(&s.name)).collect();
    let mut segments = Segment::shipped();
    segments.retain(|s| !replaced.contains(&key(&s.name)));
    let mut seen = HashSet::new();
    segments.extend(files.into_iter().map(|mut file| {
        if !seen.insert(key(&file.name)) && file.broken.is_none() {
            file.broken =
                Some(format!("another file defines the view {} too; rename one of them", file.view()));
        }
        file
    }));
    segments
}

/// The plan of a segment: one query with one column CustomerId, which gets this spelling.
///
/// # Errors
/// The text is not such a query.
async fn plan(session: &Statements, sql: &str, parameters: &Parameters) -> Result<LogicalPlan> {
    let statements = split(sql)?;
    let [statement] = statements.as_slice() else {
        return Err(Error::query(format!(
            "a segment is one query, but the file has {} statements",
            statements.len()
        )));
    };
    let plan = session.logical_plan(statement).await?;
    let mut operators = 0;
    plan.apply_with_subqueries(|_| {
        operators += 1;
        Ok(if operators > LARGEST_PLAN { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    if operators > LARGEST_PLAN {
        return Err(Error::query(format!(
            "with the segments that it reads, it has more than {LARGEST_PLAN} operators; read fewer of them"
        )));
    }
    if let Some(function) = of_the_clock(&plan)? {
        return Err(Error::query(format!(
            "{function}() gives something else whenever it is called, but a segment follows from the published tables; the \
             date of a run is the column \"AsOfDate\" of Office_Overview"
        )));
    }
    let known = parameters.names();
    if let Some(unknown) = plan.get_parameter_names()?.into_iter().filter(|name| !known.contains(name)).min()
    {
        return Err(Error::query(format!(
            "{unknown} has no value; a segment can use {}",
            known.join(" and ")
        )));
    }
    let plan = parameters.bind(plan)?;
    if !is_query(&plan) {
        return Err(Error::query("a segment is a query, but this is another kind of statement"));
    }
    let is_id = |name: &str| name.eq_ignore_ascii_case(CUSTOMER_ID);
    let ids = plan.schema().fields().iter().filter(|f| is_id(f.name())).count();
    if ids != 1 {
        return Err(Error::query(match ids {
            0 => format!("a segment yields a column {CUSTOMER_ID}, but this one does not"),
            _ => format!("a segment yields one column {CUSTOMER_ID}, but this one yields {ids}"),
        }));
    }
    let columns: Vec<Expr> = plan
        .schema()
        .iter()
        .map(|(table, field)| {
            let column = Expr::Column(Column::new(table.cloned(), field.name()));
            if is_id(field.name()) { column.alias(CUSTOMER_ID) } else { column }
        })
        .collect();
    Ok(LogicalPlanBuilder::from(plan).project(columns)?.build()?)
}

fn is_query(plan: &LogicalPlan) -> bool {
    !matches!(
        plan,
        LogicalPlan::Ddl(_)
            | LogicalPlan::Dml(_)
            | LogicalPlan::Copy(_)
            | LogicalPlan::Statement(_)
            | LogicalPlan::Explain(_)
            | LogicalPlan::Analyze(_)
            | LogicalPlan::DescribeTable(_)
    )
}
