//! A table of JSON files: one column of text per wanted member. Files are streamed in parallel.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::Result as EngineResult;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::PartitionStream;

use super::objects::Objects;
use super::text;
use crate::error::{Error, Result};
use crate::functions::graph::json;
use crate::storage::InputFile;

/// A batch ends after this many rows or `BATCH_BYTES` bytes of text, whichever comes first.
const BATCH_ROWS: usize = 4096;
const BATCH_BYTES: usize = 4 << 20;

/// A file of the table.
#[derive(Debug, Clone)]
pub(crate) struct JsonFile {
    pub(crate) file: InputFile,
    /// The values that the keys of its folders give to members that an object lacks, in the order of the
    /// members.
    pub(crate) keys: Vec<Option<String>>,
}

/// A table of the files with at most `partitions` partitions. Each file is in exactly one of them.
pub(crate) fn table(
    section: &'static str,
    files: Vec<JsonFile>,
    members: &[&'static str],
    partitions: usize,
) -> Result<StreamingTable> {
    let fields: Vec<_> = members.iter().map(|m| Field::new(*m, DataType::Utf8, true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let partitions = shared_out(files, partitions.max(1)).into_iter().map(|files| {
        let members = members.to_vec();
        Arc::new(JsonFiles { section, files, members, schema: Arc::clone(&schema) })
            as Arc<dyn PartitionStream>
    });
    Ok(StreamingTable::try_new(Arc::clone(&schema), partitions.collect())?)
}

/// Distributes the files over partitions: the largest file first, each to the partition with the fewest
/// bytes.
fn shared_out(files: Vec<JsonFile>, partitions: usize) -> Vec<Vec<JsonFile>> {
    let mut sized: Vec<_> = files.into_iter().map(|f| (f.file.size().unwrap_or(0), f)).collect();
    // The files are sorted by name, and this sort is stable, so the result is deterministic.
    sized.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    let mut shares = vec![(0, vec![]); partitions.min(sized.len())];
    for (bytes, file) in sized {
        if let Some(least) = shares.iter_mut().min_by_key(|share| share.0) {
            least.0 += bytes;
            least.1.push(file);
        }
    }
    shares.into_iter().map(|share| share.1).collect()
}

/// One partition of the table.
#[derive(Debug)]
struct JsonFiles {
    section: &'static str,
    files: Vec<JsonFile>,
    members: Vec<&'static str>,
    schema: SchemaRef,
}

impl PartitionStream for JsonFiles {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut stream = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), 1);
        let send = stream.tx();
        let (section, files, members) = (self.section, self.files.clone(), self.members.clone());
        let schema = Arc::clone(&self.schema);
        stream.spawn_blocking(move || {
            let mut batch = Batch::new(schema);
            for JsonFile { file, keys } in &files {
                let rows = read(section, file, &members, &mut |objects| {
                    batch.push(objects, keys)?;
                    // The receiver is closed if a limit was reached, or if the query failed elsewhere.
                    Ok(!batch.is_full() || send.blocking_send(batch.take()).is_ok())
                });
                if !rows? {
                    return Ok(());
                }
            }
            if batch.rows > 0 {
                let _ = send.blocking_send(batch.take());
            }
            Ok(())
        });
        stream.build()
    }
}

/// Calls `f` for every object of a file until `f` returns `false`. Returns whether the end was reached.
fn read(
    section: &str,
    file: &InputFile,
    members: &[&str],
    f: &mut dyn FnMut(&Objects<Box<dyn std::io::Read + Send>>) -> Result<bool, String>,
) -> EngineResult<bool> {
    let place = |e: String| Error::input(format!("[{section}] {file} {e}"));
    let text = text::open(file).map_err(|e| place(format!("cannot be read: {e}")))?;
    let mut objects = Objects::new(text);
    while objects.next(members).map_err(place)? {
        if !f(&objects).map_err(place)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What a file contains.
#[derive(Debug, Default)]
pub(crate) struct FileCount {
    /// The number of objects.
    pub(crate) rows: u64,
    /// For each member, whether some object has it.
    pub(crate) has: Vec<bool>,
}

/// Counts the objects of a file, and checks their members as a run does. This reads the complete file.
///
/// # Errors
/// A file that is damaged or cannot be read.
pub(crate) fn count(section: &str, file: &InputFile, members: &[&str]) -> Result<FileCount> {
    let mut counted = FileCount { rows: 0, has: vec![false; members.len()] };
    read(section, file, members, &mut |objects| {
        counted.rows = objects.records();
        for ((index, member), has) in members.iter().enumerate().zip(&mut counted.has) {
            *has |= objects.member(index, member)?.is_some();
        }
        Ok(true)
    })?;
    Ok(counted)
}

/// Rows that will become a record batch.
struct Batch {
    schema: SchemaRef,
    columns: Vec<StringBuilder>,
    rows: usize,
    bytes: usize,
}

impl Batch {
    fn new(schema: SchemaRef) -> Self {
        let columns = schema.fields().iter().map(|_| StringBuilder::new()).collect();
        Self { schema, columns, rows: 0, bytes: 0 }
    }

    /// Adds an object as a row. Strings are decoded; other values are added as their JSON text. `keys` are
    /// the values of members that it lacks.
    ///
    /// # Errors
    /// A value that is not valid UTF-8.
    fn push<R: std::io::Read>(
        &mut self,
        objects: &Objects<R>,
        keys: &[Option<String>],
    ) -> Result<(), String> {
        for (i, column) in self.columns.iter_mut().enumerate() {
            let Some(raw) = objects.member(i, self.schema.field(i).name())? else {
                column.append_option(keys.get(i).and_then(Option::as_deref));
                continue;
            };
            let value = json::scalar(raw);
            self.bytes += value.as_ref().map_or(0, |v| v.len());
            column.append_option(value);
        }
        self.rows += 1;
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    fn take(&mut self) -> EngineResult<RecordBatch> {
        (self.rows, self.bytes) = (0, 0);
        let columns = self.columns.iter_mut().map(|c| Arc::new(c.finish()) as ArrayRef).collect();
        Ok(RecordBatch::try_new(Arc::clone(&self.schema), columns)?)
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::SessionContext;

    use super::*;

    fn files(texts: &[&str]) -> (tempfile::TempDir, Vec<JsonFile>) {
        let folder = tempfile::tempdir().unwrap();
        let files = texts.iter().enumerate().map(|(i, text)| {
            let path = folder.path().join(format!("{i}.json"));
            std::fs::write(&path, text).unwrap();
            JsonFile { file: InputFile::Local(path), keys: vec![] }
        });
        let files = files.collect();
        (folder, files)
    }

    #[tokio::test]
    async fn members_become_columns_of_text() {
        let texts =
            ["{\"b\":{\"c\":[1]},\"A\":\"x\\n\",\"body\":1}\n{\"a\":null,\"b\":true}", "", "[{\"a\":7}]"];
        let (_folder, mut files) = files(&texts);
        files[2].keys = vec![Some("not needed".to_owned()), Some("of the folder".to_owned())];
        let ctx = SessionContext::new();
        ctx.register_table("t", Arc::new(table("mail", files, &["a", "b"], 2).unwrap())).unwrap();
        let batches = ctx.sql("select * from t order by b, a").await.unwrap().collect().await.unwrap();
        let shown = pretty_format_batches(&batches).unwrap().to_string();
        let rows: Vec<_> = shown.lines().skip(3).filter(|l| !l.starts_with('+')).collect();
        assert_eq!(
            rows,
            [
                "| 7 | of the folder |",
                "|   | true          |",
                "| x | {\"c\":[1]}     |",
                "|   |               |"
            ]
            .map(String::from)
            .to_vec(),
            "{shown}"
        );
        let batches = ctx.sql("select count(*) from t").await.unwrap().collect().await.unwrap();
        assert!(pretty_format_batches(&batches).unwrap().to_string().contains("| 3 "));
    }

    #[tokio::test]
    async fn a_damaged_file_is_named() {
        let many = "{\"a\":1}\n".repeat(3 * BATCH_ROWS);
        let (_folder, files) = files(&[&many, "{\"a\":1}\n{\"a\":"]);
        let path = files[1].file.to_string();
        let ctx = SessionContext::new();
        ctx.register_table("t", Arc::new(table("mail", files.clone(), &["a"], 2).unwrap())).unwrap();
        let error =
            ctx.sql("select a, count(*) from t group by a").await.unwrap().collect().await.unwrap_err();
        let expected = format!("[mail] {path} is cut short within record 2, at its end (byte 13)");
        assert_eq!(Error::from(error).to_string(), expected);
        assert_eq!(count("mail", &files[1].file, &["a"]).err().unwrap().to_string(), expected);
        let counted = count("mail", &files[0].file, &["b", "a"]).unwrap();
        assert_eq!((counted.rows, counted.has), (3 * BATCH_ROWS as u64, vec![false, true]));
    }

    /// What a count accepts, a table reads.
    #[tokio::test]
    async fn a_count_finds_the_damage_that_a_table_finds() {
        let bytes = [&b"{\"a\":1}\n{\"x\":\"\xe9\",\"a\":\"caf"[..], b"\xe9\"}"].concat();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0.json");
        std::fs::write(&path, bytes).unwrap();
        let file = InputFile::Local(path);
        let ctx = SessionContext::new();
        let json = JsonFile { file: file.clone(), keys: vec![] };
        let table = table("mail", vec![json], &["a"], 1).unwrap();
        let error = ctx.read_table(Arc::new(table)).unwrap().collect().await.unwrap_err();
        let counted = count("mail", &file, &["a"]).err().unwrap().to_string();
        assert_eq!(counted, Error::from(error).to_string());
        assert!(counted.contains("a of record 2 is not UTF-8 text, at byte "), "{counted}");
        assert_eq!(count("mail", &file, &["b"]).unwrap().rows, 2);
    }

    #[test]
    fn files_are_shared_out_by_size() {
        let (_folder, files) = files(&["1", "4444", "22", "333"]);
        let names = |files: &Vec<JsonFile>| {
            files
                .iter()
                .map(|f| std::fs::read_to_string(f.file.to_string()).unwrap())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let shares = |n| shared_out(files.clone(), n).iter().map(names).collect::<Vec<_>>();
        assert_eq!(shares(2), ["4444 1", "333 22"]);
        assert_eq!(shares(9).len(), 4);
    }
}
