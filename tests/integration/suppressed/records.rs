//! What runs remember of what they have published about months, so that no later run publishes something else about them.
//! With real runs.

use std::fs;
use std::path::Path;

use chrono::NaiveDate;
use datafusion_engagement::config::{Enrichment, Overrides};
use datafusion_engagement::pipeline::{self, Silent};
use datafusion_engagement::publish;
use datafusion_engagement::query::session;

use super::gaps::{EVERYBODY, busy, day, run_with, suppressed_now};
use super::world::{Event, inputs, month_ends};
use super::{TO, open, settings};
use crate::files::{read, write};
use crate::support::{block_on, rows, texts};

const DELTA: &str = "output = { path = 'out', format = 'delta' }";
const HISTORY: &str = "output = { path = 'out', history = true }";

/// A message of one person to the first account, in a month that was published without it.
fn late() -> Event {
    Event { arrives: month_ends()[1], ..Event::new(1, day(5, 20), TO, 1) }
}

/// The accounts that are suppressed after a run with these settings.
async fn suppressed(folder: &Path, events: &[Event], settings: &str, as_of: NaiveDate) -> Vec<String> {
    inputs(folder, events, settings).await;
    run_with(&open(folder, as_of)).await;
    suppressed_now(folder, as_of).await
}

/// A run with less protection in between does not make the next one forget.
#[test]
fn months_are_remembered_through_other_protection() {
    let (before, dates) = (busy(&[1, 4]), month_ends());
    let after = [&before[..], &[late()]].concat();
    for (output, between) in [("", 1), ("", 4), (HISTORY, 1), (DELTA, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let with = |k| format!("{}\n{output}", settings(k, 1));
        block_on(async {
            let published = suppressed(folder.path(), &before, &with(2), dates[0]).await;
            assert!(published.is_empty(), "{published:?}");
            // The same rows with other steps are no change.
            let published = suppressed(folder.path(), &before, &with(between), dates[1]).await;
            assert!(published.is_empty(), "{between} {published:?}");
            let published = suppressed(folder.path(), &after, &with(2), dates[1]).await;
            assert_eq!(published, ["a0"], "{output} {between}");
        });
    }
}

/// The error of a run that is refused, and of the check.
async fn refused(folder: &Path, as_of: NaiveDate) -> String {
    let error = pipeline::run(&open(folder, as_of), &Silent).await.unwrap_err().to_string();
    assert_eq!(pipeline::check(&open(folder, as_of)).await.unwrap_err().to_string(), error);
    assert!(error.contains(" or publish nevertheless: ") && error.ends_with(" --publish-changed"), "{error}");
    error
}

/// Numbers of people in steps of two and in steps of three together are numbers of single people.
#[test]
fn steps_that_tell_single_people_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, events, dates) = (folder.path(), busy(&[1, 4]), month_ends());
    block_on(async {
        for (run, k) in [2, 4, 2, 1].into_iter().enumerate() {
            suppressed(folder, &events, &settings(k, 1), dates[run]).await;
        }
        let other = tempfile::tempdir().unwrap();
        suppressed(other.path(), &events, &settings(3, 1), dates[0]).await;
        for (folder, k, published) in [(other.path(), 2, 3), (other.path(), 4, 3), (folder, 3, 2)] {
            inputs(folder, &events, &settings(k, 1)).await;
            let error = refused(folder, dates[4]).await;
            let says = format!("[privacy] min_people = {k}, but {published} was published");
            assert!(error.contains(&says), "{error}");
        }
        // With permission, this is the step from now on, also for months before the window.
        let (date, out) = (Some(dates[4].to_string()), Some(folder.join("out")));
        let overrides = Overrides { as_of: date, output: out, publish_changed: true, ..Overrides::default() };
        run_with(&Enrichment::open_with(folder.join("enrichment.toml"), &overrides).unwrap()).await;
        run_with(&open(folder, dates[5])).await;
    });
}

/// A date is published, and dropped after a later one has forgotten the months of its window.
#[test]
fn forgotten_months_are_not_published_again() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, events, dates) = (folder.path(), busy(&[1, 4]), month_ends());
    let settings = format!("{}\n{HISTORY}", settings(2, 1));
    block_on(async {
        for as_of in [dates[0], dates[1], dates[16]] {
            suppressed(folder, &events, &settings, as_of).await;
        }
        let ctx = session::new().unwrap();
        publish::drop_date(&ctx, &open(folder, dates[16]), dates[16]).await.unwrap();
        let error = refused(folder, dates[2]).await;
        let (first, forgotten) = (super::month(2), super::last_day(super::month(3)));
        assert!(error.contains(&format!("the window of {} begins on {first}", dates[2])), "{error}");
        assert!(error.contains(&format!("the months until {forgotten} is forgotten")), "{error}");
        suppressed(folder, &events, &settings, dates[17]).await;
    });
}

/// The retained dates show that something was published, and nothing says what.
#[test]
fn retained_dates_without_a_record_stop_a_run() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, dates) = (folder.path(), month_ends());
    block_on(async {
        let settings = format!("{}\n{HISTORY}", settings(2, 1));
        suppressed(folder, &busy(&[1, 4]), &settings, dates[0]).await;
        fs::remove_file(folder.join("out/.engagement/Office/current")).unwrap();
        for with_names in [true, false] {
            if !with_names {
                fs::remove_file(folder.join("out/Office.parquet")).unwrap();
            }
            let error = refused(folder, dates[1]).await;
            assert!(
                error.contains("Office.parquet: its record of what was published about months is"),
                "{error}"
            );
        }
    });
}

/// If the newest date is dropped, nothing is known about the others.
#[test]
fn a_missing_record_is_not_made_anew_by_a_dropped_date() {
    let (events, dates) = (busy(&[1, 4]), month_ends());
    for (output, record) in [(HISTORY, "current/run.json"), (DELTA, "delta.json")] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        block_on(async {
            for as_of in &dates[..2] {
                suppressed(folder, &events, &format!("{}\n{output}", settings(2, 1)), *as_of).await;
            }
            let record = folder.join("out/.engagement/Office").join(record);
            match output {
                HISTORY => fs::remove_file(record).unwrap(),
                _ => {
                    let text = fs::read_to_string(&record).unwrap();
                    let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
                    manifest["record"] = serde_json::Value::Null;
                    fs::write(record, manifest.to_string()).unwrap();
                }
            }
            let ctx = session::new().unwrap();
            publish::drop_date(&ctx, &open(folder, dates[1]), dates[1]).await.unwrap();
            refused(folder, dates[2]).await;
        });
    }
}

/// A run without suppression goes on without the record. The next one with it does not know what was published.
#[test]
fn a_run_in_between_does_not_hide_that_the_record_is_missing() {
    let (events, dates) = (busy(&[1, 4]), month_ends());
    for (output, record) in [(HISTORY, "current/run.json"), (DELTA, "delta.json")] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let with = |k| format!("{}\n{output}", settings(k, 1));
        block_on(async {
            suppressed(folder, &events, &with(2), dates[0]).await;
            fs::remove_file(folder.join("out/.engagement/Office").join(record)).unwrap();
            suppressed(folder, &events, &with(1), dates[1]).await;
            for is_dropped in [false, true] {
                if is_dropped {
                    let ctx = session::new().unwrap();
                    publish::drop_date(&ctx, &open(folder, dates[1]), dates[1]).await.unwrap();
                }
                inputs(folder, &events, &with(2)).await;
                let error = refused(folder, dates[2]).await;
                assert!(
                    error.contains(&format!("about the months until {} is forgotten", dates[0])),
                    "{error}"
                );
            }
        });
    }
}

/// The record stays if the date that is dropped was published without suppression.
#[test]
fn a_dropped_date_without_suppression_does_not_take_the_record() {
    let (before, dates) = (busy(&[1, 4]), month_ends());
    let after = [&before[..], &[late()]].concat();
    for output in [HISTORY, DELTA] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let with = |k| format!("{}\n{output}", settings(k, 1));
        block_on(async {
            assert!(suppressed(folder, &before, &with(2), dates[0]).await.is_empty());
            assert!(suppressed(folder, &before, &with(1), dates[1]).await.is_empty());
            let ctx = session::new().unwrap();
            publish::drop_date(&ctx, &open(folder, dates[1]), dates[1]).await.unwrap();
            assert_eq!(suppressed(folder, &after, &with(2), dates[1]).await, ["a0"], "{output}");
        });
    }
}

/// Another enrichment that replaces what is published does not make the first one forget.
#[test]
fn months_are_remembered_through_another_enrichment() {
    let (before, dates) = (busy(&[1, 4]), month_ends());
    let after = [&before[..], &[late()]].concat();
    for (output, between) in [("", 2), ("", 1), (HISTORY, 2), (DELTA, 2)] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        // The accounts that are suppressed after a run of the enrichment with this name.
        let run_as = async |name: &str, events: &[Event], min_people: u32, as_of: NaiveDate| {
            inputs(folder, events, &format!("{}\n{output}", settings(min_people, 1))).await;
            let file = folder.join("enrichment.toml");
            let text = fs::read_to_string(&file).unwrap();
            fs::write(&file, text.replace("name = \"world\"", &format!("name = \"{name}\""))).unwrap();
            let (as_of_text, out) = (Some(as_of.to_string()), Some(folder.join("out")));
            let overrides =
                Overrides { as_of: as_of_text, output: out, replace: true, ..Overrides::default() };
            run_with(&Enrichment::open_with(&file, &overrides).unwrap()).await;
            suppressed_now(folder, as_of).await
        };
        block_on(async {
            assert!(run_as("us", &before, 2, dates[0]).await.is_empty());
            for as_of in &dates[1..3] {
                // It has published nothing before, so it may publish what has arrived late.
                assert!(run_as("emea", &after, between, *as_of).await.is_empty(), "{output} {between}");
            }
            assert_eq!(run_as("us", &after, 2, dates[2]).await, ["a0"], "{output} {between}");
            assert!(run_as("emea", &after, between, dates[2]).await.is_empty(), "{output} {between}");
        });
    }
}

/// Whether anything is left of an account that has changed is not in the number of engaged accounts.
#[test]
fn suppressed_accounts_count_as_engaged() {
    let (before, dates) = (busy(&[1, 4]), month_ends());
    for left in [0, 1] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let of_the_first = before.iter().filter(|event| event.accounts == 1).take(left);
        let after: Vec<_> =
            before.iter().filter(|event| event.accounts != 1).chain(of_the_first).copied().collect();
        block_on(async {
            assert!(suppressed(folder, &before, &settings(2, 1), dates[0]).await.is_empty());
            assert_eq!(suppressed(folder, &after, &settings(2, 1), dates[0]).await, ["a0"]);
            let ctx = session::published(&open(folder, dates[0])).await.unwrap();
            let engaged = r#"select "AccountsEngaged" from "Office_Overview""#;
            assert_eq!(rows(&ctx, engaged).await.unwrap(), [["2"]], "{left}");
        });
    }
}

/// How many accounts were changed would tell about the months of those that are suppressed anyway.
#[test]
fn the_note_does_not_count_accounts_that_are_small_anyway() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, dates) = (folder.path(), month_ends());
    block_on(async {
        inputs(folder, &busy(&[1, 4]), &settings(3, 1)).await;
        run_with(&open(folder, dates[0])).await;
        let small = Event { arrives: dates[1], ..Event::new(2, day(5, 20), TO, 1) };
        for more in [vec![late()], vec![late(), small]] {
            inputs(folder, &[busy(&[1, 4]), more].concat(), &settings(3, 1)).await;
            let notes = run_with(&open(folder, dates[0])).await.notes;
            assert!(notes.iter().any(|note| note.contains("(1 of them because what was")), "{notes:?}");
        }
    });
}

/// Tables in the other format are publications, too.
#[test]
fn months_are_remembered_through_another_format() {
    let (before, dates) = (busy(&[1, 4]), month_ends());
    let after = [&before[..], &[late()]].concat();
    for [first, second] in [["", DELTA], [DELTA, ""]] {
        let folder = tempfile::tempdir().unwrap();
        let with = |output| format!("{}\n{output}", settings(3, 1));
        block_on(async {
            assert!(suppressed(folder.path(), &before, &with(first), dates[0]).await.is_empty());
            assert_eq!(suppressed(folder.path(), &after, &with(second), dates[1]).await, ["a0"]);
        });
    }
}

/// Without the record, nothing would be known about what was published.
#[test]
fn a_record_that_is_missing_or_damaged_stops_a_run() {
    type Damage = fn(&Path);
    let cases: [(&str, Damage); 4] = [
        (DELTA, |folder| fs::remove_file(folder.join("out/.engagement/Office/delta.json")).unwrap()),
        ("", |folder| fs::remove_file(folder.join("out/.engagement/Office/current/run.json")).unwrap()),
        (HISTORY, |folder| {
            let file = folder.join("out/.engagement/Office/current/run.json");
            let text = fs::read_to_string(&file).unwrap();
            fs::write(file, &text[..text.len() / 2]).unwrap();
        }),
        (DELTA, |folder| {
            let file = folder.join("out/.engagement/Office/delta.json");
            let mut manifest: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            manifest["record"] = serde_json::Value::Null;
            fs::write(file, manifest.to_string()).unwrap();
        }),
    ];
    for (output, damage) in cases {
        let folder = tempfile::tempdir().unwrap();
        let (folder, as_of) = (folder.path(), month_ends()[0]);
        block_on(async {
            inputs(folder, &busy(&[1, 4]), &format!("{}\n{output}", settings(2, 1))).await;
            run_with(&open(folder, as_of)).await;
            damage(folder);
            let error = pipeline::run(&open(folder, as_of), &Silent).await.unwrap_err().to_string();
            assert!(
                error.contains(": its record of what was published about months is missing or damaged, so")
                    && error.ends_with(" --publish-changed"),
                "{error}"
            );
            assert_eq!(pipeline::check(&open(folder, as_of)).await.unwrap_err().to_string(), error);
            let (date, out) = (Some(as_of.to_string()), Some(folder.join("out")));
            let overrides =
                Overrides { as_of: date, output: out, publish_changed: true, ..Overrides::default() };
            run_with(&Enrichment::open_with(folder.join("enrichment.toml"), &overrides).unwrap()).await;
            run_with(&open(folder, as_of)).await;
        });
    }
}

/// A commit to a Delta table is there for ever, also if the run is killed before its record is written.
#[test]
fn months_of_a_run_that_was_killed_after_its_commits_are_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, as_of, before) = (folder.path(), month_ends()[0], busy(&[1, 4]));
    let settings = format!("{}\n{DELTA}", settings(3, 1));
    let home = folder.join("out/.engagement/Office");
    let announced = || {
        let names =
            fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with("unpublished-run-")).count()
    };
    block_on(async {
        inputs(folder, &before, &settings).await;
        let published = run_with(&open(folder, as_of)).await;
        assert_eq!(announced(), 0, "{published:?}");
        // As it is if a run is killed between its last commit and the manifest.
        let manifest: serde_json::Value =
            serde_json::from_slice(&fs::read(home.join("delta.json")).unwrap()).unwrap();
        let months = manifest["record"]["months"].to_string();
        assert!(months.len() > 100);
        fs::write(home.join("unpublished-run-0.json"), months).unwrap();
        fs::remove_file(home.join("delta.json")).unwrap();
        let after = [&before[..], &[late()]].concat();
        assert_eq!(suppressed(folder, &after, &settings, as_of).await, ["a0"]);
        assert_eq!(announced(), 0);
    });
}

/// Of two runs at the same time, the one that ends later does not know what the other one has published.
#[test]
fn only_one_of_two_runs_at_once_is_published() {
    struct Meanwhile<'a>(&'a Path, std::sync::Once);
    impl pipeline::Progress for Meanwhile<'_> {
        fn stage(&self, name: &str) {
            if name == "Office" {
                let Self(folder, once) = self;
                let other = || block_on(run_with(&open(folder, month_ends()[0])));
                once.call_once(|| std::thread::scope(|scope| drop(scope.spawn(other).join().unwrap())));
            }
        }
    }
    for (output, min_people) in [("", 3), (HISTORY, 3), (DELTA, 3), ("", 1)] {
        let folder = tempfile::tempdir().unwrap();
        let (folder, before) = (folder.path(), busy(&[1, 4]));
        let settings = format!("{}\n{output}", settings(min_people, 1));
        block_on(async {
            inputs(folder, &before, &settings).await;
            run_with(&open(folder, month_ends()[0])).await;
            let enrichment = open(folder, month_ends()[0]);
            let meanwhile = Meanwhile(folder, std::sync::Once::new());
            let outcome = pipeline::run(&enrichment, &meanwhile).await;
            let error = outcome.err().map(|error| (error.to_string(), error.is_temporary()));
            if min_people == 1 {
                assert_eq!(error, None);
            } else {
                let (text, is_temporary) = error.unwrap();
                assert!(text.contains("has published since") || text.contains("committed"), "{text}");
                assert!(is_temporary);
            }
        });
    }
}

/// Replaces the accounts and the contacts of a folder by the results of queries over them.
async fn replace(folder: &Path, accounts: &str, contacts: &str) {
    for (name, sql) in [("accounts", accounts), ("contacts", contacts)] {
        let file = folder.join(format!("{name}.parquet"));
        let ctx = session::new().unwrap();
        ctx.register_batch(name, read(&file)).unwrap();
        let batches = ctx.sql(sql).await.unwrap().collect().await.unwrap();
        let schema = batches[0].schema();
        write(&file, &datafusion::arrow::compute::concat_batches(&schema, &batches).unwrap());
    }
}

/// A new account can be a part of one that was published, or the same one with another identifier.
#[test]
fn an_account_that_can_be_another_one_is_suppressed() {
    const ALL: [&str; 2] = ["select * from accounts", "select * from contacts"];
    // The third account does not exist, and its contact belongs to the first one, or to nobody.
    const ONE: [&str; 2] = [
        "select * from accounts where account_id <> 'a2'",
        "select email, case account_id when 'a2' then 'a0' else account_id end as account_id from contacts \
         where email in ('c@a0.com', 'c@a2.com')",
    ];
    const WITHOUT: [&str; 2] = [
        "select * from accounts where account_id <> 'a2'",
        "select * from contacts where email = 'c@a0.com'",
    ];
    const RENAMED: [&str; 2] = [
        "select replace(account_id, 'a0', 'b0') as account_id, domain from accounts",
        "select email, replace(account_id, 'a0', 'b0') as account_id from contacts",
    ];
    let cases: [([&str; 2], [&str; 2], &[&str]); 5] = [
        (ONE, ALL, &["a0", "a2"]),
        // Merged: the account that is gone was published.
        (ALL, ONE, &["a0"]),
        (ALL, RENAMED, &["b0"]),
        // An account that is new or gone, and no published month of another one has changed.
        (WITHOUT, ALL, &[]),
        (ALL, ALL, &[]),
    ];
    for ([accounts, contacts], [later_accounts, later_contacts], expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let (folder, events) = (folder.path(), busy(&[1, 4]));
        block_on(async {
            inputs(folder, &events, &settings(2, 1)).await;
            replace(folder, accounts, contacts).await;
            run_with(&open(folder, month_ends()[0])).await;
            assert!(suppressed_now(folder, month_ends()[0]).await.is_empty());
            inputs(folder, &events, &settings(2, 1)).await;
            replace(folder, later_accounts, later_contacts).await;
            run_with(&open(folder, month_ends()[1])).await;
            assert_eq!(suppressed_now(folder, month_ends()[1]).await, expected, "{later_accounts}");
        });
    }
}

/// What was published about March is in April now, and with another account.
#[test]
fn an_account_with_another_month_of_a_changed_one_is_suppressed() {
    let folder = tempfile::tempdir().unwrap();
    let (folder, dates) = (folder.path(), month_ends());
    let moved = |day: NaiveDate| Event { day, ..Event::new(1, day, TO, EVERYBODY) };
    let others = busy(&[4]);
    block_on(async {
        let (first, second) = (moved(day(5, 28)), moved(day(6, 2)));
        inputs(folder, &[&others[..], &[first]].concat(), &settings(2, 1)).await;
        run_with(&open(folder, dates[0])).await;
        // The account is suppressed, and what it has now is not recorded.
        let published =
            suppressed(folder, &[&others[..], &[second]].concat(), &settings(2, 1), dates[1]).await;
        assert_eq!(published, ["a0"]);
        replace(
            folder,
            "select replace(account_id, 'a0', 'b0') as account_id, domain from accounts",
            "select email, replace(account_id, 'a0', 'b0') as account_id from contacts",
        )
        .await;
        run_with(&open(folder, dates[2])).await;
        assert_eq!(suppressed_now(folder, dates[2]).await, ["b0"]);
    });
}

/// The first and the last day of a month are published, too: in another time zone, they tell the hour of a message.
#[test]
fn days_of_a_month_are_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let (events, as_of) = (busy(&[1, 4]), month_ends()[0]);
    block_on(async {
        assert!(suppressed(folder.path(), &events, &settings(2, 1), as_of).await.is_empty());
        let elsewhere = format!("{}\ntime_zone = 'Pacific/Auckland'", settings(2, 1));
        assert_eq!(suppressed(folder.path(), &events, &elsewhere, as_of).await, ["a0", "a2"]);
    });
}

/// A company that no account knows is listed if it would be published as an account.
#[test]
fn companies_are_judged_as_accounts() {
    let listed = |more: &[Event], min_people| {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        block_on(async {
            inputs(folder, &[&busy(&[1, 4])[..], more].concat(), &settings(min_people, 1)).await;
            let (accounts, contacts) = (
                "select * from accounts where account_id = 'a0'",
                "select * from contacts where account_id = 'a0'",
            );
            replace(folder, accounts, contacts).await;
            let ctx = session::new().unwrap();
            let companies =
                pipeline::companies(&ctx, &open(folder, month_ends()[0]), 1, &Silent).await.unwrap();
            let all = texts(&companies.collect().await.unwrap());
            all.into_iter().map(|row| [row[0].clone(), row[1].clone(), row[4].clone()]).collect::<Vec<_>>()
        })
    };
    assert_eq!(listed(&[], 1), [["a2.com", "12", "4"]]);
    assert_eq!(listed(&[], 3), [["a2.com", "12", "3"]]);
    // A year with everybody does not make a month of one person large.
    let small = Event::new(4, day(5, 20), super::MEETING_TO, 1);
    assert_eq!(listed(&[small], 1), [["a2.com", "12", "4"]]);
    assert!(listed(&[small], 3).is_empty());
    assert_eq!(listed(&[Event::new(4, day(5, 20), super::MEETING_TO, EVERYBODY)], 3).len(), 1);
}
