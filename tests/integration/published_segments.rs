//! The members of segments as a published table.

use std::fs;

use datafusion_engagement::query::{segments, session};

use crate::history::{FORMATS, fine, world_of};
use crate::layouts::World;
use crate::process::error;
use crate::support::{block_on, bundled_run, rows};

const ALL: &str = "select * from office_segments order by segment, customerid";

/// Of the worked example: Calm is silent. ACME has one person of theirs in all mail, and so has Bolt. Nobody is stale,
/// has a score of 80, got emails without an answer, or has a lower score than in the month before.
#[test]
fn the_members_of_the_worked_example() {
    let world = World::new();
    for (name, sql) in [
        ("high", "select customerid from office where engagementscore > 66 and aggregationlevel = 'year'"),
        ("of_two", "select customerid from segment_high union all select customerid from segment_silent"),
        // A customer has several rows, some rows have none, and an id can be a number.
        ("rows", "select customerid, aggregationlevel from office union all select null, 'none'"),
        ("numbers", "select 7 as customerid"),
        ("nobody", "select customerid from office where false"),
        // It replaces the shipped segment.
        ("Stale", "select 'acme' as customerid"),
    ] {
        world.write(&format!("segments/{name}.sql"), sql);
    }
    world.run();
    let expected = [
        "Stale,acme",
        "high,bolt",
        "numbers,7",
        "of_two,bolt",
        "of_two,calm",
        "rows,acme",
        "rows,bolt",
        "rows,calm",
        "silent,calm",
        "single_threaded,acme",
        "single_threaded,bolt",
    ];
    assert_eq!(world.query(ALL), expected);
    let batch = crate::files::read(&world.path("out/Office_Segments.parquet"));
    assert_eq!(batch.num_rows(), expected.len());
    // The same inputs and segments give the same bytes.
    let before = world.input("out/Office_Segments.parquet");
    world.run();
    assert!(world.input("out/Office_Segments.parquet") == before);
}

#[test]
fn what_is_published_are_the_members_that_sessions_see() {
    let run = bundled_run();
    block_on(async {
        let ctx = session::published(&run.enrichment).await.unwrap();
        let published = rows(&ctx, "select * from \"Office_Segments\" order by 1, 2").await.unwrap();
        let all = segments::register(&ctx, &run.enrichment, &run.enrichment.sources()).await.unwrap();
        let mut members = vec![];
        for segment in &all {
            assert_eq!(segment.broken, None);
            let sql = format!("select distinct \"CustomerId\" from \"{}\"", segment.view());
            let of_segment = rows(&ctx, &sql).await.unwrap();
            members.extend(of_segment.into_iter().map(|row| vec![segment.name.clone(), row[0].clone()]));
        }
        members.sort();
        assert!(members.len() > 30 && all.len() > 6, "{}", members.len());
        assert_eq!(published, members);
    });
}

/// A run is not disturbed by segments that are wrong, or whose queries fail.
#[test]
fn segments_that_are_broken_or_fail_are_left_out() {
    let world = World::new();
    let id = "select customerid from office where";
    for (name, sql, says) in [
        ("typo", "select customerid from offic", "is broken: {}: no table named offic; did you mean Office?"),
        ("inputs", "select customerid from stg_mail", "is broken: {}: no table named stg_mail"),
        (
            "itself",
            "select customerid from office_segments",
            "is broken: {}: Office_Segments is made of the segments, so no segment can read it; read the view of a segment, \
             such as Segment_Stale",
        ),
        (
            "overflow",
            &format!("{id} 9223372036854775807 + 1 + noofemails_toaccount > 0"),
            "is not in Office_Segments, because its query fails: {}: ",
        ),
        (
            "cast",
            "select cast(customerid as int) as customerid from office",
            "is not in Office_Segments, because its query fails: {}: Cast error: Cannot cast string 'acme'",
        ),
        ("good", &format!("{id} customerid = 'acme'"), ""),
    ] {
        world.write(&format!("segments/{name}.sql"), sql);
        let printed = world.run();
        let place = world.path(&format!("segments/{name}.sql")).display().to_string();
        let note = format!("\nNote: the segment {name} {}", says.replace("{}", &place));
        assert_eq!(printed.contains(&note), !says.is_empty(), "{note}{printed}");
        let of_segment =
            world.query(&format!("select customerid from office_segments where segment = '{name}'"));
        assert_eq!(of_segment.is_empty(), !says.is_empty(), "{name}");
    }
    let count = "select count(distinct segment) from office_segments";
    assert_eq!(world.query(count), ["3"], "good, silent and single_threaded");
    // The same is told by the report of the library, without a command.
    let enrichment = datafusion_engagement::config::Enrichment::open(world.path("enrichment.toml")).unwrap();
    let report =
        block_on(datafusion_engagement::pipeline::run(&enrichment, &datafusion_engagement::pipeline::Silent));
    let notes = report.unwrap().notes;
    assert_eq!(notes.iter().filter(|note| note.starts_with("the segment ")).count(), 5, "{notes:?}");
    // Without a folder that can be listed, the published table is empty.
    fs::remove_dir_all(world.path("segments")).unwrap();
    world.write("segments", "");
    assert!(world.run().contains("\nNote: the segments cannot be read, and Office_Segments is empty: "));
    assert_eq!(crate::files::read(&world.path("out/Office_Segments.parquet")).num_rows(), 0);
}

/// A segment sees the retained dates, and among them the one that is run.
#[test]
fn segments_of_a_run_read_the_history() {
    for format in FORMATS {
        let world = world_of(&format!("format = \"{format}\""), |world| {
            for (name, sql) in [
                ("risen", "select customerid from office_changes where engagementscore_change > 5"),
                ("dates", "select cast(asofdate as varchar) as customerid from office_history"),
                (
                    "before",
                    "select customerid from customercard_alldates where engagementscore > 60
                     and asofdate < (select asofdate from office_overview)",
                ),
            ] {
                world.write(&format!("segments/{name}.sql"), sql);
            }
        });
        let segments = "where segment in ('risen', 'dates', 'before') order by 1, 2";
        // The scores are those of `tests/integration/history.rs`.
        let expected = ["before,acme", "dates,2026-06-15", "dates,2026-06-30", "risen,bolt"];
        assert_eq!(world.query(&format!("select * from office_segments {segments}")), expected, "{format}");
        let at_first = ["2026-06-15,dates,2026-06-15"];
        let later = expected.map(|row| format!("2026-06-30,{row}"));
        let all_dates = format!("select * from office_segments_alldates {segments}, 3");
        let all = world.query(&all_dates);
        assert_eq!(all, [&at_first.map(str::to_owned)[..], &later].concat(), "{format}");
        // A date that is run again replaces itself.
        fine(&world, "run", &["--as-of", "2026-06-30"]);
        assert_eq!(world.query(&all_dates), all, "{format}");
        // An earlier date is not compared with later ones only because these are published.
        let outcome = world.command("run", &["--as-of", "2026-06-20"]);
        assert_eq!(outcome.status.code(), Some(0), "{}", error(&outcome));
        let sql = "select customerid from office_segments_alldates where segment = 'dates' and asofdate = '2026-06-20' order by 1";
        assert_eq!(world.query(sql), ["2026-06-15", "2026-06-20", "2026-06-30"], "{format}");
    }
}

/// With another name of the output table, both names work.
#[test]
fn the_name_of_the_output_table() {
    let world = World::new();
    let text = fs::read_to_string(world.path("enrichment.toml")).unwrap();
    fs::write(world.path("enrichment.toml"), text + "\n[output]\ntable = \"Sales\"\n").unwrap();
    world.write("segments/all.sql", "select customerid from sales");
    world.write("segments/itself.sql", "select customerid from sales_segments");
    assert_eq!(world.run().matches("Note: the segment itself is broken").count(), 1);
    assert!(world.path("out/Sales_Segments.parquet").exists());
    for name in ["sales_segments", "office_segments", "sales_segments_alldates"] {
        assert_eq!(world.query(&format!("select count(*) from {name} where segment = 'all'")), ["3"]);
    }
    world.change("table = \"Sales\"", "table = \"Sales_Segments\"");
    let outcome = world.command("run", &[]);
    assert!(error(&outcome).contains("ends like the name of a companion table"), "{}", error(&outcome));
}
