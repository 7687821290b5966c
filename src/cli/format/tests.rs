//! Tests of each format: by its exact text or, if it is binary, by reading it.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int64Array, ListArray, StringArray, StringViewArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Int32Type};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;

fn batch() -> RecordBatch {
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]);
    let columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("CustomerId", Arc::new(StringArray::from(vec!["a,1", "b\"2\u{1b}"])), false),
        ("Score", Arc::new(Float64Array::from(vec![Some(87.5), None])), true),
        ("Month", Arc::new(Date32Array::from(vec![Some(20_760), None])), true),
        ("Emails", Arc::new(Int64Array::from(vec![Some(-7), Some(1200)])), true),
        ("Days", Arc::new(list), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

fn written(format: Format, layout: Layout, batches: &[RecordBatch]) -> Vec<u8> {
    let mut out = vec![];
    let mut sink = format.sink(&batch().schema(), layout, &mut out).unwrap();
    for batch in batches {
        sink.write(batch).unwrap();
    }
    sink.finish().unwrap();
    out
}

fn reader(bytes: &[u8]) -> ParquetRecordBatchReaderBuilder<std::fs::File> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    ParquetRecordBatchReaderBuilder::try_new(file).unwrap()
}

fn text(format: Format, batches: &[RecordBatch]) -> String {
    String::from_utf8(written(format, Layout::default(), batches)).unwrap()
}

#[test]
fn table() {
    let expected = r#" CustomerId | Score | Month      | Emails | Days
------------+-------+------------+--------+------
 a,1        |  87.5 | 2026-11-03 |     -7 | [1, NULL]
 b"2\u{1b}  |  NULL | NULL       |   1200 | NULL
"#
    .replace("--------+------\n", "--------+-----------\n");
    assert_eq!(text(Format::Table, &[batch()]), expected);
    let vertical = Layout { direction: Direction::Values, rows: Some(1), ..Layout::default() };
    let expected = "\
-[ 1 ]------
CustomerId | a,1
Score      | 87.5
Month      | 2026-11-03
Emails     | -7
Days       | [1, NULL]
";
    assert_eq!(String::from_utf8(written(Format::Table, vertical, &[batch()])).unwrap(), expected);
}

/// A table of these columns, and its remarks.
fn laid_out(columns: &[(&str, &str)], layout: Layout) -> (String, Vec<String>) {
    let columns =
        columns.iter().map(|(name, value)| (*name, Arc::new(StringArray::from(vec![*value])) as ArrayRef));
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut out = vec![];
    let mut sink = Format::Table.sink(&batch.schema(), layout, &mut out).unwrap();
    sink.write(&batch).unwrap();
    let remarks = sink.finish().unwrap();
    (String::from_utf8(out).unwrap(), remarks)
}

/// " abc | xyz" is ten columns wide.
#[test]
fn a_table_that_is_too_wide_is_cut_or_turned() {
    let table = [("abc", "1"), ("b", "xyz")];
    let layout = |direction, width| Layout { direction, width, hint: Some("\\x turns"), ..Layout::default() };
    let rows = " abc | b\n-----+-----\n 1   | xyz\n";
    let values = "-[ 1 ]\nabc | 1\nb   | xyz\n";
    assert_eq!(
        laid_out(&table, layout(Direction::Rows, Some(10))),
        (rows.replace("+-----", "+----"), vec![])
    );
    assert_eq!(laid_out(&table, layout(Direction::Rows, None)), (rows.to_owned(), vec![]));
    let cut = " abc | b\n-----+---\n 1   | x…\n".to_owned();
    assert_eq!(laid_out(&table, layout(Direction::Rows, Some(9))), (cut, vec!["\\x turns".to_owned()]));
    assert_eq!(laid_out(&table, layout(Direction::Fitting, Some(10))).0, rows.replace("+-----", "+----"));
    assert_eq!(laid_out(&table, layout(Direction::Fitting, Some(9))), (values.to_owned(), vec![]));
    assert_eq!(laid_out(&table, layout(Direction::Fitting, None)).0, rows);
    assert_eq!(laid_out(&table, layout(Direction::Values, Some(5))).0, values);
}

/// The rows of a table of one column with these numbers.
fn floats(numbers: Vec<Option<f64>>, layout: Layout) -> Vec<String> {
    let column: ArrayRef = Arc::new(Float64Array::from(numbers));
    let batch = RecordBatch::try_from_iter_with_nullable([("x", column, true)]).unwrap();
    let mut out = vec![];
    let mut sink = Format::Table.sink(&batch.schema(), layout, &mut out).unwrap();
    sink.write(&batch).unwrap();
    sink.finish().unwrap();
    String::from_utf8(out).unwrap().lines().skip(2).map(str::to_owned).collect()
}

#[test]
fn a_table_has_rounded_numbers_whose_points_are_below_each_other() {
    let numbers =
        || vec![Some(99.64912280701755), Some(79.97), Some(80.0), None, Some(f64::NAN), Some(-1e300)];
    let rows = floats(numbers(), Layout::default());
    assert_eq!(rows, ["  99.6", "  79.97", "  80.0", "   NULL", "    NaN", " -1e300"].map(|r| r.trim_end()));
    let exact = Layout { exact: true, ..Layout::default() };
    let rows = floats(numbers(), exact);
    assert_eq!(rows[..3], [" 99.64912280701755", "             79.97", "              80.0"]);
    let vertical = Layout { direction: Direction::Values, ..Layout::default() };
    assert_eq!(floats(vec![Some(1.0), Some(0.8771929824561403)], vertical).last().unwrap(), "x | 0.877");
    // Later rows have the decimals of the first ones.
    let many = floats((0..1500).map(|i| Some(f64::from(i) + 0.123)).collect(), Layout::default());
    assert_eq!((many[0].as_str(), many[1499].as_str()), ("   0.1", " 1499.1"));
}

#[test]
fn other_formats_have_all_digits() {
    let column: ArrayRef = Arc::new(Float64Array::from(vec![99.64912280701755]));
    let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
    for format in [Format::Csv, Format::Json, Format::Ndjson] {
        let mut out = vec![];
        let mut sink = format.sink(&batch.schema(), Layout::default(), &mut out).unwrap();
        sink.write(&batch).unwrap();
        sink.finish().unwrap();
        assert!(String::from_utf8(out).unwrap().contains("99.64912280701755"), "{format:?}");
    }
}

#[test]
fn a_table_of_any_length_keeps_its_columns() {
    let many = vec![batch(); 1500];
    let lines = text(Format::Table, &many).lines().count();
    assert_eq!(lines, 3002);
    let layout = Layout { rows: Some(1001), ..Layout::default() };
    assert_eq!(String::from_utf8(written(Format::Table, layout, &many)).unwrap().lines().count(), 1003);
    // A later cell that is wider than its column is written in full.
    let wide = RecordBatch::try_from_iter([("a", Arc::new(StringArray::from(vec!["x"; 1000])) as ArrayRef)])
        .unwrap();
    let wider =
        RecordBatch::try_from_iter([("a", Arc::new(StringArray::from(vec!["xyz"])) as ArrayRef)]).unwrap();
    let mut out = vec![];
    let mut sink = Format::Table.sink(&wide.schema(), Layout::default(), &mut out).unwrap();
    sink.write(&wide).unwrap();
    sink.write(&wider).unwrap();
    sink.finish().unwrap();
    assert!(String::from_utf8(out).unwrap().ends_with(" x\n xyz\n"));
}

#[test]
fn csv() {
    let expected = "CustomerId,Score,Month,Emails,Days\n\"a,1\",87.5,2026-11-03,-7,\"[1, ]\"\n\"b\"\"2\u{1b}\",,,1200,\n";
    assert_eq!(text(Format::Csv, &[batch()]), expected);
    assert_eq!(text(Format::Csv, &[batch(), batch()]).lines().count(), 5);
}

#[test]
fn json_and_ndjson() {
    let first = r#"{"CustomerId":"a,1","Score":87.5,"Month":"2026-11-03","Emails":-7,"Days":[1,null]}"#;
    let second = r#"{"CustomerId":"b\"2\u001b","Score":null,"Month":null,"Emails":1200,"Days":null}"#;
    assert_eq!(text(Format::Json, &[batch()]), format!("[{first},{second}]\n"));
    assert_eq!(text(Format::Ndjson, &[batch()]), format!("{first}\n{second}\n"));
}

#[test]
fn no_rows_are_a_result_too() {
    assert_eq!(text(Format::Csv, &[]), "CustomerId,Score,Month,Emails,Days\n");
    assert_eq!(text(Format::Json, &[]), "[]\n");
    assert_eq!(text(Format::Ndjson, &[]), "");
    assert_eq!(text(Format::Table, &[]).lines().count(), 2);
    let bytes = written(Format::Parquet, Layout::default(), &[]);
    let reader = reader(&bytes);
    assert_eq!(reader.schema().fields(), batch().schema().fields());
    assert_eq!(reader.build().unwrap().count(), 0);
}

#[test]
fn parquet_has_the_schema_and_the_rows() {
    let bytes = written(Format::Parquet, Layout::default(), &[batch(), batch()]);
    let reader = reader(&bytes);
    assert_eq!(reader.schema().fields(), batch().schema().fields());
    let rows: Vec<RecordBatch> = reader.build().unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(rows[0].slice(2, 2), batch());
}

#[test]
fn views_become_plain_strings_in_files() {
    let views = Arc::new(StringViewArray::from(vec!["a"])) as ArrayRef;
    let batch = RecordBatch::try_from_iter([("a", views)]).unwrap();
    let mut out = vec![];
    let mut sink = Format::Parquet.sink(&batch.schema(), Layout::default(), &mut out).unwrap();
    sink.write(&batch).unwrap();
    sink.finish().unwrap();
    let reader = reader(&out);
    assert_eq!(reader.schema().field(0).data_type(), &DataType::Utf8);
}

#[test]
fn two_columns_of_one_name_are_refused_where_they_would_be_one() {
    let field = || Field::new("CustomerId", DataType::Utf8, true);
    let schema = Schema::new(vec![field(), field()]);
    for format in [Format::Json, Format::Ndjson, Format::Parquet] {
        let mut out = vec![];
        let error = format.sink(&schema, Layout::default(), &mut out).err().unwrap();
        assert!(error.to_string().starts_with("two columns are named CustomerId"), "{error}");
    }
    assert!(Format::Csv.sink(&schema, Layout::default(), &mut vec![]).is_ok());
}

#[test]
fn an_instant_that_no_calendar_has_is_an_error_in_all_that_is_text() {
    let far: ArrayRef = Arc::new(TimestampMicrosecondArray::from(vec![i64::MAX]));
    let item = Arc::new(Field::new_list_field(far.data_type().clone(), true));
    let list: ArrayRef =
        Arc::new(ListArray::new(item, OffsetBuffer::from_lengths([1]), Arc::clone(&far), None));
    for column in [far, list] {
        let batch = RecordBatch::try_from_iter([("at", column)]).unwrap();
        for format in [Format::Table, Format::Csv, Format::Json, Format::Ndjson] {
            let mut out = vec![];
            let mut sink = format.sink(&batch.schema(), Layout::default(), &mut out).unwrap();
            let error = sink.write(&batch).and_then(|()| sink.finish().map(drop)).unwrap_err().to_string();
            assert!(
                error.starts_with("the result cannot be written: ") && error.contains("Cast error"),
                "{format:?}: {error}"
            );
        }
    }
}
