use std::sync::atomic::{AtomicUsize, Ordering};

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::Int64Type;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::physical_plan::collect;
use datafusion::prelude::SessionContext;

use super::*;
use crate::engine::materialized::Materialized;
use crate::engine::materialized::tests::{materialize, materialize_on, session_of};
use crate::engine::memory::Observed;
use crate::engine::session;

const FORTY: &str = "value % 40";
const ONE: &str = "value / 200001";

/// A query that gathers the copies of 200,000 messages in groups (about 9 MB of buffers), with states of
/// other kinds.
fn copies(group: &str) -> String {
    format!(
        "select cast({group} as int) as g, count(*) as rows, sum(value) as total, \
         set_union(arrow_cast(cast(value % 7 as int), 'Date32')) as days, message_copies(id_hash('m' || value), \
         timestamp '2026-06-01T09:00:00Z', [0], [1073741825], 't') as copies \
         from generate_series(1, 200000) group by {group}"
    )
}

/// The sorted lines of a query over the view that reads every column of every group.
async fn found(ctx: &SessionContext) -> Vec<String> {
    let query = "select g, rows, total, array_length(days), array_length(list_engaged_messages( \
         (select address_book(a, n, p) from (values ('anna@x', null, 'a'), ('carl@x', 0, 'c')) t(a, n, p)), copies)) from x";
    let batches = ctx.sql(query).await.unwrap().collect().await.unwrap();
    let text = pretty_format_batches(&batches).unwrap().to_string();
    let mut lines: Vec<_> = text.lines().map(|line| line.replace(' ', "")).collect();
    lines.sort();
    lines
}

async fn plan(query: &str) -> Arc<dyn ExecutionPlan> {
    let frame = session::new().unwrap().sql(query).await.unwrap();
    frame.create_physical_plan().await.unwrap()
}

fn peak(ctx: &SessionContext) -> Arc<AtomicUsize> {
    ctx.runtime_env().memory_pool.downcast_ref::<Observed>().unwrap().peak()
}

fn spilled(view: &Materialized) -> usize {
    usize::try_from(view.bytes_spilled).unwrap()
}

#[tokio::test]
async fn states_that_do_not_fit_are_put_together_for_those_who_read() {
    let (roomy, in_memory) = materialize(&copies(FORTY), 1 << 30).await;
    let expected = found(&roomy).await;
    assert!(expected.contains(&"|39|5000|500095000|7|5000|".to_string()), "{expected:?}");
    assert_eq!((in_memory.rows, in_memory.bytes_spilled), (40, 0));
    let total = roomy.runtime_env().memory_pool.reserved();
    assert!(total > 8_000_000, "{total} bytes");

    let ctx = session_of(8 << 20);
    let most = peak(&ctx);
    let view = materialize_on(&ctx, &copies(FORTY)).await;
    assert!(spilled(&view) > total / 2, "{} of {total} bytes", view.bytes_spilled);
    assert!(most.load(Ordering::Relaxed) < 8 << 20);
    let (most, before) = (peak(&ctx), ctx.runtime_env().memory_pool.reserved());
    for _ in 0..2 {
        assert_eq!((found(&ctx).await, view.rows), (expected.clone(), 40));
    }
    let most = most.load(Ordering::Relaxed) - before;
    assert!(most < total / 4, "{most} of {total} bytes at once");
    drop(view);
}

/// States other than buffers count once, however many pieces a group has.
#[tokio::test]
async fn a_group_that_is_large_is_written_in_pieces() {
    let (roomy, _) = materialize(&copies(ONE), 1 << 30).await;
    let expected = found(&roomy).await;
    assert!(expected.contains(&"|0|200000|20000100000|7|200000|".to_string()), "{expected:?}");
    let (ctx, view) = materialize(&copies(ONE), 8 << 20).await;
    assert!(view.bytes_spilled > 0);
    assert_eq!(found(&ctx).await, expected);

    let cut = SplitAggregate::of(&plan(&copies(ONE)).await).unwrap().unwrap();
    let states = collect(cut.partial, SessionContext::new().task_ctx()).await.unwrap();
    let apart: Vec<_> = states.iter().flat_map(|states| cut.layout.apart(states, 0).unwrap()).collect();
    assert!(apart.len() > states.len());
    for piece in &apart {
        let bytes = Seen::default().unseen_bytes(piece);
        assert!(bytes < BATCH_BYTES + (1 << 17), "{bytes} bytes");
    }
    let counted = |batches: &[RecordBatch]| -> i64 {
        let counts = batches.iter().flat_map(|b| b.column(1).as_primitive::<Int64Type>().values().iter());
        counts.sum()
    };
    assert_eq!((counted(&apart), counted(&states)), (200_000, 200_000));
}

#[tokio::test]
async fn only_aggregates_of_buffers_are_split() {
    let cuts = [
        (copies(FORTY), true),
        (format!("select g + 1, copies from ({})", copies(FORTY)), true),
        (format!("select g, copies from ({}) where rows > 1", copies(FORTY)), false),
        (
            copies(FORTY).replace("group by value % 40", "").replace("cast(value % 40 as int) as g, ", ""),
            false,
        ),
        ("select value % 40, count(*) from generate_series(1, 9) group by 1".to_string(), false),
    ];
    for (query, is_cut) in cuts {
        assert_eq!(SplitAggregate::of(&plan(&query).await).unwrap().is_some(), is_cut, "{query}");
    }
}
