//! Other programs read what is published.

use std::process::Command;

use datafusion::arrow::datatypes::DataType;
use datafusion_engagement::publish::TABLES;
use serde_json::Value;

use crate::installed::{python, run};
use crate::support::{attributes, bundled_run};

/// The Python packages that read what is published.
pub const READERS: &str = "duckdb==2.0.0 polars==2.1.0 pandas==3.1.1 pyarrow==26.0.1";

/// The name of a type of this crate in a reader.
fn called(data_type: &DataType, reader: &str) -> &'static str {
    match (reader, data_type) {
        ("duckdb", DataType::Utf8) => "VARCHAR",
        ("duckdb", DataType::Int64) => "BIGINT",
        ("duckdb", DataType::Float64) => "DOUBLE",
        ("duckdb", DataType::Date32) => "DATE",
        ("polars", DataType::Utf8) => "String",
        ("polars", DataType::Int64) => "Int64",
        ("polars", DataType::Float64) => "Float64",
        ("polars", DataType::Date32) => "Date",
        ("pyarrow", DataType::Utf8) => "string",
        ("pyarrow", DataType::Int64) => "int64",
        ("pyarrow", DataType::Float64) => "double",
        ("pyarrow", DataType::Date32) => "date32[day]",
        ("pandas", DataType::Utf8) => "str",
        ("pandas", DataType::Int64) => "int64",
        ("pandas", DataType::Float64) => "float64",
        ("pandas", DataType::Date32) => "object",
        other => panic!("{other:?}"),
    }
}

#[test]
fn duckdb_polars_pyarrow_and_pandas_read_the_same() {
    let enrichment = &bundled_run().enrichment;
    let output = enrichment.resolve(&enrichment.output.path);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/readers.py");
    let mut command = Command::new(python("readers", READERS).join("bin/python"));
    command.arg(script).args(TABLES.iter().map(|t| output.join(t.file("Office"))));
    let found: Vec<Value> = serde_json::from_str(&run(&mut command)).unwrap();
    for (table, found) in TABLES.iter().zip(found) {
        let ours = crate::files::read(&output.join(table.file("Office")));
        let rows = &found["duckdb"]["rows"];
        assert_eq!(rows.as_array().map(Vec::len), Some(ours.num_rows()), "{}", table.name);
        for reader in ["duckdb", "polars", "pyarrow", "pandas"] {
            assert!(found[reader]["rows"] == *rows, "{} in {reader}", table.name);
            for (field, read) in
                table.schema(1, &attributes()).fields().iter().zip(found[reader]["types"].as_array().unwrap())
            {
                let mut called = called(field.data_type(), reader);
                // A property of pandas: its integer type has no null, so an integer column with nulls becomes
                // floating point.
                let has_nulls =
                    ours.column_by_name(field.name()).is_some_and(|column| column.null_count() > 0);
                if reader == "pandas" && has_nulls && field.data_type() == &DataType::Int64 {
                    called = "float64";
                }
                assert_eq!(read, called, "{} {} in {reader}", table.name, field.name());
            }
        }
    }
}
