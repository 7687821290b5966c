//! Opens a CSV file as UTF-8 text.

use std::io::{self, Cursor, Read};

use crate::inputs::text;
use crate::storage::InputFile;

/// How many bytes are examined for the encoding.
const SAMPLE: u64 = 4096;

/// UTF-16 has at least one ASCII character, such as a delimiter or a line end, among so many.
const ASCII_AMONG: usize = 32;

/// Opens a file as text: decompresses gzip, removes a byte order mark, and converts UTF-16, also without a
/// mark.
pub(crate) fn open(file: &InputFile) -> io::Result<Box<dyn Read + Send>> {
    let mut bytes = text::open(file)?;
    let mut sample = vec![];
    bytes.by_ref().take(SAMPLE).read_to_end(&mut sample)?;
    let unit = utf_16(&sample);
    let whole = Cursor::new(sample).chain(bytes);
    Ok(match unit {
        Some(unit) => Box::new(text::from_utf_16(whole, unit)),
        None => Box::new(whole),
    })
}

/// How the units of UTF-16 without a mark are read; `None` for text in UTF-8. UTF-8 has no zero bytes, unless it is
/// damaged. Then its line ends show that it is UTF-8: they have no zero byte beside them.
fn utf_16(sample: &[u8]) -> Option<fn([u8; 2]) -> u16> {
    let units = sample.as_chunks().0;
    let is_ascii = |byte: u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    let is_line_end = |byte: u8| matches!(byte, b'\n' | b'\r');
    let counts = |is: &dyn Fn(u8) -> bool| {
        let little = units.iter().filter(|[low, high]| *high == 0 && is(*low)).count();
        (little, units.iter().filter(|[high, low]| *high == 0 && is(*low)).count())
    };
    let (little, big) = counts(&is_ascii);
    let is_little = little > big;
    let (little_ends, big_ends) = counts(&is_line_end);
    let (ascii, ends) = if is_little { (little, little_ends) } else { (big, big_ends) };
    let all_ends = sample.iter().filter(|byte| is_line_end(**byte)).count();
    let unit = if is_little { u16::from_le_bytes } else { u16::from_be_bytes };
    (ascii * ASCII_AMONG > units.len() && (all_ends == 0 || 2 * ends > all_ends)).then_some(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(bytes: &[u8]) -> io::Result<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        std::fs::write(&path, bytes).unwrap();
        let mut text = String::new();
        open(&InputFile::local(path))?.read_to_string(&mut text)?;
        Ok(text)
    }

    #[test]
    fn every_encoding_reads_alike() {
        for text in [
            "email,account_id\r\nann@x.com,1\r\n",
            "почта;счёт\nанна@x.com;1\n",
            "a",
            &"é,Ā\u{1f600}\n".repeat(2000),
        ] {
            let units = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
            assert_eq!(opened(text.as_bytes()).unwrap(), text);
            assert_eq!(opened(&[b"\xef\xbb\xbf", text.as_bytes()].concat()).unwrap(), text);
            for (mark, bytes) in
                [(b"\xff\xfe", u16::to_le_bytes as fn(u16) -> [u8; 2]), (b"\xfe\xff", u16::to_be_bytes)]
            {
                assert_eq!(opened(&units(bytes)).unwrap(), text);
                assert_eq!(opened(&[&mark[..], &units(bytes)].concat()).unwrap(), text);
            }
        }
    }

    #[test]
    fn zero_bytes_are_not_an_encoding() {
        let padded = [b"a,b\n1,2\n".to_vec(), vec![0; 100]].concat();
        assert_eq!(opened(&padded).unwrap().len(), padded.len());
        for damaged in
            ["id,name\n1,a\0\n2,b\n", "id,name\n1,\0a\n2,b\n", "id\0,name\n1,a\n", "\0id,name\r\n1,a\r\n"]
        {
            assert_eq!(opened(damaged.as_bytes()).unwrap(), damaged);
        }
    }
}
