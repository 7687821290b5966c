//! Reads the records of a CSV text, one at a time (RFC 4180), with any of the line ends in use.
//!
//! The libraries for CSV do not say whether an empty field was in quotes, and they accept a quote that is
//! never closed. Both matter here: an empty field without quotes is null, and a text that ends within quotes
//! is cut short.

use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

/// The delimiters, in the order that decides if a header contains equally many of several.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// The size limit of the header in bytes. If it seems to be larger, the file is not CSV.
const LARGEST_HEADER: usize = 1 << 20;

/// The size limit of a record in memory, in bytes. Records are smaller; if one seems to be larger, a line end is missing
/// or the text was made to fill the memory.
const LARGEST_RECORD: usize = 16 << 20;

/// What to do about a line with one field.
const FOOTER: &str = "; if the line is not a record, such as the footer of a report, delete it";

/// The records of a text.
pub(crate) struct Records<R> {
    text: BufReader<R>,
    delimiter: u8,
    /// The names of the columns.
    header: Vec<String>,
    /// The number of the line at which the next byte is.
    line: u64,
    /// The line at which the current record begins.
    first_line: u64,
    /// Whether the last byte was a carriage return, so that a line feed belongs to it.
    after_return: bool,
    /// The fields of the current record: their places in `bytes`, and whether they are in quotes.
    fields: Vec<(Range<usize>, bool)>,
    bytes: Vec<u8>,
}

/// Where in a record the next byte is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    /// At the start of a field.
    Start,
    /// In a field without quotes.
    Plain,
    /// In quotes.
    Quoted,
    /// Behind a quote within quotes: it ends the field, or the next byte is a quote, too.
    Quote,
}

impl<R: Read> Records<R> {
    /// Begins to read a text: reads its header, which also determines the delimiter. If the header contains `likely`, that
    /// is the delimiter.
    ///
    /// # Errors
    /// What is wrong, and at which line.
    pub(crate) fn open(text: R, likely: Option<u8>) -> Result<Self, String> {
        let mut records = Self::new(BufReader::with_capacity(64 * 1024, text), DELIMITERS[0]);
        let mut header = records.header_line()?;
        let declared = declared(&header);
        if declared.is_some() {
            header = records.header_line()?;
        }
        let likely = likely.filter(|byte| header.contains(byte));
        records.delimiter = declared.or(likely).unwrap_or_else(|| delimiter(&header));
        let mut names = Records::new(BufReader::new(header.as_slice()), records.delimiter);
        names.line = records.first_line;
        if !names.read()? {
            return Err("has no header line".to_owned());
        }
        let name = |i| names.field(i).map(|name| name.unwrap_or_default().trim().to_owned());
        records.header = (0..names.fields.len()).map(name).collect::<Result<_, _>>()?;
        Ok(records)
    }

    fn new(text: BufReader<R>, delimiter: u8) -> Self {
        Self {
            text,
            delimiter,
            header: vec![],
            line: 1,
            first_line: 1,
            after_return: false,
            fields: vec![],
            bytes: vec![],
        }
    }

    /// The bytes of the first line that is not blank. A line end in quotes belongs to the line.
    fn header_line(&mut self) -> Result<Vec<u8>, String> {
        let (mut header, mut in_quotes) = (vec![], false);
        self.first_line = self.line;
        loop {
            let line = self.line;
            let buffer = self.text.fill_buf().map_err(|e| cannot(line, &e))?;
            let Some(byte) = buffer.first().copied() else { return Ok(header) };
            self.text.consume(1);
            let is_second_half = self.after_return && byte == b'\n';
            self.after_return = byte == b'\r';
            in_quotes ^= byte == b'"';
            match matches!(byte, b'\n' | b'\r') && !in_quotes {
                true if is_second_half => {}
                true if header.iter().all(u8::is_ascii_whitespace) => {
                    header.clear();
                    self.line += 1;
                    self.first_line = self.line;
                }
                true => {
                    self.line += 1;
                    return Ok(header);
                }
                false => header.push(byte),
            }
            if header.len() > LARGEST_HEADER {
                return Err("has no header line: its first line is longer than 1 MiB".to_owned());
            }
        }
    }

    /// The names of the columns, without white space around them.
    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// Reads the next record; `false` at the end of the text. A blank line is not a record.
    ///
    /// # Errors
    /// What is wrong, and at which line.
    pub(crate) fn next(&mut self) -> Result<bool, String> {
        let found = self.read()?;
        let (has, needed) = (self.fields.len(), self.header.len());
        if found && has != needed {
            let s = |n| if n == 1 { "" } else { "s" };
            let what_to_do = if has == 1 { FOOTER } else { "" };
            return Err(format!(
                "is damaged: line {} has {has} field{}, but the header has {needed}{what_to_do}",
                self.first_line,
                s(has)
            ));
        }
        if found && self.repeats_header() {
            return Err(format!(
                "is damaged: line {} has the names of the columns again; if files were put together, delete this line",
                self.first_line
            ));
        }
        Ok(found)
    }

    /// Whether the current record has the names of the columns as its values. One or two can be so by chance.
    fn repeats_header(&self) -> bool {
        let is_name = |(i, name): (usize, &String)| {
            self.field(i).is_ok_and(|field| field.unwrap_or_default().trim() == name)
        };
        self.fields.len() > 1 && self.header.iter().enumerate().all(is_name)
    }

    /// A field of the current record; `None` if it is null.
    ///
    /// # Errors
    /// The field is not UTF-8, and its line.
    pub(crate) fn field(&self, index: usize) -> Result<Option<&str>, String> {
        let Some((place, is_quoted)) = self.fields.get(index) else { return Ok(None) };
        let bytes = self.bytes.get(place.clone()).unwrap_or_default();
        if bytes.is_empty() && !is_quoted {
            return Ok(None);
        }
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Ok(Some(text)),
            Ok(_) => Err(format!("is damaged: line {} contains a zero byte", self.first_line)),
            Err(_) => {
                Err(format!("line {} is not UTF-8 text; save the file as CSV in UTF-8", self.first_line))
            }
        }
    }

    /// Reads the next record, of any number of fields.
    fn read(&mut self) -> Result<bool, String> {
        loop {
            self.fields.clear();
            self.bytes.clear();
            if !self.read_line()? {
                return Ok(false);
            }
            let is_blank = matches!(&self.fields[..], [(place, false)] if place.is_empty());
            if !is_blank {
                return Ok(true);
            }
        }
    }

    /// Reads up to the end of the next line that is not in quotes; `false` at the end of the text.
    fn read_line(&mut self) -> Result<bool, String> {
        let (mut at, mut start, mut quote_line) = (At::Start, 0, 0);
        self.first_line = self.line;
        let mut is_empty = true;
        loop {
            let line = self.line;
            let buffer = self.text.fill_buf().map_err(|e| cannot(line, &e))?;
            if buffer.is_empty() {
                if at == At::Quoted {
                    return Err(format!(
                        "is damaged or cut short: a quote that begins at line {quote_line} is not closed"
                    ));
                }
                if !is_empty {
                    self.fields.push((start..self.bytes.len(), at == At::Quote));
                }
                return Ok(!is_empty);
            }
            let mut used = 0;
            let mut has_ended = false;
            for byte in buffer.iter().copied() {
                used += 1;
                let is_second_half = self.after_return && byte == b'\n';
                self.after_return = byte == b'\r';
                if is_second_half {
                    // It was counted with the carriage return. In quotes it belongs to the text.
                    if at == At::Quoted {
                        self.bytes.push(byte);
                    }
                    continue;
                }
                is_empty = false;
                let is_line_end = matches!(byte, b'\n' | b'\r');
                self.line += u64::from(is_line_end);
                at = match (at, byte) {
                    (At::Start, b'"') => {
                        quote_line = self.line;
                        At::Quoted
                    }
                    (At::Quoted, b'"') => At::Quote,
                    (At::Quote, b'"') | (At::Quoted, _) => {
                        self.bytes.push(byte);
                        At::Quoted
                    }
                    _ if is_line_end || byte == self.delimiter => {
                        self.fields.push((start..self.bytes.len(), at == At::Quote));
                        start = self.bytes.len();
                        has_ended = is_line_end;
                        At::Start
                    }
                    (At::Quote, _) => {
                        return Err(format!(
                            "is damaged: at line {}, text follows a closing quote; a quote within quotes is \
                             doubled",
                            self.line
                        ));
                    }
                    // Blanks in front of a field in quotes have no meaning.
                    (At::Plain, b'"') if self.bytes.iter().skip(start).all(|b| matches!(b, b' ' | b'\t')) => {
                        self.bytes.truncate(start);
                        quote_line = self.line;
                        At::Quoted
                    }
                    (At::Plain, b'"') if self.bytes.get(start..) == Some(b"=") => {
                        return Err(format!(
                            "has a formula at line {}, such as =\"A1\"; save the file with the value itself: \
                             \"A1\"",
                            self.line
                        ));
                    }
                    (At::Plain, b'"') => {
                        return Err(format!(
                            "is damaged: at line {}, a field without quotes has a quote in it; put the field in \
                             quotes and double the quote in it",
                            self.line
                        ));
                    }
                    (At::Start | At::Plain, _) => {
                        self.bytes.push(byte);
                        At::Plain
                    }
                };
                if has_ended {
                    break;
                }
            }
            self.text.consume(used);
            if has_ended {
                return Ok(true);
            }
            if self.bytes.len() + size_of_val(self.fields.as_slice()) > LARGEST_RECORD {
                return Err(format!(
                    "is damaged: the record at line {} is larger than 16 MiB",
                    self.first_line
                ));
            }
        }
    }
}

fn cannot(line: u64, e: &io::Error) -> String {
    format!("cannot be read after line {line}: {e}")
}

/// The delimiter that a line such as `sep=;` declares. Excel reads and other programs write it as the first line.
fn declared(line: &[u8]) -> Option<u8> {
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let (key, value) = line.split_at_checked(4)?;
    let [delimiter] = *value else { return None };
    let is_possible = delimiter == b'\t' || (delimiter.is_ascii_punctuation() && delimiter != b'"');
    (key.eq_ignore_ascii_case(b"sep=") && is_possible).then_some(delimiter)
}

/// The delimiter of which a header contains most, outside of quotes.
fn delimiter(header: &[u8]) -> u8 {
    let (mut counts, mut in_quotes) = ([0; DELIMITERS.len()], false);
    for byte in header {
        in_quotes ^= *byte == b'"';
        if let Some(i) = DELIMITERS.iter().position(|d| d == byte).filter(|_| !in_quotes) {
            counts[i] += 1;
        }
    }
    // The last of the largest is taken, so the order is reversed.
    let most = (0..counts.len()).rev().max_by_key(|i| counts[*i]).unwrap_or_default();
    DELIMITERS[most]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The header and the records of a text; null is `-`.
    fn all(text: &[u8]) -> Result<Vec<Vec<String>>, String> {
        let mut records = Records::open(text, None)?;
        let mut all = vec![records.header().to_vec()];
        while records.next()? {
            let fields = 0..records.header().len();
            all.push(
                fields
                    .map(|i| Ok(records.field(i)?.unwrap_or("-").to_owned()))
                    .collect::<Result<_, String>>()?,
            );
        }
        Ok(all)
    }

    fn rows(text: &str) -> Vec<Vec<String>> {
        all(text.as_bytes()).unwrap_or_else(|e| panic!("{text:?}: {e}"))
    }

    #[test]
    fn delimiters_quotes_and_line_ends() {
        let expected = [["a", "b"], ["1", "x,y"], ["-", ""], ["q\"q", "l\nl"], ["5\" pipe", "z"]];
        // Blanks in front of a quote.
        let text = " a ,b\n1,\"x,y\"\n,\"\"\n\"q\"\"q\",\"l\nl\"\n \"5\"\" pipe\",z\n";
        assert_eq!(rows(text), expected);
        assert_eq!(rows(text.trim_end()), expected, "without the last line end");
        assert_eq!(rows(&text.replace("\"x,y\"", "x§y").replace(',', ";").replace('§', ",")), expected);
        assert_eq!(rows(&text.replace("\"x,y\"", "x§y").replace(',', "\t").replace('§', ",")), expected);
        let expected = [["a", "b"], ["1", "2"], ["3", "4"]];
        for text in ["a,b\r\n1,2\r\n3,4\r\n", "a,b\r1,2\r3,4", "\n\r\na,b\n\n1,2\r\n\n\n3,4\n\r\n"] {
            assert_eq!(rows(text), expected, "{text:?}");
        }
        assert_eq!(rows("a,b\n\"x\r\ny\",2")[1], ["x\r\ny", "2"]);
        assert_eq!(rows("\"a;b\",\"c\nd\"\n1,2"), [["a;b", "c\nd"], ["1", "2"]]);
        assert_eq!(rows("a\n1\n\n\"\"\n"), [["a"], ["1"], [""]], "a blank line is not a record");
        assert_eq!(rows("a,b;c;d\n1;2;3"), [["a,b", "c", "d"], ["1", "2", "3"]]);
        assert_eq!(rows("a,b;c\n1,2"), [["a", "b;c"], ["1", "2"]], "a comma comes first");
        assert_eq!(rows("a,b\n"), [["a", "b"]]);
    }

    #[test]
    fn a_first_line_may_declare_the_delimiter() {
        for text in ["sep=;\r\na,b;c\n1;2", "\nSEP=;\na,b;c\r1;2", "\"sep=;\"\na,b;c\n1;2"] {
            assert_eq!(rows(text), [["a,b", "c"], ["1", "2"]], "{text:?}");
        }
        assert_eq!(rows("sep=|\na,b|c\n1|2"), [["a,b", "c"], ["1", "2"]]);
        assert_eq!(rows("sep=\t\na\tb,c,d\n1\t2"), [["a", "b,c,d"], ["1", "2"]]);
        assert_eq!(rows("sep=;x\n1;2"), [["sep=", "x"], ["1", "2"]]);
        assert_eq!(all(b"sep=;\n").unwrap_err(), "has no header line");
        assert!(all(b"sep=;\na;b\n1").unwrap_err().contains("line 3 has 1 field,"));
    }

    #[test]
    fn what_is_damaged() {
        let error = |text: &[u8]| all(text).unwrap_err();
        assert_eq!(error(b""), "has no header line");
        assert_eq!(error(b"\n \n"), "has no header line");
        assert_eq!(
            error(b"a,b\n1,2\n1"),
            format!("is damaged: line 3 has 1 field, but the header has 2{FOOTER}")
        );
        assert_eq!(error(b"a,b\n\"1\n\n\",2\n1,2,"), "is damaged: line 5 has 3 fields, but the header has 2");
        let footer = error(b"a,b\r\n1,2\r\n\r\nGrand Totals (1 record)\r\n");
        assert_eq!(footer, format!("is damaged: line 4 has 1 field, but the header has 2{FOOTER}"));
        assert_eq!(
            error(b"a,b\n1,2\n3,\"4\n5,6\n"),
            "is damaged or cut short: a quote that begins at line 3 is not closed"
        );
        assert!(error(b"\"a,b\n1,2").contains("a quote that begins at line 1 is not closed"));
        let quote = "is damaged: at line 3, a field without quotes has a quote in it; put the field in quotes and \
                     double the quote in it";
        assert_eq!(error(b"a,b\n1,2\n3,x\"y\n"), quote);
        assert_eq!(error(b"\n\na,b\"c\n1,2\n"), quote);
        assert_eq!(
            error(b"a,b\n1,=\"2\"\n"),
            "has a formula at line 2, such as =\"A1\"; save the file with the value itself: \"A1\""
        );
        assert!(error(b"a,b\n\"1\" ,2").contains("at line 2, text follows a closing quote"));
        assert_eq!(error(b"a,b\n1,J\xfcrgen"), "line 2 is not UTF-8 text; save the file as CSV in UTF-8");
        assert_eq!(error(b"a,b\n1,\0"), "is damaged: line 2 contains a zero byte");
        let again = "is damaged: line 3 has the names of the columns again; if files were put together, delete this line";
        assert_eq!(error(b"a,b\n1,2\n a,b\n3,4"), again);
        assert!(all(b"a,b\na,1\n").is_ok() && all(b"a\na\n").is_ok());
        assert!(error(&[b'a'; LARGEST_HEADER + 2]).contains("longer than 1 MiB"));
        for (filler, times) in [(" ", LARGEST_RECORD + 70_000), (",", LARGEST_RECORD / 24 + 70_000)] {
            let text = format!("a,b\n1,2\n3,{}", filler.repeat(times));
            assert_eq!(error(text.as_bytes()), "is damaged: the record at line 3 is larger than 16 MiB");
        }
    }

    /// Yields one byte at a time, so that every boundary of a buffer is met.
    struct Slowly<'a>(&'a [u8]);

    impl Read for Slowly<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
            self.0 = rest;
            into[0] = *first;
            Ok(1)
        }
    }

    proptest! {
        /// What is written is read, in every way to write it.
        #[test]
        fn what_is_written_is_read(
            rows in proptest::collection::vec(proptest::collection::vec("[ab\"\\n\r,;\té]{0,4}", 3), 0..5),
            delimiter in 0usize..3,
            end in 0usize..3,
        ) {
            let (delimiter, end) = ([",", ";", "\t"][delimiter], ["\n", "\r\n", "\r"][end]);
            let quoted = |field: &String| format!("\"{}\"", field.replace('"', "\"\""));
            let line = |fields: Vec<String>| fields.join(delimiter) + end;
            let header: Vec<_> = ["a", "b", "c"].map(str::to_owned).to_vec();
            let mut text = line(header.clone());
            text.extend(rows.iter().map(|row| line(row.iter().map(quoted).collect())));
            let expected: Vec<_> = std::iter::once(header).chain(rows).collect();
            prop_assert_eq!(all(text.as_bytes()).unwrap(), expected.clone());
            let mut slowly = Records::open(Slowly(text.as_bytes()), None).unwrap();
            for row in &expected[1..] {
                prop_assert!(slowly.next().unwrap());
                prop_assert_eq!(slowly.field(2).unwrap(), Some(row[2].as_str()));
            }
            prop_assert!(!slowly.next().unwrap());
        }

        #[test]
        fn no_bytes_panic(text in "[ab\",;\n\r]{0,30}", bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = (all(text.as_bytes()), all(&bytes));
        }

        /// A text that is cut off is never read with a wrong value before the cut.
        #[test]
        fn a_cut_is_an_error_or_leaves_complete_records(cut in 0usize..40) {
            let text = "a,b\n\"x\",yy\n\"x\",yy\n\"x\",yy\n";
            let cut = cut.min(text.len());
            if let Ok(rows) = all(&text.as_bytes()[..cut]) {
                let (last, before) = rows.split_last().unwrap();
                prop_assert!(before.iter().skip(1).all(|row| row == &["x", "yy"]));
                prop_assert!(rows.len() == 1 || last[0] == "x");
            }
        }
    }
}
