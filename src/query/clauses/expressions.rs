//! Refuses expressions that have two meanings, or for which the error of the engine is a syntax tree.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, Array, BinaryOperator, CharacterLength, DataType, Expr, Ident, Interval, SelectItem,
    Subscript, Value,
};

use super::refusal::{Checked, absent, refused};

/// Expressions for which the error of the engine is a syntax tree.
pub(super) fn expression(expr: &Expr) -> Checked {
    match expr {
        Expr::IsDistinctFrom(left, right) => distinct_from(left, "IS DISTINCT FROM", right),
        Expr::IsNotDistinctFrom(left, right) => distinct_from(left, "IS NOT DISTINCT FROM", right),
        Expr::Identifier(name) => variable(name),
        Expr::CompoundIdentifier(names) => names.first().map_or(ControlFlow::Continue(()), variable),
        Expr::AtTimeZone { time_zone, .. } => {
            let literal =
                matches!(&**time_zone, Expr::Value(v) if matches!(v.value, Value::SingleQuotedString(_)));
            absent(!literal, "AT TIME ZONE with an expression", "write the zone as a text: 'Europe/London'")
        }
        Expr::Array(Array { elem, named: false }) => match elem.as_slice() {
            [Expr::Identifier(name)] => {
                let meant = format!("write {name} without brackets, or make_array({name}) for a list of one");
                refused(&format!("[{name}]"), &meant)
            }
            _ => ControlFlow::Continue(()),
        },
        Expr::BinaryOp { op: BinaryOperator::BitwiseXor, .. } => {
            refused("^, which is a bitwise XOR here,", "write power(a, b), or (a | b) - (a & b) for XOR")
        }
        Expr::BinaryOp { left, op, right } if is_comparison(op) => absent(
            is_null(left) || is_null(right),
            &format!("{op} NULL, which never holds,"),
            "write IS NULL or IS NOT NULL",
        ),
        Expr::InList { list, negated: true, .. } => absent(
            list.iter().any(is_null),
            "NULL in a list after NOT IN, which then never holds,",
            "write AND ... IS NOT NULL",
        ),
        Expr::Interval(Interval { value, leading_field: None, .. }) if has_no_unit(value) => {
            refused("an interval without a unit", "write it: interval '60 days'")
        }
        Expr::Interval(Interval {
            value: _,
            leading_field: _,
            leading_precision,
            last_field,
            fractional_seconds_precision,
        }) => {
            let precise = leading_precision.is_some() || fractional_seconds_precision.is_some();
            let instead = "write units in the text: interval '1 year 2 months'";
            absent(precise || last_field.is_some(), "a precision or TO in INTERVAL", instead)
        }
        Expr::CompoundFieldAccess { access_chain, .. } => {
            access_chain.iter().try_for_each(|access| match access {
                AccessExpr::Subscript(Subscript::Index { index }) => element_zero(index),
                _ => ControlFlow::Continue(()),
            })
        }
        Expr::Cast { data_type, .. } => length(data_type),
        Expr::Collate { .. } => {
            refused("COLLATE", "texts are compared by their bytes; lower(...) ignores case")
        }
        Expr::Convert { .. } => refused("CONVERT", "write CAST(value AS type)"),
        Expr::SimilarTo { .. } => refused(
            "SIMILAR TO, which the engine takes for a regular expression",
            "write LIKE, or ~ 'pattern'",
        ),
        Expr::RLike { .. } => refused("RLIKE or REGEXP", "write value ~ 'pattern'"),
        Expr::IsNormalized { .. } => refused("IS NORMALIZED", "compare texts as they are"),
        Expr::InUnnest { .. } => refused("IN UNNEST(...)", "write array_has(list, value)"),
        Expr::Prefixed { .. } => refused("a character set before a text", "write the text without it"),
        Expr::Named { .. } => refused("a name inside of an expression", "write AS in the SELECT list"),
        Expr::MatchAgainst { .. } => refused("MATCH ... AGAINST", "write LIKE '%word%'"),
        Expr::OuterJoin(_) => refused("(+)", "write LEFT JOIN ... ON"),
        Expr::Prior(_) => refused("PRIOR", "write WITH RECURSIVE"),
        Expr::MemberOf(_) => refused("MEMBER OF", "write array_has(list, value)"),
        Expr::Like { any: true, .. } | Expr::ILike { any: true, .. } => {
            refused("LIKE ANY", "write one LIKE for each pattern, with OR")
        }
        _ => ControlFlow::Continue(()),
    }
}

/// The parser takes a text behind a text for a name. In the SQL standard and in other databases, both are one text.
pub(super) fn item(item: &SelectItem) -> Checked {
    let SelectItem::ExprWithAlias { expr, alias } = item else { return ControlFlow::Continue(()) };
    absent(
        alias.quote_style == Some('\'') && ends_with_text(expr),
        "a text right behind a text",
        "write || to join them, or AS and a name in double quotes",
    )
}

fn ends_with_text(expr: &Expr) -> bool {
    match expr {
        Expr::Value(value) => value.value.clone().into_string().is_some(),
        Expr::BinaryOp { right, .. } => ends_with_text(right),
        Expr::Like { pattern, .. } | Expr::ILike { pattern, .. } => ends_with_text(pattern),
        Expr::Between { high, .. } => ends_with_text(high),
        Expr::UnaryOp { expr, .. } => ends_with_text(expr),
        Expr::TypedString(_) => true,
        _ => false,
    }
}

fn is_comparison(op: &BinaryOperator) -> bool {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq)
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if value.value == Value::Null)
}

/// The engine takes a number without a unit for seconds.
fn has_no_unit(interval: &Expr) -> bool {
    let value = match interval {
        Expr::UnaryOp { expr, .. } => return has_no_unit(expr),
        Expr::Value(value) => &value.value,
        _ => return false,
    };
    let text = match value {
        Value::Number(number, _) => Some(number.clone()),
        other => other.clone().into_string(),
    };
    text.and_then(|text| text.trim().parse::<f64>().ok()).is_some_and(|number| number != 0.0)
}

/// The engine counts the elements of a list from 1. The element 0 is null.
pub(super) fn element_zero(index: &Expr) -> Checked {
    let is_zero = matches!(index, Expr::Value(v) if matches!(&v.value, Value::Number(n, _) if n == "0"));
    absent(is_zero, "the element 0 of a list", "elements are counted from 1, and from the end with -1")
}

/// The engine ignores the length of a text: it would not cut a longer one.
fn length(data_type: &DataType) -> Checked {
    let (DataType::Character(length)
    | DataType::Char(length)
    | DataType::CharacterVarying(length)
    | DataType::CharVarying(length)
    | DataType::Varchar(length)
    | DataType::Nvarchar(length)) = data_type
    else {
        return ControlFlow::Continue(());
    };
    let is_given = matches!(length, Some(CharacterLength::IntegerLength { .. }));
    absent(is_given, &format!("the length in {data_type}"), "write VARCHAR, and left(text, n) to cut a text")
}

fn variable(name: &Ident) -> Checked {
    let is_variable = name.quote_style.is_none() && name.value.starts_with('@');
    absent(is_variable, &format!("a variable such as {name}"), "write its value")
}

/// Literals for which the error of the engine is a syntax tree.
pub(super) fn literal(value: &Value) -> Checked {
    match value {
        Value::NationalStringLiteral(_) => refused("N before a text", "write the text without N"),
        Value::Number(..)
        | Value::SingleQuotedString(_)
        | Value::DoubleQuotedString(_)
        | Value::Null
        | Value::Boolean(_)
        | Value::Placeholder(_)
        | Value::HexStringLiteral(_)
        | Value::DollarQuotedString(_)
        | Value::EscapedStringLiteral(_) => ControlFlow::Continue(()),
        other => refused(&format!("the literal {other}"), "write a text in single quotes"),
    }
}

/// The parser takes all that follows as the right side, so that `a IS DISTINCT FROM b OR c` would be
/// `a IS DISTINCT FROM (b OR c)`, against the SQL standard.
fn distinct_from(left: &Expr, operator: &str, right: &Expr) -> Checked {
    let connected = match right {
        Expr::BinaryOp {
            op: op @ (BinaryOperator::And | BinaryOperator::Or | BinaryOperator::Xor), ..
        } => op.to_string(),
        Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_) => "IS".to_owned(),
        _ => return ControlFlow::Continue(()),
    };
    ControlFlow::Break(format!(
        "{left} {operator} ... {connected} ... is ambiguous; put the comparison in parentheses: ({left} \
         {operator} ...) {connected} ..."
    ))
}
