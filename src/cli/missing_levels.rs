//! Finds the levels of Office that a query asks for and that are not published. Such a query returns no
//! rows, and the user would not see why.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator};

use crate::config::Level;
use crate::error::Result;

/// The column of Office that contains the level.
const COLUMN: &str = "AggregationLevel";

/// The levels with which a plan compares `AggregationLevel` and that are not in `present`, in the order of
/// levels, each once.
pub fn missing(plan: &LogicalPlan, present: &[Level]) -> Result<Vec<Level>> {
    let mut missing = vec![];
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                for value in asked_for(part) {
                    let level = Level::ALL.into_iter().find(|l| l.as_str() == value);
                    missing.extend(level.filter(|l| !present.contains(l)));
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    missing.sort();
    missing.dedup();
    Ok(missing)
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

fn is_level(expression: &Expr) -> bool {
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
}
