//! Describes an error of an object store for the person who wrote the URL.

use object_store::Error as StoreError;

use super::redacted;
use crate::error::engine_words::{
    CONNECTION_LOST, NO_SUCH_SERVER, NOT_ENCRYPTED, OTHER_REGION, STATUS_CODE, TIMED_OUT, UNREACHABLE,
};
use crate::error::temporary::{ANSWERS, LATE, LOST, UNREACHABLE as NOT_REACHED};
use crate::error::{Error, one_line, own_error};

/// How many characters of the store's error text are shown.
const LONGEST: usize = 200;

/// Wraps an error of a store: an error of this crate becomes its source. The variants that callers
/// distinguish remain, `NotImplemented` and `NotSupported` are returned unchanged, and all others become
/// `Generic`.
pub(crate) fn with_context(shown: &str, path: &str, error: StoreError) -> StoreError {
    let source = Error::input(describe(shown, path, &error));
    let (path, source) = (format!("{shown}/{path}"), Box::new(source.with_source(strip(&error))));
    match error {
        StoreError::NotFound { .. } => StoreError::NotFound { path, source },
        StoreError::AlreadyExists { .. } => StoreError::AlreadyExists { path, source },
        StoreError::Precondition { .. } => StoreError::Precondition { path, source },
        StoreError::NotModified { .. } => StoreError::NotModified { path, source },
        StoreError::PermissionDenied { .. } => StoreError::PermissionDenied { path, source },
        StoreError::Unauthenticated { .. } => StoreError::Unauthenticated { path, source },
        StoreError::NotImplemented { .. } | StoreError::NotSupported { .. } => error,
        _ => StoreError::Generic { store: "store", source },
    }
}

/// Describes an error with the URL and the likely cause, on one line and without secrets. `shown` is the
/// bucket. If an error of this crate is among the sources, its text is returned unchanged.
pub(crate) fn describe(shown: &str, path: &str, error: &StoreError) -> String {
    if let Some(own) = own_error(error) {
        return own.to_string();
    }
    let place = if path.is_empty() { shown.to_owned() } else { format!("{shown}/{path}") };
    one_line(&format!("{}: {}", redacted(&place), cause(error)))
}

/// Error codes of the services that mean that the credentials themselves are wrong.
const REFUSED: [&str; 10] = [
    "AuthenticationFailed",
    "InvalidAuthenticationInfo",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "InvalidClientTokenId",
    "AuthFailure",
    "invalid_client",
    "invalid_grant",
];

/// Where a machine in a cloud gets credentials of its own. An error that names one of these means that no
/// credentials were found elsewhere.
const MACHINE: [&str; 4] = ["169.254.169.254", "169.254.170.", "metadata.google.internal", "Azure CLI"];

const ENVIRONMENT: &str = "give credentials in the environment (AZURE_STORAGE_..., AWS_..., GOOGLE_...)";

/// The likely cause. The variants of `StoreError` distinguish few causes, so the words of the error text
/// decide; a more specific cause comes before a more general one.
fn cause(error: &StoreError) -> String {
    let text = chain(error);
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let code = code(&text).map(|code| format!(" ({code})")).unwrap_or_default();
    if says(&MACHINE) {
        return format!(
            "no credentials were found, neither in the environment nor for this machine; {ENVIRONMENT}"
        );
    }
    if says(&["NoSuchBucket", "ContainerNotFound", "FilesystemNotFound", "bucket does not exist"]) {
        return "there is no such bucket or container; check its name and that of the account".to_owned();
    }
    if says(&REFUSED)
        || matches!(error, StoreError::Unauthenticated { .. })
        || text.contains(&format!("{STATUS_CODE}401"))
    {
        return format!("the server refuses the credentials{code}; {ENVIRONMENT}");
    }
    let status = after(&text, STATUS_CODE).map(|s| s.split(':').next().unwrap_or(s).trim());
    if matches!(error, StoreError::PermissionDenied { .. }) || status.is_some_and(|s| s.starts_with("403")) {
        return format!(
            "permission denied{code}: the credentials are wrong, or do not permit this; {ENVIRONMENT}"
        );
    }
    if matches!(error, StoreError::NotFound { .. }) {
        return "there is no such file".to_owned();
    }
    if text.contains(OTHER_REGION) {
        return "the bucket is in another region; set AWS_REGION, or region under [storage.s3]".to_owned();
    }
    if says(&NOT_ENCRYPTED) {
        return "http:// is not encrypted; set allow_http = true under [storage] if you accept that"
            .to_owned();
    }
    if let Some(status) = status {
        return format!("{ANSWERS}{status}{code}{}", retries(&text));
    }
    if says(&TIMED_OUT) {
        return format!("{LATE}{}; see timeout_seconds under [storage]", retries(&text));
    }
    if says(&NO_SUCH_SERVER) {
        return format!(
            "there is no such server{}; check the name of the account or the endpoint",
            retries(&text)
        );
    }
    if says(&UNREACHABLE) {
        return format!("{NOT_REACHED}{}", retries(&text));
    }
    if says(&CONNECTION_LOST) {
        return format!("{LOST}{}", retries(&text));
    }
    format!("the store reports: {}", short(&text))
}

/// The texts of an error and all its sources, each text once: some errors repeat the text of their
/// source, and some do not.
fn chain(error: &StoreError) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        let more = error.to_string();
        if !text.contains(&more) {
            text += ": ";
            text += &more;
        }
        next = error.source();
    }
    text
}

fn after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.split_once(word).map(|(_, rest)| rest)
}

/// The error code in the XML body of a response.
fn code(text: &str) -> Option<&str> {
    let code = after(text, "<Code>").and_then(|rest| rest.split('<').next());
    code.filter(|code| code.len() < 60 && code.chars().all(|c| c.is_ascii_alphanumeric()))
}

fn retries(text: &str) -> String {
    match after(text, "after ").and_then(|rest| rest.split_once(" retries")) {
        Some((count, _)) if count.parse::<u32>().is_ok() => format!(", tried {count} more times"),
        _ => String::new(),
    }
}

/// The first characters of a text, at most `LONGEST`, without the queries of URLs in it.
fn short(text: &str) -> String {
    let words = text.split_whitespace().map(|word| match word.split_once('?') {
        Some((before, _)) => format!("{before}?..."),
        None => redacted(word),
    });
    words.collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect()
}

/// The texts of an error and its sources without secrets, to be the source of another error.
fn strip(error: &StoreError) -> String {
    short(&chain(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> StoreError {
        StoreError::Generic { store: "S3", source: text.to_owned().into() }
    }

    #[test]
    fn the_likely_cause() {
        let says = |error: &StoreError| describe("s3://b", "x.parquet", error);
        let not_found =
            |text: &str| StoreError::NotFound { path: "x".into(), source: text.to_owned().into() };
        let denied =
            |text: &str| StoreError::PermissionDenied { path: "x".into(), source: text.to_owned().into() };
        for (error, expected) in [
            (not_found("404"), "there is no such file"),
            (not_found("404: <Code>NoSuchBucket</Code>"), "there is no such bucket or container"),
            (denied("403: <Code>AccessDenied</Code>"), "permission denied (AccessDenied)"),
            (denied("403: <Code>InvalidAccessKeyId</Code>"), "refuses the credentials (InvalidAccessKeyId)"),
            (generic("GET http://169.254.169.254/latest: timed out"), "no credentials were found"),
            (
                generic(
                    "in 1s, after 3 retries, max - Server returned non-2xx status code: 503 Slow Down: <x>",
                ),
                "the server answers 503 Slow Down, tried 3 more times",
            ),
            (
                generic("in 9s, after 2 retries, operation timed out"),
                "does not answer in time, tried 2 more times",
            ),
            (generic("client error (Connect): Connection refused"), "cannot be reached"),
            (generic("error decoding response body: end of file before message length"), "was lost"),
        ] {
            let text = says(&error);
            assert!(text.starts_with("s3://b/x.parquet: ") && text.contains(expected), "{text}");
        }
    }

    #[test]
    fn no_secret_is_repeated() {
        let error = generic("odd: GET https://a.blob.core.windows.net/c/x?sv=1&sig=SECRET\nfailed");
        for text in [describe("az://c", "x", &error), chain(&with_context("az://c", "x", error))] {
            assert!(!text.contains("SECRET") && !text.contains('\n'), "{text}");
        }
    }

    #[test]
    fn what_is_told_once_is_not_told_again() {
        let error = with_context("s3://b", "x", generic("client error (Connect): Connection refused"));
        assert_eq!(describe("elsewhere", "y", &error), "s3://b/x: the server cannot be reached");
    }
}
