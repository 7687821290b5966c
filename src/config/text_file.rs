//! Reads text files that people write: the enrichment file and the lists that it names, local or in an object
//! store, segments, and scripts of statements. All of them are UTF-8, with or without a byte order mark.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

use super::StorageOptions;
use crate::error::{Error, Result};
use crate::storage::{self, Address};

/// The largest size in bytes: a million mailboxes, the most that there can be, with 64 bytes each. A larger file is
/// the wrong file.
const LARGEST: u64 = 64 << 20;

/// The byte order mark of a text.
pub(crate) const MARK: char = '\u{feff}';
const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";

/// The text of a local UTF-8 file, without a byte order mark; `name` is the name of the file in errors.
pub(crate) fn read(path: &Path, name: impl Display) -> Result<String> {
    let unreadable = |e: io::Error| Error::enrichment(format!("{name}: {}", reason(&e))).with_source(e);
    let text = small(bytes(path).map_err(unreadable)?);
    text.map_err(|why| Error::enrichment(format!("{name}: {why}")))
}

/// The text of a regular UTF-8 file, without a byte order mark, or why it cannot be read. A pipe or a device could block
/// or never end, so it is not opened.
pub(crate) fn regular(path: &Path, most: u64) -> Result<String, String> {
    let meta = std::fs::metadata(path).map_err(|e| reason(&e))?;
    match (meta.is_file(), meta.len()) {
        (false, _) => Err("this is not a regular file; a text file is needed".to_owned()),
        (true, length) if length > most => Err(format!("it has {length} bytes; at most {most} are read")),
        (true, _) => small(bytes(path).map_err(|e| reason(&e))?),
    }
}

/// The lines of a local UTF-8 file of any size; `name` is the name of the file in errors.
pub(crate) fn lines(path: &Path, name: impl Display) -> Result<Lines<BufReader<File>>> {
    let unreadable = |e: io::Error| Error::enrichment(format!("{name}: {}", reason(&e))).with_source(e);
    Ok(Lines::new(BufReader::new(open(path).map_err(unreadable)?)))
}

fn open(path: &Path) -> io::Result<File> {
    // Checked first: some systems refuse to open a folder, others refuse to read it.
    if path.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    File::open(path)
}

/// The lines of a UTF-8 text, without line ends and without a byte order mark. A line is available as soon as
/// it is complete, so a program can write statements and wait for the results.
pub(crate) struct Lines<R> {
    text: R,
    /// The number of lines so far.
    number: u64,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(text: R) -> Self {
        Self { text, number: 0 }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    /// A line, or what is wrong with it.
    type Item = Result<String, String>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = vec![];
        match self.text.read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(e) => return Some(Err(reason(&e))),
        }
        let start = if self.number == 0 { without_mark(&line) } else { Ok(line.as_slice()) };
        self.number += 1;
        let text = start.and_then(|bytes| std::str::from_utf8(bytes).map_err(|_| not_utf_8(self.number)));
        let text = text.and_then(|text| without_zero(text, self.number));
        Some(text.map(|text| {
            let line = text.strip_suffix('\n').unwrap_or(text);
            line.strip_suffix('\r').unwrap_or(line).to_owned()
        }))
    }
}

/// The text of a UTF-8 object in an object store, without a byte order mark; `name` is the name of the object
/// in errors.
pub(crate) fn read_from_store(
    address: &Address,
    storage: &StorageOptions,
    name: impl Display,
) -> Result<String> {
    let bytes = storage::small(address, storage, LARGEST);
    let text = small(bytes.map_err(|why| Error::input(format!("{name}: {why}")))?);
    text.map_err(|why| Error::enrichment(format!("{name}: {why}")))
}

/// The first bytes of a local file: one more than is allowed, if there are so many.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn small(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() as u64 > LARGEST {
        return Err("larger than 64 MB, the most that is read; check that this is the right file".to_owned());
    }
    decode(&bytes)
}

pub(crate) fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::IsADirectory => "this is a folder; a text file is needed".to_owned(),
        ErrorKind::PermissionDenied => "cannot be read (permission denied)".to_owned(),
        _ => format!("cannot be read ({error})"),
    }
}

fn decode(bytes: &[u8]) -> Result<String, String> {
    let text = without_mark(bytes)?;
    let text = std::str::from_utf8(text).map_err(|e| {
        let line_ends = text[..e.valid_up_to()].iter().filter(|b| **b == b'\n').count();
        not_utf_8(1 + line_ends as u64)
    })?;
    without_zero(text, 1).map(str::to_owned)
}

/// A text that begins at the line `first`, if it has no zero byte: a program reads it differently than a person.
fn without_zero(text: &str, first: u64) -> Result<&str, String> {
    match text.find('\0') {
        None => Ok(text),
        Some(at) => {
            let line = first + text[..at].matches('\n').count() as u64;
            Err(format!("line {line} contains a zero byte; remove it"))
        }
    }
}

/// The text behind its byte order mark, if there is one.
///
/// # Errors
/// The text is UTF-16: it begins with the mark of UTF-16, or with two ASCII characters of two bytes.
fn without_mark(text: &[u8]) -> Result<&[u8], String> {
    match text {
        [0xff, 0xfe, ..]
        | [0xfe, 0xff, ..]
        | [0, _]
        | [_, 0]
        | [0, _, 0, ..]
        | [_, 0, _]
        | [_, 0, _, 0, ..] => Err("this is UTF-16; save it as UTF-8".to_owned()),
        _ => Ok(text.strip_prefix(UTF_8_MARK).unwrap_or(text)),
    }
}

fn not_utf_8(line: u64) -> String {
    format!("line {line} is not UTF-8 text; save the file as UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.txt");
        std::fs::write(&path, bytes).unwrap();
        read(&path, "list.txt").map_err(|e| e.to_string())
    }

    #[test]
    fn byte_order_mark_is_dropped() {
        assert_eq!(text(b"\xef\xbb\xbfname"), Ok("name".to_owned()));
        assert_eq!(text("é\r\n".as_bytes()), Ok("é\r\n".to_owned()));
        assert_eq!(text(b""), Ok(String::new()));
    }

    #[test]
    fn other_encodings() {
        let refused = |bytes: &[u8]| text(bytes).unwrap_err();
        assert_eq!(refused(b"ok\nJ\xfcrgen\n"), "list.txt: line 2 is not UTF-8 text; save the file as UTF-8");
        assert_eq!(refused(b"\xff\xfea\0"), "list.txt: this is UTF-16; save it as UTF-8");
        assert_eq!(refused(b"\xfe\xff\0a"), "list.txt: this is UTF-16; save it as UTF-8");
        assert_eq!(refused(b"a\0b\0"), "list.txt: this is UTF-16; save it as UTF-8");
        assert_eq!(refused(b"\0a\0b"), "list.txt: this is UTF-16; save it as UTF-8");
        for (text, line) in [(&b"a\0bc"[..], 1), (b"\0ab", 1), (b"ok\nb\0\n", 2)] {
            assert_eq!(refused(text), format!("list.txt: line {line} contains a zero byte; remove it"));
        }
    }

    #[test]
    fn lines_are_those_of_the_whole_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("script.sql");
        let by_line = |bytes: &[u8]| -> Result<Vec<String>, String> {
            std::fs::write(&path, bytes).unwrap();
            lines(&path, "script.sql").unwrap().collect()
        };
        for bytes in [
            &b"\xef\xbb\xbfselect 1;\r\n\nselect '\xc3\xa9'"[..],
            b"",
            b"a",
            b"a\n",
            b"\xef\xbb\xbf",
            b"\n\xef\xbb\xbfb",
        ] {
            let whole: Vec<String> = text(bytes).unwrap().lines().map(str::to_owned).collect();
            let marked = bytes == b"\xef\xbb\xbf";
            assert_eq!(by_line(bytes).unwrap(), if marked { vec![String::new()] } else { whole });
        }
        let not_utf_8 = "line 2 is not UTF-8 text; save the file as UTF-8";
        assert_eq!(by_line(b"ok\nJ\xfcrgen\n"), Err(not_utf_8.to_owned()));
        assert_eq!(by_line(b"ok\nb\0\n"), Err("line 2 contains a zero byte; remove it".to_owned()));
        for utf_16 in [&b"\xff\xfes\0\n\0"[..], b"\xfe\xff\0s\0\n", b"s\0\n\0"] {
            assert_eq!(by_line(utf_16), Err("this is UTF-16; save it as UTF-8".to_owned()));
        }
        let refused = |name: &str| lines(&folder.path().join(name), name).err().unwrap().to_string();
        assert_eq!(refused("nowhere.sql"), "nowhere.sql: there is no such file");
        assert_eq!(refused(""), ": this is a folder; a text file is needed");
    }

    #[test]
    fn too_large() {
        assert!(text(&vec![b'#'; LARGEST as usize]).is_ok());
        assert_eq!(
            text(&vec![b'#'; LARGEST as usize + 1]).unwrap_err(),
            "list.txt: larger than 64 MB, the most that is read; check that this is the right file"
        );
    }

    #[test]
    fn unreadable() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |name: &str| read(&folder.path().join(name), name).unwrap_err();
        assert_eq!(refused("nowhere.toml").to_string(), "nowhere.toml: there is no such file");
        assert_eq!(refused("").to_string(), ": this is a folder; a text file is needed");
        assert!(refused("a\0b").to_string().contains("cannot be read ("));
        assert!(std::error::Error::source(&refused("nowhere.toml")).is_some());
        assert_eq!(reason(&ErrorKind::PermissionDenied.into()), "cannot be read (permission denied)");
    }
}
