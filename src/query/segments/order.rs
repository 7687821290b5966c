//! The order in which segments are planned: a segment comes after those that it may read.

use std::collections::{BTreeSet, HashMap, HashSet};

use datafusion::sql::sqlparser::tokenizer::Token;

use super::Segment;
use crate::query::syntax::Lexed;

/// The positions of the segments in this order. A segment may read another one if a word of its text is the name of the
/// view of the other one. Segments that read each other in a circle, and those that read them, come last.
pub(crate) fn order(segments: &[Segment]) -> Vec<usize> {
    let views: HashMap<String, usize> =
        segments.iter().enumerate().map(|(i, segment)| (segment.view().to_lowercase(), i)).collect();
    let mut readers = vec![vec![]; segments.len()];
    let mut unplanned = vec![0; segments.len()];
    for (reader, segment) in segments.iter().enumerate() {
        for read in words(&segment.sql).iter().filter_map(|word| views.get(word)).filter(|i| **i != reader) {
            readers[*read].push(reader);
            unplanned[reader] += 1;
        }
    }
    let mut ready: BTreeSet<usize> = (0..segments.len()).filter(|i| unplanned[*i] == 0).collect();
    let mut order = vec![];
    while let Some(next) = ready.pop_first() {
        order.push(next);
        for reader in &readers[next] {
            unplanned[*reader] -= 1;
            if unplanned[*reader] == 0 {
                ready.insert(*reader);
            }
        }
    }
    order.extend((0..segments.len()).filter(|i| unplanned[*i] > 0));
    order
}

/// The words of a text, in lower case; none if it is not SQL.
pub(crate) fn words(sql: &str) -> HashSet<String> {
    let tokens = Lexed::new(sql).map(|lexed| lexed.tokens).unwrap_or_default();
    let words = tokens.into_iter().filter_map(|token| match token.token {
        Token::Word(word) => Some(word.value.to_lowercase()),
        _ => None,
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(segments: &[(&str, &str)]) -> Vec<String> {
        let segments: Vec<_> = segments.iter().map(|(name, sql)| Segment::new(*name, *sql, None)).collect();
        order(&segments).into_iter().map(|i| segments[i].name.clone()).collect()
    }

    #[test]
    fn what_is_read_comes_first() {
        let segments = [
            ("a", "select * from Segment_B join \"Segment_C\" using (customerid)"),
            ("b", "select * from segment_c -- not segment_a"),
            ("c", "select 'segment_a' as text from office"),
            ("d", "select * from segment_d"),
            ("e", "select 'open"),
        ];
        assert_eq!(ordered(&segments), ["c", "b", "a", "d", "e"]);
    }

    #[test]
    fn circles_come_last() {
        let segments = [
            ("a", "select * from segment_b"),
            ("b", "select * from segment_c"),
            ("c", "select * from segment_b"),
            ("d", "select 1"),
        ];
        assert_eq!(ordered(&segments), ["d", "a", "b", "c"]);
    }
}
