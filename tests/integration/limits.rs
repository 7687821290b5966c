//! What takes too much time or memory, or is too large, ends with one line; and a run that ends so leaves nothing.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Output, Stdio};

use datafusion::prelude::SessionContext;
use datafusion_engagement::query::session;

use crate::process::{ENGAGEMENT, caught, error, published, refused};
use crate::support::block_on;
use crate::worked;

/// A statement that takes practically for ever.
const ENDLESS: &str = "select count(*) from generate_series(1, 1000000000000000)";

/// A statement whose planning takes far longer than any test: the time grows with the square of its terms.
fn slow_to_plan() -> String {
    // A little less than the longest argument of a command.
    let terms = (0..7_000).map(|i| format!("emails={i}")).collect::<Vec<_>>();
    format!("select count(*) from customercard where {}", terms.join(" or "))
}

/// The worked example, which is published.
fn example() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    block_on(worked::inputs(folder.path()));
    let outcome = call(folder.path(), &["run"]);
    assert!(outcome.status.success(), "{}", error(&outcome));
    folder
}

/// Calls the command on the worked example: the subcommand, then its options.
fn call(folder: &Path, arguments: &[&str]) -> Output {
    let file = folder.join("enrichment.toml").display().to_string();
    let mut all = vec![arguments[0].to_owned(), file];
    all.extend(arguments[1..].iter().map(|argument| (*argument).to_owned()));
    caught(ENGAGEMENT, &all).output().unwrap()
}

#[test]
fn statements_end_with_their_time() {
    let folder = example();
    let place = folder.path();
    let says = "not done within 500ms; give --timeout more time, or ask for less";
    refused(&call(place, &["sql", "-c", ENDLESS, "--timeout", "500ms"]), 124, says);
    refused(&call(place, &["sql", "-c", &slow_to_plan(), "--timeout", "500ms"]), 124, says);
    let create = format!("create table t as {ENDLESS}");
    refused(&call(place, &["sql", "-c", &create, "--timeout", "500ms"]), 124, says);
    assert!(call(place, &["sql", "-c", "select 1", "--timeout", "1h"]).status.success());

    // A file that is not complete does not appear.
    let copy = format!(
        "copy (select value from generate_series(1, 1000000000000000)) to '{}/x.csv'",
        place.display()
    );
    refused(
        &call(place, &["sql", "--allow-files", "-c", &copy, "--timeout", "2s"]),
        124,
        "not done within 2s",
    );
    let names = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let half: Vec<_> = names.filter(|name| name.starts_with("x.csv")).collect();
    assert!(half.is_empty(), "{half:?}");

    fs::create_dir(place.join("segments")).unwrap();
    let slow = "select 'a' as customerid from generate_series(1, 1000000000000000) where value < 0";
    fs::write(place.join("segments/slow.sql"), slow).unwrap();
    refused(&call(place, &["segment", "slow", "--timeout", "500ms"]), 124, says);
    refused(&call(place, &["segment", "--timeout", "500ms"]), 124, says);
    assert!(call(place, &["segment", "stale", "--timeout", "1h"]).status.success());
    let card = call(place, &["card", "nobody", "--timeout", "1h"]);
    refused(&card, 2, "no customer nobody");

    // A script ends at the first statement that takes too long.
    let file = place.join("enrichment.toml").display().to_string();
    let arguments = ["sql", &file, "--format", "csv", "--timeout", "5s"].map(str::to_owned);
    let mut child = caught(ENGAGEMENT, &arguments).stdin(Stdio::piped()).spawn().unwrap();
    let script = format!("select 1 as a;\n{ENDLESS};\nselect 2 as b;\n");
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let outcome = child.wait_with_output().unwrap();
    refused(&outcome, 124, "not done within 5s");
    let said = String::from_utf8(outcome.stdout).unwrap();
    assert!(said.starts_with("a\n1\n") && !said.contains("b\n2\n"), "{said}");
}

/// The first result shows that the second statement is being planned.
#[test]
fn an_interrupt_is_heard_while_a_statement_is_planned() {
    let folder = example();
    let file = folder.path().join("enrichment.toml").display().to_string();
    let statements = format!("select 1 as a; {}", slow_to_plan());
    let arguments = ["sql", &file, "--format", "csv", "-c", &statements].map(str::to_owned);
    let mut child = caught(ENGAGEMENT, &arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert_eq!((lines.next().unwrap().unwrap(), lines.next().unwrap().unwrap()), ("a".into(), "1".into()));
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(killed.unwrap().success());
    let outcome = child.wait_with_output().unwrap();
    refused(&outcome, 130, "interrupted; published tables stay complete");
}

/// A file of some kilobytes with 1.6 GB of account ids: each of its rows has the same long text.
async fn small_file_of_long_texts(path: &Path) {
    let ctx: SessionContext = session::new().unwrap();
    let rows = "select 'c' || value || '@x.com' as email, repeat('a', 200000) as account_id from generate_series(1, 8000)";
    let options = datafusion::dataframe::DataFrameWriteOptions::new();
    ctx.sql(rows).await.unwrap().write_parquet(path.to_str().unwrap(), options, None).await.unwrap();
    assert!(fs::metadata(path).unwrap().len() < 1_000_000);
}

#[test]
#[cfg(target_os = "linux")]
fn memory_that_nobody_counts_is_limited() {
    let folder = example();
    let (place, before) = (folder.path(), published(&folder.path().join("out")).unwrap());
    let says = "MB are in use, more than the memory limit of 100 MB and what the engine does not count";
    block_on(small_file_of_long_texts(&place.join("contacts.parquet")));
    // What may be resident depends on the number of processors.
    let call = |arguments: &[&str]| {
        let file = place.join("enrichment.toml").display().to_string();
        let before =
            ["-c", "0", ENGAGEMENT, arguments[0], &file, "--memory-limit", "100MB"].map(str::to_owned);
        let after = arguments[1..].iter().map(|argument| (*argument).to_owned());
        caught("taskset", &before.into_iter().chain(after).collect::<Vec<_>>()).output().unwrap()
    };
    refused(&call(&["run"]), 75, says);
    assert_eq!(published(&place.join("out")), Some(before), "what was published stays");
    let result = "select repeat('x', 200000) as a, value from generate_series(1, 8000)";
    refused(&call(&["sql", "-c", result]), 75, says);
    assert!(call(&["sql", "-c", "select 1"]).status.success());
}

#[test]
fn a_link_in_place_of_the_folder_of_runs_is_not_followed() {
    let folder = example();
    let elsewhere = tempfile::tempdir().unwrap();
    let files = fs::read_to_string(folder.path().join("enrichment.toml")).unwrap();
    let delta = cfg!(feature = "delta").then(|| format!("{files}[output]\nformat = \"delta\"\n"));
    let formats: Vec<String> = std::iter::once(files).chain(delta).collect();
    for (format, text) in formats.iter().enumerate() {
        fs::write(folder.path().join("enrichment.toml"), text).unwrap();
        let out = folder.path().join(format!("out{format}"));
        fs::create_dir_all(out.join(".engagement")).unwrap();
        symlink(elsewhere.path(), out.join(".engagement/Office")).unwrap();
        for command in ["run", "check"] {
            let outcome = call(folder.path(), &[command, "--output", &out.display().to_string()]);
            refused(&outcome, 1, ".engagement/Office is a link; no run has made it: remove it, or choose");
        }
        assert!(fs::read_dir(elsewhere.path()).unwrap().next().is_none());
        assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "only what was there");
    }
}

/// Environments in which libraries panic or the system kills.
#[test]
fn odd_environments_end_with_one_line() {
    let folder = example();
    let (file, out) = (folder.path().join("enrichment.toml"), folder.path().join("small"));
    let (file, out) = (file.display().to_string(), out.display().to_string());
    for threads in ["0", "two"] {
        let outcome = caught(ENGAGEMENT, &["check", &file].map(str::to_owned))
            .env("TOKIO_WORKER_THREADS", threads)
            .output();
        refused(&outcome.unwrap(), 2, "TOKIO_WORKER_THREADS must be a whole number from 1 to 4096, not");
    }
    let script = format!("ulimit -f 1; exec {ENGAGEMENT} run {file} --output {out}");
    let outcome = caught("bash", &["-c", &script].map(str::to_owned)).output().unwrap();
    refused(&outcome, 1, "File too large");
    assert!(!Path::new(&out).exists());
}

/// A table of many files is planned, and read, with few of them open at the same time.
#[test]
fn many_files_need_few_open_ones() {
    let folder = example();
    let (mail, file) = (folder.path().join("mail"), folder.path().join("enrichment.toml"));
    fs::create_dir(&mail).unwrap();
    for copy in 0..600 {
        fs::copy(folder.path().join("mail.parquet"), mail.join(format!("{copy}.parquet"))).unwrap();
    }
    let text = fs::read_to_string(&file).unwrap().replace("\"mail.parquet\"", "\"mail/\"");
    fs::write(&file, text).unwrap();
    let script = format!("ulimit -n 256; exec {ENGAGEMENT} run {}", file.display());
    let outcome = caught("bash", &["-c", &script].map(str::to_owned)).output().unwrap();
    assert!(outcome.status.success(), "{}", String::from_utf8_lossy(&outcome.stderr));
}
