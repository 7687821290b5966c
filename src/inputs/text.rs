//! Reads a file as UTF-8 text: decompresses gzip, removes a byte order mark, and converts UTF-16.

use std::io::{self, Chain, Cursor, Read};

use super::gzip::Members;
use crate::inputs::file_kind::FileKind;
use crate::storage::InputFile;

const GZIP: [u8; 2] = [0x1f, 0x8b];
const UTF_8: [u8; 3] = [0xef, 0xbb, 0xbf];
const UTF_16_LE: [u8; 2] = [0xff, 0xfe];
const UTF_16_BE: [u8; 2] = [0xfe, 0xff];
/// How many bytes of UTF-16 are converted at a time.
const CHUNK: usize = 64 * 1024;

/// Opens a file as text. Its first bytes determine compression and encoding, whatever its name.
pub(crate) fn open(file: &InputFile) -> io::Result<Box<dyn Read + Send>> {
    let (start, file) = peek(file.open()?)?;
    if start.starts_with(&GZIP) { decoded(Members::new(file)) } else { decoded(file) }
}

/// Whether a file is UTF-8 text that is not compressed and begins with a JSON object.
pub(crate) fn is_plain_object(file: &InputFile) -> io::Result<bool> {
    let start = peek(file.open()?)?.0;
    let (mark, encoding) = encoding(&start);
    let is_utf_8 = matches!(encoding, Encoding::Utf8);
    Ok(is_utf_8 && start.get(mark..).is_some_and(|start| start.trim_ascii_start().starts_with(b"{")))
}

/// What the text of a file is, if it is recognized.
pub(crate) fn kind(file: &InputFile) -> Option<FileKind> {
    let mut start = vec![];
    open(file).ok()?.take(FileKind::START).read_to_end(&mut start).ok()?;
    FileKind::of(&start)
}

/// Whether a file is Parquet: by its name or its first bytes.
pub(crate) fn is_parquet(file: &InputFile) -> io::Result<bool> {
    Ok(file.has_ending("parquet") || peek(file.open()?)?.0.starts_with(b"PAR1"))
}

fn decoded(bytes: impl Read + Send + 'static) -> io::Result<Box<dyn Read + Send>> {
    let (start, mut bytes) = peek(bytes)?;
    let (mark, encoding) = encoding(&start);
    bytes.read_exact(&mut vec![0; mark])?;
    let unit = match encoding {
        Encoding::Utf8 => return Ok(Box::new(bytes)),
        Encoding::Utf16(unit) => unit,
        Encoding::Utf32 => {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "this is UTF-32; write it as UTF-8"));
        }
    };
    Ok(Box::new(from_utf_16(bytes, unit)))
}

/// Reads UTF-16 as UTF-8. `unit` makes a unit of two bytes.
pub(crate) fn from_utf_16(
    bytes: impl Read + Send + 'static,
    unit: fn([u8; 2]) -> u16,
) -> impl Read + Send + 'static {
    Utf16 { bytes, unit, pending: vec![], text: Cursor::default() }
}

enum Encoding {
    Utf8,
    Utf16(fn([u8; 2]) -> u16),
    Utf32,
}

/// The length of the byte order mark with which a text begins, and its encoding. Without a mark, zero bytes
/// next to the first character show the encoding, because JSON begins with an ASCII character.
fn encoding(start: &[u8]) -> (usize, Encoding) {
    let first = |c: u8| matches!(c, b'{' | b'[' | b' ' | b'\t' | b'\r' | b'\n');
    match *start {
        [0xff, 0xfe, 0, 0] | [0, 0, 0xfe, 0xff] => (0, Encoding::Utf32),
        [c, 0, 0, 0] | [0, 0, 0, c] if first(c) => (0, Encoding::Utf32),
        _ if start.starts_with(&UTF_8) => (UTF_8.len(), Encoding::Utf8),
        _ if start.starts_with(&UTF_16_LE) => (UTF_16_LE.len(), Encoding::Utf16(u16::from_le_bytes)),
        _ if start.starts_with(&UTF_16_BE) => (UTF_16_BE.len(), Encoding::Utf16(u16::from_be_bytes)),
        [c, 0, ..] if first(c) => (0, Encoding::Utf16(u16::from_le_bytes)),
        [0, c, ..] if first(c) => (0, Encoding::Utf16(u16::from_be_bytes)),
        _ => (0, Encoding::Utf8),
    }
}

/// Reads the first bytes, at most four. The returned reader begins with them again.
fn peek<R: Read>(mut bytes: R) -> io::Result<(Vec<u8>, Chain<Cursor<Vec<u8>>, R>)> {
    let mut start = vec![];
    bytes.by_ref().take(4).read_to_end(&mut start)?;
    Ok((start.clone(), Cursor::new(start).chain(bytes)))
}

/// Reads UTF-16 as UTF-8. An unpaired surrogate becomes the replacement character. It occurs where a
/// preview of a text is cut at a fixed length.
struct Utf16<R> {
    bytes: R,
    unit: fn([u8; 2]) -> u16,
    /// The bytes of a character that is not complete yet.
    pending: Vec<u8>,
    text: Cursor<Vec<u8>>,
}

impl<R: Read> Utf16<R> {
    fn refill(&mut self) -> io::Result<()> {
        let read = self.bytes.by_ref().take(CHUNK as u64).read_to_end(&mut self.pending)?;
        let mut units: Vec<u16> = self.pending.as_chunks().0.iter().map(|pair| (self.unit)(*pair)).collect();
        let at_end = read < CHUNK;
        if at_end && self.pending.len() % 2 == 1 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "UTF-16 text with an odd number of bytes; it may be cut short",
            ));
        }
        // This is the first half of a surrogate pair; the second half comes with the next bytes.
        if !at_end && units.last().is_some_and(|unit| (0xd800..0xdc00).contains(unit)) {
            units.pop();
        }
        self.pending.drain(..2 * units.len());
        let text: String =
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        self.text = Cursor::new(text.into_bytes());
        Ok(())
    }
}

impl<R: Read> Read for Utf16<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.text.position() == self.text.get_ref().len() as u64 {
            self.refill()?;
        }
        self.text.read(into)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn read(bytes: Vec<u8>) -> io::Result<String> {
        let mut text = String::new();
        decoded(Cursor::new(bytes))?.read_to_string(&mut text)?;
        Ok(text)
    }

    fn utf_16(text: &str, mark: [u8; 2], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect()
    }

    #[test]
    fn every_encoding_reads_alike() {
        // The shifts put surrogate pairs at every position relative to the ends of the chunks.
        for shift in 0..3 {
            let text = format!("{}{}", "é".repeat(shift), "a\u{1f600}".repeat(CHUNK));
            assert_eq!(read(text.clone().into_bytes()).unwrap(), text);
            assert_eq!(read([&UTF_8, text.as_bytes()].concat()).unwrap(), text);
            assert_eq!(read(utf_16(&text, UTF_16_LE, u16::to_le_bytes)).unwrap(), text);
            assert_eq!(read(utf_16(&text, UTF_16_BE, u16::to_be_bytes)).unwrap(), text);
        }
        // Without a mark, the first character of JSON shows the encoding.
        let text = format!("{{\"a\":\"{}\"}}", "é\u{1f600}".repeat(9));
        for text in [text.as_str(), "[]", "\r\n{}", " "] {
            assert_eq!(read(utf_16(text, [b' ', 0], u16::to_le_bytes)).unwrap(), format!(" {text}"));
            assert_eq!(read(utf_16(text, [0, b' '], u16::to_be_bytes)).unwrap(), format!(" {text}"));
        }
        for utf_32 in [b"\xff\xfe\0\0{\0\0\0", b"\0\0\xfe\xff\0\0\0{", b"[\0\0\0]\0\0\0", b"\0\0\0[\0\0\0]"] {
            assert_eq!(read(utf_32.to_vec()).unwrap_err().to_string(), "this is UTF-32; write it as UTF-8");
        }
        assert_eq!(read(vec![0; 9]).unwrap(), "\0".repeat(9), "padding, whose encoding is not known");
        assert_eq!(read(vec![]).unwrap(), "");
        assert_eq!(read(UTF_16_LE.to_vec()).unwrap(), "");
    }

    #[test]
    fn half_characters_are_replaced_and_half_units_refused() {
        assert_eq!(read(vec![0xff, 0xfe, b'a', 0, 0x3d, 0xd8, b'b', 0]).unwrap(), "a\u{fffd}b");
        assert_eq!(read(vec![0xff, 0xfe, 0x3d, 0xd8]).unwrap(), "\u{fffd}");
        let error = read(vec![0xff, 0xfe, b'a', 0, b'b']).unwrap_err();
        assert_eq!(error.to_string(), "UTF-16 text with an odd number of bytes; it may be cut short");
    }

    #[test]
    fn first_bytes_say_what_a_file_is() {
        let folder = tempfile::tempdir().unwrap();
        let zipped = folder.path().join("x.json");
        let mut gzip = flate2::write::GzEncoder::new(
            std::fs::File::create(&zipped).unwrap(),
            flate2::Compression::fast(),
        );
        gzip.write_all(&utf_16("{}", UTF_16_LE, u16::to_le_bytes)).unwrap();
        gzip.finish().unwrap();
        let mut text = String::new();
        open(&InputFile::local(zipped.clone())).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "{}");
        assert!(!is_parquet(&InputFile::local(zipped)).unwrap());
        let parquet = folder.path().join("part-0");
        std::fs::write(&parquet, "PAR1...").unwrap();
        assert!(is_parquet(&InputFile::local(parquet)).unwrap());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..50), mark in 0usize..3) {
            bytes.splice(0..0, [&[][..], &UTF_16_LE, &UTF_16_BE][mark].iter().copied());
            let _ = read(bytes);
        }
    }
}
