//! Reads a small text file, local or in an object store.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use super::StorageOptions;
use crate::error::{Error, Result};
use crate::storage::{self, Address};

/// The largest size in bytes. 2,500 addresses of the greatest length are under 1 MB, so a larger file is the
/// wrong file.
const LARGEST: u64 = 16 << 20;

/// The text of a local UTF-8 file, without a byte order mark; `name` is the name of the file in errors.
pub(crate) fn read(path: &Path, name: impl Display) -> Result<String> {
    let unreadable = |e: io::Error| Error::enrichment(format!("{name}: {}", reason(&e))).with_source(e);
    // Checked first: some systems refuse to open a folder, others refuse to read it.
    if path.is_dir() {
        return Err(unreadable(ErrorKind::IsADirectory.into()));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    small(bytes, name)
}

/// The text of a UTF-8 object in an object store, without a byte order mark; `name` is the name of the object
/// in errors.
pub(crate) fn read_from_store(
    address: &Address,
    storage: &StorageOptions,
    name: impl Display,
) -> Result<String> {
    let bytes = storage::small(address, storage, LARGEST);
    small(bytes.map_err(|why| Error::input(format!("{name}: {why}")))?, name)
}

fn small(bytes: Vec<u8>, name: impl Display) -> Result<String> {
    if bytes.len() as u64 > LARGEST {
        return Err(Error::enrichment(format!(
            "{name}: larger than 16 MB, the most that is read; check that this is the right file"
        )));
    }
    decode(bytes).map_err(|why| Error::enrichment(format!("{name}: {why}")))
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such file".to_owned(),
        ErrorKind::IsADirectory => "this is a folder; a text file is needed".to_owned(),
        ErrorKind::PermissionDenied => "cannot be read (permission denied)".to_owned(),
        _ => format!("cannot be read ({error})"),
    }
}

fn decode(mut bytes: Vec<u8>) -> Result<String, String> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err("this is UTF-16; save it as UTF-8".to_owned());
    }
    if bytes.starts_with(b"\xef\xbb\xbf") {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|e| {
        let good = e.utf8_error().valid_up_to();
        let line = 1 + e.as_bytes()[..good].iter().filter(|b| **b == b'\n').count();
        format!("line {line} is not UTF-8 text; save the file as UTF-8")
    })
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
    }

    #[test]
    fn too_large() {
        assert!(text(&vec![b'#'; LARGEST as usize]).is_ok());
        assert_eq!(
            text(&vec![b'#'; LARGEST as usize + 1]).unwrap_err(),
            "list.txt: larger than 16 MB, the most that is read; check that this is the right file"
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
