//! Files with the same rows in another form: shuffled, split, with other encodings, units, cases and orders.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, RecordBatch, UInt32Array, new_null_array,
};
use datafusion::arrow::compute::{cast, concat_batches, take_record_batch};
use datafusion::arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// Columns that a file may lack if all their values are empty.
const OPTIONAL: [&str; 5] = ["bcc", "is_draft", "is_automatic", "declined", "is_cancelled"];

/// A pseudo-random generator that yields the same numbers on every machine and in every run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(2).wrapping_add(1))
    }

    /// A number from 0 to `n - 1`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last + 1));
        }
    }
}

/// All rows of a Parquet file, or of the Parquet files in a folder.
pub fn read(path: &Path) -> RecordBatch {
    let mut files = vec![path.to_path_buf()];
    if path.is_dir() {
        files = fs::read_dir(path).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
    }
    let batches: Vec<_> = files.iter().map(read_file).collect();
    concat_batches(&batches[0].schema(), &batches).unwrap()
}

fn read_file(file: &PathBuf) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap();
    let schema = Arc::clone(reader.schema());
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    concat_batches(&schema, &batches).unwrap()
}

/// Writes one batch to a Parquet file.
pub fn write(file: &Path, batch: &RecordBatch) {
    let mut writer = ArrowWriter::try_new(File::create(file).unwrap(), batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// How a file differs from the bundled ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dress {
    Plain,
    /// Large text and lists, nanoseconds in a zone with a half-hour offset, upper-case names, reversed
    /// columns.
    Large,
    /// Dictionaries, no zone, empty columns of type Null, and an extra column.
    Dictionary,
    /// Views, another zone, mixed-case names, empty optional columns left out.
    View,
}

const DRESSES: [Dress; 4] = [Dress::Plain, Dress::Large, Dress::Dictionary, Dress::View];

/// Writes the rows of an input, shuffled, to `count` files of a folder, in turn in each of the forms above.
pub fn disguise(input: &Path, folder: &Path, count: usize, random: &mut Random) {
    let batch = read(input);
    fs::create_dir_all(folder).unwrap();
    // Rows whose optional columns are empty can go to files without these columns.
    let empty: Vec<_> =
        batch.columns().iter().map(|c| (0..c.len()).map(|row| is_empty(c, row)).collect()).collect();
    let quiet = |row: usize| {
        batch
            .schema()
            .fields()
            .iter()
            .zip(&empty)
            .all(|(f, empty): (_, &Vec<bool>)| !OPTIONAL.contains(&f.name().as_str()) || empty[row])
    };
    let mut files: Vec<Vec<u32>> = vec![vec![]; count];
    let (quiet_files, other_files): (Vec<_>, Vec<_>) = (0..count).partition(|f| f % DRESSES.len() > 1);
    let mut rows: Vec<u32> = (0..batch.num_rows() as u32).collect();
    random.shuffle(&mut rows);
    for row in rows {
        let file = if quiet(row as usize) && !quiet_files.is_empty() && random.below(2) == 0 {
            quiet_files[random.below(quiet_files.len())]
        } else {
            other_files[random.below(other_files.len())]
        };
        files[file].push(row);
    }
    for (i, rows) in files.into_iter().enumerate() {
        let part = take_record_batch(&batch, &UInt32Array::from(rows)).unwrap();
        // Some files go to a subfolder, because any depth is read.
        let folder = if i % 5 == 4 { folder.join("more") } else { folder.to_path_buf() };
        fs::create_dir_all(&folder).unwrap();
        write(&folder.join(format!("part-{i}.parquet")), &dressed(&part, DRESSES[i % DRESSES.len()]));
    }
}

/// Whether a value is null, false or an empty list, which is what a missing column means.
fn is_empty(column: &ArrayRef, row: usize) -> bool {
    column.is_null(row)
        || match column.data_type() {
            DataType::Boolean => !column.as_boolean().value(row),
            DataType::List(_) => column.as_list::<i32>().value(row).is_empty(),
            _ => false,
        }
}

fn dressed(batch: &RecordBatch, dress: Dress) -> RecordBatch {
    let mut columns: Vec<(String, ArrayRef)> = batch
        .schema()
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| {
            (field.name().clone(), cast(column, &other_type(column.data_type(), dress)).unwrap())
        })
        .collect();
    let says_nothing = |c: &ArrayRef| (0..c.len()).all(|row| c.is_null(row));
    match dress {
        Dress::Plain => {}
        Dress::Large => {
            columns.reverse();
            columns.iter_mut().for_each(|(name, _)| *name = name.to_uppercase());
        }
        Dress::Dictionary => {
            for (_, column) in columns.iter_mut().filter(|(_, c)| says_nothing(c)) {
                *column = new_null_array(&DataType::Null, batch.num_rows());
            }
            columns.insert(
                1,
                (
                    "nobody_asked".to_string(),
                    Arc::new(Int64Array::from_iter_values(0..batch.num_rows() as i64)),
                ),
            );
        }
        Dress::View => {
            let all_empty = |c: &ArrayRef| (0..c.len()).all(|row| is_empty(c, row));
            columns.retain(|(name, c)| !(OPTIONAL.contains(&name.as_str()) && all_empty(c)));
            columns.rotate_left(1);
            for (name, _) in &mut columns {
                *name = name
                    .chars()
                    .enumerate()
                    .map(|(i, c)| if i % 2 == 0 { c.to_ascii_uppercase() } else { c })
                    .collect();
            }
        }
    }
    let fields: Vec<_> =
        columns.iter().map(|(name, c)| Field::new(name, c.data_type().clone(), true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, c)| c).collect())
        .unwrap()
}

fn other_type(data_type: &DataType, dress: Dress) -> DataType {
    let text = match dress {
        Dress::Plain => return data_type.clone(),
        Dress::Large => DataType::LargeUtf8,
        Dress::Dictionary => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        Dress::View => DataType::Utf8View,
    };
    let item = |data_type| Arc::new(Field::new_list_field(data_type, true));
    match data_type {
        DataType::Utf8 => text,
        DataType::List(_) if dress == Dress::Large => DataType::LargeList(item(text)),
        DataType::List(_) if dress == Dress::View => DataType::List(item(text)),
        DataType::Timestamp(_, _) => match dress {
            Dress::Large => DataType::Timestamp(TimeUnit::Nanosecond, Some("+05:30".into())),
            Dress::Dictionary => DataType::Timestamp(TimeUnit::Microsecond, None),
            _ => DataType::Timestamp(TimeUnit::Microsecond, Some("America/New_York".into())),
        },
        other => other.clone(),
    }
}

/// Checks that a disguise changes the files at all; otherwise the tests that use it would prove nothing.
#[test]
fn disguises_differ() {
    let mail = read(&crate::support::data().join("mail"));
    let folder = tempfile::tempdir().unwrap();
    disguise(&crate::support::data().join("mail"), folder.path(), 4, &mut Random::new(7));
    let parts: Vec<_> = (0..4).map(|i| read(&folder.path().join(format!("part-{i}.parquet")))).collect();
    assert_eq!(parts.iter().map(RecordBatch::num_rows).sum::<usize>(), mail.num_rows());
    assert!(parts.iter().all(|p| p.num_rows() > 100));
    let type_of =
        |i: usize, name: &str| parts[i].schema().field_with_name(name).unwrap().data_type().to_string();
    assert_eq!(parts[0].schema().fields(), mail.schema().fields());
    assert_eq!(type_of(1, "SENDER"), "LargeUtf8");
    assert_eq!(type_of(1, "SENT_AT"), "Timestamp(ns, \"+05:30\")");
    assert_eq!(type_of(2, "sender"), "Dictionary(Int32, Utf8)");
    assert_eq!(type_of(2, "nobody_asked"), "Int64");
    assert_eq!(type_of(3, "SeNdEr"), "Utf8View");
    assert!(parts[3].num_columns() < mail.num_columns());
    assert_ne!(parts[0].column(0).slice(0, 100).as_ref(), mail.column(0).slice(0, 100).as_ref());
}
