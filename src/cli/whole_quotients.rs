//! Finds divisions of whole numbers, whose result is a whole number, too: 1 / 4 is 0. Some databases return 0.25, and a
//! share that is compared with 0.25 is never meant to be 0.

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};

use crate::error::Result;

/// The remark about a query that divides whole numbers; `None` if it does not.
pub fn remark(plan: &LogicalPlan) -> Result<Option<String>> {
    let mut is_found = false;
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                is_found |= is_quotient(node, part);
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    let remark = "the quotient of two whole numbers is a whole number: 1 / 4 is 0; multiply by 1.0 first";
    Ok(is_found.then(|| remark.to_owned()))
}

/// Whether an expression divides whole numbers of the rows that a node reads.
fn is_quotient(node: &LogicalPlan, expression: &Expr) -> bool {
    let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Divide, right }) = expression else { return false };
    let is_whole = |side: &Expr| {
        node.inputs().iter().any(|input| side.get_type(input.schema()).is_ok_and(|of| of.is_integer()))
    };
    is_whole(left) && is_whole(right)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::statements::Statements;
    use crate::query::testing;

    #[tokio::test]
    async fn divisions_of_whole_numbers() {
        let session = Statements::new(testing::published().await).await.unwrap();
        for (query, is_found) in [
            ("select emails / meetings from customercard", true),
            ("select emails / 2 from customercard", true),
            ("select 1 from customercard where emails / (emails + meetings) < 0.25", true),
            ("select sum(emails) / count(*) from customercard", true),
            (
                "select name from customercard c where exists (select 1 from office where 3 / noofemails_toaccount > 0)",
                true,
            ),
            ("select emails * 1.0 / meetings from customercard", false),
            ("select avg(emails) / 2 from customercard", false),
            ("select engagementscore / 2 from customercard", false),
            ("select emails % 2 from customercard", false),
        ] {
            let plan = session.logical_plan(query).await.unwrap();
            assert_eq!(remark(&plan).unwrap().is_some(), is_found, "{query}");
        }
    }
}
