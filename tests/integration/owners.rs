//! Two enrichments with the same output: each reads its own tables only, and replaces those of the other one, or
//! files of other programs, only if the command line permits it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::Once;

use datafusion_engagement::config::Enrichment;
use datafusion_engagement::pipeline::{self, Progress};
use datafusion_engagement::query::session;
use tempfile::TempDir;

use crate::process::{ENGAGEMENT, caught, error, refused};
use crate::support::{block_on, data, files_in, rows};
use crate::worked;

/// The two formats of the output. Without the feature `delta` there is one.
const FORMATS: &[&str] = if cfg!(feature = "delta") { &["parquet", "delta"] } else { &["parquet"] };

/// The worked example as several enrichments of these names, each in a file of its own, with one output.
fn enrichments(names: &[&str], output: &str) -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    block_on(worked::inputs(folder.path()));
    let text = fs::read_to_string(folder.path().join("enrichment.toml")).unwrap();
    let file = |(i, name): (usize, &&str)| {
        let file = folder.path().join(format!("{i}.toml"));
        let text = text.replace("name = \"worked\"", &format!("name = \"{name}\""));
        fs::write(&file, format!("{text}[output]\npath = \"out/\"\n{output}\n")).unwrap();
        file
    };
    let files = names.iter().enumerate().map(file).collect();
    (folder, files)
}

fn command(name: &str, file: &Path, more: &[&str]) -> Output {
    let file = file.display().to_string();
    let arguments = [&[name, &file], more].concat();
    caught(ENGAGEMENT, &arguments.into_iter().map(str::to_owned).collect::<Vec<_>>()).output().unwrap()
}

fn fine(outcome: &Output) -> String {
    assert_eq!((outcome.status.code(), error(outcome).as_str()), (Some(0), ""));
    String::from_utf8_lossy(&outcome.stdout).into_owned()
}

/// Every file of a folder, with its content.
fn content(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = files_in(folder).into_iter().map(|f| (f.clone(), fs::read(f).unwrap())).collect();
    files.sort();
    files
}

/// The commands that read what is published.
const READERS: [(&str, &[&str]); 4] = [
    ("sql", &["-c", "select count(*) from office"]),
    ("card", &["acme"]),
    ("segment", &[]),
    ("segment", &["silent"]),
];

#[test]
fn neither_replaces_nor_reads_the_tables_of_the_other() {
    for format in FORMATS {
        let (folder, files) = enrichments(&["us", "emea"], &format!("format = \"{format}\""));
        let (us, emea) = (&files[0], &files[1]);
        fine(&command("run", us, &[]));
        let before = content(&folder.path().join("out"));
        for name in ["run", "check"] {
            let outcome = command(name, emea, &[]);
            refused(&outcome, 2, "is published by the enrichment \"us\", and this one is \"emea\"");
            assert!(error(&outcome).trim_end().ends_with("1.toml --replace"), "{}", error(&outcome));
        }
        for (name, more) in READERS {
            fine(&command(name, us, more));
            let says = "the published tables are those of the enrichment \"us\", and this one is \"emea\"";
            refused(&command(name, emea, more), 2, says);
        }
        assert_eq!(content(&folder.path().join("out")), before, "{format}: nothing is changed");
        fine(&command("check", us, &[]));
        fine(&command("run", us, &[]));
        let live = command("sql", emea, &["--live", "-c", "select 1"]);
        assert!(live.status.success(), "the inputs are its own");

        fine(&command("check", emea, &["--replace"]));
        fine(&command("run", emea, &["--replace"]));
        for (name, more) in READERS {
            fine(&command(name, emea, more));
            refused(&command(name, us, more), 2, "those of the enrichment \"emea\", and this one is \"us\"");
        }
        fine(&command("run", emea, &[]));
        refused(&command("run", us, &[]), 2, "is published by the enrichment \"emea\"");
        // Another table in the same folder is another place.
        let text = fs::read_to_string(us).unwrap();
        fs::write(us, text.replace("[output]", "[output]\ntable = \"Sales\"")).unwrap();
        fine(&command("run", us, &[]));
        fine(&command("sql", emea, &["-c", "select count(*) from office"]));
    }
}

#[test]
fn the_name_identifies_an_enrichment_and_not_its_file() {
    let (folder, files) = enrichments(&["us", "us"], "");
    fine(&command("run", &files[0], &[]));
    fine(&command("run", &files[1], &[]));
    fine(&command("sql", &files[0], &["-c", "select 1 from office"]));
    // The output folder is found elsewhere, and as a copy without links.
    let copy = folder.path().join("copy");
    let copied = std::process::Command::new("cp").args(["-rL", "out", "copy"]).current_dir(&folder).status();
    assert!(copied.unwrap().success());
    fs::remove_dir_all(copy.join(".engagement")).unwrap();
    let output = ["--output", copy.to_str().unwrap()];
    fine(&command("run", &files[1], &output));
    fine(&command("card", &files[1], &[&["acme"][..], &output].concat()));
}

#[test]
fn files_of_other_programs_are_not_replaced() {
    for name in ["Office.parquet", "Office_CustomerCard.parquet"] {
        let (folder, files) = enrichments(&["us"], "");
        let place = folder.path().join("out").join(name);
        fs::create_dir(folder.path().join("out")).unwrap();
        fs::copy(data().join("contacts.parquet"), &place).unwrap();
        let before = fs::read(&place).unwrap();
        for command_name in ["run", "check"] {
            let outcome = command(command_name, &files[0], &[]);
            refused(&outcome, 2, &format!("{name} does not say that an enrichment has published it"));
        }
        assert_eq!(content(&folder.path().join("out")), [(place.clone(), before)], "{name}");
        fine(&command("run", &files[0], &["--replace"]));
        assert!(place.is_symlink());
        // A table of another enrichment that was moved here is that of the other one.
        fs::remove_dir_all(folder.path().join("out")).unwrap();
        let (other, others) = enrichments(&["emea"], "");
        fine(&command("run", &others[0], &[]));
        fs::create_dir(folder.path().join("out")).unwrap();
        fs::copy(other.path().join("out").join(name), &place).unwrap();
        refused(&command("run", &files[0], &[]), 2, "is published by the enrichment \"emea\"");
        fs::remove_file(&place).unwrap();
        std::os::unix::fs::symlink("/nowhere", &place).unwrap();
        refused(&command("run", &files[0], &[]), 2, "does not say that an enrichment");
    }
}

/// A file of the published run that was replaced behind the links.
#[test]
fn the_files_of_a_published_run_belong_together() {
    let (folder, files) = enrichments(&["us", "emea"], "");
    let (us, elsewhere) = (&files[0], folder.path().join("elsewhere"));
    let current = folder.path().join("out/.engagement/Office/current");
    let output = ["--output", elsewhere.to_str().unwrap()];
    let others = |file: &Path, more: &[&str]| {
        let _ = fs::remove_dir_all(&elsewhere);
        fine(&command("run", file, &[&output[..], more].concat()));
    };
    let companions = ["Office_UserTable", "Office_CustomerCard_History"];
    for companion in companions.map(|name| format!("{name}.parquet")) {
        let path = current.join(&companion);
        let readers_refuse = |what: &str, ends: &str| {
            for (name, more) in READERS {
                let outcome = command(name, us, more);
                refused(&outcome, 2, &format!("/{companion} {what}"));
                assert!(error(&outcome).trim_end().ends_with(ends), "{}", error(&outcome));
            }
        };
        fine(&command("run", us, &[]));
        others(&files[1], &[]);
        fs::copy(elsewhere.join(&companion), &path).unwrap();
        readers_refuse("is of the enrichment \"emea\", and Office of \"us\"", "0.toml --replace");
        for name in ["run", "check"] {
            let says =
                format!("out/{companion} is published by the enrichment \"emea\", and this one is \"us\"");
            refused(&command(name, us, &[]), 2, &says);
        }
        fs::copy(data().join("contacts.parquet"), &path).unwrap();
        readers_refuse("does not say of which enrichment it is, and Office is of \"us\"", "0.toml --replace");
        refused(&command("run", us, &[]), 2, &format!("out/{companion} does not say that an enrichment"));
        fine(&command("run", us, &["--replace"]));
        // A file of another as-of date is this enrichment's own, so a run replaces it.
        others(us, &["--as-of", "2026-05-31"]);
        fs::copy(elsewhere.join(&companion), &path).unwrap();
        readers_refuse("is of the as-of date 2026-05-31, and Office of ", "0.toml");
        fine(&command("run", us, &[]));
        fine(&command("card", us, &["acme"]));
    }
}

/// Progress that executes a run of another enrichment while a run computes.
struct Meanwhile<'a> {
    file: &'a Path,
    once: Once,
}

impl Progress for Meanwhile<'_> {
    fn stage(&self, name: &str) {
        if name == "Office" {
            self.once.call_once(|| drop(fine(&command("run", self.file, &[]))));
        }
    }
}

#[test]
fn another_enrichment_that_publishes_meanwhile_is_not_replaced() {
    for format in FORMATS {
        let (folder, files) = enrichments(&["us", "emea"], &format!("format = \"{format}\""));
        let meanwhile = Meanwhile { file: &files[1], once: Once::new() };
        let us = Enrichment::open(&files[0]).unwrap();
        let error = block_on(pipeline::run(&us, &meanwhile)).unwrap_err().to_string();
        let says = match *format {
            "delta" => "another writer has committed to it since this run began",
            _ => "is published by the enrichment \"emea\", and this one is \"us\"",
        };
        assert!(error.contains(says), "{error}");
        fine(&command("card", &files[1], &["acme"]));
        let before = content(&folder.path().join("out"));
        refused(&command("run", &files[0], &[]), 2, "is published by the enrichment \"emea\"");
        assert_eq!(content(&folder.path().join("out")), before);
    }
}

/// With a history, the dates of the other enrichment remain, and are not shown as those of this one.
#[test]
fn dates_of_the_other_enrichment() {
    for format in FORMATS {
        let output = format!("format = \"{format}\"\nhistory = true");
        let (_folder, files) = enrichments(&["us", "emea"], &output);
        let run = |which: usize, more: &[&str]| command("run", &files[which], more);
        for date in ["2026-05-31", "2026-06-30"] {
            fine(&run(0, &["--as-of", date]));
        }
        refused(&run(1, &["--as-of", "2026-04-30"]), 2, "is published by the enrichment \"us\"");
        // The date of what is replaced does not matter: this run is published.
        fine(&run(1, &["--as-of", "2026-04-30", "--replace"]));
        let history = || {
            let emea = Enrichment::open(&files[1]).unwrap();
            block_on(async {
                let ctx = session::published(&emea).await.unwrap();
                rows(&ctx, r#"select "AsOfDate" from "Office_History" order by 1"#).await.unwrap().concat()
            })
        };
        assert_eq!(history(), ["2026-04-30"], "{format}");
        if *format == "parquet" {
            let says = "AsOfDate=2026-05-31/Office.parquet is published by the enrichment \"us\"";
            refused(&run(1, &["--as-of", "2026-05-31"]), 2, says);
        }
        fine(&run(1, &["--as-of", "2026-05-31", "--replace"]));
        assert_eq!(history(), ["2026-04-30", "2026-05-31"], "{format}");
    }
}

/// A first run that was killed after its first commit has left a table and no manifest.
#[cfg(feature = "delta")]
#[test]
fn tables_of_a_first_run_that_was_killed() {
    let (folder, files) = enrichments(&["us", "emea"], "format = \"delta\"");
    fine(&command("run", &files[0], &[]));
    fs::remove_file(folder.path().join("out/.engagement/Office/delta.json")).unwrap();
    refused(&command("run", &files[1], &[]), 2, "out/Office is published by the enrichment \"us\"");
    fine(&command("run", &files[0], &[]));
}

/// Parquet and Delta tables have different files in one folder, but the same names in SQL.
#[cfg(feature = "delta")]
#[test]
fn the_other_format_belongs_to_the_other_enrichment() {
    for (one, other) in [("parquet", "delta"), ("delta", "parquet")] {
        let (folder, files) = enrichments(&["us", "emea"], &format!("format = \"{one}\""));
        let (us, emea) = (&files[0], &files[1]);
        change(emea, &format!("format = \"{one}\""), &format!("format = \"{other}\""));
        fine(&command("run", us, &[]));
        let before = content(&folder.path().join("out"));
        for name in ["run", "check"] {
            let outcome = command(name, emea, &[]);
            let office = if one == "parquet" { "out/Office.parquet" } else { "out/Office" };
            refused(
                &outcome,
                2,
                &format!("{office} is published by the enrichment \"us\" in the other format, and this"),
            );
            assert!(error(&outcome).trim_end().ends_with("1.toml --replace"), "{}", error(&outcome));
        }
        assert_eq!(content(&folder.path().join("out")), before, "{one}: nothing is changed");
        fine(&command("run", emea, &["--replace"]));
        // It was permitted once: both go on, each with its own tables.
        for file in [us, emea] {
            fine(&command("run", file, &[]));
            fine(&command("card", file, &["acme"]));
        }
    }
}

fn change(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{from} in {text}");
    fs::write(file, text.replace(from, to)).unwrap();
}

/// After a change of `[output]`, the old tables still look current.
#[test]
fn old_tables_of_the_same_enrichment_are_named() {
    let (folder, files) = enrichments(&["us"], "");
    let us = &files[0];
    let note = |place: &str, date: &str| {
        format!(
            "Note: [output] {} is of this enrichment, too, as of {date}, and this run does not replace it; if no other",
            folder.path().join(place).display()
        )
    };
    let run = |more: &[&str], notes: &[String]| {
        let text = fine(&command("run", us, more));
        assert_eq!(text.matches("this run does not replace it").count(), notes.len(), "{text}");
        notes.iter().for_each(|note| assert!(text.contains(note), "{note}\n{text}"));
    };
    run(&["--as-of", "2026-05-31"], &[]);
    change(us, "[output]", "[output]\ntable = \"Sales\"");
    run(&[], &[note("out/Office.parquet", "2026-05-31")]);
    change(us, "path = \"out/\"", "path = \"new/\"");
    run(&[], &[note("out/Office.parquet", "2026-05-31"), note("out/Sales.parquet", "2026-06-30")]);
    run(&["--output", folder.path().join("given").to_str().unwrap()], &[]);
    fs::remove_dir_all(folder.path().join("out")).unwrap();
    run(&[], &[]);
    if FORMATS.contains(&"delta") {
        change(us, "[output]", "[output]\nformat = \"delta\"");
        run(&[], &[note("new/Sales.parquet", "2026-06-30")]);
        change(us, "format = \"delta\"", "format = \"parquet\"");
        run(&[], &[note("new/Sales", "2026-06-30")]);
        // What is deleted is not named.
        for table in datafusion_engagement::publish::TABLES {
            fs::remove_dir_all(folder.path().join("new").join(table.folder("Sales"))).unwrap();
        }
        run(&[], &[]);
    }
}

#[test]
fn the_hint_to_run_keeps_the_output() {
    let (folder, files) = enrichments(&["us"], "");
    let output = folder.path().join("my out").display().to_string();
    for (name, more) in READERS {
        let outcome = command(name, &files[0], &[more, &["--output", &output]].concat());
        let file = files[0].display();
        refused(&outcome, 1, &format!("start with: engagement run {file} --output '{output}'\n"));
        let plain = command(name, &files[0], more);
        assert!(
            error(&plain).ends_with(&format!("start with: engagement run {file}\n")),
            "{}",
            error(&plain)
        );
    }
}
