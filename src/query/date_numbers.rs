//! Refuses statements that take whole numbers for dates. The engine takes a number beside a date for the days since 1970:
//! `AsOfDate > 2026-01-01`, which is the number 2024, and `AsOfDate > 20260101` would be true and false for every date.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result as EngineResult};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Operator};

use crate::error::{Error, Result};

const COMPARISONS: [Operator; 8] = [
    Operator::Eq,
    Operator::NotEq,
    Operator::Lt,
    Operator::LtEq,
    Operator::Gt,
    Operator::GtEq,
    Operator::IsDistinctFrom,
    Operator::IsNotDistinctFrom,
];

/// Functions that return one of their arguments, so that these have one type. The engine refuses `coalesce` of a date and
/// a number itself.
const SAME_TYPE: [&str; 3] = ["greatest", "least", "nullif"];

/// Refuses a plan that compares a date with a whole number, or puts both into one column. The plan is that of a statement,
/// before types are adapted to each other.
///
/// # Errors
/// The date, and how dates are written.
pub(crate) fn refuse_numbers_as_dates(plan: &LogicalPlan) -> Result<()> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        found = in_node(node)?;
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    found.map_or(Ok(()), |date| {
        Err(Error::query(format!(
            "{date} is a date and stands beside a whole number, which would count days from 1970; write a date as date \
             '2026-01-31', without quotes it is a subtraction"
        )))
    })
}

/// The date that stands beside a number in a node of a plan; `None` if there is none.
fn in_node(node: &LogicalPlan) -> EngineResult<Option<String>> {
    if let LogicalPlan::Union(union) = node {
        let schemas: Vec<_> = union.inputs.iter().map(|input| input.schema()).collect();
        let columns = schemas.iter().map(|schema| schema.fields().len()).min().unwrap_or_default();
        return Ok((0..columns).find_map(|at| {
            let fields: Vec<_> = schemas.iter().map(|schema| schema.field(at)).collect();
            let date = fields.iter().find(|field| is_date(field.data_type()))?;
            fields.iter().any(|field| field.data_type().is_integer()).then(|| date.name().clone())
        }));
    }
    let schema = match node {
        LogicalPlan::TableScan(scan) => {
            DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?
        }
        _ => merge_schema(&node.inputs()),
    };
    if let LogicalPlan::Join(join) = node
        && let Some(date) = join.on.iter().find_map(|(left, right)| mixed(&[left, right], &schema))
    {
        return Ok(Some(date));
    }
    let mut found = None;
    node.apply_expressions(|expr| {
        expr.apply(|part| {
            found = found.take().or_else(|| in_expression(part, &schema));
            Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })
    })?;
    Ok(found)
}

fn in_expression(expr: &Expr, schema: &DFSchema) -> Option<String> {
    match expr {
        Expr::BinaryExpr(binary) if COMPARISONS.contains(&binary.op) => {
            mixed(&[&binary.left, &binary.right], schema)
        }
        Expr::Between(between) => mixed(&[&between.expr, &between.low, &between.high], schema),
        Expr::InList(list) => {
            mixed(&std::iter::once(list.expr.as_ref()).chain(&list.list).collect::<Vec<_>>(), schema)
        }
        Expr::InSubquery(within) => {
            let column = within.subquery.subquery.schema().fields().first()?;
            let own = within.expr.get_type(schema).ok()?;
            is_mixed([&own, column.data_type()]).then(|| within.expr.to_string())
        }
        Expr::Case(case) => {
            let tested = case.expr.iter().map(|expr| expr.as_ref());
            let when =
                case.when_then_expr.iter().map(|(when, _)| when.as_ref()).filter(|_| case.expr.is_some());
            let results = case.when_then_expr.iter().map(|(_, then)| then).chain(&case.else_expr);
            mixed(&tested.chain(when).collect::<Vec<_>>(), schema)
                .or_else(|| mixed(&results.map(|expr| expr.as_ref()).collect::<Vec<_>>(), schema))
        }
        Expr::ScalarFunction(function) if SAME_TYPE.contains(&function.name()) => {
            mixed(&function.args.iter().collect::<Vec<_>>(), schema)
        }
        _ => None,
    }
}

/// The first date among expressions that also contain a whole number.
fn mixed(all: &[&Expr], schema: &DFSchema) -> Option<String> {
    let types: Vec<_> = all.iter().map(|expr| expr.get_type(schema).ok()).collect();
    if !is_mixed(types.iter().flatten()) {
        return None;
    }
    let date = types.iter().position(|found| found.as_ref().is_some_and(is_date))?;
    Some(match all[date] {
        Expr::Column(column) => column.name.clone(),
        other => other.human_display().to_string(),
    })
}

fn is_mixed<'a>(types: impl IntoIterator<Item = &'a DataType>) -> bool {
    let (mut has_date, mut has_number) = (false, false);
    for data_type in types {
        has_date |= is_date(data_type);
        has_number |= data_type.is_integer();
    }
    has_date && has_number
}

fn is_date(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Date64)
}

#[cfg(test)]
mod tests {
    use crate::query::statements::Statements;
    use crate::query::testing;

    #[tokio::test]
    async fn dates_beside_numbers() {
        let session = Statements::new(testing::published().await).await.unwrap();
        let from = |expression: &str| format!("select {expression} from office");
        let day = "aggregationstartdate";
        for sql in [
            from(&format!("{day} > 2026-01-01")),
            from(&format!("20260101 <= {day}")),
            from(&format!("{day} = 2026")),
            from(&format!("{day} is distinct from 5")),
            from(&format!("{day} between 1 and date '2026-01-01'")),
            from(&format!("{day} in (date '2026-01-01', 5)")),
            from(&format!("{day} in (select 5)")),
            from(&format!("case {day} when 5 then 'a' end")),
            from(&format!("case when true then {day} else 5 end")),
            from(&format!("nullif({day}, 19700101)")),
            format!("select 1 from office where {day} > 2026-01-01"),
            format!("select 1 from office join (select 5 as n) as x on {day} = n"),
            format!("select max({day}) from office having max({day}) > 20260101"),
            format!("select {day} from office union all select 5"),
            format!("select 1 from customercard where exists (select 1 from office where {day} > 2026 - 1)"),
            format!("create view v as select * from office where {day} > 2026-01-01"),
        ] {
            let error = session.logical_plan(&sql).await.unwrap_err().to_string();
            let says = "is a date and stands beside a whole number, which would count days from 1970; write a date as \
                        date '2026-01-31'";
            assert!(error.contains(says), "{sql}: {error}");
        }
        let error = session.logical_plan(&from(&format!("{day} > 2026-01-01"))).await.unwrap_err();
        assert!(error.to_string().starts_with("AggregationStartDate is a date"), "{error}");
        for sql in [
            from(&format!("{day} > date '2026-01-01'")),
            from(&format!("{day} > '2026-01-01'")),
            from(&format!("{day} + 1 > {day} - 30")),
            from(&format!("{day} - date '2026-01-01' > 30")),
            from(&format!("case when {day} is null then 1 else 2 end")),
            from(&format!("date_part('year', {day}) = 2026")),
            from(&format!("coalesce({day}, null)")),
            format!("select {day} from office union all select null"),
        ] {
            session.logical_plan(&sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        }
    }
}
