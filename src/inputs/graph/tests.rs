//! End-to-end tests of exports: the bundled ones, and small ones that the tests write.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::file::reader::{FileReader, SerializedFileReader};
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use tempfile::TempDir;

use crate::config::{Enrichment, Overrides};
use crate::pipeline::{self, Silent};
use crate::publish::TABLES;
use crate::query::session;

/// The tables that a run publishes, each as text with one line per row.
async fn published(enrichment: &str, out: &Path) -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(enrichment);
    let overrides = Overrides { output: Some(out.to_path_buf()), ..Default::default() };
    let enrichment = Enrichment::open_with(file, &overrides).unwrap();
    pipeline::run(&enrichment, &Silent).await.unwrap();
    let ctx = SessionContext::new();
    let mut tables = vec![];
    for table in TABLES {
        let file = out.join(table.file("Office")).display().to_string();
        let frame = ctx.read_parquet(file, ParquetReadOptions::default()).await.unwrap();
        tables.push(pretty_format_batches(&frame.collect().await.unwrap()).unwrap().to_string());
    }
    tables
}

#[tokio::test]
async fn both_shapes_give_the_same_office() {
    let folder = tempfile::tempdir().unwrap();
    let canonical = published("enrichment.toml", &folder.path().join("canonical")).await;
    let graph = published("graph-data-connect.toml", &folder.path().join("graph")).await;
    for ((table, canonical), graph) in TABLES.iter().zip(canonical).zip(graph) {
        match table.suffix {
            "_Overview" => {
                let plain = |shown: &str| shown.replace([' ', '-'], "");
                assert_eq!(plain(&canonical.replace("-demo", "-graph")), plain(&graph));
            }
            // The export contains summary rows, which the canonical files do not have.
            "_Dispositions" => {
                let rows: Vec<_> = graph.lines().filter(|l| !l.contains("summary_row")).collect();
                assert_eq!(canonical.lines().collect::<Vec<_>>(), rows);
                assert_eq!(graph.lines().count(), rows.len() + 1);
            }
            _ => assert!(canonical == graph, "{}", table.name),
        }
    }
}

/// A folder with an enrichment file whose mail, meetings and users are exports with this content.
struct Exports(TempDir);

impl Exports {
    fn new(mail: &str, meetings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("mail.json", mail);
        write("meetings.json", meetings);
        write(
            "users.json",
            r#"{"id":"e1","mail":"ann@ours.com","userPrincipalName":"Ann@Ours.com","proxyAddresses":["SMTP:ann@ours.com","smtp:a.listed@ours.com","X500:/o=x@y"]}
{"Id":"e2","Mail":null,"UserPrincipalName":"zoe@ours.com","ProxyAddresses":["smtp:bob@ours.com"],"RowInformation":{"errorInformation":""}}
{"id":"e3","mail":"lost@ours.com","rowinformation":{"isUserSummaryRow":true}}"#,
        );
        let column = |values: Vec<&str>| Arc::new(StringArray::from(values)) as ArrayRef;
        let contacts = [("email", column(vec!["carl@acme.com"])), ("account_id", column(vec!["a1"]))];
        parquet(&folder.path().join("contacts.parquet"), RecordBatch::try_from_iter(contacts).unwrap());
        let section =
            |name: &str| format!("[{name}]\npath = \"{name}.json\"\nformat = \"graph-data-connect\"\n");
        let text = format!(
            "name = \"x\"\nas_of = \"2026-06-30\"\n[consent]\ngranted_by = \"a\"\ngranted_on = \"2026-01-01\"\n\
             [mailboxes]\naddresses = [\"a.listed@ours.com\", \"yan@ours.com\"]\n[contacts]\npath = \"contacts.parquet\"\n{}{}{}\
             [output]\npath = \"out\"\n",
            section("mail"),
            section("meetings"),
            section("users")
        );
        write("e.toml", &text);
        Self(folder)
    }

    fn enrichment(&self) -> Enrichment {
        Enrichment::open(self.0.path().join("e.toml")).unwrap()
    }

    async fn rows(&self, sql: &str) -> Vec<String> {
        let ctx = session::live(&self.enrichment()).await.unwrap();
        let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap();
        let shown = pretty_format_batches(&batches).unwrap().to_string();
        let cells = |l: &str| l.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>().join("|");
        shown.lines().skip(3).filter(|l| !l.starts_with('+')).map(cells).collect()
    }
}

fn parquet(path: &Path, batch: RecordBatch) {
    let mut writer =
        ArrowWriter::try_new(std::fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

const MAIL: &str = r##"{"internetMessageId":"<1>","conversationIndex":"AAECAwQFBgcICQoLDA0ODxAREhMUFQ==","sentDateTime":"2026-03-01T09:00:00.1234567Z","from":{"emailAddress":{"address":"carl@acme.com"}},"toRecipients":[{"emailAddress":{"address":"ann@ours.com"}},{"emailAddress":{"name":"x"}}],"puser":"e1","body":{"content":"\"}"}}
{"InternetMessageId":"<2>","ReceivedDateTime":"2026-03-01T10:00:00+01:00","SentDateTime":"0001-01-01T00:00:00Z","From":null,"Sender":{"EmailAddress":{"Address":"zoe@ours.com"}},"ToRecipients":"[{\"emailAddress\":{\"address\":\"carl@acme.com\"}}]","IsDraft":true,"PUser":"e2"}
{"internetMessageId":"<3>","sentDateTime":"2026-03-01T09:00:00Z","from":{"emailAddress":{"address":"a@b"}},"ODataType":"#microsoft.graph.eventMessageResponse","puser":"unknown"}
{"internetMessageId":"<4>","sentDateTime":"2026-03-01T09:00:00Z","from":{"emailAddress":{"address":"a@b"}},"internetMessageHeaders":[{"name":"AUTO-SUBMITTED","value":"auto-replied"}]}
{"internetMessageId":"<5>","sentDateTime":"0001-01-01T00:00:00Z","from":{"emailAddress":{"address":"a@b"}}}
{"puser":"e1","rowinformation":{"isUserSummaryRow":true}}
{"rowinformation":{"errorInformation":"mailbox is gone"}}
"##;

const MEETINGS: &str = r##"[{"iCalUId":"1","organizer":{"emailAddress":{"address":"carl@acme.com"}},
  "attendees":[{"type":"required","status":{"response":"declined"},"emailAddress":{"address":"x@y.com"}},{"type":"Resource","emailAddress":{"address":"room@ours.com"}}],
  "start":{"dateTime":"2026-03-08T02:30:00.0000000","timeZone":"Eastern Standard Time"},"end":{"dateTime":"2026-03-08T08:00:00Z","timeZone":"Nowhere"},
  "responseStatus":{"response":"microsoft.graph.responseType'declined'"},"puser":"e1"},
 {"iCalUId":"2","organizer":{"emailAddress":{"address":"carl@acme.com"}},"attendees":[],"type":"microsoft.graph.eventType'SeriesMaster'",
  "start":{"dateTime":"2026-03-08T02:30:00"},"end":{"dateTime":"2026-03-08T02:30:00","timeZone":"UTC"},"isAllDay":true},
 {"iCalUId":"3","organizer":{},"start":{"dateTime":"2026-03-08T02:30:00","timeZone":"Nowhere"},"end":null}]"##;

#[tokio::test]
async fn rows_are_staged_as_they_mean() {
    let exports = Exports::new(MAIL, MEETINGS);
    let mail = exports.rows("select message_id, conversation_id, sent_at, sender, \"to\", holder_id, disposition from stg_mail order by message_id").await;
    assert_eq!(
        mail,
        [
            "<1>|060708090a0b0c0d0e0f101112131415|2026-03-01T09:00:00.123456Z|carl@acme.com|[ann@ours.com, <>]|e1|used",
            "<2>||2026-03-01T09:00:00Z|zoe@ours.com|[carl@acme.com]|e2|draft",
            "<3>||2026-03-01T09:00:00Z|a@b||unknown|automatic",
            "<4>||2026-03-01T09:00:00Z|a@b|||automatic",
            "<5>|||a@b|||missing_time",
            "|||||e1|summary_row",
            "||||||summary_row",
        ]
    );
    let meetings = exports.rows("select meeting_id, organizer, attendees, declined, start_at, end_at, holder_declined, disposition from stg_meeting order by meeting_id").await;
    assert_eq!(
        meetings,
        [
            "1|carl@acme.com|[x@y.com]|[x@y.com]|2026-03-08T07:30:00Z|2026-03-08T08:00:00Z|true|used",
            "2|carl@acme.com|[]|[]|2026-03-08T02:30:00Z|2026-03-08T02:30:00Z||series_master",
            "3|||||||missing_time",
        ]
    );
}

#[tokio::test]
async fn the_holder_is_a_listed_address_first_then_the_smallest() {
    let exports = Exports::new(MAIL, MEETINGS);
    let users = exports.rows("select distinct address, entra_id from stg_user order by address").await;
    assert_eq!(users, ["a.listed@ours.com|e1", "ann@ours.com|e1", "bob@ours.com|e2", "zoe@ours.com|e2"]);
    let holders = exports.rows("select entra_id, address from holder order by entra_id").await;
    assert_eq!(holders, ["e1|a.listed@ours.com", "e2|bob@ours.com"]);
    // Message <1> is sent to the listed mailbox, and the holder of the first meeting has declined it.
    let report = pipeline::run(&exports.enrichment(), &Silent).await.unwrap();
    assert_eq!((report.overview.messages_engaged, report.overview.meetings_engaged), (Some(1), Some(0)));
    assert_eq!(report.overview.mailboxes_active, Some(1));
    assert_eq!(report.notes.len(), 5, "{:?}", report.notes);
    assert!(report.notes[0].starts_with("[meetings] 1 row is a series master, which is not a meeting: its"));
    assert!(report.notes[1].starts_with("[meetings] 1 row with a time zone that is not known"));
    assert!(
        report.notes[3]
            .starts_with("[mail] 1 used row with a value that is not used: toRecipients (1 item in 1")
    );
    assert!(
        report.notes[4]
            .starts_with("[mailboxes] 1 of the 2 entries is not in [users], first \"yan@ours.com\"")
    );
}

#[tokio::test]
async fn a_check_says_what_is_missing_and_counts_rows() {
    let report = pipeline::check(&Exports::new(MAIL, MEETINGS).enrichment()).await.unwrap();
    let rows: Vec<_> = report.inputs.iter().map(|i| (i.section.as_str(), i.rows)).collect();
    assert_eq!(rows, [("users", 3), ("contacts", 1), ("mail", 7), ("meetings", 3)]);
    assert_eq!(report.mailboxes, 2);
    let has = |text: &str| report.notes.iter().any(|n| n.starts_with(text));
    assert!(
        has("[mail] column ccRecipients is not in the file: there are no cc recipients"),
        "{:?}",
        report.notes
    );
    assert!(
        !has("[mail] column puser is not in ") && has("[meetings] 1 row is a series master"),
        "{:?}",
        report.notes
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_said_in_one_line() {
    let cut = format!("{MAIL}{{\"internetMessageId\":\"<8>");
    for (mail, says) in [
        ("", "mail.json is empty (0 bytes); remove it or write it again".to_string()),
        ("id,name\n1,2\n", "mail.json is not JSON but CSV; convert it to Parquet or JSON lines, or move it away if it does not belong to the export".to_string()),
        ("PK\u{3}\u{4}xl/", "mail.json is not JSON but an Excel workbook (XLSX) or another Office document; convert it to Parquet or JSON lines, or move it away if it does not belong to the export".to_string()),
        ("{\"internetMessageId\":NaN}", "mail.json is damaged: no JSON object in record 1, at byte 21: a number that JSON does not have (NaN or Infinity); write null instead".to_string()),
        (r#"{"a":1,"internetMessageId":"<1>"}"#, "mail.json: column 'sentDateTime' or 'receivedDateTime' is missing; the file has: a, internetMessageId".to_string()),
        (&cut, format!("mail.json is cut short within record 8, at its end (byte {})", cut.len())),
    ] {
        let enrichment = Exports::new(mail, MEETINGS);
        let error = pipeline::run(&enrichment.enrichment(), &Silent).await.unwrap_err();
        assert!(error.to_string().ends_with(&says) && error.to_string().starts_with("[mail] /"), "{error}");
        assert!(!enrichment.0.path().join("out/Office.parquet").exists());
    }
    // The damage is beyond the part that is searched for columns, and the run has many partitions.
    let long = format!("{}{{\"internetMessageId\":\"<8>", MAIL.repeat(500));
    let enrichment = Exports::new(&long, MEETINGS);
    for error in [
        pipeline::run(&enrichment.enrichment(), &Silent).await.unwrap_err(),
        pipeline::check(&enrichment.enrichment()).await.unwrap_err(),
    ] {
        let says = format!("mail.json is cut short within record 3501, at its end (byte {})", long.len());
        assert!(error.to_string().ends_with(&says), "{error}");
    }
}

/// An export whose input is the folder `mail`, with these files in it.
fn with_folder(files: &[(&str, &str)]) -> Exports {
    let exports = Exports::new(MAIL, MEETINGS);
    let folder = exports.0.path();
    std::fs::create_dir(folder.join("mail")).unwrap();
    for (name, text) in files {
        std::fs::write(folder.join("mail").join(name), text).unwrap();
    }
    let text = std::fs::read_to_string(folder.join("e.toml")).unwrap();
    std::fs::write(folder.join("e.toml"), text.replace("\"mail.json\"", "\"mail\"")).unwrap();
    exports
}

const PAGE: &str = r#"{"@odata.context":"https://graph.microsoft.com/v1.0/$metadata#users","value":[{"internetMessageId":"<1>"}]}"#;

#[tokio::test]
async fn what_lies_beside_the_data_is_named_and_not_counted() {
    let exports = with_folder(&[
        ("a.json", MAIL),
        ("b.json", "{\"version\":1}\n{\"version\":2,\"puser\":\"e1\"}"),
        ("c.json", MEETINGS),
        ("d.json", PAGE),
        ("e.json", "{}"),
        ("f.json", "[]"),
        ("g.json", r#"[{"puser":"e1","rowinformation":{"isUserSummaryRow":true}}]"#),
    ]);
    let columns = "internetMessageId, sentDateTime, receivedDateTime, from, sender, toRecipients";
    let expected = [
        format!("b.json is not read: none of its 2 objects has one of the columns {columns}"),
        format!("c.json is not read: none of its 3 objects has one of the columns {columns}"),
        "d.json is not read: it is a page of the Graph API ({\"@odata.context\": ..., \"value\": [...]}); the objects \
         in value are needed, one per line or in one array"
            .to_string(),
        format!("e.json is not read: its only object has none of the columns {columns}"),
    ];
    let check = pipeline::check(&exports.enrichment()).await.unwrap();
    let run = pipeline::run(&exports.enrichment(), &Silent).await.unwrap();
    for notes in [&check.notes, &run.notes] {
        let notes: Vec<_> = notes.iter().filter(|note| note.contains(" is not read: ")).collect();
        assert_eq!(notes.len(), expected.len(), "{notes:?}");
        for (note, expected) in notes.iter().zip(&expected) {
            assert!(note.starts_with("[mail] /") && note.ends_with(expected), "{note}");
        }
    }
    let mail = check.inputs.iter().find(|input| input.section == "mail").unwrap();
    assert_eq!((mail.files, mail.rows), (3, 8));
    let summary = run
        .dispositions
        .iter()
        .find(|d| (d.source.as_str(), d.disposition.as_str()) == ("mail", "summary_row"));
    assert_eq!(summary.map(|d| d.rows), Some(3));
    assert!(!run.dispositions.iter().any(|d| d.disposition == "missing_id"), "{:?}", run.dispositions);
    let many: Vec<_> = (0..13).map(|i| format!("m{i}.json")).collect();
    let many: Vec<_> =
        many.iter().map(|name| (name.as_str(), "{\"v\":1}")).chain([("a.json", MAIL)]).collect();
    let check = pipeline::check(&with_folder(&many).enrichment()).await.unwrap();
    assert_eq!(check.notes.iter().filter(|note| note.contains(" is not read: ")).count(), 10);
    assert!(check.notes.contains(&"[mail] 3 more files are not read, for such reasons".to_string()));
}

#[tokio::test]
async fn files_of_which_none_is_an_export_are_refused() {
    for (files, says) in [
        (&[("a.json", PAGE)][..], "a.json is not an export of mail: it is a page of the Graph API ("),
        (
            &[("a.json", "{}")],
            "a.json is not an export of mail: its only object has none of the columns internet",
        ),
        (
            &[("a.json", MEETINGS), ("b.json", PAGE)],
            "a.json is not an export of mail: none of its 3 objects has",
        ),
    ] {
        let exports = with_folder(files);
        for error in [
            pipeline::check(&exports.enrichment()).await.unwrap_err(),
            pipeline::run(&exports.enrichment(), &Silent).await.unwrap_err(),
        ] {
            assert!(error.to_string().starts_with("[mail] /") && error.to_string().contains(says), "{error}");
        }
    }
}

#[tokio::test]
async fn an_export_without_objects_has_no_rows() {
    for files in
        [&[("a.json", "[]")][..], &[("a.json", " \n")], &[("a.json", "\u{feff}[ ]"), ("b.jsonl", "\r\n")]]
    {
        let exports = with_folder(files);
        let check = pipeline::check(&exports.enrichment()).await.unwrap();
        let mail = check.inputs.iter().find(|input| input.section == "mail").unwrap();
        assert_eq!((mail.files, mail.rows), (files.len(), 0));
        let of_mail: Vec<_> = check.notes.iter().filter(|note| note.starts_with("[mail]")).collect();
        assert_eq!(of_mail, ["[mail] has no rows, so no message counts"]);
        let run = pipeline::run(&exports.enrichment(), &Silent).await.unwrap();
        assert!(!run.dispositions.iter().any(|d| d.source == "mail"), "{:?}", run.dispositions);
        assert_eq!(run.overview.messages_engaged, Some(0));
    }
}

#[tokio::test]
async fn columns_may_come_late_in_a_file() {
    // Objects without any column, and objects with some of the columns, for longer than the sample.
    let filler = format!("{{\"id\":\"{}\"}}\n", "x".repeat(900)).repeat(80);
    let known = format!("{{\"internetMessageId\":\"{}\"}}\n", "x".repeat(900)).repeat(80);
    for (before, rows) in [(filler, 87), (known, 87)] {
        let check = pipeline::check(&Exports::new(&(before + MAIL), MEETINGS).enrichment()).await.unwrap();
        let mail = check.inputs.iter().find(|input| input.section == "mail").unwrap();
        assert_eq!(mail.rows, rows);
        let missing = |column: &str| {
            check.notes.iter().any(|note| note.starts_with(&format!("[mail] column {column} ")))
        };
        assert!(!missing("puser") && !missing("from") && !missing("ODataType"), "{:?}", check.notes);
        assert!(missing("ccRecipients"), "{:?}", check.notes);
    }
}

#[tokio::test]
async fn a_check_finds_the_damage_that_a_run_finds() {
    let cut: String = MAIL.repeat(300) + "{\"from\":";
    let exports = Exports::new(&cut, MEETINGS);
    let file = exports.0.path().join("mail.json");
    let latin = [MAIL.repeat(300).as_bytes(), b"{\"from\":\"J\xfcrgen\"}"].concat();
    for (bytes, says) in [
        (cut.clone().into_bytes(), "is cut short within record 2101"),
        (latin, "is damaged: from of record 2101 is not UTF-8 text, at byte "),
        ([MAIL.repeat(300).as_bytes(), b"\0\0{}"].concat(), "record 2101, at byte "),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let check = pipeline::check(&exports.enrichment()).await.unwrap_err().to_string();
        let run = pipeline::run(&exports.enrichment(), &Silent).await.unwrap_err().to_string();
        assert!(check.starts_with("[mail] /") && check.contains(says), "{check}");
        assert_eq!(check, run);
    }
}

#[tokio::test]
async fn of_parquet_only_the_columns_that_are_used_are_read() {
    let exports = Exports::new(MAIL, MEETINGS);
    let rows = 200;
    // All values are different: a column of one value would be read from its statistics only.
    let column = |text: &str| {
        Arc::new((0..rows).map(|row| Some(text.replace('#', &row.to_string()))).collect::<StringArray>())
            as ArrayRef
    };
    let columns = [
        ("InternetMessageId", column("<#>")),
        ("SentDateTime", column("2026-03-01T09:00:00.#Z")),
        ("Body", column("<html>hello #</html>")),
        ("From", column(r##"{"EmailAddress":{"Address":"c#@acme.com"}}"##)),
        ("ToRecipients", column("[#]")),
    ];
    let file = exports.0.path().join("mail.json");
    parquet(&file, RecordBatch::try_from_iter(columns).unwrap());
    // Overwrite the column of bodies, so that reading it fails.
    let metadata = SerializedFileReader::new(std::fs::File::open(&file).unwrap()).unwrap();
    let (at, length) = metadata.metadata().row_group(0).column(2).byte_range();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[at as usize..(at + length) as usize].fill(0xff);
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(exports.rows("select count(*), count(sender) from stg_mail").await, ["200|200"]);
    let ctx = SessionContext::new();
    let options = ParquetReadOptions::default().file_extension("json");
    let body = ctx.read_parquet(file.display().to_string(), options).await.unwrap();
    let bodies = body.select_columns(&["Body"]).unwrap().collect().await;
    let bodies = bodies.map(|batches| batches.iter().map(RecordBatch::num_rows).sum::<usize>());
    assert_ne!(bodies.ok(), Some(rows), "the bodies are gone");
    let plan = exports.rows("explain select * from stg_mail").await.join("\n");
    assert!(plan.contains("InternetMessageId") && !plan.contains("Body"), "{plan}");
}

#[tokio::test]
async fn a_canonical_mailbox_is_not_looked_up() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/enrichment.toml");
    let exports = Exports::new(MAIL, MEETINGS);
    for (enrichment, joins) in [(Enrichment::open(file).unwrap(), false), (exports.enrichment(), true)] {
        let ctx = session::live(&enrichment).await.unwrap();
        for view in ["mail_copy", "meeting_copy"] {
            let plan = ctx.table(view).await.unwrap().into_optimized_plan().unwrap().to_string();
            assert_eq!(plan.contains("Right Join: known_holder.entra_id ="), joins, "{view}");
        }
    }
}
