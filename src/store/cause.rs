//! What an error of a store means for the person who wrote the URL.

use object_store::Error as StoreError;

use super::redacted;
use crate::error::{Error, one_line, ours};

/// The longest piece of an error of the store that is repeated.
const LONGEST: usize = 200;

/// The same error with its kind, and as its source an error of this crate.
pub(super) fn told(shown: &str, path: &str, error: StoreError) -> StoreError {
    let source = Error::input(tell(shown, path, &error));
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

/// What is wrong, with the URL and the likely cause: one line, no secret.
pub(super) fn tell(shown: &str, path: &str, error: &StoreError) -> String {
    if let Some(told) = ours(error) {
        return told.to_string();
    }
    let place = if path.is_empty() { shown.to_owned() } else { format!("{shown}/{path}") };
    one_line(&format!("{}: {}", redacted(&place), cause(error)))
}

/// Answers of the services that mean that the credentials themselves are wrong.
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

/// Where machines of a cloud ask for their own credentials.
const MACHINE: [&str; 4] = ["169.254.169.254", "169.254.170.", "metadata.google.internal", "Azure CLI"];

const ENVIRONMENT: &str = "give credentials in the environment (AZURE_STORAGE_..., AWS_..., GOOGLE_...)";

fn cause(error: &StoreError) -> String {
    let text = chain(error);
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let code = code(&text).map(|code| format!(" ({code})")).unwrap_or_default();
    if says(&MACHINE) {
        return format!(
            "no credentials were found, neither in the environment nor of this machine; {ENVIRONMENT}"
        );
    }
    if says(&["NoSuchBucket", "ContainerNotFound", "FilesystemNotFound", "bucket does not exist"]) {
        return "there is no such bucket or container; check its name and that of the account".to_owned();
    }
    if says(&REFUSED) || matches!(error, StoreError::Unauthenticated { .. }) || says(&["status code: 401"]) {
        return format!("the server refuses the credentials{code}; {ENVIRONMENT}");
    }
    let status = after(&text, "status code: ").map(|s| s.split(':').next().unwrap_or(s).trim());
    if matches!(error, StoreError::PermissionDenied { .. }) || status.is_some_and(|s| s.starts_with("403")) {
        return format!(
            "permission denied{code}: the credentials are wrong, or may not do this; {ENVIRONMENT}"
        );
    }
    if matches!(error, StoreError::NotFound { .. }) {
        return "there is no such file".to_owned();
    }
    if says(&["without LOCATION"]) {
        return "the bucket lies in another region; set AWS_REGION, or region under [storage.s3]".to_owned();
    }
    if says(&["URL scheme is not allowed", "scheme is not https"]) {
        return "http:// is not encrypted; say allow_http = true under [storage] if that is meant".to_owned();
    }
    if let Some(status) = status {
        return format!("the server answers {status}{code}{}", retries(&text));
    }
    if says(&["timed out", "Timeout"]) {
        return format!(
            "the server does not answer in time{}; see timeout_seconds under [storage]",
            retries(&text)
        );
    }
    if says(&["dns error", "failed to lookup"]) {
        return format!(
            "there is no such server{}; check the name of the account or the endpoint",
            retries(&text)
        );
    }
    if says(&["Connection refused", "tcp connect error", "client error (Connect)"]) {
        return format!("the server cannot be reached{}", retries(&text));
    }
    if says(&[
        "error decoding response body",
        "connection closed",
        "Connection reset",
        "error sending request",
        "end of file",
    ]) {
        return format!("the connection breaks off{}", retries(&text));
    }
    format!("the store says: {}", short(&text))
}

/// An error with everything below it, each text once: some errors repeat their source, some do not.
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

/// The code in the body of an answer, in XML (S3, Azure) or JSON (Google).
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

/// The start of a text, without the queries of the URLs in it.
fn short(text: &str) -> String {
    let words = text.split_whitespace().map(|word| match word.split_once('?') {
        Some((before, _)) => format!("{before}?..."),
        None => redacted(word),
    });
    words.collect::<Vec<_>>().join(" ").chars().take(LONGEST).collect()
}

/// The cause, to be kept as a source, as far as it may be shown.
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
        let says = |error: &StoreError| tell("s3://b", "x.parquet", error);
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
            (generic("error decoding response body: end of file before message length"), "breaks off"),
        ] {
            let text = says(&error);
            assert!(text.starts_with("s3://b/x.parquet: ") && text.contains(expected), "{text}");
        }
    }

    #[test]
    fn no_secret_is_repeated() {
        let error = generic("odd: GET https://a.blob.core.windows.net/c/x?sv=1&sig=SECRET\nfailed");
        for text in [tell("az://c", "x", &error), chain(&told("az://c", "x", error))] {
            assert!(!text.contains("SECRET") && !text.contains('\n'), "{text}");
        }
    }

    #[test]
    fn what_is_told_once_is_not_told_again() {
        let error = told("s3://b", "x", generic("client error (Connect): Connection refused"));
        assert_eq!(tell("elsewhere", "y", &error), "s3://b/x: the server cannot be reached");
    }
}
