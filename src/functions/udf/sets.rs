//! Sets as sorted lists without duplicates.

/// Sorts and deduplicates `values[begin..]`.
#[inline]
pub(crate) fn sort_from<T: Copy + Ord>(values: &mut Vec<T>, begin: usize) {
    let distinct = sort(&mut values[begin..]);
    values.truncate(begin + distinct);
}

/// Sorts and deduplicates a slice. Returns the number of distinct values, which are at the beginning of the
/// slice; the items after them are arbitrary.
#[inline]
pub(crate) fn sort<T: Copy + Ord>(values: &mut [T]) -> usize {
    // Usually the values are few and already in order.
    if values.windows(2).all(|pair| pair[0] < pair[1]) {
        return values.len();
    }
    match values {
        [a, b] => std::mem::swap(a, b),
        _ => values.sort_unstable(),
    }
    let mut distinct = 1;
    for i in 1..values.len() {
        if values[i] != values[distinct - 1] {
            values[distinct] = values[i];
            distinct += 1;
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_rest_is_a_set(before in vec(0..9, 0..5), rest in vec(0..9, 0..9)) {
            let mut values = [before.clone(), rest.clone()].concat();
            sort_from(&mut values, before.len());
            let set: Vec<i32> = BTreeSet::from_iter(rest).into_iter().collect();
            prop_assert_eq!(values, [before, set].concat());
        }
    }
}
