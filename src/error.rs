//! One error type: what is wrong, where, and what to do, in one line.

use std::fmt;

use datafusion::error::DataFusionError;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Who has to act on an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The enrichment file, or a file it names as text, says something it may not.
    Enrichment,
    /// An input is missing, damaged, or of the wrong shape.
    Input,
    /// An SQL statement, a segment, or a command line cannot be carried out as written.
    Query,
    /// The output cannot be written or read.
    Output,
    /// Memory, or room to spill, does not suffice.
    Resources,
    /// The engine underneath failed.
    Engine,
    /// Nobody: a signal of this number, such as Ctrl-C, has ended the work.
    Stopped {
        /// The number of the signal.
        signal: u8,
    },
}

/// What is wrong, where, and what to do.
///
/// The text is one line and is meant for the person who started the command; the cause from the engine, where there is one, is kept as
/// [`source`](std::error::Error::source).
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error with its whole text.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// The enrichment file says something wrong.
    pub fn enrichment(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Enrichment, message)
    }

    /// An input is missing, damaged, or of the wrong shape.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, message)
    }

    /// A statement cannot be carried out as written.
    pub fn query(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Query, message)
    }

    /// The output cannot be written or read.
    pub fn output(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Output, message)
    }

    /// Memory, or room to spill, does not suffice.
    pub fn resources(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Resources, message)
    }

    /// Keeps the cause.
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Who has to act.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The exit code of the command line: 2 where the enrichment file or the command must be
    /// changed, 128 and the number of the signal where one ended the work, 1 for everything else.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            ErrorKind::Enrichment | ErrorKind::Query => 2,
            ErrorKind::Input | ErrorKind::Output | ErrorKind::Resources | ErrorKind::Engine => 1,
            ErrorKind::Stopped { signal } => signal.saturating_add(128),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|e| e.as_ref() as _)
    }
}

impl From<DataFusionError> for Error {
    /// Keeps the kind and text of an error of ours that travelled through the engine, whatever it was
    /// wrapped in; otherwise the engine's innermost message, without its backtrace, on one line.
    fn from(error: DataFusionError) -> Self {
        if let Some(ours) = ours(&error) {
            return Self::new(ours.kind, ours.message.clone()).with_source(error);
        }
        if let DataFusionError::ResourcesExhausted(why) = error.find_root() {
            let why = one_line(
                why.split(". Top").next().unwrap_or(why).split("\n\nbacktrace").next().unwrap_or(why),
            );
            let message = format!("there is too little memory or room to spill: {why}; {MEMORY_KNOBS}");
            return Self::resources(message).with_source(error);
        }
        match error {
            DataFusionError::External(other) => {
                Self::new(ErrorKind::Engine, one_line(&other.to_string())).with_source(other)
            }
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => (*inner).into(),
            // What several partitions wait for fails for all of them.
            DataFusionError::Shared(inner) => {
                let root = one_line(&inner.find_root().strip_backtrace());
                Self::new(ErrorKind::Engine, root).with_source(inner)
            }
            other => Self::new(ErrorKind::Engine, one_line(&other.strip_backtrace())).with_source(other),
        }
    }
}

/// What helps where memory does not suffice.
pub(crate) const MEMORY_KNOBS: &str = "raise --memory-limit, or give --spill-dir a folder with more room";

/// The first error of ours in an error and what it came from.
pub(crate) fn ours<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
    std::iter::successors(Some(error), |e| e.source()).find_map(|e| e.downcast_ref())
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        DataFusionError::External(Box::new(error))
    }
}

/// A text on one line: white space of any kind becomes one blank.
#[doc(hidden)]
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn too_little_memory_is_no_fault_of_an_input_and_names_the_knobs() {
        let error = || DataFusionError::ResourcesExhausted("no 5 MB left. Top\nconsumers".into());
        for error in [error(), error().context("above"), DataFusionError::Shared(Arc::new(error()))] {
            let error = Error::from(error);
            assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Resources, 1));
            assert!(
                error.to_string().contains("--memory-limit") && !error.to_string().contains('\n'),
                "{error}"
            );
        }
    }

    #[test]
    fn an_error_of_ours_survives_the_engine() {
        let ours = || DataFusionError::from(Error::input("mail.json is cut short"));
        let wrapped = [
            ours(),
            ours().context("somewhere"),
            DataFusionError::Shared(Arc::new(ours())),
            DataFusionError::Shared(Arc::new(ours().context("somewhere"))).context("above"),
        ];
        for error in wrapped {
            let error = Error::from(error);
            assert_eq!(
                (error.kind(), error.to_string().as_str()),
                (ErrorKind::Input, "mail.json is cut short")
            );
        }
        let engine = DataFusionError::Shared(Arc::new(DataFusionError::Execution("a\nb".to_string())));
        assert_eq!(Error::from(engine).to_string(), "Execution error: a b");
    }
}
