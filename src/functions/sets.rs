//! Sets as sorted lists.

/// Makes what stands in a list from a place on a set: in order, each once.
#[inline]
pub(super) fn sort_from<T: Copy + Ord>(values: &mut Vec<T>, begin: usize) {
    let kept = sort(&mut values[begin..]);
    values.truncate(begin + kept);
}

/// Makes the beginning of a slice the set of what is in it, and gives the length of it.
#[inline]
pub(super) fn sort<T: Copy + Ord>(values: &mut [T]) -> usize {
    // The usual few are in order already.
    if values.windows(2).all(|pair| pair[0] < pair[1]) {
        return values.len();
    }
    match values {
        [a, b] => std::mem::swap(a, b),
        _ => values.sort_unstable(),
    }
    let mut kept = 1;
    for i in 1..values.len() {
        if values[i] != values[kept - 1] {
            values[kept] = values[i];
            kept += 1;
        }
    }
    kept
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
