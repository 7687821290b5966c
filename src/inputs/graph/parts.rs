//! Cuts large JSON files into parts, so that one file is read on all cores.
//!
//! A part begins with a line that is one whole object of the export, and so does the next one. A line break cannot
//! be within a text, and a nested value does not have the columns of the export, so such a line is a record. Files
//! that do not consist of such lines are read whole: arrays, pretty-printed objects, UTF-16 and gzip.

use std::io::{BufRead, BufReader, Read};
use std::ops::Range;

use super::dataset::Dataset;
use super::found::{cannot_be_read, looks};
use super::table::JsonFile;
use crate::error::Result;
use crate::functions::graph::json;
use crate::inputs::text;
use crate::storage::InputFile;

/// A part is at least this large.
const SMALLEST: u64 = 8 << 20;
/// How many parts each partition gets, if all bytes are in one file: they do not take the same time.
const PARTS_EACH: u64 = 4;
/// How many bytes behind the place of a cut are searched for the beginning of a record.
const SEARCHED: u64 = 16 << 20;

/// The files, the large ones of them in parts.
///
/// # Errors
/// A file that cannot be read.
pub(crate) async fn cut(
    dataset: &'static Dataset,
    section: &'static str,
    files: Vec<JsonFile>,
    partitions: usize,
) -> Result<Vec<JsonFile>> {
    let inputs: Vec<_> = files.iter().map(|json| json.file.clone()).collect();
    let sizes: Vec<u64> = inputs.iter().map(|file| file.size().unwrap_or(0)).collect();
    let most = SMALLEST.max(sizes.iter().sum::<u64>() / (PARTS_EACH * partitions.max(1) as u64));
    let parts = looks(&inputs, move |file| parts(dataset, file, most)).await;
    let mut all = vec![];
    for (json, parts) in files.into_iter().zip(parts) {
        let parts = parts.map_err(|e| cannot_be_read(section, &json.file, &e))?;
        all.extend(parts.into_iter().map(|part| JsonFile { part, ..json.clone() }));
    }
    Ok(all)
}

/// The parts of a file, of about `most` bytes each; `None` stands for the whole file.
fn parts(dataset: &Dataset, file: &InputFile, most: u64) -> std::io::Result<Vec<Option<Range<u64>>>> {
    let size = file.size()?;
    let mut starts = vec![];
    // Half a part more is not worth another one.
    if size > most + most / 2 && text::is_plain_object(file)? {
        let count = size.div_ceil(most);
        for number in 1..count {
            let start = record_after(dataset, file, size / count * number, size)?;
            starts.extend(start.filter(|start| starts.last().is_none_or(|last| start > last)));
        }
    }
    if starts.is_empty() {
        return Ok(vec![None]);
    }
    let (starts, ends) = ([&[0], &starts[..]].concat(), [&starts[..], &[size]].concat());
    Ok(starts.into_iter().zip(ends).map(|(start, end)| Some(start..end)).collect())
}

/// Where the first line behind `at` begins that is an object of the export; `None` if there is none nearby.
fn record_after(dataset: &Dataset, file: &InputFile, at: u64, size: u64) -> std::io::Result<Option<u64>> {
    let end = size.min(at + SEARCHED);
    let mut text = BufReader::with_capacity(64 * 1024, file.open_part(at..end)?.take(end - at));
    let mut line = vec![];
    let mut start = at + text.read_until(b'\n', &mut line)? as u64;
    loop {
        line.clear();
        let length = text.read_until(b'\n', &mut line)?;
        if length == 0 || line.last() != Some(&b'\n') {
            return Ok(None);
        }
        if is_record(dataset, &line) {
            return Ok(Some(start));
        }
        start += length as u64;
    }
}

/// Whether a line is an object of the export, and nothing else.
fn is_record(dataset: &Dataset, line: &[u8]) -> bool {
    let mut keys = vec![];
    let read = json::members(line, json::skip_white(line, 0), |key, _, _| {
        keys.push(json::scalar(key).unwrap_or_default().into_owned());
    });
    read.is_ok_and(|end| json::skip_white(line, end) == line.len()) && dataset.has(&keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str =
        "{\"internetMessageId\":\"<1@x>\",\"toRecipients\":[{\"emailAddress\":{\"address\":\"a@x.com\"}}]}";

    fn cut_at(text: &str, most: u64) -> Vec<Option<Range<u64>>> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("0.json");
        std::fs::write(&path, text).unwrap();
        parts(Dataset::of("mail").unwrap(), &InputFile::local(path), most).unwrap()
    }

    #[test]
    fn parts_begin_with_records_and_follow_each_other() {
        let text = format!("{MAIL}\n").repeat(50);
        let line = MAIL.len() as u64 + 1;
        for most in [1, line, 3 * line + 7, 20 * line] {
            let parts: Vec<_> = cut_at(&text, most).into_iter().map(Option::unwrap).collect();
            assert_eq!((parts[0].start, parts[parts.len() - 1].end), (0, text.len() as u64));
            assert!(parts.windows(2).all(|two| two[0].end == two[1].start && two[1].start % line == 0));
            assert!(parts.len() > 1 && parts.iter().all(|part| part.end > part.start), "{most}");
        }
        assert_eq!(cut_at(&text, 40 * line), [None], "a part and a quarter");
    }

    #[test]
    fn only_lines_that_are_records_are_cut() {
        let pretty = format!(
            "{{\n\"internetMessageId\": \"<1@x>\",\n\"toRecipients\": [\n{0},\n{0}\n]\n}}\n",
            "{\"address\":\"a@x.com\"}"
        );
        for text in [
            pretty.repeat(50),
            format!("[\n{}{MAIL}\n]", format!("{MAIL},\n").repeat(50)),
            format!("[{MAIL}]\n").repeat(50),
            MAIL.repeat(50),
            format!("{MAIL},\n").repeat(50),
        ] {
            assert_eq!(cut_at(&text, 100), [None], "{text:.300}");
        }
        // Lines of another kind are no beginning, but those between them are.
        let text = format!("{MAIL}\n{{\"puser\":\"1\"}}\n\n").repeat(50);
        let parts = cut_at(&text, 300);
        assert!(parts.len() > 5);
        assert!(parts.iter().flatten().all(|part| text[part.start as usize..].starts_with(MAIL)));
    }
}
