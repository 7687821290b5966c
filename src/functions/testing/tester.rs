//! Calls a scalar function, and runs an aggregate function through all of its phases.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, UInt32Array};
use datafusion::arrow::compute::{concat, take};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::common::ScalarValue;
use datafusion::common::config::ConfigOptions;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, ColumnarValue, EmitTo, GroupsAccumulator, ScalarFunctionArgs, ScalarUDF,
};
use datafusion::physical_expr::expressions::col;

/// Calls a scalar function on columns.
pub(crate) fn invoke_scalar(udf: &ScalarUDF, columns: Vec<ArrayRef>) -> ArrayRef {
    invoke_with(udf, columns, &[])
}

/// Calls a scalar function on columns and, after them, constants.
pub(crate) fn invoke_with(udf: &ScalarUDF, columns: Vec<ArrayRef>, values: &[ScalarValue]) -> ArrayRef {
    try_invoke(udf, columns, values).unwrap()
}

/// Calls a scalar function on columns and, after them, constants.
///
/// # Errors
/// The function returns an error.
pub(crate) fn try_invoke(
    udf: &ScalarUDF,
    columns: Vec<ArrayRef>,
    values: &[ScalarValue],
) -> Result<ArrayRef, DataFusionError> {
    let number_rows = columns[0].len();
    let types =
        columns.iter().map(|c| c.data_type().clone()).chain(values.iter().map(ScalarValue::data_type));
    let types: Vec<_> = types.collect();
    let arg_fields = types.iter().map(|t| Arc::new(Field::new("c", t.clone(), true))).collect();
    let return_field = Arc::new(Field::new("r", udf.return_type(&types)?, true));
    let columns = columns.into_iter().map(ColumnarValue::Array);
    let args = columns.chain(values.iter().cloned().map(ColumnarValue::Scalar)).collect();
    let config_options = Arc::new(ConfigOptions::default());
    let args = ScalarFunctionArgs { args, arg_fields, number_rows, return_field, config_options };
    udf.invoke_with_args(args)?.to_array(number_rows)
}

/// An aggregate function over columns of given types.
pub(crate) struct Tester {
    udf: Arc<AggregateUDF>,
    schema: Schema,
}

impl Tester {
    pub(crate) fn new(udf: Arc<AggregateUDF>, types: &[DataType]) -> Self {
        let fields: Vec<_> =
            types.iter().enumerate().map(|(i, t)| Field::new(format!("c{i}"), t.clone(), true)).collect();
        Self { udf, schema: Schema::new(fields) }
    }

    fn with_args<T>(&self, f: impl FnOnce(AccumulatorArgs) -> T) -> T {
        let fields: Vec<_> = self.schema.fields().iter().cloned().collect();
        let types: Vec<_> = fields.iter().map(|f| f.data_type().clone()).collect();
        let exprs: Vec<_> = fields.iter().map(|f| col(f.name(), &self.schema).unwrap()).collect();
        f(AccumulatorArgs {
            return_field: Arc::new(Field::new("r", self.udf.return_type(&types).unwrap(), true)),
            schema: &self.schema,
            ignore_nulls: false,
            order_bys: &[],
            is_reversed: false,
            name: "f",
            is_distinct: false,
            exprs: &exprs,
            expr_fields: &fields,
        })
    }

    pub(crate) fn many(&self) -> Box<dyn GroupsAccumulator> {
        self.with_args(|args| self.udf.create_groups_accumulator(args).unwrap())
    }

    pub(crate) fn one(&self) -> Box<dyn Accumulator> {
        self.with_args(|args| self.udf.accumulator(args).unwrap())
    }

    /// The result per group in the shortest way: one update, then evaluate.
    pub(crate) fn direct(&self, columns: &[ArrayRef], groups: &[usize], total: usize) -> ArrayRef {
        let mut many = self.many();
        many.update_batch(columns, groups, None, total).unwrap();
        many.evaluate(EmitTo::All).unwrap()
    }

    /// Checks that every way to compute the result gives the same bits, and returns the result. The ways are:
    /// batches cut at `cuts`, whose states are merged in reverse order; every row as a state of its own; the
    /// first groups emitted early; a filter; each group alone.
    ///
    /// # Panics
    /// Two ways give different results.
    pub(crate) fn all_ways_agree(
        &self,
        columns: &[ArrayRef],
        groups: &[usize],
        total: usize,
        cuts: &[usize],
    ) -> ArrayRef {
        let expected = self.direct(columns, groups, total);
        let pieces: Vec<(usize, usize)> = {
            let mut ends: Vec<usize> = cuts.iter().map(|c| c % (groups.len() + 1)).collect();
            ends.extend([0, groups.len()]);
            ends.sort_unstable();
            ends.windows(2).map(|w| (w[0], w[1] - w[0])).collect()
        };
        let slice = |(at, len): (usize, usize)| columns.iter().map(|c| c.slice(at, len)).collect::<Vec<_>>();

        let mut final_phase = self.many();
        let all: Vec<usize> = (0..total).collect();
        for &(at, len) in pieces.iter().rev() {
            let mut partial = self.many();
            partial.update_batch(&slice((at, len)), &groups[at..at + len], None, total).unwrap();
            assert!(partial.size() < 1 << 30);
            let state = partial.state(EmitTo::All).unwrap();
            final_phase.merge_batch(&state, &all, total).unwrap();
        }
        assert_eq!(
            &final_phase.evaluate(EmitTo::All).unwrap(),
            &expected,
            "partial states, merged backwards"
        );

        let mut final_phase = self.many();
        for &(at, len) in &pieces {
            let state = self.many().convert_to_state(&slice((at, len)), None).unwrap();
            final_phase.merge_batch(&state, &groups[at..at + len], total).unwrap();
        }
        assert_eq!(&final_phase.evaluate(EmitTo::All).unwrap(), &expected, "rows as states");

        let mut many = self.many();
        many.update_batch(columns, groups, None, total).unwrap();
        let first = total / 2;
        let mut parts = vec![];
        if first > 0 {
            let state = many.state(EmitTo::First(first)).unwrap();
            let mut merged = self.many();
            merged.merge_batch(&state, &all[..first], first).unwrap();
            parts.push(merged.evaluate(EmitTo::All).unwrap());
        }
        // After a partial emission, the remaining groups are renumbered from 0.
        let later: Vec<usize> = (0..groups.len()).filter(|i| groups[*i] >= first).collect();
        let rows = UInt32Array::from_iter_values(later.iter().map(|i| *i as u32));
        let again: Vec<ArrayRef> = columns.iter().map(|c| take(c, &rows, None).unwrap()).collect();
        let moved: Vec<usize> = later.iter().map(|i| groups[*i] - first).collect();
        let mut once = self.many();
        once.update_batch(&again, &moved, None, total - first).unwrap();
        once.update_batch(&again, &moved, None, total - first).unwrap();
        many.update_batch(&again, &moved, None, total - first).unwrap();
        let twice = many.evaluate(EmitTo::All).unwrap();
        assert_eq!(&twice, &once.evaluate(EmitTo::All).unwrap(), "update, emit some, update");
        if first > 0 {
            assert_eq!(&parts[0], &expected.slice(0, first), "the groups that were emitted first");
        }

        let doubled: Vec<ArrayRef> =
            columns.iter().map(|c| concat(&[c.as_ref(), c.as_ref()]).unwrap()).collect();
        let doubled_groups: Vec<usize> = groups.iter().chain(groups).copied().collect();
        let filter: BooleanArray = (0..doubled_groups.len())
            .map(|i| if i < groups.len() { Some(true) } else { (i % 2 == 0).then_some(false) })
            .collect();
        let mut many = self.many();
        many.update_batch(&doubled, &doubled_groups, Some(&filter), total).unwrap();
        assert_eq!(
            &many.evaluate(EmitTo::All).unwrap(),
            &expected,
            "a filter that is false or null leaves rows out"
        );

        for group in 0..total {
            let rows: UInt32Array =
                (0..groups.len() as u32).filter(|i| groups[*i as usize] == group).collect();
            let own: Vec<ArrayRef> = columns.iter().map(|c| take(c, &rows, None).unwrap()).collect();
            let (mut one, mut merged) = (self.one(), self.one());
            one.update_batch(&own).unwrap();
            let state: Vec<ArrayRef> = one.state().unwrap().iter().map(|s| s.to_array().unwrap()).collect();
            merged.merge_batch(&state).unwrap();
            for result in [one.evaluate().unwrap(), one.evaluate().unwrap(), merged.evaluate().unwrap()] {
                assert_eq!(&result.to_array().unwrap(), &expected.slice(group, 1), "group {group} alone");
            }
        }
        expected
    }
}
