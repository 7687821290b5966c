//! Errors that are found one after the other and reported together.

use super::{Error, ErrorKind, Result};

impl Error {
    /// The errors that were found together with this one, in the order in which they were found. Each has one line
    /// of its own.
    pub fn others(&self) -> &[Error] {
        &self.others
    }

    /// Several errors as one, with the first of them in front; `None` if there are none.
    fn of_all(errors: Vec<Error>) -> Option<Self> {
        let mut errors = errors.into_iter();
        let mut first = errors.next()?;
        for mut error in errors {
            let more = std::mem::take(&mut error.others);
            first.others.push(error);
            first.others.extend(more);
        }
        Some(first)
    }

    /// Whether other errors, which the same person has to correct, may be looked for behind this one.
    fn is_mistake(&self) -> bool {
        let may_stand_with_others = matches!(
            self.kind,
            ErrorKind::Enrichment | ErrorKind::Input | ErrorKind::Query | ErrorKind::Output
        );
        may_stand_with_others && !self.is_temporary
    }
}

/// Mistakes that are found one after the other and reported together.
#[derive(Debug, Default)]
pub(crate) struct Mistakes(Vec<Error>);

impl Mistakes {
    /// Adds a mistake. One that is found twice, such as a damaged file that is read for two reasons, is added once.
    pub(crate) fn push(&mut self, mistake: Error) {
        if !self.0.iter().any(|known| known.message == mistake.message) {
            self.0.push(mistake);
        }
    }

    /// The value, or `None` if there is a mistake instead, which is added.
    ///
    /// # Errors
    /// An error that is not a mistake of the enrichment file, an input or the output, or that may pass: what comes
    /// after it would fail, too. If there are mistakes already, they are the error: a later try cannot succeed.
    pub(crate) fn keep<T>(&mut self, found: Result<T>) -> Result<Option<T>> {
        match found {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.is_mistake() => {
                self.push(error);
                Ok(None)
            }
            Err(error) => {
                std::mem::take(self).none()?;
                Err(error)
            }
        }
    }

    /// # Errors
    /// All mistakes as one error.
    pub(crate) fn none(self) -> Result<()> {
        Error::of_all(self.0).map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_reported_together_in_their_order() {
        let mut inner = Mistakes::default();
        inner.push(Error::input("b"));
        inner.push(Error::input("c"));
        let mut mistakes = Mistakes::default();
        assert_eq!(mistakes.keep(Ok(1)).unwrap(), Some(1));
        assert_eq!(mistakes.keep(Err::<(), _>(Error::enrichment("a"))).unwrap(), None);
        assert_eq!(mistakes.keep(inner.none()).unwrap(), None);
        mistakes.push(Error::enrichment("a"));
        let error = mistakes.none().unwrap_err();
        assert_eq!((error.to_string().as_str(), error.exit_code()), ("a", 2));
        assert_eq!(error.others().iter().map(ToString::to_string).collect::<Vec<_>>(), ["b", "c"]);
        assert!(Mistakes::default().none().is_ok());
    }

    #[test]
    fn what_may_pass_ends_the_search() {
        let mut mistakes = Mistakes::default();
        for error in [Error::input("x").with_temporary(true), Error::new(ErrorKind::Engine, "x")] {
            assert!(mistakes.keep(Err::<(), _>(error)).is_err());
        }
        mistakes.push(Error::input("a"));
        let later = mistakes.keep(Err::<(), _>(Error::input("x").with_temporary(true))).unwrap_err();
        assert_eq!((later.to_string().as_str(), later.exit_code()), ("a", 1));
        assert!(mistakes.none().is_ok());
    }
}
