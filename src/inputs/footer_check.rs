//! Checks that the numbers in the footer of a Parquet file agree with each other.
//!
//! The reader believes each of these numbers where it needs it. With a contradiction, rows would be missing or
//! counted twice, depending on the columns that a query reads.

use datafusion::object_store::path::Path;
use datafusion::object_store::{self, ObjectStore, ObjectStoreExt};
use datafusion::parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

/// The first and the last bytes of a Parquet file.
const MAGIC: &[u8] = b"PAR1";

/// The length of what follows a footer: its length as four bytes, and `MAGIC`.
const TAIL: u64 = 8;

/// Checks a footer. `size` is the size of the file in bytes.
///
/// # Errors
/// What contradicts what.
pub(crate) fn check(file: &ParquetMetaData, size: u64) -> Result<(), String> {
    let rows = file.file_metadata().num_rows();
    let mut sum: i64 = 0;
    for (number, group) in file.row_groups().iter().enumerate() {
        let (place, group_rows) = (format!("row group {}", number + 1), group.num_rows());
        if group_rows < 0 {
            return Err(format!("{place} has {group_rows} rows according to its footer"));
        }
        sum = sum.saturating_add(group_rows);
        for column in group.columns() {
            let (name, values) = (column.column_path().string(), column.num_values());
            let descriptor = column.column_descr();
            // A file `_metadata`, which lists the rows of a folder, has such columns. The reader ignores this.
            if column.file_path().is_some_and(|path| !path.is_empty()) {
                return Err(format!("column {name} of {place} is in another file"));
            }
            let is_flat = descriptor.max_rep_level() == 0;
            // A list has at least one value or null in each row.
            if values < group_rows || (is_flat && values > group_rows) {
                return Err(format!(
                    "its footer contradicts itself: {place} has {group_rows} rows, but {values} values of \
                     column {name}"
                ));
            }
            let begin = first_page(column);
            let end = begin.checked_add(column.compressed_size());
            let is_within = |end: i64| u64::try_from(end).is_ok_and(|end| end <= size);
            if begin < 0 || column.compressed_size() < 0 || !end.is_some_and(is_within) {
                return Err(format!(
                    "column {name} of {place} would be outside of the file, which has {size} bytes"
                ));
            }
        }
    }
    if sum != rows {
        return Err(format!(
            "its footer contradicts itself: {rows} rows in the file, but {sum} in its row groups"
        ));
    }
    Ok(())
}

/// The byte at which a column begins.
fn first_page(column: &ColumnChunkMetaData) -> i64 {
    let data = column.data_page_offset();
    column.dictionary_page_offset().map_or(data, |dictionary| dictionary.min(data))
}

/// Checks that a file begins where its footer assumes. In files that were put together, as `cat` does it, the footer
/// of the last one counts from a place within; the reader would take rows of the first file for its own.
///
/// # Errors
/// The inner one: what is wrong. The outer one: the file cannot be read.
pub(crate) async fn check_begin(
    store: &dyn ObjectStore,
    path: &Path,
    file: &ParquetMetaData,
    size: u64,
) -> object_store::Result<Result<(), String>> {
    let ends = [0..MAGIC.len() as u64, size.saturating_sub(TAIL)..size];
    let [start, tail] = &store.get_ranges(path, &ends).await?[..] else { return Ok(Ok(())) };
    if start != MAGIC {
        return Ok(Err("it does not begin as a Parquet file does".to_owned()));
    }
    let begin = begin(file, size, tail);
    let is_within = begin > 0 && begin + (MAGIC.len() as u64) < size;
    if is_within && store.get_range(path, begin..begin + MAGIC.len() as u64).await? == MAGIC {
        return Ok(Err(format!(
            "another Parquet file begins at byte {begin} of it; files that were put together are not one \
             file: put them in a folder instead"
        )));
    }
    Ok(Ok(()))
}

/// Whether more follows what a footer names than a footer: then [`check_begin`] is worth its requests to an
/// object store. A few small files that were put together are not noticed.
pub(crate) fn is_too_long(file: &ParquetMetaData, size: u64) -> bool {
    // In memory, a footer is larger than in the file.
    size.saturating_sub(end(file)) > file.memory_size() as u64
}

/// The place at which a file begins, if nothing lies between its footer and what the footer names before it.
/// Writers may put something of their own there, so this is only a guess.
fn begin(file: &ParquetMetaData, size: u64, tail: &[u8]) -> u64 {
    let length = tail.first_chunk().map_or(0, |bytes| u64::from(u32::from_le_bytes(*bytes)));
    size.saturating_sub(TAIL + length).saturating_sub(end(file))
}

/// The byte behind the last column, index and Bloom filter that a footer names.
fn end(file: &ParquetMetaData) -> u64 {
    let columns = file.row_groups().iter().flat_map(|group| group.columns());
    let ends = columns.flat_map(|column| {
        [
            (Some(first_page(column)), Some(column.compressed_size())),
            (column.column_index_offset(), column.column_index_length().map(i64::from)),
            (column.offset_index_offset(), column.offset_index_length().map(i64::from)),
            (column.bloom_filter_offset(), column.bloom_filter_length().map(i64::from)),
        ]
    });
    let ends =
        ends.filter_map(|(offset, length)| u64::try_from(offset?.checked_add(length.unwrap_or(0))?).ok());
    ends.max().unwrap_or(MAGIC.len() as u64)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{Int64Array, ListArray, RecordBatch, StringArray};
    use datafusion::arrow::datatypes::Int32Type;
    use datafusion::object_store::ObjectStoreExt;
    use datafusion::object_store::memory::InMemory;
    use datafusion::parquet::arrow::ArrowWriter;
    use datafusion::parquet::file::metadata::{
        FileMetaData, ParquetMetaDataBuilder, ParquetMetaDataReader, RowGroupMetaData,
    };
    use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};

    use super::*;

    /// A file with two row groups of two rows each, and its footer.
    fn file() -> (u64, ParquetMetaData) {
        let bytes = written(None);
        let size = bytes.len() as u64;
        (size, footer(bytes))
    }

    fn footer(bytes: Vec<u8>) -> ParquetMetaData {
        ParquetMetaDataReader::new().parse_and_finish(&bytes::Bytes::from(bytes)).unwrap()
    }

    fn written(properties: Option<WriterProperties>) -> Vec<u8> {
        let list = vec![Some(vec![Some(1), Some(2)]), None, Some(vec![]), Some(vec![None])];
        let batch = RecordBatch::try_from_iter([
            ("id", Arc::new(Int64Array::from(vec![Some(1), None, Some(3), None])) as _),
            ("name", Arc::new(StringArray::from(vec!["a", "a", "b", "b"])) as _),
            ("to", Arc::new(ListArray::from_iter_primitive::<Int32Type, _, _>(list)) as _),
        ]);
        let batch = batch.unwrap();
        let mut bytes = vec![];
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), properties).unwrap();
        for half in [0, 2] {
            writer.write(&batch.slice(half, 2)).unwrap();
            writer.flush().unwrap();
        }
        writer.close().unwrap();
        bytes
    }

    fn with_rows(file: &ParquetMetaData, rows: i64) -> ParquetMetaData {
        let old = file.file_metadata();
        let new =
            FileMetaData::new(old.version(), rows, None, None, Arc::new(old.schema_descr().clone()), None);
        ParquetMetaDataBuilder::new(new).set_row_groups(file.row_groups().to_vec()).build()
    }

    fn with_group(
        file: &ParquetMetaData,
        change: impl Fn(RowGroupMetaData) -> RowGroupMetaData,
    ) -> ParquetMetaData {
        let mut groups = file.row_groups().to_vec();
        groups[1] = change(groups[1].clone());
        ParquetMetaDataBuilder::new(file.file_metadata().clone()).set_row_groups(groups).build()
    }

    fn with_values(file: &ParquetMetaData, column: usize, values: i64) -> ParquetMetaData {
        with_group(file, |group| {
            let mut columns = group.columns().to_vec();
            columns[column] = columns[column].clone().into_builder().set_num_values(values).build().unwrap();
            group.into_builder().set_column_metadata(columns).build().unwrap()
        })
    }

    #[tokio::test]
    async fn files_that_were_put_together() {
        let plain = || WriterProperties::builder();
        let (no_index, filters) = (plain().set_statistics_enabled(EnabledStatistics::None), plain());
        let filters = filters.set_bloom_filter_enabled(true).build();
        let files = [written(None), written(Some(no_index.build())), written(Some(filters))];
        let check = async |bytes: Vec<u8>| {
            let (store, path) = (InMemory::new(), Path::from("x"));
            store.put(&path, bytes.clone().into()).await.unwrap();
            let size = bytes.len() as u64;
            check_begin(&store, &path, &footer(bytes), size).await.unwrap()
        };
        for one in &files {
            let length = one.len();
            assert_eq!(begin(&footer(one.clone()), length as u64, &one[length - 8..]), 0);
            assert_eq!(check(one.clone()).await, Ok(()));
            assert!(!is_too_long(&footer(one.clone()), length as u64));
            for other in &files {
                let both = [&other[..], one].concat();
                let at = format!("another Parquet file begins at byte {} of it", other.len());
                assert!(check(both.clone()).await.unwrap_err().starts_with(&at));
                let many = [&other.repeat(20)[..], one].concat();
                assert!(is_too_long(&footer(many.clone()), many.len() as u64));
            }
            let wrong = [b"XXXX", &one[4..]].concat();
            assert!(check(wrong).await.unwrap_err().contains("does not begin"));
            // Writers may put something of their own before the footer.
            let data = length - 8 - u32::from_le_bytes(*one[length - 8..].first_chunk().unwrap()) as usize;
            let own = [&one[..data], &[b'x'; 3000], &one[data..]].concat();
            assert_eq!(check(own).await, Ok(()));
        }
    }

    #[test]
    fn contradictions() {
        let (size, good) = file();
        assert_eq!((check(&good, size), good.num_row_groups()), (Ok(()), 2));
        let wrong = |file: &ParquetMetaData| check(file, size).unwrap_err();
        assert_eq!(
            wrong(&with_rows(&good, 3)),
            "its footer contradicts itself: 3 rows in the file, but 4 in its row groups"
        );
        let no_groups =
            ParquetMetaDataBuilder::new(good.file_metadata().clone()).set_row_groups(vec![]).build();
        assert!(wrong(&no_groups).contains("4 rows in the file, but 0 in its row groups"));
        assert!(
            wrong(&with_group(&good, |g| g.into_builder().set_num_rows(-2).build().unwrap()))
                .contains("-2 rows")
        );
        assert!(
            wrong(&with_values(&good, 0, 1)).contains("row group 2 has 2 rows, but 1 values of column id"),
        );
        assert!(wrong(&with_values(&good, 1, 3)).contains("3 values of column name"));
        assert!(wrong(&with_values(&good, 2, 1)).contains("1 values of column to"));
        assert_eq!(check(&with_values(&good, 2, 5), size), Ok(()), "a list may have more values than rows");
        let elsewhere = with_group(&good, |group| {
            let columns = group.columns().iter().cloned();
            let elsewhere =
                columns.map(|c| c.into_builder().set_file_path("x.parquet".into()).build().unwrap());
            let elsewhere = elsewhere.collect();
            group.into_builder().set_column_metadata(elsewhere).build().unwrap()
        });
        assert_eq!(wrong(&elsewhere), "column id of row group 2 is in another file");
        assert!(check(&good, 20).unwrap_err().contains("outside of the file"));
    }
}
