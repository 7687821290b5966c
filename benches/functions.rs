//! Benchmarks of every aggregate function: update, merge and evaluate, at 1, 1,000 and 100,000 groups.
//!
//! `cargo bench --bench functions` measures all of them, `cargo bench --bench functions -- set_union` one of
//! them. Each works on the same number of rows, which are assigned to the groups round-robin. Update receives
//! batches of the size of a scan; merge receives the states of eight partial aggregates, one after the other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use criterion::{
    BatchSize, BenchmarkId, Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
};
use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::{Field, FieldRef, Schema};
use datafusion::error::Result;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{AggregateUDF, EmitTo, GroupsAccumulator};
use datafusion::physical_expr::expressions::col;
use datafusion::prelude::SessionContext;
use datafusion_engagement::functions;

/// Rows per function; only a few if cargo just tests that the benchmarks run.
static ROWS: LazyLock<usize> =
    LazyLock::new(|| if std::env::args().any(|argument| argument == "--bench") { 100_000 } else { 1_000 });
const GROUPS: [usize; 3] = [1, 1_000, 100_000];
const BATCH_ROWS: usize = 8_192;
const PARTIALS: usize = 8;

/// The arguments of each function, as SQL over the row number i.
const ARGUMENTS: [(&str, &[&str]); 13] = [
    ("address_book", &["'p' || i || '@acme.example'", "cast(i / 8 as int)", "'c' || i"]),
    ("distinct_people", &["concat('p', i % 997)"]),
    (
        "distinct_people_merge",
        &["(select distinct_people_state(p) from (values ('anna'), ('ben'), ('carla')) as t (p))"],
    ),
    ("distinct_people_state", &["concat('p', i % 997)"]),
    (
        "engagements",
        &[
            "cast(i % 5000 as int)",
            "date '2026-06-01'",
            INSTANT,
            "i % 3 = 0",
            "i % 3 <> 0",
            "[cast(i / 4 as bigint unsigned)]",
            OURS,
            THEIRS,
            "cast(null as decimal(38, 0))",
        ],
    ),
    ("meeting_copies", &["id_hash(concat('m', i / 2))", INSTANT, INSTANT, "false", OURS, THEIRS, "[]"]),
    (
        "merge_buffers",
        &["(select message_copies(id_hash('m'), timestamp '2026-06-01T09:00:00Z', [0], [1073741825], 't'))"],
    ),
    ("message_copies", &["id_hash(concat('m', i / 2))", INSTANT, OURS, THEIRS, "concat('t', i / 4)"]),
    (
        "people_by_domain",
        &[
            "(select address_book('carl@acme.example', 0, 'c1'))",
            "(select address_book('acme.example', 0, 'acme.example'))",
            "true",
            "'p' || (i / 4) || '@acme.example'",
        ],
    ),
    ("reply_times", &[INSTANT, "id_hash('m' || i)", "i % 3 = 0", "i % 3 = 1", "2592000000000"]),
    ("set_union", &["cast(i % 997 as bigint unsigned)"]),
    ("cumulative_counts", &["i % 997"]),
    ("value_counts", &["concat('v', i % 7)"]),
];
/// One minute later in each row.
const INSTANT: &str = "to_timestamp_micros(1780300800000000 + i * 60000000)";
/// One internal person; two people of an account.
const OURS: &str = "[cast(i % 997 as int unsigned)]";
const THEIRS: &str =
    "[cast(1073741824 + i % 5000 as int unsigned), cast(1073746824 + i % 4999 as int unsigned)]";

/// A function and rows for it.
struct Subject {
    udaf: Arc<AggregateUDF>,
    schema: Schema,
    columns: Vec<ArrayRef>,
}

impl Subject {
    async fn new(ctx: &SessionContext, udaf: Arc<AggregateUDF>, arguments: &[&str]) -> Result<Self> {
        let named = arguments.iter().enumerate().map(|(number, sql)| format!("{sql} as a{number}"));
        let named = named.collect::<Vec<_>>().join(", ");
        let query = format!("select {named} from (select unnest(range(0, {rows})) as i)", rows = *ROWS);
        let plan = ctx.sql(&query).await?;
        let given = plan.schema().inner().clone();
        let rows = concat_batches(&given, &plan.collect().await?)?;
        let given: Vec<FieldRef> = rows.schema().fields().iter().cloned().collect();
        let types = wanted_fields(&udaf, &given)?;
        let columns =
            rows.columns().iter().zip(&types).map(|(column, wanted)| cast(column, wanted.data_type()));
        Ok(Self {
            columns: columns.collect::<std::result::Result<_, _>>()?,
            schema: Schema::new(types),
            udaf,
        })
    }

    fn accumulator(&self) -> Box<dyn GroupsAccumulator> {
        let fields: Vec<FieldRef> = self.schema.fields().iter().cloned().collect();
        let exprs: Vec<_> = fields.iter().map(|field| col(field.name(), &self.schema).unwrap()).collect();
        let arguments = AccumulatorArgs {
            return_field: self.udaf.return_field(&fields).unwrap(),
            schema: &self.schema,
            ignore_nulls: false,
            order_bys: &[],
            is_reversed: false,
            name: self.udaf.name(),
            is_distinct: false,
            exprs: &exprs,
            expr_fields: &fields,
        };
        self.udaf.create_groups_accumulator(arguments).unwrap()
    }

    /// The rows from `start` to `end` (exclusive), and the group of each row.
    fn rows(&self, start: usize, end: usize, groups: usize) -> (Vec<ArrayRef>, Vec<usize>) {
        let columns = self.columns.iter().map(|column| column.slice(start, end - start)).collect();
        (columns, (start..end).map(|row| row % groups).collect())
    }

    fn batches(&self, groups: usize) -> Vec<(Vec<ArrayRef>, Vec<usize>)> {
        (0..*ROWS).step_by(BATCH_ROWS).map(|at| self.rows(at, (*ROWS).min(at + BATCH_ROWS), groups)).collect()
    }

    fn updated(&self, batches: &[(Vec<ArrayRef>, Vec<usize>)], groups: usize) -> Box<dyn GroupsAccumulator> {
        let mut accumulator = self.accumulator();
        for (columns, of_row) in batches {
            accumulator.update_batch(columns, of_row, None, groups).unwrap();
        }
        accumulator
    }

    /// The states of the partial aggregates, and the groups of each; a partial aggregate contains only the
    /// groups that occur in its rows.
    fn states(&self, groups: usize) -> Vec<(Vec<ArrayRef>, Vec<usize>)> {
        let partial = |number: usize| {
            let (columns, of_row) =
                self.rows(number * *ROWS / PARTIALS, (number + 1) * *ROWS / PARTIALS, groups);
            let seen: Vec<usize> = BTreeSet::from_iter(of_row.iter().copied()).into_iter().collect();
            let place: BTreeMap<usize, usize> =
                seen.iter().enumerate().map(|(place, group)| (*group, place)).collect();
            let of_row = of_row.iter().map(|group| place[group]).collect();
            let mut accumulator = self.updated(&[(columns, of_row)], seen.len());
            (accumulator.state(EmitTo::All).unwrap(), seen)
        };
        (0..PARTIALS).map(partial).collect()
    }
}

/// The fields of the arguments after the coercion of the function.
fn wanted_fields(udaf: &AggregateUDF, given: &[FieldRef]) -> Result<Vec<Field>> {
    let types: Vec<_> = given.iter().map(|field| field.data_type().clone()).collect();
    let wanted = udaf.coerce_types(&types)?.into_iter().zip(given);
    Ok(wanted.map(|(wanted, given)| Field::new(given.name(), wanted, true)).collect())
}

/// Every aggregate function of the crate with its rows.
fn subjects() -> Vec<Subject> {
    let mut ctx = SessionContext::new();
    functions::register(&mut ctx).unwrap();
    let mut arguments = BTreeMap::from(ARGUMENTS);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let subjects = functions::all_aggregate().into_iter().map(|udaf| {
        let name = udaf.name().to_owned();
        let arguments = arguments.remove(name.as_str());
        let arguments = arguments.unwrap_or_else(|| panic!("{name} is not benched: ARGUMENTS lacks it"));
        runtime
            .block_on(Subject::new(&ctx, udaf, arguments))
            .unwrap_or_else(|error| panic!("{name}: {error}"))
    });
    let subjects = subjects.collect();
    assert!(arguments.is_empty(), "ARGUMENTS has functions that there are not: {:?}", arguments.keys());
    subjects
}

fn bench(criterion: &mut Criterion) {
    for subject in subjects() {
        let mut group = criterion.benchmark_group(subject.udaf.name());
        group.throughput(Throughput::Elements(*ROWS as u64)).sampling_mode(SamplingMode::Flat);
        for groups in GROUPS {
            let batches = subject.batches(groups);
            group.bench_function(BenchmarkId::new("update", groups), |bencher| {
                bencher.iter_with_large_drop(|| subject.updated(&batches, groups));
            });
            let states = subject.states(groups);
            group.bench_function(BenchmarkId::new("merge", groups), |bencher| {
                bencher.iter_with_large_drop(|| {
                    let mut accumulator = subject.accumulator();
                    for (state, of_row) in &states {
                        accumulator.merge_batch(state, of_row, groups).unwrap();
                    }
                    accumulator
                });
            });
            group.bench_function(BenchmarkId::new("evaluate", groups), |bencher| {
                bencher.iter_batched(
                    || subject.updated(&batches, groups),
                    |mut accumulator| accumulator.evaluate(EmitTo::All).unwrap(),
                    BatchSize::PerIteration,
                );
            });
        }
        group.finish();
    }
}

criterion_group! {
    name = benches;
    // About sixty benchmarks: one or two seconds for each are enough to show a change.
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(std::time::Duration::from_millis(300))
        .measurement_time(std::time::Duration::from_secs(1));
    targets = bench
}
criterion_main!(benches);
