//! Reads JSON objects from a text, one at a time. The text contains one object per line, pretty-printed
//! objects one after another, or arrays of objects.
//!
//! What has one meaning is read although it is not JSON: commas between the objects of lines, byte order
//! marks between them (files that were put together), the record separators of RFC 7464, and padding of zero
//! bytes or Ctrl-Z behind the last object.
//!
//! The memory depends on the size of the largest object only. Of each object only the wanted members are
//! extracted; bodies and attachments are skipped without decoding.

use std::io::Read;

use super::damage;
use crate::functions::graph::json::{self, Fault};

/// The first size of the buffer in bytes. A larger object makes it grow.
const FIRST_BUFFER: usize = 512 * 1024;
/// The size limit of an object in bytes. Messages are smaller (at most 150 MB); if an object seems to be larger, a quote or a
/// bracket is missing in the text.
const LARGEST_OBJECT: usize = 256 << 20;

const MARK: &[u8] = b"\xef\xbb\xbf";
/// Precedes each object in a JSON text sequence (RFC 7464).
const RECORD_SEPARATOR: u8 = 0x1e;
/// Bytes that can fill the end of a text: zero bytes, and Ctrl-Z, with which some systems end a text.
const PADDING: [u8; 2] = [0, 0x1a];

/// Reads the objects of a text.
pub(crate) struct Objects<'a, R> {
    text: R,
    /// The keys of the members to extract.
    wanted: &'a [&'a str],
    /// The keys of the last object as they are written, and which of the wanted ones each is. The next object
    /// mostly has the same keys in the same order.
    layout: Vec<(Vec<u8>, Option<usize>)>,
    buffer: Vec<u8>,
    /// The offset in `buffer` at which the last object begins.
    begin: usize,
    /// The offset in `buffer` at which the next object is searched.
    start: usize,
    at_end: bool,
    /// How many bytes of the text precede `buffer`.
    before: u64,
    records: u64,
    in_array: bool,
    /// Whether an object or array precedes without a comma behind it.
    is_behind_item: bool,
    /// The first byte of padding, and its offset in the text.
    padding: Option<(u8, u64)>,
    /// Begin and end in `buffer` of the value of each wanted member of the last object.
    found: Vec<Option<(usize, usize)>>,
    /// A wanted member that the last object has several times, with different values.
    ambiguous: Option<usize>,
    /// The distinct keys of the objects so far, if they are collected.
    keys: Option<Vec<String>>,
}

impl<'a, R: Read> Objects<'a, R> {
    /// The objects of a text. `wanted` are the keys of the members to extract, in any case.
    pub(crate) fn new(text: R, wanted: &'a [&'a str]) -> Self {
        Self {
            text,
            wanted,
            layout: vec![],
            buffer: vec![],
            begin: 0,
            start: 0,
            at_end: false,
            before: 0,
            records: 0,
            in_array: false,
            is_behind_item: false,
            padding: None,
            found: vec![],
            ambiguous: None,
            keys: None,
        }
    }

    /// Collects the keys of the objects.
    pub(crate) fn with_keys(mut self) -> Self {
        self.keys = Some(vec![]);
        self
    }

    /// The distinct keys of the objects so far, in the order in which they first occurred.
    pub(crate) fn keys(&self) -> &[String] {
        self.keys.as_deref().unwrap_or_default()
    }

    /// The number of objects so far.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// The number of bytes of the text up to the end of the last object.
    pub(crate) fn bytes(&self) -> u64 {
        self.before + self.start as u64
    }

    /// Reads the next object; `false` at the end of the text.
    ///
    /// # Errors
    /// What is wrong, and at which record and byte.
    pub(crate) fn next(&mut self) -> Result<bool, String> {
        loop {
            match self.step() {
                Ok(found) => {
                    if found && self.is_page() {
                        return Err(self.page());
                    }
                    let key = self.ambiguous.and_then(|column| self.wanted.get(column));
                    return key.map_or(Ok(found), |key| Err(self.several(key)));
                }
                Err(Fault::CutShort) if !self.at_end => self.fill()?,
                Err(Fault::CutShort) => {
                    return Err(format!(
                        "is cut short within record {}, at its end (byte {})",
                        self.records + 1,
                        self.end()
                    ));
                }
                Err(Fault::NoJson(at)) => return Err(self.damaged(at)),
            }
        }
    }

    /// The JSON text of the last object.
    pub(crate) fn object(&self) -> &[u8] {
        self.buffer.get(self.begin..self.start).unwrap_or_default()
    }

    /// The JSON text of the value of a wanted member of the last object, as it is written; `None` if the
    /// object lacks the member. `index` is the position of its key in `wanted`.
    ///
    /// # Errors
    /// The value is not UTF-8.
    pub(crate) fn member(&self, index: usize) -> Result<Option<&[u8]>, String> {
        let Some((at, end)) = self.found.get(index).copied().flatten() else { return Ok(None) };
        let value = self.buffer.get(at..end).unwrap_or_default();
        match std::str::from_utf8(value) {
            Ok(_) => Ok(Some(value)),
            Err(e) => {
                let (record, byte) = (self.records, self.before + (at + e.valid_up_to()) as u64);
                let key = self.wanted.get(index).copied().unwrap_or_default();
                Err(format!(
                    "is damaged: {key} of record {record} is not UTF-8 text, at byte {byte}; write the file in UTF-8"
                ))
            }
        }
    }

    /// Reads one object from the buffer.
    fn step(&mut self) -> Result<bool, Fault> {
        if !self.find()? {
            return Ok(false);
        }
        self.found.clear();
        self.found.resize(self.wanted.len(), None);
        let (found, keys, buffer, layout) = (&mut self.found, &mut self.keys, &self.buffer, &mut self.layout);
        let (wanted, mut ambiguous, mut member) = (self.wanted, None, 0);
        let read = json::members(buffer, self.start, |key, at, end| {
            if layout.get(member).is_none_or(|(known, _)| known != key) {
                layout.truncate(member);
                layout.push((key.to_vec(), wanted.iter().position(|name| json::is_key(key, name))));
            }
            if let Some((_, Some(column))) = layout.get(member) {
                let (first, last) = *found[*column].get_or_insert((at, end));
                if first != at && buffer[first..last] != buffer[at..end] {
                    ambiguous = Some(*column);
                }
            }
            member += 1;
        });
        let end = read?;
        if let Some(keys) = keys {
            for (key, _) in layout.iter().take(member) {
                let key = json::scalar(key).unwrap_or_default();
                if !keys.iter().any(|known| *known == key) {
                    keys.push(key.into_owned());
                }
            }
        }
        (self.begin, self.start) = (self.start, end);
        self.is_behind_item = true;
        self.ambiguous = ambiguous;
        self.records += 1;
        Ok(true)
    }

    /// Moves to the start of the next object; `false` at the end of the text.
    fn find(&mut self) -> Result<bool, Fault> {
        loop {
            self.start = json::skip_white(&self.buffer, self.start);
            let at = self.start;
            let rest = self.buffer.get(at..).unwrap_or_default();
            let Some(&byte) = rest.first() else {
                return match (self.at_end && !self.in_array, self.padding) {
                    (false, _) => Err(Fault::CutShort),
                    // Only padding: the file was created and never written.
                    (true, Some(_)) if self.records == 0 => Err(Fault::NoJson(at)),
                    (true, _) => Ok(false),
                };
            };
            match byte {
                _ if PADDING.contains(&byte) && !self.in_array => {
                    self.padding = self.padding.or(Some((byte, self.bytes())));
                }
                _ if self.padding.is_some() => return Err(Fault::NoJson(at)),
                b'{' if !self.in_array || !self.is_behind_item => return Ok(true),
                b'[' if !self.in_array => (self.in_array, self.is_behind_item) = (true, false),
                b']' if self.in_array => (self.in_array, self.is_behind_item) = (false, true),
                b',' if self.is_behind_item => self.is_behind_item = false,
                RECORD_SEPARATOR if !self.in_array => {}
                _ if rest.starts_with(MARK) && !self.in_array => self.start += MARK.len() - 1,
                _ if MARK.starts_with(rest) && !self.at_end => return Err(Fault::CutShort),
                _ => return Err(Fault::NoJson(at)),
            }
            self.start += 1;
        }
    }

    /// Whether the last object is a page of the Graph API: it has no wanted member, and a list with the name of those of pages.
    fn is_page(&self) -> bool {
        if self.wanted.is_empty() || self.found.iter().any(Option::is_some) {
            return false;
        }
        let mut is_page = false;
        let _ = json::members(&self.buffer, self.begin, |key, at, _| {
            is_page |= json::is_key(key, "value") && self.buffer.get(at) == Some(&b'[');
        });
        is_page
    }

    /// The error for a page of the Graph API. Its objects would be lost.
    fn page(&self) -> String {
        let (record, byte) = (self.records, self.bytes());
        format!(
            "has a page of the Graph API ({{\"value\": [...]}}) among its objects: record {record}, which ends at byte {byte}; \
             the objects in value are needed, one per line or in one array"
        )
    }

    /// The error for an object that has a wanted member several times, with different values.
    fn several(&self, key: &str) -> String {
        let (record, byte) = (self.records, self.bytes());
        format!(
            "is ambiguous: record {record}, which ends at byte {byte}, has several members '{key}' with different values, \
             and names count in any case; write one of them"
        )
    }

    /// The error for a text that is not JSON at this offset in the buffer.
    fn damaged(&self, at: usize) -> String {
        let (mut byte, record) = (self.before + at as u64, self.records + 1);
        let why = if let Some((padding, begin)) = self.padding {
            byte = begin;
            damage::between(&[padding], 0, self.in_array)
        } else if at == self.start {
            damage::between(&self.buffer, at, self.in_array)
        } else {
            damage::within(&self.buffer, at)
        };
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        format!("is damaged: no JSON object in record {record}, at byte {byte}{why}")
    }

    /// Removes from the buffer the text that was read, and appends more text to it.
    fn fill(&mut self) -> Result<(), String> {
        self.buffer.drain(..self.start);
        self.before += self.start as u64;
        self.start = 0;
        let held = self.buffer.len();
        if held >= LARGEST_OBJECT {
            let record = self.records + 1;
            return Err(format!(
                "is damaged: record {record}, at byte {}, is larger than 256 MiB",
                self.before
            ));
        }
        // At least as much again as the buffer contains, so that a large object is scanned only a few times.
        let more = FIRST_BUFFER.max(held);
        let read = self.text.by_ref().take(more as u64).read_to_end(&mut self.buffer);
        let read = read.map_err(|e| format!("cannot be read after byte {}: {e}", self.end()))?;
        self.at_end = read < more;
        Ok(())
    }

    fn end(&self) -> u64 {
        self.before + self.buffer.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(text: &[u8]) -> Result<Vec<String>, String> {
        let mut objects = Objects::new(text, &["a"]);
        let mut all = vec![];
        while objects.next()? {
            let value = objects.member(0)?.unwrap_or(b"-");
            all.push(String::from_utf8_lossy(value).into_owned());
        }
        Ok(all)
    }

    #[test]
    fn lines_documents_and_arrays() {
        for text in [
            "{\"a\":1}\n{\"b\":2,\"A\":2}\r\n\n{}\n",
            "{\"a\":1}{\"a\":2}{}",
            "{\n \"x\": {\"a\":0},\n \"a\": 1\n}\n{\"a\": 2 }\n { }",
            " [{\"a\":1}, {\"a\":2},\n{}] ",
            "[{\"a\":1}]\n[{\"a\":2},{}]\n[]",
        ] {
            assert_eq!(values(text.as_bytes()).unwrap(), ["1", "2", "-"], "{text}");
        }
        for text in [" \n", "", "[]", "[]\n[ ]", "\u{feff}", "\u{1e}\n"] {
            assert_eq!(values(text.as_bytes()).unwrap(), [""; 0], "{text}");
        }
    }

    #[test]
    fn what_has_one_meaning_is_read() {
        let padding = format!("{{\"a\":1}}{{\"a\":2}}{{}}\n{}", "\0".repeat(3 * FIRST_BUFFER));
        for text in [
            "{\"a\":1},\n{\"a\":2},\n{}",
            "{\"a\":1},\n{\"a\":2},\n{},\n",
            "[{\"a\":1},\n{\"a\":2},\n{},\n]",
            "[{\"a\":1}],[{\"a\":2},{}]",
            "\u{feff}{\"a\":1}\r\n\u{feff}{\"a\":2}\n\u{feff}\u{feff}{}\u{feff}",
            "\u{1e}{\"a\":1}\n\u{1e}{\"a\":2}\n\u{1e}\u{1e}{}\n",
            "{\"a\":1}\n{\"a\":2}\n{}\n\u{1a}",
            "[{\"a\":1},{\"a\":2},{}]\0\0\n\0\u{1a}",
            "{\"a\":1}\r{\"a\":2}\r{}\r",
            &padding,
        ] {
            assert_eq!(values(text.as_bytes()).unwrap(), ["1", "2", "-"], "{text:.20}");
        }
    }

    #[test]
    fn a_page_among_objects() {
        let expected = "has a page of the Graph API ({\"value\": [...]}) among its objects: record 2, which ends at byte 29; \
                        the objects in value are needed, one per line or in one array";
        assert_eq!(error("{\"a\":1}\n{\"@x\":0,\"value\":[{}]}"), expected);
        for text in ["{\"a\":1,\"value\":[]}\n{\"value\":3}", "{\"value\":null}\n{\"b\":{\"value\":[]}}"] {
            assert!(values(text.as_bytes()).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_member_has_one_value() {
        assert_eq!(
            values(b"{\"a\":1,\"A\":1,\"b\":2,\"B\":3}\n{\"a\":[ ],\"a\":[ ]}").unwrap(),
            ["1", "[ ]"]
        );
        let expected = "is ambiguous: record 2, which ends at byte 22, has several members 'a' with different values, and \
                        names count in any case; write one of them";
        for second in ["{\"a\":1,\"A\":20}", "{\"a\":1,\"a\":20}", "{\"A\":1,\"A\":20}"] {
            assert_eq!(error(&format!("{{\"a\":1}}\n{second}")), expected);
        }
    }

    #[test]
    fn faults_name_record_and_byte() {
        assert_eq!(error("{\"a\":1}\n{\"a\":\"x"), "is cut short within record 2, at its end (byte 15)");
        assert_eq!(error("[{\"a\":1}"), "is cut short within record 2, at its end (byte 8)");
        assert_eq!(error("[{},\0\0"), format!("is damaged: no JSON object in record 2, at byte 4: {ZERO}"));
        assert_eq!(error("id;name\n"), "is damaged: no JSON object in record 1, at byte 0");
    }

    const ZERO: &str = "zero bytes: a part of the file was not written; write it again";

    #[test]
    fn faults_say_what_is_wrong() {
        let numbers = "a number that JSON does not have (NaN or Infinity); write null instead";
        let python = "a value as Python prints it; write the file with a JSON library";
        let comment = "a comment, which JSON does not have";
        let control = "a control character within a text; JSON writes it with a backslash";
        let comma = "a comma or a colon is missing before it";
        let quote = "a single quote; the quotes of JSON are double";
        for (text, record, byte, why) in [
            // Between objects.
            ("{\"a\":1}\n[{}\n{}]", 3, 12, "a comma is missing before the object"),
            ("[{},,{}]", 2, 4, "a comma without an object before it"),
            (",{}", 1, 0, "a comma without an object before it"),
            ("{\"a\":1}\n17", 2, 8, "a value that is not an object"),
            (
                "[[{}],[{}]]",
                1,
                1,
                "an array within an array; the objects are needed one per line, or in one array",
            ),
            ("\"{}\"\n", 1, 0, "a text that contains JSON; it was encoded twice"),
            ("// export\n{}", 1, 0, comment),
            ("{}\n# end", 2, 3, comment),
            ("{};\n{}", 2, 2, "a semicolon; the objects are needed one per line, or in one array"),
            ("{}\n}", 2, 3, "a closing bracket without an opening one"),
            ("{}\0\0{}", 2, 2, ZERO),
            ("{}\n\u{1a}\n{}", 2, 3, "the character Ctrl-Z, which ends a text, but text follows it"),
            ("\0\0\0\0", 1, 0, ZERO),
            // Within an object.
            ("{\"a\":NaN}", 1, 5, numbers),
            ("{}{\"b\":[1,-Infinity]}", 2, 11, numbers),
            ("{\"b\":nan}", 1, 6, numbers),
            ("{\"b\":True}", 1, 5, python),
            ("{\"b\":None}", 1, 5, python),
            ("{'a':1}", 1, 1, quote),
            ("{\"a\":'1'}", 1, 5, quote),
            ("{\"a\":\"b\tc\"}", 1, 7, control),
            ("{\"a\":\"b\nc\"}", 1, 7, control),
            ("{\"a\":\"b\0\0", 1, 7, ZERO),
            ("{\"a\":[1,]}", 1, 8, "a comma before a closing bracket"),
            ("{\"a\":1,\n}", 1, 8, "a comma before a closing bracket"),
            ("{\"a\":1, // one\n\"b\":2}", 1, 8, comment),
            ("{\"a\":1 \"b\":2}", 1, 7, comma),
            ("{\"a\" 1}", 1, 5, comma),
            ("{\"a\":1;\"b\":2}", 1, 6, comma),
            ("{\"a\":b}", 1, 5, "a key or a value that is not JSON"),
            ("{a:1}", 1, 1, "a key or a value that is not JSON"),
            ("{\"a\":\"\\x\"}", 1, 7, "a backslash that does not begin an escape sequence of JSON"),
            ("{\"a\":1,\u{feff}\"b\":2}", 1, 7, "a byte order mark within an object"),
        ] {
            let expected = format!("is damaged: no JSON object in record {record}, at byte {byte}: {why}");
            assert_eq!(error(text), expected, "{text}");
        }
    }

    fn error(text: &str) -> String {
        values(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn a_wanted_member_is_utf_8() {
        let expected = "is damaged: a of record 2 is not UTF-8 text, at byte 16; write the file in UTF-8";
        assert_eq!(values(b"{\"a\":1}{\"a\":\"caf\xe9\"}").unwrap_err(), expected);
        assert_eq!(
            values(b"{\"b\":\"caf\xe9\",\"a\":1}").unwrap(),
            ["1"],
            "of other members nothing is decoded"
        );
    }

    #[test]
    fn objects_larger_than_the_buffer() {
        let big = format!("{{\"body\":\"{}\",\"a\":7}}", "x\\\"}".repeat(FIRST_BUFFER));
        let text = format!("{{\"a\":1}}\n{big}\n{big}\n{{\"a\":2}}");
        assert_eq!(values(text.as_bytes()).unwrap(), ["1", "7", "7", "2"]);
    }

    #[test]
    fn keys_are_met_once() {
        let mut objects = Objects::new(&b"{\"a\":1,\"b\":{\"c\":1}}{\"b\":1,\"d\":1}"[..], &[]).with_keys();
        while objects.next().unwrap() {}
        assert_eq!(objects.records(), 2);
        assert_eq!(objects.keys(), ["a", "b", "d"]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(text in "[\\[\\]{}\":,a1 \\n\\x00\\x1a\\x1e\u{feff}'/]{0,40}", bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = (values(text.as_bytes()), values(&bytes));
        }

        /// A text that is cut off yields its complete objects, and an error for an incomplete one.
        #[test]
        fn a_cut_loses_only_what_is_behind_it(count in 0usize..5, cut in 0usize..60) {
            let text: String = (0..count).map(|i| format!("{{\"a\":{i}}}\n")).collect();
            let cut = cut.min(text.len());
            let read = values(&text.as_bytes()[..cut]);
            let whole = cut / 8;
            match cut % 8 {
                0 | 7 => prop_assert_eq!(read.unwrap().len(), whole + usize::from(cut % 8 == 7)),
                _ => prop_assert!(read.unwrap_err().starts_with("is cut short")),
            }
        }
    }
}
