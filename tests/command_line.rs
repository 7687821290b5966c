//! Tests of the command as a process, on the bundled data: results, exit codes, and what goes to standard
//! output and standard error.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::LazyLock;

use tempfile::TempDir;

fn enrichment() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/enrichment.toml")
}

/// The output folder of one run of the bundled enrichment, and what the run printed.
static PUBLISHED: LazyLock<(TempDir, Output)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let run = call(&["run", &text_of(&enrichment()), "--output", &text_of(folder.path())], "");
    (folder, run)
});

fn text_of(path: &Path) -> String {
    path.display().to_string()
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_engagement"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.env("RUST_BACKTRACE", "1");
    command
}

fn call(arguments: &[&str], input: &str) -> Output {
    call_with_bytes(arguments, input.as_bytes())
}

fn call_with_bytes(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = command(arguments).spawn().expect("the command starts");
    // A command that reads no input may end before the input is written.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("it ends")
}

/// Runs a command on the published tables.
fn on_published(name: &str, more: &[&str], input: &str) -> Output {
    let (file, folder) = (text_of(&enrichment()), text_of(PUBLISHED.0.path()));
    call(&[&[name, &file, "--output", &folder], more].concat(), input)
}

fn sql(more: &[&str]) -> Output {
    on_published("sql", more, "")
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Asserts that the command succeeded and printed nothing to standard error; returns standard output.
fn quiet(output: Output) -> String {
    assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""));
    out(&output)
}

/// Asserts that the command failed with this exit code and one line that contains `says`.
fn refused(output: &Output, code: i32, says: &str) {
    let error = err(output);
    assert_eq!(output.status.code(), Some(code), "{error}");
    assert!(error.starts_with("error: ") && error.contains(says) && error.lines().count() == 1, "{error}");
}

#[test]
fn a_run_ends_with_its_overview() {
    let run = &PUBLISHED.1;
    assert_eq!((run.status.code(), err(run).as_str()), (Some(0), ""));
    let text = out(run);
    for line in ["northwind-demo, as of 2026-10-31", "Days with data    362 of 365", "Office.parquet ("] {
        assert!(text.contains(line), "{text}");
    }
}

#[test]
fn a_check_runs_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let text = quiet(call(&["check", &text_of(&enrichment()), "--output", &text_of(folder.path())], ""));
    assert!(text.contains("uk-sales@northwind.example  9 addresses\n  12 in total\n"), "{text}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_stale_segment_by_sql_and_by_name() {
    let query = "select customerid from office where aggregationlevel = 'year' and dayssincelastemail > 60 \
                 and dayssincelastmeeting > 60 order by customerid";
    let by_sql = quiet(sql(&["--format", "csv", "-c", query]));
    let by_name = quiet(on_published("segment", &["STALE", "--format", "csv"], ""));
    let mut ids: Vec<&str> = by_name.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    ids.sort_unstable();
    assert!(ids.len() > 3, "{by_name}");
    assert_eq!(by_sql.lines().skip(1).collect::<Vec<_>>(), ids);
    let listed = quiet(on_published("segment", &[], ""));
    assert!(listed.contains(&format!(" stale           |{:>10} |", ids.len())), "{listed}");
    assert!(listed.contains(" slow_to_answer "), "the segment beside the enrichment file: {listed}");
}

#[test]
fn tables_are_rounded_unless_all_digits_are_wanted() {
    let query = "select max(engagementscore) as score from customercard";
    let score = quiet(sql(&["--format", "csv", "-c", query])).lines().nth(1).unwrap().to_owned();
    assert!(score.len() > 10, "{score}");
    let rounded = format!(" {:.1}", score.parse::<f64>().unwrap());
    let last = |text: String| text.lines().last().unwrap_or_default().to_owned();
    assert_eq!(last(quiet(sql(&["-c", query]))).trim(), rounded.trim());
    assert_eq!(last(quiet(sql(&["--exact", "-c", query]))).trim(), score);
    // In a script, each command switches.
    let script = format!("{query};\n\\exact\n{query};\n\\exact\n{query};\n");
    let texts = quiet(on_published("sql", &[], &script));
    let lines: Vec<&str> = texts.lines().map(str::trim).filter(|l| l.starts_with(char::is_numeric)).collect();
    assert_eq!(lines, [rounded.trim(), &score, rounded.trim()]);
    let members = |more: &[&str]| quiet(on_published("segment", &[&["champions"], more].concat(), ""));
    assert!(members(&[]).contains(&rounded) && !members(&[]).contains(&score));
    assert!(members(&["--exact"]).contains(&score));
}

#[test]
fn published_tables_have_their_names() {
    let query = "select table_name from information_schema.tables where table_schema = 'public' order by 1";
    let listed = quiet(sql(&["--format", "csv", "-c", query]));
    for table in [
        "Office",
        "Office_Accounts",
        "Account",
        "Office_UserTable",
        "Office_Overview",
        "Office_Dispositions",
        "Office_ScoreExplained",
        "CustomerCard",
        "CustomerCard_History",
        "Segment_OneSided",
    ] {
        assert!(listed.lines().any(|line| line == table), "{table}: {listed}");
    }
}

#[test]
fn live_says_so_and_sees_individuals() {
    let output = sql(&["--live", "--format", "csv", "-c", "select count(*) as n from STG_MAIL"]);
    assert_eq!((output.status.code(), out(&output).as_str()), (Some(0), "n\n5000\n"));
    assert!(err(&output).starts_with("live: queries read the inputs of northwind-demo"), "{}", err(&output));
    refused(&sql(&["-c", "select count(*) from stg_mail"]), 2, "no table named stg_mail");
}

#[test]
fn live_and_published_agree() {
    let query = "select * from office order by customerid, aggregationlevel, aggregationstartdate";
    let published = quiet(sql(&["--format", "csv", "-c", query]));
    assert!(published.lines().count() > 100 && published.starts_with("CustomerId,EngagementScore,"));
    assert_eq!(published, out(&sql(&["--live", "--format", "csv", "-c", query])));
}

#[test]
fn parquet_goes_through_a_pipe() {
    let output = sql(&[
        "--format",
        "parquet",
        "-c",
        "set datafusion.execution.batch_size = 100; select * from office",
    ]);
    assert!(output.stdout.starts_with(b"PAR1") && output.stdout.ends_with(b"PAR1"));
    let empty = sql(&["--format", "parquet", "-c", "select * from office where customerid = ''"]);
    assert!(empty.stdout.starts_with(b"PAR1") && empty.stdout.ends_with(b"PAR1"));
    refused(
        &sql(&["--format", "parquet", "-c", "select 1; select 2"]),
        2,
        "one result; these statements give 2",
    );
}

#[test]
fn statements_come_from_standard_input() {
    let script =
        "-- a report;\nselect 'a;b' as a;\n\\format json\ncreate view V as\n select 2 as b;\nSELECT B FROM v";
    assert_eq!(quiet(on_published("sql", &["--format", "csv"], script)), "a\na;b\n[{\"b\":2}]\n");
    let output = on_published("sql", &["--format", "csv"], "select 1 as a;\nselect wrong;\nselect 3 as c;\n");
    assert_eq!(out(&output), "a\n1\n");
    refused(&output, 2, "no column named wrong");
}

/// The text in UTF-16 with a byte order mark, as some shells and editors write it.
fn utf_16(text: &str) -> Vec<u8> {
    "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
}

#[test]
fn statements_with_a_byte_order_mark_and_in_other_encodings() {
    let (file, output) = (text_of(&enrichment()), text_of(PUBLISHED.0.path()));
    let folder = tempfile::tempdir().unwrap();
    let part = folder.path().join("part.sql");
    let include = format!("\\i {}\n", part.display());
    let scripts = |bytes: &[u8]| {
        std::fs::write(&part, bytes).unwrap();
        let sql = ["sql", &file, "--output", &output, "--format", "csv", "--allow-files"];
        [call_with_bytes(&sql, bytes), call_with_bytes(&sql, include.as_bytes())]
    };
    // Two files with a mark, put together.
    for output in
        scripts("\u{feff}select 1 as a;\r\n\u{feff}\\format json\n\u{feff}select 2 as b;".as_bytes())
    {
        assert_eq!(quiet(output), "a\n1\n[{\"b\":2}]\n");
    }
    assert_eq!(quiet(sql(&["-c", "\u{feff}select 1 as a", "--format", "csv"])), "a\n1\n");
    for (bytes, says) in [
        (utf_16("select 1 as a;\n"), "this is UTF-16; save it as UTF-8"),
        (b"s\0e\0l\0".to_vec(), "this is UTF-16; save it as UTF-8"),
        (b"select 1\n as \"J\xfcrgen\";".to_vec(), "line 2 is not UTF-8 text; save the file as UTF-8"),
    ] {
        let [direct, included] = scripts(&bytes);
        refused(&direct, 2, &format!("standard input: {says}"));
        refused(&included, 2, &format!("{}: {says}", part.display()));
    }
    let [_, included] = scripts(b"");
    quiet(included);
    std::fs::remove_file(&part).unwrap();
    let included = on_published("sql", &["--allow-files"], &include);
    refused(&included, 2, &format!("{}: there is no such file", part.display()));
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    for format in ["table", "csv", "json", "ndjson", "parquet"] {
        let (file, folder) = (text_of(&enrichment()), text_of(PUBLISHED.0.path()));
        let query = "select value, 'some text to fill the pipe' as text from generate_series(1, 300000)";
        let mut child =
            command(&["sql", &file, "--output", &folder, "--format", format, "-c", query]).spawn().unwrap();
        let mut first = [0];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), err(&output).as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn files_are_out_of_reach_unless_permitted() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("copy.csv");
    let copy = format!("copy office to '{}'", target.display());
    refused(&sql(&["-c", &copy]), 2, "COPY is not permitted");
    let path = text_of(&enrichment().with_file_name("contacts.parquet"));
    refused(&sql(&["-c", &format!("select * from '{path}'")]), 2, "--allow-files");
    assert!(!target.exists());
    quiet(sql(&["--allow-files", "-c", &copy]));
    assert!(target.exists());
}

#[test]
fn scripts_name_no_files_unless_permitted() {
    let folder = tempfile::tempdir().unwrap();
    let (target, part) = (folder.path().join("mine.txt"), folder.path().join("part.sql"));
    std::fs::write(&target, "mine").unwrap();
    std::fs::write(&part, "select 2 as b;\n").unwrap();
    let write = format!("\\o {}\nselect 1 as a;\n\\o\nselect 3 as c;\n", target.display());
    let read = format!("\\i {}\n", part.display());
    refused(&on_published("sql", &[], &write), 2, "\\o is not permitted in a script");
    refused(&on_published("sql", &[], &read), 2, "--allow-files permits it");
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "mine");
    assert_eq!(quiet(on_published("sql", &["--format", "csv"], "\\o\nselect 1 as a;\n")), "a\n1\n");
    let permitted = ["--format", "csv", "--allow-files"];
    assert_eq!(quiet(on_published("sql", &permitted, &write)), "c\n3\n");
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "a\n1\n");
    assert_eq!(quiet(on_published("sql", &permitted, &read)), "b\n2\n");
}

#[test]
fn a_segment_over_a_level_that_was_not_published_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(enrichment()).unwrap();
    let data = text_of(enrichment().parent().unwrap());
    let text = text.replace("path = \"", &format!("path = \"{data}/"));
    let weekly = text.replace("levels = [\"year\", \"month\", \"week\"]", "levels = [\"week\"]");
    assert_ne!(weekly, text);
    let file = folder.path().join("weekly.toml");
    std::fs::write(&file, weekly).unwrap();
    std::fs::create_dir(folder.path().join("segments")).unwrap();
    let busy = "-- Busy\nselect distinct customerid from office where aggregationlevel = 'week'";
    std::fs::write(folder.path().join("segments/busy.sql"), busy).unwrap();
    let (file, output) = (text_of(&file), text_of(&folder.path().join("out")));
    let call = |more: &[&str]| call(&[more, &["--output", &output]].concat(), "");
    assert_eq!(err(&call(&["run", &file])), "");
    let listed = quiet(call(&["segment", &file, "--format", "csv"]));
    let row = |name: &str| listed.lines().find(|l| l.starts_with(name)).unwrap_or_default().to_owned();
    assert!(row("stale,0,").contains(" (level year is not published)"), "{listed}");
    assert!(row("cooling,0,").contains("(level month is not published)"), "{listed}");
    assert!(row("busy,").ends_with(",Busy") && !row("busy,").contains(",0,"), "{listed}");
    let stale = call(&["segment", &file, "stale", "--format", "csv"]);
    assert_eq!((stale.status.code(), out(&stale).lines().count()), (Some(0), 1));
    assert_eq!(err(&stale), "note: segment stale reads Office, but level year is not published\n");
    quiet(call(&["segment", &file, "busy"]));
}

#[test]
fn a_segment_that_needs_a_source_that_is_not_there_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(enrichment()).unwrap();
    let data = text_of(enrichment().parent().unwrap());
    let text = text.replace("path = \"", &format!("path = \"{data}/"));
    let meetings = text.replace(&format!("path = \"{data}/mail/\""), "").replace("[mail] ", "#");
    let file = folder.path().join("meetings.toml");
    std::fs::write(&file, &meetings).unwrap();
    let (file, output) = (text_of(&file), text_of(&folder.path().join("out")));
    let call = |more: &[&str]| call(&[more, &["--output", &output]].concat(), "");
    assert_eq!(err(&call(&["run", &file])), "");
    let listed = quiet(call(&["segment", &file, "--format", "csv"]));
    let row = |name: &str| listed.lines().find(|l| l.starts_with(name)).unwrap_or_default().to_owned();
    assert!(row("one_sided,0,").contains(" (the enrichment has no [mail])"), "{listed}");
    for name in ["stale,", "silent,", "champions,", "single_threaded,", "cooling,"] {
        assert!(!row(name).contains(",0,") && !row(name).contains("[mail]"), "{listed}");
    }
    let one_sided = call(&["segment", &file, "one_sided", "--format", "csv"]);
    assert_eq!((one_sided.status.code(), out(&one_sided).lines().count()), (Some(0), 1));
    assert_eq!(err(&one_sided), "note: segment one_sided reads Office, but the enrichment has no [mail]\n");
    quiet(call(&["segment", &file, "stale"]));
}

#[test]
fn a_card_of_a_customer() {
    let text = quiet(on_published("card", &["A-1033"], ""));
    assert!(text.contains("(A-1033)") && text.contains("of 100") && text.contains('█'), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("202")).count(), 12);
    assert!(text.lines().all(|line| line.chars().count() <= 80));
    refused(&on_published("card", &["a-1033"], ""), 2, "no customer a-1033; did you mean A-1033");
}

/// The nine measures of each customer, and points that add up to the score.
#[test]
fn a_card_explains_the_score() {
    let text = quiet(on_published("card", &["A-1033"], ""));
    let terms: Vec<&str> = text.lines().filter(|line| line.contains("  no worse than ")).collect();
    assert!(terms.len() == 9 && terms.iter().all(|line| line.contains(" of 58 accounts ")), "{text}");
    let sum = text.lines().find(|line| line.starts_with("Sum ") && line.ends_with(" of 100")).unwrap();
    // As they are printed, the points add up.
    let hundredths = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words[words.len() - 3].replace('.', "").parse::<i64>().unwrap()
    };
    assert_eq!(terms.iter().map(|line| hundredths(line)).sum::<i64>(), hundredths(sum), "{text}");
    let rows = quiet(on_published("card", &["A-1033", "--format", "csv"], ""));
    let fields = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let head = "CustomerId,Name,EngagementScore,Measure,Value,NoWorseThan,Accounts,Weight,Points";
    assert_eq!(rows.lines().next(), Some(head));
    let rows: Vec<Vec<String>> = rows.lines().skip(1).map(fields).collect();
    let number = |row: &[String], i: usize| row[i].parse::<f64>().unwrap();
    let points: f64 = rows.iter().map(|row| number(row, 8)).sum();
    assert!(rows.len() == 9 && (points - number(&rows[0], 2)).abs() < 1e-9, "{rows:?}");
    for row in &rows {
        let expected = number(row, 5) / number(row, 6) * number(row, 7);
        assert!((number(row, 8) - expected).abs() < 1e-9, "{row:?}");
    }
    for (format, begins) in
        [("json", "[{\"CustomerId\":\"A-1033\""), ("ndjson", "{\"CustomerId\":"), ("parquet", "PAR1")]
    {
        let output = on_published("card", &["A-1033", "A-1019", "--format", format], "");
        assert!(out(&output).starts_with(begins) && err(&output).is_empty(), "{format}: {}", out(&output));
    }
}

#[test]
fn two_cards_are_beside_each_other_and_names_are_enough() {
    let text = quiet(on_published("card", &["falordell", "Nelorhaven METALS"], ""));
    assert!(text.contains("Falordell Foods (A-1033)  Nelorhaven Metals (A-1019)\n"), "{text}");
    assert_eq!(text.lines().filter(|line| line.starts_with("202")).count(), 12);
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    refused(&on_published("card", &["foods"], ""), 2, "customers have foods in their names: A-10");
    refused(&on_published("card", &["A-1033", "nobody at all"], ""), 2, "no customer nobody at all");
}

#[test]
fn functions_are_listed_and_explained() {
    let list = quiet(call(&["functions", "--format", "ndjson"], ""));
    assert!(
        list.contains(r#"{"Function":"normalize_address","Group":"For your own SQL","Kind":"scalar""#),
        "{list}"
    );
    assert!(quiet(call(&["functions", "Normalize_Address"], "")).contains("\nArguments\n"));
    refused(&call(&["functions", "normalise_address"], ""), 2, "did you mean normalize_address?");
}

#[test]
fn exit_codes_tell_who_has_to_act() {
    let folder = tempfile::tempdir().unwrap();
    let file = text_of(&enrichment());
    refused(
        &call(&["sql", &file, "--output", &text_of(folder.path()), "-c", "select 1"], ""),
        1,
        "engagement run",
    );
    refused(&call(&["run", "/no/such/file.toml"], ""), 2, "/no/such/file.toml");
    refused(&sql(&["-c", "select 1 / 0"]), 2, "Divide by zero");
    refused(&sql(&["-c", "selekt 1"]), 2, "Expected: an SQL statement");
    refused(&on_published("segment", &["stael"], ""), 2, "did you mean stale?");
    assert_eq!(call(&["no-such-command"], "").status.code(), Some(2));
    for command in ["run", "check", "sql", "segment", "card", "domains", "init", "functions"] {
        let help = quiet(call(&[command, "--help"], ""));
        assert!(help.contains("\nExample"), "{command}: {help}");
    }
}

#[test]
fn a_statement_may_begin_with_a_comment() {
    assert_eq!(quiet(sql(&["-c", "-- who\nselect 1 as one", "--format", "csv"])), "one\n1\n");
}

/// Attributes have the spelling of the enrichment file, and work in any case.
#[test]
fn attributes_are_columns_of_the_accounts() {
    let query = "select CUSTOMERID, Industry, employees from ACCOUNT where customerid = 'A-1040'";
    let text = quiet(sql(&["-c", query, "--format", "csv"]));
    assert!(text.starts_with("CustomerId,industry,employees\nA-1040,"), "{text}");
    assert!(quiet(on_published("card", &["A-1040"], "")).contains("\nindustry "));
}
