//! What was probably meant: the known names that are spelled most like a wrong one.

/// As many letters right as wrong.
const LIKE: f64 = 0.5;

/// The comparison takes time and memory in proportion to the length; nobody misspells more.
const LONGEST: usize = 100;

/// The candidate that is spelled most like a word, if one is like it at all; the first of several.
///
/// ```
/// use datafusion_engagement::nearest::nearest;
/// assert_eq!(nearest("ofice", ["Office", "CustomerCard"]), Some("Office"));
/// assert_eq!(nearest("mail", ["Office", "CustomerCard"]), None);
/// ```
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    all_nearest(word, candidates.into_iter().map(|name| (name, name))).first().copied()
}

/// What stands beside the candidates that are spelled most like a word, in their order: several
/// where they are equally like it.
pub fn all_nearest<'a, T>(word: &str, candidates: impl IntoIterator<Item = (&'a str, T)>) -> Vec<T> {
    if word.len() > LONGEST {
        return vec![];
    }
    let word = word.to_lowercase();
    let length = word.chars().count();
    let (mut best, mut nearest) = (LIKE, vec![]);
    for (candidate, what) in candidates {
        let candidate = candidate.to_lowercase();
        let other = candidate.chars().count();
        // One that is more than twice as long as the other has more letters wrong than right.
        if length.max(other) > 2 * length.min(other) {
            continue;
        }
        let likeness = strsim::normalized_damerau_levenshtein(&word, &candidate);
        if likeness > best {
            (best, nearest) = (likeness, vec![what]);
        } else if likeness == best {
            nearest.push(what);
        }
    }
    nearest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_alike_is_meant() {
        let words = ["path", "format"];
        assert_eq!(nearest("paht", words), Some("path"));
        assert_eq!(nearest("FORMAT", words), Some("format"));
        // Three of seven letters are wrong.
        assert_eq!(nearest("path_to", words), Some("path"));
        assert_eq!(nearest("folder", words), None);
        assert_eq!(nearest("", words), None);
        assert_eq!(nearest("path", []), None);
        // Half of four letters is enough, one of three is not.
        assert_eq!(nearest("paxx", words), Some("path"));
        assert_eq!(nearest("pxx", words), None);
        assert_eq!(nearest(&"path".repeat(100_000), words), None);
        assert_eq!(nearest("path", ["path".repeat(100_000).as_str(), "past"]), Some("past"));
    }

    #[test]
    fn all_that_are_equally_alike() {
        let ids = [("A-1", 1), ("B-10", 2), ("A-11", 3), ("a-13", 4)];
        assert_eq!(all_nearest("a-12", ids), [1, 3, 4]);
        assert_eq!(all_nearest("b-10", ids), [2]);
        assert_eq!(all_nearest("zzzz", ids), Vec::<i32>::new());
    }
}
