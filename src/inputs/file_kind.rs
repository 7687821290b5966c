//! Recognizes what a file is by its first bytes, for the error about a file that is of another format than
//! the section reads.

use std::io::Read;

use crate::config::Format;
use crate::storage::InputFile;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileKind {
    /// The kind with its article, such as `a ZIP archive`.
    pub(crate) name: &'static str,
    remedy: Remedy,
    is_text: bool,
}

/// What to do with a file of a kind that the section does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Remedy {
    /// It is Parquet.
    Parquet,
    /// It is JSON.
    Json,
    /// It is CSV or similar text.
    Csv,
    /// Decompress or unpack it.
    Decompress,
    /// Convert it: a table in another format.
    Convert,
    /// Save it as another format in the program that wrote it.
    Save,
    /// Get the file for which it stands.
    Fetch(&'static str),
}

use Remedy::{Convert, Csv, Decompress, Fetch, Json, Parquet, Save};

/// Kinds of binary files, by their first bytes.
const BINARY: [(&[u8], &str, Remedy); 20] = [
    (b"PAR1", "a Parquet file", Parquet),
    (b"PARE", "an encrypted Parquet file", Fetch("write it without encryption")),
    (b"\x1f\x8b", "a file compressed with gzip", Decompress),
    (b"\x28\xb5\x2f\xfd", "a file compressed with zstd", Decompress),
    (b"BZh", "a file compressed with bzip2", Decompress),
    (b"\xfd7zXZ\0", "a file compressed with xz", Decompress),
    (b"\x04\x22\x4d\x18", "a file compressed with LZ4", Decompress),
    (b"\xff\x06\0\0sNaPpY", "a file compressed with Snappy", Decompress),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", Decompress),
    (b"PK\x05\x06", "an empty ZIP archive", Fetch("write it again")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document of an old version, such as XLS", Save),
    (b"ORC", "an ORC file", Convert),
    (b"Obj\x01", "an Avro file", Convert),
    (b"ARROW1", "an Arrow IPC (Feather) file", Convert),
    (b"\xff\xff\xff\xff", "an Arrow IPC stream", Convert),
    (b"FEA1", "a Feather file", Convert),
    (b"SQLite format 3\0", "an SQLite database", Convert),
    (b"!BDN", "an Outlook data file (PST)", Convert),
    (b"%PDF-", "a PDF document", Save),
    (b"\x89HDF", "an HDF5 file", Convert),
];

/// Kinds of text files, by how the text begins, in lower case.
const TEXT: [(&str, &str, Remedy); 13] = [
    (
        "version https://git-lfs.github.com/spec/",
        "a pointer of Git LFS",
        Fetch("get the file itself: git lfs pull"),
    ),
    ("/annex/objects/", "a pointer of git-annex", Fetch("get the file itself: git annex get")),
    ("<!doctype html", "an HTML page", Fetch(PAGE)),
    ("<html", "an HTML page", Fetch(PAGE)),
    ("<?xml version=\"1.0\"?><error>", "an XML document", Fetch(REFUSAL)),
    ("<error>", "an XML document", Fetch(REFUSAL)),
    ("<?xml", "an XML document", Convert),
    ("begin:vcalendar", "an iCalendar file", Convert),
    ("begin:vcard", "a vCard file", Convert),
    ("from ", "a mailbox file (mbox)", Convert),
    ("return-path:", "a message (EML)", Convert),
    ("received:", "a message (EML)", Convert),
    ("-----begin ", "a key or certificate", Fetch("check the path")),
];

/// Whether a text begins with a longer word than this magic, such as the header `PARENTCUSTOMERID` of a CSV file. The digit
/// behind that of bzip2 belongs to it.
fn is_word(magic: &[u8], start: &[u8]) -> bool {
    let is_of_word = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
    magic.iter().all(u8::is_ascii_alphanumeric)
        && start.get(magic.len()).is_some_and(is_of_word)
        && text(start).is_some()
}

/// How JSON begins, also that with comments, and that which is encoded twice.
const JSON: [&str; 6] = ["{", "[", "\"{", "\"[", "//", "/*"];

const REFUSAL: &str = "it is an error that a store answered; download the file again";
const PAGE: &str = "it may be the answer of a server that wanted a login; download the file again";

impl FileKind {
    /// How many bytes of a file are examined.
    pub(crate) const START: u64 = 4096;

    /// Recognizes a file by its first bytes; `None` if it cannot be opened or is not recognized.
    pub(crate) fn of_file(file: &InputFile) -> Option<Self> {
        let mut start = vec![];
        file.open().ok()?.take(Self::START).read_to_end(&mut start).ok()?;
        Self::of(&start)
    }

    /// Recognizes a file by its first bytes.
    pub(crate) fn of(start: &[u8]) -> Option<Self> {
        let kind = |name, remedy| Some(Self { name, remedy, is_text: false });
        let is_kind = |magic: &[u8]| start.starts_with(magic) && !is_word(magic, start);
        if let Some((_, name, remedy)) = BINARY.iter().find(|(magic, _, _)| is_kind(magic)) {
            return kind(name, *remedy);
        }
        if start.starts_with(b"PK\x03\x04") {
            let has = |name: &[u8]| start.windows(name.len()).any(|window| window == name);
            return match has(b"xl/") || has(b"[Content_Types].xml") {
                true => kind("an Excel workbook (XLSX) or another Office document", Save),
                false => kind("a ZIP archive", Decompress),
            };
        }
        if start.get(257..262) == Some(b"ustar") {
            return kind("a tar archive", Decompress);
        }
        if !start.is_empty() && start.iter().all(|byte| *byte == 0) {
            return kind("zero bytes", Fetch("it was not written completely: write it again"));
        }
        let kind = |name, remedy| Some(Self { name, remedy, is_text: true });
        let text = text(start)?;
        let text = text.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '\u{1e}' | '\u{feff}'));
        let lower = text.get(..text.floor_char_boundary(96)).unwrap_or_default().to_lowercase();
        // Stores write the declaration of XML with and without an encoding, and a line break behind it.
        let lower = match lower.split_once("?>") {
            Some(("<?xml version=\"1.0\"" | "<?xml version=\"1.0\" encoding=\"utf-8\"", rest)) => {
                format!("<?xml version=\"1.0\"?>{}", rest.trim_start())
            }
            _ => lower,
        };
        if let Some((_, name, remedy)) = TEXT.iter().find(|(words, _, _)| lower.starts_with(words)) {
            return kind(name, *remedy);
        }
        let first_line = text.lines().next().unwrap_or_default();
        match text.as_bytes().first() {
            None => Some(Self { is_text: false, ..kind("white space only", Fetch("write it again"))? }),
            Some(_) if JSON.iter().any(|start| text.starts_with(start)) => kind("JSON", Json),
            Some(_) if first_line.contains([',', ';', '\t']) => kind("CSV", Csv),
            Some(_) => kind("a text file", Csv),
        }
    }

    /// Whether it is Parquet that is not encrypted.
    pub(crate) fn is_parquet(self) -> bool {
        self.remedy == Parquet
    }

    /// Whether it is text; white space alone is none.
    pub(crate) fn is_text(self) -> bool {
        self.is_text
    }

    /// Whether it may be CSV: it is text, and not of another known format.
    pub(crate) fn is_csv(self) -> bool {
        self.remedy == Csv
    }

    /// Whether it seems to be JSON.
    pub(crate) fn is_json(self) -> bool {
        self.remedy == Json
    }

    /// What to do with the file in a section that reads another format, for the end of an error.
    pub(crate) fn remedy(self, section: &str, format: Format) -> String {
        let formats = Format::of_section(section);
        let has_csv = formats.contains(&Format::Csv);
        let of_csv = format!("format = \"csv\" in [{section}]");
        let of_export = format!("format = \"{}\" in [{section}]", Format::GraphDataConnect.as_str());
        let convert = match format {
            Format::GraphDataConnect => {
                "convert it to Parquet or JSON lines, or move it away if it does not belong to the export"
            }
            Format::Csv => "convert it to CSV",
            _ => "convert it to Parquet",
        };
        match self.remedy {
            _ if format == Format::Delta => {
                "a Delta table has Parquet files only; restore this one".to_owned()
            }
            Save if format == Format::Csv => "save it as CSV (UTF-8)".to_owned(),
            Json | Csv | Convert if format == Format::Csv => convert.to_owned(),
            Json if format == Format::GraphDataConnect => "give it the ending .json".to_owned(),
            Parquet => format!("set format = \"{}\" in [{section}]", Format::Canonical.as_str()),
            Json if formats.contains(&Format::GraphDataConnect) => {
                format!(
                    "an export of Microsoft Graph Data Connect is read with {of_export}; {convert} otherwise"
                )
            }
            Csv if has_csv => format!("set {of_csv}, or {convert}"),
            Json | Convert if has_csv => format!("{convert}, or to CSV and set {of_csv}"),
            Json | Csv | Convert => convert.to_owned(),
            Save if has_csv => format!("save it as CSV (UTF-8) and set {of_csv}"),
            Save if format == Format::GraphDataConnect => convert.to_owned(),
            Save => format!("save it as CSV, and {convert}"),
            Decompress => "decompress it".to_owned(),
            Fetch(what) => what.to_owned(),
        }
    }
}

/// The start of a file as text; `None` if it is not text. UTF-16 is decoded if it has a byte order mark.
fn text(start: &[u8]) -> Option<String> {
    let units = |unit: fn([u8; 2]) -> u16| {
        let units = start.get(2..)?.as_chunks().0.iter().map(|pair| unit(*pair));
        Some(char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>())
    };
    let text = match start {
        [0xff, 0xfe, ..] => units(u16::from_le_bytes)?,
        [0xfe, 0xff, ..] => units(u16::from_be_bytes)?,
        // Other encodings than UTF-8 may be text, too.
        _ => String::from_utf8_lossy(start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start)).into_owned(),
    };
    let is_binary =
        |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}' | '\u{1a}' | '\u{1e}');
    (!text.is_empty() && !text.contains(is_binary)).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn first_bytes_say_what_a_file_is() {
        let utf_16: Vec<u8> = "\u{feff}email;id\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut tar = vec![b'a'; 512];
        tar[257..262].copy_from_slice(b"ustar");
        for (start, name) in [
            (&b"PAR1\x15\x04"[..], Some("a Parquet file")),
            (b"PARE", Some("an encrypted Parquet file")),
            (b"\x1f\x8b\x08\0", Some("a file compressed with gzip")),
            (
                b"PK\x03\x04\x14\0\0\0xl/workbook.xml",
                Some("an Excel workbook (XLSX) or another Office document"),
            ),
            (b"PK\x03\x04\x14\0\0\0mail.parquet", Some("a ZIP archive")),
            (&tar, Some("a tar archive")),
            (b"ORC\x08", Some("an ORC file")),
            (b"SQLite format 3\0\x10", Some("an SQLite database")),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", Some("a pointer of Git LFS")),
            (b"\n<!DOCTYPE HTML><html>", Some("an HTML page")),
            (b"<?xml version=\"1.0\"?><a/>", Some("an XML document")),
            (
                b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied",
                Some("an XML document"),
            ),
            (b" {\"value\": 1}", Some("JSON")),
            (b"\xef\xbb\xbf[{}]", Some("JSON")),
            (b"\x1e{}", Some("JSON")),
            (b"\"{\\\"a\\\":1}\"", Some("JSON")),
            (b"\"email\",\"id\"\n", Some("CSV")),
            (b"\xef\xbb\xbfemail,id\na@b.c,1\n", Some("CSV")),
            (b"email;id\nJ\xfcrgen;2", Some("CSV")),
            (b"PARENTCUSTOMERID,EMAIL\n", Some("CSV")),
            (b"ORCID;NAME\n", Some("CSV")),
            (b"BZh91AY&SY", Some("a file compressed with bzip2")),
            (&utf_16, Some("CSV")),
            (b"anna@x.com\n", Some("a text file")),
            (&[0; 9], Some("zero bytes")),
            (b" \r\n", Some("white space only")),
            (b"", None),
            (b"\x07\x01\x02\x03,", None),
        ] {
            assert_eq!(FileKind::of(start).map(|kind| kind.name), name, "{start:?}");
        }
    }

    #[test]
    fn the_remedy_is_one_that_the_section_has() {
        let remedy = |start: &[u8], section, format| FileKind::of(start).unwrap().remedy(section, format);
        let csv = b"a,b\n";
        assert_eq!(
            remedy(csv, "contacts", Format::Canonical),
            "set format = \"csv\" in [contacts], or convert it to Parquet"
        );
        assert_eq!(remedy(csv, "mail", Format::Canonical), "convert it to Parquet");
        assert_eq!(
            remedy(csv, "mail", Format::GraphDataConnect),
            "convert it to Parquet or JSON lines, or move it away if it does not belong to the export"
        );
        assert_eq!(
            remedy(csv, "mail", Format::Delta),
            "a Delta table has Parquet files only; restore this one"
        );
        assert_eq!(
            remedy(b"{}", "meetings", Format::Canonical),
            "an export of Microsoft Graph Data Connect is read with format = \"graph-data-connect\" in [meetings]; \
             convert it to Parquet otherwise"
        );
        assert_eq!(
            remedy(b"{}", "accounts", Format::Canonical),
            "convert it to Parquet, or to CSV and set format = \"csv\" in [accounts]"
        );
        assert_eq!(remedy(b"{}", "users", Format::GraphDataConnect), "give it the ending .json");
        assert_eq!(remedy(b"PAR1", "contacts", Format::Csv), "set format = \"canonical\" in [contacts]");
        assert_eq!(remedy(b"{}", "contacts", Format::Csv), "convert it to CSV");
        for refusal in [
            "<?xml version=\"1.0\"?><Error><Code>NoSuchKey",
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Error><Code>AuthenticationFailed",
        ] {
            let says = "it is an error that a store answered; download the file again";
            assert_eq!(remedy(refusal.as_bytes(), "mail", Format::Canonical), says);
        }
        let workbook = b"PK\x03\x04[Content_Types].xml";
        assert_eq!(
            remedy(workbook, "contacts", Format::Canonical),
            "save it as CSV (UTF-8) and set format = \"csv\" in [contacts]"
        );
        assert_eq!(remedy(workbook, "mail", Format::Canonical), "save it as CSV, and convert it to Parquet");
        assert_eq!(remedy(workbook, "contacts", Format::Csv), "save it as CSV (UTF-8)");
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), text in "\\PC{0,70}") {
            let _ = (FileKind::of(&bytes), FileKind::of(text.as_bytes()));
        }
    }
}
