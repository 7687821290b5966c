//! Converts errors of the engine to errors for the author of a statement: one line that contains what is
//! wrong and, where possible, the nearest name that exists.

use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;

use super::identifiers::Names;
use super::syntax::parser_message;
use crate::error::engine_words::{
    CANDIDATES, COERCION_FAILED, NO_FUNCTION_MATCHES, NO_SIGNATURE_MATCHES, TABLE_NOT_FOUND,
};
use crate::error::suggest::nearest;
use crate::error::{Error, ErrorKind, one_line};

/// Maximum number of columns that are listed if a column is not found.
const LISTED: usize = 8;

/// Converts an error of the engine to an error for the author of a statement. An error that the statement
/// does not cause (reading, writing, memory) retains its kind. `files` is whether statements may reach
/// files.
pub fn query_error(error: DataFusionError, names: &Names, files: bool) -> Error {
    if let Some(ours) = own_error(&error) {
        return ours.copy().with_source(error);
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
    let missing = text.strip_prefix(TABLE_NOT_FOUND.0).and_then(|t| t.strip_suffix(TABLE_NOT_FOUND.1));
    let Some(missing) = missing else { return text.to_owned() };
    // Without permission to reach files, a path as a table name is a table that does not exist.
    let path = missing.strip_prefix("datafusion.public.").unwrap_or(missing);
    if !files && (path.contains('/') || FILES.iter().any(|end| path.ends_with(end))) {
        return format!("no table named {path}; files are read only with --allow-files");
    }
    match nearest(path, names.tables().map(|t| t.name.as_str())) {
        Some(near) => format!("no table named {path}; did you mean {near}?"),
        None => format!("no table named {path}"),
    }
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

/// The endings by which a name is recognized as the name of a file.
const FILES: [&str; 6] = [".parquet", ".csv", ".json", ".ndjson", ".arrow", ".avro"];
