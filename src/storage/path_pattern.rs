//! Which files below a folder a path means: those that match a pattern, and those in folders that match it.
//!
//! A folder that a path names, or that a pattern matches, is read as a folder: all its files, at any depth, that have
//! one of the endings of the format. A file that a pattern matches is read whatever its ending is. So `mail/*` means
//! the same as `mail/`, as long as all files there have the ending.
//!
//! Names that begin with `_` or `.` are hidden, as in Hive and Spark: what failed attempts have left (`_temporary`),
//! marks (`_SUCCESS`) and files that are being written have such names. A hidden name is read only if a part of the
//! pattern begins with the same character.

use std::collections::BTreeSet;

use glob::{MatchOptions, Pattern, PatternError};

/// How a part of a pattern matches a name. Whether the name is hidden is decided here.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

/// Whether a path is a pattern, unless something has this very name.
pub(crate) fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

/// Whether a name in a folder is hidden.
pub(crate) fn is_hidden(name: &str) -> bool {
    name.starts_with(['_', '.'])
}

/// A part of a pattern, between two slashes.
#[derive(Debug, Clone)]
enum Part {
    /// `**`: any number of folders, also none.
    Folders,
    /// A name.
    Name(Pattern),
}

/// What a path means below the folder at which its pattern begins. The default is the pattern of a plain folder, which
/// matches the folder itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct PathPattern {
    parts: Vec<Part>,
    /// Whether the pattern ends with a slash, so that it matches folders only.
    of_folders: bool,
}

/// A folder, seen by a pattern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// How many parts of the pattern the names of folders so far have matched, in every possible way.
    open: BTreeSet<usize>,
    /// The same, if a hidden name would count as any other.
    hidden: BTreeSet<usize>,
    /// Whether the folder, or one above it, is read as a folder; `Some(true)` if only a hidden name prevents it.
    within: Option<bool>,
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Read,
    /// It has the ending, but its name or that of a folder is hidden.
    Hidden,
    /// It is in a folder that is read, but has another ending.
    OtherEnding,
    /// The path does not mean it.
    NotMeant,
}

impl PathPattern {
    /// Takes a path apart: the folder at which its pattern begins, and the pattern. A path without a pattern is that
    /// of a plain folder.
    ///
    /// # Errors
    /// A part is not a valid pattern.
    pub(crate) fn of(path: &str) -> Result<(String, Self), PatternError> {
        let plain: Vec<_> = path.split('/').take_while(|part| !is_pattern(part)).collect();
        let parts = path.split('/').skip(plain.len()).filter(|part| !part.is_empty());
        let part = |text| match Pattern::new(text) {
            Ok(_) if text == "**" => Ok(Part::Folders),
            Ok(pattern) => Ok(Part::Name(pattern)),
            Err(e) => Err(e),
        };
        let parts = parts.map(part).collect::<Result<Vec<_>, _>>()?;
        let of_folders = !parts.is_empty() && path.ends_with('/');
        // An absolute path has a first part without a name.
        let folder = if plain == [""] && path.starts_with('/') { "/".to_owned() } else { plain.join("/") };
        Ok((folder, Self { parts, of_folders }))
    }

    /// The folder at which the pattern begins.
    pub(crate) fn start(&self) -> Place {
        let mut place = Place::default();
        self.add(&mut place.open, 0);
        place.within = place.open.contains(&self.parts.len()).then_some(false);
        place
    }

    /// A folder in a folder; `None` if the path means nothing in it.
    pub(crate) fn folder(&self, above: &Place, name: &str) -> Option<Place> {
        let mut place = Place::default();
        for (part, is_open) in self.states(above) {
            let (next, is_shown) = match &self.parts[part] {
                Part::Folders => (part, !is_hidden(name)),
                Part::Name(pattern) if pattern.matches_with(name, OPTIONS) => {
                    (part + 1, shows(pattern, name))
                }
                Part::Name(_) => continue,
            };
            self.add(if is_open && is_shown { &mut place.open } else { &mut place.hidden }, next);
        }
        let all = self.parts.len();
        place.within = match above.within {
            _ if place.open.contains(&all) => Some(false),
            Some(is_hidden_above) => Some(is_hidden_above || is_hidden(name)),
            None => place.hidden.contains(&all).then_some(true),
        };
        (place.within.is_some() || self.states(&place).next().is_some()).then_some(place)
    }

    /// What becomes of a file in a folder. `has_ending` says whether it has one of the endings of the format.
    pub(crate) fn file(&self, folder: &Place, name: &str, has_ending: bool) -> Verdict {
        let mut is_matched = false;
        for (part, is_open) in self.states(folder).filter(|(part, _)| part + 1 == self.parts.len()) {
            match &self.parts[part] {
                Part::Name(pattern) if !self.of_folders && pattern.matches_with(name, OPTIONS) => {
                    if is_open && shows(pattern, name) {
                        return Verdict::Read;
                    }
                    is_matched = true;
                }
                _ => {}
            }
        }
        // Programs of macOS leave such files beside each file that they copy.
        let is_of_macos = name.starts_with("._");
        match folder.within {
            Some(false) if !is_hidden(name) => {
                if has_ending {
                    Verdict::Read
                } else {
                    Verdict::OtherEnding
                }
            }
            Some(_) if has_ending && !is_of_macos => Verdict::Hidden,
            None if is_matched && has_ending && !is_of_macos => Verdict::Hidden,
            _ => Verdict::NotMeant,
        }
    }

    /// Whether the path means a file in this folder only if hidden names counted as any other.
    pub(crate) fn is_hidden(&self, place: &Place) -> bool {
        place.within != Some(false) && !self.states(place).any(|(_, is_open)| is_open)
    }

    /// Whether a pattern matches a folder that is in none that it matches.
    pub(crate) fn is_matched(place: &Place, above: &Place) -> bool {
        place.within == Some(false) && above.within != Some(false)
    }

    /// Whether folders of any depth are meant below this place, so that a link to a folder above would lead around for
    /// ever.
    pub(crate) fn has_no_end(&self, place: &Place) -> bool {
        place.within.is_some() || self.parts.iter().any(|part| matches!(part, Part::Folders))
    }

    /// The parts that come next, and whether they are open.
    fn states(&self, place: &Place) -> impl Iterator<Item = (usize, bool)> {
        let with =
            |parts: &BTreeSet<usize>, is_open| parts.iter().map(|part| (*part, is_open)).collect::<Vec<_>>();
        let all = self.parts.len();
        let states = with(&place.open, true).into_iter().chain(with(&place.hidden, false));
        states.filter(move |(part, _)| *part < all)
    }

    /// Adds a state, and those that it is also in because `**` may stand for nothing.
    fn add(&self, states: &mut BTreeSet<usize>, part: usize) {
        states.insert(part);
        if let Some(Part::Folders) = self.parts.get(part) {
            self.add(states, part + 1);
        }
    }
}

/// Whether a part of a pattern that matches a name may show it: it does not show a hidden one by a wildcard.
fn shows(pattern: &Pattern, name: &str) -> bool {
    !is_hidden(name) || name.chars().next() == pattern.as_str().chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of a file, given its path below the folder at which the pattern begins.
    fn verdict(pattern: &PathPattern, path: &str) -> Verdict {
        let mut folders: Vec<_> = path.split('/').collect();
        let name = folders.pop().unwrap();
        let start = Some(pattern.start());
        let place = folders.into_iter().fold(start, |place, name| pattern.folder(&place?, name));
        place.map_or(Verdict::NotMeant, |place| pattern.file(&place, name, name.ends_with(".parquet")))
    }

    #[test]
    fn what_a_path_means() {
        use Verdict::{Hidden, NotMeant, OtherEnding, Read};
        for (path, files) in [
            (
                "",
                &[("a.parquet", Read), ("x/b.parquet", Read), ("x/note.txt", OtherEnding), ("_x", NotMeant)]
                    [..],
            ),
            (
                "",
                &[
                    ("_t/x.parquet", Hidden),
                    ("x/.y.parquet", Hidden),
                    ("._y.parquet", NotMeant),
                    ("_x=1/a.parquet", Hidden),
                ],
            ),
            (
                "*",
                &[
                    ("a.parquet", Read),
                    ("note.txt", Read),
                    ("x/b.parquet", Read),
                    ("x/note.txt", OtherEnding),
                ],
            ),
            (
                "*.parquet",
                &[("a.parquet", Read), ("a.parquet/part-0.parquet", Read), ("a.parquet/x/b.parquet", Read)],
            ),
            (
                "*.parquet",
                &[
                    ("a.parquet/_SUCCESS", NotMeant),
                    ("a.parquet/note.txt", OtherEnding),
                    ("x/b.parquet", NotMeant),
                ],
            ),
            (
                "*.parquet",
                &[("_a.parquet", Hidden), ("_a.parquet/b.parquet", Hidden), (".a.parquet", Hidden)],
            ),
            ("_*.parquet", &[("_a.parquet", Read), (".a.parquet", NotMeant), ("a.parquet", NotMeant)]),
            ("*/*.parquet", &[("x/a.parquet", Read), ("_t/a.parquet", Hidden), ("a.parquet", NotMeant)]),
            (
                "**",
                &[
                    ("a.parquet", Read),
                    ("x/y/a.parquet", Read),
                    ("note.txt", OtherEnding),
                    ("x/_t/a.parquet", Hidden),
                ],
            ),
            (
                "**/*.parquet",
                &[
                    ("a.parquet", Read),
                    ("x/y/a.parquet", Read),
                    ("x/_t/y/a.parquet", Hidden),
                    ("note.txt", NotMeant),
                ],
            ),
            ("**/*.parquet", &[("x/y.parquet/part-0.parquet", Read), ("x/y.parquet/note.txt", OtherEnding)]),
            ("**/_t/*", &[("x/_t/a", Read), ("_t/a", Read), ("x/a", NotMeant)]),
            ("*/", &[("a.parquet", NotMeant), ("x/a.parquet", Read), ("_x/a.parquet", Hidden)]),
            ("[_a]x/*", &[("ax/b", Read), ("_x/b.parquet", Hidden)]),
        ] {
            let (folder, pattern) = PathPattern::of(path).unwrap();
            assert_eq!(folder, "", "{path}");
            for (file, expected) in files {
                assert_eq!(verdict(&pattern, file), *expected, "{path}: {file}");
            }
        }
    }

    #[test]
    fn folders_in_front_of_a_pattern() {
        for (path, folder, parts) in [
            ("mail/x", "mail/x", 0),
            ("mail/2026-*/x", "mail", 2),
            ("/data/*", "/data", 1),
            ("/*", "/", 1),
            ("../a b/**/x", "../a b", 2),
        ] {
            let (found, pattern) = PathPattern::of(path).unwrap();
            assert_eq!((found.as_str(), pattern.parts.len()), (folder, parts), "{path}");
        }
        assert!(PathPattern::of("mail/[").is_err() && PathPattern::of("mail/a**").is_err());
    }

    #[test]
    fn folders_that_nothing_can_match_are_not_entered() {
        let (_, pattern) = PathPattern::of("a*/[0-9]/x").unwrap();
        let start = pattern.start();
        let a = pattern.folder(&start, "ab").unwrap();
        assert!(pattern.folder(&start, "b").is_none() && pattern.folder(&a, "x").is_none());
        assert!(!PathPattern::is_matched(&a, &start) && !pattern.is_hidden(&a));
        let x = pattern.folder(&pattern.folder(&a, "1").unwrap(), "x").unwrap();
        assert!(PathPattern::is_matched(&x, &a));
    }
}
