//! Reads JSON objects from a text, one at a time. The text contains one object per line, pretty-printed
//! objects one after another, or arrays of objects.
//!
//! The memory depends on the size of the largest object only. Of each object only the wanted members are
//! extracted; bodies and attachments are skipped without decoding.

use std::io::Read;

use crate::functions::graph::json::{self, Fault};

/// The first size of the buffer in bytes. A larger object makes it grow.
const FIRST_BUFFER: usize = 512 * 1024;
/// The size limit of an object in bytes. Messages are smaller; if an object seems to be larger, a quote or a
/// bracket is missing in the text.
const LARGEST_OBJECT: usize = 1 << 30;

/// Reads the objects of a text.
pub(crate) struct Objects<R> {
    text: R,
    buffer: Vec<u8>,
    /// The offset in `buffer` at which the next object is searched.
    start: usize,
    at_end: bool,
    /// How many bytes of the text precede `buffer`.
    before: u64,
    records: u64,
    in_array: bool,
    /// Whether an item may begin here: at the start of an array, or after a comma.
    item_may_begin: bool,
    /// Begin and end in `buffer` of the value of each wanted member of the last object.
    found: Vec<Option<(usize, usize)>>,
    /// The distinct keys of the objects so far, if they are collected.
    keys: Option<Vec<String>>,
}

impl<R: Read> Objects<R> {
    pub(crate) fn new(text: R) -> Self {
        Self {
            text,
            buffer: vec![],
            start: 0,
            at_end: false,
            before: 0,
            records: 0,
            in_array: false,
            item_may_begin: false,
            found: vec![],
            keys: None,
        }
    }

    /// Collects the keys of the objects.
    pub(crate) fn with_keys(mut self) -> Self {
        self.keys = Some(vec![]);
        self
    }

    /// The distinct keys of the objects so far, in the order in which they first occurred.
    pub(crate) fn keys(self) -> Vec<String> {
        self.keys.unwrap_or_default()
    }

    /// The number of objects so far.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// The number of bytes of the text up to the end of the last object.
    pub(crate) fn bytes(&self) -> u64 {
        self.before + self.start as u64
    }

    /// Reads the next object; `false` at the end of the text. `wanted` are the keys of the members to
    /// extract, in any case.
    ///
    /// # Errors
    /// What is wrong, and at which record and byte.
    pub(crate) fn next(&mut self, wanted: &[&str]) -> Result<bool, String> {
        loop {
            match self.step(wanted) {
                Ok(found) => return Ok(found),
                Err(Fault::CutShort) if !self.at_end => self.fill()?,
                Err(Fault::CutShort) => {
                    return Err(format!(
                        "is cut short within record {}, at its end (byte {})",
                        self.records + 1,
                        self.end()
                    ));
                }
                Err(Fault::NoJson(at)) => {
                    let byte = self.before + at as u64;
                    return Err(format!(
                        "is damaged: no JSON object in record {}, at byte {byte}",
                        self.records + 1
                    ));
                }
            }
        }
    }

    /// The JSON text of the value of a wanted member of the last object, as it is written; `None` if the
    /// object lacks the member. `index` is the position of its key in `wanted`.
    pub(crate) fn member(&self, index: usize) -> Option<&[u8]> {
        let (at, end) = (*self.found.get(index)?)?;
        self.buffer.get(at..end)
    }

    /// Reads one object from the buffer.
    fn step(&mut self, wanted: &[&str]) -> Result<bool, Fault> {
        let mut at = self.start;
        let (mut in_array, mut item_may_begin) = (self.in_array, self.item_may_begin);
        loop {
            at = json::skip_white(&self.buffer, at);
            match self.buffer.get(at) {
                None if self.at_end && !in_array => {
                    self.start = at;
                    return Ok(false);
                }
                None => return Err(Fault::CutShort),
                Some(b'[') if !in_array => (in_array, item_may_begin) = (true, true),
                Some(b']') if in_array => in_array = false,
                Some(b',') if in_array && !item_may_begin => item_may_begin = true,
                Some(b'{') if !in_array || item_may_begin => break,
                Some(_) => return Err(Fault::NoJson(at)),
            }
            at += 1;
        }
        self.found.clear();
        self.found.resize(wanted.len(), None);
        let (found, keys) = (&mut self.found, &mut self.keys);
        let known = keys.as_ref().map_or(0, Vec::len);
        let read = json::members(&self.buffer, at, |key, at, end| {
            if let Some(column) = wanted.iter().position(|w| w.eq_ignore_ascii_case(&key))
                && found[column].is_none()
            {
                found[column] = Some((at, end));
            }
            if let Some(keys) = keys
                && !keys.iter().any(|k| *k == key)
            {
                keys.push(key.into_owned());
            }
        });
        match read {
            Ok(end) => {
                self.start = end;
                (self.in_array, self.item_may_begin) = (in_array, false);
                self.records += 1;
                Ok(true)
            }
            Err(fault) => {
                if let Some(keys) = &mut self.keys {
                    keys.truncate(known);
                }
                Err(fault)
            }
        }
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
                "is damaged: record {record}, at byte {}, is larger than 1 GiB",
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
        let mut objects = Objects::new(text);
        let mut all = vec![];
        while objects.next(&["a"])? {
            all.push(String::from_utf8_lossy(objects.member(0).unwrap_or(b"-")).into_owned());
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
        assert_eq!(values(b" \n").unwrap(), [""; 0]);
    }

    #[test]
    fn faults_name_record_and_byte() {
        let error = |text: &str| values(text.as_bytes()).unwrap_err();
        assert_eq!(error("{\"a\":1}\n{\"a\":\"x"), "is cut short within record 2, at its end (byte 15)");
        assert_eq!(error("[{\"a\":1}"), "is cut short within record 2, at its end (byte 8)");
        assert_eq!(error("{\"a\":1}\n[{}\n{}]"), "is damaged: no JSON object in record 3, at byte 12");
        assert_eq!(error("{\"a\":1},{\"a\":2}"), "is damaged: no JSON object in record 2, at byte 7");
        assert_eq!(error("[{},,{}]"), "is damaged: no JSON object in record 2, at byte 4");
        assert_eq!(error("id;name\n"), "is damaged: no JSON object in record 1, at byte 0");
        assert_eq!(error("{\"a\":1}\n17"), "is damaged: no JSON object in record 2, at byte 8");
    }

    #[test]
    fn objects_larger_than_the_buffer() {
        let big = format!("{{\"body\":\"{}\",\"a\":7}}", "x\\\"}".repeat(FIRST_BUFFER));
        let text = format!("{{\"a\":1}}\n{big}\n{big}\n{{\"a\":2}}");
        assert_eq!(values(text.as_bytes()).unwrap(), ["1", "7", "7", "2"]);
    }

    #[test]
    fn keys_are_met_once() {
        let mut objects = Objects::new(&b"{\"a\":1,\"b\":{\"c\":1}}{\"b\":1,\"d\":1}"[..]).with_keys();
        while objects.next(&[]).unwrap() {}
        assert_eq!(objects.records(), 2);
        assert_eq!(objects.keys(), ["a", "b", "d"]);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(text in "[\\[\\]{}\":,a1 \\n]{0,40}", bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
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
