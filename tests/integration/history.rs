//! Retained as-of dates: compared in SQL, read by other programs, and dropped.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use datafusion_engagement::publish::{TABLES, Table};
use serde_json::Value;

use crate::files::Random;
use crate::installed::{python, run};
use crate::layouts::World;
use crate::process::{self, Published, error, published, refused};
use crate::readers::READERS;

pub const FORMATS: &[&str] = if cfg!(feature = "delta") { &["parquet", "delta"] } else { &["parquet"] };

/// The worked example with the tables of two dates. At 2026-06-15, message 6 is in the window, and message 3 is not
/// sent yet. ACME has the standings 2 2 0 0 2 2 2 2 2 and Bolt 2 0 2 0 2 1 2 2 1, with weights
/// 10 20 15 15 5 5 10 10 10 that is 140 / 2 and 115 / 2. `tests/integration/worked.rs` has those of 2026-06-30.
fn world(format: &str) -> World {
    world_of(&format!("format = \"{format}\""), |_| ())
}

/// Like [`world`], with these lines in `[output]`, and files that `prepare` writes before the first run.
pub fn world_of(output: &str, prepare: impl Fn(&World)) -> World {
    let world = World::new();
    prepare(&world);
    let text = fs::read_to_string(world.path("enrichment.toml")).unwrap();
    let output = format!("\n[output]\npath = \"out/\"\nhistory = true\n{output}\n");
    fs::write(world.path("enrichment.toml"), text + &output).unwrap();
    for date in ["2026-06-15", "2026-06-30"] {
        fine(&world, "run", &["--as-of", date]);
    }
    world
}

/// What a command prints that must succeed.
pub fn fine(world: &World, command: &str, more: &[&str]) -> String {
    let outcome = world.command(command, more);
    assert_eq!(outcome.status.code(), Some(0), "{}", error(&outcome));
    String::from_utf8_lossy(&outcome.stdout).into_owned()
}

/// The dates of `engagement history`; the published one has a star.
fn dates(world: &World) -> Vec<String> {
    let list = fine(world, "history", &["--format", "json"]);
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    let date = |row: &Value| {
        assert!(row["Rows"] == 3 && row["Bytes"].as_u64().unwrap() > 1_000, "{row}");
        assert!(row["WrittenAt"].as_str().unwrap().starts_with("20"), "{row}");
        let star = if row["IsPublished"] == true { "*" } else { "" };
        format!("{}{star}", row["AsOfDate"].as_str().unwrap())
    };
    list.iter().map(date).collect()
}

#[test]
fn scores_of_two_dates_in_one_statement() {
    for format in FORMATS {
        let world = world(format);
        let compared = world.query(
            "select a.customerid, a.engagementscore, b.engagementscore
             from office_alldates a join office_alldates b on a.customerid = b.customerid
             where a.asofdate = '2026-06-15' and b.asofdate = '2026-06-30' order by 1",
        );
        assert_eq!(compared, ["acme,70.0,65.0", "bolt,57.5,72.5", "calm,0.0,0.0"], "{format}");
        let changes = [
            "acme,ACME,2026-06-15,2026-06-30,70.0,65.0,-5.0,2,2,0,0,0,0",
            "bolt,Bolt,2026-06-15,2026-06-30,57.5,72.5,15.0,1,1,0,1,1,0",
            "calm,Calm,2026-06-15,2026-06-30,0.0,0.0,0.0,0,0,0,0,0,0",
        ];
        assert_eq!(world.query("select * from office_changes order by 1"), changes, "{format}");
        for function in ["office_changes", "Office_Changes"] {
            let sql = format!("select * from {function}('2026-06-15', date '2026-06-30') order by 1");
            assert_eq!(world.query(&sql), changes, "{format}");
        }
        let back = "select engagementscore_change from office_changes('2026-06-30', '2026-06-15') order by 1";
        assert_eq!(world.query(back), ["-15.0", "0.0", "5.0"], "{format}");

        // Each retained table has the date as its first column.
        for table in TABLES.iter().filter(|table| table.name != "Office_UserTable") {
            let columns = world.query(&format!(
                "select column_name from information_schema.columns where table_name = '{}_AllDates' \
                 order by ordinal_position",
                table.name
            ));
            let own = world.query(&format!(
                "select column_name from information_schema.columns where table_name = '{}' \
                 and column_name <> 'AsOfDate' order by ordinal_position",
                table.name
            ));
            assert_eq!(columns, [&["AsOfDate".to_owned()][..], &own].concat(), "{}", table.name);
            let rows = |of: &str| world.query(&format!("select * from {of}")).len();
            let all = format!("{}_AllDates", table.name);
            assert!(rows(&all) > rows(table.name), "{}", table.name);
        }
        let none = world.query(
            "select table_name from information_schema.tables where table_name like '%UserTable_All%'",
        );
        assert!(none.is_empty());
    }
}

#[test]
fn a_retained_date_answers_under_all_names() {
    for format in FORMATS {
        let world = world(format);
        world.write("segments/high.sql", "select customerid from office where engagementscore > 66");
        let query = |date: &str, sql: &str| -> Vec<String> {
            let text = fine(&world, "sql", &["--as-of", date, "--format", "csv", "-c", sql]);
            text.lines().skip(1).map(str::to_owned).collect()
        };
        for (date, scores, high, points) in [
            ("2026-06-15", ["acme,70.0", "bolt,57.5", "calm,0.0"], "acme", "70.0"),
            ("2026-06-30", ["acme,65.0", "bolt,72.5", "calm,0.0"], "bolt", "65.0"),
        ] {
            for table in ["office", "customercard"] {
                let sql = format!("select customerid, engagementscore from {table} order by 1");
                assert_eq!(query(date, &sql), scores, "{format}");
            }
            assert_eq!(query(date, "select asofdate from office_overview"), [date], "{format}");
            assert_eq!(query(date, "select * from segment_high"), [high], "{format}");
            let sql = "select sum(points) from office_scoreexplained where customerid = 'acme'";
            assert_eq!(query(date, sql), [points], "{format}");
            assert_eq!(query(date, "select count(*) from office_history"), ["2"], "{format}");
        }
        // Who is listed is not retained.
        let users = ["--as-of", "2026-06-15", "-c", "select * from office_usertable"];
        refused(&world.command("sql", &users), 2, "no table named office_usertable");
        let says = "no tables of 2026-06-16 are retained; there are those of 2026-06-15, 2026-06-30";
        refused(&world.command("sql", &["--as-of", "2026-06-16", "-c", "select 1"]), 2, says);
        for (sql, says) in [
            ("select * from office_changes('2026-06-16', '2026-06-30')", says),
            ("select * from office_changes('2026-06-15')", "office_changes takes two dates: office_changes("),
            ("select * from office_changes('2026-06-15', 'June')", "office_changes takes two dates"),
            (
                "select * from office_changes(2026-06-15, 2026-06-30)",
                "office_changes takes two dates: office_changes('",
            ),
        ] {
            refused(&world.command("sql", &["-c", sql]), 2, says);
        }
        refused(&world.command("sql", &["--as-of", "June", "-c", "select 1"]), 2, "--as-of \"June\": a date");

        let changes = |more: &[&str]| {
            let changes = [&["high", "--changes", "--format", "csv"], more].concat();
            fine(&world, "segment", &changes).lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
        };
        let expected = ["bolt,Bolt,entered,57.5,72.5", "acme,ACME,left,70.0,65.0"];
        assert_eq!(changes(&[]), expected, "{format}");
        assert_eq!(changes(&["--from", "2026-06-15", "--to", "2026-06-30"]), expected, "{format}");
        let first = world.command("segment", &["high", "--changes", "--to", "2026-06-15"]);
        refused(&first, 2, "no tables of a date before 2026-06-15 are retained");
    }
}

/// A date far in the future pins the published tables, until it is dropped.
#[test]
fn a_future_date_is_mended() {
    for format in FORMATS {
        let world = world(format);
        let before = (*format == "parquet").then(|| published(&world.path("out")).unwrap());
        fine(&world, "run", &["--as-of", "9999-12-31", "--allow-future"]);
        assert!(!fine(&world, "run", &["--as-of", "2026-06-29"]).is_empty());
        assert_eq!(dates(&world), ["2026-06-15", "2026-06-29", "2026-06-30", "9999-12-31*"], "{format}");
        let dropped = world.command("history", &["--drop", "9999-12-31"]);
        let says = "9999-12-31 is dropped; the published tables are those of 2026-06-30\n";
        assert_eq!((dropped.status.code(), error(&dropped).as_str()), (Some(0), says), "{format}");
        assert_eq!(dates(&world), ["2026-06-15", "2026-06-29", "2026-06-30*"], "{format}");
        assert_eq!(world.query("select asofdate from office_overview"), ["2026-06-30"]);
        assert_eq!(world.query("select count(*) from office_usertable"), ["2"]);
        assert_eq!(world.query("select max(asofdate) from office_alldates"), ["2026-06-30"]);
        if let Some(before) = before {
            assert_eq!(published(&world.path("out")).unwrap(), before);
            let files = fs::read_dir(world.path("out/history/Office")).unwrap().count();
            assert_eq!((files, process::folders(&world.path("out")).len()), (3, 4), "one run, three dates");
        }
        fine(&world, "status", &[]);

        let refuse = |more: &[&str], says: &str| refused(&world.command("history", more), 2, says);
        refuse(
            &["--drop", "9999-12-31"],
            "no tables of 9999-12-31 are retained; there are those of 2026-06-15, ",
        );
        let kept = world.command("history", &["--keep", "1"]);
        let says = "2 as-of dates are dropped, 2026-06-15 to 2026-06-29; the published tables are those of 2026-06-30\n";
        assert_eq!((kept.status.code(), error(&kept).as_str()), (Some(0), says), "{format}");
        assert_eq!(dates(&world), ["2026-06-30*"], "{format}");
        refuse(&["--drop", "2026-06-30"], "2026-06-30 is the only retained date; delete the folder");
        refused(
            &world.command("sql", &["-c", "select * from office_changes"]),
            2,
            "Office_Changes compares two as-of dates, but there is only 2026-06-30",
        );
        // The next night is published again.
        let [printed, warnings] = {
            let outcome = world.command("run", &["--as-of", "2026-07-01"]);
            [String::from_utf8_lossy(&outcome.stdout).into_owned(), error(&outcome)]
        };
        assert!(
            printed.starts_with("worked, as of 2026-07-01\n") && warnings.is_empty(),
            "{printed}{warnings}"
        );
        assert_eq!(dates(&world), ["2026-06-30", "2026-07-01*"], "{format}");
    }
}

/// The date that becomes the published one has its record again, so that the next night is compared with it.
#[test]
fn a_date_that_becomes_the_published_one_has_a_record() {
    for format in FORMATS {
        let world = world(format);
        let text = fs::read_to_string(world.path("enrichment.toml")).unwrap();
        let expect = "[expect]\nmax_age_days = 20\nmax_drop = \"50%\"\n";
        fs::write(world.path("enrichment.toml"), text + expect).unwrap();
        let status = || -> Value {
            let status = fine(&world, "status", &["--format", "json", "--as-of", "2026-06-30"]);
            serde_json::from_str(&status).unwrap()
        };
        let before = status();
        fine(&world, "run", &["--as-of", "9999-12-31", "--allow-future", "--publish-anyway"]);
        fine(&world, "history", &["--drop", "9999-12-31"]);
        let after = status();
        for key in
            ["version", "age_days", "last_used_on", "overview", "expectations", "is_as_expected", "notes"]
        {
            assert_eq!(after[key], before[key], "{format}: {key}");
        }
        assert_eq!(after["before"]["overview"], before["before"]["overview"], "{format}");
        assert!(after["published_at"].is_string() && after["last_used_on"].is_string(), "{format}: {after}");
        let outcomes = after["expectations"].as_array().unwrap().iter().map(|judged| &judged["outcome"]);
        assert!(
            outcomes.clone().count() == 4 && outcomes.into_iter().all(|outcome| *outcome == "met"),
            "{after}"
        );

        // A night without mail is refused, and what would publish it is the command that was given.
        let mail = "[mail]\npath = \"mail.parquet\"\n";
        world.change(mail, "");
        let night = world.command("run", &["--as-of", "2026-07-01", "--levels", "year"]);
        let error = error(&night);
        assert_eq!(night.status.code(), Some(3), "{format}: {error}");
        assert!(error.contains("missed   max_drop of messages: expected at most 50% fewer"), "{error}");
        let command = " --as-of 2026-07-01 --levels year --publish-anyway\n";
        assert!(
            error.contains("or publish nevertheless: engagement run ") && error.ends_with(command),
            "{error}"
        );
    }
}

/// A card as it was at a retained date.
#[test]
fn a_card_of_a_retained_date() {
    let world = world("parquet");
    let card = |more: &[&str]| fine(&world, "card", &[&["acme"], more].concat());
    assert!(card(&[]).contains(", as of 2026-06-30\n"));
    let earlier = card(&["--as-of", "2026-06-15"]);
    assert!(
        earlier.contains(", as of 2026-06-15\n") && earlier.contains("Score         70.0 of 100"),
        "{earlier}"
    );
    let rows = card(&["--as-of", "2026-06-15", "--format", "csv"]);
    assert!(rows.lines().nth(1).is_some_and(|row| row.starts_with("acme,ACME,70.0,")), "{rows}");
    let unknown = world.command("card", &["acme", "--as-of", "2026-06-16"]);
    refused(&unknown, 2, "no tables of 2026-06-16 are retained; there are those of 2026-06-15, 2026-06-30");
    refused(&world.command("card", &["acme", "--as-of", "16.6.2026"]), 2, "--as-of \"16.6.2026\": ");
}

/// The retained files of a date; `None` if one is missing.
fn retained(output: &Path, date: &str) -> Option<Published> {
    let tables = TABLES.iter().filter(|table| table.name != "Office_UserTable");
    let file = |folder: String, name: String| {
        let path = output.join("history").join(folder).join(format!("AsOfDate={date}")).join(&name);
        Some((name, fs::read(path).ok()?))
    };
    tables.map(|table| file(table.folder("Office"), table.file("Office"))).collect()
}

/// A command that drops the published date and is killed leaves it whole, or has dropped it.
#[test]
fn killed_while_a_date_is_dropped() {
    let world = world("parquet");
    let out = world.path("out");
    let [earlier, later] = ["2026-06-15", "2026-06-30"].map(|date| retained(&out, date).unwrap());
    let mut random = Random::new(15);
    for round in 0..12 {
        let arguments = ["history", world.path("enrichment.toml").to_str().unwrap(), "--drop", "2026-06-30"]
            .map(str::to_owned);
        let there = process::folders(&out);
        let mut child = process::caught(process::ENGAGEMENT, &arguments).spawn().unwrap();
        let has_begun = || process::folders(&out).iter().any(|folder| !there.contains(folder));
        while !has_begun() && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_micros(200));
        }
        sleep(Duration::from_micros(random.below(1000) as u64 * 10));
        let _ = child.kill();
        child.wait().unwrap();
        assert_eq!(retained(&out, "2026-06-15").as_ref(), Some(&earlier), "{round}");
        // Where the overview is, all tables are; and no name leads nowhere.
        let name = |table: &Table, date: &str| {
            let (folder, file) = (table.folder("Office"), table.file("Office"));
            out.join(format!("history/{folder}/AsOfDate={date}/{file}"))
        };
        let overview = TABLES.iter().find(|table| table.name == "Office_Overview").unwrap();
        let is_complete = name(overview, "2026-06-30").is_symlink();
        assert!(!is_complete || retained(&out, "2026-06-30").as_ref() == Some(&later), "{round}");
        for name in TABLES.iter().map(|table| name(table, "2026-06-30")) {
            assert!(!name.is_symlink() || name.exists(), "{round}: {}", name.display());
        }
        let now = world.query("select asofdate from office_overview");
        let office = &published(&out).unwrap()["Office.parquet"];
        let expected = if now == ["2026-06-30"] { &later } else { &earlier };
        assert!(*office == expected["Office.parquet"], "{round}: the published tables are of one date");
        // What is still published can be dropped again.
        if now == ["2026-06-30"] {
            fine(&world, "history", &["--drop", "2026-06-30"]);
        }
        assert_eq!(dates(&world), ["2026-06-15*"], "{round}");
        fine(&world, "run", &["--as-of", "2026-06-30"]);
        assert_eq!(retained(&out, "2026-06-30").as_ref(), Some(&later), "{round}");
    }
}

/// Other programs open the folder of a table as one table.
#[test]
fn duckdb_and_polars_read_the_history_as_one_table() {
    let world = world("parquet");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/history.py");
    let mut command = Command::new(python("readers", READERS).join("bin/python"));
    let retained: Vec<_> = TABLES.iter().filter(|table| table.name != "Office_UserTable").collect();
    command.arg(script).arg(world.path("out/history/Office"));
    command.args(retained.iter().map(|table| world.path("out/history").join(table.folder("Office"))));
    let found: Value = serde_json::from_str(&run(&mut command)).unwrap();
    let scores = serde_json::json!([["acme", 70.0, 65.0], ["bolt", 57.5, 72.5], ["calm", 0.0, 0.0]]);
    for reader in ["duckdb", "polars"] {
        assert_eq!(found[reader]["scores"], scores, "{reader}");
        for (table, rows) in retained.iter().zip(found[reader]["rows"].as_array().unwrap()) {
            let sql = "select asofdate, count(*) from {}_alldates group by 1 order by 1";
            let ours = world.query(&sql.replace("{}", table.name));
            let theirs: Vec<String> = rows
                .as_array()
                .unwrap()
                .iter()
                .map(|row| format!("{},{}", row[0].as_str().unwrap(), row[1]))
                .collect();
            assert_eq!(theirs, ours, "{} in {reader}", table.name);
        }
    }
}

/// The dates of version 0.1.0 are read, dropped, and moved over by the next run.
#[test]
fn the_layout_of_version_0_1_0() {
    let world = world("parquet");
    let (out, date) = (world.path("out"), "2026-06-15");
    let back = || {
        for table in TABLES.iter().filter(|table| table.name != "Office_UserTable") {
            let name = table.file("Office");
            let retained = out.join("history").join(table.folder("Office"));
            fs::create_dir_all(out.join(format!("as_of={date}"))).unwrap();
            let from = retained.join(format!("AsOfDate={date}")).join(&name);
            fs::copy(from, out.join(format!("as_of={date}")).join(name)).unwrap();
        }
        fs::remove_dir_all(out.join("history")).unwrap();
        for entry in fs::read_dir(out.join(".engagement/Office")).unwrap().map(|entry| entry.unwrap()) {
            if entry.file_name().to_string_lossy().starts_with("AsOfDate=") {
                fs::remove_file(entry.path()).unwrap();
            }
        }
    };
    back();
    assert_eq!(dates(&world), ["2026-06-15", "2026-06-30*"]);
    let scores = "select engagementscore_from from office_changes order by 1";
    assert_eq!(world.query(scores), ["0.0", "57.5", "70.0"]);
    fine(&world, "run", &["--as-of", "2026-07-01"]);
    assert_eq!(dates(&world), ["2026-06-15", "2026-07-01*"], "2026-06-30 was retained nowhere else");
    assert!(!out.join(format!("as_of={date}")).exists() && retained(&out, date).is_some());
    back();
    fine(&world, "history", &["--drop", "2026-07-01"]);
    assert_eq!(dates(&world), ["2026-06-15*"]);
    assert!(!out.join(format!("as_of={date}")).exists() && retained(&out, date).is_some());
}
