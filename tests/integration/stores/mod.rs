//! Inputs and output in object stores, on real servers.

mod faults;
mod history;
mod lake;
mod layouts;
mod servers;
mod web;

use std::process::Output;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BinaryArray, RecordBatch};

pub use self::faults::{Fault, Proxy};
pub use self::lake::Lake;
use crate::support::{bundled_run, data, published};

/// Asserts that the command failed with this exit code and one line for each mistake, of which the first contains each of
/// `says`.
pub fn refused(output: &Output, code: i32, says: &[&str]) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(error.lines().all(|line| line.starts_with("error: ")), "{error}");
    let first = error.lines().next().unwrap_or_default();
    for says in says {
        assert!(first.contains(says), "{says:?} is expected in: {first}");
    }
}

/// Asserts that the command has succeeded; a run may go back to an earlier date than the published one. Returns the
/// text of standard output.
pub fn fine(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr);
    let said =
        said.lines().filter(|line| !line.starts_with("warning: the published as-of date goes back from "));
    assert_eq!((output.status.code(), said.collect::<String>().as_str()), (Some(0), ""));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The files that a local run publishes.
fn local() -> std::collections::BTreeMap<String, Vec<u8>> {
    published(&bundled_run().enrichment.resolve(&bundled_run().enrichment.output.path))
}

const COUNT: &str = "select count(*) as n, max(noofemails_toaccount) as m from office";

/// From a store to the same store: the published bytes are those of the local run, and every command reads
/// them.
fn there_and_back(lake: &Lake, mail: &str) {
    let file = lake.enrichment(mail, "out/");
    assert!(fine(&lake.command("check", &file, &[])).contains("12 files"));
    refused(&lake.command("sql", &file, &["-c", COUNT]), 1, &["nothing is published there yet"]);
    for _ in 0..2 {
        let report = fine(&lake.command("run", &file, &[]));
        assert!(report.contains(&format!("Office: {}out/Office.parquet (1,148 rows)", lake.url)), "{report}");
        assert_eq!(lake.published("out"), local());
    }
    assert!(fine(&lake.command("sql", &file, &["--format", "csv", "-c", COUNT])).contains("1148,"));
    // The commands follow the manifest, not the plain names.
    lake.put("out/Office.parquet", b"no Parquet".to_vec());
    assert!(fine(&lake.command("sql", &file, &["--format", "csv", "-c", COUNT])).contains("1148,"));
    assert!(fine(&lake.command("card", &file, &["A-1033"])).contains("A-1033"));
    let status = fine(&lake.command("status", &file, &["--format", "json"]));
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    assert!(status["published_at"].is_string(), "{status}");
    assert_eq!(status["before"]["overview"]["MessagesEngaged"], 1406);
    let bytes = |table: &str| local()[&format!("{table}.parquet")].len();
    assert_eq!(status["bytes"]["Office"], bytes("Office"));
}

#[test]
fn azure_to_azure() {
    there_and_back(&Lake::azure("there"), "mail/");
}

#[test]
fn s3_to_s3() {
    there_and_back(&Lake::s3("there"), "mail/2*.parquet");
}

#[test]
fn json_exports_and_the_list_of_mailboxes() {
    let lake = Lake { url: "az://lake/graph/".to_owned(), ..Lake::azure("graph") };
    let text = std::fs::read_to_string(data().join("graph-data-connect.toml")).unwrap();
    let text = text
        .replace("out/graph-data-connect/", "out/")
        .replace("[mailboxes]", "[mailboxes]\nfile = \"mailboxes.txt\"");
    lake.put("mailboxes.txt", b"# nobody else\nanna.falk@northwind.example\n".to_vec());
    let file = lake.write(&text, "out/");
    assert!(fine(&lake.command("run", &file, &[])).contains("1,148 rows"));
    let local = tempfile::tempdir().unwrap();
    let bundled = data().join("graph-data-connect.toml");
    let output = ["--output", local.path().to_str().unwrap()];
    fine(&lake.command("run", &bundled, &output));
    assert_eq!(lake.published("out"), published(local.path()));
    lake.put("graph-data-connect/mail/zz.json", b"{\"internetMessageId\": \"1\"".to_vec());
    refused(&lake.command("run", &file, &[]), 1, &["/graph-data-connect/mail/zz.json is cut short"]);
}

#[test]
fn inputs_on_a_web_server() {
    let lake = Lake::s3("web");
    let port = web::serve(data());
    let text = std::fs::read_to_string(lake.enrichment("mail/", "out/")).unwrap();
    let web = |text: &str, name: &str| {
        text.replace(&format!("{}{name}", lake.url), &format!("http://127.0.0.1:{port}/{name}"))
    };
    let file = lake.raw(&web(&web(&text, "contacts.parquet"), "meetings.parquet"));
    fine(&lake.command("run", &file, &[]));
    assert_eq!(lake.published("out"), local());
    let encrypted_only = std::fs::read_to_string(&file).unwrap().replace("allow_http = true\n", "");
    let output = lake.command("check", &lake.raw(&encrypted_only), &[]);
    refused(&output, 1, &["http:// is not encrypted; set allow_http = true"]);
    for mail in ["mail/", "mail/*.parquet"] {
        let text = web(&text.replace("web/mail/", &format!("web/{mail}")), mail);
        refused(&lake.command("check", &lake.raw(&text), &[]), 1, &["[mail]", "a web server does not list"]);
    }
}

/// A folder with more objects than one page of a listing, of which one is an input.
#[test]
fn a_large_folder_is_listed_to_its_end() {
    let lake = Lake::s3("large");
    let mail = std::fs::read(data().join("mail/2026-10-08.parquet")).unwrap();
    let names: Vec<_> = (0..1_100).map(|i| format!("many/{i:04}.txt")).collect();
    lake.put_all(&names);
    lake.put("many/zz/last.parquet", mail);
    let report = fine(&lake.command("check", &lake.enrichment("many/", "out/"), &[]));
    let mail = report.lines().find(|line| line.starts_with("  mail "));
    assert!(mail.is_some_and(|line| line.contains(" 1 file ")), "{report}");
}

/// The data of columns that are not needed is not downloaded.
#[test]
fn only_the_bytes_that_are_needed_are_read() {
    const LARGE: usize = 24 << 20;
    let mut lake = Lake::s3("narrow");
    let contacts = crate::files::read(&data().join("contacts.parquet"));
    let mut random = 1_u64;
    let noise = (0..contacts.num_rows()).map(|_| {
        let mut next = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 56) as u8
        };
        (0..LARGE / contacts.num_rows()).map(|_| next()).collect::<Vec<_>>()
    });
    let noise = BinaryArray::from_iter_values(noise);
    let mut columns: Vec<(String, ArrayRef)> = vec![("photo".into(), Arc::new(noise))];
    let schema = contacts.schema();
    columns.extend(
        schema.fields().iter().zip(contacts.columns()).map(|(f, c)| (f.name().clone(), Arc::clone(c))),
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("contacts.parquet");
    crate::files::write(&file, &RecordBatch::try_from_iter(columns).unwrap());
    let bytes = std::fs::read(&file).unwrap();
    assert!(bytes.len() > LARGE / 2);
    lake.put("contacts.parquet", bytes);
    let proxy = Proxy::counting(lake.port);
    lake.port = proxy.port;
    fine(&lake.command("run", &lake.enrichment("mail/", "out/"), &[]));
    assert_eq!(lake.published("out"), local());
    assert!(proxy.sent() < LARGE / 4, "{} bytes", proxy.sent());
}

/// An enrichment with its own output, published once, before its requests begin to fail.
fn published_once(name: &str) -> (Lake, std::collections::BTreeMap<String, Vec<u8>>) {
    let lake = Lake::s3(name);
    fine(&lake.command("run", &lake.enrichment("mail/", "out/"), &["--as-of", "2026-09-30"]));
    let before = lake.published("out");
    assert_ne!(before, local());
    (lake, before)
}

/// The timeout: short if the server may never respond, long otherwise.
fn seconds(fault: Fault) -> u32 {
    if fault == Fault::Stall { 3 } else { 60 }
}

#[test]
fn what_breaks_for_a_while_is_survived() {
    let (mut lake, _) = published_once("survived");
    let server = lake.port;
    for (request, fault) in [
        ("GET /lake/survived/mail/2026", Fault::Busy),
        ("GET /lake/survived/mail/2026", Fault::Cut(5_000)),
        ("GET /lake?", Fault::Cut(100)),
        ("GET /lake/survived/contacts", Fault::Stall),
        ("PUT /lake/survived/out/.engagement/Office/run-", Fault::Busy),
        ("PUT /lake/survived/out/.engagement/Office/run-", Fault::Cut(0)),
        // The manifest is replaced, but the response is lost.
        ("PUT /lake/survived/out/.engagement/Office/current", Fault::Cut(0)),
        ("PUT /lake/survived/out/Office.parquet", Fault::Busy),
    ] {
        let proxy = Proxy::new(server, request, fault, 2);
        (lake.port, lake.timeout_seconds) = (proxy.port, seconds(fault));
        fine(&lake.command("run", &lake.enrichment("mail/", "out/"), &[]));
        assert_eq!(proxy.left(), 0, "{request}");
        assert_eq!(lake.published("out"), local(), "{request}");
    }
}

#[test]
fn what_stays_broken_is_an_error_and_the_old_output_is_whole() {
    let (mut lake, before) = published_once("broken");
    let server = lake.port;
    let rows = |lake: &Lake, port| {
        let lake = Lake { port, ..lake.clone() };
        fine(&lake.command("sql", &lake.enrichment("mail/", "out/"), &["--format", "csv", "-c", COUNT]))
    };
    let rows_before = rows(&lake, server);
    for (request, fault, says) in [
        ("GET /lake?", Fault::Stall, "the server does not answer in time"),
        ("GET /lake/broken/mail/2026", Fault::Stall, "the server does not answer in time"),
        ("GET /lake/broken/mail/2026", Fault::Busy, "the server answers 503"),
        ("GET /lake/broken/mail/2026", Fault::Cut(5_000), "the connection was lost"),
        ("GET /lake/broken/mail/2026", Fault::Die, ""),
        ("PUT /lake/broken/out/.engagement/Office/run-", Fault::Stall, "cannot be written to"),
        ("PUT /lake/broken/out/.engagement/Office/run-", Fault::Busy, "the server answers 503"),
        ("PUT /lake/broken/out/.engagement/Office/current", Fault::Stall, "cannot be replaced"),
        ("PUT /lake/broken/out/.engagement/Office/current", Fault::Die, "cannot be replaced"),
    ] {
        let proxy = Proxy::new(server, request, fault, usize::MAX);
        (lake.port, lake.timeout_seconds) = (proxy.port, seconds(fault));
        let output = lake.command("run", &lake.enrichment("mail/", "out/"), &[]);
        refused(&output, 75, &[says, "s3://lake/broken/"]);
        (lake.port, lake.timeout_seconds) = (server, seconds(Fault::Busy));
        assert_eq!(lake.published("out"), before, "{request}");
        assert_eq!(rows(&lake, server), rows_before, "{request}");
    }
    // What the failed runs left does not prevent the next run.
    fine(&lake.command("run", &lake.enrichment("mail/", "out/"), &[]));
    assert_eq!(lake.published("out"), local());
}

#[test]
fn two_runs_at_once_publish_one_of_them() {
    let lake = Lake::azure("twice");
    let file = lake.enrichment("mail/", "out/");
    for _ in 0..3 {
        std::thread::scope(|scope| {
            for as_of in ["2026-09-30", "2026-10-31"] {
                let (lake, file) = (&lake, &file);
                scope.spawn(move || fine(&lake.command("run", file, &["--as-of", as_of])));
            }
        });
        let manifest: serde_json::Value =
            serde_json::from_slice(&lake.get("out/.engagement/Office/current.json")).unwrap();
        for (table, file) in manifest["files"].as_object().unwrap() {
            let named = lake.get(&format!("out/{}", file.as_str().unwrap()));
            let plain = file.as_str().unwrap().rsplit('/').next().unwrap();
            assert!(named == lake.get(&format!("out/{plain}")), "{table} is of another run");
        }
        let sql = "select max(asofdate) as d from office_overview";
        let shown = fine(&lake.command("sql", &file, &["--format", "csv", "-c", sql]));
        assert_eq!(shown, format!("d\n{}\n", manifest["as_of"].as_str().unwrap()));
    }
}

#[test]
fn what_is_wrong_is_said_in_one_line_without_a_secret() {
    let wrong_key = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0";
    let azure = Lake::azure("wrong");
    let says = |lake: &Lake, mail: &str, says: &[&str]| {
        for command in ["run", "check"] {
            let output = lake.command(command, &lake.enrichment(mail, "out/"), &[]);
            refused(&output, 1, says);
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(!error.contains(wrong_key) && !error.contains(&lake.secret[..10]), "{error}");
        }
    };
    let with_key = |lake: &Lake, secret: &str| Lake { secret: secret.into(), ..lake.clone() };
    says(&with_key(&azure, wrong_key), "mail/", &["[users]", "the credentials are wrong", "AZURE_STORAGE_"]);
    says(&azure, "nothing/", &["[mail] path", "wrong/nothing/", "matches nothing"]);
    says(&azure, "mail/2027*.parquet", &["matches nothing"]);
    let elsewhere = Lake { url: azure.url.replace("lake", "pond"), ..azure.clone() };
    says(&elsewhere, "mail/", &["there is no such bucket or container"]);

    let s3 = Lake::s3("wrong");
    says(&with_key(&s3, wrong_key), "mail/", &["[users]", "refuses the credentials"]);
    let elsewhere = Lake { url: s3.url.replace("lake", "pond"), ..s3.clone() };
    says(&elsewhere, "mail/", &["there is no such bucket or container"]);
    let reader = s3.as_reader();
    refused(
        &reader.command("run", &reader.enrichment("mail/", "out/"), &[]),
        1,
        &["[output] cannot be written to", "s3://lake/wrong/out/", "permission denied"],
    );
    fine(&reader.command("check", &reader.enrichment("mail/", "out/"), &[]));

    let text = std::fs::read_to_string(s3.enrichment("mail/", "out/")).unwrap();
    let signed = "https://acc.blob.core.windows.net.example/c/mail.parquet?sv=1&sig=SECRETSECRET";
    let file = s3.raw(&text.replace("s3://lake/wrong/mail/", signed));
    let output = s3.command("check", &file, &[]);
    refused(&output, 2, &["mail.parquet?...", "for Azure storage only"]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("SECRET"));
    let file = s3.raw(&text.replace("s3://lake/wrong/out/", "https://example.com/out/"));
    refused(
        &s3.command("run", &file, &[]),
        2,
        &["[output] path", "output cannot be written to a web server"],
    );
}
