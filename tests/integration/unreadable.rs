//! Exports whose values have another shape than Microsoft's: what has one meaning is read, what cannot be read is
//! counted and named, and a column that cannot be it is refused.

use std::fs;
use std::path::Path;

use datafusion::arrow::compute::concat_batches;
use datafusion_engagement::config::Enrichment;
use datafusion_engagement::error::ErrorKind;
use datafusion_engagement::pipeline::{self, Report, Silent};
use datafusion_engagement::query::session;
use tempfile::TempDir;

use crate::files::write;
use crate::support::{block_on, rows};

const ENRICHMENT: &str = r#"
name = "shapes"
as_of = "2026-06-30"
levels = ["year"]
[consent]
granted_by = "admin@us.com"
granted_on = "2026-01-01"
[mailboxes]
addresses = ["anna@us.com", "ben@us.com"]
[contacts]
path = "contacts.parquet"
[users]
path = "users"
format = "graph-data-connect"
[mail]
path = "mail"
format = "graph-data-connect"
[meetings]
path = "meetings"
format = "graph-data-connect"
"#;

const CONTACTS: &str = "select * from (values ('carl@acme.com', 'acme', 'c1'), ('dora@bolt.com', 'bolt', 'c2')) t(email, account_id, contact_id)";
const CARL: &str = r#"{"emailAddress":{"name":"Carl","address":"carl@acme.com"}}"#;
const ANNA: &str = r#"{"emailAddress":{"name":"Anna","address":"anna@us.com"}}"#;

/// One message from Anna to Carl. `more` are members that replace those of the same name.
fn message(more: &str) -> String {
    let others = [
        ("internetMessageId", "\"<1>\"".to_owned()),
        ("sentDateTime", "\"2026-06-01T09:00:00Z\"".to_owned()),
        ("from", ANNA.to_owned()),
        ("toRecipients", format!("[{CARL}]")),
        ("puser", "\"e1\"".to_owned()),
    ];
    object(more, &others)
}

/// An object with these members, each with a comma behind it, and with those others that they do not replace.
fn object(more: &str, others: &[(&str, String)]) -> String {
    let others = others.iter().filter(|(name, _)| !more.contains(&format!("\"{name}\":")));
    let others: Vec<_> = others.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{more}{}}}\n", others.join(","))
}

/// One meeting of Anna and Carl, with members that replace others as in [`message`].
fn meeting(more: &str) -> String {
    let others = [
        ("iCalUId", "\"u1\"".to_owned()),
        ("organizer", ANNA.to_owned()),
        ("attendees", format!("[{CARL}]")),
        ("start", "{\"dateTime\":\"2026-06-01T09:00:00\"}".to_owned()),
        ("end", "{\"dateTime\":\"2026-06-01T10:00:00\"}".to_owned()),
        ("puser", "\"e1\"".to_owned()),
    ];
    object(more, &others)
}

const USERS: &str = r#"{"id":"e1","mail":"anna@us.com"}
{"id":"e2","mail":"ben@us.com"}
"#;

/// A folder with an enrichment whose exports contain these texts.
fn exports(mail: &str, meetings: &str, users: &str) -> (TempDir, Enrichment) {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path();
    for (name, text) in [("mail", mail), ("meetings", meetings), ("users", users)] {
        fs::create_dir(place.join(name)).unwrap();
        fs::write(place.join(name).join("a.json"), text).unwrap();
    }
    parquet(&place.join("contacts.parquet"), CONTACTS);
    fs::write(place.join("enrichment.toml"), ENRICHMENT).unwrap();
    let enrichment = Enrichment::open(place.join("enrichment.toml")).unwrap();
    (folder, enrichment)
}

/// Writes the rows of a query to a Parquet file.
fn parquet(file: &Path, sql: &str) {
    block_on(async {
        let frame = session::new().unwrap().sql(sql).await.unwrap_or_else(|e| panic!("{sql}\n{e}"));
        let schema = frame.schema().inner().clone();
        write(file, &concat_batches(&schema, &frame.collect().await.unwrap()).unwrap());
    });
}

fn run(enrichment: &Enrichment) -> Report {
    block_on(pipeline::run(enrichment, &Silent)).unwrap()
}

/// The notes about what cannot be read; others say which inputs do not meet.
fn about_reading(report: &Report) -> Vec<&str> {
    let notes = report.notes.iter().map(String::as_str);
    notes.filter(|note| note.contains("cannot be read") || note.contains("is not known")).collect()
}

/// The dispositions of mail and meetings, one per line.
fn dispositions(report: &Report) -> Vec<String> {
    let copies = report.dispositions.iter().filter(|d| d.source != "contacts");
    copies.map(|d| format!("{} {} {}", d.source, d.disposition, d.rows)).collect()
}

/// The engaged messages and meetings of the accounts.
fn engaged(enrichment: &Enrichment) -> String {
    block_on(async {
        let ctx = session::published(enrichment).await.unwrap();
        let sql = r#"select "CustomerId", "NoOfEmails_ToAccount", "NoOfMeetings_ToAccount" from "Office" order by 1"#;
        let rows = rows(&ctx, sql).await.unwrap();
        rows.iter().map(|row| row.join(" ")).collect::<Vec<_>>().join(", ")
    })
}

const BOTH: &str = "acme 1 1, bolt 0 0";

/// JSON texts of recipients that have one meaning: Carl.
const SHAPES: [&str; 11] = [
    r#"["carl@acme.com"]"#,
    r#"[{"name":"Carl","address":"carl@acme.com"}]"#,
    r#"{"emailAddress":{"address":"carl@acme.com"}}"#,
    r#"{"address":"carl@acme.com"}"#,
    r#""[{\"emailAddress\":{\"address\":\"carl@acme.com\"}}]""#,
    r#""{\"emailAddress\":{\"address\":\"carl@acme.com\"}}""#,
    r#""carl@acme.com""#,
    r#""Carl <carl@acme.com>; x@y.z""#,
    r#"["x@y.z, Carl <carl@acme.com>"]"#,
    r#"{"value":[{"emailAddress":{"address":"carl@acme.com"}}],"Count":1}"#,
    r#"[{"emailAddress":"carl@acme.com"}]"#,
];

/// Runs an enrichment with a message and a meeting for each text, which stands in place of these columns.
fn run_each(column: &str, of_meetings: &str, texts: &[String]) -> (TempDir, Enrichment, Report) {
    let each = |copy: fn(&str) -> String, id: &str, column: &str| -> String {
        let more = |(n, text): (usize, &String)| copy(&format!("\"{id}\":\"{n}\",\"{column}\":{text},"));
        texts.iter().enumerate().map(more).collect()
    };
    let (mail, meetings) =
        (each(message, "internetMessageId", column), each(meeting, "iCalUId", of_meetings));
    let (folder, enrichment) = exports(&mail, &meetings, USERS);
    let report = run(&enrichment);
    (folder, enrichment, report)
}

#[test]
fn every_shape_in_json() {
    let shapes = SHAPES.map(String::from);
    let one = shapes.iter().filter(|shape| !shape.contains("x@y.z") && !shape.contains("value"));
    let senders: Vec<_> = one.map(|shape| shape.replace("carl@acme.com", "anna@us.com")).collect();
    for (columns, shapes) in
        [(["toRecipients", "attendees"], &shapes[..]), (["from", "organizer"], &senders[..])]
    {
        let (_folder, enrichment, report) = run_each(columns[0], columns[1], shapes);
        let n = shapes.len();
        assert_eq!(dispositions(&report), [format!("mail used {n}"), format!("meetings used {n}")]);
        assert_eq!(engaged(&enrichment), format!("acme {n} {n}, bolt 0 0"));
        assert!(report.notes.is_empty(), "{:?}", report.notes);
    }
}

#[test]
fn every_shape_of_recipients_in_parquet() {
    let mail = |from: &str, to: &str| {
        format!(
            "select '<1>' as \"internetMessageId\", timestamp '2026-06-01T09:00:00' as \"sentDateTime\", {from} as \"from\", \
             {to} as \"toRecipients\", 'e1' as puser"
        )
    };
    let nested = |address: &str| {
        format!("named_struct('emailAddress', named_struct('name', 'N', 'address', '{address}'))")
    };
    let flat = |address: &str| format!("named_struct('Address', '{address}', 'Name', 'N')");
    let map = |address: &str| format!("map(['name', 'address'], ['N', '{address}'])");
    let text = |address: &str| format!("'N <{address}>'");
    let dictionary = |address: &str| format!("arrow_cast('{address}', 'Dictionary(Int32, Utf8)')");
    let shapes: [&dyn Fn(&str) -> String; 5] = [&nested, &flat, &map, &text, &dictionary];
    for shape in shapes {
        let (from, to) = (shape("anna@us.com"), shape("carl@acme.com"));
        for to in [format!("make_array({to})"), to] {
            let (folder, enrichment) = exports("", &meeting(""), USERS);
            fs::remove_file(folder.path().join("mail/a.json")).unwrap();
            parquet(&folder.path().join("mail/a.parquet"), &mail(&from, &to));
            let report = run(&enrichment);
            assert_eq!(dispositions(&report), ["mail used 1", "meetings used 1"], "{to}");
            assert_eq!(engaged(&enrichment), BOTH, "{to}");
        }
    }
}

/// JSON texts that are there and cannot be read as recipients.
const BROKEN: [&str; 7] = [
    r#""[{\"emailAddress\":{\"address\":\"carl@acme.com\"}},{\"emailAd""#,
    r#""[{'emailAddress': {'name': 'Carl', 'address': 'carl@acme.com'}}]""#,
    r#"["@{emailAddress=}"]"#,
    r#""@{emailAddress=@{address=carl@acme.com}}""#,
    r#""System.Object[]""#,
    r#"[{"emailAddress":{"address":["carl@acme.com"]}}]"#,
    "7",
];

#[test]
fn what_cannot_be_read_is_counted_and_named() {
    for columns in [["toRecipients", "attendees"], ["ccRecipients", "attendees"], ["from", "organizer"]] {
        // A number in place of a sender is the text of one, which is not an address.
        let shapes = BROKEN.iter().filter(|shape| **shape != "7" || columns[0] != "from");
        let shapes: Vec<_> = shapes.map(|shape| (*shape).to_owned()).collect();
        let n = shapes.len();
        let (folder, enrichment, report) = run_each(columns[0], columns[1], &shapes);
        let unreadable = [format!("mail unreadable {n}"), format!("meetings unreadable {n}")];
        assert_eq!(dispositions(&report), unreadable, "{columns:?}");
        assert_eq!(engaged(&enrichment), "acme 0 0, bolt 0 0");
        let notes = about_reading(&report);
        assert_eq!(notes.len(), 2, "{notes:?}");
        for ((note, section), column) in notes.iter().zip(["mail", "meetings"]).zip(columns) {
            let file = folder.path().join(section).join("a.json");
            let says = format!(
                "[{section}] {n} rows with a value that cannot be read (disposition unreadable): {column} in {} ({n} rows).",
                file.display()
            );
            assert!(note.starts_with(&says), "{note}");
            assert!(!note.contains("carl"), "no address: {note}");
        }
    }
}

#[test]
fn other_columns_that_cannot_be_read() {
    for (column, value, then) in [
        (
            "internetMessageHeaders",
            r#""[{'name': 'Auto-Submitted', 'value': 'auto-replied'}]""#,
            "unreadable",
        ),
        ("internetMessageHeaders", r#"{"name":"Auto-Submitted","value":"auto-replied"}"#, "automatic"),
        ("internetMessageHeaders", r#"{"Auto-Submitted":"auto-replied"}"#, "automatic"),
        ("internetMessageHeaders", r#"[{"key":"Auto-Submitted","value":"auto-replied"}]"#, "automatic"),
        ("internetMessageHeaders", r#"["Auto-Submitted: auto-replied"]"#, "automatic"),
        ("internetMessageHeaders", r#"[{"key":"Received","value":"x"}]"#, "used"),
        ("internetMessageHeaders", r#"[{"header":"Auto-Submitted","value":"auto-replied"}]"#, "unreadable"),
        ("rowinformation", r#""@{isUserSummaryRow=True}""#, "unreadable"),
        ("rowinformation", r#""{\"isUserSummaryRow\":true}""#, "summary_row"),
        ("isDraft", r#""yes""#, "unreadable"),
        ("isDraft", "1", "draft"),
        ("isDraft", "0", "used"),
        ("sender", r#""{'emailAddress'""#, "used"),
    ] {
        let (_folder, enrichment) = exports(&message(&format!("\"{column}\":{value},")), &meeting(""), USERS);
        let report = run(&enrichment);
        assert_eq!(dispositions(&report)[0], format!("mail {then} 1"), "{column} {value}");
        let notes = about_reading(&report);
        assert_eq!(notes.len(), usize::from(then == "unreadable"), "{notes:?}");
    }
    for (column, value, then) in [
        ("responseStatus", r#""@{response=declined}""#, "unreadable"),
        ("isCancelled", r#""No""#, "unreadable"),
        ("start", r#""2026-06-01T09:00:00Z""#, "used"),
        ("start", r#""{\"dateTime\":\"2026-06-01T09:00:00Z\"}""#, "used"),
    ] {
        let (_folder, enrichment) = exports(&message(""), &meeting(&format!("\"{column}\":{value},")), USERS);
        let report = run(&enrichment);
        assert_eq!(dispositions(&report)[1], format!("meetings {then} 1"), "{column} {value}");
        assert_eq!(engaged(&enrichment), if then == "used" { BOTH } else { "acme 1 0, bolt 0 0" });
    }
}

#[test]
fn absent_is_not_unreadable() {
    for value in ["null", "[]", "\"\"", "\"null\"", "[null]", "[{}]"] {
        let more = ["toRecipients", "ccRecipients", "internetMessageHeaders"];
        let more = more.map(|name| format!("\"{name}\":{value},")).concat();
        let (_folder, enrichment) =
            exports(&message(&more), &meeting(&format!("\"attendees\":{value},")), USERS);
        let report = run(&enrichment);
        assert_eq!(dispositions(&report), ["mail used 1", "meetings used 1"], "{value}");
        assert_eq!(engaged(&enrichment), "acme 0 0, bolt 0 0");
        assert_eq!(about_reading(&report), [""; 0]);
    }
    for value in ["null", "{}", "\"\"", r#"{"emailAddress":null}"#, r#"{"emailAddress":{"name":"A"}}"#] {
        let (_folder, enrichment) = exports(
            &message(&format!("\"from\":{value},")),
            &meeting(&format!("\"organizer\":{value},")),
            USERS,
        );
        let report = run(&enrichment);
        assert_eq!(
            dispositions(&report),
            ["mail invalid_sender 1", "meetings invalid_organizer 1"],
            "{value}"
        );
    }
}

#[test]
fn addresses_of_users_in_every_shape() {
    let mailbox = "\"toRecipients\":[{\"emailAddress\":{\"address\":\"carl@acme.com\"}}],";
    for proxies in [
        r#"["SMTP:anna@us.com","smtp:a.lee@us.com"]"#,
        r#""smtp:a.lee@us.com""#,
        r#""SMTP:anna@us.com;smtp:a.lee@us.com;X500:/o=x""#,
        r#""SPO:1@2, smtp:a.lee@us.com""#,
        r#""[\"smtp:a.lee@us.com\"]""#,
    ] {
        let users = format!(
            "{{\"id\":\"e1\",\"mail\":\"anna@us.com\",\"proxyAddresses\":{proxies}}}\n\
             {{\"id\":\"e2\",\"mail\":\"ben@us.com\"}}\n"
        );
        let mail = message(&format!("{mailbox}\"from\":\"a.lee@us.com\","));
        let (_folder, enrichment) = exports(&mail, &meeting(""), &users);
        assert!(run(&enrichment).notes.is_empty(), "{proxies}");
        assert_eq!(engaged(&enrichment), BOTH, "{proxies}");
    }
    for proxies in [r#""['smtp:a.lee@us.com']""#, r#""[\"smtp:a.lee""#, r#"[{"value":"smtp:a.lee@us.com"}]"#]
    {
        let users =
            format!("{USERS}{{\"id\":\"e1\",\"mail\":\"anna@us.com\",\"proxyAddresses\":{proxies}}}\n");
        let (folder, enrichment) = exports(&message(""), &meeting(""), &users);
        let says = format!(
            "[users] 1 row with a value that cannot be read, and is passed over: proxyAddresses in {} (1 row).",
            folder.path().join("users/a.json").display()
        );
        let report = run(&enrichment);
        assert!(!report.is_every_row_used);
        let checked = block_on(pipeline::check(&enrichment)).unwrap();
        for notes in [report.notes, checked.notes] {
            let passed_over: Vec<_> = notes.iter().filter(|note| note.contains("passed over")).collect();
            assert!(passed_over.len() == 1 && passed_over[0].starts_with(&says), "{notes:?}");
        }
    }
}

#[test]
fn times_and_zones_that_cannot_be_read() {
    let mail: String = [
        "11/20/2026 10:00:00 AM",
        "6/1/2026 9:00:00 AM",
        "11/21/2026 10:00:00 PM",
        "0001-01-01T00:00:00Z",
        "",
        "/Date(1780304400000)/",
    ]
    .iter()
    .map(|time| message(&format!("\"sentDateTime\":\"{time}\",")))
    .collect();
    let mail = mail + &message("\"sentDateTime\":{\"value\":\"/Date(1780304400000)/\",\"DisplayHint\":2},");
    let zoned = |zone: &str| {
        meeting(&format!("\"start\":{{\"dateTime\":\"2026-06-01T09:00:00\",\"timeZone\":\"{zone}\"}},"))
    };
    let zones =
        ["tzone://Microsoft/Custom", "tzone://Microsoft/Custom", "Nowhere", "A", "zoe@ours.com", "UTC"];
    let meetings: String = zones.into_iter().map(zoned).collect();
    let meetings = meetings + &meeting("\"end\":null,") + &meeting("\"end\":{\"dateTime\":\"noon\"},");
    let (folder, enrichment) = exports(&mail, &meetings, USERS);
    let report = run(&enrichment);
    assert_eq!(
        dispositions(&report),
        ["mail missing_time 5", "mail used 2", "meetings missing_time 7", "meetings used 1"]
    );
    let (mail, meetings) = (folder.path().join("mail/a.json"), folder.path().join("meetings/a.json"));
    let (mail, meetings) = (mail.display(), meetings.display());
    assert_eq!(
        report.notes,
        [
            format!(
                "[mail] 3 rows with a time that cannot be read (disposition missing_time): \"00/00/0000 00:00:00 AA\" in \
                 {mail} (2 rows), \"0/0/0000 0:00:00 AA\" in {mail} (1 row), where 0 is a digit and A a letter. Times are \
                 written like 2026-03-01T09:30:00Z"
            ),
            format!(
                "[meetings] 1 row with a time that cannot be read (disposition missing_time): \"AAAA\" in {meetings} (1 row), \
                 where 0 is a digit and A a letter. Times are written like 2026-03-01T09:30:00Z"
            ),
            format!(
                "[meetings] 5 rows with a time zone that is not known (disposition missing_time): \
                 \"tzone://Microsoft/Custom\" in {meetings} (2 rows), \"A\" in {meetings} (1 row), \"AAA@AAAA.AAA\" in \
                 {meetings} (1 row), and 1 more. Zones have IANA names such as Europe/London, or Windows names such as GMT Standard Time"
            ),
        ]
    );
}

/// A time that is there and cannot be read is not replaced by the time of receipt; an absent one is.
#[test]
fn a_time_that_cannot_be_read_is_not_absent() {
    let mail = |sent: &str| {
        message(&format!("\"sentDateTime\":{sent},\"receivedDateTime\":\"2026-06-01T09:00:00Z\","))
    };
    let absent = [
        "null",
        "\"\"",
        "\"null\"",
        "{}",
        "[]",
        "\"0001-01-01T00:00:00Z\"",
        "\"/Date(-62135596800000)/\"",
        "{\"value\":\"/Date(-62135596800000)/\"}",
    ];
    for sent in absent {
        let (_folder, enrichment) = exports(&mail(sent), &meeting(""), USERS);
        let report = run(&enrichment);
        assert_eq!(dispositions(&report)[0], "mail used 1", "{sent}");
        assert_eq!(about_reading(&report), [""; 0], "{sent}");
    }
    for sent in ["\"6/1/2026 9:00\"", "\"1. Juni 2026\"", "17", "{\"value\":\"soon\"}"] {
        let (_folder, enrichment) = exports(&mail(sent), &meeting(""), USERS);
        let report = run(&enrichment);
        assert_eq!(dispositions(&report)[0], "mail missing_time 1", "{sent}");
        let notes = about_reading(&report);
        assert!(
            notes.iter().any(|note| note.starts_with("[mail] 1 row with a time that cannot be read")),
            "{sent}: {notes:?}"
        );
    }
}

/// The notes of a check and of a run about values that are not used. Both must say the same.
fn about_use(enrichment: &Enrichment) -> Vec<String> {
    let of = |notes: Vec<String>| -> Vec<String> {
        notes.into_iter().filter(|note| note.contains("a value that is not used")).collect()
    };
    let (check, run) = (of(block_on(pipeline::check(enrichment)).unwrap().notes), of(run(enrichment).notes));
    assert_eq!(check, run);
    run
}

/// Items that are there and have no address, among others.
#[test]
fn items_without_an_address_are_nobody() {
    let items = [
        r#"{"emailAddress":{"name":"Zoe"}}"#,
        r#"{"emailAddress":{"name":"Zoe","address":""}}"#,
        r#"{"address":" "}"#,
        r#"{"emailAddress":{"address":"/o=org/cn=zoe"}}"#,
        "7",
        "true",
        "\"Zoe\"",
    ];
    for (column, of_meetings) in [("toRecipients", "attendees"), ("ccRecipients", "attendees")] {
        let lists: Vec<_> = items.iter().map(|item| format!("[{item},{CARL},{item}]")).collect();
        let (folder, enrichment, report) = run_each(column, of_meetings, &lists);
        let n = items.len();
        assert_eq!(dispositions(&report), [format!("mail used {n}"), format!("meetings used {n}")]);
        assert_eq!(engaged(&enrichment), format!("acme {n} {n}, bolt 0 0"));
        assert!(!report.is_every_row_used);
        let note = |section: &str, column: &str| {
            format!(
                "[{section}] {n} used rows with a value that is not used: {column} ({} items in {n} rows), first in {}; what \
                 is not an address counts for nobody",
                2 * n,
                folder.path().join(section).join("a.json").display()
            )
        };
        assert_eq!(about_use(&enrichment), [note("mail", column), note("meetings", of_meetings)]);
    }
    // What is absent is no item, and rooms are not people.
    let lists = [
        format!("[null,{CARL}]"),
        format!("[{{\"emailAddress\":null}},{CARL}]"),
        format!("[{{}},\"\",{CARL}]"),
        "\"undisclosed-recipients:;\"".to_owned(),
    ];
    let (_folder, enrichment, _) = run_each("toRecipients", "attendees", &lists);
    assert_eq!(about_use(&enrichment), [""; 0]);
    let room =
        format!("\"attendees\":[{{\"type\":\"resource\",\"emailAddress\":{{\"name\":\"Room\"}}}},{CARL}],");
    let (_folder, enrichment) = exports(&message(""), &meeting(&room), USERS);
    assert_eq!(about_use(&enrichment), [""; 0]);
}

/// The first file with such a value is named, and values of rows that are not used do not count.
#[test]
fn the_first_file_is_named() {
    let zoe = r#""toRecipients":[{"emailAddress":{"name":"Zoe"}}],"#;
    let (folder, enrichment) = exports(&message(""), &meeting(""), USERS);
    let draft = message(&format!("\"internetMessageId\":\"<2>\",\"isDraft\":true,{zoe}"));
    fs::write(folder.path().join("mail/c.json"), draft).unwrap();
    assert_eq!(about_use(&enrichment), [""; 0]);
    let file = folder.path().join("mail/b.json");
    fs::write(&file, message(&format!("\"internetMessageId\":\"<3>\",{zoe}"))).unwrap();
    assert_eq!(
        about_use(&enrichment),
        [format!(
            "[mail] 1 used row with a value that is not used: toRecipients (1 item in 1 row), first in {}; what is not an \
             address counts for nobody",
            file.display()
        )]
    );
    // A row that is not used, in a file before it.
    let draft = message(&format!("\"internetMessageId\":\"<4>\",\"isDraft\":true,{zoe}"));
    fs::write(folder.path().join("mail/0.json"), draft).unwrap();
    let notes = about_use(&enrichment);
    assert!(notes.len() == 1 && notes[0].contains(&format!(", first in {};", file.display())), "{notes:?}");
}

/// A run counts all rows. Columns and files are those of files from the first to the last, and the notes say so.
#[test]
fn many_files_are_not_all_looked_at() {
    let (folder, enrichment) = exports(&message(""), &meeting(""), USERS);
    let copy = |n: usize, more: &str| message(&format!("\"internetMessageId\":\"<{n}>\",{more}"));
    let zoe = |column: &str| format!("\"{column}\":[{{\"emailAddress\":{{\"name\":\"Zoe\"}}}}],");
    for n in 0..70 {
        let more = match n {
            3 | 8 => zoe("toRecipients"),
            5 => zoe("bccRecipients"),
            69 => zoe("ccRecipients"),
            _ => String::new(),
        };
        fs::write(folder.path().join(format!("mail/b{n:02}.json")), copy(n, &more)).unwrap();
    }
    let of = |notes: Vec<String>| -> Vec<String> {
        notes.into_iter().filter(|note| note.contains("a value that is not used")).collect()
    };
    let note = |rows: usize| {
        format!(
            "[mail] {rows} used rows with a value that is not used: in 16 of its rows: toRecipients (2 items in 2 rows, first in \
             {}), ccRecipients (1 item in 1 row, first in {}); what is not an address counts for nobody",
            folder.path().join("mail/b03.json").display(),
            folder.path().join("mail/b69.json").display()
        )
    };
    assert_eq!(of(block_on(pipeline::check(&enrichment)).unwrap().notes), [note(3)]);
    assert_eq!(of(run(&enrichment).notes), [note(4)]);
}

#[test]
fn words_that_are_not_known_say_nothing() {
    let attendee = |more: &str| {
        format!("\"attendees\":[{{{more},\"emailAddress\":{{\"address\":\"carl@acme.com\"}}}}],")
    };
    let known = [
        r#""type":"microsoft.graph.eventType'Occurrence'","#.to_owned(),
        r#""type":" EXCEPTION ","#.to_owned(),
        r#""responseStatus":{"response":"microsoft.graph.responseType'TentativelyAccepted'","time":null},"#
            .to_owned(),
        r#""responseStatus":{},"#.to_owned(),
        r#""responseStatus":{"response":null},"#.to_owned(),
        attendee(r#""type":"Optional","status":{"response":"notresponded"}"#),
        attendee(r#""type":null,"status":null"#),
    ];
    let of_mail = [r##""ODataType":"#Microsoft.Graph.Message","##, r#""ODataType":"","#, r#""puser":"e2","#];
    let numbered = |texts: &[String], copy: fn(&str) -> String, id: &str| -> String {
        let one = |(n, more): (usize, &String)| copy(&format!("\"{id}\":\"{n}\",{more}"));
        texts.iter().enumerate().map(one).collect()
    };
    let mail = numbered(&of_mail.map(String::from), message, "internetMessageId");
    let (_folder, enrichment) = exports(&mail, &numbered(&known, meeting, "iCalUId"), USERS);
    assert_eq!(about_use(&enrichment), [""; 0]);

    let of_mail = [r##""ODataType":"#microsoft.graph.post","##, r#""puser":{"id":"e1"},"#];
    let of_meetings = [
        r#""type":"Termin","#.to_owned(),
        r#""type":{"value":"occurrence"},"#.to_owned(),
        r#""responseStatus":{"response":"abgelehnt"},"#.to_owned(),
        r#""responseStatus":{"answer":"declined"},"#.to_owned(),
        attendee(r#""status":{"response":"zugesagt"}"#),
        attendee(r#""status":{"answer":"declined"},"type":"chair""#),
    ];
    let mail = numbered(&of_mail.map(String::from), message, "internetMessageId");
    let meetings = numbered(&of_meetings, meeting, "iCalUId");
    let (folder, enrichment) = exports(&mail, &meetings, USERS);
    let report = run(&enrichment);
    assert_eq!(dispositions(&report), ["mail used 2", "meetings used 6"]);
    let file = |section: &str| folder.path().join(section).join("a.json").display().to_string();
    assert_eq!(
        about_use(&enrichment),
        [
            format!(
                "[mail] 2 used rows with a value that is not used: ODataType (1 row), puser (1 row), first in {}; a word that \
                 is not known says nothing",
                file("mail")
            ),
            format!(
                "[meetings] 6 used rows with a value that is not used: attendees.type (1 row), attendees.status (2 rows), type \
                 (2 rows), responseStatus (2 rows), first in {}; a word that is not known says nothing",
                file("meetings")
            ),
        ]
    );
}

/// A zone under another name would be taken for UTC, a type under another name for none.
#[test]
fn keys_under_other_names() {
    let start = |zone: &str| format!("\"start\":{{\"dateTime\":\"2026-06-01T09:00:00\"{zone}}},");
    let attendee = |more: &str| {
        format!("\"attendees\":[{{{more},\"emailAddress\":{{\"address\":\"carl@acme.com\"}}}}],")
    };
    let meetings = [
        start(r##","timeZone":"UTC","@odata.type":"#microsoft.graph.dateTimeTimeZone""##),
        start(r#","TimeZone":null,"AdditionalProperties":{}"#),
        start(r#","timeZone":"UTC","calendar":"gregorian""#),
        start(r#","time_zone":"Pacific Standard Time""#),
        start(r#","zone":null"#),
        attendee(r#""attendeeType":"resource","status":{"response":"none"}"#),
        attendee(r#""type":"required","responseStatus":{"response":"declined"}"#),
        r#""rowinformation":{"userHasCompleteData":true},"#.to_owned(),
        r#""rowinformation":{"is_user_summary_row":true},"#.to_owned(),
    ];
    let numbered = |(n, more): (usize, &String)| meeting(&format!("\"iCalUId\":\"{n}\",{more}"));
    let meetings: String = meetings.iter().enumerate().map(numbered).collect();
    let mail = [
        r#""rowinformation":{"isSummary":true},"internetMessageId":"<1>","#,
        r#""internetMessageId":"<2>","#,
    ];
    let (folder, enrichment) = exports(&mail.map(message).concat(), &meetings, USERS);
    let report = run(&enrichment);
    assert_eq!(
        dispositions(&report),
        ["mail unreadable 1", "mail used 1", "meetings unreadable 3", "meetings used 6"]
    );
    let file = folder.path().join("meetings/a.json").display().to_string();
    let about = about_reading(&report);
    assert!(
        about[1].contains(&format!("start in {file} (2 rows), rowinformation in {file} (1 row)")),
        "{about:?}"
    );
    let about = about_use(&enrichment);
    assert!(about[0].contains("attendees.type (1 row), attendees.status (1 row), first in"), "{about:?}");
}

/// A file of an export whose columns have names in another spelling.
#[test]
fn columns_under_other_names() {
    let (folder, enrichment) = exports(&message(""), &meeting("\"isCanceled\":true,"), USERS);
    let other = message("\"cc_recipients\":[],\"Draft\":true,").replace("toRecipients", "to_recipients");
    fs::write(folder.path().join("mail/b.json"), other).unwrap();
    let notes = run(&enrichment).notes;
    let spelled: Vec<_> = notes.iter().filter(|note| note.contains("because its name is not")).collect();
    let b = folder.path().join("mail/b.json").display().to_string();
    let a = folder.path().join("meetings/a.json").display().to_string();
    assert_eq!(
        spelled,
        [
            &format!(
                "[mail] the column \"to_recipients\" of {b} is not read, because its name is not toRecipients; rename it to \
                 toRecipients"
            ),
            &format!(
                "[mail] the column \"cc_recipients\" of {b} is not read, because its name is not ccRecipients, and there are \
                 no cc recipients; rename it to ccRecipients"
            ),
            &format!(
                "[mail] the column \"Draft\" of {b} is not read, because its name is not isDraft, and no message is a draft; \
                 rename it to isDraft"
            ),
            &format!(
                "[meetings] the column \"isCanceled\" of {a} is not read, because its name is not isCancelled, and no meeting \
                 is cancelled; rename it to isCancelled"
            ),
        ]
    );
}

/// A thread that is there and cannot be decoded; one that is absent is usual.
#[test]
fn threads_that_cannot_be_decoded() {
    let index = r#""conversationIndex":"AQHW+cTKQfde9VSk0k+3/TSkpFZD7Q==","#;
    let texts = [
        index.to_owned(),
        r#""conversationIndex":"AQHW","conversationId":"AAECAwQFBgcICQoLDA0ODxA=","#.to_owned(),
        String::new(),
        r#""conversationIndex":"AQHW","#.to_owned(),
        r#""conversationIndex":"not base64","conversationId":"neither","ODataType":"post","#.to_owned(),
        r#""conversationIndex":"","conversationId":"1","#.to_owned(),
    ];
    let numbered = |(n, more): (usize, &String)| message(&format!("\"internetMessageId\":\"<{n}>\",{more}"));
    let mail: String = texts.iter().enumerate().map(numbered).collect();
    let (folder, enrichment) = exports(&mail, &meeting(""), USERS);
    assert_eq!(
        about_use(&enrichment),
        [format!(
            "[mail] 3 used rows with a value that is not used: ODataType (1 row), conversationIndex (2 rows), conversationId \
             (1 row), first in {}; a word that is not known says nothing, what cannot be decoded is in no thread",
            folder.path().join("mail/a.json").display()
        )]
    );
}

/// Entries of users and members of groups that have no address are counted.
#[test]
fn entries_of_a_directory_without_an_address() {
    let users = "{\"id\":\"e1\",\"mail\":\"anna@us.com\",\"proxyAddresses\":[\"SMTP:anna@us.com\",\"smtp:junk\",\"X500:/o=x\"]}\n\
                 {\"id\":\"e2\",\"mail\":\"ben@us.com\"}\n";
    let (folder, enrichment) = exports(&message(""), &meeting(""), users);
    let groups = "{\"id\":\"g1\",\"mail\":\"all@us.com\",\"pObjectId\":\"g1\",\"proxyAddresses\":[\"smtp:every@us.com\"]}\n\
                  {\"id\":\"g2\",\"mail\":\"none@us.com\",\"pObjectId\":\"g2\"}\n\
                  {\"id\":\"e1\",\"puser\":\"g1\"}\n\
                  {\"id\":\"printer\",\"puser\":\"g1\"}\n{\"id\":\"zoe\",\"userPrincipalName\":\"zoe\",\"puser\":\"g1\"}\n";
    fs::create_dir(folder.path().join("groups")).unwrap();
    fs::write(folder.path().join("groups/a.json"), groups).unwrap();
    let text = format!("{ENRICHMENT}[groups]\npath = \"groups\"\nformat = \"graph-data-connect\"\n");
    fs::write(&enrichment.file, text).unwrap();
    let enrichment = Enrichment::open(&enrichment.file).unwrap();
    for notes in [block_on(pipeline::check(&enrichment)).unwrap().notes, run(&enrichment).notes] {
        let about: Vec<_> = notes.iter().filter(|note| note.contains("without an address")).collect();
        assert_eq!(
            about,
            [
                "[users] 1 smtp: entry of proxyAddresses without an address, passed over",
                "[groups] 2 members without an address, so without a mailbox",
            ]
        );
    }
}

/// A column whose type cannot be it would be read as absent.
#[test]
fn types_that_cannot_be_it_are_refused() {
    let mail = |column: &str, value: &str| {
        let known = [
            ("internetMessageId", "'<1>'"),
            ("sentDateTime", "'2026-06-01T09:00:00Z'"),
            ("from", "'anna@us.com'"),
            ("toRecipients", "'carl@acme.com'"),
        ];
        let mut all: Vec<_> = known.into_iter().filter(|(name, _)| *name != column).collect();
        all.push((column, value));
        format!(
            "select {}",
            all.iter().map(|(name, value)| format!("{value} as \"{name}\"")).collect::<Vec<_>>().join(", ")
        )
    };
    for (column, value, says) in [
        ("toRecipients", "make_array(1)", "a struct with emailAddress or address, text, or a list of them"),
        ("toRecipients", "7", "a struct with emailAddress or address, text, or a list of them"),
        (
            "from",
            "named_struct('name', 'Anna')",
            "a struct with emailAddress or address, text, or a list of them",
        ),
        ("internetMessageId", "make_array('<1>')", "text or another type that is not nested"),
        ("sentDateTime", "1780304400000", "a timestamp or text"),
        ("sentDateTime", "date '2026-06-01'", "a timestamp or text"),
        ("receivedDateTime", "arrow_cast('2026-06-01', 'Date64')", "a timestamp or text"),
        ("isDraft", "0.5", "a boolean"),
        ("rowinformation", "true", "a struct or JSON text"),
        ("internetMessageHeaders", "1", "a list of structs (name, value), or text"),
    ] {
        let (folder, enrichment) = exports("", &meeting(""), USERS);
        fs::remove_file(folder.path().join("mail/a.json")).unwrap();
        let file = folder.path().join("mail/a.parquet");
        parquet(&file, &mail(column, value));
        let errors = [
            block_on(pipeline::check(&enrichment)).unwrap_err(),
            block_on(pipeline::run(&enrichment, &Silent)).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Input);
            let error = error.to_string();
            assert!(
                error.starts_with(&format!("[mail] {}: column '{column}' has type ", file.display())),
                "{error}"
            );
            assert!(error.ends_with(&format!(", but {says} is needed")), "{error}");
        }
    }
}
