//! Refuses the clauses of a function call that the engine ignores: FILTER of a function that is not an
//! aggregate, for example.

use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentClause,
    FunctionArgumentList, FunctionArguments, ObjectName, Value, WindowType,
};

use super::expressions::element_zero;
use super::refusal::{Checked, absent, refused};
use super::windows::base_window;

/// The window functions that heed IGNORE NULLS.
const HEED_NULLS: [&str; 5] = ["first_value", "last_value", "nth_value", "lead", "lag"];

/// The window functions that fail without an argument. The engine does not check it.
const OF_A_VALUE: [&str; 6] = ["first_value", "last_value", "nth_value", "lead", "lag", "ntile"];

/// The functions that write an instant or a date in a format.
const FORMATTERS: [&str; 2] = ["to_char", "date_format"];

/// The functions that read an instant or a date in one of several formats.
const PARSERS: [&str; 8] = [
    "to_date",
    "to_time",
    "to_timestamp",
    "to_timestamp_seconds",
    "to_timestamp_millis",
    "to_timestamp_micros",
    "to_timestamp_nanos",
    "to_unixtime",
];

/// The functions that return an element of a list.
const ELEMENTS: [&str; 4] = ["array_element", "array_extract", "list_element", "list_extract"];

/// The aggregates of which there is a window function, too. With OVER, the engine takes that one.
const ALSO_WINDOW: [&str; 3] = ["first_value", "last_value", "nth_value"];

/// Refuses a call with a clause that its function does not execute. `state` has the functions.
pub(super) fn call(call: &Function, state: &SessionState) -> Checked {
    let Function { name, uses_odbc_syntax: _, parameters, args, filter, null_treatment, over, within_group } =
        call;
    if !matches!(parameters, FunctionArguments::None) {
        return refused(&format!("{name}(...)(...)"), "write all arguments in one list");
    }
    let list = match args {
        FunctionArguments::None => None,
        FunctionArguments::Subquery(_) => {
            return refused(&format!("{name}(SELECT ...)"), "put the query into parentheses of its own");
        }
        FunctionArguments::List(list) => Some(list),
    };
    if let Some(WindowType::WindowSpec(window)) = over {
        base_window(window.window_name.is_some())?;
    }
    let separator = |clause: &FunctionArgumentClause| matches!(clause, FunctionArgumentClause::Separator(_));
    let separated = list.is_some_and(|l| l.clauses.iter().any(separator));
    absent(separated, "SEPARATOR", "write string_agg(a, ',')")?;
    let distinct = list.is_some_and(|l| l.duplicate_treatment == Some(DuplicateTreatment::Distinct));
    let nulls = null_treatment.is_some() || list.is_some_and(has_nulls);
    let called = spelling(name);
    let arguments = list.map(|l| l.args.as_slice()).unwrap_or_default();
    if FORMATTERS.contains(&called.as_str()) {
        arguments.get(1).map_or(ControlFlow::Continue(()), |format| time_format(name, format, "%Y-%m-%d"))?;
    }
    if PARSERS.contains(&called.as_str()) {
        arguments.iter().skip(1).try_for_each(|format| time_format(name, format, "%d.%m.%Y"))?;
    }
    if ELEMENTS.contains(&called.as_str())
        && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(index))) = arguments.get(1)
    {
        element_zero(index)?;
    }
    if over.is_none() && is_window_only(&called, state) {
        return ControlFlow::Break(format!("{name} is a window function; write OVER (...) after it"));
    }
    if over.is_some() && arguments.is_empty() && OF_A_VALUE.contains(&called.as_str()) {
        return ControlFlow::Break(format!("{name} needs an argument"));
    }
    let clause = if is_scalar(&called, state) {
        first(&[
            (distinct, "DISTINCT"),
            (list.is_some_and(|l| !l.clauses.is_empty()), "ORDER BY or another clause in its arguments"),
            (filter.is_some(), "FILTER"),
            (nulls, "IGNORE NULLS or RESPECT NULLS"),
            (over.is_some(), "OVER"),
            (!within_group.is_empty(), "WITHIN GROUP"),
        ])
    } else if over.is_some() {
        let aggregate =
            state.aggregate_functions().get(&called).filter(|_| !ALSO_WINDOW.contains(&called.as_str()));
        let heeds = match aggregate {
            Some(function) => function.supports_null_handling_clause(),
            None => HEED_NULLS.contains(&called.as_str()),
        };
        first(&[
            (distinct && aggregate.is_none(), "DISTINCT with OVER"),
            (filter.is_some() && aggregate.is_none(), "FILTER with OVER"),
            (nulls && !heeds, "IGNORE NULLS or RESPECT NULLS with OVER"),
        ])
    } else {
        None
    };
    match clause {
        Some(clause) => ControlFlow::Break(format!("{name} does not take {clause}; leave it out")),
        None => ControlFlow::Continue(()),
    }
}

/// Formats have fields such as `%Y`. The engine takes one of another kind, such as `YYYY-MM`, as it is.
fn time_format(name: &ObjectName, argument: &FunctionArg, example: &str) -> Checked {
    let FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(format))) = argument else {
        return ControlFlow::Continue(());
    };
    let without_field = matches!(&format.value, Value::SingleQuotedString(text) if !text.contains('%'));
    absent(
        without_field,
        &format!("the format {format} of {name}"),
        &format!("write a format such as '{example}'"),
    )
}

/// Whether there is a window function of this name, and no other one.
fn is_window_only(name: &str, state: &SessionState) -> bool {
    state.window_functions().contains_key(name)
        && !state.aggregate_functions().contains_key(name)
        && !is_scalar(name, state)
}

/// The first clause that is there.
fn first(clauses: &[(bool, &'static str)]) -> Option<&'static str> {
    clauses.iter().find(|(is_there, _)| *is_there).map(|(_, clause)| *clause)
}

fn has_nulls(list: &FunctionArgumentList) -> bool {
    list.clauses.iter().any(|clause| matches!(clause, FunctionArgumentClause::IgnoreOrRespectNulls(_)))
}

/// The name by which the engine looks for the function.
fn spelling(name: &ObjectName) -> String {
    match name.0.as_slice() {
        [part] => part.as_ident().map_or_else(
            || part.to_string(),
            |i| if i.quote_style.is_some() { i.value.clone() } else { i.value.to_lowercase() },
        ),
        _ => name.to_string(),
    }
}

/// Whether the name is that of a function of single rows. The engine looks for these first.
fn is_scalar(name: &str, state: &SessionState) -> bool {
    state.scalar_functions().contains_key(name)
        || state.higher_order_functions().contains_key(name)
        || name == "unnest"
        || name == "unnest_outer"
}
