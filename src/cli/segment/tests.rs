//! Tests of the list, of the members and of what is said about them.

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;

use super::listing::listing;
use super::members::query;
use super::remarks::unknown;
use super::*;
use crate::cli::results;
use crate::config::{Level, Source};
use crate::query::testing;

async fn session(files: &[(&str, &str)]) -> Session {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("segments")).unwrap();
    for (file, sql) in files {
        std::fs::write(folder.path().join("segments").join(file), sql).unwrap();
    }
    let (levels, sources) = (Level::ALL.to_vec(), Source::ALL.to_vec());
    let enrichment = testing::enrichment(folder.path());
    Session::over(testing::published().await, enrichment, levels, sources).await.unwrap()
}

#[tokio::test]
async fn the_list_has_sizes_and_reasons() {
    let twice = "-- Twice\nselect 'a1' as customerid union all select 'a1' union all select null";
    let session = session(&[
        ("twice.sql", twice),
        ("typo.sql", "select 1 from offic"),
        ("fails.sql", "select cast(customerid as int) as customerid from office"),
        ("stale.sql", "-- Ours\nselect 'x' as customerid"),
    ])
    .await;
    let listing = listing(&session).await.unwrap();
    let (names, texts) = (listing.column(0).as_string::<i32>(), listing.column(2).as_string::<i32>());
    let sizes = listing.column(1).as_primitive::<Int64Type>();
    let row = |name: &str| {
        let i = (0..listing.num_rows()).find(|&i| names.value(i) == name).unwrap();
        (sizes.iter().nth(i).unwrap(), texts.value(i))
    };
    assert_eq!(row("silent"), (Some(1), "No engaged message or meeting in the whole window"));
    assert_eq!(row("twice"), (Some(1), "Twice"));
    let ours = "Ours (replaces the shipped segment) (1 id is not in the profile)";
    assert_eq!(row("stale"), (Some(1), ours));
    assert_eq!(row("typo"), (None, "broken: no table named offic; did you mean Office?"));
    assert!(row("fails").0.is_none() && row("fails").1.starts_with("broken: Cast error"));
    assert_eq!(listing.num_rows(), 9);
}

/// What a segment prints, in a format.
async fn printed(session: &Session, name: &str, format: Format) -> String {
    let query = query(session, session.segment(name).unwrap()).await.unwrap();
    let plan = session.statements.logical_plan(&query).await.unwrap();
    let frame = session.statements.context().execute_logical_plan(plan).await.unwrap();
    let mut out = vec![];
    results::stream(&session.statements, frame, format, Layout::default(), &mut out).await.unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn members_stand_beside_name_and_score() {
    let some = "select unnest(make_array('a2', 'zz', 'a1', 'a2', null)) as customerid";
    let session = session(&[("some.sql", some)]).await;
    let expected = "CustomerId,Name,EngagementScore\na1,Acme Ltd,95.0\na2,Globex,55.0\nzz,,\n";
    assert_eq!(printed(&session, "Segment_SOME", Format::Csv).await, expected);
}

/// The columns of the segment itself come after the score, in their order. A name or score of its own is not there twice.
#[tokio::test]
async fn all_columns_of_a_segment_are_shown() {
    let months = "select Month, customerid, make_array(Emails) as \"My \"\"list\"\"\", Emails from customercard_history";
    let own = "select 'x' as NAME, engagementscore / 2 as engagementscore, customerid from customercard where emails > 10";
    let session = session(&[("by_month.sql", months), ("own.sql", own)]).await;
    let expected = "CustomerId,Name,EngagementScore,Month,\"My \"\"list\"\"\",Emails\n\
        a1,Acme Ltd,95.0,2026-10-01,[7],7\na1,Acme Ltd,95.0,2026-11-01,[12],12\n";
    assert_eq!(printed(&session, "ByMonth", Format::Csv).await, expected);
    let expected = "[{\"CustomerId\":\"a1\",\"Name\":\"x\",\"EngagementScore\":47.5},\
        {\"CustomerId\":\"a2\",\"Name\":\"x\",\"EngagementScore\":27.5}]\n";
    assert_eq!(printed(&session, "own", Format::Json).await, expected);
}

#[tokio::test]
async fn ids_of_nobody_and_files_that_are_not_read() {
    let session = session(&[
        ("number.sql", "select unnest(make_array(1, 2, null)) as customerid"),
        ("names.sql", "select name as customerid from customercard"),
        ("none.sql", "select customerid from office where false"),
    ])
    .await;
    let unknown = async |name: &str| unknown(&session, session.segment(name).unwrap()).await.unwrap();
    assert_eq!(unknown("number").await.as_deref(), Some("2 ids are not in the profile"));
    assert_eq!(unknown("names").await.as_deref(), Some("4 ids are not in the profile"));
    assert_eq!([unknown("none").await, unknown("silent").await], [None, None]);

    let folder = tempfile::tempdir().unwrap();
    let enrichment = testing::enrichment(folder.path());
    assert_eq!(unread(&enrichment).unwrap(), None, "there is no folder");
    let write = |name: &str| {
        let path = folder.path().join("segments").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "select 1").unwrap();
    };
    ["a.sql", "B.SQL", "a.sql~", "c.sql.bak", "README.txt", ".d.txt", "old/note.txt"]
        .into_iter()
        .for_each(write);
    assert_eq!(unread(&enrichment).unwrap(), None);
    ["big.sql.txt", "e", "g.txt", "sub/f.sql"].into_iter().for_each(write);
    let segments = folder.path().join("segments");
    let expected = format!(
        "note: not read as segments: {0}/big.sql.txt, {0}/e, {0}/g.txt, 1 more; the files segments/NAME.sql are",
        segments.display()
    );
    assert_eq!(unread(&enrichment).unwrap(), Some(expected));
}

#[tokio::test]
async fn names_are_found_in_any_spelling() {
    let session = session(&[]).await;
    for name in ["one_sided", "ONE_SIDED", "OneSided", "segment_onesided", "Segment_One_Sided"] {
        assert_eq!(session.segment(name).unwrap().name, "one_sided", "{name}");
    }
    assert_eq!(
        session.segment("stail").unwrap_err().to_string(),
        "no segment named stail; did you mean stale?"
    );
    let none = session.segment("qqq").unwrap_err().to_string();
    assert!(none.starts_with("no segment named qqq; there are stale, silent"), "{none}");
}

/// Two files whose names differ in case: the first one is the segment, and the other one does not answer for it.
#[tokio::test]
async fn a_broken_segment_is_not_another_one() {
    let session = session(&[
        ("Big_One.sql", "select customerid from customercard where emails > 50"),
        ("big_one.sql", "select customerid from customercard"),
    ])
    .await;
    assert_eq!(printed(&session, "Big_One", Format::Csv).await.lines().count(), 2);
    let error = session.segment("big_one").unwrap_err().to_string();
    let says = "another file defines the view Segment_BigOne too; rename one of them";
    assert!(error.contains("big_one.sql: ") && error.ends_with(says), "{error}");
    assert_eq!(session.segment("BIG_ONE").unwrap().name, "Big_One");
}

#[tokio::test]
async fn words_that_are_no_levels_are_remarked() {
    let session =
        session(&[("y.sql", "select customerid from office where aggregationlevel = 'Year'")]).await;
    let remarks = super::remarks::remarks(&session, session.segment("y").unwrap()).await.unwrap();
    assert_eq!(
        remarks,
        ["'Year' is not a level of AggregationLevel: those are 'year', 'quarter', 'month', 'week'"]
    );
}
