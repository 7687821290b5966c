//! Tests of merged columns, by their results.

use datafusion::arrow::util::display::array_value_to_string;

use crate::error::Result;
use crate::query::statements::Statements;
use crate::query::testing;

/// The tables x (k 1, 2), y (k 2, 3) and z (k 3, 2) besides the published ones.
async fn session() -> Statements {
    let ctx = testing::published().await;
    for (name, rows) in
        [("X", "(1, 'x1'), (2, 'x2')"), ("Y", "(2, 'y2'), (3, 'y3')"), ("Z", "(3, 'z3'), (2, 'z2')")]
    {
        let column = name.to_lowercase();
        testing::table(&ctx, name, &format!("select * from (values {rows}) as t (\"K\", {column})")).await;
    }
    Statements::new(ctx).await.unwrap()
}

/// The rows of a result as text, sorted.
async fn rows(sql: &str) -> Result<Vec<String>> {
    let mut session = session().await;
    let frame = session.plan(sql).await?;
    let batches = frame.collect().await.map_err(|e| session.explain(e))?;
    let mut rows = vec![];
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| array_value_to_string(column, row).unwrap());
            rows.push(cells.collect::<Vec<_>>().join(" "));
        }
    }
    rows.sort();
    Ok(rows)
}

#[tokio::test]
async fn a_merged_column_needs_no_table() {
    for (sql, expected) in [
        ("select k from x join y using (k)", vec!["2"]),
        ("select k, y from x join y using (k) where k = 2", vec!["2 y2"]),
        ("select k from x left join y using (k)", vec!["1", "2"]),
        ("select k from x right join y using (k)", vec!["2", "3"]),
        ("select k, x, y from x full join y using (k)", vec!["1 x1 ", "2 x2 y2", "3  y3"]),
        ("select k from x full join y using (k) where k > 1", vec!["2", "3"]),
        (
            "select k + 1 as more, count(*) as n from x full join y using (k) group by k",
            vec!["2 1", "3 1", "4 1"],
        ),
        ("select k from x full join y using (k) group by k having k > 2 order by k", vec!["3"]),
        ("select k from x natural right join y", vec!["2", "3"]),
        ("select k, z from x join y using (k) join z using (k) where k > 1 order by k", vec!["2 z2"]),
        ("select z from x join y using (k) left join z using (k) order by k", vec!["z2"]),
        ("select k from x join y using (k) join (select k as other from z) as o on other = k", vec!["2"]),
        ("select k from x natural join y natural join z", vec!["2"]),
        (
            "select k from x natural full join (select k from y union select k from z) as b",
            vec!["1", "2", "3"],
        ),
        ("select k, z from (x join y using (k)) join z using (k)", vec!["2 z2"]),
        ("with w as (select k, y from y) select k, w.y from x join w using (k) where k = 2", vec!["2 y2"]),
        ("select k from (select k from x) as a join (select k from y) as b using (k) where k = 2", vec!["2"]),
        ("select z from z where exists (select 1 from x join y using (k) where k = z.k)", vec!["z2"]),
        (
            "select k from x join y using (k) where exists (select 1 from (select 1 as one) as o where k = 2)",
            vec!["2"],
        ),
        ("select k from x join y using (k) where k in (select k from z)", vec!["2"]),
        ("select k from x full join y using (k) where k in (select k from z where k = 3)", vec!["3"]),
        ("select k from x left semi join y using (k) where k > 1", vec!["2"]),
        ("select sum(x.k) as k from x full join y using (k) having sum(x.k) > 1", vec!["3"]),
        (
            "select row_number() over (order by k) as n, k from x full join y using (k)",
            vec!["1 1", "2 2", "3 3"],
        ),
        ("select * from x join y using (k) join z using (k) order by k", vec!["2 x2 y2 z2"]),
        ("select x.k, y.k as other from x full join y using (k)", vec![" 3", "1 ", "2 2"]),
        (
            "select coalesce(x.k, y.k) as k from x full join y using (k) group by 1 order by k",
            vec!["1", "2", "3"],
        ),
        (
            "select customerid, name from office join customercard using (customerid) where aggregationlevel = 'year' \
             and customerid < 'a3'",
            vec!["a1 Acme Ltd", "a2 Globex"],
        ),
    ] {
        assert_eq!(rows(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}")), expected, "{sql}");
    }
}

#[tokio::test]
async fn results_keep_their_names() {
    let mut session = session().await;
    for sql in ["select k from x full join y using (k)", "select K from x join y using (k) join z using (k)"]
    {
        assert_eq!(session.plan(sql).await.unwrap().schema().field(0).name(), "K", "{sql}");
    }
}

#[tokio::test]
async fn what_is_ambiguous_stays_an_error() {
    let ambiguous = "column K is in several tables; write its table before it";
    let after = "USING (K) after a RIGHT or FULL JOIN with USING is not supported; write ON";
    let all = "* is not supported after a RIGHT or FULL JOIN that merges K; name the columns, or write LEFT JOIN or ON";
    for (sql, says) in [
        ("select k from x join y using (k) join z on z.k = x.k", ambiguous),
        ("select k from x join y using (k), z", ambiguous),
        ("select k from x join y on x.k = y.k", ambiguous),
        ("select x from x full join y using (k) join z using (k)", after),
        ("select x from x right join y using (k) left join z using (k)", after),
        ("select * from x full join y using (k)", all),
        ("select * from x natural right join y", all),
        (
            "select 1 from x natural full join (select * from y) as b",
            "NATURAL RIGHT or FULL JOIN with a subquery is not supported; write ON",
        ),
    ] {
        assert_eq!(rows(sql).await.unwrap_err().to_string(), says, "{sql}");
    }
}
