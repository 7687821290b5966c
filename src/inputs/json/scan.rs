//! Looks at all objects of JSON files.

use futures::{StreamExt, TryStreamExt};

use super::SQL;
use super::shape::{Members, Odd};
use crate::error::{Error, ErrorKind, Result};
use crate::inputs::graph::objects::Objects;
use crate::inputs::text;
use crate::storage::InputFile;

/// How many files are examined at the same time.
const LOOKS_AT_ONCE: usize = 16;

/// The members of the objects of each file. This reads the files to their ends.
///
/// # Errors
/// A file is damaged or cannot be read, an object has a member several times, or a member has values of different kinds.
pub(crate) async fn scans(files: &[InputFile]) -> Result<Vec<Members>> {
    let lost = |e| Error::new(ErrorKind::Engine, format!("reading JSON: {e}"));
    let scans =
        futures::stream::iter(files.to_vec()).map(|file| tokio::task::spawn_blocking(move || scan(&file)));
    scans.buffered(LOOKS_AT_ONCE).map(|scan| scan.map_err(lost)?).try_collect().await
}

fn scan(file: &InputFile) -> Result<Members> {
    let place = |what: String| Error::input(format!("[{SQL}] {file} {what}"));
    let cannot = |e: std::io::Error| place(format!("cannot be read: {e}"));
    if file.size().map_err(cannot)? == 0 {
        return Err(place("is empty (0 bytes); remove it or write it again".to_owned()));
    }
    let mut objects = Objects::new(text::open(file).map_err(cannot)?, &[]);
    let mut members = Members::default();
    while objects.next().map_err(place)? {
        members.add(objects.object()).map_err(|odd| {
            let record = format!("record {}, which ends at byte {}", objects.records(), objects.bytes());
            place(match odd {
                Odd::Several(path) => format!(
                    "is ambiguous: {record}, has several members '{path}' with different values; write one of them"
                ),
                Odd::Kinds(path) => format!(
                    "has values of different kinds in '{path}': {record}, has another one than the records before it (text \
                     or numbers, a list, an object); write them alike"
                ),
            })
        })?;
    }
    Ok(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scanned(text: &str) -> Result<Members, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(&path, text).unwrap();
        let place = format!("[sql] {} ", path.display());
        scan(&InputFile::local(path)).map_err(|e| e.to_string().replace(&place, ""))
    }

    #[test]
    fn a_file_is_read_to_its_end() {
        let text = format!("{}{{\"b\":1}}\n", "{\"a\":1}\n".repeat(3000));
        assert_eq!(scanned(&text).unwrap().names().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(scanned("[]").unwrap().names().count(), 0);
        for (text, says) in [
            ("", "is empty (0 bytes); remove it or write it again"),
            ("{\"a\":1}\n{\"a\"", "is cut short within record 2, at its end (byte 12)"),
            ("{\"a\":1}\n{\"a\":NaN}", "is damaged: no JSON object in record 2, at byte 13: a number"),
            (
                "{\"a\":1}\n{\"a\":1,\"a\":2}",
                "is ambiguous: record 2, which ends at byte 21, has several members 'a' with different values; write one",
            ),
            (
                "{\"a\":1}\n{\"a\":[]}",
                "has values of different kinds in 'a': record 2, which ends at byte 16, has another one than",
            ),
        ] {
            let found = scanned(text).unwrap_err();
            assert!(found.starts_with(says), "{found}");
        }
    }
}
