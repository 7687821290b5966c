//! Tests of the members, computed by hand, and of replaced and broken segments.

use std::path::Path;

use super::*;
use crate::error::ErrorKind;
use crate::query::testing;

/// An enrichment with segments beside its file.
fn enrichment(folder: &Path, segments: &[(&str, &str)]) -> Enrichment {
    std::fs::create_dir_all(folder.join("segments")).unwrap();
    for (file, sql) in segments {
        std::fs::write(folder.join("segments").join(file), sql).unwrap();
    }
    testing::enrichment(folder)
}

async fn registered(files: &[(&str, &str)]) -> (Statements, Vec<Segment>) {
    let folder = tempfile::tempdir().unwrap();
    let ctx = testing::published().await;
    let segments = register(&ctx, &enrichment(folder.path(), files), &Source::ALL).await.unwrap();
    (Statements::new(ctx).await.unwrap(), segments)
}

async fn members(session: &mut Statements, view: &str) -> Result<Vec<String>> {
    let frame = session.plan(&format!("select customerid from {view} order by customerid")).await?;
    let batches = frame.collect().await.map_err(|e| session.explain(e))?;
    let text = |b: &datafusion::arrow::array::RecordBatch| {
        (0..b.num_rows())
            .map(|row| datafusion::arrow::util::display::array_value_to_string(b.column(0), row).unwrap())
            .collect::<Vec<_>>()
    };
    Ok(batches.iter().flat_map(text).collect())
}

#[tokio::test]
async fn the_shipped_ones() {
    let (mut session, segments) = registered(&[]).await;
    assert_eq!(segments.len(), 6);
    for segment in &segments {
        assert_eq!(segment.broken, None, "{}", segment.name);
        assert!(!segment.description.is_empty() && !segment.description.ends_with('.'), "{}", segment.name);
    }
    for (view, expected) in [
        // a2 never had a meeting, a4 wrote exactly 60 days ago, a5 was never contacted.
        ("segment_stale", vec!["a3"]),
        ("Segment_Silent", vec!["a5"]),
        ("SEGMENT_CHAMPIONS", vec!["a1"]),
        ("segment_onesided", vec!["a2"]),
        // a2: one by mail, none by meetings; a3: one and one; a4: two by mail; a5: none.
        ("Segment_SingleThreaded", vec!["a2", "a3"]),
        // a1 rose; a2 fell from 55 to 35, exactly 20; a3 from 40 to no row; a4 from 69 to 50, 19.
        ("segment_cooling", vec!["a2", "a3"]),
    ] {
        assert_eq!(members(&mut session, view).await.unwrap(), expected, "{view}");
    }
}

/// Nothing is asked of a source that is not there: of a2 there never was a meeting, a4 wrote 60 days ago and met
/// 90 days ago.
#[tokio::test]
async fn stale_without_a_source() {
    for (sources, expected) in [(&[Source::Mail], ["a2", "a3"]), (&[Source::Meetings], ["a3", "a4"])] {
        let ctx = testing::published().await;
        let folder = tempfile::tempdir().unwrap();
        register(&ctx, &enrichment(folder.path(), &[]), sources).await.unwrap();
        let mut session = Statements::new(ctx).await.unwrap();
        assert_eq!(members(&mut session, "segment_stale").await.unwrap(), expected, "{sources:?}");
    }
}

/// A user's segment has the same parameters as a shipped one.
#[tokio::test]
async fn files_have_the_parameters() {
    let (mut session, segments) = registered(&[
        ("met.sql", "select customerid from customercard where meetings > 3 and $has_meetings"),
        ("other.sql", "select customerid from customercard where meetings > $least"),
    ])
    .await;
    assert_eq!(members(&mut session, "segment_met").await.unwrap(), ["a1"]);
    let other = segments.iter().find(|s| s.is_called("other")).unwrap().broken.clone().unwrap_or_default();
    assert_eq!(other, "$least has no value; a segment can use $has_mail and $has_meetings");
}

#[tokio::test]
async fn a_fall_of_twenty_is_one_in_floating_point_too() {
    let ctx = testing::published().await;
    // 70.1 - 50.1 is slightly less than 20 in binary floating point.
    ctx.sql("drop table \"Office\"").await.unwrap();
    let office = r#"select "CustomerId", "Score" as "EngagementScore", cast("Start" as date) as "AggregationStartDate",
        'month' as "AggregationLevel" from (values ('a1', 70.1, '2026-10-01'), ('a1', 50.1, '2026-11-01'))
        as t ("CustomerId", "Score", "Start")"#;
    testing::table(&ctx, "Office", office).await;
    let folder = tempfile::tempdir().unwrap();
    register(&ctx, &enrichment(folder.path(), &[]), &Source::ALL).await.unwrap();
    let mut session = Statements::new(ctx).await.unwrap();
    assert_eq!(members(&mut session, "segment_cooling").await.unwrap(), ["a1"]);
}

#[tokio::test]
async fn files_add_replace_and_read_one_another() {
    let (mut session, segments) = registered(&[
        (
            "big.sql",
            "-- Many mails\n-- more\nselect customerid, emails from customercard where emails > 50;\n",
        ),
        ("a_first.sql", "select CUSTOMERID from segment_big"),
        ("Stale.sql", "-- Ours\nselect 'x' as customerid"),
        ("notes.txt", "no segment"),
    ])
    .await;
    assert_eq!(segments.len(), 8);
    assert!(segments.iter().all(|s| s.broken.is_none()), "{segments:?}");
    let named = |name: &str| segments.iter().find(|s| s.is_called(name)).unwrap();
    assert_eq!(named("BIG").description, "Many mails");
    assert_eq!(named("segment_AFirst").view(), "Segment_AFirst");
    assert!(named("stale").replaces_shipped() && !named("big").replaces_shipped());
    assert!(!named("silent").replaces_shipped());
    assert_eq!(members(&mut session, "segment_big").await.unwrap(), ["a1"]);
    assert_eq!(members(&mut session, "segment_afirst").await.unwrap(), ["a1"]);
    assert_eq!(members(&mut session, "segment_stale").await.unwrap(), ["x"]);
}

#[tokio::test]
async fn a_broken_one_fails_when_used_and_names_its_file() {
    let (mut session, segments) = registered(&[
        ("typo.sql", "select customerid from offic"),
        ("no_id.sql", "select name from customercard"),
        ("two.sql", "select customerid from office; select 1"),
        ("none.sql", "-- nothing yet"),
        ("writes.sql", "create view x as select 1 as customerid"),
        ("file.sql", "copy office to '/tmp/never.csv'"),
        ("open.sql", "select 'customerid"),
        ("circle.sql", "select customerid from segment_circle"),
        ("reads_typo.sql", "select customerid from segment_typo"),
        ("reads_on.sql", "select customerid from \"Segment_ReadsTypo\" where customerid <> 'a1'"),
        ("bad-name.sql", "select customerid from office"),
        ("o_ne.sql", "select customerid from office"),
        ("one.sql", "select customerid from office"),
        ("fails.sql", "select cast(customerid as int) as customerid from office"),
        ("of_segments.sql", "select CustomerId from \"Office_Segments\" where Segment = 'stale'"),
        ("of_dates.sql", "select customerid from office_segments_alldates"),
        ("today.sql", "select customerid from office where engagementstartdate > now() - interval '90 days'"),
        ("lot.sql", "select customerid from customercard where customerid in (select customerid from office where random() < 0.5)"),
        ("of_people.sql", "select email as customerid from \"Office_UserTable\""),
    ])
    .await;
    for (name, says) in [
        ("typo", "typo.sql: no table named offic; did you mean Office?"),
        ("no_id", "no_id.sql: a segment yields a column CustomerId, but this one does not"),
        ("two", "two.sql: a segment is one query, but the file has 2 statements"),
        ("none", "none.sql: a segment is one query, but the file has 0 statements"),
        ("writes", "writes.sql: a segment is a query, but this is another kind of statement"),
        ("file", "file.sql: COPY is not permitted here"),
        ("open", "open.sql: Unterminated string literal"),
        ("circle", "circle.sql: no table named segment_circle"),
        ("reads_typo", "reads_typo.sql: it reads Segment_Typo, which is broken"),
        ("reads_on", "reads_on.sql: it reads Segment_ReadsTypo, which is broken"),
        (
            "of_segments",
            "of_segments.sql: Office_Segments is made of the segments, so no segment can read it",
        ),
        ("of_dates", "of_dates.sql: Office_Segments is made of the segments, so no segment can read it"),
        ("today", "today.sql: now() gives something else whenever it is called, but a segment follows from"),
        ("lot", "lot.sql: random() gives something else whenever it is called"),
        ("of_people", "of_people.sql: Office_UserTable is about individuals, so no segment can read it"),
    ] {
        let segment = segments.iter().find(|s| s.is_called(name)).unwrap();
        let error = members(&mut session, &segment.view()).await.unwrap_err();
        assert!(error.to_string().contains(says), "{name}: {error}");
        assert_eq!(error.kind(), ErrorKind::Query, "{name}");
    }
    let broken =
        |name: &str| segments.iter().filter(|s| s.name == name).filter_map(|s| s.broken.clone()).next();
    assert!(broken("bad-name").is_some_and(|b| b.starts_with("rename the file")));
    assert_eq!(
        broken("one").as_deref(),
        Some("another file defines the view Segment_One too; rename one of them")
    );
    assert_eq!(members(&mut session, "segment_one").await.unwrap().len(), 13, "the first of the two works");
    assert_eq!(members(&mut session, "segment_stale").await.unwrap(), ["a3"], "the others work");
    let error = members(&mut session, "segment_fails").await.unwrap_err();
    assert!(error.to_string().contains("Cannot cast string 'a1'"), "{error}");
}

#[tokio::test]
async fn byte_order_marks_and_other_encodings() {
    let folder = tempfile::tempdir().unwrap();
    let query = "-- All\nselect customerid from office where aggregationlevel = 'year'";
    let enrichment = enrichment(folder.path(), &[("marked.sql", &format!("\u{feff}{query}"))]);
    let utf_16: Vec<u8> = format!("\u{feff}{query}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(folder.path().join("segments/utf_16.sql"), utf_16).unwrap();
    std::fs::write(folder.path().join("segments/latin.sql"), b"-- Caf\xe9\nselect 1").unwrap();
    let ctx = testing::published().await;
    let segments = register(&ctx, &enrichment, &Source::ALL).await.unwrap();
    let named = |name: &str| segments.iter().find(|s| s.is_called(name)).unwrap();
    assert_eq!((named("marked").broken.as_deref(), named("marked").description.as_str()), (None, "All"));
    assert_eq!(named("utf_16").broken.as_deref(), Some("this is UTF-16; save it as UTF-8"));
    let latin = "line 1 is not UTF-8 text; save the file as UTF-8";
    assert_eq!(named("latin").broken.as_deref(), Some(latin));
    let mut session = Statements::new(ctx).await.unwrap();
    assert_eq!(members(&mut session, "segment_marked").await.unwrap().len(), 5);
    let error = members(&mut session, "segment_utf16").await.unwrap_err().to_string();
    assert!(error.ends_with("segments/utf_16.sql: this is UTF-16; save it as UTF-8"), "{error}");
}

#[tokio::test]
async fn a_name_is_first_the_name_of_a_file() {
    let query = "select customerid from office";
    let called = |segments: &[Segment], name: &str| find(segments, name).map(|s| s.name.clone());
    let (_, segments) = registered(&[("segment_x.sql", query)]).await;
    for name in ["segment_x", "Segment_X", "SegmentX", "segment_segment_x", "Segment_SegmentX"] {
        assert_eq!(called(&segments, name).as_deref(), Some("segment_x"), "{name}");
    }
    assert_eq!(called(&segments, "x"), None);
    let (_, segments) = registered(&[("segment_x.sql", query), ("x.sql", query)]).await;
    assert_eq!(called(&segments, "segment_x").as_deref(), Some("segment_x"));
    assert_eq!(called(&segments, "x").as_deref(), Some("x"));
}

#[tokio::test]
async fn segments_that_cannot_be_listed_are_not_none() {
    let folder = tempfile::tempdir().unwrap();
    let ctx = testing::published().await;
    assert_eq!(
        register(&ctx, &testing::enrichment(folder.path()), &Source::ALL).await.unwrap().len(),
        6,
        "no folder"
    );
    // A missing permission would not stop root. A file instead of a folder does.
    std::fs::write(folder.path().join("segments"), "").unwrap();
    let error = register(&ctx, &testing::enrichment(folder.path()), &Source::ALL).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(
        error.to_string().contains("/segments: the segments cannot be listed: Not a directory"),
        "{error}"
    );
}

/// A chain is planned once, in its order, a segment can read many others, and a plan that grows too large is refused
/// with the number.
#[tokio::test]
async fn large_plans_are_refused_and_do_not_disturb() {
    let folder = tempfile::tempdir().unwrap();
    // By their names, each comes before the one that it reads.
    let name = |i: usize| format!("link{}", 99 - i);
    let mut files = vec![(format!("{}.sql", name(0)), "select customerid from customercard".to_owned())];
    files.extend((1..60).map(|i| {
        (
            format!("{}.sql", name(i)),
            format!("select customerid from segment_{} where customerid <> ''", name(i - 1)),
        )
    }));
    let part = |i: usize| format!("select customerid from segment_part{i}");
    files.extend((0..40).map(|i| {
        (format!("part{i}.sql"), format!("select customerid from customercard where emails > {i}"))
    }));
    files.push(("all_parts.sql".to_owned(), (0..40).map(part).collect::<Vec<_>>().join(" union ")));
    // Each reads the one before twice: their plans double.
    files.push(("twice0.sql".to_owned(), "select customerid from customercard".to_owned()));
    files.extend((1..60).map(|i| {
        let before = format!("select customerid from segment_twice{}", i - 1);
        (format!("twice{i}.sql"), format!("{before} union all {before}"))
    }));
    let files: Vec<(&str, &str)> = files.iter().map(|(file, sql)| (file.as_str(), sql.as_str())).collect();
    let ctx = testing::published().await;
    let segments = register(&ctx, &enrichment(folder.path(), &files), &Source::ALL).await.unwrap();
    let broken =
        |name: &str| segments.iter().find(|s| s.name == name).unwrap().broken.clone().unwrap_or_default();
    for good in [&name(0), &name(59), "part39", "all_parts", "twice4"] {
        assert_eq!(broken(good), "", "{good}");
    }
    let large = "with the segments that it reads, it has more than 1000 operators; read fewer of them";
    let first = (0..60).find(|i| !broken(&format!("twice{i}")).is_empty()).unwrap();
    assert_eq!(broken(&format!("twice{first}")), large);
    for i in first + 1..60 {
        let says = format!("it reads Segment_Twice{}, which is broken", i - 1);
        assert_eq!(broken(&format!("twice{i}")), says);
    }
    let mut session = Statements::new(ctx).await.unwrap();
    assert_eq!(members(&mut session, "segment_stale").await.unwrap(), ["a3"]);
    assert_eq!(members(&mut session, &format!("segment_{}", name(59))).await.unwrap().len(), 5);
}
