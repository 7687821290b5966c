//! Runs `tests/slt/*.slt` through a session of this crate, with several numbers of partitions and batch
//! sizes.
//!
//! Column types: T text, I whole number, R floating point, B boolean, D date, P timestamp, ? other types.
//! An empty text is printed as `(empty)`.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use datafusion::arrow::datatypes::DataType;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use sqllogictest::{AsyncDB, ColumnType, DBOutput, Runner, strict_column_validator};

use crate::support::{block_on, session, texts};

/// The type of a result column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    Float,
    Boolean,
    Date,
    Timestamp,
    Other,
}

const KINDS: [(char, Kind); 7] = [
    ('T', Kind::Text),
    ('I', Kind::Integer),
    ('R', Kind::Float),
    ('B', Kind::Boolean),
    ('D', Kind::Date),
    ('P', Kind::Timestamp),
    ('?', Kind::Other),
];

impl ColumnType for Kind {
    fn from_char(value: char) -> Option<Self> {
        KINDS.iter().find(|(c, _)| *c == value).map(|(_, kind)| *kind)
    }

    fn to_char(&self) -> char {
        KINDS.iter().find(|(_, kind)| kind == self).map_or('?', |(c, _)| *c)
    }
}

impl Kind {
    fn of(data_type: &DataType) -> Self {
        match data_type {
            text if text.is_string() => Kind::Text,
            integer if integer.is_integer() => Kind::Integer,
            float if float.is_floating() => Kind::Float,
            DataType::Boolean => Kind::Boolean,
            DataType::Date32 => Kind::Date,
            DataType::Timestamp(_, _) => Kind::Timestamp,
            _ => Kind::Other,
        }
    }
}

struct Database(SessionContext);

#[async_trait]
impl AsyncDB for Database {
    type Error = DataFusionError;
    type ColumnType = Kind;

    async fn run(&mut self, sql: &str) -> Result<DBOutput<Kind>, DataFusionError> {
        let frame = self.0.sql(sql).await?;
        let types: Vec<_> = frame.schema().fields().iter().map(|f| Kind::of(f.data_type())).collect();
        let mut rows = texts(&frame.collect().await?);
        rows.iter_mut().flatten().filter(|v| v.is_empty()).for_each(|v| *v = "(empty)".to_string());
        if types.is_empty() {
            return Ok(DBOutput::StatementComplete(0));
        }
        Ok(DBOutput::Rows { types, rows })
    }

    async fn shutdown(&mut self) {}
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt");
    let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<_> = entries.filter(|f| f.extension().is_some_and(|e| e == "slt")).collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// Runs every file in its own session, and reports all files that failed.
fn run_all(target_partitions: usize, batch_size: usize) {
    let failures: Vec<_> = files()
        .iter()
        .filter_map(|file| {
            let connect = || async { Ok(Database(session(target_partitions, batch_size))) };
            let mut runner = Runner::new(connect);
            runner.with_column_validator(strict_column_validator);
            block_on(runner.run_file_async(file)).err().map(|e| e.to_string())
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn one_partition() {
    run_all(1, 8192);
}

#[test]
fn two_partitions() {
    run_all(2, 8192);
}

#[test]
fn eight_partitions() {
    run_all(8, 8192);
}

#[test]
fn one_partition_tiny_batches() {
    run_all(1, 3);
}

#[test]
fn two_partitions_tiny_batches() {
    run_all(2, 3);
}

#[test]
fn eight_partitions_tiny_batches() {
    run_all(8, 3);
}

/// Every function is used in one of the files.
#[test]
fn every_function_is_tested() {
    let all: String = files().iter().map(|f| std::fs::read_to_string(f).unwrap()).collect();
    for name in crate::documentation::examples().into_keys() {
        assert!(all.contains(&format!("{name}(")), "{name} is in no file of tests/slt");
    }
}
