//! Converts errors of the engine to errors for the author of a statement: one line that contains what is
//! wrong and, where possible, the nearest name that exists.

use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;

use super::identifiers::Names;
use super::syntax::parser_message;
use super::{missing_functions, missing_names};
use crate::error::engine_words::{
    CANDIDATES, COERCION_FAILED, FUNCTION_NOT_FOUND, NO_COERCION, NO_FUNCTION_MATCHES, NO_SIGNATURE_MATCHES,
    NOT_A_DATE, NOT_EXECUTABLE, OVERFLOW, SUBQUERIES, TABLE_FUNCTION_NOT_FOUND, TABLE_NOT_FOUND,
    TEXT_TO_NUMBER, WRONG_PATTERN,
};
use crate::error::{Error, ErrorKind, one_line};

/// What an error message needs to know besides the error.
#[derive(Clone, Copy)]
pub struct Written<'a> {
    /// The statement; empty if it is not known.
    pub statement: &'a str,
    /// The tables and columns that exist.
    pub names: &'a Names,
    /// The session, which has the functions.
    pub ctx: &'a SessionContext,
    /// Whether statements may reach files.
    pub files: bool,
}

/// Converts an error of the engine to an error for the author of a statement. An error that the statement
/// does not cause (reading, writing, memory) retains its kind.
pub fn query_error(error: DataFusionError, written: Written<'_>) -> Error {
    if let Some(ours) = own_error(&error) {
        return ours.copy().with_source(error);
    }
    let message = match error.find_root() {
        DataFusionError::External(inner) if inner.to_string().starts_with(WRONG_PATTERN) => inner.to_string(),
        DataFusionError::External(_)
        | DataFusionError::IoError(_)
        | DataFusionError::ObjectStore(_)
        | DataFusionError::ParquetError(_)
        | DataFusionError::ResourcesExhausted(_)
        | DataFusionError::ExecutionJoin(_) => return error.into(),
        DataFusionError::Internal(text) => {
            return Error::new(ErrorKind::Engine, one_line(without_tree(text))).with_source(error);
        }
        DataFusionError::ArrowError(inner, _) => match inner.as_ref() {
            ArrowError::IoError(..) | ArrowError::ParquetError(_) | ArrowError::ExternalError(_) => {
                return error.into();
            }
            ArrowError::ArithmeticOverflow(text) => overflow(text),
            ArrowError::CastError(text) if is_number_in_text(text) => format!("{inner}; {TRY_CAST}"),
            other => other.to_string(),
        },
        DataFusionError::SQL(inner, _) => parser_message(inner),
        DataFusionError::SchemaError(inner, _) => schema_message(inner, written),
        DataFusionError::Plan(text) => without_tree(&plan_message(text, written)).to_owned(),
        DataFusionError::NotImplemented(text) => not_implemented(text),
        other => other.message().into_owned(),
    };
    let message = if message.contains(NOT_A_DATE) { A_DATE.to_owned() } else { message };
    Error::query(one_line(&message)).with_source(error)
}

/// The message for a text that is taken for a date.
const A_DATE: &str = "a text is not a date such as 2026-10-31; give its format: to_date(text, '%d.%m.%Y')";

/// What to do about texts that are no numbers.
const TRY_CAST: &str =
    "try_cast(... as bigint) is null for such texts, and replace(..., ',', '') takes commas out of numbers";

/// Whether a text was to become a number, for example because it is compared with one.
fn is_number_in_text(message: &str) -> bool {
    let of_type = message.strip_prefix(TEXT_TO_NUMBER.0).and_then(|rest| rest.rsplit_once(TEXT_TO_NUMBER.1));
    of_type.is_some_and(|(_, to)| ["Int", "UInt", "Float", "Decimal"].iter().any(|kind| to.starts_with(kind)))
}

/// The message for a whole number that its type cannot hold.
fn overflow(text: &str) -> String {
    let what = text.strip_prefix(OVERFLOW).unwrap_or(text);
    format!("{what} is outside of the range of its type; cast one side to double or decimal(38, 0)")
}

/// The message for what the engine does not support.
fn not_implemented(text: &str) -> String {
    let node = text.strip_prefix(NOT_EXECUTABLE).map(str::trim_start);
    let subquery = |node: &str| SUBQUERIES.iter().any(|kind| node.starts_with(kind));
    if node.is_some_and(subquery) {
        return "a subquery of this form is not supported at this place; write a JOIN".to_owned();
    }
    format!("the engine does not support this: {}", without_tree(text))
}

/// The error of this crate that the engine has passed on, if there is one.
fn own_error(error: &DataFusionError) -> Option<&Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        // The content of an external error is recognized by its type.
        if let Some(DataFusionError::External(content)) = inner.downcast_ref()
            && let Some(ours) = content.downcast_ref()
        {
            return Some(ours);
        }
        cause = inner.source();
    }
    None
}

fn schema_message(error: &SchemaError, written: Written<'_>) -> String {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            missing_names::column(field, valid_fields, written.names, written.statement)
        }
        SchemaError::AmbiguousReference { field } => {
            format!("column {} is in several tables; write its table before it", field.name)
        }
        other => other.to_string(),
    }
}

fn plan_message(text: &str, written: Written<'_>) -> String {
    if let Some(missing) = between(text, FUNCTION_NOT_FOUND, "'.") {
        return missing_functions::function(missing, written.statement, &written.ctx.state());
    }
    let (before, after) = TABLE_FUNCTION_NOT_FOUND;
    if let Some(missing) = text.strip_prefix(before).and_then(|rest| rest.strip_suffix(after)) {
        return missing_functions::table_function(missing, &written.ctx.state());
    }
    if let Some(call) = text.split_once(NO_COERCION.0).map(|(_, call)| call)
        && let (Some((function, _)), Some(types)) =
            (call.split_once('\''), between(call, NO_COERCION.1, " to the signature"))
    {
        return format!("no function {function}({types})");
    }
    if let Some(message) = call_message(text) {
        return message;
    }
    match text.strip_prefix(TABLE_NOT_FOUND.0).and_then(|t| t.strip_suffix(TABLE_NOT_FOUND.1)) {
        Some(missing) => missing_names::table(missing, written.names, written.files),
        None => text.to_owned(),
    }
}

/// The text between two words of a message.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    Some(text.split_once(before)?.1.split_once(after)?.0)
}

/// The message for a function call with wrong arguments; `None` for any other error. It is the message of
/// the function without the prefixes of the engine or, if that is not useful, the list of the signatures
/// of the function.
fn call_message(text: &str) -> Option<String> {
    let (said, call) = text.split_once(NO_FUNCTION_MATCHES)?;
    if said.contains(NO_SIGNATURE_MATCHES) {
        let (call, rest) = call.split_once("'. ")?;
        let (_, candidates) = rest.split_once(CANDIDATES)?;
        let candidates: Vec<&str> = candidates.lines().map(str::trim).filter(|c| !c.is_empty()).collect();
        return Some(format!("no function {call}; there are {}", candidates.join(", ")));
    }
    let said = said.split_once(COERCION_FAILED).map_or(said, |(_, function)| function);
    let kinds = ["Error during planning: ", "Execution error: "];
    let said = kinds.iter().find_map(|kind| said.strip_prefix(kind)).unwrap_or(said);
    Some(said.trim().trim_end_matches('.').to_owned())
}

/// The text before the first syntax tree or expression tree in it, such as `Ident { value: "a", ... }` or
/// `InSubquery(InSubquery { ... })`. The name of its outermost node remains.
fn without_tree(text: &str) -> &str {
    let Some(brace) = first_node(text) else { return text };
    // The node can be inside of others: `A(B([C { ...`.
    let mut open = vec![];
    for (at, c) in text[..brace].char_indices() {
        match c {
            '(' | '[' => open.push(at),
            ')' | ']' => drop(open.pop()),
            _ => {}
        }
    }
    let end = open.first().copied().unwrap_or(brace);
    text[..end].trim_end_matches([' ', ':', ',', '\'', '`'])
}

/// Where the first `Name {` ends its name.
fn first_node(text: &str) -> Option<usize> {
    let names = text.match_indices('{').map(|(brace, _)| text[..brace].trim_end());
    let is_node = |name: &&str| {
        let start = name.rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |i| i + 1);
        name.get(start..).is_some_and(|n| n.starts_with(|c: char| c.is_ascii_uppercase()))
    };
    names.into_iter().find(is_node).map(str::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tree_is_left_of_a_message() {
        for (text, left) in [
            (
                "Unsupported ast node Pivot { table: Table { name: a } } in create_relation",
                "Unsupported ast node Pivot",
            ),
            (
                "cannot do InSubquery(InSubquery { expr: Column(Column { relation: None }) })",
                "cannot do InSubquery",
            ),
            ("not supported: [Literal(Utf8(\"a\"), None), Column(Column { name: \"b\" })]", "not supported"),
            ("got [Ident { value: \"a\" }]", "got"),
            ("got {a: 1}, expected {b}", "got {a: 1}, expected {b}"),
            ("Cannot cast List(Timestamp(ns)) to Int64", "Cannot cast List(Timestamp(ns)) to Int64"),
            ("", ""),
        ] {
            assert_eq!(without_tree(text), left, "{text}");
        }
    }
}
