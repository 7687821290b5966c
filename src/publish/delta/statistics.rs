//! The statistics of a data file in the Delta log, so that readers need not open the file: the number of
//! rows, and for each column the number of nulls, the minimum and the maximum.

use chrono::{DateTime, NaiveDate};
use datafusion::parquet::basic::{LogicalType, Type as PhysicalType};
use datafusion::parquet::file::metadata::ParquetMetaData;
use datafusion::parquet::file::statistics::Statistics;
use serde_json::{Map, Value, json};

/// Converts the statistics in the footer of a Parquet file to the JSON of a Delta log. A column without
/// statistics in the footer, or of another type than dates, 64-bit numbers and text, gets no minimum and maximum.
pub(crate) fn of(metadata: &ParquetMetaData) -> String {
    let (mut least, mut greatest, mut nulls) = (Map::new(), Map::new(), Map::new());
    let columns = metadata.file_metadata().schema_descr().columns();
    for (i, column) in columns.iter().enumerate() {
        let groups = metadata.row_groups().iter().map(|group| group.column(i).statistics());
        let Some(groups) = groups.collect::<Option<Vec<_>>>() else { continue };
        let kind = Kind::of(column.physical_type(), column.logical_type_ref());
        let name = column.name().to_owned();
        if let Some(count) = groups.iter().map(|s| s.null_count_opt()).sum::<Option<u64>>() {
            nulls.insert(name.clone(), json!(count));
        }
        // A row group that contains only nulls has neither minimum nor maximum.
        let bounds = groups.iter().filter_map(|s| bounds(s, kind?));
        if let Some((low, high)) = bounds.reduce(|a, b| (smaller(a.0, b.0), larger(a.1, b.1))) {
            least.insert(name.clone(), low);
            greatest.insert(name, high);
        }
    }
    let rows = metadata.file_metadata().num_rows();
    json!({ "numRecords": rows, "minValues": least, "maxValues": greatest, "nullCount": nulls }).to_string()
}

/// The columns that get a minimum and a maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Date,
    Number,
    Text,
}

impl Kind {
    /// `None` for a column of another kind: attributes of accounts can have any type.
    fn of(physical: PhysicalType, logical: Option<&LogicalType>) -> Option<Self> {
        match (physical, logical) {
            (PhysicalType::INT32, Some(LogicalType::Date)) => Some(Self::Date),
            (PhysicalType::INT64 | PhysicalType::DOUBLE, None) => Some(Self::Number),
            (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)) => Some(Self::Text),
            _ => None,
        }
    }
}

/// The minimum and the maximum of a row group.
fn bounds(statistics: &Statistics, kind: Kind) -> Option<(Value, Value)> {
    let text = |bytes: &[u8]| std::str::from_utf8(bytes).ok().map(|text| json!(text));
    match statistics {
        Statistics::Int32(s) if kind == Kind::Date => {
            Some((json!(day(*s.min_opt()?)?), json!(day(*s.max_opt()?)?)))
        }
        Statistics::Int64(s) => Some((json!(s.min_opt()?), json!(s.max_opt()?))),
        Statistics::Double(s) => {
            let bounds = (*s.min_opt()?, *s.max_opt()?);
            (bounds.0.is_finite() && bounds.1.is_finite()).then(|| (json!(bounds.0), json!(bounds.1)))
        }
        Statistics::ByteArray(s) => Some((text(s.min_opt()?.data())?, text(s.max_opt()?.data())?)),
        _ => None,
    }
}

fn day(days: i32) -> Option<NaiveDate> {
    DateTime::from_timestamp(i64::from(days) * 86_400, 0).map(|time| time.date_naive())
}

fn smaller(a: Value, b: Value) -> Value {
    if is_less(&b, &a) { b } else { a }
}

fn larger(a: Value, b: Value) -> Value {
    if is_less(&a, &b) { b } else { a }
}

/// Compares strings by their bytes, which also orders dates in ISO form, and numbers by value.
fn is_less(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a < b,
        (a, b) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a < b,
            _ => a.as_f64() < b.as_f64(),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{
        ArrayRef, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    };
    use datafusion::parquet::arrow::ArrowWriter;
    use datafusion::parquet::file::properties::WriterProperties;
    use datafusion::parquet::file::reader::{FileReader, SerializedFileReader};

    use super::*;

    fn of_batches(batches: &[RecordBatch]) -> Value {
        let file = tempfile::tempfile().unwrap();
        let properties = WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
        let copy = file.try_clone().unwrap();
        let mut writer = ArrowWriter::try_new(copy, batches[0].schema(), Some(properties)).unwrap();
        batches.iter().for_each(|batch| writer.write(batch).unwrap());
        writer.close().unwrap();
        serde_json::from_str(&of(SerializedFileReader::new(file).unwrap().metadata())).unwrap()
    }

    #[test]
    fn over_all_row_groups() {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("text", Arc::new(StringArray::from(vec![Some("b"), None, Some("a"), Some("é"), None]))),
            ("count", Arc::new(Int64Array::from(vec![Some(5), Some(-7), Some(i64::MAX), None, None]))),
            ("score", Arc::new(Float64Array::from(vec![Some(0.5), Some(9.0), Some(10.0), None, None]))),
            ("day", Arc::new(Date32Array::from(vec![Some(20_000), Some(-1), None, None, None]))),
            ("nothing", Arc::new(Int64Array::from(vec![None; 5]))),
        ];
        let found = of_batches(&[RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, column)| (name, column, true)),
        )
        .unwrap()]);
        let expected = json!({
            "numRecords": 5,
            "minValues": { "text": "a", "count": -7, "score": 0.5, "day": "1969-12-31" },
            "maxValues": { "text": "é", "count": i64::MAX, "score": 10.0, "day": "2024-10-04" },
            "nullCount": { "text": 2, "count": 2, "score": 2, "day": 3, "nothing": 5 },
        });
        assert_eq!(found, expected);
    }
}
