//! Suggestions for a misspelled name: the known names with the most similar spelling.

/// The lowest similarity of a suggestion: as many letters are right as wrong.
const LIKE: f64 = 0.5;

/// The longest word, in bytes, for which there are suggestions. The comparison takes time and memory in
/// proportion to the length, and names are shorter.
const LONGEST: usize = 100;

/// The candidate with the spelling most similar to `word`, whatever the case of the letters: the first
/// one of several, `None` if no candidate is similar enough.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    all_nearest(word, candidates.into_iter().map(|name| (name, name))).first().copied()
}

/// The values of the candidates with the spelling most similar to `word`, in the order of the
/// candidates. There are several values if several candidates are equally similar, and none if no
/// candidate is similar enough. A candidate is a pair of a name and a value.
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
        // If one is more than twice as long as the other, more letters are wrong than right.
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
    fn one_letter_may_be_missing() {
        assert_eq!(nearest("ofice", ["Office", "CustomerCard"]), Some("Office"));
        assert_eq!(nearest("mail", ["Office", "CustomerCard"]), None);
    }

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
