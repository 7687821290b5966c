//! Tests of what is refused, and that what the engine executes is not.

use crate::query::statements::Statements;
use crate::query::testing;

async fn session() -> Statements {
    let ctx = testing::published().await;
    testing::table(&ctx, "lists", "select 'a1' as id, make_array(1, 2) as list").await;
    Statements::new(ctx).await.unwrap()
}

/// Each statement, and the beginning of the message.
const REFUSED: [(&str, &str); 110] = [
    ("select 10 ^ 2", "^, which is a bitwise XOR here, is not supported; write power(a, b)"),
    (
        "select 1 from office where engagementscore = null",
        "= NULL, which never holds, is not supported; write IS NULL",
    ),
    ("select 1 from office where null <> engagementscore", "<> NULL, which never holds, is not supported"),
    ("select 1 from office where engagementscore not in (1, null)", "NULL in a list after NOT IN"),
    ("select date '2026-01-01' - interval 60", "an interval without a unit"),
    (
        "select date '2026-01-01' - interval '60'",
        "an interval without a unit is not supported; write it: interval",
    ),
    ("select date '2026-01-01' - interval ' -1.5 '", "an interval without a unit"),
    ("select top 5 customerid from office", "TOP is not supported; write LIMIT n at the end of the query"),
    ("select top (5) percent customerid from office", "TOP ... PERCENT is not supported"),
    ("select top 5 with ties customerid from office", "TOP ... WITH TIES is not supported"),
    ("select distinct top 5 customerid from office", "TOP is not supported"),
    ("select customerid from office fetch first 5 rows only", "FETCH FIRST is not supported; write LIMIT n"),
    ("select customerid from office order by 1 fetch first 5 percent rows only", "FETCH FIRST ... PERCENT"),
    ("select customerid from office order by 1 fetch first 5 rows with ties", "FETCH FIRST ... WITH TIES"),
    ("select customerid from office limit 1 by customerid", "LIMIT BY is not supported"),
    ("select * from office tablesample (10 percent)", "TABLESAMPLE or SAMPLE is not supported"),
    ("select * from office tablesample bernoulli (10) repeatable (1)", "TABLESAMPLE or SAMPLE"),
    ("select * from (select 1 as a) tablesample (10 rows)", "TABLESAMPLE or SAMPLE"),
    ("select * from office o tablesample (10 percent)", "TABLESAMPLE or SAMPLE"),
    ("select * from office for update", "FOR UPDATE or FOR SHARE is not supported; leave it out"),
    ("select * from office for share skip locked", "FOR UPDATE or FOR SHARE"),
    ("select * from office for json auto", "FOR XML, FOR JSON or FOR BROWSE is not supported"),
    ("select * from office settings max_threads = 1", "SETTINGS is not supported"),
    ("select * from office format json", "FORMAT is not supported; choose the format with --format"),
    ("select * from office with (nolock)", "WITH (...) after a table is not supported; leave it out"),
    ("select * from office partition (p)", "PARTITION (...) after a table is not supported"),
    ("select customerid from office prewhere engagementscore > 1", "PREWHERE is not supported; write WHERE"),
    (
        "select customerid from office start with customerid = 'a' connect by prior customerid = customerid",
        "CONNECT BY or START WITH is not supported; write WITH RECURSIVE",
    ),
    ("select customerid from office cluster by customerid", "CLUSTER BY is not supported"),
    ("select customerid from office distribute by customerid", "DISTRIBUTE BY is not supported"),
    ("select customerid from office sort by customerid", "SORT BY is not supported; write ORDER BY"),
    ("select id from lists lateral view explode(list) l as x", "LATERAL VIEW is not supported"),
    (
        "select customerid, count(*) from office group by customerid with rollup",
        "WITH ROLLUP is not supported; write GROUP BY ROLLUP (...)",
    ),
    ("select customerid, count(*) from office group by customerid with cube", "WITH CUBE is not supported"),
    (
        "select customerid, count(*) from office group by customerid with totals",
        "WITH TOTALS is not supported",
    ),
    ("select customerid, count(*) from office group by all with rollup", "WITH ROLLUP is not supported"),
    ("from office", "FROM without SELECT is not supported; write SELECT * FROM ..."),
    ("select * from (select 1 as a into t) as s", "INTO inside of a statement is not supported"),
    ("select 1 as a union select 2 as a into t", "INTO inside of a statement"),
    ("select month, emails from customercard_history order by month with fill", "WITH FILL is not supported"),
    (
        "select customerid from office minus select customerid from customercard",
        "MINUS is not supported; write EXCEPT",
    ),
    ("select from office", "SELECT without columns is not supported"),
    ("select rank() from office", "rank is a window function; write OVER (...) after it"),
    ("select customerid from office where rank() over () = 1", "a window function in WHERE is not supported"),
    ("select first_value() over () from office", "first_value needs an argument"),
    (
        "select to_char(month, 'YYYY-MM') from customercard_history",
        "the format 'YYYY-MM' of to_char is not supported",
    ),
    (
        "select to_date('31.10.2026', 'DD.MM.YYYY')",
        "the format 'DD.MM.YYYY' of to_date is not supported; write a format such as '%d.%m.%Y'",
    ),
    ("select to_timestamp('x', '%Y', 'HH24:MI')", "the format 'HH24:MI' of to_timestamp is not supported"),
    (
        "select array_agg(customerid)[0] from office",
        "the element 0 of a list is not supported; elements are counted from 1, and from the end with -1",
    ),
    ("select array_element(make_array(1, 2), 0)", "the element 0 of a list"),
    (
        "select group_concat(name separator ',') from customercard",
        "SEPARATOR is not supported; write string_agg(a, ',')",
    ),
    (
        "select [customerid] from office",
        "[\"CustomerId\"] is not supported; write \"CustomerId\" without brackets",
    ),
    ("select interval '1-2' year to month", "a precision or TO in INTERVAL is not supported"),
    ("begin", "a transaction is not supported; leave it out"),
    (
        "with recursive t as (select 1 as n union all select n + 1 from t limit 3) select n from t",
        "ORDER BY, LIMIT or WITH around the union of WITH RECURSIVE is not supported",
    ),
    (
        "with recursive t as (select 1 as n union all select n + 1 from t where n < 9 order by n) select n from t",
        "ORDER BY, LIMIT or WITH around",
    ),
    (
        "select * from office pivot (sum(engagementscore) for aggregationlevel in ('year'))",
        "PIVOT is not supported",
    ),
    ("select * from customercard unpivot (n for kind in (emails, meetings))", "UNPIVOT is not supported"),
    ("select * from table(generate_series(1, 2))", "TABLE(...) is not supported"),
    ("select * from unnest(make_array(1)) with ordinality", "WITH ORDINALITY is not supported"),
    ("select * from generate_series(1, 3) with ordinality", "WITH ORDINALITY is not supported"),
    ("select * from unnest(make_array(1)) with offset", "WITH OFFSET is not supported"),
    ("select o.customerid from office o join customercard c", "JOIN without ON or USING is not supported"),
    ("select o.customerid from office o left join customercard c", "JOIN without ON or USING"),
    ("select 1 from (office o join customercard c)", "JOIN without ON or USING"),
    (
        "select 1 from office o cross apply (select 1) x",
        "CROSS APPLY is not supported; write CROSS JOIN LATERAL",
    ),
    ("select 1 from office o outer apply (select 1) x", "OUTER APPLY is not supported"),
    ("select 1 from office o semi join customercard c using (customerid)", "SEMI JOIN is not supported"),
    ("select 1 from office o anti join customercard c using (customerid)", "ANTI JOIN is not supported"),
    (
        "select 1 from office o global join customercard c using (customerid)",
        "GLOBAL JOIN is not supported; write JOIN",
    ),
    ("select 1 from lists array join list", "ARRAY JOIN is not supported"),
    (
        "select 1 from office o asof join customercard c match_condition (o.customerid >= c.customerid) \
         on o.customerid = c.customerid",
        "ASOF JOIN is not supported",
    ),
    ("select upper(distinct customerid) from office", "upper does not take DISTINCT; leave it out"),
    ("select upper(customerid) filter (where true) from office", "upper does not take FILTER"),
    ("select upper(customerid) over () from office", "upper does not take OVER"),
    ("select upper(customerid order by 1) from office", "upper does not take ORDER BY"),
    (
        "select upper(customerid) within group (order by customerid) from office",
        "upper does not take WITHIN GROUP",
    ),
    ("select UPPER(customerid) ignore nulls over () from office", "UPPER does not take IGNORE NULLS"),
    ("select unnest(distinct list) from lists", "unnest does not take DISTINCT"),
    (
        "select row_number() filter (where true) over () from office",
        "row_number does not take FILTER with OVER",
    ),
    ("select rank() ignore nulls over (order by customerid) from office", "rank does not take IGNORE NULLS"),
    ("select sum(emails) respect nulls over () from customercard", "sum does not take IGNORE NULLS"),
    (
        "select customerid from office window w as (partition by customerid) order by sum(engagementscore) over w",
        "the name of a window in ORDER BY is not supported",
    ),
    (
        "select customerid from office qualify sum(engagementscore) over w > 1 window w as (order by customerid)",
        "the name of a window in QUALIFY is not supported",
    ),
    (
        "select sum(emails) over (w order by emails) from customercard window w as (partition by name)",
        "OVER (name ...) is not supported",
    ),
    (
        "select sum(emails) over v from customercard window w as (partition by name), v as (w order by emails)",
        "OVER (name ...) is not supported",
    ),
    ("select name from customercard where name collate nocase = 'a'", "COLLATE is not supported"),
    ("select cast(name as varchar(3)) from customercard", "the length in VARCHAR(3) is not supported"),
    ("select name::char(3) from customercard", "the length in CHAR(3) is not supported"),
    ("select try_cast(name as character varying(3)) from customercard", "the length in CHARACTER VARYING(3)"),
    ("select convert(emails, char) from customercard", "CONVERT is not supported; write CAST(value AS type)"),
    ("select name from customercard where name rlike 'a'", "RLIKE or REGEXP is not supported"),
    (
        "select name from customercard where name similar to 'A%'",
        "SIMILAR TO, which the engine takes for a regular",
    ),
    ("select 1_000", "1_000 is not a number"),
    ("select 0x1F", "0x1F is not a number; write it in decimal digits"),
    ("select 0b11 as n", "0b11 is not a number"),
    ("select 1 from 2fa_users", "2fa_users is not a number; "),
    ("select 'a' 'b'", "a text right behind a text is not supported; write || to join them"),
    ("select name || 'a' 'b' from customercard", "a text right behind a text"),
    ("select date '2026-01-01' 'b'", "a text right behind a text"),
    ("select 1 in (select 'a' as 'b')", "a text right behind a text"),
    ("select 1 -- one\r+ 1", "line 1: the comment contains a line end that is not LF or CR LF"),
    ("select 1 -- one\u{2028}+ 1", "line 1: the comment contains a line end that is not LF or CR LF"),
    ("select now() at time zone name from customercard", "AT TIME ZONE with an expression is not supported"),
    ("select N'text'", "N before a text is not supported; write the text without N"),
    ("select B'101'", "the literal B'101' is not supported"),
    ("select @count", "a variable such as @count is not supported; write its value"),
    ("select 1 where 1 in unnest(make_array(1))", "IN UNNEST(...) is not supported"),
    ("create or alter view v as select 1 as a", "CREATE OR ALTER VIEW is not supported"),
    (
        "select customerid from office |> aggregate count(*) as n group by customerid desc",
        "an order in |> AGGREGATE is not supported",
    ),
];

#[tokio::test]
async fn what_the_engine_would_ignore_is_refused() {
    let session = session().await;
    let mut wrong = vec![];
    for (sql, says) in REFUSED {
        match session.logical_plan(sql).await {
            Ok(plan) => wrong.push(format!("{sql}\n  is planned as {plan}")),
            Err(e) if e.to_string().starts_with(says) && e.exit_code() == 2 => {}
            Err(e) => wrong.push(format!("{sql}\n  {e}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), REFUSED.len(), wrong.join("\n"));
}

#[tokio::test]
async fn is_distinct_from_is_refused_if_more_follows() {
    let session = session().await;
    for (operator, more) in [
        ("is distinct from", "and emails > 1"),
        ("is distinct from", "or emails > 1"),
        ("is not distinct from", "and emails > 1"),
        ("is not distinct from", "is null"),
        ("is distinct from", "is distinct from 'c'"),
    ] {
        let condition = |inner: &str| format!("select name from customercard where {inner}");
        let bare = session.logical_plan(&condition(&format!("name {operator} 'b' {more}"))).await;
        let error = bare.map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("is ambiguous; put the comparison in parentheses: (\"Name\" IS "), "{error}");
        let clear = condition(&format!("(name {operator} 'b') {more}"));
        assert!(session.logical_plan(&clear).await.is_ok(), "{clear}");
    }
    let last = "select name from customercard where emails > 1 and name is distinct from 'b' || 'c'";
    assert!(session.logical_plan(last).await.is_ok());
}

#[tokio::test]
async fn what_the_engine_executes_is_permitted() {
    let mut session = session().await;
    for sql in [
        "select customerid into t from office where aggregationlevel = 'week'",
        "select distinct on (customerid) customerid, engagementscore from office order by customerid, engagementscore",
        "select customerid, count(*) from office group by rollup (customerid)",
        "select customerid from office order by 1 limit 3 offset 1 rows",
        "select customerid from office limit 1, 2",
        "select rank() over w as r from office window w as (partition by customerid order by engagementscore)",
        "select customerid from office qualify row_number() over (partition by customerid order by 1) = 1",
        "select count(distinct customerid) filter (where engagementscore > 50) from office",
        "select sum(emails) filter (where emails > 1) over (order by customerid) from customercard",
        "select string_agg(name, ',' order by name) from customercard",
        "select approx_percentile_cont(0.5) within group (order by emails) from customercard",
        "select first_value(name) ignore nulls over (order by emails) from customercard",
        "select lag(emails) ignore nulls over (order by emails) from customercard",
        "select 1 from office o cross join customercard c",
        "select 1 from office o, customercard c",
        "select n from customercard c cross join lateral (select count(*) as n from office o where o.customerid = c.customerid)",
        "select * from office natural join customercard",
        "with recursive t as (select 1 as n union all select n + 1 from t where n < 3) select n from t order by n limit 2",
        "select /*+ parallel(4) */ customerid from office",
        "select now() at time zone 'Europe/London'",
        "select customerid from office union all by name select customerid from customercard order by 1",
        "select * exclude (name) from customercard",
        "from office select customerid",
        "select customerid from office |> where customerid = 'a1' |> limit 1",
        "select all customerid from office",
        "select 1 as \"@a\"",
        "select emails 'n', count(*) over () as 'all' from customercard where 2 > 1and emails > 0",
        "select 1 -- one\r\n, 2 as _b",
        "select to_char(month, '%Y-%m') from customercard_history",
        "select customerid from office where customerid in (select customerid from customercard qualify rank() over (order by emails) = 1)",
        "select [1, 2], [emails, meetings], array[emails] from customercard",
        "select cast(emails as varchar) as text, cast(emails as decimal(10, 2)) as exact from customercard",
    ] {
        let frame = session.plan(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
        frame.collect().await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    }
}
