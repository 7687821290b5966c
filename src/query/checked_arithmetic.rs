//! Arithmetic of whole numbers that fails on overflow, and one NaN of floating-point numbers.
//!
//! The operators of the engine wrap around: `9223372036854775807 + 1` would be -9223372036854775808. A rule of the
//! analyzer replaces `+`, `-` and `*` of whole numbers in the plans of statements by functions that return an error.
//!
//! The NaN of 0.0 / 0.0 has a sign, which depends on the processor. By it, the engine sorts NaN before or after all
//! numbers. The rule also replaces `/` and `%` of floating-point numbers, so that NaN is greater than all numbers.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Datum, PrimitiveArray};
use datafusion::arrow::compute::kernels::numeric::{add, div, mul, rem, sub};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float32Type, Float64Type};
use datafusion::arrow::error::ArrowError;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable, LogicalPlan, Operator, ReturnFieldArgs,
    ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, lit,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::optimizer::utils::NamePreserver;
use datafusion::physical_expr_common::datum::apply;
use datafusion::prelude::SessionContext;

const NAME: &str = "checked_arithmetic";

/// Adds the rule to a session that does not have it. It is the last one, so it finds the types to which operands are
/// coerced.
pub(crate) fn add_to(ctx: &SessionContext) {
    let has_it = ctx.state_ref().read().analyzer().rules.iter().any(|rule| rule.name() == NAME);
    if !has_it {
        ctx.add_analyzer_rule(Arc::new(CheckedArithmetic));
    }
}

#[derive(Debug)]
struct CheckedArithmetic;

impl AnalyzerRule for CheckedArithmetic {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        Ok(plan.transform_up_with_subqueries(checked)?.data)
    }

    fn name(&self) -> &str {
        NAME
    }
}

/// Replaces the operators in the expressions of a node. Its columns retain their names.
fn checked(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let mut schema = merge_schema(&plan.inputs());
    if let LogicalPlan::TableScan(scan) = &plan {
        schema.merge(&DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?);
    }
    let names = NamePreserver::new(&plan);
    let named = |expr: Expr| {
        let name = names.save(&expr);
        let expr = expr.transform_up(|expr| Ok(operator(expr, &schema)))?;
        Ok(expr.update_data(|expr| name.restore(expr)))
    };
    let plan = plan.map_expressions(|expr| match expr {
        // ROLLUP, CUBE and GROUPING SETS are no columns, but each expression in them is one.
        Expr::GroupingSet(_) => expr.map_children(named),
        expr => named(expr),
    })?;
    plan.map_data(LogicalPlan::recompute_schema)
}

/// An operator of numbers as a function; any other expression as it is.
fn operator(expr: Expr, schema: &DFSchema) -> Transformed<Expr> {
    let is_float = |expr: &Expr| {
        expr.get_type(schema)
            .is_ok_and(|data_type| matches!(data_type, DataType::Float32 | DataType::Float64))
    };
    let is_whole = |expr: &Expr| expr.get_type(schema).is_ok_and(|data_type| data_type.is_integer());
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op, right })
            if matches!(op, Operator::Plus | Operator::Minus | Operator::Multiply)
                && is_whole(&left)
                && is_whole(&right) =>
        {
            Transformed::yes(call(op, *left, *right))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right })
            if matches!(op, Operator::Divide | Operator::Modulo) && is_float(&left) && is_float(&right) =>
        {
            Transformed::yes(call(op, *left, *right))
        }
        Expr::Negative(inner) if is_whole(&inner) => {
            let zero = inner.get_type(schema).and_then(|data_type| ScalarValue::new_zero(&data_type));
            match zero {
                Ok(zero) => Transformed::yes(call(Operator::Minus, lit(zero), *inner)),
                Err(_) => Transformed::no(Expr::Negative(inner)),
            }
        }
        other => Transformed::no(other),
    }
}

fn call(op: Operator, left: Expr, right: Expr) -> Expr {
    let signature = Signature::any(2, Volatility::Immutable);
    ScalarUDF::new_from_impl(Checked { op, signature }).call(vec![left, right])
}

/// A quotient of floating-point numbers.
fn quotient(left: &dyn Datum, right: &dyn Datum) -> Result<ArrayRef, ArrowError> {
    one_nan(div(left, right)?)
}

/// A remainder of floating-point numbers.
fn remainder(left: &dyn Datum, right: &dyn Datum) -> Result<ArrayRef, ArrowError> {
    one_nan(rem(left, right)?)
}

/// The numbers with one NaN, which is greater than all numbers.
fn one_nan(numbers: ArrayRef) -> Result<ArrayRef, ArrowError> {
    Ok(match numbers.data_type() {
        DataType::Float32 => {
            let one: PrimitiveArray<Float32Type> =
                numbers.as_primitive::<Float32Type>().unary(|x| if x.is_nan() { f32::NAN } else { x });
            Arc::new(one)
        }
        DataType::Float64 => {
            let one: PrimitiveArray<Float64Type> =
                numbers.as_primitive::<Float64Type>().unary(|x| if x.is_nan() { f64::NAN } else { x });
            Arc::new(one)
        }
        _ => numbers,
    })
}

/// An operator on two numbers of the same type.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Checked {
    op: Operator,
    signature: Signature,
}

impl ScalarUDFImpl for Checked {
    fn name(&self) -> &str {
        match self.op {
            Operator::Plus => "checked_add",
            Operator::Minus => "checked_subtract",
            Operator::Divide => "checked_divide",
            Operator::Modulo => "checked_remainder",
            _ => "checked_multiply",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [left, right] if left == right => Ok(left.clone()),
            _ => plan_err!("{} needs two numbers of one type, not {types:?}", self.name()),
        }
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types: Vec<_> = args.arg_fields.iter().map(|field| field.data_type().clone()).collect();
        let is_nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), self.return_type(&types)?, is_nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = &args.args[..] else { return plan_err!("{} needs two numbers", self.name()) };
        match self.op {
            Operator::Plus => apply(left, right, add),
            Operator::Minus => apply(left, right, sub),
            Operator::Divide => apply(left, right, quotient),
            Operator::Modulo => apply(left, right, remainder),
            _ => apply(left, right, mul),
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::util::display::array_value_to_string;

    use crate::query::statements::Statements;
    use crate::query::testing;

    /// The value of an expression, or the message of the error.
    async fn value(session: &mut Statements, sql: &str) -> Result<String, String> {
        let frame = session.plan(sql).await.map_err(|e| e.to_string())?;
        let name = frame.schema().field(0).name().clone();
        let batches = frame.collect().await.map_err(|e| session.explain(e).to_string())?;
        Ok(format!("{name} = {}", array_value_to_string(batches[0].column(0), 0).unwrap()))
    }

    #[tokio::test]
    async fn whole_numbers_do_not_wrap_around() {
        let ctx = testing::published().await;
        testing::table(
            &ctx,
            "numbers",
            "select 9223372036854775807 as most, cast(200 as tinyint unsigned) as small",
        )
        .await;
        let mut session = Statements::new(ctx.clone()).await.unwrap();
        // A second session over the same tables adds the rule no second time.
        let before = ctx.state().analyzer().rules.len();
        Statements::new(ctx.clone()).await.unwrap();
        assert_eq!(ctx.state().analyzer().rules.len(), before);
        for (sql, says) in [
            ("select 9223372036854775807 + 1", "9223372036854775807 + 1"),
            ("select most + 1 from numbers", "9223372036854775807 + 1"),
            ("select 0 - most - 2 from numbers", "-9223372036854775807 - 2"),
            ("select most * most from numbers", "9223372036854775807 * 9223372036854775807"),
            ("select -(0 - most - 1) from numbers", "0 - -9223372036854775808"),
            ("select small * small from numbers", "200 * 200"),
            ("select sum(most + n) from numbers, (values (1)) as t (n)", "9223372036854775807 + 1"),
            ("select 1 from numbers where most + 1 < 0", "9223372036854775807 + 1"),
            ("select (select max(most + 1) from numbers)", "9223372036854775807 + 1"),
        ] {
            let expected = format!(
                "{says} is outside of the range of its type; cast one side to double or decimal(38, 0)"
            );
            assert_eq!(value(&mut session, sql).await, Err(expected), "{sql}");
        }
        for (sql, expected) in [
            ("select 2 + 3 * 4 - 5 as n", "n = 9"),
            ("select -most as n from numbers", "n = -9223372036854775807"),
            ("select cast(most as double) + 1 as n from numbers", "n = 9.223372036854776e18"),
            ("select cast(most as decimal(38, 0)) + 1 as n from numbers", "n = 9223372036854775808"),
            ("select date '2026-01-31' + interval '1 month' as n", "n = 2026-02-28"),
            ("select date '2026-01-31' - date '2026-01-01' as n", "n = 30"),
            ("select cast(null as bigint) + 1 as n", "n = "),
            ("select max(small + 1) from numbers", "max(numbers.small + Int64(1)) = 201"),
        ] {
            let value = value(&mut session, sql).await.unwrap();
            assert!(value.starts_with(expected), "{sql}: {value}");
        }
    }

    #[tokio::test]
    async fn nothing_is_less_than_the_quotient_of_zeros() {
        let ctx = testing::published().await;
        testing::table(
            &ctx,
            "numbers",
            "select * from (values (0.0, 0.0), (1.0, 2.0), (1.0, 0.0)) as t (x, y)",
        )
        .await;
        let mut session = Statements::new(ctx).await.unwrap();
        for (sql, expected) in [
            ("select count(*) as n from numbers where x / y < 0.9", "n = 1"),
            ("select count(*) as n from numbers where x / y > 0.9", "n = 2"),
            ("select max(x / y) as n from numbers where y > 0 or x > 0", "n = inf"),
            ("select x / y as n from numbers order by n limit 1", "n = 0.5"),
            ("select x / y as n from numbers order by n desc limit 1", "n = NaN"),
            ("select count(*) as n from numbers where x % y < 5", "n = 1"),
            ("select cast(0 as float) / cast(0 as float) > 9 as n", "n = true"),
            ("select 1.0 / 4 as n", "n = 0.25"),
        ] {
            assert_eq!(value(&mut session, sql).await.unwrap(), expected, "{sql}");
        }
    }

    /// The expressions of grouping sets are columns, too. Of the two rows, each has its group, and both have one total.
    #[tokio::test]
    async fn grouping_sets_retain_the_names_of_their_columns() {
        let ctx = testing::published().await;
        testing::table(&ctx, "numbers", "select * from (values (1), (9223372036854775806)) as t (x)").await;
        let mut session = Statements::new(ctx).await.unwrap();
        for groups in ["rollup(x + 1)", "cube(x + 1)", "grouping sets ((x + 1), ())"] {
            let counted = format!("select x + 1, count(*) as n from numbers group by {groups}");
            for (sql, expected) in [
                (format!("select sum(n) from ({counted})"), " = 4"),
                (format!("select max(k) from ({counted}) as t (k, n)"), " = 9223372036854775807"),
                (format!("select max(n) from ({counted}) as t (k, n) where k is null"), " = 2"),
                (
                    format!(
                        "select sum(g) from (select grouping(x + 1) as g from numbers group by {groups})"
                    ),
                    " = 1",
                ),
            ] {
                let value = value(&mut session, &sql).await;
                assert!(value.as_ref().is_ok_and(|value| value.ends_with(expected)), "{sql}: {value:?}");
            }
            let beyond = format!("select count(*) from numbers group by {}", groups.replace('1', "2"));
            let error = value(&mut session, &beyond).await.unwrap_err();
            assert!(error.starts_with("9223372036854775806 + 2 is outside"), "{beyond}: {error}");
        }
        let two = "select sum(n) from (select count(*) as n from numbers group by rollup(x + 1, x * 1))";
        assert!(value(&mut session, two).await.unwrap().ends_with(" = 6"));
    }
}
