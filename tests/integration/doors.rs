//! The public entry points of the library: functions on any session, live and published sessions, and a run
//! that replaces the published tables as a whole or not at all.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::SessionContext;
use datafusion_engagement::config::Enrichment;
use datafusion_engagement::error::{Error, ErrorKind};
use datafusion_engagement::functions;
use datafusion_engagement::pipeline::{self, Silent};
use datafusion_engagement::publish::{self, TABLES};
use datafusion_engagement::query::session;

use crate::support::{
    attributes, block_on, bundled, bundled_as_of, bundled_run, data, published, rows, value,
};

#[test]
fn functions_on_any_session() {
    block_on(async {
        let mut ctx = SessionContext::new();
        functions::register(&mut ctx).unwrap();
        let people = "select distinct_people(normalize_address(a)) from (values ('Ann <ANN@x.com>'), ('ann@x.com'), ('b@x.com')) t(a)";
        assert_eq!(value(&ctx, people).await, "2");

        let mut state = SessionStateBuilder::new().with_default_features().build();
        functions::register(&mut state).unwrap();
        assert_eq!(value(&SessionContext::new_with_state(state), people).await, "2");
    });
}

#[test]
fn a_live_session_shows_every_layer() {
    let output = tempfile::tempdir().unwrap();
    block_on(async {
        let ctx = session::live(&bundled(output.path())).await.unwrap();
        for (view, least) in
            [("stg_mail", 5000), ("message_account", 1000), ("account_day", 900), ("\"Office\"", 500)]
        {
            let count: usize = value(&ctx, &format!("select count(*) from {view}")).await.parse().unwrap();
            assert!(count >= least, "{view} has {count} rows");
        }
        assert_eq!(
            value(&ctx, "select cast(max(day) as varchar) <= '2026-10-31' from account_day").await,
            "true"
        );
        assert!(fs::read_dir(output.path()).unwrap().next().is_none(), "nothing is written");
    });
}

#[test]
fn a_published_session_shows_what_is_published() {
    let run = bundled_run();
    block_on(async {
        let ctx = session::published(&run.enrichment).await.unwrap();
        let shown =
            rows(&ctx, "select table_name from information_schema.tables where table_schema = 'public'")
                .await;
        let shown: BTreeSet<String> = shown.unwrap().into_iter().flatten().collect();
        let mut expected: BTreeSet<String> = TABLES.iter().map(|t| t.name.to_string()).collect();
        let retained = TABLES.iter().filter(|t| t.name != "Office_UserTable");
        expected.extend(retained.map(|t| format!("{}_AllDates", t.name)));
        let views = ["Account", "Office_Changes", "Office_History", "Office_ScoreExplained"];
        expected.extend(views.map(str::to_string));
        assert_eq!(shown, expected, "no view with people in it");
        let count = value(&ctx, r#"select count(*) from "Office""#).await;
        assert_eq!(count, run.report.office_rows.to_string());
    });
}

#[test]
fn nothing_published_yet() {
    let output = tempfile::tempdir().unwrap();
    let error = block_on(session::published(&bundled(output.path()))).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Output);
    let text = error.to_string();
    assert!(text.contains(&output.path().display().to_string()), "{text}");
    assert!(text.contains("nothing is published there yet; start with: engagement run "), "{text}");
}

/// Published files have the columns, types and nullability of their contract.
#[test]
fn published_files_keep_the_contract() {
    let folder = Path::new(&bundled_run().report.office).parent().unwrap();
    for table in TABLES {
        let batch = crate::files::read(&folder.join(table.file("Office")));
        assert_eq!(batch.schema().fields(), table.schema(1, &attributes()).fields(), "{}", table.name);
        assert!(batch.num_rows() > 0, "{}", table.name);
    }
}

/// A copy of the bundled data with an enrichment that publishes into another folder.
fn copy_of_the_data(folder: &Path) -> Enrichment {
    let mut enrichment = bundled(&folder.join("out"));
    fs::create_dir_all(folder.join("mail")).unwrap();
    for file in fs::read_dir(data().join("mail")).unwrap().map(|e| e.unwrap()) {
        fs::copy(file.path(), folder.join("mail").join(file.file_name())).unwrap();
    }
    enrichment.mail.as_mut().unwrap().path = folder.join("mail").display().to_string();
    enrichment
}

/// The folders of runs below an output folder.
fn run_folders(output: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(output.join(".engagement/Office")).unwrap();
    let names = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|n| n.starts_with("run-")).collect()
}

async fn run(enrichment: &Enrichment) -> Result<pipeline::Report, Error> {
    pipeline::run(enrichment, &Silent).await
}

#[test]
fn a_run_that_fails_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let enrichment = copy_of_the_data(folder.path());
    let output = folder.path().join("out");
    block_on(run(&enrichment)).unwrap();
    let (before, folders) = (published(&output), run_folders(&output));
    assert_eq!(folders.len(), 1);

    // A page of the first column is damaged; the footer, which is read first, is not.
    let damaged = folder.path().join("mail/2026-03-19.parquet");
    let mut bytes = fs::read(&damaged).unwrap();
    bytes[4..400].fill(0xff);
    fs::write(&damaged, bytes).unwrap();
    let error = block_on(run(&enrichment)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    let text = error.to_string();
    let names_it = format!("[mail] {}: is damaged or cannot be read", damaged.display());
    assert!(text.starts_with(&names_it) && !text.contains('\n'), "{text}");
    assert_eq!((published(&output), run_folders(&output)), (before.clone(), folders.clone()));

    // A file that is cut short is found before anything is computed.
    let bytes = fs::read(&damaged).unwrap();
    fs::write(&damaged, &bytes[..bytes.len() / 2]).unwrap();
    let error = block_on(run(&enrichment)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Input);
    assert!(error.to_string().contains(&damaged.display().to_string()), "{error}");
    assert_eq!((published(&output), run_folders(&output)), (before.clone(), folders.clone()));

    // Too few mailboxes are found after the run has created its folder.
    let mut alone = copy_of_the_data(folder.path());
    alone.mailboxes.truncate(2);
    alone.mailboxes.remove(0);
    let error = block_on(run(&alone)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Enrichment);
    assert!(
        error.to_string().contains("lists 1 mailboxes after groups are resolved; 2 to 2500 are needed"),
        "{error}"
    );
    assert_eq!((published(&output), run_folders(&output)), (before, folders));
}

/// The as-of date in the footer of each published file.
async fn as_of(enrichment: &Enrichment) -> String {
    let ctx = session::new().unwrap();
    let office = publish::register(&ctx, enrichment).await.unwrap().get("as_of").unwrap().to_string();
    assert_eq!(value(&ctx, r#"select "AsOfDate" from "Office_Overview""#).await, office);
    let year = r#"select max("Month") from "CustomerCard_History""#;
    assert_eq!(value(&ctx, year).await[..7], office[..7]);
    office
}

#[test]
fn a_second_run_replaces_everything() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (bundled(folder.path()), bundled_as_of(folder.path(), Some("2026-09-15")));
    block_on(async {
        run(&first).await.unwrap();
        assert_eq!(as_of(&first).await, "2026-10-31");
        let reader = session::published(&first).await.unwrap();
        let office = r#"select * from "Office" order by 1, 16, 17"#;
        let before = rows(&reader, office).await.unwrap();
        let links = published(folder.path());

        // The folder of a killed run is deleted; the folder of a run in progress stays.
        let home = folder.path().join(".engagement/Office");
        for name in ["run-killed", "run-going-on"] {
            fs::create_dir(home.join(name)).unwrap();
            fs::write(home.join(name).join("Office.parquet"), "half").unwrap();
        }
        fs::File::create(home.join("run-killed/lock")).unwrap();
        let going_on = fs::File::create(home.join("run-going-on/lock")).unwrap();
        going_on.lock().unwrap();
        run(&second).await.unwrap();
        let folders = run_folders(folder.path());
        assert!(!folders.contains("run-killed") && folders.contains("run-going-on"), "{folders:?}");
        assert_eq!(folders.len(), 3, "this run, the one before, and the one going on: {folders:?}");

        assert_eq!(as_of(&second).await, "2026-09-15");
        assert!(published(folder.path()).iter().all(|(file, bytes)| links[file] != *bytes));
        assert_eq!(rows(&reader, office).await.unwrap(), before, "who reads the run before reads on");

        drop(going_on);
        run(&first).await.unwrap();
        assert_eq!(published(folder.path()), links, "the same run again gives the same bytes");
        assert_eq!(run_folders(folder.path()).len(), 2);
    });
}

#[test]
fn two_runs_at_once_leave_one_complete_set() {
    let folder = tempfile::tempdir().unwrap();
    let days = ["2026-10-31", "2026-10-01"];
    block_on(async {
        let enrichments = days.map(|day| bundled_as_of(folder.path(), Some(day)));
        let (one, other) = tokio::join!(run(&enrichments[0]), run(&enrichments[1]));
        one.unwrap();
        other.unwrap();
        let winner = as_of(&enrichments[0]).await;
        assert!(days.contains(&winner.as_str()));

        // The tables are those that the same enrichment publishes on its own.
        let alone = tempfile::tempdir().unwrap();
        run(&bundled_as_of(alone.path(), Some(&winner))).await.unwrap();
        assert_eq!(published(folder.path()), published(alone.path()));
    });
}
