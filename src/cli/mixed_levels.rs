//! Finds queries that take rows of several levels together. Office has a row of an account for each period of each level,
//! so the sum of a column counts everything several times, and an account with one good week has a row that looks like a
//! good year.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::missing_levels::is_level;
use crate::config::{Level, Measure};
use crate::error::Result;

/// The tables with rows of several levels.
const TABLES: [&str; 2] = ["Office", "Office_AllDates"];

/// The aggregates whose result mixes levels.
const ADDING: [&str; 2] = ["sum", "avg"];

/// The remark about a query that adds numbers of Office and says nothing about the level; `None` if it does not, or if
/// Office has one level only.
pub fn added(plan: &LogicalPlan, published: &[Level]) -> Result<Option<String>> {
    let mut adds = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                adds |= is_sum(part)?;
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    let is_mixed = adds && is_mixed(plan, published)?;
    Ok(is_mixed.then(|| format!("this adds rows of {} together; add where {YEAR}", names(published))))
}

/// The remark about a segment that reads Office and says nothing about the level; `None` as for [`added`].
pub fn read(plan: &LogicalPlan, published: &[Level]) -> Result<Option<String>> {
    let is_mixed = is_mixed(plan, published)?;
    Ok(is_mixed.then(|| format!("it reads rows of {} together; add {YEAR}", names(published))))
}

/// What the author probably means.
const YEAR: &str = "AggregationLevel = 'year'";

fn names(levels: &[Level]) -> String {
    let names: Vec<_> = levels.iter().map(|level| level.as_str()).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Whether a plan reads Office, and no condition, group or order is about the level.
fn is_mixed(plan: &LogicalPlan, published: &[Level]) -> Result<bool> {
    let (mut reads, mut says) = (false, published.len() < 2);
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            reads |= TABLES.contains(&scan.table_name.table());
        }
        let is_projection = matches!(node, LogicalPlan::Projection(_));
        node.apply_expressions(|expression| {
            // A column that is passed on says nothing.
            if !(is_projection && is_level(expression)) {
                expression.apply(|part| {
                    says |= is_level(part);
                    Ok(TreeNodeRecursion::Continue)
                })?;
            }
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(reads && !says)
}

/// Whether an expression is a sum or average of a number of Office.
fn is_sum(expression: &Expr) -> datafusion::common::Result<bool> {
    let Expr::AggregateFunction(call) = expression else { return Ok(false) };
    let is_number = |column: &str| {
        column == "EngagementScore" || Measure::ALL.iter().any(|measure| measure.name == column)
    };
    let mut has_number = false;
    for argument in &call.params.args {
        has_number |= argument.exists(|part| Ok(matches!(part, Expr::Column(c) if is_number(&c.name))))?;
    }
    Ok(has_number && ADDING.contains(&call.func.name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::statements::Statements;
    use crate::query::testing;

    const LEVELS: [Level; 2] = [Level::Year, Level::Week];

    #[tokio::test]
    async fn rows_of_several_levels() {
        let session = Statements::new(testing::published().await).await.unwrap();
        for (query, is_added, is_read) in [
            ("select sum(noofemails_toaccount) from office", true, true),
            ("select customerid, avg(engagementscore + 1) from office group by customerid", true, true),
            ("select * from (select * from office) where engagementscore > 80", false, true),
            ("select sum(s) from (select engagementscore as s from office)", false, true),
            ("select count(*), max(engagementscore) from office", false, true),
            ("select aggregationlevel, sum(engagementscore) from office group by 1", false, false),
            ("select sum(engagementscore) from office where aggregationlevel = 'year'", false, false),
            (
                "select sum(engagementscore) filter (where aggregationlevel = 'year') from office",
                false,
                false,
            ),
            (
                "select sum(case when aggregationlevel = 'year' then engagementscore end) from office",
                false,
                false,
            ),
            ("select sum(emails) from customercard", false, false),
            (
                "select name from customercard where emails > (select avg(noofemails_toaccount) from office)",
                true,
                true,
            ),
        ] {
            let plan = session.logical_plan(query).await.unwrap();
            let found = |levels: &[Level]| (added(&plan, levels).unwrap(), read(&plan, levels).unwrap());
            let (sum, any) = found(&LEVELS);
            assert_eq!((sum.is_some(), any.is_some()), (is_added, is_read), "{query}");
            assert_eq!(found(&LEVELS[..1]), (None, None), "{query}");
        }
        let plan = session.logical_plan("select sum(engagementscore) from office").await.unwrap();
        assert_eq!(
            added(&plan, &LEVELS).unwrap().unwrap(),
            "this adds rows of year and week together; add where AggregationLevel = 'year'"
        );
    }
}
