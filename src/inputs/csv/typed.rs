//! CSV files that a statement names, as one table. Their columns get types: those that all values have. The inputs of an
//! enrichment have columns of text instead.
//!
//! A type is never chosen if its values would be written in another way: `007` and `1e5` are text, and so is a number with
//! more digits than its type holds.

use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::common::Column;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};
use datafusion::prelude::cast;
use futures::{StreamExt, TryStreamExt};

use super::LOOKS_AT_ONCE;
use super::table::{self, CsvFile, Origin};
use crate::error::{Error, ErrorKind, Result};
use crate::inputs::named_columns::{key_names, merged};
use crate::inputs::{hive, text_table};
use crate::storage::InputFile;

/// What stands in place of a section in errors.
const SQL: &str = "sql";

/// How many digits a number has at most that a Float64 holds exactly.
const DIGITS_OF_FLOAT: usize = 15;

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// There is no value.
    Nothing,
    Boolean,
    /// Whole numbers that a Float64 holds, too.
    Int,
    LongInt,
    Float,
    Date,
    Timestamp,
    Text,
}

impl Kind {
    pub(crate) fn of(text: &str) -> Self {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(w, f)| (w, Some(f)));
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let is_number =
            is_digits(whole) && (whole == "0" || !whole.starts_with('0')) && fraction.is_none_or(is_digits);
        let length = whole.len() + fraction.map_or(0, str::len);
        let has_time = |format| NaiveDateTime::parse_from_str(text, format).is_ok();
        match fraction {
            _ if text == "-0" => Self::Text,
            None if is_number && length <= DIGITS_OF_FLOAT => Self::Int,
            None if is_number && text.parse::<i64>().is_ok() => Self::LongInt,
            Some(_) if is_number && length <= DIGITS_OF_FLOAT => Self::Float,
            None if text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false") => Self::Boolean,
            None if text.len() == 10 && NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok() => Self::Date,
            _ if (19..=26).contains(&text.len())
                && (has_time("%Y-%m-%dT%H:%M:%S%.f") || has_time("%Y-%m-%d %H:%M:%S%.f")) =>
            {
                Self::Timestamp
            }
            _ => Self::Text,
        }
    }

    /// The kind of values of two kinds.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, kind) | (kind, Self::Nothing) => kind,
            (one, other) if one == other => one,
            (Self::Int, Self::LongInt) | (Self::LongInt, Self::Int) => Self::LongInt,
            (Self::Int, Self::Float) | (Self::Float, Self::Int) => Self::Float,
            _ => Self::Text,
        }
    }

    pub(crate) fn data_type(self) -> DataType {
        match self {
            Self::Boolean => DataType::Boolean,
            Self::Int | Self::LongInt => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Nothing | Self::Text => DataType::Utf8,
        }
    }
}

/// What was found in a file.
pub(crate) struct Scan {
    /// The names of the columns, each once.
    pub(crate) header: Vec<String>,
    kinds: Vec<Kind>,
    /// The first column with numbers that begin with zeros.
    pub(crate) with_zeros: Option<String>,
}

/// Reads a file to its end.
///
/// # Errors
/// The file is damaged or cannot be read, or has a column twice.
pub(crate) fn scan(file: &InputFile) -> Result<Scan> {
    let records = table::open(SQL, file)?;
    let name = |(i, name): (usize, &String)| {
        if name.is_empty() { format!("column_{}", i + 1) } else { name.clone() }
    };
    let header: Vec<_> = records.header().iter().enumerate().map(name).collect();
    for (i, name) in header.iter().enumerate() {
        let is_same = |other: &&String| other.to_lowercase() == name.to_lowercase();
        if let Some(other) = header.iter().take(i).find(is_same) {
            let columns = format!("the columns {other:?} and {name:?} have the same name");
            return Err(Error::input(format!(
                "[{SQL}] {file}: {columns}, which counts in any case; rename one"
            )));
        }
    }
    let (mut kinds, mut with_zeros) = (vec![Kind::Nothing; header.len()], vec![false; header.len()]);
    table::read(SQL, file, &mut |records| {
        for (i, (kind, zeros)) in kinds.iter_mut().zip(&mut with_zeros).enumerate() {
            let Some(text) = records.field(i)? else { continue };
            *zeros |= text.len() > 1 && text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
            if *kind != Kind::Text {
                *kind = kind.and(Kind::of(text));
            }
        }
        Ok(true)
    })?;
    let with_zeros = with_zeros.iter().position(|zeros| *zeros).map(|i| header[i].clone());
    Ok(Scan { header, kinds, with_zeros })
}

/// Reads each file to its end.
///
/// # Errors
/// Those of [`scan`].
pub(crate) async fn scans(files: &[InputFile]) -> Result<Vec<Scan>> {
    let lost = |e| Error::new(ErrorKind::Engine, format!("reading CSV: {e}"));
    let scans =
        futures::stream::iter(files.to_vec()).map(|file| tokio::task::spawn_blocking(move || scan(&file)));
    scans.buffered(LOOKS_AT_ONCE).map(|scan| scan.map_err(lost)?).try_collect().await
}

/// The files as one table: columns by name, with types, then the keys of folders as columns of text. `keys` are those of
/// each file.
///
/// # Errors
/// A file is damaged or cannot be read, or names of columns differ in case only.
pub(crate) async fn typed_table(
    state: &SessionState,
    files: Vec<InputFile>,
    keys: &[hive::Keys],
) -> Result<Arc<dyn TableProvider>> {
    let scans = scans(&files).await?;
    let text = |name: &String| -> FieldRef { Arc::new(Field::new(name, DataType::Utf8, true)) };
    let columns = merged(files.iter().zip(&scans).map(|(file, scan)| (file, scan.header.iter().map(text))))?;
    let of_keys = key_names(keys, &columns);
    let origins = scans.iter().zip(keys).map(|(scan, keys)| {
        let place = |name: &String| scan.header.iter().position(|own| own == name);
        let own = columns.fields().iter().map(|column| place(column.name()));
        let own = own.map(|place| place.map_or(Origin::Constant(None), Origin::Field));
        own.chain(of_keys.iter().map(|name| Origin::Constant(hive::value(name, keys)))).collect()
    });
    let files = files.into_iter().zip(origins).map(|(file, columns)| CsvFile { file, columns }).collect();
    let kind = |name: &str| {
        let of_file = |scan: &Scan| {
            let place = scan.header.iter().position(|own| own == name);
            place.and_then(|place| scan.kinds.get(place)).copied().unwrap_or(Kind::Nothing)
        };
        scans.iter().map(of_file).fold(Kind::Nothing, Kind::and)
    };
    let all: Vec<_> = columns.fields().iter().cloned().chain(of_keys.iter().map(text)).collect();
    let typed: Vec<Expr> = all
        .iter()
        .map(|field| {
            let (name, column) = (field.name(), Expr::Column(Column::new_unqualified(field.name())));
            match kind(name).data_type() {
                DataType::Utf8 => column,
                data_type => cast(column, data_type).alias(name),
            }
        })
        .collect();
    let partitions = state.config().target_partitions();
    let table = text_table::table(SQL, files, &Arc::new(Schema::new(all)), partitions)?;
    let plan = LogicalPlanBuilder::scan("csv", provider_as_source(Arc::new(table)), None)?;
    Ok(Arc::new(ViewTable::new(plan.project(typed)?.build()?, None)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_keeps_what_is_written() {
        use Kind::{Boolean, Date, Float, Int, LongInt, Text, Timestamp};
        for (text, kind) in [
            ("0", Int),
            ("-12", Int),
            ("007", Text),
            ("-0", Text),
            ("+5", Text),
            ("123456789012345", Int),
            ("1234567890123456", LongInt),
            ("9223372036854775808", Text),
            ("0.50", Float),
            ("00.5", Text),
            ("1.", Text),
            ("1e5", Text),
            ("0.1234567890123456", Text),
            ("TRUE", Boolean),
            ("2026-02-28", Date),
            ("2026-02-30", Text),
            ("2026-02-28T10:00:00", Timestamp),
            ("2026-02-28 10:00:00.123456", Timestamp),
            ("2026-02-28 10:00:00Z", Text),
            ("", Text),
            (" 5", Text),
            ("NaN", Text),
        ] {
            assert_eq!(Kind::of(text), kind, "{text:?}");
        }
        for (one, other, both) in [
            (Int, Float, Float),
            (Int, LongInt, LongInt),
            (LongInt, Float, Text),
            (Int, Date, Text),
            (Kind::Nothing, Int, Int),
        ] {
            assert_eq!((one.and(other), other.and(one)), (both, both));
        }
    }

    #[test]
    fn a_file_is_scanned_to_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "id;n;\n1;2;x\n;3;\n010;4.5;\n").unwrap();
        let found = scan(&InputFile::local(path.clone())).unwrap();
        assert_eq!(found.header, ["id", "n", "column_3"]);
        assert_eq!(found.kinds, [Kind::Text, Kind::Float, Kind::Text]);
        assert_eq!(found.with_zeros.as_deref(), Some("id"));
        std::fs::write(&path, "id,ID\n1,2\n").unwrap();
        let error = scan(&InputFile::local(path)).err().unwrap().to_string();
        assert!(error.contains("the columns \"id\" and \"ID\" have the same name"), "{error}");
    }
}
