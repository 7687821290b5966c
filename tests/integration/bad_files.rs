//! Damaged files: each is either read or refused with one line that names it. None causes a panic, a hang or
//! unbounded memory use. The corpus is made from one good file.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use datafusion::parquet::file::metadata::{
    ParquetMetaDataBuilder, ParquetMetaDataReader, ParquetMetaDataWriter, RowGroupMetaData,
};
use datafusion_engagement::config::Enrichment;
use datafusion_engagement::error::{ErrorKind, Result};
use datafusion_engagement::pipeline::{self, Progress};
use datafusion_engagement::query::session;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::files::Random;
use crate::installed::{python, run};
use crate::process::{ENGAGEMENT, bundled, caught, error, refused, whom_permissions_bind};
use crate::readers::READERS;
use crate::support::block_on;
use crate::worked;

/// How many single-bit errors are tested, each in its own copy of the file.
const FLIPS: usize = 400;
/// Limit in kilobytes for the address space of the process that reads the corpus, thread stacks included.
const MEMORY: usize = 4 << 20;

/// A folder with the worked example, whose mail file can be damaged.
struct Example {
    folder: tempfile::TempDir,
    good: Vec<u8>,
}

impl Example {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        block_on(worked::inputs(folder.path()));
        let good = fs::read(folder.path().join("mail.parquet")).unwrap();
        Self { folder, good }
    }

    fn mail(&self) -> PathBuf {
        self.folder.path().join("mail.parquet")
    }

    fn enrichment(&self) -> Enrichment {
        Enrichment::open(self.folder.path().join("enrichment.toml")).unwrap()
    }

    /// Reads the mail input as a run does, after `bytes` are written to its file.
    fn read(&self, bytes: &[u8]) -> Result<usize> {
        fs::write(self.mail(), bytes).unwrap();
        let enrichment = self.enrichment();
        block_on(async {
            let ctx = session::new()?;
            let sources = session::register_inputs(&ctx, &enrichment).await?;
            let read = async { Ok(ctx.table("input_mail").await?.collect().await?) };
            let batches = session::reading(&ctx, &sources, read).await?;
            Ok(batches.iter().map(|b| b.num_rows()).sum())
        })
    }

    /// Whether the bytes can be read. A refusal must be one line that names the file.
    fn read_or_refused(&self, bytes: &[u8], what: &str) -> bool {
        match self.read(bytes) {
            Ok(_) => true,
            Err(error) => {
                let text = error.to_string();
                assert_eq!(error.kind(), ErrorKind::Input, "{what}: {text}");
                let named = text.starts_with(&format!("[mail] {}", self.mail().display()));
                assert!(named && !text.contains('\n'), "{what}: {text}");
                false
            }
        }
    }

    fn file(&self) -> String {
        self.folder.path().join("enrichment.toml").display().to_string()
    }

    /// Runs the command on the example.
    fn command(&self) -> Output {
        caught(ENGAGEMENT, &["run".into(), self.file()]).output().unwrap()
    }
}

fn with_bit_flipped(good: &[u8], random: &mut Random) -> (Vec<u8>, String) {
    let (at, bit) = (random.below(good.len()), random.below(8));
    let mut bytes = good.to_vec();
    bytes[at] ^= 1 << bit;
    (bytes, format!("bit {bit} of byte {at}"))
}

/// Runs in its own process, started below, because too much memory use ends the process.
#[test]
#[ignore = "run by the_corpus_in_bounded_memory"]
fn the_corpus() {
    let example = Example::new();
    let good = &example.good;
    assert!(example.read_or_refused(good, "nothing"));
    for part in 0..64 {
        let length = good.len() * part / 64;
        assert!(!example.read_or_refused(&good[..length], &format!("the first {length} bytes")));
        let zeros = [vec![0; length], good[length..].to_vec()].concat();
        example.read_or_refused(&zeros, &format!("zeros in the first {length} bytes"));
        let zeros = [good[..length].to_vec(), vec![0; good.len() - length]].concat();
        assert!(!example.read_or_refused(&zeros, &format!("zeros after the first {length} bytes")));
        example.read_or_refused(&good[good.len() - length..], &format!("the last {length} bytes"));
    }
    let mut random = Random::new(64);
    let mut read = 0;
    for _ in 0..FLIPS {
        let (bytes, what) = with_bit_flipped(good, &mut random);
        read += usize::from(example.read_or_refused(&bytes, &what));
    }
    // The footer is the larger part of such a small file, so it gets errors of its own.
    let footer = u32::from_le_bytes(good[good.len() - 8..good.len() - 4].try_into().unwrap()) as usize;
    let begin = good.len() - 8 - footer;
    for _ in 0..FLIPS {
        let (end, what) = with_bit_flipped(&good[begin..], &mut random);
        read += usize::from(example.read_or_refused(&[&good[..begin], &end].concat(), &what));
    }
    assert!(read > 0 && read < 2 * FLIPS, "{read} of {} are read", 2 * FLIPS);
}

/// Spark and other programs write a checksum of each page. Without it, a byte of a text can change unnoticed.
#[test]
fn pages_with_another_checksum() {
    let example = Example::new();
    let rewrite = |with: &str| {
        fs::write(example.mail(), &example.good).unwrap();
        let script = format!(
            "import sys, pyarrow.parquet as parquet; table = parquet.read_table(sys.argv[1]); parquet.write_table(table, \
             sys.argv[1], compression='none', use_dictionary=False, write_page_checksum={with})"
        );
        let mut command = Command::new(python("readers", READERS).join("bin/python"));
        run(command.args(["-c", &script]).arg(example.mail()));
        fs::read(example.mail()).unwrap()
    };
    for (with, is_noticed) in [("True", true), ("False", false)] {
        let mut bytes = rewrite(with);
        assert!(example.read_or_refused(&bytes, "nothing"));
        // In a page a text follows its length.
        let text = b"\x0d\0\0\0dora@bolt.com";
        let at = bytes.windows(text.len()).position(|window| window == text).unwrap();
        bytes[at + 4] = b'm';
        assert_eq!(!example.read_or_refused(&bytes, with), is_noticed, "{with}");
    }
}

#[test]
fn the_corpus_in_bounded_memory() {
    let this = std::env::current_exe().unwrap();
    let this = this.display().to_string();
    let outcome = bounded(&[&this, "--exact", "bad_files::the_corpus", "--ignored", "--nocapture"]);
    let said = String::from_utf8_lossy(&outcome.stdout);
    assert!(outcome.status.success() && said.contains("1 passed"), "{said}\n{}", error(&outcome));
}

/// Files that have broken other readers: the folder `bad_data` of apache/parquet-testing. The test is skipped
/// if the folder is not next to this package.
const KNOWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/bad-parquet");

/// Tries every column of every file as each column of contacts.
#[test]
fn files_that_have_broken_other_readers() {
    let Ok(files) = fs::read_dir(KNOWN) else {
        eprintln!("skipped: there is no {KNOWN}");
        return;
    };
    let example = Example::new();
    let enrichment = fs::read_to_string(example.folder.path().join("enrichment.toml")).unwrap();
    let (mut met, mut read) = (0, 0);
    for file in files.map(|entry| entry.unwrap().path()) {
        let mut run = |email: &str, id: &str| {
            let contacts = format!(
                "[contacts]\npath = \"{}\"\nemail = \"{email}\"\naccount_id = \"{id}\"\ncontact_id = \"{id}\"",
                file.display()
            );
            let enrichment = enrichment.replace("[contacts]\npath = \"contacts.parquet\"", &contacts);
            assert!(enrichment.contains(&contacts));
            fs::write(example.folder.path().join("enrichment.toml"), enrichment).unwrap();
            let outcome = bounded(&[ENGAGEMENT, "run", &example.file()]);
            met += 1;
            if outcome.status.success() {
                read += 1;
                return None;
            }
            refused(&outcome, 1, &file.display().to_string());
            Some(error(&outcome))
        };
        // The error lists the columns of the file; if the file cannot be opened, there is no list.
        let missing = run("no such column", "no such column").unwrap();
        let columns = missing.split_once("the file has: ").map_or("", |(_, names)| names.trim());
        let columns: Vec<_> = columns.split(", ").filter(|name| !name.is_empty()).collect();
        // A column of numbers can only be an id, next to a column of text.
        let is_text = |told: &Option<String>| told.as_ref().is_none_or(|told| told.contains("damaged"));
        let text: Vec<_> = columns.iter().filter(|column| is_text(&run(column, column))).collect();
        for (email, id) in text.first().into_iter().flat_map(|text| columns.iter().map(move |id| (text, id)))
        {
            let _ = run(email, id);
        }
    }
    assert!(met > 20 && read > 0, "{read} of {met} are read");
}

/// Runs a command with bounded memory; it is killed if it needs more.
fn bounded(command: &[&str]) -> Output {
    let script = format!("ulimit -v {MEMORY}; exec \"$@\"");
    Command::new("sh").args(["-c", &script, "sh"]).args(command).output().unwrap()
}

/// The command reports one line that names the file, without a backtrace.
#[test]
fn the_command_names_the_file() {
    let example = Example::new();
    let mail = example.mail();
    let refused_now = |says: &str| {
        let outcome = example.command();
        refused(&outcome, 1, &mail.display().to_string());
        refused(&outcome, 1, says);
    };
    fs::write(&mail, &example.good[..example.good.len() / 2]).unwrap();
    refused_now("is not a Parquet file, or is cut short or damaged");
    fs::write(&mail, "").unwrap();
    refused_now("is empty (0 bytes)");
    fs::write(&mail, "message_id,sender\n1,anna@us.com\n").unwrap();
    refused_now("is not a Parquet file");
    fs::write(&mail, vec![0; 4096]).unwrap();
    refused_now("is not a Parquet file");
    // All data pages are damaged; the footer is good.
    let mut bytes = example.good.clone();
    bytes[4..200].fill(0xee);
    fs::write(&mail, bytes).unwrap();
    refused_now("is damaged or cannot be read");
    fs::remove_file(&mail).unwrap();
    refused_now("matches nothing");
    std::os::unix::fs::symlink("nowhere.parquet", &mail).unwrap();
    refused_now("matches nothing");
    fs::remove_file(&mail).unwrap();
    // A folder is read as a folder, whatever its name is.
    fs::create_dir(&mail).unwrap();
    refused_now("matches nothing: no *.parquet in the folder");
    fs::write(mail.join("part.parquet"), &example.good).unwrap();
    assert_eq!(example.command().status.code(), Some(0));
    fs::create_dir(mail.join("more.parquet")).unwrap();
    assert_eq!(example.command().status.code(), Some(0), "a folder in a folder, too");
    fs::write(mail.join("more.parquet/text.parquet"), "some text").unwrap();
    refused_now("more.parquet/text.parquet: is not a Parquet file");
}

/// The file with other row groups in its footer. The rows of the file are the sum of theirs.
fn with_groups(file: &[u8], change: impl Fn(RowGroupMetaData) -> RowGroupMetaData) -> Vec<u8> {
    let footer = ParquetMetaDataReader::new().parse_and_finish(&Bytes::copy_from_slice(file)).unwrap();
    let length = u32::from_le_bytes(file[file.len() - 8..file.len() - 4].try_into().unwrap()) as usize;
    let groups = footer.row_groups().iter().cloned().map(change).collect();
    let footer = ParquetMetaDataBuilder::new(footer.file_metadata().clone()).set_row_groups(groups).build();
    let mut bytes = file[..file.len() - 8 - length].to_vec();
    ParquetMetaDataWriter::new(&mut bytes, &footer).finish().unwrap();
    bytes
}

/// The file with 9 rows in its footer instead of 8, and the same row groups.
fn with_nine_rows(file: &[u8]) -> Vec<u8> {
    // Thrift: the third field, a number, and the fourth field, a list of one structure. Numbers are doubled.
    let field = [0x16, 2 * 8, 0x19, 0x1c];
    let places: Vec<_> = (0..file.len() - 4).filter(|at| file[*at..at + 4] == field).collect();
    let [place] = places[..] else { panic!("{places:?}") };
    let mut bytes = file.to_vec();
    bytes[place + 1] = 2 * 9;
    bytes
}

/// Of two files in one, only some rows would be read, and columns of the one with columns of the other.
#[test]
fn two_files_in_one_are_refused() {
    let example = Example::new();
    let place = format!("[mail] {}: is damaged: ", example.mail().display());
    fs::write(example.mail(), example.good.repeat(2)).unwrap();
    refused(
        &example.command(),
        1,
        &format!("{place}another Parquet file begins at byte {} of it; ", example.good.len()),
    );
    fs::write(example.mail(), [b"XXXX", &example.good[4..]].concat()).unwrap();
    refused(&example.command(), 1, &format!("{place}it does not begin as a Parquet file does"));
}

/// A footer that contradicts itself is refused before anything is read. One that agrees with itself, but
/// promises a row more than there is, is refused before anything is published.
#[test]
fn footers_that_promise_other_rows() {
    let example = Example::new();
    fs::write(example.mail(), with_groups(&example.good, |group| group)).unwrap();
    assert_eq!(example.command().status.code(), Some(0), "{}", error(&example.command()));
    let with_rows = |group: RowGroupMetaData| group.into_builder().set_num_rows(9).build().unwrap();
    let one_more = |group: RowGroupMetaData| {
        let columns = group.columns().iter().cloned().map(|column| {
            let values = column.num_values() + 1;
            column.into_builder().set_num_values(values).build().unwrap()
        });
        let columns = columns.collect();
        with_rows(group).into_builder().set_column_metadata(columns).build().unwrap()
    };
    for (bytes, says) in [
        (with_nine_rows(&example.good), "9 rows in the file, but 8 in its row groups"),
        (with_groups(&example.good, with_rows), "row group 1 has 9 rows, but 8 values of column"),
    ] {
        fs::write(example.mail(), bytes).unwrap();
        for command in ["check", "run"] {
            let outcome = caught(ENGAGEMENT, &[command.into(), example.file()]).output().unwrap();
            refused(
                &outcome,
                1,
                &format!(
                    "[mail] {}: is damaged: its footer contradicts itself: {says}",
                    example.mail().display()
                ),
            );
        }
    }
    fs::write(example.mail(), with_groups(&example.good, one_more)).unwrap();
    let out = example.folder.path().join("out/Office.parquet");
    let before = fs::read(&out).unwrap();
    refused(&example.command(), 1, &format!("[mail] {}: is damaged", example.mail().display()));
    assert_eq!(fs::read(&out).unwrap(), before);
}

/// A file of another format is recognized, and the error says what to do with it in its section.
/// A file with encrypted columns can have a footer in plain text. The part of the footer that tells of the encryption is
/// not looked at, so this file is one whose pages begin as encrypted pages do.
#[test]
fn encrypted_columns_are_refused_by_check_too() {
    let example = Example::new();
    let footer = ParquetMetaDataReader::new().parse_and_finish(&Bytes::from(example.good.clone())).unwrap();
    let encrypted = |named: &str| {
        let mut bytes = example.good.clone();
        let column =
            footer.row_group(0).columns().iter().find(|c| c.column_path().parts()[0] == named).unwrap();
        let data = column.data_page_offset();
        let begin = column.dictionary_page_offset().map_or(data, |dictionary| dictionary.min(data)) as usize;
        bytes[begin..begin + 4].copy_from_slice(&60u32.to_le_bytes());
        fs::write(example.mail(), bytes).unwrap();
    };
    for column in ["sender", "to"] {
        encrypted(column);
        let file = example.folder.path().join("enrichment.toml").display().to_string();
        for command in ["check", "run"] {
            let outcome = caught(ENGAGEMENT, &[command.to_owned(), file.clone()]).output().unwrap();
            let says = format!(
                "{}: column '{column}' is encrypted; write it without encryption",
                example.mail().display()
            );
            refused(&outcome, 1, &says);
        }
    }
}

#[test]
fn files_of_other_formats_are_recognized() {
    let example = Example::new();
    let good = |section: &str| fs::read(example.folder.path().join(format!("{section}.parquet"))).unwrap();
    let gzip = [&b"\x1f\x8b\x08\0"[..], &example.good].concat();
    let marked = "\u{feff}email;account_id\nann@x.com;1\n";
    for (bytes, is, in_contacts, in_mail) in [
        (
            &b"email,account_id\nann@x.com,1\n"[..],
            "CSV",
            "set format = \"csv\" in [contacts], or convert it to Parquet",
            "convert it to Parquet",
        ),
        (
            marked.as_bytes(),
            "CSV",
            "set format = \"csv\" in [contacts], or convert it to Parquet",
            "convert it to Parquet",
        ),
        (
            b"PK\x03\x04\x14\0xl/workbook.xml",
            "an Excel workbook (XLSX) or another Office document",
            "save it as CSV (UTF-8) and set format = \"csv\" in [contacts]",
            "save it as CSV, and convert it to Parquet",
        ),
        (
            b"{\"email\":\"ann@x.com\"}\n",
            "JSON",
            "convert it to Parquet, or to CSV and set format = \"csv\" in [contacts]",
            "an export of Microsoft Graph Data Connect is read with format = \"graph-data-connect\" in [mail]; convert it to Parquet otherwise",
        ),
        (
            b"<!DOCTYPE html><html><body>Sign in</body></html>",
            "an HTML page",
            "it may be the answer of a server that wanted a login; download the file again",
            "",
        ),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n",
            "a pointer of Git LFS",
            "get the file itself: git lfs pull",
            "",
        ),
        (&gzip, "a file compressed with gzip", "decompress it", ""),
        (b"PARE\x15\x04\x15PARE", "an encrypted Parquet file", "write it without encryption", ""),
        (
            b"ORC\x08\x03",
            "an ORC file",
            "convert it to Parquet, or to CSV and set format = \"csv\" in [contacts]",
            "convert it to Parquet",
        ),
        (
            b"ARROW1\0\0",
            "an Arrow IPC (Feather) file",
            "convert it to Parquet, or to CSV and set format = \"csv\" in [contacts]",
            "convert it to Parquet",
        ),
    ] {
        for (section, remedy) in
            [("contacts", in_contacts), ("mail", if in_mail.is_empty() { in_contacts } else { in_mail })]
        {
            let file = example.folder.path().join(format!("{section}.parquet"));
            let before = good(section);
            fs::write(&file, bytes).unwrap();
            let says = format!("[{section}] {}: is not a Parquet file but {is}; {remedy}\n", file.display());
            refused(&example.command(), 1, &says);
            fs::write(&file, before).unwrap();
        }
    }
    // Some programs write the usual mark before an encrypted footer.
    let file = example.folder.path().join("contacts.parquet");
    let before = good("contacts");
    fs::write(&file, b"PAR1\x15\x04\x15\0\x03\0\0\0PARE").unwrap();
    refused(
        &example.command(),
        1,
        "contacts.parquet: is an encrypted Parquet file; write it without encryption\n",
    );
    fs::write(&file, before).unwrap();
    assert_eq!(example.command().status.code(), Some(0));
}

/// The damaged file is named for every input, not only for mail.
#[test]
fn every_input_has_its_file_named() {
    let example = Example::new();
    for section in ["users", "contacts", "accounts", "mail", "meetings"] {
        let file = example.folder.path().join(format!("{section}.parquet"));
        let good = fs::read(&file).unwrap();
        let cut = good[..good.len() / 2].to_vec();
        // Damages the pages of all columns, but not the footer.
        let footer = u32::from_le_bytes(good[good.len() - 8..good.len() - 4].try_into().unwrap()) as usize;
        let mut damaged = good.clone();
        damaged[4..good.len() - 8 - footer].fill(0xee);
        for (bytes, what) in [(cut, "cut short"), (damaged, "damaged")] {
            fs::write(&file, bytes).unwrap();
            let outcome = example.command();
            refused(&outcome, 1, &format!("[{section}] {}: is ", file.display()));
            assert!(error(&outcome).contains(what), "{section}: {}", error(&outcome));
        }
        fs::write(&file, good).unwrap();
    }
    assert_eq!(example.command().status.code(), Some(0));
}

#[test]
fn a_file_that_may_not_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let example = Example::new();
    fs::set_permissions(example.mail(), fs::Permissions::from_mode(0o000)).unwrap();
    match whom_permissions_bind(&["run".into(), example.file()]).output() {
        Ok(outcome) => refused(&outcome, 1, &format!("{}: cannot be read", example.mail().display())),
        Err(e) => eprintln!("skipped: {e}"),
    }
}

/// A pipe without a writer: a program that reads it waits forever.
#[test]
fn a_pipe_is_no_file() {
    let example = Example::new();
    for place in [example.mail(), example.folder.path().join("contacts.parquet")] {
        fs::remove_file(&place).unwrap();
        assert!(Command::new("mkfifo").arg(&place).status().unwrap().success());
        refused(
            &example.command(),
            1,
            &format!("{} cannot be read: it is neither a file nor a folder", place.display()),
        );
        fs::remove_file(&place).unwrap();
        fs::create_dir(&place).unwrap();
        let within = place.join("x.parquet");
        assert!(Command::new("mkfifo").arg(&within).status().unwrap().success());
        let says = format!("{} cannot be read: it is neither a file nor a folder", within.display());
        refused(&example.command(), 1, &says);
        fs::remove_dir_all(&place).unwrap();
        fs::write(&place, &example.good).unwrap();
    }
}

proptest! {
    /// An enrichment file or a list of mailboxes is read, or refused with one line that names the file.
    #[test]
    fn no_bytes_of_an_enrichment_file_panic(
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        end in any::<prop::sample::Index>(),
        list in vec(any::<u8>(), 0..60),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = fs::read(bundled()).unwrap();
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if changes.len() % 2 == 1 {
            bytes.truncate(end.index(bytes.len()));
        }
        let list_file = folder.path().join("list.txt");
        fs::write(&list_file, list).unwrap();
        let listed = format!("file = \"{}\"\naddresses = [", list_file.display());
        let with_list = fs::read_to_string(bundled()).unwrap().replacen("addresses = [", &listed, 1);
        for text in [bytes, with_list.into_bytes()] {
            let file = folder.path().join("enrichment.toml");
            fs::write(&file, text).unwrap();
            if let Err(error) = Enrichment::open(&file) {
                let text = error.to_string();
                prop_assert!(text.contains(&folder.path().display().to_string()), "{}", text);
                prop_assert!(!text.contains('\n'), "{}", text);
            }
        }
    }
}

/// Progress that changes the inputs once, after their schemas are read.
struct Meanwhile<F>(F, AtomicBool);

impl<F: Fn() + Sync> Progress for Meanwhile<F> {
    fn stage(&self, name: &str) {
        if name == "mailbox" && !self.1.swap(true, Ordering::Relaxed) {
            (self.0)();
        }
    }
}

/// A run during which `happens` changes the mail file.
fn run_while(example: &Example, happens: impl Fn(&Path) + Sync) -> Result<()> {
    fs::write(example.mail(), &example.good).unwrap();
    let meanwhile = Meanwhile(|| happens(&example.mail()), AtomicBool::new(false));
    let outcome = block_on(pipeline::run(&example.enrichment(), &meanwhile));
    assert!(meanwhile.1.load(Ordering::Relaxed), "it has happened");
    outcome.map(drop)
}

#[test]
fn a_file_that_changes_while_it_is_read() {
    let example = Example::new();
    let refused = |happens: &(dyn Fn(&Path) + Sync), what: &str| {
        let error = run_while(&example, happens).expect_err(what);
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Input, "{what}: {text}");
        assert!(text.starts_with(&format!("[mail] {}: ", example.mail().display())), "{what}: {text}");
        assert!(!text.contains('\n'), "{what}: {text}");
        assert!(!example.folder.path().join("out/Office.parquet").exists(), "{what}");
    };
    refused(&|mail| fs::remove_file(mail).unwrap(), "it vanishes");
    refused(&|mail| fs::write(mail, &example.good[..100]).unwrap(), "it is cut short");
    let grow = |mail: &Path| {
        let mut file = OpenOptions::new().append(true).open(mail).unwrap();
        file.write_all(&[7; 1000]).unwrap();
    };
    refused(&grow, "it grows");
    // Another good file in the same location: its contents do not match the footer that was read before.
    let other = Example::new();
    let contacts = fs::read(other.folder.path().join("contacts.parquet")).unwrap();
    refused(&|mail| fs::write(mail, &contacts).unwrap(), "it is another table");
    run_while(&example, |_| {}).unwrap();
}
