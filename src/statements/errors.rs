//! The engine's errors in words for the author of a statement: one line, what is wrong, and the
//! nearest thing that would have been right.

use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;
use datafusion::sql::sqlparser::tokenizer::TokenizerError;

use crate::error::{Error, ErrorKind, one_line};
use crate::names::Names;
use crate::nearest::nearest;

/// At most so many columns are listed where a column is not found.
const LISTED: usize = 8;

/// What an error of the engine means to the author of a statement. What is no fault of the
/// statement (reading, writing, memory) keeps its kind.
pub fn query_error(error: DataFusionError, names: &Names, files: bool) -> Error {
    if let Some(ours) = ours(&error) {
        return Error::new(ours.kind(), ours.to_string()).with_source(error);
    }
    let message = match error.find_root() {
        DataFusionError::External(_)
        | DataFusionError::IoError(_)
        | DataFusionError::ObjectStore(_)
        | DataFusionError::ParquetError(_)
        | DataFusionError::ResourcesExhausted(_)
        | DataFusionError::ExecutionJoin(_) => return error.into(),
        DataFusionError::Internal(text) => {
            return Error::new(ErrorKind::Engine, one_line(text)).with_source(error);
        }
        DataFusionError::ArrowError(inner, _) => match inner.as_ref() {
            ArrowError::IoError(..) | ArrowError::ParquetError(_) | ArrowError::ExternalError(_) => {
                return error.into();
            }
            other => other.to_string(),
        },
        DataFusionError::SQL(inner, _) => parser_message(inner),
        DataFusionError::SchemaError(inner, _) => schema_message(inner),
        DataFusionError::Plan(text) => plan_message(text, names, files),
        other => other.message().into_owned(),
    };
    Error::query(one_line(&message)).with_source(error)
}

/// The error of this crate that travelled through the engine.
fn ours(error: &DataFusionError) -> Option<&Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        // An external error shows its content only when asked for it by its type.
        if let Some(DataFusionError::External(content)) = inner.downcast_ref()
            && let Some(ours) = content.downcast_ref()
        {
            return Some(ours);
        }
        cause = inner.source();
    }
    None
}

/// A statement that does not parse.
pub(crate) fn syntax_error(error: &DataFusionError) -> Error {
    match error.find_root() {
        DataFusionError::SQL(inner, _) => Error::query(one_line(&parser_message(inner))),
        other => Error::query(one_line(&other.message())),
    }
}

/// A text that cannot be cut into tokens.
pub(super) fn tokenizer_error(error: TokenizerError) -> Error {
    Error::query(one_line(&error.to_string()))
}

fn parser_message(error: &ParserError) -> String {
    match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text.clone(),
        ParserError::RecursionLimitExceeded => {
            "the statement is nested too deeply; set datafusion.sql_parser.recursion_limit higher".to_owned()
        }
    }
}

fn schema_message(error: &SchemaError) -> String {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let known: Vec<&str> = valid_fields.iter().map(|c| c.name.as_str()).collect();
            let wanted = field.flat_name();
            if let Some(near) = nearest(&field.name, known.iter().copied()) {
                return format!("no column named {wanted}; did you mean {near}?");
            }
            if known.is_empty() {
                return format!("no column named {wanted}");
            }
            let more = if known.len() > LISTED { ", ..." } else { "" };
            let listed = known[..known.len().min(LISTED)].join(", ");
            format!("no column named {wanted}; there are {listed}{more}")
        }
        SchemaError::AmbiguousReference { field } => {
            format!("column {} is in several tables; write its table before it", field.name)
        }
        other => other.to_string(),
    }
}

fn plan_message(text: &str, names: &Names, files: bool) -> String {
    if let Some(message) = call_message(text) {
        return message;
    }
    let missing = text.strip_prefix("table '").and_then(|t| t.strip_suffix("' not found"));
    let Some(missing) = missing else { return text.to_owned() };
    // Without permission, a path as a table's name is a table that does not exist.
    let path = missing.strip_prefix("datafusion.public.").unwrap_or(missing);
    if !files && (path.contains('/') || FILES.iter().any(|end| path.ends_with(end))) {
        return format!("no table named {path}; files are read only with --allow-files");
    }
    match nearest(path, names.tables().map(|t| t.name.as_str())) {
        Some(near) => format!("no table named {path}; did you mean {near}?"),
        None => format!("no table named {path}"),
    }
}

/// A function called with what it does not take: what the function says of it, without the layers
/// that passed it on; where none says anything of use, what it can be called with.
fn call_message(text: &str) -> Option<String> {
    let (said, call) = text.split_once("No function matches the given name and argument types '")?;
    if said.contains("failed to match any signature") {
        let (call, rest) = call.split_once("'. ")?;
        let (_, candidates) = rest.split_once("Candidate functions:")?;
        let candidates: Vec<&str> = candidates.lines().map(str::trim).filter(|c| !c.is_empty()).collect();
        return Some(format!("no function {call}; there are {}", candidates.join(", ")));
    }
    let said = said.split_once("user-defined coercion failed with: ").map_or(said, |(_, function)| function);
    let kinds = ["Error during planning: ", "Execution error: "];
    let said = kinds.iter().find_map(|kind| said.strip_prefix(kind)).unwrap_or(said);
    Some(said.trim().trim_end_matches('.').to_owned())
}

/// How the names of files end.
const FILES: [&str; 6] = [".parquet", ".csv", ".json", ".ndjson", ".arrow", ".avro"];
