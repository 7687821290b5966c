//! The lower bound of any program for this job: `decode FOLDER` decodes the needed columns of generated mail
//! and meetings, hashes the ids, and does nothing else. It uses all cores; one file is one unit of work.
//!
//! Text has the default type of the reader. With `--views` after the folder it is decoded as views, which
//! point into the decompressed pages.

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use xxhash_rust::xxh3::xxh3_128;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Columns that are hashed as well as decoded.
const IDS: [&str; 3] = ["message_id", "conversation_id", "meeting_id"];

/// Number of rows, and all hashes combined into one, so that the compiler cannot drop any of them.
#[derive(Default, Clone, Copy)]
struct Decoded {
    rows: u64,
    hash: u128,
}

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments.next().ok_or("decode needs the folder of generated data")?;
    let views = match arguments.next() {
        None => false,
        Some(views) if views == "--views" => true,
        Some(other) => return Err(format!("decode does not know {}", other.display()).into()),
    };
    let files = files(Path::new(&folder))?;
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let threads = thread::available_parallelism()?.get();
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let decoded = decode(file, views);
                    results.lock().expect("no thread panics while it holds the lock").push(decoded);
                }
            });
        }
    });
    let mut total = Decoded::default();
    for decoded in results.into_inner()? {
        let decoded = decoded?;
        total = Decoded { rows: total.rows + decoded.rows, hash: total.hash ^ decoded.hash };
    }
    println!("{} rows, {:032x}", total.rows, total.hash);
    Ok(())
}

/// The mail files and the meetings; every column in them is needed.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = vec![folder.join("meetings.parquet")];
    for entry in fs::read_dir(folder.join("mail"))? {
        files.push(entry?.path());
    }
    Ok(files)
}

fn decode(path: &Path, views: bool) -> Result<Decoded> {
    let file = File::open(path)?;
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(file.try_clone()?)?;
    if views {
        let views = ArrowReaderOptions::new().with_schema(Arc::new(as_views(reader.schema())));
        reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, views)?;
    }
    let mut decoded = Decoded::default();
    for batch in reader.with_batch_size(8_192).build()? {
        let batch = batch?;
        decoded.rows += batch.num_rows() as u64;
        decoded.hash ^= hash(&batch);
    }
    Ok(decoded)
}

/// The schema with text columns as views.
fn as_views(schema: &Schema) -> Schema {
    let fields = schema.fields().iter().map(|field| match field.data_type() {
        DataType::Utf8 => field.as_ref().clone().with_data_type(DataType::Utf8View),
        DataType::List(item) => {
            let item = item.as_ref().clone().with_data_type(DataType::Utf8View);
            field.as_ref().clone().with_data_type(DataType::List(Arc::new(item)))
        }
        _ => field.as_ref().clone(),
    });
    Schema::new(fields.collect::<Vec<Field>>())
}

fn hash(batch: &RecordBatch) -> u128 {
    let columns = IDS.iter().filter_map(|id| batch.column_by_name(id));
    columns.fold(0, |hash, column| match column.as_string_view_opt() {
        Some(views) => hash ^ of_all(views.iter()),
        None => hash ^ of_all(column.as_string::<i32>().iter()),
    })
}

fn of_all<'a>(ids: impl Iterator<Item = Option<&'a str>>) -> u128 {
    ids.flatten().fold(0, |hash, id| hash ^ xxh3_128(id.as_bytes()))
}
