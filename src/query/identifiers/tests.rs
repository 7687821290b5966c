//! Tests of every rule: by planning and running statements, and by the exact text where nothing may
//! change.

use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;
use datafusion::sql::sqlparser::tokenizer::Token;

use super::*;
use crate::query::syntax::Lexed;
use crate::query::testing;

/// The published tables and, as in a live session, tables that have the same words in snake case, some of
/// which are keywords.
async fn live() -> SessionContext {
    let ctx = testing::published().await;
    for (name, query) in [
        (
            "mail",
            r#"select 'm1' as message_id, 'anna@contoso.com' as sender, make_array('x@acme.com') as "to",
               make_array('y@acme.com') as cc, 'anna@contoso.com' as mailbox, now() as sent_at"#,
        ),
        ("contacts", "select 'x@acme.com' as email, 'a1' as account_id, 'c1' as contact_id"),
        ("accounts", "select 'a1' as account_id, 'acme (input)' as name"),
        ("meetings", "select 'q1' as meeting_id, 'x@acme.com' as organizer, now() as start_at"),
    ] {
        testing::table(&ctx, name, query).await;
    }
    ctx
}

async fn run(ctx: &SessionContext, sql: &str) -> std::result::Result<Vec<String>, String> {
    let names = Names::load(ctx).await.map_err(|e| e.to_string())?;
    let quoted = names.quote(sql).map_err(|e| e.to_string())?;
    let frame = ctx.sql(&quoted).await.map_err(|e| format!("{quoted}: {e}"))?;
    let header = frame.schema().fields().iter().map(|f| f.name().clone()).collect::<Vec<_>>().join(" ");
    let batches = frame.collect().await.map_err(|e| format!("{quoted}: {e}"))?;
    let text = pretty_format_batches(&batches).map_err(|e| e.to_string())?.to_string();
    let cells = text.lines().filter(|l| l.starts_with('|')).skip(1);
    let rows = cells.map(|l| l.split('|').map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned());
    Ok([header].into_iter().chain(rows).collect())
}

/// Header and rows, cells separated by blanks.
async fn rows(sql: &str) -> Vec<String> {
    run(&live().await, sql).await.unwrap_or_else(|e| panic!("{e}"))
}

async fn quoted(sql: &str) -> String {
    Names::load(&live().await)
        .await
        .and_then(|names| names.quote(sql))
        .unwrap_or_else(|e| panic!("{sql}: {e}"))
}

#[tokio::test]
async fn the_stale_segment_as_typed() {
    let found = rows(
        "select customerid, engagementscore from office where aggregationlevel = 'year' \
         and dayssincelastemail > 60 and dayssincelastmeeting > 60",
    )
    .await;
    assert_eq!(found, ["CustomerId EngagementScore", "a3 30.0"]);
}

#[tokio::test]
async fn any_case_gives_the_canonical_name() {
    for sql in [
        "select engagementscore from office where customerid = 'a1' and aggregationlevel = 'year'",
        "SELECT EngagementScore FROM Office WHERE CustomerId = 'a1' AND AggregationLevel = 'year'",
        "SELECT ENGAGEMENTSCORE FROM OFFICE WHERE CUSTOMERID = 'a1' AND AGGREGATIONLEVEL = 'year'",
        r#"select "EngagementScore" from "Office" where "CustomerId" = 'a1' and aggregationlevel = 'year'"#,
    ] {
        assert_eq!(rows(sql).await, ["EngagementScore", "95.0"], "{sql}");
    }
}

#[tokio::test]
async fn everything_else_stays_byte_for_byte() {
    for sql in [
        "",
        " ;; \n",
        "select 1 -- office\n/* office customerid */ + 1;",
        "select 'office', 'it''s customerid', E'office\\n', $$office$$, x'1F', 'größe; office'",
        "select \"office\".\"customerid\" from \"office\"",
        "set datafusion.execution.batch_size = 10",
        "show tables",
        "show all",
        "select 1 as month, 2 as name, 3 as level",
        "select x from nowhere where y = 'a'",
        "select interval '1' month, extract(month from now()), cast('2026-01-01' as date)",
        "with office as (select 1 as a) select a from office",
    ] {
        assert_eq!(quoted(sql).await, sql);
    }
    assert_eq!(
        quoted(
            "select\t-- ß office\r\n  'ä', OFFICE . customerid /* office */\r\nfrom\n office ;\nselect 'ü'"
        )
        .await,
        "select\t-- ß office\r\n  'ä', \"Office\" . \"CustomerId\" /* office */\r\nfrom\n \"Office\" ;\nselect 'ü'"
    );
}

#[tokio::test]
async fn keywords_stay_keywords() {
    let found = rows(
        "select extract(month from month) as m, date_trunc('month', month) = month as first, \
         month - interval '1' month as before, cast(month as timestamp) > date '2026-10-15' as late, \
         month + interval '1 month' > now() as x \
         from customercard_history where month = date '2026-11-01' order by month",
    )
    .await;
    assert_eq!(found[0], "m first before late x");
    assert!(found[1].starts_with("11 true 2026-10-01 true"), "{found:?}");

    let found = rows(
        "select sum(rows) over (order by rows rows between unbounded preceding and current row) as total \
         from office_dispositions order by total",
    )
    .await;
    assert_eq!(found, ["total", "3", "9", "129"]);

    let found =
        rows("select measure, value, first_value(value) over (order by value) v from office_scoreexplained")
            .await;
    assert_eq!(found, ["Measure Value v", "recency 2 2"]);
}

#[tokio::test]
async fn columns_named_like_keywords_unquoted() {
    assert_eq!(
        rows("select to, cc from mail where to is not null").await,
        ["to cc", "[x@acme.com] [y@acme.com]"]
    );
    assert_eq!(rows("select m.to from mail m").await, ["to", "[x@acme.com]"]);
    assert_eq!(rows("select unnest(to) as address from mail").await, ["address", "x@acme.com"]);
}

#[tokio::test]
async fn one_word_spelled_differently_in_two_tables() {
    // Office_UserTable has Email, contacts has email; CustomerCard has Name, accounts has name.
    assert_eq!(rows("select email from contacts").await, ["email", "x@acme.com"]);
    assert_eq!(
        rows("select EMAIL from office_usertable order by email limit 1").await,
        ["Email", "anna@contoso.com"]
    );
    let joined = "select c.name, a.NAME from customercard c join accounts a on a.account_id = c.customerid";
    assert_eq!(rows(joined).await, ["Name name", "Acme Ltd acme (input)"]);
    let nested = "select email from office_usertable where email not in (select email from contacts) \
                  and email in (select mailbox from mail)";
    assert_eq!(rows(nested).await, ["Email", "anna@contoso.com"]);
    // A table and a column that share a word.
    assert_eq!(rows("select meetings from customercard where customerid = 'a1'").await, ["Meetings", "4"]);
    assert_eq!(rows("select count(*) as n from MEETINGS").await, ["n", "1"]);
    let both = "select c.meetings, m.organizer from customercard c, meetings m where c.meetings = 4";
    assert_eq!(rows(both).await, ["Meetings organizer", "4 x@acme.com"]);
}

#[tokio::test]
async fn aliases_of_the_user() {
    assert_eq!(
        rows("select engagementscore as s from office where aggregationlevel = 'week' order by s").await,
        ["s", "10.0"]
    );
    assert_eq!(
        rows("select o.engagementscore as Score from OFFICE as O where O.AggregationLevel = 'week' order by SCORE")
            .await,
        ["score", "10.0"]
    );
    // An alias that is a known name of a column, and one that is the name of a table.
    assert_eq!(
        rows("select max(emails) as month from customercard_history group by customerid order by month")
            .await,
        ["Month", "12"]
    );
    assert_eq!(
        rows("select office.email from office_usertable office order by office.email limit 1").await,
        ["Email", "anna@contoso.com"]
    );
    assert_eq!(rows("select office.n from (select 7 as n) as office").await, ["n", "7"]);
    assert_eq!(rows("select count(*) as email from contacts order by email").await, ["email", "1"]);
}

#[tokio::test]
async fn joins_and_windows() {
    let using = "select customerid, name from office join customercard using (customerid) \
                 where aggregationlevel = 'week'";
    assert_eq!(rows(using).await, ["CustomerId Name", "a1 Acme Ltd"]);
    let natural = "select h.month, c.name from customercard_history h left join customercard c \
                   using (customerid) order by h.month desc limit 1";
    assert_eq!(rows(natural).await, ["Month Name", "2026-11-01 Acme Ltd"]);
    let window = "select customerid, rank() over w as place from office where aggregationlevel = 'year' \
                  window w as (partition by aggregationlevel order by engagementscore desc) order by place limit 2";
    assert_eq!(rows(window).await, ["CustomerId place", "a1 1", "a2 2"]);
    let correlated = "select name from customercard c where exists (select 1 from office o where \
                      o.customerid = c.customerid and aggregationlevel = 'week')";
    assert_eq!(rows(correlated).await, ["Name", "Acme Ltd"]);
    let all = "select o.* exclude (name) from customercard o where emails = 70";
    assert_eq!(rows(all).await, ["CustomerId EngagementScore Emails Meetings", "a1 95.0 70 4"]);
}

#[tokio::test]
async fn common_table_expressions() {
    let with = "with Top as (select customerid, engagementscore from office where aggregationlevel = 'year'), \
                office as (select customerid as id from top where engagementscore > 50) \
                select ID from OFFICE order by id";
    assert_eq!(rows(with).await, ["id", "a1", "a2"]);
    let named = "with month(name) as (select 3) select name from month";
    assert_eq!(rows(named).await, ["name", "3"]);
    let recursive = "with recursive office as (select 1 as n union all select n + 1 from office where n < 3) \
                     select max(n) as m from office";
    assert_eq!(rows(recursive).await, ["m", "3"]);
    let shadowed = "select customerid from office where aggregationlevel = 'week' and customerid in \
                    (with office as (select customerid as c from office) select c from office)";
    assert_eq!(rows(shadowed).await, ["CustomerId", "a1"]);
    let union = "select customerid from office where aggregationlevel = 'week' union \
                 select customerid from customercard where emails = 12 order by customerid";
    assert_eq!(rows(union).await, ["CustomerId", "a1", "a2"]);
}

#[tokio::test]
async fn views_of_the_user() {
    let ctx = live().await;
    run(&ctx, "create view Mine as select customerid, engagementscore as Value from office").await.unwrap();
    assert_eq!(run(&ctx, "select VALUE from MINE where customerid = 'a5'").await.unwrap(), ["value", "0.0"]);
    // A column of Office in another spelling, joined with Office.
    run(&ctx, r#"create view "SHOUT" as select 'a1' as "CUSTOMERID", 1 as "Order""#).await.unwrap();
    assert_eq!(run(&ctx, "select customerid from shout").await.unwrap(), ["CUSTOMERID", "a1"]);
    assert_eq!(
        run(
            &ctx,
            "select o.customerid, s.order from office o join shout s on s.customerid = o.customerid \
                   where o.aggregationlevel = 'week' order by s.customerid"
        )
        .await
        .unwrap(),
        ["CustomerId Order", "a1 1"]
    );
    run(&ctx, "drop view shout").await.unwrap();
    assert!(run(&ctx, "select 1 from shout").await.is_err());
    assert!(run(&ctx, "create view OFFICE as select 1 as a").await.is_err(), "Office is there already");
}

#[tokio::test]
async fn statements_about_tables() {
    let described = rows("describe OFFICE_usertable").await;
    assert_eq!(described.len(), 3, "{described:?}");
    assert!(described[1].starts_with("Email "));
    assert_eq!(rows("show columns from office_usertable").await.len(), 3);
    assert_eq!(rows("show columns in customercard").await.len(), 6);
    assert!(rows("explain select engagementscore from office").await.len() > 1);
    assert!(rows("explain analyze select engagementscore from office").await.len() > 1);
    assert!(rows("explain format tree select engagementscore from office").await.len() > 1);
    let listed = "select table_name from information_schema.tables where table_name = 'Office'";
    assert_eq!(rows(listed).await, ["table_name", "Office"]);
    assert_eq!(rows("select customerid from public.office where aggregationlevel = 'week'").await.len(), 2);
    assert_eq!(
        rows("select datafusion.public.office.customerid from datafusion.public.office").await.len(),
        14
    );
}

#[tokio::test]
async fn functions_keep_their_names() {
    let ctx = live().await;
    // A column named like a function is a column unless a parenthesis follows.
    run(&ctx, r#"create view v as select 3 as "Abs", -4 as "Now""#).await.unwrap();
    assert_eq!(run(&ctx, "select abs, abs(now), abs (now) + 1 from v").await.unwrap()[1], "3 4 5");
}

#[tokio::test]
async fn wrong_statements_are_told_in_their_own_words() {
    let ctx = live().await;
    let error = run(&ctx, "select customerid,\n  ) from office").await.unwrap_err();
    assert!(error.contains("Line: 2, Column: "), "{error}");
    assert!(!error.contains('\u{1}'), "{error}");
    let error = run(&ctx, "select 'open from office").await.unwrap_err();
    assert!(error.contains("Unterminated string literal"), "{error}");
}

const TABLES: [&str; 6] =
    ["office", "OFFICE", "customercard /* from office */", "contacts", "Meetings", "top"];
const ALIASES: [&str; 5] = ["", "o", "as name", "Email", "as \"office\""];
const COLUMNS: [&str; 12] = [
    "customerid",
    "Email",
    "email",
    "month",
    "NAME",
    "value",
    "meetings",
    "'office'",
    "\"email\"",
    "o.email",
    "office.name",
    "-- name\n contacts.EMAIL",
];

/// The tokens, each with whether it must stay as it is.
fn tokens(sql: &str) -> Vec<(String, bool)> {
    let lexed = Lexed::new(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
    let tokens = lexed.tokens.into_iter().map(|t| match t.token {
        Token::Word(word) => (word.value, word.quote_style.is_some()),
        other => (other.to_string(), true),
    });
    tokens.collect()
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(1000))]

    /// Only known names change, and quoted names stay as they are.
    #[test]
    fn only_quotes_are_added(
        t in proptest::collection::vec(proptest::sample::select(&TABLES[..]), 4),
        a in proptest::collection::vec(proptest::sample::select(&ALIASES[..]), 3),
        c in proptest::collection::vec(proptest::sample::select(&COLUMNS[..]), 8),
    ) {
        let sql = format!(
            "with top as (select {} as name from {}) select {}, max({}) as month from {} {} join {} {} on {} = {} \
             where {} in (select {} from {} {}) and cast({} as date) > now() - interval '1' month order by month",
            c[0], t[0], c[1], c[2], t[1], a[0], t[2], a[1], c[3], c[4], c[5], c[6], t[3], a[2], c[7]
        );
        static NAMES: std::sync::LazyLock<Names> = std::sync::LazyLock::new(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async { Names::load(&live().await).await }).unwrap()
        });
        let quoted = NAMES.quote(&sql).unwrap();
        let (before, after) = (tokens(&sql), tokens(&quoted));
        proptest::prop_assert_eq!(before.len(), after.len(), "{} became {}", sql, quoted);
        for ((word, was_quoted), (now, is_quoted)) in before.iter().zip(&after) {
            if !was_quoted && *is_quoted {
                proptest::prop_assert_eq!(word.to_lowercase(), now.to_lowercase());
            } else {
                proptest::prop_assert_eq!((word, was_quoted), (now, is_quoted), "{} became {}", sql, quoted);
            }
        }
        proptest::prop_assert_eq!(NAMES.quote(&quoted).unwrap(), quoted);
    }
}
