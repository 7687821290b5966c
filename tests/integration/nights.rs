//! Nights of an unattended run: a feed that is broken ends with exit code 3 and the old tables, and a good night
//! publishes.

use std::fs;
use std::path::Path;
use std::process::Output;

use datafusion::arrow::compute::concat_batches;
use datafusion_engagement::query::session;
use serde_json::Value;

use crate::files::{read, write};
use crate::layouts::World;
use crate::process::{Published, error, published, refused};
use crate::support::block_on;

/// The days of the window: 2026-05-02 to 2026-06-30.
const DAYS: i64 = 60;

const ENRICHMENT: &str = r#"
name = "nights"
as_of = "2026-06-30"
window_days = 60
levels = ["year"]
[consent]
granted_by = "admin@us.com"
granted_on = "2026-01-01"
[mailboxes]
addresses = ["m0@us.com", "m1@us.com", "m2@us.com", "m3@us.com"]
[contacts]
path = "contacts.parquet"
[accounts]
path = "accounts.parquet"
[mail]
path = "mail/"
[meetings]
path = "meetings.parquet"
[output]
path = "out/"
[expect]
max_age_days = 3
min_days_covered = 55
min_mailboxes_active = "75%"
min_accounts_engaged = "80%"
min_contacts_used = "80%"
max_drop = "10%"
max_rows_not_used = { unknown_account = "20%" }
"#;

/// An organization of 4 mailboxes that write 8 messages a day to 12 contacts of 6 accounts and meet one of them.
/// There is a mail file for each 10 days.
fn world() -> World {
    let world = World(tempfile::tempdir().unwrap());
    world.write("enrichment.toml", ENRICHMENT);
    contacts(&world, "");
    let accounts = "select 'a' || i as account_id, 'Account ' || i as name from generate_series(0, 5) t(i)";
    query(accounts, &world.path("accounts.parquet"));
    feed(&world, DAYS, 8);
    world
}

/// Writes the result of a query to a Parquet file.
fn query(sql: &str, file: &Path) {
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let batches =
        block_on(async { session::new().unwrap().sql(sql).await.unwrap().collect().await.unwrap() });
    write(file, &concat_batches(&batches[0].schema(), &batches).unwrap());
}

/// Writes the contacts; `before` precedes their account ids.
fn contacts(world: &World, before: &str) {
    let sql = format!(
        "select 'c' || i || '@x.com' as email, '{before}a' || (i % 6) as account_id, 'p' || i as contact_id \
         from generate_series(0, 11) t(i)"
    );
    query(&sql, &world.path("contacts.parquet"));
}

/// Writes mail and meetings of the first days of the window.
fn feed(world: &World, days: i64, messages_a_day: i64) {
    let _ = fs::remove_dir_all(world.path("mail"));
    // 09:00 UTC of a day.
    let time = |minutes: i64| {
        let micros = 1_777_712_400_000_000 + minutes * 60_000_000;
        format!("arrow_cast({micros} + d * 86400000000, 'Timestamp(Microsecond, None)')")
    };
    for first in (0..days).step_by(10) {
        let sql = format!(
            "select 'm' || d || '-' || i as message_id, 'k' || d as conversation_id, {} as sent_at, \
             'm' || (i % 4) || '@us.com' as sender, ['c' || ((d + i) % 12) || '@x.com'] as \"to\", \
             [cast(null as varchar)] as cc, [cast(null as varchar)] as bcc, cast(null as varchar) as mailbox, \
             false as is_draft, false as is_automatic \
             from generate_series({first}, {}) t(d) cross join generate_series(0, {}) u(i)",
            time(0),
            (first + 9).min(days - 1),
            messages_a_day - 1
        );
        query(&sql, &world.path(&format!("mail/{}.parquet", first / 10)));
    }
    let sql = format!(
        "select 'g' || d as meeting_id, 'm' || (d % 4) || '@us.com' as organizer, \
         ['c' || (d % 12) || '@x.com'] as attendees, [cast(null as varchar)] as declined, {} as start_at, \
         {} as end_at, false as is_cancelled from generate_series(0, {}) t(d)",
        time(60),
        time(90),
        days - 1
    );
    query(&sql, &world.path("meetings.parquet"));
}

/// A run that must publish; returns what it prints on standard output and on standard error.
fn good(world: &World, more: &[&str]) -> [String; 2] {
    let outcome = world.command("run", more);
    let printed = [&outcome.stdout, &outcome.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert_eq!(outcome.status.code(), Some(0), "{}", printed[1]);
    printed
}

/// What is published.
fn tables(world: &World) -> Published {
    published(&world.path("out")).unwrap()
}

/// Asserts that a command has missed expectations: exit code 3, a line for each expectation on standard error,
/// among them these that are missed, and a last line with the error.
fn missed(outcome: &Output, expectations: &[&str]) {
    let error = error(outcome);
    assert_eq!(outcome.status.code(), Some(3), "{error}");
    let lines: Vec<_> = error.lines().collect();
    let (last, judged) = lines.split_last().unwrap();
    assert!(last.starts_with("error: ") && last.contains("[expect] "), "{error}");
    assert!(judged.iter().all(|line| line.contains(": expected ") && line.contains(", found ")), "{error}");
    for expectation in expectations {
        let begin = format!("missed   {expectation}");
        assert!(judged.iter().any(|line| line.starts_with(&begin)), "{begin}: {error}");
        assert!(last.contains(expectation.split(':').next().unwrap()), "{error}");
    }
}

fn status(world: &World, code: i32) -> Value {
    let outcome = world.command("status", &["--format", "json"]);
    assert_eq!(outcome.status.code(), Some(code), "{}", error(&outcome));
    serde_json::from_slice(&outcome.stdout).unwrap()
}

#[test]
fn a_broken_feed_leaves_the_old_tables() {
    let world = world();
    let [first, warnings] = good(&world, &["--as-of", "2026-06-29"]);
    assert!(first.contains("Expected          6 of 9 met, 3 unknown\n"), "{first}");
    assert_eq!(warnings, "");
    let [second, warnings] = good(&world, &[]);
    assert!(second.contains("Expected          9 of 9 met\n"), "{second}");
    assert_eq!(warnings, "");
    let (before, manifest) = (tables(&world), status(&world, 0));
    let bad = |what: &str, expectations: &[&str]| {
        let outcome = world.command("run", &[]);
        missed(&outcome, expectations);
        assert_eq!(outcome.stdout, b"", "{what}");
        assert!(tables(&world) == before, "{what}");
    };

    contacts(&world, " ");
    bad(
        "padded account ids",
        &[
            "min_accounts_engaged: expected at least 80% of the accounts, found 0% (0 of 6)",
            "min_contacts_used: expected at least 80% of the rows, found 0% (0 of 12)",
            "max_rows_not_used.unknown_account of contacts: expected at most 20% of the rows, found 100% (12 of 12)",
        ],
    );
    let outcome = world.command("check", &[]);
    missed(&outcome, &["min_contacts_used", "max_rows_not_used.unknown_account of contacts"]);
    assert!(error(&outcome).trim_end().ends_with("; a run would publish nothing: correct [contacts]"));

    contacts(&world, "");
    let file = world.path("contacts.parquet");
    write(&file, &read(&file).slice(0, 0));
    bad(
        "an empty contacts file",
        &["min_contacts_used: expected at least 80% of the rows, found 0% (0 of 0)"],
    );
    missed(&world.command("check", &[]), &["min_contacts_used"]);

    contacts(&world, "");
    assert_eq!(world.command("check", &[]).status.code(), Some(0));
    world.change("@us.com\"]", "@foreign.com\"]");
    for mailbox in ["m0", "m1", "m2"] {
        world.change(&format!("{mailbox}@us.com"), &format!("{mailbox}@foreign.com"));
    }
    bad(
        "mailboxes of a foreign domain",
        &["min_mailboxes_active: expected at least 75% of the listed mailboxes, found 0%"],
    );
    world.write("enrichment.toml", ENRICHMENT);

    fs::remove_file(world.path("mail/3.parquet")).unwrap();
    bad(
        "a mail file is missing",
        &["max_drop of messages: expected at most 10% fewer than before, found 16.66%"],
    );

    feed(&world, DAYS - 20, 8);
    let old = "max_age_days: expected at most 3, found 20 (the last day with used rows is 2026-06-10)";
    bad("a feed that ended 20 days ago", &[old, "min_days_covered: expected at least 55, found 40"]);

    feed(&world, DAYS, 4);
    bad(
        "a feed of half the size",
        &["max_drop of messages: expected at most 10% fewer than before, found 50%"],
    );

    assert_eq!(status(&world, 0), manifest, "a failed night changes nothing");
    feed(&world, DAYS, 8);
    good(&world, &[]);
    assert!(tables(&world) == before, "a good night of the same date gives the same bytes");
}

#[test]
fn what_is_missed_can_be_published() {
    let world = world();
    good(&world, &[]);
    feed(&world, DAYS, 4);
    let [printed, lines] = good(&world, &["--publish-anyway"]);
    let note = "Note: [expect] 1 of 9 expectations is missed: max_drop of messages; published because of --publish-anyway";
    assert!(printed.contains(note), "{printed}");
    assert!(lines.contains("missed   max_drop of messages") && lines.lines().count() == 9, "{lines}");
    let (object, kept) = (status(&world, 3), tables(&world));
    assert_eq!(object["published_although"][0]["expectation"], "max_drop of messages");
    assert_eq!(object["before"]["overview"]["MessagesEngaged"], 480);
    assert_eq!(object["overview"]["MessagesEngaged"], 240);
    assert_eq!(object["is_as_expected"], false);

    feed(&world, DAYS, 2);
    world.change("[expect]", "[expect]\non_failure = \"warn\"");
    let [printed, lines] = good(&world, &[]);
    assert!(printed.contains("; published because of on_failure = \"warn\""), "{printed}");
    assert!(lines.contains("missed   max_drop of messages") && !lines.contains("error"), "{lines}");
    assert!(tables(&world) != kept);
}

/// With `min_people`, the numbers of messages and meetings are null, so their drop is not known.
#[test]
fn a_suppressed_number_is_neither_met_nor_missed() {
    let world = world();
    world.change("window_days = 60\n", "");
    world.change("[expect]", "[privacy]\nmin_people = 2\n[expect]");
    good(&world, &[]);
    feed(&world, DAYS, 4);
    let [printed, _] = good(&world, &[]);
    assert!(printed.contains("Expected          3 of 10 met, 7 unknown\n"), "{printed}");
    let object = status(&world, 0);
    let drop = object["expectations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|j| j["expectation"] == "max_drop of messages");
    assert_eq!(drop.unwrap()["found"], "a suppressed number");
    assert_eq!(object["overview"]["MessagesEngaged"], Value::Null);

    // What is published decides what is suppressed, not what the file says by now. The as-of date is never suppressed.
    world.change("min_people = 2", "min_people = 1");
    let outcome = world.command("status", &["--as-of", "2026-07-31"]);
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    for line in [
        "  unknown  max_rows_not_used.unknown_account of mail: expected at most 20% of the rows, found a suppressed number\n",
        "  missed   max_age_days: expected at most 3, found at least 31 (the tables are as of 2026-06-30)\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    refused(&outcome, 3, "[expect] 1 of 10 expectations is missed: max_age_days");
}

#[test]
fn the_last_day_that_counts_is_not_in_the_future() {
    let world = world();
    let future = ["--as-of", "9999-12-31"];
    for command in ["run", "check"] {
        refused(&world.command(command, &future), 2, "the as-of date 9999-12-31 is in the future");
    }
    assert!(!world.path("out").exists());
    world.change("as_of = \"2026-06-30\"", "as_of = \"9999-12-31\"");
    refused(&world.command("run", &[]), 2, "permit it with --allow-future");
    good(&world, &["--as-of", "2026-06-30"]);
    // What is published is read although the date of the file is in the future.
    assert_eq!(world.query("select asofdate from office_overview"), ["2026-06-30"]);
    world.change("[expect]", "[expect]\non_failure = \"warn\"");
    good(&world, &["--allow-future"]);
    assert_eq!(world.query("select asofdate from office_overview"), ["9999-12-31"]);
}

#[test]
fn an_older_date_is_retained_and_not_current() {
    for format in
        ["parquet", "delta"].into_iter().filter(|format| cfg!(feature = "delta") || *format == "parquet")
    {
        let world = world();
        world.change("path = \"out/\"", &format!("path = \"out/\"\nhistory = true\nformat = \"{format}\""));
        let [_, warnings] = good(&world, &[]);
        assert_eq!(warnings, "");
        let [printed, warnings] = good(&world, &["--as-of", "2026-06-28"]);
        assert_eq!(
            warnings,
            "warning: the tables of 2026-06-28 are retained and not current: those of 2026-06-30 stay published, and \
             sql, segment and card read those\n",
            "{format}"
        );
        assert!(printed.starts_with("nights, as of 2026-06-28 (retained, not current)\n"), "{printed}");
        let object = status(&world, 0);
        assert_eq!(object["as_of"], "2026-06-30", "{format}");
        assert_eq!(object["retained"], serde_json::json!(["2026-06-28", "2026-06-30"]), "{format}");
        assert_eq!(object["before"], Value::Null, "{format}");
        assert!(object["bytes"]["Office"].as_u64().unwrap() > 1_000, "{format}");
        let [_, warnings] = good(&world, &["--as-of", "2026-06-30"]);
        assert_eq!(warnings, "");
        let object = status(&world, 0);
        assert_eq!(object["before"]["overview"]["AsOfDate"], "2026-06-30", "{format}");
    }
}

#[test]
fn the_status_tells_how_old_the_tables_are() {
    let world = world();
    refused(&world.command("status", &[]), 1, "nothing is published there yet; start with: engagement run ");
    world.change("min_days_covered = 55", "min_days_covered = 10");
    let began = chrono::Utc::now() - chrono::TimeDelta::seconds(1);
    good(&world, &["--window-days", "10", "--levels", "year,month"]);
    assert_eq!(world.query("select distinct aggregationlevel from office order by 1"), ["month", "year"]);
    let object = status(&world, 0);
    assert_eq!(object["overview"]["DaysCovered"], 10, "{object}");
    let at: chrono::DateTime<chrono::Utc> = object["published_at"].as_str().unwrap().parse().unwrap();
    assert!((began..=chrono::Utc::now()).contains(&at), "{at}");
    assert_eq!(object["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!((object["age_days"].clone(), object["last_used_on"].clone()), (0.into(), "2026-06-30".into()));

    let outcome = world.command("status", &[]);
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""), "{text}");
    assert!(text.contains("\nAge                  0 days, from 2026-06-30 to 2026-06-30\n"), "{text}");
    let outcome = world.command("status", &["--as-of", "2026-07-10"]);
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    assert!(text.contains("\nAge                  10 days, from 2026-06-30 to 2026-07-10\n"), "{text}");
    assert!(text.contains("\nLast used row        2026-06-30, 10 days before 2026-07-10\n"), "{text}");
    assert!(text.contains("  missed   max_age_days: expected at most 3, found 10"), "{text}");
    refused(&outcome, 3, "[expect] 1 of 9 expectations is missed: max_age_days");
    // Tables of a version that wrote no record.
    fs::remove_file(world.path("out/.engagement/Office/current/run.json")).unwrap();
    let object = status(&world, 0);
    assert_eq!(object["published_at"], Value::Null);
    assert_eq!(object["expectations"][0]["outcome"], "unknown");
}

/// Each code of the table in docs/operations.md; those of signals are tested with the signals.
#[test]
fn every_exit_code() {
    let world = world();
    let code = |command: &str, more: &[&str]| world.command(command, more).status.code();
    assert_eq!(code("check", &[]), Some(0));
    assert_eq!(code("status", &[]), Some(1));
    assert_eq!(code("run", &["--window-days", "many"]), Some(2));
    assert_eq!(code("run", &["--window-days", "0"]), Some(2));
    assert_eq!(code("run", &["--levels", "day"]), Some(2));
    let file = world.path("contacts.parquet");
    write(&file, &read(&file).slice(0, 0));
    assert_eq!(code("run", &[]), Some(3));
    // Nobody listens on this port, and a later try may find somebody.
    let store = "[storage]\nretries = 0\nallow_http = true\n[storage.s3]\nendpoint = \"http://127.0.0.1:9\"\n\
                 region = \"r\"\nanonymous = true\n[expect]";
    world.change("path = \"mail/\"", "path = \"s3://lake/mail/\"");
    world.change("[expect]", store);
    refused(&world.command("check", &[]), 75, "the server cannot be reached");
    world.write("contacts.parquet", "no Parquet");
    assert_eq!(code("check", &[]), Some(1));
}

/// A broken segment is told, and disturbs neither the run nor the other segments.
#[test]
fn a_broken_segment_is_told() {
    let world = world();
    let ids = |from: &str| format!("select customerid from {from}");
    for (name, from) in [
        ("history", "office_alldates where asofdate < '2026-06-01'"),
        ("risen", "office_changes where engagementscore_change > 5"),
        ("explained", "office_scoreexplained where points > 10"),
        ("typo", "offic"),
        ("inputs", "stg_mail"),
    ] {
        world.write(&format!("segments/{name}.sql"), ids(from));
    }
    let [printed, warnings] = good(&world, &[]);
    assert_eq!(warnings, "");
    let checked = world.command("check", &[]);
    assert_eq!((checked.status.code(), error(&checked).as_str()), (Some(0), ""));
    // Only one date is published, so a query about two of them fails.
    let fails = "\nNote: the segment risen is not in Office_Segments, because its query fails: ";
    for (text, failed) in [(printed, 1), (String::from_utf8_lossy(&checked.stdout).into_owned(), 0)] {
        assert_eq!(text.matches(fails).count(), failed, "{text}");
        assert_eq!(text.matches("\nNote: the segment ").count(), 2 + failed, "{text}");
        for (name, why) in
            [("typo", "no table named offic; did you mean Office?"), ("inputs", "no table named stg_mail")]
        {
            let file = world.path(&format!("segments/{name}.sql"));
            let note = format!("\nNote: the segment {name} is broken: {}: {why}", file.display());
            assert!(text.contains(&note), "{note}{text}");
        }
    }
}
