//! Calls every registered function with damaged bytes. The result must be a value or an error, never a
//! panic, and memory must stay proportional to the input.
//!
//! The arguments come from the example that the documentation of each function must have, so a new function
//! is tested as soon as it is in the list.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, FixedSizeBinaryArray, ListArray, PrimitiveArray, StringArray,
    StructArray,
};
use datafusion::arrow::compute::{cast, concat_batches};
use datafusion::arrow::datatypes::{
    DataType, Date32Type, Int32Type, Int64Type, TimestampMicrosecondType, UInt32Type, UInt64Type,
};
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::{AggregateUDF, Documentation, EmitTo, Expr, LogicalPlan, ScalarUDF};
use datafusion::prelude::{DataFrame, SessionContext};
use proptest::collection::vec;
use proptest::prelude::*;

use super::tester::{Tester, try_invoke};
use crate::functions::{all_aggregate, all_scalar, register};

/// How much memory a state may hold in any case, and in addition per byte that was merged.
const FEW_BYTES: usize = 4 << 20;
const BYTES_PER_BYTE: usize = 100;

/// How bytes are damaged.
#[derive(Debug, Clone)]
enum Damage {
    /// Some bits of one byte are flipped.
    Flip(usize, u8),
    /// Four bytes are set to 0xff, the largest value of a number.
    Fill(usize),
    /// The end is missing.
    Cut(usize),
    /// The end is repeated.
    Twice(usize),
    /// The end is replaced by other bytes.
    Replace(usize, Vec<u8>),
}

fn damage() -> impl Strategy<Value = Vec<Damage>> {
    let at = || prop_oneof![0..40usize, any::<usize>()];
    let one = prop_oneof![
        4 => (at(), 1..=255u8).prop_map(|(at, bits)| Damage::Flip(at, bits)),
        2 => at().prop_map(Damage::Fill),
        2 => at().prop_map(Damage::Cut),
        1 => at().prop_map(Damage::Twice),
        1 => (at(), vec(any::<u8>(), 0..80)).prop_map(|(at, bytes)| Damage::Replace(at, bytes)),
    ];
    vec(one, 1..4)
}

fn hurt(bytes: &[u8], damage: &[Damage]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for one in damage {
        let place = |at: &usize| at % (bytes.len() + 1);
        match one {
            Damage::Flip(at, bits) => {
                let at = place(at);
                bytes.iter_mut().skip(at).take(1).for_each(|b| *b ^= bits);
            }
            Damage::Fill(at) => {
                let at = place(at);
                bytes.iter_mut().skip(at).take(4).for_each(|b| *b = 0xff);
            }
            Damage::Cut(at) => bytes.truncate(place(at)),
            Damage::Twice(at) => bytes.extend_from_within(place(at)..),
            Damage::Replace(at, other) => {
                bytes.truncate(place(at));
                bytes.extend(other);
            }
        }
    }
    bytes
}

/// A copy of an array in which the bytes of each value are damaged, as far as its type allows.
fn damaged(array: &ArrayRef, damage: &[Damage]) -> ArrayRef {
    macro_rules! numbers {
        ($kind:ty) => {{
            let hurt = |v: <$kind as datafusion::arrow::array::ArrowPrimitiveType>::Native| {
                let mut bytes = hurt(&v.to_le_bytes(), damage);
                bytes.resize(size_of_val(&v), 0);
                bytes
                    .try_into()
                    .map_or(v, <$kind as datafusion::arrow::array::ArrowPrimitiveType>::Native::from_le_bytes)
            };
            let changed: PrimitiveArray<$kind> = array.as_primitive::<$kind>().unary(hurt);
            Arc::new(changed.with_data_type(array.data_type().clone()))
        }};
    }
    match array.data_type() {
        DataType::BinaryView => {
            let values = array.as_binary_view().iter();
            Arc::new(values.map(|v| v.map(|bytes| hurt(bytes, damage))).collect::<BinaryViewArray>())
        }
        DataType::FixedSizeBinary(size) => {
            let values = array.as_fixed_size_binary().iter().map(|value| {
                value.map(|bytes| {
                    let mut bytes = hurt(bytes, damage);
                    bytes.resize(*size as usize, 0);
                    bytes
                })
            });
            Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(values, *size).unwrap())
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let text = cast(array, &DataType::Utf8).unwrap();
            let values = text.as_string::<i32>().iter();
            let values =
                values.map(|v| v.map(|t| String::from_utf8_lossy(&hurt(t.as_bytes(), damage)).into_owned()));
            cast(&values.collect::<StringArray>(), array.data_type()).unwrap()
        }
        DataType::List(field) => {
            let list = array.as_list::<i32>();
            let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
            let values = damaged(list.values(), damage);
            Arc::new(ListArray::try_new(Arc::clone(field), offsets, values, nulls).unwrap())
        }
        DataType::Struct(fields) => {
            let value = array.as_struct();
            let columns = value.columns().iter().map(|c| damaged(c, damage)).collect();
            Arc::new(StructArray::try_new(fields.clone(), columns, value.nulls().cloned()).unwrap())
        }
        DataType::UInt32 => numbers!(UInt32Type),
        DataType::UInt64 => numbers!(UInt64Type),
        DataType::Int32 => numbers!(Int32Type),
        DataType::Int64 => numbers!(Int64Type),
        DataType::Date32 => numbers!(Date32Type),
        DataType::Timestamp(_, _) => {
            let micros = DataType::Timestamp(datafusion::arrow::datatypes::TimeUnit::Microsecond, None);
            if array.data_type() == &micros {
                return numbers!(TimestampMicrosecondType);
            }
            let Ok(plain) = cast(array, &micros) else { return Arc::clone(array) };
            cast(&damaged(&plain, damage), array.data_type()).unwrap_or_else(|_| Arc::clone(array))
        }
        _ => Arc::clone(array),
    }
}

/// The arguments of a function in its documented example, cast to the types that the function needs.
fn arguments(
    documentation: Option<&Documentation>,
    wanted: impl Fn(&[DataType]) -> Vec<DataType>,
    call: impl Fn(&Expr) -> Option<Vec<Expr>>,
) -> Vec<ArrayRef> {
    let example = documentation.unwrap().sql_example.as_deref().unwrap();
    let query = example.split_once(";\n").unwrap().0.trim_start_matches("> ");
    let ctx = SessionContext::new();
    register(&mut *ctx.state_ref().write()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let plan = ctx.state().create_logical_plan(query).await.unwrap();
        let mut found: Option<(Vec<Expr>, LogicalPlan)> = None;
        plan.apply_with_subqueries(|node| {
            for expr in node.expressions() {
                expr.apply(|e| {
                    if let Some(arguments) = call(e) {
                        found = Some((arguments, node.inputs()[0].clone()));
                    }
                    Ok(TreeNodeRecursion::Continue)
                })?;
            }
            Ok(TreeNodeRecursion::Continue)
        })
        .unwrap();
        let (arguments, input) = found.unwrap_or_else(|| panic!("no call in {query}"));
        let named = arguments.into_iter().enumerate().map(|(i, e)| e.alias(format!("a{i}")));
        let frame = DataFrame::new(ctx.state(), input).select(named.collect::<Vec<_>>()).unwrap();
        let batches = frame.collect().await.unwrap();
        let batch = concat_batches(&batches[0].schema(), &batches).unwrap();
        let given: Vec<_> = batch.columns().iter().map(|c| c.data_type().clone()).collect();
        batch.columns().iter().zip(wanted(&given)).map(|(c, t)| cast(c, &t).unwrap()).collect()
    })
}

pub(crate) fn of_aggregate(udaf: &AggregateUDF) -> Vec<ArrayRef> {
    arguments(
        udaf.documentation(),
        |types| udaf.coerce_types(types).unwrap(),
        |e| match e {
            Expr::AggregateFunction(f) if f.func.name() == udaf.name() => Some(f.params.args.clone()),
            _ => None,
        },
    )
}

fn of_scalar(udf: &ScalarUDF) -> Vec<ArrayRef> {
    arguments(
        udf.documentation(),
        |types| udf.coerce_types(types).unwrap(),
        |e| match e {
            Expr::ScalarFunction(f) if f.func.name() == udf.name() => Some(f.args.clone()),
            _ => None,
        },
    )
}

/// The memory size of a column in bytes.
fn bytes_of(array: &ArrayRef) -> usize {
    array.get_array_memory_size()
}

/// Runs a test of one function with many kinds of damage. A failure contains the name of the function.
fn for_each_damage(name: &str, test: impl Fn(Vec<Damage>)) {
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let outcome = runner.run(&damage(), |damage| {
        test(damage);
        Ok(())
    });
    if let Err(e) = outcome {
        panic!("{name}: {e}");
    }
}

#[test]
fn states_of_aggregates() {
    for udaf in all_aggregate() {
        let arguments = of_aggregate(&udaf);
        let types: Vec<_> = arguments.iter().map(|a| a.data_type().clone()).collect();
        let tester = Tester::new(Arc::clone(&udaf), &types);
        let rows = arguments[0].len();
        assert!(rows > 0, "{}", udaf.name());
        // One state of all rows, and one state per row.
        let mut all = tester.many();
        all.update_batch(&arguments, &vec![0; rows], None, 1).unwrap();
        let states =
            [all.state(EmitTo::All).unwrap(), tester.many().convert_to_state(&arguments, None).unwrap()];
        for_each_damage(udaf.name(), |damage| {
            for good in &states {
                let bad: Vec<_> = good.iter().map(|s| damaged(s, &damage)).collect();
                let groups = vec![0; bad[0].len()];
                let mut merged = tester.many();
                let taken = [good, &bad, good].iter().all(|s| merged.merge_batch(s, &groups, 1).is_ok());
                let bytes: usize = good.iter().chain(&bad).chain(good).map(bytes_of).sum();
                assert!(merged.size() <= FEW_BYTES + BYTES_PER_BYTE * bytes, "{} bytes held", merged.size());
                if taken && let Ok(state) = merged.state(EmitTo::All) {
                    let mut again = tester.many();
                    if again.merge_batch(&state, &[0], 1).is_ok() {
                        let _ = again.evaluate(EmitTo::All);
                    }
                }
                let mut one = tester.one();
                if one.merge_batch(&bad).is_ok() {
                    let _ = (one.evaluate(), one.state());
                }
            }
        });
    }
}

#[test]
fn arguments_of_aggregates() {
    for udaf in all_aggregate() {
        let arguments = of_aggregate(&udaf);
        let types: Vec<_> = arguments.iter().map(|a| a.data_type().clone()).collect();
        let tester = Tester::new(Arc::clone(&udaf), &types);
        for_each_damage(udaf.name(), |damage| {
            let bad: Vec<_> = arguments.iter().map(|a| damaged(a, &damage)).collect();
            let mut many = tester.many();
            if many.update_batch(&bad, &vec![0; bad[0].len()], None, 1).is_ok() {
                let _ = many.evaluate(EmitTo::All);
            }
        });
    }
}

#[test]
fn arguments_of_scalars() {
    for udf in all_scalar() {
        let arguments = of_scalar(&udf);
        // Some functions accept some of their arguments only as constants.
        let constants: Vec<_> =
            arguments.iter().map(|a| ScalarValue::try_from_array(a, 0).unwrap()).collect();
        let any = (0..=arguments.len())
            .any(|n| n > 0 && try_invoke(&udf, arguments[..n].to_vec(), &constants[n..]).is_ok());
        assert!(any, "{} does not take the arguments of its own example", udf.name());
        for_each_damage(udf.name(), |damage| {
            for hurt in 0..arguments.len() {
                let mut some = arguments.clone();
                some[hurt] = damaged(&some[hurt], &damage);
                let all: Vec<_> = arguments.iter().map(|a| damaged(a, &damage)).collect();
                for columns in [some, all] {
                    for n in 1..=columns.len() {
                        let values = columns[n..].iter().map(|a| ScalarValue::try_from_array(a, 0).unwrap());
                        let _ = try_invoke(&udf, columns[..n].to_vec(), &values.collect::<Vec<_>>());
                    }
                }
            }
        });
    }
}
