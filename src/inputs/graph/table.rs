//! A table of JSON files: one column of text per wanted member.

use std::borrow::Cow;
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::Result as EngineResult;

use super::objects::Objects;
use crate::error::{Error, Result};
use crate::functions::graph::json;
use crate::inputs::text;
use crate::inputs::text_table::{self, Rows, TextFile};
use crate::storage::InputFile;

/// A file of the table.
#[derive(Debug, Clone)]
pub(crate) struct JsonFile {
    pub(crate) file: InputFile,
    /// The values that the keys of its folders give to members that an object lacks, in the order of the
    /// members.
    pub(crate) keys: Vec<Option<String>>,
    /// The bytes that are read; `None` for the whole file. They begin and end between objects that stand on lines of
    /// their own.
    pub(crate) part: Option<Range<u64>>,
}

impl TextFile for JsonFile {
    fn size(&self) -> u64 {
        let whole = || self.file.size().unwrap_or(0);
        self.part.as_ref().map_or_else(whole, |part| part.end - part.start)
    }

    /// Strings are decoded; other values are added as their JSON text.
    fn read(&self, section: &str, columns: &Schema, rows: &mut Rows) -> EngineResult<bool> {
        let members: Vec<_> = columns.fields().iter().map(|field| field.name().as_str()).collect();
        read(section, &self.file, self.part.as_ref(), &members, &mut |objects| {
            rows.push(|member| match objects.member(member)? {
                Some(raw) => Ok(json::scalar(raw)),
                None => Ok(self.keys.get(member).and_then(Option::as_deref).map(Cow::Borrowed)),
            })
        })
    }
}

/// A table of the files with at most `partitions` partitions.
pub(crate) fn table(
    section: &'static str,
    files: Vec<JsonFile>,
    members: &[&'static str],
    partitions: usize,
) -> Result<StreamingTable> {
    let fields: Vec<_> = members.iter().map(|m| Field::new(*m, DataType::Utf8, true)).collect();
    text_table::table(section, files, &Arc::new(Schema::new(fields)), partitions)
}

/// Calls `f` for every object of a file, or of a part of it, until `f` returns `false`. Returns whether the end was
/// reached.
fn read(
    section: &str,
    file: &InputFile,
    part: Option<&Range<u64>>,
    members: &[&str],
    f: &mut dyn FnMut(&Objects<'_, Box<dyn Read + Send>>) -> Result<bool, String>,
) -> EngineResult<bool> {
    let place = |e: String| Error::input(format!("[{section}] {file} {e}"));
    let opened = part.map_or_else(|| text::open(file), |part| file.open_part(part.clone()));
    let mut objects = Objects::new(opened.map_err(|e| place(format!("cannot be read: {e}")))?, members);
    let mut next = || if objects.next()? { f(&objects).map(Some) } else { Ok(None) };
    loop {
        match next() {
            Ok(Some(true)) => {}
            Ok(Some(false)) => return Ok(false),
            Ok(None) => return Ok(true),
            Err(_) if part.is_some() => return Err(place(fault_of(file, members)).into()),
            Err(e) => return Err(place(e).into()),
        }
    }
}

/// The fault of a file in a part of which there is one. The part does not know the number of its records, so the file
/// is read from its beginning.
fn fault_of(file: &InputFile, members: &[&str]) -> String {
    let first = || {
        let text = text::open(file).map_err(|e| format!("cannot be read: {e}"))?;
        let mut objects = Objects::new(text, members);
        while objects.next()? {
            for index in 0..members.len() {
                objects.member(index)?;
            }
        }
        Ok::<_, String>(
            "begins with lines that are one object each and goes on in another way; write one object per line",
        )
    };
    first().map_or_else(|fault| fault, str::to_owned)
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
    read(section, file, None, members, &mut |objects| {
        counted.rows = objects.records();
        for (index, has) in counted.has.iter_mut().enumerate() {
            *has |= objects.member(index)?.is_some();
        }
        Ok(true)
    })?;
    Ok(counted)
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::util::pretty::pretty_format_batches;
    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::inputs::text_table::{BATCH_ROWS, shared_out};

    fn files(texts: &[&str]) -> (tempfile::TempDir, Vec<JsonFile>) {
        let folder = tempfile::tempdir().unwrap();
        let files = texts.iter().enumerate().map(|(i, text)| {
            let path = folder.path().join(format!("{i}.json"));
            std::fs::write(&path, text).unwrap();
            JsonFile { file: InputFile::local(path), keys: vec![], part: None }
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
        let file = InputFile::local(path);
        let ctx = SessionContext::new();
        let json = JsonFile { file: file.clone(), keys: vec![], part: None };
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
        let shares = |n| shared_out(files.clone(), JsonFile::size, n).iter().map(names).collect::<Vec<_>>();
        assert_eq!(shares(2), ["4444 1", "333 22"]);
        assert_eq!(shares(9).len(), 4);
    }
}
