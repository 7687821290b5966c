//! Published files that something else has deleted or changed, incomplete dates of the history, and a run that goes back.

use std::fs;
use std::process::Output;

use crate::layouts::World;
use crate::process::{error, refused};

fn query(world: &World, command: &str) -> Output {
    match command {
        "sql" => world.command("sql", &["-c", "select count(*) from office"]),
        "card" => world.command("card", &["acme"]),
        other => world.command(other, &[]),
    }
}

/// Every command that reads what is published is refused, and a run repairs it.
fn refused_until_it_runs_again(world: &World, file: &str, says: &str) {
    for command in ["sql", "card", "segment", "status"] {
        let outcome = query(world, command);
        refused(&outcome, 1, &format!("{}: {says}", world.path(file).display()));
        assert!(error(&outcome).contains("engagement run "), "{}", error(&outcome));
    }
    world.run();
    for command in ["sql", "card", "segment", "status"] {
        let outcome = query(world, command);
        assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""), "{command}");
    }
}

#[test]
fn files_that_something_else_has_deleted_or_changed() {
    for history in [false, true] {
        let world = World::new();
        if history {
            world.with_history();
        }
        world.run();
        fs::remove_file(world.path("out/Office_Accounts.parquet")).unwrap();
        refused_until_it_runs_again(
            &world,
            "out/Office_Accounts.parquet",
            "is missing: it was deleted after a run has",
        );
        // A program that writes to the link changes the file of the run.
        let other = world.input("out/Office_UserTable.parquet");
        fs::write(world.path("out/Office_CustomerCard.parquet"), &other).unwrap();
        let run = fs::read_link(world.path("out/.engagement/Office/current")).unwrap();
        let of_run = |name: &str| format!("out/.engagement/Office/{}/{name}", run.display());
        refused_until_it_runs_again(&world, &of_run("Office_CustomerCard.parquet"), "has ");
        let run = fs::read_link(world.path("out/.engagement/Office/current")).unwrap();
        let office = format!("out/.engagement/Office/{}/Office.parquet", run.display());
        fs::remove_file(world.path(&office)).unwrap();
        refused_until_it_runs_again(&world, &office, "cannot be read: there is no such file");
    }
}

#[test]
fn a_file_in_place_of_a_link_is_not_what_the_run_has_published() {
    let world = World::new();
    world.run();
    let other = world.input("out/Office_Overview.parquet");
    fs::remove_file(world.path("out/Office.parquet")).unwrap();
    world.write("out/Office.parquet", &other);
    refused_until_it_runs_again(
        &world,
        "out/Office.parquet",
        "is not what the run has published: something else",
    );
}

/// A pipe would block for ever.
#[test]
fn a_pipe_in_the_output_is_not_opened() {
    let world = World::new();
    world.run();
    let pipe = |place: &str| {
        let _ = fs::remove_file(world.path(place));
        let made = std::process::Command::new("mkfifo").arg(world.path(place)).status();
        assert!(made.unwrap().success());
    };
    pipe("out/Office_Segments.parquet");
    refused(&world.command("run", &[]), 2, "out/Office_Segments.parquet does not say");
    assert_eq!(world.command("run", &["--replace"]).status.code(), Some(0));
    let run = fs::read_link(world.path("out/.engagement/Office/current")).unwrap();
    let office = format!("out/.engagement/Office/{}/Office.parquet", run.display());
    pipe(&office);
    for command in ["sql", "card", "segment", "status"] {
        let says = format!("{}: cannot be read: it is not a file", world.path(&office).display());
        refused(&query(&world, command), 1, &says);
    }
    refused(&world.command("run", &[]), 2, "out/Office.parquet does not say");
    assert_eq!(world.command("run", &["--replace"]).status.code(), Some(0));
}

#[test]
fn a_copy_of_an_output_folder_can_be_read() {
    let world = World::new();
    world.run();
    let status =
        std::process::Command::new("cp").arg("-rL").arg(world.path("out")).arg(world.path("copy")).status();
    assert!(status.unwrap().success());
    let outcome =
        world.command("sql", &["--output", &world.path("copy").display().to_string(), "-c", "select 1"]);
    assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""));
}

#[test]
fn an_incomplete_date_of_the_history_is_named() {
    let world = World::new();
    world.with_history();
    for date in ["2026-04-30", "2026-05-31", "2026-06-30"] {
        assert_eq!(world.command("run", &["--as-of", date]).status.code(), Some(0));
    }
    // An interrupted copy, and a deleted file.
    let delete = |date: &str, file: &str| {
        let link = world.path(&format!("out/.engagement/Office/AsOfDate={date}"));
        let retained = fs::read_link(link).unwrap();
        fs::remove_file(world.path(&format!("out/.engagement/Office/{}/{file}", retained.display())))
            .unwrap();
    };
    delete("2026-04-30", "Office_Overview.parquet");
    delete("2026-05-31", "Office.parquet");
    let says = "[output] 2 as-of dates of the history are incomplete: 2026-04-30 (without Office_Overview.parquet); 2026-05-31 \
                (without Office.parquet); run them again with --as-of, or drop them with engagement history --drop";
    for command in ["sql", "card", "segment"] {
        let outcome = query(&world, command);
        assert_eq!(
            (outcome.status.code(), error(&outcome)),
            (Some(0), format!("warning: {says}\n")),
            "{command}"
        );
    }
    let outcome = query(&world, "status");
    let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
    assert!(text.contains(&format!("\nNote: {says}\n")), "{text}");
    for date in ["2026-04-30", "2026-05-31"] {
        assert_eq!(world.command("run", &["--as-of", date]).status.code(), Some(0));
    }
    assert_eq!(world.query("select asofdate from office_history order by 1").len(), 3);
}

#[test]
fn a_run_that_goes_back_says_so() {
    let world = World::new();
    world.run();
    let outcome = world.command("run", &["--as-of", "2026-05-31"]);
    let says = "warning: the published as-of date goes back from 2026-06-30 to 2026-05-31: this run has replaced the later \
                tables; to publish them again, run with --as-of 2026-06-30\n";
    assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), says));
    assert_eq!(world.query("select asofdate from office_overview"), ["2026-05-31"]);
    // Forward, and the same date again, are no steps back.
    world.run();
    world.run();
}

#[test]
fn months_before_the_window_are_not_zero() {
    let world = World::new();
    let outcome = world.command("run", &["--window-days", "90"]);
    assert_eq!((outcome.status.code(), error(&outcome).as_str()), (Some(0), ""));
    // The window begins on 2026-04-02.
    let months = world.query(
        "select month, emails, meetings from customercard_history where customerid = 'acme' and month >= '2026-03-01' \
         order by month",
    );
    assert_eq!(months, ["2026-03-01,,", "2026-04-01,0,0", "2026-05-01,0,0", "2026-06-01,2,0"]);
    assert_eq!(
        world.query("select count(*), count(emails) from customercard_history where customerid = 'calm'"),
        ["12,3"]
    );
    let card = String::from_utf8_lossy(&query(&world, "card").stdout).into_owned();
    assert!(card.contains("\n2026-03  - ") && card.contains("\n2026-04  · 0"), "{card}");
    assert!(card.ends_with("\n\n- before the window of the run\n"), "{card}");
    world.run();
    assert_eq!(world.query("select count(*) from customercard_history where emails is null"), ["0"]);
}

#[test]
fn rows_that_count_for_nobody_are_not_all_well() {
    let world = World::new();
    let none = "select '1' as message_id, timestamp '2026-06-01T00:00:00' as sent_at, 'x@x.com' as sender, ['y@y.com'] as \"to\"";
    crate::layouts::write_rows(&world.path("mail.parquet"), none);
    world.change("[meetings]\npath = \"meetings.parquet\"\n", "");
    let text = world.run();
    assert!(!text.contains("Every input row was used"), "{text}");
    assert!(text.contains("\nNo account is engaged, although no input row is left out: "), "{text}");
}
