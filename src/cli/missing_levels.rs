//! Finds the levels of Office that a query asks for and that are not published, and words that are not levels. Such a query
//! returns no rows, and the user would not see why.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};

use crate::config::Level;
use crate::error::Result;

/// The column of Office that contains the level.
const COLUMN: &str = "AggregationLevel";

/// The levels with which a plan compares `AggregationLevel` and that are not in `present`, in the order of
/// levels, each once.
pub fn missing(plan: &LogicalPlan, present: &[Level]) -> Result<Vec<Level>> {
    let levels = words(plan)?.into_iter().filter_map(|word| level(&word));
    let mut missing: Vec<_> = levels.filter(|level| !present.contains(level)).collect();
    missing.sort();
    missing.dedup();
    Ok(missing)
}

/// The remark about words with which a plan compares `AggregationLevel` and that are not levels; `None` if there are none.
pub fn no_levels(plan: &LogicalPlan) -> Result<Option<String>> {
    let mut others: Vec<_> = words(plan)?.into_iter().filter(|word| level(word).is_none()).collect();
    others.sort();
    others.dedup();
    let are = if others.len() == 1 { "is not a level" } else { "are not levels" };
    let others: Vec<_> = others.iter().map(|word| format!("'{word}'")).collect();
    let levels = Level::ALL.map(|level| format!("'{}'", level.as_str())).join(", ");
    Ok((!others.is_empty()).then(|| format!("{} {are} of {COLUMN}: those are {levels}", others.join(", "))))
}

fn level(word: &str) -> Option<Level> {
    Level::ALL.into_iter().find(|level| level.as_str() == word)
}

/// The words with which a plan compares `AggregationLevel`.
fn words(plan: &LogicalPlan) -> Result<Vec<String>> {
    let mut words = vec![];
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                words.extend(asked_for(part).into_iter().map(str::to_owned));
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(words)
}

/// The strings with which an expression compares the level, by `=` or `in`.
fn asked_for(expression: &Expr) -> Vec<&str> {
    match expression {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
            match (is_level(left), is_level(right)) {
                (true, _) => word(right).into_iter().collect(),
                (_, true) => word(left).into_iter().collect(),
                _ => vec![],
            }
        }
        Expr::InList(list) if !list.negated && is_level(&list.expr) => {
            list.list.iter().filter_map(word).collect()
        }
        _ => vec![],
    }
}

/// Whether an expression is the column of the level.
pub fn is_level(expression: &Expr) -> bool {
    matches!(expression, Expr::Column(column) if column.name == COLUMN)
}

fn word(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Literal(value, _) => value.try_as_str().flatten(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::query::statements::Statements;

    use super::*;
    use crate::query::testing;

    #[tokio::test]
    async fn levels_are_those_of_comparisons() {
        let mut session = Statements::new(testing::published().await).await.unwrap();
        session
            .plan("create view months as select * from office where 'month' = aggregationlevel")
            .await
            .unwrap();
        for (query, expected) in [
            ("select * from office where aggregationlevel = 'year'", vec![Level::Year]),
            ("select * from office o where o.aggregationlevel in ('year', 'week', 'day')", vec![Level::Year]),
            ("select * from office where aggregationlevel not in ('year')", vec![]),
            (
                "select * from office where date_trunc('month', aggregationstartdate) > date '2026-01-01'",
                vec![],
            ),
            ("select name from customercard where name = 'year'", vec![]),
            (
                "select * from months union all select * from office where aggregationlevel = 'year'",
                vec![Level::Year, Level::Month],
            ),
            (
                "select 1 from customercard where customerid in
                (select customerid from office where aggregationlevel = 'month')",
                vec![Level::Month],
            ),
            (
                "select 1 from customercard c left join office o
                on o.customerid = c.customerid and o.aggregationlevel = 'month'",
                vec![Level::Month],
            ),
        ] {
            let plan = session.logical_plan(query).await.unwrap();
            assert_eq!(missing(&plan, &[Level::Week]).unwrap(), expected, "{query}");
        }
    }

    #[tokio::test]
    async fn words_that_are_no_levels() {
        let session = Statements::new(testing::published().await).await.unwrap();
        let of = async |condition: &str| {
            let query = format!("select * from office where {condition}");
            no_levels(&session.logical_plan(&query).await.unwrap()).unwrap()
        };
        assert_eq!(of("aggregationlevel = 'year' or customerid = 'Year'").await, None);
        assert_eq!(
            of("'Year' = aggregationlevel").await.unwrap(),
            "'Year' is not a level of AggregationLevel: those are 'year', 'quarter', 'month', 'week'"
        );
        assert!(
            of("aggregationlevel in ('yearly', 'week', 'day')")
                .await
                .unwrap()
                .starts_with("'day', 'yearly' are not levels of AggregationLevel: those")
        );
    }
}
