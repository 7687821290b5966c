//! Tests of splitting, permissions and error messages.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::*;
use crate::error::ErrorKind;
use crate::query::testing;

#[test]
fn statements_are_split_at_semicolons_that_are_none_of_text() {
    let split = |sql| split(sql).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(split("select 1"), ["select 1"]);
    assert_eq!(
        split("select ';'; select \"a;b\" ; select $$;$$;"),
        ["select ';'", "select \"a;b\"", "select $$;$$"]
    );
    assert_eq!(split("-- a;b\nselect 1 /* ; */ ;\n-- the end;"), ["-- a;b\nselect 1 /* ; */"]);
    assert_eq!(split(" ;;\n ; "), Vec::<&str>::new());
    assert_eq!(split("select 'ä;ö';select 'ü'"), ["select 'ä;ö'", "select 'ü'"]);
    assert!(super::split("select 'open; select 2").is_err());
}

#[test]
fn input_is_complete_with_its_semicolon() {
    for complete in
        ["", " \n", "-- note", "select 1;", "select 1; -- note\n", "select ';';", "select 1; select 2;"]
    {
        assert!(is_complete(complete), "{complete:?}");
    }
    for open in
        ["select 1", "select ';'", "select 'a;", "select 1; select", "/* a;", "select \"a;", "select $$a;"]
    {
        assert!(!is_complete(open), "{open:?}");
    }
}

async fn error(sql: &str) -> Error {
    let mut session = Statements::new(testing::published().await).await.unwrap();
    match session.plan(sql).await {
        Ok(frame) => match frame.collect().await {
            Ok(_) => panic!("{sql}: no error"),
            Err(e) => session.explain(e),
        },
        Err(e) => e,
    }
}

#[tokio::test]
async fn errors_are_one_short_line_with_exit_code_2() {
    for (sql, says) in [
        (
            "select engagmentscore from office",
            "no column named engagmentscore; did you mean EngagementScore?",
        ),
        ("select 1 from offic", "no table named offic; did you mean Office?"),
        ("select 1 from zzzzzz", "no table named zzzzzz"),
        (
            "select zzzzzz from office",
            "no column named zzzzzz; there are CustomerId, EngagementScore, NoOfEmails_ToAccount, \
             NoOfEmails_FromAccount, NoOfMeetings_FromAccount, NoOfMeetings_ToAccount, \
             NoOfContactsInvolved_Meetings, NoOfContactsInvolved_Emails, ...",
        ),
        (
            "select customerid from office, customercard",
            "column CustomerId is in several tables; write its table before it",
        ),
        // A text in double quotes.
        (
            "select 1 from office where aggregationlevel = \"year\"",
            "no column named year; double quotes enclose a name, a text is in single quotes: 'year'",
        ),
        (
            "select 1 from customercard where name = \"names\"",
            "no column named names; did you mean Name, or the text 'names' in single quotes?",
        ),
        // Columns of the table that is meant.
        (
            "select o.emails from office o join customercard c on c.customerid = o.customerid",
            "no column named o.Emails; did you mean c.Emails?",
        ),
        (
            "select o.engagmentscore from office o join customercard c on c.customerid = o.customerid",
            "no column named o.engagmentscore; did you mean o.EngagementScore?",
        ),
        (
            "select c.zzzzzz from office o join customercard c on c.customerid = o.customerid",
            "no column named c.zzzzzz; there are CustomerId, Name, EngagementScore, Emails, Meetings",
        ),
        (
            "select 1 from customercard card where exists \
             (select 1 from office o where o.customerid = card.customer_id)",
            "no column named card.customer_id; did you mean card.CustomerId?",
        ),
        ("select offce.customerid from office", "no table named offce in FROM; did you mean Office?"),
        ("select x.customerid from office", "no table named x in FROM"),
        ("select 1 from dbo.office", "no table named dbo.Office; write Office without dbo"),
        // Functions.
        ("select isnull(name, 'a') from customercard", "no function named isnull; write coalesce(a, b)"),
        ("select uper(name) from customercard", "no function named uper; did you mean upper?"),
        (
            "select qqqqqqqq(name) from customercard",
            "no function named qqqqqqqq; \\df in the shell lists all functions",
        ),
        ("select string_agg(name) from customercard", "no function string_agg(Utf8)"),
        ("select name from customercard limit emails", "column Emails cannot be used here, only values can"),
        (
            "select customerid in (select customerid from office) from customercard",
            "a subquery of this form is not supported at this place; write a JOIN",
        ),
        ("select name from customercard where name ~ '('", "regex parse error: ( ^ error: unclosed group"),
        (
            "select 1 from office where aggregationlevel = ‘year’",
            "Expected: an expression, found: ‘ at Line: 1, Column: 47; a text is in straight quotes: 'text'",
        ),
        (
            "select 1 from [office]",
            "Expected: identifier, found: [ at Line: 1, Column: 15; a name is in double quotes: \"Name\"",
        ),
        ("selekt 1", "Expected: an SQL statement, found: selekt at Line: 1, Column: 1"),
        (
            "select 1 from 'secret.parquet'",
            "no table named secret.parquet; files are read only with --allow-files",
        ),
        ("select 1 from '/etc/x'", "no table named /etc/x; files are read only with --allow-files"),
        ("select 1 / 0 from office", "Divide by zero error"),
        (
            "select cast(customerid as int) from office",
            "Cast error: Cannot cast string 'a1' to value of Int32 type; try_cast(... as bigint) is null for such texts, and \
             replace(..., ',', '') takes commas out of numbers",
        ),
    ] {
        let error = error(sql).await;
        assert_eq!((error.to_string().as_str(), error.exit_code()), (says, 2), "{sql}");
    }
}

#[tokio::test]
async fn nothing_reaches_files_unless_permitted() {
    for sql in [
        "copy office to '/tmp/never.csv'",
        "copy office to '/tmp/never'",
        "create external table t stored as parquet location '/no/such/file'",
        "copy (select 1) to '/tmp/never.csv'",
        "explain analyze copy office to '/tmp/never.csv'",
        "explain copy office to '/tmp/never.csv'",
        "explain (analyze) copy office to '/tmp/never.csv'",
        "create external table t stored as csv location '/etc/passwd'",
        "create external table office2 stored as parquet location 'x.parquet'",
        "insert into customercard values ('a', 'b', 1, 1, 1)",
        "insert into office_usertable (\"Email\") values ('a')",
        "create schema s",
        "create database d",
        "prepare p as insert into office_usertable values ('a', 'b')",
        "explain analyze insert into office_usertable values ('a', 'b')",
        "explain verbose create external table t stored as csv location '/etc/passwd'",
        "explain explain copy office to '/tmp/never.csv'",
        "create unbounded external table t stored as csv location '/etc/passwd'",
        "create external table if not exists t (a int) stored as parquet location 's3://bucket/x'",
        "create or replace external table office stored as csv location '/etc/passwd'",
        "drop schema public cascade",
    ] {
        let error = error(sql).await;
        assert_eq!(error.kind(), ErrorKind::Query, "{sql}: {error}");
        assert!(error.to_string().contains("--allow-files"), "{sql}: {error}");
    }
    assert!(!std::path::Path::new("/tmp/never.csv").exists());
}

/// Permission to reach files does not make them possible, so the error does not offer it.
#[tokio::test]
async fn what_is_never_possible() {
    for sql in [
        "delete from office",
        "delete from office where customerid = 'a1'",
        "update office set customerid = 'a'",
        "truncate table office",
        "prepare p as delete from office",
        "explain update office set customerid = 'a'",
        "merge into office using customercard on office.customerid = customercard.customerid when matched then delete",
        "create function f(int) returns int return $1",
        "drop function f",
        "create index i on office (customerid)",
        "alter table office add column a int",
        "grant select on office to ann",
        "vacuum office",
    ] {
        for files in [false, true] {
            let session = Statements::new(crate::query::testing::published().await).await.unwrap();
            let session = if files { session.allow_files() } else { session };
            let error = session.logical_plan(sql).await.map(drop).unwrap_err();
            let text = error.to_string();
            assert_eq!(error.kind(), ErrorKind::Query, "{sql}: {text}");
            assert!(!text.contains("--allow-files") && !text.contains('\n'), "{sql}: {text}");
        }
    }
    assert_eq!(
        error("update office set customerid = 'a'").await.to_string(),
        "UPDATE is not possible: only a run changes the tables; query them with SELECT and CREATE VIEW"
    );
}

/// Wherever a table name is possible, a path is a table name, and there is no table with that name.
#[tokio::test]
async fn files_cannot_be_named_as_tables() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data/contacts.parquet");
    let file = file.display().to_string();
    for path in
        [format!("'{file}'"), format!("\"{file}\""), format!("\"file://{file}\""), "'data/'".to_owned()]
    {
        for sql in [
            format!("select * from {path}"),
            format!("table {path}"),
            format!("describe {path}"),
            format!("explain select * from {path}"),
            format!("with t as (select * from {path}) select * from t"),
            format!("select (select count(*) from {path})"),
            format!("select 1 where exists (select 1 from {path})"),
            format!("create view v as select * from {path}"),
            format!("create table t as select * from {path}"),
            format!("prepare p as select * from {path}"),
            format!("select * from office, lateral (select * from {path}) as t"),
        ] {
            let error = error(&sql).await;
            assert_eq!(error.kind(), ErrorKind::Query, "{sql}: {error}");
        }
    }
}

/// A table function could read a file, and new versions of the engine add table functions.
#[tokio::test]
async fn no_table_function_reads_files() {
    let session = Statements::new(crate::engine::session::new().unwrap()).await.unwrap();
    let mut functions: Vec<_> = session.context().state().table_functions().keys().cloned().collect();
    functions.sort();
    assert_eq!(functions, ["generate_series", "range"]);
    for sql in [
        "select * from read_parquet('data/contacts.parquet')",
        "select * from read_csv('/etc/passwd')",
        "select * from parquet_metadata('data/contacts.parquet')",
        "select * from unnest('data/contacts.parquet')",
    ] {
        assert_eq!(error(sql).await.kind(), ErrorKind::Query, "{sql}");
    }
}

/// Settings about catalogs have no effect on an existing session, which has found its tables already.
#[tokio::test]
async fn no_setting_opens_a_way_to_files() {
    let mut session = Statements::new(crate::engine::session::new().unwrap()).await.unwrap();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    for sql in [
        format!("set datafusion.catalog.location = '{}'", folder.display()),
        "set datafusion.catalog.format = 'parquet'".to_owned(),
        "set datafusion.catalog.default_schema = 'data'".to_owned(),
    ] {
        // The engine itself refuses some of them.
        let _ = session.plan(&sql).await;
    }
    for sql in ["select * from contacts", "select * from \"contacts.parquet\"", "select * from data.contacts"]
    {
        assert!(session.plan(sql).await.is_err(), "{sql}");
    }
}

#[tokio::test]
async fn views_tables_in_memory_and_settings_are_permitted() {
    let mut session = Statements::new(testing::published().await).await.unwrap();
    for sql in [
        "create view V as select customerid from office",
        "create or replace view v as select customerid from office where engagementscore > 50",
        "create table T as select count(*) as n from v",
        "select n from t",
        "set datafusion.execution.batch_size = 10",
        "show datafusion.execution.batch_size",
        "explain select customerid from v",
        "drop table t",
        "drop view v",
        "prepare p(int) as select $1 + 1",
        "execute p(2)",
    ] {
        let frame = session.plan(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        frame.collect().await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    }
    assert!(session.names().table("v").is_none());
}

#[tokio::test]
async fn with_permission_files_can_be_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cards.parquet");
    let mut session = Statements::new(testing::published().await).await.unwrap().allow_files();
    let copied = session.plan(&format!("copy customercard to '{}'", path.display())).await.unwrap();
    copied.collect().await.unwrap();
    let counted = session.plan(&format!("select count(*) from '{}'", path.display())).await.unwrap();
    assert_eq!(counted.collect().await.unwrap()[0].num_rows(), 1);
    assert!(
        session.plan("select name from customercard").await.is_ok(),
        "the published tables are still there"
    );
}

#[tokio::test]
async fn copies_are_partitioned_by_names_in_any_case() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = Statements::new(testing::published().await).await.unwrap().allow_files();
    for (number, (query, column, written)) in [
        ("select customerid, name from customercard", "customerid", "CustomerId"),
        ("select customerid, name, emails from customercard", "CUSTOMERID, Name", "CustomerId"),
        ("select customerid, name from customercard", "\"CustomerId\"", "CustomerId"),
        ("select customerid as Id, emails from customercard", "ID", "id"),
        ("select customerid as \"a \"\"b\", emails from customercard", "\"a \"\"b\"", "a %22b"),
    ]
    .into_iter()
    .enumerate()
    {
        let place = folder.path().join(format!("{number}/"));
        let copy = format!("copy ({query}) to '{}' stored as csv partitioned by ({column})", place.display());
        let frame = session.plan(&copy).await.unwrap_or_else(|e| panic!("{copy}: {e}"));
        frame.collect().await.unwrap_or_else(|e| panic!("{copy}: {e}"));
        let folders: Vec<String> = std::fs::read_dir(&place)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(folders.len(), 5, "{copy}: {folders:?}");
        assert!(folders.iter().all(|f| f.starts_with(&format!("{written}="))), "{copy}: {folders:?}");
    }
    let missing = format!(
        "copy customercard to '{}/x/' stored as csv partitioned by (custmerid)",
        folder.path().display()
    );
    let error = session.plan(&missing).await.map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("custmerid") && error.contains("did you mean"), "{error}");
}

/// With or without permission to reach files: no setting lifts a limit, changes how names are found, or makes plans show
/// values of the inputs.
#[tokio::test]
async fn settings_that_are_not_permitted() {
    let ctx = crate::engine::session::new().unwrap();
    let before = |ctx: &SessionContext| {
        (ctx.copied_config().options().entries().len(), Arc::as_ptr(&ctx.runtime_env()))
    };
    let state = before(&ctx);
    for session in [
        Statements::new(ctx.clone()).await.unwrap(),
        Statements::new(ctx.clone()).await.unwrap().allow_files(),
    ] {
        let mut session = session;
        let state = (state.0, Arc::as_ptr(&session.context().runtime_env()));
        for sql in [
            "set datafusion.runtime.memory_limit = '100G'",
            "SET DATAFUSION.\"runtime\".Memory_Limit TO '100G'",
            "reset datafusion.runtime.memory_limit",
            "reset datafusion.runtime",
            "set datafusion.runtime.temp_directory = '/tmp/never'",
            "set datafusion.sql_parser.recursion_limit = 1000000",
            "set datafusion.execution.target_partitions = 1000",
            "set datafusion.execution.max_spill_merge_fan_in = 1000",
            "set datafusion.sql_parser.dialect = 'mysql'",
            "SET DATAFUSION.\"sql_parser\".Dialect TO postgresql",
            "set datafusion.sql_parser.enable_ident_normalization = false",
            "set datafusion.execution.collect_statistics = true",
            "SET DataFusion.Execution.Collect_Statistics TO true",
            "reset datafusion.execution.collect_statistics",
            "reset datafusion.execution",
            "set datafusion.optimizer.enable_join_dynamic_filter_pushdown = true",
            "set datafusion.catalog.default_schema = 'data'",
            "prepare p as set datafusion.runtime.memory_limit = '100G'",
            "set datafusion.execution.batch_size = 1000000",
        ] {
            let error = session.plan(sql).await.map(|_| ()).unwrap_err();
            let text = error.to_string();
            assert_eq!(error.exit_code(), 2, "{sql}: {text}");
            let is_said = text.contains("is not permitted; ")
                || text.contains("a whole number from")
                || sql.starts_with("prepare");
            assert!(is_said && !text.contains("--allow-files"), "{sql}: {text}");
        }
        assert_eq!(before(session.context()), state);
        assert!(!session.context().copied_config().collect_statistics());
    }
}

/// A thread that plans is not the one that waits, which hears of Ctrl-C and time-outs.
#[tokio::test]
async fn planning_leaves_the_thread_free() {
    let ctx = testing::published().await;
    let planned_on = Arc::new(std::sync::Mutex::new(vec![]));
    ctx.register_udf(ScalarUDF::from(PlannedOn {
        on: Arc::clone(&planned_on),
        signature: Signature::nullary(Volatility::Volatile),
    }));
    let mut session = Statements::new(ctx).await.unwrap();
    session.logical_plan("select planned_on()").await.unwrap();
    let frame = session.plan("select planned_on() + 1").await.unwrap();
    let _ = session.stream(frame).await.unwrap();
    session.plan("create view v as select planned_on() as n").await.unwrap();
    let threads = planned_on.lock().unwrap();
    let here = std::thread::current().id();
    assert!(!threads.is_empty() && threads.iter().all(|thread| *thread != here));
}

/// A function that records the threads on which its type is asked for, which planning does.
#[derive(Debug)]
struct PlannedOn {
    on: Arc<std::sync::Mutex<Vec<std::thread::ThreadId>>>,
    signature: Signature,
}

impl PartialEq for PlannedOn {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.on, &other.on)
    }
}

impl Eq for PlannedOn {}

impl std::hash::Hash for PlannedOn {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl ScalarUDFImpl for PlannedOn {
    fn name(&self) -> &str {
        "planned_on"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> datafusion::error::Result<DataType> {
        self.on.lock().unwrap().push(std::thread::current().id());
        Ok(DataType::Int64)
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> datafusion::error::Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(ScalarValue::Int64(Some(1))))
    }
}

#[tokio::test]
async fn a_statement_has_a_length() {
    let session = Statements::new(testing::published().await).await.unwrap();
    let padded = |length: usize| format!("select '{}'", "x".repeat(length - "select ''".len()));
    assert!(session.logical_plan(&padded(LONGEST)).await.is_ok());
    let error = session.logical_plan(&padded(LONGEST + 1)).await.map(|_| ()).unwrap_err();
    assert!(error.to_string().starts_with("the statement has 1048577 bytes; at most 1048576"), "{error}");
}

#[tokio::test]
async fn a_session_of_another_dialect_has_the_same_names() {
    let ctx = testing::published().await;
    ctx.sql("set datafusion.sql_parser.dialect = 'mysql'").await.unwrap();
    let mut session = Statements::new(ctx).await.unwrap();
    let office = session.plan("select engagementscore from office limit 1").await.unwrap();
    assert!(office.schema().field(0).data_type().is_numeric());
}

#[tokio::test]
async fn functions_say_what_they_take() {
    let ctx = testing::published().await;
    crate::functions::register(&mut *ctx.state_ref().write()).unwrap();
    let mut session = Statements::new(ctx).await.unwrap();
    for (sql, says) in [
        ("select normalize_address(1)", "normalize_address needs text, not Int64"),
        (
            "select normalize_address(1) over () from office",
            "normalize_address does not take OVER; leave it out",
        ),
        ("select distinct_people() from office", "distinct_people takes 1 argument(s), not 0"),
        ("select coalesce()", "coalesce must have at least one argument"),
        ("select greatest()", "greatest was called without any arguments. It requires at least 1"),
        ("select abs()", "'abs' does not support zero arguments"),
        (
            "select sum('a')",
            "no function sum(Utf8); there are sum(Decimal), sum(UInt64), sum(Int64), sum(Float64), \
             sum(Duration), sum(Interval)",
        ),
    ] {
        let error = session.plan(sql).await.map(|_| ()).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.exit_code()), (says, 2), "{sql}");
    }
}
