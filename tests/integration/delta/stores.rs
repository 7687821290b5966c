//! Delta tables in object stores, on real servers: Delta inputs and Delta output.

use super::inputs;
use crate::stores::{Fault, Lake, Proxy, fine, refused};
use crate::support::data;

const COUNT: &str = "select count(*) as n, max(noofemails_toaccount) as m from office";
const HISTORY: &str = "select asofdate as d from office_history order by asofdate";

/// The bundled enrichment, with Delta tables of a lake as inputs and as output.
fn there_and_back(lake: &Lake) {
    let folder = tempfile::tempdir().unwrap();
    inputs::tables(folder.path());
    for file in super::files(folder.path(), "parquet").into_iter().chain(super::files(folder.path(), "json"))
    {
        let name = file.strip_prefix(folder.path()).unwrap().to_str().unwrap();
        lake.put(&format!("tables/{name}"), std::fs::read(&file).unwrap());
    }
    let text = std::fs::read_to_string(data().join("enrichment.toml")).unwrap();
    let text = text.replace("path = \"out/\"", "path = \"out/\"\nformat = \"delta\"");
    let text = text
        .replace(".parquet\"", "\"\nformat = \"delta\"")
        .replace("\"mail/\"", "\"mail\"\nformat = \"delta\"");
    let text = text.replace("path = \"", "path = \"tables/").replace("tables/out/", "out/");
    let file = lake.write(&text, "out/");
    assert!(fine(&lake.command("check", &file, &[])).contains("delta"));
    refused(&lake.command("sql", &file, &["-c", COUNT]), 1, &["nothing is published there yet"]);
    let sql = |query: &str| fine(&lake.command("sql", &file, &["--format", "csv", "-c", query]));
    for (date, dates) in [
        ("2026-10-31", "d\n2026-10-31\n"),
        ("2026-10-15", "d\n2026-10-15\n2026-10-31\n"),
        ("2026-10-31", "d\n2026-10-15\n2026-10-31\n"),
    ] {
        let ran = lake.command("run", &file, &["--as-of", date]);
        let warning = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(0), "{warning}");
        let is_older = warning.starts_with("warning: the tables of 2026-10-15 are retained and not current");
        assert_eq!((is_older, warning.is_empty()), (date == "2026-10-15", date != "2026-10-15"), "{warning}");
        let report = String::from_utf8_lossy(&ran.stdout).into_owned();
        assert!(report.contains(&format!("Office: {}out/Office (", lake.url)), "{report}");
        assert!(sql(COUNT).contains("1148,"));
        assert_eq!(sql(HISTORY), dates);
    }
    assert!(fine(&lake.command("card", &file, &["A-1033"])).contains("A-1033"));
    // Read as Parquet files, the table would contain the rows of every run.
    let wrong = lake.write(&text.replace("\"tables/mail\"\nformat = \"delta\"", "\"tables/mail\""), "out/");
    refused(
        &lake.command("check", &wrong, &[]),
        1,
        &["tables/mail is a Delta table; to read it, set path to this folder and format"],
    );
}

#[test]
fn azure_to_azure() {
    there_and_back(&Lake::azure("delta"));
}

#[test]
fn s3_to_s3() {
    there_and_back(&Lake::s3("delta"));
}

/// An enrichment file with Parquet inputs and Delta tables as output.
fn published_as_delta(lake: &Lake) -> std::path::PathBuf {
    let text = std::fs::read_to_string(lake.enrichment("mail/", "out/")).unwrap();
    lake.raw(&text.replace("[output]", "[output]\nformat = \"delta\""))
}

#[test]
fn two_runs_at_once_publish_one_of_them() {
    let lake = Lake::azure("delta-twice");
    let file = published_as_delta(&lake);
    for _ in 0..3 {
        let outcomes = std::thread::scope(|scope| {
            let runs = ["2026-09-30", "2026-10-31"].map(|as_of| {
                let (lake, file) = (&lake, &file);
                scope.spawn(move || lake.command("run", file, &["--as-of", as_of]))
            });
            runs.map(|run| run.join().unwrap())
        });
        let mut fine = 0;
        for outcome in &outcomes {
            match outcome.status.code() {
                Some(0) => fine += 1,
                _ => refused(outcome, 75, &["another writer has committed to it since this run began"]),
            }
        }
        assert!(fine > 0);
        let manifest: serde_json::Value =
            serde_json::from_slice(&lake.get("out/.engagement/Office/delta.json")).unwrap();
        let (office, cards) = (&manifest["tables"]["Office"], &manifest["tables"]["CustomerCard"]);
        assert!(office.is_u64() && office == cards, "{manifest}");
    }
}

/// A request that fails is repeated, and a commit whose response was lost is recognized as the commit of this
/// run.
#[test]
fn what_breaks_for_a_while_is_survived() {
    let mut lake = Lake::s3("delta-survived");
    let server = lake.port;
    for (request, fault) in [
        ("PUT /lake/delta-survived/out/Office/AsOfDate", Fault::Busy),
        ("PUT /lake/delta-survived/out/Office/_delta_log/", Fault::Busy),
        ("PUT /lake/delta-survived/out/Office/_delta_log/", Fault::Cut(0)),
        ("PUT /lake/delta-survived/out/Office_CustomerCard/_delta_log/", Fault::Cut(0)),
        ("PUT /lake/delta-survived/out/.engagement/Office/delta", Fault::Cut(0)),
    ] {
        let proxy = Proxy::new(server, request, fault, 1);
        lake.port = proxy.port;
        let file = published_as_delta(&lake);
        fine(&lake.command("run", &file, &[]));
        assert_eq!(proxy.left(), 0, "{request}");
    }
}

#[test]
fn what_stays_broken_is_an_error_and_the_run_before_is_whole() {
    let mut lake = Lake::s3("delta-broken");
    let server = lake.port;
    fine(&lake.command("run", &published_as_delta(&lake), &["--as-of", "2026-09-30"]));
    for (request, fault) in [
        ("PUT /lake/delta-broken/out/Office/AsOfDate", Fault::Busy),
        ("PUT /lake/delta-broken/out/Office/_delta_log/", Fault::Busy),
        ("PUT /lake/delta-broken/out/Office_CustomerCard/_delta_log/", Fault::Die),
        ("PUT /lake/delta-broken/out/.engagement/Office/delta", Fault::Busy),
    ] {
        let proxy = Proxy::new(server, request, fault, usize::MAX);
        lake.port = proxy.port;
        refused(
            &lake.command("run", &published_as_delta(&lake), &[]),
            75,
            &["[output] ", "s3://lake/delta-broken/out"],
        );
        lake.port = server;
        let file = published_as_delta(&lake);
        let shown = fine(&lake.command("sql", &file, &["--format", "csv", "-c", HISTORY]));
        assert_eq!(shown, "d\n2026-09-30\n", "{request}");
    }
    fine(&lake.command("run", &published_as_delta(&lake), &[]));
}
