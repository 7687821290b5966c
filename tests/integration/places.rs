//! Locations of inputs and output: unusual paths, distant dates, and obstacles to publishing.

use std::fs;
use std::path::Path;

use datafusion_engagement::config::{Enrichment, Overrides};
use datafusion_engagement::error::ErrorKind;
use datafusion_engagement::pipeline::{self, Silent};
use datafusion_engagement::query::session;

use crate::support::{block_on, bundled, bundled_as_of, data, published, rows};

/// A copy of the bundled data in a folder; `mail` is the path of its mail input.
fn copy(folder: &Path, mail: &str) -> Enrichment {
    fs::create_dir_all(folder.join("mail")).unwrap();
    for name in [
        "enrichment.toml",
        "users.parquet",
        "groups.parquet",
        "contacts.parquet",
        "accounts.parquet",
        "meetings.parquet",
    ] {
        fs::copy(data().join(name), folder.join(name)).unwrap();
    }
    for file in fs::read_dir(data().join("mail")).unwrap().map(|e| e.unwrap()) {
        fs::copy(file.path(), folder.join("mail").join(file.file_name())).unwrap();
    }
    let text = fs::read_to_string(folder.join("enrichment.toml")).unwrap();
    fs::write(folder.join("enrichment.toml"), text.replace("\"mail/\"", &format!("{mail:?}"))).unwrap();
    Enrichment::open(folder.join("enrichment.toml")).unwrap()
}

#[test]
fn paths_with_dots_and_pattern_characters_are_taken_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    // A sibling folder that matches the name of the first one if that is read as a pattern.
    fs::create_dir_all(folder.path().join("e").join("mail")).unwrap();
    let odd = folder.path().join("[eu] 100%25 ä");
    fs::create_dir_all(&odd).unwrap();
    let mut enrichment = copy(&odd, "../[eu] 100%25 ä/mail");
    enrichment.output.path = "../out #1".to_string();
    let globbed = copy(&odd, "mail/*.parquet");
    block_on(async {
        let report = pipeline::run(&enrichment, &Silent).await.unwrap();
        let ctx = session::published(&enrichment).await.unwrap();
        let office = rows(&ctx, "select count(*) as n from \"Office\"").await.unwrap();
        assert_eq!(office, [[report.office_rows.to_string()]]);
        let again = pipeline::run(&globbed, &Silent).await.unwrap();
        assert_eq!(again.office_rows, report.office_rows);
    });
}

#[test]
fn any_day_of_the_calendar_can_be_the_last() {
    for day in ["9999-12-31", "2300-02-28", "1600-03-01"] {
        let folder = tempfile::tempdir().unwrap();
        let mut enrichment = bundled(folder.path());
        enrichment.as_of = day.parse().unwrap();
        enrichment.allow_future = true;
        let report = block_on(pipeline::run(&enrichment, &Silent)).unwrap();
        assert_eq!(report.overview.as_of.to_string(), day);
        assert_eq!(
            (report.overview.accounts_engaged, report.office_rows),
            (0, 60),
            "nothing but years without engagement"
        );
        assert_eq!(report.covered, None);
    }
}

#[test]
fn an_output_that_no_scheme_leads_to_is_refused() {
    let overrides = Overrides { output: Some("hdfs://node/out".into()), ..Overrides::default() };
    let enrichment = Enrichment::open_with(data().join("enrichment.toml"), &overrides).unwrap();
    let error = block_on(pipeline::run(&enrichment, &Silent)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Enrichment);
    assert!(error.to_string().contains("hdfs:// is not a supported scheme; copy the files"), "{error}");
}

#[test]
fn what_stands_in_the_way_is_named_before_anything_changes() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("Office.parquet"), "of somebody else").unwrap();
    fs::create_dir(folder.path().join("Office_Dispositions.parquet")).unwrap();
    let enrichment = bundled(folder.path());
    let error = block_on(pipeline::run(&enrichment, &Silent)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Output);
    assert!(
        error
            .to_string()
            .contains("Office_Dispositions.parquet: is a folder, but a run writes a symbolic link here"),
        "{error}"
    );
    assert_eq!(fs::read_to_string(folder.path().join("Office.parquet")).unwrap(), "of somebody else");

    // Plain files of other programs are replaced only if that is permitted.
    fs::remove_dir(folder.path().join("Office_Dispositions.parquet")).unwrap();
    let error = block_on(pipeline::run(&enrichment, &Silent)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Enrichment);
    assert!(error.to_string().contains("Office.parquet does not say that an enrichment has"), "{error}");
    assert_eq!(fs::read_to_string(folder.path().join("Office.parquet")).unwrap(), "of somebody else");
    let mut permitted = enrichment.clone();
    permitted.output.replace = true;
    block_on(pipeline::run(&permitted, &Silent)).unwrap();
    let other = tempfile::tempdir().unwrap();
    block_on(pipeline::run(&bundled_as_of(other.path(), None), &Silent)).unwrap();
    assert_eq!(published(folder.path()), published(other.path()));
}

#[test]
fn left_overs_without_a_lock_are_cleaned() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join(".engagement/Office");
    for name in ["run-orphan", "link-orphan", "mine"] {
        fs::create_dir_all(home.join(name)).unwrap();
    }
    block_on(pipeline::run(&bundled(folder.path()), &Silent)).unwrap();
    assert!(!home.join("run-orphan").exists() && !home.join("link-orphan").exists());
    assert!(home.join("mine").exists(), "what no run made is left alone");
}

#[test]
fn a_table_name_that_belongs_to_another_is_refused() {
    for (name, text) in [
        ("customercard", "would hide"),
        ("stg_mail", "would hide"),
        ("Sales_Overview", "ends like the name of a companion"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let mut enrichment = bundled(folder.path());
        enrichment.output.table = name.to_string();
        let error = block_on(pipeline::run(&enrichment, &Silent)).unwrap_err();
        assert!(error.to_string().contains(text), "{name}: {error}");
    }
}

#[test]
fn tables_go_by_the_name_of_the_enrichment_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut enrichment = bundled(folder.path());
    enrichment.output.table = "Sales".to_string();
    block_on(async {
        let report = pipeline::run(&enrichment, &Silent).await.unwrap();
        assert!(report.office.ends_with("Sales.parquet"));
        let ctx = session::published(&enrichment).await.unwrap();
        let both = "select count(*) from \"Sales\" except select count(*) from \"Office\"";
        assert!(rows(&ctx, both).await.unwrap().is_empty());
        rows(&ctx, "select * from \"Sales_ScoreExplained\" limit 1").await.unwrap();
    });
}
