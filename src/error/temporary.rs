//! Which errors a later try may mend: those of the operating system by their codes, those of object stores by
//! their words.

use std::error::Error as StdError;
use std::io::{self, ErrorKind};
use std::iter::successors;

/// The words of this crate for an object store that may answer later. The libraries that these errors pass through
/// retain only the text of some of them.
pub(crate) const LATE: &str = "the server does not answer in time";
/// No server listens there now.
pub(crate) const UNREACHABLE: &str = "the server cannot be reached";
/// The answer of the server ended too early.
pub(crate) const LOST: &str = "the connection was lost";
/// What precedes the status of an answer.
pub(crate) const ANSWERS: &str = "the server answers ";
/// The statuses that mean that the server is busy, or has failed for the moment.
const BUSY: [&str; 6] = ["408", "429", "500", "502", "503", "504"];

/// Whether a text of this crate says that an object store may answer later.
pub(crate) fn says_later(text: &str) -> bool {
    let is_busy =
        |(at, words): (usize, &str)| BUSY.iter().any(|status| text[at + words.len()..].starts_with(status));
    [LATE, UNREACHABLE, LOST].iter().any(|words| text.contains(words))
        || text.match_indices(ANSWERS).any(is_busy)
}

/// An error and its sources. The error in an [`io::Error`] of another program is one of them: `source` passes over
/// it.
pub(crate) fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    fn next<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        }
    }
    successors(Some(error), |error| next(*error))
}

/// Whether an error of the operating system is about what was used up or in use at that moment.
pub(crate) fn may_pass(error: &io::Error) -> bool {
    /// ENFILE, which has no kind: too many files are open on this machine. The limit of a process is another code, and not
    /// larger the next time.
    const TOO_MANY_FILES: i32 = 23;
    let is_kind = matches!(
        error.kind(),
        ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::OutOfMemory
            | ErrorKind::ResourceBusy
            | ErrorKind::WouldBlock
            | ErrorKind::TimedOut
            | ErrorKind::Interrupted
            | ErrorKind::StaleNetworkFileHandle
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::NotConnected
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
    );
    is_kind || error.raw_os_error() == Some(TOO_MANY_FILES)
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::error::ArrowError;
    use datafusion::error::DataFusionError;
    use datafusion::parquet::errors::ParquetError;

    use super::*;
    use crate::error::Error;

    const DISK_FULL: i32 = 28;
    const NO_PERMISSION: i32 = 13;

    #[test]
    fn the_code_of_the_system_is_found_through_other_libraries() {
        for (code, exit) in [(DISK_FULL, 75), (23, 75), (24, 1), (NO_PERMISSION, 1)] {
            let error = || io::Error::from_raw_os_error(code);
            let wrapped = [
                DataFusionError::IoError(error()),
                DataFusionError::from(ArrowError::from(error())).context("writing"),
                DataFusionError::from(ParquetError::from(error())),
            ];
            for wrapped in wrapped {
                assert_eq!(Error::output("cannot be written").with_source(wrapped).exit_code(), exit);
            }
            assert_eq!(Error::from(DataFusionError::IoError(error())).exit_code(), exit);
        }
    }

    #[test]
    fn stores_that_may_answer_later() {
        for (text, exit) in [
            ("[mail] s3://b/x: the server does not answer in time, tried 2 more times", 75),
            ("s3://b/x: the server answers 503 Slow Down (SlowDown)", 75),
            ("s3://b/x: the server answers 429 Too Many Requests", 75),
            ("s3://b/x: the server cannot be reached", 75),
            ("s3://b/x: the server answers 400 Bad Request, 503 of them", 1),
            ("s3://b/x: the server answers 501 Not Implemented", 1),
            ("s3://b/x: the server answers 505 HTTP Version Not Supported", 1),
            ("s3://b/x: there is no such file", 1),
        ] {
            assert_eq!(Error::input(text).exit_code(), exit, "{text}");
        }
        let words_of_the_user = "no column named \"the connection was lost\"";
        for error in [Error::query(words_of_the_user), Error::enrichment(words_of_the_user)] {
            assert_eq!(error.exit_code(), 2);
        }
    }

    #[test]
    fn an_error_of_ours_stays_temporary_through_the_engine() {
        let error = Error::input("the server does not answer in time").with_temporary(true);
        let through = DataFusionError::IoError(io::Error::other(error));
        let error = Error::from(through);
        assert_eq!(
            (error.to_string().as_str(), error.exit_code()),
            ("the server does not answer in time", 75)
        );
        assert_eq!(Error::from(DataFusionError::from(error)).exit_code(), 75);
    }
}
