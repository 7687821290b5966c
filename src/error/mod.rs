//! The error type of this crate. Its text is one line: what is wrong, where, and what to do.

pub(crate) mod engine_words;
pub(crate) mod numbers;
mod several;
pub(crate) mod suggest;
pub(crate) mod temporary;
pub(crate) mod without_people;

use std::fmt;

use datafusion::error::DataFusionError;

use self::engine_words::{BACKTRACES, TOP_CONSUMERS};
pub(crate) use self::several::Mistakes;
use self::temporary::{chain, may_pass, says_later};
use self::without_people::without_people;

/// The result type of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The exit code of a temporary error: `EX_TEMPFAIL` of `sysexits.h`, which schedulers know.
const TEMPORARY: u8 = 75;

/// The kind of an error. It determines who has to act, and the exit code of the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The enrichment file, or a text file that it names, contains something that is not valid.
    Enrichment,
    /// An input is missing, damaged, or of the wrong shape.
    Input,
    /// An SQL statement, a segment, or a command line cannot be executed as written.
    Query,
    /// The output cannot be written or read.
    Output,
    /// There is too little memory, or too little disk space to spill.
    Resources,
    /// A run has not found what `[expect]` expects, and has published nothing.
    Expectations,
    /// DataFusion failed, for a reason that is none of the others.
    Engine,
    /// A statement took longer than its time limit.
    TimedOut,
    /// A signal, such as the one of Ctrl-C, ended the work. There is nothing to correct.
    Stopped {
        /// The number of the signal.
        signal: u8,
    },
}

/// An error: what is wrong, where, and what to do.
///
/// The text is one line and is written for the person who started the command. If another error is the
/// cause, it is available as [`source`](std::error::Error::source). Mistakes that were found together with this one
/// are its [`others`](Error::others).
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    context: Vec<(&'static str, String)>,
    is_temporary: bool,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
    others: Vec<Error>,
}

impl Error {
    /// Creates an error of a kind with its complete text. People in the names of folders are not shown.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = without_people(&message.into());
        let is_temporary = match kind {
            ErrorKind::Resources => true,
            // The text of the other kinds can have words of the user.
            ErrorKind::Input | ErrorKind::Output | ErrorKind::Engine => says_later(&message),
            _ => false,
        };
        Self { kind, message, context: vec![], is_temporary, source: None, others: vec![] }
    }

    /// Creates an error of kind [`ErrorKind::Enrichment`]: the enrichment file is not valid.
    pub fn enrichment(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Enrichment, message)
    }

    /// Creates an error of kind [`ErrorKind::Input`]: an input is missing, damaged, or of the wrong shape.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, message)
    }

    /// Creates an error of kind [`ErrorKind::Query`]: a statement cannot be executed as written.
    pub fn query(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Query, message)
    }

    /// Creates an error of kind [`ErrorKind::Output`]: the output cannot be written or read.
    pub fn output(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Output, message)
    }

    /// Creates an error of kind [`ErrorKind::Resources`]: there is too little memory or disk space. It is
    /// temporary.
    pub fn resources(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Resources, message)
    }

    /// Sets the cause of the error. If the cause is temporary, so is the error.
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let source = source.into();
        self.is_temporary |= is_temporary(source.as_ref());
        self.source = Some(source);
        self
    }

    /// Says whether a later try may succeed although nothing is corrected.
    pub fn with_temporary(mut self, is_temporary: bool) -> Self {
        self.is_temporary = is_temporary;
        self
    }

    /// Whether a later try may succeed although nothing is corrected: somebody else has committed, an input was
    /// changed while it was read, a store did not answer in time, there was no memory or no disk space.
    pub fn is_temporary(&self) -> bool {
        self.is_temporary
    }

    /// Adds where the error occurred, for programs: `section`, `path` or `table`, and its name. An error of kind
    /// [`ErrorKind::Expectations`] has an `expectation` for each that was judged. The text stays as it is.
    pub fn with_context(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.context.push((key, value.into()));
        self
    }

    /// Where the error occurred: pairs such as (`section`, `mail`), the innermost first.
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.context
    }

    /// A copy without the sources, for a new error that has this one as its source.
    pub(crate) fn copy(&self) -> Self {
        let new = Self::new(self.kind, self.message.clone());
        let others = self.others.iter().map(Self::copy).collect();
        Self { context: self.context.clone(), is_temporary: self.is_temporary, others, ..new }
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The exit code of the command line: 3 if expectations are missed, 124 after a time-out, 128 plus the number of
    /// the signal if a signal ended the work, 75 if the error is temporary. Of all other errors, 2 if the enrichment
    /// file or the command must be changed, else 1.
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            ErrorKind::Expectations => 3,
            ErrorKind::Stopped { signal } => signal.saturating_add(128),
            ErrorKind::TimedOut => 124,
            _ if self.is_temporary => TEMPORARY,
            ErrorKind::Enrichment | ErrorKind::Query => 2,
            ErrorKind::Input | ErrorKind::Output | ErrorKind::Resources | ErrorKind::Engine => 1,
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
    /// An error of this crate that passed through DataFusion retains its kind and text, whatever wraps it.
    /// `ResourcesExhausted` becomes [`ErrorKind::Resources`]. Any other error becomes
    /// [`ErrorKind::Engine`] with DataFusion's innermost message, on one line and without a backtrace.
    fn from(error: DataFusionError) -> Self {
        if let Some(ours) = own_error(&error) {
            return ours.copy().with_source(error);
        }
        if let DataFusionError::ResourcesExhausted(why) = error.find_root() {
            let why = one_line(why.split(TOP_CONSUMERS).next().unwrap_or(why));
            let message = format!(
                "there is too little memory, or too little disk space to spill: {why}; {MEMORY_KNOBS}"
            );
            return Self::resources(message).with_source(error);
        }
        match error {
            DataFusionError::External(other) => {
                Self::new(ErrorKind::Engine, one_line(&other.to_string())).with_source(other)
            }
            DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => (*inner).into(),
            // Several partitions can wait for the same work. If it fails, each of them gets the same error.
            DataFusionError::Shared(inner) => {
                let root = one_line(&inner.find_root().strip_backtrace());
                Self::new(ErrorKind::Engine, root).with_source(inner)
            }
            other => Self::new(ErrorKind::Engine, one_line(&other.strip_backtrace())).with_source(other),
        }
    }
}

/// The part of an error text that states what to do about too little memory.
pub(crate) const MEMORY_KNOBS: &str =
    "raise --memory-limit, or give --spill-dir a folder with more free space";

/// The first error of this crate among an error and its sources.
pub(crate) fn own_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Error> {
    chain(error).find_map(|e| e.downcast_ref())
}

/// Whether one of an error and its sources is temporary.
fn is_temporary(error: &(dyn std::error::Error + 'static)) -> bool {
    chain(error).any(|e| {
        let own = e.downcast_ref::<Error>().is_some_and(Error::is_temporary);
        own || e.downcast_ref::<std::io::Error>().is_some_and(may_pass)
    })
}

impl From<Error> for DataFusionError {
    fn from(error: Error) -> Self {
        DataFusionError::External(Box::new(error))
    }
}

/// Puts a text on one line: each sequence of white space becomes one space, and a backtrace is removed.
pub(crate) fn one_line(text: &str) -> String {
    let end = BACKTRACES.iter().filter_map(|words| text.find(words)).min().unwrap_or(text.len());
    text[..end].split_whitespace().collect::<Vec<_>>().join(" ")
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
            assert_eq!((error.kind(), error.exit_code()), (ErrorKind::Resources, 75));
            assert!(
                error.to_string().contains("--memory-limit") && !error.to_string().contains('\n'),
                "{error}"
            );
        }
    }

    #[test]
    fn backtraces_are_removed() {
        let trace = std::backtrace::Backtrace::force_capture();
        assert_eq!(one_line(&format!("no\nsuch thing\n{trace}")), "no such thing");
        assert_eq!(
            one_line(&format!("no such thing{}{trace}", DataFusionError::BACK_TRACE_SEP)),
            "no such thing"
        );
    }

    #[test]
    fn an_error_of_ours_survives_the_engine() {
        let error =
            || DataFusionError::from(Error::input("mail.json is cut short").with_context("section", "mail"));
        let wrapped = [
            error(),
            error().context("somewhere"),
            DataFusionError::Shared(Arc::new(error())),
            DataFusionError::Shared(Arc::new(error().context("somewhere"))).context("above"),
        ];
        for error in wrapped {
            let error = Error::from(error);
            assert_eq!(
                (error.kind(), error.to_string().as_str()),
                (ErrorKind::Input, "mail.json is cut short")
            );
            assert_eq!(error.context(), [("section", "mail".to_owned())]);
        }
        let engine = DataFusionError::Shared(Arc::new(DataFusionError::Execution("a\nb".to_string())));
        assert_eq!(Error::from(engine).to_string(), "Execution error: a b");
    }
}
