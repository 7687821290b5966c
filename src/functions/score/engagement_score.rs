//! `engagement_score(standings, weights, accounts)`: the score of an account from its standings.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, ListArray};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::{ColumnarValue, Documentation, ScalarFunctionArgs, ScalarUDF};

use crate::functions::udf::declare::{STEPS, Scalar, expect_arguments};

/// The score of an account: 100 times the sum of weight times standing, divided by the number of accounts times the
/// sum of the weights. It is computed in integers, with one division at the end, and 0 if all weights are 0. The
/// weights are not negative. `None` if a number does not fit into 128 bits.
pub fn score(standings: &[i64], weights: &[i64], accounts: i64) -> Option<f64> {
    let total: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if total == 0 {
        return Some(0.0);
    }
    let mut terms = standings.iter().zip(weights).map(|(c, w)| i128::from(*c) * i128::from(*w));
    let sum = terms.try_fold(0i128, i128::checked_add)?;
    // In lowest terms, weights that add up to 100 give the quotient of the sum and the accounts, to the bit.
    let common = gcd(100, total);
    let (times, total) = (100 / common, total / common);
    Some(sum.checked_mul(times)? as f64 / i128::from(accounts).checked_mul(total)? as f64)
}

/// The greatest common divisor of two positive numbers.
fn gcd(a: i128, b: i128) -> i128 {
    if b == 0 { a } else { gcd(b, a % b) }
}

pub(crate) fn udf() -> Arc<ScalarUDF> {
    Scalar {
        name: "engagement_score",
        arguments: |types| {
            expect_arguments("engagement_score", types, 3)?;
            let numbers = DataType::new_list(DataType::Int64, true);
            Ok(vec![numbers.clone(), numbers, DataType::Int64])
        },
        returns: |_| Ok(DataType::Float64),
        invoke,
        documentation: Documentation::builder(
            STEPS,
            "The score of an account, 0 to 100: 100 times the sum of weight times standing over the measures, divided by the \
             number of engaged accounts times the sum of the weights. It is computed in integers, with one division at \
             the end. 0 if all weights are 0. NULL if an argument is NULL.",
            "engagement_score(standings, weights, accounts)",
        )
        .with_argument(
            "standings",
            "For each measure, how many engaged accounts are no better (list of Int64 without NULL).",
        )
        .with_argument("weights", "The weight of each measure, in the same order (list of Int64, 0 or more).")
        .with_argument("accounts", "The number of engaged accounts, at least 1.")
        .with_sql_example("> select engagement_score([2, 1, 0], [50, 30, 20], 2);\n65.0")
        .with_related_udf("count_at_most")
        .build(),
    }
    .into_udf()
}

fn invoke(args: &ScalarFunctionArgs) -> Result<ArrayRef> {
    let arrays = ColumnarValue::values_to_arrays(&args.args)?;
    let (standings, weights) = (arrays[0].as_list::<i32>(), arrays[1].as_list::<i32>());
    let accounts = arrays[2].as_primitive::<Int64Type>();
    let numbers = |lists: &ListArray| lists.values().as_primitive::<Int64Type>().clone();
    let (all_standings, all_weights) = (numbers(standings), numbers(weights));
    let within = |lists: &ListArray, row: usize| {
        lists.value_offsets()[row] as usize..lists.value_offsets()[row + 1] as usize
    };
    let has_null = |numbers: &Int64Array, range: &Range<usize>| {
        numbers.null_count() > 0 && range.clone().any(|i| numbers.is_null(i))
    };
    let mut scores = Float64Array::builder(accounts.len());
    for row in 0..accounts.len() {
        if standings.is_null(row) || weights.is_null(row) || accounts.is_null(row) {
            scores.append_null();
            continue;
        }
        let (c, w) = (within(standings, row), within(weights, row));
        if c.len() != w.len() || has_null(&all_standings, &c) || has_null(&all_weights, &w) {
            return exec_err!(
                "engagement_score needs as many standings as weights, none of them NULL: {} and {}",
                c.len(),
                w.len()
            );
        }
        if accounts.value(row) < 1 {
            return exec_err!("engagement_score needs at least one account, not {}", accounts.value(row));
        }
        let (c, w) = (&all_standings.values()[c], &all_weights.values()[w]);
        if let Some(negative) = w.iter().find(|weight| **weight < 0) {
            return exec_err!("engagement_score needs weights of at least 0, not {negative}");
        }
        let Some(score) = score(c, w, accounts.value(row)) else {
            return exec_err!("engagement_score: the sum of weight times standing is too large");
        };
        scores.append_value(score);
    }
    Ok(Arc::new(scores.finish()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::score;

    /// Birch and Cedar from the example of docs/rules.md, an account that is best in everything, and a sum that
    /// is too large.
    #[test]
    fn one_division_at_the_end() {
        let weights = [10, 20, 15, 15, 5, 5, 10, 10, 10];
        assert_eq!(score(&[2, 1, 0, 2, 2, 2, 2, 1, 1], &weights, 2), Some(65.0));
        assert_eq!(score(&[1, 2, 0, 0, 0, 1, 0, 2, 2], &weights, 2), Some(47.5));
        assert_eq!(score(&[3, 3], &[60, 40], 3), Some(100.0));
        assert_eq!(score(&[i64::MAX; 3], &[i64::MAX; 3], 1), None);
    }

    #[test]
    fn other_sums_of_weights_are_scaled_to_a_hundred() {
        assert_eq!(score(&[3, 3], &[30, 25], 3), Some(100.0));
        assert_eq!(score(&[2, 0], &[30, 25], 2), Some(6000.0 / 110.0));
        assert_eq!(score(&[2, 1], &[0, 0], 2), Some(0.0));
        assert_eq!(score(&[1], &[i64::MAX], 1), Some(100.0));
    }

    proptest! {
        /// If the weights add up to 100, the score is the plain quotient, to the bit.
        #[test]
        fn a_hundred_changes_nothing(
            first in 0..=100i64, standings in prop::array::uniform2(0..1i64 << 50), accounts in 1..1i64 << 50,
        ) {
            let weights = [first, 100 - first];
            let sum: i64 = standings.iter().zip(weights).map(|(c, w)| c * w).sum();
            prop_assert_eq!(score(&standings, &weights, accounts), Some(sum as f64 / accounts as f64));
        }
    }
}
